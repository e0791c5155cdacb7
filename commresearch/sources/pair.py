"""Two exports of one survey, option texts and option numbers, checked against each other and brought into one order."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.errors import Failure, SourceError
from commresearch.sources.raw_table import RawTable
from commresearch.sources.reading import read_survey
from commresearch.terms import Export

SHOWN = 5  #: examples in a message


def read_survey_pair(text: Path | str, code: Path | str, *, sheet: str | None = None) -> tuple[RawTable, RawTable]:
    """The text export and the code export of one survey; row by row the same answers, in the order of their key.

    Parameters
    ----------
    text, code
        Files with option texts and with option numbers.
    sheet
        Name of the sheet to read in both; the one that looks most like a survey if not given.

    Returns
    -------
    tuple of RawTable
        The text export and the code export; both keep the row numbers of their own file.

    Raises
    ------
    SourceError
        A file cannot be read, or the two are not exports of the same answers: every difference at once.
    """
    tables: list[RawTable] = []
    failures: list[Failure] = []
    for path in (text, code):
        try:
            tables.append(read_survey(path, sheet=sheet))
        except SourceError as error:
            failures += error.failures
    if failures:
        raise SourceError(*failures)
    first, second = tables
    if failures := list(_differences(first, second)):
        raise SourceError(*failures)
    return _ordered(first), _ordered(second)


def _differences(text: RawTable, code: RawTable) -> Iterator[Failure]:
    names = {"text": text.path.name, "code": code.path.name}
    if text.platform is not code.platform:
        yield Failure(code="CR-S33", values=names | {"a": text.platform.value, "b": code.platform.value})
        return
    for table, wanted in ((text, Export.TEXT), (code, Export.CODE)):
        if table.export not in {wanted, Export.UNKNOWN}:
            yield Failure(code="CR-S34", values={"file": table.path.name, "got": table.export.value, "expected": wanted.value})
    if len(text.frame) != len(code.frame):
        yield Failure(code="CR-S35", values=names | {"a": len(text.frame), "b": len(code.frame)})
    keyless = [t.path.name for t in (text, code) if "key" not in t.meta]
    if keyless:
        yield Failure(code="CR-S36", values={"file": ", ".join(keyless)})
        return
    repeated = [t for t in (text, code) if _keys(t).duplicated().any()]
    for table in repeated:
        yield Failure(code="CR-S37", values={"file": table.path.name, "column": table.meta["key"], "got": _shown(_keys(table)[_keys(table).duplicated()])})
    if not repeated:
        yield from _other_answers(text, code, names)
    numbers = [{q.number for q in t.questions if q.number is not None} for t in (text, code)]
    if numbers[0] != numbers[1]:
        yield Failure(code="CR-S40", values=names | {"a": _shown(sorted(numbers[0] - numbers[1])), "b": _shown(sorted(numbers[1] - numbers[0]))})


def _other_answers(text: RawTable, code: RawTable, names: dict[str, str]) -> Iterator[Failure]:
    """Answers that only one file has, and answers of one key that were submitted at different times."""
    keys = pd.Index(_keys(text)), pd.Index(_keys(code))
    if len(keys[0].symmetric_difference(keys[1])):
        yield Failure(code="CR-S38", values=names | {"a": _shown(keys[0].difference(keys[1])), "b": _shown(keys[1].difference(keys[0]))})
    if "submitted" in text.meta and "submitted" in code.meta:
        times = [pd.Series(t.frame[t.meta["submitted"]].map(_moment).to_numpy(), index=k) for t, k in zip((text, code), keys, strict=True)]
        both = keys[0].intersection(keys[1])
        other = both[(times[0].loc[both] != times[1].loc[both]).to_numpy()]
        if len(other):
            values = {"count": len(other), "keys": _shown(other), "a": text.frame.loc[(_keys(text) == other[0]).to_numpy(), text.meta["submitted"]].iloc[0],
                      "b": code.frame.loc[(_keys(code) == other[0]).to_numpy(), code.meta["submitted"]].iloc[0]}
            yield Failure(code="CR-S39", values=names | values)


def _keys(table: RawTable) -> pd.Series:
    return table.frame[table.meta["key"]].str.strip()


def _moment(text: str) -> str:
    """A time by its numbers, to the minute: `2026/9/3 12:00:00` and a date cell of the same moment are equal."""
    numbers = [int(n) for n in re.findall(r"\d+", text)[:5]]
    return "-".join(map(str, numbers + [0] * (5 - len(numbers))))


def _ordered(table: RawTable) -> RawTable:
    """Rows by their key, as numbers where all keys are numbers."""
    keys = _keys(table)
    values = keys.astype("int64") if keys.str.fullmatch(r"\d{1,18}").all() else keys
    order = np.argsort(values.to_numpy(), kind="stable")
    return replace(table, frame=table.frame.iloc[order], types=None if table.types is None else table.types[order])


def _shown(values: object) -> str:
    """Some of several values, and how many more there are; a dash where there is none."""
    listed = [str(v) for v in values]  # type: ignore[attr-defined]
    more = f" … (+{len(listed) - SHOWN})" if len(listed) > SHOWN else ""
    return (", ".join(listed[:SHOWN]) or "—") + more

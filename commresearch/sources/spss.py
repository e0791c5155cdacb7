"""SPSS files (.sav, .zsav): cells as text, value labels and user-missing values as the file declares them."""

import json
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from commresearch.errors import Failure, SourceError
from commresearch.records import ask_process
from commresearch.sources.cells import number_text, text_column
from commresearch.sources.encoding import misread
from commresearch.sources.platforms import KNOWN, detect_platform, is_answer, meta_columns
from commresearch.sources.questions import group_questions
from commresearch.sources.raw_table import Question, RawTable
from commresearch.sources.received import Received, damaged
from commresearch.sources.sheet import check_size
from commresearch.terms import Export, Platform, VariableType

#: the declared encoding first, then what Chinese editions write whatever they declare
ENCODINGS = (None, "GB18030", "UTF-8")
SAMPLE_TEXTS = 200  #: of each text variable, to see whether it was read in the right encoding
PROGRAM = Path(__file__).with_name("spss_program.py")
LONGEST_SECONDS = 1_800  #: a file of the largest size that is received takes a few minutes
NOT_STARTED = frozenset({1, 2})  #: exit codes of a Python that cannot begin; a reader that was killed has another
COUNTED = frozenset({1, "1"})


def read_spss(received: Received) -> RawTable:
    """An SPSS file as a raw table; user-missing values stay what they are and are named in `missing`.

    Raises
    ------
    SourceError
        The file is damaged, too large, or readable in no encoding.
    """
    columns, meta, encoding = _read(received)
    names = list(columns)
    check_size(received.name, meta.number_rows, len(names))
    texts = {name: text_column(values) for name, values in columns.items()}
    cells = {name: column for name, (column, _) in texts.items()}
    n_rows = len(next(iter(cells.values()))) if cells else 0
    if not n_rows:
        raise SourceError(Failure(code="CR-S26", values={"file": received.name}))
    wordings = {name: label for name, label in meta.column_names_to_labels.items() if label}
    described = _described(names, wordings)
    answers = {name: column for name, column in cells.items() if is_answer(name, Platform.SPSS, described)}
    questions = group_questions(answers, {name: pc.unique(column) for name, column in answers.items()}, Platform.SPSS, Export.CODE, wordings)
    return RawTable(
        frame=pd.DataFrame({n: pd.array(c, dtype="str") for n, c in cells.items()}, index=pd.RangeIndex(1, n_rows + 1, name="row"), copy=False),
        path=received.path, sha256=received.sha256, sheet="", platform=Platform.SPSS, export=Export.CODE, encoding=encoding,
        types=np.column_stack([kinds for _, kinds in texts.values()]), meta=described, questions=_with_sets(questions, meta, wordings),
        labels={name: {_value_text(v): str(t) for v, t in labels.items()} for name, labels in meta.variable_value_labels.items()},
        missing={name: _missing(ranges, columns[name], meta.variable_value_labels.get(name, {})) for name, ranges in meta.missing_ranges.items()},
        n_rows_read=n_rows,
    )


def _read(received: Received) -> tuple[dict[str, list[Any]], Any, str]:
    """Columns, metadata and encoding of the first reading that gives sound texts."""
    causes: list[str] = []
    tried = 0
    while tried < len(ENCODINGS):
        try:
            refused, reading = read_apart(received.data, "sav", ENCODINGS[tried:])
        except ValueError as error:
            raise damaged(received.name, str(error)) from error
        causes += refused
        tried += len(refused) + 1
        if reading is None:
            break
        columns, meta = reading[0], SimpleNamespace(**reading[1])
        if not all(columns):
            raise damaged(received.name, "a variable without name")
        lists = {name: values.tolist() if isinstance(values, np.ndarray) else list(values) for name, values in columns.items()}
        if misread(_texts(lists, meta), KNOWN) is None:
            return lists, meta, ENCODINGS[tried - 1] or meta.file_encoding or ""
    if len(causes) == len(ENCODINGS) and not all("encoding" in cause for cause in causes):
        raise damaged(received.name, causes[0])
    raise SourceError(Failure(code="CR-S30", values={"file": received.name}))


def read_apart(data: bytes, form: str, encodings: Sequence[str | None]) -> tuple[list[str], tuple[dict[str, Any], dict[str, Any]] | None]:
    """What a process of its own reads in the first encoding that its reader takes: a damaged file that kills the reader costs that process, not this one.

    Nothing is forked, because the file may be hashed in a thread beside this one; and a plain command, unlike a process of
    `multiprocessing`, neither runs the main module of a caller again nor is denied to workers.

    Parameters
    ----------
    data : bytes
        Content of the file.
    form : str
        "sav" or "dta".
    encodings : sequence of str or None
        Tried in this order; None is the one that the file declares.

    Returns
    -------
    (list of str, (columns, metadata) or None)
        Why encodings before the one that was taken were refused; None where all of them were.

    Raises
    ------
    ValueError
        The reader died of the file, or came to no end.
    """
    command = [sys.executable, "-P", str(PROGRAM), json.dumps([p for p in sys.path if isinstance(p, str)]), form, json.dumps(encodings)]
    code, answer, complaint = ask_process(command, data, timeout=LONGEST_SECONDS)
    if code in NOT_STARTED:
        raise RuntimeError(complaint)
    if code != 0:
        raise ValueError(f"the reader came to no end in {LONGEST_SECONDS} s" if code is None else f"the reader died ({code})")
    kind, found = pickle.loads(answer)  # noqa: S301 - written by our own child
    if kind == "error":
        raise found
    refused, reading = found
    return refused, reading


def _texts(columns: Mapping[str, Sequence[Any]], meta: Any) -> Iterator[str]:
    """Labels and some texts, one by one and all together: a short one alone does not show a wrong encoding."""
    texts = [label for label in meta.column_labels if label]
    texts += [str(label) for labels in meta.variable_value_labels.values() for label in labels.values()]
    for values in columns.values():
        if any(isinstance(v, str) for v in values[:SAMPLE_TEXTS]):
            texts += [v for v in values[:SAMPLE_TEXTS] if isinstance(v, str)]
    yield from columns
    yield from texts
    yield "\n".join(text for text in texts if not text.isascii())


def _described(names: Sequence[str], wordings: Mapping[str, str]) -> dict[str, str]:
    """Meaning → variable for what describes the answer sheet, by labels as the platform that made the file writes them."""
    shown = {wordings.get(name, name): name for name in reversed(names)}
    meta = meta_columns(list(shown), detect_platform(shown))
    return {meaning: shown[text] for meaning, text in meta.items()}


def _value_text(value: object) -> str:
    return number_text(float(value)) if isinstance(value, int | float) else str(value)


def _missing(ranges: Sequence[Mapping[str, Any]], values: Sequence[Any], labels: Mapping[Any, str]) -> tuple[str, ...]:
    """User-missing values: those declared one by one, and of a declared range those that occur or have a label."""
    found: dict[str, None] = {}
    for area in ranges:
        low, high = area["lo"], area["hi"]
        if low == high:
            found[_value_text(low)] = None
        else:
            inside = {v for v in {*values, *labels} if isinstance(v, int | float) and low <= v <= high}
            found |= dict.fromkeys(map(_value_text, sorted(inside)))
    return tuple(found)


def _with_sets(questions: Sequence[Question], meta: Any, wordings: Mapping[str, str]) -> tuple[Question, ...]:
    """Questions, those of a declared multiple-response set (one variable per option, 1 = chosen) made one."""
    sets = {v: s for s in (meta.mr_sets or {}).values() if s["is_dichotomy"] and s["counted_value"] in COUNTED for v in s["variable_list"]}
    joined: list[Question] = []
    done: list[Any] = []
    for question in questions:
        found = sets.get(question.columns[0])
        if found is None:
            joined.append(question)
        elif found not in done:
            done.append(found)
            variables = tuple(found["variable_list"])
            parts = tuple(wordings.get(v, v) for v in variables)
            joined.append(replace(question, text=found["label"] or question.text, columns=variables, parts=parts, type=VariableType.MULTIPLE))
    return tuple(joined)

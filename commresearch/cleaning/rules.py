"""Logic rules of a survey: answers that cannot both be true are counted and listed, never changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cleaning.codebook import Codebook, unfit_parts
from commresearch.cleaning.conditions import Condition, ConditionError, read_condition
from commresearch.errors import Failure, SchemaError
from commresearch.records import join_logs, log_lines

COLUMNS = ("rule", "if", "then", "reason")
FIRST_ROW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicRule:
    """Where `given` holds, `then` must hold; without `given` it must hold in every row."""

    name: str
    given: Condition | None
    then: Condition
    reason: str


def load_rules(path: str | Path, codebook: Codebook) -> list[LogicRule]:
    """The logic rules of a survey: a table with rule, if, then, reason, in the language of `asked_if`.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns, conditions and variables that are wrong: all together.
    """
    from commresearch.sources.tables import read_table

    path = Path(path)
    frame = read_table(path)
    if missing := [c for c in COLUMNS if c not in frame.columns]:
        raise SchemaError(Failure(code="CR-D36", values={"file": path.name, "missing": ", ".join(missing), "allowed": ", ".join(COLUMNS)}))
    failures: list[Failure] = []
    lines = zip(frame.index, frame.to_dict("records"), strict=True)
    rules = [r for i, line in lines if (r := _rule({str(k): str(v) for k, v in line.items()}, codebook, path.name, int(i) + FIRST_ROW, failures))]
    if failures:
        raise SchemaError(*failures)
    return rules


def _rule(line: Mapping[str, str], codebook: Codebook, file: str, row: int, failures: list[Failure]) -> LogicRule | None:
    conditions: dict[str, Condition | None] = {"if": None}
    place = {"file": file, "row": row}
    before = len(failures)
    for part in ("if", "then"):
        if not line[part].strip() and part == "if":
            continue
        try:
            condition = conditions[part] = read_condition(line[part])
        except ConditionError as error:
            failures.append(Failure(code="CR-D37", values={**place, "column": part, "got": line[part], "part": error.part}))
            continue
        failures += _unfit(condition, codebook, {**place, "column": part})
    then = conditions.get("then")
    return None if len(failures) > before or then is None else LogicRule(name=line["rule"], given=conditions["if"], then=then, reason=line["reason"])


def _unfit(condition: Condition, codebook: Codebook, place: Mapping[str, object]) -> Iterator[Failure]:
    for part in unfit_parts(condition, {v.name: v for v in codebook}):
        yield Failure(code="CR-D38", values={**place, "got": str(part)})


def check_rules(rules: list[LogicRule], frame: pd.DataFrame, place: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How many rules each row breaks, and a log line for each breach; a rule says nothing of a row whose answers it needs are missing.

    Without rules nothing is known of any row.
    """
    broken = np.zeros(len(frame), dtype=np.int64)
    logs = []
    for rule in rules:
        _, fails = rule.then.holds(frame)
        rows = fails & rule.given.holds(frame)[0] if rule.given else fails
        broken += rows
        logs.append(log_lines(step="logic", rule="logic_rule", **place, row_id=frame.index[rows], variable=rule.name).assign(reason=rule.reason))
    counts = pd.Series(broken, index=frame.index, dtype="Int64")
    return pd.DataFrame({"logic_failures": counts if rules else counts.mask(counts.notna())}), join_logs(logs)

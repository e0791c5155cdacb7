"""Months in which a log has no row at all although its source is said to have been recording: nothing happened, or a file did not come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.cleaning.event_checks import DATED
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.engine import Engine
from commresearch.terms import DataKind

MISSING, ZERO = "missing", "zero"
MONTH_WITHOUT_ROWS = "month_without_rows"  #: the problem of a panel by this name


def empty_months_rule(stated: "str | Mapping[DataKind, str | Sequence[str]] | None") -> dict[DataKind, tuple[str, ...]]:
    """What becomes of such months, by kind of log, for all its tables or for each; kinds for which nothing is said are left out.

    Raises
    ------
    OutcomeError
        It is neither "missing" nor "zero" (CR-O26).
    """
    if stated is None:
        return {}
    by_kind = {DataKind(str(kind)): action for kind, action in stated.items()} if isinstance(stated, Mapping) else dict.fromkeys(DATED, stated)
    rule = {kind: (action,) if isinstance(action, str) else tuple(action) for kind, action in by_kind.items()}
    wrong = sorted({str(action) for actions in rule.values() for action in actions if action not in (MISSING, ZERO)})
    if wrong:
        raise OutcomeError(*(Failure(code="CR-O26", values={"got": got, "allowed": f"{MISSING}, {ZERO}"}) for got in wrong))
    return rule


def months_with_rows(engine: Engine, kind: DataKind, table: str) -> frozenset[pd.Timestamp]:
    """First days of the months in which a table of a kind has rows, whatever they say."""
    found = engine.query(f"SELECT DISTINCT CAST({DATED[kind]} AS DATE) AS day FROM {table}")  # noqa: S608 - names of contracts and ours
    return frozenset(pd.Timestamp(day.replace(day=1)) for day in found.column("day").to_pylist() if day is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMonths:
    """Of which months the logs say anything.

    rows
        kind of log → first days of the months in which it has rows, whatever they say
    rule
        kind of log → what becomes of the other months, where that was said: zero only where it was said of all its tables
    """

    rows: Mapping[DataKind, frozenset[pd.Timestamp]]
    rule: Mapping[DataKind, str]

    @classmethod
    def of(cls, engine: Engine, kinds: Iterable[DataKind], rule: Mapping[DataKind, tuple[str, ...]]) -> "RecordedMonths":
        """As the tables of an engine, named by their kinds, have it."""
        rows = {kind: months_with_rows(engine, kind, str(kind)) for kind in kinds if kind in DATED}
        return cls(rows=rows, rule={kind: ZERO if set(actions) == {ZERO} else MISSING for kind, actions in rule.items()})

    def tell(self, kind: DataKind, months: "pd.Series[pd.Timestamp]") -> np.ndarray:
        """Whether a log says anything of each month: it has rows in it, or what it lacks was said to be zero.

        Where nothing was said, a month without rows is zero in a log that has some, and a log without any row says nothing.
        """
        if kind not in self.rows or self.rule.get(kind, ZERO if self.rows[kind] else MISSING) == ZERO:
            return np.ones(len(months), dtype=bool)
        return np.asarray(months.isin(list(self.rows[kind])), dtype=bool)


def empty_month_problems(found: Mapping[DataKind, "list[pd.Timestamp]"]) -> pd.DataFrame:
    """Months that are missing for want of rows, as problems of a panel: one line for each run of months of a log."""
    lines = [(MONTH_WITHOUT_ROWS, str(kind), None, begin.date(), end.date()) for kind, months in found.items() for begin, end in runs_of(months)]
    return pd.DataFrame(lines, columns=["problem", "place", "unit_id", "valid_from", "valid_to"])


def runs_of(months: "Iterable[pd.Timestamp]") -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Months that follow each other as one: its first day and the day after its last."""
    runs: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for month in sorted(months):
        begins = runs.pop()[0] if runs and runs[-1][1] == month else month
        runs.append((begins, month + pd.offsets.MonthBegin(1)))
    return runs

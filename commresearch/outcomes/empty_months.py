"""Months in which a log has no row at all although its source is said to have been recording: nothing happened, or a file did not come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.cleaning.event_checks import DATED
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.engine import Engine
from commresearch.terms import DataKind

MISSING, ZERO = "missing", "zero"
MONTH_WITHOUT_ROWS = "month_without_rows"  #: the problem of a panel by this name


def empty_months_rule(stated: "str | Mapping[DataKind, str] | None") -> dict[DataKind, str]:
    """What becomes of such months, by kind of log; kinds for which nothing is said are left out.

    Raises
    ------
    OutcomeError
        It is neither "missing" nor "zero" (CR-O26).
    """
    if stated is None:
        return {}
    rule = {DataKind(str(kind)): action for kind, action in stated.items()} if isinstance(stated, Mapping) else dict.fromkeys(DATED, stated)
    wrong = sorted({str(action) for action in rule.values() if action not in (MISSING, ZERO)})
    if wrong:
        raise OutcomeError(*(Failure(code="CR-O26", values={"got": got, "allowed": f"{MISSING}, {ZERO}"}) for got in wrong))
    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMonths:
    """Of which months the logs say anything.

    rows
        kind of log → first days of the months in which it has rows, whatever they say
    rule
        kind of log → what becomes of the other months, where that was said
    """

    rows: Mapping[DataKind, frozenset[pd.Timestamp]]
    rule: Mapping[DataKind, str]

    @classmethod
    def of(cls, engine: Engine, kinds: Iterable[DataKind], rule: Mapping[DataKind, str]) -> "RecordedMonths":
        """As the tables of an engine, named by their kinds, have it."""
        rows = {}
        for kind in kinds:
            if kind in DATED:
                found = engine.query(f"SELECT DISTINCT CAST({DATED[kind]} AS DATE) AS day FROM {kind}")  # noqa: S608 - names of contracts
                rows[kind] = frozenset(pd.Timestamp(day.replace(day=1)) for day in found.column("day").to_pylist() if day is not None)
        return cls(rows=rows, rule=rule)

    def tell(self, kind: DataKind, months: "pd.Series[pd.Timestamp]") -> np.ndarray:
        """Whether a log says anything of each month: it has rows in it, or what it lacks was said to be zero.

        Where nothing was said, a month without rows is zero in a log that has some, and a log without any row says nothing.
        """
        if kind not in self.rows or self.rule.get(kind, ZERO if self.rows[kind] else MISSING) == ZERO:
            return np.ones(len(months), dtype=bool)
        return np.asarray(months.isin(list(self.rows[kind])), dtype=bool)


def empty_month_problems(found: Mapping[DataKind, "list[pd.Timestamp]"]) -> pd.DataFrame:
    """Months that are missing for want of rows, as problems of a panel: one line for each run of months of a log."""
    lines = []
    for kind, months in found.items():
        runs: list[tuple[pd.Timestamp, pd.Timestamp]] = []
        for month in sorted(months):
            begins = runs.pop()[0] if runs and runs[-1][1] == month else month
            runs.append((begins, month + pd.offsets.MonthBegin(1)))
        lines += [(MONTH_WITHOUT_ROWS, str(kind), None, begin.date(), end.date()) for begin, end in runs]
    return pd.DataFrame(lines, columns=["problem", "place", "unit_id", "valid_from", "valid_to"])

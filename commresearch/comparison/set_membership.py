"""Sets of cases: how raw values become degrees of membership, and what a table of memberships must hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from commresearch.errors import EstimationError, Failure, SchemaError

Floats = NDArray[np.float64]

CASE_COLUMN = "case_id"  #: names of cases stand here, or in the index
MEMBERSHIP_AT_ANCHOR = 0.95  #: of a case at the inclusion anchor; 1 minus this at the exclusion anchor (Ragin 2008)
CROSSOVER = 0.5  #: neither in nor out
MOST_CONDITIONS = 20  #: 2^20 configurations are looked at one by one; no table of cases can bear as many
METHODS = ("direct",)
OPERATORS = "~*+"  #: no part of a name: terms are written with them
RESERVED = ("row", "out", "n", "inclusion", "pri", "contradictory", "cases")  #: columns of a truth table beside its conditions
SHOWN = 5  #: values named in a message before it only says how many there are


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetTable:
    """Cases as members of an outcome and of conditions.

    cases : tuple of str
        Names, all different.
    outcome_name : str
    conditions : tuple of str
        In the order given; the first is the most significant of a row number.
    outcome : array (n,)
        Membership in the outcome, or in its negation where that is asked for.
    membership : array (n, k)
        Between 0 and 1; no cell is exactly 0.5.
    """

    cases: tuple[str, ...]
    outcome_name: str
    conditions: tuple[str, ...]
    outcome: Floats
    membership: Floats

    @property
    def crisp(self) -> bool:
        """Whether every cell is 0 or 1."""
        return all(bool(np.isin(part, (0.0, 1.0)).all()) for part in (self.outcome, self.membership))

    @property
    def rows(self) -> NDArray[np.int64]:
        """The configuration each case belongs to (n,), counted from 0: the one in which its membership is above 0.5."""
        return np.asarray((self.membership > CROSSOVER) @ (1 << np.arange(len(self.conditions))[::-1]), dtype=np.int64)

    def of_term(self, used: int, present: int) -> Floats:
        """Membership (n,) in a conjunction: the least over the conditions of the mask `used`, negated where `present` lacks them."""
        k = len(self.conditions)
        columns = [self.membership[:, j] if present >> (k - 1 - j) & 1 else 1 - self.membership[:, j] for j in range(k) if used >> (k - 1 - j) & 1]
        return np.asarray(np.min(columns, axis=0)) if columns else np.ones(len(self.cases))

    def of_rows(self, rows: Sequence[int] | NDArray[np.int64]) -> Floats:
        """Membership (len(rows), n) in whole configurations."""
        k = len(self.conditions)
        present = (np.asarray(rows)[:, None] >> np.arange(k)[::-1]) & 1
        made = np.ones((len(present), len(self.cases)))
        for j in range(k):
            column = self.membership[:, j]
            made = np.minimum(made, np.where(present[:, [j]] == 1, column, 1 - column))
        return made


def calibrate(
    x: ArrayLike, anchors: tuple[float, float, float], method: str = "direct", *, idm: float = MEMBERSHIP_AT_ANCHOR,
) -> Floats:
    """Degrees of membership from raw values by the direct method.

    Parameters
    ----------
    x : array-like (n,)
        Raw values in any unit; NaN stays NaN.
    anchors : (exclusion, crossover, inclusion)
        In the unit of x, strictly increasing, or strictly decreasing where less means more of the set.
    method : {"direct"}
    idm : float
        Membership at the inclusion anchor; 1 − idm at the exclusion anchor. Between 0.5 and 1.

    Returns
    -------
    array (n,)
        Between 0 and 1, in the order of x; exactly 0.5 at the crossover.

    Raises
    ------
    EstimationError
        Anchors are not three finite numbers in order (CR-Q01); another method, or idm out of range (CR-Q02); x holds something that is no number,
        numbers written as text among it (CR-Q03), or is no row of numbers (CR-Q22).

    Notes
    -----
    With e, c, i the anchors and s = ln(idm / (1 − idm)): logit m = s (x − c) / (i − c) on the side of inclusion, −s (x − c) / (e − c) on the other. Each
    side has a slope of its own, so that anchors need not lie evenly about the crossover. A membership is a judgement made by the anchors, no
    measurement: the reasons for them belong into the report.

    References
    ----------
    Ragin (2008), Redesigning Social Inquiry, ch. 5.
    """
    failures = _anchor_faults(anchors)
    allowed = {"method": (method, method in METHODS, ", ".join(METHODS)), "idm": (idm, is_number(idm) and CROSSOVER < idm < 1, "0.5 < idm < 1")}
    failures += [Failure(code="CR-Q02", values={"name": n, "got": str(got), "allowed": a}) for n, (got, right, a) in allowed.items() if not right]
    values, strange = _values_of(x)
    failures += kind_faults(x=(x, values is not None, "list[float], numpy.ndarray (n,), pandas.Series"))
    if strange:
        failures.append(Failure(code="CR-Q03", values={"column": "x", "got": listed(strange)}))
    if failures or values is None:
        raise EstimationError(*failures)
    return _direct(values, anchors, idm)


def _values_of(x: object) -> tuple[Floats | None, list[object]]:
    """A row of raw values as numbers, None where it is none; and what in it is no number."""
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind in "fiu":
        return x.astype(np.float64), []
    flat = _flat(x)
    return (None, []) if flat is None else _as_numbers(pd.Series(flat, dtype=object))


def _flat(x: object) -> list[object] | None:
    """Values one after the other; None where they do not stand in one row."""
    if isinstance(x, pd.Series | np.ndarray):
        return x.tolist() if x.ndim == 1 else None
    whole = isinstance(x, Sequence) and not isinstance(x, str) and not any(isinstance(v, Sequence | np.ndarray) and not isinstance(v, str) for v in x)
    return list(x) if whole and isinstance(x, Sequence) else None


def _direct(values: Floats, anchors: tuple[float, float, float], idm: float) -> Floats:
    exclusion, crossover, inclusion = (float(a) for a in anchors)
    slope = np.log(idm / (1 - idm))
    toward = values > crossover if inclusion > crossover else values < crossover
    log_odds = slope * np.where(toward, (values - crossover) / (inclusion - crossover), -(values - crossover) / (exclusion - crossover))
    return np.asarray(special.expit(log_odds), dtype=np.float64)


def _anchor_faults(anchors: object) -> list[Failure]:
    values = list(anchors) if isinstance(anchors, Sequence | np.ndarray) and not isinstance(anchors, str) else []
    if len(values) == 3 and all(is_number(v) and np.isfinite(v) for v in values):
        steps = np.diff(np.asarray(values, dtype=float))
        if (steps > 0).all() or (steps < 0).all():
            return []
    return [Failure(code="CR-Q01", values={"got": listed(values) if values else str(anchors)})]


def is_number(value: object) -> bool:
    """Whether it is a number; yes and no are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _as_numbers(column: pd.Series) -> tuple[Floats, list[object]]:
    """A column as numbers, NaN where missing, and what is none of either, numbers written as text among it; yes and no are 1 and 0."""
    cells, missing = column.tolist(), column.isna().to_numpy()
    numbers = np.array([float(c) if not m and isinstance(c, Real | np.bool_) else np.nan for c, m in zip(cells, missing, strict=True)], dtype=np.float64)
    return numbers, [c for c, value, m in zip(cells, numbers, missing, strict=True) if np.isnan(value) and not m]


def kind_faults(**given: tuple[object, bool, str]) -> list[Failure]:
    """What is no table, list or result of the kind that is needed (CR-Q22): name = (what was given, whether it fits, what is wanted)."""
    return [Failure(code="CR-Q22", values={"name": n, "wanted": wanted, "got": type(got).__name__}) for n, (got, fits, wanted) in given.items() if not fits]


def is_names(value: object) -> bool:
    """Whether it is one name or a list of names."""
    return isinstance(value, str) or (isinstance(value, Sequence | pd.Index) and all(isinstance(name, str) for name in value))


def listed(values: Iterable[object]) -> str:
    """Values as a message shows them; at most five, then how many there are."""
    shown = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    return ", ".join(shown[:SHOWN]) + (f" … ({len(shown)})" if len(shown) > SHOWN else "")


def set_table(frame: pd.DataFrame, outcome: str, conditions: Sequence[str], *, negate: bool = False) -> SetTable:
    """Memberships of a frame, checked; names of cases from the column `case_id`, else from the index.

    Raises
    ------
    SchemaError
        No table, or no names (CR-Q22); columns (CR-Q04 to CR-Q06), cases (CR-Q07) and cells (CR-Q03, CR-Q08 to CR-Q10), all faults of one stage together.
    EstimationError
        No case without the outcome (CR-Q11), or none with it (CR-Q20); only where the table is otherwise sound.
    """
    kinds = kind_faults(
        frame=(frame, isinstance(frame, pd.DataFrame), "pandas.DataFrame"), outcome=(outcome, isinstance(outcome, str), "str"),
        conditions=(conditions, is_names(conditions), "list[str]"),
    )
    if kinds:
        raise SchemaError(*kinds)
    names = tuple(conditions) if not isinstance(conditions, str) else (conditions,)
    if failures := _column_faults(frame, outcome, names):
        raise SchemaError(*failures)
    named = frame[CASE_COLUMN] if CASE_COLUMN in frame.columns else frame.index
    cases = tuple(str(c) for c in named)
    failures = [Failure(code="CR-Q07", values={"case": c, "count": cases.count(c)}) for c in dict.fromkeys(cases) if cases.count(c) > 1]
    columns = []
    for name in (outcome, *names):
        values, faults = _memberships(frame[name], name, cases)
        columns.append(values)
        failures += faults
    if failures:
        raise SchemaError(*failures)
    y = 1 - columns[0] if negate else columns[0]
    table = SetTable(cases=cases, outcome_name=outcome, conditions=names, outcome=y, membership=np.column_stack(columns[1:]))
    inside = int((y > CROSSOVER).sum())
    told = {"outcome": f"~{outcome}" if negate else outcome, "n": len(y)}
    if inside == len(y):
        raise EstimationError(Failure(code="CR-Q11", values=told))
    if not inside:
        raise EstimationError(Failure(code="CR-Q20", values=told))
    return table


def _column_faults(frame: pd.DataFrame, outcome: str, conditions: tuple[str, ...]) -> list[Failure]:
    """Names that are no columns or stand twice, that terms could not be written with, too few or too many of them, and a table without rows."""
    known = [str(c) for c in frame.columns]
    wanted = (outcome, *conditions)
    failures = [Failure(code="CR-Q04", values={"column": c, "known": listed(known), "count": known.count(c)}) for c in dict.fromkeys(wanted) if known.count(c) != 1]
    failures += [Failure(code="CR-Q05", values={"column": c}) for c in dict.fromkeys(wanted) if wanted.count(c) > 1]
    unwritable = [c for c in conditions if any(o in c for o in OPERATORS) or c in RESERVED or not c.strip() or c != c.strip()]
    failures += [Failure(code="CR-Q05", values={"column": f"“{c}”"}) for c in unwritable]
    if not 1 <= len(conditions) <= MOST_CONDITIONS or not len(frame):
        failures.append(Failure(code="CR-Q06", values={"conditions": len(conditions), "most": MOST_CONDITIONS, "cases": len(frame)}))
    return failures


def _memberships(column: pd.Series, name: str, cases: Sequence[str]) -> tuple[Floats, list[Failure]]:
    """One column as memberships, and what is wrong with its cells, each with its case."""
    values, _ = _as_numbers(column)
    failures = []
    known = [v for v in values if not np.isnan(v)]
    several = bool(known) and all(v == int(v) and v >= 0 for v in known) and max(known) > 1
    if several:
        return values, [Failure(code="CR-Q09", values={"column": name, "got": listed(sorted(set(known)))})]
    for case, got, value in zip(cases, column.tolist(), values, strict=True):
        place = {"column": name, "row": case}
        if pd.isna(got):
            failures.append(Failure(code="CR-Q08", values=place))
        elif np.isnan(value) or not 0 <= value <= 1:
            failures.append(Failure(code="CR-Q03", values={"column": f"{name} / {case}", "got": str(got)}))
        elif value == CROSSOVER:
            failures.append(Failure(code="CR-Q10", values=place))
    return values, failures

"""Known sizes of groups, as users state them, matched to the answers of a survey.

Everything that does not match is a fault: renormalising an absent category, a gap or a wrong total in silence is how weights go wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure
from commresearch.survey.auxiliaries import Cells, form_cells
from commresearch.survey.frame_columns import Codes, Floats, check_columns, coded, listed, number_in, rows_where

MARGIN_COLUMNS = ("variable", "category", "target")
SAME_TOTAL = 1e-9  #: relative difference between sums of targets that counts as rounding
LIKE_SHARES = 2.0  #: a sum below this is that of shares, and wrong unless it is 1
LIKE_PERCENT = (99.0, 101.0)  #: a sum between these is that of percentages, unless the sample is as small
CROSS = " × "

Answers: TypeAlias = tuple[NDArray[np.signedinteger], list[object]]  #: codes (n,), -1 where missing, and what they stand for


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedMargin:
    """Targets as stated: one or several variables, and a number per category (a tuple where there are several)."""

    variables: tuple[str, ...]
    targets: tuple[tuple[object, object], ...]

    @property
    def name(self) -> str:
        """The variable, or the variables of a cross."""
        return CROSS.join(self.variables)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Margin:
    """A margin matched to the sample: a category code per cell (m,) and a target per category."""

    name: str
    categories: tuple[object, ...]
    codes: NDArray[np.signedinteger]
    targets: Floats

    @property
    def labels(self) -> list[tuple[str, object]]:
        """(variable, category) per target; the categories of a cross as one text."""
        return [(self.name, CROSS.join(map(str, c)) if isinstance(c, tuple) else c) for c in self.categories]


def stated_margins(margins: object) -> tuple[list[StatedMargin], list[Failure]]:
    """Margins from a mapping of variable (or tuple of variables) to targets, or from a table variable, category, target."""
    if isinstance(margins, pd.DataFrame):
        if failures := _wrong_table(margins, MARGIN_COLUMNS):
            return [], failures
        grouped = margins.groupby("variable", sort=False)
        return [StatedMargin(variables=(str(v),), targets=_pairs(t["category"], t["target"])) for v, t in grouped], []
    if isinstance(margins, Mapping) and margins and all(isinstance(t, Mapping | pd.Series) and len(t) for t in margins.values()):
        return [StatedMargin(variables=variables_of(v), targets=tuple(t.items())) for v, t in margins.items()], []
    return [], [Failure(code="CR-W04", values={"got": type(margins).__name__})]


def stated_cells(by: str | Sequence[str], targets: object) -> tuple[list[StatedMargin], list[Failure]]:
    """One margin from targets of the categories of one variable, or of the cells of several."""
    variables = variables_of(by)
    if isinstance(targets, pd.DataFrame):
        if failures := _wrong_table(targets, (*variables, "target")):
            return [], failures
        keys: Iterable[object] = targets[variables[0]] if len(variables) == 1 else zip(*(targets[v] for v in variables), strict=True)
        return [StatedMargin(variables=variables, targets=_pairs(keys, targets["target"]))], []
    if isinstance(targets, Mapping | pd.Series) and len(targets):
        return [StatedMargin(variables=variables, targets=tuple(targets.items()))], []
    return [], [Failure(code="CR-W04", values={"got": type(targets).__name__})]


def _wrong_table(table: pd.DataFrame, columns: Sequence[str]) -> list[Failure]:
    """A table of targets without rows, or without a column it needs."""
    absent = [c for c in columns if c not in table.columns]
    if not absent and len(table):
        return []
    return [Failure(code="CR-W26", values={"n_rows": len(table), "absent": listed(absent) or "—", "needed": ", ".join(columns)})]


def variables_of(name: object) -> tuple[str, ...]:
    """The variables of a margin: itself, or the members of a tuple or list."""
    return tuple(map(str, name)) if isinstance(name, list | tuple) else (str(name),)


def _pairs(categories: Iterable[object], targets: Iterable[object]) -> tuple[tuple[object, object], ...]:
    return tuple(zip(categories, targets, strict=True))


def match_margins(frame: pd.DataFrame, stated: Sequence[StatedMargin]) -> tuple[list[tuple[Margin | None, list[Failure]]], Cells]:
    """Stated margins with the cells of the sample coded by their categories, or everything that does not match; and these cells."""
    absent = [check_columns(frame, one.variables) for one in stated]
    answers = [_observed(frame, one.variables) for one, gone in zip(stated, absent, strict=True) if not gone]
    cells = _crossed(answers) if answers else form_cells([np.zeros(len(frame), dtype=np.int8)], [1])
    found = iter(zip(answers, cells.members, strict=True))
    matched = [(None, gone) if gone else _matched(frame, one, *next(found), cells.persons) for one, gone in zip(stated, absent, strict=True)]
    return matched, cells


def _matched(frame: pd.DataFrame, stated: StatedMargin, answers: Answers, members: Codes, persons: Codes) -> tuple[Margin | None, list[Failure]]:
    """One margin, from its answers and, per cell, the code of the answer and the number of persons."""
    codes, observed = answers
    targets, failures = _target_values(stated)
    if (members < 0).any():
        failures.append(Failure(code="CR-W07", values={"variable": stated.name} | rows_where(frame, codes < 0)))
    counts = np.asarray(np.bincount(members + 1, persons, len(observed) + 1)[1:], dtype=np.float64)
    place = {category: i for i, category in enumerate(targets)}
    new_codes = np.array([place.get(category, -1) for category in observed], dtype=np.int64)
    failures += _unmatched(stated.name, observed, counts, list(targets), new_codes)
    if failures:
        return None, failures
    return Margin(name=stated.name, categories=tuple(targets), codes=new_codes[members], targets=np.array([*targets.values()])), []


def _unmatched(
    name: str, observed: Sequence[object], counts: Floats, targets: Sequence[object], new_codes: NDArray[np.int64]
) -> list[Failure]:
    """Categories of the sample without target, and targets without anybody in the sample."""
    failures = []
    used = [category for category, count in zip(observed, counts, strict=True) if count]
    if unknown := [category for category, count, code in zip(observed, counts, new_codes, strict=True) if count and code < 0]:
        facts = {"got": listed(unknown), "count": int(counts[new_codes < 0].sum()), "allowed": listed(targets)}
        failures.append(Failure(code="CR-W08", values={"variable": name} | facts))
    if empty := [category for category in targets if category not in set(used)]:
        failures.append(Failure(code="CR-W09", values={"variable": name, "got": listed(empty), "allowed": listed(used)}))
    return failures


def _target_values(stated: StatedMargin) -> tuple[dict[object, float], list[Failure]]:
    """Targets by category; faults for what is no positive number and for a category stated twice."""
    values: dict[object, float] = {}
    failures = []
    for category, target in stated.targets:
        number = number_in(target)
        facts = {"variable": stated.name, "category": listed([category])}
        if not (np.isfinite(number) and number > 0):
            failures.append(Failure(code="CR-W10", values=facts | {"got": listed([target])}))
        if category in values:
            failures.append(Failure(code="CR-W11", values=facts))
        values[category] = number
    return values, failures


def _observed(frame: pd.DataFrame, variables: tuple[str, ...]) -> Answers:
    """Codes (n,) and the categories found; of several variables the combinations found, -1 where one of them is missing."""
    if len(variables) == 1:
        return coded(frame[variables[0]])
    parts = [coded(frame[v]) for v in variables]
    cells = _crossed(parts)
    found: list[object] = [
        tuple(values[code] if code >= 0 else None for (_, values), code in zip(parts, codes, strict=True))
        for codes in zip(*(m.tolist() for m in cells.members), strict=True)
    ]
    missing = np.any([m < 0 for m in cells.members], axis=0)
    return (np.where(missing, -1, np.arange(len(found)))[cells.of] if missing.any() else cells.of), found


def _crossed(answers: Sequence[Answers]) -> Cells:
    """Cells of persons who gave the same answers, where -1 stands for a missing one."""
    gaps = [int(codes.min() < 0) for codes, _ in answers]
    shifted = [codes + np.int64(1) if gap else codes for (codes, _), gap in zip(answers, gaps, strict=True)]
    cells = form_cells(shifted, [len(values) + gap for (_, values), gap in zip(answers, gaps, strict=True)])
    return replace(cells, members=tuple(codes - gap for codes, gap in zip(cells.members, gaps, strict=True)))


def agreed_totals(
    margins: Sequence[Margin], n: int, *, base_total: float | None, population: float | None = None
) -> tuple[Floats, bool, list[Failure]]:
    """Targets of all margins one after the other, made to one exact total; whether they were shares; faults.

    Margins that all sum to 1 are shares where `base_total` says what they are shares of: the weights then keep that total.
    """
    sums = {m.name: float(m.targets.sum()) for m in margins} | ({} if population is None else {"population": population})
    if not sums:
        return np.zeros(0), False, []
    first = next(iter(sums.values()))
    if not np.allclose([*sums.values()], first, rtol=SAME_TOTAL, atol=0):
        return np.zeros(0), False, [Failure(code="CR-W12", values={"totals": "; ".join(f"{k}: {v:.10g}" for k, v in sums.items())})]
    is_one = bool(np.isclose(first, 1.0, rtol=0, atol=SAME_TOTAL))
    if (is_one and base_total is None) or (not is_one and first < LIKE_SHARES) or (LIKE_PERCENT[0] <= first <= LIKE_PERCENT[1] < n):
        return np.zeros(0), False, [Failure(code="CR-W13", values={"total": f"{first:g}", "count": n})]
    total = base_total if is_one and base_total is not None else first
    return np.concatenate([m.targets * (total / m.targets.sum()) for m in margins] or [np.zeros(0)]), is_one, []

"""The units and months that a claim speaks of, in a panel; and what keeps the two from being compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from commresearch.cases.case_claims_file import ALL, TREATED, CaseClaim, ClaimMeasure, ClaimTerms
from commresearch.cases.claim import Claim
from commresearch.errors import DesignError
from commresearch.impact.arrays import COUNTS, NEVER, PanelArrays, arrays_of
from commresearch.outcomes import Panel
from commresearch.terms import Comparison, Language, Unit, UnitClass
from commresearch.words import render_error, say

MONTHS = 12
SHOWN = 5  #: units or months that a reason names
OVER = frozenset({ClaimMeasure.RATE, ClaimMeasure.SHARE})  #: measures that have a denominator
CHANGE_UNITS = {UnitClass.PERCENT: Unit.PERCENT, UnitClass.PERCENTAGE_POINTS: Unit.PERCENTAGE_POINTS}

Stage = Literal["measure", "estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a claim cannot be measured again, or held against an estimate: a key of `words/claim_against.toml` and its facts.

    stage : str
        What it keeps from being done: "measure" (and with it all else), or "estimate" alone.
    """

    key: str
    stage: Stage = "measure"
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language | str) -> str:
        """The reason in one language; a value that is a pair of texts is put in it, a list is joined."""
        language = Language(language)
        joiner = say("claim_against.comma", language)
        filled = {
            k: v[language.value] if isinstance(v, Mapping) else joiner.join(map(str, v)) if isinstance(v, tuple) else v for k, v in self.values.items()
        }
        return say(f"claim_against.reason_{self.key}", language, **filled)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimView:
    """A claim in a panel of N units × T months.

    arrays : PanelArrays
        Units of the claim and those that it can be held against.
    above, below : float array (N, T)
        What is counted, and over what: ones where the claim is about plain counts. NaN where not recorded.
    ratio : bool
        Whether the claim is in percent (logarithms of ratios add up) or in points (differences of 100 × above / below do).
    scope, others : bool array (N,)
        Units of the claim; units where the pilot did not start before the months are over, recorded throughout base and period.
    base, period : bool array (T,)
        Months of the claim.
    usable : bool array (T,)
        Months before any of the others starts.
    """

    arrays: PanelArrays
    above: np.ndarray
    below: np.ndarray
    ratio: bool
    scope: np.ndarray
    others: np.ndarray
    base: np.ndarray
    period: np.ndarray
    usable: np.ndarray

    @property
    def unit(self) -> Unit:
        """Unit of the claim."""
        return Unit.PERCENT if self.ratio else Unit.PERCENTAGE_POINTS

    @property
    def first(self) -> int:
        """The earliest start in the units of the claim; `NEVER` where the pilot started in none of them."""
        return int(self.arrays.first[self.scope].min())

    @property
    def before(self) -> np.ndarray:
        """Months before the pilot started in any unit of the claim, (T,)."""
        return np.asarray(self.arrays.periods < self.first)

    @property
    def treated(self) -> np.ndarray:
        """Cells of the claim in which the pilot had started, (N, T)."""
        return np.asarray(self.arrays.treated & self.scope[:, None])

    @property
    def complete(self) -> np.ndarray:
        """Months in which every unit of the claim and every other one was recorded, (T,)."""
        rows = self.scope | self.others
        return np.asarray((~np.isnan(self.above) & (self.below > 0))[rows].all(axis=0) & self.usable)

    def ratio_of(self, units: np.ndarray, months: np.ndarray) -> float:
        """What is counted over what it is counted over, of some units in some months; NaN where there is nothing."""
        above, below = (np.nansum(part[np.ix_(units, months)]) for part in (self.above, self.below))
        return float(above / below) if below > 0 else np.nan

    def level(self, units: np.ndarray, months: np.ndarray) -> float:
        """The same on the scale on which parts add up: its logarithm, or in percent of the whole."""
        return float(self.scaled(np.array(self.ratio_of(units, months))))

    def series(self, units: np.ndarray) -> np.ndarray:
        """The same month by month, NaN where not every one of these units was recorded, (T,)."""
        above, below = self.above[units].sum(axis=0), self.below[units].sum(axis=0)
        return self.scaled(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))

    def scaled(self, ratio: np.ndarray) -> np.ndarray:
        """Ratios on the scale on which parts add up; NaN of zero where that is the logarithm."""
        if not self.ratio:
            return np.asarray(100.0 * ratio)
        return np.asarray(np.log(np.where(ratio > 0, ratio, np.nan)))

    def told(self, difference: float) -> float:
        """A difference on that scale in the unit of the claim: percent, or points."""
        return 100.0 * float(np.expm1(difference)) if self.ratio else difference

    def without(self, cluster: int) -> "ClaimView":
        """The same without one assignment."""
        kept = np.asarray(self.arrays.cluster != cluster)
        return replace(
            self, arrays=self.arrays.take(np.flatnonzero(kept)), above=self.above[kept], below=self.below[kept], scope=self.scope[kept], others=self.others[kept]
        )


def view_of(panel: Panel, stated: CaseClaim) -> tuple[ClaimView | None, tuple[Reason, ...]]:
    """The claim in the panel, and everything that keeps it from being measured again or held against an estimate.

    Parameters
    ----------
    panel : Panel
        Of the outcome and topics of the claim.
    stated : CaseClaim

    Returns
    -------
    view : ClaimView or None
        None where the claim cannot be measured in this panel.
    reasons : tuple of Reason
        All of them.
    """
    claim, terms = stated.claim, stated.terms
    reasons = [*_of_wording(claim, terms), *_of_panel(panel, terms)]
    try:
        arrays = arrays_of(panel)
    except DesignError as error:
        told = {language.value: render_error(error, language) for language in Language}
        return None, (*reasons, Reason(key="panel", values={"why": told}))
    if not arrays.dated:
        return None, (*reasons, Reason(key="not_dated"))
    wanted = scope_units(panel, terms.scope)
    if unknown := tuple(u for u in wanted if u not in set(arrays.units)):
        blocked = {d.unit_id for d in arrays.dropped if d.whole}
        key = "not_used" if set(unknown) <= blocked else "units_unknown"
        reasons.append(Reason(key=key, values={"units": unknown[:SHOWN], "n": len(unknown)}))
    base, period = (_months(arrays, *ends) for ends in ((terms.base_start, terms.base_end), (terms.period_start, terms.period_end)))
    reasons += _of_months(arrays, terms)
    if reasons or not wanted:
        return None, tuple(reasons if wanted else [*reasons, Reason(key="nobody")])
    view = _view(arrays, claim, terms, np.isin(arrays.units, wanted), base, period)
    reasons += _of_cells(view)
    return (None if reasons else view), (*reasons, *_of_design(view))


def scope_units(panel: Panel, scope: Sequence[str]) -> tuple[str, ...]:
    """The units that a claim speaks of: as named, all, or those in which the pilot started within the panel; whether they can be used or not."""
    frame = panel.frame
    if tuple(scope) == (ALL,):
        return tuple(frame["unit_id"].astype("str").unique())
    begun = frame["treated_from"].notna() & (frame["treated_from"] <= frame["month"].max())
    return tuple(frame.loc[begun, "unit_id"].astype("str").unique()) if tuple(scope) == (TREATED,) else tuple(scope)


def month_number(text: str) -> int:
    """A month as `PanelArrays.periods` numbers it."""
    return 12 * int(text[:4]) + int(text[5:7]) - 1


def _months(arrays: PanelArrays, start: str, end: str) -> np.ndarray:
    return np.asarray((arrays.periods >= month_number(start)) & (arrays.periods <= month_number(end)))


def _of_wording(claim: Claim, terms: ClaimTerms) -> list[Reason]:
    """What the number itself is."""
    reasons = []
    if not claim.is_change:
        reasons.append(Reason(key="not_a_change"))
    if claim.unit_class not in CHANGE_UNITS:
        reasons.append(Reason(key="unit", values={"got": claim.unit or claim.unit_class}))
    elif claim.unit_class == UnitClass.PERCENTAGE_POINTS and terms.measure is not ClaimMeasure.SHARE:
        reasons.append(Reason(key="points_of_counts"))
    a_year_before = tuple(f"{int(m[:4]) - 1:04d}{m[4:]}" for m in (terms.period_start, terms.period_end))
    if claim.comparison == Comparison.YEAR_ON_YEAR and (terms.base_start, terms.base_end) != a_year_before:
        reasons.append(Reason(key="year_on_year", values={"first": a_year_before[0], "last": a_year_before[1], "got": f"{terms.base_start} – {terms.base_end}"}))
    return reasons


def _of_panel(panel: Panel, terms: ClaimTerms) -> list[Reason]:
    """Whether the panel holds what the claim counts."""
    reasons = []
    if panel.definition.outcome != terms.outcome:
        reasons.append(Reason(key="outcome", values={"got": panel.definition.outcome, "wanted": terms.outcome}))
    counted = dict(panel.definition.parameters).get("topics", ())
    if tuple(sorted(map(str, counted if isinstance(counted, tuple) else ()))) != terms.topics:
        reasons.append(Reason(key="topics", values={"got": counted or ("—",), "wanted": terms.topics or ("—",)}))
    if panel.frame["numerator"].isna().all():
        reasons.append(Reason(key="no_counts"))
    if terms.measure in OVER and panel.frame["denominator"].isna().all():
        reasons.append(Reason(key="no_denominator"))
    if (terms.measure is ClaimMeasure.SHARE and panel.unit is not Unit.PERCENTAGE_POINTS) or (terms.measure is ClaimMeasure.RATE and panel.unit not in COUNTS):
        reasons.append(Reason(key="measure"))
    return reasons


def _of_months(arrays: PanelArrays, terms: ClaimTerms) -> list[Reason]:
    """Months that the panel does not have."""
    ends = int(arrays.periods[0]), int(arrays.periods[-1])
    if ends[0] <= month_number(terms.base_start) and month_number(terms.period_end) <= ends[1]:
        return []
    values = {"first": arrays.label(ends[0]), "last": arrays.label(ends[1]), "got": f"{terms.base_start} – {terms.period_end}"}
    return [Reason(key="months_outside", values=values)]


def _view(arrays: PanelArrays, claim: Claim, terms: ClaimTerms, scope: np.ndarray, base: np.ndarray, period: np.ndarray) -> ClaimView:
    """The claim's units and those that are never treated; where there are none, those that start after its months."""
    above = arrays.numerator
    below = arrays.denominator if terms.measure in OVER else np.where(np.isnan(above), np.nan, 1.0)
    seen = ~np.isnan(above) & (below > 0)
    whole = seen[:, base | period].all(axis=1) & ~scope
    never, later = whole & ~arrays.ever_treated, whole & (arrays.first > arrays.periods[period].max())
    others = never if never.any() else later
    until = int(arrays.first[others].min()) if others.any() else NEVER
    rows = np.flatnonzero(scope | others)
    return ClaimView(
        arrays=arrays.take(rows), above=above[rows], below=below[rows], ratio=claim.unit_class == UnitClass.PERCENT, scope=scope[rows], others=others[rows],
        base=base, period=period, usable=arrays.periods < until,
    )


def _of_cells(view: ClaimView) -> list[Reason]:
    """Whether every month of every unit of the claim was recorded, and something was counted."""
    arrays = view.arrays
    wanted = view.scope[:, None] & (view.base | view.period)
    gaps = wanted & ~(~np.isnan(view.above) & (view.below > 0))
    if gaps.any():
        units = tuple(map(str, arrays.units[gaps.any(axis=1)][:SHOWN]))
        months = tuple(arrays.label(int(p)) for p in arrays.periods[gaps.any(axis=0)][:SHOWN])
        return [Reason(key="not_recorded", values={"units": units, "months": months, "n": int(gaps.sum()), "all": int(wanted.sum())})]
    none = view.ratio and not all(view.ratio_of(view.scope, when) > 0 for when in (view.base, view.period))
    return [Reason(key="nothing_counted")] if none else []


def _of_design(view: ClaimView) -> list[Reason]:
    """What keeps a claim that can be measured from being held against an estimate."""
    arrays, reasons = view.arrays, []
    untreated = view.scope & ~arrays.ever_treated
    if untreated.any():
        values = {"units": tuple(map(str, arrays.units[untreated][:SHOWN])), "n": int(untreated.sum())}
        reasons.append(Reason(key="units_untreated", stage="estimate", values=values))
    early = view.scope & (view.treated & view.base).any(axis=1)
    if early.any():
        reasons.append(Reason(key="base_treated", stage="estimate", values={"units": tuple(map(str, arrays.units[early][:SHOWN])), "n": int(early.sum())}))
    if not (view.treated & view.period).any():
        reasons.append(Reason(key="period_untreated", stage="estimate"))
    return reasons

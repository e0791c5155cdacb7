"""A published change beside the same change measured again and the effect estimated for it; and what lies between the two."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.cases.case_claims_file import CaseClaim
from commresearch.comparison.claim_against_estimate import estimate_on_claim, estimation_panel, on_scale, told_for
from commresearch.comparison.claim_against_measure import Remeasured, claimed_bounds, remeasure, reproduces
from commresearch.comparison.claim_against_parts import ORDER, REMAINDER, Part, Sources, parts_of
from commresearch.comparison.claim_against_summary import summary_of
from commresearch.comparison.claim_against_view import SHOWN, ClaimView, Reason, view_of
from commresearch.comparison.claim_against_windows import RecordingChanges, Windows, recording_changes, windows_of
from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import arrays_of
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate
from commresearch.impact.rollout_facts import assigned, rollout_facts
from commresearch.impact.routes import RunSettings
from commresearch.outcomes import Panel
from commresearch.terms import ChosenBy, Language, Unit
from commresearch.words import render_error

ROUNDING = 1e-12  #: of a logarithm, below which two ratios are one
PART_COLUMNS = (*ORDER, REMAINDER)
TRIPLE = ("value", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimComparison:
    """One claim, measured again and held against an estimate.

    stated : CaseClaim
    unit : Unit or None
        Percent or percentage points; None where the claim states neither.
    claimed : (value, low, high)
        As stated, with what its wording allows; an open end is infinite.
    remeasured : Remeasured or None
    reproduced : bool or None
        Whether the measured change lies within what the wording allows.
    estimated : ImpactEstimate or None
        In the unit of the claim, with its checks and grade.
    parts : tuple of Part
        recording, season, common, regression, remainder, on the scale on which they add up to measured less estimated.
    conf_level : float
    reasons : tuple of Reason
        Why it cannot be measured again, or estimated.
    windows, changes : optional
        What base and period were held against; the changes of recording that they meet.
    """

    stated: CaseClaim
    unit: Unit | None
    claimed: tuple[float, float, float]
    remeasured: Remeasured | None = None
    reproduced: bool | None = None
    estimated: ImpactEstimate | None = None
    parts: tuple[Part, ...] = ()
    conf_level: float = CONF_LEVEL
    reasons: tuple[Reason, ...] = ()
    windows: Windows | None = None
    changes: RecordingChanges | None = None

    @property
    def comparable(self) -> bool:
        """Whether claimed, measured and estimated all stand side by side."""
        return self.remeasured is not None and self.estimated is not None

    @property
    def ratio(self) -> bool:
        """Whether parts are logarithms of ratios."""
        return self.unit is Unit.PERCENT

    def amounts(self) -> Mapping[str, float]:
        """Every part in the unit of the claim; they add up to measured less estimated. NaN where it cannot be measured: it is in the remainder then.

        Percent do not add up, their logarithms do: each part is multiplied by the logarithmic mean of the two ratios,
        (A − B) / (ln A − ln B) with A measured and B estimated (the additive log-mean Divisia decomposition).
        """
        return {part.name: self._scale * part.value for part in self.parts}

    def errors(self) -> Mapping[str, float]:
        """Standard errors of the parts in the unit of the claim, for the same logarithmic mean; NaN where nothing tells them."""
        return {part.name: self._scale * part.std_error for part in self.parts}

    @property
    def _scale(self) -> float:
        """Unit of the claim per unit of the scale on which parts add up."""
        if not self.ratio or self.remeasured is None:
            return 1.0
        a, log = math.exp(self.remeasured.change), sum(p.value for p in self.parts if math.isfinite(p.value))
        return 100.0 * (a if abs(log) < ROUNDING else a * -math.expm1(-log) / log)

    def alone(self) -> Mapping[str, float]:
        """By how much the measured change would move, in the unit of the claim, were this part alone taken out of it."""
        if self.remeasured is None:
            return {}
        change = self.remeasured.change
        return {p.name: 100 * math.exp(change) * -math.expm1(-p.alone) if self.ratio else p.alone for p in self.parts}

    def to_frame(self) -> pd.DataFrame:
        """One row: what was claimed, measured and estimated, and the parts, all in `unit`; NaN for what is not there."""
        claim, terms = self.stated.claim, self.stated.terms
        head = {"claim_id": claim.claim_id, "case_id": claim.case_id, "outcome": terms.outcome, "measure": str(terms.measure), "unit": str(self.unit or "")}
        again, effect = self.remeasured, self.estimated
        row: dict[str, object] = dict(head) | {f"claimed{_end(k)}": v for k, v in zip(TRIPLE, self.claimed, strict=True)}
        row |= {f"remeasured{_end(k)}": getattr(again, k) if again is not None else math.nan for k in TRIPLE}
        row |= {"interval_by": again.interval_by if again is not None else "", "reproduced": "" if self.reproduced is None else self.reproduced}
        ends = (effect.estimate, effect.conf_low, effect.conf_high) if effect is not None else (math.nan,) * 3
        row |= {f"estimated{_end(k)}": v for k, v in zip(TRIPLE, ends, strict=True)}
        row |= {name: str(getattr(effect, name)) if effect is not None else "" for name in ("method", "inference")}
        row |= {"grade": str(effect.grade) if effect is not None and effect.grade else "", "conf_level": self.conf_level, "comparable": self.comparable}
        return pd.DataFrame([row | {name: self.amounts().get(name, math.nan) for name in PART_COLUMNS}])

    def parts_frame(self) -> pd.DataFrame:
        """One row per part: part, value and std_error (of the scale on which they add up); amount, amount_error, alone (in the unit of the claim); how."""
        amounts, errors, alone = self.amounts(), self.errors(), self.alone()
        rows = [(p.name, p.value, p.std_error, amounts[p.name], errors[p.name], alone[p.name], p.how) for p in self.parts]
        return pd.DataFrame(rows, columns=["part", "value", "std_error", "amount", "amount_error", "alone", "how"])

    def summary(self, language: Language | str = Language.ZH) -> str:
        """Claimed, measured, estimated, and what lies between, in sentences; or why they cannot be compared."""
        return summary_of(self, Language(language))

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe: None for a number that is not there or not finite."""
        made: dict[str, object] = json.loads(self.to_frame().to_json(orient="records", force_ascii=False, double_precision=15))[0]
        claim, terms = self.stated.claim, self.stated.terms
        return made | {
            "text": {"zh": claim.text_zh, "en": claim.text_en}, "printed": claim.printed, "place": {"zh": claim.place, "en": claim.place_en},
            "reproduced": self.reproduced, "grade": made["grade"] or None, "scope": list(terms.scope), "topics": list(terms.topics),
            "base": [terms.base_start, terms.base_end], "period": [terms.period_start, terms.period_end],
            "counted": None if self.remeasured is None else {"base": self.remeasured.base, "period": self.remeasured.period},
            "estimate": None if self.estimated is None else self.estimated.to_dict(),
            "parts": json.loads(self.parts_frame().to_json(orient="records", double_precision=15)),
            "summary": {x.value: self.summary(x) for x in Language},
            "reasons": [{"key": r.key, "stage": r.stage, "text": {x.value: r.text(x) for x in Language}} for r in self.reasons],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of a pilot beside the panel of a claim.

    rollout, programmes : DataFrame, optional
        As its registers have them.
    unaffected : Panel, optional
        The same outcome without the channels or topics whose recording changed.
    estimate : ImpactEstimate, optional
        The case's own, on the whole panel; used where the claim asks for no other units, months or measure.
    """

    rollout: pd.DataFrame | None = None
    programmes: pd.DataFrame | None = None
    unaffected: Panel | None = None
    estimate: ImpactEstimate | None = None


def claim_against_estimate(
    stated: CaseClaim, panel: Panel, known: Known | None = None, *, seed: int = 0, conf_level: float = CONF_LEVEL
) -> ClaimComparison:
    """Measure a claim again, estimate the effect on its own terms, and say what lies between the two.

    Parameters
    ----------
    stated : CaseClaim
        The claim and the terms on which it can be measured.
    panel : Panel
        Of its outcome and topics.
    known : Known, optional
        What else is known of the pilot.
    seed : int
        Of everything random in the estimate.
    conf_level : float

    Returns
    -------
    ClaimComparison
        Where something keeps the claim from being measured again, or from being held against an estimate, `reasons` say all of it and what can be done
        is done.

    Raises
    ------
    EstimationError
        A level or a seed that cannot be (CR-I77).
    DesignError
        The roll-out has no units (CR-I73), contradicts the panel (CR-I74) or has an unknown word (CR-I06).
    """
    RunSettings(seed=seed, conf_level=conf_level).require()
    known = Known() if known is None else known
    made = not_measured(stated, (), conf_level=conf_level)
    view, reasons = view_of(panel, stated)
    if view is None:
        return replace(made, reasons=reasons)
    facts = rollout_facts(arrays_of(panel), known.rollout)
    if facts.assignments:
        panel = assigned(panel, facts.assignments)
        view, reasons = view_of(panel, stated)
        if view is None:
            return replace(made, reasons=reasons)
    chosen_by, _, ended = facts.of(view.arrays)
    reasons = (*reasons, *_of_ends(view, ended))
    again = remeasure(view, conf_level)
    made = replace(made, remeasured=again, reproduced=reproduces(stated.claim, again.value), reasons=reasons)
    if reasons:
        return made
    sources = _sources(view, panel, stated, known, chosen_by)
    made = replace(made, windows=sources.windows, changes=sources.changes)
    try:
        estimated = _estimated(panel, sources, stated, known, seed=seed, conf_level=conf_level)
    except (DesignError, EstimationError) as error:
        told = {language.value: render_error(error, language) for language in Language}
        return replace(made, reasons=(Reason(key="no_estimate", stage="estimate", values={"why": told}),))
    parts = parts_of(sources)
    return replace(made, estimated=estimated, parts=with_remainder(parts, again.change - on_scale(estimated, sources.clean)))


def not_measured(stated: CaseClaim, reasons: Sequence[Reason], *, conf_level: float = CONF_LEVEL) -> ClaimComparison:
    """A claim of which there is nothing but what it says, and why."""
    low, high = claimed_bounds(stated.claim)
    return ClaimComparison(
        stated=stated, unit=_unit(stated), claimed=(stated.claim.value, low, high), conf_level=conf_level, reasons=tuple(reasons)
    )


def with_remainder(parts: Sequence[Part], difference: float) -> tuple[Part, ...]:
    """The parts, and what they leave of a difference; parts that cannot be measured are in it."""
    left = difference - sum(p.value for p in parts if math.isfinite(p.value))
    return (*parts, Part(name=REMAINDER, value=left, alone=left, how="left"))


def comparison_frame(comparisons: Sequence[ClaimComparison]) -> pd.DataFrame:
    """All comparisons as one table, one row each, in their order; claims that cannot be compared stand in it without numbers.

    Returns
    -------
    DataFrame
        The columns of `ClaimComparison.to_frame`, and label_zh, label_en: what the figure names a row by.
    """
    if not comparisons:
        return pd.DataFrame()
    labels = [(c.stated.claim.indicator_zh or c.stated.claim.claim_id, c.stated.claim.indicator_en or c.stated.claim.claim_id) for c in comparisons]
    table = pd.concat([c.to_frame() for c in comparisons], ignore_index=True)
    return table.assign(label_zh=[zh for zh, _ in labels], label_en=[en for _, en in labels])


def _of_ends(view: ClaimView, ended: Mapping[str, int]) -> list[Reason]:
    """Units of the claim in which the pilot ended before its period did."""
    last = int(view.arrays.periods[view.period].max())
    gone = tuple(str(u) for u in view.arrays.units[view.scope] if ended.get(str(u), last + 1) <= last)
    return [Reason(key="pilot_ended", stage="estimate", values={"units": gone[:SHOWN], "n": len(gone)})] if gone else []


def _unit(stated: CaseClaim) -> Unit | None:
    known = {"percent": Unit.PERCENT, "percentage_points": Unit.PERCENTAGE_POINTS}
    return known.get(stated.claim.unit_class)


def _end(name: str) -> str:
    return "" if name == "value" else f"_{name}"


def _sources(view: ClaimView, panel: Panel, stated: CaseClaim, known: Known, chosen_by: ChosenBy) -> Sources:
    """What the parts are computed from; without what was recorded alike where the claim cannot be measured on it."""
    view, changes = recording_changes(view, panel.breaks)
    unaffected = None
    if known.unaffected is not None and changes.how != "none":
        unaffected, _ = view_of(known.unaffected, stated)
        if unaffected is not None and not np.array_equal(unaffected.arrays.periods, view.arrays.periods):
            unaffected = None
    windows = windows_of(view if unaffected is None else unaffected, chosen_by, stated.claim.chosen_by)
    return Sources(view=view, windows=windows, changes=changes, unaffected=unaffected)


def _estimated(panel: Panel, sources: Sources, stated: CaseClaim, known: Known, *, seed: int, conf_level: float) -> ImpactEstimate:
    """The effect on the claim's terms: the case's own where these are its terms, too.

    A change of recording that all units had alike cancels in it: then it is made of all that was recorded.
    """
    alone = sources.unaffected is not None and sources.changes.how != "shared"
    base = known.unaffected if alone and known.unaffected is not None else panel
    own = estimation_panel(base, sources, stated.terms.measure)
    if known.estimate is not None and own.unit is panel.unit and len(own.frame) == len(panel.frame) and known.estimate.conf_level == conf_level:
        return told_for(known.estimate, own, sources.clean)
    return estimate_on_claim(
        own, sources, stated.terms.measure, seed=seed, conf_level=conf_level, rollout=known.rollout, programmes=known.programmes
    )

"""What several pilots say together: effects pooled outcome by outcome, and the combinations of mechanisms that go with large ones."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from commresearch.comparison import qca
from commresearch.comparison.pooled_result import Comparison
from commresearch.comparison.pooling import pool_effects
from commresearch.comparison.pooling_input import LEAST_GRADE
from commresearch.comparison.rank_intervals import ranking_bears
from commresearch.comparison.truth_rows import most_conditions
from commresearch.errors import CommResearchError, EstimationError, Failure
from commresearch.terms import Grade, Language, Outcome
from commresearch.words import render_error
from commresearch.workflow.pilot_doses import EFFECT_SET
from commresearch.workflow.pilot_effects import SEED, PilotEffects
from commresearch.workflow.pilot_logs import LogPooling, pool_logs

Made = TypeVar("Made")
EXPLAINED = Outcome.COMPLAINT_RATE  #: the outcome whose large effects are explained by combinations
INCLUSION = 0.8  #: consistency from which a configuration counts as going with large effects
UNLIKE = frozenset({"refused_outcomes", "refused_definitions", "refused_units", "refused_grades"})
KINDS = ("conservative", "intermediate", "parsimonious")
LEAST_FOR_SETS = 8  #: pilots with doses and an estimate that may enter; fewer are better told one by one
CHANCE_DRAWS = 400
ERROR_DRAWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetAnalysis:
    """Mechanisms and large effects as sets.

    raw : DataFrame
        case_id, the mechanisms' doses and the effect, as recorded.
    sets : DataFrame
        The same as memberships.
    table : TruthTable
    necessity : DataFrame
    solutions : mapping
        Kind → solution.
    negated : Solution, optional
        Parsimonious, of the absence of large effects; None where that cannot be had.
    xy : XYTable
        Of the first intermediate model.
    robustness : Robustness
        Of the intermediate solution.
    error : ErrorStability, optional
        What becomes of the intermediate solution when effects are drawn within their standard errors; None where one has none.
    """

    raw: pd.DataFrame
    sets: pd.DataFrame
    table: qca.TruthTable
    necessity: pd.DataFrame
    solutions: Mapping[str, qca.Solution]
    negated: qca.Solution | None
    xy: qca.XYTable
    robustness: qca.Robustness
    error: qca.ErrorStability | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PilotComparison:
    """A comparison of pilots.

    effects : PilotEffects
    pooled : mapping
        Outcome → `Comparison`; what may not be pooled has refusals in it.
    logged : mapping
        Outcome → percent effects pooled as logarithms of ratios; only outcomes whose estimates were all made so.
    ranking : mapping
        Outcome → what a ranking of its estimates would be worth (`ranking_bears`); only pooled outcomes whose effects differ.
    explained : mapping
        Outcome → the same with the mechanism whose dose differs most as moderator; only outcomes with enough pilots.
    sets : SetAnalysis, optional
    sets_refusal : mapping
        Why there is no such analysis, by language; empty where there is one.
    """

    effects: PilotEffects
    pooled: Mapping[str, Comparison]
    logged: Mapping[str, LogPooling]
    ranking: Mapping[str, pd.DataFrame]
    explained: Mapping[str, Comparison]
    sets: SetAnalysis | None
    sets_refusal: Mapping[str, str]

    def misses(self) -> pd.DataFrame:
        """Of simulated pilots: case_id, outcome, truth, estimate, conf_low, conf_high, grade, held (whether the interval holds the truth)."""
        beside = self.effects.truth.merge(self.effects.effects, on=["case_id", "outcome"], how="inner")
        held = (beside["conf_low"] <= beside["truth"]) & (beside["truth"] <= beside["conf_high"])
        return beside.assign(held=held)[["case_id", "outcome", "truth", "estimate", "conf_low", "conf_high", "grade", "held"]]


def compare_pilots(effects: PilotEffects, *, seed: int = SEED) -> PilotComparison:
    """Pool what may be pooled, and look for combinations where doses were recorded.

    Parameters
    ----------
    effects : PilotEffects
    seed : int
        Of rank intervals and chance benchmarks.

    Returns
    -------
    PilotComparison

    Raises
    ------
    SchemaError
        Effects or doses that are no such numbers.
    """
    outcomes = list(dict.fromkeys(effects.effects["outcome"]))
    finite = effects.effects.assign(std_error=effects.effects["std_error"].where(effects.effects["std_error"].abs() < math.inf))  # without end is without
    frames = {o: finite[finite["outcome"] == o] for o in outcomes}
    pooled = {str(o): pool_effects(f, seed=seed) for o, f in frames.items()}
    unlike = _unlike(pooled)
    found = unlike if unlike else _or_refusal(lambda: _sets(effects, seed))
    return PilotComparison(
        effects=effects, pooled=pooled,
        logged={str(o): logs for o, f in frames.items() if (logs := pool_logs(f, pooled[str(o)], seed=seed)) is not None},
        ranking={o: table for o, one in pooled.items() if (table := _ranking(one, seed)) is not None},
        explained={o: made for o, f in frames.items() if (made := _explained(f, effects, seed)) is not None},
        sets=found if isinstance(found, SetAnalysis) else None, sets_refusal=found if isinstance(found, dict) else {},
    )


def _ranking(pooled: Comparison, seed: int) -> pd.DataFrame | None:
    """What places in an order by estimates would be worth, with errors and differences as they are here."""
    if not pooled.pooled or not pooled.tau > 0:
        return None
    errors = pooled.estimates.loc[pooled.estimates["pooled"], "std_error"]
    return ranking_bears(pooled.k, float(errors.median()) / pooled.tau, seed=seed)


def _unlike(pooled: Mapping[str, Comparison]) -> dict[str, str]:
    """Why effects cannot be sorted into large and small by one set of anchors: what keeps unlike effects from being pooled; empty where they are alike."""
    refusals = pooled[EXPLAINED].refusals if EXPLAINED in pooled else ()
    why = [r for r in refusals if r.all_effects and r.key in UNLIKE]
    return {x.value: " ".join(r.text(x) for r in why) for x in Language} if why else {}


def _or_refusal(make: Callable[[], Made]) -> Made | dict[str, str]:
    try:
        return make()
    except CommResearchError as error:
        return {x.value: render_error(error, x) for x in Language}


def _explained(effects: pd.DataFrame, given: PilotEffects, seed: int) -> Comparison | None:
    """With the dose that differs most between pilots as moderator; None where it is not known of all, or explains nothing because too few have it.

    Doses have units of their own: how much they differ is told in distances between their outer anchors.
    """
    doses = given.doses
    if doses.empty:
        return None
    reach = (given.anchors.set_index("condition")["inclusion"] - given.anchors.set_index("condition")["exclusion"]).abs()
    names = [c for c in doses.columns if c in reach.index]
    widest = str((doses[names].std() / reach[names]).idxmax())
    frame = effects.merge(doses[["case_id", widest]], on="case_id", how="inner")
    made = pool_effects(frame, moderators=(widest,), seed=seed) if len(frame) == len(effects) else None
    return made if made is not None and made.pooled else None


def _sets(effects: PilotEffects, seed: int) -> SetAnalysis:
    raw = raw_sets(effects)
    conditions = [c for c in raw.columns if c not in {"case_id", EFFECT_SET}]
    _require_enough(raw, conditions)
    anchors = _anchors(effects.anchors)
    sets = raw.assign(**{name: qca.calibrate(raw[name], anchors[name]) for name in [*conditions, EFFECT_SET]})
    table = qca.truth_table(sets, EFFECT_SET, conditions, inclusion=INCLUSION)
    solutions = {kind: _solution(table, kind, seed) for kind in KINDS}
    negated = _or_refusal(lambda: _solution(qca.truth_table(sets, EFFECT_SET, conditions, inclusion=INCLUSION, negate=True), "parsimonious", seed))
    return SetAnalysis(
        raw=raw, sets=sets, table=table, necessity=qca.necessity(sets, EFFECT_SET, conditions), solutions=solutions,
        negated=negated if isinstance(negated, qca.Solution) else None, xy=qca.xy_table(solutions["intermediate"]),
        robustness=qca.robustness(solutions["intermediate"], raw, {name: anchors[name] for name in [*conditions, EFFECT_SET]}),
        error=_error(solutions["intermediate"], raw, effects.effects, anchors[EFFECT_SET], seed),
    )


def _error(solution: qca.Solution, raw: pd.DataFrame, effects: pd.DataFrame, anchors: tuple[float, float, float], seed: int) -> qca.ErrorStability | None:
    of_outcome = effects[effects["outcome"] == EXPLAINED]
    errors = {str(case): float(error) for case, error in zip(of_outcome["case_id"], of_outcome["std_error"], strict=True)}
    if not all(math.isfinite(errors[str(case)]) for case in raw["case_id"]):
        return None
    return qca.error_stability(solution, raw, errors, anchors, draws=ERROR_DRAWS, seed=seed)


def _anchors(table: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    return {str(r["condition"]): (float(r["exclusion"]), float(r["crossover"]), float(r["inclusion"])) for r in table.to_dict("records")}


def _solution(table: qca.TruthTable, kind: str, seed: int) -> qca.Solution:
    """No condition is expected to help or hinder: what a mechanism does is the question here, not an assumption."""
    return qca.minimise(table, kind, dict.fromkeys(table.conditions) if kind == "intermediate" else None, draws=CHANCE_DRAWS, seed=seed)


def raw_sets(effects: PilotEffects) -> pd.DataFrame:
    """Doses and effect of the pilots whose effect may enter, with names of cases, as recorded."""
    of_outcome = effects.effects[effects.effects["outcome"] == EXPLAINED]
    used = of_outcome[[Grade(g) >= LEAST_GRADE for g in of_outcome["grade"]]]
    doses = effects.doses if "case_id" in effects.doses else pd.DataFrame(columns=["case_id"])
    return doses.merge(used[["case_id", "estimate"]].rename(columns={"estimate": EFFECT_SET}), on="case_id", how="inner").dropna(ignore_index=True)


def _require_enough(raw: pd.DataFrame, conditions: list[str]) -> None:
    """Few cases, or conditions that so few cannot bear, are refused here; the functions themselves only warn of the second."""
    failures = []
    if len(raw) < LEAST_FOR_SETS or not conditions:
        failures.append(Failure(code="CR-V03", values={"n": len(raw), "least": LEAST_FOR_SETS}))
    elif len(conditions) > most_conditions(len(raw)):
        values = {"n": len(raw), "k": len(conditions), "most": most_conditions(len(raw)), "conditions": ", ".join(conditions)}
        failures.append(Failure(code="CR-V04", values=values))
    if failures:
        raise EstimationError(*failures)

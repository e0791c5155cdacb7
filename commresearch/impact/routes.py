"""Which method goes with which inference, and how each is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact import group_time_paths
from commresearch.impact.arrays import COUNTS, FEW, PanelArrays, arrays_of
from commresearch.impact.before_after import before_after
from commresearch.impact.design import SERIES_AFTER, SERIES_BEFORE, Control, Design
from commresearch.impact.ferman_pinto import ferman_pinto
from commresearch.impact.fixed_effects import treatment_fit, two_way_fixed_effects, usable
from commresearch.impact.fractional_logit import fractional_logit_did, share_cells, share_effects
from commresearch.impact.group_time import group_time_effects
from commresearch.impact.imputation import imputation, imputed_effects
from commresearch.impact.jackknife import Jackknife, Point, cluster_jackknife
from commresearch.impact.poisson import log_ratio, poisson_did
from commresearch.impact.poisson_inference import poisson_randomisation, poisson_wild_bootstrap
from commresearch.impact.randomisation import randomisation_inference
from commresearch.impact.ratio_scale import in_unit
from commresearch.impact.result import ImpactEstimate, Note
from commresearch.impact.staggered_series import staggered_series
from commresearch.impact.synthetic_control import synthetic_control
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.impact.wild_bootstrap import wild_cluster_bootstrap
from commresearch.outcomes import Panel
from commresearch.records.effects import PATH_COLUMNS
from commresearch.terms import Inference, Method

TINY = 1e-10  #: of an estimate, below which a standard error is rounding
DRAWS = 9_999  #: permutations or sign changes
FITTED_DRAWS = 999  #: where every one of them is a fit of its own
BAND_DRAWS = 999  #: of simultaneous bands


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What may be chosen of an estimate beside its design.

    seed : int
        Of everything random.
    conf_level : float
        Between 0 and 1.
    draws : int
        Permutations or sign changes; fewer where every one of them is a fit of its own.
    """

    seed: int = 0
    conf_level: float = 0.95
    draws: int = DRAWS

    def require(self) -> None:
        """Refuse a level or a seed that cannot be.

        Raises
        ------
        EstimationError
            CR-I77, all together.
        """
        sound = {
            "conf_level": (self.conf_level, isinstance(self.conf_level, float) and 0.5 < self.conf_level < 1, "0.5–1"),
            "seed": (self.seed, isinstance(self.seed, int) and self.seed >= 0, "0, 1, …"),
        }
        if wrong := [(n, got, allowed) for n, (got, right, allowed) in sound.items() if not right]:
            raise EstimationError(*(Failure(code="CR-I77", values={"name": n, "got": str(g), "allowed": a}) for n, g, a in wrong))


Route = Callable[[Panel, Design, RunSettings], ImpactEstimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a method is called.

    inference, own
        The inference that belongs to it, and the call.
    point : callable, optional
        Its point as a function of arrays: for leaving assignments out, and for checks. None for series and synthetic comparisons.
    ratio : bool
        Whether the point is the logarithm of a ratio, told in percent.
    more : mapping
        Other inferences.
    """

    inference: Inference
    own: Route
    point: Callable[[PanelArrays, Control], float] | None = None
    ratio: bool = False
    more: Mapping[Inference, Route] = field(default_factory=dict)

    def told(self, value: float) -> float:
        """A point in the unit of the effect."""
        return 100 * float(np.expm1(value)) if self.ratio else value

    def point_for(self, control: Control) -> Point | None:
        """The point with its comparison units fixed."""
        point = self.point
        return None if point is None else lambda arrays: point(arrays, control)


def estimate_by(panel: Panel, design: Design, method: Method, inference: Inference, settings: RunSettings) -> tuple[ImpactEstimate, Jackknife | None]:
    """The effect by a method with an inference; and the estimates without each assignment, where they were made.

    Raises
    ------
    EstimationError
        The two do not go together (CR-I52), and what the method refuses.
    DesignError
        What the method refuses.
    """
    recipe = RECIPES[method]
    if inference in recipe.more:
        return recipe.more[inference](panel, design, settings), None
    point = recipe.point_for(design.control)
    if inference is Inference.CR3 and point is not None:
        return _by_jackknife(recipe, point, panel, design, settings)
    if inference is not recipe.inference:
        allowed = [recipe.inference, *recipe.more, *([Inference.CR3] if point is not None else [])]
        raise EstimationError(Failure(code="CR-I52", values={"method": str(method), "got": str(inference), "allowed": ", ".join(dict.fromkeys(allowed))}))
    return recipe.own(panel, design, settings), None


def _by_jackknife(recipe: Recipe, point: Point, panel: Panel, design: Design, settings: RunSettings) -> tuple[ImpactEstimate, Jackknife]:
    """The effect of a method with the uncertainty that leaving out assignments shows."""
    base = recipe.own(panel, design, settings)
    made = cluster_jackknife(point, arrays_of(panel))
    if not made.std_error > TINY * abs(made.estimate):
        raise EstimationError(Failure(code="CR-I76", values={"estimate": f"{recipe.told(made.estimate):.6g}"}))
    told = in_unit(made.estimate, made.std_error, made.df, settings.conf_level, ratio=recipe.ratio)
    low, high = told["interval"]
    details = {k: v for k, v in base.details.items() if k != "log_std_error"} | {"df": made.df}
    notes = tuple(n for n in base.warnings if "few_treated" not in n.key)  # of the inference that this one takes the place of
    if min(made.treated.sum(), (~made.treated).sum()) < FEW:
        notes = (Note(key="few_left_out", values={"treated": int(made.treated.sum()), "others": int((~made.treated).sum()), "few": FEW}), *notes)
    estimate = replace(
        base, inference=Inference.CR3, estimate=told["estimate"], std_error=told["std_error"], statistic=made.estimate / made.std_error,
        p_value=told["p_value"], conf_low=low, conf_high=high, details=details, warnings=notes,
    )
    return estimate, made


def _group_time(panel: Panel, design: Design, settings: RunSettings) -> ImpactEstimate:
    effects = group_time_effects(panel, control=_control(design.control), conf_level=settings.conf_level)
    path = effects.aggregate("dynamic", draws=BAND_DRAWS, seed=settings.seed).path
    return replace(effects.aggregate("simple"), path=path)


def _group_time_point(arrays: PanelArrays, control: Control) -> float:
    return float(group_time_paths.att_of_paths(arrays, arrays.first[None], control=_control(control))[0])


def _control(control: Control) -> str:
    return "not_yet" if control == "not_yet" else "never"


def _permuted_imputation(panel: Panel, _: Design, settings: RunSettings) -> ImpactEstimate:
    """Imputation with starts permuted: with one start and no gaps it is the two-way coefficient, whose permutations cost nothing.

    With two treated assignments or more its t statistic is permuted, which keeps the size where treated units are noisier than the others.
    """
    arrays = usable(arrays_of(panel))
    base = imputation(panel, draws=BAND_DRAWS, seed=settings.seed, conf_level=settings.conf_level)
    if len(arrays.cohorts) == 1 and arrays.observed.all() and (arrays.weight == arrays.weight[:, :1]).all():
        several = len(np.unique(arrays.cluster[arrays.ever_treated])) > 1 and bool((arrays.weight == 1).all())
        made = randomisation_inference(panel, draws=settings.draws, seed=settings.seed, conf_level=settings.conf_level, studentise=several)
    else:
        made = randomisation_inference(
            panel, statistic=_imputed_paths, draws=min(settings.draws, FITTED_DRAWS), seed=settings.seed, conf_level=settings.conf_level, method=Method.IMPUTATION
        )
    return replace(made, method=Method.IMPUTATION, estimand=base.estimand, path=_without_errors(base.path), dropped=base.dropped)


def _without_errors(path: pd.DataFrame | None) -> pd.DataFrame | None:
    """A path without the intervals of an inference that few assignments do not allow."""
    return None if path is None else path.assign(**dict.fromkeys(PATH_COLUMNS[1:], np.nan))


def _imputed_paths(arrays: PanelArrays, first: np.ndarray) -> np.ndarray:
    return np.array([_imputed(replace(arrays, first=row)) for row in first])


def _imputed(arrays: PanelArrays) -> float:
    try:
        return imputed_effects(arrays).overall
    except DesignError:  # an assignment that leaves nothing to compare
        return np.nan


def _permuted_group_time(panel: Panel, design: Design, settings: RunSettings) -> ImpactEstimate:
    made = randomisation_inference(
        panel, statistic=lambda a, first: group_time_paths.att_of_paths(a, first, control=_control(design.control)), draws=settings.draws, seed=settings.seed,
        conf_level=settings.conf_level,
    )
    return replace(made, path=_without_errors(_group_time(panel, design, settings).path))


def _series(panel: Panel, design: Design, settings: RunSettings) -> ImpactEstimate:
    """One series per assignment, counts by a Poisson law with dispersion; seasons where the record is long enough to tell them."""
    long = design.pre_periods >= SERIES_BEFORE and design.post_periods >= SERIES_AFTER
    counted = panel.unit in COUNTS
    return staggered_series(
        panel, family="quasipoisson" if counted else "gaussian", vcov="hac", harmonics=2 if long else 0, slope=False, spring_festival=long,
        conf_level=settings.conf_level,
    )


#: Every method that can be asked for; the members of `Method` that need a table of persons have functions of their own.
RECIPES: Mapping[Method, Recipe] = {
    Method.BEFORE_AFTER: Recipe(inference=Inference.MODEL, own=lambda p, _, s: before_after(p, conf_level=s.conf_level)),
    Method.TWO_WAY_FIXED_EFFECTS: Recipe(
        inference=Inference.CR2, own=lambda p, _, s: two_way_fixed_effects(p, vcov="cr2", conf_level=s.conf_level),
        point=lambda a, _: float(treatment_fit(usable(a)).coefficient[0]),
        more={
            Inference.CR1: lambda p, _, s: two_way_fixed_effects(p, vcov="cr1", conf_level=s.conf_level),
            Inference.CR3: lambda p, _, s: two_way_fixed_effects(p, vcov="cr3", conf_level=s.conf_level),
            Inference.WILD_BOOTSTRAP: lambda p, _, s: wild_cluster_bootstrap(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level),
            Inference.RANDOMISATION: lambda p, _, s: randomisation_inference(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level),
            Inference.FERMAN_PINTO: lambda p, _, s: ferman_pinto(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level),
        },
    ),
    Method.GROUP_TIME: Recipe(inference=Inference.ANALYTIC, own=_group_time, point=_group_time_point, more={Inference.RANDOMISATION: _permuted_group_time}),
    Method.IMPUTATION: Recipe(
        inference=Inference.ANALYTIC, own=lambda p, _, s: imputation(p, draws=BAND_DRAWS, seed=s.seed, conf_level=s.conf_level),
        point=lambda a, _: imputed_effects(a).overall, more={Inference.RANDOMISATION: _permuted_imputation},
    ),
    Method.POISSON: Recipe(
        inference=Inference.CR2, own=lambda p, _, s: poisson_did(p, vcov="cr2", conf_level=s.conf_level, seed=s.seed), point=lambda a, _: log_ratio(a), ratio=True,
        more={
            Inference.CR1: lambda p, _, s: poisson_did(p, vcov="cr1", conf_level=s.conf_level, seed=s.seed),
            Inference.WILD_BOOTSTRAP: lambda p, _, s: poisson_wild_bootstrap(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level),
            Inference.RANDOMISATION: lambda p, _, s: poisson_randomisation(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level),
        },
    ),
    Method.SATURATED_POISSON: Recipe(
        inference=Inference.CR1, own=lambda p, _, s: poisson_did(p, conf_level=s.conf_level, seed=s.seed), point=lambda a, _: log_ratio(a), ratio=True,
        more={Inference.RANDOMISATION: lambda p, _, s: poisson_randomisation(p, draws=s.draws, seed=s.seed, conf_level=s.conf_level)},
    ),
    Method.FRACTIONAL_LOGIT: Recipe(
        inference=Inference.CR1, own=lambda p, _, s: fractional_logit_did(p, conf_level=s.conf_level, draws=BAND_DRAWS, seed=s.seed),
        point=lambda a, _: 100 * float(share_effects(share_cells(a)).effect[0]),
    ),
    Method.INTERRUPTED_SERIES: Recipe(inference=Inference.HAC, own=_series),
    Method.SYNTHETIC_CONTROL: Recipe(inference=Inference.PLACEBO, own=lambda p, _, s: synthetic_control(p, seed=s.seed, conf_level=s.conf_level)),
    Method.SYNTHETIC_DID: Recipe(
        inference=Inference.PLACEBO, own=lambda p, d, s: synthetic_did(p, seed=s.seed, conf_level=s.conf_level, chosen_by=d.chosen_by),
    ),
}

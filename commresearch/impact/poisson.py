"""Effects on counts in percent: Poisson regression with unit and month effects, zeros and exposures included."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.impact.arrays import PanelArrays, arrays_of
from commresearch.impact.cluster_robust import KINDS, ClusterVcov, Kind, cluster_sums, cr1, small_sample_factor
from commresearch.impact.count_cells import CountCells, Exposure, additive_effect, count_cells
from commresearch.impact.fixed_effects import TwoWayFit, named_clusters, regression_notes, require_varied, two_way
from commresearch.impact.group_time import few_treated
from commresearch.impact.multiplier import simultaneous
from commresearch.impact.option_checks import require_options
from commresearch.impact.ratio_scale import in_unit
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate, t_quantile
from commresearch.impact.saturated_poisson import SaturatedEffects, counterfactual, saturated_effects
from commresearch.impact.two_way_poisson import TwoWayPoisson, two_way_poisson
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

DRAWS = 999  #: of the simultaneous band


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoissonEffect:
    """Poisson regression with one effect of treatment on N units × T periods.

    cells : CountCells
        What it was fitted to.
    fit : TwoWayPoisson
        Its `coefficient` is the logarithm of the ratio.
    """

    cells: CountCells
    fit: TwoWayPoisson

    @property
    def n_obs(self) -> int:
        """Cells used: those of months in which nobody counted anything say nothing of a ratio and are none."""
        return int((self.cells.used & (self.cells.counts.sum(axis=0) > 0)).sum())

    @property
    def parameters(self) -> int:
        """Parameters that count in the factor of CR1: the treatment and the months; unit effects are nested in assignments."""
        return 2 + len(self.fit.free)

    @property
    def scores(self) -> np.ndarray:
        """Score of the coefficient by assignment, all effects solved for, (G,); sums to 0 where it is fitted."""
        return cluster_sums(self.fit.score[:, None], self.cells.arrays.cluster)[:, 0]

    @property
    def expected(self) -> np.ndarray:
        """Counts foretold for the treated cells without the effect; 0 elsewhere, (N, T)."""
        return np.where(self.cells.treated, self.fit.fitted / np.exp(self.fit.coefficient), 0.0)

    def vcov(self, kind: Kind) -> ClusterVcov:
        """Covariance (1, 1) of the coefficient by assignment.

        CR2 and CR3 are those of the last weighted regression of the iteration: weights `fitted`, residuals (y − fitted) / fitted.
        """
        cluster = self.cells.arrays.cluster
        if kind == "cr1":
            factor = small_sample_factor(int(cluster.max()) + 1, self.n_obs, self.parameters)
            return cr1(self.scores[:, None], np.array([[self.fit.precision]]), factor=factor)
        return self.working().vcov(kind)

    def working(self) -> TwoWayFit:
        """The last weighted regression of the iteration, as a linear one."""
        weight = self.fit.fitted
        projection = two_way(weight)
        return TwoWayFit(
            coefficient=np.array([self.fit.coefficient]), left=projection.left(self.cells.treated[None].astype(np.float64)),
            residual=np.divide(self.cells.counts - weight, weight, out=np.zeros_like(weight), where=weight > 0), projection=projection,
            cluster=self.cells.arrays.cluster, bread=np.array([[1 / self.fit.precision]]), n_obs=self.n_obs, parameters=self.parameters,
        )


def poisson_effect(cells: CountCells, *, null: float = np.nan) -> PoissonEffect:
    """The regression E[y_it] = e_it exp(a_i + g_t + b d_it).

    Parameters
    ----------
    null : float
        Effect in percent at which the coefficient is held, for scores under a hypothesis; NaN: it is fitted.

    Raises
    ------
    EstimationError
        The maximum of the likelihood does not exist or is not unique (CR-I35).
    """
    return PoissonEffect(
        cells=cells, fit=two_way_poisson(cells.counts, cells.exposure, cells.treated.astype(np.float64), null=np.log1p(null / 100))
    )


def log_ratio(arrays: PanelArrays, exposure: Exposure = "denominator") -> float:
    """Logarithm of the ratio that `poisson_did` reports: one coefficient for one cohort, observed over expected counts for several.

    Raises
    ------
    DesignError, EstimationError
        As `poisson_did`.
    """
    return compared(arrays, exposure)[1]


def compared(arrays: PanelArrays, exposure: Exposure = "denominator") -> tuple[CountCells, float, np.ndarray]:
    """The cells, `log_ratio`, and the counts that the treated cells would have had, (N, T).

    Raises
    ------
    DesignError, EstimationError
        As `poisson_did`.
    """
    cells = count_cells(arrays, exposure)
    if len(cells.arrays.cohorts) == 1:
        effect = poisson_effect(cells)
        return cells, effect.fit.coefficient, effect.expected
    known = counterfactual(cells)
    return cells, float(saturated_effects(cells, known).log_ratio[0]), known.expected


def poisson_did(
    panel: Panel, *, vcov: Kind = "cr1", conf_level: float = CONF_LEVEL, exposure: Exposure = "denominator", draws: int = DRAWS, seed: int = 0
) -> ImpactEstimate:
    """Effect on counts in percent.

    With one start, the Poisson regression with effects of units and months and one effect of treatment. With several, the counts of treated months
    over those that Poisson effects of units and months of the months not treated foretell (Wooldridge 2023): no cohort that began
    earlier serves as comparison for a later one.

    Parameters
    ----------
    vcov : {"cr1", "cr2", "cr3"}
        Covariance by assignment; only cr1 with several starts.
    conf_level : float
    exposure : {"denominator", "none"}
        What counts are in proportion to; denominators that a panel does not have count as one.
    draws, seed : int
        Draws of the simultaneous band of the path by months since the start, with several starts. Weights of the panel are not used; a warning says so where they differ.

    Returns
    -------
    ImpactEstimate
        Percent, interval by t on the logarithm. `details`: log_ratio, log_std_error, df; difference_per_month (observed less expected counts of all
        treated units in a month) and difference_per_exposure (in the unit of the panel); additive: the same comparison by differences, in the
        unit of the panel. Where it points the other way, a warning says that the answer depends on the scale.

    Raises
    ------
    DesignError
        No treated month is left (CR-I30), or none with a comparison (CR-I31).
    EstimationError
        Counts (CR-I32), exposures (CR-I33), no counts before or after the starts (CR-I34), no maximum of the likelihood (CR-I35), options
        (CR-I38), fewer than three assignments (CR-I20), CR3 with one treated assignment (CR-I23), counts that differ by unit and month only (CR-I83).
    """
    arrays = arrays_of(panel)
    cells = count_cells(arrays, exposure)
    several = len(cells.arrays.cohorts) > 1
    require_options({"vcov": (vcov, KINDS[:1] if several else KINDS)}, conf_level, draws=draws, seed=seed)
    additive = additive_effect(arrays, exposure)
    if several:
        return _several(panel, cells, additive, conf_level, (draws, seed))
    effect = poisson_effect(cells)
    cov = named_clusters(cells.arrays, lambda: effect.vcov(vcov))
    require_varied(cells.arrays, cells.counts - effect.fit.fitted, cells.counts)
    b, error, df = effect.fit.coefficient, float(np.sqrt(cov.vcov[0, 0])), float(cov.df[0])
    details = count_details(cells, effect.expected, additive) | {"log_ratio": b, "log_std_error": error, "df": df}
    return impact_estimate(
        panel, cells.arrays, method=Method.POISSON, inference=Inference(vcov), estimand=Estimand.ATT_PERCENT,
        **in_unit(b, error, df, conf_level, ratio=True), df=df, conf_level=conf_level, unit=Unit.PERCENT, details=details, n_obs=effect.n_obs,
        warnings=count_notes(cells, b, additive) + regression_notes(cells.arrays, vcov),
    )


def _several(panel: Panel, cells: CountCells, additive: float, conf_level: float, band: tuple[int, int]) -> ImpactEstimate:
    """The result with several starts."""
    arrays = cells.arrays
    known = counterfactual(cells)
    overall = saturated_effects(cells, known)
    small_sample_factor(int(arrays.cluster.max()) + 1, cells.used.sum(), 1)
    require_varied(arrays, cells.counts - known.fit.fitted - known.expected, cells.counts)
    b, df = float(overall.log_ratio[0]), float(arrays.cluster.max())
    error = float(np.sqrt(overall.covariance(arrays.cluster)[0, 0]))
    path = ratio_path(
        saturated_effects(cells, known, "event_time"), cells, conf_level=conf_level, draws=band[0], rng=np.random.default_rng(band[1])
    )
    details = count_details(cells, known.expected, additive) | {"log_ratio": b, "log_std_error": error, "df": df}
    return impact_estimate(
        panel, arrays, method=Method.SATURATED_POISSON, inference=Inference.CR1, estimand=Estimand.ATT_PERCENT,
        **in_unit(b, error, df, conf_level, ratio=True), path=path,
        df=df, conf_level=conf_level, unit=Unit.PERCENT, details=details, n_obs=int(cells.used.sum()),
        warnings=count_notes(cells, b, additive) + few_treated(arrays),
    )


def ratio_path(effects: SaturatedEffects, cells: CountCells, *, conf_level: float, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Effects in percent by months since the start, with intervals and one band for all of them.

    Returns
    -------
    DataFrame
        As every path. −100 without interval where nothing was counted, NaN where nothing is expected.
    """
    cluster = cells.arrays.cluster
    error = np.sqrt(np.diag(effects.covariance(cluster)))
    finite = np.isfinite(error)
    single = wide = t_quantile(conf_level, float(cluster.max()))
    if finite.any():
        influence = effects.influence[:, finite]
        wide = max(single, simultaneous(effects.log_ratio[finite], influence, cluster, draws=draws, rng=rng, conf_level=conf_level))
    half, band = single * error, wide * error
    b = effects.log_ratio
    ends = {"conf_low": b - half, "conf_high": b + half, "band_low": b - band, "band_high": b + band}
    made = {"event_time": effects.labels, "estimate": 100 * np.expm1(b), "std_error": 100 * np.exp(b) * error}
    return pd.DataFrame(made | {name: 100 * np.expm1(end) for name, end in ends.items()})


def count_details(cells: CountCells, expected: np.ndarray, additive: float) -> dict[str, float]:
    """Observed less expected counts, and the effect by differences."""
    difference = float(cells.counts[cells.treated].sum() - expected.sum())
    return {
        "difference_per_month": difference / int(cells.treated.any(axis=0).sum()),
        "difference_per_exposure": cells.scale * difference / float(cells.exposure[cells.treated].sum()), "additive": additive,
    }


def count_notes(cells: CountCells, b: float, additive: float) -> tuple[Note, ...]:
    """What a reader of a log ratio must know: differences that point the other way, months without a comparison, weights that are not used."""
    notes, percent = [], 100 * float(np.expm1(b))
    if percent * additive < 0:
        told = {"percent": f"{percent:+.1f}", "additive": f"{additive:+.3g}"}
        notes.append(Note(key="counts_scale", values={name: text.replace("-", "−") for name, text in told.items()}))
    if cells.uncompared:
        label = cells.arrays.label
        notes.append(Note(key="counts_uncompared", values={"months": len(cells.uncompared), "first": label(cells.uncompared[0])}))
    weight = cells.arrays.weight[cells.used]
    if (weight != weight[0]).any():
        notes.append(Note(key="weights_unused"))
    return tuple(notes)

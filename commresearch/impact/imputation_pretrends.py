"""A test of parallel trends beside imputation: were treated units on another path shortly before their start?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays, arrays_of
from commresearch.impact.comparisons import unit_weights
from commresearch.impact.group_time import number_faults
from commresearch.impact.influence import covariance
from commresearch.impact.result import CONF_LEVEL, CheckResult, Note, t_quantile
from commresearch.impact.untreated_fit import untreated_fit
from commresearch.outcomes import Panel

LEADS = 3  #: event times before the start that are tested where nothing else is asked for; more of them find less
DEPENDENT = 1e-9  #: share of an indicator that unit effects, period effects and other indicators leave


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadTest:
    """Coefficients of event times −K … −1 (K,), their covariance (K, K), the F statistic, its degrees of freedom and p value."""

    event: np.ndarray
    estimate: np.ndarray
    covariance: np.ndarray
    statistic: float
    df: tuple[int, int]
    p_value: float


def lead_test(arrays: PanelArrays, *, leads: int, anticipation: int = 0) -> LeadTest:
    """Regress untreated months on unit and period effects and on indicators of the last periods before the start.

    Y_it = α_i + λ_t + Σ_k γ_k 1{t − g_i = −k} + ε_it over untreated months only, so that effects after the start cannot enter. Earlier periods and
    units that are never treated are the reference. F = γ' V⁻¹ γ / K with K and G − 1 degrees of freedom, V clustered by assignment × G / (G − 1).

    Raises
    ------
    DesignError
        The leads cannot all be estimated (CR-I14), a unit effect is not identified (CR-I19), a weight is not above zero (CR-I18).
    """
    weight = unit_weights(arrays)
    mask = arrays.observed & (arrays.periods[None, :] < (arrays.first - anticipation)[:, None])
    fit = untreated_fit(arrays, mask, weight, np.zeros_like(mask))
    event = np.where(mask & (arrays.first != NEVER)[:, None], arrays.periods[None, :] - np.where(arrays.first == NEVER, 0, arrays.first)[:, None], 0)
    events = np.arange(-anticipation - leads, -anticipation)
    before = np.array([np.sum(event == e) for e in events])
    if leads < 1 or not before.all():
        raise DesignError(_refused(event, leads, anticipation))
    design = np.stack([np.where(mask, fit.residual((event == e).astype(float)), 0.0) for e in events], axis=2)
    residual = np.where(mask, fit.residual(np.where(mask, arrays.value, 0.0)), 0.0)
    weighted = design * fit.weight[:, :, None]
    normal = np.einsum("ntk,ntl->kl", weighted, design)
    if np.linalg.eigvalsh(normal)[0] <= DEPENDENT * before.min() * weight.min():
        raise DesignError(_refused(event, leads, anticipation))
    inverse = np.linalg.inv(normal)
    estimate = inverse @ np.einsum("ntk,nt->k", weighted, residual)
    scores = np.einsum("ntk,nt->nk", weighted, residual - design @ estimate) @ inverse
    clusters = len(np.unique(arrays.cluster))
    spread = covariance(scores * len(scores), arrays.cluster) * clusters / (clusters - 1)
    statistic = float(estimate @ np.linalg.solve(spread, estimate)) / leads
    return LeadTest(
        event=events, estimate=estimate, covariance=spread, statistic=statistic, df=(leads, clusters - 1),
        p_value=float(special.fdtrc(leads, clusters - 1, statistic)),
    )


def imputation_pre_trends(panel: Panel, *, leads: int | None = None, anticipation: int = 0, conf_level: float = CONF_LEVEL) -> CheckResult:
    """Whether treated units left the common path shortly before their start.

    Parameters
    ----------
    panel : Panel
    leads : int, optional
        Event times before the start that are tested; 3 where not given, fewer where the record before the starts is shorter.
    anticipation : int
    conf_level : float
        Of the intervals; the check is not passed where p is below 1 − conf_level.

    Returns
    -------
    CheckResult
        `table`: event_time, estimate, std_error, conf_low, conf_high, statistic, df_1, df_2, p_value (the last four of all together). Passing proves no
        parallel trends.

    Raises
    ------
    DesignError
        Nobody is treated (CR-I10); a level that is none (CR-I14); as `lead_test`.
    """
    if failures := number_faults(conf_level, 0):
        raise DesignError(*failures)
    arrays = arrays_of(panel)
    if not arrays.ever_treated.any():
        raise DesignError(Failure(code="CR-I10", values={"units": len(arrays.units), "last": arrays.label(int(arrays.periods[-1]))}))
    longest = int(np.max(_length(arrays, anticipation), initial=0))
    found = lead_test(arrays, leads=min(LEADS, longest - 1) if leads is None else leads, anticipation=anticipation)
    error = np.sqrt(np.diag(found.covariance))
    half = t_quantile(conf_level, found.df[1]) * error
    table = pd.DataFrame(
        {
            "event_time": found.event, "estimate": found.estimate, "std_error": error, "conf_low": found.estimate - half,
            "conf_high": found.estimate + half, "statistic": found.statistic, "df_1": found.df[0], "df_2": found.df[1], "p_value": found.p_value,
        }
    )
    passed = found.p_value >= 1 - conf_level
    key = "imputation_pre_trends_passed" if passed else "imputation_pre_trends_failed"
    note = Note(key=key, values={"leads": found.df[0], "p": f"{found.p_value:.3f}"})
    return CheckResult(name="imputation_pre_trends", passed=passed, table=table, note=note)


def _length(arrays: PanelArrays, anticipation: int) -> np.ndarray:
    """Untreated periods of every treated cohort."""
    return np.array([int((arrays.periods < g - anticipation).sum()) for g in arrays.cohorts.tolist()], dtype=np.int64)


def _refused(event: np.ndarray, leads: int, anticipation: int) -> Failure:
    most = max(int(-event.min(initial=0)) - anticipation - 1, 0)
    return Failure(code="CR-I14", values={"option": "leads", "got": str(leads), "allowed": f"1–{most}" if most else "—"})

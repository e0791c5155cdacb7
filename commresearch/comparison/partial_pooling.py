"""Every case's own effect, drawn towards what the cases have in common: best linear predictors, and Bayes by quadrature over tau."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from commresearch.comparison.effects_model import EffectsFit
from commresearch.comparison.pooled_intervals import Uncertainty
from commresearch.comparison.safe_newton import decreasing_root
from commresearch.impact.result import t_quantile
from commresearch.terms import Unit

SCALE_FACTOR = 2.0  #: of the default prior scale of tau, in median standard errors, where the estimates do not spread wider
MEAN_FACTOR = 100.0  #: of the default prior standard deviation of the mean, in the larger of median standard error and largest effect
SENSITIVITY = (0.25, 0.5, 1.0, 2.0, 4.0)  #: multiples of the prior scale that the results are given for beside it
PANELS, NODES = 24, 20  #: of Gauss and Legendre, over the part of tau that has any posterior mass
FLAT = 400  #: points on which that part is looked for
NEGLIGIBLE = 46.0  #: logarithms below the highest density: e⁻⁴⁶ of it, ten to the minus twenty
TAIL = 10.0  #: prior scales beyond which a half-normal has no mass (e⁻⁵⁰)


def blup_table(fit: EffectsFit, rule: Uncertainty, case_ids: np.ndarray, conf_level: float, unit: Unit) -> pd.DataFrame:
    """Best linear unbiased prediction of every case's true effect.

    Returns
    -------
    DataFrame
        case_id, estimate (λy + (1 − λ)x'b, λ = tau² / (tau² + v)), std_error (√(λv + (1 − λ)²x'Vx), which takes tau² for known), conf_low, conf_high,
        conf_level, unit, shrinkage (1 − λ: 0 = its own estimate alone, 1 = the common one alone).
    """
    own = fit.tau2 / (fit.tau2 + fit.variances)
    fitted = fit.design @ fit.coefficients
    spread = np.einsum("ij,jk,ik->i", fit.design, fit.covariance * rule.factor, fit.design)
    estimate, error = own * fit.effects + (1 - own) * fitted, np.sqrt(own * fit.variances + (1 - own) ** 2 * spread)
    half = t_quantile(conf_level, rule.df) * error
    return pd.DataFrame(
        {
            "case_id": case_ids, "estimate": estimate, "std_error": error, "conf_low": estimate - half, "conf_high": estimate + half,
            "conf_level": conf_level, "unit": str(unit), "shrinkage": 1 - own,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """tau is half-normal with this scale, the mean normal around zero with this standard deviation; both in the unit of the effects."""

    scale: float
    mean_sd: float


def default_prior(effects: np.ndarray, variances: np.ndarray, scale: float | None = None, mean_sd: float | None = None) -> Prior:
    """The prior where none, or half of one, is given.

    Notes
    -----
    Effects come in percent, in points, as logarithms; a fixed number would be wide for one unit and narrow for the next. tau: the larger of twice the
    median standard error s and the standard deviation of the estimates. With imprecise estimates that is 2s: its prior median is 1.35s (two thirds of the
    spread are true differences), and with the standard errors usual for logarithms of risk ratios, .2 to .3, it is the half-normal(.5) usual there.
    With precise ones it is the spread that is plainly there: a multiple of s would shrink with s and in the end contradict the data. That looks at the
    effects once more than a prior should, and only ever widens it. Mean: 100 times the larger of s and the largest effect, flat for every purpose but
    proper. With few cases the scale of tau matters; therefore `sensitivity_table` always stands beside.
    """
    typical = float(np.median(np.sqrt(variances)))
    spread = float(np.std(effects, ddof=1)) if len(effects) > 1 else 0.0
    widest = max(typical, float(np.abs(effects).max()))
    return Prior(scale=max(SCALE_FACTOR * typical, spread) if scale is None else scale, mean_sd=MEAN_FACTOR * widest if mean_sd is None else mean_sd)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """The posterior as a mixture over J values of tau.

    prior : Prior
    tau, share : float array (J,)
        Nodes and their posterior shares, which add up to 1.
    mean, variance : float array (J,)
        Of the normal law of the mean given tau.
    edges, below : float array (M + 1,)
        Bounds of panels of tau, and the posterior probability below each.
    effects, variances : float array (K,)
    """

    prior: Prior
    tau: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    edges: np.ndarray
    below: np.ndarray
    effects: np.ndarray
    variances: np.ndarray

    def case_laws(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and variances (K, J) of every case's true effect given tau, the common mean integrated out."""
        own = self.tau**2 / (self.tau**2 + self.variances[:, None])
        return own * self.effects[:, None] + (1 - own) * self.mean, own * self.variances[:, None] + (1 - own) ** 2 * self.variance

    def summary(self, conf_level: float, unit: Unit) -> pd.DataFrame:
        """Mean, tau and the effect of a further case.

        Returns
        -------
        DataFrame
            quantity (mean, tau, predictive), estimate (posterior mean), std_error (posterior standard deviation), median, conf_low, conf_high (equal
            tails), conf_level, unit.
        """
        mean = np.vstack([self.mean, self.mean])
        variance = np.vstack([self.variance, self.variance + self.tau**2])
        table = _mixtures(self.share, mean, variance, conf_level)
        first = float(self.share @ self.tau)
        ends = [self._tau_quantile(p) for p in _tails(conf_level)]
        table.loc[2] = [first, math.sqrt(max(float(self.share @ self.tau**2) - first**2, 0.0)), ends[1], ends[0], ends[2]]
        table = table.loc[[0, 2, 1]].reset_index(drop=True)
        table.insert(0, "quantity", ["mean", "tau", "predictive"])
        return table.assign(conf_level=conf_level, unit=str(unit))

    def cases(self, case_ids: np.ndarray, conf_level: float, unit: Unit) -> pd.DataFrame:
        """Every case's true effect: case_id, then as in `summary`."""
        table = _mixtures(self.share, *self.case_laws(), conf_level)
        table.insert(0, "case_id", case_ids)
        return table.assign(conf_level=conf_level, unit=str(unit))

    def draws(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Joint draws (count, K) of the true effects of all cases."""
        node = rng.choice(len(self.tau), size=count, p=self.share)
        tau2, common = self.tau[node] ** 2, self.mean[node] + np.sqrt(self.variance[node]) * rng.standard_normal(count)
        own = tau2[:, None] / (tau2[:, None] + self.variances)
        centre = own * self.effects + (1 - own) * common[:, None]
        return np.asarray(centre + np.sqrt(own * self.variances) * rng.standard_normal(centre.shape))

    def _tau_quantile(self, p: float) -> float:
        """By the probabilities of panels, and inside one by the rule that they were integrated with."""
        panel = min(int(np.searchsorted(self.below, p, side="right")) - 1, len(self.edges) - 2)
        low, high = self.edges[panel : panel + 2]
        total = self.below[panel + 1] - self.below[panel]
        inside = slice(panel * NODES, (panel + 1) * NODES)
        # The density inside a panel is the polynomial through its nodes; its integral is one, too.
        points, weights = np.polynomial.legendre.leggauss(NODES)
        heights = self.share[inside] / weights
        density = np.polynomial.legendre.Legendre.fit(points, heights, NODES - 1, domain=[-1, 1])
        rising = density.integ(lbnd=-1)

        def values(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return p - self.below[panel] - rising(x), -density(x)

        if total <= 0:
            return float(low)
        at = decreasing_root(values, np.array([-1.0]), np.array([1.0]), np.array([0.0]), scale=np.array([1.0]))
        return float(low + (at[0] + 1) / 2 * (high - low))


def posterior(effects: np.ndarray, variances: np.ndarray, prior: Prior, *, panels: int = PANELS) -> Posterior:
    """The posterior of mean, tau and case effects, without simulation.

    Parameters
    ----------
    effects, variances : float array (K,)
        Effects and squared standard errors, which count as known.
    prior : Prior
    panels : int
        Of 20 nodes each; more of them check that these are enough.

    Returns
    -------
    Posterior

    Notes
    -----
    Given tau, the effects are normal with variance v + tau², so that the mean can be integrated out in closed form (Gelman et al., Bayesian Data
    Analysis, 5.4); what remains is one integral over tau, by Gauss and Legendre over the interval that holds all but 1e-20 of its highest density.
    """
    # Beyond its highest point the density falls at least as the prior does, and that point lies below the fourth root of the sum of squares (in scales).
    about = (effects - effects.mean()) / prior.scale
    end = prior.scale * (TAIL + float(about @ about) ** 0.25)
    rough = np.linspace(0.0, end, FLAT + 1)
    height = _log_density(rough, effects, variances, prior)[0]
    there = np.flatnonzero(height > height.max() - NEGLIGIBLE)
    low, high = rough[max(there[0] - 1, 0)], rough[min(there[-1] + 1, FLAT)]
    points, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(low, high, panels + 1)
    half = (high - low) / panels / 2
    tau = ((edges[:-1] + half)[:, None] + half * points).ravel()
    log_density, mean, variance = _log_density(tau, effects, variances, prior)
    mass = np.exp(log_density - log_density.max()) * np.tile(weights, panels)
    share = mass / mass.sum()
    below = np.concatenate([[0.0], np.cumsum(share.reshape(panels, NODES).sum(axis=1))])
    return Posterior(
        prior=prior, tau=tau, share=share, mean=mean, variance=variance, edges=edges, below=below, effects=effects, variances=variances,
    )


def sensitivity_table(effects: np.ndarray, variances: np.ndarray, prior: Prior, conf_level: float, unit: Unit, factors: Sequence[float] = SENSITIVITY) -> pd.DataFrame:
    """How far the results hang on the prior of tau: prior_factor, prior_scale, then the rows of `Posterior.summary` for each."""
    tables = []
    for factor in factors:
        scaled = Prior(scale=factor * prior.scale, mean_sd=prior.mean_sd)
        table = posterior(effects, variances, scaled).summary(conf_level, unit)
        table.insert(0, "prior_factor", factor)
        table.insert(1, "prior_scale", scaled.scale)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _log_density(tau: np.ndarray, effects: np.ndarray, variances: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unnormalised log posterior density of tau, and mean and variance of the common mean given it."""
    w = 1 / (variances + (tau**2)[:, None])
    precision = w.sum(axis=1) + prior.mean_sd**-2
    mean = w @ effects / precision
    # Σ w(y − m)² + m²/s² = Σ wy² − m² × precision, without the difference of large numbers.
    spread = (w * (effects - mean[:, None]) ** 2).sum(axis=1) + (mean / prior.mean_sd) ** 2
    height = 0.5 * (np.log(w).sum(axis=1) - np.log(precision) - spread) - 0.5 * (tau / prior.scale) ** 2
    return height, mean, 1 / precision


def _tails(conf_level: float) -> tuple[float, float, float]:
    rest = (1 - conf_level) / 2
    return rest, 0.5, 1 - rest


def _mixtures(share: np.ndarray, mean: np.ndarray, variance: np.ndarray, conf_level: float) -> pd.DataFrame:
    """Moments and quantiles of R mixtures of J normal laws: means and variances (R, J)."""
    centre = mean @ share
    spread = np.sqrt((variance + (mean - centre[:, None]) ** 2) @ share)
    deviation = np.sqrt(variance)
    ends = []
    for p in _tails(conf_level):

        def values(x: np.ndarray, p: float = p) -> tuple[np.ndarray, np.ndarray]:
            z = (x[:, None] - mean) / deviation
            return p - special.ndtr(z) @ share, -(np.exp(-z * z / 2) / deviation) @ share / math.sqrt(2 * math.pi)

        # Chebyshev: no quantile of probability p lies further from the mean than √(1/p) standard deviations.
        width = spread * math.sqrt(1 / min(p, 1 - p))
        ends.append(decreasing_root(values, centre - width, centre + width, centre, scale=spread))
    return pd.DataFrame({"estimate": centre, "std_error": spread, "median": ends[1], "conf_low": ends[0], "conf_high": ends[2]})

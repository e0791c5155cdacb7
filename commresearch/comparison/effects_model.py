"""Common- and random-effects models of effects with known standard errors, with and without moderators."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from commresearch.comparison.heterogeneity import Moments, between_variance, moments, q_profile, q_targets
from commresearch.comparison.single_mean import q_root_of_one, sums, tau2_of_one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectsFit:
    """A fitted model; effects are in their unit, variances in its square.

    method : str
        "common", "dl", "pm", "ml" or "reml".
    effects, variances : float array (K,)
    design : float array (K, P)
        First column ones.
    tau2 : float
        Variance of true effects that moderators do not explain; zero under "common".
    coefficients : float array (P,)
        The pooled effect, or intercept and slopes.
    covariance : float array (P, P)
        (X'WX)⁻¹, w = 1 / (v + tau²).
    weights : float array (K,)
        w.
    factor : float
        Hartung and Knapp's: y'Py / (K − P) at tau²; their squared standard errors are this times `covariance`.
    q : float
        Cochran's Q, with moderators the residual one (QE): y'Py at tau² = 0.
    typical_variance : float
        (K − P) / tr P at tau² = 0 (Higgins & Thompson 2002): what I² and H² hold tau² against.
    """

    method: str
    effects: np.ndarray
    variances: np.ndarray
    design: np.ndarray
    tau2: float
    coefficients: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray
    factor: float
    q: float
    typical_variance: float

    @property
    def df(self) -> int:
        """Degrees of freedom K − P."""
        return len(self.effects) - int(self.design.shape[1])

    @property
    def q_p_value(self) -> float:
        """P value of Q under one common effect (χ² with K − P degrees of freedom)."""
        return float(special.chdtrc(self.df, self.q))

    @property
    def i2(self) -> float:
        """I² in percent: the share of tau² in tau² plus the typical variance; under "common" (Q − df) / Q."""
        if self.method == "common":
            return max(0.0, 100 * (self.q - self.df) / self.q) if self.q > 0 else 0.0
        return i2_of(self.tau2, self.typical_variance)

    @property
    def h2(self) -> float:
        """H²: tau² plus the typical variance over the typical variance; under "common" Q / df."""
        return self.q / self.df if self.method == "common" else self.tau2 / self.typical_variance + 1

    def tau2_interval(self, conf_level: float) -> tuple[float, float]:
        """Q-profile interval of tau²; it belongs to no estimator, so that every method has the same."""
        if self.design.shape[1] > 1:
            return q_profile(self.effects[None, :], self.variances[None, :], self.design, conf_level)
        low, high = (q_root_of_one(self.effects, self.variances, target) for target in q_targets(self.df, conf_level))
        return low, high


def i2_of(tau2: float, typical_variance: float) -> float:
    """I² in percent from tau² and the typical variance."""
    return 100 * tau2 / (tau2 + typical_variance)


def fit_effects(effects: np.ndarray, variances: np.ndarray, design: np.ndarray | None = None, *, method: str = "reml") -> EffectsFit:
    """Fit one model.

    Parameters
    ----------
    effects, variances : float array (K,)
        Effects and their squared standard errors, K ≥ 2; taken as checked.
    design : float array (K, P), optional
        First column ones, full rank, P < K; ones alone where not given.
    method : str
        One of `heterogeneity.METHODS`.

    Returns
    -------
    EffectsFit
    """
    if design is None:
        return _fit_mean(effects, variances, method)
    y, v = effects[None, :], variances[None, :]
    tau2 = between_variance(y, v, design, method)
    at, common = moments(y, v, design, tau2), moments(y, v, design, np.zeros(1))
    df = len(effects) - design.shape[1]
    return EffectsFit(
        method=method, effects=effects, variances=variances, design=design, tau2=float(tau2[0]), coefficients=at.coefficients[0],
        covariance=at.covariance[0], weights=at.weights[0], factor=float(at.q[0]) / df, q=float(common.q[0]),
        typical_variance=df / float(common.trace[0]),
    )


def _fit_mean(effects: np.ndarray, variances: np.ndarray, method: str) -> EffectsFit:
    tau2, df = tau2_of_one(effects, variances, method), len(effects) - 1
    at, common = sums(effects, variances, tau2), sums(effects, variances, 0.0)
    return EffectsFit(
        method=method, effects=effects, variances=variances, design=np.ones((df + 1, 1)), tau2=tau2, coefficients=np.array([at.mean]),
        covariance=np.array([[1 / at.s1]]), weights=at.weights, factor=at.q / df, q=common.q, typical_variance=df / (common.s1 - common.s2 / common.s1),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyFits:
    """B pooled means at once, one entry per problem; names as in `EffectsFit`."""

    estimate: np.ndarray
    variance: np.ndarray
    tau2: np.ndarray
    factor: np.ndarray
    q: np.ndarray
    typical_variance: np.ndarray


def fit_many(effects: np.ndarray, variances: np.ndarray, *, method: str = "reml") -> ManyFits:
    """Pooled means of B problems (B, K) without moderators: leave-one-out, simulations."""
    x = np.ones((effects.shape[1], 1))
    tau2 = between_variance(effects, variances, x, method)
    at: Moments = moments(effects, variances, x, tau2)
    common = moments(effects, variances, x, np.zeros(len(effects)))
    df = effects.shape[1] - 1
    return ManyFits(
        estimate=at.coefficients[:, 0], variance=at.covariance[:, 0, 0], tau2=tau2, factor=at.q / df, q=common.q, typical_variance=df / common.trace,
    )

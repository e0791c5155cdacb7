"""How strongly items must follow a trait for a scale to reach a wanted reliability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()
LOADINGS = (0.05, 0.995)


def thresholds(shares: Sequence[float]) -> NDArray[np.float64]:
    """Points that cut a standard normal variable into categories of these shares."""
    return np.asarray(ndtri(np.cumsum(shares)[:-1] / np.sum(shares)))


def loading_for_alpha(alpha: float, shares: Sequence[Sequence[float]]) -> float:
    """The loading, common to all items, at which the coded answers have a wanted Cronbach's alpha.

    Parameters
    ----------
    alpha
        Wanted reliability of the sum of the items, all keyed in one direction.
    shares
        Probabilities of the categories of each item, lowest first; categories score 1, 2, …

    Notes
    -----
    One factor: an answer is the category into which loading · trait + √(1 − loading²) · noise falls. Two items' covariance is
    that of their conditional means given the trait, integrated by Gauss-Hermite quadrature; the variance follows from the
    shares. The loading then solves alpha = k/(k − 1) · (1 − Σ variances / variance of the sum).
    """
    cuts = [thresholds(s) for s in shares]
    return float(brentq(lambda loading: _alpha(loading, cuts, shares) - alpha, *LOADINGS))


def _alpha(loading: float, cuts: Sequence[NDArray[np.float64]], shares: Sequence[Sequence[float]]) -> float:
    noise = np.sqrt(1 - loading**2)
    means = np.array([1 + sum(ndtr((loading * NODES - cut) / noise) for cut in item) for item in cuts])
    centred = means - (means @ NODE_WEIGHTS)[:, None]
    covariance = (centred * NODE_WEIGHTS) @ centred.T
    scores = [np.arange(1, len(s) + 1) for s in shares]
    variances = [
        float(score**2 @ np.array(s) / np.sum(s) - (score @ np.array(s) / np.sum(s)) ** 2) for score, s in zip(scores, shares, strict=True)
    ]
    between = float(covariance.sum() - np.trace(covariance))
    k = len(shares)
    return k / (k - 1) * (1 - sum(variances) / (sum(variances) + between))

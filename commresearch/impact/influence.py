"""Influence functions: how much every unit moves an effect, and the variances that follow from it."""

import numpy as np

from commresearch.impact.cluster_robust import cluster_sums

__all__ = ["cluster_sums", "covariance", "std_errors"]


def covariance(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Covariance of effects from their influence functions.

    V = Σ_c (Σ_{i in c} ψ_i) (Σ_{i in c} ψ_i)' / N², where the effect is a mean of N influences ψ beside its limit. Without a small-sample factor.

    Parameters
    ----------
    influence : float array (N, K)
    cluster : int array (N,)
        No two units of one cluster are taken for independent.

    Returns
    -------
    float array (K, K)
    """
    sums = cluster_sums(influence, cluster)
    return np.asarray(sums.T @ sums) / len(influence) ** 2


def std_errors(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Square roots of the diagonal of `covariance`, (K,)."""
    sums = cluster_sums(influence, cluster)
    return np.asarray(np.sqrt(np.einsum("gk,gk->k", sums, sums)) / len(influence))

"""Covariances of regression coefficients where units that were chosen together vary together: CR1, CR2, CR3.

Everything follows from sums of products by cluster, so no matrix of the size of a cluster is ever made. With the absorbed effects that are
nested in clusters taken out of the design X (weights as square roots in its rows), M = (X'X)⁺, residuals e and clusters g:

    V = Σ_g q_g q_g',   q_g = M X_g' A_g e_g,   H_g = X_g M X_g'
    CR1   A_g = I × √( G/(G−1) · (n−1)/(n−k) )
    CR2   A_g = (I − H_g)^(−1/2)      Bell & McCaffrey (2002); Pustejovsky & Tipton (2018), working model: independent, variance 1/weight
    CR3   A_g = (I − H_g)^(−1)        the jackknife, without a factor: Σ_g (b without g − b)²

With L = M^(1/2) and L X_g'X_g L = U S U', A_g X_g L = X_g L U f(S) U', f(s) = (1−s)^(−1/2) or (1−s)^(−1).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from commresearch.errors import EstimationError, Failure

Kind = Literal["cr1", "cr2", "cr3"]
KINDS: tuple[Kind, ...] = ("cr1", "cr2", "cr3")
#: Of two clusters each balances the other: their scores say nothing of what either varies by.
FEWEST = 3
#: Below this, one minus the leverage of a direction counts as zero: only one cluster tells of it.
ALONE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterVcov:
    """Covariance of k coefficients.

    vcov : float array (k, k)
        In squared units of the coefficients.
    df : float array (k,)
        Degrees of freedom of t for each coefficient alone: Satterthwaite for CR2, clusters less one else.
    contributions : float array (G, k)
        What each cluster adds: vcov is its cross-product.
    alone : bool array (G,)
        Clusters without which a coefficient could not be estimated; CR2 says nothing of their errors.
    """

    vcov: np.ndarray
    df: np.ndarray
    contributions: np.ndarray
    alone: np.ndarray


def cluster_sums(values: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Sums of rows (n, k) by cluster, (G, k)."""
    clusters = int(cluster.max()) + 1
    if np.array_equal(cluster, np.arange(clusters)):
        return values
    return np.stack([np.bincount(cluster, weights=column, minlength=clusters) for column in values.T], axis=1)


def cluster_scores(x: np.ndarray, residual: np.ndarray, cluster: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Scores of a linear model by cluster: Σ_i∈g w_i x_i e_i, (G, k)."""
    return cluster_sums(x * (residual if weight is None else residual * weight)[:, None], cluster)


def small_sample_factor(clusters: int, n_obs: int, parameters: int) -> float:
    """G/(G−1) × (n−1)/(n−k), the factor of fixest: k counts all parameters but the fixed effects that are nested in clusters.

    Raises
    ------
    EstimationError
        Fewer than three clusters (CR-I20), or no more observations than parameters (CR-I21).
    """
    if clusters < FEWEST:
        raise EstimationError(Failure(code="CR-I20", values={"clusters": clusters}))
    if n_obs <= parameters:
        raise EstimationError(Failure(code="CR-I21", values={"observations": n_obs, "parameters": parameters}))
    return clusters / (clusters - 1) * (n_obs - 1) / (n_obs - parameters)


def cluster_vcov(
    x: np.ndarray, residual: np.ndarray, cluster: np.ndarray, *, kind: Kind, absorbed: int, weight: np.ndarray | None = None,
    basis: np.ndarray | None = None,
) -> ClusterVcov:
    """Covariance of the coefficients of a linear model.

    Parameters
    ----------
    x : float array (n, k)
        Design, with all absorbed effects projected out.
    residual : float array (n,)
        Of the whole regression, not weighted.
    cluster : int array (n,)
        0 … G−1.
    kind : {"cr1", "cr2", "cr3"}
    absorbed : int
        Number of absorbed parameters that are not nested in clusters; counts in the factor of CR1 only.
    weight : float array (n,), optional
        Of weighted least squares.
    basis : float array (n, m), optional
        Absorbed effects that are *not* nested in clusters (dummies of months), with the nested ones projected out of them. CR2 and CR3 need
        them to equal those of the regression with all dummies; without, all absorbed effects must be nested in clusters.

    Returns
    -------
    ClusterVcov

    Raises
    ------
    EstimationError
        Fewer than three clusters (CR-I20), too few observations (CR-I21), a singular design (CR-I22), CR3 where a coefficient needs one cluster (CR-I23).
    """
    k = x.shape[1]
    scale = np.ones(len(x)) if weight is None else np.sqrt(weight)
    full = (x if basis is None or kind == "cr1" else np.hstack([x, basis])) * scale[:, None]
    score = cluster_scores(full, residual * scale, cluster)
    if kind == "cr1":
        return cr1(score, full.T @ full, factor=small_sample_factor(len(score), int((scale > 0).sum()), k + absorbed))
    order = np.argsort(cluster, kind="stable")
    ends = np.cumsum(np.bincount(cluster))[:-1]
    cross = np.stack([part.T @ part for part in np.split(full[order], ends)])
    return adjusted(score, cross, k=k, kind=kind)


def cr1(score: np.ndarray, cross: np.ndarray, *, factor: float) -> ClusterVcov:
    """CR1 from scores by cluster (G, k) and the cross-product of the design (k, k)."""
    contributions = np.sqrt(factor) * score @ inverse(cross)
    clusters, k = score.shape
    return ClusterVcov(
        vcov=contributions.T @ contributions, df=np.full(k, clusters - 1.0), contributions=contributions, alone=np.zeros(clusters, dtype=bool)
    )


def adjusted(score: np.ndarray, cross: np.ndarray, *, k: int, kind: Kind) -> ClusterVcov:
    """CR2 or CR3 of the first k coefficients.

    Parameters
    ----------
    score : float array (G, K)
        X_g'e_g of all K columns that are not nested in clusters.
    cross : float array (G, K, K)
        X_g'X_g.
    """
    if len(score) < FEWEST:
        raise EstimationError(Failure(code="CR-I20", values={"clusters": len(score)}))
    root = _root_of_inverse(cross.sum(axis=0), k)
    leverage, vectors = np.linalg.eigh(root @ cross @ root)
    rest = 1 - leverage
    kept = rest > ALONE
    alone = (np.abs(root[:k] @ vectors).max(axis=1) * ~kept > ALONE * np.abs(root[:k]).max()).any(axis=1)
    if kind == "cr3" and alone.any():
        raise EstimationError(Failure(code="CR-I23", values={"places": np.flatnonzero(alone).tolist()}))
    f = np.where(kept, np.where(kept, rest, 1.0) ** (-0.5 if kind == "cr2" else -1.0), 0.0)
    # half (G, k, K): the first k rows of L U f U' L, so that q_g = half_g X_g'e_g.
    half = ((root[:k] @ vectors) * f[:, None, :]) @ (vectors.transpose(0, 2, 1) @ root)
    contributions = np.einsum("gij,gj->gi", half, score)
    df = _satterthwaite(half, cross, root) if kind == "cr2" else np.full(k, len(score) - 1.0)
    return ClusterVcov(vcov=contributions.T @ contributions, df=df, contributions=contributions, alone=alone)


def inverse(cross: np.ndarray) -> np.ndarray:
    """Inverse of a cross-product of columns that do not depend on each other.

    Raises
    ------
    EstimationError
        They do (CR-I22).
    """
    scale = np.sqrt(np.diag(cross))
    if (scale > 0).all():
        values, vectors = np.linalg.eigh(cross / np.outer(scale, scale))
        if values[0] > len(values) * ALONE * values[-1]:
            made: np.ndarray = (vectors / values) @ vectors.T / np.outer(scale, scale)
            return made
    raise EstimationError(Failure(code="CR-I22", values={"columns": len(cross)}))


def _root_of_inverse(cross: np.ndarray, k: int) -> np.ndarray:
    """L with L L = M; the columns behind the first k may depend on each other."""
    inverse(cross[:k, :k])
    values, vectors = np.linalg.eigh(cross)
    kept = values > len(values) * 1e-13 * values[-1]
    made: np.ndarray = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return made


def _satterthwaite(half: np.ndarray, cross: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Degrees of freedom (Σ Ω_gg)² / Σ Ω_gh², Ω_gh = p_g'(I−H)_gh p_h, p_g = A_g X_g M c, under the working model."""
    u = np.einsum("gij,gjl->gil", half, cross)
    own = np.einsum("gil,gil->gi", u, half)
    z = u @ root
    shared = np.einsum("gil,gil->gi", z, z)
    between = np.einsum("gil,gim->ilm", z, z)
    trace = own.sum(axis=0) - np.einsum("ill->i", between)
    squares = (own**2).sum(axis=0) - 2 * (own * shared).sum(axis=0) + (between**2).sum(axis=(1, 2))
    made: np.ndarray = trace**2 / squares
    return made

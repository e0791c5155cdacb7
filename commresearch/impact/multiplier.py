"""Simultaneous bands: one critical value for a whole path, from draws of multipliers on influence functions."""

from enum import StrEnum

import numpy as np

from commresearch.impact.influence import cluster_sums
from commresearch.impact.result import t_quantile

COINS = 500_000  #: multipliers that are held at once
#: Mammen's two points and the probability of the smaller one: mean 0, variance 1, third moment 1.
MAMMEN = ((1 - 5**0.5) / 2, (1 + 5**0.5) / 2, (5**0.5 + 1) / (2 * 5**0.5))

#: The eight bits of every byte as numbers: one look-up makes eight coins.
EIGHT_COINS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)


class Multiplier(StrEnum):
    """The law of the multipliers; each has mean 0 and variance 1."""

    RADEMACHER = "rademacher"
    MAMMEN = "mammen"
    GAUSSIAN = "gaussian"


def simultaneous(
    estimates: np.ndarray, influence: np.ndarray, cluster: np.ndarray, *, draws: int, rng: np.random.Generator, conf_level: float = 0.95,
    multiplier: Multiplier = Multiplier.GAUSSIAN,
) -> float:
    """Critical value c of the band estimate ± c × standard error that holds for all effects of a path at once.

    A draw is T_b = max_k |Σ_c v_cb Ψ_ck| / sqrt(Σ_c Ψ_ck²), where Ψ_c is the influence of cluster c and v_cb its multiplier; c is the quantile of T at
    `conf_level`. Gaussian multipliers need no v: given the data, Σ_c v_c Ψ_c is exactly normal with covariance Σ_c Ψ_c Ψ_c', and is drawn from it. They
    are the default: their bands are a little wider, and with few clusters all three fall short of what they say.

    Parameters
    ----------
    estimates : float array (K,)
    influence : float array (N, K)
    cluster : int array (N,)
    draws : int
        At least one.
    rng : Generator
    conf_level : float
    multiplier : Multiplier

    Returns
    -------
    float
        Never below the quantile of a single effect, which draws can fall short of by chance; that quantile itself where no effect has a variance.
        Effects that are missing or do not vary (a reference period) are left out.
    """
    sums = cluster_sums(influence, cluster)
    size = np.sqrt(np.einsum("gk,gk->k", sums, sums))
    # Rounding alone leaves about 1e-16 per unit in a column that does not vary.
    varies = ~np.isnan(estimates) & (size > 1e-12 * np.max(size, initial=0.0))
    least = t_quantile(conf_level)
    if not varies.any():
        return least
    scaled = sums / size if varies.all() else sums[:, varies] / size[varies]
    largest = _largest(scaled, draws, rng, Multiplier(multiplier))
    return max(least, float(np.quantile(largest, conf_level, method="higher")))


def _largest(scaled: np.ndarray, draws: int, rng: np.random.Generator, multiplier: Multiplier) -> np.ndarray:
    """max_k |v' scaled_k| of every draw, (B,); columns of `scaled` (G, K) have length one."""
    if multiplier is Multiplier.GAUSSIAN:
        # An eigendecomposition bears effects that depend on one another, which a Cholesky factor does not.
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        return np.asarray(np.abs(rng.standard_normal((draws, len(values))) @ root.T).max(axis=1))
    # Seven digits are enough for a quantile of draws, and half the bytes are moved. Clusters pass in parts, so that their coins stay in the cache.
    narrow = np.ascontiguousarray(scaled, dtype=np.float32)
    low, high, share = MAMMEN if multiplier is Multiplier.MAMMEN else (-1.0, 1.0, 0.5)
    step = max(1, COINS // draws)
    paths = np.zeros((draws, narrow.shape[1]), dtype=np.float32)
    for begin in range(0, len(narrow), step):
        part = narrow[begin : begin + step]
        paths += _coins(draws, len(part), share, rng) @ part
    # v = low + (high − low) × coin: coins (0 or 1) are multiplied, not v.
    return np.asarray(np.abs((high - low) * paths + low * scaled.sum(axis=0)).max(axis=1))


def _coins(draws: int, clusters: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Zeros with probability `share`, else ones, (B, G)."""
    cells = draws * clusters
    if share == 0.5:
        made = np.take(EIGHT_COINS, np.frombuffer(rng.bytes(-(-cells // 8)), dtype=np.uint8), axis=0).reshape(-1)[:cells]
    else:
        made = (rng.random(cells, dtype=np.float32) >= np.float32(share)).astype(np.float32)
    return np.asarray(made.reshape(draws, clusters))

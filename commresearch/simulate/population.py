"""A population of people in communities and subdistricts, and samples drawn from it with a known design."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure, SchemaError
from commresearch.terms import Sampling

Array = NDArray[Any]
BANDS = ("14-35", "36-59", "60+")
BAND_STARTS = (36, 60)
TENURE_BY_BAND = ((0.38, 0.48, 0.10, 0.04), (0.74, 0.20, 0.03, 0.03), (0.88, 0.08, 0.01, 0.03))
MARGINS = ("street", "sex", "age_band", "tenure")
RESIDENT_DAYS = 183  #: six months


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationSpec:
    """Size and shape of a population.

    `intraclass` is the share of the variance of the trait behind satisfaction that lies between communities; people answer
    in proportion to `exp` of the sum of `response` over what applies to them.
    """

    persons: int = 30_000
    communities: int = 24
    streets: int = 3
    intraclass: float = 0.05
    response: Mapping[str, float] | None = None
    first_day: date = date(2026, 9, 1)


RESPONSE: Mapping[str, float] = {"female": 0.35, "young": -0.45, "old": 0.4, "tenant": -0.5}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Everybody who could be asked.

    traits
        arrays of length n_persons by name: positions of options (from 0) for choices, numbers, dates, and the latent traits
        `service`, `belonging`, `activity` with mean 0 and variance 1; `first_day` is one date for all
    propensity
        relative readiness to answer
    """

    traits: Mapping[str, Array]
    propensity: Array

    @property
    def n_persons(self) -> int:
        """Number of people."""
        return len(self.propensity)

    def margins(self) -> pd.DataFrame:
        """Population counts to weight to: variable, value (as a codebook writes it, or the age band), persons."""
        rows = []
        for variable in MARGINS:
            labels = BANDS if variable == "age_band" else None
            counts = np.bincount(self.traits[variable])
            rows += [(variable, labels[i] if labels else str(i + 1), int(n)) for i, n in enumerate(counts)]
        return pd.DataFrame(rows, columns=["variable", "value", "persons"])


def draw_population(spec: PopulationSpec, rng: np.random.Generator) -> Population:
    """Draw a population: people in communities, communities in subdistricts, traits that differ between them.

    Satisfaction rises with age, is lower among tenants and varies between communities and subdistricts: a sample in which the
    young and tenants are rare is biased upwards, and weighting to the margins repairs it.
    """
    n = spec.persons
    sizes = rng.lognormal(0.0, 0.35, spec.communities)
    community = np.sort(rng.choice(spec.communities, size=n, p=sizes / sizes.sum())).astype(np.int16)
    per_street = -(-spec.communities // spec.streets)
    age = np.floor(14 + 77 * rng.beta(1.5, 2.3, n)).astype(np.int64)
    band = np.searchsorted(BAND_STARTS, age, side="right").astype(np.int8)
    tenure = _draw_rows(np.array(TENURE_BY_BAND)[band], rng)
    sex = rng.integers(0, 2, n).astype(np.int8)
    days = np.minimum(rng.exponential(np.where(tenure == 0, 4200, 1100)), 365 * (age - 10)).astype(np.int64) + 3
    traits: dict[str, Array] = {
        "street": (community // per_street).astype(np.int8),
        "community": community,
        "sex": sex,
        "age": age.astype(float),
        "age_band": band,
        "tenure": tenure,
        "moved_in": np.datetime64(spec.first_day) - days.astype("timedelta64[D]"),
        "resident": (days < RESIDENT_DAYS).astype(np.int8),
        "first_day": np.array(np.datetime64(spec.first_day)),
    }
    between = rng.standard_normal(spec.communities)[community]
    level = 0.25 * (band.astype(float) - 1) - 0.45 * (tenure == 1) + 0.15 * (traits["street"].astype(float) - 1)
    within = _standard(level + rng.standard_normal(n))
    traits["service"] = _standard(np.sqrt(spec.intraclass) * _standard(between) + np.sqrt(1 - spec.intraclass) * within)
    traits["belonging"] = _standard(0.4 * traits["service"] + 0.3 * (tenure == 0) + rng.standard_normal(n))
    traits["activity"] = _standard(0.3 * traits["belonging"] + 0.2 * (band == 2) + rng.standard_normal(n))
    return Population(traits=traits, propensity=_propensity(traits, RESPONSE if spec.response is None else spec.response))


def _propensity(traits: Mapping[str, Array], response: Mapping[str, float]) -> Array:
    applies = {
        "female": traits["sex"] == 1,
        "young": traits["age_band"] == 0,
        "old": traits["age_band"] == 2,
        "tenant": traits["tenure"] == 1,
    }
    total: Array = sum((response.get(name, 0.0) * rows for name, rows in applies.items()), start=np.zeros(len(traits["sex"])))
    return np.asarray(np.exp(total))


def _standard(values: Array) -> Array:
    spread = values.std()
    return np.asarray((values - values.mean()) / spread if spread > 0 else values - values.mean())


def _draw_rows(shares: Array, rng: np.random.Generator) -> Array:
    """One option per row from a table of probabilities (n, k)."""
    limits = shares.cumsum(axis=1)
    places: Array = np.minimum((rng.random(len(shares))[:, None] > limits).sum(axis=1), shares.shape[1] - 1).astype(np.int8)
    return places


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """People drawn from a population.

    persons
        positions in the population
    design
        one row per person: `stratum` and `cluster` (positions of subdistrict and community from 0), `stratum_clusters` (number
        of communities in the subdistrict), `cluster_persons` (people in the community), `base_weight`: the inverse of the
        probability of selection as designed, which knows nothing of who is readier to answer; NaN where nobody was selected at random
    """

    persons: Array
    design: pd.DataFrame


def draw_sample(
    population: Population,
    *,
    respondents: int,
    rng: np.random.Generator,
    sampling: Sampling = Sampling.PROBABILITY,
    clusters_per_stratum: int | None = None,
) -> Sample:
    """Draw a sample.

    Parameters
    ----------
    population, respondents, rng
        Where from, how many people answer, and the generator.
    sampling
        `PROBABILITY`: communities at random within each subdistrict, then people at random within each community, in the order
        of a random list until enough have answered (so that who is readier to answer is over-represented). `OPT_IN`: whoever
        meets a link answers, the satisfied more often; no weights exist.
    clusters_per_stratum
        Communities drawn per subdistrict, None for all.

    Raises
    ------
    SchemaError
        The communities drawn have too few people.
    """
    traits = population.traits
    community = traits["community"]
    sizes = np.bincount(community)
    street_of = np.zeros(len(sizes), dtype=np.int64)
    street_of[community] = traits["street"]
    keys = np.log(population.propensity) + rng.gumbel(size=population.n_persons)
    if sampling is Sampling.OPT_IN:
        keys = keys + 0.5 * traits["service"]
        persons = np.sort(np.argsort(-keys)[:respondents])
        weight = np.full(len(persons), np.nan)
    else:
        taken = _draw_clusters(street_of, clusters_per_stratum, rng)
        quota = _allocate(sizes, taken, respondents)
        persons = _first_of_each(community, keys, quota)
        drawn = np.bincount(street_of[taken], minlength=street_of.max() + 1)
        all_of = np.bincount(street_of)
        home = community[persons]
        weight = (all_of / np.maximum(drawn, 1))[street_of[home]] * (sizes / np.maximum(quota, 1))[home]
    home = community[persons]
    design = pd.DataFrame(
        {
            "stratum": street_of[home],
            "cluster": home.astype(np.int64),
            "stratum_clusters": np.bincount(street_of)[street_of[home]],
            "cluster_persons": sizes[home],
            "base_weight": weight,
        }
    )
    return Sample(persons=persons, design=design)


def _draw_clusters(street_of: Array, per_stratum: int | None, rng: np.random.Generator) -> Array:
    if per_stratum is None:
        return np.arange(len(street_of))
    return np.sort(
        np.concatenate(
            [
                rng.choice(rows, size=min(per_stratum, len(rows)), replace=False)
                for street in np.unique(street_of)
                if len(rows := np.flatnonzero(street_of == street))
            ]
        )
    )


def _allocate(sizes: Array, taken: Array, respondents: int) -> Array:
    """Respondents per community in proportion to its people; whole numbers that add up, largest remainders first."""
    quota = np.zeros(len(sizes), dtype=np.int64)
    exact = respondents * sizes[taken] / sizes[taken].sum()
    quota[taken] = np.floor(exact)
    if (exact > sizes[taken] - 1).any():
        raise SchemaError(Failure(code="CR-M04", values={"respondents": respondents, "available": int(sizes[taken].sum())}))
    short = taken[np.argsort(np.floor(exact) - exact, kind="stable")][: respondents - quota.sum()]
    quota[short] += 1
    return quota


def _first_of_each(community: Array, keys: Array, quota: Array) -> Array:
    order = np.lexsort((-keys, community))
    starts = np.concatenate([[0], np.cumsum(np.bincount(community, minlength=len(quota)))[:-1]])
    place = np.arange(len(order)) - starts[community[order]]
    return np.sort(order[place < quota[community[order]]])

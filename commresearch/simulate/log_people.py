"""People of a fictional pilot who may come to events: when they were born, where they live, how they sign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_places import Places, month_at
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tickets import mobile_numbers
from commresearch.simulate.wording import CHECK_DIGITS, COUNTIES, WEIGHTS, fictional_identifiers
from commresearch.terms import Identifier

Array = NDArray[Any]
YOUNGEST, OLDEST = 14, 35  #: completed years of youth
CHILDREN_SHARE, LEAST_AGE, MOST_AGE = 0.12, 5, 90
VISITORS = 60  #: people from elsewhere per community, most of them students
STAFF = 3
TIERS = ("id", "phone", "name_birth")
#: What is known of the age of people who sign in by telephone.
PHONE_AGES: Mapping[str, float] = {"birth_date": 0.3, "stated": 0.4, "birth_year": 0.2, "band": 0.1}
BANDS = ((0, 13), (14, 35), (36, 59), (60, 99))
LEAP_BIRTHS = 0.004  #: share of people moved to the 29 February of the nearest leap year
KINDS = ("resident", "visitor", "staff")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Everybody who could sign in.

    frame
        one row per person (index from 0): person_key, kind (resident, visitor, staff), origin (community of the first day), grid
        (position; -1 for those from elsewhere), born, tier, known_by ("" where no age is written down), residence_known,
        readiness (how readily the person comes), name, phone, national_id
    """

    frame: pd.DataFrame


def completed_years(born: Array, days: Array) -> Array:
    """Age in completed years: the birthday counts, and who was born on 29 February gets older on 1 March of other years."""
    b, d = pd.DatetimeIndex(born), pd.DatetimeIndex(days)
    before = (d.month < b.month) | ((d.month == b.month) & (d.day < b.day))
    return np.asarray(d.year - b.year - before, dtype=np.int64)


def draw_people(spec: LogSpec, places: Places, rng: np.random.Generator) -> People:
    """Draw the residents of every community, people from elsewhere, and staff."""
    population = places.grids["population"].to_numpy()
    grid = np.repeat(np.arange(len(population)), population)
    origin = places.grids["origin"].to_numpy()[grid]
    kinds = np.array(["resident"] * len(grid), dtype=object)
    for kind, number in (("visitor", VISITORS), ("staff", STAFF)):
        kinds = np.concatenate([kinds, np.full(number * places.n, kind, dtype=object)])
        origin = np.concatenate([origin, np.repeat(np.arange(places.n), number)])
    grid = np.concatenate([grid, np.full(len(kinds) - len(grid), -1)])
    n = len(kinds)
    frame = pd.DataFrame({"kind": kinds, "origin": origin, "grid": grid})
    frame["born"] = _births(spec, kinds, rng)
    frame["tier"] = rng.choice(np.array(TIERS, dtype=object), size=n, p=[spec.signins.tiers[tier] for tier in TIERS])
    by_phone = rng.choice(np.array(list(PHONE_AGES), dtype=object), size=n, p=list(PHONE_AGES.values()))
    unknown = rng.random(n) < spec.signins.age_unknown / spec.signins.tiers["phone"] if spec.signins.tiers["phone"] else np.zeros(n, bool)
    by_phone = np.where(unknown, "", by_phone)
    frame["known_by"] = np.select([frame["tier"] == "id", frame["tier"] == "phone"], ["id", by_phone], "birth_year")
    frame["residence_known"] = rng.random(n) >= spec.signins.residence_unknown
    frame["readiness"] = np.exp(spec.signins.activity_sd * rng.standard_normal(n))
    frame["name"] = fictional_identifiers(Identifier.NAME, n, np.zeros(n), rng)
    frame["phone"] = mobile_numbers(n, rng)
    frame["national_id"] = national_ids_of(frame["born"].to_numpy(), rng)
    twice = frame.assign(year=frame["born"].dt.year).duplicated(["name", "year"]) & (frame["tier"] == "name_birth")
    frame.loc[twice, ["tier", "known_by"]] = "id"  # who shares a name and a year of birth is told apart by the number
    frame.insert(0, "person_key", [f"person{i:07d}" for i in range(n)])
    return People(frame=frame)


def _births(spec: LogSpec, kinds: Array, rng: np.random.Generator) -> Array:
    """Birth dates: the wanted share of youth in the middle of the months, students among those from elsewhere."""
    n, middle = len(kinds), month_at(spec, spec.months // 2)
    group, y = rng.random(n), spec.youth_share
    children, youth = rng.uniform(LEAST_AGE, YOUNGEST, n), rng.uniform(YOUNGEST, OLDEST + 1, n)
    older = OLDEST + 1 + (MOST_AGE - OLDEST - 1) * rng.beta(1.1, 1.9, n)
    years = np.select([group < CHILDREN_SHARE, group < CHILDREN_SHARE + y], [children, youth], older)
    years = np.select([kinds == "visitor", kinds == "staff"], [rng.uniform(18, 26, n), rng.uniform(24, 55, n)], years)
    born = np.datetime64(middle, "D") - np.floor(years * 365.2425).astype("timedelta64[D]")
    leap = born.astype("datetime64[Y]").astype(np.int64) + 1970
    leap -= leap % 4
    moved = (rng.random(n) < LEAP_BIRTHS) & (leap % 100 != 0)
    born[moved] = [np.datetime64(f"{year}-02-29") for year in leap[moved].tolist()]
    return born.astype("datetime64[us]")


def national_ids_of(born: Array, rng: np.random.Generator) -> Array:
    """Identity numbers that carry the given birth dates, with sound check digits, under county codes that were never given out."""
    n = len(born)
    counties, order = rng.integers(0, len(COUNTIES), n), rng.integers(1, 1000, n)
    days = np.datetime_as_string(born.astype("datetime64[D]"))
    bodies = [
        f"{COUNTIES[c]}{day.replace('-', '')}{serial:03d}" for c, day, serial in zip(counties.tolist(), days.tolist(), order.tolist(), strict=True)
    ]
    digits = np.array(bodies, dtype="U17").view("U1").reshape(n, 17).astype(np.int64)
    checks = CHECK_DIGITS[(digits @ WEIGHTS) % 11]
    return np.array([body + str(check) for body, check in zip(bodies, checks, strict=True)], dtype=object)


def known_ages(frame: pd.DataFrame, days: Array) -> tuple[Array, Array]:
    """What is known of the age of people on days: least and most completed years (NaN where nothing is written down).

    Parameters
    ----------
    frame
        Rows of people, one per day.
    """
    born, known = frame["born"].to_numpy(), frame["known_by"].to_numpy()
    exact = completed_years(born, days)
    reached = pd.DatetimeIndex(days).year.to_numpy() - pd.DatetimeIndex(born).year.to_numpy()
    band = np.searchsorted([low for low, _ in BANDS], exact, side="right") - 1
    lows, highs = (np.array(ends)[band] for ends in zip(*BANDS, strict=True))
    cases = [known == "", known == "birth_year", known == "band"]
    return np.select(cases, [np.nan, reached - 1, lows], exact), np.select(cases, [np.nan, reached, highs], exact)

"""Events of a fictional pilot and who signs in at them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_people import OLDEST, YOUNGEST, People, completed_years, draw_people, known_ages
from commresearch.simulate.log_places import Places, month_at
from commresearch.simulate.log_rates import Rates
from commresearch.simulate.log_registers import growth_factor, late_registers
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import only, typed_frame

Array = NDArray[Any]
TITLES = ("邻里读书会", "亲子手工课", "青年夜校", "健康义诊", "垃圾分类宣讲", "广场舞排练", "社区议事会", "电影放映", "法律咨询", "书法班")
HOURS = (9 * 60, 10 * 60, 14 * 60, 15 * 60, 19 * 60, 19 * 60 + 30)
MOST_MORE = 3.0
#: People per event beside those who take part: role, kind, mean number.
HELPERS = (("serves", "resident", 1.5), ("staff", "staff", 0.8), ("operator", "staff", 0.3), ("enrolled", "resident", 0.6))
LEAST_HEADS, MOST_HEADS = 12, 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signins:
    """Sign-ins as they were recorded, and where they came from.

    table
        the typed table
    origins
        one row per sign-in: person (position in `people`, -1 for a head count), title of the event, community (code on the day),
        age (completed years on the day, -1 for a head count)
    events
        event_id, title, event_at, community (position on the day)
    happened
        unit_id, month, youth: residents of 14 to 35 who attended, whether or not a register was kept
    """

    table: pd.DataFrame
    origins: pd.DataFrame
    events: pd.DataFrame
    people: People
    happened: pd.DataFrame


def draw_signins(spec: LogSpec, places: Places, rates: Rates, rng: np.random.Generator) -> Signins:
    """Draw who comes in which month, and to which events of the own community; then leave out what no register holds."""
    people = draw_people(spec, places, rng)
    events = _events(spec, places, rates, rng)
    came = _attendance(spec, places, people, events, rates, rng)
    rows = pd.concat([came, _helpers(spec, places, people, events, rng)], ignore_index=True)
    rows = pd.concat([rows, _head_counts(events, rng)], ignore_index=True)
    rows = rows.assign(moment=events["event_at"].to_numpy()[rows["event"]], community=events["community"].to_numpy()[rows["event"]])
    rows = rows.sort_values(["moment", "event"], kind="stable", ignore_index=True)
    rows["age"] = _ages(people, rows)
    happened = _happened(places, people, rows)
    kept = rows[_is_kept(spec, places, rows)].reset_index(drop=True)
    origins = pd.DataFrame(
        {
            "person": kept["person"], "title": events["title"].to_numpy()[kept["event"]],
            "community": places.codes[kept["community"]].astype("str"), "age": kept["age"],
        }
    )
    return Signins(table=_table(places, people, events, kept), origins=origins, events=events, people=people, happened=happened)


def _events(spec: LogSpec, places: Places, rates: Rates, rng: np.random.Generator) -> pd.DataFrame:
    """Events in every community and month; each part of a community that splits has some of its own."""
    origin = places.grids["origin"].to_numpy()
    rounds = []
    for place in range(places.n):
        grids = np.flatnonzero(origin == place)
        parts = [grids[places.second[grids] == new] for new in np.unique(places.second[grids])]
        in_turn = [part[i % len(part)] for i in range(spec.signins.events) for part in parts]
        rounds.append(in_turn[: spec.signins.events])
    months = np.repeat(np.arange(1, spec.months + 1), places.n * spec.signins.events)
    grid = np.tile(np.concatenate(rounds), spec.months)
    days = rates.draw_days(months, rng)
    days = days - ((days.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1 == days).astype("timedelta64[D]")  # never on a month's last day
    moment = days.astype("datetime64[m]") + np.array(HOURS)[rng.integers(0, len(HOURS), len(days))].astype("timedelta64[m]")
    frame = pd.DataFrame({"month": months - 1, "origin": origin[grid], "grid": grid, "event_at": moment.astype("datetime64[us]")})
    frame["community"] = places.community_at(grid, frame["event_at"].to_numpy())
    frame["title"] = np.array(TITLES, dtype=object)[rng.integers(0, len(TITLES), len(frame))]
    frame["heads"] = rng.random(len(frame)) < spec.signins.head_counts
    frame = frame.sort_values(["event_at", "grid"], kind="stable", ignore_index=True)
    frame.insert(0, "event_id", [f"HD{i:06d}" for i in range(1, len(frame) + 1)])
    return frame


def _attendance(
    spec: LogSpec, places: Places, people: People, events: pd.DataFrame, rates: Rates, rng: np.random.Generator
) -> pd.DataFrame:
    """Who takes part: so many different residents of 14 to 35 as the rate says, others beside them, each at one event or more."""
    frame, share = people.frame, rates.expected["youth_participation"]
    youth_here = np.bincount(places.grids["origin"], places.grids["youth"])
    groups = {key: np.asarray(rows) for key, rows in frame.groupby(["origin", "kind"], sort=True).indices.items()}
    events_of = {key: np.asarray(rows) for key, rows in events.groupby(["origin", "month"], sort=True).indices.items()}
    chosen: list[Array] = []
    born, readiness = frame["born"].to_numpy(), frame["readiness"].to_numpy()
    here = _Occasions(
        places=places, more=spec.signins.more_visits, grid=frame["grid"].to_numpy(), readiness=readiness, moments=events["event_at"].to_numpy(),
        communities=events["community"].to_numpy(),
    )
    for month in range(spec.months):
        middle = month_at(spec, month, 15)
        factor, eldest, youngest = growth_factor(spec, middle), *(middle - pd.DateOffset(years=y) for y in (OLDEST + 1, YOUNGEST))
        is_young = (born > np.datetime64(eldest, "us")) & (born <= np.datetime64(youngest, "us"))
        for place in range(places.n):
            residents, visitors = groups[place, "resident"], groups[place, "visitor"]
            young = is_young[residents]
            p = share[place, month + 1]
            number = rng.binomial(round(youth_here[place] * factor), p)
            parties = (
                (residents[young], number),
                (residents[~young], rng.binomial(int((~young).sum()), p * spec.signins.others_come)),
                (visitors, rng.poisson(number * spec.signins.non_residents)),
            )
            for pool, wanted in parties:
                who = _at_random(pool, readiness[pool], wanted, rng)
                chosen.append(here.visits(who, events_of[place, month], rng))
    pairs = np.concatenate(chosen)
    return pd.DataFrame({"person": pairs[:, 0], "event": pairs[:, 1], "role": "attends", "persons": 1})


def _at_random(pool: Array, readiness: Array, number: int, rng: np.random.Generator) -> Array:
    """So many different people, the readier ones more often."""
    keys = np.log(readiness) + rng.gumbel(size=len(pool))
    return np.asarray(pool[np.argsort(-keys, kind="stable")[: min(number, len(pool))]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Occasions:
    """People (grid, readiness) and events (moment, community) as arrays, and how many further events somebody of usual readiness comes to."""

    places: Places
    more: float
    grid: Array
    readiness: Array
    moments: Array
    communities: Array

    def visits(self, who: Array, candidates: Array, rng: np.random.Generator) -> Array:
        """Pairs of person and event (k, 2): everybody at one event at least, the ready ones at more, never twice at the same one."""
        grid, moments = self.grid[who], self.moments[candidates]
        home = self.places.community_at(np.repeat(grid, len(candidates)), np.tile(moments, len(who))).reshape(len(who), len(candidates))
        open_to = (home == self.communities[candidates][None, :]) | (grid < 0)[:, None]
        wanted = 1 + rng.poisson(self.more * np.minimum(self.readiness[who], MOST_MORE))
        keys = np.where(open_to, rng.random(open_to.shape), np.inf)
        rank = keys.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        at = np.argwhere((rank < wanted[:, None]) & open_to)
        return np.stack([who[at[:, 0]], candidates[at[:, 1]]], axis=1)


def _helpers(spec: LogSpec, places: Places, people: People, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Volunteers, staff and operators at events, and people who enrolled and did not come."""
    blocks = []
    frame = people.frame
    pools = {key: np.asarray(rows) for key, rows in frame.groupby(["origin", "kind"], sort=True).indices.items()}
    for role, kind, mean in HELPERS:
        numbers = rng.poisson(mean * spec.signins.helpers, len(events))
        event = np.repeat(np.arange(len(events)), numbers)
        chance = rng.random(len(event))
        origin = events["origin"].to_numpy()[event]
        person = np.array([pools[o, kind][int(c * len(pools[o, kind]))] for o, c in zip(origin.tolist(), chance.tolist(), strict=True)], dtype=np.int64)
        grid, moment = frame["grid"].to_numpy()[person], events["event_at"].to_numpy()[event]
        at_home = (grid < 0) | (places.community_at(grid, moment) == events["community"].to_numpy()[event])
        blocks.append(pd.DataFrame({"person": person, "event": event, "role": role, "persons": 1})[at_home])
    helpers: pd.DataFrame = pd.concat(blocks, ignore_index=True).drop_duplicates(["person", "event"], ignore_index=True)
    return helpers


def _head_counts(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Numbers that somebody wrote down at some events, beside those who signed in."""
    event = np.flatnonzero(events["heads"])
    heads = rng.integers(LEAST_HEADS, MOST_HEADS, len(events))[event]
    return pd.DataFrame({"person": np.full(len(event), -1), "event": event, "role": "attends", "persons": heads})


def _ages(people: People, rows: pd.DataFrame) -> Array:
    born = people.frame["born"].to_numpy()[rows["person"]]
    return np.where(rows["person"] < 0, -1, completed_years(born, rows["moment"].to_numpy()))


def _happened(places: Places, people: People, rows: pd.DataFrame) -> pd.DataFrame:
    """Residents of 14 to 35 who attended, by community and month, from what happened."""
    known = rows[(rows["person"] >= 0) & (rows["role"] == "attends") & (rows["age"] >= YOUNGEST) & (rows["age"] <= OLDEST)]
    known = known[people.frame["kind"].to_numpy()[known["person"]] == "resident"]
    keys = pd.DataFrame(
        {
            "unit_id": places.codes[known["community"]].astype("str"),
            "month": known["moment"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]"),
            "person": known["person"],
        }
    )
    return keys.drop_duplicates().groupby(["unit_id", "month"], sort=True).size().rename("youth").reset_index()


def _is_kept(spec: LogSpec, places: Places, rows: pd.DataFrame) -> Array:
    kept = np.ones(len(rows), dtype=bool)
    for place in late_registers(spec, places):
        start = np.datetime64(month_at(spec, places.communities[place].start), "us")
        kept &= ~((rows["community"] == place) & (rows["moment"].to_numpy() < start)).to_numpy()
    return kept


def _table(places: Places, people: People, events: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    person, heads = rows["person"].to_numpy(), rows["person"].to_numpy() < 0
    frame = people.frame.iloc[np.where(heads, 0, person)].reset_index(drop=True)
    low, high = known_ages(frame, rows["moment"].to_numpy())
    resident, known = (frame["kind"] == "resident").to_numpy(), frame["residence_known"].to_numpy() & ~heads
    names = places.names[rows["community"].to_numpy()]  # a book of sign-ins says where by name
    columns = {
        "event_id": events["event_id"].to_numpy()[rows["event"]],
        "event_at": rows["moment"].to_numpy(),
        "place": names,
        "home": only(known & resident, names),
        "is_resident": only(known, resident),
        "person_key": only(~heads, frame["person_key"]),
        "person_tier": np.where(heads, "none", frame["tier"]),
        "age_low": np.where(heads, np.nan, low),
        "age_high": np.where(heads, np.nan, high),
        "age_known_by": only(~heads & (frame["known_by"] != ""), frame["known_by"]),
        "role": rows["role"].to_numpy(),
        "persons": rows["persons"].to_numpy(),
    }
    return typed_frame("signins", columns)

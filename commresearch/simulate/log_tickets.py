"""Tickets of a fictional pilot: matters, the contacts that each of them leads to, how they end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_places import Places, month_at
from commresearch.simulate.log_rates import Rates
from commresearch.simulate.log_registers import NEW_CHANNEL_NAME, growth_factor
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import only, typed_frame
from commresearch.simulate.wording import UNUSED_RANGES, fictional_identifiers
from commresearch.terms import Identifier

Array = NDArray[Any]
TOPICS = ("物业服务", "停车管理", "环境卫生", "噪声扰民", "公共设施", "邻里纠纷", "违章搭建", "公共收益")
COMPLAINTS = ("complaint", "report")
COMPLAINT_SHARES = (0.85, 0.15)
OTHER_TYPES = ("help", "inquiry", "suggestion", "praise", "other")
OTHER_SHARES = (0.45, 0.35, 0.08, 0.04, 0.08)
HOTLINE, PROPERTY, GRID, NEW_CHANNEL = "12345热线", "物业", "网格", NEW_CHANNEL_NAME
CHANNELS = (HOTLINE, PROPERTY, GRID)
LABELS = ("unreasonable", "malicious", "uncontrollable")
PREFIXES = {HOTLINE: "RX", PROPERTY: "WY", GRID: "WG", NEW_CHANNEL: "XC"}
OUTSIDE_PLACES = ("邻县望洋镇", "邻县听松镇", "外市潮信街道")
OPENING, CLOSING = 7 * 60, 22 * 60  #: minutes of the day between which people call
REPEAT_MINUTES = (30, int(6.4 * 1440))  #: after the previous contact: clearly within seven days
LATE_MINUTES = (9 * 1440, 40 * 1440)  #: clearly later
EXTRACTED_AFTER = pd.Timedelta(days=10, hours=8)
CODES_OF_GRIDS = 0.7  #: share of codes that are those of grids; the others are those of communities
OPEN_SD = 0.8
PHONE_NUMBERS = 10**8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tickets:
    """Tickets as they were recorded, and where they came from.

    table
        the typed table; `caller_key` is a label of the caller
    origins
        one row per ticket: matter, contact (first, repeat, late), grid (position, the true one), community (code on the day)
    callers
        caller_key, name, phone
    """

    table: pd.DataFrame
    origins: pd.DataFrame
    callers: pd.DataFrame


def extract_at(spec: LogSpec) -> pd.Timestamp:
    """When the tickets were taken out of their systems; what was not closed by then is open."""
    return month_at(spec, spec.months) + EXTRACTED_AFTER


def draw_tickets(spec: LogSpec, places: Places, rates: Rates, rng: np.random.Generator) -> Tickets:
    """Draw matters at their rates, let some callers call again, and close what gets closed."""
    matters = _matters(spec, places, rates, rng)
    contacts = _contacts(spec, places, matters, rng)
    m = matters.iloc[contacts["matter"].to_numpy()].reset_index(drop=True)
    received = contacts["received_at"].to_numpy()
    grids = m["grid"].to_numpy()
    community = places.community_at(grids, received)
    ids = _ids(received, contacts["channel"].to_numpy())
    first = contacts.assign(ticket_id=ids).drop_duplicates("matter").set_index("matter")["ticket_id"]
    repeated = contacts["marked"].to_numpy()
    columns = {
        "ticket_id": ids,
        "received_at": received,
        "type": m["type"].to_numpy(),
        "topic": m["topic"].to_numpy(),
        "channel": contacts["channel"].to_numpy(),
        "place": _written_places(spec, places, m, community),
        "is_outside": m["fate"].to_numpy() == "outside",
        "repeat_of": only(repeated, first.loc[contacts["matter"]]),
        "is_repeat": only(repeated, repeated),
        "callers": np.where(contacts["contact"] == "first", m["callers"], 1),
        "caller_key": only(~m["anonymous"], m["caller"]),
        "handling": m["handling"].to_numpy(),
    }
    table = typed_frame("tickets", columns | _endings(spec, received, m["fate"].to_numpy(), rng))
    origins = pd.DataFrame(
        {"matter": contacts["matter"], "contact": contacts["contact"], "grid": grids, "community": places.codes[community].astype("str")}
    )
    return Tickets(table=table, origins=origins, callers=_callers(np.unique(m["caller"]), rng))


def _matters(spec: LogSpec, places: Places, rates: Rates, rng: np.random.Generator) -> pd.DataFrame:
    """One row per matter: grid, first day, type, topic, fate, caller and so on."""
    t, months = spec.tickets, np.arange(-1, spec.months)
    kept = 1 - t.outside - t.withdrawn - t.test - t.unlocated
    opened = np.ones(len(months)) if t.new_channel is None else np.where(months >= t.new_channel, 1 + t.new_channel_adds, 1.0)
    growth = np.array([growth_factor(spec, month_at(spec, int(month))) for month in months])
    per_household = (places.grids["households"].to_numpy()[:, None] * (growth * opened)[None, :]) / (kept * (1 + t.late_returns))
    origin = places.grids["origin"].to_numpy()
    complaints = rng.poisson(per_household * rates.expected["complaint_rate"][origin])
    others = rng.poisson(per_household * rates.untreated["complaint_rate"][origin] * (1 / t.complaint_share - 1))
    blocks = []
    for counts, types, shares in ((complaints, COMPLAINTS, COMPLAINT_SHARES), (others, OTHER_TYPES, OTHER_SHARES)):
        grid, month = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        type_ = rng.choice(np.array(types, dtype=object), size=len(grid), p=shares)
        blocks.append(pd.DataFrame({"grid": grid, "month": month, "type": type_}))
    matters = pd.concat(blocks, ignore_index=True)
    n, complaint = len(matters), np.isin(matters["type"], COMPLAINTS)
    matters["day"] = rates.draw_days(matters["month"].to_numpy(), rng)
    matters["topic"] = np.array(TOPICS, dtype=object)[rng.integers(0, len(TOPICS), n)]
    fates = ("outside", "withdrawn", "test", "unlocated", "counted")
    matters["fate"] = rng.choice(np.array(fates, dtype=object), size=n, p=(t.outside, t.withdrawn, t.test, t.unlocated, kept))
    recoding = np.inf if t.recoding is None else t.recoding + 1
    recoded = (matters["type"] == "complaint") & (matters["month"] >= recoding) & (rng.random(n) < t.recoded)
    matters["type"] = matters["type"].where(~recoded, "help")
    extra = np.where(opened[matters["month"]] > 1, t.new_channel_adds / (1 + t.new_channel_adds), 0.0)
    usual = rng.choice(np.array(CHANNELS, dtype=object), size=n, p=t.channels)
    matters["channel"] = np.where(rng.random(n) < extra, NEW_CHANNEL, usual)
    matters["anonymous"] = rng.random(n) < t.anonymous
    matters["callers"] = np.where(complaint & (rng.random(n) < t.collective), rng.integers(5, 60, n), 1)
    labels = np.array(LABELS, dtype=object)[rng.integers(0, len(LABELS), n)]
    matters["handling"] = only(complaint & (rng.random(n) < t.labelled), labels)
    matters["by"] = rng.random(n)
    matters["caller"] = _draw_callers(matters, places, rng)
    return matters


def _draw_callers(matters: pd.DataFrame, places: Places, rng: np.random.Generator) -> Array:
    """A caller per matter; one person may have several matters, but never two about the same topic at the same place."""
    people = (rng.random(len(matters)) * places.grids["households"].to_numpy()[matters["grid"]]).astype(np.int64)
    again = pd.DataFrame({"grid": matters["grid"], "topic": matters["topic"], "person": people}).duplicated().to_numpy()
    own = np.arange(len(matters))
    known = [f"caller{g:05d}_{p:05d}" for g, p in zip(matters["grid"].tolist(), people.tolist(), strict=True)]
    return np.where(again, np.array([f"caller_{i:07d}" for i in own.tolist()], dtype=object), np.array(known, dtype=object))


def _contacts(spec: LogSpec, places: Places, matters: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Tickets in order of time: first contacts, repeats within seven days of the one before, returns after more than that."""
    t, n = spec.tickets, len(matters)
    late = rng.random(n) < t.late_returns
    repeats = rng.geometric(1 - t.repeats, n) - 1
    matter = np.repeat(np.arange(n), 1 + repeats + late)
    k = len(matter)
    between = matter[1:] != matter[:-1]
    starts, is_late = np.r_[True, between][:k], np.r_[between, True][:k] & late[matter]
    first = matters["day"].to_numpy().astype("datetime64[m]") + rng.integers(OPENING, CLOSING, n).astype("timedelta64[m]")
    gaps = np.where(is_late, rng.integers(*LATE_MINUTES, k), rng.integers(*REPEAT_MINUTES, k))
    gaps = np.where(starts, 0, gaps)
    since = np.cumsum(gaps)
    since -= since[starts][matter]
    received = (first[matter] + since.astype("timedelta64[m]")).astype("datetime64[us]")
    grid = matters["grid"].to_numpy()[matter]
    contact = np.select([starts, is_late], ["first", "late"], "repeat").astype(object)
    moved = places.community_at(grid, received) != places.community_at(grid, first[matter])
    keep = (received < np.datetime64(month_at(spec, spec.months), "us")) & ~((contact == "repeat") & moved)
    anonymous = matters["anonymous"].to_numpy()[matter]
    marked = (contact == "repeat") & (anonymous | (rng.random(k) < t.marked))
    channel = matters["channel"].to_numpy()[matter]
    other = (contact == "repeat") & (rng.random(k) < t.other_channel)
    channel = np.where(other, rng.choice(np.array(CHANNELS, dtype=object), size=k, p=t.channels), channel)
    frame = pd.DataFrame({"matter": matter, "received_at": received, "contact": contact, "marked": marked, "channel": channel})
    kept: pd.DataFrame = frame[keep].sort_values(["received_at", "matter"], kind="stable", ignore_index=True)
    return kept


def _ids(received: Array, channels: Array) -> Array:
    days = np.datetime_as_string(received.astype("datetime64[D]"))
    return np.array(
        [f"{PREFIXES[c]}{d.replace('-', '')}{i:07d}" for i, (d, c) in enumerate(zip(days.tolist(), channels.tolist(), strict=True), 1)],
        dtype=object,
    )


def _written_places(spec: LogSpec, places: Places, matters: pd.DataFrame, community: Array) -> Array:
    """The place as it stands in the ticket: name of the community on the day or of the estate, code of the grid or of the community."""
    by, grid = matters["by"].to_numpy(), matters["grid"].to_numpy()
    named = spec.tickets.by_name
    coded = named + spec.tickets.by_estate
    codes = np.where(by < coded + (1 - coded) * CODES_OF_GRIDS, places.grids["grid_id"].to_numpy()[grid], places.codes[community])
    texts = np.select([by < named, by < coded], [places.names[community], places.grids["estate_name"].to_numpy()[grid]], codes)
    away = np.array(OUTSIDE_PLACES, dtype=object)[(by * len(OUTSIDE_PLACES)).astype(np.int64)]
    fate = matters["fate"].to_numpy()
    return only(fate != "unlocated", np.where(fate == "outside", away, texts))


def _endings(spec: LogSpec, received: Array, fates: Array, rng: np.random.Generator) -> dict[str, Array]:
    """When tickets were closed, and what callers said when they were asked."""
    t, n = spec.tickets, len(received)
    days = t.days_open * np.exp(OPEN_SD * rng.standard_normal(n))
    closed = received + (days * 1440).astype("timedelta64[m]")
    never = (rng.random(n) < t.never_closed) | (closed > np.datetime64(extract_at(spec), "us")) | np.isin(fates, ("withdrawn", "test"))
    closed = np.where(never, np.datetime64("NaT", "us"), closed).astype("datetime64[us]")
    reached, resolved, satisfied = (rng.random(n) < share for share in (t.reached, t.resolved, t.satisfied))
    asked = ~np.isnat(closed)
    return {
        "closed_at": closed,
        "status": np.select([fates == "withdrawn", fates == "test", asked], ["withdrawn", "test", "closed"], "open"),
        "is_reached": only(asked, reached),
        "is_resolved": only(asked & reached, resolved),
        "is_satisfied": only(asked & reached, satisfied),
    }


def _callers(keys: Array, rng: np.random.Generator) -> pd.DataFrame:
    names = fictional_identifiers(Identifier.NAME, len(keys), np.zeros(len(keys)), rng)
    return pd.DataFrame({"caller_key": keys, "name": names, "phone": mobile_numbers(len(keys), rng)}).astype("str")


def mobile_numbers(n: int, rng: np.random.Generator) -> Array:
    """Mobile numbers of ranges that are not in use, no two alike."""
    numbers = rng.choice(PHONE_NUMBERS * len(UNUSED_RANGES), size=n, replace=False)
    return np.array([f"{UNUSED_RANGES[x // PHONE_NUMBERS]}{x % PHONE_NUMBERS:08d}" for x in numbers.tolist()], dtype=object)

"""The panels of a fictional pilot without its files: as they are counted from files that were read and cleaned without a mistake.

The draws are those of the files: the same seed gives the same numbers, cell by cell, and other seeds give other pilots of the same law. What clerks
write otherwise, and what is lost when it is read, is not in them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure, SchemaError
from commresearch.simulate import log_registers as registers
from commresearch.simulate.demo_pilots import DEMO_PILOTS, DemoPilot
from commresearch.simulate.log_people import OLDEST, YOUNGEST
from commresearch.simulate.log_places import NEVER, Places, month_at
from commresearch.simulate.log_rates import Rates
from commresearch.simulate.log_rooms import DISTANT, REFERENCE, REFERENCE_MINUTES, Rooms, draw_rooms
from commresearch.simulate.log_signins import Signins, draw_signins
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tickets import COMPLAINTS, Tickets, draw_tickets
from commresearch.simulate.logs import draw_places_and_rates, log_streams

Array = NDArray[Any]
UNITS = {
    "complaint_rate": "per_1000_households", "youth_participation": "percentage_points", "space_use": "percentage_points",
    "area_in_use": "percentage_points",
}
PANEL_COLUMNS = ("unit_id", "month", "numerator", "denominator", "live", "treated_from", "assignment_id")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Everything that happened in a pilot; what a log does not tell is None."""

    spec: LogSpec
    places: Places
    rates: Rates
    tickets: Tickets
    signins: Signins | None
    rooms: Rooms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoPanels:
    """The panels of one draw of a pilot.

    frames
        by outcome: unit_id, month (first day), numerator, denominator, live, treated_from (NaT for never), assignment_id; one row per community and
        month. Cases and households, persons and residents of 14 to 35, used hours and reference hours, square metres in service and registered; NaN
        where no register was kept
    units
        by outcome: unit of the value
    rollout, programmes, coverage
        the registers as the case folder has them
    effects
        by outcome: the true effect of this draw, in percent for complaints and percentage points for the others
    """

    case_id: str
    frames: Mapping[str, pd.DataFrame]
    units: Mapping[str, str]
    rollout: pd.DataFrame
    programmes: pd.DataFrame
    coverage: pd.DataFrame
    effects: Mapping[str, float]


def demo_panels(case_id: str, seed: int | None = None) -> DemoPanels:
    """Draw the panels of a fictional pilot anew, quickly and without files: for studies of coverage.

    Parameters
    ----------
    case_id
        One of `DEMO_PILOTS`.
    seed
        Of everything random; None for that of the pilot's own files.

    Returns
    -------
    DemoPanels

    Raises
    ------
    SchemaError
        No pilot has this id (CR-N08).
    """
    pilot = demo_pilot(case_id)
    drawn = draw_pilot(pilot, pilot.seed if seed is None else seed)
    spec, places = drawn.spec, drawn.places
    streams = log_streams(pilot.seed if seed is None else seed)
    return DemoPanels(
        case_id=case_id, frames={outcome: panel_frame(drawn, outcome) for outcome in pilot.outcomes}, units={o: UNITS[o] for o in pilot.outcomes},
        rollout=registers.rollout(spec, places), programmes=registers.programmes(spec, places, streams["programmes"]),
        coverage=registers.coverage(spec, places), effects={outcome: true_effect(drawn, outcome) for outcome in pilot.outcomes},
    )


def demo_pilot(case_id: str) -> DemoPilot:
    """A pilot by its id.

    Raises
    ------
    SchemaError
        There is none (CR-N08).
    """
    if case_id not in DEMO_PILOTS:
        raise SchemaError(Failure(code="CR-N08", values={"got": case_id, "allowed": ", ".join(DEMO_PILOTS)}))
    return DEMO_PILOTS[case_id]


def draw_pilot(pilot: DemoPilot, seed: int) -> Drawn:
    """What happens in a pilot, by the same draws as its files."""
    streams = log_streams(seed)
    places, rates = draw_places_and_rates(pilot.spec, streams)
    return Drawn(
        spec=pilot.spec, places=places, rates=rates, tickets=draw_tickets(pilot.spec, places, rates, streams["tickets"]),
        signins=draw_signins(pilot.spec, places, rates, streams["signins"]) if "youth_participation" in pilot.outcomes else None,
        rooms=draw_rooms(pilot.spec, places, rates, streams["rooms"]),
    )


def panel_frame(drawn: Drawn, outcome: str) -> pd.DataFrame:
    """The panel of an outcome, in the columns of `DemoPanels.frames`."""
    spec, places = drawn.spec, drawn.places
    numerator, denominator = COUNTED[outcome](drawn)
    live = np.ones(numerator.shape, dtype=bool)
    if outcome == "youth_participation":
        for place in registers.late_registers(spec, places):
            live[place, : places.starts[place]] = False
    starts = [pd.NaT if start == NEVER else month_at(spec, int(start)) for start in places.starts]
    rollout = registers.rollout(spec, places)
    return pd.DataFrame(
        {
            **_keys(drawn), "numerator": np.where(live, numerator, np.nan).ravel(), "denominator": denominator.ravel(), "live": live.ravel(),
            "treated_from": pd.Series(starts, dtype="datetime64[us]").repeat(spec.months).to_numpy(),
            "assignment_id": np.repeat(rollout["assignment_id"].to_numpy(), spec.months),
        },
        columns=list(PANEL_COLUMNS),
    )


def _keys(drawn: Drawn) -> dict[str, Array]:
    spec, places = drawn.spec, drawn.places
    months = pd.date_range(month_at(spec, 0), periods=spec.months, freq="MS").as_unit("us")
    return {"unit_id": np.repeat(places.codes[: places.n], spec.months), "month": np.tile(months.to_numpy(), places.n)}


def _interpolated(drawn: Drawn, column: str) -> Array:
    """A number of the roster on the first day of every month, by community and month (n, months)."""
    counted = registers.roster_of_communities(drawn.spec, drawn.places)
    firsts = pd.date_range(month_at(drawn.spec, 0), periods=drawn.spec.months, freq="MS").to_numpy().astype("datetime64[D]").astype(np.float64)
    points = counted.assign(day=counted["as_of"].to_numpy().astype("datetime64[D]").astype(np.float64)).groupby("unit_id", sort=False)
    found = {code: np.interp(firsts, rows["day"], rows[column].astype("float64")) for code, rows in points}
    return np.array([found[code] for code in drawn.places.codes[: drawn.places.n]])


def _months_of(spec: LogSpec, moments: Array) -> Array:
    """Months from 0, of moments."""
    return moments.astype("datetime64[M]").astype(np.int64) - np.datetime64(spec.first_month, "M").astype(np.int64)


def _table(drawn: Drawn, places: Array, months: Array, amounts: Array | None = None) -> Array:
    """Sums by community and month (n, months); what lies before the first month is left out."""
    n, t = drawn.places.n, drawn.spec.months
    inside = (months >= 0) & (months < t)
    weights = None if amounts is None else amounts[inside]
    return np.bincount(places[inside] * t + months[inside], weights, minlength=n * t).reshape(n, t).astype(np.float64)


def _complaints(drawn: Drawn) -> tuple[Array, Array]:
    """Cases: first contacts and late returns of complaints and reports that are neither withdrawn, tests, outside nor without a place."""
    table, origins = drawn.tickets.table, drawn.tickets.origins
    counts = table["type"].isin(COMPLAINTS).to_numpy() & ~table["status"].isin(("withdrawn", "test")).to_numpy() & table["place"].notna().to_numpy()
    counts &= ~table["is_outside"].to_numpy(dtype=bool) & origins["contact"].isin(("first", "late")).to_numpy()
    place = drawn.places.grids["origin"].to_numpy()[origins["grid"].to_numpy()]
    months = _months_of(drawn.spec, table["received_at"].to_numpy())
    return _table(drawn, place[counts], months[counts]), _interpolated(drawn, "households")


def _youth(drawn: Drawn) -> tuple[Array, Array]:
    """Different residents who attended and are known to be of 14 to 35."""
    if drawn.signins is None:
        raise SchemaError(Failure(code="CR-M01", values={"setting": "outcome", "got": "youth_participation", "allowed": ", ".join(set(COUNTED) - {"youth_participation"})}))
    table, origins = drawn.signins.table, drawn.signins.origins
    counts = (table["role"] == "attends").to_numpy() & table["is_resident"].fillna(value=False).to_numpy(dtype=bool) & (origins["person"] >= 0).to_numpy()
    counts &= (table["age_low"] >= YOUNGEST).fillna(value=False).to_numpy(dtype=bool) & (table["age_high"] <= OLDEST).fillna(value=False).to_numpy(dtype=bool)
    where = {code: i for i, code in enumerate(drawn.places.codes.tolist())}
    seen = pd.DataFrame(
        {
            "place": origins["community"].map(where).to_numpy()[counts], "month": _months_of(drawn.spec, table["event_at"].to_numpy())[counts],
            "person": origins["person"].to_numpy()[counts],
        }
    ).drop_duplicates()
    return _table(drawn, seen["place"].to_numpy(), seen["month"].to_numpy()), _interpolated(drawn, "youth_population")


def _space(drawn: Drawn) -> tuple[Array, Array]:
    """Hours of use within the reference hours, of the rooms for activities that were on the register on the first day."""
    facts, sessions = drawn.rooms.facts, drawn.rooms.sessions
    fixed = _fixed(drawn)
    minutes = np.minimum(sessions["end"], REFERENCE[1]) - np.maximum(sessions["start"], REFERENCE[0])
    rooms = sessions["room"].to_numpy()
    used = np.clip(np.asarray(minutes), 0, None) / 60 * fixed[rooms]
    months = _months_of(drawn.spec, sessions["day"].to_numpy())
    in_month = np.array([(month_at(drawn.spec, m + 1) - month_at(drawn.spec, m)).days for m in range(drawn.spec.months)])
    rooms_of = np.bincount(facts["origin"].to_numpy()[fixed], minlength=drawn.places.n)
    return _table(drawn, facts["origin"].to_numpy()[rooms], months, used), rooms_of[:, None] * in_month[None, :] * REFERENCE_MINUTES / 60


def _fixed(drawn: Drawn) -> Array:
    facts = drawn.rooms.facts
    return ((facts["room_class"] == "activity") & (facts["since"] <= month_at(drawn.spec, 0))).to_numpy()


def _area(drawn: Drawn, service: str = "service") -> tuple[Array, Array]:
    """Square metres in service and on the register on the last day of every month."""
    facts = drawn.rooms.facts
    lasts = np.array([month_at(drawn.spec, m + 1) - pd.Timedelta(days=1) for m in range(drawn.spec.months)], dtype="datetime64[us]")
    closed = facts["closed"].fillna(DISTANT).to_numpy().astype("datetime64[us]")
    begin = facts[service].to_numpy().astype("datetime64[us]")
    is_room = (facts["room_class"] == "activity").to_numpy()
    there = is_room[:, None] & (facts["since"].to_numpy().astype("datetime64[us]")[:, None] <= lasts[None, :])
    used = there & (begin[:, None] <= lasts[None, :]) & (lasts[None, :] < closed[:, None])
    area, origin = facts["area_m2"].to_numpy(), facts["origin"].to_numpy()
    sums = [np.zeros((drawn.places.n, drawn.spec.months)) for _ in range(2)]
    for made, rows in zip(sums, (used, there), strict=True):
        np.add.at(made, origin, rows * area[:, None])
    return sums[0], sums[1]


COUNTED: Mapping[str, Callable[[Drawn], tuple[Array, Array]]] = {
    "complaint_rate": _complaints, "youth_participation": _youth, "space_use": _space, "area_in_use": _area,
}


def potential_values(drawn: Drawn, outcome: str) -> tuple[Array, Array]:
    """What is expected in every community and month without the pilot and with it, (n, months) each.

    Complaints are expected cases, the others percent. Area in use is not drawn but decided: which rooms the pilot opens, and which open anyway.
    """
    spec = drawn.spec
    if outcome == "area_in_use":
        (opened, registered), (opened_anyway, _) = _area(drawn), _area(drawn, "service_without")
        return 100 * opened_anyway / registered, 100 * opened / registered
    without, with_pilot = (rates[outcome][:, 1:] for rates in (drawn.rates.untreated, drawn.rates.expected))
    if outcome == "complaint_rate":
        households = np.bincount(drawn.places.grids["origin"], drawn.places.grids["households"])[:, None]
        growth = np.array([registers.growth_factor(spec, month_at(spec, month)) for month in range(spec.months)])[None, :]
        return without * households * growth, with_pilot * households * growth
    if outcome == "space_use":
        return 100 * without * _share_in_service(drawn, "service_without"), 100 * with_pilot * _share_in_service(drawn, "service")
    return 100 * without, 100 * with_pilot


def _share_in_service(drawn: Drawn, service: str) -> Array:
    """Share of the room-days of the fixed rooms on which the room was in service (n, months)."""
    facts, spec, fixed = drawn.rooms.facts, drawn.spec, _fixed(drawn)
    edges = np.array([month_at(spec, m) for m in range(spec.months + 1)], dtype="datetime64[D]").astype(np.int64)
    begin = facts[service].to_numpy().astype("datetime64[D]").astype(np.int64)[fixed]
    end = facts["closed"].fillna(DISTANT).to_numpy().astype("datetime64[D]").astype(np.int64)[fixed]
    days = np.clip(np.minimum(edges[None, 1:], end[:, None]) - np.maximum(edges[None, :-1], begin[:, None]), 0, None)
    origin = facts["origin"].to_numpy()[fixed]
    served = np.zeros((drawn.places.n, spec.months))
    np.add.at(served, origin, days)
    return np.asarray(served / (np.bincount(origin, minlength=drawn.places.n)[:, None] * np.diff(edges)[None, :]))


def treated_cells(drawn: Drawn) -> Array:
    """Where the pilot has begun (n, months)."""
    starts = drawn.places.starts[:, None]
    return np.asarray((starts != NEVER) & (np.arange(drawn.spec.months)[None, :] >= starts))


def true_effect(drawn: Drawn, outcome: str) -> float:
    """The effect on the communities and months in the pilot, from what is expected with and without it.

    Percent of the cases that would have been expected without it for complaints; the mean difference of the communities and months, each counting
    once, in percentage points for the others.
    """
    without, with_pilot = potential_values(drawn, outcome)
    cells = treated_cells(drawn)
    if outcome == "complaint_rate":
        return float(100 * (with_pilot[cells].sum() / without[cells].sum() - 1))
    return float((with_pilot - without)[cells].mean())

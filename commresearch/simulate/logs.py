"""A simulated pilot: its logs and registers, and everything that is true of them. Writers turn it into files as clerks keep them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commresearch.records import canonical_json, write_whole
from commresearch.simulate import log_registers as registers
from commresearch.simulate.log_dirt import draw_log_dirt
from commresearch.simulate.log_places import NEVER, Places, draw_places, month_at
from commresearch.simulate.log_rates import Rates, choose_by_record, draw_rates, expected_frame, with_pilot
from commresearch.simulate.log_rooms import Rooms, draw_rooms
from commresearch.simulate.log_signins import Signins, draw_signins
from commresearch.simulate.log_spec import OUTCOMES, LogSpec, check_log_spec
from commresearch.simulate.log_tables import arrow_table
from commresearch.simulate.log_tickets import Tickets, draw_tickets, extract_at
from commresearch.simulate.log_truth import count_complaints, count_youth, denominators, live_share
from commresearch.simulate.log_truth_space import count_space

LOG_STREAMS = ("places", "rates", "tickets", "signins", "rooms", "programmes", "dirt")
UNITS = {"complaint_rate": "percent", "youth_participation": "percentage_points", "space_use": "percentage_points"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What is true of a simulated pilot.

    effects
        outcome, unit, value: what the pilot changed
    expected
        outcome, unit_id, month, untreated, expected: rates without and with the pilot, on the boundaries of the first day
    complaints, youth, space
        numerators and denominators by unit (as it was) and month, counted row by row from the clean tables, whether or not a source was
        recording; `live_share` says on which share of the month it was
    breaks
        source, unit_id, day, kind, note: what changed in what is written down
    dirt
        table, row_id, column, kind, clean, dirty, scope (all files, or workbook), recovery (exact, lost, conflict): one row per cell or row
        that is written in another way
    planted
        table, row_id, column, identifier, value: identifiers of persons in texts
    """

    effects: pd.DataFrame
    expected: pd.DataFrame
    complaints: pd.DataFrame
    youth: pd.DataFrame
    space: pd.DataFrame
    breaks: pd.DataFrame
    dirt: pd.DataFrame
    planted: pd.DataFrame

    def dirt_counts(self) -> pd.DataFrame:
        """table, column, kind, cells."""
        return self.dirt.groupby(["table", "column", "kind"], sort=True).size().rename("cells").reset_index()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedLogs:
    """The logs of people and places that do not exist.

    tables
        by kind (tickets, signins, bookings, counters, rooms, open_hours, roster, grids, lineage, coverage, programmes, rollout): the
        table in typed columns that perfect reading and cleaning gives; `row_id` is `<kind>:<number of the row>`. Keys of
        persons are labels: only which of them are equal is true
    places, rates, tickets, signins, rooms
        where the rows came from
    written
        by table (tickets, signins, bookings): the cells as clerks write them, row by row as in the typed table
    """

    spec: LogSpec
    places: Places
    rates: Rates
    tables: Mapping[str, pd.DataFrame]
    tickets: Tickets
    signins: Signins
    rooms: Rooms
    written: Mapping[str, pd.DataFrame]
    truth: Truth

    @property
    def months(self) -> tuple[str, str]:
        """First and last month, as case.toml writes them."""
        return f"{month_at(self.spec, 0):%Y-%m}", f"{month_at(self.spec, self.spec.months - 1):%Y-%m}"

    @property
    def extract_at(self) -> pd.Timestamp:
        """When the tickets were taken out of their systems."""
        return extract_at(self.spec)

    def arrow(self, kind: str) -> Any:
        """A table as an Arrow table (`pyarrow.Table`) with the types of the typed files."""
        return arrow_table(kind, self.tables[kind])

    def to_dict(self) -> dict[str, object]:
        """The truth, JSON-safe."""
        truth = self.truth
        frames = {name: getattr(truth, name) for name in ("effects", "expected", "complaints", "youth", "space", "breaks", "planted")}
        return {
            "simulated": True,
            "place": self.spec.names.place,
            "spec": asdict(self.spec),
            "extract_at": str(self.extract_at),
            "rows": {kind: len(table) for kind, table in self.tables.items()},
            **{name: _records(frame) for name, frame in frames.items()},
            "dirt": truth.dirt_counts().to_dict("records"),
        }

    def write_truth(self, path: str | Path) -> Path:
        """Write the truth as JSON; it stands outside the folder of the case, and says that all of it is simulated."""
        write_whole(Path(path), canonical_json(self.to_dict()))
        return Path(path)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    days = {name: frame[name].dt.strftime("%Y-%m-%d") for name in frame.columns if frame[name].dtype.kind == "M"}
    return [{str(key): value for key, value in row.items()} for row in frame.assign(**days).to_dict("records")]


def simulate_logs(spec: LogSpec | None = None, *, rng: np.random.Generator | int) -> SimulatedLogs:
    """Simulate the logs of a fictional pilot.

    Communities differ for good and from month to month, follow the year, and change by known amounts once the pilot starts there. Residents
    bring matters forward, come to events, and use rooms; registers say what was recorded of it. Nothing is computed by what it is
    meant to test.

    Parameters
    ----------
    spec
        What to simulate; the default is 12 communities and 30 months.
    rng
        Generator or seed. The same seed and settings give the same logs; the rates of dirt change nothing but the dirt.

    Returns
    -------
    SimulatedLogs

    Raises
    ------
    SchemaError
        Settings that cannot be: all together (CR-M01).

    Notes
    -----
    Chains of tickets never cross a day on which the boundaries of their community change, gaps between contacts are clearly shorter or clearly
    longer than seven days, and nobody brings forward the same topic twice but for a return after more than seven days: every reading of the
    rules for repeats gives the same cases.
    """
    spec = LogSpec() if spec is None else spec
    check_log_spec(spec)
    streams = log_streams(rng)
    places, rates = draw_places_and_rates(spec, streams)
    tickets = draw_tickets(spec, places, rates, streams["tickets"])
    signins = draw_signins(spec, places, rates, streams["signins"])
    rooms = draw_rooms(spec, places, rates, streams["rooms"])
    tables = {
        "tickets": tickets.table, "signins": signins.table, "bookings": rooms.bookings, "counters": rooms.counters, "rooms": rooms.rooms,
        "open_hours": rooms.open_hours, "roster": registers.roster(spec, places), "grids": registers.grid_register(places),
        "lineage": places.lineage, "coverage": registers.coverage(spec, places),
        "programmes": registers.programmes(spec, places, streams["programmes"]), "rollout": registers.rollout(spec, places),
    }
    dirt = draw_log_dirt(spec, places, tickets, signins, rooms, streams["dirt"])
    truth = Truth(
        effects=pd.DataFrame([(name, UNITS[name], spec.effects.get(name, 0.0)) for name in OUTCOMES], columns=["outcome", "unit", "value"]),
        expected=expected_frame(spec, places, rates),
        complaints=_with_denominators(spec, places, count_complaints(spec, places, tickets), tables, "tickets", ("households", "population")),
        youth=_with_denominators(spec, places, count_youth(spec, places, signins), tables, "signins", ("youth_population",)),
        space=_with_denominators(spec, places, count_space(spec, places, rooms), tables, "bookings", ()),
        breaks=_breaks(spec, places),
        dirt=dirt.dirt,
        planted=dirt.planted,
    )
    return SimulatedLogs(
        spec=spec, places=places, rates=rates, tables=tables, tickets=tickets, signins=signins, rooms=rooms, written=dirt.written, truth=truth
    )


def log_streams(rng: np.random.Generator | int) -> dict[str, np.random.Generator]:
    """A generator for every part of a pilot, so that the settings of one change nothing in the others."""
    return dict(zip(LOG_STREAMS, np.random.default_rng(rng).spawn(len(LOG_STREAMS)), strict=True))


def draw_places_and_rates(spec: LogSpec, streams: Mapping[str, np.random.Generator]) -> tuple[Places, Rates]:
    """Communities with their part in the pilot, and the rates of everything in them."""
    places = draw_places(spec, streams["places"])
    rates = draw_rates(spec, places, streams["rates"])
    if spec.selected_on:
        places = choose_by_record(spec, places, rates)
        rates = with_pilot(spec, places, rates)
    return places, rates


def _with_denominators(
    spec: LogSpec, places: Places, counts: pd.DataFrame, tables: Mapping[str, pd.DataFrame], source: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    parts = [denominators(spec, counts, tables["roster"], column) for column in columns]
    return pd.concat([counts.assign(live_share=live_share(counts, tables["coverage"], source, places)), *parts], axis=1)


def _breaks(spec: LogSpec, places: Places) -> pd.DataFrame:
    """Days on which what is written down changes, though nothing else does."""
    rows: list[tuple[object, ...]] = []
    if spec.tickets.new_channel is not None:
        note = f"x {1 + spec.tickets.new_channel_adds:g}"
        rows.append(("tickets", "*", month_at(spec, spec.tickets.new_channel), "new_channel", note))
    if spec.tickets.recoding is not None:
        rows.append(("tickets", "*", month_at(spec, spec.tickets.recoding), "recoding", f"complaint -> help: {spec.tickets.recoded:g}"))
    for place in registers.late_registers(spec, places):
        unit = places.communities[place]
        rows.append(("signins", unit.code, month_at(spec, unit.start), "register_begins", "with the pilot"))
    for unit in places.communities:
        day = max(month_at(spec, max(unit.start, 0)), unit.valid_from or registers.FOUNDED)
        if unit.start != NEVER and spec.rooms.longer_hours and (unit.valid_to is None or day < unit.valid_to):
            rows.append(("open_hours", unit.code, day, "longer_hours", "part of the pilot"))
    frame = pd.DataFrame(rows, columns=["source", "unit_id", "day", "kind", "note"])
    return frame.astype({"source": "str", "unit_id": "str", "day": "datetime64[us]", "kind": "str", "note": "str"})

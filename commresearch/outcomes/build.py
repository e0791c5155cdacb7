"""Events, units and months to a panel: zero where a source was recording and nothing happened, missing where it was not."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.context import Cells, Context, make_context, month_table
from commresearch.outcomes.definition import UNITS, OutcomeDefinition, require_equal
from commresearch.outcomes.denominators import denominators
from commresearch.outcomes.empty_months import RecordedMonths, empty_month_problems, empty_months_rule
from commresearch.outcomes.engine import Engine, ParquetTable, Source, open_engine
from commresearch.outcomes.frame_panel import ratio
from commresearch.outcomes.given import event_tables, joined_tables, require_register
from commresearch.outcomes.ledgers import LedgerGap, ledger_gaps, told_in_part
from commresearch.outcomes.live import ALL_UNITS, first_live, late_registration, live_shares, recording_breaks
from commresearch.outcomes.measures import repeated
from commresearch.outcomes.panel import BREAK_COLUMNS, PANEL_COLUMNS, Panel
from commresearch.outcomes.placing import told_places
from commresearch.outcomes.units import UnitRegister
from commresearch.terms import DataKind, Outcome, Unit

#: The kind that a single table of events is.
MAIN_KIND: Mapping[Outcome, DataKind] = {
    Outcome.COMPLAINT_RATE: DataKind.TICKETS, Outcome.YOUTH_PARTICIPATION: DataKind.SIGNINS, Outcome.SPACE_USE: DataKind.BOOKINGS,
    Outcome.AREA_IN_USE: DataKind.ROOMS,
}
COUNTED_IN: Mapping[Outcome, str] = {
    Outcome.COMPLAINT_RATE: "complaints", Outcome.YOUTH_PARTICIPATION: "participation", Outcome.SPACE_USE: "space", Outcome.AREA_IN_USE: "area",
}
#: kinds in which a change of recording touches an outcome
RECORDED_IN: Mapping[Outcome, frozenset[DataKind]] = {
    Outcome.COMPLAINT_RATE: frozenset({DataKind.TICKETS}), Outcome.YOUTH_PARTICIPATION: frozenset({DataKind.SIGNINS}),
    Outcome.SPACE_USE: frozenset({DataKind.BOOKINGS, DataKind.COUNTERS, DataKind.ROOMS, DataKind.OPEN_HOURS}), Outcome.AREA_IN_USE: frozenset({DataKind.ROOMS}),
}
LOGS = frozenset({DataKind.TICKETS, DataKind.SIGNINS, DataKind.BOOKINGS, DataKind.COUNTERS})
HOUSEHOLDS, POPULATION, YOUTH = "households", "population", "youth_population"
#: Numbers of the roster below values: of the outcome, and of companions by their unit.
OF_OUTCOME = {Outcome.COMPLAINT_RATE: HOUSEHOLDS, Outcome.YOUTH_PARTICIPATION: YOUTH}
OF_UNIT = {Unit.PER_1000_HOUSEHOLDS: HOUSEHOLDS, Unit.PER_10000_RESIDENTS: POPULATION}
ADDED_UP = frozenset({Unit.COUNT, Unit.PERSONS, Unit.PERSON_TIMES, Unit.HOURS, Unit.M2_HOURS})
MEASURED = frozenset({Unit.HOURS, Unit.M2_HOURS})
PERIODS = {"_quarter": 3, "_year": 12}  #: measures of longer periods, by the ends of their names; they stand at the first month
FULL = 1 - 1e-9

Table: TypeAlias = "pd.DataFrame | ParquetTable"
Events: TypeAlias = "Source | Mapping[DataKind | str, Source] | Sequence[ParquetTable]"


def build_panel(
    outcome: Outcome | str, events: "Events", roster: "Table | UnitRegister", rollout: "Table | None", *, months: Sequence[object],
    coverage: "Table | None" = None, engine: Engine | str | None = None, extract_at: datetime | None = None,
    months_without_rows: "str | Mapping[DataKind, str | Sequence[str]] | None" = None, **definition: object,
) -> Panel:
    """Count an outcome by unit and month.

    Parameters
    ----------
    outcome : Outcome
        What is counted.
    events : EventTable, DataFrame, Path, or a mapping of kinds to these
        The log; with several kinds (bookings, counters, rooms, …; grids and lineage, too) a mapping, or a list of EventTables, some of one kind.
    roster : DataFrame, EventTable or UnitRegister
        Units with validity and denominators; several rows of a unit are readings of different dates (as_of).
    rollout : DataFrame or EventTable or None
        unit_id, start_month (missing: comparison), assigned_level, assignment_id. Units that are not named are never treated.
    months : sequence
        First and last month, as in ("2023-01", "2025-06").
    coverage : DataFrame or EventTable, optional
        source, unit_id, live_from, live_to. Without it no month is known to be zero: months without events are missing.
    engine : Engine or str, optional
        An open engine, or what `open_engine` takes: "duckdb" (default), a Spark master.
    extract_at : datetime, optional
        When the log was taken from its system; else its last entry is the earliest it can be.
    months_without_rows : "missing" or "zero", or a mapping of kinds to these or to one for each of its EventTables, optional
        What a month is in which a log has no row at all while coverage says that it was recording: missing (a file may not have come), or zero
        (nothing happened). Where nothing is said, such months between others are zero, and a log without any row tells of none. Where "missing" is
        said of one of several ledgers, months that others have rows of are partial in the units that it has rows of in other months.
    **definition
        Choices of the definition that differ from its defaults (`OutcomeDefinition.of`).

    Returns
    -------
    Panel
        One row for every unit and month. `value` is missing where the source was not recording (coverage) or the unit did not exist; events of
        such months are in the account as not_live.

    Raises
    ------
    OutcomeError
        The definition, units or places are faulty (CR-O04 … CR-O08), a register was made for other units (CR-O09), a table is missing (CR-O10), the roll-out names units that are not in the roster,
        or starts a unit twice (CR-O11); the months are none (CR-O20); a table lacks columns, is not there or holds what it should not (CR-O21 … CR-O24);
        no such thing becomes of months without rows (CR-O26).
    """
    if isinstance(roster, UnitRegister):  # its level and boundaries are part of the definition
        definition = {"unit_level": str(roster.level), "boundaries": roster.boundaries} | definition
    wanted, outcome = OutcomeDefinition.of(outcome, **definition), Outcome(outcome)
    ledgers, table, empty = event_tables(events, MAIN_KIND[outcome]), month_table(months), empty_months_rule(months_without_rows)
    tables = joined_tables(ledgers)
    starting, recorded = _registers(rollout, coverage)
    register = _register(roster, tables, wanted)
    given, starts = _logs_of(outcome, tables), _starts(register, starting)
    opened = nullcontext(engine) if isinstance(engine, Engine) else open_engine("duckdb" if engine is None else engine)
    with opened as running:
        context = make_context(running, given, register, wanted, table, extract_at=extract_at)
        cells = counter_of(outcome)(running, context)
        told = RecordedMonths.of(running, _needed(outcome, context), empty)
        gaps = ledger_gaps(running, context, {kind: ledgers[kind] for kind in told.rows}, empty, recorded)
    return _without_ledgers(_assembled(outcome, context, cells, starts, recorded, told), gaps, context, recorded)


def _registers(rollout: "Table | None", coverage: "Table | None") -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Roll-out and coverage as frames that hold what they should."""
    starting, recorded = (None if t is None else _frame(t) for t in (rollout, coverage))
    require_register(DataKind.ROLLOUT, None if starting is None or starting.empty else starting)
    require_register(DataKind.COVERAGE, recorded)
    return starting, recorded


def _logs_of(outcome: Outcome, tables: Mapping[DataKind, Any]) -> dict[DataKind, Any]:
    """The logs among the tables.

    Raises
    ------
    OutcomeError
        The one that the outcome is counted from is missing (CR-O10).
    """
    given: dict[DataKind, Any] = {kind: table for kind, table in tables.items() if kind not in {DataKind.GRIDS, DataKind.LINEAGE, DataKind.ROSTER, DataKind.COVERAGE}}
    if MAIN_KIND[outcome] not in given and not (outcome is Outcome.SPACE_USE and DataKind.COUNTERS in given):
        raise OutcomeError(Failure(code="CR-O10", values={"kind": str(MAIN_KIND[outcome]), "known": ", ".join(given)}))
    return given


def counter_of(outcome: Outcome) -> Callable[[Engine, Context], Cells]:
    """What counts an outcome."""
    counter: Callable[[Engine, Context], Cells] = import_module(f"commresearch.outcomes.{COUNTED_IN[outcome]}").cells
    return counter


def _frame(table: "Table") -> pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else table.frame()


def _register(roster: "Table | UnitRegister", tables: Mapping[DataKind, Any], wanted: OutcomeDefinition) -> UnitRegister:
    if isinstance(roster, UnitRegister):
        made = OutcomeDefinition.of(wanted.outcome, **dict(wanted.parameters) | {"unit_level": str(roster.level), "boundaries": roster.boundaries})
        require_equal(wanted, made)
        return roster
    grids, lineage = (_frame(tables[k]) if k in tables else None for k in (DataKind.GRIDS, DataKind.LINEAGE))
    for kind, table in ((DataKind.ROSTER, _frame(roster)), (DataKind.GRIDS, grids), (DataKind.LINEAGE, lineage)):
        require_register(kind, table)
    return UnitRegister.of(_frame(roster), grids, lineage, level=wanted["unit_level"], boundaries=wanted["boundaries"])


def _starts(register: UnitRegister, rollout: pd.DataFrame | None) -> pd.DataFrame:
    """What was decided for each unit: treated_from and assignment_id by unit_id (index).

    Raises
    ------
    OutcomeError
        A unit of the roll-out is not in the roster, or a unit is made up of parts that start in different months (CR-O11).
    """
    units = register.units.set_index("unit_id")
    starts = pd.DataFrame(
        {"treated_from": pd.Series(pd.NaT, index=units.index, dtype="datetime64[us]"), "assignment_id": units["community_id"].astype("str")}
    )
    if rollout is None or rollout.empty:
        return starts
    known = set(register.roster["unit_id"].astype(str)) | set(units["community_id"].astype(str))
    named = rollout["unit_id"].astype(str)
    failures = [Failure(code="CR-O11", values={"unit": u, "got": "—"}) for u in named[~named.isin(known)].unique()]
    months = pd.to_datetime(rollout["start_month"]).dt.to_period("M").dt.to_timestamp().astype("datetime64[us]").tolist()
    rows: dict[str, list[int]] = {}
    for number, name in enumerate(named):
        rows.setdefault(name, []).append(number)
    stated, starting, assigned = rollout.to_dict("records"), starts["treated_from"].tolist(), starts["assignment_id"].tolist()
    for place, (unit, community) in enumerate(zip(units.index, list(assigned), strict=True)):
        parts = dict.fromkeys((unit, *(s.unit for s in register.components[unit]), community))
        numbers = rows[unit] if unit in rows else [n for part in parts for n in rows.get(part, [])]
        found = dict.fromkeys("—" if pd.isna(months[n]) else f"{months[n]:%Y-%m}" for n in numbers)
        if len(found) > 1:
            failures.append(Failure(code="CR-O11", values={"unit": unit, "got": ", ".join(found)}))
        elif found:
            starting[place], assigned[place] = months[numbers[0]], _assignment(stated[numbers[0]], unit, community)
    if failures:
        raise OutcomeError(*failures)
    columns = {"treated_from": pd.Series(starting, index=units.index, dtype="datetime64[us]"), "assignment_id": pd.Series(assigned, index=units.index, dtype="str")}
    return pd.DataFrame(columns)


def _assignment(row: Mapping[Any, Any], unit: str, community: str) -> str:
    """What was chosen: as stated, else the unit at the level of the choice."""
    stated = row.get("assignment_id")
    if not pd.isna(stated) and str(stated):
        return str(stated)
    return community if row.get("assigned_level") == "community" or pd.isna(row.get("assigned_level")) else unit


def _assembled(outcome: Outcome, context: Context, cells: Cells, starts: pd.DataFrame, coverage: pd.DataFrame | None, told: RecordedMonths) -> Panel:
    register, months, definition = context.register, context.months, context.definition
    frame = _grid(register, months)
    counted = cells.cells.set_index(["unit_id", "month"]).reindex(pd.MultiIndex.from_product([register.units["unit_id"], months["month"]]))
    astray = frame["month"].isin(cells.astray).to_numpy()
    withheld = astray | counted["withheld"].isin([True]).to_numpy() if "withheld" in counted else astray
    happened = counted["numerator"].notna().to_numpy() | withheld
    frame, empty = _with_live(frame, context, coverage, happened, told)
    frame["numerator"] = np.where(frame["live"] & ~withheld, counted["numerator"].fillna(0.0), np.nan)
    roster = cache(lambda name: _roster_numbers(context, name))
    own = counted["denominator"].to_numpy(dtype=np.float64) if "denominator" in counted else np.full(len(frame), np.nan)
    frame["denominator"] = np.where(frame["valid_share"] > 0, roster(OF_OUTCOME[outcome]) if outcome in OF_OUTCOME else own, np.nan)
    if outcome not in OF_OUTCOME:  # without a room there is nothing that could have been used
        frame["numerator"] = frame["numerator"].where(frame["denominator"] > 0)
    frame["value"] = ratio(frame["numerator"].to_numpy(), frame["denominator"].to_numpy(), UNITS[outcome])
    first = cells.provisional
    frame["provisional"] = frame["month"] >= first if first is not None else False
    begun = {} if coverage is None else first_live(register, coverage, _needed(outcome, context))
    frame["blocked"] = frame["unit_id"].map(late_registration(begun, starts["treated_from"])).to_numpy(dtype=bool)
    frame = frame.join(starts, on="unit_id")
    events = counted["events" if "events" in counted else "numerator"].fillna(0)
    dark = 0 if outcome is Outcome.AREA_IN_USE else int(events[~frame["live"].to_numpy()].sum())
    beside = _companions(cells.companions, frame.assign(live=frame["live"] & ~astray), roster)
    return Panel(
        frame=frame[list(PANEL_COLUMNS)], definition=definition, unit=UNITS[outcome], companions=beside,
        account=_without_dark(cells.account, dark), unplaced=told_places(cells.unplaced),
        breaks=pd.DataFrame(columns=list(BREAK_COLUMNS)) if coverage is None else _own_breaks(outcome, coverage), problems=_problems(register, coverage, empty, cells.problems),
    )


def _without_ledgers(panel: Panel, gaps: Sequence[LedgerGap], context: Context, coverage: pd.DataFrame | None) -> Panel:
    """The panel with months marked as partial whose numbers lack one of several ledgers."""
    if not gaps:
        return panel
    marked, added = told_in_part(panel.frame, gaps, context, coverage)
    parts = [part.astype("object") for part in (panel.problems, added) if len(part)]
    frame = panel.frame.assign(partial_month=panel.frame["partial_month"].astype(bool) | marked)
    return replace(panel, frame=frame, problems=pd.concat(parts, ignore_index=True) if parts else panel.problems)


def _own_breaks(outcome: Outcome, coverage: pd.DataFrame) -> pd.DataFrame:
    """Dated changes of recording of what the outcome is counted from."""
    found = recording_breaks(coverage)
    return found[found["source"].astype("str").str.split(":").str[0].isin(RECORDED_IN[outcome])].reset_index(drop=True)


def _grid(register: UnitRegister, months: pd.DataFrame) -> pd.DataFrame:
    """Every unit and month, in order, with the share of the month in which the unit existed."""
    units = register.units[["unit_id", "unit_level", "community_id"]]
    return units.merge(months[["month"]], how="cross").assign(valid_share=register.valid_shares(months).ravel())


def _needed(outcome: Outcome, context: Context) -> list[DataKind]:
    """Sources of which one must have been recording, or nothing is known of a month."""
    return [DataKind.ROOMS] if outcome is Outcome.AREA_IN_USE else [k for k in context.tables if k in LOGS & RECORDED_IN[outcome]]


def _with_live(
    frame: pd.DataFrame, context: Context, coverage: pd.DataFrame | None, happened: np.ndarray, told: RecordedMonths
) -> tuple[pd.DataFrame, dict[DataKind, list[pd.Timestamp]]]:
    """The frame with live, live_share and partial_month; and by kind the months of which a source that was recording tells nothing."""
    outcome = Outcome(context.definition.outcome)
    existed, months, silent = frame["valid_share"].to_numpy(), frame["month"], {}
    of_register = outcome is Outcome.AREA_IN_USE and (coverage is None or not coverage["source"].astype(str).str.startswith("rooms").any())
    if of_register:
        share = existed
    elif coverage is None:
        share = np.where(happened, existed, 0.0)
    else:
        share = np.zeros(len(frame))
        for kind in _needed(outcome, context):  # bookings or counters: one of them tells of use
            found = live_shares(context.register, context.months, coverage, [kind])["live_share"].to_numpy()
            tells = told.tell(kind, months)
            silent[kind] = [pd.Timestamp(month) for month in months[(found > 0) & ~tells].unique()]
            share = np.maximum(share, np.where(tells, found, 0.0))
    share = np.minimum(share, months.map(_extracted(context)).to_numpy())
    return frame.assign(live=share > 0, live_share=share, partial_month=(existed > 0) & (existed < FULL) | (share > 0) & (share < FULL)), silent


def _extracted(context: Context) -> "pd.Series[float]":
    """Share of each month that had passed when the log was extracted: of what came later it says nothing."""
    months = context.months
    if context.extract_at is None:
        return pd.Series(1.0, index=months["month"])
    passed = (pd.Timestamp(context.extract_at) - months["month"]) / (months["next_month"] - months["month"])
    return pd.Series(passed.clip(0, 1).to_numpy(dtype=np.float64), index=months["month"])


def _roster_numbers(context: Context, column: str) -> np.ndarray:
    choices = dict(context.definition.parameters)
    baseline = choices.get("baseline")
    found = denominators(
        context.register, context.months, column, how="baseline" if choices.get("denominator") == "baseline" else "interpolated",
        baseline=baseline if isinstance(baseline, date) else None,
    )
    return found["value"].to_numpy()


def _companions(given: pd.DataFrame, frame: pd.DataFrame, roster: Callable[[str], np.ndarray]) -> pd.DataFrame:
    """Every measure for every unit and month: zero where counts were recorded and nothing happened, missing where nothing was recorded.

    Measures of quarters and years have a row for every period, missing where one of its months was not recorded.
    """
    if given.empty:
        return given
    ids, place, parts = frame[["unit_id", "month"]], _places_in(frame, given), []
    numbers = given[["numerator", "denominator", "value"]].to_numpy(dtype=np.float64)
    which, measures = pd.factorize(given["measure"])
    live = {length: _live_throughout(frame, length)[:, None] for length in (1, *PERIODS.values())}
    for number, measure in enumerate(measures.tolist()):
        rows = np.flatnonzero(which == number)
        unit = Unit(given["unit"].iloc[rows[0]])
        there = rows[place[rows] >= 0]
        found, named = np.full((len(frame), 3), np.nan), np.zeros(len(frame), dtype=bool)
        found[place[there]], named[place[there]] = numbers[there], True
        if named.sum() < len(there):
            raise ValueError(f"{measure}: more than one row of a unit and month")
        length = next((n for ending, n in PERIODS.items() if str(measure).endswith(ending)), 1)
        told = np.where(live[length], _completed(found, named, unit, roster, whole=bool(np.isnan(numbers[rows, 1]).all())), np.nan)
        kept = slice(None) if length == 1 else named
        parts.append((ids[kept], told[kept], str(measure), str(unit)))
    return _stacked(parts)


def _stacked(parts: Sequence[tuple[pd.DataFrame, np.ndarray, str, str]]) -> pd.DataFrame:
    """Companions of measures, one after the other: unit_id and month, the three numbers, name of the measure, its unit."""
    sizes = [len(ids) for ids, _, _, _ in parts]
    above, below, value = (np.concatenate([numbers[:, column] for _, numbers, _, _ in parts]) for column in range(3))
    measure, unit = repeated([name for _, _, name, _ in parts], sizes), repeated([name for _, _, _, name in parts], sizes)
    ids = {name: pd.concat([ids[name] for ids, _, _, _ in parts], ignore_index=True) for name in ("unit_id", "month")}
    return pd.DataFrame(ids | {"measure": measure, "numerator": above, "denominator": below, "value": value, "unit": unit}, copy=False)


def _completed(found: np.ndarray, named: np.ndarray, unit: Unit, roster: Callable[[str], np.ndarray], *, whole: bool) -> np.ndarray:
    """Numerator, denominator and value of a measure, zero where nothing was counted, and the numbers of the roster below those of its units."""
    above, below, value = found.T
    if unit in OF_UNIT:
        above, below = np.nan_to_num(above), roster(OF_UNIT[unit])
        value = ratio(above, below, unit)
    elif unit in ADDED_UP and whole:
        above, value = (np.where(named, column, 0.0) for column in (above, value))
    else:
        above, below = (np.where(named, column, 0.0) if unit not in MEASURED else column for column in (above, below))
    return np.column_stack((above, below, value))


def _places_in(frame: pd.DataFrame, given: pd.DataFrame) -> np.ndarray:
    """Row of a frame (units by months, in order) that every row of a table speaks of; −1 where there is none."""
    units, months = (pd.Index(frame[name].unique()) for name in ("unit_id", "month"))
    (unit, some_units), (month, some_months) = (pd.factorize(given[name], use_na_sentinel=False) for name in ("unit_id", "month"))
    unit, month = units.get_indexer(pd.Index(some_units))[unit], months.get_indexer(pd.Index(some_months))[month]
    return np.where((unit < 0) | (month < 0), -1, unit * len(months) + month)


def _live_throughout(frame: pd.DataFrame, length: int) -> np.ndarray:
    """Whether each month of the frame (units by months, in order) and those behind it, `length` in all, were recorded."""
    table = frame["live"].to_numpy(dtype=bool).reshape(frame["unit_id"].nunique(), -1)
    padded = np.pad(table, ((0, 0), (0, length - 1)))
    return np.lib.stride_tricks.sliding_window_view(padded, length, axis=1).all(axis=2).ravel()


def _problems(
    register: UnitRegister, coverage: pd.DataFrame | None, empty: Mapping[DataKind, list[pd.Timestamp]], own: pd.DataFrame
) -> pd.DataFrame:
    """Problems of the registers of units and of the outcome, units of coverage that are not known, and months for which a live source has no row."""
    known = {ALL_UNITS, *register.roster["unit_id"].astype(str).tolist(), *register.roster["community_id"].dropna().astype(str).tolist()}
    unknown = [] if coverage is None else sorted(set(coverage["unit_id"].astype(str)) - known)
    added = pd.DataFrame({"problem": "coverage_of_unknown_unit", "place": unknown, "unit_id": unknown, "valid_from": None, "valid_to": None})
    parts = [part for part in (register.problems, own, added, empty_month_problems(empty)) if len(part)]
    return pd.concat([part.astype("object") for part in parts], ignore_index=True) if parts else register.problems


def _without_dark(account: pd.DataFrame, dark: int) -> pd.DataFrame:
    """The account with the cases of months that do not count as recorded on a line of their own."""
    if not dark:
        return account.reset_index(drop=True)
    rest = account["rule"] != "counted"
    counted = int(account.loc[~rest, "events"].sum()) - dark
    added = pd.DataFrame({"rule": ["not_live", "counted"], "events": [dark, counted]})
    return pd.concat([account[rest], added], ignore_index=True)

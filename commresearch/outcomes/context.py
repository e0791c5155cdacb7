"""What the modules of the outcomes are given, and what they give back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cleaning.event_contracts import contract_of
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.outcomes.engine import Engine, Source
from commresearch.outcomes.given import SQL_TYPES, require_cells, require_tables
from commresearch.outcomes.units import UnitRegister
from commresearch.terms import DataKind

COMPANION_COLUMNS = ("unit_id", "month", "measure", "numerator", "denominator", "value", "unit")
ACCOUNT_COLUMNS = ("rule", "events")
UNPLACED_COLUMNS = ("place", "events", "first", "last")
#: Rules of an account that tell of events which another of its lines counts: they are no part of its sum.
TOLD_BESIDE = frozenset({"repeats_not_folded", "carried_on"})
#: How a month is written.
MONTH = re.compile(r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """An engine with its tables, the register of units and the definition.

    Tables that every text may read: `months` (month, next_month), `places` (place, unit_id, valid_from, valid_to, unit_number; times, never missing: an open
    end is 9999-12-31), `units` (unit_id, unit_number), and every kind of events under its own name (`tickets`, `signins`, …) with all columns of its contract.

    months : DataFrame
        month and next_month (datetime64[us], first days), one row per month of the panel.
    tables : mapping
        Kinds of events that were given.
    extract_at : datetime, optional
        When the events were taken from their system; None where that is not known.
    """

    engine: Engine
    months: pd.DataFrame
    register: UnitRegister
    definition: OutcomeDefinition
    tables: Mapping[DataKind, Source]
    extract_at: datetime | None = None

    @property
    def start(self) -> datetime:
        """First moment of the panel."""
        return pd.Timestamp(self.months["month"].iloc[0]).to_pydatetime()

    @property
    def end(self) -> datetime:
        """First moment after the panel."""
        return pd.Timestamp(self.months["next_month"].iloc[-1]).to_pydatetime()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """What an outcome counted, before zeros and missing months are told apart.

    cells : DataFrame
        unit_id, month, numerator, denominator; only units and months with something in them. A denominator of NaN, or no such column, is filled from the
        register (households, say) by `build_panel`; an outcome that has its own (room-hours) gives one for every unit and month. A column
        `withheld` marks months that were recorded, but of which too little is known for a number; a column `events` says how many events of the
        last line of the account are in them, where that is not the numerator.
    companions : DataFrame
        COMPANION_COLUMNS; a unit and month that is not named counts as zero where the measure is a count, else as missing. Measures whose
        names end in _quarter or _year stand at the first month of their period.
    account : DataFrame
        rule, events: how many events each rule set aside, in order; the rest was counted. Lines of TOLD_BESIDE name events that another line counts.
    unplaced : DataFrame
        place, events, first, last.
    provisional : Timestamp, optional
        First month whose follow-up was not finished when the events were extracted.
    astray : frozenset of Timestamp
        Months in which most events belong to no unit, so that nothing is told of any.
    problems : DataFrame
        problem, place, unit_id, valid_from, valid_to: what a register of the outcome says that the roster does not know.
    """

    cells: pd.DataFrame
    companions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COMPANION_COLUMNS)))
    account: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ACCOUNT_COLUMNS)))
    unplaced: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(UNPLACED_COLUMNS)))
    provisional: pd.Timestamp | None = None
    astray: frozenset[pd.Timestamp] = frozenset()
    problems: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["problem", "place", "unit_id", "valid_from", "valid_to"]))


def make_context(
    engine: Engine, tables: Mapping[DataKind, Source], register: UnitRegister, definition: OutcomeDefinition, months: pd.DataFrame, *,
    extract_at: datetime | None = None,
) -> Context:
    """Register every table with the engine, and hold the context.

    Raises
    ------
    OutcomeError
        Tables lack columns, are not there, or hold what they should not (CR-O21, CR-O22, CR-O23).
    """
    require_tables(tables)
    engine.table("months", months)
    places, units = numbered_places(register)
    engine.table("places", places)
    engine.table("units", units)
    for kind, source in tables.items():
        engine.table(f"{kind}_given", source)
    require_cells(engine, tables)
    for kind in tables:
        _complete(engine, kind)
    return Context(engine=engine, months=months, register=register, definition=definition, tables=dict(tables), extract_at=extract_at)


def numbered_places(register: UnitRegister) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where places belong (place, unit_id, valid_from, valid_to, unit_number), and the units by their numbers: millions of events carry these."""
    places = register.places()
    numbers, units = pd.factorize(places["unit_id"], sort=True)
    return places.assign(unit_number=numbers.astype(np.int32)), pd.DataFrame({"unit_id": units, "unit_number": np.arange(len(units), dtype=np.int32)})


def _complete(engine: Engine, kind: DataKind) -> None:
    """The table with every column of its contract: one that was not given is missing throughout."""
    contract = contract_of(kind)
    given = engine.columns(f"{kind}_given")
    texts = {c.name: SQL_TYPES[c.type] for c in contract.columns}
    parts = [f"CAST({name if name in given else 'NULL'} AS {type_}) AS {name}" for name, type_ in texts.items()]
    row_id = "CAST(row_id AS STRING) AS row_id" if "row_id" in given else "CAST('' AS STRING) AS row_id"
    engine.view(str(kind), f"SELECT {', '.join([row_id, *parts])} FROM {kind}_given")  # noqa: S608 - names of contracts


def month_table(months: Sequence[Any]) -> pd.DataFrame:
    """The months of a panel (month, next_month) from its first and last month or from all of them.

    Parameters
    ----------
    months : sequence
        ("2023-01", "2025-06"): first and last; or more than two in order. Texts like these, dates, times or periods.

    Raises
    ------
    OutcomeError
        There is none, one is no month, or they are not in order (CR-O20).
    """
    periods = _periods(months)
    if not periods or periods != sorted(periods):
        shown = months if isinstance(months, str) or not isinstance(months, Sequence) else ", ".join(str(m) for m in months)
        raise OutcomeError(Failure(code="CR-O20", values={"got": shown}))
    every = pd.period_range(periods[0], periods[-1], freq="M")
    return pd.DataFrame({name: (every + k).to_timestamp().astype("datetime64[us]") for k, name in enumerate(("month", "next_month"))})


def _periods(months: Any) -> list[pd.Period]:
    """Months as periods; none where one of them is no month that a clock of the computer can hold."""
    try:
        found = [] if isinstance(months, str) else [_period(m) for m in months]
        return found if all((period + 1).to_timestamp() for period in found) else []
    except (ValueError, TypeError, OverflowError):
        return []


def _period(month: Any) -> pd.Period:
    """A month as a period.

    Raises
    ------
    ValueError
        It is none.
    """
    if isinstance(month, str) and MONTH.fullmatch(month.strip()):
        return pd.Period(month.strip().replace("/", "-"), freq="M")
    if isinstance(month, date | pd.Period | np.datetime64) and str(month) != "NaT":
        return pd.Timestamp(str(month)).to_period("M")
    raise ValueError(month)

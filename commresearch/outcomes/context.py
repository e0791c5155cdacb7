"""What the modules of the outcomes are given, and what they give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from commresearch.cleaning.event_contracts import ColumnType, contract_of
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.outcomes.engine import Engine, Source
from commresearch.outcomes.units import UnitRegister
from commresearch.terms import DataKind

COMPANION_COLUMNS = ("unit_id", "month", "measure", "numerator", "denominator", "value", "unit")
ACCOUNT_COLUMNS = ("rule", "events")
UNPLACED_COLUMNS = ("place", "events", "first", "last")
SQL_TYPES = {
    ColumnType.CODE: "STRING", ColumnType.TEXT: "STRING", ColumnType.CATEGORY: "STRING", ColumnType.TIMESTAMP: "TIMESTAMP", ColumnType.DATE: "DATE",
    ColumnType.NUMBER: "DOUBLE", ColumnType.COUNT: "BIGINT", ColumnType.BOOLEAN: "BOOLEAN",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """An engine with its tables, the register of units and the definition.

    Tables that every text may read: `months` (month, next_month), `places` (place, unit_id, valid_from, valid_to; times, never missing: an open end is
    9999-12-31), and every kind of events under its own name (`tickets`, `signins`, …) with all columns of its contract.

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
        `withheld` marks months that were recorded, but of which too little is known for a number.
    companions : DataFrame
        COMPANION_COLUMNS; a unit and month that is not named counts as zero where the measure is a count, else as missing. Measures whose
        names end in _quarter or _year stand at the first month of their period.
    account : DataFrame
        rule, events: how many events each rule set aside, in order; the rest was counted.
    unplaced : DataFrame
        place, events, first, last.
    provisional : Timestamp, optional
        First month whose follow-up was not finished when the events were extracted.
    """

    cells: pd.DataFrame
    companions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COMPANION_COLUMNS)))
    account: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ACCOUNT_COLUMNS)))
    unplaced: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(UNPLACED_COLUMNS)))
    provisional: pd.Timestamp | None = None


def make_context(
    engine: Engine, tables: Mapping[DataKind, Source], register: UnitRegister, definition: OutcomeDefinition, months: pd.DataFrame, *,
    extract_at: datetime | None = None,
) -> Context:
    """Register every table with the engine, and hold the context."""
    engine.table("months", months)
    engine.table("places", register.places())
    for kind, source in tables.items():
        engine.table(f"{kind}_given", source)
        _complete(engine, kind)
    return Context(engine=engine, months=months, register=register, definition=definition, tables=dict(tables), extract_at=extract_at)


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
        ("2023-01", "2025-06"): first and last; or more than two, as they stand. Anything that pandas reads as a month.
    """
    periods = [pd.Period(str(m), freq="M") if isinstance(m, str) else pd.Timestamp(m).to_period("M") for m in months]
    first = pd.period_range(min(periods), max(periods), freq="M")
    month = first.to_timestamp().astype("datetime64[us]")
    return pd.DataFrame({"month": month, "next_month": (first + 1).to_timestamp().astype("datetime64[us]")})

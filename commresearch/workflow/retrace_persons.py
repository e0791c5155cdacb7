"""One printed participation rate taken apart again, person by person: a way of its own, beside the one that counted it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes import Panel, UnitRegister
from commresearch.outcomes.belongings import Belonging
from commresearch.terms import DataKind
from commresearch.workflow.retraced import COUNTED, RateOfPeople, denominator_day, denominator_on, month_after, read_rows

COLUMNS = ("row_id", "event_at", "place", "home", "is_resident", "person_key", "age_low", "age_high", "role")
ATTENDS = "attends"
IN_BAND, OUTSIDE, UNCLEAR = "in_band", "outside_band", "age_unclear"
RESIDENT, VISITOR, UNKNOWN = "resident", "visitor", "residence_unknown"
PERSON_COLUMNS = ("person", "rows", "age", "residence", "rule")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateOfPersons(RateOfPeople):
    """How a participation rate follows from the rows of sign-ins; its `rows` are row_id, place, person (its number, missing where none is told) and rule.

    persons : DataFrame
        person (1, 2, … in order of their first rows), rows (their ids), age ("in_band", "outside_band", "age_unclear"), residence ("resident", "visitor",
        "residence_unknown"), rule (`counted`, else why not). Nothing in it tells who a person is.
    """

    persons: pd.DataFrame


def retrace_participation(signins: Sequence[EventTable], register: UnitRegister, panel: Panel, unit: str, month: pd.Timestamp) -> RateOfPersons:
    """Count one cell of a panel of youth participation again, person by person.

    Parameters
    ----------
    signins : sequence of EventTable
        The cleaned logs that the panel was made from.
    register : UnitRegister
        Units and places, on the boundaries of the panel.
    panel : Panel
        Its definition says which ages count.
    unit, month
        The cell.

    Returns
    -------
    RateOfPersons
        `numerator` agrees with the panel where both are right and the month is not withheld.
    """
    places: dict[str, list[Belonging]] = defaultdict(list)
    for belonging in register.belongings:
        places[belonging.place].append(belonging)
    own = sorted({b.place for b in register.belongings if b.unit == unit})
    begin, end = month.to_pydatetime(), month_after(month).to_pydatetime()
    wanted = pc.field("place").isin(pa.array(own, pa.string())) & (pc.field("event_at") >= begin) & (pc.field("event_at") < end)
    found = read_rows(signins, DataKind.SIGNINS, COLUMNS, wanted).sort_values(["event_at", "row_id"]).to_dict("records")
    here = [row for row in found if _unit_at(places, row["place"], row["event_at"]) == unit]
    band = (panel.definition["age_low"], panel.definition["age_high"])
    persons = _persons(here, places, unit, band)
    of_row = {row_id: (number, rule) for number, own_rows, *_, rule in persons for row_id in own_rows}
    rows = [(row["row_id"], row["place"], *of_row.get(row["row_id"], (None, _set_aside(row)))) for row in here]
    numerator = sum(rule == COUNTED for *_, rule in persons)
    day = denominator_day(panel, month)
    readings, denominator = denominator_on(register, "youth_population", unit, day)
    return RateOfPersons(
        unit_id=unit, month=month, rows=pd.DataFrame(rows, columns=["row_id", "place", "person", "rule"]).astype({"person": "Int64"}),
        persons=pd.DataFrame(persons, columns=list(PERSON_COLUMNS)), readings=readings, day=day, numerator=numerator, denominator=denominator,
        rate=100 * numerator / denominator if denominator else float("nan"),
    )


def _persons(
    rows: list[dict[Any, Any]], places: Mapping[str, list[Belonging]], unit: str, band: tuple[int, int]
) -> list[tuple[int, list[str], str, str, str]]:
    """Those who attended, in order of their first rows, each judged by all of his or her rows."""
    own: dict[str, list[dict[Any, Any]]] = {}
    for row in rows:
        if _role(row) == ATTENDS and not pd.isna(row["person_key"]):
            own.setdefault(row["person_key"], []).append(row)
    found = []
    for number, visits in enumerate(own.values(), start=1):
        ages, homes = {_age(row, band) for row in visits}, {_residence(row, places, unit) for row in visits}
        age = next(a for a in (IN_BAND, OUTSIDE, UNCLEAR) if a in ages)
        home = next(h for h in (RESIDENT, VISITOR, UNKNOWN) if h in homes)
        rule = age if age != IN_BAND else home if home != RESIDENT else COUNTED
        found.append((number, [str(row["row_id"]) for row in visits], age, home, rule))
    return found


def _role(row: Mapping[Any, Any]) -> str:
    return ATTENDS if pd.isna(row["role"]) else str(row["role"])


def _set_aside(row: Mapping[Any, Any]) -> str:
    """Why a row belongs to nobody who attended."""
    return "head_count" if _role(row) == ATTENDS else f"role_{_role(row)}"


def _age(row: Mapping[Any, Any], band: tuple[int, int]) -> str:
    """Whether the ages that are possible lie in the band, or all outside."""
    low, high = row["age_low"], row["age_high"]
    if not pd.isna(low) and not pd.isna(high) and band[0] <= low and high <= band[1]:
        return IN_BAND
    return OUTSIDE if (not pd.isna(low) and low > band[1]) or (not pd.isna(high) and high < band[0]) else UNCLEAR


def _residence(row: Mapping[Any, Any], places: Mapping[str, list[Belonging]], unit: str) -> str:
    """A home that is a place of the register decides; otherwise what was written down does."""
    home = _unit_at(places, row["home"], row["event_at"])
    if home is not None:
        return RESIDENT if home == unit else VISITOR
    return UNKNOWN if pd.isna(row["is_resident"]) else RESIDENT if row["is_resident"] else VISITOR


def _unit_at(places: Mapping[str, list[Belonging]], place: object, at: datetime) -> str | None:
    """The unit that a place belonged to on the day of an event."""
    day = at.date()
    return next((b.unit for b in places.get(str(place), ()) if b.start <= day < b.end), None)

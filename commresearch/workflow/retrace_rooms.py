"""The register of rooms, and which of them a booking or a door counter names, read once more for numbers that are counted again."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import combinations
from typing import Any

from commresearch.outcomes import UnitRegister
from commresearch.outcomes.belongings import BEGINNING, OPEN_END, day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One row of the register of rooms, valid from a day to the day before another."""

    row_id: str
    code: str
    unit: str
    name: str
    site: str
    room_class: str
    area: float | None
    start: date
    end: date
    in_service_from: date
    in_service_to: date

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Room":
        """A typed row; without a class it is an activity room, without days it has always been there."""
        return cls(
            row_id=str(row["row_id"]), code=str(row["room"]), unit=str(row["unit_id"]), name=row["name"] or "", site=row["site"] or "",
            room_class=row["room_class"] or "activity", area=row["area_m2"], start=day_of(row["valid_from"], BEGINNING), end=day_of(row["valid_to"], OPEN_END),
            in_service_from=day_of(row["in_service_from"], BEGINNING), in_service_to=day_of(row["in_service_to"], OPEN_END),
        )


def named_rooms(rooms: list[Room], register: UnitRegister) -> Callable[[str, datetime], str | None]:
    """What says which room a text means at a time: by its code, else by its name, alone or behind that of its site or unit.

    None where no room bears the text, or several bear it at one time.
    """
    named = register.roster.dropna(subset="name")
    units = dict(zip(named["unit_id"].astype(str), named["name"].astype(str), strict=True))
    codes = {room.code for room in rooms}
    by_code: dict[str, set[str]] = defaultdict(set)
    bearers: dict[str, list[Room]] = defaultdict(list)
    for room in rooms:
        by_code[_plain(room.code)].add(room.code)
        for text in {_plain(f"{before}{room.name}") for before in ("", room.site, units.get(room.unit, ""), room.unit)} if room.name else ():
            bearers[text].append(room)

    @cache
    def possible(text: str) -> list[Room]:
        """The rows of rooms that bear a text; none where several bear it at one time."""
        alike = {text} if text in codes else by_code.get(_plain(text), set())
        several = [room for room in rooms if room.code in alike] or bearers.get(_plain(text), [])
        clash = len(alike) > 1 or any(a.code != b.code and a.start < b.end and b.start < a.end for a, b in combinations(several, 2))
        return [] if clash else several

    def meant(text: str, at: datetime) -> str | None:
        found = {room.code for room in possible(text)}  # a single room is meant whenever it is named
        return next((room.code for room in possible(text) if len(found) == 1 or room.start <= at.date() < room.end), None)

    return meant


def _plain(text: str) -> str:
    """A text without blanks, full width and capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

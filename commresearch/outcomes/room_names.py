"""Which room of the register a booking or a door counter names: by its code, else by a name that only one room has at a time."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from commresearch.outcomes.belongings import BEGINNING, OPEN_END, day_of

ROOM_NAME_COLUMNS = ("written", "room", "is_ambiguous", "valid_from", "valid_to")
_Row = tuple[str, str | None, bool, date, date]
#: room, first day, day after the last
_Spell = tuple[str, date, date]


def room_names(written: Iterable[str], rooms: pd.DataFrame, unit_names: Mapping[str, str]) -> pd.DataFrame:
    """The room that each text stands for, and from when to when.

    Parameters
    ----------
    written : iterable of str
        What stands in bookings and counters, each once.
    rooms : DataFrame
        room, name, site, unit_id, valid_from, valid_to of the register.
    unit_names : mapping
        Code of a unit → its name: 望海社区活动室 is the 活动室 of 望海社区.

    Returns
    -------
    DataFrame
        ROOM_NAME_COLUMNS, dates as datetime64[us]; no text twice at one time. A text that several rooms bear at once has no room and
        `is_ambiguous`; one that no room bears has no row.
    """
    codes = {str(room) for room in rooms["room"]}
    by_code: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        by_code[plain_name(code)].add(code)
    by_name = _by_name(rooms, unit_names)
    rows: list[_Row] = []
    for text in written:
        plain = plain_name(text)
        alike = {text} if text in codes else by_code.get(plain, set())
        spells = [(code, BEGINNING, OPEN_END) for code in sorted(alike)] or sorted(by_name.get(plain, ()), key=lambda s: (s[1], s[0]))
        rows += _meant(text, spells)
    frame = pd.DataFrame(rows, columns=list(ROOM_NAME_COLUMNS))
    for name in ("valid_from", "valid_to"):
        frame[name] = pd.Series(np.array(frame[name], dtype="datetime64[us]"), index=frame.index)
    return frame.astype({"written": "str", "room": "str", "is_ambiguous": "bool"})


def plain_name(text: str) -> str:
    """A name without what writing adds to it: blanks, full width, capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _by_name(rooms: pd.DataFrame, unit_names: Mapping[str, str]) -> dict[str, list[_Spell]]:
    """Rooms by their name, alone and behind the name of their site or unit."""
    found: dict[str, list[_Spell]] = defaultdict(list)
    columns = ["room", "name", "site", "unit_id", "valid_from", "valid_to"]
    for room, name, site, unit, since, until in rooms[columns].itertuples(index=False, name=None):
        if pd.isna(name):
            continue
        before = ["", *(str(place) for place in (site, unit_names.get(str(unit)), unit) if place is not None and not pd.isna(place))]
        for key in {plain_name(f"{place}{name}") for place in before}:
            found[key].append((str(room), day_of(since, BEGINNING), day_of(until, OPEN_END)))
    return found


def _meant(text: str, spells: list[_Spell]) -> list[_Row]:
    """The rows of one text, by the spells of the rooms that bear it, in order."""
    if any(room != other and begun < ended for (room, _, ended), (other, begun, _) in pairwise(spells)):
        return [(text, None, True, BEGINNING, OPEN_END)]
    if len({room for room, *_ in spells}) == 1:  # on other days it is the same room, and not on the register
        return [(text, spells[0][0], False, BEGINNING, OPEN_END)]
    return [(text, room, False, since, until) for room, since, until in spells]

"""How far the places of a log could be found: months in which most were not, and events that go on naming a unit by what it was before."""

import pandas as pd

from commresearch.outcomes.context import Context
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.terms import DataKind, Identifier

#: Percent. Where more than this of a month's events belong to no unit, a unit without any says nothing, and others are too low by nobody knows how
#: much. A smaller part is missing in most hotlines, alike over the months, and stands beside the rate as its share.
MOST = 50.0
TIMES = {DataKind.TICKETS: "received_at", DataKind.SIGNINS: "event_at"}
CARRIED_ON = "carried_on"
OFTEN = 10  #: events of one unmatched place from which on it is no person
LONGEST_NAME = 16  #: characters of a cell that may be a name, with a word or two beside it
HAN = r"[\u4e00-\u9fff]"  #: names that can be told from codes are written in
BETWEEN_WORDS = r"([\s,;:/()、]+)"
DOOR = r"(?:号楼|[栋幢]|单元).*[0-9一二三四五六七八九十〇零]"  #: a building and a room: an unknown place may be somebody's home
LONG_NUMBER = r"(?<![0-9A-Za-z-])(?:1[3-9]\d{9}|0\d{2,3}-\d{7,8}|\d{17}[\dXx])(?![0-9A-Za-z-])"


def months_astray(found: pd.DataFrame) -> frozenset[pd.Timestamp]:
    """Months in which most events could not be placed.

    Parameters
    ----------
    found : DataFrame
        month, astray (events without a unit), told (all).
    """
    return frozenset(found.loc[100 * found["astray"] > MOST * found["told"], "month"])


def told_places(found: pd.DataFrame) -> pd.DataFrame:
    """The list of unmatched places as it may be shown: with a token for what has the form of somebody's name or door, and for long numbers.

    Parameters
    ----------
    found : DataFrame
        place, events, first, last. A short text that comes often is a place, whatever it looks like.
    """
    places = found["place"].astype("str")
    is_doubtful = (found["events"] < OFTEN) & (places.str.len() <= LONGEST_NAME) & places.str.contains(HAN)
    is_telling = places.str.contains(LONG_NUMBER) | places.str.contains(DOOR)
    if not (is_doubtful | is_telling).any():
        return found.reset_index(drop=True)
    from commresearch.cleaning.masking import TOKENS, mask_text
    from commresearch.cleaning.personal_names import name_cells

    pieces = places[is_doubtful].str.split(BETWEEN_WORDS, regex=True).explode()
    shown = pieces.mask(name_cells(pieces.str.removesuffix("家").tolist()), TOKENS[Identifier.NAME]).groupby(level=0, sort=False).agg("".join)
    told = places.copy()
    told.loc[shown.index] = shown
    told.loc[is_telling] = mask_text(told[is_telling])[0]
    told = told.str.replace(LONG_NUMBER, TOKENS[Identifier.LANDLINE], regex=True)
    listed = found.assign(place=told).groupby("place", as_index=False, sort=False).agg(events=("events", "sum"), first=("first", "min"), last=("last", "max"))
    return listed.sort_values(["events", "place"], ascending=[False, True], ignore_index=True)


def with_carried(account: pd.DataFrame, engine: Engine, context: Context, kind: DataKind) -> pd.DataFrame:
    """The account with a line for the events of the period that name a unit which was merged or renamed, and count for what it became.

    Parameters
    ----------
    account : DataFrame
        rule, events; the line stands before its last one and is no part of its sum.
    kind : DataKind
        Tickets or sign-ins.
    """
    problems = context.register.problems
    carried = problems.loc[problems["problem"] == CARRIED_ON, ["place", "valid_from", "valid_to"]]
    if carried.empty:
        return account
    times = {name: pd.to_datetime(carried[name].astype("str")).astype("datetime64[us]") for name in ("valid_from", "valid_to")}
    engine.table("places_carried", carried.assign(**times).astype({"place": "str"}))
    engine.view("dated_places", f"SELECT place, {TIMES[kind]} AS happened_at FROM {kind}")  # noqa: S608 - names of kinds
    events = int(engine.query(sql_text("places_carried", start=context.start, until=context.end)).column("events")[0].as_py())
    line = pd.DataFrame({"rule": [CARRIED_ON], "events": [events]})
    return pd.concat([account.iloc[:-1], line, account.iloc[-1:]], ignore_index=True) if events else account

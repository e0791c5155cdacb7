"""What clerks write into the cells of ticket ledgers, sign-in books and books of room use when nothing goes wrong."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_people import BANDS
from commresearch.simulate.log_rooms import AFTERNOON, MORNING, WHOLE_DAY, Rooms
from commresearch.simulate.log_signins import Signins
from commresearch.simulate.log_tickets import Tickets
from commresearch.simulate.wording import OPENINGS

Array = NDArray[Any]
STAMP_FORMAT, DAY_FORMAT = "%Y-%m-%d %H:%M", "%Y-%m-%d"
TYPE_LABELS = {
    "complaint": "投诉", "report": "举报", "help": "求助", "inquiry": "咨询", "suggestion": "建议", "praise": "表扬", "other": "其他",
}
STATUS_LABELS = {"open": "处理中", "closed": "已办结", "withdrawn": "撤单", "test": "测试"}
HANDLING_LABELS = {"unreasonable": "无理", "malicious": "恶意", "uncontrollable": "不可控"}
ROLE_LABELS = {"attends": "参加", "serves": "志愿者", "staff": "工作人员", "operator": "运营方", "enrolled": "报名未到"}
BAND_LABELS = tuple(f"{low}-{high}岁" for low, high in BANDS)
YES, NO = "是", "否"
SATISFIED, DISSATISFIED = "满意", "不满意"
CANCELLED, AS_PLANNED = "已取消", "正常"
HOUR_WORDS: Mapping[tuple[int, int], str] = {WHOLE_DAY: "全天", MORNING: "上午", AFTERNOON: "下午"}
ACTIVITIES = ("合唱排练", "读书会", "议事会", "亲子活动", "书法练习", "健康讲座", "青年沙龙")
MINUTES_OF_DAY = 1440


def ticket_texts(tickets: Tickets, described: float, rng: np.random.Generator) -> pd.DataFrame:
    """Texts of the fields of every ticket; blank where nothing is written down, as what was said is but for a share `described`."""
    table, callers = tickets.table, tickets.callers.set_index("caller_key")
    known = table["caller_key"].notna().to_numpy()
    caller = callers.reindex(table["caller_key"])
    openings = np.array(OPENINGS, dtype=object)[rng.integers(0, len(OPENINGS), len(table))]
    content = openings + table["topic"].to_numpy() + "的问题尽快处理"
    return _texts(
        {
            "ticket_id": table["ticket_id"],
            "received_at": table["received_at"].dt.strftime(STAMP_FORMAT),
            "closed_at": table["closed_at"].dt.strftime(STAMP_FORMAT),
            "type": table["type"].map(TYPE_LABELS),
            "topic": table["topic"],
            "channel": table["channel"],
            "status": table["status"].map(STATUS_LABELS),
            "place": table["place"],
            "is_local": table["is_outside"].map({True: NO, False: YES}),
            "repeat_of": table["repeat_of"],
            "is_repeat": table["is_repeat"].map({True: YES}),
            "callers": table["callers"].astype("str"),
            "caller_name": np.where(known, caller["name"], "匿名"),
            "caller_phone": np.where(known, caller["phone"], ""),
            "handling": table["handling"].map(HANDLING_LABELS),
            "is_reached": table["is_reached"].map({True: YES, False: NO}),
            "is_resolved": table["is_resolved"].map({True: YES, False: NO}),
            "is_satisfied": table["is_satisfied"].map({True: SATISFIED, False: DISSATISFIED}),
            "content": np.where(rng.random(len(table)) < described, content, ""),
        },
    )


def signin_texts(signins: Signins) -> pd.DataFrame:
    """Texts of the fields of every sign-in; a head count has no person."""
    table, person = signins.table, signins.origins["person"].to_numpy()
    heads = person < 0
    people = signins.people.frame.iloc[np.where(heads, 0, person)].reset_index(drop=True)
    tier, known = people["tier"].to_numpy(), people["known_by"].to_numpy()
    age = signins.origins["age"].to_numpy()
    band = np.array(BAND_LABELS, dtype=object)[np.searchsorted([low for low, _ in BANDS], np.maximum(age, 0), side="right") - 1]

    def where(rows: Array, texts: Any) -> Array:
        return np.where(rows & ~heads, texts, "")

    everybody = np.ones(len(table), dtype=bool)
    return _texts(
        {
            "event_code": table["event_id"],
            "event_name": signins.origins["title"],
            "event_at": table["event_at"].dt.strftime(STAMP_FORMAT),
            "place": table["place"],
            "name": where(everybody, people["name"]),
            "national_id": where(tier == "id", people["national_id"]),
            "phone": where(tier == "phone", people["phone"]),
            "birth_date": where(known == "birth_date", people["born"].dt.strftime(DAY_FORMAT)),
            "birth_year": where(known == "birth_year", people["born"].dt.year.astype("str")),
            "age": where(known == "stated", age.astype("str")),
            "age_band": where(known == "band", band),
            "home": table["home"],
            "is_resident": table["is_resident"].map({True: YES, False: NO}),
            "role": table["role"].map(ROLE_LABELS),
            "persons": table["persons"].astype("str"),
        },
    )


def booking_texts(rooms: Rooms, rng: np.random.Generator) -> pd.DataFrame:
    """Texts of the fields of every booking."""
    table, facts = rooms.bookings, rooms.facts.set_index("room")
    day = table["start_at"].dt.normalize()
    minutes = [((moment - day) // pd.Timedelta(minutes=1)).astype("int64").tolist() for moment in (table["start_at"], table["end_at"])]
    bookers = rooms.bookers.set_index("booker_key")
    cancelled = table["is_cancelled"].astype("bool")
    return _texts(
        {
            "booking_id": table["booking_id"],
            "date": table["start_at"].dt.strftime(DAY_FORMAT),
            "room_code": table["room"],
            "room_name": facts["name"].loc[table["room"]],
            "period": [hours_text(start, end) for start, end in zip(*minutes, strict=True)],
            "activity": np.array(ACTIVITIES, dtype=object)[rng.integers(0, len(ACTIVITIES), len(table))],
            "booker_name": bookers["name"].loc[table["booker_key"]],
            "booker_phone": bookers["phone"].loc[table["booker_key"]],
            "headcount": table["headcount"].astype("str").replace("<NA>", ""),
            "is_used": table["is_used"].map({True: YES, False: NO}),
            "status": np.where(cancelled, CANCELLED, AS_PLANNED),
        },
    )


def hours_text(start: int, end: int) -> str:
    """Hours from minutes since midnight: 09:00-11:30, 19:00-次日01:00."""
    return f"{clock_text(start)}-{'次日' if end > MINUTES_OF_DAY else ''}{clock_text(end % MINUTES_OF_DAY)}"


def clock_text(minute: int) -> str:
    """A time of day from minutes since midnight: 09:05."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _texts(columns: Mapping[str, Any]) -> pd.DataFrame:
    cleaned = {name: pd.Series(np.asarray(pd.Series(values).astype("object").fillna(""), dtype=object)) for name, values in columns.items()}
    return pd.DataFrame(cleaned).astype("str")

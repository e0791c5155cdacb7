"""Lesson 3: one month of sign-ins of a fictional community, kept in the kit's template and kept as many books are, and what each lets one count.

Who came is known here: `came` is the truth, from which both books are written. The numbers of the lesson are the kit's own: `cr.read_events`,
`cr.clean_events` and `cr.build_panel` count both books by the same definition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from commresearch.cleaning import EventTable, clean_events
from commresearch.outcomes import Panel, build_panel
from commresearch.simulate.grid import Cell
from commresearch.simulate.log_sheets import Line, SheetTable, write_lines_csv, write_sheets
from commresearch.simulate.wording import UNUSED_RANGES
from commresearch.terms import DataKind, Language, Outcome
from commresearch.workflow.registers import label_of, registers

PLACE, UNIT, MONTH = "望海社区", "990102001001", "2025-03"
YOUTH, POPULATION = 250, 1120  #: of the fictional roster: residents of 14 to 35 years, and all residents
KEY = b"commresearch-course-lesson-3"  #: its pseudonyms protect nobody, because the persons do not exist
ELSEWHERE = "外地"
ATTENDS, SERVES, STAFF, ENROLLED = "attends", "serves", "staff", "enrolled"
#: What is decided for cells that cannot be read: they are left blank, the row stays.
DECIDED = {"unreadable": "clear", "impossible_age": "clear"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who came: month of birth, and whether resident in the community for six months or more."""

    born: str
    resident: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event: its code, beginning, name, who came in which role, and how many children beside them."""

    code: str
    at: str
    name: str
    attends: tuple[int, ...]
    others: Mapping[int, str]
    children: int = 0

    @property
    def rows(self) -> list[tuple[int, str]]:
        """Person and role of everybody on the sheet."""
        return [*((person, ATTENDS) for person in self.attends), *self.others.items()]


PERSONS: Mapping[int, Person] = {
    1: Person(born="1997-11"), 2: Person(born="2001-04"), 3: Person(born="1989-06"), 4: Person(born="1989-02"), 5: Person(born="2006-09"),
    6: Person(born="1994-12"), 7: Person(born="1999-08", resident=False), 8: Person(born="1956-05"), 9: Person(born="2010-05"), 10: Person(born="1992-01"),
    11: Person(born="1990-07", resident=False), 12: Person(born="1991-10"), 13: Person(born="2003-02"), 14: Person(born="2000-02"),
    15: Person(born="1986-01"), 16: Person(born="1995-05"), 17: Person(born="2002-10"),
}
EVENTS: tuple[Event, ...] = (
    Event(code="HD202503-01", at="2025-03-08 14:00", name="读书会", attends=(1, 2, 3, 4, 6, 8, 10), others={12: STAFF}),
    Event(code="HD202503-02", at="2025-03-15 19:00", name="青年夜校", attends=(1, 2, 5, 6, 7, 9, 15, 16), others={13: SERVES, 14: ENROLLED}),
    Event(code="HD202503-03", at="2025-03-22 19:00", name="青年夜校", attends=(1, 2, 5, 10, 16, 17, 11), others={14: ENROLLED}),
    Event(code="HD202503-04", at="2025-03-29 09:30", name="亲子手工", attends=(3, 4, 8), others={}, children=6),
)
#: The same month as it was written down: what stands in the cells of telephone, age and home, where that is not what is true.
AS_WRITTEN: Mapping[tuple[int, int], tuple[str | None, str | None, str | None]] = {
    (0, 6): (f"{UNUSED_RANGES[1]}****0006", None, ""), (0, 8): ("", None, None), (0, 3): (None, None, ""),
    (1, 1): (f"{UNUSED_RANGES[1]}00000051", None, None), (1, 5): (None, "青年", None), (1, 6): ("", "", None), (1, 9): ("", None, ""),
    (2, 1): (None, "", None), (2, 2): (None, "", ""), (2, 16): (None, "1995", None), (2, 11): (None, None, ""),
}
BOOK_HEADERS = ("序号", "日期", "时间", "活动名称", "活动地点", "联系电话", "年龄", "居住社区", "人数", "备注")
WRITTEN_TIMES = ("14:00-16:00", "19:00", "晚上", "全天")
MERGED = (1, 2, 3, 4)  #: columns of the event, each one cell for all who came
BY_HEAD = 3  #: the event of which the book has one row: so many persons
EVENINGS = ("HD202503-02", "HD202503-03")
BAND = (14, 35)  #: completed years, both included


def phone(person: int) -> str:
    """The mobile number of a person: of a range that nobody has."""
    return f"{UNUSED_RANGES[1]}{person:08d}"


def came() -> pd.DataFrame:
    """The truth: one row per person and event.

    Returns
    -------
    DataFrame
        event (code), at (datetime64), person, role, born, age (completed years on the day), resident.
    """
    rows = [
        (event.code, event.at, person, role, PERSONS[person].born, age_on(PERSONS[person].born, event.at), PERSONS[person].resident)
        for event in EVENTS for person, role in event.rows
    ]
    frame = pd.DataFrame(rows, columns=["event", "at", "person", "role", "born", "age", "resident"])
    return frame.assign(at=pd.to_datetime(frame["at"]))


def age_on(born: str, day: str) -> int:
    """Completed years; nobody here was born in a month in which he or she came, so that the day of birth does not matter."""
    return int(day[:4]) - int(born[:4]) - (day[5:7] < born[5:7])


def roster() -> pd.DataFrame:
    """The fictional community with its residents."""
    return pd.DataFrame({
        "unit_id": [UNIT], "unit_level": ["community"], "community_id": [UNIT], "name": [PLACE], "population": [POPULATION], "youth_population": [YOUTH],
        "as_of": pd.to_datetime(["2024-12-31"]),
    })


# ---------------------------------------------------------------- the two books


def write_template(folder: Path) -> Path:
    """The month in the columns of the kit's sign-in template, one row per person and event."""
    columns = next(s.columns for r in registers().registers for s in r.sheets if s.kind is DataKind.SIGNINS)
    headers = [column[Language.ZH] for column in columns]
    path = folder / f"模拟数据_{PLACE}_签到_模板.csv"
    write_lines_csv(headers, [Line(cells=[cells.get(c.field, "") for c in columns]) for cells in _template_rows()], path, encoding="utf-8-sig")
    return path


def _template_rows() -> Iterator[dict[str, Cell]]:
    for event in EVENTS:
        same: dict[str, Cell] = {"event_code": event.code, "event_at": event.at, "place": PLACE}
        for person, role in event.rows:
            who = PERSONS[person]
            yield same | {
                "role": label_of("attendance_role", role, Language.ZH), "phone": phone(person), "birth_date": who.born,
                "home": PLACE if who.resident else ELSEWHERE, "is_resident": label_of("yes_no", "yes" if who.resident else "no", Language.ZH),
            }
        if event.children:
            yield same | {"role": label_of("attendance_role", ATTENDS, Language.ZH), "persons": event.children}


def write_usual(folder: Path) -> Path:
    """The same month as many books have it: merged cells, totals, times in words, no roles, gaps in the columns that tell persons apart."""
    lines: list[Line] = []
    merged: list[tuple[int, int, int]] = []
    for place, event in enumerate(EVENTS):
        first = len(lines)
        lines += _usual_lines(place, event)
        n = sum(int(str(line.cells[8])) if line.cells[8] != "" else 1 for line in lines[first:])
        merged += [(first, len(lines) - 1, column) for column in MERGED if len(lines) - first > 1]
        lines.append(Line(cells=["小计", *[""] * 7, n, ""]))
    table = SheetTable(title=f"{PLACE}2025年3月活动签到表", headers=BOOK_HEADERS, lines=lines, merged=merged)
    return write_sheets({"3月": [table]}, folder / f"模拟数据_{PLACE}_签到_平常.xlsx").path


def _usual_lines(place: int, event: Event) -> Iterator[Line]:
    day = f"{int(event.at[5:7])}月{int(event.at[8:10])}日"
    same = [day, WRITTEN_TIMES[place], event.name, PLACE]
    if place == BY_HEAD:
        yield Line(cells=["", *same, "", "", "", len(event.attends) + event.children, ""], row_id=event.code)
        return
    for number, (person, role) in enumerate(event.rows, 1):
        true = (phone(person), str(age_on(PERSONS[person].born, event.at)), PLACE if PERSONS[person].resident else ELSEWHERE)
        written = AS_WRITTEN.get((place, person), (None, None, None))
        cells = [t if w is None else w for t, w in zip(true, written, strict=True)]
        yield Line(cells=[number, *same, *cells, "", "没来" if role == ENROLLED else ""], row_id=f"{event.code}-{person}")


# ---------------------------------------------------------------- what the kit counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """One book, read, cleaned and counted."""

    table: EventTable
    panel: Panel

    @property
    def rate(self) -> float:
        """Youth participation of the month in percent; NaN where the book does not tell."""
        return float(self.panel.frame["value"].astype("float64").iloc[0])

    def measure(self, name: str, column: str = "value") -> float:
        """A companion measure of the month, such as person_times; shares are percent."""
        rows = self.panel.companions[self.panel.companions["measure"] == name]
        return float(rows[column].astype("float64").iloc[0])

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest rate that the book allows, percent."""
        return self.measure("rate_lower"), self.measure("rate_upper")


@cache
def counted_books() -> Mapping[str, Counted]:
    """Both books through the kit: "template" and "usual"."""
    with TemporaryDirectory() as folder:
        return {
            "template": _counted(write_template(Path(folder))), "usual": _counted(write_usual(Path(folder))),
        }


def _counted(path: Path) -> Counted:
    table = clean_events(path, DataKind.SIGNINS, pseudonym_key=KEY, rules=DECIDED)
    panel = build_panel(Outcome.YOUTH_PARTICIPATION, table, roster(), None, months=(MONTH, MONTH))
    return Counted(table=table, panel=panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """Young residents that the usual book counts, against the truth: persons counted, who do not belong there, who are there twice, who are missed."""

    counted: int
    wrongly_in: int
    twice: int
    missed: int


def mistakes() -> Mistakes:
    """What the errors of the usual book do to its number, which the number itself does not show."""
    rows = counted_books()["usual"].table.frame()
    signed = [person for event in EVENTS[:BY_HEAD] for person, _ in event.rows]
    known = rows.iloc[: len(signed)].assign(person=signed)
    known = known[known["person_key"].notna()]
    found = known.groupby("person_key").agg(
        person=("person", "first"), low=("age_low", "min"), high=("age_high", "max"), resident=("home", lambda homes: (homes == PLACE).any())
    )
    counted = found[(found["low"] >= BAND[0]) & (found["high"] <= BAND[1]) & found["resident"]]
    truth = came()
    youth = set(truth.loc[(truth["role"] == ATTENDS) & truth["resident"] & truth["age"].between(*BAND), "person"])
    return Mistakes(
        counted=len(counted), wrongly_in=int((~counted["person"].isin(youth)).sum()), twice=int(counted["person"].duplicated().sum()),
        missed=len(youth - set(counted["person"])),
    )

# ---------------------------------------------------------------- what a worker counts by hand


def tallies(events: Sequence[str] = ()) -> dict[str, int]:
    """Numbers that the same month, or some of its events, gives by what is counted.

    Returns
    -------
    dict
        rows: everybody on the sheets; person_times of those who took part; in_band: persons of 14 to 35 years among them; youth: residents among these;
        youth_times: their person-times; loose: persons of 14 to 35 years whatever their role and home. Children counted by head are in rows and person_times.
    """
    rows = came()
    rows = rows[rows["event"].isin(events)] if events else rows
    children = sum(event.children for event in EVENTS if not events or event.code in events)
    in_band = rows[rows["age"].between(*BAND)]
    took_part = in_band[in_band["role"] == ATTENDS]
    return {
        "rows": len(rows) + children, "person_times": int((rows["role"] == ATTENDS).sum()) + children, "in_band": took_part["person"].nunique(),
        "youth": took_part.loc[took_part["resident"], "person"].nunique(), "youth_times": int(took_part["resident"].sum()), "loose": in_band["person"].nunique(),
    }


def usual_rows(words: Mapping[str, str]) -> pd.DataFrame:
    """The usual book as it stands on the page, without its columns of numbers and places.

    Parameters
    ----------
    words : mapping
        total: what stands in the first column of a subtotal.
    """
    return pd.DataFrame(list(_usual_cells(words)), columns=[h for h in BOOK_HEADERS if h not in {"序号", "活动地点"}])


def template_rows(events: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of the book in the kit's template as they stand on the page, of all events or of some."""
    shown = ("event_code", "role", "phone", "birth_date", "home", "is_resident", "persons")
    columns = {c.field: c[Language.ZH] for r in registers().registers for s in r.sheets if s.kind is DataKind.SIGNINS for c in s.columns}
    rows = [[str(cells.get(field, "")) for field in shown] for cells in _template_rows() if not events or cells["event_code"] in events]
    return pd.DataFrame(rows, columns=[columns[field] for field in shown])


def _usual_cells(words: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Cells as a person sees them: merged ones hold their text once."""
    for place, event in enumerate(EVENTS):
        n = 0
        for row, line in enumerate(_usual_lines(place, event)):
            day, time, name, _, *rest = (str(cell) for cell in line.cells[1:])
            n += int(rest[3]) if rest[3] else 1
            yield [*((day, time, name) if row == 0 else ("", "", "")), *rest]
        yield [words["total"], *[""] * 5, str(n), ""]

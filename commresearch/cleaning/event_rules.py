"""What becomes of rows that cannot be right, and what words like 全天 mean: decided by people, once per file or register."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from commresearch.cases.case import DataFile, LogRules, NamedHours, TableFile
from commresearch.cleaning.event_contracts import ColumnType, EventContract
from commresearch.errors import CleaningError, Failure

#: what may be decided for each kind of fault; the first is taken where nobody decided
ACTIONS: Mapping[str, tuple[str, ...]] = {name: get_args(field.annotation) for name, field in LogRules.model_fields.items()}
REFUSE, DROP, CLEAR, NEXT_DAY = "refuse", "drop", "clear", "next_day"
#: Hours. An end before the start that is counted to the next day may make a stretch as long as this: 19:00-09:00 can be a night that was booked,
#: 19:00-17:00 (22 hours) is more likely two times in the wrong order, and somebody has to say which.
LONGEST_NIGHT = 16
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def decided(rules: Mapping[str, str] | None) -> dict[str, str]:
    """What becomes of each kind of fault: as decided, else it is refused.

    Raises
    ------
    CleaningError
        A rule or an action that does not exist (CR-E08), one failure for each.
    """
    failures = []
    for name, action in (rules or {}).items():
        if name not in ACTIONS:
            failures.append(Failure(code="CR-E08", values={"rule": name, "got": name, "known": ", ".join(ACTIONS)}))
        elif action not in ACTIONS[name]:
            failures.append(Failure(code="CR-E08", values={"rule": name, "got": action, "known": ", ".join(ACTIONS[name])}))
    if failures:
        raise CleaningError(*failures)
    return {name: (rules or {}).get(name, actions[0]) for name, actions in ACTIONS.items()}


def seconds_of(clock: str) -> int:
    """Seconds since midnight of a clock time like 08:30; 24:00 is the end of the day.

    Raises
    ------
    ValueError
        It is no clock time.
    """
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f"not a clock time: {clock!r}")
    return int(match[1]) * 3600 + int(match[2]) * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """What words of a register mean in this place.

    full_day, morning, afternoon, evening
        clock times that 全天, 上午, 下午 and 晚上 stand for where no hours are given
    values
        column → word → value: local spellings, before the table of the kit
    day_first
        whether 3/1/2025 is 3 January; undeclared, such dates are refused where both readings exist
    year
        the year of dates without one, before that of title, sheet or file name
    oldest
        ages above it are impossible, years
    months
        first and last month that the register should cover ("2024-01"); those of its rows where they are not given
    """

    full_day: tuple[str, str] = NamedHours().full_day
    morning: tuple[str, str] = NamedHours().morning
    afternoon: tuple[str, str] = NamedHours().afternoon
    evening: tuple[str, str] = NamedHours().evening
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    day_first: bool | None = None
    year: int | None = None
    oldest: int = 120
    months: tuple[str, str] | None = None

    @classmethod
    def stated(cls, data: DataFile | TableFile | None, months: tuple[str, str] | None = None) -> "EventSettings":
        """The settings that an entry of case.toml writes down; those of the kit where it writes none."""
        return cls(months=months, **({} if data is None else data.stated_settings))

    def hours(self) -> dict[str, tuple[int, int]]:
        """Word → seconds since midnight at which it begins and ends."""
        day, morning, afternoon, evening = ((seconds_of(a), seconds_of(b)) for a, b in (self.full_day, self.morning, self.afternoon, self.evening))
        words = dict.fromkeys(("全天", "整天", "一天", "全日", "一整天"), day) | dict.fromkeys(("上午", "早上", "早晨"), morning)
        words |= dict.fromkeys(("下午", "午后"), afternoon) | dict.fromkeys(("晚上", "晚间", "夜间", "傍晚", "夜晚"), evening)
        words |= dict.fromkeys(("白天", "上下午", "上午、下午", "上午下午", "上午和下午"), (morning[0], afternoon[1]))
        words |= dict.fromkeys(("下午、晚上", "下午晚上", "下午和晚上"), (afternoon[0], evening[1]))
        return words


def known_values_only(settings: EventSettings, contract: EventContract) -> EventSettings:
    """The settings, if the values that they give to local words are those of the columns.

    Raises
    ------
    CleaningError
        A column that the kind does not have, or that has no vocabulary, or a value outside it (CR-E22), one failure for each.
    """
    allowed = {column.name: column.values or ("true", "false") for column in contract.columns if column.type in {ColumnType.CATEGORY, ColumnType.BOOLEAN}}
    failures = []
    for column, words in settings.values.items():
        for word, value in words.items():
            if value not in ("", *allowed.get(column, ())):
                known = ", ".join(allowed.get(column, allowed))
                values = {"column": column, "got": f"{word} = {value}", "kind": str(contract.kind), "known": known}
                failures.append(Failure(code="CR-E22", values=values))
    if failures:
        raise CleaningError(*failures)
    return settings

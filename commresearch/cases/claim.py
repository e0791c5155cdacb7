"""One published number with everything the ledger knows of it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from enum import StrEnum

import pandas as pd

from commresearch.errors import Failure, SchemaError
from commresearch.terms import CHANGES, Comparison, Kind, Language, UnitClass


class Meaning(StrEnum):
    """Whether a published number tells what was counted, what could be done, what was promised, what is expected, or what was not spent."""

    DONE = "done"
    CAPACITY = "capacity"
    PLEDGED = "pledged"
    EXPECTED = "expected"
    SAVED = "saved"


FULL = 100.0  #: percent
WORK = frozenset({Kind.ACTIVITY, Kind.OUTPUT, Kind.REACH})
BACKGROUND = frozenset({Kind.CONTEXT, Kind.DESIGN})
WITHOUT_STOCK = frozenset({UnitClass.PERCENT, UnitClass.DURATION, UnitClass.RANK})
SERIES = frozenset({"届", "期"})  #: rounds are counted from the first, so that a number of them says where it begins
NOT_DONE = frozenset({Meaning.CAPACITY, Meaning.PLEDGED, Meaning.EXPECTED})
RECURRING = "每"  #: "every year" is a period of its own, though it has no date

#: Words that say what a number means, for tables without the column `wording`; 可办事项 and 可享折扣 are no promises of numbers.
WORDS = {
    Meaning.CAPACITY: re.compile("可以?(?:接待|容纳|增收|增加|注入|提供|实现|服务|满足)"),
    Meaning.PLEDGED: re.compile("承诺(?!书)|认领"),
    Meaning.EXPECTED: re.compile("预计|有望|预期|力争|计划(?:年内|到|在|于|建|新增)|将(?:达|超过|突破|新增)"),
    Meaning.SAVED: re.compile("节省|节约|省下|减少支出|减免|少支出|降低成本"),
}
CLAUSES = re.compile("[，,。；;！!？?]")
#: A level that a text says was risen or fallen to.
ROSE, FELL = re.compile("(?:升|增|提高|增加)(?:到|至|为)"), re.compile("(?:降|减|减少|压缩)(?:到|至|为)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row of claims.csv: a figure printed in a source, never data.

    `value`, `value_low`, `value_high`, `baseline` are in the row's unit (percent as printed, money in yuan); a number that
    is not stated is NaN, a `value_high` of NaN means that the wording sets no upper end. Links hold claim ids.

    The last seven columns may be missing from a table of one's own; blank is "not known":
    `counted`, the kind of thing that a percentage counts, or that the words around the number name where its unit names another
    (服务人数 … 人次); `chosen_by`, how the places or people behind the number were chosen (`ChosenBy`); `comparator`, the group
    without the work that the text holds the number against; `wording` (`Meaning`), told from the words where blank;
    `in_use_since`, the date from which a room or service has been in use; `instrument`, the text's words on how the number was taken;
    `section`, the part of the document it stands in.
    """

    claim_id: str
    case_id: str
    place: str
    place_en: str
    indicator_zh: str
    indicator_en: str
    family: str
    kind: str
    value: float
    value_low: float
    value_high: float
    qualifier: str
    unit: str
    unit_class: str
    comparison: str
    baseline: float
    denominator: float
    period_start: str
    period_end: str
    period_words: str
    period_words_en: str
    cumulative: str
    printed: str
    source_id: str
    line: int
    headline: str
    headline_fit: str
    repeat_of: str
    conflicts_with: str
    part_of: str
    per: str
    listed: float
    text_en: str
    text_zh: str
    counted: str = ""
    chosen_by: str = ""
    comparator: str = ""
    wording: str = ""
    in_use_since: str = ""
    instrument: str = ""
    section: str = ""

    @property
    def high(self) -> float:
        """Upper end of what the wording allows; infinity where it sets none."""
        return math.inf if math.isnan(self.value_high) else self.value_high

    @property
    def names(self) -> dict[Language, str]:
        """What is counted, by language; in English the Chinese words in brackets where no others are given, as in a table of one's own."""
        return {Language.ZH: self.indicator_zh, Language.EN: self.indicator_en or f"({self.indicator_zh})"}

    @property
    def places(self) -> dict[Language, str]:
        """The part of the case it is about, by language, likewise; blank where it is about the whole."""
        return {Language.ZH: self.place, Language.EN: self.place_en or (f"({self.place})" if self.place else "")}

    @property
    def spoken_period(self) -> dict[Language, str]:
        """The words that tell the period, by language, likewise; blank where there are none."""
        return {Language.ZH: self.period_words, Language.EN: self.period_words_en or (f"({self.period_words})" if self.period_words else "")}

    @property
    def is_change(self) -> bool:
        """Whether the number is a difference between two times."""
        return self.comparison in CHANGES

    @property
    def direction(self) -> int:
        """1 where the text tells a rise, −1 where it tells a fall, of the number itself or up or down to it; 0 where it tells none."""
        if self.is_change:
            return -1 if self.value < 0 else 1
        return -1 if FELL.search(self.text_zh) else 1 if ROSE.search(self.text_zh) else 0

    @property
    def is_share(self) -> bool:
        """Whether the number is a share of a whole at one time, in percent."""
        return self.comparison == Comparison.SHARE or (self.unit_class == UnitClass.PERCENT and not self.is_change)

    @property
    def has_period(self) -> bool:
        """Whether a date of its beginning or end is stated."""
        return bool(self.period_start or self.period_end)

    @property
    def recurs(self) -> bool:
        """Whether the number is said to hold for every year, month, week or day."""
        return self.period_words.startswith(RECURRING)

    @property
    def needs_elements(self) -> bool:
        """Whether a reader needs base, period or denominator: results, reach, changes, shares, and work that bears on a headline outcome.

        Circumstances, plans and what could be done need none, nor does what simply stands there (the rooms of a building).
        """
        if self.kind in BACKGROUND or self.meaning in NOT_DONE:
            return False
        return self.kind in {Kind.OUTCOME, Kind.REACH} or self.is_change or self.is_share or (self.headline != "" and self.cumulative != "no")

    @property
    def meaning(self) -> str:
        """`wording`; where blank, the first of `meanings`."""
        return self.wording or self.meanings[0]

    @property
    def meanings(self) -> tuple[str, ...]:
        """All that `wording` and the words of indicator, token and clause say (`Meaning`): a saving may be expected. Counted things without another sign."""
        said = f"{self.indicator_zh} {self.printed} {self._clause}"
        found = [meaning.value for meaning, words in WORDS.items() if words.search(said)]
        if self.wording:
            found = [self.wording, *(m for m in found if m == Meaning.SAVED and self.wording in NOT_DONE)]
        return tuple(found) if found else (Meaning.DONE.value,)

    @property
    def _clause(self) -> str:
        """The clause of the text that holds the number as printed; a sentence may tell of other numbers, too. Blank where it does not hold it."""
        return next((clause for clause in CLAUSES.split(self.text_zh) if self.printed and self.printed in clause), "")

    @property
    def source_line(self) -> str:
        """Place in its document, S0:12."""
        return f"{self.source_id}:{self.line}"

    @property
    def half_unit(self) -> float:
        """Half a unit of the last printed decimal (0.05 for 31.8%)."""
        decimals = re.search(r"\.([0-9]+)", self.printed)
        return 0.5 * 10.0 ** -(len(decimals[1]) if decimals else 0)

    def share_bounds(self) -> tuple[float, float]:
        """Bounds of a printed share in percent: its qualifier's, else half a unit of its last printed digit."""
        if self.qualifier:
            return self.value_low, min(self.high, FULL)
        return max(self.value - self.half_unit, 0.0), min(self.value + self.half_unit, FULL)

    def change_bounds(self) -> tuple[float, float]:
        """Bounds of a printed change: its qualifier's, else half a unit of its last printed digit."""
        if self.qualifier:
            return self.value_low, self.high
        return self.value - self.half_unit, self.value + self.half_unit


FIELDS = tuple(f.name for f in fields(Claim))
OPTIONAL = tuple(f.name for f in fields(Claim) if f.default is not MISSING)  #: columns that a table of one's own may lack


def claims_in(frame: pd.DataFrame, *, repeats: bool = False) -> list[Claim]:
    """Read the rows of a claims table, in their order.

    A number printed again is left out unless `repeats` is true; links to it then lead to its first place. Columns of `OPTIONAL`
    that the table lacks are blank.

    Raises
    ------
    SchemaError
        A column is missing.
    """
    missing = [name for name in FIELDS if name not in frame.columns and name not in OPTIONAL]
    if missing:
        values = {"file": "claims", "missing": ", ".join(missing), "unknown": "—", "moved": "—", "expected": ", ".join(FIELDS)}
        raise SchemaError(Failure(code="CR-L03", values=values))
    known = [name for name in FIELDS if name in frame.columns]
    rows = [Claim(**{str(k): v for k, v in record.items()}) for record in frame[known].to_dict("records")]
    if repeats:
        return rows
    first = {c.claim_id: c.repeat_of for c in rows if c.repeat_of}
    return [_to_first(c, first) for c in rows if not c.repeat_of]


def _to_first(claim: Claim, first: Mapping[str, str]) -> Claim:
    if claim.per in first or claim.part_of in first:
        return replace(claim, per=first.get(claim.per, claim.per), part_of=first.get(claim.part_of, claim.part_of))
    return claim


def missing_elements(claim: Claim) -> list[str]:
    """Which of base, period and denominator a reader needs and does not find."""
    lacking = {
        "base": claim.is_change and math.isnan(claim.baseline),
        "period": not (claim.has_period or claim.recurs),
        "denominator": claim.is_share and math.isnan(claim.denominator),
    }
    return [name for name, is_lacking in lacking.items() if claim.needs_elements and is_lacking]


def stock_gap(claim: Claim) -> str | None:
    """What keeps a count of work from being read as a running total, a figure per period or a state: open, no_start, None."""
    if not counts_work(claim):
        return None
    if claim.cumulative == "":
        return "open"
    return "no_start" if claim.cumulative == "yes" and not claim.period_start and not is_series(claim) else None


def is_series(claim: Claim) -> bool:
    """Whether a number counts the rounds of a series."""
    return claim.unit in SERIES and claim.unit_class == UnitClass.EVENT


def counts_work(claim: Claim) -> bool:
    """Whether a number is an amount of work or reach that can be a total, a flow or a state."""
    return (
        claim.kind in WORK and claim.comparison == Comparison.LEVEL and claim.unit_class not in WITHOUT_STOCK
        and claim.meaning not in NOT_DONE
    )


def of_kind(claims: Iterable[Claim], kind: Kind) -> list[Claim]:
    """Claims of one kind."""
    return [c for c in claims if c.kind == kind]

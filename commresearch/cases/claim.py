"""One published number with everything the ledger knows of it."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import pandas as pd

from commresearch.errors import Failure, SchemaError
from commresearch.terms import CHANGES, Comparison, Kind, UnitClass

FULL = 100.0  #: percent
WORK = frozenset({Kind.ACTIVITY, Kind.OUTPUT, Kind.REACH})
WITHOUT_STOCK = frozenset({UnitClass.PERCENT, UnitClass.DURATION, UnitClass.RANK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row of claims.csv: a figure printed in a source, never data.

    `value`, `value_low`, `value_high`, `baseline` are in the row's unit (percent as printed, money in yuan); a number that
    is not stated is NaN, a `value_high` of NaN means that the wording sets no upper end. Links hold claim ids.
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

    @property
    def high(self) -> float:
        """Upper end of what the wording allows; infinity where it sets none."""
        return math.inf if math.isnan(self.value_high) else self.value_high

    @property
    def is_change(self) -> bool:
        """Whether the number is a difference between two times."""
        return self.comparison in CHANGES

    @property
    def is_share(self) -> bool:
        """Whether the number is a share of a whole at one time, in percent."""
        return self.comparison == Comparison.SHARE or (self.unit_class == UnitClass.PERCENT and not self.is_change)

    @property
    def has_period(self) -> bool:
        """Whether a date of its beginning or end is stated."""
        return bool(self.period_start or self.period_end)

    @property
    def needs_elements(self) -> bool:
        """Whether a reader needs base, period or denominator: results, reach, changes, and what bears on a headline outcome."""
        return self.kind in {Kind.OUTCOME, Kind.REACH} or self.is_change or self.headline != ""

    @property
    def source_line(self) -> str:
        """Place in its document, S0:12."""
        return f"{self.source_id}:{self.line}"

    def share_bounds(self) -> tuple[float, float]:
        """Bounds of a printed share in percent: its qualifier's, else half a unit of its last printed digit."""
        if self.qualifier:
            return self.value_low, min(self.high, FULL)
        decimals = re.search(r"\.([0-9]+)", self.printed)
        half = 0.5 * 10.0 ** -(len(decimals[1]) if decimals else 0)
        return max(self.value - half, 0.0), min(self.value + half, FULL)


FIELDS = tuple(f.name for f in fields(Claim))


def claims_in(frame: pd.DataFrame, *, repeats: bool = False) -> list[Claim]:
    """Read the rows of a claims table, in their order.

    A number printed again is left out unless `repeats` is true; links to it then lead to its first place.

    Raises
    ------
    SchemaError
        A column is missing.
    """
    missing = [name for name in FIELDS if name not in frame.columns]
    if missing:
        values = {"file": "claims", "missing": ", ".join(missing), "unknown": "—", "moved": "—", "expected": ", ".join(FIELDS)}
        raise SchemaError(Failure(code="CR-L03", values=values))
    rows = [Claim(**{str(k): v for k, v in record.items()}) for record in frame[list(FIELDS)].to_dict("records")]
    if repeats:
        return rows
    first = {c.claim_id: c.repeat_of for c in rows if c.repeat_of}
    return [replace(c, per=first.get(c.per, c.per), part_of=first.get(c.part_of, c.part_of)) for c in rows if not c.repeat_of]


def missing_elements(claim: Claim) -> list[str]:
    """Which of base, period and denominator a reader needs and does not find."""
    lacking = {
        "base": claim.is_change and math.isnan(claim.baseline),
        "period": not claim.has_period,
        "denominator": claim.is_share and math.isnan(claim.denominator),
    }
    return [name for name, is_lacking in lacking.items() if claim.needs_elements and is_lacking]


def stock_gap(claim: Claim) -> str | None:
    """What keeps a count of work from being read as a running total, a figure per period or a state: open, no_start, None."""
    if not counts_work(claim):
        return None
    if claim.cumulative == "":
        return "open"
    return "no_start" if claim.cumulative == "yes" and not claim.period_start else None


def counts_work(claim: Claim) -> bool:
    """Whether a number is an amount of work or reach that can be a total, a flow or a state."""
    return claim.kind in WORK and claim.comparison == Comparison.LEVEL and claim.unit_class not in WITHOUT_STOCK


def of_kind(claims: Iterable[Claim], kind: Kind) -> list[Claim]:
    """Claims of one kind."""
    return [c for c in claims if c.kind == kind]

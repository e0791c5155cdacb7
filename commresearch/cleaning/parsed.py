"""What a reading of text cells yields: values, and for every cell the reason of its interpretation or refusal.

A parser never raises on data and never guesses: a cell is plain, or interpreted by a named rule, or missing because a named rule refused it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rules = NDArray[np.object_]  #: one rule code (str) per cell, "" where the cell needed no interpretation

PLAIN = ""
UNREADABLE = "unreadable_"  #: how the code of every refusal begins


class Rule(StrEnum):
    """Why a cell was interpreted, or not read. Where several rules apply, the one that says most about the value is kept."""

    FORMULA_GUARD = "formula_guard"  # an apostrophe before a text that a spreadsheet would compute
    TRIMMED = "trimmed"  # spaces, invisible characters or a full stop around the value
    FULL_WIDTH = "full_width"
    LEADING_ZEROS = "leading_zeros"
    THOUSANDS = "thousands"
    UNIT_STRIPPED = "unit_stripped"
    UNIT_CONVERTED = "unit_converted"  # 35000元 where the codebook says 万元
    SCIENTIFIC = "scientific"
    HAN_NUMERAL = "han_numeral"
    SCALE_WORD = "scale_word"  # 万, 千, 亿, w, k
    TIME_WORDS = "time_words"
    COLON_FORM = "colon_form"
    EXCEL_TIME = "excel_time"
    PERCENT_SIGN = "percent_sign"
    APPROXIMATE = "approximate"
    RANGE_MIDPOINT = "range_midpoint"

    DATE_WORDS = "date_words"
    DATE_DOTS = "date_dots"
    MONTH_NAME = "month_name"
    TWELVE_HOURS = "twelve_hours"
    HOUR_24 = "hour_24"
    COMPACT = "compact"
    EXCEL_SERIAL = "excel_serial"
    OFFSET_DROPPED = "offset_dropped"
    OFFSET_CONVERTED = "offset_converted"  # 2025-03-01T00:05:00Z is 8:05 in Beijing
    UTC_CONVERTED = "utc_converted"  # the platform writes UTC and does not say so
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    CENTURY_ASSUMED = "century_assumed"
    YEAR_ASSUMED = "year_assumed"
    MONTH_ONLY = "month_only"

    LABEL_NORMALISED = "label_normalised"
    OPTION_PREFIX = "option_prefix"
    DATE_WAS_OPTION = "date_was_option"
    UNEXPECTED_FILL = "unexpected_fill"  # free text beside an option that carries none by the codebook
    REPEATED_OPTION = "repeated_option"
    UNBALANCED_BRACKETS = "unbalanced_brackets"
    MARK_WORD = "mark_word"  # 是, √, the option's label or value instead of 1
    BLANK_NOT_SELECTED = "blank_not_selected"
    PARTLY_BLANK = "partly_blank"
    INCONSISTENT_SKIP = "inconsistent_skip"

    UNREADABLE_TEXT = "unreadable_text"
    UNREADABLE_UNIT = "unreadable_unit"
    UNREADABLE_RANGE = "unreadable_range"
    UNREADABLE_BOUND = "unreadable_bound"
    UNREADABLE_DATE_CELL = "unreadable_date_cell"
    UNREADABLE_TOO_MANY_DIGITS = "unreadable_too_many_digits"
    UNREADABLE_AMBIGUOUS_PERCENT = "unreadable_ambiguous_percent"
    UNREADABLE_IMPOSSIBLE_DATE = "unreadable_impossible_date"
    UNREADABLE_INCOMPLETE_DATE = "unreadable_incomplete_date"
    UNREADABLE_AMBIGUOUS_ORDER = "unreadable_ambiguous_order"
    UNREADABLE_AMBIGUOUS_HOUR = "unreadable_ambiguous_hour"
    UNREADABLE_OUT_OF_CENTURY = "unreadable_out_of_century"
    UNREADABLE_LABEL = "unreadable_label"
    UNREADABLE_AMBIGUOUS_LABEL = "unreadable_ambiguous_label"
    UNREADABLE_UNBALANCED_BRACKETS = "unreadable_unbalanced_brackets"
    UNREADABLE_REPEATED_RANK = "unreadable_repeated_rank"
    UNREADABLE_RANK_GAP = "unreadable_rank_gap"


_ORDER = {PLAIN: -1} | {str(rule): i for i, rule in enumerate(Rule)}


def strongest(*rules: str) -> str:
    """The rule among several that says most about a value: the last in the order of `Rule`."""
    return str(max(rules, key=_ORDER.__getitem__))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parsed:
    """One column, read.

    values
        typed values with the index of the texts; NA where a cell is blank (rule "") or unreadable
    rule
        a code of `Rule` per cell, or ""
    low, high
        numbers only: what the cell's wording sets as ends; both are the value where it is one number, infinite
        where the wording leaves an end open, NaN where nothing was read
    other
        choices only: free text beside an option, NA where there is none
    """

    values: pd.Series
    rule: Rules
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    other: pd.Series | None = None

    @property
    def unreadable(self) -> NDArray[np.bool_]:
        """Where a cell holds text that was refused."""
        return is_unreadable(self.rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedColumns:
    """Several columns of one variable, read: options of a multiple choice, places of a ranking.

    frame
        one column per option (Int8, named by its value) or per place (category, `rank_1`, `rank_2`, …)
    rule
        shape of `frame`; where the answer stood in one cell, all columns of a row have the same rule
    other
        free text beside options; several texts of a row are joined by ┋ in the order of the options
    """

    frame: pd.DataFrame
    rule: Rules
    other: pd.Series

    @property
    def unreadable(self) -> NDArray[np.bool_]:
        """Where a cell holds text that was refused, in the shape of `frame`."""
        return is_unreadable(self.rule)


def is_unreadable(rule: Rules) -> NDArray[np.bool_]:
    """Where a rule is a refusal, in the same shape."""
    refused = np.zeros(rule.shape, dtype=bool)
    named = rule != PLAIN
    refused[named] = [code.startswith(UNREADABLE) for code in rule[named]]
    return refused


def distinct(texts: pd.Series) -> tuple[pd.Index, NDArray[np.intp]]:
    """Distinct texts, and for each cell the position of its own; the last distinct text is "", which stands for NA."""
    codes, found = pd.factorize(texts)
    blank = pd.Index([""], dtype=found.dtype)
    return pd.Index(found).append(blank), codes  # position -1 is NA and the last text alike


def text_array(texts: Sequence[str]) -> NDArray[np.object_]:
    """Texts or rule codes as an array that repeats them without copying."""
    array = np.empty(len(texts), dtype=object)
    array[:] = [str(text) for text in texts]
    return array


def is_type(types: NDArray[np.uint8] | None, cell_type: int, n: int) -> NDArray[np.bool_]:
    """Where a cell has a type in the file; nowhere if the file has text only."""
    return np.zeros(n, dtype=bool) if types is None else np.asarray(types) == cell_type


#: Full-width forms of ASCII, the ideographic and the no-break space, minus and wave; invisible characters are removed.
#: Nothing else: ①, ㎡ and ℃ are not digits and letters in another width.
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_WIDTHS = {0xFF01 + i: chr(0x21 + i) for i in range(94)} | {0x3000: " ", 0xA0: " ", 0x2212: "-", 0x301C: "~", 0xFFE5: "¥"} | _INVISIBLE


def half_width(text: str) -> str:
    """Text with full-width ASCII, spaces and minus signs in their plain form, invisible characters gone."""
    return text if text.isascii() else text.translate(_WIDTHS)


def tidy(text: str) -> tuple[str, str]:
    """Text in half width without spaces around it, and the rule that this took."""
    plain = half_width(text).strip()
    if plain == text:
        return plain, PLAIN
    return plain, str(Rule.TRIMMED if plain == text.translate(_INVISIBLE).strip() else Rule.FULL_WIDTH)

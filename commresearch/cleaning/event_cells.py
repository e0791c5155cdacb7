"""Single columns of event logs: codes, texts, words of a vocabulary, truth values, numbers and days.

Every reading works on the distinct texts of a column, because registers repeat a few; columns of names that all differ (ticket
numbers) are looked at with one pattern and left as they are where it finds nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.event_contracts import ARROW_TYPES, ColumnType, EventColumn
from commresearch.cleaning.event_fields import plain_word, value_words
from commresearch.cleaning.event_places import place_without_contact
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.identifier_columns import judge_column, read_content
from commresearch.cleaning.identifiers import CODES_BELOW, CODES_FROM
from commresearch.cleaning.masking import TOKENS, mask_text
from commresearch.cleaning.national_id import valid_numbers
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import PLAIN, Rule, tidy
from commresearch.sources.sheet import first_bytes, take_rows, text_lengths
from commresearch.terms import Identifier

#: what a code may look like that nothing has to be done to
UNUSUAL_CODE = r"^\s|\s$|^['’`]|\.0+$|[^\x21-\x7e\x{4e00}-\x{9fff}]|^\d\.\d+[eE]\+\d+$"
_SUSPICIOUS = np.array([not 0x21 <= byte <= 0x7E or chr(byte) in "'`.+" for byte in range(256)], bool)
_BLANKS = re.compile(r"\s+")
_POINT_ZERO = re.compile(r"(\d+)\.0+")
PLAIN_MOBILE = "^1[3-9][0-9]{9}$"  #: needs no tidying
NO_CODE = r"^[\s\-\x{2010}-\x{2015}_/\\\x{ff0f}\x{ff3c}.\x{3002}\x{2026}?\x{ff1f}]+$"  #: signs alone; * is none of them, which is a code of all units
CODE_AND_NUMBER = r"[^0-9A-Za-z](?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx])(?:$|[^0-9A-Za-z])"
LONGEST_BLANK = 12  #: bytes of what says that there is no code
#: bytes with which it begins: signs, Chinese characters, and the n of n/a, null, none
_STARTS_BLANK = np.array([byte > 0x7E or not chr(byte).isalnum() or chr(byte) in "nN" for byte in range(256)], bool)
MOBILE_DIGITS, ID_CHARACTERS = 11, 18
CODE_CHECKED = 2_000  #: distinct values by which a column of codes is judged
OPEN_END = ("valid_to", "live_to", "ends_on", "in_service_to", "closed_at")
#: of an address the estate or street stays, by which an event is placed; the house goes
PLACES = ("place", "home", "room", "unit_id")
PUBLIC = ("room", "name", "site")  #: rooms, units and sites may be named by building and number (2号楼301) and are nobody's home
HOMES = frozenset({Identifier.ADDRESS})
_HOUSE = TOKENS[Identifier.ADDRESS]

Read = tuple[list[Any], list[str]]


def encoded(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct texts of a column, and for each cell the position of its own."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = whole.dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def noted(record: Record, column: str, texts: Sequence[str], values: Sequence[Any], rules: Sequence[str], codes: NDArray[np.int64]) -> None:
    """Count interpreted cells by rule; the first of each is shown."""
    named = [i for i, rule in enumerate(rules) if rule != PLAIN and not rule.startswith("unreadable")]
    if not named:
        return
    counts = np.bincount(codes, minlength=len(texts))
    for i in named:
        record.changed(column, rules[i], int(counts[i]), texts[i], "" if values[i] is None else str(values[i]))


def read_column(
    batch: Batch, field: str, column: EventColumn, record: Record, read: Callable[[list[str]], Read], *, fault: str = "unreadable",
) -> tuple[Any, NDArray[np.bool_]]:
    """One column by its distinct texts.

    Parameters
    ----------
    read
        Distinct texts → values and rules; a value of None with a rule that begins with "unreadable" is a fault.
    fault
        Kind of fault of what cannot be read.

    Returns
    -------
    (Array, array of bool)
        Typed values, missing where blank or unreadable, and the rows that are set aside.
    """
    texts, codes = encoded(batch.text(field))
    values, rules = read(texts)
    noted(record, column.name, texts, values, rules, codes)
    array = pa.array(values, ARROW_TYPES[column.type]).take(pa.array(codes))
    bad = np.array([rule.startswith("unreadable") for rule in rules], bool)
    if not bad.any():
        return array, np.zeros(batch.n, bool)
    rows = bad[codes]
    action = record.fault(fault, column.name, batch, rows, [texts[i] for i in codes[rows][:8]])
    return array, rows if action == "drop" or (action == "clear" and column.required) else np.zeros(batch.n, bool)


def code_cells(batch: Batch, field: str, column: EventColumn, record: Record) -> Any:
    """Codes as text: blanks and marks around them gone, the .0 that a spreadsheet added gone, leading zeros as they are."""
    whole = batch.text(field)
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    unusual = np.zeros(0, bool) if _is_plain(whole) else np.asarray(pc.match_substring_regex(whole, UNUSUAL_CODE))
    if unusual.any():
        rows = np.flatnonzero(unusual)
        texts, codes = encoded(whole.take(pa.array(rows)))
        pairs = [_code(text) for text in texts]
        noted(record, column.name, texts, [value for value, _ in pairs], [rule for _, rule in pairs], codes)
        mended = pa.array([value for value, _ in pairs], pa.large_string()).take(pa.array(codes))
        whole = pc.replace_with_mask(whole, pa.array(unusual), mended)
    if column.name in PLACES:
        whole = _codes_without_contacts(whole, batch, record, column.name)
    judged = (column.name, *(part.path.name for part in batch.parts))
    if judged not in record.judged:
        each = {int(owner): _identifier_in(whole.filter(pa.array(batch.owners == owner))) for owner in np.unique(batch.owners)}
        if any(each.values()):
            record.holds_identifiers(column.name, field, each, batch)
            return pa.nulls(batch.n, pa.string())
        record.judged.add(judged)
    if (blank := blank_codes(whole)).any():
        whole = pc.if_else(pa.array(blank), pa.scalar("", pa.large_string()), whole)
    of_persons = _codes_of_persons(whole)
    if of_persons.any():
        record.told_of("code_of_person", column.name, batch, of_persons)
        whole = pc.if_else(pa.array(of_persons), pa.scalar("", pa.large_string()), whole)
    return _blank_to_null(whole)


def blank_codes(whole: Any) -> NDArray[np.bool_]:
    """Cells that say there is no code: blank ones, signs alone (—, /, ……), words like 无 and 不详. Two of them are no code that comes twice."""
    lengths = text_lengths(whole)
    found: NDArray[np.bool_] = np.asarray(lengths == 0)
    rows = np.flatnonzero(~found & (lengths <= LONGEST_BLANK))
    if len(rows):
        begins = _STARTS_BLANK[first_bytes(take_rows(whole, rows))]
        rows = rows[begins]
    if len(rows):
        short = take_rows(whole, rows)
        distinct = pc.unique(short)
        signs: NDArray[np.bool_] = np.asarray(pc.match_substring_regex(distinct, NO_CODE))
        of_words = np.asarray(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(distinct)), value_set=pa.array(list(value_words("blank")), pa.large_string())))
        if (said := signs | of_words).any():
            found[rows] = np.asarray(pc.is_in(short, value_set=distinct.filter(pa.array(said))))
    return found


def _codes_of_persons(whole: Any) -> NDArray[np.bool_]:
    """Codes that are a mobile or ID number as a whole: somebody typed the caller's number where the ticket's belongs.

    Numbers of tickets made of area, date and serial look like ID numbers, and some pass the check; where most do not, none is one.
    """
    lengths = text_lengths(whole)
    found = np.zeros(len(whole), bool)
    rows = np.flatnonzero(lengths == MOBILE_DIGITS)
    found[rows] = np.asarray(pc.match_substring_regex(whole.take(pa.array(rows)), PLAIN_MOBILE)) if len(rows) else False
    rows = np.flatnonzero(lengths == ID_CHARACTERS)
    if len(rows):
        texts, codes = encoded(whole.take(pa.array(rows)))
        valid = valid_numbers(texts)
        found[rows] = valid[codes] if len(texts) < CODES_FROM or valid.mean() >= CODES_BELOW else False
    return found


def _codes_without_contacts(whole: Any, batch: Batch, record: Record, name: str) -> Any:
    """Codes of places, without a telephone or ID number that somebody wrote behind them."""
    rows = np.flatnonzero(text_lengths(whole) > MOBILE_DIGITS)
    distinct = pc.unique(whole.take(pa.array(rows)))
    texts = distinct.filter(pc.match_substring_regex(distinct, CODE_AND_NUMBER)).to_pylist()
    if not texts:
        return whole
    covered = mask_text(pd.Series(texts, dtype="str"), batch.names, seen=record.seen)[0]
    at = pc.index_in(whole, value_set=pa.array(texts, pa.large_string()))
    values = pa.array([place_without_contact(text) for text in covered], pa.large_string())
    record.changed(name, "masked_text", len(whole) - at.null_count, "", values[0].as_py())
    return pc.if_else(at.is_valid(), values.take(at), whole)


def _is_plain(whole: Any) -> bool:
    """Whether no cell holds a blank, a quotation mark, a point or anything beyond ASCII: told by the bytes of all of them at once."""
    data = np.frombuffer(whole.buffers()[2] or b"", np.uint8)
    return not bool((_SUSPICIOUS[data]).any())


def _code(text: str) -> tuple[str, str]:
    plain, rule = tidy(text)
    bare = plain.lstrip("'’`").strip()
    if match := _POINT_ZERO.fullmatch(bare):
        return match[1], "code_repaired"
    return bare, rule if bare == plain else str(Rule.TRIMMED)


def _identifier_in(whole: Any) -> str:
    """The identifier that a column of codes holds: somebody mapped the wrong column; "" where it is one of codes."""
    distinct = pc.unique(whole.slice(0, CODE_CHECKED * 10)).slice(0, CODE_CHECKED)
    judged = judge_column([""], read_content(pd.Series(pd.array(distinct, dtype="str"))))
    return judged[0] if judged and judged[0] in {"national_id", "mobile", "email"} else ""


def _blank_to_null(whole: Any) -> Any:
    return pc.if_else(pc.equal(whole, ""), None, whole).cast(pa.string())


def mended_zeros(codes: Any, numbers: NDArray[np.bool_] | None, record: Record, column: str) -> Any:
    """Codes that lost leading zeros as numbers of a spreadsheet, where the whole code stands in the same column as text."""
    if numbers is None or not numbers.any():
        return codes
    texts, at = encoded(codes.cast(pa.large_string()).fill_null(""))
    whole = {text.lstrip("0"): text for text in texts if text.startswith("0") and text.isdecimal()}
    mended = [whole.get(text, text) if text.isdecimal() else text for text in texts]
    changed = np.array([a != b for a, b in zip(texts, mended, strict=True)], bool)[at] & numbers
    if not changed.any():
        return codes
    first = int(at[np.flatnonzero(changed)[0]])
    record.changed(column, "zeros_restored", int(changed.sum()), texts[first], mended[first])
    return pc.if_else(pa.array(changed), pa.array(mended, pa.string()).take(pa.array(at)), codes)


def text_cells(batch: Batch, field: str, column: EventColumn, record: Record) -> Any:
    """Short texts, tidied; identifiers in them masked."""
    texts, codes = encoded(batch.text(field))
    blank = value_words("blank")
    pairs = [tidy(_BLANKS.sub(" ", text)) for text in texts]
    plain = pd.Series(["" if plain_word(value) in blank else value for value, _ in pairs], dtype="str")
    covered, found = mask_text(plain, batch.names, seen=record.seen, kept=HOMES if column.name in PUBLIC else frozenset())
    hidden = set(found["row"])
    values = covered.to_list()
    if column.name in PLACES:
        values = [place_without_contact(text.replace(_HOUSE, "").strip()) for text in values]
        hidden |= {i for i, (value, text) in enumerate(zip(values, plain, strict=True)) if value != text}
    rules = ["masked_text" if i in hidden else rule for i, (_, rule) in enumerate(pairs)]
    noted(record, column.name, ["" if r == "masked_text" else t for t, r in zip(texts, rules, strict=True)], values, rules, codes)
    return pa.array([value or None for value in values], pa.string()).take(pa.array(codes))


def category_cells(batch: Batch, field: str, column: EventColumn, record: Record, settings: EventSettings) -> tuple[Any, NDArray[np.bool_]]:
    """Words of a vocabulary, by the table of values and by local spellings."""
    words = words_of(column, settings)

    def read(texts: list[str]) -> Read:
        found = [_word(text, words) for text in texts]
        return [value for value, _ in found], [rule for _, rule in found]

    return read_column(batch, field, column, record, read, fault="unknown_code")


def words_of(column: EventColumn, settings: EventSettings) -> dict[str, str]:
    """Word → value: what the settings say, the members themselves, the table of values."""
    local = {plain_word(word): value for word, value in settings.values.get(column.name, {}).items()}
    own = {value: value for value in column.values}
    return dict(value_words("blank")) | dict(value_words(column.name)) | own | local


def _word(text: str, words: Mapping[str, str]) -> tuple[str | None, str]:
    plain = plain_word(text)
    if not plain:
        return None, PLAIN
    if plain in words:
        return words[plain] or None, PLAIN
    bare = re.sub(r"^[\d.、()\-]+|[()（）].*$|[。.;；]$", "", plain)
    if bare in words:
        return words[bare] or None, str(Rule.LABEL_NORMALISED)
    return None, "unreadable_label"


def boolean_cells(batch: Batch, field: str, column: EventColumn, record: Record, settings: EventSettings) -> tuple[Any, NDArray[np.bool_]]:
    """Truth values: 是 and 否, ticks and crosses, and the words of the column; turned round under a header that asks the contrary."""
    own = dict(value_words(column.name))
    words = dict(value_words("blank")) | dict(value_words("yes_no")) | own | dict.fromkeys(("true",), "true") | {"false": "false"}
    words |= {plain_word(word): value for word, value in settings.values.get(column.name, {}).items()}

    def read(texts: list[str]) -> Read:
        found = [_word(text, words) for text in texts]
        return [None if value is None else value == "true" for value, _ in found], [rule for _, rule in found]

    array, gone = read_column(batch, field, column, record, read, fault="unknown_code")
    negated = batch.negated.get(field)
    if negated is not None and negated.any():
        stated = np.asarray(pc.is_in(batch.text(field), value_set=pa.array(_own_words(batch.text(field), own), pa.large_string())))
        turn = negated & ~stated
        array = pc.if_else(pa.array(turn), pc.invert(array), array)
    return array, gone


def _own_words(column: Any, own: Mapping[str, str]) -> list[str]:
    """Texts that say the thing itself (非属地) and are not turned round under 是否属地."""
    texts, _ = encoded(column)
    return [text for text in texts if plain_word(text) in own]


def number_cells(batch: Batch, field: str, column: EventColumn, record: Record, unit: str = "") -> tuple[Any, NDArray[np.bool_]]:
    """Numbers and counts; a count is whole and not negative."""
    is_count = column.type is ColumnType.COUNT
    blank = value_words("blank")

    def read(texts: list[str]) -> Read:
        known = ["" if plain_word(text) in blank else text for text in texts]
        parsed = parse_numbers(pd.Series(known, dtype="str"), unit=unit)
        values: list[Any] = [None if np.isnan(v) else v for v in parsed.values.astype("float64").fillna(np.nan).tolist()]
        rules = [str(rule) for rule in parsed.rule]
        for i, value in enumerate(values):
            if value is not None and is_count:
                values[i], rules[i] = (int(value), rules[i]) if value >= 0 and value == int(value) else (None, "unreadable_text")
        return values, rules

    return read_column(batch, field, column, record, read)


def date_cells(batch: Batch, field: str, column: EventColumn, record: Record, settings: EventSettings) -> tuple[Any, NDArray[np.bool_]]:
    """Days; words for an open end (长期, 至今) are missing where the column is an end."""
    open_words = set(value_words("open_end")) if column.name in OPEN_END else set()
    blank = set(value_words("blank")) | open_words
    year = settings.year if settings.year is not None else next((part.year for part in batch.parts if part.year is not None), None)

    def read(texts: list[str]) -> Read:
        known = pd.Series(["" if plain_word(text) in blank else text for text in texts], dtype="str")
        parsed = parse_dates(known, day_first=settings.day_first, default_year=year)
        rules = ["open_end" if plain_word(text) in open_words and text.strip() else str(rule) for text, rule in zip(texts, parsed.rule, strict=True)]
        days = parsed.values.dt.date
        return [None if pd.isna(day) else day for day in days], rules

    return read_column(batch, field, column, record, read)

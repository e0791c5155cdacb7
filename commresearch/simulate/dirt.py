"""Dirt: what goes wrong in cells between an answer and an export, cell by cell on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.answers import BLANK, GIVEN, REFUSED, UNREADABLE, Answers
from commresearch.simulate.cell_texts import OPTION_SIGN, option_texts, typed_texts
from commresearch.simulate.questionnaire import Item, Questionnaire
from commresearch.simulate.typing_habits import DATE_FORMS, FULL_WIDTH, NUMBER_FORMS
from commresearch.simulate.wording import fictional_identifiers
from commresearch.terms import Identifier, VariableType

Array = NDArray[Any]
#: Columns of the record of dirt. `scope`: "all" exports, the "text" export only, or "workbook" files (XLSX, XLS) only. `recovery`: the
#: answer can be read "exact"ly, is bounded by an "interval", or is "lost".
DIRT_COLUMNS = ("row", "variable", "kind", "clean", "dirty", "scope", "recovery")
PLANTED_COLUMNS = ("row", "variable", "identifier", "value")
RECOVERY: Mapping[str, str] = {
    "number_range": "interval",
    "month_only": "interval",
    "no_year": "lost",
    "refused": "lost",
    "unreadable": "lost",
    "blank": "lost",
    "lost_digits": "lost",
}
ANSWERED_NOT: Mapping[str, np.int8] = {"refused": REFUSED, "unreadable": UNREADABLE}
SPACES = (" {}", "{} ", "\u3000{}", "{}\u00a0")
LONG_NUMBERS = frozenset({Identifier.NATIONAL_ID, Identifier.BANK_CARD})  #: of more digits than a spreadsheet keeps
PHRASES: Mapping[Identifier, str] = {
    Identifier.NAME: "我叫{}",
    Identifier.MOBILE: "电话{}",
    Identifier.NATIONAL_ID: "身份证{}",
    Identifier.LANDLINE: "座机{}",
    Identifier.ADDRESS: "住{}",
    Identifier.WECHAT: "微信{}",
    Identifier.PLATE: "车牌{}",
    Identifier.EMAIL: "邮箱{}",
    Identifier.BANK_CARD: "卡号{}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtRates:
    """How often what goes wrong; every rate is a share of the cells, rows or people it can happen to.

    Typed numbers and dates: `full_width` digits, `wan` (3.5万), `chinese_numeral`, `unit` behind the number, `thousands` commas,
    `about` (约), `number_range`, `date_form` (another full form), `month_only`, `no_year`, `refused`, `unreadable`.
    Any question that may be: `blank`. Options in the text export: `option_spacing`, `option_width`, `option_as_date` (a
    spreadsheet turns 1-3 into a day).
    Workbooks: `datetime_cell` (dates as true dates), `lost_digits` (identity and card numbers stored as numbers). Opinions:
    `identifier_in_text`. Answer sheets, as shares of the people: `duplicate_key` (the same row exported twice), `refilled` (filled
    again under the same user), `duplicate_content`, `near_duplicate`. People: `speeders`, `straightliners`, `assisted`,
    `no_consent`. `title_rows` and `total_rows` are numbers of rows around the table.
    """

    full_width: float = 0.03
    wan: float = 0.08
    chinese_numeral: float = 0.01
    unit: float = 0.05
    thousands: float = 0.02
    about: float = 0.01
    number_range: float = 0.005
    date_form: float = 0.25
    month_only: float = 0.005
    no_year: float = 0.005
    refused: float = 0.01
    unreadable: float = 0.005
    blank: float = 0.02
    option_spacing: float = 0.002
    option_width: float = 0.02
    option_as_date: float = 0.0
    datetime_cell: float = 0.2
    lost_digits: float = 0.0
    identifier_in_text: float = 0.05
    duplicate_key: float = 0.0
    refilled: float = 0.01
    duplicate_content: float = 0.004
    near_duplicate: float = 0.006
    speeders: float = 0.03
    straightliners: float = 0.03
    assisted: float = 0.08
    no_consent: float = 0.02
    title_rows: int = 0
    total_rows: int = 0

    @classmethod
    def none(cls) -> "DirtRates":
        """No dirt at all."""
        return cls(**{field.name: 0 for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirtyCells:
    """Answers after cells went wrong: what stands in typed fields, the record of dirt, identifiers in the data."""

    answers: Answers
    typed: Mapping[str, Array]
    dirt: pd.DataFrame
    planted: pd.DataFrame


def make_dirty(questionnaire: Questionnaire, answers: Answers, ages: Array, rates: DirtRates, rng: np.random.Generator) -> DirtyCells:
    """Let cells go wrong at the given rates; the same random numbers are drawn whatever the rates are."""
    values, kinds = dict(answers.values), {name: codes.copy() for name, codes in answers.kinds.items()}
    typed: dict[str, Array] = {}
    record: list[_Block] = []
    planted: list[_Planted] = []
    for item in questionnaire:
        given = kinds[item.name] == GIVEN
        clean = clean_texts(item, answers)
        blank = given & (rng.random(len(given)) < rates.blank) & (not item.required)
        kinds[item.name][blank] = BLANK
        record.append(_block(item, "blank", blank, clean, np.full(len(given), "", dtype=object), scope="all"))
        given &= ~blank
        if item.is_typed:
            typed[item.name], blocks = _mistype(item, values[item.name], clean, given, rates, rng)
            for block in blocks:
                kinds[item.name][block.rows] = ANSWERED_NOT.get(block.kind, np.int8(GIVEN))
        elif item.type is VariableType.TEXT:
            values[item.name], blocks, found = _reveal(item, clean, given, ages, rates, rng)
            planted += found
        else:
            blocks = _mangle(item, clean, given, rates, rng)
        record += blocks
    return DirtyCells(
        answers=Answers(values=values, kinds=kinds, fill_ins=answers.fill_ins),
        typed=typed,
        dirt=_frame_of_dirt(record),
        planted=_frame_of_planted(planted),
    )


def clean_texts(item: Item, answers: Answers) -> Array:
    """What stands in the cell of an answer that nothing happened to (n,)."""
    if item.options:
        return option_texts(item, answers)
    return typed_texts(item, answers.values[item.name]) if item.is_typed else answers.values[item.name]


class _Block(NamedTuple):
    """Cells of one item in which the same kind of thing went wrong."""

    rows: Array
    variable: str
    kind: str
    clean: Array
    dirty: Array
    scope: str


class _Planted(NamedTuple):
    """Cells of one item that hold the same kind of identifier."""

    rows: Array
    variable: str
    identifier: str
    value: Array


def _block(item: Item, kind: str, rows: Array, clean: Array, dirty: Array, scope: str) -> _Block:
    """The record for the rows of a mask; `clean` and `dirty` are as long as the mask."""
    return _Block(np.flatnonzero(rows), item.name, kind, clean[rows], dirty[rows], scope)


def _frame_of_dirt(record: Sequence[_Block]) -> pd.DataFrame:
    sizes = [len(block.rows) for block in record]
    kinds = np.repeat([block.kind for block in record], sizes)
    columns = {
        "row": np.concatenate([block.rows for block in record]),
        "variable": np.repeat([block.variable for block in record], sizes),
        "kind": kinds,
        "clean": np.concatenate([block.clean for block in record]),
        "dirty": np.concatenate([block.dirty for block in record]),
        "scope": np.repeat([block.scope for block in record], sizes),
        "recovery": [RECOVERY.get(kind, "exact") for kind in kinds.tolist()],
    }
    return _with_texts(columns, DIRT_COLUMNS)


def _frame_of_planted(planted: Sequence[_Planted]) -> pd.DataFrame:
    sizes = [len(block.rows) for block in planted]
    columns = {
        "row": np.concatenate([block.rows for block in planted]),
        "variable": np.repeat([block.variable for block in planted], sizes),
        "identifier": np.repeat([block.identifier for block in planted], sizes),
        "value": np.concatenate([block.value for block in planted]),
    }
    return _with_texts(columns, PLANTED_COLUMNS)


def _with_texts(columns: Mapping[str, Any], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, columns=list(names)).astype({"row": "int64"} | {name: "str" for name in names if name != "row"})


def _mistype(
    item: Item, values: Array, clean: Array, given: Array, rates: DirtRates, rng: np.random.Generator
) -> tuple[Array, list[_Block]]:
    """Numbers and dates in other forms: each cell meets at most one; then plain dates stored as true dates."""
    forms = DATE_FORMS if item.type is VariableType.DATE else NUMBER_FORMS
    chance, variants = rng.random(len(given)), rng.integers(0, 2**31, len(given))
    texts, start = clean.copy(), 0.0
    blocks: list[_Block] = []
    plain = values.astype("datetime64[D]").astype(object) if item.type is VariableType.DATE else values
    for kind, form in forms.items():
        rate = getattr(rates, kind)
        dirty = clean.copy()
        for i in np.flatnonzero(given & (chance >= start) & (chance < start + rate)):
            dirty[i] = _form(form, plain[i], item, int(variants[i])) or clean[i]
        changed = dirty != clean
        texts[changed] = dirty[changed]
        blocks.append(_block(item, kind, changed, clean, dirty, scope="all"))
        start += rate
    stored = given & (texts == clean) & (rng.random(len(given)) < rates.datetime_cell) & (item.type is VariableType.DATE)
    return texts, [*blocks, _block(item, "datetime_cell", stored, clean, clean, scope="workbook")]


def _form(form: Any, value: Any, item: Item, variant: int) -> str | None:
    written: str | None = form(value, variant) if item.type is VariableType.DATE else form(float(value), item, variant)
    return written


def _reveal(
    item: Item, clean: Array, given: Array, ages: Array, rates: DirtRates, rng: np.random.Generator
) -> tuple[Array, list[_Block], list[_Planted]]:
    """Identifiers in opinions; identity numbers stored as numbers; what of both identifies a person."""
    chosen, kinds = rng.random(len(given)), np.array(list(PHRASES))[rng.integers(0, len(PHRASES), len(given))]
    if item.identifier:
        lost = given & (chosen < rates.lost_digits) & (item.identifier in LONG_NUMBERS) & ~_ends_in_letter(clean)
        rounded = clean.copy()
        rounded[lost] = [f"{float(text):.0f}" for text in clean[lost]]
        planted = _Planted(np.flatnonzero(given), item.name, item.identifier.value, clean[given])
        return clean, [_block(item, "lost_digits", lost, clean, rounded, scope="workbook")], [planted]
    texts, found = clean.copy(), []
    people = rng.spawn(1)[0]  # of its own, so that what is drawn later does not depend on how many people are invented here
    reveals = given & (chosen < rates.identifier_in_text)
    for identifier, phrase in PHRASES.items():
        rows = reveals & (kinds == identifier)
        value = fictional_identifiers(identifier, int(rows.sum()), ages[rows], people)
        texts[rows] = [f"{text}，{phrase.format(v)}" for text, v in zip(clean[rows], value, strict=True)]
        found.append(_Planted(np.flatnonzero(rows), item.name, identifier.value, value))
    return texts, [_block(item, "identifier_in_text", reveals, clean, texts, scope="all")], found


def _ends_in_letter(texts: Array) -> Array:
    return np.array([text[-1:].isalpha() for text in texts], dtype=bool)


def _mangle(item: Item, clean: Array, given: Array, rates: DirtRates, rng: np.random.Generator) -> list[_Block]:
    """Options that are no longer written as the questionnaire writes them."""
    chance, variants = rng.random(len(given)), rng.integers(0, 2**31, len(given))
    day = {o.zh: "{}月{}日".format(*o.zh.split("-")) for o in item.options if o.zh.replace("-", "").isdigit() and o.zh.count("-") == 1}
    blocks: list[_Block] = []
    start = 0.0
    for kind in ("option_spacing", "option_width", "option_as_date"):
        rate, dirty = getattr(rates, kind), clean.copy()
        for i in np.flatnonzero(given & (chance >= start) & (chance < start + rate)):
            dirty[i] = _mangled(kind, clean[i], int(variants[i]), day)
        blocks.append(_block(item, kind, dirty != clean, clean, dirty, scope="text"))
        start += rate
    return blocks


def _mangled(kind: str, text: str, variant: int, day: Mapping[str, str]) -> str:
    if kind == "option_spacing":
        return (
            text.replace(OPTION_SIGN, f" {OPTION_SIGN} ")
            if OPTION_SIGN in text and "〖" not in text
            else SPACES[variant % len(SPACES)].format(text)
        )
    if kind == "option_width":
        return text.translate(FULL_WIDTH)
    return day.get(text, text)

"""indicators.csv of a pilot's folder: the year's indicators with target, actual value and weight, checked whole, as a self-evaluation table has them."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path

from commresearch.errors import CaseError, Failure, SchemaError
from commresearch.terms import Language
from commresearch.words import entries

INDICATORS_FILE = "indicators.csv"
COLUMNS = ("level1", "level2", "level3", "unit", "target", "actual", "numerator", "denominator", "weight", "source", "responsible", "reason")
OPTIONAL = ("better", "year")  #: columns that a file may have beside the others
FIRST_ROW = 2  #: row of the first indicator as a spreadsheet shows it
FULL = Decimal(100)  #: sum of the weights of a year
OVERSHOOT = Decimal("1.3")  #: an actual value beyond so many times its target asks for a reason as well: the target was set too low
NUMBER = re.compile(r"[-−]?\d+(\.\d+)?")
YEAR = re.compile(r"(19|20)\d\d")
SEVERAL = re.compile(r"\s+")
NEEDED = ("level1", "level2", "level3", "unit", "target", "weight")
QUALITATIVE = "定性"  #: unit of an indicator whose target is words; its actual value is how much of it was reached, in percent, as somebody judged
#: Unit → what a ratio is multiplied by; units of shares need what they are a share of.
SHARES: Mapping[str, int] = {"%": 100, "‰": 1_000, "件/千户": 1_000, "件/千户·月": 1_000, "件/万人": 10_000, "件/万人·月": 10_000, "人/万人": 10_000}
PLAIN = (
    "人", "人次", "户", "户次", "件", "项", "个", "处", "间", "场", "次", "场次", "家", "支", "条", "份", "平方米", "小时", "天", "工作日", "月", "元", "万元", "分", "百分点", "倍",
)
#: English words that may stand for a unit.
ENGLISH: Mapping[str, str] = {
    "percent": "%", "persons": "人", "person-times": "人次", "households": "户", "cases": "件", "events": "场次", "items": "项", "places": "处", "hours": "小时", "days": "天",
    "months": "月", "yuan": "元", "points": "分", "percentage points": "百分点", "m2": "平方米", "m²": "平方米", "judgement": QUALITATIVE,
    "per 1,000 households": "件/千户", "per 1,000 households and month": "件/千户·月", "per 10,000 residents": "件/万人", "times": "倍",
}
PERSON_TIMES = re.compile(r"人次|person-?\s?times", re.IGNORECASE)
PERSONS = re.compile(r"人数|人员数|人头数|number of (persons|people|residents)", re.IGNORECASE)


class Block(StrEnum):
    """The four parts of a performance evaluation."""

    DECISION = "decision"
    PROCESS = "process"
    OUTPUT = "output"
    BENEFIT = "benefit"


class Better(StrEnum):
    """Which way an indicator should go."""

    HIGHER = "higher"
    LOWER = "lower"


BLOCKS: Mapping[str, Block] = {
    **{block.value: block for block in Block}, "决策": Block.DECISION, "过程": Block.PROCESS, "产出": Block.OUTPUT, "效益": Block.BENEFIT,
    **{f"{name}指标": block for name, block in (("决策", Block.DECISION), ("过程", Block.PROCESS), ("产出", Block.OUTPUT), ("效益", Block.BENEFIT))},
}
DIRECTIONS: Mapping[str, Better] = {"": Better.HIGHER, "higher": Better.HIGHER, "lower": Better.LOWER, "越高越好": Better.HIGHER, "越低越好": Better.LOWER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of a year.

    target : str
        As written; a number but for indicators that are judged.
    actual, numerator, denominator : Decimal, optional
        None where the cell is blank: not reported.
    weight : Decimal
        Points of the hundred.
    year : int, optional
        None where the file does not say.
    """

    row: int
    block: Block
    level2: str
    level3: str
    unit: str
    target: str
    actual: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    weight: Decimal
    source: str
    responsible: str
    reason: str
    better: Better = Better.HIGHER
    year: int | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the target is words, and the actual value a judgement in percent."""
        return self.unit == QUALITATIVE

    @property
    def reached(self) -> Decimal | None:
        """Share of the target that was reached, from 0 to 1; None where nothing is reported.

        Of an indicator that should be high it is actual over target, of one that should be low target over actual; never more than 1. A target of zero, or
        one below zero that should be high, is reached or not by that ratio read the same way round.
        """
        if self.actual is None:
            return None
        return self.actual / 100 if self.is_judged else share_reached(self.actual, Decimal(self.target), self.better)

    @property
    def score(self) -> Decimal:
        """Points: the weight times the share reached; none where nothing is reported."""
        return Decimal(0) if self.reached is None else self.weight * self.reached

    @property
    def misses(self) -> bool:
        """Whether less than the target was reached."""
        return self.reached is not None and self.reached < 1


def share_reached(actual: Decimal, target: Decimal, better: Better) -> Decimal:
    """Share of a target that was reached, from 0 to 1; an amount on the wrong side of zero reaches nothing."""
    is_met = actual >= target if better is Better.HIGHER else actual <= target
    if is_met:
        return Decimal(1)
    if target == 0 or actual == 0 or (actual > 0) != (target > 0):
        return Decimal(0)
    ratio = actual / target
    return min(ratio, 1 / ratio)


def read_indicators(path: Path, year: int | None = None) -> tuple[Indicator, ...]:
    """Read the indicators of a pilot.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with the columns of `COLUMNS`, and `better` (higher, lower, 越高越好, 越低越好; blank: higher) and `year` where wanted.
    year : int, optional
        Only indicators of this year, and those without one. The whole file is checked all the same.

    Returns
    -------
    tuple of Indicator
        In the order of the file; empty where it has a header alone.

    Raises
    ------
    CaseError
        There is no such file (CR-A10).
    SchemaError
        It is no UTF-8 or no table (CR-A11), columns are missing, unknown or double (CR-A12); and, all together: cells that are needed are blank (CR-A13), words are
        of no vocabulary (CR-A14), cells hold no plain number (CR-A15), the weights of a year do not add up to 100 (CR-A16), an actual value is
        not its numerator over its denominator (CR-A17), a share is of nothing (CR-A18), persons and person-times are mixed (CR-A19), a deviation
        has no reason (CR-A20), an indicator stands twice (CR-A21), a number is out of its range (CR-A22).
    """
    if not path.is_file():
        raise CaseError(Failure(code="CR-A10", values={"file": str(path)}))
    rows = _rows(path)
    failures = [fault for row, cells in rows.items() for fault in _faults(path.name, row, cells)]
    failures += [*_repeated(path.name, rows), *_weight_faults(path.name, rows)]
    if failures:
        raise SchemaError(*failures)
    found = tuple(_indicator(row, cells) for row, cells in rows.items())
    return found if year is None else tuple(one for one in found if one.year in (None, year))


def total_score(indicators: tuple[Indicator, ...]) -> Decimal:
    """Points of all indicators together."""
    return sum((one.score for one in indicators), Decimal(0))


def not_reported(indicators: tuple[Indicator, ...]) -> Decimal:
    """Points of indicators whose actual value is blank: they count as nothing."""
    return sum((one.weight for one in indicators if one.actual is None), Decimal(0))


# ---------------------------------------------------------------- the file as text


def _rows(path: Path) -> dict[int, dict[str, str]]:
    """Row as a spreadsheet shows it → its cells, without spaces around them; blank rows are left out."""
    try:
        table = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(Failure(code="CR-A11", values={"file": path.name, "error": str(error)})) from None
    header = [cell.strip() for cell in table[0]] if table else []
    missing, unknown = [c for c in COLUMNS if c not in header], [c for c in header if c not in (*COLUMNS, *OPTIONAL)]
    twice = sorted({c for c in header if header.count(c) > 1})
    if missing or unknown or twice:
        shown = {"missing": missing, "unknown": unknown, "twice": twice}
        told = {name: ", ".join(c if c else "—" for c in columns) if columns else "—" for name, columns in shown.items()}
        raise SchemaError(Failure(code="CR-A12", values={"file": path.name, **told, "expected": ", ".join((*COLUMNS, *OPTIONAL))}))
    wide = [Failure(code="CR-A11", values={"file": path.name, "error": f"{row}: {len(cells)} > {len(header)}"}) for row, cells in enumerate(table[1:], FIRST_ROW) if len(cells) > len(header)]
    if wide:
        raise SchemaError(*wide)
    full = {row: dict.fromkeys((*COLUMNS, *OPTIONAL), "") | dict(zip(header, map(str.strip, cells), strict=False)) for row, cells in enumerate(table[1:], FIRST_ROW)}
    return {row: cells for row, cells in full.items() if any(cells.values())}


def _at(file: str, row: int, column: str, got: object, **more: object) -> dict[str, object]:
    return {"file": file, "row": row, "column": column, "got": got, **more}


def _faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """What is wrong with one row; cells that may be blank and are, are no fault."""
    for column in NEEDED:
        if not cells[column]:
            yield Failure(code="CR-A13", values=_at(file, row, column, ""))
    vocabularies = {
        "level1": (BLOCKS, "决策, 过程, 产出, 效益"), "unit": (dict.fromkeys((*SHARES, *PLAIN, QUALITATIVE, *ENGLISH)), ", ".join((*SHARES, *PLAIN, QUALITATIVE))),
        "better": (DIRECTIONS, "higher, lower, 越高越好, 越低越好"),
    }
    for column, (known, allowed) in vocabularies.items():
        if cells[column] and cells[column] not in known:
            yield Failure(code="CR-A14", values=_at(file, row, column, cells[column], allowed=allowed))
    for column in ("target", "actual", "numerator", "denominator", "weight"):
        if cells[column] and _number(cells[column]) is None and not (column == "target" and _unit(cells) == QUALITATIVE):
            yield Failure(code="CR-A15", values=_at(file, row, column, cells[column]))
    if cells["year"] and not YEAR.fullmatch(cells["year"]):
        yield Failure(code="CR-A15", values=_at(file, row, "year", cells["year"]))
    yield from _range_faults(file, row, cells)
    yield from _share_faults(file, row, cells)
    yield from _person_faults(file, row, cells)
    yield from _reason_faults(file, row, cells)


def _range_faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    limits: dict[str, tuple[Decimal | float, Decimal | float]] = {"weight": (0, FULL), "denominator": (0, math.inf)}
    if _unit(cells) == QUALITATIVE:
        limits["actual"] = (0, 100)
    for column, (low, high) in limits.items():
        value = _number(cells[column])
        if value is not None and (not low <= value <= high or (column == "weight" and value == 0)):
            yield Failure(code="CR-A22", values=_at(file, row, column, cells[column], rule=entries("errors")[f"rule_indicator_{column}"]))


def _share_faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """A share needs what it is a share of, and is what its parts say."""
    actual, above, below = (_number(cells[column]) for column in ("actual", "numerator", "denominator"))
    unit = _unit(cells)
    if unit not in SHARES and unit not in PLAIN:
        return
    if below == 0 or (unit in SHARES and cells["actual"] and not (cells["numerator"] and cells["denominator"])) or (cells["numerator"] and not cells["denominator"] and unit in SHARES):
        yield Failure(code="CR-A18", values=_at(file, row, "denominator", cells["denominator"], unit=cells["unit"]))
    elif actual is not None and above is not None and below is not None:
        expected = SHARES.get(unit, 1) * above / below
        half = Decimal(1).scaleb(_exponent(actual)) / 2
        if abs(expected - actual) > half:
            shown = f"{expected:.4f}".rstrip("0").rstrip(".")
            yield Failure(code="CR-A17", values=_at(file, row, "actual", cells["actual"], above=cells["numerator"], below=cells["denominator"], expected=shown))


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _person_faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """Persons are counted once, person-times at every visit: name and unit say the same."""
    unit, name = _unit(cells), cells["level3"]
    mixed = (unit == "人" and PERSON_TIMES.search(name)) or (unit == "人次" and PERSONS.search(name) and not PERSON_TIMES.search(name))
    if mixed:
        yield Failure(code="CR-A19", values=_at(file, row, "unit", cells["unit"], name=name))


def _reason_faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """Whoever misses a target, or passes it by far, says why."""
    actual, target = _number(cells["actual"]), _number(cells["target"])
    if cells["reason"] or actual is None or cells["better"] not in DIRECTIONS:
        return
    if _unit(cells) == QUALITATIVE:
        target = Decimal(100)
    if target is None:
        return
    better = DIRECTIONS[cells["better"]]
    is_far = better is Better.HIGHER and target > 0 and actual > OVERSHOOT * target
    if share_reached(actual, target, better) < 1 or is_far:
        yield Failure(code="CR-A20", values=_at(file, row, "reason", "", actual=cells["actual"], target=cells["target"]))


def _repeated(file: str, rows: Mapping[int, Mapping[str, str]]) -> Iterator[Failure]:
    first: dict[tuple[str, ...], int] = {}
    for row, cells in rows.items():
        name = tuple(cells[column] for column in ("year", "level1", "level2", "level3"))
        if all(name[1:]) and first.setdefault(name, row) != row:
            yield Failure(code="CR-A21", values=_at(file, row, "level3", cells["level3"], first=first[name]))


def _weight_faults(file: str, rows: Mapping[int, Mapping[str, str]]) -> Iterator[Failure]:
    """The weights of every year add up to 100; a weight that is no number was told already."""
    sums: dict[str, Decimal] = {}
    unread: set[str] = set()
    for cells in rows.values():
        weight = _number(cells["weight"])
        if weight is None:
            unread.add(cells["year"])
        else:
            sums[cells["year"]] = sums.get(cells["year"], Decimal(0)) + weight
    for year, total in sums.items():
        if year not in unread and total != FULL:
            of_year = {x.value: entries("errors")["rule_indicator_year"][x.value].format(year=year) if year else "" for x in Language}
            yield Failure(code="CR-A16", values={"file": file, "column": "weight", "got": f"{total.normalize():f}", "year": of_year})


def _unit(cells: Mapping[str, str]) -> str:
    return ENGLISH.get(cells["unit"], cells["unit"])


def _number(text: str) -> Decimal | None:
    """A plain number; None for anything else, thousands separators and units behind it among them."""
    try:
        return Decimal(text.replace("−", "-")) if NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def _indicator(row: int, cells: Mapping[str, str]) -> Indicator:
    """The row as an indicator, once its cells are sound."""
    actual, above, below, weight = (_number(cells[column]) for column in ("actual", "numerator", "denominator", "weight"))
    texts = {name: SEVERAL.sub(" ", cells[name]) for name in ("level2", "level3", "source", "responsible", "reason")}
    return Indicator(
        row=row, block=BLOCKS[cells["level1"]], unit=_unit(cells), target=cells["target"].replace("−", "-") if _unit(cells) != QUALITATIVE else cells["target"], actual=actual,
        numerator=above, denominator=below, weight=Decimal(0) if weight is None else weight, better=DIRECTIONS[cells["better"]], year=int(cells["year"]) if cells["year"] else None, **texts,
    )

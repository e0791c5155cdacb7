"""Rules that the rows of a user's claims must keep; every fault with its place, what is allowed and what to do."""

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import numpy as np
import pandas as pd

from commresearch.cases.numerals import UNITS
from commresearch.comparison.claim_parser_nouns import BY_UNIT
from commresearch.comparison.claim_parser_tokens import read_printed
from commresearch.errors import Failure
from commresearch.terms import CHANGES, Comparison, UnitClass
from commresearch.words import entries

TOLERANCE = 1e-9  #: printed numbers have few digits; only the rounding of binary fractions is forgiven
LINKS = ("repeat_of", "conflicts_with", "part_of", "per")
NUMBERS = ("value", "value_low", "value_high", "baseline", "denominator", "listed")
#: units that leave no choice of class
SETTLED = {unit: kind for unit, kind in BY_UNIT.items() if kind in {
    UnitClass.PERSON_TIMES, UnitClass.MONEY, UnitClass.AREA, UnitClass.LENGTH, UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS, UnitClass.MULTIPLE,
}}
PLAIN_UNITS = frozenset(unit.replace("％", "%").removeprefix("大") for unit in UNITS) | frozenset(UNITS) | {""}
Place = Mapping[str, object]
NUMERALS = re.compile("[0-9０-９〇零一二三四五六七八九点半]")


def check_rows(text: pd.DataFrame, place: Place, *, formed: AbstractSet[str]) -> list[Failure]:
    """Every fault of the rows: cells first, then rules between the cells of rows whose own cells are sound.

    Parameters
    ----------
    text : DataFrame of str
        All columns of the ledger; the index is the row that a spreadsheet shows.
    place : mapping
        File and sheet.
    formed : set of str
        Columns in which no cell may be blank; in all others a blank cell means that nothing is known.
    """
    failures = list(_check_cells(text, place, formed))
    unsound = {int(str(f.values["row"])) for f in failures}
    failures += _repeated_ids(text, place)
    for row, record in text.to_dict("index").items():
        cells = {str(name): str(cell) for name, cell in record.items()}
        here = {**place, "row": row, "claim": cells["claim_id"]}
        if row not in unsound:
            failures += [*_numbers(cells, here), *_units(cells, here), *_printed(cells, here)]
        failures += _links(cells, here, text)
    return sorted(failures, key=lambda f: int(str(f.values["row"])))


def _check_cells(text: pd.DataFrame, place: Place, formed: AbstractSet[str]) -> Iterator[Failure]:
    """Forms and vocabularies by the contract of the ledger; a blank cell breaks it only where it may not be blank."""
    from commresearch.cases.contract import COLUMNS  # with pandera, which takes long to load

    with warnings.catch_warnings():  # pandera loads PySpark where that is installed, and PySpark warns of every newer pandas
        warnings.simplefilter("ignore", FutureWarning)
        failing = {
            (name, str(check.error)): asked.index[~np.asarray(check(asked).check_output, dtype=bool)]
            for name, column in COLUMNS["claims"].items()
            for asked in [text[name] if name in formed else text[name][text[name] != ""]]
            for check in column.checks
        }
    for (name, rule), rows in failing.items():
        kind, _, detail = rule.partition(":")
        for row in rows:
            here = {**place, "row": row, "column": name, "got": text[name][row]}
            if kind == "allowed":
                yield Failure(code="CR-H09", values={**here, "allowed": detail})
            else:
                yield Failure(code="CR-H12", values={**here, "rule": entries("errors")[detail]})


def _repeated_ids(text: pd.DataFrame, place: Place) -> Iterator[Failure]:
    ids = text["claim_id"]
    for row in ids.index[ids.duplicated() & (ids != "")]:
        first = ids.index[ids == ids[row]][0]
        yield Failure(code="CR-H13", values={**place, "row": row, "column": "claim_id", "got": ids[row], "first": first})


def _numbers(cells: Mapping[str, str], here: Place) -> Iterator[Failure]:
    """Bounds, signs, shares and periods."""
    value, low, high = (float(cells[name]) if cells[name] else math.nan for name in ("value", "value_low", "value_high"))
    if value < low - TOLERANCE or value > high + TOLERANCE:
        yield Failure(code="CR-H14", values={**here, "column": "value", "got": cells["value"], "low": cells["value_low"] or "—", "high": cells["value_high"] or "—"})
    if value < 0 and cells["comparison"] not in CHANGES:
        yield Failure(code="CR-H15", values={**here, "column": "value", "got": cells["value"], "allowed": ", ".join(sorted(CHANGES))})
    is_percent = cells["unit_class"] == UnitClass.PERCENT
    if is_percent and not cells["comparison"]:
        yield Failure(code="CR-H16", values={**here, "column": "comparison", "got": cells["value"], "allowed": ", ".join(Comparison)})
    if cells["comparison"] == Comparison.SHARE and not (is_percent and value >= 0):
        yield Failure(code="CR-H17", values={**here, "column": "value", "got": f"{cells['value']} {cells['unit_class']}"})
    start, end = cells["period_start"], cells["period_end"]
    shared = min(len(start), len(end))
    if start[:shared] > end[:shared]:
        yield Failure(code="CR-H18", values={**here, "column": "period_start", "got": f"{start} > {end}"})


def _units(cells: Mapping[str, str], here: Place) -> Iterator[Failure]:
    """Units that nobody knows, and units that count something else than the row says."""
    unit, unit_class = cells["unit"], cells["unit_class"]
    if unit not in PLAIN_UNITS:
        usual = [u for u, kind in BY_UNIT.items() if kind == unit_class]
        yield Failure(code="CR-H19", values={**here, "column": "unit", "got": unit, "allowed": "、".join(usual) or "个、项、件、条"})
    elif unit in SETTLED and unit_class not in {SETTLED[unit], UnitClass.RANK}:
        yield Failure(code="CR-H20", values={**here, "column": "unit_class", "got": unit_class, "unit": unit, "expected": SETTLED[unit].value})


def _printed(cells: Mapping[str, str], here: Place) -> Iterator[Failure]:
    """What the printed form says must be what the cells say; a fall keeps its minus sign."""
    if not cells["printed"]:
        return
    read = read_printed(cells["printed"])
    if read is not None and NUMERALS.search(cells["printed"][: read.start] + cells["printed"][read.end :]):
        return  # only a part of the printed form was read (百分之三十五点七): it cannot contradict a person
    if read is None:
        yield Failure(code="CR-H21", values={**here, "column": "printed", "got": cells["printed"]})
        return
    value = float(cells["value"])
    if abs(abs(value) - read.value) > TOLERANCE * max(1.0, read.value):
        yield Failure(code="CR-H22", values={**here, "column": "value", "got": cells["value"], "printed": cells["printed"], "expected": f"{math.copysign(read.value, value):.12g}"})


def _links(cells: Mapping[str, str], here: Place, text: pd.DataFrame) -> Iterator[Failure]:
    """Links lead to another claim of the same case."""
    owner = dict(zip(text["claim_id"], text["case_id"], strict=True))
    for column in LINKS:
        for target in re.split(r"\s+", cells[column]) if cells[column] else ():
            if owner.get(target) != cells["case_id"] or target == cells["claim_id"]:
                yield Failure(code="CR-H23", values={**here, "column": column, "got": target})

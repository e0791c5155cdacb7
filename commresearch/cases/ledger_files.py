"""The five files of the ledger as text, before anything is believed of them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from commresearch.errors import CaseError, Failure

TABLES = ("sources", "cases", "mechanisms", "claims", "not_claims")
SEPARATORS = {";": "；/;", "\t": "Tab"}
FIRST_ROW = 2  #: row of the first record as a spreadsheet shows it


def read_texts(folder: Path) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Each table with every cell as text, indexed by the row number that a spreadsheet shows, and what could not be read.

    A file that is no UTF-8 or no CSV comes back without columns, a row with a wrong number of cells is left out; both are
    among the failures.

    Raises
    ------
    CaseError
        The folder or a file is missing: all missing ones together.
    """
    missing = [folder / f"{t}.csv" for t in TABLES if not (folder / f"{t}.csv").is_file()]
    if missing:
        raise CaseError(*(Failure(code="CR-C02", values={"file": str(path)}) for path in missing))
    failures: list[Failure] = []
    texts = {name: frame for name in TABLES if (frame := _read_one(folder / f"{name}.csv", failures)) is not None}
    return texts, failures


def _read_one(path: Path, failures: list[Failure]) -> pd.DataFrame | None:
    try:
        header, *records = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))) or [[]]
    except UnicodeDecodeError as error:
        failures.append(Failure(code="CR-L01", values={"file": path.name, "byte": error.start}))
        return None
    except csv.Error as error:
        failures.append(Failure(code="CR-L19", values={"file": path.name, "got": str(error)}))
        return None
    if len(header) == 1 and (mark := next((m for m in SEPARATORS if m in header[0]), None)):
        failures.append(Failure(code="CR-L22", values={"file": path.name, "got": SEPARATORS[mark]}))
        return None
    return _frame(path, header, dict(enumerate(records, FIRST_ROW)), failures)


def _frame(path: Path, header: list[str], records: Mapping[int, list[str]], failures: list[Failure]) -> pd.DataFrame:
    """The table without what spreadsheets leave at its edges: blank rows, and blank columns after the last."""
    filled = {row: record for row, record in records.items() if any(cell.strip() for cell in record)}
    width = max((i for i, name in enumerate(header, 1) if name.strip()), default=0)
    for row, record in filled.items():
        while len(record) > width and not record[-1].strip():
            record.pop()
        if len(record) != width:
            failures.append(Failure(code="CR-L02", values={"file": path.name, "row": row, "got": len(record), "expected": width}))
    whole = {row: record for row, record in filled.items() if len(record) == width}
    return pd.DataFrame(list(whole.values()), columns=header[:width], index=list(whole), dtype=str)

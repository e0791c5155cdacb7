"""The five files of the ledger as text, before anything is believed of them."""

import csv
import io
from pathlib import Path

import pandas as pd

from commresearch.errors import CaseError, Failure

TABLES = ("sources", "cases", "mechanisms", "claims", "not_claims")
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
    for row, record in enumerate(records, FIRST_ROW):
        if len(record) != len(header):
            values = {"file": path.name, "row": row, "got": len(record), "expected": len(header)}
            failures.append(Failure(code="CR-L02", values=values))
    whole = {row: r for row, r in enumerate(records, FIRST_ROW) if len(r) == len(header)}
    return pd.DataFrame(list(whole.values()), columns=header, index=list(whole), dtype=str)

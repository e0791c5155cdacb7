"""The five files of the ledger as text, before anything is believed of them."""

import csv
import io
from pathlib import Path

import pandas as pd

from commresearch.errors import CaseError, Failure, SchemaError

TABLES = ("sources", "cases", "mechanisms", "claims", "not_claims")
FIRST_ROW = 2  #: row of the first record as a spreadsheet shows it


def read_texts(folder: Path) -> dict[str, pd.DataFrame]:
    """Each table with every cell as text, indexed by the row number that a spreadsheet shows.

    Raises
    ------
    CaseError
        The folder or a file is missing: all missing ones together.
    SchemaError
        A file is not UTF-8, or a row has another number of cells than the header.
    """
    missing = [folder / f"{t}.csv" for t in TABLES if not (folder / f"{t}.csv").is_file()]
    if missing:
        raise CaseError(*(Failure(code="CR-C02", values={"file": str(path)}) for path in missing))
    failures: list[Failure] = []
    texts = {name: _read_one(folder / f"{name}.csv", failures) for name in TABLES}
    if failures:
        raise SchemaError(*failures)
    return texts


def _read_one(path: Path, failures: list[Failure]) -> pd.DataFrame:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        failures.append(Failure(code="CR-L01", values={"file": path.name, "byte": error.start}))
        return pd.DataFrame()
    header, *records = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    for row, record in enumerate(records, FIRST_ROW):
        if len(record) != len(header):
            failures.append(
                Failure(code="CR-L02", values={"file": path.name, "row": row, "got": len(record), "expected": len(header)})
            )
    whole = [r for r in records if len(r) == len(header)]
    return pd.DataFrame(whole, columns=header, index=range(FIRST_ROW, FIRST_ROW + len(whole)), dtype=str)

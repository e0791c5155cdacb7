"""Small surveys written as files, cleaned as users clean them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from commresearch.cleaning import CleanTable, Codebook, clean_survey
from commresearch.sources import read_survey

Rows = Sequence[Sequence[object]]


def codebook(*variables: Mapping[str, str]) -> Codebook:
    """A codebook from rows; `source` is the name where it is not given."""
    return Codebook.from_frame(pd.DataFrame([{"source": v["name"], **v} for v in variables]).fillna(""))


def write_xlsx(path: Path, header: Sequence[str], rows: Rows) -> Path:
    """A workbook whose cells keep the types they are given in."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("Sheet1")
        for i, row in enumerate([header, *rows]):
            for j, cell in enumerate(row):
                sheet.write(i, j, cell)
    return path


def write_csv(path: Path, header: Sequence[str], rows: Rows, encoding: str = "utf-8-sig") -> Path:
    """A text table."""
    lines = [",".join(f'"{cell}"' if "," in str(cell) else str(cell) for cell in row) for row in [header, *rows]]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


@pytest.fixture
def cleaned(tmp_path: Path) -> Callable[..., CleanTable]:
    """Write one column (or several) as a file, clean it, return the table."""

    def clean(header: Sequence[str], rows: Rows, *variables: Mapping[str, str], suffix: str = ".csv", encoding: str = "utf-8-sig", **options: object) -> CleanTable:
        path = tmp_path / f"survey{suffix}"
        write_xlsx(path, header, rows) if suffix == ".xlsx" else write_csv(path, header, rows, encoding)
        return clean_survey(read_survey(path), codebook(*variables), **options)

    return clean

"""A cleaned survey in a folder: tables for the kit, and the same for people."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.codebook_file import codebook_xlsx, dictionary_markdown, dictionary_xlsx
from commresearch.errors import CaseError, Failure
from commresearch.records import canonical_json, csv_bytes, guarded_csv
from commresearch.terms import Language

TABLES = ("frame", "missing_kinds", "log", "flags", "account", "duplicates", "identifiers")
FOR_PEOPLE = ("log", "account", "identifiers")  #: also written as CSV
CODEBOOK, PROVENANCE = "codebook.csv", "provenance.json"


def files_of(clean: CleanTable, language: Language) -> dict[str, bytes]:
    """Every file of a cleaned survey by name; equal tables give equal bytes."""
    tables = {name: getattr(clean, name) for name in TABLES}
    tables["log"] = clean.log_in(language)
    files = {f"{name}.parquet": _parquet(table) for name, table in tables.items()}
    files |= {f"{name}.csv": guarded_csv(tables[name]) for name in FOR_PEOPLE}
    files["flags.csv"] = guarded_csv(clean.flags.reset_index())
    files[CODEBOOK] = csv_bytes(clean.codebook.to_frame())  # it is read back as it stands
    files["codebook.xlsx"] = codebook_xlsx(clean.given or clean.codebook, language)
    files["dictionary.xlsx"] = dictionary_xlsx(clean.codebook, language)
    files["dictionary.md"] = dictionary_markdown(clean.codebook, language).encode()
    files["duplicates.xlsx"] = _workbook(clean.duplicates)
    files[PROVENANCE] = canonical_json(dict(clean.provenance)).encode()
    return files


def read_clean(folder: str | Path) -> CleanTable:
    """The cleaned survey that stands in a folder.

    Raises
    ------
    CaseError
        A file of it is missing: the survey has not been cleaned, or not wholly copied.
    """
    folder = Path(folder)
    needed = [*(f"{name}.parquet" for name in TABLES), CODEBOOK, PROVENANCE]
    if missing := [name for name in needed if not (folder / name).is_file()]:
        raise CaseError(Failure(code="CR-F09", values={"folder": str(folder), "missing": ", ".join(missing)}))
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    codebook = pd.read_csv(folder / CODEBOOK, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    provenance: Mapping[str, str] = json.loads((folder / PROVENANCE).read_text(encoding="utf8"))
    frames: Any = tables
    return CleanTable(codebook=Codebook.from_frame(codebook, name=provenance.get("codebook", CODEBOOK)), provenance=provenance, **frames)


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def _workbook(table: pd.DataFrame) -> bytes:
    import xlsxwriter

    from commresearch.cleaning.codebook_file import MADE

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet("duplicates")
        head, text = book.add_format({"bold": True, "bottom": 2}), book.add_format({"text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(table.columns) - 1, 0), 18, text)
        for j, column in enumerate(table.columns):
            sheet.write_string(0, j, str(column), head)
        for i, row in enumerate(table.astype("str").fillna("").to_numpy().tolist(), 1):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell, text)
    return buffer.getvalue()

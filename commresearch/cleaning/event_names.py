"""Names of sheets and headers as logs and manifests may hold them: where every person has a sheet or a column, it bears the person's name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from commresearch.cleaning.masking import TOKENS, mask_text
from commresearch.cleaning.personal_names import known_names, name_cells
from commresearch.records import join_logs
from commresearch.sources.raw_table import RawTable
from commresearch.terms import DataKind, Identifier

#: fields that hold names of persons; the name of a room or unit is none
PERSON_NAMES = ("caller_name", "booker_name", "person_name")
#: how a header was told that the kit knows word by word
KNOWN_WORDS = ("name", "header")


def name_fields(kind: DataKind | str) -> tuple[str, ...]:
    """Fields of a kind that hold names of persons."""
    return (*PERSON_NAMES, "name") if kind == DataKind.SIGNINS else PERSON_NAMES


def without_names(raw: RawTable, kind: DataKind | str) -> RawTable:
    """A register whose sheets and headers are told by a token where they name a person or hold an identifier.

    Row ids, log and mapping have the token, numbered within a file (〔姓名〕1); the cells and their headers stay as received.
    """
    names = sorted({name for cells in _name_columns(raw, kind) for name in known_names(cells)})
    listed = dict.fromkeys([*((p.path.name, p.sheet) for p in raw.parts), *zip(raw.log["file"], raw.log["sheet"], strict=True)])
    sheets: dict[tuple[str, str], str] = {}
    for file in dict.fromkeys(file for file, _ in listed):
        found = shown_names([sheet for of, sheet in listed if of == file and sheet], names)
        sheets |= {(file, sheet): shown for sheet, shown in found.items()}
    mapping, log = hidden_headers(raw.mapping, raw.log, names)
    if not sheets:
        return replace(raw, mapping=mapping, log=log)
    parts = tuple(replace(part, sheet=sheets.get((part.path.name, part.sheet), part.sheet)) for part in raw.parts)
    return replace(raw, sheet=parts[0].sheet, parts=parts, mapping=_hidden_sheets(mapping, sheets), log=_hidden_row_ids(_hidden_sheets(log, sheets), sheets))


def hidden_headers(mapping: pd.DataFrame | None, log: pd.DataFrame, names: Sequence[str] = ()) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Mapping and log with a token for each header that names a person or holds an identifier."""
    if mapping is None:
        return mapping, log
    unknown = mapping.loc[~mapping["how"].isin(KNOWN_WORDS), "header"]
    shown = shown_names(unknown.unique().tolist(), names)
    if not shown:
        return mapping, log
    changed = {column: log[column].map(lambda text: shown.get(text, text)) for column in ("variable", "old", "new")}
    return mapping.assign(header=mapping["header"].map(lambda text: shown.get(text, text))), log.assign(**changed)


def shown_names(texts: Iterable[str], names: Sequence[str] = ()) -> dict[str, str]:
    """For texts that may not be shown what stands in their place, numbered so that each stays a different one."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return {}
    covered = mask_text(pd.Series(distinct, dtype="str"), names)[0].tolist()
    are_names = name_cells(distinct)
    found = [text for text, cover, is_name in zip(distinct, covered, are_names, strict=True) if is_name or cover != text]
    covers = dict(zip(distinct, np.where(are_names, TOKENS[Identifier.NAME], covered), strict=True))
    return {text: f"{covers[text]}{number}" for number, text in enumerate(found, 1)}


def _name_columns(raw: RawTable, kind: DataKind | str) -> Iterable[pd.Series]:
    for header in {part.fields[field][0] for part in raw.parts for field in name_fields(kind) if field in part.fields}:
        yield raw.frame[header]


def _hidden_sheets(table: pd.DataFrame | None, sheets: Mapping[tuple[str, str], str]) -> pd.DataFrame | None:
    if table is None:
        return None
    return table.assign(sheet=[sheets.get(place, place[1]) for place in zip(table["file"], table["sheet"], strict=True)])


def _hidden_row_ids(log: pd.DataFrame | None, sheets: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Row ids hold the name of the sheet between the hash of the file and the number of the row."""
    if log is None:
        return join_logs([])
    shown = {sheet: token for (_, sheet), token in sheets.items()}
    parts = [(row_id, *row_id.split(":", 1)) if ":" in row_id else (row_id, "", "") for row_id in log["row_id"]]
    return log.assign(row_id=[
        f"{first}:{shown.get(rest.rpartition(':')[0], rest.rpartition(':')[0])}:{rest.rpartition(':')[2]}" if rest else row_id for row_id, first, rest in parts
    ])

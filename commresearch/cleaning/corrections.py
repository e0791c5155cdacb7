"""Corrections of single cells: only from a list, each with its reason and the old value that must be found."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from commresearch.cleaning.fit import Placement
from commresearch.cleaning.masking import mask_text
from commresearch.cleaning.parsed import UNREADABLE, Rule
from commresearch.errors import CleaningError, Failure
from commresearch.records import join_logs, log_lines, unguarded
from commresearch.sources import RawTable
from commresearch.terms import DataKind

COLUMNS = ("kind", "file", "sheet", "row_id", "variable", "expect", "new", "reason", "reported_by", "date")
KIND = "survey"
LIST_NAME = "corrections.csv"
LASTING = r"^(?P<hash>[0-9a-f]{8}):(?P<sheet>.*):[0-9]+$"  #: the lasting name of a row
FIRST_ROW = 2
SHOWN_NAMES = 5  #: nearest names that a message offers
REQUIRED = ("row_id", "variable", "reason", "reported_by", "date")
VALUES = ("expect", "new")


def load_corrections(path: str | Path) -> pd.DataFrame:
    """The corrections of a case, every cell text and `tidied`; the index is the row that a spreadsheet shows.

    Raises
    ------
    SourceError
        The file cannot be read.
    CleaningError
        Its columns are not those of a list of corrections (CR-D30), a kind is none of `DataKind` (CR-D42), a date is no date (CR-D43).
    """
    from commresearch.sources.tables import read_table

    frame, file = read_table(Path(path)), Path(path).name
    if missing := [c for c in COLUMNS if c not in frame.columns]:
        raise CleaningError(Failure(code="CR-D30", values={"file": file, "missing": ", ".join(missing), "allowed": ", ".join(COLUMNS)}))
    frame = tidied(frame.set_axis(frame.index + FIRST_ROW))
    if failures := _wrong_cells(frame, file):
        raise CleaningError(*failures)
    return frame


def tidied(corrections: pd.DataFrame) -> pd.DataFrame:
    """A list of corrections without blanks around what its cells name; around old and new values they may be what is to be corrected."""
    return corrections.assign(**{column: corrections[column].str.strip() for column in COLUMNS if column not in VALUES})


def _wrong_cells(corrections: pd.DataFrame, file: str) -> list[Failure]:
    """Kinds of data that there are not, and dates that are none."""
    kinds, dates = corrections["kind"], corrections["date"]
    no_date = pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce").isna() & (dates != "")
    unknown = kinds[~kinds.isin([*DataKind, ""])]
    return [
        *(Failure(code="CR-D42", values={"file": file, "row": row, "got": got, "allowed": ", ".join(DataKind)}) for row, got in unknown.items()),
        *(Failure(code="CR-D43", values={"file": file, "row": row, "got": got}) for row, got in dates[no_date].items()),
    ]


def concerning(corrections: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    """The corrections that are meant for a file: by its name and sheet where they give them, by the lasting name of a row otherwise."""
    lasting = corrections["row_id"].str.extract(LASTING)
    meant = corrections["kind"].isin([KIND, ""])
    for column, name in (("file", raw.path.name), ("sheet", raw.sheet)):
        meant &= corrections[column].isin([name.strip(), ""])
    return corrections[meant & lasting["hash"].fillna(raw.sha256[:8]).eq(raw.sha256[:8]) & lasting["sheet"].fillna(raw.sheet).eq(raw.sheet)]


def misdirected(corrections: pd.DataFrame, raws: Sequence[RawTable], *, list_name: str = LIST_NAME) -> list[Failure]:
    """Corrections that cannot be read, or of surveys and meant for none of the files, or perhaps for any of several."""
    of_surveys = corrections[corrections["kind"].isin([KIND, ""])]
    meant = [frozenset(concerning(of_surveys, raw).index) for raw in raws]
    failures = _wrong_cells(corrections, list_name)
    for number, line in of_surveys.iterrows():
        place = {"file": list_name, "row": number, "variable": line["variable"]}
        n = sum(number in lines for lines in meant)
        if n == 0:
            failures.append(_not_found(line, raws, place))
        elif n > 1:
            failures.append(Failure(code="CR-D31", values={**place, "row_id": line["row_id"], "missing": "sheet" if line["file"] else "file"}))
    return failures


def _not_found(line: pd.Series, raws: Sequence[RawTable], place: Mapping[str, object]) -> Failure:
    """What of a correction leads to none of the files: its file, its sheet, or else its row."""
    files = [raw for raw in raws if line["file"] in {raw.path.name.strip(), ""}]
    sheets = [raw.sheet.strip() for raw in files if raw.sheet]
    for column, got, allowed in (("file", line["file"], [r.path.name.strip() for r in raws]), ("sheet", line["sheet"], sheets)):
        if got and got not in allowed:
            return Failure(code="CR-D41", values={**place, "column": column, "got": got, "allowed": ", ".join(dict.fromkeys(allowed)) or "–"})
    return Failure(code="CR-D32", values={**place, "row_id": line["row_id"]})


def apply_corrections(
    raw: RawTable, placements: list[Placement], corrections: pd.DataFrame | None, *, list_name: str = LIST_NAME
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The received cells with the corrections that concern this file, and the log of them.

    A correction names the row by its `row_id`, or by the row number that a spreadsheet shows; the received cell must still
    hold `expect`. Apostrophes that guard `expect` and `new` from spreadsheets are taken off.

    Raises
    ------
    CleaningError
        Rows or variables that are not there, cells that hold something else by now, corrections without a reason, a person
        or a date, and two corrections of one cell: all together.
    """
    frame = raw.frame.copy()
    if corrections is None or corrections.empty:
        return frame, join_logs([])
    mine = concerning(tidied(corrections), raw)
    rows = {str(name): row for row, name in zip(frame.index, raw.row_ids, strict=True)}
    rows |= {str(row): row for row in frame.index}
    columns = {p.variable.name: p.columns for p in placements} | {c: (c,) for p in placements for c in p.columns}
    failures: list[Failure] = []
    done: set[tuple[object, str]] = set()
    logs = []
    names = dict(zip(frame.index, raw.row_ids, strict=True))
    for number, line in mine.iterrows():
        place = {"file": list_name, "row": number, "row_id": line["row_id"], "variable": line["variable"]}
        cell = _cell(line, rows, columns, place, failures)
        if cell is None:
            continue
        row, column = cell
        if cell in done:
            failures.append(Failure(code="CR-D35", values=place))
        elif (got := str(frame.loc[row, column])) not in expected(line):  # type: ignore[index]
            failures.append(Failure(code="CR-D34", values={**place, "expect": line["expect"], "got": got}))
        else:
            frame.loc[row, column] = new = unguarded(line["new"])
            logs.append(_line(raw, names[row], line, got, new))
        done.add(cell)
    if failures:
        raise CleaningError(*failures)
    return frame, join_logs(logs)


def unreadable_corrections(log: pd.DataFrame, typed: pd.DataFrame, variables: Mapping[str, str], *, list_name: str) -> list[Failure]:
    """Corrections whose new value cannot be read; answers that a choice does not have are told with the other answers.

    `log` are the lines of corrections, `typed` those of reading the cells, `variables` gives the variable of each column.
    """
    refused = typed[typed["rule"].str.startswith(UNREADABLE) & (typed["rule"] != Rule.UNREADABLE_LABEL)]
    cells = set(zip(refused["row_id"], refused["variable"], strict=True))
    return [
        Failure(code="CR-D44", values={"file": list_name, "row_id": row, "variable": variable, "got": mask_text(pd.Series([new]))[0].iloc[0]})
        for row, variable, new in log[["row_id", "variable", "new"]].itertuples(index=False) if (row, variables.get(variable, variable)) in cells
    ]


def _cell(
    line: pd.Series, rows: Mapping[str, object], columns: Mapping[str, tuple[str, ...]], place: Mapping[str, object], failures: list[Failure]
) -> tuple[object, str] | None:
    """The received cell that a correction speaks of; None, and the reason among `failures`, where there is none."""
    before = len(failures)
    blank = [column for column in REQUIRED if not line[column]]
    if blank:
        failures.append(Failure(code="CR-D31", values={**place, "missing": ", ".join(blank)}))
    if str(line["row_id"]) not in rows:
        failures.append(Failure(code="CR-D32", values=place))
    if len(columns.get(str(line["variable"]), ())) != 1:
        single = [c for c in columns if len(columns[c]) == 1]
        near = difflib.get_close_matches(str(line["variable"]), single, n=SHOWN_NAMES, cutoff=0.3) or single[:SHOWN_NAMES]
        failures.append(Failure(code="CR-D33", values={**place, "allowed": ", ".join(near)}))
    if len(failures) > before:
        return None
    return rows[str(line["row_id"])], columns[str(line["variable"])][0]


def expected(line: pd.Series) -> set[str]:
    """What the received cell may hold: the old value as listed, or as it was before a log or an export guarded it from spreadsheets."""
    return {line["expect"], unguarded(line["expect"])}


def _line(raw: RawTable, row_id: str, line: pd.Series, old: str, new: str) -> pd.DataFrame:
    return log_lines(
        step="corrections", rule="correction", file=raw.path.name, sheet=raw.sheet, row_id=row_id, variable=line["variable"], old=old, new=new,
    ).assign(reason=f"{line['reason']} ({line['reported_by']}, {line['date']})")

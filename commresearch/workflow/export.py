"""A clean table for other programs: SPSS and Stata with labels and kinds of missing, CSV with a codebook that reads it back."""

import re
import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cleaning.clean_files import read_clean
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.codebook_file import codebook_xlsx
from commresearch.cleaning.variable import NUMBER, Variable
from commresearch.errors import CaseError, CommResearchError, Failure
from commresearch.records import csv_bytes, guarded_column, write_whole
from commresearch.terms import Language, MissingKind, VariableType
from commresearch.words import say

KINDS = tuple(MissingKind)
#: First code of the kinds of missing in SPSS; the next lower series is taken where answers use these numbers.
SERIES = (-91, -991, -9991, -99991)
SPSS_BEGINS, STATA_BEGINS = "1582-10-14", "1960-01-01"  #: days from which moments are counted
MILLISECONDS = 1000  #: unit of moments in Stata
LETTERS = dict(zip(KINDS, "abcdefg", strict=True))  #: extended missing values of Stata
#: Words that Stata or SPSS (where capitals do not count) keeps for itself, of those that a codebook may name a variable.
RESERVED = re.compile("byte|double|float|if|in|int|long|using|with|str[0-9]+|strl|all|and|by|eq|ge|gt|le|lt|ne|not|or|to")
LONGEST_NAME = {"sav": 64, "dta": 32}
LONGEST_TEXT = {"sav": 32_000, "dta": 2_045}  #: these, too, in bytes
LONGEST_LABEL = {"sav": 255, "dta": 80}
LARGEST_CODE = 2_147_483_620  #: that Stata has a label for
LONGEST_VALUE_LABEL = {"sav": 120, "dta": 32_000}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exported:
    """One column for another program: numbers, moments or texts, its label, labels of values, and how its missing values stand."""

    cells: pd.Series
    kinds: pd.Series
    label: str
    labels: Mapping[float, str]
    is_number: bool

    @property
    def is_date(self) -> bool:
        """Whether its cells are moments, which the other programs hold as numbers."""
        return pd.api.types.is_datetime64_any_dtype(self.cells)

    def longest_name(self, kind: str) -> int:
        """Bytes that its name may have; in Stata labels, of values or of kinds of missing, bear the name of their column and have one less."""
        is_labelled = bool(self.labels) or ((self.is_number or self.is_date) and bool(self.kinds.notna().any()))
        return LONGEST_NAME[kind] - (kind == "dta" and is_labelled)

    def seconds_since(self, year: str) -> "Exported":
        """Moments as the numbers that they are in another program: seconds since a day."""
        seconds = (self.cells.astype("datetime64[us]") - pd.Timestamp(year)) / pd.Timedelta(seconds=1)
        return replace(self, cells=seconds, is_number=True)


def export_clean(clean: CleanTable, folder: str | Path, stem: str, language: Language) -> list[Path]:
    """Write a clean table as .sav, .dta and .csv (with its kinds of missing and a codebook beside it).

    Parameters
    ----------
    clean
        The cleaned survey.
    folder, stem
        Where to, and the beginning of the files' names.
    language
        Language of the labels.

    Returns
    -------
    list of Path
        stem.sav, stem.dta, stem.csv, stem_kinds.csv, stem_codebook.xlsx.

    Raises
    ------
    CaseError
        Names that a format cannot hold (all together), whatever else cannot be written in one, or a folder that cannot be written to.

    Notes
    -----
    In SPSS and Stata, where a name holds letters, digits and underscores only, `q1__-1` is `q1__m1` and `q1__1.5` is `q1__1p5`; a word
    that either reserves gets an ending: `long` is `long_x`. The notes of stem_codebook.xlsx say so.
    In SPSS a kind of missing is a user-missing number (-91 to -97, further down where answers use these), in Stata one of .a to
    .g, both with labels, dates included. Texts are empty there whatever the kind, which a note in the file says; their kinds stand in
    stem_kinds.csv. The CSV holds values,
    and <kind> where one is missing (<<kind>> where somebody has answered <kind>); a text that a spreadsheet would compute (first sign =, +, - or @, and no number) stands behind an apostrophe.
    stem_codebook.xlsx reads it back into the same table, without the apostrophe.
    """
    return _write(_files(clean, stem, language), Path(folder))


def _files(clean: CleanTable, stem: str, language: Language) -> dict[str, bytes]:
    columns = {name: _exported(clean, name, language) for name in clean.frame.columns}
    names = _names(list(columns))
    allowed = [(name, kind, column.longest_name(kind)) for kind in LONGEST_NAME for name, column in columns.items()]
    if long := [(name, kind, most) for name, kind, most in allowed if len(names[name].encode()) > most]:
        raise CaseError(*(Failure(code="CR-X01", values={"column": n, "format": f".{k}", "allowed": most}) for n, k, most in long))
    named = {names[name]: column for name, column in columns.items()}
    return {
        f"{stem}.sav": _sav(named, language), f"{stem}.dta": _dta(named, language), f"{stem}.csv": _csv(clean),
        f"{stem}_kinds.csv": csv_bytes(clean.missing_kinds.astype("str").fillna("").reset_index()),
        f"{stem}_codebook.xlsx": codebook_xlsx(codebook_of_csv(clean.codebook, clean.frame, language), language),
    }


def _write(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    try:
        for name, data in files.items():
            write_whole(folder / name, data)
    except OSError as problem:
        raise CaseError(Failure(code="CR-C04", values={"path": str(folder), "error": problem.strerror or str(problem)})) from None
    return [folder / name for name in files]


def export_case(cleaned: str | Path, folder: str | Path, case: str, language: Language) -> list[Path]:
    """Export every cleaned survey of a case, `<case>_<wave>.sav` and others, and every panel, `<case>_<outcome>.sav` and others.

    Surveys as `export_clean` does; beside panels stand scripts and a table of what was estimated from them (`estimate_files`).

    Raises
    ------
    CaseError
        The case has not been cleaned; as `export_clean`, for all surveys together; then nothing is written.
    """
    from commresearch.workflow.export_estimates import estimate_files
    from commresearch.workflow.export_panels import panel_files

    waves = sorted(p.parent for p in Path(cleaned).glob("*/frame.parquet"))
    files = panel_files(Path(cleaned), case, language)
    files |= estimate_files(Path(cleaned), case, language) if files else {}
    if not waves and not files:
        raise CaseError(Failure(code="CR-F09", values={"folder": str(cleaned), "missing": "frame.parquet"}))
    failures: list[Failure] = []
    for wave in waves:
        try:
            files |= _files(read_clean(wave), f"{case}_{wave.name}", language)
        except CommResearchError as error:
            failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CaseError(*failures)
    return _write(files, Path(folder))


def codebook_of_csv(codebook: Codebook, frame: pd.DataFrame, language: Language = Language.ZH) -> Codebook:
    """The codebook that reads an exported CSV back: headers are the clean columns, cells are values, <kind> means missing (in more brackets where `_marks` has more).

    Its notes say, in a language, what columns are called in SPSS and Stata where that is something else.
    """
    called = _names(list(frame.columns))
    kinds = {kind: (mark,) for kind, mark in _marks(frame).items()}
    rows = [row for variable in codebook for row in _variables_of_csv(variable, kinds, frame)]
    taken, variables = {v.name for v in codebook}, []
    for row in rows:
        name = row.name if row.source == row.name else _free_name(row.name, taken)  # q1__10 may stand beside a variable q1_10
        taken.add(name)
        renamed = [] if called[row.source] == row.source else [say("export.note_renamed", language, name=called[row.source])]
        variables.append(replace(row, name=name, note="\n".join([*([row.note] if row.note else []), *renamed])))
    return Codebook(variables=tuple(variables), name=codebook.name)


def _variables_of_csv(variable: Variable, kinds: Mapping[MissingKind, tuple[str, ...]], frame: pd.DataFrame) -> list[Variable]:
    """One row per clean column: an option becomes a question answered 0 or 1, a place of a ranking one answered with an option."""
    plain = replace(variable, source_code=(), source_other="", missing=kinds, open=(), identifier=None)
    several = variable.type in {VariableType.MULTIPLE, VariableType.RANKING}
    rows = []
    for column in [*variable.columns, *([variable.other] if variable.other else [])]:
        if column not in frame:
            continue
        if column == variable.other:
            rows.append(replace(plain, name=_own_name(column), source=column, type=VariableType.TEXT, role=None, values={}, labels_en={}, asked_if=None, scale=""))
        elif several:
            values = {"0": "0", "1": "1"} if variable.type is VariableType.MULTIPLE else {v: v for v in variable.answers}
            rows.append(replace(
                plain, name=_own_name(column), source=column, type=VariableType.SINGLE, values=values, labels_en={}, asked_if=None, scale="", role=None,
            ))
        else:
            rows.append(replace(
                plain, source=column, values={v: v for v in variable.answers}, labels_en={}, asked_if=None, unit="" if variable.type is VariableType.NUMBER else variable.unit,
            ))
    return rows


def _own_name(column: str) -> str:
    """The column of an option, a place or a free text, as the codebook may name a variable (q1__-3 → q1_m3); two columns may get the same name."""
    return _statistics_name(column).replace("__", "_").lower()


def _statistics_name(column: str) -> str:
    """A column as SPSS and Stata may name it: options have numbers with signs and points behind their question."""
    return column.replace("-", "m").replace(".", "p")


def _names(columns: Sequence[str]) -> dict[str, str]:
    """What each column is called in SPSS and Stata: as it is, where it can be."""
    names = {column: column for column in columns if _free_name(_statistics_name(column), ()) == column}
    taken = set(names)
    for column in columns:
        if column not in names:
            names[column] = _free_name(_statistics_name(column), taken)
            taken.add(names[column])
    return names


def _free_name(name: str, taken: Container[str]) -> str:
    """A name that is neither taken nor a word of SPSS or Stata."""
    while name in taken or RESERVED.fullmatch(name):
        name += "_x"
    return name


def _exported(clean: CleanTable, name: str, language: Language) -> Exported:
    column, kinds = clean.frame[name], clean.missing_kinds[name]
    variable = next(v for v in clean.codebook if name in v.columns or name == v.other)
    label = variable.question(language)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, labels = _codes(variable, [str(v) for v in column.cat.categories], language)
        cells = column.astype("str").map(codes).astype("float64")
        rank = name.removeprefix(f"{variable.name}__rank_")
        label = f"{label} [{rank}]" if rank != name else label
        return Exported(cells=cells, kinds=kinds, label=label, labels=labels, is_number=True)
    if variable.type is VariableType.MULTIPLE and name != variable.other:
        option = variable.label(name.removeprefix(f"{variable.name}__"), language)
        labels = {0.0: say("survey.option_no", language), 1.0: say("survey.option_yes", language)}
        return Exported(cells=column.astype("float64"), kinds=kinds, label=f"{label}: {option}", labels=labels, is_number=True)
    is_number = pd.api.types.is_numeric_dtype(column)
    return Exported(cells=column.astype("float64") if is_number else column, kinds=kinds, label=label, labels={}, is_number=is_number)


def _codes(variable: Variable, values: Sequence[str], language: Language) -> tuple[dict[str, float], dict[float, str]]:
    """The number of each value of a choice, and the labels of these numbers: values that are whole numbers are their own.

    Values are texts: 1 and 01 are two answers and one number, and Stata labels no number as long as the code of an area. Where that is
    so, values are numbered as words are, and the labels of all that look like another number say which value it is.
    """
    numbers = {value: float(value) for value in values if NUMBER.fullmatch(value)}
    codes = {value: float(i) for i, value in enumerate(values, 1)}
    if all(value.lstrip("-").isdigit() for value in values) and len(set(numbers.values())) == len(values) and max(map(abs, numbers.values()), default=0) <= LARGEST_CODE:
        codes = numbers
    labels = {value: variable.label(value, language) for value in values}
    return codes, {code: labels[value] if numbers.get(value, code) == code else f"{value}={labels[value]}" for value, code in codes.items()}


def _sav(columns: Mapping[str, Exported], language: Language) -> bytes:
    """SPSS: kinds of missing as numbers below every answer, declared user-missing."""
    import pyreadstat

    cells: dict[str, pd.Series] = {}
    labels: dict[str, dict[float | str, str]] = {}
    missing = {}
    formats = {name: "DATETIME20" for name, column in columns.items() if column.is_date}
    for name, given in columns.items():
        column = given.seconds_since(SPSS_BEGINS) if given.is_date else given
        if not column.is_number:
            cells[name] = _plain_cells(column.cells, LONGEST_TEXT["sav"])
            continue
        first = _free_series(column.cells)
        code = {str(kind): float(first - i) for i, kind in enumerate(KINDS)}
        cells[name] = column.cells.where(column.cells.notna(), column.kinds.astype("str").map(code).astype("float64"))
        used = [k for k in KINDS if (column.kinds == k).any()]
        labels[name] = {**_value_labels(column, "sav"), **{code[k]: say(f"survey.kind_{k}", language) for k in used}}
        if used:
            missing[name] = [{"lo": float(first - len(KINDS) + 1), "hi": float(first)}]
    return _written("sav", lambda path: pyreadstat.write_sav(
        pd.DataFrame(cells).reset_index(drop=True), path, column_labels=_labels(columns, "sav"), variable_value_labels={k: v for k, v in labels.items() if v}, missing_ranges=missing,
        variable_format=formats, note=_note(columns, language),
    ))


def _dta(columns: Mapping[str, Exported], language: Language) -> bytes:
    """Stata: kinds of missing as .a to .g."""
    import pyreadstat

    cells: dict[str, pd.Series] = {}
    labels: dict[str, dict[float | str, str]] = {}
    missing = {}
    formats = {name: "%tc" for name, column in columns.items() if column.is_date}
    for name, given in columns.items():
        column = given.seconds_since(STATA_BEGINS) if given.is_date else given
        if given.is_date:
            column = replace(column, cells=column.cells * MILLISECONDS)
        if not column.is_number:
            cells[name] = _plain_cells(column.cells, LONGEST_TEXT["dta"])
            continue
        used = [k for k in KINDS if (column.kinds == k).any()]
        letters = column.kinds.astype("str").map({str(k): LETTERS[k] for k in KINDS})
        cells[name] = column.cells.astype("object").where(column.cells.notna(), letters) if used else column.cells
        labels[name] = {**_value_labels(column, "dta"), **{LETTERS[k]: say(f"survey.kind_{k}", language) for k in used}}
        if used:
            missing[name] = [LETTERS[k] for k in used]
    return _written("dta", lambda path: pyreadstat.write_dta(
        pd.DataFrame(cells).reset_index(drop=True), path, column_labels=_labels(columns, "dta"),
        variable_value_labels={k: v for k, v in labels.items() if v and all(isinstance(c, str) or c == int(c) for c in v)}, missing_user_values=missing,
        variable_format=formats, file_label=_cut(_note(columns, language), LONGEST_LABEL["dta"]),
    ))


def _note(columns: Mapping[str, Exported], language: Language) -> str:
    """What the file cannot hold: the kinds of missing of texts; nothing where no text lacks a value."""
    lacking = any(not (c.is_number or c.is_date) and c.kinds.notna().any() for c in columns.values())
    return say("export.note_texts", language) if lacking else ""


def as_sav(frame: pd.DataFrame, labels: Mapping[str, str], answers: Mapping[str, Mapping[float, str]]) -> bytes:
    """A table of numbers, texts and days for SPSS; `labels` of columns, `answers` their labelled values."""
    import pyreadstat

    return _written("sav", lambda path: pyreadstat.write_sav(
        _for_statistics(frame, "sav"), path, column_labels={k: _cut(v, LONGEST_LABEL["sav"]) for k, v in labels.items()}, variable_value_labels=answers,
    ))


def as_dta(frame: pd.DataFrame, labels: Mapping[str, str], answers: Mapping[str, Mapping[float, str]]) -> bytes:
    """The same for Stata."""
    import pyreadstat

    return _written("dta", lambda path: pyreadstat.write_dta(
        _for_statistics(frame, "dta"), path, column_labels={k: _cut(v, LONGEST_LABEL["dta"]) for k, v in labels.items()}, variable_value_labels=answers,
    ))


def _for_statistics(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    cells = {name: column if pd.api.types.is_numeric_dtype(column) else _plain_cells(column, LONGEST_TEXT[kind]) for name, column in frame.items()}
    return pd.DataFrame(cells).reset_index(drop=True)


def _free_series(cells: pd.Series) -> int:
    """The first code of a series of kinds that no answer comes near."""
    lowest = float(cells.min()) if cells.notna().any() else 0.0
    return next((first for first in SERIES if lowest > first), SERIES[-1])


def _plain_cells(cells: pd.Series, longest: int) -> pd.Series:
    """Dates as they are; texts without gaps, cut where the format ends."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells.astype("datetime64[ns]")
    return cells.fillna("").astype("object").map(partial(_cut, most=longest))


def _labels(columns: Mapping[str, Exported], kind: str) -> dict[str, str | None]:
    return {name: _cut(column.label, LONGEST_LABEL[kind]) for name, column in columns.items()}


def _value_labels(column: Exported, kind: str) -> dict[float | str, str]:
    return {value: _cut(label, LONGEST_VALUE_LABEL[kind]) for value, label in column.labels.items()}


def _cut(text: str, most: int) -> str:
    """A text of so many bytes at most, no character cut in two."""
    return text.encode()[:most].decode(errors="ignore")


def _written(suffix: str, write: "object") -> bytes:
    """What a writer that knows only paths has written; what it cannot write is a fault of the table."""
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{suffix}"
        try:
            write(str(path))  # type: ignore[operator]
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, TypeError, OverflowError) as problem:
            raise CaseError(Failure(code="CR-X02", values={"format": f".{suffix}", "error": str(problem)})) from problem
        return path.read_bytes()


def _marks(frame: pd.DataFrame) -> dict[MissingKind, str]:
    """How a missing value of each kind stands in the CSV: <kind>, in more brackets where somebody has answered just that."""
    answers = [column.dropna().astype("str").str.strip() for _, column in frame.items() if _is_text(column)]
    texts = {text for column in answers for text in column[column.str.startswith("<")].unique()}
    n = next(n for n in count(1) if texts.isdisjoint("<" * n + kind + ">" * n for kind in KINDS))
    return {kind: "<" * n + kind + ">" * n for kind in KINDS}


def _is_text(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype))


def _csv(clean: CleanTable) -> bytes:
    """Values, and the mark of its kind where one is missing."""
    cells, marks = {}, {str(kind): mark for kind, mark in _marks(clean.frame).items()}
    for name in clean.frame.columns:
        column, kinds = clean.frame[name], clean.missing_kinds[name]
        if pd.api.types.is_float_dtype(column):
            text = pd.Series([("" if np.isnan(x) else repr(x).removesuffix(".0")) for x in column.to_numpy(dtype=float, na_value=np.nan).tolist()], index=column.index)
        elif pd.api.types.is_datetime64_any_dtype(column):
            text = column.dt.strftime("%Y-%m-%d %H:%M:%S")
        elif isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_numeric_dtype(column):
            text = column.astype("str")
        else:
            text = guarded_column(column.astype("str"))
        cells[name] = text.astype("object").where(column.notna().to_numpy(), kinds.astype("object").map(marks))
    return csv_bytes(pd.DataFrame(cells).reset_index())

"""The codebook: what every variable of a survey is, drafted by the kit and edited by a person in a spreadsheet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cleaning.conditions import Comparison, Condition, ConditionError, read_condition
from commresearch.cleaning.variable import ABSENT, COLUMNS, NEEDED, NUMBER, SEVERAL, Variable, read_variable
from commresearch.errors import Failure, SchemaError
from commresearch.records import sha256_of
from commresearch.terms import Role, VariableType

FIRST_ROW = 2  #: row of the first variable as a spreadsheet shows it
ROLES_OF_ONE = frozenset(Role) - SEVERAL
EQUALITY = ("=", "!=")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codebook:
    """The variables of one questionnaire, in the order of the file; `name` is that of the file it came from."""

    variables: tuple[Variable, ...]
    name: str = "codebook"

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.variables)

    def __getitem__(self, name: str) -> Variable:
        if (found := next((v for v in self.variables if v.name == name), None)) is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return any(v.name == name for v in self.variables)

    def role(self, role: Role) -> Variable | None:
        """The (first) variable with a role, or None."""
        return next((v for v in self.variables if v.role == role), None)

    def scales(self) -> dict[str, list[Variable]]:
        """Items of every scale."""
        return _grouped((v.scale, v) for v in self.variables if v.scale)

    def matrices(self) -> dict[str, list[Variable]]:
        """Rows of every matrix question."""
        return _grouped((v.matrix, v) for v in self.variables if v.matrix)

    @property
    def content_hash(self) -> str:
        """Hash of everything that the codebook says."""
        return sha256_of(self.to_frame().to_csv(index=False))

    def to_frame(self) -> pd.DataFrame:
        """The codebook as the table that people edit: one row per variable, every cell text."""
        return pd.DataFrame([v.to_row() for v in self.variables], columns=list(COLUMNS), dtype="str")

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, name: str = "codebook") -> "Codebook":
        """The codebook that a table holds; columns other than name, type and source may be absent.

        Raises
        ------
        SchemaError
            Columns, cells, names, values and conditions that are wrong: all together, with row and column.
        """
        failures = list(_header_failures(frame, name))
        if failures:
            raise SchemaError(*failures)
        cells = frame.reindex(columns=list(COLUMNS), fill_value="").fillna("").astype("str")
        cells = cells[(cells.apply(lambda column: column.str.strip()) != "").any(axis=1)]
        rows = {int(i) + FIRST_ROW: {str(k): str(v) for k, v in row.items()} for i, row in zip(cells.index, cells.to_dict("records"), strict=True)}
        read = {}
        for number, row in rows.items():
            if (variable := read_variable(row, {"file": name, "row": number}, failures)) is not None:
                read[number] = variable
        failures += [*_repeated(rows, read, name), *_unfit_conditions(rows, read, name)]
        if not len(cells):
            failures.append(Failure(code="CR-K05", values={"file": name}))
        if failures:
            raise SchemaError(*failures)
        return cls(variables=tuple(read.values()), name=name)


def _grouped(pairs: Iterator[tuple[str, Variable]]) -> dict[str, list[Variable]]:
    groups: dict[str, list[Variable]] = {}
    for group, variable in pairs:
        groups.setdefault(group, []).append(variable)
    return groups


def _header_failures(frame: pd.DataFrame, file: str) -> Iterator[Failure]:
    got = [str(c) for c in frame.columns]
    missing = [c for c in NEEDED if c not in got]
    unknown = [c for c in got if c not in COLUMNS] + sorted({c for c in got if got.count(c) > 1})
    if missing or unknown:
        yield Failure(
            code="CR-K01",
            values={"file": file, "missing": ", ".join(missing) or "—", "unknown": ", ".join(unknown) or "—", "allowed": ", ".join(COLUMNS)},
        )


def _repeated(rows: Mapping[int, Mapping[str, str]], read: Mapping[int, Variable], file: str) -> Iterator[Failure]:
    """Names, sources and roles that stand twice, whatever else is wrong with their rows; names of columns that the kit makes."""
    seen: dict[str, set[str]] = {"name": set(), "source": set(), "role": set()}
    others = {v.other for v in read.values() if v.other}
    for row, cells in rows.items():
        for column, known in seen.items():
            text = cells[column].strip()
            is_free = text not in ROLES_OF_ONE if column == "role" else text in {"", ABSENT}
            if (text in known and not is_free) or (column == "name" and text in others):
                yield Failure(code="CR-K06", values={"file": file, "row": row, "column": column, "got": text})
            known.add(text)


def _unfit_conditions(rows: Mapping[int, Mapping[str, str]], read: Mapping[int, Variable], file: str) -> Iterator[Failure]:
    """Conditions about variables and values that are not there; of variables whose own rows are at fault nothing is said."""
    by_name = {v.name: v for v in read.values()}
    unsure = {cells["name"] for row, cells in rows.items() if row not in read}
    for row, cells in rows.items():
        place = {"file": file, "row": row}
        condition = _condition(cells["asked_if"])
        unfit = [*unfit_parts(condition, by_name)] if condition else []
        for part in condition.parts if condition else ():
            question = part.name.partition("__")[0]
            if cells["name"] in {part.name, question}:
                yield Failure(code="CR-K14", values={**place, "got": str(part)})
            elif part in unfit and unsure.isdisjoint({part.name, question, part.value}):
                yield Failure(code="CR-K07", values={**place, "got": str(part)})


def _condition(text: str) -> Condition | None:
    """The condition of a cell; None where it is blank or cannot be read, which has been said already."""
    try:
        return read_condition(text) if text.strip() else None
    except ConditionError:
        return None


def unfit_parts(condition: Condition, variables: Mapping[str, Variable]) -> Iterator[Comparison]:
    """Comparisons that look at no variable or at an identifier, or that do not suit the type of the variable."""
    columns = {c for v in variables.values() for c in v.columns if c != v.name}
    for part in condition.parts:
        asked = variables.get(part.name)
        if asked is None:
            fits = part.name in columns and not part.operator.startswith("has") and NUMBER.fullmatch(part.value) is not None
        else:
            fits = not asked.identifier and _suits(part, asked, variables)
        if not fits:
            yield part


def _suits(part: Comparison, asked: Variable, variables: Mapping[str, Variable]) -> bool:
    """Whether operator and value can be held against answers of the variable's type."""
    if asked.type is VariableType.MULTIPLE or part.operator.startswith("has"):
        return asked.type is VariableType.MULTIPLE and part.operator.startswith("has") and part.value in asked.answers
    if asked.type is VariableType.SINGLE and part.value in asked.answers:
        return part.operator in EQUALITY or asked.is_numeric
    if part.operator in EQUALITY and asked.type in {VariableType.SINGLE, VariableType.TEXT}:
        return asked.type is VariableType.TEXT
    other = variables.get(part.value)
    if asked.type is VariableType.DATE:
        return DAY.fullmatch(part.value) is not None or (other is not None and other.type is VariableType.DATE)
    return asked.is_numeric and (NUMBER.fullmatch(part.value) is not None or (other is not None and other.is_numeric))


def read_codebook(path: str | Path) -> Codebook:
    """Read a codebook that was edited by hand: the first sheet of an XLSX file, or a CSV file; or the XLSForm of a survey.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        As `Codebook.from_frame`.
    """
    from commresearch.cleaning.xlsform import SHEETS, xlsform_rows
    from commresearch.sources.tables import read_table, sheet_names

    path = Path(path)
    if set(SHEETS) <= set(sheet_names(path)):
        return Codebook.from_frame(xlsform_rows(path), name=path.name)
    return Codebook.from_frame(read_table(path), name=path.name)

"""A filled workbook of a lesson, read and checked row by row, by the same checker as everything else."""

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from commresearch.course.content import from_content
from commresearch.course.exercises import NumberTask, Outcome, Verdict, check_answer
from commresearch.course.parts import Column, Key, Rule, Sheet, task_of
from commresearch.course.workbook import KEY_COLUMN, OUT_OF, header_of
from commresearch.course.written import told
from commresearch.errors import Failure, SourceError
from commresearch.sources.received import FileKind, receive
from commresearch.sources.sheet import Sheet as Cells
from commresearch.sources.workbook import open_sheets
from commresearch.terms import Language
from commresearch.words import say

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "=": operator.eq, "<>": operator.ne,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A filled workbook: the lesson, its exercise, and what stands in every row, by column (texts, "" where nothing does)."""

    lesson: int
    sheet: Sheet
    rows: Mapping[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one row (from 1): of one cell, or of a rule that its numbers break (`column` is "" then)."""

    row: int
    column: str
    given: str
    verdict: Verdict | None
    broken: str = ""

    @property
    def right(self) -> bool:
        """Whether there is nothing to think about again."""
        return self.verdict is not None and self.verdict.right

    def sentence(self, language: Language) -> str:
        """In words; explanations of the lesson are Chinese in either language."""
        if self.verdict is None:
            return say("course.verdict_rule", language) + self.broken
        return self.verdict.sentence(language)


def read_filled(path: Path, lesson: int | None = None) -> Filled:
    """Read a filled workbook.

    Parameters
    ----------
    path
        As a learner saved it.
    lesson
        The lesson that it should be of; any where it is None.

    Raises
    ------
    SourceError
        The file cannot be read (CR-S01 and others), is no workbook (CR-J09) or none of the course (CR-J10), is of another lesson (CR-J11); its columns
        were renamed (CR-J12), its rows changed (CR-J13), or nothing was filled in (CR-J14).
    """
    received = receive(path)
    if received.kind not in {FileKind.XLSX, FileKind.XLS}:
        raise SourceError(Failure(code="CR-J09", values={"file": path.name}))
    try:
        hidden, shown = (open_sheets(received, told(f"sheet_{name}"))[0] for name in ("hidden", "fill"))
        key = json.loads("".join(filter(None, hidden.columns[KEY_COLUMN].to_pylist())))
        number, sheet = int(key["lesson"]), from_content(key["sheet"])
    except (SourceError, ValueError, KeyError, IndexError, TypeError) as problem:
        if isinstance(problem, SourceError) and all(failure.code not in {"CR-S16", "CR-S17"} for failure in problem.failures):
            raise
        raise SourceError(Failure(code="CR-J10", values={"file": path.name})) from None
    if lesson is not None and lesson != number:
        raise SourceError(Failure(code="CR-J11", values={"file": path.name, "got": number, "wanted": lesson}))
    return Filled(lesson=number, sheet=sheet, rows=_rows(path.name, shown, sheet))


def _rows(file: str, shown: Cells, sheet: Sheet) -> dict[int, dict[str, str]]:
    """Cells by the number of their row, so that a sorted sheet is read, too."""
    texts = [[text or "" for text in column.to_pylist()] for column in shown.columns]
    lines = [[text.strip() for text in line] for line in zip(*texts, strict=True)]
    wanted = [told("sheet_row"), *(header_of(column) for column in sheet.columns)]
    heads = next((place for place, line in enumerate(lines) if line[0] == wanted[0]), None)
    if heads is None or lines[heads][: len(wanted)] != wanted:
        found = lines[heads][: len(wanted)] if heads is not None else []
        raise SourceError(*_renamed(file, found, wanted))
    numbered = {line[0]: line for line in lines[heads + 1 :]}
    rows = {place: dict(zip((c.name for c in sheet.columns), numbered.get(str(place), [])[1:], strict=False)) for place in range(1, len(sheet.rows) + 1)}
    if failures := [*_changed(file, sheet, rows)]:
        raise SourceError(*failures)
    if not any(rows[place].get(column.name) for place in rows for column in sheet.filled):
        raise SourceError(Failure(code="CR-J14", values={"file": file, "columns": ", ".join(column.name for column in sheet.filled)}))
    return rows


def _renamed(file: str, found: list[str], wanted: list[str]) -> Iterator[Failure]:
    """Every header that is another one than it was."""
    for place, name in enumerate(wanted):
        got = found[place] if place < len(found) else ""
        if got != name:
            yield Failure(code="CR-J12", values={"file": file, "column": place + 1, "got": got or "—", "wanted": name})


def _changed(file: str, sheet: Sheet, rows: Mapping[int, Mapping[str, str]]) -> Iterator[Failure]:
    """Rows that are gone, or whose given cells hold something else."""
    for place, row in enumerate(sheet.rows, 1):
        if not rows[place]:
            yield Failure(code="CR-J13", values={"file": file, "row": place, "column": told("sheet_row"), "got": "—", "wanted": place})
            continue
        for name, value in row.given.items():
            if not _same(rows[place].get(name, ""), value):
                yield Failure(code="CR-J13", values={"file": file, "row": place, "column": name, "got": rows[place].get(name) or "—", "wanted": _short(value)})


def _same(text: str, value: str | float) -> bool:
    if isinstance(value, str):
        return text == value.strip()
    try:
        return float(text.replace(",", "")) == value
    except ValueError:
        return False


def _short(value: str | float) -> str:
    return f"{value:g}" if not isinstance(value, str) else value


def check_filled(filled: Filled) -> list[Said]:
    """What is said of every cell with a key, row by row, and of every rule that a row breaks."""
    return [said for place, cells in filled.rows.items() for said in _row(filled.sheet, place, cells)]


def _row(sheet: Sheet, place: int, cells: Mapping[str, str]) -> Iterator[Said]:
    for name, key in sheet.rows[place - 1].keys.items():
        given = cells.get(name, "")
        yield Said(row=place, column=name, given=given, verdict=_cell(sheet.column(name), key, given))
    for rule in sheet.rules:
        if _breaks(rule, cells):
            yield Said(row=place, column="", given="", verdict=None, broken=rule.why)


def _cell(column: Column, key: Key, given: str) -> Verdict:
    """The verdict on one cell; 12% typed into a cell of percent is 0.12 to a spreadsheet, and right."""
    task = task_of(column, key)
    verdict = check_answer(task, given)
    if isinstance(task, NumberTask) and verdict.outcome is Outcome.SHARE and task.holds(OUT_OF * float(given)):
        return check_answer(task, str(OUT_OF * float(given)))
    return verdict


def _breaks(rule: Rule, cells: Mapping[str, str]) -> bool:
    left, right = (_number(cells.get(side, "")) if isinstance(side, str) else float(side) for side in (rule.left, rule.right))
    return left is not None and right is not None and not SIGNS[rule.sign](left, right)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None

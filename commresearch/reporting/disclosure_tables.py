"""Tables and figures that tell of persons: small counts hidden, others with them, the rest rounded; and the check before anything is shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from commresearch.cases.case import Release
from commresearch.errors import Failure, ReportError
from commresearch.reporting.disclosure import System, hidden_cells
from commresearch.reporting.disclosure_groups import Exposed, Group, Published, exposed
from commresearch.reporting.disclosure_rules import HIDDEN, hides, is_small, rounded
from commresearch.terms import Language
from commresearch.words import number, say

if TYPE_CHECKING:
    from commresearch.reporting.display import Table

Cell = tuple[int, int]  #: row and column of the body of a table
Sum = tuple[Cell, ...]  #: a total and its parts; with one part, two cells that tell of the same persons
IN_TABLE = "table:"  #: begins the population of cells that name no group: they are compared with the same table only
CELL = "cell"
SHOWN = 3  #: counts that are named in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A number of persons on a page: whose, how many, where it stands, whether it is hidden there."""

    group: Group
    count: int
    hidden: bool = False
    place: str = ""

    def published(self, rules: Release) -> Published:
        """What a reader learns from it."""
        return Published.of(self.group, self.count, rules, hidden=self.hidden, place=self.place)


def protected_counts(counts: Sequence[int], rules: Release, sums: Iterable[Sequence[int]] = ()) -> list[int | None]:
    """Counts as an edition shows them: rounded, None where they are hidden.

    Parameters
    ----------
    counts : sequence of int
        Persons; nothing else is to be drawn or printed of them than what is returned.
    rules : Release
    sums : iterable of sequences
        Number of a total, then those of its parts.
    """
    hidden = hidden_cells(System.of_sums(len(counts), sums), np.array(counts, dtype=int), rules)
    return [None if hid else rounded(int(n), rules) for n, hid in zip(counts, hidden, strict=True)]


def protected(table: "Table") -> "Table":
    """The table as its edition may show it, with a note where anything is hidden or rounded.

    Cells of small or complementary counts hold the sign for hidden numbers; a cell whose text is the count itself holds the rounded one.
    """
    if not table.persons or not hides(table.rules):
        return table
    places = counted_cells(table)
    numbers = {cell: i for i, cell in enumerate(places)}
    sums = [[numbers[cell] for cell in line] for line in table.sums if all(cell in numbers for cell in line)]
    counts = np.array([_persons(table, cell) for cell in places], dtype=int)
    hidden = hidden_cells(System.of_sums(len(places), sums), counts, table.rules)
    rows = [list(row) for row in table.rows]
    for (i, j), count, hid in zip(places, counts, hidden, strict=True):
        rows[i][j] = HIDDEN if hid else _rounded_text(rows[i][j], int(count), table.rules)
    return replace(table, rows=rows)


def release_note(given: "Table", done: "Table", language: Language) -> str:
    """What a table says below itself where numbers of persons are hidden or rounded in it; nothing where neither is.

    Parameters
    ----------
    given, done : Table
        Before and after `protected`; numbers that were hidden before count as well.
    """
    rules = done.rules
    if not hides(rules):
        return ""
    changed = [(i, j) for i, j in counted_cells(done) if done.rows[i][j] not in {HIDDEN, given.rows[i][j]}]
    hidden = any(done.rows[i][j] == HIDDEN for i, j in counted_cells(done))
    parts = [hidden_note(rules, language)] if hidden else []
    parts += [say("release.note_rounded", language, base=rules.rounding)] if changed else []
    return ("" if language is Language.ZH else " ").join(parts)


def figure_note(rules: Release, language: Language) -> str:
    """What a drawing of numbers of persons says of those that it leaves out; nothing in the internal edition."""
    return say("release.note_figure", language, least=rules.threshold, base=rules.rounding) if hides(rules) else ""


def hidden_note(rules: Release, language: Language) -> str:
    """What the sign for hidden numbers means."""
    return say("release.note_hidden", language, sign=HIDDEN, most=rules.threshold - 1)


def _rounded_text(text: str, count: int, rules: Release) -> str:
    return number(rounded(count, rules)) if text == number(count) else text


def counted_cells(table: "Table") -> list[Cell]:
    """Cells with a number of persons behind them."""
    return [(i, j) for i, row in enumerate(table.persons) for j, n in enumerate(row) if n is not None]


def _persons(table: "Table", cell: Cell) -> int:
    count = table.persons[cell[0]][cell[1]]
    return 0 if count is None else count


# ---------------------------------------------------------------- what a table says of whom


def counts_of(table: "Table") -> list[Counted]:
    """Every number of persons in a table with the group it is about; cells that name no group are parts of the table alone."""
    leaves = _Leaves(table)
    return [
        Counted(
            group=(table.groups[i][j] if table.groups else None) or leaves.group((i, j)), count=_persons(table, (i, j)), hidden=table.rows[i][j] == HIDDEN,
            place=_place(table, (i, j)),
        )
        for i, j in counted_cells(table)
    ]


def _place(table: "Table", cell: Cell) -> str:
    """Table, row and column as a reader finds them."""
    return " · ".join([table.caption, table.rows[cell[0]][0], table.header[cell[1]]])


class _Leaves:
    """Cells of a table as sets of those that are no sums of others."""

    def __init__(self, table: "Table") -> None:
        self.population = f"{IN_TABLE}{table.id}"
        self.parts = {total: parts for total, *parts in table.sums}

    def group(self, cell: Cell) -> Group:
        return Group(population=self.population, attributes={CELL: frozenset(self._leaves(cell))})

    def _leaves(self, cell: Cell) -> Iterator[str]:
        for part in self.parts.get(cell, []):
            yield from self._leaves(part)
        if cell not in self.parts:
            yield f"{cell[0]}.{cell[1]}"


# ---------------------------------------------------------------- the check


def require_protected(table: "Table") -> None:
    """Refuse a table that shows what its edition hides.

    Raises
    ------
    ReportError
        `persons` has another shape than the rows (CR-U01); small counts are shown (CR-U02), hidden ones can be worked out (CR-U03), counts stand unrounded
        (CR-U04), or sums of cells do not add up (CR-U05): all together.
    """
    if [len(row) for row in table.persons] != [len(row) for row in table.rows]:
        raise ReportError(Failure(code="CR-U01", values={"table": table.id, "rows": len(table.rows), "got": len(table.persons)}))
    if not hides(table.rules):
        return
    failures = [Failure(code="CR-U04", values={"place": _place(table, (i, j)), "base": table.rules.rounding}) for i, j in counted_cells(table) if _is_unrounded(table, (i, j))]
    require_hidden(counts_of(table), table.rules, table.id, failures)


def _is_unrounded(table: "Table", cell: Cell) -> bool:
    count, text = _persons(table, cell), table.rows[cell[0]][cell[1]]
    return text == number(count) and text != number(rounded(count, table.rules)) and not is_small(count, table.rules)


def require_hidden(counts: Sequence[Counted], rules: Release, where: str, beside: Sequence[Failure] = ()) -> None:
    """Refuse counts of which a small one is shown, or a hidden one can be worked out.

    Parameters
    ----------
    counts : sequence of Counted
    rules : Release
    where : str
        Id of the table or figure.
    beside : sequence of Failure
        What else is wrong with it, to be said with the rest.

    Raises
    ------
    ReportError
        CR-U02, CR-U03, CR-U05: all together.
    """
    if not hides(rules):
        return
    open_ones = [c for c in counts if is_small(c.count, rules) and not c.hidden]
    failures = [Failure(code="CR-U02", values={"place": c.place, "table": where, "most": rules.threshold - 1}) for c in open_ones]
    narrow, broken = exposed([c.published(rules) for c in counts if c not in open_ones], rules)
    failures += [exposure(one, where) for one in narrow]
    failures += [Failure(code="CR-U05", values={"table": where, "population": population}) for population in broken]
    if failures or beside:
        raise ReportError(*beside, *failures)


def exposure(found: Exposed, where: str) -> Failure:
    """How a hidden count can be worked out, in words; the count itself is not said."""
    by = dict.fromkeys(cell.place for cell in found.by)
    listed = {language.value: say("reports.joiner", language).join([*by][:SHOWN]) for language in Language}
    return Failure(code="CR-U03", values={"place": found.cell.place, "table": where, "by": listed})

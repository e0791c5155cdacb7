"""Rows of simulated logs as cells: texts as clerks wrote them, in a workbook also true times and numbers, and rows that stand twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from commresearch.simulate.grid import Cell
from commresearch.simulate.log_sheets import Line
from commresearch.simulate.logs import SimulatedLogs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogCells:
    """The cells of one table.

    texts
        by field, row by row as in the typed table
    typed
        (row, field) → a cell of a workbook that is no text
    copies
        row → kind of dirt and what is different, for rows that stand twice
    """

    texts: Mapping[str, Sequence[str]]
    typed: Mapping[tuple[int, str], Cell]
    row_ids: Sequence[str]
    copies: Mapping[int, Sequence[tuple[str, str]]]

    def cells(self, row: int, fields: Sequence[str]) -> list[Cell]:
        """Cells of a row."""
        return [self.typed.get((row, name), self.texts[name][row]) for name in fields]

    def lines(self, row: int, fields: Sequence[str]) -> Iterator[Line]:
        """A row, and the second one that somebody made of it."""
        cells = self.cells(row, fields)
        yield Line(cells=cells, row_id=self.row_ids[row])
        for kind, dirty in self.copies.get(row, ()):
            again = [dirty if name == "topic" and kind == "duplicate_conflict" else cell for name, cell in zip(fields, cells, strict=True)]
            yield Line(cells=again, row_id=self.row_ids[row], copy=kind)


def log_cells(logs: SimulatedLogs, table: str, *, workbook: bool) -> LogCells:
    """The cells of tickets, signins or bookings, for a workbook or for a text file."""
    written, dirt = logs.written[table], logs.truth.dirt
    own = dirt[dirt["table"] == table]
    copies: dict[int, list[tuple[str, str]]] = {}
    for row_id, kind, dirty in own.loc[own["kind"].str.startswith("duplicate"), ["row_id", "kind", "dirty"]].itertuples(index=False):
        copies.setdefault(_row(row_id), []).append((kind, dirty))
    return LogCells(
        texts={str(name): written[name].tolist() for name in written}, typed=_typed(logs, table) if workbook else {},
        row_ids=logs.tables[table]["row_id"].tolist(), copies=copies,
    )


def _row(row_id: str) -> int:
    return int(row_id.rpartition(":")[2]) - 1


def _typed(logs: SimulatedLogs, table: str) -> dict[tuple[int, str], Cell]:
    """True times, and codes and identity numbers as numbers; the day of a booking is that on which it begins."""
    dirt, frame = logs.truth.dirt, logs.tables[table]
    found: dict[tuple[int, str], Cell] = {}
    own = dirt[(dirt["table"] == table) & (dirt["scope"] == "workbook")]
    for (column, kind), cells in own.groupby(["column", "kind"], sort=True):
        field = str(column)
        rows = [_row(row_id) for row_id in cells["row_id"]]
        if kind == "stamp_cell":
            stamps = frame["start_at"].dt.normalize() if field == "date" else frame[field]
            found |= {(row, field): stamp.to_pydatetime() for row, stamp in zip(rows, stamps.iloc[rows], strict=True)}
        else:
            found |= {(row, field): float(text) for row, text in zip(rows, cells["clean"], strict=True)}
    return found

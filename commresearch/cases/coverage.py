"""Completeness: every number printed in the sources stands in claims.csv or in not_claims.csv."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cases.claim import claims_in
from commresearch.cases.numerals import PrintedNumber, scan_numbers
from commresearch.cases.published import Published
from commresearch.errors import CaseError, Failure, SchemaError


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`n_numbers` numbers seen by the scanner; `uncovered` stand in no row; `unplaced` rows stand nowhere in the text."""

    n_numbers: int
    uncovered: tuple[str, ...]
    unplaced: tuple[str, ...]


@dataclass(slots=True)
class _Line:
    text: str
    numbers: list[PrintedNumber]
    taken: list[tuple[int, int]]

    def take(self, printed: str) -> bool:
        """Claim the first free place of `printed` that cuts no number; True when there is one."""
        start = self.text.find(printed)
        while start >= 0:
            end = start + len(printed)
            cuts = any(n.start < edge < n.end for n in self.numbers for edge in (start, end))
            if not cuts and not any(a < end and start < b for a, b in self.taken):
                self.taken.append((start, end))
                return True
            start = self.text.find(printed, start + 1)
        return False

    def left(self) -> list[PrintedNumber]:
        return [n for n in self.numbers if not any(a <= n.start and n.end <= b for a, b in self.taken)]


def check_coverage(published: Published, texts: Mapping[str, Sequence[str]]) -> Coverage:
    """Hold the two ledger files against the sources.

    Parameters
    ----------
    texts : source_id → lines
        The source documents; line 1 is the first.
    """
    lines = {(s, i): _Line(t, scan_numbers(t), []) for s, body in texts.items() for i, t in enumerate(body, 1)}
    unplaced = tuple(
        f"{source}:{line} {printed}"
        for source, line, printed in _rows(published)
        if (source, line) not in lines or not lines[source, line].take(printed)
    )
    uncovered = tuple(f"{s}:{i} {n.printed}" for (s, i), line in lines.items() for n in line.left())
    return Coverage(n_numbers=sum(len(x.numbers) for x in lines.values()), uncovered=uncovered, unplaced=unplaced)


def read_sources(folder: Path, sources: pd.DataFrame) -> dict[str, list[str]]:
    """Lines of each source document (split at line feeds only, as line numbers count them).

    Raises
    ------
    CaseError
        A document that sources.csv names is not in the folder: all missing ones together.
    SchemaError
        A document is not UTF-8.
    """
    missing = [folder / name for name in sources["file"] if not (folder / name).is_file()]
    if missing:
        raise CaseError(*(Failure(code="CR-C05", values={"file": str(path)}) for path in missing))
    texts: dict[str, list[str]] = {}
    unreadable = []
    for row in sources.to_dict("records"):
        try:
            texts[row["source_id"]] = (folder / row["file"]).read_text(encoding="utf8").split("\n")
        except UnicodeDecodeError as error:
            unreadable.append(Failure(code="CR-L01", values={"file": row["file"], "byte": error.start}))
    if unreadable:
        raise SchemaError(*unreadable)
    return texts


def _rows(published: Published) -> Iterator[tuple[str, int, str]]:
    for claim in claims_in(published.claims, repeats=True):
        yield claim.source_id, claim.line, claim.printed
    for row in published.not_claims.to_dict("records"):
        for _ in range(row["count"]):
            yield row["source_id"], row["line"], row["printed"]

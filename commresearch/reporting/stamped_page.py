"""What pages on received data share: words of one catalogue, tables and figures with ids, and the stamp of simulated data."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from commresearch.cases.case import Release
from commresearch.reporting.disclosure_rules import hides, is_small, rounded
from commresearch.reporting.disclosure_tables import Counted, Sum, protected, release_note
from commresearch.reporting.display import STRICTEST, Figure, Prose, Table, display_width, escape, paragraph
from commresearch.terms import Language
from commresearch.words import number, say
from commresearch.words.precision import percent_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from commresearch.reporting.disclosure_groups import Group

STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
HAN = re.compile(r"[\u4e00-\u9fff]")


class StampedPage(ABC):
    """A page in one language; `prefix` begins the ids of its tables and figures."""

    catalogue: ClassVar[str]
    language: Language
    prefix: str
    release: Release = STRICTEST  #: how small counts of persons are hidden, and for whom the page is

    @property
    @abstractmethod
    def is_simulated(self) -> bool:
        """Whether the data were made by a program; then every table and figure says so."""

    # ------------------------------------------------------------ words

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue, plain: tables, captions and headings escape it themselves."""
        return say(f"{self.catalogue}.{key}", self.language, **values)

    def text(self, key: str, **values: object) -> str:
        """A text for running prose: what is filled in is data and is escaped."""
        return self.say(key, **{k: escape(v) for k, v in values.items()})

    def header(self, *keys: str) -> list[str]:
        """Column heads."""
        return [self.say(key) for key in keys]

    def join(self, words: Iterable[str]) -> str:
        """A list in a sentence."""
        return say("reports.joiner", self.language).join(words)

    def prose(self, *sentences: str) -> Prose:
        """A paragraph of finished sentences; empty ones are left out."""
        return paragraph(self.notes(*sentences))

    def notes(self, *sentences: str) -> str:
        """Sentences below a table or figure; empty ones are left out."""
        return ("" if self.language is Language.ZH else " ").join(s for s in sentences if s)

    def own(self, text: str) -> str:
        """A text of the data; Chinese in an English page stands in brackets."""
        return f"({text})" if self.language is Language.EN and HAN.search(text) else text

    def drawn(self, text: str) -> str:
        """A text in a drawing: in English with straight quotation marks, as the curly ones of the Chinese font are a whole cell wide."""
        return text.translate(STRAIGHT) if self.language is Language.EN else text

    # ------------------------------------------------------------ items

    def table(
        self, name: str, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, widths: Sequence[int], note: str = "",
        style: str = "",
    ) -> Table:
        """A table with its id, stamped where the data are simulated."""
        return Table(
            id=f"tbl-{self.prefix}-{name}", caption=caption, header=header, rows=rows, align=align, widths=widths, note=self.stamped(note), style=style
        )

    def persons(self, count: int | None) -> str:
        """A number of persons in a sentence or cell: rounded as the edition is, and no number where it is hidden."""
        if count is None or (hides(self.release) and is_small(count, self.release)):
            return say("release.some", self.language)
        return number(rounded(count, self.release))

    def share(self, part: int, whole: int) -> str:
        """A part of some persons in percent, which gives no more away than the two numbers as the edition shows them."""
        return percent_of(rounded(part, self.release), rounded(whole, self.release), error=self._rounding // 2)

    @property
    def share_note(self) -> str:
        """Below a table with such shares: that rounded numbers give them; nothing where none is rounded."""
        return say("release.note_shares", self.language) if self._rounding > 1 else ""

    @property
    def _rounding(self) -> int:
        """What numbers of persons are rounded to."""
        return self.release.rounding if hides(self.release) else 1

    def of_persons(
        self, table: Table, persons: Sequence[Sequence[int | None]], sums: Sequence[Sum] = (), groups: "Sequence[Sequence[Group | None]]" = ()
    ) -> Table:
        """A table that tells of persons, as the edition of the page shows it: small counts hidden, others rounded, and a note that says so.

        Parameters
        ----------
        table : Table
        persons : sequence of rows
            Number of persons behind every cell of the body, None where there is no such number.
        sums : sequence of tuples
            Cells (row, column): a total, then its parts; with one part, two cells that tell of the same persons.
        groups : sequence of rows
            Whom every cell is about, where other tables or figures tell of the same persons.
        """
        given = replace(table, persons=persons, sums=sums, groups=groups, rules=self.release)
        done = protected(given)
        return replace(done, note=self.notes(done.note, release_note(given, done, self.language)))

    def figure(self, name: str, caption: str, alt: str, drawing: "Drawing", note: str, persons: Sequence[Counted] = ()) -> Figure:
        """A figure with its id, stamped where the data are simulated; `persons` are the numbers of persons that can be read off it."""
        return Figure(
            id=f"fig-{self.prefix}-{name}", caption=caption, alt=alt, drawing=drawing, note=self.stamped(note), persons=persons, rules=self.release
        )

    @property
    def stamp(self) -> str:
        """What is printed into figures of simulated data; nothing otherwise."""
        return say("reports.simulated_stamp", self.language) if self.is_simulated else ""

    def stamped(self, note: str) -> str:
        """A note with the stamp before it."""
        return say("reports.simulated_note", self.language, note=note).strip() if self.is_simulated else note


def cut(text: str, width: int) -> str:
    """A text of at most `width` half-width cells, with … where something was left out; Latin words are not cut in two, late brackets not left open."""
    text = " ".join(text.split())
    if display_width(text) <= width:
        return text
    end = next(i for i in range(len(text), 0, -1) if display_width(text[:i]) < width)
    shown = text[:end]
    if text[end].isascii() and text[end].isalnum() and " " in shown:
        shown = shown.rpartition(" ")[0]
    bracket = max(shown.rfind("("), shown.rfind("（"))
    if bracket > len(shown) / 2 and not any(end in shown[bracket:] for end in ")）"):
        shown = shown[:bracket]
    return shown.rstrip(" ,，、") + "…"

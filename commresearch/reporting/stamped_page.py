"""What pages on received data share: words of one catalogue, tables and figures with ids, and the stamp of simulated data."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from commresearch.reporting.display import Figure, Prose, Table, display_width, escape, paragraph
from commresearch.terms import Language
from commresearch.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

HAN = re.compile(r"[\u4e00-\u9fff]")


class StampedPage(ABC):
    """A page in one language; `prefix` begins the ids of its tables and figures."""

    catalogue: ClassVar[str]
    language: Language
    prefix: str

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
        return paragraph(("" if self.language is Language.ZH else " ").join(s for s in sentences if s))

    def own(self, text: str) -> str:
        """A text of the data; Chinese in an English page stands in brackets."""
        return f"({text})" if self.language is Language.EN and HAN.search(text) else text

    # ------------------------------------------------------------ items

    def table(
        self, name: str, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, widths: Sequence[int], note: str = "",
        style: str = "",
    ) -> Table:
        """A table with its id, stamped where the data are simulated."""
        return Table(
            id=f"tbl-{self.prefix}-{name}", caption=caption, header=header, rows=rows, align=align, widths=widths, note=self.stamped(note), style=style
        )

    def figure(self, name: str, caption: str, alt: str, drawing: "Drawing", note: str) -> Figure:
        """A figure with its id, stamped where the data are simulated."""
        return Figure(id=f"fig-{self.prefix}-{name}", caption=caption, alt=alt, drawing=drawing, note=self.stamped(note))

    @property
    def stamp(self) -> str:
        """What is printed into figures of simulated data; nothing otherwise."""
        return say("reports.simulated_stamp", self.language) if self.is_simulated else ""

    def stamped(self, note: str) -> str:
        """A note with the stamp before it."""
        return say("reports.simulated_note", self.language, note=note).strip() if self.is_simulated else note


def cut(text: str, width: int) -> str:
    """A text of at most `width` half-width cells, with … where something was left out; Latin words are not cut in two."""
    text = " ".join(text.split())
    if display_width(text) <= width:
        return text
    end = next(i for i in range(len(text), 0, -1) if display_width(text[:i]) < width)
    shown = text[:end]
    if text[end].isascii() and text[end].isalnum() and " " in shown:
        shown = shown.rpartition(" ")[0]
    return shown.rstrip(" ,，、") + "…"

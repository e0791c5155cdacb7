"""The one way from a result to the page: tables, figures and prose as Markdown with captions, ids and alternative texts.

Everything is emitted as `text/markdown` in the form that both renderers read: `: caption {#tbl-x}` under a pipe table,
`![caption](figs/x.png){#fig-x fig-alt="…"}` for a figure, `::: {.callout-note}` for a box.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from commresearch.cases.case import Release
from commresearch.reporting.disclosure_rules import hides
from commresearch.reporting.fonts import require_glyphs
from commresearch.reporting.style import house_style
from commresearch.reporting.table_files import TABLE, table_content

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from commresearch.reporting.disclosure_groups import Group
    from commresearch.reporting.disclosure_tables import Counted, Sum

WIDE = 60  #: cells of text beyond which a pipe table needs relative column widths
DPI = 300
QUICK = 1  #: how hard pictures are compressed: a tenth larger than at the usual 6, in half the time
STRICTEST = Release()  #: what holds of a table where nothing is known of its edition
DECLARED = "commresearch_persons"  #: under this name the numbers of persons of an item stand beside what it shows
GRADED = "commresearch_grade"  #: and under this one its evidence
EXPLAINS = "explains"  #: in the place of a grade: the item explains words
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|@$~^])")
#: What makes a list, a box, a definition or a rule of a line that begins with it.
BEGINNING = re.compile(r"(?P<before>\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+)(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|:(?:::|\s|$)|-{3,}$|={2,}$|%\s))")


def escape(text: object) -> str:
    """Text from data with Markdown's special characters made plain, on one line."""
    plain = SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    begins = BEGINNING.match(plain)
    return plain if begins is None else f"{begins['before'] or ''}\\{plain[begins.end():]}"


def display_width(text: str) -> int:
    """Width in half-width cells; 汉字 and full-width punctuation count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Markdown written by the package itself (data inside it is escaped by whoever puts it there).

    `persons` are the numbers of persons that it names; `evidence`, as for every item, is the grade that its words rest on where that is not the grade of an
    outcome of the report, or `EXPLAINS` where it explains which words may be used.
    """

    text: str
    persons: "Sequence[Counted]" = ()
    rules: Release = STRICTEST
    evidence: str = ""

    def markdown(self, folder: Path) -> str:  # noqa: ARG002 - every item is asked in the same way
        """The text as it is."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A three-line table: plain-text cells, a caption that names what is seen, an id, and a note with source and terms.

    `align` holds one letter per column, l or r; `widths` optional shares of the page, one per column. `persons` is empty where no cell
    tells of persons; else it has the shape of `rows` and holds the number of persons behind each cell, None where there is no such number. `sums` names
    cells (row, column) that are totals of others, `groups` whom a cell is about where other tables tell of the same persons, `rules` the edition.
    """

    id: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: str
    note: str = ""
    widths: Sequence[int] = field(default=())
    style: str = ""
    muted: str = ""  #: cells with this text are set back instead of standing out
    persons: Sequence[Sequence[int | None]] = ()
    sums: "Sequence[Sum]" = ()
    groups: "Sequence[Sequence[Group | None]]" = ()
    rules: Release = STRICTEST
    evidence: str = ""

    def markdown(self, folder: Path) -> str:  # noqa: ARG002
        """Pipe table, caption with id, note; nothing is written."""
        cells = [[self._cell(c) for c in row] for row in (self.header, *self.rows)]
        rule = "|".join(self._rule(i) for i in range(len(self.header)))
        lines = ["| " + " | ".join(cells[0]) + " |", f"|{rule}|", *("| " + " | ".join(row) + " |" for row in cells[1:])]
        style = f" .{self.style}" if self.style else ""
        text = "\n".join(lines) + f"\n\n: {escape(self.caption)} {{#{self.id}{style}}}\n"
        return text + (f"\n::: {{.source-note}}\n{escape(self.note)}\n:::\n" if self.note else "")

    def _cell(self, text: str) -> str:
        return f"[{escape(text)}]{{.muted}}" if self.muted and text == self.muted else escape(text)

    def _rule(self, column: int) -> str:
        widths = list(self.widths) or self._content_widths()
        dashes = "-" * max(3, widths[column])
        return f"{dashes}:" if self.align[column] == "r" else f":{dashes}"

    def _content_widths(self) -> list[int]:
        """Dashes in proportion to what the columns hold, so that wide tables share the page sensibly."""
        columns = list(zip(self.header, *self.rows, strict=True))
        longest = [max(display_width(str(c)) for c in column) for column in columns]
        return longest if sum(longest) <= WIDE else [max(6, min(34, n)) for n in longest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing with a caption (what is seen), an alternative text (what it shows, for those who cannot see it) and a note.

    `persons` are the numbers of persons that it is drawn from, as they may be read off it.
    """

    id: str
    caption: str
    alt: str
    drawing: "MatplotlibFigure"
    note: str = ""
    persons: "Sequence[Counted]" = ()
    rules: Release = STRICTEST
    evidence: str = ""

    def markdown(self, folder: Path) -> str:
        """Write figs/<id>.png and .svg below `folder` and return the reference to them.

        Raises
        ------
        ReportError
            A label holds a character that the font does not have.
        """
        for label in self.drawing.findobj(lambda artist: hasattr(artist, "get_text")):
            require_glyphs(label.get_text())  # type: ignore[attr-defined]
        (folder / "figs").mkdir(parents=True, exist_ok=True)
        path = folder / "figs" / self.id
        write_pictures(self.drawing, path.with_suffix(".png"), path.with_suffix(".svg"))
        alt = self.alt.replace('"', "”")
        note = f"\n\n::: {{.source-note}}\n{escape(self.note)}\n:::\n" if self.note else "\n"
        return f'![{escape(self.caption)}](figs/{self.id}.png){{#{self.id} fig-alt="{alt}"}}{note}'


def write_pictures(drawing: "MatplotlibFigure", png: Path | BinaryIO, svg: Path | BinaryIO) -> None:
    """Write a drawing as both kinds of picture, by their canvases: `savefig` would draw each of them twice, the first time only to find the layout.

    Nothing shines through a drawing: without the layer that would say so, a picture is written and set into a page in half the time.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from PIL import Image

    drawing.set_dpi(DPI)
    with house_style():  # drawing happens here: fonts, and ids that do not differ from run to run
        canvas = FigureCanvasAgg(drawing)
        canvas.draw()  # type: ignore[no-untyped-call]
        picture = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        picture.convert("RGB").save(png, format="png", dpi=(DPI, DPI), compress_level=QUICK)
        drawing.set_layout_engine("none")  # both have the one layout, found once
        FigureCanvasSVG(drawing).print_svg(svg, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]


Item = Prose | Table | Figure


def heading(text: str, level: int = 1) -> Prose:
    """A heading; level 1 is a section of the report."""
    return Prose(text=f"{'#' * level} {escape(text)}")


def paragraph(text: str) -> Prose:
    """A paragraph of the package's own words."""
    return Prose(text=text)


def bullets(lines: Iterable[str]) -> Prose:
    """A list."""
    return Prose(text="\n".join(f"- {line}" for line in lines))


def callout(title: str, body: str, kind: str = "note") -> Prose:
    """A box: kind is note, warning or important."""
    return Prose(text=f"::: {{.callout-{kind}}}\n## {escape(title)}\n\n{body}\n:::")


def show(items: Item | Iterable[Item], folder: str | Path = ".") -> None:
    """Emit items into the running notebook; figures are written below `folder`, the folder of the report.

    The numbers of persons that an item publishes stand beside it, for the check of all reports together; those that it hides are named without number.

    Raises
    ------
    ReportError
        An item shows small counts of persons, or hidden ones can be worked out from it (CR-U01 to CR-U05).
    """
    from IPython.display import display

    for item in [items] if isinstance(items, Item) else items:
        declared = (_declared(item) if item.persons else {}) | ({GRADED: item.evidence} if item.evidence else {})
        text = item.markdown(Path(folder))
        data: dict[str, object] = {"text/markdown": text, "text/plain": text}
        if isinstance(item, Table):
            data[TABLE] = json.dumps(table_content(item), ensure_ascii=False)
        display(data, metadata=declared, raw=True)


def _declared(item: Item) -> dict[str, Any]:
    """What an item says of persons, checked; nothing for an edition that is not published."""
    from commresearch.reporting import disclosure_tables as gate  # loads the solver, which items without persons do not need

    if isinstance(item, Table):
        gate.require_protected(item)
        counts = gate.counts_of(item)
    else:
        counts = list(item.persons)
        gate.require_hidden(counts, item.rules, item.id if isinstance(item, Figure) else item.text)
    if not hides(item.rules):
        return {}
    rules = {"threshold": item.rules.threshold, "rounding": item.rules.rounding}
    return {DECLARED: {"rules": rules, "counts": [counted.published(item.rules).to_dict() for counted in counts]}}

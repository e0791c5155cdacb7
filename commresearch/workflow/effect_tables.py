"""Estimates of a case as a regression table with three lines (三线表), for Word and for TeX."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commresearch.terms import Language, Method, Unit
from commresearch.words import number, say
from commresearch.words.precision import MINUS, decimals_of, signed

WITH_UNITS = frozenset({
    Method.POISSON, Method.SATURATED_POISSON, Method.IMPUTATION, Method.GROUP_TIME, Method.TWO_WAY_FIXED_EFFECTS, Method.BEFORE_AFTER,
})  #: methods with an effect of every unit
WITH_MONTHS = WITH_UNITS - {Method.BEFORE_AFTER}
COUNTS = ("n_obs", "n_units", "n_clusters", "n_treated")
THICK, THIN = "12", "6"  #: eighths of a point
FONT, FONT_ZH = "Times New Roman", "SimSun"
TEX = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", MINUS: r"$-$", "²": r"$^2$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTable:
    """A table of texts.

    caption, note : str
    head : tuple of str
        One per column; the first stands over the names of the rows.
    rows : tuple of tuple of str
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def effect_table(content: Mapping[str, Any], language: Language) -> EffectTable | None:
    """One column per outcome with an effect: estimate, error, interval, counts, fixed effects; None where there is no effect.

    Parameters
    ----------
    content
        What estimates.json holds.
    """
    records = [one for one in content["outcomes"] if one["estimate"] is not None]
    if not records:
        return None
    effects = [one["estimate"] for one in records]
    rows = [
        ("estimate", [_estimate(e) for e in effects]), ("std_error", [_error(e) for e in effects]),
        ("interval", [_interval(e) for e in effects]), ("p_value", [_p(e["p_value"]) for e in effects]),
        ("unit", [say(f"effects.unit_{Unit(e['unit'])}", language, n="").strip() for e in effects]),
        ("method", [say(f"effects.method_{e['method']}", language) for e in effects]),
        ("inference", [say(f"impact.inference_{e['inference']}", language) for e in effects]),
        ("unit_effects", [_yes(Method(e["method"]) in WITH_UNITS, language) for e in effects]),
        ("month_effects", [_yes(Method(e["method"]) in WITH_MONTHS, language) for e in effects]),
        *((name, [number(e[name]) for e in effects]) for name in COUNTS), ("grade", [str(e["grade"]) for e in effects]),
    ]
    level = f"{100 * content['conf_level']:g}%"
    names = {name: say(f"export.row_{name}", language, level=level) for name, _ in rows}
    caption = say("export.table_caption", language, name=content["name"][language.value])
    return EffectTable(
        caption=say("export.table_simulated", language, caption=caption) if content["fictional"] else caption,
        head=("", *(say(f"panel.outcome_{one['outcome']}", language) for one in records)),
        rows=tuple((names[name], *cells) for name, cells in rows), note=say("export.table_note", language, level=level),
    )


def _digits_of(effect: Mapping[str, Any]) -> int:
    """Decimals that the interval allows."""
    low, high = effect["conf_low"], effect["conf_high"]
    known = low is not None and high is not None
    return max(decimals_of(effect["estimate"], low, high), 0) + 1 if known else 2


def _estimate(effect: Mapping[str, Any]) -> str:
    return signed(effect["estimate"], _digits_of(effect))


def _error(effect: Mapping[str, Any]) -> str:
    return "—" if effect["std_error"] is None else f"({effect['std_error']:.{_digits_of(effect)}f})"


def _interval(effect: Mapping[str, Any]) -> str:
    ends = [("—" if end is None else signed(end, _digits_of(effect))) for end in (effect["conf_low"], effect["conf_high"])]
    return f"[{ends[0]}, {ends[1]}]"


def _p(value: float | None) -> str:
    return "—" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _yes(there: bool, language: Language) -> str:
    return say("export.yes" if there else "export.no", language)


def as_tex(table: EffectTable) -> str:
    """The table for LaTeX with booktabs; a document with Chinese needs ctex."""
    columns = "l" + "c" * (len(table.head) - 1)
    body = [" & ".join(_tex(cell) for cell in row) + r" \\" for row in table.rows]
    return "\n".join([
        r"% \usepackage{booktabs, threeparttable}", r"\begin{table}[htbp]", r"\centering", r"\begin{threeparttable}", rf"\caption{{{_tex(table.caption)}}}",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(_tex(cell) for cell in table.head) + r" \\", r"\midrule", *body, r"\bottomrule",
        r"\end{tabular}", r"\begin{tablenotes}\small", rf"\item {_tex(table.note)}", r"\end{tablenotes}", r"\end{threeparttable}", r"\end{table}", "",
    ])


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)


def as_docx(table: EffectTable) -> bytes:
    """The table as a Word document: a thick line above and below, a thin one under the head, no other."""
    from docx import Document
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document = Document()
    caption = document.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(caption, table.caption, size=10.5, bold=True)
    grid = document.add_table(rows=1 + len(table.rows), cols=len(table.head))
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    for place, texts in enumerate((table.head, *table.rows)):
        for column, (cell, text) in enumerate(zip(grid.rows[place].cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if column == 0 else WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = 0
            _write(paragraph, text, size=9)
            lines = {"top": THICK, "bottom": THIN} if place == 0 else {"bottom": THICK} if place == len(table.rows) else {}
            _rule(cell, lines)
    _write(document.add_paragraph(), table.note, size=9)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _write(paragraph: Any, text: str, *, size: float, bold: bool = False) -> None:
    """A run in the fonts of either script."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = bold, Pt(size), FONT
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT_ZH)


def _rule(cell: Any, lines: Mapping[str, str]) -> None:
    """Lines at the edges of a cell."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    if not lines:
        return
    borders = OxmlElement("w:tcBorders")
    for edge in ("top", "bottom"):
        if edge in lines:
            line = OxmlElement(f"w:{edge}")
            for name, value in (("val", "single"), ("sz", lines[edge]), ("space", "0"), ("color", "000000")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def tables_of(content: Mapping[str, Any], stem: str, languages: Sequence[Language]) -> dict[str, bytes]:
    """`<stem>_effects.<language>.docx` and .tex; nothing where no effect was estimated."""
    files: dict[str, bytes] = {}
    for language in languages:
        if (table := effect_table(content, language)) is not None:
            files |= {f"{stem}_effects.{language}.docx": as_docx(table), f"{stem}_effects.{language}.tex": as_tex(table).encode()}
    return files

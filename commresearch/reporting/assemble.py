"""An executed notebook as one Markdown document: what its cells showed, without code, parameters or logs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from commresearch.terms import Format, Language

HIDDEN = frozenset({"remove-cell", "parameters", "injected-parameters"})
LEVELS = 4  #: of headings that are numbered
HEADING, BOX = re.compile(r"(#{1,4}) (.+)"), re.compile(r"::: \{\.callout-")
ANNEX = re.compile(r"附录|附件|附表|Appendix|Annex|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）")  #: and what its author numbered
HAN_DIGITS = "〇一二三四五六七八九"


class Look(StrEnum):
    """How the files of a report are set: as a research report, or as Chinese offices set their papers."""

    RESEARCH = "research"
    GOV = "gov"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewState:
    """How far a report has been reviewed: `kind` is draft, approved or returned; `line` stands on every page, `more` once below it."""

    kind: str
    line: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One report ready to be rendered: Markdown below a title, in a folder that holds its figures.

    `formats` and `languages` are those that will stand beside each other: a page links to no others, and to the files of `beside` (label →
    path). `review` tells how far it has been reviewed; where it is None nothing is said of it. Pages have the template of reports where `page` names
    no other; `variables` are what other templates ask for.
    """

    stem: str
    folder: Path
    title: str
    subtitle: str
    language: str
    body: str
    formats: tuple[Format, ...] = tuple(Format)
    languages: tuple[Language, ...] = ()
    look: Look = Look.RESEARCH
    is_simulated: bool = False
    review: ReviewState | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    page: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def assemble(notebook: Path) -> str:
    """The shown cells of an executed notebook, in order."""
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    shown = (part for cell in cells if not HIDDEN & set(cell["metadata"].get("tags", [])) for part in _parts(cell))
    return "\n\n".join(shown) + "\n"


def number_headings(body: str, language: Language) -> str:
    """A body with its headings numbered as offices number them: 一、（一）1.（1）, in English 1. and 1.1; annexes keep their own words.

    Titles of boxes are no headings, nor are lines of code.
    """
    counts, lines, is_code, before = [0] * LEVELS, [], False, ""
    for line in body.split("\n"):
        is_code ^= line.startswith("```")
        found = None if is_code or BOX.match(before) else HEADING.match(line)
        if found is not None and not ANNEX.match(found[2]):
            level = len(found[1])
            counts = [*counts[: level - 1], counts[level - 1] + 1, *[0] * (LEVELS - level)]
            lines.append(f"{found[1]} {_number(counts[:level], language)}{found[2]}")
        else:
            lines.append(line)
        before = line
    return "\n".join(lines)


def _number(counts: list[int], language: Language) -> str:
    """The number of a heading, from those of its level and the levels above."""
    if language is Language.EN:
        return f"{'.'.join(map(str, counts))}{'.' if len(counts) == 1 else ''} "
    last = counts[-1]
    return (f"{_han(last)}、", f"（{_han(last)}）", f"{last}.", f"（{last}）")[len(counts) - 1]


def _han(n: int) -> str:
    """A number below a hundred in 汉字: 七, 十, 十二, 三十一."""
    tens, ones = divmod(n, 10)
    return (("" if tens == 1 else HAN_DIGITS[tens]) + "十" if tens else "") + (HAN_DIGITS[ones] if ones else "")


def _parts(cell: dict[str, object]) -> Iterator[str]:
    if cell["cell_type"] == "markdown":
        yield _joined(cell["source"])
        return
    for output in cell.get("outputs", []):  # type: ignore[attr-defined]
        data = output.get("data", {})
        if "text/markdown" in data:
            yield _joined(data["text/markdown"])
        elif "text/plain" in data:
            yield "```\n" + _joined(data["text/plain"]) + "\n```"


def _joined(text: object) -> str:
    """Notebook files keep long texts as a list of lines."""
    return "".join(text) if isinstance(text, list) else str(text)

"""An executed notebook as one Markdown document: what its cells showed, without code, parameters or logs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commresearch.terms import Format, Language

HIDDEN = frozenset({"remove-cell", "parameters", "injected-parameters"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One report ready to be rendered: Markdown below a title, in a folder that holds its figures.

    `formats` and `languages` are those that will stand beside each other: a page links to no others.
    """

    stem: str
    folder: Path
    title: str
    subtitle: str
    language: str
    body: str
    formats: tuple[Format, ...] = tuple(Format)
    languages: tuple[Language, ...] = ()


def assemble(notebook: Path) -> str:
    """The shown cells of an executed notebook, in order."""
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    shown = (part for cell in cells if not HIDDEN & set(cell["metadata"].get("tags", [])) for part in _parts(cell))
    return "\n\n".join(shown) + "\n"


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

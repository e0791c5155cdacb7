"""An executed notebook as a lesson: its head, and its blocks in order, each with the versions that it stands in."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from commresearch.course.content import PART, Part, from_content
from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask, Task
from commresearch.course.parts import Explore, Head, Sheet, Step
from commresearch.errors import Failure, ReportError
from commresearch.reporting.assemble import HIDDEN
from commresearch.words import entries


class Version(StrEnum):
    """What is made of a lesson for people to read."""

    PAGE = "page"
    TEACHER = "teacher"
    WORKSHEET = "worksheet"
    SLIDES = "slides"


READ = frozenset({Version.PAGE, Version.TEACHER})
#: Versions that the tags of a cell put it into; several tags add up, no tag is for reading.
TAGS = {
    "answer": frozenset({Version.TEACHER}), "slide": frozenset({Version.SLIDES}), "worksheet": frozenset({Version.WORKSHEET}),
    "also-slide": READ | {Version.SLIDES}, "also-worksheet": READ | {Version.WORKSHEET},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one cell shows: Markdown or a part of the lesson."""

    cell: str
    shown: str | Part
    versions: frozenset[Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A lesson, with the folder that holds its figures."""

    head: Head
    blocks: tuple[Block, ...]
    folder: Path

    def of(self, version: Version) -> list[Block]:
        """The blocks of one version, in order."""
        return [block for block in self.blocks if version in block.versions]

    @property
    def plan(self) -> list[Step]:
        """The teacher's plan."""
        return [block.shown for block in self.blocks if isinstance(block.shown, Step)]

    @property
    def tasks(self) -> list[Task]:
        """All exercises."""
        return [block.shown for block in self.blocks if isinstance(block.shown, NumberTask | ChoiceTask | JudgementTask)]

    @property
    def explores(self) -> list[Explore]:
        """What readers can change."""
        return [block.shown for block in self.blocks if isinstance(block.shown, Explore)]

    @property
    def sheet(self) -> Sheet:
        """The exercise that is a workbook."""
        return next(block.shown for block in self.blocks if isinstance(block.shown, Sheet))


def read_lesson(notebook: Path) -> Lesson:
    """The lesson in an executed notebook.

    Raises
    ------
    ReportError
        It has no head or several, no plan or workbook or several, ids that repeat or are another lesson's, tags that are not known (CR-J05): all together.
    """
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    shown = [cell for cell in cells if not HIDDEN & set(_tags(cell))]
    blocks = tuple(block for cell in shown for block in _blocks(cell))
    if failures := [*_unknown_tags(shown), *_lesson_faults(blocks)]:
        raise ReportError(*failures)
    head = next(block.shown for block in blocks if isinstance(block.shown, Head))
    return Lesson(head=head, blocks=tuple(block for block in blocks if block.shown is not head), folder=notebook.parent)


def _tags(cell: dict[str, Any]) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _blocks(cell: dict[str, Any]) -> Iterator[Block]:
    """What a cell shows, in order; what it prints is no part of the lesson."""
    name, tags = cell.get("id", "?"), [tag for tag in _tags(cell) if tag in TAGS]
    versions = frozenset().union(*(TAGS[tag] for tag in tags)) if tags else READ
    if cell["cell_type"] == "markdown":
        yield Block(cell=name, shown=_joined(cell["source"]), versions=versions)
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if PART in data:
            yield from (Block(cell=name, shown=part, versions=_versions_of(part, versions)) for part in map(from_content, data[PART]))
        elif "text/markdown" in data:
            yield Block(cell=name, shown=_joined(data["text/markdown"]), versions=versions)


def _versions_of(part: Part, tagged: frozenset[Version]) -> frozenset[Version]:
    """Parts have places of their own; tags put exercises on slides, and pictures that can be changed on paper."""
    if isinstance(part, Step):
        return frozenset({Version.TEACHER})
    if isinstance(part, NumberTask | ChoiceTask | JudgementTask):
        return READ | {Version.WORKSHEET} | (tagged & {Version.SLIDES})
    return READ | (tagged - READ if isinstance(part, Explore) else frozenset())


def _joined(text: object) -> str:
    """Notebook files keep long texts as a list of lines."""
    return "".join(text) if isinstance(text, list) else str(text)


def _rule(cell: str, what: str, **values: object) -> Failure:
    sentences = {language: text.format(**values) for language, text in entries("errors")[f"rule_course_{what}"].items()}
    return Failure(code="CR-J05", values={"cell": cell, "rule": sentences})


def _unknown_tags(cells: list[dict[str, Any]]) -> Iterator[Failure]:
    for cell in cells:
        for tag in _tags(cell):
            if tag not in TAGS:
                yield _rule(cell.get("id", "?"), "tag", got=tag, known=", ".join(TAGS))


def _lesson_faults(blocks: tuple[Block, ...]) -> Iterator[Failure]:
    heads = [block.shown for block in blocks if isinstance(block.shown, Head)]
    if len(heads) != 1:
        yield _rule("—", "one_head", n=len(heads))
        return
    if len({block.cell for block in blocks if isinstance(block.shown, Step)}) != 1:
        yield _rule("—", "one_plan")
    if (n := sum(isinstance(block.shown, Sheet) for block in blocks)) != 1:
        yield _rule("—", "one_sheet", n=n)
    named = [(block.cell, block.shown.id) for block in blocks if isinstance(block.shown, NumberTask | ChoiceTask | JudgementTask | Explore)]
    times = Counter(name for _, name in named)
    for cell, name in named:
        if not name.startswith(f"{heads[0].number}-"):
            yield _rule(cell, "other_lesson", got=name, number=heads[0].number)
        if times[name] > 1:
            yield _rule(cell, "id_twice", got=name)

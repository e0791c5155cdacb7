"""narrative.zh.md and narrative.en.md of a pilot's folder: prose by people under fixed headings, with numbers by reference.

The file is Markdown of the plainest kind: paragraphs, and lists whose lines begin with `-` or `1.`; everything else in it is text. Comments
(`<!-- … -->`) are left out. A reference such as `{{estimate:complaint_rate}}` stands for a number of the results.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from commresearch.errors import Failure, SchemaError
from commresearch.terms import Language, Outcome
from commresearch.words import say


class Section(StrEnum):
    """Sections of a narrative, in their order; each report shows those that it has a place for."""

    BACKGROUND = "background"
    ACTIONS = "actions"
    EXPERIENCE = "experience"
    PROBLEMS = "problems"
    REASONS = "reasons"
    RECOMMENDATIONS = "recommendations"
    OTHER = "other"


class ReferenceKind(StrEnum):
    """What a reference stands for: the sentence on an effect, its size, its interval, its grade, or a mean of the months before or after the start."""

    SENTENCE = "sentence"
    ESTIMATE = "estimate"
    INTERVAL = "interval"
    GRADE = "grade"
    PANEL = "panel"


class BlockKind(StrEnum):
    """What a piece of text is."""

    PARAGRAPH = "paragraph"
    BULLET = "bullet"
    NUMBERED = "numbered"


#: What a reference to a panel may name behind the outcome.
PANEL_PARTS = ("before", "after", "comparison_before", "comparison_after")
REFERENCE = re.compile(r"\{\{(.*?)\}\}")
FORM = re.compile(r"\s*([a-z]+)\s*[:：]\s*([a-z_]+)(?:\.([a-z_]+))?\s*")
BRACES = re.compile(r"\{\{|\}\}")
HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*")
BULLET, NUMBERED = re.compile(r"[-*+•]\s+(.*)"), re.compile(r"\d{1,3}[.)]\s+(.*)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
OPEN_COMMENT = "<!--"
LONGEST = 40  #: characters of a line that a message quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A number by name, as it stands in a file.

    text : str
        The reference as written, braces included.
    part : str
        One of `PANEL_PARTS` for a panel, else empty.
    line : int
        Counted from one.
    """

    text: str
    kind: ReferenceKind
    outcome: Outcome
    part: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, or one entry of a list: its text on one line, and the line of the file on which it begins."""

    kind: BlockKind
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """What people wrote about a case in one language.

    file : str
        Name of the file.
    sections : mapping
        Section → its blocks; a section that nobody wrote has none, or is not there.
    references : tuple of Reference
        In the order of the file.
    """

    file: str
    sections: Mapping[Section, tuple[Block, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()

    def blocks(self, section: Section) -> tuple[Block, ...]:
        """The text of a section; nothing where nobody wrote it."""
        return self.sections.get(section, ())


def narrative_name(language: Language) -> str:
    """Name of the file in a case folder."""
    return f"narrative.{language}.md"


def heading_of(section: Section, language: Language) -> str:
    """The heading that a section has in the file."""
    return say(f"narrative.section_{section}", language)


def read_narrative(path: Path, language: Language) -> Narrative:
    """Read what people wrote; a file that is not there is a narrative of which nothing is written.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.
    language : Language
        Language of its headings.

    Raises
    ------
    SchemaError
        It is no UTF-8 (CR-B01), headings are unknown (CR-B02) or stand twice (CR-B03), text stands before the first heading (CR-B04), references
        are unknown (CR-B05), a comment does not end (CR-B06): all faults together, each with its line.
    """
    if not path.is_file():
        return Narrative(file=path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(Failure(code="CR-B01", values={"file": path.name, "error": str(error)})) from None
    return narrative_of(text, path.name, language)


def narrative_of(text: str, file: str, language: Language) -> Narrative:
    """The narrative that a text is.

    Raises
    ------
    SchemaError
        As `read_narrative`, but for the encoding.
    """
    lines = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text).splitlines()
    failures = [Failure(code="CR-B06", values={"file": file, "row": row}) for row, line in enumerate(lines, 1) if OPEN_COMMENT in line]
    parts = _parts(lines, file, language, failures)
    references = tuple(_references(lines, file, failures))
    if failures:
        raise SchemaError(*sorted(failures, key=lambda failure: int(str(failure.values["row"]))))
    return Narrative(file=file, sections={section: tuple(_blocks(part, language)) for section, part in parts.items()}, references=references)


Lines = list[tuple[int, str]]


def _parts(lines: list[str], file: str, language: Language, failures: list[Failure]) -> dict[Section, Lines]:
    """Lines by section, with their numbers."""
    names = {heading_of(section, language): section for section in Section}
    allowed = say("errors.comma", language).join(names)
    parts: dict[Section, Lines] = {}
    seen: dict[str, int] = {}
    current: Lines | None = None
    for row, line in enumerate(lines, 1):
        found = HEADING.fullmatch(line.strip())
        if found is None:
            if current is None and line.strip():
                failures.append(Failure(code="CR-B04", values={"file": file, "row": row, "got": _shown(line), "allowed": allowed}))
                current = []
            elif current is not None:
                current.append((row, line.strip()))
            continue
        title, current = found[1], []
        if title not in names:
            failures.append(Failure(code="CR-B02", values={"file": file, "row": row, "got": _shown(title), "allowed": allowed}))
        elif title in seen:
            failures.append(Failure(code="CR-B03", values={"file": file, "row": row, "got": title, "first": seen[title]}))
        else:
            seen[title] = row
            current = parts.setdefault(names[title], [])
    return parts


def _references(lines: list[str], file: str, failures: list[Failure]) -> Iterator[Reference]:
    """Every reference of the file, also of text under a heading that is wrong."""
    for row, line in enumerate(lines, 1):
        for found in REFERENCE.finditer(line):
            reference = _reference(found, row)
            if reference is None:
                failures.append(_unknown(file, row, found[0]))
            else:
                yield reference
        if BRACES.search(REFERENCE.sub("", line)):
            failures.append(_unknown(file, row, _shown(line)))


def _reference(found: re.Match[str], row: int) -> Reference | None:
    """A reference that is one of the small set; None where it is not."""
    form = FORM.fullmatch(found[1])
    if form is None:
        return None
    kind, outcome, part = form[1], form[2], form[3] or ""
    is_known = kind in set(ReferenceKind) and outcome in set(Outcome)
    fits = part in PANEL_PARTS if kind == ReferenceKind.PANEL else not part
    return Reference(text=found[0], kind=ReferenceKind(kind), outcome=Outcome(outcome), part=part, line=row) if is_known and fits else None


def _unknown(file: str, row: int, got: str) -> Failure:
    plain = ReferenceKind.SENTENCE, ReferenceKind.ESTIMATE, ReferenceKind.INTERVAL, ReferenceKind.GRADE
    forms = [f"{{{{{kind}:{Outcome.COMPLAINT_RATE}}}}}" for kind in plain] + [f"{{{{{ReferenceKind.PANEL}:{Outcome.COMPLAINT_RATE}.{part}}}}}" for part in PANEL_PARTS]
    return Failure(code="CR-B05", values={"file": file, "row": row, "got": got, "allowed": ", ".join(forms), "outcomes": ", ".join(Outcome)})


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _blocks(lines: Lines, language: Language) -> Iterator[Block]:
    """Paragraphs and entries of lists; lines of one paragraph are joined, in Chinese without a gap."""
    open_block: Block | None = None
    for row, line in lines:
        entry = next(((kind, found[1]) for kind, form in _FORMS if (found := form.fullmatch(line))), None)
        if open_block is not None and (not line or entry is not None):
            yield open_block
            open_block = None
        if entry is not None:
            open_block = Block(kind=entry[0], text=entry[1], line=row)
        elif line:
            open_block = Block(kind=BlockKind.PARAGRAPH, text=line, line=row) if open_block is None else _longer(open_block, line, language)
    if open_block is not None:
        yield open_block


_FORMS = ((BlockKind.BULLET, BULLET), (BlockKind.NUMBERED, NUMBERED))


def _longer(block: Block, line: str, language: Language) -> Block:
    gap = "" if language is Language.ZH and not (block.text[-1].isascii() and line[0].isascii()) else " "
    return Block(kind=block.kind, text=f"{block.text}{gap}{line}", line=block.line)

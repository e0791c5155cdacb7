"""The prose of people on a page: numbers filled in from the results, everything else as text, paragraphs and lists kept."""

import math
import re
from collections.abc import Iterable

from commresearch.cases.narrative_file import REFERENCE, Block, BlockKind, Narrative, Reference, ReferenceKind, Section, heading_of
from commresearch.errors import Failure
from commresearch.reporting.display import Item, Prose, escape, heading
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record, before_and_after, sentence_of, series_of, starts_of
from commresearch.terms import Outcome, Unit
from commresearch.words import entries, say

#: What begins something else than a paragraph: a list, a box, a title, a definition, an entry such as (1) or a.
OPENING = re.compile(r"^(?:[-+=:%!]|\(?(?:\d+|[a-zA-Z]{1,5})(?=[.)]))")
ENTITY = re.compile(r"&(?=#?\w+;)")


# ---------------------------------------------------------------- sections


def section(page: ImpactPage, narrative: Narrative, wanted: Section, level: int = 2) -> list[Item]:
    """One section under its heading; of one that nobody wrote, that it is to be written.

    Parameters
    ----------
    page : ImpactPage
        The results that references stand for.
    narrative : Narrative
        Whose references `missing_numbers` finds no fault with.
    wanted : Section
    level : int
        Of the heading.
    """
    return [heading(heading_of(wanted, page.language), level), *text(page, narrative, wanted)]


def text(page: ImpactPage, narrative: Narrative, wanted: Section) -> list[Item]:
    """The text of a section without its heading."""
    blocks = narrative.blocks(wanted)
    if not blocks:
        return [Prose(text=f"**{say('narrative.unwritten', page.language)}**")]
    values = {reference.text: value_of(page, reference) for reference in narrative.references}
    return [Prose(text="\n".join(_markdown(block, values) for block in group)) for group in _groups(blocks)]


def unwritten(narrative: Narrative, sections: Iterable[Section]) -> int:
    """How many of the sections nobody wrote."""
    return sum(not narrative.blocks(wanted) for wanted in sections)


def _groups(blocks: Iterable[Block]) -> list[list[Block]]:
    """Entries of one list together, paragraphs each by itself."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and block.kind is not BlockKind.PARAGRAPH and groups[-1][0].kind is block.kind:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _markdown(block: Block, values: dict[str, str]) -> str:
    shown = plain(REFERENCE.sub(lambda found: values[found[0]], block.text))
    return {BlockKind.PARAGRAPH: shown, BlockKind.BULLET: f"- {shown}", BlockKind.NUMBERED: f"1. {shown}"}[block.kind]


def plain(written: str) -> str:
    """What somebody wrote as Markdown that shows it as it stands, on one line: nothing of it is taken for a mark."""
    escaped = ENTITY.sub(r"\\&", escape(written))
    opening = OPENING.match(escaped)
    if opening is None:
        return escaped
    end = opening.end()
    return f"\\{escaped}" if end == 1 and not escaped[0].isalnum() else f"{escaped[:end]}\\{escaped[end:]}"


# ---------------------------------------------------------------- numbers by reference


def value_of(page: ImpactPage, reference: Reference) -> str:
    """What a reference stands for, in words.

    Raises
    ------
    KeyError
        The results have no such number (`missing_numbers` tells which and why).
    """
    entry = _entry(page, reference.outcome)
    if entry is None:
        raise KeyError(reference.text)
    if reference.kind is ReferenceKind.PANEL:
        return _mean(page, entry, reference.part)
    effect = page.effect_of(entry)
    if reference.kind is ReferenceKind.SENTENCE:
        return sentence_of(entry, page.language).rstrip("。.")
    return {ReferenceKind.ESTIMATE: page.change(effect), ReferenceKind.INTERVAL: page.interval(effect), ReferenceKind.GRADE: str(entry["grading"]["grade"])}[reference.kind]


def missing_numbers(page: ImpactPage, narrative: Narrative) -> list[Failure]:
    """References that the results have no number for, each with the reason."""
    failures = []
    for reference in narrative.references:
        if why := _missing(_entry(page, reference.outcome), reference):
            values = {"file": narrative.file, "row": reference.line, "got": reference.text, "why": entries("errors")[why]}
            failures.append(Failure(code="CR-B07", values=values))
    return failures


def _entry(page: ImpactPage, outcome: Outcome) -> Record | None:
    return next((entry for entry in page.outcomes if entry["outcome"] == outcome), None)


def _missing(entry: Record | None, reference: Reference) -> str:
    """Key of the text that says why there is no number; empty where there is one."""
    if entry is None:
        return "narrative_without_outcome"
    if reference.kind is ReferenceKind.PANEL:
        return "" if math.isfinite(means_of(entry).get(reference.part, math.nan)) else "narrative_without_series"
    return "narrative_without_estimate" if entry["estimate"] is None else ""


def means_of(entry: Record) -> dict[str, float]:
    """Part of a panel → mean of the months before the first and from the last start on; nothing where units never start."""
    starts = [month for month, _ in starts_of(entry)]
    if not starts:
        return {}
    pairs = before_and_after(series_of(entry), starts)
    names = {"treated": ("before", "after"), "comparison": ("comparison_before", "comparison_after")}
    return {part: value for side, parts in names.items() for part, value in zip(parts, pairs[side], strict=True)}


def _mean(page: ImpactPage, entry: Record, part: str) -> str:
    """A mean in the unit of the outcome: shares are percent."""
    shown, unit = page.plain(means_of(entry)[part]), Unit(entry["unit"])
    return say("narrative.percent", page.language, n=shown) if unit is Unit.PERCENTAGE_POINTS else say(f"effects.unit_{unit}", page.language, n=shown)

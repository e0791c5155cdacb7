"""Words that follow the evidence: no sentence of a report says that a pilot brought about what the grade of its outcome does not carry.

What a report shows is searched in both languages, prose by people included. A sentence is refused that has a word for bringing about and speaks of an outcome
whose grade is below E3, or of the pilot without naming an outcome while any grade is below E3. Passages that explain which words may be used are marked
as such (`evidence` of an item), and so are items that rest on a grade of their own, such as pooled effects; nothing else is let pass.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from commresearch.errors import Failure, ReportError
from commresearch.reporting.assemble import HIDDEN
from commresearch.reporting.display import EXPLAINS, GRADED
from commresearch.terms import Grade, Language, Outcome
from commresearch.words import entries, say

LEAST = Grade.E3  #: from this grade on a pilot may be said to have brought something about
SENTENCE = re.compile(r"(?<=[。！？；])|(?<=[.!?;])\s+|\n\s*\n|\n(?=\s*(?:[-*|#>:]|\d+\.))|(?<!\\)\|")
MARKUP = re.compile(r"!\[|\]\([^)]*\)|\{[#.][^}]*\}|[*_`\[\]]|\\(?=\W)")
ALTERNATIVE = re.compile(r'\{#[^}"]*fig-alt="([^"]*)"[^}]*\}')
LONGEST = 80  #: characters of a sentence that a refusal quotes
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalSentence:
    """A sentence that says more than its evidence carries: where it stands, the word, and the grade of what it speaks of."""

    place: str
    sentence: str
    word: str
    grade: Grade


def scan_text(text: str, grades: Mapping[str, Grade], *, place: str = "") -> list[CausalSentence]:
    """Sentences with a causal word about an outcome below E3.

    Parameters
    ----------
    text : str
        Markdown.
    grades : mapping
        Outcome → its grade in this report; an outcome that is not there counts as E0.
    place : str
        Heading or notebook cell that the text stands under; headings within it take its place.
    """
    found = []
    for sentence in _sentences(text):
        if sentence.startswith("#"):
            place = sentence.lstrip("# ")
        for language in Language:
            word = _pattern("cause", language).search(sentence)
            grade = None if word is None else _grade_of(sentence, grades, language)
            if word is not None and grade is not None and grade < LEAST:
                found.append(CausalSentence(place=place, sentence=sentence, word=word[0], grade=grade))
                break
    return found


def _sentences(text: str) -> Iterator[str]:
    """Sentences, cells, headings and entries of lists, without marks of Markdown."""
    for part in SENTENCE.split(ALTERNATIVE.sub(r"\n\n\1\n\n", text)):
        if part and (plain := " ".join(MARKUP.sub("", part).split())):
            yield plain


def _grade_of(sentence: str, grades: Mapping[str, Grade], language: Language) -> Grade | None:
    """The lowest grade of the outcomes that a sentence names; of all where it speaks of the pilot only; None where it speaks of neither."""
    named = [outcome for outcome in Outcome if _pattern(str(outcome), language).search(sentence)]
    if named:
        return min(grades.get(str(outcome), Grade.E0) for outcome in named)
    if _pattern("pilot", language).search(sentence) or _pattern("result", language).search(sentence):
        return min(grades.values(), default=Grade.E0)
    return None


@cache
def _pattern(key: str, language: Language) -> re.Pattern[str]:
    """Words of the catalogue as one search; in English whole words in any case."""
    words = entries("causal_words")[key][language.value]
    return re.compile(words if language is Language.ZH else rf"\b(?:{words})\b", re.IGNORECASE)


# ---------------------------------------------------------------- reports


def grades_in(estimates: Path | None) -> dict[str, Grade]:
    """Outcome → grade, of the estimates that a report is about; nothing where it has none."""
    if estimates is None or not estimates.is_file():
        return {}
    outcomes = json.loads(estimates.read_text(encoding="utf8"))["outcomes"]
    return {entry["outcome"]: Grade(entry["estimate"]["grade"]) for entry in outcomes if entry["estimate"] and entry["estimate"]["grade"]}


def require_measured_words(notebook: Path, grades: Mapping[str, Grade]) -> None:
    """Refuse an executed notebook that shows causal words below E3.

    Parameters
    ----------
    notebook : Path
    grades : mapping
        Outcome → its grade in this report.

    Raises
    ------
    ReportError
        Every such sentence with its place and what may be said in its stead (CR-U08).
    """
    found: list[CausalSentence] = []
    place = ""
    for text, marked in _shown(notebook):
        if marked != EXPLAINS:
            own = {str(outcome): Grade(marked) for outcome in Outcome} if marked else grades
            found += scan_text(text, own, place=place)
        headings = [line for line in text.split("\n") if line.startswith("#")]
        place = headings[-1].lstrip("# ") if headings else place
    if found:
        raise ReportError(*(_failure(one) for one in found[:MOST]))


def _shown(notebook: Path) -> Iterator[tuple[str, str]]:
    """What the cells of a notebook show, with the mark of each item."""
    for cell in json.loads(notebook.read_text(encoding="utf8"))["cells"]:
        if HIDDEN & set(cell["metadata"].get("tags", [])):
            continue
        if cell["cell_type"] == "markdown":
            yield _joined(cell["source"]), ""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            yield _joined(data.get("text/markdown", data.get("text/plain", ""))), output.get("metadata", {}).get(GRADED, "")


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _failure(found: CausalSentence) -> Failure:
    allowed = {language.value: entries("grades")[found.grade.value][f"words_{language}"] for language in Language}
    shown = found.sentence if len(found.sentence) <= LONGEST else found.sentence[:LONGEST] + "…"
    place = {language.value: found.place or say("release.place_unknown", language) for language in Language}
    return Failure(code="CR-U08", values={"place": place, "sentence": shown, "word": found.word, "grade": found.grade.value, "allowed": allowed})

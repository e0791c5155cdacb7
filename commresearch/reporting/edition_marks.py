"""The mark of internal reports: in the name of their files, in their title, and in the line that says where they come from."""

from pathlib import Path

from commresearch.cases.case import Release
from commresearch.reporting.disclosure_rules import hides
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow.edition import edition_file, edition_of

INTERNAL = "_internal"


def marked(folder: Path, subject: str, title: str, language: Language) -> tuple[str, str, tuple[Path, ...]]:
    """Subject and title of a report on a cleaned case with the mark of its edition, and the files that say which it is."""
    rules, file = edition_of(folder), edition_file(folder)
    files = () if file is None else (file,)
    return (subject, title, files) if hides(rules) else (f"{subject}{INTERNAL}", say("release.title_internal", language, title=title), files)


def edition_line(rules: Release, language: Language) -> str:
    """For whom a page is, and what it hides."""
    return say("release.line_public", language, most=rules.threshold - 1, base=rules.rounding) if hides(rules) else say("release.line_internal", language)

"""Who has read a report and what they decided; a decision holds for the content that was read, and for no other.

Decisions stand in reports/reviews/reviews.csv, one row each, added and never changed. The content of a report is its title, its text and its figures: a
new look or format changes nothing in it, a changed number does.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from commresearch.errors import CaseError, Failure
from commresearch.records import held, sha256_of, write_whole
from commresearch.reporting.assemble import ReviewState
from commresearch.terms import Language
from commresearch.words import period, say

FILE = "reviews/reviews.csv"  #: below the folder of reports, in a folder of its own that one run at a time holds
COLUMNS = ("report", "content", "decision", "reviewer", "date", "comment")
HASH = re.compile(r"[0-9a-f]{64}")
SHOWN = 12  #: digits of a hash that a page shows
FORMULA = ("=", "+", "-", "@", "\t")


class Decision(StrEnum):
    """What a reviewer decided of a report."""

    APPROVE = "approve"
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One decision: the report by the name of its files, the hash of the content that was read, who read it, and when (ISO date)."""

    report: str
    content: str
    decision: Decision
    reviewer: str
    date: str
    comment: str = ""


def content_of(title: str, subtitle: str, body: str, figures: Path) -> str:
    """Hash of what a reviewer reads: title, text and figures of a report.

    Parameters
    ----------
    title, subtitle
        As they stand above the report.
    body
        The assembled document.
    figures
        Folder of the figures; it may be missing.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    drawn = sorted(path for path in figures.glob("*") if path.is_file())
    return sha256_of(title, subtitle, body, *(path.name for path in drawn), *drawn)


def read_reviews(path: Path) -> tuple[Review, ...]:
    """The decisions that stand in a file, oldest first; none where there is no file.

    Raises
    ------
    CaseError
        The file is no CSV in UTF-8 with the columns report, content, decision, reviewer, date and comment (CR-R30); rows of it have other numbers of
        cells (CR-L02), or cells that cannot be read (CR-R31): all of them.
    """
    if not path.is_file():
        return ()
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise _no_table(path, str(problem)) from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise _no_table(path, ", ".join(rows[0]) if rows else "—")
    failures, reviews = [], []
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        if len(row) != len(COLUMNS):
            failures.append(Failure(code="CR-L02", values={"file": path.name, "row": number, "got": len(row), "expected": len(COLUMNS)}))
            continue
        cells = {column: _unguarded(cell) for column, cell in zip(COLUMNS, row, strict=True)}
        if faults := _faults(path.name, number, cells):
            failures += faults
        else:
            reviews.append(Review(**cells | {"decision": Decision(cells["decision"])}))  # type: ignore[arg-type]
    if failures:
        raise CaseError(*failures)
    return tuple(reviews)


def _no_table(path: Path, got: str) -> CaseError:
    return CaseError(Failure(code="CR-R30", values={"file": path.name, "got": got, "columns": ", ".join(COLUMNS)}))


def _faults(file: str, row: int, cells: dict[str, str]) -> list[Failure]:
    """What is wrong with the cells of one row."""
    is_right = {
        "report": bool(cells["report"]), "content": bool(HASH.fullmatch(cells["content"])), "decision": cells["decision"] in set(Decision),
        "reviewer": bool(cells["reviewer"]), "date": _is_date(cells["date"]),
    }
    return [
        Failure(code="CR-R31", values={
            "file": file, "row": row, "column": column, "got": cells[column],
            "allowed": {language.value: say(f"review.need_{column}", language) for language in Language},
        })
        for column, right in is_right.items()
        if not right
    ]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def add_reviews(path: Path, new: Sequence[Review]) -> tuple[Review, ...]:
    """Add decisions to a file, which is made where it is missing; return all that stand there.

    Raises
    ------
    CaseError
        What stands there cannot be read (CR-R30, CR-R31); a reviewer has no name (CR-R32); another run writes there (CR-C06).
    """
    if any(not one.reviewer.strip() for one in new):
        raise CaseError(Failure(code="CR-R32"))
    with held(path.parent):
        reviews = (*read_reviews(path), *(_on_one_line(one) for one in new))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows([_guarded(str(getattr(one, column))) for column in COLUMNS] for one in reviews)
        write_whole(path, b"\xef\xbb\xbf" + text.getvalue().encode())
    return reviews


def _on_one_line(one: Review) -> Review:
    return Review(
        report=one.report, content=one.content, decision=one.decision, reviewer=" ".join(one.reviewer.split()), date=one.date, comment=" ".join(one.comment.split())
    )


def _guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:].strip() if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell.strip()


def state_of(reviews: Sequence[Review], report: str, content: str, language: Language) -> ReviewState:
    """How far a report has been reviewed.

    Parameters
    ----------
    reviews
        All decisions, oldest first.
    report
        Name of its files without extension.
    content
        Hash of what it says now.
    language
        Of the words.

    Returns
    -------
    ReviewState
        What the last decision on this very content was. Without one the report is a draft; where an earlier content was approved, it says which
        one, by whom and when.
    """
    own = [one for one in reviews if one.report == report]
    decided = next((one for one in reversed(own) if one.content == content), None)
    if decided is not None:
        kind = "approved" if decided.decision is Decision.APPROVE else "returned"
        comment = say("review.comment", language, comment=decided.comment) if decided.comment else ""
        return ReviewState(kind=kind, line=say(f"review.{kind}", language, **_told(decided, language)), more=comment)
    earlier = next((one for one in reversed(own) if one.decision is Decision.APPROVE), None)
    more = "" if earlier is None else say("review.outdated", language, **_told(earlier, language))
    return ReviewState(kind="draft", line=say("review.draft", language), more=more)


def _told(one: Review, language: Language) -> dict[str, str]:
    return {"reviewer": one.reviewer, "date": period(one.date, one.date, "", "", language), "content": one.content[:SHOWN]}

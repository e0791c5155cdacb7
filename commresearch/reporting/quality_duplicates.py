"""Possible duplicates in the quality report: how many sheets were compared, what was found, what is still to be decided."""

from commresearch.cleaning.duplicates import LEAST_QUESTIONS, MANY_QUESTIONS
from commresearch.cleaning.signs import questions_of
from commresearch.reporting.display import Item, heading
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.quality_tables import duplicate_counts
from commresearch.terms import VariableType
from commresearch.words import number


def duplicates(page: QualityPage) -> list[Item]:
    """Groups of sheets that may be the same, by what they have in common, and what to do about them."""
    counts = duplicate_counts(page.clean)
    if not counts:
        return [page.prose(page.say("duplicates_none"), _compared(page))]
    rows = [
        [page.say(f"duplicate_{c.kind}"), number(c.groups), number(c.rows), number(c.open), number(c.decided), number(c.exempt)] for c in counts
    ]
    table = page.table(
        "duplicates", page.say("duplicates_caption"),
        page.header("duplicates_kind", "duplicates_groups", "col_sheets", "duplicates_open", "duplicates_decided", "duplicates_exempt"), rows, align="lrrrrr",
        widths=(30, 11, 14, 14, 14, 17),
    )
    # Groups of two or three sheets tell how many sheets there are, so groups are shown as persons are; a sum beside a hidden part would tell it.
    persons = [[None, c.groups, c.rows, c.open, c.decided, c.exempt] for c in counts]
    sums = [((i, 1), (i, 3), (i, 4), (i, 5)) for i in range(len(counts))]
    totals = {key: [n for c in counts if (n := getattr(c, key))] for key in ("groups", "open")}
    few = any(page.hides_result(n) for c in counts for n in (c.rows, c.groups, c.open, c.decided, c.exempt))
    title = page.say("duplicates_heading_hidden") if few else page.say("duplicates_heading", **{key: page.persons(sum(parts)) for key, parts in totals.items()})
    after = page.prose(_compared(page), page.say("duplicates_how") if totals["open"] else "")
    return [heading(title, 2), page.of_persons(table, persons, sums), *([after] if after.text else [])]


def _compared(page: QualityPage) -> str:
    """How many sheets had answers enough to be compared, in the number of the flag that comes of it; nothing where there is no such flag, or one sheet."""
    if "flag_percent_match" not in page.clean.flags or len(page.clean.flags) == 1:
        return ""
    asked = sum(page.clean.codebook[name].type is not VariableType.TEXT for name in questions_of(page.clean.codebook, page.clean.frame))
    if asked < LEAST_QUESTIONS:
        return page.say("duplicates_too_short", least=LEAST_QUESTIONS)
    n = int(page.clean.flags["flag_percent_match"].notna().sum())
    told = page.judged(n)
    compared = page.say("duplicates_compared", n=told.text if told.count is None else page.persons(told.behind))
    if n == len(page.clean.flags):
        return compared
    return page.notes(compared, page.say("duplicates_not_compared") if asked >= MANY_QUESTIONS else page.say("duplicates_all_answered", least=MANY_QUESTIONS))

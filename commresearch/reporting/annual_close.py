"""The last sections of the annual report: experience, problems and their reasons, recommendations, and everything else to be known."""

from collections.abc import Iterator

from commresearch.cases.narrative_file import Section
from commresearch.errors import SchemaError
from commresearch.reporting.annual_page import AnnualPage, is_of_persons
from commresearch.reporting.cells import capital
from commresearch.reporting.display import Item, bullets, heading
from commresearch.reporting.impact_tables import lowered_by
from commresearch.reporting.narrative_items import missing_numbers
from commresearch.reporting.narrative_numbers import doubts
from commresearch.reporting.panel_tables import rows_of
from commresearch.words import number
from commresearch.workflow.year_figures import breaks_between


def experience(page: AnnualPage) -> list[Item]:
    """What worked, what did not and why: people's prose, beside targets that were missed and checks that failed."""
    problems = list(_problems(page))
    return [
        heading(page.say("experience_heading")), heading(page.say("experience_part"), 2), *page.prose_of(Section.EXPERIENCE),
        heading(page.say("problems_part"), 2), *([page.prose(page.say("problems_lead")), bullets(problems)] if problems else []), *page.prose_of(Section.PROBLEMS),
        heading(page.say("reasons_part"), 2), *page.prose_of(Section.REASONS),
    ]


def _problems(page: AnnualPage) -> Iterator[str]:
    """What the tables of this report show to be wanting."""
    for one in page.indicators:
        if one.misses:
            told = {"name": page.own(one.level3), "reached": page.points(100 * (one.reached if one.reached is not None else 0)), "reason": page.own(one.reason)}
            yield page.text("missed_line", **told)
    blank = [page.own(one.level3) for one in page.indicators if one.actual is None]
    if blank:
        yield page.text("blank_line", n=number(len(blank)), names=page.join(blank))
    for check, outcomes in lowered_by(page.impact.estimated).items():
        yield page.text("check_line", check=page.impact.check(check), outcomes=page.join(page.outcome(outcome) for outcome in outcomes))
    for entry in page.impact.refused:
        yield page.text("refused_line", outcome=capital(page.impact.outcome(entry)), why=page.impact.refusal(entry))


def recommendations(page: AnnualPage) -> list[Item]:
    """What people recommend."""
    return [heading(page.say("recommendations_heading")), *page.prose_of(Section.RECOMMENDATIONS)]


def other(page: AnnualPage, version: str) -> list[Item]:
    """Months, comparability, persons, scoring, definitions, and what the report was made from; then people's own remarks."""
    definitions = [page.text("definition_line", outcome=capital(page.outcome(outcome)), text=panel.definition.sentence(page.language)) for outcome, panel in page.panels.items()]
    return [
        heading(page.say("other_heading")), bullets(_remarks(page)), heading(page.say("definitions_heading"), 2), bullets(definitions),
        heading(page.say("made_from_heading"), 2), page.prose(_made_from(page, version)), heading(page.say("remarks_heading"), 2), *page.prose_of(Section.OTHER),
        *doubts(page.impact, page.narrative),
    ]


def _remarks(page: AnnualPage) -> Iterator[str]:
    if not page.is_whole_year:
        yield page.text("remark_part", year=page.year, months=page.months_within(page.months), n=number(len(page.months)))
    yield page.say("remark_year_on_year")
    if any(is_of_persons(figure) for found in page.figures.values() for figure in found):
        yield page.say("remark_persons")
    changed = [outcome for outcome, panel in page.panels.items() if rows_of(breaks_between(panel, page.year))]
    if changed:
        yield page.text("remark_changed", outcomes=page.join(map(page.outcome, changed)))
    yield page.say("remark_scores")
    if page.indicators and any(one.year is None for one in page.indicators):
        yield page.text("remark_no_year", year=page.year)
    yield page.say("remark_causal")
    if page.is_simulated:
        yield page.say("remark_simulated")


def _made_from(page: AnnualPage, version: str) -> str:
    if page.runs.empty:
        return page.text("made_from_no_run", version=version)
    return page.text("made_from", run=str(page.runs["run"].iloc[-1]), n=number(page.runs["run"].nunique()), version=version)


def require_sound_narrative(page: AnnualPage) -> None:
    """Refuse a narrative whose references the results have no number for.

    Raises
    ------
    SchemaError
        All of them (CR-B07).
    """
    if failures := missing_numbers(page.impact, page.narrative):
        raise SchemaError(*failures)

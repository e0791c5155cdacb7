"""Annual reports to be made on a pilot: one per language."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.cases import Case
from commresearch.cases.case import CASE_FILE
from commresearch.cases.indicators_file import INDICATORS_FILE, read_indicators
from commresearch.cases.narrative_file import narrative_name
from commresearch.errors import CommResearchError, Failure
from commresearch.records import sha256_of
from commresearch.records.results_store import ResultsStore
from commresearch.reporting.annual_close import require_sound_narrative
from commresearch.reporting.annual_page import AnnualPage, open_page
from commresearch.reporting.assemble import Look
from commresearch.reporting.build import ReportTask
from commresearch.reporting.edition_marks import marked
from commresearch.reporting.marks import marked_title
from commresearch.reporting.panel_reports import MADE_FROM
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES

NOTEBOOK = "annual_report.ipynb"


def plan_annual_reports(case: Case, folder: Path, store: ResultsStore, year: int, languages: Sequence[Language], *, look: Look = Look.GOV) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    case : Case
        The checked case folder; its indicators and narratives are read.
    folder : Path
        Where the case was cleaned and estimated.
    store : ResultsStore
        Runs on the case; their estimates become the trends.
    year : int
        The year reported on.
    languages : sequence of Language
        Languages of the reports.
    look : Look
        As Chinese offices set their papers, or as a research report.

    Returns
    -------
    list of ReportTask
        Subject `<case>_annual_<year>`, marked in an internal edition; title with the stamp of simulated data where they are.

    Raises
    ------
    CaseError
        The case was not estimated (CR-A30), or has no month of the year (CR-A31).
    SchemaError
        Faults of indicators.csv (CR-A11 … CR-A22) and of the narratives (CR-B01 … CR-B07), of all languages together.
    SourceError
        A run of the store is not whole (CR-A03).
    """
    pages: list[AnnualPage] = []
    failures: list[Failure] = []
    for language in languages:
        try:
            pages.append(page := open_page(folder, case.folder, store.folder, year, language))
            require_sound_narrative(page)
        except CommResearchError as error:
            failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CommResearchError(*failures)
    return [_task(page, store, look) for page in pages]


def annual_years(case: Case) -> list[int]:
    """Years that the indicators of a case are of, in order: those of which an annual report is made where no year is named.

    Raises
    ------
    SchemaError
        Faults of indicators.csv (CR-A11 … CR-A22).
    """
    path = case.path(INDICATORS_FILE)
    return sorted({one.year for one in read_indicators(path) if one.year is not None}) if path.is_file() else []


def _task(page: AnnualPage, store: ResultsStore, look: Look) -> ReportTask:
    case, language = page.case, page.language
    title = say("annual.title", language, name=case.name(language), year=page.year)
    title = marked_title(title, language, is_simulated=page.is_simulated)
    subject, title, edition = marked(page.folder, f"{case.id}_annual_{page.year}", title, language)
    files = (*_made_from(page), *edition)
    runs = [kept.run + kept.record.key for kept in store.runs(case.id)]
    return ReportTask(
        subject=subject, title=title, subtitle=page.say("subtitle", period=page.span), language=language, notebook=NOTEBOOK,
        parameters={
            "folder": str(page.folder.resolve()), "source": str(case.folder.resolve()), "store": str(store.folder.resolve()), "year": page.year, "language": language.value,
        },
        facts=sha256_of(*files, *runs), inputs=files, is_simulated=page.is_simulated, look=look, estimates=page.folder / ESTIMATES / CONTENT,
    )


def _made_from(page: AnnualPage) -> tuple[Path, ...]:
    """Files that the report reads: of the case folder, and of its results."""
    case = page.case
    own = [case.path(name) for name in (CASE_FILE, INDICATORS_FILE, narrative_name(page.language))]
    results = [page.folder / ESTIMATES / CONTENT, *(path for pattern in MADE_FROM for path in page.folder.glob(pattern))]
    return tuple(path for path in (*own, *sorted(set(results))) if path.is_file())

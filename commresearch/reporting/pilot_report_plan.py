"""Reports to be made on a pilot with raw data: one per language."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.cases import Case
from commresearch.cases.case import CASE_FILE
from commresearch.cases.narrative_file import Narrative, narrative_name, read_narrative
from commresearch.errors import CommResearchError, Failure, SchemaError
from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.reporting.edition_marks import marked
from commresearch.reporting.marks import marked_title
from commresearch.reporting.narrative_items import missing_numbers
from commresearch.reporting.narrative_numbers import told, typed_numbers
from commresearch.reporting.panel_reports import MADE_FROM as LOG_FILES
from commresearch.reporting.pilot_report_page import impact_of, require_results, waves_of
from commresearch.reporting.quality_reports import MADE_FROM as SURVEY_FILES
from commresearch.terms import Language
from commresearch.words import period, say
from commresearch.workflow.case_claims import CLAIMS
from commresearch.workflow.case_claims import CONTENT as CLAIMS_CONTENT
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES

NOTEBOOK = "pilot_report.ipynb"


def plan_case_reports(case: Case, folder: Path, languages: Sequence[Language]) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    case : Case
        The checked case folder; its narratives are read.
    folder : Path
        Where the case was cleaned and estimated.
    languages : sequence of Language
        Languages of the reports.

    Returns
    -------
    list of ReportTask
        Subject `<case>_report`, marked in an internal edition; title with the stamp of simulated data where they are.

    Raises
    ------
    CaseError
        The case was not cleaned (CR-B08) or not estimated (CR-B09), or its estimates cannot be read (CR-I59 … CR-I62).
    SchemaError
        Faults of the narratives (CR-B01 … CR-B07), of all languages together.
    """
    require_results(case, folder)
    _require_sound_narratives(case, folder, languages)
    made_from = _made_from(case, folder)
    return [_task(case, folder, language, made_from) for language in languages]


def narrative_warnings(case: Case, folder: Path, language: Language) -> list[str]:
    """Numbers typed into the narrative that the results do not hold, each in a sentence; as `plan_case_reports` raises."""
    page, narrative = impact_of(case, folder, language), _narrative(case, language)
    return [told(page, narrative, typed) for typed in typed_numbers(page, narrative)]


def _narrative(case: Case, language: Language) -> Narrative:
    return read_narrative(case.path(narrative_name(language)), language)


def _require_sound_narratives(case: Case, folder: Path, languages: Sequence[Language]) -> None:
    failures: list[Failure] = []
    for language in languages:
        try:
            failures += missing_numbers(impact_of(case, folder, language), _narrative(case, language))
        except CommResearchError as error:
            failures += error.failures
    if failures:
        raise SchemaError(*failures)


def _made_from(case: Case, folder: Path) -> tuple[Path, ...]:
    """What the reports in all languages read of the results, and the case file."""
    results = [folder / ESTIMATES / CONTENT, folder / CLAIMS / CLAIMS_CONTENT, *(path for pattern in LOG_FILES for path in folder.glob(pattern))]
    surveys = [path for wave in waves_of(case) for pattern in SURVEY_FILES for path in (folder / wave).glob(pattern)]
    return (case.path(CASE_FILE), *sorted({path for path in (*results, *surveys) if path.is_file()}))


def _task(case: Case, folder: Path, language: Language, made_from: tuple[Path, ...]) -> ReportTask:
    is_simulated, narrative = case.settings.case.fictional, case.path(narrative_name(language))
    title = say("pilot_report.title", language, name=case.name(language))
    title = marked_title(title, language, is_simulated=is_simulated)
    subject, title, edition = marked(folder, f"{case.id}_report", title, language)
    files = (*made_from, *edition, *([narrative] if narrative.is_file() else []))
    estimates = folder / ESTIMATES / CONTENT
    return ReportTask(
        subject=subject, title=title, subtitle=say("pilot_report.subtitle", language, months=_months(case, language)), language=language, notebook=NOTEBOOK,
        parameters={"folder": str(folder.resolve()), "source": str(case.folder.resolve()), "language": language.value}, facts=sha256_of(*files), inputs=files,
        is_simulated=is_simulated, estimates=estimates if estimates.is_file() else None,
    )


def _months(case: Case, language: Language) -> str:
    """The months of the analysis, as part of the subtitle; empty where case.toml names none."""
    months = case.settings.analysis.months
    return "" if months is None else say("pilot_report.subtitle_months", language, months=period(*months, "", "", language))

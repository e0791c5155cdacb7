"""Reports to be made on the impact of a case: one per language."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.reporting.edition_marks import marked
from commresearch.reporting.impact_page import estimates_in
from commresearch.reporting.marks import marked_title
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow.case_claims import CLAIMS
from commresearch.workflow.case_claims import CONTENT as CLAIMS_CONTENT
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES

NOTEBOOK = "impact_report.ipynb"


def plan_impact_reports(case_id: str, folder: Path, languages: Sequence[Language]) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    case_id : str
        Id of the case.
    folder : Path
        Where the case was cleaned and estimated; the report reads its estimates.
    languages : sequence of Language
        Languages of the reports.

    Returns
    -------
    list of ReportTask
        Subject `<case>_impact`; title with the stamp of simulated data where they are.

    Raises
    ------
    CaseError
        There are no estimates (CR-I60), or their file cannot be read (CR-I61, CR-I62).
    """
    case = estimates_in(folder)
    file = folder / ESTIMATES / CONTENT
    beside = [path for path in (folder / CLAIMS / CLAIMS_CONTENT,) if path.is_file()]
    tasks = []
    for language in languages:
        title = say("impact.title", language, name=case["name"][language.value])
        title = marked_title(title, language, is_simulated=case["fictional"])
        subject, title, edition = marked(folder, f"{case_id}_impact", title, language)
        inputs = (file, *beside, *edition)
        tasks.append(
            ReportTask(
                subject=subject, title=title, subtitle=say("impact.subtitle", language), language=language, notebook=NOTEBOOK,
                parameters={"folder": str(folder.resolve()), "language": language.value}, facts=sha256_of(*inputs), inputs=inputs,
                is_simulated=case["fictional"], estimates=file,
            )
        )
    return tasks

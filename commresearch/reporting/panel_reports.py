"""Reports to be made on the panels of a case: one per language."""

import json
from collections.abc import Sequence
from pathlib import Path

from commresearch.errors import CaseError, Failure
from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.reporting.edition_marks import marked
from commresearch.reporting.marks import marked_title
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow.case_logs import ABOUT
from commresearch.workflow.case_panels import PANELS
from commresearch.workflow.clean_reports import LOGS

NOTEBOOK = "panel_quality.ipynb"
MADE_FROM = (f"{LOGS}/*.json", f"{LOGS}/*/*", f"{PANELS}/*/*")  #: files below the folder of a case that its report reads


def plan_panel_reports(case_id: str, folder: Path, languages: Sequence[Language]) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    case_id : str
        Id of the case.
    folder : Path
        Where `commresearch clean` wrote the case; the report reads its logs and panels.
    languages : sequence of Language
        Languages of the reports.

    Returns
    -------
    list of ReportTask
        Subject `<case>_panels`; title with the stamp of simulated data where they are.

    Raises
    ------
    CaseError
        The folder holds no cleaned logs (CR-E02).
    """
    about = folder / LOGS / ABOUT
    if not about.is_file():
        raise CaseError(Failure(code="CR-E02", values={"folder": str(folder), "missing": f"{LOGS}/{ABOUT}"}))
    case = json.loads(about.read_text(encoding="utf8"))
    files = tuple(sorted({path for pattern in MADE_FROM for path in folder.glob(pattern) if path.is_file()}))
    return [_task(case_id, folder, case, language, files) for language in languages]


def _task(case_id: str, folder: Path, case: dict[str, object], language: Language, files: tuple[Path, ...]) -> ReportTask:
    title = say("panel.title", language, name=case[f"name_{language}"])
    title = marked_title(title, language, is_simulated=bool(case["fictional"]))
    subject, title, edition = marked(folder, f"{case_id}_panels", title, language)
    return ReportTask(
        subject=subject, title=title, subtitle=say("panel.subtitle", language), language=language, notebook=NOTEBOOK,
        parameters={"folder": str(folder.resolve()), "language": language.value}, facts=sha256_of(*files, *edition), inputs=(*files, *edition),
        is_simulated=bool(case["fictional"]),
    )

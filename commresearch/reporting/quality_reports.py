"""Reports to be made on cleaned surveys: one per wave and language."""

import json
from collections.abc import Sequence
from pathlib import Path

from commresearch.cleaning.clean_files import PROVENANCE
from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow import CleanedSurvey

NOTEBOOK = "survey_quality.ipynb"
MADE_FROM = ("*.parquet", "*.json", "codebook.csv")  #: files of a cleaned survey that its report reads


def plan_quality_reports(case: str, surveys: Sequence[CleanedSurvey], languages: Sequence[Language]) -> list[ReportTask]:
    """One task per cleaned survey of a case and language.

    Parameters
    ----------
    case : str
        Id of the case.
    surveys : sequence of CleanedSurvey
        What `clean_case` returned; the report reads the files that it wrote.
    languages : sequence of Language
        Languages of the reports.

    Returns
    -------
    list of ReportTask
        Subject `<case>_<wave>_quality`; title with the stamp of simulated data where they are.
    """
    return [_task(case, survey, language) for language in languages for survey in surveys]


def _task(case: str, survey: CleanedSurvey, language: Language) -> ReportTask:
    files = _made_from(survey.folder)
    known = json.loads((survey.folder / PROVENANCE).read_text(encoding="utf8"))
    title = say("quality.title", language, name=known[f"name_{language}"])
    wave = say("quality.wave_part", language, wave=known["wave"]) if known["wave"] else ""
    return ReportTask(
        subject=f"{case}_{survey.wave}_quality", title=say("quality.title_simulated", language, title=title) if known["fictional"] else title,
        subtitle=say("quality.subtitle", language, wave=wave, sampling=say(f"survey.sampling_{survey.sampling}", language)), language=language,
        notebook=NOTEBOOK, parameters={"folder": str(survey.folder.resolve()), "language": language.value}, facts=sha256_of(*files), inputs=files,
    )


def _made_from(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted({path for pattern in MADE_FROM for path in folder.glob(pattern)}))

"""Reports to be made on cleaned surveys: one per wave and language."""

import json
from collections.abc import Sequence
from pathlib import Path

from commresearch.cleaning.clean_files import PROVENANCE
from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.reporting.edition_marks import marked
from commresearch.reporting.marks import marked_title
from commresearch.terms import Language
from commresearch.words import say

NOTEBOOK = "survey_quality.ipynb"
MADE_FROM = ("*.parquet", "*.json", "codebook.csv")  #: files of a cleaned survey that its report reads


def plan_quality_reports(case: str, folders: Sequence[Path], languages: Sequence[Language]) -> list[ReportTask]:
    """One task per cleaned survey of a case and language.

    Parameters
    ----------
    case : str
        Id of the case.
    folders : sequence of Path
        Where `clean_case` wrote each survey; the report reads its files.
    languages : sequence of Language
        Languages of the reports.

    Returns
    -------
    list of ReportTask
        Subject `<case>_<wave>_quality`; title with the stamp of simulated data where they are.
    """
    return [_task(case, folder, language) for language in languages for folder in folders]


def _task(case: str, folder: Path, language: Language) -> ReportTask:
    known = json.loads((folder / PROVENANCE).read_text(encoding="utf8"))
    title = say("quality.title", language, name=known[f"name_{language}"])
    title = marked_title(title, language, is_simulated=known["fictional"])
    subject, title, edition = marked(folder, f"{case}_{folder.name}_quality", title, language)
    files = (*_made_from(folder), *edition)
    wave = say("quality.wave_part", language, wave=known["wave"]) if known["wave"] else ""
    return ReportTask(
        subject=subject, title=title,
        subtitle=say("quality.subtitle", language, wave=wave, sampling=say(f"survey.sampling_{known['sampling']}", language)), language=language,
        notebook=NOTEBOOK, parameters={"folder": str(folder.resolve()), "language": language.value}, facts=sha256_of(*files), inputs=files,
        is_simulated=known["fictional"],
    )


def _made_from(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted({path for pattern in MADE_FROM for path in folder.glob(pattern)}))

"""Reports to be made on the audit of a file: one per language."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.terms import Language
from commresearch.words import say

NOTEBOOK = "claims_audit.ipynb"


def plan_audit_reports(folder: Path, languages: Sequence[Language]) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    folder : Path
        Where `audit_file` wrote, named like the file that was audited.
    languages : sequence of Language

    Returns
    -------
    list of ReportTask
        Subject `<file>_audit`.
    """
    files = tuple(sorted(path for path in folder.iterdir() if path.suffix in {".csv", ".txt"}))
    facts = sha256_of(*files)
    return [
        ReportTask(
            subject=f"{folder.name}_audit", title=say("audit.title", language, name=folder.name), subtitle=say("audit.subtitle", language), language=language,
            notebook=NOTEBOOK, parameters={"folder": str(folder.resolve()), "language": language.value}, facts=facts, inputs=files,
        )
        for language in languages
    ]

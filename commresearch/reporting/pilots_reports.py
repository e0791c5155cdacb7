"""Reports to be made on a comparison of pilots: one per language."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.records import sha256_of
from commresearch.reporting.build import ReportTask
from commresearch.reporting.marks import marked_title
from commresearch.terms import Language
from commresearch.words import say
from commresearch.workflow.pilot_effects import MADE_FROM, PilotEffects

NOTEBOOK = "pilots_comparison.ipynb"
OWN = "own"  #: folder of the comparison of the project's own pilots: both comparisons may stand in one site


def plan_pilot_reports(folder: Path, effects: PilotEffects, languages: Sequence[Language]) -> list[ReportTask]:
    """One task per language.

    Parameters
    ----------
    folder : Path
        Where the tables of the comparison stand.
    effects : PilotEffects
        What they hold.
    languages : sequence of Language

    Returns
    -------
    list of ReportTask
        Subject `pilots_simulated` of the fictional pilots that come with the program, `pilots` of the project's own, which may be fictional, too; the
        title is stamped, and the names of the files say so, where the data are simulated.
    """
    tables = tuple(sorted(folder.glob("*.csv")))
    facts = sha256_of(*(path.read_text(encoding="utf8") for path in (*tables, folder / MADE_FROM)))
    subject = "pilots_simulated" if effects.is_simulated and folder.name != OWN else "pilots"
    return [
        ReportTask(
            subject=subject, subtitle=say("pilots.subtitle", language), language=language, notebook=NOTEBOOK,
            title=marked_title(say("pilots.title", language), language, is_simulated=effects.is_simulated),
            parameters={"folder": str(folder.resolve()), "language": language.value}, facts=facts, inputs=tables,
            is_simulated=effects.is_simulated,
        )
        for language in languages
    ]

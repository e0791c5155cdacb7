"""The report on a pilot with raw data: what every section needs.

A section is a function from an opened page to the items it shows. First screen and appendix stand in `pilot_report_summary`, what was received and
who answered in `pilot_report_data`, what changed and how sure that is in `pilot_report_results`, what to collect next in `pilot_report_next`, the
prose of people in `narrative_items`. Much is shown by the sections of the reports on surveys, panels and impact, one heading lower.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from commresearch.cases import Case, load_case
from commresearch.cases.case import Release
from commresearch.cases.narrative_file import Narrative, narrative_name, read_narrative
from commresearch.errors import CaseError, Failure
from commresearch.reporting import impact_page, panel_page, quality_page
from commresearch.reporting.display import STRICTEST, Item, Prose
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.stamped_page import StampedPage
from commresearch.terms import Language, Outcome
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES
from commresearch.workflow.case_logs import ABOUT
from commresearch.workflow.clean_reports import LOGS
from commresearch.workflow.edition import edition_of

#: Outcomes that have a panel of their own on the first screen, in its order.
HEADLINES = (Outcome.COMPLAINT_RATE, Outcome.YOUTH_PARTICIPATION, Outcome.SPACE_USE)
SURVEY_PREFIX = "quality"  #: of the ids of tables on a survey, before its wave
FRAME = "frame.parquet"  #: without it a wave was not cleaned


@dataclass(frozen=True, kw_only=True, eq=False)
class PilotReport(StampedPage):
    """A pilot being reported on.

    case : Case
        The checked case folder.
    folder : Path
        Where it was cleaned and estimated.
    impact : ImpactPage
        Its estimates; without outcomes where it has no logs.
    panels : PanelPage or None
        Its logs and panels; None where it has no logs.
    surveys : mapping
        Wave → its page, in the order of case.toml.
    narrative : Narrative
        What people wrote.
    """

    catalogue = "pilot_report"
    case: Case
    folder: Path
    impact: ImpactPage
    panels: PanelPage | None
    surveys: Mapping[str, QualityPage]
    narrative: Narrative
    language: Language
    prefix: str = "report"
    release: Release = STRICTEST

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program."""
        return self.case.settings.case.fictional

    @cached_property
    def entries(self) -> dict[str, Record]:
        """Outcome → what stands in the file of estimates, known outcomes in their order."""
        return {str(entry["outcome"]): entry for entry in self.impact.outcomes}

    @cached_property
    def headlines(self) -> tuple[Outcome, ...]:
        """The outcomes of the first screen; the area in use stands for the use of space where that is not counted."""
        is_area = Outcome.SPACE_USE not in self.entries and Outcome.AREA_IN_USE in self.entries
        return tuple(Outcome.AREA_IN_USE if is_area and outcome is Outcome.SPACE_USE else outcome for outcome in HEADLINES)

    @cached_property
    def main(self) -> Record | None:
        """The outcome of the first sentence: that of the locked plan, else the first with an estimate; None where nothing was estimated."""
        planned = None if self.impact.case["plan"] is None else self.impact.case["plan"].get("outcome")
        found = [entry for entry in self.impact.estimated if entry["outcome"] == planned]
        return next(iter([*found, *self.impact.estimated]), None)

    @property
    def months(self) -> str:
        """First to last month of the panels, in words; empty where there is none."""
        if self.panels is None or not self.panels.panels:
            return ""
        return self.panels.span([month for panel in self.panels.panels.values() for month in panel.frame["month"]])


def open_page(folder: str | Path, source: str | Path, language: str, *, prefix: str = "report") -> PilotReport:
    """Read what the report on a pilot needs.

    Parameters
    ----------
    folder : str or Path
        Where the case was cleaned and estimated.
    source : str or Path
        Its case folder, with case.toml and the narratives.
    language : str
        zh or en.
    prefix : str
        Beginning of the ids of the report's own tables.

    Raises
    ------
    CaseError
        The case was not cleaned (CR-B08) or estimated (CR-B09); its files cannot be read.
    SchemaError
        Faults of case.toml or of the narrative.
    """
    case, folder, spoken = load_case(source), Path(folder), Language(language)
    require_results(case, folder)
    return PilotReport(
        case=case, folder=folder, language=spoken, prefix=prefix, release=edition_of(folder),
        narrative=read_narrative(case.path(narrative_name(spoken)), spoken),
        impact=impact_of(case, folder, spoken), panels=panel_page.open_page(folder, language) if _has_logs(case) else None,
        surveys={wave: quality_page.open_page(folder / wave, language, prefix=f"{SURVEY_PREFIX}-{wave}") for wave in waves_of(case)},
    )


def require_results(case: Case, folder: Path) -> None:
    """Refuse a case that was not cleaned, or whose logs were not estimated.

    Raises
    ------
    CaseError
        CR-B08, CR-B09: what is missing, and the command that makes it.
    """
    has_logs = _has_logs(case)
    wanted = [*([f"{LOGS}/{ABOUT}"] if has_logs else []), *(f"{wave}/{FRAME}" for wave in waves_of(case))]
    if not wanted:
        raise CaseError(Failure(code="CR-F10", values={"case": case.id}))
    values = {"case": case.id, "folder": str(folder)}
    if missing := [name for name in wanted if not (folder / name).is_file()]:
        raise CaseError(Failure(code="CR-B08", values=values | {"missing": ", ".join(missing)}))
    if has_logs and not (folder / ESTIMATES / CONTENT).is_file():
        raise CaseError(Failure(code="CR-B09", values=values | {"missing": f"{ESTIMATES}/{CONTENT}"}))


def _has_logs(case: Case) -> bool:
    return len(case.surveys) < len(case.settings.data)


def waves_of(case: Case) -> list[str]:
    """Folders of the surveys of a case, in the order of case.toml."""
    return [survey.wave or f"survey{number}" for number, survey in enumerate(case.surveys, 1)]


def impact_of(case: Case, folder: Path, language: Language) -> ImpactPage:
    """The estimates of a case; none where it has surveys only."""
    if _has_logs(case):
        return impact_page.open_page(folder, language)
    facts, analysis = case.settings.case, case.settings.analysis
    content = {
        "case": case.id, "name": {"zh": facts.name_zh, "en": facts.name_en}, "fictional": facts.fictional, "seed": analysis.seed,
        "conf_level": analysis.conf_level, "plan": None, "outcomes": [],
    }
    return ImpactPage(case=content, language=language)


def lowered(items: Iterable[Item]) -> list[Item]:
    """Items of another report with their headings one level lower."""
    return [replace(item, text=f"#{item.text}") if isinstance(item, Prose) and _is_heading(item) else item for item in items]


def without_headings(items: Iterable[Item]) -> list[Item]:
    """Items of another report that stand under a heading of this one."""
    return [item for item in items if not _is_heading(item)]


def _is_heading(item: Item) -> bool:
    return isinstance(item, Prose) and item.text.startswith("#")

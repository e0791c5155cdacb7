"""The annual report on a pilot: what every section needs.

The outline is that of the fiscal evaluation rules. A section is a function from an opened page to the items it shows: first screen, the project and the course of
the evaluation stand in `annual_summary`, scores and conclusions in `annual_scores`, the figures of the year in `annual_outcomes`, earlier runs in `annual_runs`,
what people write and everything else to be known in `annual_close`; a notebook calls all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from commresearch.cases import Case, load_case
from commresearch.cases.case import Release
from commresearch.cases.indicators_file import INDICATORS_FILE, Block, Indicator, not_reported, read_indicators, total_score
from commresearch.cases.narrative_file import Narrative, Section, narrative_name, read_narrative
from commresearch.errors import CaseError, Failure
from commresearch.outcomes import Panel
from commresearch.records.results_store import ResultsStore
from commresearch.reporting import impact_page, narrative_items, panel_page
from commresearch.reporting.display import Item
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.stamped_page import StampedPage
from commresearch.terms import Language, Outcome, Unit
from commresearch.words import number
from commresearch.words.precision import signed
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES
from commresearch.workflow.case_logs import ABOUT
from commresearch.workflow.clean_reports import LOGS
from commresearch.workflow.edition import edition_of
from commresearch.workflow.year_figures import Comparison, How, YearFigure, months_of, year_figures

MARKS = ((90, "excellent"), (80, "good"), (60, "fair"), (0, "poor"))  #: least score in percent → what the fiscal rules call it


@dataclass(frozen=True, kw_only=True, eq=False)
class AnnualPage(StampedPage):
    """A year of a pilot being reported on.

    case : Case
        The checked case folder.
    folder : Path
        Where it was cleaned and estimated.
    year : int
        The year reported on; of a year that is not over, the months that are there.
    panels_page : PanelPage
        Its logs and panels.
    impact : ImpactPage
        Its estimates.
    indicators : tuple of Indicator
        Those of the year; none where nobody filled in indicators.csv.
    runs : DataFrame
        Estimates of all runs on the case, as the store gives them.
    narrative : Narrative
        What people wrote.
    """

    catalogue = "annual"
    case: Case
    folder: Path
    year: int
    panels_page: PanelPage
    impact: ImpactPage
    indicators: tuple[Indicator, ...]
    runs: pd.DataFrame
    narrative: Narrative
    language: Language
    release: Release
    prefix: str = "annual"

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program."""
        return self.case.settings.case.fictional

    @property
    def panels(self) -> Mapping[Outcome, Panel]:
        """Outcome → panel."""
        return self.panels_page.panels

    @cached_property
    def figures(self) -> dict[Outcome, list[YearFigure]]:
        """Outcome → its figures of the year; outcomes without a month of the year are left out."""
        return {outcome: found for outcome, panel in self.panels.items() if (found := year_figures(panel, outcome, self.year))}

    @cached_property
    def months(self) -> tuple[pd.Timestamp, ...]:
        """Months of the year in which any outcome was recorded."""
        return tuple(sorted({month for panel in self.panels.values() for month in months_of(panel, self.year)}))

    @property
    def is_whole_year(self) -> bool:
        """Whether every month of the year was recorded."""
        return len(self.months) == 12

    # ------------------------------------------------------------ words

    @property
    def span(self) -> str:
        """The months of the year that are there, in words; the year alone where all are."""
        return self.panels_page.span(list(self.months)) if self.is_whole_year else self.say("span", year=self.year, months=self.months_within(self.months))

    def months_within(self, months: Sequence[pd.Timestamp]) -> str:
        """Months of one year without the year: 1月至6月; a single one alone."""
        first, last = min(months).month, max(months).month
        return self.say("one_month", month=self._month_name(first)) if first == last else self.say("months", first=self._month_name(first), last=self._month_name(last))

    def _month_name(self, month: int) -> str:
        return self.say(f"month_{month}")

    def outcome(self, outcome: Outcome | str) -> str:
        """Name of an outcome."""
        return self.panels_page.outcome(Outcome(outcome))

    def measure(self, figure: YearFigure) -> str:
        """Name of a measure with its unit."""
        return self.say(f"measure_{figure.outcome}_{figure.measure}")

    def block(self, block: Block) -> str:
        """Name of a part of the evaluation."""
        return self.say(f"block_{block}")

    # ------------------------------------------------------------ numbers

    def value(self, figure: YearFigure, value: float) -> str:
        """A value of a measure without its unit."""
        if figure.unit in {Unit.COUNT, Unit.PERSONS, Unit.PERSON_TIMES, Unit.HOURS}:
            return number(round(value))
        return self.panels_page.digits(value)

    def change(self, found: Comparison) -> str:
        """A change with its sign: in percent, of shares in percentage points; why there is none where it is not given."""
        if found.why is not None:
            return self.say(f"why_{found.why}")
        return self.say("change_points" if found.unit is Unit.PERCENTAGE_POINTS else "change_percent", n=signed(found.change, 1))

    def points(self, value: object) -> str:
        """Points of a score, two decimals at most."""
        return number(round(float(str(value)), 2))

    # ------------------------------------------------------------ results

    @property
    def score(self) -> float:
        """Points of all indicators together."""
        return float(total_score(self.indicators))

    @property
    def blank_points(self) -> float:
        """Points of indicators that are not reported."""
        return float(not_reported(self.indicators))

    @property
    def mark(self) -> str:
        """What the fiscal rules call the score."""
        return self.say(next(f"mark_{name}" for least, name in MARKS if self.score >= least))

    def prose_of(self, section: Section) -> list[Item]:
        """What people wrote under a heading; that it is to be written where they did not."""
        return narrative_items.text(self.impact, self.narrative, section)


def is_of_persons(figure: YearFigure) -> bool:
    """Whether a measure counts distinct persons, or is a share of them."""
    return figure.how in {How.PERSONS, How.PERSON_RATE}


def open_page(folder: str | Path, source: str | Path, store: str | Path, year: int, language: str, *, prefix: str = "annual") -> AnnualPage:
    """Read what the annual report on a pilot needs.

    Parameters
    ----------
    folder : str or Path
        Where the case was cleaned and estimated.
    source : str or Path
        Its case folder, with case.toml, indicators.csv and the narratives.
    store : str or Path
        The results store.
    year : int
        The year reported on.
    language : str
        zh or en.
    prefix : str
        Beginning of the ids of tables and figures.

    Raises
    ------
    CaseError
        The case was not estimated (CR-A30); its panels have no month of the year (CR-A31); its files cannot be read.
    SchemaError
        Faults of case.toml, indicators.csv or the narrative.
    SourceError
        A run of the store is not whole (CR-A03).
    """
    case, folder, spoken = load_case(source), Path(folder), Language(language)
    require_estimated(case, folder)
    panels = panel_page.open_page(folder, language, prefix=prefix)
    require_year(case, panels.panels, year)
    return AnnualPage(
        case=case, folder=folder, year=year, language=spoken, prefix=prefix, panels_page=panels, impact=impact_page.open_page(folder, language, prefix=prefix),
        indicators=indicators_of(case, year), runs=ResultsStore(folder=Path(store)).estimates(case.id), release=edition_of(folder),
        narrative=read_narrative(case.path(narrative_name(spoken)), spoken),
    )


def require_estimated(case: Case, folder: Path) -> None:
    """Refuse a case that was not cleaned or not estimated.

    Raises
    ------
    CaseError
        CR-A30: what is missing, and the command that makes it.
    """
    missing = [name for name in (f"{LOGS}/{ABOUT}", f"{ESTIMATES}/{CONTENT}") if not (folder / name).is_file()]
    if missing:
        raise CaseError(Failure(code="CR-A30", values={"case": case.id, "missing": ", ".join(missing)}))


def require_year(case: Case, panels: Mapping[Outcome, Panel], year: int) -> None:
    """Refuse a year of which nothing was recorded.

    Raises
    ------
    CaseError
        CR-A31: from when to when there is something.
    """
    if any(months_of(panel, year) for panel in panels.values()):
        return
    known = [month for panel in panels.values() for month in panel.frame.loc[panel.frame["value"].notna(), "month"]]
    first, last = (f"{end(known):%Y-%m}" if known else "—" for end in (min, max))
    raise CaseError(Failure(code="CR-A31", values={"case": case.id, "year": year, "first": first, "last": last}))


def indicators_of(case: Case, year: int) -> tuple[Indicator, ...]:
    """The indicators of a case for a year; none where there is no table.

    Raises
    ------
    SchemaError
        Its faults, all together (CR-A11 … CR-A22).
    """
    path = case.path(INDICATORS_FILE)
    return read_indicators(path, year) if path.is_file() else ()

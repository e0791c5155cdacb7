"""The report on the panels of a case: what every section needs.

A section is a function from an opened page to the items it shows. First screen and files stand in `panel_summary`, the logs in
`panel_logs`, one section per outcome in `panel_outcomes`, coverage and irregularities in `panel_checks`, the rate that is taken apart in
`panel_retrace`; a notebook calls all of them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases.case import Release
from commresearch.cleaning.clean_table import reason
from commresearch.cleaning.event_table import EventTable, read_event_table
from commresearch.errors import CaseError, Failure
from commresearch.outcomes import Panel, PanelQuality, UnitRegister, panel_quality, read_panel
from commresearch.outcomes.context import month_table
from commresearch.records import sha256_of
from commresearch.reporting.cells import capital
from commresearch.reporting.display import STRICTEST, Table
from commresearch.reporting.panel_tables import Cover, cover, unit_month_states
from commresearch.reporting.stamped_page import StampedPage, cut
from commresearch.terms import DataKind, Language, Outcome, Unit
from commresearch.words import has, number, period
from commresearch.words.precision import decimals_of, fixed
from commresearch.workflow.case_logs import ABOUT
from commresearch.workflow.case_panels import PANELS
from commresearch.workflow.clean_reports import LOGS
from commresearch.workflow.edition import edition_of

NAME = 30  #: half-width cells of the name of a unit in a table
WHOLE = 100  #: values above are shown without decimals
RATE_DIGITS = 3  #: digits of pooled rates; they come without an interval


@dataclass(frozen=True, kw_only=True, eq=False)
class PanelPage(StampedPage):
    """The panels of a case being reported on.

    case : mapping
        case, name_zh, name_en, fictional, months: what `case.json` beside the logs says.
    logs : mapping
        Folder of a log or register → the cleaned table.
    panels : mapping
        Outcome → panel, in the order of `Outcome`.
    """

    catalogue = "panel"
    case: Mapping[str, Any]
    logs: Mapping[str, EventTable]
    panels: Mapping[Outcome, Panel]
    language: Language
    prefix: str = "panel"
    release: Release = STRICTEST

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program."""
        return bool(self.case["fictional"])

    @cached_property
    def quality(self) -> dict[Outcome, PanelQuality]:
        """What each panel can bear."""
        return {outcome: panel_quality(panel) for outcome, panel in self.panels.items()}

    @cached_property
    def registers(self) -> dict[Outcome, UnitRegister]:
        """The units of each panel; panels on the same units share one."""
        roster, grids, lineage = (self.frame(kind) for kind in (DataKind.ROSTER, DataKind.GRIDS, DataKind.LINEAGE))
        made: dict[tuple[Any, Any], UnitRegister] = {}
        found = {}
        for outcome, panel in self.panels.items():
            level, boundaries = panel.definition["unit_level"], panel.definition["boundaries"]
            if (level, boundaries) not in made:
                empty = pd.DataFrame() if roster is None else roster
                made[level, boundaries] = UnitRegister.of(empty, grids, lineage, level=level, boundaries=boundaries)
            found[outcome] = made[level, boundaries]
        return found

    @cached_property
    def states(self) -> dict[Outcome, pd.DataFrame]:
        """What is known of every unit (rows) and month (columns)."""
        found = {}
        for outcome, panel in self.panels.items():
            months = month_table([panel.frame["month"].min(), panel.frame["month"].max()])
            found[outcome] = unit_month_states(panel, self.registers[outcome].unit_months(months))
        return found

    @cached_property
    def covers(self) -> dict[Outcome, Cover]:
        """How much of each panel can be used."""
        return {outcome: cover(states) for outcome, states in self.states.items()}

    @cached_property
    def state(self) -> str:
        """What tells the persons counted here, in this state of the data, from all others."""
        return sha256_of(*sorted({digest for log in self.logs.values() for digest in log.provenance.get("files", {}).values()}))[:12]

    def frame(self, kind: DataKind) -> pd.DataFrame | None:
        """All rows of the logs of a kind; None where there is none."""
        parts = [log.frame() for log in self.logs_of(kind)]
        return pd.concat(parts, ignore_index=True) if parts else None

    def logs_of(self, kind: DataKind) -> list[EventTable]:
        """The logs of a kind."""
        return [log for log in self.logs.values() if log.kind is kind]

    def breaks(self, outcome: Outcome) -> pd.DataFrame:
        """Dated changes of recording of the sources of an outcome: month, note, units (None for all), in order."""
        own = self.panels[outcome].breaks
        first, last = (self.panels[outcome].frame["month"].agg(end) for end in ("min", "max"))
        own = own.assign(month=pd.to_datetime(own["on"]).dt.to_period("M").dt.to_timestamp(), note=own["note"].fillna("").astype("str"))
        own = own[(own["month"] >= first) & (own["month"] <= last)]
        parts = [(month, note, part["unit_id"]) for (month, note), part in own.groupby(["month", "note"], sort=True)]
        # None stands for all units; among numbers pandas would make it a missing one.
        units = pd.Series([None if (named == "*").any() else named.nunique() for _, _, named in parts], dtype="object")
        return pd.DataFrame({"month": [month for month, _, _ in parts], "note": [note for _, note, _ in parts], "units": units})

    def table(  # noqa: D102 - as the one it extends
        self, name: str, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, widths: Sequence[int], note: str = "",
        style: str = "",
    ) -> Table:
        labelled = [[capital(row[0]), *row[1:]] for row in rows]
        return super().table(name, caption, header, labelled, align=align, widths=widths, note=note, style=style)

    # ------------------------------------------------------------ names

    def outcome(self, outcome: Outcome) -> str:
        """Name of an outcome."""
        return self.say(f"outcome_{outcome}")

    def log_name(self, name: str) -> str:
        """Name of a log; the second of a kind has its number."""
        kind, _, n = name.rpartition("_") if name.rpartition("_")[2].isdigit() else (name, "", "")
        label = self.say(f"kind_{kind}")
        return self.say("kind_numbered", kind=label, n=n) if n else label

    @cached_property
    def names(self) -> dict[str, str]:
        """Unit → its name where it has one."""
        known: dict[str, str] = {}
        for register in self.registers.values():
            units = register.units
            known |= {str(u): str(n) for u, n in zip(units["unit_id"], units["name"], strict=True) if n is not None and not pd.isna(n)}
        return known

    def unit(self, unit: str) -> str:
        """A unit by name and code; in English the code comes first, the name in brackets."""
        name = self.names.get(unit, "")
        if not name or name == unit:
            return unit
        return cut(self.say("unit_named", unit=unit, name=name), NAME)

    def short_unit(self, unit: str) -> str:
        """A unit by its name; by its code where it has none, where two share it, and in English."""
        name = self.names.get(unit, "")
        if self.language is Language.EN or not name:
            return unit
        return name if list(self.names.values()).count(name) == 1 else self.unit(unit)

    def rule(self, rule: str) -> str:
        """What a rule of an account does."""
        return self.say(f"rule_{rule}")

    def measure(self, name: str) -> str:
        """A measure that stands beside an outcome."""
        for ending in ("_quarter", "_year", "_all_rooms"):
            if name.endswith(ending):
                return self.say(f"measure{ending}", name=self.measure(name.removesuffix(ending)))
        return self.say(f"measure_{name}")

    def month(self, month: pd.Timestamp) -> str:
        """A month in words."""
        iso = f"{month:%Y-%m}"
        return period(iso, iso, "", "", self.language)

    def span(self, months: Sequence[pd.Timestamp]) -> str:
        """First to last month in words."""
        return period(f"{min(months):%Y-%m}", f"{max(months):%Y-%m}", "", "", self.language)

    def reason(self, rule: str) -> str:
        """Why a row was set aside, or how a cell was read."""
        return self.say(f"reason_{rule}") if has(f"panel.reason_{rule}") else reason(rule, self.language)

    def note(self, note: str) -> str:
        """A reason as the register gives it."""
        return self.own(note) if note else self.say("no_reason")

    # ------------------------------------------------------------ numbers

    def rate(self, value: float, outcome: Outcome) -> str:
        """A rate of an outcome with its unit."""
        return self.say(f"rate_{outcome}", n=self.digits(value)) if math.isfinite(value) else self.say("nothing")

    def digits(self, value: float) -> str:
        """A rate without its unit, three digits; nothing but 0 for zero."""
        return "0" if value == 0 else fixed(value, min(decimals_of(value, significant=RATE_DIGITS), 2))

    def plain(self, value: float) -> str:
        """A value of a measure without its unit."""
        return self.say("nothing") if not math.isfinite(value) else number(round(value)) if abs(value) >= WHOLE else self.digits(value)

    def amount(self, value: float, unit: Unit) -> str:
        """A value of a measure with its unit."""
        shown = self.plain(value)
        return self.say(f"unit_{unit}", n=shown) if has(f"panel.unit_{unit}") else shown


def open_page(folder: str | Path, language: str, *, prefix: str = "panel") -> PanelPage:
    """Read what the report on the panels of a case needs.

    Parameters
    ----------
    folder : str or Path
        Where `commresearch clean` wrote the case: its logs stand in `_logs`, its panels in `_panels`.
    language : str
        zh or en.
    prefix : str
        Beginning of the ids of tables and figures.

    Raises
    ------
    CaseError
        The folder holds no cleaned logs, or a table of them is not whole (CR-E02).
    OutcomeError
        A panel is not whole (CR-O17).
    """
    folder = Path(folder)
    about = folder / LOGS / ABOUT
    if not about.is_file():
        raise CaseError(Failure(code="CR-E02", values={"folder": str(folder), "missing": f"{LOGS}/{ABOUT}"}))
    panels = {outcome: read_panel(folder / PANELS / outcome) for outcome in Outcome if (folder / PANELS / outcome).is_dir()}
    return PanelPage(
        case=json.loads(about.read_text(encoding="utf8")), panels=panels, language=Language(language), prefix=prefix,
        release=edition_of(folder),
        logs={path.name: read_event_table(path) for path in _log_folders(folder)},
    )


def _log_folders(folder: Path) -> list[Path]:
    """Folders of the logs: events before registers, as people read them."""
    order = [str(kind) for kind in DataKind]
    found = [path for path in (folder / LOGS).iterdir() if path.is_dir()]
    return sorted(found, key=lambda p: (order.index(_kind(p.name)), p.name))


def _kind(name: str) -> str:
    kind, _, n = name.rpartition("_")
    return kind if n.isdigit() else name

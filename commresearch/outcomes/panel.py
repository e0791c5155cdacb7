"""A panel: one value per unit and month, with its numerator and denominator, its definition and what stands beside it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.context import ACCOUNT_COLUMNS, COMPANION_COLUMNS, UNPLACED_COLUMNS
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.outcomes.frame_panel import FrameNames, frame_of
from commresearch.records import canonical_json, replace_folder, work_folder, write_whole
from commresearch.terms import Outcome, Unit

#: Columns of every panel; covariates stand behind them.
PANEL_COLUMNS = (
    "unit_id", "unit_level", "community_id", "month", "numerator", "denominator", "value", "live", "live_share", "treated_from", "assignment_id",
    "partial_month", "provisional", "blocked",
)
BREAK_COLUMNS = ("source", "unit_id", "on", "note")
TABLES = ("frame", "companions", "account", "unplaced", "breaks", "problems")
ABOUT = "panel.json"
FLAGS = ("live", "partial_month", "provisional", "blocked")


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Values of an outcome by unit and month.

    frame : DataFrame
        unit_id, unit_level, community_id, month (datetime64, first day; or whole numbers in order), numerator, denominator, value, live (whether
        the source was recording and the unit existed), live_share (of the days of the month), treated_from (of the type of month; missing: never),
        assignment_id (what was chosen to be treated), partial_month (recorded on some days, or by some ledgers only), provisional (follow-up not finished), blocked (record begins with the
        start), then covariates and `weight`. Ordered by unit and month, no pair twice. Numerator and value are missing where the source was not recording.
    definition : OutcomeDefinition
        How the outcome was counted.
    unit : Unit
        Unit of a difference of values; shares are stored as 0-100.
    companions : DataFrame
        unit_id, month, measure, numerator, denominator, value, unit.
    account : DataFrame
        rule, events: what was excluded, by which rule, how many.
    unplaced : DataFrame
        place, events, first, last: what could not be placed.
    breaks : DataFrame
        source, unit_id, on, note: dated changes of recording.
    problems : DataFrame
        Of the register of units.
    covariates : tuple of str
        Names of further columns of the frame.
    """

    frame: pd.DataFrame
    definition: OutcomeDefinition
    unit: Unit
    companions: pd.DataFrame = field(default_factory=lambda: _empty(COMPANION_COLUMNS))
    account: pd.DataFrame = field(default_factory=lambda: _empty(ACCOUNT_COLUMNS))
    unplaced: pd.DataFrame = field(default_factory=lambda: _empty(UNPLACED_COLUMNS))
    breaks: pd.DataFrame = field(default_factory=lambda: _empty(BREAK_COLUMNS))
    problems: pd.DataFrame = field(default_factory=lambda: _empty(("problem", "place", "unit_id", "valid_from", "valid_to")))
    covariates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold the frame to the contract."""
        check_frame(self.frame)

    @classmethod
    def from_frame(  # noqa: PLR0913 - one name per column of the table
        cls, frame: pd.DataFrame, *, community: str, period: str, value: str | None = None, numerator: str | None = None,
        denominator: str | None = None, treated_from: str | None, cluster: str | None = None, weight: str | None = None,
        covariates: Sequence[str] = (), outcome: Outcome | str, unit: Unit | str,
    ) -> "Panel":
        """A panel from a table that somebody has, by the names of its columns. Nothing is rescaled.

        Parameters
        ----------
        frame : DataFrame
            One row per unit and period.
        community, period : str
            Columns of the unit, and of the month (dates, or months as text) or of ordered whole numbers.
        value, numerator, denominator : str, optional
            Columns of the value and what it was made of. Without `value` it is numerator over denominator (times 1,000 per thousand households, 100
            for a share); without a denominator the numerator itself.
        treated_from : str or None
            Column of the first treated period, missing where a unit is never treated; None where no unit is.
        cluster, weight : str, optional
            Columns of what was chosen to be treated (else the unit), and of weights.
        covariates : sequence of str
            Columns that are kept.
        outcome : Outcome or str
            A member or any label.
        unit : Unit or str
            Unit of a difference of values.

        Returns
        -------
        Panel
            A period with neither value nor numerator counts as not recorded.

        Raises
        ------
        OutcomeError
            A column is missing (CR-O12), a period is neither month nor whole number (CR-O13), a pair of unit and period stands twice (CR-O14), neither
            value nor numerator is named (CR-O15), the unit is not known (CR-O16).
        """
        names = FrameNames(
            community=community, period=period, value=value, numerator=numerator, denominator=denominator, treated_from=treated_from, cluster=cluster,
            weight=weight, covariates=tuple(covariates),
        )
        made = frame_of(frame, names, unit)
        return cls(frame=made, definition=OutcomeDefinition(outcome=str(outcome)), unit=Unit(unit), covariates=tuple(covariates))

    def companion(self, measure: str) -> pd.DataFrame:
        """One measure that stands beside the outcome."""
        return self.companions[self.companions["measure"] == measure].reset_index(drop=True)

    def write(self, folder: Path) -> None:
        """Write the panel into a folder, all or nothing; an older one there is replaced.

        Raises
        ------
        CaseError
            The folder cannot be written (CR-C04).
        """
        with work_folder(folder.parent) as work:
            for name in TABLES:
                pq.write_table(pa.Table.from_pandas(getattr(self, name), preserve_index=False), work / f"{name}.parquet", compression="zstd")
            about = {"definition": self.definition.to_dict(), "unit": str(self.unit), "covariates": list(self.covariates)}
            write_whole(work / ABOUT, canonical_json(about))
            replace_folder(work, folder)


def read_panel(folder: Path) -> Panel:
    """A panel that `Panel.write` wrote.

    Raises
    ------
    OutcomeError
        The folder holds no panel (CR-O17), or one that is damaged (CR-O25).
    """
    if not (folder / ABOUT).is_file():
        raise OutcomeError(Failure(code="CR-O17", values={"folder": str(folder)}))
    read = folder / ABOUT
    try:
        about = json.loads(read.read_text(encoding="utf8"))
        unit, covariates, definition = Unit(about["unit"]), tuple(about["covariates"]), OutcomeDefinition.from_dict(about["definition"])
        tables = {}
        for name in TABLES:
            read = folder / f"{name}.parquet"
            tables[name] = pq.read_table(read).to_pandas()
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException):
        raise OutcomeError(Failure(code="CR-O25", values={"file": str(read)})) from None
    return Panel(definition=definition, unit=unit, covariates=covariates, **tables)


def check_frame(frame: pd.DataFrame) -> None:
    """Hold a frame to the contract of `Panel`.

    Raises
    ------
    OutcomeError
        Columns are missing (CR-O12), a pair of unit and month stands twice (CR-O14), a month without a record has a number (CR-O18).
    """
    missing = [c for c in PANEL_COLUMNS if c not in frame]
    if missing:
        raise OutcomeError(*(Failure(code="CR-O12", values={"column": c, "known": ", ".join(map(str, frame.columns))}) for c in missing))
    failures = [
        Failure(code="CR-O14", values={"unit": u, "period": _shown(m)})
        for u, m in frame.loc[frame.duplicated(["unit_id", "month"]), ["unit_id", "month"]].itertuples(index=False, name=None)
    ]
    dark = frame.loc[~frame["live"].astype(bool) & (frame["numerator"].notna() | frame["value"].notna()), ["unit_id", "month"]]
    failures += [Failure(code="CR-O18", values={"unit": u, "period": _shown(m)}) for u, m in dark.itertuples(index=False, name=None)]
    if failures:
        raise OutcomeError(*failures)


def _shown(month: object) -> str:
    return f"{month:%Y-%m}" if isinstance(month, pd.Timestamp) else str(month)

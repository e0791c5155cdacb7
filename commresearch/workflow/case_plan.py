"""Planning a pilot: its size, the order of its start by lot, and a plan that is locked before outcomes are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case import CASE_FILE
from commresearch.errors import CaseError, Failure
from commresearch.impact.design import Design, detect_design
from commresearch.impact.plan_file import LockedPlan, Plan, fingerprint_of, lock_plan, plan_text
from commresearch.impact.rollout_order import draw_rollout
from commresearch.outcomes import Panel
from commresearch.records import files_below, sha256_of, unwritable, write_whole
from commresearch.terms import DataKind, Estimand, Method, Outcome
from commresearch.workflow.case_estimates import OUTCOMES_SEEN, register_of
from commresearch.workflow.case_logs import CleanedLog, clean_register
from commresearch.workflow.case_panels import CasePanel
from commresearch.workflow.plan_sizes import PlanSettings, plan_table

PLAN, DRAWN, REPORT = "plan.toml", "rollout_drawn.csv", "plan_report.csv"
MONTH_SPAN = 12
#: What each method that a design chooses is an estimate of.
ESTIMANDS: Mapping[Method, Estimand] = {
    Method.POISSON: Estimand.ATT_PERCENT, Method.SATURATED_POISSON: Estimand.ATT_PERCENT, Method.IMPUTATION: Estimand.ATT, Method.GROUP_TIME: Estimand.ATT,
    Method.SYNTHETIC_DID: Estimand.ATT, Method.INTERRUPTED_SERIES: Estimand.LEVEL_CHANGE, Method.BEFORE_AFTER: Estimand.CHANGE,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CasePlan:
    """The sizes of a pilot, as a table, and where it stands."""

    table: pd.DataFrame
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What is drawn.

    batches : int
        How many.
    first : str
        First month of the first batch, YYYY-MM.
    every : int
        Months from one batch to the next.
    never : int, optional
        Units that start in no batch.
    """

    batches: int
    first: str
    every: int = 3
    never: int | None = None

    @property
    def starts(self) -> list[str]:
        """First months of the batches."""
        begin = pd.Period(self.first, freq="M")
        return [str(begin + k * self.every) for k in range(self.batches)]


def chosen_panels(panels: Sequence[CasePanel], outcomes: Sequence[str]) -> list[CasePanel]:
    """The panels of the outcomes named; all of them where none is.

    Raises
    ------
    CaseError
        A case has no panel of an outcome named (CR-I57).
    """
    known = [str(one.outcome) for one in panels]
    if missing := [name for name in outcomes if name not in known]:
        allowed = ", ".join(known) if known else "—"
        raise CaseError(*(Failure(code="CR-I57", values={"got": name, "allowed": allowed}) for name in missing))
    return [one for one in panels if not outcomes or str(one.outcome) in outcomes]


def plan_case(panels: Sequence[CasePanel], settings: PlanSettings, folder: Path) -> CasePlan:
    """Sample size of a survey and detectable effects of panels, written to plan_report.csv.

    Parameters
    ----------
    panels
        Of the outcomes planned; none where the case has no logs yet.
    folder
        Where the table goes.

    Raises
    ------
    EstimationError
        A setting cannot be (CR-I07).
    CaseError
        The folder cannot be written (CR-C04).
    """
    table = plan_table(panels, settings)
    _write(folder / REPORT, b"\xef\xbb\xbf" + table.to_csv(index=False).encode())
    return CasePlan(table=table, path=folder / REPORT)


def lock_case_plan(case: Case, panels: Sequence[CasePanel], logs: Sequence[CleanedLog], *, today: date, after: int = MONTH_SPAN) -> LockedPlan:
    """Write down what will be estimated, and how, locked to a day and to the files of the case; plan.toml is never overwritten.

    Parameters
    ----------
    panels
        The one outcome that is planned. Of its values none from a start on is looked at.
    logs
        With the roll-out.
    after
        Months after the last start that the plan covers, where case.toml names no months.

    Raises
    ------
    CaseError
        plan.toml stands there already (CR-I56); none or more than one outcome is chosen (CR-I58).
    DesignError
        As `detect_design`.
    """
    _require_absent(case.path(PLAN))
    if len(panels) != 1:
        raise CaseError(Failure(code="CR-I58", values={"n": len(panels), "outcomes": ", ".join(str(one.outcome) for one in panels) if panels else "—"}))
    rollout = register_of(logs, DataKind.ROLLOUT)
    one, analysis = panels[0], case.settings.analysis
    extended = extended_panel(one.panel, last=analysis.months[1] if analysis.months is not None else None, after=after)
    design = detect_design(extended, rollout)
    months = extended.frame["month"]
    plan = Plan(
        outcome=str(one.outcome), estimand=str(ESTIMANDS[design.method]), method=str(design.method), inference=str(design.inference),
        first_month=f"{months.min():%Y-%m}", last_month=f"{months.max():%Y-%m}", conf_level=analysis.conf_level, units=_units(design),
        notes=OUTCOMES_SEEN if _has_outcomes(one.panel) else "",
    )
    locked = lock_plan(plan, today=today, fingerprint=fingerprint_of(case_hashes(case.folder)))
    _write(case.path(PLAN), plan_text(locked))
    return locked


def extended_panel(panel: Panel, *, last: str | None, after: int) -> Panel:
    """A panel to the last month of a plan, with months to come as recorded ones without a value; nothing from a start on is kept.

    Parameters
    ----------
    last : str, optional
        YYYY-MM; the given number of months from the last start on where not given, and at least the last month that is there.
    """
    frame = panel.frame.copy()
    over = frame["treated_from"].notna() & (frame["month"] >= frame["treated_from"])
    frame[["value", "numerator"]] = frame[["value", "numerator"]].mask(over, axis=0)
    ends = [frame["month"].max()]
    starts = frame["treated_from"].dropna()
    if last is not None:
        ends.append(pd.Timestamp(f"{last}-01"))
    elif len(starts):
        ends.append(starts.max() + pd.DateOffset(months=after - 1))
    ahead = pd.date_range(frame["month"].max(), max(ends), freq="MS")[1:]
    if not len(ahead):
        return replace(panel, frame=frame)
    rows = frame.groupby("unit_id", sort=False).tail(1)
    rows = rows.assign(value=np.nan, numerator=np.nan, live=True, live_share=1.0, partial_month=False, provisional=False)
    parts = [frame, *(rows.assign(month=month) for month in ahead)]
    made = pd.concat([part.astype(frame.dtypes) for part in parts], ignore_index=True)
    return replace(panel, frame=made.sort_values(["unit_id", "month"], ignore_index=True))


def draw_case_rollout(case: Case, draw: Draw, *, strata: Sequence[str] = ()) -> tuple[pd.DataFrame, Path]:
    """Draw which unit of the roster starts when, by lot within strata; written to rollout_drawn.csv, which is never overwritten.

    Parameters
    ----------
    strata
        Columns of the roster; the number of households where none is named and all units have one.

    Returns
    -------
    DataFrame, Path
        The draw with its seed ([analysis] of case.toml), and where it stands.

    Raises
    ------
    CaseError
        case.toml names no roster (CR-F04), or rollout_drawn.csv stands there already (CR-I56).
    DesignError
        Columns, months or sizes do not fit (CR-I09).
    """
    path = case.path(DRAWN)
    _require_absent(path)
    register = case.settings.roster
    if register is None:
        raise CaseError(Failure(code="CR-F04", values={"file": CASE_FILE, "key": "roster"}))
    level = str(case.settings.outcomes[Outcome.COMPLAINT_RATE].unit_level)
    roster = clean_register(case, DataKind.ROSTER, register)
    units = roster[roster["unit_level"].astype("str") == level].sort_values("as_of", na_position="first", kind="stable")
    if "valid_to" in units:
        units = units[units["valid_to"].isna()]
    units = units.drop_duplicates("unit_id", keep="last").sort_values("unit_id", ignore_index=True)
    by = list(strata) if strata else [name for name in ("households",) if name in units and units[name].notna().all()]
    units = units.assign(**{name: units[name].astype("float64") for name in by if name in units and pd.api.types.is_numeric_dtype(units[name])})
    seed = case.settings.analysis.seed
    drawn = draw_rollout(units, starts=draw.starts, seed=seed, strata=by, never=draw.never)
    drawn = drawn.assign(assigned_level=level, seed=seed)
    _write(path, b"\xef\xbb\xbf" + drawn.to_csv(index=False).encode())
    return drawn, path


def case_hashes(folder: Path) -> dict[str, str]:
    """Hashes of all files of a case by name, the plan itself and hidden files left out."""
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in files_below(folder) if p.name != PLAN}


def _has_outcomes(panel: Panel) -> bool:
    """Whether months after a start are recorded already: such a plan is written when outcomes can be known."""
    frame = panel.frame
    return bool((frame["value"].notna() & frame["treated_from"].notna() & (frame["month"] >= frame["treated_from"])).any())


def _units(design: Design) -> tuple[str, ...]:
    return tuple(sorted([*map(str, design.treated_units), *map(str, design.comparison_units)]))


def _require_absent(path: Path) -> None:
    if path.exists():
        raise CaseError(Failure(code="CR-I56", values={"file": path.name, "folder": str(path.parent)}))


def _write(path: Path, data: str | bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as problem:
        raise unwritable(path, problem) from None

"""What the report on panels counts: states of unit-months, pooled rates, what deserves attention. Nothing is estimated here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from commresearch.outcomes import Panel, PanelQuality
from commresearch.outcomes.complaints import NOT_FOLDED
from commresearch.outcomes.frame_panel import ratio
from commresearch.terms import Outcome, Unit

ADDED = frozenset({Unit.COUNT, Unit.PERSON_TIMES, Unit.HOURS, Unit.M2_HOURS})  #: counts that add up over months; distinct persons never do
STOCKS = frozenset({"rooms_without_area"})  #: counts of what is there; over months they are averaged
TOLERABLE = 0.5  #: percent below which something is no problem of the first screen
SHIFT_LIMIT = 10.0  #: percentage points between the change of complaints and that of complaints with requests for help
WITH_HELP = "cases_with_help_per_1000_households"
MONTHS = 12
NOTED = 3  #: problems on the first screen


class State(StrEnum):
    """What is known of a unit in a month."""

    USABLE = "usable"
    PARTIAL = "partial"
    BLOCKED = "blocked"
    WITHHELD = "withheld"
    NO_BASE = "no_base"
    MISSING = "missing"
    NO_UNIT = "no_unit"


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Rows with their columns as attributes."""
    return list(frame.itertuples(index=False))


def unit_month_states(panel: Panel, existed: pd.DataFrame) -> pd.DataFrame:
    """What is known of every unit and month.

    Parameters
    ----------
    panel : Panel
        With one row for every unit and month.
    existed : DataFrame
        unit_id, month: those in which the unit existed at all.

    Returns
    -------
    DataFrame
        States, units in rows (as ordered in the panel), months in columns. Of several that hold, the first of: no unit, missing, no denominator,
        withheld, blocked, partial.
    """
    frame = panel.frame
    there = pd.MultiIndex.from_frame(frame[["unit_id", "month"]]).isin(pd.MultiIndex.from_frame(existed[["unit_id", "month"]]))
    live = frame["live"].to_numpy(dtype=bool)
    conditions = [
        ~there & ~live, ~live, ~(frame["denominator"] > 0).to_numpy(), frame["numerator"].isna().to_numpy(), frame["blocked"].to_numpy(dtype=bool),
        frame["partial_month"].to_numpy(dtype=bool),
    ]
    named = [State.NO_UNIT, State.MISSING, State.NO_BASE, State.WITHHELD, State.BLOCKED, State.PARTIAL]
    states = np.select(conditions, [s.value for s in named], default=State.USABLE.value)
    return frame.assign(state=states).pivot(index="unit_id", columns="month", values="state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """How much of a panel can be used: units, months, and unit-months in which the unit existed, by state."""

    units: int
    usable_units: int
    months: int
    existed: int
    counts: Mapping[State, int]

    @property
    def usable(self) -> int:
        """Unit-months recorded completely, with numerator and denominator, of units that are not blocked."""
        return self.counts[State.USABLE]

    def share(self, state: State) -> float:
        """Share of the unit-months in which units existed, 0-100."""
        return 100 * self.counts[state] / self.existed if self.existed else 0.0


def cover(states: pd.DataFrame) -> Cover:
    """Count states."""
    cells = states.to_numpy()
    counts = {state: int((cells == state.value).sum()) for state in State}
    return Cover(
        units=len(states), usable_units=int((cells == State.USABLE.value).any(axis=1).sum()), months=states.shape[1],
        existed=cells.size - counts[State.NO_UNIT], counts=counts,
    )


def monthly(panel: Panel) -> pd.DataFrame:
    """The rate of all units together and how it is spread over units, by month.

    Returns
    -------
    DataFrame
        month, numerator, denominator, rate (sums over the unit-months with a value), low, median, high (quartiles of the values of units), units, partial
        (units whose month is not complete), provisional (any); a month without values has NaN and 0 units.
    """
    known = panel.frame[panel.frame["value"].notna()]
    by_month = known.groupby("month")
    months = pd.Index(sorted(panel.frame["month"].unique()), name="month")
    table = pd.DataFrame(
        {
            "numerator": by_month["numerator"].sum(), "denominator": by_month["denominator"].sum(), "low": by_month["value"].quantile(0.25),
            "median": by_month["value"].median(), "high": by_month["value"].quantile(0.75), "units": by_month.size(),
            "partial": by_month["partial_month"].sum().astype("int64"), "provisional": by_month["provisional"].any(),
        }
    ).reindex(months)
    table["rate"] = ratio(table["numerator"].to_numpy(dtype=float), table["denominator"].to_numpy(dtype=float), panel.unit)
    return table.fillna({"units": 0, "partial": 0, "provisional": False}).astype({"units": int, "partial": int, "provisional": bool}).reset_index()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A measure over all unit-months in which it is known.

    value
        numerators over denominators; of counts that add up the total, of persons and medians the mean or median per unit and period
    how
        "ratio", "total", "mean" or "median"
    """

    measure: str
    unit: Unit
    how: str
    value: float
    median: float
    numerator: float
    denominator: float
    n: int


def pooled(panel: Panel, measure: str, year: int | None = None) -> Pooled | None:
    """One measure, or the outcome itself ("headline"), over all months or those of a year; None where it is not known at all."""
    rows = panel.frame.assign(unit=str(panel.unit)) if measure == "headline" else panel.companions[panel.companions["measure"] == measure]
    rows = rows[rows["value"].notna()]
    if year is not None:
        rows = rows[rows["month"].dt.year == year]
    if rows.empty:
        return None
    unit, counted = Unit(rows["unit"].iloc[0]), rows["numerator"].notna().any()
    below = rows["denominator"].notna()
    above, under = float((rows[below] if below.any() else rows)["numerator"].sum()), float(rows["denominator"].sum())
    if below.any() and counted:
        how, value = "ratio", float(ratio(np.array([above]), np.array([under]), unit)[0])
    elif not counted:
        how, value = "median", float(rows["value"].median())
    else:
        how, value = ("total", above) if unit in ADDED and measure not in STOCKS else ("mean", float(rows["value"].mean()))
    return Pooled(
        measure=measure, unit=unit, how=how, value=value, median=float(rows["value"].median()), numerator=above if counted else float("nan"),
        denominator=under if how == "ratio" else float("nan"), n=len(rows),
    )


def years_of(panel: Panel, most: int = 4) -> list[int]:
    """The last years of a panel."""
    return sorted(panel.frame["month"].dt.year.unique().tolist())[-most:]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeShift:
    """How the rate of complaints, and the same with requests for help, changed from the first to the last whole year, in percent."""

    first: int
    last: int
    change: float
    with_help: float

    @property
    def gap(self) -> float:
        """Difference of the two changes in percentage points."""
        return abs(self.change - self.with_help)

    @property
    def is_flagged(self) -> bool:
        """Whether they differ so much that complaints may have been written down as something else."""
        return self.gap > SHIFT_LIMIT


def type_shift(panel: Panel) -> TypeShift | None:
    """Changes of the rate with and without requests for help; None where there are no two whole years, or nothing is known of them."""
    months = panel.frame["month"].drop_duplicates()
    whole = [year for year in years_of(panel, len(months)) if (months.dt.year == year).sum() == MONTHS]
    if len(whole) < 2:
        return None
    found = [pooled(panel, measure, year) for measure in ("headline", WITH_HELP) for year in (whole[0], whole[-1])]
    values = [p.value for p in found if p is not None and p.value > 0]
    if len(values) < len(found):
        return None
    return TypeShift(first=whole[0], last=whole[-1], change=100 * (values[1] / values[0] - 1), with_help=100 * (values[3] / values[2] - 1))


# ---------------------------------------------------------------- what deserves attention


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that limits what a panel can say: how much of it, in percent, and how grave it is in kind (0 the gravest)."""

    kind: str
    outcome: Outcome
    gravity: int
    share: float
    n: int
    month: pd.Timestamp | None = None
    note: str = ""


def problems(outcome: Outcome, panel: Panel, quality: PanelQuality, covered: Cover, breaks: pd.DataFrame) -> list[Problem]:
    """What limits a panel, as far as it is more than half a percent of it.

    Parameters
    ----------
    breaks : DataFrame
        month, note, units: dated changes of recording of the sources of the outcome.
    """
    found = []
    blocked = int(panel.frame.groupby("unit_id")["blocked"].any().sum())
    found.append(Problem(kind="blocked", outcome=outcome, gravity=0, share=covered.share(State.BLOCKED), n=blocked))
    found += [
        Problem(kind=state.value, outcome=outcome, gravity=1, share=covered.share(state), n=covered.counts[state])
        for state in (State.MISSING, State.WITHHELD, State.NO_BASE, State.PARTIAL)
    ]
    months = panel.frame["month"].drop_duplicates()
    for row in rows_of(breaks):
        after = 100 * float((months >= row.month).mean())
        touched = after if row.units is None else after * row.units / max(covered.units, 1)
        found.append(Problem(kind="dated_break", outcome=outcome, gravity=1, share=min(touched, 100 - touched), n=len(breaks), month=row.month, note=row.note))
    if outcome is Outcome.COMPLAINT_RATE and (shift := type_shift(panel)) is not None and shift.is_flagged:
        found.append(Problem(kind="type_shift", outcome=outcome, gravity=1, share=shift.gap, n=shift.last))
    unfolded = int(panel.account.loc[panel.account["rule"] == NOT_FOLDED, "events"].sum())
    found.append(Problem(kind="not_folded", outcome=outcome, gravity=1, share=100.0 if unfolded else 0.0, n=unfolded))
    undated = quality.breaks[~quality.breaks["dated"].astype(bool)]["unit_id"].nunique() if len(quality.breaks) else 0
    found.append(Problem(kind="undated_break", outcome=outcome, gravity=2, share=100 * undated / max(covered.units, 1), n=undated))
    found.append(Problem(kind="unplaced", outcome=outcome, gravity=2, share=100 * quality.nowhere / max(quality.to_place, 1), n=quality.nowhere))
    small = int(quality.small_denominators["months"].sum())
    found.append(Problem(kind="small", outcome=outcome, gravity=2, share=100 * small / max(covered.existed, 1), n=small))
    return [p for p in found if p.share >= TOLERABLE]


def worst(found: list[Problem], most: int = NOTED) -> list[Problem]:
    """The gravest problems, the most widespread of each kind, so that one cause is not told several times."""
    ordered = sorted(found, key=lambda p: (p.gravity, -p.share, p.outcome))
    kept: dict[str, Problem] = {}
    for problem in ordered:
        kept.setdefault(problem.kind, problem)
    return list(kept.values())[:most]

"""A year of a fictional community in which nothing changes, and what rules of counting make of it: for the choices of lesson 2."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.outcomes import Panel, build_panel
from commresearch.reporting.style import INK, MUTED, OUTCOME_COLOUR, RULE, house_style
from commresearch.simulate import LogDirt, LogSpec, SigninSpec, TicketSpec, simulate_logs
from commresearch.simulate.logs import SimulatedLogs
from commresearch.terms import DataKind, Headline, Language, Outcome
from commresearch.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEED = 202
NARROW = 3.7  #: inches: letters stay readable on a phone
START = 6  #: months before the pilot, and before the register of its sign-ins
WORLD = LogSpec(
    communities=2, grids=3, households=1_200, months=12, first_month=date(2025, 1, 1), treated=1, starts=(START,), boundary_changes=False, other_programmes=False,
    effects={"complaint_rate": 0.0, "youth_participation": 0.0, "space_use": 0.0}, unit_sd=0.0, shock_sd=0.0, spring_dip=0.0, summer_rise=0.0, growth=0.0,
    tickets=TicketSpec(rate=10.0, new_channel=None, recoding=None),
    signins=SigninSpec(youth_rate=5.0, late_registers=1, events=4, residence_unknown=0.0, age_unknown=0.0, head_counts=0.0), dirt=LogDirt.none(),
)
Repeats: TypeAlias = Literal["fold", "all", "changed"]
Heads: TypeAlias = Literal["persons", "times"]
Gaps: TypeAlias = Literal["blank", "zero"]
REPEATS: tuple[Repeats, ...] = ("fold", "all", "changed")
HEADS: tuple[Heads, ...] = ("persons", "times")
GAPS: tuple[Gaps, ...] = ("blank", "zero")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Year:
    """Twelve months of one community by one set of rules; NaN where nothing was recorded."""

    complaints: NDArray[np.float64]
    youth: NDArray[np.float64]


@cache
def world() -> SimulatedLogs:
    """The logs of the fictional pilot; its truth says that nothing changes."""
    return simulate_logs(WORLD, rng=SEED)


def community() -> str:
    """Code of the community whose register of sign-ins begins with the pilot."""
    breaks = world().truth.breaks
    return str(breaks.loc[breaks["kind"] == "register_begins", "unit_id"].iloc[0])


def _panel(outcome: Outcome, kind: DataKind) -> Panel:
    logs = world()
    events = {kind: logs.tables[kind], DataKind.GRIDS: logs.tables["grids"]}
    return build_panel(outcome, events, logs.tables["roster"], logs.tables["rollout"], months=logs.months, coverage=logs.tables["coverage"], extract_at=logs.extract_at)


@cache
def panels() -> tuple[Panel, Panel]:
    """Complaints and participation by the rules of the kit."""
    return _panel(Outcome.COMPLAINT_RATE, DataKind.TICKETS), _panel(Outcome.YOUTH_PARTICIPATION, DataKind.SIGNINS)


def _of(frame: pd.DataFrame, column: str = "value") -> NDArray[np.float64]:
    own = frame[frame["unit_id"] == community()].sort_values("month")
    return own[column].to_numpy(dtype=np.float64)


def year(repeats: Repeats, heads: Heads, gaps: Gaps) -> Year:
    """The year by a set of rules.

    Parameters
    ----------
    repeats
        fold: repeats are one case; all: every contact counts; changed: every contact until the pilot begins, from then on repeats are one case.
    heads
        persons: percent of resident youth; times: attendances per 100 resident youth.
    gaps
        blank: months without a register are missing; zero: they are taken for zero.
    """
    tickets, signins = panels()
    cases, contacts = _of(tickets.frame), _of(tickets.companion("contacts_per_1000_households"))
    complaints = {"fold": cases, "all": contacts, "changed": np.concatenate([contacts[:START], cases[START:]])}[repeats]
    youth = _of(signins.frame) if heads == "persons" else 100 * _of(signins.companion("person_times_in_band")) / _of(signins.frame, "denominator")
    return Year(complaints=complaints, youth=np.nan_to_num(youth) if gaps == "zero" else youth)


def quarter_persons() -> tuple[list[int], int]:
    """Persons of the months of the last quarter, and of the quarter, counted anew."""
    signins = panels()[1]
    monthly = _of(signins.companion("persons"))[-3:]
    quarters = signins.companion("persons_quarter")
    return [int(n) for n in monthly], int(_of(quarters)[-1])


# ── what a reader sees ───────────────────────────────────────────────────────────────────────────────────────────────────


def _said(key: str, **values: object) -> str:
    return say(f"course.lesson_2_{key}", Language.ZH, **values)


def _mean(values: NDArray[np.float64]) -> str:
    return number(round(float(values.mean()), 1))


def told(repeats: Repeats, heads: Heads, gaps: Gaps) -> str:
    """What is seen by a set of rules, in words; the truth stands last."""
    made = year(repeats, heads, gaps)
    complaints = _said(f"told_complaints_{repeats}", before=_mean(made.complaints[:START]), after=_mean(made.complaints[START:]))
    youth = _said(f"told_youth_{heads}_{gaps}", before=_mean(np.nan_to_num(made.youth[:START])), after=_mean(made.youth[START:]))
    return f"{complaints}{youth}{_said('told_truth')}"


def alt(repeats: Repeats, heads: Heads, gaps: Gaps) -> str:
    """What the drawing shows, for those who cannot see it."""
    made = year(repeats, heads, gaps)
    lines = {name: "，".join("—" if np.isnan(v) else number(round(float(v), 1)) for v in values) + "。" for name, values in (("complaints", made.complaints), ("youth", made.youth))}
    return _said("rules_alt", **lines)


def rules_figure(repeats: Repeats, heads: Heads, gaps: Gaps) -> "Figure":
    """The year by a set of rules: complaints above, youth below; months without a register are a grey field or hollow zeros."""
    from matplotlib.figure import Figure

    made = year(repeats, heads, gaps)
    with house_style():
        figure = Figure(figsize=(NARROW, 3.7))
        upper, lower = figure.subplots(2, 1, sharex=True)
        most = max(year("all", "times", "blank").complaints)
        _line(upper, made.complaints, OUTCOME_COLOUR[Headline.COMPLAINTS], _said("axis_complaints"), float(most))
        most = np.nanmax(year("all", "times", "blank").youth)
        _line(lower, made.youth, OUTCOME_COLOUR[Headline.YOUTH], _said(f"axis_youth_{heads}"), float(most))
        _before_the_register(lower, gaps)
        upper.text(START - 0.4, upper.get_ylim()[1] * 0.98, _said("starts"), fontsize=8.5, va="top")
        lower.set_xticks(range(len(made.youth)), [f"{month + 1}月" for month in range(len(made.youth))])
    return figure


def _line(axes: "Axes", values: NDArray[np.float64], colour: str, title: str, most: float) -> None:
    axes.plot(range(len(values)), values, marker="o", markersize=4, color=colour, linewidth=1.5)
    axes.axvline(START - 0.5, color=INK, linewidth=0.6)
    axes.set_ylim(0, most * 1.25)
    axes.set_title(title, fontsize=9.5)
    axes.tick_params(length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.5)


def _before_the_register(axes: "Axes", gaps: Gaps) -> None:
    top = axes.get_ylim()[1]
    if gaps == "blank":
        axes.axvspan(-0.5, START - 0.5, color="#eef1f4", zorder=0)
        axes.text((START - 1) / 2, top / 2, _said("not_recorded"), ha="center", va="center", color=MUTED, fontsize=9)
    else:
        axes.plot(range(START), np.zeros(START), linestyle="none", marker="o", markersize=6, markerfacecolor="white", markeredgecolor=OUTCOME_COLOUR[Headline.YOUTH], clip_on=False)
        axes.text((START - 1) / 2, top / 4, _said("filled"), ha="center", color=MUTED, fontsize=9)
    axes.set_xlim(-0.5, 11.5)


def rules_states() -> Mapping[tuple[str, ...], tuple["Figure", str, str]]:
    """Every combination for the reader to choose from: figure, sentence, alternative text."""
    return {rules: (rules_figure(*rules), told(*rules), alt(*rules)) for rules in product(REPEATS, HEADS, GAPS)}


def rules_rows() -> pd.DataFrame:
    """Means of both halves of the year by every set of rules, for tests and teachers."""
    rows = []
    for rules in product(REPEATS, HEADS, GAPS):
        made = year(*rules)
        rows.append((*rules, float(made.complaints[:START].mean()), float(made.complaints[START:].mean()), float(made.youth[:START].mean()), float(made.youth[START:].mean())))
    return pd.DataFrame(rows, columns=["repeats", "heads", "gaps", "complaints_before", "complaints_after", "youth_before", "youth_after"])

"""Lesson 7: one set of pilot communities beside four comparison groups, what is true of each, and what comes out.

The numbers of the pilot communities are the same in every comparison. What differs is whom they are compared with, and whether these moved on their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from commresearch.impact import estimate_impact
from commresearch.impact.result import ImpactEstimate
from commresearch.impact.rollout_order import draw_rollout
from commresearch.outcomes import Panel
from commresearch.reporting.impact_figures import colour_of, series
from commresearch.reporting.style import INK, MUTED, RULE, WIDTH, house_style
from commresearch.simulate.demo_names import community_names
from commresearch.simulate.panels import FIRST_YEAR, PanelSpec, simulate_panel
from commresearch.terms import ChosenBy, Language, Method, Outcome, Unit
from commresearch.words import say
from commresearch.words.precision import fixed, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 76  #: a draw in which intervals and earlier months show what they show in most draws
GROUPS = ("waiting", "beside", "not_enrolled", "elsewhere")
COURSES = ("alike", "apart")
SIZE = 10  #: communities of the pilot, and of every comparison group
MONTHS, START = 24, 12
OUTCOME = Outcome.YOUTH_PARTICIPATION.value
#: Half of the untreated units lie beside a pilot and feel half of its effect.
DISTRICT = PanelSpec(
    units=5 * SIZE, months=MONTHS, treated=SIZE, starts=(START,), kind="shares", level=12.0, households=900.0, unit_sd=0.2, shock_sd=0.05, season=0.06, effect=4.0,
    artefact="spill_over",
)
ELSEWHERE = replace(DISTRICT, units=SIZE, treated=0, level=17.0, effect=0.0, artefact="none")
FEWER_COME = 0.7  #: of those who would, where nobody enrolled for the pilot
COMMON = 0.15  #: percentage points a month by which everybody moves, pilots too
#: What is added to that in groups whose course is apart from that of the pilots.
DRIFT: Mapping[str, float] = {"waiting": 0.3, "beside": 0.3, "not_enrolled": -0.3, "elsewhere": 0.3}
NEAR = 1.0  #: percentage points between the half years before the start up to which a reader takes courses for alike
#: By lot only where those who wait were left over by the same draw.
CHOSEN: Mapping[tuple[str, str], ChosenBy] = {("waiting", "alike"): ChosenBy.RANDOM}


@dataclass(frozen=True, slots=True, kw_only=True)
class FourNumbers:
    """Means of shares in percent, every community and month counting once."""

    treated_before: float
    treated_after: float
    comparison_before: float
    comparison_after: float

    @property
    def treated_change(self) -> float:
        """After less before, of the pilots: percentage points."""
        return self.treated_after - self.treated_before

    @property
    def comparison_change(self) -> float:
        """After less before, of the others: percentage points."""
        return self.comparison_after - self.comparison_before

    @property
    def difference(self) -> float:
        """The difference of the two differences, percentage points."""
        return self.treated_change - self.comparison_change

    def printed(self) -> "FourNumbers":
        """The numbers as a table prints them, with one decimal: what a reader computes with."""
        return FourNumbers(**{name: round(getattr(self, name), 1) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """The pilots beside one group: the panel, what the package says of it, and the true effect on the pilots in percentage points."""

    group: str
    course: str
    panel: Panel
    estimate: ImpactEstimate
    truth: float

    @property
    def earlier_months_differ(self) -> bool:
        """Whether the check of the months before the start failed."""
        return any(check.name == "pre_trends" and check.passed is False for check in self.estimate.checks)

    @property
    def halves(self) -> FourNumbers:
        """The half years before the start as a table prints them."""
        return halves_before(self.panel).printed()

    @property
    def use(self) -> str:
        """What a reader makes of the group: beside, where it shares in the pilot; apart, where it moved on its own before the start; else usable."""
        if self.group == "beside":
            return "beside"
        return "usable" if abs(self.halves.difference) <= NEAR else "apart"

    @property
    def verdict(self) -> str:
        """Where the interval lies: it holds the truth (holds), or lies below it (low) or above it (high)."""
        low, high = self.estimate.conf_low, self.estimate.conf_high
        return "holds" if low <= self.truth <= high else "low" if high < self.truth else "high"


@cache
def compare_all(seed: int = SEED) -> dict[tuple[str, str], Compared]:
    """Every comparison: (group, course) → `Compared`, in the order of `GROUPS` and `COURSES`."""
    rng = np.random.default_rng(seed)
    district = simulate_panel(DISTRICT, rng=rng)
    pilots = moved(district.frame[district.frame["treated_from"].notna()], COMMON, DISTRICT.level, rng)
    groups = _groups(district.frame, rng)
    made = {}
    for group in GROUPS:
        for course in COURSES:
            frame, level = groups[group]
            others = moved(frame, COMMON + (DRIFT[group] if course == "apart" else 0.0), level, rng)
            panel = panel_of(pd.concat([pilots, others], ignore_index=True))
            rollout = district.rollout.assign(chosen_by=CHOSEN.get((group, course), ChosenBy.VOLUNTEER).value)
            # with one start and no gaps the two-way coefficient is the difference of differences that a reader computes
            estimate = estimate_impact(panel, rollout=rollout, method=Method.TWO_WAY_FIXED_EFFECTS, seed=seed)
            made[group, course] = Compared(group=group, course=course, panel=panel, estimate=estimate, truth=true_effect(district.truth))
    return made


def _groups(frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, tuple[pd.DataFrame, float]]:
    """The communities of each group as they would be without moving on their own, and their level in percent."""
    near = frame["neighbour_of"] != ""
    beside, far = _units(frame[near]), _units(frame[frame["treated_from"].isna() & ~near])
    waiting, not_enrolled = far[:SIZE], far[SIZE:]
    elsewhere = simulate_panel(ELSEWHERE, rng=rng).frame
    return {
        "waiting": (frame[frame["unit_id"].isin(waiting)], DISTRICT.level), "beside": (frame[frame["unit_id"].isin(beside[:SIZE])], DISTRICT.level),
        "not_enrolled": (thinned(frame[frame["unit_id"].isin(not_enrolled)], FEWER_COME, rng), FEWER_COME * DISTRICT.level),
        "elsewhere": (elsewhere.assign(unit_id="E" + elsewhere["unit_id"]), ELSEWHERE.level),
    }


def _units(frame: pd.DataFrame) -> list[str]:
    return frame["unit_id"].drop_duplicates().tolist()


def true_effect(drawn: float) -> float:
    """The effect that is left of the one drawn: of those whom the pilot brings, some would have come anyway as everybody moves."""
    return drawn * float(np.mean([1 - _joining(COMMON, month, DISTRICT.level) for month in range(START, MONTHS)]))


def thinned(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """A frame of which only a share of those who came are left, by lot: the same law at a lower level."""
    return frame.assign(numerator=rng.binomial(frame["numerator"].astype(int), share).astype(float))


def moved(frame: pd.DataFrame, points: float, level: float, rng: np.random.Generator) -> pd.DataFrame:
    """A frame whose share moves by so many percentage points a month from the first month on, at a level in percent.

    Upwards some of those who did not come join, downwards some of those who came stay away, by lot.
    """
    came, persons = frame["numerator"].to_numpy().astype(int), frame["denominator"].to_numpy().astype(int)
    month = frame.groupby("unit_id").cumcount().to_numpy()
    if points >= 0:
        return frame.assign(numerator=(came + rng.binomial(persons - came, _joining(points, month, level))).astype(float))
    return frame.assign(numerator=rng.binomial(came, 1 + points * month / level).astype(float))


def _joining(points: float, month: Any, level: float) -> Any:
    """Share of those who would not have come that join in a month."""
    return points * month / (100 - level)


def panel_of(frame: pd.DataFrame) -> Panel:
    """A frame of the simulation as a panel of youth participation."""
    return Panel.from_frame(
        frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome=OUTCOME,
        unit=Unit.PERCENTAGE_POINTS,
    )


def four_numbers(panel: Panel) -> FourNumbers:
    """Means of the pilots and of the others before and from the start."""
    return _four(panel.frame, panel.frame["treated_from"].min())


def halves_before(panel: Panel) -> FourNumbers:
    """The same with a pretended start half-way through the months before the real one, and nothing from the real one on."""
    frame = panel.frame
    start = frame["treated_from"].min()
    early = frame[frame["month"] < start]
    months = sorted(early["month"].unique())
    return _four(early, months[len(months) // 2])


def _four(frame: pd.DataFrame, start: pd.Timestamp) -> FourNumbers:
    treated, after = frame["treated_from"].notna(), frame["month"] >= start
    sides = {"treated_before": treated & ~after, "treated_after": treated & after, "comparison_before": ~treated & ~after, "comparison_after": ~treated & after}
    return FourNumbers(**{name: float(frame.loc[rows, "value"].mean()) for name, rows in sides.items()})


def monthly(panel: Panel) -> pd.DataFrame:
    """month, treated, comparison: means over communities."""
    kind = np.where(panel.frame["treated_from"].notna(), "treated", "comparison")
    means = panel.frame.assign(kind=kind).pivot_table(index="month", columns="kind", values="value").reindex(columns=["treated", "comparison"])
    return means.reset_index()


# ---------------------------------------------------------------- tables and sentences


def label(key: str, **values: object) -> str:
    """A text of lesson 7."""
    return say(f"course.lesson_7_{key}", Language.ZH, **values)


def four_table(numbers: FourNumbers, columns: tuple[str, str], *, other: str = "") -> pd.DataFrame:
    """The four numbers, in percent; what changed is left to the reader.

    Parameters
    ----------
    columns : (before, after)
        Heads of the two columns.
    other : str
        What the comparison is called, where it is not simply that.
    """
    n = numbers.printed()
    names = (label("side_treated"), other if other else label("side_comparison"))
    sides = ((n.treated_before, n.treated_after), (n.comparison_before, n.comparison_after))
    rows = [(label("side", name=name, n=SIZE), *(fixed(value, 1) for value in side)) for name, side in zip(names, sides, strict=True)]
    return pd.DataFrame(rows, columns=[label("column_side"), *columns])


def years_table(numbers: FourNumbers) -> pd.DataFrame:
    """The four numbers of the year before the start and of the year from it on."""
    return four_table(numbers, (label("column_year", year=FIRST_YEAR), label("column_year", year=FIRST_YEAR + 1)))


def halves_table(numbers: FourNumbers, other: str) -> pd.DataFrame:
    """The four numbers of the two half years before the start, beside communities that have a name."""
    return four_table(numbers, (label("column_half_1", year=FIRST_YEAR), label("column_half_2", year=FIRST_YEAR)), other=other)


def turned_round(value: float, why: str) -> dict[str | float, str]:
    """The wrong answer of somebody who subtracts the wrong way round, and why it is wrong; none where either way gives nothing."""
    printed = round(-value, 1)
    return {printed: why} if printed else {}


def named(compared: Compared) -> str:
    """What a group is called in a sentence; of those who wait it is said who set the order, as a lot does not put the rising ones last."""
    return label(f"line_{compared.course}" if compared.group == "waiting" else f"group_{compared.group}")


def told(compared: Compared) -> str:
    """One sentence on a comparison: what comes out, the truth, and what the earlier months show."""
    e = compared.estimate
    return label(
        "told", group=named(compared), estimate=signed(e.estimate, 1), low=signed(e.conf_low, 1), high=signed(e.conf_high, 1),
        truth=signed(compared.truth, 1), verdict=label(f"verdict_{compared.verdict}"), earlier=label("earlier_differ" if compared.earlier_months_differ else "earlier_same"),
    )


def trend_text(compared: Compared) -> str:
    """What the check of the months before the start found, in the words of the reports."""
    return next(check.text(Language.ZH) for check in compared.estimate.checks if check.name == "pre_trends")


def order_table(enrolled: int, starts: Sequence[str], sizes: Sequence[int], seed: int = SEED) -> pd.DataFrame:
    """A roll-out order by lot for communities with fictional names, as `commresearch plan` draws it: name, place in the draw, start."""
    drawn = draw_rollout(pd.DataFrame({"unit_id": community_names(0, enrolled)}), starts=starts, seed=seed, sizes=sizes)
    made = drawn.assign(start_month=drawn["start_month"].fillna(label("draw_waits")))[["unit_id", "order", "start_month"]]
    return made.set_axis([label("draw_name"), label("draw_order"), label("draw_start")], axis=1)


# ---------------------------------------------------------------- drawings; whoever shows them stamps them


def courses(panel: Panel, *, alone: bool = False) -> "Figure":
    """Both groups by month, from zero, with the start marked; the pilots alone where nobody is to stand beside them."""
    table = monthly(panel)
    if alone:
        table = table.assign(comparison=np.nan)
    words = {name: label(name) for name in ("axis", "treated", "comparison")}
    return series(table, OUTCOME, [(table["month"].iloc[START], "start", label("start"))], words, "")


def four_points(numbers: FourNumbers) -> "Figure":
    """Two lines through the four numbers, and dotted where the pilots would be had they moved as the others did."""
    from matplotlib.figure import Figure

    n = numbers.printed()
    without = n.treated_before + n.comparison_change
    colour = colour_of(OUTCOME)
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.0))
        axes = figure.subplots()
        axes.plot([0, 1], [n.comparison_before, n.comparison_after], color=MUTED, linewidth=1.4, linestyle=(0, (5, 2)), marker="s", markerfacecolor="white", label=label("comparison"))
        axes.plot([0, 1], [n.treated_before, without], color=colour, linewidth=1.2, linestyle=(0, (1, 2)), marker="o", markerfacecolor="white", label=label("without"))
        axes.plot([0, 1], [n.treated_before, n.treated_after], color=colour, linewidth=1.8, marker="o", label=label("treated"))
        axes.annotate("", (1.04, n.treated_after), (1.04, without), arrowprops={"arrowstyle": "<->", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0})
        axes.text(1.07, (n.treated_after + without) / 2, label("difference", points=fixed(n.difference, 1)), va="center", fontsize=9)
        axes.set_xlim(-0.15, 1.45)
        axes.set_ylim(0, 1.2 * max(n.treated_after, n.comparison_after))
        axes.set_xticks([0, 1], [label("year", year=FIRST_YEAR), label("year", year=FIRST_YEAR + 1)])
        axes.set_ylabel(label("axis"))
        axes.grid(axis="y", color=RULE, linewidth=0.5)
        axes.tick_params(length=0)
        figure.legend(ncols=3, loc="outside lower center", frameon=False, fontsize=8, handlelength=2.8)
    return figure

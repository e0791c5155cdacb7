"""Drawings of lesson 5: who lives here and who answered, and what is told by answers as they came, weighted by age, weighted by age and tenure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from commresearch.course.lesson_5 import CELLS, MISSING, TIMES, TRUTH, Share, Survey, expected_answers
from commresearch.reporting.style import ACCENT, INK, MUTED, RULE, house_style
from commresearch.terms import Language
from commresearch.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, NARROWER = 4.2, 4.0  #: inches: on a telephone they need not be moved sideways, in a box of choices neither
ROSTER, ANSWERED = "#b9c3cf", "#3d5a80"
LOWEST, HIGHEST = 50.0, 85.0  #: percent satisfied: the same axis for every choice of a reader
WIDEST = 65.0  #: percent of people or answers in one group, likewise


def said(key: str, **values: object) -> str:
    """A label of this lesson."""
    return say(f"course.lesson_5_{key}", Language.ZH, **values)


def composition(survey: Survey) -> "Figure":
    """Bars: the share of each group among all who live here, and among those who answered."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        _groups(figure.subplots(), survey)
        figure.legend(ncols=2, loc="outside lower center", frameon=False, fontsize=8.5)
    return figure


def _groups(axes: "Axes", survey: Survey) -> None:
    """Paired bars of the four groups, values behind them."""
    found = survey.by_cell()
    rows = np.arange(len(CELLS))
    for offset, column, colour, label in ((-0.19, "share", ROSTER, "roster"), (0.19, "answer_share", ANSWERED, "answers")):
        bars = axes.barh(rows + offset, found[column], height=0.36, color=colour, label=said(label))
        axes.bar_label(bars, [f"{value:.0f}%" for value in found[column]], padding=3, fontsize=8)
    axes.set_yticks(rows, [said("_".join(cell)) for cell in CELLS])
    axes.invert_yaxis()
    axes.set_xlim(0, WIDEST)
    axes.set_xlabel(said("axis_share"))
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def shares(rows: Sequence[tuple[str, Share]]) -> "Figure":
    """Estimated shares with their intervals, the truth as a line."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 0.85 + 0.42 * len(rows)))
        axes = figure.subplots()
        for row, (_, share) in enumerate(rows):
            axes.hlines(row, share.low, share.high, color=ANSWERED, linewidth=1.6)
            axes.plot(share.percent, row, marker="o", color=ANSWERED, markersize=6)
            axes.text(share.percent, row - 0.27, f"{share.percent:.0f}%", ha="center", va="center", fontsize=8.5, bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8})
        low, high = min(s.low for _, s in rows), max(s.high for _, s in rows)
        _truth(axes, len(rows), [label for label, _ in rows], (min(low, TRUTH) - 4, max(high, TRUTH) + 4))
    return figure


def _truth(axes: "Axes", n: int, labels: Sequence[str], limits: tuple[float, float]) -> None:
    """The line of the truth, and rows with their labels."""
    axes.axvline(TRUTH, color=ACCENT, linewidth=1.4, linestyle=(0, (4, 2)))
    axes.text(TRUTH + 0.6, -0.78, said("truth", percent=f"{TRUTH:.0f}"), color=ACCENT, ha="left", va="center", fontsize=8.5)
    axes.set_yticks(range(n), labels)
    axes.set_ylim(n - 0.5, -1.0)
    axes.set_xlim(*limits)
    axes.set_xlabel(said("axis_satisfied"))
    axes.tick_params(length=0)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def three_ways(survey: Survey) -> list[tuple[str, Share]]:
    """The share as it came, weighted by age, weighted by age and tenure, with labels."""
    made = {"raw": None, "by_age": survey.weights(tenure=False), "by_both": survey.weights()}
    return [(said(key), survey.estimate(weights)) for key, weights in made.items()]


def state_drawing(survey: Survey) -> "Figure":
    """Who lives here and who answered above, three ways of counting the same answers below."""
    from matplotlib.figure import Figure

    rows = three_ways(survey)
    with house_style():
        figure = Figure(figsize=(NARROWER, 4.3))
        above, below = figure.subplots(2, 1, height_ratios=[1.35, 1])
        _groups(above, survey)
        above.legend(loc="lower right", frameon=False, fontsize=8)
        for row, (_, share) in enumerate(rows):
            below.plot([TRUTH, share.percent], [row, row], color=MUTED, linewidth=1)
            below.plot(share.percent, row, marker="o", color=ANSWERED, markersize=7)
            right = share.percent >= TRUTH
            below.text(share.percent + (1.1 if right else -1.1), row, f"{share.percent:.0f}%", ha="left" if right else "right", va="center", fontsize=8.5, color=INK)
        _truth(below, len(rows), [label for label, _ in rows], (LOWEST, HIGHEST))
    return figure


def states() -> dict[tuple[str, ...], tuple["Figure", str, str]]:
    """What every choice of a reader shows: a drawing, a sentence on what is seen, an alternative text."""
    made: dict[tuple[str, ...], tuple[Figure, str, str]] = {}
    for times in TIMES:
        for missing in MISSING:
            survey = expected_answers(times, missing)
            raw, by_age, by_both = (share.percent for _, share in three_ways(survey))
            values = {
                "raw": f"{raw:.0f}", "by_age": f"{by_age:.0f}", "by_both": f"{by_both:.0f}", "truth": f"{TRUTH:.0f}", "n": len(survey.answers),
                "effective": f"{survey.weights().effective_n:.0f}",
            }
            key = "nobody" if (times, missing) == (1, "none") else missing
            made[str(times), missing] = (state_drawing(survey), said(f"state_{key}", **values), said("state_alt", **values))
    return made

"""Drawings of what is reported and of patterns: gap map, mechanisms beside outcomes, memberships, ranks under weights.

Each takes a plain table and returns a matplotlib figure. Labels are data; all other words come from the catalogue. Counts are counts of
texts: shades show how many, never how well.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commresearch.reporting.comparison_marks import folded, height, key_of, legend, numbered, quiet, rank_panel, stamp_of
from commresearch.reporting.impact_figures import colour_of
from commresearch.reporting.style import ACCENT, INK, MUTED, RULE, WIDTH, house_style, stamp_drawing
from commresearch.terms import Grade, Language
from commresearch.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_WIDTH = 12  #: half-width cells of a column label before it is folded
SMALLEST, LARGEST = 80.0, 210.0  #: areas of the circles of no and of the largest count, in points²
HALF = 0.5


def gap_map(counts: pd.DataFrame, grades: pd.DataFrame, *, language: Language, simulated: bool = False) -> "Figure":
    """Circles: how many results a cell holds (area and figure) and the best grade among them (below); a dot where there is none.

    Parameters
    ----------
    counts : DataFrame
        Rows and columns labelled as they are shown; numbers of results.
    grades : DataFrame
        Same shape; best grade, "" where there is no result. From E3 on a circle is filled.
    """
    from matplotlib.figure import Figure

    names = [folded(str(name), 30) for name in counts.index]
    most = max(int(counts.to_numpy().max()), 1)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.95 + 0.8 * height(names)))
        axes = figure.subplots()
        for (row, column), n in np.ndenumerate(counts.to_numpy()):
            if not n:
                axes.text(column, row, "·", ha="center", va="center", color=MUTED)
                continue
            grade = str(grades.iat[row, column])
            strong = grade >= Grade.E3
            face, edge = (INK, INK) if strong else ("white", ACCENT)
            axes.scatter([column - 0.12], [row], s=SMALLEST + (LARGEST - SMALLEST) * n / most, facecolors=face, edgecolors=edge, linewidths=1.2)
            axes.text(column - 0.12, row, str(n), ha="center", va="center", fontsize=8.5, color="white" if strong else INK)
            axes.text(column + 0.14, row, grade, ha="left", va="center", fontsize=7.5, color=MUTED)
        _grid(axes, names, [folded(str(name), COLUMN_WIDTH) for name in counts.columns])
        legend(figure, [(say(f"scorecard.gap_{key}", language), look) for key, look in (
            ("weak", {"marker": "o", "color": ACCENT, "markerfacecolor": "white"}), ("strong", {"marker": "o", "color": INK}),
        )])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def mechanism_outcomes(
    both: pd.DataFrame, stated: Sequence[int], reporting: Sequence[int], *, language: Language, simulated: bool = False
) -> "Figure":
    """Shaded cells: cases that state a mechanism (row) and report an outcome (column), of those that state it.

    Parameters
    ----------
    both : DataFrame
        Rows and columns labelled as they are shown; numbers of cases.
    stated, reporting : sequence of int
        Cases per row and per column.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    names = [folded(str(name), 30) for name in both.index]
    most = max(int(both.to_numpy().max()), 1)
    shades = LinearSegmentedColormap.from_list("counts", ["#ffffff", "#d6e3f0", "#7fa7cf"])
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.1 + 0.74 * height(names)))
        axes = figure.subplots()
        edges = [np.arange(n + 1) - HALF for n in reversed(both.shape)]
        axes.pcolormesh(*edges, both.to_numpy(dtype=float), cmap=shades, vmin=0, vmax=max(most, 4), edgecolors=RULE, linewidth=0.6)
        for (row, column), n in np.ndenumerate(both.to_numpy()):
            axes.text(column, row, f"{n}/{stated[row]}" if n else "·", ha="center", va="center", fontsize=8, color=INK if n else MUTED)
        folds = [folded(str(name), COLUMN_WIDTH) for name in both.columns]
        heads = [say("scorecard.heat_column", language, outcome=name, n=n) for name, n in zip(folds, reporting, strict=True)]
        _grid(axes, names, heads)
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def _grid(axes: "Axes", names: Sequence[str], heads: Sequence[str]) -> None:
    """Labels on top and left, no ticks, no box: the cells speak."""
    axes.set_yticks(range(len(names)), list(names), linespacing=1.1)
    axes.set_xticks(range(len(heads)), list(heads), linespacing=1.15, fontsize=8.5)
    axes.set_xlim(-0.5, len(heads) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)


def xy_plot(
    frame: pd.DataFrame, *, x_name: str, y_name: str, inclusion: float, coverage: float, language: Language, simulated: bool = False
) -> "Figure":
    """Memberships in a condition or solution and in the outcome; cases in the one and not in the other are hollow and in another colour.

    Parameters
    ----------
    frame : DataFrame
        label, x, y: memberships, 0-1.
    x_name, y_name : str
        The solution and the outcome, as they are shown.
    inclusion, coverage : float
        Of the sufficiency of x for y, 0-1; printed in the drawing.
    """
    from matplotlib.figure import Figure

    points = frame[["x", "y"]].to_numpy(dtype=float)
    against = (points[:, 0] > HALF) & (points[:, 1] < HALF)
    with house_style():
        figure = Figure(figsize=(WIDTH, max(3.9, 0.9 + 0.19 * len(frame))))
        axes, key = figure.subplots(1, 2, width_ratios=(1.0, 0.46))
        axes.set_xlim(-0.06, 1.1)
        axes.set_ylim(-0.06, 1.1)
        axes.set_aspect("equal")
        axes.fill_between([0, 1], [0, 1], 1, color="#eef1f4", linewidth=0)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8)
        for place in (axes.axhline, axes.axvline):
            place(HALF, color=RULE, linewidth=0.9)
        numbered(axes, points, ~against, INK, ACCENT)
        quiet(axes, "both")
        axes.grid(visible=False)
        axes.set_xlabel(say("scorecard.xy_axis", language, name=folded(x_name, 44)))
        axes.set_ylabel(say("scorecard.xy_axis", language, name=folded(y_name, 30)))
        axes.set_title(say("scorecard.xy_fit", language, inclusion=f"{inclusion:.2f}", coverage=f"{coverage:.2f}"), fontsize=8.5, color=MUTED)
        key_of(key, [str(name) for name in frame["label"]])
        hollow = {"marker": "o", "color": ACCENT, "markerfacecolor": "white"}
        legend(figure, [(say("scorecard.xy_others", language), {"marker": "o", "color": INK}), (say("scorecard.xy_against", language), hollow)])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def weight_ranks(frame: pd.DataFrame, *, language: Language, simulated: bool = False) -> "Figure":
    """Per case the places it holds under the weightings drawn, in the order of the documents.

    Parameters
    ----------
    frame : DataFrame
        label, rank_low, rank_high.
    """
    from matplotlib.figure import Figure

    names = [folded(str(name)) for name in frame["label"]]
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.75 + height(names)))
        axes = figure.subplots()
        rank_panel(axes, frame, colour_of(""), language, simulated=simulated)
        axes.set_yticks(range(len(names)), names, linespacing=1.15)
        axes.tick_params(axis="y", pad=8, labelcolor=INK)
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure

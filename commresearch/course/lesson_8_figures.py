"""Drawings of lesson 8: some drawings by lot, all of them, and how wide intervals are; whoever shows them stamps them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from commresearch.course.lesson_8 import OUTCOME, TREATED, UNITS, Drawings, Precision, changes, label, points
from commresearch.reporting.impact_figures import colour_of
from commresearch.reporting.style import INK, MUTED, RULE, WIDTH, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#c9ced5"
BINS = 60
COLUMNS = 3
REACH = 17.0  #: percentage points on either side of zero: the same axis for every choice of a reader


def small_drawings(drawings: Drawings, chosen: Sequence[int]) -> "Figure":
    """By how much drawn and other communities changed from one year to the next, one panel per drawing, the difference above."""
    from matplotlib.figure import Figure

    rows = -(-len(chosen) // COLUMNS)
    found = [changes(drawings, drawing) for drawing in chosen]
    reach = 1.25 * max(abs(value) for pair in found for value in pair)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.6 + 1.45 * rows))
        places = np.atleast_1d(figure.subplots(rows, COLUMNS, sharey=True)).ravel()
        for axes, drawing, (drawn, others) in zip(places, chosen, found, strict=False):
            axes.axhline(0, color=RULE, linewidth=0.8)
            axes.plot([0, 1], [0, others], color=MUTED, linewidth=1.2, linestyle=(0, (5, 2)), marker="s", markersize=3, markerfacecolor="white", label=label("others", n=UNITS - TREATED))
            axes.plot([0, 1], [0, drawn], color=colour_of(OUTCOME), linewidth=1.6, marker="o", markersize=3.4, label=label("drawn", n=TREATED))
            axes.set_title(label("difference", points=points(float(drawings.differences[drawing]))), fontsize=9)
            axes.set_xticks([0, 1], [label("before"), label("after")])
            axes.set_xlim(-0.2, 1.2)
            axes.set_ylim(-reach, reach)
            axes.tick_params(length=0)
        for axes in places[len(chosen) :]:
            axes.set_visible(False)
        figure.supylabel(label("axis_change"), fontsize=9)
        handles, labels = places[0].get_legend_handles_labels()
        figure.legend(handles, labels, ncols=2, loc="outside lower center", frameon=False, fontsize=8, handlelength=2.8)
    return figure


def strip(drawings: Drawings, *, marked: bool) -> "Figure":
    """How often each difference comes up among all drawings; where it is marked, those at least as far from zero as the observed one stand out."""
    from matplotlib.figure import Figure

    values = drawings.differences
    far = np.abs(values) >= abs(drawings.observed) * (1 - 1e-9)
    reach = 1.05 * float(np.abs(values).max())
    edges = np.linspace(-reach, reach, BINS + 1)
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        axes = figure.subplots()
        if marked:
            axes.hist([values[far], values[~far]], bins=edges.tolist(), stacked=True, color=[colour_of(OUTCOME), PALE], label=[label("as_far", n=f"{int(far.sum()):,}"), "_"])
            axes.axvline(drawings.observed, color=INK, linewidth=0.9)
            top = axes.get_ylim()[1]
            axes.set_ylim(0, top * 1.15)
            side = "left" if drawings.observed > 0 else "right"
            axes.text(drawings.observed, top * 1.08, f" {label('observed', n=TREATED, points=points(drawings.observed))} ", ha=side, fontsize=8.5)
            figure.legend(loc="outside lower center", frameon=False, fontsize=8)
        else:
            axes.hist(values, bins=edges.tolist(), color=PALE)
            axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(label("axis_difference"))
        axes.set_ylabel(label("axis_count"))
        _quiet(axes, "y")
    return figure


def intervals(made: Precision) -> "Figure":
    """The intervals of simulated pilots of the same law, one row each; those that leave out zero stand out."""
    from matplotlib.figure import Figure

    rows = np.arange(len(made.low))
    apart = (made.low > 0) | (made.high < 0)
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.6))
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.axvline(made.truth, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        for kind, colour, name in ((apart, colour_of(OUTCOME), "no_zero"), (~apart, MUTED, "zero")):
            if kind.any():
                axes.hlines(rows[kind], made.low[kind], made.high[kind], color=colour, linewidth=1.4, label=label(name))
                axes.plot(made.estimate[kind], rows[kind], linestyle="none", marker="o", markersize=3.6, color=colour)
        axes.set_xlim(-REACH, REACH)
        axes.set_ylim(len(rows), -1.6)
        axes.text(made.truth, -0.7, f" {label('truth', points=points(made.truth))}", fontsize=8)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(label("axis_difference"))
        _quiet(axes, "x")
        figure.legend(ncols=2, loc="outside lower center", frameon=False, fontsize=8)
    return figure


def intervals_alt(made: Precision) -> str:
    """What the drawing shows, for those who cannot see it."""
    widths = made.high - made.low
    return label("precision_alt", times=len(widths), narrow=f"{widths.min():.1f}", wide=f"{widths.max():.1f}")


def _quiet(axes: "Axes", along: str) -> None:
    """Thin lines to read values by, no ticks."""
    axes.grid(axis=along, color=RULE, linewidth=0.5)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0)

"""Drawings of the quality report: kinds of missing, times, and how far results move without flagged sheets; simulated data are stamped."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commresearch.reporting.style import ACCENT, INK, MUTED, WIDTH, house_style, stamp_drawing
from commresearch.terms import MissingKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

#: From dark to light, so that the kinds stay apart in grey print.
KIND_SHADE: Mapping[str, str] = {
    MissingKind.BLANK: "#12355b", MissingKind.REFUSED: "#a63d0a", MissingKind.DONT_KNOW: "#4f8fc0", MissingKind.NOT_APPLICABLE: "#b9965a",
    MissingKind.UNREADABLE: "#dcb24a", MissingKind.SKIPPED: "#dde2e8", MissingKind.NOT_EXPORTED: "#f5f6f8",
}
DARK = frozenset({MissingKind.BLANK, MissingKind.REFUSED})
PALE, WITHOUT = "#b9c3cf", "#7c8794"
HATCH = "////"  #: simulated data
ROW = 0.27  #: inches per row
LABELLED = 3.0  #: percent of the axis below which a segment carries no number
BINS = 28
SHIFT_ROW = 0.24  #: inches per result
BAND = "#eef1f4"
NEAREST_LIMIT = 1.3  #: halves of an interval that the axis shows at least
MOST_IN_LINE = 5  #: entries of a legend in one line


def missing_kinds(counts: pd.DataFrame, names: Sequence[str], labels: Mapping[str, str], axis: str, stamp: str) -> "Figure":
    """Stacked bars: per question (row) the sheets in every kind of missing (column)."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    with house_style():
        figure = Figure(figsize=(WIDTH, 1.15 + ROW * len(counts)))
        axes = figure.subplots()
        left = np.zeros(len(counts))
        widest = float(counts.sum(axis=1).max())
        for kind in counts.columns:
            values = counts[kind].to_numpy(dtype=float)
            axes.barh(range(len(counts)), values, left=left, height=0.68, color=KIND_SHADE[kind], edgecolor="white", linewidth=0.8)
            for row, (start, value) in enumerate(zip(left, values, strict=True)):
                if 100 * value / widest >= LABELLED:
                    axes.text(start + value / 2, row, f"{value:.0f}", ha="center", va="center", fontsize=7.5,
                              color="white" if kind in DARK else INK)
            left += values
        _names(axes, names)
        axes.set_xlabel(axis)
        axes.set_xlim(0, widest * 1.02)
        handles = [Patch(facecolor=KIND_SHADE[k], edgecolor=MUTED, linewidth=0.4, label=labels[k]) for k in counts.columns]
        figure.legend(handles=handles, ncols=min(len(handles), MOST_IN_LINE), loc="outside lower center", frameon=False, fontsize=8.5)
        stamp_drawing(figure, stamp)
    return figure


def durations(
    fast: np.ndarray, other: np.ndarray, edges: np.ndarray, marks: tuple[float, float], words: Mapping[str, str], stamp: str
) -> "Figure":
    """Histogram of filling times in minutes on a logarithmic axis; fast sheets stand out, `marks` are the median and the limit below it.

    `fast` and `other` are sheets per bar between two `edges`, as they may be told: heights can be measured in the drawing.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    low, high = float(edges[0]), float(edges[-1])
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        axes = figure.subplots()
        for heights, below, colour in ((fast, np.zeros_like(fast), ACCENT), (other, fast, PALE)):
            axes.bar(
                edges[:-1], heights, np.diff(edges), bottom=below, align="edge", color=colour, edgecolor="white", linewidth=0.5, hatch=HATCH if stamp else None,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(_steps(low, high))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        top = axes.get_ylim()[1] * 1.18
        axes.set_ylim(0, top)
        for place, name in zip(marks, (words["median"], words["limit"]), strict=True):
            axes.axvline(place, ymax=0.88, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.text(place, top * 0.9, name, ha="center", va="bottom", fontsize=8)
        if fast.any():
            axes.text(float(edges[fast.nonzero()[0][0]]), top * 0.42, words["flagged"], ha="left", va="bottom", fontsize=8, color=ACCENT)
        axes.set_xlabel(words["axis"])
        axes.set_ylabel(words["sheets"])
        axes.tick_params(length=0, left=False, bottom=False)
        stamp_drawing(figure, stamp)
    return figure


def counts(names: Sequence[str], values: np.ndarray, axis: str, stamp: str) -> "Figure":
    """Bars of counts, each with its number."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with house_style():
        figure = Figure(figsize=(WIDTH, 0.9 + ROW * len(names)))
        axes = figure.subplots()
        bars = axes.barh(range(len(names)), values, color=PALE, edgecolor="white", height=0.66, hatch=HATCH if stamp else None)
        axes.bar_label(bars, padding=3, fontsize=8.5)
        _names(axes, names)
        axes.set_xlabel(axis)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0.08)
        stamp_drawing(figure, stamp)
    return figure


def shifts(names: Sequence[str], values: np.ndarray, words: Mapping[str, str], stamp: str) -> "Figure":
    """A dot per result: how far it moves, in halves of its interval; the band in which it stays within that interval is shaded."""
    from matplotlib.figure import Figure

    widest = max(NEAREST_LIMIT, 1.12 * float(np.abs(values).max()))
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.05 + SHIFT_ROW * len(names)))
        axes = figure.subplots()
        axes.axvspan(-1, 1, color=BAND, zorder=0)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.hlines(range(len(names)), 0, values, color=WITHOUT, linewidth=1.3)
        axes.plot(values, range(len(names)), linestyle="none", marker="o", color=INK, markersize=4.5)
        _names(axes, names)
        axes.set_xlim(-widest, widest)
        axes.set_xlabel(words["axis"])
        axes.text(0, 1.01, words["inside"], transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8, color=MUTED)
        stamp_drawing(figure, stamp)
    return figure


def _names(axes: "Axes", names: Sequence[str]) -> None:
    """Names of rows from the top down."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(length=0, left=False, bottom=False)
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_label_coords(0, 0.5)  # there is no name of this axis, and without a place it would be looked for again at every drawing


def _steps(low: float, high: float) -> "Locator":
    """Round minutes between two values, few enough to be read."""
    from matplotlib.ticker import FixedLocator

    steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 1440, 2880, 10080]
    return FixedLocator([s for s in steps if low * 0.8 <= s <= high * 1.2])

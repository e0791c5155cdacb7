"""Drawings. Each takes results and returns a matplotlib figure; nothing is computed here that a reader would quote."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commresearch.reporting.style import (
    INK,
    MENTION_SHADE,
    MUTED,
    RULE,
    WIDTH,
    house_style,
)
from commresearch.terms import Kind, Language, Mention
from commresearch.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCENT, PALE = "#b8460e", "#b9c3cf"
ROW = 0.215  #: inches per row of a matrix


def claims_by_kind(counts: Mapping[Kind, int], language: Language) -> "Figure":
    """Bars: how many printed numbers describe circumstances, plans, work and results; results stand out."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    kinds = list(counts)
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        axes = figure.subplots()
        bars = axes.barh(range(len(kinds)), [counts[k] for k in kinds], color=[ACCENT if k is Kind.OUTCOME else PALE for k in kinds], height=0.66)
        axes.bar_label(bars, padding=3, fontsize=9)
        axes.set_yticks(range(len(kinds)), [say(f"labels.kind_{k}", language) for k in kinds])
        axes.invert_yaxis()
        axes.set_xlabel(say("reports.axis_numbers", language))
        axes.margins(x=0.08)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(length=0)
    return figure


def stated_elements(stated: pd.DataFrame) -> "Figure":
    """Dots: per claim (row) which elements the text states (filled), leaves out (hollow) or need not state (none).

    stated : DataFrame of {1, 0, NaN}, index the row labels, columns the element labels.
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 0.75 + ROW * len(stated)))
        axes = figure.subplots()
        for column, name in enumerate(stated.columns):
            cells = stated[name].to_numpy(dtype=float)
            rows = np.arange(len(cells))
            axes.scatter(np.full((cells == 1).sum(), column), rows[cells == 1], s=42, color=INK)
            axes.scatter(np.full((cells == 0).sum(), column), rows[cells == 0], s=42, facecolors="white", edgecolors=ACCENT, linewidths=1.3)
        _matrix_axes(axes, list(stated.index), list(stated.columns))
        axes.set_xlim(-0.6, len(stated.columns) - 0.4)
    return figure


def mechanism_matrix(settled: pd.DataFrame, row_labels: Sequence[str], column_labels: Sequence[str], language: Language) -> "Figure":
    """Shaded cells: how each case (column) speaks of each mechanism (row), from stated (dark) to not mentioned (white)."""
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    order = list(Mention)
    codes = settled.apply(lambda column: column.map({m.value: i for i, m in enumerate(order)}))
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.5 + ROW * len(settled)))
        axes = figure.subplots()
        shades = ListedColormap([MENTION_SHADE[m] for m in order])
        axes.pcolormesh(codes.to_numpy(dtype=float), cmap=shades, vmin=-0.5, vmax=3.5, edgecolors=RULE, linewidth=0.6)
        axes.set_yticks(np.arange(len(row_labels)) + 0.5, row_labels)
        axes.set_xticks(np.arange(len(column_labels)) + 0.5, column_labels, rotation=60, ha="left", rotation_mode="anchor")
        _plain_frame(axes)
        handles = [Patch(facecolor=MENTION_SHADE[m], edgecolor=MUTED, label=say(f"labels.mention_{m}", language)) for m in order]
        figure.legend(handles=handles, ncols=4, loc="outside lower center", frameon=False, fontsize=8.5)
    return figure


def reporting_map(counts: pd.DataFrame, with_result: pd.DataFrame, row_labels: Sequence[str], column_labels: Sequence[str]) -> "Figure":
    """Numbers in cells: claims per topic (row) and case (column); a ring marks cells that hold a result."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 1.4 + 0.27 * len(counts)))
        axes = figure.subplots()
        for (row, column), n in np.ndenumerate(counts.to_numpy()):
            axes.text(column, row, str(n) if n else "·", ha="center", va="center", color=INK if n else MUTED, fontsize=8.5)
        rows, columns = np.nonzero(with_result.to_numpy())
        axes.scatter(columns, rows, s=190, facecolors="none", edgecolors=ACCENT, linewidths=1.4)
        axes.set_yticks(range(len(row_labels)), row_labels)
        axes.set_xticks(range(len(column_labels)), column_labels, rotation=60, ha="left", rotation_mode="anchor")
        axes.set_xlim(-0.6, counts.shape[1] - 0.4)
        axes.set_ylim(len(counts) - 0.4, -0.6)
        _plain_frame(axes)
    return figure


def _matrix_axes(axes: "Axes", rows: Sequence[str], columns: Sequence[str]) -> None:
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    _plain_frame(axes)
    axes.hlines(np.arange(len(rows) - 1) + 0.5, -0.6, len(columns) - 0.4, color=RULE, linewidth=0.5)


def _plain_frame(axes: "Axes") -> None:
    """Labels on top and left, no ticks, no box: the cells speak."""
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)

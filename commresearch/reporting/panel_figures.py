"""Drawings of the report on panels: a rate over months, what is known of every unit and month, how persons were told apart."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commresearch.reporting.panel_tables import State
from commresearch.reporting.style import (
    ACCENT,
    HEADLINES,
    MUTED,
    OUTCOME_COLOUR,
    RULE,
    WIDTH,
    house_style,
    mark_date,
    month_axis,
    stamp_drawing,
)
from commresearch.terms import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: From dark to light, so that states stay apart in grey print; a hatch where grey alone would not do.
STATE_LOOK: Mapping[State, tuple[str, str]] = {
    State.USABLE: ("#1f4e79", ""), State.PARTIAL: ("#7fa7cf", ""), State.BLOCKED: ("#e3b778", "////"), State.WITHHELD: ("#c9d8e8", "...."),
    State.NO_BASE: ("#efe9dc", "xxxx"), State.MISSING: ("#ffffff", ""), State.NO_UNIT: ("#c9ced5", ""),
}
TIER_SHADE = ("#12355b", "#4f8fc0", "#b9965a", "#dde2e8")
HATCH = "////"  #: simulated data
ROW = 0.165  #: inches per unit of the map of coverage
LABEL_SPACE = 0.34  #: share of a drawing above the data, for the labels of dates


def rate_over_months(
    table: pd.DataFrame, outcome: Outcome, marks: Sequence[tuple[pd.Timestamp, str, str]], words: Mapping[str, str], stamp: str
) -> "Figure":
    """The rate of all units together by month, with the quartiles over units, dated changes of recording and starts of the pilot.

    Parameters
    ----------
    table : DataFrame
        As `panel_tables.monthly` gives it; months without values leave a gap.
    marks : sequence of (month, "break" or "start", label)
        Lines across the drawing.
    words : mapping
        axis, total, median, band.
    """
    from matplotlib.figure import Figure

    colour = OUTCOME_COLOUR[HEADLINES[outcome]]
    at = np.arange(len(table))
    months = list(table["month"])
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.3))
        axes = figure.subplots()
        axes.fill_between(
            at, table["low"], table["high"], color=colour, alpha=0.16, linewidth=0, hatch=HATCH if stamp else None, edgecolor="white", label=words["band"]
        )
        axes.plot(at, table["median"], color=MUTED, linewidth=1.1, linestyle=(0, (5, 2)), label=words["median"])
        axes.plot(at, table["rate"], color=colour, linewidth=1.7, label=words["total"])
        whole = ~(table["provisional"] | (table["partial"] > 0))
        axes.plot(at[whole], table["rate"][whole], linestyle="none", marker="o", markersize=4, color=colour)
        axes.plot(at[~whole], table["rate"][~whole], linestyle="none", marker="o", markersize=4.4, markerfacecolor="white", color=colour, label=words["hollow"])
        _from_zero(axes, table)
        for month, kind, label in marks:
            mark_date(axes, months.index(month) - 0.5, kind, label)
        month_axis(axes, months)
        axes.set_ylabel(words["axis"])
        handles, labels = axes.get_legend_handles_labels()
        keep = [i for i, name in enumerate(labels) if name != words["hollow"] or (~whole).any()]
        figure.legend(
            [handles[i] for i in keep], [labels[i] for i in keep], ncols=2, loc="outside lower center", frameon=False, fontsize=8, handlelength=2.4,
        )
        stamp_drawing(figure, stamp)
    return figure


def _from_zero(axes: "Axes", table: pd.DataFrame) -> None:
    """The axis from zero, with space for labels above."""
    highest = float(np.nanmax([0.0, *table["rate"].dropna(), *table["high"].dropna()])) or 1.0  # nothing but zeros: an axis all the same
    axes.set_ylim(0, highest * (1.05 + LABEL_SPACE))
    axes.set_yticks([t for t in axes.get_yticks() if 0 <= t <= highest * 1.05])  # none beside the labels, where nothing can lie
    axes.set_xlim(-0.6, len(table) - 0.4)
    axes.grid(axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def coverage_map(states: pd.DataFrame, names: Sequence[str], starts: Sequence[pd.Timestamp | None], labels: Mapping[str, str], stamp: str) -> "Figure":
    """What is known of every unit (row) and month (column); a line marks where each unit starts.

    Parameters
    ----------
    states : DataFrame
        As `panel_tables.unit_month_states` gives it.
    starts : sequence
        Start month of each unit; None where it has none.
    labels : mapping
        Names of the states that stand in the legend, and `start`.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle

    order = list(STATE_LOOK)
    months = [pd.Timestamp(m) for m in states.columns]
    codes = np.vectorize({s.value: i for i, s in enumerate(order)}.__getitem__, otypes=[float])(states.to_numpy())
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.25 + ROW * len(states)))
        axes = figure.subplots()
        shades = ListedColormap([STATE_LOOK[s][0] for s in order])
        axes.pcolormesh(codes, cmap=shades, vmin=-0.5, vmax=len(order) - 0.5, edgecolors=RULE, linewidth=0.35)
        for row, column in np.argwhere(np.isin(codes, [i for i, s in enumerate(order) if STATE_LOOK[s][1]])):
            hatch = STATE_LOOK[order[int(codes[row, column])]][1]
            axes.add_patch(Rectangle((column, row), 1, 1, fill=False, hatch=hatch, edgecolor=MUTED, linewidth=0))
        for row, start in enumerate(starts):
            if start is not None and start in months:
                axes.vlines(months.index(start), row, row + 1, color=ACCENT, linewidth=2.2)
        axes.set_yticks(np.arange(len(names)) + 0.5, list(names), fontsize=7)
        axes.set_ylim(len(names), 0)
        month_axis(axes, months)
        axes.set_xticks(np.asarray(axes.get_xticks()) + 0.5, [t.get_text() for t in axes.get_xticklabels()])
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        handles: list[Patch | Line2D] = [
            Patch(facecolor=STATE_LOOK[s][0], hatch=STATE_LOOK[s][1], edgecolor=MUTED, linewidth=0.4, label=labels[s.value]) for s in order if s.value in labels
        ]
        if any(s is not None for s in starts):
            handles.append(Line2D([], [], color=ACCENT, linewidth=2.2, label=labels["start"]))
        figure.legend(handles=handles, ncols=3, loc="outside lower center", frameon=False, fontsize=8)
        stamp_drawing(figure, stamp)
    return figure


def tier_shares(shares: pd.DataFrame, labels: Mapping[str, str], axis: str, stamp: str) -> "Figure":
    """Stacked bars by month: how the persons of a register were told apart, in percent of its entries; months without entries are gaps."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    at, below = np.arange(len(shares)), np.zeros(len(shares))
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.3))
        axes = figure.subplots()
        for shade, tier in zip(TIER_SHADE, labels, strict=True):
            values = shares[tier].to_numpy(dtype=float)
            axes.bar(at, values, bottom=below, width=0.86, color=shade, edgecolor="white", linewidth=0.4)
            below = below + np.nan_to_num(values)
        axes.set_ylim(0, 100)
        axes.set_xlim(-0.6, len(shares) - 0.4)
        month_axis(axes, list(shares.index))
        axes.set_ylabel(axis)
        axes.tick_params(length=0)
        handles = [Patch(facecolor=shade, edgecolor=MUTED, linewidth=0.4, label=name) for shade, name in zip(TIER_SHADE, labels.values(), strict=True)]
        figure.legend(handles=handles, ncols=4, loc="outside lower center", frameon=False, fontsize=8)
        stamp_drawing(figure, stamp)
    return figure

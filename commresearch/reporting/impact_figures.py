"""Drawings of the report on impact: treated and comparison units by month, effects by months since the start, the same outcome in other ways."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from commresearch.records.effects import Effect
from commresearch.reporting.impact_tables import BASE, limits_of
from commresearch.reporting.style import (
    HEADLINES,
    INK,
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

HATCH = "////"  #: simulated data
LABEL_SPACE = 0.30  #: share of a drawing above the data, for the labels of dates
ROW = 0.34  #: inches per row of a forest
LINES: Mapping[str, Mapping[str, Any]] = {
    "treated": {"linewidth": 1.7, "marker": "o", "markersize": 3.6},
    "comparison": {"color": MUTED, "linewidth": 1.3, "linestyle": (0, (5, 2)), "marker": "s", "markersize": 3.2, "markerfacecolor": "white"},
}
SMALL_HEIGHT = 1.9  #: inches of small drawings side by side
SMALL = ("linewidth", "color", "linestyle")  #: what lines keep of this in small drawings
TICKS_IN_MONTHS = ((9, 1), (18, 3), (60, 6), (10_000, 12))  #: (months drawn at most, months between ticks)


def colour_of(outcome: str) -> str:
    """The colour that an outcome has everywhere; ink for one without."""
    return OUTCOME_COLOUR[HEADLINES[Outcome(outcome)]] if outcome in set(Outcome) else INK


def series(
    table: pd.DataFrame, outcome: str, marks: Sequence[tuple[pd.Timestamp, str, str]], words: Mapping[str, str], stamp: str
) -> "Figure":
    """Treated (dark, dots) and comparison units (grey, dashed, squares) by month; months without a record leave a gap.

    Parameters
    ----------
    table : DataFrame
        month, treated, comparison.
    marks : sequence of (month, "break" or "start", label)
        Lines across the drawing.
    words : mapping
        axis, treated, comparison.
    """
    from matplotlib.figure import Figure

    at, months = np.arange(len(table)), list(table["month"])
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.0))
        axes = figure.subplots()
        for name, style in LINES.items():
            if table[name].notna().any():
                axes.plot(at, table[name], label=words[name], **{"color": colour_of(outcome), **style})
        highest = _highest(table)
        axes.set_ylim(0, highest * (1.05 + LABEL_SPACE))
        axes.set_yticks([t for t in axes.get_yticks() if 0 <= t <= highest * 1.05])
        axes.set_xlim(-0.6, len(table) - 0.4)
        for month, kind, label in marks:
            mark_date(axes, months.index(month) - 0.5, kind, label)
        month_axis(axes, months)
        _quiet(axes, "y")
        axes.set_ylabel(words["axis"])
        figure.legend(ncols=2, loc="outside lower center", frameon=False, fontsize=8, handlelength=2.8)
        stamp_drawing(figure, stamp)
    return figure


def _highest(table: pd.DataFrame) -> float:
    return float(np.nanmax([1e-9, *table["treated"].dropna(), *table["comparison"].dropna()]))


def small_series(panels: Sequence[tuple[str, str, pd.DataFrame, Sequence[pd.Timestamp]]], words: Mapping[str, str], stamp: str) -> "Figure":
    """The same for several outcomes side by side: lines from zero, first and last month, starts as thin lines.

    Parameters
    ----------
    panels : sequence of (outcome, title, table, starts)
        `table` as for `series`, without rows where nothing is known; starts outside its months are left out.
    words : mapping
        treated, comparison, nothing.
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, SMALL_HEIGHT))
        places = list(np.atleast_1d(figure.subplots(1, len(panels))))
        for axes, (outcome, title, table, starts) in zip(places, panels, strict=True):
            axes.set_title(title, fontsize=9)
            if table.empty:
                axes.text(0.5, 0.5, words["nothing"], transform=axes.transAxes, ha="center", va="center", color=MUTED)
                axes.set_axis_off()
            else:
                _small(axes, outcome, table, starts, words)
        _legend(figure, places, words)
        stamp_drawing(figure, stamp)
    return figure


def _small(axes: "Axes", outcome: str, table: pd.DataFrame, starts: Sequence[pd.Timestamp], words: Mapping[str, str]) -> None:
    """One of the small drawings."""
    months = list(table["month"])
    for name, style in LINES.items():
        if table[name].notna().any():
            axes.plot(range(len(months)), table[name], label=words[name], **{"color": colour_of(outcome), **{k: style[k] for k in SMALL if k in style}})
    for start in starts:
        if start in months:
            axes.axvline(months.index(start) - 0.5, color=INK, linewidth=0.6)
    axes.set_ylim(0, _highest(table) * 1.08)
    axes.set_xlim(-0.6, len(months) - 0.4)
    axes.set_xticks([0, len(months) - 1], [f"{months[i]:%Y-%m}" for i in (0, -1)])
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axes.locator_params(axis="y", nbins=4)
    _quiet(axes, "y")


def _legend(figure: "Figure", places: "Sequence[Axes]", words: Mapping[str, str]) -> None:
    """One legend for all panels, in ink: the colour of the treated is that of the outcome."""
    from matplotlib.lines import Line2D

    drawn = {label for axes in places for label in axes.get_legend_handles_labels()[1]}
    lines = [Line2D([], [], **{"color": INK, **{k: style[k] for k in SMALL if k in style}}) for name, style in LINES.items() if words[name] in drawn]
    labels = [words[name] for name in LINES if words[name] in drawn]
    figure.legend(lines, labels, ncols=2, loc="outside lower center", frameon=False, fontsize=8, handlelength=2.8)


def event_study(path: pd.DataFrame, outcome: str, words: Mapping[str, str], stamp: str) -> "Figure":
    """Effects by months since the start: hollow before it, filled from it on, with pointwise intervals (lines) and the simultaneous band (shade).

    Parameters
    ----------
    path : DataFrame
        As `impact_tables.path_of` gives it.
    words : mapping
        axis, months, before, after, interval, band, base, start.
    """
    from matplotlib.figure import Figure

    colour = colour_of(outcome)
    at, estimate = path["event_time"].to_numpy(), path["estimate"].to_numpy()
    base, early = path["conf_low"].isna().to_numpy(), at < 0
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.1))
        axes = figure.subplots()
        if path["band_low"].notna().any():
            low, high = (np.where(base, estimate, path[name]) for name in ("band_low", "band_high"))
            axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0, hatch=HATCH if stamp else None, edgecolor="white", label=words["band"])
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.vlines(at[~base], path["conf_low"][~base], path["conf_high"][~base], color=colour, linewidth=1.2, label=words["interval"])
        for rows, face, name in ((early & ~base, "white", "before"), (~early & ~base, colour, "after")):
            axes.plot(at[rows], estimate[rows], linestyle="none", marker="o", markersize=4.2, markerfacecolor=face, color=colour, label=words[name])
        axes.plot(at[base], estimate[base], linestyle="none", marker="D", markersize=4, color=MUTED, label=words["base"])
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + 0.16 * (top - bottom))
        mark_date(axes, BASE + 0.5, "start", words["start"])
        step = next(step for most, step in TICKS_IN_MONTHS if len(at) <= most)
        axes.set_xticks([t for t in range(int(at.min()), int(at.max()) + 1) if t % step == 0])
        _quiet(axes, "y")
        axes.set_xlabel(words["months"])
        axes.set_ylabel(words["axis"])
        figure.legend(ncols=3, loc="outside lower center", frameon=False, fontsize=8, handlelength=1.8)
        stamp_drawing(figure, stamp)
    return figure


def forest(panels: Sequence[tuple[str, Sequence[tuple[str, Effect]]]], main: str, outcome: str, stamp: str) -> "Figure":
    """Estimates with intervals, one panel (axis, labelled effects) per unit; the main one in colour and filled, others grey and hollow.

    An end without limit is an arrow at the edge.
    """
    from matplotlib.figure import Figure

    rows = [len(mine) for _, mine in panels]
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.35 + sum(0.62 + ROW * n for n in rows)))
        places = np.atleast_1d(figure.subplots(len(panels), 1, height_ratios=[1.2 + n for n in rows]))
        for axes, (axis, mine) in zip(places, panels, strict=True):
            axes.set_xlim(*limits_of([effect for _, effect in mine]))
            axes.axvline(0, color=INK, linewidth=0.8)
            for row, (label, effect) in enumerate(mine):
                _row(axes, row, effect, (colour_of(outcome), "o", True) if label == main else (MUTED, "s", False))
            axes.set_yticks(range(len(mine)), [label for label, _ in mine], linespacing=1.25)
            axes.set_ylim(len(mine) - 0.4, -0.6)
            axes.set_xlabel(axis)
            _quiet(axes, "x")
            axes.tick_params(axis="y", pad=8)  # arrows stand at the edge
            axes.spines["left"].set_visible(False)
        stamp_drawing(figure, stamp)
    return figure


def _row(axes: "Axes", row: int, effect: Effect, look: tuple[str, str, bool]) -> None:
    colour, marker, filled = look
    left, right = axes.get_xlim()
    low, high = effect.conf_low, effect.conf_high
    if not (np.isnan(low) or np.isnan(high)):
        axes.hlines(row, max(low, left), min(high, right), color=colour, linewidth=1.6 if filled else 1.2)
        for end, place, arrow in ((low, left, "<"), (high, right, ">")):
            if np.isinf(end):
                axes.plot([place], [row], marker=arrow, color=colour, markersize=5, clip_on=False)
    axes.plot([effect.estimate], [row], marker=marker, color=colour, markersize=5.2, markerfacecolor=colour if filled else "white")


def _quiet(axes: "Axes", along: str) -> None:
    """Thin lines to read values by, no ticks."""
    axes.grid(axis=along, color=RULE, linewidth=0.5)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", pad=5)

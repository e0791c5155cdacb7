"""Rows, labels, intervals and numbered points that the drawings of a comparison share."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from commresearch.reporting.display import display_width
from commresearch.reporting.impact_figures import HATCH
from commresearch.reporting.impact_tables import wrapped
from commresearch.reporting.style import INK, MUTED, RULE
from commresearch.terms import Language, Unit
from commresearch.words import has, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Look = Mapping[str, Any]
ROW = 0.30  #: inches per row
LINE = 0.155  #: inches per line of a label that is folded
MOST_LINES = 3  #: of a label; a longer one gets wider lines
LABEL_WIDTH = 24  #: half-width cells of a label before it is folded
CLIP = 3.0  #: typical half intervals beyond the estimates at which an axis ends; longer intervals get an arrow
NEAR = 2.5  #: points of print within which two marks share one number
POINTS_PER_CELL = 4.4  #: width of a half-width cell at 8 points
AXES_SHARE = 0.6  #: share of a drawing that the axes of numbered points take, about


def folded(label: str, width: int = LABEL_WIDTH) -> str:
    """A label on as few lines as hold it, of about the same length; on more than three only where no wider line would do."""
    cells = display_width(label)
    n = min(math.ceil(cells / width), MOST_LINES)
    start = math.ceil(cells / n) + (1 if n > 1 else 0)
    return next(lines for extra in range(cells + 1) if (lines := _cut(label, start + extra)).count("\n") < n)


def _cut(label: str, width: int) -> str:
    first, _, rest = wrapped(label, width).partition("\n")
    return f"{first}\n{_cut(rest, width)}" if rest else first


def height(labels: Sequence[str]) -> float:
    """Inches that rows with these labels take; all rows are as high as the longest label needs."""
    return len(labels) * max([ROW, *(LINE * (label.count("\n") + 1) for label in labels if "\n" in label)])


def axis_label(unit: Unit, language: Language) -> str:
    """What an axis of effects measures."""
    key = f"impact.axis_{unit}"
    return say(key if has(key) else f"outcomes.unit_{unit}", language)


def stamp_of(language: Language, *, simulated: bool) -> str:
    """The words that mark simulated data; none for others."""
    return say("reports.simulated_stamp", language) if simulated else ""


def quiet(axes: "Axes", along: str) -> None:
    """Thin lines to read values by, no ticks."""
    axes.grid(axis=along, color=RULE, linewidth=0.5)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", pad=5)


def rows(axes: "Axes", labels: Sequence[str]) -> None:
    """One labelled row after the other from the top."""
    axes.set_yticks(range(len(labels)), list(labels), linespacing=1.15)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    quiet(axes, "x")
    axes.tick_params(axis="y", pad=8, labelsize=8 if any("\n" in label for label in labels) else 9)
    axes.spines["left"].set_visible(False)


def span(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """From where to where an axis must reach for all finite values, zero included, with a little space."""
    finite = np.append(values[np.isfinite(values)], 0.0)
    low, high = float(finite.min()), float(finite.max())
    space = 0.07 * (high - low) if high > low else 1.0
    return low - space, high + space


def reach(estimates: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]) -> tuple[float, float]:
    """As `span`, but an interval much longer than the others does not press them together: its end becomes an arrow.

    estimates : array (n,)
    ends : array (n, 2)
        Lower and upper ends; NaN or infinite where there is none.
    """
    lengths = (ends[:, 1] - ends[:, 0]) / 2
    finite = lengths[np.isfinite(lengths)]
    most = CLIP * float(np.median(finite)) if len(finite) else np.inf
    low, high = float(np.nanmin(estimates)) - most, float(np.nanmax(estimates)) + most
    return span(np.concatenate([estimates, np.clip(ends[np.isfinite(ends)], low, high)]))


def interval(axes: "Axes", at: float, ends: tuple[float, float], colour: str, width: float, *, capped: bool = False) -> None:
    """A line from end to end; an arrow where the end lies beyond the axis; nothing where there is no interval."""
    low, high = ends
    if np.isnan(low) or np.isnan(high):
        return
    left, right = axes.get_xlim()
    axes.hlines(at, max(low, left), min(high, right), color=colour, linewidth=width)
    for end, beyond, place, arrow in ((low, low < left, left, "<"), (high, high > right, right, ">")):
        if beyond:
            axes.plot([place], [at], marker=arrow, color=colour, markersize=5, clip_on=False)
        elif capped:
            axes.plot([end], [at], marker="|", color=colour, markersize=8)


def legend(figure: "Figure", entries: Sequence[tuple[str, Look]]) -> None:
    """What the marks mean, below the drawing, in as few lines as fit."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], linestyle="none", markersize=5.5, label=name, **look) for name, look in entries]
    widest = max(display_width(name) for name, _ in entries) * POINTS_PER_CELL + 30
    lines = math.ceil(len(entries) / max(int(figure.get_figwidth() * 72 / widest), 1))
    columns = math.ceil(len(entries) / lines)
    figure.legend(handles=handles, ncols=columns, loc="outside lower center", frameon=False, fontsize=8, handletextpad=0.3, columnspacing=1.4)


def numbered(axes: "Axes", points: npt.NDArray[np.float64], filled: npt.NDArray[np.bool_], colour: str, hollow: str = "") -> None:
    """Points with the number of their row beside them; points that nearly coincide share one label (1, 4, 7).

    points : array (n, 2)
    filled : array (n,)
    hollow : str
        Colour of the points that are not filled, where it is another.
    """
    axes.scatter(points[~filled, 0], points[~filled, 1], s=30, facecolors="white", edgecolors=hollow if hollow else colour, linewidths=1.3, zorder=3)
    axes.scatter(points[filled, 0], points[filled, 1], s=30, color=colour, zorder=3)
    figure = axes.get_figure(root=True)
    size = np.array([figure.get_figwidth() * AXES_SHARE, figure.get_figheight() - 1.0]) * 72 if figure is not None else np.ones(2)
    limits = np.array([axes.get_xlim(), axes.get_ylim()])
    at = (points - limits[:, 0]) / (limits[:, 1] - limits[:, 0]) * size  # in points of print, from the lower left corner
    taken: list[tuple[float, float, float, float]] = [(x - 3, y - 3, x + 3, y + 3) for x, y in at]
    for members in _near(at):
        text = ", ".join(str(i + 1) for i in members)
        shift = _free(at[members].mean(axis=0), len(text) * POINTS_PER_CELL, taken)
        axes.annotate(
            text, points[members].mean(axis=0), xytext=shift, textcoords="offset points", fontsize=8, color=INK, ha="left", va="bottom", zorder=4,
        )


def _free(at: npt.NDArray[np.float64], width: float, taken: list[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Where beside a point its number overlaps least with points and other numbers; the place is then taken."""

    def box(shift: tuple[float, float]) -> tuple[float, float, float, float]:
        return at[0] + shift[0], at[1] + shift[1], at[0] + shift[0] + width, at[1] + shift[1] + 9

    def overlap(shift: tuple[float, float]) -> float:
        x0, y0, x1, y1 = box(shift)
        return sum(max(min(x1, b[2]) - max(x0, b[0]), 0) * max(min(y1, b[3]) - max(y0, b[1]), 0) for b in taken)

    far = [(dx, dy) for d in (4.5, 11.0) for dx in (d, -width - d, -width / 2) for dy in (d - 2, -4.5, -d - 8) if (dx, dy) != (-width / 2, -4.5)]
    best = min(far, key=overlap)
    taken.append(box(best))
    return best


def _near(points: npt.NDArray[np.float64]) -> list[list[int]]:
    """Rows grouped so that each lies near the first of its group."""
    groups: list[list[int]] = []
    for i, point in enumerate(points):
        home = next((g for g in groups if np.abs(points[g[0]] - point).max() < NEAR), None)
        if home is None:
            groups.append([i])
        else:
            home.append(i)
    return groups


def key_of(axes: "Axes", labels: Sequence[str], width: int = 22) -> None:
    """Numbers and the names they stand for, in a column of their own."""
    axes.set_axis_off()
    texts = [folded(label, width) for label in labels]
    lines = [text.count("\n") + 1 for text in texts]
    axes.set_xlim(0, 1)
    axes.set_ylim(max(sum(lines), 10), -0.5)
    for i, (text, before) in enumerate(zip(texts, np.cumsum([0, *lines[:-1]]), strict=True)):
        axes.text(0.0, float(before), f"{i + 1}", ha="left", va="top", fontsize=8, color=MUTED)
        axes.text(0.13, float(before), text, ha="left", va="top", fontsize=8, linespacing=1.15)


def rank_panel(axes: "Axes", frame: pd.DataFrame, colour: str, language: Language, *, simulated: bool) -> None:
    """Bars from the best to the worst place that each row may hold, and the places themselves in figures.

    frame : DataFrame
        rank_low, rank_high.
    """
    n = len(frame)
    low, high = frame["rank_low"].to_numpy(dtype=float), frame["rank_high"].to_numpy(dtype=float)
    hatch = HATCH if simulated else None
    axes.barh(np.arange(n), high - low + 0.7, left=low - 0.35, height=0.42, color=colour, alpha=0.45, edgecolor="white", hatch=hatch, linewidth=0)
    for at, (first, last) in enumerate(zip(low, high, strict=True)):
        text = f"{first:g}–{last:g}" if last > first else f"{first:g}"
        axes.text(n + 0.8, at, text, ha="left", va="center", fontsize=8, clip_on=False)
    axes.set_yticks(range(n), [""] * n)
    axes.set_ylim(n - 0.4, -0.6)
    axes.set_xlim(0.4, n + 0.6)
    axes.set_xticks(sorted({1, n, *range(4, n - 1, 4)}))
    quiet(axes, "x")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(say("scorecard.rank_axis", language))

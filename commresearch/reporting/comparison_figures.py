"""Drawings of estimates side by side: forest, funnel, caterpillar, directions, a claim beside what was measured again.

Each takes a plain table, one row per case in the order in which it is shown, and returns a matplotlib figure. Labels are data; all
other words come from the catalogue. Simulated data are hatched and stamped.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from commresearch.reporting.comparison_marks import (
    ROW,
    Look,
    axis_label,
    folded,
    height,
    interval,
    key_of,
    legend,
    numbered,
    quiet,
    rank_panel,
    reach,
    rows,
    span,
    stamp_of,
)
from commresearch.reporting.impact_figures import HATCH, colour_of
from commresearch.reporting.style import INK, MUTED, RULE, WIDTH, house_style, stamp_drawing
from commresearch.terms import Grade, Language, Unit
from commresearch.words import say
from commresearch.words.precision import decimals_of, fixed, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHOLE = 10.0  #: weights from here on are shown without decimals
PARTS = ("regression_to_mean", "season", "recording")  #: what may stand between a claim and an estimate
PART_COLOUR: Mapping[str, str] = {"regression_to_mean": "#1f4e79", "season": "#7fa7cf", "recording": "#c9ced6"}
DIRECTIONS: Mapping[str, str] = {"increase": "^", "decrease": "v", "unclear": "D"}


def forest(
    frame: pd.DataFrame, pooled: Mapping[str, float] | None, *, unit: Unit, language: Language, outcome: str = "", simulated: bool = False
) -> "Figure":
    """Estimates with intervals and weights, below them the pooled effect as a diamond and the prediction interval.

    Parameters
    ----------
    frame : DataFrame
        label, estimate, conf_low, conf_high (in `unit`; NaN where there is none, infinite where it has no end), weight (percent of the
        pooled effect; NaN where not pooled), pooled (bool; False is drawn hollow), claim (bool; published, a hollow circle).
    pooled : mapping or None
        estimate, conf_low, conf_high, pi_low, pi_high (NaN: no row), conf_level; None where nothing was pooled: all rows are hollow then.
    outcome : str
        Gives the colour: an `Outcome`, or any label for ink.
    """
    from matplotlib.figure import Figure

    if pooled is None:
        frame = frame.assign(pooled=False, weight=np.nan)
    labels = [folded(str(name)) for name in frame["label"]]
    extra = 0 if pooled is None else 1 + int(np.isfinite(pooled["pi_low"]))
    colour = colour_of(outcome)
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.15 + height(labels) + ROW * extra))
        axes, texts = figure.subplots(1, 2, width_ratios=(1.0, 0.62))
        axes.set_xlim(*_forest_reach(frame, pooled))
        axes.axvline(0, color=INK, linewidth=0.8)
        for at, row in enumerate(frame.to_dict("records")):
            _estimate(axes, at, row, colour)
        if pooled is not None:
            labels += _pooled_rows(axes, len(frame), pooled, colour, language, simulated=simulated)
        rows(axes, labels)
        axes.set_xlabel(axis_label(unit, language))
        _numbers(texts, frame, pooled, len(labels), language)
        legend(figure, _forest_handles(frame, colour, language))
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def _forest_reach(frame: pd.DataFrame, pooled: Mapping[str, float] | None) -> tuple[float, float]:
    estimates, ends = frame["estimate"].to_numpy(dtype=float), frame[["conf_low", "conf_high"]].to_numpy(dtype=float)
    if pooled is not None:
        estimates = np.append(estimates, pooled["estimate"])
        ends = np.vstack([ends, [[pooled["conf_low"], pooled["conf_high"]], [pooled["pi_low"], pooled["pi_high"]]]])
    return reach(estimates, ends)


def _estimate(axes: "Axes", at: int, row: Mapping[Any, Any], colour: str) -> None:
    """One row: filled square by weight, hollow square where not pooled, hollow circle for a claim."""
    shade = colour if row["pooled"] else MUTED
    interval(axes, at, (row["conf_low"], row["conf_high"]), shade, 1.5 if row["pooled"] else 1.1)
    size = 18 + 1.5 * row["weight"] if np.isfinite(row["weight"]) else 28
    marker = "o" if row["claim"] else "s"
    face = shade if row["pooled"] else "white"
    axes.scatter([row["estimate"]], [at], s=min(size, 110), marker=marker, facecolors=face, edgecolors=shade, linewidths=1.1, zorder=3)


def _pooled_rows(
    axes: "Axes", first: int, pooled: Mapping[str, float], colour: str, language: Language, *, simulated: bool
) -> list[str]:
    level = f"{100 * pooled['conf_level']:g}"
    low, middle, high = pooled["conf_low"], pooled["estimate"], pooled["conf_high"]
    axes.axhline(first - 0.5, color=RULE, linewidth=0.8)
    corners = [low, middle, high, middle, low], [first, first - 0.26, first, first + 0.26, first]
    axes.fill(*corners, facecolor=colour, edgecolor="white", hatch=HATCH if simulated else None, linewidth=0, zorder=3)
    axes.plot(*corners, color=colour, linewidth=0.8, zorder=3)
    axes.vlines(middle, -0.6, first - 0.5, color=colour, linewidth=0.7, linestyle=(0, (3, 3)))
    names = [say("scorecard.forest_pooled", language, level=level)]
    if np.isfinite(pooled["pi_low"]):
        interval(axes, first + 1, (pooled["pi_low"], pooled["pi_high"]), colour, 1.3, capped=True)
        names.append(say("scorecard.forest_prediction", language, level=level))
    return names


def _numbers(texts: "Axes", frame: pd.DataFrame, pooled: Mapping[str, float] | None, n_rows: int, language: Language) -> None:
    """Estimates, intervals and weights in figures, at the right of their rows."""
    texts.set_axis_off()
    texts.set_xlim(0, 1)
    texts.set_ylim(n_rows - 0.4, -0.6)
    shown, weights = _effects_in_words(frame), [fixed(w, 0 if w >= WHOLE else 1) if np.isfinite(w) else "—" for w in frame["weight"]]
    if pooled is not None:
        shown.append(with_interval(pooled["estimate"], pooled["conf_low"], pooled["conf_high"]))
        weights.append("100")
        if np.isfinite(pooled["pi_low"]):
            digits = decimals_of(pooled["estimate"], pooled["pi_low"], pooled["pi_high"])
            shown.append(f"({fixed(pooled['pi_low'], digits)}, {fixed(pooled['pi_high'], digits)})")
            weights.append("")
    for at, (text, weight) in enumerate(zip(shown, weights, strict=True)):
        texts.text(0.76, at, text, ha="right", va="center", fontsize=8.5)
        texts.text(1.0, at, weight, ha="right", va="center", fontsize=8.5)
    for x, key in ((0.76, "forest_numbers"), (1.0, "forest_weight")):
        texts.text(x, -0.75, say(f"scorecard.{key}", language), ha="right", va="bottom", fontsize=8, color=MUTED, linespacing=1.2)


def _effects_in_words(frame: pd.DataFrame) -> list[str]:
    """Estimates with as many digits as the widest interval allows, so that they stand in line; claims as they were printed."""
    finite = frame[np.isfinite(frame["conf_low"]) & np.isfinite(frame["conf_high"])]
    digits = min((decimals_of(r["estimate"], r["conf_low"], r["conf_high"]) for r in finite.to_dict("records")), default=1)
    texts = []
    for row in frame.to_dict("records"):
        ends = [("−∞" if end < 0 else "∞") if np.isinf(end) else fixed(end, digits) for end in (row["conf_low"], row["conf_high"])]
        printed = next(d for d in range(4) if d == 3 or round(row["estimate"], d) == row["estimate"]) if row["claim"] else digits
        texts.append(fixed(row["estimate"], printed) + ("" if np.isnan(row["conf_low"]) else f" ({ends[0]}, {ends[1]})"))
    return texts


def _forest_handles(frame: pd.DataFrame, colour: str, language: Language) -> list[tuple[str, Look]]:
    pooled, claim = frame["pooled"].astype(bool), frame["claim"].astype(bool)
    kinds: list[tuple[str, bool, Look]] = [
        ("forest_in", bool(pooled.any()), {"marker": "s", "color": colour}),
        ("forest_out", bool((~pooled & ~claim).any()), {"marker": "s", "color": MUTED, "markerfacecolor": "white"}),
        ("forest_claim", bool(claim.any()), {"marker": "o", "color": MUTED, "markerfacecolor": "white"}),
    ]
    return [(say(f"scorecard.{key}", language), look) for key, present, look in kinds if present]


def funnel(
    frame: pd.DataFrame, limits: pd.DataFrame, *, centre: float, unit: Unit, language: Language, outcome: str = "", simulated: bool = False
) -> "Figure":
    """Estimates by their standard error between control limits; numbers name the cases, those outside the outer limits are filled.

    Parameters
    ----------
    frame : DataFrame
        label, estimate, std_error (in `unit`), outside (bool; beyond the outer limits).
    limits : DataFrame
        std_error in rising order, low_95, high_95, low_998, high_998: limits that a case of this standard error would keep.
    centre : float
        What the limits stand around.
    """
    from matplotlib.figure import Figure

    colour = colour_of(outcome)
    with house_style():
        figure = Figure(figsize=(WIDTH, max(3.2, 0.9 + 0.19 * len(frame))))
        axes, key = figure.subplots(1, 2, width_ratios=(1.0, 0.42))
        last = limits.iloc[-1]
        for level, shown, shade in (("998", "99.8", 0.10), ("95", "95", 0.16)):
            axes.fill_between(
                limits["std_error"], limits[f"low_{level}"], limits[f"high_{level}"], color=colour, alpha=shade, linewidth=0,
                hatch=HATCH if simulated and level == "95" else None, edgecolor="white",
            )
            words = say("scorecard.funnel_limit", language, level=shown)
            axes.text(last["std_error"], last[f"high_{level}"], words, fontsize=7.5, color=MUTED, ha="left", va="bottom")
        axes.axhline(centre, color=INK, linewidth=0.8)
        points = frame[["std_error", "estimate"]].to_numpy(dtype=float)
        axes.set_xlim(float(last["std_error"]) * 1.02, 0)
        axes.margins(y=0.1)
        numbered(axes, points, frame["outside"].to_numpy(dtype=bool), colour)
        quiet(axes, "y")
        axes.set_xlabel(say("scorecard.funnel_error", language))
        axes.set_ylabel(axis_label(unit, language))
        key_of(key, [str(name) for name in frame["label"]])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def caterpillar(frame: pd.DataFrame, *, unit: Unit, language: Language, outcome: str = "", simulated: bool = False) -> "Figure":
    """Shrunken effects with intervals, beside them the interval of ranks that each case may hold.

    Parameters
    ----------
    frame : DataFrame
        label, estimate (shrunken), conf_low, conf_high, raw (before shrinking), in `unit`; rank_low, rank_high (1 to the number of rows).
    """
    from matplotlib.figure import Figure

    labels, colour = [folded(str(name)) for name in frame["label"]], colour_of(outcome)
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.15 + height(labels)))
        axes, ranks = figure.subplots(1, 2, width_ratios=(1.0, 0.62))
        both = frame[["estimate", "raw"]].to_numpy(dtype=float).ravel()
        axes.set_xlim(*reach(both, frame[["conf_low", "conf_high"]].to_numpy(dtype=float)))
        axes.axvline(0, color=INK, linewidth=0.8)
        at = np.arange(len(frame))
        for row, (low, high) in enumerate(zip(frame["conf_low"], frame["conf_high"], strict=True)):
            interval(axes, row, (low, high), colour, 1.5)
        axes.scatter(frame["raw"], at, s=26, marker="s", facecolors="white", edgecolors=MUTED, linewidths=1.0, zorder=3)
        axes.scatter(frame["estimate"], at, s=28, marker="o", color=colour, zorder=4)
        rows(axes, labels)
        axes.set_xlabel(axis_label(unit, language))
        rank_panel(ranks, frame, colour, language, simulated=simulated)
        hollow = {"marker": "s", "color": MUTED, "markerfacecolor": "white"}
        looks: list[tuple[str, Look]] = [("shrunken", {"marker": "o", "color": colour}), ("raw", hollow)]
        legend(figure, [(say(f"scorecard.caterpillar_{name}", language), look) for name, look in looks])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def harvest(frame: pd.DataFrame, *, language: Language, simulated: bool = False) -> "Figure":
    """Directions of effects that cannot be pooled: a triangle up or down per case and outcome, hollow below grade E3.

    Parameters
    ----------
    frame : DataFrame
        label, outcome (labels, shown in their order), direction (increase, decrease, unclear: the interval holds zero), grade (E0 to E5).
        A pair without a row is drawn as a dot.
    """
    from matplotlib.figure import Figure

    names, outcomes = list(dict.fromkeys(frame["label"])), list(dict.fromkeys(frame["outcome"]))
    labels = [folded(str(name)) for name in names]
    with house_style():
        figure = Figure(figsize=(min(WIDTH, 2.6 + 1.25 * len(outcomes)), 1.15 + height(labels)))
        axes = figure.subplots()
        filled = {(names.index(r["label"]), outcomes.index(r["outcome"])) for r in frame.to_dict("records")}
        for row, column in ((r, c) for r in range(len(names)) for c in range(len(outcomes))):
            if (row, column) not in filled:
                axes.text(column, row, "·", ha="center", va="center", color=MUTED)
        for record in frame.to_dict("records"):
            face, edge = (INK, INK) if record["grade"] >= Grade.E3 else ("white", MUTED)
            axes.scatter(
                [outcomes.index(record["outcome"])], [names.index(record["label"])], s=34 if record["direction"] == "unclear" else 64,
                marker=DIRECTIONS[record["direction"]], facecolors=face, edgecolors=edge, linewidths=1.2, zorder=3,
            )
        rows(axes, labels)
        axes.set_xticks(range(len(outcomes)), [folded(str(o), 14) for o in outcomes])
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", labelcolor=INK)
        axes.set_xlim(-0.6, len(outcomes) - 0.4)
        axes.grid(visible=False)
        axes.hlines(np.arange(len(names) - 1) + 0.5, -0.6, len(outcomes) - 0.4, color=RULE, linewidth=0.5)
        axes.spines["bottom"].set_visible(False)
        looks: list[tuple[str, Look]] = [(d, {"marker": m, "color": INK}) for d, m in DIRECTIONS.items()]
        looks.append(("hollow", {"marker": "^", "color": MUTED, "markerfacecolor": "white"}))
        legend(figure, [(say(f"scorecard.harvest_{d}", language), look) for d, look in looks])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def claim_remeasured(frame: pd.DataFrame, *, unit: Unit, language: Language, outcome: str = "", simulated: bool = False) -> "Figure":
    """Per claim three marks on one axis (claimed, measured again, estimated) and, beside them, what the difference is made of.

    Parameters
    ----------
    frame : DataFrame
        label; claimed, remeasured, estimated, each with _low and _high (bounds of the wording, intervals of the others; NaN: none), in
        `unit`; regression_to_mean, season, recording: parts of the difference between measured again and estimated, in `unit`, with their
        signs (NaN: not known).
    """
    from matplotlib.figure import Figure

    labels, colour = [folded(str(name)) for name in frame["label"]], colour_of(outcome)
    looks: dict[str, dict[str, Any]] = {
        "claimed": {"marker": "o", "color": MUTED, "markerfacecolor": "white"}, "remeasured": {"marker": "D", "color": MUTED},
        "estimated": {"marker": "s", "color": colour},
    }
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.15 + 1.5 * max(ROW * len(frame), height(labels) / 1.5)))
        axes, parts = figure.subplots(1, 2, width_ratios=(1.0, 0.66), sharey=True)
        ends = [f"{name}{end}" for name in looks for end in ("", "_low", "_high")]
        axes.set_xlim(*span(frame[ends].to_numpy(dtype=float)))
        axes.axvline(0, color=INK, linewidth=0.8)
        for offset, (name, look) in zip((-0.24, 0.0, 0.24), looks.items(), strict=True):
            for at, row in enumerate(frame.to_dict("records")):
                interval(axes, at + offset, (row[f"{name}_low"], row[f"{name}_high"]), look["color"], 1.2)
                axes.plot([row[name]], [at + offset], linestyle="none", markersize=5, zorder=3, **look)
        _parts(parts, frame, say("scorecard.parts_axis", language, axis=axis_label(unit, language)), language, simulated=simulated)
        rows(axes, labels)
        axes.hlines(np.arange(len(frame) - 1) + 0.5, *axes.get_xlim(), color=RULE, linewidth=0.5)
        axes.set_xlabel(axis_label(unit, language))
        legend(figure, [(say(f"scorecard.mark_{name}", language), look) for name, look in looks.items()])
        stamp_drawing(figure, stamp_of(language, simulated=simulated))
    return figure


def _parts(axes: "Axes", frame: pd.DataFrame, label: str, language: Language, *, simulated: bool) -> None:
    """Stacked bars, to the right what makes a number larger, to the left what makes it smaller."""
    from matplotlib.patches import Patch

    values = frame[list(PARTS)].to_numpy(dtype=float)
    for sign in (1, -1):
        start = np.zeros(len(frame))
        for column, name in enumerate(PARTS):
            width = np.where(np.nan_to_num(values[:, column]) * sign > 0, np.nan_to_num(values[:, column]), 0.0)
            bars = axes.barh(np.arange(len(frame)), width, left=start, height=0.5, color=PART_COLOUR[name], edgecolor="white", linewidth=0.4)
            for bar in bars if simulated else ():
                bar.set_hatch(HATCH)
            start = start + width
    for at, row in enumerate(values):
        if np.isnan(row).all():
            axes.text(0, at, "—", ha="center", va="center", color=MUTED)
    axes.axvline(0, color=INK, linewidth=0.8)
    sums = np.stack([np.where(values > 0, values, 0).sum(axis=1), np.where(values < 0, values, 0).sum(axis=1)])
    axes.set_xlim(*span(sums))
    quiet(axes, "x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", labelleft=False)
    axes.set_xlabel(folded(label, 28))
    handles = [Patch(facecolor=PART_COLOUR[name], edgecolor=MUTED, linewidth=0.4, label=say(f"scorecard.part_{name}", language)) for name in PARTS]
    axes.legend(
        handles=handles, fontsize=7.5, frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), handlelength=1.2, borderaxespad=0.1, labelspacing=0.2
    )

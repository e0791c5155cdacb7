"""Drawings of lesson 6: one community by month, what changes in its books, a ranking a year earlier, and what each way of comparing makes of the same months."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from commresearch.course.lesson_6 import CHOSEN, MONTHS_AFTER, OPENS, Change, District, earlier_ranking, told
from commresearch.course.lesson_6_books import Book
from commresearch.course.lesson_6_replays import REPLAYS, Apparent, apparent, settings
from commresearch.reporting.style import (
    INK,
    MUTED,
    OUTCOME_COLOUR,
    RULE,
    house_style,
    mark_date,
)
from commresearch.terms import Headline, Language
from commresearch.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, NARROWER = 4.2, 4.0  #: inches: on a telephone they need not be moved sideways, in a box of choices neither
COLOUR = OUTCOME_COLOUR[Headline.COMPLAINTS]
PALE = "#e9c3ae"  #: the same in a lighter shade
HIGHEST = 290.0  #: complaints a month: the same axis for every choice of a reader
STEPS = ("half", "last_year", "earlier_year", "all_channels")


def _said(key: str, **values: object) -> str:
    return say(f"course.lesson_6_{key}", Language.ZH, **values)


def _quiet(axes: "Axes") -> None:
    axes.tick_params(length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def three_years(place: District) -> "Figure":
    """All communities together, a line per year over the calendar months: what every year does."""
    from matplotlib.figure import Figure

    years = sorted(set(place.months.year))
    looks = (("#9aa3ad", "-"), (MUTED, (0, (5, 2))), (COLOUR, "-"))
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.7))
        axes = figure.subplots()
        ends = []
        for year, (colour, line) in zip(years, looks, strict=True):
            counts = place.hotline[:, place.months.year == year].sum(axis=0)
            axes.plot(range(1, 13), counts, color=colour, linestyle=line, linewidth=1.7, marker="o", markersize=3.2)
            ends.append((int(counts[-1]), year, colour))
        axes.axvspan(6.5, 12.5, color="#f4f5f7", zorder=0)
        axes.set_ylim(0, None)
        for at, (_, year, colour) in zip(_apart([end for end, _, _ in sorted(ends)], 0.07 * axes.get_ylim()[1]), sorted(ends), strict=True):
            axes.text(12.7, at, _said("year", year=year), va="center", fontsize=8.5, color=colour)
        axes.set_xlim(0.6, 13.8)
        axes.set_xticks(range(1, 13, 2), [_said("month", month=m) for m in range(1, 13, 2)])
        axes.set_ylabel(_said("per_month"))
        _quiet(axes)
    return figure


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places of labels, moved up where they would lie on one another, then back by half of what the last one was moved."""
    made: list[float] = []
    for place in places:
        made.append(max(place, made[-1] + gap) if made else place)
    back = (made[-1] - places[-1]) / 2
    return [at - back for at in made]


def slopes(place: District, n: int) -> "Figure":
    """Every community in the year of an earlier ranking and in the next, no centre anywhere: the n worst and the n best stand out."""
    from matplotlib.figure import Figure

    ranking = earlier_ranking(place)
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.3))
        axes = figure.subplots()
        for i, (first, second) in enumerate(ranking[["first", "second"]].to_numpy(dtype=float)):
            side = "worst" if i < n else "best" if i >= len(ranking) - n else "middle"
            colour, width = {"worst": (COLOUR, 1.9), "best": (INK, 1.6), "middle": ("#c3c9d0", 0.8)}[side]
            axes.plot([0, 1], [first, second], color=colour, linewidth=width, marker="o", markersize=3 if side == "middle" else 4, zorder=1 if side == "middle" else 3)
        mean = ranking[["first", "second"]].mean()
        axes.plot([0, 1], mean, color=MUTED, linewidth=1.6, linestyle=(0, (5, 2)), zorder=2)
        for group, colour, label in ((ranking.head(n), COLOUR, "worst"), (ranking.tail(n), INK, "best")):
            axes.text(1.04, group["second"].mean(), _said(label, n=n, change=told(100 * (group["second"].mean() / group["first"].mean() - 1))), color=colour, va="center", fontsize=8.5)
        axes.text(1.04, float(mean["second"]), _said("all_units", n=len(ranking), change=told(100 * (mean["second"] / mean["first"] - 1))), color=MUTED, va="center", fontsize=8.5)
        axes.set_xlim(-0.25, 1.7)
        axes.set_ylim(0, None)
        axes.set_xticks([0, 1], [_said("ranking_year"), _said("next_year")])
        axes.set_ylabel(_said("rate"))
        _quiet(axes)
    return figure


def books(shown: Sequence[Book]) -> "Figure":
    """What happened (line) and what the book holds (bars), side by side for several changes of recording."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        places = np.atleast_1d(figure.subplots(1, len(shown)))
        for axes, book in zip(places, shown, strict=True):
            at, months = np.arange(len(book.months)), list(book.months)
            axes.bar(at, book.recorded, color=COLOUR, width=0.78)
            axes.plot(at, book.happened, color=INK, linewidth=1.2, marker="o", markersize=2.6)
            axes.axvline(months.index(OPENS) - 0.5, color=INK, linewidth=0.6)
            axes.set_ylim(0, 1.25 * max(book.happened))
            axes.set_title(_said(f"book_{book.kind}"), fontsize=9)
            axes.set_xticks([0, 6, len(at) - 1], [_said("month", month=months[i].month) for i in (0, 6, len(at) - 1)])
            axes.set_xlabel(_said(f"book_{book.kind}_unit"), fontsize=8)
            _quiet(axes)
        handles = [*places[0].containers, *places[0].lines[:1]]
        figure.legend(handles, [_said("recorded"), _said("happened")], ncols=2, loc="outside lower center", frameon=False, fontsize=8.5)
    return figure


def steps(worlds: Sequence[tuple[str, Mapping[str, Change], float]]) -> "Figure":
    """What four ways of comparing say of the same months, one panel per world, the truth as a line.

    Parameters
    ----------
    worlds : sequence of (title, changes by way of comparing, true change in percent)
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(WIDTH, 1.1 + 1.5 * len(worlds)))
        places = np.atleast_1d(figure.subplots(len(worlds), 1, sharex=True))
        for axes, (title, changes, truth) in zip(places, worlds, strict=True):
            values = [changes[name].percent for name in STEPS]
            rows = np.arange(len(STEPS))
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.axvline(truth, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
            axes.barh(rows, values, height=0.56, color=[PALE, PALE, PALE, COLOUR])
            for row, value in zip(rows, values, strict=True):
                axes.text(min(value, 0) - 1, row, told(value), ha="right", va="center", fontsize=8.5, bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"})
            axes.text(truth - 1, -0.72, _said("truth", change=told(truth)) if truth else _said("truth_none"), ha="right", va="center", fontsize=8.5)
            axes.set_yticks(rows, [_said(f"step_{name}") for name in STEPS])
            axes.set_ylim(len(STEPS) - 0.5, -0.95)
            axes.set_title(title, fontsize=9.5)
            _quiet(axes)
            axes.grid(visible=False)
        lowest = min(change.percent for _, changes, _ in worlds for change in changes.values())
        places[-1].set_xlim(lowest - 22, 12)
        places[-1].set_xlabel(_said("axis_change"))
    return figure


def replayed(found: Apparent) -> "Figure":
    """The mean path of the chosen communities where the centre does nothing, with the months compared and their means."""
    from matplotlib.figure import Figure

    opens = int(np.argmax(found.months >= OPENS))
    first = opens - 12
    at, path = np.arange(len(found.months) - first), found.path[first:]
    with house_style():
        figure = Figure(figsize=(NARROWER, 2.7))
        axes = figure.subplots()
        axes.plot(at, path, color=MUTED, linewidth=1.3, marker="o", markersize=3)
        axes.set_ylim(0, HIGHEST)
        for start, stop, mean, colour in ((12 - found.n_before, 12, found.before, "#c7683a"), (12, len(at), found.after, COLOUR)):
            axes.axvspan(start - 0.5, stop - 0.5, color=PALE if stop == 12 else "#f3ded2", alpha=0.55, zorder=0)
            axes.hlines(mean, start - 0.4, stop - 0.6, color=colour, linewidth=2.2)
            axes.text((start + stop - 1) / 2, HIGHEST * 0.06, _said("mean_of", mean=f"{mean:.0f}"), ha="center", fontsize=8.5)
        mark_date(axes, 11.5, "start", _said("opens"))
        axes.set_title(_said("seen_against_truth", change=told(found.percent)), fontsize=10)
        axes.set_xticks(range(0, len(at), 6), [f"{month:%Y-%m}" for month in found.months[first::6]])
        axes.set_ylabel(_said("per_month"))
        _quiet(axes)
    return figure


def replay_states() -> dict[tuple[str, ...], tuple["Figure", str, str]]:
    """What every choice of a reader shows: a drawing, a sentence on what is seen, an alternative text."""
    states: dict[tuple[str, ...], tuple[Figure, str, str]] = {}
    for choice, n_before, season, moved in settings():
        found = apparent((choice, n_before, season, moved))
        mixed = [name for name, is_on in (("season", season), ("regression", choice == "worst"), ("recording", moved)) if is_on]
        causes = _said("joiner").join(_said(f"cause_{name}") for name in mixed)
        values = {"change": told(found.percent), "n": REPLAYS, "low": told(found.low), "high": told(found.high)}
        text = _said("replay", causes=_said("mixed", causes=causes) if mixed else _said("nothing_mixed"), **values)
        states[choice, str(n_before), "yes" if season else "no", "moved" if moved else "same"] = (replayed(found), text, replay_alt(found))
    return states


def replay_alt(found: Apparent) -> str:
    """What the drawing shows, for those who cannot see it: sums of the chosen communities, as the path has them."""
    means = {"before": f"{found.before:.0f}", "after": f"{found.after:.0f}"}
    return _said("replay_alt", few=CHOSEN, months=found.n_before, months_after=MONTHS_AFTER, change=told(found.percent), **means)

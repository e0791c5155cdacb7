"""Lesson 3: what a sign-in sheet still tells when one of its columns is left out, as the lowest and the highest number that it allows."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING

import pandas as pd

from commresearch.course.lesson_3 import ATTENDS, BAND, YOUTH, came
from commresearch.reporting.style import INK, MUTED, RULE, house_style
from commresearch.words.precision import fixed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("person", "age", "home", "time")  #: of the sheet; each is kept or left out
KEPT, LEFT = "kept", "left"
QUANTITIES = ("person_times", "evening_times", "persons", "in_band", "youth")
EVENING = 18  #: o'clock
WIDTH = 3.95  #: inches: a telephone shows such a drawing whole, with letters that can be read


def countable(kept: Mapping[str, bool]) -> pd.DataFrame:
    """The lowest and highest number of each quantity that the sheet allows.

    Parameters
    ----------
    kept : mapping
        Column of `COLUMNS` → whether the sheet has it.

    Returns
    -------
    DataFrame
        Index `QUANTITIES`; low, high: of those who signed in one by one and took part. Without a code of the person nobody knows who came twice: at
        least as many persons as at the fullest event, at most as many as rows.
    """
    rows = came()
    rows = rows[rows["role"] == ATTENDS]
    evening, in_band, resident = rows["at"].dt.hour >= EVENING, rows["age"].between(*BAND), rows["resident"]
    sure = {"persons": pd.Series(data=True, index=rows.index), "in_band": in_band & kept["age"], "youth": in_band & resident & kept["age"] & kept["home"]}
    possible = {"persons": sure["persons"], "in_band": in_band | (not kept["age"]), "youth": (in_band | (not kept["age"])) & (resident | (not kept["home"]))}
    found = {
        "person_times": (len(rows), len(rows)), "evening_times": (int(evening.sum()),) * 2 if kept["time"] else (0, len(rows)),
        **{name: (_persons(rows[sure[name]], kept, highest=False), _persons(rows[possible[name]], kept, highest=True)) for name in sure},
    }
    return pd.DataFrame.from_dict(found, orient="index", columns=["low", "high"]).loc[list(QUANTITIES)]


def _persons(rows: pd.DataFrame, kept: Mapping[str, bool], *, highest: bool) -> int:
    """Distinct persons of some rows, or the end of what is possible where nobody is told from another."""
    if rows.empty:
        return 0
    if kept["person"]:
        return int(rows["person"].nunique())
    return len(rows) if highest else int(rows.groupby("event").size().max())


def choices() -> Iterator[tuple[tuple[str, ...], dict[str, bool]]]:
    """Every combination of columns: its key as controls give it, and column → kept."""
    for key in product((KEPT, LEFT), repeat=len(COLUMNS)):
        yield key, {column: value == KEPT for column, value in zip(COLUMNS, key, strict=True)}


def told(found: pd.DataFrame, words: Mapping[str, str]) -> str:
    """One sentence on what the sheet tells of youth.

    Parameters
    ----------
    words : mapping
        exact, with {low} persons and {low_rate} percent; range, with {low}, {high}, {low_rate}, {high_rate} too; evening (with {n}) and no_evening.
    """
    low, high = ends_of(found, "youth")
    youth = words["exact" if low == high else "range"].format(low=low, high=high, low_rate=rate(low), high_rate=rate(high))
    first, last = ends_of(found, "evening_times")
    return youth + (words["evening"].format(n=first) if first == last else words["no_evening"])


def ends_of(found: pd.DataFrame, quantity: str) -> tuple[int, int]:
    """Lowest and highest number of one quantity."""
    return int(found["low"].loc[quantity]), int(found["high"].loc[quantity])


def rate(persons: float) -> str:
    """Youth participation in percent, with one decimal where it is not zero."""
    return fixed(100 * persons / YOUTH, 1 if persons else 0)


def span(low: float, high: float, words: Mapping[str, str]) -> str:
    """One number where both ends are the same, else both."""
    return f"{low:.0f}" if low == high else words["between"].format(low=f"{low:.0f}", high=f"{high:.0f}")


def ranges(found: pd.DataFrame, words: Mapping[str, str]) -> "Figure":
    """A row per quantity: a point where it is known, a bar from the lowest to the highest number where it is not.

    Parameters
    ----------
    words : mapping
        The names of `QUANTITIES`; axis; between, with {low} and {high}.
    """
    from matplotlib.figure import Figure

    most = int(found["high"].max())
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.5))
        axes = figure.subplots()
        for place, (low, high) in enumerate(found[["low", "high"]].to_numpy().tolist()):
            if low == high:
                axes.plot([low], [place], marker="o", color=INK, markersize=8)
            else:
                axes.barh(place, high - low, left=low, height=0.42, color=RULE, edgecolor=MUTED, hatch="///", linewidth=0.8)
            axes.text(high + 0.03 * most, place, span(low, high, words), va="center", fontsize=9.5, color=INK if low == high else MUTED)
        axes.set_yticks(range(len(found)), [words[str(name)] for name in found.index])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlim(0, 1.22 * most)
        axes.set_xlabel(words["axis"])
        axes.grid(axis="x", color=RULE, linewidth=0.5)
        axes.tick_params(length=0)
    return figure

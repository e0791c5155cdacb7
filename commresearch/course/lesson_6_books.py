"""Lesson 6: three ways in which a book changes on the day a centre opens, with what happened beside it. Nothing changed but the book."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.course.lesson_6 import MOVED, OPENS, SEED, WORLD
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import Language
from commresearch.words import say
from commresearch.words.precision import fixed

Kind = Literal["channel", "category", "register"]
KINDS: tuple[Kind, ...] = ("channel", "category", "register")
RECODED = 30.0  #: percent of complaints that a new list of types calls requests for help
FLAT = replace(WORLD, units=2, season=0.0, unit_sd=0.0, shock_sd=0.02, level=50.0)
#: Person-times of activities. A register that begins late begins one month before the start that is named here: with the opening.
ACTIVITIES = PanelSpec(units=2, months=WORLD.months, treated=1, starts=(31,), level=95.0, households=2_000.0, unit_sd=0.0, shock_sd=0.02, season=0.0, artefact="late_record")
FIRST, LAST = "2025-01", "2025-12"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """Twelve months around an opening: what happened, and what the book holds (a zero where it does not exist yet, as a table shows it)."""

    kind: Kind
    months: pd.DatetimeIndex
    happened: NDArray[np.int64]
    recorded: NDArray[np.int64]

    def means(self, counts: NDArray[np.int64]) -> tuple[float, float]:
        """Mean a month before the opening and from it on."""
        after = self.months >= OPENS
        return float(counts[~after].mean()), float(counts[after].mean())


def changed_book(kind: Kind) -> Book:
    """One change of recording in a community in which nothing else changes.

    Parameters
    ----------
    kind : str
        channel: complaints told at the desk are not in the hotline; category: some are called requests for help; register: a sign-in sheet that was
        not kept before.
    """
    if kind == "register":
        return _register()
    counts, months = _drawn(FLAT, "none")
    share = {"channel": MOVED, "category": RECODED}[kind]
    kept = np.random.default_rng((SEED, KINDS.index(kind), 3)).binomial(counts, 1 - share / 100)
    return Book(kind=kind, months=months, happened=counts, recorded=np.where(months >= OPENS, kept, counts))


def _register() -> Book:
    """The same draw with and without the register that begins late: the counts are alike."""
    recorded, months = _drawn(ACTIVITIES, "late_record")
    happened, _ = _drawn(ACTIVITIES, "none")
    return Book(kind="register", months=months, happened=happened, recorded=recorded)


def _drawn(spec: PanelSpec, artefact: Literal["none", "late_record"]) -> tuple[NDArray[np.int64], pd.DatetimeIndex]:
    """Counts of the community that is treated, or of the first where none is, in the twelve months."""
    frame = simulate_panel(replace(spec, artefact=artefact), rng=np.random.default_rng(SEED)).frame
    own = frame[frame["treated_from"].notna()] if spec.treated else frame[frame["unit_id"] == frame["unit_id"].iloc[0]]
    year = own[(own["month"] >= FIRST) & (own["month"] <= LAST)]
    return year["numerator"].fillna(0).to_numpy().astype(np.int64), pd.DatetimeIndex(year["month"])


def kinds(shown: Sequence[Book]) -> list[str]:
    """A line for each change: what it makes of the book, what happened, and how it is found out (Markdown)."""
    return [
        _said("line", kind=_said(book.kind), recorded=_course(*book.means(book.recorded)), happened=_course(*book.means(book.happened)), ask=_said(f"{book.kind}_ask"))
        for book in shown
    ]


def _course(before: float, after: float) -> str:
    """Means before and after, with the change where there is something that it can be in proportion to."""
    change = _said("from_nothing") if before == 0 else f"{fixed(100 * (after / before - 1), 0)}%"
    return _said("course", before=f"{before:.0f}", after=f"{after:.0f}", change=change)


def _said(key: str, **values: object) -> str:
    return say(f"course.lesson_6_book_{key}", Language.ZH, **values)

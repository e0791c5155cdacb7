"""What lesson 1 tells of one published percentage: what its sentence states, which counts can stand behind it, what chance does to counts of their size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cases.claim import FULL, Claim, claims_in, missing_elements
from commresearch.comparison.claim_numbers import change_pairs, ratio_interval
from commresearch.comparison.claim_wording import percent_or_points
from commresearch.comparison.claims_audit import audit_claims, evidence_grade
from commresearch.comparison.finding import signed_percent
from commresearch.reporting.style import ACCENT, INK, MUTED, RULE, house_style
from commresearch.terms import Language
from commresearch.words import number, say
from commresearch.words.catalogue import entries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALLEST = 3  #: pairs of whole numbers that are shown
PLACES, SEED = 1_000, 101  #: fictional communities in which nothing changes, and their draw
INSIDE = 95.0  #: percent of them that the band holds
WIDEST = 150.0  #: percent at which rises are cut off in the drawing; a fall goes no further than −100
BIN = 10.0
BELOW = 35  #: Chinese characters of a line of small letters under a drawing
NARROW = 3.8  #: inches: a phone shows a figure about as wide as a hand, and its letters must stay readable
#: what a reader of a percentage asks for, in the order in which it is asked
ELEMENTS = ("base", "denominator", "period", "comparison", "counter")


def claim_of(claims: pd.DataFrame, claim_id: str) -> Claim:
    """One claim of the published ledger.

    Parameters
    ----------
    claims : DataFrame
        The `claims` of `load_published`.
    claim_id : str

    Raises
    ------
    KeyError
        There is no such claim (a mistake in the lesson).
    """
    found = {claim.claim_id: claim for claim in claims_in(claims, repeats=True)}
    return found[claim_id]


def _said(key: str, **values: object) -> str:
    return say(f"course.lesson_1_{key}", Language.ZH, **values)


# ── what the sentence states ─────────────────────────────────────────────────────────────────────────────────────────────


def stated(claim: Claim) -> Mapping[str, bool]:
    """Whether the text states each element; base, period and denominator as the audit looks for them, the denominator for counts, too."""
    missing = missing_elements(claim)
    return {
        "base": "base" not in missing, "denominator": not math.isnan(claim.denominator), "period": "period" not in missing,
        "comparison": bool(claim.comparator), "counter": bool(claim.instrument),
    }


def element_table(claim: Claim) -> pd.DataFrame:
    """One row per element: its name, what to ask, what the sentence says of it."""
    found = stated(claim)
    rows = [(_said(f"{name}"), _said(f"{name}_ask"), _element(claim, name, is_stated=found[name])) for name in ELEMENTS]
    return pd.DataFrame(rows, columns=[_said("element"), _said("ask"), _said("in_text")])


def _element(claim: Claim, name: str, *, is_stated: bool) -> str:
    if is_stated:
        values = {
            "base": number(claim.baseline), "denominator": number(claim.denominator), "period": claim.period_words or claim.period_start,
            "comparison": claim.comparator, "counter": claim.instrument,
        }
        return _said("stated", value=values[name])
    if name == "period" and claim.period_words:
        return _said("period_words", words=claim.period_words)
    return _said("own_past") if name == "comparison" and claim.is_change else _said("not_stated")


def questions(claims: pd.DataFrame, claim_id: str) -> list[str]:
    """What the audit asks the issuer about a claim where it stands alone."""
    found = audit_claims(claims[claims["claim_id"] == claim_id])
    return [question for question in found["question"] if question]


def may_be_said(claim: Claim) -> tuple[str, str]:
    """The grade that the claim's wording can reach, and the words that this grade allows."""
    grade = str(evidence_grade(claim))
    return grade, allowed_words(grade)


def allowed_words(grade: str) -> str:
    """The words that a grade of evidence, E0 to E5, allows.

    Raises
    ------
    KeyError
        There is no such grade (a mistake in the lesson).
    """
    return entries("grades")[grade]["words_zh"]


# ── which counts can stand behind it ─────────────────────────────────────────────────────────────────────────────────────


def percent_change(before: float, after: float) -> float:
    """Change in percent of the earlier number."""
    return FULL * (after / before - 1)


def later_number(before: float, percent: float) -> float:
    """What an earlier number becomes by a relative change in percent."""
    return before * (1 + percent / FULL)


def earlier_number(after: float, percent: float) -> float:
    """The earlier number that a relative change in percent, above −100, leads to the later one."""
    return after / (1 + percent / FULL)


def smallest_pairs(claim: Claim) -> list[tuple[int, int]]:
    """The smallest pairs of earlier and later whole number that give the printed change."""
    return list(islice(change_pairs(claim), SMALLEST))


def room_below(claim: Claim) -> tuple[float, float]:
    """The highest earlier rate, in percent, from which a printed rise in % can be a relative one, and one in points: above it the later rate would exceed 100 %.

    Raises
    ------
    StopIteration
        The claim tells no rise of a rate (a mistake in the lesson).
    """
    values = next(finding.values for finding in percent_or_points([claim]) if "relative" in finding.values)
    return float(str(values["relative"])), float(str(values["points"]))


def persons_behind(times: int, sessions: int) -> tuple[int, int]:
    """Fewest and most persons behind a number of person-times, where nobody is counted twice at one session."""
    return math.ceil(times / sessions), times


# ── what chance does ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unchanged:
    """Percent changes of places in which nothing changed from one year to the next.

    changes : array (places,)
        In percent of the first year; places without a case in it are left out.
    low, high : float
        Between them lie 95 % of the places.
    """

    base: int
    calls: float
    changes: NDArray[np.float64]
    low: float
    high: float

    def as_far(self, percent: float) -> int:
        """How many of 1,000 places fall by so much or more; `percent` is negative."""
        return round(1_000 * float((self.changes <= percent).mean()))

    def holds(self, percent: float) -> bool:
        """Whether a change lies within what nearly all of these places show."""
        return self.low <= percent <= self.high


def unchanged_places(base: int, calls: float = 1.0, *, places: int = PLACES, seed: int = SEED) -> Unchanged:
    """Two years of fictional places with the same expected number of contacts in both.

    Parameters
    ----------
    base : int
        Expected contacts of a year.
    calls : float
        Mean number of contacts that one matter brings, 1 or more: the first, and a Poisson number of others.
    places, seed : int

    Notes
    -----
    Matters are Poisson with mean base / calls. With one contact each, counts are Poisson; with more their variance is larger, by the mean square of the
    contacts of a matter over their mean.
    """
    rng = np.random.default_rng(seed)
    matters = rng.poisson(base / calls, (2, places))
    before, after = matters + rng.poisson(matters * (calls - 1))
    there = before > 0
    changes = FULL * (after[there] / before[there] - 1)
    low, high = np.percentile(changes, ((FULL - INSIDE) / 2, (FULL + INSIDE) / 2))
    return Unchanged(base=base, calls=calls, changes=changes, low=float(low), high=float(high))


def told(drawn: Unchanged, percent: float) -> str:
    """What a reader sees in the drawing, in one or two sentences."""
    after = round(later_number(drawn.base, percent))
    values = {
        "base": number(drawn.base), "after": number(after), "fall": number(-percent), "places": number(PLACES), "times": number(drawn.as_far(percent)),
        "low": signed_percent(drawn.low), "high": signed_percent(drawn.high),
    }
    return _said("inside" if drawn.holds(percent) else "outside", **values)


def drawing_alt(drawn: Unchanged, percent: float) -> str:
    """What the drawing shows, for those who cannot see it."""
    return _said("chance_alt", base=number(drawn.base), low=signed_percent(drawn.low), high=signed_percent(drawn.high), fall=number(-percent))


def chance_figure(drawn: Unchanged, percent: float) -> "Figure":
    """How often each change comes up where nothing changed, the band of nearly all, and the printed change as a line."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(NARROW - 0.1, 2.3))
        axes = figure.subplots()
        edges = np.arange(-FULL, WIDEST + BIN, BIN)
        counts, _ = np.histogram(np.clip(drawn.changes, -FULL, WIDEST - BIN / 2), edges)
        axes.bar(edges[:-1], counts, width=BIN * 0.86, align="edge", color=RULE)
        _band(axes, drawn, float(counts.max()))
        axes.axvline(percent, color=ACCENT, linewidth=1.6)
        axes.annotate(
            _said("printed", fall=number(-percent)), (percent, counts.max() * 1.12), xytext=(3, 0), textcoords="offset points", color=ACCENT, fontsize=9, va="center"
        )
        axes.set_xlim(-FULL, WIDEST)
        axes.set_ylim(0, counts.max() * 1.2)
        axes.set_xticks([-100, -50, 0, 50, WIDEST], [signed_percent(x) for x in (-100, -50, 0, 50)] + [_said("or_more", high=signed_percent(WIDEST))])
        axes.set_xlabel(_said("axis_change"))
        axes.set_ylabel(_said("axis_places"))
    return figure


def _band(axes: "Axes", drawn: Unchanged, top: float) -> None:
    """The middle 95 % as a field behind the counts, its ends named above."""
    axes.axvspan(max(drawn.low, -FULL), min(drawn.high, WIDEST), color="#eef1f4", zorder=0)
    axes.plot([0, 0], [0, top], color=INK, linewidth=0.7)
    axes.set_title(_said("band", low=signed_percent(drawn.low), high=signed_percent(drawn.high)), fontsize=9, color=MUTED)


def pairs_figure(pairs: Sequence[tuple[int, int]], *, below: str = "") -> "Figure":
    """The same percentage of few and of many: the 95 % interval of the change, one line per pair of numbers.

    Parameters
    ----------
    pairs : sequence of (int, int)
        Earlier and later number.
    below : str
        What the picture itself says under the axis: on a slide no note stands beside it.
    """
    from matplotlib.figure import Figure

    lines = [below[start : start + BELOW] for start in range(0, len(below), BELOW)]
    with house_style():
        figure = Figure(figsize=(NARROW, 0.7 + 0.34 * len(pairs) + 0.15 * len(lines)))
        figure.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=7.4, color=MUTED)
        axes = figure.subplots()
        for row, (before, after) in enumerate(pairs):
            low, high = ratio_interval(before, after)
            middle = percent_change(before, after)
            axes.plot([low, min(high, WIDEST)], [row, row], color=ACCENT, linewidth=2.2, solid_capstyle="round")
            axes.plot(middle, row, "o", color=ACCENT, markersize=6)
            axes.annotate(_said("to", low=signed_percent(low), high=signed_percent(high)), (0, row), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9)
        axes.set_yticks(range(len(pairs)), [_said("pair", before=number(before), after=number(after)) for before, after in pairs])
        axes.set_ylim(len(pairs) - 0.5, -0.5)
        axes.set_xlim(-FULL, 45)
        axes.axvline(0, color=INK, linewidth=0.7)
        axes.set_xticks(range(-100, 1, 50), [signed_percent(x) for x in range(-100, 1, 50)])
        axes.set_xlabel(_said("axis_interval"))
    return figure


def chance_states(bases: Sequence[int], falls: Sequence[float], calls: Sequence[float]) -> dict[tuple[str, ...], tuple["Figure", str, str]]:
    """Every combination for the reader to choose from: figure, sentence and alternative text by base, calls and fall."""
    states: dict[tuple[str, ...], tuple[Figure, str, str]] = {}
    for base in bases:
        for each in calls:
            drawn = unchanged_places(base, each)
            for fall in falls:
                states[f"{base}", f"{each:g}", f"{fall:g}"] = (chance_figure(drawn, fall), told(drawn, fall), drawing_alt(drawn, fall))
    return states

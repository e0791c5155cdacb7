"""What changed between the test before and the test after the course: as a whole, by lesson and by item, with the difficulty of the two forms told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri

from commresearch.course.items import ITEMS, Form, items
from commresearch.course.score_file import AnswerSheet
from commresearch.errors import EstimationError, Failure
from commresearch.records.effects import Effect
from commresearch.survey.intervals import t_p_value, t_quantile
from commresearch.terms import Unit

CONF_LEVEL = 0.95
FEWEST = 3  #: persons with both tests, and persons of a group of its own, below which nothing is computed
SMALL = 10  #: persons below which single items and lessons have no interval and are not shown
CEILING = 0.15  #: share with every item right from which on a test cannot tell good from better
WEAK = 70.0  #: percent right after the course below which an item is worth repeating
MOST_WEAK = 3
PER_ITEM = 100 / ITEMS  #: percentage points of the score that one item is worth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreChange(Effect):
    """A mean change between the two tests.

    df : float
        Degrees of freedom of its t interval; NaN without one.
    n : int
        Persons.
    """

    df: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemChange(Effect):
    """An item or a lesson: percent right before and after, the change in percentage points.

    gained, lost : int
        Persons right only after, and right only before; of a lesson with several items sums over them.
    p_holm : float
        p value of an item with all ten items taken into account; NaN for lessons.
    """

    lesson: int
    item: int | None
    before: float
    after: float
    gained: int
    lost: int
    p_holm: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormGroups:
    """Persons who took form A first and persons who took form B first.

    a_first, b_first : ScoreChange or None
        Mean change of each group; None where it has fewer than three persons.
    adjusted : ScoreChange or None
        Mean of the two changes, in which the difficulty of the forms cancels; None unless both groups are there.
    b_easier : ScoreChange or None
        How many items more are right on form B than on form A by the same persons at the same time: half the difference of the two changes.
    """

    a_first: ScoreChange | None
    b_first: ScoreChange | None
    n_a_first: int
    n_b_first: int
    adjusted: ScoreChange | None
    b_easier: ScoreChange | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CourseScore:
    """The analysis of a sheet of answers.

    before, after : float
        Mean number of items right, of ten.
    change, change_points : ScoreChange
        Mean change per person in items, and in percentage points of the items.
    full_before, full_after : float
        Share of persons with every item right, 0-1.
    """

    sheet: AnswerSheet
    before: float
    after: float
    change: ScoreChange
    change_points: ScoreChange
    forms: FormGroups
    items: tuple[ItemChange, ...]
    lessons: tuple[ItemChange, ...]
    full_before: float
    full_after: float

    @property
    def n(self) -> int:
        """Persons with both tests."""
        return self.sheet.n

    @property
    def main(self) -> ScoreChange:
        """The change that is told first: without the forms where they changed places, else the plain mean."""
        return self.change if self.forms.adjusted is None else self.forms.adjusted

    @property
    def is_small(self) -> bool:
        """Whether the group is too small for anything but its mean to be shown."""
        return self.n < SMALL

    @property
    def has_ceiling(self) -> bool:
        """Whether so many had every item right that the test was too easy for them."""
        return max(self.full_before, self.full_after) >= CEILING

    @property
    def weak(self) -> tuple[ItemChange, ...]:
        """Up to three items that many still got wrong after the course, the weakest first."""
        return tuple(sorted((item for item in self.items if item.after < WEAK), key=lambda item: (item.after, item.item))[:MOST_WEAK])

    def to_frame(self) -> pd.DataFrame:
        """What may be shown, one row each, in the vocabulary of effects.

        Returns
        -------
        DataFrame
            what (score, score_share, adjusted, b_easier, lesson, item), number (of the lesson or item; blank for the others), n, before, after and the columns
            of effects. Lessons and items of fewer than ten persons are left out.
        """
        rows = [("score", "", self.before, self.after, self.change), ("score_share", "", PER_ITEM * self.before, PER_ITEM * self.after, self.change_points)]
        for what, one in (("adjusted", self.forms.adjusted), ("b_easier", self.forms.b_easier)):
            if one is not None:
                rows.append((what, "", math.nan, math.nan, one))
        frames = [row.to_frame().assign(what=what, number=number, n=row.n, before=before, after=after) for what, number, before, after, row in rows]
        if not self.is_small:
            shown = [("lesson", one.lesson, one) for one in self.lessons] + [("item", one.item, one) for one in self.items]
            frames += [one.to_frame().assign(what=what, number=str(number), n=one.n, before=one.before, after=one.after) for what, number, one in shown]
        whole = pd.concat(frames, ignore_index=True)
        first = ["what", "number", "n", "before", "after"]
        return whole[first + [column for column in whole.columns if column not in first]]


def score_course(sheet: AnswerSheet, *, conf_level: float = CONF_LEVEL) -> CourseScore:
    """Compare the answers before and after, person by person.

    Parameters
    ----------
    sheet : AnswerSheet
    conf_level : float
        Of all intervals.

    Raises
    ------
    EstimationError
        Fewer than three persons have both tests (CR-J63).
    """
    if sheet.n < FEWEST:
        raise EstimationError(Failure(code="CR-J63", values={"n": sheet.n, "least": FEWEST}))
    before, after = (right.sum(axis=1) for right in (sheet.right_before, sheet.right_after))
    change = paired_change(after - before, unit=Unit.COUNT, conf_level=conf_level)
    by_item = _item_changes(sheet, conf_level)
    return CourseScore(
        sheet=sheet, before=float(before.mean()), after=float(after.mean()), change=change,
        change_points=paired_change(PER_ITEM * (after - before), unit=Unit.PERCENTAGE_POINTS, conf_level=conf_level),
        forms=form_groups(after - before, sheet.form_before == Form.A, conf_level=conf_level), items=by_item,
        lessons=tuple(_lesson_change(lesson, sheet, by_item, conf_level) for lesson in sorted({item.lesson for item in items()})),
        full_before=float((before == ITEMS).mean()), full_after=float((after == ITEMS).mean()),
    )


def paired_change(changes: NDArray[np.number], *, unit: Unit, conf_level: float = CONF_LEVEL) -> ScoreChange:
    """Mean of changes per person with its t interval on n − 1 degrees of freedom.

    Where all persons changed alike nothing tells how much chance there is in the mean: there is no interval and no p value.
    """
    n = len(changes)
    return _t_change(float(np.mean(changes)), float(np.std(changes, ddof=1) / math.sqrt(n)), n - 1, n=n, unit=unit, conf_level=conf_level)


def form_groups(changes: NDArray[np.number], a_first: NDArray[np.bool_], *, conf_level: float = CONF_LEVEL) -> FormGroups:
    """Changes of the two groups that took the forms in either order, and what the course of time and the forms have in each.

    Who took A first gains what changed and how much easier B is; who took B first gains what changed and loses that. Half the sum is the change, half the
    difference is the form; both have the standard error of half a difference of two means and Welch's degrees of freedom.
    """
    parts = [changes[side] for side in (a_first, ~a_first)]
    own = [paired_change(part, unit=Unit.COUNT, conf_level=conf_level) if len(part) >= FEWEST else None for part in parts]
    first, second = own
    adjusted = b_easier = None
    if first is not None and second is not None:
        variances = [np.var(part, ddof=1) / len(part) for part in parts]
        std_error = math.sqrt(sum(variances)) / 2
        df = sum(variances) ** 2 / sum(v**2 / (len(part) - 1) for v, part in zip(variances, parts, strict=True)) if std_error else math.nan
        halves = ((first.estimate + second.estimate) / 2, (first.estimate - second.estimate) / 2)
        adjusted, b_easier = (_t_change(half, std_error, float(df), n=len(changes), unit=Unit.COUNT, conf_level=conf_level) for half in halves)
    return FormGroups(a_first=first, b_first=second, n_a_first=len(parts[0]), n_b_first=len(parts[1]), adjusted=adjusted, b_easier=b_easier)


def _t_change(estimate: float, std_error: float, df: float, *, n: int, unit: Unit, conf_level: float) -> ScoreChange:
    statistic = estimate / std_error if std_error else math.nan
    margin = float(t_quantile(np.array(df), (1 + conf_level) / 2)) * std_error if std_error else math.nan
    return ScoreChange(
        estimate=estimate, std_error=std_error, statistic=statistic, p_value=float(t_p_value(np.array(statistic), np.array(df))), conf_low=estimate - margin,
        conf_high=estimate + margin, conf_level=conf_level, unit=unit, df=df if std_error else math.nan, n=n,
    )


def _item_changes(sheet: AnswerSheet, conf_level: float) -> tuple[ItemChange, ...]:
    gained = (~sheet.right_before & sheet.right_after).sum(axis=0).tolist()
    lost = (sheet.right_before & ~sheet.right_after).sum(axis=0).tolist()
    p_values = [mcnemar_mid_p(g, x) for g, x in zip(gained, lost, strict=True)]
    adjusted = holm(p_values)
    shares = [(100 * right.mean(axis=0)).tolist() for right in (sheet.right_before, sheet.right_after)]
    made = []
    for i, item in enumerate(items()):
        difference, discordant = gained[i] - lost[i], gained[i] + lost[i]
        low, high = paired_share_interval(gained[i], lost[i], sheet.n, conf_level) if sheet.n >= SMALL else (math.nan, math.nan)
        made.append(ItemChange(
            estimate=100 * difference / sheet.n, std_error=100 * math.sqrt(discordant - difference**2 / sheet.n) / sheet.n, statistic=math.nan,
            p_value=p_values[i], conf_low=100 * low, conf_high=100 * high, conf_level=conf_level, unit=Unit.PERCENTAGE_POINTS, lesson=item.lesson,
            item=item.id, before=shares[0][i], after=shares[1][i], gained=gained[i], lost=lost[i], p_holm=adjusted[i], n=sheet.n,
        ))
    return tuple(made)


def _lesson_change(lesson: int, sheet: AnswerSheet, by_item: Sequence[ItemChange], conf_level: float) -> ItemChange:
    """A lesson as its one item; where it has several, the share of them that each person has right, with a t interval."""
    own = [change for change in by_item if change.lesson == lesson]
    if len(own) == 1:
        one = own[0]
        return replace(one, item=None, p_holm=math.nan)
    columns = [i for i, item in enumerate(items()) if item.lesson == lesson]
    before, after = (100 * right[:, columns].mean(axis=1) for right in (sheet.right_before, sheet.right_after))
    change = paired_change(after - before, unit=Unit.PERCENTAGE_POINTS, conf_level=conf_level)
    low, high = (change.conf_low, change.conf_high) if sheet.n >= SMALL else (math.nan, math.nan)
    return ItemChange(
        estimate=change.estimate, std_error=change.std_error, statistic=change.statistic, p_value=change.p_value, conf_low=low, conf_high=high,
        conf_level=conf_level, unit=Unit.PERCENTAGE_POINTS, lesson=lesson, item=None, before=float(before.mean()), after=float(after.mean()),
        gained=sum(one.gained for one in own), lost=sum(one.lost for one in own), p_holm=math.nan, n=sheet.n,
    )


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """McNemar's exact test as mid-p: of those who changed, as many gained as lost.

    The exact two-sided binomial p value less the probability of what was observed, which brings a test on few discordant pairs back to its level; 1 where
    nobody changed.
    """
    n, least = gained + lost, min(gained, lost)
    at_most = float(bdtr(least, n, 0.5))
    exactly = at_most - (float(bdtr(least - 1, n, 0.5)) if least else 0.0)
    return min(1.0, 2 * at_most - exactly)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values with all of the family taken into account (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def paired_share_interval(gained: int, lost: int, n: int, conf_level: float = CONF_LEVEL) -> tuple[float, float]:
    """Interval of a difference of two shares of the same N persons, as shares (Bonett and Price 2012).

    The Wald interval after one pair was added to either kind of change: it keeps its level from small groups on and has a width where nobody changed.
    """
    more, fewer = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    centre = more - fewer
    margin = float(ndtri((1 + conf_level) / 2)) * math.sqrt((more + fewer - centre**2) / (n + 2))
    return max(-1.0, centre - margin), min(1.0, centre + margin)

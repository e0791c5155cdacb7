"""Lesson 6: complaints of a fictional district month by month; a centre opens where they were most, and it is known whether it did anything.

Everything that misleads is put in by hand and can be taken out again: a yearly wave, the choice of the worst, complaints that are written into another
book. What residents complained about and what the hotline holds are kept apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.impact.before_after import before_after
from commresearch.impact.result import ImpactEstimate
from commresearch.outcomes import Panel
from commresearch.simulate.demo_names import community_names
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import Language, Outcome, Unit
from commresearch.words import say
from commresearch.words.precision import fixed

Counts = NDArray[np.int64]
Window = tuple[str, str]  #: first and last month, both in it

SEED = 2  #: a draw that lies near the mean of many in every comparison, so that what is told of it holds of most
UNITS, MONTHS = 60, 36
OPENS = pd.Timestamp("2025-07-01")  #: the centre
OTHER_SEEDS = (3, 7)  #: of the districts of the workbook
CHOSEN = 6  #: communities that get one
EFFECT = -20.0  #: percent, in the world in which it works
MOVED = 15.0  #: percent of complaints that are told at the centre's desk instead of to the hotline
WORLD = PanelSpec(
    units=UNITS, months=MONTHS, treated=0, level=10.0, households=2_000.0, unit_sd=0.12, autocorrelation=0.6, shock_sd=0.22, season=0.2,
)
JUDGED: Window = ("2024-07", "2025-06")  #: the year by which communities were ranked
YEAR_BEFORE: Window = ("2023-07", "2024-06")
AFTER: Window = ("2025-07", "2025-12")
HAN_DIGITS = "零一二三四五六七八九"
MONTHS_AFTER = 6
CLOSE = 1.2  #: percent within which two answers cannot be told apart
#: What the months after the opening are compared with.
BEFORE: Mapping[str, Window] = {"half": ("2025-01", "2025-06"), "last_year": ("2024-07", "2024-12"), "earlier_year": ("2023-07", "2023-12")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class District:
    """A fictional district, and what is true of it.

    names : tuple of str (U,)
    households : int array (U,)
    months : DatetimeIndex (T,)
    happened, hotline : int array (U, T)
        Complaints that residents made, wherever they were told; those of them that the hotline holds.
    chosen : tuple of int
        Places of the communities with a centre, most complaints per household first.
    truth : float
        Percent by which the centre changed the expected number of complaints.
    """

    names: tuple[str, ...]
    households: Counts
    months: pd.DatetimeIndex
    happened: Counts
    hotline: Counts
    chosen: tuple[int, ...]
    truth: float

    @property
    def desk(self) -> Counts:
        """Complaints told at the desk of the centre, (U, T)."""
        return self.happened - self.hotline

    def within(self, window: Window) -> NDArray[np.bool_]:
        """Months of a window, (T,)."""
        first, last = (pd.Timestamp(month) for month in window)
        return np.asarray((self.months >= first) & (self.months <= last))

    def together(self, counts: Counts, window: Window) -> Counts:
        """Counts of the communities with a centre, added up, by month of a window."""
        return np.asarray(counts[list(self.chosen)][:, self.within(window)].sum(axis=0))

    def rates(self, window: Window) -> NDArray[np.float64]:
        """Complaints of the hotline per 1,000 households and month, (U,)."""
        return np.asarray(1_000 * self.hotline[:, self.within(window)].mean(axis=1) / self.households)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Complaints a month before and after, summed over communities, and the change in percent."""

    before: float
    after: float

    @property
    def percent(self) -> float:
        """Relative to before."""
        return 100 * (self.after / self.before - 1)

    @property
    def fall(self) -> float:
        """The same with falls above zero."""
        return -self.percent


@cache
def district(*, effect: float = 0.0, moved: float = MOVED, seed: int = SEED) -> District:
    """The district of the lesson: the same months and residents whatever the effect.

    Parameters
    ----------
    effect : float
        Percent, zero or negative: each complaint of a community with a centre is avoided with this probability.
    moved : float
        Percent of the complaints left that go to the desk of the centre.
    seed : int

    Notes
    -----
    Thinned Poisson counts are Poisson counts with the lower mean, so that the two worlds differ by the effect alone.
    """
    drawn = simulate_panel(WORLD, rng=np.random.default_rng(seed)).frame
    months = pd.DatetimeIndex(drawn["month"].unique())
    without = drawn["numerator"].to_numpy().reshape(UNITS, MONTHS).astype(np.int64)
    households = drawn["denominator"].to_numpy().reshape(UNITS, MONTHS)[:, 0].astype(np.int64)
    judged = (months >= pd.Timestamp(JUDGED[0])) & (months <= pd.Timestamp(JUDGED[1]))
    chosen = tuple(int(u) for u in np.argsort(-without[:, judged].sum(axis=1) / households, kind="stable")[:CHOSEN])
    open_here = np.isin(np.arange(UNITS), chosen)[:, None] & (months >= OPENS)[None, :]
    avoided, told = (np.random.default_rng((seed, part)) for part in (1, 2))
    happened = np.where(open_here, avoided.binomial(without, 1 + effect / 100), without)
    hotline = np.where(open_here, told.binomial(happened, 1 - moved / 100), happened)
    return District(
        names=community_names(0, UNITS), households=households, months=months, happened=happened, hotline=hotline, chosen=chosen, truth=effect,
    )


def halves(place: District, names: Sequence[str], total: str) -> pd.DataFrame:
    """The year of the opening as the hotline has it for the communities with a centre together, the two halves side by side, their sums below.

    Parameters
    ----------
    names : sequence of str
        Three columns: the months that stand side by side, complaints of the first half, of the second.
    total : str
        Label of the sums.
    """
    first, second = (place.together(place.hotline, window) for window in (BEFORE["half"], AFTER))
    rows = [(f"{_month(i + 1)} / {_month(i + 7)}", int(first[i]), int(second[i])) for i in range(MONTHS_AFTER)]
    return pd.DataFrame([*rows, (total, int(first.sum()), int(second.sum()))], columns=list(names))


def same_months(place: District, names: Sequence[str], total: str) -> pd.DataFrame:
    """July to December of three years, and what was told at the desks in the last, with sums below.

    Parameters
    ----------
    names : sequence of str
        Five columns: month, two years before, the year before, this year, desks.
    total : str
        Label of the sums.
    """
    windows = (BEFORE["earlier_year"], BEFORE["last_year"], AFTER)
    columns = [place.together(place.hotline, window) for window in windows] + [place.together(place.desk, AFTER)]
    rows = [(_month(i + 7), *(int(c[i]) for c in columns)) for i in range(MONTHS_AFTER)]
    return pd.DataFrame([*rows, (total, *(int(c.sum()) for c in columns))], columns=list(names))


def with_desk(place: District, names: Sequence[str], rows: Sequence[str], none: str) -> pd.DataFrame:
    """Sums of July to December, hotline above and desks below, of the year that nobody chose by and of the year of the opening.

    Parameters
    ----------
    names : sequence of str
        Three columns: what is counted, the earlier year, the year of the opening.
    rows : sequence of str
        Labels of hotline and desks.
    none : str
        Stands where there were no desks.
    """
    windows = (BEFORE["earlier_year"], AFTER)
    hotline, desk = ([int(place.together(counts, window).sum()) for window in windows] for counts in (place.hotline, place.desk))
    return pd.DataFrame([(rows[0], *map(str, hotline)), (rows[1], none, str(desk[1]))], columns=list(names))


def lying(table: pd.DataFrame, first: str) -> pd.DataFrame:
    """A table of months laid on its side, so that it takes few lines on paper: columns become rows, their names stand under `first`."""
    turned = table.set_index(table.columns[0]).T
    return turned.rename_axis(first).rename_axis(None, axis=1).reset_index()


def told(percent: float) -> str:
    """A change as a reader says it: falls and rises by name, whole percent."""
    if round(abs(percent)) == 0:
        return say("course.lesson_6_no_change", Language.ZH)
    return say(f"course.lesson_6_{'fall' if percent < 0 else 'rise'}", Language.ZH, percent=f"{abs(percent):.0f}")


def in_tenths(percent: float) -> str:
    """A percentage roughly, as people say it: 四成多 for 45."""
    tenths, rest = divmod(percent, 10)
    return say("course.lesson_6_tenths" if rest < 1 else "course.lesson_6_tenths_and_more", Language.ZH, tenths=HAN_DIGITS[int(tenths)])


def blank_account(names: Sequence[str]) -> pd.DataFrame:
    """The table in which the four ways of comparing are laid under each other by hand; columns as `names` has them, the first one filled."""
    return pd.DataFrame([(say(f"course.lesson_6_step_{which}", Language.ZH), *[""] * (len(names) - 1)) for which in (*BEFORE, "all_channels")], columns=list(names))


def _month(number: int) -> str:
    return say("course.lesson_6_month", Language.ZH, month=number)


def change(place: District, units: Sequence[int], before: Window, *, desk: bool = False) -> Change:
    """The months after the opening against others, in complaints a month.

    Parameters
    ----------
    units : sequence of int
        Places of the communities that are added up.
    before : Window
    desk : bool
        Whether complaints told at the desk count, too.
    """
    counts = (place.happened if desk else place.hotline)[list(units)].sum(axis=0)
    return Change(before=float(counts[place.within(before)].mean()), after=float(counts[place.within(AFTER)].mean()))


def step_by_step(place: District, units: Sequence[int]) -> dict[str, Change]:
    """The same months after, compared in a better way each time.

    Returns
    -------
    dict
        half: the six months before; last_year: the same months a year earlier, so that seasons cancel; earlier_year: the same months of the year that
        nobody chose by; all_channels: these, with what was told at the desk.
    """
    made = {name: change(place, units, window) for name, window in BEFORE.items()}
    return made | {"all_channels": change(place, units, BEFORE["earlier_year"], desk=True)}


def parts(steps: Mapping[str, Change]) -> dict[str, float]:
    """By how many points each better comparison brings the fall nearer to the truth: season, return to the mean, recording, and what is left."""
    half, last_year, earlier, whole = (steps[name].percent for name in ("half", "last_year", "earlier_year", "all_channels"))
    return {"season": half - last_year, "regression": last_year - earlier, "recording": earlier - whole, "left": whole}


def earlier_ranking(place: District) -> pd.DataFrame:
    """What a ranking a year earlier, when no centre was open anywhere, would have led to.

    Returns
    -------
    DataFrame
        name, first, second: complaints per 1,000 households and month in the year of that ranking and in the next; most first.
    """
    made = pd.DataFrame({"name": place.names, "first": place.rates(YEAR_BEFORE), "second": place.rates(JUDGED)})
    return made.sort_values("first", ascending=False, ignore_index=True)


def group_changes(ranking: pd.DataFrame, n: int = CHOSEN) -> dict[str, Change]:
    """Mean rates of the n worst, the n best and all communities of a ranking."""
    groups = {"worst": ranking.head(n), "best": ranking.tail(n), "all": ranking}
    return {name: Change(before=float(g["first"].mean()), after=float(g["second"].mean())) for name, g in groups.items()}


def hotline_panel(place: District, units: Sequence[int], windows: Sequence[Window]) -> Panel:
    """Some communities and months as the estimators take them; the district decided on all centres at once, which makes one assignment."""
    kept = np.any([place.within(window) for window in windows], axis=0)
    n = int(kept.sum())
    frame = pd.DataFrame({
        "unit": np.repeat([place.names[u] for u in units], n), "month": np.tile(place.months[kept], len(units)),
        "complaints": place.hotline[list(units)][:, kept].ravel().astype(float), "households": np.repeat(place.households[list(units)], n).astype(float),
        "opens": OPENS, "decision": "district",
    })
    return Panel.from_frame(
        frame, community="unit", period="month", numerator="complaints", denominator="households", treated_from="opens", cluster="decision",
        outcome=Outcome.COMPLAINT_RATE, unit=Unit.PER_1000_HOUSEHOLDS,
    )


def estimated_changes(place: District) -> dict[str, ImpactEstimate]:
    """Before and after by the package's own estimator for the communities with a centre: against the half year before, and the same months a year earlier."""
    return {name: before_after(hotline_panel(place, place.chosen, [BEFORE[name], AFTER])) for name in ("half", "last_year")}


def worst_of(ranking: pd.DataFrame, names: Sequence[str], total: str) -> pd.DataFrame:
    """The worst of a ranking with their mean, rates rounded as they are printed; columns as `names` has them: community, first year, next year."""
    top = ranking.head(CHOSEN)
    rows = list(zip(top["name"], top["first"].round(1), top["second"].round(1), strict=True))
    worst = group_changes(ranking)["worst"]
    return pd.DataFrame([*rows, (total, round(worst.before, 1), round(worst.after, 1))], columns=list(names))


def estimates_table(worlds: Sequence[tuple[str, District]], names: Sequence[str]) -> pd.DataFrame:
    """Estimates of before and after with their intervals, one row per world; columns as `names` has them: world, half, last_year."""
    rows = []
    for label, place in worlds:
        found = estimated_changes(place)
        ranges = [f"{_signed(e.estimate)}（{_signed(e.conf_low)}，{_signed(e.conf_high)}）" for e in (found["half"], found["last_year"])]
        rows.append((label, *ranges))
    return pd.DataFrame(rows, columns=list(names))


def _signed(value: float) -> str:
    return fixed(value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Changes of the communities with a centre and of all others over the same months."""

    chosen: Change
    others: Change


def against_others(place: District) -> Beside:
    """Every channel, the months after the opening against the same of the year that nobody chose by."""
    others = [u for u in range(len(place.names)) if u not in place.chosen]
    before = BEFORE["earlier_year"]
    return Beside(chosen=change(place, place.chosen, before, desk=True), others=change(place, others, before, desk=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the workbook: what stands there, the change asked for, a common mistake where it leads to another number, the place of what is still mixed in, the truth.

    stands : tuple
        District, what is compared, sums of the half year compared and of that after the opening.
    """

    stands: tuple[str, str, int, int]
    percent: float
    reversed: tuple[float, ...]
    left: int
    truth: float


def sheet_line(place: District, label: str, which: str) -> Line:
    """The communities with a centre of a district of this name, compared in one of the ways of `step_by_step`."""
    made = step_by_step(place, place.chosen)
    found = made[which]
    over_after = 100 * (found.after - found.before) / found.after
    return Line(
        stands=(label, say(f"course.lesson_6_line_{which}", Language.ZH), round(MONTHS_AFTER * found.before), round(MONTHS_AFTER * found.after)),
        percent=found.percent, reversed=(over_after,) if abs(over_after - found.percent) > CLOSE else (), left=list(made).index(which), truth=place.truth,
    )


def sheet_lines(labels: Sequence[str]) -> list[Line]:
    """Two more districts with names, four ways of comparing each: in the first the centres do nothing, in the second they do."""
    others = (district(seed=OTHER_SEEDS[0]), district(seed=OTHER_SEEDS[1], effect=EFFECT))
    return [sheet_line(place, label, which) for place, label in zip(others, labels, strict=True) for which in step_by_step(place, place.chosen)]

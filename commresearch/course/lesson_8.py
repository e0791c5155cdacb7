"""Lesson 8: what chance does among few communities, how wide intervals are, and what a grade lets one say.

A pilot of three out of thirty service centres, in percentage points of the share of room-hours that are used.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from commresearch.impact import estimate_impact, randomisation_inference
from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import Paths, assignment_paths
from commresearch.impact.before_after import before_after
from commresearch.impact.fixed_effects import treatment_fit, usable
from commresearch.impact.grade import STEPS, grade_evidence
from commresearch.impact.randomisation import two_way_test
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate
from commresearch.outcomes import Panel
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import Grade, Inference, Language, Method, Outcome, Unit
from commresearch.words import entries, say
from commresearch.words.effects import Facts, effect_sentence, effect_texts, outcome_name
from commresearch.words.precision import signed

SEED = 8  #: the number of the lesson: no draw was picked
UNITS, TREATED, MONTHS, START = 30, 3, 24, 12
OUTCOME = Outcome.SPACE_USE.value
PILOT = PanelSpec(
    units=UNITS, months=MONTHS, treated=TREATED, starts=(START,), kind="shares", level=30.0, households=1_600.0, unit_sd=0.3, shock_sd=0.2, effect=3.0,
)
NOTHING_DONE = replace(PILOT, effect=0.0)
DRAWS = 9_999  #: all 4,060 ways of drawing three out of thirty are fewer

PILOTS, MONTHS_BEFORE = (1, 3, 6, 12), (6, 12, 24)
TIMES = 20  #: pilots of the same law for every choice
PRECISION_DRAWS = 999
#: Design and number of pilots of the results that a reader checks.
CHECKED = ((Grade.E1, 3), (Grade.E3, 3), (Grade.E5, 12), (Grade.E1, 12), (Grade.E3, 12), (Grade.E5, 3))
TOLD_GRADES = (Grade.E1, Grade.E3, Grade.E5)  #: one for every kind of verb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawings:
    """The difference of differences for every way of drawing the pilots.

    panel : Panel
    differences : float array (B,)
        Percentage points, of every drawing.
    observed : float
        Of the communities that have, or would have, the pilot.
    paths : Paths
        Which assignment each drawing is.
    """

    panel: Panel
    differences: np.ndarray
    observed: float
    paths: Paths

    @property
    def number(self) -> int:
        """How many drawings there are."""
        return len(self.differences)

    @property
    def as_far(self) -> int:
        """How many are at least as far from zero as the observed one, which is among them."""
        return int((np.abs(self.differences) >= abs(self.observed) * (1 - 1e-9)).sum())

    @property
    def as_far_above(self) -> int:
        """How many are at least as far on its own side only."""
        return int((self.differences * np.sign(self.observed) >= abs(self.observed) * (1 - 1e-9)).sum())

    def beyond(self, share: float) -> float:
        """The size that so small a share of all drawings reach or exceed, percentage points."""
        return float(np.quantile(np.abs(self.differences), 1 - share))

    def chosen(self, drawing: int) -> np.ndarray:
        """Whether each unit has the pilot in a drawing, (N,)."""
        made: np.ndarray = (self.paths.code[drawing] == 0)[self.paths.cluster]
        return made


def panel_of(frame: pd.DataFrame) -> Panel:
    """A frame of the simulation as a panel of space use."""
    return Panel.from_frame(
        frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome=OUTCOME,
        unit=Unit.PERCENTAGE_POINTS,
    )


def all_drawings(spec: PanelSpec = PILOT, seed: int = SEED) -> Drawings:
    """Every way in which the pilots could have been drawn, for one simulated year before and one after."""
    panel = panel_of(simulate_panel(spec, rng=np.random.default_rng(seed)).frame)
    arrays = usable(arrays_of(panel))
    paths = assignment_paths(arrays, draws=DRAWS, rng=np.random.default_rng(seed))
    test = two_way_test(arrays, treatment_fit(arrays), paths, studentise=False, conf_level=CONF_LEVEL)
    return Drawings(panel=panel, differences=test.draws, observed=test.statistic, paths=paths)


def changes(drawings: Drawings, drawing: int) -> tuple[float, float]:
    """By how many percentage points the drawn communities, and the others, changed in the mean from the months before to those after."""
    frame = drawings.panel.frame
    values = frame["value"].to_numpy().reshape(-1, frame["month"].nunique())
    change = values[:, START:].mean(axis=1) - values[:, :START].mean(axis=1)
    chosen = drawings.chosen(drawing)
    return float(change[chosen].mean()), float(change[~chosen].mean())


def some_drawings(drawings: Drawings, n: int, seed: int = SEED) -> list[int]:
    """Places of n drawings, by lot."""
    return sorted(np.random.default_rng(seed).choice(drawings.number, n, replace=False).tolist())


def estimate(seed: int = SEED) -> ImpactEstimate:
    """The effect of the three pilots with its interval by randomisation, its checks and its grade; the communities enrolled of themselves."""
    made = simulate_panel(PILOT, rng=np.random.default_rng(seed))
    return estimate_impact(
        panel_of(made.frame), rollout=made.rollout, programmes=made.programmes, method=Method.TWO_WAY_FIXED_EFFECTS, inference=Inference.RANDOMISATION, seed=seed,
    )


# ---------------------------------------------------------------- how wide intervals are


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Precision:
    """Intervals of pilots of the same law, one per row: estimate, low, high, in percentage points."""

    pilots: int
    before: int
    low: np.ndarray
    high: np.ndarray
    estimate: np.ndarray
    truth: float

    @property
    def width(self) -> float:
        """The median width of an interval, percentage points."""
        return float(np.median(self.high - self.low))

    @property
    def hold_truth(self) -> int:
        """How many intervals hold the truth."""
        return int(((self.low <= self.truth) & (self.truth <= self.high)).sum())

    @property
    def leave_out_zero(self) -> int:
        """How many intervals leave out that nothing changed."""
        return int(((self.low > 0) | (self.high < 0)).sum())


@cache
def precision(pilots: int, before: int, times: int = TIMES) -> Precision:
    """The intervals of so many simulated pilots with this number of communities in the pilot, out of thirty, and this number of months before it.

    The thirty communities and their months are the same for every choice: more pilots are more of the same communities, fewer months the last of the
    same months.
    """
    spec = replace(PILOT, treated=pilots, months=max(MONTHS_BEFORE) + MONTHS - START, starts=(max(MONTHS_BEFORE),))
    found = []
    for k in range(times):
        frame = simulate_panel(spec, rng=np.random.default_rng([SEED, k])).frame
        first = sorted(frame["month"].unique())[max(MONTHS_BEFORE) - before]
        one = randomisation_inference(panel_of(frame[frame["month"] >= first]), draws=PRECISION_DRAWS, seed=k)
        found.append((one.estimate, one.conf_low, one.conf_high))
    table = np.array(found)
    return Precision(pilots=pilots, before=before, estimate=table[:, 0], low=table[:, 1], high=table[:, 2], truth=PILOT.effect)


def precision_told(made: Precision) -> str:
    """One sentence on intervals: how wide, how many hold the truth, how many leave out zero."""
    return label(
        "precision", pilots=made.pilots, before=made.before, width=f"{made.width:.1f}", times=len(made.low), hold=made.hold_truth, leave=made.leave_out_zero
    )


# ---------------------------------------------------------------- what may be said


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A result with its interval in percentage points, one decimal, and the grade of its design."""

    grade: str
    estimate: float
    low: float
    high: float

    @property
    def basis(self) -> str:
        """What the grade rests on, in words."""
        return label(f"basis_{self.grade}")

    @property
    def says(self) -> str:
        """What the grade lets one say, in words."""
        return label(f"says_{self.grade}")

    @property
    def inside(self) -> str:
        """Whether zero lies in the interval, in words."""
        return label("inside_yes" if self.low <= 0 <= self.high else "inside_no")


def facts_of(found: ImpactEstimate, grade: Grade | None) -> Facts:
    """What the sentence about an effect is made of, at another grade than its own."""
    return Facts(
        outcome=found.outcome, estimate=found.estimate, conf_low=found.conf_low, conf_high=found.conf_high, conf_level=found.conf_level, unit=found.unit,
        method=found.method, estimand=found.estimand, inference=found.inference, n_units=found.n_units, n_clusters=found.n_clusters, n_treated=found.n_treated,
        grade=grade, caveat=None,
    )


def sentence(found: ImpactEstimate, grade: Grade | None = None) -> str:
    """The effect in the words of the reports, at its own grade or at another."""
    return effect_sentence(facts_of(found, found.grade if grade is None else grade), Language.ZH)


def grade_table() -> pd.DataFrame:
    """Every grade, what it rests on and what it lets one say."""
    rows = [(grade, texts["zh"], texts["words_zh"]) for grade, texts in entries("grades").items()]
    return pd.DataFrame(rows, columns=[label(f"column_{name}") for name in ("grade", "rests", "allowed")])


def steps(check: str) -> int:
    """By how many grades the failure of a check lowers a comparison of units that were not drawn by lot."""
    return STEPS[check][0]


def said_by_grade(found: ImpactEstimate) -> pd.DataFrame:
    """One number in the words of three grades."""
    rows = [(grade.value, entries("grades")[grade.value]["zh"], sentence(found, grade)) for grade in TOLD_GRADES]
    return pd.DataFrame(rows, columns=[label(f"column_{name}") for name in ("grade", "rests", "said")])


def results_to_check() -> list[Result]:
    """Results of simulated pilots with the grade of their design, as a workbook prints them: before and after alone, or beside a comparison."""
    made = []
    for k, (grade, pilots) in enumerate(CHECKED):
        panel = panel_of(simulate_panel(replace(PILOT, treated=pilots), rng=np.random.default_rng([SEED, TIMES + k])).frame)
        found = before_after(panel) if grade is Grade.E1 else randomisation_inference(panel, draws=PRECISION_DRAWS, seed=k)
        made.append(Result(grade=grade.value, estimate=round(found.estimate, 1), low=round(found.conf_low, 1), high=round(found.conf_high, 1)))
    return made


def first_page(found: ImpactEstimate) -> pd.DataFrame:
    """What the first page of a case report says of this pilot, in its own words: item, and what stands there."""
    assert found.design is not None  # noqa: S101 - of an effect that was graded
    assert found.grade is not None  # noqa: S101
    grading = grade_evidence(found.design, found.checks)
    change, interval = effect_texts(facts_of(found, found.grade), Language.ZH)
    compared = _report("compared_what", treated=found.design.n_treated, comparison=found.design.n_comparison)
    trust = _report("trust_line", outcome=outcome_name(found.outcome, Language.ZH), grading=grading.text(Language.ZH), words=entries("grades")[found.grade.value]["words_zh"])
    rows = [
        (_report("panels_change"), change), (label("item_interval"), interval), (_report("panels_grade"), found.grade.value), (_report("panels_compared"), compared),
        (_report("trust_title"), trust),
    ]
    return pd.DataFrame(rows, columns=[_report("panels_item"), outcome_name(found.outcome, Language.ZH)])


def years() -> str:
    """Which year is compared with which."""
    return label("years", after=label("after"), before=label("before"))


def label(key: str, **values: object) -> str:
    """A text of lesson 8."""
    return say(f"course.lesson_8_{key}", Language.ZH, **values)


def _report(key: str, **values: object) -> str:
    """Words of the report on a pilot, without its marks."""
    return say(f"pilot_report.{key}", Language.ZH, **values).replace("*", "")


def points(value: float) -> str:
    """A difference with its sign and one decimal."""
    return signed(value, 1)

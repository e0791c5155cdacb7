"""How good the evidence is, E0 to E5: by design, lowered by checks that failed. Whether the effect is welcome plays no part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from commresearch.impact.design import SERIES_AFTER, SERIES_BEFORE, Design
from commresearch.impact.result import CheckResult, Note
from commresearch.terms import ChosenBy, Grade, Language, Method

LADDER = tuple(Grade)
#: Design → the best grade that it can have.
DESIGN_GRADES: Mapping[str, Grade] = {
    "none": Grade.E0, "before_after": Grade.E1, "series": Grade.E2, "comparison": Grade.E3, "as_if_random": Grade.E4, "randomised": Grade.E5,
}
#: Check → steps by which its failure lowers each design: comparison of not random units, random units, series. A check that is not
#: named lowers nothing; one that could not be made (None) lowers nothing and is told.
STEPS: Mapping[str, tuple[int, int, int]] = {
    "pre_trends": (1, 1, 0),
    "anticipation": (1, 1, 0),
    "placebo_dates": (1, 1, 1),
    "placebo_outcomes": (1, 1, 1),
    "leave_one_out": (1, 1, 0),
    "regression_to_mean": (1, 0, 1),
    "recording_breaks": (2, 2, 1),
    "late_record": (2, 2, 1),
    "opening_hours": (1, 1, 1),
    "concurrent_programmes": (1, 1, 1),
    "spill_over": (1, 1, 0),
    "composition": (1, 1, 1),
    "attrition": (1, 1, 1),
    "sign_conflict": (1, 1, 1),
    "synthetic_fit": (1, 1, 0),
    "honest_bounds": (0, 0, 0),
    "pandemic_months": (0, 0, 0),
}
TREND_CHECKS = frozenset({"pre_trends", "placebo_dates"})  #: a comparison of not random units wants one of them made
UNCHECKED = "trend_not_checked"  #: the line of the grading where none could be


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grading:
    """A grade and how it came about.

    grade : Grade
    design : str
        Row of `DESIGN_GRADES`.
    table : DataFrame
        check, passed, steps, grade: the grade after each check, in the order of the checks; the first row is the design.
    """

    grade: Grade
    design: str
    table: pd.DataFrame

    def text(self, language: Language | str) -> str:
        """The grade in one sentence: what the design allows, and what lowered it."""
        lowered = [str(c) for c, s in zip(self.table["check"], self.table["steps"], strict=True) if s > 0]
        names = [{language.value: Note(key=f"check_{c}").text(language) for language in Language} for c in lowered]
        best = {"grade": self.grade.value, "best": DESIGN_GRADES[self.design].value}
        design = {language.value: Note(key=f"design_{self.design}").text(language) for language in Language}
        language = Language(language)
        said = Note(key="comma").text(language).join(n[language.value] for n in names)
        return Note(key="graded_lowered" if lowered else "graded", values=best | {"design": design, "checks": said}).text(language)


def design_row(design: Design) -> str:
    """Which row of `DESIGN_GRADES` a design belongs to: that randomness was claimed counts only with a comparison."""
    if design.method is Method.BEFORE_AFTER:
        return "before_after"
    if design.control == "none" or design.method is Method.INTERRUPTED_SERIES:  # whatever untreated units there are, it does not look at them
        return "series" if design.pre_periods >= SERIES_BEFORE and design.post_periods >= SERIES_AFTER else "before_after"
    return "randomised" if design.chosen_by is ChosenBy.RANDOM else "comparison"


def grade_evidence(design: Design, checks: Sequence[CheckResult]) -> Grading:
    """The grade of an estimate with this design and these checks.

    Returns
    -------
    Grading
        Serious attrition takes a randomised design to E4 and the checks lower it from there. A comparison of units that were not drawn by lot is
        lowered by one where its time before the start could not be looked at: a check that was not made is no check passed.
    """
    row = design_row(design)
    place = LADDER.index(DESIGN_GRADES[row])
    floor = LADDER.index(min(Grade.E1, DESIGN_GRADES[row]))
    lines: list[tuple[str, bool | None, int, str]] = [("design", True, 0, LADDER[place].value)]
    column = {"comparison": 0, "as_if_random": 1, "randomised": 1}.get(row, 2)
    for check in checks:
        steps = STEPS.get(check.name, (0, 0, 0))[column] if check.passed is False else 0
        place = max(place - steps, floor)
        lines.append((check.name, check.passed, steps, LADDER[place].value))
    if row == "comparison" and not any(c.name in TREND_CHECKS and c.passed is not None for c in checks):
        place = max(place - 1, floor)
        lines.append((UNCHECKED, None, 1, LADDER[place].value))
    return Grading(grade=LADDER[place], design=row, table=pd.DataFrame(lines, columns=["check", "passed", "steps", "grade"]))


def grade_table() -> pd.DataFrame:
    """The printed table: check, and by how many steps its failure lowers each kind of design."""
    return pd.DataFrame([(check, *steps) for check, steps in STEPS.items()], columns=["check", "comparison", "randomised", "series"])

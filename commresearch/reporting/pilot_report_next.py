"""What to collect next year, by rules: every piece of advice names the check, the refusal or the gap that it answers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commresearch.impact.arrays import FEW
from commresearch.impact.checks_records import NEAR
from commresearch.impact.design import LONG_RECORD
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, heading
from commresearch.reporting.impact_tables import Record, check_lines
from commresearch.reporting.panel_tables import problems
from commresearch.reporting.pilot_report_page import PilotReport
from commresearch.terms import ChosenBy, Language, Sampling
from commresearch.words.effects import outcome_name

REFUSAL_CODE = re.compile(r"\[(CR-I\d\d)\]")
#: Pieces of advice, those first without which least can be said.
ORDER = (
    "earlier_records", "comparison", "longer_series", "start_months", "refused", "same_recording", "better_comparison", "longer_before", "more_units", "how_chosen",
    "programmes", "opening_hours", "true_start", "complete_months", "neighbours", "one_scale", "lots", "plan", "programmes_list", "opening_hours_log",
    "neighbours_list", "frame", "sample_design", "margins", "second_wave", "keep_recording", "denominators", "places", "callers",
)
REFUSED: Mapping[str, str] = {"CR-I90": "earlier_records", "CR-I05": "earlier_records", "CR-I03": "keep_recording", "CR-I04": "start_months", "CR-I37": "longer_series"}
FAILED: Mapping[str, str] = {
    "late_record": "earlier_records", "recording_breaks": "same_recording", "opening_hours": "opening_hours", "concurrent_programmes": "programmes",
    "attrition": "complete_months", "pre_trends": "better_comparison", "placebo_dates": "better_comparison", "placebo_outcomes": "better_comparison",
    "synthetic_fit": "better_comparison", "anticipation": "true_start", "leave_one_out": "more_units", "regression_to_mean": "how_chosen",
    "spill_over": "neighbours", "sign_conflict": "one_scale",
}
#: Checks that could not be made for want of something that can be collected.
NOT_MADE: Mapping[str, str] = {
    "pre_trends": "longer_before", "placebo_dates": "longer_before", "anticipation": "longer_before", "trend_not_checked": "longer_before",
    "opening_hours": "opening_hours_log", "concurrent_programmes": "programmes_list", "spill_over": "neighbours_list",
}
FEW_UNITS = frozenset({"too_few_assignments", "synthetic_few_placebos", "few_left_out"})  #: notes of estimates that have too few assignments
PROBLEMS: Mapping[str, str] = {"blocked": "earlier_records", "missing": "keep_recording", "no_base": "denominators", "unplaced": "places", "not_folded": "callers"}
LIMITS = {"few": FEW, "near": NEAR, "long": LONG_RECORD}  #: numbers of the checks that advice names
BY_STANDING = frozenset({ChosenBy.WORST, ChosenBy.BEST, ChosenBy.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to collect or to do before next year's report.

    key : str
        Member of `ORDER`.
    text : str
        What to do.
    answers : tuple of str
        Names of the checks, refusals and gaps that it answers.
    about : tuple of str
        Outcomes or surveys concerned; none where it concerns all.
    """

    key: str
    text: str
    answers: tuple[str, ...]
    about: tuple[str, ...]


def recommendations(page: PilotReport) -> list[Recommendation]:
    """What to collect next year, the most important first.

    Returns
    -------
    list of Recommendation
        Each once, with all that it answers; none where every check was made and passed, the units were drawn by lot, and the plan was locked.
    """
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for key, answer, about in _reasons(page):
        answers, concerned = found.setdefault(key, ({}, {}))
        answers[answer] = None
        if about:
            concerned[about] = None
    return [
        Recommendation(key=key, text=page.say(f"next_{key}", **LIMITS), answers=tuple(found[key][0]), about=tuple(found[key][1])) for key in ORDER if key in found
    ]


def collect_next(page: PilotReport) -> list[Item]:
    """The advice as a table."""
    found = recommendations(page)
    if not found:
        return [heading(page.say("next_heading_none")), page.prose(page.say("next_none"))]
    rows = [[one.text, page.join(one.answers), page.join(one.about) or DASH] for one in found]
    return [
        heading(page.say("next_heading", n=len(found))), page.prose(page.say("next_lead")),
        page.table("next", page.say("next_caption"), page.header("next_what", "next_answers", "next_about"), rows, align="lll", widths=(56, 26, 18)),
    ]


def _reasons(page: PilotReport) -> Iterator[tuple[str, str, str]]:
    """Advice, what it answers, and the outcome or survey concerned."""
    for entry in page.impact.outcomes:
        name = capital(page.impact.outcome(entry))
        for key, answer in _of_refusal(page, entry) if entry["estimate"] is None else _of_estimate(page, entry):
            yield key, answer, name
    if page.impact.outcomes and page.impact.case["plan"] is None:
        yield "plan", page.say("answers_plan"), ""
    yield from _of_panels(page)
    yield from _of_surveys(page)


def _of_refusal(page: PilotReport, entry: Record) -> Iterator[tuple[str, str]]:
    codes = set(REFUSAL_CODE.findall(entry["refusal"][Language.ZH.value]))
    for key in sorted({REFUSED.get(code, "refused") for code in codes} if codes else {"refused"}):
        yield key, page.say("answers_refusal")


def _of_estimate(page: PilotReport, entry: Record) -> Iterator[tuple[str, str]]:
    """From checks that failed or could not be made, from the design, from too few units."""
    for line in check_lines(entry):
        key = FAILED.get(line.name) if line.passed is False else NOT_MADE.get(line.name) if line.passed is None else None
        if key is not None:
            yield key, page.impact.check(line.name)
    estimate, design = entry["estimate"], entry["estimate"]["design"]
    if design["control"] == "none":
        yield "comparison", page.say("answers_design")
    elif design["n_treated"] < FEW or design["n_comparison"] < FEW or any(note["key"] in FEW_UNITS for note in estimate["warnings"]):
        yield "more_units", page.say("answers_few", treated=design["n_treated"], comparison=design["n_comparison"])
    if design["chosen_by"] in BY_STANDING:
        yield "how_chosen", page.say("answers_chosen")
    elif design["chosen_by"] == ChosenBy.VOLUNTEER and design["control"] != "none":
        yield "lots", page.say("answers_chosen")


def _of_panels(page: PilotReport) -> Iterator[tuple[str, str, str]]:
    """From what limits the panels."""
    panels = page.panels
    if panels is None:
        return
    for outcome, panel in panels.panels.items():
        for problem in problems(outcome, panel, panels.quality[outcome], panels.covers[outcome], panels.breaks(outcome)):
            if problem.kind in PROBLEMS:
                yield PROBLEMS[problem.kind], page.say(f"answers_{problem.kind}", n=problem.n), capital(outcome_name(outcome, page.language))


def _of_surveys(page: PilotReport) -> Iterator[tuple[str, str, str]]:
    """From how surveys were sampled, and how often they were made."""
    for wave, survey in page.surveys.items():
        name = page.say("survey_wave", wave=wave)
        if survey.sampling in {Sampling.OPT_IN, Sampling.QUOTA}:
            yield "frame", survey.label(f"sampling_{survey.sampling}"), name
        if survey.model_reason:
            yield "sample_design", page.say("answers_sample_design"), name
        if survey.quality.weights.empty and survey.sampling is not Sampling.CENSUS:
            yield "margins", page.say("answers_margins"), name
    if len(page.surveys) == 1:
        yield "second_wave", page.say("answers_one_wave"), ""

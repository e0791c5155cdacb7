"""A small fictional pilot with everything its report is made from: case folder, cleaned logs and panels, a survey, estimates."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from commresearch.cleaning.clean_files import files_of
from commresearch.reporting import pilot_report_data, pilot_report_next, pilot_report_people, pilot_report_results, pilot_report_summary
from commresearch.reporting.display import Figure
from commresearch.reporting.pilot_report_page import open_page
from commresearch.terms import Language, Outcome, Sampling
from commresearch.workflow.survey_quality import assess_survey, quality_files
from tests.unit import impact_case, panel_case
from tests.unit.case_facts import case_facts
from tests.unit.quality_survey import survey

REST = """
[[data]]
kind = "survey"
files = ["答卷.xlsx"]
wave = "w1"
sampling = "opt_in"

[analysis]
months = ["2024-01", "2024-12"]
"""
LOGS = """
[[data]]
kind = "tickets"
files = ["热线工单.csv"]
"""
NARRATIVE = {
    Language.ZH: (
        "# 背景\n滨海示范区由六个社区组成。\n\n# 问题\n{{sentence:complaint_rate}}。估计为{{estimate:complaint_rate}}，区间{{interval:complaint_rate}}，等级{{grade:complaint_rate}}。\n\n"
        "投诉件数原来每月{{panel:complaint_rate.before}}。\n- 夜间噪声\n- 停车 <script>alert(1)</script> =cmd() @张三 a|b #标签 $x$\n\n# 建议\n1. 投诉减少了77%的说法不再用。\n2. 继续记台账。\n"
    ),
    Language.EN: (
        "# Problems\n{{sentence:complaint_rate}}. Grade {{grade:complaint_rate}}.\n\n- noise\n- <script>alert(1)</script> =cmd() @name a|b #tag $x$\n\n"
        "# Recommendations\nThe claim that complaints fell by 77% should not be repeated.\n"
    ),
}
SECTIONS = (
    pilot_report_summary.first_screen, pilot_report_data.received, pilot_report_data.sample, pilot_report_results.trends, pilot_report_results.designs,
    pilot_report_results.effects, pilot_report_results.studies, pilot_report_results.checks, pilot_report_results.grades, pilot_report_results.claims,
    pilot_report_next.collect_next, pilot_report_people.people,
)


def write_source(folder, *, logs=LOGS, narratives=None):
    """The case folder, with files that only have to be there."""
    folder.mkdir(parents=True)
    (folder / "case.toml").write_text(case_facts() + logs + REST, encoding="utf8")
    for name in ("热线工单.csv", "答卷.xlsx"):
        (folder / name).write_text("", encoding="utf8")
    for language, text in (NARRATIVE if narratives is None else narratives).items():
        (folder / f"narrative.{language}.md").write_text(text, encoding="utf8")
    return folder


def write_survey(folder):
    """The survey as it stands after cleaning."""
    folder.mkdir(parents=True)
    clean = survey()
    for name, data in (files_of(clean, Language.ZH) | quality_files(assess_survey(clean, Sampling.OPT_IN))).items():
        (folder / name).write_bytes(data)


@cache
def estimated():
    """One outcome that fails no check of weight, one with few treated, one refused; of youth participation nothing is known."""
    return [impact_case.space(), impact_case.complaints(), impact_case.area()]


@cache
def results():
    """The folder of results."""
    folder = Path(mkdtemp(prefix="pilot-"))
    impact_case.write_case(folder, impact_case.ABOUT | {"plan": impact_case.PLAN, "outcomes": estimated()})
    panel_case.write_case(folder, outcomes=(Outcome.COMPLAINT_RATE, Outcome.AREA_IN_USE))
    write_survey(folder / "w1")
    return folder


@cache
def source():
    return write_source(Path(mkdtemp(prefix="source-")) / "binhai")


@cache
def opened(language=Language.ZH):
    return open_page(results(), source(), language)


@cache
def items_of(page):
    return [item for section in SECTIONS for item in section(page)] + pilot_report_summary.appendix(page, "0.1.0")


def words_of(item):
    return f"{item.caption} {{#{item.id}}} {item.alt}\n{item.note}" if isinstance(item, Figure) else item.markdown(Path())


@cache
def body_of(page):
    """All that a page says; figures by their words, without being written to files."""
    return "\n\n".join(words_of(item) for item in items_of(page))

"""The report on a pilot: what is missing is told, what is there is shown in order, and every number in its prose is one of the results."""

import json
import re
import subprocess
from dataclasses import replace

import pytest

from commresearch.cases import load_case
from commresearch.cases.narrative_file import Section, narrative_of
from commresearch.errors import CaseError, SchemaError
from commresearch.impact.arrays import FEW
from commresearch.reporting import pilot_report_next, pilot_report_people, pilot_report_summary
from commresearch.reporting.build import Project, Settings, build_reports
from commresearch.reporting.display import Prose, Table
from commresearch.reporting.impact_tables import sentence_of
from commresearch.reporting.narrative_items import missing_numbers, plain, text, value_of
from commresearch.reporting.narrative_numbers import typed_numbers
from commresearch.reporting.pilot_report_page import open_page
from commresearch.reporting.pilot_report_plan import narrative_warnings, plan_case_reports
from commresearch.reporting.rendering import pandoc_path
from commresearch.terms import Format, Language
from commresearch.words import entries, render_error
from tests.conftest import ROOT
from tests.unit import impact_case
from tests.unit.pilot_case import NARRATIVE, body_of, estimated, items_of, opened, results, source, write_source, write_survey
from tests.unit.test_quality_reports import Markdown

ZH, EN = Language.ZH, Language.EN


# ---------------------------------------------------------------- what is missing


def test_a_pilot_that_was_not_cleaned_or_estimated_is_refused_with_the_command(tmp_path):
    case = load_case(source())
    with pytest.raises(CaseError) as caught:
        plan_case_reports(case, tmp_path / "nothing", [ZH])
    assert caught.value.failures[0].code == "CR-B08"
    assert "w1/frame.parquet" in caught.value.failures[0].values["missing"]
    assert "commresearch clean binhai" in render_error(caught.value, ZH)
    write_survey(tmp_path / "w1")
    (tmp_path / "_logs").mkdir()
    (tmp_path / "_logs" / "case.json").write_text("{}", encoding="utf8")
    with pytest.raises(CaseError) as caught:
        plan_case_reports(case, tmp_path, [ZH])
    assert caught.value.failures[0].code == "CR-B09"
    assert "commresearch estimate binhai" in render_error(caught.value, EN)


def test_references_without_a_result_are_refused_in_all_languages_together(tmp_path):
    wrong = {ZH: "# 问题\n{{estimate:area_in_use}}\n{{panel:area_in_use.before}}\n", EN: "# Problems\n\n{{estimate:nothing}}\n"}
    case = load_case(write_source(tmp_path / "binhai", narratives=wrong))
    with pytest.raises(SchemaError) as caught:
        plan_case_reports(case, results(), list(Language))
    assert [(f.code, f.values["file"], f.values["row"]) for f in caught.value.failures] == [
        ("CR-B07", "narrative.zh.md", 2), ("CR-B07", "narrative.zh.md", 3), ("CR-B05", "narrative.en.md", 3),
    ]
    assert "这项结果没有得出估计" in render_error(caught.value, ZH)


def test_a_reference_to_an_outcome_that_the_case_does_not_have_is_told():
    page = opened().impact
    without = replace(page, case={**page.case, "outcomes": []})
    failures = missing_numbers(without, narrative_of("# 问题\n{{grade:space_use}}\n", "narrative.zh.md", ZH))
    assert [f.values["why"]["zh"] for f in failures] == ["这个案例没有这项结果"]


# ---------------------------------------------------------------- the page


def test_both_languages_show_the_same_tables_and_figures_in_the_same_order():
    chinese, english = (re.findall(r"\{#((?:tbl|fig)-[\w-]+)", body_of(opened(language))) for language in Language)
    assert chinese == english
    assert len(set(chinese)) == len(chinese) >= 36


def test_sections_stand_in_the_order_of_every_case_report_and_say_what_was_found():
    heads = [item.text[2:] for item in items_of(opened()) if isinstance(item, Prose) and item.text.startswith("# ")]
    assert [re.split("：|（", head)[0] for head in heads] == [
        "收到的数据", "样本和权重", "结果的走势", "做法", "2项结果有估计，1项没有", "逐月看", "检验", "证据等级", "公开说法", "明年收集什么", "问题、原因和建议", "附录",
    ]
    assert re.search(r"收到的数据：\d+个文件、[\d,]+行，清洗时去掉[\d,]+行，留下[\d,]+行", heads[0])
    assert "1期是非概率样本" in heads[1]


def test_nothing_unfilled_reaches_a_page():
    for language in Language:
        body = re.sub(r"\{#|\\\{\\\{", "", body_of(opened(language)))
        assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf)(?![A-Za-z])|<object|\{\w+\}|CR-[A-Z]\d\d", body)


def test_no_chinese_leaks_into_english():
    body = body_of(opened(EN))
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)|“[^”]*”", "", body)) == []


def test_every_reference_to_a_table_leads_to_one():
    for language in Language:
        body = body_of(opened(language))
        assert set(re.findall(r"@((?:tbl|fig)-[\w-]+)", body)) <= set(re.findall(r"\{#((?:tbl|fig)-[\w-]+)", body))


def test_every_table_is_stamped_where_data_are_simulated():
    for item in items_of(opened()):
        if isinstance(item, Table):
            assert "模拟数据" in item.note, item.id


def test_the_first_screen_has_one_sentence_three_outcomes_how_far_to_trust_it_and_one_line_of_provenance():
    items = pilot_report_summary.first_screen(opened())
    lead, drawn, table, trust, provenance = items[1:]
    assert [axes.get_title(loc="left") for axes in drawn.drawing.axes] == ["投诉率", "青年参与率", "空间使用率"]
    assert [bool(axes.lines) for axes in drawn.drawing.axes] == [True, False, True]
    assert drawn.drawing.axes[1].texts[0].get_text() == "没有可用的月份"
    assert all(axes.get_ylim()[0] == 0 for axes in drawn.drawing.axes)
    assert drawn.note.count("对照由") == 2
    complaint = next(e for e in estimated() if e["outcome"] == "complaint_rate")
    assert lead.text.startswith(f"**{complaint['estimate']['summary']['zh'].partition('做法：')[0]}**")
    assert f"证据等级{complaint['grading']['grade']}" in lead.text
    assert list(table.header[1:]) == ["投诉率", "青年参与率", "空间使用率"]
    assert [row[0] for row in table.rows] == ["估计的变化", "区间", "证据等级", "谁和谁比"]
    assert "这些结论有多可靠" in trust.text
    assert "明年先做这一件" in trust.text
    assert "公开" in provenance.text
    assert "收到的" in provenance.text


def test_the_first_sentence_is_on_the_outcome_of_the_locked_plan():
    page = opened()
    planned = replace(page.impact, case={**page.impact.case, "plan": {**impact_case.PLAN, "outcome": "space_use"}})
    assert replace(page, impact=planned).main["outcome"] == "space_use"
    assert page.main["outcome"] == "complaint_rate"


def test_a_pilot_with_surveys_only_says_that_nothing_could_be_estimated(tmp_path):
    folder = tmp_path / "clean"
    write_survey(folder / "w1")
    page = open_page(folder, write_source(tmp_path / "binhai", logs="", narratives={}), "zh")
    body = body_of(page)
    assert "没有一项结果能够估计" in body
    assert "只有问卷" in body
    assert "待撰写" in body
    assert page.panels is None


def test_an_interval_without_an_end_has_its_unit_at_the_other():
    open_ended = entry("complaint_rate")
    open_ended["estimate"] |= {"conf_low": -100.0, "conf_high": None, "grade": "E1"}
    assert "−100%至无上限" in sentence_of(open_ended, ZH)
    assert "−100% to no upper limit" in sentence_of(open_ended, EN)


# ---------------------------------------------------------------- what to collect next


def keys(page):
    return [one.key for one in pilot_report_next.recommendations(page)]


def with_outcomes(*entries_, **about):
    page = opened()
    return replace(page, impact=replace(page.impact, case={**page.impact.case, "outcomes": list(entries_), **about}), panels=None, surveys={})


def entry(name, **changes):
    found = json.loads(json.dumps(next(e for e in estimated() if e["outcome"] == name)))
    return found | changes


def judged(name="late_record", *, passed=True):
    """The outcome with a single check, judged as given."""
    made = entry("complaint_rate")
    made["grading"]["table"] = [made["grading"]["table"][0], {"check": name, "passed": passed, "steps": 1 if passed is False else 0, "grade": "E2"}]
    made["estimate"]["design"] |= {"n_treated": 9, "n_comparison": 9, "chosen_by": "random", "control": "never"}
    return made


@pytest.mark.parametrize(
    ("check", "passed", "key"),
    [
        *((check, False, key) for check, key in pilot_report_next.FAILED.items()), *((check, None, key) for check, key in pilot_report_next.NOT_MADE.items()),
        ("late_record", True, None), ("leave_one_out", None, None),
    ],
)
def test_each_failed_check_has_its_advice_which_names_it(check, passed, key):
    page = with_outcomes(judged(check, passed=passed))
    found = pilot_report_next.recommendations(page)
    assert [one.key for one in found] == ([] if key is None else [key])
    assert all(one.answers == (page.impact.check(check),) and one.about == ("投诉率",) for one in found)


@pytest.mark.parametrize(("code", "key"), [*pilot_report_next.REFUSED.items(), ("CR-I43", "refused")])
def test_a_refusal_has_its_advice(code, key):
    refused = entry("area_in_use", refusal={"zh": f"[{code}] 说明", "en": f"[{code}] why"})
    assert keys(with_outcomes(refused)) == [key]


def test_no_comparison_few_units_and_how_they_were_chosen_have_their_advice():
    alone, few, worst = (judged() for _ in range(3))
    alone["estimate"]["design"] |= {"control": "none"}
    few["estimate"]["design"] |= {"n_treated": 2}
    worst["estimate"]["design"] |= {"chosen_by": "worst"}
    assert keys(with_outcomes(alone)) == ["comparison"]
    assert keys(with_outcomes(few)) == ["more_units"]
    assert keys(with_outcomes(worst)) == ["how_chosen"]
    assert keys(with_outcomes(judged(), plan=None)) == ["plan"]
    assert "没有要补的" in pilot_report_next.collect_next(with_outcomes(judged()))[1].text


def test_surveys_and_panels_have_their_advice_in_order():
    found = keys(opened())
    assert {"frame", "margins", "second_wave"} <= set(found)
    assert found == [key for key in pilot_report_next.ORDER if key in found]


def test_advice_names_the_limits_of_the_checks():
    few = judged()
    few["estimate"]["design"] |= {"n_treated": 2}
    assert f"各不少于{FEW}个单位" in pilot_report_next.recommendations(with_outcomes(few))[0].text


def test_every_piece_of_advice_has_a_text_and_a_place():
    used = {*pilot_report_next.FAILED.values(), *pilot_report_next.NOT_MADE.values(), *pilot_report_next.REFUSED.values(), *pilot_report_next.PROBLEMS.values()}
    assert used <= set(pilot_report_next.ORDER)
    written = {key.removeprefix("next_") for key in entries("pilot_report") if key.startswith("next_")}
    assert set(pilot_report_next.ORDER) == written - {"heading", "heading_none", "none", "lead", "caption", "what", "answers", "about"}


# ---------------------------------------------------------------- the prose of people


def test_numbers_by_reference_are_those_of_the_results():
    page = opened()
    body = "\n".join(item.markdown(None) for item in text(page.impact, page.narrative, Section.PROBLEMS))
    complaint = page.entries["complaint_rate"]
    effect = page.impact.effect_of(complaint)
    values = {r.text: value_of(page.impact, r) for r in page.narrative.references}
    assert values["{{estimate:complaint_rate}}"] == page.impact.change(effect)
    assert values["{{interval:complaint_rate}}"] == page.impact.interval(effect)
    assert values["{{grade:complaint_rate}}"] == complaint["grading"]["grade"]
    assert re.fullmatch(r"每千户每月[\d.]+件", values["{{panel:complaint_rate.before}}"])
    assert all(plain(value) in body for value in values.values())
    assert "{{" not in body


def test_unwritten_sections_are_marked_and_written_ones_keep_paragraphs_and_lists():
    items = pilot_report_people.people(opened())
    body = "\n\n".join(item.markdown(None) for item in items)
    assert body.count("待撰写") == 2  # in the heading, and for the reasons
    assert "## 背景" in body
    assert "- 夜间噪声\n- 停车" in body
    assert re.search(r"1\. 投诉减少了77%的说法不再用。\n1\. 继续记台账。", body)
    english = "\n\n".join(item.markdown(None) for item in pilot_report_people.people(opened(EN)))
    assert "to be written" in english
    assert "## Background" not in english


MARKS = (
    "<script>alert(1)</script>", "=cmd()", "@name", "a|b|c", "#tag", "$x^2$", "- no entry", "1. no entry", "(1) no entry", "a) no entry", ": no definition", "::: box",
    "--- rule", "% title", "&lt;b&gt;", "&#60;", "[link](http://x)", "![](x.png)", "`code`", "*strong* _emph_ ~~out~~", "\\newline", "> quote", "| table", "+ entry",
    "Yes. It is", "2024.5 units", "===", "```", "[^1]", "iv. four", "{.class}",
)


def test_what_people_write_is_shown_as_it_stands():
    body = "\n\n".join(plain(written) for written in MARKS)
    command = [str(pandoc_path()), "--from=markdown-tex_math_dollars-raw_html-smart+table_attributes", "--to=plain", "--wrap=none"]
    shown = subprocess.run(command, input=body, capture_output=True, text=True, check=True, timeout=60).stdout
    assert shown.strip().split("\n\n") == list(MARKS)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("投诉率下降了77%。", "77%"), ("投诉减少77个百分点。", "77个百分点"), ("投诉每月少了９１２３件。", "9123件"), ("反映投诉的有1.2万人。", "1.2万人"), ("空间使用率为99.9%，很高。", "99.9%"),
    ],
)
def test_a_number_typed_beside_an_outcome_that_is_no_result_is_told(line, number):
    page = opened()
    found = typed_numbers(page.impact, narrative_of(f"# 问题\n\n{line}\n", "narrative.zh.md", ZH))
    assert [(typed.number, typed.line) for typed in found] == [(number, 3)]


def test_numbers_that_are_results_and_numbers_beside_no_outcome_are_not_told():
    page = opened()
    effect = page.impact.effect_of(page.entries["complaint_rate"])
    line = f"投诉率变化{effect.estimate:.0f}%（{effect.conf_low:.1f}%至{effect.conf_high:.1f}%），置信水平95%。全区有12单元、3,500人。"
    assert typed_numbers(page.impact, narrative_of(f"# 问题\n{line}\n", "x", ZH)) == []
    assert typed_numbers(page.impact, narrative_of("# 问题\n投诉率{{estimate:complaint_rate}}。\n", "x", ZH)) == []


def test_percent_and_points_are_told_apart():
    page = opened()
    estimate = abs(page.impact.effect_of(page.entries["complaint_rate"]).estimate)
    found = typed_numbers(page.impact, narrative_of(f"# 问题\n投诉率变化{estimate:.1f}个百分点。\n", "x", ZH))
    assert [typed.number for typed in found] == [f"{estimate:.1f}个百分点"]


def test_typed_numbers_are_listed_in_the_report_and_for_the_terminal():
    warnings = narrative_warnings(load_case(source()), results(), ZH)
    assert len(warnings) == 1
    assert "narrative.zh.md第12行" in warnings[0]
    assert "77%" in warnings[0]
    assert "手写的数，请核对（1处）" in body_of(opened())
    assert "Numbers typed by hand" in body_of(opened(EN))


# ---------------------------------------------------------------- made


def test_one_report_per_language_is_planned_and_a_changed_narrative_changes_its_facts(tmp_path):
    case = load_case(write_source(tmp_path / "binhai"))
    tasks = plan_case_reports(case, results(), list(Language))
    assert [t.stem for t in tasks] == ["binhai_report_simulated.zh", "binhai_report_simulated.en"]
    assert tasks[0].title == "【模拟数据】滨海示范区：试点评估报告"
    assert [t.subtitle for t in tasks] == ["案例报告 · 2024年", "Case report · 2024"]
    assert tasks[0].is_simulated
    assert tasks[0].estimates.name == "estimates.json"
    assert "narrative.zh.md" in {path.name for path in tasks[0].inputs}
    (case.folder / "narrative.zh.md").write_text("# 问题\n新写的一段。\n", encoding="utf8")
    again = plan_case_reports(case, results(), list(Language))
    assert again[0].facts != tasks[0].facts
    assert again[1].facts == tasks[1].facts


def test_the_report_is_built_with_every_section_and_the_text_of_people_survives_every_run(tmp_path):
    case = load_case(write_source(tmp_path / "binhai"))
    project = Project(root=ROOT, published=tmp_path, site=tmp_path / "site")
    settings = Settings(renderer=Markdown(), formats=(Format.HTML,), workers=1)
    before = (case.folder / "narrative.zh.md").read_bytes()
    first, second = (next(iter(build_reports(project, plan_case_reports(case, results(), [ZH]), settings))) for _ in range(2))
    assert first.ok, first.failures
    assert second.reused
    assert (case.folder / "narrative.zh.md").read_bytes() == before == NARRATIVE[ZH].encode()
    body = first.outputs[0].read_text(encoding="utf8")
    heads = [item.text for item in items_of(opened()) if isinstance(item, Prose) and item.text.startswith("# ")]
    assert re.findall(r"^# .*", body, flags=re.MULTILINE) == heads
    drawn = re.findall(r"\]\((figs/[\w-]+\.png)\)", body)
    assert len(drawn) == len(set(drawn)) >= 6
    assert "夜间噪声" in body

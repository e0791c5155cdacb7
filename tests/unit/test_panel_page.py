"""The report on the panels of a case: what it counts is in the panels, what it says follows from it, and it works with little."""

import re
import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import CaseError
from commresearch.outcomes.frame_panel import ratio
from commresearch.reporting import panel_checks, panel_logs, panel_outcomes, panel_retrace, panel_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.panel_page import open_page
from commresearch.reporting.panel_tables import Problem, State, cover, monthly, pooled, problems, type_shift, unit_month_states, worst
from commresearch.terms import DataKind, Language, Outcome, Unit
from commresearch.words import entries
from tests.conftest import ROOT
from tests.unit.panel_case import DIGEST, FILE, T, body_of, case_folder, figure, items_of, logs, opened, table, write_case

CAUSAL = re.compile(r"使[^用得]|导致|带来|造成|得益于|归功于|成效|效果|促进|\b(caus\w+|led to|leads to|resulted|effects?|impact|thanks to|because of|reduc\w+|improv\w+)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def bodies():
    return {language: body_of(opened(language)) for language in Language}


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    """A case that has rooms only, and nothing wrong with them."""
    tables = {k: v for k, v in logs().items() if k in {"rooms", "roster", "coverage", "rollout"}}
    return write_case(tmp_path_factory.mktemp("sparse"), tables, (Outcome.AREA_IN_USE,), fictional=False)


# ---------------------------------------------------------------- both languages


def test_both_languages_show_the_same_tables_and_figures_in_the_same_order(bodies):
    chinese, english = (re.findall(r"\{#((?:tbl|fig)-[\w-]+)", bodies[language]) for language in Language)
    assert chinese == english
    assert len(set(chinese)) == len(chinese) >= 30


def test_nothing_unfilled_and_no_dangling_reference_reaches_a_page(bodies):
    for body in bodies.values():
        assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf|NA)(?![A-Za-z])|<object|\{\w+\}", body.replace("{#", ""))
        assert set(re.findall(r"@((?:tbl|fig)-[\w-]*\w)", body)) <= set(re.findall(r"\{#((?:tbl|fig)-[\w-]+)", body))


def test_chinese_prose_has_full_width_punctuation(bodies):
    written = re.sub(r"\{#[^}]*\}|\|[-:|]+\||\S+\.(csv|parquet|json|toml)", " ", bodies[Language.ZH])
    assert re.findall(r"[\u4e00-\u9fff][,;:?()!]|[,;:?()!][\u4e00-\u9fff]", re.sub(r"“[^”]*”", "", written)) == []


def test_no_chinese_leaks_into_english(bodies):
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", bodies[Language.EN])) == []


def test_nothing_is_said_of_effects(bodies):
    for language, body in bodies.items():
        assert CAUSAL.findall(body) == [], language
    assert "同期变化" in bodies[Language.ZH]
    assert "changed over the same period" in bodies[Language.EN]


#: keys that are put together from a vocabulary, or named in a table of them
BUILT = re.compile(
    r"(outcome|rate|axis|heading|heading_same|account_caption|account_note|account_read|variants_caption|variants_note|retrace_what|retrace_amount|retrace_begin|retrace_left)_(complaint_rate|youth_participation|space_use|"
    r"area_in_use)|unit_\w+|kind_\w+|state_\w+|problem_\w+|measure_\w+|rule_\w+|tier_\w+|how_\w+|reason_\w+|figure_(total|median|band|hollow)|doubt_\w+|empty_(missing|part|zero|not_covered)|"
    r"retrace_amount_by_area|retrace_(people|reading)_(households|youth_population)|retrace_(yes|no|unclear)"
)


def test_every_text_is_used_and_stands_in_both_languages_with_the_same_values():
    source = "\n".join(p.read_text(encoding="utf8") for p in (ROOT / "commresearch" / "reporting").glob("panel_*.py"))
    for key, pair in entries("panel").items():
        assert re.search(rf'"(panel\.)?{re.escape(key)}"', source) or BUILT.fullmatch(key), key
        fields = [sorted({name for _, name, _, _ in string.Formatter().parse(pair[language]) if name}) for language in ("zh", "en")]
        assert fields[0] == fields[1], key
        assert not re.search(r"[\u4e00-\u9fff][,;?()]|[,;?()][\u4e00-\u9fff]", pair["zh"]), key


def test_every_measure_and_rule_that_is_counted_has_words():
    page, texts = opened(), entries("panel")
    for outcome, panel in page.panels.items():
        base = {re.sub("_quarter$|_year$|_all_rooms$", "", m) for m in panel.companions["measure"] if not m.startswith("tier_")}
        assert {f"measure_{m}" for m in base} <= set(texts), outcome
        assert {f"rule_{r}" for r in panel.account["rule"] if r != "counted"} <= set(texts), outcome
    written = (ROOT / "commresearch" / "outcomes").glob("*.py"), (ROOT / "commresearch" / "outcomes" / "sql").glob("*_account.sql")
    rules = {r for files in written for file in files for r in re.findall(r"'([a-z]+_[a-z_]+)' *(?:$|THEN|AS)", file.read_text(encoding="utf8"), re.MULTILINE)}
    assert {r for r in rules if f"rule_{r}" not in texts and r.split("_")[0] in {"room", "role", "booking", "counter", "outside"}} == set()
    assert {f"state_{s}" for s in State} <= set(texts)
    assert {f"kind_{k}" for k in DataKind if k is not DataKind.SURVEY} <= set(texts)


def test_tables_fit_a_page():
    for item in items_of(opened()):
        if isinstance(item, Table):
            assert len(item.header) <= 7, item.id
            assert sum(item.widths) == 100, item.id
            assert {len(item.header)} == {len(row) for row in item.rows} | {len(item.align)} | {len(item.widths)}, item.id
            assert item.rows, item.id


@pytest.mark.parametrize(("language", "stamp"), [("zh", "模拟数据"), ("en", "Simulated data")])
def test_simulated_data_are_stamped_everywhere_and_others_nowhere(language, stamp, sparse):
    for item in items_of(opened(language)):
        if isinstance(item, Table | Figure):
            assert item.note.startswith(stamp), item.id
        if isinstance(item, Figure):
            assert any(t.get_text() == stamp for t in item.drawing.findobj(lambda a: hasattr(a, "get_text"))), item.id
    assert stamp not in body_of(open_page(sparse, language))


# ---------------------------------------------------------------- states and rates


def test_every_unit_and_month_has_the_state_that_holds():
    states = opened().states[Outcome.YOUTH_PARTICIPATION]
    expected = {
        ("101", "2024-04"): State.MISSING, ("101", "2024-07"): State.BLOCKED, ("102", "2024-03"): State.USABLE, ("102", "2024-06"): State.PARTIAL,
        ("102", "2024-08"): State.NO_UNIT, ("103", "2024-11"): State.WITHHELD, ("103", "2024-01"): State.NO_UNIT,
    }
    assert {key: states.loc[key[0], T(key[1])] for key in expected} == {key: state.value for key, state in expected.items()}
    space = opened().states[Outcome.SPACE_USE]
    assert space.loc["102", T("2024-03")] == State.NO_BASE
    assert space.loc["103", T("2024-12")] == State.MISSING
    counted = cover(states)
    assert (counted.existed, counted.usable, counted.usable_units) == (25, 10, 2)
    assert sum(counted.counts.values()) == states.size
    assert cover(states.iloc[:0]).share(State.MISSING) == 0


def test_a_month_that_was_recorded_is_never_called_one_without_a_unit():
    panel = opened().panels[Outcome.COMPLAINT_RATE]
    states = unit_month_states(panel, panel.frame[["unit_id", "month"]].iloc[:0])
    assert states.loc["101", T("2024-01")] == State.USABLE


def test_the_rate_of_all_units_is_a_ratio_of_sums_and_gaps_stay_gaps():
    panel = opened().panels[Outcome.YOUTH_PARTICIPATION]
    made = monthly(panel).set_index("month")
    march = panel.frame[(panel.frame["month"] == T("2024-03")) & panel.frame["value"].notna()]
    assert made.loc[T("2024-03"), "rate"] == pytest.approx(100 * march["numerator"].sum() / march["denominator"].sum())
    assert made.loc[T("2024-03"), "units"] == 1
    dark = panel.frame["month"].isin([T("2024-02"), T("2024-05")])
    gaps = replace(panel, frame=panel.frame.assign(**{c: panel.frame[c].mask(dark) for c in ("numerator", "value")}, live=panel.frame["live"] & ~dark))
    table_with_gaps = monthly(gaps).set_index("month")
    assert np.isnan(table_with_gaps.loc[T("2024-02"), "rate"])
    assert table_with_gaps.loc[T("2024-02"), "units"] == 0
    drawing = panel_outcomes._figure(replace(opened(), panels={Outcome.YOUTH_PARTICIPATION: gaps}), Outcome.YOUTH_PARTICIPATION)
    line = next(x for x in drawing.drawing.axes[0].get_lines() if len(x.get_xdata()) == 12 and x.get_label() == "各单元合计")
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)[[1, 4]]).all()
    assert "2个月没有数，图上断开" in drawing.note


def test_the_figure_marks_changes_of_recording_starts_and_incomplete_months():
    drawn = figure(opened(), "complaint-rate")
    axes = drawn.drawing.axes[0]
    texts = {t.get_text() for t in axes.texts}
    assert texts == {"口径变化1", "起步1个"}
    places = {float(x.get_xdata()[0]): x.get_linestyle() for x in axes.get_lines() if len(x.get_xdata()) == 2 and x.get_linestyle() != "None"}
    assert places == {5.5: "-", 7.5: "--"}  # July and September, at their beginning
    hollow = next(x for x in axes.get_lines() if x.get_markerfacecolor() == "white")
    assert list(hollow.get_xdata()) == [5, 11]
    assert "1＝2024年9月，类别口径调整" in drawn.note
    assert "2024年12月起随访未满" in drawn.note
    assert texts.isdisjoint({t.get_text() for t in figure(opened(), "youth-participation").drawing.axes[0].texts} - {"起步1个"})  # tickets only


def test_measures_are_pooled_as_their_unit_allows():
    panel = opened().panels[Outcome.COMPLAINT_RATE]
    whole = pooled(panel, "headline")
    assert whole.value == pytest.approx(ratio(np.array([panel.frame["numerator"].sum()]), np.array([panel.frame.loc[panel.frame["value"].notna(), "denominator"].sum()]),
                                              Unit.PER_1000_HOUSEHOLDS)[0])
    assert (pooled(panel, "cases").how, pooled(panel, "cases").value) == ("total", 110)
    assert pooled(panel, "median_hours_to_close").how == "median"
    youth = opened().panels[Outcome.YOUTH_PARTICIPATION]
    assert pooled(youth, "persons").how == "mean"
    assert pooled(youth, "persons").value == pytest.approx(youth.companion("persons")["value"].mean())
    assert pooled(panel, "no_such_measure") is None
    assert pooled(panel, "cases", 1999) is None
    assert pooled(opened().panels[Outcome.AREA_IN_USE], "rooms_without_area").how == "mean"


# ---------------------------------------------------------------- what stands on the page


def test_accounts_add_up_on_the_page():
    for name in ("complaint-rate", "youth-participation", "space-use", "area-in-use"):
        rows = [int(row[1].replace(",", "")) for row in table(opened(), f"account-{name}").rows]
        assert rows[0] == sum(rows[1:]), name
    received = {row[0]: row[2:] for row in table(opened(), "logs").rows}
    assert received["工单"] == ["130", "1", "129"]
    assert table(opened(), "aside").rows == [["工单", "合计、小计行", "1", "0.8"]]
    assert table(opened(), "empty-months").rows == [["工单", "2", "2023-10、2023-11", "按零（case.toml 的规则）"]]


def test_the_first_screen_says_what_can_be_used_and_the_three_gravest_problems():
    page = opened()
    cells = dict(zip(table(page, "summary").header[1:], zip(*(row[1:] for row in table(page, "summary").rows), strict=True), strict=True))
    assert cells["青年参与率"][:2] == ("40%", "10/25个单元月，2/3个单元")
    assert cells["投诉率"][0] == "92%"
    box = next(i.text for i in panel_summary.first_screen(page) if hasattr(i, "text") and "最要紧" in i.text)
    assert re.findall(r"^- \*\*(.*?)\*\*", box, re.MULTILINE) == ["登记过晚。", "记录口径变过。", "没有分母。"]
    assert "1个单元的登记在起步前三个月以内或更晚才开始，占32%的单元月" in box
    assert "2024年9月起类别口径调整" in box


def test_problems_are_told_once_by_kind_gravest_first():
    def make(kind, gravity, share, outcome=Outcome.SPACE_USE):
        return Problem(kind=kind, outcome=outcome, gravity=gravity, share=share, n=1)

    found = worst([make("small", 2, 90), make("missing", 1, 5), make("missing", 1, 30, Outcome.COMPLAINT_RATE), make("blocked", 0, 1), make("unplaced", 2, 2)])
    assert [(p.kind, p.share) for p in found] == [("blocked", 1), ("missing", 30), ("small", 90)]
    page = opened()
    breaks = pd.DataFrame({"month": [T("2024-09-01")], "note": ["只有一个单元"], "units": [1]})
    told = problems(Outcome.COMPLAINT_RATE, page.panels[Outcome.COMPLAINT_RATE], page.quality[Outcome.COMPLAINT_RATE], page.covers[Outcome.COMPLAINT_RATE], breaks)
    assert next(p.share for p in told if p.kind == "dated_break") == pytest.approx(100 * 4 / 12 / 3)


def test_other_ways_of_counting_stand_side_by_side():
    rows = {row[0]: row[1] for row in table(opened(), "variants-complaint-rate").rows}
    panel = opened().panels[Outcome.COMPLAINT_RATE]
    assert rows["投诉率（本报告口径）"] == f"每千户{pooled(panel, 'headline').value:.2f}件"
    assert rows["含求助"] == f"每千户{pooled(panel, 'cases_with_help_per_1000_households').value:.2f}件"
    assert float(rows["不折叠重复件"][3:-1]) > float(rows["投诉率（本报告口径）"][3:-1]) > float(rows["去掉事后认定无理、恶意或不可控的"][3:-1])
    space = {row[0]: row[1] for row in table(opened(), "variants-space-use").rows}
    assert space["预约占参照小时"] == "3.49%"
    assert space["下限：不明的都不算"] == space["上限：不明的都算"]  # of every booking it is known whether somebody came
    youth = {row[0]: row[1] for row in table(opened("en"), "variants-youth-participation").rows}
    assert float(youth["Lower bound: unknown all outside"][:-1]) < float(youth["Upper bound: unknown all inside"][:-1])


def two_years(factor):
    """The panel of complaints with a second year: as many complaints, but `factor` times as many with requests for help."""
    panel = opened().panels[Outcome.COMPLAINT_RATE]
    later = [t.assign(month=t["month"] + pd.DateOffset(years=1)) for t in (panel.frame, panel.companions)]
    grown = later[1].assign(numerator=lambda t: t["numerator"] * np.where(t["measure"] == "cases_with_help_per_1000_households", factor, 1))
    return replace(panel, frame=pd.concat([panel.frame, later[0]], ignore_index=True), companions=pd.concat([panel.companions, grown], ignore_index=True))


@pytest.mark.parametrize(("factor", "flagged"), [(1.09, False), (1.12, True)])
def test_complaints_and_requests_for_help_that_part_raise_a_flag(factor, flagged):
    page, panel = opened(), two_years(factor)
    shift = type_shift(panel)
    assert (shift.first, shift.last, shift.is_flagged) == (2024, 2025, flagged)
    assert (shift.change, shift.with_help) == (pytest.approx(0), pytest.approx(100 * (factor - 1)))
    assert type_shift(page.panels[Outcome.COMPLAINT_RATE]) is None  # one year only
    shown = replace(page, panels={Outcome.COMPLAINT_RATE: panel})
    text = "".join(i.text for i in panel_outcomes.outcome(shown, "complaint_rate") if hasattr(i, "text"))
    assert f"投诉率的同期变化为0.0%，含求助的为+{100 * (factor - 1):.1f}%" in text
    assert ("可能改过记法**" in text) == flagged
    found = problems(Outcome.COMPLAINT_RATE, panel, page.quality[Outcome.COMPLAINT_RATE], page.covers[Outcome.COMPLAINT_RATE], page.breaks(Outcome.COMPLAINT_RATE))
    assert ("type_shift" in {p.kind for p in found}) == flagged
    dark = replace(panel, companions=panel.companions[panel.companions["measure"] != "cases_with_help_per_1000_households"])
    assert type_shift(dark) is None


def test_years_that_are_not_whole_say_their_months():
    panel = opened().panels[Outcome.COMPLAINT_RATE]
    short = replace(opened(), panels={Outcome.COMPLAINT_RATE: replace(panel, frame=panel.frame[panel.frame["month"] < T("2024-08-01")])})
    assert table_of(panel_outcomes.outcome(short, "complaint_rate"), "variants-complaint-rate").header[1] == "2024年1–7月"


def table_of(items, name):
    return next(i for i in items if isinstance(i, Table) and i.id == f"tbl-panel-{name}")


def test_late_registers_and_places_without_a_unit_are_listed():
    assert table(opened(), "late").rows == [["青年参与率", "望海社区（101）", "2024年7月", "2024年5月"]]
    assert ["投诉率", "无名小区", "1", "0.9"] in [list(r) for r in table(opened(), "unplaced").rows]
    assert ["投诉率", "没有写地点", "1", "0.9"] in [list(r) for r in table(opened(), "unplaced").rows]
    small = [list(r) for r in table(opened(), "small").rows]
    assert small == [["青年参与率", "听涛社区（102）", "6", "90"]]  # square metres and hours are no counts


def test_one_map_serves_outcomes_that_are_covered_alike(sparse):
    page = opened()
    same = replace(page, panels=dict.fromkeys((Outcome.COMPLAINT_RATE, Outcome.SPACE_USE), page.panels[Outcome.COMPLAINT_RATE]))
    found = [i for i in panel_checks.coverage(same) if isinstance(i, Figure)]
    assert len(found) == 1
    assert found[0].caption.startswith("投诉率、空间使用率：")
    assert len([i for i in panel_checks.coverage(open_page(sparse, "zh")) if isinstance(i, Figure)]) == 1


def test_a_map_of_many_units_keeps_those_with_something_to_see(monkeypatch):
    monkeypatch.setattr(panel_checks, "DRAWN", 2)
    drawn = next(i for i in panel_checks.coverage(opened()) if isinstance(i, Figure))
    assert [t.get_text() for t in drawn.drawing.axes[0].get_yticklabels()] == ["听涛社区", "海棠社区"]
    assert "另有1个单元没有画出" in drawn.note


def test_examples_of_columns_about_persons_are_never_shown(bodies):
    assert ["工单", "人员代号", "直接标识符，改为代号", "—", "3"] in [list(r) for r in table(opened(), "readings").rows]
    assert ["工单", "事发地点", "全角字符转为半角", "“１０１” → 101", "7"] in [list(r) for r in table(opened(), "readings").rows]
    assert not any("13800000000" in body or "kmnp" in body for body in bodies.values())
    headers = {row[0]: row[1:] for row in table(opened(), "headers").rows}
    assert headers["工单"] == ["受理时间、事发地点（事发地）", "诉求内容"]


def test_names_of_units_and_logs():
    page = opened()
    assert page.unit("101") == "望海社区（101）"
    assert opened("en").unit("101") == "101 (望海社区)"
    assert (page.short_unit("101"), opened("en").short_unit("101"), page.unit("999")) == ("望海社区", "101", "999")
    assert page.log_name("tickets_2") == "工单（2）"
    assert page.log_name("open_hours") == "开放时间"


# ---------------------------------------------------------------- one rate retraced


def test_the_steps_lead_from_the_rows_to_the_printed_rate():
    page = opened()
    rows = [list(r) for r in table(page, "retrace-steps").rows]
    numbers = [int(r[1].replace("−", "-")) for r in rows]
    assert numbers[-1] == sum(numbers[:-1])
    panel = page.panels[Outcome.COMPLAINT_RATE].frame
    assert numbers[-1] == panel[(panel["unit_id"] == "101") & (panel["month"] == T("2024-01-01"))]["numerator"].iloc[0]
    assert rows[-1][2] == "A：2、3、4、5、6、7、10"
    assert table(page, "retrace-files").rows == [["A", FILE, DIGEST[:8]]]
    text = "".join(i.text for i in panel_retrace.retrace(page) if hasattr(i, "text"))
    assert "2023年12月31日1,000户（来源：虚构台账）、2024年12月31日1,100户" in text
    assert "**7 ÷ 1,000.27 × 1,000 = 7.00。**" in text
    assert "与这里数出来的一致" in text


def test_repeats_are_paired_with_the_contact_before(monkeypatch):
    monkeypatch.setattr(panel_retrace, "median_cell", lambda _panel: ("101", T("2024-03-01")))
    items = panel_retrace.retrace_outcome(opened(), Outcome.COMPLAINT_RATE)
    rows = {r[0]: r[1] for r in table_of(items, "retrace-steps").rows}
    assert rows["去掉：限期内同一人、同一事项、同一地点再次来电"] == "−1"
    assert rows["去掉：官方标记的重复件、并案"] == "−1"
    text = "".join(i.text for i in items if hasattr(i, "text"))
    assert "A：123 接在 A：122 之后" in text


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("language", list(Language))
def test_a_panel_that_was_counted_otherwise_is_found_out(outcome, language):
    page = opened(language)
    panel = page.panels[outcome]
    wrong = replace(panel, frame=panel.frame.assign(numerator=panel.frame["numerator"] + 1))
    for shown, key in ((panel, "retrace_agrees"), (wrong, "retrace_differs")):
        text = "".join(i.text for i in panel_retrace.retrace(replace(page, panels={outcome: shown})) if hasattr(i, "text"))
        assert entries("panel")[key][language.value].rpartition("}")[2] in text


def test_persons_stand_by_numbers_with_the_reason_why_they_do_not_count(monkeypatch):
    monkeypatch.setattr(panel_retrace, "median_cell", lambda _panel: ("103", T("2024-11-01")))
    page = opened()
    items = panel_retrace.retrace_outcome(page, Outcome.YOUTH_PARTICIPATION)
    persons = [list(r) for r in table_of(items, "retrace-persons-list").rows]
    assert [r[0] for r in persons] == [str(n) for n in range(1, 15)]
    assert sorted(r[4] for r in persons) == ["年龄不清楚"] * 6 + ["是"] * 8
    steps = {r[0]: r[1] for r in table_of(items, "retrace-persons-steps").rows}
    assert (steps["去掉：工作人员"], steps["去掉：年龄不清楚"], steps["剩下的是计入的人的签到行"], steps["其中不同的人数（分子）"]) == ("−1", "−6", "8", "8")
    keys = set(page.frame(DataKind.SIGNINS)["person_key"].dropna())
    assert not any(key in i.markdown(Path()) for i in items for key in keys)


def test_hours_of_use_add_up_to_the_printed_rate():
    page = opened()
    items = panel_retrace.retrace_outcome(page, Outcome.SPACE_USE)
    spans, steps = table_of(items, "retrace-space-spans").rows, table_of(items, "retrace-space-steps").rows
    assert sum(float(r[3]) for r in spans) == 12
    assert (list(spans[0][:3]), steps[-1][1]) == (["R1", "2024年2月5日", "09:00—12:00"], "4")
    assert [r[5] for r in table_of(items, "retrace-space-rooms").rows] == ["计入", "办公用房"]
    assert "**12 ÷ 362.50 × 100 = 3.31。**" in "".join(i.text for i in items if hasattr(i, "text"))


# ---------------------------------------------------------------- with little


@pytest.mark.parametrize("language", list(Language))
def test_a_case_with_one_outcome_says_so_and_shows_no_empty_table(language, sparse):
    page = open_page(sparse, language)
    items = items_of(page)
    assert all(i.rows for i in items if isinstance(i, Table))
    text = body_of(page)
    for key in ("late_none", "unplaced_none", "small_none", "aside_none", "empty_months_none", "readings_none"):
        assert entries("panel")[key][language.value] in text, key
    assert panel_retrace.retrace_outcome(page, Outcome.COMPLAINT_RATE) == []
    assert panel_outcomes.outcome(page, "complaint_rate") == []
    assert "tier" not in text


def test_a_case_without_any_panel_says_so(tmp_path):
    tables = {k: v for k, v in logs().items() if k in {"roster", "coverage"}}
    page = open_page(write_case(tmp_path, tables, ()), "zh")
    assert entries("panel")["lead_none"]["zh"] in "".join(i.markdown(Path()) for i in panel_summary.first_screen(page))
    assert panel_checks.coverage(page) == panel_checks.irregularities(page) == panel_retrace.retrace(page) == []
    assert panel_logs.received(page)


def test_a_panel_without_a_single_month_can_be_shown():
    page = opened()
    panel = page.panels[Outcome.COMPLAINT_RATE]
    dark = panel.frame.assign(numerator=float("nan"), value=float("nan"), live=False)
    empty = panel.companions.assign(numerator=float("nan"), denominator=float("nan"), value=float("nan"))
    blank = replace(page, panels={Outcome.COMPLAINT_RATE: replace(panel, frame=dark, companions=empty)})
    assert "投诉率：没有能用的月份" in body_of(blank)


def test_a_folder_that_was_not_cleaned_is_refused(tmp_path):
    with pytest.raises(CaseError, match="CR-E02"):
        open_page(tmp_path, "zh")
    assert case_folder().is_dir()

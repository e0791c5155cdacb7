"""The public edition of the reports on surveys and panels: few persons are nowhere told of, and what is shown passes the gate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.cases.case import Release
from commresearch.errors import ReportError
from commresearch.reporting import panel_outcomes, panel_retrace, quality_cleaning, quality_effects, quality_results, quality_summary
from commresearch.reporting.disclosure_rules import HIDDEN, is_small
from commresearch.reporting.disclosure_tables import Counted, counts_of, require_hidden, require_protected
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.quality_persons import (
    ANSWERED,
    KINDS,
    Answered,
    category_counts,
    counted_missing,
    group_of,
    least_answered,
    safe_edges,
    shown_changes,
    shown_missing,
    shown_shares,
)
from commresearch.reporting.quality_tables import rule_counts, unreadable_by_variable
from commresearch.terms import Outcome, Sampling
from commresearch.words import say
from commresearch.workflow.survey_design import UNKNOWN
from commresearch.workflow.survey_quality import assess_survey
from tests.unit.panel_case import items_of as panel_items
from tests.unit.panel_case import opened as opened_panel
from tests.unit.quality_survey import SECTIONS, N, words_of
from tests.unit.quality_survey import opened as opened_internal

PUBLIC = Release()


def public(language="zh", **more):
    return replace(opened_internal(language), release=PUBLIC.model_copy(update=more))


def items_of(page):
    return [item for section in SECTIONS for item in section(page)]


def table(page, name):
    return next(i for i in items_of(page) if isinstance(i, Table) and i.id == f"tbl-quality-{name}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_item_of_a_survey_passes_the_gate(language):
    for item in items_of(public(language)):
        if isinstance(item, Table) and item.persons:
            require_protected(item)
        elif isinstance(item, Figure):
            require_hidden(item.persons, item.rules, item.id)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_item_of_panels_passes_the_gate(language):
    for item in panel_items(opened_panel(language, "public")):
        if isinstance(item, Table) and item.persons:
            require_protected(item)
        elif isinstance(item, Figure):
            require_hidden(item.persons, item.rules, item.id)


def test_kinds_of_missing_are_hidden_where_they_are_few():
    page = public()
    rows = {row[0]: list(row[1:]) for row in table(page, "missing").rows}
    assert rows["总体是否满意"] == ["120", HIDDEN, "0", HIDDEN, "0"]  # 3 left blank, 6 do not know
    assert "“·”：1至9人" in table(page, "missing").note
    assert "缺9份" not in "".join(words_of(i) for i in quality_cleaning.missing_values(page))
    assert page.missing_shown.loc["overall", "missing"] is not None


def test_the_sum_of_kinds_gives_none_of_them_away():
    page = opened_internal()
    missing = page.missing.copy()
    missing.loc["overall", ["blank", "dont_know", "missing"]] = [40, 6, 46]
    shown = shown_missing(missing, PUBLIC.model_copy(update={"rounding": 1}))
    assert shown.loc["overall", ["blank", "dont_know", "missing"]].isna().sum() >= 2


@pytest.mark.parametrize(
    ("kinds", "base", "told"),
    [
        ({"blank": 40}, 5, True), ({}, 5, True), ({"blank": 3}, 5, False), ({"blank": 3, "dont_know": 6}, 5, False), ({"blank": 3, "dont_know": 80}, 5, True),
        ({"blank": 3}, 1, False), ({"blank": 3, "dont_know": 80}, 1, True), ({"refused": 4, "blank": 60}, 5, True),
        ({"refused": 1, "unreadable": 4, "blank": 60}, 5, False),  # filled in, less answered
    ],
)
def test_sheets_with_an_answer_are_told_where_no_hidden_number_follows(kinds, base, told):
    rules = PUBLIC.model_copy(update={"rounding": base})
    line = pd.DataFrame([dict.fromkeys(KINDS, 0) | kinds | {"asked": 203, "missing": sum(kinds.values())}], index=["overall"])
    shown = shown_missing(line, rules)
    assert bool(shown[ANSWERED].notna().iloc[0]) is told
    assert shown_missing(line, Release(edition="internal"))[ANSWERED].iloc[0] == 203 - sum(kinds.values())
    if told and kinds:
        cells = [counted_missing(line, shown, "s"), Counted(group=group_of("s", "overall", [ANSWERED, *KINDS]), count=203), Counted(group=group_of("s", "overall", [ANSWERED]), count=203 - sum(kinds.values()))]
        require_hidden([*cells[0], *cells[1:]], rules, "together")


def test_the_gate_sees_that_those_asked_less_those_who_answered_are_missing():
    line = pd.DataFrame([dict.fromkeys(KINDS, 0) | {"blank": 3, "asked": 120, "missing": 3}], index=["overall"])
    asked, answered = (Counted(group=group_of("s", "overall", [ANSWERED, *more]), count=n) for more, n in ((KINDS, 120), ([], 117)))
    missing = counted_missing(line, shown_missing(line, PUBLIC), "s")
    require_hidden([*missing, asked], PUBLIC, "apart")
    with pytest.raises(ReportError) as error:
        require_hidden([*missing, asked, answered], PUBLIC, "together")
    assert {failure.code for failure in error.value.failures} == {"CR-U03"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_number_of_sheets_with_an_answer_gives_a_hidden_number_away(language):
    page = public(language)
    assert page.bounded == {"overall": 120, "age": 120, "times": 52}  # 9, 5 and 1 of them missing
    assert {row[0]: row[-1] for row in table(page, "satisfaction").rows} == {page.question("overall"): "≥ 100"}
    assert [row[-1] for row in table(page, "means").rows] == ["120", "≥ 30"]  # the scale, and one of 52
    assert [row[2] for row in table(page, "unreadable").rows] == ["≥ 100"]
    for name in ("satisfaction", "means", "unreadable"):
        assert say("release.note_least", page.language, sign="≥") in table(page, name).note
    assert "≥" not in table(page, "choices").note
    declared = {c.count for i in items_of(page) if isinstance(i, Table) and i.persons and not i.id.endswith(("rules", "effects")) for c in counts_of(i) if not c.hidden}
    assert not declared & {111, 119, 51}
    internal = replace(page, release=Release(edition="internal"))
    assert [row[-1] for row in table(internal, "satisfaction").rows] == ["111"]
    assert "≥" not in "".join(words_of(i) for i in items_of(internal) if isinstance(i, Table))


@pytest.mark.parametrize(("blank", "of_item", "of_scale"), [(3, "≥ 100", "≥ 100"), (0, "120", "120"), (30, "90", "90")])
def test_a_scale_tells_no_more_of_its_items_than_they_do(blank, of_item, of_scale):
    clean = opened_internal().clean
    frame, kinds = clean.frame.copy(), clean.missing_kinds.copy()
    gone = frame.index[:blank]
    frame.loc[gone, "trust_1"], kinds.loc[gone, "trust_1"] = None, "blank"
    items, scales = opened_internal().quality.items, opened_internal().quality.scales
    quality = replace(opened_internal().quality, items=items.assign(n=items["n"].mask(items["item"] == "trust_1", N - blank)), scales=scales.assign(n=N - blank))
    page = replace(public(), clean=replace(clean, frame=frame, missing_kinds=kinds), quality=quality)
    assert [row[3] for row in table(page, "items").rows] == [of_item, "120", "120"]
    assert [row[2] for row in table(page, "scales").rows] == [of_scale]
    assert [row[-1] for row in table(page, "scales").rows] != [HIDDEN]


def test_a_bound_is_far_enough_below_those_asked_and_follows_from_them_alone():
    for asked in range(30, 200):
        assert {Answered.bounded(asked - m, asked, PUBLIC).text for m in range(1, 10)} == {f"≥ {least_answered(asked, PUBLIC)}"}
        assert asked - least_answered(asked, PUBLIC) >= 2 * PUBLIC.threshold
    assert Answered.bounded(17, 20, PUBLIC) == Answered(text=HIDDEN, count=17, behind=None)
    assert Answered.bounded(8, 12, PUBLIC) == Answered.told(8)  # small itself, and hidden as any other


def test_answers_to_a_choice_question_with_few_missing_are_told_in_percent_only():
    clean = opened_internal().clean
    frame, kinds = clean.frame.copy(), clean.missing_kinds.copy()
    frame.loc[frame.index[:3], "took_part"], kinds.loc[kinds.index[:3], "took_part"] = None, "blank"
    shares = opened_internal().quality.shares
    quality = replace(opened_internal().quality, shares=shares.assign(n=shares["n"].mask(shares["variable"] == "took_part", N - 3)))
    page = replace(public(), clean=replace(clean, frame=frame, missing_kinds=kinds), quality=quality)
    choices = table(page, "choices")
    assert {row[-1] for row in choices.rows if row[0] == page.question("took_part")} == {"≥ 100"}
    assert all("%" not in row[2] and row[2] != HIDDEN for row in choices.rows)
    assert [c for c in counts_of(choices) if page.question("took_part") in c.place] == []


def test_numbers_in_prose_are_those_of_the_tables():
    lead = quality_summary.first_screen(public())[1].text
    assert "至少有一个标记的答卷15份（12%）" in lead  # 14 of 120
    assert "公开版：1至9人的人数不公布，其余人数按5取整。" in quality_summary.first_screen(public())[-1].text
    assert "内部版，仅供内部使用" in quality_summary.first_screen(opened_internal())[-1].text


PERSONS_OR_CELLS = {"应答", "答卷（份）", "单元格", "填了内容", "无法识别", "处数", "可判断", "标出", "代填免去", "n"}


@pytest.mark.parametrize("edition", ["public", "internal"])
def test_no_column_of_persons_or_their_cells_holds_a_small_number_in_the_public_edition(edition):
    page = public(edition=edition)
    numbers = [
        int(row[j].replace(",", "")) for i in items_of(page) if isinstance(i, Table) for j, name in enumerate(i.header) if name in PERSONS_OR_CELLS
        for row in i.rows if row[j].replace(",", "").isdigit()
    ]
    assert any(is_small(n, PUBLIC) for n in numbers) is (edition == "internal")
    assert edition == "internal" or not any(n % PUBLIC.rounding for n in numbers)


def test_rules_of_few_sheets_and_what_they_wrote_are_not_told():
    page = public()
    rules = table(page, "rules")
    assert {row[-1] for row in rules.rows} == {HIDDEN}
    assert {row[2] for row in rules.rows} == {HIDDEN, "—"}  # nothing is quoted of a rule that leaves the cell alone
    assert "若干个单元格" in rules.caption
    assert table(page, "unreadable").rows == [["您的年龄", HIDDEN, "≥ 100", HIDDEN, HIDDEN]]
    assert "原文只举至少10处相同的" in table(page, "unreadable").note
    assert [row[-1] for row in table(page, "identifiers").rows] == ["40", HIDDEN]
    assert [row[1] for row in table(page, "identifiers").rows] == ["手机号", "手机号"]
    told = "".join(words_of(i) for i in items_of(page))
    assert "说不准" not in told
    assert "4个无法识别" not in told
    assert "改动的单元格很少，个数不公布" in told


def test_a_text_that_many_wrote_is_quoted():
    clean = opened_internal().clean
    lines = clean.log[clean.log["rule"] == "unreadable_text"]
    many = pd.concat([clean.log, *[lines.assign(old="四五十岁")] * 3])
    assert unreadable_by_variable(replace(clean, log=many), 10)[0][-1] == "四五十岁"
    assert unreadable_by_variable(replace(clean, log=many), 13)[0][-1] == ""
    quoted = [rule.examples for rule in rule_counts(replace(clean, log=many), 10) if rule.rule == "unreadable_text"]
    assert quoted == [(("age", "四五十岁", "<unreadable>"),)]


@pytest.mark.parametrize(("rewritten", "told"), [(3000, {"all": 3005, "unreadable": None, "rewritten": None}), (2, {"all": None, "unreadable": None, "rewritten": None})])
def test_few_unreadable_cells_do_not_follow_from_the_others(rewritten, told):
    changed = {"unreadable": 4, "corrected": 0, "masked": 0, "rewritten": rewritten}
    assert shown_changes(changed, PUBLIC, hides_unreadable=False) == {**told, "corrected": 0, "masked": 0}
    assert shown_changes(changed | {"unreadable": 12}, PUBLIC, hides_unreadable=True)["unreadable"] is None
    assert shown_changes(changed, Release(edition="internal"), hides_unreadable=False) == {"all": 4 + rewritten, **changed}


def test_sheets_with_weights_are_rounded_like_all_others():
    page = public()
    weights = pd.DataFrame([{"kish_deff": 1.12, "n": 101, "effective_n": 90.2, "g_low": 0.5, "g_high": 2.0}])
    margins = pd.DataFrame([
        {"variable": "community", "category": c, "target": 50.0, "before": 50.0, "target_share": 0.5, "before_share": 0.5, "after_share": 0.5} for c in "12"
    ])
    lead = quality_results.scales_and_weights(replace(page, quality=replace(page.quality, weights=weights, margins=margins)))[-2].text
    assert "100份答卷相当于等权的90份" in lead
    assert page.counted({"community": 2}) == "“您居住的社区”若干份"


def test_a_result_of_few_persons_stands_in_no_heading():
    page = public(threshold=200)
    assert "作答的都不足200人" in quality_results.results(page)[0].text
    assert not page.told_effects
    assert opened_internal().told_effects == opened_internal().effects


def test_what_few_flagged_sheets_do_is_not_told():
    page = public(threshold=15)
    assert page.hides_flags
    told = "".join(words_of(i) for section in (quality_summary.first_screen, quality_results.flagged, quality_effects.sensitivity) for i in section(page))
    assert "14份" not in told
    assert "去掉全部有标记的答卷" not in told
    assert not [i for i in quality_effects.sensitivity(page) if isinstance(i, Table | Figure)]


def test_a_flag_and_its_share_are_hidden_together():
    rows = {row[0]: list(row[2:]) for row in table(public(), "flags").rows}
    assert rows["填得太快"] == ["120", HIDDEN, HIDDEN, HIDDEN]


def test_results_of_few_sheets_are_hidden_whole():
    page = public(threshold=200)
    for row in table(page, "satisfaction").rows:
        assert set(row[1:]) <= {HIDDEN, "0"}


def test_small_categories_of_margins_take_another_with_them():
    told = shown_shares([4, 50, 46], PUBLIC)
    assert told[0] is False
    assert sum(told) == 1
    assert shown_shares([40, 50, 30], PUBLIC) == [True, True, True]


def test_sheets_are_counted_by_category_as_they_stand():
    frame = opened_internal().clean.frame
    margins = [{"variable": "community", "category": str(c)} for c in (1, 2, 9)] + [{"variable": "nowhere", "category": "1"}]
    counts = category_counts(frame, margins)
    assert counts[:2] == [int((frame["community"].astype("str") == c).sum()) for c in ("1", "2")]
    assert counts[2:] == [0, 0]


@pytest.mark.parametrize("lacking", [1, 4, 9, 30])
def test_how_few_did_not_answer_a_variable_of_the_margins_follows_from_nothing(lacking):
    clean = opened_internal().clean
    gone = pd.Series(range(N), index=clean.frame.index) < lacking
    clean = replace(clean, frame=clean.frame.assign(community=clean.frame["community"].mask(gone)), missing_kinds=clean.missing_kinds.assign(
        community=clean.missing_kinds["community"].mask(gone, "blank"),
    ))
    margins = pd.DataFrame({"variable": "community", "category": ["1", "2"], "target": [500, 700]})
    page = replace(public(), clean=clean, quality=assess_survey(clean, Sampling.OPT_IN, margins=margins))
    lead, shown = quality_results.scales_and_weights(page)[-2:]
    require_protected(shown)
    assert [row[2] for row in shown.rows] == ["41.7", "58.3", "—"]
    assert [row[3] == HIDDEN for row in shown.rows].count(True) == (2 if lacking < PUBLIC.threshold else 0)
    assert (shown.rows[2][3] == HIDDEN) == (lacking < PUBLIC.threshold)
    assert {row[4] for row in shown.rows} <= {"41.7", "58.3", HIDDEN, "—"}
    assert ("调整倍数" in lead.text) == (lacking >= PUBLIC.threshold)  # a factor beside the share of a category would tell
    unasked = clean.frame.assign(community=clean.frame["community"].astype("object"))
    assert category_counts(unasked, [{"variable": "community", "category": UNKNOWN}, {"variable": "nowhere", "category": UNKNOWN}]) == [lacking, 0]


@pytest.mark.parametrize("lacking", [0, 4, 12])
def test_a_mean_of_a_scale_tells_no_more_sheets_than_its_items_do(lacking):
    clean = opened_internal().clean
    items = [v.name for v in clean.codebook.scales()["trust"]]
    gone = pd.Series(range(N), index=clean.frame.index).isin(range(30, 30 + lacking))
    frame = clean.frame.assign(**{name: clean.frame[name].mask(gone) for name in items})
    kinds = clean.missing_kinds.assign(**{name: clean.missing_kinds[name].mask(gone, "blank") for name in items})
    clean = replace(clean, frame=frame, missing_kinds=kinds)
    page = replace(public(), clean=clean, quality=assess_survey(clean, Sampling.OPT_IN))
    of_scale = table(page, "means").rows[0][-1]
    assert of_scale == table(page, "scales").rows[0][2]
    assert of_scale.startswith("≥") == (lacking == 4)
    behind = quality_effects._behind(page, next(e for e in page.effects if e.measure == "scale"))
    assert (behind is None) == (lacking == 4)
    for name in ("means", "effects"):
        require_protected(table(page, name))


@pytest.mark.parametrize("seed", range(5))
def test_no_bar_of_a_histogram_holds_few_and_no_end_is_a_person(seed):
    rng = np.random.default_rng(seed)
    minutes = rng.lognormal(1.5, 0.6, 150)
    fast = minutes < np.quantile(minutes, 0.2)
    edges = safe_edges(minutes, [fast, ~fast], PUBLIC, 28)
    for part in (fast, ~fast):
        counts = np.histogram(np.clip(minutes[part], edges[0], edges[-1]), edges)[0]
        assert not any(is_small(int(n), PUBLIC) for n in counts)
    assert minutes.min() < edges[0]
    assert edges[-1] < minutes.max()
    whole = safe_edges(minutes, [fast, ~fast], Release(edition="internal"), 28)
    assert len(whole) == 29
    assert whole[0] < minutes.min()


def test_months_with_few_persons_are_not_drawn():
    page, wanted = opened_panel("zh", "public"), Outcome.YOUTH_PARTICIPATION
    drawn = next(i for i in panel_outcomes.outcome(page, wanted) if isinstance(i, Figure))
    few = [0 < c.count < PUBLIC.threshold for c in drawn.persons]
    assert [c.hidden for c in drawn.persons] == few
    assert any(few)
    line = next(x for x in drawn.drawing.axes[0].get_lines() if x.get_label() == "各单元合计")
    assert np.isfinite(line.get_ydata()).sum() == few.count(False)


def test_where_every_month_has_few_persons_the_page_says_so():
    page, wanted = opened_panel("zh", "public"), Outcome.YOUTH_PARTICIPATION
    panel = page.panels[wanted]
    some = replace(page, panels={wanted: replace(panel, frame=panel.frame[panel.frame["numerator"] > 0])}, release=Release(threshold=1000))
    items = panel_outcomes.outcome(some, wanted)
    assert not [i for i in items if isinstance(i, Figure)]
    assert "各月参加的人都不足1000人" in "".join(i.text for i in items if hasattr(i, "text"))


def test_persons_are_listed_one_by_one_in_the_internal_edition_only():
    named = "tbl-panel-retrace-persons-list"
    assert named in {i.id for i in panel_retrace.retrace(opened_panel()) if isinstance(i, Table)}
    shown = panel_retrace.retrace(opened_panel("zh", "public"))
    assert not {i.id for i in shown if isinstance(i, Table) and "persons" in i.id}
    assert any("公开版不列" in i.text for i in shown if hasattr(i, "text"))

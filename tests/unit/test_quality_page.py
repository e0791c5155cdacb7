"""The quality report of a survey: what it counts is in the tables, what it says fits the sampling, and it works with little."""

import math
import re
import string
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from commresearch.cases.case import Release
from commresearch.cleaning.duplicate_decisions import RULES
from commresearch.cleaning.duplicates import DuplicateKind
from commresearch.reporting import quality_cleaning, quality_effects, quality_results, quality_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.quality_tables import CHANGED, TREATMENTS, Effect, changed_cells, largest_effect
from commresearch.reporting.stamped_page import cut
from commresearch.sources import ROW_RULES
from commresearch.terms import Export, Language, Role, Sampling
from commresearch.words import entries
from commresearch.words.precision import with_interval
from commresearch.workflow.survey_quality import SurveyQuality, assess_survey
from tests.conftest import ROOT
from tests.unit.quality_survey import N, bare, body_of, items_of, opened, opened_on, survey, table


@pytest.fixture(scope="module")
def bodies():
    return {language: body_of(opened(language)) for language in Language}


# ---------------------------------------------------------------- both languages


def test_both_languages_show_the_same_tables_and_figures_in_the_same_order(bodies):
    chinese, english = (re.findall(r"\{#((?:tbl|fig)-[\w-]+)", bodies[language]) for language in Language)
    assert chinese == english
    assert len(set(chinese)) == len(chinese) >= 15


def test_nothing_unfilled_and_no_dangling_reference_reaches_a_page(bodies):
    for body in bodies.values():
        assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf|NA)(?![A-Za-z])|<object|\{\w+\}", body.replace("{#", ""))
        assert set(re.findall(r"@((?:tbl|fig)-[\w-]*\w)", body)) <= set(re.findall(r"\{#((?:tbl|fig)-[\w-]+)", body))


def test_chinese_prose_has_full_width_punctuation(bodies):
    written = re.sub(r"\{#[^}]*\}|\|[-:|]+\||甲; 乙.xlsx", " ", bodies[Language.ZH])
    assert re.findall(r"[\u4e00-\u9fff][,;:?()!]|[,;:?()!][\u4e00-\u9fff]", re.sub(r"“[^”]*”|第3题\(\S*\)", "", written)) == []


def test_no_chinese_leaks_into_english(bodies):
    written = bodies[Language.EN]
    for texts in entries("log").values():
        written = written.replace(texts["en"], "")
    written = written.replace("甲; 乙.xlsx", "")  # files have the names they have
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)|“[^”]*”", "", written)) == []


def test_files_and_quoted_answers_stand_as_they_are_written(bodies):
    page = opened("en")
    assert {row[0] for name in ("files", "hashes") for row in table(page, name).rows} >= {"甲; 乙.xlsx", "codebook codebook.csv"}
    assert page.measure("took_part", "share") == "“Took part”, share answering “是”"
    assert "“(" not in bodies[Language.EN]
    assert "(“" not in "".join(cell for row in table(page, "rules").rows for cell in row)


FLAGS = ("longstring", "irv", "even_odd", "mahalanobis", "synonyms", "antonyms", "share_missing", "machine_made", "duration", "percent_match",
         "contradiction", "logic", "open_duplicate", "platform_verdict")
#: keys that are put together from a vocabulary
BUILT = {
    *(f"carry_{s}" for s in Sampling), *(f"export_{e}" for e in Export), *(f"changes_{t}" for t in CHANGED), *(f"duplicate_{k}" for k in DuplicateKind),
    *(f"treatment_{t}" for t in TREATMENTS if t != "masked"), *(f"aside_{rule}" for rule in (*ROW_RULES, *RULES.values())),
    *(f"flag_{flag}_{part}" for flag in FLAGS for part in ("name", "about")), *(f"measure_{m}" for m in ("top_two", "score", "scale", "mean", "share")),
    *(f"unit_{u}" for u in ("share", "score")), *(f"interval_{i}" for i in ("design", "model")),
    *(f"results_{i}" for i in ("design", "model", "none")), *(f"panels_{p}" for p in ("kept", "changed", "flagged")),
    *(f"identifiers_{c}" for c in ("column", "kind", "by", "declared", "action", "n")), *(f"by_{b}" for b in ("declared", "name", "content", "both")),
    *(f"action_{a}" for a in ("dropped", "pseudonymised", "masked", "day_dropped", "not_read")), *(f"margins_{c}" for c in ("variable", "category", "target", "before", "after")),
    *(f"effects_{c}" for c in ("all", "without", "difference", "times", "flag", "flag_difference")),
    *(f"file_{f}" for f in ("log", "flags", "duplicates", "codebook", "dictionary", "frame", "results", "manifest")),
}


def test_every_text_is_used_and_stands_in_both_languages_with_the_same_values():
    source = "\n".join(p.read_text(encoding="utf8") for p in (ROOT / "commresearch" / "reporting").glob("quality_*.py"))
    texts = entries("quality")
    named = {key for key in texts if re.search(rf'"(quality\.)?{re.escape(key)}"', source)}
    assert set(texts) - named == BUILT - named
    for key, pair in texts.items():
        fields = [sorted({name for _, name, _, _ in string.Formatter().parse(pair[language]) if name}) for language in ("zh", "en")]
        assert fields[0] == fields[1], key
        assert not re.search(r"[\u4e00-\u9fff][,;?()]|[,;?()][\u4e00-\u9fff]", pair["zh"]), key


# ---------------------------------------------------------------- numbers


def test_the_account_adds_up_on_the_page():
    rows = [int(row[1].replace("−", "-")) for row in table(opened(), "account").rows]
    assert rows == [N + 3, -2, -1, N]
    assert sum(rows[:-1]) == rows[-1]


def test_the_code_export_beside_a_text_export_is_among_the_files():
    page = opened(code_export="乙_code.csv " + "ef34" * 16)
    files = table(page, "files")
    assert [(row[0], row[2], row[3]) for row in files.rows] == [("甲; 乙.xlsx", "按选项文本", "gb18030"), ("乙_code.csv", "按选项序号", "—")]
    assert "只用于起草编码簿" in files.note
    assert "只用于起草编码簿" not in table(opened(), "files").note
    assert "导出的文件2个" in body_of(page)
    assert "乙_code.csv" in {row[0] for row in table(page, "hashes").rows}


def test_the_lead_says_what_the_tables_hold():
    page = opened()
    lead = next(i for i in quality_summary.first_screen(page) if hasattr(i, "text") and i.text.startswith("共收到")).text
    flagged = int((page.clean.flags["n_flags"] > 0).sum())
    assert "共收到121份答卷，**保留120份**，去掉1份（编号相同的重复答卷1份）" in lead
    assert f"至少有一个标记的答卷{flagged}份（{100 * flagged / N:.1f}%）" in lead
    assert changed_cells(page.clean) == {"unreadable": 4, "corrected": 0, "masked": 1, "rewritten": 2}
    assert "改动了7个" in lead
    assert "其中4个无法识别" in lead


def test_every_cell_counts_once_and_rows_set_aside_do_not_count():
    rules = {row[1]: row[-1] for row in table(opened(), "rules").rows}
    assert rules["去掉与编码簿一致的单位"] == "2"
    assert rules["全角字符转为半角"] == "1"  # the same cell as one of the two above
    assert rules["选项文字只在空格、标点或全半角上不同"] == "1"  # of a sheet that was set aside


@pytest.mark.parametrize(("language", "made", "none"), [("zh", "改动最多的规则是“读不出数或日期，记为无法识别”（4个单元格）", "内容都没有改动"), ("en", "The change made most often", "none of these rules changes")])
def test_marks_of_missing_values_and_flags_are_not_called_changes(language, made, none):
    clean = opened(language).clean
    rules = table(opened(language), "rules")
    assert made in rules.caption
    assert ("归为缺失和只标出的不算改动" if language == "zh" else "marked as missing, or only flagged, are not changed") in rules.note
    kept = clean.log["rule"].isin(["missing_marker", "skip_recomputed", "answered_though_skipped"])
    unchanged = opened_on(replace(clean, log=clean.log[kept]), opened(language).quality, language)
    assert none in table(unchanged, "rules").caption


def test_missing_values_are_counted_by_kind():
    shown = table(opened(), "missing")
    assert list(shown.header) == ["题目", "应作答", "未答", "拒答", "不清楚", "无法识别"]
    assert ["总体是否满意", "120", "3", "0", "6", "0"] in [list(r) for r in shown.rows]
    assert ["您的年龄", "120", "0", "1", "0", "4"] in [list(r) for r in shown.rows]
    asked = int((opened().clean.frame["took_part"] == "1").sum())  # skipped by the form is not missing
    assert ["参加几次", str(asked), "1", "0", "0", "0"] in [list(r) for r in shown.rows]
    assert "应作答＝全部答卷减去按跳转未问的。没有缺失的有5题。" in shown.note  # no question has fewer missing answers
    assert [list(row) for row in table(opened(), "unreadable").rows] == [["您的年龄", "说不准", "119", "4", "3.4"]]


@pytest.mark.parametrize(("language", "words"), [("zh", ("其余2题缺失较少", "没有缺失的有")), ("en", ("with fewer missing answers: 2", "without missing answers:"))])
def test_questions_beyond_a_table_are_counted_where_there_are_any(monkeypatch, language, words):
    whole = items_of(opened(language))
    assert words[0] not in next(i for i in whole if isinstance(i, Table) and i.id.endswith("-missing")).note
    monkeypatch.setattr(quality_cleaning, "DRAWN", 1)
    page = opened(language)
    noted = next(i for i in quality_cleaning.missing_values(page) if isinstance(i, Table)).note
    assert all(w in noted for w in words)
    complete = page.missing[page.missing["missing"] > 0]
    full = replace(page)
    full.__dict__["missing"] = complete
    assert words[1] not in next(i for i in quality_cleaning.missing_values(full) if isinstance(i, Table)).note


def test_flags_are_shares_of_the_sheets_that_could_be_judged():
    page = opened()
    rows = {row[0]: row[2:] for row in table(page, "flags").rows}
    assert rows["填得太快"] == ["120", "9", "7.5", "1"]
    assert rows["答案几乎不变"] == ["100", "6", "6.0", "0"]
    assert "一列到底" not in rows
    assert "没有条件判断的标记（题目太少，或缺少所需的信息）：一列到底。" in "".join(i.text for i in quality_results.flagged(page) if hasattr(i, "text"))


def test_duplicates_are_open_decided_or_waived():
    rows = {row[0]: list(row[1:]) for row in table(opened(), "duplicates").rows}
    assert rows["答卷编号相同"] == ["1", "2", "0", "1", "0"]
    assert rows["答案几乎相同"] == ["1", "2", "1", "0", "0"]


def test_the_largest_change_is_measured_by_its_interval():
    page = opened()
    effect = largest_effect(page.effects)
    assert effect.relative == max(e.relative for e in page.effects)
    measured = page.quality.sensitivity
    line = measured[(measured["without"] == "any_flag") & (measured["variable"] == effect.variable) & (measured["measure"] == effect.measure)].iloc[0]
    assert effect.difference == pytest.approx(line["estimate"] - effect.estimate)
    heading, lead, figure = quality_effects.sensitivity(page)[:3]
    assert page.difference(effect) in heading.text.replace("\\", "")
    assert f"把{line['n_excluded']}份有标记的答卷全部去掉" in lead.text
    assert f"n={line['n_rows'] + line['n_excluded']}，去掉有标记的n={line['n_rows']}" in figure.note


def test_results_are_those_of_the_estimates():
    page = opened()
    row = page.quality.estimates.set_index(["variable", "measure"]).loc[("overall", "top_two")]
    cells = dict(zip(table(page, "satisfaction").header, table(page, "satisfaction").rows[0], strict=True))
    assert cells["满意率（%）"] == with_interval(*(100 * row[["estimate", "conf_low", "conf_high"]]))
    assert cells["满意率（%）"].startswith(f"{100 * row['estimate']:.1f} (")
    assert cells["n"] == "111"
    assert cells["不清楚（%）"] == f"{100 * row['dont_know']:.1f}"


# ---------------------------------------------------------------- words follow the sampling, the stamp and the codebook


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("sampling", "stands"), [("probability", False), ("census", False), ("quota", True), ("opt_in", True)])
def test_the_words_follow_the_sampling(language, sampling, stands):
    page = opened(language, sampling=sampling)
    text = body_of(page)
    assert ("非概率样本" in text) == stands
    assert ("E1" in text) == stands
    assert ("%置信区间" in text or "confidence interval" in text) == (sampling == "probability")


def test_a_census_shows_no_interval_even_where_one_was_computed():
    page = opened(sampling="census")
    wide = page.quality.estimates.assign(conf_low=0.1, conf_high=0.9)
    rows = table(opened_on(page.clean, replace(page.quality, estimates=wide)), "satisfaction").rows
    assert not any("(" in cell for row in rows for cell in row[1:])


@pytest.mark.parametrize(("language", "stamp"), [("zh", "模拟数据"), ("en", "Simulated data")])
def test_simulated_data_are_stamped_everywhere(language, stamp):
    for item in items_of(opened(language)):
        if isinstance(item, Table | Figure):
            assert item.note.startswith(stamp), item.id
        if isinstance(item, Figure):
            assert any(t.get_text() == stamp for t in item.drawing.findobj(lambda a: hasattr(a, "get_text"))), item.id
    real = opened(language, fictional=False)
    assert not any(stamp in item.note for item in items_of(real) if isinstance(item, Table | Figure))


def test_a_drafted_codebook_and_undeclared_identifiers_are_pointed_out(bodies):
    assert "编码簿是自动起草的" in body_of(opened(codebook_drafted=True))
    assert "编码簿是自动起草的" not in bodies[Language.ZH]
    assert "编码簿漏登了1列标识符" in bodies[Language.ZH]
    assert "没有给出密钥" in bodies[Language.ZH]
    assert "它的指纹是kmnp" in body_of(opened(key_fingerprint="kmnp"))


@pytest.mark.parametrize(("k", "words"), [(1, "K 值小于5：逐份数据不能离开课题组"), (7, "对外公开要达到20"), (25, "已达到对外公开的要求")])
def test_k_tells_what_to_do(k, words):
    page = opened()
    text = body_of(replace(page, quality=replace(page.quality, anonymity=page.quality.anonymity.assign(k=k))))
    assert words in text
    assert all(term in text for term in ("标识符", "准标识符", "重标识风险", f"K 值为{k}"))


def test_items_that_run_the_other_way_are_named():
    page = opened()
    turned = replace(page, quality=replace(page.quality, items=page.quality.items.assign(item_rest=[-0.3, 0.4, 0.5])))
    assert "与量表方向相反的题有1道" in body_of(turned)
    assert "邻里可信：与其余题负相关" in body_of(turned)
    assert "方向相反" not in body_of(page)


@pytest.mark.parametrize(("language", "keys", "ends"), [
    ("zh", (1, 1, -1), "“邻里可信”等3题：1＝不同意，3＝同意。"), ("en", (1, 1, -1), "“trust”: 1 = (不同意), 3 = (同意)."), ("zh", (-1, 1, 1), "1＝不同意，3＝同意。"),
    ("zh", (-1, -1, -1), "“邻里可信”等3题：1＝同意，3＝不同意。"),
])
def test_the_ends_of_a_scale_are_told_beside_its_mean(language, keys, ends):
    clean = opened(language).clean
    key = dict(zip(("trust_1", "trust_2", "trust_3"), keys, strict=True))
    book = replace(clean.codebook, variables=tuple(replace(v, key=key.get(v.name, v.key)) for v in clean.codebook))
    shown = table(opened_on(replace(clean, codebook=book), opened(language).quality, language), "means")
    assert ends in shown.note
    assert shown.rows[0][1] == {"zh": "分", "en": "points"}[language]


def test_a_table_without_scales_tells_no_ends():
    clean = bare()
    assert "＝" not in table(opened_on(clean), "means").note


def test_weights_show_factors_with_a_mean_of_one_and_margins():
    clean = survey()
    target = pd.DataFrame({"variable": "community", "category": ["1", "2"], "target": [6000, 6000]})
    page = opened_on(clean, assess_survey(clean, Sampling.OPT_IN, margins=target))
    row = page.quality.weights.iloc[0]
    text = body_of(page)
    assert f"最小{row['g_low'] / 100:.2f}，最大{row['g_high'] / 100:.2f}" in text
    assert list(table(page, "margins").rows[0][:3]) == ["您居住的社区", "甲社区", "50.0"]


def test_a_weighting_variable_with_gaps_is_told_and_has_no_population():
    clean = survey()
    clean = replace(clean, frame=clean.frame.assign(community=clean.frame["community"].mask(pd.Series(range(N), index=clean.frame.index) < 4)))
    target = pd.DataFrame({"variable": "community", "category": ["1", "2"], "target": [6000, 6000]})
    quality = assess_survey(clean, Sampling.OPT_IN, margins=target)
    page = opened_on(clean, quality)
    assert [list(row[1:]) for row in table(page, "margins").rows][-1] == ["没有回答", "—", "3.3", "—"]
    assert [row[2] for row in table(page, "margins").rows] == ["50.0", "50.0", "—"]  # as in the file of counts
    assert [row[4] for row in table(page, "margins").rows] == ["50.0", "50.0", "—"]
    assert "加权后的占比不含没有回答的" in body_of(page)
    assert "没有回答的自成一类" in body_of(page)
    assert "“您居住的社区”4份" in body_of(page)
    assert "都按同样的人口总数重新加权" in body_of(page)
    assert "own that keeps its share of the sample" in body_of(opened_on(clean, quality, "en"))
    kept = quality.sensitivity.assign(weighting=lambda t: t["weighting"].mask(t["without"].isin(["flag_irv", "any_flag"]), "fitted"))
    assert "沿用全部答卷的权数：答案几乎不变、全部标记。" in body_of(opened_on(clean, replace(quality, sensitivity=kept)))


@pytest.mark.parametrize("language", list(Language))
def test_a_probability_sample_whose_design_is_not_known_says_so_first(language):
    clean = survey(sampling="probability")
    page = opened_on(clean, language=language)
    assert page.inference == "model"
    first = "".join(i.markdown(Path()) for i in quality_summary.first_screen(page))
    assert all(word in first for word in ("simple_random", "by_community", "stratum", "cluster"))
    assert "非概率样本" not in body_of(page)
    assert "%置信区间" not in body_of(page)
    assert "confidence interval" not in body_of(page)
    assert list(table(page, "satisfaction").header) == list(table(opened(language), "satisfaction").header)  # no design effect
    assert page.say("model_note", reason=page.model_reason) in table(page, "satisfaction").note
    assert page.say("model_note", reason=page.model_reason) in table(page, "means").note


def test_rows_without_their_place_in_the_design_are_counted_on_the_first_screen():
    clean = survey(sampling="probability")
    book = replace(clean.codebook, variables=tuple(replace(v, role=Role.STRATUM) if v.name == "community" else v for v in clean.codebook))
    frame = clean.frame.assign(community=clean.frame["community"].mask(pd.Series(range(N), index=clean.frame.index) < 4))
    page = opened_on(replace(clean, frame=frame, codebook=book))
    first = "".join(i.markdown(Path()) for i in quality_summary.first_screen(page))
    assert "有答卷缺少抽样层或抽样群（“您居住的社区”4份）" in first
    assert "corrections.csv" in first
    whole = opened_on(replace(clean, codebook=book))
    assert (whole.inference, whole.model_reason) == ("design", "")


def test_weights_that_were_completed_or_left_aside_are_told():
    clean = survey()
    book = replace(clean.codebook, variables=tuple(replace(v, role=Role.WEIGHT) if v.name == "times" else v for v in clean.codebook))
    clean = replace(clean, codebook=book)
    assert "抽样权数“参加几次”没有使用" in body_of(opened_on(clean))
    drawn = replace(clean, provenance=clean.provenance | {"sampling": "probability"})
    page = opened_on(drawn, assess_survey(drawn, Sampling.PROBABILITY, design="by_community"))
    assert f"按其余答卷的平均权数计：“参加几次”{clean.frame['times'].isna().sum()}份" in body_of(page)


# ---------------------------------------------------------------- units and sizes


@pytest.mark.parametrize(("unit", "zh", "en"), [
    ("元", "3.5元", "3.5 yuan"), ("人", "3.5人", "3.5 persons"), ("分", "3.5分", "3.5 points"), ("万元", "3.5万元", "3.5 ×10,000 yuan"), ("元/月", "3.5元/月", "3.5 yuan per month"),
    ("個別", "3.5個別", "3.5 (個別)"), ("元/個別", "3.5元/個別", "3.5 (元/個別)"), ("kWh", "3.5kWh", "3.5 kWh"), ("value", "3.5", "3.5"), ("score", "3.5分", "3.5"), ("share", "3.5%", "3.5%"),
])
def test_units_have_words_in_both_languages(unit, zh, en):
    assert opened().amount(3.5, 1, unit) == zh
    assert opened("en").amount(3.5, 1, unit) == en


def effect(**changes):
    values = {"variable": "age", "measure": "mean", "unit": "元", "estimate": 3.534, "low": 3.41, "high": 3.66, "n": 50, "without": 3.546, "without_low": 3.42,
              "without_high": 3.67, "difference": 0.012, "flag": "", "flag_difference": float("nan"), "fewest": 50, "out": 0, "flag_out": 0}
    return Effect(**(values | changes))


def test_a_difference_that_its_rounded_numbers_do_not_give_says_so():
    for value, told in ((effect(estimate=3.534, without=3.546), True), (effect(estimate=3.531, without=3.542, difference=0.011), False)):
        page = replace(opened(), quality=opened().quality)
        page.__dict__["effects"] = [value]
        lead = next(i for i in quality_summary.first_screen(page) if hasattr(i, "text") and i.text.startswith("共收到")).text
        assert "由3.53元（" in lead
        assert ("（由未取整的数算出）" in lead) == told


@pytest.mark.parametrize(("found", "lead", "cells"), [
    (
        {"variable": "overall", "measure": "top_two", "unit": "share", "estimate": 0.608, "low": 0.576, "high": 0.64, "without": 0.576, "without_low": 0.54, "without_high": 0.611, "difference": -0.032},
        "由61%（95%区间，依赖模型：58%至64%）变为58%，相差−3.2个百分点", ["61 (58, 64)", "58 (54, 61)", "−3.2"],
    ),
    (
        {"variable": "times", "unit": "次", "estimate": 3.73, "low": 3.03, "high": 4.42, "without": 3.72, "without_low": 2.6, "without_high": 4.9, "difference": -0.01},
        "由3.73次（95%区间，依赖模型：3.03次至4.42次）变为3.72次，相差−0.01次", ["3.73 (3.03, 4.42)", "3.72 (2.60, 4.90)", "−0.01"],
    ),
])
def test_a_result_has_the_same_digits_wherever_it_stands(found, lead, cells):
    page = replace(opened(), quality=opened().quality)
    page.__dict__["effects"] = [effect(**found)]
    first = next(i for i in quality_summary.first_screen(page) if hasattr(i, "text") and i.text.startswith("共收到")).text
    assert lead in first
    row = next(i for i in quality_effects.sensitivity(page) if isinstance(i, Table)).rows[0]
    assert list(row[1:4]) == cells


def test_results_are_drawn_by_how_far_they_move_beside_their_intervals():
    page = replace(opened(), quality=opened().quality)
    down = effect(variable="age", estimate=4.0, low=3.0, high=5.0, difference=-1.5)
    up, none = effect(variable="trust", estimate=4.0, low=3.8, high=4.2, difference=0.05), effect(variable="fee", low=float("nan"), high=float("nan"))
    assert [down.shift, down.relative, up.shift] == pytest.approx([-1.5, 1.5, 0.25])
    assert math.isnan(none.shift)
    page.__dict__["effects"] = [down, none, up]
    figure = next(i for i in quality_effects.sensitivity(page) if isinstance(i, Figure))
    axes = figure.drawing.axes[0]
    assert axes.lines[1].get_xdata() == pytest.approx([-1.5, 0.25])  # the first line is zero
    low, high = axes.get_xlim()
    assert low < -1.5 < 1 < high
    assert "−1.5" in figure.alt
    assert "+0.2" in figure.alt
    close = replace(opened(), quality=opened().quality)
    close.__dict__["effects"] = [effect(estimate=4.0, low=3.0, high=5.0, difference=0.97)]
    assert "+0.97" in next(i for i in quality_effects.sensitivity(close) if isinstance(i, Figure)).alt  # as the table says: not 1.0
    page = replace(opened(), quality=opened().quality)
    page.__dict__["effects"] = [none]
    assert not any(isinstance(i, Figure) for i in quality_effects.sensitivity(page))


def test_a_score_is_drawn_where_the_share_of_its_question_may_not_be():
    share, score = (effect(variable="overall", measure=m, unit=u, out=30) for m, u in (("top_two", "share"), ("score", "score")))
    rows = {"both": [share, score], "hidden": [replace(share, out=3), score], "without interval": [replace(share, low=float("nan")), score]}
    for what, found in rows.items():
        page = replace(opened(), release=Release())
        page.__dict__["effects"] = found
        drawing = next(i for i in quality_effects.sensitivity(page) if isinstance(i, Figure)).drawing
        assert ["平均分" in t.get_text() for t in drawing.axes[0].get_yticklabels()] == [what != "both"], what


@pytest.mark.parametrize(("language", "drawn", "wide"), [("zh", "“", False), ("en", '"', True)])
def test_quotation_marks_of_english_drawings_are_straight(language, drawn, wide):
    shown = {i.id: i for i in items_of(opened(language)) if isinstance(i, Figure)}
    for name in ("fig-quality-effects", "fig-quality-missing"):
        labels = "".join(t.get_text() for t in shown[name].drawing.axes[0].get_yticklabels())
        assert not (wide and re.search("[“”‘’]", labels)), name
    assert drawn in "".join(t.get_text() for t in shown["fig-quality-effects"].drawing.axes[0].get_yticklabels())
    assert "“" in shown["fig-quality-effects"].alt  # words around it are set in a Latin font
    assert opened("en").drawn("“Your household’s”, mean") == '"Your household\'s", mean'


def test_what_is_not_followed_is_counted_and_its_place_is_told():
    page = opened()
    notes = pd.DataFrame({"note": ["not_followed"], "variable": [""], "n": [4]})
    assert f"这里跟踪{len(page.effects)}项结果" in body_of(replace(page, quality=replace(page.quality, notes=notes)))
    assert "另有4项没有跟踪，它们的结果见“主要结果”一节，也在清洗结果文件夹的 quality_estimates.csv 里" in body_of(replace(page, quality=replace(page.quality, notes=notes)))
    assert "没有跟踪" not in body_of(page)
    assert "量表均分和数值题2项见 @tbl-quality-means" in body_of(page)


def test_sheets_that_answer_nothing_are_told_apart_from_those_compared():
    page = opened()
    fewer = page.quality.sensitivity.assign(n_rows=lambda t: t["n_rows"] - 5)
    text = body_of(replace(page, quality=replace(page.quality, sensitivity=fewer)))
    assert "保留的120份答卷里，115份进入这里的计算；其余5份" in text
    assert "进入这里的计算" not in body_of(page)


# ---------------------------------------------------------------- with little


@pytest.mark.parametrize("language", list(Language))
def test_a_survey_with_little_says_so_and_shows_no_empty_table(language):
    page = opened_on(bare(), language=language)
    for item in items_of(page):
        if isinstance(item, Table):
            assert item.rows, item.id
    text = body_of(page)
    expected = ("lead_no_cells", "lead_no_flags", "changes_none", "missing_none", "skips_none_declared", "identifiers_none", "quasi_none", "duplicates_none",
                "effects_unchanged", "scales_none", "weights_none", "unused_none")
    for key in expected:
        assert entries("quality")[key][language.value] in text, key
    assert "#fig-" not in text


def test_a_survey_without_rows_or_results_can_be_shown():
    clean = bare()
    none = replace(
        clean, frame=clean.frame.iloc[:0], missing_kinds=clean.missing_kinds.iloc[:0], flags=clean.flags.iloc[:0], account=clean.account.assign(rows=[0, 0])
    )
    empty = pd.DataFrame()
    estimates = pd.DataFrame({"variable": [], "measure": [], "estimate": []})
    quality = SurveyQuality(estimates=estimates, sensitivity=empty, scales=empty, items=empty, weights=empty, margins=empty, anonymity=empty)
    text = body_of(opened_on(none, quality))
    assert "收到的文件里没有答卷。" in text
    assert "主要结果：没有可以估计的题" in text


def test_tables_fit_a_page():
    for item in items_of(opened()):
        if isinstance(item, Table):
            assert len(item.header) <= 7, item.id
            assert sum(item.widths) == 100, item.id
            assert {len(item.header)} == {len(row) for row in item.rows} | {len(item.align)} | {len(item.widths)}, item.id


def test_long_questions_are_cut_between_words():
    assert cut("总的来说，您对社区运营是否满意", 12) == "总的来说…"
    assert cut("How often did you take part", 16) == "How often did…"
    assert cut("short", 16) == "short"
    assert cut("Your trust in the committee (0 to 10 points)", 32) == "Your trust in the committee…"  # no bracket stays open
    assert cut("您对居委会的信任程度（0到10分）", 28) == "您对居委会的信任程度…"
    assert cut("（可不填）您的姓名和手机号码", 18) == "（可不填）您的姓…"
    assert cut("(42、您的姓名)", 10) == "(42、您的…"


def test_rows_of_a_matrix_are_shown_without_their_stem():
    page = opened()
    assert page.question("trust_2") == "干部可信"
    book = page.clean.codebook
    drafted = replace(book, variables=tuple(replace(v, question_zh=v.question_zh.replace("您是否同意：", " — ")) for v in book))
    assert opened_on(replace(page.clean, codebook=drafted), page.quality).question("trust_2") == "干部可信"
    assert opened("en").question("trust_2") == "trust_2 (干部可信)"
    assert opened("en").question("来源") == "(来源)"


# ---------------------------------------------------------------- names in sentences


def test_a_scale_is_called_by_its_first_item_or_by_a_chinese_name():
    page = opened()
    assert page.measure("trust", "scale") == "“邻里可信”等3题的量表均分"
    assert opened("en").measure("trust", "scale") == "scale “trust”, mean"
    prose = "".join(i.text for i in items_of(page) if hasattr(i, "text"))
    assert "“trust”" not in prose
    assert table(page, "scales").rows[0][0] == "trust（“邻里可信”等）"
    book = replace(page.clean.codebook, variables=tuple(replace(v, scale="邻里信任") if v.scale else v for v in page.clean.codebook))
    assert opened_on(replace(page.clean, codebook=book)).measure("邻里信任", "scale") == "“邻里信任”的量表均分"
    english = opened_on(replace(page.clean, codebook=book), language="en")
    assert english.measure("邻里信任", "scale") == "scale (邻里信任), mean"
    assert table(english, "scales").rows[0][0].startswith("(邻里信任) (“trust_1 (邻里可信)”")


def test_english_lists_name_questions_that_have_no_english_wording():
    page = opened("en")
    turned = replace(page, quality=replace(page.quality, items=page.quality.items.assign(item_rest=[-0.3, -0.4, 0.5])))
    assert r"Negative correlation with the rest of the scale (trust\_1, trust\_2)." in body_of(turned)
    assert "left out: 1 (来源详情)." in body_of(page)
    assert "treated as if declared (8、电话)." in body_of(page)
    assert page.named("overall") == "Overall satisfaction"
    assert opened().named("trust_1") == "邻里可信"

"""The public edition of the report on a survey: no count of 1 to 9 persons, and no share or change from which one follows; and how changes are said."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from commresearch.cases.case import Release
from commresearch.reporting import quality_cleaning, quality_duplicates, quality_effects, quality_results, quality_summary
from commresearch.reporting.disclosure_rules import HIDDEN
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.quality_tables import effects, smaller_side
from tests.unit.quality_survey import N, opened, opened_on, words_of


def public(language="zh", **changes):
    """The survey made by hand in the public edition."""
    return replace(opened(language), release=Release(), **changes)


def shown(section, page, name):
    return next(i for i in section(page) if isinstance(i, Table) and i.id == f"tbl-quality-{name}")


@pytest.mark.parametrize(("language", "few", "many"), [("zh", "K 值不足10", "K 值为25"), ("en", "K below 10", "K = 25")])
def test_k_is_a_number_of_persons_like_any_other(language, few, many):
    for k, words in ((1, few), (9, few), (23, many)):
        page = public(language)
        page = replace(page, quality=replace(page.quality, anonymity=page.quality.anonymity.assign(k=k, n_cells=37)))
        text = "".join(words_of(i) for i in quality_cleaning.identifiers(page))
        assert text.count(words) >= 2
        assert "37" not in text
        assert "35" in text
    assert "K 值为1（" in "".join(words_of(i) for i in quality_cleaning.identifiers(replace(opened(), quality=replace(opened().quality, anonymity=opened().quality.anonymity.assign(k=1)))))


@pytest.mark.parametrize(("sheets", "words"), [(4, "极少数的答卷所在的组不足5份"), (N - 4, "绝大多数的答卷所在的组不足5份"), (N, "100%的答卷所在的组不足5份"), (0, "0%的答卷所在的组不足5份"), (33, "29%的答卷所在的组不足5份")])
def test_sheets_in_small_cells_are_told_by_rounded_numbers(sheets, words):
    page = public()
    page = replace(page, quality=replace(page.quality, anonymity=page.quality.anonymity.assign(k=1, share_below_5=sheets / N)))
    assert words in "".join(words_of(i) for i in quality_cleaning.identifiers(page))


def test_groups_of_duplicates_are_told_like_their_sheets():
    page = public()
    assert "## 可能重复：若干组" in "".join(words_of(i) for i in quality_results.flagged(page))
    assert "## Possible duplicates: some groups" in "".join(words_of(i) for i in quality_results.flagged(public("en")))
    for row in shown(quality_results.flagged, page, "duplicates").rows:
        assert set(row[1:]) <= {HIDDEN, "0"}


@pytest.mark.parametrize(("release", "shares", "says"), [
    (Release(), ["8", "8"], True), (Release(rounding=1), ["7.5", "10.0"], False), (Release(edition="internal"), ["7.5", "10.0"], False),
])
def test_shares_of_rounded_numbers_have_no_decimal_that_rounding_leaves_open(release, shares, says):
    page = replace(opened(), release=release)
    assert [page.share(9, N), page.share(12, N)] == shares
    assert [page.share(9, 40000), page.share(1234, 40000)] == ["< 0.1", "3.1"]  # of so many a decimal is known
    assert ("占比由取整后的人数算出" in shown(quality_results.flagged, page, "flags").note) == says


@pytest.mark.parametrize(("language", "few", "many"), [
    ("zh", "缺失：缺得最多的是“总体是否满意”", "缺失：缺得最多的是“总体是否满意”，应作答的120份中缺25份"),
    ("en", "most for “Overall satisfaction”", "most for “Overall satisfaction”, 25 of the 120 asked"),
])
def test_the_heading_of_missing_values_has_their_number_where_it_is_told(language, few, many):
    page = public(language)
    head = words_of(quality_cleaning.missing_values(page)[0])
    assert few in head
    assert "120" not in head
    kinds, frame = page.clean.missing_kinds.copy(), page.clean.frame.copy()
    kinds.loc[kinds.index[:23], "overall"], frame.loc[frame.index[:23], "overall"] = "dont_know", None
    assert many in words_of(quality_cleaning.missing_values(replace(page, clean=replace(page.clean, missing_kinds=kinds, frame=frame)))[0])


def bars_of(page):
    return [patch.get_height() for patch in drawn(quality_results.flagged, page).axes[0].patches]


def drawn(section, page):
    return next(i for i in section(page) if isinstance(i, Figure)).drawing


@pytest.mark.parametrize(("seconds", "known"), [(117, 115), (118, 120), (120, 120)])
def test_bars_of_times_are_as_high_as_rounded_numbers(seconds, known):
    page = public()
    unknown = pd.Series([i >= seconds for i in range(N)], index=page.clean.flags.index)
    flags = page.clean.flags.assign(duration=page.clean.flags["duration"].mask(unknown))
    assert sum(bars_of(replace(opened(), clean=replace(page.clean, flags=flags)))) == seconds  # internal: as they are
    heights = bars_of(replace(page, clean=replace(page.clean, flags=flags)))
    assert all(height % Release().rounding == 0 for height in heights)
    alone = replace(page, clean=replace(page.clean, flags=flags.assign(duration=flags["duration"].where(unknown, 300.0))))
    assert max(bars_of(alone)) == known  # all in one bar, whose height could be measured
    assert "柱高按5取整" in next(i for i in quality_results.flagged(alone) if isinstance(i, Figure)).note


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_number_of_fast_sheets_stands_right_of_the_axis(language):
    page = opened(language)
    fast = pd.array([i < 30 for i in range(N)], dtype="boolean")
    flags = page.clean.flags.assign(flag_duration=fast, duration=page.clean.flags["duration"].mask(fast.astype(bool), 40.0))
    figure = drawn(quality_results.flagged, replace(page, clean=replace(page.clean, flags=flags)))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    label = next(t for t in axes.texts if "30" in t.get_text())
    assert axes.get_window_extent().x0 <= label.get_window_extent().x0


@pytest.mark.parametrize(("known", "compared"), [
    (N, "逐题比较过答案的有120份。"), (N - 3, "逐题比较过答案的有≥ 100份。"), (48, "逐题比较过答案的有50份。"), (4, "逐题比较过答案的有若干份。"),
])
def test_how_many_sheets_were_compared_is_said_where_copies_are_and_where_none_are(monkeypatch, known, compared):
    monkeypatch.setattr(quality_duplicates, "LEAST_QUESTIONS", 1)
    page = public()
    flags = page.clean.flags.assign(flag_percent_match=pd.array([False if i < known else pd.NA for i in range(N)], dtype="boolean"))
    for clean in (replace(page.clean, flags=flags), replace(page.clean, flags=flags, duplicates=page.clean.duplicates.iloc[:0])):
        text = "".join(words_of(i) for i in quality_results.flagged(replace(page, clean=clean)))
        assert compared in text
        assert ("题目不到20道，只比较每题都有答案的" in text) == (known < N)
        assert "其余的答得太少" not in text
    assert "逐题比较" not in "".join(words_of(i) for i in quality_results.flagged(page))  # a table without that flag


@pytest.mark.parametrize("rounding", [1, 5])
def test_how_few_could_not_be_judged_does_not_follow_from_how_many_were(rounding):
    page = replace(public(), release=Release(rounding=rounding))
    flags = page.clean.flags.assign(flag_percent_match=pd.array([False if i < N - 3 else pd.NA for i in range(N)], dtype="boolean"))
    table = shown(quality_results.flagged, replace(page, clean=replace(page.clean, flags=flags)), "flags")
    row = next(row for row in table.rows if "雷同" in row[0])
    assert row[2] == "≥ 100"
    assert "≥" in table.note


def test_answers_of_a_short_questionnaire_are_not_compared_nor_is_a_single_sheet():
    page = public()
    flags = page.clean.flags.assign(flag_percent_match=pd.array([pd.NA] * N, dtype="boolean"))
    clean = replace(page.clean, flags=flags, duplicates=page.clean.duplicates.iloc[:0])
    assert "题目不到10道，偶然相同的太多，不按答案比较" in "".join(words_of(i) for i in quality_duplicates.duplicates(replace(page, clean=clean)))
    one = replace(clean, flags=flags.iloc[:1], frame=clean.frame.iloc[:1])
    assert "比较" not in "".join(words_of(i) for i in quality_duplicates.duplicates(replace(page, clean=one)))


def test_of_a_long_questionnaire_sheets_with_few_answers_are_not_compared(monkeypatch):
    for name, least in (("MANY_QUESTIONS", 3), ("LEAST_QUESTIONS", 1)):
        monkeypatch.setattr(quality_duplicates, name, least)
    page = public()
    flags = page.clean.flags.assign(flag_percent_match=pd.array([False if i < 48 else pd.NA for i in range(N)], dtype="boolean"))
    text = "".join(words_of(i) for i in quality_results.flagged(replace(page, clean=replace(page.clean, flags=flags))))
    assert "其余的答得太少，不作比较" in text
    assert "每题都有答案" not in text


def test_a_copy_is_sought_in_the_community_only_where_there_is_one():
    page = opened()
    flags = page.clean.flags.assign(flag_percent_match=pd.array([False] * N, dtype="boolean"))
    book = replace(page.clean.codebook, variables=tuple(replace(v, role=None) if v.name == "community" else v for v in page.clean.codebook))
    for codebook, words in ((page.clean.codebook, "与同社区另一份答卷85%以上"), (book, "与另一份答卷85%以上")):
        rows = shown(quality_results.flagged, replace(page, clean=replace(page.clean, flags=flags, codebook=codebook)), "flags").rows
        assert any(row[1].startswith(words) for row in rows)


def test_a_share_is_hidden_where_few_are_on_either_side():
    assert [smaller_side(*pair) for pair in ((100, 97), (100, 3), (100, 0), (100, 100), (100, float("nan")), (float("nan"), float("nan")))] == [3, 3, 100, 100, 100, 0]
    page = public()
    table = page.quality.estimates
    n = int(table.loc[table["measure"] == "top_two", "n"].iloc[0])
    rare = page.quality.estimates.assign(n_chosen=lambda t: t["n_chosen"].mask(t["measure"] == "top_two", n - 4.0))
    few = replace(page, quality=replace(page.quality, estimates=rare))
    row = shown(quality_results.results, few, "satisfaction").rows[0]
    assert row[1] == HIDDEN
    assert row[2] != HIDDEN
    assert "%" not in words_of(quality_results.results(few)[0])  # nor is it said in the heading
    assert shown(quality_results.results, page, "satisfaction").rows[0][1] != HIDDEN


def test_dont_know_is_hidden_with_its_count_and_rounded_otherwise():
    page = public()
    assert shown(quality_results.results, page, "satisfaction").rows[0][3] == HIDDEN  # 6 sheets
    kinds = page.clean.missing_kinds.copy()
    frame = page.clean.frame.copy()
    kinds.loc[kinds.index[:23], "overall"], frame.loc[frame.index[:23], "overall"] = "dont_know", None
    more = public(clean=replace(page.clean, missing_kinds=kinds, frame=frame), quality=replace(page.quality, estimates=page.quality.estimates.assign(dont_know=23 / N)))
    assert shown(quality_results.results, more, "satisfaction").rows[0][3] == "21"  # 25 of 120, not 19.2


def test_a_change_is_hidden_where_few_sheets_make_it():
    lines = pd.DataFrame({
        "without": ["", "flag_irv", "any_flag"] * 2, "variable": ["a"] * 3 + ["b"] * 3, "measure": ["mean"] * 3 + ["share"] * 3, "unit": ["value"] * 3 + ["share"] * 3,
        "estimate": [3.0, 3.1, 3.2, 0.5, 0.5, 0.5], "conf_low": 0.1, "conf_high": 4.0, "n": [70, 68, 50, 100, 85, 80], "n_chosen": [float("nan")] * 3 + [50, 45, 38],
        "n_rows": [120, 105, 100] * 2, "n_excluded": [0, 15, 20] * 2, "difference": [0, 0.1, 0.2, 0, 0.03, -0.025],
    })
    first, second = effects(lines)
    assert (first.fewest, first.out, first.flag_out) == (50, 20, 2)  # of 15 flagged sheets two answer this question
    assert (second.fewest, second.out, second.flag_out) == (38, 8, 5)
    page = public()
    assert page.n_flagged >= Release().threshold
    assert "变动最大" in words_of(quality_effects.sensitivity(page)[0])
    whole = page.quality.sensitivity.groupby(["variable", "measure"])["n"].transform("first")
    lines = page.quality.sensitivity.assign(n=whole.mask(page.quality.sensitivity["without"] != "", whole - 3), n_chosen=float("nan"))
    items = quality_effects.sensitivity(replace(page, quality=replace(page.quality, sensitivity=lines)))
    assert "没有可比较的结果" in words_of(items[0])
    assert "公开版不列剔除它们以后的结果" in words_of(items[1])


@pytest.mark.parametrize(("relative", "shown"), [(0.968, "0.97"), (0.999, "0.99"), (1.0, "1.0"), (1.001, "1.01"), (1.04, "1.04"), (0.3, "0.3"), (0.94, "0.9"), (1.06, "1.1"), (0.48, "0.48"), (0.499, "0.49"), (0.5, "0.5"), (0.501, "0.51"), (0.52, "0.52"), (0.44, "0.4")])
def test_a_change_near_half_the_interval_is_told_on_its_side_of_it(relative, shown):
    page = opened("en")
    effect = replace(page.effects[0], low=0.0, high=2.0, difference=relative)
    assert page.times(effect) == shown
    assert f"or {shown} times half its interval" in page.relative(effect)


@pytest.mark.parametrize(("relatives", "words"), [((0.1, 0.5), "去留对结论影响不大"), ((0.1, 0.6, 0.97), "超过半宽一半的有2项"), ((0.6, 1.2), "变动超过自身区间半宽的有1项")])
def test_what_changes_mean_follows_from_the_largest(monkeypatch, relatives, words):
    page = replace(opened())
    told = [replace(page.effects[0], low=0.0, high=2.0, difference=r) for r in relatives]
    monkeypatch.setattr(type(page), "told_effects", told)
    assert words in words_of(quality_effects.sensitivity(page)[1])


@pytest.mark.parametrize(("language", "words"), [("zh", "与自身区间相比变动最大的"), ("en", "the result that moves most relative to its interval")])
def test_what_a_change_is_measured_by_is_said_wherever_it_is_called_the_largest(language, words):
    page = opened(language)
    assert words in words_of(quality_effects.sensitivity(page)[0])
    assert any(words in cell for row in shown(quality_summary.first_screen, page, "panels").rows for cell in row)


def test_numbers_of_missing_values_that_are_rounded_are_said_to_be():
    page = public()
    kinds, frame = page.clean.missing_kinds.copy(), page.clean.frame.copy()
    kinds.loc[kinds.index[:23], "overall"], frame.loc[frame.index[:23], "overall"] = "dont_know", None
    page = replace(page, clean=replace(page.clean, missing_kinds=kinds, frame=frame))
    table = shown(quality_cleaning.missing_values, page, "missing")
    assert list(table.rows[0][1:]) == ["120", "0", "0", "25", "0"]
    assert "人数按5取整" in table.note


def test_a_number_that_all_answer_alike_is_told_without_noise():
    clean = opened("en").clean
    kinds = clean.missing_kinds["times"].mask(clean.missing_kinds["times"].notna())
    clean = replace(clean, frame=clean.frame.assign(times=pd.array([3.3] * N, dtype="Float64")), missing_kinds=clean.missing_kinds.assign(times=kinds))
    page = opened_on(clean, language="en")
    alike = next(e for e in page.effects if e.variable == "times")
    assert math.isnan(alike.shift)
    row = next(r for r in shown(quality_effects.sensitivity, page, "effects").rows if "often" in r[0])
    assert list(row[1:5]) == ["3.30", "3.30", "0.00", "—"]
    assert next(r for r in shown(quality_results.results, page, "means").rows if "often" in r[0])[2] == "3.30"

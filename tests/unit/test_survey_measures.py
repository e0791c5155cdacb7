"""What a survey can be asked for: which results are followed through the flags, and the shares of plain choices on the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.cases.case import Release
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.fit import ABSENT
from commresearch.errors import CaseError
from commresearch.reporting.quality_choices import choices
from commresearch.reporting.quality_cleaning import identifiers
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.quality_results import results, scales_and_weights
from commresearch.reporting.quality_summary import first_screen
from commresearch.terms import Language, Role, Sampling
from commresearch.workflow.survey_measures import FOLLOWED, Measure, followed, plain_choices, working_frame
from commresearch.workflow.survey_quality import assess_survey, quality_files, read_quality
from tests.unit.quality_survey import FIVE, INTERNAL, ROWS, N, made, opened, survey, table, words_of


def measures(block, n):
    return [Measure(variable=f"{block}{i}", measure="mean", column=f"{block}{i}", unit="value", block=block) for i in range(n)]


def with_questions(*rows, **columns):
    """The survey made by hand with more questions; `columns` are values of all its sheets, "" where there is no answer."""
    clean = survey()
    book = Codebook.from_frame(pd.DataFrame([*ROWS, *({"source": ABSENT} | r for r in rows)]).fillna(""), name="codebook.csv")
    frame, kinds = clean.frame.copy(), clean.missing_kinds.copy()
    for name, values in columns.items():
        known = [v if v != "" else None for v in values]
        base = name.partition("__")[0]
        choices_of = list(book[base].answers)
        is_option = "__" in name and "__rank_" not in name
        frame[name] = pd.array(known, dtype="boolean") if is_option else pd.Categorical(known, categories=choices_of)
        kinds[name] = pd.Categorical([None if v is not None else "blank" for v in known], categories=kinds["overall"].cat.categories)
    return replace(clean, codebook=book, frame=frame, missing_kinds=kinds)


def page_on(clean, language="zh", release=INTERNAL):
    return QualityPage(clean=clean, quality=assess_survey(clean, Sampling.OPT_IN), language=Language(language), release=release)


def choice(name, values, **more):
    return {"name": name, "type": "single", "source": name, "question_zh": name, "values": values} | more


# ---------------------------------------------------------------- followed


def test_blocks_are_followed_whole_and_in_order():
    given = [*measures("a", 2), *measures("b", FOLLOWED - 3), *measures("c", 2), *measures("d", 1)]
    assert followed(given) == [m for m in given if m.block != "c"]
    large = measures("a", FOLLOWED + 5)
    assert followed([*large, *measures("b", 1)]) == large  # a survey of one large matrix is followed all the same
    assert followed([]) == []


def test_scales_and_questions_of_their_own_stand_before_rows_of_matrices():
    rows = [choice(f"m_{i}", FIVE, matrix="m", missing="dont_know=6") for i in range(11)]
    clean = with_questions(*rows, **{r["name"]: [str(1 + (i + j) % 5) for j in range(N)] for i, r in enumerate(rows)})
    quality = assess_survey(clean, Sampling.OPT_IN)
    order = list(dict.fromkeys(quality.estimates["variable"]))
    assert order[:4] == ["trust", "overall", "took_part", "times"]
    assert order[4:] == [r["name"] for r in rows]
    assert set(quality.sensitivity["variable"].dropna()) == set(order[:4])  # 22 of the matrix do not fit beside 5
    assert quality.noted("not_followed") == {"": 22}
    assert len(quality.estimates) == 27


def test_a_question_with_two_answers_is_followed_by_its_first_one():
    clean, quality = made()
    line = quality.estimates.set_index("variable").loc["took_part"]
    answered = clean.frame["took_part"].dropna()
    assert line["estimate"] == pytest.approx((answered == "1").mean())
    assert line["n_chosen"] == (answered == "1").sum()
    assert opened().measure("took_part", "share") == "“是否参加过活动”答“是”的占比"
    assert opened("en").measure("took_part", "share") == "“Took part”, share answering “是”"


def test_an_answer_that_only_flagged_sheets_give_falls_to_nought_without_them():
    clean = survey()
    flagged = clean.flags["n_flags"] > 0
    clean = with_questions(choice("vote", "1=是\n2=否"), vote=["1" if f else "2" for f in flagged])
    quality = assess_survey(clean, Sampling.OPT_IN)
    line = quality.sensitivity.set_index(["variable", "without"]).loc[("vote", "any_flag")]
    assert (line["estimate"], line["conf_low"]) == (0.0, 0.0)
    assert line["conf_high"] > 0
    assert quality.estimates.set_index("variable").loc["vote", "estimate"] == pytest.approx(flagged.mean())


def test_shares_that_are_given_by_the_margins_are_no_results():
    clean = with_questions(choice("sex", "1=男\n2=女"), sex=["12"[i % 2] for i in range(N)])
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": [500, 700]})
    quality = assess_survey(clean, Sampling.OPT_IN, margins=margins)
    assert "sex" not in set(quality.estimates["variable"]) | set(quality.shares["variable"])
    assert "took_part" in set(quality.shares["variable"])


# ---------------------------------------------------------------- shares


def test_shares_are_those_counted_by_hand():
    told = [["", "1", "1", "2", "3"][i % 5] for i in range(N)]
    tags = [[True, False, ""][i % 3] for i in range(N)]
    clean = with_questions(
        choice("told", "1=微信群\n2=公告栏\n3=邻居\n4=其他"), choice("tags", "1=饭\n2=医", type="multiple"), told=told, tags__1=tags, tags__2=[v if v == "" else False for v in tags],
    )
    shares = assess_survey(clean, Sampling.OPT_IN).shares.set_index(["variable", "category"])
    assert list(shares.loc["told"].index) == ["1", "2", "3"]  # nobody said 4
    assert shares.loc[("told", "1"), "estimate"] == pytest.approx(0.5)
    assert shares.loc[("told", "1"), "n"] == 96
    assert list(shares.loc["tags"].index) == ["1"]
    assert shares.loc[("tags", "1"), ["estimate", "n", "n_chosen"]].tolist() == [0.5, 80, 40]
    shown = table(page_on(clean), "choices")
    assert ["told", "微信群", "50", "96"] in [[*r[:2], r[2].split(" (")[0], r[3]] for r in shown.rows]
    assert any(r[0] == "tags" and r[1] == "饭" for r in shown.rows)


@pytest.mark.parametrize("values", ["other=甲\nchosen=乙", "chosen=乙\nother=甲", "chosen=乙\nrest=甲\nother=丙"])
def test_an_answer_may_be_called_chosen(values):
    given = ["other", "chosen", "chosen"] * (N // 3)
    clean = with_questions(choice("ab", values), choice("tags", "1=饭\n2=医", type="multiple"), ab=given, tags__1=[i % 4 == 0 for i in range(N)], tags__2=[False] * N)
    shares = assess_survey(clean, Sampling.OPT_IN).shares.set_index(["variable", "category"])["estimate"]
    assert shares[("ab", "chosen")] == pytest.approx(2 / 3)
    assert shares[("ab", "other")] == pytest.approx(1 / 3)
    assert shares[("tags", "1")] == pytest.approx(0.25)


def ranked():
    """A ranking whose first place is known: 70 sheets put 1 first, 45 put 2, 3 put 3, two leave it out."""
    first = ["1"] * 70 + ["2"] * 45 + ["3"] * 3 + [""] * (N - 118)
    second = [{"1": "2", "2": "1", "3": "1", "": ""}[v] for v in first]
    return with_questions(choice("wish", "1=停车\n2=绿化\n3=托育", type="ranking"), wish__rank_1=first, wish__rank_2=second, wish__rank_3=[""] * N)


def test_of_a_ranking_the_share_put_first_is_told():
    shares = assess_survey(ranked(), Sampling.OPT_IN).shares.set_index(["variable", "category"])
    assert shares.loc["wish", "n_chosen"].to_dict() == {"1": 70, "2": 45, "3": 3}
    assert shares.loc["wish", "estimate"].tolist() == pytest.approx([70 / 118, 45 / 118, 3 / 118])
    shown = table(page_on(ranked()), "choices")
    assert [r[1] for r in shown.rows if r[0] == "wish"] == ["停车（排第一）", "绿化（排第一）", "托育（排第一）"]
    assert "排序题（1道）列的是排在第一位的选项" in shown.note
    public = table(page_on(ranked(), release=Release()), "choices")
    assert [r[1] for r in public.rows if r[0] == "wish"] == ["停车（排第一）"]  # the second would give the third away


def test_satisfaction_scales_places_and_identifiers_are_no_plain_choices():
    clean, _ = made()
    assert [v.name for v in plain_choices(clean)] == ["took_part"]
    assert "took_part:first" in working_frame(clean)[0]


def test_the_only_item_of_a_scale_is_told_by_its_shares():
    clean = with_questions(choice("safe", "1=不同意\n2=一般\n3=同意", scale="safety"), safe=["123"[i % 3] for i in range(N)])
    assert [v.name for v in plain_choices(clean)] == ["took_part", "safe"]
    quality = assess_survey(clean, Sampling.OPT_IN)
    assert quality.shares.loc[quality.shares["variable"] == "safe", "estimate"].tolist() == pytest.approx([1 / 3] * 3)
    assert "trust" in set(quality.estimates["variable"])
    assert not quality.shares["variable"].str.startswith("trust").any()


def test_a_public_edition_leaves_out_answers_of_few():
    rare = ["1"] * 70 + ["2"] * 45 + ["3"] * 5
    tags = [i < 4 for i in range(N)]
    clean = with_questions(choice("told", "1=微信群\n2=公告栏\n3=邻居"), choice("tags", "1=饭\n2=医", type="multiple"), told=rare, tags__1=tags, tags__2=[i < 60 for i in range(N)])
    shown = table(page_on(clean, release=Release()), "choices")
    assert [r[1] for r in shown.rows if r[0] == "told"] == ["微信群"]  # the second would give the third away
    assert [r[1] for r in shown.rows if r[0] == "tags"] == ["医"]
    assert "其余答案3个没有列出" in shown.note
    few = with_questions(choice("told", "1=微信群\n2=公告栏"), told=["1"] * 3 + ["2"] * 3 + [""] * (N - 6))
    few = replace(few, codebook=replace(few.codebook, variables=tuple(v for v in few.codebook if v.name != "took_part")))
    assert "公开版不列占比" in words_of(choices(page_on(few, release=Release()))[0])


@pytest.mark.parametrize(("language", "said"), [("zh", "编码簿记作缺失的答案（如“不清楚”）不计入"), ("en", "answers that the codebook counts as missing (don’t know) are left out")])
def test_those_who_do_not_know_are_out_of_the_base_and_the_note_says_so(language, said):
    clean = with_questions(choice("fund", "1=是\n2=否\n3=不清楚", missing="dont_know=3"), fund=["1"] * 30 + ["2"] * 50 + [""] * 40)
    shown = table(page_on(clean, language), "choices")
    assert [r[3] for r in shown.rows if r[0].startswith("fund")] == ["80", "80"]
    assert said in shown.note


def declining(n):
    """A probability sample in which so many decline: they say that they do not agree, and nothing else, not even where they live."""
    agree, adult = ["1"] * (N - n) + ["2"] * n, ["1"] * (N - n) + [""] * n
    clean = with_questions(choice("agree", "1=同意\n2=不同意"), choice("adult", "1=是\n2=否"), agree=agree, adult=adult)
    rows = clean.frame.index[N - n :]
    others = [c for c in clean.frame if c not in {"agree", "serial", "submitted", "duration", "praise"}]
    frame, kinds = clean.frame.copy(), clean.missing_kinds.copy()
    frame.loc[rows, others], kinds.loc[rows, others] = None, "blank"
    book = replace(clean.codebook, variables=tuple(replace(v, role=Role.STRATUM) if v.name == "community" else v for v in clean.codebook))
    return replace(clean, frame=frame, missing_kinds=kinds, codebook=book, provenance=clean.provenance | {"sampling": "probability"})


def test_whether_to_take_part_is_no_result_and_what_all_answer_alike_is():
    clean = declining(20)
    quality = assess_survey(clean, Sampling.PROBABILITY)
    assert quality.noted("silent") == {"": 20}
    assert "agree" not in set(quality.shares["variable"]) | set(quality.estimates["variable"])
    page = QualityPage(clean=clean, quality=quality, language=Language.ZH, release=INTERNAL)
    assert "agree" not in {r[0] for r in table(page, "choices").rows}
    assert ["adult", "是"] in [list(r[:2]) for r in table(page, "choices").rows]


@pytest.mark.parametrize("sampling", [Sampling.OPT_IN, Sampling.QUOTA, Sampling.CENSUS])
def test_who_declined_makes_no_group_of_a_model_and_no_result(sampling):
    clean = declining(20)
    rows = clean.frame.index[: N - 20]
    others = replace(clean, frame=clean.frame.loc[rows], missing_kinds=clean.missing_kinds.loc[rows], flags=clean.flags.loc[rows])
    quality, alone = assess_survey(clean, sampling), assess_survey(others, sampling)
    assert quality.noted("silent") == {"": 20}
    assert "agree" not in set(quality.shares["variable"]) | set(quality.estimates["variable"])
    pd.testing.assert_frame_equal(quality.estimates, alone.estimates)


def test_who_chose_an_answer_and_told_nothing_that_is_measured_stays_among_the_respondents():
    clean = with_questions(choice("told", "1=微信群\n2=公告栏\n3=邻居"), told=["123"[i % 3] for i in range(N)])
    frame = clean.frame.copy()
    frame.loc[frame.index[:15], [c for c in frame if c not in {"told", "serial", "submitted", "duration", "praise"}]] = None
    quality = assess_survey(replace(clean, frame=frame), Sampling.OPT_IN)
    assert quality.noted("silent") == {}
    assert set(quality.shares.loc[quality.shares["variable"] == "told", "n"]) == {N}


@pytest.mark.parametrize(("release", "n", "zh", "en"), [
    (INTERNAL, 17, "其中17份没有回答", "take part: 17;"), (Release(), 17, "其中15份没有回答", "take part: 15;"), (Release(), 4, "其中若干份没有回答", "take part: some;"), (Release(), 0, "", ""),
])
def test_the_first_screen_says_how_many_declined(release, n, zh, en):
    clean = declining(n)
    quality = assess_survey(clean, Sampling.PROBABILITY)
    for language, words in (("zh", zh), ("en", en)):
        page = QualityPage(clean=clean, quality=quality, language=Language(language), release=release)
        lead = next(i for i in first_screen(page) if hasattr(i, "text") and i.text.startswith(("共收到", "Of ")))
        assert words in lead.text
        assert [(c.count, c.hidden) for c in lead.persons] == ([(n, release != INTERNAL and n < release.threshold)] if n else [])
        assert any(text in lead.text for text in ("是否同意参加", "whether to take part")) == bool(n)


@pytest.mark.parametrize(("release", "n", "words"), [(INTERNAL, 17, "一项也没有回答的17份"), (Release(), 17, "一项也没有回答的15份"), (Release(), 4, "一项也没有回答的若干份"), (INTERNAL, 0, "")])
def test_whoever_tells_nothing_of_themselves_is_in_no_cell_of_k(release, n, words):
    clean = declining(n)
    row = assess_survey(clean, Sampling.PROBABILITY).anonymity.iloc[0]
    kept = clean.frame.iloc[: N - n]
    sizes = kept.assign(age=kept["age"] // 10).groupby(["community", "age"], dropna=False, observed=True).size()
    assert row[["k", "n_rows", "n_cells"]].tolist() == [sizes.min(), N - n, len(sizes)]
    assert row["share_below_20"] == pytest.approx(sizes[sizes < 20].sum() / (N - n))
    page = QualityPage(clean=clean, quality=assess_survey(clean, Sampling.PROBABILITY), language=Language.ZH, release=release)
    text = "".join(words_of(i) for i in identifiers(page))
    assert words in text
    assert [c.count for i in identifiers(page) if hasattr(i, "text") for c in i.persons] == ([n] if n else [])
    assert ("不计在内" in text) == bool(n)


def test_where_nobody_tells_anything_there_is_no_k():
    clean = declining(N)
    quality = assess_survey(clean, Sampling.OPT_IN)
    assert quality.anonymity.empty
    page = QualityPage(clean=clean, quality=quality, language=Language.ZH, release=INTERNAL)
    assert "没有一份答卷作答，**K 值**无从计算" in "".join(words_of(i) for i in identifiers(page))


def test_a_survey_of_plain_choices_alone_has_results():
    clean = with_questions(choice("told", "1=微信群\n2=公告栏\n3=邻居"), told=["123"[i % 3] for i in range(N)])
    clean = replace(clean, codebook=replace(clean.codebook, variables=tuple(v for v in clean.codebook if v.name == "told")))
    for language, title in (("zh", "主要结果：选择题1道"), ("en", "Main results: choice questions, 1")):
        assert title in words_of(results(page_on(clean, language))[0])


# ---------------------------------------------------------------- satisfaction


def rated_survey():
    """Items of satisfaction in several words; given, counted by hand: 50, 30, 20, 10 and 5 sheets per answer of `clear`, five that do not know."""
    counts = [50, 30, 20, 10, 5, 5]
    given = [str(i) for i, n in enumerate(counts, 1) for _ in range(n)]
    up = [str(6 - int(v)) if v != "6" else "" for v in given]
    four = [str(1 + i % 4) for i in range(N)]
    clean = with_questions(
        choice("clear", "1=很满意\n2=比较满意\n3=基本满意\n4=不满意\n5=很不满意\n6=不清楚", missing="dont_know=6"),
        choice("turned", "1=很不满意\n2=不满意\n3=一般\n4=满意\n5=很满意"), choice("four", "1=很满意\n2=满意\n3=不满意\n4=很不满意", question_en="Four answers"),
        choice("mixed", "1=满意\n2=很满意\n3=一般\n4=不满意\n5=很不满意", question_en="Mixed answers"),
        {"name": "stars", "type": "number", "source": "stars", "question_zh": "服务满意度评分", "question_en": "Satisfaction with service"},
        {"name": "often", "type": "number", "source": "often", "question_zh": "不满意过几次"},
        clear=["" if v == "6" else v for v in given], turned=up, four=four, mixed=up,
    )
    kinds, frame = clean.missing_kinds, clean.frame
    kinds.loc[[v == "6" for v in given], "clear"] = "dont_know"
    for name in ("stars", "often"):
        frame[name] = pd.array([float(1 + i % 5) for i in range(N)], dtype="Float64")
        kinds[name] = pd.Categorical([None] * N, categories=kinds["overall"].cat.categories)
    return clean


def test_satisfaction_in_other_words_is_that_counted_by_hand():
    clean = rated_survey()
    quality = assess_survey(clean, Sampling.OPT_IN)
    found = quality.estimates.set_index(["variable", "measure"])
    for name in ("clear", "turned"):
        assert found.loc[(name, "top_two"), "estimate"] == pytest.approx(80 / 115)
        assert found.loc[(name, "top_two"), "n_chosen"] == 80
        assert found.loc[(name, "score"), "estimate"] == pytest.approx((5 * 50 + 4 * 30 + 3 * 20 + 2 * 10 + 5) / 115)
        assert found.loc[(name, "score"), "n"] == 115
    assert found.loc[("clear", "top_two"), "dont_know"] == pytest.approx(5 / N)
    assert {"clear", "turned"}.isdisjoint(quality.shares["variable"])
    assert {"four", "mixed"} <= set(quality.shares["variable"])
    assert [quality.noted(f"satisfaction_{why}") for why in ("points", "order", "number")] == [{"four": 4}, {"mixed": 5}, {"stars": 5}]


@pytest.mark.parametrize("release", [INTERNAL, Release()])
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ("没有算满意率的满意度题3道", "不是五级（1道）**：“four”（4个选项）", "看不出从最满意到最不满意的次序（1道）**：“mixed”", "“服务满意度评分”", "1道题的第三级是“基本满意”")),
        ("en", ("without a share satisfied: 3", "Not on five points (1)**: “Four answers” (4 answers)", "cannot be read (1)**: “Mixed answers”", "“Satisfaction with service”", "third answer is “基本满意”: 1")),
    ],
)
def test_satisfaction_that_is_not_rated_is_told_with_what_to_do(language, said, release):
    page = page_on(rated_survey(), language, release)
    told = "\n".join(words_of(item) for item in results(page))
    assert [text for text in said if text not in told] == []
    assert told.count("labels_en") == 2


def test_nothing_is_told_of_satisfaction_where_all_of_it_is_rated():
    told = "\n".join(words_of(item) for language in ("zh", "en") for item in results(page_on(survey(), language)))
    assert not any(text in told for text in ("没有算满意率", "第三级", "without a share", "third answer"))


# ---------------------------------------------------------------- files


def test_results_come_back_from_their_files_and_a_missing_one_is_named(tmp_path):
    _, quality = made()
    for name, data in quality_files(quality).items():
        (tmp_path / name).write_bytes(data)
    pd.testing.assert_frame_equal(read_quality(tmp_path).shares, quality.shares)
    written = pd.read_csv(tmp_path / "quality_shares.csv", encoding="utf-8-sig")
    assert np.allclose(written["estimate"], quality.shares["estimate"])
    (tmp_path / "quality_shares.parquet").unlink()
    with pytest.raises(CaseError) as caught:
        read_quality(tmp_path)
    assert [(f.code, f.values["missing"]) for f in caught.value.failures] == [("CR-F09", "quality_shares.parquet")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_scale_that_cannot_be_measured_is_told_and_stops_nothing(language):
    clean = survey()
    items = [v.name for v in clean.codebook.scales()["trust"]]
    frame = clean.frame.copy()
    frame[items[0]] = pd.Categorical([clean.frame[items[0]].cat.categories[0]] * N, categories=clean.frame[items[0]].cat.categories)
    page = page_on(replace(clean, frame=frame), language)
    assert page.quality.noted("scale_unmeasured") == {"trust": N}
    said = "".join(words_of(item) for item in scales_and_weights(page))
    assert {"zh": "算不出信度的量表", "en": "Scales without a reliability"}[language] in said

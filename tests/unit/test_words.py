import math
import string

import pytest

from commresearch.errors import Failure, SchemaError
from commresearch.terms import Language
from commresearch.words import claim_range, claim_value, entries, number, period, render_error, say

CATALOGUES = (
    "answer_scales", "checks", "cli", "codebook", "collect", "dictionary", "errors", "grades", "labels", "log", "mechanisms", "quality", "reports", "survey",
    "survey_weights",
)
FULL_WIDTH_ONLY = set(",;()?")  # half-width marks that Chinese text does not use


def pairs():
    for catalogue in CATALOGUES:
        for key, texts in entries(catalogue).items():
            for name in texts:
                stem, _, language = name.rpartition("_")
                if name in {"zh", "en"} or language in {"zh", "en"}:
                    yield f"{catalogue}.{key}", stem, language or name, texts


def fields(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_text_stands_in_both_languages_with_the_same_values(catalogue):
    for key, texts in entries(catalogue).items():
        stems = {name[:-2] for name in texts}
        for stem in stems:
            assert {f"{stem}zh", f"{stem}en"} <= set(texts), (catalogue, key)
            if catalogue != "labels":
                assert fields(texts[f"{stem}zh"]) == fields(texts[f"{stem}en"]), (catalogue, key)


def test_chinese_texts_use_full_width_punctuation():
    bad = [
        (key, texts[name])
        for key, stem, language, texts in pairs()
        if language == "zh" and not key.startswith("errors.")
        for name in [f"{stem}_zh" if stem else "zh"]
        if any(a in FULL_WIDTH_ONLY and ("\u4e00" <= b <= "\u9fff" or "\u4e00" <= before <= "\u9fff") for before, a, b in _threes(texts[name]))
    ]
    assert bad == []


def _threes(text):
    padded = f" {text} "
    return zip(padded, padded[1:], padded[2:], strict=False)


def test_errors_show_every_failure():
    failures = [Failure(code="CR-C02", values={"file": f"f{i}"}) for i in range(31)]
    assert render_error(SchemaError(*failures[:30]), Language.EN).count("[CR-C02]") == 30
    assert "in all" not in render_error(SchemaError(*failures[:30]), Language.EN)
    text = render_error(SchemaError(*failures), Language.EN)
    assert text.count("[CR-C02]") == 31  # each of another file
    assert text.endswith("\n31 in all.")
    assert str(SchemaError(failures[0])) == "CR-C02 {'file': 'f0'}"


def test_many_failures_of_one_kind_and_place_are_summed_up():
    of_k = [Failure(code="CR-K02", values={"file": "k.csv", "row": i, "column": "type", "got": f"x{i}", "allowed": "text"}) for i in range(2, 42)]
    of_s = [Failure(code="CR-L14", values={"file": "k.csv", "case": "c", "mechanism": m, "got": ""}) for m in "ab"]
    text = render_error(SchemaError(*of_s, *of_k, Failure(code="CR-K05", values={"file": "b"})), Language.ZH).split("\n")
    assert len(text) == 5
    assert [line[:8] for line in text[:2]] == ["[CR-L14]"] * 2  # nothing short tells them apart
    del text[0]
    assert text[1].startswith("[CR-K02] k.csv 第2行，列 type：得到“x2”")
    assert text[1].endswith("（同类共40处，另有：第3行“x3”、第4行“x4”、第5行“x5”、第6行“x6”、第7行“x7”）")
    assert text[2].startswith("[CR-K05]")
    assert text[3] == "以上共43处。"
    english = render_error(SchemaError(*of_k), Language.EN)
    assert "(40 of this kind, also: row 3 “x3”, row 4" in english


def test_parts_of_a_sentence_without_a_fact_are_left_out():
    facts = {"file": "a.csv", "variable": "q1", "got": "x"}
    said = [render_error(SchemaError(Failure(code="CR-K08", values={**facts, "sheet": s, "nearest": n})), "zh") for s, n in (("", ""), ("—", "—"), ("甲", "y"))]
    assert said[0] == said[1]
    assert "a.csv：找不到变量 q1 的表头“x”。处理" in said[0]
    assert "a.csv（工作表 甲）：找不到变量 q1 的表头“x”，最接近的是“y”。处理" in said[2]


@pytest.mark.parametrize(("value", "text"), [(12000, "12,000"), (31.8, "31.8"), (0.32, "0.32"), (3.0, "3"), (math.nan, "—"), (math.inf, "—")])
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("args", "zh", "en"),
    [
        ((3_500_000, "余", "元", "money", "350余万元"), "350余万元", "3,500,000+ yuan"),
        ((-68, "", "%", "percent", "下降68%"), "下降68%", "−68%"),
        ((30, "以上", "%", "percent", "30%以上"), "30%以上", "30% or more"),
        ((93_000, "超", "人次", "person_times", "超9.3万人次"), "超9.3万人次", "more than 93,000 person-times"),
        ((1_000, "近…余", "米", "length", "近千余米"), "近千余米", "nearly 1,000+ m"),
        ((87, "", "个", "place", "87个"), "87个", "87"),
        ((0.32, "", "平方公里", "area", "0.32平方公里"), "0.32平方公里", "0.32 km²"),
        ((2, "", "年", "duration", "两年"), "两年", "2 years"),
    ],
)
def test_a_claim_is_shown_as_printed_in_chinese_and_in_plain_words_in_english(args, zh, en):
    assert claim_value(*args, Language.ZH) == zh
    assert claim_value(*args, Language.EN) == en


def test_a_rise_carries_its_sign_in_english():
    assert claim_value(30, "约", "%", "percent", "提升约30%", Language.EN, change=True) == "about +30%"
    assert claim_value(1, "", "家", "rank", "首家", Language.EN) == "first"


def test_ranges():
    assert claim_range(500, 599, "余") == "500–599"
    assert claim_range(93_000, math.nan, "超") == "> 93,000"
    assert claim_range(3, math.inf, "不少于") == "≥ 3"
    assert claim_range(52.25, 57.75, "约", "%") == "52%–58%"
    assert claim_range(1.8, 2, "近") == "1.8–2"
    assert claim_range(87, 87, "") == ""


@pytest.mark.parametrize(
    ("args", "zh", "en"),
    [
        (("2025-01", "2025-12", "", ""), "2025年", "2025"),
        (("2025-01", "", "2025年以来", "since 2025"), "2025年以来", "since 2025"),
        (("2025-03", "", "", ""), "2025年3月以来", "since March 2025"),
        (("", "2025-08", "", ""), "截至2025年8月", "until August 2025"),
        (("2025-06-02", "2025-06-02", "", ""), "2025年6月2日", "2 June 2025"),
        (("2019-07", "2020-03", "", ""), "2019年7月至2020年3月", "July 2019 to March 2020"),
        (("", "", "截至目前", "to date"), "截至目前", "to date"),
        (("", "", "", ""), "", ""),
    ],
)
def test_periods(args, zh, en):
    assert period(*args, Language.ZH) == zh
    assert period(*args, Language.EN) == en


def test_an_unknown_key_is_a_mistake_of_the_code():
    with pytest.raises(KeyError):
        say("reports.no_such_text", Language.ZH)

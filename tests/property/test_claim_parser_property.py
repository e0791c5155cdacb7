"""What holds of the parser for any text: it never fails, it points at what it read, and what it prints reads the same alone."""

import math

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.comparison.claim_parser import parse_claims, parse_numbers
from commresearch.comparison.claim_parser_tokens import read_printed, tokens_of
from commresearch.comparison.claims_file import read_claims_file

#: pieces that press sentences are made of, digits and qualifiers among them
PIECES = st.sampled_from([
    "累计", "服务", "居民", "举办活动", "约", "近", "超", "上", "余", "多", "以上", "左右", "至", "—", "由", "到", "同比下降", "较建设前增长了", "2024年3月", "今年以来", "每月", "社区", "社会组织", "的项目", "闲置空间", "七成", "三分之一", "百余", "数百", "两", "十", "万", "亿",
    "3", "12", "350", "1.5", "9.3", "1,280", "0", "人", "人次", "名", "户", "户次", "个", "家", "处", "项", "场次", "万元", "元", "%", "个百分点", "平方米", "小时", "倍", "首家", "第一", "全市", "零投诉", "“", "”", "《", "》", "（", "）", "，", "。", "、", "\n", "一", "五", "位一体",
])
TEXTS = st.lists(PIECES, max_size=24).map("".join)
RUNS = 100
LARGEST = 1e15  #: larger ones (亿亿) are written with an exponent, which no file of claims may hold
TOLERANCE = 1e-9  #: sums of few decimal digits; only the rounding of binary fractions is forgiven


@settings(max_examples=RUNS, deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_it_fail(text):
    frame = parse_claims(text)
    assert frame["claim_id"].is_unique


@settings(max_examples=RUNS, deadline=None)
@given(TEXTS)
def test_it_points_at_what_it_read_and_bounds_hold_the_value(text):
    lines = text.split("\n")
    for row in parse_claims(text).to_dict("records"):
        line = lines[row["line"] - 1]
        at = row["position"] - 1
        token = next(t for t in tokens_of(line) if t.start == at)
        assert line[at : at + len(token.printed)] == token.printed
        assert row["printed"].endswith(token.printed)
        high = math.inf if math.isnan(row["value_high"]) else row["value_high"]
        low = -math.inf if math.isnan(row["value_low"]) else row["value_low"]
        assert low - TOLERANCE <= row["value"] <= high + TOLERANCE


@settings(max_examples=RUNS, deadline=None)
@given(TEXTS)
def test_every_number_is_a_candidate_or_has_a_reason(text):
    parsed = parse_numbers(text)
    starts = {(row["line"], row["position"]) for row in parsed.candidates.to_dict("records")}
    tokens = [(i, t.start + 1) for i, line in enumerate(text.split("\n"), 1) for t in tokens_of(line)]
    assert starts <= set(tokens)
    assert len(set(tokens) - starts) >= len(parsed.not_claims)
    assert (len(set(tokens) - starts) > 0) == (len(parsed.not_claims) > 0)
    assert set(parsed.not_claims["reason"]).isdisjoint({""})


@settings(max_examples=RUNS, deadline=None)
@given(TEXTS)
def test_a_printed_form_reads_the_same_alone(text):
    for row in parse_claims(text).to_dict("records"):
        read = read_printed(row["printed"])
        assert read is not None, row["printed"]
        assert abs(abs(row["value"]) - read.value) <= TOLERANCE * max(1.0, read.value)


@settings(max_examples=30, deadline=None)
@given(text=TEXTS)
def test_what_a_person_confirms_is_taken_back_unchanged(tmp_path_factory, text):
    frame = parse_claims(text, case_id="binhe").assign(confirm="yes")
    frame = frame[(frame["comparison"] != "share") | frame["value"].between(0, 100)]
    frame = frame[(frame["indicator_zh"] != "") & (frame["value"].abs() < LARGEST)]
    if frame.empty:
        return
    path = tmp_path_factory.mktemp("claims") / "claims.csv"
    frame.to_csv(path, index=False)
    read = read_claims_file(path)
    for column in ("value", "value_low", "value_high", "unit", "unit_class", "printed", "line"):
        pd.testing.assert_series_equal(read[column], frame[column].reset_index(drop=True), check_dtype=False)


@settings(max_examples=RUNS, deadline=None)
@given(st.integers(2, 99_999), st.sampled_from(["人", "名", "户", "人次", "家"]), st.sampled_from(["", "约", "近", "超"]))
def test_a_plain_count_reads_as_it_was_written(count, unit, qualifier):
    frame = parse_claims(f"累计服务{qualifier}{count}{unit}。")
    assert frame["value"].tolist() == [count]
    assert frame["unit"].tolist() == [unit]
    assert frame["qualifier"].tolist() == [qualifier]

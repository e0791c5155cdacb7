"""Numbers as texts write them out: decimals and tenths in 汉字, halves, doublings, thousands with decimals; names of persons beside them."""

import pytest

from commresearch.cases.numerals import read_number, scan_numbers
from commresearch.comparison.claim_parser import parse_numbers
from commresearch.comparison.claim_parser_names import without_names
from commresearch.comparison.claim_parser_workbook import TO_FILL, candidates_xlsx, unnamed
from commresearch.comparison.claims_file import open_claims_file
from commresearch.errors import SchemaError
from commresearch.sources.tables import read_table, sheet_names
from commresearch.terms import Language


def read(text):
    found = parse_numbers(text).candidates
    return [(r["printed"], r["value"], r["unit"]) for r in found.to_dict("records")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("投诉量下降百分之三十五点七。", [("下降百分之三十五点七", -35.7, "%")]),
        ("筹集资金一点二万元。", [("一点二万元", 12_000.0, "元")]),
        ("面积三点零五平方公里。", [("三点零五平方公里", 3.05, "平方公里")]),
        ("满意度提高十二点六个百分点。", [("提高十二点六个百分点", 12.6, "个百分点")]),
        ("六成八的居民参与志愿服务。", [("六成八", 68.0, "%")]),
        ("收入提高三成半。", [("提高三成半", 35.0, "%")]),
        ("两成四个社区。", [("两成", 20.0, "%"), ("四个", 4.0, "个")]),
        ("参与人数增长一半。", [("增长一半", 50.0, "%")]),
        ("超过半数的居民参加。", [("超过半数", 50.0, "%")]),
        ("一半是海水，另一半是火焰。", []),
        ("收入翻一番，规模翻两番，商户数翻番。", [("翻一番", 1.0, "番"), ("翻两番", 2.0, "番"), ("翻番", 1.0, "番")]),
        ("服务居民12,345.6人次。", [("12,345.6人次", 12_345.6, "人次")]),
    ],
)
def test_numbers_written_out(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize("text", ["八点三十分集合", "两点一线", "一点一滴", "上午九点半"])
def test_a_point_in_words_that_is_no_decimal(text):
    assert not any(abs(n.value - round(n.value)) > 0 for n in scan_numbers(text))


def test_bounds_of_decimals_follow_their_last_digit():
    number = read_number("约三点五万人次")
    assert (number.value, number.low, number.high) == (35_000, 33_250, 36_750)
    assert read_number("一点二万余元").high == 12_999


def test_a_half_with_a_qualifier_has_its_bounds():
    [row] = parse_numbers("近一半居民参与。").candidates.to_dict("records")
    assert (row["value"], row["value_low"], row["value_high"]) == (50.0, 45.0, 50.0)


@pytest.mark.parametrize("language", list(Language))
def test_the_workbook_says_at_once_what_must_be_filled_in(tmp_path, language):
    found = parse_numbers("约三点五万人次参加活动。共举办活动20场。").candidates
    assert unnamed(found) == 1
    path = tmp_path / "candidates.xlsx"
    path.write_bytes(candidates_xlsx(found, language))
    guide = read_table(path, sheet=sheet_names(path)[1])
    said = [str(cell) for cell in [*guide.columns, *guide.to_numpy(dtype=object).ravel()]]
    assert sum(TO_FILL[0] in text and ("1个数字" in text or "Of 1 numbers" in text) for text in said) == 1
    path.write_bytes(candidates_xlsx(found.assign(confirm="yes"), language))
    with pytest.raises(SchemaError) as caught:  # what the colour and the guide told beforehand
        open_claims_file(path)
    assert {f.values["column"] for f in caught.value.failures if f.code == "CR-H12"} == set(TO_FILL)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("居民张三说，很好。", "居民〔姓名〕说，很好。"), ("书记李明华介绍，今年", "书记〔姓名〕介绍，今年"), ("党员孙永和，退休", "党员〔姓名〕，退休"),
        ("网格员王芳带队走访120户", "网格员〔姓名〕带队走访120户"), ("志愿者刘敏等5人", "志愿者〔姓名〕等5人"), ("居民说，很好", "居民说，很好"),
    ],
)
def test_a_name_is_masked_and_not_the_word_behind_it(text, masked):
    assert without_names([text]) == [masked]

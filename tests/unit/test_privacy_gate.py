"""The gate: 2,000 rows with identifiers of every class in named columns, in disguised columns and inside free text."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.identifiers import is_luhn
from commresearch.cleaning.leak_scan import require_no_leaks, scan_files
from commresearch.cleaning.national_id import check_character
from commresearch.cleaning.privacy import apply_privacy
from commresearch.cleaning.pseudonyms import is_pseudonym, key_fingerprint
from commresearch.errors import CleaningError
from commresearch.records import LOG_COLUMNS
from commresearch.sources.raw_table import Question
from commresearch.words import render_error

N = 2000
KEY = bytes(range(32))
HEADERS = {
    "name": "姓名",
    "national_id": "身份证号",
    "mobile": "手机号",
    "landline": "座机号",
    "email": "电子邮箱",
    "wechat": "微信号",
    "ip": "来自IP",
    "plate": "车牌号",
    "address": "家庭住址",
    "bank_card": "银行卡号",
}
SENTENCES = (
    "希望多装路灯，{name}也这么说，电话{mobile}",
    "我叫{name}，住{address}，有事打{mobile}",
    "车{plate}乱停，请联系{email}",
    "加微信{wechat}，身份证{national_id}",
    "{national_id}这个号登不上，座机{landline}",
    "IP是{ip}，{name}反映过",
    "补贴打到{bank_card}，户名{name}",
    "路灯不亮已经3个月了",
    "没有意见",
)


@dataclass(frozen=True)
class Planted:
    frame: pd.DataFrame
    values: dict[str, set[str]]
    on: pd.Series

    def gate(self, *, key=None, declared=None, frame=None, free_text=("意见",), on=None, questions=None):
        frame = self.frame if frame is None else frame
        return apply_privacy(
            frame,
            declared=declared or {},
            free_text=free_text if isinstance(free_text, dict) else dict.fromkeys(free_text, ()),
            key=key,
            file="调查.xlsx",
            sheet="答卷",
            row_ids=[f"a1b2c3d4:答卷:{i}" for i in frame.index],
            on=self.on if on is None else on,
            questions=questions,
        )


def card(digits):
    return digits + next(d for d in "0123456789" if is_luhn(digits + d))


def persons(rng):
    """Equally long lists of made-up identifiers: areas, segments and codes that are not in use."""
    births = np.datetime64("1940-01-01") + rng.integers(0, 27_000, N)
    firsts = [f"379999{str(d).replace('-', '')}{s:03d}" for d, s in zip(births, rng.integers(0, 1000, N), strict=True)]
    given = list("秀兰建国志强丽娟桂英晓燕博雨欣浩然涵")
    return {
        "name": [s + "".join(g) for s, g in zip(rng.choice(list("王李张刘陈杨赵周吴"), N), rng.choice(given, (N, 2)), strict=True)],
        "national_id": [f + check_character(f) for f in firsts],
        "mobile": [f"154{n:08d}" for n in rng.integers(0, 10**8, N)],
        "landline": [f"0999-{n}" for n in rng.integers(5 * 10**6, 6 * 10**6, N)],
        "email": [f"user{n}@example.cn" for n in rng.integers(1000, 99_999, N)],
        "wechat": [f"wxid_{n}" for n in rng.integers(10**8, 10**9, N)],
        "ip": [f"10.{a}.{b}.{c}" for a, b, c in rng.integers(20, 250, (N, 3))],
        "plate": [f"鲁Z{n}" for n in rng.integers(10_000, 99_999, N)],
        "address": [f"{a}号楼{b}单元{c}0{b}室" for a, b, c in rng.integers(1, 9, (N, 3))],
        "bank_card": [card(f"62999999{n:010d}") for n in rng.integers(0, 10**10, N)],
    }


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(5)
    named, disguised, written = persons(rng), persons(rng), persons(rng)
    frame = pd.DataFrame({HEADERS[k]: v for k, v in named.items()}, index=range(2, N + 2), dtype="str")
    frame["来自IP"] += "(山东-威海)"
    for i, (_, values) in enumerate(disguised.items()):
        frame[f"备注{i}"] = values
    own = {**written, "name": named["name"]}
    frame["意见"] = [rng.choice(SENTENCES).format(**{k: v[i] for k, v in own.items()}) for i in range(N)]
    frame["补充"] = [f"电话{written['mobile'][i]}" if i % 7 == 0 else "" for i in range(N)]
    frame["满意度"] = rng.choice(["很满意", "满意", "一般", "不满意", "很不满意", "(跳过)"], N)
    frame["社区"] = rng.choice(["和平社区", "王家村", "李家庄", "幸福社区"], N)
    frame["编号"] = [f"{i:05d}" for i in range(N)]
    values = {k: {*named[k], *disguised[k], *(written[k] if k != "name" else ())} for k in named}
    return Planted(frame=frame, values=values, on=pd.Series(pd.Timestamp("2025-06-01 12:00"), index=frame.index))


@pytest.fixture(scope="module")
def dropped(planted):
    return planted.gate()


@pytest.fixture(scope="module")
def kept(planted):
    return planted.gate(key=KEY)


@pytest.fixture(scope="module", params=["dropped", "kept"])
def passed(request):
    return request.getfixturevalue(request.param)


def text_of(gate):
    return gate.frame.to_csv() + gate.log.to_csv() + gate.found.to_csv() + repr(gate)


def test_no_planted_identifier_passes(planted, passed):
    text = text_of(passed)
    for identifier, values in planted.values.items():
        assert [v for v in sorted(values)[::25] if v in text] == [], identifier  # the scan below looks for all of them


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx", "parquet", "md", "html"])
def test_no_written_file_holds_one(planted, kept, suffix, tmp_path):
    path = tmp_path / f"clean.{suffix}"
    writers = {
        "csv": kept.frame.to_csv,
        "json": kept.frame.to_json,
        "xlsx": lambda p: kept.frame.to_excel(p, engine="xlsxwriter"),
        "parquet": kept.frame.to_parquet,
        "md": lambda p: p.write_text(kept.frame.iloc[:200].to_csv(sep="|"), encoding="utf8"),
        "html": kept.frame.iloc[:200].to_html,
    }
    writers[suffix](path)
    require_no_leaks([path], {v: k for k, values in planted.values.items() for v in values})


def test_the_scan_finds_in_the_received_table_what_the_gate_took_out(planted, kept, tmp_path):
    planted.frame.iloc[:50].to_csv(tmp_path / "raw.csv")
    kept.log.to_csv(tmp_path / "log.csv")
    assert {leak.identifier for leak in scan_files([tmp_path / "raw.csv"], known=kept.known)} == set(HEADERS)
    assert scan_files([tmp_path / "log.csv"], known=kept.known) == []


def test_rows_and_other_columns_stay(planted, passed):
    assert passed.frame.index.equals(planted.frame.index)
    for column in ("满意度", "社区", "编号"):
        assert passed.frame[column].equals(planted.frame[column])


def test_age_sex_area_and_place_are_derived_first(planted, passed):
    ids = planted.frame["身份证号"]
    assert (passed.frame["身份证号_area"] == "379999").all()
    assert passed.frame["身份证号_sex"].tolist() == ["1" if int(i[16]) % 2 else "2" for i in ids]
    assert passed.frame["身份证号_age"].tolist() == [str(2025 - int(i[6:10]) - ((i[10:14]) > "0601")) for i in ids]
    assert (passed.frame["来自IP_place"] == "山东-威海").all()
    order = passed.frame.columns.tolist()
    assert order[order.index("身份证号_age") : order.index("身份证号_age") + 3] == ["身份证号_age", "身份证号_sex", "身份证号_area"]


def test_what_was_found_is_reported_so_that_the_codebook_can_be_completed(passed):
    whole = passed.undeclared.set_index("column")["identifier"].to_dict()
    disguised = {f"备注{i}": k for i, k in enumerate(HEADERS)}
    assert whole == {v: k for k, v in HEADERS.items()} | disguised
    within = passed.found[passed.found["action"] == "masked"]
    assert set(within.loc[within["column"] == "意见", "identifier"]) == set(HEADERS)
    assert within.loc[within["column"] == "补充", "n"].tolist() == [286]


def test_the_log_has_a_line_per_column_and_per_masked_cell(passed):
    log = passed.log
    assert tuple(log.columns) == LOG_COLUMNS
    assert set(log["step"]) == {"privacy"}
    cells = log[log["rule"] == "masked_text"]
    assert cells["row_id"].str.fullmatch(r"a1b2c3d4:答卷:\d+").all()
    assert cells["old"].str.fullmatch("〔.+〕").all()
    assert (cells["old"] == cells["new"]).all()
    assert (
        cells.groupby("variable")["count"].sum().to_dict()
        == passed.found[passed.found["action"] == "masked"].groupby("column")["n"].sum().to_dict()
    )
    whole = log[log["rule"] == ("pseudonymised" if passed.fingerprint else "dropped_identifier")]
    assert whole["count"].tolist() == [N] * 20
    assert set(log.loc[log["rule"].str.startswith("derived"), "rule"]) == {"derived_age", "derived_sex", "derived_area", "derived_place"}
    assert log.loc[log["rule"] == "mobile_not_in_use", "count"].tolist() == [N, N]


def test_without_a_key_columns_go_and_with_one_they_hold_pseudonyms(planted, dropped, kept):
    assert not set(HEADERS.values()) & set(dropped.frame.columns)
    assert dropped.fingerprint == ""
    assert kept.fingerprint == key_fingerprint(KEY)
    for header in HEADERS.values():
        assert kept.frame[header].map(is_pseudonym).all()
        assert kept.frame[header].nunique() == planted.frame[header].nunique()


def test_doing_it_again_changes_nothing(planted, passed):
    again = planted.gate(key=KEY if passed.fingerprint else None, frame=passed.frame)
    pd.testing.assert_frame_equal(again.frame, passed.frame)
    assert again.log.empty


def test_pseudonyms_pass_without_a_key_and_a_single_number_among_them_does_not(planted, kept):
    frame = kept.frame[["手机号"]].assign(姓名="")
    assert planted.gate(frame=frame, free_text=()).frame["手机号"].equals(frame["手机号"])
    frame.iloc[0, 0] = "15412345678"
    assert "手机号" not in planted.gate(frame=frame, free_text=()).frame


def test_a_declared_column_is_treated_as_declared_and_none_means_none(planted):
    frame = pd.DataFrame(
        {"楼长": ["王家村", "无", "", "甲"], "名字": ["和平站", "幸福站", "东站", "西站15412345678"]}, index=[5, 6, 7, 8], dtype="str"
    )
    gate = planted.gate(
        declared={"楼长": "name", "名字": None}, frame=frame, free_text=(), on=pd.Series(pd.NaT, index=frame.index), key=KEY
    )
    assert gate.found[["column", "by", "declared", "action", "n"]].to_numpy().tolist() == [
        ["楼长", "declared", True, "pseudonymised", 3],
        ["名字", "content", False, "masked", 1],
    ]
    assert gate.undeclared.empty
    assert gate.frame["名字"].tolist() == ["和平站", "幸福站", "东站", "西站〔手机号〕"]
    assert gate.frame["楼长"].tolist()[1:3] == ["无", ""]
    assert "derived_age" not in set(gate.log["rule"])


def test_bad_numbers_are_counted_by_reason_and_lose_their_cell(planted):
    good = planted.frame["身份证号"].iloc[0]
    frame = pd.DataFrame({"身份证号": [good, good[:17] + ("0" if good[17] != "0" else "1"), "12", "(跳过)", "没带"]}, dtype="str")
    gate = planted.gate(frame=frame, free_text=(), on=pd.Series(pd.Timestamp("2025-06-01"), index=frame.index), key=KEY)
    assert gate.frame["身份证号"].tolist()[2:] == ["", "(跳过)", ""]
    counts = dict(zip(gate.log["rule"], gate.log["count"], strict=True))
    assert counts["national_id_check_digit"] == 1
    assert counts["national_id_length"] == 2
    assert counts["unusable_identifier"] == 2
    assert counts["derived_age"] == 1


def test_names_that_are_words_are_masked_in_their_own_row_only(planted):
    frame = pd.DataFrame(
        {"姓名": ["高峰", "王敏", "一般"], "意见": ["高峰说没水", "高峰时没水，王敏也说", "一般"], "评价": ["一般", "很好", "王敏"]},
        dtype="str",
    )
    gate = planted.gate(frame=frame, on=pd.Series(pd.NaT, index=frame.index))
    assert gate.frame["意见"].tolist() == ["〔姓名〕说没水", "高峰时没水，〔姓名〕也说", "一般"]
    assert gate.frame["评价"].tolist() == ["一般", "很好", "〔姓名〕"]
    assert gate.log.loc[gate.log["rule"] == "masked_text", "row_id"].str[-1].tolist() == ["1", "0", "2"]


def test_a_name_that_is_told_in_one_text_is_masked_in_all_free_text(planted):
    frame = pd.DataFrame({
        "意见": ["我叫周大勇", "负责人：高度重视", "反映人：何时能来，", "高度重视"], "建议": ["找周大勇", "高度重视", "何时能来", "周大妈好"], "选择": ["周大勇", "甲", "甲", "甲"],
    }, dtype="str")
    gate = planted.gate(frame=frame, free_text=("意见", "建议"), on=pd.Series(pd.NaT, index=frame.index))
    assert gate.told == {"周大勇"}
    assert "周大勇" not in gate.known  # a likely name: no written file is refused for it
    assert gate.frame["意见"].tolist() == ["我叫〔姓名〕", *frame["意见"][1:]]
    assert gate.frame["建议"].tolist() == ["找〔姓名〕", *frame["建议"][1:]]
    assert gate.frame["选择"].tolist() == frame["选择"].tolist()


def test_a_name_that_is_told_is_none_among_options(planted):
    frame = pd.DataFrame({"意见": ["我叫马连良，", "马连良说停水"], "选择": ["马连良", "甲"], "其他": ["马连良", ""]}, dtype="str")
    for labels, is_masked in ((["甲", "乙"], True), (["甲", "马连良故居"], False)):
        gate = planted.gate(frame=frame, free_text={"意见": (), "选择": labels, "其他": ()}, on=pd.Series(pd.NaT, index=frame.index))
        assert gate.frame["选择"].tolist() == ["马连良", "甲"]
        assert (gate.frame["意见"][1], gate.frame["其他"][0]) == (("〔姓名〕说停水", "〔姓名〕") if is_masked else ("马连良说停水", "马连良"))
        assert gate.frame["意见"][0] == "我叫〔姓名〕，"
        assert gate.told == ({"马连良"} if is_masked else set())


def test_a_name_that_is_told_is_masked_in_what_is_written_beside_an_option(planted):
    chosen = ["周大勇", "其他〖问周大勇〗", "甲┋其他〖周大勇, 和乙〗┋周大勇", "周大勇〖不认识", "甲"]
    frame = pd.DataFrame({"意见": ["我叫周大勇，", *"甲乙丙丁"], "选择": chosen}, dtype="str")
    gate = planted.gate(frame=frame, free_text={"意见": (), "选择": ["甲", "其他"]}, on=pd.Series(pd.NaT, index=frame.index))
    assert gate.frame["选择"].tolist() == [chosen[0], "其他〖问〔姓名〕〗", "甲┋其他〖〔姓名〕, 和乙〗┋周大勇", *chosen[3:]]
    assert gate.found.loc[gate.found["column"] == "选择", ["identifier", "action", "n"]].to_numpy().tolist() == [["name", "masked", 2]]


def test_persons_who_are_asked_for_are_masked_in_texts_among_other_answers(planted):
    answers = ["王建国", "居委会", "物业，张敏", "邻居都帮忙", "李 秀英", "严格", "老师/同学", "不认识"]
    frame = pd.DataFrame({"q1": answers * 3, "意见": answers * 3}, dtype="str")
    gate = planted.gate(
        frame=frame, free_text=("q1", "意见"), on=pd.Series(pd.NaT, index=frame.index), questions=[Question(number=1, text="谁帮过您？是哪位", columns=("q1",))],
    )
    assert gate.frame["q1"].tolist() == ["〔姓名〕", "居委会", "物业，〔姓名〕", "邻居都帮忙", "〔姓名〕", *answers[5:]] * 3
    assert gate.frame["意见"].tolist() == answers * 3


def test_an_invalid_number_that_is_known_is_masked_in_texts(planted):
    frame = pd.DataFrame({"身份证号": ["379999199001011239"], "意见": ["我的号379999199001011239登不上"]}, dtype="str")
    assert planted.gate(frame=frame, on=pd.Series(pd.NaT, index=[0])).frame["意见"].tolist() == ["我的号〔身份证号〕登不上"]


def test_all_faults_are_reported_at_once(planted):
    frame = pd.DataFrame({"身份证号": planted.frame["身份证号"].iloc[:3], "身份证号_age": "1", "身份证号_sex": "2"}, dtype="str")
    with pytest.raises(CleaningError) as error:
        planted.gate(frame=frame, declared={"甲": "name"}, free_text=["乙", "乙"])
    assert [f.code for f in error.value.failures] == ["CR-P06", "CR-P06"]
    assert "没有“甲”这一列" in render_error(error.value, "zh")
    assert "no column “乙”" in render_error(error.value, "en")
    with pytest.raises(CleaningError) as error:
        planted.gate(frame=frame, free_text=(), on=planted.on.iloc[:3])
    assert [f.code for f in error.value.failures] == ["CR-P07", "CR-P07"]
    assert "“身份证号_age”" in render_error(error.value, "zh")
    assert "“身份证号_sex”" in render_error(error.value, "en")
    with pytest.raises(CleaningError) as error:
        planted.gate(key=b"short")
    assert [f.code for f in error.value.failures] == ["CR-P01"]


def test_an_empty_table_passes(planted):
    gate = planted.gate(frame=planted.frame.iloc[:0], on=planted.on.iloc[:0])
    assert len(gate.frame) == 0
    assert gate.log.empty

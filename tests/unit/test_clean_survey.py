"""Surveys of every platform, cleaned: what becomes of each kind of cell, and what is refused."""

from functools import cache

import pandas as pd
import pytest

from commresearch.cleaning import Codebook, clean_survey, draft_codebook
from commresearch.errors import CleaningError, CommResearchError, SchemaError
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.kobo import write_kobo
from commresearch.simulate.plain import write_plain
from commresearch.simulate.spss import write_spss
from commresearch.simulate.survey import SimulatedSurvey, SurveySpec, simulate_survey
from commresearch.simulate.tencent import write_tencent
from commresearch.simulate.wenjuanxing import write_wenjuanxing
from commresearch.simulate.wording import fictional_identifiers
from commresearch.sources import read_survey
from commresearch.terms import Identifier, Platform
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import KEY, OTHER_KEY, codes, correction, corrections, told, values

ID = {"name": "id", "type": "text"}
SENT = {"name": "sent", "type": "date", "role": "submitted"}
ITEMS = [{"name": f"q{i}", "type": "single", "values": "1=a\n2=b\n3=c\n4=d\n5=e"} for i in range(1, 13)]
WRITERS = {
    ("tencent", ".xlsx"): (write_tencent, Platform.TENCENT), ("plain", ".csv"): (write_plain, Platform.PLAIN), ("plain", ".xls"): (write_plain, Platform.PLAIN),
    ("kobo", ".csv"): (write_kobo, Platform.KOBO), ("spss", ".sav"): (write_spss, Platform.SPSS),
}
CHECKED = (Platform.KOBO, Platform.SPSS)


@cache
def simulated(seed: int = 3) -> SimulatedSurvey:
    return simulate_survey(SurveySpec(respondents=60, population=900), rng=seed)


def words(column):
    return ["" if pd.isna(value) else str(value) for value in column]


@pytest.mark.parametrize("kind", WRITERS, ids=["-".join(k) for k in WRITERS])
def test_every_platform_gives_the_true_answers(tmp_path, kind):
    write, platform = WRITERS[kind]
    survey = simulated()
    written = write(survey, tmp_path) if platform is Platform.SPSS else write(survey, tmp_path, suffix=kind[1])
    raw = read_survey((written[0] if platform is Platform.KOBO else written).path)
    assert raw.platform is platform
    rows = codebook_of(survey, platform=platform)
    if platform is Platform.KOBO:
        rows.loc[rows["open"] != "", "source_other"] = rows["name"] + "_other"
    table = clean_survey(raw, Codebook.from_frame(rows))
    survey = survey.validated() if platform in CHECKED else survey
    truth, kinds = survey.truth.reset_index(drop=True), survey.missing_kinds.reset_index(drop=True)
    lost = survey.dirt[survey.dirt["recovery"] != "exact"]
    masked = set(survey.planted["variable"])
    compared = [c for c in truth if c in table.frame and c not in masked]
    assert len(compared) > 75
    for column in compared:
        away = set(lost.loc[lost["variable"] == column, "submission"] - 1)
        for mine, theirs in ((table.frame, truth), (table.missing_kinds, kinds)):
            pairs = zip(words(mine[column]), words(theirs[column]), strict=True)
            assert [(i, a, b) for i, (a, b) in enumerate(pairs) if a != b and i not in away] == [], column
    assert table.frame.isna().equals(table.missing_kinds.notna())
    assert not {"name", "mobile"} & set(table.frame)
    assert table.account["rows"].tolist() == [len(truth), len(truth)]


@pytest.mark.parametrize("kind", ["text", "code"])
def test_the_log_alone_leads_from_received_cells_to_kinds_of_missing(tmp_path, kind):
    survey = simulated()
    raw = read_survey(write_wenjuanxing(survey, tmp_path, kind=kind, suffix=".xlsx")[0].path)
    table = clean_survey(raw, Codebook.from_frame(codebook_of(survey)))
    received = {v.name: (v, raw.frame[v.source].set_axis(raw.row_ids)) for v in table.codebook if v.source in raw.frame}
    missing = table.log[table.log["new"].str.fullmatch("<.+>")]
    for name, (variable, cells) in received.items():
        told = pd.Series("", index=cells.index).mask(cells.str.strip() == "", "<blank>")
        for line in missing[missing["variable"] == name].itertuples():
            rows = [line.row_id] if line.row_id else cells.index[cells == line.old]
            assert len(rows) == line.count
            told[rows] = line.new
        assert [f"<{k}>" if k else "" for k in words(table.missing_kinds[variable.columns[0]])] == told.loc[table.frame.index].tolist(), name
    assert len(received) > 30


def test_a_mark_beside_an_option_is_told(cleaned):
    single = {"name": "q", "type": "single", "values": "1=甲\n2=其他", "missing": "skipped=(跳过)", "open": "2", "source": "q", "source_other": "填写"}
    table = cleaned(["q", "填写"], [["甲", "(跳过)"], ["其他", "灯"]], single)
    assert ["missing_marker", "q_other", "(跳过)", "<skipped>", 1] in table.log[["rule", "variable", "old", "new", "count"]].to_numpy().tolist()


def test_options_in_one_cell(cleaned):
    many = {"name": "q", "type": "multiple", "values": "1=停车\n2=其他\n9=不清楚", "missing": "dont_know=9\nskipped=(跳过)", "open": "2"}
    rows = [["a", "停车┋不清楚"], ["b", "不清楚"], ["c", "其他〖灯┋门〗┋停车"], ["d", "（跳过）"], ["e", " "], ["f", "停车；其他"], ["g", "停车┋停车"], ["h", "停车┋其他〖灯"]]
    table = cleaned(["id", "q"], rows, ID, many)
    assert list(table.frame) == ["id", "q__1", "q__2", "q_other"]
    assert values(table.frame["q__1"]) == [1, None, 1, None, None, 1, 1, 1]
    assert values(table.frame["q__2"]) == [0, None, 1, None, None, 1, 0, 1]
    assert values(table.frame["q_other"]) == [None, None, "灯┋门", None, None, None, None, "灯"]
    assert values(table.missing_kinds["q__1"]) == [None, "dont_know", None, "skipped", "blank", None, None, None]
    assert values(table.missing_kinds["q_other"]) == ["not_applicable", "dont_know", None, "skipped", "blank", "blank", "not_applicable", None]
    lines = table.log[["rule", "row_id", "old", "new", "count"]].to_numpy().tolist()
    ids = table.frame.index
    assert lines == [
        ["missing_marker", "", " ", "<blank>", 1], ["missing_marker", "", "（跳过）", "<skipped>", 1], ["repeated_option", ids[6], "停车┋停车", "1", 1], ["unbalanced_brackets", ids[7], "停车┋其他〖灯", "1 2", 1],
        ["missing_marker", "", "不清楚", "<dont_know>", 1], ["contradictory_option", ids[0], "不清楚", "", 1],
    ]


def test_options_in_columns_of_their_own(cleaned):
    many = {
        "name": "q", "type": "multiple", "source": "-", "source_code": "3(停车)\n3(其他)\n3(不清楚)", "values": "1=停车\n2=其他\n9=不清楚", "open": "2",
        "missing": "dont_know=9\nskipped=-3\nblank=-2",
    }
    rows = [["a", 1, 0, 0], ["b", -3, -3, -3], ["c", 0, 0, 1], ["d", -2, -2, -2], ["e", 1, "路灯", 0], ["f", 0, 0, 0], ["g", -3, 1, 0], ["h", 1, 0, 1]]
    table = cleaned(["id", "3(停车)", "3(其他)", "3(不清楚)"], rows, ID, many)
    assert values(table.frame["q__1"]) == [1, None, None, None, 1, 0, None, 1]
    assert values(table.missing_kinds["q__1"]) == [None, "skipped", "dont_know", "blank", None, None, "skipped", None]
    assert values(table.frame["q_other"]) == [None, None, None, None, "路灯", None, None, None]
    assert set(table.log["rule"]) == {"missing_marker", "inconsistent_skip", "contradictory_option"}


def test_rankings_may_be_partial(cleaned):
    rank = {"name": "r", "type": "ranking", "values": "1=甲\n2=乙\n3=其他\n9=说不清", "missing": "skipped=(跳过)\ndont_know=9", "open": "3"}
    rows = [["a", "乙→甲"], ["b", "其他〖灯〗→甲→乙"], ["c", "甲→甲"], ["d", "(跳过)"], ["e", ""], ["f", "说不清"], ["g", "甲→说不清"], ["h", "乙 > 其他"]]
    table = cleaned(["id", "r"], rows, ID, rank)
    assert [values(table.frame[f"r__rank_{k}"]) for k in (1, 2, 3)] == [
        ["2", "3", None, None, None, None, "1", "2"], ["1", "1", None, None, None, None, None, "3"], [None, "2", None, None, None, None, None, None],
    ]
    assert values(table.missing_kinds["r__rank_3"]) == ["not_applicable", None, "unreadable", "skipped", "blank", "dont_know", "not_applicable", "not_applicable"]
    assert values(table.missing_kinds["r_other"]) == ["not_applicable", None, "unreadable", "skipped", "blank", "dont_know", "not_applicable", "blank"]
    assert [rule for rule in table.log["rule"] if rule != "missing_marker"] == ["unreadable_repeated_rank", "contradictory_option"]


def test_ranks_in_columns_of_their_own(cleaned):
    rank = {"name": "r", "type": "ranking", "source": "-", "source_code": "3(甲)\n3(乙)\n3(丙)", "values": "1=甲\n2=乙\n3=丙", "missing": "skipped=-3\nblank=-2"}
    rows = [["a", 2, -2, 1], ["b", -3, -3, -3], ["c", 1, 1, 2], ["d", -2, -2, -2], ["e", 1, "", 3], ["f", "x", 1, 2]]
    table = cleaned(["id", "3(甲)", "3(乙)", "3(丙)"], rows, ID, rank)
    assert [values(table.frame[f"r__rank_{k}"]) for k in (1, 2)] == [["3", *[None] * 5], ["1", *[None] * 5]]
    assert values(table.missing_kinds["r__rank_1"]) == [None, "skipped", "unreadable", "blank", "unreadable", "unreadable"]
    assert [r for r in table.log["rule"] if r != "missing_marker"] == ["unreadable_repeated_rank", "unreadable_rank_gap", "unreadable_text"]


def test_a_form_separates_answers_by_spaces(tmp_path):
    header = ["_id", "_uuid", "start", "end", "many", "rank"]
    rows = [[1, "u1", "2026-09-01T09:00:00.000+08:00", "2026-09-01T09:05:00.000+08:00", "1 3", "3 1"], [2, "u2", "2026-09-01T09:00:00.000+08:00", "2026-09-01T09:09:00.000+08:00", "", "2"]]
    raw = read_survey(write_csv(tmp_path / "k.csv", header, rows))
    assert raw.platform is Platform.KOBO
    options = "1=甲\n2=乙\n3=丙"
    table = clean_survey(raw, codebook({"name": "id", "type": "text", "source": "_id"}, {"name": "many", "type": "multiple", "values": options}, {"name": "rank", "type": "ranking", "values": options}))
    assert table.frame.to_numpy(dtype=object, na_value=None).tolist() == [["1", 1, 0, 1, "3", "1", None], ["2", None, None, None, "2", None, None]]


def test_the_server_of_a_form_writes_utc_where_telephones_write_local_time(tmp_path):
    times = [
        ("2026-09-01T07:00:00.266+08:00", "2026-08-31T23:05:00"), ("2026-08-31T23:00:00.266Z", "2026-08-31T23:05:00"),
        ("2026-08-31T19:00:00.266-04:00", "2026-09-01T07:05:00.266+08:00"),
    ]
    rows = [[i, f"u{i}", start, sent, "a"] for i, (start, sent) in enumerate(times)]
    raw = read_survey(write_csv(tmp_path / "k.csv", ["_id", "_uuid", "start", "_submission_time", "x"], rows))
    table = clean_survey(raw, draft_codebook(raw))
    assert table.frame["submitted"].dt.floor("s").tolist() == [pd.Timestamp("2026-09-01 07:05")] * 3
    assert table.frame["started"].dt.floor("s").tolist() == [pd.Timestamp("2026-09-01 07:00")] * 3
    assert table.flags["duration"].round().tolist() == [300, 300, 300]
    log = table.log[table.log["variable"].isin(["started", "submitted"])]
    assert sorted(zip(log["variable"], log["rule"], strict=True)) == [
        ("started", "offset_converted"), ("started", "offset_converted"), ("started", "offset_dropped"),
        ("submitted", "offset_dropped"), ("submitted", "utc_converted"), ("submitted", "utc_converted"),
    ]


def test_the_end_of_a_form_is_its_submission_though_it_was_sent_later(tmp_path):
    row = [1, "u", "2026-09-01T07:00:00+08:00", "2026-09-01T07:05:00+08:00", "2026-09-02T23:05:00", "a"]
    raw = read_survey(write_csv(tmp_path / "k.csv", ["_id", "_uuid", "start", "end", "_submission_time", "x"], [row, [2, "v", *row[2:]]]))
    assert raw.meta["submitted"] == "end"
    table = clean_survey(raw, draft_codebook(raw))
    assert table.frame["submitted"].tolist() == [pd.Timestamp("2026-09-01 07:05")] * 2
    assert table.flags["duration"].tolist() == [300, 300]


def test_what_an_export_does_not_carry_is_missing_of_its_own_kind(tmp_path):
    absent = [
        {"name": "one", "type": "single", "values": "1=甲", "open": "1"}, {"name": "many", "type": "multiple", "values": "1=甲\n2=乙"}, {"name": "rank", "type": "ranking", "values": "1=甲\n2=乙"},
        {"name": "n", "type": "number"}, {"name": "day", "type": "date"}, {"name": "spent", "type": "duration"}, {"name": "said", "type": "text"},
    ]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "x"], [["a", "1"], ["b", "2"]]))
    table = clean_survey(raw, codebook(ID, *({**v, "source": "-", "source_code": f"第{i}题"} for i, v in enumerate(absent, 1))))
    assert list(table.frame)[1:] == ["one", "one_other", "many__1", "many__2", "rank__rank_1", "rank__rank_2", "n", "day", "spent", "said"]
    assert table.frame.drop(columns="id").isna().to_numpy().all()
    assert (table.missing_kinds.drop(columns="id") == "not_exported").to_numpy().all()
    there = clean_survey(read_survey(write_csv(tmp_path / "t.csv", ["id", *(v["name"] for v in absent)], [["a", "甲〖x〗", "甲", "乙→甲", "1", "2026-01-01", "60秒", "话"]])), codebook(ID, *absent))
    assert table.frame.dtypes.equals(there.frame.dtypes)


def test_a_value_that_means_missing_and_text_in_a_column_of_its_own(cleaned):
    single = {"name": "q", "type": "single", "values": "1=是\n2=其他\n8=拒答\n9=不清楚", "open": "2", "source_other": "说明", "missing": "refused=8\ndont_know=9\nskipped=(跳过)"}
    rows = [["a", "是", ""], ["b", "其他", "(跳过)"], ["c", "其他", "下雨"], ["d", "拒答", ""], ["e", "(跳过)", "(跳过)"], ["f", "", ""], ["g", "不 清楚", ""]]
    table = cleaned(["id", "q", "说明"], rows, ID, single)
    assert values(table.frame["q"]) == ["1", "2", "2", None, None, None, None]
    assert values(table.missing_kinds["q"]) == [None, None, None, "refused", "skipped", "blank", "dont_know"]
    assert values(table.frame["q_other"]) == [None, None, "下雨", None, None, None, None]
    assert values(table.missing_kinds["q_other"]) == ["not_applicable", "blank", None, "refused", "skipped", "blank", "dont_know"]
    assert list(table.frame["q"].cat.categories) == ["1", "2"]


def test_texts_durations_and_what_nobody_can_read(cleaned):
    rows = [["a", "很好", "2分30秒", "第二天"], ["b", "(空)", "很久", "2026-09-01"]]
    table = cleaned(["id", "said", "spent", "day"], rows, ID, {"name": "said", "type": "text", "missing": "blank=(空)"}, {"name": "spent", "type": "duration"}, {"name": "day", "type": "date"})
    assert values(table.frame["said"]) == ["很好", None]
    assert values(table.frame["spent"]) == [150.0, None]
    assert values(table.missing_kinds["spent"]) == [None, "unreadable"]
    assert values(table.missing_kinds["day"]) == ["unreadable", None]
    assert {(v, r) for v, r in zip(table.log["variable"], table.log["rule"], strict=True)} >= {("spent", "unreadable_text"), ("day", "unreadable_text")}


def test_answers_that_the_codebook_does_not_have_are_named_with_their_rows(tmp_path):
    rows = [["a", "是"], *[[f"b{i}", "偶尔"] for i in range(7)], ["c", "打13812345678"]]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "q"], rows))
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, codebook(ID, {"name": "q", "type": "single", "values": "1=是\n2=否"}))
    assert codes(error.value) == ["CR-K11", "CR-K11"]
    zh, en = told(error.value, "CR-K11", "s.csv", "3, 4, 5, 6, 7", "“偶尔”", "1=是; 2=否")
    assert "13812345678" not in zh + en
    assert "（共7处）" in zh
    assert "(7 in all)" in en


def test_all_files_are_judged_together(tmp_path):
    book = codebook(ID, {"name": "q", "type": "single", "values": "1=是"}, SENT)
    files = [read_survey(write_csv(tmp_path / f"{n}.csv", head, rows)) for n, head, rows in (("a", ["id", "q"], [["x", "是"]]), ("b", ["id", "q", "sent"], [["y", "否", "2026-09-01"]]))]
    with pytest.raises(SchemaError) as error:
        clean_survey(files, book)
    assert codes(error.value) == ["CR-K08", "CR-K11"]
    with pytest.raises(CleaningError) as twice:
        clean_survey([files[0], files[0]], codebook(ID))
    told(twice.value, "CR-D01")


def faults(raw, *variables, **options):
    with pytest.raises(CommResearchError) as error:
        clean_survey(raw, codebook(ID, *variables), **options)
    return error


def test_headers_answers_corrections_and_keys_that_are_wrong_are_told_together(tmp_path):
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "q", "停车", "养老"], [["a", "否", "1", "0"], ["b", "是", "x", "1"]]))
    q, r = ({"name": n, "type": "single", "source": s, "values": "1=是"} for n, s in (("q", "q"), ("r", "不在")))
    many = {"name": "m", "type": "multiple", "source": "-", "source_code": "停车\n养老", "values": "1=停车\n2=养老"}
    error = faults(raw, q, r, many)
    assert error.type is SchemaError
    assert [(f.code, f.values["variable"], f.values.get("column")) for f in error.value.failures] == [("CR-K08", "r", None), ("CR-K11", "q", "q"), ("CR-K11", "m", "停车, 养老")]
    assert "s.csv，变量 q（列“q”）：第2行" in told(error.value, "CR-K11")[0]
    listed = corrections(correction(2, "r", "1", "2"), correction(2, "不在", "1", "2"), correction(2, "q", "没有", "是"), correction(9, "id", "a", "b"))
    assert codes(faults(raw, q, r, corrections=listed).value) == ["CR-K08", "CR-D34", "CR-D32"]  # q may be put right, r is told once
    assert codes(faults(raw, q, r, many, corrections=listed).value) == ["CR-K08", "CR-D34", "CR-D32", "CR-K11"]
    assert faults(raw, {**q, "values": "1=是\n2=否"}, corrections=listed).type is CleaningError
    assert set(codes(faults(raw, r, pseudonym_key=b"x").value)) == {"CR-K08", "CR-P01"}


def test_headers_of_a_question_with_many_columns_are_named_in_part(tmp_path):
    heads = [f"h{i}" for i in range(5)]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", *heads], [["a", "x", "0", "1", "0", "1"]]))
    many = {"name": "m", "type": "multiple", "source": "-", "source_code": "\n".join(heads), "values": "\n".join(f"{i}=v{i}" for i in range(5))}
    assert [f.values["column"] for f in faults(raw, many).value.failures] == ["h0, h1, h2 …"]


PEOPLE = [["王甲乙", "13800000001", "2026-09-01", "3"], ["李丙丁", "138-0000-0002", "2026-09-02", "4"], ["(空)", "（空）", "2026-09-02", "5"]]
PEOPLE_HEAD = ["姓名", "电话", "sent", "n"]
NAMED = [
    {"name": "who", "type": "text", "source": "姓名", "identifier": "name", "missing": "blank=(空)"},
    {"name": "phone", "type": "text", "source": "电话", "identifier": "mobile", "role": "person", "missing": "blank=(空)"}, SENT, {"name": "n", "type": "number"},
]


def test_identifiers_are_dropped_without_a_key_and_pseudonymous_with_one(cleaned):
    dropped = cleaned(PEOPLE_HEAD, PEOPLE, *NAMED)
    assert list(dropped.frame) == ["sent", "n"]
    assert [v.name for v in dropped.codebook] == ["sent", "n"]
    assert dropped.provenance["key_fingerprint"] == ""
    assert set(dropped.identifiers["action"]) == {"dropped"}
    kept = cleaned(PEOPLE_HEAD, PEOPLE, *NAMED, pseudonym_key=KEY)
    assert kept.frame["phone"].str.fullmatch("[a-z]{20}").tolist() == [True, True, False]
    assert values(kept.missing_kinds["phone"]) == [None, None, "blank"]
    assert kept.provenance["key_fingerprint"]
    for table in (dropped, kept):
        assert "王甲乙" in table.known
        assert not any(text in table.log.to_csv() + table.frame.to_csv() for text in ("王甲乙", "13800000001", "138-0000-0002"))


def test_one_key_gives_one_pseudonym_in_all_files_and_another_key_another(tmp_path):
    files = [write_csv(tmp_path / "a.csv", PEOPLE_HEAD, PEOPLE), write_xlsx(tmp_path / "b.xlsx", PEOPLE_HEAD, [["王甲乙", 13800000001, "2026-10-01", 9]])]
    book = codebook(*NAMED)
    one, two = (clean_survey(read_survey(f), book, pseudonym_key=KEY) for f in files)
    assert one.frame["phone"].iloc[0] == two.frame["phone"].iloc[0]
    both = clean_survey([read_survey(f) for f in files], book, pseudonym_key=KEY)
    assert both.frame["phone"].iloc[0] == both.frame["phone"].iloc[3]
    other = clean_survey(read_survey(files[0]), book, pseudonym_key=OTHER_KEY)
    assert other.frame["phone"].iloc[0] != one.frame["phone"].iloc[0]
    assert other.provenance["key_fingerprint"] != one.provenance["key_fingerprint"]
    with pytest.raises(CleaningError) as error:
        clean_survey(read_survey(files[0]), book, pseudonym_key=b"short")
    told(error.value, "CR-P01")


WJX = ["序号", "提交答卷时间", "所用时间", "来自IP", "1、性别", "2、身份证号"]


def test_age_sex_and_area_come_from_identity_numbers(tmp_path):
    import numpy as np

    numbers = fictional_identifiers(Identifier.NATIONAL_ID, 3, np.array([30, 61, 18]), np.random.default_rng(4))
    rows = [[i + 1, "2026/9/1 10:00:00", "60秒", f"192.0.2.{i}(海岚-滨海)", "男", number] for i, number in enumerate([*numbers, "(跳过)"])]
    variables = [
        {"name": "id", "type": "text", "source": "序号", "role": "key"}, {"name": "sent", "type": "date", "source": "提交答卷时间", "role": "submitted"},
        {"name": "ip", "type": "text", "source": "来自IP", "role": "ip", "identifier": "ip"}, {"name": "sex", "type": "single", "source": "1、性别", "values": "1=男\n2=女"},
        {"name": "idno", "type": "text", "source": "2、身份证号", "identifier": "national_id", "missing": "skipped=(跳过)"},
    ]
    raw = read_survey(write_csv(tmp_path / "w.csv", WJX, rows))
    table = clean_survey(raw, codebook(*variables))
    assert list(table.frame) == ["id", "sent", "sex", "ip_place", "idno_age", "idno_sex", "idno_area"]
    expected = [str(2 - int(number[16]) % 2) for number in numbers]
    assert values(table.frame["idno_sex"]) == [*expected, None]
    assert [abs(a - b) <= 1 for a, b in zip(values(table.frame["idno_age"])[:3], (30, 61, 18), strict=True)] == [True] * 3
    assert values(table.frame["idno_area"]) == [*(n[:6] for n in numbers), None]
    assert set(table.frame["ip_place"]) == {"海岚-滨海"}
    derived = table.codebook["idno_age"]
    assert (derived.quasi, derived.unit, derived.question("en") != derived.question("zh")) == (True, "岁", True)
    assert table.codebook["idno_sex"].label("1", "en") == "Male"
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, codebook(*variables, {"name": "ip_place", "type": "text", "source": "所用时间"}))
    told(error.value, "CR-P07", "w.csv", "ip_place")


def test_what_one_file_tells_holds_for_all_files_of_the_survey(tmp_path):
    head = ["id", "ip", "怎么称呼"]
    people, others = [f"{f}{g}" for f, g in zip("王李张刘陈杨赵黄", ("小明", "建国", "丽华", "洋洋", "志强", "秀英", "文博", "晓燕"), strict=True)], ["很好", "一般", "停车难", "没意见", "不错", "噪音", "绿化", "谢谢"]
    rows = [[[f"{n}{i}", ip, said] for i, said in enumerate(texts)] for n, ip, texts in (("a", "192.0.2.7(海岚-滨海)", others), ("b", "192.0.2.8", people))]
    variables = [ID, {"name": "ip", "type": "text", "role": "ip", "identifier": "ip"}, {"name": "said", "type": "text", "source": "怎么称呼"}]
    for order in (0, 1), (1, 0):
        raws = [read_survey(write_csv(tmp_path / f"{i}.csv", head, rows[i])) for i in order]
        table = clean_survey(raws, codebook(*variables))
        assert list(table.frame) == ["id", "ip_place"]
        assert values(table.missing_kinds["ip_place"])[8 * order[0]:][:8] == [None] * 8
        assert [v.name for v in table.codebook] == ["id", "ip_place"]
    with_key = clean_survey(raws, codebook(*variables), pseudonym_key=KEY)
    assert with_key.frame["said"].str.fullmatch("[a-z]{20}").all()


def test_rows_around_the_answers_are_no_answers(tmp_path):
    head, answers = ["编号", "性别", "次数"], [[str(i), "男" if i % 2 else "女", i] for i in range(1, 9)]
    raw = read_survey(write_xlsx(tmp_path / "s.xlsx", ["滨海示范区居民问卷"], [head, *answers, ["小计", "", 36], ["合计", "", 36]]))
    table = clean_survey(raw, codebook({"name": "id", "type": "text", "source": "编号", "role": "key"}, {"name": "n", "type": "number", "source": "次数"}))
    assert table.account.to_numpy().tolist() == [["reading", "rows_read", 10], ["reading", "total_row", 2], ["", "rows_out", 8]]
    assert (table.log["rule"] == "title_row").sum() == 1
    assert table.log.loc[table.log["rule"] == "column_not_in_codebook", ["variable", "count"]].to_numpy().tolist() == [["性别", 8]]


def test_a_name_told_in_an_answer_is_masked_in_reasons_of_corrections(tmp_path):
    path = write_csv(tmp_path / "a.csv", ["id", "意见", "岁"], [["a", "我叫周大勇", "1"], ["b", "周大勇来过", "2"], ["c", "高度重视", "3"]])
    table = clean_survey(
        read_survey(path), codebook(ID, {"name": "note", "type": "text", "source": "意见"}, {"name": "age", "type": "number", "source": "岁"}),
        corrections=corrections(correction(2, "age", "1", "61", reason="住户周大勇来电，高度重视")),
    )
    assert words(table.frame["note"]) == ["我叫〔姓名〕", "〔姓名〕来过", "高度重视"]
    assert any(reason.startswith("住户〔姓名〕来电，高度重视") for reason in table.log["reason"])
    assert "周大勇" not in table.log.to_csv()

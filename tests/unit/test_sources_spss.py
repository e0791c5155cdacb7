"""SPSS files: texts, labels, user-missing values, encodings that the file does not tell."""

import struct

import pandas as pd
import pyreadstat
import pytest

from commresearch.cleaning import clean_survey, draft_codebook
from commresearch.errors import SourceError
from commresearch.records import ask_process
from commresearch.sources import CellType, read_survey
from commresearch.terms import Export, Platform, VariableType
from commresearch.words import render_error

FRAME = pd.DataFrame({
    "serial": [1.0, 2.0, 3.0], "q1": [1.0, -3.0, 95.0], "q2_1": [1.0, 0.0, None], "q2_2": [0.0, 1.0, None], "age": [23.5, None, 40.0],
    "name": ["张三", "𠮷田", ""], "day": pd.to_datetime(["2025-01-03 00:00:00", "2025-01-04 05:06:07", None]), "NA": ["NA", "001", "N/A"],
})
LABELS = {"serial": "序号", "q1": "1、您的满意度", "q2_1": "2、需要的服务:停车", "q2_2": "2、需要的服务:养老", "age": "3、您的年龄"}
VALUES = {"q1": {1: "满意", 2: "不满意", -3: "跳过", 99: "不清楚"}, "q2_1": {0: "未选", 1: "选中"}}
MISSING = {"q1": [-3, {"lo": 90, "hi": 99}], "name": ["张三"]}


@pytest.fixture
def path(tmp_path):
    pyreadstat.write_sav(FRAME, str(tmp_path / "a.sav"), column_labels=LABELS, variable_value_labels=VALUES, missing_ranges=MISSING)
    return tmp_path / "a.sav"


def refusal(path):
    with pytest.raises(SourceError) as caught:
        read_survey(path)
    for language, remedy in (("zh", "处理："), ("en", "What to do:")):
        assert remedy in render_error(caught.value, language)
        assert path.name in render_error(caught.value, language)
    return [f.code for f in caught.value.failures]


def test_cells_labels_and_missing_values(path):
    raw = read_survey(path)
    assert (raw.platform, raw.export, raw.encoding, raw.sheet, raw.n_rows_read) == (Platform.SPSS, Export.CODE, "UTF-8", "", 3)
    assert list(raw.frame.index) == [1, 2, 3]
    assert raw.frame["q1"].tolist() == ["1", "-3", "95"]
    assert raw.frame["q2_1"].tolist() == ["1", "0", ""]
    assert raw.frame["age"].tolist() == ["23.5", "", "40"]
    assert raw.frame["name"].tolist() == ["张三", "𠮷田", ""]
    assert raw.frame["NA"].tolist() == ["NA", "001", "N/A"]
    assert raw.frame["day"].tolist() == ["2025-01-03 00:00:00", "2025-01-04 05:06:07", ""]
    assert raw.frame.dtypes.map(str).eq("str").all()
    assert raw.types[0].tolist() == [CellType.NUMBER] * 5 + [CellType.TEXT, CellType.DATE, CellType.TEXT]
    assert raw.types[2, 2] == CellType.EMPTY
    assert raw.labels == {"q1": {"1": "满意", "2": "不满意", "-3": "跳过", "99": "不清楚"}, "q2_1": {"0": "未选", "1": "选中"}}
    assert {name: set(values) for name, values in raw.missing.items()} == {"q1": {"-3", "95", "99"}, "name": {"张三"}}
    assert raw.meta == {"key": "serial"}


def test_questions_by_the_wording_of_labels(path):
    by_number = {q.number: q for q in read_survey(path).questions}
    assert (by_number[1].text, by_number[1].columns) == ("您的满意度", ("q1",))
    assert (by_number[2].text, by_number[2].columns, by_number[2].parts) == ("需要的服务", ("q2_1", "q2_2"), ("停车", "养老"))
    assert by_number[2].type is VariableType.MULTIPLE
    assert by_number[3].columns == ("age",)


def test_options_named_with_two_underscores(tmp_path):
    frame = pd.DataFrame({"topic__1": [1.0, 0.0], "topic__2": [0.0, 1.0], "topic_other": ["", "甲┋乙"], "sat": [1.0, 2.0]})
    labels = {"topic__1": "您反映了什么-停车", "topic__2": "您反映了什么-噪声", "topic_other": "您反映了什么-请补充"}
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), column_labels=labels)
    questions = read_survey(tmp_path / "a.sav").questions
    assert [(q.columns, q.parts, q.type) for q in questions] == [
        (("topic__1", "topic__2"), ("停车", "噪声"), VariableType.MULTIPLE), (("topic_other",), (), None), (("sat",), (), None)]


def test_a_multiple_response_set_is_one_question(path):
    data = path.read_bytes()
    text = b"$needs=D1 1 6 \xe9\x9c\x80\xe8\xa6\x81 q2_1 age\n"
    record = struct.pack("<iiii", 7, 7, 1, len(text)) + text
    place = data.index(struct.pack("<iii", 7, 20, 1))
    path.write_bytes(data[:place] + record + data[place:])
    found = [q for q in read_survey(path).questions if "q2_1" in q.columns]
    assert [(q.text, q.columns, q.type) for q in found] == [("需要", ("q2_1", "age"), VariableType.MULTIPLE)]


def test_compressed_files(tmp_path):
    for options in ({"row_compress": True}, {"compress": True}):
        pyreadstat.write_sav(FRAME, str(tmp_path / "a.zsav"), **options)
        assert read_survey(tmp_path / "a.zsav").frame["name"].tolist() == ["张三", "𠮷田", ""]


@pytest.mark.parametrize("declared", ["UTF-8", "windows-1252", "GBK"])
def test_chinese_texts_in_another_encoding_than_the_file_says(tmp_path, declared):
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"x1": [1.0, 2.0], "town": ["海州滨海示范区", "山前街道办事处"]})
    pyreadstat.write_sav(frame, str(path), column_labels={"x1": "您对社区是否满意"}, variable_value_labels={"x1": {1.0: "非常满意", 2.0: "不太满意"}})
    data = path.read_bytes()
    for text in ("海州滨海示范区", "山前街道办事处", "您对社区是否满意", "非常满意", "不太满意"):
        utf8 = text.encode()
        data = data.replace(utf8, text.encode("gb18030").ljust(len(utf8)))
    path.write_bytes(renamed(data, declared.encode()))
    raw = read_survey(path)
    assert raw.frame["town"].tolist() == frame["town"].tolist()
    assert raw.labels == {"x1": {"1": "非常满意", "2": "不太满意"}}
    assert raw.encoding in {"GB18030", "GBK"}


@pytest.mark.parametrize(("bytes_of_text", "encoding"), [("张三海州滨海".encode("gb18030").ljust(18), "GB18030"), (b"\xff\xff\xff\x80\x80\x80".ljust(18), None)])
def test_encodings_that_the_reader_refuses_are_tried_in_one_process(tmp_path, monkeypatch, bytes_of_text, encoding):
    asked = []
    monkeypatch.setattr("commresearch.sources.spss.ask_process", lambda *args, **kwargs: asked.append(args) or ask_process(*args, **kwargs))
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"name": ["张三海州滨海"]}), str(path))
    path.write_bytes(path.read_bytes().replace("张三海州滨海".encode(), bytes_of_text))
    if encoding:
        assert read_survey(path).encoding == encoding
    else:
        assert refusal(path) == ["CR-S30"]
    assert len(asked) == 1


def test_texts_that_are_utf8_though_the_file_says_gbk(path):
    path.write_bytes(renamed(path.read_bytes(), b"GBK"))
    raw = read_survey(path)
    assert raw.frame["name"].tolist() == ["张三", "𠮷田", ""]
    assert raw.encoding == "UTF-8"


def renamed(data, encoding):
    """The file with another declared encoding."""
    place = data.index(struct.pack("<iii", 7, 20, 1))
    return data[: place + 12] + struct.pack("<i", len(encoding)) + encoding + data[place + 16 + 5 :]


def test_texts_that_no_encoding_explains(path):
    data = path.read_bytes()
    path.write_bytes(data.replace("张三".encode(), b"\xff\xff\xff\x80\x80\x80"))
    assert refusal(path) == ["CR-S30"]


def test_files_that_are_cut_off_or_no_spss_files(path):
    data = path.read_bytes()
    for length in (50, 300, len(data) - 20):
        path.write_bytes(data[:length])
        assert refusal(path) == ["CR-S06"]
    path.write_bytes(b"no spss file")
    assert refusal(path) == ["CR-S06"]


def test_a_file_without_rows_or_with_too_many_columns(tmp_path, monkeypatch):
    pyreadstat.write_sav(FRAME.iloc[:0], str(tmp_path / "a.sav"))
    assert refusal(tmp_path / "a.sav") == ["CR-S26"]
    monkeypatch.setattr("commresearch.sources.sheet.MAX_COLUMNS", 5)
    pyreadstat.write_sav(FRAME, str(tmp_path / "b.sav"))
    assert refusal(tmp_path / "b.sav") == ["CR-S21"]


def test_user_missing_days_and_times_are_codes_and_no_days_of_1582(tmp_path):
    day = (pd.Timestamp("2026-09-01 10:00:00").as_unit("s") - pd.Timestamp("1582-10-14").as_unit("s")).total_seconds()
    frame = pd.DataFrame({"day": [day, -91.0, -94.0, float("nan")], "sent": [day, -91.0, day, day], "at": [36_000.0, 3_600.0, -91.0, 7_200.0], "n": [1.0, 2.0, 3.0, 4.0]})
    declared = {name: [{"lo": -97.0, "hi": -91.0}] for name in ("day", "sent", "at")}
    path = tmp_path / "s.sav"
    pyreadstat.write_sav(frame, str(path), variable_format={"day": "DATE11", "sent": "DATETIME20", "at": "TIME8"}, missing_ranges=declared, variable_value_labels={"day": {-91.0: "未答"}})
    raw = read_survey(path)
    assert raw.frame["day"].tolist() == ["2026-09-01", "-91", "-94", ""]
    assert raw.frame["sent"].tolist() == ["2026-09-01 10:00:00", "-91", "2026-09-01 10:00:00", "2026-09-01 10:00:00"]
    assert raw.frame["at"].tolist() == ["10:00:00", "01:00:00", "-91", "02:00:00"]
    assert raw.missing == {"day": ("-94", "-91"), "sent": ("-91",), "at": ("-91",)}


LOWEST, HIGHEST = -1.7976931348623157e308, 1.7976931348623157e308
DAY = (pd.Timestamp("2026-09-01 10:20:30").as_unit("s") - pd.Timestamp("1582-10-14").as_unit("s")).total_seconds()
FORMATS = {"day": "DATE11", "also": "SDATE10", "sent": "DATETIME20", "at": "TIME8", "plain": "EDATE10"}


def dated(path, low, high, **cells):
    """A file whose days and times have one range of user-missing values; those of `plain` have none."""
    frame = pd.DataFrame({"day": [DAY, 0.0, -91.0], "also": [DAY] * 3, "sent": [DAY + 0.25, DAY, -5.0], "at": [36_000.5, 3_600.0, -91.0], "plain": [DAY, DAY, None], "n": [1.0, 2.0, 3.0], "said": ["好", "", "一般"]})
    ranges = {name: [{"lo": low, "hi": high}] for name in ("day", "also", "sent", "at", "n")} if low < high else {}
    pyreadstat.write_sav(frame.assign(**cells), str(path), variable_format=FORMATS, missing_ranges=ranges, variable_value_labels={"day": {0.0: "未答"}})
    return path


def test_ranges_of_missing_days_may_begin_before_all_days_or_end_after_them(tmp_path):
    plain = read_survey(dated(tmp_path / "plain.sav", 0, 0))
    raw = read_survey(dated(tmp_path / "low.sav", LOWEST, 0.0))
    assert raw.frame["day"].tolist() == ["2026-09-01", "0", "-91"]
    assert raw.frame["sent"].tolist()[1:] == ["2026-09-01 10:20:30", "-5"]
    assert raw.frame["at"].tolist()[1:] == ["01:00:00", "-91"]
    assert raw.missing == {"day": ("-91", "0"), "also": (), "sent": ("-5",), "at": ("-91",), "n": ()}
    assert raw.labels["day"] == {"0": "未答"}
    answered = ~raw.frame.isin(["0", "-91", "-5"])
    assert raw.frame.where(answered).equals(plain.frame.where(answered))
    assert (raw.types == plain.types)[answered].all()
    assert [q.columns for q in raw.questions] == [q.columns for q in plain.questions]
    until_a_day = read_survey(dated(tmp_path / "day.sav", LOWEST, DAY - 86_400))
    assert until_a_day.frame.drop(columns="at").equals(raw.frame.drop(columns="at"))
    assert until_a_day.missing["day"] == ("-91", "0")
    from_a_day = read_survey(dated(tmp_path / "high.sav", DAY + 86_400, HIGHEST, day=[DAY, 9e20, DAY + 90_000]))
    assert from_a_day.frame["day"].tolist() == ["2026-09-01", "900000000000000000000", str(int(DAY + 90_000))]
    assert from_a_day.missing["day"] == (str(int(DAY + 90_000)), "900000000000000000000")


def test_days_in_an_endless_range_are_user_missing_once_cleaned(tmp_path):
    raw = read_survey(dated(tmp_path / "low.sav", LOWEST, 0.0))
    table = clean_survey(raw, draft_codebook(raw))
    day = next(v.name for v in table.codebook if v.source == "day")
    assert table.frame[day].dt.strftime("%Y-%m-%d").tolist()[0] == "2026-09-01"
    assert table.frame[day].isna().tolist() == [False, True, True]
    assert "unreadable" not in set(table.missing_kinds[day])


def test_a_day_that_no_calendar_has_is_refused_where_it_is_no_missing_value(tmp_path):
    assert refusal(dated(tmp_path / "far.sav", LOWEST, 0.0, day=[DAY, 0.0, 9e20])) == ["CR-S06"]
    assert refusal(dated(tmp_path / "plain.sav", LOWEST, 0.0, plain=[DAY, 0.0, 9e20])) == ["CR-S06"]

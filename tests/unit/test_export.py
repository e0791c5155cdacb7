"""Clean tables for other programs: values, labels and kinds of missing as SPSS and Stata show them, and a CSV that reads back."""

import pandas as pd
import pyreadstat
import pytest

from commresearch.cleaning import clean_survey, draft_codebook, read_codebook
from commresearch.cleaning.clean_files import files_of
from commresearch.errors import CaseError
from commresearch.sources import read_survey
from commresearch.terms import Language, VariableType
from commresearch.words import say
from commresearch.workflow.export import codebook_of_csv, export_case, export_clean
from tests.unit.survey_cases import KEY, codes, told, values

HEADER = ["id", "q1", "q2", "q3", "n", "day", "said", "letters"]
ROWS = [
    ["a", "是", "停车┋其他〖灯〗", "甲→乙", "1.5", "2026-09-01 10:00:00", "=1+1", "x"], ["b", "不清楚", "(跳过)", "", "很多", "", "第二行\n换行", "y"], ["c", "", "停车", "乙", "12345678", "2020-02-29", "", ""],
]
BOOK = (
    {"name": "id", "type": "text"}, {"name": "q1", "type": "single", "values": "1=是\n2=否\n9=不清楚", "labels_en": "1=Yes\n2=No", "missing": "dont_know=9", "question_zh": "参加吗", "question_en": "Took part?"},
    {"name": "q2", "type": "multiple", "values": "1=停车\n2=其他", "labels_en": "1=Parking", "open": "2", "missing": "skipped=(跳过)", "question_zh": "哪些"},
    {"name": "q3", "type": "ranking", "values": "1=甲\n2=乙"}, {"name": "n", "type": "number", "unit": "次"}, {"name": "day", "type": "date"}, {"name": "said", "type": "text"},
    {"name": "letters", "type": "single", "values": "a=x\nb=y"},
)


@pytest.fixture
def table(cleaned):
    return cleaned(HEADER, [[f'"{c}"' if "\n" in c else c for c in row] for row in ROWS], *BOOK)


@pytest.fixture
def sav(tmp_path):
    return lambda: pyreadstat.read_sav(str(tmp_path / "out" / "s.sav"), user_missing=True)


@pytest.fixture
def dta(tmp_path):
    return lambda: pyreadstat.read_dta(str(tmp_path / "out" / "s.dta"), user_missing=True)


def as_texts(column):
    return [value if value is None else str(value) for value in values(column)]


@pytest.mark.parametrize(("given", "codes", "labels"), [
    ("1 01 2", (1, 2, 3), ("甲", "01=乙", "2=丙")), ("01 02 3", (1, 2, 3), ("甲", "乙", "丙")), ("1 1.0 x", (1, 2, 3), ("甲", "1.0=乙", "丙")),
    ("370201001001 370201001002 3", (1, 2, 3), ("370201001001=甲", "370201001002=乙", "丙")), ("2 1 -1", (2, 1, -1), ("甲", "乙", "丙")),
], ids=["one_number", "zeros", "points", "long", "plain"])  # fmt: skip
def test_no_two_answers_become_one_number(cleaned, tmp_path, sav, dta, given, codes, labels):
    names = ("甲", "乙", "丙")
    book = [{"name": "id", "type": "text"}, {"name": "q", "type": "single", "values": "\n".join(f"{v}={x}" for v, x in zip(given.split(), names, strict=True))}]
    table = cleaned(["id", "q"], [[f"k{i}", names[i % 3]] for i in range(6)], *book)
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    for frame, meta in (sav(), dta()):
        assert frame["q"].tolist() == [*codes, *codes]
        assert meta.variable_value_labels["q"] == dict(zip(codes, labels, strict=True))
    back = clean_survey(read_survey(tmp_path / "out" / "s.csv"), read_codebook(tmp_path / "out" / "s_codebook.xlsx"))
    assert back.frame["q"].tolist() == table.frame["q"].tolist()


WORDS = ["byte", "double", "float", "if", "in", "int", "long", "using", "with", "str1", "str2045", "strl", "all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to"]


def test_words_that_other_programs_reserve_get_an_ending(cleaned, tmp_path, sav, dta):
    names = ["id", *WORDS, "long_x", "strong", "q"]
    others = [{"name": n, "type": "number"} for n in names[1:-1]]
    table = cleaned(names, [["a", *["1"] * (len(names) - 2), "是"]], {"name": "id", "type": "text"}, *others, {"name": "q", "type": "multiple", "values": "-1=是\n2=否"})
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    expected = ["id", *("long_x_x" if w == "long" else f"{w}_x" for w in WORDS), "long_x", "strong", "q__m1", "q__2"]
    for frame, meta in (sav(), dta()):
        assert list(frame) == expected
        assert meta.column_labels[7] == "long"
    book = read_codebook(tmp_path / "out" / "s_codebook.xlsx")
    assert (book["long"].source, book["long_x"].note, book["strong"].note) == ("long", "", "")
    assert "long_x_x" in book["long"].note
    assert {v.note for v in book if v.source == "q__-1"} == {say("export.note_renamed", Language.ZH, name="q__m1")}
    back = clean_survey(read_survey(tmp_path / "out" / "s.csv"), book)
    assert back.frame["long"].tolist() == [1]


@pytest.mark.parametrize("language", list(Language))
def test_a_note_of_the_codebook_stands_apart_from_what_is_said_of_the_name(cleaned, tmp_path, language):
    table = cleaned(["id", "long", "t"], [["a", "1", "2"]], {"name": "id", "type": "text"}, {"name": "long", "type": "number", "note": "问法有改动"}, {"name": "t", "type": "number", "note": "同上"})
    export_clean(table, tmp_path / "out", "s", language)
    book = read_codebook(tmp_path / "out" / "s_codebook.xlsx")
    assert book["long"].note.split("\n") == ["问法有改动", say("export.note_renamed", language, name="long_x")]
    assert book["t"].note == "同上"


def test_what_the_writer_of_files_refuses_is_said(table, tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise pyreadstat.ReadstatError("A provided numeric value was outside the range")

    monkeypatch.setattr(pyreadstat, "write_dta", refuse)
    with pytest.raises(CaseError) as error:
        export_clean(table, tmp_path / "out", "s", Language.ZH)
    assert codes(error.value) == ["CR-X02"]
    told(error.value, "CR-X02", ".dta", "outside the range")
    assert not (tmp_path / "out").exists()


def test_five_files(table, tmp_path):
    paths = export_clean(table, tmp_path / "out", "s", Language.ZH)
    assert [p.name for p in paths] == ["s.sav", "s.dta", "s.csv", "s_kinds.csv", "s_codebook.xlsx"]
    assert all(p.is_file() for p in paths)


def test_spss_shows_labels_and_user_missing_values(table, tmp_path, sav):
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    frame, meta = sav()
    assert list(frame) == list(table.frame)
    assert frame["q1"].tolist() == [1, -94, -91]
    assert meta.variable_value_labels["q1"] == {1: "是", 2: "否", -94: say("survey.kind_dont_know", Language.ZH), -91: say("survey.kind_blank", Language.ZH)}
    assert meta.missing_ranges["q1"] == [{"lo": -97, "hi": -91}]
    assert frame["q2__1"].tolist() == [1, -92, 1]
    assert frame["q2__2"].tolist() == [1, -92, 0]
    assert frame["q3__rank_1"].tolist() == [1, -91, 2]
    assert frame["q3__rank_2"].tolist() == [2, -91, -95]
    assert frame["n"].tolist() == [1.5, -97, 12345678]
    assert frame["day"].tolist()[::2] == [pd.Timestamp("2026-09-01 10:00:00"), pd.Timestamp("2020-02-29")]
    assert frame["said"].tolist() == ["=1+1", "第二行\n换行", ""]
    assert frame["letters"].tolist() == [1, 2, -91]
    assert meta.variable_value_labels["letters"][2] == "y"
    shown = dict(zip(meta.column_names, meta.column_labels, strict=True))
    assert (shown["q1"], shown["q2__1"], shown["q3__rank_2"], shown["n"]) == ("参加吗", "哪些: 停车", "q3 [2]", "n")


def test_english_labels_where_there_are_some(table, tmp_path, sav):
    export_clean(table, tmp_path / "out", "s", Language.EN)
    _, meta = sav()
    assert meta.variable_value_labels["q1"][1] == "Yes"
    shown = dict(zip(meta.column_names, meta.column_labels, strict=True))
    assert (shown["q1"], shown["q2__1"], shown["q2__2"]) == ("Took part?", "哪些: Parking", "哪些: 其他")


def test_stata_shows_kinds_as_letters(table, tmp_path, dta):
    export_clean(table, tmp_path / "out", "s", Language.EN)
    frame, meta = dta()
    assert values(frame["q1"]) == [1, "d", "a"]
    assert values(frame["q2__1"]) == [1, "b", 1]
    assert values(frame["q3__rank_2"]) == [2, "a", "e"]
    assert values(frame["n"]) == [1.5, "g", 12345678]
    assert set(meta.variable_value_labels["q1"]) == {1, 2, "d", "a"}
    assert set(meta.missing_user_values["q1"]) == {"a", "d"}
    assert frame["said"].tolist()[0] == "=1+1"


DATED = {"name": "day", "type": "date", "missing": "refused=拒答\ndont_know=不清楚"}


@pytest.fixture
def dated(cleaned, tmp_path):
    """The folder of an export with days that are missing for several reasons."""
    cells = [["a", "2026-09-01 10:00:00", "x"], ["b", "拒答", ""], ["c", "不清楚", "y"], ["d", "1955-03-01", "z"], ["e", "很久", "w"]]
    export_clean(cleaned(["id", "day", "said"], cells, {"name": "id", "type": "text"}, DATED, {"name": "said", "type": "text"}), tmp_path / "out", "s", Language.ZH)
    return tmp_path / "out"


def test_missing_days_keep_their_kinds_in_spss(dated):
    numbers, meta = pyreadstat.read_sav(str(dated / "s.sav"), user_missing=True, disable_datetime_conversion=True)
    assert numbers["day"].tolist()[1:3] == [-93, -94]
    assert numbers["day"].tolist()[4] == -97
    assert meta.missing_ranges["day"] == [{"lo": -97, "hi": -91}]
    assert meta.variable_value_labels["day"][-93] == say("survey.kind_refused", Language.ZH)
    assert meta.original_variable_types["day"].startswith("DATETIME")
    usual, _ = pyreadstat.read_sav(str(dated / "s.sav"))  # as whoever does not ask for user-missing values reads it
    assert usual["day"].tolist()[::3] == [pd.Timestamp("2026-09-01 10:00:00"), pd.Timestamp("1955-03-01")]
    assert usual["day"].isna().tolist() == [False, True, True, False, True]
    assert meta.notes == [say("export.note_texts", Language.ZH)]


def test_missing_days_keep_their_kinds_in_stata(dated):
    frame, meta = pyreadstat.read_dta(str(dated / "s.dta"), user_missing=True)
    assert [str(v) for v in frame["day"]] == ["2026-09-01 10:00:00", "c", "d", "1955-03-01 00:00:00", "g"]
    assert meta.variable_value_labels["day"]["c"] == say("survey.kind_refused", Language.ZH)
    assert meta.file_label == say("export.note_texts", Language.ZH)
    plain = pd.read_stata(dated / "s.dta")
    assert plain["day"].tolist()[::3] == [pd.Timestamp("2026-09-01 10:00:00"), pd.Timestamp("1955-03-01")]
    assert plain["day"].isna().sum() == 3


def test_an_spss_file_with_missing_days_is_read_back_with_their_codes(dated):
    raw = read_survey(dated / "s.sav")
    assert raw.frame["day"].tolist() == ["2026-09-01 10:00:00", "-93", "-94", "1955-03-01 00:00:00", "-97"]
    assert raw.missing["day"] == ("-97", "-94", "-93")
    book = draft_codebook(raw)
    day = next(v for v in book if v.source == "day" or "day" in v.source_code)
    assert day.type is VariableType.DATE
    again = clean_survey(raw, book)
    assert again.frame[day.name].isna().tolist() == [False, True, True, False, True]


def test_a_file_in_which_no_text_is_missing_says_nothing_of_texts(cleaned, tmp_path, sav, dta):
    export_clean(cleaned(["id", "n"], [["a", "1"], ["b", ""]], {"name": "id", "type": "text"}, {"name": "n", "type": "number"}), tmp_path / "out", "s", Language.EN)
    assert not sav()[1].notes
    assert not dta()[1].file_label


@pytest.mark.parametrize(("lowest", "first"), [("-5", -91), ("-91", -991), ("-950", -991), ("-991", -9991), ("-20000", -99991), ("-500000", -99991)])
def test_codes_of_missing_stay_below_every_answer(cleaned, tmp_path, sav, lowest, first):
    table = cleaned(["id", "n"], [["a", lowest], ["b", ""]], {"name": "id", "type": "text"}, {"name": "n", "type": "number"})
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    frame, meta = sav()
    assert frame["n"].tolist() == [float(lowest), first]
    assert meta.missing_ranges["n"] == [{"lo": first - 6, "hi": first}]


def test_names_that_statistics_programs_cannot_hold_are_spelt_out(cleaned, tmp_path, sav, dta):
    many = {"name": "q", "type": "multiple", "values": "-1=甲\n1-3=乙\n4.5=丙\n1m3=丁"}
    table = cleaned(["id", "q"], [["a", "甲┋丁"], ["b", "乙"]], {"name": "id", "type": "text"}, many)
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    for read in (sav, dta):
        frame, meta = read()
        assert list(frame) == ["id", "q__m1", "q__1m3_x", "q__4p5", "q__1m3"]
        assert frame["q__1m3"].tolist() == [1, 0]
        assert dict(zip(meta.column_names, meta.column_labels, strict=True))["q__m1"] == "q: 甲"


def test_names_that_are_too_long_are_all_named(cleaned, tmp_path):
    long, longer = "q" * 33, "r" * 65
    table = cleaned(["id", long, longer], [["a", "1", "2"]], {"name": "id", "type": "text"}, {"name": long, "type": "number"}, {"name": longer, "type": "number"})
    with pytest.raises(CaseError) as error:
        export_clean(table, tmp_path / "out", "s", Language.ZH)
    assert codes(error.value) == ["CR-X01"] * 3
    zh, en = told(error.value, "CR-X01", long, longer, ".dta", ".sav", "64", "32")
    assert f"列 {long}" in zh
    assert f"Column {long}" in en
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [{"type": "single", "values": "1=甲"}, {"type": "number"}, {"type": "date"}])
def test_a_name_with_labels_has_a_byte_less_in_stata(cleaned, tmp_path, sav, dta, given):
    cells = {"single": "甲", "number": "1", "date": "2026-01-02"}[given["type"]]
    for length in (31, 32):
        name = "q" * length
        table = cleaned(["id", name], [["a", cells], ["b", ""]], {"name": "id", "type": "text"}, {"name": name, **given})
        if length == 31:
            export_clean(table, tmp_path / "out", "s", Language.ZH)
            assert list(sav()[0]) == list(dta()[0]) == ["id", name]
            continue
        with pytest.raises(CaseError) as error:
            export_clean(table, tmp_path / "refused", "s", Language.ZH)
        assert [(f.code, f.values) for f in error.value.failures] == [("CR-X01", {"column": name, "format": ".dta", "allowed": 31})]
    plain = cleaned(["id", "t" * 32, "n" * 32], [["a", "", "1"]], {"name": "id", "type": "text"}, {"name": "t" * 32, "type": "text"}, {"name": "n" * 32, "type": "number"})
    export_clean(plain, tmp_path / "out", "s", Language.ZH)
    assert list(dta()[0]) == ["id", "t" * 32, "n" * 32]
    labelled = cleaned(["id", "s" * 64], [["a", "甲"]], {"name": "id", "type": "text"}, {"name": "s" * 64, "type": "single", "values": "1=甲"})
    with pytest.raises(CaseError) as error:
        export_clean(labelled, tmp_path / "refused", "s", Language.ZH)
    assert [f.values["format"] for f in error.value.failures] == [".dta"]


@pytest.mark.parametrize("sign", ["长", "a", "😀"])
def test_long_texts_and_labels_are_cut_between_characters(cleaned, tmp_path, sav, dta, sign):
    label = "b" + sign * 300
    table = cleaned(["id", "q", "t"], [["a", label, sign * 40_000], ["b", "y", "短"]], {"name": "id", "type": "text"},
                    {"name": "q", "type": "single", "values": f"1={label}\n2=y", "question_zh": sign * 300}, {"name": "t", "type": "text"})
    export_clean(table, tmp_path / "out", "s", Language.ZH)
    for read, most in ((sav, 32_000), (dta, 2_045)):
        frame, meta = read()
        assert frame["t"].iloc[0] == sign * (most // len(sign.encode()))
        assert frame["t"].iloc[1] == "短"
        assert set(meta.column_labels[1]) == {sign}
        assert label.startswith(meta.variable_value_labels["q"][1])


def test_the_csv_reads_back_into_the_same_table(table, tmp_path):
    paths = {p.name: p for p in export_clean(table, tmp_path / "out", "s", Language.ZH)}
    again = clean_survey(read_survey(paths["s.csv"]), read_codebook(paths["s_codebook.xlsx"]))
    for mine, theirs in ((table.frame, again.frame), (table.missing_kinds, again.missing_kinds)):
        assert [as_texts(mine[c]) for c in mine] == [as_texts(theirs[c]) for c in theirs]
    assert set(again.log["rule"]) == {"missing_marker", "column_not_in_codebook", "formula_guard"}
    kinds = pd.read_csv(paths["s_kinds.csv"], dtype="str", keep_default_na=False)
    assert kinds["q1"].tolist() == ["", "dont_know", "blank"]
    assert kinds["row_id"].tolist() == table.frame.index.tolist()


@pytest.mark.parametrize(("answers", "mark"), [(["好", "<空>"], "<blank>"), (["<blank>", "好"], "<<blank>>"), (["<skipped> ", "<<blank>>"], "<<<blank>>>"), (["<<blank>>", "<blank"], "<blank>")])
def test_an_answer_that_reads_like_a_mark_of_missing_stays_an_answer(cleaned, tmp_path, answers, mark):
    rows = [["a", answers[0], "是"], ["b", answers[1], ""], ["c", "", "其他〖<blank〗"]]
    table = cleaned(["id", "said", "q"], rows, {"name": "id", "type": "text"}, {"name": "said", "type": "text"}, {"name": "q", "type": "single", "values": "1=是\n2=其他", "open": "2"})
    assert values(table.frame["said"]) == [*answers, None]
    paths = {p.name: p for p in export_clean(table, tmp_path / "out", "s", Language.ZH)}
    written = pd.read_csv(paths["s.csv"], dtype="str", keep_default_na=False)
    assert (written["said"].iloc[2], written["q"].iloc[1]) == (mark, mark)
    again = clean_survey(read_survey(paths["s.csv"]), read_codebook(paths["s_codebook.xlsx"]))
    for mine, theirs in ((table.frame, again.frame), (table.missing_kinds, again.missing_kinds)):
        assert [as_texts(mine[c]) for c in mine] == [as_texts(theirs[c]) for c in theirs]


def test_what_was_derived_and_text_in_columns_apart_read_back_as_they_stand(cleaned, tmp_path):
    rows = [[f"{i}", f"192.0.2.{i}(海岚-滨海)", "其他" if i % 2 else "是", "灯" if i % 2 else ""] for i in range(6)]
    book = [{"name": "id", "type": "text"}, {"name": "ip", "type": "text", "identifier": "ip", "role": "ip"}, {"name": "q", "type": "single", "values": "1=是\n2=其他", "open": "2", "source_other": "说明"}]
    table = cleaned(["id", "ip", "q", "说明"], rows, *book, pseudonym_key=KEY)
    paths = {p.name: p for p in export_clean(table, tmp_path / "out", "s", Language.ZH)}
    again = clean_survey(read_survey(paths["s.csv"]), read_codebook(paths["s_codebook.xlsx"]))
    assert list(again.frame) == list(table.frame) == ["id", "ip", "q", "q_other", "ip_place"]
    assert [as_texts(again.frame[c]) for c in again.frame] == [as_texts(table.frame[c]) for c in table.frame]


def test_columns_of_the_csv_get_names_that_no_variable_has(cleaned, tmp_path):
    table = cleaned(["id", "q1", "q1_1"], [["a", "甲", "3"]], {"name": "id", "type": "text"}, {"name": "q1", "type": "multiple", "values": "1=甲\n-1=乙"}, {"name": "q1_1", "type": "number"})
    book = codebook_of_csv(table.codebook, table.frame)
    assert [(v.name, v.source) for v in book] == [("id", "id"), ("q1_1_x", "q1__1"), ("q1_m1", "q1__-1"), ("q1_1", "q1_1")]
    paths = {p.name: p for p in export_clean(table, tmp_path / "out", "s", Language.ZH)}
    assert read_codebook(paths["s_codebook.xlsx"]).variables == book.variables
    assert [v.source for v in codebook_of_csv(table.codebook, table.frame[["id", "q1__1"]])] == ["id", "q1__1"]


@pytest.fixture
def reports(table, cleaned, tmp_path):
    """Two cleaned waves below a folder."""
    for wave, clean in (("2025a", table), ("2026a", cleaned(["id", "q" * 40], [["a", "1"]], {"name": "id", "type": "text"}, {"name": "q" * 40, "type": "number"}))):
        (tmp_path / "clean" / wave).mkdir(parents=True)
        for name, data in files_of(clean, Language.ZH).items():
            (tmp_path / "clean" / wave / name).write_bytes(data)
    return tmp_path / "clean"


def test_a_case_is_exported_as_a_whole_or_not_at_all(reports, tmp_path):
    with pytest.raises(CaseError) as error:
        export_case(reports, tmp_path / "out", "binhai", Language.ZH)
    assert codes(error.value) == ["CR-X01"]
    assert not (tmp_path / "out").exists()
    (reports / "2025a" / "log.parquet").unlink()
    with pytest.raises(CaseError) as error:
        export_case(reports, tmp_path / "out", "binhai", Language.ZH)
    assert codes(error.value) == ["CR-F09", "CR-X01"]
    for file in (reports / "2026a").iterdir():
        file.unlink()
    with pytest.raises(CaseError) as error:
        export_case(tmp_path / "nowhere", tmp_path / "out", "binhai", Language.ZH)
    told(error.value, "CR-F09", "nowhere", "frame.parquet", "commresearch clean")


def test_waves_stand_in_the_names_of_the_files(reports, tmp_path):
    for file in (reports / "2026a").iterdir():
        file.unlink()
    written = export_case(reports, tmp_path / "out", "binhai", Language.EN)
    assert [p.name for p in written] == [f"binhai_2025a{end}" for end in (".sav", ".dta", ".csv", "_kinds.csv", "_codebook.xlsx")]


def test_a_folder_that_cannot_be_written_to(table, tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf8")
    with pytest.raises(CaseError) as error:
        export_clean(table, tmp_path / "out", "s", Language.ZH)
    told(error.value, "CR-C04", str(tmp_path / "out"))

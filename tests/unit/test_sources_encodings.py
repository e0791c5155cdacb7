"""Text tables: encodings, separators, rows that do not fit."""

import hashlib

import pytest

from commresearch.errors import SourceError
from commresearch.sources import read_survey
from commresearch.words import render_error
from tests.unit.sources_files import csv_text, write_csv

TABLES = {
    "tiny": [["一"], ["男"]], "short": [["序号", "性别"], [1, "男"]], "latin": [["Name", "City"], ["José", "Århus"], ["Zoë", "Łódź"]],
    "ascii": [["id", "q1"], ["007", "N/A"], ["008", "None"]], "mixed": [["序号", "说明"], [1, "㎡ ① ℃ ～ — “引号”"], [2, "Ａ１，。"]],
    "rare": [["序号", "姓名"], [1, "王𠮷"], [2, "㛃•买买提·艾力"], [3, "李😀"]],
    "survey": [["序号", "提交答卷时间", "1、您的意见"], [1, "2025/3/1 9:00:00", "停车，充电\n和电梯"], [2, "2025/3/1 9:01:00", '他说"好"']],
    "long": [["序号", "意见"], *([i, f"希望增加停车位和充电桩，物业多听居民意见{i}"] for i in range(300))],
}
WIDE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")
NAMES = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-16-be": "utf-16-be", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}


def corpus():
    """Every table in every encoding that can hold it."""
    for name, rows in TABLES.items():
        for encoding in (*WIDE, *(("gb18030", "gbk", "gb2312") if name != "latin" else ())):
            try:
                data = csv_text(rows).encode(encoding)
            except UnicodeEncodeError:
                continue
            yield pytest.param(rows, (b"\xfe\xff" if encoding == "utf-16-be" else b"") + data, NAMES[encoding], id=f"{name}-{encoding}")


CORPUS = list(corpus())


def test_the_corpus_is_as_large_as_it_should_be():
    assert len(CORPUS) >= 40
    assert sum(len(p.values[1]) < 100 for p in CORPUS) >= 20


@pytest.mark.parametrize(("rows", "data", "encoding"), CORPUS)
def test_every_encoding_is_read_right(tmp_path, rows, data, encoding):
    (tmp_path / "a.csv").write_bytes(data)
    raw = read_survey(tmp_path / "a.csv")
    assert list(raw.frame.columns) == rows[0]
    assert raw.frame.values.tolist() == [[str(cell) for cell in row] for row in rows[1:]]
    assert raw.encoding == (encoding if not data.isascii() else "utf-8")


def test_bytes_that_are_both_are_read_as_what_the_file_can_only_mean(tmp_path):
    (tmp_path / "a.csv").write_bytes("一,二\n衣,医\n".encode("gb18030"))  # 一 alone would be a Cyrillic letter in UTF-8
    assert list(read_survey(tmp_path / "a.csv").frame.columns) == ["一", "二"]
    (tmp_path / "b.csv").write_bytes("一\n一\n".encode("gb18030"))
    assert list(read_survey(tmp_path / "b.csv").frame.columns) == ["一"]
    (tmp_path / "c.csv").write_bytes("имя\nИван\n".encode())
    assert list(read_survey(tmp_path / "c.csv").frame.columns) == ["имя"]


def refusal(path):
    with pytest.raises(SourceError) as caught:
        read_survey(path)
    return [(f.code, dict(f.values)) for f in caught.value.failures]


def test_a_header_that_was_read_wrongly_once_is_refused(tmp_path):
    text = csv_text(TABLES["survey"])
    for wrong in (text.encode().decode("gb18030", "replace"), text.encode().decode("latin-1"), text.encode("gb18030").decode("latin-1")):
        (tmp_path / "a.csv").write_bytes(wrong.encode())
        (code, values), = refusal(tmp_path / "a.csv")
        assert code == "CR-S31"
        assert values["meant"] in {"序号", "提交答卷时间", "1、您的意见", "?"}


@pytest.mark.parametrize("header", ["Prénom préféré", "Größe", "年龄·岁", "名前", "이름", "姓名（必填）", "Año"])
def test_a_sound_header_is_not_taken_for_a_wrong_one(tmp_path, header):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", header], [1, "a"]]))
    assert list(raw.frame.columns) == ["序号", header]


TRADITIONAL = [
    [["編號", "性別", "滿意度"], [1, "男", "滿意"], [2, "女", "不滿意"]], [["編號", "年齡", "意見"], [1, 30, "很好啊謝謝"], [2, 40, "環境太差了希望改善"]],
    [["id", "sex", "1、您的性別"], [1, "m", "男"], [2, "f", "女"]], [["編號", "職業"], [1, "教師"], [2, "醫生"]], [["登記表", ""], ["序號", "社區"], [1, "甲"], [2, "乙"]],
]


@pytest.mark.parametrize("rows", TRADITIONAL)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_header_in_traditional_chinese_of_another_encoding_is_refused(tmp_path, rows, ending):
    path = tmp_path / "a.csv"
    path.write_bytes("".join(",".join(map(str, row)) + ending for row in rows).encode("big5"))
    with pytest.raises(SourceError) as caught:
        read_survey(path)
    failure, = caught.value.failures
    meant = next(text for row in rows for text in row if not str(text).isascii() and text != "登記表")
    assert (failure.code, failure.values["meant"]) == ("CR-S45", meant)
    for language in ("zh", "en"):
        assert all(part in render_error(caught.value, language) for part in ("a.csv", meant, "Big5", "CSV UTF-8"))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("rows", TRADITIONAL)
def test_traditional_chinese_in_an_encoding_that_holds_it_is_read(tmp_path, rows, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("".join(",".join(map(str, row)) + "\n" for row in rows).encode(encoding))
    assert list(read_survey(path).frame.columns) == rows[-3]


@pytest.mark.parametrize("header", ["𠮷㛃户", "满意度😀", "性别\ue5e5", "\uf0fe同意", "姓名（必填）", "٪份额", "①意见→", "ⅷ、您的Ⅷ类服务", "𲎰镇", "名稱髮", "┋意见"])
def test_rare_characters_of_headers_are_no_garbling_and_those_of_answers_are_not_looked_at(tmp_path, header):
    path = tmp_path / "a.csv"
    path.write_bytes(f"编号,{header}\n1,\ue000\ue094𠮷\n2,絪腹\n".encode("gb18030"))
    raw = read_survey(path)
    assert (raw.encoding, list(raw.frame.columns), raw.frame[header].tolist()) == ("gb18030", ["编号", header], ["\ue000\ue094𠮷", "絪腹"])


def test_bytes_that_no_encoding_explains(tmp_path):
    (tmp_path / "a.csv").write_bytes("序号,意见\n1,好\n2,".encode("gb18030") + b"\xff\xff\n")
    (code, values), = refusal(tmp_path / "a.csv")
    assert (code, values["row"], values["byte"], values["first"]) == ("CR-S19", 3, 18, 1)
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,\xd0\xff\n")
    (code, values), = refusal(tmp_path / "b.csv")
    assert (code, values["encoding"], values["row"], values["byte"]) == ("CR-S18", "UTF-8", 2, 10)
    (tmp_path / "c.csv").write_bytes("序号,意见\n1,好\n".encode("utf-16-le"))
    (code, values), = refusal(tmp_path / "c.csv")
    assert code in {"CR-S19", "CR-S20"}
    (tmp_path / "d.csv").write_bytes(b"a,b\n1,x\x00y\n")
    (code, values), = refusal(tmp_path / "d.csv")
    assert (code, values["row"], values["place"]) == ("CR-S20", 2, 8)


def test_a_large_file_in_gb18030_is_cut_before_it_is_decoded(tmp_path):
    said = ["王𠮷：停车,难", "希望\n加装电梯", "", "没有", "〖充电〗┋“其他”"]
    rows = [[str(i), "7" * (i % 9), said[i % 5] + ("" if i % 7 else str(i))] for i in range(60_000)]
    path = write_csv(tmp_path / "a.csv", [["序号", "楼号", "意见"], *rows], "gb18030")
    assert path.stat().st_size > 1 << 20  # the parser takes blocks of this size
    raw = read_survey(path)
    assert raw.encoding == "gb18030"
    assert raw.frame.to_numpy().tolist() == rows
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    data = bytearray(path.read_bytes())
    place = data.rindex("没有".encode("gb18030"))
    data[place + 3] = 0xFF
    (tmp_path / "b.csv").write_bytes(data)
    (code, values), = refusal(tmp_path / "b.csv")
    assert (code, values["byte"]) == ("CR-S19", place + 3)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_separators(tmp_path, separator, suffix):
    rows = [["序号", "意见", "分数"], ["1", "好，很好", "3.5"], ["2", "a;b,c\td", "4"], ["3", "", "5"]]
    raw = read_survey(write_csv(tmp_path / f"a{suffix}", rows, separator=separator))
    assert raw.frame.values.tolist() == rows[1:]


def test_a_decimal_comma_does_not_separate(tmp_path):
    (tmp_path / "a.csv").write_text("id;x;y\n1;2,5;3,5\n2;3,5;4,5\n")
    assert read_survey(tmp_path / "a.csv").frame["x"].tolist() == ["2,5", "3,5"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, ending):
    (tmp_path / "a.csv").write_bytes(ending.join(["序号,甲", "1,a", "", "2,b", ""]).encode())
    raw = read_survey(tmp_path / "a.csv")
    assert raw.frame.to_dict("split") == {"index": [2, 4], "columns": ["序号", "甲"], "data": [["1", "a"], ["2", "b"]]}


def test_row_numbers_count_records_not_lines(tmp_path):
    (tmp_path / "a.csv").write_text('序号,意见\n1,"一\n二\n三"\n2,好\n', encoding="utf-8")
    raw = read_survey(tmp_path / "a.csv")
    assert list(raw.frame.index) == [2, 3]
    assert raw.frame["意见"].tolist() == ["一\n二\n三", "好"]


def test_rows_of_another_width_are_all_named(tmp_path):
    (tmp_path / "a.csv").write_text("序号,甲,乙\n1,a,b\n2,a\n3,a,b,c\n\n4,a,b,\n5,a,b,c,d\n", encoding="utf-8")
    assert [(code, v["row"], v["got"], v["expected"]) for code, v in refusal(tmp_path / "a.csv")] == [
        ("CR-S23", 3, 2, 3), ("CR-S23", 4, 4, 3), ("CR-S23", 7, 5, 3)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_short_titles_and_empty_edges_are_no_fault(tmp_path, encoding):
    (tmp_path / "a.csv").write_text("登记表\n\n序号,甲,乙\n1,a,b,,\n2,a,b\n,,\n", encoding=encoding)
    raw = read_survey(tmp_path / "a.csv")
    assert list(raw.frame.index) == [4, 5]
    assert raw.log["rule"].tolist() == ["title_row"]


def test_a_quotation_mark_without_partner(tmp_path):
    (tmp_path / "a.csv").write_text('序号,意见\n1,好\n2,"不好\n3,好\n', encoding="utf-8")
    (code, values), = refusal(tmp_path / "a.csv")
    assert (code, values["row"]) == ("CR-S24", 3)
    (tmp_path / "b.csv").write_text('序号,屏幕\n1,5"\n2,6寸\n', encoding="utf-8")
    assert read_survey(tmp_path / "b.csv").frame["屏幕"].tolist() == ['5"', "6寸"]


def test_cells_stay_as_they_are(tmp_path):
    cells = ["0371002001", "NA", "N/A", "None", "null", "nan", "", " a ", "1e5", "TRUE", "007", "１２", "3.50", "#N/A"]
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", "值"], *enumerate(cells)]))
    assert raw.frame["值"].tolist() == cells
    assert raw.types is None
    assert raw.frame.dtypes.map(str).eq("str").all()


def test_a_text_table_under_the_name_of_a_workbook_is_read_and_said(tmp_path):
    for suffix in (".xls", ".xlsx"):
        path = write_csv(tmp_path / f"a{suffix}", [["序号", "甲"], [1, "男"]], "gb18030")
        raw = read_survey(path)
        assert raw.frame["甲"].tolist() == ["男"]
        assert raw.log[["rule", "old", "new"]].values.tolist() == [["other_kind", suffix, "csv"]]

"""The scan of written files: what it finds in each kind of file, where, and what it lets stand."""

import base64
import json
import os
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from docx import Document

from commresearch.cleaning import leak_scan
from commresearch.cleaning.leak_scan import Leak, find_leaks, require_no_leaks, scan_files
from commresearch.cleaning.national_id import check_character
from commresearch.cleaning.text_spans import plain_text
from commresearch.cleaning.written_texts import is_searchable
from commresearch.errors import CleaningError
from commresearch.words import render_error
from tests.unit.sources_files import write_deadly_spss

MOBILE = "15412345678"
ID = "37999919900101123" + check_character("37999919900101123")


def write(folder, name, text, encoding="utf8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def found(path, **kwargs):
    return [(leak.part, leak.line, leak.cell, leak.identifier) for leak in scan_files([path], **kwargs)]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (f"x,{MOBILE},y", "mobile"),
        (f"{MOBILE}.0", "mobile"),
        (f'{{"a": {MOBILE}}}', "mobile"),
        (f'"\\n{MOBILE}"', "mobile"),
        ("154-1234-5678", "mobile"),
        (f"+86{MOBILE}", "mobile"),
        (f"tel{MOBILE}", "mobile"),
        (ID, "national_id"),
        (f"{ID[:6]} {ID[6:14]} {ID[14:]}", "national_id"),
        ("a.b@example.cn", "email"),
        ("鲁Z12345", "plate"),
        ("10.20.30.40(山东-威海)", "ip"),
        ("2001:db8:1::5", "ip"),
        ("wxid_abc12345", "wechat"),
        ("微信号：lihua_88", "wechat"),
        ("加V：lihua_88", "wechat"),
        ("v❤ lihua_88", "wechat"),
        (f"身份证{ID[:15]}", "national_id"),
        (f"身份证号：{ID[:17]}", "national_id"),
        ("6299999900000000006", "bank_card"),
        ("我的微信xiaoming 请联系", "wechat"),
        ("WeChat ID: abc-def", "wechat"),
        ("京·A88888总乱停", "plate"),
        ("x,3-2-501,y", "address"),
        ("我家3-2-501，楼上太吵", "address"),
        ("住3#1-502", "address"),
        ("3号楼2单元501", "address"),
        ("五号楼三单元402", "address"),
        ("2号楼501", "address"),
        ("我住2号楼501室，漏水", "address"),
        ("x,12栋1502,y", "address"),
        ("二号楼五零一的灯", "address"),
        ("物业不管！2号楼 3单元，5幢302。", "address"),
        ("|我住2号楼501|", "address"),
        ("张家村3组12号", "address"),
        ("幸福社区三组十二号，路不好走", "address"),
        ("工人新村45号", "address"),
        ("我家3-501，楼上太吵", "address"),
        ("我叫李秀英", "name"),
        ("您好，我是李秀英，住在这里", "name"),
        ("本人张伟的意见", "name"),
        ("我叫欧阳娜住三楼", "name"),
        ("我是李林手机坏了", "name"),
        ("我是张建国住在三单元", "name"),
        ("我是王芳的舅妈", "name"),
        ("3号楼501家漏水", "address"),
        ("3号楼501号房的住户", "address"),
        ("0999-5231234", "landline"),
        ("0631 520 1234", "landline"),
        ("我家电话0631-5201234", "landline"),
    ],
)
def test_identifiers_are_found(text, identifier, tmp_path):
    assert found(write(tmp_path, "a.csv", f"第一行\n{text}\n")) == [("", 2, "", identifier)]


@pytest.mark.parametrize(
    "text",
    [
        "a1b2c3d4:答卷:15412345",
        "3f15412345678a9b",
        "3f2504e0-4f89-11d3-9a0c-154123456781",
        "sha256 9f15412345678a0bc1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192",
        "0.15412345678",
        "1.15412345678e-05",
        "15412345678.25",
        "2025-06-01T12:00:00.154123",
        "1741000000000",
        "pandoc 3.1.11.1",
        "numpy==2.4.6",
        "10.1.2.3",
        "127.0.0.1",
        "icon@2x.png",
        "@media screen",
        "379999520229123",
        "{vx:function1}",
        "qq群里",
        "编号154123456789",
        "bcdfghjkmnpqrstvbcdf",
        "3F15412345678A9B",
        "A15412345678Z",
        "154.1234.5678",
        "20250601154123456789",
        "咨询电话：0999-5231234",
        "幸福社区居委会,0999-5231234",
        "0531-20250301-001",
        "0351 2345678",
        "电话5201234",
        "3号楼2单元",
        "3号楼2单元,120",
        "3栋2单元120户",
        "2号楼501会议室",
        "2号楼",
        "活动室101",
        "2号楼活动室101",
        "会议地点：2号楼501",
        "居委会在2号楼101",
        "2号楼 501",
        "2号楼120人",
        "您对5号楼120套房屋的加装电梯满意吗",
        "5号楼120盏路灯",
        "6号楼105间",
        "8号楼102号门岗",
        "3号楼201和202室",
        "3号楼110联网报警",
        "3号楼101至110",
        "3号楼120 套",
        "3号楼120家商户",
        "3号楼220伏",
        "我是金华的居民",
        "我是金海住户",
        "我为我是江东的居民感到自豪",
        "我是江东的老公房住户",
        "3号楼2025年改造",
        "门牌号如2号楼501",
        "| 2号楼501 |",
        "<td>2号楼501</td>",
        "村委会：张家村45号",
        "张家村12号开会",
        "我们村45号停水",
        "第3组12号。",
        "3组12号选手",
        "石家庄45号。",
        "2025-3-8,3-5,3-501",
        "我家3-501元",
        "我是业主",
        "我是高中生",
        "我是白领",
        "我是武汉人",
        "我叫车难",
        "我叫了物业",
        "我是孩子的父亲",
        "门牌号（例如3-2-501）",
        "写成：3号楼2单元501",
        "活动室3-201",
        "2025-03-01,3-2-2025,3-2-1,12-1-001",
        "x=3-2-501",
        "M3-2-501 7-1-302",
        "row-3-2-501",
        "a1b2c3d4e5f60718293a4b5c6d7e8f90ab6299999900000000006cdef0123456",
    ],
)
def test_other_numbers_stand(text, tmp_path):
    assert found(write(tmp_path, "a.csv", f"第一行\n{text}\n")) == []


def test_codes_that_look_like_cards_or_national_ids_stand_where_most_of_them_are_none(tmp_path):
    grids = [f"6299{n:012d}" for n in range(200)]
    tickets = [f"379999202503{day:02d}{serial:04d}" for day in range(1, 11) for serial in range(20)]
    assert found(write(tmp_path, "codes.csv", "\n".join([*grids, *tickets]))) == []
    assert found(write(tmp_path, "known.csv", "\n".join([ID, *tickets])), known={ID: "national_id"}) == [("", 1, "", "national_id")]


def test_known_values_are_found_in_every_form(tmp_path):
    known = {"王秀兰": "name", "lihua-88x": "wechat", "379999199001011239": "national_id", "高兴": "name"}
    text = "王秀兰说\nlihua-88x,lihua-88xy\n379999199001011239\n大家都很高兴\n"
    assert found(write(tmp_path, "a.md", text), known=known) == [("", 1, "", "name"), ("", 2, "", "wechat"), ("", 3, "", "national_id")]
    assert found(write(tmp_path, "b.md", f"王秀兰\n{MOBILE}"), known=["王秀兰", MOBILE]) == [("", 1, "", "name"), ("", 2, "", "mobile")]
    assert found(write(tmp_path, "a.md", text)) == []


def test_known_values_with_signs_that_patterns_take_for_their_own_are_found(tmp_path):
    known = {"]-王": "name", "^ab12": "wechat", "a]b-c": "wechat"}
    assert [leak[1] for leak in found(write(tmp_path, "a.md", "说]-王说\n^ab12\nxa]b-c\n a]b-c\n"), known=known)] == [1, 2, 4]


def test_what_is_allowed_stands(tmp_path):
    path = write(tmp_path, "consent.md", f"负责人电话{MOBILE}，邮箱office@example.cn")
    assert found(path, allowed=[MOBILE, "office@example.cn"]) == []
    require_no_leaks([path], allowed=[MOBILE, "office@example.cn"])
    assert len(found(path)) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_any_encoding_is_read(encoding, tmp_path):
    assert found(write(tmp_path, "a.txt", f"鲁Z12345\n王秀兰 {MOBILE}", encoding), known={"王秀兰": "name"}) == [
        ("", 1, "", "plate"),
        ("", 2, "", "name"),
        ("", 2, "", "mobile"),
    ]


def test_escapes_are_undone(tmp_path):
    known = {"王秀兰": "name"}
    assert found(write(tmp_path, "a.json", json.dumps({"a": f"\n王秀兰\n{MOBILE}"})), known=known) == [
        ("", 1, "", "name"),
        ("", 1, "", "mobile"),
    ]
    assert (
        found(write(tmp_path, "a.ipynb", json.dumps({"cells": [{"outputs": [{"text": "王秀兰"}]}]}, indent=1)), known=known)[0][3] == "name"
    )
    assert found(write(tmp_path, "a.html", "<p>\n&#29579;&#x79C0;兰</p>"), known=known) == [("", 2, "", "name")]
    assert found(write(tmp_path, "b.html", "<a href='data:text/csv,%E7%8E%8B%E7%A7%80%E5%85%B0'>"), known=known) == [("", 1, "", "name")]
    packed = base64.b64encode(f"a,b\n1,{MOBILE}".encode()).decode()
    assert found(write(tmp_path, "c.html", f"<a href='data:text/csv;base64,{packed}'>")) == [("data:", 2, "", "mobile")]


def test_markup_is_read_with_and_without_its_tags(tmp_path):
    page = f"<html>\n<p>154<b>1234</b>5678</p>\n<img alt='{ID}'>\n<script>var d = [\"{MOBILE}\"]</script>\n"
    page += "<td>154</td><td>1234</td><td>5678</td>\n"
    assert found(write(tmp_path, "a.html", page)) == [("", 3, "", "national_id"), ("", 4, "", "mobile"), ("", 2, "", "mobile")]
    drawing = '<svg viewBox="0 0 154 1234 5678"><path d="M154 1234 5678 L154.1234.5678"/><text>图1</text></svg>'
    assert found(write(tmp_path, "a.svg", drawing)) == []
    assert found(write(tmp_path, "b.svg", f"<svg><text>{MOBILE}</text></svg>")) == [("", 1, "", "mobile")]


def test_a_workbook_names_the_cell(tmp_path):
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        pd.DataFrame({"备注": ["好", f"王秀兰 {MOBILE}"], "号": [1, 2]}).to_excel(writer, sheet_name="甲 & 乙", index=False)
        pd.DataFrame({"号": [3, int(MOBILE)]}).to_excel(writer, sheet_name="数", index=False)
        writer.book.add_worksheet("注").write_comment("B2", ID)
        writer.book.set_properties({"author": "a.b@example.cn"})
    leaks = found(path, known={"王秀兰": "name"})
    assert {(cell, identifier) for _, _, cell, identifier in leaks if cell} == {
        ("甲 & 乙!A3", "name"),
        ("甲 & 乙!A3", "mobile"),
        ("数!A3", "mobile"),
    }
    assert {(part.split("/")[-1], identifier) for part, _, cell, identifier in leaks if not cell} == {
        ("comments1.xml", "national_id"),
        ("core.xml", "email"),
    }


def test_a_document_is_read_by_paragraph(tmp_path):
    document = Document()
    paragraph = document.add_paragraph("电话")
    for piece in ("154", "1234", "5678"):
        paragraph.add_run(piece).bold = piece == "1234"
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "154", "12345678"
    document.save(tmp_path / "a.docx")
    assert [(p, i) for p, _, _, i in found(tmp_path / "a.docx")] == [("word/document.xml", "mobile")]


def test_archives_are_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr("deep.csv", f"1\n{MOBILE}")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
        archive.writestr("图.png", MOBILE)
    assert found(tmp_path / "a.zip") == [("inner.zipdeep.csv", 2, "", "mobile")]


def test_tables_of_other_programs_name_column_and_row(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"tel": [1.0, float(MOBILE)], "note": ["好", ID], "when": pd.to_datetime(["2025-01-01", "2025-01-02"])})
    frame.to_parquet(tmp_path / "a.parquet")
    assert found(tmp_path / "a.parquet") == [("tel", 0, "1", "mobile"), ("note", 0, "1", "national_id")]
    pyreadstat.write_sav(
        frame[["tel", "note"]],
        str(tmp_path / "a.sav"),
        column_labels=["电话", f"问{MOBILE}"],
        variable_value_labels={"tel": {1.0: "a.b@example.cn"}},
    )
    assert found(tmp_path / "a.sav") == [
        ("", 4, "", "mobile"),
        ("", 6, "", "email"),
        ("tel", 0, "1", "mobile"),
        ("note", 0, "1", "national_id"),
    ]
    pyreadstat.write_dta(frame[["note"]], str(tmp_path / "a.dta"))
    assert found(tmp_path / "a.dta") == [("note", 0, "1", "national_id")]


def test_a_file_that_kills_its_reader_is_told_as_unreadable(tmp_path):
    deadly, other = write_deadly_spss(tmp_path), write(tmp_path, "b.csv", MOBILE)
    write(tmp_path, "c.dta", b"no dta")
    with pytest.raises(CleaningError) as error:
        require_no_leaks([deadly, other, tmp_path / "c.dta"])
    assert [(f.code, f.values["path"].name) for f in error.value.failures] == [("CR-P08", "b.csv"), ("CR-P09", deadly.name), ("CR-P09", "c.dta")]
    assert "died" in render_error(error.value, "en")


def test_values_declared_missing_are_searched(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"tel": [1.0, float(MOBILE)]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), missing_ranges={"tel": [float(MOBILE)]})
    assert found(tmp_path / "a.sav") == [("tel", 0, "1", "mobile")]


def test_literal_texts_of_a_pdf_are_read_and_drawn_glyphs_are_said_not_to_be(tmp_path):
    page = zlib.compress(b"BT /F1 12 Tf [(154) -20 (1234) 3 (5678)] TJ (\\(x\\)) Tj ET 154 1234 5678 re")
    title = b"(" + b"\xfe\xff" + "鲁Z12345".encode("utf-16-be") + b")"
    data = b"%PDF-1.7\n1 0 obj << /Title " + title + b" >>\nstream\n" + page + b"\nendstream\nstream\nnot packed\nendstream"
    assert sorted(i for _, _, _, i in found(write(tmp_path, "a.pdf", data))) == ["mobile", "plate"]
    assert not is_searchable(tmp_path / "a.pdf")
    assert not is_searchable(tmp_path / "a.PNG")
    assert is_searchable(tmp_path / "a.docx")
    assert found(write(tmp_path, "a.png", MOBILE)) == []


def test_pictures_of_a_pdf_are_passed_over(tmp_path):
    stream = b"stream\n" + zlib.compress(f"BT /F1 Tf ({MOBILE}) Tj ET".encode()) + b"\nendstream endobj\n"
    picture, form = (b"1 0 obj <</Type/XObject/Subtype " + kind + b">>\n" + stream for kind in (b"/Image", b"/Form"))
    assert found(write(tmp_path, "picture.pdf", b"%PDF-1.7\n" + picture)) == []
    assert found(write(tmp_path, "both.pdf", b"%PDF-1.7\n" + picture + form)) == [("", 1, "", "mobile")]


def test_a_stored_column_of_any_type_names_the_first_row(tmp_path):
    frame = pd.DataFrame({
        "whole": pd.array([None, 7, 7, int(MOBILE)], dtype="Int64"), "kind": pd.Categorical(["x", None, ID, ID]), "empty": [None] * 4,
        "share": [float("nan"), 0.5, 0.5, float(MOBILE)],
    })
    frame.to_parquet(tmp_path / "a.parquet")
    assert found(tmp_path / "a.parquet") == [("whole", 0, "3", "mobile"), ("kind", 0, "2", "national_id"), ("share", 0, "3", "mobile")]


@pytest.mark.parametrize("how", ["side by side", "not forked", "killed"])
def test_many_files_are_read_side_by_side_and_reported_in_their_order(how, tmp_path, monkeypatch):
    here = os.getpid()
    texts = {"c.csv": MOBILE, "a.csv": "x" * 1_000, "d.csv": ID, "b.xlsx": b"PK\x03\x04 no zip"}
    paths = [write(tmp_path, name, text) for name, text in texts.items()]
    monkeypatch.setattr(leak_scan, "_LARGE", 0)
    if how == "not forked":
        monkeypatch.setattr(leak_scan, "can_fork", lambda: False)
    if how == "killed":
        read = leak_scan.read_pieces
        monkeypatch.setattr(leak_scan, "read_pieces", lambda path: read(path) if os.getpid() == here else os._exit(9))
    with pytest.raises(CleaningError) as error:
        require_no_leaks(paths)
    assert [(f.code, f.values["path"].name) for f in error.value.failures] == [("CR-P08", "c.csv"), ("CR-P08", "d.csv"), ("CR-P09", "b.xlsx")]


def test_all_leaks_and_unreadable_files_are_reported_at_once_and_never_in_full(tmp_path):
    csv, sheet = write(tmp_path, "a.csv", f"1\n王秀兰,{MOBILE}"), tmp_path / "b.xlsx"
    pd.DataFrame({"a": [ID]}).to_excel(sheet, index=False, engine="xlsxwriter")
    damaged = [
        write(tmp_path, "c.xlsx", b"PK\x03\x04 no zip"),
        write(tmp_path, "d.sav", b"no sav"),
        write(tmp_path, "e.parquet", b"no parquet"),
        tmp_path / "absent.csv",
    ]
    with pytest.raises(CleaningError) as error:
        require_no_leaks([csv, sheet, *damaged], {"王秀兰": "name"})
    assert [f.code for f in error.value.failures] == ["CR-P08"] * 3 + ["CR-P09"] * 4
    zh, en = render_error(error.value, "zh"), render_error(error.value, "en")
    assert "a.csv（第2行）：含有姓名，已遮盖显示为“王**”" in zh
    assert "a.csv (line 2): holds a mobile number, shown masked as “15*********”" in en
    assert "（Sheet1!A2）：含有身份证号" in zh
    assert "c.xlsx：读不了" in zh
    assert "absent.csv cannot be read" in en
    assert not any(secret in zh + en for secret in ("王秀兰", MOBILE, ID))
    with pytest.raises(CleaningError) as error:
        scan_files([csv, damaged[0]])
    assert [f.code for f in error.value.failures] == ["CR-P09"]
    require_no_leaks([])


def test_every_class_has_a_word_in_both_languages(tmp_path):
    from commresearch.terms import Identifier

    path = write(tmp_path, "a.txt", "甲乙丙丁")
    for identifier in Identifier:
        with pytest.raises(CleaningError) as error:
            require_no_leaks([path], {"乙丙": identifier})
        assert render_error(error.value, "en").count("*") in {1, 2}
        assert "乙丙" not in render_error(error.value, "zh")
        assert "holds a" in render_error(error.value, "en")


def test_leaks_compare_by_value_and_tables_of_numbers_hold_none(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(4_000, 10))).assign(n=rng.integers(0, 10**6, 4_000), t="很满意，没有意见")
    path = tmp_path / "a.csv"
    frame.to_csv(path)
    assert scan_files([path]) == []
    leak = Leak(path=path, part="", line=1, cell="", identifier="mobile", sample="15")
    assert leak == Leak(path=path, part="", line=1, cell="", identifier="mobile", sample="15")
    assert [s.identifier for s in find_leaks(plain_text(f"{MOBILE}\t{ID}"))] == ["mobile", "national_id"]

"""Files that are not read: missing, locked, damaged, hostile, of another kind; what is said of them in both languages."""

import multiprocessing
import os
import re
import struct
import zipfile
from pathlib import Path

import pytest

from commresearch.errors import Failure, SourceError
from commresearch.records import fan_out
from commresearch.sources import archive, read_survey, received, sheet
from commresearch.sources.compound_file import read_stream, read_streams, scan_workbook
from commresearch.words import entries, render_error
from tests.unit.sources_files import change_member, csv_text, write_csv, write_deadly_spss, write_xls, write_xlsx

ROWS = [["序号", "提交答卷时间", "1、甲"], [1, "2025/3/1 9:00", "a"], [2, "2025/3/1 9:01", "b"]]
SHEET = "xl/worksheets/sheet1.xml"


def refusal(path, *args, **options):
    """Failures of a refused file; their texts name the file and say what to do, in both languages."""
    with pytest.raises(SourceError) as caught:
        read_survey(path, *args, **options)
    for failure in caught.value.failures:
        for language, remedy in (("zh", "处理："), ("en", "What to do:")):
            text = render_error(SourceError(failure), language)
            assert remedy in text
            assert Path(path).name in text
            assert not re.search(r"[{}]", text)
    return [(f.code, dict(f.values)) for f in caught.value.failures]


def code_of(path, *args, **options):
    (code, _), = refusal(path, *args, **options)
    return code


def test_a_file_must_be_there_be_a_file_and_hold_something(tmp_path):
    assert code_of(tmp_path / "none.xlsx") == "CR-S01"
    assert code_of(tmp_path) == "CR-S02"
    for content in (b"", b"  \r\n", b"\xef\xbb\xbf", b"\0\0\0"):
        (tmp_path / "a.csv").write_bytes(content)
        assert code_of(tmp_path / "a.csv") == "CR-S03"


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv", ROWS)

    def refuse(_self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert code_of(path) == "CR-S04"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert code_of(tmp_path / "a.csv") == "CR-S02"


def packed(path, *names):
    with zipfile.ZipFile(path, "w") as out:
        for name in names:
            out.writestr(name, "x")
    return path


KINDS = {
    "a.pdf": b"%PDF-1.7", "a.xls": b"<html><body><table><tr><td>1</td></tr></table>", "b.xls": b"\xef\xbb\xbf \n<!DOCTYPE html>\n<html>",
    "c.xls": b"<?xml version='1.0'?>\n<ss:Workbook xmlns:ss='x'>", "d.xls": b"MIME-Version: 1.0\n", "a.json": b'[{"q1": 1}]', "a.csv": b'{"q1": 1}',
    "a.rtf": b"{\\rtf1", "a.xlsx": b"Rar!\x1a\x07", "a.png": b"\x89PNG\r\n", "a.xml": b"<?xml version='1.0'?><a/>", "a.numbers": b"PK\x03\x04cut", "a.doc": b"text",
}


@pytest.mark.parametrize("name", KINDS)
def test_other_kinds_are_refused_by_their_name(tmp_path, name):
    (tmp_path / name).write_bytes(KINDS[name])
    assert code_of(tmp_path / name) == "CR-S05"


@pytest.mark.parametrize(
    ("name", "part", "kind"),
    [
        ("a.docx", "word/document.xml", "kind_word"), ("a.xlsx", "word/document.xml", "kind_word"), ("a.xlsb", "xl/workbook.bin", "kind_binary_workbook"),
        ("a.ods", "content.xml", "kind_opendocument"), ("a.numbers", "Index/Document.iwa", "kind_numbers"), ("a.zip", "a.csv", "kind_archive"),
        ("a.pptx", "ppt/presentation.xml", "kind_slides"),
    ],
)
def test_archives_are_told_apart_by_their_parts(tmp_path, name, part, kind):
    (code, values), = refusal(packed(tmp_path / name, part))
    assert (code, values["got"]) == ("CR-S05", entries("errors")[kind])


def test_a_file_cut_off_anywhere_is_damaged(tmp_path):
    for path in (write_xlsx(tmp_path / "a.xlsx", ROWS), write_xls(tmp_path / "a.xls", ROWS)):
        data = path.read_bytes()
        for share in (0.1, 0.4, 0.7, 0.95):
            path.write_bytes(data[: int(len(data) * share)])
            assert code_of(path) == "CR-S06", share


def test_a_damaged_member(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path) as archive_file:
        start = archive_file.getinfo(SHEET).header_offset + 60
    data = bytearray(path.read_bytes())
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)
    assert code_of(path) == "CR-S06"


@pytest.fixture
def deadly(tmp_path):
    return write_deadly_spss(tmp_path)


def test_a_file_that_kills_its_reader_is_damaged(deadly):
    (code, values), = refusal(deadly)
    assert code == "CR-S06"
    assert "died" in values["got"]


def test_such_a_file_is_refused_in_a_worker_too(deadly):
    assert [code for _, code in fan_out(code_of, [deadly], workers=1, timeout=100, lost=lambda _, how: how)] == ["CR-S06"]
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # its workers may have no processes of multiprocessing
        assert pool.apply(code_of, [deadly]) == "CR-S06"


def test_a_reader_of_spss_files_that_is_not_there_that_lacks_memory_and_that_hangs(tmp_path, monkeypatch):
    path = tmp_path / "a.sav"
    path.write_bytes(b"$FL2")
    program = tmp_path / "program.py"
    monkeypatch.setattr("commresearch.sources.spss.PROGRAM", program)
    with pytest.raises(RuntimeError, match=r"program\.py"):
        read_survey(path)
    program.write_text("import pickle, sys; sys.stdout.buffer.write(pickle.dumps(('error', MemoryError('too much'))))", encoding="utf8")
    with pytest.raises(MemoryError, match="too much"):
        read_survey(path)
    program.write_text("import time; time.sleep(60)", encoding="utf8")
    monkeypatch.setattr("commresearch.sources.spss.LONGEST_SECONDS", 1)
    assert code_of(path) == "CR-S06"


def test_a_member_longer_than_declared_is_not_unpacked(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path) as archive_file:
        size = archive_file.getinfo(SHEET).file_size
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", size), struct.pack("<I", 100)))
    assert code_of(path) == "CR-S06"


def test_a_name_that_stands_twice_in_an_archive(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as out:
        out.writestr(SHEET, "x")
    assert code_of(path) == "CR-S06"


def test_archives_that_swell(tmp_path, monkeypatch):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as out:
        out.writestr("xl/media/a.bin", bytes(3 << 20))
    monkeypatch.setattr(archive, "RATIO_FROM_BYTES", 1 << 20)
    assert code_of(path) == "CR-S07"
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 2 << 20)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    assert sorted(code for code, _ in refusal(path)) == ["CR-S07", "CR-S08", "CR-S09"]


def test_a_bomb_of_real_size_costs_nothing(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    row = b'<row r="9"><c r="A9"><v>1</v></c></row>' * 3_000_000
    change_member(path, SHEET, b"</sheetData>", row + b"</sheetData>")
    assert path.stat().st_size < 1 << 20
    assert code_of(path) == "CR-S07"


@pytest.mark.parametrize("member", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("declaration", [b'<!DOCTYPE x [<!ENTITY a "b">]>', b"<!doctype x>", b'  <!ENTITY a "b">'])
def test_entities_are_refused(tmp_path, member, declaration):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), member, b"?>", b"?>" + declaration)
    (code, values), = refusal(path)
    assert (code, values["member"]) == ("CR-S10", member)


@pytest.mark.parametrize("place", ["XFD2", "CAA2", "B999999999", "XFD1048576"])
@pytest.mark.parametrize("stated", [b"A1:C3", b"A1:XFD1048576", b"A1"])
def test_a_stray_cell_far_out_asks_for_no_memory(tmp_path, place, stated):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    change_member(path, SHEET, b'<dimension ref="A1:C3"', b'<dimension ref="' + stated + b'"')
    change_member(path, SHEET, b'<c r="B2"', f'<c r="{place}"><v>1</v></c><c r="B2"'.encode())
    assert {code for code, _ in refusal(path)} <= {"CR-S13", "CR-S14"}


def test_no_far_cell_is_cut_where_pieces_end_with_no_cell(tmp_path, monkeypatch):
    for name, size in (("CHUNK_BYTES", 64), ("LONGEST_CELL_BYTES", 512)):
        monkeypatch.setattr(archive, name, size)
    path, before = write_xlsx(tmp_path / "a.xlsx", ROWS), b"<sheetData>"
    for blanks in range(0, 440, 9):  # wherever the pieces end
        others = b"<x:c><x:v>1</x:v></x:c>" * 20 + b" " * blanks
        after = b"<sheetData>" + others + b'<row r="1"><c r="B9999999"><v>1</v></row>' + others
        change_member(path, SHEET, before, after)
        assert {code for code, _ in refusal(path)} <= {"CR-S13", "CR-S14"}
        before = after


def test_a_tag_or_a_text_longer_than_any_cell_is_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "CHUNK_BYTES", 512)
    monkeypatch.setattr(archive, "LONGEST_CELL_BYTES", 1024)
    for old, new in ((b'<c r="B2"', b"<c" + b" " * 4000 + b'r="B2"'), (b'<row r="3"', b" " * 4000 + b'<row r="3"')):
        path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, old, new)
        (code, _), = refusal(path)
        assert code == "CR-S06"


def test_a_sheet_that_hides_under_another_name_is_looked_through_too(tmp_path):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b'<c r="B2"', b"<c r\n=\t'XFD1048576'><v>1</v></c><c r=\"B2\"")
    change_member(path, "xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", b"other/Answers.dat")
    data = {}
    with zipfile.ZipFile(path) as archive_file:
        data = {name: archive_file.read(name) for name in archive_file.namelist()}
    with zipfile.ZipFile(path, "w") as out:
        for name, content in data.items():
            out.writestr("xl/other/Answers.dat" if name == SHEET else name, content)
    assert {code for code, _ in refusal(path)} == {"CR-S13", "CR-S14"}


def test_a_sheet_may_state_a_false_extent(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    for old, new in ((b"A1:C3", b"A1:XFD1048576"), (b"A1:XFD1048576", b"A1:ZZ900000"), (b"A1:ZZ900000", b"A1"), (b'<dimension ref="A1"/>', b"")):
        change_member(path, SHEET, old, new)
        assert len(read_survey(path).frame) == 2


def test_a_tall_sheet_is_read_and_a_taller_one_refused(tmp_path, monkeypatch):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b'<row r="3"', b'<row r="250001"')
    for column in (b"A", b"B", b"C"):
        change_member(path, SHEET, b'r="' + column + b'3"', b'r="' + column + b'250001"')
    change_member(path, SHEET, b"A1:C3", b"A1:C250001")
    assert list(read_survey(path).frame.index) == [2, 250001]
    monkeypatch.setattr("commresearch.sources.workbook.MAX_ROWS", 200_000)
    assert code_of(path) == "CR-S14"


def test_wide_tables(tmp_path, monkeypatch):
    wide = [["序号", *(f"{i}、题" for i in range(1, 1500))], list(range(1500))]
    assert read_survey(write_xlsx(tmp_path / "a.xlsx", wide)).frame.shape == (1, 1500)
    (code, values), = refusal(write_xlsx(tmp_path / "b.xlsx", [[*row, *row] for row in wide]))
    assert (code, values["got"], values["last"]) == ("CR-S13", 3000, "DKJ")
    assert code_of(write_csv(tmp_path / "a.csv", [[*map(str, range(10_000))]] * 2)) == "CR-S21"
    monkeypatch.setattr(sheet, "MAX_ROWS", 2)
    assert code_of(write_csv(tmp_path / "b.csv", ROWS)) == "CR-S22"


def test_a_file_larger_than_any_survey(tmp_path, monkeypatch):
    monkeypatch.setattr(received, "MAX_FILE_BYTES", 20)
    assert code_of(write_csv(tmp_path / "a.csv", ROWS)) == "CR-S11"


def compound_file(*names):
    """A minimal OLE2 file with empty streams of the given names."""
    entries_ = b"".join(
        (name.encode("utf-16-le") + bytes(64))[:64] + struct.pack("<HBB", len(name) * 2 + 2, kind, 0) + bytes(48) + struct.pack("<II", 0xFFFFFFFE, 0) + bytes(4)
        for name, kind in [("Root Entry", 5), *((n, 2) for n in names)]
    )
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    table = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504
    return head + table + entries_.ljust(512, b"\0")


def test_locked_files(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(compound_file("EncryptionInfo", "EncryptedPackage"))
    assert code_of(tmp_path / "a.xlsx") == "CR-S12"
    (tmp_path / "a.sav").write_bytes(b"ENCRYPTEDSAV" + bytes(100))
    assert code_of(tmp_path / "a.sav") == "CR-S12"
    path = write_xls(tmp_path / "a.xls", ROWS)
    data = path.read_bytes()
    stream = read_stream(data, "Workbook")
    start = data.index(stream[:64])
    kind, length = struct.unpack_from("<HH", stream, 20)  # the record after the first one
    assert length >= 2, kind
    path.write_bytes(data[: start + 20] + struct.pack("<H", 0x2F) + data[start + 22 :])
    assert code_of(path) == "CR-S12"


def test_other_compound_files(tmp_path):
    (tmp_path / "a.xls").write_bytes(compound_file("WordDocument"))
    (code, values), = refusal(tmp_path / "a.xls")
    assert (code, values["got"]) == ("CR-S05", entries("errors")["kind_word"])
    circle = bytearray(compound_file("Workbook"))
    circle[512 + 4 : 512 + 8] = struct.pack("<I", 1)
    (tmp_path / "b.xls").write_bytes(circle)
    assert code_of(tmp_path / "b.xls") == "CR-S06"


def test_an_old_workbook_that_reaches_too_far(tmp_path):
    path = write_xls(tmp_path / "a.xls", [["序号", *[""] * 199, "乙"], [1, *[""] * 199, "b"]])
    data = path.read_bytes()
    place = data.index(struct.pack("<HHHH", 0xFD, 10, 1, 200))
    path.write_bytes(data[: place + 4] + struct.pack("<HH", 60_000, 60_000) + data[place + 8 :])
    assert {code for code, _ in refusal(path)} == {"CR-S13", "CR-S14"}


def test_a_workbook_stream_says_what_its_sheets_hold(tmp_path):
    data = write_xls(tmp_path / "a.xls", ROWS, sheet="答卷").read_bytes()
    assert "Workbook" in read_streams(data)
    is_locked, scans = scan_workbook(read_stream(data, "Workbook"))
    assert (is_locked, [(name, s.rows, s.columns) for name, s in scans.items()]) == (False, [("答卷", 3, 3)])


def test_sheets(tmp_path):
    assert code_of(write_xlsx(tmp_path / "a.xlsx", ROWS), sheet="甲") == "CR-S16"
    assert code_of(write_csv(tmp_path / "a.csv", ROWS), sheet="甲") == "CR-S32"
    assert code_of(write_xlsx(tmp_path / "b.xlsx", [])) == "CR-S17"
    assert code_of(write_xlsx(tmp_path / "c.xlsx", [], sheet="空"), sheet="空") == "CR-S17"
    assert code_of(write_csv(tmp_path / "b.csv", [["", ""], [" ", ""]])) == "CR-S17"


def test_platforms_that_do_not_fit(tmp_path):
    path = write_csv(tmp_path / "a.csv", [["甲", "乙"], ["a", "b"]])
    assert code_of(path, "tencent") == "CR-S28"
    assert code_of(path, "spss") == "CR-S27"
    with pytest.raises(SourceError) as caught:
        read_survey(path, "survey_monkey")
    assert [f.code for f in caught.value.failures] == ["CR-S29"]
    assert "wenjuanxing, tencent, spss, kobo, plain" in render_error(caught.value, "en")


def test_every_text_can_be_rendered_in_both_languages():
    for code, texts in entries("errors").items():
        if code.startswith("CR-S"):
            names = re.findall(r"{(\w+)}", texts["zh"])
            for language in ("zh", "en"):
                text = render_error(SourceError(Failure(code=code, values=dict.fromkeys(names, "x"))), language)
                assert ("处理：" if language == "zh" else "What to do:") in text, code


def test_text_that_only_looks_like_another_kind_is_read(tmp_path):
    rows = [["<意见>", "编号"], ["<table>", "%PDF"], ["{", "PK"]]
    (tmp_path / "a.csv").write_text(csv_text(rows), encoding="utf-8")
    assert read_survey(tmp_path / "a.csv").frame["编号"].tolist() == ["%PDF", "PK"]


@pytest.mark.parametrize("rows", [
    b"<row>" + b"<c><v>1</v></c>" * 3_000 + b"</row>" + b"<row><c><v>1</v></c></row>" * 50,
    b'<row r="4"><c r="ALM0000000001048576"><v>1</v></c></row>',
])
def test_cells_that_do_not_say_where_they_stand_or_hide_it_behind_zeros_are_looked_up(tmp_path, rows):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b"</sheetData>", rows + b"</sheetData>")
    with pytest.raises(SourceError) as caught:
        read_survey(path)
    assert {failure.code for failure in caught.value.failures} & {"CR-S13", "CR-S14"}

"""Files of claims as users make them: every fault at once with its place, nothing coerced; press texts; the workbook that goes to and fro."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from commresearch.cases.contract import COLUMNS
from commresearch.comparison.claim_parser import parse_claims, parse_numbers
from commresearch.comparison.claim_parser_text import read_press_text
from commresearch.comparison.claim_parser_workbook import allowed_values, candidates_xlsx, write_candidates
from commresearch.comparison.claims_file import open_claims_file, read_claims_file
from commresearch.errors import CommResearchError, SchemaError, SourceError
from commresearch.sources.tables import read_table, sheet_names
from commresearch.terms import Language
from commresearch.words import entries
from commresearch.words.messages import render_error
from tests.conftest import LEDGER

GOOD = {
    "claim_id": "binhe-001", "case_id": "binhe", "indicator_zh": "参加活动的居民", "value": "350", "unit": "人", "unit_class": "person", "comparison": "level",
    "printed": "350余人",
}


def write(folder: Path, rows: list[dict[str, str]], name: str = "claims.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    pd.DataFrame(rows).fillna("").to_csv(path, index=False, encoding=encoding)
    return path


def codes(path: Path, **options) -> list[str]:
    with pytest.raises(CommResearchError) as caught:
        read_claims_file(path, **options)
    for language in Language:
        told = render_error(caught.value, language)
        assert path.name in told
        assert "{" not in told
    return [f.code for f in caught.value.failures]


FAULTS = [
    ({"unit": "万伏"}, "CR-H19"), ({"unit": "人次"}, "CR-H20"), ({"unit_class": "people"}, "CR-H09"), ({"comparison": "growth"}, "CR-H09"), ({"kind": "result"}, "CR-H09"),
    ({"value": "三百五十"}, "CR-H12"), ({"value": ""}, "CR-H12"), ({"value": "1,350"}, "CR-H12"), ({"value_low": "400", "value_high": "500"}, "CR-H14"), ({"value": "-350"}, "CR-H15"),
    ({"value": "380"}, "CR-H22"), ({"printed": "350人和20人"}, "CR-H21"), ({"printed": "许多人"}, "CR-H21"), ({"indicator_zh": ""}, "CR-H12"), ({"claim_id": "1"}, "CR-H12"),
    ({"case_id": "滨河"}, "CR-H12"), ({"period_start": "2025年3月"}, "CR-H12"), ({"period_end": "2025-02-30"}, "CR-H12"), ({"period_start": "2025-03", "period_end": "2024"}, "CR-H18"),
    ({"denominator": "0"}, "CR-H12"), ({"denominator": "-5"}, "CR-H12"), ({"part_of": "binhe-009"}, "CR-H23"), ({"per": "binhe-001"}, "CR-H23"), ({"repeat_of": "第一行"}, "CR-H12"),
]
SHARE = {"value": "35", "unit": "%", "unit_class": "percent", "printed": "35%"}


@pytest.mark.parametrize(("change", "code"), FAULTS, ids=[str(f[0]) for f in FAULTS])
def test_each_fault_has_its_code(tmp_path, change, code):
    assert code in codes(write(tmp_path, [GOOD | change]))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"comparison": ""}, "CR-H16"), ({"comparison": "share", "value": "-35", "printed": "35%"}, "CR-H17"), ({"comparison": "share", "unit_class": "percentage_points"}, "CR-H17"),
        ({"comparison": "share", "unit_class": "percentage_points"}, "CR-H20"), ({"comparison": "share", "denominator": "0"}, "CR-H12"), ({"comparison": "share", "indicator_zh": ""}, "CR-H12"),
    ],
)
def test_a_percentage_of_nothing_is_refused(tmp_path, change, code):
    assert code in codes(write(tmp_path, [GOOD | SHARE | change]))


def test_all_faults_are_told_at_once_with_their_rows(tmp_path):
    path = write(tmp_path, [GOOD | {"unit": "万伏", "period_start": "去年"}, GOOD, GOOD | {"claim_id": "binhe-002", "value": "x"}, GOOD | {"claim_id": "binhe-003", "part_of": "binhe-099"}])
    with pytest.raises(SchemaError) as caught:
        read_claims_file(path)
    assert [(f.values["row"], f.code) for f in caught.value.failures] == [(2, "CR-H12"), (3, "CR-H13"), (4, "CR-H12"), (5, "CR-H23")]
    told = render_error(caught.value, Language.ZH)
    assert "第3行" in told
    assert "binhe-099" in told


def test_the_sheet_of_a_workbook_is_named(tmp_path):
    frame = parse_claims("服务居民350人次。", case_id="binhe").assign(confirm="yes", unit_class="person")
    path = tmp_path / "candidates.xlsx"
    write_candidates(frame, path)
    with pytest.raises(SchemaError) as caught:
        read_claims_file(path)
    assert caught.value.failures[0].values["sheet"] == "候选数据"
    assert "候选数据" in render_error(caught.value, Language.EN)


@pytest.mark.parametrize(("drop", "add", "expected"), [("unit", {}, ["CR-H06"]), ("", {"units": "人"}, ["CR-H07"]), ("value", {"数值": "3"}, ["CR-H06", "CR-H07"])])
def test_columns_missing_and_unknown(tmp_path, drop, add, expected):
    row = {k: v for k, v in GOOD.items() if k != drop} | add
    assert codes(write(tmp_path, [row])) == expected


def test_a_column_that_stands_twice(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("claim_id,case_id,indicator_zh,value,unit,unit_class,unit\nbinhe-001,binhe,居民,3,人,person,人\n", encoding="utf-8")
    assert codes(path) == ["CR-H08"]


def test_empty_files(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("", encoding="utf-8")
    with pytest.raises(SourceError):
        read_claims_file(path)
    path.write_text(",".join(GOOD) + "\n", encoding="utf-8")
    assert codes(path) == ["CR-H10"]
    with pytest.raises(SourceError):
        read_claims_file(tmp_path / "nothing.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_what_is_left_out_is_not_known_and_bounds_follow_the_printed_form(tmp_path, encoding):
    claims = read_claims_file(write(tmp_path, [GOOD], encoding=encoding))
    assert list(claims.columns) == list(COLUMNS["claims"])
    row = claims.iloc[0]
    assert (row["value"], row["value_low"], row["value_high"], row["qualifier"]) == (350, 350, 359, "余")
    assert row[["family", "kind", "period_start", "text_en", "headline"]].tolist() == [""] * 5
    assert row[["baseline", "denominator", "listed", "line"]].isna().all()


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [({"printed": ""}, 350, 350), ({"printed": "超350人"}, 350, None), ({"value_low": "300", "value_high": "400"}, 300, 400), ({"value_low": "350", "value_high": "", "printed": ""}, 350, None)],
)
def test_bounds(tmp_path, change, low, high):
    row = read_claims_file(write(tmp_path, [GOOD | {"value_low": "", "value_high": ""} | change])).iloc[0]
    assert row["value_low"] == low
    assert pd.isna(row["value_high"]) if high is None else row["value_high"] == high


def test_a_fall_keeps_its_sign_and_its_bounds_their_order(tmp_path):
    change = {"value": "-30", "unit": "%", "unit_class": "percent", "comparison": "before_after", "printed": "下降约30%"}
    row = read_claims_file(write(tmp_path, [GOOD | change])).iloc[0]
    assert (row["value"], row["value_low"], row["value_high"]) == (-30, -35, -25)


def test_the_ledger_itself_is_a_file_of_claims(published):
    claims = read_claims_file(LEDGER / "claims.csv")
    assert len(claims) == len(published.claims)
    pd.testing.assert_series_equal(claims["value_high"], published.claims["value_high"])


def test_candidates_go_to_a_person_and_come_back(tmp_path):
    frame = parse_claims("累计举办活动120余场，服务居民3.2万人次，每户补贴3至5万元，七成业主投票，投诉量同比下降12.5%，全年零投诉。", document="S3", case_id="binhe")
    path = tmp_path / "candidates.xlsx"
    write_candidates(frame, path)
    assert codes(path) == ["CR-H11"]
    write_candidates(frame.assign(confirm=["yes", "yes", "yes", "no", "yes", ""]), path, language="en")
    read = open_claims_file(path)
    assert (len(read.claims), read.n_refused, read.n_open) == (4, 1, 1)
    assert "1" in read.left_out("zh")
    assert "4" in read.left_out("en")
    kept = frame.iloc[[0, 1, 2, 4]].reset_index(drop=True)
    for column in ("claim_id", "value", "value_low", "value_high", "unit", "unit_class", "comparison", "printed", "line", "source_id", "period_words"):
        assert read.claims[column].tolist() == kept[column].tolist() or (read.claims[column].isna() == kept[column].isna()).all()


def test_a_link_to_a_row_that_was_refused_leads_nowhere(tmp_path):
    rows = [GOOD | {"confirm": "yes", "part_of": "binhe-002"}, GOOD | {"claim_id": "binhe-002", "confirm": "no"}]
    assert codes(write(tmp_path, rows)) == ["CR-H23"]
    assert codes(write(tmp_path, [GOOD | {"confirm": "perhaps"}])) == ["CR-H09"]


def test_a_file_without_the_column_confirm_is_taken_whole(tmp_path):
    read = open_claims_file(write(tmp_path, [GOOD, GOOD | {"claim_id": "binhe-002"}]))
    assert (len(read.claims), read.left_out("zh")) == (2, "")


def test_the_workbook_explains_every_column_and_is_the_same_each_time(tmp_path):
    frame = parse_claims("举办活动3场。")
    for language in Language:
        assert candidates_xlsx(frame, language) == candidates_xlsx(frame, language)
        path = tmp_path / f"{language}.xlsx"
        path.write_bytes(candidates_xlsx(frame, language))
        assert len(sheet_names(path)) == 2
        guide = read_table(path, sheet=sheet_names(path)[1])
        cells = guide.to_numpy(dtype=object).ravel().tolist()
        assert set(frame.columns) <= set(cells)
    assert all(f"column_{column}" in entries("claim_parser") for column in frame.columns)
    assert allowed_values("confirm") == ["yes", "no"]
    assert "person_times" in allowed_values("unit_class")
    assert allowed_values("quote") == allowed_values("printed") == []


def test_a_cell_that_begins_like_a_formula_stays_text(tmp_path):
    frame = parse_claims("=1+1，举办活动3场。")
    path = tmp_path / "candidates.xlsx"
    write_candidates(frame, path)
    assert read_table(path)["quote"].iloc[0].startswith("=1+1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_plain_texts_in_their_encodings(tmp_path, encoding, end):
    path = tmp_path / "report.txt"
    path.write_bytes(end.join(["第一行", "", "累计服务居民3.2万人次。"]).encode(encoding))
    assert read_press_text(path) == ["第一行", "", "累计服务居民3.2万人次。"]
    assert parse_claims(read_press_text(path))["line"].tolist() == [3]


def docx(body: str, member: str = "word/document.xml", head: str = "") -> bytes:
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, f"{head}<w:document {names}><w:body>{body}</w:body></w:document>")
    return buffer.getvalue()


def paragraph(*texts: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t>{text}</w:t></w:r>" for text in texts) + "</w:p>"


def test_paragraphs_of_a_docx_are_lines(tmp_path):
    path = tmp_path / "report.docx"
    deleted = "<w:p><w:del><w:r><w:delText>999</w:delText></w:r></w:del><w:r><w:t>保留</w:t></w:r></w:p>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('格一')}</w:tc><w:tc>{paragraph('格二')}</w:tc></w:tr></w:tbl>"
    box = f"<w:p><w:r><w:t>外</w:t><mc:AlternateContent><mc:Choice>{paragraph('框')}</mc:Choice><mc:Fallback>{paragraph('框')}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    path.write_bytes(docx(paragraph("举办活动", "35", "场") + "<w:p/>" + deleted + table + box + "<w:p><w:r><w:t>上</w:t><w:br/><w:t>下</w:t></w:r></w:p>"))
    assert read_press_text(path) == ["举办活动35场", "", "保留", "格一", "格二", "外", "框", "上", "下"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"%PDF-1.7 x", "CR-H03"), ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "CR-H03"), ("a.rtf", b"{\\rtf1 x", "CR-H03"), ("a.png", b"\x89PNG\r\n", "CR-H03"),
        ("a.html", b"<html><body>3</body>", "CR-H03"), ("a.txt", b"", "CR-H05"), ("a.txt", b" \n\n", "CR-H05"), ("a.docx", docx(""), "CR-H05"), ("a.docx", docx("", member="xl/workbook.xml"), "CR-H03"),
        ("a.docx", docx(paragraph("3"))[:80], "CR-S06"), ("a.docx", docx(paragraph("3"), head="<!DOCTYPE d [<!ENTITY a 'b'>]>"), "CR-S10"), ("a.docx", docx("<w:p>"), "CR-S06"),
        ("a.docx", docx(paragraph("3"), head=f"<!--{'x' * 5000}--><!DOCTYPE d [<!ENTITY a 'b'>]>"), "CR-S10"), ("a.txt", b"\xff\xff\xfe\xff 3", "CR-S19"), ("a.txt", "三\0四".encode(), "CR-S20"),
    ],
    ids=range(15),  # the bytes of an archive hold the time, and the names of tests must be the same in every process
)
def test_files_without_a_text_to_read_are_refused_by_name(tmp_path, name, data, code):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        read_press_text(path)
    assert code in [f.code for f in caught.value.failures]
    for language in Language:
        assert name in render_error(caught.value, language)


def test_a_text_that_is_missing_a_folder_or_too_large(tmp_path, monkeypatch):
    for path, code in ((tmp_path / "no.txt", "CR-S01"), (tmp_path, "CR-S02")):
        with pytest.raises(SourceError) as caught:
            read_press_text(path)
        assert caught.value.failures[0].code == code
    monkeypatch.setattr("commresearch.comparison.claim_parser_text.MAX_TEXT_BYTES", 3)
    large = tmp_path / "large.txt"
    large.write_text("四个字符", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_press_text(large)
    assert caught.value.failures[0].code == "CR-H04"


def test_numbers_that_are_no_claims_have_the_columns_of_the_ledger():
    assert list(parse_numbers("2024年启用。").not_claims.columns) == list(COLUMNS["not_claims"])

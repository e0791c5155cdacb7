"""Every fault a ledger can have is named with file, row, column, what was found and what to do."""

import pytest

from commresearch.cases import load_published
from commresearch.errors import CaseError, SchemaError
from commresearch.terms import Language
from commresearch.words import render_error
from tests.conftest import edit


def message(folder, language=Language.EN):
    with pytest.raises((SchemaError, CaseError)) as caught:
        load_published(folder)
    return render_error(caught.value, language)


CASES = [
    ("claims.csv", 3, "kind", "outcomes", r"[CR-L04] claims.csv, row 3, column kind: got “outcomes”, allowed: context, design"),
    ("claims.csv", 3, "value", "八十七", "[CR-L05] claims.csv, row 3, column value: got “八十七”; a plain number is needed"),
    ("claims.csv", 3, "period_start", "2025年", "[CR-L05] claims.csv, row 3, column period_start: got “2025年”; a date like 2025"),
    ("claims.csv", 3, "indicator_zh", "", "[CR-L05] claims.csv, row 3, column indicator_zh: got “”; it must not be blank"),
    ("claims.csv", 3, "claim_id", "huancui-001", "[CR-L06] claims.csv, row 3, column claim_id: “huancui-001” appears more than once"),
    ("claims.csv", 3, "printed", "几个社区", "[CR-L07] claims.csv, row 3 (huancui-002): printed “几个社区” does not hold exactly one number"),
    ("claims.csv", 3, "value", "88", "[CR-L08] claims.csv, row 3 (huancui-002), column value: got “88.0”, but “87个” reads as “87.0”"),
    ("claims.csv", 3, "qualifier", "约", "[CR-L08] claims.csv, row 3 (huancui-002), column qualifier: got “约”, but “87个” reads as “”"),
    ("claims.csv", 3, "headline", "space", "[CR-L09] claims.csv, row 3 (huancui-002): headline and headline_fit go together"),
    ("claims.csv", 3, "part_of", "zibo-001", "[CR-L11] claims.csv, row 3 (huancui-002), column part_of: “zibo-001” is not another claim"),
    ("claims.csv", 3, "part_of", "huancui-002", "column part_of: “huancui-002” is not another claim"),
    ("claims.csv", 3, "conflicts_with", "huancui-003", "[CR-L12] claims.csv, row 3 (huancui-002): marked as conflicting with huancui-003"),
    ("claims.csv", 3, "repeat_of", "huancui-003", "[CR-L13] claims.csv, row 3 (huancui-002): marked as a repeat of huancui-003, but 87.0 is not 37.0"),
    ("claims.csv", 3, "case_id", "nowhere", "[CR-L04] claims.csv, row 3, column case_id: got “nowhere”"),
    ("mechanisms.csv", 2, "mechanism", "market_partners", "[CR-L14] mechanisms.csv: huancui × party_coordination should have one row and has 0"),
    ("mechanisms.csv", 2, "line", "", "[CR-L05] mechanisms.csv, row 2, column line: got “”; the line number in the source is needed"),
    ("cases.csv", 2, "level", "town", "[CR-L04] cases.csv, row 2, column level: got “town”, allowed: city, county_level_city"),
    ("not_claims.csv", 2, "count", "0", "[CR-L05] not_claims.csv, row 2, column count: got “0”; a whole number is needed"),
    ("sources.csv", 2, "source_id", "X1", "[CR-L05] sources.csv, row 2, column source_id: got “X1”; a source id like S0 is needed"),
]


@pytest.mark.parametrize(("file", "row", "column", "new", "expected"), CASES)
def test_one_damaged_cell_gives_one_clear_message(ledger, file, row, column, new, expected):
    edit(ledger, file, row, column, new)
    assert expected in message(ledger)


def test_a_fall_must_be_a_change(ledger):
    edit(ledger, "claims.csv", 26, "comparison", "level")
    assert "[CR-L10] claims.csv, row 26 (huancui-025): value -68.0 is negative, but the comparison is not a change" in message(ledger)


def test_all_faults_are_reported_at_once_and_in_the_language_asked_for(ledger):
    for row in range(3, 16):
        edit(ledger, "claims.csv", row, "family", "钱")
    edit(ledger, "cases.csv", 2, "population", "许多")
    chinese = message(ledger, Language.ZH)
    assert "claims.csv 第3行，列 family：得到“钱”，只允许：" in chinese
    assert chinese.count("得到“钱”，只允许：") == 13
    assert "cases.csv 第2行，列 population：得到“许多”，应为数字" in chinese


MORE_CASES = [
    ("claims.csv", "period_start", "2024-13", "[CR-L05] claims.csv, row 3, column period_start: got “2024-13”; a date like"),
    ("claims.csv", "period_start", "2024-02-30", "a date like"),
    ("claims.csv", "period_start", "２０２４", "a date like"),
    ("claims.csv", "value", "８７", "[CR-L05] claims.csv, row 3, column value: got “８７”; a plain number is needed"),
    ("claims.csv", "value", "nan", "a plain number is needed"),
    ("claims.csv", "value", "1e5", "a plain number is needed"),
    ("claims.csv", "denominator", "0", "[CR-L05] claims.csv, row 3, column denominator: got “0”; a number above zero is needed"),
    ("claims.csv", "indicator_en", "   ", "it must not be blank"),
    ("claims.csv", "period_words", "三年来", "[CR-L16] claims.csv, row 3 (huancui-002): period_words and period_words_en go together"),
    ("cases.csv", "case_id", "comparison", "lower-case pinyin is needed"),
]


@pytest.mark.parametrize(("file", "column", "new", "expected"), MORE_CASES)
def test_slips_of_a_spreadsheet_are_refused(ledger, file, column, new, expected):
    edit(ledger, file, 3, column, new)
    assert expected in message(ledger)


def test_direct_numbers_are_results_or_reach_and_periods_run_forward(ledger):
    edit(ledger, "claims.csv", 3, "headline", "space")
    edit(ledger, "claims.csv", 3, "headline_fit", "direct")
    edit(ledger, "claims.csv", 4, "period_start", "2025-03")
    edit(ledger, "claims.csv", 4, "period_end", "2025-02")
    text = message(ledger)
    assert "[CR-L17] claims.csv, row 3 (huancui-002): headline_fit is direct, but kind is “context”" in text
    assert "[CR-L18] claims.csv, row 4 (huancui-003): the period ends before it starts (2025-03 > 2025-02)" in text


def test_a_period_within_a_year_that_is_named_whole_runs_forward(ledger):
    edit(ledger, "claims.csv", 4, "period_start", "2025-03")
    edit(ledger, "claims.csv", 4, "period_end", "2025")
    assert len(load_published(ledger).claims) > 500


def test_what_a_spreadsheet_leaves_at_the_edges_is_no_fault(ledger):
    path = ledger / "cases.csv"
    lines = path.read_text(encoding="utf8").rstrip("\n").split("\n")
    width = lines[0].count(",") + 1
    path.write_text("\n".join([*(line + ",," for line in lines), "," * (width + 1), ""]) + "\n", encoding="utf8")
    assert len(load_published(ledger).cases) == 16


def test_other_separators_are_named(ledger):
    path = ledger / "cases.csv"
    path.write_text(path.read_text(encoding="utf8").replace(",", ";"), encoding="utf8")
    assert message(ledger) == "[CR-L22] cases.csv: cells are separated by “；/;”. What to do: save it as “CSV UTF-8”, separated by commas."


def test_signs_follow_the_words_and_links_are_single_and_direct(ledger):
    edit(ledger, "claims.csv", 26, "value", "68")
    edit(ledger, "claims.csv", 3, "part_of", "huancui-003 huancui-004")
    edit(ledger, "claims.csv", 5, "repeat_of", "huancui-009")
    edit(ledger, "mechanisms.csv", 2, "source_id", "")
    text = message(ledger)
    assert "[CR-L20] claims.csv, row 26 (huancui-025): “下降68%” and the sign of 68.0 disagree" in text
    assert "[CR-L05] claims.csv, row 3, column part_of: got “huancui-003 huancui-004”; one id like huancui-001 is needed" in text
    assert "[CR-L21] claims.csv, row 5 (huancui-004): marked as a repeat of huancui-009, which is itself marked as a repeat" in text
    assert "[CR-L05] mechanisms.csv, row 2, column source_id: got “”; a source id like S0 is needed" in text


def test_faults_of_cells_rows_and_tables_are_reported_together(ledger):
    edit(ledger, "cases.csv", 2, "level", "town")
    edit(ledger, "claims.csv", 3, "value", "88")
    edit(ledger, "claims.csv", 5, "per", "zibo-001")
    with (ledger / "sources.csv").open("a", encoding="utf8") as file:
        file.write("S9,a,b\n")
    text = message(ledger)
    for code in ("CR-L04", "CR-L08", "CR-L11", "CR-L02"):
        assert f"[{code}]" in text


def test_headers_twice_or_out_of_order_are_explained(ledger):
    path = ledger / "cases.csv"
    text = path.read_text(encoding="utf8")
    path.write_text(text.replace("name_zh,name_en", "name_en,name_zh", 1), encoding="utf8")
    assert "out of order: name_en" in message(ledger)
    path.write_text(text.replace("name_zh,name_en", "name_zh,name_zh", 1), encoding="utf8")
    assert "Missing: name_en; unknown or twice: name_zh" in message(ledger)


def test_a_ledger_without_cases_and_a_file_that_is_no_csv(ledger):
    for name in ("cases", "claims", "mechanisms"):
        path = ledger / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf8").split("\n")[0] + "\n", encoding="utf8")
    assert "[CR-L15] cases.csv: there is no case" in message(ledger)
    (ledger / "claims.csv").write_text('a,"' + "x" * 200_000, encoding="utf8")
    assert "[CR-L19] claims.csv: cannot be read as CSV" in message(ledger)


def test_missing_files_are_named_together(ledger):
    (ledger / "claims.csv").unlink()
    (ledger / "cases.csv").unlink()
    text = message(ledger)
    assert text.count("[CR-C02]") == 2
    assert "claims.csv is missing" in text


def test_a_file_in_another_encoding_is_refused(ledger):
    path = ledger / "cases.csv"
    path.write_bytes(path.read_text(encoding="utf8").encode("gb18030"))
    assert "[CR-L01] cases.csv: not UTF-8 from byte" in message(ledger)


def test_a_row_with_too_many_cells_is_named(ledger):
    with (ledger / "sources.csv").open("a", encoding="utf8") as file:
        file.write("S9,a,b\n")
    assert "[CR-L02] sources.csv, row 7: 3 cells, expected 7" in message(ledger)


def test_a_wrong_header_is_explained(ledger):
    path = ledger / "claims.csv"
    path.write_text(path.read_text(encoding="utf8").replace("indicator_zh", "indicator", 1), encoding="utf8")
    assert "[CR-L03] claims.csv: wrong header. Missing: indicator_zh; unknown or twice: indicator; out of order: —." in message(ledger)


def test_an_empty_file_is_a_wrong_header(ledger):
    (ledger / "claims.csv").write_text("", encoding="utf8")
    assert "[CR-L03] claims.csv: wrong header." in message(ledger)


def test_a_byte_order_mark_is_no_fault(ledger):
    path = ledger / "cases.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load_published(ledger).cases) == 16


def test_an_unknown_case_lists_the_known_ones(published):
    with pytest.raises(CaseError) as caught:
        published.case("weihai")
    assert render_error(caught.value, Language.EN).startswith("[CR-C01] There is no case “weihai”. Known: huancui, wenshang, zibo")

"""Tables as files: what a page shows, as texts and numbers, with the mark of simulated data and nothing that a spreadsheet would run."""

import csv
import io
import json

import pytest
from python_calamine import CalamineWorkbook

from commresearch.reporting.display import Table
from commresearch.reporting.table_files import TABLE, table_content, tables_in, write_tables
from commresearch.terms import Language

HOSTILE = ["=cmd()", "+1-555", "-cmd", "@name", "\tx", "a|b", "#", "$", "<script>"]


def table(**more):
    values = {
        "id": "tbl-x", "caption": "表题", "header": ["项目", "数"], "align": "lr", "note": "来源：台账",
        "rows": [["甲", "1,234.50"], ["乙", "−3.2"], ["丙", "12.5%"], ["丁", "22.0 (8.1, 34.2)"], ["戊", "007"], ["2024", "·"]],
    }
    return table_content(Table(**values | more))


def sheets(path):
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def test_a_report_without_tables_leaves_nothing(tmp_path):
    assert write_tables([], tmp_path / "tables", "a.zh", title="t", language=Language.ZH, is_simulated=True) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell", HOSTILE, ids=[f"cell{i}" for i in range(len(HOSTILE))])
def test_no_cell_becomes_a_formula(tmp_path, cell):
    made = write_tables([table(rows=[[cell, cell]], header=[cell, "数"])], tmp_path, "a.zh", title="=t", language=Language.ZH, is_simulated=False)
    raw = (tmp_path / "tbl-x.csv").read_bytes().decode("utf-8-sig")
    for row in csv.reader(io.StringIO(raw)):
        for text in row:
            assert not text.startswith(("=", "+", "-", "@", "\t")), text
            assert text in {cell, f"'{cell}", "数"}
    import zipfile

    with zipfile.ZipFile(made) as archive:
        parts = "".join(archive.read(n).decode("utf8") for n in archive.namelist() if "worksheets/sheet" in n)
    assert "<f>" not in parts
    assert cell.strip() in str(sheets(made)["表1"])


def test_the_workbook_holds_texts_as_texts_and_numbers_as_numbers(tmp_path):
    made = write_tables([table(), table(id="tbl-y", caption="另一张")], tmp_path, "a.zh", title="题目", language=Language.ZH, is_simulated=False)
    found = sheets(made)
    assert list(found) == ["目录", "表1", "表2"]
    assert [row[0] for row in found["目录"]] == ["题目", "", "表1", "表2"]
    rows = found["表1"]
    assert rows[0][0] == "表1  表题"
    assert rows[1] == ["项目", "数"]
    assert [row[1] for row in rows[2:8]] == [1234.5, -3.2, 0.125, "22.0 (8.1, 34.2)", "007", "·"]
    assert rows[7][0] == "2024", "a column of names holds texts"
    assert rows[-1][0] == "来源：台账"


def test_a_column_of_numbers_holds_numbers_however_it_is_set_unless_it_names_the_rows(tmp_path):
    rows = [["1", "0.08", "2"], ["2", "—", "x"]]
    made = write_tables([table(header=["n", "p", "q"], rows=rows, align="lll")], tmp_path, "a.zh", title="t", language=Language.ZH, is_simulated=False)
    assert sheets(made)["表1"][2:4] == [["1", 0.08, "2"], ["2", "—", "x"]]


def test_every_file_on_simulated_data_says_so(tmp_path):
    made = write_tables([table()], tmp_path, "b_simulated.en", title="t", language=Language.EN, is_simulated=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b_simulated.en.xlsx", "tbl-x_simulated.csv"]
    rows = list(csv.reader(io.StringIO((tmp_path / "tbl-x_simulated.csv").read_bytes().decode("utf-8-sig"))))
    assert rows[0] == ["Data", "项目", "数"]
    assert {row[0] for row in rows[1:]} == {"Simulated data"}
    for sheet in sheets(made).values():
        assert "Simulated data" in {row[0] for row in sheet[:2]}


def test_the_same_tables_give_the_same_files(tmp_path):
    for name in ("a", "b"):
        write_tables([table()], tmp_path / name, "r.zh", title="t", language=Language.ZH, is_simulated=True)
    assert (tmp_path / "a" / "r.zh.xlsx").read_bytes() == (tmp_path / "b" / "r.zh.xlsx").read_bytes()


def test_tables_are_read_from_what_a_notebook_shows(tmp_path):
    def cell(*outputs, tags=()):
        return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": "", "outputs": [{"output_type": "display_data", "data": o} for o in outputs]}

    shown = {"text/markdown": "| a |", TABLE: json.dumps(table())}
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "x"}, cell({"text/plain": "y"}, shown), cell(shown, tags=["remove-cell"])]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf8")
    assert tables_in(path) == [table()]

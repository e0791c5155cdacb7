"""What the benchmarks of reports and the study of the fictional pilots say of what they are given."""

import json
import math

import pandas as pd
import pytest

from benchmarks import case_reports, demo_study
from benchmarks.demo_study import Drawn


def drawn(estimate, low, high, **more):
    return Drawn(**{"outcome": "space_use", "truth": 5.0, "unit": "percentage_points", "method": "m", "inference": "i", "grade": "E3"} | more, estimate=estimate, low=low, high=high)


def test_a_row_counts_misses_unbounded_intervals_and_refusals():
    made = [drawn(4.0, 3.0, 6.0), drawn(7.0, 5.5, 8.0), drawn(6.0, -math.inf, math.inf, grade="E1"), Drawn(outcome="space_use", truth=5.0, refusal="CR-I05")]
    cells = [cell.strip() for cell in demo_study.row("p", made).strip("|").split("|")]
    assert cells == ["p", "space_use", "percentage_points", "m, i", "5.00", "5.67", "+0.67", "1.53", "0.667", "±0.247", "0.333", "0.250 CR-I05", "E3 2; E1 1"]


def test_a_row_without_any_estimate_has_no_numbers():
    cells = [cell.strip() for cell in demo_study.row("p", [Drawn(outcome="o", truth=1.0, refusal="CR-I05")]).strip("|").split("|")]
    assert cells[5:] == ["—"] * 6 + ["1.000 CR-I05", "—"]


def test_rows_keep_the_outcomes_of_a_pilot_apart():
    draws = [[drawn(4.0, 3.0, 6.0), drawn(1.0, 0.0, 2.0, outcome="area_in_use")], [drawn(4.0, 3.0, 6.0), drawn(9.0, 0.0, 20.0, outcome="area_in_use")]]
    assert [line.split(" | ")[8] for line in demo_study.rows("p", draws)] == ["1.000", "0.500"]


def notebook(texts):
    outputs = [{"output_type": "display_data", "data": {"text/markdown": text}} for text in texts]
    return json.dumps({"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [{"output_type": "stream"}, *outputs]}]})


@pytest.fixture
def sides(tmp_path):
    """Both sides of one case, with a table and a figure, alike."""
    (tmp_path / "cases.json").write_text('["a"]', encoding="utf8")
    left, right = tmp_path / "project" / "reports" / "site" / "a" / "zh", tmp_path / "papermill" / "a"
    for side, name in ((left, "a.zh.ipynb"), (right, "a.ipynb")):
        (side / "figs").mkdir(parents=True)
        (side / "figs" / "f.png").write_bytes(b"drawn")
        (side / name).write_text(notebook(["x {#tbl-a}", "y {#fig-b}"]), encoding="utf8")
    return tmp_path


def test_sides_that_are_alike_are_counted(sides):
    assert case_reports.unequal(sides) == (1, 1, 0)


@pytest.mark.parametrize("what", ["text", "fewer", "figure"])
def test_sides_that_differ_are_seen(sides, what):
    right = sides / "papermill" / "a"
    if what == "figure":
        (right / "figs" / "f.png").write_bytes(b"other")
    else:
        (right / "a.ipynb").write_text(notebook(["x {#tbl-a}", *(["z"] if what == "text" else [])]), encoding="utf8")
    assert case_reports.unequal(sides)[2] == 1


def test_a_change_touches_one_case_or_the_templates_of_the_copy(tmp_path):
    folder = case_reports.prepare(tmp_path, 2)
    first, second = case_reports.cases_of(folder)
    before = pd.read_csv(case_reports.ledger(folder) / "cases.csv", dtype=str, keep_default_na=False)
    case_reports.change_case(folder, first, 7)
    after = pd.read_csv(case_reports.ledger(folder) / "cases.csv", dtype=str, keep_default_na=False)
    changed = before.compare(after)
    assert changed.index.tolist() == before.index[before["case_id"] == first].tolist()
    assert after.loc[after["case_id"] == first, "name_en"].str.endswith(" 7").all()
    style = case_reports.ROOT / "commresearch" / "reporting" / "templates" / "page.css"
    case_reports.change_template(folder, 7)
    copied = (folder / "program" / "commresearch" / "reporting" / "templates" / "page.css").read_text(encoding="utf8")
    assert copied == style.read_text(encoding="utf8") + "\n/* 7 */\n"
    assert second in case_reports.ours(folder)[2]

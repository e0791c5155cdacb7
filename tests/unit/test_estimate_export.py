"""Estimates for other programs: R gives the same numbers, Stata gets the same steps, Word and TeX the same table."""

import io
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from docx import Document
from docx.oxml.ns import qn

from commresearch.errors import CaseError
from commresearch.simulate.panels import PanelSpec
from commresearch.terms import Language, Outcome
from commresearch.words import render_error, say
from commresearch.workflow.case_estimates import ESTIMATES
from commresearch.workflow.effect_tables import as_docx, as_tex, effect_table
from commresearch.workflow.estimate_scripts import estimate_scripts
from commresearch.workflow.export_estimates import estimate_files
from commresearch.workflow.export_panels import _files as panel_files
from commresearch.workflow.outcome_estimates import KnownOfCase, outcome_record
from tests.conftest import find_tool
from tests.unit.test_impact_estimate import made_panel

COMMON = 1e-6  #: relative; R iterates to 1e-13 of the deviance, prints twelve digits
SHARES = {"kind": "shares", "level": 20.0, "effect": 4.0}
SPECS = {
    "one start, counts": PanelSpec(units=14, treated=6, months=18, starts=(13,), effect=-30.0, households=200.0),
    "several starts, counts": PanelSpec(units=14, treated=7, months=18, starts=(10, 14), effect=-30.0, households=200.0),
    "long record, shares": PanelSpec(units=14, treated=7, months=18, starts=(13, 15), **SHARES),
    "short record, shares": PanelSpec(units=14, treated=7, months=12, starts=(6, 8), **SHARES),
    "all start in turn": PanelSpec(units=14, treated=14, months=12, starts=(6, 8), **SHARES),
    "few treated": PanelSpec(units=8, treated=2, months=16, starts=(12,), effect=-30.0),
}


def recorded(spec, *, gaps=0.0, ended=False):
    """The panel of a simulated pilot and the record of its outcome."""
    panel, made = made_panel(spec, seed=1)
    if gaps:
        frame = panel.frame.copy()
        gone = np.random.default_rng(3).random(len(frame)) < gaps
        frame.loc[gone, ["value", "numerator"]] = np.nan
        frame.loc[gone, "live"] = False
        panel = replace(panel, frame=frame)
    rollout = made.rollout
    if ended:
        last = panel.frame["month"].max()
        first = panel.frame.loc[panel.frame["treated_from"].notna(), "unit_id"].iloc[0]
        rollout = rollout.assign(end_month=[last if unit == first else None for unit in rollout["unit_id"]])
    outcome = Outcome.COMPLAINT_RATE if spec.kind == "counts" else Outcome.SPACE_USE
    return outcome, panel, outcome_record(outcome, panel, KnownOfCase(case_id="wanghai", seed=0, conf_level=0.9, rollout=rollout))


def run_r(folder, outcome, panel, record):
    """What the R script of a record prints, by name."""
    stem = f"wanghai_{outcome}"
    for name, data in panel_files(panel, stem, Language.ZH).items():
        (folder / name).write_bytes(data)
    for name, text in estimate_scripts(record, stem, Language.ZH).items():
        (folder / name).write_text(text, encoding="utf8")
    done = subprocess.run([find_tool("Rscript"), f"{stem}_estimate.R"], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+) *$", done.stdout, re.MULTILINE)}


@pytest.mark.needs("Rscript")
@pytest.mark.parametrize("name", SPECS)
def test_r_gives_the_estimate_again_and_its_error_where_assignments_are_left_out(tmp_path, name):
    outcome, panel, record = recorded(SPECS[name], ended=name == "one start, counts")
    effect = record["estimate"]
    found = run_r(tmp_path, outcome, panel, record)
    wanted = ["estimate"] if effect["inference"] == "randomisation" else ["estimate", "std_error", "conf_low", "conf_high"]
    assert sorted(found) == sorted(wanted)
    assert effect["inference"] == ("randomisation" if name == "few treated" else "cr3")
    for column in wanted:
        assert found[column] == pytest.approx(effect[column], rel=COMMON), column


@pytest.mark.needs("Rscript")
@pytest.mark.parametrize("name", ["several starts, counts", "short record, shares"])
def test_r_gives_it_again_where_months_are_missing(tmp_path, name):
    outcome, panel, record = recorded(SPECS[name], gaps=0.05)
    found = run_r(tmp_path, outcome, panel, record)
    for column in ("estimate", "std_error"):
        assert found[column] == pytest.approx(record["estimate"][column], rel=COMMON), column


@pytest.mark.parametrize("language", list(Language))
def test_scripts_say_what_they_should_give_and_name_the_units_left_out(language):
    outcome, _, record = recorded(SPECS["one start, counts"], ended=True)
    unit = next(iter(record["estimate"]["design"]["ended"]))
    record["estimate"]["dropped"].append({"unit_id": "U999", "reason": "no_record", "months": 3, "whole": True})
    scripts = estimate_scripts(record, f"wanghai_{outcome}", language)
    assert sorted(scripts) == ["wanghai_complaint_rate_estimate.R", "wanghai_complaint_rate_estimate.do"]
    for text in scripts.values():
        assert f"{record['estimate']['estimate']:.10g}" in text
        assert say("panel.outcome_complaint_rate", language) in text
        assert "U999" in text
        assert unit in text
        assert not re.search(r"\{(file|drops|control|if|point|level)\}", text)
    assert "ppmlhdfe numerator d" in scripts["wanghai_complaint_rate_estimate.do"]
    assert "tm(2024m6)" in scripts["wanghai_complaint_rate_estimate.do"]


def test_stata_gets_the_steps_of_each_method():
    commands = {"several starts, counts": "poisson numerator i.unit i.t if d == 0", "long record, shares": "regress value i.unit i.t if d == 0", "all start in turn": "csdid"}
    for name, command in commands.items():
        outcome, _, record = recorded(SPECS[name])
        text = estimate_scripts(record, "x", Language.EN)["x_estimate.do"]
        assert command in text
        assert "levelsof assignment" in text
        assert outcome in set(Outcome)


def test_a_method_that_is_not_written_out_has_no_script():
    _, _, record = recorded(SPECS["few treated"])
    record["estimate"]["method"] = "synthetic_did"
    assert estimate_scripts(record, "x", Language.ZH) == {}


def content(**changes):
    _, _, record = recorded(SPECS["one start, counts"])
    refused = {"outcome": "space_use", "estimate": None, "refusal": {"zh": "没有", "en": "none"}}
    base = {"case": "wanghai", "name": {"zh": "望海 100%", "en": "Wanghai"}, "fictional": True, "conf_level": 0.9, "outcomes": [record, refused]}
    return base | changes


def test_the_table_has_a_column_per_effect_and_says_what_is_simulated():
    made = effect_table(content(), Language.EN)
    rows = {row[0]: row[1:] for row in made.rows}
    effect = content()["outcomes"][0]["estimate"]
    assert made.head == ("", "complaint rate")
    assert float(rows["Estimate"][0].replace("−", "-")) == pytest.approx(effect["estimate"], abs=0.51)
    assert rows["Standard error"][0].startswith("(")
    assert "90% interval" in rows
    assert (rows["Unit effects"], rows["Month effects"], rows["Units"], rows["Of these treated"]) == (("Yes",), ("Yes",), ("14",), ("6",))
    assert "simulated" in made.caption
    assert "模拟数据" not in effect_table(content(fictional=False), Language.ZH).caption
    assert effect_table(content(outcomes=[]), Language.ZH) is None


def test_numbers_that_are_not_there_are_dashes():
    made = content()
    made["outcomes"][0]["estimate"] |= {"std_error": None, "conf_low": None, "conf_high": None, "p_value": None, "method": "before_after"}
    rows = {row[0]: row[1] for row in effect_table(made, Language.ZH).rows}
    assert (rows["标准误"], rows["90%区间"], rows["p值"], rows["月份固定效应"]) == ("—", "[—, —]", "—", "否")


def test_word_gets_three_lines_and_no_other():
    document = Document(io.BytesIO(as_docx(effect_table(content(), Language.ZH))))
    grid = document.tables[0]
    lines = {}
    for place, row in enumerate(grid.rows):
        for cell in row.cells:
            for edge in cell._tc.iter(qn("w:top"), qn("w:bottom")):
                if edge.getparent().tag == qn("w:tcBorders"):
                    lines.setdefault((place, edge.tag.rpartition("}")[2]), set()).add(edge.get(qn("w:sz")))
    assert lines == {(0, "top"): {"12"}, (0, "bottom"): {"6"}, (len(grid.rows) - 1, "bottom"): {"12"}}
    assert "望海 100%" in document.paragraphs[0].text


def test_tex_is_escaped():
    text = as_tex(effect_table(content(), Language.ZH))
    assert r"望海 100\%" in text
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    assert "−" not in text


def test_a_case_that_was_not_estimated_has_no_such_files(tmp_path):
    assert estimate_files(tmp_path, "wanghai", Language.ZH) == {}
    assert not (tmp_path / ESTIMATES).exists()


def test_estimates_of_panels_that_were_made_anew_are_not_exported(tmp_path):
    for folder, name in ((tmp_path / ESTIMATES, "estimates.json"), (tmp_path / "_panels" / "complaint_rate", "manifest.json")):
        folder.mkdir(parents=True)
        (folder / name).write_text('{"outcomes": []}', encoding="utf8")
    with pytest.raises(CaseError) as error:
        estimate_files(tmp_path, "wanghai", Language.ZH)
    assert [f.code for f in error.value.failures] == ["CR-I59"]
    assert "commresearch estimate" in render_error(error.value, "en")

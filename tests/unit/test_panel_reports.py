"""Reports on panels as they are planned and made from the folder of a case."""

import json
import re

import pytest

from commresearch.errors import CaseError
from commresearch.reporting.assemble import assemble
from commresearch.reporting.build import Project, Settings, build_reports
from commresearch.reporting.notebooks import execute_notebook
from commresearch.reporting.panel_reports import plan_panel_reports
from commresearch.terms import Format, Language
from tests.conftest import ROOT
from tests.unit.panel_case import ABOUT, case_folder, logs, write_case
from tests.unit.test_quality_reports import Markdown

NOTEBOOK = ROOT / "notebooks" / "panel_quality.ipynb"


def test_one_report_per_language_is_planned(tmp_path):
    folder = write_case(tmp_path / "binhai", {k: v for k, v in logs().items() if k in {"roster", "rooms", "coverage"}}, ())
    tasks = plan_panel_reports("binhai", folder, list(Language))
    assert [t.stem for t in tasks] == ["binhai_panels_simulated.zh", "binhai_panels_simulated.en"]
    assert tasks[0].title == "【模拟数据】滨海示范区：分月面板与数据质量"
    assert tasks[1].title == "[Simulated data] Binhai demonstration area: monthly panels and their quality"
    assert tasks[0].facts == tasks[1].facts
    assert {p.name for p in tasks[0].inputs} >= {"case.json", "manifest.json", "part-00001.parquet"}
    (folder / "_logs" / "case.json").write_text(json.dumps(ABOUT | {"fictional": False}), encoding="utf8")
    changed = plan_panel_reports("binhai", folder, [Language.ZH])[0]
    assert changed.facts != tasks[0].facts
    assert changed.title == "滨海示范区：分月面板与数据质量"


def test_a_folder_without_logs_has_no_report(tmp_path):
    with pytest.raises(CaseError, match="CR-E02"):
        plan_panel_reports("binhai", tmp_path, [Language.ZH])


def test_the_notebook_shows_every_section_in_both_languages(tmp_path):
    headings = []
    for language in Language:
        executed = tmp_path / language / "report.ipynb"
        execute_notebook(NOTEBOOK, executed, {"folder": str(case_folder()), "language": language.value})
        text = assemble(executed)
        headings.append(re.findall(r"^# (.*)", text, flags=re.MULTILINE))
        for name in re.findall(r"\]\((figs/[\w-]+\.png)\)", text):
            assert (tmp_path / language / name).stat().st_size > 10_000
            assert (tmp_path / language / name).with_suffix(".svg").is_file()
    assert [len(h) for h in headings] == [13, 13]
    assert headings[0][0].startswith("收到什么")
    assert headings[0][-1] == "附录：去哪里查"


def test_a_report_is_built_from_the_folder_alone_and_reused(tmp_path):
    task = plan_panel_reports("binhai", case_folder(), [Language.EN])[0]
    project = Project(root=ROOT, published=tmp_path, site=tmp_path / "site")
    settings = Settings(renderer=Markdown(), formats=(Format.HTML,), workers=1)
    first, second = (next(iter(build_reports(project, [task], settings))) for _ in range(2))
    assert first.ok, first.failures
    assert second.reused
    assert "can be used**" in first.outputs[0].read_text(encoding="utf8")

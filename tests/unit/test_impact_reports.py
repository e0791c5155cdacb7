"""Reports on impact as they are planned and made from the folder of a case."""

import json
import re

import pytest

from commresearch.errors import CaseError
from commresearch.reporting.assemble import assemble
from commresearch.reporting.build import Project, Settings, build_reports
from commresearch.reporting.impact_reports import plan_impact_reports
from commresearch.reporting.notebooks import execute_notebook
from commresearch.terms import Format, Language
from tests.conftest import ROOT
from tests.unit.impact_case import case, case_folder, write_case
from tests.unit.test_quality_reports import Markdown

NOTEBOOK = ROOT / "notebooks" / "impact_report.ipynb"


def test_one_report_per_language_is_planned(tmp_path):
    tasks = plan_impact_reports("binhai", case_folder(), list(Language))
    assert [t.stem for t in tasks] == ["binhai_impact_simulated.zh", "binhai_impact_simulated.en"]
    assert tasks[0].title == "【模拟数据】滨海示范区：试点前后变了多少"
    assert tasks[1].title == "[Simulated data] Binhai demonstration area: what changed with the pilot"
    assert tasks[0].facts == tasks[1].facts
    assert [p.name for p in tasks[0].inputs] == ["estimates.json"]
    real = plan_impact_reports("binhai", write_case(tmp_path / "real", case() | {"fictional": False}), [Language.ZH])[0]
    assert real.facts != tasks[0].facts
    assert real.title == "滨海示范区：试点前后变了多少"


def test_a_folder_without_estimates_has_no_report(tmp_path):
    with pytest.raises(CaseError, match="CR-I60"):
        plan_impact_reports("binhai", tmp_path, [Language.ZH])


def test_the_notebook_shows_every_section_in_both_languages(tmp_path):
    headings = []
    for language in Language:
        executed = tmp_path / language / "report.ipynb"
        execute_notebook(NOTEBOOK, executed, {"folder": str(case_folder()), "language": language.value})
        text = assemble(executed)
        headings.append(re.findall(r"^# (.*)", text, flags=re.MULTILINE))
        drawn = re.findall(r"\]\((figs/[\w-]+\.png)\)", text)
        assert len(drawn) == 8
        for name in drawn:
            assert (tmp_path / language / name).stat().st_size > 10_000
            assert (tmp_path / language / name).with_suffix(".svg").is_file()
    assert [len(h) for h in headings] == [12, 12]
    assert headings[0][0] == "3项结果有估计，1项没有"
    assert headings[0][-1] == "附录：去哪里查"


def test_a_report_is_built_from_the_folder_alone_and_reused(tmp_path):
    one = case() | {"outcomes": [e for e in case()["outcomes"] if e["outcome"] == "space_use"]}
    folder = write_case(tmp_path / "clean" / "binhai", json.loads(json.dumps(one)))
    task = plan_impact_reports("binhai", folder, [Language.EN])[0]
    project = Project(root=ROOT, published=tmp_path, site=tmp_path / "site")
    settings = Settings(renderer=Markdown(), formats=(Format.HTML,), workers=1)
    first, second = (next(iter(build_reports(project, [task], settings))) for _ in range(2))
    assert first.ok, first.failures
    assert second.reused
    assert "associated with the pilot" in first.outputs[0].read_text(encoding="utf8")

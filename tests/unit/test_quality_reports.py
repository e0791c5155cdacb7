"""Quality reports as they are planned and made from the folder of a cleaned survey."""

import json
import multiprocessing
import re
from functools import partial

import pytest

from commresearch.cases import load_case
from commresearch.cleaning.clean_files import files_of
from commresearch.records import Standby, can_fork
from commresearch.reporting.assemble import assemble
from commresearch.reporting.build import Project, Settings, build_ahead, build_reports, make_ready
from commresearch.reporting.notebooks import execute_notebook
from commresearch.reporting.quality_reports import plan_quality_reports
from commresearch.simulate import SurveySpec, codebook_of, simulate_survey, write_wenjuanxing
from commresearch.terms import Format, Language, Sampling
from commresearch.workflow import CleanedSurvey, clean_case
from commresearch.workflow.survey_quality import assess_survey, quality_files
from tests.conftest import ROOT
from tests.unit.case_facts import case_facts
from tests.unit.quality_survey import survey

NOTEBOOK = ROOT / "notebooks" / "survey_quality.ipynb"
CASE = case_facts() + """
[[data]]
kind = "survey"
files = ["{file}"]
platform = "wenjuanxing"
wave = "w1"
sampling = "opt_in"
codebook = "codebook.csv"
"""


class Markdown:
    """A renderer that keeps the document as it is."""

    name = "markdown"

    def render(self, document, formats):
        paths = [document.folder / f"{document.stem}.{f}" for f in formats]
        for path in paths:
            path.write_text(document.body, encoding="utf8")
        return paths


@pytest.fixture
def wave(tmp_path):
    """The survey made by hand, as it stands in a folder after cleaning."""
    folder, clean = tmp_path / "clean" / "w1", survey()
    quality = assess_survey(clean, Sampling.OPT_IN)
    folder.mkdir(parents=True)
    for name, data in (files_of(clean, Language.ZH) | quality_files(quality)).items():
        (folder / name).write_bytes(data)
    return CleanedSurvey(wave="w1", sampling=Sampling.OPT_IN, folder=folder, clean=clean, quality=quality, is_drafted=False)


def test_one_report_per_wave_and_language_is_planned(wave):
    tasks = plan_quality_reports("binhai", [wave.folder], list(Language))
    assert [t.stem for t in tasks] == ["binhai_w1_quality_simulated.zh", "binhai_w1_quality_simulated.en"]
    assert tasks[0].title == "【模拟数据】滨海示范区：问卷数据质量"
    assert tasks[0].subtitle == "质量报告 · 期次w1 · 自愿参加样本（非概率样本）"
    assert tasks[0].facts == tasks[1].facts
    known = json.loads((wave.folder / "provenance.json").read_text(encoding="utf8"))
    (wave.folder / "provenance.json").write_text(json.dumps(known | {"wave": "", "fictional": False}), encoding="utf8")
    changed = plan_quality_reports("binhai", [wave.folder], [Language.EN])[0]
    assert changed.facts != tasks[1].facts
    assert changed.title == "Binhai: quality of the survey data"
    assert changed.subtitle == "Quality report · opt-in sample (not a probability sample)"


def test_a_report_is_built_from_the_folder_alone(wave, tmp_path):
    task = plan_quality_reports("binhai", [wave.folder], [Language.ZH])[0]
    project = Project(root=ROOT, published=tmp_path, site=tmp_path / "site")
    settings = Settings(renderer=Markdown(), formats=(Format.HTML,), workers=1)
    first, second = (next(iter(build_reports(project, [task], settings))) for _ in range(2))
    assert first.ok, first.failures
    assert second.reused
    text = first.outputs[0].read_text(encoding="utf8")
    assert "**保留120份**" in text
    assert "# 附录：去哪里查" in text


@pytest.mark.skipif(not can_fork(), reason="no process can be forked here")
@pytest.mark.parametrize("killed", [False, True])
def test_a_process_that_is_ready_builds_the_same_and_may_die(killed, wave, tmp_path):
    tasks = plan_quality_reports("binhai", [wave.folder], list(Language))
    settings = Settings(renderer=Markdown(), formats=(Format.HTML,), workers=1)
    texts = []
    for site in ("here", "ahead"):
        project = Project(root=ROOT, published=tmp_path, site=tmp_path / site)
        with Standby(partial(make_ready, tmp_path / "none", [NOTEBOOK])) as ready:
            assert ready.first() is None
            build = build_ahead(ready, project, tasks, settings) if site == "ahead" else build_reports(project, tasks, settings)
            results = [next(build)]
            if killed and site == "ahead":
                for process in multiprocessing.active_children():
                    process.kill()
            results += build
        assert [r.task.stem for r in results] == [t.stem for t in tasks]
        texts.append([r.outputs[0].read_bytes() for r in results])
    assert texts[0] == texts[1]


def test_the_notebook_shows_a_simulated_survey_without_any_of_its_identifiers(tmp_path):
    simulated = simulate_survey(SurveySpec(respondents=60, population=1500, communities=3), rng=11)
    files = write_wenjuanxing(simulated, tmp_path)
    codebook_of(simulated).to_csv(tmp_path / "codebook.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "case.toml").write_text(CASE.format(file=files[0].path.name), encoding="utf8")
    cleaned = clean_case(load_case(tmp_path), tmp_path / "clean")[0]
    planted = {str(v) for v in simulated.planted["value"] if len(str(v)) > 1}
    assert planted
    for language in Language:
        executed = tmp_path / language / "report.ipynb"
        execute_notebook(NOTEBOOK, executed, {"folder": str(cleaned.folder), "language": language.value})
        text = assemble(executed)
        assert str(len(cleaned.clean.frame)) in text
        assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == 9
        assert [value for value in planted if value in text] == []

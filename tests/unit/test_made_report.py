"""A report at its two levels: what runs cells again, what only renders again, and what a reviewer's decision holds for."""

import json
from dataclasses import replace

import nbformat
import pytest

from commresearch.errors import CommResearchError
from commresearch.reporting import build
from commresearch.reporting.approval import decide, standing_reports
from commresearch.reporting.assemble import Look
from commresearch.reporting.build import Project, ReportTask, Settings, build_reports
from commresearch.reporting.made_report import RECORD, common_ground
from commresearch.reporting.review import FILE, read_reviews
from commresearch.terms import Format, Language
from commresearch.words import render_error

CELLS = """
from pathlib import Path
from commresearch.reporting.display import Table, paragraph, show
log = Path(counter)
log.write_text(log.read_text() + "x" if log.exists() else "x")
show([paragraph(f"value {value}"), Table(id="tbl-t", caption="c", header=["a"], rows=[[str(value)]], align="r")])
"""


class Plain:
    """A renderer that writes what it was given to say."""

    name = "plain"

    def render(self, document, formats):
        paths = [document.folder / f"{document.stem}.{f}" for f in formats]
        for path in paths:
            said = [document.title, str(document.look), str(document.is_simulated), document.review.line, document.review.more, *document.beside.values()]
            path.write_text("\n".join([*said, document.body]), encoding="utf8")
        return paths


SETTINGS = Settings(renderer=Plain(), formats=(Format.HTML,), workers=1, languages=(Language.EN,), today="2025-03-01")


@pytest.fixture
def project(tmp_path):
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    head = nbformat.v4.new_code_cell("value: int = 0\ncounter: str = ''", metadata={"tags": ["parameters"]})
    book.cells = [head, nbformat.v4.new_code_cell(CELLS)]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(book, tmp_path / "notebooks" / "n.ipynb")
    return Project(root=tmp_path, published=tmp_path, site=tmp_path / "reports" / "site")


def task(project, value=1, **more):
    parameters = {"value": value, "counter": str(project.root / "counter")}
    given = {"subject": "binhai_impact", "title": "t", "subtitle": "s", "language": Language.EN, "notebook": "n.ipynb", "facts": "f", "is_simulated": True}
    return ReportTask(**given | {"parameters": parameters} | more)


def made(project, one, settings=SETTINGS):
    result = next(iter(build_reports(project, [one], settings)))
    assert result.ok, render_failures(result)
    return result, result.outputs[0].read_text(encoding="utf8")


def render_failures(result):
    return [failure.values for failure in result.failures]


def runs(project):
    return len((project.root / "counter").read_text(encoding="utf8"))


def test_a_report_on_simulated_data_has_its_tables_beside_it_and_both_keys_in_its_record(project):
    result, page = made(project, task(project))
    folder = result.outputs[0].parent
    assert result.outputs[0].name == "binhai_impact_simulated.en.html"
    assert sorted(p.name for p in (folder / "tables").iterdir()) == ["binhai_impact_simulated.en.xlsx", "tbl-t_simulated.csv"]
    assert "tables/binhai_impact_simulated.en.xlsx" in page
    assert "Draft, not reviewed" in page
    record = json.loads((folder / RECORD).read_text(encoding="utf8"))
    assert len({record["key"], record["executed"], record["content"], record["notebook"]}) == 4
    assert set(record["outputs"]) == {"binhai_impact_simulated.en.html", "tables/binhai_impact_simulated.en.xlsx", "tables/tbl-t_simulated.csv"}


def test_nothing_changed_is_reused_and_a_look_title_or_template_runs_no_cell(project, monkeypatch):
    made(project, task(project))
    again, _ = made(project, task(project))
    assert again.reused
    result, page = made(project, task(project, look=Look.GOV))
    assert not result.reused
    assert page.splitlines()[1] == "gov"
    assert made(project, task(project, title="u"))[1].startswith("u\n")
    other = replace(common_ground(), rendering="another template")
    monkeypatch.setattr(build, "common_ground", lambda: other)
    assert not made(project, task(project, title="u"))[0].reused
    assert made(project, task(project, title="u"))[0].reused
    assert runs(project) == 1
    assert "value 2" in made(project, task(project, value=2), SETTINGS)[1]
    assert runs(project) == 2


def test_what_was_changed_by_hand_is_run_again(project):
    result, _ = made(project, task(project))
    notebook = result.outputs[0].with_suffix(".ipynb")
    notebook.write_text(notebook.read_text(encoding="utf8").replace("value 1", "value 9"), encoding="utf8")
    assert "value 1" in made(project, task(project, look=Look.GOV))[1]
    assert runs(project) == 2


def approved(project, **more):
    given = {"decision": "approve", "reviewer": "督导组", "comment": "", "today": "2025-03-08", "renderer": Plain}
    return decide(project, "binhai_impact", **given | more)


def test_a_decision_without_name_report_or_sense_changes_nothing(project):
    result, page = made(project, task(project))
    with pytest.raises(CommResearchError) as caught:
        decide(project, "binhai", decision="approve", reviewer="a", comment="", today="2025-03-08", renderer=Plain)
    assert "[CR-R33] There is no report “binhai”. There are: binhai_impact_simulated." in render_error(caught.value, Language.EN)
    (result.outputs[0].parent / "figs").mkdir()
    (result.outputs[0].parent / "figs" / "fig-x.png").write_bytes(b"drawn by somebody")
    with pytest.raises(CommResearchError) as caught:
        approved(project, decision="accept", reviewer="")
    assert [f.code for f in caught.value.failures] == ["CR-R34", "CR-R14", "CR-R32"]
    assert not (project.root / "reports" / FILE).exists()
    assert result.outputs[0].read_text(encoding="utf8") == page


def test_an_approval_is_said_without_running_and_ends_with_the_content(project):
    made(project, task(project))
    content = standing_reports(project, "binhai_impact_simulated.en")[0].record["content"]
    decided = approved(project)
    page = decided[0].outputs[0].read_text(encoding="utf8")
    assert f"Approved by 督导组, 8 March 2025 (content {content[:12]})" in page
    reviews = read_reviews(project.root / "reports" / FILE)
    assert [(one.report, one.content) for one in reviews] == [("binhai_impact_simulated.en", content)]
    settings = replace(SETTINGS, reviews=reviews)
    assert made(project, task(project), settings)[0].reused, "the next run finds what the decision left"
    assert runs(project) == 1
    assert "Approved by" in made(project, task(project, look=Look.GOV), settings)[1], "a look is no content"
    changed = made(project, task(project, value=2), settings)[1]
    assert "Draft, not reviewed" in changed
    assert f"The version that was approved is another one: content {content[:12]}" in changed
    assert "Approved by" in made(project, task(project), settings)[1], "the content that was approved is back"
    returned = approved(project, decision="return", comment="name the comparison")[0].outputs[0].read_text(encoding="utf8")
    assert "Returned for changes by 督导组" in returned
    assert "Comment of the reviewer: name the comparison" in returned


def test_a_failed_report_cannot_be_reviewed(project):
    result = next(iter(build_reports(project, [task(project, parameters={"value": 1, "counter": "/nowhere/x"})], SETTINGS)))
    assert not result.ok
    with pytest.raises(CommResearchError, match="CR-R33"):
        approved(project)

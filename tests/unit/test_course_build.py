"""Building the course: what is refused, what is made again, what a failing lesson leaves, and the commands."""

import nbformat
import pytest
from typer.testing import CliRunner

from commresearch.cli import app
from commresearch.course.build import build_lessons, plan_lessons
from commresearch.course.index_page import write_course_index
from commresearch.course.versions import FILES
from commresearch.errors import CaseError
from commresearch.reporting import site
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.terms import Language
from commresearch.words import render_error
from tests.course_case import TINY, course_project, fill


def refused(folder, numbers=()):
    with pytest.raises(CaseError) as caught:
        plan_lessons(folder, numbers)
    return render_error(caught.value, Language.EN)


def test_a_folder_without_lessons_is_refused(tmp_path):
    assert "[CR-J06]" in refused(tmp_path / "gone")
    (tmp_path / "notes.ipynb").write_text("{}", encoding="utf8")
    assert "[CR-J06]" in refused(tmp_path)


def test_lessons_that_are_not_there_are_all_named(tmp_path):
    project = course_project(tmp_path, {"06_tiny.ipynb": TINY, "02_other.ipynb": TINY})
    folder = project.root / "notebooks" / "course"
    said = refused(folder, [3, 6, 9, 3])
    assert said.count("[CR-J07]") == 2
    assert "There is no lesson 9; there are 2, 6." in said
    assert [task.number for task in plan_lessons(folder)] == [2, 6]
    assert [task.number for task in plan_lessons(folder, [6])] == [6]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A project with a good lesson, one that fails in a cell, one whose number is another's, one that is no notebook; and how they ended."""
    root = tmp_path_factory.mktemp("course")
    project = course_project(root, {"06_tiny.ipynb": TINY, "07_number.ipynb": TINY})
    folder = root / "notebooks" / "course"
    broken = nbformat.read(TINY, as_version=4)
    next(cell for cell in broken.cells if cell.id == "number").source = "cells.number()"
    nbformat.write(broken, folder / "05_broken.ipynb")
    (folder / "08_torn.ipynb").write_text("{", encoding="utf8")
    (root / "references").mkdir()
    renderer = EmbeddedRenderer(references=root / "references")
    results = {result.task.number: result for result in build_lessons(project, plan_lessons(folder), renderer)}
    return project, renderer, results


def test_a_lesson_that_fails_stops_no_other(built):
    project, _, results = built
    assert {number: result.ok for number, result in results.items()} == {5: False, 6: True, 7: False, 8: False}
    assert [path.name for path in results[6].outputs] == [f"lesson_06{end}" for end in FILES]
    assert {failure.code for failure in results[5].failures} == {"CR-R03"}
    assert {failure.code for failure in results[7].failures} == {"CR-J08"}
    assert {failure.code for failure in results[8].failures} == {"CR-R15"}
    assert sorted(path.name for path in (project.site / "course").iterdir() if path.is_dir()) == ["06"]


def test_only_what_changed_is_made_again(built):
    project, renderer, _ = built
    tasks = plan_lessons(project.root / "notebooks" / "course", [6])
    before = (project.site / "course" / "06" / "lesson_06.html").stat().st_mtime_ns
    again = list(build_lessons(project, tasks, renderer))
    assert [(result.reused, len(result.outputs)) for result in again] == [(True, len(FILES))]
    assert (project.site / "course" / "06" / "lesson_06.html").stat().st_mtime_ns == before
    (project.site / "course" / "06" / "lesson_06_slides.pptx").unlink()
    assert [result.reused for result in build_lessons(project, tasks, renderer)] == [False]
    tasks[0].notebook.write_text(tasks[0].notebook.read_text(encoding="utf8") + "\n", encoding="utf8")
    assert [result.reused for result in build_lessons(project, tasks, renderer)] == [False]


def test_the_index_lists_what_stands_there(built):
    project, _, _ = built
    page = write_course_index(project.site / "course").read_text(encoding="utf8")
    assert page.count('<li class="lesson">') == 1
    assert "能分清百分点和百分比。" in page
    assert "由书记在《分母表》上填一行。" in page
    for end in FILES:
        assert f'href="06/lesson_06{end}"' in page
    assert "://" not in page
    assert "commresearch course score" not in page, "the test before and after does not stand there"


def test_the_index_of_the_site_links_the_course_where_it_stands(built, tmp_path):
    project, _, _ = built
    for language, words in ((Language.ZH, "课程"), (Language.EN, "Course for community workers")):
        assert f'href="course/index.html" hreflang="zh-Hans">{words}' in site._course(project, language)
    assert site._course(course_project(tmp_path, {}), Language.ZH) == ""


def test_the_command_builds_one_lesson_and_tells_how_it_ended(tmp_path):
    project = course_project(tmp_path, {"06_tiny.ipynb": TINY})
    (tmp_path / "notebooks" / "course" / "07_torn.ipynb").write_text("{", encoding="utf8")
    run = CliRunner()
    wrong = run.invoke(app, ["course", "--project", str(tmp_path), "--lesson", "3", "--lang", "en"])
    assert (wrong.exit_code, "[CR-J07]" in wrong.output) == (2, True)
    made = run.invoke(app, ["course", "--project", str(tmp_path), "--lesson", "6", "--lang", "en"])
    assert made.exit_code == 0, made.output
    assert "Done: 1 of 1 lessons, 0 of them unchanged." in made.output
    both = run.invoke(app, ["course", "--project", str(tmp_path), "--lang", "en"])
    assert (both.exit_code, "[CR-R15]" in both.output) == (1, True)
    assert "Done: 1 of 2 lessons, 1 of them unchanged." in both.output
    assert (project.site / "course" / "index.html").is_file()
    workbook = fill(project.site / "course" / "06" / "lesson_06_exercise.xlsx", {"C8": "人", "D8": 12})
    checked = run.invoke(app, ["course", "check", str(workbook), "--lang", "en"])
    assert checked.exit_code == 1
    assert "row 1, 数的是什么, “人”: Not right; think again. 人只算一个。" in checked.output
    assert "0 of 2 rows are right." in checked.output
    right = fill(project.site / "course" / "06" / "lesson_06_exercise.xlsx", {"C8": "人次", "D8": 12, "C9": "人", "E9": 25})
    assert run.invoke(app, ["course", "check", str(right)]).exit_code == 0
    assert run.invoke(app, ["course", "check", str(right), "--lesson", "5"]).exit_code == 2

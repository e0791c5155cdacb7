"""Lessons for tests: a tiny one, and all of the course, built once for every test that needs them."""

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from commresearch.course.build import build_lessons, build_test, plan_lessons
from commresearch.course.index_page import write_course_index
from commresearch.course.lesson import Lesson, read_lesson
from commresearch.course.versions import stem_of
from commresearch.errors import ReportError
from commresearch.records import in_turn
from commresearch.reporting.notebooks import execute_notebook
from commresearch.reporting.project import Project
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.words import render_error
from tests.conftest import LEDGER, ROOT

TINY = ROOT / "tests" / "fixtures" / "course" / "06_tiny.ipynb"
LESSONS = sorted((ROOT / "notebooks" / "course").glob("*.ipynb"))


def course_project(root: Path, notebooks: dict[str, Path]) -> Project:
    """A project that holds these lessons only, under these names."""
    (root / "notebooks" / "course").mkdir(parents=True, exist_ok=True)
    (root / "data_raw").mkdir(exist_ok=True)
    for name, path in notebooks.items():
        shutil.copy(path, root / "notebooks" / "course" / name)
    return Project(root=root, published=LEDGER, site=root / "reports" / "site")


@pytest.fixture(scope="session")
def tiny_notebook(tmp_path_factory):
    """The tiny lesson, executed."""
    path = tmp_path_factory.mktemp("tiny") / "lesson.ipynb"
    execute_notebook(TINY, path, {})
    return path


@dataclass(frozen=True)
class BuiltCourse:
    """The whole course: its folder below the site, and what failed, by lesson."""

    folder: Path
    failures: dict[int, str]

    def lesson(self, number: int) -> Lesson:
        """One lesson, as its executed notebook holds it."""
        assert number not in self.failures, self.failures[number]
        return read_lesson(self.folder / f"{number:02d}" / f"{stem_of(number)}.ipynb")


@pytest.fixture(scope="session")
def built_course(tmp_path_factory):
    """The course, built once even where several processes test: the others find it standing."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if base.name.startswith("popen-") else base) / "course"
    root.mkdir(exist_ok=True)
    with in_turn(root, seconds=1_800):  # as long as building all of it may take
        project = course_project(root, {path.name: path for path in LESSONS})
        (root / "references").mkdir(exist_ok=True)
        renderer = EmbeddedRenderer(references=root / "references")
        results = list(build_lessons(project, plan_lessons(root / "notebooks" / "course"), renderer, workers=2))
        build_test(project, renderer)
        write_course_index(project.site / "course")
    failures = {result.task.number: render_error(ReportError(*result.failures), "en") for result in results if not result.ok}
    return BuiltCourse(folder=project.site / "course", failures=failures)


def fill(path: Path, cells: dict[str, str | float], sheet: int = 1) -> Path:
    """Write values into cells of a workbook, as somebody would who fills it in, and forget what its formulas gave before."""
    name = f"xl/worksheets/sheet{sheet}.xml"
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    text = entries[name].decode("utf8")
    for cell, value in cells.items():
        typed = f"<v>{value}</v></c>" if not isinstance(value, str) else f"<is><t>{value}</t></is></c>"
        kind = "" if not isinstance(value, str) else ' t="inlineStr"'
        text, times = re.subn(rf'<c r="{cell}"( s="\d+")?(?: t="\w+")?(?:/>|>.*?</c>)', rf'<c r="{cell}"\1{kind}>{typed}', text)
        assert times == 1, cell
    text = re.sub(r"(</f>)<v>[^<]*</v>", r"\1", text)
    filled = path.with_name(f"filled_{path.name}")
    with zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries.items():
            archive.writestr(entry, text.encode() if entry == name else data)
    return filled

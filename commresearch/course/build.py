"""Building the course: one process per lesson, only what changed; a lesson that fails leaves what stood there and stops no other."""

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from commresearch.course.forms import write_forms
from commresearch.course.versions import FILES, make_versions, stem_of
from commresearch.errors import CaseError, CommResearchError, Failure, ReportError
from commresearch.records import (
    canonical_json,
    course_hash,
    fan_out,
    in_turn,
    package_hash,
    package_versions,
    rendering_hash,
    replace_folder,
    sha256_of,
    unwritable,
    write_whole,
)
from commresearch.reporting.notebooks import declares_parameters, execute_notebook, read_parameters
from commresearch.reporting.project import Project
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.words import entries

FOLDER = "course"  #: of the notebooks below `notebooks`, and of the site
TEST = "test"  #: folder of the test before and after
RECORD = "record.json"
NAME = re.compile(r"(\d\d)_\w+\.ipynb")
LESSON_TIMEOUT = 900  #: seconds one lesson may take from notebook to files
PUBLISHED = "published"  #: the parameter of lessons that read the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonTask:
    """One lesson to be made."""

    number: int
    notebook: Path

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return f"{self.number:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonResult:
    """How a lesson ended: its files, or what failed; `reused` when nothing had changed."""

    task: LessonTask
    outputs: tuple[Path, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    reused: bool = False

    @property
    def ok(self) -> bool:
        """Whether the lesson was made."""
        return not self.failures


def plan_lessons(notebooks: Path, numbers: Sequence[int] = ()) -> list[LessonTask]:
    """Lessons whose notebooks stand in a folder, in order; those asked for where any are.

    Raises
    ------
    CaseError
        There are none (CR-J06), or some that were asked for are not there (CR-J07).
    """
    found = {int(name[1]): path for path in sorted(notebooks.glob("*.ipynb")) if (name := NAME.fullmatch(path.name))}
    if not found:
        raise CaseError(Failure(code="CR-J06", values={"folder": notebooks}))
    if unknown := [number for number in dict.fromkeys(numbers) if number not in found]:
        raise CaseError(*(Failure(code="CR-J07", values={"got": number, "known": ", ".join(map(str, found))}) for number in unknown))
    return [LessonTask(number=number, notebook=path) for number, path in found.items() if not numbers or number in numbers]


def build_lessons(
    project: Project, tasks: Sequence[LessonTask], renderer: EmbeddedRenderer, *, workers: int = 2, force: bool = False
) -> Iterator[LessonResult]:
    """Make lessons below the site and yield each as it is done.

    Parameters
    ----------
    workers
        Lessons made side by side.
    force
        Make those again, too, that were made from the same things.
    """
    ground = _ground(renderer)
    keys = {task: sha256_of(task.notebook, ground, _facts(project, task)) for task in tasks}
    new = []
    for task in tasks:
        if not force and (outputs := _standing(project, task, keys[task])):
            yield LessonResult(task=task, outputs=outputs, reused=True)
        else:
            new.append(task)
    work = partial(_build_one, project=project, renderer=renderer, keys=keys)
    for _, result in fan_out(work, new, workers=workers, timeout=LESSON_TIMEOUT, lost=_lost):
        yield result


def build_test(project: Project, renderer: EmbeddedRenderer, *, force: bool = False) -> Path:
    """Make the test before and after the course below the site, where something changed; return its folder."""
    target = project.site / FOLDER / TEST
    key = _ground(renderer)
    record = record_of(target)
    if not force and record is not None and record["key"] == key:
        return target
    work = target.with_name(f".{TEST}.{uuid4().hex[:8]}")
    try:
        made = write_forms(work, renderer)
        write_whole(work / RECORD, canonical_json({"key": key, "outputs": {path.name: sha256_of(path) for path in made}}))
        with in_turn(target.parent):
            replace_folder(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _ground(renderer: EmbeddedRenderer) -> str:
    """Hash of what all of the course is made with."""
    return sha256_of(package_hash(), rendering_hash(), course_hash(), canonical_json(package_versions()), renderer.name)


def record_of(folder: Path) -> Mapping[str, Any] | None:
    """What a lesson that stands in a folder says of itself; None where none was finished."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and "key" in record else None


def _target(project: Project, task: LessonTask) -> Path:
    return project.site / FOLDER / task.folder


def _declared(task: LessonTask) -> bool:
    """Whether a lesson reads the ledger of published claims."""
    return declares_parameters(task.notebook) and PUBLISHED in read_parameters(task.notebook)


def _facts(project: Project, task: LessonTask) -> str:
    """Hash of what a lesson reads from outside; a notebook that cannot be read fails later, when it is run."""
    try:
        return sha256_of(sorted(project.published.glob("*.csv"))) if _declared(task) else ""
    except CommResearchError:
        return ""


def _standing(project: Project, task: LessonTask, key: str) -> tuple[Path, ...]:
    """The files of a lesson that stands there whole, made from the same things; else none."""
    target = _target(project, task)
    record = record_of(target)
    outputs = tuple(target / f"{stem_of(task.number)}{end}" for end in FILES)
    return outputs if record is not None and record["key"] == key and all(path.is_file() for path in outputs) else ()


def _build_one(task: LessonTask, *, project: Project, renderer: EmbeddedRenderer, keys: Mapping[LessonTask, str]) -> LessonResult:
    started = time.monotonic()
    target = _target(project, task)
    work = target.with_name(f".{task.folder}.{uuid4().hex[:8]}")
    try:
        work.mkdir(parents=True)
        _make(task, project, renderer, work, keys[task])
        with in_turn(target.parent):
            replace_folder(work, target)
    except (CommResearchError, OSError) as problem:
        error = problem if isinstance(problem, CommResearchError) else unwritable(target, problem)
        return LessonResult(task=task, failures=error.failures, seconds=time.monotonic() - started)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return LessonResult(task=task, outputs=tuple(target / f"{stem_of(task.number)}{end}" for end in FILES), seconds=time.monotonic() - started)


def _make(task: LessonTask, project: Project, renderer: EmbeddedRenderer, work: Path, key: str) -> None:
    """Run a lesson's notebook and write its versions and record into `work`, beside what was run; figures stand inside the versions."""
    executed = work / f"{stem_of(task.number)}.ipynb"
    execute_notebook(task.notebook, executed, {PUBLISHED: str(project.published)} if _declared(task) else {})
    lesson = make_versions(executed, renderer)
    if lesson.head.number != task.number:
        raise ReportError(Failure(code="CR-J08", values={"notebook": task.notebook.name, "got": lesson.head.number, "wanted": task.number}))
    head = {"number": lesson.head.number, "title": lesson.head.title, "claim": lesson.head.claim, "next_week": lesson.head.next_week}
    outputs = {path.name: sha256_of(path) for path in sorted(work.glob(f"{stem_of(task.number)}*"))}
    write_whole(work / RECORD, canonical_json({"key": key, "notebook": task.notebook.name, "head": head, "outputs": outputs, "versions": package_versions()}))
    shutil.rmtree(work / "figs", ignore_errors=True)


def _lost(task: LessonTask, how: str) -> LessonResult:
    """What stands for a lesson whose worker died or ran out of time."""
    values = {"report": task.notebook.stem, "how": entries("errors")[f"worker_{how}"]}
    return LessonResult(task=task, failures=ReportError(Failure(code="CR-R04", values=values)).failures)

"""One report from its notebook to its files, at two levels: the executed notebook with its figures, and what is rendered from it.

A new template, look, title or decision of a reviewer renders again without running a cell; a changed notebook, input or estimate runs it again.
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commresearch.records import (
    RunRecord,
    canonical_json,
    in_turn,
    package_hash,
    package_versions,
    rendering_hash,
    replace_folder,
    sha256_of,
)
from commresearch.reporting.assemble import Document, assemble
from commresearch.reporting.effects_file import write_effects
from commresearch.reporting.marks import mark_figures
from commresearch.reporting.review import content_of, state_of
from commresearch.reporting.table_files import tables_in, write_tables
from commresearch.reporting.word_scan import grades_in, require_measured_words
from commresearch.terms import Format
from commresearch.words import say

if TYPE_CHECKING:
    from commresearch.reporting.build import ReportTask, Settings

RECORD = "record.json"
FIGURES, TABLES = "figs", "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all reports of a run stand on: hashes of the code that counts, of all that runs cells and of the code that renders, and versions of packages."""

    package: str
    executing: str
    rendering: str
    versions: Mapping[str, str]


def common_ground() -> Ground:
    """The ground as it is now."""
    package, versions = package_hash(), package_versions()
    return Ground(package=package, executing=sha256_of(package, canonical_json(versions)), rendering=rendering_hash(), versions=versions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in the folder of a report: its record, and the formats that were made from it."""

    folder: Path
    stem: str
    record: Mapping[str, Any]

    @property
    def formats(self) -> tuple[Format, ...]:
        """Formats that stand there."""
        return tuple(f for f in Format if (self.folder / f"{self.stem}.{f}").is_file())

    @property
    def is_untouched(self) -> bool:
        """Whether notebook and figures are those that the record was written for."""
        notebook = self.folder / f"{self.stem}.ipynb"
        settings = self.record["settings"]
        found = notebook.is_file() and content_of(settings["title"], settings["subtitle"], assemble(notebook), self.folder / FIGURES)
        return bool(found == self.record["content"] and sha256_of(notebook) == self.record["notebook"])


def standing_report(folder: Path, stem: str) -> Standing | None:
    """What stands in a folder; None where there is no record that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return None
    is_whole = isinstance(record, dict) and record.get("content") and "links" in record.get("settings", {})
    return Standing(folder=folder, stem=stem, record=record) if is_whole else None


def standing_outputs(task: "ReportTask", notebook: Path, settings: "Settings", ground: Ground, target: Path) -> tuple[Path, ...] | None:
    """The report's files where they stand there already, made from the same things; else None.

    Parameters
    ----------
    task, settings
        What is to be made, and how.
    notebook
        The notebook of the project that the task names.
    ground
        As `common_ground` gives it.
    target
        The report's own folder.
    """
    if settings.force or not notebook.is_file():
        return None
    executed = _executed_from(task, notebook, ground)
    before = _made_before(task, executed, target)
    if before is None or not set(settings.formats) <= set(before.formats):
        return None
    is_same = before.record["key"] == _key(task, settings, ground, executed, before.record["content"], _formats(settings, before))
    return tuple(target / f"{task.stem}.{f}" for f in settings.formats) if is_same else None


def made_report(task: "ReportTask", notebook: Path, settings: "Settings", ground: Ground, work: Path, target: Path) -> tuple[Path, ...]:
    """Make a report, from the notebook that was executed before where only its looks changed; its files.

    Parameters
    ----------
    task, notebook, settings, ground, target
        As for `standing_outputs`.
    work
        Folder of this run, which is moved to the report's own when it is whole.

    Raises
    ------
    CommResearchError
        The notebook failed, or its document cannot be rendered.
    """
    executed = _executed_from(task, notebook, ground)
    with in_turn(target.parent):  # another run may be about to replace what is taken over
        before = _made_before(task, executed, target)
        kept = before if before is not None and not settings.force and before.is_untouched else None
        if kept is not None:
            take_over(kept, work)
    if kept is None:
        seconds, inputs = _execute(task, notebook, settings, work), {p.name: sha256_of(p) for p in task.inputs}
    else:
        seconds, inputs = kept.record["seconds"]["execute"], kept.record["inputs"]
    render(task, settings, ground, work, executed=executed, formats=_formats(settings, before), seconds=seconds, inputs=inputs)
    from commresearch.reporting.disclosure_release import releasable  # loads a solver, which reports that are kept do not need

    with releasable(work / f"{task.stem}.ipynb", target.parent.parent, task.subject, task.facts, ground.package):
        swap(work, target)
    return tuple(target / f"{task.stem}.{f}" for f in settings.formats)


def _executed_from(task: "ReportTask", notebook: Path, ground: Ground) -> str:
    """Hash of what cells are run from."""
    return sha256_of(notebook, canonical_json(task.parameters), ground.executing, task.facts)


def _made_before(task: "ReportTask", executed: str, target: Path) -> Standing | None:
    """What stands there, if its cells were run from the same things."""
    found = standing_report(target, task.stem)
    return found if found is not None and found.record["executed"] == executed else None


def _formats(settings: "Settings", before: Standing | None) -> tuple[Format, ...]:
    """Formats to be made: those made earlier from the same things stay, asking for one more does not take the others away."""
    there = before.formats if before is not None else ()
    return tuple(f for f in Format if f in settings.formats or f in there)


def _key(task: "ReportTask", settings: "Settings", ground: Ground, executed: str, content: str, formats: tuple[Format, ...]) -> str:
    """Hash of what the rendered files are made from."""
    state = state_of(settings.reviews, task.stem, content, task.language)
    links = canonical_json(_links(settings, formats))
    return sha256_of(executed, content, ground.rendering, settings.renderer.name, task.title, task.subtitle, task.look, links, state.line, state.more)


def _links(settings: "Settings", formats: tuple[Format, ...]) -> dict[str, list[str]]:
    return {"formats": [f.value for f in formats], "languages": sorted(settings.languages)}


def _execute(task: "ReportTask", notebook: Path, settings: "Settings", work: Path) -> float:
    """Run the notebook; return the seconds it took."""
    from commresearch.reporting.notebooks import execute_notebook  # papermill is loaded where notebooks run

    started = time.monotonic()
    execute_notebook(notebook, work / f"{task.stem}.ipynb", task.parameters, engine=settings.engine)
    require_measured_words(work / f"{task.stem}.ipynb", grades_in(task.estimates))
    if task.is_simulated:
        mark_figures(work / FIGURES, task.language)
    if task.estimates is not None:
        write_effects(task.estimates, work, is_simulated=task.is_simulated)
    return round(time.monotonic() - started, 3)


def take_over(before: Standing, work: Path) -> None:
    """Copy what was executed: the notebook, its figures and its effects."""
    work.mkdir(parents=True)
    for path in (*before.folder.glob(f"{before.stem}.ipynb"), *before.folder.glob("effects*.json")):
        shutil.copy2(path, work)
    if (before.folder / FIGURES).is_dir():
        shutil.copytree(before.folder / FIGURES, work / FIGURES)


def render(
    task: "ReportTask", settings: "Settings", ground: Ground, work: Path, *, executed: str, formats: tuple[Format, ...], seconds: float,
    inputs: Mapping[str, str],
) -> None:
    """Render the executed notebook in `work` and write its tables and its record there; `seconds` is what executing it took, `inputs` on what.

    Raises
    ------
    ReportError
        The document cannot be rendered.
    """
    started = time.monotonic()
    notebook = work / f"{task.stem}.ipynb"
    body = assemble(notebook)
    content = content_of(task.title, task.subtitle, body, work / FIGURES)
    workbook = write_tables(tables_in(notebook), work / TABLES, task.stem, title=task.title, language=task.language, is_simulated=task.is_simulated)
    files = [("files_tables", workbook), *(("files_effects", path) for path in work.glob("effects*.json"))]
    document = Document(
        stem=task.stem, folder=work, title=task.title, subtitle=task.subtitle, language=task.language.value, body=body, formats=formats,
        languages=settings.languages, look=task.look, is_simulated=task.is_simulated,
        review=state_of(settings.reviews, task.stem, content, task.language),
        beside={say(f"reports.{what}", task.language): path.relative_to(work).as_posix() for what, path in files if path is not None},
    )
    paths = settings.renderer.render(document, formats)
    RunRecord(
        key=_key(task, settings, ground, executed, content, formats), executed=executed, content=content, notebook=sha256_of(notebook),
        made_on=settings.today, inputs=inputs,
        settings={
            "title": task.title, "subtitle": task.subtitle, "look": task.look, "is_simulated": task.is_simulated, "notebook": task.notebook,
            "parameters": task.parameters, "renderer": settings.renderer.name, "engine": settings.engine, "links": _links(settings, formats),
        },
        outputs={p.relative_to(work).as_posix(): sha256_of(p) for p in (*paths, *sorted((work / TABLES).glob("*")))}, versions=ground.versions,
        seconds={"execute": seconds, "render": round(time.monotonic() - started, 3)},
    ).write(work / RECORD)


def swap(work: Path, target: Path) -> None:
    """Move the finished folder of a report to its place; runs that make the same report do so one after the other."""
    with in_turn(target.parent):
        replace_folder(work, target)

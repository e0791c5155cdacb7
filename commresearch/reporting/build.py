"""Building reports: one process per report, only what changed, and a page of its own for one that fails."""

import contextlib
import html
import json
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.comparison import audit_claims
from commresearch.errors import CaseError, CommResearchError, Failure, ReportError
from commresearch.records import (
    RunRecord,
    Standby,
    can_fork,
    canonical_json,
    fan_out,
    package_hash,
    package_versions,
    replace_folder,
    sha256_of,
    write_whole,
)
from commresearch.reporting.assemble import Document, assemble
from commresearch.reporting.rendering import Renderer, template
from commresearch.reporting.replies import FILE as REPLIES
from commresearch.terms import Format, Kind, Language
from commresearch.words import entries, render_error, say

COMPARISON = "comparison"
REPORT_TIMEOUT = 600  #: seconds one report may take from notebook to files
RECORD = "record.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where things stand: the project folder, the ledger in it, and the folder of the built site."""

    root: Path
    published: Path
    site: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTask:
    """One report to be made: its subject (a case, `comparison`, a survey of a case) in one language.

    `facts` is the hash of what the report is made from, `inputs` the files that its record names.
    """

    subject: str
    title: str
    subtitle: str
    language: Language
    notebook: str
    parameters: Mapping[str, object]
    facts: str
    inputs: tuple[Path, ...] = ()

    @property
    def stem(self) -> str:
        """File name without extension."""
        return f"{self.subject}.{self.language}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """How a report ended: the files written, or what failed; `reused` when nothing had changed."""

    task: ReportTask
    outputs: tuple[Path, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    reused: bool = False

    @property
    def ok(self) -> bool:
        """Whether the report was made."""
        return not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How reports are built; `today` (ISO date) is written into the records, nothing else depends on it."""

    renderer: Renderer
    formats: tuple[Format, ...] = tuple(Format)
    workers: int = 2
    engine: str = "in-process"
    force: bool = False
    timeout: float = REPORT_TIMEOUT
    languages: tuple[Language, ...] = tuple(Language)
    today: str = ""


Build = Callable[[Project, Sequence[ReportTask], Settings], Iterator[ReportResult]]  #: how reports are made: here, or by a process that is ready


def plan_reports(
    project: Project, published: Published, cases: Sequence[str], languages: Sequence[Language], *, comparison: bool
) -> list[ReportTask]:
    """One task per published case and language, and the comparison where wanted.

    Raises
    ------
    CaseError
        Any case is unknown: all unknown ones together.
    """
    known = set(published.cases["case_id"])
    if unknown := [case_id for case_id in cases if case_id not in known]:
        raise CaseError(*(Failure(code="CR-C01", values={"case": case_id, "known": ", ".join(published.cases["case_id"])}) for case_id in unknown))
    subjects = [*cases, *([COMPARISON] if comparison else [])]
    return [_published_task(project, published, subject, language, audit) for language, audit in _audits(published, languages).items() for subject in subjects]


def _audits(published: Published, languages: Sequence[Language]) -> dict[Language, pd.DataFrame]:
    return {language: audit_claims(published.claims, language=language) for language in languages}


def _published_task(project: Project, published: Published, subject: str, language: Language, audit: pd.DataFrame) -> ReportTask:
    if subject == COMPARISON:
        kind, values, case = "comparison", {"n": str(len(published.cases))}, {}
    else:
        kind, values, case = "case", {"name": published.case(subject)[f"name_{language}"]}, {"case": subject}
    title, subtitle = (say(f"reports.{kind}_{part}", language, **values) for part in ("title", "subtitle"))
    replies = [path for path in (project.published / REPLIES,) if path.is_file()]
    return ReportTask(
        subject=subject, title=title, subtitle=subtitle, language=language, notebook="comparison.ipynb" if subject == COMPARISON else "case_report.ipynb",
        parameters={**case, "language": language.value, "published": str(project.published.resolve())},
        facts=sha256_of(*(frame.to_csv() for frame in _facts(published, audit, subject)), *replies), inputs=tuple(sorted(project.published.glob("*.csv"))),
    )


def make_ready(published: Path) -> Published | None:
    """What reports on surveys need and can be had before the surveys are cleaned: what is imported, and the ledger of their index."""
    _load_what_reports_need()
    return load_published(published) if published.is_dir() else None


def build_ahead(ready: Standby[Any], project: Project, tasks: Sequence[ReportTask], settings: Settings) -> Iterator[ReportResult]:
    """The same as `build_reports`, by a process that is ready for it; should it die, the rest is made from here."""
    left = list(tasks)
    while left:
        for result in ready.run(build_reports, project, tuple(left), settings):
            left.remove(result.task)
            yield result


def build_reports(project: Project, tasks: Sequence[ReportTask], settings: Settings) -> Generator[ReportResult, None, None]:
    """Make the reports and yield each as it is done; one that fails leaves a page that says so, and the others go on."""
    versions = package_versions()
    if can_fork():
        _load_what_reports_need()
    common = sha256_of(package_hash(), canonical_json(versions), settings.renderer.name)
    run = f"work-{uuid4().hex[:8]}"  # marks this run's own work folders: another run beside it has others
    work = partial(_build_one, project=project, settings=settings, common=common, versions=versions, run=run)
    try:
        for _, result in fan_out(work, tasks, workers=settings.workers, timeout=settings.timeout, lost=partial(_lost, project, run)):
            yield result
    finally:
        for left in project.site.glob(f"*/.*.{run}"):  # of workers that died or were interrupted
            shutil.rmtree(left, ignore_errors=True)


def _facts(published: Published, audit: pd.DataFrame, subject: str) -> list[pd.DataFrame]:
    """What a report is made from: all facts for the comparison; for a case its own rows and findings.

    Findings carry what other cases have a say in (medians of ratios), so a change elsewhere counts only where it shows.
    """
    frames = [published.cases, published.mechanisms, published.claims]
    if subject == COMPARISON:
        return [*frames, published.sources, audit]
    own = [frame[frame["case_id"] == subject] for frame in frames]
    source = published.sources[published.sources["source_id"].isin(own[0]["source_id"])]
    return [*own, source, audit[audit["claim_id"].isin(own[2]["claim_id"])]]


@cache
def _load_what_reports_need() -> None:
    """Import once, before workers are forked, what every report would import again; and let matplotlib find its fonts."""
    import IPython.core.interactiveshell  # noqa: F401
    import matplotlib.backends.backend_svg  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from commresearch.reporting import (  # noqa: F401
        case_numbers,
        comparison_checks,
        comparison_page,
        comparison_refusals,
        figures,
        impact_outcomes,
        impact_reading,
        impact_summary,
        notebooks,
        panel_checks,
        panel_logs,
        panel_outcomes,
        panel_retrace,
        panel_summary,
        quality_effects,
        quality_results,
        quality_summary,
        scorecard_page,
    )

    figures.claims_by_kind(dict.fromkeys(Kind, 1), Language.ZH).draw_without_rendering()


def _build_one(
    task: ReportTask, *, project: Project, settings: Settings, common: str, versions: Mapping[str, str], run: str
) -> ReportResult:
    started = time.monotonic()
    work = _work_folder(project, task, run)
    try:
        outputs, reused = _current_or_made(task, project, settings, sha256_of(common, task.facts), versions, work)
    except (CommResearchError, OSError) as problem:
        error = problem if isinstance(problem, CommResearchError) else _unwritable(project.site, problem)
        _failure_page(task, project, error, work)
        return ReportResult(task=task, failures=error.failures, seconds=time.monotonic() - started)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ReportResult(task=task, outputs=outputs, reused=reused, seconds=time.monotonic() - started)


def _work_folder(project: Project, task: ReportTask, run: str) -> Path:
    """A folder of this run alone, beside the report's own; moved to its place when whole."""
    return project.site / task.subject / f".{task.language}.{run}"


def _current_or_made(
    task: ReportTask, project: Project, settings: Settings, common: str, versions: Mapping[str, str], work: Path
) -> tuple[tuple[Path, ...], bool]:
    """The report's files, and whether they stood there already, made from the same things."""
    target = project.site / task.subject / task.language.value
    notebook = project.root / "notebooks" / task.notebook
    key = sha256_of(notebook, canonical_json(task.parameters), common, task.title, task.subtitle)
    before = _record_of(target)
    same = before.get("key") == key and not settings.force
    there = [f for f in Format if (target / f"{task.stem}.{f}").is_file()] if before.get("key") == key else []
    # Formats made earlier from the same things stay: asking for one more does not take the others away.
    formats = tuple(f for f in Format if f in settings.formats or f in there)
    page_links = {"formats": [f.value for f in formats], "languages": sorted(settings.languages)}
    if same and set(settings.formats) <= set(there) and before["settings"]["links"] == page_links:
        return tuple(target / f"{task.stem}.{f}" for f in settings.formats), True
    document, executing = _execute(task, notebook, settings, work, formats)
    started = time.monotonic()
    paths = settings.renderer.render(document, formats)
    seconds = {"execute": executing, "render": round(time.monotonic() - started, 3)}
    record = RunRecord(
        key=key, made_on=settings.today, inputs={p.name: sha256_of(p) for p in task.inputs},
        settings={"title": task.title, "parameters": task.parameters, "renderer": settings.renderer.name, "engine": settings.engine, "links": page_links},
        outputs={p.name: sha256_of(p) for p in paths}, versions=versions, seconds=seconds,
    )
    record.write(work / RECORD)
    _swap(work, target)
    return tuple(target / f"{task.stem}.{f}" for f in settings.formats), False


def _execute(
    task: ReportTask, notebook: Path, settings: Settings, work: Path, formats: tuple[Format, ...]
) -> tuple[Document, float]:
    """Run the notebook; return its document and the seconds it took."""
    from commresearch.reporting.notebooks import execute_notebook  # papermill is loaded where notebooks run

    started = time.monotonic()
    executed = work / f"{task.stem}.ipynb"
    execute_notebook(notebook, executed, task.parameters, engine=settings.engine)
    document = Document(
        stem=task.stem, folder=work, title=task.title, subtitle=task.subtitle, language=task.language.value, body=assemble(executed),
        formats=formats, languages=settings.languages,
    )
    return document, round(time.monotonic() - started, 3)


def _record_of(target: Path) -> dict[str, Any]:
    """The record of what stands there; an unreadable one counts as none."""
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and "links" in record.get("settings", {}) else {}


def _unwritable(path: Path, problem: OSError) -> ReportError:
    return ReportError(Failure(code="CR-C04", values={"path": problem.filename or path, "error": problem.strerror or problem}))


def require_writable(folder: Path) -> None:
    """Refuse a folder that reports cannot be written to, before anything is made.

    Raises
    ------
    ReportError
        The folder cannot be made or written to.
    """
    try:
        write_whole(folder / ".writable", "")
        (folder / ".writable").unlink()
    except OSError as problem:
        raise _unwritable(folder, problem) from None


def _failure_page(task: ReportTask, project: Project, error: CommResearchError, work: Path) -> None:
    """A page in the report's place that names what failed; a notebook that got part of the way stands beside it."""
    target = project.site / task.subject / task.language.value
    message = html.escape(render_error(error, task.language)).replace("\n", "<br>")
    title = html.escape(say("reports.site_failed_title", task.language, report=task.stem))
    style = template("page.css").read_text(encoding="utf8")
    page = (
        f'<!DOCTYPE html><html lang="{task.language}"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head>'
        f'<body><main id="content"><h1>{title}</h1><div class="box"><p>{message}</p></div></main></body></html>\n'
    )
    with contextlib.suppress(OSError):  # the failure itself is reported in any case
        write_whole(work / f"{task.stem}.html", page)
        _swap(work, target)


def _swap(work: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_folder(work, target)


def _lost(project: Project, run: str, task: ReportTask, how: str) -> ReportResult:
    """What stands for a report whose worker died or ran out of time."""
    error = ReportError(Failure(code="CR-R04", values={"report": task.stem, "how": entries("errors")[f"worker_{how}"]}))
    _failure_page(task, project, error, _work_folder(project, task, run))
    return ReportResult(task=task, failures=error.failures)

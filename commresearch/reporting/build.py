"""Building reports: one process per report, only what changed, and a page of its own for one that fails."""

import contextlib
import html
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.comparison.scores_file import SCORES
from commresearch.errors import CaseError, CommResearchError, Failure, ReportError
from commresearch.records import Standby, can_fork, fan_out, fan_out_on, sha256_of, write_whole
from commresearch.reporting.assemble import Look
from commresearch.reporting.made_report import Ground, common_ground, made_report, standing_outputs, swap
from commresearch.reporting.project import Project
from commresearch.reporting.rendering import Renderer, template
from commresearch.reporting.replies import FILE as REPLIES
from commresearch.reporting.review import Review
from commresearch.reporting.warm_up import warm_up
from commresearch.terms import Format, Language
from commresearch.words import entries, render_error, say

COMPARISON = "comparison"
REPORT_TIMEOUT = 600  #: seconds one report may take from notebook to files
SIMULATED = "_simulated"  #: end of a file name where the data were made by a program


def stem_of(subject: str, language: str, *, is_simulated: bool) -> str:
    """Name of a report's files without extension; that of simulated data says so, once."""
    return f"{subject.removesuffix(SIMULATED)}{SIMULATED if is_simulated or subject.endswith(SIMULATED) else ''}.{language}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTask:
    """One report to be made: its subject (a case, `comparison`, a survey of a case) in one language.

    `facts` is the hash of what the report is made from, `inputs` the files that its record names. Reports on simulated data say so in the names
    of their files. `estimates` is the estimates.json whose effects are given beside the report as JSON.
    """

    subject: str
    title: str
    subtitle: str
    language: Language
    notebook: str
    parameters: Mapping[str, object]
    facts: str
    inputs: tuple[Path, ...] = ()
    is_simulated: bool = False
    look: Look = Look.RESEARCH
    estimates: Path | None = None

    @property
    def stem(self) -> str:
        """File name without extension."""
        return stem_of(self.subject, self.language, is_simulated=self.is_simulated)


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
    """How reports are built, and the decisions of reviewers; `today` (ISO date) is written into the records, nothing else depends on it.

    `cluster` is the address of a Dask scheduler whose workers make the reports; without it, `workers` processes of this machine do.
    """

    renderer: Renderer
    formats: tuple[Format, ...] = tuple(Format)
    workers: int = 2
    engine: str = "in-process"
    force: bool = False
    timeout: float = REPORT_TIMEOUT
    languages: tuple[Language, ...] = tuple(Language)
    today: str = ""
    reviews: tuple[Review, ...] = ()
    cluster: str = ""


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
    from commresearch.comparison import audit_claims  # not wanted by reports on received data

    return {language: audit_claims(published.claims, language=language) for language in languages}


def _published_task(project: Project, published: Published, subject: str, language: Language, audit: pd.DataFrame) -> ReportTask:
    if subject == COMPARISON:
        kind, values, case = "comparison", {"n": str(len(published.cases))}, {}
    else:
        kind, values, case = "case", {"name": published.case(subject)[f"name_{language}"]}, {"case": subject}
    title, subtitle = (say(f"reports.{kind}_{part}", language, **values) for part in ("title", "subtitle"))
    replies = [path for path in (project.published / name for name in (REPLIES, SCORES)) if path.is_file()]
    return ReportTask(
        subject=subject, title=title, subtitle=subtitle, language=language, notebook="comparison.ipynb" if subject == COMPARISON else "case_report.ipynb",
        parameters={**case, "language": language.value, "published": str(project.published.resolve())},
        facts=sha256_of(*(frame.to_csv() for frame in _facts(published, audit, subject)), *replies), inputs=tuple(sorted(project.published.glob("*.csv"))),
    )


def make_ready(published: Path, notebooks: Sequence[Path]) -> Published | None:
    """What reports need and can be had before the data are cleaned: what their notebooks import, and the ledger of the site's index."""
    warm_up(notebooks)
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
    ground = common_ground()
    new: list[ReportTask] = []
    for task in tasks:  # what stands is told before anything is loaded that only new reports need
        if (outputs := standing_outputs(task, _notebook_of(task, project), settings, ground, _target_of(task, project))) is None:
            new.append(task)
        else:
            yield ReportResult(task=task, outputs=outputs, reused=True)
    if new and can_fork() and not settings.cluster:
        warm_up([_notebook_of(task, project) for task in new])
    run = f"work-{uuid4().hex[:8]}"  # marks this run's own work folders: another run beside it has others
    work = partial(_build_one, project=project, settings=settings, ground=ground, run=run)
    try:
        for _, result in _spread(work, new, settings, project, run):
            yield result
    finally:
        for left in project.site.glob(f"*/.*.{run}"):  # of workers that died or were interrupted
            shutil.rmtree(left, ignore_errors=True)


def _spread(
    work: Callable[[ReportTask], ReportResult], tasks: Sequence[ReportTask], settings: Settings, project: Project, run: str
) -> Iterator[tuple[ReportTask, ReportResult]]:
    """Every report in a process of its own: here, or on a cluster."""
    lost = partial(_lost, project, run)
    if settings.cluster:
        return fan_out_on(settings.cluster, work, tasks, timeout=settings.timeout, lost=lost, shared=project.site)
    return fan_out(work, tasks, workers=settings.workers, timeout=settings.timeout, lost=lost)


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


def _build_one(task: ReportTask, *, project: Project, settings: Settings, ground: Ground, run: str) -> ReportResult:
    started = time.monotonic()
    work = _work_folder(project, task, run)
    try:
        outputs = made_report(task, _notebook_of(task, project), settings, ground, work, _target_of(task, project))
    except (CommResearchError, OSError) as problem:
        error = problem if isinstance(problem, CommResearchError) else _unwritable(project.site, problem)
        _failure_page(task, project, error, work)
        return ReportResult(task=task, failures=error.failures, seconds=time.monotonic() - started)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ReportResult(task=task, outputs=outputs, seconds=time.monotonic() - started)


def _notebook_of(task: ReportTask, project: Project) -> Path:
    return project.root / "notebooks" / task.notebook


def _target_of(task: ReportTask, project: Project) -> Path:
    """The report's own folder."""
    return project.site / task.subject / task.language.value


def _work_folder(project: Project, task: ReportTask, run: str) -> Path:
    """A folder of this attempt alone, beside the report's own; moved to its place when whole."""
    return project.site / task.subject / f".{task.language}.{uuid4().hex[:8]}.{run}"


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
    with contextlib.suppress(OSError, CommResearchError):  # the failure itself is reported in any case
        write_whole(work / f"{task.stem}.html", page)
        swap(work, target)


def _lost(project: Project, run: str, task: ReportTask, how: str) -> ReportResult:
    """What stands for a report whose worker died or ran out of time."""
    error = ReportError(Failure(code="CR-R04", values={"report": task.stem, "how": entries("errors")[f"worker_{how}"]}))
    _failure_page(task, project, error, _work_folder(project, task, run))
    return ReportResult(task=task, failures=error.failures)

"""Deciding on reports that stand there: the decision is recorded, and the pages say so without a cell being run."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from commresearch.errors import Failure, ReportError
from commresearch.reporting.assemble import Look
from commresearch.reporting.build import ReportTask, Settings
from commresearch.reporting.made_report import RECORD, Standing, common_ground, render, standing_report, swap, take_over
from commresearch.reporting.project import Project
from commresearch.reporting.rendering import Renderer
from commresearch.reporting.review import FILE, Decision, Review, add_reviews, read_reviews
from commresearch.terms import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision on a report, and the files that say so."""

    review: Review
    outputs: tuple[Path, ...]


def standing_reports(project: Project, report: str) -> list[Standing]:
    """The reports of a name that stand in the site: `<name>.<language>` is one, `<name>` all its languages.

    Raises
    ------
    ReportError
        There is none; those that there are (CR-R33).
    """
    there = [found for path in sorted(project.site.glob(f"*/*/{RECORD}")) if (found := _standing_in(path.parent)) is not None]
    named = [one for one in there if report in {one.stem, one.stem.rpartition(".")[0], one.folder.parent.name}]
    if not named:
        known = ", ".join(dict.fromkeys(one.stem.rpartition(".")[0] for one in there))
        raise ReportError(Failure(code="CR-R33", values={"report": report, "known": known if known else "—"}))
    return named


def _standing_in(folder: Path) -> Standing | None:
    """The report in a folder, by the notebook that was executed for it."""
    notebooks = sorted(folder.glob(f"*.{folder.name}.ipynb"))
    return standing_report(folder, notebooks[0].stem) if len(notebooks) == 1 and folder.name in set(Language) else None


def decide(
    project: Project, report: str, *, decision: str, reviewer: str, comment: str, today: str, renderer: Callable[[], Renderer]
) -> list[Decided]:
    """Record what a reviewer decided of a report as it stands, and render it again.

    Parameters
    ----------
    project, report
        Where, and the name as `standing_reports` takes it.
    decision
        approve or return.
    reviewer, comment
        As given; the comment may be empty.
    today
        ISO date.
    renderer
        Called where everything is in order, before anything is recorded.

    Returns
    -------
    list of Decided
        One per language.

    Raises
    ------
    CommResearchError
        There is no such report (CR-R33), it was changed after it was made (CR-R34), the decision is no decision (CR-R14), the reviewer has no
        name (CR-R32): all of it at once. The record of reviews cannot be read (CR-R30, CR-R31) or rendering fails.
    """
    found = standing_reports(project, report)
    failures = [Failure(code="CR-R34", values={"report": one.stem}) for one in found if not one.is_untouched]
    if decision not in set(Decision):
        failures.append(Failure(code="CR-R14", values={"option": "--decision", "got": decision, "allowed": ", ".join(Decision)}))
    if not reviewer.strip():
        failures.append(Failure(code="CR-R32"))
    if failures:
        raise ReportError(*failures)
    record = project.root / "reports" / FILE
    read_reviews(record)
    settings = Settings(renderer=renderer())
    new = [
        Review(report=one.stem, content=one.record["content"], decision=Decision(decision), reviewer=reviewer, date=today, comment=comment) for one in found
    ]
    settings = replace(settings, reviews=add_reviews(record, new))
    return [Decided(review=review, outputs=_rendered_again(one, settings)) for one, review in zip(found, new, strict=True)]


def _rendered_again(one: Standing, settings: Settings) -> tuple[Path, ...]:
    """Render a report from its executed notebook, in all formats that stand there."""
    said = one.record["settings"]
    task = ReportTask(
        subject=one.folder.parent.name, title=said["title"], subtitle=said["subtitle"], language=Language(one.folder.name), notebook=said["notebook"],
        parameters=said["parameters"], facts="", is_simulated=said["is_simulated"], look=Look(said["look"]),
    )
    settings = replace(settings, today=one.record["made_on"], engine=said["engine"], languages=tuple(Language(x) for x in said["links"]["languages"]))
    formats = one.formats
    work = one.folder.parent / f".{one.folder.name}.work-{uuid4().hex[:8]}"
    try:
        take_over(one, work)
        render(
            task, settings, common_ground(), work, executed=one.record["executed"], formats=formats, seconds=one.record["seconds"]["execute"],
            inputs=one.record["inputs"],
        )
        swap(work, one.folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tuple(one.folder / f"{task.stem}.{f}" for f in formats)

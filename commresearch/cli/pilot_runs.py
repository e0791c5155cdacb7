"""All pilots whose raw files stand in the project: cleaned, counted, estimated, each in a process of its own, and only where something changed."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commresearch.cli.effects import estimated_case
from commresearch.cli.making import pseudonym_key, report_cases, require_choices
from commresearch.cli.options import DUCKDB, How
from commresearch.cli.pilots import cleaned_surveys, count_outcomes
from commresearch.cli.whole_runs import forget_stamp, keep_stamp, say_unchanged
from commresearch.errors import CommResearchError, Failure, ReportError
from commresearch.records import canonical_json, fan_out, held, package_hash, sha256_of, write_whole
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.cases import Case
    from commresearch.reporting.build import ReportTask
    from commresearch.reporting.project import Project

DEMO = "demo"
#: Fictional pilots hold nobody's identifiers, so that their pseudonyms need no secret and are the same on every machine.
DEMO_KEY = b"pseudonyms of people who do not exist"
STAMP = "_run.json"  #: what a pilot was worked through from
TIMEOUT = 1_800  #: seconds one pilot may take


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotRun:
    """A pilot that was worked through: what is to be reported on it, what was said, identifiers that were met, and what was wrong with it."""

    name: str
    tasks: tuple["ReportTask", ...] = ()
    said: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    reused: bool = False


def pilot_folders(root: Path) -> list[Path]:
    """Folders of pilots with raw files: the project's own, then the fictional ones of other names."""
    raw = root / "data_raw"
    found = [file.parent for pattern in ("*/case.toml", f"{DEMO}/*/case.toml") for file in sorted(raw.glob(pattern))]
    return list({folder.name: folder for folder in reversed(found)}.values())[::-1]


def report_everything(lang: Language, place: "Project", how: How) -> None:
    """All pilots, all published cases, the comparisons; exit code 1 where one of them failed."""
    require_choices(how)
    if say_unchanged(lang, place, how):
        return
    forget_stamp(place)
    runs = run_pilots(lang, place, how)
    tasks = [task for run in runs for task in run.tasks]
    known = {value: kind for run in runs for value, kind in run.known.items()}
    report_cases(lang, place, None, how, comparison=True, beside=tasks, known=known)
    if any(run.failures for run in runs):
        raise typer.Exit(1)
    keep_stamp(place, how)


def run_pilots(lang: Language, place: "Project", how: How) -> list[PilotRun]:
    """Work through every pilot, telling of each as it is done."""
    from commresearch.words import render_error, say

    folders = pilot_folders(place.root)
    runs = []
    work = partial(_run_one, lang=lang, place=place, how=how, program=package_hash())
    for done, (_, run) in enumerate(fan_out(work, folders, workers=how.workers, timeout=TIMEOUT, lost=_lost), 1):
        state = "failed" if run.failures else "reused" if run.reused else "done"
        typer.echo(say(f"cli.line_pilot_{state}", lang, done=done, total=len(folders), case=run.name))
        if run.said:
            typer.echo("\n".join(f"  {line}" for line in run.said.splitlines()))
        if run.failures:
            typer.echo(render_error(CommResearchError(*run.failures), lang), err=True)
        runs.append(run)
    return sorted(runs, key=lambda run: [folder.name for folder in folders].index(run.name))


def _run_one(folder: Path, *, lang: Language, place: "Project", how: How, program: str) -> PilotRun:
    from commresearch.cases import load_case

    said = io.StringIO()
    try:
        with redirect_stdout(said):
            case = load_case(folder)
            return _worked_through(case, lang, place, how, program, said)
    except CommResearchError as error:
        return PilotRun(name=folder.name, failures=error.failures, said=said.getvalue())


def _worked_through(case: "Case", lang: Language, place: "Project", how: How, program: str, said: io.StringIO) -> PilotRun:
    key = DEMO_KEY if case.folder.parent.name == DEMO else pseudonym_key(None, place.root)
    out = place.root / "reports" / "clean" / case.id
    made_from = _made_from(case, place, key, program)
    known: dict[str, str] = {}
    failures: list[Failure] = []
    with held(out):
        reused = not how.force and _stamp_of(out) == made_from
        for step in () if reused else _steps(case, lang, place, key, known):
            (out / STAMP).unlink(missing_ok=True)
            try:
                step()
            except CommResearchError as error:  # what can be reported of a pilot without estimates is reported
                failures += error.failures
        if not failures and not reused:
            write_whole(out / STAMP, canonical_json({"made_from": made_from}))
        tasks: list[ReportTask] = []
        languages = list(dict.fromkeys(how.languages))
        for plan in (partial(_planned, case, out, languages), partial(_planned_annual, case, out, languages, place.root)):
            try:
                tasks += plan()
            except CommResearchError as error:  # prose or indicators that cannot be read stop their own report alone
                failures += error.failures
        said.write("".join(f"{line}\n" for line in _doubts(case, out, lang)))
    return PilotRun(
        name=case.folder.name, tasks=tuple(tasks), said=said.getvalue(), known=known, failures=tuple(failures), reused=reused
    )


def _steps(case: "Case", lang: Language, place: "Project", key: bytes | None, known: dict[str, str]) -> Iterator[Callable[[], object]]:
    """What is done with the files of a pilot: its surveys are cleaned, its logs counted and its effects estimated."""
    if case.surveys:
        yield lambda: cleaned_surveys(lang, place, case, key, known)
    if len(case.surveys) < len(case.settings.data):
        yield lambda: estimated_case(lang, place, case, count_outcomes(lang, place, case, key, DUCKDB))


def _made_from(case: "Case", place: "Project", key: bytes | None, program: str) -> str:
    """Hash of everything that shapes what is made of a pilot: its files, what the ledger has on it, the program, and the key without telling it."""
    from commresearch.workflow.case_estimates import published_claims

    # The prose of people is no part of it: its own report holds its hash, and nothing is estimated anew for it.
    files = sorted(path for path in case.folder.rglob("*") if path.is_file() and not path.match("narrative.*.md"))
    names = canonical_json([str(path.relative_to(case.folder)) for path in files])
    return sha256_of(names, *files, canonical_json(published_claims(case, place.published)), program, sha256_of(key.hex() if key else ""))


def _stamp_of(out: Path) -> str:
    try:
        return str(json.loads((out / STAMP).read_text(encoding="utf8"))["made_from"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _planned(case: "Case", out: Path, languages: Sequence[Language]) -> "list[ReportTask]":
    """The report on a pilot, which holds those on its surveys, panels and effects; without estimates those that can be made."""
    from commresearch.cleaning.clean_files import PROVENANCE
    from commresearch.reporting.panel_reports import plan_panel_reports
    from commresearch.reporting.pilot_report_plan import plan_case_reports
    from commresearch.reporting.quality_reports import plan_quality_reports
    from commresearch.workflow.case_estimates import ESTIMATES
    from commresearch.workflow.case_panels import PANELS

    if (out / ESTIMATES).is_dir():
        return plan_case_reports(case, out, languages)
    tasks = plan_quality_reports(case.id, sorted(file.parent for file in out.glob(f"*/{PROVENANCE}")), languages)
    return tasks + (plan_panel_reports(case.id, out, languages) if any((out / PANELS).glob("*")) else [])


def _planned_annual(case: "Case", out: Path, languages: Sequence[Language], root: Path) -> "list[ReportTask]":
    """The annual reports on a pilot, of the years that its indicators are of."""
    from commresearch.reporting.annual_reports import annual_years, plan_annual_reports
    from commresearch.workflow.case_estimates import ESTIMATES
    from commresearch.workflow.kept_results import results_store

    years = annual_years(case) if (out / ESTIMATES).is_dir() else []
    return [task for year in years for task in plan_annual_reports(case, out, results_store(root), year, languages)]


def _doubts(case: "Case", out: Path, lang: Language) -> list[str]:
    """Numbers typed into the prose of people that no result holds."""
    from commresearch.reporting.pilot_report_plan import narrative_warnings
    from commresearch.workflow.case_estimates import ESTIMATES

    with suppress(CommResearchError):  # what is wrong with the prose has been said
        return narrative_warnings(case, out, lang) if (out / ESTIMATES).is_dir() else []
    return []


def _lost(folder: Path, how: str) -> PilotRun:
    from commresearch.words import entries

    return PilotRun(name=folder.name, failures=ReportError(Failure(code="CR-R04", values={"report": folder.name, "how": entries("errors")[f"worker_{how}"]})).failures)

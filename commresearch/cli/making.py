"""What the commands do alike: find the project and its cases, make reports, tell of each."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import typer

from commresearch.cli.options import KEY_VARIABLE, NEEDED, How
from commresearch.errors import CaseError, CommResearchError, Failure, ReportError
from commresearch.records import files_below
from commresearch.terms import DataKind, Language

if TYPE_CHECKING:
    import pandas as pd

    from commresearch.cases import Case
    from commresearch.cleaning.event_table import EventTable
    from commresearch.reporting.build import Build, ReportResult, ReportTask
    from commresearch.reporting.project import Project
    from commresearch.workflow import CasePanel

EXAMPLES = 5  #: places that a doubt is told with
TOLD_APART = ("month_without_rows", "ledger_without_rows", "carried_on")  #: have their own messages; is no doubt, and counted in the account

Item = TypeVar("Item")
Result = TypeVar("Result")


def project_at(root: Path, published: Path | None) -> "Project":
    """The project in a folder.

    Raises
    ------
    CaseError
        It has no notebooks or no data_raw.
    """
    from commresearch.reporting.project import Project

    missing = [name for name in NEEDED if not (root / name).is_dir()]
    if missing:
        raise CaseError(Failure(code="CR-C03", values={"folder": str(root.resolve()), "missing": ", ".join(missing)}))
    root = root.resolve()
    return Project(root=root, published=(published or root / "data_raw" / "published").resolve(), site=root / "reports" / "site")


def report_cases(
    lang: Language, project: "Project", cases: list[str] | None, how: How, *, comparison: bool, beside: "Sequence[ReportTask]" = (),
    known: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make the reports on published cases (all where none is named), those on pilots beside them, and the index.

    Reports on pilots are searched for identifiers, those that were met while their files were read (`known`) among them.
    """
    from commresearch.cases import load_published
    from commresearch.reporting.build import build_reports, plan_reports
    from commresearch.reporting.site import write_site
    from commresearch.workflow import require_clean_reports

    require_choices(how)
    published = load_published(project.published)
    wanted = list(published.cases["case_id"]) if cases is None else cases
    languages = list(dict.fromkeys(how.languages))
    tasks = plan_reports(project, published, wanted, languages, comparison=comparison)
    if comparison:
        tasks += _pilot_tasks(lang, project, languages, how.workers)
    results = make_reports(lang, project, [*tasks, *beside], how, build_reports)
    require_clean_reports(left_by(project, beside), known, clean=project.root / "reports" / "clean")
    finish(results, [write_site(project, published, how.languages[0])], lang)


def left_by(place: "Project", tasks: "Sequence[ReportTask]") -> list[Path]:
    """Every file that the reports leave, the pages of failed ones and executed notebooks among them."""
    folders = dict.fromkeys(place.site / task.subject / task.language for task in tasks)
    return sorted(path for folder in folders for path in files_below(folder) if path.suffix in {".html", ".docx", ".pdf", ".ipynb", ".json", ".csv", ".xlsx"})


def _pilot_tasks(lang: Language, project: "Project", languages: list[Language], workers: int) -> "list[ReportTask]":
    """The comparison of fictional pilots, and that of the project's own pilots where any has estimates."""
    from commresearch.reporting.pilots_reports import plan_pilot_reports
    from commresearch.workflow import own_effects, simulated_effects

    folder = project.root / "reports" / "comparison"
    with stage_bar(lang) as tell:
        made = {"simulated": simulated_effects(folder / "simulated", workers=workers, progress=tell)}
    own = own_effects(project.root / "data_raw", project.root / "reports" / "clean", folder / "own")
    if own is not None:
        made["own"] = own
    return [task for name, effects in made.items() for task in plan_pilot_reports(folder / name, effects, languages)]


def make_reports(lang: Language, project: "Project", tasks: "list[ReportTask]", how: How, build: "Build") -> "list[ReportResult]":
    """Make reports, telling of each."""
    import tempfile

    from commresearch.reporting.build import Settings, require_writable
    from commresearch.reporting.fonts import font_folder
    from commresearch.reporting.rendering import choose_renderer
    from commresearch.reporting.review import FILE, read_reviews
    from commresearch.words import render_error, say

    font_folder()
    require_writable(project.site)
    reviews = read_reviews(project.root / "reports" / FILE)
    tasks = [task if how.look is None else replace(task, look=how.look) for task in tasks]
    # Workers of a cluster see the folder of the site, and perhaps no other.
    with tempfile.TemporaryDirectory(dir=project.site if how.cluster else None, prefix=".templates-") as folder:
        chosen, problem = choose_renderer(how.renderer, Path(folder), os.environ)
        if problem:
            typer.echo(render_error(problem, lang), err=True)
        typer.echo(say("cli.start", lang, n=len(tasks), renderer=chosen.name))
        settings = Settings(
            renderer=chosen, formats=tuple(dict.fromkeys(how.formats)), workers=how.workers, engine=how.engine, force=how.force, cluster=how.cluster,
            languages=_languages_there(project, tasks), reviews=reviews, today=date.today().isoformat(),  # noqa: DTZ011 - the day where the user is
        )
        return list(_with_progress(build(project, tasks, settings), tasks, lang))


@contextmanager
def case_by_case(names: Sequence[str], lang: Language) -> "Iterator[dict[str, CommResearchError]]":
    """What is wrong with each case, to be filled in by `each_case`; told at the end, with exit code 2 where there is something."""
    from commresearch.words import render_error, say

    faults: dict[str, CommResearchError] = {}
    try:
        yield faults
    except typer.Exit:  # a report failed
        if not faults:
            raise
    finally:
        for name, error in faults.items():
            if len(set(names)) > 1:
                typer.echo(say("cli.faults_of", lang, case=name), err=True)
            typer.echo(render_error(error, lang), err=True)
    if faults:
        raise typer.Exit(2)


def each_case(items: Mapping[str, Item], step: Callable[[Item], Result], faults: dict[str, CommResearchError]) -> dict[str, Result]:
    """What a step makes of every case, by name; what is wrong with one is kept under its name, and does not stop the others."""
    results = {}
    for name, item in items.items():
        try:
            results[name] = step(item)
        except CommResearchError as error:
            faults[name] = error
    return results


def together(steps: "Iterable[Callable[[], Result]]") -> "list[Result]":
    """Results of steps that do not need one another.

    Raises
    ------
    CommResearchError
        Everything that went wrong in any of them.
    """
    results: list[Result] = []
    failures: list[Failure] = []
    for step in steps:
        try:
            results.append(step())
        except CommResearchError as error:
            failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CommResearchError(*failures)
    return results


def require_choices(how: How) -> None:
    """Refuse names that are none of the renderers and engines, before anything is done."""
    _require_choice("renderer", how.renderer, ("auto", "quarto", "embedded"))
    _require_choice("engine", how.engine, ("in-process", "kernel"))


def say_progress(what: str, lang: Language, case: str, wave: str, done: int, total: int) -> None:
    """Tell which part of a case is being worked on."""
    from commresearch.words import say

    typer.echo(say(what, lang, done=done + 1, total=total, case=case, wave=wave))


def load_cases(root: Path, names: Sequence[str], faults: dict[str, CommResearchError]) -> "dict[str, Case]":
    """The folders of cases, in data_raw or data_raw/demo, by name."""
    from commresearch.cases import load_case

    raw = root / "data_raw"
    folders = {name: demo if not (raw / name).is_dir() and (demo := raw / "demo" / name).is_dir() else raw / name for name in names}
    return each_case(folders, load_case, faults)


def say_findings(lang: Language, name: str, table: "EventTable", *, kinds: Sequence[DataKind]) -> None:
    """Tell of a log which of its tables and months have no row at all.

    Of a case with coverage its panels tell in which months a kind of log has none; what one of several logs of a kind (`kinds` has one for each) lacks
    they cannot see.
    """
    from commresearch.words import say

    is_covered = DataKind.COVERAGE in kinds and list(kinds).count(table.kind) < 2
    told = {"table_without_rows": "cli.tables_without_rows"} | ({} if is_covered else {"month_without_rows": "cli.months_without_rows"})
    for rule, n, which in table.findings[["rule", "rows", "examples"]].itertuples(index=False, name=None):
        if rule in told:
            typer.echo(say(told[rule], lang, name=name, n=n, which=which))


def say_not_folded(lang: Language, made: "CasePanel") -> None:
    """Tell of a panel of complaints in which no caller is told from another, so that repeats are not folded."""
    from commresearch.words import say

    if "repeats_not_folded" in set(made.panel.account["rule"]):
        typer.echo(say("cli.repeats_not_folded", lang))


def say_missing_months(lang: Language, made: "CasePanel") -> None:
    """Tell of a panel which months are missing or partial because a source, or one of its ledgers, has no row in them, though it is said to have been recording."""
    from commresearch.words import say

    problems = made.panel.problems
    told = {"month_without_rows": "cli.missing_months", "ledger_without_rows": "cli.months_in_part"}
    columns = ["problem", "place", "valid_from", "valid_to"]
    for problem, place, first, end in problems.loc[problems["problem"].isin(list(told)), columns].itertuples(index=False, name=None):
        last = end - timedelta(days=1)
        values = {"outcome": say(f"labels.outcome_{made.outcome}", lang), "name": place, "first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}
        typer.echo(say(told[problem], lang, **values))


def say_doubts(lang: Language, made: "CasePanel", said: set[tuple[str, str, str]]) -> None:
    """Tell of a panel what its registers leave in doubt, by kind with the first places; what another panel of the case told already (`said`) is left out."""
    from commresearch.words import has, say

    problems = made.panel.problems[["problem", "place", "unit_id"]].astype("object").fillna("").astype(str)
    rows = dict.fromkeys(zip(*(problems[name].tolist() for name in problems), strict=True))
    fresh = [row for row in rows if row not in said and row[0] not in TOLD_APART and has(f"panel.doubt_{row[0]}")]
    said.update(fresh)
    for problem in dict.fromkeys(row[0] for row in fresh):
        places = list(dict.fromkeys(place or unit for what, place, unit in fresh if what == problem))
        which = say("reports.joiner", lang).join(places[:EXAMPLES])
        typer.echo(say("cli.doubts", lang, what=say(f"panel.doubt_{problem}", lang), n=len(places), which=which))


def say_columns(lang: Language, name: str, kind: DataKind, columns: "pd.DataFrame") -> None:
    """Tell which header of a log is taken for which field, and which are not read; tables with the same headers in one line."""
    from commresearch.words import say
    from commresearch.workflow.registers import field_name

    tables: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for (file, sheet), found in columns.groupby(["file", "sheet"], sort=False):
        read = tuple(found[["header", "field"]].itertuples(index=False, name=None))
        tables.setdefault(read, []).append(f"{file} › {sheet}" if sheet else str(file))
    comma = say("reports.joiner", lang)
    for read, places in tables.items():
        named = [(header, field_name(kind, field, lang)) for header, field in read if field]
        taken = comma.join(header if header == field else say("cli.column_taken", lang, header=header, field=field) for header, field in named)
        ignored = comma.join(header for header, field in read if not field)
        place = places[0] if len(places) == 1 else say("cli.places", lang, first=places[0], n=len(places))
        typer.echo(say("cli.columns_taken", lang, name=name, place=place, taken=taken) + (say("cli.columns_ignored", lang, ignored=ignored) if ignored else ""))


def pseudonym_key(file: Path | None, root: Path) -> bytes | None:
    """The key of pseudonyms, from a file outside the project or from the environment; None without one."""
    from commresearch.cleaning.pseudonyms import parse_key, read_key

    if file is None:
        return parse_key(os.environ[KEY_VARIABLE]) if os.environ.get(KEY_VARIABLE) else None
    return read_key(file, root)


def _languages_there(project: "Project", tasks: "list[ReportTask]") -> tuple[Language, ...]:
    """Languages that every report of this run stands in, or will: a page links to no other."""
    from commresearch.reporting.build import stem_of

    made = {(t.subject, t.language) for t in tasks}
    there = {(t.subject, x) for t in tasks for x in Language if (project.site / t.subject / x / f"{stem_of(t.subject, x, is_simulated=t.is_simulated)}.html").is_file()}
    return tuple(x for x in Language if all((t.subject, x) in made | there for t in tasks))


def _require_choice(option: str, got: str, allowed: tuple[str, ...]) -> None:
    if got not in allowed:
        raise ReportError(Failure(code="CR-R14", values={"option": f"--{option}", "got": got, "allowed": ", ".join(allowed)}))


def _with_progress(results: "Iterable[ReportResult]", tasks: "list[ReportTask]", lang: Language) -> "Iterable[ReportResult]":
    """A bar on a terminal, a line per report elsewhere."""
    from commresearch.words import say

    if sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(results, total=len(tasks), desc=say("cli.making", lang), unit="", leave=False)
        for result in bar:
            bar.set_postfix_str(result.task.stem)
            yield result
        return
    for done, result in enumerate(results, 1):
        state = "reused" if result.reused else "done" if result.ok else "failed"
        typer.echo(say(f"cli.line_{state}", lang, done=done, total=len(tasks), report=result.task.stem, seconds=f"{result.seconds:.1f}"))
        yield result


def finish(results: "list[ReportResult]", pages: "list[Path]", lang: Language) -> None:
    """Tell what was made and where it stands; exit code 1 where a report failed."""
    from commresearch.words import render_error, say

    failed = [r for r in results if not r.ok]
    if failed:
        typer.echo(render_error(ReportError(*(f for r in failed for f in r.failures)), lang), err=True)
    files = sum(len(r.outputs) for r in results)
    made = len(results) - len(failed)
    typer.echo(say("cli.end", lang, made=made, total=len(results), files=files, reused=sum(r.reused for r in results)))
    for page in pages:
        typer.echo(say("cli.where", lang, path=page.resolve()))
    if failed:
        raise typer.Exit(1)


@contextmanager
def stage_bar(lang: Language) -> "Iterator[Callable[[str, int, int], None]]":
    """What shows how far the counting is, taken away at the end: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from tqdm import tqdm

    from commresearch.words import say

    with tqdm(desc=say("cli.counting", lang), unit="", leave=False) as bar:

        def show(stage: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.set_postfix_str(stage)

        yield show

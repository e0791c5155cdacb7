"""Commands over time: the annual report of a pilot, and what differs between two runs."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import case_by_case, each_case, finish, left_by, load_cases, make_reports, project_at, require_choices
from commresearch.cli.options import (
    ALL,
    BOTH,
    HERE,
    Engines,
    Force,
    Formats,
    How,
    Lang,
    Languages,
    Looks,
    ProjectFolder,
    Renderers,
    Workers,
    app,
    says_its_errors,
)
from commresearch.errors import CaseError, Failure
from commresearch.reporting.assemble import Look
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.cases import Case
    from commresearch.reporting.build import ReportTask
    from commresearch.reporting.project import Project

EARLIEST, LATEST = 1990, 2100
Some = Annotated[list[str] | None, typer.Argument(metavar="[CASE...]", help="案例编号;不写为全部估计过的案例 / case ids, all that were estimated where none is named")]


@app.command(help="年度报告:绩效自评表、同比环比累计、试点带来的变化和证据等级 / annual report: indicators, the year against the one before, effects with grades")
@says_its_errors
def annual(
    year: Annotated[int, typer.Option("--year", min=EARLIEST, max=LATEST, help="年度 / year")],
    cases: Some = None, lang: Lang = Language.ZH, project: ProjectFolder = HERE, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False, look: Looks = None,
) -> None:
    """Annual reports on the named cases, from what `estimate` left below reports/clean."""
    from commresearch.reporting.build import build_reports
    from commresearch.workflow import require_clean_reports

    place = project_at(project, None)
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    require_choices(how)
    names = cases if cases else _estimated_cases(place)
    with case_by_case(names, lang) as faults, ExitStack() as kept:
        chosen = load_cases(place.root, names, faults)
        planned = each_case(chosen, lambda case: _planned(place, case, year, how, Look.GOV if look is None else look, kept), faults)
        tasks = [task for of_case in planned.values() for task in of_case]
        if tasks:
            results = make_reports(lang, place, tasks, how, build_reports)
            require_clean_reports(left_by(place, tasks), {}, clean=place.root / "reports" / "clean")
            finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == languages[0]], lang)


def _planned(place: "Project", case: "Case", year: int, how: How, look: Look, kept: ExitStack) -> "list[ReportTask]":
    """The reports to be made on a case, which is kept for this run until they are made; numbers typed by hand that no result holds are told."""
    from commresearch.records import held
    from commresearch.reporting.annual_reports import plan_annual_reports
    from commresearch.reporting.pilot_report_plan import narrative_warnings
    from commresearch.workflow.kept_results import results_store

    out, languages = place.root / "reports" / "clean" / case.id, list(dict.fromkeys(how.languages))
    if out.is_dir():
        kept.enter_context(held(out))
    tasks = plan_annual_reports(case, out, results_store(place.root), year, languages, look=look)
    for warning in (told for language in languages for told in narrative_warnings(case, out, language)):
        typer.echo(warning)
    return tasks


def _estimated_cases(place: "Project") -> list[str]:
    """Every case with estimates.

    Raises
    ------
    CaseError
        There is none (CR-A32).
    """
    from commresearch.workflow.case_estimates import CONTENT, ESTIMATES

    folder = place.root / "reports" / "clean"
    found = sorted(path.parent.parent.name for path in folder.glob(f"*/{ESTIMATES}/{CONTENT}"))
    if not found:
        raise CaseError(Failure(code="CR-A32", values={"folder": str(folder)}))
    return found


@app.command(help="比较结果库里的两次运行:哪些估计变了、变了多少,依据有什么不同 / which estimates changed between two runs, by how much, and what lay behind it")
@says_its_errors
def diff(
    first: Annotated[str, typer.Argument(metavar="RUN1", help="前一次运行的编号或其开头 / earlier run, or how it begins")],
    second: Annotated[str, typer.Argument(metavar="RUN2", help="后一次运行的编号或其开头 / later run, or how it begins")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE,
    case: Annotated[str | None, typer.Option("--case", help="只比较这个案例 / this case only")] = None,
) -> None:
    """What two runs of the results store say otherwise, case by case."""
    from commresearch.workflow.kept_results import results_store
    from commresearch.workflow.run_difference_lines import difference_lines
    from commresearch.workflow.run_differences import compare_runs

    place = project_at(project, None)
    for found in compare_runs(results_store(place.root), first, second, case=case):
        for line in difference_lines(found, lang):
            typer.echo(line)

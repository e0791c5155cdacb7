"""Commands about published cases and about the installation."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import (
    case_by_case,
    each_case,
    load_cases,
    project_at,
    report_cases,
    say_columns,
    say_doubts,
    say_findings,
    say_missing_months,
    say_progress,
    together,
)
from commresearch.cli.options import (
    ALL,
    BOTH,
    HERE,
    SHOWN,
    Clusters,
    Engines,
    Force,
    Formats,
    How,
    Lang,
    Languages,
    Ledger,
    Looks,
    ProjectFolder,
    Renderers,
    Workers,
    app,
    says_its_errors,
)
from commresearch.errors import Failure, ReportError
from commresearch.terms import DataKind, Language

if TYPE_CHECKING:
    from commresearch.cases import Case
    from commresearch.workflow import CasePanel
    from commresearch.workflow.check import LedgerSummary


@app.command(help="检查、核对并生成全部报告 / check, audit and report all cases")
@says_its_errors
def run(
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False, look: Looks = None,
    cluster: Clusters = "",
) -> None:
    """All pilots with raw files, all published cases and the comparisons, in both languages."""
    from commresearch.cli.pilot_runs import report_everything

    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force, cluster=cluster, look=look)
    report_everything(lang, project_at(project, published), how)


@app.command(help="生成若干案例的报告:台账里的公开案例,或已清洗、已估计的试点 / report some cases: published ones, or pilots that were cleaned and estimated")
@says_its_errors
def report(
    cases: Annotated[list[str], typer.Argument(metavar="CASE...", help="案例编号 / case ids")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False, look: Looks = None,
    cluster: Clusters = "",
) -> None:
    """The named cases only."""
    from commresearch.cli.case_reports import report_named

    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force, cluster=cluster, look=look)
    report_named(lang, project_at(project, published), cases, how)


@app.command(help="生成对照报告 / report the comparison over all cases")
@says_its_errors
def compare(
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False, look: Looks = None,
) -> None:
    """The comparison only."""
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force, look=look)
    report_cases(lang, project_at(project, published), [], how, comparison=True)


@app.command(help="检查公开材料台账,或所列案例的文件 / check the published ledger, or the files of the named cases")
@says_its_errors
def check(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE...]", help="案例编号 / case ids")] = None,
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None,
    sources: Annotated[Path | None, typer.Option("--sources", help="原文所在文件夹,核对有无遗漏 / folder of the source texts, to check completeness")] = None,
) -> None:
    """Say what the ledger or the cases hold, or everything that is wrong with them."""
    from commresearch.words import say
    from commresearch.workflow import check_published

    if cases:
        with case_by_case(cases, lang) as faults:
            each_case(load_cases(project_at(project, None).root, cases, faults), partial(_check_case, lang), faults)
        return

    folder = project_at(project, published).published
    summary = check_published(folder, sources)
    typer.echo(say("cli.check_ok", lang, cases=summary.n_cases, claims=summary.n_claims, results=summary.n_results, others=summary.n_not_claims))
    for case, counts in summary.claims.iterrows():
        topics = say("reports.joiner", lang).join(f"{say(f'labels.family_{f}', lang)} {n}" for f, n in counts.items() if n)
        typer.echo(f"  {case:<10} {int(counts.sum()):>4}  {topics}")
    if summary.coverage:
        for heading, lines in (("uncovered", summary.coverage.uncovered), ("unplaced", summary.coverage.unplaced)):
            typer.echo(say(f"cli.{heading}", lang, n=summary.coverage.n_numbers, missing=len(lines)))
            for line in [*lines[:SHOWN], *(["…"] if len(lines) > SHOWN else [])]:
                typer.echo(f"  {line}")
        _say_agreement(lang, summary)
        if summary.coverage.uncovered or summary.coverage.unplaced:
            raise typer.Exit(2)
    typer.echo(say("cli.ledger", lang, path=folder))


def _say_agreement(lang: Language, summary: "LedgerSummary") -> None:
    """Say how many numbers of the ledger the parser of press texts finds in the sources, and how many of what it finds are in the ledger, by kind."""
    from commresearch.words import has, say

    if summary.parser is None:
        return
    typer.echo(say("cli.parser", lang))
    for row in summary.parser.to_dict("records"):
        key = f"claim_parser.group_{row['group']}"
        name = say(key if has(key) else f"labels.class_{row['group']}", lang)
        shares = {what: "—" if row[what] != row[what] else f"{100 * row[what]:.1f}%" for what in ("recall", "precision")}
        typer.echo(say("cli.parser_line", lang, name=name, found=row["found"], n=row["n_ledger"], read=row["n_candidates"], **shares))


def _check_case(lang: Language, case: "Case") -> None:
    """Say what the logs of a case were taken for and lack, and what the case holds, or everything that is wrong with it."""
    from commresearch.words import say
    from commresearch.workflow import check_cases, check_logs, log_columns

    kinds: list[DataKind] = []
    doubts: set[tuple[str, str, str]] = set()
    for name, kind, columns in log_columns(case):
        kinds.append(kind)
        say_columns(lang, name, kind, columns)

    def counted(made: "CasePanel") -> None:
        say_missing_months(lang, made)
        say_doubts(lang, made, doubts)

    done = partial(say_findings, lang, kinds=kinds)
    surveys, logs, *_ = together([
        partial(check_cases, [case], progress=partial(say_progress, "cli.checking", lang)), partial(check_logs, [case], done=done, counted=counted),
        *([partial(_check_plan, case)] if case.settings.analysis.plan else []),
    ])
    typer.echo(say("cli.check_case_ok", lang, case=case.id, surveys=surveys[case.id], logs=logs[case.id]))


def _check_plan(case: "Case") -> dict[str, int]:
    """Read the locked plan of a case; it counts as no file of its own."""
    from commresearch.workflow import plan_of

    plan_of(case)
    return {}


@app.command(help="检查运行环境 / check the installation")
@says_its_errors
def doctor(lang: Lang = Language.ZH, project: ProjectFolder = HERE) -> None:
    """What is installed, what is missing, what to do."""
    from commresearch.reporting.doctor import examine
    from commresearch.words import say

    findings = examine(os.environ, project, lang)
    for finding in findings:
        mark = say(f"cli.doctor_{finding.state}", lang)
        typer.echo(f"{mark}  {say(f'cli.doctor_{finding.name}', lang)}  {finding.detail}")
    broken = sum(f.state == "missing" for f in findings)
    typer.echo(say("cli.doctor_end", lang, n=broken))
    if broken:
        raise typer.Exit(2)


@app.command(help="在 JupyterLab 中打开笔记本 / open the notebooks in JupyterLab")
@says_its_errors
def lab(lang: Lang = Language.ZH, project: ProjectFolder = HERE) -> None:  # noqa: ARG001 - errors are said in it
    """Start JupyterLab in the notebooks folder."""
    import importlib.util
    import subprocess

    folder = project_at(project, None).root / "notebooks"
    if importlib.util.find_spec("jupyterlab") is None:
        raise ReportError(Failure(code="CR-R11", values={"package": "jupyterlab", "command": "commresearch lab", "install": 'pip install -e ".[lab]"'}))
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(folder)]))  # noqa: S603

"""Commands about what a pilot changes: estimating it, and planning how it will be found."""

from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import (
    case_by_case,
    each_case,
    finish,
    left_by,
    load_cases,
    make_reports,
    project_at,
    pseudonym_key,
    require_choices,
)
from commresearch.cli.options import (
    ALL,
    BOTH,
    DUCKDB,
    HERE,
    CaseIds,
    Engines,
    Force,
    Formats,
    How,
    KeyFile,
    Lang,
    Languages,
    Looks,
    On,
    ProjectFolder,
    Renderers,
    Workers,
    app,
    says_its_errors,
)
from commresearch.cli.pilots import count_outcomes
from commresearch.errors import CaseError, Failure
from commresearch.terms import Language

if TYPE_CHECKING:
    import pandas as pd

    from commresearch.cases import Case
    from commresearch.reporting.build import ReportTask
    from commresearch.reporting.project import Project
    from commresearch.workflow import CaseEstimates, CasePanel, CleanedLog
    from commresearch.workflow.case_plan import Draw
    from commresearch.workflow.plan_sizes import PlanSettings

@app.command(help="估计试点带来的变化,给出证据等级,出报告 / estimate what a pilot changed, grade the evidence, report it")
@says_its_errors
def estimate(
    cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE, key_file: KeyFile = None, languages: Languages = BOTH,
    formats: Formats = ALL, renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
    on: On = DUCKDB, look: Looks = None,
) -> None:
    """The effects on the outcomes of the named cases below reports/clean, and a report on each case."""
    from commresearch.reporting.build import build_reports
    from commresearch.workflow import require_clean_reports

    place = project_at(project, None)
    key = pseudonym_key(key_file, place.root)
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force, look=look)
    require_choices(how)
    began = datetime.now()  # noqa: DTZ005 - the time where the user is; all cases of one run have it
    with case_by_case(cases, lang) as faults, ExitStack() as kept:
        chosen = load_cases(place.root, cases, faults)
        made = each_case(chosen, lambda case: _estimated(lang, place, case, key, how, on, kept, began), faults)
        tasks = [task for planned in made.values() for task in planned]
        if tasks:
            results = make_reports(lang, place, tasks, how, build_reports)
            require_clean_reports(left_by(place, tasks), {}, clean=place.root / "reports" / "clean")
            finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == languages[0]], lang)


def _estimated(
    lang: Language, place: "Project", case: "Case", key: bytes | None, how: How, on: str, kept: ExitStack, began: datetime
) -> "list[ReportTask]":
    """The reports to be made on the estimates of a case, which is kept for this run until they are made."""
    from commresearch.records import held
    from commresearch.reporting.impact_reports import plan_impact_reports
    from commresearch.workflow import plan_of

    plan_of(case)  # a plan that was changed is told before hours of counting
    out = place.root / "reports" / "clean" / case.id
    kept.enter_context(held(out))
    estimated_case(lang, place, case, count_outcomes(lang, place, case, key, on), began)
    return plan_impact_reports(case.id, out, list(dict.fromkeys(how.languages)))


def estimated_case(
    lang: Language, place: "Project", case: "Case", counted: "tuple[list[CleanedLog], list[CasePanel]]", began: datetime | None = None,
) -> None:
    """Estimate the effects on the outcomes of a case, keep them in the results store, and hold its claims against them, telling of each.

    The run of the store has the name of the time at which it began, else of now.

    Raises
    ------
    CaseError
        The case has no panel (CR-F14); none of its outcomes can be estimated (CR-I55).
    """
    from commresearch.words import say
    from commresearch.workflow import compare_case_claims, estimate_case
    from commresearch.workflow.kept_results import keep_estimates, results_store

    out = place.root / "reports" / "clean" / case.id
    if not counted[1]:
        raise CaseError(Failure(code="CR-F14", values={"case": case.id}))
    estimates = estimate_case(case, out, published=place.published, counted=counted, progress=partial(_say_estimating, lang, case.id))
    at = datetime.now() if began is None else began  # noqa: DTZ005 - the time where the user is
    run = keep_estimates(case, estimates, counted, results_store(place.root), at=at)
    _say_estimates(lang, estimates)
    typer.echo(say("cli.kept_run", lang, run=run.run))
    compare_case_claims(case, out, counted=counted, progress=partial(_say_claim, lang, case.id))
    typer.echo(say("cli.where", lang, path=estimates.folder))
    if not estimates.estimated:
        reasons = {x.value: "\n".join(dict.fromkeys(one["refusal"][x.value] for one in estimates.outcomes)) for x in Language}
        raise CaseError(Failure(code="CR-I55", values={"case": case.id, "reasons": reasons}))


def _say_estimating(lang: Language, case: str, outcome: str, done: int, total: int) -> None:
    from commresearch.words import say

    typer.echo(say("cli.estimating", lang, done=done + 1, total=total, case=case, outcome=say(f"labels.outcome_{outcome}", lang)))


def _say_claim(lang: Language, case: str, claim: str, done: int, total: int) -> None:
    from commresearch.words import say

    typer.echo(say("cli.comparing_claim", lang, done=done + 1, total=total, case=case, claim=claim))


def _say_estimates(lang: Language, estimates: "CaseEstimates") -> None:
    """Tell of each outcome what was found, by which comparison and why, and how good the evidence is; or why nothing can be said."""
    from commresearch.words import say

    if estimates.content["fictional"]:
        typer.echo(say("cli.estimates_simulated", lang))
    if estimates.content["plan"]:
        typer.echo(say("cli.estimate_plan", lang, status=estimates.content["plan"]["status"][lang.value]))
    for one in estimates.outcomes:
        if one["estimate"] is None:
            typer.echo(say("cli.estimate_refused", lang, outcome=say(f"labels.outcome_{one['outcome']}", lang), why=one["refusal"][lang.value]))
            continue
        effect, grading = one["estimate"], one["grading"]
        typer.echo(effect["summary"][lang.value])
        typer.echo(say("cli.estimate_why", lang, why=effect["design"]["why"][lang.value]))
        typer.echo(say("cli.estimate_grade", lang, text=grading["text"][lang.value]))
        for note in one["deviations"]:
            typer.echo(say("cli.estimate_deviation", lang, text=note[lang.value]))


@app.command(help="试点前的规划:样本量、能发现多大的变化、抽签排定开始顺序、锁定分析计划 / sample size, detectable effect, order of start by lot, locked plan")
@says_its_errors
def plan(
    case: Annotated[str, typer.Argument(metavar="CASE", help="案例编号 / case id")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, key_file: KeyFile = None, on: On = DUCKDB,
    outcome: Annotated[list[str] | None, typer.Option("--outcome", help="结果指标,可重复;不写为全部 / outcome, repeatable")] = None,
    share: Annotated[float, typer.Option("--share", help="问卷:试点前的占比(%) / survey: share without the pilot")] = 50.0,
    difference: Annotated[list[float] | None, typer.Option("--difference", help="问卷:要发现的差(百分点),可重复 / survey: difference to be found, points")] = None,
    per_community: Annotated[int, typer.Option("--per-community", help="问卷:每个社区问多少人 / survey: persons per community")] = 30,
    icc: Annotated[float, typer.Option("--icc", help="问卷:社区之间的方差占比 / survey: share of variance between communities")] = 0.05,
    treated: Annotated[int | None, typer.Option("--treated", help="台账:试点单元数,推行表没写时用 / panels: units that start")] = None,
    comparison: Annotated[int | None, typer.Option("--comparison", help="台账:对照单元数 / panels: units that do not")] = None,
    after: Annotated[int, typer.Option("--after", min=1, help="台账:开始以后看几个月 / panels: months after the start")] = 12,
    draws: Annotated[int, typer.Option("--draws", min=1, help="模拟的试点个数 / simulated pilots")] = 1_000,
    draw: Annotated[int | None, typer.Option("--draw", min=1, help="抽签分成几批开始 / draw the order of start, in so many batches")] = None,
    first: Annotated[str | None, typer.Option("--first", help="抽签:第一批开始的月份,如 2026-03;不写为下个月 / month of the first batch")] = None,
    every: Annotated[int, typer.Option("--every", min=1, help="抽签:每批相隔几个月 / months between batches")] = 3,
    never: Annotated[int | None, typer.Option("--never", min=0, help="抽签:一直作对照的单元数 / units that never start")] = None,
    stratum: Annotated[list[str] | None, typer.Option("--stratum", help="抽签:按名册的哪一列分层,可重复 / column of the roster to stratify by")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="写出并锁定 plan.toml / write plan.toml, locked")] = False,
) -> None:
    """The size of a pilot, the order of its start by lot, its plan locked."""
    from commresearch.workflow.case_plan import Draw
    from commresearch.workflow.plan_sizes import DIFFERENCES, PlanSettings

    place = project_at(project, None)
    key = pseudonym_key(key_file, place.root)
    with case_by_case([case], lang) as faults:
        settings = PlanSettings(
            share=share, differences=tuple(difference) if difference else DIFFERENCES, per_community=per_community, icc=icc, treated=treated,
            comparison=comparison, after=after, draws=draws,
        )
        begin = first if first is not None else _next_month()
        lot = None if draw is None else Draw(batches=draw, first=begin, every=every, never=never)
        step = partial(_planned, lang, place, key, on, settings, outcome if outcome else [], lot, stratum if stratum else [], lock)
        each_case(load_cases(place.root, [case], faults), step, faults)


def _next_month() -> str:
    today = date.today()  # noqa: DTZ011 - the day where the user is
    return f"{today.year + today.month // 12}-{today.month % 12 + 1:02d}"


def _planned(
    lang: Language, place: "Project", key: bytes | None, on: str, settings: "PlanSettings", outcomes: list[str], lot: "Draw | None",
    strata: list[str], lock: bool, case: "Case",
) -> None:
    """Sizes first, then the lot, then the lock."""
    from dataclasses import replace

    from commresearch.records import held
    from commresearch.words import say
    from commresearch.workflow import draw_case_rollout, lock_case_plan, plan_case
    from commresearch.workflow.case_plan import chosen_panels

    with held(place.root / "reports" / "clean" / case.id):
        logs, panels = count_outcomes(lang, place, case, key, on)
        chosen = chosen_panels(panels, outcomes)
        made = plan_case(chosen, replace(settings, seed=case.settings.analysis.seed), place.root / "reports" / "plan" / case.id)
        _say_plan(lang, made.table)
        typer.echo(say("cli.where", lang, path=made.path))
        if lot is not None:
            drawn, path = draw_case_rollout(case, lot, strata=strata)
            for start, units in drawn.assign(start_month=drawn["start_month"].fillna("")).groupby("start_month", sort=True)["unit_id"]:
                said = say("cli.plan_batch", lang, start=start) if start else say("cli.plan_comparison", lang)
                typer.echo(f"  {said}{say('reports.joiner', lang).join(units)}")
            typer.echo(say("cli.plan_drawn", lang, seed=case.settings.analysis.seed, path=path))
        if lock:
            locked = lock_case_plan(case, chosen, logs, today=date.today(), after=settings.after)  # noqa: DTZ011 - the day where the user is
            typer.echo(say("cli.plan_locked", lang, status=locked.status.text(lang), path=case.path("plan.toml")))


def _say_plan(lang: Language, table: "pd.DataFrame") -> None:
    """Tell of every row of the plan what it says."""
    from commresearch.words import number, say

    for row in table.to_dict("records"):
        if row["part"] == "survey":
            values = {name: number(row[name]) for name in ("share", "difference", "persons_per_side", "communities_per_side", "per_community", "icc")}
            typer.echo(say("cli.plan_survey", lang, **values))
            continue
        name = say(f"labels.outcome_{row['outcome']}", lang)
        if isinstance(row["refusal_zh"], str):
            typer.echo(say("cli.plan_refused", lang, outcome=name, why=row[f"refusal_{lang}"]))
            continue
        values = {key: f"{row[key]:.0f}" for key in ("treated", "comparison", "months_before", "months_after")}
        found = {key: _amount(row[key], row["unit"], lang) for key in ("detectable", "detectable_simulated")}
        typer.echo(say("cli.plan_panel", lang, outcome=name, **values, **found))
        if row["detectable_percent"] == row["detectable_percent"]:  # not a NaN
            typer.echo(say("cli.plan_percent", lang, percent=f"{row['detectable_percent']:.0f}"))


def _amount(value: float, unit: str, lang: Language) -> str:
    """A change in its unit, to three digits; a dash where the simulated effects do not reach it."""
    from commresearch.words import say

    return say(f"effects.unit_{unit}", lang, n=f"{value:.3g}") if value == value else "—"

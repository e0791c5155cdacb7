"""Commands about the cases of partners: scaffold, cleaning, panels, export."""

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
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
    say_doubts,
    say_findings,
    say_missing_months,
    say_not_folded,
    say_progress,
    stage_bar,
    together,
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
    On,
    ProjectFolder,
    Renderers,
    Workers,
    app,
    says_its_errors,
)
from commresearch.errors import CaseError, Failure
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.cases import Case
    from commresearch.reporting.build import ReportTask
    from commresearch.reporting.project import Project
    from commresearch.workflow import CasePanel, CleanedLog


@app.command(help="新建案例文件夹:问卷、编码簿、知情同意书等 / scaffold of a new case")
@says_its_errors
def init(
    case: Annotated[str, typer.Argument(metavar="CASE", help="案例编号,小写字母、数字和下划线 / case id")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE,
    name_zh: Annotated[str, typer.Option("--name-zh", help="案例中文名 / name in Chinese")] = "〔案例名称〕",
    name_en: Annotated[str, typer.Option("--name-en", help="案例英文名 / name in English")] = "[name of the case]",
    level: Annotated[str, typer.Option("--level", help="city | county_level_city | county | district | community")] = "community",
    province: Annotated[str, typer.Option("--province", help="省 / province")] = "〔省〕",
    city: Annotated[str, typer.Option("--city", help="市 / city")] = "〔市〕",
    questionnaire: Annotated[bool, typer.Option("--questionnaire", help="按案例的 questionnaire.toml 重做各种问卷 / make the forms anew")] = False,
) -> None:
    """A new case folder, or the forms of its questionnaire made anew."""
    from commresearch.words import say
    from commresearch.workflow import write_questionnaire, write_scaffold

    folder = project_at(project, None).root / "data_raw" / case
    if questionnaire:
        written, done = write_questionnaire(folder), "cli.forms_done"
    else:
        place = {"name_zh": name_zh, "name_en": name_en, "level": level, "province": province, "city": city}
        written, done = write_scaffold(folder, case_id=case, language=lang.value, **place), "cli.init_done"
    typer.echo(say(done, lang, files=len(written)))
    typer.echo(say("cli.where", lang, path=folder))


@app.command(help="清洗问卷和台账,计算成果面板,生成质量报告 / clean surveys and logs of a case, count its outcomes, report their quality")
@says_its_errors
def clean(
    cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE, key_file: KeyFile = None, languages: Languages = BOTH,
    formats: Formats = ALL, renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
    on: On = DUCKDB,
) -> None:
    """Everything that partners sent of the named cases: clean tables and panels below reports/clean, a quality report each."""
    from commresearch.records import Standby
    from commresearch.reporting.build import build_ahead, make_ready
    from commresearch.reporting.site import write_site
    from commresearch.workflow import require_clean_reports

    place = project_at(project, None)
    key = pseudonym_key(key_file, place.root)
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    require_choices(how)
    known: dict[str, str] = {}
    with case_by_case(cases, lang) as faults, ExitStack() as kept:
        chosen = load_cases(place.root, cases, faults)
        _load_once(chosen.values())
        with Standby(partial(make_ready, place.published, _notebooks(place, chosen.values()))) as ready:  # loaded while surveys are cleaned
            cleaned = each_case(chosen, lambda case: _all_cleaned(lang, place, case, key, how, known, on, kept), faults)
            tasks = [task for planned in cleaned.values() for task in planned]
            if not tasks:
                return
            _sweep_reports(place, tasks)
            results = make_reports(lang, place, tasks, how, partial(build_ahead, ready))
            require_clean_reports(left_by(place, tasks), known, clean=place.root / "reports" / "clean")
            if published := ready.first():
                write_site(place, published, how.languages[0])
        finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == languages[0]], lang)


def _load_once(cases: "Iterable[Case]") -> None:
    """Load what both cleaning and reporting on surveys need, before the two part: each process would load it again."""
    if any(case.surveys for case in cases):
        import commresearch.reporting.disclosure  # assessing a survey needs the same solver
        import commresearch.workflow.case_surveys  # noqa: F401


def _notebooks(place: "Project", cases: "Iterable[Case]") -> list[Path]:
    """Notebooks of the reports that cleaning the cases ends with."""
    chosen, names = list(cases), []
    if any(case.surveys for case in chosen):
        from commresearch.reporting.quality_reports import NOTEBOOK as OF_SURVEYS

        names.append(OF_SURVEYS)
    if any(len(case.settings.data) > len(case.surveys) for case in chosen):
        from commresearch.reporting.panel_reports import NOTEBOOK as OF_PANELS

        names.append(OF_PANELS)
    return [place.root / "notebooks" / name for name in names]


def _sweep_reports(place: "Project", tasks: "list[ReportTask]") -> None:
    """Take away what runs that were killed left of these reports; their cases are kept for this run."""
    for subject in {task.subject for task in tasks}:
        for left in (place.site / subject).glob(".*.work-*"):
            shutil.rmtree(left, ignore_errors=True)


def _all_cleaned(
    lang: Language, place: "Project", case: "Case", key: bytes | None, how: How, known: dict[str, str], on: str, kept: ExitStack,
) -> "list[ReportTask]":
    """The reports to be made on surveys and panels of a case; what is wrong with either is said together.

    The case is kept for this run until its reports are made, which read what is cleaned here.
    """
    from commresearch.records import held

    if not case.settings.data:
        raise CaseError(Failure(code="CR-F10", values={"case": case.id}))
    kept.enter_context(held(place.root / "reports" / "clean" / case.id))
    surveys = [partial(_cleaned, lang, place, case, key, how, known)] if case.surveys else []
    return [task for tasks in together([*surveys, partial(_counted, lang, place, case, key, how, on)]) for task in tasks]


def _cleaned(lang: Language, place: "Project", case: "Case", key: bytes | None, how: How, known: dict[str, str]) -> "list[ReportTask]":
    """The reports to be made on the surveys of a case, now cleaned."""
    from commresearch.reporting.quality_reports import plan_quality_reports

    return plan_quality_reports(case.id, cleaned_surveys(lang, place, case, key, known), list(dict.fromkeys(how.languages)))


def cleaned_surveys(lang: Language, place: "Project", case: "Case", key: bytes | None, known: dict[str, str]) -> list[Path]:
    """Clean the surveys of a case, telling of each, and return their folders; identifiers met on the way are added to `known`."""
    from commresearch.words import say
    from commresearch.workflow import clean_case
    from commresearch.workflow.edition import keep_edition

    out = place.root / "reports" / "clean" / case.id
    surveys = clean_case(
        case, out, pseudonym_key=key, language=lang, today=date.today().isoformat(),  # noqa: DTZ011 - the day where the user is
        progress=partial(say_progress, "cli.cleaning", lang),
    )
    keep_edition(case, out)
    for survey in surveys:
        typer.echo(say("cli.cleaned", lang, wave=survey.wave, read=survey.clean.rows("rows_read"), kept=len(survey.clean.frame), lines=len(survey.clean.log)))
        if survey.is_drafted:
            typer.echo(say("cli.drafted", lang, path=survey.folder / "codebook.xlsx"))
        known |= survey.clean.known
    typer.echo(say("cli.where", lang, path=out))
    return [survey.folder for survey in surveys]


def _counted(lang: Language, place: "Project", case: "Case", key: bytes | None, how: How, on: str) -> "list[ReportTask]":
    """The reports to be made on the panels of a case, now counted; none where it has no logs."""
    if len(case.surveys) == len(case.settings.data) and not any((place.root / "reports" / "clean" / case.id).glob("_*")):
        return []  # nor is there anything of earlier logs to be taken away
    from commresearch.reporting.panel_reports import plan_panel_reports

    if not count_outcomes(lang, place, case, key, on)[1]:
        return []
    return plan_panel_reports(case.id, place.root / "reports" / "clean" / case.id, list(dict.fromkeys(how.languages)))


def count_outcomes(
    lang: Language, place: "Project", case: "Case", key: bytes | None, on: str
) -> "tuple[list[CleanedLog], list[CasePanel]]":
    """Clean the logs of a case and count its outcomes, telling of each."""
    from commresearch.words import say
    from commresearch.workflow import build_case_panels, clean_logs
    from commresearch.workflow.edition import keep_edition

    out = place.root / "reports" / "clean" / case.id
    logs = clean_logs(case, out, pseudonym_key=key, progress=partial(say_progress, "cli.cleaning_log", lang, case.id))
    for log in logs:
        account = log.table.rows
        typer.echo(say("cli.cleaned_log", lang, name=log.name, read=account("rows_read"), kept=account("rows_out"), lines=len(log.table.log)))
        say_findings(lang, log.name, log.table, kinds=[one.table.kind for one in logs])
    with stage_bar(lang) as shown:
        panels = build_case_panels(case, logs, out, engine=on, progress=shown)
    doubts: set[tuple[str, str, str]] = set()
    for made in panels:
        frame = made.panel.frame
        values = {"outcome": say(f"labels.outcome_{made.outcome}", lang), "units": frame["unit_id"].nunique(), "months": frame["month"].nunique()}
        typer.echo(say("cli.counted", lang, **values, live=int(frame["numerator"].notna().sum()), cells=len(frame)))
        say_missing_months(lang, made)
        say_doubts(lang, made, doubts)
        say_not_folded(lang, made)
    if logs:
        keep_edition(case, out)
        typer.echo(say("cli.where", lang, path=out))
    return logs, panels


@app.command(help="清洗台账并计算成果面板,不出报告 / clean the logs of a case and count its outcomes, without a report")
@says_its_errors
def panel(cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE, key_file: KeyFile = None, on: On = DUCKDB) -> None:
    """The panels of the named cases below reports/clean."""
    place = project_at(project, None)
    key = pseudonym_key(key_file, place.root)
    with case_by_case(cases, lang) as faults:
        each_case(load_cases(place.root, cases, faults), lambda case: _panels_only(lang, place, case, key, on), faults)


def _panels_only(lang: Language, place: "Project", case: "Case", key: bytes | None, on: str) -> None:
    from commresearch.records import held

    with held(place.root / "reports" / "clean" / case.id):
        if not count_outcomes(lang, place, case, key, on)[1]:
            raise CaseError(Failure(code="CR-F14", values={"case": case.id}))


@app.command(help="导出清洗后的数据、成果面板和影响估计:SPSS、Stata、CSV,复算脚本和三线表 / export clean data, panels, and estimates with scripts")
@says_its_errors
def export(
    cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE,
    out: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / folder to write to")] = None,
) -> None:
    """The clean tables and panels of the named cases as .sav, .dta and .csv; estimates as scripts that make them again, and a table."""
    from commresearch.words import say
    from commresearch.workflow import export_case

    place = project_at(project, None)
    for case in cases:
        folder = out or place.root / "reports" / "export" / case
        written = export_case(place.root / "reports" / "clean" / case, folder, case, lang)
        typer.echo(say("cli.exported", lang, files=len(written)))
        typer.echo(say("cli.where", lang, path=folder))

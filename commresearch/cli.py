"""The command line: `commresearch run | check | report | compare | init | clean | export | doctor | lab`.

Exit codes: 0 done, 1 some reports failed, 2 wrong use or bad input. Heavy modules are imported inside the commands, so
that `--help` answers at once; this is the only module that reads the environment.
"""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from commresearch.errors import CaseError, CommResearchError, Failure, ReportError
from commresearch.terms import Format, Language

if TYPE_CHECKING:
    from commresearch.cases import Case
    from commresearch.reporting.build import Build, Project, ReportResult, ReportTask

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="社区运营试点的研究与评估工具。Research and evaluation kit for community-operation pilots.",
)
SHOWN = 10  #: lines of a list that a terminal shows
NEEDED = ("notebooks", "data_raw")
KEY_VARIABLE = "COMMRESEARCH_KEY"
GARBAGE = 100_000  #: new objects between searches for cycles; the usual 700 take some six hundredths of the time of `clean`

Lang = Annotated[Language, typer.Option("--lang", help="提示语言 / language of messages")]
ProjectFolder = Annotated[Path, typer.Option("--project", help="项目文件夹 / project folder")]
Ledger = Annotated[Path | None, typer.Option("--published", help="公开材料台账文件夹 / folder of the published ledger")]
Languages = Annotated[list[Language], typer.Option("--language", help="报告语言,可重复 / language of the reports, repeatable")]
Formats = Annotated[list[Format], typer.Option("--format", help="格式,可重复 / format, repeatable")]
Renderers = Annotated[str, typer.Option("--renderer", help="auto | quarto | embedded", metavar="NAME")]
Engines = Annotated[str, typer.Option("--engine", help="in-process | kernel", metavar="NAME")]
Workers = Annotated[int, typer.Option("--workers", min=1, help="并行进程数 / parallel processes")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="化名密钥文件,须在项目文件夹之外;也可用环境变量 COMMRESEARCH_KEY / key of pseudonyms, outside the project")]
CaseIds = Annotated[list[str], typer.Argument(metavar="CASE...", help="案例编号 / case ids")]
Force = Annotated[bool, typer.Option("--force", help="全部重做 / rebuild everything")]

HERE, BOTH, ALL = Path(), list(Language), list(Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """The options that all report commands share."""

    languages: list[Language]
    formats: list[Format]
    renderer: str
    engine: str
    workers: int
    force: bool


Command = TypeVar("Command", bound=Callable[..., Any])


def says_its_errors(command: Command) -> Command:
    """Turn this package's errors into one clear message and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, lang: Language, **kwargs: Any) -> Any:
        gc.set_threshold(GARBAGE)
        atexit.register(gc.freeze)  # the search for cycles at the end would take a third of a second, and everything goes anyway
        try:
            return command(*args, lang=lang, **kwargs)
        except CommResearchError as error:
            from commresearch.words import render_error

            typer.echo(render_error(error, lang), err=True)
            raise typer.Exit(2) from None

    return wrapped  # type: ignore[return-value]


@app.command(help="检查、核对并生成全部报告 / check, audit and report all cases")
@says_its_errors
def run(
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
) -> None:
    """All cases and the comparison, in both languages."""
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    _report(lang, _project(project, published), None, how, comparison=True)


@app.command(help="生成若干案例的报告 / report some cases")
@says_its_errors
def report(
    cases: Annotated[list[str], typer.Argument(metavar="CASE...", help="案例编号 / case ids")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
) -> None:
    """The named cases only."""
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    _report(lang, _project(project, published), cases, how, comparison=False)


@app.command(help="生成对照报告 / report the comparison over all cases")
@says_its_errors
def compare(
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, languages: Languages = BOTH, formats: Formats = ALL,
    renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
) -> None:
    """The comparison only."""
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    _report(lang, _project(project, published), [], how, comparison=True)


@app.command(help="检查公开材料台账,或所列案例的文件 / check the published ledger, or the files of the named cases")
@says_its_errors
def check(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE...]", help="案例编号 / case ids")] = None,
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None,
    sources: Annotated[Path | None, typer.Option("--sources", help="原文所在文件夹,核对有无遗漏 / folder of the source texts, to check completeness")] = None,
) -> None:
    """Say what the ledger or the cases hold, or everything that is wrong with them."""
    from commresearch.words import say
    from commresearch.workflow import check_cases, check_published

    if cases:
        for pilot, surveys in check_cases(_cases(_project(project, None).root, cases), progress=partial(_say_progress, "cli.checking", lang)).items():
            typer.echo(say("cli.check_case_ok", lang, case=pilot, surveys=surveys))
        return

    folder = _project(project, published).published
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
        if summary.coverage.uncovered or summary.coverage.unplaced:
            raise typer.Exit(2)
    typer.echo(say("cli.ledger", lang, path=folder))


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

    folder = _project(project, None).root / "data_raw" / case
    if questionnaire:
        written, done = write_questionnaire(folder), "cli.forms_done"
    else:
        place = {"name_zh": name_zh, "name_en": name_en, "level": level, "province": province, "city": city}
        written, done = write_scaffold(folder, case_id=case, language=lang.value, **place), "cli.init_done"
    typer.echo(say(done, lang, files=len(written)))
    typer.echo(say("cli.where", lang, path=folder))


@app.command(help="清洗问卷并生成质量报告 / clean the surveys of a case and report their quality")
@says_its_errors
def clean(
    cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE, key_file: KeyFile = None, languages: Languages = BOTH,
    formats: Formats = ALL, renderer: Renderers = "auto", engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
) -> None:
    """Every survey of the named cases: clean tables below reports/clean, a quality report each."""
    from commresearch.records import Standby
    from commresearch.reporting.build import build_ahead, make_ready
    from commresearch.reporting.site import write_site
    from commresearch.workflow import require_clean_reports

    place = _project(project, None)
    key = _pseudonym_key(key_file, place.root)
    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    _require_choices(how)
    known: dict[str, str] = {}
    chosen = _cases(place.root, cases)
    with Standby(partial(make_ready, place.published)) as ready:  # what reports need is loaded while surveys are cleaned
        tasks = [task for case in chosen for task in _cleaned(lang, place, case, key, how, known)]
        results = _build(lang, place, tasks, how, partial(build_ahead, ready))
        require_clean_reports([path for r in results for path in r.outputs], known)
        if published := ready.first():
            write_site(place, published, how.languages[0])
    _finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == languages[0]], lang)


def _cleaned(lang: Language, place: "Project", case: "Case", key: bytes | None, how: How, known: dict[str, str]) -> "list[ReportTask]":
    """The reports to be made on the surveys of a case, now cleaned; identifiers met on the way are added to `known`."""
    from commresearch.reporting.quality_reports import plan_quality_reports
    from commresearch.words import say
    from commresearch.workflow import clean_case

    out = place.root / "reports" / "clean" / case.id
    surveys = clean_case(
        case, out, pseudonym_key=key, language=lang, today=date.today().isoformat(),  # noqa: DTZ011 - the day where the user is
        progress=partial(_say_progress, "cli.cleaning", lang),
    )
    for survey in surveys:
        typer.echo(say("cli.cleaned", lang, wave=survey.wave, read=survey.clean.rows("rows_read"), kept=len(survey.clean.frame), lines=len(survey.clean.log)))
        if survey.is_drafted:
            typer.echo(say("cli.drafted", lang, path=survey.folder / "codebook.xlsx"))
        known |= survey.clean.known
    typer.echo(say("cli.where", lang, path=out))
    return plan_quality_reports(case.id, surveys, list(dict.fromkeys(how.languages)))


@app.command(help="导出清洗后的数据:SPSS、Stata、CSV / export clean data")
@says_its_errors
def export(
    cases: CaseIds, lang: Lang = Language.ZH, project: ProjectFolder = HERE,
    out: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / folder to write to")] = None,
) -> None:
    """The clean tables of the named cases as .sav, .dta and .csv."""
    from commresearch.words import say
    from commresearch.workflow import export_case

    place = _project(project, None)
    for case in cases:
        folder = out or place.root / "reports" / "export" / case
        written = export_case(place.root / "reports" / "clean" / case, folder, case, lang)
        typer.echo(say("cli.exported", lang, files=len(written)))
        typer.echo(say("cli.where", lang, path=folder))


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

    folder = _project(project, None).root / "notebooks"
    if importlib.util.find_spec("jupyterlab") is None:
        raise ReportError(Failure(code="CR-R11", values={"package": "jupyterlab", "command": "commresearch lab", "install": 'pip install -e ".[lab]"'}))
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(folder)]))  # noqa: S603


def _project(root: Path, published: Path | None) -> "Project":
    from commresearch.reporting.build import Project

    missing = [name for name in NEEDED if not (root / name).is_dir()]
    if missing:
        raise CaseError(Failure(code="CR-C03", values={"folder": str(root.resolve()), "missing": ", ".join(missing)}))
    root = root.resolve()
    return Project(root=root, published=(published or root / "data_raw" / "published").resolve(), site=root / "reports" / "site")


def _report(lang: Language, project: "Project", cases: list[str] | None, how: How, *, comparison: bool) -> None:
    from commresearch.cases import load_published
    from commresearch.reporting.build import build_reports, plan_reports
    from commresearch.reporting.site import write_site

    _require_choices(how)
    published = load_published(project.published)
    wanted = list(published.cases["case_id"]) if cases is None else cases
    tasks = plan_reports(project, published, wanted, list(dict.fromkeys(how.languages)), comparison=comparison)
    results = _build(lang, project, tasks, how, build_reports)
    _finish(results, [write_site(project, published, how.languages[0])], lang)


def _build(lang: Language, project: "Project", tasks: "list[ReportTask]", how: How, build: "Build") -> "list[ReportResult]":
    """Make reports, telling of each."""
    import tempfile

    from commresearch.reporting.build import Settings, require_writable
    from commresearch.reporting.fonts import font_folder
    from commresearch.reporting.rendering import choose_renderer
    from commresearch.words import render_error, say

    font_folder()
    require_writable(project.site)
    with tempfile.TemporaryDirectory() as folder:
        chosen, problem = choose_renderer(how.renderer, Path(folder), os.environ)
        if problem:
            typer.echo(render_error(problem, lang), err=True)
        typer.echo(say("cli.start", lang, n=len(tasks), renderer=chosen.name))
        settings = Settings(
            renderer=chosen, formats=tuple(dict.fromkeys(how.formats)), workers=how.workers, engine=how.engine, force=how.force,
            languages=_languages_there(project, tasks), today=date.today().isoformat(),  # noqa: DTZ011 - the day where the user is
        )
        return list(_with_progress(build(project, tasks, settings), tasks, lang))


def _require_choices(how: How) -> None:
    _require_choice("renderer", how.renderer, ("auto", "quarto", "embedded"))
    _require_choice("engine", how.engine, ("in-process", "kernel"))


def _say_progress(what: str, lang: Language, case: str, wave: str, done: int, total: int) -> None:
    from commresearch.words import say

    typer.echo(say(what, lang, done=done + 1, total=total, case=case, wave=wave))


def _cases(root: Path, names: list[str]) -> "list[Case]":
    """The folders of cases, in data_raw or data_raw/demo; what is wrong with any of them is said together."""
    from commresearch.cases import load_case

    cases: list[Case] = []
    failures: list[Failure] = []
    for name in dict.fromkeys(names):
        demo = root / "data_raw" / "demo" / name
        try:
            cases.append(load_case(demo if demo.is_dir() else root / "data_raw" / name))
        except CommResearchError as error:
            failures += error.failures
    if failures:
        raise CommResearchError(*failures)
    return cases


def _pseudonym_key(file: Path | None, root: Path) -> bytes | None:
    """The key of pseudonyms, from a file outside the project or from the environment; None without one."""
    from commresearch.cleaning.pseudonyms import parse_key, read_key

    if file is None:
        return parse_key(os.environ[KEY_VARIABLE]) if os.environ.get(KEY_VARIABLE) else None
    return read_key(file, root)


def _languages_there(project: "Project", tasks: "list[ReportTask]") -> tuple[Language, ...]:
    """Languages that every report of this run stands in, or will: a page links to no other."""
    made = {(t.subject, t.language) for t in tasks}
    there = {(t.subject, x) for t in tasks for x in Language if (project.site / t.subject / x / f"{t.subject}.{x}.html").is_file()}
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


def _finish(results: "list[ReportResult]", pages: "list[Path]", lang: Language) -> None:
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


if __name__ == "__main__":
    app()

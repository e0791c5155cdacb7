"""The command that audits a file of one's own: a press text, or a table of claims."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import finish, make_reports, project_at, require_choices
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
    ProjectFolder,
    Renderers,
    Workers,
    app,
    says_its_errors,
)
from commresearch.terms import Language, Verdict

if TYPE_CHECKING:
    from commresearch.workflow.audit_file import FileAudit


@app.command(help="核对公开数字:新闻稿先提取数字供人确认,数字表逐项核对并出报告 / audit published figures: read a press text, or check a table of claims and report it")
@says_its_errors
def audit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".txt .md .docx:新闻稿;.csv .xlsx .xls:数字表 / a press text, or a table of claims")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, languages: Languages = BOTH, formats: Formats = ALL, renderer: Renderers = "auto",
    engine: Engines = "in-process", workers: Workers = 2, force: Force = False,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表 / sheet of a workbook")] = None,
    responses: Annotated[Path | None, typer.Option("--responses", help="发布单位的答复 responses.csv / questions to issuers and their replies")] = None,
) -> None:
    """Candidates of a text below reports/audit, or the audit of a table there and a report on it."""
    from commresearch.words import say
    from commresearch.workflow.audit_file import audit_file, is_press_text, read_text

    place = project_at(project, None)
    out = place.root / "reports" / "audit"
    if is_press_text(file):
        read = read_text(file, out, language=lang)
        typer.echo(say("audit.cli_text", lang, file=file.name, n=read.n_candidates, others=read.n_others, path=read.path))
        if read.n_unnamed:
            typer.echo(say("claim_parser.how_fill", lang, n=read.n_unnamed))
        return
    from commresearch.reporting.audit_reports import plan_audit_reports
    from commresearch.reporting.build import build_reports

    how = How(languages=languages, formats=formats, renderer=renderer, engine=engine, workers=workers, force=force)
    require_choices(how)
    made = audit_file(file, out, sheet=sheet, responses=responses)
    _say_found(lang, file, made)
    tasks = plan_audit_reports(made.folder, list(dict.fromkeys(languages)))
    results = make_reports(lang, place, tasks, how, build_reports)
    finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == languages[0]], lang)


def _say_found(lang: Language, file: Path, made: "FileAudit") -> None:
    from commresearch.words import say

    counts = made.findings[lang]["verdict"].value_counts()
    consistent, verify, differ = (int(counts.get(v.value, 0)) for v in (Verdict.CONSISTENT, Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN))
    typer.echo(say("audit.cli_found", lang, file=file.name, n=len(made.claims), consistent=consistent, verify=verify, differ=differ))
    if made.left_out[lang]:
        typer.echo(made.left_out[lang])

"""The command by which a reviewer approves a report, or returns it."""

import os
import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import project_at
from commresearch.cli.options import HERE, Lang, ProjectFolder, Renderers, app, says_its_errors
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.reporting.rendering import Renderer


@app.command(help="审核报告:登记审核人和结论,报告上的审核状态随之更新 / approve a report or return it; recorded, and said on every page")
@says_its_errors
def approve(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="报告名,如 binhai_impact(各语种)或 binhai_impact.zh / report, in all its languages or in one")],
    reviewer: Annotated[str, typer.Option("--reviewer", help="审核人姓名或岗位 / name or post of the reviewer")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE,
    decision: Annotated[str, typer.Option("--decision", help="approve 通过 | return 退回修改", metavar="NAME")] = "approve",
    comment: Annotated[str, typer.Option("--comment", help="审核意见 / comment")] = "",
    renderer: Renderers = "auto",
) -> None:
    """A decision on the content that stands there now; its files are made again and no cell is run."""
    from commresearch.reporting.approval import decide
    from commresearch.reporting.review import FILE, SHOWN
    from commresearch.words import say

    place = project_at(project, None)
    today = date.today().isoformat()  # noqa: DTZ011 - the day where the user is
    with tempfile.TemporaryDirectory() as folder:
        choose = partial(_renderer, renderer, Path(folder), lang)
        decided = decide(place, report, decision=decision, reviewer=reviewer, comment=comment, today=today, renderer=choose)
    for one in decided:
        values = {"report": one.review.report, "reviewer": one.review.reviewer, "content": one.review.content[:SHOWN]}
        typer.echo(say("review.cli_done", lang, decision=say(f"review.cli_{one.review.decision}", lang), **values))
        for path in one.outputs:
            typer.echo(f"  {path}")
    typer.echo(say("review.cli_where", lang, path=place.root / "reports" / FILE))


def _renderer(wish: str, folder: Path, lang: Language) -> "Renderer":
    """The renderer that was asked for, telling why it is another one."""
    from commresearch.reporting.rendering import choose_renderer
    from commresearch.words import render_error

    chosen, problem = choose_renderer(wish, folder, os.environ)
    if problem:
        typer.echo(render_error(problem, lang), err=True)
    return chosen

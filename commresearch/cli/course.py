"""The commands about the course: building it, and checking what a learner filled in."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import project_at
from commresearch.cli.options import HERE, Force, Lang, Ledger, ProjectFolder, Workers, app, says_its_errors
from commresearch.errors import ReportError
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.course.build import LessonResult, LessonTask

course_app = typer.Typer(
    invoke_without_command=True, rich_markup_mode=None,
    help="生成课程:网页、教师用、作业纸、幻灯片、练习表 / build the course: pages, teacher's versions, worksheets, slides, workbooks",
)
app.add_typer(course_app, name="course")

Lessons = Annotated[list[int] | None, typer.Option("--lesson", min=1, help="第几课,可重复;不写为全部 / lesson, repeatable; all where none is named")]


@course_app.callback()
@says_its_errors
def build(
    context: typer.Context, lessons: Lessons = None, lang: Lang = Language.ZH, project: ProjectFolder = HERE, published: Ledger = None, workers: Workers = 2,
    force: Force = False,
) -> None:
    """Every lesson below reports/site/course, and its index; exit code 1 where a lesson failed."""
    if context.invoked_subcommand is not None:
        return
    import tempfile

    from commresearch.course.build import FOLDER, build_lessons, build_test, plan_lessons
    from commresearch.course.index_page import write_course_index
    from commresearch.reporting.build import require_writable
    from commresearch.reporting.fonts import font_folder
    from commresearch.reporting.rendering import EmbeddedRenderer
    from commresearch.words import render_error, say

    place = project_at(project, published)
    tasks = plan_lessons(place.root / "notebooks" / FOLDER, lessons or ())
    font_folder()
    require_writable(place.site / FOLDER)
    typer.echo(say("course.command_start", lang, n=len(tasks)))
    with tempfile.TemporaryDirectory() as folder:
        renderer = EmbeddedRenderer(references=Path(folder))
        results = list(_told(build_lessons(place, tasks, renderer, workers=workers, force=force), tasks, lang))
        build_test(place, renderer, force=force)
    index = write_course_index(place.site / FOLDER)
    failed = [result for result in results if not result.ok]
    if failed:
        typer.echo(render_error(ReportError(*(f for result in failed for f in result.failures)), lang), err=True)
    typer.echo(say("course.command_end", lang, made=len(results) - len(failed), total=len(results), reused=sum(result.reused for result in results)))
    typer.echo(say("cli.where", lang, path=index.resolve()))
    if failed:
        raise typer.Exit(1)


def _told(results: "Iterable[LessonResult]", tasks: "list[LessonTask]", lang: Language) -> "Iterable[LessonResult]":
    """A bar on a terminal, a line per lesson elsewhere."""
    from commresearch.words import say

    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(results, total=len(tasks), desc=say("cli.making", lang), unit="", leave=False)
        return
    for done, result in enumerate(results, 1):
        state = "reused" if result.reused else "done" if result.ok else "failed"
        typer.echo(say(f"cli.line_{state}", lang, done=done, total=len(tasks), report=result.task.notebook.stem, seconds=f"{result.seconds:.1f}"))
        yield result


@course_app.command("check", help="检查填好的练习表,逐行说明对错和原因 / check a filled workbook: what is right, what is wrong, and why")
@says_its_errors
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="填好的练习表 .xlsx / the workbook of a lesson, filled in")],
    lang: Lang = Language.ZH, lesson: Annotated[int | None, typer.Option("--lesson", min=1, help="应是第几课的 / the lesson that it should be of")] = None,
) -> None:
    """One line per cell; exit code 1 where something is to be thought about again, 2 where the file cannot be checked."""
    from commresearch.course.workbook_check import check_filled, read_filled
    from commresearch.words import say

    filled = read_filled(file, lesson)
    said = check_filled(filled)
    typer.echo(say("course.command_checked", lang, lesson=filled.lesson, title=filled.sheet.title))
    for one in said:
        where = say("course.command_cell" if one.column else "course.command_row", lang, row=one.row, column=one.column, given=one.given or "—")
        typer.echo(f"{where}{one.sentence(lang)}")
    wrong = {one.row for one in said if not one.right}
    typer.echo(say("course.command_result", lang, right=len(filled.rows) - len(wrong), total=len(filled.rows)))
    if wrong:
        raise typer.Exit(1)

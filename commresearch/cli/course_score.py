"""The command that scores the test before and after a course."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.course import course_app
from commresearch.cli.making import project_at
from commresearch.cli.options import ALL, HERE, Formats, Lang, Languages, ProjectFolder, says_its_errors
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.course.scoring import CourseScore

CHINESE = [Language.ZH]


@course_app.command("score", help="课前课后测验:读取答题记录表,前后配对,出一页结果 / score the tests before and after the course and write a page with the result")
@says_its_errors
def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="填好的答题记录表 .xlsx .xls .csv / the answer sheet, filled in")],
    lang: Lang = Language.ZH, project: ProjectFolder = HERE, languages: Languages = CHINESE, formats: Formats = ALL,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表 / sheet of a workbook")] = None,
) -> None:
    """One page per language below reports/site/<file>_course; nothing of single persons is written."""
    import tempfile

    from commresearch.course.score_file import read_answer_sheet
    from commresearch.course.score_page import write_score
    from commresearch.course.scoring import score_course
    from commresearch.reporting.build import require_writable
    from commresearch.reporting.fonts import font_folder
    from commresearch.reporting.rendering import EmbeddedRenderer
    from commresearch.words import say

    place = project_at(project, None)
    scored = score_course(read_answer_sheet(file, sheet=sheet))
    font_folder()
    require_writable(place.site)
    stem = f"{file.stem}_course"
    with tempfile.TemporaryDirectory() as folder:
        pages = write_score(
            scored, place.site / stem, stem=stem, file=file.name, languages=list(dict.fromkeys(languages)), formats=list(dict.fromkeys(formats)),
            renderer=EmbeddedRenderer(references=Path(folder)),
        )
    _say_result(lang, scored)
    for path in pages:
        typer.echo(say("course_score.cli_where", lang, path=path.resolve()))


def _say_result(lang: Language, scored: "CourseScore") -> None:
    from commresearch.words import say
    from commresearch.words.precision import fixed, signed

    change = scored.main
    values = {"n": scored.n, "before": fixed(scored.before, 1), "after": fixed(scored.after, 1), "level": fixed(100 * change.conf_level, 0)}
    if math.isnan(change.conf_low):
        typer.echo(say("course_score.cli_alike", lang, **values))
        return
    interval = say("course_score.score_to", lang, low=signed(change.conf_low, 1), high=signed(change.conf_high, 1))
    typer.echo(say("course_score.cli_done", lang, **values, interval=interval))

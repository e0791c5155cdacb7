"""The command that writes the fictional pilots."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from commresearch.cli.making import project_at
from commresearch.cli.options import HERE, Lang, ProjectFolder, app, says_its_errors
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.simulate.demo_pilots import DemoPilot

KILOBYTE = 1024

DemoIds = Annotated[list[str] | None, typer.Argument(metavar="[CASE...]", help="虚构试点编号;不写为全部 / ids of fictional pilots, all where none is named")]


@app.command(help="在 data_raw/demo 写出虚构试点,真值另存 / write the fictional pilots into data_raw/demo, their truth apart")
@says_its_errors
def demo(cases: DemoIds = None, lang: Lang = Language.ZH, project: ProjectFolder = HERE) -> None:
    """Six pilots of places that do not exist, each with another way of having come about."""
    from commresearch.simulate.demo import write_demo
    from commresearch.words import say

    root = project_at(project, None).root
    made = write_demo(root / "data_raw" / "demo", cases if cases is not None else (), progress=partial(_say_next, lang))
    for one in made:
        design = say(f"demo.design_{one.pilot.design}", lang)
        values = {"case": one.pilot.case_id, "design": design, "files": len(one.files), "size": round(one.size / KILOBYTE), "truth": one.truth.relative_to(root)}
        typer.echo(say("demo.written", lang, **values))
    size = sum(one.size + one.truth.stat().st_size for one in made) / KILOBYTE**2
    typer.echo(say("demo.end", lang, n=len(made), size=f"{size:.1f}", cases=" ".join(one.pilot.case_id for one in made)))


def _say_next(lang: Language, pilot: "DemoPilot", done: int, total: int) -> None:
    from commresearch.words import say

    name = pilot.spec.names.place if lang is Language.ZH else pilot.spec.names.place_en
    typer.echo(say("demo.writing", lang, done=done + 1, total=total, case=pilot.case_id, name=name))

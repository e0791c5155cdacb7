"""The options that commands share, and how every command says what went wrong."""

import atexit
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from commresearch.errors import CommResearchError
from commresearch.reporting.assemble import Look
from commresearch.terms import Format, Language

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
Clusters = Annotated[str, typer.Option("--cluster", help="由 Dask 集群生成报告,写调度器地址,如 tcp://主机:8786 / reports are made by a Dask cluster: address of its scheduler", metavar="ADDRESS")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="化名密钥文件,须在项目文件夹之外;也可用环境变量 COMMRESEARCH_KEY / key of pseudonyms, outside the project")]
CaseIds = Annotated[list[str], typer.Argument(metavar="CASE...", help="案例编号 / case ids")]
On = Annotated[str, typer.Option("--on", help="计算台账的引擎:duckdb,或 Spark 的 master,如 local[2]、spark://主机:7077 / engine of the panels", metavar="NAME")]
Looks = Annotated[Look | None, typer.Option("--look", help="版式:research 研究报告,gov 公文版式;不写则按报告各自的版式 / research or gov; that of each report where not given")]
Force = Annotated[bool, typer.Option("--force", help="全部重做 / rebuild everything")]

HERE, BOTH, ALL, DUCKDB = Path(), list(Language), list(Format), "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """The options that all report commands share."""

    languages: list[Language]
    formats: list[Format]
    renderer: str
    engine: str
    workers: int
    force: bool
    look: Look | None = None  #: None: that of each report
    cluster: str = ""  #: address of a scheduler; reports are made here without one


def _leave() -> None:
    """Spare the search for cycles at the end: it takes a third of a second, and everything goes anyway.

    DuckDB complains on the terminal of what is not taken away before it.
    """
    if "duckdb" not in sys.modules:
        gc.freeze()


Command = TypeVar("Command", bound=Callable[..., Any])


def says_its_errors(command: Command) -> Command:
    """Turn this package's errors into one clear message and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, lang: Language, **kwargs: Any) -> Any:
        gc.set_threshold(GARBAGE)
        atexit.register(_leave)
        try:
            return command(*args, lang=lang, **kwargs)
        except CommResearchError as error:
            from commresearch.words import render_error

            typer.echo(render_error(error, lang), err=True)
            raise typer.Exit(2) from None

    return wrapped  # type: ignore[return-value]

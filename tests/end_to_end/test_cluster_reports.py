"""Reports made by a Dask cluster that loses a worker in the middle: each is there once, the same to the byte as without a cluster."""

import json
import os
import signal
import time

import nbformat
import pytest

from commresearch.reporting.build import Project, ReportTask, Settings, build_reports
from commresearch.reporting.made_report import RECORD
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.terms import Format, Language
from tests.end_to_end.test_command_line import run
from tests.unit.test_cluster import cluster_of, is_alive, until

SUBJECTS = ("first", "second")
#: The first attempt at the report of `slow` waits to be interrupted.
CELLS = """
import os, time
from pathlib import Path
from commresearch.reporting.display import Table, paragraph, show
attempts = Path(folder)
(attempts / f"{name}.{os.getpid()}.{os.getppid()}").write_text("")
if name == slow and len(list(attempts.glob(f"{name}.*"))) == 1:
    time.sleep(120)
show([paragraph(f"This is {name}."), Table(id="tbl-t", caption="Letters", header=["n", "letter"], rows=[[str(n), x] for n, x in enumerate(name)], align="rl")])
"""


def made(root, references, *, slow="", cluster="", interrupt=lambda _: None):
    """Hashes of every output of two reports, made in a new project; `interrupt` is called with the folder of attempts after the first report."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    parameters = nbformat.v4.new_code_cell("name: str = ''\nslow: str = ''\nfolder: str = ''", metadata={"tags": ["parameters"]})
    book.cells = [parameters, nbformat.v4.new_code_cell(CELLS)]
    (root / "notebooks").mkdir(parents=True)
    (root / "attempts").mkdir()
    nbformat.write(book, root / "notebooks" / "n.ipynb")
    project = Project(root=root, published=root, site=root / "site")
    tasks = [
        ReportTask(
            subject=name, title=name, subtitle="s", language=Language.EN, notebook="n.ipynb", facts="f",
            parameters={"name": name, "slow": slow, "folder": str(root / "attempts")},
        )
        for name in SUBJECTS
    ]
    settings = Settings(renderer=EmbeddedRenderer(references=references), formats=(Format.HTML, Format.DOCX), languages=(Language.EN,), today="2025-03-01", cluster=cluster)
    results = []
    for result in build_reports(project, tasks, settings):
        if not results:
            interrupt(root / "attempts")
        results.append(result)
    assert [failure for result in results for failure in result.failures] == []
    assert sorted(result.task.subject for result in results) == sorted(SUBJECTS)
    assert [path for path in project.site.rglob(".*") if path.name != ".lock"] == []
    return {name: json.loads((project.site / name / "en" / RECORD).read_text(encoding="utf8"))["outputs"] for name in SUBJECTS}


@pytest.mark.needs("distributed")
@pytest.mark.filterwarnings("default")  # of the libraries that a cluster brings
def test_a_lost_worker_costs_no_report(tmp_path):
    gone = []

    def kill_worker(attempts):
        (begun,) = until(lambda: list(attempts.glob("second.*")))
        process, worker = map(int, begun.name.split(".")[1:])
        os.kill(worker, signal.SIGKILL)
        until(lambda: not is_alive(process), seconds=10)  # a process that outlived its worker could write after the second attempt
        gone.append(process)

    (tmp_path / "references").mkdir()
    with cluster_of(2) as workers:
        found = made(tmp_path / "cluster", tmp_path / "references", slow="second", cluster=workers.scheduler_address, interrupt=kill_worker)
    assert len(gone) == 1
    assert len(list((tmp_path / "cluster" / "attempts").glob("second.*"))) == 2
    plain = made(tmp_path / "plain", tmp_path / "references")
    assert found == plain
    assert {"first.en.html", "first.en.docx", "tables/tbl-t.csv"} <= set(plain["first"])


@pytest.mark.needs("distributed")
def test_the_command_line_says_that_nobody_answers(project):
    started = time.monotonic()
    done = run("report", "kesheng", "--language", "en", "--format", "html", "--lang", "en", "--cluster", "tcp://127.0.0.1:9", project=project)
    assert done.returncode == 2
    assert "[CR-Z01] No scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert time.monotonic() - started < 60
    assert list((project / "reports" / "site").glob(".*")) == []

"""Reports on sixteen published cases as HTML, Word and PDF: this package's command beside papermill's command line and pandoc per format.

Every side starts cold, as new processes. The peer has no memory of what it made: what changes little costs it a full rerun.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measuring import ROUNDS, Result, Times, beside, faster, heading, say, table, within
from benchmarks.processes import run_watched

ROOT = Path(__file__).parent.parent
LANGUAGE = "zh"
SMALL = 2  #: cases of a small run
PAPERMILL, QUARTO = "papermill", "quarto"
NEEDED = {"cold": 4, "changed": 12, "template": 8, QUARTO: 6}
SECONDS = 1.0  #: for finding that nothing has changed
TYPST = "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2], font_paths=[sys.argv[3]], ignore_system_fonts=True)"
MARKDOWN = "text/markdown"


def main() -> None:
    """Show that both sides make the same tables and figures, then time them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, help="so many cases; all where not given")
    parser.add_argument("--rows", type=int, help=f"a small run: {SMALL} cases")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=(PAPERMILL, QUARTO), help="one peer, in this process, on what stands in the folder")
    parser.add_argument("--at-once", type=int, default=1, help="commands of the peer side by side")
    asked = parser.parse_args()
    if asked.only:
        by_papermill(asked.folder, asked.only, asked.at_once)
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        _measure(prepare(Path(made), SMALL if asked.rows is not None else asked.cases))


def prepare(folder: Path, n: int | None) -> Path:
    """A project with so many cases, and a copy of the package beside it whose templates may be changed."""
    shutil.copytree(ROOT / "notebooks", folder / "project" / "notebooks")
    shutil.copytree(ROOT / "data_raw" / "published", folder / "project" / "data_raw" / "published")
    shutil.copytree(ROOT / "commresearch", folder / "program" / "commresearch", ignore=shutil.ignore_patterns("__pycache__"))
    names = pd.read_csv(ledger(folder) / "cases.csv", dtype=str)["case_id"].tolist()
    (folder / "cases.json").write_text(json.dumps(names[:n]), encoding="utf8")
    return folder


def ledger(folder: Path) -> Path:
    """Where the published facts stand."""
    return folder / "project" / "data_raw" / "published"


def cases_of(folder: Path) -> list[str]:
    """Ids of the cases that are reported on."""
    names: list[str] = json.loads((folder / "cases.json").read_text(encoding="utf8"))
    return names


def ours(folder: Path) -> list[str]:
    """The command of the package, from the copy of the program."""
    command = [
        sys.executable, "-m", "commresearch.cli", "report", *cases_of(folder), "--project", str(folder / "project"), "--language", LANGUAGE, "--workers", "2",
        "--renderer", "embedded",
    ]
    return ["sh", "-c", f"cd {shlex.quote(str(folder / 'program'))} && exec {shlex.join(command)} > ../said.txt"]


def peer(folder: Path, name: str, at_once: int) -> list[str]:
    """The peer's commands, run by a process of this module."""
    return [sys.executable, "-m", "benchmarks.case_reports", "--only", name, "--folder", str(folder), "--at-once", str(at_once)]


def by_papermill(folder: Path, name: str, at_once: int) -> None:
    """Every notebook by papermill's command line, then every format by pandoc (PDF by typst) or by Quarto."""
    out = folder / name
    shutil.rmtree(out, ignore_errors=True)
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda case: _one_by_papermill(folder, out / case, case, name), cases_of(folder)))


def _one_by_papermill(folder: Path, out: Path, case: str, name: str) -> None:
    from commresearch.reporting.fonts import font_folder
    from commresearch.reporting.rendering import pandoc_path

    out.mkdir(parents=True)
    book = f"{case}.ipynb"
    parameters = {"case": case, "language": LANGUAGE, "published": str(ledger(folder))}
    given = [part for key, value in parameters.items() for part in ("-p", key, value)]
    source = folder / "project" / "notebooks" / "case_report.ipynb"
    _run([sys.executable, "-m", "papermill", str(source), book, *given, "-k", "python3", "--cwd", ".", "--no-progress-bar", "--log-level", "ERROR"], out)
    if name == QUARTO:
        for target in ("html", "docx", "typst"):
            _run(["quarto", "render", book, "--to", target, "--no-execute"], out)
        return
    convert = [pandoc_path(), book, "--from=ipynb", "--ipynb-output=best", "--standalone", f"--metadata=title:{case}", "--metadata=lang:zh-Hans"]
    _run([*convert, "--to=html5", "--embed-resources", "--mathml", f"--output={case}.html"], out)
    _run([*convert, "--to=docx", f"--output={case}.docx"], out)
    _run([*convert, "--to=typst", "--variable=mainfont:Noto Serif SC", f"--output={case}.typ"], out)
    _run([sys.executable, "-c", TYPST, f"{case}.typ", f"{case}.pdf", str(font_folder())], out)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - commands of this benchmark
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])}: {done.stderr[-2000:]}")


def unequal(folder: Path) -> tuple[int, int, int]:
    """Tables, figures, and outputs of cells or files of figures that differ between both sides, in the executed notebooks of all cases."""
    tables = figures = differing = 0
    for case in cases_of(folder):
        left = folder / "project" / "reports" / "site" / case / LANGUAGE
        right = folder / PAPERMILL / case
        one, other = outputs(left / f"{case}.{LANGUAGE}.ipynb"), outputs(right / f"{case}.ipynb")
        differing += sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
        drawn = [{path.name: path.read_bytes() for path in (side / "figs").glob("*")} for side in (left, right)]
        differing += sum(drawn[0].get(name) != drawn[1].get(name) for name in {*drawn[0], *drawn[1]})
        tables += sum("{#tbl-" in text for text in one)
        figures += sum("{#fig-" in text for text in one)
    return tables, figures, differing


def outputs(notebook: Path) -> list[str]:
    """What the cells of an executed notebook show, in order."""
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    shown: list[Any] = [output["data"].get(MARKDOWN, "") for cell in cells for output in cell.get("outputs", []) if "data" in output]
    return ["".join(text) for text in shown]


def _measure(folder: Path) -> None:
    heading("Case reports", ["papermill", "pypandoc_binary", "typst"])
    cases, site = cases_of(folder), folder / "project" / "reports"
    say(f"{len(cases)} cases in HTML, DOCX and PDF; two workers; every run is new processes, their start included")
    cold = _timed(ours(folder))
    serial = _timed(peer(folder, PAPERMILL, 1))
    tables, figures, differing = unequal(folder)
    say(f"tables {tables}, figures {figures}; outputs and files of figures that differ: {differing}")
    if differing or not tables:
        raise SystemExit("both sides do not make the same: nothing to compare")
    side_by_side = _timed(peer(folder, PAPERMILL, 2))
    shutil.rmtree(site)
    again = _timed(ours(folder))
    cold, serial = _joined(cold, again), _joined(serial, serial)
    nothing = _rounds(folder, lambda _: None)
    changed = _rounds(folder, lambda n: change_case(folder, cases[0], n))
    template = _rounds(folder, lambda n: change_template(folder, n))
    table(_lines(len(cases), {"cold": cold, "nothing": nothing, "changed": changed, "template": template}, serial, side_by_side) + _quarto(folder, cold))


def _lines(n: int, taken: dict[str, Times], serial: Times, side_by_side: Times) -> list[Result]:
    what, named = f"{n} reports × 3 formats", "papermill, pandoc per format"
    full = _first(taken["cold"], ROUNDS)
    return [
        faster(f"{what}, cold", named, taken["cold"], serial, at_least=NEEDED["cold"]),
        beside(f"{what}, cold", f"{named}, two commands at once", _first(taken["cold"], 1), side_by_side),
        faster(f"{what}, one case changed", f"{named}: all again", taken["changed"], _first(serial, ROUNDS), at_least=NEEDED["changed"]),
        beside(f"{what}, one case changed", "our own full run", taken["changed"], full),
        faster(f"{what}, a template changed", f"{named}: all again", taken["template"], _first(serial, ROUNDS), at_least=NEEDED["template"]),
        beside(f"{what}, a template changed", "our own full run", taken["template"], full),
        within(f"{what}, nothing changed, start of Python included", taken["nothing"], seconds=SECONDS),
    ]


def _quarto(folder: Path, cold: Times) -> list[Result]:
    if shutil.which("quarto") is None:
        say("Quarto is not installed: no line for it")
        return []
    return [faster("all, cold", "papermill, Quarto per format", _first(cold, 1), _timed(peer(folder, QUARTO, 1)), at_least=NEEDED[QUARTO])]


def _timed(command: Sequence[str]) -> Times:
    wall, processor, memory = run_watched(command)
    return Times(wall=[wall], processor=[processor], memory=[memory])


def _joined(*parts: Times) -> Times:
    return Times(wall=[w for p in parts for w in p.wall], processor=[x for p in parts for x in p.processor])


def _first(times: Times, rounds: int) -> Times:
    """The first round, as often as it is compared with."""
    return Times(wall=[times.wall[0]] * rounds, processor=[times.processor[0]] * rounds)


def _rounds(folder: Path, before: Any) -> Times:
    """Our command some times, each after a change."""
    taken = []
    for n in range(ROUNDS):
        before(n)
        taken.append(_timed(ours(folder)))
    return _joined(*taken)


def change_case(folder: Path, case: str, n: int) -> None:
    """Another name of one case in the ledger."""
    path = ledger(folder) / "cases.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[frame["case_id"] == case, "name_en"] += f" {n}"
    frame.to_csv(path, index=False)


def change_template(folder: Path, n: int) -> None:
    """Another style of pages."""
    with (folder / "program" / "commresearch" / "reporting" / "templates" / "page.css").open("a", encoding="utf8") as file:
        file.write(f"\n/* {n} */\n")


if __name__ == "__main__":
    main()

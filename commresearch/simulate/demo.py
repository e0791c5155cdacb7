"""The fictional pilots as case folders: files as a partner would send them, and their truth in a folder of its own."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commresearch.errors import CaseError, CommResearchError, Failure, SchemaError
from commresearch.records import canonical_json, sha256_of, work_folder, write_whole
from commresearch.simulate.demo_claims import write_claims
from commresearch.simulate.demo_indicators import write_indicators
from commresearch.simulate.demo_panels import demo_pilot
from commresearch.simulate.demo_pilots import DEMO_PILOTS, DemoPilot
from commresearch.simulate.demo_surveys import write_demo_survey
from commresearch.simulate.demo_truth import demo_truth, drawn_of
from commresearch.simulate.log_sheets import WrittenLog
from commresearch.simulate.logs import SimulatedLogs, simulate_logs
from commresearch.simulate.pilot import write_case

TRUTH = "truth"
CORRECTIONS_FILE = "corrections.csv"
CORRECTION_COLUMNS = ("kind", "file", "sheet", "row_id", "variable", "expect", "new", "reason", "reported_by", "date")
REASON, REPORTER = "来电核实事发地", "数据员（虚构）"
SHOWN = 3
SURVEY_STREAM = 1  #: beside the seed: the surveys of a pilot share no numbers with its logs


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDemo:
    """A pilot that was written: its folder, its truth, its files (names), and how large they are together in bytes."""

    pilot: DemoPilot
    folder: Path
    truth: Path
    files: tuple[str, ...]
    size: int


def write_demo(
    folder: str | Path, case_ids: Sequence[str] = (), *, progress: Callable[[DemoPilot, int, int], None] = lambda *_: None
) -> tuple[WrittenDemo, ...]:
    """Write fictional pilots; the same version of the program writes the same bytes.

    Parameters
    ----------
    folder
        Holds a folder per pilot, and the folder `truth`.
    case_ids
        Which ones, all where none is named.
    progress
        Told the pilot that is next, how many are done, and how many there are.

    Returns
    -------
    tuple of WrittenDemo
        In the order of the ids. Files that were put beside those of a pilot are left there.

    Raises
    ------
    SchemaError
        Ids of no pilot (CR-N08), all together.
    CaseError
        Folders that hold files of the same names which this function did not write, or that were changed since (CR-N09), all together, before
        anything is written; a file cannot be written (CR-C04).
    """
    folder, pilots = Path(folder), _chosen(case_ids)
    if failures := [f for pilot in pilots for f in _foreign(folder, pilot)]:
        raise CaseError(*failures)
    made = []
    for done, pilot in enumerate(pilots):
        progress(pilot, done, len(pilots))
        made.append(_write(folder, pilot))
    return tuple(made)


def _chosen(case_ids: Sequence[str]) -> list[DemoPilot]:
    failures: list[Failure] = []
    pilots = []
    for case_id in dict.fromkeys(case_ids if case_ids else DEMO_PILOTS):
        try:
            pilots.append(demo_pilot(case_id))
        except CommResearchError as error:
            failures += error.failures
    if failures:
        raise SchemaError(*failures)
    return pilots


def _foreign(folder: Path, pilot: DemoPilot) -> Iterator[Failure]:
    """What stands in the way of a pilot: a folder that says it is a case and was not written here, or files that are others than those written."""
    case, known = folder / pilot.case_id, _files_written(folder, pilot)
    if not case.exists():
        return
    found = [case.name] if not case.is_dir() else [p.name for p in sorted(case.iterdir()) if not known]
    found += [name for name, digest in known.items() if (case / name).exists() and sha256_of(case / name) != digest]
    if found:
        shown = ", ".join(found[:SHOWN]) + ("…" if len(found) > SHOWN else "")
        yield Failure(code="CR-N09", values={"folder": str(case), "found": shown})


def _files_written(folder: Path, pilot: DemoPilot) -> Mapping[str, str]:
    """Name and hash of the files that were written before; nothing where no truth is there that says so."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = json.loads((folder / TRUTH / f"{pilot.case_id}.json").read_text(encoding="utf8"))
        return {str(name): str(digest) for name, digest in content["files"].items()}
    return {}


def _write(folder: Path, pilot: DemoPilot) -> WrittenDemo:
    """Simulate a pilot in a folder of its own, then put the finished files into its place."""
    case, before = folder / pilot.case_id, _files_written(folder, pilot)
    with work_folder(folder) as work:
        truth = simulate_demo(pilot, work)
        case.mkdir(exist_ok=True)
        for name in truth["files"]:
            (work / name).replace(case / name)
        for name in set(before) - set(truth["files"]):
            (case / name).unlink(missing_ok=True)
        path = folder / TRUTH / f"{pilot.case_id}.json"
        write_whole(path, canonical_json(truth) + "\n")
    names = tuple(truth["files"])
    return WrittenDemo(pilot=pilot, folder=case, truth=path, files=names, size=sum((case / name).stat().st_size for name in names))


def simulate_demo(pilot: DemoPilot, folder: Path) -> dict[str, Any]:
    """Simulate a pilot and write its files into a folder that is empty.

    Returns
    -------
    dict
        What is true of it, as `demo_truth` tells it.
    """
    logs = _without(simulate_logs(pilot.spec, rng=pilot.seed), pilot.left_out)
    streams = np.random.default_rng([pilot.seed, SURVEY_STREAM]).spawn(len(pilot.surveys))
    surveys = tuple(write_demo_survey(pilot, one, logs.places, folder, rng) for one, rng in zip(pilot.surveys, streams, strict=True))
    written = write_case(
        logs, folder, case_id=pilot.case_id, encoding=pilot.encoding, by=pilot.by, seed=pilot.seed, left_out=pilot.left_out,
        surveys="".join(made.table for made in surveys),
    )
    if pilot.correct_places:
        _write_corrections(logs, written["tickets"], folder)
    if pilot.published:
        write_claims(pilot.case_id, drawn_of(logs), folder)
    if pilot.indicators:
        write_indicators(drawn_of(logs), folder)
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    return demo_truth(pilot, logs, surveys, files)


def _without(logs: SimulatedLogs, left_out: Sequence[str]) -> SimulatedLogs:
    """The logs of a pilot that says nothing of what it does not keep."""
    coverage = logs.tables["coverage"]
    kept = coverage[~coverage["source"].str.partition(":")[0].isin(left_out)].reset_index(drop=True)
    return replace(logs, tables={**logs.tables, "coverage": kept})


def _write_corrections(logs: SimulatedLogs, files: Sequence[WrittenLog], folder: Path) -> None:
    """Names of places that no register holds, with the community or estate that was meant; a row that stands twice is corrected twice."""
    dirt = logs.truth.dirt
    wrong = dirt[(dirt["table"] == "tickets") & (dirt["kind"] == "place_unknown")].set_index("row_id")
    day = (logs.extract_at + pd.Timedelta(days=5)).strftime("%Y-%m-%d")
    lines = []
    for file in files:
        for sheet, row, row_id in file.rows.loc[file.rows["row_id"].isin(wrong.index), ["sheet", "row", "row_id"]].itertuples(index=False):
            expect, new = wrong.loc[row_id, ["dirty", "clean"]]
            lines.append(("tickets", file.path.name, sheet, str(row), "place", expect, new, REASON, REPORTER, day))
    table = pd.DataFrame(lines, columns=list(CORRECTION_COLUMNS))
    write_whole(folder / CORRECTIONS_FILE, b"\xef\xbb\xbf" + table.to_csv(index=False, lineterminator="\n").encode())

"""What every run of `estimate` found, kept for good: runs are added, never changed, and are whole or not there.

A run has a folder, in it one folder per case with `estimates.parquet` (one row per outcome; no persons, no free text) and `manifest.json` (what the run was
made from and with). Both are written beside the store's folders, forced to the disk, and then moved into place by one rename, so that a reader, or a
program that dies, never meets half of a run. Any number of runs may be added at the same time; nothing has to be open for reading.
"""

import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from commresearch.errors import CaseError, Failure, SourceError
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.records.files import WORK, canonical_json, sha256_of, unwritable
from commresearch.records.run_record import RunRecord

ESTIMATES, MANIFEST = "estimates.parquet", "manifest.json"
COUNTS = ("n_obs", "n_units", "n_clusters", "n_treated")
_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
#: The columns of every run, in this order; others are refused.
SCHEMA = pa.schema([
    ("case_id", _TEXT), ("fictional", pa.bool_()), ("outcome", _TEXT), ("definition", _TEXT), ("method", _TEXT), ("inference", _TEXT), ("estimand", _TEXT),
    *((name, _TEXT if name == "unit" else _NUMBER) for name in EFFECT_COLUMNS), *((name, _COUNT) for name in COUNTS), ("grade", _TEXT), ("design", _TEXT),
    ("first_month", _TEXT), ("last_month", _TEXT), ("refusal", _TEXT),
])
COLUMNS = tuple(SCHEMA.names)
RUN = re.compile(r"\d{8}-\d{6}(-\d+)?")
SHOWN = 12  #: runs that an error names


def run_id(at: datetime) -> str:
    """The name of a run that began then: 20251103-141502."""
    return f"{at:%Y%m%d-%H%M%S}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """One case of one run: where it stands, and what it was made from and with."""

    run: str
    case_id: str
    fictional: bool
    folder: Path
    record: RunRecord

    def estimates(self) -> pd.DataFrame:
        """One row per outcome, in the columns of the store.

        Raises
        ------
        SourceError
            The file is not the one that was kept (CR-A03).
        """
        path = self.folder / ESTIMATES
        if not path.is_file() or sha256_of(path) != self.record.outputs.get(ESTIMATES):
            raise SourceError(Failure(code="CR-A03", values={"file": str(path)}))
        frame: pd.DataFrame = pq.read_table(path, schema=SCHEMA).to_pandas()
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsStore:
    """The folder in which runs are kept; it is made with the first of them."""

    folder: Path

    def put(self, run: str, record: RunRecord, estimates: pd.DataFrame) -> KeptRun:
        """Keep what a run found of a case.

        Parameters
        ----------
        run : str
            As `run_id` names it. Where the case has a run of this name already, which another computer may have put there, a number is added.
        record : RunRecord
            What it was made from and with; `settings` may hold what else is to be known of it.
        estimates : DataFrame
            The columns of the store, one row per outcome, all of one case.

        Returns
        -------
        KeptRun
            When this returns, the run is on the disk.

        Raises
        ------
        CaseError
            The store cannot be written to (CR-C04).

        Notes
        -----
        Whoever calls this holds the case (`held`): what an earlier run on it left half-written is taken away.
        """
        case = _case_of(estimates)
        self.sweep(case)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(dir=self.folder, prefix=f"{WORK}{case}-"))
            try:
                work.chmod(0o755)
                kept = _written(work, record, estimates)
                name = self._moved(work, run, case)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        except OSError as problem:
            raise unwritable(self.folder, problem) from None
        return KeptRun(run=name, case_id=case, fictional=bool(estimates["fictional"].iloc[0]), folder=self.folder / name / case, record=kept)

    def _moved(self, work: Path, run: str, case: str) -> str:
        """Put a finished folder into its place; the name of the run that it got."""
        name, number = run, 1
        while True:
            place = self.folder / name / case
            place.parent.mkdir(exist_ok=True)
            try:
                if place.exists():
                    raise FileExistsError
                work.rename(place)  # refused where another one was faster: its folder is not empty
            except OSError:
                if not place.exists():
                    raise
                number += 1
                name = f"{run}-{number}"
                continue
            _force(place.parent)
            _force(self.folder)
            return name

    def sweep(self, case: str) -> None:
        """Take away what a run on a case that died while it was writing left here; the case is held by whoever calls this."""
        for left in self.folder.glob(f"{WORK}{case}-*"):
            shutil.rmtree(left, ignore_errors=True)

    def runs(self, case: str | None = None) -> list[KeptRun]:
        """Every run that is whole, or those of one case; the oldest first.

        Raises
        ------
        SourceError
            A manifest cannot be read (CR-A03).
        """
        folders = sorted(path for path in self.folder.glob(f"*/{'*' if case is None else case}") if RUN.fullmatch(path.parent.name) and (path / MANIFEST).is_file())
        return sorted((_read(folder) for folder in folders), key=lambda kept: (*_order(kept.run), kept.case_id))

    def of_run(self, name: str) -> list[KeptRun]:
        """The cases of one run, by its name or the beginning of it.

        Raises
        ------
        CaseError
            No run begins so (CR-A01), or several do (CR-A02); the runs there are stand in the message.
        SourceError
            A manifest cannot be read (CR-A03).
        """
        there = self.runs()
        names = list(dict.fromkeys(kept.run for kept in there))
        found = [one for one in names if one == name] or [one for one in names if one.startswith(name) and name]
        if not found:
            raise CaseError(Failure(code="CR-A01", values={"run": name, "folder": str(self.folder), "known": _listed(there)}))
        if len(found) > 1:
            raise CaseError(Failure(code="CR-A02", values={"run": name, "found": ", ".join(found[-SHOWN:])}))
        return [kept for kept in there if kept.run == found[0]]

    def estimates(self, case: str | None = None, outcome: str | None = None) -> pd.DataFrame:
        """Estimates of all runs, or of one case or outcome.

        Returns
        -------
        DataFrame
            run, then the columns of the store; the oldest run first, no rows where nothing was kept.
        """
        parts = [kept.estimates().assign(run=kept.run) for kept in self.runs(case)]
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS, "run"])
        chosen = frame if outcome is None else frame[frame["outcome"] == outcome].reset_index(drop=True)
        return chosen[["run", *COLUMNS]]


def _case_of(estimates: pd.DataFrame) -> str:
    """The one case that the rows are of; a mistake of the code where they do not fit the store."""
    if set(estimates.columns) != set(COLUMNS) or len(set(estimates["case_id"])) != 1:
        raise ValueError(f"a run of the store has the columns {', '.join(COLUMNS)} and one case")
    return str(estimates["case_id"].iloc[0])


def _written(work: Path, record: RunRecord, estimates: pd.DataFrame) -> RunRecord:
    """Write both files and force them to the disk; the record with the hash of the other one."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(estimates[list(COLUMNS)], schema=SCHEMA, preserve_index=False), buffer, compression="zstd")
    _write_forced(work / ESTIMATES, buffer.getvalue())
    facts = asdict(record) | {"outputs": {**record.outputs, ESTIMATES: sha256_of(buffer.getvalue())}}
    kept = RunRecord(**facts)
    about = {"case_id": _case_of(estimates), "fictional": bool(estimates["fictional"].iloc[0])}
    _write_forced(work / MANIFEST, canonical_json(facts | about).encode())
    _force(work)
    return kept


def _write_forced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _force(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system lets folders be opened."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read(folder: Path) -> KeptRun:
    try:
        facts: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf8"))
        case, fictional = str(facts.pop("case_id")), bool(facts.pop("fictional"))
        return KeptRun(run=folder.parent.name, case_id=case, fictional=fictional, folder=folder, record=RunRecord(**facts))
    except (OSError, ValueError, KeyError, TypeError):
        raise SourceError(Failure(code="CR-A03", values={"file": str(folder / MANIFEST)})) from None


def _order(run: str) -> tuple[str, int]:
    """Runs of one second by their number: -10 comes after -9."""
    time, number = run[:15], run[16:]
    return time, int(number) if number else 1


def _listed(there: Iterable[KeptRun]) -> str:
    """The last runs, each with its cases."""
    cases: dict[str, list[str]] = {}
    for kept in there:
        cases.setdefault(kept.run, []).append(kept.case_id)
    shown = [f"{run} ({', '.join(names)})" for run, names in cases.items()][-SHOWN:]
    return "; ".join(shown) if shown else "—"

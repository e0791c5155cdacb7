"""The panels of a case: every headline outcome that its logs can tell, by unit and month."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.cases import Case
from commresearch.cases.case import LogRules
from commresearch.cleaning.event_table import EventTable
from commresearch.errors import CaseError, CommResearchError, Failure, OutcomeError
from commresearch.outcomes import Engine, Panel, build_panel, open_engine, read_panel
from commresearch.outcomes.build import LOGS, MAIN_KIND
from commresearch.records import canonical_json, held, package_hash, package_versions, unwritable, write_whole
from commresearch.terms import DataKind, Outcome
from commresearch.workflow.case_logs import CleanedLog, clean_logs
from commresearch.workflow.shared_numbers import require_numbers_apart

PANELS, STAGES = "_panels", "_stages"
MANIFEST = "manifest.json"
NOTHING = frozenset[DataKind]()
OF_UNITS = frozenset({DataKind.GRIDS, DataKind.LINEAGE})  #: what the units are made of; the others are events
#: kinds that an outcome cannot do without, in each of the ways in which it can be counted
NEEDS: Mapping[Outcome, tuple[frozenset[DataKind], ...]] = {
    Outcome.COMPLAINT_RATE: (frozenset({DataKind.TICKETS}),),
    Outcome.YOUTH_PARTICIPATION: (frozenset({DataKind.SIGNINS}),),
    Outcome.SPACE_USE: (frozenset({DataKind.ROOMS, DataKind.BOOKINGS}), frozenset({DataKind.ROOMS, DataKind.COUNTERS})),
    Outcome.AREA_IN_USE: (frozenset({DataKind.ROOMS}),),
}
#: kinds that an outcome is counted from, where they are there
USES: Mapping[Outcome, frozenset[DataKind]] = {
    outcome: OF_UNITS.union(*ways, {DataKind.OPEN_HOURS} if outcome is Outcome.SPACE_USE else NOTHING)
    for outcome, ways in NEEDS.items()
}
TIMES: Mapping[DataKind, str] = {
    DataKind.TICKETS: "received_at", DataKind.SIGNINS: "event_at", DataKind.BOOKINGS: "start_at", DataKind.COUNTERS: "start_at",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CasePanel:
    """The panel of one outcome, and where it stands."""

    outcome: Outcome
    folder: Path
    panel: Panel


def build_case_panels(
    case: Case, logs: Sequence[CleanedLog], out: Path, *, engine: str = "duckdb", progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[CasePanel]:
    """Count every outcome of a case that its logs can tell.

    Parameters
    ----------
    case
        A checked case folder.
    logs
        What `clean_logs` gave.
    out
        Folder of the case's results: each panel stands in `_panels/<outcome>`; stages that the next run may use in `_stages`.
    engine
        "duckdb", or a Spark master.
    progress
        Told the name of a stage, parts done, parts in all.

    Returns
    -------
    list of CasePanel
        In the order of `Outcome`; none where there is no log of events. A panel that stands there already is used where logs, choices
        and program are the same.

    Raises
    ------
    CommResearchError
        There is no roster; units, places or definitions are faulty, ledgers share numbers of tickets (CR-E14): of all outcomes together. Another run works on the case (CR-C06).
    """
    with held(out):
        return _built(case, logs, out, engine, progress)


def _built(case: Case, logs: Sequence[CleanedLog], out: Path, engine: str, progress: Callable[[str, int, int], None]) -> list[CasePanel]:
    tables = _by_kind(logs)
    wanted = [outcome for outcome, ways in NEEDS.items() if any(way <= set(tables) for way in ways)]
    _sweep(out / STAGES, set(wanted))
    if not wanted:
        _sweep(out / PANELS, set())
        return []
    if DataKind.ROSTER not in tables:
        raise CaseError(Failure(code="CR-F12", values={"file": "case.toml", "case": case.id}))
    if not any(log.table.rows("rows_out") for log in tables[DataKind.ROSTER]):
        files = ", ".join(file for log in tables[DataKind.ROSTER] for file in log.table.provenance["files"])
        raise CaseError(Failure(code="CR-F15", values={"file": files or "communities.csv", "case": case.id}))
    failures: list[Failure] = []
    made = []
    for outcome in wanted:
        folder = out / PANELS / outcome
        try:
            months = case.settings.analysis.months or _months(outcome, tables)
            key = _key(case, logs, months, outcome, engine)
            if (panel := _standing(folder, key)) is None:
                with open_engine(engine, scratch=out / STAGES / outcome, progress=progress) as running:  # one for each: they name tables alike
                    panel = _counted(case, outcome, tables, months, running)
                panel.write(folder)
                write_whole(folder / MANIFEST, key)
            made.append(CasePanel(outcome=outcome, folder=folder, panel=panel))
        except (CommResearchError, OSError) as problem:
            error = problem if isinstance(problem, CommResearchError) else unwritable(out, problem)
            failures += [f for f in error.failures if f not in failures]
    _sweep(out / PANELS, {one.outcome for one in made})
    if failures:
        raise CommResearchError(*failures)
    return made


def check_logs(
    cases: Sequence[Case], *, done: Callable[[str, EventTable], None] = lambda *_: None, counted: Callable[[CasePanel], None] = lambda _: None,
) -> dict[str, int]:
    """Clean the logs of the cases and count their outcomes as `clean_logs` and `build_case_panels` do, and keep nothing.

    Parameters
    ----------
    cases
        Checked case folders.
    done
        Given the name of each table and the table, faultless ones of a case that is refused among them; its rows do not outlast the check.
    counted
        Given each panel of a faultless case.

    Returns
    -------
    dict
        Case id → how many logs and registers were looked at.

    Raises
    ------
    CommResearchError
        Everything for which they would refuse the logs, of all cases together.
    """
    failures: list[Failure] = []
    found = {}
    for case in cases:
        with TemporaryDirectory() as folder:
            try:
                logs = clean_logs(case, Path(folder), done=done)
                found[case.id] = len(logs)
                for made in build_case_panels(case, logs, Path(folder)):
                    counted(made)
            except CommResearchError as error:
                failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CommResearchError(*failures)
    return found


def _by_kind(logs: Sequence[CleanedLog]) -> dict[DataKind, list[CleanedLog]]:
    """The tables of each kind: hotline and property ledgers are one kind, extracted apart."""
    kinds: dict[DataKind, list[CleanedLog]] = {}
    for log in logs:
        kinds.setdefault(log.table.kind, []).append(log)
    return kinds


def _sweep(folder: Path, counted: AbstractSet[Outcome]) -> None:
    """Take away what the logs do not tell any more: panels would be exported and reported as if they did, stages hold rows about persons."""
    for outcome in set(Outcome) - counted:
        shutil.rmtree(folder / outcome, ignore_errors=True)
    with suppress(OSError):  # it goes with the last of them
        folder.rmdir()


def _used(outcome: Outcome, tables: Mapping[DataKind, Sequence[CleanedLog]]) -> dict[DataKind, list[CleanedLog]]:
    return {kind: list(parts) for kind, parts in tables.items() if kind in USES[outcome]}


def _key(case: Case, logs: Sequence[CleanedLog], months: tuple[str, str], outcome: Outcome, engine: str) -> str:
    """What a panel is made from and with."""
    choices = {k: str(v) for k, v in case.settings.outcomes[outcome].stated.items()}
    made_from = {log.name: (log.made_from, str(log.extracted_on)) for log in logs}
    return canonical_json({
        "logs": made_from, "choices": choices, "months": months, "engine": engine.partition("[")[0], "package": package_hash(), "versions": package_versions(),
    })


def _standing(folder: Path, key: str) -> Panel | None:
    """The panel that stands in a folder, if it was made from the same and is whole."""
    if (folder / MANIFEST).is_file() and (folder / MANIFEST).read_text(encoding="utf8") == key:
        with suppress(OSError, OutcomeError, pa.ArrowException):
            return read_panel(folder)
    return None


def _counted(
    case: Case, outcome: Outcome, tables: Mapping[DataKind, Sequence[CleanedLog]], months: tuple[str, str], engine: Engine
) -> Panel:
    used = _used(outcome, tables)
    require_numbers_apart(used.get(DataKind.TICKETS, []), engine)
    events: dict[DataKind | str, Any] = {kind: _frame(parts) if kind in OF_UNITS else [log.table for log in parts] for kind, parts in used.items()}
    rollout, coverage = (_frame(tables[kind]) if kind in tables else None for kind in (DataKind.ROLLOUT, DataKind.COVERAGE))
    return build_panel(
        outcome, events, _frame(tables[DataKind.ROSTER]), rollout, months=months, coverage=coverage,
        engine=engine, extract_at=_extract_at(outcome, used), months_without_rows=_months_without_rows(case), **case.settings.outcomes[outcome].stated,
    )


def _months_without_rows(case: Case) -> dict[DataKind, list[str]]:
    """What becomes of months in which a log has no row, for each log of a kind in the order of case.toml."""
    rules: dict[DataKind, list[str]] = {}
    for data in case.settings.data:
        if data.kind in TIMES:
            rules.setdefault(data.kind, []).append((data.rules if isinstance(data.rules, LogRules) else LogRules()).months_without_rows)
    return rules


def _frame(logs: Sequence[CleanedLog]) -> pd.DataFrame:
    return pd.concat([log.table.frame() for log in logs], ignore_index=True)


def _extract_at(outcome: Outcome, used: Mapping[DataKind, Sequence[CleanedLog]]) -> datetime | None:
    """The end of the earliest day on which a log was extracted: from then on one of them says nothing."""
    days = [log.extracted_on for log in used.get(MAIN_KIND[outcome], []) if log.extracted_on is not None]
    return datetime.combine(min(days), time()) + timedelta(days=1) if days else None


def _months(outcome: Outcome, tables: Mapping[DataKind, Sequence[CleanedLog]]) -> tuple[str, str]:
    """First and last month of the events where case.toml names none."""
    kinds = [kind for kind in (LOGS if outcome is Outcome.AREA_IN_USE else USES[outcome]) if kind in TIMES and kind in tables]
    ends = []
    for kind in kinds:
        for log in tables[kind]:
            for path in log.table.parquet_files:
                ends += [t for t in pc.min_max(parquet.read_table(path, columns=[TIMES[kind]]).column(0)).as_py().values() if t is not None]
    if not ends:
        raise CaseError(Failure(code="CR-F13", values={"file": "case.toml", "key": "analysis.months"}))
    return f"{min(ends):%Y-%m}", f"{max(ends):%Y-%m}"

"""Twenty million tickets to a panel of complaints by unit and month, beside pandas, polars streaming and the same SQL run bare."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.event_files import ROWS, EventFiles, event_files
from benchmarks.measuring import Result, Times, faster, fits, heading, less_processor, no_slower, processes_in_turn, say, smaller, table
from benchmarks.panel_files import COUNTS, HOURS, MEMORY, PanelFiles, prepare
from benchmarks.panel_peers import by_bare_sql, by_pandas, by_polars
from benchmarks.processes import run_watched

OURS, BARE, PANDAS, POLARS = "commresearch", "bare_sql", "pandas", "polars"
COMPETITORS = (OURS, BARE, POLARS, PANDAS)
BOUNDED_ROWS = 40_000_000  #: beyond, only what keeps within a stated memory is run: the bare SQL knows no buckets
GIGABYTES = 2.0
TOLERANCE = 1e-9
#: Where each count stands among the companions of the panel.
FROM_MEASURES = {
    "contacts": ("contacts", "numerator"), "cases": ("cases", "numerator"), "contacts_with_help": ("contacts_with_help", "numerator"),
    "cases_with_help": ("cases_with_help", "numerator"), "cases_unlabelled": ("cases_without_labelled", "numerator"), "callers": ("callers", "numerator"),
    "asked_resolved": ("resolved_share", "denominator"), "resolved": ("resolved_share", "numerator"), "asked_satisfied": ("satisfied_share", "denominator"),
    "satisfied": ("satisfied_share", "numerator"), "timed": ("open_share", "denominator"), "still_open": ("open_share", "numerator"),
    "closed_in_time": ("closed_in_time_share", "numerator"), "median_hours": ("median_hours_to_close", "value"), "p90_hours": ("p90_hours_to_close", "value"),
}


def main() -> None:
    """Show that all give the same panel, then measure each in processes of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=COMPETITORS, help="one competitor, in this process; needs files that are there")
    parser.add_argument("--out", type=Path, help="where it writes its panel")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made)
        events = event_files(folder, asked.rows)
        beside = folder / f"{asked.rows}_panel"
        if asked.only:
            run(asked.only, PanelFiles(events=events, folder=beside), asked.out)
        else:
            prepare(events, beside)
            _measure(folder, asked.rows)


def run(name: str, files: PanelFiles, out: Path | None) -> None:
    """One competitor from the files to its panel, which is written if so asked."""
    if name == BARE:
        by_bare_sql(files, out)
    elif name == POLARS:
        panel = by_polars(files)
        if out:
            panel.write_parquet(out)
    elif name == PANDAS:
        panel = by_pandas(files)
        if out:
            panel.to_parquet(out)
    else:
        made = by_commresearch(files.events)
        if out:
            wide(made).to_parquet(out)


def by_commresearch(events: EventFiles) -> Any:
    """The panel by the package, its register read from the same files."""
    import pandas as pd

    from commresearch.outcomes import build_panel
    from commresearch.outcomes.engine import open_engine

    roster, grids, coverage, rollout = (pd.read_parquet(path) for path in (events.roster, events.grids, events.coverage, events.rollout))
    with open_engine("duckdb", memory=MEMORY) as engine:
        return build_panel(
            "complaint_rate", {"tickets": events.tickets, "grids": grids}, roster, rollout, months=events.months, coverage=coverage, engine=engine
        )


def wide(panel: Any) -> Any:
    """The panel in the columns of the others."""
    import pandas as pd

    companions = panel.companions.set_index(["unit_id", "month"])
    columns = pd.DataFrame({name: companions.loc[companions["measure"] == measure, column] for name, (measure, column) in FROM_MEASURES.items()})
    found = panel.frame[["unit_id", "month", "numerator"]].join(columns, on=["unit_id", "month"])
    if (found.pop("numerator") != found["cases"]).any():
        raise ValueError("the numerator of the panel is not the number of cases that stands beside it")
    return found


def differences(first: Path, second: Path) -> tuple[int, float]:
    """Counts that differ between two panels, and the largest relative difference of a median or ninth decile; infinite where only one has a number."""
    import numpy as np
    import pandas as pd

    one, other = (pd.read_parquet(path).sort_values(["unit_id", "month"], ignore_index=True) for path in (first, second))
    if len(one) != len(other) or not all((one[name].astype("str") == other[name].astype("str")).all() for name in ("unit_id", "month")):
        return len(one) * len(COUNTS), float("inf")
    unequal = sum(int((one[name].to_numpy(dtype=float) != other[name].to_numpy(dtype=float)).sum()) for name in COUNTS)
    apart = 0.0
    for name in HOURS:
        a, b = (frame[name].to_numpy(dtype=float, na_value=np.nan) for frame in (one, other))
        if (np.isnan(a) != np.isnan(b)).any():
            return unequal, float("inf")
        apart = max(apart, float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(a), 1e-300), initial=0.0, where=a != b)))
    return unequal, apart


def _measure(folder: Path, rows: int) -> None:
    heading("Tickets to panel", ["duckdb", "polars"])
    say(f"memory given to commresearch: {MEMORY}; every run is a new process, its start included")
    names = COMPETITORS if rows <= BOUNDED_ROWS else (OURS,)
    command = [sys.executable, "-m", "benchmarks.tickets_to_panel", "--rows", str(rows), "--folder", str(folder)]
    with tempfile.TemporaryDirectory() as made:
        written = {name: Path(made) / f"{name}.parquet" for name in names}
        for name in names:
            run_watched([*command, "--only", name, "--out", str(written[name])])
        for name in names[1:]:
            unequal, apart = differences(written[OURS], written[name])
            say(f"{name}: counts that differ from ours {unequal:,} of {_counts(written[name]):,}; largest relative difference of a median or ninth decile {apart:.1e}")
            if unequal or not apart <= TOLERANCE:
                raise SystemExit(f"{name} gives another panel: nothing to compare")
    times = dict(zip(names, processes_in_turn(*([*command, "--only", name] for name in names)), strict=True))
    table(_lines(f"{rows:,} tickets", times))


def _counts(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows) * len(COUNTS)


def _lines(what: str, times: dict[str, Times]) -> list[Result]:
    ours, lines = times[OURS], []
    if PANDAS in times:
        lines.append(faster(f"{what}, wall clock", PANDAS, ours, times[PANDAS], at_least=3))
        lines.append(smaller(f"{what}, memory", PANDAS, ours, times[PANDAS], at_most=0.25))
    if POLARS in times:
        lines.append(no_slower(f"{what}, wall clock", "polars streaming", ours, times[POLARS], at_most=1))
    if BARE in times:
        lines.append(less_processor(f"{what}, processor time", "the same SQL, bare", ours, times[BARE], at_most=1.2))
    return [*lines, fits(f"{what}, memory of all processes", ours, gigabytes=GIGABYTES)]


if __name__ == "__main__":
    main()

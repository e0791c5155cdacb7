"""What every competitor of `tickets_to_panel` is given beside the tickets: where places belong, the months, the cells, and the SQL as it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.event_files import EventFiles

MEMORY = "1100MB"
REPEAT_DAYS, FOLLOW_UP_DAYS = 7, 30
MAIN_TYPES, HELP = ("complaint", "report"), "help"
#: Sums by unit and month that all of them give, beside the median and the ninth decile of the hours to close.
COUNTS = (
    "contacts", "cases", "contacts_with_help", "cases_with_help", "cases_unlabelled", "callers", "asked_resolved", "resolved", "asked_satisfied", "satisfied",
    "timed", "still_open", "closed_in_time",
)
HOURS = ("median_hours", "p90_hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFiles:
    """The events, and a folder of small tables: `places`, `units`, `cells` (unit_id, month), `months`, `ticket_types`, `ticket_topics`."""

    events: EventFiles
    folder: Path

    def table(self, name: str) -> str:
        """File of one of the small tables."""
        return str(self.folder / f"{name}.parquet")

    @property
    def tickets(self) -> list[str]:
        """Files of the tickets."""
        return [str(path) for path in sorted(self.events.tickets.glob("*.parquet"))]

    @property
    def script(self) -> Mapping[str, Any]:
        """The texts of the package with their parameters filled in, `memory` as the package chooses it, `start` and `end` of the panel."""
        script: Mapping[str, Any] = json.loads((self.folder / "script.json").read_text(encoding="utf8"))
        return script

    @property
    def period(self) -> tuple[datetime, datetime]:
        """First moment of the panel, and first moment after it."""
        return datetime.fromisoformat(self.script["start"]), datetime.fromisoformat(self.script["end"])


def prepare(events: EventFiles, folder: Path) -> PanelFiles:
    """Write the small tables and the script, by the package."""
    import pandas as pd

    from commresearch.outcomes.context import month_table, numbered_places
    from commresearch.outcomes.units import UnitRegister

    register = UnitRegister.of(pd.read_parquet(events.roster), pd.read_parquet(events.grids))
    months = month_table(events.months)
    places, units = numbered_places(register)
    tables = {
        "months": months, "places": places, "units": units, "cells": register.units[["unit_id"]].merge(months[["month"]], how="cross"),
        "ticket_types": pd.DataFrame({"type": [*MAIN_TYPES, HELP], "is_main": [True] * len(MAIN_TYPES) + [False]}),
        "ticket_topics": pd.DataFrame({"topic": pd.Series([], dtype="str")}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = PanelFiles(events=events, folder=folder)
    for name, table in tables.items():
        table.to_parquet(files.table(name), index=False)
    start, end = months["month"].iloc[0].to_pydatetime(), months["next_month"].iloc[-1].to_pydatetime()
    (folder / "script.json").write_text(json.dumps(_script(start, end), ensure_ascii=False), encoding="utf8")
    return files


def _script(start: datetime, end: datetime) -> dict[str, Any]:
    from commresearch.outcomes.complaints import FLAGS, NEVER, NUMBERS
    from commresearch.outcomes.duck import BESIDE
    from commresearch.outcomes.engine import SIZES, sql_text

    def text(name: str, **values: object) -> str:
        return sql_text(f"complaints_{name}", FLAGS, **values)

    window, size = start - timedelta(days=REPEAT_DAYS), int(MEMORY[:-2]) * SIZES[MEMORY[-2:]]
    return {
        "start": start.isoformat(), "end": end.isoformat(), "memory": f"{max(size // 2, size - BESIDE) // 10**6}MB",
        "account": text("account", start=start, end=end, all_topics=True),
        "places": text("places"), "topics": text("topics"),
        "contacts": text("contacts", window_start=window, end=end, buckets=1, numbers=NUMBERS, all_topics=True),
        "several": text("several"),
        "cases": text("cases", start=start, repeat_days=REPEAT_DAYS, buckets=1),
        "counted": text("cells", follow_up_seconds=FOLLOW_UP_DAYS * 86_400, never=NEVER),
        "unplaced": text("unplaced"), "astray": text("astray"),
    }

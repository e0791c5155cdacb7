"""scores.csv: scores that somebody insists on adding up, beside the ledger; read so that their total can be shown to hang on its weights."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.comparison.total_weights import Indicator, Scaling
from commresearch.errors import Failure, SchemaError
from commresearch.sources.tables import FIRST_ROW, read_table

SCORES = "scores.csv"  #: stands in the folder of the ledger where a total is asked for
COLUMNS = ("case_id", "indicator", "unit", "better", "value")
BETTER = {"higher": True, "lower": False}
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """Scores of cases as `total_weights` takes them.

    table : DataFrame
        One row per case, one column per indicator; NaN where the file has no value.
    indicators : tuple of Indicator
    """

    table: pd.DataFrame
    indicators: tuple[Indicator, ...]

    @property
    def scaling(self) -> Scaling:
        """Indicators of one unit are added as they are; others between their lowest and highest case."""
        return "none" if len({indicator.unit for indicator in self.indicators}) == 1 else "min_max"


def read_scores(path: str | Path, cases: Collection[str]) -> Scores:
    """Scores in long form: one row per case and indicator.

    Parameters
    ----------
    path : path
        .csv (UTF-8, GB18030), .xlsx or .xls with the columns case_id, indicator, unit, better ("higher" or "lower" is better), value.
    cases : collection of str
        Ids of the cases that may be scored, in the order in which they are shown.

    Returns
    -------
    Scores

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns are missing (CR-T09), cells are blank or hold what is not allowed (CR-T10), a case is scored twice by one indicator (CR-T11), or an indicator
        changes its unit or direction (CR-T12): all faults at once, with file, row and column.
    """
    path = Path(path)
    text = read_table(path)
    missing = [name for name in COLUMNS if name not in text.columns]
    if missing:
        raise SchemaError(Failure(code="CR-T09", values={"file": path.name, "missing": ", ".join(missing), "needed": ", ".join(COLUMNS)}))
    text = text[list(COLUMNS)].apply(lambda column: column.fillna("").str.strip())
    text.index = text.index + FIRST_ROW
    rows = {int(row): {str(k): str(v) for k, v in cells.items()} for row, cells in text[(text != "").any(axis=1)].to_dict("index").items()}
    failures = [f for row, cells in rows.items() for f in _cell_faults(cells, {"file": path.name, "row": row}, cases)]
    failures += _row_faults(rows, path.name)
    if failures:
        raise SchemaError(*failures)
    known = {cells["indicator"]: Indicator(name=cells["indicator"], unit=cells["unit"], higher_is_better=BETTER[cells["better"]]) for cells in rows.values()}
    values = {(cells["case_id"], cells["indicator"]): float(cells["value"]) for cells in rows.values()}
    scored = [case for case in cases if any(case == of for of, _ in values)]
    table = pd.DataFrame([[values.get((case, name), math.nan) for name in known] for case in scored], index=scored, columns=list(known))
    return Scores(table=table, indicators=tuple(known.values()))


def _cell_faults(cells: Cells, here: Mapping[str, object], cases: Collection[str]) -> Iterator[Failure]:
    allowed = {"case_id": (cells["case_id"] in cases, ", ".join(cases)), "better": (cells["better"] in BETTER, ", ".join(BETTER)), "value": (_is_number(cells["value"]), "0, 1.5, -2, …")}
    for column in COLUMNS:
        sound, rule = allowed.get(column, (bool(cells[column]), "…"))
        if not sound:
            yield Failure(code="CR-T10", values={**here, "column": column, "got": cells[column], "allowed": rule})


def _row_faults(rows: Mapping[int, Cells], file: str) -> Iterator[Failure]:
    """What stands twice, and indicators that are not the same thing throughout."""
    first: dict[tuple[str, str], int] = {}
    kinds: dict[str, tuple[str, str]] = {}
    for row, cells in rows.items():
        key, kind = (cells["case_id"], cells["indicator"]), (cells["unit"], cells["better"])
        if first.setdefault(key, row) != row:
            yield Failure(code="CR-T11", values={"file": file, "row": row, "case": key[0], "indicator": key[1], "first": first[key]})
        if kinds.setdefault(cells["indicator"], kind) != kind:
            yield Failure(code="CR-T12", values={"file": file, "row": row, "indicator": key[1], "got": " / ".join(kind), "before": " / ".join(kinds[key[1]])})


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False

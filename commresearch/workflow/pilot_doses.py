"""How much of each mechanism the pilots of a project have, and where it counts as much: two tables beside the case folders."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from commresearch.errors import CaseError, Failure
from commresearch.sources.tables import read_table

DOSES, CALIBRATION = "doses.csv", "calibration.csv"
DOSE_COLUMNS = ("case_id", "condition", "raw")
ANCHOR_COLUMNS = ("condition", "exclusion", "crossover", "inclusion", "reason_zh", "reason_en")
EFFECT_SET = "LARGE"  #: name of the set of pilots with a large effect
ANCHORS = ("exclusion", "crossover", "inclusion")


def read_doses(folder: Path, known: Mapping[str, object]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """doses.csv and calibration.csv of a project, checked together.

    Parameters
    ----------
    folder
        data_raw.
    known
        Ids of the cases of the project.

    Returns
    -------
    doses : DataFrame
        case_id and one column per condition; empty where nobody recorded them.
    anchors : DataFrame
        condition, exclusion, crossover, inclusion, reason_zh, reason_en, the row `LARGE` among them; empty likewise.

    Raises
    ------
    CaseError
        One file without the other (CR-V05), columns missing (CR-V06), cells that are no numbers (CR-V07), cases or conditions that are not known or
        stand twice (CR-V08), anchors in no order (CR-V09), a reason that is missing (CR-V10); all of both files together.
    SourceError
        A file cannot be read.
    """
    there = [(folder / name).is_file() for name in (DOSES, CALIBRATION)]
    if not any(there):
        return pd.DataFrame(columns=["case_id"]), pd.DataFrame(columns=list(ANCHOR_COLUMNS))
    if not all(there):
        raise CaseError(Failure(code="CR-V05", values={"there": (DOSES, CALIBRATION)[there.index(True)], "missing": (DOSES, CALIBRATION)[there.index(False)]}))
    doses, anchors = read_table(folder / DOSES), read_table(folder / CALIBRATION)
    failures = [*_columns(doses, DOSE_COLUMNS, DOSES), *_columns(anchors, ANCHOR_COLUMNS, CALIBRATION)]
    if failures:
        raise CaseError(*failures)
    failures += [*_numbers(doses, ("raw",), DOSES), *_numbers(anchors, ANCHORS, CALIBRATION), *_names(doses, anchors, known)]
    if failures:
        raise CaseError(*failures)
    anchors = anchors.astype(dict.fromkeys(ANCHORS, float))
    if failures := [*_orders(anchors), *_reasons(anchors)]:
        raise CaseError(*failures)
    wide = doses.astype({"raw": float}).pivot_table(index="case_id", columns="condition", values="raw", aggfunc="first", sort=False)
    return wide.reset_index().rename_axis(columns=None), anchors[list(ANCHOR_COLUMNS)]


def _columns(table: pd.DataFrame, wanted: tuple[str, ...], file: str) -> list[Failure]:
    missing = [name for name in wanted if name not in table.columns]
    return [Failure(code="CR-V06", values={"file": file, "missing": ", ".join(missing), "needed": ", ".join(wanted)})] if missing else []


def _numbers(table: pd.DataFrame, columns: tuple[str, ...], file: str) -> list[Failure]:
    failures = []
    for name in columns:
        wrong = ~pd.to_numeric(table[name], errors="coerce").abs().lt(float("inf")).to_numpy()
        failures += [
            Failure(code="CR-V07", values={"file": file, "row": row, "column": name, "got": got})
            for row, got, is_wrong in zip(_rows(table), table[name], wrong, strict=True) if is_wrong
        ]
    return failures


def _rows(table: pd.DataFrame) -> range:
    """Rows as a spreadsheet counts them, below the header."""
    return range(2, len(table) + 2)


def _names(doses: pd.DataFrame, anchors: pd.DataFrame, known: Mapping[str, object]) -> list[Failure]:
    """Cases that the project does not have, conditions without anchors, what stands twice."""
    sets = set(anchors["condition"])
    failures = [
        Failure(code="CR-V08", values={"file": DOSES, "row": row, "column": column, "got": got, "allowed": ", ".join(sorted(map(str, allowed)))})
        for column, allowed in (("case_id", set(known)), ("condition", sets - {EFFECT_SET}))
        for row, got in zip(_rows(doses), doses[column], strict=True) if got not in allowed
    ]
    for table, keys, file in ((doses, ["case_id", "condition"], DOSES), (anchors, ["condition"], CALIBRATION)):
        failures += [
            Failure(code="CR-V11", values={"file": file, "row": row, "got": " · ".join(map(str, got))})
            for row, got, twice in zip(_rows(table), table[keys].itertuples(index=False, name=None), table.duplicated(keys), strict=True) if twice
        ]
    if EFFECT_SET not in sets:
        failures.append(Failure(code="CR-V08", values={"file": CALIBRATION, "row": "—", "column": "condition", "got": "—", "allowed": EFFECT_SET}))
    return failures


def _orders(anchors: pd.DataFrame) -> list[Failure]:
    """Anchors must rise or fall: between others nothing can be calibrated."""
    steps = anchors[list(ANCHORS)].diff(axis=1).iloc[:, 1:]
    wrong = ~((steps > 0).all(axis=1) | (steps < 0).all(axis=1))
    return [
        Failure(code="CR-V09", values={"file": CALIBRATION, "row": row, "condition": r["condition"], "got": " / ".join(f"{r[a]:g}" for a in ANCHORS)})
        for row, r, is_wrong in zip(_rows(anchors), anchors.to_dict("records"), wrong, strict=True) if is_wrong
    ]


def _reasons(anchors: pd.DataFrame) -> list[Failure]:
    """Every set needs its reason in either language: anchors without one cannot be defended."""
    return [
        Failure(code="CR-V10", values={"file": CALIBRATION, "row": row, "column": name, "condition": condition})
        for name in ("reason_zh", "reason_en")
        for row, condition, reason in zip(_rows(anchors), anchors["condition"], anchors[name], strict=True) if not str(reason).strip()
    ]

"""The known numbers of a population that a survey is weighted to: a file that people keep, held against the codebook."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.errors import Failure, SchemaError
from commresearch.sources.tables import FIRST_ROW, read_table
from commresearch.terms import VariableType

COLUMNS = ("variable", "category", "target")
Answers: TypeAlias = Mapping[str, Mapping[str, str]]
SEX = {"1": "男", "2": "女"}  #: what the privacy gate derives from national IDs


def load_margins(path: str | Path, codebook: Codebook) -> pd.DataFrame:
    """Read a table of margins.

    Parameters
    ----------
    path
        .xlsx, .xls or .csv with the columns variable, category (a value of the codebook) and target (a number above zero).
    codebook
        Of the survey.

    Returns
    -------
    DataFrame
        variable, category (str), target (float64); one row per category.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns that are missing (CR-G01); variables that the codebook does not have or that are no single choices (CR-G02);
        categories that are none of its values (CR-G03), or stand twice (CR-G04); targets that are no numbers above zero (CR-G05).
        All together.
    """
    file, table = Path(path).name, read_table(path)
    if missing := [c for c in COLUMNS if c not in table.columns]:
        raise SchemaError(Failure(code="CR-G01", values={"file": file, "missing": ", ".join(missing), "allowed": ", ".join(COLUMNS)}))
    cells = pd.DataFrame({c: table[c].str.strip() for c in COLUMNS})
    cells = cells[(cells != "").any(axis=1)]
    targets = pd.to_numeric(cells["target"].str.replace(",", ""), errors="coerce")
    known = cells.assign(number=targets, is_repeated=cells.duplicated(["variable", "category"]), row=cells.index + FIRST_ROW)
    choices = {v.name: v.answers for v in codebook if v.type is VariableType.SINGLE}
    derived = {f"{v.name}_sex": SEX for v in codebook if v.type is VariableType.TEXT}
    failures: list[Failure] = []
    for _, line in known.iterrows():
        place = {"file": file, "row": line["row"], "variable": line["variable"]}
        failures += _unknown(line, choices, derived, place)
        if line["is_repeated"]:
            failures.append(Failure(code="CR-G04", values={**place, "got": line["category"]}))
        if not 0 < line["number"] < np.inf:
            failures.append(Failure(code="CR-G05", values={**place, "got": line["target"]}))
    if failures:
        raise SchemaError(*failures)
    return cells.assign(target=targets).reset_index(drop=True)


def _unknown(line: pd.Series, choices: Answers, derived: Answers, place: Mapping[str, object]) -> list[Failure]:
    """What the codebook does not have of a line: its variable, or else its category."""
    answers = choices.get(line["variable"], derived.get(line["variable"]))
    if answers is None:
        return [Failure(code="CR-G02", values={**place, "got": line["variable"], "allowed": ", ".join(choices)})]
    if line["category"] in answers:
        return []
    return [Failure(code="CR-G03", values={**place, "got": line["category"], "allowed": ", ".join(f"{value}={label}" for value, label in answers.items())})]

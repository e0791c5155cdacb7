"""What a survey can be asked for: results of its questions and scales, those that are followed through its flags, shares of plain choices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd

from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.satisfaction_words import FEWEST, FIVE, asks_for_satisfaction, best_first, unrated_for
from commresearch.cleaning.variable import Variable
from commresearch.survey import satisfaction, score_scale
from commresearch.survey.estimates import MAX_CATEGORIES
from commresearch.terms import VariableType
from commresearch.workflow.survey_design import Note

FOLLOWED = 24  #: results that are followed through the flags; of more nobody would read what moves
LEAST_SCALE_ITEMS = 2
TWO = 2  #: answers of a question whose first one is followed
SHARES = frozenset({"top_two", "share"})  #: measures that are shares of sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number that a survey is asked for: a column of the working frame and how it is estimated.

    `unclear` is the column of 不清楚; measures of one `block` (a question, a scale, the rows of a matrix) are followed all or none.
    """

    variable: str
    measure: str
    column: str
    unit: str
    block: str
    unclear: str = ""


def working_frame(clean: CleanTable) -> tuple[pd.DataFrame, list[Measure]]:
    """The frame with a column per measure, and the measures in the order in which they matter.

    Scale scores; satisfaction with questions of their own, as share and as score; of questions with two answers, the share of the first; plain
    numbers; then rows of matrices.
    """
    columns: dict[str, pd.Series] = {}
    scores: list[Measure] = []
    rated: list[Measure] = []
    choices: list[Measure] = []
    plain: list[Measure] = []
    rows: list[Measure] = []
    for name, items in numeric_scales(clean).items():
        columns[f"{name}:scale"] = score_scale(numbers(clean.frame, items), [v.name for v in items], **keyed(items))
        scores.append(Measure(variable=name, measure="scale", column=f"{name}:scale", unit="score", block=f"{name}:scale"))
    for variable in (v for v in clean.codebook if v.name in clean.frame):
        stands_alone = not (variable.matrix or variable.scale)
        if (is_best_first := best_first(variable)) is not None:
            (rated if stands_alone else rows).extend(_satisfaction(clean, columns, variable, best=1 if is_best_first else 5))
        elif variable.role is None and not variable.quasi and variable.type is VariableType.NUMBER:
            measure = Measure(variable=variable.name, measure="mean", column=variable.name, unit=variable.unit or "value", block=_block(variable))
            (plain if stands_alone else rows).append(measure)
        elif is_plain_choice(variable) and not variable.quasi and stands_alone and variable.type is VariableType.SINGLE and len(variable.answers) == TWO:
            answered = clean.frame[variable.name]
            columns[f"{variable.name}:first"] = (answered == next(iter(variable.answers))).astype("float64").where(answered.notna())
            choices.append(Measure(variable=variable.name, measure="share", column=f"{variable.name}:first", unit="share", block=variable.name))
    frame = pd.concat([clean.frame, pd.DataFrame(columns, index=clean.frame.index)], axis=1)
    return frame, [m for m in (*scores, *rated, *choices, *plain, *rows) if frame[m.column].notna().any()]


def followed(measures: Sequence[Measure]) -> list[Measure]:
    """The measures that are followed through the flags: whole blocks in their order as long as there is room, and always the first."""
    chosen: set[str] = set()
    room = FOLLOWED
    for block, size in Counter(m.block for m in measures).items():
        if size <= room or not chosen:
            chosen.add(block)
            room -= size
    return [m for m in measures if m.block in chosen]


def _block(variable: Variable) -> str:
    return variable.matrix or variable.scale or variable.name


def _satisfaction(clean: CleanTable, columns: dict[str, pd.Series], variable: Variable, *, best: int) -> list[Measure]:
    """满意率 (top two of five) and mean score of one item; 不清楚 stands apart."""
    found = satisfaction(clean.frame, variable.name, best=best, missing_kinds=clean.missing_kinds[variable.name])
    columns |= {f"{variable.name}:{part}": found[part] for part in ("top_two", "score", "dont_know")}
    parts = {"top_two": "share", "score": "score"}
    return [
        Measure(variable=variable.name, measure=part, column=f"{variable.name}:{part}", unit=unit, block=_block(variable), unclear=f"{variable.name}:dont_know")
        for part, unit in parts.items()
    ]


def unrated(clean: CleanTable) -> list[Note]:
    """Satisfaction items without 满意率, with the number of their answers: another number than five, no order of the five, or numbers from 1 to 5."""
    asked = [v for v in clean.codebook if v.name in clean.frame and v.role is None]
    notes = [Note(f"satisfaction_{why}", variable=v.name, n=len(v.answers)) for v in asked if (why := unrated_for(v))]
    graded = [v.name for v in asked if v.type is VariableType.NUMBER and not v.unit and asks_for_satisfaction(v) and _is_graded(clean.frame[v.name])]
    return [*notes, *(Note("satisfaction_number", variable=name, n=len(FIVE)) for name in graded)]


def _is_graded(answers: pd.Series) -> bool:
    """Whether numbers are grades from 1 to 5."""
    seen = {*answers.dropna().unique().tolist()}
    return len(seen) >= FEWEST and seen <= {*map(float, FIVE)}


# ---------------------------------------------------------------- plain choices


def is_plain_choice(variable: Variable) -> bool:
    """Whether answers to a question can be told as shares only: single or multiple choice or what a ranking puts first, no satisfaction item."""
    kinds = {VariableType.SINGLE, VariableType.MULTIPLE, VariableType.RANKING}
    if variable.type not in kinds or variable.role is not None or variable.identifier or len(variable.answers) > MAX_CATEGORIES:
        return False
    return best_first(variable) is None


def plain_choices(clean: CleanTable) -> list[Variable]:
    """Questions whose shares are estimated, those that stand alone first; items of scales that are scored are told by the score."""
    scored = {v.name for items in numeric_scales(clean).values() for v in items}
    found = [v for v in clean.codebook if is_plain_choice(v) and v.name not in scored and v.answers and all(c in clean.frame for c in v.columns)]
    return sorted(found, key=lambda v: bool(v.matrix))


# ---------------------------------------------------------------- scales


def numeric_scales(clean: CleanTable) -> dict[str, list[Variable]]:
    """Scales that can be scored, with their items."""
    scales = clean.codebook.scales()
    return {n: items for n, items in scales.items() if len(items) >= LEAST_SCALE_ITEMS and all(_is_numeric(v) and v.name in clean.frame for v in items)}


def _is_numeric(variable: Variable) -> bool:
    return variable.type is VariableType.SINGLE and variable.is_numeric


class Keyed(TypedDict):
    """Directions and range of the items of a scale."""

    keys: list[int]
    low: float
    high: float


def keyed(variables: Sequence[Variable]) -> Keyed:
    """How the items of a scale are scored."""
    values = [int(v) for variable in variables for v in variable.answers]
    return {"keys": [v.key for v in variables], "low": min(values), "high": max(values)}


def numbers(frame: pd.DataFrame, variables: Sequence[Variable]) -> pd.DataFrame:
    """Answers to numeric items as numbers."""
    return pd.DataFrame({v.name: _codes(frame[v.name]) for v in variables}, index=frame.index)


def _codes(answers: pd.Series) -> pd.Series:
    """The numbers that answers stand for, each read once; NaN for what is no number."""
    known = answers.astype("category")
    read = pd.to_numeric(known.cat.categories.astype("str").to_series(), errors="coerce").to_numpy(dtype=float)
    return pd.Series(np.append(read, np.nan)[known.cat.codes], index=answers.index)

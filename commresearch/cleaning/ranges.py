"""Values outside the limits of the codebook: set apart as unusable, with a line each; a correction brings them back."""

from collections.abc import Mapping, MutableMapping

import numpy as np
import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.missing import CODE, KindCodes
from commresearch.cleaning.variable import Variable, plain_number
from commresearch.records import join_logs, log_lines
from commresearch.terms import MissingKind, VariableType

WITH_LIMITS = frozenset({VariableType.NUMBER, VariableType.DURATION})


def apply_ranges(
    codebook: Codebook, frame: pd.DataFrame, kinds: MutableMapping[str, KindCodes], place: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table without numbers that the codebook does not allow, and a log line for each; `kinds` is changed in place."""
    frame = frame.copy(deep=False)
    logs = []
    for variable in codebook:
        if variable.type not in WITH_LIMITS or variable.name not in frame or (variable.low is None and variable.high is None):
            continue
        numbers = frame[variable.name].to_numpy(dtype=float, na_value=np.nan)
        outside = (numbers < (-np.inf if variable.low is None else variable.low)) | (numbers > (np.inf if variable.high is None else variable.high))
        if not outside.any():
            continue
        logs.append(log_lines(
            step="ranges", rule="out_of_range", **place, row_id=frame.index[outside], variable=variable.name,
            old=[plain_number(n) for n in numbers[outside]], new=f"<unreadable> ({_limits(variable)})",
        ))
        frame[variable.name] = frame[variable.name].mask(outside)
        kinds[variable.name] = np.where(outside, CODE[MissingKind.UNREADABLE], kinds[variable.name]).astype(np.int8)
    return frame, join_logs(logs)


def _limits(variable: Variable) -> str:
    """What the codebook allows: ≥ 0, ≤ 10, or both."""
    limits = (("≥", variable.low), ("≤", variable.high))
    return ", ".join(f"{sign} {plain_number(limit)}" for sign, limit in limits if limit is not None)

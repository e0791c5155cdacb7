"""Effects that are not pooled, told by direction: the table behind an effect-direction or harvest plot."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from commresearch.comparison.pooling_input import Effects
from commresearch.impact.result import t_quantile

KINDS = ("outcome", "definition", "unit", "grade")


def case_table(effects: Effects, pooled: np.ndarray, reasons: Sequence[str], conf_level: float) -> pd.DataFrame:
    """Every effect as it was given, pooled or not.

    Parameters
    ----------
    effects : Effects
    pooled : bool array (N,)
    reasons : sequence of str (N,)
        Key of the refusal that keeps a row outside; empty where pooled.
    conf_level : float

    Returns
    -------
    DataFrame
        case_id, outcome, definition, unit, grade, estimate, std_error, conf_low, conf_high (estimate ± z × std_error; NaN without an error), conf_level,
        direction (up, down, none), pooled, reason, then the moderators; in the order given.
    """
    half = t_quantile(conf_level) * effects.std_error
    table = pd.DataFrame(
        {
            "case_id": effects.case_id, "outcome": effects.outcome, "definition": effects.definition, "unit": list(map(str, effects.unit)),
            "grade": list(map(str, effects.grade)), "estimate": effects.estimate, "std_error": effects.std_error, "conf_low": effects.estimate - half,
            "conf_high": effects.estimate + half, "conf_level": conf_level,
            "direction": np.select([effects.estimate > 0, effects.estimate < 0], ["up", "down"], "none"), "pooled": pooled, "reason": list(reasons),
        }
    )
    for place, name in enumerate(effects.names):
        table[name] = effects.moderators[:, place]
    return table


def harvest_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases by direction within each outcome, definition, unit and grade.

    Parameters
    ----------
    cases : DataFrame
        As `case_table` gives it.

    Returns
    -------
    DataFrame
        outcome, definition, unit, grade, cases, then up, down, none (how many) and cases_up, cases_down, cases_none (which).

    Notes
    -----
    The direction is the sign of the estimate and nothing else (SWiM, Campbell et al. 2020): whether an interval leaves out zero is not counted, because
    counting significant results mistakes small studies for absent effects.
    """
    rows = []
    for kind, group in cases.groupby(list(KINDS), sort=False):
        of = {direction: group.loc[group["direction"] == direction, "case_id"].tolist() for direction in ("up", "down", "none")}
        counts: dict[str, object] = {direction: len(ids) for direction, ids in of.items()}
        rows.append(dict(zip(KINDS, kind, strict=True)) | {"cases": len(group)} | counts | {f"cases_{d}": ", ".join(ids) for d, ids in of.items()})
    return pd.DataFrame(rows)

"""How far quasi-identifiers single persons out."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

SMALL_INSIDE, SMALL_OUTSIDE = 5, 20  #: cells below these sizes may not leave the team, and may not be published


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anonymity:
    """k-anonymity of a table (K 值 in the words of GB/T 42460-2023).

    k : int
        Size of the smallest cell of equal quasi-identifiers (准标识符); 0 for a table without rows.
    share_below_5, share_below_20 : float
        Share of rows in cells below that size, 0-1: those whose risk of being singled out (重标识风险) is above 1/5, 1/20.
    cells : DataFrame
        One row per cell, smallest first: the quasi-identifiers and `n`.
    """

    quasi: tuple[str, ...]
    n_rows: int
    n_cells: int
    k: int
    share_below_5: float
    share_below_20: float
    cells: pd.DataFrame


def k_anonymity(frame: pd.DataFrame, quasi: Sequence[str]) -> Anonymity:
    """Sizes of the cells that quasi-identifiers divide a table into.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    quasi : sequence of str
        Quasi-identifiers, such as community, age band, sex and occupation. A missing value is a value of its own.

    Raises
    ------
    KeyError
        A column is not in the table.

    References
    ----------
    Samarati and Sweeney (1998); GB/T 37964-2019; GB/T 42460-2023.
    """
    if not quasi:
        sizes = pd.DataFrame({"n": [len(frame)] if len(frame) else []}, dtype="int64")
    else:
        sizes = frame.groupby(list(quasi), dropna=False, observed=True, sort=True).size().reset_index(name="n")
    cells = sizes.sort_values("n", kind="stable", ignore_index=True)
    n, n_rows = cells["n"], len(frame)
    return Anonymity(
        quasi=tuple(quasi), n_rows=n_rows, n_cells=len(cells), k=int(n.min()) if len(n) else 0,
        share_below_5=float(n[n < SMALL_INSIDE].sum() / n_rows) if n_rows else 0.0,
        share_below_20=float(n[n < SMALL_OUTSIDE].sum() / n_rows) if n_rows else 0.0, cells=cells,
    )

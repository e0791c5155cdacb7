"""A roll-out order by lot: stratified, so that every batch looks like the whole, and repeatable by anybody with the seed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure


def draw_rollout(
    units: pd.DataFrame, *, starts: Sequence[str], seed: int, strata: Sequence[str] = (), sizes: Sequence[int] | None = None,
    never: int | None = None, blocks: int = 3,
) -> pd.DataFrame:
    """Draw which unit starts when.

    Parameters
    ----------
    units : DataFrame
        unit_id, and the columns named in `strata`; one row per unit that is decided on.
    starts : sequence of str
        First months of the batches, YYYY-MM, ascending.
    seed : int
        Of the draw; printed with it.
    strata : sequence of str
        Columns whose levels are spread evenly over the batches: texts as they are, numbers cut into `blocks` of equal size.
    sizes : sequence of int, optional
        Units per batch; as equal as can be where not given.
    never : int, optional
        Units that start in no batch; those that `sizes` leave over, or an equal part where neither is given.

    Returns
    -------
    DataFrame
        unit_id, stratum, order (1, 2, …, place in the draw), start_month (missing: comparison), chosen_by = random, assigned_level, assignment_id.

    Raises
    ------
    DesignError
        Columns are missing or a unit stands twice (CR-I09), months are out of order or sizes do not fit (CR-I09): all together.
    """
    failures = _faults(units, starts, strata, sizes, never)
    if failures:
        raise DesignError(*failures)
    batches = [*(sizes_of := _sizes(len(units), len(starts), sizes, never)), len(units) - sum(sizes_of)]
    rng = np.random.default_rng(seed)
    draw = pd.DataFrame({"unit_id": units["unit_id"].astype("str").to_numpy(), "stratum": _strata(units, strata, blocks), "lot": rng.random(len(units))})
    draw = draw.sort_values(["stratum", "lot"], ignore_index=True)
    # batches dealt out evenly along the strata; by turning the whole deal every unit has the same chance of every batch
    draw["batch"] = np.roll(_deal(batches), rng.integers(len(units)))
    draw = draw.sort_values(["batch", "lot"], ignore_index=True)
    start = [[*starts, None][b] for b in draw["batch"]]
    made = draw[["unit_id", "stratum"]].assign(order=np.arange(1, len(units) + 1), start_month=start, chosen_by="random", assigned_level="community")
    return made.assign(assignment_id=made["unit_id"])


def _deal(batches: Sequence[int]) -> np.ndarray:
    """A batch for every place of a row, the members of each spread as evenly as can be."""
    places = [((k + 0.5) / size, batch) for batch, size in enumerate(batches) for k in range(size)]
    return np.array([batch for _, batch in sorted(places)])


def balance_of_batches(units: pd.DataFrame, rollout: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Means of numbers by batch, so that a reader sees that batches are alike.

    Returns
    -------
    DataFrame
        start_month (empty: comparison), units, then one column per number.
    """
    joined = rollout.merge(units.assign(unit_id=units["unit_id"].astype("str")), on="unit_id", how="left", validate="one_to_one", suffixes=("", "_"))
    groups = joined.assign(start_month=joined["start_month"].fillna("")).groupby("start_month", sort=True)
    return pd.concat([groups.size().rename("units"), groups[list(columns)].mean()], axis=1).reset_index()


def _faults(
    units: pd.DataFrame, starts: Sequence[str], strata: Sequence[str], sizes: Sequence[int] | None, never: int | None
) -> list[Failure]:
    missing = [c for c in ("unit_id", *strata) if c not in units]
    found = [("columns", ", ".join(missing), ", ".join(map(str, units.columns)))] if missing else []
    if not missing and (twice := units["unit_id"][units["unit_id"].duplicated()].tolist()):
        found.append(("unit_id", ", ".join(map(str, twice)), "1 ×"))
    months = pd.to_datetime(pd.Series(list(starts), dtype="str"), format="%Y-%m", errors="coerce")
    if months.isna().any() or not months.is_monotonic_increasing or months.duplicated().any() or len(months) == 0:
        found.append(("starts", ", ".join(starts), "2026-01, 2026-04, …"))
    if sizes is not None and (len(sizes) != len(starts) or min(sizes, default=0) < 1 or sum(sizes) > len(units)):
        found.append(("sizes", ", ".join(map(str, sizes)), f"{len(starts)} × ≥ 1, Σ ≤ {len(units)}"))
    if never is not None and not 0 <= never <= len(units) - len(starts):
        found.append(("never", str(never), f"0–{len(units) - len(starts)}"))
    return [Failure(code="CR-I09", values={"name": n, "got": g, "allowed": a}) for n, g, a in found]


def _sizes(n: int, batches: int, sizes: Sequence[int] | None, never: int | None) -> list[int]:
    if sizes is not None:
        return list(sizes)
    left = n - (n // (batches + 1) if never is None else never)
    return [left // batches + (i < left % batches) for i in range(batches)]


def _strata(units: pd.DataFrame, columns: Sequence[str], blocks: int) -> np.ndarray:
    """One label per unit; numbers cut at their quantiles."""
    parts = []
    for name in columns:
        column = units[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            column = (column.rank(method="first", na_option="bottom") - 1) * blocks // len(units)
            parts.append((column.astype(int) + 1).astype("str").to_numpy())
        else:
            parts.append(column.astype("str").to_numpy())
    return np.array([f"{'/'.join(map(str, p))}" for p in zip(*parts, strict=True)]) if parts else np.full(len(units), "")

"""The frame of a panel from a table that somebody has."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import Failure, OutcomeError
from commresearch.terms import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameNames:
    """Columns of a table by what they hold; None where it has none."""

    community: str
    period: str
    value: str | None
    numerator: str | None
    denominator: str | None
    treated_from: str | None
    cluster: str | None
    weight: str | None
    covariates: tuple[str, ...]

    def faults(self, frame: pd.DataFrame, unit: Unit | str) -> list[Failure]:
        """Columns that the table lacks, and what else no panel can be made of."""
        named = (
            self.community, self.period, self.value, self.numerator, self.denominator, self.treated_from, self.cluster, self.weight, *self.covariates
        )
        known = ", ".join(map(str, frame.columns))
        failures = [Failure(code="CR-O12", values={"column": c, "known": known}) for c in named if c is not None and c not in frame]
        if self.value is None and self.numerator is None:
            failures.append(Failure(code="CR-O15"))
        if unit not in set(Unit):
            failures.append(Failure(code="CR-O16", values={"got": unit, "allowed": ", ".join(Unit)}))
        return failures


def frame_of(frame: pd.DataFrame, names: FrameNames, unit: Unit | str) -> pd.DataFrame:
    """The columns of a panel, ordered by unit and period.

    Raises
    ------
    OutcomeError
        As `Panel.from_frame`.
    """
    if failures := names.faults(frame, unit):
        raise OutcomeError(*failures)
    above, below = _floats(frame, names.numerator), _floats(frame, names.denominator)
    made_of = ratio(above, below, Unit(unit)) if names.denominator is not None else above
    values = _floats(frame, names.value) if names.value is not None else made_of
    recorded = ~np.isnan(values) | ~np.isnan(above)
    ids = frame[names.community].astype("str").to_numpy()
    made = pd.DataFrame(
        {
            "unit_id": ids, "unit_level": "community", "community_id": ids, "month": _periods(frame[names.period], names.period).to_numpy(),
            "numerator": above, "denominator": below, "value": values, "live": recorded, "live_share": recorded.astype("float64"),
        }
    )
    made["treated_from"] = _starts(frame, names.treated_from, made["month"])
    made["assignment_id"] = ids if names.cluster is None else frame[names.cluster].astype("str").to_numpy()
    made[["partial_month", "provisional", "blocked"]] = False
    extra = {name: frame[name].to_numpy() for name in names.covariates}
    if names.weight is not None:
        extra["weight"] = frame[names.weight].to_numpy()
    return made.assign(**extra).sort_values(["unit_id", "month"], ignore_index=True)


def ratio(above: np.ndarray, below: np.ndarray, unit: Unit) -> np.ndarray:
    """Numerator over denominator in a unit; NaN where the denominator is zero or missing."""
    scale: Mapping[Unit, float] = {Unit.PERCENTAGE_POINTS: 100.0, Unit.PER_1000_HOUSEHOLDS: 1_000.0, Unit.PER_10000_RESIDENTS: 10_000.0}
    return scale.get(unit, 1.0) * above / np.where(below > 0, below, np.nan)


def _floats(frame: pd.DataFrame, column: str | None) -> np.ndarray:
    return np.full(len(frame), np.nan) if column is None else frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _periods(column: pd.Series, name: str) -> pd.Series:
    """Months as first days, or whole numbers as they are.

    Raises
    ------
    OutcomeError
        Cells are neither (CR-O13).
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        broken = np.isnan(numbers) | (numbers != np.floor(numbers))
        if not broken.any():
            return column.astype("int64")
    else:
        months = column.dt.to_timestamp() if isinstance(column.dtype, pd.PeriodDtype) else pd.to_datetime(column, errors="coerce", format="mixed")
        broken = months.isna().to_numpy()
        if not broken.any():
            return pd.Series(months.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]"))
    shown = ", ".join(str(v) for v in column[broken].unique()[:5])
    raise OutcomeError(Failure(code="CR-O13", values={"column": name, "got": shown, "count": int(broken.sum())}))


def _starts(frame: pd.DataFrame, column: str | None, month: pd.Series) -> pd.Series:
    """First treated periods, of the type of the periods."""
    dated = month.dtype.kind == "M"
    made = pd.Series(pd.NaT if dated else np.nan, index=range(len(frame)), dtype="datetime64[us]" if dated else "float64")
    if column is None:
        return made
    given = frame[column].reset_index(drop=True)
    treated = given.notna() & (given.astype("str") != "")
    if not dated:
        made[treated] = pd.to_numeric(given[treated]).astype("float64")
    elif treated.any():
        made[treated] = _periods(given[treated], column)
    return made

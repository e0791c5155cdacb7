"""The design of a sample: weights, and for every stage which unit of which stratum a row belongs to."""

from dataclasses import dataclass
from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from commresearch.survey.reading import (
    DENSE,
    BoolArray,
    CodeArray,
    ColumnReader,
    FloatArray,
    blocks,
    keys_of,
    name_of,
    places,
    present_codes,
    shorten,
    stage_columns,
)
from commresearch.survey.settings import Settings, SinglePsu
from commresearch.terms import Sampling

CACHED = 2**14  #: entries up to which a table of pairs is looked up as fast as a table of what occurs
COMPLETE = 1 - 1e-7  #: a stratum sampled at this rate or more was taken completely and adds no variance


class Calibration(Protocol):
    """How weights were fitted to known totals, as far as a variance needs to know."""

    def residuals(self, z: FloatArray, /) -> FloatArray:
        """Weighted influence values (n, k) less what the known totals explain of them."""
        ...


@runtime_checkable
class RepeatableCalibration(Protocol):
    """A calibration that can be done again, as replicates need it."""

    @property
    def base(self) -> FloatArray:
        """(n,) weights before calibration."""
        ...

    def reweight(self, base: FloatArray, /) -> FloatArray:
        """(n,) weights fitted to the same totals in the same way, from other base weights."""
        ...


@runtime_checkable
class CalibratedWeights(Protocol):
    """Weights that may have been fitted to known totals."""

    @property
    def values(self) -> FloatArray:
        """One weight per row."""
        ...

    @property
    def calibration(self) -> Calibration | None:
        """How they were fitted; None for weights as designed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignColumns:
    """Where the design stands in the frame: the arguments of an estimator, as given."""

    weights: object
    strata: object = None
    clusters: object = None
    fpc: object = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One stage of sampling.

    unit
        (n,) the sampled unit of each row, 0 to U - 1; units are numbered within their stratum, never shared between strata
    stratum
        (U,) the stratum of each unit, 0 to H - 1; from the second stage on the units of the stage before are strata
    within
        (H,) the unit of the stage before that each stratum lies in; zeros at the first stage
    sampled, rate
        (H,) units sampled, and their share of all units of the stratum (0 where the stratum counts as unlimited)
    factor
        (H,) product of the sampling rates of the stages before
    """

    unit: CodeArray
    stratum: CodeArray
    within: CodeArray
    sampled: FloatArray
    rate: FloatArray
    factor: FloatArray

    @property
    def lonely(self) -> BoolArray:
        """(H,) strata with one sampled unit of several."""
        return np.asarray((self.sampled == 1) & (self.rate < COMPLETE))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """Weights and stages of a sample; `positive`: no weight is zero."""

    weights: FloatArray
    positive: bool
    stages: tuple[Stage, ...]
    single_psu: SinglePsu = "raise"
    calibration: Calibration | None = None

    @property
    def first(self) -> Stage:
        """The stage the primary units were sampled at."""
        return self.stages[0]

    @property
    def degrees_of_freedom(self) -> int:
        """Primary units less strata, among those with a row of positive weight."""
        if self.positive:
            return len(self.first.stratum) - len(self.first.sampled)
        units = np.flatnonzero(np.bincount(self.first.unit, self.weights > 0))
        return len(units) - len(np.unique(self.first.stratum[units]))


def read_design(reader: ColumnReader, columns: DesignColumns, settings: Settings) -> Design | None:
    """The design that the columns describe; None where they have faults, which the reader keeps.

    Without `clusters` the rows are the units. Without `fpc` the primary units count as drawn with replacement, and later stages add
    nothing to the variance. Cluster ids are numbered within strata unless `settings.nest` is false.
    """
    before = len(reader.failures)
    weights = _read_weights(reader, columns.weights)
    strata = [reader.complete(c, "strata") for c in stage_columns(columns.strata)]
    clusters = [reader.complete(c, "clusters") for c in stage_columns(columns.clusters)]
    fpc = [_read_fpc(reader, c) for c in stage_columns(columns.fpc)]
    stages = max(1, len(clusters))
    if fpc and settings.sampling is not Sampling.PROBABILITY:
        reader.fail(code="CR-W60", sampling=settings.sampling.value)
    elif fpc and len(fpc) != stages:
        reader.fail(code="CR-W61", argument="fpc", got=len(fpc), stages=stages)
    if len(strata) > stages:
        reader.fail(code="CR-W61", argument="strata", got=len(strata), stages=stages)
    if len(reader.failures) > before or weights is None or reader.frame.empty:
        return None
    built = _build_stages(reader, _found(strata), _found(clusters), _found(fpc), settings)
    calibration = columns.weights.calibration if isinstance(columns.weights, CalibratedWeights) else None
    return Design(weights=weights, positive=bool(weights.min() > 0), stages=built, single_psu=settings.single_psu, calibration=calibration)


def _found(columns: list[pd.Series | None]) -> list[pd.Series]:
    return [c for c in columns if c is not None]


def _read_weights(reader: ColumnReader, weights: object) -> FloatArray | None:
    if isinstance(weights, CalibratedWeights):
        index = getattr(weights, "index", None)
        weights = np.asarray(weights.values, dtype=float)
        if index is not None and len(weights) == len(index) == len(reader.frame):
            weights = pd.Series(weights, index=index, name="weights")
    values = reader.numbers(np.asarray(weights) if isinstance(weights, list) else weights, "weights")
    if values is None:
        return None
    if len(values) and values.min() > 0:  # false where one is missing
        return values
    if np.isnan(values).any():
        reader.fail(code="CR-W57", argument="weights", column=name_of(weights, "weights"), **reader.rows(np.isnan(values)))
    if (values < 0).any():
        reader.fail(code="CR-W62", column=name_of(weights, "weights"), **reader.rows(values < 0))
    if len(values) and not values.any():  # NaN counts as some weight: it has been told already
        reader.fail(code="CR-W63", column=name_of(weights, "weights"))
    return values


def _read_fpc(reader: ColumnReader, fpc: object) -> pd.Series | None:
    """Population counts or sampling fractions, as floats; a single number holds for every row."""
    if isinstance(fpc, Real) and fpc not in set(reader.frame.columns):
        fpc = np.full(len(reader.frame), float(fpc))
    values = reader.numbers(fpc, "fpc")
    if values is None:
        return None
    name = name_of(fpc, "fpc")
    if np.isnan(values).any():
        reader.fail(code="CR-W57", argument="fpc", column=name, **reader.rows(np.isnan(values)))
    elif (values <= 0).any():
        reader.fail(code="CR-W64", column=name, **reader.rows(values <= 0))
    elif (values < 1).any() and (values > 1).any():
        found = {"fractions": int((values < 1).sum()), "counts": int((values > 1).sum())}
        reader.fail(code="CR-W65", column=name, **found, **reader.rows(values < 1))
    return pd.Series(values, name=name)


def _build_stages(
    reader: ColumnReader, strata: list[pd.Series], clusters: list[pd.Series], fpc: list[pd.Series], settings: Settings
) -> tuple[Stage, ...]:
    """Stages from complete columns. Later stages count only where every stage has its fpc."""
    n = len(reader.frame)
    ids: list[pd.Series | None] = list(clusters) if clusters else [None]
    parent: CodeArray = np.broadcast_to(np.int64(0), n)
    factor = np.ones(1)  # per unit of the stage before
    stages: list[Stage] = []
    for level, cluster in enumerate(ids if fpc else ids[:1]):
        stratum, within = _strata(parent, len(factor), strata[level]) if level < len(strata) else (parent, np.arange(len(factor)))
        if cluster is not None and level == 0 and strata and not settings.nest:
            _check_nesting(reader, stratum, cluster)
        unit, of_unit = (np.arange(n, dtype=np.int64), stratum) if cluster is None else nest_codes(stratum, len(within), cluster)
        of_unit, found = present_codes(of_unit, len(within))
        within = within[found]
        sampled = np.bincount(of_unit).astype(float)
        if settings.sampling is Sampling.CENSUS:
            rate = np.ones(len(sampled))
        else:
            rate = _sampling_rate(reader, fpc[level].to_numpy(), of_unit[unit], sampled, level) if fpc else np.zeros(len(sampled))
        stages.append(Stage(unit=unit, stratum=of_unit, within=within, sampled=sampled, rate=rate, factor=factor[within]))
        if settings.single_psu == "raise":
            _check_lonely(reader, stages[-1], [*strata[: level + 1], *clusters[:level]], level)
        factor, parent = (stages[-1].factor * rate)[of_unit], unit
    return tuple(stages)


def _strata(outer: CodeArray, count: int, column: pd.Series) -> tuple[CodeArray, CodeArray]:
    """A code for the stratum of each row, and for each code the unit it lies in; codes of one unit may leave numbers out."""
    if count > 1:
        return nest_codes(outer, count, column)
    codes, values = keys_of(column)
    if (size := len(values)) > CACHED:
        codes, found = present_codes(codes, size)
        size = len(found)
    return codes, np.zeros(size, dtype=np.int64)


def nest_codes(outer: CodeArray, count: int, inner: pd.Series) -> tuple[CodeArray, CodeArray]:
    """Codes 0, 1, … of the values of `inner` within each of `count` codes of `outer`, in order, and per new code the outer one."""
    keys, values = keys_of(inner)
    size = len(values)
    if count == 1:
        codes, found = present_codes(keys, size)
        return codes, np.zeros(len(found), dtype=np.int64)
    if size <= DENSE * len(keys) and (owner := _owners(keys, size, outer)) is not None:
        found = np.flatnonzero(owner >= 0)
        found = found[np.argsort(owner[found], kind="stable")]
        return places(found, size)[keys], owner[found]
    if count * size > CACHED:
        keys, found = present_codes(keys, size)
        size = len(found)
    codes, found = present_codes(outer * size + keys, count * size)
    return codes, found // size


def _owners(keys: CodeArray, size: int, outer: CodeArray) -> CodeArray | None:
    """(size,) the outer code of the rows of each key, -1 for one without rows; None where a key has rows of several."""
    owner = np.full(size, -1)
    for rows in blocks(len(keys)):
        owner[keys[rows]] = outer[rows]
    return owner if all((owner[keys[rows]] == outer[rows]).all() for rows in blocks(len(keys))) else None


def _sampling_rate(reader: ColumnReader, fpc: FloatArray, stratum: CodeArray, sampled: FloatArray, level: int) -> FloatArray:
    """(H,) share of the units of a stratum that were sampled."""
    value = np.empty(len(sampled))
    value[stratum] = fpc
    if (varies := fpc != value[stratum]).any():
        reader.fail(code="CR-W66", stage=level + 1, **reader.rows(np.isin(stratum, stratum[varies])))
        return np.zeros(len(sampled))
    if (fpc <= 1).all():
        return value
    if (small := value < sampled).any():
        worst = stratum[np.argmax(small[stratum])]  # the first that a reader of the table meets
        reader.fail(code="CR-W67", stage=level + 1, got=value[worst], sampled=int(sampled[worst]), **reader.rows(small[stratum]))
    return np.asarray(sampled / value)


def _check_nesting(reader: ColumnReader, stratum: CodeArray, cluster: pd.Series) -> None:
    pairs = pd.DataFrame({"stratum": stratum, "cluster": cluster.to_numpy()}).drop_duplicates()
    spanning = pairs.loc[pairs["cluster"].duplicated(), "cluster"].unique()
    if len(spanning):
        reader.fail(code="CR-W68", column=cluster.name, count=len(spanning), clusters=shorten(spanning))


def _check_lonely(reader: ColumnReader, stage: Stage, columns: list[pd.Series], level: int) -> None:
    """A stratum with one sampled unit says nothing of the differences within it."""
    lonely = stage.lonely
    if not lonely.any():
        return
    stratum = stage.stratum[stage.unit]
    rows = np.sort(np.unique(stratum, return_index=True)[1][lonely])
    if not columns:
        reader.fail(code="CR-W81", count=len(stratum))
        return
    names = [" / ".join(str(c.iloc[row]) for c in columns) for row in rows]
    reader.fail(code="CR-W69", stage=level + 1, count=len(names), strata=shorten(names))

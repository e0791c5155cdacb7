"""What every estimator starts from: a checked design, the domains, and the rows that count in them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.survey.cells import Cells, domain_sums, form_cells, paired
from commresearch.survey.design import Design, DesignColumns, read_design
from commresearch.survey.reading import BoolArray, CodeArray, ColumnReader, FloatArray, Groups, combine, shorten
from commresearch.survey.settings import EstimateOptions, Missing, Settings, check_choice, read_settings
from commresearch.survey.variance import domain_sizes

#: columns of every result, after those that say which domain, category or quantile a row is about
RESULT_COLUMNS = (
    "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "unit", "deff", "df", "n", "inference",
)
ONE_DOMAIN = pd.DataFrame(index=range(1))  #: labels where nothing is split: one row, no column
RESERVED = frozenset({*RESULT_COLUMNS, "category", "quantile", "term"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A design and its domains.

    domain
        (n,) domain of each row that counts, 0 to D - 1; -1 where the row has no value or no domain
    complete
        whether every row counts
    cells
        the rows as variances see them
    labels
        one row per domain, in the columns of `by`
    n, weight
        (D,) rows with a positive weight, and their sum of weights
    df
        (D,) degrees of freedom
    known
        (D,) whether the sample says anything about variation in the domain
    """

    design: Design
    settings: Settings
    domain: CodeArray
    complete: bool
    cells: Cells
    labels: pd.DataFrame
    n: FloatArray
    weight: FloatArray
    df: FloatArray
    known: BoolArray

    @property
    def count(self) -> int:
        """How many domains there are."""
        return len(self.labels)

    @property
    def kish(self) -> FloatArray:
        """(D,) the number of equal weights that those of a domain are worth."""
        squares = self.sums(self.design.weights, self.design.weights)
        return np.divide(self.weight**2, squares, out=np.zeros(self.count), where=squares > 0)

    def sums(self, values: FloatArray, factors: FloatArray | None = None) -> FloatArray:
        """(D,) sums over the rows of each domain of values, or of their products with factors."""
        return domain_sums(self.domain, values, factors, self.count, complete=self.complete)

    def spread(self, per_domain: FloatArray, rows: slice = slice(None)) -> FloatArray:
        """(n,) the value of each row's own domain, for some rows or all; NaN outside."""
        domain = self.domain[rows]
        if self.complete and self.count == 1:
            return np.broadcast_to(per_domain, domain.shape)
        return np.append(per_domain, np.nan)[domain]

    def inside(self, values: FloatArray, rows: slice) -> FloatArray:
        """Values of some rows, 0 outside the domains."""
        return values if self.complete else np.where(self.domain[rows] >= 0, values, 0.0)

    def pairs(self, rows: slice) -> CodeArray:
        """Unit and domain of some rows as one code, as `cells` counts them; outside the domains any code."""
        code = paired(self.design.stages[-1].unit[rows], self.domain[rows], self.count)
        return code if self.complete else np.maximum(code, 0)


class SampleReader(ColumnReader):
    """Reads the arguments that all estimators share, then the variables of one; `finish` raises every fault at once."""

    def __init__(self, frame: pd.DataFrame, columns: DesignColumns, missing: Missing, options: EstimateOptions) -> None:
        super().__init__(frame)
        self.settings = read_settings(self, options)
        self.raises = check_choice(self, "missing", missing, ("domain", "raise")) and missing == "raise"
        self.design = read_design(self, columns, self.settings)
        self.domains = Groups(codes=np.broadcast_to(np.int64(0), len(frame)), labels=ONE_DOMAIN)

    def split(self, by: object, *, more: tuple[str, ...] = ()) -> None:
        """Domains by one column or several, which bear no name that the result uses; `more` are those that only this result does."""
        if by is None:
            return
        columns = list(by) if isinstance(by, list | tuple) else [by]
        groups = [g for c in columns if (g := self.categories(c, "by")) is not None]
        names = [name for g in groups for name in g.labels.columns]
        reserved = RESERVED.union(more)
        if taken := [str(name) for i, name in enumerate(names) if name in reserved or name in names[:i]]:
            self.fail(code="CR-W70", columns=shorten(taken), reserved=", ".join(sorted(reserved)))
        elif groups:
            self.domains = combine(groups)
            if self.raises:
                self.see_missing(self.domains.codes < 0, "by", shorten(names))

    def see_missing(self, missing: BoolArray, argument: str, column: Hashable) -> None:
        """Keep a failure for missing values."""
        if missing.any():
            self.fail(code="CR-W71", argument=argument, column=column, **self.rows(missing))

    def variable(self, column: object, argument: str = "variable") -> FloatArray | None:
        """A numeric variable, NaN where missing."""
        values = self.numbers(column, argument)
        if values is not None and self.raises:
            self.see_missing(np.isnan(values), argument, column if isinstance(column, Hashable) else argument)
        return values

    def classes(self, column: object, argument: str = "variable") -> Groups | None:
        """A categorical variable, code -1 where missing."""
        groups = self.categories(column, argument)
        if groups is not None and self.raises:
            self.see_missing(groups.codes < 0, argument, str(groups.labels.columns[0]))
        return groups

    def finish(self, observed: BoolArray | None, column: object) -> Sample:
        """The sample, its domains reduced to the rows observed in a column (or what it is called).

        Raises
        ------
        EstimationError
            Anything was found wrong, or no row is left.
        """
        return self.finish_each([observed], [column])[0]

    def finish_each(self, observed: Sequence[BoolArray | None], columns: Sequence[object]) -> list[Sample]:
        """A sample for each of several columns, as `finish` makes of one; what is wrong with any is raised together."""
        left = [self._left(rows, column) for rows, column in zip(observed, columns, strict=True)]
        self.check()
        design = self.design
        if design is None:
            raise AssertionError("a column was not read, and no failure says why")
        return [_sample(design, self.settings, self.domains, inside, used) for inside, used in left]

    def _left(self, observed: BoolArray | None, column: object) -> tuple[BoolArray, BoolArray]:
        """The rows observed within the domains, and those of them that have a weight; nothing where either was not read."""
        if observed is None or self.design is None:
            return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        inside = observed if self.domains.labels is ONE_DOMAIN else observed & (self.domains.codes >= 0)
        used = inside if self.design.positive else inside & (self.design.weights > 0)
        if not observed.any():
            self.fail(code="CR-W82", column=column, total=len(observed))
        elif not used.any():
            self.fail(code="CR-W72", column=column, observed=int(observed.sum()), total=len(observed))
        return inside, used


def _sample(design: Design, settings: Settings, domains: Groups, inside: BoolArray, used: BoolArray) -> Sample:
    count, complete = domains.count, bool(inside.all())
    domain = domains.codes if complete else np.where(inside, domains.codes, -1)
    cells = form_cells(design, domain, used, count)
    n, df, sampled = domain_sizes(cells, count)
    known = (df > 0) | ~sampled
    if settings.domain_df == "design":
        df = np.full(count, float(design.degrees_of_freedom))
    return Sample(
        design=design, settings=settings, domain=domain, complete=complete, cells=cells, labels=domains.labels, n=n,
        weight=domain_sums(domain, design.weights, None, count, complete=complete), df=df, known=known,
    )


def result_frame(labels: pd.DataFrame | Mapping[Hashable, pd.Series | pd.Index], settings: Settings, **columns: FloatArray) -> pd.DataFrame:
    """The rows of a result in the shared vocabulary of effects, after the columns that say what each row is about.

    A sample without random selection has no design effect, a census no uncertainty.
    """
    values, size = dict(columns), len(columns["estimate"])
    if settings.inference != "design":
        values["deff"] = np.full(size, np.nan)
    if settings.inference == "none":
        values |= {"conf_low": values["estimate"], "conf_high": values["estimate"], "df": np.full(size, np.nan)}
    nothing = np.full(size, np.nan)
    stated = {"conf_level": np.full(size, settings.conf_level), "unit": [settings.unit] * size, "inference": [settings.inference] * size}
    found = {name: values.get(name, nothing) for name in RESULT_COLUMNS} | stated | {"n": values["n"].astype(np.int64)}
    return pd.DataFrame({name: labels[name].array for name in labels} | found)

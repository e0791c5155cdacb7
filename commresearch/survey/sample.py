"""What every estimator starts from: a checked design, the domains, and the rows that count in them."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.survey.design import Design, DesignColumns, read_design
from commresearch.survey.reading import BoolArray, CodeArray, ColumnReader, FloatArray, Groups, combine, shorten
from commresearch.survey.settings import EstimateOptions, Missing, Settings, check_choice, read_settings
from commresearch.survey.variance import domain_degrees, weighted_counts

#: columns of every result, after those that say which domain, category or quantile a row is about
RESULT_COLUMNS = (
    "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "unit", "deff", "df", "n", "inference",
)
RESERVED = frozenset({*RESULT_COLUMNS, "category", "quantile", "term"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A design and its domains.

    domain
        (n,) domain of each row that counts, 0 to D - 1; -1 where the row has no value or no domain
    labels
        one row per domain, in the columns of `by`
    n, weight, kish
        (D,) rows with a positive weight, their sum of weights, and the number of equal weights they are worth
    df
        (D,) degrees of freedom
    known
        (D,) whether the sample says anything about variation in the domain
    """

    design: Design
    settings: Settings
    domain: CodeArray
    labels: pd.DataFrame
    n: FloatArray
    weight: FloatArray
    kish: FloatArray
    df: FloatArray
    known: BoolArray

    @property
    def count(self) -> int:
        """How many domains there are."""
        return len(self.labels)

    def sums(self, values: FloatArray) -> FloatArray:
        """(D,) sums over the rows of each domain."""
        inside = self.domain >= 0
        if inside.all():
            return weighted_counts(self.domain, values, self.count)
        return weighted_counts(self.domain[inside], values[inside], self.count)

    def spread(self, per_domain: FloatArray) -> FloatArray:
        """(n,) the value of each row's own domain; NaN outside."""
        return np.append(per_domain, np.nan)[self.domain]


class SampleReader(ColumnReader):
    """Reads the arguments that all estimators share, then the variables of one; `finish` raises every fault at once."""

    def __init__(self, frame: pd.DataFrame, columns: DesignColumns, missing: Missing, options: EstimateOptions) -> None:
        super().__init__(frame)
        self.settings = read_settings(self, options)
        self.raises = check_choice(self, "missing", missing, ("domain", "raise")) and missing == "raise"
        self.design = read_design(self, columns, self.settings)
        self.domains = Groups(codes=np.zeros(len(frame), dtype=np.int64), labels=pd.DataFrame(index=range(1)))

    def split(self, by: object) -> None:
        """Domains by one column or several."""
        if by is None:
            return
        columns = list(by) if isinstance(by, list | tuple) else [by]
        groups = [g for c in columns if (g := self.categories(c, "by")) is not None]
        names = [name for g in groups for name in g.labels.columns]
        if taken := [str(name) for i, name in enumerate(names) if name in RESERVED or name in names[:i]]:
            self.fail(code="CR-W70", columns=shorten(taken), reserved=", ".join(sorted(RESERVED)))
        elif groups:
            self.domains = combine(groups)
            self.see_missing(self.domains.codes < 0, "by", shorten(names))

    def see_missing(self, missing: BoolArray, argument: str, column: Hashable) -> None:
        """Keep a failure for missing values where they are not allowed."""
        if self.raises and missing.any():
            self.fail(code="CR-W71", argument=argument, column=column, **self.rows(missing))

    def variable(self, column: object, argument: str = "variable") -> FloatArray | None:
        """A numeric variable, NaN where missing."""
        values = self.numbers(column, argument)
        if values is not None:
            self.see_missing(np.isnan(values), argument, column if isinstance(column, Hashable) else argument)
        return values

    def classes(self, column: object, argument: str = "variable") -> Groups | None:
        """A categorical variable, code -1 where missing."""
        groups = self.categories(column, argument)
        if groups is not None:
            self.see_missing(groups.codes < 0, argument, str(groups.labels.columns[0]))
        return groups

    def finish(self, observed: BoolArray | None) -> Sample:
        """The sample, its domains reduced to the rows observed.

        Raises
        ------
        EstimationError
            Anything was found wrong, or no row is left.
        """
        if observed is not None and self.design is not None:
            used = observed & (self.domains.codes >= 0) & (self.design.weights > 0)
            if not used.any():
                self.fail(code="CR-W72", observed=int(observed.sum()), total=len(observed))
        self.check()
        if self.design is None or observed is None:
            raise AssertionError("a column was not read, and no failure says why")
        return _sample(self.design, self.settings, np.where(observed, self.domains.codes, -1), self.domains.labels)


def _sample(design: Design, settings: Settings, domain: CodeArray, labels: pd.DataFrame) -> Sample:
    inside = domain >= 0
    weights, of, count = design.weights[inside], domain[inside], len(labels)
    weight, squares = weighted_counts(of, weights, count), weighted_counts(of, weights**2, count)
    df, sampled = domain_degrees(design, domain, count)
    known = (df > 0) | ~sampled
    if settings.domain_df == "design":
        df = np.full(count, float(design.degrees_of_freedom(np.ones(len(domain), dtype=bool))))
    return Sample(
        design=design, settings=settings, domain=domain, labels=labels, n=np.bincount(of[weights > 0], minlength=count).astype(float),
        weight=weight, kish=np.divide(weight**2, squares, out=np.zeros(count), where=squares > 0), df=df, known=known,
    )


def result_frame(labels: pd.DataFrame, settings: Settings, **columns: FloatArray) -> pd.DataFrame:
    """The rows of a result in the shared vocabulary of effects, after the columns that say what each row is about.

    A sample without random selection has no design effect, a census no uncertainty.
    """
    values = dict(columns)
    if settings.inference != "design":
        values["deff"] = np.full(len(labels), np.nan)
    if settings.inference == "none":
        values |= {"conf_low": values["estimate"], "conf_high": values["estimate"], "df": np.full(len(labels), np.nan)}
    blank = np.full(len(labels), np.nan)
    stated = {"conf_level": settings.conf_level, "unit": settings.unit, "inference": settings.inference}
    frame = pd.DataFrame({name: values.get(name, blank) for name in RESULT_COLUMNS} | stated, index=range(len(labels)))
    frame["n"] = frame["n"].astype("int64")
    return pd.concat([labels.reset_index(drop=True), frame], axis=1)

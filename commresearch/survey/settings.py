"""What may be chosen about an estimate, beside what the sample and the variable are."""

from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict, get_args

from commresearch.survey.reading import ColumnReader
from commresearch.terms import Sampling

SinglePsu = Literal["raise", "certainty", "centre", "average"]
DeffReference = Literal["wor", "wr"]
DomainDf = Literal["domain", "design"]
Method = Literal["taylor", "jackknife"]
Missing = Literal["domain", "raise"]

#: which inference a kind of sample allows
INFERENCE = {Sampling.PROBABILITY: "design", Sampling.QUOTA: "model", Sampling.OPT_IN: "model", Sampling.CENSUS: "none"}
CHOICES = {
    "single_psu": get_args(SinglePsu), "deff": get_args(DeffReference), "domain_df": get_args(DomainDf), "method": get_args(Method),
    "sampling": tuple(s.value for s in Sampling),
}


class EstimateOptions(TypedDict, total=False):
    """Options of every estimator.

    conf_level : float
        Confidence level of the intervals; 0.95.
    sampling : Sampling or str
        How the respondents came into the sample: probability (default), quota, opt_in, census.
    single_psu : {"raise", "certainty", "centre", "average"}
        What to do with a stratum in which one unit was sampled (and more exist).
    deff : {"wor", "wr"}
        Simple random sampling the design effect compares with: without or with replacement.
    domain_df : {"domain", "design"}
        Degrees of freedom in a domain: those of the whole design, or from the units and strata that it occurs in.
    nest : bool
        Whether a cluster id that stands in several strata means a cluster of its own in each; True.
    method : {"taylor", "jackknife"}
        Linearisation, or delete-one-cluster replicates (re-calibrated where the weights are calibrated).
    unit : str
        What the estimate is measured in, for the column `unit`.
    """

    conf_level: float
    sampling: Sampling | str
    single_psu: SinglePsu
    deff: DeffReference
    domain_df: DomainDf
    nest: bool
    method: Method
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`EstimateOptions` as checked, with their defaults."""

    conf_level: float = 0.95
    sampling: Sampling = Sampling.PROBABILITY
    single_psu: SinglePsu = "raise"
    deff: DeffReference = "wor"
    domain_df: DomainDf = "design"
    nest: bool = True
    method: Method = "taylor"
    unit: str = "value"

    @property
    def inference(self) -> str:
        """Where the uncertainty comes from: design (random selection), model (a quota or self-selected sample), none (a census)."""
        return INFERENCE[self.sampling]


def read_settings(reader: ColumnReader, options: EstimateOptions) -> Settings:
    """Options with their defaults; a value that is not allowed is kept as a failure and its default used meanwhile.

    Raises
    ------
    TypeError
        An option of that name does not exist.
    """
    given: dict[str, Any] = dict(options)
    if unknown := given.keys() - {f.name for f in fields(Settings)}:
        raise TypeError(f"unknown option: {', '.join(sorted(unknown))}")
    for name, allowed in CHOICES.items():
        if name in given and not check_choice(reader, name, given[name], allowed):
            del given[name]
    if "conf_level" in given and not check_share(reader, "conf_level", given["conf_level"]):
        del given["conf_level"]
    allowed = ("raise", "certainty")
    if given.get("method") == "jackknife" and not check_choice(reader, "single_psu", given.get("single_psu", "raise"), allowed):
        del given["single_psu"]
    if "sampling" in given:
        given["sampling"] = Sampling(str(given["sampling"]))
    return Settings(**given)


def check_choice(reader: ColumnReader, option: str, got: object, allowed: tuple[str, ...]) -> bool:
    """Whether an option has one of its allowed values; if not, a failure is kept."""
    if isinstance(got, str) and got in allowed:
        return True
    reader.fail(code="CR-W58", option=option, got=got, allowed=", ".join(allowed))
    return False


def check_share(reader: ColumnReader, option: str, got: object) -> bool:
    """Whether an option lies strictly between 0 and 1; if not, a failure is kept."""
    if isinstance(got, float) and 0 < got < 1:
        return True
    reader.fail(code="CR-W59", option=option, got=got)
    return False

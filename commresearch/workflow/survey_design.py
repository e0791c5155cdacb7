"""Where the respondents of a cleaned survey stand in its sample: weights, strata and clusters, margins, and what is not known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from commresearch.cases.case import SinglePsu, StatedDesign
from commresearch.cleaning.codebook import Codebook
from commresearch.errors import EstimationError, Failure
from commresearch.survey import Weights, rake
from commresearch.terms import Role, Sampling

WEIGHT, STRATUM, CLUSTER = "weight_", "stratum_", "cluster_"  #: working columns
UNKNOWN = "<missing>"  #: category of a margin for those who did not say which one is theirs
#: notes after which intervals rest on a model although the sample was drawn at random
MODEL_NOTES = frozenset({"design_unstated", "place_gap"})


class Note(NamedTuple):
    """Something that estimates had to do without: what, of which variable, for how many rows."""

    note: str
    variable: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignVariables:
    """Variables of a survey that place a person in its sample.

    `is_stated`: whether anything says how the sample was drawn; `spare_weight`: a weight in a sample where nobody had a chance of
    selection that it could stand for.
    """

    weight: str
    spare_weight: str
    strata: tuple[str, ...]
    clusters: tuple[str, ...]
    community: str
    is_stated: bool

    @property
    def needed(self) -> list[str]:
        """All that a person of a probability sample needs."""
        return [*([self.weight] if self.weight else []), *self.strata, *self.clusters]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDesign:
    """What estimators are told of a sample.

    Its kind, or one that rests on a model where the design is not known; strata, clusters and single_psu as `options`; what is not known.
    """

    sampling: Sampling
    options: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[Note] = ()


def design_variables(codebook: Codebook, frame: pd.DataFrame, sampling: Sampling, stated: StatedDesign | None) -> DesignVariables:
    """The variables by their roles and by what the case says of the design.

    Raises
    ------
    EstimationError
        CR-W40: the case states a design and the codebook has strata or clusters as well; CR-W41: communities are strata, and none is known.
    """
    named = {role: tuple(v.name for v in codebook if v.role is role and v.name in frame) for role in (Role.WEIGHT, Role.COMMUNITY, Role.STRATUM, Role.CLUSTER)}
    weight, community = ("".join(named[role][:1]) for role in (Role.WEIGHT, Role.COMMUNITY))
    strata, clusters = named[Role.STRATUM], named[Role.CLUSTER]
    if stated and (strata or clusters):
        raise EstimationError(Failure(code="CR-W40", values={"design": stated, "columns": ", ".join((*strata, *clusters))}))
    if stated == "by_community":
        if not community:
            raise EstimationError(Failure(code="CR-W41", values={"design": stated}))
        strata = (community,)
    is_drawn, has_chances = sampling is Sampling.PROBABILITY, sampling in {Sampling.PROBABILITY, Sampling.CENSUS}
    return DesignVariables(
        weight=weight if has_chances else "", spare_weight="" if has_chances else weight, strata=strata if is_drawn else (),
        clusters=clusters if is_drawn else (), community=community, is_stated=bool(stated or strata or clusters),
    )


def sample_design(frame: pd.DataFrame, variables: DesignVariables, sampling: Sampling, single_psu: SinglePsu | None) -> SampleDesign:
    """Strata and clusters of a probability sample; otherwise, and where rows lack their place, a model in which neighbours are alike.

    Working columns are added to `frame`; a row without a weight counts as much as the others do on average.
    """
    notes = [*_weigh(frame, variables.weight), *([Note("weight_unused", variables.spare_weight)] if variables.spare_weight else [])]
    if sampling is Sampling.CENSUS:
        return SampleDesign(sampling=sampling, notes=notes)
    if sampling is Sampling.PROBABILITY:
        gaps = [Note("place_gap", name, n) for name in (*variables.strata, *variables.clusters) if (n := int(frame[name].isna().sum()))]
        notes += gaps if variables.is_stated else [Note("design_unstated")]
        if variables.is_stated and not gaps:
            notes += [Note(f"by_{what}", name) for what, names in (("stratum", variables.strata), ("cluster", variables.clusters)) for name in names]
            return SampleDesign(sampling=sampling, options=_stages(frame, variables) | ({"single_psu": single_psu} if single_psu else {}), notes=notes)
    options, alike = _alike(frame, variables)
    return SampleDesign(sampling=Sampling.OPT_IN if sampling is Sampling.PROBABILITY else sampling, options=options, notes=[*notes, *alike])


def _weigh(frame: pd.DataFrame, variable: str) -> list[Note]:
    """Put base weights into the frame: those given, the mean of them where one is missing, 1 where there are none."""
    given = frame[variable].astype("float64") if variable else pd.Series(1.0, index=frame.index)
    frame[WEIGHT] = given.fillna(given.mean())
    lacking = int(given.isna().sum())
    return [Note("weight_gap", variable, lacking)] if lacking else []


def _stages(frame: pd.DataFrame, variables: DesignVariables) -> dict[str, object]:
    """Several strata are crossed; several clusters are stages, in the order of the codebook."""
    options: dict[str, object] = {}
    if len(variables.strata) > 1:
        frame[STRATUM] = frame[list(variables.strata)].astype("str").agg(" / ".join, axis=1)
    if variables.strata:
        options["strata"] = variables.strata[0] if len(variables.strata) == 1 else STRATUM
    return options | ({"clusters": variables.clusters} if variables.clusters else {})


def _alike(frame: pd.DataFrame, variables: DesignVariables) -> tuple[dict[str, object], list[Note]]:
    """People of one cluster, or of one community, are alike; who names none stands alone. The note says how many there are."""
    name = next(iter((*variables.clusters, variables.community)))
    if not name or (n := int(frame[name].nunique())) <= 1:
        return {}, []
    named = frame[name].astype("object")
    frame[CLUSTER] = named.where(named.notna(), pd.Series(frame.index, index=frame.index))
    return {"clusters": CLUSTER}, [Note("alike", name, n), *([Note("alike_unnamed", name, lacking)] if (lacking := int(named.isna().sum())) else [])]


# ---------------------------------------------------------------- margins


def rake_known(frame: pd.DataFrame, margins: pd.DataFrame) -> tuple[Weights, list[Note]]:
    """Weights by margins, where persons who lack a variable keep their share of the sample; and how many lack it.

    Raises
    ------
    EstimationError
        As `rake`, but for missing values.
    """
    if not {"variable", "category", "target"} <= set(margins.columns):
        return rake(frame, margins, base_weight=WEIGHT), []
    filled, tables, notes = frame.copy(deep=False), [], []
    targets = margins.assign(target=pd.to_numeric(margins["target"], errors="coerce"))
    for name, table in targets.groupby("variable", sort=False):
        missing = frame[name].isna() if name in frame else pd.Series(data=False, index=frame.index)
        tables.append(_with_unknown(table, float(frame.loc[missing, WEIGHT].sum() / frame[WEIGHT].sum())))
        if len(tables[-1]) > len(table):
            filled[name] = frame[name].astype("object").where(~missing, UNKNOWN)
            notes.append(Note("margin_gap", str(name), int(missing.sum())))
    return rake(filled, pd.concat(tables, ignore_index=True) if tables else targets, base_weight=WEIGHT), notes


def _with_unknown(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Targets of one variable with a category for those of whom it is not known: its share stays, the others share the rest."""
    total = table["target"].sum()
    if not (0 < share < 1 and total > 0):
        return table
    more = pd.DataFrame({"variable": table["variable"].iloc[:1], "category": UNKNOWN, "target": share * total})
    return pd.concat([table.assign(target=table["target"] * (1 - share)), more], ignore_index=True)

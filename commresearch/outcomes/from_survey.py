"""The outcomes as surveys tell them: by community and wave, each wave a sample of its own, with the uncertainty that its design allows to state.

Answers are those of the standard questionnaire: the last three months, the person alone (events, rooms) or the household (complaints). They measure something
else than logs do, and have definitions of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from commresearch.cleaning.clean_table import CleanTable
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.survey import estimate_mean, estimate_ratio, estimate_share
from commresearch.terms import Role, Unit

COLUMNS = ("unit_id", "period", "measure", "value", "std_error", "conf_low", "conf_high", "conf_level", "unit", "deff", "df", "n", "inference")
#: Codes of `age_band` in the bands of the definitions; band 1 is under 14.
BANDS: Mapping[str, tuple[str, ...]] = {
    "youth_participation": ("2", "3", "4", "5", "6"), "youth_participation_under_35": ("2", "3", "4", "5"), "youth_participation_15_34": ("3", "4", "5"),
    "youth_participation_18_35": ("4", "5", "6"),
}
YOUTH = BANDS["youth_participation"]
RECALL_MONTHS = 3
PER_HOUSEHOLDS = 1000.0
UNKNOWN_LIMIT = 20  #: percent of the residents whose age is not known, above which there is no number for an age band
UNIT, VALUE, BELOW = "unit_", "value_", "below_"  #: working columns

Answers: TypeAlias = "pd.Series[Any]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyWave:
    """One wave of a survey.

    period
        a month, or a whole number that puts the waves in order
    table
        the cleaned answers
    weights
        column, array or Weights, as estimators take it
    options
        strata, clusters, fpc and the options of an estimate (sampling, single_psu, …)
    names
        standard name of a question → its name in this survey, where they differ
    """

    period: int | date
    table: CleanTable
    weights: object
    options: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One measure: the questions it needs, and what it makes of the answers, missing for all whom it does not concern."""

    name: str
    unit: Unit
    kind: Literal["share", "mean", "ratio"]
    needs: tuple[str, ...]
    build: Callable[[pd.DataFrame], Answers]
    of_age: bool = False


def outcomes_from_surveys(waves: Sequence[SurveyWave], *, units: Mapping[str, str] | None = None, unknown_limit: int = UNKNOWN_LIMIT) -> pd.DataFrame:
    """Participation, complaints and use of rooms by community and wave.

    Parameters
    ----------
    waves : sequence of SurveyWave
        In any order; repeated cross-sections: nobody is followed.
    units : mapping, optional
        Name of a community, as it stands in the questionnaire → unit_id; a name that is not in it stays.
    unknown_limit : int
        Percent of the residents of six months whose age may be unknown; above it measures of an age band are missing.

    Returns
    -------
    DataFrame
        unit_id, period, measure, value (shares 0-100), std_error, conf_low, conf_high, conf_level, unit, deff, df, n (persons who answered), inference: one row per
        community, wave and measure that the wave asked for. Measures: youth_participation (residents aged 14-35 who attended an event in three
        months), the same in other bands, youth_participation_30_days, youth_person_times (per resident of the band), youth_new_share (of those who
        attended), youth_serving, complaint_rate (cases per 1,000 households and month), households_complaining, space_use (residents who used a room),
        age_unknown_share.

    Raises
    ------
    OutcomeError
        No variable has the role of the community (CR-O65), or nothing that the measures need was asked (CR-O66); all waves together.
    EstimationError
        As the estimators.

    Notes
    -----
    Each measure is a domain of the whole sample (`by` community, missing outside), so that its standard error is that of the design. Complaints are told by
    one person for a household: Σ w cases / m over Σ w / m, where m is the number of persons of the household who could have been drawn, because a
    person of a large household stands for fewer households.
    """
    if failures := [failure for wave in waves for failure in _faults(wave)]:
        raise OutcomeError(*failures)
    parts = [_one_wave(wave, units if units is not None else {}, unknown_limit) for wave in waves]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return found.sort_values(["measure", "unit_id", "period"], kind="stable", ignore_index=True)


def definition_of(measure: str) -> OutcomeDefinition:
    """The definition of a measure of surveys, which is never that of a log.

    Raises
    ------
    ValueError
        There is no such measure (a mistake in the code).
    """
    if measure not in {m.name for m in MEASURES}:
        raise ValueError(measure)
    return OutcomeDefinition(outcome=f"survey_{measure}")


def _column(wave: SurveyWave, name: str) -> str:
    return wave.names.get(name, name)


def _faults(wave: SurveyWave) -> list[Failure]:
    community = wave.table.codebook.role(Role.COMMUNITY)
    if community is None or community.name not in wave.table.frame:
        return [Failure(code="CR-O65", values={"period": wave.period})]
    if any(_asked(wave, measure) for measure in MEASURES):
        return []
    needed = dict.fromkeys(_column(wave, name) for measure in MEASURES for name in measure.needs)
    return [Failure(code="CR-O66", values={"period": wave.period, "needed": ", ".join(needed), "known": ", ".join(map(str, wave.table.frame.columns))})]


def _asked(wave: SurveyWave, measure: Recall) -> bool:
    return all(_column(wave, name) in wave.table.frame for name in measure.needs)


def _one_wave(wave: SurveyWave, units: Mapping[str, str], unknown_limit: int) -> pd.DataFrame:
    community = wave.table.codebook.role(Role.COMMUNITY)
    if community is None:
        raise AssertionError("the community was looked for before")
    given = wave.table.frame
    labels = {code: units.get(label, label) for code, label in community.answers.items()}
    named = given[community.name].astype("object").map(lambda code: labels.get(code, code), na_action="ignore")
    frame = given.assign(**{name: given[own] for name, own in wave.names.items()}, **{UNIT: named})
    parts = [_estimated(frame, wave, measure) for measure in MEASURES if _asked(wave, measure)]
    found = pd.concat(parts, ignore_index=True).assign(period=wave.period)
    ages = found[found["measure"] == "age_unknown_share"].set_index("unit_id")["value"]
    unclear = found["unit_id"].map(ages > unknown_limit).eq(other=True) & found["measure"].isin([m.name for m in MEASURES if m.of_age])
    found.loc[unclear, ["value", "std_error", "conf_low", "conf_high", "deff"]] = np.nan
    return found[list(COLUMNS)]


def _estimated(frame: pd.DataFrame, wave: SurveyWave, measure: Recall) -> pd.DataFrame:
    """One measure by community; no row where nobody of a wave was asked it."""
    values = measure.build(frame).astype("float64")
    if not (values.notna() & frame[UNIT].notna()).any():
        return pd.DataFrame(columns=list(COLUMNS))
    options: dict[str, Any] = {"weights": wave.weights, "by": UNIT, **wave.options}
    scale = 1.0
    if measure.kind == "share":
        found = estimate_share(frame.assign(**{VALUE: pd.Categorical(values, categories=[0.0, 1.0])}), VALUE, **options)
        found, scale = found[found["category"] == 1.0], 100.0
    elif measure.kind == "ratio":
        below = 1 / frame["household_eligible"].astype("float64").where(lambda m: m > 0)
        found = estimate_ratio(frame.assign(**{VALUE: values * below, BELOW: below}), (VALUE, BELOW), **options)
    else:
        found = estimate_mean(frame.assign(**{VALUE: values}), VALUE, **options)
    found = found.rename(columns={UNIT: "unit_id", "estimate": "value"}).assign(measure=measure.name, unit=str(measure.unit))
    scaled = ["value", "std_error", "conf_low", "conf_high"]
    return found.assign(**{name: found[name] * scale for name in scaled}).reindex(columns=list(COLUMNS))


def _yes(answers: Answers, no: str = "2") -> Answers:
    """1 for option 1, 0 for option 2, missing for all else (cannot remember, refused, not asked)."""
    codes = answers.astype("object")
    return pd.Series(np.select([(codes == "1").to_numpy(dtype=bool, na_value=False), (codes == no).to_numpy(dtype=bool, na_value=False)], [1.0, 0.0], np.nan), index=answers.index)


def _is(answers: Answers, codes: Sequence[str]) -> Answers:
    return answers.astype("object").isin(list(codes))


def _residents(frame: pd.DataFrame) -> Answers:
    return _is(frame["residence"], ["1"])


def _young(frame: pd.DataFrame, bands: Sequence[str] = YOUTH) -> Answers:
    return _residents(frame) & _is(frame["age_band"], bands)


def _took_part(bands: Sequence[str]) -> Callable[[pd.DataFrame], Answers]:
    return lambda frame: _yes(frame["took_part"]).where(_young(frame, bands))


def _after(gate: Answers, answers: Answers) -> Answers:
    """0 for those whom the question before sent past it, else the answer."""
    passed = _yes(gate)
    return answers.astype("float64").where(passed == 1.0).where(passed != 0.0, 0.0)


def _unknown_age(frame: pd.DataFrame) -> Answers:
    return frame["age_band"].isna().astype("float64").where(_residents(frame))


def _cases(frame: pd.DataFrame) -> Answers:
    """Complaints of the household in a month, per 1,000 households."""
    cases = frame["complaint_cases"].astype("float64").where(_complained(frame) != 0.0, 0.0)
    return (cases * PER_HOUSEHOLDS / RECALL_MONTHS).where(_residents(frame) & frame["household_eligible"].notna())


def _complained(frame: pd.DataFrame) -> Answers:
    return _after(frame["contacted"], frame["contact_purposes__1"])


_POINTS = Unit.PERCENTAGE_POINTS
_PART = ("took_part", "age_band", "residence")
_HOUSEHOLD = ("contacted", "contact_purposes__1", "residence", "household_eligible")
MEASURES: tuple[Recall, ...] = (
    *(Recall(name=name, unit=_POINTS, kind="share", needs=_PART, of_age=True, build=_took_part(bands)) for name, bands in BANDS.items()),
    Recall(
        name="youth_participation_30_days", unit=_POINTS, kind="share", needs=(*_PART, "events_recent"), of_age=True,
        build=lambda f: _after(f["took_part"], _yes(f["events_recent"])).where(_young(f)),
    ),
    Recall(
        name="youth_person_times", unit=Unit.PERSON_TIMES, kind="mean", needs=(*_PART, "events_times"), of_age=True,
        build=lambda f: _after(f["took_part"], f["events_times"]).where(_young(f)),
    ),
    Recall(
        name="youth_new_share", unit=_POINTS, kind="share", needs=(*_PART, "events_before"), of_age=True,
        build=lambda f: (1 - _yes(f["events_before"])).where(_young(f) & _is(f["took_part"], ["1"])),
    ),
    Recall(
        name="youth_serving", unit=_POINTS, kind="share", needs=("volunteered", "age_band", "residence"), of_age=True,
        build=lambda f: _yes(f["volunteered"]).where(_young(f)),
    ),
    Recall(name="complaint_rate", unit=Unit.PER_1000_HOUSEHOLDS, kind="ratio", needs=(*_HOUSEHOLD, "complaint_cases"), build=_cases),
    Recall(
        name="households_complaining", unit=_POINTS, kind="ratio", needs=_HOUSEHOLD,
        build=lambda f: (100 * _complained(f)).where(_residents(f) & f["household_eligible"].notna()),
    ),
    Recall(name="space_use", unit=_POINTS, kind="share", needs=("used_space", "residence"), build=lambda f: _yes(f["used_space"]).where(_residents(f))),
    Recall(name="age_unknown_share", unit=_POINTS, kind="share", needs=("age_band", "residence"), build=_unknown_age),
)

"""A simulated survey: what was asked, what is true, what went wrong. Writers turn it into the files of each platform."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure, SchemaError
from commresearch.records import canonical_json, write_whole
from commresearch.simulate.answers import BLANK, GIVEN, REFUSED, UNREADABLE, Answers, draw_answers
from commresearch.simulate.cell_texts import typed_texts
from commresearch.simulate.community_questionnaire import COMMUNITIES, PLACE, STREETS, community_questionnaire
from commresearch.simulate.conduct import fill_in, send, vary_copies
from commresearch.simulate.dirt import DirtRates, make_dirty
from commresearch.simulate.population import PopulationSpec, draw_population, draw_sample
from commresearch.simulate.questionnaire import Questionnaire
from commresearch.simulate.truth import clean_frames, population_parameters
from commresearch.terms import Identifier, Sampling

Array = NDArray[Any]
STREAMS = ("population", "answers", "sample", "conduct", "dirt", "sending", "copies", "cells")
RANDOM_SAMPLES = (Sampling.PROBABILITY, Sampling.OPT_IN)
COLUMNS_OF_A_BARE_EXPORT = 60  #: columns of the text export of 问卷星 without a matrix on facilities


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveySpec:
    """What to simulate.

    respondents
        people who send answers; sheets that are sent twice come on top
    population, communities, clusters_per_street, sampling
        people and communities of the pilot, communities drawn per subdistrict (None: all), how people are drawn
    alphas
        Cronbach's alpha of the two scales in the population
    intraclass
        share of the variance of satisfaction between communities
    fill_ins_with_separator
        share of fill-in texts that hold ┋
    identifiers
        what the questionnaire asks about the person
    facility_rows
        rows of an additional matrix question
    """

    respondents: int = 1000
    population: int = 30_000
    communities: int = 24
    clusters_per_street: int | None = None
    sampling: Sampling = Sampling.PROBABILITY
    alphas: Mapping[str, float] = field(default_factory=lambda: {"service": 0.85, "belonging": 0.75})
    intraclass: float = 0.05
    fill_ins_with_separator: float = 0.2
    identifiers: tuple[Identifier, ...] = (Identifier.NAME, Identifier.MOBILE)
    facility_rows: int = 0
    rates: DirtRates = field(default_factory=DirtRates)
    first_day: date = date(2026, 9, 1)
    days: int = 14


def wide_spec(*, rows: int, columns: int = COLUMNS_OF_A_BARE_EXPORT) -> SurveySpec:
    """A survey whose text export has this many columns and (but for copies) rows, for measuring speed."""
    return SurveySpec(respondents=rows, population=rows * 3 // 2 + 1000, facility_rows=columns - COLUMNS_OF_A_BARE_EXPORT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedSurvey:
    """A survey of people who do not exist, with everything that is true of it.

    questionnaire, spec
        what was asked, and the settings
    answers, typed
        one entry per answer sheet: answers with the kinds of missing, and what stands in the fields for numbers and dates
    sheets
        one row per answer sheet, in the order of an export (index `submission`, from 1): person, copy ("" or key, refilled,
        content, near), original, consent, assisted, speeder, straightliner, and what a platform notes (serial, user,
        started, submitted, seconds, source, source_detail, ip); stratum, cluster, stratum_clusters, cluster_persons,
        base_weight of the sample
    dirt
        submission, variable, kind, clean, dirty, scope, recovery: one row per cell in which something went wrong
    planted
        submission, variable, identifier, value: every identifier of a person that stands in a cell
    margins, parameters
        population counts to weight to, and true values in the population
    """

    spec: SurveySpec
    questionnaire: Questionnaire
    answers: Answers
    typed: Mapping[str, Array]
    sheets: pd.DataFrame
    dirt: pd.DataFrame
    planted: pd.DataFrame
    margins: pd.DataFrame
    parameters: pd.DataFrame

    @property
    def truth(self) -> pd.DataFrame:
        """The clean table that perfect cleaning of a platform's export gives (index `submission`, nothing dropped or masked)."""
        return clean_frames(self.questionnaire, self.answers, self.sheets.index)[0]

    @property
    def missing_kinds(self) -> pd.DataFrame:
        """The kind of each missing value of `truth`, NA where there is a value."""
        return clean_frames(self.questionnaire, self.answers, self.sheets.index)[1]

    def validated(self) -> "SimulatedSurvey":
        """The same survey from a platform that checks what is typed: numbers and dates are plain, who refuses leaves a blank."""
        kinds = {
            name: np.where(codes == UNREADABLE, np.int8(GIVEN), np.where(codes == REFUSED, BLANK, codes))
            for name, codes in self.answers.kinds.items()
        }
        typed = {name: typed_texts(self.questionnaire[name], self.answers.values[name]) for name in self.typed}
        dirt = self.dirt.assign(kind=self.dirt["kind"].replace("refused", "blank"),
            dirty=self.dirt["dirty"].where(self.dirt["kind"] != "refused", ""))
        kept = dirt["kind"].isin(["blank", "identifier_in_text"])
        return replace(self, answers=replace(self.answers, kinds=kinds), typed=typed, dirt=dirt[kept].reset_index(drop=True))

    def to_dict(self) -> dict[str, object]:
        """The truth, JSON-safe: settings, margins, parameters, who did what, how much dirt of each kind, every planted identifier."""
        flags = ("assisted", "speeder", "straightliner")
        return {
            "simulated": True,
            "place": PLACE,
            "spec": asdict(self.spec) | {"first_day": str(self.spec.first_day)},
            "sheets": len(self.sheets),
            "margins": self.margins.to_dict("records"),
            "parameters": self.parameters.astype({"true": "float"}).to_dict("records"),
            "people": {flag: self.sheets.index[self.sheets[flag]].tolist() for flag in flags}
            | {"no_consent": self.sheets.index[~self.sheets["consent"]].tolist()},
            "copies": self.sheets.loc[self.sheets["copy"] != "", ["copy", "original"]].reset_index().to_dict("records"),
            "dirt": self.dirt.groupby(["variable", "kind"], sort=True).size().rename("cells").reset_index().to_dict("records"),
            "planted": self.planted.to_dict("records"),
        }

    def write_truth(self, path: str | Path) -> Path:
        """Write the truth as JSON; it stands outside the folder of the survey, and says that all of it is simulated."""
        write_whole(Path(path), canonical_json(self.to_dict()))
        return Path(path)


def simulate_survey(spec: SurveySpec | None = None, *, rng: np.random.Generator | int) -> SimulatedSurvey:
    """Simulate a survey of a fictional pilot.

    People with latent traits live in communities and subdistricts of a finite population; a sample of them answers, more or
    less carefully; cells go wrong; some answer sheets are sent twice. Nothing is computed by what it is meant to test.

    Parameters
    ----------
    spec
        What to simulate; the default is 1,000 respondents.
    rng
        Generator or seed. The same seed and settings give the same survey; the rates of cells that go wrong change nothing else.

    Returns
    -------
    SimulatedSurvey

    Raises
    ------
    SchemaError
        Settings that cannot be: all together.
    """
    spec = SurveySpec() if spec is None else spec
    check_spec(spec)
    streams = dict(zip(STREAMS, np.random.default_rng(rng).spawn(len(STREAMS)), strict=True))
    questionnaire = community_questionnaire(n_communities=spec.communities, identifiers=spec.identifiers, facility_rows=spec.facility_rows)
    people = PopulationSpec(
        persons=spec.population, communities=spec.communities, streets=len(STREETS), intraclass=spec.intraclass, first_day=spec.first_day
    )
    population = draw_population(people, streams["population"])
    everybody = draw_answers(questionnaire, population, spec.alphas, streams["answers"])
    sample = draw_sample(
        population, respondents=spec.respondents, sampling=spec.sampling, clusters_per_stratum=spec.clusters_per_street, rng=streams["sample"]
    )
    filled = fill_in(questionnaire, everybody.take(sample.persons), spec.rates, spec.fill_ins_with_separator, streams["conduct"])
    cells = make_dirty(questionnaire, filled.answers, filled.answers.values["age"], spec.rates, streams["dirt"])
    sent = send(filled.people, population.traits["community"][sample.persons], spec.rates, spec.first_day, spec.days, streams["sending"])
    dirt, planted = _by_submission(cells.dirt, sent.rows), _by_submission(cells.planted, sent.rows)
    sheets = pd.concat(
        [sent.sheets, filled.people.drop(columns="seconds").join(sample.design).iloc[sent.rows].set_axis(sent.sheets.index)], axis=1
    )
    answers = vary_copies(
        questionnaire,
        cells.answers.take(sent.rows),
        sheets["copy"].to_numpy(),
        set(zip(dirt["submission"] - 1, dirt["variable"], strict=True)),
        frozenset(population.traits),
        streams["copies"],
    )
    return SimulatedSurvey(
        spec=spec,
        questionnaire=questionnaire,
        answers=answers,
        typed={name: texts[sent.rows] for name, texts in cells.typed.items()},
        sheets=sheets.assign(person=sample.persons[sent.rows]),
        dirt=pd.concat([dirt, _stored_stamps(sheets, spec.rates, streams["cells"])], ignore_index=True),
        planted=planted,
        margins=population.margins(),
        parameters=population_parameters(questionnaire, everybody, population),
    )


def _by_submission(record: pd.DataFrame, rows: Array) -> pd.DataFrame:
    """A record by person as a record by answer sheet: what happened to a person's cell stands in every copy."""
    sheets = pd.DataFrame({"row": rows, "submission": np.arange(1, len(rows) + 1)})
    return sheets.merge(record, on="row").drop(columns="row").sort_values(["submission", "variable"], kind="stable", ignore_index=True)


def _stored_stamps(sheets: pd.DataFrame, rates: DirtRates, rng: np.random.Generator) -> pd.DataFrame:
    """Times of sending that a workbook holds as true dates beside others that are text."""
    rows = rng.random(len(sheets)) < rates.datetime_cell
    texts = sheets["submitted"].dt.strftime("%Y-%m-%d %H:%M:%S")[rows].astype("str")
    return pd.DataFrame(
        {
            "submission": sheets.index[rows],
            "variable": "submitted",
            "kind": "datetime_cell",
            "clean": texts.to_numpy(),
            "dirty": texts.to_numpy(),
            "scope": "workbook",
            "recovery": "exact",
        }
    )


def check_spec(spec: SurveySpec) -> None:
    """Raise for settings that cannot be.

    Raises
    ------
    SchemaError
        All of them, with what was given and what is allowed.
    """
    rates = {name: rate for name, rate in asdict(spec.rates).items() if not name.endswith("_rows")}
    limits = [
        ("respondents", spec.respondents, 1, spec.population),
        ("communities", spec.communities, len(STREETS), len(COMMUNITIES)),
        ("clusters_per_street", spec.clusters_per_street if spec.clusters_per_street is not None else 1, 1, len(COMMUNITIES)),
        ("intraclass", spec.intraclass, 0, 1),
        ("fill_ins_with_separator", spec.fill_ins_with_separator, 0, 1),
        ("days", spec.days, 1, 366),
        ("facility_rows", spec.facility_rows, 0, 200),
        *((f"alphas.{scale}", alpha, 0.3, 0.98) for scale, alpha in spec.alphas.items()),
        *((f"rates.{name}", rate, 0, 1) for name, rate in rates.items()),
    ]
    failures = [
        Failure(code="CR-M01", values={"setting": name, "got": got, "allowed": f"{low} – {high}"})
        for name, got, low, high in limits
        if not low <= got <= high
    ]
    if spec.sampling not in RANDOM_SAMPLES:
        failures.append(
            Failure(code="CR-M01", values={"setting": "sampling", "got": str(spec.sampling), "allowed": ", ".join(RANDOM_SAMPLES)})
        )
    if set(spec.alphas) != {"service", "belonging"}:
        failures.append(
            Failure(code="CR-M01", values={"setting": "alphas", "got": ", ".join(spec.alphas), "allowed": "service, belonging"})
        )
    if failures:
        raise SchemaError(*failures)

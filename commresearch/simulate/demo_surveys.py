"""Surveys of the fictional pilots: the common questionnaire about the pilot's own communities, in the files of one platform, with codebook and margins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.records import write_whole
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.community_questionnaire import PLACE
from commresearch.simulate.demo_pilots import DemoPilot, DemoSurvey
from commresearch.simulate.kobo import write_kobo
from commresearch.simulate.log_places import Places
from commresearch.simulate.log_spec import PilotNames
from commresearch.simulate.questionnaire import Item, Option, Questionnaire
from commresearch.simulate.spss import write_spss
from commresearch.simulate.survey import SimulatedSurvey, SurveySpec, simulate_survey
from commresearch.simulate.tencent import write_tencent
from commresearch.simulate.wenjuanxing import write_wenjuanxing
from commresearch.terms import Platform, Sampling, VariableType

SURVEY_STREETS = 3  #: that the population of a survey lives in
MOST_COMMUNITIES = 24
PERSONS_PER_COMMUNITY = 500
MARGINS = ("street", "sex", "tenure")  #: variables of the codebook that population counts are known of
CODEBOOK_FILE, MARGINS_FILE = "codebook_{wave}.csv", "margins_{wave}.csv"
TABLE = """
[[data]]
kind = "survey"
wave = "{wave}"
files = [{files}]
platform = "{platform}"
codebook = "{codebook}"
sampling = "{sampling}"
"""
WITH_MARGINS = 'margins = "{margins}"\n'
Writer = Callable[[SimulatedSurvey, Path], tuple[Path, ...]]
#: The received files of each platform.
WRITERS: Mapping[Platform, Writer] = {
    Platform.WENJUANXING: lambda survey, folder: tuple(file.path for file in write_wenjuanxing(survey, folder)),
    Platform.SPSS: lambda survey, folder: (write_spss(survey, folder).path,),
    Platform.TENCENT: lambda survey, folder: (write_tencent(survey, folder, suffix=".csv", encoding="gb18030").path,),
    Platform.KOBO: lambda survey, folder: (write_kobo(survey, folder)[0].path,),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoAnswers:
    """A survey of a pilot as its files have it; `table` is what case.toml says of it."""

    survey: SimulatedSurvey
    settings: DemoSurvey
    table: str


def write_demo_survey(pilot: DemoPilot, settings: DemoSurvey, places: Places, folder: Path, rng: np.random.Generator) -> DemoAnswers:
    """Simulate a survey in the communities of a pilot, and write its files, its codebook and what is known of the population.

    Parameters
    ----------
    places
        The communities as the logs of the pilot have them.
    folder
        The case folder.
    """
    asked = asked_communities(places, pilot.spec.names)
    spec = SurveySpec(
        respondents=settings.respondents, population=PERSONS_PER_COMMUNITY * len(asked), communities=len(asked), sampling=settings.sampling,
        clusters_per_street=settings.clusters_per_street, first_day=settings.first_day,
    )
    survey = simulate_survey(spec, rng=rng)
    survey = _moved(survey, in_places(survey.questionnaire, asked, pilot.spec.names))
    files = [_renamed(path, pilot.spec.names.place) for path in WRITERS[settings.platform](survey, folder)]
    if settings.platform is Platform.KOBO:  # the form lies beside the data
        _renamed(next(folder.glob(f"*{PLACE}*xlsform*")), pilot.spec.names.place)
    codebook, margins = CODEBOOK_FILE.format(wave=settings.wave), MARGINS_FILE.format(wave=settings.wave)
    _write_table(folder / codebook, codebook_of(survey, platform=settings.platform))
    text = TABLE.format(
        wave=settings.wave, files=", ".join(f'"{path.name}"' for path in files), platform=settings.platform.value, codebook=codebook,
        sampling=settings.sampling.value,
    )
    if settings.sampling is Sampling.PROBABILITY:
        known = survey.margins[survey.margins["variable"].isin(MARGINS)]
        _write_table(folder / margins, known.rename(columns={"value": "category", "persons": "target"}))
        text += WITH_MARGINS.format(margins=margins)
    return DemoAnswers(survey=survey, settings=settings, table=text)


def asked_communities(places: Places, names: PilotNames) -> list[tuple[str, str]]:
    """Name and subdistrict of the communities whose residents are asked, by subdistrict: equally many of each of the first three, the last one fewer."""
    streets = [street for street, _ in names.streets[:SURVEY_STREETS]]
    of_street = [[c.name for c in places.communities[: places.n] if c.street == street] for street in streets]
    each = min(max(len(names_) for names_ in of_street), MOST_COMMUNITIES // SURVEY_STREETS)
    return [(name, street) for street, found in zip(streets, of_street, strict=True) for name in found[:each]]


def in_places(questionnaire: Questionnaire, asked: list[tuple[str, str]], names: PilotNames) -> Questionnaire:
    """The questionnaire with the pilot's own communities and subdistricts as answers."""

    def options(item: Item) -> tuple[Option, ...]:
        if item.name == "community":
            return tuple(replace(o, zh=f"{name}社区") for o, (name, _) in zip(item.options, asked, strict=True))
        if item.name == "street":
            return tuple(replace(o, zh=zh, en=en) for o, (zh, en) in zip(item.options, names.streets[:SURVEY_STREETS], strict=True))
        return item.options

    items = tuple(replace(item, options=options(item)) if item.type is VariableType.SINGLE else item for item in questionnaire)
    return replace(questionnaire, title=questionnaire.title.replace(PLACE, names.place), items=items)


def _moved(survey: SimulatedSurvey, questionnaire: Questionnaire) -> SimulatedSurvey:
    """A survey with the answers of another questionnaire on places, also where somebody wrote them in another way."""
    dirt = survey.dirt.copy()
    for name in ("community", "street"):
        names = {old.zh: new.zh for old, new in zip(survey.questionnaire[name].options, questionnaire[name].options, strict=True)}
        own = dirt["variable"] == name
        dirty = [dirty.replace(clean, names.get(clean, clean)) for clean, dirty in dirt.loc[own, ["clean", "dirty"]].itertuples(index=False)]
        dirt.loc[own, ["clean", "dirty"]] = pd.DataFrame({"clean": dirt.loc[own, "clean"].map(lambda text, names=names: names.get(text, text)), "dirty": dirty})
    return replace(survey, questionnaire=questionnaire, dirt=dirt)


def _renamed(path: Path, place: str) -> Path:
    """A file under the name of its own place."""
    return path.replace(path.with_name(path.name.replace(PLACE, place)))


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_whole(path, b"\xef\xbb\xbf" + table.to_csv(index=False, lineterminator="\n").encode())

"""Answers as arrays: drawn for a whole population, taken for a sample, passed over where a question was not asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commresearch.simulate.population import Population
from commresearch.simulate.questionnaire import Item, Questionnaire
from commresearch.simulate.scale_model import loading_for_alpha, thresholds
from commresearch.terms import MissingKind, VariableType

Array = NDArray[Any]
KINDS = tuple(MissingKind)
GIVEN = -1  #: code of an answer that was given; other codes are places in `KINDS`
BLANK, SKIPPED, REFUSED, DONT_KNOW, NOT_APPLICABLE, UNREADABLE = (
    np.int8(KINDS.index(kind))
    for kind in (
        MissingKind.BLANK,
        MissingKind.SKIPPED,
        MissingKind.REFUSED,
        MissingKind.DONT_KNOW,
        MissingKind.NOT_APPLICABLE,
        MissingKind.UNREADABLE,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Answers of n people, one entry per item.

    values
        single choice: place of the option from 0 (n,); multiple choice: ticked or not (n, k); ranking: rank of each option, 0
        where it has none (n, k); number: float (n,); date: datetime64[D] (n,); text: str objects (n,)
    kinds
        why there is no answer: `GIVEN` or a place in `KINDS` (n,)
    fill_ins
        text beside an open option, "" where it was not chosen (n,)
    """

    values: Mapping[str, Array]
    kinds: Mapping[str, Array]
    fill_ins: Mapping[str, Array]

    def take(self, rows: Array) -> "Answers":
        """The same people or some of them, copied."""
        return Answers(**{name: {k: v[rows] for k, v in getattr(self, name).items()} for name in ("values", "kinds", "fill_ins")})

    @property
    def n(self) -> int:
        """Number of people."""
        return len(next(iter(self.kinds.values())))


def draw_answers(questionnaire: Questionnaire, population: Population, alphas: Mapping[str, float], rng: np.random.Generator) -> Answers:
    """Draw what everybody in a population would answer.

    An item named like a trait answers that trait. Texts are left empty: they are written for the people of a sample only.

    Parameters
    ----------
    alphas
        Cronbach's alpha that each scale is to have in the population.
    """
    loadings = scale_loadings(questionnaire, alphas)
    values = {item.name: _draw(item, population, loadings.get(item.scale, item.model.loading), rng) for item in questionnaire}
    n = population.n_persons
    answers = Answers(values=values, kinds={item.name: np.full(n, GIVEN, dtype=np.int8) for item in questionnaire}, fill_ins={})
    return pass_over(questionnaire, answers)


def scale_loadings(questionnaire: Questionnaire, alphas: Mapping[str, float]) -> dict[str, float]:
    """The loading of the items of each scale."""
    return {
        scale: loading_for_alpha(alphas[scale], [item.model.shares[:: item.key] for item in items])
        for scale, items in questionnaire.scales().items()
    }


def _draw(item: Item, population: Population, loading: float, rng: np.random.Generator) -> Array:
    if item.name in population.traits:
        return population.traits[item.name]
    return _DRAWS[item.type](item, population, loading, rng)


def _draw_single(item: Item, population: Population, loading: float, rng: np.random.Generator) -> Array:
    latent = _latent(item, population, item.key * loading, rng)
    places = np.searchsorted(thresholds(item.model.shares), latent).astype(np.int8)
    if item.dont_know:
        places[rng.random(len(places)) < item.model.dont_know] = item.position(item.dont_know)
    return places


def _draw_multiple(item: Item, population: Population, _loading: float, rng: np.random.Generator) -> Array:
    """Each option for itself; who would tick none ticks the option nearest to being ticked."""
    distance = rng.random((population.n_persons, len(item.options))) / np.array(item.model.shares)
    ticked = distance < 1
    none = ~ticked.any(axis=1)
    ticked[none, distance[none].argmin(axis=1)] = True
    return np.asarray(ticked)


def _draw_ranking(item: Item, population: Population, _loading: float, rng: np.random.Generator) -> Array:
    """Options in the order of log share plus Gumbel noise: choices drawn without replacement by their shares."""
    utility = np.log(item.model.shares) + rng.gumbel(size=(population.n_persons, len(item.options)))
    ranks = (-utility).argsort(axis=1).argsort(axis=1) + 1
    return np.where(ranks <= item.most, ranks, 0).astype(np.int8)


def _draw_number(item: Item, population: Population, loading: float, rng: np.random.Generator) -> Array:
    model = item.model
    raw = model.median * np.exp(model.spread * _latent(item, population, loading, rng))
    rounded = np.round(np.round(raw / model.step) * model.step, 6)
    return np.asarray(np.clip(rounded, item.low, item.high))


def _draw_date(_item: Item, population: Population, _loading: float, rng: np.random.Generator) -> Array:
    """A day in the three months before the survey on which the person already lived there."""
    latest = population.traits["first_day"]
    lived = (latest - population.traits["moved_in"]).astype(np.int64)
    back = 1 + np.floor(rng.random(population.n_persons) * np.minimum(lived, 90)).astype(np.int64)
    return np.asarray(latest - back.astype("timedelta64[D]"))


def _draw_text(_item: Item, population: Population, _loading: float, _rng: np.random.Generator) -> Array:
    return np.full(population.n_persons, "", dtype=object)


_DRAWS = {
    VariableType.SINGLE: _draw_single,
    VariableType.MULTIPLE: _draw_multiple,
    VariableType.RANKING: _draw_ranking,
    VariableType.NUMBER: _draw_number,
    VariableType.DATE: _draw_date,
    VariableType.TEXT: _draw_text,
}


def _latent(item: Item, population: Population, loading: float, rng: np.random.Generator) -> Array:
    noise = rng.standard_normal(population.n_persons)
    if not item.model.trait:
        return noise
    return np.asarray(loading * population.traits[item.model.trait] + np.sqrt(1 - loading**2) * noise)


def pass_over(questionnaire: Questionnaire, answers: Answers) -> Answers:
    """Answers with every question marked as skipped that is not asked; a question once blank stays blank where it is asked."""
    kinds: dict[str, Array] = {}
    for item in questionnaire:
        asked = np.ones(answers.n, dtype=bool)
        for condition in item.asked_if:
            other = questionnaire[condition.name]
            given, place = answers.values[other.name], other.position(condition.value)
            met = given[:, place] if condition.operator == "has" else given == place
            asked &= met & (kinds[other.name] == GIVEN)
        before = np.where(answers.kinds[item.name] == SKIPPED, np.int8(GIVEN), answers.kinds[item.name])
        kinds[item.name] = np.where(asked, before, SKIPPED).astype(np.int8)
    return Answers(values=answers.values, kinds=kinds, fill_ins=answers.fill_ins)

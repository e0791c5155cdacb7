"""What is true of a simulated survey: the table that perfect cleaning gives, and the parameters of the population."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.answers import DONT_KNOW, GIVEN, KINDS, NOT_APPLICABLE, Answers
from commresearch.simulate.community_questionnaire import SATISFACTION
from commresearch.simulate.population import Population
from commresearch.simulate.questionnaire import Item, Questionnaire
from commresearch.terms import VariableType

Array = NDArray[Any]
PARAMETER_COLUMNS = ("variable", "statistic", "value", "domain", "true")
TOP_TWO = (3, 4)  #: places of the two best of five answers


def clean_columns(item: Item, answers: Answers) -> Iterator[tuple[str, pd.Series, Array]]:
    """Columns of the clean table that hold an item: name, values with NA, and codes of the kinds of missing."""
    values, kinds = answers.values[item.name], answers.kinds[item.name]
    given = kinds == GIVEN
    if item.type is VariableType.SINGLE:
        known = given & (values != item.position(item.dont_know)) if item.dont_know else given
        labels = [option.value for option in item.answer_options]
        yield item.name, _category(np.where(known, values, -1), labels), np.where(given & ~known, DONT_KNOW, kinds)
    elif item.type is VariableType.MULTIPLE:
        for j, option in enumerate(item.options):
            yield f"{item.name}__{option.value}", pd.Series(np.where(given, values[:, j], -1), dtype="Int8").where(given), kinds
    elif item.type is VariableType.RANKING:
        yield from _rank_columns(item, values, kinds)
    elif item.type is VariableType.NUMBER:
        yield item.name, pd.Series(values, dtype="Float64").where(given), kinds
    elif item.type is VariableType.DATE:
        yield item.name, pd.Series(values.astype("datetime64[s]")).where(given), kinds
    else:
        yield item.name, pd.Series(values, dtype="str").where(given), kinds
    if item.name in answers.fill_ins:
        yield _fill_in_column(item, answers)


def _category(places: Array, labels: list[str]) -> pd.Series:
    """Labels by their place, NA for -1."""
    return pd.Series(pd.Categorical.from_codes(places.astype(np.int64), categories=pd.Index(labels)))


def _rank_columns(item: Item, ranks: Array, kinds: Array) -> Iterator[tuple[str, pd.Series, Array]]:
    labels = [option.value for option in item.options]
    for rank in range(1, len(labels) + 1):
        at = ranks == rank
        present = at.any(axis=1) & (kinds == GIVEN)
        column_kinds = np.where((kinds == GIVEN) & ~present, NOT_APPLICABLE, kinds)
        yield f"{item.name}__rank_{rank}", _category(np.where(present, at.argmax(axis=1), -1), labels), column_kinds


def _fill_in_column(item: Item, answers: Answers) -> tuple[str, pd.Series, Array]:
    """The text beside an option; where the option was not chosen, there is nothing that could be missing."""
    texts, kinds = answers.fill_ins[item.name], answers.kinds[item.name]
    written = (kinds == GIVEN) & (texts != "")
    return f"{item.name}_other", pd.Series(texts, dtype="str").where(written), np.where((kinds == GIVEN) & ~written, NOT_APPLICABLE, kinds)


def clean_frames(questionnaire: Questionnaire, answers: Answers, index: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The clean table and, in the same shape, the kinds of missing (NA where there is a value)."""
    columns = [column for item in questionnaire for column in clean_columns(item, answers)]
    names = [str(kind) for kind in KINDS]
    frame = pd.concat({name: values.set_axis(index) for name, values, _ in columns}, axis=1)
    kinds = pd.concat({name: _category(codes, names).set_axis(index) for name, _, codes in columns}, axis=1)
    return frame, kinds


def population_parameters(questionnaire: Questionnaire, answers: Answers, population: Population) -> pd.DataFrame:
    """True values in the population, all together and by subdistrict.

    Returns
    -------
    DataFrame
        variable, statistic, value, domain ("" or the value of `street`), true. Numbers: `mean` and `total`; choices: `share` of
        each answer among those asked, not knowing apart; satisfaction items: `top_two`; scales: `mean` of the persons' mean
        scores and, over all, `alpha`. `youth_participation` is the share of residents of 14-35 years who took part.
        Shares lie between 0 and 1.
    """
    street = population.traits["street"]
    domains = {"": np.ones(population.n_persons, dtype=bool)} | {str(s + 1): street == s for s in range(int(street.max()) + 1)}
    rows = []
    for domain, inside in domains.items():
        for variable, statistic, value, values in _statistics(questionnaire, answers, population):
            known = values[inside]
            true = np.nansum(known) if statistic == "total" else np.nanmean(known) if np.isfinite(known).any() else np.nan
            rows.append((variable, statistic, value, domain, float(true)))
    alphas = [(scale, "alpha", "", "", cronbach_alpha(_scores(items, answers))) for scale, items in questionnaire.scales().items()]
    return pd.DataFrame(rows + alphas, columns=list(PARAMETER_COLUMNS))


def _statistics(questionnaire: Questionnaire, answers: Answers, population: Population) -> Iterator[tuple[str, str, str, Array]]:
    """What is averaged or added up: variable, statistic, value, and one number per person (NaN where not asked or not known)."""
    for item in questionnaire:
        values, given = answers.values[item.name], answers.kinds[item.name] == GIVEN
        if item.type is VariableType.NUMBER:
            numbers = np.where(given, values, np.nan)
            yield item.name, "mean", "", numbers
            yield item.name, "total", "", numbers
        elif item.type is VariableType.SINGLE:
            known = given & (values != item.position(item.dont_know)) if item.dont_know else given
            for option in item.answer_options:
                yield item.name, "share", option.value, _among(known, values == item.position(option.value))
            if [option.zh for option in item.options] == [zh for zh, _ in SATISFACTION]:
                yield item.name, "top_two", "", _among(known, np.isin(values, TOP_TWO))
        elif item.type is VariableType.MULTIPLE:
            for j, option in enumerate(item.options):
                yield item.name, "share", option.value, _among(given, values[:, j])
    for scale, items in questionnaire.scales().items():
        scores = _scores(items, answers)
        counts = np.isfinite(scores).sum(axis=1)
        yield scale, "mean", "", np.where(counts > 0, np.nansum(scores, axis=1) / np.maximum(counts, 1), np.nan)
    young = (population.traits["age_band"] == 0) & (population.traits["resident"] == 0)
    yield "youth_participation", "share", "", _among(young, answers.values["participated"] == 0)


def _among(those: Array, yes: Array) -> Array:
    return np.where(those, yes.astype(float), np.nan)


def _scores(items: list[Item], answers: Answers) -> Array:
    """Keyed scores of a scale (n, k), NaN where not known; the best answer is always the highest."""
    columns = []
    for item in items:
        k = len(item.answer_options)
        places = answers.values[item.name].astype(float)
        known = (answers.kinds[item.name] == GIVEN) & (places < k)
        columns.append(np.where(known, places + 1 if item.key == 1 else k - places, np.nan))
    return np.column_stack(columns)


def cronbach_alpha(scores: Array) -> float:
    """Cronbach's alpha of keyed scores (n, k) over the rows without a gap."""
    whole = scores[np.isfinite(scores).all(axis=1)]
    k = whole.shape[1]
    return float(k / (k - 1) * (1 - whole.var(axis=0, ddof=1).sum() / whole.sum(axis=1).var(ddof=1)))

"""Lesson 5: a fictional community of known composition, three ways in which its people come to answer, and what weights repair of each.

Who lives here and what they think is fixed, so that the truth is a number. What differs is who answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from commresearch.survey.estimates import estimate_share
from commresearch.survey.raking import rake
from commresearch.survey.weights import Weights
from commresearch.terms import Sampling

Cell = tuple[str, str]  #: age and tenure

SEED = 5
AGES, TENURES = ("young", "old"), ("owner", "tenant")
CELLS: tuple[Cell, ...] = tuple(product(AGES, TENURES))
ASKED = 1_000  #: drawn by lot from the roster
ANSWERS = 400  #: of the answers laid out as expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People of one cell: how many live here, how many of them are satisfied."""

    persons: int
    satisfied: int

    @property
    def percent(self) -> float:
        """Satisfied, of all."""
        return 100 * self.satisfied / self.persons


COMMUNITY: Mapping[Cell, Group] = {
    ("young", "owner"): Group(persons=1_200, satisfied=720), ("young", "tenant"): Group(persons=1_000, satisfied=450),
    ("old", "owner"): Group(persons=1_500, satisfied=1_260), ("old", "tenant"): Group(persons=300, satisfied=180),
}
PERSONS = sum(group.persons for group in COMMUNITY.values())
TRUTH = 100 * sum(group.satisfied for group in COMMUNITY.values()) / PERSONS  #: percent satisfied of all who live here

#: Probability to answer when asked, by cell: the old more than the young, owners more than tenants.
READINESS: Mapping[Cell, float] = {("young", "owner"): 0.30, ("young", "tenant"): 0.15, ("old", "owner"): 0.65, ("old", "tenant"): 0.50}
KEENER = 2.0  #: times as ready as the dissatisfied of their cell are the satisfied, where readiness goes with opinion
#: Probability to meet the link in the group chat and fill it in, before opinion.
LINK: Mapping[Cell, float] = {("young", "owner"): 0.30, ("young", "tenant"): 0.06, ("old", "owner"): 0.20, ("old", "tenant"): 0.05}
ANGRIER = 3.0  #: times as ready as the satisfied are the dissatisfied to fill in the link


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """Answers: one row per person with age, tenure, satisfied (0 or 1); how they came in; how many were asked (0: nobody knows)."""

    answers: pd.DataFrame
    sampling: Sampling
    asked: int

    @property
    def raw(self) -> float:
        """Percent satisfied of those who answered."""
        return float(100 * self.answers["satisfied"].mean())

    def by_cell(self) -> pd.DataFrame:
        """One row per cell in the order of `CELLS`: persons, share (percent of all persons), n, satisfied, answer_share (percent of answers), weight."""
        found = self.answers.groupby(["age", "tenure"])["satisfied"].agg(["size", "sum"]).reindex(pd.MultiIndex.from_tuples(CELLS))
        persons = np.array([COMMUNITY[cell].persons for cell in CELLS])
        share, answered = 100 * persons / persons.sum(), 100 * found["size"].to_numpy() / len(self.answers)
        return pd.DataFrame({
            "age": [a for a, _ in CELLS], "tenure": [t for _, t in CELLS], "persons": persons, "share": share, "n": found["size"].to_numpy(),
            "satisfied": found["sum"].to_numpy(), "answer_share": answered, "weight": share / answered,
        })

    def weights(self, *, tenure: bool = True) -> Weights:
        """Weights that make the answers fit the roster: the cells of age and tenure, or age alone."""
        if tenure:
            return rake(self.answers, {("age", "tenure"): {cell: group.persons for cell, group in COMMUNITY.items()}})
        return rake(self.answers, {"age": {age: sum(COMMUNITY[age, t].persons for t in TENURES) for age in AGES}})

    def estimate(self, weights: Weights | None) -> "Share":
        """Share of satisfied with its interval; without weights every answer counts the same."""
        frame = self.answers.assign(one=1.0)
        found = estimate_share(frame, "satisfied", weights="one" if weights is None else weights, sampling=self.sampling)
        row = found[found["category"] == 1].iloc[0]
        return Share(percent=100 * float(row["estimate"]), low=100 * float(row["conf_low"]), high=100 * float(row["conf_high"]))


def four_cells(survey: Survey, labels: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """The four groups as a reader sees them; columns as `names` has them: group, persons, share, answers, their share, satisfied, percent satisfied."""
    found = survey.by_cell()
    columns = [found["persons"], found["share"].round(1), found["n"], found["answer_share"].round(1), found["satisfied"], (100 * found["satisfied"] / found["n"]).round(1)]
    return pd.DataFrame(dict(zip(names, [list(labels), *columns], strict=True)))


def blank_cells(labels: Sequence[str], names: Sequence[str], total: str) -> pd.DataFrame:
    """The table for working by hand: groups and the row of the sum, nothing else filled in."""
    return pd.DataFrame([(label, *[""] * (len(names) - 1)) for label in (*labels, total)], columns=list(names))


def surveys_table(surveys: Mapping[str, Survey], names: Sequence[str]) -> pd.DataFrame:
    """Surveys side by side; columns as `names` has them: how, percent as answered, weighted."""
    rows = []
    for label, survey in surveys.items():
        weights = survey.weights()
        rows.append((label, round(survey.raw), round(survey.estimate(weights).percent)))
    return pd.DataFrame(rows, columns=list(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share in percent with its 95 % interval."""

    percent: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        """Points above the truth."""
        return self.percent - TRUTH


def everybody() -> pd.DataFrame:
    """All who live here: age, tenure, satisfied."""
    parts = [
        pd.DataFrame({"age": age, "tenure": tenure, "satisfied": np.repeat([1, 0], [group.satisfied, group.persons - group.satisfied])})
        for (age, tenure), group in COMMUNITY.items()
    ]
    return pd.concat(parts, ignore_index=True)


def by_opinion(readiness: Mapping[Cell, float], times: float) -> dict[tuple[str, str, int], float]:
    """Probability to answer by cell and opinion, where the satisfied are `times` as ready as the others and the cell as a whole stays as ready as it is."""
    made: dict[tuple[str, str, int], float] = {}
    for cell, ready in readiness.items():
        share = COMMUNITY[cell].satisfied / COMMUNITY[cell].persons
        others = ready / (share * times + 1 - share)
        made |= {(*cell, 1): others * times, (*cell, 0): others}
    return made


@cache
def by_lot(*, opinion: bool = False) -> Survey:
    """A thousand people drawn by lot from the roster and asked; those who answer.

    Parameters
    ----------
    opinion : bool
        Whether the satisfied of each cell are readier to answer than the dissatisfied.
    """
    random = np.random.default_rng(SEED)
    people = everybody()
    asked = people.iloc[np.sort(random.permutation(len(people))[:ASKED])]
    answers = _answering(asked, by_opinion(READINESS, KEENER if opinion else 1.0), random)
    return Survey(answers=answers, sampling=Sampling.PROBABILITY, asked=ASKED)


@cache
def by_link() -> Survey:
    """Whoever met the link in a group chat and filled it in."""
    answers = _answering(everybody(), by_opinion(LINK, 1 / ANGRIER), np.random.default_rng(SEED))
    return Survey(answers=answers, sampling=Sampling.OPT_IN, asked=0)


def _answering(people: pd.DataFrame, readiness: Mapping[tuple[str, str, int], float], random: np.random.Generator) -> pd.DataFrame:
    ready = [readiness[a, t, s] for a, t, s in zip(people["age"], people["tenure"], people["satisfied"], strict=True)]
    return people[random.random(len(people)) < np.array(ready)].reset_index(drop=True)


# ── answers laid out as expected, for the choices of the page ────────────────────────────────────────────────────────────

TIMES = (1, 2, 4)  #: as ready as the young are the old
MISSING = ("none", "tenants", "dissatisfied")  #: who else answers less, beside the young
LESS: Mapping[str, float] = {"none": 1.0, "tenants": 1 / 3, "dissatisfied": 1 / 2}


@cache
def expected_answers(times: int, missing: str) -> Survey:
    """Four hundred answers in the proportions that are expected, so that what is seen is not chance.

    Parameters
    ----------
    times : int
        As ready to answer as the young are the old.
    missing : str
        Who else is less ready: a member of `MISSING`.

    Raises
    ------
    KeyError
        It is none.
    """
    less = LESS[missing]
    kinds = [(*cell, satisfied) for cell in CELLS for satisfied in (1, 0)]
    people = np.array([_people(*kind) for kind in kinds], dtype=float)
    ready = np.array([
        (times if age == "old" else 1) * (less if _less(missing, tenure, satisfied=satisfied) else 1.0) for age, tenure, satisfied in kinds
    ])
    numbers = whole_numbers(ANSWERS * people * ready / (people @ ready))
    rows = [kind for kind, n in zip(kinds, numbers, strict=True) for _ in range(n)]
    return Survey(answers=pd.DataFrame(rows, columns=["age", "tenure", "satisfied"]), sampling=Sampling.PROBABILITY, asked=0)


def _people(age: str, tenure: str, satisfied: int) -> int:
    group = COMMUNITY[age, tenure]
    return group.satisfied if satisfied else group.persons - group.satisfied


def _less(missing: str, tenure: str, *, satisfied: int) -> bool:
    return (missing == "tenants" and tenure == "tenant") or (missing == "dissatisfied" and not satisfied)


def whole_numbers(exact: np.ndarray) -> list[int]:
    """Whole numbers with the same sum, largest remainders rounded up first.

    Parameters
    ----------
    exact : float array (n,)
        Of which the sum is whole.
    """
    made = np.floor(exact + 1e-9).astype(int)
    short = round(float(exact.sum())) - int(made.sum())
    made[np.argsort(made - exact, kind="stable")[:short]] += 1
    return [int(n) for n in made]

"""Lesson 4: a survey of a fictional pilot with known truth, what goes wrong between a resident's answer and the export, and what cleaning does to the share of satisfied people.

The survey is simulated by the kit and exported as 问卷星 does. Four troubles are added to the export, each on record: satisfied sheets that somebody sent
again, sheets that staff filled in better than they were told, ages that cannot be, refusals to take part.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from commresearch.cleaning import CleanTable, Codebook, clean_survey
from commresearch.cleaning.duplicates import DuplicateKind
from commresearch.simulate import DirtRates, SurveySpec, codebook_of, simulate_survey, write_wenjuanxing
from commresearch.simulate.community_questionnaire import SATISFACTION
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.wenjuanxing import stamp_text
from commresearch.sources import RawTable, read_survey
from commresearch.survey import satisfaction
from commresearch.terms import MissingKind, Sampling

SEED = 4
SPEC = SurveySpec(
    respondents=400, population=6000, communities=6, sampling=Sampling.PROBABILITY, identifiers=(), facility_rows=10,
    rates=replace(DirtRates.none(), assisted=0.15, speeders=0.05, straightliners=0.04, no_consent=0.025, blank=0.02),
)
OVERALL, AGE, ASSISTED = "overall", "age", "assisted"
COPIES = 28  #: satisfied sheets that were sent a second time
BETTER = 0.7  #: share of sheets filled in by staff on which an answer below 比较满意 was made 比较满意
OLD = 60  #: years from which on some people write the year of birth into the field of the age
TYPED_YEARS, TYPED_WRONG = 14, 4  #: sheets on which that happened, and on which a digit of the age is lacking or stands there twice
LATER = timedelta(minutes=7)
SHORTEST = 120.0  #: seconds in which the questionnaire can be read, from its try-out
TOP_TWO = ("4", "5")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """The survey: what is true, what was exported, what cleaning made of it.

    true_share
        of satisfied people in the population, percent of those with an opinion
    honest_share
        the same among the people who took part, each once and as they themselves would have answered
    raw, received, cleaned
        the export as it is read, and cleaned by the codebook, before and after the decision on copies
    troubles
        what was added to the export: kind, serial; one row per answer sheet
    """

    simulated: SimulatedSurvey
    raw: RawTable
    true_share: float
    honest_share: float
    received: CleanTable
    cleaned: CleanTable
    troubles: pd.DataFrame


@cache
def survey(seed: int = SEED) -> Survey:
    """The survey of the lesson, simulated, exported, spoilt and cleaned."""
    simulated = simulate_survey(SPEC, rng=seed)
    codebook = Codebook.from_frame(codebook_of(simulated))
    raw, troubles = _exported(simulated, seed)
    received = clean_survey(raw, codebook, shortest_seconds=SHORTEST)
    cleaned = clean_survey(raw, codebook, shortest_seconds=SHORTEST, decisions=decisions(received))
    true = simulated.parameters.query("variable == @OVERALL and statistic == 'top_two' and domain == ''")["true"].iloc[0]
    return Survey(
        simulated=simulated, raw=raw, true_share=100 * float(true), honest_share=_honest(simulated), received=received, cleaned=cleaned, troubles=troubles,
    )


def _exported(simulated: SimulatedSurvey, seed: int) -> tuple[RawTable, pd.DataFrame]:
    """The export as it is read, and the record of what went wrong in it."""
    with TemporaryDirectory() as folder:
        path = write_wenjuanxing(simulated, folder, kind="text", suffix=".csv")[0].path
        troubles = _spoil(path, simulated, np.random.default_rng([seed, 1]))
        return read_survey(path), troubles


def _honest(simulated: SimulatedSurvey) -> float:
    """Share of satisfied people among those who took part and have an opinion, percent."""
    answers = simulated.truth[OVERALL].dropna()
    return 100 * float(answers.isin(TOP_TWO).mean())


# ---------------------------------------------------------------- what goes wrong


def _spoil(path: Path, simulated: SimulatedSurvey, rng: np.random.Generator) -> pd.DataFrame:
    """Add the troubles to an export; the record of them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        headers, *rows = csv.reader(file)
    place = {name: _place(headers, simulated, name) for name in (OVERALL, AGE)}
    truth = simulated.truth.reset_index(drop=True)
    record: list[tuple[str, str]] = []
    _make_better(rows, truth, place[OVERALL], rng, record)
    _type_ages(rows, truth, place[AGE], rng, record)
    _send_again(rows, headers, truth, rng, record)
    record += [("refused", rows[i][0]) for i in np.flatnonzero((truth["consent"] != "1").to_numpy())]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headers, *rows])
    return pd.DataFrame(record, columns=["kind", "serial"])


def _place(headers: Sequence[str], simulated: SimulatedSurvey, name: str) -> int:
    number = simulated.questionnaire[name].number
    return next(i for i, header in enumerate(headers) if header.startswith(f"{number}、"))


def _make_better(rows: list[list[str]], truth: pd.DataFrame, column: int, rng: np.random.Generator, record: list[tuple[str, str]]) -> None:
    """Staff who fill in for others write 比较满意 where they were told less."""
    helped = (truth[ASSISTED] == "2") & truth[OVERALL].isin(["1", "2", "3"])
    for i in np.flatnonzero(helped.to_numpy() & (rng.random(len(truth)) < BETTER)).tolist():
        rows[i][column] = SATISFACTION[3][0]
        record.append(("better", rows[i][0]))


def _type_ages(rows: list[list[str]], truth: pd.DataFrame, column: int, rng: np.random.Generator, record: list[tuple[str, str]]) -> None:
    """Older people write the year of their birth; others leave out the second digit, or hit its key twice, in turn."""
    takes_part = (truth["consent"] == "1").to_numpy()
    old = takes_part & (truth[AGE] >= OLD).fillna(value=False).to_numpy(dtype=bool)
    for i in rng.choice(np.flatnonzero(old), TYPED_YEARS, replace=False).tolist():
        rows[i][column] = str(SPEC.first_day.year - int(truth[AGE].iloc[i]))
        record.append(("age", rows[i][0]))
    for turn, i in enumerate(rng.choice(np.flatnonzero(takes_part & ~old), TYPED_WRONG, replace=False).tolist()):
        age = str(int(truth[AGE].iloc[i]))
        rows[i][column] = age[0] if turn % 2 == 0 else f"{age}{age[-1]}"
        record.append(("age", rows[i][0]))


def _send_again(rows: list[list[str]], headers: Sequence[str], truth: pd.DataFrame, rng: np.random.Generator, record: list[tuple[str, str]]) -> None:
    """Somebody who has to bring in a number of sheets sends satisfied ones again, some minutes later."""
    number, sent = headers.index("序号"), headers.index("提交答卷时间")
    chosen = np.flatnonzero((truth[OVERALL].isin(TOP_TWO) & (truth[ASSISTED] == "1")).to_numpy())
    for i in sorted(rng.choice(chosen, COPIES, replace=False).tolist()):
        copy = list(rows[i])
        copy[number] = str(len(rows) + 1)
        copy[sent] = stamp_text(datetime.strptime(copy[sent], "%Y/%m/%d %H:%M:%S") + LATER)  # noqa: DTZ007 - local time, as exported
        rows.append(copy)
        record.append(("copy", copy[number]))


def decisions(table: CleanTable) -> pd.DataFrame:
    """The sheet of possible duplicates, filled in as in the lesson: of sheets with the same content the first one sent stays."""
    sheet = table.duplicates.copy()
    same = sheet["kind"] == DuplicateKind.CONTENT
    first = ~sheet["group_id"].duplicated()
    sheet["decision"] = np.where(same, np.where(first, "keep", "drop"), "")
    sheet["reason"] = np.where(same, "内容逐题相同，几分钟内交了两次，核对后留先交的一份", "")
    return sheet.assign(decided_by=np.where(same, "问卷负责人", ""), date=np.where(same, "2026-09-20", ""))


# ---------------------------------------------------------------- shares by what was decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is decided about four kinds of answer sheets; each field is one of the two words beside it.

    unclear : "apart" or "against" - 不清楚 stands apart, or counts as not satisfied
    copies : "once" or "all" - sheets that were sent again count once or twice
    ages : "keep" or "drop" - sheets with an impossible age lose the age only, or go as a whole
    helped : "all" or "own" - sheets that staff filled in count or do not
    """

    unclear: str = "apart"
    copies: str = "once"
    ages: str = "keep"
    helped: str = "all"


OPTIONS: Mapping[str, tuple[str, str]] = {"unclear": ("apart", "against"), "copies": ("once", "all"), "ages": ("keep", "drop"), "helped": ("all", "own")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of satisfied people in percent, with what it was made of."""

    satisfied: int
    base: int
    value: float


def share_of(choice: Choice) -> Share:
    """The share of satisfied people that a decision leads to."""
    made = survey()
    table = made.cleaned if choice.copies == "once" else made.received
    frame, kinds = table.frame, table.missing_kinds
    keep = (frame["consent"] == "1").to_numpy(copy=True)
    if choice.ages == "drop":
        keep &= ~(kinds[AGE] == MissingKind.UNREADABLE).to_numpy(dtype=bool)
    if choice.helped == "own":
        keep &= (frame[ASSISTED] == "1").to_numpy()
    answers = satisfaction(frame[keep], OVERALL, best=5, missing_kinds=kinds[keep])
    if choice.unclear == "against":
        answers["top_two"] = answers["top_two"].mask(answers["dont_know"] == 1, 0)
    known = answers["top_two"].dropna()
    return Share(satisfied=int(known.sum()), base=len(known), value=100 * float(known.mean()))


def choices() -> Iterator[tuple[tuple[str, ...], Choice]]:
    """Every decision with its key as controls give it, the last control changing fastest."""
    from itertools import product

    for key in product(*OPTIONS.values()):
        yield key, Choice(**dict(zip(OPTIONS, key, strict=True)))


@cache
def all_shares() -> Mapping[tuple[str, ...], Share]:
    """The share that each decision leads to."""
    return {key: share_of(choice) for key, choice in choices()}

"""How people fill in a questionnaire: who helps, who hurries, who ticks one column, who sends it twice, from where and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.answers import BLANK, GIVEN, Answers, pass_over
from commresearch.simulate.dirt import DirtRates
from commresearch.simulate.questionnaire import Item, Questionnaire
from commresearch.simulate.wording import fictional_identifiers, write_fill_ins, write_opinions
from commresearch.terms import VariableType

Array = NDArray[Any]
#: Ranges of addresses that are reserved for documentation (RFC 5737).
DOCUMENTATION_RANGES = ("192.0.2", "198.51.100", "203.0.113")
SOURCES = (("手机提交", "直接访问"), ("微信", "扫描二维码"), ("微信", "社区居民群"), ("链接", "N/A"))
SOURCE_SHARES = (0.3, 0.35, 0.3, 0.05)
SHARED_ADDRESS = 0.15  #: share of people behind the address of their community's wireless network
USER_STEP = np.uint64(2_654_435_761)  #: odd, so that multiples differ for all of 2³² people
OPENING_HOUR, OPEN_HOURS = 8, 14
COPIES = ("key", "refilled", "content", "near")
COPY_CHANGES: Mapping[str, float] = {"refilled": 0.10, "near": 0.03}  #: share of opinion answers that differ in such a copy
COPY_DELAY: Mapping[str, tuple[int, int]] = {
    "key": (0, 1),
    "refilled": (600, 172_800),
    "content": (60, 3600),
    "near": (300, 86_400),
}  #: seconds later


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """Answers of the people of a sample, and how each of them answered: consent, assisted, speeder, straightliner, seconds."""

    answers: Answers
    people: pd.DataFrame


def fill_in(
    questionnaire: Questionnaire, answers: Answers, rates: DirtRates, share_with_separator: float, rng: np.random.Generator
) -> Filled:
    """Let people fill in the questionnaire: some refuse, some are helped, some hurry, some tick one column; texts are written.

    Parameters
    ----------
    answers
        What the people of a sample would answer with care.
    share_with_separator
        Share of fill-in texts that hold the sign by which a platform separates options.
    """
    values, kinds = dict(answers.values), {name: codes.copy() for name, codes in answers.kinds.items()}
    n, ages = answers.n, values["age"]
    helped = np.where(ages >= 65, 3.0, 0.5)
    people = pd.DataFrame(
        {
            "consent": rng.random(n) >= rates.no_consent,
            "assisted": rng.random(n) < rates.assisted * helped / helped.mean(),
            "speeder": False,
            "straightliner": False,
        }
    )
    careless, limits = rng.random(n), np.cumsum([rates.speeders, rates.straightliners])
    people["speeder"], people["straightliner"] = careless < limits[0], (careless >= limits[0]) & (careless < limits[1])
    people[["speeder", "straightliner"]] = people[["speeder", "straightliner"]].mul(people["consent"] & ~people["assisted"], axis=0)
    values["consent"] = np.where(people["consent"], 0, 1).astype(np.int8)
    values["assisted"] = people["assisted"].to_numpy().astype(np.int8)
    _answer_without_care(questionnaire, values, people, rng)
    fill_ins = _write(questionnaire, values, kinds, share_with_separator, rng)
    people["seconds"] = _seconds(people, questionnaire.n_questions, rng)
    return Filled(answers=pass_over(questionnaire, Answers(values=values, kinds=kinds, fill_ins=fill_ins)), people=people)


def _answer_without_care(questionnaire: Questionnaire, values: dict[str, Array], people: pd.DataFrame, rng: np.random.Generator) -> None:
    speeder, straight = people["speeder"].to_numpy(), people["straightliner"].to_numpy()
    column = rng.integers(1, 4, len(people))
    for item in questionnaire:
        if item.matrix or item.scale:
            at_random = rng.integers(0, len(item.answer_options), len(people))
            careful = np.where(straight & bool(item.matrix), column, values[item.name])
            values[item.name] = np.where(speeder, at_random, careful).astype(np.int8)


def _write(
    questionnaire: Questionnaire, values: dict[str, Array], kinds: dict[str, Array], share_with_separator: float, rng: np.random.Generator
) -> dict[str, Array]:
    """Texts of open questions into `values`, silence into `kinds`; returns the fill-ins beside open options."""
    n, fill_ins = len(values["age"]), {}
    for item in questionnaire:
        if item.type is VariableType.TEXT:
            texts = fictional_identifiers(item.identifier, n, values["age"], rng) if item.identifier else write_opinions(item.name, n, rng)
            silent = rng.random(n) >= item.model.answered
            values[item.name] = np.where(silent, "", texts)
            kinds[item.name] = np.where(silent & (kinds[item.name] == GIVEN), BLANK, kinds[item.name]).astype(np.int8)
        elif item.open:
            texts, place = write_fill_ins(n, share_with_separator, rng), item.position(item.open[0])
            chosen = values[item.name][:, place] if item.type is VariableType.MULTIPLE else values[item.name] == place
            fill_ins[item.name] = np.where(chosen, texts, "")
    return fill_ins


def _seconds(people: pd.DataFrame, n_questions: int, rng: np.random.Generator) -> Array:
    """Time taken: seven seconds a question, less where somebody practised helps or one column is ticked, about one in a hurry."""
    usual = np.maximum(7.0 * n_questions * np.exp(0.35 * rng.standard_normal(len(people))), 3.0 * n_questions)
    quick = n_questions * rng.uniform(0.5, 1.5, len(people))
    share = np.select([people["assisted"], people["straightliner"]], [0.55, 0.5], 1.0)
    seconds = np.select([~people["consent"], people["speeder"]], [rng.uniform(5, 20, len(people)), quick], usual * share)
    return np.asarray(np.round(seconds).astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Submissions:
    """Answer sheets in the order of the export.

    rows
        person of each sheet, as a position in the sample
    sheets
        `copy` ("" or one of `COPIES`), `original` (number of the sheet that was copied, 0 for none), and what a platform notes:
        serial, user, started, submitted, seconds, source, source_detail, ip
    """

    rows: Array
    sheets: pd.DataFrame


def send(people: pd.DataFrame, communities: Array, rates: DirtRates, first_day: date, days: int, rng: np.random.Generator) -> Submissions:
    """Let people send their answers, some of them twice.

    Parameters
    ----------
    people
        One row per person, with `consent` and `seconds`.
    communities
        Community of each person, from 0.
    """
    n = len(people)
    sources, copies = _copies(people, rates, rng)
    rows = np.concatenate([np.arange(n), *sources]).astype(np.int64)
    copy = np.concatenate([np.full(n, "", dtype=object), *(np.full(len(s), c, dtype=object) for s, c in zip(sources, copies, strict=True))])
    day = rng.integers(0, days, n) * 86_400 + (OPENING_HOUR * 3600 + rng.integers(0, OPEN_HOURS * 3600, n))
    later = np.zeros(len(rows), dtype=np.int64)
    for kind, (least, most) in COPY_DELAY.items():
        later = np.where(copy == kind, rng.integers(least, most, len(rows)), later)
    seconds = people["seconds"].to_numpy()[rows]
    seconds = np.where(np.isin(copy, ("content", "near", "refilled")), np.maximum((seconds * 0.6).astype(np.int64), 5), seconds)
    order = np.lexsort((day[rows] + later, copy == "key"))
    rows, copy, submitted, seconds = rows[order], copy[order], (day[rows] + later)[order], seconds[order]
    sheets = _sheets(rows, copy, n, rng)
    stamp = np.datetime64(first_day, "s") + submitted.astype("timedelta64[s]")
    source = rng.choice(len(SOURCES), size=n, p=SOURCE_SHARES)[rows]
    notes = np.array(SOURCES, dtype=object)[source]
    return Submissions(
        rows=rows,
        sheets=sheets.assign(
            started=stamp - seconds.astype("timedelta64[s]"),
            submitted=stamp,
            seconds=seconds,
            source=notes[:, 0],
            source_detail=notes[:, 1],
            ip=_addresses(people, communities, rng)[rows],
        ),
    )


def _copies(people: pd.DataFrame, rates: DirtRates, rng: np.random.Generator) -> tuple[list[Array], tuple[str, ...]]:
    willing = rng.permutation(np.flatnonzero(people["consent"]))
    sizes = [round(rate * len(people)) for rate in (rates.duplicate_key, rates.refilled, rates.duplicate_content, rates.near_duplicate)]
    ends = np.cumsum(sizes)
    return [willing[end - size : end] for end, size in zip(ends, sizes, strict=True)], COPIES


def _sheets(rows: Array, copy: Array, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Serial numbers in order of sending; a second export of a row keeps its number, a second filling keeps the user."""
    originals = np.zeros(n, dtype=np.int64)
    first = copy == ""
    originals[rows[first]] = np.flatnonzero(first) + 1
    serial = np.cumsum(copy != "key")
    serial = np.where(copy == "key", serial[originals[rows] - 1], serial)
    spread = (np.arange(n + len(rows), dtype=np.uint64) * USER_STEP + rng.integers(0, 2**32, dtype=np.uint64)) % np.uint64(2**32)
    users = np.array([f"u{number:08x}" for number in spread.tolist()], dtype=object)
    user = np.where(np.isin(copy, ("content", "near")), users[n:], users[rows])
    return pd.DataFrame(
        {"copy": copy, "original": np.where(first, 0, originals[rows]), "serial": serial, "user": user},
        index=pd.RangeIndex(1, len(rows) + 1, name="submission"),
    )


def _addresses(people: pd.DataFrame, communities: Array, rng: np.random.Generator) -> Array:
    pool = np.array([f"{prefix}.{host}" for prefix in DOCUMENTATION_RANGES for host in range(1, 255)], dtype=object)
    shared = people["assisted"].to_numpy() | (rng.random(len(people)) < SHARED_ADDRESS)
    return np.where(shared, pool[communities % len(pool)], pool[rng.integers(0, len(pool), len(people))])


def vary_copies(
    questionnaire: Questionnaire,
    answers: Answers,
    copy: Array,
    dirty: set[tuple[int, str]],
    fixed: frozenset[str],
    rng: np.random.Generator,
) -> Answers:
    """Change a few answers of the sheets that were filled in again; what went wrong in a cell stays as it is.

    Parameters
    ----------
    dirty
        Sheet (from 0) and item of the cells on the record of dirt.
    fixed
        Items that describe the person and do not change.
    """
    values = dict(answers.values)
    changeable = [
        item
        for item in questionnaire
        if item.type is VariableType.SINGLE and not item.required and not item.open and item.name not in fixed
    ]
    forced = {changeable[0].name, changeable[-1].name} if changeable else set()
    rate = np.array([COPY_CHANGES.get(kind, 0.0) for kind in copy])
    for item in changeable:
        change = (rng.random(len(copy)) < rate) | ((rate > 0) & (item.name in forced))
        change &= answers.kinds[item.name] == GIVEN
        change[[row for row in np.flatnonzero(change).tolist() if (row, item.name) in dirty]] = False
        values[item.name] = np.where(change, _another(item, values[item.name], rng), values[item.name]).astype(np.int8)
    return Answers(values=values, kinds=answers.kinds, fill_ins=answers.fill_ins)


def _another(item: Item, places: Array, rng: np.random.Generator) -> Array:
    k = len(item.answer_options)
    return np.asarray((np.minimum(places, k - 1) + rng.integers(1, k, len(places))) % k)

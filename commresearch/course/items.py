"""The ten items of the test before and after the course, in two parallel forms.

What stands in `data/items.toml` are words with places for numbers; the numbers, those of the wrong options among them, are computed here from the values of
each question, so that no sentence can name another number than its arithmetic gives. How hard an item is was judged when it was written.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from commresearch.words import number

ITEMS = 10
LETTERS = ("a", "b", "c", "d")
LIST_SIGN = "、"  #: between the numbers of a list in a Chinese sentence

Numbers = Mapping[str, float]


class Form(StrEnum):
    """The two forms."""

    A = "A"
    B = "B"


class Difficulty(StrEnum):
    """How hard an item is meant to be."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One item as one form asks it.

    text, options, why : finished sentences, the numbers filled in
    key : the letter of the right option
    given : the numbers that stand in the question
    made : what its rule makes of them, right and wrong
    """

    form: Form
    text: str
    options: tuple[str, ...]
    key: str
    why: str
    given: Mapping[str, float | Sequence[float]]
    made: Numbers

    @property
    def right(self) -> str:
        """The right option."""
        return self.options[LETTERS.index(self.key)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One idea and the two questions that ask for it.

    id : 1-10
    lesson : 1-8, where it is taught
    difficulty, because : how hard it is meant to be, and what that judgement rests on
    rule : name of the arithmetic
    """

    id: int
    lesson: int
    idea: str
    difficulty: Difficulty
    because: str
    rule: str
    questions: Mapping[Form, Question]


def items() -> tuple[Item, ...]:
    """The ten items in their order."""
    return _items()


def keys(form: Form | str) -> tuple[str, ...]:
    """Letters of the right options of a form, items 1 to 10."""
    return tuple(item.questions[Form(form)].key for item in items())


@cache
def _items() -> tuple[Item, ...]:
    read = tomllib.loads((files("commresearch.course") / "data" / "items.toml").read_text(encoding="utf8"))
    return tuple(
        Item(
            id=entry["id"], lesson=entry["lesson"], idea=entry["idea"], difficulty=Difficulty(entry["difficulty"]), because=entry["because"], rule=entry["rule"],
            questions={form: _question(form, entry[form], RULES[entry["rule"]]) for form in Form},
        )
        for entry in read["item"]
    )


def _question(form: Form, entry: Mapping[str, Any], rule: Callable[..., Numbers]) -> Question:
    """A question with its numbers computed and filled in."""
    given = entry["values"]
    made = rule(**given)
    shown = {name: LIST_SIGN.join(map(number, value)) if isinstance(value, list) else number(value) for name, value in {**given, **made}.items()}
    return Question(
        form=form, text=entry["question"].format(**shown), options=tuple(option.format(**shown) for option in entry["options"]), key=entry["key"],
        why=entry["why"].format(**shown), given=given, made=made,
    )


# ---------------------------------------------------------------- the arithmetic of each item, right and wrong


def change_of_count(*, before: float, after: float) -> Numbers:
    """A count before and after: the difference and the percent, both without sign."""
    difference = abs(after - before)
    return {"difference": difference, "percent": 100 * difference / before}


def persons_behind_visits(*, visits: Sequence[float], twice: float, thrice: float) -> Numbers:
    """Persons behind visits, of whom some came twice and some three times; then taking every repeater off once only, and leaving repeaters out."""
    total = sum(visits)
    persons = total - twice - 2 * thrice
    return {"total": total, "persons": persons, "subtracted_once": total - twice - thrice, "once": persons - twice - thrice}


def use_of_room(*, hours: float, days: float, used: float, booked: float) -> Numbers:
    """Used hours over fixed hours in percent; then the rate of booking, bookings that were used, and what stood empty."""
    open_hours = hours * days
    use = 100 * used / open_hours
    return {"open_hours": open_hours, "use": use, "booked_share": 100 * booked / open_hours, "kept": 100 * used / booked, "idle": 100 - use}


def months_recorded(*, first: float, last: float, counted: float) -> Numbers:
    """Mean over the months that were recorded; then over all months since January, and that mean blown up to all of them."""
    months = last - first + 1
    mean = counted / months
    return {"months": months, "mean": mean, "diluted": round(counted / last, 1), "blown": mean * last}


def satisfied_share(*, satisfied: float, others: float, unsure: float) -> Numbers:
    """Share of the satisfied among those with an opinion, in percent; then with the unsure as not satisfied, and as satisfied."""
    answered = satisfied + others
    everybody = answered + unsure
    return {
        "all": everybody, "answered": answered, "share": 100 * satisfied / answered, "of_all": 100 * satisfied / everybody,
        "counted_in": 100 * (satisfied + unsure) / everybody,
    }


def weighted_share(*, population: float, sample: float, first: float, second: float) -> Numbers:
    """Two shares weighted as the population is made up; then as the sample is, half and half, and with the weights changed over."""
    def mixed(weight: float) -> float:
        return (weight * first + (100 - weight) * second) / 100

    return {"weighted": mixed(population), "unweighted": mixed(sample), "plain": mixed(50), "swapped": mixed(100 - population)}


def season(*, before: float, after: float, before_last: float, after_last: float) -> Numbers:
    """Change between two seasons this year and last year in percent, without sign; and how much more than a year ago."""
    return {
        "change": 100 * abs(after - before) / before, "change_last": 100 * abs(after_last - before_last) / before_last, "more": after - after_last,
    }


def back_to_usual(*, usual: float, peak: float, after: float) -> Numbers:
    """Change since the extreme period in percent, without sign; and how far off the usual level the present one is."""
    return {"percent": 100 * abs(after - peak) / peak, "apart": abs(after - usual)}


def difference_in_differences(*, before: float, after: float, other_before: float, other_after: float) -> Numbers:
    """Change of the pilot less that of the comparison, without sign; then without the comparison, afterwards only, and the two added."""
    own, other = abs(after - before), abs(other_after - other_before)
    return {"own": own, "other": other, "difference": own - other, "gap": abs(after - other_after), "both": own + other}


def interval(*, estimate: float, half: float) -> Numbers:
    """Ends of an interval on either side of zero, without sign."""
    return {"far": estimate + half, "near": half - estimate}


RULES: Mapping[str, Callable[..., Numbers]] = {
    rule.__name__: rule
    for rule in (
        change_of_count, persons_behind_visits, use_of_room, months_recorded, satisfied_share, weighted_share, season, back_to_usual, difference_in_differences,
        interval,
    )
}

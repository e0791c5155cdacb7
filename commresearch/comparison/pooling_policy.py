"""What may be pooled, and what few cases can bear: rules that no option switches off."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from commresearch.comparison.effects_model import EffectsFit
from commresearch.comparison.pooling_input import LEAST_GRADE, Effects
from commresearch.terms import Language, Unit
from commresearch.words import say

LEAST_CASES = 3  #: fewer are shown side by side: two effects say nothing of how effects vary
LEAST_TO_PREDICT = 5  #: fewer give no prediction interval and no leave-one-out
LEAST_TO_EXPLAIN = 10  #: cases per moderator
SHOWN_LETTERS = 60  #: of a definition in a sentence


class Stage(StrEnum):
    """What a number of cases can bear."""

    SHOW = "show"
    SIDE_BY_SIDE = "side_by_side"
    EXPLORATORY = "exploratory"
    PREDICTIVE = "predictive"
    FULL = "full"


def stage_of(cases: int) -> Stage:
    """One case (or none) is shown; two side by side; 3-4 are pooled as exploratory; 5-9 with prediction and leave-one-out; from 10 on with moderators."""
    if cases < LEAST_CASES:
        return Stage.SHOW if cases < LEAST_CASES - 1 else Stage.SIDE_BY_SIDE
    if cases < LEAST_TO_PREDICT:
        return Stage.EXPLORATORY
    return Stage.PREDICTIVE if cases < LEAST_TO_EXPLAIN else Stage.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Something a reader must know: a key of `words/pooling.toml` and the facts of its sentence."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language | str) -> str:
        """The sentence in one language."""
        language = Language(language)
        comma = say("effects.comma", language)
        filled = {name: comma.join(map(str, v)) if isinstance(v, tuple | list) else v for name, v in self.values.items()}
        return say(f"pooling.{self.key}", language, **filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Reason):
    """Why effects are not pooled.

    cases : tuple of str
        Whom it is about.
    all_effects : bool
        Whether nothing is pooled; False where only these cases stay outside.
    """

    cases: tuple[str, ...]
    all_effects: bool = True


def refusals_of(effects: Effects) -> tuple[Refusal, ...]:
    """Every reason against pooling, all at once.

    Parameters
    ----------
    effects : Effects

    Returns
    -------
    tuple of Refusal
        refused_grade (under E3, which covers all published figures; only these stay outside, as long as three others remain); refused_error (an interval
        from permutations, without a standard error: likewise); refused_outcomes,
        refused_definitions, refused_units (effects as they are given, never converted); refused_grades (E3, E4 and E5 differ in what stands behind them: each is
        pooled alone); refused_few; refused_moderators (ten cases for each).
    """
    chosen: list[int] = np.flatnonzero(effects.eligible).tolist()
    cases = tuple(effects.case_id[i] for i in chosen)
    found: list[Refusal] = []
    low = np.array([grade < LEAST_GRADE for grade in effects.grade], dtype=bool)
    for key, left in (("refused_grade", ~effects.eligible & low), ("refused_error", ~effects.eligible & ~low)):
        if left.any():
            names = tuple(effects.case_id[i] for i in np.flatnonzero(left))
            shown = tuple(f"{effects.case_id[i]} ({effects.grade[i]})" for i in np.flatnonzero(left))
            found.append(Refusal(key=key, values={"n": len(names), "cases_shown": shown}, cases=names, all_effects=not cases))
    kinds: dict[str, Sequence[object]] = {
        "refused_outcomes": effects.outcome, "refused_definitions": effects.definition, "refused_units": effects.unit, "refused_grades": effects.grade,
    }
    for key, given in kinds.items():
        counts = Counter(str(given[i]) for i in chosen)
        if len(counts) > 1:
            found.append(Refusal(key=key, values={"kinds": tuple(f"{_short(kind)} ({n})" for kind, n in counts.items())}, cases=cases))
    if 0 < len(cases) < LEAST_CASES:
        found.append(Refusal(key="refused_few", values={"n": len(cases), "least": LEAST_CASES}, cases=cases))
    wanted = len(effects.names)
    if wanted and LEAST_CASES <= len(cases) < LEAST_TO_EXPLAIN * wanted:
        facts = {"moderators": effects.names, "n": len(cases), "least": LEAST_TO_EXPLAIN * wanted}
        found.append(Refusal(key="refused_moderators", values=facts, cases=cases))
    return tuple(found)


def warnings_of(fit: EffectsFit, interval: str, names: tuple[str, ...], unit: Unit | None) -> tuple[Reason, ...]:
    """What a reader of the pooled effect must know, the most important first."""
    cases = len(fit.effects)
    stage = stage_of(cases)
    notes = []
    if stage is Stage.EXPLORATORY:
        notes.append(Reason(key="note_exploratory", values={"n": cases}))
    if fit.method == "common":
        notes.append(Reason(key="note_common", values={"q": f"{fit.q:.1f}", "df": fit.df}))
    if names:
        notes.append(Reason(key="note_moderators", values={"moderators": names}))
    if unit is Unit.PERCENT:
        notes.append(Reason(key="note_percent"))
    if fit.method != "common" and fit.tau2 == 0:
        notes.append(Reason(key="note_no_variance", values={"n": cases}))
    if interval == "knapp_hartung" and fit.factor < 1:
        notes.append(Reason(key="note_below_wald", values={"percent": f"{100 * (1 - fit.factor**0.5):.0f}"}))
    if interval == "wald" and stage is not Stage.FULL:
        notes.append(Reason(key="note_wald", values={"n": cases}))
    return tuple(notes)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"

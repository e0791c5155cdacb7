"""Two runs side by side, in sentences: every change in its own unit, with what lay behind it."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from commresearch.terms import Language, Unit
from commresearch.words import has, say
from commresearch.words.effects import outcome_name
from commresearch.words.precision import decimals_of, fixed, short, signed
from commresearch.workflow.run_differences import CaseDifference, Changed, OutcomeDifference, Row, has_effect

NAMED = 5  #: files that a line names
HASH = 8  #: characters of a hash that people compare
LEAST = 0.001  #: differences below are said to be so
#: Unit of the difference of two effects: percent minus percent is no percentage of anything.
OF_DIFFERENCE = {Unit.PERCENT: Unit.PERCENTAGE_POINTS}


def difference_lines(found: CaseDifference, language: Language) -> list[str]:
    """Everything that two runs say otherwise of a case, one line each; that nothing changed, too."""
    if found.first is None or found.second is None:
        only = found.first if found.first is not None else found.second
        return [say("diff.only_in_one", language, case=found.case_id, run="" if only is None else only.run)]
    lines = [say("diff.case", language, case=found.case_id, first=found.first.run, second=found.second.run)]
    if found.first.fictional or found.second.fictional:
        lines.append(say("diff.simulated", language))
    for one in found.outcomes:
        lines += _outcome_lines(one, language)
    return [*lines, *_made_from_lines(found, language)]


def _outcome_lines(one: OutcomeDifference, language: Language) -> Iterator[str]:
    name = outcome_name(one.outcome, language)
    if one.before is None or one.after is None:
        yield say("diff.outcome_new" if one.before is None else "diff.outcome_gone", language, outcome=name)
        return
    if one.is_same:
        yield say("diff.outcome_same", language, outcome=name, effect=_effect(one.after, language))
        return
    yield say("diff.outcome", language, outcome=name)
    yield from _effect_lines(one, one.before, one.after, language)
    for key, changes in (("count", one.counts), ("how", one.how), ("choice", one.definition)):
        for change in changes:
            yield _change_line(key, change, language)
    grades = [say("diff.none", language) if pd.isna(row["grade"]) else str(row["grade"]) for row in (one.before, one.after)]
    if grades[0] != grades[1]:
        yield say("diff.grade", language, before=grades[0], after=grades[1])


def _effect_lines(one: OutcomeDifference, before: Row, after: Row, language: Language) -> Iterator[str]:
    told = {"before": _effect(before, language), "after": _effect(after, language)}
    if not one.have_effects:
        if told["before"] != told["after"]:
            yield say("diff.effect_or_refusal", language, **told)
    elif one.units is not None:
        yield say("diff.effect_units", language, **told)
    elif one.moved:
        parts = [
            say(f"diff.moved_{name}", language, n=_difference(by, Unit(str(after["unit"])), language)) for name, by in one.moved.items() if math.isfinite(by)
        ]
        yield say("diff.effect", language, **told, parts=say("diff.comma", language).join(parts) if parts else say("diff.moved_ends", language))
    if one.have_effects and before["conf_level"] != after["conf_level"]:
        yield say("diff.level", language, before=f"{100 * before['conf_level']:g}%", after=f"{100 * after['conf_level']:g}%")


def _effect(row: Row, language: Language) -> str:
    """An effect with its interval, or that there is none and why."""
    if not has_effect(row):
        return say("diff.refused", language, codes=row["refusal"])
    estimate, low, high = (float(row[name]) for name in ("estimate", "conf_low", "conf_high"))
    digits = max(decimals_of(estimate, low, high), 0)
    shown = say(f"effects.unit_{row['unit']}", language, n=signed(estimate, digits))
    if math.isnan(low) and math.isnan(high):
        return say("diff.effect_alone", language, effect=shown)
    limits = [say(f"effects.no_{name}", language) if math.isnan(end) else signed(end, digits) for name, end in (("lower", low), ("upper", high))]
    ends = say("effects.ends", language, low=limits[0], high=limits[1])
    return say("diff.effect_interval", language, effect=shown, interval=say(f"effects.unit_{row['unit']}", language, n=ends))


def _difference(by: float, unit: Unit, language: Language) -> str:
    shown = short(by, sign=True) if abs(by) >= LEAST else say("diff.less_than", language, n=fixed(LEAST, 3))
    return say(f"effects.unit_{OF_DIFFERENCE.get(unit, unit)}", language, n=shown)


def choice_text(change: Changed, language: Language) -> str:
    """A choice of a definition that changed: what it is, what it was, what it is now."""
    return say("diff.change", language, **_change_values("choice", change, language)).strip()


def _change_line(key: str, change: Changed, language: Language) -> str:
    values = _change_values(key, change, language)
    return say("diff.change", language, **(values | {"name": say("diff.choice", language, name=values["name"])} if key == "choice" else values))


def _change_values(key: str, change: Changed, language: Language) -> dict[str, str]:
    name = say(f"diff.{key}_{change.what}", language) if has(f"diff.{key}_{change.what}") else change.what
    return {"name": name, "before": _shown(change.before, language), "after": _shown(change.after, language)}


def _shown(value: Any, language: Language) -> str:
    """A value as the files have it; lists joined, words of methods in the language."""
    if value is None:
        return say("diff.none", language)
    if isinstance(value, list | tuple):
        return say("diff.comma", language).join(_shown(part, language) for part in value) if value else say("diff.none", language)
    for key in (f"effects.method_{value}", f"impact.inference_{value}", f"effects.design_{value}", f"outcomes.value_{value}"):
        if isinstance(value, str) and has(key):
            return say(key, language)
    return str(value)


def _made_from_lines(found: CaseDifference, language: Language) -> Iterator[str]:
    """What the two runs were made from and with, where it differs; that it does not, too."""
    if not (found.inputs or found.versions or found.settings):
        yield say("diff.made_from_same", language)
        return
    yield say("diff.made_from", language)
    for kind, files in (
        ("changed", [c for c in found.inputs if c.before is not None and c.after is not None]), ("added", [c for c in found.inputs if c.before is None]),
        ("gone", [c for c in found.inputs if c.after is None]),
    ):
        if files:
            yield say(f"diff.inputs_{kind}", language, n=len(files), files=_files(files, language))
    for change in found.versions:
        yield say("diff.version", language, name=change.what, before=_shown(change.before, language), after=_shown(change.after, language))
    for change in found.settings:
        yield say("diff.package", language) if change.what == "package" else _change_line("setting", change, language)


def _files(files: Sequence[Changed], language: Language) -> str:
    """Names of files, each changed one with the beginnings of its hashes; the number of those that are not named."""
    named = [
        c.what if c.before is None or c.after is None else say("diff.file_hashes", language, file=c.what, before=str(c.before)[:HASH], after=str(c.after)[:HASH])
        for c in files[:NAMED]
    ]
    rest = say("diff.and_more", language, n=len(files) - NAMED) if len(files) > NAMED else ""
    return say("diff.comma", language).join(named) + rest

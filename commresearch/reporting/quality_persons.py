"""Numbers of persons in the report on a survey, as its edition shows them: missing values by kind, flags, categories of margins, times of filling in."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cases.case import Release
from commresearch.reporting.disclosure import Known, System, too_narrow
from commresearch.reporting.disclosure_groups import Group
from commresearch.reporting.disclosure_rules import HIDDEN, hides, is_small
from commresearch.reporting.disclosure_tables import Counted, protected_counts
from commresearch.reporting.display import Prose
from commresearch.reporting.quality_tables import KINDS_SHOWN
from commresearch.terms import MissingKind
from commresearch.words import number
from commresearch.workflow.survey_design import UNKNOWN

ANSWERED = "answered"
AT_LEAST = "≥"
KINDS = [kind.value for kind in KINDS_SHOWN]
BINS = (28, 20, 14, 10, 7, 5, 3, 2)  #: numbers of bars that are tried


def shown_missing(missing: pd.DataFrame, rules: Release) -> pd.DataFrame:
    """Missing values as the edition shows them.

    Parameters
    ----------
    missing : DataFrame
        As `missing_by_question` gives it: sheets by kind, `asked`, `missing`.
    rules : Release

    Returns
    -------
    DataFrame of Int64
        The kinds that are shown, `missing`, `asked` and `answered` (asked and not missing); NA where a number is hidden.
    """
    columns = ["missing", *KINDS]
    rows = []
    for *row, asked in missing[[*columns, "asked"]].to_numpy().tolist():
        shown = protected_counts(row, rules, [tuple(range(len(columns)))])
        answered = None if _narrows(row, shown, asked, rules) else asked - row[0]
        rows.append([*shown, *protected_counts([asked], rules), *([None] if answered is None else protected_counts([answered], rules))])
    return pd.DataFrame(rows, index=missing.index, columns=[*columns, "asked", ANSWERED]).astype("Int64")


def _narrows(missing: Sequence[int], shown: Sequence[int | None], asked: int, rules: Release) -> bool:
    """Whether a hidden number of missing values follows too nearly from the sheets that answered or filled a question in.

    Those asked are taken for known: the questions that all are asked have one number in common, and the sheets kept are published as they are.
    """
    if None not in shown:
        return False
    if shown[0] is None and rules.rounding < rules.threshold:
        return True  # as rounded it leaves fewer numbers of missing values than have to remain; the solver would say the same, later
    answered, unreadable = asked - missing[0], 1 + KINDS.index(MissingKind.UNREADABLE.value)
    counts = np.array([*missing, asked, answered, answered + missing[unreadable]])
    whole, known, filled = len(missing), len(missing) + 1, len(missing) + 2
    system = System.of_sums(len(counts), [tuple(range(len(missing))), (whole, 0, known), (filled, known, unreadable)])
    reader = Known.of(counts, np.array([*(n is None for n in shown), False, False, False]), rules)
    reader.low[whole] = reader.high[whole] = asked
    return bool(too_narrow(system, reader, rules))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The sheets with an answer to a question, as a cell tells them.

    text : str
    count : int or None
        What the cell publishes; None where it names a bound alone.
    behind : int or None
        What may be declared of cells that rest on these sheets; None where the number would give a hidden one away.
    group : Group or None
        Where the sheets are those asked less those missing.
    """

    text: str
    count: int | None
    behind: int | None
    group: Group | None = None

    @classmethod
    def told(cls, n: int, group: Group | None = None) -> "Answered":
        """The number as any other."""
        return cls(text=number(n), count=n, behind=n, group=group)

    @classmethod
    def bounded(cls, n: int, asked: int, rules: Release) -> "Answered":
        """At least how many there are: so far below those asked that every small number of missing values, and as many more, remain possible."""
        least = least_answered(asked, rules)
        if is_small(n, rules):
            return cls.told(n)
        if n < least or least < rules.threshold:
            return cls(text=HIDDEN, count=n, behind=None)
        return cls(text=f"{AT_LEAST} {number(least)}", count=None, behind=None)


def least_answered(asked: int, rules: Release) -> int:
    """The bound that stands for a number of sheets with an answer which would give a hidden one away; it follows from those asked alone."""
    return rules.rounding * ((asked - 2 * rules.threshold) // rules.rounding)


def shown_changes(changed: Mapping[str, int], rules: Release, *, hides_unreadable: bool) -> dict[str, int | None]:
    """Changed cells as the edition shows them, and `all` of them; None where a number is hidden.

    Few cells are those of few persons.

    Parameters
    ----------
    changed : mapping
        What became of a cell → cells.
    rules : Release
    hides_unreadable : bool
        Whether the number of unreadable cells is hidden for a question somewhere: their sum would give it away.
    """
    counts = dict(changed)
    if hides_unreadable:
        counts["unreadable"] = min(counts["unreadable"], rules.threshold - 1)
    whole = [sum(changed.values()), *counts.values()]
    return dict(zip(("all", *counts), protected_counts(whole, rules, [tuple(range(len(whole)))]), strict=True))


def group_of(survey: str, question: str, answers: Sequence[str]) -> Group:
    """Sheets of a survey that have one of some answers, or kinds of missing, to a question."""
    return Group(population=f"sheets:{survey}", attributes={question: frozenset(answers)})


def telling(prose: Prose, survey: str, counts: Mapping[str, int], rules: Release) -> Prose:
    """A paragraph that names numbers of sheets which stand in no table, by what these sheets are; those of none are not named."""
    told = [
        Counted(group=group_of(survey, what, ["yes"]), count=n, hidden=hides(rules) and is_small(n, rules), place=what) for what, n in counts.items() if n
    ]
    return replace(prose, persons=told, rules=rules)


def counted_missing(missing: pd.DataFrame, shown: pd.DataFrame, survey: str) -> list[Counted]:
    """What a drawing of missing values tells: the kinds of every question, and their sum."""
    parts = {"missing": KINDS} | {kind: [kind] for kind in KINDS}
    return [
        Counted(
            group=group_of(survey, str(question), answers), count=int(missing.loc[question, column]), hidden=bool(pd.isna(shown.loc[question, column])),
            place=f"{question} · {column}",
        )
        for question in shown.index for column, answers in parts.items()
    ]


def shown_shares(counts: Sequence[int], rules: Release) -> list[bool]:
    """Which categories of a question may be told in percent: shares of a known number give counts away, so nothing is taken for rounded."""
    exact = rules.model_copy(update={"rounding": 1})
    whole = [sum(counts), *counts]
    return [n is not None for n in protected_counts(whole, exact, [tuple(range(len(whole)))])[1:]]


def told_categories(margins: Sequence[Mapping[Hashable, Any]], counts: Sequence[int], rules: Release) -> list[bool]:
    """Which categories of the margins may be told; those of one question add up to all sheets."""
    names = [str(m["variable"]) for m in margins]
    told = {name: shown_shares([n for other, n in zip(names, counts, strict=True) if other == name], rules) for name in dict.fromkeys(names)}
    return [told[name].pop(0) for name in names]


def category_counts(frame: pd.DataFrame, margins: Sequence[Mapping[Hashable, Any]]) -> list[int]:
    """Sheets in every category of the margins, also in that of no answer; numbers without a column of their own count as nobody."""
    counts: dict[str, dict[str, int]] = {}
    for name in dict.fromkeys(str(m["variable"]) for m in margins):
        column = frame[name].astype("str") if name in frame else pd.Series(dtype="str")
        counts[name] = {str(value): int(n) for value, n in column.value_counts().items()} | {UNKNOWN: int(frame[name].isna().sum()) if name in frame else 0}
    return [counts[str(m["variable"])].get(str(m["category"]), 0) for m in margins]


def safe_edges(values: np.ndarray, groups: Sequence[np.ndarray], rules: Release, most: int) -> np.ndarray:
    """Edges of the bars of a histogram on a logarithmic axis that single nobody out.

    Parameters
    ----------
    values : array of float
        Above zero.
    groups : sequence of arrays of bool
        Parts of the values that are drawn apart.
    rules : Release
    most : int
        Bars where nothing need be hidden.

    Returns
    -------
    array of float
        In the public edition the first and last bar hold at least as many persons as the threshold says, so that neither end is that of a person, and no
        bar holds fewer; values beyond the ends belong to the outer bars.
    """
    low, high = float(values.min()), float(values.max())
    if not hides(rules):
        return np.geomspace(low * 0.98, max(high, low * 1.5) * 1.02, most + 1)
    ordered = np.sort(values)
    least = min(rules.threshold, len(ordered)) - 1
    low, high = float(ordered[least]), float(ordered[-1 - least])
    high = max(high, low * 1.5)
    for bins in (b for b in BINS if b <= most):
        edges = np.geomspace(low * 0.98, high * 1.02, bins + 1)
        counts = [np.histogram(np.clip(values[group], edges[0], edges[-1]), edges)[0] for group in groups]
        if all(((n == 0) | (n >= rules.threshold)).all() for n in counts):
            return edges
    return np.array([low * 0.98, high * 1.02])

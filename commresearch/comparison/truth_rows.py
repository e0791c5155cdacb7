"""The truth table: which configurations of conditions occur, and how consistently the outcome goes with each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.comparison.set_fit import sufficiency
from commresearch.comparison.set_membership import CROSSOVER, Floats, SetTable, set_table
from commresearch.errors import EstimationError, Failure
from commresearch.impact.result import Note
from commresearch.terms import Language
from commresearch.words.catalogue import say

TIE = 1e-12  #: a consistency this close below a cut is at the cut: sums in binary miss printed decimals
FEW_CASES, FEW_CONDITIONS = 16, 4  #: up to so many cases, at most so many conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNote(Note):
    """A note whose sentence stands in `words/qca.toml`."""

    def text(self, language: Language | str) -> str:
        """The sentence in one language."""
        language = Language(language)
        comma = say("qca.comma", language)
        filled = {k: comma.join(map(str, v)) if isinstance(v, list | tuple) else v for k, v in self.values.items()}
        return say(f"qca.{self.key}", language, **filled)


def noted(notes: Sequence[Note]) -> list[dict[str, object]]:
    """Notes with their sentences in both languages, JSON-safe."""
    return [{"key": note.key, "text": {language.value: note.text(language) for language in Language}} for note in notes]


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """A table as a list of rows, None for a number that is not there."""
    rows: list[dict[str, object]] = json.loads(table.to_json(orient="records", force_ascii=False, double_precision=15))
    return rows


@dataclass(frozen=True, kw_only=True, eq=False)
class TruthTable:
    """Observed configurations with their cases, their consistency and their code.

    sets : SetTable
        The cases; its outcome is the negated one where `negate`.
    inclusion_cut : (upper, lower)
        A row is coded 1 from the upper cut on, 0 below the lower one, C between.
    frequency : int
        Rows with fewer cases are coded ?, and count as not observed.
    negate : bool
    row : array (r,)
        Configurations with at least one case, counted from 0; the first condition is the most significant bit.
    n : array (r,)
        Cases in it.
    inclusion, pri : array (r,)
        Consistency of the row as sufficient for the outcome, over all cases; proportional reduction in inconsistency.
    out : array of str (r,)
        1, 0, C (between two cuts) or ? (too few cases).
    contradictory : array of bool (r,)
        Cases with the outcome (above 0.5) and without it stand in the row, whatever its code.
    notes : tuple of Note
    """

    sets: SetTable
    inclusion_cut: tuple[float, float]
    frequency: int
    negate: bool
    row: NDArray[np.int64]
    n: NDArray[np.int64]
    inclusion: Floats
    pri: Floats
    out: NDArray[np.str_]
    contradictory: NDArray[np.bool_]
    notes: tuple[Note, ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions."""
        return self.sets.conditions

    @property
    def outcome(self) -> str:
        """The outcome as it is explained: with ~ where it is negated."""
        return f"~{self.sets.outcome_name}" if self.negate else self.sets.outcome_name

    @property
    def positive(self) -> NDArray[np.int64]:
        """Rows coded 1, counted from 0."""
        return np.asarray(self.row[self.out == "1"])

    @property
    def negative(self) -> NDArray[np.int64]:
        """Rows coded 0 or C: what no solution may cover; counted from 0."""
        return np.asarray(self.row[(self.out == "0") | (self.out == "C")])

    @property
    def code_faults(self) -> tuple[Failure, ...]:
        """Why there is no solution: no row coded 1 (CR-Q12), no row coded 0 or C (CR-Q19)."""
        told = {"outcome": self.outcome, "cut": f"{self.inclusion_cut[0]:g}"}
        faults = []
        if not len(self.positive):
            faults.append(Failure(code="CR-Q12", values={**told, "best": f"{self.inclusion.max():.3f}"}))
        if not len(self.negative):
            faults.append(Failure(code="CR-Q19", values={**told, "worst": f"{self.inclusion.min():.3f}"}))
        return tuple(faults)

    def cases_of(self, row: int) -> tuple[str, ...]:
        """Cases in a configuration, which is counted from 0."""
        return tuple(self.sets.cases[i] for i in np.flatnonzero(self.sets.rows == row))

    @cached_property
    def contradictions(self) -> pd.DataFrame:
        """Rows in which cases differ in the outcome: row (from 1), cases_with, cases_without, code."""
        inside = self.sets.outcome > CROSSOVER
        made = []
        for i in np.flatnonzero(self.contradictory):
            here = self.sets.rows == self.row[i]
            both = {name: ", ".join(self.sets.cases[j] for j in np.flatnonzero(here & side)) for name, side in (("cases_with", inside), ("cases_without", ~inside))}
            made.append({"row": int(self.row[i]) + 1, **both, "out": str(self.out[i])})
        return pd.DataFrame(made, columns=["row", "cases_with", "cases_without", "out"])

    def to_frame(self, *, complete: bool = False) -> pd.DataFrame:
        """One line per observed configuration; with `complete`, per logically possible one (remainders: code ?, no consistency).

        Returns
        -------
        DataFrame
            row (from 1), a column of 0 and 1 per condition, out, n, inclusion, pri, contradictory, cases.
        """
        k = len(self.conditions)
        rows = np.arange(1 << k) if complete else self.row
        place = np.searchsorted(self.row, rows).clip(max=len(self.row) - 1)
        seen = self.row[place] == rows
        made = pd.DataFrame({"row": rows + 1})
        for j, name in enumerate(self.conditions):
            made[name] = (rows >> (k - 1 - j)) & 1
        made["out"] = np.where(seen, self.out[place], "?")
        made["n"] = np.where(seen, self.n[place], 0)
        made["inclusion"] = np.where(seen, self.inclusion[place], np.nan)
        made["pri"] = np.where(seen, self.pri[place], np.nan)
        made["contradictory"] = seen & self.contradictory[place]
        made["cases"] = [", ".join(self.cases_of(int(r))) if s else "" for r, s in zip(rows, seen, strict=True)]
        return made

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe."""
        return {
            "outcome": self.outcome, "conditions": list(self.conditions), "n_cases": len(self.sets.cases), "inclusion_cut": list(self.inclusion_cut),
            "frequency": self.frequency, "rows": records(self.to_frame()), "contradictions": records(self.contradictions), "notes": noted(self.notes),
        }

    def summary(self, language: Language | str = Language.ZH) -> str:
        """Cases, configurations seen and possible, their codes, contradictory rows, and what a reader must know."""
        language = Language(language)
        counts = {f"n_{name}": int((self.out == code).sum()) for name, code in (("one", "1"), ("zero", "0"), ("between", "C"), ("few", "?"))}
        said = say(
            "qca.table", language, outcome=self.outcome, cases=len(self.sets.cases), conditions=len(self.conditions), possible=1 << len(self.conditions),
            seen=len(self.row), **counts,
        )
        parts = [said, *(note.text(language) for note in self.notes)]
        return " ".join(parts) if language is Language.EN else "".join(parts)


def truth_table(
    frame: pd.DataFrame, outcome: str, conditions: Sequence[str], *, inclusion: float | tuple[float, float], frequency: int = 1, negate: bool = False,
) -> TruthTable:
    """Put cases into the configurations of their conditions and code each by how consistently the outcome goes with it.

    Parameters
    ----------
    frame : DataFrame
        One row per case, memberships from 0 to 1; names of cases in the column `case_id`, else in the index.
    outcome : str
    conditions : sequence of str
        In this order in every row number and term.
    inclusion : float or (float, float)
        Consistency from which a row is coded 1, above 0 and at most 1 (a share, not percent). A pair is (upper, lower): below the lower one a row is
        coded 0, between the two C.
    frequency : int
        Cases that a row must have to count as observed.
    negate : bool
        Explain the absence of the outcome.

    Returns
    -------
    TruthTable

    Raises
    ------
    SchemaError
        Columns or cells that do not fit (CR-Q03 to CR-Q10): among them a membership of exactly 0.5, which belongs to no configuration.
    EstimationError
        All cases have the outcome (CR-Q11) or none has it (CR-Q20); a cut or a frequency is out of range (CR-Q02).

    Notes
    -----
    Row numbers count from 1 as binary numbers, the first condition most significant. Consistency of a row is Σ min(x, y) / Σ x over all cases, x being
    the least membership in its conditions (Ragin 2008). Multi-value sets are refused.
    """
    cuts = _checked_cuts(inclusion, frequency)
    return rows_of(set_table(frame, outcome, conditions, negate=negate), cuts, frequency, negate=negate)


def rows_of(sets: SetTable, cuts: tuple[float, float], frequency: int, *, negate: bool) -> TruthTable:
    """`truth_table` of memberships that are checked already."""
    row, place, n = np.unique(sets.rows, return_inverse=True, return_counts=True)
    fit = sufficiency(sets.of_rows(row), sets.outcome)
    inside = np.bincount(place, weights=sets.outcome > CROSSOVER, minlength=len(row))
    contradictory = (inside > 0) & (inside < n)
    return TruthTable(
        sets=sets, inclusion_cut=cuts, frequency=frequency, negate=negate, row=row, n=n, inclusion=fit.inclusion, pri=fit.pri,
        out=coded(fit.inclusion, n, cuts, frequency), contradictory=contradictory, notes=_notes(sets, row, contradictory),
    )


def coded(inclusion: Floats, n: NDArray[np.int64], cuts: tuple[float, float], frequency: int) -> NDArray[np.str_]:
    """Codes of rows from their consistency and their number of cases."""
    between = np.where(inclusion >= cuts[1] - TIE, "C", "0")
    return np.where(n < frequency, "?", np.where(inclusion >= cuts[0] - TIE, "1", between))


def most_conditions(n_cases: int) -> int:
    """Conditions that so many cases can bear: at most four up to sixteen cases, and fewer configurations than twice the cases.

    A rule of thumb: with 16 cases and 4 conditions, or 24 and 5, random outcomes seldom give a table without a contradiction, with one more condition
    they often do. The chance benchmark says how often for the cases at hand.
    """
    bearable = max(1, int(np.ceil(np.log2(2 * n_cases))) - 1)
    return min(FEW_CONDITIONS, bearable) if n_cases <= FEW_CASES else bearable


def _notes(sets: SetTable, row: NDArray[np.int64], contradictory: NDArray[np.bool_]) -> tuple[Note, ...]:
    notes: list[Note] = []
    n, k = len(sets.cases), len(sets.conditions)
    if k > most_conditions(n):
        notes.append(SetNote(key="too_many_conditions", values={"n": n, "k": k, "most": most_conditions(n), "possible": 1 << k, "seen": len(row)}))
    alike = [name for name, inside in zip(sets.conditions, (sets.membership > CROSSOVER).T, strict=True) if inside.all() or not inside.any()]
    if alike:
        notes.append(SetNote(key="constant_conditions", values={"names": alike}))
    if contradictory.any():
        held = int(np.isin(sets.rows, row[contradictory]).sum())
        notes.append(SetNote(key="contradictory_rows", values={"rows": (row[contradictory] + 1).tolist(), "cases": held}))
    return tuple(notes)


def _checked_cuts(inclusion: object, frequency: object) -> tuple[float, float]:
    """Both cuts, the lower one equal to the upper where only one is given."""
    given = tuple(inclusion) if isinstance(inclusion, tuple | list) else (inclusion, inclusion)
    numbers = [v for v in given if isinstance(v, int | float | np.integer | np.floating) and not isinstance(v, bool)]
    allowed: dict[str, tuple[object, bool, str]] = {
        "inclusion": (inclusion, len(numbers) == len(given) == 2 and bool(0 < numbers[1] <= numbers[0] <= 1), "0 < lower <= upper <= 1"),
        "frequency": (frequency, isinstance(frequency, int | np.integer) and not isinstance(frequency, bool) and int(frequency) >= 1, "1, 2, …"),
    }
    if wrong := [Failure(code="CR-Q02", values={"name": n, "got": str(got), "allowed": a}) for n, (got, right, a) in allowed.items() if not right]:
        raise EstimationError(*wrong)
    return float(numbers[0]), float(numbers[1])

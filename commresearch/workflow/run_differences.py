"""Two runs of the results store side by side: which estimates changed and by how much, and what was different in what they were made from."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from commresearch.errors import CaseError, Failure
from commresearch.records.results_store import COUNTS, KeptRun, ResultsStore
from commresearch.terms import Unit
from commresearch.workflow.kept_results import PACKAGE

ENDS = ("estimate", "conf_low", "conf_high")
HOW = ("method", "inference", "estimand", "design")
SAME = 1e-9  #: relative difference below which numbers are the same: another computer may add in another order
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One thing that is not the same: what it is, what it was before, what it is after; None where there is none."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDifference:
    """One outcome of a case in two runs.

    before, after : mapping, optional
        The row of either run, effects in the unit in which they are told; None where the run does not have the outcome.
    counts, how, definition : tuple of Changed
        Numbers of observations, units and assignments; methods and months; choices of the definition.
    """

    outcome: str
    before: Row | None
    after: Row | None
    counts: tuple[Changed, ...] = ()
    how: tuple[Changed, ...] = ()
    definition: tuple[Changed, ...] = ()

    @property
    def have_effects(self) -> bool:
        """Whether either run has an effect."""
        return all(has_effect(row) for row in (self.before, self.after))

    @property
    def units(self) -> tuple[str, str] | None:
        """Units of both effects, where they differ: then nothing is subtracted."""
        if self.before is None or self.after is None or not self.have_effects:
            return None
        units = str(self.before["unit"]), str(self.after["unit"])
        return None if units[0] == units[1] else units

    @property
    def moved(self) -> Mapping[str, float]:
        """By how much estimate and ends of the interval moved, in the unit of the effect; only those that did.

        Percent minus percent and points minus points are percentage points; rates stay rates. Empty where units differ.
        """
        if self.before is None or self.after is None or not self.have_effects or self.units is not None:
            return {}
        pairs = {name: (float(self.before[name]), float(self.after[name])) for name in ENDS}
        return {name: after - before for name, (before, after) in pairs.items() if not _same(before, after)}

    @property
    def is_same(self) -> bool:
        """Whether both runs say the same of the outcome."""
        if self.before is None or self.after is None:
            return False
        stated = ("grade", "refusal", "conf_level")
        alike = all(_equal(self.before[name], self.after[name]) for name in stated) and has_effect(self.before) == has_effect(self.after)
        return alike and self.units is None and not (self.moved or self.counts or self.how or self.definition)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDifference:
    """One case in two runs.

    first, second : KeptRun, optional
        None where the run does not have the case.
    inputs, versions, settings : tuple of Changed
        Files by name and hash, packages by version, seed, level, months, plan and the program's own files.
    """

    case_id: str
    first: KeptRun | None
    second: KeptRun | None
    outcomes: tuple[OutcomeDifference, ...] = ()
    inputs: tuple[Changed, ...] = ()
    versions: tuple[Changed, ...] = ()
    settings: tuple[Changed, ...] = ()


def compare_runs(store: ResultsStore, first: str, second: str, *, case: str | None = None) -> list[CaseDifference]:
    """What two runs say of their cases.

    Parameters
    ----------
    store
        Where runs are kept.
    first, second
        Names of runs, or their beginnings.
    case
        Only this case.

    Returns
    -------
    list of CaseDifference
        Cases of either run in alphabetical order; a case of one run alone has no outcomes to compare.

    Raises
    ------
    CaseError
        A run is not known (CR-A01) or not the only one that begins so (CR-A02); neither run has the case (CR-A04).
    SourceError
        A file of the store was changed or cannot be read (CR-A03).
    """
    failures: list[Failure] = []
    runs: list[dict[str, KeptRun]] = []
    for name in (first, second):
        try:
            runs.append({kept.case_id: kept for kept in store.of_run(name)})
        except CaseError as error:
            failures += error.failures
    if failures:
        raise CaseError(*failures)
    cases = sorted(set(runs[0]) | set(runs[1]))
    if case is not None and case not in cases:
        raise CaseError(Failure(code="CR-A04", values={"case": case, "first": first, "second": second, "known": ", ".join(cases)}))
    return [_case_difference(name, runs[0].get(name), runs[1].get(name)) for name in cases if case in (None, name)]


def changed_choices(before: str, after: str) -> tuple[Changed, ...]:
    """Choices in which two definitions, as the store has them, differ."""
    return _changed(json.loads(before), json.loads(after))


def _case_difference(case: str, first: KeptRun | None, second: KeptRun | None) -> CaseDifference:
    if first is None or second is None:
        return CaseDifference(case_id=case, first=first, second=second)
    rows = [{str(row["outcome"]): _as_told(row) for row in kept.estimates().to_dict("records")} for kept in (first, second)]
    before, after = first.record, second.record
    return CaseDifference(
        case_id=case, first=first, second=second,
        outcomes=tuple(_outcome_difference(name, rows[0].get(name), rows[1].get(name)) for name in dict.fromkeys([*rows[0], *rows[1]])),
        inputs=_changed(before.inputs, after.inputs), versions=_changed(before.versions, after.versions),
        settings=_changed(*({k: v for k, v in record.settings.items() if k != "name"} for record in (before, after))),
    )


def _outcome_difference(outcome: str, before: Row | None, after: Row | None) -> OutcomeDifference:
    if before is None or after is None:
        return OutcomeDifference(outcome=outcome, before=before, after=after)
    both = has_effect(before) and has_effect(after)
    months = [f"{row['first_month']} – {row['last_month']}" for row in (before, after)]
    how = [Changed(what=name, before=before[name], after=after[name]) for name in HOW if both and not _equal(before[name], after[name])]
    return OutcomeDifference(
        outcome=outcome, before=before, after=after, definition=changed_choices(before["definition"], after["definition"]),
        counts=tuple(Changed(what=name, before=int(before[name]), after=int(after[name])) for name in COUNTS if both and before[name] != after[name]),
        how=(*how, *([Changed(what="months", before=months[0], after=months[1])] if months[0] != months[1] else [])),
    )


def _as_told(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with its effect in percent where it is kept as a logarithm."""
    told = {str(name): value for name, value in row.items()}
    if told["unit"] == Unit.LOG_POINTS:
        told |= {name: 100 * math.expm1(told[name]) for name in ENDS} | {"unit": str(Unit.PERCENT), "std_error": math.nan}
    return told


def has_effect(row: Row | None) -> bool:
    """Whether a row of the store has an effect."""
    return row is not None and not pd.isna(row["estimate"])


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changed, ...]:
    """What stands under the same names and is not the same, and what stands in one of the two only."""
    names = list(dict.fromkeys([*before, *after]))
    return tuple(
        Changed(what="package" if name == PACKAGE else name, before=before.get(name), after=after.get(name))
        for name in names if before.get(name) != after.get(name)
    )


def _equal(before: Any, after: Any) -> bool:
    return bool(before == after) or bool(pd.isna(before) and pd.isna(after))


def _same(before: float, after: float) -> bool:
    both_missing = math.isnan(before) and math.isnan(after)
    return both_missing or math.isclose(before, after, rel_tol=SAME, abs_tol=SAME)

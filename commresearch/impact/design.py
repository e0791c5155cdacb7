"""Which comparison a panel can carry: read from roll-out, coverage and the months before the start, never from what came after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import COUNTS, FEW, NEVER, Dropped, PanelArrays, arrays_of, period_numbers
from commresearch.impact.result import Note
from commresearch.impact.rollout_facts import assigned, rollout_facts
from commresearch.outcomes import Panel
from commresearch.outcomes.live import WARM_UP_MONTHS
from commresearch.terms import ChosenBy, Inference, Language, Method

SERIES_BEFORE, SERIES_AFTER = 24, 12  #: months that a series needs to tell a change from its seasons
SYNTHETIC_BEFORE, SYNTHETIC_POOL = 12, 10  #: months and units from which a comparison is put together for a single treated one
MANY_PATHS = 10**9  #: from here on the number of paths says nothing more

RECORD_SHARE = 0.5  #: of the record that others have of the time before a start; a unit with less has no "before"
LONG_RECORD = 12  #: periods before the start from which all of them are the base, not the last alone: a single month is too noisy

Control = Literal["never", "not_yet", "none"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """What was done to whom, and the comparison that follows from it.

    cohorts : DataFrame
        start, units, assignments: one row per first treated period.
    treated_units, comparison_units : tuple of str
        Comparison: never treated within the panel.
    n_treated, n_comparison : int
        Assignments of either kind: what was decided on as a whole counts once.
    pre_periods, post_periods : int
        Recorded periods before and from the start, of the treated unit that has the fewest.
    chosen_by, assigned_level
        How, and at which level, the treated units were chosen, as the roll-out says.
    method, inference, control
        The comparison chosen.
    n_paths : int
        Ways in which the starts could have fallen on the assignments: no test of them can find a p value below 1 / n_paths.
    ended : dict
        Unit → number of the period in which its pilot ended; what comes after is not used.
    assignments : dict
        Unit → what it was decided on with, where the roll-out says so; inference goes by it.
    reasons : tuple of Note
        Why: comparison, inference, estimator.
    dropped : tuple of Dropped
        Units that no comparison can use.
    """

    cohorts: pd.DataFrame
    treated_units: tuple[str, ...]
    comparison_units: tuple[str, ...]
    n_treated: int
    n_comparison: int
    pre_periods: int
    post_periods: int
    chosen_by: ChosenBy
    assigned_level: str
    method: Method
    inference: Inference
    control: Control
    n_paths: int
    ended: Mapping[str, int]
    assignments: Mapping[str, str]
    reasons: tuple[Note, ...]
    dropped: tuple[Dropped, ...] = ()

    def why(self, language: Language | str = Language.ZH) -> str:
        """Why this comparison, in one sentence."""
        language = Language(language)
        joined = Note(key="why_joined").text(language).join(r.text(language) for r in self.reasons)
        return Note(key="why_sentence", values={"why": joined}).text(language)

    def to_dict(self) -> dict[str, object]:
        """The design, JSON-safe."""
        plain = {
            name: getattr(self, name) for name in ("n_treated", "n_comparison", "pre_periods", "post_periods", "assigned_level", "control")
        }
        return plain | {
            "n_paths": min(self.n_paths, MANY_PATHS),
            "chosen_by": str(self.chosen_by), "method": str(self.method), "inference": str(self.inference), "ended": dict(self.ended),
            "cohorts": self.cohorts.to_dict("records"), "why": {language.value: self.why(language) for language in Language},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Counts that the choice is made from; `waiting`: assignments that have not begun when a cohort does, fewest, the last cohort left out."""

    treated: int
    never: int
    cohorts: int
    before: int
    after: int
    counted: bool
    waiting: int


def detect_design(panel: Panel, rollout: pd.DataFrame | None = None) -> Design:
    """Find the comparison that a panel can carry, and the inference that fits the number of treated assignments.

    Parameters
    ----------
    panel : Panel
        Only its starts, what was recorded when, and values before the start are looked at.
    rollout : DataFrame, optional
        unit_id, start_month, chosen_by, assigned_level, assignment_id, and end_month where a pilot ended. Without it nothing is known of how units
        were chosen; how is known only where it is stated, alike, of every treated unit.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        No unit is treated within the panel (CR-I04), the register of all treated units began with the pilot (CR-I90), no treated unit has a month before its start (CR-I05), the roll-out has an
        unknown word for how units were chosen (CR-I06), lacks units (CR-I73) or says other than the panel (CR-I74), and what `arrays_of` refuses.
    """
    recorded = arrays_of(panel)
    _require_earlier_records(recorded)
    facts = rollout_facts(recorded, rollout)
    whole = arrays_of(assigned(panel, facts.assignments))
    arrays, gone = usable(whole, _live(panel, whole))
    chosen_by, level, ended = facts.of(arrays)
    layout = _layout(arrays, panel, ended)
    method, inference, control, reasons = _choose(layout)
    treated = arrays.ever_treated
    return Design(
        cohorts=_cohorts(arrays), treated_units=tuple(arrays.units[treated]), comparison_units=tuple(arrays.units[~treated]), n_treated=layout.treated,
        n_comparison=layout.never, pre_periods=layout.before, post_periods=layout.after, chosen_by=chosen_by, assigned_level=level, method=method,
        inference=inference, control=control, n_paths=_paths(arrays), ended=ended, assignments=facts.assignments, reasons=reasons, dropped=arrays.dropped + gone,
    )


def _require_earlier_records(arrays: PanelArrays) -> None:
    """Say so where nothing is treated because the registers of all treated units began with the pilot: these units are left out of the arrays."""
    blocked = [d.unit_id for d in arrays.dropped if d.whole and d.reason == "blocked"]
    if blocked and not arrays.ever_treated.any():
        raise DesignError(Failure(code="CR-I90", values={"units": tuple(blocked[:10]), "n": len(blocked)}))


def usable(arrays: PanelArrays, live: np.ndarray) -> tuple[PanelArrays, tuple[Dropped, ...]]:
    """The units that can take part: those that were treated before anything was recorded cannot, nor those that are silent from their start on.

    Raises
    ------
    DesignError
        No unit is treated (CR-I04); none of the treated has a recorded period before its start (CR-I05, with their names).
    """
    treated = arrays.ever_treated
    if not treated.any():
        raise DesignError(Failure(code="CR-I04", values={"first": arrays.label(arrays.periods[0]), "last": arrays.label(arrays.periods[-1])}))
    before = arrays.observed & ~arrays.treated
    never_before = treated & ~before.any(axis=1)
    late = never_before | _late(arrays)
    if late[treated].all():
        raise DesignError(Failure(code="CR-I05", values={"units": tuple(map(str, arrays.units[treated][:10])), "n": int(treated.sum())}))
    silent = treated & ~late & ~(live & arrays.treated).any(axis=1)
    if (late | silent)[treated].all():
        raise DesignError(Failure(code="CR-I04", values={"first": arrays.label(arrays.periods[0]), "last": arrays.label(arrays.periods[-1])}))
    early = never_before & (arrays.first <= arrays.periods[0])
    why = np.select([early, late, silent], ["no_period_before", "late_record", "no_period_after"], "")
    gone = tuple(Dropped(unit_id=str(u), reason=str(w), months=0, whole=True) for u, w in zip(arrays.units, why, strict=True) if w)
    return arrays.take(np.flatnonzero(why == "")), gone


def _late(arrays: PanelArrays) -> np.ndarray:
    """Treated units with less than half of the record that others have of the time up to three months before their start: (N,)."""
    made = np.zeros(len(arrays.units), dtype=bool)
    for g in arrays.cohorts:
        window = arrays.periods < g - WARM_UP_MONTHS
        seen = arrays.observed[:, window].sum(axis=1)
        made |= (arrays.first == g) & (seen < RECORD_SHARE * np.median(seen[arrays.first != g])) if (arrays.first != g).any() else False
    return made


def design_panel(panel: Panel, design: Design) -> Panel:
    """A panel as a design uses it: without units that cannot take part, without months after a pilot ended, decided on as the roll-out says.

    Raises
    ------
    DesignError
        The design belongs to another panel (CR-I75).
    """
    known = set(panel.frame["unit_id"].unique())
    if foreign := [u for u in design.treated_units if u not in known]:
        raise DesignError(Failure(code="CR-I75", values={"units": tuple(map(str, foreign[:10]))}))
    gone = {d.unit_id for d in design.dropped if d.whole}
    panel = assigned(panel, design.assignments)
    frame = panel.frame[~panel.frame["unit_id"].isin(gone)].reset_index(drop=True)
    if design.ended:
        over = np.array([design.ended.get(unit, NEVER) for unit in frame["unit_id"]])
        late = period_numbers(frame["month"])[0] >= over
        frame = frame.assign(live=frame["live"].to_numpy(dtype=bool) & ~late, **{c: frame[c].mask(late) for c in ("value", "numerator")})
    return replace(panel, frame=frame)


def _cohorts(arrays: PanelArrays) -> pd.DataFrame:
    rows = [
        (arrays.label(int(g)), int((arrays.first == g).sum()), len(np.unique(arrays.cluster[arrays.first == g]))) for g in arrays.cohorts
    ]
    return pd.DataFrame(rows, columns=["start", "units", "assignments"])


def _layout(arrays: PanelArrays, panel: Panel, ended: Mapping[str, int]) -> _Layout:
    """What there is to compare; of periods after a start only whether they were recorded."""
    treated = arrays.ever_treated
    live = _live(panel, arrays)
    over = np.array([ended.get(str(u), NEVER) for u in arrays.units])
    before = (live & ~arrays.treated)[treated].sum(axis=1)
    after = (live & arrays.treated & (arrays.periods[None, :] < over[:, None]))[treated].sum(axis=1)
    counted = panel.unit in COUNTS and bool(np.nansum(arrays.numerator[:, arrays.periods < arrays.cohorts[0]]) > 0)
    first_of = np.array([arrays.first[arrays.cluster == c].min() for c in range(len(arrays.assignments))])
    waiting = min(int((first_of > g).sum()) for g in arrays.cohorts[:-1]) if len(arrays.cohorts) > 1 else 0
    return _Layout(
        treated=len(np.unique(arrays.cluster[treated])), never=len(np.unique(arrays.cluster[~treated])), cohorts=len(arrays.cohorts),
        before=int(before.min()), after=int(after.min()), counted=counted, waiting=waiting,
    )


def _live(panel: Panel, arrays: PanelArrays) -> np.ndarray:
    """Where a source was recording the whole of a period, (N, T), whatever the values are."""
    frame = panel.frame
    place = {u: i for i, u in enumerate(arrays.units)}
    rows = frame["unit_id"].map(place)
    keep = rows.notna().to_numpy() & frame["live"].to_numpy(dtype=bool) & ~frame["partial_month"].to_numpy(dtype=bool)
    numbers = period_numbers(frame["month"])[0]
    made = np.zeros(arrays.shape, dtype=bool)
    made[rows.to_numpy()[keep].astype(int), np.searchsorted(arrays.periods, numbers[keep])] = True
    return made


def _paths(arrays: PanelArrays) -> int:
    """Ways in which the starts could have fallen on the assignments."""
    first = np.array([arrays.first[arrays.cluster == g].min() for g in range(len(arrays.assignments))])
    sizes = np.unique(np.where(first > arrays.periods[-1], NEVER, first), return_counts=True)[1]
    left, ways = int(sizes.sum()), 1
    for size in sizes:
        ways *= comb(left, int(size))
        left -= int(size)
    return ways


def _choose(layout: _Layout) -> tuple[Method, Inference, Control, tuple[Note, ...]]:
    """The method, its inference and its comparison units, with the reason for each."""
    counts = {"treated": layout.treated, "never": layout.never, "before": layout.before, "after": layout.after, "few": FEW}
    if layout.never == 0 and layout.cohorts == 1:
        return _series(layout, counts)
    control: Control = "never" if layout.never >= FEW or layout.cohorts == 1 else "not_yet"
    comparison = Note(key="why_never" if layout.never else "why_not_yet", values=counts)
    if layout.treated == 1 and layout.before >= SYNTHETIC_BEFORE and layout.never >= SYNTHETIC_POOL and not layout.counted:
        return Method.SYNTHETIC_DID, Inference.PLACEBO, control, (comparison, Note(key="why_synthetic", values=counts))
    many = layout.treated >= FEW and (layout.never if control == "never" else layout.waiting) >= FEW
    estimator = Note(key="why_counts" if layout.counted else "why_long" if layout.before >= LONG_RECORD else "why_values", values=counts)
    method = Method.IMPUTATION if layout.before >= LONG_RECORD else Method.GROUP_TIME
    if layout.counted:
        method = Method.POISSON if layout.cohorts == 1 else Method.SATURATED_POISSON
    inference = Inference.CR3 if many else Inference.RANDOMISATION
    return method, inference, control, (comparison, estimator, Note(key="why_many" if many else "why_few", values=counts))


def _series(layout: _Layout, counts: Mapping[str, object]) -> tuple[Method, Inference, Control, tuple[Note, ...]]:
    """All began together: a series where it is long enough, else before and after."""
    if layout.before >= SERIES_BEFORE and layout.after >= SERIES_AFTER:
        return Method.INTERRUPTED_SERIES, Inference.HAC, "none", (Note(key="why_series", values=counts),)
    values = dict(counts) | {"wanted_before": SERIES_BEFORE, "wanted_after": SERIES_AFTER}
    return Method.BEFORE_AFTER, Inference.MODEL, "none", (Note(key="why_before_after", values=values),)

"""The aggregated group-time effect of many re-assigned starts at once, for randomisation inference."""

from collections.abc import Iterator

import numpy as np

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays
from commresearch.impact.comparisons import long_base, observed_periods, unit_weights

PATH_KINDS = ("simple", "dynamic")
CELLS = 8_000_000  #: numbers of one array that are held at once


def att_of_paths(
    arrays: PanelArrays, first: np.ndarray, *, kind: str = "simple", control: str = "never", anticipation: int = 0, max_event: int | None = None
) -> np.ndarray:
    """Simple or dynamic-overall effect, without covariates, for every row of re-assigned starts.

    Each number is what `group_time_effects(...).aggregate(kind).estimate` gives for that assignment: sums of Y_t − Y_b by cohort come from one product
    of the indicators of cohorts with the panel (for unbalanced panels one per cohort, over pairs of observed periods). There is no loop over draws.

    Parameters
    ----------
    arrays : PanelArrays
        N units; their own starts are not looked at.
    first : int64 array (B, N)
        Starts as in `PanelArrays.first`, one assignment per row.
    kind : "simple" or "dynamic"
    control : "never" or "not_yet"
    anticipation : int
    max_event : int, optional
        As in `aggregate`, for "dynamic".

    Returns
    -------
    float array (B,)
        NaN where an assignment leaves nothing to compare.

    Raises
    ------
    DesignError
        The kind or control is not known (CR-I14); a weight is not above zero (CR-I18).
    """
    for option, got, allowed in (("kind", kind, PATH_KINDS), ("control", control, ("never", "not_yet"))):
        if got not in allowed:
            raise DesignError(Failure(code="CR-I14", values={"option": option, "got": got, "allowed": ", ".join(allowed)}))
    arrays = observed_periods(arrays)
    weight = unit_weights(arrays)
    starts = np.unique(first)
    cohorts = starts[(starts <= arrays.periods[-1]) & (starts - anticipation > arrays.periods[0])]
    if not len(cohorts):
        return np.full(len(first), np.nan)
    events = np.unique(np.concatenate([arrays.periods[arrays.periods >= g] - g for g in cohorts.tolist()]))
    step = max(1, CELLS // (max(arrays.shape) * (len(starts) + 1)))
    parts = [_block(arrays, first[b : b + step], weight, cohorts, (control, anticipation), events) for b in range(0, len(first), step)]
    above, below = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    if kind == "simple":
        return _ratio(above.sum(axis=1), below.sum(axis=1))
    kept = slice(None) if max_event is None else events <= max_event
    found = _ratio(above[:, kept], below[:, kept])
    there = ~np.isnan(found)
    return _ratio(np.where(there, found, 0.0).sum(axis=1), there.sum(axis=1))


def _block(
    arrays: PanelArrays, first: np.ndarray, weight: np.ndarray, cohorts: np.ndarray, choice: tuple[str, int], events: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of share × effect and of shares by event time, (B, E) each, for some assignments."""
    control, anticipation = choice
    periods = arrays.periods
    begins, member = _groups(first, int(periods[-1]), cohorts, choice)
    member = member * weight
    share = member[: len(cohorts)].sum(axis=2)
    above, below = np.zeros((len(first), len(events))), np.zeros((len(first), len(events)))
    for c, (cohort, sums, totals) in enumerate(_sums(arrays, member, cohorts, anticipation)):
        begin = int(np.searchsorted(periods, cohort))
        after = periods[begin:]
        # Which groups are controls in which period, (H, T').
        serves = (begins[:, None] > after + anticipation) & (begins != cohort)[:, None] & ((begins > periods[-1])[:, None] | (control == "not_yet"))
        change, total = np.einsum("hbt,ht->bt", sums[:, :, begin:], serves), np.einsum("hbt,ht->bt", totals[:, :, begin:], serves)
        treated = totals[c, :, begin:]
        fine = (total > 0) & (treated > 0)
        effect = sums[c, :, begin:] / np.where(fine, treated, 1.0) - change / np.where(fine, total, 1.0)
        counted = np.where(fine, share[c][:, None], 0.0)
        place = np.searchsorted(events, after - cohort)
        above[:, place] += counted * effect
        below[:, place] += counted
    return above, below


def _groups(first: np.ndarray, last: int, cohorts: np.ndarray, choice: tuple[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Starts of H groups, the cohorts before the others, and who is in them, (H, B, N): every later start is a group, or all that are never treated are one."""
    control, anticipation = choice
    if control == "never":
        return np.append(cohorts, NEVER), np.stack([*(first == g for g in cohorts.tolist()), first - anticipation > last])
    begins = np.concatenate([cohorts, np.unique(first[first > last])])
    return begins, first[None] == begins[:, None, None]


def _sums(
    arrays: PanelArrays, member: np.ndarray, cohorts: np.ndarray, anticipation: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Per cohort: sums of Y_t − Y_b and of weights over every group, (H, B, T), b the cohort's base period."""
    observed = arrays.observed
    whole = bool(observed.all())
    # Differences do not change when unit means are taken away first, and lose fewer digits.
    levels = member @ (arrays.value - arrays.value.mean(axis=1, keepdims=True)) if whole else None
    for cohort in cohorts.tolist():
        base = long_base(arrays.periods, cohort, anticipation)
        if levels is not None:
            yield cohort, levels - levels[:, :, base, None], np.broadcast_to(member.sum(axis=2)[:, :, None], levels.shape)
            continue
        pairs = observed & observed[:, [base]]
        yield cohort, member @ np.where(pairs, arrays.value - arrays.value[:, [base]], 0.0), member @ pairs.astype(float)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))

"""What a roll-out says of a pilot beside its starts: how units were chosen, at which level, together with whom, and when it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, SHOWN, PanelArrays
from commresearch.outcomes import Panel
from commresearch.terms import ChosenBy, UnitLevel

WITHIN = frozenset({"", *UnitLevel})  #: levels at which every unit may have been decided on by itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RolloutFacts:
    """A roll-out held against a panel.

    chosen_by, level : dict
        Unit → word; units that are not named are not in it.
    ended : dict
        Unit → number of the period in which its pilot ended.
    assignments : dict
        Unit → what it was decided on with. Units of one start that a street, district or city decided on without a name of its own count as one.
    """

    chosen_by: Mapping[str, str]
    level: Mapping[str, str]
    ended: Mapping[str, int]
    assignments: Mapping[str, str]

    def of(self, arrays: PanelArrays) -> tuple[ChosenBy, str, dict[str, int]]:
        """How the treated units of these arrays were chosen (unknown unless it is stated, alike, of every one), at which levels, which pilots ended."""
        units = [str(u) for u in arrays.units[arrays.ever_treated]]
        words = {self.chosen_by.get(u, "") for u in units}
        levels = sorted({self.level[u] for u in units if self.level.get(u)})
        chosen = ChosenBy(words.pop()) if len(words) == 1 and words <= set(ChosenBy) else ChosenBy.UNKNOWN
        return chosen, "、".join(levels), {u: end for u, end in self.ended.items() if u in units}


def rollout_facts(arrays: PanelArrays, rollout: pd.DataFrame | None) -> RolloutFacts:
    """Read a roll-out.

    Raises
    ------
    DesignError
        It has no units (CR-I73), none of the panel's or other starts (CR-I74), an unknown word for how units were chosen (CR-I06), an end that is no
        period (CR-I74): all together.
    """
    if rollout is None or rollout.empty:
        return RolloutFacts(chosen_by={}, level={}, ended={}, assignments={})
    if "unit_id" not in rollout:
        raise DesignError(Failure(code="CR-I73", values={"columns": ", ".join(map(str, rollout.columns))}))
    rows = rollout.assign(unit_id=rollout["unit_id"].astype("str"))
    rows = rows[rows["unit_id"].isin([str(u) for u in arrays.units])]
    chosen, level, own = (_words(rows, name) for name in ("chosen_by", "assigned_level", "assignment_id"))
    starts, bad_starts = _periods(rows, "start_month", dated=arrays.dated)
    ended, bad_ends = _periods(rows, "end_month", dated=arrays.dated)
    failures = [Failure(code="CR-I06", values={"got": w, "allowed": ", ".join(ChosenBy)}) for w in sorted(set(chosen.values()) - set(ChosenBy))]
    first = {str(u): int(f) for u, f in zip(arrays.units, arrays.first, strict=True)}
    apart = [u for u in rows["unit_id"] if "start_month" in rows and u not in bad_starts and starts.get(u, NEVER) != first[u]]
    for what, units in (
        ({"zh": "没有一个单元在面板里", "en": "none of its units is in the panel"}, [] if len(rows) else list(rollout["unit_id"].astype("str"))),
        ({"zh": "开始时间不同", "en": "the starts differ"}, apart),
        ({"zh": "开始或结束时间读不出", "en": "a start or end cannot be read"}, bad_starts + bad_ends),
    ):
        failures += [Failure(code="CR-I74", values={"what": what, "units": tuple(units[:SHOWN])})] if units else []
    if failures:
        raise DesignError(*failures)
    together = {u: f"{level[u]} {first[u]}" for u in chosen | level if level.get(u, "") not in WITHIN and u not in own and first[u] != NEVER}
    return RolloutFacts(chosen_by=chosen, level=level, ended=ended, assignments=own | together)


def assigned(panel: Panel, assignments: Mapping[str, str]) -> Panel:
    """The panel with the assignments that a roll-out states; what either of the two holds together stays together."""
    if not assignments:
        return panel
    own = panel.frame["assignment_id"].astype("str")
    stated = panel.frame["unit_id"].map(dict(assignments))
    stated = stated.where(stated.notna(), own).astype("str")
    if stated.groupby(own).nunique().max() > 1:  # the panel holds together what the roll-out names apart
        stated = _joined(stated, own)
    return replace(panel, frame=panel.frame.assign(assignment_id=stated))


def _joined(a: pd.Series, b: pd.Series) -> pd.Series:
    """One label for all rows that are linked by an equal label of either kind, over any number of steps."""
    label = a
    while True:
        wider = label.groupby(b).transform("min").groupby(a).transform("min")
        if wider.equals(label):
            return label
        label = wider


def _words(rows: pd.DataFrame, column: str) -> dict[str, str]:
    """Unit → word, where there is one."""
    if column not in rows:
        return {}
    pairs = rows[["unit_id", column]].dropna().astype("str").itertuples(index=False, name=None)
    return {u: w for u, w in pairs if w.strip()}


def _periods(rows: pd.DataFrame, column: str, *, dated: bool) -> tuple[dict[str, int], list[str]]:
    """Unit → number of the period, where there is one; units whose cell is none."""
    if column not in rows:
        return {}, []
    given = rows[["unit_id", column]].dropna()
    given = given[given[column].astype("str").str.strip() != ""]
    if dated:
        stamps = pd.to_datetime(given[column], errors="coerce", format="mixed")
        numbers = 12 * stamps.dt.year + stamps.dt.month - 1
    else:
        numbers = pd.to_numeric(given[column], errors="coerce")
    known = numbers.notna().to_numpy()
    units = given["unit_id"].to_numpy()
    return dict(zip(units[known], numbers[known].astype(np.int64).tolist(), strict=True)), [str(u) for u in units[~known]]

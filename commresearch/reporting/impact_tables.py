"""What the report on impact shows, read from the estimates of a case: effects, checks with the path of the grade, what lies beside. Nothing is estimated."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from commresearch.records.effects import EFFECT_COLUMNS, PATH_COLUMNS, Effect
from commresearch.reporting.display import display_width
from commresearch.terms import Estimand, Grade, Inference, Language, Method, Unit
from commresearch.words.effects import Facts, effect_sentence

Record = Mapping[str, Any]  #: a part of estimates.json

DESIGN = "design"  #: first line of a grading: what the design allows at best
BASE = -1  #: month before the start that an event study compares with


def effect_of(estimate: Record) -> Effect:
    """The effect of an estimate in the unit in which it is told: logarithms become percent, which have no standard error.

    An end that is missing beside one that is there has no limit; NaN where both are missing.
    """
    values: dict[str, Any] = {name: math.nan if estimate[name] is None else estimate[name] for name in EFFECT_COLUMNS}
    effect = Effect(**values | {"unit": Unit(estimate["unit"])})
    if math.isnan(effect.conf_low) != math.isnan(effect.conf_high):
        low, high = (math.copysign(math.inf, sign) if math.isnan(end) else end for end, sign in ((effect.conf_low, -1), (effect.conf_high, 1)))
        effect = replace(effect, conf_low=low, conf_high=high)
    if effect.unit is not Unit.LOG_POINTS:
        return effect
    told = {name: 100 * math.expm1(getattr(effect, name)) for name in ("estimate", "conf_low", "conf_high")}
    return replace(effect, std_error=math.nan, unit=Unit.PERCENT, **told)


def sentence_of(entry: Record, language: Language) -> str:
    """What is said of an estimated outcome: the verb is that of its grade."""
    estimate, effect = entry["estimate"], effect_of(entry["estimate"])
    facts = Facts(
        outcome=entry["outcome"], estimate=effect.estimate, conf_low=effect.conf_low, conf_high=effect.conf_high, conf_level=effect.conf_level, unit=effect.unit,
        method=Method(estimate["method"]), estimand=Estimand(estimate["estimand"]), inference=Inference(estimate["inference"]), n_units=estimate["n_units"],
        n_clusters=estimate["n_clusters"], n_treated=estimate["n_treated"], grade=Grade(estimate["grade"]) if estimate["grade"] else None, caveat=None,
    )
    return effect_sentence(facts, language)


def excludes_zero(effect: Effect) -> bool:
    """Whether no change lies outside the interval; false where there is none."""
    return effect.conf_low > 0 or effect.conf_high < 0


# ---------------------------------------------------------------- checks and grade


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One step on the way to a grade.

    name : str
        The check; `DESIGN` for the first line.
    passed : bool or None
        None where it could not be made, or judges nothing.
    steps : int
        By how many grades its failure lowers.
    grade : str
        The grade after it.
    finding : mapping
        Language → what was found; empty for the design.
    """

    name: str
    passed: bool | None
    steps: int
    grade: str
    finding: Record


def check_lines(entry: Record) -> list[CheckLine]:
    """The design, then every check with what it found and the grade after it."""
    findings = {check["name"]: check["text"] for check in entry["estimate"]["checks"]}
    return [
        CheckLine(name=row["check"], passed=row["passed"], steps=int(row["steps"]), grade=row["grade"], finding=findings.get(row["check"], {}))
        for row in entry["grading"]["table"]
    ]


def lowered_by(entries: Sequence[Record]) -> dict[str, list[str]]:
    """Check → outcomes whose grade its failure lowered, or would have."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        for line in check_lines(entry):
            if line.passed is False:
                found.setdefault(line.name, []).append(entry["outcome"])
    return found


# ---------------------------------------------------------------- other ways of estimating


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay:
    """The same outcome estimated in another way, or why it could not be: `estimate` and `effect`, or `refusal`."""

    label: str
    estimate: Record | None
    effect: Effect | None
    refusal: str


def other_ways(entry: Record, language: str) -> list[OtherWay]:
    """The sensitivities of an outcome, as they stand in the file."""
    return [
        OtherWay(
            label=row["label"][language], estimate=row["estimate"], effect=None if row["estimate"] is None else effect_of(row["estimate"]),
            refusal="" if row["refusal"] is None else row["refusal"][language],
        )
        for row in entry["sensitivities"]
    ]


def by_unit(effects: Sequence[tuple[str, Effect]]) -> list[tuple[Unit, list[tuple[str, Effect]]]]:
    """Labelled effects by their unit, units in the order in which they occur: percent and percentage points never share an axis."""
    units = dict.fromkeys(effect.unit for _, effect in effects)
    return [(unit, [(label, e) for label, e in effects if e.unit is unit]) for unit in units]


# ---------------------------------------------------------------- over months


def series_of(entry: Record) -> pd.DataFrame:
    """month, treated, comparison: mean values of units by month; NaN where nothing is recorded, no rows where the file has none."""
    rows = [(pd.Timestamp(row["month"]), row["treated"], row["comparison"]) for row in entry["series"]]
    return pd.DataFrame(rows, columns=["month", "treated", "comparison"]).astype({"treated": float, "comparison": float}).sort_values("month", ignore_index=True)


def before_and_after(series: pd.DataFrame, starts: Sequence[pd.Timestamp]) -> dict[str, tuple[float, float]]:
    """Column → mean before the first start and from the last start on; months in which some had begun and others not are in neither."""
    before, after = series["month"] < min(starts), series["month"] >= max(starts)
    return {name: (float(series.loc[before, name].mean()), float(series.loc[after, name].mean())) for name in ("treated", "comparison")}


def starts_of(entry: Record) -> list[tuple[pd.Timestamp, int]]:
    """Months in which units start, with their number."""
    return [(pd.Timestamp(row["month"]), int(row["units"])) for row in entry["starts"]]


def path_of(study: Record) -> pd.DataFrame:
    """event_time and the columns of a path, in order of months since the start; the month that others are compared with has zero alone."""
    path = pd.DataFrame(study["path"], columns=["event_time", *PATH_COLUMNS]).astype(dict.fromkeys(PATH_COLUMNS, float))
    return path.astype({"event_time": int}).sort_values("event_time", ignore_index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """How many months have a simultaneous band without zero: before the start of all that could, and from it on."""

    before: int
    all_before: int
    after: int
    all_after: int


def outside_zero(path: pd.DataFrame) -> Outside:
    """Count the months whose simultaneous band does not hold zero."""
    known = path[path["band_low"].notna() & path["band_high"].notna()]
    out = (known["band_low"] > 0) | (known["band_high"] < 0)
    early = known["event_time"] < 0
    return Outside(before=int((out & early).sum()), all_before=int(early.sum()), after=int((out & ~early).sum()), all_after=int((~early).sum()))


def corners(path: pd.DataFrame) -> pd.DataFrame:
    """The first month, the last before the base, the start, its half-year, its year, and the last: each once, where it is there."""
    times = path["event_time"]
    wanted = {int(times.min()), BASE - 1, 0, 6, 12, int(times.max())}
    return path[times.isin(wanted) & path["conf_low"].notna()]


# ---------------------------------------------------------------- what was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What one reason took out: units as a whole, units in part, months, and the units by name."""

    reason: str
    whole: int
    part: int
    months: int
    units: tuple[str, ...]


def left_out(dropped: Sequence[Record]) -> list[LeftOut]:
    """What is not in an estimate, by reason; reasons that took out most units first."""
    if not dropped:
        return []
    frame = pd.DataFrame(dropped)
    found = [
        LeftOut(
            reason=str(reason), whole=int(part["whole"].sum()), part=int((~part["whole"].astype(bool)).sum()), months=int(part["months"].sum()),
            units=tuple(dict.fromkeys(part["unit_id"].astype(str))),
        )
        for reason, part in frame.groupby("reason", sort=True)
    ]
    return sorted(found, key=lambda line: (-line.whole, -line.months))


def limits_of(effects: Sequence[Effect]) -> tuple[float, float]:
    """From where to where an axis must reach: estimates and finite ends, zero included, with a little space."""
    values = np.array([v for e in effects for v in (e.estimate, e.conf_low, e.conf_high)] + [0.0])
    low, high = (float(end) for end in (values[np.isfinite(values)].min(), values[np.isfinite(values)].max()))
    space = 0.06 * (high - low) if high > low else 1.0
    return low - space, high + space


def wrapped(label: str, width: int) -> str:
    """A label on two lines where it is wider than `width` half-width cells: broken at a blank, or anywhere where it has none."""
    if display_width(label) <= width:
        return label
    end = next(i for i in range(len(label), 0, -1) if display_width(label[:i]) <= width)
    blank = label.rfind(" ", 0, end + 1)
    return f"{label[:blank]}\n{label[blank + 1 :]}" if blank > 0 else f"{label[:end]}\n{label[end:]}"

"""Sections of the quality report on what the data say: flags and what they do, scales, weights, main results."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cleaning.effort import ANY_FLAG, DEFAULT_THRESHOLDS
from commresearch.reporting import quality_figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Figure, Item, Table, callout, heading
from commresearch.reporting.quality_cleaning import listed
from commresearch.reporting.quality_page import QualityPage, significant_of
from commresearch.reporting.quality_tables import Effect, duplicate_counts, flag_counts, largest_effect
from commresearch.terms import Language
from commresearch.words import number
from commresearch.words.precision import decimals_of, fixed, percent_of, signed

FEWEST_TIMES = 10  #: sheets with a time below which a histogram says nothing
NAME = 22  #: cells of a question beside a drawing
SHORT = 30  #: cells of a question in a crowded table
PER_MINUTE = 60
TOP_TWO, SCORE, SCALE = "top_two", "score", "scale"

Row = Mapping[Hashable, Any]


# ---------------------------------------------------------------- who was flagged


def flagged(page: QualityPage) -> list[Item]:
    """Flags with their limits and numbers, how they are spread, and possible duplicates."""
    n, counts = len(page.clean.frame), page.clean.flags["n_flags"]
    title = page.say("flagged_heading", n=number(page.n_flagged), share=percent_of(page.n_flagged, n)) if page.n_flagged else page.say("flagged_heading_none")
    spread = page.say(
        "flags_distribution", one=number(int((counts == 1).sum())), two=number(int((counts == 2).sum())), more=number(int((counts > 2).sum()))
    )
    return [
        heading(title), page.prose(page.say("flagged_lead"), spread if page.n_flagged else ""), *_flag_table(page), *_flag_figure(page), *_duplicates(page),
    ]


def _flag_table(page: QualityPage) -> list[Item]:
    counts = flag_counts(page.clean.flags)
    limits = _limits(page)
    rows = [
        [
            page.say(f"{c.flag}_name"), page.say(f"{c.flag}_about", **limits), number(c.known), number(c.raised), percent_of(c.raised, c.known),
            number(c.exempted),
        ]
        for c in counts if c.known
    ]
    unknown = [page.say(f"{c.flag}_name") for c in counts if not c.known]
    items: list[Item] = []
    if rows:
        items.append(page.table(
            "flags", page.say("flags_caption"),
            page.header("flags_flag", "flags_about", "flags_known", "flags_raised", "col_share", "flags_exempted"), rows, align="llrrrr",
            widths=(16, 42, 11, 9, 11, 11), note=page.say("flags_note"),
        ))
    if unknown:
        items.append(page.prose(page.text("flags_unknown", list=listed(page, unknown, "flags_unit"))))
    return items


def _limits(page: QualityPage) -> dict[str, str]:
    """The thresholds that the flags were set by, as they are said."""
    used = DEFAULT_THRESHOLDS
    floor = page.clean.provenance.get("shortest_seconds")
    return {
        "items": str(used.longstring_items), "irv": f"{100 * used.irv_ratio:g}", "even": signed(used.even_odd, 1), "scales": str(used.even_odd_scales),
        "p": f"{100 * used.mahalanobis_p:g}", "pairs": str(used.item_pairs), "missing": f"{100 * used.share_missing:g}", "machine": f"{used.machine_seconds:g}",
        "per_item": f"{used.seconds_per_item:g}", "ratio": _ratio(), "floor": page.say("flag_duration_floor", seconds=f"{float(floor):g}") if floor else "",
    }


def _ratio() -> str:
    return f"{100 * DEFAULT_THRESHOLDS.duration_ratio:.0f}"


def _flag_figure(page: QualityPage) -> list[Item]:
    """How long filling in took; where times are not known, how many flags sheets have; nothing where there is nothing to see."""
    flags = page.clean.flags
    seconds = flags["duration"].to_numpy(dtype=float, na_value=np.nan) if "duration" in flags else np.full(len(flags), np.nan)
    timed = np.isfinite(seconds) & (seconds > 0)
    if timed.sum() >= FEWEST_TIMES:
        return [_duration_figure(page, seconds[timed] / PER_MINUTE, flags["flag_duration"].fillna(value=False).to_numpy(dtype=bool)[timed])]
    return [_count_figure(page)] if page.n_flagged else []


def _duration_figure(page: QualityPage, minutes: np.ndarray, fast: np.ndarray) -> Figure:
    median = float(np.median(minutes))
    values = {"median": fixed(median, decimals_of(median)), "n": number(int(fast.sum())), "known": number(len(minutes))}
    words = {
        "axis": page.say("durations_axis"), "sheets": page.say("durations_sheets"), "median": page.say("durations_median"),
        "limit": page.say("durations_limit", ratio=_ratio()), "flagged": page.say("durations_flagged", n=values["n"]),
    }
    return page.figure(
        "durations", page.say("durations_caption", **values), page.say("durations_alt", **values),
        quality_figures.durations(minutes, fast, (median, median * DEFAULT_THRESHOLDS.duration_ratio), words, page.stamp),
        page.say("durations_note", **values),
    )


def _count_figure(page: QualityPage) -> Figure:
    counts = page.clean.flags["n_flags"].value_counts().sort_index()
    names = [str(n) for n in counts.index]
    parts = [page.say("n_flags_item", flags=f, n=number(int(n))) for f, n in zip(names, counts, strict=True)]
    return page.figure(
        "flags", page.say("n_flags_caption", n=number(int(counts.get(0, 0)))), page.say("n_flags_alt", list=page.join(parts)),
        quality_figures.counts(names, counts.to_numpy(dtype=int), page.say("durations_sheets"), page.stamp),
        page.say("n_flags_note", n=number(len(page.clean.flags))),
    )


def _duplicates(page: QualityPage) -> list[Item]:
    counts = duplicate_counts(page.clean)
    if not counts:
        return [page.prose(page.say("duplicates_none"))]
    rows = [
        [page.say(f"duplicate_{c.kind}"), number(c.groups), number(c.rows), number(c.open), number(c.decided), number(c.exempt)] for c in counts
    ]
    table = page.table(
        "duplicates", page.say("duplicates_caption"),
        page.header("duplicates_kind", "duplicates_groups", "col_sheets", "duplicates_open", "duplicates_decided", "duplicates_exempt"), rows, align="lrrrrr",
        widths=(30, 11, 14, 14, 14, 17),
    )
    is_open = sum(c.open for c in counts)
    title = page.say("duplicates_heading", groups=number(sum(c.groups for c in counts)), open=number(is_open))
    return [heading(title, 2), table, *([page.prose(page.say("duplicates_how"))] if is_open else [])]


# ---------------------------------------------------------------- what the flags do to the estimates


def sensitivity(page: QualityPage) -> list[Item]:
    """Main results with and without flagged sheets."""
    top = largest_effect(page.effects)
    if not page.effects:
        return [heading(page.say("effects_heading_none")), page.prose(page.say("effects_none"))]
    if not page.n_flagged:
        return [heading(page.say("effects_heading_unchanged")), page.prose(page.say("effects_unchanged"))]
    lost = sum(not math.isfinite(e.difference) for e in page.effects)
    problem = page.say("effects_problem", n=lost) if lost else ""
    if top is None:
        return [heading(page.say("effects_heading_none")), page.prose(problem)]
    named = {"measure": page.measure(top.variable, top.measure), "difference": page.difference(top)}
    lead = page.text("effects_lead", n=number(_compared(page)[1]), relative=page.relative(top), beside=page.beside(top), reading=_reading(page), **named)
    return [heading(page.say("effects_heading", **named)), page.prose(lead, problem), _effect_figure(page), _effect_table(page)]


def _reading(page: QualityPage) -> str:
    relatives = [e.relative for e in page.effects if math.isfinite(e.relative)]
    if not relatives:
        return page.say("effects_no_interval")
    outside = sum(r > 1 for r in relatives)
    return page.say("effects_outside", n=outside) if outside else page.say("effects_inside")


def _effect_table(page: QualityPage) -> Table:
    rows = [
        [
            page.measure(e.variable, e.measure, SHORT), page.estimate(e.estimate, e.low, e.high, e.unit),
            page.estimate(e.without, e.without_low, e.without_high, e.unit),
            signed(e.difference * e.scale, page.digits_of_difference(e)), f"{e.relative:.1f}" if math.isfinite(e.relative) else DASH,
            page.say(f"{e.flag}_name") if e.flag else DASH, signed(e.flag_difference * e.scale, page.digits_of_difference(e)),
        ]
        for e in page.effects
    ]
    keys = ("all", "without", "difference", "times", "flag", "flag_difference")
    return page.table(
        "effects", page.say("effects_caption"), page.header("col_result", *(f"effects_{k}" for k in keys)), rows, align="lrrrrlr",
        widths=(24, 17, 17, 9, 10, 14, 9), note=page.say("effects_note", interval=_interval(page, "effects_brackets")),
    )


def _interval(page: QualityPage, key: str) -> str:
    """What brackets or lines are; nothing for a census."""
    return page.say(key, interval=page.interval) if page.interval else ""


def _effect_figure(page: QualityPage) -> Figure:
    rated = {e.variable for e in page.effects if e.measure == TOP_TWO}
    shown = [e for e in page.effects if math.isfinite(e.difference) and not (e.measure == SCORE and e.variable in rated)]
    names = [e.variable if e.measure == SCALE else page.question(e.variable, NAME) for e in shown]  # the axis says what is measured
    parts = [page.say("effects_alt_item", measure=page.measure(e.variable, e.measure, NAME), **_ends(page, e)) for e in shown]
    axes = {
        unit: page.say(f"axis_{unit}") if unit in {"share", "score"} else page.say("axis_value", unit=page.unit(unit))
        for unit in sorted(dict.fromkeys(e.unit for e in shown), key=lambda unit: unit != "share")
    }
    n, left_out = _compared(page)
    return page.figure(
        "effects", page.say("effects_figure_caption"), page.say("effects_alt", list=page.join(parts)),
        quality_figures.effects(shown, names, axes, (page.say("effects_all"), page.say("effects_without")), page.stamp),
        page.say("effects_figure_note", interval=_interval(page, "effects_lines"), n=number(n), rest=number(n - left_out)),
    )


def _compared(page: QualityPage) -> tuple[int, int]:
    """Sheets that the results were computed from, and how many of them carry a flag; sheets without any answer take no part."""
    line = page.quality.sensitivity.loc[page.quality.sensitivity["without"] == ANY_FLAG].iloc[0]
    return int(line["n_rows"]) + int(line["n_excluded"]), int(line["n_excluded"])


def _ends(page: QualityPage, effect: Effect) -> dict[str, str]:
    digits = page.digits(effect)
    return {name: page.amount(value * effect.scale, digits, effect.unit) for name, value in (("before", effect.estimate), ("after", effect.without))}


# ---------------------------------------------------------------- scales and weights


def scales_and_weights(page: QualityPage) -> list[Item]:
    """Reliability of scales, items that run against them, and what weighting did."""
    scales, weights = page.quality.scales, page.quality.weights
    title = page.say("scales_heading", scales=_scales_part(page, scales), weights=_weights_part(page, weights))
    items: list[Item] = [heading(title)]
    items += _scale_items(page, scales) if len(scales) else [page.prose(page.say("scales_none"))]
    return [*items, *(_weight_items(page) if len(weights) else [page.prose(page.say("weights_none"))])]


def _scales_part(page: QualityPage, scales: pd.DataFrame) -> str:
    if scales.empty:
        return page.say("scales_part_none")
    low, high = (fixed(float(a), 2) for a in (scales["alpha"].min(), scales["alpha"].max()))
    return page.say("scales_part", n=len(scales), range=low if low == high else page.say("from_to", low=low, high=high))


def _weights_part(page: QualityPage, weights: pd.DataFrame) -> str:
    return page.say("weights_part", n=fixed(float(weights["effective_n"].iloc[0]), 0)) if len(weights) else page.say("weights_part_none")


def _scale_items(page: QualityPage, scales: pd.DataFrame) -> list[Item]:
    level = f"{100 * float(scales['conf_level'].iloc[0]):g}" if "conf_level" in scales else page.level
    rows = [[s["scale"], str(int(s["n_items"])), number(int(s["n"])), _alpha(s["alpha"], s["conf_low"], s["conf_high"])] for s in scales.to_dict("records")]
    table = page.table(
        "scales", page.say("scales_caption"), page.header("scales_scale", "scales_items", "col_n", "scales_alpha"), rows, align="lrrr",
        widths=(34, 16, 16, 34), note=page.say("scales_note", level=level),
    )
    return [page.prose(page.say("scales_lead")), table, *_against(page), _item_table(page)]


def _alpha(alpha: float, low: float, high: float) -> str:
    """Alpha by the habit of the field: two decimals, with its interval."""
    return f"{fixed(alpha, 2)} ({fixed(low, 2)}, {fixed(high, 2)})" if math.isfinite(low) else fixed(alpha, 2)


def _against(page: QualityPage) -> list[Item]:
    items = page.quality.items
    turned = [page.question(str(name)) for name in items.loc[items["item_rest"] < 0, "item"]]
    if not turned:
        return []
    return [callout(page.say("against_title", n=len(turned)), page.text("against_body", list=page.join(turned)), "warning")]


def _item_table(page: QualityPage) -> Table:
    rows = [
        [
            str(i["scale"]), page.question(str(i["item"]), SHORT), page.say("key_reversed" if int(i["key"]) < 0 else "key_forward"), number(int(i["n"])),
            fixed(float(i["mean"]), 2), fixed(float(i["item_rest"]), 2), fixed(float(i["alpha_if_dropped"]), 2),
        ]
        for i in page.quality.items.to_dict("records")
    ]
    header = page.header("scales_scale", "items_item", "items_key", "col_n", "items_mean", "items_rest", "items_dropped")
    return page.table(
        "items", page.say("items_caption"), header, rows, align="lllrrrr", widths=(13, 31, 9, 8, 9, 15, 15), note=page.say("items_note")
    )


def _weight_items(page: QualityPage) -> list[Item]:
    row, margins = page.quality.weights.iloc[0], page.quality.margins
    shown = margins[margins["target_share"].notna()]
    # Counts as targets blow every factor up to the population; beside their average the factors can be read.
    first = shown[shown["variable"] == shown["variable"].iloc[0]]
    average = float(first["target"].sum() / first["before"].sum())
    lead = page.text(
        "weights_lead", deff=fixed(float(row["kish_deff"]), 2), n=number(int(row["n"])), effective=fixed(float(row["effective_n"]), 0),
        low=fixed(float(row["g_low"]) / average, 2), high=fixed(float(row["g_high"]) / average, 2),
    )
    rows = [
        [
            page.question(str(m["variable"]), SHORT), _category(page, m),
            *(fixed(100 * float(m[f"{c}_share"]), 1) for c in ("target", "before", "after")),
        ]
        for m in shown.to_dict("records")
    ]
    table = page.table(
        "margins", page.say("margins_caption"), page.header(*(f"margins_{c}" for c in ("variable", "category", "target", "before", "after"))), rows,
        align="llrrr", widths=(30, 28, 14, 14, 14), note=page.say("margins_note"),
    )
    return [page.prose(lead), table]


def _category(page: QualityPage, margin: Row) -> str:
    name, category = str(margin["variable"]), str(margin["category"])
    return page.own(page.clean.codebook[name].label(category, page.language)) if name in page.clean.codebook else page.own(category)


# ---------------------------------------------------------------- main results


def results(page: QualityPage) -> list[Item]:
    """Satisfaction, scales and numbers with their uncertainty, in the words that the sampling allows."""
    table = page.quality.estimates
    if table.empty or table["estimate"].isna().all():
        return [heading(page.say("results_heading_none")), page.prose(page.say("effects_none"))]
    rated = table[table["measure"].isin([TOP_TWO, SCORE])]
    others = table[~table["measure"].isin([TOP_TWO, SCORE])]
    lead = page.prose(page.say(f"results_{page.inference}", level=page.level), page.say("results_dont_know") if len(rated) else "")
    return [
        heading(_results_title(page, table)), lead, *([_satisfaction_table(page, rated)] if len(rated) else []),
        *([_other_table(page, others)] if len(others) else []),
    ]


def _results_title(page: QualityPage, table: pd.DataFrame) -> str:
    shares = table[table["measure"] == TOP_TWO].dropna(subset=["estimate"])
    if len(shares) > 1:
        ordered = shares.sort_values("estimate")
        low, high = (_shown(page, ordered.iloc[place]) for place in (0, -1))
        return page.say("results_heading_same" if low == high else "results_heading_range", n=len(shares), low=low, high=high)
    row = (shares if len(shares) else table).dropna(subset=["estimate"]).iloc[0]
    unit = str(row["unit"])
    scale = 100 if unit == "share" else 1
    digits = decimals_of(scale * row["estimate"], scale * row["conf_low"], scale * row["conf_high"], significant=significant_of(unit))
    estimate = page.amount(scale * row["estimate"], digits, unit)
    return page.say("results_heading_one", measure=page.measure(row["variable"], row["measure"]), estimate=estimate)


def _shown(page: QualityPage, row: "pd.Series[Any]") -> str:
    """A share in percent, with the decimals its interval allows."""
    return page.estimate(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), "share").split(" (")[0]


def _satisfaction_table(page: QualityPage, rated: pd.DataFrame) -> Table:
    design = page.inference == "design"
    rows = []
    for name in rated["variable"].unique():
        mine = {str(r["measure"]): r for r in rated[rated["variable"] == name].to_dict("records")}
        either = next(iter(mine.values()))
        share, score = (mine.get(part) for part in (TOP_TWO, SCORE))
        unclear = 100 * float(either["dont_know"])
        rows.append([
            page.question(str(name)), _cell(page, share), _cell(page, score), fixed(unclear, decimals_of(unclear)),
            *([fixed(float(share["deff"]), 1) if share else DASH] if design else []), number(int(either["n"])),
        ])
    keys = ["col_question", "satisfaction_share", "satisfaction_score", "satisfaction_unclear", *(["satisfaction_deff"] if design else []), "col_n"]
    widths = (32, 18, 18, 11, 11, 10) if design else (38, 20, 20, 12, 10)
    note = page.say("satisfaction_note") + (("" if page.language is Language.ZH else " ") + page.say("deff_note") if design else "")
    return page.table("satisfaction", page.say("satisfaction_caption"), page.header(*keys), rows, align="l" + "r" * (len(keys) - 1), widths=widths, note=note)


def _cell(page: QualityPage, row: Row | None) -> str:
    return DASH if row is None else page.estimate(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), str(row["unit"]))


def _other_table(page: QualityPage, others: pd.DataFrame) -> Table:
    rows = [
        [page.measure(str(r["variable"]), str(r["measure"])), page.unit(str(r["unit"])), _cell(page, r), number(int(r["n"]))]
        for r in others.to_dict("records")
    ]
    note = page.say("others_note") if (others["measure"] == SCALE).any() else ""
    return page.table(
        "means", page.say("others_caption"), page.header("col_result", "others_unit", "others_estimate", "col_n"), rows, align="llrr",
        widths=(46, 14, 26, 14), note=note,
    )

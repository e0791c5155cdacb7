"""Sections of the quality report on what the data say: flags, scales, weights, main results."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cleaning.effort import DEFAULT_THRESHOLDS
from commresearch.cleaning.variable import Variable
from commresearch.reporting import quality_figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.disclosure_groups import Group
from commresearch.reporting.disclosure_rules import HIDDEN, hides, is_small, rounded
from commresearch.reporting.disclosure_tables import IN_TABLE, Counted, figure_note, protected_counts
from commresearch.reporting.display import Figure, Item, Table, callout, heading
from commresearch.reporting.quality_choices import choices, chosen_among
from commresearch.reporting.quality_cleaning import listed
from commresearch.reporting.quality_design import rests_on
from commresearch.reporting.quality_duplicates import duplicates
from commresearch.reporting.quality_page import QualityPage, significant_of
from commresearch.reporting.quality_persons import category_counts, group_of, safe_edges, told_categories
from commresearch.reporting.quality_satisfaction import estimate_cell, satisfaction_table, side, unrated
from commresearch.reporting.quality_tables import flag_counts
from commresearch.terms import Language, Role
from commresearch.words import number, say
from commresearch.words.precision import decimals_of, fixed, signed
from commresearch.workflow.survey_design import UNKNOWN

FEWEST_TIMES = 10  #: sheets with a time below which a histogram says nothing
NAME = 22  #: cells of a question beside a drawing
SHORT = 30  #: cells of a question in a crowded table
PER_MINUTE = 60
TOP_TWO, SCORE, SCALE, MEAN, SHARE = "top_two", "score", "scale", "mean", "share"

Row = Mapping[Hashable, Any]


# ---------------------------------------------------------------- who was flagged


def flagged(page: QualityPage) -> list[Item]:
    """Flags with their limits and numbers, how they are spread, and possible duplicates."""
    n, counts = len(page.clean.frame), page.clean.flags["n_flags"]
    title = page.say("flagged_heading", n=page.persons(page.n_flagged), share=page.share(page.n_flagged, n)) if page.n_flagged else page.say("flagged_heading_none")
    if page.hides_flags:
        title = say("release.few_flags_heading", page.language)
    parts = [int((counts == 1).sum()), int((counts == 2).sum()), int((counts > 2).sum())]
    shown = protected_counts([page.n_flagged, *parts], page.release, [(0, 1, 2, 3)])[1:]
    spread = "" if None in shown else page.say("flags_distribution", **{key: page.persons(n) for key, n in zip(("one", "two", "more"), parts, strict=True)})
    return [
        heading(title), page.prose(page.say("flagged_lead"), spread if page.n_flagged else ""), *_flag_table(page), *_flag_figure(page), *duplicates(page),
    ]


def _flag_table(page: QualityPage) -> list[Item]:
    counts = flag_counts(page.clean.flags)
    limits, known = _limits(page), [(c, page.judged(c.known)) for c in counts if c.known]
    rows = [
        [
            page.say(f"{c.flag}_name"), page.say(f"{c.flag}_about", **limits), judged.text, number(c.raised), page.share(c.raised, c.known),
            number(c.exempted),
        ]
        for c, judged in known
    ]
    unknown = [page.say(f"{c.flag}_name") for c in counts if not c.known]
    items: list[Item] = []
    if rows:
        table = page.table(
            "flags", page.say("flags_caption"),
            page.header("flags_flag", "flags_about", "flags_known", "flags_raised", "col_share", "flags_exempted"), rows, align="llrrrr",
            widths=(16, 42, 11, 9, 11, 11), note=page.notes(page.say("flags_note"), page.share_note, page.bound_note(judged for _, judged in known)),
        )
        persons = [[None, None, judged.count, c.raised, c.raised, c.exempted] for c, judged in known]
        items.append(page.of_persons(table, persons, [((i, 3), (i, 4)) for i in range(len(rows))]))
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
        "whom": page.say("match_community" if page.clean.codebook.role(Role.COMMUNITY) else "match_any"),
        "per_item": f"{used.seconds_per_item:g}", "ratio": _ratio(), "asked": f"{100 * used.duration_share_asked:g}", "floor": page.say("flag_duration_floor", seconds=f"{float(floor):g}") if floor else "",
    }


def _ratio() -> str:
    return f"{100 * DEFAULT_THRESHOLDS.duration_ratio:.0f}"


def _flag_figure(page: QualityPage) -> list[Item]:
    """How long filling in took; where times are not known, how many flags sheets have; nothing where there is nothing to see."""
    flags = page.clean.flags
    seconds = flags["duration"].to_numpy(dtype=float, na_value=np.nan) if "duration" in flags else np.full(len(flags), np.nan)
    timed = np.isfinite(seconds) & (seconds > 0) & flags.get("flag_duration", pd.Series(pd.NA, index=flags.index)).notna().to_numpy()
    if timed.sum() >= FEWEST_TIMES:
        return [_duration_figure(page, seconds[timed] / PER_MINUTE, flags["flag_duration"].fillna(value=False).to_numpy(dtype=bool)[timed])]
    return [_count_figure(page)] if page.n_flagged else []


def _duration_figure(page: QualityPage, minutes: np.ndarray, fast: np.ndarray) -> Figure:
    median = float(np.median(minutes))
    values = {"median": fixed(median, decimals_of(median)), "n": page.persons(int(fast.sum())), "known": page.persons(len(minutes))}
    few = hides(page.release) and is_small(int(fast.sum()), page.release)
    if few:
        fast = np.zeros_like(fast)  # drawn like the others: so few would be seen one by one
    edges = safe_edges(minutes, [fast, ~fast], page.release, quality_figures.BINS)
    bars = {what: np.histogram(np.clip(minutes[part], edges[0], edges[-1]), edges)[0] for what, part in (("fast", fast), ("other", ~fast))}
    drawn = {what: np.array([rounded(int(n), page.release) for n in heights]) for what, heights in bars.items()}
    words = {
        "axis": page.say("durations_axis"), "sheets": page.say("durations_sheets"), "median": page.say("durations_median"),
        "limit": page.say("durations_limit", ratio=_ratio()), "flagged": page.say("durations_flagged", n=values["n"]),
    }
    return page.figure(
        "durations", page.say("durations_caption", **values), page.say("durations_alt", **values),
        quality_figures.durations(drawn["fast"], drawn["other"], edges, (median, median * DEFAULT_THRESHOLDS.duration_ratio), words, page.stamp),
        page.notes(say("release.few_fast", page.language, known=values["known"]) if few else page.say("durations_note", **values), _ends_note(page) if hides(page.release) else ""),
        _bars(bars),
    )


def _ends_note(page: QualityPage) -> str:
    """What the bars of the public edition hold."""
    base = page.release.rounding
    return say("release.ends_note", page.language, heights=say("release.heights_note", page.language, base=base) if base > 1 else "")


def _bars(bars: Mapping[str, np.ndarray]) -> list[Counted]:
    """The sheets in every bar, fast ones apart."""
    return [
        Counted(group=Group(population=f"{IN_TABLE}durations", attributes={"bar": frozenset({f"{what}.{i}"})}), count=int(n), place=f"{what} · {i + 1}")
        for what, heights in bars.items() for i, n in enumerate(heights)
    ]


def _count_figure(page: QualityPage) -> Figure:
    counts = page.clean.flags["n_flags"].value_counts().sort_index()
    whole = [len(page.clean.flags), *(int(n) for n in counts)]
    shown = dict(zip(counts.index, protected_counts(whole, page.release, [tuple(range(len(whole)))])[1:], strict=True))
    told = {str(flags): n for flags, n in shown.items() if n is not None}
    parts = [page.say("n_flags_item", flags=flags, n=number(n)) for flags, n in told.items()]
    persons = [
        Counted(group=Group(population=f"{IN_TABLE}n_flags", attributes={"flags": frozenset({str(f)})}), count=int(counts[f]), hidden=n is None, place=f"flags {f}")
        for f, n in shown.items()
    ]
    return page.figure(
        "flags", page.say("n_flags_caption", n=page.persons(shown.get(0, 0))), page.say("n_flags_alt", list=page.join(parts)),
        quality_figures.counts(list(told), np.array(list(told.values()), dtype=int), page.say("durations_sheets"), page.stamp),
        page.notes(page.say("n_flags_note", n=number(len(page.clean.flags))), figure_note(page.release, page.language)), persons,
    )


# ---------------------------------------------------------------- scales and weights


def scales_and_weights(page: QualityPage) -> list[Item]:
    """Reliability of scales, items that run against them, and what weighting did."""
    scales, weights = page.quality.scales, page.quality.weights
    title = page.say("scales_heading", scales=_scales_part(page, scales), weights=_weights_part(page, weights))
    items: list[Item] = [heading(title)]
    unmeasured = [page.scale(name) for name in page.quality.noted("scale_unmeasured")]
    items += _scale_items(page, scales) if len(scales) else [] if unmeasured else [page.prose(page.say("scales_none"))]
    items += [page.prose(page.text("scales_unmeasured", list=page.join(unmeasured)))] if unmeasured else []
    return [*items, *(_weight_items(page) if len(weights) else [page.prose(page.say("weights_none"), _base_weights(page))])]


def _base_weights(page: QualityPage) -> str:
    """What had to be assumed of the weights that the codebook names."""
    lacking, unused = (page.quality.noted(note) for note in ("weight_gap", "weight_unused"))
    parts = [page.text("weights_gap", list=page.counted(lacking))] if lacking else []
    parts += [page.text("weights_unused", name=page.question(next(iter(unused))))] if unused else []
    return ("" if page.language is Language.ZH else " ").join(parts)


def _scales_part(page: QualityPage, scales: pd.DataFrame) -> str:
    if scales.empty:
        return page.say("scales_part_none")
    low, high = (fixed(float(a), 2) for a in (scales["alpha"].min(), scales["alpha"].max()))
    return page.say("scales_part", n=len(scales), range=low if low == high else page.say("from_to", low=low, high=high))


def _weights_part(page: QualityPage, weights: pd.DataFrame) -> str:
    return page.say("weights_part", n=page.persons(round(float(weights["effective_n"].iloc[0])))) if len(weights) else page.say("weights_part_none")


def _scale_items(page: QualityPage, scales: pd.DataFrame) -> list[Item]:
    level = f"{100 * float(scales['conf_level'].iloc[0]):g}" if "conf_level" in scales else page.level
    items, records = page.quality.items.groupby("scale")["item"], scales.to_dict("records")
    sheets = [page.answered_together(items.get_group(s["scale"]), int(s["n"])) for s in records]
    rows = [
        [page.scale_in_table(str(s["scale"]), NAME), str(int(s["n_items"])), told.text, _alpha(s["alpha"], s["conf_low"], s["conf_high"])]
        for s, told in zip(records, sheets, strict=True)
    ]
    table = page.of_persons(page.table(
        "scales", page.say("scales_caption"), page.header("scales_scale", "scales_items", "col_n", "scales_alpha"), rows, align="lrrr",
        widths=(34, 16, 16, 34), note=page.notes(page.say("scales_note", level=level), page.bound_note(sheets)),
    ), [[None, None, told.count, told.behind] for told in sheets])
    return [page.prose(page.say("scales_lead")), table, *_against(page), _item_table(page)]


def _alpha(alpha: float, low: float, high: float) -> str:
    """Alpha by the habit of the field: two decimals, with its interval."""
    return f"{fixed(alpha, 2)} ({fixed(low, 2)}, {fixed(high, 2)})" if math.isfinite(low) else fixed(alpha, 2)


def _against(page: QualityPage) -> list[Item]:
    turned = [page.named(str(name)) for name in page.quality.items.loc[page.quality.items["item_rest"] < 0, "item"]]
    if not turned:
        return []
    return [callout(page.say("against_title", n=len(turned)), page.text("against_body", list=page.join(turned)), "warning")]


def _item_table(page: QualityPage) -> Table:
    sheets = [page.answered(str(i["item"]), int(i["n"])) for i in page.quality.items.to_dict("records")]
    rows = [
        [
            page.own(str(i["scale"])), page.question(str(i["item"]), SHORT), page.say("key_reversed" if int(i["key"]) < 0 else "key_forward"), told.text,
            fixed(float(i["mean"]), 2), fixed(float(i["item_rest"]), 2), fixed(float(i["alpha_if_dropped"]), 2),
        ]
        for i, told in zip(page.quality.items.to_dict("records"), sheets, strict=True)
    ]
    header = page.header("scales_scale", "items_item", "items_key", "col_n", "items_mean", "items_rest", "items_dropped")
    table = page.table(
        "items", page.say("items_caption"), header, rows, align="lllrrrr", widths=(13, 31, 9, 8, 9, 15, 15),
        note=page.notes(page.say("items_note"), page.bound_note(sheets)),
    )
    return page.of_persons(
        table, [[*[None] * 3, told.count, *[told.behind] * 3] for told in sheets], groups=[[*[None] * 3, told.group, *[None] * 3] for told in sheets]
    )


def _weight_items(page: QualityPage) -> list[Item]:
    row, margins = page.quality.weights.iloc[0], page.quality.margins
    shown = margins[margins["target_share"].notna()]
    # Counts as targets blow every factor up to the population; beside their average the factors can be read.
    first = shown[shown["variable"] == shown["variable"].iloc[0]]
    average = float(first["target"].sum() / first["before"].sum())
    records, gaps = shown.to_dict("records"), page.quality.noted("margin_gap")
    # Of those who did not answer, the ones that were weighted: their share is that of these alone.
    persons = [gaps.get(str(m["variable"]), n) if m["category"] == UNKNOWN else n for m, n in zip(records, category_counts(page.clean.frame, records), strict=True)]
    told = told_categories(records, persons, page.release)
    is_whole = all(told)  # a factor is the share of the population by that of the sheets: a hidden number would follow from it
    lead = page.text(
        "weights_lead", deff=fixed(float(row["kish_deff"]), 2 if is_whole else 1), n=page.persons(int(row["n"])),
        effective=page.persons(round(float(row["effective_n"]))),
    )
    factors = page.text("weights_factors", low=fixed(float(row["g_low"]) / average, 2), high=fixed(float(row["g_high"]) / average, 2)) if is_whole else ""
    answered = {str(m["variable"]): {c: 1 - float(m[f"{c}_share"]) for c in ("target", "after")} for m in records if m["category"] == UNKNOWN}
    rows = [
        [page.question(str(m["variable"]), SHORT), _category(page, m), *_margin_shares(m, answered.get(str(m["variable"]), {}), told=may_be_told)]
        for m, may_be_told in zip(records, told, strict=True)
    ]
    unknown = page.text("weights_unknown", list=page.counted(gaps)) if gaps else ""
    table = page.table(
        "margins", page.say("margins_caption"), page.header(*(f"margins_{c}" for c in ("variable", "category", "target", "before", "after"))), rows,
        align="llrrr", widths=(30, 28, 14, 14, 14), note=page.notes(page.say("margins_note"), page.say("margins_note_unknown") if answered else ""),
    )
    whom = [group_of(page.survey, str(m["variable"]), [str(m["category"])]) for m in records]
    shown_table = page.of_persons(
        table, [[None, None, None, n, n] for n in persons], [((i, 3), (i, 4)) for i in range(len(rows))], [[None, None, None, g, g] for g in whom],
    )
    return [page.prose(lead, factors, unknown, _base_weights(page)), shown_table]


def _margin_shares(margin: Row, answered: Mapping[str, float], *, told: bool) -> list[str]:
    """The population's share and those before and after weighting.

    What the population's counts set is told of those who answered, as the counts are: by its part of all sheets the number of the others would follow.
    """
    before = fixed(100 * float(margin["before_share"]), 1) if told else HIDDEN
    if margin["category"] == UNKNOWN:
        return [DASH, before, DASH]
    target, after = (fixed(100 * float(margin[f"{c}_share"]) / answered.get(c, 1.0), 1) for c in ("target", "after"))
    return [target, before, after if told else HIDDEN]


def _category(page: QualityPage, margin: Row) -> str:
    name, category = str(margin["variable"]), str(margin["category"])
    if category == UNKNOWN:
        return page.say("margins_unknown")
    return page.own(page.clean.codebook[name].label(category, page.language)) if name in page.clean.codebook else page.own(category)


# ---------------------------------------------------------------- main results


def results(page: QualityPage) -> list[Item]:
    """Satisfaction, scales, numbers and plain choices with their uncertainty, in the words that the sampling allows."""
    table, chosen = page.quality.estimates, choices(page)
    known = table[table["estimate"].notna()]
    if known.empty and not chosen:
        return [heading(page.say("results_heading_none")), page.prose(page.without_results)]
    rated, others = table[table["measure"].isin([TOP_TWO, SCORE])], table[table["measure"].isin([SCALE, MEAN])]
    lead = page.prose(
        rests_on(page), page.say("results_dont_know") if len(rated) else "",
        page.say("results_where", prefix=page.prefix, n=len(others)) if len(rated) and len(others) else "",
    )
    return [
        heading(_heading(page, known)), lead, *([satisfaction_table(page, rated)] if len(rated) else []), *unrated(page),
        *([_other_table(page, others)] if len(others) else []), *chosen,
    ]


def _heading(page: QualityPage, known: pd.DataFrame) -> str:
    """The heading of the results: what the edition may tell of them."""
    if known.empty or (known["measure"] == SHARE).all():
        return page.say("results_heading_choices", n=len(chosen_among(page)))
    told = known[[not page.hides_result(side(r)) and r["measure"] != SHARE for r in known.to_dict("records")]]
    return _results_title(page, told) if len(told) else say("release.few_results", page.language, least=page.release.threshold)


def _results_title(page: QualityPage, table: pd.DataFrame) -> str:
    shares = table[table["measure"] == TOP_TWO].dropna(subset=["estimate"])
    if len(shares) > 1:
        ordered = shares.sort_values("estimate")
        low, high = (_shown(page, ordered.iloc[place]) for place in (0, -1))
        title, told = page.say("results_heading_same" if low == high else "results_heading_range", n=len(shares), low=low, high=high), len(shares)
    else:
        row = (shares if len(shares) else table).dropna(subset=["estimate"]).iloc[0]
        scale, unit = 100 if row["unit"] == "share" else 1, str(row["unit"])
        digits = decimals_of(scale * row["estimate"], scale * row["conf_low"], scale * row["conf_high"], significant=significant_of(unit))
        estimate = page.amount(scale * row["estimate"], digits, unit)
        title, told = page.say("results_heading_one", measure=page.measure(row["variable"], row["measure"]), estimate=estimate), 1
    rest = len(table[table["measure"] != SCORE]) - told  # mean scores stand beside their shares
    return title + page.say("results_heading_rest", n=rest) if rest > 0 else title


def _shown(page: QualityPage, row: "pd.Series[Any]") -> str:
    """A share in percent, with the decimals its interval allows."""
    return page.estimate(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), "share").split(" (")[0]


def _ends(page: QualityPage, scales: Sequence[str]) -> list[str]:
    """What the lowest and the highest score of scales mean, those that mean the same together: a mean says nothing without its direction.

    A scale some of whose items have other answers is left out; reversed items may, as their answers are turned round.
    """
    named: dict[tuple[str, ...], list[str]] = {}
    for name in scales:
        items = page.clean.codebook.scales()[name]
        ends = {_ends_of(page, item) for item in [v for v in items if v.key > 0] or items}
        if len(ends) == 1:
            named.setdefault(ends.pop(), []).append(page.scale(name))
    return [page.say("others_ends", scales=page.join(names), **dict(zip(("low", "lowest", "high", "highest"), ends, strict=True))) for ends, names in named.items()]


def _ends_of(page: QualityPage, item: Variable) -> tuple[str, str, str, str]:
    """Lowest and highest score of an item, each with the answer that gets it."""
    ordered = sorted(item.answers, key=int)
    low, high = ordered[0], ordered[-1]
    lowest, highest = (page.answer(item.name, value) for value in ((low, high) if item.key > 0 else (high, low)))
    return low, lowest, high, highest


def _other_table(page: QualityPage, others: pd.DataFrame) -> Table:
    sheets = [page.answered_result(str(r["variable"]), str(r["measure"]), int(r["n"])) for r in others.to_dict("records")]
    rows = [
        [page.measure(str(r["variable"]), str(r["measure"])), page.unit(str(r["unit"])) or DASH, estimate_cell(page, r), told.text]
        for r, told in zip(others.to_dict("records"), sheets, strict=True)
    ]
    scales = [str(name) for name in others.loc[others["measure"] == SCALE, "variable"]]
    note = page.notes(page.say("others_note") if scales else "", *_ends(page, scales), page.model_note, page.bound_note(sheets))
    table = page.table(
        "means", page.say("others_caption"), page.header("col_result", "others_unit", "others_estimate", "col_n"), rows, align="llrr",
        widths=(46, 14, 26, 14), note=note,
    )
    return page.of_persons(table, [[None, None, told.behind, told.count] for told in sheets], groups=[[*[None] * 3, told.group] for told in sheets])

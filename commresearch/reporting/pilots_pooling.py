"""Sections of the comparison of pilots on pooled effects: forest, heterogeneity, what one pilot does to the whole, spread, moderators, directions."""

import math
from dataclasses import replace

import pandas as pd

from commresearch.comparison.pooled_result import Comparison
from commresearch.reporting import comparison_figures as figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Table, heading
from commresearch.reporting.pilots_page import PilotsPage, cell, number, rows_of
from commresearch.terms import Unit
from commresearch.words.precision import decimals_of, fixed, p_text, signed

CONTROL = "additive"  #: over-dispersion of the funnel's limits: true effects differ, which is not an alarm
DIRECTIONS = {"up": "increase", "down": "decrease", "none": "unclear"}


def pooling(page: PilotsPage) -> list[Item]:
    """One part per outcome: forest, the three intervals, heterogeneity, priors, leave-one-out."""
    items: list[Item] = []
    for outcome in page.outcomes:
        items += _refused(page, outcome) if not page.found.pooled[outcome].pooled else _pooled(page, outcome)
    return items


def _refused(page: PilotsPage, outcome: str) -> list[Item]:
    pooled = page.found.pooled[outcome]
    why = [page.named(r.text(page.language)) for r in pooled.refusals]
    return [heading(page.say("pooled_heading_refused", outcome=page.outcome(outcome))), page.prose(*why), *harvest(page, outcome)]


def _pooled(page: PilotsPage, outcome: str) -> list[Item]:
    pooled = page.found.pooled[outcome]
    head = page.say("pooled_heading_differ" if pooled.tau2_low > 0 else "pooled_heading_alike", outcome=page.outcome(outcome))
    return [
        heading(head), replace(page.prose(page.named(pooled.summary(page.language))), evidence=str(pooled.grade)), _forest(page, outcome, pooled), _intervals(page, outcome, pooled),
        *_scales(page, outcome, pooled), _heterogeneity(page, outcome, pooled), *_leave_one_out(page, pooled), *_spread(page, outcome, pooled), *_moderators(page, outcome),
    ]


def _forest(page: PilotsPage, outcome: str, pooled: Comparison) -> Item:
    given = page.effects.effects[page.effects.effects["outcome"] == outcome]
    table = given.merge(pooled.estimates[["case_id", "pooled", "weight"]], on="case_id")
    frame = table.assign(label=table["case_id"].map(page.names), claim=False)
    whole = {
        "estimate": pooled.estimate, "conf_low": pooled.conf_low, "conf_high": pooled.conf_high, "pi_low": pooled.pred_low, "pi_high": pooled.pred_high,
        "conf_level": pooled.conf_level,
    }
    drawing = figures.forest(frame, whole, unit=_unit(pooled), language=page.language, outcome=outcome, simulated=page.is_simulated)
    widest = page.names[str(pooled.weights.idxmax())]
    alt = page.say("forest_alt", n=len(frame), k=pooled.k, pooled=cell(pooled.estimate, pooled.conf_low, pooled.conf_high), widest=widest)
    return page.figure(f"forest-{_slug(outcome)}", page.say("forest_caption", outcome=page.outcome(outcome), unit=page.axis(pooled.unit)), alt, drawing, page.say("forest_note"))


def _unit(pooled: Comparison) -> Unit:
    return Unit(str(pooled.unit))


def _slug(outcome: str) -> str:
    return outcome.replace("_", "-")


def _intervals(page: PilotsPage, outcome: str, pooled: Comparison) -> Table:
    rows = [
        [page.say(f"interval_{r['interval']}"), cell(r["estimate"], r["conf_low"], r["conf_high"]), number(r["std_error"]), p_text(r["p_value"]).removeprefix("= "),
         DASH if math.isinf(r["df"]) else f"{r['df']:g}"]
        for r in rows_of(pooled.intervals)
    ]
    return page.table(
        f"intervals-{_slug(outcome)}", page.say("intervals_caption", unit=page.axis(pooled.unit)), page.header("col_interval", "col_pooled", "col_error", "col_p", "col_df"),
        rows, align="lrrrr", widths=(34, 24, 14, 14, 14), note=page.say("intervals_note"),
    )


def _scales(page: PilotsPage, outcome: str, pooled: Comparison) -> list[Item]:
    """Percentages as given beside logarithms of ratios told in percent; none where estimates were not made as logarithms."""
    logged = page.found.logged.get(outcome)
    if logged is None:
        return []
    digits = max(decimals_of(pooled.estimate, pooled.conf_low, pooled.conf_high), 0)
    rows = [
        [page.say(f"scale_{name}"), cell(one.estimate, one.conf_low, one.conf_high), _span(one.pred_low, one.pred_high, digits), f"{fixed(i2, 0)}%"]
        for name, one, i2 in (("percent", pooled, pooled.i2), ("log", logged, logged.logs.i2))
    ]
    return [page.table(
        f"scales-{_slug(outcome)}", page.say("scales_caption", unit=page.axis(pooled.unit)), page.header("col_scale", "col_pooled", "col_prediction", "col_i2"), rows,
        align="lrrr", widths=(40, 24, 24, 12), note=page.say("scales_note"),
    )]


def _span(low: float, high: float, digits: int) -> str:
    return DASH if math.isnan(low) else f"({signed(low, digits)}, {signed(high, digits)})"


def _heterogeneity(page: PilotsPage, outcome: str, pooled: Comparison) -> Table:
    """τ, I², Q and the convention of every prediction interval, with what priors do to them."""
    digits = max(decimals_of(pooled.estimate, pooled.conf_low, pooled.conf_high), 0)
    rows = [
        [page.say("row_tau"), f"{fixed(pooled.tau, digits)} ({fixed(math.sqrt(pooled.tau2_low), digits)}, {fixed(math.sqrt(pooled.tau2_high), digits)})"],
        [page.say("row_i2"), f"{fixed(pooled.i2, 0)}% ({fixed(pooled.i2_low, 0)}%, {fixed(pooled.i2_high, 0)}%)"],
        [page.say("row_q", df=f"{pooled.q_df:g}"), page.say("q_value", q=f"{pooled.q:.1f}", p=p_text(pooled.q_p_value))],
    ]
    for r in rows_of(pooled.prediction_intervals):
        name = page.say(f"prediction_{r['convention']}")
        rows.append([name, f"({signed(r['pred_low'], digits)}, {signed(r['pred_high'], digits)})"])
    rows += [_prior_row(page, r, digits) for r in rows_of(pooled.prior_sensitivity) if r["quantity"] == "mean"]
    return page.table(
        f"heterogeneity-{_slug(outcome)}", page.say("heterogeneity_caption", unit=page.axis(pooled.unit)), page.header("col_quantity", "col_value"), rows, align="lr",
        widths=(62, 38), note=page.say("heterogeneity_note"),
    )


def _prior_row(page: PilotsPage, row: dict[object, object], digits: int) -> list[str]:
    scale, low, middle, high = (float(str(row[name])) for name in ("prior_scale", "conf_low", "median", "conf_high"))
    return [page.say("row_prior", scale=fixed(scale, digits + 1)), f"{signed(middle, digits)} ({signed(low, digits)}, {signed(high, digits)})"]


def _leave_one_out(page: PilotsPage, pooled: Comparison) -> list[Item]:
    """How far the pooled effect moves without the pilot that moves it most."""
    table = pooled.leave_one_out
    if table.empty:
        return []
    row = max(rows_of(table), key=lambda r: abs(float(r["estimate"]) - pooled.estimate))
    lowest, highest = table["estimate"].min(), table["estimate"].max()
    digits = max(decimals_of(pooled.estimate, pooled.conf_low, pooled.conf_high), 0)
    return [page.prose(page.text(
        "leave_one_out", low=signed(lowest, digits), high=page.in_unit(signed(highest, digits), pooled.unit), place=page.names[str(row["left_out"])],
        without=cell(row["estimate"], row["conf_low"], row["conf_high"]),
    ))]


# ---------------------------------------------------------------- spread


def _spread(page: PilotsPage, outcome: str, pooled: Comparison) -> list[Item]:
    """Shrunken effects with rank intervals, and which pilots lie outside the control limits."""
    if pooled.funnel_points.empty:
        return []
    return [heading(page.say("spread_heading", outcome=page.outcome(outcome)), 2), page.prose(_rank_sentence(page, pooled), *_rank_worth(page, outcome, pooled)), _caterpillar(page, outcome, pooled), _funnel(page, outcome, pooled)]


def _rank_sentence(page: PilotsPage, pooled: Comparison) -> str:
    ranks = pooled.rank_intervals
    middle = min(rows_of(ranks), key=lambda r: abs(float(r["rank_low"]) + float(r["rank_high"]) - len(ranks) - 1))
    return page.text("rank_sentence", place=page.names[str(middle["case_id"])], low=int(middle["rank_low"]), high=int(middle["rank_high"]), n=len(ranks), level=f"{100 * middle['level']:g}%")


def _rank_worth(page: PilotsPage, outcome: str, pooled: Comparison) -> list[str]:
    """What the ends of a league table would be worth; none where effects do not differ."""
    table = page.found.ranking.get(outcome)
    if table is None:
        return []
    ratio = float(pooled.estimates.loc[pooled.estimates["pooled"], "std_error"].median()) / pooled.tau
    return [page.say("rank_worth", ratio=fixed(ratio, 1), n=pooled.k, share=fixed(100 * float(table["share_right"].iloc[0]), 0))]


def _caterpillar(page: PilotsPage, outcome: str, pooled: Comparison) -> Item:
    raw = pooled.estimates.loc[pooled.estimates["pooled"], ["case_id", "estimate"]].rename(columns={"estimate": "raw"})
    frame = pooled.bayes_cases.merge(raw, on="case_id").merge(pooled.rank_intervals[["case_id", "rank_low", "rank_high"]], on="case_id")
    frame = frame.assign(label=frame["case_id"].map(page.names))
    drawing = figures.caterpillar(frame, unit=_unit(pooled), language=page.language, outcome=outcome, simulated=page.is_simulated)
    width = int((frame["rank_high"] - frame["rank_low"]).median()) + 1
    return page.figure(
        f"ranks-{_slug(outcome)}", page.say("caterpillar_caption", outcome=page.outcome(outcome), unit=page.axis(pooled.unit)),
        page.say("caterpillar_alt", n=len(frame), width=width), drawing, page.say("caterpillar_note"),
    )


def _funnel(page: PilotsPage, outcome: str, pooled: Comparison) -> Item:
    limits = pooled.funnel_limits
    mine = limits[limits["over_dispersion"] == CONTROL].pivot_table(index="std_error", columns="level", values=["limit_low", "limit_high"]).reset_index()
    inner, outer = sorted(limits["level"].unique())
    table = pd.DataFrame({
        "std_error": mine["std_error"], "low_95": mine["limit_low", inner], "high_95": mine["limit_high", inner], "low_998": mine["limit_low", outer],
        "high_998": mine["limit_high", outer],
    })
    points = pooled.funnel_points
    outside, beyond = points[f"outside_{100 * outer:g}_{CONTROL}"], points[f"outside_{100 * inner:g}_{CONTROL}"]
    frame = points.assign(label=points["case_id"].map(page.names), outside=outside)
    drawing = figures.funnel(frame, table, centre=pooled.estimate, unit=_unit(pooled), language=page.language, outcome=outcome, simulated=page.is_simulated)
    names = page.join(page.names[c] for c in points.loc[beyond, "case_id"]) or page.say("nobody")
    return page.figure(
        f"funnel-{_slug(outcome)}", page.say("funnel_caption", outcome=page.outcome(outcome), unit=page.axis(pooled.unit)),
        page.say("funnel_alt", n=len(frame), beyond=names), drawing, page.say("funnel_note", beyond=names),
    )


# ---------------------------------------------------------------- moderators, directions


def _moderators(page: PilotsPage, outcome: str) -> list[Item]:
    """The effect by the dose of one mechanism; none where pilots are too few."""
    made = page.found.explained.get(outcome)
    if made is None or made.moderator_test is None:
        return []
    rows = [
        [page.say("row_intercept") if r["term"] == "intercept" else page.text("row_slope", name=page.set_name(str(r["term"]))), _fine(r["estimate"], r["conf_low"], r["conf_high"]),
         p_text(r["p_value"]).removeprefix("= ")]
        for r in rows_of(made.coefficients)
    ]
    test, name = made.moderator_test, page.set_name(made.moderators[0])
    r2 = DASH if math.isnan(test.r2) else f"{test.r2:.0f}%"
    return [
        heading(page.say("moderator_heading", name=name), 2),
        page.table(
            f"moderator-{_slug(outcome)}", page.say("moderator_caption", outcome=page.outcome(outcome), name=name, unit=page.axis(made.unit)),
            page.header("col_term", "col_effect", "col_p"), rows, align="lrr", widths=(44, 36, 20),
            note=page.say("moderator_note", name=name, r2=r2, p=p_text(test.p_value)),
        ),
    ]


def _fine(estimate: float, low: float, high: float) -> str:
    """A slope: as many decimals as its interval allows, which may be many."""
    digits = min(max(decimals_of(estimate, low, high), 0) + 1, 4)
    return f"{signed(estimate, digits)} ({signed(low, digits)}, {signed(high, digits)})"


def harvest(page: PilotsPage, outcome: str) -> list[Item]:
    """Directions of effects that are not pooled."""
    cases = page.found.pooled[outcome].estimates
    if cases.empty:
        return []
    frame = pd.DataFrame({
        "label": cases["case_id"].map(page.names), "outcome": page.outcome(outcome), "direction": cases["direction"].map(DIRECTIONS), "grade": cases["grade"],
    })
    drawing = figures.harvest(frame, language=page.language, simulated=page.is_simulated)
    counts = frame["direction"].value_counts()
    alt = page.say("harvest_alt", up=int(counts.get("increase", 0)), down=int(counts.get("decrease", 0)), unclear=int(counts.get("unclear", 0)))
    return [page.figure(f"harvest-{_slug(outcome)}", page.say("harvest_caption", outcome=page.outcome(outcome)), alt, drawing, page.say("harvest_note"))]


def unpooled(page: PilotsPage) -> list[Item]:
    """Pilots that stay outside a pooled effect, by outcome, with the reason."""
    own = page.effects.effects.set_index(["outcome", "case_id"])[["conf_low", "conf_high"]]  # of each estimate's own inference, not Wald's
    lines = [
        [page.outcome(outcome), page.names[r["case_id"]], cell(r["estimate"], *map(float, own.loc[(outcome, r["case_id"])])), r["grade"]]
        for outcome, pooled in page.found.pooled.items() if pooled.pooled for r in rows_of(pooled.estimates) if not r["pooled"]
    ]
    if not lines:
        return []
    return [
        heading(page.say("outside_heading", n=len(lines))), page.prose(page.say("outside_text")),
        page.table("outside", page.say("outside_caption"), page.header("col_outcome", "col_pilot", "col_effect", "col_grade"), lines, align="llrl", widths=(26, 26, 32, 16)),
    ]


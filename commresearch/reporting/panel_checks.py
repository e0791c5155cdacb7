"""Sections on what is known of every unit and month, and on what stands out in the panels."""

import pandas as pd

from commresearch.outcomes.build import LOGS, RECORDED_IN
from commresearch.reporting import panel_figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Figure, Item, escape, heading
from commresearch.reporting.panel_page import NAME, PanelPage
from commresearch.reporting.panel_tables import State, rows_of
from commresearch.reporting.stamped_page import cut
from commresearch.terms import DataKind, Outcome
from commresearch.words import number
from commresearch.words.precision import percent_of

DRAWN = 48  #: units of a map of coverage at most; those that can be used throughout are left out first
SHOWN = 12  #: rows of a table of single cases
OPEN_YEARS = frozenset({"0001", "9999"})  #: of days that stand for an open beginning or end
PLACES = 8  #: places without a unit that are listed for each outcome
TIERS = ("id", "phone", "name_birth", "none")


# ---------------------------------------------------------------- coverage


def coverage(page: PanelPage) -> list[Item]:
    """A map of units and months for every outcome, and the registers that begin too late."""
    if not page.panels:
        return []
    usable, existed = (sum(getattr(c, name) for c in page.covers.values()) for name in ("usable", "existed"))
    items: list[Item] = [heading(page.say("coverage_heading", n=number(existed - usable), all=number(existed))), page.prose(page.say("coverage_lead"))]
    groups: list[list[Outcome]] = []
    for outcome, states in page.states.items():
        same = next((g for g in groups if page.states[g[0]].equals(states)), None)
        if same is None:
            groups.append([outcome])
        else:
            same.append(outcome)
    return [*items, *(_map(page, group) for group in groups), *_late(page), *_doubts(page)]


def _map(page: PanelPage, group: list[Outcome]) -> Figure:
    outcome = group[0]
    states, covered = page.states[outcome], page.covers[outcome]
    whole = states.isin([State.USABLE.value, State.NO_UNIT.value]).all(axis=1)
    shown = states
    if len(states) > DRAWN:
        shown = pd.concat([states[~whole], states[whole]]).head(DRAWN).sort_index()
    starts = page.panels[outcome].frame.drop_duplicates("unit_id").set_index("unit_id")["treated_from"]
    present = set(shown.to_numpy().ravel())
    labels = {s.value: page.say(f"state_{s}") for s in State if s.value in present} | {"start": page.say("state_start")}
    names = page.join(page.outcome(o) for o in group)
    counts = page.join(
        page.say("panels_rest_item", reason=page.say(f"state_{s}"), n=number(covered.counts[s])) for s in State if covered.counts[s]
    )
    left = page.say("map_left", n=number(len(states) - len(shown))) if len(shown) < len(states) else ""
    return page.figure(
        f"coverage-{str(outcome).replace('_', '-')}", page.say("map_caption", outcomes=names, units=number(int(whole.sum())), all=number(len(states))),
        page.say("map_alt", outcomes=names, list=counts),
        panel_figures.coverage_map(
            shown, [cut(page.short_unit(str(u)), NAME) for u in shown.index], [None if pd.isna(s) else s for s in starts.reindex(shown.index)], labels, page.stamp
        ),
        page.say("map_note", list=counts) + left,
    )


def _late(page: PanelPage) -> list[Item]:
    """Units whose record begins too late, by outcome."""
    rows = []
    for outcome, panel in page.panels.items():
        table = page.quality[outcome].coverage
        starts = panel.frame.drop_duplicates("unit_id").set_index("unit_id")["treated_from"]
        for unit, first in table.loc[table["blocked"].astype(bool), ["unit_id", "first_live"]].itertuples(index=False, name=None):
            rows.append([page.outcome(outcome), page.unit(str(unit)), page.month(starts[unit]), DASH if pd.isna(first) else page.month(pd.Timestamp(first))])
    if not rows:
        return [page.prose(page.say("late_none"))]
    return [page.table(
        "late", page.say("late_caption", n=number(len(rows))), page.header("col_outcome", "col_unit", "late_start", "late_first"), rows, align="llll",
        widths=(22, 34, 22, 22), note=page.say("late_note"),
    )]


def _doubts(page: PanelPage) -> list[Item]:
    """What the registers of units and the record of sources leave in doubt; what several panels say alike stands once."""
    found = dict.fromkeys(
        (str(row.problem), str(row.place), "" if pd.isna(row.unit_id) else str(row.unit_id), _days(row.valid_from, row.valid_to))
        for panel in page.panels.values() for row in rows_of(panel.problems)
    )
    if not found:
        return []
    kinds = {str(kind) for kind in DataKind}
    rows = [
        [page.say(f"doubt_{what}"), page.log_name(place) if place in kinds else page.own(cut(place, NAME)), page.unit(unit) if unit else DASH, when or DASH]
        for what, place, unit, when in list(found)[:SHOWN]
    ]
    return [page.table(
        "doubts", page.say("problems_of_units_caption", n=number(len(found))),
        page.header("problems_of_units_what", "problems_of_units_place", "col_unit", "problems_of_units_when"), rows, align="llll", widths=(36, 22, 20, 22),
        note=page.say("problems_of_units_note", all=number(len(found)), shown=len(rows)),
    )]


def _days(begin: object, end: object) -> str:
    """First day and first day after; open ends left out."""
    shown = ["" if pd.isna(day) or str(day)[:4] in OPEN_YEARS else str(day)[:10] for day in (begin, end)]  # type: ignore[call-overload]
    return "–".join(shown) if any(shown) else ""


# ---------------------------------------------------------------- what stands out


def irregularities(page: PanelPage) -> list[Item]:
    """Sudden breaks, outliers, small denominators, places without a unit, and how persons were told apart."""
    if not page.panels:
        return []
    breaks = sum(len(q.breaks) for q in page.quality.values())
    outliers = sum(len(q.outliers) for q in page.quality.values())
    unplaced = sum(q.nowhere for q in page.quality.values())
    title = page.say("irregular_heading", breaks=number(breaks), outliers=number(outliers), unplaced=number(unplaced))
    return [heading(title), page.prose(page.say("irregular_lead")), *_breaks(page), *_outliers(page), *_small(page), *_placing(page), *_unplaced(page), *_tiers(page)]


def _breaks(page: PanelPage) -> list[Item]:
    found = [(o, row) for o, q in page.quality.items() for row in rows_of(q.breaks)]
    if not found:
        return [page.prose(page.say("breaks_none"))]
    found.sort(key=lambda f: -f[1].distance)
    rows = [
        [
            page.outcome(outcome), page.unit(str(row.unit_id)), page.month(row.month), page.digits(row.before), page.digits(row.after),
            page.say("dated_yes" if row.dated else "dated_no"),
        ]
        for outcome, row in found[:SHOWN]
    ]
    return [page.table(
        "breaks", page.say("breaks_caption", n=number(len(found))),
        page.header("col_outcome", "col_unit", "col_month", "breaks_before", "breaks_after", "breaks_dated"), rows, align="lllrrl",
        widths=(18, 28, 16, 12, 12, 14), note=page.say("breaks_note", shown=len(rows), all=number(len(found))),
    )]


def _outliers(page: PanelPage) -> list[Item]:
    found = [(o, row) for o, q in page.quality.items() for row in rows_of(q.outliers) if pd.notna(row.value)]
    if not found:
        return [page.prose(page.say("outliers_none"))]
    found.sort(key=lambda f: -f[1].distance)
    rows = [
        [page.outcome(o), page.unit(str(row.unit_id)), page.month(row.month), page.rate(row.value, o), page.rate(row.median, o)] for o, row in found[:SHOWN]
    ]
    table = page.table(
        "outliers", page.say("outliers_caption", n=number(len(found))), page.header("col_outcome", "col_unit", "col_month", "outliers_value", "outliers_median"),
        rows, align="lllrr", widths=(18, 30, 16, 18, 18), note=page.say("outliers_note", shown=len(rows), all=number(len(found))),
    )
    persons = [[None, None, None, _persons(page, o, str(row.unit_id), row.month), None] for o, row in found[:SHOWN]]
    return [page.of_persons(table, persons) if any(row[3] is not None for row in persons) else table]


def _persons(page: PanelPage, outcome: Outcome, unit: str, month: pd.Timestamp) -> int | None:
    """Persons behind the rate of a unit and month; None where it counts something else."""
    if outcome is not Outcome.YOUTH_PARTICIPATION:
        return None
    frame = page.panels[outcome].frame
    found = frame.loc[(frame["unit_id"] == unit) & (frame["month"] == month), "numerator"].dropna()
    return round(float(found.iloc[0])) if len(found) else None


def _small(page: PanelPage) -> list[Item]:
    found = [(o, row) for o, q in page.quality.items() for row in rows_of(q.small_denominators)]
    if not found:
        return [page.prose(page.say("small_none"))]
    found.sort(key=lambda f: f[1].smallest)
    rows = [[page.outcome(o), page.unit(str(row.unit_id)), number(int(row.months)), number(round(row.smallest))] for o, row in found[:SHOWN]]
    return [page.table(
        "small", page.say("small_caption", n=number(len(found))), page.header("col_outcome", "col_unit", "small_months", "small_smallest"), rows,
        align="llrr", widths=(24, 40, 16, 20), note=page.say("small_note", shown=len(rows), all=number(len(found))),
    )]


def _placing(page: PanelPage) -> list[Item]:
    """Of every source how many events were to be placed, and how many could not be."""
    kinds = {log.kind for log in page.logs.values()}
    sources = {o: page.join(page.say(f"kind_{k}") for k in DataKind if k in kinds & LOGS & RECORDED_IN[o]) for o in page.panels}
    rows = [
        [sources[o], page.outcome(o), number(q.to_place), number(q.nowhere), percent_of(q.nowhere, q.to_place)]
        for o, q in page.quality.items() if sources[o] and q.to_place
    ]
    if not rows:
        return []
    return [page.table(
        "placing", page.say("placing_caption"), page.header("col_log", "col_outcome", "placing_asked", "placing_nowhere", "col_share"), rows, align="llrrr",
        widths=(26, 26, 18, 16, 14), note=page.say("placing_note"),
    )]


def _unplaced(page: PanelPage) -> list[Item]:
    rows = []
    for outcome, quality in page.quality.items():
        for place, events, share in quality.unplaced.head(PLACES)[["place", "events", "share"]].itertuples(index=False, name=None):
            rows.append([page.outcome(outcome), page.own(cut(str(place), NAME)) if place else page.say("place_blank"), number(int(events)), _percent(share)])
        if (rest := quality.unplaced.iloc[PLACES:]).size:
            rows.append([
                page.outcome(outcome), page.say("place_rest", n=number(len(rest))), number(int(rest["events"].sum())), _percent(float(rest["share"].sum()))
            ])
    if not rows:
        return [page.prose(page.say("unplaced_none"))]
    return [page.table(
        "unplaced", page.say("unplaced_caption"), page.header("col_outcome", "unplaced_place", "unplaced_events", "col_share"), rows, align="llrr",
        widths=(22, 44, 17, 17), note=page.say("unplaced_note"),
    )]


def _percent(share: float) -> str:
    """A share in percent, one digit behind the point; what rounding would hide is said to be less."""
    return DASH if pd.isna(share) else "< 0.1" if 0 < share < 0.05 else f"{share:.1f}"


def _tiers(page: PanelPage) -> list[Item]:
    """How persons were told apart, by month."""
    found = next((q.tiers for q in page.quality.values() if len(q.tiers)), None)
    if found is None or found["share"].isna().all():
        return []
    shares = found.pivot(index="month", columns="tier", values="share")
    shares = shares.reindex(pd.date_range(shares.index.min(), shares.index.max(), freq="MS")).reindex(columns=list(TIERS))
    totals = found.groupby("tier")["person_times"].sum()
    known = shares.dropna(how="all")
    halves = known.iloc[: len(known) // 2].mean(), known.iloc[len(known) // 2 :].mean()
    moved = str((halves[1] - halves[0]).abs().idxmax()) if len(known) > 1 else None
    parts = page.join(page.say("tier_item", name=page.say(f"tier_{t}"), share=_percent(100 * totals.get(t, 0) / totals.sum())) for t in TIERS)
    sentence = "" if moved is None else page.say(
        "tiers_moved", name=page.say(f"tier_{moved}"), before=_percent(halves[0][moved]), after=_percent(halves[1][moved])
    )
    figure = page.figure(
        "tiers", page.say("tiers_caption"), page.say("tiers_alt", list=parts),
        panel_figures.tier_shares(shares, {t: page.say(f"tier_{t}") for t in TIERS}, page.say("tiers_axis"), page.stamp), page.say("tiers_note"),
    )
    return [page.prose(escape(page.say("tiers_lead", list=parts)), sentence), figure]

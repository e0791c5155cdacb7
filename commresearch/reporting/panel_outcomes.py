"""One section per outcome: what is counted, what was left out, the rate over months, and what must stand beside it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from commresearch.outcomes.complaints import NOT_FOLDED
from commresearch.outcomes.context import TOLD_BESIDE
from commresearch.reporting import panel_figures
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.disclosure_groups import Group
from commresearch.reporting.disclosure_rules import hides, is_small
from commresearch.reporting.disclosure_tables import Counted
from commresearch.reporting.display import Figure, Item, heading
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_tables import Pooled, monthly, pooled, rows_of, type_shift, years_of
from commresearch.terms import Language, Outcome, Unit
from commresearch.words import number, say
from commresearch.words.precision import percent_of, signed

COUNTED = "counted"
HEADLINE = "headline"
OF_PERSONS = frozenset({Outcome.YOUTH_PARTICIPATION})  #: outcomes whose numerators are persons; those of others are events, hours and areas
#: measures that stand side by side by year: other ways of counting the same thing
VARIANTS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.COMPLAINT_RATE: (
        HEADLINE, "contacts_per_1000_households", "folded_share", "caller_known_share", "cases_with_help_per_1000_households",
        "cases_without_labelled_per_1000_households", "cases_per_10000_residents",
    ),
    Outcome.YOUTH_PARTICIPATION: (
        HEADLINE, "rate_lower", "rate_upper", "age_unclear_share", "residence_unknown_share", "persons", "persons_under_35", "persons_15_34", "persons_18_35",
    ),
    Outcome.SPACE_USE: (HEADLINE, "rate_lower", "rate_upper", "entries_without_room", "use_of_open_hours", "booking_rate", "use_weighted_by_area", "use_of_reference_hours_all_rooms"),
    Outcome.AREA_IN_USE: (HEADLINE, "area_in_use_with_tenancies", "tenancy_share_of_area"),
}
#: what else stands beside an outcome, over all months
COMPANIONS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.COMPLAINT_RATE: (
        "cases", "contacts", "callers", "cases_with_help", "cases_without_labelled", "resolved_share", "satisfied_share", "closed_in_time_share", "open_share",
        "median_hours_to_close", "p90_hours_to_close",
    ),
    Outcome.YOUTH_PARTICIPATION: (
        "persons", "person_times_in_band", "rate_quarter", "persons_quarter", "rate_year", "persons_year", "new_persons", "returning_persons", "repeat_rate",
        "share_of_most_active_tenth", "serving", "non_residents", "residence_unknown", "children", "person_times",
    ),
    Outcome.SPACE_USE: (
        "used_hours", "used_hours_outside_reference", "double_booked_hours", "used_m2_hours", "visits", "visits_per_100_m2", "use_of_open_hours_all_rooms",
        "booking_rate_all_rooms", "tenancy_use_of_reference_hours", "rooms_without_area",
    ),
    Outcome.AREA_IN_USE: ("rooms_without_area",),
}


def outcome(page: PanelPage, name: str) -> list[Item]:
    """One outcome; nothing where the case has no panel of it."""
    wanted = Outcome(name)
    if wanted not in page.panels:
        return []
    table = _shown_months(page, wanted)
    known = table["rate"].dropna()
    title = page.say("outcome_heading_none", outcome=page.outcome(wanted))
    if len(known):
        low, high = page.digits(float(known.min())), page.digits(float(known.max()))
        title = page.say(f"heading_same_{wanted}", low=low, months=len(known)) if low == high else page.say(f"heading_{wanted}", low=low, high=high, months=len(known))
    items: list[Item] = [heading(title), page.prose(page.say("definition", text=page.panels[wanted].definition.sentence(page.language)))]
    if known.empty and monthly(page.panels[wanted])["rate"].notna().any():
        items.append(page.prose(say("release.months_hidden", page.language, least=page.release.threshold)))
    if NOT_FOLDED in set(page.panels[wanted].account["rule"]):
        items.append(page.prose(page.say("not_folded")))
    if len(known):
        items.append(_figure(page, wanted))
    return [*items, *_account(page, wanted), *_variants(page, wanted), *_companions(page, wanted)]


# ---------------------------------------------------------------- the rate over months


def _shown_months(page: PanelPage, wanted: Outcome) -> pd.DataFrame:
    """The rate by month; months in which too few persons were counted are left out of the public edition."""
    table = monthly(page.panels[wanted])
    if wanted in OF_PERSONS and hides(page.release):
        few = [pd.notna(n) and is_small(round(n), page.release) for n in table["numerator"]]
        table.loc[few, ["rate", "low", "median", "high"]] = math.nan
    return table


def _drawn_persons(page: PanelPage, wanted: Outcome) -> list[Counted]:
    """Persons of every month, all units together."""
    table = monthly(page.panels[wanted])
    if wanted not in OF_PERSONS:
        return []
    told = _shown_months(page, wanted)["rate"].notna()
    return [
        Counted(
            group=Group(population=f"{wanted}:{page.state}", period=frozenset({f"{month:%Y-%m}"}), adds_up=False), count=round(n), hidden=not is_told,
            place=f"{wanted} · {month:%Y-%m}",
        )
        for month, n, is_told in zip(table["month"], table["numerator"], told, strict=True) if pd.notna(n)
    ]


def _figure(page: PanelPage, wanted: Outcome) -> Figure:
    table = _shown_months(page, wanted)
    known = table[table["rate"].notna()]
    marks = _marks(page, wanted)
    words = {key: page.say(f"figure_{key}") for key in ("total", "median", "band", "hollow")} | {"axis": page.say(f"axis_{wanted}")}
    lines = page.join(page.say("figure_alt_item", month=page.month(row.month), rate=page.digits(row.rate)) for row in _corners(known))
    return page.figure(
        str(wanted).replace("_", "-"), page.say("figure_caption", outcome=capital(page.outcome(wanted)), axis=page.say(f"axis_{wanted}"), period=page.span(list(table["month"]))),
        page.say("figure_alt", outcome=page.outcome(wanted), list=lines),
        panel_figures.rate_over_months(table, wanted, marks, words, page.stamp), _figure_note(page, wanted), _drawn_persons(page, wanted),
    )


def _corners(known: pd.DataFrame) -> list[Any]:
    """The first, lowest, highest and last month, in order, each once."""
    rows = known.reset_index(drop=True)
    places = sorted({0, int(rows["rate"].argmin()), int(rows["rate"].argmax()), len(rows) - 1})
    return rows_of(rows.iloc[places])


def _marks(page: PanelPage, wanted: Outcome) -> list[tuple[pd.Timestamp, str, str]]:
    """Changes of recording, numbered, and starts of the pilot with the number of units that start."""
    frame = page.panels[wanted].frame
    starts = frame.drop_duplicates("unit_id")["treated_from"].dropna().value_counts().sort_index()
    months = set(frame["month"])
    breaks = [(row.month, "break", page.say("mark_break", n=i)) for i, row in enumerate(rows_of(page.breaks(wanted)), start=1)]
    return [*breaks, *((month, "start", page.say("mark_start", n=n)) for month, n in starts.items() if month in months)]


def _figure_note(page: PanelPage, wanted: Outcome) -> str:
    table = _shown_months(page, wanted)
    frame = page.panels[wanted].frame
    known = table[table["rate"].notna()]
    partial = int((frame["partial_month"].astype(bool) & frame["value"].notna()).sum())
    provisional = table.loc[table["provisional"] & table["rate"].notna(), "month"]
    gaps = len(table) - len(known)
    breaks = page.breaks(wanted)
    listed = [
        page.say("note_break_item", n=i, month=page.month(row.month), note=page.note(row.note)) if row.units is None else
        page.say("note_break_units", n=i, month=page.month(row.month), note=page.note(row.note), units=number(row.units))
        for i, row in enumerate(rows_of(breaks), start=1)
    ]
    low, high = int(known["units"].min()), int(known["units"].max())
    sentences = [
        page.say("note_sums"), page.say("note_units", range=number(low) if low == high else page.say("from_to", low=number(low), high=number(high))),
        page.say("note_partial", n=number(partial)) if partial else "",
        page.say("note_provisional", month=page.month(provisional.min())) if len(provisional) else "",
        page.say("note_gaps", n=gaps) if gaps else "", page.say("note_breaks", list=page.say("semicolon").join(listed)) if listed else "",
        page.say("note_starts") if any(kind == "start" for _, kind, _ in _marks(page, wanted)) else "",
    ]
    return ("" if page.language is Language.ZH else " ").join(s for s in sentences if s)


# ---------------------------------------------------------------- what was left out


def _account(page: PanelPage, wanted: Outcome) -> list[Item]:
    """What became of every event; lines that tell of events which another line counts stand last, and are no part of the sum."""
    account = page.panels[wanted].account
    if account.empty:
        return []
    beside = account["rule"].isin(TOLD_BESIDE)
    total = int(account.loc[~beside, "events"].sum())
    lines = pd.concat([account[~beside], account[beside]])
    rows = [
        [page.say("account_counted") if rule == COUNTED else page.rule(str(rule)), number(int(n)), percent_of(int(n), total)]
        for rule, n in lines[["rule", "events"]].itertuples(index=False, name=None)
    ]
    rows = [[page.say(f"account_read_{wanted}"), number(total), percent_of(total, total)], *rows]
    counted = int(account.loc[account["rule"] == COUNTED, "events"].sum())
    return [page.table(
        f"account-{str(wanted).replace('_', '-')}", page.say(f"account_caption_{wanted}", total=number(total), counted=number(counted)),
        page.header("account_item", "account_rows", "col_share"), rows, align="lrr", widths=(64, 18, 18), note=page.say(f"account_note_{wanted}"),
    )]


# ---------------------------------------------------------------- what stands beside


def _variants(page: PanelPage, wanted: Outcome) -> list[Item]:
    """Other ways of counting the same thing, side by side by year."""
    panel = page.panels[wanted]
    years = years_of(panel)
    rows, persons = [], []
    for measure in VARIANTS[wanted]:
        found = [pooled(panel, measure, year) for year in years]
        if any(found):
            persons.append([None, *(_persons(wanted, p) for p in found)])
            rows.append([_measure_name(page, wanted, measure, next(p for p in found if p)), *(_value(page, p) for p in found)])
    if not rows:
        return []
    width = 52 // len(years)
    table = page.table(
        f"variants-{str(wanted).replace('_', '-')}", page.say(f"variants_caption_{wanted}"),
        [page.say("col_measure"), *(_year(page, wanted, year) for year in years)], rows, align="l" + "r" * len(years),
        widths=(100 - width * len(years), *[width] * len(years)), note=page.say(f"variants_note_{wanted}"),
    )
    return [page.of_persons(table, persons) if _of_persons(persons) else table, *_shift(page, wanted)]


def _persons(wanted: Outcome, found: Pooled | None) -> int | None:
    """Persons that a measure was counted from, in all units and months together; None where it counts events, rooms or hours."""
    if found is None or not math.isfinite(found.numerator) or not (wanted in OF_PERSONS or found.unit is Unit.PERSONS):
        return None
    return round(found.numerator)


def _of_persons(persons: Sequence[Sequence[int | None]]) -> bool:
    return any(n is not None for row in persons for n in row)


def _shift(page: PanelPage, wanted: Outcome) -> list[Item]:
    """How complaints changed with and without requests for help: where the two part, types may have been recorded otherwise."""
    shift = type_shift(page.panels[wanted]) if wanted is Outcome.COMPLAINT_RATE else None
    if shift is None:
        return []
    told = page.text("shift", first=shift.first, last=shift.last, change=signed(shift.change, 1), with_help=signed(shift.with_help, 1), gap=f"{shift.gap:.1f}")
    return [page.prose(told, page.say("shift_flagged" if shift.is_flagged else "shift_small"))]


def _year(page: PanelPage, wanted: Outcome, year: int) -> str:
    """A year as a column head, with its months where it is not whole."""
    months = sorted({m.month for m in page.panels[wanted].frame["month"] if m.year == year})
    return page.say("year_whole", year=year) if len(months) == 12 else page.say("year_part", year=year, first=months[0], last=months[-1])


def _measure_name(page: PanelPage, wanted: Outcome, measure: str, found: Pooled) -> str:
    if measure == HEADLINE:
        return page.say("measure_headline", outcome=page.outcome(wanted))
    return page.say("per_unit_and_month", name=page.measure(measure)) if found.how == "mean" else page.measure(measure)


def _value(page: PanelPage, found: Pooled | None) -> str:
    return DASH if found is None else page.amount(found.value, found.unit)


def _companions(page: PanelPage, wanted: Outcome) -> list[Item]:
    """Everything else that stands beside the outcome, over all months in which it is known."""
    panel = page.panels[wanted]
    found = [p for measure in COMPANIONS[wanted] if (p := pooled(panel, measure)) is not None]
    if not found:
        return []
    rows = [
        [page.measure(p.measure), page.say(f"how_{p.how}"), page.amount(p.value, p.unit), *_parts(p), page.plain(p.median), number(p.n)] for p in found
    ]
    table = page.table(
        f"companions-{str(wanted).replace('_', '-')}", page.say("companions_caption", outcome=page.outcome(wanted)),
        page.header("col_measure", "companions_how", "companions_value", "companions_numerator", "companions_denominator", "companions_median", "companions_n"),
        rows, align="llrrrrr", widths=(28, 9, 20, 12, 14, 10, 7), note=page.say("companions_note"),
    )
    counts = [_persons(wanted, p) for p in found]
    persons = [[None, None, n, n if p.how == "ratio" else None, None, n, None] for p, n in zip(found, counts, strict=True)]
    return [page.of_persons(table, persons) if _of_persons(persons) else table]


def _parts(found: Pooled) -> list[str]:
    if found.how != "ratio":
        return [DASH, DASH]
    return [number(round(v)) if math.isfinite(v) else DASH for v in (found.numerator, found.denominator)]

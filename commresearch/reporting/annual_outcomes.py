"""The figures of the year, outcome by outcome: the year against the one before, its quarters, and what changed in recording or definition."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from commresearch.reporting import panel_figures
from commresearch.reporting.annual_page import AnnualPage, is_of_persons
from commresearch.reporting.annual_runs import definition_notes
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Figure, Item, Table, bullets, callout, heading
from commresearch.reporting.panel_tables import monthly, rows_of
from commresearch.terms import Outcome
from commresearch.words import number
from commresearch.workflow.year_figures import Amount, Comparison, How, Why, YearFigure, breaks_between

QUARTERS = range(1, 5)


def outcomes(page: AnnualPage) -> list[Item]:
    """Every outcome that was recorded in the year."""
    items: list[Item] = [heading(page.say("outcomes_heading"), 2), page.prose(page.text("outcomes_lead", year=page.year, last=page.year - 1))]
    for outcome, found in page.figures.items():
        items += [heading(capital(page.outcome(outcome)), 3), *_change_notes(page, outcome, found), _drawing(page, outcome), _year_table(page, outcome, found), _quarter_table(page, outcome, found)]
    return items


# ---------------------------------------------------------------- changes of recording and definition


def _change_notes(page: AnnualPage, outcome: Outcome, found: Sequence[YearFigure]) -> list[Item]:
    """A box where recording or the definition changed; what is comparable all the same stands in it."""
    lines = [_break_line(page, row) for row in rows_of(breaks_between(page.panels[outcome], page.year))]
    if lines:
        lines += [line for figure in found if (line := _alike_line(page, figure))]
    lines += definition_notes(page, outcome)
    return [callout(page.say("changes_title"), bullets(lines).text, "important")] if lines else []


def _break_line(page: AnnualPage, row: object) -> str:
    month, note, units = (getattr(row, name) for name in ("month", "note", "units"))
    told = {"month": page.panels_page.month(month), "note": page.panels_page.note(note)}
    return page.text("break_line", **told) if units is None else page.text("break_units", **told, units=number(units))


def _alike_line(page: AnnualPage, figure: YearFigure) -> str:
    """The months on this side of a change against the same ones of the year before; nothing where the comparison is given or nothing is alike."""
    compared = figure.year_on_year
    if compared.why is not Why.BREAK or compared.later is None or compared.earlier is None or not compared.earlier.value:
        return ""
    later, earlier = compared.later, compared.earlier
    change = later.value - earlier.value if figure.unit == compared.unit else 100 * (later.value / earlier.value - 1)
    shown = page.change(_given(figure, change))
    return page.text(
        "alike_line", measure=page.measure(figure), months=page.months_within(later.months), later=page.value(figure, later.value), earlier=page.value(figure, earlier.value), change=shown,
    )


def _given(figure: YearFigure, change: float) -> Comparison:
    return replace(figure.year_on_year, change=change, why=None)


# ---------------------------------------------------------------- the drawing


def _drawing(page: AnnualPage, outcome: Outcome) -> Figure:
    """The rate by month in this year and the one before, with dated changes of recording and starts."""
    table = monthly(page.panels[outcome])
    table = table[table["month"].dt.year.isin((page.year - 1, page.year))].reset_index(drop=True)
    marks = _marks(page, outcome, set(table["month"]))
    words = {key: page.panels_page.say(f"figure_{key}") for key in ("total", "median", "band", "hollow")} | {"axis": page.panels_page.say(f"axis_{outcome}")}
    known = table[table["rate"].notna()]
    told = page.join(page.say("alt_item", month=page.panels_page.month(row.month), rate=page.panels_page.digits(row.rate)) for row in rows_of(known.iloc[[0, -1]]))
    return page.figure(
        f"months-{str(outcome).replace('_', '-')}",
        page.say("figure_caption", outcome=capital(page.outcome(outcome)), axis=page.panels_page.say(f"axis_{outcome}"), period=page.panels_page.span(list(table["month"]))),
        page.say("figure_alt", outcome=page.outcome(outcome), list=told), panel_figures.rate_over_months(table, outcome, marks, words, page.stamp), _figure_note(page, marks),
    )


def _marks(page: AnnualPage, outcome: Outcome, months: set[pd.Timestamp]) -> list[tuple[pd.Timestamp, str, str]]:
    starts = page.panels[outcome].frame.drop_duplicates("unit_id")["treated_from"].dropna().value_counts().sort_index()
    breaks = [(row.month, "break", page.say("mark_break")) for row in rows_of(breaks_between(page.panels[outcome], page.year)) if row.month in months]
    return [*breaks, *((month, "start", page.panels_page.say("mark_start", n=n)) for month, n in starts.items() if month in months)]


def _figure_note(page: AnnualPage, marks: Sequence[tuple[pd.Timestamp, str, str]]) -> str:
    kinds = {kind for _, kind, _ in marks}
    parts = [page.panels_page.say("note_sums"), page.say("note_break") if "break" in kinds else "", page.panels_page.say("note_starts") if "start" in kinds else ""]
    return page.prose(*parts).text


# ---------------------------------------------------------------- tables


def _year_table(page: AnnualPage, outcome: Outcome, found: Sequence[YearFigure]) -> Table:
    """The year, the same months of the year before, and the change; what is not alike is left out of both sides, and said."""
    rows, persons = [], []
    for figure in found:
        now, compared = figure.current, figure.year_on_year
        earlier = compared.earlier if compared.is_given else None
        rows.append([page.measure(figure), _cell(page, figure, now), _cell(page, figure, earlier), page.change(compared)])
        persons.append([None, _persons(figure, now), _persons(figure, earlier), None])
    heads = [page.say("col_measure"), page.say("col_now"), page.say("col_before"), page.say("col_year_on_year")]
    table = page.table(
        f"year-{str(outcome).replace('_', '-')}", page.say("year_caption", outcome=capital(page.outcome(outcome)), period=page.span), heads, rows, align="lrrr", widths=(42, 18, 16, 24),
        note=_year_note(page, found),
    )
    return page.of_persons(table, persons) if any(map(is_of_persons, found)) else table


def _cell(page: AnnualPage, figure: YearFigure, amount: Amount | None) -> str:
    return DASH if amount is None else page.value(figure, amount.value)


def _persons(figure: YearFigure, amount: Amount | None) -> int | None:
    """How many persons stand behind a cell."""
    return round(amount.numerator) if amount is not None and is_of_persons(figure) else None


def _year_note(page: AnnualPage, found: Sequence[YearFigure]) -> str:
    """What the figures are of; where only a part is alike, what that part says."""
    parts = [page.say("year_note" if page.is_whole_year else "year_note_part", period=page.span)]
    if any(figure.how is How.STOCK for figure in found):
        parts.append(page.say("stock_note"))
    if any(map(is_of_persons, found)):
        parts.append(page.say("persons_note" if page.is_whole_year else "persons_note_part"))
    for figure in found:
        compared = figure.year_on_year
        if compared.is_given and not compared.is_whole and compared.later is not None:
            parts.append(page.say("part_note", measure=page.measure(figure), units=number(compared.later.units), later=page.value(figure, compared.later.value)))
        elif compared.why is Why.TOO_FEW and compared.later is not None and compared.earlier is not None:
            parts.append(page.say(
                "few_note", measure=page.measure(figure), months=page.months_within(compared.later.months), later=page.value(figure, compared.later.value),
                earlier=page.value(figure, compared.earlier.value),
            ))
    return page.prose(*parts).text


def _quarter_table(page: AnnualPage, outcome: Outcome, found: Sequence[YearFigure]) -> Item:
    """The quarters that were recorded as a whole, the sum up to the last month, and the last quarter against the one before."""
    shown = [figure for figure in found if figure.quarters]
    if not shown:
        return page.prose(page.say("quarters_none"))
    rows, persons = [], []
    for figure in shown:
        to_date = figure.current if figure.how is not How.STOCK else None
        rows.append([page.measure(figure), *(_cell(page, figure, figure.quarters.get(q)) for q in QUARTERS), _cell(page, figure, to_date), page.change(figure.quarter_on_quarter)])
        persons.append([None, *(_persons(figure, figure.quarters.get(q)) for q in QUARTERS), _persons(figure, to_date), None])
    last = max(q for figure in shown for q in figure.quarters)
    table = page.table(
        f"quarters-{str(outcome).replace('_', '-')}", page.say("quarters_caption", outcome=capital(page.outcome(outcome)), year=page.year),
        [page.say("col_measure"), *(page.say("quarter", n=q) for q in QUARTERS), page.say("col_to_date"), page.say("col_quarter_on_quarter")],
        rows, align="l" + "r" * 6, widths=(31, 10, 10, 10, 10, 10, 19), note=_quarter_note(page, shown, last),
    )
    return page.of_persons(table, persons) if any(map(is_of_persons, shown)) else table


def _quarter_note(page: AnnualPage, shown: Sequence[YearFigure], last: int) -> str:
    parts = [page.say("quarters_note", last=page.say("quarter", n=last), months=page.months_within(page.months))]
    if any(figure.how in {How.RATIO, How.PERSON_RATE} for figure in shown):
        parts.append(page.say("to_date_rates_note"))
    return page.prose(*parts).text

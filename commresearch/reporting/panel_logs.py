"""The logs received: rows read, set aside by rule and left, months without rows; in the appendix how cells and headers were read."""

import re

import pandas as pd

from commresearch.cleaning.clean_table import ROWS_READ
from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes.build import RECORDED_IN
from commresearch.outcomes.ledgers import LEDGER_WITHOUT_ROWS, ledger_name
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Table, heading
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.stamped_page import cut
from commresearch.terms import DataKind
from commresearch.words import number
from commresearch.words.precision import percent_of
from commresearch.workflow.registers import field_name

ROWS_OUT = "rows_out"
EMPTY_MONTH = "month_without_rows"
SHOWN = 16  #: ways of reading cells that are listed
FILES = 2  #: names of files in a cell
EXAMPLE = 18  #: half-width cells of each half of an example
KEYS = frozenset({"person_key", "caller_key", "booker_key"})  #: columns that cleaning makes of identifiers
UNSAFE = frozenset({"dropped_identifier", "pseudonymised"})  #: rules that speak of identifiers: no example is shown


def received(page: PanelPage) -> list[Item]:
    """Every log and register: rows read, set aside by rule and left, months without rows."""
    read, left = (sum(log.rows(rule) for log in page.logs.values()) for rule in (ROWS_READ, ROWS_OUT))
    title = page.say("received_heading", logs=number(len(page.logs)), rows=number(read), left=number(left), gone=number(read - left))
    return [heading(title), page.prose(page.say("received_lead", prefix=page.prefix)), _logs(page), *_aside(page), *_months(page)]


def readings(page: PanelPage) -> list[Item]:
    """Appendix: cells that were read otherwise than as they stand, and what headers were taken for."""
    return [heading(page.say("readings_heading")), *_readings(page), _headers(page)]


def _logs(page: PanelPage) -> Table:
    rows = []
    for name, log in page.logs.items():
        files = list(log.provenance.get("files", {}))
        shown = page.join(page.own(cut(file, 40)) for file in files[:FILES]) if files else DASH
        shown = page.say("and_more_files", list=shown, n=len(files)) if len(files) > FILES else shown
        read, left = log.rows(ROWS_READ), log.rows(ROWS_OUT)
        rows.append([page.log_name(name), shown, number(read), number(read - left), number(left)])
    return page.table(
        "logs", page.say("logs_caption"), page.header("col_log", "logs_files", "logs_read", "logs_aside", "logs_left"), rows, align="llrrr",
        widths=(18, 46, 12, 12, 12), note=page.say("logs_note"),
    )


def _aside(page: PanelPage) -> list[Item]:
    rows = [
        [page.log_name(name), page.reason(str(rule)), number(int(n)), percent_of(int(n), log.rows(ROWS_READ))]
        for name, log in page.logs.items()
        for rule, n in log.account[["rule", "rows"]].itertuples(index=False, name=None) if rule not in {ROWS_READ, ROWS_OUT}
    ]
    if not rows:
        return [page.prose(page.say("aside_none"))]
    return [page.table(
        "aside", page.say("aside_caption"), page.header("col_log", "col_rule", "col_rows", "col_share"), rows, align="llrr", widths=(20, 50, 15, 15),
        note=page.say("aside_note"),
    )]


def _readings(page: PanelPage) -> list[Item]:
    """How cells were read otherwise than as they stand, the most frequent first."""
    found = []
    for name, log in page.logs.items():
        aside = set(log.account["rule"])
        lines = log.log[~log.log["rule"].isin(aside) & (log.log["rule"] != "title_row") & (log.log["rule"] != "blank_row")]
        for (rule, variable), part in lines.groupby(["rule", "variable"], sort=False):
            found.append((int(part["count"].sum()), name, str(rule), str(variable), _example(page, str(rule), part)))
    if not found:
        return [page.prose(page.say("readings_none"))]
    found.sort(key=lambda f: (-f[0], f[1:4]))
    rows = [
        [page.log_name(name), _column(page, page.logs[name], variable), page.reason(rule), example, number(n)]
        for n, name, rule, variable, example in found[:SHOWN]
    ]
    return [page.table(
        "readings", page.say("readings_caption"), page.header("col_log", "readings_column", "readings_rule", "readings_example", "readings_cells"), rows,
        align="llllr", widths=(16, 16, 36, 22, 10), note=page.say("readings_note", shown=len(rows), all=len(found)),
    )]


def _example(page: PanelPage, rule: str, lines: pd.DataFrame) -> str:
    """Old → new of the first line that has both; a dash where identifiers are concerned or nothing is told."""
    told = lines[(lines["old"] != "") & (lines["new"] != "")]
    if rule in UNSAFE or told.empty:
        return DASH
    old, new = (re.sub(r" 00:00:00$", "", cut(str(told.iloc[0][end]), EXAMPLE)) for end in ("old", "new"))
    return page.say("example_change", old=page.own(page.say("quoted", text=old)), new=page.own(new))


def _column(page: PanelPage, log: EventTable, variable: str) -> str:
    """A column by its received header, or what a field is usually called."""
    headers = {str(m["field"]): str(m["header"]) for m in log.provenance.get("mapping", []) if m["field"]}
    if variable in KEYS:
        return page.say("column_key")
    return cut(page.own(headers.get(variable) or field_name(log.kind, variable, page.language)), EXAMPLE) if variable else DASH


def _months(page: PanelPage) -> list[Item]:
    """Months without a single row, and what became of them in the panels."""
    rows = []
    for name, log in page.logs.items():
        found = log.findings[log.findings["rule"] == EMPTY_MONTH]
        for n, examples in found[["rows", "examples"]].itertuples(index=False, name=None):
            listed = str(examples).replace("; ", page.join(["", ""]))
            rows.append([page.log_name(name), number(int(n)), listed, page.say(f"empty_{_became(page, log)}")])
    if not rows:
        return [page.prose(page.say("empty_months_none"))]
    return [page.table(
        "empty-months", page.say("empty_months_caption"), page.header("col_log", "empty_months_n", "empty_months_which", "empty_months_became"), rows,
        align="lrll", widths=(20, 12, 46, 22), note=page.say("empty_months_note"),
    )]


def _became(page: PanelPage, log: EventTable) -> str:
    """What the panels made of the months in which a log has no row: missing, part of a month, zero, or nothing, because no one said that they were recorded."""
    own = [outcome for outcome in page.panels if log.kind in RECORDED_IN[outcome]]
    problems = pd.concat([page.panels[outcome].problems for outcome in own]) if own else pd.DataFrame(columns=["problem", "place"])
    if ((problems["problem"] == EMPTY_MONTH) & (problems["place"] == str(log.kind))).any():
        return "missing"
    if ((problems["problem"] == LEDGER_WITHOUT_ROWS) & (problems["place"] == ledger_name(log))).any():
        return "part"
    coverage = page.frame(DataKind.COVERAGE)
    covered = coverage is not None and coverage["source"].astype("str").str.partition(":")[0].eq(str(log.kind)).any()
    return "zero" if covered and own else "not_covered"


def _taken_for(page: PanelPage, log: EventTable, header: str, field: str) -> str:
    """A header with what it was taken for, once where both are the same."""
    known = field_name(log.kind, field, page.language)
    return page.own(header) if header.lower().replace("_", " ") in {known, field.replace("_", " ")} else page.say("header_as", header=page.own(header), field=known)


def _headers(page: PanelPage) -> Table:
    """Per log which headers were taken for what, and which were left aside."""
    rows = []
    for name, log in page.logs.items():
        pairs = dict.fromkeys((str(m["header"]), str(m["field"])) for m in log.provenance.get("mapping", []))
        used = [_taken_for(page, log, header, field) for header, field in pairs if field]
        unused = [page.own(header) for header, field in pairs if not field]
        rows.append([page.log_name(name), page.join(used) or DASH, page.join(unused) or DASH])
    return page.table(
        "headers", page.say("headers_caption"), page.header("col_log", "headers_used", "headers_unused"), rows, align="lll", widths=(16, 64, 20),
        note=page.say("headers_note"),
    )

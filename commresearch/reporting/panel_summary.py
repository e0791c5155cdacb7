"""First screen and list of files of the report on panels: which outcomes, how much of them can be used, what limits them most."""

from commresearch.reporting.cells import capital
from commresearch.reporting.display import Item, Prose, Table, bullets, callout, heading
from commresearch.reporting.edition_marks import edition_line
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_tables import Cover, Problem, State, problems, worst
from commresearch.words import number
from commresearch.words.precision import percent_of
from commresearch.workflow.case_logs import ABOUT
from commresearch.workflow.case_panels import PANELS
from commresearch.workflow.clean_reports import LOGS

HASH = 8  #: characters of a hash that people compare
COLUMN = 84  #: share of the page for the columns of outcomes


def first_screen(page: PanelPage) -> list[Item]:
    """Which outcomes and months there are, how much can be used, the three gravest problems, and how far the page carries."""
    items: list[Item] = [callout(page.say("simulated_title"), page.say("simulated_body"), "important")] if page.is_simulated else []
    if not page.panels:
        return [*items, page.prose(page.say("lead_none")), _provenance(page)]
    return [*items, _lead(page), _panels(page), _problems(page), callout(page.say("carry_title"), page.say("carry_body"), "important"), _provenance(page)]


def _lead(page: PanelPage) -> Prose:
    months = sorted({m for panel in page.panels.values() for m in panel.frame["month"]})
    existed, usable = (sum(getattr(c, name) for c in page.covers.values()) for name in ("existed", "usable"))
    return page.prose(
        page.text(
            "lead", n=len(page.panels), list=page.join(page.outcome(o) for o in page.panels), period=page.span(months), months=len(months),
            units=number(max(c.units for c in page.covers.values())),
        ),
        page.text("lead_usable", share=percent_of(usable, existed), usable=number(usable), existed=number(existed)),
    )


def _panels(page: PanelPage) -> Table:
    covers = list(page.covers.items())
    rows = [
        [page.say("panels_share"), *(page.say("percent", n=percent_of(c.usable, c.existed)) for _, c in covers)],
        [
            page.say("panels_usable"),
            *(page.say("panels_usable_what", units=number(c.usable_units), all=number(c.units), usable=number(c.usable), existed=number(c.existed)) for _, c in covers),
        ],
        [page.say("panels_rest"), *(_rest(page, c) for _, c in covers)],
    ]
    width = COLUMN // len(covers)
    return page.table(
        "summary", page.say("panels_caption"), [page.say("panels_item"), *(capital(page.outcome(o)) for o, _ in covers)], rows, align="l" * (1 + len(covers)),
        widths=(100 - width * len(covers), *[width] * len(covers)), style="panels", note=page.say("panels_note"),
    )


def _rest(page: PanelPage, covered: Cover) -> str:
    """Unit-months that cannot be used, by reason."""
    parts = [
        page.say("panels_rest_item", reason=page.say(f"state_{state}"), n=number(covered.counts[state]))
        for state in (State.MISSING, State.BLOCKED, State.PARTIAL, State.WITHHELD, State.NO_BASE) if covered.counts[state]
    ]
    return page.join(parts) if parts else page.say("panels_rest_none")


def _problems(page: PanelPage) -> Prose:
    found: list[Problem] = []
    for outcome, panel in page.panels.items():
        found += problems(outcome, panel, page.quality[outcome], page.covers[outcome], page.breaks(outcome))
    kept = worst(found)
    if not kept:
        return callout(page.say("problems_none_title"), page.say("problems_none"), "note")
    body = bullets(_problem(page, p) for p in kept).text
    return callout(page.say("problems_title", n=len(kept)), body, "warning")


def _problem(page: PanelPage, problem: Problem) -> str:
    values = {
        "outcome": capital(page.outcome(problem.outcome)), "n": number(problem.n), "share": f"{problem.share:.1f}".removesuffix(".0"),
        "month": "" if problem.month is None else page.month(problem.month), "note": page.note(problem.note),
    }
    return page.text(f"problem_{problem.kind}", **values)


def _provenance(page: PanelPage) -> Prose:
    files = {file for log in page.logs.values() for file in log.provenance.get("files", {})}
    return page.prose(page.text("provenance", logs=number(len(page.logs)), files=number(len(files))), edition_line(page.release, page.language))


# ---------------------------------------------------------------- files


def files(page: PanelPage, version: str) -> list[Item]:
    """Where tables, logs and panels stand, and the hashes of the received files."""
    log, outcome = "/".join((LOGS, page.say("file_any"))), "/".join((PANELS, page.say("file_outcome")))
    written = [
        ("file_rows", f"{log}/part-*.parquet"), ("file_log", f"{log}/log.parquet"), ("file_account", f"{log}/account.parquet"),
        ("file_panel", f"{outcome}/frame.parquet"), ("file_companions", f"{outcome}/companions.parquet"), ("file_case", f"{LOGS}/{ABOUT}"),
    ]
    hashes = [
        [page.log_name(name), page.own(file), digest[:HASH]] for name, log in page.logs.items() for file, digest in log.provenance.get("files", {}).items()
    ]
    items: list[Item] = [
        heading(page.say("files_heading")),
        page.table(
            "written", page.say("files_caption"), page.header("files_what", "files_file"), [[page.say(what), file] for what, file in written], align="ll",
            widths=(56, 44),
        ),
    ]
    if hashes:
        items.append(page.table(
            "hashes", page.say("hashes_caption"), page.header("col_log", "files_file", "hashes_hash"), hashes, align="lll", widths=(24, 56, 20),
            note=page.say("hashes_note", version=version),
        ))
    return items

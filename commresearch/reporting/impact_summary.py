"""First screen of the report on impact and its table of effects: how much, how sure, how good the evidence, what could not be estimated."""

from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, Prose, Table, bullets, callout, escape, heading
from commresearch.reporting.edition_marks import edition_line
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record
from commresearch.words import entries

COLUMN = 84  #: share of the page for the columns of outcomes
MOST_COLUMNS = 6  #: outcomes side by side on the first screen


def first_screen(page: ImpactPage) -> list[Item]:
    """One sentence per outcome, the outcomes side by side, how far to trust it, where it comes from."""
    items: list[Item] = [callout(page.say("simulated_title"), page.say("simulated_body"), "important")] if page.is_simulated else []
    if not page.outcomes:
        return [*items, page.prose(page.say("lead_none")), _provenance(page)]
    return [*items, bullets(_sentence(page, entry) for entry in page.outcomes), _panels(page), trust(page), _provenance(page)]


def _sentence(page: ImpactPage, entry: Record) -> str:
    """What is said of an outcome: its own sentence, or that there is no estimate."""
    if entry["estimate"] is None:
        return page.text("sentence_refused", outcome=capital(page.outcome(entry)))
    return escape(page.both(entry["estimate"]["summary"]))


def _panels(page: ImpactPage) -> Table:
    shown = page.outcomes[:MOST_COLUMNS]
    rows = [[page.say(f"panels_{row}"), *(_panel(page, entry, row) for entry in shown)] for row in ("change", "interval", "grade", "compared")]
    width = COLUMN // len(shown)
    return page.table(
        "summary", page.say("panels_caption"), [page.say("panels_item"), *(capital(page.outcome(entry)) for entry in shown)], rows,
        align="l" * (1 + len(shown)), widths=(100 - width * len(shown), *[width] * len(shown)), style="panels", note=page.say("panels_note", level=page.level),
    )


def _panel(page: ImpactPage, entry: Record, row: str) -> str:
    if entry["estimate"] is None:
        return page.say("refused") if row == "change" else DASH
    effect, estimate = page.effect_of(entry), entry["estimate"]
    if row == "change":
        return page.short_change(effect)
    if row == "interval":
        return page.interval(effect)
    if row == "grade":
        return str(estimate["grade"] or DASH)
    design = estimate["design"]
    return page.say("panels_compared_none" if design["control"] == "none" else "panels_compared_what", treated=design["n_treated"], comparison=design["n_comparison"])


def trust(page: ImpactPage) -> Prose:
    """What the grade of each outcome allows to be said, and what lowered it; outcomes of which the same holds stand together."""
    if not page.estimated:
        return callout(page.say("trust_title"), page.say("trust_none"), "important")
    words = entries("grades")
    alike: dict[tuple[str, str], list[str]] = {}
    for entry in page.estimated:
        grading = page.both(entry["grading"]["text"]), words[entry["grading"]["grade"]][f"words_{page.language}"]
        alike.setdefault(grading, []).append(page.outcome(entry))
    lines = [page.text("trust_line", outcome=capital(page.join(names)), grading=text, words=allowed) for (text, allowed), names in alike.items()]
    return callout(page.say("trust_title"), bullets(lines).text, "important")


def _provenance(page: ImpactPage) -> Prose:
    plan = page.case["plan"]
    return page.prose(
        page.text("provenance", seed=page.case["seed"]),
        page.say("provenance_no_plan") if plan is None else page.text("provenance_plan", status=page.both(plan["status"])),
        edition_line(page.release, page.language),
    )


# ---------------------------------------------------------------- table of effects


def effects(page: ImpactPage) -> list[Item]:
    """All effects with interval, method, counts and grade; then why others were not estimated, and what published material says."""
    if not page.outcomes:
        return []
    n, refused = len(page.estimated), len(page.refused)
    items: list[Item] = [heading(page.say("effects_heading_refused" if refused else "effects_heading", n=n, refused=refused))]
    if page.estimated:
        items.append(_effects_table(page))
    if page.refused:
        lines = [page.text("refusal_line", outcome=capital(page.outcome(e)), refusal=page.refusal(e)) for e in page.refused]
        items += [page.prose(page.say("refusals_lead")), bullets(lines)]
    claims = [page.text("claim_line", outcome=capital(page.outcome(e)), text=page.both(claim["text"])) for e in page.outcomes for claim in e["claims"]]
    return [*items, page.prose(page.say("claims_lead")), bullets(claims)] if claims else items


def _effects_table(page: ImpactPage) -> Table:
    rows = []
    for entry in page.estimated:
        effect, estimate = page.effect_of(entry), entry["estimate"]
        rows.append([
            capital(page.outcome(entry)), page.effect(effect), page.axis(str(effect.unit)), page.p(effect.p_value), page.method(estimate), page.counted(estimate),
            str(estimate["grade"] or DASH),
        ])
    return page.table(
        "effects", page.say("effects_caption"), page.header("col_outcome", "col_effect", "col_unit", "col_p", "col_method", "col_counted", "col_grade"), rows,
        align="lrllllr", widths=(13, 21, 12, 10, 23, 13, 8), note=page.say("effects_note", level=page.level),
    )

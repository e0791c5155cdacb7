"""Section of the comparison of pilots on combinations: how sets were made, which combinations go with large effects, and what chance would give."""

import pandas as pd

from commresearch.comparison import qca
from commresearch.reporting import comparison_score_figures as figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Table, callout, heading
from commresearch.reporting.pilots_page import PilotsPage, number, rows_of
from commresearch.workflow.pilot_comparison import KINDS, SetAnalysis
from commresearch.workflow.pilot_doses import EFFECT_SET

OUTCOMES = {"1": "yes", "0": "no", "C": "both", "?": "few"}
SHOWN_MODELS = 4  #: of a kind of solution; more than that say only that the data cannot tell
SHOWN_TERMS = 10  #: of draws within standard errors
WORTH_SHOWING = 0.1  #: share of draws from which a term that is not in the solution is named
DIGITS = 3
CHOICE_DIGITS = {"inclusion": 2, "frequency": 0}  #: of the ranges of cuts; anchors have one decimal


def combinations(page: PilotsPage) -> list[Item]:
    """The whole analysis, or why there is none."""
    found = page.found.sets
    if found is None:
        return [heading(page.say("sets_heading_refused")), page.prose(page.plain(page.found.sets_refusal))]
    middle = found.solutions["intermediate"]
    perfect = f"{100 * middle.chance.as_good:.0f}"
    return [
        heading(page.say("sets_heading", n=len(found.sets), models=max(s.n_models for s in found.solutions.values()))),
        page.prose(page.say("sets_lead", n=len(found.sets), k=len(found.table.conditions), perfect=perfect)),
        _anchors(page, found), _truth_table(page, found), _necessity(page, found), _solutions(page, found),
        callout(page.say("ambiguity_title"), page.named(_ambiguity(page, found)), "note"), _chance(page, found), _xy(page, found), _robustness(page, found),
        *_error(page, found),
    ]


def _anchors(page: PilotsPage, found: SetAnalysis) -> Table:
    rows = [
        [page.set_name(str(r["condition"])), *(f"{r[a]:g}".replace("-", "−") for a in ("exclusion", "crossover", "inclusion")), str(r[f"reason_{page.language}"])]
        for r in rows_of(page.effects.anchors) if r["condition"] in {*found.table.conditions, EFFECT_SET}
    ]
    return page.table(
        "anchors", page.say("anchors_caption"), page.header("col_set", "col_out", "col_turning", "col_in", "col_reason"), rows, align="lrrrl", widths=(24, 10, 10, 10, 46),
        note=page.say("anchors_note"),
    )


def _truth_table(page: PilotsPage, found: SetAnalysis) -> Table:
    rows = []
    for r in rows_of(found.table.to_frame()):
        signs = "".join("●" if r[c] == 1 else "○" for c in found.table.conditions)
        names = page.join(page.names[c] for c in str(r["cases"]).split(", "))
        rows.append([str(r["row"]), signs, str(r["n"]), page.say(f"code_{OUTCOMES[str(r['out'])]}"), number(r["inclusion"], DIGITS), number(r["pri"], DIGITS), names])
    order = page.join(found.table.conditions)
    return page.table(
        "truth-table", page.say("truth_table_caption", conditions=order), page.header("col_row", "col_signs", "col_n", "col_code", "col_incl", "col_pri", "col_cases"), rows,
        align="rcrlrrl", widths=(7, 12, 8, 12, 12, 12, 37), note=page.say("truth_table_note", cut=f"{found.table.inclusion_cut[0]:g}", possible=2 ** len(found.table.conditions)),
    )


def _necessity(page: PilotsPage, found: SetAnalysis) -> Table:
    table = found.necessity[found.necessity["kind"] == "single"]
    rows = [[page.own(str(r["term"])), *(number(r[m], DIGITS) for m in ("inclN", "RoN", "covN"))] for r in rows_of(table)]
    best = max(rows_of(table), key=lambda r: float(r["inclN"]))
    return page.table(
        "necessity", page.say("necessity_caption"), page.header("col_term_set", "col_incl_n", "col_ron", "col_cov_n"), rows, align="lrrr", widths=(34, 22, 22, 22),
        note=page.say("necessity_note", term=best["term"], incl=number(best["inclN"], DIGITS)),
    )


def _solutions(page: PilotsPage, found: SetAnalysis) -> Table:
    """Every model of every kind side by side: what stands only under the simplest assumptions is seen to do so."""
    rows = []
    for kind in KINDS:
        solution = found.solutions[kind]
        rows += [
            [page.say(f"kind_{kind}"), str(r["expression"]), *(number(r[m], DIGITS) for m in ("inclS", "PRI", "covS")), f"{100 * solution.chance.as_good:.0f}%"]
            for r in rows_of(solution.fit.head(SHOWN_MODELS))
        ]
        if solution.n_models > SHOWN_MODELS:
            rows.append([page.say(f"kind_{kind}"), page.say("more_models", n=solution.n_models - SHOWN_MODELS), DASH, DASH, DASH, DASH])
    return page.table(
        "solutions", page.say("solutions_caption"), page.header("col_kind", "col_model", "col_incl", "col_pri", "col_cov", "col_chance"), rows, align="llrrrr",
        widths=(16, 40, 11, 11, 11, 11), note=page.say("solutions_note", draws=found.solutions[KINDS[0]].draws),
    )


def _ambiguity(page: PilotsPage, found: SetAnalysis) -> str:
    conservative, parsimonious = found.solutions["conservative"], found.solutions["parsimonious"]
    only = [m for m in parsimonious.models if m not in conservative.models]
    common = page.join(parsimonious.ambiguity.common_literals) or page.say("nobody")
    text = page.say("ambiguity", n=parsimonious.n_models, common=common, only=len(only), assumed=len(parsimonious.counterfactuals))
    if found.negated is None:
        return text
    both = qca.contradictory_assumptions(parsimonious, found.negated)
    return text + ("" if page.language == "zh" else " ") + (page.say("untenable", n=len(both)) if both else page.say("untenable_none"))


def _chance(page: PilotsPage, found: SetAnalysis) -> Table:
    """What random outcomes give on the same pilots, kind by kind."""
    rows = []
    for kind in KINDS:
        chance = found.solutions[kind].chance
        rows.append([page.say(f"kind_{kind}"), *(f"{100 * x:.1f}%" for x in (chance.as_good, chance.without_solution, chance.without_contradiction))])
    return page.table(
        "chance", page.say("chance_caption"), page.header("col_kind", "col_as_good", "col_no_solution", "col_perfect"), rows, align="lrrr", widths=(28, 24, 24, 24),
        note=page.say("chance_note", draws=found.solutions[KINDS[0]].draws),
    )


def _xy(page: PilotsPage, found: SetAnalysis) -> Item:
    xy, solution = found.xy, found.solutions["intermediate"]
    frame = xy.frame.assign(label=xy.frame["case_id"].map(page.names))
    fit = solution.fit.iloc[0]
    drawing = figures.xy_plot(
        frame, x_name=xy.expression, y_name=page.set_name(xy.outcome), inclusion=float(fit["inclS"]), coverage=float(fit["covS"]), language=page.language, simulated=page.is_simulated,
    )
    return page.figure("xy", page.say("xy_caption", model=xy.expression), page.named(xy.summary(page.language)), drawing, page.named(xy.summary(page.language)))


def _robustness(page: PilotsPage, found: SetAnalysis) -> Table:
    ranges: pd.DataFrame = found.robustness.ranges
    rows = [
        [
            _choice(page, str(r["choice"])), number(r["value"], digits), _end(page, number(r["low"], digits), open_=bool(r["low_open"])),
            _end(page, number(r["high"], digits), open_=bool(r["high_open"])),
        ]
        for r in rows_of(ranges) for digits in [CHOICE_DIGITS.get(str(r["choice"]), 1)]
    ]
    return page.table(
        "robustness", page.say("robustness_caption"), page.header("col_choice", "col_chosen", "col_from", "col_to"), rows, align="lrrr", widths=(46, 18, 18, 18),
        note=page.named(found.robustness.summary(page.language)),
    )


def _error(page: PilotsPage, found: SetAnalysis) -> list[Item]:
    """What the errors of the effects do to the intermediate solution: its terms, and those that came up instead."""
    error = found.error
    if error is None:
        return []
    own = error.terms["solution"]
    terms = rows_of(error.terms[own | (~own & (error.terms["share"] >= WORTH_SHOWING))].head(SHOWN_TERMS))
    rows = [[str(r["term"]), page.say("error_own" if r["solution"] else "error_other"), f"{100 * r['share']:.0f}%"] for r in terms]
    return [
        page.prose(error.text(page.language)),
        page.table(
            "error", page.say("error_caption"), page.header("col_combination", "col_in_solution", "col_share"), rows, align="llr", widths=(50, 28, 22),
            note=page.say("error_note", least=f"{100 * WORTH_SHOWING:.0f}%"),
        ),
    ]


def _choice(page: PilotsPage, choice: str) -> str:
    name, _, anchor = choice.rpartition(": ")
    if not name:
        return page.say(f"choice_{choice}")
    return page.say("choice_anchor", name=name, anchor=page.say(f"anchor_{anchor}"))


def _end(page: PilotsPage, value: str, *, open_: bool) -> str:
    return page.say("open_end", n=value) if open_ else value

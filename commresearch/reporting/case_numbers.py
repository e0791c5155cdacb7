"""The numbers of one case: by topic, against the definitions of the headline outcomes, and under the mechanical checks."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from commresearch.cases.claim import Claim, missing_elements
from commresearch.reporting import figures
from commresearch.reporting.case_page import CasePage
from commresearch.reporting.cells import capital, headline_claims, indicator, missing, says, value, when
from commresearch.reporting.display import Figure, Item, Table, heading, paragraph
from commresearch.reporting.replies import question_cell, reply_cell
from commresearch.terms import Check, Family, Fit, Headline, Kind, Verdict
from commresearch.words import claim_range, say

ROUTINE = frozenset({Check.MISSING_BASE, Check.STOCK_OR_FLOW})  #: asked of most numbers: counted, not listed one by one
FEWEST = 3  #: rows below which a matrix says no more than the table beside it
DRAWN = 24  #: rows that a dot matrix can carry on one page
ELEMENTS = ("base", "period", "denominator")


def numbers(page: CasePage) -> list[Item]:
    """All numbers by topic, with their distribution over kinds."""
    by_family = {f: [c for c in page.claims if c.family == f] for f in Family}
    absent = [page.label(f"family_{f}") for f, claims in by_family.items() if not claims]
    repeats = page.say("claims_repeats", n=page.n_repeats) if page.n_repeats else ""
    items: list[Item] = [
        heading(page.say("claims_heading" if page.results else "claims_heading_none", n=len(page.claims), k=len(page.results))),
        paragraph(page.say("claims_lead", repeats=repeats)),
        _kinds_figure(page),
    ]
    for family, claims in by_family.items():
        if claims:
            items += [heading(capital(page.label(f"family_{family}")), 2), _family_table(page, family, claims)]
    if absent:
        items.append(paragraph(page.say("claims_absent", names=page.join(absent))))
    return items


def _kinds_figure(page: CasePage) -> Figure:
    found = Counter(c.kind for c in page.claims)
    counts = {kind: found[kind] for kind in Kind}
    top = page.join(page.label(f"kind_{k}") for k, n in counts.items() if n == max(counts.values()))
    listed = page.join(page.say("kinds_alt_item", kind=page.label(f"kind_{k}"), n=n) for k, n in counts.items())
    return Figure(
        id="fig-kinds", caption=page.say("kinds_caption", top=top, k=counts[Kind.OUTCOME]), alt=page.say("kinds_alt", list=listed),
        drawing=figures.claims_by_kind(counts, page.language), note=page.say("kinds_note"),
    )


def _family_table(page: CasePage, family: Family, claims: Sequence[Claim]) -> Table:
    rows = [
        [
            indicator(c, page.language), value(c, page.language), claim_range(c.value_low, c.high, c.qualifier, c.unit),
            when(c, page.language), missing(c, page.language), c.source_line,
        ]
        for c in claims
    ]
    return Table(
        id=f"tbl-{family.value.replace('_', '-')}", caption=page.say("family_caption", family=page.label(f"family_{family}"), n=len(claims)),
        header=page.header("col_indicator", "col_value", "col_range", "col_period", "col_missing", "col_place"), rows=rows, align="lrrlll",
        widths=(30, 15, 19, 15, 16, 9),
    )


def headline_outcomes(page: CasePage) -> list[Item]:
    """The three outcomes by their definitions, with what the source prints, or 未报告."""
    chosen = {outcome: headline_claims(page.claims, outcome) for outcome in Headline}
    reported = sum(any(c.headline_fit == Fit.DIRECT for c in claims) for claims in chosen.values())
    which = "headline_heading_none" if not reported else "headline_heading_all" if reported == len(Headline) else "headline_heading"
    items: list[Item] = [heading(page.say(which, reported=reported, absent=len(Headline) - reported))]
    for outcome, claims in chosen.items():
        items += [heading(page.label(f"headline_{outcome}"), 2), paragraph(page.say(f"headline_{outcome}_definition"))]
        items += _outcome_items(page, outcome, claims)
    return items


def _outcome_items(page: CasePage, outcome: Headline, claims: Sequence[Claim]) -> list[Item]:
    if not claims:
        return [paragraph(page.say("headline_none"))]
    rows = [
        [
            says(c, page.language), value(c, page.language), page.say(f"fit_{c.headline_fit}_long"), missing(c, page.language), c.source_line,
        ]
        for c in claims
    ]
    table = Table(
        id=f"tbl-headline-{outcome.value}", caption=page.say("headline_caption", outcome=page.label(f"headline_{outcome}")),
        header=page.header("col_says", "col_value", "col_fit", "col_missing", "col_place"), rows=rows, align="lrlll",
        widths=(42, 15, 15, 19, 9),
    )
    direct = claims[0].headline_fit == Fit.DIRECT
    return [paragraph(page.say("headline_says" if direct else "headline_only_proxy")), table]


def checks(page: CasePage) -> list[Item]:
    """The checks that ask anything, the elements stated, the questions to the issuer, and the replies."""
    audit = page.audit
    verify, differ = (int((audit["verdict"] == v).sum()) for v in (Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN))
    open_ = audit[audit["verdict"] != Verdict.CONSISTENT]
    asked, routine = open_[~open_["check"].isin(ROUTINE)], open_[open_["check"].isin(ROUTINE)]
    return [
        heading(page.say("checks_heading", verify=verify, differ=differ)), paragraph(page.say("checks_lead")),
        *([_checks_table(page, set(open_["check"]))] if len(open_) else []), paragraph(_silent_checks(page, set(open_["check"]))), *_elements(page),
        _questions(page, asked) if len(asked) else paragraph(page.say("questions_none")),
        *([paragraph(page.say("questions_rest", n=routine["claim_id"].nunique()))] if len(routine) else []), *_replies(page, open_),
    ]


def _check_names(page: CasePage, checks: Iterable[Check]) -> str:
    return page.say("checks_joiner").join(say(f"checks.{c}_name", page.language) for c in checks)  # names hold commas of their own


def _checks_table(page: CasePage, asking: Collection[str]) -> Table:
    rows = []
    for check in (c for c in Check if c in asking):
        verdicts = page.audit.loc[page.audit["check"] == check, "verdict"]
        counts = [str(n) if (n := int((verdicts == v).sum())) else "·" for v in Verdict]
        rows.append([f"{check} {say(f'checks.{check}_name', page.language)}", say(f"checks.{check}_about", page.language), *counts])
    return Table(
        id="tbl-checks", caption=page.say("checks_caption"), rows=rows, align="llrrr", widths=(23, 42, 10, 11, 16), note=page.say("checks_note"),
        header=[*page.header("col_check", "col_question"), *(page.label(f"verdict_{v}") for v in Verdict)],
    )


def _silent_checks(page: CasePage, asking: Collection[str]) -> str:
    """The checks without a question in one sentence: those that found all consistent, and those that apply to nothing here."""
    applied = set(page.audit["check"])
    groups = {
        "checks_consistent": [c for c in Check if c in applied and c not in asking],
        "checks_not_applied": [c for c in Check if c not in applied],
    }
    return page.say("sentence_gap").join(
        page.say(key, n=len(group), names=_check_names(page, group)) for key, group in groups.items() if group
    )


def _elements(page: CasePage) -> list[Item]:
    needing = sorted((c for c in page.claims if c.needs_elements), key=lambda c: c.kind != Kind.OUTCOME)
    if len(needing) < FEWEST:
        return []  # one or two numbers need no drawing: their table says it
    stated = pd.DataFrame(
        [[_stated(c, e) for e in ELEMENTS] for c in needing], columns=page.header(*(f"elements_{e}" for e in ELEMENTS)),
        index=[_short_indicator(page, c) for c in needing],
    )
    counts = {e: int((stated.iloc[:, i] == 1).sum()) for i, e in enumerate(ELEMENTS)}
    counts |= {f"{e}_no": int((stated.iloc[:, i] == 0).sum()) for i, e in enumerate(ELEMENTS)}
    cut = page.say("elements_cut", n=len(stated), shown=DRAWN) if len(stated) > DRAWN else ""
    return [Figure(
        id="fig-elements", caption=page.say("elements_caption"), alt=page.say("elements_alt", **counts), note=page.say("elements_note") + cut,
        drawing=figures.stated_elements(stated.head(DRAWN).dropna(axis=1, how="all")),
    )]


def _short_indicator(page: CasePage, claim: Claim) -> str:
    name = claim.indicator_zh if page.language == "zh" else claim.indicator_en
    return page.say("place_suffix", indicator=name, place=value(claim, page.language))


def _stated(claim: Claim, element: str) -> float:
    """1 stated, 0 needed and not stated, NaN not needed by this kind of claim."""
    if element in missing_elements(claim):
        return 0.0
    needed = {"base": claim.is_change, "period": True, "denominator": claim.is_share}[element]
    return 1.0 if needed else float("nan")


def _questions(page: CasePage, asked: pd.DataFrame) -> Table:
    """Each question with the arithmetic behind it; the question names its number."""
    rows = [
        [say(f"checks.{f['check']}_name", page.language), page.label(f"verdict_{f['verdict']}"), f["detail"], f["question"], f["source_line"]]
        for f in asked.to_dict("records")
    ]
    return Table(
        id="tbl-questions", caption=page.say("questions_caption"), rows=rows, align="lllll", widths=(14, 12, 30, 36, 8),
        header=page.header("col_check", "col_verdict", "col_arithmetic", "col_asked", "col_place"),
    )


def _replies(page: CasePage, open_: pd.DataFrame) -> list[Item]:
    """What the issuer was asked and replied, beside the verdict on the number; nothing where no question was sent."""
    if page.replies.empty:
        return []
    claims = {c.claim_id: c for c in page.claims}
    rows = []
    for r in page.replies.to_dict("records"):
        claim, found = claims[r["claim_id"]], open_[open_["claim_id"] == r["claim_id"]]
        number = page.say("place_suffix", indicator=indicator(claim, page.language), place=value(claim, page.language))
        rows.append([number, _verdicts(page, found), question_cell(r, page.language), reply_cell(r, page.language)])
    n = int(page.replies["masked"].sum())
    return [
        heading(page.say("replies_heading", n=len(rows), answered=int((page.replies["reply"] != "").sum())), 2),
        Table(
            id="tbl-replies", caption=page.say("replies_caption"), rows=rows, align="llll", widths=(22, 20, 28, 30),
            header=page.header("col_indicator", "col_verdict", "col_sent", "col_reply"),
            note=page.say("replies_note") + (page.say("replies_masked", n=n) if n else ""),
        ),
    ]


def _verdicts(page: CasePage, found: pd.DataFrame) -> str:
    """The verdicts on one number, each with its checks; 一致 where no check asks anything."""
    by_verdict = [(v, [Check(c) for c in found.loc[found["verdict"] == v, "check"]]) for v in Verdict if v != Verdict.CONSISTENT]
    parts = [page.say("replies_verdict", verdict=page.label(f"verdict_{v}"), names=_check_names(page, mine)) for v, mine in by_verdict if mine]
    return page.say("checks_joiner").join(parts) or page.label(f"verdict_{Verdict.CONSISTENT}")

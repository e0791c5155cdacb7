"""The numbers of one case: by topic, against the definitions of the headline outcomes, and under the mechanical checks."""

from collections.abc import Sequence

import pandas as pd

from commresearch.comparison.claim_checks import missing_elements
from commresearch.reporting import figures
from commresearch.reporting.case_page import CasePage
from commresearch.reporting.cells import (
    DASH,
    headline_claims,
    indicator,
    line_of,
    missing,
    value,
    when,
)
from commresearch.reporting.display import Figure, Item, Table, heading, paragraph
from commresearch.terms import (
    CHANGES,
    Check,
    Family,
    Fit,
    Headline,
    Kind,
    UnitClass,
    Verdict,
)
from commresearch.words import claim_range, say

ROUTINE = frozenset({Check.MISSING_BASE, Check.STOCK_OR_FLOW})  #: asked of most numbers: counted, not listed one by one
DRAWN = 24  #: rows that a dot matrix can carry on one page


# ---------------------------------------------------------------- numbers by topic


def numbers(page: CasePage) -> list[Item]:
    """All numbers by topic, with their distribution over kinds."""
    repeats = page.say("claims_repeats", n=page.n_repeats) if page.n_repeats else ""
    families = [f for f in Family if (page.claims["family"] == f).any()]
    absent = [page.label(f"family_{f}") for f in Family if f not in families]
    items: list[Item] = [
        heading(page.say("claims_heading", n=len(page.claims), k=len(page.results))),
        paragraph(page.say("claims_lead", repeats=repeats)),
        _kinds_figure(page),
    ]
    for family in families:
        items += [heading(page.label(f"family_{family}"), 2), _family_table(page, family)]
    if absent:
        items.append(paragraph(page.say("claims_absent", names=page.say("joiner").join(absent))))
    return items


def _kinds_figure(page: CasePage) -> Figure:
    counts = {kind: int((page.claims["kind"] == kind).sum()) for kind in Kind}
    most = max(counts.values())
    top = page.say("joiner").join(page.label(f"kind_{k}") for k, n in counts.items() if n == most)
    listed = page.say("joiner").join(page.say("kinds_alt_item", kind=page.label(f"kind_{k}"), n=n) for k, n in counts.items())
    return Figure(
        id="fig-kinds", caption=page.say("kinds_caption", top=top, k=counts[Kind.OUTCOME]), alt=page.say("kinds_alt", list=listed),
        drawing=figures.claims_by_kind(counts, page.language), note=page.say("kinds_note"),
    )


def _family_table(page: CasePage, family: Family) -> Table:
    claims = page.claims[page.claims["family"] == family]
    keys = ("col_indicator", "col_value", "col_range", "col_period", "col_missing", "col_place")
    rows = [
        [
            indicator(c, page.language), value(c, page.language), claim_range(c.value_low, c.value_high, c.qualifier) or DASH,
            when(c, page.language), missing(c, page.language), line_of(c, page.language),
        ]
        for c in claims.itertuples()
    ]
    caption = page.say("family_caption", family=page.label(f"family_{family}"), n=len(claims))
    return Table(
        id=f"tbl-{family.value.replace('_', '-')}", caption=caption, header=[page.say(k) for k in keys], rows=rows, align="lrrlll",
        widths=(32, 16, 18, 14, 16, 9),
    )


# ---------------------------------------------------------------- headline outcomes


def headline_outcomes(page: CasePage) -> list[Item]:
    """The three outcomes by their definitions, with what the source prints, or 未报告."""
    reported = sum((headline_claims(page.claims, h)["headline_fit"] == Fit.DIRECT).any() for h in Headline)
    items: list[Item] = [heading(page.say("headline_heading", reported=reported, absent=len(Headline) - reported))]
    for outcome in Headline:
        items += [heading(page.label(f"headline_{outcome}"), 2), paragraph(page.say(f"headline_{outcome}_definition"))]
        items += _outcome_items(page, outcome)
    return items


def _outcome_items(page: CasePage, outcome: Headline) -> list[Item]:
    claims = headline_claims(page.claims, outcome)
    if claims.empty:
        return [paragraph(page.say("headline_none"))]
    direct = (claims["headline_fit"] == Fit.DIRECT).any()
    keys = ("col_indicator", "col_value", "col_fit", "col_period", "col_missing", "col_place")
    rows = [
        [
            indicator(c, page.language), value(c, page.language), page.say(f"fit_{c.headline_fit}_long"), when(c, page.language),
            missing(c, page.language), line_of(c, page.language),
        ]
        for c in claims.itertuples()
    ]
    table = Table(
        id=f"tbl-headline-{outcome.value}", caption=page.say("headline_caption", outcome=page.label(f"headline_{outcome}")),
        header=[page.say(k) for k in keys], rows=rows, align="lrllll", widths=(30, 16, 18, 14, 16, 9),
    )
    return [paragraph(page.say("headline_says" if direct else "headline_only_proxy")), table]


# ---------------------------------------------------------------- checks


def checks(page: CasePage) -> list[Item]:
    """Results of the mechanical checks, the elements stated, and the questions to the issuer."""
    audit = page.audit
    verify, differ = (int((audit["verdict"] == v).sum()) for v in (Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN))
    items: list[Item] = [
        heading(page.say("checks_heading", verify=verify, differ=differ)), paragraph(page.say("checks_lead")), _checks_table(page), *_elements(page),
    ]
    asked = audit[(audit["verdict"] != Verdict.CONSISTENT) & ~audit["check"].isin(ROUTINE)]
    return [*items, _questions(page, asked) if len(asked) else paragraph(page.say("questions_none"))]


def _checks_table(page: CasePage) -> Table:
    rows = []
    for check in Check:
        verdicts = page.audit.loc[page.audit["check"] == check, "verdict"]
        counts = [str(int((verdicts == v).sum())) if len(verdicts) else "·" for v in Verdict]
        rows.append([f"{check} {say(f'checks.{check}_name', page.language)}", say(f"checks.{check}_about", page.language), *counts])
    header = [page.say("col_check"), page.say("col_question"), *(page.label(f"verdict_{v}") for v in Verdict)]
    return Table(
        id="tbl-checks", caption=page.say("checks_caption"), header=header, rows=rows, align="llrrr", widths=(24, 44, 10, 11, 13),
        note=page.say("checks_note"),
    )


def _elements(page: CasePage) -> Sequence[Item]:
    needing = page.claims[page.claims["kind"].isin([Kind.OUTCOME, Kind.REACH]) | page.claims["comparison"].isin(CHANGES)]
    if needing.empty:
        return []
    needing = needing.sort_values("kind", key=lambda k: k != Kind.OUTCOME, kind="stable")
    keys = ("base", "period", "denominator")
    stated = pd.DataFrame(
        [[_stated(c, k) for k in keys] for c in needing.itertuples()], columns=[page.say(f"elements_{k}") for k in keys],
        index=[
            page.say("place_suffix", indicator=getattr(c, f"indicator_{page.language}"), place=value(c, page.language))
            for c in needing.itertuples()
        ],
    )
    counts = {k: int((stated[page.say(f"elements_{k}")] == 1).sum()) for k in keys}
    counts |= {f"{k}_no": int((stated[page.say(f"elements_{k}")] == 0).sum()) for k in keys}
    note = page.say("elements_note")
    if len(stated) > DRAWN:
        note += page.say("elements_cut", n=len(stated), shown=DRAWN)
    return [Figure(
        id="fig-elements", caption=page.say("elements_caption"), alt=page.say("elements_alt", **counts), note=note,
        drawing=figures.stated_elements(stated.head(DRAWN), page.language),
    )]


def _stated(claim: object, element: str) -> float:
    """1 stated, 0 needed and not stated, NaN not needed by this kind of claim."""
    lacking = missing_elements(claim)
    if element in lacking:
        return 0.0
    change = claim.comparison in CHANGES  # type: ignore[attr-defined]
    needed = {"base": change, "period": True, "denominator": claim.unit_class == UnitClass.PERCENT and not change}[element]  # type: ignore[attr-defined]
    return 1.0 if needed else float("nan")


def _questions(page: CasePage, asked: pd.DataFrame) -> Table:
    claims = page.claims.set_index("claim_id")
    rows = []
    for finding in asked.itertuples():
        claim = claims.loc[finding.claim_id]
        rows.append([
            indicator(claim, page.language), say(f"checks.{finding.check}_name", page.language), page.label(f"verdict_{finding.verdict}"),
            finding.detail, line_of(claim, page.language),
        ])
    header = [page.say(k) for k in ("col_indicator", "col_check", "col_verdict", "col_arithmetic", "col_place")]
    return Table(id="tbl-questions", caption=page.say("questions_caption"), header=header, rows=rows, align="lllll", widths=(22, 14, 13, 44, 9))



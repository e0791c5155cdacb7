"""Sections of the report over published cases that say what is not done with their figures, and why: pooling, and combinations of mechanisms."""

from commresearch.reporting.cells import highest_grade, indicator, value
from commresearch.reporting.comparison_page import ComparisonPage
from commresearch.reporting.display import Item, Table, heading, paragraph
from commresearch.reporting.pilots_page import CODE
from commresearch.terms import Headline
from commresearch.workflow.published_comparison import combinations_refused, pooled_claims, published_effects


def pooling(page: ComparisonPage) -> list[Item]:
    """Published changes of the headline outcomes, put to the function that pools, and what it answers."""
    effects = published_effects(page.published)
    items: list[Item] = [heading(page.say("pooling_heading")), paragraph(page.say("pooling_text", grade=highest_grade(page.audit)))]
    if effects.empty:
        return items
    claims = {c.claim_id: c for c in page.claims}
    rows = [
        [_outcome(page, r["outcome"]), page.names[r["case_id"]], indicator(claims[r["claim_id"]], page.language), value(claims[r["claim_id"]], page.language), str(r["grade"])]
        for r in effects.to_dict("records")
    ]
    why = page.join(_named(page, r.text(page.language)) for r in pooled_claims(effects).refusals)
    return [
        *items,
        Table(
            id="tbl-not-pooled", caption=page.say("pooling_caption"), header=page.header("col_outcome", "col_case", "col_indicator", "col_value", "evidence_grade"), rows=rows,
            align="lllrl", widths=(18, 18, 30, 20, 14), note=page.say("pooling_note"),
        ),
        paragraph(page.say("pooling_answer", n=len(effects), k=effects["case_id"].nunique(), total=len(page.cases), why=why)),
    ]


def combinations(page: ComparisonPage) -> list[Item]:
    """What the truth table answers when published cases are put to it."""
    refused = combinations_refused(page.published)
    answer = CODE.sub("", refused[page.language.value]) if refused else ""
    return [heading(page.say("combinations_heading")), paragraph(page.say("combinations_text", n=len(page.cases), answer=answer))]


def _outcome(page: ComparisonPage, name: str) -> str:
    return page.label(f"headline_{name}" if name in set(Headline) else f"family_{name}")


def _named(page: ComparisonPage, text: str) -> str:
    """Ids of cases replaced by their names."""
    for case_id in sorted(page.names, key=len, reverse=True):
        text = text.replace(case_id, page.names[case_id])
    return text

"""Sections of the report over published cases that say what is not done with their figures, and why: pooling, and combinations of mechanisms."""

import re

import pandas as pd

from commresearch.reporting.cells import highest_grade, indicator, mechanism_name, value, without_codes
from commresearch.reporting.comparison_page import ComparisonPage
from commresearch.reporting.display import Item, Table, heading, paragraph
from commresearch.terms import Headline
from commresearch.words import say
from commresearch.workflow.published_comparison import CONDITIONS, SUCCESS, combinations_refused, pooled_claims, published_effects


def pooling(page: ComparisonPage) -> list[Item]:
    """Published changes of the headline outcomes, put to the function that pools, and what it answers."""
    effects = published_effects(page.published)
    items: list[Item] = [heading(page.say("pooling_heading")), paragraph(page.say("pooling_text", grade=highest_grade(page.audit)))]
    if effects.empty:
        return items
    claims = {c.claim_id: c for c in page.claims}
    rows = [
        [
            _outcome(page, r["outcome"]), page.names[r["case_id"]], indicator(claims[r["claim_id"]], page.language),
            value(claims[r["claim_id"]], page.language), str(r["grade"]),
        ]
        for r in effects.to_dict("records")
    ]
    return [
        *items,
        Table(
            id="tbl-not-pooled", caption=page.say("pooling_caption"), rows=rows, align="lllrl", widths=(18, 18, 30, 20, 14), note=page.say("pooling_note"),
            header=page.header("col_outcome", "col_case", "col_indicator", "col_value", "evidence_grade"),
        ),
        paragraph(page.say("pooling_answer", n=len(effects), cases=page.join(page.names[c] for c in effects["case_id"].unique()), why=_answers(page, effects))),
    ]


def _answers(page: ComparisonPage, effects: pd.DataFrame) -> str:
    """What pooling answers of each outcome; outcomes with the same answer share it."""
    answers: dict[str, list[str]] = {}
    for outcome, mine in effects.groupby("outcome", sort=False):
        why = "".join(_named(page, refusal.text(page.language)) for refusal in pooled_claims(mine).refusals)
        answers.setdefault(why, []).append(_outcome(page, str(outcome)))
    return page.say("pooling_gap").join(page.say("pooling_of", outcomes=page.join(names), why=why) for why, names in answers.items() if why)


def combinations(page: ComparisonPage) -> list[Item]:
    """What the truth table answers when published cases are put to it, and where such an analysis is shown."""
    refused = combinations_refused(page.published)
    answer = without_codes(refused[page.language.value]).replace(SUCCESS, page.say("combinations_success")) if refused else ""
    conditions = page.join(mechanism_name(c, page.language) for c in CONDITIONS)
    text = page.say("combinations_text", success=page.say("combinations_success"), conditions=conditions, answer=answer)
    return [
        heading(page.say("combinations_heading")), paragraph(text), paragraph(page.say("combinations_shown", title=say("pilots.title", page.language))),
    ]


def _outcome(page: ComparisonPage, name: str) -> str:
    return page.label(f"headline_{name}" if name in set(Headline) else f"family_{name}")


def _named(page: ComparisonPage, text: str) -> str:
    """Cases with their grades by name instead of id."""
    ids = "|".join(re.escape(c) for c in page.names)
    return re.sub(rf"\b({ids}) \((E\d)\)", lambda m: page.say("pooling_case", case=page.names[m[1]], grade=m[2]), text)

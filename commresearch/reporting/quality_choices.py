"""Answers to plain choice questions in the quality report: the most frequent ones, with their shares."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from commresearch.cleaning.variable import Variable
from commresearch.reporting.disclosure_groups import Group
from commresearch.reporting.disclosure_rules import hides, is_small
from commresearch.reporting.display import Item
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.quality_persons import category_counts, group_of, shown_shares
from commresearch.terms import VariableType

SHOWN = 24  #: questions in the table
TOP = 3  #: answers of each
ANSWER = 34  #: cells of an answer


def choices(page: QualityPage) -> list[Item]:
    """The most frequent answers to every plain choice question; nothing where there is none."""
    found = chosen_among(page)
    if not found:
        return []
    rows, persons, groups, sheets, left = [], [], [], [], 0
    for name, part in found[:SHOWN]:
        variable = page.clean.codebook[name]
        told = _told(page, variable, part)
        left += len(part) - len(told)
        for row in told:
            sheets.append(n := page.answered(variable.name, int(row["n"])))
            rows.append([
                page.question(variable.name), _answer(page, variable, str(row["category"])),
                page.estimate(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), "share"), n.text,
            ])
            # The answers to one question add up to the sheets that answer it.
            persons.append([None, None, None if n.behind is None else int(row["count"]), n.count])
            groups.append([None, None, _whom(page, variable, str(row["category"])), n.group])
    if not rows:
        return [page.prose(page.say("choices_few"))]
    ranked = sum(page.clean.codebook[name].type is VariableType.RANKING for name, _ in found[:SHOWN])
    note = page.notes(
        page.say("choices_note", top=TOP), page.say("choices_ranked", n=ranked) if ranked else "", page.say("choices_rest", n=left) if left else "",
        page.model_note, page.bound_note(sheets),
    )
    table = page.table(
        "choices", page.say("choices_caption"), page.header("col_question", "choices_answer", "col_share", "col_n"), rows, align="llrr", widths=(40, 30, 20, 10), note=note,
    )
    more = len(found) - SHOWN
    return [
        page.prose(page.say("choices_lead", prefix=page.prefix, n=min(len(found), SHOWN)), page.say("choices_more", n=more) if more > 0 else ""),
        page.of_persons(table, persons, groups=groups),
    ]


def _answer(page: QualityPage, variable: Variable, category: str) -> str:
    answer = page.answer(variable.name, category, ANSWER)
    return page.say("choices_first", answer=answer) if variable.type is VariableType.RANKING else answer


def chosen_among(page: QualityPage) -> list[tuple[str, pd.DataFrame]]:
    """Questions with the shares of their answers."""
    return [(str(name), part) for name, part in page.quality.shares.groupby("variable", sort=False) if name in page.clean.codebook]


def _told(page: QualityPage, variable: Variable, part: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """The most frequent answers that the edition may tell, with the sheets that give them."""
    records = part.to_dict("records")
    if variable.type is not VariableType.MULTIPLE:
        counts = category_counts(page.clean.frame, [r | {"variable": variable.columns[0]} for r in records])
        may = shown_shares(counts, page.release)
    else:
        counts = [int((page.clean.frame[f"{variable.name}__{r['category']}"] == 1).sum()) for r in records]
        may = [not (hides(page.release) and (is_small(k, page.release) or is_small(int(r["n"]) - k, page.release))) for k, r in zip(counts, records, strict=True)]
    told = [r | {"count": k} for r, k, may_be_told in zip(records, counts, may, strict=True) if may_be_told]
    return sorted(told, key=lambda r: -r["estimate"])[:TOP]


def _whom(page: QualityPage, variable: Variable, category: str) -> Group:
    """The sheets of a cell; options of a multiple choice are questions of their own, because a sheet may have several."""
    if variable.type is VariableType.MULTIPLE:
        return group_of(page.survey, f"{variable.name}__{category}", ["1"])
    return group_of(page.survey, variable.name, [category])

"""Satisfaction in the quality report: share and mean score of five-point items, and which items of satisfaction have neither."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from commresearch.cleaning.satisfaction_words import FIVE, THIRD, has_satisfied_middle
from commresearch.reporting.cells import DASH
from commresearch.reporting.disclosure_rules import hides
from commresearch.reporting.display import Item, Table, callout
from commresearch.reporting.quality_cleaning import listed
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.quality_tables import smaller_side
from commresearch.terms import MissingKind
from commresearch.words.precision import decimals_of, fixed

TOP_TWO, SCORE = "top_two", "score"

Row = Mapping[Hashable, Any]


def satisfaction_table(page: QualityPage, rated: pd.DataFrame) -> Table:
    """Share and mean score of five-point items, with 不清楚 apart."""
    design = page.inference == "design"
    rows, persons, sheets = [], [], []
    for name, lines in rated.groupby("variable", sort=False):
        mine = {str(r["measure"]): r for r in lines.to_dict("records")}
        either = next(iter(mine.values()))  # the share stands before the score
        share, score = (mine.get(part) for part in (TOP_TWO, SCORE))
        sheets.append(told := page.answered(str(name), int(either["n"])))
        rows.append([
            page.question(str(name)), estimate_cell(page, share), estimate_cell(page, score), _unclear_share(page, str(name), float(either["dont_know"])),
            *([fixed(float(share["deff"]), 1) if share else DASH] if design else []), told.text,
        ])
        persons.append([None, side(either), told.behind, _unclear(page, str(name)), *([side(either)] if design else []), told.count])
    keys = ["col_question", "satisfaction_share", "satisfaction_score", "satisfaction_unclear", *(["satisfaction_deff"] if design else []), "col_n"]
    widths = (32, 18, 18, 11, 11, 10) if design else (38, 20, 20, 12, 10)
    note = page.notes(
        page.say("satisfaction_note"), _third_answers(page, rated), page.say("deff_note") if design else "", page.model_note, page.bound_note(sheets),
    )
    table = page.table("satisfaction", page.say("satisfaction_caption"), page.header(*keys), rows, align="l" + "r" * (len(keys) - 1), widths=widths, note=note)
    return page.of_persons(table, persons, groups=[[*[None] * (len(keys) - 1), told.group] for told in sheets])


def side(row: Row) -> int:
    """Sheets behind a result: of a share, those on its smaller side."""
    return smaller_side(float(row["n"]), float(row["n_chosen"]))


def estimate_cell(page: QualityPage, row: Row | None) -> str:
    """A result with its interval; a dash without one."""
    return DASH if row is None else page.estimate(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), str(row["unit"]))


def _unclear(page: QualityPage, name: str) -> int | None:
    """Sheets that say 不清楚 to a question, few where their number is hidden among the missing values; None where the question is not counted there."""
    if name not in page.missing.index:
        return None
    count: Any = page.missing.at[name, MissingKind.DONT_KNOW.value]
    shown: Any = page.missing_shown.at[name, MissingKind.DONT_KNOW.value]
    return 1 if hides(page.release) and pd.isna(shown) else int(count)


def _unclear_share(page: QualityPage, name: str, share: float) -> str:
    """不清楚 in percent, which gives no more away than rounded numbers of persons."""
    if not hides(page.release) or name not in page.missing.index or math.isnan(share):
        return fixed(100 * share, min(decimals_of(100 * share), 1))
    asked: Any = page.missing.at[name, "asked"]
    return page.share(round(share * int(asked)), int(asked))


def _third_answers(page: QualityPage, rated: pd.DataFrame) -> str:
    """Which answers say satisfied without being one of the two best; nothing where there is none."""
    found = [str(name) for name in rated["variable"].unique() if has_satisfied_middle(page.clean.codebook[str(name)])]
    answers = dict.fromkeys(page.say("quoted", text=page.within_quotes(name, FIVE[THIRD])) for name in found)
    return page.say("satisfaction_middle", n=len(found), answers=page.join(answers)) if found else ""


def unrated(page: QualityPage) -> list[Item]:
    """Satisfaction items that no share of the satisfied is told of: which, why, and what to do."""
    lines, n = [], 0
    for note, item in (("satisfaction_points", "satisfaction_with_points"), ("satisfaction_order", "quoted"), ("satisfaction_number", "quoted")):
        if found := page.quality.noted(note):
            names = [page.say(item, name=page.named(v), text=page.named(v), n=answers) for v, answers in found.items()]
            lines.append(page.text(note, n=len(found), list=listed(page, names, "questions_unit")))
            n += len(found)
    body = "\n\n".join([*lines, page.say("satisfaction_again")])
    return [callout(page.say("satisfaction_unrated", n=n), body)] if lines else []

"""The section of the comparison on the checks: what each asks, how many questions each case has open, and which issuers have replied."""

from collections.abc import Sequence

import pandas as pd

from commresearch.comparison.claim_questions import ROUTINE
from commresearch.reporting.comparison_page import ComparisonPage
from commresearch.reporting.display import Item, Table, heading, paragraph
from commresearch.terms import Check, Verdict
from commresearch.words import say

DOT = "·"


def checks(page: ComparisonPage) -> list[Item]:
    """The checks that ask anything, open questions by case, every place where a text differs from itself, and the replies."""
    owner = {c.claim_id: c.case_id for c in page.claims}
    audit = page.audit.assign(case_id=page.audit["claim_id"].map(owner))
    verify, differ = (audit[audit["verdict"] == v] for v in (Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN))
    asking = [c for c in Check if c in set(audit.loc[audit["verdict"] != Verdict.CONSISTENT, "check"])]
    silent = [c for c in Check if c not in asking]
    rest = page.say("comparison_checks_silent", n=len(silent), names=page.say("checks_joiner").join(_name(page, c) for c in silent)) if silent else ""
    return [
        heading(page.say("comparison_checks_heading", verify=len(verify), differ=len(differ))),
        paragraph(page.say("comparison_checks_lead", n=len(Check), k=len(asking), asked=int((audit["question"] != "").sum()), rest=rest)),
        _checks_table(page, audit, asking),
        _asked_table(page, audit, verify, differ),
        *([_differ_table(page, differ)] if len(differ) else []),
        paragraph(_replies(page, owner)),
    ]


def _name(page: ComparisonPage, check: str) -> str:
    return say(f"checks.{check}_name", page.language)


def _checks_table(page: ComparisonPage, audit: pd.DataFrame, asking: Sequence[Check]) -> Table:
    """One row per check with a question, those that ask most first."""
    rows = []
    for check in asking:
        mine = audit[audit["check"] == check]
        counts = [int((mine["verdict"] == v).sum()) for v in Verdict]
        asked = mine.loc[mine["verdict"] != Verdict.CONSISTENT, "case_id"].value_counts().to_dict()
        cases = page.join(page.say("comparison_checks_case", case=name, n=asked[case]) for case, name in page.names.items() if case in asked)
        rows.append((counts, [f"{check} {_name(page, check)}", *(str(n) if n else DOT for n in counts), cases]))
    rows.sort(key=lambda row: -sum(row[0][1:]))
    return Table(
        id="tbl-checks", caption=page.say("comparison_checks_caption"), rows=[cells for _, cells in rows], align="lrrrl", widths=(25, 9, 9, 15, 42),
        header=[page.say("col_check"), *(page.label(f"verdict_{v}") for v in Verdict), page.say("comparison_checks_cases")],
        note=page.say("comparison_checks_note"),
    )


def _asked_table(page: ComparisonPage, audit: pd.DataFrame, verify: pd.DataFrame, differ: pd.DataFrame) -> Table:
    rows = []
    for case, name in page.names.items():
        mine = verify[verify["case_id"] == case]
        routine = [int((mine["check"] == c).sum()) for c in ROUTINE]
        counts = [len(mine), *routine, len(mine) - sum(routine), int((differ["case_id"] == case).sum())]
        counts.append(int(((audit["case_id"] == case) & (audit["question"] != "")).sum()))
        rows.append([name, *(str(n) if n else DOT for n in counts)])
    return Table(
        id="tbl-asked", caption=page.say("asked_caption"), rows=rows, align="lrrrrrr", widths=(18, 11, 17, 17, 12, 14, 11), note=page.say("asked_note"),
        header=[
            page.say("col_case"), page.label(f"verdict_{Verdict.TO_VERIFY}"), *(page.say("asked_of", check=_name(page, c)) for c in ROUTINE),
            page.say("asked_other"), page.label(f"verdict_{Verdict.DISAGREES_WITHIN}"),
            page.say("asked_questions"),
        ],
    )


def _differ_table(page: ComparisonPage, differ: pd.DataFrame) -> Table:
    rows = [[page.names[f["case_id"]], _name(page, f["check"]), f["detail"], f["question"], f["source_line"]] for f in differ.to_dict("records")]
    return Table(
        id="tbl-differ", caption=page.say("differ_caption"), rows=rows, align="lllll", widths=(15, 15, 28, 33, 9),
        header=page.header("col_case", "col_check", "col_arithmetic", "col_asked", "col_place"),
    )


def _replies(page: ComparisonPage, owner: dict[str, str]) -> str:
    """How many questions were sent and how many were answered."""
    if page.replies.empty:
        return page.say("comparison_replies_none")
    asked = page.replies["claim_id"]
    return page.say(
        "comparison_replies", n=len(asked), claims=asked.nunique(), cases=asked.map(owner).nunique(), answered=int((page.replies["reply"] != "").sum()),
    )

"""The report on somebody's own table of claims: what was found, what may be asked, what issuers replied."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from commresearch.cases.claim import Claim, claims_in
from commresearch.reporting.cells import DASH, highest_grade, indicator, value
from commresearch.reporting.display import Item, bullets, callout, heading
from commresearch.reporting.pilots_page import rows_of
from commresearch.reporting.stamped_page import StampedPage
from commresearch.terms import Check, Language, Verdict
from commresearch.words import say
from commresearch.workflow.audit_file import FileAudit, read_audit

GRAVITY = {Verdict.CONSISTENT: 0, Verdict.TO_VERIFY: 1, Verdict.DISAGREES_WITHIN: 2}


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditPage(StampedPage):
    """An audit being reported."""

    catalogue = "audit"
    made: FileAudit
    language: Language
    prefix: str = "audit"

    @property
    def is_simulated(self) -> bool:
        """Claims are printed somewhere; whether that place exists is for the reader to say."""
        return False

    @property
    def findings(self) -> pd.DataFrame:
        """What every check found, in the language of the page."""
        return self.made.findings[self.language]

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """The claims by id."""
        return {claim.claim_id: claim for claim in claims_in(self.made.claims)}

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """The gravest verdict of each claim; a claim that no check applies to raises no question."""
        found = dict.fromkeys(self.claims, Verdict.CONSISTENT)
        for claim_id, verdict in self.findings[["claim_id", "verdict"]].itertuples(index=False, name=None):
            found[claim_id] = max(found[claim_id], Verdict(verdict), key=lambda v: GRAVITY[v])
        return found

    def check(self, check: str) -> str:
        """Name of a check."""
        return say(f"checks.{check}_name", self.language)

    def verdict(self, verdict: Verdict) -> str:
        """A verdict in the language of the page."""
        return self.say({Verdict.CONSISTENT: "col_consistent", Verdict.TO_VERIFY: "col_verify", Verdict.DISAGREES_WITHIN: "col_differ"}[verdict])


def open_page(folder: str | Path, language: str) -> AuditPage:
    """Read an audit (errors as `read_audit`)."""
    chosen = Language(language)
    return AuditPage(made=read_audit(Path(folder), chosen), language=chosen)


def first_screen(page: AuditPage) -> list[Item]:
    """How many figures raise a question, and how to read it."""
    counts = {v: sum(found is v for found in page.verdicts.values()) for v in Verdict}
    lead = page.say(
        "lead", n=len(page.claims), checks=len(Check), open=counts[Verdict.TO_VERIFY], differ=counts[Verdict.DISAGREES_WITHIN], quiet=counts[Verdict.CONSISTENT],
    )
    return [
        page.prose(lead, page.say("grades", grade=highest_grade(page.findings)), page.made.left_out[page.language]),
        callout(page.say("disclaimer_title"), page.say("disclaimer"), "important"),
    ]


def checks(page: AuditPage) -> list[Item]:
    """How often each check found what."""
    table = pd.crosstab(page.findings["check"], page.findings["verdict"]).reindex(columns=[v.value for v in GRAVITY], fill_value=0)
    asked = table[[v.value for v in GRAVITY if v is not Verdict.CONSISTENT]].sum(axis=1).sort_values(ascending=False, kind="stable")
    top = [page.check(str(c)) for c in asked[asked > 0].index[:3]]
    rows = [[f"{check} {page.check(str(check))}", *(str(int(n)) for n in counts)] for check, counts in zip(table.index, table.to_numpy(), strict=True)]
    return [
        heading(page.say("checks_heading", top=page.join(top)) if top else page.say("checks_heading_none")),
        page.table(
            "checks", page.say("checks_caption"), page.header("col_check", "col_consistent", "col_verify", "col_differ"), rows, align="lrrr", widths=(46, 16, 16, 22),
            note=page.say("checks_note"),
        ),
    ]


def questions(page: AuditPage) -> list[Item]:
    """Every open question with the arithmetic behind it, figure by figure."""
    open_ = page.findings[page.findings["verdict"] != Verdict.CONSISTENT]
    if open_.empty:
        return [heading(page.say("questions_heading_none"))]
    order = {claim_id: place for place, claim_id in enumerate(page.claims)}
    rows = [
        [
            indicator(page.claims[r["claim_id"]], page.language), page.check(str(r["check"])), str(r["detail"]), str(r["question"]) or DASH,
            str(r["source_line"]) if page.claims[r["claim_id"]].source_id else DASH,
        ]
        for r in sorted(rows_of(open_), key=lambda r: order[r["claim_id"]])
    ]
    return [
        heading(page.say("questions_heading", n=int((open_["question"] != "").sum()))),
        page.table(
            "questions", page.say("questions_caption"), page.header("col_claim", "col_check", "col_found", "col_question", "col_place"), rows, align="lllll",
            widths=(17, 13, 30, 31, 9),
        ),
    ]


def replies(page: AuditPage) -> list[Item]:
    """What was asked and what came back."""
    given = page.made.responses
    if given.empty:
        return []
    rows = [
        [
            indicator(page.claims[r["claim_id"]], page.language), page.own(str(r["question"])), page.own(str(r["reply"])) or page.say("waiting"), f"{r['asked_on']} / {r['replied_on'] or DASH}",
            page.own(str(r["reply_source"])) or DASH,
        ]
        for r in rows_of(given)
    ]
    answered = int((given["reply"] != "").sum())
    return [
        heading(page.say("replies_heading", answered=answered, waiting=len(given) - answered)),
        page.table(
            "replies", page.say("replies_caption"), page.header("col_claim", "col_question", "col_reply", "col_dates", "col_place"), rows, align="lllll",
            widths=(18, 26, 26, 16, 14), note=page.say("replies_note"),
        ),
    ]


def claims(page: AuditPage) -> list[Item]:
    """All figures with their grade and verdict."""
    grades = page.findings.drop_duplicates("claim_id").set_index("claim_id")["grade"].to_dict()
    rows = [
        [indicator(c, page.language), value(c, page.language), str(grades.get(c.claim_id, "E0")), page.verdict(page.verdicts[c.claim_id]), c.source_line if c.source_id else DASH]
        for c in page.claims.values()
    ]
    return [
        heading(page.say("claims_heading", n=len(rows))),
        page.table(
            "claims", page.say("claims_caption"), page.header("col_claim", "col_printed", "col_grade", "col_verdict", "col_place"), rows, align="lrlll",
            widths=(36, 20, 10, 20, 14),
        ),
    ]


def appendix(page: AuditPage, version: str) -> list[Item]:
    """What each check that found something asks, and the version."""
    found = list(dict.fromkeys(page.findings["check"]))
    return [
        bullets(f"{check} {page.check(check)}{say('audit.colon', page.language)}{say(f'checks.{check}_about', page.language)}" for check in sorted(found)),
        page.prose(say("reports.version_text", page.language, version=version)),
    ]

"""The report of one case that has published facts only: its first screen, profile, mechanisms and what to collect.

Each section is a function from an opened page to the items it shows; the notebook calls them in order. The sections on
the numbers themselves stand in `case_numbers`.
"""

import math
from dataclasses import dataclass

import pandas as pd

from commresearch.cases import Published
from commresearch.cases.claim import Claim, claims_in, of_kind
from commresearch.comparison import audit_claims
from commresearch.reporting.cells import (
    DASH,
    INFERENCE,
    document_date,
    grades_table,
    headline_claims,
    highest_grade,
    indicator,
    mechanism_name,
    missing,
    profile_value,
    reading,
    value,
)
from commresearch.reporting.display import Item, Table, bullets, callout, escape, heading, paragraph
from commresearch.reporting.page import Page, ledger
from commresearch.reporting.replies import replies_of
from commresearch.terms import Fit, Headline, Kind, Language, Level, Mechanism, Mention
from commresearch.words import entries

PROFILE = ("start", "population", "households", "area_km2", "n_communities")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CasePage(Page):
    """The report of one case."""

    case: pd.Series
    n_repeats: int
    replies: pd.DataFrame  #: questions sent to the issuer about these claims, and the replies

    @property
    def name(self) -> str:
        """The case's name in the page's language."""
        return str(self.case[f"name_{self.language}"])

    @property
    def results(self) -> list[Claim]:
        """Claims that describe a result."""
        return of_kind(self.claims, Kind.OUTCOME)

    @property
    def source(self) -> pd.Series:
        """The document the case stands in."""
        sources = self.published.sources
        mine: pd.Series = sources[sources["source_id"] == self.case["source_id"]].iloc[0]
        return mine


def open_page(published: str | Published, case: str, language: str) -> CasePage:
    """Load what the report of one case needs.

    Raises
    ------
    CaseError, SchemaError
        As `load_published`; CaseError for an unknown case.
    SourceError, SchemaError
        As `replies_of`.
    """
    facts = ledger(published)
    row, rows = facts.case(case), facts.claims_of(case)
    claims = claims_in(rows)
    # Ratios are held against other cases, so the audit sees all of them and the page keeps its own.
    audit = audit_claims(facts.claims, language=language)
    mine = audit[audit["claim_id"].isin([c.claim_id for c in claims])].reset_index(drop=True)
    replies = replies_of(published, facts.claims)
    return CasePage(
        published=facts, case=row, claims=claims, n_repeats=len(rows) - len(claims), audit=mine, language=Language(language),
        replies=replies[replies["claim_id"].isin([c.claim_id for c in claims])],
    )


def first_screen(page: CasePage) -> list[Item]:
    """Lead sentence, a panel per headline outcome, how far to trust it, where it comes from."""
    results = page.results
    based = sum(c.is_change and not math.isnan(c.baseline) for c in results)
    dated = sum(c.has_period for c in results)
    changes = sum(c.is_change for c in results)
    which = "case_lead_none" if not results else "case_lead" if changes else "case_lead_levels"
    lead = page.say(which, n=len(page.claims), k=len(results), changes=changes, based=based, dated=dated, gap=_gap(page))
    trust = page.say(f"trust_{highest_grade(page.audit)}", disclaimer=page.say("disclaimer"))
    return [paragraph(lead), _panels(page), callout(page.say("trust_title"), trust, "important"), paragraph(_provenance(page))]


def _gap(page: CasePage) -> str:
    """What the source does not give that judging an effect would need."""
    absent = [page.say(f"gap_{element}") for element in INFERENCE if page.case[element] == "no"]
    return page.say("case_gap", missing=page.join(absent)) if absent else page.say("case_no_gap")


def _panels(page: CasePage) -> Table:
    columns = [_panel(page, outcome) for outcome in Headline]
    names = page.header(*(f"panels_row_{row}" for row in ("value", "what", "missing", "grade")))
    rows = [[name, *(column[i] for column in columns)] for i, name in enumerate(names)]
    rows = [row for row in rows if set(row[1:]) != {DASH}]
    header = [page.say("col_item"), *(page.label(f"headline_{outcome}") for outcome in Headline)]
    return Table(
        id="tbl-panels", caption=page.say("panels_caption"), header=header, rows=rows, align="llll", style="panels", widths=(16, 28, 28, 28),
        muted=page.label("not_reported"),
    )


def _panel(page: CasePage, outcome: Headline) -> tuple[str, str, str, str]:
    """Number, what it counts, what is missing, grade: of the most telling direct number, or 未报告."""
    claims = headline_claims(page.claims, outcome)
    direct = [c for c in claims if c.headline_fit == Fit.DIRECT]
    if not direct:
        near = page.say("panel_proxy", n=len(claims)) if claims else DASH
        return page.label("not_reported"), near, DASH, DASH
    best, what = direct[0], indicator(direct[0], page.language)
    if len(direct) > 1:
        what = page.say("panel_more", text=what, n=len(direct) - 1)
    grades = page.audit.loc[page.audit["claim_id"] == best.claim_id]
    return value(best, page.language), what, missing(best, page.language), highest_grade(grades)


def _provenance(page: CasePage) -> str:
    source = page.source
    publisher = page.say("publisher_part", publisher=escape(source["publisher"])) if source["publisher"] else ""
    return page.say("provenance", title=escape(source["title"]), publisher=publisher, date=document_date(source, page.language))


def profile(page: CasePage) -> list[Item]:
    """Size, place and start as stated."""
    case = page.case
    fields = [f for f in PROFILE if f != "n_communities" or case["level"] != Level.COMMUNITY]
    values = {field: profile_value(case, field, page.language) for field in fields}
    known = sum(v != page.label("not_reported") for v in values.values())
    rows = [
        [page.say("profile_level"), page.label(f"level_{case['level']}")],
        [page.say("profile_model"), case["model"] if page.language is Language.ZH else case["model_en"]],
        *([page.say(f"profile_{field}"), text] for field, text in values.items()),
    ]
    province = case["province_en"]
    english = f"{page.name.removesuffix(f', {province}')}, {province}"
    place = f"{case['province']}{case['city']}{case['county']}" if page.language is Language.ZH else english
    rows.insert(1, [page.say("profile_place"), place])
    table = Table(
        id="tbl-profile", caption=page.say("profile_caption", name=page.name), header=page.header("col_item", "col_content"), rows=rows,
        align="ll", note=page.say("profile_note"), widths=(30, 70),
    )
    return [heading(page.say("profile_heading", known=known, total=len(fields))), table]


def mechanisms(page: CasePage) -> list[Item]:
    """What the source says the case does."""
    mine = _mechanisms_of(page)
    counts = mine["settled"].value_counts()
    absent = mine.loc[mine["settled"] == Mention.NOT_MENTIONED, "mechanism"]
    names = page.join(mechanism_name(m, page.language) for m in absent) or page.say("mechanisms_none")
    lead = page.say(
        "mechanisms_lead", implied=counts.get(Mention.IMPLIED, 0), related=counts.get(Mention.RELATED, 0), absent=len(absent), names=names
    )
    order = {m.value: i for i, m in enumerate(Mention)}
    shown = mine[mine["settled"] != Mention.NOT_MENTIONED].sort_values("settled", key=lambda s: s.map(order), kind="stable")
    rows = [
        [
            mechanism_name(m["mechanism"], page.language), page.label(f"mention_{m['settled']}"), m[f"reason_{page.language}"],
            f"{m['source_id']}:{m['line']:.0f}",
        ]
        for m in shown.to_dict("records")
    ]
    table = Table(
        id="tbl-mechanisms", caption=page.say("mechanisms_caption"), rows=rows, align="llll", note=page.say("mechanisms_note", reading=reading(mine, page.language)),
        header=page.header("mechanisms_col", "mechanisms_code", "mechanisms_reason", "col_place"), widths=(24, 12, 50, 14),
    )
    return [heading(page.say("mechanisms_heading", stated=counts.get(Mention.STATED, 0))), paragraph(lead), table]


def _mechanisms_of(page: CasePage) -> pd.DataFrame:
    frame = page.published.mechanisms
    mine: pd.DataFrame = frame[frame["case_id"] == page.case["case_id"]]
    return mine


def to_collect(page: CasePage) -> list[Item]:
    """Records an evaluation needs: always, and for the mechanisms that the source states or implies."""
    suffix, case = page.language.value, page.case
    # A single total or a bare start is a part of what is needed; no source states any of the six in full.
    partly = {"frame": pd.notna(case["households"]) or pd.notna(case["population"]), "start": bool(case["start"])}
    always = [
        [need[suffix], need[f"why_{suffix}"], page.say(f"status_{key}_part" if partly.get(key, False) else "status_unknown")]
        for key, need in entries("collect").items()
    ]
    mine = _mechanisms_of(page)
    done = set(mine.loc[mine["settled"].isin([Mention.STATED, Mention.IMPLIED]), "mechanism"])
    words = entries("mechanisms")
    records = [[words[m][suffix], words[m][f"records_{suffix}"], words[m][f"use_{suffix}"]] for m in Mechanism if m in done]
    return [
        heading(page.say("collect_heading")),
        paragraph(page.say("collect_lead")),
        Table(
            id="tbl-collect", caption=page.say("collect_always_caption"), rows=always, align="lll", widths=(38, 46, 16),
            header=page.header("collect_always_col", "collect_always_why", "collect_always_status"),
        ),
        Table(
            id="tbl-records", caption=page.say("collect_mechanism_caption"), rows=records, align="lll", widths=(20, 46, 34),
            header=page.header("mechanisms_col", "collect_records", "collect_use"),
        ),
    ]


def appendix(page: CasePage, version: str) -> list[Item]:
    """Grades and words, qualifiers, the source, the version."""
    source, blank = page.source, page.label("not_reported")
    title, publisher = (t if page.language is Language.ZH else f"({t})" for t in (source["title"], source["publisher"]))
    rows = [
        [page.say("source_id"), source["source_id"]], [page.say("source_file"), source["file"]], [page.say("source_title"), title],
        [page.say("source_publisher"), publisher if source["publisher"] else blank],
        [page.say("source_date"), document_date(source, page.language)],
    ]
    return [
        heading(page.say("appendix_heading")),
        grades_table(page.language),
        bullets(page.header("qualifiers_text", "note_ledger")),
        Table(
            id="tbl-source", caption=page.say("sources_caption"), header=page.header("col_item", "col_content"), rows=rows, align="ll", widths=(20, 80),
            note=page.say("version_text", version=version),
        ),
    ]

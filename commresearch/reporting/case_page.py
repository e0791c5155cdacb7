"""The report of one case that has published facts only, section by section.

Each section is a function from an opened page to the items it shows; the notebook calls them in order.
"""

from dataclasses import dataclass

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.comparison import audit_claims
from commresearch.reporting.cells import (
    DASH,
    document_date,
    grades_table,
    headline_claims,
    highest_grade,
    indicator,
    mechanism_name,
    missing,
    value,
)
from commresearch.reporting.display import (
    Item,
    Table,
    bullets,
    callout,
    escape,
    heading,
    paragraph,
)
from commresearch.terms import (
    CHANGES,
    Fit,
    Grade,
    Headline,
    Kind,
    Language,
    Mechanism,
    Mention,
)
from commresearch.words import entries, number, period, say

PROFILE = ("start", "population", "households", "area_km2", "n_communities")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CasePage:
    """Everything a case report is written from."""

    published: Published
    case: pd.Series
    claims: pd.DataFrame  #: without repeats
    n_repeats: int
    audit: pd.DataFrame
    language: Language

    def say(self, key: str, **values: object) -> str:
        """A text of the report catalogue."""
        return say(f"reports.{key}", self.language, **values)

    def label(self, key: str) -> str:
        """A label."""
        return say(f"labels.{key}", self.language)

    @property
    def name(self) -> str:
        """The case's name in the page's language."""
        return str(self.case[f"name_{self.language}"])

    @property
    def results(self) -> pd.DataFrame:
        """Claims that describe a result."""
        return self.claims[self.claims["kind"] == Kind.OUTCOME]


def open_page(published: str | Published, case: str, language: str) -> CasePage:
    """Load what the report of one case needs.

    Raises
    ------
    CaseError, SchemaError
        As `load_published`; CaseError for an unknown case.
    """
    ledger = published if isinstance(published, Published) else load_published(published)
    row, claims = ledger.case(case), ledger.claims_of(case)
    first = claims[claims["repeat_of"] == ""].reset_index(drop=True)
    # Ratios are held against other cases, so the audit sees all of them and the page keeps its own.
    audit = audit_claims(ledger.claims, language=language)
    mine = audit[audit["claim_id"].isin(first["claim_id"])].reset_index(drop=True)
    return CasePage(published=ledger, case=row, claims=first, n_repeats=len(claims) - len(first), audit=mine, language=Language(language))


# ---------------------------------------------------------------- first screen


def first_screen(page: CasePage) -> list[Item]:
    """Lead sentence, a panel per headline outcome, how far to trust it, where it comes from."""
    results = page.results
    based = int((results["comparison"].isin(CHANGES) & results["baseline"].notna()).sum())
    dated = int(((results["period_start"] != "") | (results["period_end"] != "")).sum())
    grade = highest_grade(page.audit)
    trust = page.say(f"trust_{grade}", disclaimer=page.say("disclaimer"))
    return [
        paragraph(page.say("case_lead", n=len(page.claims), k=len(results), based=based, dated=dated)),
        _panels(page),
        callout(page.say("trust_title"), trust, "important"),
        paragraph(_provenance(page)),
    ]


def _panels(page: CasePage) -> Table:
    columns = [_panel(page, outcome) for outcome in Headline]
    names = [page.say(f"panels_row_{row}") for row in ("value", "what", "missing", "grade")]
    rows = [[name, *(column[i] for column in columns)] for i, name in enumerate(names)]
    header = ["", *(page.label(f"headline_{outcome}") for outcome in Headline)]
    return Table(id="tbl-panels", caption=page.say("panels_caption"), header=header, rows=rows, align="llll", style="panels", widths=(16, 28, 28, 28))


def _panel(page: CasePage, outcome: Headline) -> tuple[str, str, str, str]:
    """Number, what it counts, what is missing, grade: of the most telling direct number, or 未报告."""
    claims = headline_claims(page.claims, outcome)
    direct = claims[claims["headline_fit"] == Fit.DIRECT]
    if direct.empty:
        near = page.say("panel_proxy", n=len(claims)) if len(claims) else DASH
        return page.label("not_reported"), near, DASH, DASH
    best = next(direct.itertuples())
    what = indicator(best, page.language)
    if len(direct) > 1:
        what = page.say("panel_more", text=what, n=len(direct) - 1)
    grade = page.audit.loc[page.audit["claim_id"] == best.claim_id, "grade"]
    return value(best, page.language), what, missing(best, page.language), grade.iloc[0] if len(grade) else Grade.E0.value


def _provenance(page: CasePage) -> str:
    source = source_of(page)
    publisher = page.say("publisher_part", publisher=escape(source["publisher"])) if source["publisher"] else ""
    return page.say("provenance", title=escape(source["title"]), publisher=publisher, date=document_date(source, page.language))


def source_of(page: CasePage) -> pd.Series:
    """The document the case stands in."""
    sources = page.published.sources.set_index("source_id")
    return sources.loc[page.case["source_id"]]


# ---------------------------------------------------------------- profile and mechanisms


def profile(page: CasePage) -> list[Item]:
    """Size, place and start as stated."""
    case, language = page.case, page.language
    values = {field: _profile_value(case, field, page) for field in PROFILE}
    known = sum(v != page.label("not_reported") for v in values.values())
    rows = [
        [page.say("profile_level"), page.label(f"level_{case['level']}")],
        [page.say("profile_model"), case["model"] if language is Language.ZH else case["model_en"]],
        *([page.say(f"profile_{field}"), text] for field, text in values.items()),
    ]
    if language is Language.ZH:
        rows.insert(1, [page.say("profile_place"), f"{case['province']}{case['city']}{case['county']}"])
    caption = page.say("profile_caption", name=page.name)
    table = Table(
        id="tbl-profile", caption=caption, header=(page.say("col_item"), page.say("col_content")), rows=rows, align="ll",
        note=page.say("profile_note"), widths=(30, 70),
    )
    return [heading(page.say("profile_heading", known=known)), table]


def _profile_value(case: pd.Series, field: str, page: CasePage) -> str:
    if field == "start":
        start = period(case["start"], case["start"], "", page.language)
        unsure = case["start_sure"] == "no"
        text = page.say("date_unsure", date=start) if unsure and start else start
        return text or page.label("not_reported")
    return number(case[field]) if pd.notna(case[field]) else page.label("not_reported")


def mechanisms(page: CasePage) -> list[Item]:
    """What the source says the case does."""
    mine = page.published.mechanisms[page.published.mechanisms["case_id"] == page.case["case_id"]]
    counts = mine["settled"].value_counts()
    absent = mine[mine["settled"] == Mention.NOT_MENTIONED]
    names = page.say("joiner").join(mechanism_name(m, page.language) for m in absent["mechanism"]) or page.say("mechanisms_none")
    lead = page.say(
        "mechanisms_lead", implied=counts.get(Mention.IMPLIED, 0), related=counts.get(Mention.RELATED, 0), absent=len(absent), names=names
    )
    order = {m.value: i for i, m in enumerate(Mention)}
    shown = mine[mine["settled"] != Mention.NOT_MENTIONED].sort_values("settled", key=lambda s: s.map(order), kind="stable")
    rows = [
        [mechanism_name(m.mechanism, page.language), page.label(f"mention_{m.settled}"), getattr(m, f"reason_{page.language}"), f"{m.source_id}:{m.line:.0f}"]
        for m in shown.itertuples()
    ]
    header = [page.say(k) for k in ("mechanisms_col", "mechanisms_code", "mechanisms_reason", "col_place")]
    table = Table(
        id="tbl-mechanisms", caption=page.say("mechanisms_caption"), header=header, rows=rows, align="llll",
        note=page.say("mechanisms_note"), widths=(24, 12, 50, 14),
    )
    return [heading(page.say("mechanisms_heading", stated=counts.get(Mention.STATED, 0))), paragraph(lead), table]


# ---------------------------------------------------------------- what to collect, appendix


def to_collect(page: CasePage) -> list[Item]:
    """Records an evaluation needs: always, and for the mechanisms that the source states."""
    suffix = page.language.value
    case = page.case
    known = {
        "frame": pd.notna(case["households"]) and pd.notna(case["population"]), "start": bool(case["start"]),
        "baseline": bool((page.results["headline"].eq(Headline.COMPLAINTS) & page.results["baseline"].notna()).any()),
    }
    always = [
        [need[suffix], need[f"why_{suffix}"], page.say("status_known" if known.get(key, False) else "status_unknown")]
        for key, need in entries("collect").items()
    ]
    mine = page.published.mechanisms[page.published.mechanisms["case_id"] == case["case_id"]]
    stated = set(mine.loc[mine["settled"].isin([Mention.STATED, Mention.IMPLIED]), "mechanism"])
    words = entries("mechanisms")
    records = [[words[m][suffix], words[m][f"records_{suffix}"], words[m][f"use_{suffix}"]] for m in Mechanism if m in stated]
    return [
        heading(page.say("collect_heading")),
        paragraph(page.say("collect_lead")),
        Table(
            id="tbl-collect", caption=page.say("collect_always_caption"), rows=always, align="lll", widths=(38, 46, 16),
            header=[page.say(f"collect_always_{k}") for k in ("col", "why", "status")],
        ),
        Table(
            id="tbl-records", caption=page.say("collect_mechanism_caption"), rows=records, align="lll", widths=(20, 46, 34),
            header=[page.say(k) for k in ("mechanisms_col", "collect_records", "collect_use")],
        ),
    ]


def appendix(page: CasePage, version: str) -> list[Item]:
    """Grades and words, qualifiers, the source, the version."""
    source = source_of(page)
    publisher = source["publisher"] or page.label("not_reported")
    title, publisher = (t if page.language is Language.ZH else f"({t})" for t in (source["title"], publisher))
    rows = [
        [page.say("source_file"), source["file"]], [page.say("source_title"), title],
        [page.say("source_publisher"), publisher if source["publisher"] else page.label("not_reported")],
        [page.say("source_date"), document_date(source, page.language)],
    ]
    return [
        heading(page.say("appendix_heading")),
        grades_table(page.language),
        bullets([page.say("qualifiers_text"), page.say("note_ledger")]),
        Table(id="tbl-source", caption=page.say("sources_caption"), header=(page.say("col_item"), page.say("col_content")), rows=rows, align="ll", widths=(20, 80)),
        paragraph(page.say("version_text", version=version)),
    ]



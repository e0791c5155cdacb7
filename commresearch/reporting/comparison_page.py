"""The report over all published cases: what is reported, on what evidence, and how far two readings agree.

Nothing is ranked, averaged or pooled: published figures are claims of differing definition.
"""

from dataclasses import dataclass

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.comparison import audit_claims, reading_agreement
from commresearch.reporting import figures
from commresearch.reporting.cells import (
    document_date,
    grades_table,
    headline_claims,
    highest_grade,
    indicator,
    line_of,
    mechanism_name,
    missing,
    value,
)
from commresearch.reporting.display import (
    Figure,
    Item,
    Table,
    bullets,
    callout,
    heading,
    paragraph,
)
from commresearch.terms import (
    CHANGES,
    Check,
    Family,
    Fit,
    Headline,
    Kind,
    Language,
    Level,
    Mechanism,
    Mention,
    UnitClass,
    Verdict,
)
from commresearch.words import entries, number, period, say

RECENT = "2024"  #: documents dated from this year on form the recent blocks
DENOMINATORS = ("population", "households", "area_km2", "n_communities")
DOT = "·"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparisonPage:
    """Everything the comparison is written from."""

    published: Published
    claims: pd.DataFrame  #: without repeats
    audit: pd.DataFrame
    language: Language

    def say(self, key: str, **values: object) -> str:
        """A text of the report catalogue."""
        return say(f"reports.{key}", self.language, **values)

    def label(self, key: str) -> str:
        """A label."""
        return say(f"labels.{key}", self.language)

    @property
    def cases(self) -> pd.DataFrame:
        """The cases in the order of the documents."""
        return self.published.cases

    @property
    def names(self) -> dict[str, str]:
        """Short names by case id."""
        return {row.case_id: short_name(row, self.language) for row in self.cases.itertuples()}


def open_page(published: str | Published, language: str) -> ComparisonPage:
    """Load what the comparison needs (errors as `load_published`)."""
    ledger = published if isinstance(published, Published) else load_published(published)
    first = ledger.claims[ledger.claims["repeat_of"] == ""].reset_index(drop=True)
    return ComparisonPage(published=ledger, claims=first, audit=audit_claims(ledger.claims, language=language), language=Language(language))


def short_name(case: object, language: Language) -> str:
    """Name of a case where space is short: the last part in Chinese, the first in English."""
    if language is Language.EN:
        return str(case.name_en).split(",")[0].removesuffix(" Community")  # type: ignore[attr-defined]
    name = str(case.name_zh)  # type: ignore[attr-defined]
    for mark in ("街道", "开发区", "区", "县", "市"):
        head, found, tail = name.partition(mark)
        if found and tail:
            name = tail
    return name.removesuffix("社区") or str(case.name_zh)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- first screen


def first_screen(page: ComparisonPage) -> list[Item]:
    """Lead sentence, how many cases report each headline outcome, how far to trust it."""
    results = page.claims[page.claims["kind"] == Kind.OUTCOME]
    based = int((results["comparison"].isin(CHANGES) & results["baseline"].notna()).sum())
    lead = page.say("comparison_lead", cases=len(page.cases), n=len(page.claims), k=len(results), based=based)
    rows = [[page.say(f"comparison_panel_{row}")] for row in ("direct", "change", "none")]
    for outcome in Headline:
        direct = page.claims[(page.claims["headline"] == outcome) & (page.claims["headline_fit"] == Fit.DIRECT)]
        n, changes = direct["case_id"].nunique(), direct.loc[direct["comparison"].isin(CHANGES), "case_id"].nunique()
        for row, count in zip(rows, (n, changes, len(page.cases) - n), strict=True):
            row.append(str(count))
    header = ["", *(page.label(f"headline_{outcome}") for outcome in Headline)]
    trust = page.say("comparison_trust", grade=highest_grade(page.audit), disclaimer=page.say("disclaimer"))
    return [
        paragraph(lead),
        Table(id="tbl-panels", caption=page.say("comparison_panel_caption"), header=header, rows=rows, align="lrrr", style="panels", widths=(28, 24, 24, 24)),
        callout(page.say("trust_title"), trust, "important"),
        paragraph(page.say("comparison_provenance", n_sources=len(page.published.sources))),
    ]


# ---------------------------------------------------------------- what is reported


def reported(page: ComparisonPage) -> list[Item]:
    """Numbers per case and topic, and what the results among them state."""
    cells = pd.crosstab(page.claims["family"], page.claims["case_id"])
    cells = cells.reindex(index=[f.value for f in Family], columns=list(page.cases["case_id"]), fill_value=0)
    results = page.claims[page.claims["kind"] == Kind.OUTCOME]
    rings = pd.crosstab(results["family"], results["case_id"]).reindex(index=cells.index, columns=cells.columns, fill_value=0) > 0
    labels = [page.label(f"family_{f}") for f in cells.index]
    totals = cells.sum(axis=1)
    alt = page.say("map_alt", top=page.label(f"family_{totals.idxmax()}"), n=int(totals.max()), rings=int(rings.to_numpy().sum()))
    drawing = figures.reporting_map(cells, rings, labels, list(page.names.values()))
    return [
        heading(page.say("map_heading")),
        Figure(id="fig-map", caption=page.say("map_caption"), alt=alt, drawing=drawing, note=page.say("map_note")),
        _evidence_table(page, results),
    ]


def _evidence_table(page: ComparisonPage, results: pd.DataFrame) -> Table:
    grades = page.audit.groupby("claim_id")["grade"].first()
    rows = []
    for case in page.cases["case_id"]:
        mine = results[results["case_id"] == case]
        change = mine["comparison"].isin(CHANGES)
        share = (mine["unit_class"] == UnitClass.PERCENT) & ~change
        best = max(grades.reindex(mine["claim_id"]).dropna(), default=DOT)
        counts = [
            len(mine), _of(int((change & mine["baseline"].notna()).sum()), int(change.sum())),
            _of(int(((mine["period_start"] != "") | (mine["period_end"] != "")).sum()), len(mine)),
            _of(int((share & mine["denominator"].notna()).sum()), int(share.sum())),
        ]
        rows.append([page.names[case], *(str(c) for c in counts), best])
    header = [page.say(k) for k in ("col_case", "evidence_n", "evidence_base", "evidence_period", "evidence_denominator", "evidence_grade")]
    return Table(id="tbl-evidence", caption=page.say("evidence_caption"), header=header, rows=rows, align="lrrrrr", widths=(22, 12, 16, 16, 18, 16))


def _of(n: int, total: int) -> str:
    """`n` of `total`, a dot where there is nothing to count."""
    return f"{n}/{total}" if total else DOT


# ---------------------------------------------------------------- headline outcomes in blocks


def headline_outcomes(page: ComparisonPage) -> list[Item]:
    """Published numbers on the headline outcomes, in blocks by level and period, never sorted across."""
    items: list[Item] = [heading(page.say("outcomes_heading")), paragraph(page.say("outcomes_lead"))]
    for name, cases in _blocks(page).items():
        block = page.say(f"block_{name}")
        rows = [row for case in cases for row in _outcome_rows(page, case)]
        silent = [page.names[c] for c in cases if not _outcome_rows(page, c)]
        items.append(heading(block, 2))
        if rows:
            keys = ("col_case", "col_outcome", "col_indicator", "col_value", "col_fit", "col_missing", "col_place")
            items.append(Table(
                id=f"tbl-{name.replace('_', '-')}", caption=page.say("block_caption", block=block), header=[page.say(k) for k in keys], rows=rows,
                align="lllrlll", widths=(13, 13, 25, 14, 12, 15, 9),
            ))
        if silent:
            items.append(paragraph(page.say("not_reporting", names=page.say("joiner").join(silent))))
    return items


def _blocks(page: ComparisonPage) -> dict[str, list[str]]:
    """Case ids by level (areas, communities) and by the date of the document."""
    dates = page.published.sources.set_index("source_id")["date"]
    blocks: dict[str, list[str]] = {"area_recent": [], "community_recent": [], "community_2020": []}
    for case in page.cases.itertuples():
        recent = dates[case.source_id] >= RECENT
        level = "community" if case.level == Level.COMMUNITY else "area"
        blocks[f"{level}_recent" if recent else f"{level}_2020"].append(case.case_id)
    return blocks


def _outcome_rows(page: ComparisonPage, case: str) -> list[list[str]]:
    mine = page.claims[page.claims["case_id"] == case]
    rows = []
    for outcome in Headline:
        chosen = headline_claims(mine, outcome)
        chosen = chosen[(chosen["headline_fit"] == Fit.DIRECT) | (chosen["kind"] == Kind.OUTCOME)]
        for claim in chosen.itertuples():
            rows.append([
                page.names[case], page.label(f"headline_{outcome}"), indicator(claim, page.language), value(claim, page.language),
                page.label(f"fit_{claim.headline_fit}"), missing(claim, page.language), line_of(claim, page.language),
            ])
    return rows


# ---------------------------------------------------------------- mechanisms and the two readings


def mechanisms(page: ComparisonPage) -> list[Item]:
    """Mechanism × case matrix and the definitions both readers used."""
    frame = page.published.mechanisms
    order = [m.value for m in Mechanism]
    settled = frame.pivot(index="mechanism", columns="case_id", values="settled").loc[order, list(page.cases["case_id"])]
    stated = (settled == Mention.STATED).sum(axis=1)
    names = {m: mechanism_name(m, page.language) for m in order}
    counts = {m.value: int((settled == m).to_numpy().sum()) for m in Mention}
    top, bottom = names[stated.idxmax()], names[stated.idxmin()]
    title = page.say("matrix_heading_counts", top=top, n_top=int(stated.max()), bottom=bottom, n_bottom=int(stated.min()))
    drawing = figures.mechanism_matrix(settled, list(names.values()), list(page.names.values()), page.language)
    alt = page.say("matrix_alt", **counts, top=top, bottom=bottom)
    rows = [[names[m], entries("mechanisms")[m][f"about_{page.language}"], str(int(stated[m]))] for m in order]
    header = [page.say(k) for k in ("mechanisms_col", "definitions_about", "definitions_n")]
    return [
        heading(title),
        Figure(id="fig-matrix", caption=page.say("matrix_caption"), alt=alt, drawing=drawing, note=page.say("matrix_note")),
        Table(id="tbl-definitions", caption=page.say("definitions_caption"), header=header, rows=rows, align="llr", widths=(26, 62, 12)),
    ]


def agreement(page: ComparisonPage) -> list[Item]:
    """The 4 × 4 table of two readings with kappa and AC1, and what it is not."""
    result = reading_agreement(page.published.mechanisms)
    same = round(result.observed * result.n)
    lead = page.say(
        "agreement_lead", n=result.n, same=same, differ=result.n - same, kappa=f"{result.kappa:.2f}", ac1=f"{result.ac1:.2f}"
    )
    labels = [page.label(f"mention_{m}") for m in Mention]
    rows = [[name, *(str(int(n)) for n in counts)] for name, counts in zip(labels, result.table.to_numpy(), strict=True)]
    return [
        heading(page.say("agreement_heading", observed=f"{100 * result.observed:.0f}")),
        paragraph(lead),
        Table(id="tbl-agreement", caption=page.say("agreement_caption"), header=[page.say("agreement_corner"), *labels], rows=rows, align="lrrrr"),
    ]


# ---------------------------------------------------------------- denominators, checks, pooling, appendix


def denominators(page: ComparisonPage) -> list[Item]:
    """Sizes and starts as stated, blank where not."""
    both = int((page.cases["population"].notna() & page.cases["households"].notna()).sum())
    blank = page.label("not_reported")
    rows = [
        [
            page.names[str(case["case_id"])], *(number(case[d]) if pd.notna(case[d]) else blank for d in DENOMINATORS),
            period(case["start"], case["start"], "", page.language) or blank,
        ]
        for _, case in page.cases.iterrows()
    ]
    header = [page.say("col_case"), *(page.say(f"profile_{d}") for d in DENOMINATORS), page.say("profile_start")]
    table = Table(id="tbl-denominators", caption=page.say("denominators_caption"), header=header, rows=rows, align="lrrrrr", widths=(20, 16, 16, 16, 16, 16))
    return [heading(page.say("denominators_heading", both=both)), paragraph(page.say("denominators_lead")), table]


def checks(page: ComparisonPage) -> list[Item]:
    """How many claims of each case each check asks about, and every place where a text differs from itself."""
    audit = page.audit.merge(page.claims[["claim_id", "case_id"]], on="claim_id", validate="many_to_one")
    verify, differ = (audit[audit["verdict"] == v] for v in (Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN))
    rows = [[page.names[c], *(_verdict_cell(verify, differ, c, k) for k in Check)] for c in page.cases["case_id"]]
    header = [page.say("col_case"), *(str(c) for c in Check)]
    note = page.say("comparison_checks_note") + page.say("joiner").join(f"{c} {say(f'checks.{c}_name', page.language)}" for c in Check)
    return [
        heading(page.say("comparison_checks_heading", verify=len(verify), differ=len(differ))),
        Table(id="tbl-checks", caption=page.say("comparison_checks_caption"), header=header, rows=rows, align="l" + "r" * len(Check), note=note),
        _differ_table(page, differ),
    ]


def _verdict_cell(verify: pd.DataFrame, differ: pd.DataFrame, case: str, check: Check) -> str:
    counts = [int(((f["case_id"] == case) & (f["check"] == check)).sum()) for f in (verify, differ)]
    return f"{counts[0]} / {counts[1]}" if any(counts) else DOT


def _differ_table(page: ComparisonPage, differ: pd.DataFrame) -> Table:
    claims = page.claims.set_index("claim_id")
    rows = [
        [page.names[f.case_id], indicator(claims.loc[f.claim_id], page.language), say(f"checks.{f.check}_name", page.language), f.detail]
        for f in differ.itertuples()
    ]
    header = [page.say(k) for k in ("col_case", "col_indicator", "col_check", "col_arithmetic")]
    return Table(id="tbl-differ", caption=page.say("differ_caption"), header=header, rows=rows, align="llll", widths=(16, 26, 18, 40))


def pooling(page: ComparisonPage) -> list[Item]:
    """Why nothing is pooled: no case brings an estimate."""
    eligible = int((page.audit["grade"] >= "E3").sum())
    return [heading(page.say("pooling_heading")), paragraph(page.say("pooling_text", eligible=eligible))]


def appendix(page: ComparisonPage, version: str) -> list[Item]:
    """Grades and words, sources, the version."""
    sources = page.published.sources
    rows = [[s["source_id"], _title(s, page.language), document_date(s, page.language)] for _, s in sources.iterrows()]
    header = ["", page.say("source_title"), page.say("source_date")]
    return [
        heading(page.say("appendix_heading")),
        grades_table(page.language),
        bullets([page.say("qualifiers_text"), page.say("note_ledger")]),
        Table(id="tbl-source", caption=page.say("sources_caption"), header=header, rows=rows, align="lll", widths=(8, 72, 20)),
        paragraph(page.say("version_text", version=version)),
    ]


def _title(source: pd.Series, language: Language) -> str:
    return str(source["title"]) if language is Language.ZH else f"({source['title']})"


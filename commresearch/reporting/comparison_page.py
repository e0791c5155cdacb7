"""The report over all published cases: what is reported, what the texts say is done, and how far two readings agree.

Nothing is ranked, averaged or pooled: published figures are claims of differing definition. The sections on numbers side by side stand in
`scorecard_page`, those on the checks in `comparison_checks`, and what is refused in `comparison_refusals`.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases import Published
from commresearch.cases.claim import Claim, claims_in, of_kind
from commresearch.comparison import audit_claims, reading_agreement
from commresearch.comparison.scorecard import Block, blocks_of
from commresearch.comparison.scores_file import SCORES, Scores, read_scores
from commresearch.reporting import figures
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
from commresearch.reporting.display import Figure, Item, Table, bullets, callout, heading, paragraph
from commresearch.reporting.page import Page, ledger
from commresearch.reporting.replies import replies_of
from commresearch.terms import Family, Fit, Headline, Kind, Language, Level, Mechanism, Mention
from commresearch.words import entries

DENOMINATORS = ("population", "households", "area_km2", "n_communities")
AREAS = ("街道", "开发区", "区", "县", "市")  #: what ends the name of an area in a place name, smallest first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparisonPage(Page):
    """The comparison over all cases of a ledger."""

    names: dict[str, str]  #: short names by case id, in the order of the documents
    replies: pd.DataFrame  #: questions sent to issuers and what they replied
    scores: Scores | None  #: scores whose total somebody asked for

    @property
    def cases(self) -> pd.DataFrame:
        """The cases in the order of the documents."""
        return self.published.cases

    def claims_of(self, case: str) -> list[Claim]:
        """Claims of one case."""
        return [c for c in self.claims if c.case_id == case]


def open_page(published: str | Published, language: str) -> ComparisonPage:
    """Load what the comparison needs (errors as `load_published`, `replies_of` and `read_scores`)."""
    facts, chosen = ledger(published), Language(language)
    path = None if isinstance(published, Published) else Path(published) / SCORES
    scores = read_scores(path, list(facts.cases["case_id"])) if path is not None and path.is_file() else None
    return ComparisonPage(
        published=facts, claims=claims_in(facts.claims), audit=audit_claims(facts.claims, language=language), language=chosen,
        replies=replies_of(published, facts.claims), scores=scores, names={case["case_id"]: short_name(case[f"name_{chosen}"], chosen) for case in facts.cases.to_dict("records")},
    )


def short_name(name: str, language: Language) -> str:
    """Name of a case where space is short: its own part, without the areas it lies in."""
    if language is Language.EN:
        return name.split(",", maxsplit=1)[0].removesuffix(" Community")
    for area in AREAS:
        _, found, tail = name.partition(area)
        if found and tail:
            name = tail
    return name.removesuffix("社区")


# ---------------------------------------------------------------- first screen


def first_screen(page: ComparisonPage) -> list[Item]:
    """Lead sentence, how many cases report each headline outcome, how far to trust it."""
    results = of_kind(page.claims, Kind.OUTCOME)
    n_sources, n_cases = len(page.published.sources), len(page.cases)
    lead = page.say(
        "comparison_lead", n_sources=n_sources, cases=n_cases, n=len(page.claims), k=len(results), based=_with_base(results),
        changes=sum(c.is_change for c in results), inferable=int((page.cases[list(INFERENCE)] == "yes").any(axis=1).sum()),
    )
    trust = page.say("comparison_trust", grade=highest_grade(page.audit), disclaimer=page.say("disclaimer"))
    return [
        paragraph(lead),
        _panels(page),
        callout(page.say("trust_title"), trust, "important"),
        paragraph(page.say("comparison_provenance", n_sources=n_sources)),
    ]


def _panels(page: ComparisonPage) -> Table:
    rows = [[page.say(f"comparison_panel_{row}")] for row in ("direct", "change", "none")]
    for outcome in Headline:
        direct = [c for c in page.claims if c.headline == outcome and c.headline_fit == Fit.DIRECT]
        n, changing = (len({c.case_id for c in chosen}) for chosen in (direct, [c for c in direct if c.is_change]))
        for row, count in zip(rows, (n, changing, len(page.cases) - n), strict=True):
            row.append(str(count))
    header = [page.say("col_item"), *(page.label(f"headline_{outcome}") for outcome in Headline)]
    return Table(
        id="tbl-panels", caption=page.say("comparison_panel_caption"), header=header, rows=rows, align="lrrr", style="panels", widths=(28, 24, 24, 24)
    )


def _with_base(claims: Iterable[Claim]) -> int:
    return sum(c.is_change and not math.isnan(c.baseline) for c in claims)


# ---------------------------------------------------------------- what is reported


def reported(page: ComparisonPage) -> list[Item]:
    """Numbers per case and topic, and where there are results among them."""
    results = of_kind(page.claims, Kind.OUTCOME)
    cells, rings = _count_grid(page, page.claims), _count_grid(page, results) > 0
    totals = cells.sum(axis=1)
    top = totals.nlargest(2)
    names = {f: page.label(f"family_{f}") for f in cells.index}
    title = page.say(
        "map_heading", n=len(page.claims), top=page.join(names[f] for f in top.index), share=_percent(top.sum(), totals.sum()),
        results=_percent(len(results), totals.sum()),
    )
    alt = page.say(
        "map_alt", top=names[top.index[0]], n=int(top.iloc[0]), rings=int(rings.to_numpy().sum()), n_topics=len(cells), n_cases=cells.shape[1]
    )
    drawing = figures.reporting_map(cells, rings, list(names.values()), list(page.names.values()))
    return [
        heading(title),
        Figure(id="fig-map", caption=page.say("map_caption"), alt=alt, drawing=drawing, note=page.say("map_note")),
    ]


def _count_grid(page: ComparisonPage, claims: Sequence[Claim]) -> pd.DataFrame:
    """Claims per topic (rows) and case (columns)."""
    counts = pd.crosstab([c.family for c in claims], [c.case_id for c in claims])
    return counts.reindex(index=[f.value for f in Family], columns=list(page.names), fill_value=0)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}"


# ---------------------------------------------------------------- headline outcomes in blocks


def headline_outcomes(page: ComparisonPage) -> list[Item]:
    """Published numbers on the headline outcomes, in blocks by level and period, never sorted across."""
    items: list[Item] = [heading(page.say("outcomes_heading")), paragraph(page.say("outcomes_lead"))]
    for block in blocks_of(page.cases, page.published.sources):
        items += _block_items(page, block)
    return items


def _block_items(page: ComparisonPage, block: Block) -> list[Item]:
    rows = {case: _outcome_rows(page, case) for case in block.cases}
    first, last = min(block.years), max(block.years)
    years = page.say("block_undated") if not last else page.say("block_years", years=first if first == last else f"{first}–{last}")
    title = page.say(f"block_{block.level}", years=years)
    items: list[Item] = [heading(title, 2)]
    if any(rows.values()):
        header = page.header("col_case", "col_outcome", "col_indicator", "col_value", "col_fit", "col_missing", "col_place")
        items.append(Table(
            id=f"tbl-{block.level}-{block.age}", caption=page.say("block_caption", block=title), header=header,
            rows=[row for mine in rows.values() for row in mine], align="lllrlll", widths=(13, 13, 25, 14, 12, 15, 9),
        ))
    if silent := [page.names[case] for case, mine in rows.items() if not mine]:
        items.append(paragraph(page.say("not_reporting", names=page.join(silent))))
    return items


def _outcome_rows(page: ComparisonPage, case: str) -> list[list[str]]:
    language = page.language
    return [
        [
            page.names[case], page.label(f"headline_{outcome}"), indicator(c, language), value(c, language), page.label(f"fit_{c.headline_fit}"),
            missing(c, language), c.source_line,
        ]
        for outcome in Headline
        for c in headline_claims(page.claims_of(case), outcome)
        if c.headline_fit == Fit.DIRECT or c.kind in {Kind.OUTCOME, Kind.REACH}
    ]


# ---------------------------------------------------------------- mechanisms and the two readings


def mechanisms(page: ComparisonPage) -> list[Item]:
    """Mechanism × case matrix and the definitions both readers used."""
    order = [m.value for m in Mechanism]
    settled = page.published.mechanisms.pivot_table(index="mechanism", columns="case_id", values="settled", aggfunc="first")
    settled = settled.loc[order, list(page.names)]
    stated = (settled == Mention.STATED).sum(axis=1)
    names = {m: mechanism_name(m, page.language) for m in order}
    top, bottom = names[str(stated.idxmax())], names[str(stated.idxmin())]
    title = page.say("matrix_heading_counts", top=top, n_top=int(stated.max()), bottom=bottom, n_bottom=int(stated.min()))
    counts = {m.value: int((settled == m).to_numpy().sum()) for m in Mention}
    alt = page.say("matrix_alt", n_cases=len(page.cases), **counts, top=top, bottom=bottom)
    drawing = figures.mechanism_matrix(settled, list(names.values()), list(page.names.values()), page.language)
    rows = [[names[m], entries("mechanisms")[m][f"about_{page.language}"], str(int(stated[m]))] for m in order]
    return [
        heading(title),
        Figure(id="fig-matrix", caption=page.say("matrix_caption", n_cases=len(page.cases)), alt=alt, drawing=drawing, note=page.say("matrix_note")),
        Table(
            id="tbl-definitions", caption=page.say("definitions_caption"), header=page.header("mechanisms_col", "definitions_about", "definitions_n"),
            rows=rows, align="llr", widths=(26, 62, 12),
        ),
    ]


def agreement(page: ComparisonPage) -> list[Item]:
    """The 4 × 4 table of two readings with kappa and AC1, and what it is not."""
    result = reading_agreement(page.published.mechanisms)
    same = round(result.observed * result.n)
    who = reading(page.published.mechanisms, page.language)
    lead = page.say("agreement_lead", reading=who, n=result.n, same=same, differ=result.n - same, kappa=f"{result.kappa:.2f}", ac1=f"{result.ac1:.2f}")
    labels = [page.label(f"mention_{m}") for m in Mention]
    rows = [[name, *(str(int(n)) for n in counts)] for name, counts in zip(labels, result.table.to_numpy(), strict=True)]
    return [
        heading(page.say("agreement_heading", observed=f"{100 * result.observed:.0f}")),
        paragraph(lead),
        Table(id="tbl-agreement", caption=page.say("agreement_caption"), header=[page.say("agreement_corner"), *labels], rows=rows, align="lrrrr"),
    ]


# ---------------------------------------------------------------- denominators, appendix


def denominators(page: ComparisonPage) -> list[Item]:
    """Sizes and starts as stated, blank where not."""
    both = int((page.cases["population"].notna() & page.cases["households"].notna()).sum())
    rows = [
        [
            page.names[case["case_id"]],
            *(profile_value(case, d, page.language) if _applies(case, d) else DASH for d in (*DENOMINATORS, "start")),
        ]
        for case in page.cases.to_dict("records")
    ]
    table = Table(
        id="tbl-denominators", caption=page.say("denominators_caption"), rows=rows, align="lrrrrr", widths=(20, 16, 16, 16, 16, 16),
        header=page.header("col_case", *(f"profile_{d}" for d in DENOMINATORS), "profile_start"),
    )
    return [heading(page.say("denominators_heading", both=both)), paragraph(page.say("denominators_lead")), table]


def _applies(case: Mapping[Hashable, Any], column: str) -> bool:
    return column != "n_communities" or case["level"] != Level.COMMUNITY


def appendix(page: ComparisonPage, version: str) -> list[Item]:
    """Grades and words, sources, the version."""
    chinese = page.language is Language.ZH
    rows = [
        [s["source_id"], s["title"] if chinese else f"({s['title']})", document_date(s, page.language)] for _, s in page.published.sources.iterrows()
    ]
    return [
        heading(page.say("appendix_heading")),
        grades_table(page.language),
        bullets(page.header("qualifiers_text", "note_ledger")),
        Table(
            id="tbl-source", caption=page.say("sources_all_caption"), header=page.header("source_id", "source_title", "source_date"), rows=rows, align="lll",
            widths=(8, 72, 20), note=page.say("version_text", version=version),
        ),
    ]

"""Sections of the comparison on what is reported: scorecard, evidence gaps, mechanisms beside outcomes, ranks under weights.

A cell shows numbers as printed, or that nothing is reported; nothing is ranked, added up or averaged, and blocks of unlike cases stand apart.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from commresearch.cases.claim import Claim, Meaning
from commresearch.comparison.gap_map import OUTCOMES, GapMap, gap_map, results_of, topic_map
from commresearch.comparison.mechanism_outcomes import mechanism_outcomes
from commresearch.comparison.scorecard import COLUMNS, INFERENCE, Block, Group, Scorecard, scorecard
from commresearch.comparison.total_weights import TotalRanks, total_weights
from commresearch.reporting import comparison_score_figures as figures
from commresearch.reporting.cells import DASH, capital, mechanism_name, value, when
from commresearch.reporting.comparison_page import ComparisonPage
from commresearch.reporting.display import Figure, Item, Table, bullets, heading, paragraph
from commresearch.terms import Family, Grade, Headline, Language
from commresearch.words import number, say

SHOWN = 2  #: numbers of one cell that are printed; the others are counted
SEED = 2_026  #: of the weightings drawn
PAIRS = 10  #: pairs of cases that are named
INNER = re.compile(r" ?[(（](.*?)[)）]")  #: brackets of a period, which itself stands in brackets
DIGITS = 2  #: significant digits of a number per head: its denominator is rarely dated


def _say(page: ComparisonPage, key: str, **values: object) -> str:
    return say(f"scorecard.{key}", page.language, **values)


# ---------------------------------------------------------------- scorecard


def score_tables(page: ComparisonPage) -> list[Item]:
    """One table per stage and one on evidence; rows in blocks by level and age of the documents, never sorted across."""
    card = scorecard(page.published, page.audit)
    reported = card.cells[card.cells["state"] == "reported"]
    work = reported[reported["group"].isin([Group.INPUT, Group.PROCESS])]
    headline = reported[reported["column"].isin(list(Headline))]
    title = _say(
        page, "card_heading", n_cases=len(page.cases), work=work["case_id"].nunique(), results=int((card.evidence["results"] > 0).sum()),
        headline=headline["case_id"].nunique(),
    )
    sized = {name: int(page.cases[name].notna().sum()) for name in ("population", "households")}
    return [
        heading(title),
        paragraph(_say(page, "card_lead", n_cases=len(page.cases), **sized)),
        bullets(_say(page, f"card_read_{key}") for key in ("value", "per", "asked", "blank")),
        *(_group_table(page, card, group) for group in Group),
        _evidence_table(page, card),
    ]


def _group_table(page: ComparisonPage, card: Scorecard, group: Group) -> Table:
    columns = [c for c in COLUMNS if c.group is group]
    claims, blank = {c.claim_id: c for c in page.claims}, page.label("not_reported")
    held: dict[tuple[str, str], list[Mapping[Hashable, Any]]] = defaultdict(list)
    for entry in card.entries.to_dict("records"):
        held[entry["case_id"], entry["column"]].append(entry)

    def row(case: str) -> list[str]:
        return [_cell(page, claims, held[case, column.key]) or blank for column in columns]

    mine = card.cells[card.cells["group"] == group]
    filled, grade = int((mine["state"] == "reported").sum()), max(mine["grade"], default="")
    caption = _say(page, f"card_caption_{group}", filled=filled, cells=len(mine))
    note = _say(page, "card_note_nothing")
    if grade:
        note = _say(page, "card_note_lowest" if grade == Grade.E0 else "card_note_grade", grade=grade)
    if group is Group.OUTCOME:
        note = _say(page, "card_note_headline") + note + (_say(page, "card_note_outside", n=len(card.outside)) if len(card.outside) else "")
    return Table(
        id=f"tbl-card-{group}", caption=caption, header=[page.say("col_case"), *(_say(page, f"column_{c.key}") for c in columns)],
        rows=_in_blocks(page, card.blocks, row, len(columns)), align="l" * (1 + len(columns)), widths=(14, *[86 // len(columns)] * len(columns)),
        note=note, muted=blank,
    )


def _in_blocks(page: ComparisonPage, blocks: Sequence[Block], row: Callable[[str], list[str]], n_columns: int) -> list[list[str]]:
    """Rows under a line that names their block, where there is more than one."""
    rows: list[list[str]] = []
    for block in blocks:
        if len(blocks) > 1:
            rows.append([block_name(page, block), *[""] * n_columns])
        rows += [[page.names[case], *row(case)] for case in block.cases]
    return rows


def block_name(page: ComparisonPage, block: Block) -> str:
    """Level and years of a block: 【社区2020】."""
    first, last = min(block.years), max(block.years)
    if not last:
        return _say(page, f"block_{block.level}_undated")
    return _say(page, f"block_{block.level}", years=first if first == last else f"{first}–{last}")


def _cell(page: ComparisonPage, claims: Mapping[str, Claim], mine: Sequence[Mapping[Hashable, Any]]) -> str:
    """The first numbers of a cell, how many more there are, and how many questions are open; empty where nothing is reported."""
    shown = [_number(page, claims[e["claim_id"]], e) for e in mine[:SHOWN]]
    text = _say(page, "cell_joiner").join(shown)
    if len(mine) > SHOWN:
        text = _say(page, "cell_more", shown=text, n=len(mine), more=len(mine) - SHOWN)
    asked = sum(e["open_questions"] for e in mine)
    return _say(page, "cell_asked", shown=text, n=asked) if asked else text


def _number(page: ComparisonPage, claim: Claim, entry: Mapping[Hashable, Any]) -> str:
    """A number as printed, what of the case it is about, its period, and in brackets per head."""
    about = [_say(page, "cell_part")] if claim.place else []
    if claim.meaning != Meaning.DONE:
        about.append(_say(page, f"cell_meaning_{claim.meaning}"))
    if (period := when(claim, page.language)) != DASH:
        about.append(INNER.sub(lambda m: _say(page, "cell_about_joiner") + m[1], period))
    shown = value(claim, page.language)
    if entry["grade"] > Grade.E0:
        about.append(entry["grade"])
    if about:
        shown = _say(page, "cell_about", shown=shown, about=_say(page, "cell_about_joiner").join(about))
    if entry["per"]:
        shown = _say(page, f"cell_per_{entry['per']}", shown=shown, per=number(float(f"{entry['per_value']:.{DIGITS}g}")))
    return shown


def _evidence_table(page: ComparisonPage, card: Scorecard) -> Table:
    facts = {f["case_id"]: f for f in card.evidence.to_dict("records")}

    def row(case: str) -> list[str]:
        f = facts[case]
        return [
            str(f["n_claims"]), str(f["n_asked"]), str(f["results"]), _of(f["changes_with_base"], f["changes"]),
            _of(f["results_with_period"], f["results"]), f["grade"] or DASH,
        ]

    keys = ("n_claims", "n_asked", "results", "changes", "periods", "grade")
    shares, stated = (int(card.evidence[c].sum()) for c in ("shares", "shares_with_denominator"))
    inferable = int((card.evidence[list(INFERENCE)] == "yes").any(axis=1).sum())
    return Table(
        id="tbl-card-evidence", caption=_say(page, "card_caption_evidence"), rows=_in_blocks(page, card.blocks, row, len(keys)),
        header=[page.say("col_case"), *(_say(page, f"evidence_{k}") for k in keys)], align="lrrrrrr", widths=(22, 12, 14, 12, 14, 14, 12),
        note=_say(page, "evidence_note", inferable=inferable, n_cases=len(facts), shares=shares, stated=stated),
    )


def _of(n: int, total: int) -> str:
    """`n` of `total`; a dash where there is nothing that could have it."""
    return f"{n}/{total}" if total else DASH


# ---------------------------------------------------------------- evidence gaps


def evidence_gaps(page: ComparisonPage) -> list[Item]:
    """Topics by stages as a table, mechanisms by outcomes as a figure: how many numbers, and how good."""
    results = results_of(page.published, page.audit)
    grid, topics = gap_map(results, page.published.mechanisms), topic_map(page.published, page.audit)
    names = {str(m): mechanism_name(str(m), page.language) for m in grid.claims.index}
    best = max(results["grade"], default=Grade.E0.value)
    counts, grades = (_labelled(page, frame, names) for frame in (grid.claims, grid.grades))
    silent = [str(counts.columns[i]) for i, n in enumerate(grid.claims.sum(axis=0)) if n == 0]
    on = results["outcome"].value_counts().to_dict()
    listed = page.join(_say(page, "gap_alt_item", outcome=_say(page, f"outcome_{o}"), n=on[o]) for o in OUTCOMES if o in on)
    alt = _say(page, "gap_alt", rows=len(names), columns=len(OUTCOMES), empty=grid.empty, most=int(grid.claims.to_numpy().max(initial=0)), grade=best)
    note = _say(page, "gap_note", n=grid.n_results) + (_say(page, "gap_silent", names=page.join(silent)) if silent else "")
    return [
        heading(_say(page, "gap_heading", rows=len(names), columns=len(OUTCOMES), empty=grid.empty, cells=grid.claims.size, grade=best)),
        paragraph(_say(page, "gap_lead", n=int(topics.claims.to_numpy().sum()), k=int(topics.claims[Group.OUTCOME.value].sum()))),
        Figure(
            id="fig-gap-map", caption=_say(page, "gap_caption"), alt=alt + (_say(page, "gap_alt_list", list=listed) if listed else ""), note=note,
            drawing=figures.gap_map(counts, grades, language=page.language),
        ),
        _topic_table(page, topics),
    ]


def _labelled(page: ComparisonPage, frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    outcomes = [_say(page, f"outcome_{o}") for o in frame.columns]
    return frame.set_axis([names[str(m)] for m in frame.index], axis=0).set_axis(outcomes, axis=1)


def _topic_table(page: ComparisonPage, topics: GapMap) -> Table:
    """How far the numbers on each topic go; one grade everywhere is said once, in the note."""
    blank, names = page.label("not_reported"), {f.value: capital(page.label(f"family_{f}")) for f in Family}
    n_claims, grades, columns = topics.claims.to_dict("index"), topics.grades.to_dict("index"), [str(c) for c in topics.claims.columns]
    all_grades = {g for row in grades.values() for g in row.values()} - {""}

    def cell(row: str, column: str) -> str:
        n = n_claims[row][column]
        if len(all_grades) <= 1:
            return str(n) if n else blank
        return _say(page, "gap_cell", n=n, grade=grades[row][column]) if n else blank

    return Table(
        id="tbl-gap-family", caption=_say(page, "gap_caption_family"), header=[_say(page, "gap_rows_family"), *(_say(page, f"group_{c}") for c in columns)],
        rows=[[names[str(r)], *(cell(str(r), c) for c in columns)] for r in topics.claims.index], align="l" + "r" * len(columns),
        widths=(22, *[78 // len(columns)] * len(columns)), note=_grades_note(page, all_grades) + _say(page, "gap_note_family"), muted=blank,
    )


def _grades_note(page: ComparisonPage, grades: Collection[str]) -> str:
    if len(grades) == 1:
        return _say(page, "gap_one_grade", grade=next(iter(grades)))
    return _say(page, "gap_grades") if grades else ""


def mechanisms_beside_outcomes(page: ComparisonPage) -> list[Item]:
    """How many cases write of a mechanism and report an outcome; no association."""
    counts = mechanism_outcomes(results_of(page.published, page.audit), page.published.mechanisms)
    names = {str(m): mechanism_name(str(m), page.language) for m in counts.both.index}
    both = _labelled(page, counts.both, names)
    cells = [(n, str(m), o) for m, row in counts.both.to_dict("index").items() for o, n in row.items()]
    most = max(n for n, _, _ in cells)
    pairs = page.join(_say(page, "heat_pair", mechanism=names[m], outcome=_say(page, f"outcome_{o}")) for n, m, o in cells if n == most and n)
    top = _say(page, "heat_alt_top", n=most, pairs=pairs) if pairs else ""
    drawing = figures.mechanism_outcomes(both, list(counts.stated), list(counts.reporting), language=page.language)
    return [
        heading(_say(page, "heat_heading", n_cases=counts.n_cases, most=int(counts.reporting.max()))),
        paragraph(_say(page, "heat_lead")),
        Figure(
            id="fig-mechanism-outcome", caption=_say(page, "heat_caption"), alt=_say(page, "heat_alt", rows=len(names), columns=len(OUTCOMES)) + top,
            drawing=drawing, note=_say(page, "heat_note"),
        ),
    ]


# ---------------------------------------------------------------- a total, where someone insists on one


def total(page: ComparisonPage) -> list[Item]:
    """What a total of the scores beside the ledger would say; nothing where none were given."""
    if page.scores is None:
        return []
    ranks = total_weights(page.scores.table, page.scores.indicators, scaling=page.scores.scaling, seed=SEED)
    told = page.join(
        _say(page, "weights_indicator", name=i.name, unit=i.unit, better=_say(page, "weights_higher" if i.higher_is_better else "weights_lower")) for i in page.scores.indicators
    )
    return [*ranks_under_weights(ranks, page.names, language=page.language), paragraph(_say(page, "weights_from", told=told))]


def ranks_under_weights(ranks: TotalRanks, names: Mapping[str, str], *, language: Language, simulated: bool = False) -> list[Item]:
    """What a total of the indicators would say, weight by weight; shown only when it was asked for.

    names : mapping
        Short names by case id.
    """

    def text(key: str, **values: object) -> str:
        return say(f"scorecard.{key}", language, **values)

    labels = [names[str(case)] for case in ranks.ranks.index]
    level, pairs = f"{100 * ranks.level:g}", len(ranks.ranks) * (len(ranks.ranks) - 1) // 2
    rows = [
        [label, text("weights_places", low=r["rank_low"], high=r["rank_high"]), str(r["equal_weights"]), f"{100 * r['share_first']:.0f}"]
        for label, r in zip(labels, ranks.ranks.to_dict("records"), strict=True)
    ]
    widest = int((ranks.ranks["rank_high"] - ranks.ranks["rank_low"]).max())
    note = text("weights_note", draws=f"{ranks.n_draws:,}", level=level, scaling=text(f"scaling_{ranks.scaling}"), seed=ranks.seed)
    return [
        heading(text("weights_heading", undecided=ranks.undecided, pairs=pairs)),
        paragraph(text("weights_lead")),
        Figure(
            id="fig-weights", caption=text("weights_caption", level=level), alt=text("weights_alt", n=len(labels), widest=widest, level=level),
            drawing=figures.weight_ranks(ranks.ranks.assign(label=labels), language=language, simulated=simulated), note=note,
        ),
        Table(
            id="tbl-weights", caption=text("weights_table"), header=[text(f"weights_{k}") for k in ("case", "interval", "equal", "first")], rows=rows,
            align="lrrr", note=note,
        ),
        paragraph(_dominance(ranks, names, text)),
    ]


def _dominance(ranks: TotalRanks, names: Mapping[str, str], text: Callable[..., str]) -> str:
    """What holds under every weighting."""
    if ranks.dominance.empty:
        return text("weights_no_dominance")
    pairs = [text("weights_pair", better=names[str(p["better"])], worse=names[str(p["worse"])]) for p in ranks.dominance.to_dict("records")]
    listed = text("weights_pair_joiner").join(pairs[:PAIRS])
    if len(pairs) > PAIRS:
        listed = text("weights_pairs_more", pairs=listed, n=len(pairs) - PAIRS)
    return text("weights_dominance", n=len(pairs), pairs=listed)

"""The scorecard, the evidence-gap map, mechanisms beside outcomes, and a total under every weighting."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.cases.claim import FIELDS, claims_in, of_kind
from commresearch.comparison import audit_claims
from commresearch.comparison.gap_map import OUTCOMES, gap_map, outcome_of, results_of, topic_map
from commresearch.comparison.mechanism_outcomes import mechanism_outcomes
from commresearch.comparison.scorecard import COLUMNS, Group, blocks_of, scorecard
from commresearch.comparison.total_weights import Indicator, total_weights
from commresearch.errors import EstimationError
from commresearch.reporting import comparison_page, scorecard_page
from commresearch.reporting.display import Figure, Table
from commresearch.terms import Headline, Kind, Language, UnitClass
from commresearch.words import entries, render_error
from tests.conftest import ROOT

HAN = re.compile(r"[\u4e00-\u9fff]")
CAUSAL = re.compile(r"使[^用得]{0,14}(减少|增加|下降|提高)|导致|带来|促进了|成效|\b(caused|led to|resulted in|reduced|raised|improved|impact of)\b")
WORDS = ROOT / "commresearch" / "words"


@pytest.fixture(scope="module")
def audit(published):
    return audit_claims(published.claims)


@pytest.fixture(scope="module")
def card(published, audit):
    return scorecard(published, audit)


@pytest.fixture(scope="module")
def claims(published):
    return {c.claim_id: c for c in claims_in(published.claims)}


def with_claims(published, *changed):
    """The ledger with some claims in place of its own."""
    return replace(published, claims=pd.DataFrame([{f: getattr(c, f) for f in FIELDS} for c in changed]))


# ---------------------------------------------------------------- scorecard


def test_a_number_stands_in_one_column_at_most(claims):
    for claim in claims.values():
        assert sum(column.holds(claim) for column in COLUMNS) <= 1, claim.claim_id


def test_columns_hold_one_kind_of_thing_and_persons_never_meet_person_times(card, claims):
    for column in COLUMNS:
        mine = [claims[c] for c in card.entries.loc[card.entries["column"] == column.key, "claim_id"]]
        assert {c.kind for c in mine} <= {column.kind}
        if column.headline is None:
            assert {c.unit_class for c in mine} == {column.unit_class}, column.key


def test_every_column_but_the_headlines_is_reported_by_several_cases(card):
    reported = card.cells[card.cells["state"] == "reported"].groupby("column")["case_id"].nunique()
    for column in COLUMNS:
        assert column.headline is not None or reported[column.key] > 1, column.key


def test_silence_is_never_a_zero(card, published):
    silent = card.cells[card.cells["state"] == "not_reported"]
    assert (silent["n_claims"] == 0).all()
    assert (silent["grade"] == "").all()
    assert len(card.cells) == len(published.cases) * len(COLUMNS)
    assert set(card.cells["state"]) == {"reported", "not_reported"}


def test_numbers_per_head_by_hand(card):
    entries_ = card.entries.set_index("claim_id")
    yanchuan = entries_.loc["yanchuan-041"]  # 14500余人次 of 12,000 residents
    assert yanchuan["per_value"] == pytest.approx(14500 / 12000 * 1000)
    assert yanchuan["per_high"] > yanchuan["per_value"] == yanchuan["per_low"]
    mingjun = entries_.loc["mingjun-013"]  # population not stated, 2,462 households are
    assert (mingjun["per"], mingjun["per_value"]) == ("households", pytest.approx(7700 / 2462 * 1000))
    money = entries_.loc["kesheng-022"]  # yuan per head, not per thousand
    assert money["per_value"] == pytest.approx(6_000_000 / 12000)


def test_what_cannot_be_divided_says_why(card, claims):
    reasons = card.entries.set_index("claim_id")["no_per_because"]
    assert reasons["jindu-017"] == "part_of_case"
    assert reasons["jizhou-011"] == "no_denominator"
    assert reasons["huancui-025"] == "unit"
    for claim_id, reason in reasons.items():
        claim = claims[claim_id]
        assert (reason == "") == bool(card.entries.set_index("claim_id").loc[claim_id, "per"])
        assert reason or not claim.place


def test_a_printed_zero_and_events_are_not_put_per_head(card, claims):
    divided = card.entries.loc[card.entries["per"] != "", "claim_id"]
    assert all(claims[c].value > 0 for c in divided)
    assert not any(claims[c].unit_class == UnitClass.EVENT for c in divided)


def test_blocks_keep_the_order_of_the_documents(published, card):
    order = list(published.cases["case_id"])
    assert sorted(order) == sorted(c for block in card.blocks for c in block.cases)
    for block in card.blocks:
        assert list(block.cases) == sorted(block.cases, key=order.index)
        assert {block.level} == {"community" if published.case(c)["level"] == "community" else "area" for c in block.cases}


def test_an_undated_document_makes_a_block_of_its_own(published):
    sources = published.sources.assign(date=published.sources["date"].where(published.sources["source_id"] != "S4", ""))
    ages = {(b.level, b.age): len(b.cases) for b in blocks_of(published.cases, sources)}
    assert ages == {("area", "recent"): 5, ("community", "recent"): 1, ("community", "undated"): 10}


def test_open_questions_are_those_of_the_audit(card, audit):
    asked = audit[audit["verdict"] != "一致"]
    assert card.evidence["open_questions"].sum() == len(asked)
    assert card.evidence["n_asked"].sum() == asked["claim_id"].nunique()


def test_a_grade_above_e0_is_shown_at_its_number(published, audit, claims):
    claim = replace(claims["huancui-025"], baseline=120.0, period_start="2024-01", period_end="2025-06")
    ledger = with_claims(published, claim)
    found = scorecard(ledger, audit_claims(ledger.claims))
    assert found.entries["grade"].tolist() == ["E1"]
    cell = found.cells[(found.cells["case_id"] == "huancui") & (found.cells["column"] == Headline.COMPLAINTS)].iloc[0]
    assert (cell["state"], cell["grade"]) == ("reported", "E1")


def test_results_outside_all_columns_are_listed(card, claims):
    results = {c.claim_id for c in of_kind(claims.values(), Kind.OUTCOME)}
    inside = set(card.entries["claim_id"]) & results
    assert inside | set(card.outside["claim_id"]) == results
    assert not inside & set(card.outside["claim_id"])


# ---------------------------------------------------------------- maps


def test_every_result_has_exactly_one_outcome(published, audit, claims):
    results = results_of(published, audit)
    assert set(results["outcome"]) <= set(OUTCOMES)
    assert len(results) == len(of_kind(claims.values(), Kind.OUTCOME))
    assert outcome_of(claims["huancui-025"]) == "complaints"
    assert outcome_of(claims["yuyuan-013"]) == "near"  # petitions bear on complaints and are none


def test_the_gap_map_counts_a_result_once_per_mechanism_its_case_states(published, audit):
    results = results_of(published, audit)
    grid = gap_map(results, published.mechanisms)
    stated = published.mechanisms[published.mechanisms["settled"] == "stated"]
    for mechanism, outcome in (("trust_property", "income"), ("party_coordination", "near"), ("volunteers", "youth")):
        cases = set(stated.loc[stated["mechanism"] == mechanism, "case_id"])
        mine = results[results["case_id"].isin(cases) & (results["outcome"] == outcome)]
        assert grid.claims.loc[mechanism, outcome] == len(mine)
        assert grid.cases.loc[mechanism, outcome] == mine["case_id"].nunique()
        assert grid.grades.loc[mechanism, outcome] == max(mine["grade"], default="")
    assert grid.empty == int((grid.claims == 0).to_numpy().sum()) == int((grid.grades == "").to_numpy().sum())


def test_own_estimates_raise_the_grade_of_a_cell(published, audit):
    own = pd.DataFrame({"case_id": ["huancui"], "outcome": ["complaints"], "grade": ["E3"]})
    grid = gap_map(pd.concat([results_of(published, audit), own], ignore_index=True), published.mechanisms)
    assert grid.grades.loc["party_coordination", "complaints"] == "E3"


def test_unknown_outcomes_and_grades_are_all_named(published):
    wrong = pd.DataFrame({"case_id": ["a", "b", "c"], "outcome": ["youth", "noise", "space"], "grade": ["E9", "E0", ""]})
    with pytest.raises(EstimationError) as caught:
        gap_map(wrong, published.mechanisms)
    assert [(f.values["row"], f.values["column"], f.values["got"]) for f in caught.value.failures] == [
        (1, "outcome", "noise"), (0, "grade", "E9"), (2, "grade", ""),
    ]


def test_the_topic_map_holds_each_number_once(published, audit, claims):
    grid = topic_map(published, audit)
    kinds = (Kind.INPUT, Kind.ACTIVITY, Kind.OUTPUT, Kind.REACH, Kind.OUTCOME)
    counted = [c for c in claims.values() if c.kind in kinds and c.family != "context"]
    assert grid.claims.to_numpy().sum() == len(counted)
    assert list(grid.claims.columns) == [g.value for g in Group]


def test_mechanisms_beside_outcomes_never_exceed_their_margins(published, audit):
    counts = mechanism_outcomes(results_of(published, audit), published.mechanisms)
    assert (counts.both.le(counts.stated, axis=0)).to_numpy().all()
    assert (counts.both.le(counts.reporting, axis=1)).to_numpy().all()
    assert counts.n_cases == 16
    grid = gap_map(results_of(published, audit), published.mechanisms)
    pd.testing.assert_frame_equal(counts.both, grid.cases)


# ---------------------------------------------------------------- a total under every weighting

SCORES = pd.DataFrame({"closed": [90.0, 80.0, 70.0, 60.0], "satisfied": [60.0, 70.0, 80.0, 50.0]}, index=["a", "b", "c", "d"])
SAME_UNIT = (Indicator(name="closed", unit="percent", higher_is_better=True), Indicator(name="satisfied", unit="percent", higher_is_better=True))


def failures_of(scores, indicators, **options):
    with pytest.raises(EstimationError) as caught:
        total_weights(scores, indicators, **{"seed": 1, **options})
    for language in Language:
        assert "{" not in render_error(caught.value, language)
    return [f.code for f in caught.value.failures]


def test_everything_wrong_with_the_scores_is_said_at_once():
    scores = SCORES.assign(closed=[90.0, np.nan, "70%", np.inf], budget=[1.0, 1.0, 1.0, 1.0])
    scores.index = ["a", "b", "b", "d"]
    indicators = (*SAME_UNIT, Indicator(name="budget", unit="yuan", higher_is_better=False), Indicator(name="jobs", unit="persons", higher_is_better=True))
    assert failures_of(scores, indicators) == ["CR-T03", "CR-T05", "CR-T06", "CR-T07", "CR-T08"]


def test_a_missing_cell_is_named_and_never_filled():
    with pytest.raises(EstimationError) as caught:
        total_weights(SCORES.assign(closed=[90.0, np.nan, 70.0, 60.0]), SAME_UNIT, seed=1)
    [failure] = caught.value.failures
    assert dict(failure.values) == {"column": "closed", "cases": "b: —"}


def test_units_that_differ_need_a_stated_scaling():
    mixed = (SAME_UNIT[0], replace(SAME_UNIT[1], unit="persons"))
    assert failures_of(SCORES, mixed) == ["CR-T06"]
    assert len(total_weights(SCORES, mixed, scaling="min_max", seed=1).ranks) == 4


@pytest.mark.parametrize("options", [{"scaling": "z"}, {"draws": 10}, {"level": 1.0}])
def test_options_outside_what_is_allowed(options):
    assert failures_of(SCORES, SAME_UNIT, **options) == ["CR-T02"]


def test_one_case_or_one_indicator_is_nothing_to_weigh():
    assert failures_of(SCORES.head(1), SAME_UNIT)[0] == "CR-T04"
    assert failures_of(SCORES, SAME_UNIT[:1]) == ["CR-T04"]


def test_ranks_under_weights_by_hand():
    """With weight w on the first column a leads b and c for w > 1/2, c leads for w < 1/2; d is below all of them whatever the weights."""
    ranks = total_weights(SCORES, SAME_UNIT, seed=3)
    assert ranks.ranks.loc["d", ["rank_low", "rank_high"]].tolist() == [4, 4]
    assert ranks.ranks.loc["b", ["rank_low", "rank_high"]].tolist() == [2, 2]
    assert ranks.ranks.loc["a", ["rank_low", "rank_high"]].tolist() == [1, 3]
    assert ranks.ranks["share_first"].to_dict() == pytest.approx({"a": 0.5, "b": 0.0, "c": 0.5, "d": 0.0}, abs=0.02)  # 20,000 draws: se 0.0035
    assert ranks.ranks["equal_weights"].tolist() == [1, 1, 1, 4]
    assert {tuple(p) for p in ranks.dominance.to_numpy()} == {("a", "d"), ("b", "d"), ("c", "d")}
    assert ranks.undecided == 3


def test_weights_are_uniform_over_the_simplex():
    """w1 / (w1 + w2) is uniform on 0-1 under Dirichlet(1, 1, 1), so w1 > 2 w2 in one third of the weightings."""
    scores = pd.DataFrame({"x": [1.0, 0.0], "y": [0.0, 2.0], "z": [5.0, 5.0 - 1e-9]}, index=["a", "b"])
    three = tuple(Indicator(name=n, unit="score", higher_is_better=True) for n in scores.columns)
    ranks = total_weights(scores, three, seed=11, draws=100_000)
    assert ranks.ranks.loc["a", "share_first"] == pytest.approx(1 / 3, abs=0.006)  # se 0.0015
    assert ranks.dominance.empty


def test_less_may_be_better():
    fewer = (replace(SAME_UNIT[0], higher_is_better=False), SAME_UNIT[1])
    ranks = total_weights(SCORES.loc[["a", "c"]], fewer, seed=1)
    assert ranks.ranks["share_first"].tolist() == [0.0, 1.0]


def test_the_same_seed_gives_the_same_ranks_and_scaling_does_not_touch_dominance():
    once, again = (total_weights(SCORES, SAME_UNIT, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(once.ranks, again.ranks)
    for scaling in ("min_max", "ranks"):
        scaled = total_weights(SCORES, SAME_UNIT, scaling=scaling, seed=5)
        pd.testing.assert_frame_equal(scaled.dominance, once.dominance)


# ---------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def items(published):
    pages = {language: comparison_page.open_page(published, language) for language in Language}
    sections = (scorecard_page.score_tables, scorecard_page.evidence_gaps, scorecard_page.mechanisms_beside_outcomes)
    return {language: [item for section in sections for item in section(page)] for language, page in pages.items()}


def test_tables_have_at_most_seven_columns_and_rows_as_wide_as_their_head(items):
    for mine in items.values():
        for table in (i for i in mine if isinstance(i, Table)):
            assert len(table.header) <= 7, table.id
            assert {len(row) for row in table.rows} == {len(table.header)}, table.id
            assert len(table.align) == len(table.header) == len(table.widths)
            assert table.note


def test_cells_show_numbers_as_printed_and_silence_as_not_reported(items, published):
    tables = {i.id: i for i in items[Language.ZH] if isinstance(i, Table)}
    outcome = {row[0]: row[1:] for row in tables["tbl-card-outcome"].rows}
    assert outcome["环翠区"][1].startswith("下降68%（同比）；待核实")
    assert outcome["乐安"] == ["未报告"] * 6
    reach = {row[0]: row[1:] for row in tables["tbl-card-reach"].rows}
    assert reach["延川路"][1].startswith("14500余人次（2019年以来）[1,200]")
    given = {row[0]: row[1:] for row in tables["tbl-card-input"].rows}
    assert given["科圣路"][1].startswith("76人（目前）[6.3]、261人（目前）[22]等3个数")
    assert reach["汶上县"][3].startswith("200人次（局部，可达数，日均）")  # what a canteen can serve is not what it served
    assert "0" not in {cell for row in tables["tbl-card-input"].rows for cell in row}


def test_nothing_is_applicable_where_nothing_can_have_it(items):
    evidence = next(i for i in items[Language.EN] if isinstance(i, Table) and i.id == "tbl-card-evidence")
    zibo = next(row for row in evidence.rows if row[0] == "Zibo")
    assert zibo[4] == "—"  # two results, neither of them a change
    hexi = next(row for row in evidence.rows if row[0] == "Hexi")
    assert hexi[3:] == ["0", "—", "—", "—"]


def test_no_language_leaks_and_nothing_causal_is_said(items, tmp_path):
    for language, mine in items.items():
        text = "\n".join(i.markdown(tmp_path / language) for i in mine)
        assert not CAUSAL.search(text)
        assert not re.search(r"\b(nan|NaN|None|inf)\b", text)
        assert not re.search(r"\{[a-z_]+\}", text)
        if language is Language.EN:
            assert not HAN.search(text)
        else:
            assert not re.search(r"\b(not reported|to verify|part|cases)\b", text)


def test_figures_have_caption_alternative_text_and_note(items):
    for mine in items.values():
        figures = [i for i in mine if isinstance(i, Figure)]
        assert [f.id for f in figures] == ["fig-gap-map", "fig-mechanism-outcome"]
        assert all(len(f.caption) > 5 and len(f.alt) > 20 and f.note for f in figures)


@pytest.mark.parametrize("language", list(Language))
def test_a_total_comes_with_intervals_and_what_holds_under_every_weighting(language, tmp_path):
    names = {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}
    shown = scorecard_page.ranks_under_weights(total_weights(SCORES, SAME_UNIT, seed=3), names, language=language)
    text = "\n".join(i.markdown(tmp_path) for i in shown)
    assert "1–3" in text
    assert ("甲先于丁" if language is Language.ZH else "甲 before 丁") in text
    assert re.findall(r"\d", shown[0].text) == ["6", "3"]  # pairs, and those that weights decide


def test_no_pair_without_dominance_is_said_so(tmp_path):
    scores = SCORES.loc[["a", "c"]]
    shown = scorecard_page.ranks_under_weights(total_weights(scores, SAME_UNIT, seed=3), {"a": "甲", "c": "丙"}, language=Language.EN)
    assert "no pair of cases" in shown[-1].markdown(tmp_path)


# ---------------------------------------------------------------- words


def test_every_word_of_the_scorecard_is_said_somewhere():
    source = "\n".join(p.read_text(encoding="utf8") for p in (ROOT / "commresearch").rglob("*.py"))
    built = re.compile(
        r"^(column|group|outcome|block|card_caption|card_read|cell_(per|meaning)|evidence|gap_(caption|rows|note)|scaling|weights|harvest|part|mark|caterpillar|chance|gap)_"
    )
    for key in entries("scorecard"):
        assert built.match(key) or re.search(rf"\b{re.escape(key)}\b", source), key


def test_both_languages_fill_in_the_same_values():
    for file in ("scorecard.toml", "errors_scorecard.toml"):
        for key, pair in tomllib.loads(Path(WORDS / file).read_text(encoding="utf8")).items():
            fields = [set(re.findall(r"\{(\w+)\}", pair[language.value])) for language in Language]
            assert pair["zh"].strip()
            assert fields[0] == fields[1] or key in {"cell_more"}, key
            assert not HAN.search(pair["en"]), key

"""The measurement of the parser: what counts as found, as false, and as read alike."""

import math

import pandas as pd
import pytest

from commresearch.comparison.claim_parser import parse_claims
from commresearch.comparison.claim_parser_agreement import COLUMNS, parser_agreement

LEDGER_COLUMNS = ("source_id", "line", "printed", "value", "value_low", "value_high", "qualifier", "unit_class", "comparison", "kind", "family")
NOTHING = pd.DataFrame({"source_id": [], "line": [], "printed": []})


def ledger(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame([("S0", *row, "context", "context") for row in rows], columns=list(LEDGER_COLUMNS))


def overall(text: str, claims: pd.DataFrame, not_claims: pd.DataFrame = NOTHING) -> dict[str, float]:
    return parser_agreement(parse_claims(text), claims, not_claims).set_index("group").loc["all"].to_dict()


def test_found_missed_and_too_many():
    claims = ledger((1, "3场", 3, 3, 3, "", "event", "level"), (2, "9处", 9, 9, 9, "", "place", "level"))
    got = overall("举办3场，5人参加。\n环境变好。", claims)
    assert (got["n_ledger"], got["found"], got["n_candidates"]) == (2, 1, 2)
    assert (got["recall"], got["precision"]) == (0.5, 0.5)


def test_the_same_number_on_another_line_or_of_another_document_is_not_found():
    claims = ledger((2, "3场", 3, 3, 3, "", "event", "level"))
    assert overall("举办3场。", claims)["found"] == 0
    assert overall("举办3场。", claims.assign(source_id="S1"))["n_ledger"] == 0


def test_a_number_within_another_is_not_the_same():
    assert overall("举办13场。", ledger((1, "3场", 3, 3, 3, "", "event", "level")))["found"] == 0
    assert overall("下降68%。", ledger((1, "68%", -68, -68, -68, "", "percent", "before_after")))["found"] == 1


def test_equal_numbers_of_a_line_are_taken_once_each():
    claims = ledger((1, "3场", 3, 3, 3, "", "event", "level"))
    got = overall("上半年3场，下半年3场。", claims)
    assert (got["found"], got["n_candidates"], got["precision"]) == (1, 2, 0.5)


def test_candidates_that_the_ledger_lists_as_none_are_counted():
    not_claims = pd.DataFrame({"source_id": ["S0"], "line": [1], "printed": ["5人小组"]})
    got = overall("举办3场，5人小组负责，7处改造。", ledger((1, "3场", 3, 3, 3, "", "event", "level")), not_claims)
    assert got["n_known_not"] == 1
    assert got["precision"] == pytest.approx(1 / 3)


def test_shares_of_equal_readings_are_those_of_the_found():
    claims = ledger((1, "约30%", 30, 25, 35, "约", "percent", "before_after"), (1, "5人", 5, 5, 5, "", "person", "level"))
    got = overall("使用率提升约30%，5人参加。", claims)
    assert (got["value"], got["bounds"], got["unit_class"], got["comparison"]) == (1, 1, 1, 1)
    got = overall("使用率约30%，5人参加。", claims)
    assert got["comparison"] == 0.5


def test_an_open_end_equals_an_open_end_only():
    assert overall("超30人。", ledger((1, "超30人", 30, 30, math.nan, "超", "person", "level")))["bounds"] == 1
    assert overall("超30人。", ledger((1, "超30人", 30, 30, 39, "超", "person", "level")))["bounds"] == 0


def test_groups_and_shares_of_nothing():
    table = parser_agreement(parse_claims("共三场，5人参加。"), ledger((1, "三场", 3, 3, 3, "", "event", "level")), NOTHING)
    assert list(table.columns) == list(COLUMNS)
    rows = table.set_index("group")
    assert set(rows.index) == {"all", "digits", "han", "event", "person"}
    assert math.isnan(rows.loc["person", "recall"])
    assert math.isnan(rows.loc["person", "value"])
    assert rows.loc["han", "recall"] == 1

"""What a number says by its words, and whether it is possible at all: C18, C20, C21, C22."""

import pytest

from commresearch.cases import load_published
from commresearch.errors import SchemaError
from commresearch.words import render_error
from tests.conftest import edit
from tests.unit.claim_rows import NAN, claim, verdicts


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"wording": "capacity"}, ["待核实"]),
        ({"wording": "expected"}, ["待核实"]),
        ({"wording": "done"}, []),
        ({"indicator_zh": "食堂日均可接待就餐人次"}, ["待核实"]),
        ({"indicator_zh": "食堂日均可接待就餐人次", "wording": "done"}, []),
        ({"printed": "预计10个"}, ["待核实"]),
        ({"indicator_zh": "网上可办事项一次办成率"}, []),
        ({"wording": "capacity", "kind": "design"}, []),
    ],
)
def test_c18_what_could_be_done(changes, expected):
    assert [v for _, v, _ in verdicts("C18", claim(1, **changes))] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"indicator_zh": "每年节省的场地运营费", "unit_class": "money"}, ["待核实"]),
        ({"wording": "saved", "unit_class": "money"}, ["待核实"]),
        ({"wording": "done", "indicator_zh": "节省的装修费", "unit_class": "money"}, []),
        ({"wording": "saved", "unit_class": "duration"}, []),
    ],
)
def test_c20_money_that_was_not_spent(changes, expected):
    assert [v for _, v, _ in verdicts("C20", claim(1, kind="outcome", **changes))] == expected


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({}, "待核实", "In use since 2024; use rises by itself in the first 24 months"),
        ({"period_end": "2025-11"}, "待核实", "since 2024"),
        ({"period_end": "2026"}, "一致", "In use since 2024, 24 months or more before this number"),
        ({"period_start": "2026-01"}, "一致", "24 months or more"),
    ],
)
def test_c21_a_room_that_has_just_opened(changes, verdict, words):
    [(_, got, detail)] = verdicts("C21", claim(1, 90.0, kind="outcome", in_use_since="2024", **changes))
    assert got == verdict
    assert words in detail


def test_c21_asks_nothing_of_rooms_themselves_and_without_a_date():
    assert verdicts("C21", claim(1, kind="context", in_use_since="2024"), claim(2, kind="outcome")) == []


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"qualifier": "近…余", "printed": "近千余米"}, "文内口径不一", "One word says below this number, one above (近千余米)"),
        ({"qualifier": "约…余"}, "待核实", "One word says about"),
        ({"unit": "米", "unit_class": "length", "indicator_zh": "活动中心规模"}, "待核实", "A place's size with a unit of length"),
        ({"unit": "米", "unit_class": "length", "family": "space_use"}, "待核实", "A place's size with a unit of length"),
        ({"unit": "个", "unit_class": "item", "indicator_zh": "建筑面积"}, "待核实", "An area without a unit of area"),
        ({"value": 120.0, "unit_class": "percent", "comparison": "share"}, "待核实", "A share of 120%, above 100%"),
        ({"value": -120.0, "unit_class": "percent", "comparison": "before_after"}, "待核实", "A fall of more than 100%"),
        ({"value": 10.5, "unit_class": "person"}, "待核实", "10.5 is no whole number"),
        ({"unit": "平方米", "unit_class": "area", "indicator_zh": "建筑面积"}, "一致", "The unit (m²) fits"),
    ],
)
def test_c22_units_and_words(changes, verdict, words):
    value = changes.pop("value", 10.0)
    [(_, got, detail)] = verdicts("C22", claim(1, value, **changes))
    assert got == verdict
    assert words in detail


def test_c22_asks_nothing_of_means_plain_counts_roads_and_open_ends():
    fine = [
        claim(1, 10.5, unit_class="person", indicator_zh="平均每户人数"), claim(1), claim(1, 30.0, qualifier="余", high=39.0),
        claim(1, 120.0, unit_class="percent", comparison="before_after"), claim(1, 30.0, low=27.0, high=NAN, qualifier="超"),
    ]
    assert [verdicts("C22", row) for row in fine] == [[]] * 5
    assert verdicts("C22", claim(1, 300.0, unit="米", unit_class="length", indicator_zh="步道长度"))[0][1] == "一致"


def test_the_meaning_of_words_is_told_only_where_the_column_is_blank():
    told = claim(1, indicator_zh="每年可注入基金的资金")
    assert (told.meaning, claim(1, indicator_zh="可享折扣").meaning, claim(1, wording="saved").meaning) == ("capacity", "done", "saved")


@pytest.mark.parametrize(
    ("column", "new", "expected"),
    [
        ("wording", "maybe", "got “maybe”, allowed: done, capacity, pledged, expected, saved"),
        ("chosen_by", "lucky", "got “lucky”, allowed: all, random, volunteer, worst, best, unknown"),
        ("counted", "dogs", "got “dogs”, allowed: person, person_times"),
        ("in_use_since", "2024年", "got “2024年”; a date like 2025"),
    ],
)
def test_the_ledger_refuses_unknown_words_in_the_columns_that_may_be_blank(ledger, column, new, expected):
    edit(ledger, "claims.csv", 3, column, new)
    with pytest.raises(SchemaError) as caught:
        load_published(ledger)
    assert f"column {column}: {expected}" in render_error(caught.value, "en")


def test_a_clause_of_the_text_tells_the_meaning_of_its_own_number_only():
    text = "预计新增20个，已办30场，居民认领心愿50件。"
    assert [claim(1, text_zh=text, printed=p).meaning for p in ("20个", "30场", "50件", "7个", "")] == ["expected", "done", "pledged", "done", "done"]


def test_a_saving_may_be_expected_and_both_are_asked_about():
    row = claim(1, 200_000.0, unit="元", unit_class="money", kind="outcome", indicator_zh="预计节省的费用")
    assert [verdicts(check, row)[0][1] for check in ("C18", "C20")] == ["待核实"] * 2
    assert claim(1, wording="expected", indicator_zh="节省的费用").meanings == ("expected", "saved")
    assert claim(1, wording="done", indicator_zh="预计节省的费用").meanings == ("done",)

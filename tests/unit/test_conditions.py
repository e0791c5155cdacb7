"""Conditions: how they are written, where they hold, where they fail, and where nothing is known."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.conditions import Comparison, ConditionError, read_condition
from commresearch.errors import SchemaError
from tests.spec.conftest import codebook
from tests.unit.survey_cases import codes, told

FRAME = pd.DataFrame(
    {
        "single": pd.Categorical(["1", "2", None, "9"], categories=["1", "2", "9"]), "many__1": pd.array([1, 0, None, 1], dtype="Int8"),
        "age": pd.array([14.0, 60.0, None, 30.5], dtype="Float64"), "tenure": pd.array([20.0, 3.0, 1.0, None], dtype="Float64"),
        "text": pd.array(["yes", "no", None, "yes"], dtype="str"),
        "moved": pd.to_datetime(["2020-05-01", "2021-01-31", None, "2019-12-31"]), "sent": pd.to_datetime(["2026-09-01 09:00", "2020-01-01 00:00", "2026-09-02 00:00", None]),
    },
    index=["a", "b", "c", "d"],
)
BOOK = (
    {"name": "single", "type": "single", "values": "1=甲\n2=乙\n9=不清楚", "missing": "dont_know=9"}, {"name": "words", "type": "single", "values": "a=甲\nb=乙"},
    {"name": "many", "type": "multiple", "values": "1=甲\n2=乙", "open": "2"}, {"name": "rank", "type": "ranking", "values": "1=甲\n2=乙"},
    {"name": "age", "type": "number"}, {"name": "spent", "type": "duration"}, {"name": "moved", "type": "date"}, {"name": "sent", "type": "date"},
    {"name": "said", "type": "text"}, {"name": "phone", "type": "text", "identifier": "mobile"},
)


def marks(text, not_asked=None):
    """Y where a condition holds, N where it fails, ? where that is not known."""
    yes, no = read_condition(text).holds(FRAME, not_asked)
    assert not (yes & no).any()
    return "".join("Y" if y else "N" if n else "?" for y, n in zip(yes, no, strict=True))


@pytest.mark.parametrize(
    ("text", "parts", "join"),
    [
        ("q1 = 2", [("q1", "=", "2")], "and"), ("q1=2", [("q1", "=", "2")], "and"), ("  q1  !=  -1 ", [("q1", "!=", "-1")], "and"),
        ("q3 has 2", [("q3", "has", "2")], "and"), ("q3 has  not 2", [("q3", "has not", "2")], "and"), ("q3 has nothing", [("q3", "has", "nothing")], "and"),
        ("q1 <= 2 and q2 >= 3.5", [("q1", "<=", "2"), ("q2", ">=", "3.5")], "and"), ("a < b or a > c", [("a", "<", "b"), ("a", ">", "c")], "or"),
        ("moved < 2020-01-01", [("moved", "<", "2020-01-01")], "and"), ("q1＝2　and　q2！＝3", [("q1", "=", "2"), ("q2", "!=", "3")], "and"), ("a ＜= b", [("a", "<=", "b")], "and"),
    ],
)
def test_what_can_be_written(text, parts, join):
    condition = read_condition(text)
    assert [(p.name, p.operator, p.value) for p in condition.parts] == parts
    assert condition.join == join
    assert read_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("q1 == 2", "q1 == 2"), ("q1 = 2 and", "q1 = 2 and"), ("Q1 = 2", "Q1 = 2"), ("q1 = 是", "q1 = 是"), ("q1 = 2 and q2", "q2"), ("", ""), ("q1 has2", "q1 has2"),
        ("q1 hasnot 2", "q1 hasnot 2"), ("a = 1 and b = 2 or c = 3", "a = 1 and b = 2 or c = 3"), ("q1 = 2 AND q2 = 3", "q1 = 2 AND q2 = 3"),
    ],
)
def test_what_cannot_be_read_is_named(text, part):
    with pytest.raises(ConditionError) as error:
        read_condition(text)
    assert error.value.part == part


def test_the_column_that_a_comparison_looks_at():
    assert Comparison(name="q3", operator="has not", value="2").column == "q3__2"
    assert Comparison(name="q3", operator=">=", value="2").column == "q3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("single = 1", "YN?N"), ("single != 1", "NY?Y"), ("single > 1", "NY?Y"), ("single <= 2", "YY?N"),
        ("many has 1", "YN?Y"), ("many has not 1", "NY?N"), ("age >= 30.5", "NY?Y"), ("age = 60", "NY?N"), ("age != 60", "YN?Y"), ("age < tenure", "YN??"), ("tenure <= age", "NY??"),
        ("text = yes", "YN?Y"), ("text != yes", "NY?N"),
        ("moved = 2020-05-01", "YN?N"), ("moved != 2020-05-01", "NY?Y"), ("moved < 2020-01-01", "NN?Y"), ("sent = 2026-09-01", "YNN?"), ("sent <= 2026-09-01", "YYN?"),
        ("moved <= sent", "YN??"), ("age < nowhere", "????"), ("gone = 1", "????"), ("many has 7", "????"),
    ],
)
def test_where_a_comparison_holds(text, expected):
    assert marks(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("single = 1 and age < 20", "YN?N"), ("single = 2 and tenure > 0", "NY?N"), ("single = 1 or tenure > 15", "YN??"), ("single = 1 or age > 20", "YY?Y"),
        ("age > 99 or tenure > 99", "NN??"),
    ],
)
def test_what_is_not_known_stays_unknown_unless_the_other_part_decides(text, expected):
    assert marks(text) == expected


def test_what_rests_on_a_question_that_was_not_asked_fails():
    not_asked = {"single": np.array([False, False, True, False]), "many__1": np.array([True, False, True, False])}
    assert marks("single = 1", not_asked) == "YNNN"
    assert marks("single != 1", not_asked) == "NYNY"
    assert marks("many has not 1", not_asked) == "NYNN"
    assert marks("single = 1 or age >= 14", not_asked) == "YY?Y"
    assert marks("single = 1 and age >= 14", not_asked) == "YNNN"


@pytest.mark.parametrize(
    "condition",
    [
        "single = 2", "single != 1", "single >= 2", "single < age", "words = a", "many has 1", "many has not 2", "many__2 = 1", "rank__rank_1 = 2", "age >= 18", "age < spent",
        "spent > 30.5", "moved < 2020-01-01", "moved <= sent", "said = yes",
    ],
)
def test_conditions_that_suit_their_variables(condition):
    book = codebook(*BOOK, {"name": "asked", "type": "text", "asked_if": condition})
    assert str(book["asked"].asked_if) == condition


@pytest.mark.parametrize(
    "condition",
    [
        "nobody = 1", "phone = 1", "single = 3", "single = 9", "single has 1", "single < said", "words > a", "words < 3", "words = c", "many = 1", "many has 3", "rank = 1",
        "rank has 1", "many__2 = ja", "many__2 has 1", "many__3 = 1", "age = abc", "age has 1", "age < moved", "moved < 2020", "moved < age", "said > yes", "said has yes", "many_other = x",
    ],
)
def test_conditions_that_do_not_suit_their_variables_are_refused(condition):
    with pytest.raises(SchemaError) as error:
        codebook(*BOOK, {"name": "asked", "type": "text", "asked_if": f"age > 3 and {condition}"})
    assert codes(error.value) == ["CR-K07"]
    zh, en = told(error.value, "CR-K07", f"“{condition}”", "asked_if")
    assert "codebook 第12行" in zh
    assert "codebook, row 12" in en

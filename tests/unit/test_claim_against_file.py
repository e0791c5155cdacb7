"""claims.csv of a pilot: what is wrong with it is told at once, with row, column and what is allowed; then what it says."""

import math

import pytest

from commresearch.cases.case_claims_file import ClaimMeasure, claims_with_terms, read_case_claims
from commresearch.comparison.claim_against_measure import claimed_bounds
from commresearch.errors import CaseError, CommResearchError, SchemaError
from commresearch.terms import Language
from commresearch.words import render_error
from tests.unit.claim_against_worlds import rows, stated


def codes(error):
    return [f.code for f in error.value.failures]


# what is wrong


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(CaseError) as error:
        read_case_claims(tmp_path / "claims.csv")
    assert codes(error) == ["CR-Y01"]
    for content in ("编号,值\n".encode("gb18030"), b""):
        (tmp_path / "claims.csv").write_bytes(content)
        with pytest.raises(SchemaError) as error:
            read_case_claims(tmp_path / "claims.csv")
        assert codes(error) == ["CR-Y02"]


def test_missing_columns_are_named_together():
    with pytest.raises(SchemaError) as error:
        claims_with_terms(rows({}).drop(columns=["measure", "scope", "value"]))
    assert codes(error) == ["CR-Y03"]
    assert error.value.failures[0].values["missing"] == "value, measure, scope"


def test_every_fault_of_a_file_is_told_at_once_with_its_row_and_column():
    wrong = rows(
        {"value": "三成", "unit_class": "fraction", "base_start": "2023-13"}, {"claim_id": "demo-001", "scope": " "},
        {"claim_id": "demo-003", "outcome": "youth_participation", "measure": "rate", "topics": "噪声"},
        {"claim_id": "demo-004", "base_end": "2024-09"}, {"claim_id": "demo-005", "value_low": "-20", "value_high": "-10"},
    )
    with pytest.raises(SchemaError) as error:
        claims_with_terms(wrong)
    told = {(f.code, f.values["row"], f.values["column"]) for f in error.value.failures}
    assert told == {
        ("CR-Y07", 2, "value"), ("CR-Y05", 2, "unit_class"), ("CR-Y06", 2, "base_start"), ("CR-Y04", 3, "scope"), ("CR-Y09", 3, "claim_id"),
        ("CR-Y05", 4, "measure"), ("CR-Y10", 4, "topics"), ("CR-Y08", 5, "base_start"), ("CR-Y11", 6, "value"),
    }
    for language in Language:
        text = render_error(error.value, language)
        assert "三成" in text
        assert "persons, share" in text


def test_nan_and_infinity_are_no_numbers():
    for value in ("nan", "inf", "-30%"):
        with pytest.raises(CommResearchError) as error:
            stated(value=value)
        assert codes(error) == ["CR-Y07"]


# what it says


def test_a_row_with_the_needed_columns_alone_is_a_claim(tmp_path):
    needed = ["claim_id", "value", "unit_class", "comparison", "outcome", "measure", "scope", "base_start", "base_end", "period_start", "period_end"]
    (tmp_path / "claims.csv").write_bytes(b"\xef\xbb\xbf" + rows({}, {"claim_id": "demo-002", "scope": "101、102,103"})[needed].to_csv(index=False).encode())
    first, second = read_case_claims(tmp_path / "claims.csv")
    assert (first.claim.value, first.claim.indicator_zh, first.claim.repeat_of) == (-30.0, "", "")
    assert math.isnan(first.claim.baseline)
    assert first.terms.measure is ClaimMeasure.RATE
    assert (first.terms.scope, second.terms.scope) == (("treated",), ("101", "102", "103"))


def test_blank_lines_are_no_claims(tmp_path):
    text = rows({}).to_csv(index=False)
    (tmp_path / "claims.csv").write_text(text + "," * text.splitlines()[0].count(",") + "\n", encoding="utf8")
    assert len(read_case_claims(tmp_path / "claims.csv")) == 1


@pytest.mark.parametrize(
    ("cells", "bounds"),
    [
        ({}, (-30.5, -29.5)), ({"value": "-31.8"}, (-31.85, -31.75)), ({"value": "-30", "printed": "下降30.0%"}, (-30.05, -29.95)),
        ({"printed": "下降约30%"}, (-35.0, -25.0)), ({"value": "30", "printed": "提升超30%"}, (30.0, math.inf)), ({"printed": "下降超30%"}, (-math.inf, -30.0)),
        ({"value_low": "-40", "value_high": "-20", "qualifier": "约"}, (-40.0, -20.0)),
    ],
    ids=["whole", "one decimal", "as printed", "about", "more than", "fall of more than", "stated"],
)
def test_bounds_are_those_of_the_words_or_of_rounding(cells, bounds):
    assert claimed_bounds(stated(**cells).claim) == pytest.approx(bounds)

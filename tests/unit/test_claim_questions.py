"""Questions to issuers: each gap of a passage once, the claims that share it named together, everything else pointing there."""

from collections import Counter

import pytest

from commresearch.cases import load_published
from commresearch.cases.claim import claims_in
from commresearch.comparison import audit_claims
from commresearch.comparison.claim_questions import inquiries
from commresearch.comparison.claims_audit import CHECKS
from commresearch.terms import Verdict
from tests.conftest import ROOT
from tests.unit.claim_rows import NAN, change, claim, frame, verdicts


@pytest.fixture(scope="module")
def ledger():
    return load_published(ROOT / "data_raw" / "published").claims


@pytest.fixture(scope="module")
def asked(ledger):
    claims = claims_in(ledger)
    return inquiries([(check, found) for check, run in CHECKS.items() for found in run(claims)], claims)


def rows_of(*claims, language="en"):
    audit = audit_claims(frame(*claims), language=language)
    return {(r["claim_id"], r["check"]): (r["verdict"], r["question"], r["asked_at"]) for r in audit.to_dict("records")}


def work(number, **changes):
    return claim(number, **{"cumulative": "", "section": "一", "indicator_en": f"Item {number}", **changes})


def test_a_gap_of_a_section_is_asked_once_and_names_its_claims():
    found = rows_of(work(1, line=4), work(2, line=9, place="东区", place_en="East"), work(3, section="二"))
    assert found["a-001", "C19"] == (
        "待核实", "On “Item 1” (10), “Item 2”, East (10): Is each a running total, a figure for a period, or one at a date, and which dates are these?", "",
    )
    assert found["a-002", "C19"] == ("待核实", "", "a-001:C19")
    assert found["a-003", "C19"][1].startswith("On “Item 3” (10): Is it a running total")
    details = dict(zip(*audit_claims(frame(work(1), work(2)), language="zh")[["claim_id", "detail"]].to_numpy().T.tolist(), strict=True))
    assert details["a-002"] == "未写明是累计数、当期数还是时点数（与“项目”一并问）"


def test_the_first_in_the_document_asks_whatever_the_order_of_rows():
    rows = work(1, line=9), work(2, line=4)
    for order in (rows, rows[::-1]):
        assert rows_of(*order)["a-001", "C19"][2] == "a-002:C19"


@pytest.mark.parametrize("place", [{"section": "二"}, {"case_id": "b"}, {"source_id": "S1"}, {"section": "", "line": 7}])
def test_another_passage_is_asked_for_itself(place):
    other = work(2, **place)
    assert rows_of(work(1), other)[other.claim_id, "C19"][2] == ""


def test_where_no_place_is_known_a_claim_stands_alone():
    found = rows_of(*(work(n, section="", source_id="", line=NAN) for n in (1, 2)))
    assert {asked_at for _, _, asked_at in found.values()} == {""}


def test_checks_that_meet_the_same_gap_ask_once():
    growth = change(31.8, counted="person", family="services", section="一")
    found = rows_of(growth, claim(2, 200.0, unit_class="person", kind="input", indicator_zh="招募的青年", indicator_en="Recruits", section="一"))
    assert found["a-001", "C08"] == ("待核实", "On “Complaints” (31.8%): From which month and year to which does it count?", "a-001:C12")
    assert found["a-001", "C12"] == ("待核实", "On “Complaints” (31.8%): What were the numbers before and after?", "")
    assert found["a-001", "C13"] == ("待核实", "On “Complaints” (31.8%): Does the growth include “Recruits”?", "a-001:C12")
    satisfied = claim(1, 100.0, kind="outcome", family="satisfaction", unit_class="percent", comparison="share", period_start="2019-09")
    asked = rows_of(satisfied)
    assert asked["a-001", "C12"][1] == "On “Projects” (100): How many were asked, how were they drawn, and how many answered?"
    assert [asked["a-001", check][1:] for check in ("C08", "C14")] == [("", "a-001:C12")] * 2


def test_nobody_is_asked_the_same_thing_twice_in_the_ledger(asked):
    pairs = Counter((claim.claim_id, gap) for one in asked for claims, gaps in one.leads for claim in claims for gap in gaps)
    assert set(pairs.values()) == {1}
    assert set(pairs) == {(one.finding.claim_id, gap) for one in asked for gap in one.finding.gaps}


def test_what_points_elsewhere_is_named_there(asked, ledger):
    audit = audit_claims(ledger, language="zh")
    questions = audit.set_index(audit["claim_id"] + ":" + audit["check"])["question"]
    for one in asked:
        for place in one.asked_at.split():
            assert f"“{one.claim.indicator_zh}”" in " ".join(questions.loc[[place]])
    open_ = audit[audit["verdict"] != Verdict.CONSISTENT]
    assert (open_["question"] != "").sum() < 0.6 * len(open_)  # most gaps are shared


def parts_of(total, *parts, **changes):
    return [claim(1, total, **changes), *(claim(n, value, part_of="a-001") for n, value in enumerate(parts, 2))]


@pytest.mark.parametrize("words", ["其中8个是小区。", "包括8个小区和1个院落。", "有8个小区、1个院落等。", "9 in all, including 8 estates."])
def test_c01_parts_that_the_text_calls_examples_ask_nothing(words):
    [(_, verdict, detail)] = verdicts("C01", *parts_of(12.0, 8.0, 1.0, **{"text_zh": words} if words[0] > "z" else {"text_en": words}))
    assert verdict == "一致"
    assert "does not list all parts" in detail


@pytest.mark.parametrize("words", ["", "有平等、等级和等候三类。", "不含院落。"])
def test_c01_parts_that_fall_short_are_asked_about(words):
    [(_, verdict, detail)] = verdicts("C01", *parts_of(12.0, 8.0, 1.0, text_zh=words))
    assert verdict == "待核实"
    assert detail.startswith("8 + 1 = 9, 3 less than the printed total of 12")


def test_c19_rounds_are_counted_from_the_first():
    for unit in ("届", "期"):
        assert verdicts("C19", claim(1, 13.0, unit=unit, unit_class="event", cumulative="yes"))[0][1:] == ("一致", "Rounds of a series are counted from the first")
    assert verdicts("C19", claim(1, 13.0, unit="场", unit_class="event", cumulative="yes"))[0][1] == "待核实"

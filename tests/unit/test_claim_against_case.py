"""Claims of a case folder: what stops them and what does not, which panels they are measured in, what is written, what is used again."""

import json
import math
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.cases.case_claims_file import read_case_claims
from commresearch.errors import SchemaError
from commresearch.outcomes import read_panel
from commresearch.workflow.case_claims import CLAIMS as FOLDER
from commresearch.workflow.case_claims import CONTENT, claims_frame, compare_case_claims, read_case_comparison
from commresearch.workflow.case_estimates import estimate_case
from tests.unit.claim_against_worlds import ROW
from tests.unit.effect_case import write_case

WHOLE = {"base_start": "2023-03", "base_end": "2024-02", "period_start": "2024-03", "period_end": "2025-02"}
CLAIMS = [
    {"claim_id": "wanghai-001"}, {"claim_id": "wanghai-002", "topics": "噪声"}, {"claim_id": "wanghai-003", "topics": "飞行"},
    {"claim_id": "wanghai-004", "outcome": "youth_participation", "measure": "persons", "value": "30"}, {"claim_id": "wanghai-005", "scope": "101 999"},
]


def write_claims(folder, rows):
    pd.DataFrame([ROW | WHOLE | row for row in rows]).fillna("").to_csv(folder / "claims.csv", index=False)


def case_with_claims(folder, rows=CLAIMS, *, joins=None):
    """A case whose tickets have two topics and two channels; `joins`: the month from which the second one is there, in the units of the pilot alone."""
    write_case(folder, units=9, treated=3, rate=25.0)
    tickets = pd.read_csv(folder / "tickets.csv", dtype=str)
    rng = np.random.default_rng(1)
    tickets = tickets.assign(事项分类=rng.choice(["噪声", "停车"], len(tickets), p=[0.6, 0.4]), 受理渠道="12345热线")
    if joins is not None:
        more = tickets[(tickets["受理时间"] >= joins) & tickets["事发地"].isin(["101", "102", "103"])]
        tickets = pd.concat([tickets, more.assign(工单编号="X" + more["工单编号"], 受理渠道="小程序")])
        rows_of = [*(("tickets", f"{101 + i}", "2022-12-01") for i in range(9)), *(("tickets:小程序", unit, f"{joins}-01") for unit in ("101", "102", "103"))]
        pd.DataFrame(rows_of, columns=["source", "unit_id", "live_from"]).assign(live_to="").to_csv(folder / "coverage.csv", index=False)
    tickets.to_csv(folder / "tickets.csv", index=False)
    write_claims(folder, rows)
    return load_case(folder)


@cache
def compared():
    root = Path(mkdtemp(prefix="claims-"))
    case = case_with_claims(root / "wanghai")
    return compare_case_claims(case, root / "out"), case, root


def claim(name):
    return next(one for one in compared()[0].claims if one["claim_id"] == name)


# what stops them and what does not


def test_faults_of_the_file_stop_the_claims_before_anything_is_counted(tmp_path):
    case = case_with_claims(tmp_path / "wanghai", [{"value": "三成"}, {"claim_id": "b-002", "measure": "hours"}])
    with pytest.raises(SchemaError) as error:
        compare_case_claims(case, tmp_path / "out")
    assert [f.code for f in error.value.failures] == ["CR-Y07", "CR-Y05"]
    assert not (tmp_path / "out").exists()


def test_a_case_without_claims_has_none_and_keeps_none_of_an_earlier_file(tmp_path):
    case = load_case(write_case(tmp_path / "wanghai"))
    (tmp_path / "out" / "_claims").mkdir(parents=True)
    assert compare_case_claims(case, tmp_path / "out") is None
    assert not (tmp_path / "out" / "_claims").exists()
    assert read_case_comparison(tmp_path / "out") is None


def test_claims_that_cannot_be_compared_say_why_and_stop_nothing():
    assert [one["comparable"] for one in compared()[0].claims] == [True, True, False, False, False]
    reasons = {one["claim_id"]: [r["key"] for r in one["reasons"]] for one in compared()[0].claims}
    assert reasons["wanghai-003"] == ["topics_unknown"]
    assert reasons["wanghai-004"] == ["no_panel"]
    assert reasons["wanghai-005"] == ["units_unknown"]
    assert "飞行" in claim("wanghai-003")["summary"]["zh"]
    assert "youth participation" in claim("wanghai-004")["summary"]["en"]


# what they are measured in


def test_the_change_is_that_of_the_tickets_counted_by_hand():
    _, case, _ = compared()
    tickets = pd.read_csv(case.folder / "tickets.csv", dtype=str)
    households = pd.read_csv(case.folder / "communities.csv", dtype=str).set_index("unit_id")["households"].astype(float)[["101", "102", "103"]].sum()
    mine = tickets[tickets["事发地"].isin(["101", "102", "103"])]
    for name, topic in (("wanghai-001", None), ("wanghai-002", "噪声")):
        rows = mine if topic is None else mine[mine["事项分类"] == topic]
        month = rows["受理时间"].str[:7]
        base, period = month.between("2023-03", "2024-02").sum(), month.between("2024-03", "2025-02").sum()
        one = claim(name)
        assert one["remeasured"] == pytest.approx(100 * (period / base - 1))
        assert one["counted"]["base"] == pytest.approx(base / households / 12)
    assert claim("wanghai-001")["remeasured"] != claim("wanghai-002")["remeasured"]


def test_the_estimate_is_the_cases_own_where_the_claim_asks_for_its_months_and_units(tmp_path):
    _, case, root = compared()
    own = estimate_case(case, root / "out").outcomes[0]["estimate"]
    one = claim("wanghai-001")
    assert (one["estimated"], one["grade"]) == (pytest.approx(own["estimate"]), own["grade"])
    assert one["estimate"]["case_id"] == "wanghai"


def test_a_channel_that_joined_in_the_pilot_is_taken_out_and_told(tmp_path):
    case = case_with_claims(tmp_path / "wanghai", CLAIMS[:1], joins="2024-03")
    one = compare_case_claims(case, tmp_path / "out").claims[0]
    recording = one["parts"][0]
    assert (recording["part"], recording["how"]) == ("recording", "unaffected")
    assert recording["value"] == pytest.approx(math.log(2))
    assert one["estimated"] == pytest.approx(claim("wanghai-001")["estimated"])
    assert one["remeasured"] == pytest.approx(2 * (100 + claim("wanghai-001")["remeasured"]) - 100)


# what is written


def test_everything_a_page_needs_is_written_and_read_again():
    made, _, root = compared()
    content = json.loads((root / "out" / "_claims" / "claims.json").read_text(encoding="utf8"), parse_constant=pytest.fail)
    assert content == read_case_comparison(root / "out") == made.content
    table = pd.read_csv(made.folder / "claims.csv")
    assert list(table["claim_id"]) == [row["claim_id"] for row in CLAIMS]
    parts = pd.read_csv(made.folder / "parts.csv")
    for name, rows in parts.groupby("claim_id"):
        row = table[table["claim_id"] == name].iloc[0]
        assert rows["amount"].sum() == pytest.approx(row["remeasured"] - row["estimated"])


def test_nothing_is_measured_again_until_something_changes(tmp_path):
    case = case_with_claims(tmp_path / "wanghai", CLAIMS[:1])
    first = compare_case_claims(case, tmp_path / "out")
    again = compare_case_claims(case, tmp_path / "out")
    assert (first.reused, again.reused) == (False, True)
    assert again.content == first.content
    write_claims(case.folder, [CLAIMS[0] | {"value": "-40"}])
    changed = compare_case_claims(case, tmp_path / "out")
    assert (changed.reused, changed.claims[0]["claimed"]) == (False, -40.0)
    (tmp_path / "out" / "_claims" / "claims.json").write_text("{", encoding="utf8")
    assert compare_case_claims(case, tmp_path / "out").reused is False
    assert read_case_claims(case.path("claims.csv"))[0].claim.value == -40.0
    assert read_panel(tmp_path / "out" / "_panels" / "complaint_rate").definition["topics"] == ()


def test_a_number_that_is_missing_is_read_back_as_missing_whatever_stands_beside_it(tmp_path):
    summary = {"zh": "甲", "en": "a"}
    table = [{"claim_id": "x-001", "season": None, "regression": None}, {"claim_id": "x-002", "season": -3.5, "regression": None}]
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / CONTENT).write_text(json.dumps({"claims": [{"summary": summary}] * 2, "table": table}), encoding="utf8")
    found = claims_frame(tmp_path)
    assert found["season"].fillna(0).tolist() == [0, -3.5]
    assert found["regression"].dtype == found["season"].dtype == "float64"
    assert found["claim_id"].tolist() == ["x-001", "x-002"]

"""Panels: their contract, definitions, panels from frames, the quality report, what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

import commresearch as cr
from commresearch.errors import OutcomeError
from commresearch.outcomes import OutcomeDefinition, Panel, UnitRegister, build_panel, open_engine, panel_quality, read_panel, require_equal
from commresearch.outcomes.panel import PANEL_COLUMNS
from commresearch.terms import Language, Outcome, Unit
from commresearch.words import render_error
from tests.unit.outcome_worlds import T, coverage, steady, tickets

YEAR = ("2024-01", "2024-12")


def a_frame(**changes):
    columns = {
        "社区": ["b", "a", "a", "b"], "月份": ["2024-02", "2024-01", "2024-02", "2024-01"], "件数": [4, 1, 2, 3], "户数": [400, 100, 100, 400],
        "起始月": [None, "2024-02", "2024-02", None], "区": ["乙", "甲", "甲", "乙"], "老龄": [0.1, 0.2, 0.2, 0.1],
    }
    return pd.DataFrame(columns | changes)


def from_frame(frame, **changes):
    names = {
        "community": "社区", "period": "月份", "numerator": "件数", "denominator": "户数", "treated_from": "起始月", "outcome": "complaint_rate",
        "unit": "per_1000_households",
    }
    return cr.Panel.from_frame(frame, **(names | changes))


def codes(error):
    return [failure.code for failure in error.value.failures]


def test_a_panel_from_a_frame_keeps_what_it_is_given():
    panel = from_frame(a_frame(), cluster="区", covariates=("老龄",), weight="户数")
    frame = panel.frame
    assert tuple(frame.columns) == (*PANEL_COLUMNS, "老龄", "weight")
    assert frame[["unit_id", "month"]].to_numpy().tolist() == [["a", T("2024-01-01")], ["a", T("2024-02-01")], ["b", T("2024-01-01")], ["b", T("2024-02-01")]]
    assert frame["value"].tolist() == [10.0, 20.0, 7.5, 10.0]
    assert frame["treated_from"].isna().tolist() == [False, False, True, True]
    assert frame["assignment_id"].tolist() == ["甲", "甲", "乙", "乙"]
    assert panel.unit is Unit.PER_1000_HOUSEHOLDS
    assert panel.covariates == ("老龄",)


def test_values_are_never_rescaled():
    panel = from_frame(a_frame(), value="老龄", unit="percentage_points", outcome="年轻人参与（自报）")
    assert panel.frame["value"].tolist() == [0.2, 0.2, 0.1, 0.1]
    assert panel.definition.sentence("en") == "年轻人参与（自报）"


def test_periods_may_be_whole_numbers():
    panel = from_frame(a_frame(月份=[2, 1, 2, 1], 起始月=[np.nan, 2, 2, np.nan]), denominator=None, unit="count")
    assert panel.frame["month"].tolist() == [1, 2, 1, 2]
    assert panel.frame["treated_from"].tolist()[:2] == [2.0, 2.0]
    assert panel.frame["value"].tolist() == [1, 2, 3, 4]


def test_a_missing_value_counts_as_not_recorded():
    panel = from_frame(a_frame(件数=[4, None, 2, 3]), treated_from=None)
    assert panel.frame["live"].tolist() == [False, True, True, True]
    assert panel.frame["treated_from"].isna().all()


def test_all_faults_of_a_frame_are_told_together():
    with pytest.raises(OutcomeError) as caught:
        from_frame(a_frame(), numerator=None, denominator="住户", unit="per_head")
    assert codes(caught) == ["CR-O12", "CR-O15", "CR-O16"]
    with pytest.raises(OutcomeError) as caught:
        from_frame(a_frame(月份=["2024-02", "一月", "2024-02", None]))
    assert codes(caught) == ["CR-O13"]
    assert caught.value.failures[0].values["count"] == 2
    with pytest.raises(OutcomeError, match="CR-O13"):
        from_frame(a_frame(月份=[1.5, 1, 2, 2]))
    with pytest.raises(OutcomeError) as caught:
        from_frame(a_frame(社区=["a", "a", "a", "b"]))
    assert codes(caught) == ["CR-O14"]


def test_a_panel_holds_to_its_contract():
    frame = from_frame(a_frame()).frame
    definition = OutcomeDefinition(outcome="x")
    with pytest.raises(OutcomeError, match="CR-O18"):
        Panel(frame=frame.assign(live=False), definition=definition, unit=Unit.COUNT)
    with pytest.raises(OutcomeError, match="CR-O12"):
        Panel(frame=frame.drop(columns="live"), definition=definition, unit=Unit.COUNT)


def test_a_panel_is_written_whole_and_read_again(tmp_path):
    panel = build_panel("complaint_rate", tickets({"at": "2024-03-01"}, {"at": "2024-03-01", "place": "？"}), steady("101"), None, months=YEAR, coverage=coverage())
    for _ in range(2):
        panel.write(tmp_path / "panel")
    again = read_panel(tmp_path / "panel")
    for name in ("frame", "companions", "account", "unplaced"):
        pd.testing.assert_frame_equal(getattr(panel, name), getattr(again, name))
    assert (again.definition, again.unit) == (panel.definition, panel.unit)
    assert [p.name for p in tmp_path.iterdir()] == ["panel"]
    with pytest.raises(OutcomeError, match="CR-O17"):
        read_panel(tmp_path)


# --- definitions


def test_a_definition_is_comparable_and_printable():
    one = OutcomeDefinition.of("complaint_rate", topics=["物业", "噪声"], boundaries="2024-12-31")
    assert one == OutcomeDefinition.of(Outcome.COMPLAINT_RATE, topics=("噪声", "物业"), boundaries=T("2024-12-31"))
    assert OutcomeDefinition.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    require_equal(one, one)
    with pytest.raises(OutcomeError) as caught:
        require_equal(one, OutcomeDefinition.of("complaint_rate", repeat_days=3))
    assert {f.values["name"] for f in caught.value.failures} == {"topics", "boundaries", "repeat_days"}
    assert codes(caught) == ["CR-O09"] * 3


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("language", Language)
def test_every_choice_stands_in_the_sentence(outcome, language):
    definition = OutcomeDefinition.of(outcome)
    sentence = definition.sentence(language)
    assert len(sentence) > 30
    assert "{" not in sentence
    assert sentence != definition.sentence(Language.EN if language is Language.ZH else Language.ZH)


def test_all_faults_of_a_definition_are_told_together():
    with pytest.raises(OutcomeError) as caught:
        OutcomeDefinition.of("complaint_rate", repeat_day=7, repeat_days=-1, types=["grumble"], boundaries="昨天", unit_level="city", follow_up_days=1.5)
    assert codes(caught) == ["CR-O07", "CR-O08", "CR-O08", "CR-O08", "CR-O08", "CR-O08"]
    with pytest.raises(OutcomeError, match="CR-O06"):
        OutcomeDefinition.of("happiness")


# --- building


def test_what_is_missing_for_a_panel_is_told():
    with pytest.raises(OutcomeError, match="CR-O10"):
        build_panel("complaint_rate", {"signins": pd.DataFrame({"event_id": ["1"]})}, steady("101"), None, months=YEAR)
    rollout = pd.DataFrame({"unit_id": ["101", "999"], "start_month": ["2024-05-01", "2024-05-01"]})
    with pytest.raises(OutcomeError, match="CR-O11"):
        build_panel("complaint_rate", tickets({"at": "2024-03-01"}), steady("101"), rollout, months=YEAR)


def test_estates_take_the_start_of_their_community_and_are_assigned_with_it():
    made = pd.DataFrame(
        {"unit_id": ["C", "E1", "E2"], "unit_level": ["community", "estate", "estate"], "community_id": [None, "C", "C"], "households": 100, "as_of": "2023-01-01"}
    )
    log = tickets({"at": "2024-03-01", "place": "E1"})
    rollout = pd.DataFrame({"unit_id": ["C"], "start_month": ["2024-06-15"], "assigned_level": ["community"]})
    frame = build_panel("complaint_rate", log, made, rollout, months=YEAR, coverage=coverage(), unit_level="estate").frame
    assert set(frame["treated_from"]) == {T("2024-06-01")}
    assert set(frame["assignment_id"]) == {"C"}
    by_estate = pd.DataFrame({"unit_id": ["E1"], "start_month": ["2024-06-01"], "assigned_level": ["estate"]})
    frame = build_panel("complaint_rate", log, made, by_estate, months=YEAR, coverage=coverage(), unit_level="estate").frame
    assert frame.groupby("unit_id")["assignment_id"].first().to_dict() == {"E1": "E1", "E2": "C"}


def test_parts_that_start_apart_are_refused_on_later_boundaries():
    made = pd.DataFrame(
        {"unit_id": ["1", "2", "3"], "unit_level": "community", "valid_from": ["2020-01-01", "2020-01-01", "2024-09-01"], "valid_to": ["2024-09-01"] * 2 + [None]}
    )
    lineage = pd.DataFrame({"old_id": ["1", "2"], "new_id": "3", "changed_on": "2024-09-01", "kind": "merge"})
    rollout = pd.DataFrame({"unit_id": ["1", "2"], "start_month": ["2024-03-01", "2024-04-01"]})
    log = {"tickets": tickets({"at": "2024-03-01", "place": "1"}), "lineage": lineage}
    with pytest.raises(OutcomeError) as caught:
        build_panel("complaint_rate", log, made, rollout, months=YEAR, boundaries="2024-12-31")
    assert caught.value.failures[0].values["got"] == "2024-03, 2024-04"


def test_a_register_may_be_made_before():
    register = UnitRegister.of(steady("101"))
    panel = cr.build_panel("complaint_rate", tickets({"at": "2024-03-01"}), register, None, months=YEAR, coverage=coverage())
    assert panel.frame["numerator"].sum() == 1


def test_a_register_says_what_its_units_are():
    register = UnitRegister.of(steady("101"), boundaries="2024-06-01")
    panel = build_panel("complaint_rate", tickets({"at": "2024-03-01"}), register, None, months=YEAR, coverage=coverage())
    assert panel.definition["boundaries"].isoformat() == "2024-06-01"
    with pytest.raises(OutcomeError, match="CR-O09"):
        build_panel("complaint_rate", tickets({"at": "2024-03-01"}), register, None, months=YEAR, boundaries="as_was")


def test_coverage_of_units_that_nobody_knows_is_told():
    live = coverage(("tickets", "*", "2020-01-01", None), ("tickets", "1O1", "2024-01-01", None))
    panel = build_panel("complaint_rate", tickets({"at": "2024-03-01"}), steady("101"), None, months=YEAR, coverage=live)
    assert panel.problems[["problem", "place"]].to_numpy().tolist() == [["coverage_of_unknown_unit", "1O1"]]


def test_one_engine_serves_several_panels(tmp_path):
    log = tickets({"at": "2024-03-01"})
    log.to_parquet(tmp_path / "log.parquet")
    with open_engine() as engine:
        sums = [
            build_panel("complaint_rate", source, steady("101"), None, months=YEAR, coverage=coverage(), engine=engine).frame["numerator"].sum()
            for source in (log, tmp_path / "log.parquet", pd.concat([log, log.assign(ticket_id="B")]), [tmp_path / "log.parquet"])
        ]
    assert sums == [1, 1, 2, 1]


def test_errors_of_outcomes_read_well_in_both_languages():
    with pytest.raises(OutcomeError) as caught:
        OutcomeDefinition.of("complaint_rate", repeat_days="often")
    assert "often" in render_error(caught.value, "en")
    assert "选项“repeat_days”" in render_error(caught.value, "zh")


# --- quality


def series(numbers, *, denominator=1000, unit="a"):
    months = pd.date_range("2023-01-01", periods=len(numbers), freq="MS").astype("datetime64[us]")
    return pd.DataFrame({"社区": unit, "月份": months, "件数": numbers, "户数": denominator, "起始月": None})


def quality(*parts):
    return panel_quality(from_frame(pd.concat(parts)))


def test_coverage_counts_months_of_every_unit():
    found = quality(series([1, None, 3, None])).coverage.iloc[0]
    assert (found["months"], found["live_months"], found["missing_share"]) == (4, 2, 50.0)
    assert (found["first_live"], found["last_live"]) == (T("2023-01-01"), T("2023-03-01"))


def test_a_jump_of_the_level_is_a_break_and_noise_is_none():
    found = quality(series([20, 21, 19, 20, 22, 18, 60, 62, 58, 61, 59, 60]), series([20, 25, 16, 22, 19, 24, 17, 23, 20, 21, 18, 22], unit="b")).breaks
    assert found[["unit_id", "month"]].to_numpy().tolist() == [["a", T("2023-07-01")]]
    assert (found["before"].iloc[0], found["after"].iloc[0]) == (20.0, 60.0)
    assert not found["dated"].iloc[0]
    live = coverage(("tickets", "*", "2023-01-01", "2023-07-01"), ("tickets", "*", "2023-07-01", None))
    log = tickets(*({"at": f"2023-{m:02d}-{d:02d}"} for m in range(1, 13) for d in range(1, 3 if m < 7 else 28)))
    panel = build_panel("complaint_rate", log, steady("101"), None, months=("2023-01", "2023-12"), coverage=live)
    assert panel_quality(panel).breaks["dated"].tolist() == [True]


def test_outliers_and_small_denominators_are_named():
    found = quality(series([9, 10, 11, 10, 9, 11, 90, 10]), series([1] * 8, denominator=40, unit="b"))
    assert found.outliers[["unit_id", "month"]].to_numpy().tolist() == [["a", T("2023-07-01")]]
    assert found.small_denominators.to_dict("records") == [{"unit_id": "b", "months": 8, "smallest": 40.0}]


def test_shares_of_what_was_left_out():
    log = tickets({"at": "2024-03-01"}, {"at": "2024-03-01"}, {"at": "2024-03-01", "type": "praise"}, {"at": "2024-03-01", "place": "？"})
    found = panel_quality(build_panel("complaint_rate", log, steady("101"), None, months=YEAR, coverage=coverage()))
    assert found.exclusions.set_index("rule")["share"].to_dict() == {"type_praise": 25.0, "unplaced": 25.0, "counted": 50.0}
    assert found.unplaced["share"].tolist() == [pytest.approx(100 / 3)]
    assert found.tiers.empty


def test_the_mix_of_tiers_is_over_all_units():
    panel = from_frame(a_frame())
    rows = [("a", "tier_id_share", 3, 4), ("b", "tier_id_share", 1, 4), ("a", "tier_phone_share", 1, 4), ("b", "tier_phone_share", 3, 4)]
    companions = pd.DataFrame(
        [(u, T("2024-01-01"), m, n, d, 100 * n / d, "percentage_points") for u, m, n, d in rows],
        columns=["unit_id", "month", "measure", "numerator", "denominator", "value", "unit"],
    )
    mixed = Panel(frame=panel.frame, definition=panel.definition, unit=panel.unit, companions=companions)
    assert panel_quality(mixed).tiers[["tier", "share"]].to_numpy().tolist() == [["id", 50.0], ["phone", 50.0]]


def test_a_short_series_has_no_breaks():
    assert quality(series([1, 90])).breaks.empty


def test_months_after_the_extraction_are_missing_and_the_month_of_it_is_partial():
    rows = pd.DataFrame({
        "ticket_id": ["t1"], "received_at": [pd.Timestamp("2024-01-05")], "type": ["complaint"], "place": ["A"], "status": ["closed"],
    })
    roster = pd.DataFrame({"unit_id": ["A"], "unit_level": ["community"], "community_id": ["A"], "households": [100], "as_of": [pd.Timestamp("2024-01-01")]})
    coverage = pd.DataFrame({"source": ["tickets"], "unit_id": ["*"], "live_from": [pd.Timestamp("2023-01-01")], "live_to": [pd.NaT]})
    made = build_panel(
        "complaint_rate", rows, roster, None, months=("2024-01", "2024-04"), coverage=coverage, extract_at=pd.Timestamp("2024-03-11").to_pydatetime(),
    ).frame
    assert made["live"].tolist() == [True, True, True, False]
    assert made["numerator"].fillna(-1).tolist() == [1, 0, 0, -1]
    assert made["partial_month"].tolist() == [False, False, True, False]

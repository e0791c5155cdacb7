import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import arrays_of
from commresearch.impact.fractional_logit import att_of_paths, fractional_logit_did
from commresearch.impact.repeated_sections import repeated_sections
from commresearch.outcomes import Panel
from commresearch.terms import Unit
from commresearch.words import render_error
from tests.unit.count_worlds import codes, share_panel, shares


def test_shares_in_percentage_points_with_a_path():
    found = fractional_logit_did(share_panel(shares([4] * 7 + [6] * 6 + [0] * 10)))
    assert (found.method, found.unit, found.estimand, found.inference) == ("fractional_logit", "percentage_points", "att", "cr1")
    assert 5 < found.conf_low < found.estimate < found.conf_high < 11
    assert found.path["event_time"].tolist() == [0, 1, 2, 3, 4]
    assert (found.path["band_high"] >= found.path["conf_high"]).all()
    assert found.details["percent"] == pytest.approx(100 * found.estimate / found.details["foretold"])
    assert "百分点" in found.summary("zh")


def test_exact_zero_and_one_hundred_are_values():
    frame = shares([5] * 6 + [0] * 8)
    frame.loc[[0, 100], "value"] = 0, 100
    assert np.isfinite(fractional_logit_did(share_panel(frame)).std_error)


def test_shares_outside_are_refused_by_unit_and_month():
    frame = shares([5] * 6 + [0] * 8)
    frame.loc[frame["unit"].isin(["u02", "u09"]) & (frame["month"] == 3), "value"] = -1, 100.5
    with pytest.raises(EstimationError) as error:
        fractional_logit_did(share_panel(frame))
    assert codes(error) == ["CR-I36"] * 2
    text = render_error(error.value, "zh")
    assert "u02" in text
    assert "100.5" in text


def test_values_in_another_unit_are_no_shares():
    world = share_panel(shares([5] * 6 + [0] * 8))
    rate = Panel(frame=world.frame, definition=world.definition, unit=Unit.PER_1000_HOUSEHOLDS)
    with pytest.raises(EstimationError) as error:
        fractional_logit_did(rate)
    assert codes(error) == ["CR-I38"]
    assert "per_1000_households" in render_error(error.value, "zh")
    arrays = arrays_of(rate)
    with pytest.raises(EstimationError, match="percentage_points"):
        att_of_paths(arrays, arrays.first[None])


def test_shares_without_a_comparison():
    with pytest.raises(DesignError, match="CR-I30"):
        fractional_logit_did(share_panel(shares([0] * 4)))
    with pytest.raises(DesignError, match="CR-I31"):
        fractional_logit_did(share_panel(shares([5] * 4)))
    with pytest.raises(EstimationError, match="CR-I38"):
        fractional_logit_did(share_panel(shares([5] * 4 + [0] * 4)), conf_level=1.0)


def test_a_cohort_of_zeros_has_no_maximum():
    frame = shares([5] * 4 + [0] * 4)
    frame.loc[frame["start"].notna() & (frame["month"] < 5), "value"] = 0
    with pytest.raises(EstimationError, match="CR-I35"):
        fractional_logit_did(share_panel(frame))


def test_units_and_months_that_cannot_be_used_are_said():
    frame = shares([1] + [4] * 4 + [6] * 5)
    found = fractional_logit_did(share_panel(frame))
    assert [(d.unit_id, d.reason) for d in found.dropped] == [("u00", "no_untreated_month")]
    assert found.warnings[0].key == "counts_uncompared"


def test_re_assigned_starts():
    arrays = arrays_of(share_panel(shares([5] * 6 + [0] * 8)))
    found = att_of_paths(arrays, np.stack([arrays.first, arrays.first[::-1], np.full_like(arrays.first, 1)]))
    assert found[0] == pytest.approx(fractional_logit_did(share_panel(shares([5] * 6 + [0] * 8))).estimate)
    assert found[1] < found[0]
    assert np.isnan(found[2])


def _answers(seed=4, n=1200):
    rng = np.random.default_rng(seed)
    place, wave = rng.integers(0, 16, n), rng.integers(1, 4, n)
    treated = place < 8
    return pd.DataFrame({
        "community": [f"c{i:02d}" for i in place], "wave": wave, "start": np.where(treated, 3.0, np.nan),
        "satisfied": (rng.random(n) < 0.4 + 0.25 * (treated & (wave == 3))).astype(int), "weight": rng.uniform(0.5, 2, n),
        "age": rng.integers(18, 70, n) + 10 * (treated & (wave == 3)), "sex": rng.choice(["女", "男"], n),
    })


def _sections(frame, **options):
    names = {"value": "satisfied", "community": "community", "wave": "wave", "treated_from": "start", "weight": "weight"}
    return repeated_sections(frame, **(names | options))


def test_answers_of_three_waves():
    found = _sections(_answers(), composition=["age", "sex"])
    assert (found.method, found.unit, found.estimand) == ("repeated_sections", "percentage_points", "att")
    assert found.conf_low < 25 < found.conf_high
    assert found.n_obs == 1200
    assert found.n_units == 16
    check, = found.checks
    table = check.table.set_index(["variable", "category", "arm"])
    assert table.loc[("age", "", "treated"), "change"] > 5
    assert abs(table.loc[("age", "", "untreated"), "change"]) < 5
    assert table.loc[("sex", "女", "treated"), "before"] + table.loc[("sex", "男", "treated"), "before"] == pytest.approx(100)
    assert "构成" in check.text("zh")
    assert _sections(_answers()).checks == ()


def test_composition_by_hand():
    frame = _answers()
    row = _sections(frame, composition=["age"]).checks[0].table.iloc[0]
    treated = frame[frame["start"].notna()]
    for name, side in (("before", treated[treated["wave"] < 3]), ("after", treated[treated["wave"] == 3])):
        assert row[name] == pytest.approx(np.average(side["age"], weights=side["weight"]))


def test_missing_answers_are_counted():
    frame = _answers().astype({"satisfied": "Int64"})
    frame.loc[:9, "satisfied"] = pd.NA
    frame.loc[10, "weight"] = 0
    found = _sections(frame)
    assert found.n_obs == 1189
    assert found.warnings[-1].values == {"n": 11}


@pytest.mark.parametrize("vcov", ["cr2", "cr3"])
def test_other_covariances(vcov):
    found = _sections(_answers(), vcov=vcov)
    assert found.inference == vcov
    assert found.std_error > _sections(_answers()).std_error * 0.9


def test_a_wave_without_answers_in_an_arm():
    frame = _answers()
    frame = frame[~(frame["start"].isna() & (frame["wave"] == 2))]
    with pytest.raises(DesignError) as error:
        _sections(frame)
    assert codes(error) == ["CR-I39"]
    assert "非试点社区" in render_error(error.value, "zh")
    assert "without" in render_error(error.value, "en")
    with pytest.raises(DesignError, match="CR-I39"):
        _sections(_answers().assign(start=np.nan))


def test_answers_that_cannot_be_used():
    with pytest.raises(EstimationError) as error:
        _sections(_answers(), value="missing", vcov="hc3", conf_level=0)
    assert codes(error) == ["CR-I38"] * 3
    with pytest.raises(EstimationError, match="0, 1"):
        _sections(_answers().assign(satisfied=lambda f: f["satisfied"] * 2))
    with pytest.raises(EstimationError, match="weight"):
        _sections(_answers().assign(weight=-1.0))
    with pytest.raises(EstimationError, match="unit"):
        _sections(_answers(), share=False)


def test_waves_may_be_months():
    frame = _answers()
    months = {1: "2023-06", 2: "2024-06", 3: "2025-06"}
    dated = frame.assign(wave=pd.to_datetime(frame["wave"].map(months)), start=pd.to_datetime(frame["start"].map(months)))
    assert _sections(dated).estimate == pytest.approx(_sections(frame).estimate)

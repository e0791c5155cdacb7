"""The tables of indicators of the fictional pilots: sound, from their own counts, the same as those in the repository."""

import pytest

from commresearch.cases.indicators_file import INDICATORS_FILE, Better, read_indicators
from commresearch.simulate.demo_indicators import INDICATOR_YEAR, write_indicators
from commresearch.simulate.demo_panels import draw_pilot, panel_frame
from commresearch.simulate.demo_pilots import DEMO_PILOTS
from tests.conftest import ROOT

FILLED_IN = [case_id for case_id, pilot in DEMO_PILOTS.items() if pilot.indicators]


@pytest.fixture(scope="module")
def drawn():
    return {case_id: draw_pilot(DEMO_PILOTS[case_id], DEMO_PILOTS[case_id].seed) for case_id in FILLED_IN}


def test_two_pilots_filled_one_in():
    assert FILLED_IN == ["lanxiu", "zhiting"]


@pytest.mark.parametrize("case_id", FILLED_IN)
def test_the_table_is_sound_and_the_one_of_the_repository(drawn, case_id, tmp_path):
    write_indicators(drawn[case_id], tmp_path)
    found = read_indicators(tmp_path / INDICATORS_FILE, INDICATOR_YEAR)
    assert (tmp_path / INDICATORS_FILE).read_bytes() == (ROOT / "data_raw" / "demo" / case_id / INDICATORS_FILE).read_bytes()
    assert [one.level3 for one in found if one.actual is None] == ["预算执行率", "居民满意率"]
    assert all("虚构" in one.source or "模拟数据" in one.source for one in found if one.actual is not None)


def test_complaints_are_those_of_the_months_that_the_logs_have(drawn, tmp_path):
    write_indicators(drawn["lanxiu"], tmp_path)
    complaints = next(one for one in read_indicators(tmp_path / INDICATORS_FILE) if one.better is Better.LOWER)
    frame = panel_frame(drawn["lanxiu"], "complaint_rate")
    assert frame["month"].max().month == 6
    assert complaints.numerator == int(frame.loc[frame["month"].dt.year == INDICATOR_YEAR, "numerator"].sum())

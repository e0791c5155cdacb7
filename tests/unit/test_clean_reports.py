"""Rooms that are named by building and number: kept in registers and bookings, and no leak in a report; unknown ones are somebody's home."""

import pandas as pd
import pytest

from commresearch.cleaning.event_cleaning import clean_events
from commresearch.errors import CleaningError
from commresearch.outcomes.placing import told_places
from commresearch.workflow import require_clean_reports
from commresearch.workflow.clean_reports import LOGS, numbered_rooms
from tests.spec.conftest import write_csv

ROOMS = (["房间编号", "房间名称", "所属社区", "房间类别"], [["2号楼301", "海云2号楼301室", "101", "活动"], ["H2", "党群活动室", "101", "活动"]])


def test_rooms_keep_their_numbers_and_other_identifiers_go(tmp_path):
    header = ["房间", "使用日期", "使用时间"]
    rows = [["2号楼301", "2025-03-01", "9:00-11:00"], ["3栋502 电话13812345678", "2025-03-02", "9:00-11:00"]]
    bookings = clean_events(write_csv(tmp_path / "使用.csv", header, rows), "bookings").frame()
    assert bookings["room"].tolist() == ["2号楼301", "3栋502"]


def test_only_doors_of_registered_rooms_may_stand_in_reports(tmp_path):
    clean_events(write_csv(tmp_path / "房间.csv", *ROOMS), "rooms", out=tmp_path / "clean" / "haiyun" / LOGS / "rooms")
    assert numbered_rooms(tmp_path / "clean") == {"2号楼301", "2号楼301室"}
    page = tmp_path / "a.html"
    page.write_text("<p>2号楼301每天开放</p>", encoding="utf8")
    require_clean_reports([page], {}, clean=tmp_path / "clean")
    page.write_text("<p>2号楼301，5号楼501</p>", encoding="utf8")
    with pytest.raises(CleaningError) as error:
        require_clean_reports([page], {}, clean=tmp_path / "clean")
    assert [f.values["sample"] for f in error.value.failures] == ["5号****"]
    assert not page.exists()


def test_doors_among_unmatched_places_are_told_without_their_numbers():
    found = pd.DataFrame({"place": ["5号楼501", "2号楼", "海云社区"], "events": [3, 2, 1]}).assign(first=pd.Timestamp(2025, 1, 1), last=pd.Timestamp(2025, 1, 2))
    assert told_places(found)["place"].tolist() == ["〔住址〕", "2号楼", "海云社区"]

"""Typed tables in memory and in folders: the contract, whole or absent, identifiers nowhere."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import commresearch as cr
from commresearch.cleaning import event_table, read_event_table
from commresearch.cleaning.event_contracts import CONTRACTS, contract_of
from commresearch.cleaning.event_table import event_table_of
from commresearch.cleaning.leak_scan import scan_files
from commresearch.cleaning.national_id import check_character
from commresearch.errors import CaseError
from tests.unit.sources_files import write_csv, write_xlsx

KEY = b"a key that is long enough"
NUMBER = (first := "37010219890517001") + check_character(first)
SIGNINS = [
    ["活动名称", "签到时间", "姓名", "手机号", "身份证号", "出生日期", "活动地点", "备注"],
    ["读书会（联系人：欧阳小满 13900001111）", "2025-05-16 19:00", "欧阳小满", "13800000001", NUMBER, "1989-05-17", "望海社区活动室", "身体不好"],
    ["读书会（联系人：欧阳小满 13900001111）", "2025-05-16 19:00", "诸葛清和", "13800000002", "", "1990-02-29", "望海社区活动室", ""],
]


@pytest.mark.parametrize("kind", CONTRACTS)
def test_schemas_have_the_columns_of_the_contract(kind):
    contract = contract_of(kind)
    assert tuple(contract.arrow_schema.names) == contract.names
    assert len(set(contract.names)) == len(contract.names)
    assert set(contract.required) <= set(contract.names)
    assert contract.column(contract.names[1]).name == contract.names[1]
    with pytest.raises(KeyError):
        contract.column("no_such_column")


def cleaned(tmp_path: Path, **options: object) -> cr.EventTable:
    path = write_xlsx(tmp_path / "签到.xlsx", SIGNINS)
    return cr.clean_events(path, "signins", out=tmp_path / "out", rules={"unreadable": "clear"}, **options)  # type: ignore[arg-type]


def test_a_folder_holds_what_the_table_holds(tmp_path):
    table = cleaned(tmp_path, pseudonym_key=KEY)
    again = read_event_table(tmp_path / "out")
    pd.testing.assert_frame_equal(again.frame(), table.frame())
    for name in ("log", "account", "findings"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(table, name))
    assert again.provenance == dict(table.provenance)
    assert [p.name for p in table.parquet_files] == ["part-00001.parquet"]
    assert pq.read_schema(table.parquet_files[0]).equals(table.contract.arrow_schema)
    assert pq.ParquetFile(table.parquet_files[0]).metadata.row_group(0).column(0).compression == "ZSTD"
    dtypes = {name: str(dtype) for name, dtype in table.frame().dtypes.items()}
    assert (dtypes["event_at"], dtypes["persons"], dtypes["is_resident"], dtypes["event_id"]) == ("datetime64[us]", "Int64", "boolean", "str")


def test_identifiers_stand_nowhere_in_what_was_written(tmp_path):
    table = cleaned(tmp_path, pseudonym_key=KEY)
    known = {"欧阳小满": "name", "诸葛清和": "name", "13800000001": "mobile", "13800000002": "mobile", NUMBER: "national_id"}
    assert scan_files(sorted((tmp_path / "out").iterdir()), known=known) == []
    row = table.frame().iloc[0]
    assert (row["person_tier"], row["age_low"], row["age_known_by"]) == ("id", 35, "id")
    assert "13900001111" not in row["event_id"]
    assert "身体不好" not in table.frame().to_csv() + table.log.to_csv()
    assert "1989" not in table.frame().to_csv() + table.log.to_csv() + str(table.provenance)


def test_without_a_key_persons_cannot_be_told_apart_and_the_table_says_so(tmp_path):
    table = cleaned(tmp_path)
    assert table.frame()["person_key"].isna().all()
    assert set(table.frame()["person_tier"]) == {"none"}
    assert table.frame()["age_low"].iloc[0] == 35
    assert table.findings.set_index("rule").loc["persons_without_key", "rows"] == 2
    assert set(table.log.loc[table.log["rule"] == "dropped_identifier", "variable"]) == {"name", "phone", "national_id"}
    assert table.provenance["key"] == ""


def test_one_person_has_one_key_in_every_file_and_year(tmp_path):
    one = write_csv(tmp_path / "a.csv", [["活动名称", "日期", "手机号"], ["读书会", "2024-01-01", "138 0000 0001"]])
    two = write_csv(tmp_path / "b.csv", [["活动名称", "日期", "电话"], ["读书会", "2025-01-01", "+86 13800000001"]])
    keys = [cr.clean_events(path, "signins", pseudonym_key=KEY).frame()["person_key"].item() for path in (one, two)]
    assert keys[0] == keys[1]
    assert cr.clean_events(one, "signins", pseudonym_key=b"another key, long enough").frame()["person_key"].item() != keys[0]


def test_pseudonyms_of_a_cleaned_table_stay(tmp_path):
    table = cleaned(tmp_path, pseudonym_key=KEY)
    path = tmp_path / "again.parquet"
    table.frame()[["event_id", "event_at", "person_key"]].to_parquet(path)
    again = cr.clean_events(path, "signins", pseudonym_key=KEY, mapping={"event_id": "event_code"})
    assert again.frame()["person_key"].tolist() == table.frame()["person_key"].tolist()


def test_a_crash_leaves_the_old_folder_and_the_next_run_sweeps_up(tmp_path, monkeypatch):
    cleaned(tmp_path, pseudonym_key=KEY)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    left = tmp_path / ".unfinished-out-abc"
    left.mkdir()
    (left / "part-00001.parquet").write_bytes(b"half")

    def crash(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(event_table, "write_whole", crash)
        with pytest.raises(OSError, match="no space"):
            cleaned(tmp_path)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "签到.xlsx"]
    cleaned(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "签到.xlsx"]


def test_a_folder_that_is_no_cleaned_table_is_refused(tmp_path):
    with pytest.raises(CaseError) as error:
        read_event_table(tmp_path)
    assert error.value.failures[0].code == "CR-E02"
    cleaned(tmp_path)
    (tmp_path / "out" / "part-00001.parquet").unlink()
    with pytest.raises(CaseError) as error:
        read_event_table(tmp_path / "out")
    assert error.value.failures[0].values["missing"] == "part-00001.parquet"


def test_equal_files_give_equal_bytes(tmp_path):
    path = write_csv(tmp_path / "签到.csv", SIGNINS)
    written = []
    for name in ("one", "two"):
        cr.clean_events(path, "signins", out=tmp_path / name, pseudonym_key=KEY, rules={"unreadable": "clear"})
        written.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert written[0] == written[1]


def test_a_table_from_columns_that_are_typed_already():
    table = event_table_of("counters", {"room": ["R1"], "start_at": [pd.Timestamp("2025-03-01 09:00")], "end_at": [pd.Timestamp("2025-03-01 10:00")], "persons": [3]})
    assert table.frame().iloc[0]["persons"] == 3
    assert table.parquet_files == ()
    assert table.rows("rows_out") == 1
    assert table.rows("no_such_rule") == 0


def test_texts_that_stay_hold_no_house_and_no_person(tmp_path):
    rows = [
        ["工单编号", "受理时间", "诉求类型", "事发地址", "事项分类", "来电人"], ["A1", "2025-03-01", "投诉", "望海花园3号楼2单元501", "欧阳小满与邻居", "欧阳小满"],
        ["A2", "2025-03-01", "投诉", "望海社区", "噪音", "诸葛清和"],
    ]
    table = cr.clean_events(write_csv(tmp_path / "a.csv", rows), "tickets")
    assert table.frame()["place"].tolist() == ["望海花园", "望海社区"]
    assert table.frame()["topic"].tolist() == ["〔姓名〕与邻居", "噪音"]
    assert table.log.loc[table.log["rule"] == "masked_text", "count"].sum() == 2
    assert "501" not in table.log.to_csv()
    assert "小满" not in table.log.to_csv()

"""Large files piece by piece: the same rows as at once, whatever the encoding, and bytes that are named where they are wrong."""

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import commresearch as cr
from commresearch.cleaning import event_batches, event_cleaning
from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.errors import CleaningError, SourceError
from commresearch.sources import event_streams
from commresearch.terms import DataKind
from commresearch.words import render_error

KEY = b"a key that is long enough"
N = 4_000


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Files of some kilobytes are large, and their pieces small."""
    monkeypatch.setattr(event_batches, "LARGE_BYTES", 10_000)
    monkeypatch.setattr(event_streams, "PIECE_BYTES", 40_000)
    for name in ("BLOCK_BYTES", "JUDGED_BYTES"):
        monkeypatch.setattr(event_streams, name, 7_001)
    monkeypatch.setattr(event_streams, "PIECE_ROWS", 500)


def tickets(n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    received = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 366 * 86_400, n)), unit="s")
    texts = np.array(["夜间施工，噪音扰民", "他说\"不修\"\n已三次", "路灯不亮", ""])
    return pd.DataFrame({
        "工单编号": [f"GD{i:07d}" for i in range(n)], "受理时间": received.strftime("%Y-%m-%d %H:%M:%S"), "诉求类型": rng.choice(["投诉", "举报", "求助", "咨询"], n),
        "网格编码": [f"37010200{i:04d}" for i in rng.integers(0, 90, n)], "来电号码": [f"138{i:08d}" for i in rng.integers(0, 900, n)],
        "诉求内容": rng.choice(texts, n), "满意度": rng.choice(["满意", "不满意", ""], n),
    })


def whole(path: Path, **options: object) -> pd.DataFrame:
    return cr.clean_events(cr.read_events(path, "tickets"), "tickets", pseudonym_key=KEY, **options).frame()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.csv", "marked.csv", "gb.csv", "a.parquet"])
def test_a_large_file_gives_the_same_rows_as_a_small_one(tmp_path, name):
    path = tmp_path / name
    encoding = {"gb.csv": "gb18030", "marked.csv": "utf-8-sig"}.get(name, "utf-8")
    tickets().to_parquet(path) if name.endswith("parquet") else tickets().to_csv(path, index=False, encoding=encoding)
    table = cr.clean_events(path, "tickets", pseudonym_key=KEY, out=tmp_path / "out")
    pd.testing.assert_frame_equal(table.frame(), whole(path))
    assert table.rows("rows_read") == table.rows("rows_out") == N
    assert len(table.provenance["mapping"]) == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "out"])


def test_totals_repeated_headers_and_titles_in_a_large_file(tmp_path):
    frame = tickets()
    top, bottom = frame.iloc[:2_000], frame.iloc[2_000:]
    body = top.to_csv(index=False) + bottom.to_csv(index=False) + "合计" + "," * 6 + "\r\n"
    path = tmp_path / "a.csv"
    path.write_text(body, encoding="utf8")
    table = cr.clean_events(path, "tickets", pseudonym_key=KEY)
    assert table.account.set_index("rule")["rows"].to_dict() == {"rows_read": N + 2, "header_row": 1, "total_row": 1, "rows_out": N}


def test_titles_of_a_large_file_say_what_its_columns_lack(tmp_path):
    body = "姓名,手机号,年龄\n" + "".join(f"王小明,138{i:08d},30\n" for i in range(N))
    path = tmp_path / "签到.csv"
    path.write_text("健康讲座签到表,,\n日期：2025年3月8日,,地点：二楼\n" + body, encoding="utf8")
    table = cr.clean_events(path, "signins", pseudonym_key=KEY)
    assert table.frame()[["event_id", "event_at", "place"]].drop_duplicates().to_numpy().tolist() == [["健康讲座", pd.Timestamp(2025, 3, 8), "二楼"]]
    told = table.log[table.log["rule"] == "title_given"]
    assert told.groupby("variable")["count"].sum().to_dict() == {"event_name": N, "地点": N, "日期": N}
    path.write_text("健康讲座签到表,,\n日期：2025年3月8日,,日期：2025年3月9日\n" + body, encoding="utf8")
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "signins", pseudonym_key=KEY)
    assert [(f.code, f.values["row"]) for f in error.value.failures] == [("CR-E24", "2")]
    path.write_text(body, encoding="utf8")
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "signins", pseudonym_key=KEY)
    assert [f.code for f in error.value.failures] == ["CR-E04"]
    assert "在表头上方写明" in render_error(error.value, "zh")
    pd.read_csv(path).to_parquet(tmp_path / "签到.parquet")
    with pytest.raises(SourceError) as error:
        cr.clean_events(tmp_path / "签到.parquet", "signins", pseudonym_key=KEY)
    assert [f.code for f in error.value.failures] == ["CR-E04"]
    assert "在表头上方写明" not in render_error(error.value, "zh")


def test_duplicates_across_pieces_are_found_and_folded(tmp_path, monkeypatch):
    monkeypatch.setattr(event_cleaning, "HELD_ROWS", 600)
    frame = tickets()
    changed = frame.iloc[[100]].assign(诉求类型="表扬")
    path = tmp_path / "a.csv"
    pd.concat([frame, frame.iloc[[5, 7]], changed]).to_csv(path, index=False)
    with pytest.raises(CleaningError) as error:
        cr.clean_events(path, "tickets", out=tmp_path / "out")
    assert [(f.code, f.values["count"]) for f in error.value.failures] == [("CR-E14", 2)]
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    table = cr.clean_events(path, "tickets", out=tmp_path / "out", rules={"duplicate_id": "keep_first"})
    assert table.account.set_index("rule")["rows"].to_dict() == {"rows_read": N + 3, "identical_duplicate": 2, "duplicate_id": 1, "rows_out": N}
    left = table.frame()
    assert left["ticket_id"].tolist() == frame["工单编号"].tolist()
    assert left.loc[100, "type"] != "praise"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["account.parquet", "findings.parquet", "log.parquet", "manifest.json", "part-00001.parquet"]


@pytest.mark.parametrize(("encoding", "code", "key"), [("gb18030", "CR-S19", "byte"), ("utf-8", "CR-S19", "first"), ("utf-8-sig", "CR-S18", "byte")])
def test_a_byte_that_is_not_in_the_encoding_is_named(tmp_path, encoding, code, key):
    path = tmp_path / "a.csv"
    data = tickets().to_csv(index=False).encode(encoding)
    place = data.index("施工".encode(encoding.removesuffix("-sig")), 60_000)
    path.write_bytes(data[:place] + b"\xff" + data[place + 1 :])
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "tickets", out=tmp_path / "out")
    failure = error.value.failures[0]
    assert (failure.code, failure.values[key]) == (code, place + 1)
    assert render_error(error.value, "zh")
    assert not (tmp_path / "out").exists()


def test_pieces_before_a_wrong_byte_are_given_before_it_is_named(tmp_path):
    path = tmp_path / "a.csv"
    data = tickets().to_csv(index=False).encode("gb18030")
    path.write_bytes(data[:150_000] + b"\xff\xff" + data[150_000:])
    parts = event_streams.stream_csv(path, vocabulary_of(DataKind.TICKETS), None)
    rows = 0
    with pytest.raises(SourceError) as error:  # noqa: PT012 - some pieces come first
        for part in parts:
            rows += len(part.rows)
    assert [f.code for f in error.value.failures] == ["CR-S19"]
    assert 1_000 < rows < N


def test_the_encoding_is_told_by_more_than_what_is_decoded_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(event_streams, "JUDGED_BYTES", 1 << 20)
    path = tmp_path / "a.csv"
    frame = tickets().rename(columns={"工单编号": "ticket_id", "受理时间": "received_at", "诉求类型": "type"})[["ticket_id", "received_at", "type"]]
    frame = frame.assign(type="complaint", topic=["模"] + [""] * (N - 2) + ["噪音"])
    path.write_bytes(frame.to_csv(index=False).encode("gb18030"))  # the bytes of the first Chinese character can be read as UTF-8, too
    parts = list(event_streams.stream_csv(path, vocabulary_of(DataKind.TICKETS), None))
    assert sum(len(part.rows) for part in parts) == N


def test_a_cell_may_be_long(tmp_path):
    path = tmp_path / "a.csv"
    frame = tickets(200)
    frame.loc[100, "诉求内容"] = "路灯不亮" * 250_000
    frame.to_csv(path, index=False)
    parts = list(event_streams.stream_csv(path, vocabulary_of(DataKind.TICKETS), None))
    assert sum(len(part.rows) for part in parts) == 200


def test_who_stops_early_leaves_nothing_running(tmp_path):
    path = tmp_path / "a.csv"
    tickets().to_csv(path, index=False)
    running = threading.active_count()
    parts = event_streams.stream_csv(path, vocabulary_of(DataKind.TICKETS), None)
    assert len(next(parts).rows) > 100
    parts.close()
    assert threading.active_count() == running


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 100])
def test_a_piece_ends_behind_a_line_end_outside_quotation_marks(tmp_path, size):
    text = b'a,"b\nc"\nd,e\n"f\n\ng'
    blocks = [text[i : i + size] for i in range(0, len(text), size)]
    assert event_streams._cut_behind_row(tmp_path / "a.csv", blocks) == (b'a,"b\nc"\nd,e\n', b'"f\n\ng')
    assert event_streams._cut_behind_row(tmp_path / "a.csv", [b'"a\n', b"b\n"]) == (b"", b'"a\nb\n')


def test_rows_of_another_width_and_nul_characters_are_named(tmp_path):
    lines = tickets().drop(columns="诉求内容").to_csv(index=False).splitlines()
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*lines[:3_000], lines[3_000] + ",more", *lines[3_001:]]), encoding="utf8")
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "tickets")
    assert [(f.code, f.values["row"], f.values["got"]) for f in error.value.failures] == [("CR-S23", 3_001, 7)]
    path.write_text("\n".join([*lines[:3_000], lines[3_000] + "\0", *lines[3_001:]]), encoding="utf8")
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "tickets")
    assert [(f.code, f.values["row"]) for f in error.value.failures] == [("CR-S20", 3_001)]


def test_a_large_file_without_a_needed_column_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    tickets().drop(columns="诉求类型").to_csv(path, index=False)
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "tickets")
    assert [f.code for f in error.value.failures] == ["CR-E04"]
    tickets()[["诉求内容", "满意度"]].to_csv(path, index=False)
    with pytest.raises(SourceError) as error:
        cr.clean_events(path, "tickets")
    assert [f.code for f in error.value.failures] == ["CR-E05"]


def test_numbers_in_scientific_notation_are_left_out_of_a_large_file(tmp_path):
    path = tmp_path / "a.csv"
    tickets().assign(来电号码="1.38E+11").to_csv(path, index=False)
    table = cr.clean_events(path, "tickets", pseudonym_key=KEY)
    assert table.frame()["caller_key"].isna().all()
    assert "lost_digits" in set(table.log["rule"])


def test_a_log_without_ids_passes_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(event_cleaning, "HELD_ROWS", 600)
    frame = pd.DataFrame({"room": "R1", "start_at": pd.date_range("2024-01-01", periods=N, freq="h").strftime("%Y-%m-%d %H:%M:%S")})
    frame = frame.assign(end_at=pd.date_range("2024-01-01 01:00", periods=N, freq="h").strftime("%Y-%m-%d %H:%M:%S"), persons=3)
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    table = cr.clean_events(path, "counters", out=tmp_path / "out")
    assert len(table.frame()) == table.rows("rows_out") == N
    assert table.frame()["row_id"].is_unique
    assert table.frame()["persons"].sum() == 3 * N

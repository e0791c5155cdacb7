"""The event logs that benchmarks are measured on: the same again, with the shares that they claim."""

import csv

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks import event_files
from benchmarks.event_files import CSV_HEADERS, booking_files, hotline_csv
from commresearch.cleaning.event_contracts import contract_of
from commresearch.records import sha256_of

ROWS = 30_000


def types(table):
    return [(field.name, field.type) for field in table.schema]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return event_files.event_files(tmp_path_factory.mktemp("bench"), ROWS)


def test_tickets_have_the_typed_columns_and_the_wanted_shares(files):
    parts = sorted(files.tickets.iterdir())
    assert [path.name for path in parts] == ["part-00000.parquet"]
    table = pq.read_table(parts[0])
    assert types(table) == types(contract_of("tickets").arrow_schema.empty_table())
    frame = table.to_pandas()
    assert len(frame) == ROWS
    assert frame["row_id"].is_unique
    copies = frame.drop(columns="row_id").duplicated()
    assert copies.mean() == pytest.approx(0.0045, abs=0.001)  # of ten rows the first is never a copy
    assert copies.equals(frame["ticket_id"].duplicated())
    frame = frame[~copies]
    assert (frame["callers"] > 1).mean() == pytest.approx(0.02, abs=0.004)
    assert frame["closed_at"].isna().mean() == pytest.approx(0.03, abs=0.005)
    assert ((frame["closed_at"] >= frame["received_at"]) | frame["closed_at"].isna()).all()
    known = frame[frame["caller_key"].notna()].sort_values(["received_at", "ticket_id"])
    gaps = known.groupby(["caller_key", "topic", "place"])["received_at"].diff()
    assert gaps.notna().mean() == pytest.approx(0.3, abs=0.01)
    assert (gaps.dropna().dt.days < 7).mean() > 0.99  # the rest follow a contact whose row is a copy of another
    drawn = frame[["type", "topic", "channel", "is_outside", "handling", "is_reached"]].apply(lambda column: column.astype("object").factorize()[0])
    apart = np.abs(np.corrcoef(drawn[["type", "topic", "channel", "is_outside", "handling"]].to_numpy().T) - np.eye(5))
    assert apart.max() < 0.05
    assert frame["received_at"].dt.to_period("M").nunique() in (36, 37)


def test_the_registers_have_the_wanted_changes(files):
    grids = pq.read_table(files.grids).to_pandas()
    assert grids["grid_id"].nunique() == 4000
    assert pq.read_table(files.roster).to_pandas()["unit_id"].nunique() == 1500
    moved = grids[grids["valid_to"].notna()].merge(grids[grids["valid_to"].isna()], on="grid_id", suffixes=("", "_next"))
    assert len(moved) / 4000 == pytest.approx(0.15, abs=0.03)
    assert (moved["unit_id"] != moved["unit_id_next"]).all()
    holes = [(b - a).days for a, b in zip(moved["valid_to"], moved["valid_from_next"], strict=True)]
    assert set(holes) == {0, 5}
    assert holes.count(5) / 4000 == pytest.approx(0.03, abs=0.015)
    for kind in event_files.REGISTERS:
        assert types(pq.read_table(getattr(files, kind))) == types(contract_of(kind).arrow_schema.empty_table()), kind


def test_the_same_files_are_found_or_made_again(files, tmp_path):
    again = event_files.event_files(tmp_path, ROWS)
    assert sha256_of(sorted(again.tickets.iterdir())) == sha256_of(sorted(files.tickets.iterdir()))
    before = sorted(path.stat().st_mtime_ns for path in again.tickets.iterdir())
    assert event_files.event_files(tmp_path, ROWS) == again
    assert sorted(path.stat().st_mtime_ns for path in again.tickets.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == [f"{ROWS}_tickets"]


def test_several_parts_make_the_rows_of_one(tmp_path, monkeypatch, files):
    monkeypatch.setattr(event_files, "PART_ROWS", 8000)
    parts = sorted(event_files.event_files(tmp_path, ROWS).tickets.iterdir())
    assert len(parts) == 4
    assert sum(pq.read_metadata(path).num_rows for path in parts) == ROWS
    tables = [pq.read_table(path).to_pandas() for path in parts]
    whole = pq.read_table(files.tickets).to_pandas().set_index("row_id")
    for table in tables:
        assert table.set_index("row_id").equals(whole.loc[table["row_id"]])


def test_bookings_overlap_and_go_beyond_midnight(tmp_path):
    table = pq.read_table(booking_files(tmp_path, 60_000))
    assert types(table) == types(contract_of("bookings").arrow_schema.empty_table())
    frame = table.to_pandas()
    assert (frame["end_at"] > frame["start_at"]).all()
    assert (frame["end_at"].dt.date > frame["start_at"].dt.date).sum() > 100
    ordered = frame.sort_values(["room", "start_at"])
    assert abs(np.corrcoef(frame["start_at"].dt.hour, (frame["end_at"] - frame["start_at"]) / pd.Timedelta(hours=1))[0, 1]) < 0.03
    assert (ordered["start_at"] < ordered.groupby("room")["end_at"].shift()).sum() > 50


def test_the_hotline_is_gb18030(tmp_path):
    path = hotline_csv(tmp_path, 2000)
    with path.open(encoding="gb18030", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2000
    assert list(rows[0]) == list(CSV_HEADERS.values())
    assert all(len(row["诉求内容"]) > 30 for row in rows)
    assert [path.name for path in path.parent.iterdir()] == ["hotline.csv"]

"""Opening hours as spans: rooms with one span a day take a short way, which leads where the long one does."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.outcomes.space import BEGINNING, OPEN_END, SPAN_COLUMNS, _disentangled, open_spans


def hours_of(rng, rooms=40):
    """Some rooms with one span a weekday, some with several, some open after midnight, some with hours that changed or never held."""
    rows = []
    for room in range(rooms):
        for weekday in rng.choice(7, size=rng.integers(1, 6), replace=False) + 1:
            for _ in range(rng.choice([1, 1, 1, 2, 3])):
                opens = int(rng.integers(0, 1_400))
                start = date(2024, int(rng.integers(1, 12)), 1)
                rows.append((f"R{room}", int(weekday), opens, opens + int(rng.integers(1, 600)), start, rng.choice([None, date(2024, 12, 1), start])))
    return pd.DataFrame(rows, columns=["room", "weekday", "open_minute", "close_minute", "valid_from", "valid_to"])


@pytest.mark.parametrize("seed", range(5))
def test_rooms_with_one_span_a_day_are_read_as_the_others_are(seed):
    hours = hours_of(np.random.default_rng(seed))
    bounded = hours.assign(valid_from=hours["valid_from"].fillna(BEGINNING), valid_to=hours["valid_to"].fillna(OPEN_END))
    expected = pd.DataFrame(_disentangled(bounded), columns=list(SPAN_COLUMNS))
    for name in ("valid_from", "valid_to"):
        expected[name] = np.array(expected[name], dtype="datetime64[us]")
    found = open_spans(hours)
    order = list(SPAN_COLUMNS)
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True), expected.astype(found.dtypes.to_dict()).sort_values(order, ignore_index=True), check_dtype=True
    )
    assert 0 < len(hours.drop_duplicates("room")) <= len(found)


@pytest.mark.parametrize("blank", [None, np.nan, pd.NaT])
def test_a_blank_day_leaves_the_hours_open_at_that_end(blank):
    hours = pd.DataFrame({"room": ["A", "B"], "weekday": [1, 2], "open_minute": [60, 0], "close_minute": [120, 1_440], "valid_from": [blank] * 2, "valid_to": [blank] * 2})
    found = open_spans(hours)
    assert found["valid_from"].unique().tolist() == [pd.Timestamp(BEGINNING)]
    assert found[["open_second", "close_second"]].to_numpy().tolist() == [[3_600, 7_200], [0, 86_400]]
    assert (found["valid_to"] == np.datetime64(OPEN_END, "us")).all()

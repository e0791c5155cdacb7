"""Cells and rows of a sheet's XML: what is told by arrays is never more than what the patterns say."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.sources.cell_places import DIMENSION, LOOSE, Extent, pairs

EXTENTS = [Extent.around(DIMENSION.search(f'<dimension ref="{ref}"'.encode())) for ref in ("A1:BH20401", "A1:BH204001", "A1:C9", "A1", "A1:ZZ9999999", "A1:AB312000", "nothing")]
LETTERS = st.text(string.ascii_letters, max_size=4)
NUMBERS = st.one_of(st.integers(0, 10**8).map(str), st.sampled_from(["99999", "100000", "299999", "300000", "399999", "400000", "0001", "00000000001", "9999999", "1" * 12]))
REFERENCES = st.one_of(st.builds("{}{}".format, LETTERS, NUMBERS), st.text('AZaz019 "=<', max_size=9))
STARTS = st.sampled_from(['<c r="', '<c r="', '<c r="', '<row r="', "<c ", "<c>", "<c/>", '<c s="1" r="', "<row ", "<row>", '<row s="2" r="', '<col r="', '<cr="', 'r="', "<r r=", "<ro", "<", "c"])
ENDS = st.sampled_from(['">', '" t="s"><v>7</v></c>', '"/>', "", '" r="ZZZ9">', "'", "9"])
PIECES = st.lists(st.builds("{}{}{}".format, STARTS, REFERENCES, ENDS), max_size=6).map(lambda parts: "".join(parts).encode())


@given(st.sampled_from(EXTENTS), PIECES)
@settings(max_examples=1500, deadline=None)
def test_what_arrays_hold_the_patterns_find_nothing_in(extent, piece):
    if extent.surely_holds(piece):
        assert extent.beyond.search(piece) is None
        assert LOOSE.search(piece) is None


@given(st.sampled_from(EXTENTS), st.data())
@settings(deadline=None)
def test_ordinary_cells_within_are_told_by_arrays(extent, data):
    number = data.draw(st.integers(1, extent.rows))
    column = data.draw(st.text(string.ascii_uppercase, min_size=1, max_size=2))
    piece = f'<row r="{number}" spans="1:60"><c r="{column}{number}" t="s"><v>7</v></c><c r="A{number}"/></row><cols><col min="1"/></cols>'.encode()
    assert extent.surely_holds(piece) == (len(column) == 1 or ord(column[0]) <= extent.widest)


@pytest.mark.parametrize("start", range(16))
def test_a_far_cell_is_seen_wherever_it_stands(start):
    extent, near, far = EXTENTS[0], b'<row r="1"><c r="A1" s="1"><v>1</v></c>', b'<c r="A100000"><v>1</v></c>'
    assert extent.surely_holds(b"x" * start + 40 * near)
    assert not extent.surely_holds(b"x" * start + 20 * near + far + 20 * near)
    assert not extent.surely_holds(b"x" * start + 40 * near + far[:-15])


@pytest.mark.parametrize("extent", EXTENTS)
def test_the_last_row_is_within_and_the_next_beyond(extent):
    for text in ('<c r="A{}">', '<c r="AB{}"/>', '<row r="{}" spans="1:60">'):
        assert extent.surely_holds(text.format(extent.rows).encode())
        assert not extent.surely_holds(text.format(extent.rows + 1).encode())
        assert extent.beyond.search(text.format(extent.rows + 1).encode())


@given(st.text("ab =", max_size=40).map(str.encode), st.sampled_from([b" =", b"= ", b"ab"]))
def test_pairs_are_seen_at_every_place(text, pair):
    even, odd = pairs(text, pair)
    found = sorted([*(2 * even.nonzero()[0]), *(2 * odd.nonzero()[0] + 1)])
    assert found == [i for i in range(len(text)) if text[i : i + 2] == pair]

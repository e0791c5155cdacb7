"""Hidden counts cannot be worked out: intervals by linear programming against plain counting of everything that is possible."""

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commresearch.cases.case import Release
from commresearch.reporting.disclosure import Known, System, hidden_cells, reaches, too_narrow
from commresearch.reporting.disclosure_groups import Group, Published, exposed
from commresearch.reporting.disclosure_rules import narrowest, rounded

COUNTS = st.one_of(st.integers(0, 12), st.integers(0, 60))


def margins(rows, columns):
    """Sums of a table with row totals, column totals and a grand total; cells numbered along the rows."""
    width = columns + 1
    return [
        *([i * width + columns, *(i * width + j for j in range(columns))] for i in range(rows + 1)),
        *([rows * width + j, *(i * width + j for i in range(rows))] for j in range(columns + 1)),
    ]


def with_margins(body):
    body = np.array(body)
    return np.vstack([np.hstack([body, body.sum(1, keepdims=True)]), np.append(body.sum(0), body.sum())]).ravel()


ALL_BODIES = np.array(list(product(range(15), repeat=4))).reshape(-1, 2, 2)
_WITH_ROWS = np.concatenate([ALL_BODIES, ALL_BODIES.sum(2, keepdims=True)], axis=2)
ALL_TABLES = np.concatenate([_WITH_ROWS, _WITH_ROWS.sum(1, keepdims=True)], axis=1).reshape(-1, 9)


@st.composite
def tables(draw, most=4):
    rows, columns = draw(st.integers(2, most)), draw(st.integers(2, most))
    body = draw(st.lists(st.lists(COUNTS, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    return rows, columns, with_margins(body)


@settings(max_examples=40, deadline=None)
@given(tables(), st.sampled_from([1, 3, 5]), st.sampled_from([3, 5, 10]))
def test_after_protection_no_hidden_cell_can_be_narrowed_below_the_stated_width(table, base, threshold):
    rows, columns, counts = table
    rules, system = Release(rounding=base, threshold=threshold), System.of_sums(len(counts), margins(rows, columns))
    hidden = hidden_cells(system, counts, rules)
    assert all(hidden[(counts > 0) & (counts < threshold)])
    assert not hidden[counts == 0].any()
    assert too_narrow(system, Known.of(counts, hidden, rules), rules) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=4), st.lists(st.booleans(), min_size=9, max_size=9))
def test_intervals_are_those_of_plain_counting(body, flags):
    """Two by two with all margins: every table of small numbers is tried."""
    counts = with_margins([body[:2], body[2:]])
    hidden = np.array(flags) & (counts > 0)
    assume(hidden.any())
    rules = Release(threshold=1, rounding=1)
    found = reaches(System.of_sums(9, margins(2, 2)), Known.of(counts, hidden, rules))
    fits = (ALL_TABLES[:, ~hidden] == counts[~hidden]).all(1) & (ALL_TABLES[:, hidden] >= 1).all(1)
    everything = ALL_TABLES[fits]
    for reach in found:
        assert reach.low == everything[:, reach.cell].min()
        if np.isfinite(reach.high):
            assert reach.high == everything[:, reach.cell].max()
        else:
            assert everything[:, reach.cell].max() >= 14


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=4, max_size=4), st.lists(st.tuples(st.integers(1, 15), st.booleans()), min_size=2, max_size=6, unique_by=lambda c: c[0]))
def test_overlapping_groups_are_judged_as_plain_counting_judges_them(atoms, chosen):
    """Any groups of four communities: a hidden count is exposed exactly where the possible ones lie closer together than the stated width."""
    rules = Release(threshold=5, rounding=1)
    members = [[i for i in range(4) if mask >> i & 1] for mask, _ in chosen]
    counts = [sum(atoms[i] for i in group) for group in members]
    hidden = [hide and n > 0 for n, (_, hide) in zip(counts, chosen, strict=True)]
    assume(any(hidden))
    named = sorted({i for group in members for i in group})
    cells = [
        Published.of(Group(population="p", units=frozenset(map(str, group))), n, rules, hidden=hid)
        for group, n, hid in zip(members, counts, hidden, strict=True)
    ]
    cells = [c if c.hidden else Published(group=c.group, low=n, high=n) for c, n in zip(cells, counts, strict=True)]
    narrow, broken = exposed(cells, rules)
    assert broken == []
    worlds = np.array(list(product(range(14), repeat=len(named))))
    sums = np.column_stack([worlds[:, [named.index(i) for i in group]].sum(1) for group in members])
    mask = np.array(hidden)
    everything = sums[(sums[:, ~mask] == np.array(counts)[~mask]).all(1) & (sums[:, mask] >= 1).all(1)]
    spread = everything.max(0) - everything.min(0)
    bounded = everything.max(0) < 13
    expected = {i for i, hid in enumerate(hidden) if hid and bounded[i] and spread[i] < narrowest(rules)}
    found = {next(i for i, c in enumerate(cells) if c.group == one.cell.group) for one in narrow}
    assert expected <= found  # numbers between whole ones may be possible where no whole ones are: never the other way
    assert all(spread[i] <= narrowest(rules) + 1 for i in found - expected)


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_rounding_moves_a_count_by_half_a_base_at_most(count, base):
    shown = rounded(count, Release(rounding=base))
    assert shown % base == 0
    assert abs(shown - count) <= base / 2

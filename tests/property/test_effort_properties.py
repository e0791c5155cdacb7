"""What holds for all answers: order of rows and items, bounds, agreement with a plain count, decisions applied twice."""

from itertools import combinations, groupby

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cleaning import effort_indices as indices
from commresearch.cleaning.duplicate_decisions import apply_decisions, decision_sheet
from commresearch.cleaning.duplicates import find_duplicates
from commresearch.cleaning.percent_match import equal_share, matching_pairs, same_answers
from commresearch.terms import Role

ROUNDING = 1e-9  #: the same sums added in another order
SCALES = [range(4), range(4, 8), range(8, 10)]


#: Frames are built anew for every example; a dozen suffices, and how long one takes says nothing.
FRAMES = settings(deadline=None, max_examples=12)


@st.composite
def answers(draw):
    """Answers 1-5 with gaps; now and then a whole row of one answer, or of none."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = np.clip(np.round(3 + rng.normal(size=(draw(st.integers(30, 60)), 10)) * 1.5), 1, 5)
    values[rng.random(values.shape) < draw(st.sampled_from([0, 0.1, 0.3]))] = np.nan
    values[draw(st.integers(0, 3))] = draw(st.sampled_from([3.0, np.nan]))
    return values, rng


def every_index(values):
    synonyms, even_odd = indices.psychometric_synonyms(values, critical=0.2), indices.even_odd(values, SCALES)
    return np.column_stack([
        indices.longstring(values), indices.average_longstring(values), indices.intra_individual_variability(values),
        indices.mahalanobis_squared(values), synonyms.scores, synonyms.pairs, even_odd.scores, even_odd.pairs, indices.share_missing(np.isnan(values)),
    ])


@given(answers())
def test_the_order_of_rows_changes_nothing(drawn):
    values, rng = drawn
    order = rng.permutation(len(values))
    np.testing.assert_allclose(every_index(values[order]), every_index(values)[order], rtol=ROUNDING, atol=ROUNDING)


@given(answers())
def test_the_order_of_items_changes_neither_spread_nor_distance(drawn):
    values, rng = drawn
    shuffled = values[:, rng.permutation(values.shape[1])]
    for index in (indices.intra_individual_variability, indices.mahalanobis_squared):
        np.testing.assert_allclose(index(shuffled), index(values), rtol=1e-6, atol=1e-6)


@given(answers())
def test_bounds_and_plain_counts(drawn):
    values, _ = drawn
    longest, average = indices.longstring(values), indices.average_longstring(values)
    runs = [[len(list(run)) for _, run in groupby(f"{v}{i}" if np.isnan(v) else v for i, v in enumerate(row))] for row in values.tolist()]
    assert longest.tolist() == [max(r) for r in runs]
    np.testing.assert_allclose(average, [np.mean(r) for r in runs])
    assert ((longest >= average) & (longest <= values.shape[1]) & (average >= 1)).all()
    distance = indices.mahalanobis_squared(values)
    assert (distance[~np.isnan(distance)] >= 0).all()
    for scores in (indices.even_odd(values, SCALES).scores, indices.psychometric_synonyms(values, critical=0.2).scores):
        known = scores[~np.isnan(scores)]
        assert (np.abs(known) <= 1).all()


@given(answers())
def test_reversing_an_item_leaves_distances_as_they_are(drawn):
    values, rng = drawn
    turned = values.copy()
    item = rng.integers(values.shape[1])
    turned[:, item] = 6 - turned[:, item]
    np.testing.assert_allclose(indices.mahalanobis_squared(turned), indices.mahalanobis_squared(values), rtol=1e-6, atol=1e-6)


@st.composite
def codes(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    table = rng.integers(-1, draw(st.sampled_from([1, 2, 4, 90])), size=(draw(st.integers(1, 40)), 8)).astype(np.int32)
    twins = rng.integers(len(table), size=(2, len(table) // 3))
    table[twins[0]] = table[twins[1]]
    return table


@given(codes(), st.sampled_from([0.6, 0.75, 0.85, 1.0]), st.integers(1, 8))
def test_pairs_are_those_of_a_plain_count(table, threshold, least):
    expected = {}
    for i, j in combinations(range(len(table)), 2):
        both = (table[i] >= 0) & (table[j] >= 0)
        equal = int((both & (table[i] == table[j])).sum())
        if both.sum() >= least and equal / both.sum() >= threshold:
            expected[i, j] = equal / both.sum()
    found = matching_pairs(table, threshold=threshold, min_items=least)
    assert dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.share.tolist(), strict=True)) == expected


@given(codes())
def test_the_share_of_equal_answers_is_symmetric(table):
    first, second = np.triu_indices(len(table), k=1)
    np.testing.assert_array_equal(equal_share(table, first, second)[0], equal_share(table, second, first)[0])


@given(codes())
def test_same_answers_are_those_of_a_plain_comparison(table):
    groups = same_answers(table)
    assert groups.tolist() == pd.factorize(pd.Series([tuple(row) for row in table.tolist()]))[0].tolist()


def survey(table, rng):
    n = len(table)
    frame = pd.DataFrame(table, columns=[f"q{i}" for i in range(8)], index=pd.Index([f"ab:S:{i}" for i in range(n)], name="row_id"))
    frame = frame.where(frame >= 0).astype("Int64")
    times = pd.Timestamp("2025-03-01") + pd.to_timedelta(rng.permutation(n), unit="min")
    return frame.assign(key=pd.array(rng.integers(0, 2 * n, n), dtype="Int64"), place=rng.choice(["a", "b"], n), when=times)


def find(frame):
    return find_duplicates(
        frame, content_columns=[f"q{i}" for i in range(8)], key="key", community="place", context={Role.SUBMITTED: "when"}, threshold=0.75,
        min_items=4,
    )


@FRAMES
@given(codes(), st.integers(0, 2**32))
def test_groups_do_not_depend_on_the_order_of_rows(table, seed):
    rng = np.random.default_rng(seed)
    frame = survey(table, rng)
    columns = ["group_id", "row_id", "kind", "links", "n_copies", "matched_with", "similarity", "differs", "suggested"]
    one, other = (find(f)[columns].sort_values("row_id").reset_index(drop=True) for f in (frame, frame.iloc[rng.permutation(len(frame))]))
    pd.testing.assert_frame_equal(one, other)


@FRAMES
@given(codes(), st.integers(0, 2**32))
def test_rows_in_are_rows_out_and_dropped_and_a_second_time_changes_nothing(table, seed):
    rng = np.random.default_rng(seed)
    frame = survey(table, rng)
    groups = find(frame)
    sheet = decision_sheet(groups, frame)
    stays = ~sheet.duplicated("group_id")
    sheet["decision"], sheet["reason"] = np.where(stays, "keep", "drop"), "checked"
    result = apply_decisions(frame, groups, sheet)
    assert len(frame) == len(result.frame) + len(result.log)
    assert len(result.log) == len(result.dropped) == int((~stays).sum())
    assert result.open_rows.empty
    again = apply_decisions(frame, groups, decision_sheet(groups, frame, decided=sheet))
    pd.testing.assert_frame_equal(again.frame, result.frame)
    assert find(result.frame).empty

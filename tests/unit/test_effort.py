"""Effort indices by hand-made answers, flags, exemption and sensitivity."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import effort_indices as indices
from commresearch.cleaning.effort import EXEMPT_WHEN_ASSISTED, EffortThresholds, effort_flags, flag_sensitivity
from commresearch.errors import CleaningError, EstimationError, Failure
from commresearch.terms import Language
from commresearch.words import render_error

NAN = np.nan
ITEMS = [f"q{i}" for i in range(1, 13)]
BLOCKS = {"m1": ITEMS}


def array(*rows):
    return np.array(rows, dtype=float)


def answers(*rows, columns=ITEMS):
    index = pd.Index([f"ab:S:{i}" for i in range(2, len(rows) + 2)], name="row_id")
    return pd.DataFrame(rows, columns=columns, index=index, dtype="Float64")


def ordinary(n=40, k=12, seed=5):
    """Answers with a common level per person and enough variation that nothing is conspicuous."""
    rng = np.random.default_rng(seed)
    return np.clip(np.round(3 + rng.normal(size=(n, 1)) * 0.6 + rng.normal(size=(n, k))), 1, 5)


def raised(flag):
    return np.flatnonzero(flag.fillna(value=False).astype(bool)).tolist()


# --- indices ---------------------------------------------------------------------------------------------------------

def test_longstring_counts_runs_and_a_missing_answer_ends_one():
    rows = array([1, 1, 2, 2, 2, 3], [4] * 6, [1, 2, 3, 4, 5, 1], [5, 5, NAN, 5, 5, 5], [NAN] * 6)
    assert indices.longstring(rows).tolist() == [3, 6, 1, 3, 1]
    assert indices.average_longstring(rows).tolist() == [2, 6, 1, 2, 1]
    assert indices.longstring(np.empty((2, 0))).tolist() == [0, 0]
    assert indices.longstring(np.empty((0, 3))).tolist() == []


@pytest.mark.parametrize("length", [1, 127, 128, 255, 256, 300, 70_000])
def test_longstring_counts_as_far_as_there_are_items(length):
    answers = np.full((2, length), 3.0)
    answers[1, -1] = 4
    assert indices.longstring(answers).tolist() == [length, max(length - 1, 1)]


def test_longstring_of_many_persons_is_that_of_each():
    rows = np.random.default_rng(3).integers(1, 3, size=(indices.ROWS_AT_A_TIME + 7, 5)).astype(float)
    some = [0, 1, indices.ROWS_AT_A_TIME - 1, indices.ROWS_AT_A_TIME, len(rows) - 1]
    assert indices.longstring(rows)[some].tolist() == [int(indices.longstring(rows[[i]])[0]) for i in some]


def test_variability_has_divisor_k_minus_one():
    got = indices.intra_individual_variability(array([1, 3, 5], [2, 2, 2], [1, NAN, 3], [NAN, 4, NAN]))
    np.testing.assert_allclose(got, [2.0, 0.0, np.sqrt(2), NAN])


def test_even_odd_is_high_where_halves_of_scales_disagree():
    scales = [range(4), range(4, 8), range(8, 12)]
    consistent = [1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5]
    contrary = [1, 5, 1, 5, 3, 3, 3, 3, 5, 1, 5, 1]
    middling = [1, 2, 1, 2, 3, 1, 3, 1, 5, 3, 5, 3]  # odd means 1 3 5, even 2 1 3: r = 1/2, stepped up 2/3
    result = indices.even_odd(array(consistent, contrary, middling, [3] * 12, [NAN] * 4 + consistent[4:], [NAN] * 8 + [1, 2, 3, 4]), scales)
    np.testing.assert_allclose(result.scores, [-1, 1, -2 / 3, NAN, -1, NAN], atol=1e-12)
    assert result.pairs.tolist() == [3, 3, 3, 3, 2, 1]


def test_even_odd_without_scales_says_nothing():
    result = indices.even_odd(array([1, 2, 3]), [])
    assert np.isnan(result.scores).all()
    assert result.pairs.tolist() == [0]


def test_mahalanobis_of_uncorrelated_items_is_the_sum_of_squared_z():
    square = array([1, 1], [1, 3], [3, 1], [3, 3])  # variances 4/3, no covariance, means 2
    np.testing.assert_allclose(indices.mahalanobis_squared(square), [1.5] * 4)
    thrice = np.tile(square, (3, 1))
    np.testing.assert_allclose(indices.mahalanobis_squared(np.column_stack([thrice, np.full(12, 0.1)])), [11 / 6] * 12)


def test_an_item_that_is_constant_beside_another_has_no_correlation_with_it():
    rows = np.column_stack([[2.0] * 12 + [1, 5, 4], [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, NAN, NAN, NAN]])  # leaves 2e-16 of variance
    assert np.isnan(indices.pairwise_moments(rows).correlation[[0, 1], [1, 0]]).all()


@pytest.mark.parametrize("rows", [
    [[1, 1], [2, 2], [3, 3]], [[5, 5], [5, 5]], [[1, NAN], [2, NAN], [NAN, 1], [NAN, 2]], [[1, 2, 3], [3, 1, 2]],
], ids=["determined", "constant", "never both", "fewer persons than items"])
def test_mahalanobis_is_unknown_where_there_is_no_distance(rows):
    assert np.isnan(indices.mahalanobis_squared(array(*rows))).all()


def test_synonyms_correlate_within_a_person_over_pairs():
    base = ordinary(60, 4)
    rows = np.column_stack([base, base])  # items 5-8 repeat 1-4
    rows[0] = [1, 2, 3, 4, 4, 3, 2, 1]
    rows[1] = 3
    rows[2, [0, 1]] = NAN
    moments = indices.pairwise_moments(rows)
    assert indices.item_pairs(moments.correlation).tolist() == [[4, 0], [5, 1], [6, 2], [7, 3]]
    result = indices.psychometric_synonyms(rows)
    np.testing.assert_allclose(result.scores[:3], [-1, NAN, NAN], atol=1e-12)
    assert result.pairs[:3].tolist() == [4, 4, 2]
    np.testing.assert_allclose(result.scores[3:][~np.isnan(result.scores[3:])], 1)
    reversed_rows = rows.copy()
    reversed_rows[:, 4:] = 6 - rows[:, 4:]
    np.testing.assert_allclose(indices.psychometric_synonyms(reversed_rows, antonyms=True).scores, -result.scores)


def test_without_pairs_there_is_no_synonym_score():
    result = indices.psychometric_synonyms(ordinary(50, 5))
    assert np.isnan(result.scores).all()
    assert result.pairs.sum() == 0


def test_share_missing_counts_what_was_asked():
    missing = np.array([[True, False, True, False], [True] * 4])
    asked = np.array([[True, True, False, False], [False] * 4])
    assert indices.share_missing(missing).tolist() == [0.5, 1.0]
    np.testing.assert_array_equal(indices.share_missing(missing, asked), [0.5, NAN])


def test_durations():
    np.testing.assert_array_equal(indices.seconds_per_item(np.array([60.0, NAN, 60.0]), np.array([20, 20, 0])), [3, NAN, NAN])
    np.testing.assert_array_equal(indices.duration_ratio(np.array([30.0, 60.0, 90.0, NAN])), [0.5, 1, 1.5, NAN])
    assert np.isnan(indices.duration_ratio(np.array([NAN, NAN]))).all()
    assert np.isnan(indices.duration_ratio(np.zeros(3))).all()


# --- flags -----------------------------------------------------------------------------------------------------------

def test_each_sign_raises_its_own_flag_and_only_there():
    rows = ordinary()
    rows[0] = 4
    rows[1, 1:9] = NAN
    rows[2] = [1, 5] * 6
    frame = answers(*rows)
    seconds = pd.Series([200.0] * 36 + [1, 23, 60, 300], index=frame.index)
    near = pd.Series([False] * 39 + [True], index=frame.index)
    strict = EffortThresholds(mahalanobis_p=0.0001)
    flags = effort_flags(frame, blocks=BLOCKS, factors={}, duration=seconds, percent_match=near, thresholds=strict)
    assert {c: raised(flags[c]) for c in flags if c.startswith("flag_")} == {
        "flag_longstring": [0], "flag_irv": [0], "flag_even_odd": [], "flag_mahalanobis": [], "flag_synonyms": [], "flag_antonyms": [],
        "flag_share_missing": [1], "flag_machine_made": [36], "flag_duration": [36, 37, 38], "flag_percent_match": [39],
    }
    assert flags["longstring_block"].iloc[0] == "m1"
    assert flags["n_flags"].tolist()[:2] == [2, 1]
    assert flags.index.equals(frame.index)


def test_far_from_the_others_is_flagged_by_the_chi_squared_limit():
    rows = np.random.default_rng(2).normal(3, 1, size=(300, 12))
    rows[7] = [9, -3] * 6
    rows[8] = [5.1, 5.1, 0.9, 0.9, 5.1, 5.1] + [NAN] * 6
    flags = effort_flags(answers(*rows), blocks=BLOCKS, factors={})
    assert flags["flag_mahalanobis"].iloc[[7, 8]].all()
    assert flags["flag_mahalanobis"].sum() <= 3
    assert flags["mahalanobis"].iloc[7] > 32.91  # χ² of 12 degrees of freedom, .999
    assert 22.46 < flags["mahalanobis"].iloc[8] < 32.91  # six answers, six degrees of freedom
    never = EffortThresholds(mahalanobis_p=0)
    assert not effort_flags(answers(*rows), blocks=BLOCKS, factors={}, thresholds=never)["flag_mahalanobis"].any()


def test_scales_and_reversed_items():
    rng = np.random.default_rng(3)
    level = np.clip(np.round(3 + rng.normal(size=(30, 6)) * 1.3), 1, 5)
    rows = np.repeat(level, 2, axis=1)
    rows[0, 1::2] = 6 - rows[0, 0::2]
    columns = {f"s{i}": ITEMS[2 * i : 2 * i + 2] for i in range(6)}
    turned = rows.copy()
    turned[:, 3] = 6 - turned[:, 3]
    plain = effort_flags(answers(*rows), blocks={}, factors=columns)
    keyed = effort_flags(answers(*turned), blocks={}, factors=columns, reflect={"q4": 6})
    assert plain["flag_even_odd"].iloc[0]
    assert plain["flag_even_odd"].iloc[1:].sum() == 0
    pd.testing.assert_series_equal(plain["even_odd"], keyed["even_odd"])
    assert effort_flags(answers(*rows), blocks={}, factors=dict(list(columns.items())[:4]))["flag_even_odd"].isna().all()


def test_contradicting_answers_to_synonyms_and_antonyms():
    base = ordinary(80, 6, seed=8)
    rows = np.column_stack([base, base])
    rows[0, 6:] = 6 - rows[0, :6]
    assert raised(effort_flags(answers(*rows), blocks=BLOCKS, factors={})["flag_synonyms"]) == [0]
    rows[:, 6:] = 6 - rows[:, 6:]
    assert raised(effort_flags(answers(*rows), blocks=BLOCKS, factors={})["flag_antonyms"]) == [0]


def test_short_blocks_and_missing_inputs_are_not_judged():
    frame = answers([3] * 12, [NAN] * 12)
    flags = effort_flags(frame, blocks={"a": ITEMS[:6], "b": ITEMS[6:]}, factors={})
    assert flags["longstring"].tolist()[0] == 6
    assert flags["longstring_block"].tolist()[0] == "a"
    assert flags[["flag_longstring", "flag_duration", "flag_machine_made", "flag_percent_match", "flag_irv"]].isna().all().all()
    assert flags["longstring"].isna().tolist() == [False, True]
    assert flags["n_known"].tolist() == [1, 1]
    assert effort_flags(frame, blocks=BLOCKS, factors={})["flag_longstring"].tolist() == [True, pd.NA]


def test_long_runs_need_half_of_a_long_block():
    columns = [f"q{i}" for i in range(1, 25)]
    rows = np.tile([1.0, 2, 3, 4], (2, 6))
    rows[0, :11], rows[1, :12] = 5, 5
    flags = effort_flags(answers(*rows, columns=columns), blocks={"m": columns}, factors={})
    assert flags["flag_longstring"].tolist() == [False, True]


def test_questions_that_were_skipped_are_neither_missing_nor_read():
    frame = answers([1, 2, 3] + [NAN] * 9, [1, 2, 3, 4, 5, 6] + [NAN] * 6)
    asked = pd.DataFrame(data=True, index=frame.index, columns=ITEMS[3:])
    asked.iloc[0] = False
    seconds = pd.Series([9.0, 9.0], index=frame.index)
    flags = effort_flags(frame, blocks=BLOCKS, factors={}, asked=asked, duration=seconds, thresholds=EffortThresholds(share_missing=0.4))
    assert flags["share_missing"].tolist() == [0, 0.5]
    assert flags["seconds_per_item"].tolist() == [3, 0.75]
    assert flags["flag_share_missing"].tolist() == [False, True]
    assert flags["flag_duration"].tolist() == [pd.NA, True]  # asked three questions of the usual seven and a half


def test_times_are_compared_among_those_who_were_asked_as_much():
    frame = answers(*ordinary(7))
    asked = pd.DataFrame(data=True, index=frame.index, columns=ITEMS, dtype="boolean")
    asked.iloc[:2, 2:] = False  # screened out after two questions, in a few seconds
    asked.iloc[2, 6:] = False  # half of what others were asked is enough
    seconds = pd.Series([4.0, 5.0, 40.0, 100.0, 120.0, 110.0, 30.0], index=frame.index)
    flags = effort_flags(frame, blocks=BLOCKS, factors={}, asked=asked, duration=seconds)
    assert flags["flag_duration"].tolist() == [pd.NA, pd.NA, False, False, False, False, True]
    assert flags["duration_ratio"].iloc[3] == 1  # the median of the five
    assert flags["flag_machine_made"].notna().all()
    asked.iloc[:2, 2:] = pd.NA  # don't know to all the rest: it was put to them
    unclear = effort_flags(frame, blocks=BLOCKS, factors={}, asked=asked, duration=seconds)
    assert unclear["flag_duration"].tolist()[:2] == [True, True]
    assert unclear["share_missing"].iloc[0] == 0
    assert unclear["seconds_per_item"].iloc[0] == pytest.approx(4 / 12)


def test_a_table_without_questions_has_nothing_to_judge():
    frame = pd.DataFrame(index=pd.Index(["a", "b"], name="row_id"))
    flags = effort_flags(frame, blocks={}, factors={}, duration=pd.Series([3.0, 4.0], index=frame.index))
    assert flags["share_missing"].isna().all()
    assert indices.asked_in_full(np.array([], dtype=int), 0.5).tolist() == []


def test_the_floor_of_the_pilot_and_impossible_times():
    frame = answers(*ordinary(3))
    seconds = pd.Series([100.0, 90.0, -5.0], index=frame.index, dtype="Float64")
    assert effort_flags(frame, blocks=BLOCKS, factors={}, duration=seconds)["flag_duration"].tolist() == [False, False, pd.NA]
    floored = effort_flags(frame, blocks=BLOCKS, factors={}, duration=seconds, thresholds=EffortThresholds(duration_floor=95))
    assert floored["flag_duration"].tolist() == [False, True, pd.NA]


def test_assisted_rows_are_exempt_and_the_reason_is_kept():
    frame = answers(*ordinary(4))
    frame.iloc[:3] = 4
    seconds = pd.Series([1.0, 1.0, 1.0, 200.0], index=frame.index)
    near = pd.Series([True, True, True, pd.NA], index=frame.index, dtype="boolean")
    helped = pd.Series([True, False, pd.NA, True], index=frame.index, dtype="boolean")
    flags = effort_flags(frame, blocks=BLOCKS, factors={}, duration=seconds, percent_match=near, assisted=helped)
    lifted = list(EXEMPT_WHEN_ASSISTED)
    assert flags["exempt"].tolist() == [True, False, False, True]
    assert flags[lifted].iloc[0].tolist() == [False] * 4
    assert flags[lifted].iloc[1].tolist() == flags[lifted].iloc[2].tolist() == [True] * 4
    assert flags["exempted"].tolist() == [" ".join(lifted), "", "", ""]
    assert flags["flag_percent_match"].isna().tolist() == [False, False, False, True]
    assert flags["n_flags"].iloc[1] == flags["n_flags"].iloc[0] + 4


def test_categories_that_read_as_numbers_give_the_same_flags():
    rows = ordinary()
    rows[3, 4] = NAN
    numbers = answers(*rows)
    codes = numbers.apply(lambda c: c.astype("Int64").astype("string").astype("category"))
    texts = pd.DataFrame(codes, index=numbers.index)
    pd.testing.assert_frame_equal(effort_flags(texts, blocks=BLOCKS, factors={}), effort_flags(numbers, blocks=BLOCKS, factors={}))


# --- faults ----------------------------------------------------------------------------------------------------------

def test_all_faults_of_the_input_are_told_at_once():
    frame = pd.DataFrame({"a": ["1", "好"], "b": [1, 2], "c": list("xy")})
    other = pd.Series([1.0], index=[5])
    with pytest.raises(CleaningError) as caught:
        effort_flags(frame, blocks={"m1": ["a", "z"]}, factors={"s": ["b", "c", "y"]}, duration=other, assisted=other)
    assert [f.code for f in caught.value.failures] == ["CR-D21", "CR-D21", "CR-D22", "CR-D22", "CR-D23", "CR-D23"]
    text = render_error(caught.value, Language.ZH)
    assert "列 a 有1个答案不是数字：好。" in text
    assert "“s”的题目中，数据没有这些列：y。" in text
    assert "assisted has other rows than the answers (1 rows; 2 in the same order are needed)" in render_error(caught.value, Language.EN)


def test_many_unreadable_answers_are_quoted_in_part():
    frame = pd.DataFrame({"a": list("uvwxyz")})
    with pytest.raises(CleaningError) as caught:
        effort_flags(frame, blocks={"m": ["a"]}, factors={})
    assert caught.value.failures[0].values["got"] == "u, v, w, x, y …"


def test_thresholds_out_of_range_are_told_at_once():
    with pytest.raises(CleaningError) as caught:
        EffortThresholds(even_odd=-2, longstring_items=1, share_missing=30, duration_floor=None)
    text = render_error(caught.value, Language.EN)
    assert [f.code for f in caught.value.failures] == ["CR-D20"] * 3
    assert "Threshold share_missing of the effort indices: got “30”, allowed: 0 … 1." in text
    assert "longstring_items of the effort indices: got “1”, allowed: ≥ 2." in text
    assert "作答质量的界限 even_odd：得到“-2”，应为 -1 … 1。" in render_error(caught.value, Language.ZH)


# --- sensitivity -----------------------------------------------------------------------------------------------------

def mean_of_y(frame):
    return pd.DataFrame({"variable": ["y"], "estimate": [frame["y"].mean()]})


@pytest.fixture
def survey():
    index = pd.Index(list("abcdef"), name="row_id")
    raised = {"flag_a": [True, True, False, False, False, pd.NA], "flag_b": [False, True, True, False, False, False]}
    flags = pd.DataFrame(raised, index=index).assign(n_flags=1)
    return pd.DataFrame({"y": [10.0, 8, 6, 4, 2, 0], "g": list("uuvvvv")}, index=index), flags.astype({"flag_a": "boolean"})


def test_estimates_with_and_without_each_flag(survey):
    table = flag_sensitivity(*survey, mean_of_y)
    assert table["without"].tolist() == ["", "flag_a", "flag_b", "any_flag"]
    assert table["n_rows"].tolist() == [6, 4, 4, 3]
    assert table["n_excluded"].tolist() == [0, 2, 2, 3]
    assert table["estimate"].tolist() == [5, 3, 4, 2]
    assert table["difference"].tolist() == [0, -2, -1, -3]
    assert set(table["problem"]) == {""}


def test_differences_by_domain_and_not_without_knowing_which(survey):
    def by_group(frame):
        return frame.groupby("g", as_index=False)["y"].mean().rename(columns={"y": "estimate"})

    table = flag_sensitivity(*survey, by_group, by=["g"])
    assert table.loc[table["without"] == "any_flag", ["g", "difference"]].to_numpy().tolist() == [["v", -1.0]]
    assert flag_sensitivity(*survey, by_group)["difference"].isna().all()


def test_what_cannot_be_estimated_is_named(survey):
    frame, flags = survey

    def choosy(rows):
        if len(rows) < 4:
            raise EstimationError(Failure(code="CR-W01"), Failure(code="CR-W01"), Failure(code="CR-W02"))
        return mean_of_y(rows)

    assert flag_sensitivity(frame, flags, choosy)["problem"].tolist() == ["", "", "", "CR-W01 CR-W02"]
    everybody = flags.assign(flag_a=True)
    table = flag_sensitivity(frame, everybody, mean_of_y)
    assert table["problem"].tolist() == ["", "no_rows", "", "no_rows"]
    assert table["estimate"].isna().tolist() == [False, True, False, True]
    with pytest.raises(EstimationError):
        flag_sensitivity(frame.head(3), flags.head(3), choosy)


def test_a_flag_that_nobody_has_is_not_estimated_again(survey):
    frame, flags = survey
    calls = []
    flag_sensitivity(frame, flags.assign(flag_a=False, flag_b=False), lambda rows: calls.append(len(rows)) or mean_of_y(rows))
    assert calls == [6]


def test_flags_of_other_rows_are_refused(survey):
    frame, flags = survey
    with pytest.raises(CleaningError) as caught:
        flag_sensitivity(frame, flags.iloc[::-1], mean_of_y)
    assert "（6行，应为6行且次序相同）" in render_error(caught.value, Language.ZH)

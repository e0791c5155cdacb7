"""Duplicates: what is found, what is proposed, and what stops the search."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import duplicates, percent_match
from commresearch.cleaning.duplicates import find_duplicates, percent_match_flags
from commresearch.errors import CleaningError
from commresearch.terms import Language, Role
from commresearch.words import render_error

QUESTIONS = [f"q{i}" for i in range(1, 21)]
CONTEXT = {Role.SUBMITTED: "submitted", Role.DURATION: "seconds", Role.IP: "ip"}


def row_id(i):
    return f"ab12cd34:S:{i + 2}"


def survey(n=12, seed=1):
    """Answers at random: no two rows agree in .85 of 20 questions with five answers each."""
    rng = np.random.default_rng(seed)
    index = pd.Index([row_id(i) for i in range(n)], name="row_id")
    frame = pd.DataFrame(rng.integers(1, 6, size=(n, 20)), columns=QUESTIONS, index=index, dtype="Int64")
    return frame.assign(
        sheet_no=pd.array(range(100, 100 + n), dtype="Int64"), person="p" + pd.Series(range(n)).astype("str").to_numpy(),
        community=["东山"] * (n // 2) + ["西河"] * (n - n // 2), ip=[f"10.0.0.{i}" for i in range(n)], seconds=300.0,
        submitted=pd.Timestamp("2025-03-01 09:00") + pd.to_timedelta(np.arange(n), unit="min"),
    )


def find(frame, **more):
    return find_duplicates(frame, **{"content_columns": QUESTIONS, "key": "sheet_no", "community": "community", "context": CONTEXT} | more)


def copy(frame, source, target, but=()):
    """Give one row the answers of another, except in some questions."""
    frame.loc[row_id(target), QUESTIONS] = frame.loc[row_id(source), QUESTIONS]
    for question in but:
        frame.loc[row_id(target), question] = frame.loc[row_id(source), question] % 5 + 1


def codes_of(error):
    return [f.code for f in error.value.failures]


# --- finding ---------------------------------------------------------------------------------------------------------

def test_rows_that_differ_are_no_duplicates():
    groups = find(survey())
    assert groups.empty
    assert list(groups.columns) == list(duplicates.GROUP_COLUMNS)


def test_refills_share_a_key_and_their_differences_are_named():
    frame = survey()
    frame.loc[[row_id(3), row_id(7)], "sheet_no"] = 101
    copy(frame, 1, 3, but=["q4"])
    frame.loc[row_id(7), QUESTIONS] = frame.loc[row_id(1), QUESTIONS]
    frame.loc[row_id(7), "q9"] = pd.NA
    groups = find(frame)
    assert groups["row_id"].tolist() == [row_id(1), row_id(3), row_id(7)]
    assert set(groups["kind"]) == set(groups["links"]) == {"key"}
    assert groups["n_copies"].tolist() == [3, 3, 3]
    assert groups["differs"].tolist() == ["q4, q9, person, community"] * 3
    assert groups["key"].tolist() == ["101"] * 3
    assert groups["matched_with"].tolist() == [row_id(3), row_id(1), row_id(3)]
    assert groups["similarity"].tolist() == [0.95, 0.95, 18 / 19]
    assert set(groups["suggested"]) == {"keep_last"}
    untimed = find(frame, context={})
    assert set(untimed["suggested"]) == {"check"}
    assert set(groups["group_id"]) == set(untimed["group_id"]) == set(find(frame.iloc[::-1], context={})["group_id"])


def test_equal_answers_are_found_across_communities_and_the_first_is_proposed_to_stay():
    frame = survey()
    copy(frame, 8, 2)
    copy(frame, 8, 11)
    frame.loc[row_id(2), "submitted"] = pd.Timestamp("2025-03-02")
    groups = find(frame, threshold=None)
    assert groups["row_id"].tolist() == [row_id(8), row_id(11), row_id(2)]
    assert groups["suggested"].tolist() == ["keep", "drop", "drop"]
    assert set(groups["kind"]) == {"content"}
    assert set(groups["similarity"]) == {1.0}
    assert set(groups["differs"]) == {""}
    assert groups["community"].tolist() == ["西河", "西河", "东山"]


def test_almost_equal_answers_are_sought_within_a_community_only():
    frame = survey()
    copy(frame, 0, 1, but=["q1", "q2", "q3"])
    copy(frame, 2, 9, but=["q1"])
    copy(frame, 7, 8, but=["q1", "q2", "q3", "q4"])
    groups = find(frame)
    assert groups["row_id"].tolist() == [row_id(0), row_id(1)]
    assert groups["similarity"].tolist() == [0.85, 0.85]
    assert groups["differs"].tolist() == ["q1, q2, q3"] * 2
    assert set(groups["suggested"]) == {"check"}
    assert set(find(frame, community=None)["row_id"]) == {row_id(i) for i in (0, 1, 2, 9)}


def test_rows_without_a_community_are_compared_with_one_another():
    frame = survey()
    copy(frame, 0, 9, but=["q1"])
    frame.loc[[row_id(0), row_id(9)], "community"] = None
    assert set(find(frame)["row_id"]) == {row_id(0), row_id(9)}


def test_few_answers_make_no_duplicate():
    frame = survey()
    frame.loc[[row_id(4), row_id(5)], QUESTIONS] = pd.NA
    frame.loc[[row_id(2), row_id(3)], QUESTIONS[:11]] = 1
    frame.loc[[row_id(2), row_id(3)], QUESTIONS[11:]] = pd.NA
    assert find(frame, min_items=12).empty
    groups = find(frame, min_items=11)
    assert groups["row_id"].tolist() == [row_id(2), row_id(3)]


def test_short_questionnaires_are_compared_whole_and_only_proposed_for_a_look():
    frame = survey()
    copy(frame, 0, 1)
    copy(frame, 2, 3)
    frame.loc[row_id(3), "q2"] = pd.NA
    groups = find(frame, content_columns=QUESTIONS[:12])
    assert groups["row_id"].tolist() == [row_id(0), row_id(1)]
    assert set(groups["suggested"]) == {"check"}
    assert percent_match_flags(frame, groups, content_columns=QUESTIONS[:12]).isna().sum() == 1
    assert find(frame, content_columns=QUESTIONS[:9]).empty


def test_the_strongest_likeness_names_a_row_and_each_row_is_listed_once():
    frame = survey()
    frame.loc[row_id(1), "sheet_no"] = 100
    copy(frame, 0, 1)
    copy(frame, 0, 2, but=["q5"])
    frame.loc[row_id(2), "person"] = "p3"
    groups = find(frame, person="person").set_index("row_id")
    assert groups.index.is_unique
    assert len(set(groups["group_id"])) == 1
    assert groups["kind"].to_dict() == {row_id(0): "key", row_id(1): "key", row_id(2): "person", row_id(3): "person"}
    assert groups.loc[row_id(2), "links"] == "person percent_match"
    assert groups.loc[row_id(1), "links"] == "key"
    assert groups.loc[row_id(3), "suggested"] == "check"


def test_one_address_makes_no_duplicate_and_is_only_counted():
    frame = survey()
    frame["ip"] = "10.0.0.9"
    assert find(frame).empty
    copy(frame, 0, 1)
    groups = find(frame)
    assert groups["same_ip_rows"].tolist() == [11, 11]
    assert not groups.astype("str").apply(lambda c: c.str.contains("10.0.0")).any().any()
    assert find(frame, context={})["same_ip_rows"].isna().all()


def test_rows_filled_in_by_staff_are_exempt_in_pairs():
    frame = survey()
    copy(frame, 0, 1)
    copy(frame, 6, 7, but=["q1"])
    copy(frame, 2, 3)
    frame.loc[row_id(11), "sheet_no"] = 110
    helped = pd.Series([True, True, True, False, False, False, True, True, False, False, True, True], index=frame.index, dtype="boolean")
    groups = find(frame, assisted=helped).set_index("row_id")
    assert groups["exempt"].to_dict() == {row_id(i): i in {0, 1, 6, 7} for i in (0, 1, 2, 3, 6, 7, 10, 11)}
    assert set(groups.loc[groups["exempt"], "suggested"]) == {"keep"}
    flags = percent_match_flags(frame, groups.reset_index(), content_columns=QUESTIONS)
    assert flags[flags].index.tolist() == [row_id(i) for i in (0, 1, 2, 3, 6, 7)]


def test_percent_match_flags_are_unknown_where_nothing_was_compared():
    frame = survey()
    copy(frame, 0, 1)
    frame.loc[row_id(5), "q1"] = pd.NA
    flags = percent_match_flags(frame, find(frame), content_columns={q: [q] for q in QUESTIONS})
    assert flags.isna().tolist() == [i == 5 for i in range(12)]


def test_a_question_with_many_options_counts_once():
    frame = survey(2)
    several = {"several": [f"several__{i}" for i in range(30)], **{q: [q] for q in QUESTIONS}}
    frame = pd.concat([frame, pd.DataFrame(0, index=frame.index, columns=several["several"], dtype="Int64")], axis=1)
    apart = [c for columns in several.values() for c in columns]
    assert find(frame, content_columns=apart, threshold=0.6, community=None)["similarity"].min() > 0.6
    assert find(frame, content_columns=several, threshold=0.6, community=None).empty
    both = pd.DataFrame({"a": [1, 1, pd.NA, pd.NA, 2], "b": [0, 0, pd.NA, 1, 1]}, dtype="Int64")
    codes = percent_match.answer_codes(both, {"ab": ["a", "b"]})
    assert codes[:, 0].tolist()[:3] == [0, 0, -1]
    assert len(set(codes[2:, 0].tolist())) == 3


def test_categories_texts_and_dates_are_compared_alike():
    frame = pd.DataFrame({
        "a": pd.Categorical(["x", None, "x"]), "b": pd.array(["s", pd.NA, "s"], dtype="str"),
        "c": pd.to_datetime(["2025-01-01", None, "2025-01-01"]), "d": pd.array([1.5, pd.NA, 1.5], dtype="Float64"),
    })
    codes = percent_match.answer_codes(frame, {c: [c] for c in frame})
    assert codes[0].tolist() == codes[2].tolist()
    assert codes[1].tolist() == [-1] * 4


def test_rows_with_one_fingerprint_are_told_apart_cell_by_cell(monkeypatch):
    monkeypatch.setattr(percent_match, "_fingerprint", lambda codes: np.zeros(len(codes), dtype=np.uint64))
    codes = np.array([[1, 2], [2, 1], [1, 2], [-1, 1]], dtype=np.int32)
    assert percent_match.same_answers(codes).tolist() == [0, 1, 0, 2]


def test_items_with_many_values_are_counted_exactly():
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 300, size=(400, 10)).astype(np.int32)
    codes[200:] = codes[:200]
    codes[300:, 0] = (codes[300:, 0] + 1) % 300
    found = percent_match.matching_pairs(codes, threshold=0.95, min_items=5)
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == {(i, i + 200) for i in range(100)}


@pytest.mark.parametrize("questions", [12, 64, 65, 300])
@pytest.mark.parametrize("threshold", [0.5, 0.85, 1.0])
def test_the_pairs_are_those_that_counting_answer_by_answer_gives(questions, threshold):
    rng = np.random.default_rng(questions)
    codes = rng.integers(0, 5, size=(80, questions)).astype(np.int32)
    codes[40:] = np.where(rng.random((40, questions)) < 0.85, codes[:40], codes[40:])
    codes[rng.random(codes.shape) < 0.2] = -1
    found = percent_match.matching_pairs(codes, threshold=threshold, min_items=6)
    wanted = {}
    for i, j in zip(*np.triu_indices(len(codes), 1), strict=True):
        both = (codes[i] >= 0) & (codes[j] >= 0)
        equal = (codes[i] == codes[j]) & both
        if both.sum() >= 6 and equal.sum() / both.sum() >= threshold:
            wanted[int(i), int(j)] = equal.sum() / both.sum()
    assert dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.share.tolist(), strict=True)) == wanted
    assert threshold == 1.0 or len(wanted) > 10


def test_strips_of_the_table_miss_nothing(monkeypatch):
    codes = np.random.default_rng(6).integers(-1, 3, size=(60, 12)).astype(np.int32)
    whole = percent_match.matching_pairs(codes, threshold=0.6, min_items=6)
    monkeypatch.setattr(percent_match, "PAIRS_IN_A_STEP", 200)
    monkeypatch.setattr(percent_match, "PAIRS_AT_A_TIME", 7)
    strips = percent_match.matching_pairs(codes, threshold=0.6, min_items=6)
    assert len(whole.first) > 20
    for name in ("first", "second", "share"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(strips, name))


# --- faults of the search --------------------------------------------------------------------------------------------

def test_all_faults_of_the_search_are_told_at_once():
    frame = pd.concat([survey(3), survey(2)])
    with pytest.raises(CleaningError) as caught:
        find(frame, key="nummer", person="wer", threshold=85, min_items=0, assisted=pd.Series([True]))
    assert codes_of(caught) == ["CR-D01", "CR-D02", "CR-D23", "CR-D05", "CR-D05"]
    zh, en = (render_error(caught.value, language) for language in Language)
    assert "有2个 row_id 出现不止一次：ab12cd34:S:2 …" in zh
    assert "there are no columns nummer, wer." in en
    assert "threshold：得到“85”，应为 0.5 < … ≤ 1" in zh
    assert "assisted has other rows than the answers (1 rows; 5" in en


def test_communities_that_cannot_be_compared_are_told_together(monkeypatch):
    frame = survey(40)
    frame.loc[frame["community"] == "西河", QUESTIONS] = 3
    frame.loc[frame["community"] == "西河", "q1"] = range(20)
    monkeypatch.setattr(duplicates, "MOST_ROWS", 19)
    frame = frame.drop(index=row_id(39))
    monkeypatch.setattr(percent_match.matching_pairs, "__kwdefaults__", {"most": 10})
    with pytest.raises(CleaningError) as caught:
        find(frame)
    assert codes_of(caught) == ["CR-D03", "CR-D04"]
    assert "社区“东山”有20份内容不同的答卷，逐份比较最多19份" in render_error(caught.value, Language.ZH)
    assert "community “西河” agree with one another (share of equal answers 0.85 or more)" in render_error(caught.value, Language.EN)
    assert find(frame, threshold=None).empty

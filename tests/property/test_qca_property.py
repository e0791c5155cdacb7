"""Minimisation against a slow one that shares nothing with it: terms by trying all, covers by trying all; and what must not matter."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commresearch.comparison import qca
from commresearch.comparison.covers import fewest_terms
from commresearch.comparison.set_models import Rows, SolutionType, models_of
from commresearch.errors import EstimationError

FEW = settings(max_examples=120, deadline=None, derandomize=True)
FRAMES = settings(max_examples=50, deadline=None, derandomize=True)  #: each makes tables of its own


def slow_terms(k, positive, allowed):
    """Prime implicants as texts of 0, 1 and -: all 3^k conjunctions, those over allowed rows only, those within no other, those that cover a positive row."""
    def rows(term):
        return {r for r in range(1 << k) if all(t in {"-", bit} for t, bit in zip(term, format(r, f"0{k}b"), strict=True))}

    held = {"".join(t): rows(t) for t in product("01-", repeat=k)}
    fine = {t: r for t, r in held.items() if r <= allowed}
    return {t: r & positive for t, r in fine.items() if not any(r < other for other in fine.values()) and r & positive}


def slow_covers(terms, positive):
    """All smallest sets of terms that cover the positive rows."""
    for size in range(1, len(positive) + 1):
        found = {frozenset(c) for c in combinations(sorted(terms), size) if set().union(*(terms[t] for t in c)) == positive}
        if found:
            return found
    return set()


def text_of(term, k):
    return "".join("-" if not term.used >> j & 1 else "1" if term.present >> j & 1 else "0" for j in range(k - 1, -1, -1))


def found_by(rows, kind, expectations=None):
    made = models_of(rows, kind, expectations)
    texts = [text_of(t, rows.k) for t in made.terms]
    return set(texts), {frozenset(texts[i] for i in cover) for cover in made.chosen}, made


@st.composite
def coded_rows(draw, sizes=(2, 3, 4)):
    k = draw(st.sampled_from(sizes))
    codes = draw(st.lists(st.sampled_from("10??"), min_size=1 << k, max_size=1 << k))
    positive = {i for i, c in enumerate(codes) if c == "1"}
    forbidden = {i for i, c in enumerate(codes) if c == "0"}
    assume(positive and forbidden and len(positive) <= 7)
    return Rows(k=k, positive=np.array(sorted(positive)), forbidden=np.array(sorted(forbidden)))


@FEW
@given(coded_rows())
def test_terms_and_covers_of_both_plain_solutions(rows):
    positive, forbidden = set(rows.positive.tolist()), set(rows.forbidden.tolist())
    for kind, allowed in ((SolutionType.CONSERVATIVE, positive), (SolutionType.PARSIMONIOUS, set(range(1 << rows.k)) - forbidden)):
        terms = slow_terms(rows.k, positive, allowed)
        found, covers, made = found_by(rows, kind)
        assert found == set(terms)
        assert covers == slow_covers(terms, positive)
        assert made.count == len(covers)
        assert made.complete


@settings(max_examples=12, deadline=None, derandomize=True)
@given(coded_rows(sizes=(5,)))
def test_terms_and_covers_of_five_conditions(rows):
    positive, forbidden = set(rows.positive.tolist()), set(rows.forbidden.tolist())
    terms = slow_terms(5, positive, set(range(32)) - forbidden)
    found, covers, _ = found_by(rows, SolutionType.PARSIMONIOUS)
    assert found == set(terms)
    assert covers == slow_covers(terms, positive)


def slow_easy(whole, short, expectations, k, seen):
    """Easy counterfactuals of a pair of models, literal by literal."""
    easy = set()
    for long in whole:
        for brief in short:
            if not all(b in {"-", a} for a, b in zip(long, brief, strict=True)):
                continue
            kept = [
                a if b != "-" or a == "-" or e is None or str(e) == a else "-" for a, b, e in zip(long, brief, expectations, strict=True)
            ]
            easy |= {r for r in range(1 << k) if all(t in {"-", bit} for t, bit in zip(kept, format(r, f"0{k}b"), strict=True))}
    return easy - seen


@FRAMES
@given(coded_rows(sizes=(3, 4)), st.data())
def test_intermediate_models(rows, data):
    expectations = tuple(data.draw(st.sampled_from([0, 1, None])) for _ in range(rows.k))
    positive, forbidden = set(rows.positive.tolist()), set(rows.forbidden.tolist())
    everything = set(range(1 << rows.k))
    whole = slow_covers(slow_terms(rows.k, positive, positive), positive)
    short = slow_covers(slow_terms(rows.k, positive, everything - forbidden), positive)
    wanted = set()
    for pair in product(whole, short):
        allowed = positive | slow_easy(*pair, expectations, rows.k, positive | forbidden)
        wanted |= slow_covers(slow_terms(rows.k, positive, allowed), positive)
    _, covers, made = found_by(rows, SolutionType.INTERMEDIATE, expectations)
    assert covers == wanted
    assert made.easy <= made.parsimonious
    # No expectation, nothing assumed.
    assert found_by(rows, SolutionType.INTERMEDIATE, (None,) * rows.k)[1] == whole


@FEW
@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=8)))
def test_covers_of_any_chart(lines):
    chart = np.array(lines)
    assume(chart.any(axis=0).all())
    smallest = next(
        size for size in range(1, len(chart) + 1) if any(chart[list(c)].any(axis=0).all() for c in combinations(range(len(chart)), size))
    )
    wanted = [c for c in combinations(range(len(chart)), smallest) if chart[list(c)].any(axis=0).all()]
    found = fewest_terms(chart)
    assert found.chosen == sorted(wanted)
    assert found.count == len(wanted)
    cut = fewest_terms(chart, most=1)
    assert len(cut.chosen) == 1
    assert cut.chosen[0] in wanted
    assert not cut.complete or cut.count == len(wanted)


@st.composite
def fuzzy_frames(draw):
    k, n = draw(st.integers(1, 4)), draw(st.integers(3, 10))
    cells = st.integers(0, 20).map(lambda v: (v + 0.4 * (v == 10)) / 20)  # no cell at 0.5
    frame = pd.DataFrame({name: draw(st.lists(cells, min_size=n, max_size=n)) for name in ["Y", "A", "B", "C", "D"][: k + 1]}, index=[f"case {i}" for i in range(n)])
    assume(0 < (frame["Y"] > 0.5).sum() < n)
    return frame


def solutions(frame, conditions, cut=0.8):
    try:
        return qca.minimise(qca.truth_table(frame, "Y", conditions, inclusion=cut), "parsimonious")
    except EstimationError:
        return None


def as_sets(models):
    return {frozenset(frozenset(term.split("*")) for term in model.split(" + ")) for model in models}


@FRAMES
@given(fuzzy_frames(), st.randoms(use_true_random=False))
def test_order_of_cases_and_conditions_does_not_matter(frame, random):
    conditions = list(frame.columns[1:])
    made = solutions(frame, conditions)
    shuffled = list(frame.index)
    random.shuffle(shuffled)
    backwards = solutions(frame.loc[shuffled], conditions[::-1])
    assert (made is None) == (backwards is None)
    if made is not None:
        assert as_sets(made.models) == as_sets(backwards.models)
        assert sorted(made.fit["inclS"]) == pytest.approx(sorted(backwards.fit["inclS"]))


@FRAMES
@given(fuzzy_frames())
def test_a_negated_column_is_the_negated_condition(frame):
    conditions = list(frame.columns[1:])
    made, turned = solutions(frame, conditions), solutions(frame.assign(A=1 - frame["A"]), conditions)
    assert (made is None) == (turned is None)
    if made is not None:
        def swapped(models):
            exchange = {"A": "~A", "~A": "A"}
            return {frozenset(frozenset(exchange.get(x, x) for x in term) for term in model) for model in as_sets(models)}

        assert as_sets(made.models) == swapped(turned.models)


@FRAMES
@given(fuzzy_frames())
def test_a_negated_outcome_is_the_outcome_of_the_negated_column(frame):
    conditions = list(frame.columns[1:])
    one = qca.truth_table(frame, "Y", conditions, inclusion=0.8, negate=True).to_frame()
    other = qca.truth_table(frame.assign(Y=1 - frame["Y"]), "Y", conditions, inclusion=0.8).to_frame()
    pd.testing.assert_frame_equal(one, other)


@FRAMES
@given(fuzzy_frames())
def test_fits_lie_within_their_bounds_and_add_up(frame):
    conditions = list(frame.columns[1:])
    made = solutions(frame, conditions)
    assume(made is not None)
    slack = 1e-12
    for name in ("inclS", "covS"):
        assert made.fit[name].between(0, 1 + slack).all()
    assert (made.fit["PRI"] <= made.fit["inclS"] + slack).all()
    assert (made.terms["covU"] <= made.terms["covS"] + slack).all()
    total = made.terms.groupby("model", sort=False)["covU"].sum().to_numpy()
    assert (total <= made.fit["covS"].to_numpy() + slack).all()
    # Every case of a positive row lies within every model, no case of a forbidden row does.
    rows = made.table.sets.rows
    inside = made.memberships > 0.5
    assert inside[:, np.isin(rows, made.table.positive)].all()
    assert not inside[:, np.isin(rows, made.table.negative)].any()


@FEW
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.tuples(st.floats(-1e3, 1e3), st.floats(0.01, 1e3), st.floats(0.01, 1e3)))
def test_calibration_is_monotone_and_mirrored(values, placed):
    start, below, above = placed
    anchors = (start, start + below, start + below + above)
    x = np.sort(np.array(values))
    made = qca.calibrate(x, anchors)
    assert ((made >= 0) & (made <= 1)).all()
    assert (np.diff(made) >= 0).all()
    assert qca.calibrate(-x, tuple(-a for a in anchors)) == pytest.approx(made, abs=1e-12)
    assert qca.calibrate(x, anchors[::-1]) == pytest.approx(1 - made, abs=1e-9)

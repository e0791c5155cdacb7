import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commresearch.errors import EstimationError
from commresearch.survey.auxiliaries import form_cells
from commresearch.survey.calibration import calibrate
from commresearch.survey.raking import post_stratify, rake
from commresearch.survey.scales import reliability, score_scale

MARGIN_ERROR = 1e-10


@st.composite
def samples(draw):
    """A sample of 10-80 persons with base weights, and margins that positive weights of this very sample have."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, sizes = draw(st.integers(10, 80)), draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    frame = pd.DataFrame({f"v{i}": generator.integers(0, k, n) for i, k in enumerate(sizes)})
    frame["w"] = 10 * generator.lognormal(0, draw(st.floats(0, 1.5)), n)
    truth = frame["w"] * generator.lognormal(0, draw(st.floats(0, 0.5)), n)
    margins = {v: truth.groupby(frame[v]).sum().to_dict() for v in frame if v != "w"}
    return frame, margins


@given(samples())
@settings(deadline=None, max_examples=40)
def test_margins_are_met_with_positive_weights(sample):
    frame, margins = sample
    weights = rake(frame, margins, base_weight="w")
    table = weights.margins
    assert np.abs(table["after"] / table["target"] - 1).max() <= MARGIN_ERROR
    assert weights.g.min() > 0
    assert 1 <= weights.effective_n <= len(frame) * (1 + 1e-12)
    assert weights.deff >= 1 - 1e-12


@given(samples(), st.integers(0, 2**32), st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=40)
def test_order_of_rows_and_scale_of_base_weights_change_nothing(sample, seed, factor):
    frame, margins = sample
    expected = pd.Series(rake(frame, margins, base_weight="w").values, index=frame.index)
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(seed))
    assert rake(shuffled, margins, base_weight="w").values == pytest.approx(expected.loc[shuffled.index].to_numpy(), rel=1e-8)
    assert rake(frame, margins, base_weight=frame["w"] * factor).values == pytest.approx(expected.to_numpy(), rel=1e-8)


@given(samples())
@settings(deadline=None, max_examples=40)
def test_raking_twice_changes_nothing(sample):
    frame, margins = sample
    once = rake(frame, margins, base_weight="w")
    again = rake(frame, margins, base_weight=once.values)
    assert again.g == pytest.approx(np.ones(len(frame)), rel=1e-8)


@given(samples())
@settings(deadline=None, max_examples=40)
def test_raking_by_newton_gives_the_weights_of_proportional_fitting(sample):
    frame, margins = sample
    wide = calibrate(frame, list(margins), margins, base_weight="w", method="raking", bounds=(0, 1e6))
    assert wide.values == pytest.approx(rake(frame, margins, base_weight="w").values, rel=1e-6)


@given(samples(), st.floats(0.2, 0.95), st.floats(1.05, 4), st.sampled_from(["linear", "raking", "logit"]))
@settings(deadline=None, max_examples=40)
def test_bounds_are_kept_or_named(sample, low, high, method):
    frame, margins = sample
    options = {"base_weight": "w", "method": method, "bounds": (low, high)}
    try:
        weights = calibrate(frame, list(margins), margins, **options)
    except EstimationError:
        with pytest.raises(EstimationError, match=r"CR-W1[45]"):
            calibrate(frame, list(margins), margins, **options)
        return
    table = weights.margins
    assert np.abs(table["after"] / table["target"] - 1).max() <= MARGIN_ERROR
    assert low - 1e-9 <= weights.g.min() <= weights.g.max() <= high + 1e-9


@given(samples())
@settings(deadline=None, max_examples=40)
def test_residuals_vanish_for_known_totals_and_add_up_to_nothing(sample):
    frame, margins = sample
    weights = rake(frame, margins, base_weight="w")
    known = np.column_stack([weights.values * (frame[v] == c) for v, targets in margins.items() for c in targets])
    assert np.abs(weights.calibration.residuals(known)).max() <= 1e-8 * weights.values.max()
    z = weights.values * np.sin(np.arange(len(frame)))
    residuals = weights.calibration.residuals(z)
    assert weights.calibration.residuals(residuals) == pytest.approx(residuals, abs=1e-8 * np.abs(z).max())
    assert (residuals / weights.g).sum() == pytest.approx(0, abs=1e-8 * np.abs(z).sum())


@given(samples())
@settings(deadline=None, max_examples=40)
def test_post_stratification_is_raking_with_one_margin(sample):
    frame, margins = sample
    only = post_stratify(frame, "v0", margins["v0"], base_weight="w")
    assert only.values == pytest.approx(rake(frame, {"v0": margins["v0"]}, base_weight="w").values)


@given(st.lists(st.lists(st.integers(0, 5), min_size=12, max_size=12), min_size=1, max_size=5), st.sampled_from([6, 10**6, 2**40]))
def test_persons_share_a_cell_exactly_when_they_agree_in_everything(codes, size):
    groups = [np.array(c) for c in codes]
    found = form_cells(groups, [size] * len(groups))
    rows = list(zip(*codes, strict=True))
    members = list(zip(*(m.tolist() for m in found.members), strict=True))
    assert [members[c] for c in found.of] == rows
    assert len(set(members)) == len(members)
    assert found.persons.tolist() == [rows.count(member) for member in members]


@given(st.integers(0, 2**32), st.lists(st.sampled_from([1, -1]), min_size=3, max_size=6))
@settings(deadline=None, max_examples=40)
def test_scores_stay_on_their_scale_and_reliability_is_blind_to_order_and_to_turning_everything_round(seed, keys):
    generator = np.random.default_rng(seed)
    items = [f"q{i}" for i in range(len(keys))]
    answers = pd.DataFrame(generator.integers(1, 8, (40, len(keys))).astype(float), columns=items)
    frame = answers.mask(generator.random(answers.shape) < 0.1)
    scores = score_scale(frame, items, keys=keys, low=1, high=7).dropna()
    assert scores.between(1, 7).all()
    result = reliability(frame, items, keys=keys)
    assume(abs(result.alpha) < 1e3)  # items whose variances cancel have no alpha to speak of
    turned = reliability(frame[items[::-1]].sample(frac=1, random_state=1), items[::-1], keys=[-k for k in keys][::-1])
    assert turned.alpha == pytest.approx(result.alpha, rel=1e-6)
    assert result.alpha <= 1

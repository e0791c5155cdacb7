"""What must not change a synthetic comparison: names and order of units, the unit of measure, lasting differences, a level common to all."""

import numpy as np
import pandas as pd
import pytest

from commresearch.impact.synthetic_control import synthetic_control
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.outcomes import Panel

SAME_STEPS = 1e-6  #: relative; the steps are the same but for rounding, and stop at the same place
METHODS = pytest.mark.parametrize("method", [synthetic_control, synthetic_did])
SEEDS = pytest.mark.parametrize("seed", range(2))


def world(seed):
    rng = np.random.default_rng(seed)
    units, periods = int(rng.integers(7, 11)), int(rng.integers(8, 12))
    value = 30 + rng.normal(size=(units, 2)) @ rng.normal(size=(2, periods)).cumsum(axis=1) + rng.normal(size=(units, periods))
    first = np.full(units, np.nan)
    first[0] = periods - 3
    if seed % 2:
        first[1] = periods - 4
        return value[:7], first[:7]
    return value, first


def estimated(method, value, first, names=None):
    units, periods = value.shape
    names = [f"u{i:02d}" for i in range(units)] if names is None else names
    frame = pd.DataFrame({
        "unit": np.repeat(names, periods), "t": np.tile(np.arange(periods), units), "y": value.ravel(), "start": np.repeat(first, periods),
    })
    panel = Panel.from_frame(frame, community="unit", period="t", value="y", treated_from="start", outcome="y", unit="count")
    made = method(panel, draws=1000)  # all placebos, so that no lot depends on the order
    return np.array([made.estimate, made.std_error, made.conf_low, made.conf_high])


@METHODS
@SEEDS
def test_order_and_names_of_units(method, seed):
    value, first = world(seed)
    order = np.random.default_rng(seed).permutation(len(value))
    names = [f"n{i:02d}" for i in range(len(value))]
    assert estimated(method, value[order], first[order], names) == pytest.approx(estimated(method, value, first), rel=SAME_STEPS)


@METHODS
@SEEDS
def test_unit_of_measure(method, seed):
    value, first = world(seed)
    assert estimated(method, 100 * value, first) == pytest.approx(100 * estimated(method, value, first), rel=SAME_STEPS)


@METHODS
@SEEDS
def test_a_level_common_to_all(method, seed):
    """A path common to all is another matter: the noise level, and so the ridge, is that of raw changes, as in the reference."""
    value, first = world(seed)
    assert estimated(method, value + 1000, first) == pytest.approx(estimated(method, value, first), rel=SAME_STEPS)


@SEEDS
def test_lasting_differences_between_units(seed):
    value, first = world(seed)
    level = np.random.default_rng(seed).normal(size=(len(value), 1)) * 50
    assert estimated(synthetic_did, value + level, first) == pytest.approx(estimated(synthetic_did, value, first), rel=SAME_STEPS)


@METHODS
@SEEDS
def test_a_constant_effect_moves_the_estimate_by_itself(method, seed):
    value, first = world(seed)
    treated = np.arange(value.shape[1]) >= first[:, None]
    before, after = estimated(method, value, first), estimated(method, value + 7 * treated, first)
    assert after[0] == pytest.approx(before[0] + 7, rel=SAME_STEPS)
    assert after[1] == pytest.approx(before[1], rel=SAME_STEPS)

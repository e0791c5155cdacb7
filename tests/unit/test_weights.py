import numpy as np
import pandas as pd
import pytest

from commresearch.errors import EstimationError
from commresearch.survey.calibration import calibrate
from commresearch.survey.raking import post_stratify, rake
from commresearch.words import render_error

SEX = {"女": 520, "男": 480}
AGE = {"18-35": 400, "36-59": 350, "60+": 250}


@pytest.fixture
def sample():
    frame = pd.DataFrame(
        {
            "sex": ["女", "女", "女", "男", "女", "男", "男", "女", "男", "男"],
            "age": ["18-35", "36-59", "60+", "18-35", "36-59", "60+", "36-59", "18-35", "18-35", "60+"],
            "income": [3.0, 5, 4, 6, 2, 3, 7, 5, 4, 3],
            "w": [80.0, 120, 90, 110, 100, 95, 105, 100, 130, 70],
        },
        index=pd.Index([f"ab12cd34:1:{i}" for i in range(2, 12)], name="row_id"),
    )
    return frame.astype({"sex": "category"})


def faults(error):
    return [f.code for f in error.value.failures]


def fail(function, *arguments, **options):
    with pytest.raises(EstimationError) as error:
        function(*arguments, **options)
    for language in ("zh", "en"):
        assert "{" not in render_error(error.value, language)
    return error


def test_raking_meets_every_margin_and_reports_before_and_after(sample):
    weights = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w")
    table = weights.margins.set_index(["variable", "category"])
    assert table["after"].to_numpy() == pytest.approx([520, 480, 400, 350, 250])
    assert table.loc[("sex", "女"), "before"] == 490
    assert table.loc[("age", "60+"), "target_share"] == 0.25
    assert table["after_share"].groupby("variable").sum().to_numpy() == pytest.approx([1, 1])
    assert weights.values == pytest.approx(weights.base * weights.g)
    assert not weights.shares
    assert weights.trimmed == 0


def test_the_order_of_targets_and_unused_categories_change_no_weight(sample):
    expected = rake(sample, {"sex": SEX, "age": AGE})
    sample["sex"] = sample["sex"].cat.set_categories(["其他", "男", "女"])
    turned = rake(sample, {"age": dict(reversed(AGE.items())), "sex": SEX})
    assert turned.values == pytest.approx(expected.values)
    assert turned.margins["category"].tolist() == ["60+", "36-59", "18-35", "女", "男"]


def test_equal_base_weights_are_those_of_a_column(sample):
    equal, given = rake(sample, {"sex": SEX, "age": AGE}), rake(sample.assign(w=100.0), {"sex": SEX, "age": AGE}, base_weight="w")
    assert equal.values == pytest.approx(given.values)
    assert equal.base.tolist() == given.base.tolist() == [100] * 10
    assert equal.to_frame().equals(pd.DataFrame({"base_weight": equal.base, "g": equal.g, "weight": equal.values}, index=sample.index))
    z = equal.values * sample["income"].to_numpy()
    assert equal.calibration.residuals(z) == pytest.approx(given.calibration.residuals(z))


def test_effective_size_and_design_effect(sample):
    weights = post_stratify(sample, "sex", SEX, base_weight="w")
    w = weights.values
    assert weights.deff == pytest.approx(1 + w.var() / w.mean() ** 2)
    assert weights.effective_n == pytest.approx(10 / weights.deff)
    assert weights.g_range == pytest.approx((480 / 510, 520 / 490))


def test_frames_are_copies_and_arrays_read_only(sample):
    base = sample["w"].to_numpy(copy=True)
    weights = rake(sample, {"sex": SEX}, base_weight=base)
    changed = weights.margins
    changed.loc[0, "target"] = 0
    assert weights.margins.loc[0, "target"] == 520
    assert weights.to_frame().index.equals(sample.index)
    assert list(weights.to_frame()) == ["base_weight", "g", "weight"]
    with pytest.raises(ValueError, match="read-only"):
        weights.values[0] = 0
    base[0] = 1  # the caller's own array stays as it was
    assert weights.base[0] == 80


def test_shares_keep_the_sum_of_the_base_weights(sample):
    shares = {"sex": {"女": 0.52, "男": 0.48}, "age": {k: v / 1000 for k, v in AGE.items()}}
    weights = rake(sample, shares, base_weight="w")
    assert weights.shares
    assert weights.values.sum() == pytest.approx(sample["w"].sum())
    as_counts = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w")
    assert weights.values == pytest.approx(as_counts.values * sample["w"].sum() / 1000)


def test_without_base_weights_everybody_starts_with_the_same_share(sample):
    counts = rake(sample, {"sex": SEX})
    assert (counts.base == 100).all()
    assert counts.g_range == pytest.approx((0.96, 1.04))
    assert (rake(sample, {"sex": {"女": 0.52, "男": 0.48}}).base == 1).all()


def test_margins_may_be_a_table_a_series_or_a_cross(sample):
    expected = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w").values
    rows = [("sex", k, v) for k, v in SEX.items()] + [("age", k, v) for k, v in AGE.items()]
    table = pd.DataFrame(rows, columns=["variable", "category", "target"])
    assert rake(sample, table, base_weight="w").values == pytest.approx(expected)
    assert rake(sample, {"age": pd.Series(AGE), "sex": pd.Series(SEX)}, base_weight=sample["w"]).values == pytest.approx(expected)
    cells = {(s, a): SEX[s] * AGE[a] / 1000 for s in SEX for a in AGE}
    crossed = rake(sample, {("sex", "age"): cells}, base_weight="w")
    assert crossed.values == pytest.approx(post_stratify(sample, ["sex", "age"], pd.Series(cells), base_weight="w").values)
    assert crossed.margins.loc[0, ["variable", "category"]].tolist() == ["sex × age", "女 × 18-35"]
    as_rows = pd.DataFrame([(*k, v) for k, v in cells.items()], columns=["sex", "age", "target"])
    assert post_stratify(sample, ["sex", "age"], as_rows, base_weight="w").values == pytest.approx(crossed.values)


def test_post_stratification_is_target_over_sum(sample):
    weights = post_stratify(sample, "age", AGE, base_weight="w")
    by_hand = sample["w"] * sample["age"].map(AGE) / sample.groupby("age")["w"].transform("sum")
    assert weights.values == pytest.approx(by_hand.to_numpy())
    assert weights.method == "post_stratification"


def test_everything_wrong_is_reported_at_once(sample):
    sample.loc["ab12cd34:1:2", "age"] = None
    sample.loc["ab12cd34:1:3", "w"] = 0
    error = fail(rake, sample, {"sex": {"女": 520, "男": -1}, "age": AGE, "street": {"a": 1}}, base_weight="w")
    assert faults(error) == ["CR-W10", "CR-W07", "CR-W02", "CR-W05"]
    assert "ab12cd34:1:2" in render_error(error.value, "en")


@pytest.mark.parametrize(
    ("margins", "codes"),
    [
        ({"sex": {"女": 1000}}, ["CR-W08"]),
        ({"sex": {**SEX, "其他": 5}}, ["CR-W09"]),
        ({"age": {"18-35": 400, "36-59": 350, "60岁以上": 250}}, ["CR-W08", "CR-W09"]),
        ({"sex": {"女": 0, "男": 1000}}, ["CR-W10"]),
        ({"sex": {"女": float("nan"), "男": "很多"}}, ["CR-W10", "CR-W10"]),
        ({"sex": SEX, "age": {k: v + 1 for k, v in AGE.items()}}, ["CR-W12"]),
        ({"sex": {"女": 0.5, "男": 0.4}, "age": {"18-35": 0.4, "36-59": 0.4, "60+": 0.2}}, ["CR-W12"]),
        ({"sex": SEX, "age": {"18-35": 0.4, "36-59": 0.4, "60+": 0.2}}, ["CR-W12"]),
        (pd.DataFrame([("sex", "女", 1), ("sex", "男", 1), ("sex", "女", 1)], columns=["variable", "category", "target"]), ["CR-W11"]),
        (pd.DataFrame({"variable": ["sex"], "target": [1]}), ["CR-W26"]),
        (pd.DataFrame(columns=["variable", "category", "target"]), ["CR-W26"]),
        ({"sex": 1000}, ["CR-W04"]),
        ({"sex": {}}, ["CR-W04"]),
        ({}, ["CR-W04"]),
        ("sex", ["CR-W04"]),
        ({"street": {"a": 1}}, ["CR-W02"]),
        ({"sex": {"女": 0.5, "男": 0.4}}, ["CR-W13"]),
        ({"sex": {"女": 0.52, "男": 0.49}}, ["CR-W13"]),
    ],
)
def test_margins_that_do_not_fit(sample, margins, codes):
    assert faults(fail(rake, sample, margins)) == codes


def test_text_and_number_are_told_apart_in_the_message():
    frame = pd.DataFrame({"q1": [1, 2, 2]})
    text = render_error(fail(rake, frame, {"q1": {"1": 5, "2": 5}}).value, "en")
    assert "1, 2. There are targets for: “1”, “2”" in text


def test_percentages_are_not_taken_for_counts():
    frame = pd.DataFrame({"sex": ["f", "m"] * 60})
    assert faults(fail(rake, frame, {"sex": {"f": 52, "m": 48}})) == ["CR-W13"]
    assert faults(fail(rake, frame, {"sex": {"f": 51.9, "m": 48}})) == ["CR-W13"]
    assert rake(frame.iloc[:90], {"sex": {"f": 52, "m": 48}}).values.sum() == pytest.approx(100)  # a village of a hundred


def test_an_empty_table_and_a_table_of_wrong_shape(sample):
    assert faults(fail(rake, sample.iloc[:0], {"sex": SEX})) == ["CR-W01"]
    assert faults(fail(calibrate, sample.iloc[:0], ["income"], {"income": 5000})) == ["CR-W01"]
    assert faults(fail(post_stratify, sample, ["sex", "age"], pd.DataFrame({"sex": ["女"], "target": [1]}))) == ["CR-W26"]
    assert faults(fail(post_stratify, sample, "sex", 5)) == ["CR-W04"]


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ([1.0] * 9, "CR-W06"),
        (pd.Series([1.0] * 10), "CR-W06"),
        ([1.0] * 9 + [np.nan], "CR-W05"),
        ([1.0] * 9 + [np.inf], "CR-W05"),
        (["x"] * 10, "CR-W03"),
        ("age", "CR-W03"),
        ("weight", "CR-W02"),
    ],
)
def test_unusable_base_weights(sample, base, code):
    assert faults(fail(rake, sample, {"sex": SEX}, base_weight=base)) == [code]


def test_a_column_that_is_there_twice(sample):
    twice = pd.concat([sample, sample[["sex", "income"]]], axis=1)
    assert faults(fail(rake, twice, {"sex": SEX})) == ["CR-W27"]
    assert faults(fail(calibrate, twice, ["income"], {"income": 4300})) == ["CR-W27"]


def test_a_cross_with_a_missing_part_is_missing(sample):
    sample.loc["ab12cd34:1:2", "age"] = None
    cells = {(s, a): 100 for s in SEX for a in AGE}
    assert faults(fail(post_stratify, sample, ["sex", "age"], cells)) == ["CR-W07"]


@pytest.mark.parametrize("bounds", [(1.2, 2), (0.5, 0.9), (-0.5, 2), (float("nan"), 2)])
def test_bounds_must_enclose_one(sample, bounds):
    assert faults(fail(rake, sample, {"sex": SEX}, bounds=bounds)) == ["CR-W21"]


def test_bounds_and_margins_hold_together(sample):
    free = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w")
    bounds = (0.93, 1.15)
    weights = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w", bounds=bounds)
    assert free.g.min() < bounds[0] - 0.01
    assert weights.g_range == pytest.approx((0.93, 1.123), abs=1e-4)
    assert weights.margins["after"].to_numpy() == pytest.approx(weights.margins["target"].to_numpy(), rel=1e-10)
    assert weights.trimmed == 2


def test_infeasible_bounds_say_which_one_and_how_far(sample):
    margins = {"sex": {"女": 800, "男": 200}, "age": AGE}
    error = fail(rake, sample, margins, base_weight="w", bounds=(0.1, 1.5))
    assert faults(error) == ["CR-W14"]
    least = float(error.value.failures[0].values["least"])
    assert rake(sample, margins, base_weight="w", bounds=(0.1, least * 1.001)).trimmed > 0
    assert faults(fail(rake, sample, margins, base_weight="w", bounds=(0.1, least * 0.99))) == ["CR-W14"]
    error = fail(rake, sample, margins, base_weight="w", bounds=(0.5, 9))
    assert faults(error) == ["CR-W15"]
    greatest = float(error.value.failures[0].values["greatest"])
    assert rake(sample, margins, base_weight="w", bounds=(greatest * 0.99, 9)).g.min() >= greatest * 0.98


def test_margins_that_the_sample_cannot_combine():
    same = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["p", "p", "q", "q"]})
    assert faults(fail(rake, same, {"a": {"x": 60, "y": 40}, "b": {"p": 50, "q": 50}})) == ["CR-W19"]
    corner = pd.DataFrame({"a": ["x", "x", "y"], "b": ["p", "q", "q"]})
    assert faults(fail(rake, corner, {"a": {"x": 40, "y": 60}, "b": {"p": 50, "q": 50}})) == ["CR-W16"]
    error = fail(rake, corner, {"a": {"x": 50, "y": 50}, "b": {"p": 50, "q": 50}})
    assert faults(error) == ["CR-W18"]
    assert error.value.failures[0].values == {"count": 1, "n": 3, "example": "a = x; b = q"}


def test_margins_that_depend_strongly_on_each_other_are_met_all_the_same():
    """Proportional fitting alone would need thousands of rounds here."""
    frame = pd.DataFrame({"a": ["x"] * 50 + ["y"] * 50, "b": ["p"] * 49 + ["q"] * 50 + ["p"]})
    weights = rake(frame, {"a": {"x": 90, "y": 10}, "b": {"p": 10.5, "q": 89.5}})
    assert weights.margins["after"].to_numpy() == pytest.approx([90, 10, 10.5, 89.5], rel=1e-10)


def test_too_few_rounds(sample):
    error = fail(rake, sample, {"sex": SEX, "age": AGE}, base_weight="w", max_iterations=1)
    assert faults(error) == ["CR-W17"]
    assert error.value.failures[0].values["max_iterations"] == 1


def test_linear_calibration_by_its_closed_form(sample):
    weights = calibrate(sample, ["sex", "income"], {"sex": SEX, "income": 4300}, base_weight="w")
    d = sample["w"].to_numpy()
    x = np.column_stack([sample["sex"] == "女", sample["sex"] == "男", sample["income"]]).astype(float)
    g = 1 + x @ np.linalg.solve(x.T * d @ x, np.array([520, 480, 4300]) - d @ x)
    assert weights.g == pytest.approx(g, rel=1e-12)
    income = weights.margins.iloc[-1]
    assert pd.isna(income["category"])
    assert income["after"] == pytest.approx(4300)
    assert pd.isna(income["target_share"])


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_bounded_calibration(sample, method):
    bounds = (0.6, 1.6)
    weights = calibrate(sample, ["age", "income"], {"age": AGE, "income": 4400}, base_weight="w", method=method, bounds=bounds)
    assert weights.margins["after"].to_numpy() == pytest.approx(weights.margins["target"].to_numpy(), rel=1e-10)
    assert bounds[0] <= weights.g.min() <= weights.g.max() <= bounds[1]


def test_a_population_stands_for_a_constant(sample):
    with_population = calibrate(sample, ["income"], {"income": 4300}, population=1000)
    assert with_population.values.sum() == pytest.approx(1000)
    assert with_population.margins["variable"].tolist() == ["population", "income"]
    alone = calibrate(sample, ["income"], {"income": 4300}, base_weight="w")
    assert alone.margins["after"].tolist() == pytest.approx([4300])
    assert alone.g == pytest.approx(1 + sample["income"] * (alone.g[0] - 1) / 3)  # no constant: g - 1 is proportional to income
    assert calibrate(sample, ["sex"], {"sex": SEX}, population=1000).values.sum() == pytest.approx(1000)
    assert faults(fail(calibrate, sample, ["sex"], {"sex": SEX}, population=900)) == ["CR-W12"]
    assert faults(fail(calibrate, sample, ["income"], {"income": 4300}, population=-5)) == ["CR-W10"]


@pytest.mark.parametrize(
    ("auxiliaries", "totals", "options", "codes"),
    [
        (["sex"], {"sex": {"女": 0.5, "男": 0.5}}, {}, ["CR-W13"]),
        (["sex", "income"], {"sex": SEX, "age": AGE}, {}, ["CR-W23"]),
        ([], {}, {}, ["CR-W23"]),
        (["income"], {"income": "多"}, {}, ["CR-W24"]),
        (["age"], {"age": 5}, {}, ["CR-W03"]),
        (["rent"], {"rent": 5}, {}, ["CR-W02"]),
        (["sex"], {"sex": SEX}, {"method": "exponential"}, ["CR-W20"]),
        (["sex"], {"sex": SEX}, {"method": "logit"}, ["CR-W21"]),
        (["sex", "age"], {"sex": SEX, "age": {k: v * 2 for k, v in AGE.items()}}, {}, ["CR-W12"]),
    ],
)
def test_calibration_that_does_not_fit(sample, auxiliaries, totals, options, codes):
    assert faults(fail(calibrate, sample, auxiliaries, totals, **options)) == codes


def test_a_number_must_be_complete(sample):
    sample.loc["ab12cd34:1:4", "income"] = np.nan
    assert faults(fail(calibrate, sample, ["income"], {"income": 4300})) == ["CR-W07"]


def test_collinear_auxiliaries(sample):
    sample["twice"] = 2 * sample["income"] + 1
    totals = {"sex": SEX, "income": 4300}
    expected = calibrate(sample, ["sex", "income"], totals, base_weight="w").values
    consistent = calibrate(sample, ["sex", "income", "twice"], totals | {"twice": 9600}, base_weight="w")
    assert consistent.values == pytest.approx(expected)
    error = fail(calibrate, sample, ["sex", "income", "twice"], totals | {"twice": 9000}, base_weight="w")
    assert faults(error) == ["CR-W19"]
    assert "twice" in render_error(error.value, "zh")


def test_negative_weights_are_refused_unless_asked_for(sample):
    options = {"base_weight": "w"}
    arguments = (sample, ["sex", "income"], {"sex": SEX, "income": 6600})
    assert faults(fail(calibrate, *arguments, **options)) == ["CR-W22"]
    assert calibrate(*arguments, **options, bounds=(-np.inf, np.inf)).g.min() < 0
    assert faults(fail(calibrate, *arguments, **options, bounds=(0, 50))) == ["CR-W16"]


def test_a_year_among_the_numbers_costs_no_digits(sample):
    """Far from zero and hardly varying: solved in centred form."""
    sample["year"] = 2_000_000 + sample["income"]
    far = calibrate(sample, ["sex", "year"], {"sex": SEX, "year": 2_000_000 * 1000 + 4300}, base_weight="w")
    near = calibrate(sample, ["sex", "income"], {"sex": SEX, "income": 4300}, base_weight="w")
    assert far.values == pytest.approx(near.values, rel=1e-8)


def test_residuals_are_those_of_a_weighted_regression(sample):
    weights = calibrate(sample, ["sex", "income"], {"sex": SEX, "income": 4300}, base_weight="w", method="raking")
    u = np.random.default_rng(5).normal(size=(10, 2))
    x = np.column_stack([sample["sex"] == "女", sample["sex"] == "男", sample["income"]]).astype(float)
    root = np.sqrt(weights.base)[:, None]
    e = u - x @ np.linalg.lstsq(root * x, root * u)[0]
    z = weights.values[:, None] * u
    assert weights.calibration.residuals(z) == pytest.approx(weights.values[:, None] * e)
    assert weights.calibration.residuals(z[:, 0]) == pytest.approx(weights.calibration.residuals(z)[:, 0])


def test_what_the_calibration_knows_has_no_residual(sample):
    weights = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w")
    known = weights.values * (sample["age"] == "60+").to_numpy(dtype=float)
    assert weights.calibration.residuals(known) == pytest.approx(np.zeros(10), abs=1e-10)


def test_a_weight_of_zero_takes_no_part(sample):
    weights = calibrate(sample, ["age", "income"], {"age": AGE, "income": 5300}, base_weight="w", bounds=(0, 4))
    assert (weights.g == 0).any()
    residuals = weights.calibration.residuals(weights.values * sample["income"].to_numpy())
    assert residuals == pytest.approx(np.zeros(10), abs=1e-8)


def test_replicates_are_calibrated_to_the_same_totals(sample):
    weights = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w")
    assert weights.calibration.reweight(weights.base) == pytest.approx(weights.values)
    base = np.where(np.arange(10) == 0, 0, weights.base * 10 / 9)
    without_first = weights.calibration.reweight(base)
    assert without_first[0] == 0
    assert without_first[1:] == pytest.approx(rake(sample.iloc[1:], {"sex": SEX, "age": AGE}, base_weight="w").values)
    with pytest.raises(EstimationError) as error:
        weights.calibration.reweight(np.where(sample["age"] == "60+", 0, weights.base))
    assert faults(error) == ["CR-W25"]
    assert "60+" in render_error(error.value, "zh")


def test_summary_in_both_languages(sample):
    weights = rake(sample, {"sex": SEX, "age": AGE}, base_weight="w", bounds=(0.93, 1.15))
    for language, words in (("zh", ("有效样本量", "人的权重停在限制上")), ("en", ("effective sample size", "at a bound"))):
        assert all(word in weights.summary(language) for word in words)

"""Drawings of a comparison: what is in them, and that they can be written with every label in both languages."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from commresearch.reporting import comparison_figures as figures
from commresearch.reporting import comparison_score_figures as patterns
from commresearch.reporting.comparison_marks import folded, height, reach, span
from commresearch.reporting.display import display_width
from commresearch.terms import Language, Unit
from commresearch.words import say

NAMES = {
    Language.ZH: ["环翠", "莱阳市古城街道梨园小区邻里服务中心", "盐场路街道合汇社区（试点小区）"],
    Language.EN: ["Huancui District", "Laiyang, Gucheng Subdistrict, Liyuan Estate neighbourhood centre", "Hehui Community"],
}
POOLED = {"estimate": -11.8, "conf_low": -16.2, "conf_high": -7.1, "pi_low": -26.0, "pi_high": 3.0, "conf_level": 0.95}
NAN = float("nan")


def forest_frame(language=Language.EN):
    return pd.DataFrame({
        "label": NAMES[language], "estimate": [-10.0, -20.0, -68.0], "conf_low": [-18.0, -33.0, NAN], "conf_high": [-2.0, np.inf, NAN],
        "weight": [60.0, 40.0, NAN], "pooled": [True, True, False], "claim": [False, False, True],
    })


def claim_frame(language=Language.EN):
    frame = pd.DataFrame({"label": NAMES[language], "regression_to_mean": [-18.0, 4.0, NAN], "season": [3.0, NAN, NAN], "recording": [-6.0, 2.0, NAN]})
    for name, value in (("claimed", -68.0), ("remeasured", -41.0), ("estimated", -12.0)):
        frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = value, value - 6, value + 6
    return frame


def funnel_frames(language=Language.EN):
    errors = np.linspace(0, 8, 20)
    limits = pd.DataFrame({"std_error": errors, **{f"{end}_{k}": -12 + s * z * errors for k, z in (("95", 1.96), ("998", 3.09)) for end, s in (("low", -1), ("high", 1))}})
    return pd.DataFrame({"label": NAMES[language], "estimate": [-10.0, -14.0, 30.0], "std_error": [3.0, 5.0, 4.0], "outside": [False, False, True]}), limits


def ranks_frame(language=Language.EN):
    return pd.DataFrame({
        "label": NAMES[language], "estimate": [-9.0, -12.0, -14.0], "conf_low": [-15.0, -20.0, -22.0], "conf_high": [-3.0, -4.0, -6.0],
        "raw": [-6.0, -12.0, -19.0], "rank_low": [1, 1, 2], "rank_high": [2, 3, 3],
    })


def directions(language=Language.EN):
    return pd.DataFrame({
        "label": NAMES[language], "outcome": ["投诉率", "投诉率", "空间使用率"] if language is Language.ZH else ["complaints", "complaints", "space use"],
        "direction": ["decrease", "unclear", "increase"], "grade": ["E3", "E1", "E4"],
    })


def memberships(language=Language.EN):
    return pd.DataFrame({"label": NAMES[language], "x": [1.0, 1.0, 0.2], "y": [1.0, 0.0, 0.8]})


def all_drawings(language, *, simulated=False):
    frame, limits = funnel_frames(language)
    told = {"unit": Unit.PERCENT, "language": language, "outcome": "complaint_rate", "simulated": simulated}
    return {
        "forest": figures.forest(forest_frame(language), POOLED, **told), "apart": figures.forest(forest_frame(language), None, **told),
        "funnel": figures.funnel(frame, limits, centre=-12.0, **told), "caterpillar": figures.caterpillar(ranks_frame(language), **told),
        "harvest": figures.harvest(directions(language), language=language, simulated=simulated), "claim": figures.claim_remeasured(claim_frame(language), **told),
        "xy": patterns.xy_plot(memberships(language), x_name="A*~B", y_name="Y", inclusion=0.8, coverage=0.6, language=language, simulated=simulated),
        "weights": patterns.weight_ranks(ranks_frame(language), language=language, simulated=simulated),
    }


def texts(drawing):
    return [t.get_text() for t in drawing.findobj(lambda artist: hasattr(artist, "get_text")) if t.get_text()]


def faces(axes):
    """Face colours of points drawn one row at a time."""
    return [tuple(c.get_facecolor()[0][:3]) for c in axes.collections if len(c.get_offsets()) == 1 and len(c.get_facecolor())]


@pytest.mark.parametrize("language", list(Language))
def test_every_drawing_can_be_written_and_says_what_it_is(language, tmp_path):
    for name, drawing in all_drawings(language, simulated=True).items():
        drawing.savefig(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
        shown = texts(drawing)
        assert say("reports.simulated_stamp", language) in shown
        assert not any("nan" in t or "{" in t for t in shown), name


def test_data_that_are_not_simulated_carry_no_stamp():
    for name, drawing in all_drawings(Language.EN).items():
        assert "Simulated data" not in texts(drawing), name


def test_a_forest_fills_only_what_is_pooled_and_puts_the_interval_in_figures():
    drawing = figures.forest(forest_frame(), POOLED, unit=Unit.PERCENT, language=Language.EN)
    axes = drawing.axes[0]
    white = [face == (1.0, 1.0, 1.0) for face in faces(axes)]
    assert white == [False, False, True]
    shown = texts(drawing)
    assert "−10 (−18, −2)" in shown
    assert "−20 (−33, ∞)" in shown  # no upper end: an arrow in the drawing
    assert "−68" in shown  # a claim as printed, without interval
    assert "−12 (−16, −7)" in shown
    assert "published figure" in shown


def test_a_forest_without_pooling_has_neither_diamond_nor_prediction_interval():
    drawing = figures.forest(forest_frame(), None, unit=Unit.PERCENT, language=Language.EN)
    assert len(drawing.axes[0].patches) == 0
    assert all(face == (1.0, 1.0, 1.0) for face in faces(drawing.axes[0]))
    assert not any("Pooled" in t or "Prediction" in t for t in texts(drawing))
    no_interval = figures.forest(forest_frame(), POOLED | {"pi_low": NAN, "pi_high": NAN}, unit=Unit.PERCENT, language=Language.EN)
    assert not any("Prediction" in t for t in texts(no_interval))


def test_rows_stay_in_the_order_given():
    for drawing in (
        figures.forest(forest_frame(), None, unit=Unit.PERCENT, language=Language.EN), figures.caterpillar(ranks_frame(), unit=Unit.PERCENT, language=Language.EN),
        patterns.weight_ranks(ranks_frame(), language=Language.EN),
    ):
        labels = [t.get_text().replace("\n", " ") for t in drawing.axes[0].get_yticklabels()]
        assert labels == NAMES[Language.EN]
        assert drawing.axes[0].yaxis_inverted()


def test_one_very_long_interval_does_not_press_the_others_together():
    low, high = reach(np.array([-10.0, -12.0, -9.0]), np.array([[-15.0, -5.0], [-17.0, -7.0], [-900.0, 900.0]]))
    assert low > -60
    assert high < 60
    assert reach(np.array([1.0]), np.array([[NAN, NAN]]))[0] < 0 < 1 < reach(np.array([1.0]), np.array([[NAN, NAN]]))[1]
    assert span(np.array([NAN])) == (-1.0, 1.0)


def test_a_funnel_fills_only_cases_outside_the_outer_limits():
    frame, limits = funnel_frames()
    drawing = figures.funnel(frame, limits, centre=-12.0, unit=Unit.PERCENT, language=Language.EN)
    hollow, filled = drawing.axes[0].collections[2:4]
    assert len(hollow.get_offsets()) == 2
    assert filled.get_offsets().tolist() == [[4.0, 30.0]]
    assert {"1", "2", "3"} <= set(texts(drawing))


def test_points_in_one_place_share_a_label():
    frame = pd.DataFrame({"label": list("abcd"), "x": [1.0, 1.0, 0.0, 1.0], "y": [1.0, 1.0, 1.0, 0.0]})
    shown = texts(patterns.xy_plot(frame, x_name="A", y_name="Y", inclusion=0.7, coverage=0.5, language=Language.EN))
    assert "1, 2" in shown
    assert "sufficiency: inclusion 0.70, coverage 0.50" in shown


def test_parts_of_a_difference_add_up_on_either_side_of_zero():
    drawing = figures.claim_remeasured(claim_frame(), unit=Unit.PERCENT, language=Language.EN)
    bars = [(bar.get_x(), bar.get_width()) for bar in drawing.axes[1].patches if bar.get_width()]
    first = [b for b in bars if b in [(0.0, -18.0), (-18.0, -6.0), (0.0, 3.0)]]
    assert len(first) == 3  # −18 and behind it −6 to the left, +3 to the right
    assert "—" in texts(drawing)  # a difference that cannot be split


def test_directions_below_e3_are_hollow_and_gaps_are_dots():
    drawing = figures.harvest(directions(), language=Language.EN)
    white = [face == (1.0, 1.0, 1.0) for face in faces(drawing.axes[0])]
    assert white == [False, True, False]
    assert texts(drawing).count("·") == 3  # three cases by two outcomes, three pairs without an estimate


def test_the_gap_map_fills_grades_from_e3_on():
    counts = pd.DataFrame([[1, 0], [8, 2]], index=["a", "b"], columns=["x", "y"])
    grades = pd.DataFrame([["E0", ""], ["E4", "E1"]], index=["a", "b"], columns=["x", "y"])
    drawing = patterns.gap_map(counts, grades, language=Language.EN)
    assert [face == (1.0, 1.0, 1.0) for face in faces(drawing.axes[0])] == [True, False, True]
    assert "·" in texts(drawing)
    assert not any("nan" in t for t in texts(patterns.gap_map(counts * 0, grades.map(lambda _: ""), language=Language.EN)))


def test_shades_are_counts_with_the_cases_that_state_a_mechanism():
    both = pd.DataFrame([[1, 0], [3, 2]], index=["a", "b"], columns=["x", "y"])
    shown = texts(patterns.mechanism_outcomes(both, [2, 5], [4, 2], language=Language.EN))
    assert {"1/2", "3/5", "2/5", "·", "x\n(cases: 4)"} <= set(shown)


@pytest.mark.parametrize("n", [3, 12, 16])
@pytest.mark.parametrize("language", list(Language))
def test_rows_fit_on_a_page_and_labels_do_not_overlap(language, n):
    names = (NAMES[language] * 6)[:n]
    frame = pd.DataFrame({
        "label": names, "estimate": np.linspace(-20, 5, n), "conf_low": np.linspace(-30, -5, n), "conf_high": np.linspace(-10, 15, n), "weight": 100 / n,
        "pooled": True, "claim": False,
    })
    drawing = figures.forest(frame, POOLED, unit=Unit.PERCENT, language=language, simulated=True)
    assert drawing.get_figheight() < 9.5
    assert_no_overlap(drawing)


def assert_no_overlap(drawing: Drawing) -> None:
    """Labels of rows stand clear of each other where they will be printed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(drawing)
    canvas.draw()
    boxes = sorted((t.get_window_extent(canvas.get_renderer()) for t in drawing.axes[0].get_yticklabels()), key=lambda b: b.y0)
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in pairwise(boxes))


@pytest.mark.parametrize(("label", "lines"), [("环翠", 1), ("莱阳市古城街道梨园小区邻里服务中心", 2), ("Huancui District", 1), (NAMES[Language.EN][1], 3), ("x" * 200, 3)])
def test_labels_fold_on_at_most_three_lines_of_about_one_length(label, lines):
    parts = folded(label).split("\n")
    assert len(parts) == lines
    assert "".join(parts).replace(" ", "") == label.replace(" ", "")
    assert max(map(display_width, parts)) <= max(2 * min(map(display_width, parts)), 24)


def test_rows_grow_with_the_longest_label():
    assert height(["a", "b"]) == pytest.approx(0.6)
    assert height(["a", "b\nc\nd"]) > 0.6

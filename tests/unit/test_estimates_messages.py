"""Every fault of an estimate has a message in both languages that says where, what, and what to do."""

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import EstimationError
from commresearch.survey.association import rao_scott_test
from commresearch.survey.estimates import estimate_mean, estimate_ratio, estimate_share, estimate_total
from commresearch.survey.quantiles import estimate_quantile
from commresearch.survey.regression import survey_regression
from commresearch.terms import Language
from commresearch.words import entries, render_error

FRAME = pd.DataFrame(
    {
        "h": ["a"] * 4 + ["b"] * 4,
        "c": [1, 1, 2, 2, 1, 1, 2, 2],
        "w": [1.0, 2.0, 1.0, 2.0, 3.0, 1.0, 2.0, 1.0],
        "y": [3.0, 4.0, 5.0, 6.0, 7.0, 5.0, 4.0, 3.0],
        "t": list("uvuvuvuv"),
        "k": list("uvvvuuuv"),
        "zero": 0.0,
        "N": [5, 5, 5, 5, 9, 9, 9, 9],
        "b": [0, 1, 0, 1, 0, 1, 0, 1],
    },
    index=[f"r{i}" for i in range(8)],
)
DESIGN = {"weights": "w", "strata": "h", "clusters": "c"}


class Fixed:
    """Calibrated weights that cannot be calibrated again."""

    values = FRAME["w"].to_numpy()

    class calibration:  # noqa: N801
        @staticmethod
        def residuals(z):
            return z


def mean(frame=FRAME, variable="y", **changes):
    return lambda: estimate_mean(frame, variable, **(DESIGN | changes))


def change(**columns):
    return FRAME.assign(**columns)


def at(column, row, value):
    frame = FRAME.astype({column: object if isinstance(value, str) else float})
    frame.loc[row, column] = value
    return frame


TWICE = pd.concat([FRAME, FRAME["y"]], axis=1)
CASES = [
    ("CR-W50", mean(FRAME.iloc[:0]), []),
    ("CR-W51", mean(variable="satisfaction"), ["variable", "satisfaction", "h, c, w"]),
    ("CR-W51", mean(by=["district"]), ["by", "district"]),
    ("CR-W51", mean(weights="wx"), ["weights", "wx"]),
    ("CR-W52", mean(TWICE), ["2", "y"]),
    ("CR-W53", mean(weights=np.ones(5)), ["5", "8", "weights"]),
    ("CR-W54", mean(weights=pd.Series(np.ones(8))), ["weights"]),
    ("CR-W55", mean(variable="t"), ["t", "u", "estimate_share"]),
    ("CR-W55", mean(at("y", "r2", "十")), ["y", "1", "十", "r2"]),
    ("CR-W56", mean(at("y", "r2", np.inf)), ["r2", "1"]),
    ("CR-W57", mean(at("w", "r3", np.nan)), ["weights", "r3"]),
    ("CR-W57", mean(FRAME.assign(h=FRAME["h"].mask(FRAME.index == "r5"))), ["strata", "r5"]),
    ("CR-W57", mean(at("c", "r6", np.nan)), ["clusters", "r6"]),
    ("CR-W57", mean(at("N", "r6", np.nan), fpc="N"), ["fpc", "r6"]),
    ("CR-W58", mean(missing="drop"), ["missing", "drop", "domain, raise"]),
    ("CR-W58", mean(single_psu="adjust"), ["single_psu", "adjust", "certainty"]),
    ("CR-W58", mean(sampling="random"), ["sampling", "random", "quota"]),
    ("CR-W58", mean(method="jackknife", single_psu="average"), ["single_psu", "average", "certainty"]),
    ("CR-W58", lambda: estimate_quantile(FRAME, "y", method="jackknife", **DESIGN), ["method", "jackknife", "taylor"]),
    ("CR-W58", lambda: estimate_share(FRAME, "t", interval="exact", **DESIGN), ["interval", "exact", "logit, beta, wald"]),
    ("CR-W58", lambda: rao_scott_test(FRAME, "t", "k", statistic="G", **DESIGN), ["statistic", "G", "Chisq"]),
    ("CR-W58", lambda: survey_regression(FRAME, "y", ["t"], family="gamma", **DESIGN), ["family", "gamma", "poisson"]),
    ("CR-W59", mean(conf_level=95), ["conf_level", "95"]),
    ("CR-W59", lambda: estimate_quantile(FRAME, "y", q=[0.5, 50], **DESIGN), ["q", "50"]),
    ("CR-W60", mean(sampling="opt_in", fpc="N"), ["opt_in", "fpc"]),
    ("CR-W61", mean(clusters=("c", "k"), fpc="N"), ["fpc", "1", "2"]),
    ("CR-W61", mean(strata=("h", "k")), ["strata", "2", "1"]),
    ("CR-W62", mean(at("w", "r1", -1.0)), ["w", "r1"]),
    ("CR-W62", mean(change(w=-1.0)), ["w", "r0", "8"]),
    ("CR-W57", mean(change(w=np.nan)), ["weights", "r0", "8"]),
    ("CR-W63", mean(weights="zero"), ["zero"]),
    ("CR-W64", mean(fpc="zero"), ["zero", "8"]),
    ("CR-W65", mean(at("N", "r0", 0.5), fpc="N"), ["N", "r0", "7"]),
    ("CR-W66", mean(at("N", "r0", 6.0), fpc="N"), ["r0", "4"]),
    ("CR-W67", mean(change(N=1.5), fpc="N"), ["1.5", "2", "r0"]),
    ("CR-W68", mean(nest=False), ["c", "1, 2"]),
    ("CR-W69", mean(FRAME.iloc[:6]), ["b", "1", "single_psu"]),
    ("CR-W69", mean(FRAME[FRAME.index != "r1"], clusters=("c", "k"), fpc=("N", "N")), ["a / 1", "2"]),
    ("CR-W81", mean(FRAME.iloc[:2], strata=None), ["clusters", "2"]),
    ("CR-W70", mean(FRAME.rename(columns={"t": "unit"}), by="unit"), ["unit", "estimate"]),
    ("CR-W70", mean(by=["t", "t"]), ["t"]),
    ("CR-W71", mean(at("y", "r4", np.nan), missing="raise"), ["variable", "y", "r4"]),
    ("CR-W72", mean(change(t=None), by="t"), ["8", "y"]),
    ("CR-W82", mean(change(y=np.nan)), ["8", "y"]),
    ("CR-W74", mean(weights=Fixed(), method="jackknife"), ["rake", "taylor"]),
    ("CR-W75", lambda: estimate_ratio(FRAME, ("y", "zero"), by="t", **DESIGN), ["zero", "u, v"]),
    ("CR-W83", lambda: estimate_ratio(FRAME, ("y", "zero"), **DESIGN), ["zero"]),
    ("CR-W77", lambda: rao_scott_test(change(k="u"), "t", "k", **DESIGN), ["t", "2", "k", "1"]),
    ("CR-W78", lambda: survey_regression(change(twin=FRAME["y"] * 2), "b", ["y", "twin"], **DESIGN), ["twin"]),
    ("CR-W78", lambda: survey_regression(change(k="u"), "y", ["k"], **DESIGN), ["k[u]"]),
    ("CR-W79", lambda: survey_regression(FRAME, "b", ["t"], family="binomial", **DESIGN), ["binomial", "50"]),
    ("CR-W80", lambda: survey_regression(FRAME, "y", ["t"], family="binomial", **DESIGN), ["y", "8", "0", "1"]),
    ("CR-W80", lambda: survey_regression(at("y", "r7", -2.0), "y", ["t"], family="poisson", **DESIGN), ["r7", "∞"]),
]


@pytest.mark.parametrize(("code", "call", "said"), CASES)
@pytest.mark.parametrize("language", list(Language))
def test_a_fault_is_named_with_its_place_and_remedy(code, call, said, language):
    with pytest.raises(EstimationError) as caught:
        call()
    assert [f.code for f in caught.value.failures] == [code]
    text = render_error(caught.value, language)
    assert ("处理：" if language is Language.ZH else "What to do:") in text
    assert [word for word in said if word not in text] == []


def test_too_many_categories_and_replicates_are_refused(monkeypatch):
    many = pd.DataFrame({"v": np.arange(300), "w": 1.0})
    monkeypatch.setattr("commresearch.survey.replicates.MAX_REPLICATES", 100)
    for code, call in (
        ("CR-W76", lambda: estimate_share(many, "v", weights="w")),
        ("CR-W73", lambda: estimate_mean(many, "v", weights="w", method="jackknife")),
    ):
        with pytest.raises(EstimationError) as caught:
            call()
        assert [f.code for f in caught.value.failures] == [code]
        assert "300" in render_error(caught.value, "zh")


def test_all_faults_are_said_at_once():
    broken = FRAME.astype({"w": float, "c": float})
    broken.loc["r0", "w"], broken.loc["r1", "w"], broken.loc["r2", "c"] = np.nan, -1, np.nan
    with pytest.raises(EstimationError) as caught:
        estimate_total(broken, "t", by="place", fpc="zero", missing="any", conf_level=2.0, weights="w", strata="layer", clusters="c")
    found = [f.code for f in caught.value.failures]
    assert found == ["CR-W59", "CR-W58", "CR-W57", "CR-W62", "CR-W51", "CR-W57", "CR-W64", "CR-W51", "CR-W55"]


def test_every_text_is_tried():
    written = {k for k in entries("errors") if "CR-W50" <= k <= "CR-W99"}
    assert written == {case[0] for case in CASES} | {"CR-W73", "CR-W76"}


def test_long_lists_of_rows_are_cut():
    frame = pd.DataFrame({"y": [np.inf] * 9, "w": 1.0})
    with pytest.raises(EstimationError) as caught:
        estimate_mean(frame, "y", weights="w")
    assert "0, 1, 2, 3, 4 …" in render_error(caught.value, "zh")

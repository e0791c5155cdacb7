"""Estimates from sums over cells are those from rows, however the rows are cut into parts and the clusters are numbered."""

import numpy as np
import pandas as pd
import pytest

from commresearch.survey import cells, reading
from commresearch.survey.design import nest_codes
from commresearch.survey.estimates import estimate_mean, estimate_share, estimate_total
from commresearch.survey.reading import present_codes

SAME = 1e-12  #: two ways to the same sum in double precision
DESIGN = {"weights": "weight", "strata": "stratum", "clusters": "unit"}


@pytest.fixture
def frame():
    """Three strata of eight units with some fifty persons each, a fifth of them without an answer, some without weight."""
    generator = np.random.default_rng(11)
    n = 1200
    stratum, unit = generator.integers(1, 4, n), generator.integers(1, 9, n)
    return pd.DataFrame({
        "stratum": stratum, "unit": unit, "area": generator.choice(["north", "south"], n), "weight": np.where(generator.random(n) < 0.05, 0, generator.uniform(1, 3, n)),
        "score": np.where(generator.random(n) < 0.2, np.nan, generator.normal(50, 10, n) + unit), "answer": generator.choice(["a", "b", "c"], n),
    })


def estimates(frame):
    return [
        estimate_mean(frame, "score", **DESIGN), estimate_mean(frame, "score", by="area", domain_df="domain", **DESIGN),
        estimate_total(frame, "score", by=["area", "answer"], **DESIGN), estimate_share(frame, "answer", by="area", **DESIGN),
    ]


def test_cells_give_what_rows_give(frame, monkeypatch):
    of_cells = estimates(frame)

    def without_cells(design, domain, used, count):
        n = np.bincount(domain[used], minlength=count)
        return cells.Cells(stages=design.stages, domain=domain, used=used, n=n, size=len(domain))

    monkeypatch.setattr("commresearch.survey.sample.form_cells", without_cells)
    for found, expected in zip(of_cells, estimates(frame), strict=True):
        pd.testing.assert_frame_equal(found, expected, rtol=SAME)


def test_parts_of_any_size_give_the_same(frame, monkeypatch):
    whole = estimates(frame)
    monkeypatch.setattr(reading, "BLOCK", 7)
    for found, expected in zip(estimates(frame), whole, strict=True):
        pd.testing.assert_frame_equal(found, expected, rtol=SAME)


def test_numbers_of_clusters_do_not_matter(frame):
    expected = estimates(frame)
    for unit in (frame["stratum"] * 1000 + frame["unit"], -frame["stratum"] * 10**12 - frame["unit"], frame["stratum"].astype(str) + "/" + frame["unit"].astype(str)):
        for found, one in zip(estimates(frame.assign(unit=unit)), expected, strict=True):
            pd.testing.assert_frame_equal(found, one, rtol=SAME)


@pytest.mark.parametrize("inner", [[5, 7, 5, 9, 7], [5, 5, 5, 5, 5], [-3, 10**15, 0, 4, 4], ["b", "a", "c", "b", "a"]])
def test_codes_of_pairs_count_the_pairs_that_occur(inner):
    outer = np.array([2, 0, 2, 0, 0])
    codes, owner = nest_codes(outer, 3, pd.Series(inner))
    pairs = list(zip(outer.tolist(), inner, strict=True))
    assert len(set(codes.tolist())) == len(owner) == len(set(pairs))
    assert len(set(zip(codes.tolist(), pairs, strict=True))) == len(owner)
    assert owner[codes].tolist() == outer.tolist()
    assert (np.diff(owner) >= 0).all()


def test_codes_leave_out_what_does_not_occur():
    codes, found = present_codes(np.array([4, 1, 4, 0]), 6)
    assert codes.tolist() == [2, 1, 2, 0]
    assert found.tolist() == [0, 1, 4]
    codes, found = present_codes(np.array([10**9, 3]), 10**9 + 1)
    assert sorted(found[codes].tolist()) == [3, 10**9]

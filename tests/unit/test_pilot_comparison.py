"""Comparing pilots: what may be pooled is pooled, what may not is said, and simulated pilots give back their truth."""

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import CaseError, SchemaError
from commresearch.simulate.cities import CITIES, CONDITIONS, CitySpec, doses_of, simulate_cities
from commresearch.workflow import pilot_effects
from commresearch.workflow.pilot_comparison import compare_pilots, raw_sets
from commresearch.workflow.pilot_doses import EFFECT_SET
from commresearch.workflow.pilot_effects import EFFECT_FRAME, PilotEffects, _simulated_anchors, read_effects, write_effects


def effects(n=16, spread=3.0, *, grade="E3", doses=True, seed=1):
    """Effects of fictional cities without the detour over panels: −26 % where the rule holds, −5 % elsewhere."""
    rng = np.random.default_rng(seed)
    cities = simulate_cities(rng=np.random.default_rng(seed))[:n]
    rows = []
    for city in cities:
        truth = -26.0 if city.follows_rule else -5.0
        estimate = rng.normal(truth, spread)
        rows.append(dict.fromkeys(EFFECT_FRAME, np.nan) | {
            "case_id": city.case_id, "outcome": "complaint_rate", "definition": "d", "unit": "percent", "grade": grade, "estimate": estimate, "std_error": spread,
            "conf_low": estimate - 2 * spread, "conf_high": estimate + 2 * spread, "conf_level": 0.95, "method": "poisson", "inference": "cr3", "n_units": 30,
            "n_treated": 10, "failed_checks": "",
        })
    return PilotEffects(
        places=pd.DataFrame([(c.case_id, c.name_zh, c.name_en, True) for c in cities], columns=["case_id", "name_zh", "name_en", "simulated"]),
        effects=pd.DataFrame(rows), refusals=pd.DataFrame(columns=["case_id", "outcome", "zh", "en"]),
        definitions=pd.DataFrame([("d", "口径", "definition")], columns=["definition", "zh", "en"]),
        doses=doses_of(cities) if doses else pd.DataFrame(columns=["case_id"]), anchors=_simulated_anchors(),
        truth=pd.DataFrame([(c.case_id, "complaint_rate", -26.0 if c.follows_rule else -5.0, c.follows_rule) for c in cities], columns=["case_id", "outcome", "truth", "follows_rule"]),
        claims=pd.DataFrame(columns=["case_id"]),
    )


def test_published_like_grades_never_enter():
    found = compare_pilots(effects(grade="E1"))
    assert not found.pooled["complaint_rate"].pooled
    assert any(r.key == "refused_grade" for r in found.pooled["complaint_rate"].refusals)
    assert found.sets is None
    assert "0 个" in found.sets_refusal["zh"] or "0个" in found.sets_refusal["zh"]


def test_too_few_pilots_for_combinations_are_told_so():
    found = compare_pilots(effects(n=6))
    assert found.sets is None
    assert "at least 8 are needed" in found.sets_refusal["en"]
    assert found.pooled["complaint_rate"].pooled


def test_more_conditions_than_pilots_bear_are_refused_here():
    given = effects()
    wide = given.doses.assign(X1=given.doses["SP"] + 1)
    anchors = pd.concat([given.anchors, given.anchors.iloc[[0]].assign(condition="X1")], ignore_index=True)
    found = compare_pilots(PilotEffects(
        places=given.places, effects=given.effects, refusals=given.refusals, definitions=given.definitions, doses=wide, anchors=anchors, truth=given.truth, claims=given.claims,
    ))
    assert found.sets is None
    assert "16 pilots bear 4 conditions at most, there are 5" in found.sets_refusal["en"]


def test_without_doses_nothing_is_explained():
    found = compare_pilots(effects(doses=False))
    assert found.explained == {}
    assert found.sets is None


def test_the_planted_rule_is_among_the_models_that_fit():
    found = compare_pilots(effects(spread=0.5))
    assert found.sets is not None
    table = found.sets.table.to_frame()
    follows = effects(spread=0.5).truth.set_index("case_id")["follows_rule"]
    for row in table.to_dict("records"):
        assert (row["out"] == "1") == all(follows[c] for c in str(row["cases"]).split(", "))
    # every model must be true of the sixteen cities, whatever it assumes of combinations that none of them has
    held = found.sets.sets.set_index("case_id")
    for solution in found.sets.solutions.values():
        for memberships in solution.memberships:
            assert ((memberships > 0.5) == follows.loc[held.index].to_numpy()).all()


def test_the_pooled_effect_is_that_of_the_rows_and_intervals_are_held_against_the_truth():
    given = effects()
    found = compare_pilots(given)
    pooled = found.pooled["complaint_rate"]
    assert pooled.k == len(CITIES)
    assert pooled.conf_low < given.truth["truth"].mean() < pooled.conf_high
    misses = found.misses()
    assert len(misses) == len(given.effects)
    assert misses["held"].mean() > 0.75
    assert found.explained["complaint_rate"].moderators[0] in CONDITIONS


def test_raw_sets_leave_out_what_may_not_enter():
    given = effects()
    frame = given.effects.copy()
    frame.loc[0, "grade"] = "E2"
    raw = raw_sets(PilotEffects(
        places=given.places, effects=frame, refusals=given.refusals, definitions=given.definitions, doses=given.doses, anchors=given.anchors, truth=given.truth, claims=given.claims,
    ))
    assert len(raw) == len(frame) - 1
    assert list(raw.columns) == ["case_id", *CONDITIONS, EFFECT_SET]


def test_tables_are_read_as_they_were_written_and_a_damaged_folder_is_named(tmp_path):
    given = effects()
    write_effects(tmp_path / "own", given)
    before = (tmp_path / "own" / "effects.csv").stat().st_mtime_ns
    write_effects(tmp_path / "own", given)
    assert (tmp_path / "own" / "effects.csv").stat().st_mtime_ns == before
    found = read_effects(tmp_path / "own")
    assert np.allclose(found.effects["estimate"], given.effects["estimate"], rtol=1e-12)
    assert found.effects["failed_checks"].tolist() == [""] * len(given.effects)
    (tmp_path / "own" / "places.csv").unlink()
    with pytest.raises(CaseError, match="CR-V02"):
        read_effects(tmp_path / "own")


def test_of_two_runs_that_made_the_same_the_second_leaves_the_tables_to_those_who_read_them(tmp_path):
    pilot_effects._write(tmp_path / "own", effects(), "same")
    first = (tmp_path / "own" / "effects.csv").stat()
    pilot_effects._write(tmp_path / "own", effects(), "same")
    assert (tmp_path / "own" / "effects.csv").stat().st_ino == first.st_ino
    pilot_effects._write(tmp_path / "own", effects(), "another")
    assert (tmp_path / "own" / "effects.csv").stat().st_ino != first.st_ino


def test_cities_are_fictional_alike_by_twos_and_their_truth_is_known():
    cities = simulate_cities(rng=np.random.default_rng(3))
    assert len({c.case_id for c in cities}) == len(CITIES)
    present = [tuple(c.doses[x] > 50 for x in CONDITIONS) for c in cities]
    assert len(set(present)) == len(CITIES) // 2
    for city in cities:
        has = dict(zip(CONDITIONS, present[cities.index(city)], strict=True))
        assert city.follows_rule == ((has["SP"] and has["FD"]) or (has["UP"] and not has["PT"]))
        assert city.truth["complaint_rate"] < (-12 if city.follows_rule else 8)


def test_settings_of_cities_name_the_outcomes():
    with pytest.raises(SchemaError, match="CR-M01"):
        simulate_cities(CitySpec(large={"complaint_rate": -20.0}), rng=np.random.default_rng(1))

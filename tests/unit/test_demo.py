"""The fictional pilots: their designs, their truth, their panels without files; what stands in the way of writing them."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.errors import CaseError, SchemaError
from commresearch.simulate import LogSpec, simulate_logs
from commresearch.simulate.demo import simulate_demo, write_demo
from commresearch.simulate.demo_names import COMMUNITY_NAMES, community_names
from commresearch.simulate.demo_panels import COUNTED, demo_panels, draw_pilot, panel_frame, potential_values, treated_cells, true_effect
from commresearch.simulate.demo_pilots import DEMO_PILOTS, DemoPilot, demo_seed
from commresearch.simulate.demo_truth import drawn_of
from commresearch.simulate.log_places import NEVER
from commresearch.simulate.log_spec import RoomSpec, SigninSpec, TicketSpec, check_log_spec
from commresearch.terms import Language
from commresearch.words import has, render_error

SMALLEST = "liaolan"  #: the pilot whose files are written soonest
#: five standard deviations of a count that follows a Poisson law
SIGMAS = 5
TINY = LogSpec(
    communities=8, treated=4, grids=3, households=90, months=8, starts=(3, 5), boundary_changes=False, other_programmes=False,
    tickets=TicketSpec(rate=25.0, new_channel=None, recoding=None), signins=SigninSpec(events=2, late_registers=1),
    rooms=RoomSpec(rooms=1, idle=True, revived=1.0, counters=0.3),
)


@pytest.fixture(scope="module")
def tiny():
    return simulate_logs(TINY, rng=5)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_demo(folder, [SMALLEST])[0]


def said(error, language):
    return render_error(error, Language(language))


def test_pilots_that_do_not_exist_are_named_together():
    with pytest.raises(SchemaError) as error:
        write_demo("nowhere", ["binhai", SMALLEST, "ghost"])
    assert [f.values["got"] for f in error.value.failures] == ["binhai", "ghost"]
    assert "没有“binhai”这个虚构试点" in said(error.value, "zh")
    assert "There is no fictional pilot “ghost”" in said(error.value, "en")
    with pytest.raises(SchemaError):
        demo_panels("ghost")


def test_a_folder_that_was_not_written_here_is_left_as_it_is(tmp_path):
    for name in ("lanxiu", "dixu"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "case.toml").write_text("mine", encoding="utf8")
    (tmp_path / "liaolan").write_text("a file", encoding="utf8")
    with pytest.raises(CaseError) as error:
        write_demo(tmp_path)
    assert [f.code for f in error.value.failures] == ["CR-N09"] * 3
    assert "case.toml" in said(error.value, "zh")
    assert "left as it is" in said(error.value, "en")
    assert (tmp_path / "dixu" / "case.toml").read_text(encoding="utf8") == "mine"
    assert not (tmp_path / "truth").exists()


def test_what_was_changed_since_is_not_written_over_and_what_was_added_stays(written):
    folder, made = written
    note = made.folder / "narrative.zh.md"
    note.write_text("写给自己", encoding="utf8")
    kept = (made.folder / "rollout.csv").read_bytes()
    (made.folder / "rollout.csv").write_bytes(kept + b"x")
    with pytest.raises(CaseError) as error:
        write_demo(folder, [SMALLEST])
    assert error.value.failures[0].values["found"] == "rollout.csv"
    (made.folder / "rollout.csv").write_bytes(kept)
    digest = hash_of(made.folder)
    assert hash_of(write_demo(folder, [SMALLEST])[0].folder) == digest
    assert note.read_text(encoding="utf8") == "写给自己"
    note.unlink()


def hash_of(folder):
    """Names and bytes of all files of a folder."""
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()


def test_the_truth_lies_beside_the_cases_and_never_in_them(written):
    folder, made = written
    assert {path.name for path in folder.iterdir()} == {SMALLEST, "truth"}
    truth = json.loads(made.truth.read_text(encoding="utf8"))
    assert truth["simulated"] is True
    assert set(truth["files"]) == {path.name for path in made.folder.iterdir()}
    assert not any("truth" in name for name in truth["files"])
    case = load_case(made.folder)
    assert case.settings.case.fictional
    assert case.id == made.pilot.case_id
    assert case.settings.analysis.seed == made.pilot.seed == truth["seed"]


def test_the_truth_says_what_was_planted_and_how_effects_are_meant(written):
    truth = json.loads(written[1].truth.read_text(encoding="utf8"))
    assert [one["key"] for one in truth["planted"]] == ["concurrent_programme"]
    assert truth["planted"][0]["percent"] == -12.0
    complaints = truth["outcomes"]["complaint_rate"]
    assert (complaints["unit"], complaints["effect"], complaints["treated_units"]) == ("percent", -20.0, 2)
    assert complaints["expected"]["with"] == pytest.approx(0.8 * complaints["expected"]["without"], rel=1e-4)
    assert "%" in complaints["definition"]["zh"] + "%" or complaints["definition"]["en"]
    assert truth["outcomes"]["youth_participation"]["effect"] == pytest.approx(4.0)


def test_every_design_has_words_and_settings_that_can_be():
    assert len({pilot.design for pilot in DEMO_PILOTS.values()}) == len(DEMO_PILOTS) == 6
    for pilot in DEMO_PILOTS.values():
        check_log_spec(pilot.spec)
        assert has(f"demo.design_{pilot.design}")
        assert all(has(f"demo.planted_{key}") for key in pilot.planted)
        assert set(pilot.refused) <= set(pilot.outcomes) <= set(COUNTED)
        assert pilot.spec.first_month.isoformat() > "2023-01", "no month of the pandemic"


def test_seeds_follow_from_ids():
    assert demo_seed("lanxiu") == int(hashlib.sha256(b"lanxiu").hexdigest()[:8], 16) // 2
    assert len({pilot.seed for pilot in DEMO_PILOTS.values()}) == 6


def test_no_two_communities_have_the_same_name():
    assert len(set(community_names(0, COMMUNITY_NAMES))) == COMMUNITY_NAMES
    taken = [name for pilot in DEMO_PILOTS.values() for name in pilot.spec.names.communities]
    assert all(len(name) == 2 for name in taken)


def test_designs_are_what_they_are_called():
    places = {case_id: draw_pilot(pilot, pilot.seed) for case_id, pilot in DEMO_PILOTS.items() if case_id in {"zhiting", "liaolan", "lingyu"}}
    assert (places["zhiting"].places.starts == 25).all()
    streets = {c.street for c in places["liaolan"].places.communities if c.start != NEVER}
    assert len(streets) == 1
    assert sum(c.street in streets for c in places["liaolan"].places.communities) == (places["liaolan"].places.starts != NEVER).sum() == 2
    drawn = places["lingyu"]
    record = drawn.rates.untreated["complaint_rate"][:, 3:7].mean(axis=1)
    chosen = drawn.places.starts != NEVER
    assert record[chosen].min() > record[~chosen].max()
    later = drawn.rates.untreated["complaint_rate"][:, 7:]
    fall = later[chosen].mean() / record[chosen].mean() - later[~chosen].mean() / record[~chosen].mean()
    assert fall < -0.05, "the worst would fall without any pilot"


def test_panels_without_files_are_those_of_the_files(tiny):
    """Counted row by row from the tables, and by another way from the draws: the same numbers."""
    drawn = drawn_of(tiny)
    for outcome, (name, numerator, denominator) in {
        "complaint_rate": ("complaints", "cases", "households_interpolated"), "youth_participation": ("youth", "persons_known", "youth_population_interpolated"),
        "space_use": ("space", "used_hours_fixed", "reference_hours_fixed"), "area_in_use": ("space", "area_in_service", "area_registered"),
    }.items():
        frame = panel_frame(drawn, outcome)
        truth = getattr(tiny.truth, name).set_index(["unit_id", "month"]).loc[list(zip(frame["unit_id"], frame["month"], strict=True))]
        live = frame["live"].to_numpy()
        np.testing.assert_allclose(frame["numerator"].to_numpy()[live], truth[numerator].to_numpy(dtype=float)[live], atol=1e-9)
        np.testing.assert_allclose(frame["denominator"].to_numpy(), truth[denominator].to_numpy(dtype=float), rtol=1e-12)
        assert frame.loc[~live, "numerator"].isna().all()
        if outcome == "youth_participation":
            assert (truth["live_share"].to_numpy() > 0).tolist() == live.tolist()


def test_effects_are_differences_of_what_is_expected(tiny):
    drawn = drawn_of(tiny)
    assert true_effect(drawn, "complaint_rate") == pytest.approx(-20.0)
    assert true_effect(drawn, "youth_participation") == pytest.approx(2.0)
    without, with_pilot = potential_values(drawn, "area_in_use")
    cells = treated_cells(drawn)
    assert (with_pilot[~cells] == without[~cells]).all()
    assert (with_pilot[cells] >= without[cells]).all()
    assert true_effect(drawn, "area_in_use") == pytest.approx((with_pilot - without)[cells].mean())
    frame = panel_frame(drawn, "area_in_use")
    np.testing.assert_allclose(100 * frame["numerator"] / frame["denominator"], with_pilot.ravel())
    space_without, space_with = potential_values(drawn, "space_use")
    assert 0 < (space_with - space_without)[cells].mean() == pytest.approx(true_effect(drawn, "space_use"))


def test_what_is_drawn_has_the_mean_that_is_expected():
    drawn = draw_pilot(DEMO_PILOTS["qiuzhu"], 77)
    _, expected = potential_values(drawn, "complaint_rate")
    cases = panel_frame(drawn, "complaint_rate")["numerator"].sum()
    assert abs(cases - expected.sum()) < SIGMAS * np.sqrt(expected.sum())
    _, expected = potential_values(drawn, "space_use")
    frame = panel_frame(drawn, "space_use")
    assert 100 * frame["numerator"].sum() / frame["denominator"].sum() == pytest.approx(expected.mean(), abs=0.5)  # 0.5 points: five of its standard errors


def test_a_draw_is_told_by_its_seed():
    one, again, other = demo_panels("zhiting"), demo_panels("zhiting", DEMO_PILOTS["zhiting"].seed), demo_panels("zhiting", 1)
    for outcome, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, again.frames[outcome])
    assert not one.frames["complaint_rate"]["numerator"].equals(other.frames["complaint_rate"]["numerator"])
    assert set(one.effects) == set(one.units) == set(one.frames)
    assert (one.rollout["chosen_by"] == "all").all()


def test_surveys_speak_of_the_communities_of_the_pilot(tmp_path):
    pilot = DEMO_PILOTS["zhiting"]
    small = DemoPilot(
        case_id="small", design=pilot.design, surveys=pilot.surveys, left_out=pilot.left_out,
        spec=LogSpec(**{**vars_of(pilot.spec), "months": 4, "starts": (2,), "households": 60, "tickets": TICKETS_TOO_FEW}),
    )
    truth = simulate_demo(small, tmp_path)
    codebook = pd.read_csv(tmp_path / "codebook_w1.csv", dtype=str, keep_default_na=False).set_index("name")
    own = [f"{name}社区" for name in pilot.spec.names.communities[:8]]
    assert [line.partition("=")[2] for line in codebook.loc["community", "values"].split("\n")] == own
    assert truth["surveys"][0]["platform"] == "tencent"
    text = next(tmp_path.glob("*腾讯问卷.csv")).read_bytes().decode("gb18030")
    assert pilot.spec.names.place in next(tmp_path.glob("*腾讯问卷.csv")).name
    assert own[0] in text
    assert "云栖社区" not in text, "no community of another questionnaire"


TICKETS_TOO_FEW = TicketSpec(rate=5.0, new_channel=None, recoding=None)


def vars_of(spec):
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}

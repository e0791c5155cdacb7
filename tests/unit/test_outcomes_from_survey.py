"""The outcomes from surveys: who is in which domain, what is weighed how, and what the estimators make of it."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.clean_table import CleanTable
from commresearch.errors import OutcomeError
from commresearch.outcomes.from_survey import BANDS, COLUMNS, MEASURES, SurveyWave, definition_of, outcomes_from_surveys
from commresearch.outcomes.panel import Panel
from commresearch.survey import estimate_mean
from commresearch.terms import Platform, Role
from commresearch.words.messages import render_error
from commresearch.workflow.scaffold_codebook import codebook
from commresearch.workflow.scaffold_reading import read_questionnaire

QUESTIONNAIRE = read_questionnaire((files("commresearch.workflow") / "templates" / "questionnaire.toml").read_text(encoding="utf8"), "questionnaire.toml")
BOOK = codebook(QUESTIONNAIRE, Platform.WENJUANXING)
NUMBERS = ("events_times", "complaint_cases", "household_eligible", "w")


def person(community="1", age="4", residence="1", w=1.0, **answers):
    return {"community": community, "age_band": age, "residence": residence, "w": w, "household_eligible": 1, **answers}


def wave(*people, period=1, book=BOOK, weights="w", **more):
    frame = pd.DataFrame(list(people))
    for name in frame.columns:
        if name in NUMBERS or "__" in name:
            frame[name] = frame[name].astype("Float64")
        else:
            frame[name] = pd.Categorical(frame[name], categories=list(book[name].answers))
    nothing = pd.DataFrame()
    table = CleanTable(
        frame=frame, codebook=book, missing_kinds=nothing, log=nothing, flags=nothing, account=nothing, duplicates=nothing, identifiers=nothing, provenance={},
    )
    return SurveyWave(period=period, table=table, weights=weights, **more)


def value(found, measure, what="value"):
    return found.loc[found["measure"] == measure, what].iloc[0]


def test_the_standard_questionnaire_asks_all_that_the_measures_need():
    columns = {column for variable in BOOK for column in variable.columns}
    assert {name for measure in MEASURES for name in measure.needs} <= columns
    assert BOOK.role(Role.COMMUNITY).name == "community"
    years = {code: BOOK["age_band"].label(code, "en") for code in BANDS["youth_participation"]}
    assert list(years.values()) == ["14", "15 to 17", "18 to 24", "25 to 34", "35"]


def test_only_residents_of_the_band_who_say_whether_they_came_are_counted():
    people = [
        person(took_part="1"), person(took_part="2"), person(took_part=None), person(age="7", took_part="1"), person(age="1", took_part="1"),
        person(residence="2", took_part="1"), person(age="2", took_part="2"), person(age="6", took_part="1"),
    ]
    found = outcomes_from_surveys([wave(*people)])
    assert value(found, "youth_participation") == pytest.approx(50.0)
    assert value(found, "youth_participation", "n") == 4
    assert value(found, "youth_participation_under_35") == pytest.approx(100 / 3)
    assert value(found, "youth_participation_15_34") == pytest.approx(50.0)
    assert value(found, "youth_participation_18_35") == pytest.approx(200 / 3)


def test_weights_count_and_errors_are_those_of_the_domain():
    rng = np.random.default_rng(1)
    people = [
        person(community=str(rng.integers(1, 3)), age=str(rng.integers(2, 9)), took_part=str(rng.integers(1, 3)), w=float(rng.uniform(1, 4))) for _ in range(200)
    ]
    found = outcomes_from_surveys([wave(*people)], units={"〔社区名称一〕": "370101001"})
    rows = found[found["measure"] == "youth_participation"]
    assert rows["unit_id"].tolist() == ["370101001", "〔社区名称二〕"]
    frame = pd.DataFrame(people)
    frame["y"] = np.where(frame["age_band"].astype(int) <= 6, frame["took_part"].eq("1"), np.nan)
    wanted = estimate_mean(frame, "y", weights="w", by="community")
    assert rows["value"].to_numpy() == pytest.approx(100 * wanted["estimate"].to_numpy())
    assert rows["std_error"].to_numpy() == pytest.approx(100 * wanted["std_error"].to_numpy())
    assert rows["n"].tolist() == wanted["n"].tolist()
    assert (rows["conf_low"] > 0).all()
    assert (rows["inference"] == "design").all()


def test_too_many_unknown_ages_leave_no_number_for_the_band():
    people = [person(took_part="1", used_space="1") for _ in range(7)] + [person(age=None, took_part="2", used_space="2") for _ in range(3)]
    found = outcomes_from_surveys([wave(*people)])
    assert np.isnan(value(found, "youth_participation"))
    assert value(found, "age_unknown_share") == pytest.approx(30.0)
    assert value(found, "space_use") == pytest.approx(70.0)
    assert value(outcomes_from_surveys([wave(*people)], unknown_limit=30), "youth_participation") == pytest.approx(100.0)


def test_who_did_not_come_came_zero_times_and_who_cannot_remember_is_missing():
    people = [
        person(took_part="1", events_times=4, events_recent="1", events_before="2"), person(took_part="2", events_times=None, events_recent=None, events_before=None),
        person(took_part="1", events_times=None, events_recent="2", events_before="1"), person(took_part="1", events_times=2, events_recent=None, events_before="2"),
    ]
    found = outcomes_from_surveys([wave(*people)])
    assert value(found, "youth_person_times") == pytest.approx((4 + 0 + 2) / 3)
    assert value(found, "youth_participation_30_days") == pytest.approx(100 / 3)
    assert value(found, "youth_new_share") == pytest.approx(200 / 3)


def test_complaints_are_of_households():
    people = [
        person(contacted="1", contact_purposes__1=1, complaint_cases=3) | {"household_eligible": 3},
        person(contacted="2", contact_purposes__1=None, complaint_cases=None), person(contacted="1", contact_purposes__1=0, complaint_cases=None),
        person(contacted=None, contact_purposes__1=None, complaint_cases=None), person(contacted="1", contact_purposes__1=1, complaint_cases=None),
    ]
    found = outcomes_from_surveys([wave(*people)])
    assert value(found, "complaint_rate") == pytest.approx(1000 / 3 * (3 / 3) / (1 / 3 + 1 + 1))
    assert value(found, "households_complaining") == pytest.approx(100 * (1 / 3 + 1) / (1 / 3 + 1 + 1 + 1))


def test_waves_make_a_panel():
    waves = [wave(*(person(community=c, took_part=t) for c in "12" for t in "112"), period=p) for p in (2, 1)]
    found = outcomes_from_surveys(waves)
    assert tuple(found.columns) == COLUMNS
    rows = found[found["measure"] == "youth_participation"]
    assert rows["period"].tolist() == [1, 2, 1, 2]
    panel = Panel.from_frame(
        rows, community="unit_id", period="period", value="value", treated_from=None, covariates=["std_error", "n"], outcome="survey_youth_participation",
        unit="percentage_points",
    )
    assert panel.frame["std_error"].notna().all()


def test_names_of_another_questionnaire_and_measures_that_were_not_asked():
    frame = wave(person(used_space="1"), person(used_space="2")).table.frame.rename(columns={"used_space": "q9"})
    base = wave(person(used_space="1"))
    table = CleanTable(**{n: getattr(base.table, n) for n in CleanTable.__dataclass_fields__} | {"frame": frame})
    found = outcomes_from_surveys([SurveyWave(period=1, table=table, weights="w", names={"used_space": "q9"})])
    assert found["measure"].tolist() == ["age_unknown_share", "space_use"]


def test_what_is_missing_in_every_wave_is_said_at_once():
    book = replace(BOOK, variables=tuple(replace(v, role=None) if v.role is Role.COMMUNITY else v for v in BOOK))
    nobody = wave(person(took_part="1"), book=book)
    nothing = wave({"community": "1", "w": 1.0}, period=2)
    with pytest.raises(OutcomeError) as raised:
        outcomes_from_surveys([nobody, nothing])
    assert [f.code for f in raised.value.failures] == ["CR-O65", "CR-O66"]
    assert all("took_part" in render_error(raised.value, language) for language in ("zh", "en"))


def test_every_measure_has_a_definition_in_words():
    for measure in MEASURES:
        for language in ("zh", "en"):
            definition = definition_of(measure.name)
            assert definition.sentence(language) != definition.outcome
    with pytest.raises(ValueError, match="no_such"):
        definition_of("no_such")

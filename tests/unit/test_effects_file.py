"""The effects of a report as JSON, held to the schema that comes with it."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator

from commresearch.reporting.effects_file import effects_content, effects_schema, write_effects
from commresearch.terms import Language
from commresearch.words import say
from tests.unit.impact_case import case

NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


@pytest.fixture(scope="module")
def validator():
    Draft202012Validator.check_schema(effects_schema())
    return Draft202012Validator(effects_schema())


def errors(validator, content):
    return [error.message for error in validator.iter_errors(content)]


def test_the_file_holds_the_numbers_of_the_estimates(validator):
    estimates = case()
    content = json.loads(json.dumps(effects_content(estimates)))
    assert errors(validator, content) == []
    assert [one["outcome"] for one in content["effects"]] == [one["outcome"] for one in estimates["outcomes"]]
    for made, one in zip(content["effects"], estimates["outcomes"], strict=True):
        if one["estimate"] is None:
            assert made["effect"] is None
            assert made["refusal"]["zh"]
            continue
        assert {n: made["effect"][n] for n in NUMBERS} == {n: one["estimate"][n] for n in NUMBERS}
        assert made["effect"]["summary"] == one["estimate"]["summary"]
        if one["event_study"] is not None:
            assert [m["estimate"] for m in made["event_study"]] == [r["estimate"] for r in one["event_study"]["path"]]
    assert any(one["effect"] is None for one in content["effects"])
    assert any(one["event_study"] for one in content["effects"])


def test_simulated_data_are_marked_and_received_ones_are_not(validator, tmp_path):
    for is_simulated, name in ((True, "effects_simulated.json"), (False, "effects.json")):
        estimates = tmp_path / "estimates.json"
        estimates.write_text(json.dumps(case() | {"fictional": is_simulated}), encoding="utf8")
        path = write_effects(estimates, tmp_path, is_simulated=is_simulated)
        assert path.name == name
        content = json.loads(path.read_text(encoding="utf8"))
        assert errors(validator, content) == []
        assert content["mark"] == ({x.value: say("reports.simulated_banner", x) for x in Language} if is_simulated else None)


def test_the_schema_refuses_what_is_wrong(validator):
    good = json.loads(json.dumps(effects_content(case())))
    first = next(i for i, one in enumerate(good["effects"]) if one["effect"])

    def damaged(change):
        content = copy.deepcopy(good)
        change(content)
        return errors(validator, content)

    assert damaged(lambda c: c.update(mark=None)), "simulated without a mark"
    assert damaged(lambda c: c.update(data="real"))
    assert damaged(lambda c: c.pop("conf_level"))
    assert damaged(lambda c: c["effects"][first]["effect"].update(grade="A"))
    assert damaged(lambda c: c["effects"][first]["effect"].update(p_value=1.2))
    assert damaged(lambda c: c["effects"][first].update(refusal={"zh": "", "en": ""})), "an effect and a refusal at once"
    assert damaged(lambda c: c["effects"][first].update(unit_ids=["S1"])), "nothing that was not agreed"

"""case.toml: everything that is wrong with it is said at once, by its place, in both languages."""

from datetime import date
from typing import get_args

import pytest

from commresearch.cases import load_case
from commresearch.cases.case import LogRules
from commresearch.cases.outcome_settings import OutcomeSettings
from commresearch.cleaning.event_rules import ACTIONS, EventSettings
from commresearch.errors import CaseError, CommResearchError, SchemaError
from commresearch.outcomes.definition import PARAMETERS, OutcomeDefinition
from commresearch.terms import DataKind, Language, Level, Outcome, Platform, Sampling
from commresearch.words import entries
from tests.unit.case_facts import case_facts
from tests.unit.survey_cases import codes, data_part, told, write_case

CASE = case_facts()
SURVEY = '[[data]]\nkind = "survey"\nfiles = ["a.csv"]\nsampling = "opt_in"\n'


@pytest.fixture
def case(tmp_path):
    """Write a case.toml and the files named, and load it."""

    def load(text, *files, encoding="utf8"):
        folder = tmp_path / "binhai"
        folder.mkdir(exist_ok=True)
        (folder / "case.toml").write_bytes(text.encode(encoding))
        for name in files:
            (folder / name).write_text("x", encoding="utf8")
        return load_case(folder)

    return load


def refused(case, text, *files, kind=CommResearchError):
    with pytest.raises(kind) as error:
        case(text, *files)
    return error.value


def test_a_case_as_it_should_be(case, tmp_path):
    more = 'sources = ["S1"]\nethics = "e"\ncontroller = "社区"\nretention_until = 2028-12-31\n[roster]\nfile = "a.csv"\n[analysis]\nmonths = ["2023-01", "2025-06"]\nseed = 7\nconf_level = 0.9\n'
    parts = data_part("2025a", ["a.csv", "b.csv"], platform="plain", sheet="甲", codebook="c.csv", rules="c.csv", decisions="c.csv", margins="c.csv") + "shortest_seconds = 90\n"
    tickets = '[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\nmapping = "c.csv"\n[outcomes.space_use]\nclose_minute = 1320\n[release]\nthreshold = 5\nlanguage = "en"\n'
    loaded = case(CASE + more + parts + tickets, "a.csv", "b.csv", "c.csv", encoding="utf-8-sig")
    assert (loaded.id, loaded.name(Language.ZH), loaded.name(Language.EN)) == ("binhai", "滨海示范区", "Binhai demonstration area")
    facts = loaded.settings.case
    assert (facts.level, facts.retention_until, facts.fictional, facts.sources) == (Level.DISTRICT, date(2028, 12, 31), True, ("S1",))
    assert [d.kind for d in loaded.settings.data] == [DataKind.SURVEY, DataKind.TICKETS]
    (survey,) = loaded.surveys
    assert (survey.sampling, survey.platform, survey.files, survey.shortest_seconds, survey.sheet) == (Sampling.OPT_IN, Platform.PLAIN, ("a.csv", "b.csv"), 90, "甲")
    assert loaded.settings.analysis.months == ("2023-01", "2025-06")
    assert (loaded.settings.release.threshold, loaded.settings.release.rounding, loaded.settings.release.language) == (5, 5, Language.EN)
    assert loaded.path("a.csv") == tmp_path / "binhai" / "a.csv"
    bare = case(CASE)
    assert (bare.surveys, bare.settings.analysis.months, bare.settings.roster, bare.settings.case.retention_until) == ((), None, None, None)


def test_a_folder_that_is_no_case(tmp_path):
    with pytest.raises(CaseError) as error:
        load_case(tmp_path / "nowhere")
    assert codes(error.value) == ["CR-F01"]
    told(error.value, "CR-F01", str(tmp_path / "nowhere" / "case.toml"), "commresearch init")


def test_a_file_that_is_no_toml(case, tmp_path):
    error = refused(case, CASE + "[data\n", kind=SchemaError)
    assert codes(error) == ["CR-F02"]
    told(error, "CR-F02", "case.toml", "line 9")
    (tmp_path / "binhai" / "case.toml").write_bytes(CASE.encode("utf-16"))
    with pytest.raises(SchemaError) as error:
        load_case(tmp_path / "binhai")
    assert codes(error.value) == ["CR-F02"]


@pytest.mark.parametrize(("text", "key"), [(CASE + 'naem = "x"\n', "case.naem"), (CASE + "[extra]\nx = 1\n", "extra"), (CASE + SURVEY + 'wafe = "a"\n', "data.1.wafe"), (CASE + "[release]\nedtion = 1\n", "release.edtion")])
def test_unknown_keys(case, text, key):
    error = refused(case, text, kind=SchemaError)
    assert codes(error) == ["CR-F03"]
    zh, en = told(error, "CR-F03", "case.toml", key)
    assert f"不认识的键 {key}" in zh
    assert f"unknown key {key}" in en


@pytest.mark.parametrize(("text", "key"), [("", "case"), (CASE.replace('city = "滨海市"\n', ""), "case.city"), (CASE + "[rollout]\n", "rollout.file"), (CASE + '[[data]]\nkind = "tickets"\n', "data.1.files")])
def test_keys_that_are_missing(case, text, key):
    error = refused(case, text, kind=SchemaError)
    assert codes(error) == ["CR-F04"]
    told(error, "CR-F04", "case.toml", key)


@pytest.mark.parametrize(
    ("text", "key", "got", "rule"),
    [
        (CASE.replace('"binhai"', '"Bin hai"'), "case.id", "Bin hai", "form"), (CASE.replace('"海岚省"', '" "'), "case.province", " ", "text"), (CASE.replace('"海岚省"', '""'), "case.province", "", "text"),
        (CASE.replace("true", '"yes"'), "case.fictional", "yes", "boolean"),
        (CASE + 'retention_until = "2028-12-31"\n', "case.retention_until", "2028-12-31", "date"), (CASE + "[analysis]\nseed = 1.5\n", "analysis.seed", "1.5", "whole"),
        (CASE + "[analysis]\nconf_level = 1.0\n", "analysis.conf_level", "1.0", "below"), (CASE + "[analysis]\nconf_level = 0.5\n", "analysis.conf_level", "0.5", "above"),
        (CASE + "[release]\nthreshold = 0\n", "release.threshold", "0", "at_least"), (CASE + SURVEY + "shortest_seconds = 0\n", "data.1.shortest_seconds", "0", "above"),
        (CASE + SURVEY.replace('["a.csv"]', '"a.csv"'), "data.1.files", "a.csv", "list"), (CASE + SURVEY.replace('["a.csv"]', "[]"), "data.1.files", "[]", "list"),
        (CASE + SURVEY + 'wave = "a/b"\n', "data.1.wave", "a/b", "form"), (CASE + '[analysis]\nmonths = ["2025-01", "2023-01"]\n', "analysis.months", "2025-01", "months"),
        (CASE + '[analysis]\nmonths = ["2025-1", "2025-02"]\n', "analysis.months", "2025-1", "months"), ('data = 3\n' + CASE, "data", "3", "list"),
        (CASE + SURVEY.replace('sampling = "opt_in"\n', ""), "data.1", "a.csv", "sampling"), (CASE + SURVEY.replace("survey", "tickets"), "data.1", "tickets", "no_sampling"),
        (CASE + SURVEY + 'design = "simple_random"\n', "data.1", "opt_in", "design"), (CASE + SURVEY + 'single_psu = "centre"\n', "data.1", "opt_in", "design"),
        ("case = 1\n", "case", "1", "table"),
    ],
)
def test_values_that_break_a_rule(case, text, key, got, rule):
    error = refused(case, text, "a.csv", kind=SchemaError)
    assert codes(error) == ["CR-F05"]
    texts = told(error, "CR-F05", "case.toml", key, got)
    for text_said, language in zip(texts, ("zh", "en"), strict=True):
        assert all(part in text_said for part in entries("errors")[f"rule_case_{rule}"][language].split("{limit}"))


@pytest.mark.parametrize(("text", "written"), [
    (CASE + SURVEY + "wave = 2025\n", 'wave = "2025"'), (CASE.replace('"海岚省"', "7"), 'province = "7"'), (CASE.replace('"海岚省"', "2025-01-01"), 'province = "2025-01-01"'),
])
def test_text_without_quotation_marks_is_shown_with_them(case, text, written):
    error = refused(case, text, "a.csv", kind=SchemaError)
    assert codes(error) == ["CR-F05"]
    told(error, "CR-F05", written)


@pytest.mark.parametrize("months", ['["2025-01"]', '["2025-01", 2]', '"2025-01"', '["2025-01", "2025-02", "2025-03"]'])
def test_months_that_are_no_pair_are_told_in_words(case, months):
    error = refused(case, CASE + f"[analysis]\nmonths = {months}\n", kind=SchemaError)
    assert codes(error) == ["CR-F05"]
    zh, _ = told(error, "CR-F05", "analysis.months")
    assert "months.2" not in zh
    assert '["2023-01", "2025-06"]' in zh


def test_what_was_written_is_shown_in_brief(case):
    error = refused(case, CASE.replace('"binhai"', f'"{"长" * 200}"'))
    assert "长" * 59 + "…" in told(error, "CR-F05")[0]
    assert "长" * 60 not in told(error, "CR-F05")[0]


@pytest.mark.parametrize(
    ("text", "key", "got", "allowed"),
    [
        (CASE.replace('"district"', '"town"'), "case.level", "town", "city, county_level_city, county, district, community"), (CASE + SURVEY.replace("opt_in", "optin"), "data.1.sampling", "optin", "probability, quota, opt_in, census"),
        (CASE + SURVEY.replace('"survey"', '"poll"'), "data.1.kind", "poll", "survey, tickets"), (CASE + SURVEY + 'platform = "wjx"\n', "data.1.platform", "wjx", "wenjuanxing, tencent"),
        (CASE + "[outcomes.noise]\n", "outcomes.noise", "noise", "complaint_rate, youth_participation, space_use"), (CASE + '[release]\nedition = "draft"\n', "release.edition", "draft", "public, internal"),
        (CASE + '[release]\nlanguage = "fr"\n', "release.language", "fr", "zh, en"),
        (CASE + SURVEY.replace("opt_in", "probability") + 'design = "srs"\n', "data.1.design", "srs", "simple_random, by_community"),
        (CASE + SURVEY.replace("opt_in", "probability") + 'single_psu = "center"\n', "data.1.single_psu", "center", "raise, certainty, centre, average"),
    ],
)
def test_values_outside_a_vocabulary(case, text, key, got, allowed):
    error = refused(case, text, "a.csv", kind=SchemaError)
    assert codes(error) == ["CR-F06"]
    zh, en = told(error, "CR-F06", "case.toml", key, allowed)
    assert f"得到“{got}”" in zh
    assert f"got “{got}”" in en


def test_files_that_are_not_there_are_all_named(case, tmp_path):
    named = '[roster]\nfile = "r.csv"\n[rollout]\nfile = "o.csv"\n[analysis]\nplan = "p.md"\n'
    parts = data_part("1", ["a.csv", "b.csv"], codebook="c.csv", rules="l.csv", decisions="d.xlsx", margins="m.csv") + '[[data]]\nkind = "tickets"\nfiles = ["t.csv", "a.csv"]\nmapping = "g.csv"\n[[data]]\nkind = "rollout"\nfiles = ["registers/o.xlsx"]\n'
    error = refused(case, CASE + named + parts, "b.csv", kind=CaseError)
    assert [f.values["got"] for f in error.failures] == ["r.csv", "o.csv", "p.md", "a.csv", "c.csv", "l.csv", "d.xlsx", "m.csv", "t.csv", "g.csv", "registers/o.xlsx"]
    told(error, "CR-F07", "case.toml", "“a.csv”", str(tmp_path / "binhai"))
    assert codes(refused(case, CASE + SURVEY.replace("a.csv", "."))) == ["CR-F07"]


@pytest.mark.parametrize(("waves", "named"), [(("2025a", "2025a"), ["2025a"]), (("", ""), ["—"]), (("survey2", ""), ["survey2"]), (("a", "a", "", ""), ["—", "a"]), (("a", "b", ""), None)])
def test_every_wave_has_a_name_and_a_folder_of_its_own(case, waves, named):
    text = CASE + "".join(data_part(wave, ["a.csv"]) for wave in waves)
    if named is None:
        assert [survey.wave for survey in case(text, "a.csv").surveys] == ["a", "b", None]
        return
    error = refused(case, text, "a.csv", kind=CaseError)
    assert codes(error) == ["CR-F08"] * len(named)
    zh, en = told(error, "CR-F08", "case.toml", *named)
    assert f"（“{named[0]}”）" in zh
    assert f"(“{named[0]}”)" in en


def test_all_faults_are_told_at_once(tmp_path):
    folder = write_case(tmp_path / "c", 'naem = "x"\n[analysis]\nseed = "x"\n[release]\nedition = "x"\n', data_part("a", ["x.csv"], sampling=None, kind="signins", platform="x"))
    text = (folder / "case.toml").read_text(encoding="utf8").replace('city = "滨海市"\n', "")
    (folder / "case.toml").write_text(text, encoding="utf8")
    with pytest.raises(SchemaError) as error:
        load_case(folder)
    assert sorted(codes(error.value)) == ["CR-F03", "CR-F04", "CR-F05", "CR-F06", "CR-F06"]


# --- logs and registers, choices of the outcomes


LOG = '[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\n'


def test_logs_say_their_columns_what_becomes_of_faults_and_when_they_were_extracted(case):
    part = '[[data]]\nkind = "rollout"\nfiles = ["a.csv"]\nplatform = "plain"\n'
    text = CASE + LOG + 'mapping = { "受理单" = "ticket_id", "内容" = "" }\nrules = { duplicate_id = "keep_last", unknown_code = "drop" }\nextracted_on = 2025-07-01\n' + part
    tickets, rollout = case(text, "a.csv").settings.data
    assert tickets.mapping == {"受理单": "ticket_id", "内容": ""}
    assert (tickets.rules.stated, tickets.rules.unreadable, tickets.extracted_on) == ({"duplicate_id": "keep_last", "unknown_code": "drop"}, "refuse", date(2025, 7, 1))
    assert (rollout.kind, rollout.mapping, rollout.rules, rollout.extracted_on) == (DataKind.ROLLOUT, None, None, None)
    assert rollout.named_files == ("a.csv",)


def test_the_rules_of_logs_are_those_of_cleaning():
    assert {name: get_args(field.annotation) for name, field in LogRules.model_fields.items()} == dict(ACTIONS)
    assert {name: field.default for name, field in LogRules.model_fields.items() if field.default != "refuse"} == {"months_without_rows": "missing"}


READING = 'mapping = "m.csv"\nvalues = { unit_level = { "居委会" = "community" } }\nyear = 2024\nday_first = true\nhours = { full_day = ["9:00", "17:00"] }\n'


def test_logs_and_the_tables_of_units_say_how_they_are_read(case):
    rules = 'rules = { overlapping_validity = "cut", months_without_rows = "zero" }\n'
    text = CASE + '[roster]\nfile = "r.csv"\n' + READING + rules + '[rollout]\nfile = "o.csv"\nsheet = "甲"\n' + LOG + READING
    settings = case(text, "a.csv", "r.csv", "o.csv", "m.csv").settings
    for data in (settings.roster, settings.data[0]):
        stated = EventSettings.stated(data, ("2024-01", "2024-12"))
        assert (stated.values, stated.year, stated.day_first, stated.months) == ({"unit_level": {"居委会": "community"}}, 2024, True, ("2024-01", "2024-12"))
        assert (stated.full_day, stated.morning) == (("9:00", "17:00"), EventSettings().morning)
    assert settings.roster.rules.stated == {"overlapping_validity": "cut", "months_without_rows": "zero"}
    assert (settings.rollout.sheet, settings.rollout.rules, settings.rollout.stated_settings) == ("甲", None, {})
    assert codes(refused(case, text.replace("m.csv", "none.csv"), "a.csv", "r.csv", "o.csv")) == ["CR-F07"]
    assert EventSettings.stated(None) == EventSettings()


@pytest.mark.parametrize(
    ("line", "key", "code", "said"),
    [
        ('values = { type = "complaint" }', "data.1.values", "CR-F05", "values"), ("values = { type = { a = 1 } }", "data.1.values", "CR-F05", "values"),
        ('hours = { full_day = ["21:00", "8:30"] }', "data.1.hours.full_day", "CR-F05", "clocks"), ('hours = { full_day = ["8.30", "21:00"] }', "data.1.hours.full_day", "CR-F05", "clocks"),
        ('hours = { noon = ["8:30", "21:00"] }', "data.1.hours.noon", "CR-F06", None), ("year = 25", "data.1.year", "CR-F05", "at_least"),
        ('day_first = "yes"', "data.1.day_first", "CR-F05", "boolean"), ('rules = { months_without_rows = "drop" }', "data.1.rules.months_without_rows", "CR-F06", None),
    ],
)
def test_how_a_log_is_read_has_its_forms(case, line, key, code, said):
    error = refused(case, CASE + LOG + line + "\n", "a.csv", kind=SchemaError)
    assert [(f.code, f.values["key"]) for f in error.failures] == [(code, key)]
    if said is not None:
        told(error, code, key)
        assert entries("errors")[f"rule_case_{said}"][Language.ZH].partition("{")[0] in error.failures[0].values["rule"][Language.ZH]
    assert codes(refused(case, CASE + SURVEY + "year = 2024\n", "a.csv")) == ["CR-F05"]


@pytest.mark.parametrize("outcome", Outcome)
def test_the_choices_of_outcomes_are_those_of_their_definitions(outcome):
    settings = OutcomeSettings()[outcome]
    assert settings.model_dump() == dict(OutcomeDefinition.of(outcome).parameters)
    assert settings.stated == {}
    for name, parameter in PARAMETERS[outcome].items():
        assert parameter.read(getattr(settings, name)) == parameter.default


def test_choices_that_are_stated_reach_the_definition(case):
    text = CASE + """
[outcomes.complaint_rate]
unit_level = "estate"
boundaries = 2025-01-01
denominator = "baseline"
baseline = 2023-12-31
types = ["report", "complaint", "help"]
topics = ["停车管理"]
repeat_days = 0
[outcomes.youth_participation]
age_high = 34
[outcomes.space_use]
close_minute = 1500
[outcomes.area_in_use]
room_classes = ["activity", "office"]
"""
    outcomes = case(text).settings.outcomes
    definition = OutcomeDefinition.of("complaint_rate", **outcomes["complaint_rate"].stated)
    assert (definition["boundaries"], definition["baseline"], definition["topics"], definition["repeat_days"]) == (date(2025, 1, 1), date(2023, 12, 31), ("停车管理",), 0)
    assert (definition["unit_level"], definition["types"], definition["follow_up_days"]) == ("estate", ("complaint", "report", "help"), 30)
    assert outcomes["youth_participation"].stated == {"age_high": 34}
    assert OutcomeDefinition.of("space_use", **outcomes["space_use"].stated)["close_minute"] == 1500
    assert outcomes["area_in_use"].stated == {"room_classes": ("activity", "office")}


COMPLAINTS, YOUTH, SPACE = "[outcomes.complaint_rate]\n", "[outcomes.youth_participation]\n", "[outcomes.space_use]\n"


@pytest.mark.parametrize(
    ("text", "key", "got", "rule"),
    [
        (LOG + "mapping = 3\n", "data.1.mapping", "3", "mapping"), (LOG + 'mapping = " "\n', "data.1.mapping", " ", "mapping"), (LOG + 'mapping = { "a" = 1 }\n', "data.1.mapping", "{'a': 1}", "mapping"),
        (LOG + 'mapping = { " " = "type" }\n', "data.1.mapping", "type", "mapping"), (LOG + 'rules = "r.csv"\n', "data.1.rules", "r.csv", "rules_table"), (SURVEY + 'rules = { duplicate_id = "drop" }\n', "data.1.rules", "drop", "rules_file"),
        (LOG + 'rules = ""\n', "data.1.rules", "", "text"), (LOG + 'extracted_on = "2025-07-01"\n', "data.1.extracted_on", "2025-07-01", "date"), (SURVEY + "extracted_on = 2025-07-01\n", "data.1.extracted_on", "2025-07-01", "only_logs"),
        (SURVEY + 'mapping = "m.csv"\n', "data.1.mapping", "m.csv", "only_logs"), (LOG + 'wave = "a"\n', "data.1.wave", "a", "only_surveys"), (LOG + "shortest_seconds = 9\n", "data.1.shortest_seconds", "9", "only_surveys"),
        (LOG + 'codebook = "c.csv"\n', "data.1.codebook", "c.csv", "only_surveys"), (LOG + 'margins = "c.csv"\n', "data.1.margins", "c.csv", "only_surveys"), (LOG + 'decisions = "c.csv"\n', "data.1.decisions", "c.csv", "only_surveys"),
        (COMPLAINTS + 'boundaries = "2025-01-01"\n', "outcomes.complaint_rate.boundaries", "2025-01-01", "boundaries"), (SPACE + "boundaries = 2025\n", "outcomes.space_use.boundaries", "2025", "boundaries"),
        (YOUTH + "boundaries = 2025-01-01T00:00:00\n", "outcomes.youth_participation.boundaries", "2025-01-01", "boundaries"), (COMPLAINTS + 'baseline = "2023"\n', "outcomes.complaint_rate.baseline", "2023", "date"),
        (COMPLAINTS + "types = []\n", "outcomes.complaint_rate.types", "[]", "list"), (COMPLAINTS + 'types = "complaint"\n', "outcomes.complaint_rate.types", "complaint", "list"), (COMPLAINTS + 'topics = [" "]\n', "outcomes.complaint_rate.topics.1", " ", "text"),
        (COMPLAINTS + "repeat_days = -1\n", "outcomes.complaint_rate.repeat_days", "-1", "at_least"), (COMPLAINTS + "repeat_days = 367\n", "outcomes.complaint_rate.repeat_days", "367", "at_most"), (COMPLAINTS + "repeat_days = 7.5\n", "outcomes.complaint_rate.repeat_days", "7.5", "whole"),
        (COMPLAINTS + "repeat_days = true\n", "outcomes.complaint_rate.repeat_days", "True", "whole"), (COMPLAINTS + "follow_up_days = 0\n", "outcomes.complaint_rate.follow_up_days", "0", "at_least"), (YOUTH + "age_low = 150\n", "outcomes.youth_participation.age_low", "150", "at_most"),
        (YOUTH + "age_low = 36\n", "outcomes.youth_participation", "36", "ages"), (YOUTH + "unknown_limit = 101\n", "outcomes.youth_participation.unknown_limit", "101", "at_most"), (SPACE + "open_minute = 1260\n", "outcomes.space_use", "1260", "hours"),
        (SPACE + "close_minute = 2000\n", "outcomes.space_use", "2000", "hours"), (SPACE + "close_minute = 2881\n", "outcomes.space_use.close_minute", "2881", "at_most"), (SPACE + 'open_minute = "08:30"\n', "outcomes.space_use.open_minute", "08:30", "whole"),
        (SPACE + "room_classes = []\n", "outcomes.space_use.room_classes", "[]", "list"), ("outcomes = 3\n", "outcomes", "3", "table"),
    ],
)
def test_what_a_log_or_an_outcome_cannot_say(case, text, key, got, rule):
    error = refused(case, text + CASE if text.startswith("outcomes") else CASE + text, "a.csv", "c.csv", kind=SchemaError)
    assert codes(error) == ["CR-F05"]
    for said, language in zip(told(error, "CR-F05", "case.toml", key, got), ("zh", "en"), strict=True):
        wanted = entries("errors")[f"rule_case_{rule}"][language].replace("{{", "{").replace("}}", "}")
        assert all(part in said for part in wanted.split("{limit}"))


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        (LOG + 'rules = { duplicates = "drop" }\n', "data.1.rules.duplicates", "end_before_start, overlapping_validity"), (LOG + 'rules = { duplicate_id = "cut" }\n', "data.1.rules.duplicate_id", "refuse, drop, keep_first, keep_last"),
        ("[outcomes.satisfaction]\n", "outcomes.satisfaction", "complaint_rate, youth_participation, space_use, area_in_use"), (COMPLAINTS + 'unit_level = "town"\n', "outcomes.complaint_rate.unit_level", "community, estate, grid, site"),
        (COMPLAINTS + 'types = ["complaint", "complain"]\n', "outcomes.complaint_rate.types.2", "complaint, report, help"), (YOUTH + 'denominator = "fixed"\n', "outcomes.youth_participation.denominator", "interpolated, baseline"),
        (SPACE + 'rooms = "some"\n', "outcomes.space_use.rooms", "baseline, all"), (SPACE + 'weighting = "hours"\n', "outcomes.space_use.weighting", "equal, area"), (SPACE + 'room_classes = ["hall"]\n', "outcomes.space_use.room_classes.1", "activity, office, corridor, plant, tenancy"),
    ],
)
def test_words_that_a_log_or_an_outcome_does_not_know(case, text, key, allowed):
    error = refused(case, CASE + text, "a.csv", kind=SchemaError)
    assert codes(error) == ["CR-F06"]
    told(error, "CR-F06", "case.toml", key, allowed)


def test_unknown_choices_and_all_keys_of_another_kind_are_named_at_once(case):
    error = refused(case, CASE + LOG + 'wave = "a"\ncodebook = "c.csv"\nsampling = "census"\n' + SPACE + "hours = 9\n" + YOUTH + "age_max = 35\n", "a.csv", kind=SchemaError)
    assert [(f.code, f.values["key"]) for f in error.failures] == [
        ("CR-F05", "data.1"), ("CR-F05", "data.1.wave"), ("CR-F05", "data.1.codebook"), ("CR-F03", "outcomes.youth_participation.age_max"), ("CR-F03", "outcomes.space_use.hours"),
    ]

"""The folder of a new case: what it holds, that its parts agree, and that it comes whole or not at all."""

import re
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import load_workbook

from commresearch.cases import load_case
from commresearch.cases.case import ONLY_LOGS, LogRules, NamedHours
from commresearch.cases.narrative_file import Section, heading_of, read_narrative
from commresearch.cases.outcome_settings import OutcomeSettings
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.fit import place_variables
from commresearch.errors import CaseError
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.records import ProcessResult
from commresearch.sources import RawTable
from commresearch.terms import Export, Language, Level, MissingKind, Platform, Role
from commresearch.words import render_error
from commresearch.workflow import scaffold, scaffold_documents
from commresearch.workflow.scaffold import TABLES, write_scaffold
from commresearch.workflow.scaffold_phrases import template
from commresearch.workflow.scaffold_questions import QuestionType, estimated_minutes, next_question
from commresearch.workflow.scaffold_reading import read_questionnaire

CASE = {"case_id": "binhai", "name_zh": "滨海示范区", "name_en": 'The "Binhai" pilot', "level": "district", "province": "海岚省", "city": "滨海市"}
FORMS = ("consent", "consent_guardian", "processing_agreement", "impact_assessment", "retention")
DESIGN_KEYS = {
    "case": {"id", "name_zh", "name_en", "level", "province", "city", "fictional", "sources", "ethics", "controller", "retention_until"},
    "roster": {"file"}, "rollout": {"file"}, "outcomes": {"complaint_rate", "youth_participation", "space_use"},
    "analysis": {"months", "seed", "conf_level", "plan"}, "release": {"threshold", "rounding", "edition", "language"},
}
DATA_KEYS = {"kind", "files", "platform", "sheet", "wave", "codebook", "mapping", "rules", "extracted_on", "sampling"}
REGISTERS = ("signins", "rooms", "room_use", "open_hours", "tickets", "communities", "grids", "rollout", "coverage", "programmes")
HEADERS = {
    "communities.csv": "unit_id,unit_level,community_id,name,cluster_id,households,population,youth_population,area_m2,valid_from,valid_to,source,as_of",
    "rollout.csv": "unit_id,start_month,chosen_by,assigned_level,assignment_id",
    "coverage.csv": "source,unit_id,live_from,live_to,note",
    "programmes.csv": "unit_id,from,to,kind,note",
    "indicators.csv": "level1,level2,level3,unit,target,actual,numerator,denominator,weight,source,responsible,reason",
    "corrections.csv": "kind,file,sheet,row_id,variable,expect,new,reason,reported_by,date",
    "responses.csv": "claim_id,asked_on,question,reply,replied_on,reply_source",
}
LONGEST = 15  #: minutes that a resident gives


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "binhai"
    write_scaffold(folder, **CASE)
    return folder


@pytest.fixture(scope="module")
def questionnaire():
    return read_questionnaire(template("questionnaire.toml"), "questionnaire.toml")


def sheet(path, name):
    head, *rows = load_workbook(path).get_sheet_by_name(name).to_python(skip_empty_area=False)
    return pd.DataFrame(rows, columns=head).astype("str")


def read(case, name):
    return (case / name).read_text(encoding="utf8")


# --- the folder


def test_the_folder_holds_what_a_pilot_needs_and_nothing_else(case):
    found = {str(p.relative_to(case)) for p in case.rglob("*") if p.is_file()}
    both = {f"{stem}.{x}" for x in ("zh", "en") for stem in ("questionnaire/questionnaire", "questionnaire/interviewer", *(f"forms/{f}" for f in FORMS))}
    expected = {f"{stem}.{kind}" for stem in both for kind in ("md", "docx")} | set(HEADERS)
    expected |= {"README.md", "case.toml", "codebook.xlsx", *(f"{stem}.{x}.md" for stem in ("narrative", "data_dictionary") for x in ("zh", "en"))}
    expected |= {f"registers/{stem}.xlsx" for stem in REGISTERS}
    expected |= {f"questionnaire/{n}" for n in ("questionnaire.toml", "questionnaire.xlsx", "codebook_odk.xlsx", "wenjuanxing.txt", "wenjuanxing.md")}
    assert found == expected
    assert not [p for p in case.parent.iterdir() if p != case]


def test_the_case_file_is_accepted_as_it_stands_and_has_the_keys_of_the_design(case):
    settings = load_case(case).settings
    assert (settings.case.id, settings.case.name_en, settings.case.level) == ("binhai", 'The "Binhai" pilot', Level.DISTRICT)
    assert (settings.release.threshold, settings.release.rounding, settings.release.language) == (10, 5, Language.ZH)
    with_spares = tomllib.loads(re.sub(r"(?m)^#(?=[^\s#])", "", read(case, "case.toml")))
    assert {part: set(with_spares[part]) for part in DESIGN_KEYS} == DESIGN_KEYS
    assert with_spares["roster"]["file"] in HEADERS
    assert set(with_spares) == {*DESIGN_KEYS, "data"}
    assert set().union(*with_spares["data"]) == DATA_KEYS


def test_the_spare_lines_of_the_case_file_are_sound_too(case, tmp_path):
    copy = Path(shutil.copytree(case, tmp_path / "binhai"))
    text = re.sub(r"(?m)^#(?=[^\s#])", "", read(copy, "case.toml"))
    (copy / "case.toml").write_text(text, encoding="utf8")
    for name in [*re.findall(r'"(〔[^"]+〕)"', text), *re.findall(r'"(〔[^"]+〕\.\w+)"', text), "plan.toml"]:
        (copy / name).write_text("", encoding="utf8")
    loaded = load_case(copy).settings
    assert loaded.data[0].sampling == "opt_in"
    assert {(d.files, d.sheet) for d in loaded.data if d.kind in {"bookings", "lineage"}} == {(("registers/room_use.xlsx",), "使用记录"), (("registers/grids.xlsx",), "沿革")}
    assert loaded.data[1].rules.stated == {"duplicate_id": "keep_last"}


def test_the_choices_in_the_case_file_are_the_fixed_definitions(case):
    spares = tomllib.loads(re.sub(r"(?m)^#(?=[^\s#])", "", read(case, "case.toml")))["outcomes"]
    choices = OutcomeSettings.model_validate(spares)
    for outcome, written in spares.items():
        assert {*written, "unit_level", "boundaries"} == set(type(choices[outcome]).model_fields), outcome
        fixed = {**dict(OutcomeDefinition.of(outcome).parameters), "baseline": written.get("baseline")}
        assert OutcomeDefinition.of(outcome, **choices[outcome].stated) == OutcomeDefinition.of(outcome, **{n: v for n, v in fixed.items() if v is not None})


def test_every_key_of_the_case_file_is_explained(case):
    lines = read(case, "case.toml").splitlines()
    bare = [line for line in lines if re.match(r"#?\w+ = ", line) and "  # " not in line and not re.match(r"#(kind|files|platform|sheet|wave|codebook|sampling|mapping|rules|extracted_on)", line)]
    assert bare == []


def test_every_rule_and_way_of_reading_a_log_is_explained_in_the_case_file(case):
    text = read(case, "case.toml")
    assert [name for name in LogRules.model_fields if not re.search(rf"{name} ?[\u4e00-\u9fff]", text)] == []
    assert [name for name in ONLY_LOGS if f"\n# {name}" not in text] == []
    assert [name for name in NamedHours.model_fields if name not in text] == []


@pytest.mark.parametrize("name", HEADERS)
def test_tables_have_their_header_and_no_row(case, name):
    data = (case / name).read_bytes()
    assert data.decode("utf-8-sig") == HEADERS[name] + "\r\n"
    assert data.startswith(b"\xef\xbb\xbf")  # without it a spreadsheet saves Chinese in another encoding
    assert TABLES[name] == tuple(HEADERS[name].split(","))


def test_narratives_have_the_same_empty_sections(case):
    heads = {x: re.findall(r"(?m)^# .+$", read(case, f"narrative.{x}.md")) for x in ("zh", "en")}
    assert {x: [head.removeprefix("# ") for head in found] for x, found in heads.items()} == {x: [heading_of(s, Language(x)) for s in Section] for x in heads}
    written = [read_narrative(case / f"narrative.{x}.md", Language(x)) for x in heads]
    assert [narrative.blocks(section) for narrative in written for section in Section] == [()] * 2 * len(Section)


def test_the_same_case_gives_the_same_bytes(case, tmp_path):
    again = write_scaffold(tmp_path / "other" / "place", **CASE)
    assert [p.name for p in again if p.read_bytes() != (case / p.relative_to(tmp_path / "other" / "place")).read_bytes()] == []


def test_an_empty_folder_is_used_and_another_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(scaffold, "_case_files", lambda case: {"sub/a.md": case["case_id"].encode()})
    (tmp_path / "binhai").mkdir()
    assert [p.read_text() for p in write_scaffold(tmp_path / "binhai", **CASE)] == ["binhai"]
    with pytest.raises(CaseError) as refused:
        write_scaffold(tmp_path / "binhai", **CASE)
    assert render_error(refused.value, "zh").startswith("[CR-N01] ")
    assert "（如 sub）" in render_error(refused.value, "zh")
    (tmp_path / "file").write_text("x")
    with pytest.raises(CaseError, match="CR-N05"):
        write_scaffold(tmp_path / "file", **CASE)


def test_everything_wrong_with_a_new_case_is_said_at_once(tmp_path):
    with pytest.raises(CaseError) as refused:
        write_scaffold(tmp_path / "x", **{**CASE, "case_id": "Bin-hai", "name_zh": " ", "city": "a\nb", "level": "town"}, language="fr")
    assert [f.code for f in refused.value.failures] == ["CR-N02", "CR-N03", "CR-N03", "CR-N04", "CR-N04"]
    text = render_error(refused.value, "en")
    assert "got “town”, allowed: city, county_level_city, county, district, community" in text
    assert "got “fr”, allowed: zh, en" in text
    assert list(tmp_path.iterdir()) == []
    for reserved in ("published", "comparison"):
        with pytest.raises(CaseError, match="CR-N02"):
            write_scaffold(tmp_path / reserved, **{**CASE, "case_id": reserved})


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, data, real=scaffold.write_whole):
        if path.name == "forms.md":
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(scaffold, "_case_files", lambda _: {"README.md": b"a", "sub/forms.md": b"b"})
    monkeypatch.setattr(scaffold, "write_whole", full)
    with pytest.raises(CaseError, match=r"CR-C04.*No space left on device"):
        write_scaffold(tmp_path / "binhai", **CASE)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_pandoc_is_named(monkeypatch):
    monkeypatch.setattr(scaffold_documents, "run_process", lambda *_, **__: ProcessResult(exit_code=3, stdout="", stderr="broken"))
    with pytest.raises(CaseError, match=r"CR-N06.*forms/consent.zh.md.*3.*broken"):
        list(scaffold_documents.word_files({"forms/consent.zh.md": "# x"}))


# --- one questionnaire in three forms


def options_of_import(text):
    """Questions as the platform's editor takes them from text: options split at blanks, ended by an empty line or the next number."""
    questions = {}
    for block in text.split("\n\n"):
        if match := re.match(r"(\d+)\. (.+)\[(.+)\]$", (lines := block.split("\n"))[0]):
            cells = [part for line in lines[1:] for part in line.split()]
            columns = lines[1].split() if match[3].startswith("矩阵") else cells
            questions[int(match[1])] = (match[2], match[3], [c.removesuffix("________") for c in columns], lines[2:] if match[3].startswith("矩阵") else [])
    return questions


def options_of_paper(text):
    questions = {}
    for block in re.split(r"(?m)^(?=\*\*\d+\. )", text)[1:]:
        number = int(re.match(r"\*\*(\d+)", block)[1])
        options = [re.sub(r"\s?(?:＿+)?(?:　→.*)?$", "", m) for m in re.findall(r"(?m)^□ \d+　(.+?)\\?$", block)]
        if table := re.findall(r"(?m)^\| (.+) \|$", block):
            options = [re.sub(r"^\d+ ", "", cell) for cell in table[0].split(" | ")[1:]]
        questions[number] = options
    return questions


def test_options_are_the_same_in_all_forms(case, questionnaire):
    imported = options_of_import(read(case, "questionnaire/wenjuanxing.txt"))
    papers = {x: options_of_paper(read(case, f"questionnaire/questionnaire.{x}.md")) for x in ("zh", "en")}
    choices = sheet(case / "questionnaire/questionnaire.xlsx", "choices")
    lists = dict(iter(choices.groupby("list_name")))
    assert list(imported) == list(papers["zh"]) == list(papers["en"]) == [q.number for q in questionnaire.questions]
    for question in questionnaire.questions:
        labels = {x: [o.wording[x] for o in question.options] for x in Language}
        assert imported[question.number][2] == labels["zh"], question.name
        assert {x: papers[x][question.number] for x in papers} == labels, question.name
        if labels["zh"]:
            rows = lists[question.shared or question.name]
            assert rows["name"].tolist() == [o.value for o in question.options] == [str(i) for i in range(1, len(rows) + 1)]
            assert {"zh": rows["label::中文 (zh)"].tolist(), "en": rows["label::English (en)"].tolist()} == labels


def test_the_import_keeps_types_rows_and_fill_ins(case, questionnaire):
    imported = options_of_import(read(case, "questionnaire/wenjuanxing.txt"))
    tags = {q.name: imported[q.number][1] for q in questionnaire.questions}
    assert (tags["consent"], tags["contact_purposes"], tags["birth"]) == ("单选题", "多选题", "填空题")
    assert (tags["belong"], tags["trust"], tags["sat"]) == ("矩阵量表题", "矩阵单选题", "矩阵单选题")  # 不清楚 is no point of a scale
    assert imported[questionnaire["trust"].number][3] == [r.wording.zh for r in questionnaire["trust"].rows]
    assert read(case, "questionnaire/wenjuanxing.txt").count("________\n") == sum(len(q.open_options) for q in questionnaire.questions)


def test_the_introduction_does_not_look_like_a_question_to_the_import(case):
    head = read(case, "questionnaire/wenjuanxing.txt").split("\n1. ")[0].split("\n")
    assert not [line for line in head if re.match(r"\s*第?\d|[一二三四五六七八九十][、.]|基本信息|个人信息", line) or line.endswith(("：", ":")) or "___" in line]


def test_names_of_the_electronic_form_are_those_of_its_codebook(case):
    survey = sheet(case / "questionnaire/questionnaire.xlsx", "survey")
    asked = survey[~survey["type"].isin(["note", "begin_group", "end_group"])]
    supplied = {"_uuid", "_submission_time"}
    kobo = Codebook.from_frame(sheet(case / "questionnaire/codebook_odk.xlsx", "codebook"))
    assert {v.source for v in kobo} - supplied == set(asked["name"])
    main = Codebook.from_frame(sheet(case / "codebook.xlsx", "codebook"))
    names = {v.name for v in main} | {v.other for v in main if v.other}
    assert {v.name for v in kobo} - names == {"started"}
    assert names - {v.name for v in kobo} == {"duration", "source", "source_detail", "ip"}
    assert asked["name"].is_unique


def test_the_electronic_form_is_well_formed(case):
    survey = sheet(case / "questionnaire/questionnaire.xlsx", "survey")
    lists = set(sheet(case / "questionnaire/questionnaire.xlsx", "choices")["list_name"])
    kinds = survey["type"].str.split(" ", expand=True)
    assert set(kinds[0]) == {"start", "note", "select_one", "select_multiple", "integer", "date", "text", "begin_group", "end_group"}
    assert set(kinds[1].dropna()) - {""} == lists
    assert (survey["type"] == "begin_group").sum() == (survey["type"] == "end_group").sum() == 3
    said = survey[~survey["type"].isin(["start", "end_group"])]
    assert (said[["label::中文 (zh)", "label::English (en)"]] != "").all(axis=None)
    assert ((survey["constraint"] == "") == (survey["constraint_message::中文 (zh)"] == "")).all()
    seen: set[str] = set()
    for row in survey.to_dict("records"):
        for text in (row["relevant"], row["constraint"]):
            assert set(re.findall(r"\$\{(\w+)\}", text)) <= seen, row["name"]
            assert text.count("(") == text.count(")")
        seen.add(row["name"])
    settings = sheet(case / "questionnaire/questionnaire.xlsx", "settings").iloc[0]
    assert (settings["form_id"], settings["default_language"]) == ("binhai_survey", "中文 (zh)")


def test_constraints_and_relevance_say_what_the_question_says(case):
    rows = sheet(case / "questionnaire/questionnaire.xlsx", "survey").set_index("name")
    assert rows.loc["complaint_contacts", "constraint"] == "(. >= 1 and . <= 300 and (. >= ${complaint_cases} or ${complaint_cases} = 999)) or . = 999"
    assert rows.loc["contact_channels", "constraint"] == "(not(selected(., '8')) or count-selected(.) = 1)"
    assert rows.loc["contact_channels", "constraint_message::中文 (zh)"] == "“记不清”不能与其他选项一起选"
    assert rows.loc["wave_code", "constraint"] == "regex(., '^([A-Za-z]{2}[0-9][A-Za-z])$')"
    assert rows.loc["complaint_cases", "relevant"].endswith("and selected(${contact_purposes}, '1')")
    assert rows.loc["note_stopped", "relevant"] == "${consent} = '2' or ${age_band} = '1' or ${community} = '5' or ${residence} = '3'"
    assert rows.loc["tenure_other", "relevant"] == "selected(${tenure}, '6')"
    assert (rows.loc["birth", "required"], rows.loc["sex", "required"]) == ("", "yes")


# --- the codebook


@pytest.fixture(scope="module")
def codebook(case):
    return Codebook.from_frame(sheet(case / "codebook.xlsx", "codebook"), name="codebook.xlsx")


def test_conditions_are_in_the_simple_language_and_about_what_is_there(codebook):
    by_name = {v.name: v for v in codebook}
    part = re.compile(r"([a-z][a-z0-9_]*) (=|!=|has) ([0-9]+)")
    for variable in codebook:
        text = variable.to_row()["asked_if"]
        for piece in re.split(r" and | or ", text) if text else ():
            name, _, value = part.fullmatch(piece).groups()
            assert value in by_name[name].answers
    assert codebook["events_times"].to_row()["asked_if"] == "consent != 2 and age_band != 1 and community != 5 and residence != 3 and took_part = 1"
    assert codebook["assisted_reasons"].to_row()["asked_if"].endswith("and assisted != 1")


def test_the_codebook_knows_roles_missing_kinds_and_headers(codebook):
    assert {v.role: v.name for v in codebook if v.role} == {
        Role.KEY: "answer_id", Role.SUBMITTED: "submitted", Role.DURATION: "duration", Role.SOURCE: "source", Role.IP: "ip",
        Role.COMMUNITY: "community", Role.BIRTH: "birth", Role.ASSISTED: "assisted", Role.PERSON: "wave_code", Role.WEIGHT: "household_eligible",
    }
    sat = codebook["sat_overall"]
    assert sat.source == "7、总的来说，您对这个社区满意还是不满意？"
    assert sat.missing == {MissingKind.SKIPPED: ("(跳过)", "-3"), MissingKind.BLANK: ("(空)", "-2"), MissingKind.DONT_KNOW: ("6",)}
    assert codebook["sex"].missing[MissingKind.REFUSED] == ("3",)
    assert codebook["complaint_cases"].missing[MissingKind.DONT_KNOW] == ("999",)
    assert codebook["household_size"].missing[MissingKind.REFUSED] == ("999",)
    assert codebook["contact_purposes"].source_code[:2] == ("第10题(投诉或举报)", "第10题(求助)")
    assert codebook["trust_effort"].source == "第37题(居民反映的事，社区会认真去办)"
    assert {v.name for v in codebook if v.quasi} == {"age_band", "community", "sex", "birth", "tenure", "household_size", "household_eligible", "estate"}
    assert [v.identifier for v in codebook if v.identifier] == ["ip"]


@pytest.mark.parametrize("export", [Export.TEXT, Export.CODE])
def test_headers_are_found_after_the_platform_has_made_signs_half_width(codebook, export):
    half = {0xFF0C: ",", 0xFF1F: "?", 0xFF08: "(", 0xFF09: ")", 0xFF1A: ":"}
    wanted = [h for v in codebook for h in (v.source_code if export is Export.CODE and v.source_code else (v.source,))]
    frame = pd.DataFrame(columns=[h.translate(half) for h in wanted], dtype="str")
    raw = RawTable(frame=frame, path=Path("a.xlsx"), sha256="0" * 64, sheet="Sheet1", platform=Platform.WENJUANXING, export=export)
    assert [c for p in place_variables(codebook, raw) for c in p.columns] == list(frame.columns)


def test_the_codebook_helps_whoever_edits_it(case):
    book = load_workbook(case / "codebook.xlsx")
    assert book.sheet_names == ["codebook", "说明"]
    dictionary = read(case, "data_dictionary.en.md")
    assert "| wave_code |" in dictionary
    (line,) = (line for line in dictionary.splitlines() if line.startswith("| trust_effort"))
    assert not re.search("[\u4e00-\u9fff]", line.replace("(跳过)", "").replace("(空)", ""))


# --- the questionnaire itself


def test_it_is_short_enough_and_ends_with_the_open_question(questionnaire):
    assert len(questionnaire.questions) == 47
    assert 5 < estimated_minutes(questionnaire.sections) < LONGEST
    assert f"{estimated_minutes(questionnaire.sections)}分钟" in questionnaire.intro.zh
    assert questionnaire.questions[0].name == "consent"
    assert questionnaire.questions[-1].type is QuestionType.TEXT


def test_nobody_is_forced_to_answer(questionnaire):
    """A question that must be answered offers a way out; only those that settle who is asked do not."""
    forced = [
        q.name for q in questionnaire.questions
        if not q.optional and not any(o.missing for o in q.options) and not q.unknown
    ]
    assert forced == ["consent", "community", "residence"]


def test_scales_have_items_in_both_directions(questionnaire):
    scales = {q.scale: q for q in questionnaire.questions if q.scale}
    assert set(scales) == {"belonging", "trust"}
    for question in scales.values():
        assert 4 <= len(question.rows) <= 6
        assert {row.key for row in question.rows} == {1, -1}


@pytest.mark.parametrize(
    ("name", "value", "goes_to"),
    [("consent", "2", None), ("consent", "1", "age_band"), ("age_band", "1", None), ("contacted", "2", "unreported"), ("took_part", "1", "events_times"),
     ("took_part", "2", "not_took_reasons"), ("took_part", "3", "volunteered"), ("used_space", "2", "space_not_used_reasons"), ("assisted", "1", "wave_code")],
)
def test_arrows_lead_to_the_next_question_that_may_be_asked(questionnaire, name, value, goes_to):
    question = questionnaire[name]
    following = next_question(questionnaire, question, question.options[int(value) - 1])
    assert (following.name if following else None) == goes_to


def test_the_settings_list_carries_what_the_import_cannot(case):
    rows = {m[1]: m[2] for m in re.findall(r"(?m)^(\| (\d+) \| .+ \| (.+) \| □ \|)$", read(case, "questionnaire/wenjuanxing.md"))}
    assert rows["9"] == "依赖第8题第1个选项；第7个选项后允许填空；第8个选项与其他选项互斥"
    assert rows["45"].startswith("依赖第44题第2、3、4、5个选项中的任一个")
    assert rows["2"].startswith("选第1个选项，跳到问卷末尾结束作答")
    assert "应有47题" in read(case, "questionnaire/wenjuanxing.md")

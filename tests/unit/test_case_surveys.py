"""Cleaning a case: every survey, every fault at once, and everything written or nothing."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.cleaning import clean_survey, read_codebook
from commresearch.cleaning.clean_files import read_clean
from commresearch.cleaning.codebook_file import codebook_xlsx
from commresearch.cleaning.pseudonyms import require_same_key
from commresearch.errors import CaseError, CleaningError, CommResearchError
from commresearch.reporting.quality_tables import received_files
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.survey import SurveySpec, simulate_survey
from commresearch.simulate.wenjuanxing import write_wenjuanxing
from commresearch.sources import read_survey
from commresearch.terms import Language, Sampling
from commresearch.workflow import check_cases, clean_case, require_clean_reports
from commresearch.workflow.case_surveys import read_files, waves_in
from commresearch.workflow.survey_quality import assess_survey, read_quality
from tests.spec.conftest import codebook, write_csv
from tests.unit.sources_files import CODE_HEADER, CODE_ROWS, TEXT_HEADER, TEXT_ROWS, write_xlsx
from tests.unit.survey_cases import CORRECTION_COLUMNS, KEY, OTHER_KEY, codes, correction, data_part, told, values, write_case

HEADER = ["编号", "填写时间", "性别", "年龄", "总体满意度", "您的电话"]
LABELS = ("非常满意", "比较满意", "一般", "不太满意", "非常不满意")
BOOK = [
    {"name": "serial", "type": "text", "role": "key", "source": "编号"}, {"name": "sent", "type": "date", "role": "submitted", "source": "填写时间"},
    {"name": "sex", "type": "single", "source": "性别", "values": "1=男\n2=女"}, {"name": "age", "type": "number", "source": "年龄", "unit": "岁", "max": "100"},
    {"name": "overall", "type": "single", "source": "总体满意度", "values": "\n".join(f"{i}={x}" for i, x in enumerate(LABELS, 1))},
    {"name": "phone", "type": "text", "source": "您的电话", "identifier": "mobile", "role": "person"},
]


def rows(first, n=12):
    return [[i, f"2026-09-{i % 28 + 1:02} 09:00:00", "男" if i % 2 else "女", 20 + i, LABELS[i * i % 5], f"1380000{i:04}"] for i in range(first, first + n)]


def write_book(path, *changes):
    """The codebook; each change is a variable's name and cells that replace its own."""
    changed = [{**v, **dict(cells for name, cells in changes if name == v["name"] for cells in cells.items())} for v in BOOK]
    codebook(*changed).to_frame().to_csv(path, index=False)
    return path


@pytest.fixture
def folder(tmp_path):
    """A case with two waves and one codebook."""
    place = write_case(tmp_path / "binhai", data_part("2025a", ["a.csv"], codebook="book.csv"), data_part("2026a", ["b.csv", "c.csv"], codebook="book.csv"))
    for name, first in (("a", 1), ("b", 20), ("c", 40)):
        write_csv(place / f"{name}.csv", HEADER, rows(first))
    write_book(place / "book.csv")
    return place


def clean(folder, out, **options):
    return clean_case(load_case(folder), out, **options)


def refused(folder, out, kind=CommResearchError, **options):
    """What is wrong; nothing is written, not even an empty folder."""
    with pytest.raises(kind) as error:
        clean(folder, out, **options)
    assert not out.exists()
    return error.value


def write_corrections(folder, *lines):
    pd.DataFrame(lines, columns=list(CORRECTION_COLUMNS)).to_csv(folder / "corrections.csv", index=False)


def test_every_wave_gets_a_folder_of_its_own_that_reads_back(folder, tmp_path):
    heard = []
    surveys = clean(folder, tmp_path / "out", pseudonym_key=KEY, today="2026-10-01", progress=lambda *what: heard.append(what))
    assert heard == [("binhai", "2025a", 0, 2), ("binhai", "2026a", 1, 2)]
    assert [(s.wave, s.sampling, s.is_drafted, len(s.clean.frame), s.folder) for s in surveys] == [
        ("2025a", Sampling.OPT_IN, False, 12, tmp_path / "out" / "2025a"), ("2026a", Sampling.OPT_IN, False, 24, tmp_path / "out" / "2026a"),
    ]
    assert waves_in(tmp_path / "out") == ["2025a", "2026a"]
    for survey in surveys:
        pd.testing.assert_frame_equal(read_clean(survey.folder).frame, survey.clean.frame)
        pd.testing.assert_frame_equal(read_quality(survey.folder).estimates, survey.quality.estimates)
        record = json.loads((survey.folder / "manifest.json").read_text(encoding="utf8"))
        assert record["made_on"] == "2026-10-01"
        assert set(record["outputs"]) == {p.name for p in survey.folder.iterdir()} - {"manifest.json"}
        assert (record["settings"]["wave"], record["settings"]["fictional"], record["settings"]["sampling"]) == (survey.wave, True, "opt_in")
    assert surveys[1].clean.provenance["files"].count(".csv") == 2
    written = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    clean(folder, tmp_path / "out", pseudonym_key=KEY, today="2026-10-01")
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == written


def test_what_stood_there_goes_as_a_whole(folder, tmp_path):
    stale = tmp_path / "out" / "2025a" / "old.txt"
    stale.parent.mkdir(parents=True)
    stale.write_text("old", encoding="utf8")
    clean(folder, tmp_path / "out")
    assert not stale.exists()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["2025a", "2026a"]


def test_faults_of_all_surveys_are_told_together(folder, tmp_path):
    write_csv(folder / "a.csv", [*HEADER[:2], "你的性别", *HEADER[3:]], rows(1))
    (folder / "b.csv").write_bytes(b"")
    damaged = (folder / "book.csv").read_text(encoding="utf8").replace("number", "numeric")
    (folder / "case.toml").write_text((folder / "case.toml").read_text(encoding="utf8").replace('"2026a"\nfiles = ["b.csv", "c.csv"]\nsampling = "opt_in"\ncodebook = "book.csv"', '"2026a"\nfiles = ["b.csv", "c.csv"]\nsampling = "opt_in"\ncodebook = "other.csv"'), encoding="utf8")
    (folder / "other.csv").write_text(damaged, encoding="utf8")
    write_corrections(folder, {**correction(2, "age", "21", "22"), "reason": "x"})
    error = refused(folder, tmp_path / "out")
    assert codes(error) == ["CR-S03", "CR-K02", "CR-K08"]
    told(error, "CR-K08", "a.csv", "“性别”", "“你的性别”")
    told(error, "CR-S03", "b.csv")
    told(error, "CR-K02", "other.csv", "numeric")
    with pytest.raises(CommResearchError) as checked:
        check_cases([load_case(folder)])
    assert codes(checked.value) == codes(error)


def test_a_case_without_a_survey(tmp_path):
    place = write_case(tmp_path / "binhai", data_part("", ["t.csv"], kind="tickets", sampling=None))
    (place / "t.csv").write_text("x", encoding="utf8")
    error = refused(place, tmp_path / "out", CaseError)
    assert codes(error) == ["CR-F10"]
    told(error, "CR-F10", "binhai", "[[data]]")


def test_a_planted_identifier_stops_everything(folder, tmp_path):
    write_book(folder / "book.csv", ("age", {"note": "有问题请打13912345678"}))
    error = refused(folder, tmp_path / "out", CleaningError)
    assert set(codes(error)) == {"CR-P08"}
    zh, en = told(error, "CR-P08", str(tmp_path / "out" / "2025a" / "codebook.csv"), "13*********")
    assert "手机号" in zh
    assert "13912345678" not in zh + en
    assert ".work" not in zh


def test_a_planted_identifier_leaves_earlier_results_as_they_were(folder, tmp_path):
    clean(folder, tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    write_book(folder / "book.csv", ("age", {"note": "有问题请打13912345678"}))
    with pytest.raises(CleaningError) as error:
        clean(folder, tmp_path / "out")
    assert set(codes(error.value)) == {"CR-P08"}
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_identifiers_in_a_clean_table_and_in_what_is_said_about_it_are_told_together(folder, tmp_path):
    clean(folder, tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    write_book(folder / "book.csv", ("age", {"note": "有问题请打13912345678"}))
    toml = folder / "case.toml"
    toml.write_text(re.sub('name_zh *= *"', 'name_zh = "找13712345678，', toml.read_text(encoding="utf8"), count=1), encoding="utf8")
    with pytest.raises(CleaningError) as error:
        clean(folder, tmp_path / "out")
    assert {Path(str(f.values["path"])).name for f in error.value.failures} >= {"codebook.csv", "provenance.json", "manifest.json"}
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_an_identifier_in_a_header_is_told_before_anything_is_written(tmp_path):
    place = write_case(tmp_path / "binhai", data_part("2025a", ["a.csv"]))
    write_csv(place / "a.csv", ["编号", "1、是否接受回访（找13812345678）"], [[i, "是否"[i % 2]] for i in range(1, 20)])
    with pytest.raises(CommResearchError) as checked:
        check_cases([load_case(place)])
    error = refused(place, tmp_path / "out")
    assert codes(checked.value) == codes(error) == ["CR-P12"]
    assert not any("13812345678" in text for text in told(error, "CR-P12", "a.csv", "1、是否接受回访（找〔手机号〕）"))


def test_an_identifier_in_a_question_of_the_codebook_is_told_once_for_all_files(folder, tmp_path):
    write_book(folder / "book.csv", ("age", {"question_zh": "年龄（问13812345678）"}))
    error = refused(folder, tmp_path / "out")
    assert codes(error) == ["CR-P13"]
    told(error, "CR-P13", "age", "question_zh", "年龄（问〔手机号〕）")


def test_reports_with_an_identifier_go(tmp_path):
    sound, leaking = tmp_path / "a.html", tmp_path / "b.html"
    sound.write_text("<p>好</p>", encoding="utf8")
    require_clean_reports([sound, tmp_path / "never_made.pdf"], {})
    leaking.write_text("<p>李丙丁</p>", encoding="utf8")
    with pytest.raises(CleaningError):
        require_clean_reports([sound, leaking], {"李丙丁": "name"})
    assert not sound.exists()
    assert not leaking.exists()


def test_corrections_go_to_their_own_files_and_none_is_forgotten(folder, tmp_path):
    lasting = str(read_survey(folder / "c.csv").row_ids[0])
    good = [correction(2, "age", "21", "22", file="a.csv"), correction(lasting, "overall", LABELS[0], "一般")]
    write_corrections(folder, *good)
    surveys = clean(folder, tmp_path / "out")
    assert values(surveys[0].clean.frame["age"])[0] == 22
    assert values(surveys[1].clean.frame["overall"])[12] == "3"
    assert check_cases([load_case(folder)]) == {"binhai": 2}
    write_corrections(folder, *good, correction(2, "age", "21", "22", file="d.csv"), correction(2, "age", "21", "22"), correction(9, "age", "1", "2", file="b.csv"), correction(2, "q", "x", "y", kind="tickets ", file="t.csv"))
    error = refused(folder, tmp_path / "new")
    assert [(f.code, f.values["row"]) for f in error.failures] == [("CR-D45", 7), ("CR-D41", 4), ("CR-D31", 5), ("CR-D34", 6)]
    told(error, "CR-D45", "tickets", "“t.csv”")
    told(error, "CR-D41", "corrections.csv", "“d.csv”", "a.csv, b.csv, c.csv")
    with pytest.raises(CommResearchError) as checked:
        check_cases([load_case(folder)])
    assert codes(checked.value) == codes(error)
    write_csv(folder / "t.csv", ["工单编号"], [["A1"]])
    with (folder / "case.toml").open("a", encoding="utf8") as file:
        file.write(data_part("", ["t.csv"], kind="tickets", sampling=None))
    assert codes(refused(folder, tmp_path / "new")) == codes(error)[1:]


def test_a_list_of_corrections_that_is_no_list(folder, tmp_path):
    write_csv(folder / "corrections.csv", ["row", "new"], [["1", "2"]])
    error = refused(folder, tmp_path / "out")
    assert codes(error) == ["CR-D30"]


def test_waves_that_mean_different_things_are_not_put_side_by_side(folder, tmp_path):
    write_book(folder / "later.csv", ("overall", {"values": "\n".join(f"{i}={x}" for i, x in enumerate(LABELS[::-1], 1))}), ("age", {"unit": "年"}))
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text("book.csv".join(text.split("book.csv")[:2]) + "later.csv" + text.split("book.csv")[2], encoding="utf8")
    error = refused(folder, tmp_path / "out")
    assert codes(error) == ["CR-K10"] * 5
    zh, en = told(error, "CR-K10", "overall", "1=非常满意", "1=非常不满意", "2025a", "2026a", "年")
    assert "含义不同" in zh
    assert "means different things" in en


def test_persons_of_waves_with_different_keys_are_not_linked(folder):
    book = read_codebook(folder / "book.csv")
    tables = {wave: clean_survey(read_survey(folder / f"{wave}.csv"), book, pseudonym_key=key) for wave, key in (("a", KEY), ("b", OTHER_KEY))}
    with pytest.raises(CleaningError) as error:
        require_same_key({wave: table.provenance["key_fingerprint"] for wave, table in tables.items()})
    assert codes(error.value) == ["CR-P04"]
    told(error.value, "CR-P04", "a", "b", *(t.provenance["key_fingerprint"] for t in tables.values()))


def test_a_folder_that_cannot_be_written_to(folder, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf8")
    error = refused(folder, tmp_path / "file" / "out", CaseError)
    told(error, "CR-C04", str(tmp_path / "file" / "out"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "2025a").write_text("a file where the wave's folder should be", encoding="utf8")
    with pytest.raises(CaseError) as error:
        clean(folder, tmp_path / "out")
    told(error.value, "CR-C04", str(tmp_path / "out"))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2025a"]


@pytest.fixture
def simulated(tmp_path):
    """A case with the two exports of a simulated survey, its codebook and margins."""
    survey = simulate_survey(SurveySpec(respondents=60, population=900), rng=11)
    place = tmp_path / "sim"
    files = [f.path.name for f in write_wenjuanxing(survey, place)]
    codebook_of(survey).to_csv(place / "book.csv", index=False)
    margins = survey.margins.set_axis(["variable", "category", "target"], axis=1)
    margins[margins["variable"].isin(["street", "sex"])].to_csv(place / "margins.csv", index=False)
    write_csv(place / "rules.csv", ["rule", "if", "then", "reason"], [["住满", "", "age >= 14", "调查对象不小于14岁"]])
    return survey, place, files


def test_a_pair_of_exports_with_margins_and_rules(simulated, tmp_path):
    survey, place, files = simulated
    write_case(place, data_part("2026a", files, codebook="book.csv", margins="margins.csv", rules="rules.csv", sampling="probability", shortest_seconds=None))
    (one,) = clean(place, tmp_path / "out", pseudonym_key=KEY)
    assert one.clean.provenance["export"] == "text"
    known = json.loads((one.folder / "provenance.json").read_text(encoding="utf8"))
    inputs = json.loads((one.folder / "manifest.json").read_text(encoding="utf8"))["inputs"]
    assert dict(received_files(known)) == inputs
    assert len(inputs) == 2
    assert len(one.clean.frame) == len(survey.sheets)
    assert set(one.quality.margins["target"].groupby(one.quality.margins["variable"]).sum()) == {900}
    assert one.quality.margins["after_share"].to_numpy() == pytest.approx(one.quality.margins["target_share"].to_numpy(), abs=1e-9)
    assert set(one.quality.estimates["inference"]) == {"design"}
    assert one.clean.flags["logic_failures"].notna().all()
    assert one.quality.weights["n"].iloc[0] <= len(one.clean.frame)


def test_a_case_without_a_codebook_gets_one_drafted(simulated, tmp_path):
    _, place, files = simulated
    write_case(place, data_part("", files[::-1]))
    (one,) = clean(place, tmp_path / "out")
    assert (one.wave, one.is_drafted) == ("survey1", True)
    again = read_codebook(one.folder / "codebook.xlsx")
    assert len(again.variables) > 50
    assert json.loads((one.folder / "provenance.json").read_text(encoding="utf8"))["codebook_drafted"] is True


def test_numbers_that_are_options_of_the_code_export_are_refused(tmp_path):
    head, n = ["序号", "提交答卷时间", "1、性别", "2、您家有几个孩子？", "3、年龄"], 12
    place = write_case(tmp_path / "binhai", data_part("2025a", ["text.csv", "code.csv"], codebook="book.csv"))
    answers = {"text.csv": [["男女"[i % 2], i % 3, 20 + i] for i in range(n)], "code.csv": [[i % 2 + 1, i % 3 + 1, 20 + i] for i in range(n)]}
    for name, rest in answers.items():
        write_csv(place / name, head, [[i, f"2026/9/1 9:{i:02}:00", *row] for i, row in enumerate(rest, 1)])
    kids, age = {"name": "kids", "type": "number", "source": head[3]}, {"name": "age", "type": "number", "source": head[4]}
    sound = {**kids, "source_code": "-"}, {**kids, "type": "single", "values": "1=0\n2=1\n3=2"}
    for one in (kids, *sound):
        codebook({"name": "serial", "type": "text", "role": "key", "source": "序号"}, one, age).to_frame().to_csv(place / "book.csv", index=False)
        if one is not kids:
            assert check_cases([load_case(place)]) == {"binhai": 1}
            continue
        error = refused(place, tmp_path / "out")
        assert codes(error) == ["CR-K16"]
        told(error, "CR-K16", "book.csv", "kids", "text.csv", "code.csv", "0/1, 1/2, 2/3")
        with pytest.raises(CommResearchError) as checked:
            check_cases([load_case(place)])
        assert codes(checked.value) == ["CR-K16"]


def test_what_is_wrong_with_margins_rules_and_decisions(folder, tmp_path):
    place = folder
    write_csv(place / "bad_margins.csv", ["variable", "category"], [["sex", "1"]])
    write_csv(place / "bad_rules.csv", ["rule", "if", "then", "reason"], [["住满", "", "nobody = 1", "…"]])
    write_csv(place / "bad_decisions.csv", ["group_id", "row_id"], [["g", "r"]])
    (place / "d.xlsx").write_bytes(codebook_xlsx(read_codebook(place / "book.csv"), Language.ZH))
    settings = ({"margins": "bad_margins.csv"}, {"rules": "bad_rules.csv"}, {"decisions": "bad_decisions.csv"})
    parts = [data_part(str(i), ["a.csv"], codebook="book.csv", **setting) for i, setting in enumerate(settings, 1)]
    write_case(place, *parts, data_part("4", ["d.xlsx"], codebook="book.csv", sheet="没有"))
    error = refused(place, tmp_path / "out")
    assert codes(error) == ["CR-S16", "CR-G01", "CR-D38", "CR-D10"]
    told(error, "CR-D38", "bad_rules.csv", "nobody = 1")
    told(error, "CR-D10", "bad_decisions.csv")
    told(error, "CR-S16", "没有", "codebook")


def test_wrong_answers_margins_rules_and_decisions_of_one_survey_are_told_together(folder, tmp_path):
    write_csv(folder / "a.csv", HEADER, [[*row[:4], "还行", *row[5:]] for row in rows(1)])
    write_csv(folder / "margins.csv", ["variable", "category", "target"], [
        ["sex", "男", "600"], ["sex", "2", "x"], ["overall", "1", "10"], ["overall", "1", "-3"], ["age", "30", "5"], ["phone_sex", "1", "8"], ["", "", ""], ["nobody_sex", "1", "8"],
    ])
    write_csv(folder / "rules.csv", ["rule", "if", "then", "reason"], [["住满", "", "nobody = 1", "…"]])
    write_csv(folder / "decisions.csv", ["group_id", "row_id"], [["g", "r"]])
    write_case(folder, data_part("2025a", ["a.csv"], codebook="book.csv", margins="margins.csv", rules="rules.csv", decisions="decisions.csv"))
    error = refused(folder, tmp_path / "out")
    assert [(f.code, f.values.get("row")) for f in error.failures][:8] == [
        ("CR-D38", 2), ("CR-G03", 2), ("CR-G05", 3), ("CR-G04", 5), ("CR-G05", 5), ("CR-G02", 6), ("CR-G02", 9), ("CR-D10", None),
    ]
    assert codes(error)[8:] == ["CR-K11"]
    told(error, "CR-G03", "margins.csv", "“男”", "1=男, 2=女")
    told(error, "CR-G02", "“age”", "sex, overall")
    told(error, "CR-G05", "“x”", "“-3”")
    told(error, "CR-G04", "“1”")


def test_checking_finds_what_cleaning_would_refuse(folder, tmp_path):
    write_book(tmp_path / "other.csv", ("overall", {"values": "\n".join(f"{i}={x}" for i, x in enumerate(LABELS[::-1], 1))}))
    (folder / "other.csv").write_bytes((tmp_path / "other.csv").read_bytes())
    write_case(folder, data_part("2025a", ["a.csv"], codebook="book.csv"), data_part("2026a", ["b.csv"], codebook="other.csv"))
    heard = []
    with pytest.raises(CommResearchError) as checked:
        check_cases([load_case(folder)], progress=lambda *what: heard.append(what))
    assert heard == [("binhai", "2025a", 0, 2), ("binhai", "2026a", 1, 2)]
    assert codes(checked.value) == codes(refused(folder, tmp_path / "out"))
    assert codes(checked.value)


def test_a_listed_file_is_never_left_out_in_silence(simulated, tmp_path):
    _, place, files = simulated
    write_case(place, data_part("1", [files[0], files[0], files[1]]))
    error = refused(place, tmp_path / "out")
    assert codes(error) == ["CR-F11"]
    told(error, "CR-F11", files[0], files[1])


def test_results_of_a_survey_that_case_toml_names_no_more_go(folder, tmp_path):
    clean(folder, tmp_path / "out")
    (tmp_path / "out" / "notes").mkdir()
    write_case(folder, data_part("2027a", ["a.csv"], codebook="book.csv"))
    clean(folder, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["2027a", "notes"]


def test_who_declined_to_take_part_needs_no_place_in_the_sample(cleaned):
    book = [{"name": "id", "type": "text"}, {"name": "street", "type": "single", "values": "1=甲\n2=乙", "role": "stratum"}, {"name": "n", "type": "number"}]
    answers = [[f"k{i}", "甲" if i % 2 else "乙", str(i)] for i in range(12)]
    table = cleaned(["id", "street", "n"], [*answers, ["x", "", ""]], *book)
    estimates = assess_survey(table, Sampling.PROBABILITY).estimates
    assert (estimates["n"].iloc[0], estimates["estimate"].iloc[0]) == (12, 5.5)
    weighted = cleaned(["id", "street", "n", "w"], [*([*row, "2"] for row in answers), ["x", "", "", ""]], *book, {"name": "w", "type": "number", "role": "weight"})
    assert assess_survey(weighted, Sampling.PROBABILITY).estimates["estimate"].iloc[0] == pytest.approx(5.5)
    unplaced = cleaned(["id", "street", "n"], [*answers, ["x", "", "7"]], *book)
    quality = assess_survey(unplaced, Sampling.PROBABILITY)
    assert (quality.noted("place_gap"), quality.estimates["n"].iloc[0], quality.estimates["inference"].iloc[0]) == ({"street": 1}, 13, "model")


def test_a_survey_without_numbers_a_census_and_one_with_weights(cleaned):
    name, said = {"name": "id", "type": "text"}, {"name": "said", "type": "text"}
    silent = assess_survey(cleaned(["id", "said"], [["a", "好"], ["b", "不好"]], name, said), Sampling.OPT_IN)
    assert [len(getattr(silent, part)) for part in ("estimates", "sensitivity", "scales", "items", "weights", "margins", "anonymity")] == [0] * 7
    number = {"name": "n", "type": "number"}
    weighted = cleaned(["id", "n", "w"], [["a", "1", "3"], ["b", "5", "1"], ["c", "3", "2"]], name, number, {"name": "w", "type": "number", "role": "weight"})
    for sampling, inference, mean in ((Sampling.CENSUS, "none", (3 + 5 + 6) / 6), (Sampling.OPT_IN, "model", 3)):  # outside a probability sample nobody had a chance
        row = assess_survey(weighted, sampling).estimates.iloc[0]
        assert row["estimate"] == pytest.approx(mean)
        assert row["inference"] == inference


def test_tables_beside_the_data_must_be_tables(folder, tmp_path):
    (folder / "book.csv").write_bytes(b"$FL2" + bytes(200))
    error = refused(folder, tmp_path / "out")
    assert codes(error) == ["CR-S27"]
    told(error, "CR-S27", "book.csv", ".xlsx, .csv")
    (folder / "book.csv").write_text("\n\n ,\n", encoding="utf8")
    assert codes(refused(folder, tmp_path / "out")) == ["CR-S17"]


def test_of_sheets_that_ask_the_same_case_toml_names_one_for_all_files(tmp_path):
    place = write_case(tmp_path / "binhai", data_part("2025a", ["text.xlsx", "code.xlsx"]))
    for name, head, lines in (("text", TEXT_HEADER, TEXT_ROWS), ("code", CODE_HEADER, CODE_ROWS)):
        write_xlsx(place / f"{name}.xlsx", [head, *lines], sheet="望海", others={"青滩": [head, [9, *lines[0][1:]]]})
    with pytest.raises(CommResearchError) as checked:
        check_cases([load_case(place)])
    assert codes(checked.value) == ["CR-S44", "CR-S44"]
    case = load_case(write_case(place, data_part("2025a", ["text.xlsx", "code.xlsx"], sheet="青滩")))
    answers, code = read_files(case, case.surveys[0])
    assert [(raw.sheet, raw.frame["序号"].tolist()) for raw in (*answers, code)] == [("青滩", ["9"])] * 2

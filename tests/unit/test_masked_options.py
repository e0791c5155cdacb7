"""Options of a codebook that tell a door, a name or a number: what becomes of answers that cleaning masks."""

import pandas as pd
import pytest

from commresearch.cleaning import clean_survey, draft_codebook, read_codebook
from commresearch.cleaning.codebook_file import codebook_xlsx
from commresearch.errors import SchemaError
from commresearch.sources import read_survey
from commresearch.terms import Identifier, Language, Platform, VariableType
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import codes, told, values

ID = {"name": "id", "type": "text"}
DOORS = "1=人民路12号\n2=和平街35号\n3=其他"
STREETS = {"1": "人民路〔住址〕", "2": "和平街〔住址〕", "3": "其他"}
WENJUANXING = ["序号", "提交答卷时间", "所用时间", "1、您住在哪里"]


def refused(path, *variables):
    with pytest.raises(SchemaError) as error:
        clean_survey(read_survey(path), codebook(ID, *variables))
    return error.value


@pytest.mark.parametrize("kind", ["single", "multiple"])
@pytest.mark.parametrize("options", [["翠园小区3号楼", "翠园小区5号楼", "其他"], ["翠园小区3栋", "翠园小区5栋", "其他"], ["3号楼", "5号楼", "8号楼"]])
def test_buildings_are_options_like_others(tmp_path, kind, options):
    given = options if kind == "single" else [f"{a}┋{options[-1]}" for a in options[:-1]]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "您住在哪一栋"], [[f"x{i}", given[i % len(given)]] for i in range(12)]))
    book = draft_codebook(raw)
    assert (book["q1"].type.value, sorted(book["q1"].values.values())) == (kind, sorted(options))
    table = clean_survey(raw, book)
    assert table.frame.drop(columns="answer_id").notna().all(axis=None)
    assert table.identifiers.empty


def test_how_many_buildings_is_an_amount_where_it_is_asked_for(tmp_path):
    rows = [[f"x{i}", f"{i % 4 + 1}户"] for i in range(12)]
    assert draft_codebook(read_survey(write_csv(tmp_path / "s.csv", ["id", "共几户"], rows)))["q1"].type is VariableType.NUMBER


@pytest.mark.parametrize("option", ["3栋2单元501室", "人民路12号", "拨打0571-85000000", "找网格员王芳"])
def test_a_draft_makes_no_option_of_an_identifier_and_says_so(tmp_path, option):
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "您找谁"], [[f"x{i}", [option, "社区", "其他"][i % 3]] for i in range(12)]))
    book = draft_codebook(raw)
    assert (book["q1"].type, book["q1"].values, "遮去" in book["q1"].note) == (VariableType.TEXT, {}, True)
    assert option not in clean_survey(raw, book).frame.to_csv()


@pytest.mark.parametrize("is_platform", [True, False], ids=["wenjuanxing", "plain"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_options_that_are_doors_are_refused_with_what_to_do(tmp_path, suffix, is_platform):
    answers = ["人民路12号", "和平街35号", "人民路12号〖二楼〗", "其他", "随便"]
    rows = [["1", "2026/9/1 9:00:00", "90秒", a] if is_platform else ["1", a] for a in answers]
    header = WENJUANXING if is_platform else ["id", WENJUANXING[-1]]
    write, source = write_csv if suffix == ".csv" else write_xlsx, {"name": "id", "type": "text", "source": header[0]}
    path = write(tmp_path / f"s{suffix}", header, [[i, *row[1:]] for i, row in enumerate(rows, 1)])
    raw = read_survey(path)
    assert raw.platform is (Platform.WENJUANXING if is_platform else Platform.PLAIN)
    (tmp_path / "codebook.xlsx").write_bytes(codebook_xlsx(codebook(source, {"name": "q", "type": "single", "source": header[-1], "values": DOORS}), Language.ZH))
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, read_codebook(tmp_path / "codebook.xlsx"))
    assert codes(error.value) == ["CR-K15", "CR-K11"]
    zh, en = told(error.value, "CR-K15", path.name, "1、您住在哪里", "q", "2, 3, 4", "1=人民路〔住址〕; 2=和平街〔住址〕", "values", "identifier")
    assert "，所以第2, 3, 4行等处的答案与选项对不上。" in zh
    told(error.value, "CR-K11", "6", "随便", "1=人民路〔住址〕; 2=和平街〔住址〕; 3=其他")
    assert not any(door in text for text in (zh, en, *told(error.value, "CR-K11")) for door in ("12号", "35号"))


def test_of_a_multiple_choice_only_what_is_masked_is_refused_so(tmp_path):
    many = {"name": "m", "type": "multiple", "source": "m", "values": DOORS}
    error = refused(write_csv(tmp_path / "s.csv", ["id", "m"], [["a", "人民路12号┋和平街35号"], ["b", "和平街35号┋随便"], ["c", "其他"]]), many)
    assert [(f.code, f.values["rows"]) for f in error.failures] == [("CR-K15", "2"), ("CR-K11", "3")]
    assert error.failures[1].values["got"] == "和平街〔住址〕┋随便"
    apart = {**many, "source": "-", "source_code": "人民路12号\n其他", "values": "1=人民路12号\n2=其他"}
    error = refused(write_csv(tmp_path / "t.csv", ["id", "人民路12号", "其他"], [["a", "人民路12号", ""], ["b", "", "其他"]]), apart)
    assert codes(error) == ["CR-K15"]
    assert not any("12号" in text for text in told(error, "CR-K15", "人民路〔住址〕, 其他", "1=人民路〔住址〕"))


@pytest.mark.parametrize(("kind", "options"), [("single", "1=〔姓名〕"), ("multiple", "1=…")])
def test_a_name_that_somebody_in_the_file_has_is_an_option_no_more(tmp_path, kind, options):
    rows = [[f"x{i}", name, ["王建国", "李秀英", "其他"][i % 3]] for i, name in enumerate(["王建国", "赵小明", "钱大海", "孙文武", "周国强", "吴小军"])]
    who = {"name": "who", "type": "text", "source": "姓名", "identifier": "name"}
    error = refused(write_csv(tmp_path / "s.csv", ["id", "姓名", "q"], rows), who, {"name": "q", "type": kind, "values": "1=王建国\n2=李秀英\n3=其他"})
    assert codes(error) == ["CR-K15"]
    assert not any("王建国" in text for text in told(error, "CR-K15", "2, 5", options))


def test_every_way_out_that_the_refusal_names_is_one(tmp_path):
    path = write_csv(tmp_path / "s.csv", ["id", "q"], [["a", "人民路12号"], ["b", "和平街35号"], ["c", "其他"], ["d", "人民路40号"]])
    raw, single = read_survey(path), {"name": "q", "type": "single"}
    masked = clean_survey(raw, codebook(ID, {**single, "values": "\n".join(f"{v}={label}" for v, label in STREETS.items())}))
    assert values(masked.frame["q"]) == ["1", "2", "3", "1"]
    address = clean_survey(raw, codebook(ID, {"name": "q", "type": "text", "identifier": Identifier.ADDRESS.value}))
    assert (list(address.frame), set(address.identifiers["action"])) == (["id"], {"dropped"})
    numbered = read_survey(write_csv(tmp_path / "n.csv", ["id", "q"], [["a", 1], ["b", 2], ["c", 3]]))
    coarse = clean_survey(numbered, codebook(ID, {**single, "values": "1=一号网格\n2=二号网格\n3=其他"}))
    assert values(coarse.frame["q"]) == ["1", "2", "3"]
    several = read_survey(write_csv(tmp_path / "m.csv", ["id", "q"], [["a", "人民路12号┋和平街35号"], ["b", "其他"]]))
    table = clean_survey(several, codebook(ID, {"name": "q", "type": "multiple", "values": "\n".join(f"{v}={label}" for v, label in STREETS.items())}))
    assert pd.DataFrame(table.frame.filter(like="q__")).to_numpy().tolist() == [[1, 1, 0], [0, 0, 1]]


def test_options_that_no_written_file_may_hold_are_refused_where_the_data_hold_numbers(tmp_path):
    rows = [["a", 1], ["b", 2], ["c", 1]]
    path = write_csv(tmp_path / "s.csv", ["id", "q"], rows)
    error = refused(path, {"name": "q", "type": "single", "values": "1=3栋2单元501室\n2=其他"})
    assert codes(error) == ["CR-K15"]
    assert not any("501" in text or "答案与选项对不上" in text for text in told(error, "CR-K15", "s.csv", "q", "1=〔住址〕"))
    assert values(clean_survey(read_survey(path), codebook(ID, {"name": "q", "type": "single", "values": "1=3栋\n2=5栋"})).frame["q"]) == ["1", "2", "1"]

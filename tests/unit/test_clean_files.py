"""What stands in a clean table beside the answers: flags, duplicates, account, log in words; and the table as files."""

import io

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from commresearch.cleaning import clean_survey
from commresearch.cleaning.clean_files import CODEBOOK, PROVENANCE, TABLES, files_of, read_clean
from commresearch.cleaning.clean_table import reason
from commresearch.cleaning.signs import duplicate_groups
from commresearch.errors import CaseError, CleaningError
from commresearch.records import log_lines
from commresearch.sources import read_survey
from commresearch.terms import Language
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import KEY, codes, told, values

ITEMS = [{"name": f"q{i}", "type": "single", "values": "1=a\n2=b\n3=c\n4=d\n5=e", "matrix": "m", "scale": "s", "key": "-1" if i == 2 else "1"} for i in range(1, 13)]
KEYED = {"name": "answer", "type": "text", "role": "key"}
SENT = {"name": "sent", "type": "date", "role": "submitted"}
HEADER = ["answer", "sent", *(f"q{i}" for i in range(1, 13))]


def sheets(n, *, keys=(), same=()):
    """Answer sheets that all differ, but for those in `same`, which repeat the first."""
    answers = [np.random.default_rng(0 if i in same else i).integers(1, 6, 12).tolist() for i in range(n)]
    return [[keys[i] if keys else f"k{i}", f"2026/9/{i + 1} 9:00:00", *row] for i, row in enumerate(answers)]


@pytest.fixture
def survey(tmp_path):
    """Six answer sheets of which the second and the fourth have one key."""
    path = write_csv(tmp_path / "s.csv", HEADER, sheets(6, keys=["k0", "k1", "k2", "k1", "k4", "k5"]))
    return read_survey(path), codebook(KEYED, SENT, *ITEMS)


def test_decisions_on_duplicates_may_be_a_file_and_are_named_as_it_is_called(survey, tmp_path):
    first = clean_survey(*survey)
    copies = first.duplicates[first.duplicates["kind"] == "key"]
    assert len(copies) == 2
    lines = copies[["group_id", "row_id"]].assign(decision=["", "drop"], reason=["", "重复提交"], decided_by="数据员", date="2026-10-01")
    path = write_xlsx(tmp_path / "决定.xlsx", list(lines), lines.to_numpy().tolist())
    table = clean_survey(*survey, decisions=path)
    assert values(table.frame["answer"]) == ["k0", "k1", "k2", "k4", "k5"]
    assert table.rows("duplicate_key") == 1
    assert table.rows("nothing") == 0
    assert len(table.flags) == len(table.missing_kinds) == 5
    assert table.duplicates["decision"].tolist() == ["", "drop"]
    wrong = lines.assign(decision=["maybe", "drop"], reason="")
    write_xlsx(path, list(wrong), wrong.to_numpy().tolist())
    with pytest.raises(CleaningError) as error:
        clean_survey(*survey, decisions=path)
    assert codes(error.value) == ["CR-D11", "CR-D12"]
    zh, en = told(error.value, "CR-D11", "决定.xlsx", "maybe")
    assert "第2行" in zh
    assert "row 2" in en


def test_signs_of_careless_filling(tmp_path):
    header = ["编号", "开始答题时间", "结束答题时间", "清洗数据结果", *(f"q{i}" for i in range(1, 13)), "说"]
    rows = [[i, f"2026-09-0{i} 09:00:00", f"2026-09-0{i} 09:0{1 if i == 3 else 8}:00", "无效" if i == 2 else "有效", *row[2:], "话"] for i, row in enumerate(sheets(8), 1)]
    rows[4][4:16] = [2] * 12
    raw = read_survey(write_csv(tmp_path / "t.csv", header, rows))
    book = codebook(
        {"name": "id", "type": "text", "source": "编号", "role": "key"}, {"name": "began", "type": "date", "source": "开始答题时间", "role": "started"},
        {"name": "sent", "type": "date", "source": "结束答题时间", "role": "submitted"}, {"name": "verdict", "type": "text", "source": "清洗数据结果", "role": "verdict"}, *ITEMS,
        {"name": "said", "type": "text", "source": "说"},
    )
    flags = clean_survey(raw, book, shortest_seconds=120).flags
    assert values(flags["flag_platform_verdict"]) == [i == 1 for i in range(8)]
    assert [bool(v) for v in flags["flag_duration"].fillna(value=False)] == [i == 2 for i in range(8)]
    assert flags["longstring"].idxmax() == flags.index[4]
    assert (flags["n_flags"] <= flags["n_known"]).all()
    assert flags["n_flags"].iloc[1] >= 1
    for word, bad in (("validation_status_not_approved", True), ("validation_status_approved", False), ("", False)):
        one = read_survey(write_csv(tmp_path / "v.csv", header, [[*row[:3], word, *row[4:]] for row in rows]))
        assert values(clean_survey(one, book).flags["flag_platform_verdict"]) == [bad] * 8


def test_a_verdict_may_be_a_choice_and_an_item_with_a_role_is_no_item_of_its_scale(cleaned):
    verdict = {"name": "verdict", "type": "single", "role": "verdict", "values": "1=有效\n2=异常答卷"}
    place = {"name": "area", "type": "single", "role": "community", "values": "1=甲\n2=乙", "matrix": "m", "scale": "s"}
    rows = [[*row, "异常答卷" if i == 3 else "有效", "甲"] for i, row in enumerate(sheets(6))]
    flags = cleaned([*HEADER, "verdict", "area"], rows, KEYED, SENT, *ITEMS, verdict, place).flags
    assert values(flags["flag_platform_verdict"]) == [i == 3 for i in range(6)]
    number = {"name": "verdict", "type": "number", "role": "verdict"}
    assert not cleaned([*HEADER, "verdict"], [[*row, i or ""] for i, row in enumerate(sheets(6))], KEYED, SENT, *ITEMS, number).flags["flag_platform_verdict"].any()


def test_of_a_sheet_that_was_not_compared_nobody_knows_whether_it_is_a_copy(cleaned):
    person = {"name": "who", "type": "text", "role": "person", "identifier": "mobile"}
    rows = [[*row[:2], "" if i in {0, 3, 4} else row[2], *row[3:]] for i, row in enumerate(sheets(7, same=(0, 4), keys=["k0", "k1", "k2", "k3", "k4", "k1", "k6"]))]
    flags = cleaned(HEADER, rows, KEYED, SENT, *ITEMS).flags  # of twelve questions, the first is not answered by all
    assert values(flags["flag_percent_match"]) == [None, False, False, None, None, False, False]
    assert values(flags["flag_open_duplicate"]) == [None, True, False, None, None, True, False]
    assert (flags["n_known"] == flags.filter(like="flag_").notna().sum(axis=1)).all()
    numbers = [f"138000000{i:02d}" if i != 3 else "" for i in range(7)]
    told = cleaned([*HEADER, "who"], [[*row, number] for row, number in zip(rows, numbers, strict=True)], KEYED, SENT, *ITEMS, person, pseudonym_key=KEY).flags
    assert values(told["flag_open_duplicate"]) == [False, True, False, None, False, True, False]  # compared as persons
    few = [row[:8] for row in rows]
    assert values(cleaned(HEADER[:8], few, KEYED, SENT, *ITEMS[:6]).flags["flag_open_duplicate"]) == [False, True, False, False, False, True, False]  # by their numbers alone
    assert cleaned(HEADER[1:8], [row[1:] for row in few], SENT, *ITEMS[:6]).flags["flag_open_duplicate"].isna().all()


@pytest.mark.parametrize(("labels", "helped"), [(("本人填写", "工作人员代填"), "工作人员代填"), (("没有人帮忙", "家人帮忙"), "家人帮忙"), (("No", "Yes, a neighbour"), "Yes, a neighbour")])
def test_sheets_that_somebody_else_filled_in_are_exempt_from_being_copies(cleaned, labels, helped):
    assisted = {"name": "by", "type": "single", "role": "assisted", "values": "\n".join(f"{i}={label}" for i, label in enumerate(labels, 1))}
    rows = [[*row, helped if i in {2, 5} else labels[0] if i else ""] for i, row in enumerate(sheets(9, same=(2, 5)))]
    flags = clean = cleaned([*HEADER, "by"], rows, KEYED, SENT, *ITEMS, assisted).flags
    assert clean["exempted"].str.contains("flag_percent_match").tolist() == [i in {2, 5} for i in range(9)]
    assert not flags["flag_percent_match"].iloc[[2, 5]].any()


def test_one_code_is_one_person_only_with_one_sex_and_month_of_birth(cleaned):
    book = [
        {"name": "key", "type": "text", "role": "key"}, {"name": "code", "type": "text", "role": "person"}, {"name": "born", "type": "date", "role": "birth"},
        {"name": "sex", "type": "single", "values": "1=男\n2=女"}, {"name": "n", "type": "number"},
    ]
    rows = [["a", "WH2Y", "1980-05", "男", 1], ["b", "WH2Y", "1980-05", "男", 2], ["c", "WH2Y", "1980-06", "男", 3], ["d", "WH2Y", "1980-05", "女", 4], ["e", "", "1980-05", "男", 5]]
    table = cleaned(["key", "code", "born", "sex", "n"], rows, *book)
    assert table.duplicates[["key", "kind"]].to_numpy().tolist() == [["a", "person"], ["b", "person"]]
    alone = cleaned(["key", "code", "n"], [[r[0], r[1], r[4]] for r in rows], *book[:2], book[4])
    assert alone.duplicates["key"].tolist() == ["a", "b", "c", "d"]


def test_where_nearly_everybody_answers_alike_only_whole_sheets_are_compared():
    book = codebook(*({"name": f"n{i}", "type": "number"} for i in range(24)))
    frame = pd.DataFrame({f"n{i}": [3.0] * 1_100 for i in range(21)} | {f"n{i}": np.arange(1_100.0) + i for i in range(21, 24)}, dtype="Float64")
    frame.loc[7] = frame.loc[1_000]
    groups = duplicate_groups(book, frame.set_axis([f"r{i}" for i in frame.index]), None)
    assert groups[["row_id", "kind"]].to_numpy().tolist() == [["r7", "content"], ["r1000", "content"]]


def test_the_log_says_why_in_both_languages(survey):
    table = clean_survey(*survey)
    table.log.loc[0] = {**dict.fromkeys(table.log.columns, ""), "rule": "full_width", "count": 1}
    table.log.loc[1] = {**dict.fromkeys(table.log.columns, ""), "rule": "correction", "reason": "少写一位", "count": 1}
    assert table.log_in(Language.ZH)["reason"].tolist() == ["全角字符转为半角", "少写一位"]
    assert table.log_in(Language.EN)["reason"].tolist() == ["full-width characters read as half-width", "少写一位"]
    assert reason("no_such_rule", Language.EN) == "no_such_rule"


def test_lines_of_the_log_are_as_many_as_what_they_are_about():
    assert log_lines(step="s", rule=["a", "b"], row_id=["x", "y"], count=2)["count"].tolist() == [2, 2]
    with pytest.raises(ValueError, match="unequal"):
        log_lines(step="s", rule=["a", "b"], row_id=["x"])


@pytest.fixture
def folder(survey, tmp_path):
    files = files_of(clean_survey(*survey), Language.ZH)
    place = tmp_path / "clean"
    place.mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def test_a_clean_table_reads_back_from_its_files(survey, folder):
    table, again = clean_survey(*survey), read_clean(folder)
    for name in TABLES:
        mine = table.log_in(Language.ZH) if name == "log" else getattr(table, name)
        pd.testing.assert_frame_equal(mine, getattr(again, name), obj=name)
    assert again.codebook.variables == table.codebook.variables
    assert dict(again.provenance) == dict(table.provenance)
    assert files_of(again, Language.ZH) == {n: (folder / n).read_bytes() for n in files_of(again, Language.ZH)}
    assert not again.known


def test_files_for_people_open_with_their_chinese(survey, folder):
    assert (folder / "log.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    shown = CalamineWorkbook.from_filelike(io.BytesIO((folder / "duplicates.xlsx").read_bytes())).get_sheet_by_name("duplicates").to_python(skip_empty_area=False)
    assert shown[0][:3] == list(clean_survey(*survey).duplicates)[:3]
    assert len(shown) == 3
    assert {cell for row in shown[1:] for cell in row} & {"nan", "NaT", "<NA>", "None"} == set()
    assert all("\n" not in line for line in (folder / "dictionary.md").read_text(encoding="utf8").splitlines())
    english = files_of(clean_survey(*survey), Language.EN)
    assert english["dictionary.md"] != (folder / "dictionary.md").read_bytes()


def test_a_folder_that_is_not_whole(folder):
    (folder / "log.parquet").unlink()
    (folder / PROVENANCE).unlink()
    with pytest.raises(CaseError) as error:
        read_clean(folder)
    assert codes(error.value) == ["CR-F09"]
    told(error.value, "CR-F09", str(folder), f"log.parquet, {PROVENANCE}", "commresearch clean")
    with pytest.raises(CaseError) as error:
        read_clean(folder / "nowhere")
    told(error.value, "CR-F09", CODEBOOK)

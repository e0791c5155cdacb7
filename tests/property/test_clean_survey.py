"""What holds for every survey: two exports of one survey agree, rows add up, order does not matter, cleaning twice changes nothing."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import CleanTable, Codebook, clean_survey, draft_codebook, read_codebook
from commresearch.cleaning.clean_files import files_of
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.dirt import DirtRates
from commresearch.simulate.survey import SimulatedSurvey, SurveySpec, simulate_survey
from commresearch.simulate.wenjuanxing import WenjuanxingStyle, write_wenjuanxing
from commresearch.sources import read_survey, read_survey_pair
from commresearch.terms import Language
from commresearch.workflow.export import export_clean

STYLES = (
    WenjuanxingStyle(), WenjuanxingStyle(full_width_markers=True, number_mark="."), WenjuanxingStyle(fill_in_columns=True),
)
NOT_IN_CODE = "not_exported"


@cache
def survey(seed: int, respondents: int = 120) -> SimulatedSurvey:
    return simulate_survey(SurveySpec(respondents=respondents, population=6_000), rng=seed)


def cells(table: CleanTable) -> pd.DataFrame:
    """Values and kinds in one frame of texts, rows in file order."""
    return (words(table.frame) + "|" + words(table.missing_kinds)).reset_index(drop=True)


def words(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({c: ["" if pd.isna(v) else str(v) for v in frame[c]] for c in frame}, index=frame.index, dtype="object")


@pytest.mark.parametrize(("seed", "suffix", "style"), [
    (1, ".xlsx", STYLES[0]), (2, ".xls", STYLES[0]), (3, ".csv", STYLES[1]), (4, ".xlsx", STYLES[2]), (5, ".xls", STYLES[1]), (6, ".csv", STYLES[2]),
    *((seed, ".xlsx", STYLES[seed % 3]) for seed in range(7, 13)),
])
def test_a_text_and_a_code_export_give_the_same_table(tmp_path, seed, suffix, style):
    files = write_wenjuanxing(survey(seed), tmp_path, suffix=suffix, style=style)
    codebook = Codebook.from_frame(codebook_of(survey(seed), style=style))
    text, code = (clean_survey(read_survey(f.path), codebook) for f in files)
    assert list(text.frame) == list(code.frame)
    assert text.frame.dtypes.equals(code.frame.dtypes)
    left, right = cells(text), cells(code)
    absent = (code.missing_kinds == NOT_IN_CODE).reset_index(drop=True)
    assert {c for c in absent if absent[c].any()} <= {v.other for v in codebook if v.other}
    assert left.where(~absent, "").equals(right.where(~absent, ""))
    assert all("|not_exported" in cell for cell in right.to_numpy()[absent.to_numpy()])
    assert "|not_exported" not in "".join(left.to_numpy().ravel())


@pytest.mark.parametrize("seed", [21, 22])
def test_clean_answers_are_the_true_answers(tmp_path, seed):
    simulated = survey(seed, 300)
    file = write_wenjuanxing(simulated, tmp_path, kind="text")[0]
    table = clean_survey(read_survey(file.path), Codebook.from_frame(codebook_of(simulated)))
    truth, kinds = simulated.truth.reset_index(drop=True), simulated.missing_kinds.reset_index(drop=True)
    planted = set(simulated.planted["variable"]) | {c for c in truth if c.endswith("_other")}
    for column in [c for c in truth if c in table.frame and c not in planted]:
        mine, theirs = (words(f[[column]])[column].tolist() for f in (table.frame, truth))
        lost = set(simulated.dirt.loc[(simulated.dirt["variable"] == column) & (simulated.dirt["recovery"] != "exact"), "submission"])
        rows = [i for i, submission in enumerate(simulated.truth.index) if submission not in lost]
        assert [(mine[i], theirs[i]) for i in rows if mine[i] != theirs[i]] == [], column
        read, true = (words(f[[column]])[column].tolist() for f in (table.missing_kinds, kinds))
        assert [(read[i], true[i]) for i in rows if read[i] != true[i]] == [], column


def test_rows_add_up_and_every_row_that_left_has_a_line(tmp_path):
    simulated = simulate_survey(SurveySpec(respondents=120, population=6_000, rates=DirtRates(duplicate_key=0.05)), rng=31)
    file = write_wenjuanxing(simulated, tmp_path, kind="text")[0]
    codebook = Codebook.from_frame(codebook_of(simulated))
    first = clean_survey(read_survey(file.path), codebook)
    decided = first.duplicates.assign(decision="", reason="", decided_by="", date="")
    copies = (decided["kind"] == "key") & decided.duplicated("group_id")
    decided.loc[copies, ["decision", "reason", "decided_by", "date"]] = ["drop", "重复导出", "数据员", "2026-10-01"]
    decided.index += 2
    table = clean_survey(read_survey(file.path), codebook, decisions=decided)
    account = table.account.set_index("rule")["rows"]
    assert account["rows_read"] == account.drop("rows_read").sum()
    assert account["rows_out"] == len(table.frame) == len(table.flags) == len(table.missing_kinds)
    gone = set(first.frame.index) - set(table.frame.index)
    assert gone
    assert gone == set(table.log.loc[table.log["step"] == "duplicates", "row_id"])
    assert table.frame.isna().equals(table.missing_kinds.notna())


def test_every_changed_value_has_a_line(tmp_path):
    """Cells whose clean value is not what stands in the file, nor a label of the codebook, are in the log."""
    simulated = survey(32)
    file = write_wenjuanxing(simulated, tmp_path, kind="text", suffix=".csv")[0]
    codebook = Codebook.from_frame(codebook_of(simulated))
    raw = read_survey(file.path)
    table = clean_survey(raw, codebook)
    logged = set(zip(table.log["row_id"], table.log["variable"], strict=True))
    numbers = [v for v in codebook if v.type == "number"]
    changed = 0
    for variable in numbers:
        texts = raw.frame[variable.source].set_axis(raw.row_ids)
        for row, text in texts.items():
            value = table.frame.loc[row, variable.name]
            plain = pd.notna(value) and text in {f"{value:g}", str(value), repr(float(value)).removesuffix(".0")}
            if not plain and text.strip() and text not in variable.markers:
                changed += 1
                assert (row, variable.name) in logged, (row, variable.name, text, value)
    assert changed > 10


def test_the_order_of_rows_does_not_matter(tmp_path):
    simulated = survey(33)
    file = write_wenjuanxing(simulated, tmp_path, kind="text", suffix=".csv")[0]
    codebook = Codebook.from_frame(codebook_of(simulated))
    raw = read_survey(file.path)
    table = clean_survey(raw, codebook)
    lines = file.path.read_text(encoding="utf-8-sig").splitlines()
    order = np.random.default_rng(5).permutation(len(lines) - 1)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([lines[0], *(lines[i + 1] for i in order)]) + "\n", encoding="utf-8-sig")
    again = clean_survey(read_survey(shuffled), codebook)
    assert len(order) == len(again.frame)
    assert cells(table).iloc[order].reset_index(drop=True).equals(cells(again))
    indices = [c for c in table.flags if c not in {"exempted", "longstring_block"}]
    left, right = (t.flags[indices].astype("float64").to_numpy() for t in (table, again))
    assert np.allclose(left[order], right, equal_nan=True)


def test_cleaning_a_clean_table_changes_nothing(tmp_path):
    simulated = survey(34)
    file = write_wenjuanxing(simulated, tmp_path, kind="text")[0]
    table = clean_survey(read_survey(file.path), Codebook.from_frame(codebook_of(simulated)))
    same = clean_survey(read_survey(file.path), Codebook.from_frame(codebook_of(simulated)))
    pd.testing.assert_frame_equal(table.frame, same.frame)
    pd.testing.assert_frame_equal(table.log, same.log)
    paths = {p.name: p for p in export_clean(table, tmp_path / "out", "s", Language.ZH)}
    again = clean_survey(read_survey(paths["s.csv"]), read_codebook(paths["s_codebook.xlsx"]))
    assert set(again.log["rule"]) <= {"missing_marker", "column_not_in_codebook"}
    for mine, theirs in zip(cells(table).items(), cells(again).items(), strict=True):
        left, right = (c[1].str.replace(r"^(\d+)\.0\|", r"\1|", regex=True) for c in (mine, theirs))
        assert left.tolist() == right.tolist(), mine[0]


def test_a_drafted_codebook_reads_its_own_survey(tmp_path):
    simulated = survey(35, 400)
    files = write_wenjuanxing(simulated, tmp_path)
    text, code = read_survey_pair(*(f.path for f in files))
    codebook = draft_codebook(text, code)
    table, coded = clean_survey(text, codebook), clean_survey(code, codebook)
    assert len(table.frame) == len(text.frame)
    absent = (coded.missing_kinds == NOT_IN_CODE).reset_index(drop=True)
    assert cells(table).where(~absent, "").equals(cells(coded).where(~absent, ""))
    true = Codebook.from_frame(codebook_of(simulated))
    types = {v.source: v.type for v in codebook}
    wrong = {v.source: (v.type, types.get(v.source)) for v in true if types.get(v.source) != v.type}
    assert len(wrong) <= 2, wrong
    labels = {v.source: set(v.values.values()) for v in codebook}
    assert all(set(v.values.values()) >= labels[v.source] for v in true if v.values and v.source in labels and v.source not in wrong)




def test_the_codebook_that_is_written_can_be_used_again(tmp_path):
    simulated = survey(36)
    file = write_wenjuanxing(simulated, tmp_path, kind="text")[0]
    raw = read_survey(file.path)
    table = clean_survey(raw, draft_codebook(raw))
    path = tmp_path / "codebook.xlsx"
    path.write_bytes(files_of(table, Language.ZH)["codebook.xlsx"])
    pd.testing.assert_frame_equal(clean_survey(raw, read_codebook(path)).frame, table.frame)

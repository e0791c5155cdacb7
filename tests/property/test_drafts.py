"""A drafted codebook has every answer of the file that it was drafted from, whatever the file holds."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from commresearch.cleaning import Codebook, clean_survey, draft_codebook
from commresearch.simulate.kobo import write_kobo
from commresearch.simulate.plain import write_plain
from commresearch.simulate.spss import write_spss
from commresearch.simulate.survey import SurveySpec, simulate_survey
from commresearch.simulate.tencent import write_tencent
from commresearch.simulate.wenjuanxing import write_wenjuanxing
from commresearch.sources import RawTable, read_survey, read_survey_pair
from commresearch.terms import Export, VariableType

WRITERS = (write_kobo, write_plain, write_spss, write_tencent, write_wenjuanxing)
PIECES = (
    "1", "2", "3", "-1", "99", "1.0", "１", "01", "满意", "不满意", "满 意", "满  意", "A", "a", "其他〖x〗", "其他", "甲┋乙", "甲┋丙", "甲→乙", "1-3", "4-6", "1┋2", "2〖好〗",
    "甲、乙", "1月3日", "(跳过)", "(空)", "", " ", "不清楚", "〖", "x=y", "两\n行", "1、好", "TRUE", "3.5", "男;女",
)


def accepts(raw: RawTable, *others: RawTable) -> Codebook:
    """The draft, which has cleaned its file and survives its way through a spreadsheet."""
    book = draft_codebook(raw, *others)
    for one in (raw, *others):
        clean_survey(one, book)
    assert Codebook.from_frame(book.to_frame()).variables == book.variables
    return book


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_drafts_from_simulated_exports_fit_them(tmp_path, write, seed):
    written = write(simulate_survey(SurveySpec(respondents=150, population=6_000), rng=seed), tmp_path)
    paths = [getattr(w, "path", w) for w in (written if isinstance(written, tuple) else (written,))]
    for path in paths:
        if "xlsform" not in path.name:
            accepts(read_survey(path))


@pytest.mark.parametrize("seed", [1, 2])
def test_no_code_of_a_simulated_code_export_becomes_an_amount(tmp_path, seed):
    simulated = simulate_survey(SurveySpec(respondents=150, population=6_000), rng=seed)
    text, code = (f.path for f in write_wenjuanxing(simulated, tmp_path))
    both = accepts(*read_survey_pair(text, code))
    alone = {v.question_zh: v for v in accepts(read_survey(code))}
    wrong = [v.question_zh for v in both if v.question_zh in alone and v.type is VariableType.SINGLE and alone[v.question_zh].type is not VariableType.SINGLE]
    assert [q for q in wrong if "几次" not in q] == []
    assert [v.question_zh for v in both if v.type is VariableType.NUMBER and alone[v.question_zh].type is not VariableType.NUMBER] == []


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("platform", ["plain", "wenjuanxing", "kobo"])
def test_drafts_from_odd_tables_fit_them(tmp_path, platform, seed):
    rng = np.random.default_rng(seed)
    heads = {"plain": ["编号"], "wenjuanxing": ["序号", "提交答卷时间"], "kobo": ["_id", "_submission_time"]}[platform]
    columns = []
    for _ in range(8):
        pool = rng.choice(PIECES, size=rng.integers(1, 5), replace=False)
        columns.append(rng.choice(pool, size=30, p=rng.dirichlet(np.ones(len(pool)))))
    rows = [[f"k{i}", *["2026/9/1 9:00:00"] * (len(heads) - 1), *(str(c[i]) for c in columns)] for i in range(30)]
    with (tmp_path / "t.csv").open("w", encoding="utf8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([[*heads, *(f"{j}、问{j}" for j in range(1, 9))], *rows])
    accepts(read_survey(tmp_path / "t.csv"))


@pytest.mark.parametrize("seed", range(20))
def test_drafts_from_odd_statistics_files_fit_them(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame, labels, missing = {}, {}, {}
    for j in range(6):
        pool = rng.choice([-9.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 1.5, 7.0, 98.0, 99.0, 999.0, 20.0, 31.0, 2020.0], size=rng.integers(1, 8), replace=False)
        frame[f"x{j}"] = rng.choice([*pool, np.nan], size=40)
        labelled = rng.choice(pool, size=rng.integers(0, len(pool) + 1), replace=False)
        labels[f"x{j}"] = {float(v): str(rng.choice(["是", "否", "不清楚", "拒答", "很 好", "跳过"])) for v in labelled}
        missing[f"x{j}"] = [float(v) for v in pool[: rng.integers(0, 3)]]
    pyreadstat.write_sav(pd.DataFrame(frame), str(tmp_path / "s.sav"), variable_value_labels={k: v for k, v in labels.items() if v}, missing_ranges={k: v for k, v in missing.items() if v})
    raw = read_survey(tmp_path / "s.sav")
    assert raw.export is Export.CODE
    accepts(raw)

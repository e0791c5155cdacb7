"""`commresearch audit FILE` as a user meets it: wrong files first, then a press text, then a table with replies."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from commresearch.comparison.claim_parser import parse_numbers
from commresearch.comparison.claim_parser_workbook import write_candidates
from tests.conftest import ROOT

TEXT = (
    "海棠街道推行社区共营以来，盘活闲置房屋36处、1.2万平方米，引进伙伴单位百余家。\n2025年1月至10月，举办活动320场，服务居民2.6万人次。\n"
    "物业投诉同比下降近七成，居民满意度达98%。街道建立议事厅12个，其中标准型8个、简易型5个。\n“1+3+8”工作法被多家媒体报道。\n"
)
CLAIMS = "claim_id,case_id,indicator_zh,value,unit,unit_class\na-001,a,投诉量变化,-68,%,percent\n"
REPLIES = (
    "claim_id,asked_on,question,reply,replied_on,reply_source\ncase-006,2026-03-01,基数是多少？,上年同期213件，电话13812345678,2026-03-09,街道来函\n"
    "case-007,2026-03-01,怎么测的？,,,\n"
)


def run(*arguments, project, lang="zh"):
    command = [sys.executable, "-m", "commresearch.cli", "audit", *arguments, "--lang", lang]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, env=dict(os.environ), timeout=300, check=False)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "data_raw").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "claims_audit.ipynb").write_bytes((ROOT / "notebooks" / "claims_audit.ipynb").read_bytes())
    (tmp_path / "简报.txt").write_text(TEXT, encoding="gb18030")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "找不到文件 none.csv"),
        ("short.csv", "claim_id,case_id\na-001,a\n", "indicator_zh"),
        ("words.csv", CLAIMS.replace("percent\n", "per cent\n"), "第2行"),
        ("number.csv", CLAIMS.replace("-68", "六成多"), "第2行"),
        ("twice.csv", CLAIMS + "a-001,a,投诉量变化,-30,%,percent\n", "a-001"),
        ("empty.txt", "没有数字的一段话。\n", "没有找到可能是公布数据的数字"),
        ("scan.pdf", "%PDF-1.4", "pdf"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_written(place, name, content, said):
    if content is not None:
        (place / name).write_text(content, encoding="utf8")
    result = run(name, project=place)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (place / "reports").exists()


def test_a_text_becomes_candidates_that_are_never_overwritten(place):
    result = run("简报.txt", project=place)
    assert result.returncode == 0
    assert "10个数字可能是公布的数据，另有2个不是" in result.stdout
    workbook = place / "reports" / "audit" / "简报" / "candidates.xlsx"
    assert workbook.is_file()
    again = run("简报.txt", project=place, lang="en")
    assert again.returncode == 2
    assert "[CR-V13]" in again.stderr
    unconfirmed = run(str(workbook), project=place)
    assert unconfirmed.returncode == 2
    assert "没有一行是确认过的" in unconfirmed.stderr


def test_confirmed_candidates_are_audited_with_their_replies_in_every_format(place):
    found = parse_numbers(TEXT.splitlines(), document="S0", case_id="case").candidates.assign(confirm="yes")
    parts, total = found["printed"].isin(["8个", "5个"]), found.loc[found["printed"] == "12个", "claim_id"].iloc[-1]
    found.loc[parts, "part_of"] = total
    found.loc[0, "confirm"] = "no"
    folder = place / "reports" / "audit" / "简报"
    folder.mkdir(parents=True)
    write_candidates(found, folder / "candidates.xlsx")
    (place / "responses.csv").write_text(REPLIES, encoding="utf8")
    result = run(str(folder / "candidates.xlsx"), "--responses", "responses.csv", project=place)
    assert result.returncode == 0, result.stderr
    assert "文内口径不一1处" in result.stdout
    assert "另有1行标为不是公布数据" in result.stdout
    assert (folder / "candidates.xlsx").is_file()
    findings = pd.read_csv(folder / "findings_zh.csv", dtype=str, keep_default_na=False)
    assert findings.loc[findings["claim_id"] == total, "detail"].str.contains(r"8 \+ 5 = 13").any()
    for language in ("zh", "en"):
        site = place / "reports" / "site" / "简报_audit" / language
        for suffix in ("html", "docx", "pdf"):
            assert (site / f"简报_audit.{language}.{suffix}").stat().st_size > 5_000
        page = (site / f"简报_audit.{language}.html").read_text(encoding="utf8")
        assert "13812345678" not in page
        assert re.search(r"8\s\+\s5\s=\s13", page)
        assert "“”" not in page
    assert "不是社区工作" in (place / "reports" / "site" / "简报_audit" / "zh" / "简报_audit.zh.html").read_text(encoding="utf8")

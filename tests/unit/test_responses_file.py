"""responses.csv: replies of issuers, their faults, and the identifiers that are masked in them."""

from pathlib import Path

import pandas as pd
import pytest

from commresearch.comparison.responses_file import COLUMNS, read_responses
from commresearch.errors import CommResearchError, SourceError
from commresearch.terms import Language
from commresearch.words.messages import render_error

CLAIMS = pd.DataFrame({"claim_id": ["binhe-001", "binhe-002"]})
GOOD = {
    "claim_id": "binhe-001", "asked_on": "2025-08-01", "question": "下降68%的基期数是多少？", "reply": "2024年上半年25件，2025年上半年8件。", "replied_on": "2025-08-20",
    "reply_source": "区委社会工作部书面答复",
}
OPEN = GOOD | {"reply": "", "replied_on": "", "reply_source": ""}


def write(folder: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> Path:
    path = folder / "responses.csv"
    pd.DataFrame(rows).to_csv(path, index=False, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"claim_id": "binhe-009"}, "CR-H24"), ({"claim_id": ""}, "CR-H24"), ({"question": " "}, "CR-H25"), ({"asked_on": ""}, "CR-H26"), ({"asked_on": "2025-08"}, "CR-H26"),
        ({"asked_on": "2025-02-30"}, "CR-H26"), ({"replied_on": "8月20日"}, "CR-H26"), ({"replied_on": "2025-07-31"}, "CR-H27"), ({"reply": ""}, "CR-H28"), ({"reply_source": ""}, "CR-H28"),
        ({"replied_on": ""}, "CR-H28"),
    ],
)
def test_each_fault_has_its_code_and_row(tmp_path, change, code):
    with pytest.raises(CommResearchError) as caught:
        read_responses(write(tmp_path, [GOOD, GOOD | change]), CLAIMS)
    assert [(f.code, f.values["row"]) for f in caught.value.failures] == [(code, 3)]
    for language in Language:
        assert "responses.csv" in render_error(caught.value, language)


def test_all_faults_at_once(tmp_path):
    with pytest.raises(CommResearchError) as caught:
        read_responses(write(tmp_path, [GOOD | {"claim_id": "x", "question": ""}, GOOD, OPEN | {"reply": "有"}]), CLAIMS)
    assert [(f.code, f.values["row"]) for f in caught.value.failures] == [("CR-H24", 2), ("CR-H25", 2), ("CR-H28", 4)]


@pytest.mark.parametrize(("columns", "expected"), [(COLUMNS[:-1], ["CR-H06"]), ((*COLUMNS, "phone"), ["CR-H07"]), ((*COLUMNS, "reply"), ["CR-H08"])])
def test_heads(tmp_path, columns, expected):
    path = tmp_path / "responses.csv"
    path.write_text(",".join(columns) + "\n" + ",".join("x" for _ in columns) + "\n", encoding="utf-8")
    with pytest.raises(CommResearchError) as caught:
        read_responses(path, CLAIMS)
    assert [f.code for f in caught.value.failures] == expected


def test_files_without_rows(tmp_path):
    path = tmp_path / "responses.csv"
    path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    with pytest.raises(CommResearchError) as caught:
        read_responses(path, CLAIMS)
    assert [f.code for f in caught.value.failures] == ["CR-H10"]
    path.write_text("", encoding="utf-8")
    with pytest.raises(SourceError):
        read_responses(path, CLAIMS)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_questions_with_and_without_a_reply(tmp_path, encoding):
    read = read_responses(write(tmp_path, [GOOD, OPEN | {"claim_id": "binhe-002"}, GOOD], encoding), CLAIMS)
    assert list(read.columns) == [*COLUMNS, "masked"]
    assert read["claim_id"].tolist() == ["binhe-001", "binhe-002", "binhe-001"]
    assert read["reply"].tolist() == [GOOD["reply"], "", GOOD["reply"]]
    assert read["masked"].tolist() == [0, 0, 0]


def test_identifiers_of_persons_are_masked_and_counted(tmp_path):
    rows = [GOOD | {"reply": "请联系13912345678，经办人：王小芳。", "reply_source": "居民李淑芬说"}, GOOD]
    read = read_responses(write(tmp_path, rows), CLAIMS)
    text = " ".join(read.iloc[0].astype(str))
    assert not any(part in text for part in ("13912345678", "小芳", "淑芬"))
    assert read["masked"].tolist() == [3, 0]

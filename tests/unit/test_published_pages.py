"""Checks, questions and replies on the pages over published cases, and what these pages refuse."""

import pandas as pd
import pytest

from commresearch.cases.claim import Meaning
from commresearch.comparison.responses_file import COLUMNS
from commresearch.errors import SchemaError
from commresearch.reporting import case_numbers, case_page, comparison_checks, comparison_page, comparison_refusals, scorecard_page
from commresearch.reporting.display import Table
from commresearch.reporting.replies import FILE
from commresearch.terms import Check, Language, Verdict
from commresearch.words import entries, has
from tests.conftest import LEDGER, small_project

ASKED, OPEN, REPEAT = "huancui-025", "huancui-031", "huancui-001"
QUESTION, REPLY, SOURCE = "下降68%的基期数是多少？", "去年上半年25件，今年上半年8件，可问13800000000。", "区委社会工作部书面答复"


def answered(folder, *rows):
    """A ledger with questions to the issuer: one answered, one open."""
    rows = rows or ((ASKED, "2025-08-01", QUESTION, REPLY, "2025-08-20", SOURCE), (OPEN, "2025-08-01", "增长31.8%的前期人数是多少？", "", "", ""))
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(folder / FILE, index=False)
    return str(folder)


def table(items, name):
    return next(i for i in items if isinstance(i, Table) and i.id == name)


def prose(items):
    return "\n".join(i.text for i in items if not isinstance(i, Table) and hasattr(i, "text"))


# ---------------------------------------------------------------- replies


def test_a_faulty_file_of_replies_stops_the_page(ledger):
    folder = answered(ledger, ("nobody-001", "2025-08-01", QUESTION, "", "", ""))
    for made in (lambda: case_page.open_page(folder, "huancui", "zh"), lambda: comparison_page.open_page(folder, "zh")):
        with pytest.raises(SchemaError) as caught:
            made()
        assert [f.code for f in caught.value.failures] == ["CR-H24"]


def test_a_page_without_replies_says_nothing_of_them():
    page = case_page.open_page(str(LEDGER), "huancui", "zh")
    assert page.replies.empty
    assert not [i for i in case_numbers.checks(page) if isinstance(i, Table) and i.id == "tbl-replies"]
    assert entries("reports")["comparison_replies_none"]["zh"] in prose(comparison_checks.checks(comparison_page.open_page(str(LEDGER), "zh")))


@pytest.mark.parametrize("language", list(Language))
def test_question_reply_date_and_source_stand_beside_the_verdict(ledger, language):
    folder = answered(ledger)
    page = case_page.open_page(folder, "huancui", language)
    shown = table(case_numbers.checks(page), "tbl-replies")
    (number, verdict, sent, reply), (*_, unanswered) = shown.rows
    assert ("下降68%" if language is Language.ZH else "−68%") in number
    assert verdict.startswith(entries("labels")["verdict_待核实"][language.value])
    assert entries("checks")["C11_name"][language.value] in verdict
    assert QUESTION in sent
    assert ("2025年8月1日" if language is Language.ZH else "1 August 2025") in sent
    assert "去年上半年25件" in reply
    assert SOURCE in reply
    assert ("2025年8月20日" if language is Language.ZH else "20 August 2025") in reply
    assert "13800000000" not in reply  # masked, and the note says how often
    assert "1" in shown.note
    assert unanswered == entries("reports")["reply_none"][language.value]


def test_replies_are_counted_on_the_comparison_and_kept_to_their_case(ledger):
    folder = answered(ledger)
    assert "已就1个案例的2个数字向发布方提出2个问题，收到答复1个" in prose(comparison_checks.checks(comparison_page.open_page(folder, "zh")))
    assert case_page.open_page(folder, "kesheng", "zh").replies.empty


def test_a_reply_on_a_repeated_number_stands_with_its_first_place(ledger, published):
    repeat = published.claims[published.claims["repeat_of"] != ""].iloc[0]
    folder = answered(ledger, (repeat["claim_id"], "2025-08-01", QUESTION, REPLY, "2025-08-20", SOURCE))
    page = case_page.open_page(folder, repeat["case_id"], "en")
    assert list(page.replies["claim_id"]) == [repeat["repeat_of"]]
    assert len(table(case_numbers.checks(page), "tbl-replies").rows) == 1


# ---------------------------------------------------------------- checks


@pytest.mark.parametrize("language", list(Language))
def test_the_checks_of_all_cases_add_up_to_the_audit(published, language):
    page = comparison_page.open_page(published, language)
    items = comparison_checks.checks(page)
    asked = page.audit[page.audit["verdict"] != Verdict.CONSISTENT]
    rows = {row[0][:3]: row for row in table(items, "tbl-checks").rows}
    assert set(rows) == set(asked["check"])
    for check, row in rows.items():
        mine = page.audit[page.audit["check"] == check]
        assert [0 if n == "·" else int(n) for n in row[1:4]] == [int((mine["verdict"] == v).sum()) for v in Verdict]
    by_case = {row[0]: [0 if n == "·" else int(n) for n in row[1:]] for row in table(items, "tbl-asked").rows}
    assert list(by_case) == list(page.names.values())
    assert all(total == sum(parts) for total, *parts, _, _ in by_case.values())
    assert sum(row[0] + row[-2] for row in by_case.values()) == len(asked)
    assert sum(row[-1] for row in by_case.values()) == (page.audit["question"] != "").sum()
    silent = [c for c in Check if c not in rows]
    assert all(entries("checks")[f"{c}_name"][language.value] in prose(items) for c in silent)


def test_places_that_disagree_come_with_their_question(published):
    page = comparison_page.open_page(published, "zh")
    rows = table(comparison_checks.checks(page), "tbl-differ").rows
    found = page.audit[page.audit["verdict"] == Verdict.DISAGREES_WITHIN]
    assert [row[2:] for row in rows] == found[["detail", "question", "source_line"]].to_numpy().tolist()
    assert all(row[3] for row in rows)


@pytest.mark.parametrize("case", ["huancui", "jindu", "lean"])
def test_a_case_shows_each_check_once_and_every_question_that_is_not_routine(published, case):
    page = case_page.open_page(published, case, "zh")
    items = case_numbers.checks(page)
    open_ = page.audit[page.audit["verdict"] != Verdict.CONSISTENT]
    shown = {row[0][:3] for row in table(items, "tbl-checks").rows}
    assert shown == set(open_["check"])
    text = prose(items)
    for check in Check:
        assert (entries("checks")[f"{check}_name"]["zh"] in text) == (check.value not in shown), check
    asked = open_[~open_["check"].isin(case_numbers.ROUTINE)]
    if len(asked):
        assert [row[3] for row in table(items, "tbl-questions").rows] == list(asked["question"])


# ---------------------------------------------------------------- scorecard, pooling, combinations


@pytest.mark.parametrize("meaning", [m for m in Meaning if m is not Meaning.DONE])
def test_every_meaning_but_done_is_said_in_a_cell(meaning):
    assert has(f"scorecard.cell_meaning_{meaning}")


def test_a_period_in_brackets_opens_none_of_its_own(published):
    page = comparison_page.open_page(published, "en")
    cells = [cell for i in scorecard_page.score_tables(page) if isinstance(i, Table) for row in i.rows for cell in row]
    assert any("this year so far, year not stated" in cell for cell in cells)
    assert not [cell for cell in cells if "((" in cell or "))" in cell or " (this year so far (" in cell]


@pytest.mark.parametrize("language", list(Language))
def test_pooling_and_combinations_answer_in_the_words_of_the_page(published, language):
    page = comparison_page.open_page(published, language)
    items = comparison_refusals.pooling(page)
    text = prose(items)
    name = page.names["huancui"]
    assert "huancui" not in text
    assert text.count("E3") == 2  # the rule, and one answer that the three outcomes share
    assert (f"{name}（E0）" if language is Language.ZH else f"{name} (E0)") in text
    assert len(table(items, "tbl-not-pooled").rows) == 3
    refused = prose(comparison_refusals.combinations(page))
    assert "SUCCESS" not in refused
    assert "16" in refused


@pytest.mark.parametrize("language", list(Language))
def test_a_ledger_of_one_case_without_results_is_shown_as_well(tmp_path, language):
    root = small_project(tmp_path / "project", ("lean",))
    page = comparison_page.open_page(str(root / "data_raw" / "published"), language)
    sections = (
        comparison_page.first_screen, comparison_page.reported, comparison_page.headline_outcomes, scorecard_page.score_tables,
        scorecard_page.evidence_gaps, scorecard_page.mechanisms_beside_outcomes, comparison_page.mechanisms, comparison_page.agreement,
        comparison_page.denominators, comparison_checks.checks, comparison_refusals.pooling, comparison_refusals.combinations,
    )
    items = [item for section in sections for item in section(page)]
    assert not [i for i in items if isinstance(i, Table) and i.id in {"tbl-differ", "tbl-not-pooled"}]

"""Decisions on reports: the record of them, and what it says of a content."""

import csv
import io

import pytest

from commresearch.errors import CaseError
from commresearch.reporting.review import COLUMNS, Decision, Review, add_reviews, content_of, read_reviews, state_of
from commresearch.terms import Language
from commresearch.words import render_error

OLD, NEW = "a1" * 32, "b2" * 32


def review(**more):
    values = {"report": "binhai_impact.zh", "content": OLD, "decision": Decision.APPROVE, "reviewer": "督导组", "date": "2025-03-08", "comment": ""}
    return Review(**values | more)


def test_a_damaged_record_is_refused_with_all_its_faults(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("report,who\n", encoding="utf8")
    with pytest.raises(CaseError, match="CR-R30"):
        read_reviews(path)
    path.write_bytes("报告".encode("gb18030"))
    with pytest.raises(CaseError, match="CR-R30"):
        read_reviews(path)
    rows = [",".join(COLUMNS), f"a.zh,{OLD},maybe,组,2025-03-08,", f",{OLD[:5]},approve,,8.3.2025,", "a.zh,b", ""]
    path.write_text("\n".join(rows), encoding="utf8")
    with pytest.raises(CaseError) as caught:
        read_reviews(path)
    text = render_error(caught.value, Language.EN)
    for part in ("row 2, column decision: got “maybe”, needed: approve or return", "row 3, column report", "column content", "column reviewer", "got “8.3.2025”"):
        assert part in text
    assert "row 4: 2 cells, expected 6" in text
    assert "第2行，列 decision：得到“maybe”，应为 approve 或 return" in render_error(caught.value, Language.ZH)


def test_nobody_cannot_decide(tmp_path):
    with pytest.raises(CaseError, match="CR-R32"):
        add_reviews(tmp_path / "reviews" / "reviews.csv", [review(reviewer="  ")])
    assert not (tmp_path / "reviews").exists()


def test_decisions_are_added_and_none_is_lost(tmp_path):
    path = tmp_path / "reviews" / "reviews.csv"
    add_reviews(path, [review()])
    both = add_reviews(path, [review(decision=Decision.RETURN, comment="=HYPERLINK()\n第二行", date="2025-04-01")])
    assert both == read_reviews(path)
    assert [one.decision for one in both] == [Decision.APPROVE, Decision.RETURN]
    assert both[1].comment == "=HYPERLINK() 第二行"
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert [p.name for p in path.parent.iterdir()] == ["reviews.csv"]


def test_a_decision_holds_for_its_content_only():
    reviews = [review()]
    assert state_of([], "binhai_impact.zh", OLD, Language.ZH).line == "草稿·未经审核"
    held = state_of(reviews, "binhai_impact.zh", OLD, Language.ZH)
    assert (held.kind, held.line, held.more) == ("approved", "审核通过：督导组，2025年3月8日（内容编号a1a1a1a1a1a1）", "")
    changed = state_of(reviews, "binhai_impact.zh", NEW, Language.EN)
    assert (changed.kind, changed.line) == ("draft", "Draft, not reviewed")
    assert "content a1a1a1a1a1a1, by 督导组, 8 March 2025" in changed.more
    assert state_of(reviews, "binhai_impact.en", OLD, Language.EN).more == ""


def test_the_last_decision_on_a_content_counts():
    returned = review(decision=Decision.RETURN, comment="补对照社区名单", date="2025-03-09")
    state = state_of([review(), returned], "binhai_impact.zh", OLD, Language.ZH)
    assert (state.kind, state.more) == ("returned", "审核意见：补对照社区名单")
    assert state_of([returned, review()], "binhai_impact.zh", OLD, Language.ZH).kind == "approved"
    assert "a1a1" not in state_of([returned], "binhai_impact.zh", NEW, Language.ZH).more, "what was returned was never approved"


def test_title_text_and_figures_are_the_content(tmp_path):
    figures = tmp_path / "figs"
    figures.mkdir()
    (figures / "a.png").write_bytes(b"1")
    first = content_of("t", "s", "body", figures)
    assert first == content_of("t", "s", "body", figures)
    assert len({first, content_of("t", "s", "body.", figures), content_of("u", "s", "body", figures), content_of("t", "s", "body", tmp_path / "none")}) == 4
    (figures / "a.png").write_bytes(b"2")
    second = content_of("t", "s", "body", figures)
    (figures / "a.png").rename(figures / "b.png")
    assert len({first, second, content_of("t", "s", "body", figures)}) == 3

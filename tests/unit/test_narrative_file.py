"""The prose of people as a file: what is wrong with it is told at once, with lines; what is right keeps its paragraphs and lists."""

import pytest

from commresearch.cases.narrative_file import BlockKind, ReferenceKind, Section, heading_of, narrative_name, narrative_of, read_narrative
from commresearch.errors import SchemaError
from commresearch.terms import Language, Outcome
from commresearch.words import render_error
from commresearch.workflow.scaffold_phrases import template

ZH, EN = Language.ZH, Language.EN


def faults(text, language=ZH):
    with pytest.raises(SchemaError) as caught:
        narrative_of(text, narrative_name(language), language)
    return caught.value


def test_every_fault_of_a_file_is_told_at_once_with_its_line():
    text = "先写几句\n\n# 问题\n{{estimate:complaints}}\n\n# 结论\n{{effect:space_use}}\n# 问题\n{{panel:space_use}} 与 {{grade:space_use\n<!-- 没写完\n# 建议\n"
    error = faults(text)
    assert [(f.code, f.values["row"]) for f in error.failures] == [
        ("CR-B04", 1), ("CR-B05", 4), ("CR-B02", 6), ("CR-B05", 7), ("CR-B03", 8), ("CR-B05", 9), ("CR-B05", 9), ("CR-B06", 10),
    ]
    told = render_error(error, ZH)
    assert "narrative.zh.md第6行：不认识的标题“结论”" in told
    assert "已经在第3行出现过" in told
    assert "{{estimate:complaint_rate}}" in told
    assert "space_use" in told


def test_headings_of_the_other_language_and_sub_headings_are_unknown():
    error = faults("# Problems\n\n## 小标题\n")
    assert [f.code for f in error.failures] == ["CR-B02", "CR-B02"]
    assert "问题" in error.failures[0].values["allowed"]
    assert "narrative.en.md, line 1: unknown heading “问题”" in render_error(faults("# 问题\n", EN), EN)


@pytest.mark.parametrize(
    "reference",
    ["{{complaint_rate}}", "{{estimate:}}", "{{estimate:complaint_rate.before}}", "{{panel:complaint_rate.middle}}", "{{Estimate:complaint_rate}}", "{{estimate complaint_rate}}", "}} {{"],
    ids=["no-kind", "no-outcome", "part-of-an-estimate", "unknown-part", "capital", "no-colon", "braces"],
)
def test_references_outside_the_small_set_are_refused(reference):
    assert {f.code for f in faults(f"# 问题\n见{reference}。\n").failures} == {"CR-B05"}


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "narrative.zh.md"
    path.write_bytes("# 问题\n投诉".encode("gb18030"))
    with pytest.raises(SchemaError, match="CR-B01"):
        read_narrative(path, ZH)


def test_a_file_that_is_not_there_is_a_narrative_of_which_nothing_is_written(tmp_path):
    narrative = read_narrative(tmp_path / "narrative.en.md", EN)
    assert narrative.file == "narrative.en.md"
    assert [narrative.blocks(section) for section in Section] == [()] * len(Section)


@pytest.mark.parametrize("language", list(Language))
def test_the_template_of_a_new_case_is_sound_and_empty(language):
    narrative = narrative_of(template(f"documents/narrative.{language}.md"), "x", language)
    assert list(narrative.sections) == list(Section)
    assert narrative.references == ()
    assert not any(narrative.sections.values())


def test_paragraphs_and_lists_survive_and_lines_are_counted_from_the_top():
    text = "\ufeff<!-- 说明\n{{x}} -->\n# 问题\n第一段\n接着写 ABC\ndef。\n\n第二段\n- 甲\n  续行\n- 乙\n1. 先\n2) 后\n"
    blocks = narrative_of(text.removeprefix("\ufeff"), "x", ZH).blocks(Section.PROBLEMS)
    assert [(b.kind, b.text, b.line) for b in blocks] == [
        (BlockKind.PARAGRAPH, "第一段接着写 ABC def。", 4), (BlockKind.PARAGRAPH, "第二段", 8), (BlockKind.BULLET, "甲续行", 9), (BlockKind.BULLET, "乙", 11),
        (BlockKind.NUMBERED, "先", 12), (BlockKind.NUMBERED, "后", 13),
    ]


def test_words_that_begin_with_a_sign_are_text():
    blocks = narrative_of("# Problems\n#tag stands here\n-5 degrees\n", "x", EN).blocks(Section.PROBLEMS)
    assert [b.text for b in blocks] == ["#tag stands here -5 degrees"]


def test_references_are_found_in_order_with_either_colon():
    found = narrative_of("# 建议\n{{ grade：space_use }}、{{panel:complaint_rate.comparison_before}}\n", "x", ZH).references
    assert [(r.kind, r.outcome, r.part, r.line) for r in found] == [
        (ReferenceKind.GRADE, Outcome.SPACE_USE, "", 2), (ReferenceKind.PANEL, Outcome.COMPLAINT_RATE, "comparison_before", 2),
    ]


def test_headings_differ_within_a_language():
    for language in Language:
        assert len({heading_of(section, language) for section in Section}) == len(Section)

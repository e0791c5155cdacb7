"""What people read and edit in a new case folder: forms, guides, and the questionnaire's own file with its faults."""

import re
import shutil
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn

from commresearch.errors import CaseError, SchemaError
from commresearch.terms import Language
from commresearch.words import render_error
from commresearch.workflow.scaffold import write_questionnaire, write_scaffold
from commresearch.workflow.scaffold_phrases import phrase, template
from commresearch.workflow.scaffold_reading import read_questionnaire

CASE = {"case_id": "binhai", "name_zh": "滨海示范区", "name_en": "Binhai", "level": "district", "province": "海岚省", "city": "滨海市"}
LEGAL = ("consent", "consent_guardian", "processing_agreement", "impact_assessment", "retention")
#: Articles of the Personal Information Protection Law that may be cited: those whose main points were read, and those that were not checked.
SEEN, UNSEEN = {4, 13, 28, 51, 73}, {19, 21, 23, 29, 31, 38, 40, 55, 56}
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
SOURCE = "questionnaire/questionnaire.toml"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "binhai"
    write_scaffold(folder, **CASE)
    return folder


def number(han):
    tens, _, ones = han.rpartition("十") if "十" in han else ("零", "", han)
    return 10 * (DIGITS[tens] if tens else 1) + (DIGITS[ones] if ones else 0)


# --- forms and guides


@pytest.mark.parametrize("form", LEGAL)
def test_legal_forms_say_what_they_are_and_cite_only_what_was_read(case, form):
    zh, en = ((case / f"forms/{form}.{x}.md").read_text(encoding="utf8") for x in ("zh", "en"))
    assert "法务" in zh.split("## ")[0]
    assert "不是法律意见" in zh
    assert "not legal advice" in en.replace("neither a contract nor legal", "not legal")
    cited = {"zh": set(), "en": set()}
    for line in zh.splitlines():
        if line.startswith("| 《个人信息保护法》"):
            articles = {number(h) for h in re.findall("第([一二三四五六七八九十]+)条", line)}
            cited["zh"] |= articles
            assert articles <= (UNSEEN if "未核对" in line else SEEN), line
    for line in en.splitlines():
        if re.match(r"\| (Personal Information Protection Law \(PIPL\)|PIPL), Art\.", line):
            articles = {int(n) for n in re.findall(r"\d+", line.split(" | ")[0])}
            cited["en"] |= articles
            assert articles <= (UNSEEN if "not checked" in line else SEEN), line
    assert cited["zh"] == cited["en"] != set()
    outside = [line for line in zh.splitlines() if not line.startswith("|") and re.search("第[一二三四五六七八九十]+条", line)]
    assert outside == []


def test_every_form_names_the_case_and_leaves_blanks(case):
    for form in LEGAL:
        assert "滨海示范区（binhai）" in (case / f"forms/{form}.zh.md").read_text(encoding="utf8")
        assert "Binhai (binhai)" in (case / f"forms/{form}.en.md").read_text(encoding="utf8")
        assert (case / f"forms/{form}.zh.md").read_text(encoding="utf8").count("〔") >= 2


def test_consent_is_given_item_by_item_and_can_be_withdrawn(case):
    for name, items in (("consent", 4), ("consent_guardian", 4)):
        zh, en = ((case / f"forms/{name}.{x}.md").read_text(encoding="utf8") for x in ("zh", "en"))
        assert len(re.findall("(?m)^□　", zh)) == len(re.findall("(?m)^□　", en)) == items
        assert "撤回同意" in zh
    assert "单独同意" in (case / "forms/consent_guardian.zh.md").read_text(encoding="utf8")


def test_word_files_hold_the_same_text_with_ruled_tables_and_chinese_fonts(case):
    document = Document(str(case / "forms/processing_agreement.zh.docx"))
    text = (case / "forms/processing_agreement.zh.md").read_text(encoding="utf8")
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    assert [c for c in ("转委托", "访问", "安全事件") if c not in cells] == []
    assert len(document.tables) == text.count("\n|:")
    for table in document.tables:
        assert table._tbl.tblPr.find(qn("w:tblBorders")) is not None
    fonts = document.styles["Body Text"].element.rPr.find(qn("w:rFonts"))
    assert fonts.get(qn("w:eastAsia")) == "宋体"
    assert fonts.get(qn("w:asciiTheme")) is None
    assert document.core_properties.created.year == 2020


def test_lines_to_write_on_are_no_rules_of_markdown(case):
    for path in case.rglob("*.md"):
        assert "__" not in path.read_text(encoding="utf8"), path


def chinese_texts(case):
    for path in [*case.rglob("*.zh.md"), case / "README.md", case / "case.toml", case / "questionnaire/wenjuanxing.txt", case / "questionnaire/wenjuanxing.md"]:
        for line in path.read_text(encoding="utf8").splitlines():
            said = line.partition("#")[2] if path.suffix == ".toml" else line
            yield path.name, re.sub(r"`[^`]*`|\{\{.*?\}\}|\([0-9]+\)|\[[^\]]*\]|\((?:跳过|空)\)", "", said)
    for line in template("questionnaire.toml").splitlines():
        yield from (("questionnaire.toml", zh) for zh in re.findall(r'\bzh = "([^"]*)"', line))


def test_chinese_uses_full_width_signs(case):
    han = "[\u4e00-\u9fff]"
    half = re.compile(rf"{han}\s?[,;:?!()]|[,;:?!()]\s?{han}")
    bad = [(name, line) for name, line in chinese_texts(case) if half.search(line) and "data_dictionary" not in name]
    assert bad == []


def test_phrases_stand_in_both_languages_with_the_same_values():
    zh, en = re.split(r"(?m)^\[en\]$", template("phrases.toml"))
    names = {x: re.findall(r"(?m)^(\w+) = ", text) for x, text in (("zh", zh), ("en", en))}
    assert names["zh"] == names["en"]
    for key in names["zh"]:
        fields = [set(re.findall(r"\{(\w+)\}", re.search(rf'(?m)^{key} = "(.*)"$', text)[1])) for text in (zh, en)]
        assert fields[0] == fields[1], key
    assert phrase("chosen", Language.EN, number=8, value=1) == "question 8 is answered 1"


# --- one source, edited by hand


def test_forms_follow_the_edited_questionnaire(case, tmp_path):
    copy = Path(shutil.copytree(case, tmp_path / "binhai"))
    source = copy / SOURCE
    source.write_text(source.read_text(encoding="utf8").replace("〔社区名称一〕", "云栖社区").replace("〔Community 1〕", "Yunqi"), encoding="utf8")
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    written = write_questionnaire(copy)
    kept = {copy / "codebook_before.xlsx": copy / "codebook.xlsx", copy / "questionnaire/codebook_odk_before.xlsx": copy / "questionnaire/codebook_odk.xlsx"}
    assert {p: p.read_bytes() for p in kept} == {p: before[whole] for p, whole in kept.items()}
    assert {p for p in written if p not in kept and p.read_bytes() == before[p]} == {copy / "questionnaire/wenjuanxing.md"}
    assert not set(write_questionnaire(copy)) & set(kept)  # nothing has changed since
    for name in ("questionnaire/wenjuanxing.txt", "questionnaire/questionnaire.zh.md", "data_dictionary.zh.md"):
        assert "云栖社区" in (copy / name).read_text(encoding="utf8")
    assert "Yunqi" in (copy / "questionnaire/questionnaire.en.md").read_text(encoding="utf8")
    assert all(p.read_bytes() == data for p, data in before.items() if p not in written)


def test_a_faulty_questionnaire_changes_nothing(case, tmp_path):
    copy = Path(shutil.copytree(case, tmp_path / "binhai"))
    (copy / SOURCE).write_text("[form", encoding="utf8")
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    with pytest.raises(SchemaError, match=r"CR-F02.*questionnaire\.toml"):
        write_questionnaire(copy)
    assert {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == before
    with pytest.raises(CaseError, match="CR-F01"):
        write_questionnaire(tmp_path)


def faults(text):
    with pytest.raises(SchemaError) as refused:
        read_questionnaire(text, "questionnaire.toml")
    return refused.value


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('name = "consent"\ntype = "single"', 'name = "consent"\ntype = "choice"', "CR-F06", "得到“choice”，只允许：single, multiple, number, date, text, matrix"),
        ('name = "consent"\ntype', 'nam = "consent"\ntype', "CR-F03", "不认识的键 sections.1.questions.1.nam"),
        ('stopped = ', 'stop = ', "CR-F04", "缺少 form.stopped"),
        ('optional = true', 'optional = "yes"', "CR-F05", "得到“yes”，写法不符"),
        ('name = "age_band"', 'name = "Age"', "CR-N07", "题目 Age，name：得到“Age”，应以小写字母开头"),
        ('name = "age_band"', 'name = "consent"', "CR-N07", "得到“consent”，这个名称已经用过"),
        ('name = "sat_clean"', 'name = "sex"', "CR-N07", "得到“sex”，这个名称已经用过"),
        ('asked_if = "contacted = 1"', 'asked_if = "contacted 1"', "CR-N07", "得到“contacted 1”，条件应写成"),
        ('asked_if = "contacted = 1"', 'asked_if = "contacted = 3"', "CR-N07", "得到“contacted = 3”，条件须指前面的"),
        ('asked_if = "contacted = 1"', 'asked_if = "contacted has 1"', "CR-N07", "条件须指前面的单选题"),
        ('asked_if = "contacted = 1"', 'asked_if = "took_part = 1"', "CR-N07", "得到“took_part = 1”，条件须指前面的"),
        ('list = "had"', 'list = "have"', "CR-N07", "list：得到“have”，[lists] 里没有"),
        ('not_above = "household_size"', 'not_above = "estate"', "CR-N07", "not_above：得到“estate”，须是前面一道数字题"),
        ('scale = "trust"\nrows = [', 'scale = "trust"\nhint_rows = [', "CR-F03", "hint_rows"),
        ('min = 1\nmax = 90', 'min = 1', "CR-N07", "数字题须同时写 min 和 max"),
        ('zh = "同意参加"', 'zh = "同意，参加"', "CR-N07", "得到“同意，参加”，选项里不能有空格、全角标点"),
        ('zh = "同意参加"', 'zh = "1同意"', "CR-N07", "得到“1同意”"),
        ('zh = "同意参加"', 'zh = "同意 参加"', "CR-N07", "得到“同意 参加”"),
        ('zh = "同意参加"', 'zh = "不同意参加"', "CR-N07", "同一题里选项不能相同"),
        ('zh = "您的性别是？"', 'zh = "您的性别是？（可多选）"', "CR-N07", "题干里不能有"),
        ('type = "text"\nzh = "您住在哪个', 'type = "single"\nzh = "您住在哪个', "CR-N07", "单选、多选和矩阵须有 options 或 list 之一"),
        ('type = "matrix"\nzh = "对本社区', 'type = "single"\nzh = "对本社区', "CR-N07", "矩阵须有 rows"),
    ],
)
def test_faults_of_the_questionnaire_are_named(old, new, code, said):
    text = template("questionnaire.toml")
    assert old in text
    error = faults(text.replace(old, new))
    assert code in {f.code for f in error.failures}
    assert said in render_error(error, "zh")
    assert render_error(error, "en")


def test_all_faults_are_said_at_once():
    text = template("questionnaire.toml").replace('zh = "同意参加"', 'zh = "同意 参加"').replace('list = "had"', 'list = "have"', 1)
    text = text.replace('asked_if = "unreported = 1"', 'asked_if = "unreported = 9"')
    assert len(faults(text).failures) >= 3


def said(text):
    return sorted((f.code, str(f.values.get("question", f.values.get("key"))), str(f.values.get("got", ""))) for f in faults(text).failures)


def test_faults_of_form_and_of_sense_are_said_together_and_nothing_that_follows_from_them():
    text = template("questionnaire.toml")
    text = text.replace('asked_if = "contacted = 1"', 'asked_if = "took_part = 1"').replace('name = "sat_clean"', 'name = "sex"')
    kind = said(text.replace('name = "consent"\ntype = "single"', 'name = "consent"\ntype = "choice"'))
    assert [(c, q) for c, q, _ in kind] == [("CR-F06", "sections.1.questions.1.type"), *((c, q) for c, q, _ in said(text))]
    nameless = said(text.replace('name = "consent"\ntype', 'nam = "consent"\ntype'))
    assert {c for c, _, _ in nameless} == {"CR-F03", "CR-F04", "CR-N07"}  # names that stand twice; conditions may mean the nameless
    assert all("took_part" not in got for _, _, got in nameless)


def test_a_faulty_list_or_head_hides_nothing_and_accuses_nobody():
    text = template("questionnaire.toml").replace('name = "age_band"', 'name = "Age"')
    plain = said(text)
    for old, new in (('stopped = ', 'stop = '), ('{ zh = "非常不满意", en', '{ zh = 1, en'), ('title = { zh', 'titel = { zh')):
        more = said(text.replace(old, new, 1))
        assert len(more) > len(plain)
        assert set(plain) <= set(more)
        assert {c for c, _, _ in set(more) - set(plain)} <= {"CR-F03", "CR-F04", "CR-F05"}


@pytest.mark.parametrize("text", ["sections = 1", "[[sections]]\nquestions = 3", "sections = [1]\nlists = 2", "[[sections]]\nquestions = [1]", "x = 1"])
def test_a_file_of_another_form_is_refused_by_its_form(text):
    assert {f.code for f in faults(text).failures} <= {"CR-F03", "CR-F04", "CR-F05"}


def test_alternatives_stand_for_themselves_and_all_else_passes_the_gates():
    text = template("questionnaire.toml").replace('asked_if = "space_denied = 1"', 'asked_if = "space_denied = 1 or used_space = 2"')
    questionnaire = read_questionnaire(text, "questionnaire.toml")
    assert str(questionnaire["space_denied_reason"].condition) == "space_denied = 1 or used_space = 2"
    assert str(questionnaire["residence"].condition) == "consent != 2 and age_band != 1 and community != 5"
    assert questionnaire["consent"].condition is None

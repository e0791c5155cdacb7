"""All reports of a run together: what one hides no other gives away."""

import json

import nbformat
import pytest

from commresearch.cases.case import Release
from commresearch.errors import CaseError, ReportError
from commresearch.records import replace_folder
from commresearch.reporting.disclosure_groups import Group
from commresearch.reporting.disclosure_release import RELEASE, releasable
from commresearch.reporting.disclosure_tables import Counted
from commresearch.reporting.display import DECLARED
from commresearch.reporting.edition_marks import edition_line, marked
from commresearch.terms import Language
from commresearch.words import render_error
from commresearch.workflow.edition import EDITION, edition_of

RULES = Release(rounding=1)
DISTRICT = frozenset({"甲", "乙", "丙"})


def people(count, *units, hidden=False, place="", **more):
    return Counted(group=Group(population="survey", units=frozenset(units), **more), count=count, hidden=hidden, place=place)


def make(site, subject, language, *counts, rules=RULES, facts="f"):
    """Write an executed notebook that declares counts, pass it through the gate, and move it to its place."""
    work = site / subject / f".{language}.work-1"
    work.mkdir(parents=True)
    declared = {"rules": {"threshold": rules.threshold, "rounding": rules.rounding}, "counts": [c.published(rules).to_dict() for c in counts]}
    output = nbformat.v4.new_output("display_data", data={"text/markdown": "x"}, metadata={DECLARED: declared})
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])]), work / f"{subject}.{language}.ipynb")
    (work / "figs").mkdir()
    (work / "figs" / "fig-x.svg").write_text("x", encoding="utf8")
    with releasable(work / f"{subject}.{language}.ipynb", site, subject, facts, "program"):
        replace_folder(work, site / subject / language)


def refused(site, *arguments, **more):
    with pytest.raises(ReportError) as error:
        make(site, *arguments, **more)
    return error.value


def test_a_district_in_one_report_and_its_communities_in_another(tmp_path):
    make(tmp_path, "communities", "zh", people(60, "甲"), people(33, "乙"), people(7, "丙", hidden=True, place="丙社区"))
    error = refused(tmp_path, "district", "zh", people(100, *DISTRICT, place="全区答卷"))
    assert [f.code for f in error.failures] == ["CR-U06"]
    for language in Language:
        said = render_error(error, language)
        assert "丙社区" in said
        assert "全区答卷" in said
    assert list((tmp_path / "district" / ".zh.work-1").iterdir()) == [], "nothing of it is left to be read"


def test_the_second_wave_in_one_report_and_both_waves_in_another(tmp_path):
    both = frozenset({"w1", "w2"})
    make(tmp_path, "first", "zh", people(40, period=frozenset({"w1"})), people(8, period=frozenset({"w2"}), hidden=True))
    assert [f.code for f in refused(tmp_path, "both", "zh", people(48, period=both)).failures] == ["CR-U06"]


def test_the_same_table_in_two_languages_hides_the_same(tmp_path):
    def cells(*hidden):
        return [Counted(group=Group(population="table:tbl-x", attributes={"cell": frozenset({f"{i}.1"})}), count=n, hidden=i in hidden) for i, n in enumerate((7, 40, 53))]

    make(tmp_path, "survey", "zh", *cells(0, 1))
    assert [f.code for f in refused(tmp_path, "survey", "en", *cells(0, 2)).failures] == ["CR-U06", "CR-U06"]
    make(tmp_path, "another", "en", *cells(0, 2))  # the same id in another report is another table


def test_reports_that_hide_alike_stand_together(tmp_path):
    counts = people(60, "甲"), people(33, "乙", hidden=True), people(7, "丙", hidden=True), people(100, *DISTRICT)
    make(tmp_path, "survey", "zh", *counts)
    make(tmp_path, "survey", "en", *counts)
    written = json.loads((tmp_path / "survey" / "en" / RELEASE).read_text(encoding="utf8"))
    assert [one.get("hidden", False) for one in written["counts"]] == [False, True, True, False]
    assert "33" not in json.dumps(written)


def test_counts_of_the_same_persons_that_contradict_each_other(tmp_path):
    make(tmp_path, "first", "zh", people(60, "甲"), people(7, "乙", hidden=True))
    assert [f.code for f in refused(tmp_path, "second", "zh", people(61, "甲")).failures] == ["CR-U07"]


def test_a_report_takes_the_place_of_its_own_earlier_state(tmp_path):
    make(tmp_path, "survey", "zh", people(60, "甲"), people(7, "乙", hidden=True))
    make(tmp_path, "survey", "zh", people(60, "甲", hidden=True), people(70, "乙"))
    counts = json.loads((tmp_path / "survey" / "zh" / RELEASE).read_text(encoding="utf8"))["counts"]
    assert [one.get("hidden", False) for one in counts] == [True, False]


def test_reports_by_other_rules_are_made_anew_and_not_compared(tmp_path):
    make(tmp_path, "first", "zh", people(60, "甲"), people(7, "乙", hidden=True))
    make(tmp_path, "second", "zh", people(67, "甲", "乙"), rules=Release(rounding=1, threshold=5))


def test_a_report_without_persons_leaves_no_file(tmp_path):
    make(tmp_path, "survey", "zh")
    assert not (tmp_path / "survey" / "zh" / RELEASE).exists()


def test_an_unreadable_file_of_another_report_stops_nobody(tmp_path):
    folder = tmp_path / "old" / "zh"
    folder.mkdir(parents=True)
    (folder / RELEASE).write_text("{", encoding="utf8")
    make(tmp_path, "survey", "zh", people(60, "甲"))


# ---------------------------------------------------------------- editions


def test_the_edition_of_a_survey_is_that_of_its_case(tmp_path):
    (tmp_path / "w1").mkdir()
    assert edition_of(tmp_path / "w1") == Release()
    (tmp_path / EDITION).write_text(json.dumps({"threshold": 20, "rounding": 1, "edition": "internal", "language": "zh"}), encoding="utf8")
    assert edition_of(tmp_path / "w1") == edition_of(tmp_path) == Release(threshold=20, rounding=1, edition="internal")


@pytest.mark.parametrize("text", ["{", '{"threshold": 0}', "[]"], ids=range(3))
def test_an_edition_that_cannot_be_read_is_no_edition(tmp_path, text):
    (tmp_path / EDITION).write_text(text, encoding="utf8")
    with pytest.raises(CaseError) as error:
        edition_of(tmp_path)
    assert [f.code for f in error.value.failures] == ["CR-U09"]


def test_internal_reports_say_so_in_file_title_and_line(tmp_path):
    assert marked(tmp_path, "haitang_panels", "标题", Language.ZH) == ("haitang_panels", "标题", ())
    (tmp_path / EDITION).write_text(json.dumps({"edition": "internal"}), encoding="utf8")
    assert marked(tmp_path, "haitang_panels", "标题", Language.ZH) == ("haitang_panels_internal", "标题（内部使用）", (tmp_path / EDITION,))
    assert "内部使用" in edition_line(edition_of(tmp_path), Language.ZH)
    assert "1至9人" in edition_line(Release(), Language.ZH)

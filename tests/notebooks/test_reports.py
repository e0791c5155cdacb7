"""What the reports say: no language leaks into the other, no causal verb, nothing missing, for every case."""

import re

import pytest

from commresearch import __version__
from commresearch.comparison.scorecard import blocks_of
from commresearch.reporting import case_numbers, case_page, comparison_checks, comparison_page, comparison_refusals, scorecard_page
from commresearch.reporting.display import Prose, Table
from commresearch.terms import Language
from commresearch.words import entries
from tests.conftest import LEDGER
from tests.conftest import ROOT as PROJECT_ROOT

CASES = [line.split(",")[0] for line in (LEDGER / "cases.csv").read_text(encoding="utf8").splitlines()[1:]]
HAN = re.compile(r"[\u4e00-\u9fff]+")
#: what a Chinese page may say in Latin letters: grades and checks, coefficients, units, ids, file and tool names
LATIN_ALLOWED = re.compile(
    r"(?<![A-Za-z0-9])(E[0-5]|C\d\d|S\d|AC1|kappa|QQ|commresearch|data_raw|published|x|a|b|[0-9a-f_]{10,}\.txt|[A-Z])(?![A-Za-z0-9])"
)
#: causal wording that grade E0 and E1 do not allow; the table of grades alone quotes it
CAUSAL_ZH = re.compile(r"使[^用得]{0,12}(减少|增加|下降|提高|提升)|导致|带来了?(明显|显著)|得益于|归功于")
CAUSAL_EN = re.compile(r"\b(caused|led to|resulted in|thanks to|because of the pilot|reduced complaints|raised participation)\b")
RANKING = re.compile(r"排名第|名列前茅|最好的案例|best case|ranked first")


def case_body(published, case, language, folder):
    page = case_page.open_page(published, case, language)
    sections = (
        case_page.first_screen, case_page.profile, case_page.mechanisms, case_numbers.numbers, case_numbers.headline_outcomes, case_numbers.checks,
        case_page.to_collect,
    )
    items = [item for section in sections for item in section(page)] + case_page.appendix(page, __version__)
    return "\n\n".join(item.markdown(folder) for item in items)


def comparison_body(published, language, folder):
    page = comparison_page.open_page(published, language)
    sections = (
        comparison_page.first_screen, comparison_page.reported, comparison_page.headline_outcomes, scorecard_page.score_tables,
        scorecard_page.evidence_gaps, scorecard_page.mechanisms_beside_outcomes, comparison_page.mechanisms, comparison_page.agreement,
        comparison_page.denominators, comparison_checks.checks, comparison_refusals.pooling, comparison_refusals.combinations,
    )
    items = [item for section in sections for item in section(page)] + comparison_page.appendix(page, __version__)
    return "\n\n".join(item.markdown(folder) for item in items)


@pytest.fixture(scope="module")
def bodies(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bodies")
    found = {(case, lang): case_body(published, case, lang, folder) for case in CASES for lang in Language}
    return found | {("comparison", lang): comparison_body(published, lang, folder) for lang in Language}


def prose(body):
    """A body without attributes, ids and marks, and without the one table that quotes the words of every grade."""
    body = re.sub(r"\{[#.][^}]*\}", lambda m: " ".join(re.findall(r'fig-alt="([^"]*)"', m[0])), body)
    return re.sub(r"\]\(figs/[^)]*\)|@(tbl|fig)-[\w-]+|\\", " ", body)


def test_no_chinese_leaks_into_english(bodies):
    for (name, language), body in bodies.items():
        if language is Language.EN:
            outside = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", prose(body))
            assert HAN.findall(outside) == [], name


def test_no_english_leaks_into_chinese(bodies):
    for (name, language), body in bodies.items():
        if language is Language.ZH:
            left = re.findall(r"[A-Za-z][A-Za-z'’-]*", LATIN_ALLOWED.sub(" ", prose(body)))
            assert left == [], (name, sorted(set(left)))


def test_no_causal_verb_and_no_ranking_anywhere(bodies):
    for (name, language), body in bodies.items():
        without_grades = re.sub(r"\| E[0-5] \|.*", "", prose(body))
        assert not (CAUSAL_ZH if language is Language.ZH else CAUSAL_EN).findall(without_grades), name
        assert not RANKING.search(without_grades), name


def test_every_page_says_what_it_examines_and_what_is_not_reported(bodies):
    for (name, language), body in bodies.items():
        assert entries("reports")["disclaimer"][language.value] in body, name
        if name != "comparison":
            assert body.count(entries("labels")["not_reported"][language.value]) >= 1 or name == "huancui", name


def test_nothing_unfilled_reaches_a_page(bodies):
    for name, body in bodies.items():
        assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf|Traceback)(?![A-Za-z])|<object|\{\w+\}", body.replace("{#", "")), name


def test_both_languages_show_the_same_figures_and_tables(bodies):
    ids = re.compile(r"\{#((?:tbl|fig)-[\w-]+)")
    for case in [*CASES, "comparison"]:
        chinese, english = (ids.findall(bodies[case, lang]) for lang in (Language.ZH, Language.EN))
        assert chinese == english
        assert len(chinese) == len(set(chinese))


def test_every_figure_has_caption_alternative_text_and_note(bodies):
    for body in bodies.values():
        figures = re.findall(r"!\[(.*?)\]\(figs/(.*?)\.png\)\{#(.*?) fig-alt=\"(.*?)\"\}", body)
        assert figures
        for caption, file, label, alt in figures:
            assert len(caption) > 5
            assert file == label
            assert len(alt) > 20


def test_pages_say_who_read(published):
    from dataclasses import replace

    persons = replace(published, mechanisms=published.mechanisms.assign(coder_kind="person"))
    for ledger, wanted in ((published, "machine-assisted"), (persons, "Two persons")):
        page = comparison_page.open_page(ledger, "en")
        assert wanted in comparison_page.agreement(page)[1].text


def test_the_comparison_shows_blocks_in_their_order_and_unsorted(published):
    page = comparison_page.open_page(published, "zh")
    blocks = blocks_of(published.cases, published.sources)
    order = list(published.cases["case_id"])
    assert {c for block in blocks for c in block.cases} == set(order)
    for block in blocks:
        assert list(block.cases) == sorted(block.cases, key=order.index)
    shown = [i.text for i in comparison_page.headline_outcomes(page) if isinstance(i, Prose) and i.text.startswith("## ")]
    assert len(shown) == len(blocks) >= 3


def test_no_table_of_the_comparison_is_too_wide(published):
    """Seven columns fit a page; cases never stand in columns."""
    page = comparison_page.open_page(published, "en")
    for section in (comparison_page.reported, comparison_page.headline_outcomes, scorecard_page.score_tables, comparison_checks.checks):
        for table in (i for i in section(page) if isinstance(i, Table)):
            assert len(table.header) <= 7, table.id


def test_the_comparison_ends_with_what_is_refused(bodies):
    for language in Language:
        body = bodies["comparison", language]
        assert "SUCCESS" not in body
        assert "CR-" not in body
        assert entries("pilots")["title"][language.value] in body
        order = [body.index(f"{{#{i}") for i in ("fig-map", "tbl-card-input", "fig-gap-map", "fig-mechanism-outcome", "fig-matrix", "tbl-agreement")]
        order += [body.index(f"{{#{i}") for i in ("tbl-denominators", "tbl-checks", "tbl-not-pooled", "tbl-grades")]
        assert order == sorted(order)


def test_an_outcome_without_numbers_is_not_reported_and_never_zero(published):
    page = case_page.open_page(published, "lean", "zh")
    panels = case_page._panels(page)
    assert panels.rows[0][1:] == ["未报告", "未报告", "未报告"]


def test_the_notebooks_show_what_the_pages_hold():
    import nbformat

    modules = (case_numbers, case_page, comparison_checks, comparison_page, comparison_refusals, scorecard_page)
    by_name = {m.__name__.rpartition(".")[2]: m for m in modules}
    for name, least in (("case_report", 8), ("comparison", 13)):
        source = "\n".join(c.source for c in nbformat.read(PROJECT_ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells)
        called = re.findall(r"show\((\w+)\.(\w+)\(", source)
        assert len(called) >= least
        assert all(hasattr(by_name[module], section) for module, section in called)

"""Small counts of persons: what is hidden, what with it, and what a table refuses to show."""

import json

import numpy as np
import pytest

from commresearch.cases.case import Release
from commresearch.errors import ReportError
from commresearch.reporting.disclosure import Known, System, hidden_cells, reaches
from commresearch.reporting.disclosure_groups import Group, Published, exposed
from commresearch.reporting.disclosure_rules import HIDDEN, narrowest, rounded, shown_interval
from commresearch.reporting.disclosure_tables import Counted, protected, protected_counts, require_hidden, require_protected
from commresearch.reporting.display import DECLARED, EXPLAINS, GRADED, Prose, Table, paragraph, show
from commresearch.terms import Language
from commresearch.words import render_error

EXACT = Release(rounding=1)
INTERNAL = Release(edition="internal")


def table(rows, persons, **more):
    header = ["社区", *(f"第{i}列" for i in range(1, len(rows[0])))]
    return Table(id="tbl-x", caption="各社区人数", header=header, rows=rows, align="l" + "r" * (len(header) - 1), persons=persons, **more)


def by_community(*counts, total=None, **more):
    """Communities in rows, their total last."""
    whole = sum(counts) if total is None else total
    rows = [[f"社区{i}", f"{n:,}"] for i, n in enumerate(counts, 1)] + [["合计", f"{whole:,}"]]
    n = len(counts)
    return table(rows, [[None, c] for c in (*counts, whole)], sums=[((n, 1), *((i, 1) for i in range(n)))], **more)


def codes(error):
    return [failure.code for failure in error.value.failures]


# ---------------------------------------------------------------- what is refused


def test_a_small_count_that_is_shown_is_refused_with_its_place_and_without_its_size():
    with pytest.raises(ReportError) as error:
        require_protected(table([["海棠", "7"], ["玉兰", "40"]], [[None, 7], [None, 40]]))
    assert codes(error) == ["CR-U02"]
    for language in Language:
        said = render_error(error.value, language)
        assert "各社区人数 · 海棠 · 第1列" in said
        assert "1" in said
        assert "9" in said
        assert "7" not in said


def test_a_hidden_count_that_follows_from_the_total_is_refused():
    shown = by_community(7, 40, 53, rules=EXACT)
    open_total = table([[row[0], HIDDEN if row[1] == "7" else row[1]] for row in shown.rows], shown.persons, sums=shown.sums, rules=EXACT)
    with pytest.raises(ReportError) as error:
        require_protected(open_total)
    assert codes(error) == ["CR-U03"]
    assert "社区2" in render_error(error.value, Language.ZH)


def test_persons_of_another_shape_are_refused():
    with pytest.raises(ReportError) as error:
        require_protected(table([["海棠", "40"]], [[None, 40], [None, 3]]))
    assert codes(error) == ["CR-U01"]


def test_a_count_that_is_not_rounded_is_refused():
    with pytest.raises(ReportError) as error:
        require_protected(table([["海棠", "41"]], [[None, 41]]))
    assert codes(error) == ["CR-U04"]


def test_parts_that_exceed_their_total_are_refused():
    wrong = by_community(40, 50, 5, total=60, rules=EXACT)
    hidden = table([[row[0], HIDDEN if row[1] == "5" else row[1]] for row in wrong.rows], wrong.persons, sums=wrong.sums, rules=EXACT)
    with pytest.raises(ReportError) as error:
        require_protected(hidden)
    assert codes(error) == ["CR-U05"]


def test_numbers_of_a_figure_are_held_to_the_same():
    group = Group(population="p")
    with pytest.raises(ReportError) as error:
        require_hidden([Counted(group=group, count=3, place="2024-03")], EXACT, "fig-x")
    assert codes(error) == ["CR-U02"]
    require_hidden([Counted(group=group, count=3, hidden=True)], EXACT, "fig-x")
    require_hidden([Counted(group=group, count=3)], INTERNAL, "fig-x")


# ---------------------------------------------------------------- what is hidden


def test_with_the_small_count_another_is_hidden_so_that_the_total_gives_neither_away():
    done = protected(by_community(7, 40, 53, rules=EXACT))
    assert [row[1] for row in done.rows] == [HIDDEN, HIDDEN, "53", "100"]
    require_protected(done)


def test_a_count_alone_takes_no_other_with_it():
    done = protected(table([["海棠", "7"], ["玉兰", "40"]], [[None, 7], [None, 40]], rules=EXACT))
    assert [row[1] for row in done.rows] == [HIDDEN, "40"]


def test_nobody_is_shown_and_small_totals_are_hidden():
    done = protected(by_community(0, 3, 2, rules=EXACT))
    assert [row[1] for row in done.rows] == ["0", HIDDEN, HIDDEN, HIDDEN]
    require_protected(done)


def test_two_small_counts_whose_sum_is_small_take_a_third_with_them():
    done = protected(by_community(2, 3, 40, 60, rules=EXACT))
    assert [row[1] for row in done.rows] == [HIDDEN, HIDDEN, HIDDEN, "60", "105"]
    require_protected(done)


def test_row_and_column_totals_are_both_respected():
    counts = np.array([[4, 30, 26], [50, 41, 37], [60, 22, 33]])
    whole = np.vstack([np.hstack([counts, counts.sum(1, keepdims=True)]), np.append(counts.sum(0), counts.sum())])
    sums = [((i, 4), *((i, j) for j in (1, 2, 3))) for i in range(4)] + [((3, j), *((i, j) for i in range(3))) for j in (1, 2, 3, 4)]
    rows = [[f"社区{i}", *map(str, row)] for i, row in enumerate(whole)]
    done = protected(table(rows, [[None, *map(int, row)] for row in whole], sums=sums, rules=EXACT))
    require_protected(done)
    hidden = {(i, j) for i, row in enumerate(done.rows) for j, text in enumerate(row) if text == HIDDEN}
    assert (0, 1) in hidden
    assert len(hidden) == 4  # the corners of a rectangle


def test_a_share_of_the_same_persons_is_hidden_with_their_number():
    done = protected(table([["海棠", "7", "3.5%"], ["玉兰", "60", "30%"]], [[None, 7, 7], [None, 60, 60]], rules=EXACT))
    assert done.rows[0][1:] == [HIDDEN, HIDDEN]
    assert done.rows[1][1:] == ["60", "30%"]


def test_a_share_is_hidden_where_the_number_is_hidden_for_the_sake_of_another():
    given = table([["海棠", "7", "7%"], ["玉兰", "40", "40%"], ["合计", "47", "—"]], [[None, 7, 7], [None, 40, 40], [None, 47, None]], rules=EXACT,
                  sums=[((2, 1), (0, 1), (1, 1)), ((0, 1), (0, 2)), ((1, 1), (1, 2))])
    done = protected(given)
    assert [row[1:] for row in done.rows] == [[HIDDEN, HIDDEN], ["40", "40%"], [HIDDEN, "—"]]  # one cell is less than two


def test_counts_are_rounded_and_other_texts_stay():
    done = protected(table([["海棠", "1,234", "62% (58, 66)"], ["玉兰", "12", "51%"]], [[None, 1234, 1234], [None, 12, 12]]))
    assert [row[1:] for row in done.rows] == [["1,235", "62% (58, 66)"], ["10", "51%"]]
    require_protected(done)


def test_the_internal_edition_hides_and_rounds_nothing():
    given = by_community(7, 41, 53, rules=INTERNAL)
    assert protected(given) == given
    require_protected(given)


def test_counts_without_a_table():
    assert protected_counts([100, 4, 96], EXACT, [(0, 1, 2)]) == [100, None, None]
    assert protected_counts([104, 4, 52, 48], Release()) == [105, None, 50, 50]


@pytest.mark.parametrize(("count", "base", "expected"), [(0, 5, 0), (12, 5, 10), (13, 5, 15), (2, 5, 0), (15, 10, 20), (14, 10, 10), (7, 1, 7)], ids=str)
def test_rounding_goes_to_the_nearest_multiple_and_halves_upwards(count, base, expected):
    assert rounded(count, Release(rounding=base)) == expected


@pytest.mark.parametrize("base", [1, 2, 3, 5, 10, 20])
@pytest.mark.parametrize("threshold", [1, 3, 10])
def test_a_reader_knows_exactly_the_counts_that_look_alike(base, threshold):
    rules = Release(rounding=base, threshold=threshold)
    allowed = [0, *range(threshold, 200)]
    for count in allowed[:80]:
        alike = [n for n in allowed if rounded(n, rules) == rounded(count, rules)]
        assert shown_interval(count, rules) == (min(alike), max(alike))


def test_what_can_be_worked_out_is_an_interval_of_whole_numbers():
    system = System.of_sums(4, [(0, 1, 2, 3)])
    known = Known.of(np.array([100, 7, 43, 50]), np.array([False, True, True, False]), EXACT)
    assert [(r.cell, r.low, r.high) for r in reaches(system, known)] == [(1, 1, 49), (2, 1, 49)]


def test_counts_that_contradict_their_sums_have_no_interval():
    system = System.of_sums(3, [(0, 1, 2)])
    assert reaches(system, Known.of(np.array([20, 7, 40]), np.array([False, True, False]), EXACT)) is None


def test_nothing_is_hidden_where_nothing_is_small():
    assert not hidden_cells(System.of_sums(3, [(0, 1, 2)]), np.array([100, 40, 60]), EXACT).any()


# ---------------------------------------------------------------- groups


def stated(group, count, *, hidden=False, place="", rules=EXACT):
    return Published.of(group, count, rules, hidden=hidden, place=place)


def units(*names, **more):
    return Group(population="p", units=frozenset(names), **more)


def test_a_district_less_its_communities_gives_the_hidden_one_away():
    cells = [stated(units("a", "b", "c"), 100, place="全区"), stated(units("a"), 60), stated(units("b"), 33), stated(units("c"), 7, hidden=True, place="丙")]
    (found,), broken = exposed(cells, EXACT)
    assert broken == []
    assert (found.cell.place, found.low, found.high) == ("丙", 7, 7)
    assert {one.place for one in found.by} == {"全区", ""}


def test_without_one_of_the_communities_it_does_not():
    cells = [stated(units("a", "b", "c"), 100), stated(units("a"), 60), stated(units("b"), 33, hidden=True), stated(units("c"), 7, hidden=True)]
    assert exposed(cells, EXACT) == ([], [])


def test_one_wave_less_the_other_gives_the_hidden_one_away():
    waves = [Group(population="p", period=frozenset(p)) for p in (("w1", "w2"), ("w1",), ("w2",))]
    (found,), _ = exposed([stated(waves[0], 48), stated(waves[1], 40), stated(waves[2], 8, hidden=True)], EXACT)
    assert (found.low, found.high) == (8, 8)


def test_the_same_group_shown_elsewhere_gives_it_away():
    cells = [stated(units("a"), 40, hidden=True, place="中文版"), stated(units("a"), 40, place="英文版")]
    (found,), _ = exposed(cells, EXACT)
    assert found.cell.place == "中文版"


def test_overlapping_groups_give_the_part_in_both_away():
    """A ∪ B, A and B are shown: A ∩ B follows."""
    cells = [stated(units("a", "b", "c"), 100), stated(units("a", "b"), 60), stated(units("b", "c"), 45), stated(units("b"), 5, hidden=True)]
    (found,), _ = exposed(cells, EXACT)
    assert (found.low, found.high) == (5, 5)


def test_attributes_of_two_tables_work_together():
    """Two tables by sex and by age of the same people; the crossing is hidden, margins leave it between 1 and 12."""
    def cell(count, hidden=False, **attributes):
        return stated(Group(population="p", attributes={k: frozenset({v}) for k, v in attributes.items()}), count, hidden=hidden)

    cells = [cell(100), cell(50, sex="f"), cell(50, sex="m"), cell(88, age="adult"), cell(12, age="young"), cell(6, sex="f", age="young", hidden=True)]
    assert exposed(cells, EXACT) == ([], [])
    (found,), _ = exposed([*cells, cell(44, sex="f", age="adult")], EXACT)
    assert (found.low, found.high) == (6, 6), "the two sexes are everybody, so the young women are those who are no adult women"


def test_attributes_that_are_crossed_nowhere_need_no_common_table():
    """Thirty questions of five answers each would be 5**30 combinations; only their own tables are needed."""
    cells = [stated(Group(population="p"), 88)]
    for q in range(30):
        cells += [stated(Group(population="p", attributes={f"q{q}": frozenset({str(a)})}), 20) for a in range(4)]
        cells.append(stated(Group(population="p", attributes={f"q{q}": frozenset({"4"})}), 8, hidden=True))
    assert len(exposed(cells, EXACT)[0]) == 30


def test_a_total_with_others_beside_the_named_is_no_contradiction():
    """Three of many communities: the whole is more than the named, so nothing follows."""
    named = [stated(units("a"), 60), stated(units("b"), 7, hidden=True)]
    assert exposed([stated(units(), 1000), *named], EXACT) == ([], [])
    (found,), _ = exposed([stated(units(), 67), *named], EXACT)
    assert (found.low, found.high) == (1, 7), "whoever is not in a is 7 at most, others or not"


def test_counts_that_cannot_be_of_the_same_persons_are_said_to_be_so():
    cells = [stated(units("a", "b"), 50), stated(units("a"), 60), stated(units("b"), 7, hidden=True)]
    assert exposed(cells, EXACT) == ([], ["p"])


def test_populations_are_not_compared():
    other = Group(population="q", units=frozenset("ab"))
    assert exposed([stated(other, 47), stated(units("a"), 40), stated(units("b"), 7, hidden=True)], EXACT) == ([], [])


def test_persons_that_come_in_several_months_do_not_add_up():
    def months(*names, hidden=False, count=0):
        return stated(Group(population="p", period=frozenset(names), adds_up=False), count, hidden=hidden)

    cells = [months("1", "2", count=60), months("1", count=50), months("2", count=7, hidden=True)]
    assert exposed([months("1", "2", count=57), *cells[1:]], EXACT) == ([], [])  # 7 to 57: others may have come in both months
    (found,), _ = exposed([months("2", "3", count=12), months("2", count=9, hidden=True), months("3", count=0)], EXACT)
    assert (found.low, found.high) == (12, 12)  # nobody came in month 3


def test_attributes_add_up_within_a_month_even_where_months_do_not():
    def women(count, hidden=False, **attributes):
        return stated(Group(population="p", period=frozenset({"1"}), adds_up=False, attributes=attributes), count, hidden=hidden)

    sexes = {"sex": frozenset({"f"})}, {"sex": frozenset({"m"})}
    both = {"sex": frozenset("fm")}
    (found,), _ = exposed([women(23, **both), women(20, **sexes[0]), women(3, hidden=True, **sexes[1])], EXACT)
    assert (found.low, found.high) == (3, 3)


def test_a_group_is_the_same_after_it_was_written():
    group = Group(population="p", units=frozenset("ba"), period=frozenset({"2024-01"}), attributes={"sex": frozenset("fm")}, adds_up=False)
    assert Group.from_dict(json.loads(json.dumps(group.to_dict()))) == group
    hidden = stated(group, 7, hidden=True, place="x")
    written = json.dumps(hidden.to_dict())
    assert "7" not in written
    assert Published.from_dict(json.loads(written)) == hidden


def test_a_hidden_cell_must_stay_as_wide_as_the_threshold():
    assert narrowest(Release(threshold=10)) == 9


# ---------------------------------------------------------------- show


@pytest.fixture
def displayed(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda data, **more: found.append((data, more["metadata"])))
    return found


def test_show_refuses_what_may_not_be_shown(displayed):
    with pytest.raises(ReportError):
        show(table([["海棠", "7"]], [[None, 7]]))
    assert displayed == []


def test_show_declares_what_it_publishes_and_never_what_is_hidden(displayed):
    show([protected(by_community(7, 40, 53, rules=EXACT)), paragraph("x")])
    (data, declared), (_, nothing) = displayed
    assert nothing == {}
    counts = declared[DECLARED]["counts"]
    assert [one.get("hidden", False) for one in counts] == [True, True, False, False]
    assert [one.get("low") for one in counts] == [None, None, 53, 100]
    assert "7" not in json.dumps(counts[0]["group"])
    assert HIDDEN in data["text/markdown"]


def test_the_internal_edition_declares_nothing(displayed):
    show(by_community(7, 40, 53, rules=INTERNAL))
    assert displayed[0][1] == {}


def test_show_marks_what_words_rest_on(displayed):
    show(Prose(text="使……减少", evidence=EXPLAINS))
    assert displayed[0][1] == {GRADED: EXPLAINS}

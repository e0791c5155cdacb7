"""What is wrong with a lesson is found when it is written: every kind of fault, all of one part at once, in both languages."""

import pytest
from matplotlib.figure import Figure

from commresearch.course import cells
from commresearch.errors import ReportError
from commresearch.terms import Language
from commresearch.words import render_error

NUMBER = {"id": "6-1", "question": "？", "answer": 12, "tolerance": 0.5, "unit": "percent", "wrong": [cells.wrong(30, "错。")], "why": "对。"}
OPTIONS = [cells.option("甲", why="对。", right=True), cells.option("乙", why="错。")]
HEAD = {"number": 6, "title": "题", "claim": "会", "next_week": "做", "situation": "事"}


def refused(call, /, *arguments, **values):
    with pytest.raises(ReportError) as caught:
        call(*arguments, **values)
    for language in Language:
        said = render_error(caught.value, language)
        assert "{" not in said
    return render_error(caught.value, Language.EN)


def test_a_wrong_answer_that_would_pass_is_refused():
    said = refused(cells.number, **NUMBER | {"wrong": [cells.wrong(12.5, "差一点。")]})
    assert "[CR-J03] Course, 6-1: 12.5 is named as a wrong answer but lies within 0.5 of the right one, 12" in said
    cells.number(**NUMBER | {"wrong": [cells.wrong(12.51, "差一点。")]})


def test_a_wrong_answer_that_hides_another_is_refused():
    said = refused(cells.number, **NUMBER | {"wrong": [cells.wrong(30, "一。"), cells.wrong(30.4, "二。")]})
    assert "[CR-J04] Course, 6-1: the wrong answers 30 and 30.4 differ by no more than 0.5" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": float("nan")}, "must be finite"), ({"tolerance": -1}, "must be finite"), ({"unit": "furlongs"}, "the unit “furlongs” is not known"),
        ({"why": " "}, "needs its explanation"), ({"wrong": [cells.wrong(30, "")]}, "needs its explanation"), ({"id": "61"}, "6-1"), ({"wrong": [cells.wrong(float("inf"), "错。")]}, "CR-J03"),
        ({"why": "**粗**"}, "no Markdown"),
    ],
)
def test_a_number_that_cannot_be_asked_is_refused(change, said):
    assert said in refused(cells.number, **NUMBER | change)


def test_all_faults_of_a_part_are_told_at_once():
    said = refused(cells.number, **NUMBER | {"id": "x", "unit": "furlongs", "wrong": [cells.wrong(12, "错。")]})
    assert said.count("[CR-J") == 3


@pytest.mark.parametrize(
    "options",
    [OPTIONS[:1], OPTIONS[1:], [OPTIONS[0], OPTIONS[0]], [OPTIONS[0], cells.option("丙", why="")], [OPTIONS[0], cells.option("甲", why="错。")], []],
    ids=["one", "none-right", "two-right", "no-why", "alike", "empty"],
)
def test_a_choice_has_options_with_reasons_one_of_them_right(options):
    assert "[CR-J01] Course, 6-2" in refused(cells.choice, id="6-2", question="？", options=options)


def test_a_judgement_needs_a_rubric_and_a_model():
    said = refused(cells.judgement, id="6-3", question="？", rubric=[cells.criterion(0, "写明")], model=" ")
    assert "rubric" in said
    assert "model answer" in said


def test_a_plan_adds_up_to_a_lesson():
    said = refused(cells.plan, [(40, "讲", "讲", "听", "纸"), (40, "练", "看", "做", "纸")])
    assert "[CR-J02] Course, plan: the steps take 80 minutes, a lesson takes 90" in said
    assert "got -10 minutes" in refused(cells.plan, [(100, "讲", "讲", "听", "纸"), (-10, "练", "看", "做", "纸")])


def test_a_head_is_whole():
    said = refused(cells.lesson, **HEAD | {"number": 9, "claim": " ", "next_week": ""})
    assert said.count("[CR-J01]") == 3


def explore(**change):
    controls = [cells.control("years", "几年？", {"1": "1年", "2": "2年"}), cells.control("season", "季节？", {"no": "没有", "yes": "有"})]
    states = {(y, s): cells.state(Figure(figsize=(1, 1)), "一句。", alt="一张图，说明它画了什么。") for y in "12" for s in ("no", "yes")}
    return {"id": "6-x", "question": "？", "controls": controls, "states": states, "default": ("1", "no")} | change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"states": {k: v for k, v in explore()["states"].items() if k != ("2", "yes")}}, "the combination (2, yes) has no picture"),
        ({"states": explore()["states"] | {("3", "no"): None}}, "there is no combination (3, no)"), ({"default": ("1",)}, "there is no combination (1)"),
        ({"controls": []}, "must be a control"), ({"controls": [cells.control("n", "？", {"1": "一"})]}, "needs two or more options"),
        ({"controls": [cells.control("n", "？", {str(i): str(i) for i in range(25)})]}, "25 combinations, at most 24"),
    ],
)
def test_every_combination_of_choices_has_its_picture(tmp_path, change, said):
    assert said in refused(cells.explore, **explore(**change), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def sheet(**change):
    columns = [cells.given("一行"), cells.pick("数什么", ["人", "人次"]), cells.amount("多少", unit="persons")]
    row = cells.row({"一行": "来了12次"}, {"数什么": cells.key("人次", "次。", {"人": "错。"}), "多少": cells.key(12, "对。", {1: "错。"})})
    example = {"一行": "例", "数什么": "人", "多少": 3}
    return {"title": "表", "task": "填。", "columns": columns, "rows": [row], "example": example, "example_why": "因为。"} | change


def keyed(**keys):
    return [cells.row({"一行": "来了12次"}, keys)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": []}, "needs rows"), ({"columns": [cells.given("一行")]}, "column to fill in"), ({"columns": sheet()["columns"] * 2}, "must differ"),
        ({"rows": [cells.row({}, {})]}, "row 1: every given column"), ({"rows": keyed(备注=cells.key("x", "y"))}, "row 1"),
        ({"rows": keyed(数什么=cells.key("户", "错。"))}, "“户” is none of the options"), ({"rows": keyed(数什么=cells.key("人", "对。", {"人": "错。"}))}, "stands as right and as wrong"),
        ({"rows": keyed(多少=cells.key("十二", "对。"))}, "must be numbers"), ({"rows": keyed(多少=cells.key(12, "对。", {12: "错。"}))}, "[CR-J03] Course, 表 · 1 · 多少"),
        ({"example": {"一行": "例"}}, "example row"), ({"example_why": ""}, "example row"),
        ({"rules": [cells.rule("数什么", "<=", "多少", why="x")]}, "is not well formed"), ({"rules": [cells.rule("多少", "=<", 3, why="x")]}, "is not well formed"),
    ],
)
def test_a_workbook_fits_together(change, said):
    assert said in refused(cells.sheet, **sheet(**change))


def test_what_is_well_formed_is_shown(capsys):
    cells.sheet(**sheet(rules=[cells.rule("多少", ">=", 0, why="不会是负的。")]))
    cells.choice(id="6-2", question="？", options=OPTIONS)
    cells.lesson(**HEAD)

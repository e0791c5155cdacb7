"""Answers as learners type them: what is read, what is refused, and what is said of it."""

from dataclasses import replace

import pytest

from commresearch.course.answers import Answer, Unread, fits_unit, is_unit, read_answer, unit_label, wanted_unit
from commresearch.course.exercises import ChoiceTask, NumberTask, Option, Outcome, WrongAnswer, check_answer
from commresearch.terms import Language
from commresearch.words import entries

REFUSED = [
    ("", "blank"), ("　 ", "blank"), ("abc", "unreadable"), ("不知道", "unreadable"), ("一百二", "unreadable"), ("12/50", "unreadable"), ("1,2", "unreadable"),
    ("12 34", "unreadable"), ("12公里每小时", "unreadable"), ("2025年3月", "unreadable"), ("=1+1", "unreadable"), ("三点", "unreadable"), ("零千三点五", "unreadable"),
    ("百分之十二%", "unreadable"), ("百分之三点五%", "unreadable"), ("12345678901234567", "unreadable"), ("一百二点五", "unreadable"), ("/千户", "unreadable"),
    ("3-5", "range"), ("3到5", "range"), ("3~5人", "range"), ("百分之三至百分之五", "range"), ("三四十", "range"), ("5-10万", "range"),
    ("超过12", "bound"), ("12以上", "bound"), ("不到三成", "bound"), ("30多", "bound"), ("几十", "bound"), ("≥5", "bound"), ("5+", "bound"),
    ("下降12%", "direction"), ("减少了3件", "direction"), ("上升5个百分点", "direction"), ("多了3", "direction"),
    ("降45%", "direction"), ("少45", "direction"), ("减45件", "direction"), ("增三成", "direction"), ("多3", "direction"), ("每千户少12件", "direction"), ("降", "unreadable"),
    ("至少5", "bound"), ("最多5件", "bound"), ("超过30名青年", "bound"), ("3-5名青年", "range"), ("–5–10", "range"), ("18个点", "point"), ("十二点五个点", "point"), ("－18个点", "point"),
    ("每户12件", "unreadable"), ("每12件", "unreadable"), ("12户每月", "unreadable"), ("12/100户", "unreadable"), ("每千户", "unreadable"), ("百分之三件", "unreadable"), ("4个半", "unreadable"),
    ("8人到场次数", "unreadable"), ("8人时", "unreadable"), ("8人每次", "unreadable"), ("6件投诉以上", "unreadable"), ("6件一样", "unreadable"),
]
READ = [
    ("12", 12, ""), ("１２", 12, ""), ("十二", 12, ""), ("一百二十", 120, ""), ("两千零五", 2005, ""), ("〇", 0, ""), ("1,200", 1200, ""), ("1，200", 1200, ""),
    ("1.2万", 12000, ""), ("１．２万", 12000, ""), ("一万二千", 12000, ""), ("3万5千", 35000, ""), ("1亿", 1e8, ""), ("一点二万", 12000, ""), ("三十五点七", 35.7, ""),
    ("12%", 12, "%"), ("12％", 12, "%"), ("１２．５％", 12.5, "%"), ("百分之十二", 12, "%"), ("百分之三十五点七", 35.7, "%"), ("三成", 30, "%"), ("0.12", 0.12, ""),
    ("12个百分点", 12, "百分点"), ("12百分点", 12, "百分点"), ("十二点五个百分点", 12.5, "百分点"), ("-12", -12, ""), ("−12", -12, ""), ("－12", -12, ""), ("负12", -12, ""),
    ("负三点五", -3.5, ""), ("-12%", -12, "%"), ("负百分之五", -5, "%"), ("+12", 12, ""), ("350人", 350, "人"), ("350名", 350, "人"), ("350人次", 350, "人次"),
    ("三百五十人次", 350, "人次"), ("1.2万人次", 12000, "人次"), ("12户", 12, "户"), ("9.5件/千户", 9.5, "件"), ("约30", 30, ""), ("30左右", 30, ""), ("12。5", 12.5, ""),
    ("12。", 12, ""), (" 12 %", 12, "%"), ("12 小时", 12, "小时"), ("¥12", 12, "元"), ("3k", 3000, ""), ("壹佰", 100, ""),
    ("–45", -45, ""), ("—45%", -45, "%"), ("——45", -45, ""), ("— 45", -45, ""), ("--45", -45, ""), ("——三点五", -3.5, ""), ("差不多30", 30, ""),
    ("6起", 6, "起"), ("6宗", 6, "宗"), ("6单", 6, "单"), ("六条", 6, "条"), ("6件投诉", 6, "件"), ("6起投诉", 6, "起"), ("4名青年", 4, "人"), ("三位老人", 3, "人"), ("4个青年", 4, "个"),
    ("约1.2万名居民", 12000, "人"), ("350人次参加", 350, "人次"), ("12个人次", 12, "人次"), ("86个室时", 86, "室时"), ("86室时", 86, "室时"), ("三点五个室时", 3.5, "室时"),
    ("每千户12件", 12, "件"), ("每千户有12件", 12, "件"), ("每1,000户9.5件", 9.5, "件"), ("每万名居民3件", 3, "件"), ("12件每千户", 12, "件"), ("12每千户", 12, ""), ("12件投诉，每千户", 12, "件"),
    ("0.083", 0.083, ""), ("-0.15", -0.15, ""), ("-0.149", -0.149, ""), ("-0.14", -0.14, ""), ("-0.15%", -0.15, "%"), ("8.3", 8.3, ""), ("0.05", 0.05, ""), ("-15", -15, ""),
]


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=[f"refused-{i}" for i in range(len(REFUSED))])
def test_what_is_no_single_number_is_refused_with_its_reason(text, why):
    assert read_answer(text) is Unread(why)


@pytest.mark.parametrize(("text", "value", "unit"), READ, ids=[f"read-{i}" for i in range(len(READ))])
def test_numbers_are_read_as_people_write_them(text, value, unit):
    assert read_answer(text) == Answer(value=pytest.approx(value), unit=unit)


def task(answer=12.0, unit="percentage_points", tolerance=0.05, wrong=((30.0, "这是百分比。"),)):
    named = tuple(WrongAnswer(value=value, why=why) for value, why in wrong)
    return NumberTask(id="6-1", question="？", answer=answer, tolerance=tolerance, unit=unit, wrong=named, why="相减。")


#: Near nought, where a tolerance covers a number and what it is as a share; and a mistake of nought beside an answer that may be written as a share.
NEAR_NOUGHT = task(answer=-0.14, unit="percent", tolerance=0.6, wrong=((-15.0, "热线的数。"), (28.0, "反了。")))
EIGHT = task(answer=8.3, unit="percent", tolerance=0.1, wrong=((0.0, "不会没有。"), (0.083, "忘了乘。"), (50.0, "一半。")))


@pytest.mark.parametrize(
    ("made", "given", "outcome"),
    [
        (NEAR_NOUGHT, "-0.15", Outcome.NAMED), (NEAR_NOUGHT, "-0.149", Outcome.NAMED), (NEAR_NOUGHT, "-0.15%", Outcome.RIGHT), (NEAR_NOUGHT, "-0.14", Outcome.RIGHT),
        (NEAR_NOUGHT, "0", Outcome.RIGHT), (NEAR_NOUGHT, "-0.0014", Outcome.RIGHT), (NEAR_NOUGHT, "-15", Outcome.NAMED), (NEAR_NOUGHT, "0.28", Outcome.NAMED), (NEAR_NOUGHT, "0.4", Outcome.RIGHT),
        (replace(EIGHT, wrong=EIGHT.wrong[::2]), "0.083", Outcome.SHARE), (replace(EIGHT, wrong=EIGHT.wrong[::2]), "0", Outcome.NAMED), (replace(EIGHT, wrong=EIGHT.wrong[::2]), "0.05", Outcome.NAMED),
        (replace(EIGHT, wrong=EIGHT.wrong[1:]), "0.083", Outcome.NAMED), (EIGHT, "0.5", Outcome.NAMED), (EIGHT, "8.3", Outcome.RIGHT), (EIGHT, "0.083%", Outcome.NAMED),
        (task(unit="件"), "12起", Outcome.RIGHT), (task(unit="件"), "12单", Outcome.RIGHT), (task(unit="件"), "12宗投诉", Outcome.RIGHT), (task(unit="件"), "12户", Outcome.OTHER_UNIT),
        (task(unit="per_1000_households"), "每千户12件", Outcome.RIGHT), (task(unit="per_1000_households"), "12件每千户", Outcome.RIGHT), (task(unit="per_1000_households"), "每千户12人", Outcome.OTHER_UNIT),
        (task(unit="persons"), "12名青年", Outcome.RIGHT), (task(unit="persons"), "12人次参加", Outcome.NOT_PERSONS), (task(unit="persons"), "12起", Outcome.OTHER_UNIT),
        (task(unit="person_times"), "12名青年", Outcome.NOT_PERSON_TIMES), (task(unit="person_times"), "12个人次", Outcome.RIGHT), (task(unit="persons"), "12个青年", Outcome.OTHER_UNIT),
        (task(unit="hours"), "12个室时", Outcome.RIGHT), (task(unit="persons"), "12个室时", Outcome.OTHER_UNIT), (task(), "12个点", Outcome.POINT), (task(unit="percent"), "12个点", Outcome.POINT),
        (task(answer=-12.0, wrong=()), "——12个百分点", Outcome.RIGHT), (task(answer=-12.0, wrong=()), "降12个百分点", Outcome.DIRECTION),
        (task(), "12%", Outcome.NOT_POINTS), (task(unit="percent"), "12个百分点", Outcome.NOT_PERCENT), (task(unit="persons"), "12人次", Outcome.NOT_PERSONS),
        (task(unit="person_times"), "12人", Outcome.NOT_PERSON_TIMES), (task(unit="persons"), "12户", Outcome.OTHER_UNIT), (task(unit="persons"), "12个", Outcome.OTHER_UNIT),
        (task(unit="count"), "12%", Outcome.OTHER_UNIT), (task(), "-12", Outcome.OPPOSITE), (task(answer=0.0), "-0", Outcome.RIGHT), (task(unit="percent"), "0.12", Outcome.SHARE),
        (task(), "0.12", Outcome.WRONG), (task(), "30", Outcome.NAMED), (task(), "30个百分点", Outcome.NAMED), (task(), "29", Outcome.WRONG), (task(), "", Outcome.BLANK),
        (task(), "12", Outcome.RIGHT), (task(), "12.05", Outcome.RIGHT), (task(), "11.95", Outcome.RIGHT), (task(), "12.06", Outcome.WRONG), (task(), "十二个百分点", Outcome.RIGHT),
        (task(unit="count"), "12件", Outcome.RIGHT), (task(unit="per_1000_households"), "12件/千户", Outcome.RIGHT), (task(unit="件"), "12", Outcome.RIGHT),
        (task(unit="m2_hours"), "12", Outcome.RIGHT), (task(answer=12000.0, unit="person_times"), "1.2万人次", Outcome.RIGHT),
    ],
)
def test_verdicts_keep_percent_from_points_and_persons_from_visits(made, given, outcome):
    verdict = check_answer(made, given)
    assert verdict.outcome is outcome
    assert verdict.right == (outcome is Outcome.RIGHT)
    for language in Language:
        said = verdict.sentence(language)
        assert said
        assert "{" not in said


def test_a_named_mistake_is_told_with_its_explanation_and_goes_before_guesses():
    made = task(wrong=((-12.0, "后来减原来，减反了。"), (30.0, "这是百分比。")))
    assert check_answer(made, "30").sentence() == "不对。这是百分比。"
    assert check_answer(made, "-12").sentence() == "不对。后来减原来，减反了。"
    assert check_answer(made, "12").sentence() == "对。相减。"
    assert check_answer(made, "三到五").sentence(Language.EN) == "“三到五” is a range. Give one number."


def test_a_choice_is_answered_by_letter_number_or_words():
    made = ChoiceTask(id="6-2", question="？", options=(Option(text="相减", why="对的理由。", right=True), Option(text="相除", why="错的理由。")))
    for given in ("A", "a", "1", "相减", " A. "):
        assert check_answer(made, given).right, given
    assert check_answer(made, "B").sentence() == "不对，再想想。错的理由。"
    assert check_answer(made, "丙").sentence() == "“丙”不是选项里的。请从选项里选一个。"
    assert check_answer(made, " ").outcome is Outcome.BLANK


def test_every_outcome_has_words_and_every_unit_a_name_that_answers_have():
    assert {f"verdict_{outcome}" for outcome in Outcome} <= set(entries("course"))
    for key in entries("course"):
        unit = key.removeprefix("unit_")
        if key.startswith("unit_") and unit != "m2_hours":
            answer = read_answer(f"12{unit_label(unit)}")
            assert isinstance(answer, Answer), unit
            assert answer.unit == wanted_unit(unit), unit
            assert fits_unit(answer.unit, unit)
    assert is_unit("m2_hours")
    assert is_unit("场次")
    assert not is_unit("furlongs")

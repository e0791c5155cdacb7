"""The lessons of the course: each runs from top to bottom, is whole, and its exercises hold what they promise."""

import re
import zipfile

import pytest

from commresearch.course.build import record_of
from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask, Outcome, check_answer, letter
from commresearch.course.faults import MINUTES
from commresearch.course.lesson import Version
from commresearch.course.parts import task_of
from commresearch.course.versions import FILES, stem_of
from commresearch.course.written import answer_text, with_unit
from tests.course_case import LESSONS, built_course  # noqa: F401 - a fixture

NUMBERS = [int(path.name[:2]) for path in LESSONS]
HAN = re.compile(r"[\u4e00-\u9fff]")
FEWEST_CHARACTERS = 1800  #: Chinese ones that a reader of the page reads, tables, pictures and options left out
FEWEST_SLIDES, MOST_SLIDES, MOST_BULLETS = 10, 24, 6
PAGES = 2  #: of a worksheet

@pytest.fixture(scope="module", params=NUMBERS, ids=lambda number: f"lesson_{number}")
def lesson(request, built_course):  # noqa: F811
    """One lesson, as its executed notebook holds it."""
    return built_course.lesson(request.param)


def test_every_lesson_of_the_course_is_there():
    assert list(range(1, 9)) == NUMBERS


def test_a_lesson_is_whole(lesson):
    assert sum(step.minutes for step in lesson.plan) == MINUTES
    numbers = [task for task in lesson.tasks if isinstance(task, NumberTask) and task.wrong]
    kinds = [type(task) for task in lesson.tasks]
    assert len(numbers) >= 2
    assert kinds.count(ChoiceTask) >= 2
    assert kinds.count(JudgementTask) >= 1
    assert len(lesson.explores) >= 1
    assert len(lesson.sheet.rows) >= 3
    prose = [block.shown for block in lesson.of(Version.PAGE) if isinstance(block.shown, str) and not re.search(r"\]\(figs/|^\|", block.shown, re.MULTILINE)]
    read = [*prose, *(task.question for task in lesson.tasks), lesson.head.claim, lesson.head.situation, lesson.head.next_week]
    assert len(HAN.findall("".join(read))) >= FEWEST_CHARACTERS


def test_right_answers_pass_however_they_are_written(lesson):
    for task in lesson.tasks:
        if isinstance(task, NumberTask):
            for given in (answer_text(task), with_unit(task.answer, "", task.tolerance), f"{task.answer!r}", f" {answer_text(task)}。"):
                assert check_answer(task, given).right, (task.id, given)
        elif isinstance(task, ChoiceTask):
            rights = [place for place, option in enumerate(task.options) if check_answer(task, letter(place)).right]
            assert [task.options[place].right for place in rights] == [True], task.id


def test_named_wrong_answers_fail_with_their_explanation(lesson):
    for task in lesson.tasks:
        if isinstance(task, NumberTask):
            for wrong in task.wrong:
                for given in (with_unit(wrong.value, task.unit, task.tolerance), f"{wrong.value!r}"):
                    verdict = check_answer(task, given)
                    assert (verdict.outcome, verdict.why) == (Outcome.NAMED, wrong.why), (task.id, given)
        elif isinstance(task, ChoiceTask):
            for place, option in enumerate(task.options):
                assert check_answer(task, letter(place)).why == option.why
                assert check_answer(task, option.text).right == option.right


def test_the_keys_of_the_workbook_pass_and_its_wrong_answers_do_not(lesson):
    for row in lesson.sheet.rows:
        for name, key in row.keys.items():
            task = task_of(lesson.sheet.column(name), key)
            assert check_answer(task, str(key.answer)).right, (name, key.answer)
            for value, why in key.wrong:
                verdict = check_answer(task, str(value))
                assert (verdict.right, verdict.why) == (False, why), (name, value)


def test_pictures_say_what_they_show(lesson):
    for block in lesson.blocks:
        if isinstance(block.shown, str):
            for caption, alt in re.findall(r'!\[(.*?)\]\(figs/.*?\)\{#\S+ fig-alt="(.*?)"', block.shown):
                assert len(caption) > 5
                assert len(alt) > 20, (block.cell, alt)
    for explore in lesson.explores:
        texts = [state.text for state in explore.states]
        assert all(len(state.alt) > 15 for state in explore.states), explore.id
        assert len(set(texts)) == len(texts), explore.id


def test_no_foreign_mark_is_left_in_what_learners_read(lesson):
    for block in lesson.of(Version.PAGE):
        if isinstance(block.shown, str):
            assert not re.search(r"\{\w+\}|(?<![A-Za-z])(nan|None|NaT|inf)(?![A-Za-z])|<object", block.shown), block.cell


def test_all_files_stand_there_with_their_record(lesson, built_course):  # noqa: F811
    number = lesson.head.number
    folder = built_course.folder / f"{number:02d}"
    record = record_of(folder)
    assert record["head"]["title"] == lesson.head.title
    for end in FILES:
        assert (folder / f"{stem_of(number)}{end}").stat().st_size > 3000, end
    assert f'href="{number:02d}/{stem_of(number)}.html"' in (built_course.folder / "index.html").read_text(encoding="utf8")


def test_the_worksheet_fits_on_one_sheet(lesson, built_course):  # noqa: F811
    from pypdf import PdfReader

    stem = stem_of(lesson.head.number)
    reader = PdfReader(built_course.folder / stem[-2:] / f"{stem}_worksheet.pdf")
    assert len(reader.pages) <= PAGES
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))
    for task in lesson.tasks:
        assert f"练习{task.id}" in text, task.id


def test_slides_are_few_and_short(lesson, built_course):  # noqa: F811
    stem = stem_of(lesson.head.number)
    with zipfile.ZipFile(built_course.folder / stem[-2:] / f"{stem}_slides.pptx") as archive:
        slides = [name for name in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    assert FEWEST_SLIDES <= len(slides) <= MOST_SLIDES
    for block in lesson.of(Version.SLIDES):
        if isinstance(block.shown, str):
            for slide in re.split(r"^## ", block.shown, flags=re.MULTILINE):
                assert len(re.findall(r"^- ", slide, flags=re.MULTILINE)) <= MOST_BULLETS, (block.cell, slide)

"""Pages of the course in a browser: they fit, ask nothing of a network, are used by keyboard, and read answers as the package does."""

import re
import zipfile
from dataclasses import replace

import pytest

from commresearch.course.answers import Unread, read_answer
from commresearch.course.exercises import ChoiceTask, NumberTask, check_answer
from commresearch.course.lesson import read_lesson
from commresearch.course.page import number_data, reading_data, template
from tests.course_case import built_course  # noqa: F401 - a fixture
from tests.end_to_end.test_pages import MEASURE, WIDTHS, browser, opened, structure  # noqa: F401 - a fixture
from tests.unit.test_course_answers import EIGHT, NEAR_NOUGHT, READ, REFUSED, task

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def pages(built_course):  # noqa: F811
    return [built_course.folder / "index.html", *sorted(built_course.folder.glob("*/lesson_*.html"))]


@pytest.fixture(scope="module")
def lessons(built_course):  # noqa: F811
    """Every lesson with its page."""
    return [(read_lesson(path), path.with_suffix(".html")) for path in sorted(built_course.folder.glob("*/lesson_*.ipynb"))]


def test_pages_are_whole_and_every_link_leads_somewhere(pages):
    for path in pages:
        found, text = structure(path), path.read_text(encoding="utf8")
        assert found.lang.startswith("zh"), path
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), path
        assert all(image["src"].startswith("data:image/svg+xml") and len(image["alt"]) > 15 for image in found.images), path
        assert found.heads == len(re.findall(r"<th[ >]", text)), path
        body = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)
        assert not [trace for trace in ("{#", ":::", "{=", "@fig-", "@tbl-", "Traceback") if trace in body], path
        for link in found.links:
            if link.startswith("#"):
                assert f'id="{link[1:]}"' in text, (path, link)
            elif link:
                assert (path.parent / link).resolve().is_file(), (path, link)


def test_slides_of_simulated_data_say_so_on_every_one_and_those_of_published_claims_on_none(lessons):
    marked = {}
    for lesson, path in lessons:
        with zipfile.ZipFile(path.with_name(f"{path.stem}_slides.pptx")) as archive:
            slides = [archive.read(name).decode("utf8") for name in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
        marked[lesson.head.number] = (sum("<a:t>模拟数据，地点虚构</a:t>" in slide for slide in slides), len(slides))
    assert {number for number, (found, _) in marked.items() if found == 0} == {1}
    assert all(found in {0, n} for found, n in marked.values()), marked


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_the_screen_without_errors_requests_or_serious_findings(pages, browser, width):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    axe, serious = Axe(), {}
    for path in pages:
        with opened(browser, path, width) as page:
            found = page.evaluate(MEASURE)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (page.said, page.outside) == ([], []), path
            # what is on a page is the same in every window; only a narrow one has regions that scroll
            violations = axe.run(page).response["violations"] if width == min(WIDTHS) else []
        assert (found["wide"], found["broken"], overflow) == (0, 0, 0), (path, found)
        assert found["size"] >= 16
        serious[path.name] = [(v["id"], v["nodes"][0]["html"][:120]) for v in violations if v["impact"] in {"serious", "critical"}]
    assert not any(serious.values()), {name: faults for name, faults in serious.items() if faults}


def test_a_right_answer_and_a_named_mistake_are_told_apart_on_every_page(lessons, browser):  # noqa: F811
    for lesson, path in lessons:
        asked = next(one for one in lesson.tasks if isinstance(one, NumberTask) and one.wrong)
        with opened(browser, path, WIDTHS[0]) as page:
            form = page.locator(f'form[data-task="{asked.id}"]')
            for given, wanted in ((repr(asked.wrong[0].value), asked.wrong[0].why), (repr(asked.answer), asked.why)):
                form.locator("input").fill(given)
                form.locator("button").click()
                page.wait_for_function("([id, text]) => document.querySelector(`form[data-task='${id}'] [role=status]`).textContent.includes(text)", arg=[asked.id, wanted])
            assert "is-right" in form.get_attribute("class")


def test_the_keyboard_alone_answers_a_choice_and_changes_a_picture(lessons, browser):  # noqa: F811
    for lesson, path in lessons:
        asked = next(one for one in lesson.tasks if isinstance(one, ChoiceTask))
        right = next(place for place, option in enumerate(asked.options) if option.right)
        explore = lesson.explores[0]
        with opened(browser, path, WIDTHS[0]) as page:
            _tab_to(page, f'input[name="answer-{asked.id}"]')
            page.keyboard.press("Space")
            for _ in range(right):
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.type") == "submit"
            page.keyboard.press("Enter")
            page.wait_for_function("id => document.querySelector(`form[data-task='${id}'] [role=status]`).textContent !== ''", arg=asked.id)
            assert page.locator(f'form[data-task="{asked.id}"] [role=status]').inner_text() == f"对。{asked.options[right].why}"
            before = page.locator(".explore .seen").first.inner_text()
            assert before == explore.shown_first.text
            _tab_to(page, f'input[name="{explore.id}-0"]')
            page.keyboard.press("ArrowDown")
            assert page.locator(".explore .seen").first.inner_text() != before
            assert page.locator(".explore").first.locator(".state:visible").count() == 1


def _tab_to(page, selector):
    """Press Tab until an element has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"the keyboard does not reach {selector}")


def test_without_a_script_answers_and_pictures_are_still_there(lessons, browser):  # noqa: F811
    lesson, path = lessons[0]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator(".state:visible").count() == len(lesson.explores)
    page.locator("details.answer summary").first.click()
    assert page.locator("details.answer[open]").count() == 1
    context.close()


SAME = [text for text, _ in REFUSED] + [text for text, *_ in READ]
TASKS = (
    task(), task(unit="percent"), task(unit="persons"), task(unit="person_times"), task(unit="count"), task(answer=-12.0, wrong=((12.0, "反了。"),)), NEAR_NOUGHT, EIGHT,
    replace(EIGHT, wrong=EIGHT.wrong[::2]), task(unit="件"), task(unit="per_1000_households"), task(unit="hours"),
)


def test_the_script_reads_and_judges_as_the_package_does(browser):  # noqa: F811
    assert len(SAME) >= 40
    page = browser.new_page()
    page.add_script_tag(content=template("answers.js").read_text(encoding="utf8"))
    read = page.evaluate("([texts, course]) => texts.map(text => courseAnswers.read(text, course.units))", [SAME, reading_data()])
    for text, script in zip(SAME, read, strict=True):
        answer = read_answer(text)
        wanted = {"refused": str(answer)} if isinstance(answer, Unread) else {"value": pytest.approx(answer.value), "unit": answer.unit}
        assert script == wanted, text
    for made in TASKS:
        judged = page.evaluate("([texts, task, course]) => texts.map(text => courseAnswers.judge(task, text, course))", [SAME, number_data(made), reading_data()])
        for text, script in zip(SAME, judged, strict=True):
            verdict = check_answer(made, text)
            assert (script["outcome"], script["why"]) == (verdict.outcome, verdict.why), (made.unit, text)
    page.close()

"""The test on paper: two forms, their key for the teacher, and the workbook in which the answers are entered. Chinese, as the course is."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commresearch.cleaning.codebook_file import MADE
from commresearch.course.items import ITEMS, LETTERS, Form, Item, items
from commresearch.course.score_file import AFTER, BEFORE, CODE, COLUMNS, EXAMPLE, FORM_AFTER, FORM_BEFORE, HEADS, LONGEST, SHORTEST
from commresearch.records import write_whole
from commresearch.reporting.assemble import Document
from commresearch.reporting.display import Table, escape
from commresearch.reporting.rendering import Renderer
from commresearch.terms import Format, Language
from commresearch.words import say

KEY, ANSWERS = "key", "answers.xlsx"
FORMATS = (Format.DOCX, Format.PDF)
BREAK = "\\\n"  #: a new line within a paragraph
INDENT = "　　"
SHORT = 10  #: signs up to which the options of a question stand beside each other
WHOLE = "```{{=typst}}\n#block(breakable: false)[\n```\n\n{}\n\n```{{=typst}}\n]\n```"  #: what is not torn over two pages
TALL = "`#v(6mm)`{=typst}"  #: a row that one can write in
ROWS = 60  #: ruled rows of the workbook, which offer lists and are checked
FONT, SIZE, A4 = "宋体", 10.5, 9
LINE, HEAD, SAMPLE, SAMPLE_TEXT, WRONG = "#A6A6A6", "#D9E2F3", "#EDEDED", "#595959", "#F4B6A6"
HEAD_HEIGHT, ROW_HEIGHT, GUIDE_HEIGHT, GUIDE_WIDTH = 24, 20, 36, 96
CODE_WIDTH, FORM_WIDTH, ANSWER_WIDTH = 12, 8, 5.4
GUIDE_LINES = 6
SKIPPED = (BEFORE[6], AFTER[2])  #: answers that the example leaves blank
EXAMPLE_ROW = {CODE: EXAMPLE, FORM_BEFORE: Form.A, FORM_AFTER: Form.B, **dict.fromkeys(BEFORE, "a"), **dict.fromkeys(AFTER, "b"), **dict.fromkeys(SKIPPED, "")}


def write_forms(folder: Path, renderer: Renderer) -> list[Path]:
    """Write both forms and the key as Word and PDF, and the workbook for the answers.

    Parameters
    ----------
    folder : Path
        Made where it is missing; gets form_a, form_b and key (.docx, .pdf) and answers.xlsx.
    renderer : Renderer

    Returns
    -------
    list of Path

    Raises
    ------
    ReportError
        A document cannot be rendered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = [*(_document(folder, f"form_{form.lower()}", "paper", _paper(form), form=form) for form in Form), _document(folder, KEY, "key", _key())]
    made = [path for document in documents for path in renderer.render(document, FORMATS)]
    write_whole(folder / ANSWERS, answers_xlsx())
    return [*made, folder / ANSWERS]


def _document(folder: Path, stem: str, kind: str, body: str, **values: object) -> Document:
    return Document(
        stem=stem, folder=folder, title=_say(f"{kind}_title", **values), subtitle=_say(f"{kind}_subtitle", items=ITEMS), language=Language.ZH, body=body,
        formats=FORMATS,
    )


def _say(key: str, /, **values: object) -> str:
    return say(f"course_score.{key}", Language.ZH, **values)


def _paper(form: Form) -> str:
    """What persons get: where to write the code, how to answer, ten questions, and a strip for the letters."""
    limits = {"least": SHORTEST, "most": LONGEST}
    rows = ([_say("paper_number"), *map(str, range(1, ITEMS + 1))], ["---", *[":-:"] * ITEMS], [TALL + _say("paper_answer"), *[" "] * ITEMS])
    strip = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    asked = (_asked(item.id, item.questions[form].text, item.questions[form].options) for item in items())
    return "\n\n".join([_say("paper_code"), _say("paper_code_how", **limits), _say("paper_how"), _say("paper_strip"), strip, *asked]) + "\n"


def _asked(number: int, text: str, options: tuple[str, ...]) -> str:
    """A question with its options in one paragraph, short ones on a line; on paper it stays on one page."""
    shown = [f"{letter}　{escape(option)}" for letter, option in zip(LETTERS, options, strict=True)]
    lines = [INDENT.join(shown)] if max(map(len, options)) <= SHORT else shown
    return WHOLE.format(BREAK.join([f"**{number}**　{escape(text)}", *(INDENT + line for line in lines)]))


def _key() -> str:
    """What the teacher gets: how to use the forms, all answers in a table, and why each is right."""
    rows = [
        [str(item.id), str(item.lesson), item.idea, *(item.questions[form].key for form in Form), _say(f"difficulty_{item.difficulty}")] for item in items()
    ]
    head = [_say("paper_number"), _say("key_lesson"), _say("key_idea"), *(_say("key_form", form=form) for form in Form), _say("key_difficulty_head")]
    table = Table(id="tbl-key", caption=_say("key_caption"), header=head, rows=rows, align="llllll", widths=(8, 8, 52, 9, 9, 10), note=_say("key_difficulty"))
    return "\n\n".join([_say("key_how"), table.markdown(Path()), *(line for item in items() for line in _explained(item))]) + "\n"


def _explained(item: Item) -> Iterator[str]:
    """One item in the key: what it asks for, how hard it is meant to be, and the right option of either form with its reason."""
    yield f"# {escape(_say('key_item', id=item.id, lesson=item.lesson, idea=item.idea))}"
    for form, question in item.questions.items():
        yield _say("key_why", form=form, key=question.key, right=escape(question.right.rstrip("。")), why=escape(question.why))
    yield _say("key_because", difficulty=_say(f"difficulty_{item.difficulty}"), because=escape(item.because))


# ---------------------------------------------------------------- the workbook


def answers_xlsx() -> bytes:
    """The workbook: one row per person with lists of letters, and a sheet that explains it; always the same bytes."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": MADE, "title": _say("answers_sheet")})
        sheet = book.add_worksheet(_say("answers_sheet"))
        _ruled(book, sheet)
        _lists(sheet)
        _red_where_wrong(sheet, book.add_format({"bg_color": WRONG}))
        _guide(book, book.add_worksheet(_say("answers_guide")))
    return buffer.getvalue()


def _ruled(book: Any, sheet: Any) -> None:
    """Heads, the example, and rows to write in; codes are texts, so that no zero at their beginning is lost."""
    font = {"font_name": FONT, "font_size": SIZE, "align": "center", "valign": "vcenter", "border": 1, "border_color": LINE, "num_format": "@"}
    head, cell = book.add_format({**font, "bold": True, "bg_color": HEAD}), book.add_format(font)
    sample = book.add_format({**font, "bg_color": SAMPLE, "font_color": SAMPLE_TEXT})
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, ROWS + 1, len(COLUMNS) - 1)
    sheet.set_row(0, HEAD_HEIGHT)
    for i in range(1, ROWS + 2):
        sheet.set_row(i, ROW_HEIGHT)
    for j, column in enumerate(COLUMNS):
        sheet.set_column(j, j, CODE_WIDTH if column == CODE else FORM_WIDTH if column in {FORM_BEFORE, FORM_AFTER} else ANSWER_WIDTH, cell)
        sheet.write_string(0, j, HEADS[column], head)
        sheet.write_string(1, j, EXAMPLE_ROW[column], sample)
        for i in range(2, ROWS + 2):
            sheet.write_blank(i, j, None, cell)


def _lists(sheet: Any) -> None:
    """What cells accept: letters from a list, codes by their length."""
    title, limits = _say("answers_error_title"), {"least": SHORTEST, "most": LONGEST}
    length = {"validate": "length", "criteria": "between", "minimum": SHORTEST, "maximum": LONGEST, "error_message": _say("answers_error_code", **limits)}
    form = {"validate": "list", "source": list(Form), "error_message": _say("answers_error_form")}
    letter = {"validate": "list", "source": list(LETTERS), "error_message": _say("answers_error_letter")}
    for j, column in enumerate(COLUMNS):
        rule = length if column == CODE else form if column in {FORM_BEFORE, FORM_AFTER} else letter
        sheet.data_validation(2, j, ROWS + 1, j, {**rule, "ignore_blank": True, "error_title": title})


def _red_where_wrong(sheet: Any, red: Any) -> None:
    """Codes that are there twice, and the same form both times."""
    code, first, second = (COLUMNS.index(column) for column in (CODE, FORM_BEFORE, FORM_AFTER))
    sheet.conditional_format(2, code, ROWS + 1, code, {"type": "duplicate", "format": red})
    letters = [chr(ord("A") + j) for j in (first, second)]
    criteria = f'=AND(${letters[0]}3<>"",${letters[0]}3=${letters[1]}3)'
    sheet.conditional_format(2, first, ROWS + 1, second, {"type": "formula", "criteria": criteria, "format": red})


def _guide(book: Any, sheet: Any) -> None:
    """How to fill in, one line per rule."""
    form = book.add_format({"font_name": FONT, "font_size": SIZE, "text_wrap": True, "valign": "vcenter"})
    sheet.set_column(0, 0, GUIDE_WIDTH, form)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    for line in range(1, GUIDE_LINES + 1):
        sheet.set_row(line - 1, GUIDE_HEIGHT)
        sheet.write_string(line - 1, 0, _say(f"answers_how_{line}", least=SHORTEST, most=LONGEST), form)

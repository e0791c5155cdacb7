"""Codebook and data dictionary as files that people open."""

import io
from datetime import UTC, datetime

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.variable import COLUMNS
from commresearch.terms import Identifier, Language, MissingKind, Role, VariableType
from commresearch.words import entries, say

WIDTHS = {"name": 16, "source": 28, "source_code": 28, "question_zh": 34, "question_en": 30, "values": 24, "labels_en": 24, "missing": 24, "asked_if": 22, "note": 30}
MADE = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)  #: fixed, so that the same codebook gives the same bytes
LISTS = {"type": VariableType, "role": Role, "identifier": Identifier, "quasi": ("yes",), "key": ("1", "-1")}
SPARE_ROWS = 200  #: rows below the last variable that still offer the lists


def codebook_xlsx(codebook: Codebook, language: Language) -> bytes:
    """The codebook as a workbook to edit: lists to choose from, an explanation beside it."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        sheet = book.add_worksheet("codebook")
        sheet.freeze_panes(1, 1)
        for j, column in enumerate(COLUMNS):
            sheet.set_column(j, j, WIDTHS.get(column, 11), text)
            sheet.write_string(0, j, column, head)
            sheet.write_comment(0, j, say(f"codebook.{column}", language), {"x_scale": 2.2, "y_scale": 1.4})
            if column in LISTS:
                listed = [str(v) for v in LISTS[column]]
                sheet.data_validation(1, j, len(codebook.variables) + SPARE_ROWS, j, {"validate": "list", "source": listed, "ignore_blank": True})
        for i, row in enumerate(codebook.to_frame().to_dict("records"), 1):
            for j, column in enumerate(COLUMNS):
                sheet.write_string(i, j, row[column], text)
        notes = book.add_worksheet(say("dictionary.help_sheet", language))
        notes.set_column(0, 0, 16, text)
        notes.set_column(1, 1, 90, text)
        for i, (key, line) in enumerate([*_explanations(language)]):
            notes.write_string(i, 0, key, text)
            notes.write_string(i, 1, line, text)
    return buffer.getvalue()


def _explanations(language: Language) -> list[tuple[str, str]]:
    columns = [(column, say(f"codebook.{column}", language)) for column in COLUMNS]
    kinds = [(f"missing: {kind}", say(f"survey.kind_{kind}", language)) for kind in MissingKind]
    types = [(f"type: {kind}", say(f"survey.type_{kind}", language)) for kind in VariableType]
    roles = [(f"role: {role}", say(f"survey.role_{role}", language)) for role in Role]
    return [("", say("dictionary.help_lead", language)), *columns, *types, *kinds, *roles]


def dictionary_rows(codebook: Codebook, language: Language) -> list[list[str]]:
    """The data dictionary: one row per variable, in words; the first row holds the heads."""
    heads = [say(f"dictionary.col_{name}", language) for name in ("name", "question", "type", "values", "missing", "asked", "note")]
    return [heads, *(_dictionary_row(codebook, name, language) for name in (v.name for v in codebook))]


def _dictionary_row(codebook: Codebook, name: str, language: Language) -> list[str]:
    variable = codebook[name]
    values = "; ".join(f"{value} = {variable.label(value, language)}" for value in variable.answers)
    limits = f"{'' if variable.low is None else f'{variable.low:g}'}–{'' if variable.high is None else f'{variable.high:g}'}"
    content = values or (f"{limits} {variable.unit}".strip("– ") if variable.low is not None or variable.high is not None else variable.unit)
    missing = "; ".join(f"{', '.join(markers)} = {say(f'survey.kind_{kind}', language)}" for kind, markers in variable.missing.items())
    return [
        name, variable.question(language), say(f"survey.type_{variable.type}", language), content, missing,
        str(variable.asked_if) if variable.asked_if else "", variable.note,
    ]


def dictionary_markdown(codebook: Codebook, language: Language) -> str:
    """The data dictionary as Markdown."""
    head, *rows = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in dictionary_rows(codebook, language)]
    lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
    return f"# {say('dictionary.title', language)}\n\n" + "\n".join(lines) + "\n"


def dictionary_xlsx(codebook: Codebook, language: Language) -> bytes:
    """The data dictionary as a workbook to read."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        head = book.add_format({"bold": True, "bottom": 2})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(say("dictionary.title", language))
        sheet.freeze_panes(1, 0)
        for j, width in enumerate((18, 44, 14, 40, 34, 24, 30)):
            sheet.set_column(j, j, width, text)
        for i, row in enumerate(dictionary_rows(codebook, language)):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell, text if i else head)
    return buffer.getvalue()


def explained_columns() -> tuple[str, ...]:
    """Codebook columns that have an explanation, for the test that none is missing."""
    return tuple(entries("codebook"))

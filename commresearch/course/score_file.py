"""The sheet of answers before and after the course: read as a person filled it in, wrong cells named all at once, codes of persons left behind."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.identifier_columns import classify_columns
from commresearch.cleaning.identifiers import column_identifiers
from commresearch.cleaning.personal_names import name_cells
from commresearch.cleaning.text_spans import JoinedTexts
from commresearch.course.items import ITEMS, LETTERS, Form, keys
from commresearch.errors import Failure, SchemaError
from commresearch.sources.tables import FIRST_ROW, read_table, sheet_names
from commresearch.terms import Identifier, Language
from commresearch.words import say

CODE, FORM_BEFORE, FORM_AFTER = "code", "form_before", "form_after"
BEFORE = tuple(f"before_{i}" for i in range(1, ITEMS + 1))
AFTER = tuple(f"after_{i}" for i in range(1, ITEMS + 1))
COLUMNS = (CODE, FORM_BEFORE, FORM_AFTER, *BEFORE, *AFTER)
#: Column → its head on the sheet that is handed out; the names of the columns themselves are read as well.
HEADS: Mapping[str, str] = {
    CODE: "编号", FORM_BEFORE: "课前卷", FORM_AFTER: "课后卷", **{column: f"前{i}" for i, column in enumerate(BEFORE, 1)},
    **{column: f"后{i}" for i, column in enumerate(AFTER, 1)},
}
EXAMPLE = "示例"  #: in the place of a code: the row shows how to fill in and is not counted
SHORTEST, LONGEST = 4, 8  #: signs of a code
CODE_FORM = re.compile(rf"(?=.*[0-9])[0-9A-Za-z]{{{SHORTEST},{LONGEST}}}")  #: a digit in it, so that no name in Latin letters is one
ROUNDS = ((FORM_BEFORE, BEFORE), (FORM_AFTER, AFTER))
Place = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerSheet:
    """What N persons answered before and after; who they are is not kept, not even by their codes.

    form_before, form_after : array (N,) of "A", "B"
    right_before, right_after : bool array (N, 10)
        Whether the answer is the right one; a blank is not.
    n_blank : int
        Blank answers among these 2 · 10 · N.
    n_only_before, n_only_after : int
        Persons with one of the two tests, who are not among the N.
    """

    form_before: NDArray[np.str_]
    form_after: NDArray[np.str_]
    right_before: NDArray[np.bool_]
    right_after: NDArray[np.bool_]
    n_blank: int
    n_only_before: int
    n_only_after: int

    @property
    def n(self) -> int:
        """Persons with both tests."""
        return len(self.form_before)


def read_answer_sheet(path: str | Path, *, sheet: str | None = None) -> AnswerSheet:
    """The answers of persons who took the test before and after the course.

    Parameters
    ----------
    path : path
        .xlsx, .xls or .csv (UTF-8, GB18030) with the columns of the sheet that `write_forms` writes: 编号, 课前卷, 课后卷, 前1 to 前10, 后1 to 后10, or
        code, form_before, form_after, before_1 to before_10, after_1 to after_10. A row whose code is 示例 is not counted.
    sheet : str
        Sheet of a workbook; the first where none is named.

    Returns
    -------
    AnswerSheet
        Persons with both tests. A test counts as taken when it has an answer.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns are missing, unknown or there twice, a column or cell holds names, numbers of telephones or the like, an answer is no letter of an option, a form is
        none or the same twice, a code is missing, of the wrong form or there twice: all faults at once. Then, where there is none: nobody has both tests.
    """
    path = Path(path)
    text = read_table(path, sheet=sheet)
    names = sheet_names(path)
    place: Place = {"file": path.name, "sheet": (sheet or names[0]) if names else ""}
    text.columns = pd.Index([_column(str(head)) for head in text.columns])
    failures = list(_check_heads(text, place))
    if not set(COLUMNS) <= set(text.columns) or not text.columns.is_unique:
        raise SchemaError(*failures)
    text = text.apply(lambda column: column.fillna("").map(_plain))
    text.index = text.index + FIRST_ROW
    text = text.loc[(text != "").any(axis=1) & (text[CODE] != EXAMPLE), list(COLUMNS)]
    if text.empty:
        raise SchemaError(*failures, Failure(code="CR-J53", values=place))
    private = _identifiers(text)
    failures += [Failure(code="CR-J61", values={**place, "row": row, "column": HEADS[column], "what": _named(what)}) for (row, column), what in private.items()]
    codes: dict[str, int] = {}
    for row, cells in text.to_dict("index").items():
        known = {str(column): str(cell) for column, cell in cells.items() if (row, column) not in private}
        failures += _check_row(known, {**place, "row": row}, codes)
    if failures:
        raise SchemaError(*failures)
    return _paired(text, place)


def _column(head: str) -> str:
    """The column that a head names; a head that names none as it stands."""
    plain = _plain(head)
    return next((column for column, shown in HEADS.items() if plain in {column, shown}), plain)


def _plain(cell: str) -> str:
    """A cell with full-width letters and digits made half-width, without blanks around it."""
    return unicodedata.normalize("NFKC", cell).strip()


def _check_heads(text: pd.DataFrame, place: Place) -> Iterator[Failure]:
    """Columns that are missing, there twice, unknown, or hold what tells who somebody is."""
    got = list(text.columns)
    shown = tuple(HEADS.values())
    if missing := tuple(HEADS[c] for c in COLUMNS if c not in got):
        yield Failure(code="CR-J50", values={**place, "columns": missing, "expected": shown})
    for column in dict.fromkeys(c for c in got if got.count(c) > 1):
        yield Failure(code="CR-J51", values={**place, "got": HEADS.get(column, column)})
    unknown = [c for c in dict.fromkeys(got) if c not in COLUMNS]
    others = text.loc[:, [got.count(c) == 1 and c in unknown for c in got]].fillna("")
    private = dict(classify_columns(others)[["column", "identifier"]].itertuples(index=False, name=None))
    for column in unknown:
        if column in private:
            yield Failure(code="CR-J60", values={**place, "column": column, "what": _named(private[column])})
        else:
            nearest = get_close_matches(column, [*shown, *COLUMNS], 1)
            yield Failure(code="CR-J52", values={**place, "got": column, "nearest": nearest[0] if nearest else "", "allowed": shown})


def _named(identifier: str) -> dict[str, str]:
    return {language.value: say(f"survey.identifier_{identifier}", language) for language in Language}


def _identifiers(text: pd.DataFrame) -> dict[tuple[int, str], str]:
    """Cells that hold a direct identifier of a person: (row, column) → its class."""
    found: dict[tuple[int, str], str] = {}
    for column in COLUMNS:
        joined = JoinedTexts(text[column])
        spans = column_identifiers(joined)
        is_name = name_cells(joined.plains)
        for row, code in zip(text.index.tolist(), joined.codes.tolist(), strict=True):
            if code in spans:
                found[row, column] = spans[code][0].identifier
            elif is_name[code]:
                found[row, column] = Identifier.NAME.value
    return found


def _check_row(cells: Mapping[str, str], here: Place, codes: dict[str, int]) -> Iterator[Failure]:
    """Faults of one row; cells that hold an identifier are told elsewhere and are not among them. Its code is added to those that were met."""
    if CODE in cells:
        yield from _check_code(cells[CODE], here, codes)
    forms = []
    for form_column, answers in ROUNDS:
        for column in answers:
            if cells.get(column) and cells[column].lower() not in LETTERS:
                yield Failure(code="CR-J54", values={**here, "column": HEADS[column], "got": cells[column], "allowed": LETTERS})
        form, is_taken = _form(cells.get(form_column, "")), any(cells.get(column) for column in answers)
        if form and form not in set(Form):
            yield Failure(code="CR-J54", values={**here, "column": HEADS[form_column], "got": cells[form_column], "allowed": tuple(Form)})
        elif is_taken and not form and form_column in cells:
            yield Failure(code="CR-J57", values={**here, "column": HEADS[form_column]})
        elif is_taken and form:
            forms.append(form)
    if len(forms) == len(ROUNDS) and len(set(forms)) == 1:
        yield Failure(code="CR-J58", values={**here, "got": forms[0]})


def _check_code(code: str, here: Place, codes: dict[str, int]) -> Iterator[Failure]:
    values = {**here, "column": HEADS[CODE], "got": code}
    if not code:
        yield Failure(code="CR-J55", values=values)
    elif not CODE_FORM.fullmatch(code):
        yield Failure(code="CR-J56", values={**values, "least": SHORTEST, "most": LONGEST})
    elif code.lower() in codes:
        yield Failure(code="CR-J59", values={**values, "first": codes[code.lower()]})
    else:
        codes[code.lower()] = int(str(here["row"]))


def _form(cell: str) -> str:
    """The letter of a form: a, A卷."""
    return cell.upper().removesuffix("卷").strip()


def _paired(text: pd.DataFrame, place: Place) -> AnswerSheet:
    """Persons with both tests.

    Raises
    ------
    SchemaError
        There is none (CR-J62).
    """
    is_taken = [(text[list(answers)] != "").any(axis=1).to_numpy() for _, answers in ROUNDS]
    both = is_taken[0] & is_taken[1]
    if not both.any():
        counts = {"before": int(is_taken[0].sum()), "after": int(is_taken[1].sum())}
        raise SchemaError(Failure(code="CR-J62", values={**place, **counts}))
    pairs = text[both]
    forms = [np.array([_form(cell) for cell in pairs[form_column]], dtype=np.str_) for form_column, _ in ROUNDS]
    answers = [pairs[list(columns)].apply(lambda column: column.str.lower()).to_numpy(dtype=np.str_) for _, columns in ROUNDS]
    right = [given == np.array([keys(form) for form in form_of]) for given, form_of in zip(answers, forms, strict=True)]
    return AnswerSheet(
        form_before=forms[0], form_after=forms[1], right_before=right[0], right_after=right[1], n_blank=int(sum((given == "").sum() for given in answers)),
        n_only_before=int((is_taken[0] & ~both).sum()), n_only_after=int((is_taken[1] & ~both).sum()),
    )

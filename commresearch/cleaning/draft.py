"""A first codebook from what the files show; a person completes it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.draft_values import (
    CODE,
    NUMERIC_SHARE,
    CodeSide,
    DraftedValues,
    are_ranges,
    asks_for_amount,
    bare_code,
    has_labelled_answers,
    is_coded,
    is_recurring,
    like_codes,
    numbered,
    of_codes,
    of_labels,
    one_line,
    ordered,
    other_numbers,
    say_note,
    tells_of_codes,
    told_apart,
    values_from_code,
)
from commresearch.cleaning.identifier_columns import asks_for_persons, asks_who, classify_columns, judge_column, persons_in, read_content
from commresearch.cleaning.masking import mask_text
from commresearch.cleaning.missing import no_answer, split_missing
from commresearch.cleaning.option_labels import ARROW, OPENS, SEPARATOR, Part, split_fill, split_multiple
from commresearch.cleaning.text_spans import JoinedTexts
from commresearch.cleaning.typed import Cells, type_variable
from commresearch.cleaning.variable import ABSENT, CHOICES, Variable
from commresearch.sources import Question, RawTable
from commresearch.sources.platforms import OPTION_CELLS, meta_columns
from commresearch.terms import Export, Identifier, MissingKind, Platform, Role, VariableType

#: Texts and codes by which the platforms mark what was not answered.
PLATFORM_MARKERS: Mapping[Platform, Mapping[MissingKind, tuple[str, ...]]] = {
    Platform.WENJUANXING: {MissingKind.SKIPPED: ("(跳过)", "-3"), MissingKind.BLANK: ("(空)", "-2")},
}
#: Platform columns and what they become: name, type, role.
META: Mapping[str, tuple[str, VariableType, Role | None]] = {
    "key": ("answer_id", VariableType.TEXT, Role.KEY), "user": ("user_id", VariableType.TEXT, Role.PERSON),
    "submitted": ("submitted", VariableType.DATE, Role.SUBMITTED), "started": ("started", VariableType.DATE, Role.STARTED),
    "duration": ("duration", VariableType.DURATION, Role.DURATION), "source": ("source", VariableType.TEXT, Role.SOURCE),
    "source_detail": ("source_detail", VariableType.TEXT, None), "ip": ("ip", VariableType.TEXT, Role.IP),
    "score": ("score", VariableType.NUMBER, None), "verdict": ("platform_verdict", VariableType.TEXT, Role.VERDICT),
    "country": ("country", VariableType.TEXT, None), "province": ("province", VariableType.TEXT, None), "city": ("city", VariableType.TEXT, None),
}
SKIPPED_LABELS = frozenset({"跳过", "跳题", "skipped"})
BUILDING = "号楼|号院|[栋幢]|单元"  #: what follows the number of a building, which is no amount
DATE_SHARE = 0.6  #: people write dates in many forms; those that begin with a year are most of them


def draft_codebook(raw_text: RawTable, raw_code: RawTable | None = None) -> Codebook:
    """Draft the codebook of a survey from its text export, better from its text and code exports together.

    With both, values are the platform's own numbers and labels its own texts. With one, choices are recognised by their
    repetition, and values are numbered along a known order of answers or by first appearance: then a person must look.
    An SPSS file brings its own labels and user-missing values.

    Parameters
    ----------
    raw_text, raw_code
        Exports of the same survey; `read_survey_pair` has aligned them row by row.

    Returns
    -------
    Codebook
        One variable per question, or per row of a matrix question; columns about the answer sheet by their roles.
    """
    code = CodeSide(raw_code) if raw_code is not None else None
    variables = [*_lost_key(raw_text), *(_meta_variable(meaning, header, raw_code) for meaning, header in _meta(raw_text).items() if meaning in META)]
    for position, question in enumerate(raw_text.questions, 1):
        number = question.number if question.number is not None else position
        variables += _question_variables(raw_text, question, f"q{number}", code)
    marked = _with_identifiers(_unique_names(variables), raw_text)
    return Codebook(variables=tuple(marked), name=raw_text.path.stem)


def _meta(raw: RawTable) -> dict[str, str]:
    """Columns about the answer sheet; where the first header of a meaning lost digits the next one that the platform writes."""
    return {**raw.meta, **{m: h for m, h in meta_columns(list(raw.frame.columns), raw.platform).items() if m not in raw.meta}}


def _lost_key(raw: RawTable) -> Iterable[Variable]:
    """The key that lost digits, where there is no other: cleaning then stops instead of going on without one."""
    header = meta_columns(raw.lost_digits, raw.platform).get("key")
    if header is not None and "key" not in _meta(raw):
        yield replace(_meta_variable("key", header, None), note=say_note("draft_lost_key"))


def _meta_variable(meaning: str, header: str, raw_code: RawTable | None) -> Variable:
    name, kind, role = META[meaning]
    other = raw_code.meta.get(meaning, ABSENT) if raw_code is not None else header
    return Variable(
        name=name, type=kind, role=role, source=header, source_code=() if other == header else (other,), question_zh=header,
        identifier=Identifier.IP if meaning == "ip" else None,
    )


def _question_variables(raw: RawTable, question: Question, name: str, code: CodeSide | None) -> Iterable[Variable]:
    """The variables of one question: one, or one per row of a matrix."""
    other = code.question(question.number) if code else None
    if len(question.columns) == 1:
        yield _column_variable(raw, question.columns[0], name, question, code, other.columns if other else None)
        return
    if question.type in {VariableType.MULTIPLE, VariableType.RANKING} or (code is None and _are_marks(raw, question)):  # one column per option
        yield _from_option_columns(raw, question, name)
        return
    for i, column in enumerate(question.columns):
        part = question.parts[i] if i < len(question.parts) else column
        theirs = (other.columns[i],) if other and len(other.columns) == len(question.columns) else None
        row = Question(number=question.number, text=" — ".join(filter(None, (question.text, part))), columns=(column,))
        variable = _column_variable(raw, column, f"{name}_{i + 1}", row, code, theirs)
        yield replace(variable, matrix=name)


def _column_variable(
    raw: RawTable, column: str, name: str, question: Question, code: CodeSide | None, code_columns: Sequence[str] | None
) -> Variable:
    """A variable from one column, with its counterpart in a code export where there is one."""
    source_code = (tuple(code_columns) if code_columns else (ABSENT,)) if code else ()
    base = Variable(
        name=name, type=VariableType.TEXT, source=column, source_code=() if source_code == (column,) else source_code, question_zh=question.text,
        missing=_declared_missing(raw, (column,)),
    )
    answers, _ = split_missing(raw.frame[column], base.markers)
    given = answers[answers != ""]
    if has_labelled_answers(raw, column, given.tolist(), question.text):
        labelled = of_labels(raw, column, given.tolist())
        if _names_persons(labels := [*labelled.values.values()], column, question) or _names_one(labels, column, question):
            return replace(base, note=say_note("draft_identifiers"))
        return _choice(raw, base, VariableType.SINGLE, labelled)
    parts = _parts(given, several=question.type is not None)
    kind = _type_of(raw, given, parts, question)
    if code and code_columns and len(code_columns) > 1 and _hold_marks(code.raw.frame[list(code_columns)]):
        kind = VariableType.MULTIPLE  # of which nobody chose two
    if kind not in CHOICES and (tells_of_codes(raw, given, code.raw, code_columns, kind) if code and code_columns else are_ranges((part.label for part in parts), given)):
        kind = VariableType.SINGLE
    if kind is VariableType.SINGLE and code and code_columns and not is_coded(code.raw, code_columns[0]):
        kind = VariableType.TEXT  # a choice would stand there as a number
    labels = [part.label for part in parts]
    if kind in CHOICES and _names_persons(labels, column, question):
        kind = VariableType.TEXT
        base = replace(base, note=say_note("draft_identifiers"), identifier=Identifier.NAME)
    elif kind in CHOICES and (not parts or _tells_of_persons(labels) or _names_one(labels, column, question)):
        kind = VariableType.TEXT  # sentences that repeat by chance, or a name among offices; no identifier must become a label
        base = replace(base, note=say_note("draft_identifiers") if parts else "")
    if kind is VariableType.NUMBER:
        amount = _amount(raw, base, given, parts)
        other = other_numbers(raw, given, code.raw, code_columns) if code and code_columns else ""
        return replace(amount, note=amount.note + say_note("draft_other_numbers", pairs=other)) if other else amount
    if kind not in CHOICES:
        return replace(base, type=kind)
    drafted = _drafted_values(raw, given, kind, parts, code, code_columns)
    filled = {part.label for part in parts if part.fill is not None}
    return _choice(raw, base, kind, drafted, opened=tuple(v for v, label in drafted.values.items() if label in filled))


def _drafted_values(
    raw: RawTable, given: pd.Series, kind: VariableType, parts: Sequence[Part], code: CodeSide | None, code_columns: Sequence[str] | None
) -> DraftedValues:
    """Values of a choice that has no labels of the file's own."""
    labels = ordered(list(dict.fromkeys(part.label for part in parts)))
    if code and code_columns:
        return values_from_code(raw, str(given.name), kind, code, code_columns, numbered(labels))
    if kind is VariableType.SINGLE and _numeric_share(given) >= NUMERIC_SHARE:
        return of_codes(labels)
    return DraftedValues(numbered(labels), say_note("draft_values"))


def _choice(raw: RawTable, base: Variable, kind: VariableType, drafted: DraftedValues, *, opened: tuple[str, ...] = ()) -> Variable:
    """A choice that knows every answer of its column; text where its options cannot be told apart."""
    values = drafted.values
    missing = _with_no_answers(base.missing, {value: label for value, label in values.items() if value not in opened})
    variable = replace(base, type=kind, values=values, open=opened, missing=missing, note=drafted.note)
    unknown = _unknown_answers(raw, variable)
    if unknown and kind is VariableType.SINGLE:
        more = numbered((one_line(answer.partition(OPENS)[0]) for answer in unknown), taken=values)
        variable = replace(variable, values=told_apart(values | more))
        unknown = _unknown_answers(raw, variable)
    return replace(base, note=say_note("draft_undecided")) if unknown else variable


def _unknown_answers(raw: RawTable, variable: Variable) -> list[str]:
    """Answers of the drafted column that its own draft does not have."""
    place = raw.frame.columns.get_indexer(pd.Index([variable.source]))
    cells = Cells(
        texts=raw.frame[[variable.source]], other=None, types=None if raw.types is None else raw.types[:, place], platform=raw.platform,
        export=raw.export, file=raw.path.name, sheet=raw.sheet,
    )
    return [str(answer) for answer in type_variable(variable, cells).unknown.unique()]


def _amount(raw: RawTable, base: Variable, given: pd.Series, parts: Sequence[Part]) -> Variable:
    """A number; the labels of a file then name what is missing, or are shown to a person."""
    labels = {value: one_line(label) for value, label in raw.labels.get(base.source, {}).items()}
    missing = _with_no_answers(base.missing, labels)
    known = {value for markers in missing.values() for value in markers}
    told = " ".join(f"{value}={label}" for value, label in labels.items() if value not in known)
    note = say_note("draft_labels_of_number", values=told) if told else ""
    if raw.export is not Export.TEXT and not note and like_codes([part.label for part in parts], len(given)):
        note = say_note("draft_maybe_codes")
    return replace(base, type=VariableType.NUMBER, missing=missing, note=note)


def _tells_of_persons(labels: Sequence[str]) -> bool:
    """Whether any would-be label holds an identifier."""
    cells = pd.Series(labels, dtype="str")
    return not mask_text(cells)[0].equals(cells)


def _names_persons(labels: Iterable[str], column: str, question: Question) -> bool:
    """Whether the question asks who somebody is, and would-be labels name persons."""
    return asks_for_persons([column, question.text], read_content(pd.Series([*labels], dtype="str")), is_choice=True)


def _names_one(labels: Sequence[str], column: str, question: Question) -> bool:
    """Whether the question asks who somebody is, and one of the would-be labels is the full name of a person."""
    return asks_who([column, question.text]) and bool(persons_in(JoinedTexts(pd.Series(labels, dtype="str")), in_full=True))


def _declared_missing(raw: RawTable, columns: Iterable[str]) -> dict[MissingKind, tuple[str, ...]]:
    """What the platform or the file itself declares as missing, by the labels of these values."""
    missing = dict(PLATFORM_MARKERS.get(raw.platform, {}))
    values: dict[str, str] = {}
    for column in columns:
        values |= {v: values.get(v) or raw.labels.get(column, {}).get(v, "") for v in raw.missing.get(column, ())}
    for value, label in values.items():
        kind = MissingKind.SKIPPED if label.strip() in SKIPPED_LABELS else no_answer(label) or MissingKind.BLANK
        missing[kind] = (*missing.get(kind, ()), value)
    return missing


def _with_no_answers(missing: Mapping[MissingKind, tuple[str, ...]], values: Mapping[str, str]) -> dict[MissingKind, tuple[str, ...]]:
    """The same with the values whose labels are no answers."""
    known = {value for markers in missing.values() for value in markers}
    more = dict(missing)
    for value, label in values.items():
        if value not in known and (kind := no_answer(label)) is not None:
            more[kind] = (*more.get(kind, ()), value)
    return more


def _from_option_columns(raw: RawTable, question: Question, name: str) -> Variable:
    """A multiple choice or ranking whose options stand in columns of their own, as in a code export read alone.

    问卷星 numbers options by their places; elsewhere an option that is named by a code keeps it.
    """
    is_named_by_codes = raw.platform is not Platform.WENJUANXING and all(CODE.fullmatch(part) for part in question.parts)
    values = {part if is_named_by_codes else str(i): part for i, part in enumerate(question.parts, 1)}
    return Variable(
        name=name, type=question.type or VariableType.MULTIPLE, source=ABSENT if raw.platform is Platform.WENJUANXING else question.columns[0],
        source_code=question.columns, question_zh=question.text, values=told_apart(values), missing=_declared_missing(raw, question.columns),
        note=say_note("draft_codes") if is_named_by_codes else "",
    )


def _are_marks(raw: RawTable, question: Question) -> bool:
    """Whether the columns of a question without a type hold 0 and 1 throughout: options, each chosen or not."""
    if question.type is not None or len(question.parts) != len(question.columns):
        return False
    return _hold_marks(raw.frame[list(question.columns)], beside=frozenset())


def _hold_marks(cells: pd.DataFrame, beside: frozenset[str] = OPTION_CELLS) -> bool:
    """Whether cells hold 0 and 1 throughout, and what may stand beside them."""
    return bool(cells.isin([*beside, "0", "1", ""]).all(axis=None) and (cells == "1").any(axis=None) and (cells == "0").any(axis=None))


def _parts(given: pd.Series, *, several: bool) -> list[Part]:
    """Every option of every distinct cell, in the order in which they appear; a cell is one option where it does not hold several."""
    cells = [str(cell) for cell in given.unique()]
    if several:
        parts = [part for cell in cells for part in split_multiple(cell, separators=(SEPARATOR, ARROW))[0]]
    else:
        parts = [Part(*filled[:2]) if (filled := split_fill(cell)) else Part(cell) for cell in cells]
    return [part._replace(label=label) for part in parts if (label := bare_code(one_line(part.label)))]


def _type_of(raw: RawTable, given: pd.Series, parts: Sequence[Part], question: Question) -> VariableType:
    if question.type is not None:
        return question.type
    if given.empty:
        return VariableType.TEXT
    labels = list(dict.fromkeys(part.label for part in parts))
    if judge_column([str(given.name), question.text], read_content(given)):
        return VariableType.TEXT
    dates = float(given.str.fullmatch(r"[12][0-9]{3}\s*[-/.年].*").mean())
    if dates >= DATE_SHARE:
        return VariableType.DATE
    if _numeric_share(given) >= NUMERIC_SHARE:
        is_coded = raw.export is not Export.TEXT and like_codes(labels, len(given)) and not asks_for_amount(str(given.name), question.text)
        return VariableType.SINGLE if is_coded else VariableType.NUMBER
    return VariableType.SINGLE if is_recurring(labels, len(given)) else VariableType.TEXT


def _numeric_share(given: pd.Series) -> float:
    return float(given.str.fullmatch(rf"[-+]?[0-9０-９.,，．]+\s*(?!{BUILDING})\D{{0,3}}").mean())


def _with_identifiers(variables: Sequence[Variable], raw: RawTable) -> Iterable[Variable]:
    """Mark what names a person, by the question and by the answers."""
    found = classify_columns(raw.frame, questions=raw.questions)
    identifiers = dict(zip(found["column"], found["identifier"], strict=True))
    for variable in variables:
        identifier = identifiers.get(variable.source)
        yield replace(variable, identifier=Identifier(identifier)) if identifier and variable.type is VariableType.TEXT else variable


def _unique_names(variables: Sequence[Variable]) -> list[Variable]:
    seen: Counter[str] = Counter()
    unique = []
    for variable in variables:
        seen[variable.name] += 1
        unique.append(variable if seen[variable.name] == 1 else replace(variable, name=f"{variable.name}_x{seen[variable.name]}"))
    return unique

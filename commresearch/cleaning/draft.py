"""A first codebook from what the files show; a person completes it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.identifier_columns import classify_columns, judge_column, read_content
from commresearch.cleaning.masking import mask_text
from commresearch.cleaning.missing import no_answer, split_missing
from commresearch.cleaning.option_labels import ARROW, SEPARATOR, Part, split_fill, split_multiple
from commresearch.cleaning.variable import ABSENT, CHOICES, VALUE, Variable
from commresearch.sources import Question, RawTable
from commresearch.terms import Identifier, MissingKind, Platform, Role, VariableType
from commresearch.words import entries

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
#: Ordered answers: the labels of one scale in the order of their values.
ORDERED = tuple(tuple(str(label) for label in scale["zh"].split(" ")) for scale in entries("answer_scales").values())
SKIPPED_LABELS = frozenset({"跳过", "跳题", "skipped"})
MOST_OPTIONS, LEAST_REPEATS = 30, 3  #: a column with few different answers, each met often, is a choice
NUMERIC_SHARE = 0.9
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
    code = _CodeSide(raw_code) if raw_code is not None else None
    variables = [_meta_variable(meaning, header, raw_code) for meaning, header in raw_text.meta.items() if meaning in META]
    for position, question in enumerate(raw_text.questions, 1):
        number = question.number if question.number is not None else position
        variables += _question_variables(raw_text, question, f"q{number}", code)
    marked = _with_identifiers(_unique_names(variables), raw_text)
    return Codebook(variables=tuple(marked), name=raw_text.path.stem)


class _CodeSide:
    """The code export, by question number."""

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        self.by_number: dict[int, list[Question]] = {}
        for question in raw.questions:
            if question.number is not None:
                self.by_number.setdefault(question.number, []).append(question)

    def question(self, number: int | None) -> Question | None:
        """The question of the same number that has the most columns (a fill-in column stands apart)."""
        found = self.by_number.get(number, []) if number is not None else []
        return max(found, key=lambda q: len(q.columns), default=None)


def _meta_variable(meaning: str, header: str, raw_code: RawTable | None) -> Variable:
    name, kind, role = META[meaning]
    other = raw_code.meta.get(meaning, ABSENT) if raw_code is not None else header
    return Variable(
        name=name, type=kind, role=role, source=header, source_code=() if other == header else (other,), question_zh=header,
        identifier=Identifier.IP if meaning == "ip" else None,
    )


def _question_variables(raw: RawTable, question: Question, name: str, code: _CodeSide | None) -> Iterable[Variable]:
    """The variables of one question: one, or one per row of a matrix."""
    other = code.question(question.number) if code else None
    if len(question.columns) == 1:
        yield _column_variable(raw, question.columns[0], name, question, code, other.columns if other else None)
        return
    if question.type in {VariableType.MULTIPLE, VariableType.RANKING}:  # one column per option already in this file
        yield _from_option_columns(raw, question, name)
        return
    for i, column in enumerate(question.columns):
        part = question.parts[i] if i < len(question.parts) else column
        theirs = (other.columns[i],) if other and len(other.columns) == len(question.columns) else None
        row = Question(number=question.number, text=" — ".join(filter(None, (question.text, part))), columns=(column,))
        variable = _column_variable(raw, column, f"{name}_{i + 1}", row, code, theirs)
        yield _replace(variable, matrix=name)


def _column_variable(
    raw: RawTable, column: str, name: str, question: Question, code: _CodeSide | None, code_columns: Sequence[str] | None
) -> Variable:
    """A variable from one column, with its counterpart in a code export where there is one."""
    markers = {m: kind for kind, texts in PLATFORM_MARKERS.get(raw.platform, {}).items() for m in texts}
    missing = _declared_missing(raw, (column,))
    answers, _ = split_missing(raw.frame[column], markers)
    given = answers[answers != ""]
    source_code = (tuple(code_columns) if code_columns else (ABSENT,)) if code else ()
    base = {"name": name, "source": column, "source_code": () if source_code == (column,) else source_code, "question_zh": question.text}
    if _names_answers(raw, column):
        values = _told_apart(raw.labels[column])
        return Variable(**base, type=VariableType.SINGLE, values=values, missing=_with_no_answers(missing, values))  # type: ignore[arg-type]
    given = given[~given.isin(raw.missing.get(column, ()))]
    parts = _parts(given, several=question.type is not None)
    kind = _type_of(given, parts, question)
    if kind is VariableType.SINGLE and code and code_columns and not _is_coded(code.raw, code_columns[0]):
        kind = VariableType.TEXT  # a choice would stand there as a number
    if kind in CHOICES and (not parts or _tells_of_persons(parts)):
        kind = VariableType.TEXT  # sentences that repeat by chance; their identifiers must not become labels
    if kind not in CHOICES:
        return Variable(**base, type=kind, missing=missing)  # type: ignore[arg-type]
    labels = _ordered(list(dict.fromkeys(part.label for part in parts)))
    values = {str(i): label for i, label in enumerate(labels, 1)}
    note = entries("dictionary")["draft_values"]["zh"]
    if code and code_columns:
        values, note = _values_from_code(raw, column, kind, code, code_columns, values)
    filled = {part.label for part in parts if part.fill is not None}
    open_values = tuple(v for v, label in values.items() if label in filled)
    missing = _with_no_answers(missing, {value: label for value, label in values.items() if value not in open_values})
    return Variable(**base, type=kind, values=values, open=open_values, missing=missing, note=note)  # type: ignore[arg-type]


def _tells_of_persons(parts: Sequence[Part]) -> bool:
    """Whether any would-be label holds an identifier."""
    labels = pd.Series([part.label for part in parts], dtype="str")
    return not mask_text(labels)[0].equals(labels)


def _names_answers(raw: RawTable, column: str) -> bool:
    """Whether the file has labels for answers of a column, not only for what is missing, and values that a codebook can hold."""
    values = raw.labels.get(column, {})
    return not set(values) <= set(raw.missing.get(column, ())) and all(VALUE.fullmatch(value) for value in values)


def _told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels on one line each, none blank and no two alike."""
    apart: dict[str, str] = {}
    for value, written in labels.items():
        label = _one_line(written) or value
        apart[value] = f"{label} ({value})" if label in apart.values() else label
    return apart


def _one_line(text: str) -> str:
    return " ".join(text.split())


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


def _is_coded(raw: RawTable, column: str) -> bool:
    """Whether a column of a code export holds numbers of options."""
    answers = raw.frame[column]
    return bool(answers[answers != ""].str.fullmatch(r"-?[0-9]+").mean() >= NUMERIC_SHARE)


def _values_from_code(
    raw: RawTable, column: str, kind: VariableType, code: _CodeSide, code_columns: Sequence[str], drafted: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """Values as the code export has them: one column per option, or the number that stands beside each text."""
    if len(code_columns) > 1:
        question = next(q for numbered in code.by_number.values() for q in numbered if q.columns == tuple(code_columns))
        return {str(i): label.strip() for i, label in enumerate(question.parts, 1)}, ""
    if kind is not VariableType.SINGLE:
        return dict(drafted), entries("dictionary")["draft_values"]["zh"]
    texts, codes = raw.frame[column].to_numpy(), code.raw.frame[code_columns[0]].to_numpy()
    seen: dict[str, Counter[str]] = {}
    for (text, value), n in Counter(zip(texts, codes, strict=True)).items():
        label = _one_line(text.partition("〖")[0])
        if label in drafted.values() and re.fullmatch(r"[0-9]+", value):
            seen.setdefault(value, Counter())[label] += n
    values = {value: counts.most_common(1)[0][0] for value, counts in sorted(seen.items(), key=lambda item: int(item[0]))}
    unclear = [value for value, counts in seen.items() if len(counts) > 1]
    return values, entries("dictionary")["draft_unclear"]["zh"].format(values=" ".join(unclear)) if unclear else ""


def _from_option_columns(raw: RawTable, question: Question, name: str) -> Variable:
    """A multiple choice or ranking whose options stand in columns of their own, as in a code export read alone."""
    return Variable(
        name=name, type=question.type or VariableType.MULTIPLE, source=ABSENT if raw.platform is Platform.WENJUANXING else question.columns[0],
        source_code=question.columns, question_zh=question.text, values={str(i): p.strip() for i, p in enumerate(question.parts, 1)},
        missing=_declared_missing(raw, question.columns),
    )


def _parts(given: pd.Series, *, several: bool) -> list[Part]:
    """Every option of every distinct cell, in the order in which they appear; a cell is one option where it does not hold several."""
    cells = [str(cell) for cell in given.unique()]
    if several:
        parts = [part for cell in cells for part in split_multiple(cell, separators=(SEPARATOR, ARROW))[0]]
    else:
        parts = [Part(*filled[:2]) if (filled := split_fill(cell)) else Part(cell) for cell in cells]
    return [part._replace(label=label) for part in parts if (label := _one_line(part.label))]


def _type_of(given: pd.Series, parts: Sequence[Part], question: Question) -> VariableType:
    if question.type is not None:
        return question.type
    if given.empty:
        return VariableType.TEXT
    labels = {part.label for part in parts}
    if judge_column([str(given.name), question.text], read_content(given)):
        return VariableType.TEXT
    numeric = float(given.str.fullmatch(r"[-+]?[0-9０-９.,，．]+\s*\D{0,3}").mean())
    dates = float(given.str.fullmatch(r"[12][0-9]{3}\s*[-/.年].*").mean())
    if dates >= DATE_SHARE:
        return VariableType.DATE
    few = 0 < len(labels) <= MOST_OPTIONS and len(given) >= LEAST_REPEATS * len(labels)
    if numeric >= NUMERIC_SHARE:
        return VariableType.NUMBER
    return VariableType.SINGLE if few else VariableType.TEXT


def _ordered(labels: Sequence[str]) -> list[str]:
    """Labels along a known order of answers where they all belong to one, else as they appear."""
    real = [label for label in labels if no_answer(label) is None]
    rest = [label for label in labels if no_answer(label) is not None]
    for scale in ORDERED:
        if len(real) > 1 and set(real) <= set(scale):
            return [*(label for label in scale if label in real), *rest]
    return [*real, *rest]


def _with_identifiers(variables: Sequence[Variable], raw: RawTable) -> Iterable[Variable]:
    """Mark what names a person, by the question and by the answers."""
    found = classify_columns(raw.frame, questions=raw.questions)
    identifiers = dict(zip(found["column"], found["identifier"], strict=True))
    for variable in variables:
        identifier = identifiers.get(variable.source)
        yield _replace(variable, identifier=Identifier(identifier)) if identifier and variable.type is VariableType.TEXT else variable


def _unique_names(variables: Sequence[Variable]) -> list[Variable]:
    seen: Counter[str] = Counter()
    unique = []
    for variable in variables:
        seen[variable.name] += 1
        unique.append(variable if seen[variable.name] == 1 else _replace(variable, name=f"{variable.name}_x{seen[variable.name]}"))
    return unique


def _replace(variable: Variable, **changes: object) -> Variable:
    from dataclasses import replace

    return replace(variable, **changes)  # type: ignore[arg-type]

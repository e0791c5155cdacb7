"""Values and labels of a drafted choice: those that the file brings, bare codes, or texts that get a number."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import pandas as pd

from commresearch.cleaning.missing import no_answer
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import half_width
from commresearch.cleaning.satisfaction_words import satisfaction_order
from commresearch.cleaning.variable import NUMBER, VALUE
from commresearch.sources import Question, RawTable
from commresearch.terms import VariableType
from commresearch.words import entries

#: Ordered answers: the labels of one scale in the order of their values.
ORDERED = tuple(tuple(str(label) for label in scale["zh"].split(" ")) for scale in entries("answer_scales").values())
MOST_OPTIONS, LEAST_REPEATS = 30, 3  #: a column with few different answers, each met often, is a choice
SHORT_LIST = 10  #: codes up to here need not begin with the first option: nobody may have taken it
MOST_GRADES = 7  #: of satisfaction that can be ordered; larger numbers printed in them are points (10分 满意, 8分 一般), not places
FIRST_CODE = 2
SHOWN_PAIRS = 3  #: numbers that a note on two exports quotes
NUMERIC_SHARE = 0.9
CODE = re.compile(r"-?(?:0|[1-9][0-9]{0,2})")
#: a number before a label; ranges, amounts in thousands and fractions are answers themselves
_PRINTED = re.compile(r"\(?([0-9]{1,2})(?![0-9]|\.[0-9]|\s*[-~—–至到万千百亿%+/])[).、:]?\s*(?=\S*[^\W\d_])")
_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0+)?")
#: Codes that questionnaires keep for what is no answer, beside negative ones.
SPARE_CODES = frozenset({*range(88, 90), *range(97, 100), 888, *range(997, 1000)})
#: 5人及以上
_AND_MORE = r"\s*[0-9]+\s*\D{0,3}(?:[及或]其?)?以上"
#: Headers that ask for an amount, so that small whole numbers are numbers.
_AMOUNT = re.compile(
    r"(?<![近这那哪去前后])几[口个人次天岁年月小分点元块户项件位]|多少[口个人次天岁年月小分元块钱户项件位]|多少[?？]?$|周岁|岁数|次数|人数|人口|户数|件数|个数|天数|数量|"
    r"小时|分钟|时长|年限|年数|月数|金额|费用|面积|身高|体重|比例|百分|打分|评分|得分|分数|[0-9]\s*分(?![钟之])|"
    r"[(（](?:万?元|周?岁|次|人|口|个|天|年|个?月|户|[%％])[)）]|\bhow (?:many|much|old|long|often)\b|\bnumber of\b|\bage\b",
    re.IGNORECASE,
)
_AMOUNT_NAME = re.compile(r"(?:.*_)?(?:age|years?|months?|days|hours|minutes|count|number|num|size|amount|income|fee|score|weight)(?:_.*)?", re.IGNORECASE)


class DraftedValues(NamedTuple):
    """Values with their labels, and what a person has to look at."""

    values: dict[str, str]
    note: str


def say_note(key: str, **facts: object) -> str:
    """A remark in the column `note`, which is Chinese as the codebook is."""
    return entries("dictionary")[key]["zh"].format(**facts)


def one_line(text: str) -> str:
    """A text without line breaks and doubled blanks."""
    return " ".join(text.split())


def bare_code(label: str) -> str:
    """A whole number as it is read: 2.0 and ２ are 2; any other label as it is."""
    match = _WHOLE.fullmatch(half_width(label))
    return match[1] if match else label


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels on one line each, none blank and no two alike."""
    apart: dict[str, str] = {}
    for value, written in labels.items():
        label = one_line(written) or value
        apart[value] = f"{label} ({value})" if label in apart.values() else label
    return apart


def ordered(labels: Sequence[str]) -> list[str]:
    """Labels by the numbers printed in them, or along a known order of answers where they all belong to one, else as they appear; what is no answer comes last."""
    real = [label for label in labels if no_answer(label) is None]
    rest = [label for label in labels if no_answer(label) is not None]
    if printed := _printed_numbers(real):
        return [*(printed[n] for n in sorted(printed)), *rest]
    known = [satisfaction_order(real), *([label for label in scale if label in real] for scale in ORDERED if set(real) <= set(scale))]
    if len(real) > 1 and (order := next(filter(None, known), None)):
        return [*order, *rest]
    return [*real, *rest]


def numbered(labels: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A value for every label: a code is its own, as are few numbers printed in labels that are no points; every other label gets the next number that is neither a code nor taken."""
    used = set(taken)
    listed = list(dict.fromkeys(labels))
    real = [label for label in listed if no_answer(label) is None]
    last = MOST_GRADES if satisfaction_order(real) else SHORT_LIST
    if not used and (printed := _printed_numbers(real)) and (max(printed) <= last or set(printed) == {*range(1, len(real) + 1)}):
        values = {str(n): label for n, label in printed.items()}
        return values | numbered((label for label in listed if label not in real), taken=values)
    codes = sorted((label for label in listed if CODE.fullmatch(label) and label not in used), key=int)
    free = (str(n) for n in count(1) if str(n) not in used.union(codes))
    return {code: code for code in codes} | {next(free): label for label in listed if label not in codes}


def _printed_numbers(labels: Sequence[str]) -> dict[int, str]:
    """Labels by the numbers of a list with which all of them begin (1.满意, ①满意, 5分 满意); none where one has none or two have the same."""
    found = [_PRINTED.match(unicodedata.normalize("NFKC", label)) for label in labels]
    printed = {int(match[1]): label for label, match in zip(labels, found, strict=True) if match}
    return printed if len(printed) == len(labels) and 0 not in printed and len(labels) > 1 else {}


def are_ranges(labels: Iterable[str], given: pd.Series) -> bool:
    """Whether numbers are the options of a choice, as those that follow the last of a few without a gap are put together (5人及以上 after 4人), which several gave."""
    options, met = set(labels), given[given.str.fullmatch(_AND_MORE)].value_counts()
    if len(met) != 1 or met.iloc[0] < LEAST_REPEATS or len(options) > SHORT_LIST or not is_recurring(options, len(given)):
        return False
    digits = {label: re.sub(r"\D", "", label) for label in options | {met.index[0]}}
    if not all(digits.values()):
        return False
    last = int(digits.pop(met.index[0]))
    below = sorted(map(int, digits.values()))
    return len(below) > 1 and below == [*range(below[0], below[-1] + 1)] and last in {below[-1], below[-1] + 1}


def is_recurring(labels: Iterable[str], n_answers: int) -> bool:
    """Whether there are few different labels, each met often."""
    return 0 < len(set(labels)) <= MOST_OPTIONS and n_answers >= LEAST_REPEATS * len(set(labels))


def like_codes(labels: Sequence[str], n_answers: int) -> bool:
    """Whether answers that look like numbers may be codes of options: few small whole numbers that recur.

    Words beside the codes are let be, other numbers are not: 3.5 or 三十 among them shows that the column counts something.
    """
    codes = {int(label) for label in labels if CODE.fullmatch(label)}
    words = pd.Series([label for label in labels if not CODE.fullmatch(label)], dtype="str")
    return bool(codes) and is_recurring(labels, n_answers) and not parse_numbers(words).values.notna().any() and _is_list(codes)


def asks_for_amount(header: str, wording: str) -> bool:
    """Whether a header or a wording asks how many or how much."""
    return bool(_AMOUNT.search(half_width(f"{header} {wording}")) or _AMOUNT_NAME.fullmatch(header))


def _is_list(codes: set[int]) -> bool:
    """Whether codes run from the first of some options to the last, beside codes for what is no answer."""
    real = {code for code in codes if not _is_spare(code, codes)}
    if not real or max(real) <= SHORT_LIST:
        return bool(real)
    return min(real) <= FIRST_CODE and max(real) <= MOST_OPTIONS and 2 * len(real) > max(real) - min(real)


def _is_spare(code: int, codes: Iterable[int]) -> bool:
    """Whether a code may stand for what is no answer: a negative one, or 99 and the like far above the others."""
    lower = [other for other in codes if 0 <= other < code and other not in SPARE_CODES]
    return code < 0 or (code in SPARE_CODES and code > 2 * max(lower, default=0))


def of_codes(labels: Sequence[str]) -> DraftedValues:
    """The values of a column of codes: each is its own label until a person writes it."""
    values = numbered(labels)
    return DraftedValues(values, say_note("draft_codes") + _maybe_missing(values, values))


def has_labelled_answers(raw: RawTable, column: str, given: Sequence[str], wording: str) -> bool:
    """Whether the file has labels for the answers of a column, and values that a codebook can hold.

    Labels for what is missing alone say nothing of answers; with labels for some answers only, the others must be codes as well.
    """
    labels = raw.labels.get(column, {})
    answers = {v for v, label in labels.items() if v not in raw.missing.get(column, ()) and no_answer(label) is None}
    bare = [v for v in dict.fromkeys(given) if v not in labels]
    if not answers or not all(VALUE.fullmatch(v) for v in (*labels, *bare)):
        return False
    return len(bare) <= len(labels) or (like_codes([*answers, *bare], len(given)) and not asks_for_amount(column, wording))


def of_labels(raw: RawTable, column: str, given: Sequence[str]) -> DraftedValues:
    """The values that the file has labels for, and those that occur without one."""
    labels = raw.labels[column]
    bare = sorted((v for v in dict.fromkeys(given) if v not in labels), key=lambda v: (not CODE.fullmatch(v), int(v) if CODE.fullmatch(v) else 0, v))
    values = told_apart({**labels, **{v: v for v in bare}})
    return DraftedValues(values, (say_note("draft_unlabelled", values=" ".join(bare)) if bare else "") + _maybe_missing(bare, values))


def _maybe_missing(looked_at: Iterable[str], values: Iterable[str]) -> str:
    """A remark on codes that may stand for what is no answer."""
    codes = [int(v) for v in values if CODE.fullmatch(v)]
    spare = [v for v in looked_at if CODE.fullmatch(v) and _is_spare(int(v), codes)]
    return say_note("draft_maybe_missing", values=" ".join(spare)) if spare else ""


class CodeSide:
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


def is_coded(raw: RawTable, column: str) -> bool:
    """Whether a column of a code export holds numbers of options."""
    answers = raw.frame[column]
    return bool(answers[answers != ""].str.fullmatch(r"-?[0-9]+").mean() >= NUMERIC_SHARE)


def tells_of_codes(raw: RawTable, given: pd.Series, code: RawTable, code_columns: Sequence[str], kind: VariableType) -> bool:
    """Whether answers are the options of a choice because each stands beside a number of its own in the code export, however many there are or how few chose them.

    What was written freely stands there as it was written. Numbers that are options may be their own numbers now and then (5 to 1, of
    which 3 is the third), but fewer than half of them, as somebody may have rewritten answers between the two exports; where most are,
    the codes have to number them without a gap, and every other number has to be met more than once. A word among numbers that stands
    beside a number of their list is an option (5人及以上 beside 5), and so are they; other words say nothing.
    """
    pairs = _beside(raw, given, code, code_columns[0])
    numbers = parse_numbers(pairs["label"]).values
    if kind is not VariableType.TEXT and numbers.notna().any():
        if len(code_columns) == 1 and _are_numbered(pairs[numbers.notna() | pairs["value"].str.fullmatch(CODE)], numbers):
            return True
        pairs, numbers = pairs[numbers.notna()], numbers[numbers.notna()]
    if len(code_columns) > 1 or pairs.empty or not pairs["value"].str.fullmatch(r"[1-9][0-9]{0,2}").all():
        return False
    if pairs["label"].duplicated().any() or pairs["value"].duplicated().any():
        return False
    if kind is VariableType.TEXT:
        return not (pairs["label"] == pairs["value"]).any()
    is_same, codes = (numbers == pairs["value"].astype(float)).fillna(value=False).astype(bool), set(pairs["value"].astype(int))
    if not is_same.any() and len(pairs) >= SHOWN_PAIRS:
        return True
    if 2 * is_same.sum() < len(pairs):
        return _is_list(codes)
    return not is_same.all() and codes == {*range(1, len(pairs) + 1)} and bool((pairs.loc[~is_same, "n"] > 1).all())


def _are_numbered(pairs: pd.DataFrame, numbers: pd.Series) -> bool:
    """Whether there are words among numbers, and each of either stands beside a code of its own in one list."""
    if numbers[pairs.index].notna().all() or not pairs["value"].str.fullmatch(r"[1-9][0-9]{0,2}").all():
        return False
    return not (pairs["label"].duplicated().any() or pairs["value"].duplicated().any()) and _is_list(set(pairs["value"].astype(int)))


def other_numbers(raw: RawTable, given: pd.Series, code: RawTable, code_columns: Sequence[str]) -> str:
    """Numbers that the code export has otherwise, the first few, as text/code; empty where the two agree."""
    if len(code_columns) > 1:
        return ""
    pairs = _beside(raw, given, code, code_columns[0])
    pairs = pairs[pairs["label"] != pairs["value"]].astype({"label": "str", "value": "str"})
    numbers = [parse_numbers(pairs[side]).values for side in ("label", "value")]
    pairs = pairs[(numbers[0] != numbers[1]).fillna(value=True).to_numpy(bool) & numbers[0].notna().to_numpy()]
    return ", ".join(f"{label}/{value or '–'}" for label, value in pairs[["label", "value"]].head(SHOWN_PAIRS).itertuples(index=False))


def _beside(raw: RawTable, given: pd.Series, code: RawTable, code_column: str) -> pd.DataFrame:
    """Every different answer without free text, what stands beside it in the code export, and how often (n)."""
    beside = pd.Series(code.frame[code_column].to_numpy(), index=raw.frame.index)[given.index]
    pairs = pd.DataFrame({"label": given, "value": beside}).groupby(["label", "value"], sort=False).size().reset_index(name="n")
    pairs = pairs.assign(label=_labels_of(pairs["label"]), value=pairs["value"].map(bare_code))
    return pairs.groupby(["label", "value"], sort=False)["n"].sum().reset_index()


def _labels_of(answers: pd.Series) -> pd.Series:
    return answers.str.partition("〖")[0].map(one_line).map(bare_code)


def values_from_code(
    raw: RawTable, column: str, kind: VariableType, code: CodeSide, code_columns: Sequence[str], drafted: Mapping[str, str]
) -> DraftedValues:
    """Values as the code export has them: one column per option, or the number that stands beside each text."""
    if len(code_columns) > 1:
        question = next(q for numbered in code.by_number.values() for q in numbered if q.columns == tuple(code_columns))
        return DraftedValues(told_apart({str(i): label for i, label in enumerate(question.parts, 1)}), "")
    if kind is not VariableType.SINGLE:
        return DraftedValues(dict(drafted), say_note("draft_values"))
    texts, codes = raw.frame[column].to_numpy(), code.raw.frame[code_columns[0]].to_numpy()
    seen: dict[str, Counter[str]] = {}
    for (text, value), n in Counter(zip(texts, codes, strict=True)).items():
        label = bare_code(one_line(text.partition("〖")[0]))
        if label in drafted.values() and re.fullmatch(r"[0-9]+", value):
            seen.setdefault(value, Counter())[label] += n
    values = {value: counts.most_common(1)[0][0] for value, counts in sorted(seen.items(), key=lambda item: int(item[0]))}
    unclear = [value for value, counts in seen.items() if len(counts) > 1]
    other = " ".join(f"{value}={label}" for value, label in values.items() if NUMBER.fullmatch(label) and label != value)
    notes = [say_note("draft_unclear", values=" ".join(unclear)) if unclear else "", say_note("draft_numerals", values=other) if other else ""]
    return DraftedValues(told_apart(values), "".join(notes))

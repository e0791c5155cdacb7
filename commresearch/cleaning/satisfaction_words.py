"""What labels say of satisfaction: how satisfied each is, which order a set of them has, which items ask for it."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from commresearch.cleaning.missing import no_answer
from commresearch.cleaning.parsed import half_width
from commresearch.cleaning.variable import Variable
from commresearch.terms import VariableType

FIVE = ("1", "2", "3", "4", "5")
FEWEST = 3  #: answers of an item that has grades
THIRD = 2  #: place of the middle of five
_EXTREME, _PLAIN, _FAIRLY = 4, 3, 2
#: Answers from best to worst. A label is wholly one of these; which of two is the better is read off the ranks alone.
_RANKS: Mapping[int, str] = {
    _EXTREME: r"(?:非常|十分|很|极其|极为|极度|极|特别|最|完全|高度)(?:地|的)?满意|(?:very|extremely|completely|highly|totally) satisfied",
    _PLAIN: r"满意|satisfied",
    _FAIRLY: r"(?:比较|较为|较|还算)满意|(?:fairly|rather|somewhat|quite|moderately) satisfied",
    1: r"(?:基本上?|大致|大体上?|一般)满意|basically satisfied",
    0: r"一般般?|中立|中等|普通|还可以|还行|尚可|(?:既不|谈不上|说不上)满意(?:也不|也没有|或|还是|和)不满意|neutral|neither|neither satisfied (?:n?or) (?:dis|un)satisfied|average|so-so",
    -1: r"不(?:太|大|很|怎么|够|甚|十分)满意|(?:not very|not so|not quite|slightly (?:dis|un)) ?satisfied",
    -_FAIRLY: r"(?:比较|较为|较)不满意|(?:fairly|rather|somewhat|quite|moderately) (?:dis|un)satisfied",
    -_PLAIN: r"不满意|(?:dis|un|not )satisfied",
    -_EXTREME: (
        r"(?:非常|十分|很|极其|极为|极度|极|特别|最|完全|根本|一点也|一点都)(?:地|的)?不满意|(?:very|extremely|completely|highly|totally) (?:dis|un)satisfied"
        r"|not at all satisfied"
    ),
}
_READ = {rank: re.compile(pattern) for rank, pattern in _RANKS.items()}
#: What may stand beside a label without saying anything: A. 满意, 5分（满意）, ①满意, 满意（5分）, 满意（90-100分）.
_BESIDE = re.compile(
    r"^\(?(?:[a-e](?=[ .、:)-])|[0-9]{1,3}(?:分|(?!分))|[①-⑩])\)?[ .、:,-]*(?=\(?[^\W\d_])|\s*\([0-9]{1,3}(?:[-~—–至][0-9]{1,3})?分?(?:以[上下])?\)$"
)
_AROUND = re.compile(r"^\(([^()]+)\)$")
#: A label that speaks of satisfaction, in words of its own (挺满意).
_SPEAKS = re.compile(r"^.{0,8}满意(?:$|\W|[0-9a-z])|^.{0,24}satisfied")
#: Grades in other words, which tell of satisfaction only where the question asks for it.
_GRADE = re.compile(
    r"-?[0-9]{1,3}分?|(?:非常|十分|很|极|最|比较|较为|较|不太|不|还)?(?:好|差|高|低|优秀?|良好?|中等?|及格|合格)|(?:very |fairly |rather )?(?:good|bad|fair|poor|high|low)|excellent"
)
_COUNTS = re.compile(r"次|多少|几[个件项种]|how (?:many|often)", re.IGNORECASE)
_ASKS = re.compile(r"满意|\b(?:dis|un)?satisf", re.IGNORECASE)


def satisfaction_rank(label: str) -> int | None:
    """How satisfied a label is: above zero satisfied, below zero dissatisfied, zero neither; None where it does not say."""
    text = _plain(label)
    return next((rank for rank, pattern in _READ.items() if pattern.fullmatch(text)), None)


def satisfaction_order(labels: Sequence[str]) -> list[str] | None:
    """Labels of one question from the best to the worst; None where a label does not say, or where two can be read either way.

    满意 beside 非常满意 and 比较满意 may be meant as better or worse than the latter.
    """
    ranks = [rank for label in labels if (rank := satisfaction_rank(label)) is not None]
    if len(ranks) < len(labels) or len(set(ranks)) < len(ranks) or not any(ranks):
        return None
    if any({sign * _EXTREME, sign * _PLAIN, sign * _FAIRLY} <= set(ranks) for sign in (1, -1)):
        return None
    return [label for _, label in sorted(zip(ranks, labels, strict=True), reverse=True)]


def best_first(variable: Variable) -> bool | None:
    """Whether a five-point satisfaction item has its best answer first; None where it is no such item.

    Its codes are 1 to 5, its labels, Chinese or else English, get worse (or better) from each to the next; the two best say that somebody
    is satisfied, the worst that somebody is not.
    """
    if variable.type is not VariableType.SINGLE or set(variable.answers) != {*FIVE}:
        return None
    for labels in (variable.answers, variable.labels_en):
        ranks = [rank for code in FIVE if (rank := satisfaction_rank(labels.get(code, ""))) is not None]
        for is_first, best_to_worst in ((True, ranks), (False, ranks[::-1])):
            if len(ranks) == len(FIVE) and all(a > b for a, b in pairwise(best_to_worst)) and best_to_worst[1] > 0 > best_to_worst[-1]:
                return is_first
    return None


def has_satisfied_middle(variable: Variable) -> bool:
    """Whether the third answer of a five-point satisfaction item still says satisfied (基本满意), though it is none of the two best."""
    third = [satisfaction_rank(labels.get(FIVE[THIRD], "")) for labels in (variable.answers, variable.labels_en)]
    return next((rank for rank in third if rank is not None), 0) > 0


def unrated_for(variable: Variable) -> str:
    """Why a choice that asks for satisfaction is no five-point item: its `points` or their `order`; empty where it is one, or asks for something else.

    It asks for satisfaction where at least two answers speak of it, or where its question does and all answers are grades (很好, 4). Two
    answers have no grades between them; their share is a result.
    """
    labels = [label for label in variable.answers.values() if no_answer(label) is None]
    if variable.type is not VariableType.SINGLE or len(labels) < FEWEST or best_first(variable) is not None:
        return ""
    says = sum(bool(_SPEAKS.search(_plain(label))) for label in labels) > 1
    are_grades = all(satisfaction_rank(label) is not None or _GRADE.fullmatch(_plain(label)) for label in labels)
    if not says and not (are_grades and asks_for_satisfaction(variable)):
        return ""
    return "order" if len(labels) == len(variable.answers) == len(FIVE) else "points"


def asks_for_satisfaction(variable: Variable) -> bool:
    """Whether a question speaks of satisfaction and does not ask how often."""
    return any(_ASKS.search(text) and not _COUNTS.search(text) for text in (variable.source, variable.question_zh, variable.question_en))


def _plain(label: str) -> str:
    """A label in half width and small letters, without its letter, number or points, Chinese without blanks."""
    text = _AROUND.sub(r"\1", _BESIDE.sub("", " ".join(half_width(label).lower().split())))
    return text if text.isascii() else text.replace(" ", "")

"""Chinese personal names: in cells of their own, after words that announce them, and beside a number.

A name in running text cannot be told from other words by a pattern alone. It is found where a word announces it (我叫…,
联系人：…, 制表人：…, 我妈妈叫…, 我是…的妻子, 我是网格员…), where it stands alone beside a telephone or ID number, and where it is
known from a column of names (`known_values`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.reference_tables import has_answer, reference_rows
from commresearch.cleaning.text_spans import Span, plain_texts
from commresearch.terms import Identifier

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
_TITLE = (
    "(?:阿姨|大爷|大妈|大姐|大哥|大叔|大婶|叔叔|爷爷|奶奶|伯伯|婶婶|先生|女士|小姐|同志|主任|书记|副?主席|老师|医生|大夫|师傅|经理|队长|站长|组长|楼长|社长"
    "|院长|所长|局长|科长|处长|校长|会长|律师|警官|网格员|社工|总|工|姐|哥|姨|叔|婶)"
)
#: characters that follow a name in running text and hardly ever stand in one
_AFTER = "的是在有与及今住家来这那也都不就很我你他她说觉认希想要会可把被让给从对到过着了吗呢吧啊个岁电微号同讲反提打"
_SIGNED = "(?:制表|填表|填报|填写|经办|审核|审批|复核|负责|制单|记录|登记|调查|录入|统计)人?|访员|调查员"
_ANNOUNCED = (
    r"(?:(?:我叫|名叫|名字[叫是]|本人叫|姓名|联系人|经办人|户主|签名|署名)[:是为叫 ]{0,3}|(?:负责人|家长|业主|当事人|介绍人)[:是为叫 ]{1,3})"
)
#: who is named behind a colon only; behind those other than of forms (group 1) a sentence may begin, so that the name has to end there
_FORM = re.compile(
    f"(?:({_SIGNED})|(?:投诉|申请|监护|反映|收件|寄件|报修|报名|来电|来访|求助|咨询|举报|诉求|委托|代理|承租|签字|签名)人|签字|居民代表|楼长|楼栋长|单元长"
    "|网格员|网格长|房东|房主|业主|住户|受访者) ?$"
)
_COLON = re.compile(":(?:(?<=[人字员访表查录记单责核批计制报写办入主长东户者]:)|(?<=[人字员访表查录记单责核批计制报写办入主长东户者] :)) {0,2}")
_LONGEST_FORM = 6
_RELATIVES = (
    "妈妈|母亲|妈|爸爸|父亲|爸|爷爷|奶奶|姥姥|姥爷|外公|外婆|丈夫|妻子|老公(?!房)|老婆|老伴|爱人|对象|媳妇|儿媳|女婿|儿子|女儿|孩子|孙子|孙女|外孙|哥哥|姐姐|弟弟"
    "|妹妹|哥|姐|弟|妹|叔叔|舅舅|舅妈|舅母|姑姑|姑妈|姑父|姨妈|姨父|伯父|伯母|婶婶|嫂子|姐夫|妹夫|弟媳|侄子|侄女|外甥|婆婆|公公|岳父|岳母|家属|父母"
)
_KIN = f"(?:{_RELATIVES}|家人|邻居|室友|同事|朋友|老人)"
#: whoever holds these offices is named behind them; the others only where somebody says who he is
_OFFICES = ("网格员", "网格长", "楼长", "楼栋长", "单元长", "社工", "民警", "片警")
_SELF = r"(?:我是|本人是?|我系|这是)"
_OPENING = re.compile("我[是叫系]|本人|这是")  #: who says who he is begins with one of these
_STANDING = "(?:业主|居民|住户|租户|村民|党员|志愿者|户主|房东|书记|主任|老师|医生|护士|楼组长|组长|队长|物业|保安|保洁)"
#: what an answer to who that is begins with before the name, and what joins several
_ANSWERS = f"(?:就|好像|应该|是|名?叫|找|认识|知道|社区|居委会?|隔壁|邻居|经理|{'|'.join(_OFFICES)}|{_STANDING})"
_JOINS = "和与跟及"
_ENDS = r"(?=$|[\0\s,。;:!?、()\[\]…~.]|[0-9A-Za-z])"
_END = re.compile(_ENDS)
_GAP = re.compile("[ :(]{0,2}")  #: between a name and the number beside it
_HAN_LAST = re.compile(f"[{_HAN}]$")
_PLACE_ENDINGS = frozenset("村庄镇乡区路街巷屯寨苑园城站组楼店院所县市省桥河湾")
_NOT_PERSONS = frozenset("人员者户")
_NOT_REACHED = _NOT_PERSONS | _PLACE_ENDINGS | frozenset("工方部办处室局司队会所科商家长")  #: an office, not a person, whose number follows
#: how words end for somebody by what he does, wears or is to others (段子手, 白大褂, 连襟, 红马甲), and given names do not
_NO_GIVEN = re.compile("(?:[手褂襟匪贼奴徒犯鬼妇婿迷族客孩]|马甲|背心|袖[章标]|帽子?|领巾|胡子|孩子|贩子|个子|头发|眼镜)$")
#: characters that are rarely a surname behind such a word: 孩子叫车上学, 我是网格员和党员, 网格员包片
_NOT_SURNAMES = {"kin": frozenset("和同车"), "office": frozenset("和同包"), "form": frozenset("和同")}
#: characters that stand in given names and seldom in the words that people say they are (我是高中生, 我是白领)
_GIVEN = (
    "英秀兰芳华玉珍梅丽红霞燕玲娟静敏婷娜艳莉桂淑凤琴洁萍慧莲翠雪琳蓉菊香云霏颖倩薇瑶怡欣佳雯妍洋伟强磊军勇杰涛超刚辉鹏斌峰健建国志永庆福德宝金荣成波"
    "龙林武平祥毅俊峻晨宇浩轩涵梓子思明亮东春海文义仁贵根树清良忠光胜鑫旭凯博睿泽坤彬宏振兴"
)
#: what somebody goes on with who has said who he is; a place goes on in other ways (我是金华的居民, 我是金海住户)
_GOES_ON = rf"(?=的(?:{_RELATIVES}|房[子屋]|家(?:[里中]|{_ENDS})|住[址处宅]|电话|手机|微信|意见|建议|诉求)|住(?:[在址于]|[0-9一二三四五六七八九十])|电话|手机|微信|今年)"
_NUMBER_WORD = r"的?(?:(?:联系|手机|移动)?电话(?:号码?)?|手机(?:号码?)?|联系方式|微信号?|身份证号?码?|号码)?"


@cache
def words_like_names() -> frozenset[str]:
    """Everyday words of two to four characters that stand in columns of names or have the form of one."""
    return frozenset(row["word"] for row in reference_rows("words_like_names"))


@cache
def words_that_are_names() -> frozenset[str]:
    """Those of them that are also given to persons (高峰, 平安)."""
    form = _patterns()["cell"]
    return frozenset(word for word in words_like_names() if form.fullmatch(word))


@cache
def _surname() -> str:
    """Pattern of a surname, compound ones first."""
    names = [row["surname"] for row in reference_rows("surnames")]
    return f"(?:{'|'.join(n for n in names if len(n) > 1)}|[{''.join(n for n in names if len(n) == 1)}])"


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    surname, given = _surname(), rf"(?![{_AFTER}])[{_HAN}]"
    common = f"(?:{'|'.join(r['surname'] for r in reference_rows('surnames') if r['common'] == 'yes' or len(r['surname']) > 1)})"
    behind_office = "|".join(f"(?<={office})" for office in _OFFICES)
    minority = rf"[{_HAN}]{{2,8}}(?:·[{_HAN}]{{1,8}}){{1,3}}"
    named = rf"({minority}|{surname}{_TITLE}|{surname}{given}(?:{given})?(?:{_TITLE})?|{surname} {{1,2}}{given}(?:{given})?{_ENDS}|[老小]{surname})"
    behind_name = rf"[ :,、()/-]{{0,3}}(?:(?:[男女]性?|[0-9]{{1,3}} ?周?岁)[ :,、()/-]{{0,3}}){{0,3}}{_NUMBER_WORD}[是为 :(]{{0,3}}$"
    told = rf"{common}(?!{_TITLE}){given}{{2}}"
    listed = rf"(?:{_ENDS}|(?=/|[和与及] ?{common}))"
    return {
        "cell": re.compile(rf"(?:{surname}[{_HAN}]{{1,2}}|{minority})(?:{_TITLE})?|{surname}{_TITLE}"),
        "announced": re.compile(_ANNOUNCED + named),
        "signed_form": re.compile(named),
        "form": re.compile(rf"({minority}|{surname}{_TITLE}|{surname}{given}(?:{given})?(?:{_TITLE})?|{surname} {{1,2}}{given}(?:{given})?)(?:{listed}|(?=[{_AFTER}]))"),
        "next": re.compile(rf"(?:、|[和与及/,;] ?(?={common}|{minority}))({minority}|{surname}{given}(?:{given})?(?:{_TITLE})?){listed}"),
        "certain": re.compile(
            rf"我叫(?=[^车])({common}{given}(?:{given})?)(?:{_ENDS}|(?=[{_AFTER}]))|(?:我是|本人[叫是]?)({common}[{_GIVEN}]{{1,2}})(?:{_ENDS}|{_GOES_ON})"
        ),
        "introduced": re.compile(rf"(?:我是|本人是?|我系|这是)({surname}[{_HAN}]{{1,2}}){_ENDS}"),
        "kin": re.compile(rf"{_KIN}(?:的名字)?(?:(?:名叫|叫做?)(?={surname}{given})|是(?=[{_HAN}]{{2,4}}{_ENDS}))({surname}[{_HAN}](?:{given})?)"),
        "kin_of": re.compile(rf"{_SELF}({surname}[{_HAN}]{{1,2}})的{_KIN}"),
        "office": re.compile(rf"(?:{'|'.join(_OFFICES)}|{_SELF}{_STANDING})({surname}[{_HAN}]{{1,2}}){_ENDS}"),
        "signed": re.compile(rf"\(({surname}[{_HAN}]{{1,2}}(?:{_TITLE})?), ?[^()\0]*\)(?=$|\0)"),
        "titled": re.compile(rf"(?:我是|联系|[找叫请问给])({surname}{_TITLE})"),
        "before": re.compile(rf"(?:(?<![{_HAN}])|{behind_office})({surname}[{_HAN}](?:(?!的)[{_HAN}])?(?:{_TITLE})?){behind_name}"),
        "asked_for": re.compile(rf"(?:联系人?|负责人|转告|告知|告诉|通知|[找叫]|{_KIN})({common}(?!{_TITLE}){given}(?:{given})?(?:{_TITLE})?){behind_name}"),
        "with_title": re.compile(f"{surname}{_TITLE}"),
        "told": re.compile(told),
        "answered": re.compile(rf"(?:^|(?<=[{_JOINS}]))(?:{_ANSWERS}*({told})(?:{_TITLE}|[吧呀啊呢哦嘛])*|([^{_JOINS}]+))(?=$|[{_JOINS}])"),
        "after": re.compile(rf"^[ :,()/-]{{0,3}}({surname}[{_HAN}]{{1,2}}(?:{_TITLE})?)(?![{_HAN}])"),
    }


def name_cells(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each whole text has the form of a personal name and is no everyday word or place."""
    whole, words = _patterns()["cell"], words_like_names()
    aside = re.compile(r"\s|\([^)]*\)")
    tidy = [aside.sub("", t) for t in plain_texts(texts)]
    return np.array([bool(whole.fullmatch(t)) and t not in words and t[-1] not in _PLACE_ENDINGS for t in tidy], dtype=bool)


def person_cells(texts: Sequence[str], *, in_full: bool = False) -> NDArray[np.bool_]:
    """Whether each whole text names a person, of answers to who that is: offices, relatives, other words for persons and words with another one behind do not.

    With `in_full` only names of three characters with a common surname and without a title, which hardly are anything else.
    """
    kin, told = re.compile(_KIN), _patterns()["told"]
    tidy = [re.sub(r"\s", "", t) for t in plain_texts(texts)]
    is_other = np.array([t[:2] in words_like_names() or t[-1:] in _NOT_REACHED or bool(_NO_GIVEN.search(t) or kin.fullmatch(t)) for t in tidy], dtype=bool)
    is_meant = np.array([not in_full or told.fullmatch(t) is not None for t in tidy], dtype=bool)
    return np.asarray(name_cells(texts) & ~is_other & is_meant)


def person_places(part: str) -> Iterator[tuple[int, int]]:
    """Where answers to who that is may name a person: several side by side, and full names behind 是, 叫 or an office, before an office or 吧."""
    return (match.span(match.lastindex or 0) for match in _patterns()["answered"].finditer(part))


def known_names(cells: pd.Series) -> list[str]:
    """Names that cells of a column of names hold, to be looked for in texts: whole cells, and their parts between blanks and signs.

    Everyday words are left out, and so are words of two characters that do not begin with a surname.
    """
    parts: set[str] = set()
    title, between = re.compile(f"{_TITLE}$"), re.compile(r"[ ,、;/()\[\]]+")
    for plain in map(str.strip, plain_texts(cells.dropna().unique().tolist())):
        pieces = {plain, plain.replace(" ", ""), *between.split(plain)} if between.search(plain) else {plain}
        parts |= pieces if len(plain) < 3 else pieces | {title.sub("", piece) for piece in pieces}
    names = sorted(p for p in parts - words_like_names() if len(p) > 1 and not p.isdecimal())
    return [n for n, is_name, says in zip(names, name_cells(names), has_answer(names), strict=True) if is_name or (len(n) > 2 and says)]


def find_announced_names(plain: str) -> Iterator[Span]:
    """Names after words that announce them; all of `find_certain_names` are among them, so that what is refused in written files was masked before."""
    if plain.isascii():
        return
    patterns, words = _patterns(), words_like_names()
    openings = [m.start() for m in _OPENING.finditer(plain)]
    for key in ("announced", "introduced", "kin", "kin_of", "office", "titled"):
        is_opened = key in {"introduced", "kin_of"}
        for match in _at(openings, patterns[key], plain) if is_opened else patterns[key].finditer(plain):
            name = match[1]
            is_person = key in {"announced", "titled"} or name[-1] not in _NOT_PERSONS
            if is_person and name[0] not in _NOT_SURNAMES.get(key, ()) and not {name[:2], name} & words:
                yield Span(*match.span(1), Identifier.NAME)
    yield from _behind_colons(plain)
    yield from (Span(*bounds, Identifier.NAME) for bounds in _certain(openings, plain))


def _behind_colons(plain: str) -> Iterator[Span]:
    """Names in the fields of a form, and those that are listed behind them (居民代表：钱多多、孙小美)."""
    patterns = _patterns()
    for colon in _COLON.finditer(plain):
        field = _FORM.search(plain, max(0, colon.start() - _LONGEST_FORM), colon.start())
        match = field and (patterns["form"].match(plain, colon.end()) or (patterns["signed_form"].match(plain, colon.end()) if field[1] else None))
        while match and match[1][0] not in _NOT_SURNAMES["form"] and match[1][-1] not in _NOT_PERSONS and not _is_word(match[1]):
            yield Span(*match.span(1), Identifier.NAME)
            match = patterns["next"].match(plain, match.end())


def _is_word(name: str) -> bool:
    """Whether a name is or begins with an everyday word; one that ends in the same character twice (钱多多) is a name."""
    words = words_like_names()
    return name in words or (name[:2] in words and name[1:2] != name[2:])


def _is_no_person(name: str) -> bool:
    """Whether what has the form of a name is a word or an office behind which a number may stand; of two characters (王工, 刘科) only a word is none."""
    return _is_word(name) or (len(name) > 2 and name[-1] in _NOT_REACHED and not _patterns()["with_title"].fullmatch(name))


def find_certain_names(plain: str) -> Iterator[tuple[int, int]]:
    """Names with which somebody says who he is, where they can hardly be another word: for files that hold more than answers."""
    if not plain.isascii():
        yield from _certain((m.start() for m in _OPENING.finditer(plain)), plain)


def _certain(openings: Iterable[int], plain: str) -> Iterator[tuple[int, int]]:
    words = words_like_names()
    for match in _at(openings, _patterns()["certain"], plain):
        if not {match[match.lastindex or 0][:2], match[match.lastindex or 0]} & words:
            yield match.span(match.lastindex or 0)


def _at(openings: Iterable[int], pattern: re.Pattern[str], plain: str) -> Iterator[re.Match[str]]:
    """Matches at some places: these words are rare, and found much faster than all that may follow them."""
    return (match for at in openings if (match := pattern.match(plain, at)))


def find_signing_names(plain: str) -> Iterator[Span]:
    """Names of those who sign at the end of a text, before the date: (王芳, 2026-09-30)."""
    for match in _patterns()["signed"].finditer(plain):
        if match[1] not in words_like_names():
            yield Span(*match.span(1), Identifier.NAME)


def find_names_beside(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Names that stand alone directly before or after a telephone, ID or account number."""
    patterns, words = _patterns(), words_like_names()
    for span in spans:
        if span.identifier in {Identifier.ADDRESS, Identifier.PLATE, Identifier.IP, Identifier.NAME}:
            continue
        start = max(0, span.start - 24)
        before, asked_for = (patterns[key].search(text, start, span.start) for key in ("before", "asked_for"))
        if before and (_is_no_person(before[1]) if re.search("[)的]", text[before.end(1) : span.start]) else before[1] in words):
            before = None
        match = before or (None if asked_for is None or _is_no_person(asked_for[1]) else asked_for)
        if match:
            yield Span(*match.span(1), Identifier.NAME)
        rest = text[span.end : span.end + 24]
        if (match := patterns["after"].search(rest)) and match[1] not in words:
            yield Span(span.end + match.start(1), span.end + match.end(1), Identifier.NAME)


def told_names(plain: str, spans: Sequence[Span]) -> Iterator[str]:
    """Of the names found in a text those that are names wherever else they stand: of three characters, with a common surname, behind 我叫 or beside a mobile number.

    Of two characters many are parts of other words, and behind other words that announce a name many words stand that have the form of
    one (我是高血糖); where no end follows, the last character may belong to the next word.
    """
    told = _patterns()["told"]
    numbers = [(s.start, s.end) for s in spans if s.identifier == Identifier.MOBILE]
    for span in spans:
        if span.identifier != Identifier.NAME or not told.fullmatch(plain, span.start, span.end):
            continue
        name, before = plain[span.start : span.end], plain[max(0, span.start - 2) : span.start]
        is_said = before == "我叫" and bool(_END.match(plain, span.end))
        is_beside = any(_GAP.fullmatch(plain, span.end, start) if start >= span.end else _GAP.fullmatch(plain, end, span.start) for start, end in numbers)
        if (is_said or (is_beside and not _HAN_LAST.search(before))) and not _is_no_person(name):
            yield name

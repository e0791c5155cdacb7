"""The period of a number as its sentence words it: 截至目前, 今年以来, 2024年3月以来, 每年, 累计."""

import re
from dataclasses import dataclass

from commresearch.comparison.claim_parser_tokens import Token

_YEAR, _MONTH, _DAY = r"(?P<{0}y>(?:19|20)[0-9]{{2}})年", r"(?:(?P<{0}m>1[0-2]|0?[1-9])月)?", r"(?:(?P<{0}d>3[01]|[12][0-9]|0?[1-9])[日号])?"


def _dated(name: str) -> str:
    return (_YEAR + _MONTH + _DAY).format(name)


_SPAN = re.compile(rf"(?:自|从)?{_dated('a')}(?:至|到|—|–|-|~)(?:{_dated('b')}|(?P<now>今|目前|现在))")
_UNTIL = re.compile(rf"截[至止]到?{_dated('b')}(?:底|末)?")
_SINCE = re.compile(rf"(?:自|从)?{_dated('a')}(?:[^，。；0-9]{{0,8}})?(?:以来|起|至今|开始)")
_IN = re.compile(rf"{_dated('a')}(?P<part>上半年|下半年|底|末|初|[一二三四]季度|第[一二三四]季度)?")
_WORDS = re.compile(
    r"截至目前|截止目前|目前|至今|今年以来|近年来|近[两二三四五六七八九十0-9]+年来?|过去[两二三四五六七八九十0-9]+年|同比|环比|累计|每年|年均|每月|月均|每周|周均|每天|每日|日均|去年以来|去年|今年|上半年|下半年|上年|当年|本月|上月"
    r"|(?:自)?(?:成立|启动|运行|运营|开放|设立|实施|启用)以来|(?:较|比)[^，。；]{1,12}前"
)
_REACH = 60  #: signs before a number within which its sentence words a period
#: words of which the last before the number counts; the others are looked for from the front
_ALWAYS = re.compile(r"累计|总计|共计|截[至止]|以来|至今|已(?:经)?(?:有|累计|开展|举办|解决|签约|引进|建成|服务|完成|实施|收到|免费)")
_FLOW = re.compile(r"每[年月周天日]|[年月周日]均|每(?:个月|季度)|同比|环比")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Dates as far as they are printed (2025, 2025-08, 2025-08-31), the words, and whether the number is a running total (yes, no, blank)."""

    start: str = ""
    end: str = ""
    words: str = ""
    cumulative: str = ""


def period_of(token: Token) -> Period:
    """The period of a number: dates and words that stand before it in its sentence, nearest first, then those right behind it."""
    before = token.sentence[-_REACH:]
    start, end, dated = _dates(before)
    carried = [m[0] for m in _WORDS.finditer(before) if not _FLOW.search(m[0])]  # 每月 and 同比 hold in their own clause only
    near = [m[0] for m in _WORDS.finditer(token.left) if m[0] != "累计" or not dated]
    words = near[-1] if near else dated or (carried[-1] if carried else "")
    return Period(start=start, end=end, words=words, cumulative=_cumulative(before, token.left))


def _cumulative(sentence: str, clause: str) -> str:
    if _FLOW.search(clause):
        return "no"
    return "yes" if _ALWAYS.search(sentence) else ""


def _dates(text: str) -> tuple[str, str, str]:
    """Start, end and wording of the last date in a text."""
    if match := _last(_SPAN, text):
        return _date(match, "a"), "" if match["now"] else _date(match, "b"), match[0]
    until, since = _last(_UNTIL, text), _last(_SINCE, text)
    if until or since:
        return _date(since, "a") if since else "", _date(until, "b") if until else "", (until or since or [""])[0]
    if match := _last(_IN, text):
        date = _date(match, "a")
        return (date, date, match[0]) if not match["part"] else (date[:4], date[:4], match[0])
    return "", "", ""


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return found[-1] if found else None


def _date(match: re.Match[str], name: str) -> str:
    parts = [match[f"{name}{part}"] for part in "ymd"]
    return "-".join(part.zfill(2) for part in parts if part)

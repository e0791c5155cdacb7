"""Stretches of a line in which numbers mean something else than an amount: dates, quoted names, numbers of documents and telephones."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from commresearch.terms import NotClaim

_HAN_YEAR = "[〇零一二三四五六七八九]{4}"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?!子)"
_DAY = r"(?:3[01]|[12]?[0-9]|0[1-9]|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])[日号]"
#: what a date may look like, longest first; a span of years is a date too
_DATE = re.compile(
    rf"(?:(?:19|20)[0-9]{{2}}|{_HAN_YEAR})\s?年(?:\s?{_MONTH}(?:\s?{_DAY})?)?(?:\s?[至到—–\-~]\s?(?:(?:19|20)[0-9]{{2}}年)?(?:{_MONTH})?(?:{_DAY})?)?"
    rf"|(?<![0-9个每半数第几])(?<!近)(?<!过去){_MONTH}(?:{_DAY}|份|底|初|末|[上中下]旬|以来|起|至{_MONTH})?(?![0-9])"
    r"|(?:19|20)[0-9]{2}\s?[-–—/.~至]\s?(?:(?:19|20)[0-9]{2}|[01]?[0-9](?:\s?[-/.]\s?[0-3]?[0-9])?)(?![0-9])"
    rf"|(?<=[每当]月){_DAY}|(?<![0-9])(?:[12]?[0-9]|3[01])日(?![均常])"
    r"|(?:早上|上午|中午|下午|晚上|晚|凌晨|每[天日晚])[0-9一二三四五六七八九十]{1,3}(?:点|时)(?:半|[0-9]{1,2}分?)?|[0-2]?[0-9][:：][0-5][0-9]"
    r"|(?:近|过去|这|最近)[两二三四五六七八九十0-9]{1,2}年(?:来|间|以来)?|[一两二三四五六七八九十]{1,2}(?:多|余)?年(?:来|间)|(?:上世纪|世纪)?[0-9一二三四五六七八九十]{1,2}年代"
    r"|[上下]半年|[一二三四]季度|周[一二三四五六](?![次场期回])(?:至周[一二三四五六日])?|星期[一二三四五六]|[五六七八十]一(?=前夕|期间|国际|假期|黄金周|儿童节|劳动节|建军节|国庆)"
)
_PUBLICATION = re.compile(r"第?\s?[0-9]{1,3}\s?版|(?:©|[Cc]opyright|版权)[^，。\n]*|https?://\S+|[〔\[（(]\s?(?:19|20)[0-9]{2}\s?[〕\])）]\s?[0-9]+\s?号|第[0-9一二三四五六七八九十百]+(?:号(?:文|令)?|期)(?=[^课]|$)")
_SUM = re.compile(r"[0-9]+(?:[+＋][0-9NnXx]+)+|[一二三四五六七八九十](?:[+＋][一二三四五六七八九十N])+")
_HOTLINE = re.compile(
    r"(?<![0-9.,])(?:(?:12[0-9]{3}|11[0-9]|12[0-9]|9[56][0-9]{3})(?=[”\"]?(?:政务|便民|服务|市民|热线|平台|电话|急救|报警|工单|渠道|诉求|投诉))|(?<=拨打)[0-9]{3,12}|1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})"
    r"(?![0-9.,万亿%％余])"
)
_LETTERS = re.compile(r"[A-Za-z][\-.]?[0-9]+(?:\.[0-9]+)?|(?<![0-9.])[0-9]+(?:\.[0-9]+)?[A-Za-z]+")
_ADDRESS = re.compile(r"[0-9一二三四五六七八九十]+号(?:楼|院|门|商铺|铺|地块)?|[0-9]+[弄栋幢](?=[0-9]+(?:单元|室|号))|[0-9]+单元[0-9]*|(?<=[路街道巷])[0-9]+号|[0-9]{3,4}室")
_AGE = re.compile(r"[0-9一二三四五六七八九十]+\s?[—–\-~至到、]?\s?[0-9一二三四五六七八九十]*\s?(?:周岁|岁)(?:[及]?以[上下]|左右)?|(?<![0-9])[0-9]0后")
_IDIOM = re.compile(r"[0-9一二三四五六七八九十]+年如一日|[0-9一二三四五六七八九十]+步之遥|[0-9]+度(?=全景|无死角)")
_SCOPES: Mapping[NotClaim, re.Pattern[str]] = MappingProxyType({
    NotClaim.PUBLICATION: _PUBLICATION, NotClaim.SLOGAN: _SUM, NotClaim.IDIOM: _IDIOM, NotClaim.AGE_DEFINITION: _AGE, NotClaim.DATE: _DATE, NotClaim.ADDRESS: _ADDRESS, NotClaim.NAME: _HOTLINE,
})
_QUOTED = re.compile(r"“[^“”]{1,40}”|‘[^‘’]{1,40}’|「[^「」]{1,40}」|『[^『』]{1,40}』|\"[^\"]{1,40}\"")
_TITLED = re.compile(r"《[^《》]{1,60}》")
#: a line that is nothing but a caption or a heading, with its own number in front
_NUMBERED = re.compile(r"^\s*(?:[（(]?[0-9一二三四五六七八九十]{1,3}[)）.．、]|[（(][0-9一二三四五六七八九十]{1,3}[)）]|[第][一二三四五六七八九十0-9]+[章节部分条])")
_LISTED = re.compile(r"[一二三四五六七八九十](?:是|则|者|要|看|抓)(?=[^，。]{2})|其[一二三四五六](?=[，,是])|[①-⑳]|(?<=[：:；;。])\s?[0-9]{1,2}[.．、](?![0-9])")
_HEADED = re.compile(r"(?:案例|图|表|附件|附录|专栏|图片)\s?[0-9一二三四五六七八九十]{1,2}(?![0-9个名条件])|第[一二三四五六七八九十]、[一二三四五六七八九十](?=[步条章节])")
_NAMED = re.compile(r"(?:党的)?(?:十[一二三四五六七八九]|二十)大(?=以来|报告|精神|代表|提出|召开|$)|建[国党军][一二三四五六七八九十0-9]+周年|(?:[十一二三四]{1,3}|[0-9]{1,2})[届]?[一二三四五六七八]中全会|[“\"][0-9]+(?=[一-鿿]*(?:机制|模式|工作法|体系|工程|行动))")
SPOKEN = 14  #: signs between quotation marks up to which they set off a name; longer ones hold what somebody said


@lru_cache(maxsize=64)
def spans_of(line: str) -> tuple[tuple[int, int, NotClaim], ...]:
    """Where a line holds what no number is counted in: start, end, reason; the first that covers a number gives its reason."""
    found = [(m.start(), m.end(), reason) for reason, pattern in _SCOPES.items() for m in pattern.finditer(line)]
    found += [(m.start(), m.end(), NotClaim.NAME) for m in _LETTERS.finditer(line)]
    found += [(m.start(), m.end(), NotClaim.NAME) for m in _TITLED.finditer(line)]
    found += [(m.start(), m.end(), NotClaim.STRUCTURE) for m in _LISTED.finditer(line)]
    found += [(m.start(), m.end(), NotClaim.HEADING) for m in _HEADED.finditer(line)]
    found += [(m.start(), m.end(), NotClaim.NAME) for m in _NAMED.finditer(line)]
    return (*found, *((m.start(), m.end(), NotClaim.HEADING) for m in _NUMBERED.finditer(line)))


@lru_cache(maxsize=64)
def quotes_of(line: str) -> tuple[tuple[int, int], ...]:
    """Names in quotation marks: places of what stands between them, where it is short enough to be a name."""
    return tuple((m.start() + 1, m.end() - 1) for m in _QUOTED.finditer(line) if m.end() - m.start() - 2 <= SPOKEN)

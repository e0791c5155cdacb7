"""Names of private persons in quoted press texts: masked before anything is shown.

Press texts name persons behind what they are (居民…, 书记…), and sign with 通讯员 or 记者. The recognisers of the cleaning find what they
know by form; here the words are added by which newspapers introduce a person.
"""

import re
from collections.abc import Sequence

import pandas as pd

from commresearch.cleaning.masking import TOKENS, mask_text
from commresearch.cleaning.personal_names import name_cells
from commresearch.terms import Identifier

_ROLES = (
    "居民|村民|业主|住户|市民|书记|主任|部长|主席|局长|区长|县长|镇长|院长|校长|站长|所长|队长|组长|会长|负责人|经理|总经理|店长|创始人|理事长|社工|志愿者|网格员|楼长|楼栋长|党员|干部|老人|大爷|大妈|阿姨|奶奶|爷爷|女孩|男孩|青年|学生"
    "|教师|老师|医生|律师|设计师|教授|专家|代表|通讯员|记者|摄影|老党员|退役军人|调解员|商户|店主|老板|员工"
)
_INTRODUCED = re.compile(rf"(?:{_ROLES}|[\u4e00-\u9fff]”)[ 　]?(?P<long>[\u4e00-\u9fff]{{2,3}})")
_LISTED = re.compile(r"(?<=[、“])[\u4e00-\u9fff]{2}(?![型类性式化室队社会部院墙站馆园区街路课日节])[\u4e00-\u9fff](?=等)")
_SIGNED = re.compile(r"(?:通讯员|记者|摄影|作者|文/|图/)[ 　：:]*(?P<names>[\u4e00-\u9fff]{2,4}(?:[ 　、][\u4e00-\u9fff]{2,4})*)")
_SPEAKS = re.compile(r"^(?:说|介绍|表示|告诉|谈|坦言|感慨|笑|的|对|是|在|家|，|。|、|,|“|:|：|高兴|激动|和|也|把|今年|等(?=[0-9一二两三四五六七八九十]+[余多]?[人名位])|同志|先生|女士|带队|带领|主动|自费|上门|$)")
_SAYS = re.compile("[说谈笑讲对是在也把](?=[，。、,“:：]|$)")  #: behind a name of two signs; given names do not end on these
LOOKED_AT = 60  #: signs on either side of a number in which names are looked for
_CUT_TOKEN_END, _CUT_TOKEN_START = re.compile(r"^[^〔〕]*〕"), re.compile(r"〔[^〔〕]*$")  #: a token that the end of a quote cuts


def without_names(quotes: Sequence[str]) -> list[str]:
    """Short quotes with a token in place of every identifier and of every name that a role or a signature introduces.

    A name that nothing introduces is not found; quotes are kept short for that reason.
    """
    if not quotes:
        return []
    masked, _ = mask_text(pd.Series([_SIGNED.sub(lambda m: m[0].replace(m["names"], TOKENS[Identifier.NAME]), q) for q in quotes], dtype="str"))
    return [_without_introduced(quote) for quote in masked.tolist()]


def quotes_around(pieces: Sequence[tuple[str, str, str]], width: int) -> list[str]:
    """Quotes of at most `width` signs on either side of a number, from (before, number, after); names are masked before anything is cut."""
    masked = without_names([text for before, _, after in pieces for text in (before[-LOOKED_AT:], after[:LOOKED_AT])])
    return [
        (_CUT_TOKEN_END.sub("", before[-width:]) + number + _CUT_TOKEN_START.sub("", after[:width])).strip()
        for before, after, (_, number, _) in zip(masked[::2], masked[1::2], pieces, strict=True)
    ]


def _without_introduced(quote: str) -> str:
    """Three signs are tried before two, unless the third says what the person does (张三说，); what follows must be what follows a person."""
    pieces, last = [], 0
    for match in _INTRODUCED.finditer(quote):
        start = match.start("long")
        for length in (2, 3) if _SAYS.match(quote[start + 2 :]) else (3, 2):
            name = quote[start : start + length]
            if len(name) == length and _SPEAKS.match(quote[start + length :]) and name_cells([name])[0]:
                pieces += [quote[last:start], TOKENS[Identifier.NAME]]
                last = start + length
                break
    return _LISTED.sub(lambda m: TOKENS[Identifier.NAME] if name_cells([m[0]])[0] else m[0], "".join([*pieces, quote[last:]]))

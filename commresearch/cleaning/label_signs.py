"""What labels say in Chinese and English: whether somebody helped to fill in, and whether a platform rejects a sheet."""

import re

_NO = r"没有|没|无需|无须|无|未|非|不是|不用|不需要|不需|不必|不"
_NOT = r"\b(?:no|not|nobody|none|never|without|isn't|wasn't)\b"
_HELP = (
    r"代(?![码表际沟])|帮|协助|辅助|他人|别人|旁人|其他人|工作人员|人员|访员|访问员|调查员|家人|家属|亲属|亲友|朋友|子女|儿女|儿子|女儿|父母|配偶|邻居|志愿者|社工|网格员"
    r"|\b(?:help\w*|assist\w*|proxy|behalf|somebody|someone|anybody|anyone|others?|another|interviewers?|staff|workers?|family|friends?|relatives?|child|children|son"
    r"|daughter|spouse|neighbou?rs?|volunteers?|caregivers?)\b"
)
_SELF = r"本人|自己|独立|自填|自行|亲自|\b(?:self|myself|yourself|himself|herself|themselves|alone|independently|unassisted|respondents?|i did)\b"
_BETWEEN = r"(?:有|由|人|请|经|过|让|任何|需要|需|\s|one|any|was|were|been|filled|completed|done|in|by|from|me|an?)*"
#: Help denied: 没有他人帮助, 不是代填, nobody helped me.
_NO_HELP = re.compile(rf"(?:{_NO}|{_NOT}){_BETWEEN}(?:(?:{_HELP})(?:\s|else|'s)*)+")
#: Not by oneself: 非本人, 无法自己填写, 不能独立完成.
_NOT_SELF = re.compile(rf"(?:(?:{_NO})(?:法|能|会|便|由|方便|能够)*|{_NOT}(?:\s|by|filled|completed|in)*|\b(?:cannot|can't|couldn't|unable to)\b[\sa-z]*)(?:{_SELF})")
_HELPED, _BY_SELF = re.compile(_HELP), re.compile(_SELF)
_BARE_NO = re.compile(r"(?:否|没有|没|无|不是|不|no|none|never|not|false)[\s。.!！]*")
_BARE_YES = re.compile(r"(?:是|是的|有|对|yes|true)[\s。.!！]*")

_BAD = (
    r"无效|异常|可疑|剔除|作弊|不合格|不通过|未通过|未批准|不批准|\binvalid|\babnormal|\banomal(?:y|ies|ous)\b|\bsuspicious|\bsuspect|\breject(?:ed)?\b|\bexcluded?\b"
    r"|\bunapproved|\bdisapproved|\bnot[\s_]+(?:been[\s_]+)?(?:approved|valid|accepted)|(?<=_)not_approved"
)
#: A rejection denied, before or after it: 未发现异常, not invalid; 异常：无.
_NOT_BAD = re.compile(
    rf"(?:没有|未|无|非|不|没|免|\b(?:no|not|nothing|without|never)\b)(?:是|属于|算|存在|发现|检出|检测到|见|有|被|予|任何|明显|\s|_|an?\b|any\b|found\b|to\b|be\b|been\b|considered\b)*(?:{_BAD})"
    rf"|(?:{_BAD})\s*[:：=]\s*(?:无|否|没有|未发现|no\b|none\b|false\b|0)"
)
_REJECTED = re.compile(_BAD)


def says_assisted(label: str, question: str = "") -> bool:
    """Whether an answer says that somebody else filled in or helped (代填).

    Words of help decide unless they are denied, then words of doing it oneself unless these are denied. A bare yes or no answers the
    question: where that asks for help, or does not say, yes is help; where it asks only whether the person did it, no is.
    """
    text = label.lower().strip()
    asks_for_self = bool(_BY_SELF.search(question.lower())) and not _HELPED.search(question.lower())
    if _BARE_NO.fullmatch(text):
        return asks_for_self
    if _BARE_YES.fullmatch(text):
        return not asks_for_self
    rest = _NO_HELP.sub("", text)
    if _HELPED.search(rest) or _NOT_SELF.search(rest):
        return True
    return not (_BY_SELF.search(rest) or rest != text)


def says_rejected(verdict: str) -> bool:
    """Whether a platform's own verdict on a sheet is that it is invalid or suspicious; a denial of that is none."""
    return bool(_REJECTED.search(_NOT_BAD.sub(" ", verdict.lower())))

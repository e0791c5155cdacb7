"""Places as registers name them, without whom to call there: 望海社区（联系人：〔姓名〕 〔手机号〕）is 望海社区."""

import re

from commresearch.cleaning.masking import TOKENS
from commresearch.cleaning.personal_names import name_cells
from commresearch.terms import Identifier

#: numbers that are no identifier by themselves: 138****5678, and 电话88889999 (without the word it may be the code of a grid or a room)
_NUMBER = re.compile(r"((?<=[\s,;:/(、])(?=1[3-9]\d[*xX×])|(?:电话号码|电话|座机|联系方式|tel)[\s:]*)(?:1[3-9]\d[*xX×]{4}\d{4}|[2-8]\d{6,7})(?=$|[\s,;)])", re.IGNORECASE)
_TOKEN = "|".join(TOKENS[identifier] for identifier in Identifier if identifier in TOKENS and identifier not in {Identifier.ADDRESS, Identifier.NAME})
_NAME = rf"{TOKENS[Identifier.NAME]}(?![\u4e00-\u9fff])"  # one before a character belongs to the name of the place
_WORDS = "联系人|联系电话|联系方式|来电人|诉求人|投诉人|业主|电话号码|电话|手机号码|手机号|手机|座机|微信号|微信|身份证号|身份证|邮箱|(?:tel|phone|wechat|qq)"
_CONTACT = re.compile(rf"[\s,;:/(、-]*(?:(?:{_WORDS})[\s:]*)*(?:{_TOKEN}|{_NAME})[\s,;:/)、-]*", re.IGNORECASE)
_PLACE_AND_NAME = re.compile(r"(.*(?:社区|小区|居委会|网格|街道|村|苑|园|院|城|里|庭|站|室|中心))[\s,]*([\u4e00-\u9fff]{2,5})")


def place_without_contact(text: str) -> str:
    """The place that a cell names, without names and numbers of persons behind it; the cell as it stands where it names nothing else.

    Parameters
    ----------
    text
        A cell whose identifiers were masked. A name that stands between a place and a number is told by both.
    """
    found = _NUMBER.sub(rf"\1{TOKENS[Identifier.MOBILE]}", text)
    if "〔" not in found:
        return text
    place = re.sub(r"\s+", " ", _CONTACT.sub(" ", found)).strip(" ,;:/()、-")
    if not place:
        return found
    named = _PLACE_AND_NAME.fullmatch(place)
    return named[1] if named and name_cells([named[2]])[0] else place

"""The Chinese fonts that the project installs itself, and a check that they hold every character drawn."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from commresearch.errors import Failure, ReportError

PACKAGE = "pylopdf_fonts_zh_cn"
SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
FILES = {SANS: "NotoSansSC-Regular.otf", SERIF: "NotoSerifSC-Regular.otf"}


def font_folder() -> Path:
    """Folder of the installed fonts.

    Raises
    ------
    ReportError
        The font package or one of its files is missing.
    """
    try:
        folder = Path(str(files(PACKAGE)))
    except ModuleNotFoundError:
        raise ReportError(Failure(code="CR-R05", values={"font": SANS, "where": PACKAGE})) from None
    missing = [name for name, file in FILES.items() if not (folder / file).is_file()]
    if missing:
        raise ReportError(*(Failure(code="CR-R05", values={"font": name, "where": str(folder)}) for name in missing))
    return folder


def register_fonts() -> None:
    """Make the fonts known to matplotlib (drawing functions name them in their own style, never globally)."""
    from matplotlib import font_manager

    folder = font_folder()
    known = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for file in FILES.values():
        if folder / file not in known:
            font_manager.fontManager.addfont(folder / file)


@cache
def _characters(font: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_folder() / FILES[font])).get_charmap())


def require_glyphs(text: str, font: str = SANS) -> None:
    """Refuse to draw a character that the font does not hold.

    Raises
    ------
    ReportError
        Names every character that would come out as an empty box.
    """
    missing = sorted({c for c in text if not c.isspace() and ord(c) not in _characters(font)})
    if missing:
        raise ReportError(Failure(code="CR-R06", values={"font": font, "glyphs": " ".join(missing)}))

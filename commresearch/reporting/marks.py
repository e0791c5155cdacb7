"""What marks simulated data beyond the stamp that is printed: words in titles, and in the files of figures, which travel with a copy."""

import html
import re
import struct
import zlib
from pathlib import Path

from commresearch.records import write_whole
from commresearch.terms import Language
from commresearch.words import say

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"Description"  #: that programs show for a picture
SVG_START = re.compile(r"<svg\b[^>]*>")


def marked_title(title: str, language: Language, *, is_simulated: bool) -> str:
    """A title with the mark of simulated data before it where they are; a mark that a name in it carries is not said twice."""
    if not is_simulated:
        return title
    return say("reports.title_simulated", language, title=title.replace(say("reports.name_mark", language), ""))


def mark_figures(folder: Path, language: Language) -> None:
    """Write the mark of simulated data into every PNG (a text chunk) and SVG (its description) of a folder; nothing where there is none."""
    mark = say("reports.simulated_banner", language)
    for path in sorted(folder.glob("*.png")):
        write_whole(path, marked_png(path.read_bytes(), mark))
    for path in sorted(folder.glob("*.svg")):
        write_whole(path, marked_svg(path.read_text(encoding="utf8"), mark))


def marked_png(data: bytes, mark: str) -> bytes:
    """A PNG with a text in UTF-8 behind its header."""
    end = len(SIGNATURE) + 12 + int.from_bytes(data[8:12])
    body = b"iTXt" + KEYWORD + b"\0\0\0\0\0" + mark.encode()
    return data[:end] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + data[end:]


def marked_svg(text: str, mark: str) -> str:
    """An SVG with a description as the first thing in it."""
    return SVG_START.sub(lambda found: f"{found[0]}\n <desc>{html.escape(mark)}</desc>", text, count=1)

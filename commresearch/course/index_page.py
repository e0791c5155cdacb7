"""The index of the course: lessons in their order, what can be done after each, and every file of theirs."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commresearch import __version__
from commresearch.course.build import TEST, record_of
from commresearch.course.page import template
from commresearch.course.versions import FILES, stem_of
from commresearch.course.written import told
from commresearch.records import write_whole
from commresearch.reporting import rendering
from commresearch.terms import Language
from commresearch.words import say

INDEX = "index.html"
TEST_FILES = {
    "form_a.pdf": "test_a_pdf", "form_a.docx": "test_a_docx", "form_b.pdf": "test_b_pdf", "form_b.docx": "test_b_docx", "key.pdf": "test_key_pdf",
    "key.docx": "test_key_docx", "answers.xlsx": "test_answers",
}
TEACHERS = tuple(end for end in FILES if end.startswith(("_teacher", "_slides")))


def write_course_index(folder: Path) -> Path:
    """Write the index over the lessons that stand in a folder; return it.

    Parameters
    ----------
    folder
        Holds one folder per lesson (01, 02, …), and other files of the course, which the index links where they stand.
    """
    records = {path: record for path in sorted(folder.glob("[0-9][0-9]")) if (record := record_of(path)) is not None}
    style = rendering.template("page.css").read_text(encoding="utf8") + template("course.css").read_text(encoding="utf8")
    page = template("index.html").read_text(encoding="utf8").format(
        style=style, title=told("index_title"), lead=told("index_lead", n=len(records)), skip=say("reports.site_skip", Language.ZH),
        site=_site_link(folder), lessons="\n".join(_lesson(path, record) for path, record in records.items()), built=told("index_built", version=__version__), test=_test(folder),
    )
    write_whole(folder / INDEX, page)
    return folder / INDEX


def _site_link(folder: Path) -> str:
    """A link to the index of the site, where that stands."""
    return f'<a href="../index.html">{html.escape(say("reports.site_title", Language.ZH))}</a>' if (folder.parent / "index.html").is_file() else ""


def _test(folder: Path) -> str:
    """The test before and after, where it stands."""
    if record_of(folder / TEST) is None:
        return ""
    links = "".join(f'<li><a href="{TEST}/{name}">{html.escape(told(key))}</a></li>' for name, key in TEST_FILES.items())
    return f'<section><h2>{html.escape(told("test_head"))}</h2><p>{html.escape(told("test_lead"))}</p><ul class="files">{links}</ul></section>'


def _lesson(path: Path, record: Mapping[str, Any]) -> str:
    """One lesson: its title leads to its page, which is what most readers want."""
    head, stem = record["head"], f"{path.name}/{stem_of(record['head']['number'])}"
    title = html.escape(told("lesson_title", number=head["number"], title=head["title"]))
    claim, next_week = (html.escape(head[name]) for name in ("claim", "next_week"))
    learners = "".join(_link(f"{stem}{end}", end) for end in FILES if end not in TEACHERS)
    teachers = "".join(_link(f"{stem}{end}", end) for end in TEACHERS)
    return (
        f'<li class="lesson"><h2><a href="{stem}.html">{title}</a></h2><p><strong>{told("after")}</strong>{claim}</p><p><strong>{told("next_week_short")}</strong>{next_week}</p>'
        f'<ul class="files"><li>{told("for_learners")}</li>{learners}</ul><ul class="files"><li>{told("for_teachers")}</li>{teachers}</ul></li>'
    )


def _link(href: str, end: str) -> str:
    return f'<li><a href="{href}">{html.escape(told(FILES[end]))}</a></li>'

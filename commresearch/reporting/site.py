"""The index over all reports: one table per language, sortable and filterable, opened from the file system."""

import html
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from commresearch import __version__
from commresearch.cases import Published
from commresearch.records import write_whole
from commresearch.reporting.build import COMPARISON, stem_of
from commresearch.reporting.cells import document_date
from commresearch.reporting.made_report import standing_report
from commresearch.reporting.project import Project
from commresearch.reporting.rendering import template
from commresearch.terms import Fit, Format, Headline, Kind, Language
from commresearch.words import say

FILES: Mapping[Language, str] = {Language.ZH: "index.html", Language.EN: "index.en.html"}
COURSE = "course/index.html"
FORMAT_NAMES: Mapping[Format, str] = {Format.HTML: "HTML", Format.DOCX: "Word", Format.PDF: "PDF"}


def other_reports(project: Project, published: Published, language: Language) -> str:
    """Links to the reports on received and on simulated data that stand there; empty where there is none."""
    links, own = [], {*published.cases["case_id"], COMPARISON}
    for record in sorted(project.site.glob(f"*/{language}/record.json")):
        subject = record.parent.parent.name
        if subject in own:
            continue
        standing = standing_report(record.parent, "")
        title = standing.record["settings"].get("title", subject) if standing is not None else subject
        links.append(f"<li>{html.escape(title)} {_links(project, subject, language)}</li>")
    if not links:
        return ""
    return f'<section class="surveys"><h2>{html.escape(say("reports.site_others", language))}</h2><ul>{"".join(links)}</ul></section>'


def write_site(project: Project, published: Published, language: Language) -> Path:
    """Write index.html (Chinese) and index.en.html over the reports that stand there; return the one of a language."""
    for each, name in FILES.items():
        path, page = project.site / name, _page(project, published, each)
        if not path.is_file() or path.read_text(encoding="utf8") != page:  # else it keeps its time, by which later runs know it
            write_whole(path, page)
    return project.site / FILES[language]


def _page(project: Project, published: Published, language: Language) -> str:
    other = Language.EN if language is Language.ZH else Language.ZH
    words = {key: html.escape(say(f"reports.site_{key}", language)) for key in ("title", "comparison", "filter", "sort", "other", "skip", "region")}
    counts, sources = _counts(published), published.sources.set_index("source_id")
    rows = "\n".join(_row(project, case, sources.loc[case["source_id"]], counts, language) for _, case in published.cases.iterrows())
    columns = ("case", "level", "date", "n", "results")
    heads = [say(f"reports.site_{c}", language) for c in columns] + [say(f"labels.headline_{h}", language) for h in Headline]
    return template("index.html").read_text(encoding="utf8").format(
        lang=language, style=template("page.css").read_text(encoding="utf8") + template("index.css").read_text(encoding="utf8"),
        script=template("index.js").read_text(encoding="utf8"), other_href=FILES[other], other_lang=other,
        lead=html.escape(say("reports.site_lead", language, n=len(published.cases), disclaimer=say("reports.disclaimer", language))),
        comparison_links=_links(project, COMPARISON, language), surveys=other_reports(project, published, language) + _course(project, language), rows=rows, count=len(published.cases),
        shown=html.escape(say("reports.site_shown", language, n="{n}")), reports_head=html.escape(say("reports.site_reports", language)),
        heads="".join(f'<th scope="col" aria-sort="none"><button type="button" title="{words["sort"]}">{html.escape(h)}</button></th>' for h in heads),
        built=html.escape(say("reports.site_built", language, version=__version__)), **{f"w_{k}": v for k, v in words.items()},
    )


def _course(project: Project, language: Language) -> str:
    """A link to the course, where it was built; it is in Chinese only."""
    if not (project.site / COURSE).is_file():
        return ""
    return f'<section class="surveys"><h2><a href="{COURSE}" hreflang="zh-Hans">{html.escape(say("reports.site_course", language))}</a></h2></section>'


def _counts(published: Published) -> Counter[tuple[str, str]]:
    """Claims by case and what they are: all of them (""), results, and numbers of an outcome itself."""
    own = published.claims[published.claims["repeat_of"] == ""]
    counts: Counter[tuple[str, str]] = Counter()
    for case, kind, headline, fit in own[["case_id", "kind", "headline", "headline_fit"]].itertuples(index=False):
        counts.update([(case, ""), (case, kind), *([(case, headline)] if fit == Fit.DIRECT else [])])
    return counts


def _row(project: Project, case: pd.Series, source: pd.Series, counts: Counter[tuple[str, str]], language: Language) -> str:
    own = case["case_id"]
    cells = [
        f'<th scope="row">{_linked(project, case["case_id"], case[f"name_{language}"], language)}</th>',
        _cell(say(f"labels.level_{case['level']}", language)), _cell(document_date(source, language), sort=source["date"]),
        _cell(str(counts[own, ""]), number=True), _cell(str(counts[own, Kind.OUTCOME]), number=True),
        *(_cell(_reported(counts[own, outcome], language)) for outcome in Headline),
        f"<td>{_links(project, case['case_id'], language)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, *, number: bool = False, sort: str = "") -> str:
    """A cell; `sort` is what it sorts by where that is not its text."""
    attributes = (' class="num"' if number else "") + (f' data-sort="{html.escape(sort)}"' if sort else "")
    return f"<td{attributes}>{html.escape(text)}</td>"


def _linked(project: Project, subject: str, name: str, language: Language) -> str:
    """The case's name, leading to its page where there is one."""
    href = f"{subject}/{language}/{_stem(project, subject, language)}.html"
    return f'<a href="{href}">{html.escape(name)}</a>' if (project.site / href).is_file() else html.escape(name)


def _reported(n: int, language: Language) -> str:
    """Whether an outcome itself is reported, by how many numbers."""
    return say("reports.site_direct", language, n=n) if n else say("labels.not_reported", language)


def _links(project: Project, subject: str, language: Language) -> str:
    """Links to the formats that stand there; a failed report shows its page."""
    folder = project.site / subject / language.value
    stem = _stem(project, subject, language)
    there = [f for f in Format if (folder / f"{stem}.{f}").is_file()]
    href = f"{subject}/{language}/{stem}"
    if not there:
        return html.escape(say("labels.not_made", language))
    if there == [Format.HTML] and not (folder / "record.json").is_file():
        return f'<a class="failed" href="{href}.html">{html.escape(say("reports.site_failed", language))}</a>'
    return " ".join(f'<a href="{href}.{f}">{FORMAT_NAMES[f]}</a>' for f in there)


def _stem(project: Project, subject: str, language: Language) -> str:
    """Name of the files of a report as they stand there: those on simulated data say so."""
    marked = stem_of(subject, language, is_simulated=True)
    return marked if any((project.site / subject / language / f"{marked}.{f}").is_file() for f in Format) else stem_of(subject, language, is_simulated=False)

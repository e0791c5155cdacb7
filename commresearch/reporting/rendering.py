"""From an assembled document to HTML, DOCX and PDF: by Quarto where it is found, else by the embedded renderer.

Both are subprocesses with a time limit, work in a folder of their own, and move a file to its place only when it is
whole. Same body, numbers, captions and references in both.
"""

import html
import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from commresearch.errors import Failure, ReportError
from commresearch.records import ProcessResult, run_process
from commresearch.reporting.assemble import Document, Look, number_headings
from commresearch.reporting.display import escape
from commresearch.reporting.fonts import font_folder
from commresearch.reporting.reference_pptx import finish_pptx, write_reference_pptx
from commresearch.terms import Format, Language
from commresearch.words import say

TIMEOUT = 120  #: seconds one document may take in one format
PROBE_TIMEOUT = 30  #: seconds Quarto may take for one line
FILTER_WARNING = re.compile(r"(?:unresolved: |Could not fetch resource )(.+)")
TYPST = "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2], font_paths=[sys.argv[3]], ignore_system_fonts=True, pdf_standards=['1.7', 'ua-1'], timestamp=0)"
#: pandoc knows the language of Chinese by its script, typst by language and region.
PANDOC_LANG = {Language.ZH.value: "zh-Hans", Language.EN.value: "en-GB"}
GOV_FIGURE = "15.4cm"  #: width of figures on the page of offices, whose text is 15.6 cm wide
MARGINS = {Look.RESEARCH: "{top: 25mm, bottom: 24mm, left: 25mm, right: 25mm}", Look.GOV: "{top: 37mm, bottom: 35mm, left: 28mm, right: 26mm}"}
#: Size of the text and margins of the page, as Quarto takes them for PDF.
QUARTO_PAGE = {
    (look, language): ("10.5pt" if look is Look.RESEARCH else "15.75pt" if language is Language.ZH else "12pt", margins)
    for look, margins in MARGINS.items()
    for language in Language
}
TYPST_LANG = {Language.ZH.value: ("zh", "CN"), Language.EN.value: ("en", "GB")}

Runner = Callable[..., ProcessResult]


class Renderer(Protocol):
    """What turns a document into files."""

    @property
    def name(self) -> str:
        """How it is called in messages and records."""

    def render(self, document: Document, formats: Sequence[Format]) -> list[Path]:
        """Write `<stem>.<format>` into the document's folder and return the paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRenderer:
    """pandoc and typst from their wheels; nothing else on the machine is needed.

    `references` is the folder of Word templates: one per look and language, made when it is first needed.
    """

    references: Path
    run: Runner = run_process
    timeout: float = TIMEOUT
    name: str = "pandoc + typst"

    def render(self, document: Document, formats: Sequence[Format]) -> list[Path]:
        """Render one document.

        Raises
        ------
        ReportError
            pandoc or typst failed or ran out of time, or a reference leads nowhere.
        """
        with tempfile.TemporaryDirectory(dir=document.folder, prefix=".render-") as work:
            folder = Path(work)
            (folder / "body.md").write_text(body_of(document), encoding="utf8")
            makers = {Format.HTML: self._html, Format.DOCX: self._docx, Format.PDF: self._pdf}
            return [_move(makers[f](document, folder), document.folder / f"{document.stem}.{f}") for f in formats]

    def _pandoc(self, document: Document, folder: Path, output: str, *options: str) -> Path:
        language = Language(document.language)
        gap = "" if language is Language.ZH else " "
        command = [
            pandoc_path(), "body.md", "--from=markdown-tex_math_dollars-raw_html-smart+table_attributes", f"--output={output}", "--columns=20", "--wrap=none",
            f"--lua-filter={template('filter.lua')}", f"--resource-path={document.folder}", f"--metadata=lang:{PANDOC_LANG[language]}",
            f"--metadata=title:{document.title}", f"--metadata=subtitle:{document.subtitle}",
            f"--metadata=label_figure:{say('reports.label_figure', language)}", f"--metadata=label_table:{say('reports.label_table', language)}",
            f"--metadata=label_gap:{gap}", f"--metadata=label_region:{say('reports.region_table', language)}", *(f"--metadata={k}:{v}" for k, v in _standing(document, language).items()), *options,
        ]
        result = self.run(command, timeout=self.timeout, cwd=folder)
        _require(result, "pandoc", document, self.timeout)
        if unresolved := FILTER_WARNING.search(result.stderr):
            raise ReportError(Failure(code="CR-R10", values={"report": document.stem, "labels": unresolved[1]}))
        return folder / output

    def _html(self, document: Document, folder: Path) -> Path:
        language = Language(document.language)
        other = Language.EN if language is Language.ZH else Language.ZH
        variables = {
            "style": template("page.css").read_text(encoding="utf8"), "stem": document.stem, "skip": say("reports.site_skip", language),
            **{f"has_{f}": "yes" for f in document.formats if f is not Format.HTML}, "has_other": "yes" if other in document.languages else "",
            "home": "index.html" if language is Language.ZH else "index.en.html", "home_label": say("reports.site_title", language),
            "other_lang": other.value, "other_label": say("reports.site_other", language), "toc-title": say("reports.site_toc", language),
            "other_href": f"../{other}/{document.stem.rpartition('.')[0]}.{other}.html", "look": document.look.value,
            "beside": "".join(f'<a href="{html.escape(path)}">{html.escape(label)}</a>' for label, path in document.beside.items()),
            **document.variables,
        }
        return self._pandoc(
            document, folder, "out.html", "--to=html5", "--standalone", "--embed-resources", "--toc", "--toc-depth=1", "--mathml",
            f"--template={document.page or template('page.html')}", *(f"--variable={k}={v}" for k, v in variables.items()),
        )

    def slides(self, document: Document) -> Path:
        """Write `<stem>.pptx` into the document's folder: every heading of the second level begins a slide. Reports have no such file.

        Raises
        ------
        ReportError
            pandoc failed or ran out of time.
        """
        with tempfile.TemporaryDirectory(dir=document.folder, prefix=".render-") as work:
            folder = Path(work)
            (folder / "body.md").write_text(document.body, encoding="utf8")
            reference = write_reference_pptx(self.references, pandoc_path())
            output = self._pandoc(document, folder, "out.pptx", "--to=pptx", "--slide-level=2", f"--reference-doc={reference}")
            finish_pptx(output)
            return _move(output, document.folder / f"{document.stem}.pptx")

    def _docx(self, document: Document, folder: Path) -> Path:
        from commresearch.reporting.reference_docx import finish_docx, reference_for  # Word is loaded by who makes such a file

        reference = reference_for(document, self.references, pandoc_path())
        narrow = [f"--metadata=figure_width:{GOV_FIGURE}"] if document.look is Look.GOV else []
        output = self._pandoc(document, folder, "out.docx", "--to=docx", f"--reference-doc={reference}", *narrow)
        finish_docx(output, document)
        return output

    def _pdf(self, document: Document, folder: Path) -> Path:
        language, region = TYPST_LANG[document.language]
        plain = document.title.replace("\\", "").replace('"', "")
        source = self._pandoc(
            document, folder, "out.typ", "--to=typst", "--standalone", f"--template={template('page.typ')}", f"--variable=plain_title={plain}",
            f"--variable=typst_lang={language}", f"--variable=typst_region={region}",
            *(["--variable=gov=yes"] if document.look is Look.GOV else []), *(f"--variable={k}={v}" for k, v in document.variables.items()),
        )
        if (document.folder / "figs").is_dir():
            shutil.copytree(document.folder / "figs", folder / "figs")
        output = folder / "out.pdf"
        result = self.run([sys.executable, "-c", TYPST, source, output, font_folder()], timeout=self.timeout, cwd=folder)
        _require(result, "typst", document, self.timeout)
        return output


@dataclass(frozen=True, slots=True, kw_only=True)
class QuartoRenderer:
    """An installed Quarto, called once per document for all formats."""

    command: str
    references: Path
    run: Runner = run_process
    timeout: float = TIMEOUT
    version: str = ""

    @property
    def name(self) -> str:
        """Quarto with its version: another version is another renderer."""
        return f"Quarto {self.version}".strip()

    def render(self, document: Document, formats: Sequence[Format]) -> list[Path]:
        """Render one document in a project folder of its own (Quarto's side files collide where folders are shared).

        Raises
        ------
        ReportError
            Quarto failed, ran out of time, or left a format out.
        """
        from commresearch.reporting.reference_docx import reference_for

        with tempfile.TemporaryDirectory(dir=document.folder, prefix=".quarto-") as work:
            folder = Path(work)
            if (document.folder / "figs").is_dir():
                shutil.copytree(document.folder / "figs", folder / "figs")
            reference = reference_for(document, self.references, pandoc_path()) if Format.DOCX in formats else None
            (folder / "report.qmd").write_text(_quarto_source(document, formats, reference), encoding="utf8")
            result = self.run([self.command, "render", "report.qmd"], timeout=self.timeout * len(formats), cwd=folder)
            _require(result, "Quarto", document, self.timeout * len(formats))
            missing = [f.value for f in formats if not (folder / f"report.{f}").is_file()]
            if missing:
                raise ReportError(Failure(code="CR-R13", values={"quarto": f"Quarto ({document.stem})", "missing": ", ".join(missing)}))
            return [_move(folder / f"report.{f}", document.folder / f"{document.stem}.{f}") for f in formats]


def body_of(document: Document) -> str:
    """The text of a document as its look wants it."""
    return number_headings(document.body, Language(document.language)) if document.look is Look.GOV else document.body


def _standing(document: Document, language: Language) -> dict[str, str]:
    """What stands on every page of a document beside its text: that its data are simulated, and how far it has been reviewed."""
    said: dict[str, str] = {}
    if document.is_simulated:
        said |= {"simulated": say("reports.simulated_banner", language), "mark": say("reports.simulated_stamp", language)}
    if document.review is not None:
        said |= {"review": document.review.line, "review_kind": document.review.kind}
        if document.review.more:
            said["review_more"] = document.review.more
    return said


def _quarto_source(document: Document, formats: Sequence[Format], reference: Path | None) -> str:
    """The document with front matter; boxes become quotations, since Quarto's own fetch icons from the network."""
    language = Language(document.language)
    said = _standing(document, language)
    size, margin = QUARTO_PAGE[document.look, language]
    head = "\n".join(["#set text(cjk-latin-spacing: none)", *([_quarto_watermark(said["mark"])] if "mark" in said else [])])
    written: Mapping[Format, str] = {
        Format.HTML: f"  html:\n    embed-resources: true\n    toc: true\n    toc-depth: 1\n    body-classes: {quoted(' '.join(_classes(document)))}",
        Format.DOCX: f"  docx:\n    reference-doc: {quoted(str(reference))}",
        Format.PDF: (
            f"  typst:\n    mainfont: Noto Serif SC\n    font-paths: {quoted(str(font_folder()))}\n    papersize: a4\n    fontsize: {size}\n"
            f"    margin: {margin}\n    include-in-header:\n      text: {quoted(head)}"
        ),
    }
    front = [
        "---", f"title: {quoted(document.title)}", f"subtitle: {quoted(document.subtitle)}", f"lang: {document.language}",
        "execute:\n  enabled: false", "format:", *(written[f] for f in formats), "---", "",
    ]
    lead = [f"> **{escape(words)}**" for name, words in said.items() if name in {"simulated", "review", "review_more"}]
    return "\n".join(front) + "\n" + "\n>\n".join(lead) + ("\n\n" if lead else "") + _boxes_as_quotations(body_of(document))


def _quarto_watermark(mark: str) -> str:
    shown = mark.replace("\\", "").replace('"', "")
    return f'#set page(background: rotate(-35deg, text(80pt, fill: rgb("#eceef1"), "{shown}")))'


def _classes(document: Document) -> list[str]:
    return [f"look-{document.look}", *(["simulated"] if document.is_simulated else [])]


def quoted(text: str) -> str:
    """A YAML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _boxes_as_quotations(body: str) -> str:
    def quotation(match: re.Match[str]) -> str:
        lines = [f"**{match[1].strip()}**", "", *match[2].strip().splitlines()]
        return "\n".join(f"> {line}" for line in lines)

    return re.sub(r"::: \{\.callout-\w+\}\n## (.+)\n\n((?:.|\n)*?)\n:::", quotation, body)


def find_quarto(environment: Mapping[str, str]) -> str | None:
    """Quarto's command: QUARTO_PATH, then PATH, then the quarto-cli package; None when there is none."""
    if named := environment.get("QUARTO_PATH"):
        return named
    if found := shutil.which("quarto", path=environment.get("PATH")):
        return found
    spec = importlib.util.find_spec("quarto_cli")
    for root in (spec.submodule_search_locations or []) if spec else []:
        for name in ("bin/quarto", "bin/quarto.exe"):
            if (Path(root) / name).is_file():
                return str(Path(root) / name)
    return None


def choose_renderer(
    wish: str, folder: Path, environment: Mapping[str, str], *, run: Runner = run_process
) -> tuple[Renderer, ReportError | None]:
    """The renderer asked for: auto (Quarto where it works), quarto or embedded; its Word templates are written to `folder`.

    Quarto is tried on one line before any report is given to it: under `auto` a Quarto that fails or hangs is left aside,
    with the reason as second value.

    Raises
    ------
    ReportError
        Quarto was asked for and is not there or does not work.
    """
    embedded = EmbeddedRenderer(references=folder)
    command = None if wish == "embedded" else find_quarto(environment)
    if command is None:
        if wish == "quarto":
            raise ReportError(Failure(code="CR-R09"))
        return embedded, None
    try:
        return QuartoRenderer(command=command, references=folder, version=_try_quarto(command, folder, run)), None
    except ReportError as problem:
        if wish == "quarto":
            raise
        return embedded, problem


def _try_quarto(command: str, folder: Path, run: Runner) -> str:
    """Version of a Quarto that renders one line, or the reason why it does not."""
    probe = Document(stem="probe", folder=folder, title="probe", subtitle="", language="en", body="probe")
    (folder / "probe.qmd").write_text("---\nformat: html\n---\n\nprobe\n", encoding="utf8")
    version = run([command, "--version"], timeout=PROBE_TIMEOUT, cwd=folder)
    _require(version, "Quarto", probe, PROBE_TIMEOUT)
    _require(run([command, "render", "probe.qmd"], timeout=PROBE_TIMEOUT, cwd=folder), "Quarto", probe, PROBE_TIMEOUT)
    return version.stdout.strip()


def pandoc_path() -> str:
    """The pandoc of the pypandoc_binary wheel."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def template(name: str) -> Path:
    """A template file of this package."""
    return Path(str(files("commresearch.reporting") / "templates" / name))


def _require(result: ProcessResult, tool: str, document: Document, seconds: float) -> None:
    if result.exit_code is None:
        raise ReportError(Failure(code="CR-R08", values={"tool": tool, "report": document.stem, "seconds": f"{seconds:g}"}))
    if not result.ok:
        values = {"tool": tool, "report": document.stem, "exit_code": result.exit_code, "stderr": " ".join(result.stderr.split())[-400:] or "—"}
        raise ReportError(Failure(code="CR-R07", values=values))


def _move(source: Path, target: Path) -> Path:
    source.replace(target)
    return target

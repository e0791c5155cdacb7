"""Finished files as a reader opens them: pages in a browser, PDF and Word by their contents."""

import html
import json
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commresearch.words import entries
from tests.conftest import find_tool, small_project

WIDTHS = (375, 1280)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory, simulated_pilots):
    root = small_project(tmp_path_factory.mktemp("pages") / "project", ("huancui", "lean"))
    shutil.copytree(simulated_pilots, root / "reports" / "comparison" / "simulated")
    command = [sys.executable, "-m", "commresearch.cli", "run", "--renderer", "embedded"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return root / "reports" / "site"


def pages(site):
    return [site / "index.html", site / "index.en.html", *sorted(site.glob("*/*/*.html"))]


class Structure(HTMLParser):
    """Collects what accessibility and offline use depend on."""

    def __init__(self):
        super().__init__()
        self.lang, self.images, self.links, self.headings, self.tags = "", [], [], [], []
        self.heads = 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "html":
            self.lang = values["lang"]
        elif tag == "img":
            self.images.append(values)
        elif tag == "a":
            self.links.append(values.get("href", ""))
        elif re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        elif tag == "th":
            self.heads += values.get("scope") in {"col", "row"}


def structure(path):
    parser = Structure()
    parser.feed(path.read_text(encoding="utf8"))
    return parser


def test_pages_are_whole_and_offline(site):
    for path in pages(site):
        found, text = structure(path), path.read_text(encoding="utf8")
        assert found.lang[:2] == path.name.split(".")[-2][:2].replace("in", "zh"), path
        assert "main" in found.tags
        assert found.tags.count("h1") >= 1
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), path
        assert "<script src" not in text
        assert all(image["src"].startswith("data:image/svg+xml") and len(image["alt"]) > 20 for image in found.images), path
        assert found.heads == len(re.findall(r"<th[ >]", text)), path
        for link in found.links:
            if link and not link.startswith("#"):
                assert (path.parent / link).resolve().is_file(), (path, link)
            elif link:
                assert f'id="{link[1:]}"' in text, (path, link)


def test_no_markup_or_code_is_left_on_a_page(site):
    for path in pages(site):
        body = re.sub(r"<(style|script)>.*?</\1>|<[^>]+>|&lt;\s?(?=[0-9])", " ", path.read_text(encoding="utf8"), flags=re.DOTALL)  # p < 0.005 is no markup
        for trace in ("{#", ":::", "**", "@fig-", "@tbl-", "show(", "import ", "Traceback", "&lt;"):
            assert trace not in body, (path, trace)


def browse(path, width, script, folder):
    """Open a page in Chromium in a frame of this width, run `script` in it, and return its answer with what the console said.

    A frame, because a headless window cannot be made as narrow as a telephone.
    """
    inner = f"<script>addEventListener('load', function () {{ parent.document.title = JSON.stringify((function () {{ {script} }})()); }});</script>"
    page = path.read_text(encoding="utf8").replace("</body>", inner + "</body>")
    probe = folder / f"probe{width}.html"
    frame = f'<iframe width="{width}" height="900" style="border:0" srcdoc="{html.escape(page)}"></iframe>'
    probe.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>null</title>{frame}", encoding="utf8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [find_tool("chromium"), *QUIET, profile, "--window-size=1400,1000", "--virtual-time-budget=5000", "--dump-dom", probe.as_uri()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    title = html.unescape(re.search(r"<title>(.*?)</title>", result.stdout, flags=re.DOTALL)[1])
    console = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(title), console


MEASURE = """
var wide = Array.prototype.filter.call(document.querySelectorAll('main *, header *'), function (e) {
  return !e.closest('.table-scroll, figure, .skip') && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
});
var broken = Array.prototype.filter.call(document.images, function (i) { return i.complete && i.naturalWidth === 0; });
return {width: document.documentElement.clientWidth, wide: wide.length, broken: broken.length, size: parseFloat(getComputedStyle(document.body).fontSize)};
"""


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_the_screen_without_console_errors(site, tmp_path, width):
    for path in pages(site):
        found, console = browse(path, width, MEASURE, tmp_path)
        assert console == [], path
        assert found["width"] in {width, width - 15}, found
        assert found["wide"] == 0, (path, found)
        assert found["broken"] == 0
        assert found["size"] >= 16


@pytest.mark.needs("chromium")
def test_the_index_filters_and_sorts(site, tmp_path):
    script = """
    var table = document.getElementById('cases'), filter = document.getElementById('filter');
    function shown() { return Array.prototype.filter.call(table.tBodies[0].rows, function (r) { return !r.hidden; }).length; }
    function first() { return table.tBodies[0].rows[0].cells[3].textContent; }
    var all = shown(); filter.value = 'binzhou'; filter.dispatchEvent(new Event('input')); var some = shown();
    filter.value = ''; filter.dispatchEvent(new Event('input'));
    var button = table.tHead.rows[0].cells[3].querySelector('button');
    button.click(); var up = first(), state = table.tHead.rows[0].cells[3].getAttribute('aria-sort'); button.click(); var down = first();
    return {all: all, some: some, up: Number(up), down: Number(down), state: state, text: document.getElementById('count').textContent};
    """
    found, _ = browse(site / "index.en.html", 1280, script, tmp_path)
    assert (found["all"], found["some"], found["state"]) == (2, 1, "ascending")
    assert found["up"] < found["down"]
    assert found["text"].startswith(("2", "Cases"))


def test_the_pdf_has_text_embedded_fonts_and_tags(site):
    from pypdf import PdfReader

    for path in sorted(site.glob("*/*/*.pdf")):
        reader = PdfReader(path)
        text = "".join(page.extract_text() for page in reader.pages)
        chinese = ".zh." in path.name
        catalogue, key = ("impact", "simulated_body") if path.name.startswith("pilots") else ("reports", "disclaimer")
        wanted = entries(catalogue)[key]["zh" if chinese else "en"]
        assert wanted in re.sub(r"\s+", "" if chinese else " ", text), path
        assert "\ufffd" not in text
        catalog = reader.trailer["/Root"]
        assert catalog["/MarkInfo"]["/Marked"]
        assert catalog["/Lang"].startswith("zh" if ".zh." in path.name else "en")
        fonts = [f.get_object() for page in reader.pages for f in page["/Resources"].get("/Font", {}).values()]
        assert fonts
        for font in fonts:
            descendant = font["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"]), path


def test_the_word_file_has_styles_alternative_texts_and_links(site):
    for path in sorted(site.glob("*/*/*.docx")):
        with zipfile.ZipFile(path) as archive:
            body = archive.read("word/document.xml").decode("utf8")
            styles = archive.read("word/styles.xml").decode("utf8")
            footer = "".join(archive.read(n).decode("utf8") for n in archive.namelist() if "footer" in n and n.endswith(".xml"))
        drawings = re.findall(r"<wp:docPr [^>]*>", body)
        assert drawings
        assert all(re.search(r'descr="[^"]{20,}"', d) for d in drawings), path
        assert 'w:eastAsia="宋体"' in styles
        assert "asciiTheme" not in re.search(r'<w:style [^>]*w:styleId="BodyText".*?</w:style>', styles, flags=re.DOTALL)[0]
        assert "PAGE" in footer
        for style in ("CalloutTitle", "Callout", "SourceNote"):
            assert f'w:pStyle w:val="{style}"' in body, (path, style)
        anchors = set(re.findall(r'w:anchor="([^"]+)"', body))
        assert anchors <= set(re.findall(r'<w:bookmarkStart [^>]*w:name="([^"]+)"', body))


@pytest.mark.needs("soffice")
@pytest.mark.needs("pdftoppm")
def test_the_word_file_opens_and_no_page_is_blank(site, tmp_path):
    source = site / "huancui" / "zh" / "huancui.zh.docx"
    command = [find_tool("soffice"), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf", "--outdir", tmp_path, source]
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    subprocess.run([find_tool("pdftoppm"), "-r", "30", "-gray", tmp_path / "huancui.zh.pdf", tmp_path / "page"], timeout=120, check=True)
    images = sorted(Path(tmp_path).glob("page*.pgm"))
    assert len(images) >= 5
    for image in images:
        pixels = image.read_bytes()[-2000 * 100 :]
        assert min(pixels) < 128, image

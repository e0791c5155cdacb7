"""Finished files as a reader opens them: pages in a browser, PDF and Word by their contents."""

import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from commresearch.words import entries
from tests.conftest import find_tool, small_project
from tests.unit.effect_case import write_case

WIDTHS = (375, 1280)

@pytest.fixture(scope="module")
def site(tmp_path_factory, simulated_pilots):
    root = small_project(tmp_path_factory.mktemp("pages") / "project", ("huancui", "lean"))
    shutil.copytree(simulated_pilots, root / "reports" / "comparison" / "simulated")
    write_case(root / "data_raw" / "wanghai")
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


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, driven by Playwright; nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=find_tool("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@contextmanager
def opened(browser, path, width):
    """A page in a window of this width, with what its console said and which of its requests would have left the machine."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.said, page.outside = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.outside.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri())
    yield page
    context.close()


MEASURE = """() => {
  const outside = e => !e.closest('.table-scroll, figure, .skip') && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  return {
    wide: [...document.querySelectorAll('main *, header *')].filter(outside).length,
    broken: [...document.images].filter(i => i.complete && i.naturalWidth === 0).length,
    size: parseFloat(getComputedStyle(document.body).fontSize),
  };
}"""


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_the_screen_without_errors_or_requests(site, browser, width):
    for path in pages(site):
        with opened(browser, path, width) as page:
            found = page.evaluate(MEASURE)
            assert (page.said, page.outside) == ([], []), path
        assert (found["wide"], found["broken"]) == (0, 0), (path, found)
        assert found["size"] >= 16


@pytest.mark.needs("chromium")
def test_axe_finds_nothing_serious(site, browser):
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), {}
    for path in pages(site):
        with opened(browser, path, 1280) as page:
            violations = axe.run(page).response["violations"]
        found[path.name] = [(v["id"], v["nodes"][0]["html"][:120]) for v in violations if v["impact"] in {"serious", "critical"}]
    assert not any(found.values()), {name: faults for name, faults in found.items() if faults}


@pytest.mark.needs("chromium")
def test_every_link_of_the_index_opens_the_page_it_names(site, browser):
    with opened(browser, site / "index.html", 1280) as page:
        links = page.eval_on_selector_all("a[href$='.html']", "all => all.map(a => a.href)")
    assert links
    for link in dict.fromkeys(links):
        with opened(browser, Path(url2pathname(urlsplit(link).path)), 1280) as page:
            assert page.locator("h1").count() >= 1, link


@pytest.mark.needs("chromium")
def test_the_index_filters_and_sorts(site, browser):
    with opened(browser, site / "index.en.html", 1280) as page:
        shown = page.locator("#cases tbody tr:visible")
        assert shown.count() == 2
        page.fill("#filter", "binzhou")
        assert shown.count() == 1
        page.fill("#filter", "")
        assert page.inner_text("#count").startswith(("2", "Cases"))
        head = page.locator("#cases thead th").nth(3)
        numbers = []
        for state in ("ascending", "descending"):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == state
            numbers.append(float(page.locator("#cases tbody tr").first.locator("td, th").nth(3).inner_text()))
        assert numbers[0] < numbers[1]


@pytest.mark.needs("chromium")
def test_the_keyboard_reaches_the_text_first(site, browser):
    with opened(browser, site / "index.html", 1280) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.wait_for_function("location.hash === '#' + document.querySelector('main').id")


def test_the_pdf_has_text_embedded_fonts_and_tags(site):
    from pypdf import PdfReader

    for path in sorted(site.glob("*/*/*.pdf")):
        reader = PdfReader(path)
        text = "".join(page.extract_text() for page in reader.pages)
        chinese = ".zh." in path.name
        wanted = entries("reports")["simulated_stamp" if "_simulated." in path.name else "disclaimer"]["zh" if chinese else "en"]
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

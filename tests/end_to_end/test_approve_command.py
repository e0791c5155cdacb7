"""Approving a report from the command line: the record, the page and the Word file, and a report that changes afterwards."""

import json
import re
import zipfile

from commresearch.reporting.review import read_reviews
from tests.conftest import edit
from tests.end_to_end.test_command_line import run

OPTIONS = ("report", "kesheng", "--language", "en", "--format", "html", "--format", "docx", "--renderer", "embedded")


def header(path):
    with zipfile.ZipFile(path) as archive:
        return {re.sub(r"<[^>]+>", "", archive.read(n).decode("utf8")).strip() for n in archive.namelist() if re.fullmatch(r"word/header\d+\.xml", n)}


def record(folder):
    return json.loads((folder / "record.json").read_text(encoding="utf8"))


def test_a_report_is_a_draft_until_it_is_approved_and_again_when_it_changes(project):
    folder = project / "reports" / "site" / "kesheng" / "en"
    page = folder / "kesheng.en.html"
    wrong = run(*OPTIONS, "--look", "red", project=project)
    assert wrong.returncode == 2
    assert "'research', 'gov'" in wrong.stderr
    nothing = run("approve", "kesheng", "--reviewer", "Office", project=project)
    assert nothing.returncode == 2
    assert "[CR-R33] There is no report “kesheng”. There are: —." in nothing.stderr

    assert run(*OPTIONS, project=project).returncode == 0
    first = record(folder)
    assert "Draft, not reviewed" in page.read_text(encoding="utf8")
    assert header(folder / "kesheng.en.docx") == {"Draft, not reviewed"}

    done = run("approve", "kesheng.en", "--reviewer", "Office", "--comment", "read twice", "--renderer", "embedded", project=project)
    assert done.returncode == 0, done.stderr
    reviews = project / "reports" / "reviews" / "reviews.csv"
    assert done.stdout.strip().endswith(str(reviews))
    (review,) = read_reviews(reviews)
    assert (review.report, review.reviewer, review.comment) == ("kesheng.en", "Office", "read twice")
    stamp = rf"Approved by Office, \d+ \w+ \d{{4}} \(content {review.content[:12]}\)"
    assert re.search(stamp, page.read_text(encoding="utf8"))
    assert header(folder / "kesheng.en.docx").pop().startswith("Approved by Office")

    assert run(*OPTIONS, "--look", "gov", project=project).returncode == 0
    text, now = page.read_text(encoding="utf8"), record(folder)
    assert '<body class="look-gov">' in text
    assert re.search(r"<h1[^>]*>1\. ", text)
    assert re.search(stamp, text), "a look is no content"
    assert {name: now[name] for name in ("executed", "notebook", "content")} == {name: first[name] for name in ("executed", "notebook", "content")}
    assert now["seconds"]["execute"] == first["seconds"]["execute"], "no cell was run again"

    edit(project / "data_raw" / "published", "cases.csv", 3, "name_en", "Kesheng, renamed")
    assert run(*OPTIONS, project=project).returncode == 0
    changed = page.read_text(encoding="utf8")
    assert "Draft, not reviewed" in changed
    assert f"The version that was approved is another one: content {review.content[:12]}, by Office" in changed

"""Whatever people write is shown as it stands: no sign of theirs is taken for a mark of Markdown."""

import json
import subprocess

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commresearch.cases.narrative_file import Section, narrative_of
from commresearch.reporting.narrative_items import plain
from commresearch.reporting.rendering import pandoc_path
from commresearch.terms import Language

FORM = "--from=markdown-tex_math_dollars-raw_html-smart+table_attributes"
LETTERS = "abcxyzIV019 .,:;!?'\"()[]{}<>|#@$%^&*_+-=~`/\\投诉率，。：（）"
WRITTEN = st.text(alphabet=LETTERS, min_size=1, max_size=24).map(lambda text: " ".join(text.split())).filter(bool)


def read_by_pandoc(markdown):
    """Kind and text of every block."""
    found = subprocess.run([str(pandoc_path()), FORM, "--to=json"], input=markdown, capture_output=True, text=True, check=True, timeout=60)
    return [(block["t"], words(block["c"])) for block in json.loads(found.stdout)["blocks"]]


def words(inlines):
    """Text of inlines; any that is no plain text names itself."""
    return "".join({"Str": inline.get("c"), "Space": " "}.get(inline["t"], f"<{inline['t']}>") for inline in inlines)


@given(st.lists(WRITTEN, min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_every_paragraph_is_one_paragraph_of_plain_text(lines):
    assert read_by_pandoc("\n\n".join(plain(line) for line in lines)) == [("Para", line) for line in lines]


@given(st.lists(st.text(alphabet=LETTERS.replace("{", "").replace("}", ""), max_size=30), max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_text_under_a_heading_is_lost(lines):
    kept = [line for line in lines if not line.strip().startswith("#")]
    assume("<!--" not in "\n".join(kept))
    blocks = narrative_of("# 问题\n" + "\n".join(kept) + "\n", "x", Language.ZH).blocks(Section.PROBLEMS)
    before, after = ("".join("".join(part.split()) for part in parts) for parts in (kept, [block.text for block in blocks]))
    signs = "-*+0123456789.)"  # of which some open entries of lists
    assert [c for c in before if c not in signs] == [c for c in after if c not in signs]

"""What is loaded before reports are made: what their notebooks import, and no more."""

import importlib.util
import json
import subprocess
import sys

import pytest

from commresearch.reporting.lean_papermill import GRAMMAR
from commresearch.reporting.warm_up import modules_of
from tests.conftest import ROOT


def notebook(folder, *cells):
    path = folder / "some.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}), encoding="utf8")
    return path


def test_modules_of_the_package_are_told_from_names_in_them_and_from_other_packages(tmp_path):
    path = notebook(
        tmp_path, "import pandas as pd\nimport commresearch.words", ["from commresearch.reporting import quality_page, no_such_thing\n", "x = 1"],
        "def later():\n    from commresearch.reporting.display import show\n    from json import dumps",
    )
    assert modules_of(path) == ("commresearch.words", "commresearch.reporting", "commresearch.reporting.quality_page", "commresearch.reporting.display")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code", "source": "1 +"}]}'])
def test_a_notebook_that_cannot_be_read_is_left_to_its_run(text, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text(text, encoding="utf8")
    assert modules_of(path) == ()
    assert modules_of(tmp_path / "absent.ipynb") == ()


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_of_a_report_names_modules_of_its_own(path):
    assert len([name for name in modules_of(path) if name.startswith("commresearch.reporting.")]) >= 2


def test_running_notebooks_loads_no_grammar_of_web_addresses_and_hides_it_from_nobody():
    code = f"import sys; from commresearch.reporting import notebooks; assert {GRAMMAR!r} not in sys.modules; import jsonschema; jsonschema.validate(1, {{'type': 'integer'}})"
    if importlib.util.find_spec(GRAMMAR) is not None:
        code += f"; import {GRAMMAR}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_style_of_seaborn_loads_no_statistics_and_leaves_seaborn_to_others():
    code = """
import sys
import matplotlib as mpl
from commresearch.reporting.style import house_style
def style():
    with house_style():
        return {name: str(value) for name, value in mpl.rcParams.items()}
lean = style()
assert not {"seaborn", "scipy.stats"} & set(sys.modules)
assert mpl.colormaps[lean["image.cmap"]]
import seaborn
assert seaborn.kdeplot and seaborn.axes_style("white")["image.cmap"] == lean["image.cmap"] and style() == lean
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True, timeout=120)

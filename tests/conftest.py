"""Fixtures: the ledger, a small project made from it, and tools that some tests need."""

import importlib.util
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from commresearch.cases import Published, load_published

ROOT = Path(__file__).parent.parent
LEDGER = ROOT / "data_raw" / "published"
TOOLS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "soffice": ("soffice",), "calc": ("localc", "scalc"), "pdftoppm": ("pdftoppm",), "spark": ("java",), "Rscript": ("Rscript",)}
MODULES = {"distributed", "jupyterlab", "numba"}  #: extras that some tests need


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test by the name of its missing tool; fail it where every tool is required."""
    for mark in item.iter_markers("needs"):
        tool = mark.args[0]
        if find_tool(tool) is None:
            message = f"{tool} is not installed"
            if os.environ.get("REQUIRE") == "all":
                pytest.fail(message)
            pytest.skip(message)


def find_tool(tool: str) -> str | None:
    """Path of a program that a test needs."""
    if tool in MODULES:
        spec = importlib.util.find_spec(tool)
        return None if spec is None else spec.origin
    if tool == "spark" and importlib.util.find_spec("pyspark") is None:
        return None
    return next((found for name in TOOLS[tool] if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def published() -> Published:
    """The ledger of the project."""
    return load_published(LEDGER)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A copy of the ledger that a test may damage."""
    return Path(shutil.copytree(LEDGER, tmp_path / "published"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two cases and the real notebooks."""
    return small_project(tmp_path / "project", ("huancui", "kesheng"))


@pytest.fixture(scope="session")
def simulated_pilots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estimates of the fictional pilots, which every full run would make anew in a project of its own."""
    from commresearch.workflow import simulated_effects

    out = tmp_path_factory.mktemp("pilots") / "simulated"
    simulated_effects(out)
    return out


@pytest.fixture
def ready_project(project: Path, simulated_pilots: Path) -> Path:
    """The same project, in which the fictional pilots are estimated already."""
    shutil.copytree(simulated_pilots, project / "reports" / "comparison" / "simulated")
    return project


def small_project(root: Path, cases: tuple[str, ...]) -> Path:
    """Write a project that holds some cases of the ledger only."""
    (root / "notebooks").mkdir(parents=True)
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, root / "notebooks")
    folder = root / "data_raw" / "published"
    folder.mkdir(parents=True)
    for file in LEDGER.glob("*.csv"):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        (frame[frame["case_id"].isin(cases)] if "case_id" in frame else frame).to_csv(folder / file.name, index=False)
    return root


def edit(folder: Path, file: str, row: int, column: str, new: str) -> None:
    """Change one cell of a ledger file; `row` as a spreadsheet counts."""
    path = folder / file
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[row - 2, column] = new
    frame.to_csv(path, index=False)

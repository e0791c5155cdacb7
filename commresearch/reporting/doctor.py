"""What is installed and what is missing."""

import importlib.util
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from commresearch.errors import CommResearchError
from commresearch.records import run_process
from commresearch.reporting.fonts import FILES, font_folder
from commresearch.reporting.rendering import find_quarto, pandoc_path

SECONDS = 20
PACKAGES = ("commresearch", "pandas", "statsmodels", "seaborn", "papermill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked for: state is ok, absent (optional) or missing (needed)."""

    name: str
    state: str
    detail: str


def examine(environment: Mapping[str, str], project: Path) -> list[Finding]:
    """Look at everything a report needs."""
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in PACKAGES)
    return [
        Finding(name="python", state="ok", detail=f"{platform.python_version()} ({platform.system()})"),
        Finding(name="packages", state="ok", detail=versions),
        _font(), _pandoc(), _typst(), _quarto(environment), _lab(), _ledger(project),
    ]


def _font() -> Finding:
    try:
        return Finding(name="font", state="ok", detail=f"{', '.join(FILES)} ({font_folder()})")
    except CommResearchError as error:
        return Finding(name="font", state="missing", detail=str(error))


def _pandoc() -> Finding:
    result = run_process([pandoc_path(), "--version"], timeout=SECONDS)
    return Finding(name="pandoc", state="ok" if result.ok else "missing", detail=(result.stdout or result.stderr).split("\n")[0])


def _typst() -> Finding:
    there = importlib.util.find_spec("typst") is not None
    return Finding(name="typst", state="ok" if there else "missing", detail=metadata.version("typst") if there else "pip install typst")


def _quarto(environment: Mapping[str, str]) -> Finding:
    command = find_quarto(environment)
    if command is None:
        return Finding(name="quarto", state="absent", detail="pandoc + typst")
    result = run_process([command, "--version"], timeout=SECONDS)
    return Finding(name="quarto", state="ok" if result.ok else "absent", detail=f"{result.stdout.strip() or result.stderr.strip()} ({command})")


def _lab() -> Finding:
    there = importlib.util.find_spec("jupyterlab") is not None
    return Finding(name="lab", state="ok" if there else "absent", detail=metadata.version("jupyterlab") if there else 'pip install -e ".[lab]"')


def _ledger(project: Path) -> Finding:
    folder = project / "data_raw" / "published"
    there = folder.is_dir()
    return Finding(name="ledger", state="ok" if there else "missing", detail=str(folder))

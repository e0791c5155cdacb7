"""What is installed and what is missing."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from commresearch.cases import load_published
from commresearch.errors import CommResearchError
from commresearch.records import run_process
from commresearch.reporting.fonts import FILES, font_folder
from commresearch.reporting.rendering import find_quarto, pandoc_path
from commresearch.terms import Language
from commresearch.words import render_error

SECONDS = 20
PACKAGES = ("commresearch", "pandas", "statsmodels", "seaborn", "papermill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked for: state is ok, absent (optional), broken (optional, does not work) or missing (needed)."""

    name: str
    state: str
    detail: str


def examine(environment: Mapping[str, str], project: Path, language: Language) -> list[Finding]:
    """Look at everything a report needs; each look that fails is a finding, never an error."""
    return [
        Finding(name="python", state="ok", detail=f"{platform.python_version()} ({platform.system()})"),
        _packages(), _font(language), _pandoc(), _package("typst", "typst", "missing"), _quarto(environment),
        _package("lab", "jupyterlab", "absent"), _ledger(project, language),
    ]


def _version(package: str) -> str:
    """Installed version; empty where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _packages() -> Finding:
    versions = {p: _version(p) for p in PACKAGES}
    state = "ok" if all(versions.values()) else "missing"
    return Finding(name="packages", state=state, detail=", ".join(f"{p} {v or '—'}" for p, v in versions.items()))


def _package(name: str, package: str, otherwise: str) -> Finding:
    version = _version(package)
    return Finding(name=name, state="ok" if version else otherwise, detail=version or f"pip install {package}")


def _font(language: Language) -> Finding:
    try:
        return Finding(name="font", state="ok", detail=f"{', '.join(FILES)} ({font_folder()})")
    except CommResearchError as error:
        return Finding(name="font", state="missing", detail=render_error(error, language))


def _pandoc() -> Finding:
    try:
        result = run_process([pandoc_path(), "--version"], timeout=SECONDS)
    except OSError as error:
        return Finding(name="pandoc", state="missing", detail=str(error).strip().split("\n")[0])
    return Finding(name="pandoc", state="ok" if result.ok else "missing", detail=(result.stdout or result.stderr).split("\n")[0])


def _quarto(environment: Mapping[str, str]) -> Finding:
    command = find_quarto(environment)
    if command is None:
        return Finding(name="quarto", state="absent", detail="pandoc + typst")
    result = run_process([command, "--version"], timeout=SECONDS)
    said = result.stdout.strip() or result.stderr.strip() or "—"
    return Finding(name="quarto", state="ok" if result.ok else "broken", detail=f"{said} ({command})")


def _ledger(project: Path, language: Language) -> Finding:
    folder = project / "data_raw" / "published"
    try:
        n = len(load_published(folder).cases)
    except CommResearchError as error:
        return Finding(name="ledger", state="missing", detail=render_error(error, language))
    return Finding(name="ledger", state="ok", detail=f"{folder} ({n})")

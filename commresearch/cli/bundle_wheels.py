"""The wheels that an installation on another machine needs: what is required there, in the versions of constraints.txt.

pip judges the conditions of requirements (`sys_platform == "win32"`) by the machine that it runs on; here they are judged by the machine that the wheels
are for, and pip only fetches.
"""

import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from commresearch.errors import Failure, ReportError
from commresearch.records import ProcessResult, run_process

CONSTRAINTS = "constraints.txt"
PATIENCE = 1_800  #: seconds for one call of pip
NO_WHEEL = "No matching distribution found"
ANY_PYTHON = re.compile(r"-(py2\.)?py3-none-")  #: in the name of a wheel that fits every Python
GLIBC = range(28, 4, -1)  #: of the oldest Linux that the wheels have to run on, and older ones

Pip = Callable[[Sequence[str]], ProcessResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A machine that wheels are for: `tags` are those of pip's --platform, `facts` what conditions of requirements ask for."""

    platform: str
    python: str
    tags: tuple[str, ...]
    facts: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What conditions of requirements are judged by."""
        return {
            **self.facts, "python_version": self.python, "python_full_version": f"{self.python}.0", "implementation_name": "cpython",
            "platform_python_implementation": "CPython", "implementation_version": f"{self.python}.0", "extra": "",
        }


PLATFORMS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "linux-x86_64": (
        (*(f"manylinux_2_{minor}_x86_64" for minor in GLIBC), "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"),
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64", "platform_release": "", "platform_version": ""},
    ),
    "windows-x64": (
        ("win_amd64",),
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64", "platform_release": "", "platform_version": ""},
    ),
}


def target_of(platform: str, python: str) -> Target:
    """The machine with a platform of `PLATFORMS` and a Python such as 3.12."""
    tags, facts = PLATFORMS[platform]
    return Target(platform=platform, python=python, tags=tags, facts=facts)


def read_pins(path: Path) -> dict[str, str]:
    """Version of every package in a file of constraints, by canonical name."""
    lines = [line.split(";")[0].strip() for line in path.read_text(encoding="utf8").splitlines()]
    pinned = (line.partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): str(Version(version)) for name, _, version in pinned}


def run_pip(arguments: Sequence[str]) -> ProcessResult:
    """Run the pip of this Python, with its own settings: where it fetches from is not this program's business."""
    return run_process([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments], timeout=PATIENCE)


def collect_wheels(target: Target, requirements: Iterable[str], pins: Mapping[str, str], folder: Path, *, beside: Sequence[Path] = (), pip: Pip = run_pip) -> list[Path]:
    """Fetch every wheel that the requirements lead to on a machine.

    Parameters
    ----------
    target
        The machine.
    requirements
        Of the project itself, as pyproject.toml writes them.
    pins
        From `read_pins`.
    folder
        Where the wheels go; made where it is missing.
    beside
        Folders with wheels for other Pythons of the platform: what fits every Python is taken from there.
    pip
        What runs pip.

    Returns
    -------
    list of Path
        The wheels, sorted.

    Raises
    ------
    ReportError
        Packages without a pin (CR-Z10), with one that does not do (CR-Z13), or without a wheel for the machine (CR-Z11): all of these that are met in one
        round of requirements; pip failed (CR-Z12).
    """
    folder.mkdir(parents=True, exist_ok=True)
    wheels: dict[str, Path] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [("pyproject.toml", Requirement(text)) for text in requirements]
    while waiting:
        wanted = [(by, one) for by, one in waiting if _holds(one, target.environment)]
        _require_pins(wanted, pins, target)
        names = {canonicalize_name(one.name) for _, one in wanted} - set(wheels)
        wheels |= _fetch(target, {name: pins[name] for name in sorted(names)}, folder, beside, pip)
        new = {(canonicalize_name(one.name), extra) for _, one in wanted for extra in ("", *one.extras)} - seen
        seen |= new
        waiting = [(name, one) for name, extra in sorted(new) for one in _asked_for(wheels[name], target.environment | {"extra": extra})]
    return sorted(wheels.values())


def _holds(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(environment))


def _asked_for(wheel: Path, environment: Mapping[str, str]) -> list[Requirement]:
    """What a wheel requires in an environment, which names an extra or none."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        told = Parser().parsestr(archive.read(name).decode("utf8"), headersonly=True)
    held = [one for one in map(Requirement, told.get_all("Requires-Dist", [])) if _holds(one, environment)]
    for one in held:
        one.marker = None  # an extra is that of the package which names it: it is judged here
    return held


def _require_pins(wanted: Sequence[tuple[str, Requirement]], pins: Mapping[str, str], target: Target) -> None:
    failures: dict[tuple[str, str], Failure] = {}
    for by, one in wanted:
        name = canonicalize_name(one.name)
        values = {"file": CONSTRAINTS, "name": name, "by": by, "needs": str(one.specifier) or "—", "platform": target.platform, "python": target.python}
        if name not in pins:
            failures["CR-Z10", name] = Failure(code="CR-Z10", values=values)
        elif not one.specifier.contains(pins[name], prereleases=True):
            failures["CR-Z13", name] = Failure(code="CR-Z13", values={**values, "version": pins[name]})
    if failures:
        raise ReportError(*failures.values())


def _fetch(target: Target, versions: Mapping[str, str], folder: Path, beside: Sequence[Path], pip: Pip) -> dict[str, Path]:
    """Wheels by name, of these versions."""
    for name, version in versions.items():
        if found := next((w for other in beside for w in _wheels_in(other).get((name, version), []) if ANY_PYTHON.search(w.name)), None):
            shutil.copy2(found, folder)
    there = _wheels_in(folder)
    missing = [f"{name}=={version}" for name, version in versions.items() if (name, version) not in there]
    if missing:
        _download(target, missing, folder, pip)
        there = _wheels_in(folder)
    return {name: there[name, version][0] for name, version in versions.items()}


def _wheels_in(folder: Path) -> dict[tuple[str, str], list[Path]]:
    found: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version, *_ = parse_wheel_filename(path.name)
        found.setdefault((name, str(version)), []).append(path)
    return found


def _download(target: Target, specs: Sequence[str], folder: Path, pip: Pip) -> None:
    """Fetch wheels; where one cannot be had, every one that cannot is named."""
    options = [
        "download", "--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", target.python,
        *(f"--platform={tag}" for tag in target.tags), "--dest", str(folder),
    ]
    result = pip([*options, *specs])
    if result.ok:
        return
    if NO_WHEEL not in result.stderr:
        raise ReportError(_not_finished(f"download ({target.platform}, Python {target.python})", result))
    lacking = [spec for spec in specs if NO_WHEEL in pip([*options, spec]).stderr]
    raise ReportError(*(
        Failure(code="CR-Z11", values={"name": name, "version": version, "platform": target.platform, "python": target.python, "file": CONSTRAINTS})
        for name, _, version in (spec.partition("==") for spec in lacking)
    ))


def own_wheel(root: Path, folder: Path, *, pip: Pip = run_pip) -> Path:
    """Build the wheel of the package itself, from a copy: what an earlier build left in the project does not get into it.

    Raises
    ------
    ReportError
        pip failed (CR-Z12).
    """
    source = folder / "source"
    source.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy2(root / name, source)
    shutil.copytree(root / "commresearch", source / "commresearch", ignore=shutil.ignore_patterns("__pycache__"))
    result = pip(["wheel", "--no-deps", "--wheel-dir", str(folder), str(source)])
    if not result.ok:
        raise ReportError(_not_finished("wheel (commresearch)", result))
    return next(folder.glob("commresearch-*.whl"))


def _not_finished(what: str, result: ProcessResult) -> Failure:
    return Failure(code="CR-Z12", values={"what": f"pip {what}", "error": " ".join(result.stderr.split())[-400:] or "—"})

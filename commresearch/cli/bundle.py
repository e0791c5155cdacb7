"""An installer for machines without network: `python -m commresearch.cli.bundle`, or `make bundle`.

One zip per platform: wheels for every Python that is named, the published ledger, the notebooks, and scripts that make an environment, install from the
wheels alone, and check the installation. What is not in the zip is not needed, except Python itself.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from commresearch import __version__
from commresearch.cli.bundle_wheels import CONSTRAINTS, PLATFORMS, Pip, collect_wheels, own_wheel, read_pins, run_pip, target_of
from commresearch.cli.check_files import SUMS
from commresearch.errors import CommResearchError, Failure, ReportError
from commresearch.records import write_whole
from commresearch.terms import Language
from commresearch.words import render_error, say

PYTHONS = ("3.11", "3.12", "3.13")
WINDOWS = "windows-x64"
FILES = (CONSTRAINTS, "README.md", "README.zh.md", "LICENSE", "NOTICE")
FOLDERS = ("notebooks", "data_raw/published")
CHECK = "check_files.py"
UNHELD = {".ipynb_checkpoints", "__pycache__", "figs"}
SAME_TIME = (2020, 1, 1, 0, 0, 0)  #: the same files give the same zip
MEGABYTE = 10**6


def make_bundle(root: Path, out: Path, platform: str, pythons: Sequence[str], extras: Sequence[str] = (), *, pip: Pip = run_pip) -> Path:
    """Write the installer for one platform.

    Parameters
    ----------
    root
        Folder of the project.
    out
        Where the zip goes, beside those of other platforms.
    platform
        One of `PLATFORMS`.
    pythons
        Versions such as 3.12 that wheels are collected for.
    extras
        Extras of the package that are installed with it.
    pip
        What runs pip.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    ReportError
        The project lacks files (CR-Z14); as `collect_wheels` and `own_wheel`.
    """
    if missing := [name for name in (*FILES, *FOLDERS, "pyproject.toml") if not (root / name).exists()]:
        raise ReportError(Failure(code="CR-Z14", values={"folder": str(root.resolve()), "missing": ", ".join(missing)}))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]
    required = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".work-") as work:
        held = Path(work) / f"commresearch-{__version__}-{platform}"
        wheels = held / "wheels"
        wheels.mkdir(parents=True)
        shutil.copy2(own_wheel(root, Path(work) / "own", pip=pip), wheels)
        collected = [Path(work) / python for python in pythons]
        for place, python in enumerate(pythons):
            _say("collecting", platform=platform, python=python)
            for wheel in collect_wheels(target_of(platform, python), required, read_pins(root / CONSTRAINTS), collected[place], beside=collected[:place], pip=pip):
                shutil.copy2(wheel, wheels)
        _copy_project(root, held)
        _write_scripts(held, platform, pythons, extras)
        made = _packed(held, Path(work) / f"{held.name}.zip")
        target = out / made.name
        made.replace(target)
        _say("written", path=target, files=sum(path.is_file() for path in held.rglob("*")), megabytes=f"{target.stat().st_size / MEGABYTE:.0f}")
    return target


def _copy_project(root: Path, held: Path) -> None:
    for name in FILES:
        shutil.copy2(root / name, held)
    for name in FOLDERS:
        shutil.copytree(root / name, held / name, ignore=lambda _, names: UNHELD & set(names))
    shutil.copy2(Path(__file__).with_name(CHECK), held)


def _write_scripts(held: Path, platform: str, pythons: Sequence[str], extras: Sequence[str]) -> None:
    """The script that installs, what to read first, and the hashes of everything."""
    if platform == WINDOWS:
        write_whole(held / "install.cmd", install_cmd(pythons, extras))
    else:
        write_whole(held / "install.sh", install_sh(pythons, extras))
    write_whole(held / "INSTALL.txt", b"\xef\xbb\xbf" + read_first(platform, pythons).encode())  # older Windows reads UTF-8 by this mark
    listed = sorted(path for path in held.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(held).as_posix()}\n" for path in listed]
    write_whole(held / SUMS, "".join(lines))


def read_first(platform: str, pythons: Sequence[str]) -> str:
    """What somebody reads who has unpacked the zip, in both languages."""
    step = "step_windows" if platform == WINDOWS else "step_linux"
    values: Mapping[str, object] = {"version": __version__, "platform": platform, "pythons": _named(pythons)}
    parts = []
    for language in Language:
        lines = [say(f"bundle.{key}", language, **values) for key in ("title", "needs", step, "step_moved", "contents")]
        parts.append("\r\n".join([lines[0], "", *(f"{n}. {line}" for n, line in enumerate(lines[1:], 1)), ""]))
    return "\r\n".join(parts)


def _named(pythons: Sequence[str]) -> str:
    return ", ".join(pythons)


def _requirement(extras: Sequence[str]) -> str:
    return f"commresearch[{','.join(extras)}]=={__version__}" if extras else f"commresearch=={__version__}"


def _versions(pythons: Sequence[str]) -> str:
    """A condition in Python: this is one of these versions, of 64 bits."""
    known = ", ".join(f"({v.replace('.', ', ')})" for v in pythons)
    return f"import sys; sys.exit(sys.version_info[:2] not in [{known}] or sys.maxsize.bit_length() != 63)"


def install_sh(pythons: Sequence[str], extras: Sequence[str] = ()) -> str:
    """The script for Linux: the first suitable Python, hashes, environment, installation, check."""
    told = {key: _shell_echo(_both(key, pythons=_named(pythons))) for key in ("no_python", "damaged", "no_venv", "not_installed", "not_checked", "done_linux")}
    names = " ".join(f"python{v}" for v in reversed(pythons))
    return f"""#!/bin/sh
set -u
cd "$(dirname "$0")" || exit 2
found=
for name in ${{PYTHON:-}} {names} python3; do
  if command -v "$name" >/dev/null 2>&1 && "$name" -c '{_versions(pythons)}' >/dev/null 2>&1; then found=$name; break; fi
done
if [ -z "$found" ]; then {told["no_python"]}; exit 2; fi
"$found" {CHECK} || {{ {told["damaged"]}; exit 2; }}
"$found" -m venv .venv || {{ {told["no_venv"]}; exit 2; }}
.venv/bin/python -m pip --disable-pip-version-check install --no-index --find-links wheels -c {CONSTRAINTS} '{_requirement(extras)}' || {{ {told["not_installed"]}; exit 2; }}
.venv/bin/commresearch doctor || {{ {told["not_checked"]}; exit 1; }}
{told["done_linux"]}
"""


def install_cmd(pythons: Sequence[str], extras: Sequence[str] = ()) -> str:
    """The script for Windows, which does the same; with `/q` it does not wait for a key at the end."""
    told = {key: [f"echo {_plain(text)}" for text in _both(key, pythons=_named(pythons))] for key in ("no_python", "damaged", "no_venv", "not_installed", "not_checked", "done_windows")}
    faults = {"no_python": 2, "damaged": 2, "no_venv": 2, "not_installed": 2, "not_checked": 1}
    lines = [
        "@echo off", "chcp 65001 >nul", 'cd /d "%~dp0"', 'set "FOUND="',
        f'for %%v in ({" ".join(reversed(pythons))}) do if not defined FOUND py -%%v -c "{_versions(pythons)}" >nul 2>nul && set "FOUND=py -%%v"',
        f'if not defined FOUND python -c "{_versions(pythons)}" >nul 2>nul && set "FOUND=python"',
        "if not defined FOUND goto no_python",
        f"%FOUND% {CHECK}", "if errorlevel 1 goto damaged",
        "%FOUND% -m venv .venv", "if errorlevel 1 goto no_venv",
        f'.venv\\Scripts\\python -m pip --disable-pip-version-check install --no-index --find-links wheels -c {CONSTRAINTS} "{_requirement(extras)}"',
        "if errorlevel 1 goto not_installed",
        ".venv\\Scripts\\commresearch doctor", "if errorlevel 1 goto not_checked",
        *told["done_windows"], 'set "CODE=0"', "goto leave",
        *(line for key, code in faults.items() for line in (f":{key}", *told[key], f'set "CODE={code}"', "goto leave")),
        ":leave", 'if not "%~1"=="/q" pause', "exit /b %CODE%",
    ]
    return "\r\n".join(lines) + "\r\n"


def _both(key: str, **values: object) -> list[str]:
    """A sentence in both languages."""
    return [say(f"bundle.{key}", language, **values) for language in Language]


def _shell_echo(lines: Sequence[str]) -> str:
    return "printf '%s\\n' " + " ".join("'" + line.replace("'", "'\\''") + "'" for line in lines)


def _plain(text: str) -> str:
    """A text as `echo` of Windows prints it."""
    for sign in "^&|<>()":
        text = text.replace(sign, f"^{sign}")
    return text.replace("%", "%%")


def _packed(folder: Path, path: Path) -> Path:
    """A zip with the folder in it; wheels are compressed already."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), SAME_TIME)
            entry.compress_type = zipfile.ZIP_STORED if file.suffix == ".whl" else zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if file.suffix == ".sh" else 0o100644) << 16
            archive.writestr(entry, file.read_bytes())
    return path


def _write_sums(out: Path) -> None:
    """Hashes of the zips that stand in the folder."""
    lines = []
    for path in sorted(out.glob("commresearch-*.zip")):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    write_whole(out / SUMS, "".join(lines))


def _say(key: str, **values: object) -> None:
    sys.stdout.write(" / ".join(_both(key, **values)) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the installers that are asked for; exit code 2 where one cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path())
    parser.add_argument("--out", type=Path, default=Path("build") / "bundle")
    parser.add_argument("--platform", action="append", choices=PLATFORMS)
    parser.add_argument("--python", action="append", choices=PYTHONS)
    parser.add_argument("--extra", action="append", default=[])
    asked = parser.parse_args(arguments)
    failures: list[Failure] = []
    for platform in asked.platform or PLATFORMS:
        try:
            make_bundle(asked.project, asked.out, platform, asked.python or PYTHONS, asked.extra)
        except CommResearchError as error:  # the other platform may be whole
            failures += error.failures
    if failures:
        sys.stderr.write("".join(f"{render_error(CommResearchError(*failures), language)}\n" for language in Language))
    _write_sums(asked.out)
    return 2 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""The offline installer: which wheels it holds for which machine, and what its scripts do; pip is played by a folder of wheels."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from commresearch import __version__
from commresearch.cli import bundle
from commresearch.cli.bundle_wheels import NO_WHEEL, collect_wheels, read_pins, target_of
from commresearch.cli.check_files import SUMS, damaged
from commresearch.errors import ReportError
from commresearch.records import ProcessResult
from commresearch.terms import Language
from commresearch.words import render_error
from tests.conftest import ROOT

HAN = re.compile(r"[\u4e00-\u9fff]")
#: name==version → what it requires, and the end of its file name; `{python}` for a wheel per Python.
WORLD = {
    "alpha==1.0": (['beta>=2', 'winonly; sys_platform == "win32"', 'old; python_version < "3.12"', 'more; extra == "plus"'], "py3-none-any"),
    "beta==2.1": (["gamma[plus]"], "cp{python}-cp{python}-{platform}"),
    "gamma==3.0": (['delta; extra == "plus"', 'never; extra == "other"'], "py2.py3-none-any"),
    "delta==4.0": (["alpha"], "py3-none-any"), "winonly==1.0": ([], "py3-none-any"), "old==0.1": ([], "py3-none-any"), "more==1.0": ([], "py3-none-any"),
}
PINS = {name: version for name, _, version in (spec.partition("==") for spec in WORLD)}


def write_wheel(folder: Path, name: str, version: str, requires: list[str], tag: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}-{version}.dist-info/METADATA"), "Metadata-Version: 2.1\n" + "\n".join(lines) + "\n\nabout\n")


class FakePip:
    """Answers as pip does, from `WORLD`."""

    def __init__(self, without=()):
        self.without, self.calls = without, []

    def __call__(self, arguments):
        self.calls.append(list(arguments))
        if arguments[0] == "wheel":
            write_wheel(Path(arguments[arguments.index("--wheel-dir") + 1]), "commresearch", __version__, ["alpha"], "py3-none-any")
            return ProcessResult(exit_code=0, stdout="", stderr="")
        folder, python = (arguments[arguments.index(f"--{name}") + 1] for name in ("dest", "python-version"))
        specs = [one for one in arguments if "==" in one]
        platform = next(one for one in arguments if one.startswith("--platform=")).removeprefix("--platform=")
        for spec in specs:
            if spec in self.without:
                return ProcessResult(exit_code=1, stdout="", stderr=f"ERROR: {NO_WHEEL} for {spec}")
            requires, tag = WORLD[spec]
            write_wheel(Path(folder), *spec.split("=="), requires, tag.format(python=python.replace(".", ""), platform=platform))
        return ProcessResult(exit_code=0, stdout="", stderr="")


def names(wheels):
    return [path.name.partition("-")[0] for path in wheels]


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name in ("commresearch", "notebooks/.ipynb_checkpoints", "data_raw/published"):
        (root / name).mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\ndependencies = ["alpha"]\n[project.optional-dependencies]\nlab = ["more"]\n', encoding="utf8")
    (root / "constraints.txt").write_text("# pins\n" + "".join(f"{spec}\n" for spec in WORLD), encoding="utf8")
    for name in ("README.md", "README.zh.md", "LICENSE", "NOTICE", "notebooks/a.ipynb", "notebooks/.ipynb_checkpoints/a.ipynb", "data_raw/published/cases.csv"):
        (root / name).write_text(name, encoding="utf8")
    return root


def test_what_has_no_pin_or_another_is_named_with_who_needs_it(tmp_path):
    pins = {**PINS, "beta": "1.0"}
    del pins["winonly"]
    with pytest.raises(ReportError) as error:
        collect_wheels(target_of("windows-x64", "3.12"), ["alpha"], pins, tmp_path, pip=FakePip())
    assert {(f.code, f.values["name"], f.values["by"]) for f in error.value.failures} == {("CR-Z10", "winonly", "alpha"), ("CR-Z13", "beta", "alpha")}
    assert "winonly==版本号" in render_error(error.value, Language.ZH)
    collect_wheels(target_of("linux-x86_64", "3.12"), ["alpha"], {**PINS, "winonly": "0"}, tmp_path / "linux", pip=FakePip())


def test_every_package_without_a_wheel_is_named(tmp_path):
    with pytest.raises(ReportError) as error:
        collect_wheels(target_of("windows-x64", "3.11"), ["alpha"], PINS, tmp_path, pip=FakePip({"beta==2.1", "old==0.1"}))
    assert [(f.code, f.values["name"]) for f in error.value.failures] == [("CR-Z11", "beta"), ("CR-Z11", "old")]
    assert "beta==2.1 has no wheel for windows-x64 with Python 3.11" in render_error(error.value, Language.EN)


def test_a_pip_that_fails_otherwise_is_quoted(tmp_path):
    with pytest.raises(ReportError) as error:
        collect_wheels(target_of("windows-x64", "3.11"), ["alpha"], PINS, tmp_path, pip=lambda _: ProcessResult(exit_code=1, stdout="", stderr="no route to host"))
    assert error.value.failures[0].code == "CR-Z12"
    assert "no route to host" in render_error(error.value, Language.ZH)


@pytest.mark.parametrize(
    ("platform", "python", "expected"),
    [
        ("linux-x86_64", "3.11", ["alpha", "beta", "delta", "gamma", "old"]), ("linux-x86_64", "3.13", ["alpha", "beta", "delta", "gamma"]),
        ("windows-x64", "3.13", ["alpha", "beta", "delta", "gamma", "winonly"]),
    ],
    ids=["linux-311", "linux-313", "windows-313"],
)
def test_conditions_are_those_of_the_other_machine(tmp_path, platform, python, expected):
    wheels = collect_wheels(target_of(platform, python), ["alpha"], PINS, tmp_path, pip=FakePip())
    assert names(wheels) == expected
    (beta,) = (path.name for path in wheels if path.name.startswith("beta"))
    assert f"cp{python.replace('.', '')}" in beta
    assert ("win_amd64" in beta) == (platform == "windows-x64")


def test_an_extra_brings_what_it_needs(tmp_path):
    assert "more" in names(collect_wheels(target_of("linux-x86_64", "3.13"), ["alpha[plus]"], PINS, tmp_path, pip=FakePip()))


def test_what_fits_every_python_is_fetched_once(tmp_path):
    collect_wheels(target_of("linux-x86_64", "3.12"), ["alpha"], PINS, tmp_path / "12", pip=FakePip())
    pip = FakePip()
    wheels = collect_wheels(target_of("linux-x86_64", "3.13"), ["alpha"], PINS, tmp_path / "13", beside=[tmp_path / "12"], pip=pip)
    assert [spec for call in pip.calls for spec in call if "==" in spec] == ["beta==2.1"]
    assert names(wheels) == ["alpha", "beta", "delta", "gamma"]


def test_a_project_that_lacks_files_is_refused(project, tmp_path):
    (project / "NOTICE").unlink()
    (project / "constraints.txt").unlink()
    with pytest.raises(ReportError) as error:
        bundle.make_bundle(project, tmp_path / "out", "linux-x86_64", ["3.12"], pip=FakePip())
    assert error.value.failures[0].code == "CR-Z14"
    assert error.value.failures[0].values["missing"] == "constraints.txt, NOTICE"
    assert not (tmp_path / "out").exists()


def test_the_zip_holds_what_it_lists_and_is_the_same_again(project, tmp_path, capsys):
    made = [bundle.make_bundle(project, tmp_path / out, "linux-x86_64", ["3.12", "3.13"], ["lab"], pip=FakePip()) for out in ("one", "two")]
    assert made[0].read_bytes() == made[1].read_bytes()
    assert [path.name for path in (tmp_path / "one").iterdir()] == [f"commresearch-{__version__}-linux-x86_64.zip"]
    assert "Python 3.13" in capsys.readouterr().out
    with zipfile.ZipFile(made[0]) as archive:
        archive.extractall(tmp_path / "unpacked")
        assert (archive.getinfo(f"commresearch-{__version__}-linux-x86_64/install.sh").external_attr >> 16) & 0o111
    folder = tmp_path / "unpacked" / f"commresearch-{__version__}-linux-x86_64"
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {line.split("  ")[1] for line in (folder / SUMS).read_text(encoding="utf8").splitlines()} == held - {SUMS}
    assert {"data_raw/published/cases.csv", "notebooks/a.ipynb", "constraints.txt", "README.zh.md", "INSTALL.txt"} <= held
    assert not [name for name in held if "checkpoint" in name]
    tags = sorted(name for name in held if "beta" in name)
    assert ["cp312" in tags[0], "cp313" in tags[1], len(tags)] == [True, True, 2]
    assert {f"wheels/commresearch-{__version__}-py3-none-any.whl", "wheels/more-1.0-py3-none-any.whl"} <= held


def test_damage_is_seen_before_anything_is_installed(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name, encoding="utf8")
    (tmp_path / SUMS).write_text("".join(f"{hashlib.sha256(n.encode()).hexdigest()}  {n}\n" for n in "abc"), encoding="utf8")
    assert damaged(tmp_path) == []
    (tmp_path / "a").write_text("other", encoding="utf8")
    (tmp_path / "c").unlink()
    assert damaged(tmp_path) == ["a", "c"]


@pytest.fixture
def unpacked(tmp_path):
    """An unpacked installer whose Python notes what it is asked for and does as it is told."""
    (tmp_path / "install.sh").write_text(bundle.install_sh(["3.11", "3.12"]), encoding="utf8")
    fake = tmp_path / "fake"
    fake.write_text(
        '#!/bin/sh\necho "$@" >> calls\ncase "$1 $2" in\n"-m venv") mkdir -p .venv/bin; cp fake .venv/bin/python; cp fake .venv/bin/commresearch;;\nesac\n'
        'for bad in $FAILS; do case "$*" in *$bad*) exit 1;; esac; done\n', encoding="utf8",
    )
    fake.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("fails", "code", "told", "calls"),
    [
        ("", 0, "done_linux", 5), ("version_info", 2, "no_python", None), ("check_files", 2, "damaged", 2), ("venv", 2, "no_venv", 3), ("install", 2, "not_installed", 4),
        ("doctor", 1, "not_checked", 5),
    ],
    ids=["whole", "python", "damaged", "venv", "install", "doctor"],
)
def test_the_script_says_what_went_wrong_in_both_languages(unpacked, fails, code, told, calls):
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": "./fake", "FAILS": fails}
    if fails == "version_info":  # none of this machine's Pythons may step in
        bare = unpacked / "bin"
        bare.mkdir()
        (bare / "dirname").symlink_to("/usr/bin/dirname")
        environment["PATH"] = str(bare)
    done = subprocess.run(["/bin/sh", "install.sh"], cwd=unpacked, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    for language in Language:
        assert bundle.say(f"bundle.{told}", language, pythons="3.11, 3.12") in done.stdout
    made = (unpacked / "calls").read_text(encoding="utf8").splitlines()
    assert calls is None or len(made) == calls
    if not fails:
        assert f"--no-index --find-links wheels -c constraints.txt commresearch=={__version__}" in made[3]


def test_the_condition_on_python_is_one_that_python_understands():
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for pythons, code in (([here], 0), (["3.1", here], 0), (["3.1"], 1)):
        assert subprocess.run([sys.executable, "-c", bundle._versions(pythons)], check=False).returncode == code


def test_the_script_for_windows_jumps_only_where_there_is_something():
    script = bundle.install_cmd(["3.11", "3.12"], ["lab"])
    lines = script.split("\r\n")
    assert "\n" not in script.replace("\r\n", "")
    assert {line.rpartition(" ")[2] for line in lines if "goto " in line} == {line[1:] for line in lines if line.startswith(":")}
    assert f'"commresearch[lab]=={__version__}"' in script
    for line in lines:
        if line.startswith("echo "):
            assert not re.search(r"(?<!\^)[&|<>()]", line), line
    assert sum(bool(HAN.search(line)) for line in lines) == 6
    assert not script.startswith("\ufeff"), "the command processor takes a mark for a command"


@pytest.mark.parametrize("platform", ["windows-x64", "linux-x86_64"])
def test_what_is_read_first_names_the_script_in_both_languages(platform):
    text = bundle.read_first(platform, ["3.11", "3.12"])
    assert text.count("install.cmd" if platform == "windows-x64" else "install.sh") == 2
    assert len(HAN.findall(text)) > 50


def test_the_pins_of_the_project_are_read():
    pins = read_pins(ROOT / "constraints.txt")
    assert pins["colorama"] == "0.4.6"
    assert "xlsxwriter" in pins

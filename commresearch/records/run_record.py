"""What a run was made from and with."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from commresearch.records.files import canonical_json, sha256_of, write_whole

VERSIONS_OF = ("commresearch", "pandas", "numpy", "statsmodels", "matplotlib", "seaborn", "papermill", "pypandoc_binary", "typst", "duckdb", "pyarrow", "python-calamine")
SHAPING = frozenset({".py", ".sql", ".csv", ".toml", ".lua", ".typ", ".css", ".html"})  #: files of the package that shape results

#: Files that shape how a report is set, and nothing that it says.
RENDERING = (
    "reporting/templates/*", "reporting/rendering.py", "reporting/reference_docx.py", "reporting/reference_pptx.py", "reporting/review.py", "reporting/approval.py",
    "reporting/site.py", "words/review.toml",
)
#: Files that only the course is made with.
COURSE = ("course/*", "course/*/*", "cli/course*.py", "words/course*.toml", "words/errors_course*.toml", "words/reports_course.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Hashes of inputs and outputs, versions, settings and times (seconds) of one run.

    A report has three hashes beside its `key`: `executed` of what its notebook ran on, `notebook` of the notebook with its results, `content` of
    what it says.
    """

    key: str
    made_on: str
    settings: Mapping[str, object]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    versions: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    executed: str = ""
    notebook: str = ""
    content: str = ""

    def to_json(self) -> str:
        """The record as JSON."""
        return canonical_json(asdict(self))

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        write_whole(path, self.to_json())


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that shape a report."""
    return {name: metadata.version(name) for name in VERSIONS_OF}


def package_hash() -> str:
    """Hash of everything in the package that can change a result: code, texts, tables; not of how finished reports are set, nor of the course."""
    package = Path(__file__).parent.parent
    aside = {*_files_of(RENDERING), *_files_of(COURSE)}
    return sha256_of(sorted(p for p in package.rglob("*") if p.suffix in SHAPING and p not in aside))


def rendering_hash() -> str:
    """Hash of what sets finished reports as pages, Word files and PDF; another one asks for no cell to be run again."""
    return sha256_of(_files_of(RENDERING))


def course_hash() -> str:
    """Hash of what only the course is made with; another one asks for no report to be made again."""
    return sha256_of(_files_of(COURSE))


def _files_of(patterns: Iterable[str]) -> list[Path]:
    package = Path(__file__).parent.parent
    return sorted(path for pattern in patterns for path in package.glob(pattern) if path.is_file() and "__pycache__" not in path.parts)

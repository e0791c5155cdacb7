"""What a run was made from and with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from commresearch.records.files import canonical_json, sha256_of, write_whole

VERSIONS_OF = ("commresearch", "pandas", "numpy", "statsmodels", "matplotlib", "seaborn", "papermill", "pypandoc_binary", "typst", "duckdb", "pyarrow", "python-calamine")
SHAPING = frozenset({".py", ".sql", ".csv", ".toml", ".lua", ".typ", ".css", ".html"})  #: files of the package that shape results

#: Files that shape how a report is set, and nothing that it says.
RENDERING = (
    "reporting/templates/*", "reporting/rendering.py", "reporting/reference_docx.py", "reporting/review.py", "reporting/approval.py", "reporting/site.py",
    "words/review.toml",
)


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
    """Hash of everything in the package that can change a result: its code, its texts, its tables; not of how finished reports are set."""
    package = Path(__file__).parent.parent
    rendering = set(_rendering_files(package))
    return sha256_of(sorted(p for p in package.rglob("*") if p.suffix in SHAPING and p not in rendering))


def rendering_hash() -> str:
    """Hash of what sets finished reports as pages, Word files and PDF; another one asks for no cell to be run again."""
    return sha256_of(_rendering_files(Path(__file__).parent.parent))


def _rendering_files(package: Path) -> list[Path]:
    return sorted(path for pattern in RENDERING for path in package.glob(pattern))

"""The exception tree. An error carries facts; `commresearch.words` turns them into a sentence in either language.

CommResearchError
├── CaseError        a folder, a file or a case that is not there
├── SourceError      a received file that cannot be read: damaged, locked, hostile, of another kind
├── SchemaError      columns, types, codes and references of a table; a codebook that does not fit
├── CleaningError    corrections, decisions and identifiers
├── OutcomeError     events, units and months that a panel cannot be made from
├── DesignError      units, starts and months that no comparison can be made from
├── EstimationError  weights, margins and designs that an estimate cannot be made from
└── ReportError      notebook parameters, execution, fonts, renderers
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that is wrong: a code and the facts its sentence needs (file, row, column, got, allowed, …)."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class CommResearchError(Exception):
    """Base of all errors; holds every failure found, so that all are reported at once."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = failures
        super().__init__("; ".join(f"{f.code} {dict(f.values)}" for f in failures))

    def __reduce__(self) -> tuple[type["CommResearchError"], tuple[Failure, ...], dict[str, object]]:
        """Made again from its failures, where it comes from another process."""
        return type(self), self.failures, self.__dict__


class CaseError(CommResearchError):
    """A folder, a file or a case that is not there."""


class SourceError(CommResearchError):
    """A received file that cannot be read: damaged, locked, hostile, of another kind."""


class SchemaError(CommResearchError):
    """Columns, types, codes and references of a table; a codebook that does not fit."""


class CleaningError(CommResearchError):
    """Corrections, decisions and identifiers."""


class OutcomeError(CommResearchError):
    """Events, units and months that a panel cannot be made from."""


class DesignError(CommResearchError):
    """Units, starts and months that no comparison can be made from."""


class EstimationError(CommResearchError):
    """Weights, margins and designs that an estimate cannot be made from."""


class ReportError(CommResearchError):
    """Notebook parameters, execution, fonts, renderers."""

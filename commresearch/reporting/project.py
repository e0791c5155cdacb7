"""Where a project stands; light, so that whoever only asks whether anything changed waits for nothing."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where things stand: the project folder, the ledger in it, and the folder of the built site."""

    root: Path
    published: Path
    site: Path

"""Whether all files beside this one are those that SHA256SUMS lists; run by the installers, before anything is installed."""

import hashlib
import sys
from pathlib import Path

SUMS = "SHA256SUMS"


def damaged(folder: Path) -> list[str]:
    """Names of listed files that are missing or differ."""
    wrong = []
    for line in (folder / SUMS).read_text(encoding="utf8").splitlines():
        digest, name = line.split("  ", 1)
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    return wrong


if __name__ == "__main__":
    found = damaged(Path(__file__).parent)
    sys.stderr.write("".join(f"{name}\n" for name in found))
    sys.exit(bool(found))

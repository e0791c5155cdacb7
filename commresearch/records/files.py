"""Content hashes and writes that are whole or absent."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def sha256_of(*parts: Path | bytes | str | Iterable[Path]) -> str:
    """Hash of files, texts and bytes: of one what other programs print for it, of several the hash of their hashes in order."""
    digests = []
    for part in parts:
        for piece in [part] if isinstance(part, (Path, bytes, str)) else part:
            if isinstance(piece, Path):
                with piece.open("rb") as file:
                    digests.append(hashlib.file_digest(file, "sha256").hexdigest())  # a log may be larger than the memory
            else:
                digests.append(hashlib.sha256(piece.encode() if isinstance(piece, str) else piece).hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and readable Chinese: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=str)


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file so that a reader, or a crash, never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""Content hashes and writes that are whole or absent."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def sha256_of(*parts: Path | bytes | str | Iterable[Path]) -> str:
    """Hash of files, texts and bytes in the order given; each part's length is hashed with it."""
    digest = hashlib.sha256()
    for part in parts:
        for piece in [part] if isinstance(part, (Path, bytes, str)) else part:
            data = piece.read_bytes() if isinstance(piece, Path) else piece.encode() if isinstance(piece, str) else piece
            digest.update(f"{len(data)}:".encode())
            digest.update(data)
    return digest.hexdigest()


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

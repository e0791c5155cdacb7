"""Stages of a job on disk: each whole or absent, and found again while its text and its inputs are the same."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from commresearch.records import WORK, canonical_json, sha256_of, write_whole

VERSION = "1"  #: changes when stages of an earlier version of the engines must not be reused
MANIFEST = "manifest.json"
BLOCK = 2**22


class Staging:
    """A folder of stages `<name>-<key>`, and what every named table was made from.

    Parameters
    ----------
    folder : Path
        One run at a time: what an earlier, interrupted run left half-done is removed.
    keep : bool
        Whether a later run may find the stages. If not, inputs are not hashed.
    """

    def __init__(self, folder: Path, *, keep: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.keep = folder, keep
        self.made_from: dict[str, str] = {}
        self.reused: list[str] = []
        self.sweep()

    @property
    def spill(self) -> Path:
        """Where an engine may put rows for which it has no memory."""
        return self.folder / f"{WORK}spill"

    def sweep(self) -> None:
        """Remove what was left half-done."""
        for left in self.folder.glob(f"{WORK}*"):
            shutil.rmtree(left, ignore_errors=True)

    def know(self, name: str, *, table: Any = None, paths: Sequence[Path] = (), sql: str = "") -> None:
        """Remember what a named table is made of: a table in memory, files, or a text over other tables."""
        if not self.keep:
            self.made_from[name] = ""
        elif table is not None:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table.combine_chunks())
            self.made_from[name] = hashlib.blake2b(sink.getvalue()).hexdigest()
        elif paths:
            self.made_from[name] = sha256_of(*[_hash_of(p) for p in paths])
        else:
            self.made_from[name] = self._key(sql, "")

    def _key(self, sql: str, engine: str) -> str:
        """Hash of a text and of every table that it names."""
        words = set(re.findall(r"\w+", sql))
        inputs = {name: made_from for name, made_from in self.made_from.items() if name in words}
        return sha256_of(canonical_json({"sql": " ".join(sql.split()), "inputs": inputs, "engine": engine, "version": VERSION}))

    def find(self, name: str, sql: str, engine: str) -> Path | None:
        """The folder of a stage that was made from the same text and inputs; None where it has to be made."""
        if not self.keep:
            return None
        folder = self._place(name, self._key(sql, engine))
        if not (folder / MANIFEST).is_file():
            return None
        files = json.loads((folder / MANIFEST).read_text(encoding="utf8"))["files"]
        if any(not (folder / f).is_file() or (folder / f).stat().st_size != size for f, size in files.items()):
            return None
        self.reused.append(name)
        return folder

    def begin(self, name: str) -> Path:
        """A new folder to work in."""
        work = self.folder / f"{WORK}{name}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        return work

    def finish(self, name: str, work: Path, sql: str, engine: str) -> Path:
        """Put a finished stage into its place, and remove earlier ones of that name."""
        key = self._key(sql, engine) if self.keep else ""
        sizes = {str(p.relative_to(work)): p.stat().st_size for p in sorted(work.rglob("*.parquet"))}
        write_whole(work / MANIFEST, canonical_json({"key": key, "sql": sql, "engine": engine, "files": sizes}))
        for old in self.folder.glob(f"{name}-*"):
            if re.fullmatch(rf"{name}-([0-9a-f]{{16}}|once)", old.name):
                shutil.rmtree(old)
        return work.replace(self._place(name, key))

    def _place(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key[:16] if key else 'once'}"


def _hash_of(path: Path) -> str:
    digest = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()

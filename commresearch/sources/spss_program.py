"""A program of its own that reads one .sav: the content comes in, what was read goes out, pickled.

The reader is written in C and some damaged files kill the process it works in. Run by its path, with nothing of this package
loaded, it begins to read after a fifth of a second.
"""

import io
import json
import pickle
import sys
from typing import Any


def answer_to(data: bytes, encoding: str | None) -> tuple[str, Any]:
    """("read", columns and metadata), ("refused", why) where the reader says no, or ("error", what was raised)."""
    try:
        from pyreadstat import PyreadstatError, ReadstatError, read_sav

        try:
            columns, meta = read_sav(io.BytesIO(data), encoding=encoding, user_missing=True, output_format="dict")
        except (ReadstatError, PyreadstatError, UnicodeDecodeError, ValueError, OverflowError) as error:
            return "refused", str(error)
        return "read", (columns, vars(meta))  # plain values: who gets them has no need to load the reader
    except Exception as error:  # noqa: BLE001 - raised again by the process that asked
        return "error", error


if __name__ == "__main__":
    # The other process may have found its libraries at places that this one would not look at.
    sys.path[:] = json.loads(sys.argv[1])
    answer = answer_to(sys.stdin.buffer.read(), sys.argv[2] or None)
    pickle.dump(answer, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)

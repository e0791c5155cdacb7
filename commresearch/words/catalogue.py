"""Look-up of texts by key."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from commresearch.terms import Language


@cache
def entries(catalogue: str) -> Mapping[str, Mapping[str, str]]:
    """All texts of one catalogue: key → {zh, en, …}, in file order.

    A catalogue is one file, or one per room that has much to say: `errors.toml`, `errors_sources.toml`, ….
    """
    texts: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("commresearch.words").iterdir(), key=lambda f: f.name):
        if file.name == f"{catalogue}.toml" or (file.name.startswith(f"{catalogue}_") and file.name.endswith(".toml")):
            texts |= tomllib.loads(file.read_text(encoding="utf8"))
    return texts


def say(key: str, language: Language, /, **values: object) -> str:
    """The text at `catalogue.key` in one language, with `values` filled in.

    Raises
    ------
    KeyError
        The key or the language is not in the catalogue (a mistake in the code, never in the user's data).
    """
    catalogue, _, name = key.partition(".")
    template = entries(catalogue)[name][language.value]
    return template.format(**values) if values else template


def has(key: str) -> bool:
    """Whether the catalogues hold a text at `key`."""
    catalogue, _, name = key.partition(".")
    return name in entries(catalogue)

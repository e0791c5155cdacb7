"""Templates of the scaffold, and the phrases that recur in all forms of a questionnaire."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from commresearch.terms import Language

TEMPLATES = files("commresearch.workflow") / "templates"


def template(name: str) -> str:
    """The text of a template."""
    return (TEMPLATES / name).read_text(encoding="utf8")


def phrase(key: str, language: Language, /, **values: object) -> str:
    """A phrase in one language, with `values` filled in."""
    return _phrases()[language.value][key].format(**values)


@cache
def _phrases() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(template("phrases.toml"))

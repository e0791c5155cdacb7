"""What reports import, loaded once before workers are forked: each of them would load it again."""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from commresearch.terms import Kind, Language

PACKAGE = __name__.partition(".")[0]
ALWAYS = (
    "IPython.core.interactiveshell", "pyarrow.dataset", "pyarrow.pandas_compat", "pyarrow.parquet", "pypandoc", "sqlite3", "xlsxwriter", "commresearch.reporting.notebooks",
    "commresearch.reporting.reference_docx",
)


def warm_up(notebooks: Iterable[Path]) -> None:
    """Load what all reports need, and what the cells of these notebooks import from the package."""
    _load_what_all_need()
    for notebook in dict.fromkeys(notebooks):
        for module in modules_of(notebook):
            import_module(module)


def modules_of(notebook: Path) -> tuple[str, ...]:
    """Modules of the package that the cells of a notebook import; a notebook that cannot be read is left to its run, which says what is wrong."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
        trees = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError, SyntaxError):
        return ()
    return tuple(dict.fromkeys(name for tree in trees for node in ast.walk(tree) for name in _modules_in(node)))


def _modules_in(node: ast.AST) -> Iterator[str]:
    """Modules that a statement imports, where they are some of the package's."""
    if isinstance(node, ast.ImportFrom) and not node.level and node.module is not None and _is_ours(node.module):
        yield node.module
        yield from (name for alias in node.names if _is_ours(name := f"{node.module}.{alias.name}"))
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _is_ours(alias.name))


def _is_ours(name: str) -> bool:
    try:
        return name.partition(".")[0] == PACKAGE and find_spec(name) is not None
    except ModuleNotFoundError:  # what stands before the last dot is no package: a name in a module
        return False


@cache
def _load_what_all_need() -> None:
    """What every report is executed and rendered with; matplotlib finds its fonts, and what writes pictures, when it first draws."""
    for name in ALWAYS:
        import_module(name)
    from commresearch.reporting import figures
    from commresearch.reporting.display import write_pictures

    write_pictures(figures.claims_by_kind(dict.fromkeys(Kind, 1), Language.ZH), BytesIO(), BytesIO())

"""Notebooks with parameters: strict checking first, then execution by papermill.

papermill itself only warns of a misspelt parameter and accepts a value of any type, so both are checked here. Cells run
in this process by default (`ENGINE`): every report has a process of its own already, and a kernel beside it would only
start Python a second time. `kernel` runs a Jupyter kernel instead.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from commresearch.errors import Failure, ReportError
from commresearch.reporting.lean_papermill import nbformat, papermill
from commresearch.terms import Language
from commresearch.words import say

ENGINE = "in-process"
CELL_TIMEOUT = 300  #: seconds a cell may take under the kernel engine
TYPES = {t.__name__: t for t in (str, int, float, bool, list, dict)}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One line of a parameter cell: `name: type = default  # help`."""

    name: str
    type: str
    default: object
    help: str


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Parameters a notebook declares.

    Raises
    ------
    ReportError
        The notebook has no parameter cell, or a line of it breaks the rule.
    """
    cells = [c for c in _read(notebook).cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ReportError(Failure(code="CR-R12", values={"notebook": notebook.name, "got": f"{len(cells)} × parameters"}))
    helps = dict(enumerate((line.partition("#")[2].strip() for line in cells[0].source.splitlines()), 1))
    parameters = {}
    for node in ast.parse(cells[0].source).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=kind), value=ast.expr() as value) if kind in TYPES:
                parameters[name] = Parameter(name=name, type=kind, default=ast.literal_eval(value), help=helps[node.lineno])
            case _:
                raise ReportError(Failure(code="CR-R12", values={"notebook": notebook.name, "got": ast.unparse(node)}))
    return parameters


def _read(notebook: Path) -> Any:
    try:
        return nbformat.read(notebook, as_version=4)
    except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        what = str(error).split("\n")[0][:200]
        raise ReportError(Failure(code="CR-R15", values={"notebook": notebook.name, "error": what})) from None


def require_parameters(notebook: Path, given: Mapping[str, object]) -> None:
    """Refuse unknown names and wrong types, all at once.

    Raises
    ------
    ReportError
        Names each unknown parameter with the nearest known one, and each value of a wrong type.
    """
    known = read_parameters(notebook)
    failures = [_unknown(notebook, name, known) for name in given if name not in known]
    failures += [
        Failure(code="CR-R02", values={"notebook": notebook.name, "name": n, "expected": known[n].type, "got": v, "type": type(v).__name__})
        for n, v in given.items()
        if n in known and type(v) is not TYPES[known[n].type]
    ]
    if failures:
        raise ReportError(*failures)


def _unknown(notebook: Path, name: str, known: Mapping[str, Parameter]) -> Failure:
    near = get_close_matches(name, known, n=1)
    guess = {lang.value: say("errors.guess", lang, name=near[0]) if near else "" for lang in Language}
    return Failure(code="CR-R01", values={"notebook": notebook.name, "name": name, "known": ", ".join(known), "guess": guess})


def declares_parameters(notebook: Path) -> bool:
    """Whether a notebook has a parameter cell; lessons that need nothing from outside have none.

    Raises
    ------
    ReportError
        It cannot be read.
    """
    return any("parameters" in cell.metadata.get("tags", []) for cell in _read(notebook).cells)


def execute_notebook(notebook: Path, output: Path, parameters: Mapping[str, object], *, engine: str = ENGINE) -> None:
    """Run a notebook from top to bottom into `output`; its cells work in the folder of `output`.

    Raises
    ------
    ReportError
        Wrong parameters (before anything runs), or the first cell that failed, with its number and error. The notebook
        as far as it got stays at `output`.
    """
    if parameters or declares_parameters(notebook):
        require_parameters(notebook, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            str(notebook), str(output), parameters=dict(parameters), engine_name=None if engine == "kernel" else engine,
            kernel_name="python3", cwd=str(output.parent), progress_bar=False, execution_timeout=CELL_TIMEOUT, log_output=False,
            request_save_on_cell_execute=False,  # nobody sees it before it is whole; a cell that failed is written all the same
        )
    except papermill.PapermillExecutionError as error:
        what = f"{error.ename}: {ANSI.sub('', error.evalue)}"
        values = {"report": output.stem, "notebook": notebook.name, "error": what, **_failed_cell(notebook, output)}
        raise ReportError(Failure(code="CR-R03", values=values)) from None


def _failed_cell(notebook: Path, output: Path) -> dict[str, object]:
    """Number (as a reader of the source notebook counts) and name of the cell that stopped a run."""
    executed = nbformat.read(output, as_version=4).cells
    name = next((c.id for c in executed if c.metadata.get("papermill", {}).get("exception")), "?")
    names = [c.id for c in nbformat.read(notebook, as_version=4).cells]
    return {"cell": names.index(name) + 1 if name in names else "?", "name": name}


class InProcessEngine(papermill.engines.Engine):  # type: ignore[misc]
    """Runs cells in an IPython shell of this process; meant for a process that runs one notebook and ends."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **settings: Any) -> None:  # noqa: ARG003 - papermill names them
        """Run all cells; stop at the first error, as the kernel engine does."""
        from IPython.core.interactiveshell import InteractiveShell

        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance()
        try:
            for index, cell in enumerate(nb_man.nb.cells):
                if cell.cell_type != "code" or not cell.source:
                    continue
                nb_man.cell_start(cell, index)
                if cls._run(shell, cell):
                    nb_man.cell_exception(cell, index)
                    return
                nb_man.cell_complete(cell, index)
        finally:
            InteractiveShell.clear_instance()

    @classmethod
    def _run(cls, shell: Any, cell: Any) -> BaseException | None:
        """Run one cell and put what it shows into its outputs."""
        from IPython.utils.capture import capture_output

        with capture_output() as captured:
            result = shell.run_cell(cell.source, store_history=True)
        cell.execution_count = shell.execution_count - 1
        outputs = [nbformat.v4.new_output("display_data", data=o.data, metadata=o.metadata) for o in captured.outputs]
        streams = {"stdout": captured.stdout, "stderr": captured.stderr}
        outputs += [nbformat.v4.new_output("stream", name=name, text=text) for name, text in streams.items() if text]
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        if error:
            outputs.append(nbformat.v4.new_output("error", ename=type(error).__name__, evalue=str(error), traceback=[]))
        cell.outputs = outputs
        return error


papermill.engines.papermill_engines.register(ENGINE, InProcessEngine)

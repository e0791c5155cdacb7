import nbformat
import pytest

from commresearch.errors import ReportError
from commresearch.reporting.assemble import assemble
from commresearch.reporting.notebooks import execute_notebook, read_parameters, require_parameters
from commresearch.terms import Language
from commresearch.words import render_error
from tests.conftest import ROOT

REPORT = ROOT / "notebooks" / "case_report.ipynb"


def notebook(path, parameters, *cells):
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[first, *(nbformat.v4.new_code_cell(c, id=f"cell-{i}") for i, c in enumerate(cells))])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)
    return path


def test_parameters_are_read_with_type_default_and_help():
    parameters = read_parameters(REPORT)
    assert list(parameters) == ["case", "language", "published"]
    assert parameters["case"].type == "str"
    assert parameters["case"].default == "huancui"
    assert "case id" in parameters["case"].help


def test_a_misspelt_name_and_a_wrong_type_are_refused_together():
    with pytest.raises(ReportError) as caught:
        require_parameters(REPORT, {"cas": "huancui", "language": 3})
    english, chinese = (render_error(caught.value, lang) for lang in (Language.EN, Language.ZH))
    assert "[CR-R01] Notebook case_report.ipynb has no parameter “cas”. Its parameters: case, language, published. What to do: correct the name (“case”?)." in english
    assert "[CR-R02] Parameter “language” of notebook case_report.ipynb takes str, got “3” (int)." in english
    assert "是否为“case”" in chinese


def test_true_is_no_whole_number(tmp_path):
    book = notebook(tmp_path / "n.ipynb", "n: int = 1  # count")
    require_parameters(book, {"n": 2})
    with pytest.raises(ReportError, match="CR-R02"):
        require_parameters(book, {"n": True})
    with pytest.raises(ReportError) as caught:
        require_parameters(book, {"zzz": 1})
    assert "correct the name." in render_error(caught.value, Language.EN)


@pytest.mark.parametrize("cell", ["n = 1", "n: int | None = 1", "import os", "n: int"])
def test_a_loose_parameter_cell_is_refused(tmp_path, cell):
    with pytest.raises(ReportError, match="CR-R12"):
        read_parameters(notebook(tmp_path / "n.ipynb", cell))


def test_a_notebook_that_is_missing_or_no_notebook_is_named(tmp_path):
    (tmp_path / "n.ipynb").write_text("{", encoding="utf8")
    for name in ("n.ipynb", "gone.ipynb"):
        with pytest.raises(ReportError) as caught:
            read_parameters(tmp_path / name)
        assert f"[CR-R15] Notebook {name} cannot be read" in render_error(caught.value, Language.EN)


def test_a_notebook_without_parameter_cell_is_refused(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "n.ipynb")
    with pytest.raises(ReportError, match="CR-R12"):
        read_parameters(tmp_path / "n.ipynb")


SHOW = "from commresearch.reporting.display import Prose, show\nshow(Prose(text=f'值 {n}'))\nprint('log')\n1 + n"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("engine", ["in-process", "kernel"])
def test_both_engines_run_cells_with_parameters_and_keep_what_they_show(tmp_path, engine):
    book = notebook(tmp_path / "n.ipynb", "n: int = 1  # count", SHOW)
    execute_notebook(book, tmp_path / "out" / "n.ipynb", {"n": 5}, engine=engine)
    assert assemble(tmp_path / "out" / "n.ipynb").startswith("值 5\n")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("engine", ["in-process", "kernel"])
def test_a_failing_cell_is_named_and_stops_the_rest(tmp_path, engine):
    book = notebook(tmp_path / "n.ipynb", "n: int = 1  # count", "m = n", "raise ValueError('坏了')", "open('later', 'w')")
    with pytest.raises(ReportError) as caught:
        execute_notebook(book, tmp_path / "out" / "n.ipynb", {}, engine=engine)
    message = render_error(caught.value, Language.EN)
    assert "Report n: cell 3 (cell-1) of notebook n.ipynb failed: ValueError: 坏了." in message
    assert not (tmp_path / "out" / "later").exists()
    assert (tmp_path / "out" / "n.ipynb").is_file()


def test_wrong_parameters_stop_before_anything_runs(tmp_path):
    book = notebook(tmp_path / "n.ipynb", "n: int = 1  # count", "open('ran', 'w')")
    with pytest.raises(ReportError, match="CR-R01"):
        execute_notebook(book, tmp_path / "out" / "n.ipynb", {"m": 5})
    assert not (tmp_path / "out").exists()


def test_the_assembled_document_has_no_code_parameters_or_logs(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("hidden", metadata={"tags": ["remove-cell"]}),
        nbformat.v4.new_markdown_cell("shown"),
        nbformat.v4.new_code_cell("secret", outputs=[
            nbformat.v4.new_output("stream", text="log"), nbformat.v4.new_output("display_data", data={"text/plain": "plain"}),
            nbformat.v4.new_output("display_data", data={"text/markdown": "**md**", "text/plain": "x"}),
        ]),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    assert assemble(tmp_path / "n.ipynb") == "shown\n\n```\nplain\n```\n\n**md**\n"

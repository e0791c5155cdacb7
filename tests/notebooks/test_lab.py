"""Every notebook runs to its end in JupyterLab's own server, as somebody does who opens it and runs all cells."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from uuid import uuid4

import pytest

from commresearch.terms import Language
from commresearch.workflow.audit_file import audit_file
from tests.conftest import small_project

TOKEN = "local"
PATIENCE = 180  #: seconds for a server to start, or for all cells of one notebook


@pytest.fixture(scope="module")
def project(tmp_path_factory, simulated_pilots):
    """A project, and for each notebook the values that a reader would put into its first cell."""
    from tests.unit import annual_case, pilot_case

    root = small_project(tmp_path_factory.mktemp("lab") / "project", ("huancui", "kesheng"))
    shutil.copytree(simulated_pilots, root / "reports" / "comparison" / "simulated")
    yearly = annual_case.annual_case()
    results, source = pilot_case.results(), pilot_case.source()
    values = {
        "annual_report": {
            "folder": yearly / "reports" / "clean" / "wanghai", "source": yearly / "data_raw" / "wanghai", "store": yearly / "reports" / "results", "year": 2024,
        },
        "case_report": {}, "comparison": {}, "pilots_comparison": {}, "claims_audit": {"folder": audited(root)}, "impact_report": {"folder": results},
        "panel_quality": {"folder": results}, "pilot_report": {"folder": results, "source": source}, "survey_quality": {"folder": results / "w1"},
    }
    return root, values


def audited(root):
    """What the audit of a table of claims leaves."""
    return audit_file(root / "data_raw" / "published" / "claims.csv", root / "reports" / "audit").folder


@pytest.fixture(scope="module")
def server(project):
    """JupyterLab over the notebooks of the project; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={project[0] / 'notebooks'}",
    ]
    process = subprocess.Popen(command, cwd=project[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_server(f"127.0.0.1:{port}", process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def await_server(address, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "JupyterLab ended by itself"
        try:
            asked(address, "status")
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail("JupyterLab did not answer")


def asked(address, what, body=None):
    request = urllib.request.Request(f"http://{address}/api/{what}", data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"token {TOKEN}")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def code_cells(address, name, values):
    """The cells as the server hands them out, the first one with the reader's values."""
    cells = [cell for cell in asked(address, f"contents/{name}.ipynb")["content"]["cells"] if cell["cell_type"] == "code"]
    set_by_hand = "\n".join(f"{key} = {value if isinstance(value, int) else str(value)!r}" for key, value in values.items())
    return ["".join(cell["source"]) + ("\n" + set_by_hand if "parameters" in cell["metadata"].get("tags", []) else "") for cell in cells]


def run_all(address, name, cells):
    """Run cells one after another in a kernel of the server; the errors that they end with."""
    import websocket

    session = asked(address, "sessions", {"path": f"{name}.ipynb", "name": name, "type": "notebook", "kernel": {"name": "python3"}})
    channel = websocket.create_connection(f"ws://{address}/api/kernels/{session['kernel']['id']}/channels?token={TOKEN}", timeout=PATIENCE)
    errors = []
    try:
        for cell in cells:
            header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": uuid4().hex, "username": "", "version": "5.3"}
            content = {"code": cell, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
            channel.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}))
            errors += answers(channel, header["msg_id"])
    finally:
        channel.close()
    return errors


def answers(channel, message):
    """Errors among what a cell says until its kernel is idle again."""
    found = []
    while True:
        said = json.loads(channel.recv())
        if said["parent_header"].get("msg_id") != message:
            continue
        if said["msg_type"] == "error":
            found.append(f"{said['content']['ename']}: {said['content']['evalue']}"[:300])
        if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
            return found


@pytest.mark.needs("jupyterlab")
def test_every_notebook_runs_to_its_end_in_the_server(project, server):
    root, values = project
    assert sorted(values) == sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))
    found = {name: run_all(server, name, code_cells(server, name, given | {"language": Language.ZH.value})) for name, given in values.items()}
    assert not any(found.values()), {name: errors for name, errors in found.items() if errors}

"""Truth table and all parsimonious models of 16 random crisp cases, by number of conditions, beside setqca in an environment of its own."""

import argparse
import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measuring import ROUNDS, Result, Times, beside, heading, in_turn, say, table, within

CASES = 16
#: Conditions, and seconds that the truth table and every model may take.
GOALS = {4: None, 6: None, 8: 0.05, 12: 0.5, 15: 3.0}
MOST_OF_PEER = 8  #: conditions; with nine it takes more than 20 s
PEER = "setqca"
MANY = 1_000_000  #: models, so that nothing is cut


def main() -> None:
    """Show how many models both sides find, then time them. The peer needs pandas below 3, hence an environment of its own (`--peer PYTHON`)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=max(GOALS), help="most conditions")
    parser.add_argument("--peer", default="", help="Python of an environment with setqca 0.2.0; its lines are left out without it")
    parser.add_argument("--only", default="", help="time the peer on this file and print JSON (used by the benchmark itself)")
    given = parser.parse_args()
    if given.only:
        sys.stdout.write(json.dumps(_peer_times(Path(given.only))))
        return
    heading("Qualitative comparative analysis, 16 cases, parsimonious, all models", [])
    results: list[Result] = []
    with TemporaryDirectory() as folder:
        for conditions, goal in GOALS.items():
            if conditions <= given.rows:
                results += _measured(conditions, goal, given.peer, Path(folder))
    table(results)


def _measured(conditions: int, goal: float | None, peer: str, folder: Path) -> list[Result]:
    """Lines of one number of conditions."""
    from commresearch.comparison import qca

    frame = _cases(conditions)
    names = list(frame.columns[:-1])

    def ours() -> Any:
        return qca.minimise(qca.truth_table(frame, "Y", names, inclusion=1.0), "parsimonious", most_models=MANY)

    made = ours()
    say(f"{conditions} conditions, commresearch: {made.n_models} models of {len(made.implicants)} minimal terms")
    (mine,) = in_turn(ours)
    lines = [] if goal is None else [within(f"{conditions} conditions", mine, seconds=goal)]
    if not peer or conditions > MOST_OF_PEER:
        return lines
    file = folder / f"{conditions}.csv"
    frame.to_csv(file, index=False)
    command = [peer, "-m", "benchmarks.qca", "--only", str(file)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - a command of the benchmarks themselves
    say(f"{conditions} conditions, {PEER} {told['version']}: {len(told['models'])} models")
    if not {_terms(m) for m in told["models"]} <= {_terms(m) for m in made.models}:
        raise SystemExit(f"{PEER} gives other models")
    rounds = min(len(told["wall"]), len(mine.wall))
    theirs = Times(wall=told["wall"][:rounds], processor=told["processor"][:rounds])
    return [*lines, beside(f"{conditions} conditions", PEER, Times(wall=mine.wall[:rounds], processor=mine.processor[:rounds]), theirs)]


def _terms(model: str) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(term.strip().split("*")) for term in model.split("+"))


def _peer_times(file: Path) -> dict[str, object]:
    """Seconds of setqca, which makes its three kinds of solution together, and its parsimonious models."""
    import setqca

    frame = pd.read_csv(file)
    names = list(frame.columns[:-1])
    wall, processor, models = [], [], []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter(), time.process_time()
        found = setqca.CSQCA(consistency=1.0, max_solutions=MANY).fit(frame, outcome="Y", conditions=names)
        wall.append(time.perf_counter() - started[0])
        processor.append(time.process_time() - started[1])
        models = [s.expression(tuple(names)) for s in found.parsimonious]
    return {"version": version(PEER), "wall": wall[1:], "processor": processor[1:], "models": models}  # the first run compiles and caches


def _cases(conditions: int) -> pd.DataFrame:
    """Random cases, half of them with the outcome."""
    rng = np.random.default_rng(conditions)
    frame = pd.DataFrame(rng.integers(0, 2, (CASES, conditions)), columns=[f"C{j:02d}" for j in range(conditions)])
    return frame.assign(Y=rng.permutation(np.repeat([1, 0], CASES // 2)))


if __name__ == "__main__":
    main()

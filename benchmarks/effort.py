"""Indices of careless responding for 200,000 people and 40 items, beside careless-py."""

import argparse

import careless
import numpy as np

from benchmarks.measuring import beside, faster, heading, in_turn, say, table, within
from commresearch.cleaning import effort_indices as ours

ROWS, ITEMS, FACTORS = 200_000, 40, 8
MISSING = 0.03
PER_FACTOR = ITEMS // FACTORS
KEYS = [list(range(start, start + PER_FACTOR)) for start in range(0, ITEMS, PER_FACTOR)]


def main() -> None:
    """Show where both define an index alike that they agree, then time what is comparable and all five together."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    answers = _answers(parser.parse_args().rows)
    gaps = np.where(np.random.default_rng(12).random(answers.shape) < MISSING, np.nan, answers)
    texts = ["".join(row) for row in answers.astype(np.int64).astype("U1").tolist()]  # careless-py reads runs in texts only
    heading("Indices of careless responding", ["careless-py", "scipy"])
    _agreement(answers, texts)
    pairs = [
        ("longest run", 30, lambda: ours.longstring(answers), lambda: careless.longstring(texts)),
        ("variability", None, lambda: ours.intra_individual_variability(answers), lambda: careless.irv(answers)),
        ("Mahalanobis", None, lambda: ours.mahalanobis_squared(answers), lambda: careless.mahad(answers)),
        ("synonyms", None, lambda: ours.psychometric_synonyms(answers, critical=0.6), lambda: careless.psychsyn(answers, critval=0.6)),
    ]
    lines = []
    for name, least, own, theirs in pairs:
        first, second = in_turn(own, theirs)
        lines.append(beside(name, "careless-py", first, second) if least is None else faster(name, "careless-py", first, second, at_least=least))
    whole, with_gaps = in_turn(lambda: _all_five(answers), lambda: _all_five(gaps))
    lines += [within("all five indices", whole, seconds=3), within(f"all five, {MISSING:.0%} of the answers missing", with_gaps, seconds=3)]
    table(lines)


def _agreement(answers: np.ndarray, texts: list[str]) -> None:
    runs = np.array([length for _, length in careless.longstring(texts)])
    say(f"longest run: {int((ours.longstring(answers) != runs).sum())} of {len(runs):,} people differ")
    ddof = np.sqrt(ITEMS / (ITEMS - 1))
    say(f"variability: divisor k - 1 as in R, careless-py divides by k; brought to one divisor {_apart(ours.intra_individual_variability(answers), careless.irv(answers) * ddof)}")
    say(f"Mahalanobis: squared as in R, careless-py gives the root; squared {_apart(ours.mahalanobis_squared(answers), careless.mahad(answers) ** 2)}")
    own, theirs = ours.psychometric_synonyms(answers, critical=0.6).scores, careless.psychsyn(answers, critval=0.6)
    known = ~np.isnan(own)
    say(f"synonyms: careless-py gives 0 where no correlation exists ({int((~known).sum()):,} people); elsewhere {_apart(own[known], theirs[known])}")
    say("even-odd: careless-py averages correlations within factors, R steps up one correlation over factors; not comparable")


def _apart(own: np.ndarray, theirs: np.ndarray) -> str:
    return f"the largest difference is {np.abs(own - theirs).max():.1e}"


def _all_five(answers: np.ndarray) -> None:
    moments = ours.pairwise_moments(answers)
    ours.longstring(answers)
    ours.intra_individual_variability(answers)
    ours.even_odd(answers, KEYS)
    ours.mahalanobis_squared(answers, moments=moments)
    ours.psychometric_synonyms(answers, moments=moments)


def _answers(rows: int) -> np.ndarray:
    """Answers 1 to 5 to items of eight factors; three people in a hundred answer all items alike."""
    rng = np.random.default_rng(11)
    traits = np.repeat(rng.normal(size=(rows, FACTORS)), PER_FACTOR, axis=1)
    answers = np.clip(np.round(3 + traits + 0.5 * rng.normal(size=(rows, ITEMS))), 1, 5)
    alike = rng.random(rows) < 0.03
    answers[alike] = rng.integers(1, 6, int(alike.sum()))[:, None]
    return answers


if __name__ == "__main__":
    main()

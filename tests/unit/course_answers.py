"""Answer sheets of a made-up course: right and wrong answers from an item-response model with a fixed seed, and rows as they are filled in."""

import numpy as np
import pandas as pd

from commresearch.course.items import LETTERS, keys
from commresearch.course.score_file import AFTER, BEFORE, CODE, COLUMNS, FORM_AFTER, FORM_BEFORE, HEADS, AnswerSheet

GUESS = 0.25  #: chance of finding the right one of four options
DIFFICULTY = np.array([-1.0, 0.0, -0.8, -0.9, 0.1, 0.9, 0.0, 1.0, 0.2, 0.8])
TO_LETTERS = np.array(LETTERS)


def right_answers(ability, rng, *, shift=0.0):
    """Right or not, persons (N,) by items: a three-parameter logistic model; `shift` makes all items harder."""
    chance = GUESS + (1 - GUESS) / (1 + np.exp(-(np.asarray(ability)[:, None] - DIFFICULTY - shift)))
    return rng.random(chance.shape) < chance


def made_sheet(n, *, seed=1, gain=1.2, share_a_first=0.5, shift_b=0.0, blank=0):
    """Persons of a course who gain `gain` on the scale of ability; the first share of them has form A before."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n)
    a_first = np.arange(n) < round(share_a_first * n)
    right = [
        np.where(is_a[:, None], right_answers(ability + more, rng), right_answers(ability + more, rng, shift=shift_b)) for is_a, more in ((a_first, 0.0), (~a_first, gain))
    ]
    return AnswerSheet(
        form_before=np.where(a_first, "A", "B"), form_after=np.where(a_first, "B", "A"), right_before=right[0], right_after=right[1], n_blank=blank, n_only_before=0,
        n_only_after=0,
    )


def rows_of(sheet, *, seed=5):
    """The rows that persons with these answers fill in: the key where right, another letter where not."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(sheet.n):
        row = {CODE: f"k{1000 + i}", FORM_BEFORE: str(sheet.form_before[i]), FORM_AFTER: str(sheet.form_after[i])}
        for columns, form, right in ((BEFORE, sheet.form_before[i], sheet.right_before[i]), (AFTER, sheet.form_after[i], sheet.right_after[i])):
            for column, key, is_right in zip(columns, keys(str(form)), right, strict=True):
                row[column] = key if is_right else str(rng.choice(TO_LETTERS[key != TO_LETTERS]))
        rows.append(row)
    return rows


def write_csv(path, rows, *, heads=True, encoding="utf-8-sig"):
    """A sheet of answers as CSV, with the heads of the workbook or the names of the columns."""
    frame = pd.DataFrame(rows)
    frame = frame[[c for c in COLUMNS if c in frame] + [c for c in frame if c not in COLUMNS]]
    (frame.rename(columns=HEADS) if heads else frame).to_csv(path, index=False, encoding=encoding)
    return path

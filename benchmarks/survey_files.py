"""The simulated survey that the reading benchmarks share: a workbook, a GB18030 file and the codebook, written once per folder."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.measuring import say
from commresearch.cleaning import Codebook
from commresearch.simulate import codebook_of, simulate_survey, wide_spec, write_wenjuanxing

ROWS = 200_000
SEED = 20260901
ENCODING = "gb18030"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFiles:
    """Paths of one simulated survey of 60 columns; `codebook` is that of the text export."""

    workbook: Path
    csv: Path
    codebook: Codebook


@contextmanager
def asked_files() -> Iterator[SurveyFiles]:
    """The files of the size and in the folder that the command line asks for; without a folder they are gone afterwards."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS, help="respondents (copies come on top)")
    parser.add_argument("--folder", type=Path, help="where the files are kept and found again")
    asked = parser.parse_args()
    if asked.folder is not None:
        yield survey_files(asked.folder, asked.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield survey_files(Path(folder), asked.rows)


def survey_files(folder: Path, rows: int) -> SurveyFiles:
    """Files of a survey with so many respondents; made where the folder does not have them (200,000 take some minutes)."""
    place = folder / f"{rows}_rows"
    listed = place / "codebook.csv"
    if not listed.exists():
        say(f"Writing a survey of {rows:,} respondents into {place.name} …")
        survey = simulate_survey(wide_spec(rows=rows), rng=SEED)
        write_wenjuanxing(survey, place, kind="text", suffix=".xlsx")
        write_wenjuanxing(survey, place, kind="text", suffix=".csv", encoding=ENCODING)
        codebook_of(survey).to_csv(listed, index=False)
    codebook = Codebook.from_frame(pd.read_csv(listed, dtype="str", keep_default_na=False))
    csv = next(path for path in place.glob("*.csv") if path != listed)
    return SurveyFiles(workbook=next(place.glob("*.xlsx")), csv=csv, codebook=codebook)


def unequal_cells(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Cells that differ between two tables of texts, one row each: column, ours, theirs; a missing cell counts as an empty one."""
    if ours.shape != theirs.shape or list(ours.columns) != list(theirs.columns):
        raise ValueError(f"tables of different form: {ours.shape}, {theirs.shape}")
    found = []
    for name in ours:
        own, other = ours[name].to_numpy(), theirs[name].fillna("").astype("str").to_numpy()
        rows = own != other
        found.append(pd.DataFrame({"column": name, "ours": own[rows], "theirs": other[rows]}))
    return pd.concat(found, ignore_index=True)

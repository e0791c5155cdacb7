"""Panels for other programs: SPSS and Stata with labels, CSV; the companions of an outcome beside it as CSV."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from commresearch.outcomes import Panel, read_panel
from commresearch.records import guarded_csv
from commresearch.terms import Language, Outcome
from commresearch.words import say
from commresearch.workflow.case_panels import PANELS
from commresearch.workflow.export import as_dta, as_sav

YES_NO = ("live", "partial_month", "provisional", "blocked")


def panel_files(cleaned: Path, case: str, language: Language) -> dict[str, bytes]:
    """Every panel of a case as files by name: `<case>_<outcome>.sav`, .dta, .csv, and `_companions`, `_account`, `_unplaced` as CSV.

    Parameters
    ----------
    cleaned
        Folder of the case's results, as `build_case_panels` left it.
    case
        Id of the case.
    language
        Language of the labels; the CSV's columns are those of `Panel`.

    Raises
    ------
    OutcomeError
        A folder of a panel is damaged.
    """
    files: dict[str, bytes] = {}
    for outcome in Outcome:
        if (folder := cleaned / PANELS / outcome).is_dir():
            files |= _files(read_panel(folder), f"{case}_{outcome}", language)
    return files


def _files(panel: Panel, stem: str, language: Language) -> dict[str, bytes]:
    frame = _plain(panel.frame)
    labels = _labels(frame, panel, language)
    answers = {name: {0.0: say("outcomes.flag_no", language), 1.0: say("outcomes.flag_yes", language)} for name in YES_NO}
    beside = {"companions": panel.companions, "account": panel.account, "unplaced": panel.unplaced}
    tables = {f"{stem}_{name}.csv": guarded_csv(table) for name, table in beside.items()}
    return {f"{stem}.sav": as_sav(frame, labels, answers), f"{stem}.dta": as_dta(frame, labels, answers), f"{stem}.csv": guarded_csv(_dated(frame)), **tables}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers, texts and days only: truth values as 0 and 1."""
    return frame.assign(**{name: frame[name].astype("float64") for name in YES_NO})


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Months as a spreadsheet shows them."""
    days = [str(name) for name in frame if pd.api.types.is_datetime64_any_dtype(frame[name])]
    return frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d") for name in days})


def _labels(frame: pd.DataFrame, panel: Panel, language: Language) -> Mapping[str, str]:
    known = {name: say(f"outcomes.column_{name}", language) for name in map(str, frame) if name not in panel.covariates and name != "weight"}
    return known | {"value": f"{known['value']} ({say(f'outcomes.unit_{panel.unit}', language)})"}

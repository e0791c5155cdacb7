"""Estimates for other programs: scripts that make them again from the exported panels, and a regression table."""

from pathlib import Path

from commresearch.terms import Language
from commresearch.workflow.case_estimates import read_estimates
from commresearch.workflow.effect_tables import tables_of
from commresearch.workflow.estimate_scripts import estimate_scripts


def estimate_files(cleaned: Path, case: str, language: Language) -> dict[str, bytes]:
    """For each outcome estimated `<case>_<outcome>_estimate.R` and .do, for the case `<case>_effects.<language>.docx` and .tex.

    Parameters
    ----------
    cleaned
        Folder of the case's results, as `estimate_case` left it; nothing where the case was not estimated.
    case
        Id of the case.
    language
        Of comments and table.

    Raises
    ------
    CaseError
        The estimates are of other panels than those that stand there, or damaged (CR-I59).
    """
    content = read_estimates(cleaned)
    if content is None:
        return {}
    files = tables_of(content, case, [language])
    for record in content["outcomes"]:
        if record["estimate"] is not None:
            scripts = estimate_scripts(record, f"{case}_{record['outcome']}", language)
            files |= {name: text.encode("utf8") for name, text in scripts.items()}
    return files

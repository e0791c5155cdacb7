"""A file of somebody's own: a press text becomes candidates to confirm, a table of claims becomes an audit with the replies that came."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cases.ledger_files import TABLES
from commresearch.comparison.claim_parser import parse_numbers
from commresearch.comparison.claim_parser_text import read_press_text
from commresearch.comparison.claim_parser_workbook import unnamed, write_candidates
from commresearch.comparison.claims_audit import audit_claims
from commresearch.comparison.claims_file import ClaimsFile, open_claims_file
from commresearch.comparison.responses_file import read_responses
from commresearch.errors import CaseError, Failure
from commresearch.records import replace_folder, work_folder, write_whole
from commresearch.terms import Language

TEXTS = frozenset({".txt", ".md", ".docx"})
CANDIDATES, CLAIMS, RESPONSES, LEFT_OUT = "candidates.xlsx", f"{TABLES[3]}.csv", "responses.csv", "left_out.txt"
FINDINGS = "findings_{language}.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """Candidates of a press text.

    path : Path
        The workbook in which a person confirms them.
    n_candidates, n_others : int
        Numbers that may be claims, and numbers that are none (dates, names, ordinals).
    n_unnamed : int
        Candidates of which a person must still say what they count.
    """

    path: Path
    n_candidates: int
    n_others: int
    n_unnamed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileAudit:
    """The audit of a table of claims.

    folder : Path
        Holds the claims, the findings in both languages, and the replies.
    claims : DataFrame
        In the columns of the ledger.
    findings : mapping
        Language → as `audit_claims` gives them.
    responses : DataFrame
        claim_id, asked_on, question, reply, replied_on, reply_source; empty where none were given.
    left_out : mapping
        Language → what is said of rows that are no claims; blank where all are.
    """

    folder: Path
    claims: pd.DataFrame
    findings: dict[Language, pd.DataFrame]
    responses: pd.DataFrame
    left_out: dict[Language, str]


def is_press_text(path: Path) -> bool:
    """Whether a file is read as a text, and not as a table of claims."""
    return path.suffix.lower() in TEXTS


def name_of(path: Path) -> str:
    """What the results of a file are called: the file's own name, of confirmed candidates that of their text."""
    return path.resolve().parent.name if path.name == CANDIDATES else path.stem


def read_text(path: Path, out: Path, *, language: Language) -> ReadText:
    """Find the numbers of a press text and write those that may be claims into a workbook.

    Parameters
    ----------
    path
        .txt, .md or .docx.
    out
        Folder for the workbook, named like the text. One that stands there is not overwritten: somebody may have worked in it.
    language
        Of the explanations in the workbook.

    Raises
    ------
    SourceError
        The text cannot be read.
    CaseError
        No number in it may be a claim (CR-V12), or a workbook stands there already (CR-V13).
    """
    target = out / path.stem / CANDIDATES
    if target.is_file():
        raise CaseError(Failure(code="CR-V13", values={"file": str(target)}))
    found = parse_numbers(read_press_text(path), document="S0", case_id="case")
    if found.candidates.empty:
        raise CaseError(Failure(code="CR-V12", values={"file": path.name, "others": len(found.not_claims)}))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_candidates(found.candidates, target, language=language)
    return ReadText(path=target, n_candidates=len(found.candidates), n_others=len(found.not_claims), n_unnamed=unnamed(found.candidates))


def audit_file(path: Path, out: Path, *, sheet: str | None = None, responses: Path | None = None) -> FileAudit:
    """Run every check over a table of claims and write down what was found.

    Parameters
    ----------
    path
        As `read_claims_file` takes it.
    out
        Folder below which the results stand in a folder named like the file.
    sheet
        Of a workbook; the first where none is named.
    responses
        Questions to issuers and their replies.

    Raises
    ------
    SourceError, SchemaError
        Faults of either file, all at once.
    CaseError
        A file cannot be written.
    """
    read: ClaimsFile = open_claims_file(path, sheet=sheet)
    replies = pd.DataFrame() if responses is None else read_responses(responses, read.claims)
    name = name_of(path)
    made = FileAudit(
        folder=out / name, claims=read.claims, findings={x: audit_claims(read.claims, language=x) for x in Language}, responses=replies,
        left_out={x: read.left_out(x) for x in Language},
    )
    with work_folder(out) as work:
        target = work / name
        target.mkdir()
        if (kept := out / name / CANDIDATES).is_file():  # what a person confirmed stays beside its audit
            (target / CANDIDATES).write_bytes(kept.read_bytes())
        write_whole(target / CLAIMS, _csv(made.claims))
        for language, findings in made.findings.items():
            write_whole(target / FINDINGS.format(language=language), _csv(findings))
            write_whole(target / f"{language}_{LEFT_OUT}", made.left_out[language])
        if responses is not None:
            write_whole(target / RESPONSES, _csv(replies))
        replace_folder(target, out / name)
    return made


def read_audit(folder: Path, language: Language) -> FileAudit:
    """What `audit_file` wrote, in one language.

    Raises
    ------
    CaseError
        There is no such audit, or it is damaged (CR-V14).
    """
    from commresearch.cases.contract import typed  # with pandera, which takes long to load

    try:
        claims = typed("claims", pd.read_csv(folder / CLAIMS, dtype=str, keep_default_na=False))
        findings = pd.read_csv(folder / FINDINGS.format(language=language), dtype=str, keep_default_na=False)
        left_out = (folder / f"{language}_{LEFT_OUT}").read_text(encoding="utf8")
        there = (folder / RESPONSES).is_file()
        responses = pd.read_csv(folder / RESPONSES, dtype=str, keep_default_na=False) if there else pd.DataFrame()
    except (OSError, ValueError) as problem:
        raise CaseError(Failure(code="CR-V14", values={"folder": str(folder), "error": str(problem)})) from None
    return FileAudit(folder=folder, claims=claims, findings={language: findings}, responses=responses, left_out={language: left_out})


def _csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, lineterminator="\n"))

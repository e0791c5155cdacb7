"""Cleaning every survey of a case: all faults at once, all files or none."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case import DataFile
from commresearch.cleaning.clean import clean_survey
from commresearch.cleaning.clean_files import PROVENANCE, files_of
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook, read_codebook
from commresearch.cleaning.corrections import apply_corrections, load_corrections
from commresearch.cleaning.draft import draft_codebook
from commresearch.cleaning.fit import place_variables, require_same_meaning
from commresearch.cleaning.leak_scan import require_no_leaks
from commresearch.cleaning.pseudonyms import require_same_key
from commresearch.cleaning.rules import load_rules
from commresearch.errors import CaseError, CommResearchError, Failure
from commresearch.records import RunRecord, package_versions, sha256_of, write_whole
from commresearch.sources import RawTable, read_survey, read_survey_pair
from commresearch.sources.tables import read_table
from commresearch.terms import Export, Language, Role, Sampling
from commresearch.workflow.survey_quality import SurveyQuality, assess_survey, quality_files

DECIDED_FIRST_ROW = 2
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CleanedSurvey:
    """One survey of a case, cleaned: its wave, where its files stand, and whether its codebook was only drafted."""

    wave: str
    sampling: Sampling
    folder: Path
    clean: CleanTable
    quality: SurveyQuality
    is_drafted: bool


def clean_case(
    case: Case, out: Path, *, pseudonym_key: bytes | None = None, language: Language = Language.ZH, today: str = "",
    progress: Callable[[str, int, int], None] = lambda wave, done, total: None,  # noqa: ARG005 - a listener that does not listen
) -> list[CleanedSurvey]:
    """Clean every survey of a case and write the results below `out`, one folder per wave.

    Parameters
    ----------
    case
        A checked case folder.
    out
        Folder of the results; each wave's folder is replaced as a whole.
    pseudonym_key
        Key of the pseudonyms; without it direct identifiers are dropped.
    language
        Language of the tables that people open.
    today
        ISO date for the manifests; nothing else depends on it.
    progress
        Told the wave, how many are done, and how many there are.

    Returns
    -------
    list of CleanedSurvey
        In the order of case.toml.

    Raises
    ------
    CommResearchError
        Files that cannot be read, codebooks that do not fit, corrections and decisions that fail, identifiers that would be
        written: all faults of all surveys together; then nothing is written.
    """
    if not case.surveys:
        raise CaseError(Failure(code="CR-F10", values={"case": case.id}))
    cleaned: dict[str, tuple[DataFile, CleanTable, SurveyQuality, bool]] = {}
    failures: list[Failure] = []
    for done, survey in enumerate(case.surveys):
        wave = survey.wave or f"survey{done + 1}"
        progress(wave, done, len(case.surveys))
        try:
            cleaned[wave] = (survey, *_clean_one(case, survey, pseudonym_key))
        except CommResearchError as error:
            failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CommResearchError(*failures)
    _require_comparable_waves({wave: clean for wave, (_, clean, _, _) in cleaned.items()})
    known = {k: v for _, clean, _, _ in cleaned.values() for k, v in clean.known.items()}
    written = {wave: _files(case, entry, language, today) for wave, entry in cleaned.items()}
    _write_all(out, written, known)
    return [
        CleanedSurvey(wave=wave, sampling=_sampling(survey), folder=out / wave, clean=clean, quality=quality, is_drafted=drafted)
        for wave, (survey, clean, quality, drafted) in cleaned.items()
    ]


def check_cases(cases: Sequence[Case]) -> dict[str, int]:
    """Read every survey of the cases and hold its codebook against it; nothing is cleaned or written.

    Returns
    -------
    dict
        Case id → how many surveys were looked at.

    Raises
    ------
    CommResearchError
        Files, codebooks, rules and corrections that are wrong: those of all surveys together.
    """
    failures: list[Failure] = []
    for case in cases:
        for survey in case.surveys:
            try:
                _check_one(case, survey)
            except CommResearchError as error:
                failures += [f for f in error.failures if f not in failures]
    if failures:
        raise CommResearchError(*failures)
    return {case.id: len(case.surveys) for case in cases}


def _check_one(case: Case, survey: DataFile) -> None:
    answers, code = read_files(case, survey)
    codebook = read_codebook(case.path(survey.codebook)) if survey.codebook else draft_codebook(answers[0], code)
    if survey.rules:
        load_rules(case.path(survey.rules), codebook)
    listed = case.path("corrections.csv")
    corrections = load_corrections(listed) if listed.is_file() else None
    for raw in answers:
        apply_corrections(raw, place_variables(codebook, raw), corrections)


def require_clean_reports(paths: Sequence[Path], known: Mapping[str, str]) -> None:
    """Search finished reports for identifiers; where one is found, none of them stays.

    Raises
    ------
    CleaningError
        Every identifier found, with file and place.
    """
    try:
        require_no_leaks([p for p in paths if p.is_file()], known)
    except CommResearchError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def _clean_one(case: Case, survey: DataFile, key: bytes | None) -> tuple[CleanTable, SurveyQuality, bool]:
    """One survey: read, described by its codebook (drafted where the case names none), cleaned, assessed."""
    answers, code = read_files(case, survey)
    codebook = read_codebook(case.path(survey.codebook)) if survey.codebook else draft_codebook(answers[0], code)
    listed = case.path("corrections.csv")
    clean = clean_survey(
        answers, codebook, corrections=listed if listed.is_file() else None, pseudonym_key=key,
        decisions=_decisions(case, survey), rules=load_rules(case.path(survey.rules), codebook) if survey.rules else (),
        shortest_seconds=survey.shortest_seconds,
    )
    margins = read_table(case.path(survey.margins)) if survey.margins else None
    quality = assess_survey(clean, _sampling(survey), margins=margins, conf_level=case.settings.analysis.conf_level)
    return clean, quality, not survey.codebook


def read_files(case: Case, survey: DataFile) -> tuple[list[RawTable], RawTable | None]:
    """The files that hold the answers, and the code export beside a text export, which only the drafting of a codebook needs."""
    raws: list[RawTable] = []
    failures: list[Failure] = []
    for name in survey.files:
        try:
            raws.append(read_survey(case.path(name), survey.platform, sheet=survey.sheet))
        except CommResearchError as error:
            failures += error.failures
    if failures:
        raise CommResearchError(*failures)
    texts, codes = ([r for r in raws if (r.export is Export.CODE) == coded] for coded in (False, True))
    if len(texts) == 1 and len(codes) == 1:
        text, code = read_survey_pair(texts[0].path, codes[0].path)
        return [text], code
    return texts or codes, None


def _decisions(case: Case, survey: DataFile) -> pd.DataFrame | None:
    if not survey.decisions:
        return None
    table = read_table(case.path(survey.decisions))
    return table.set_axis(table.index + DECIDED_FIRST_ROW)


def _sampling(survey: DataFile) -> Sampling:
    return survey.sampling or Sampling.OPT_IN  # case.toml has been checked: a survey always says it


def _require_comparable_waves(cleaned: Mapping[str, CleanTable]) -> None:
    """Waves that ask the same must mean the same; persons are linked only by pseudonyms of one key."""
    named = {wave: clean for wave, clean in cleaned.items() if clean.codebook.name}
    require_same_meaning({wave: Codebook(variables=clean.codebook.variables, name=wave) for wave, clean in named.items()})
    linked = {wave: clean for wave, clean in cleaned.items() if (person := clean.codebook.role(Role.PERSON)) and person.identifier}
    if len(linked) > 1:
        require_same_key({wave: clean.provenance["key_fingerprint"] for wave, clean in linked.items()})


def _files(case: Case, entry: tuple[DataFile, CleanTable, SurveyQuality, bool], language: Language, today: str) -> dict[str, bytes]:
    survey, clean, quality, drafted = entry
    files = files_of(clean, language) | quality_files(quality)
    notes = {
        **clean.provenance, "case": case.id, "name_zh": case.settings.case.name_zh, "name_en": case.settings.case.name_en,
        "fictional": case.settings.case.fictional, "wave": survey.wave or "", "sampling": _sampling(survey).value, "codebook_drafted": drafted,
    }
    files[PROVENANCE] = json.dumps(notes, ensure_ascii=False, indent=1, sort_keys=True).encode()
    record = RunRecord(
        key=sha256_of(*(files[name] for name in sorted(files))), made_on=today, settings=notes,
        inputs={name: sha256_of(case.path(name)) for name in survey.files}, outputs={name: sha256_of(files[name]) for name in sorted(files)},
        versions=package_versions(),
    )
    return files | {MANIFEST: record.to_json().encode()}


def _write_all(out: Path, written: Mapping[str, Mapping[str, bytes]], known: Mapping[str, str]) -> None:
    """Put every file beside its place, search all of them for identifiers, and only then move them."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(mkdtemp(dir=out, prefix=".work-"))
    except OSError as problem:
        raise CaseError(Failure(code="CR-C04", values={"path": str(out), "error": problem.strerror or str(problem)})) from None
    try:
        paths = [*_written(work, written)]
        require_no_leaks(paths, known)
        for wave in written:
            shutil.rmtree(out / wave, ignore_errors=True)
            (work / wave).replace(out / wave)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _written(work: Path, written: Mapping[str, Mapping[str, bytes]]) -> Iterator[Path]:
    for wave, files in written.items():
        for name, data in files.items():
            write_whole(work / wave / name, data)
            yield work / wave / name


def waves_in(folder: Path) -> Sequence[str]:
    """Waves that have been cleaned."""
    return sorted(p.parent.name for p in folder.glob(f"*/{MANIFEST}"))

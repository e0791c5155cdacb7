"""Cleaning every survey of a case: all faults at once, all files or none."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case import DataFile
from commresearch.cleaning.clean import clean_survey
from commresearch.cleaning.clean_files import PROVENANCE, files_of
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook, read_codebook
from commresearch.cleaning.corrections import concerning, load_corrections, misdirected
from commresearch.cleaning.draft import draft_codebook
from commresearch.cleaning.duplicate_decisions import load_decisions
from commresearch.cleaning.event_corrections import lines_for
from commresearch.cleaning.fit import misread_numbers, require_same_meaning
from commresearch.cleaning.leak_scan import require_no_leaks
from commresearch.cleaning.pseudonyms import require_same_key
from commresearch.cleaning.rules import load_rules
from commresearch.errors import CaseError, CleaningError, CommResearchError, Failure
from commresearch.records import RunRecord, Standby, held, package_versions, replace_folder, sha256_of, work_folder, write_whole
from commresearch.sources import RawTable, read_survey, read_survey_pair
from commresearch.terms import Export, Language, Role, Sampling
from commresearch.workflow.margins_file import load_margins
from commresearch.workflow.survey_quality import SurveyQuality, assess_survey, quality_files

CORRECTIONS = "corrections.csv"
MANIFEST = "manifest.json"
MUCH = 10_000_000  #: bytes from which on files take longer to search than their survey to be assessed
Progress: TypeAlias = Callable[[str, str, int, int], None]


def _unheard(case: str, wave: str, done: int, total: int) -> None:
    """A listener that does not listen."""


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
    progress: Progress = _unheard,
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
        Told the case, the wave, how many are done, and how many there are.

    Returns
    -------
    list of CleanedSurvey
        In the order of case.toml.

    Raises
    ------
    CommResearchError
        Files that cannot be read, codebooks that do not fit, corrections and decisions that fail, identifiers that would be
        written: all faults of all surveys together; then nothing is written. Another run works on the case (CR-C06).
    """
    with held(out):
        return _cleaned_and_written(case, out, pseudonym_key, language, today, progress)


def _cleaned_and_written(
    case: Case, out: Path, pseudonym_key: bytes | None, language: Language, today: str, progress: Progress
) -> list[CleanedSurvey]:
    if not case.surveys:
        raise CaseError(Failure(code="CR-F10", values={"case": case.id}))
    failures: list[Failure] = []
    with ExitStack() as beside:
        cleaned = _cleaned(case, pseudonym_key, partial(progress, case.id), failures, (language, beside))
        quality = _write_all(case, out, cleaned, today, failures)
    return [
        CleanedSurvey(
            wave=wave, sampling=_sampling(one.survey), folder=out / wave, clean=one.clean, quality=quality[wave], is_drafted=one.is_drafted
        )
        for wave, one in cleaned.items()
    ]


def check_cases(cases: Sequence[Case], *, progress: Progress = _unheard) -> dict[str, int]:
    """Clean every survey of the cases as `clean_case` does, and write nothing.

    Returns
    -------
    dict
        Case id → how many surveys were looked at.

    Raises
    ------
    CommResearchError
        Everything for which `clean_case` would refuse the surveys, but identifiers that would be written: of all surveys together.
    """
    failures: list[Failure] = []
    for case in cases:
        _assessed(_cleaned(case, None, partial(progress, case.id), failures), failures)
    _stop(failures)
    return {case.id: len(case.surveys) for case in cases}


def _cleaned(
    case: Case, key: bytes | None, progress: Callable[[str, int, int], None], failures: list[Failure], written: tuple[Language, ExitStack] | None = None
) -> "dict[str, _Cleaned]":
    """Every survey of a case, by wave, without those that something is wrong with.

    Where they are to be written, with their files in a language; each is then assessed by a process beside this one, which the stack ends.
    """
    cleaned: dict[str, _Cleaned] = {}
    received = _received(case, failures)
    corrections = _corrections(case, received, failures)
    for done, (wave, inputs) in enumerate(received.items()):
        progress(wave, done, len(case.surveys))
        with _collecting(failures):
            cleaned[wave] = _clean_one(case, inputs, corrections, key, written)
        if written and done < len(received) - 1 and wave in cleaned:  # so that no more than one process works beside this one
            with suppress(CommResearchError):  # told later, with all others
                cleaned[wave].assess()
    with _collecting(failures):
        _require_comparable_waves({wave: one.clean for wave, one in cleaned.items()})
    return cleaned


class _Cleaned(NamedTuple):
    """A survey, cleaned; what it is worth, or why that cannot be said; the files of its clean table; whether its codebook was only drafted."""

    survey: DataFile
    clean: CleanTable
    assess: Callable[[], SurveyQuality]
    files: dict[str, bytes]
    is_drafted: bool


class _Inputs(NamedTuple):
    """What a survey is cleaned from."""

    survey: DataFile
    answers: list[RawTable]
    codebook: Codebook


@contextmanager
def _collecting(failures: list[Failure]) -> Iterator[None]:
    """What goes wrong inside is noted, each fault once, and the work goes on behind it."""
    try:
        yield
    except CommResearchError as error:
        for failure in error.failures:
            if failure not in failures:
                failures.append(failure)


def _stop(failures: Sequence[Failure]) -> None:
    if failures:
        raise CommResearchError(*failures)


def _assessed(cleaned: Mapping[str, _Cleaned], failures: list[Failure]) -> dict[str, SurveyQuality]:
    """What the surveys are worth, without those of which that cannot be said."""
    quality: dict[str, SurveyQuality] = {}
    for wave, one in cleaned.items():
        with _collecting(failures):
            quality[wave] = one.assess()
    return quality


def _received(case: Case, failures: list[Failure]) -> dict[str, _Inputs]:
    """What every survey is cleaned from, by wave, without the surveys that cannot be read."""
    received: dict[str, _Inputs] = {}
    for number, survey in enumerate(case.surveys, 1):
        with _collecting(failures):
            received[survey.wave or f"survey{number}"] = _inputs(case, survey)
    return received


def _corrections(case: Case, received: Mapping[str, _Inputs], failures: list[Failure]) -> pd.DataFrame | None:
    """The list of corrections, None where the case has none or one that cannot be read; without lines that are meant for no file or several.

    Which file a line is meant for is not known before all surveys could be read. Of a case without surveys `clean_logs` judges every line.
    """
    path = case.path(CORRECTIONS)
    if not path.is_file() or not case.surveys:
        return None
    listed = None
    with _collecting(failures):
        listed = load_corrections(path)
    if listed is not None and len(case.surveys) == len(case.settings.data):  # else `clean_logs` judges the lines of other kinds
        failures += lines_for(listed, [])[1]
    if listed is None or len(received) < len(case.surveys):
        return listed
    lost = misdirected(listed, [raw for inputs in received.values() for raw in inputs.answers])
    failures += lost
    return listed.drop(index=[f.values["row"] for f in lost])


def _inputs(case: Case, survey: DataFile) -> _Inputs:
    """The files of a survey, its codebook (drafted where the case names none), its logic rules."""
    failures: list[Failure] = []
    with _collecting(failures):
        answers, code = read_files(case, survey)
    if survey.codebook:
        with _collecting(failures):
            codebook = read_codebook(case.path(survey.codebook))
    _stop(failures)
    if not survey.codebook:
        codebook = draft_codebook(answers[0], code)
    elif code is not None:
        _stop([*misread_numbers(codebook, answers[0], code)])
    return _Inputs(survey=survey, answers=answers, codebook=codebook)


def _clean_one(
    case: Case, inputs: _Inputs, corrections: pd.DataFrame | None, key: bytes | None, written: tuple[Language, ExitStack] | None
) -> _Cleaned:
    """One survey, cleaned, as `_cleaned` says; of the corrections those that are meant for its files."""
    survey, answers, codebook = inputs
    failures: list[Failure] = []
    rules, margins = [], None
    cleaned: list[CleanTable] = []
    with _collecting(failures):
        rules = load_rules(case.path(survey.rules), codebook) if isinstance(survey.rules, str) else []
    with _collecting(failures):
        margins = load_margins(case.path(survey.margins), codebook) if survey.margins else None
    with _collecting(failures):
        if survey.decisions:
            load_decisions(case.path(survey.decisions))
    if corrections is not None:
        corrections = corrections[corrections.index.isin([line for raw in answers for line in concerning(corrections, raw).index])]
    with _collecting(failures):
        cleaned.append(clean_survey(
            answers, codebook, corrections=corrections, pseudonym_key=key, decisions=case.path(survey.decisions) if survey.decisions else None,
            rules=rules, shortest_seconds=survey.shortest_seconds,
        ))
    _stop(failures)
    (clean,) = cleaned
    assess = partial(
        assess_survey, clean, _sampling(survey), margins=margins, conf_level=case.settings.analysis.conf_level, design=survey.design,
        single_psu=survey.single_psu,
    )
    if written is None:
        return _Cleaned(survey, clean, assess, {}, not survey.codebook)
    language, beside = written
    assessing = beside.enter_context(Standby(assess))  # writing and searching files does not need it
    return _Cleaned(survey, clean, assessing.first, files_of(clean, language), not survey.codebook)


def read_files(case: Case, survey: DataFile) -> tuple[list[RawTable], RawTable | None]:
    """The files that hold the answers, and the code export beside a text export, which only the drafting of a codebook needs."""
    raws: list[RawTable] = []
    failures: list[Failure] = []
    for name in survey.files:
        with _collecting(failures):
            raws.append(read_survey(case.path(name), survey.platform, sheet=survey.sheet))
    _stop(failures)
    texts, codes = ([r for r in raws if (r.export is Export.CODE) == coded] for coded in (False, True))
    if texts and codes and len(raws) > 2:
        names = {"texts": ", ".join(r.path.name for r in texts), "codes": ", ".join(r.path.name for r in codes)}
        raise CaseError(Failure(code="CR-F11", values={"file": "case.toml", "wave": survey.wave or "", **names}))
    if len(texts) == 1 and len(codes) == 1:
        text, code = read_survey_pair(texts[0].path, codes[0].path, sheet=survey.sheet)
        return [text], code
    return texts or codes, None


def _sampling(survey: DataFile) -> Sampling:
    return survey.sampling or Sampling.OPT_IN  # case.toml has been checked: a survey always says it


def _require_comparable_waves(cleaned: Mapping[str, CleanTable]) -> None:
    """Waves that ask the same must mean the same; persons are linked only by pseudonyms of one key."""
    named = {wave: clean for wave, clean in cleaned.items() if clean.codebook.name}
    require_same_meaning({wave: Codebook(variables=clean.codebook.variables, name=wave) for wave, clean in named.items()})
    linked = {wave: clean for wave, clean in cleaned.items() if (person := clean.codebook.role(Role.PERSON)) and person.identifier}
    if len(linked) > 1:
        require_same_key({wave: clean.provenance["key_fingerprint"] for wave, clean in linked.items()})


def _about(case: Case, entry: _Cleaned, quality: SurveyQuality, today: str) -> dict[str, bytes]:
    """Files about a clean table: what it is worth, where it comes from, and a manifest of them all."""
    survey, clean, _, files, drafted = entry
    more = quality_files(quality)
    inputs = {name: sha256_of(case.path(name)) for name in survey.files}
    codes = "; ".join(f"{case.path(name).name} {digest}" for name, digest in inputs.items() if digest not in clean.provenance["files"])
    notes = {
        **({"code_export": codes} if codes else {}), **clean.provenance, "case": case.id, "name_zh": case.settings.case.name_zh, "name_en": case.settings.case.name_en,
        "fictional": case.settings.case.fictional, "wave": survey.wave or "", "sampling": _sampling(survey).value, "codebook_drafted": drafted,
        "shortest_seconds": survey.shortest_seconds, "design": survey.design, "single_psu": survey.single_psu,
    }
    more[PROVENANCE] = json.dumps(notes, ensure_ascii=False, indent=1, sort_keys=True).encode()
    files = files | more
    record = RunRecord(
        key=sha256_of(*(files[name] for name in sorted(files))), made_on=today, settings=notes,
        inputs=inputs, outputs={name: sha256_of(files[name]) for name in sorted(files)},
        versions=package_versions(),
    )
    return more | {MANIFEST: record.to_json().encode()}


def _write_all(case: Case, out: Path, cleaned: Mapping[str, _Cleaned], today: str, failures: list[Failure]) -> dict[str, SurveyQuality]:
    """Put every file beside its place, search all of them for identifiers, and only then move them; what the surveys are worth.

    Raises
    ------
    CommResearchError
        What was found wrong before, surveys that cannot be assessed, identifiers: all together.
    """
    known = {k: v for one in cleaned.values() for k, v in one.clean.known.items()}
    if failures:
        _assessed(cleaned, failures)
        _stop(failures)
    with work_folder(out) as work:
        leaks = _leaks_in(work, {wave: one.files for wave, one in cleaned.items()}, known, out)
        quality = _assessed(cleaned, failures)
        if not failures:
            leaks += _leaks_in(work, {wave: _about(case, one, quality[wave], today) for wave, one in cleaned.items()}, known, out)
        if failures:
            _stop([*failures, *leaks])
        if leaks:
            raise CleaningError(*leaks)
        for wave in cleaned:
            replace_folder(work / wave, out / wave)
        for wave in set(waves_in(out)) - set(cleaned):  # of surveys that case.toml does not name any more
            shutil.rmtree(out / wave)
    return quality


def _leaks_in(work: Path, files: Mapping[str, Mapping[str, bytes]], known: Mapping[str, str], out: Path) -> list[Failure]:
    """Write files and search them: the identifiers in them, told of as if the files stood at their places."""
    size = sum(len(data) for one in files.values() for data in one.values())
    try:
        require_no_leaks([*_written(work, files)], known, workers=1 if size < MUCH else 2)  # a survey is assessed meanwhile
    except CleaningError as leaks:
        return [_at_its_place(f, work, out) for f in leaks.failures]
    return []


def _at_its_place(failure: Failure, work: Path, out: Path) -> Failure:
    """The same about the file that would have been written."""
    path = failure.values["path"]
    return replace(failure, values={**failure.values, "path": out / path.relative_to(work)}) if isinstance(path, Path) else failure


def _written(work: Path, written: Mapping[str, Mapping[str, bytes]]) -> Iterator[Path]:
    for wave, files in written.items():
        for name, data in files.items():
            write_whole(work / wave / name, data)
            yield work / wave / name


def waves_in(folder: Path) -> Sequence[str]:
    """Waves that have been cleaned; folders of logs and panels begin with an underscore, which no wave does."""
    return sorted(p.parent.name for p in folder.glob(f"[!_]*/{MANIFEST}"))

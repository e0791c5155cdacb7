"""The scaffold of a new case: everything a pilot needs before it collects data."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from commresearch.cases.case import CASE_FILE, CASE_ID
from commresearch.cleaning.codebook_file import codebook_xlsx, dictionary_markdown
from commresearch.errors import CaseError, Failure
from commresearch.records import write_whole
from commresearch.terms import Language, Level, Platform
from commresearch.workflow.register_templates import register_files
from commresearch.workflow.registers import sheet_names
from commresearch.workflow.scaffold_codebook import codebook
from commresearch.workflow.scaffold_documents import FORMS, filled, word_files
from commresearch.workflow.scaffold_paper import paper
from commresearch.workflow.scaffold_phrases import template
from commresearch.workflow.scaffold_questions import Questionnaire, estimated_minutes
from commresearch.workflow.scaffold_reading import read_questionnaire
from commresearch.workflow.scaffold_wenjuanxing import import_text, settings_table
from commresearch.workflow.scaffold_xlsform import xlsform

QUESTIONNAIRE = "questionnaire/questionnaire.toml"  #: the one source of every form of the questionnaire
CODEBOOKS = ("codebook.xlsx", "questionnaire/codebook_odk.xlsx")  #: people edit them by hand
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")  #: ends of lines and what no text holds
RESERVED = ("published", "demo", "comparison")  #: folders and reports that have these names already
#: Tables of a case folder and their columns; they start with their header only.
TABLES: Mapping[str, tuple[str, ...]] = {
    "communities.csv": (
        "unit_id", "unit_level", "community_id", "name", "cluster_id", "households", "population", "youth_population", "area_m2", "valid_from",
        "valid_to", "source", "as_of",
    ),
    "rollout.csv": ("unit_id", "start_month", "chosen_by", "assigned_level", "assignment_id"),
    "coverage.csv": ("source", "unit_id", "live_from", "live_to", "note"),
    "programmes.csv": ("unit_id", "from", "to", "kind", "note"),
    "indicators.csv": (
        "level1", "level2", "level3", "unit", "target", "actual", "numerator", "denominator", "weight", "source", "responsible", "reason",
    ),
    "corrections.csv": ("kind", "file", "sheet", "row_id", "variable", "expect", "new", "reason", "reported_by", "date"),
    "responses.csv": ("claim_id", "asked_on", "question", "reply", "replied_on", "reply_source"),
}

Files = dict[str, bytes]


def write_scaffold(
    folder: str | Path, *, case_id: str, name_zh: str, name_en: str, level: str, province: str, city: str, language: str = "zh"
) -> list[Path]:
    """Write the folder of a new case, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        The case folder itself; it must not exist, or be empty.
    case_id : str
        Lower-case letters, digits and underscores, starting with a letter.
    name_zh, name_en, province, city : str
        One line of text each.
    level : str
        A member of `Level`.
    language : str
        Language of the case's reports and of its registers: zh or en. The rest of the scaffold holds both.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CaseError
        The folder holds something or cannot be written; the id, a name, the level or the language cannot be used: all together.
    """
    folder = Path(folder)
    texts = {"name_zh": name_zh, "name_en": name_en, "province": province, "city": city}
    failures = [*_folder_failures(folder), *_value_failures(case_id, texts, level, language)]
    if failures:
        raise CaseError(*failures)
    case = {"case_id": case_id, **texts, "level": level, "language": language}
    return _write_together(folder, _case_files(case))


def write_questionnaire(folder: str | Path) -> list[Path]:
    """Make every form of the questionnaire anew from the case's `questionnaire/questionnaire.toml`, with codebooks and dictionary.

    Parameters
    ----------
    folder : str or Path
        The case folder.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CaseError
        The folder has no questionnaire, or files cannot be written.
    SchemaError
        What is wrong with the questionnaire: all together. Nothing is written then.

    Notes
    -----
    It is for the time before answers come in. A codebook that says something else than the new one is kept beside it, as
    `codebook_before.xlsx`.
    """
    folder = Path(folder)
    source = folder / QUESTIONNAIRE
    if not source.is_file():
        raise CaseError(Failure(code="CR-F01", values={"file": str(source)}))
    questionnaire = read_questionnaire(source.read_text(encoding="utf-8-sig"), source.name)
    files = _questionnaire_files(questionnaire, folder.resolve().name)
    files = {**_codebooks_to_keep(folder, files), **files}
    for name, data in files.items():
        try:
            write_whole(folder / name, data)
        except OSError as error:
            raise CaseError(Failure(code="CR-C04", values={"path": str(folder / name), "error": error.strerror or str(error)})) from None
    return [folder / name for name in files]


def _codebooks_to_keep(folder: Path, files: Files) -> Files:
    """Codebooks that somebody may have edited, under names of their own."""
    kept: Files = {}
    for name in CODEBOOKS:
        there = folder / name
        if there.is_file() and (data := there.read_bytes()) != files[name]:
            kept[str(Path(name).with_stem(f"{there.stem}_before"))] = data
    return kept


def _folder_failures(folder: Path) -> Iterator[Failure]:
    if folder.is_dir():
        if found := sorted(p.name for p in folder.iterdir()):
            yield Failure(code="CR-N01", values={"folder": str(folder), "found": found[0]})
    elif folder.exists():
        yield Failure(code="CR-N05", values={"folder": str(folder)})


def _value_failures(case_id: str, texts: Mapping[str, str], level: str, language: str) -> Iterator[Failure]:
    if not re.fullmatch(CASE_ID, case_id) or case_id in RESERVED:
        yield Failure(code="CR-N02", values={"got": case_id, "reserved": ", ".join(RESERVED)})
    for field, got, vocabulary in (("level", level, Level), ("language", language, Language)):
        if got not in {str(member) for member in vocabulary}:
            yield Failure(code="CR-N03", values={"field": field, "got": got, "allowed": ", ".join(vocabulary)})
    for field, text in texts.items():
        if not text.strip() or CONTROL.search(text):
            yield Failure(code="CR-N04", values={"field": field, "got": text})


def _case_files(case: Mapping[str, str]) -> Files:
    """Every file of the scaffold, by its place in the case folder."""
    source = template("questionnaire.toml")
    questionnaire = read_questionnaire(source, "questionnaire.toml")
    files: Files = {"README.md": _text(filled("documents/README.md", case))}
    language = Language(case["language"])
    sheets = {f"sheet_{kind}": _toml(sheet) for kind, sheet in sheet_names(language).items()}
    files[CASE_FILE] = _text(filled("case.toml", {**case, **sheets, **{f"toml_{key}": _toml(value) for key, value in case.items()}}))
    files |= dict(register_files(language, case[f"name_{language}"]))
    files |= {name: _header(columns) for name, columns in TABLES.items()}
    files |= {f"narrative.{x}.md": _text(template(f"documents/narrative.{x}.md")) for x in Language}
    files[QUESTIONNAIRE] = _text(source)
    files |= _questionnaire_files(questionnaire, case["case_id"])
    values = {**case, "minutes": estimated_minutes(questionnaire.sections)}
    forms = {f"forms/{form}.{x}.md": filled(f"documents/{form}.{x}.md", values) for form in FORMS for x in Language}
    guides = {f"questionnaire/interviewer.{x}.md": filled(f"documents/interviewer.{x}.md", values) for x in Language}
    return files | _with_word({**forms, **guides})


def _questionnaire_files(questionnaire: Questionnaire, case_id: str) -> Files:
    """Every form of the questionnaire, with its codebooks and the data dictionary."""
    settings = {"case_id": case_id, "n_questions": len(questionnaire.questions), "settings": settings_table(questionnaire)}
    return {
        "codebook.xlsx": codebook_xlsx(codebook(questionnaire, Platform.WENJUANXING), Language.ZH),
        **{f"data_dictionary.{x}.md": _text(dictionary_markdown(codebook(questionnaire, Platform.WENJUANXING, x), x)) for x in Language},
        "questionnaire/questionnaire.xlsx": xlsform(questionnaire, f"{case_id}_survey"),
        "questionnaire/codebook_odk.xlsx": codebook_xlsx(codebook(questionnaire, Platform.KOBO), Language.ZH),
        "questionnaire/wenjuanxing.txt": _text(import_text(questionnaire)),
        "questionnaire/wenjuanxing.md": _text(filled("documents/wenjuanxing.zh.md", settings)),
        **_with_word({f"questionnaire/questionnaire.{x}.md": paper(questionnaire, x) for x in Language}),
    }


def _with_word(texts: Mapping[str, str]) -> Files:
    return {name: _text(text) for name, text in texts.items()} | dict(word_files(texts))


def _text(text: str) -> bytes:
    return text.encode()


def _toml(value: str) -> str:
    """A text as TOML writes it; JSON's form of a string is a form of TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _header(columns: tuple[str, ...]) -> bytes:
    """A table without rows, marked as UTF-8 so that spreadsheets keep Chinese when they save it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(columns)
    return buffer.getvalue().encode("utf-8-sig")


def _write_together(folder: Path, files: Files) -> list[Path]:
    """Write all files beside the folder and move them into place at once."""
    staging = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        for name, data in files.items():
            write_whole(staging / name, data)
        staging.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        staging.rename(folder)
    except OSError as error:
        raise CaseError(Failure(code="CR-C04", values={"path": str(folder), "error": error.strerror or str(error)})) from None
    finally:
        if staging is not None and staging.is_dir():
            shutil.rmtree(staging)
    return [folder / name for name in files]

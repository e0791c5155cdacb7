"""Registers that a new case gets: workbooks that open everywhere, accept what they ask for, and are read as they are."""

import io
import re
import zipfile
from datetime import date, datetime, time
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from commresearch.cleaning import event_reading
from commresearch.cleaning.event_cleaning import clean_events
from commresearch.cleaning.event_contracts import CONTRACTS
from commresearch.cleaning.event_fields import FEEDS, vocabulary_of
from commresearch.terms import DataKind, Language
from commresearch.workflow.register_templates import LAST_ROW, register_files, register_xlsx
from commresearch.workflow.registers import Format, label_of, labels_of, registers, sheet_names

REGISTERS = {register.name: register for register in registers().registers}
SHEETS = [(register, sheet) for register in registers().registers for sheet in register.sheets]
IN_EACH = pytest.mark.parametrize("language", Language)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HAN = re.compile("[\u4e00-\u9fff]")
#: Columns that no person fills in: they are derived, or not asked for.
NOT_ASKED = {
    DataKind.SIGNINS: {"event_id", "person_key", "person_tier", "age_low", "age_high", "age_known_by"}, DataKind.TICKETS: {"caller_key"},
    DataKind.BOOKINGS: {"room", "booker_key"}, DataKind.COUNTERS: {"room"}, DataKind.ROOMS: {"room", "unit_id"}, DataKind.OPEN_HOURS: {"room"},
    DataKind.GRIDS: {"unit_id"},
}


@pytest.fixture(scope="module")
def files():
    return {language: dict(register_files(language, "滨海示范区")) for language in Language}


def opened(files, register, language):
    return CalamineWorkbook.from_filelike(io.BytesIO(files[language][f"registers/{register.name}.xlsx"]))


def xml(data, sheet):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))


def validations(data, sheet):
    """Column letter → what its cells accept: type, operator, formulas, style of the refusal, cells."""
    found = {}
    for rule in xml(data, sheet).iter(f"{MAIN}dataValidation"):
        first, last = rule.get("sqref").split(":")
        formulas = tuple(part.text for part in rule if part.tag in {f"{MAIN}formula1", f"{MAIN}formula2"})
        found[re.sub(r"\d", "", first)] = (rule.get("type"), rule.get("operator"), formulas, rule.get("errorStyle"), (first, last))
    return found


# --- the files


@IN_EACH
@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_a_register_opens_with_its_headers_and_one_example(files, register, language):
    guide = registers().guide
    book = opened(files, register, language)
    assert book.sheet_names == [*(part.name[language] for part in register.sheets), guide.sheet[language]]
    for part in register.sheets:
        head, example, *rest = book.get_sheet_by_name(part.name[language]).to_python(skip_empty_area=False)
        assert head == [guide.mark[language], *(column[language] for column in part.columns)]
        assert len(set(head)) == len(head)
        assert example[0] == {"zh": "示例", "en": "example"}[language]
        assert all(cell == "" for row in rest for cell in row)
        for column, cell in zip(part.columns, example[1:], strict=True):
            assert_example(column, cell, language)


def assert_example(column, cell, language):
    wanted = column.example_in(language)
    if wanted is None:
        assert cell == ""
        assert not (column.must and column.field not in {"name"}), column.field
    elif column.format in {Format.DATE, Format.MONTH}:
        assert cell == date.fromisoformat(f"{wanted}-01"[:10] if column.format is Format.MONTH else wanted)
    elif column.format is Format.MOMENT:
        assert cell == datetime.fromisoformat(wanted)
    elif column.format is Format.CLOCK:
        assert cell == time.fromisoformat(wanted)
    else:
        assert cell == wanted
        assert isinstance(cell, str) == (column.format not in {Format.WHOLE, Format.NUMBER, Format.SHARE}), column.field


@IN_EACH
def test_the_same_case_gives_the_same_bytes_and_its_name_stands_on_the_pages(files, language):
    assert dict(register_files(language, "滨海示范区")) == files[language]
    assert list(files[language]) == [f"registers/{name}.xlsx" for name in REGISTERS]
    for name in ("甲 & 乙", "长" * 300):
        data = register_xlsx(REGISTERS["grids"], language, name)
        said = xml(data, 1).find(f"{MAIN}headerFooter/{MAIN}oddHeader").text
        assert "甲 && 乙" in said if "&" in name else said.endswith("长…")
        assert len(said) < 255


@IN_EACH
@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_pages_lie_and_are_one_page_wide_under_a_header_that_stays(files, register, language):
    data = files[language][f"registers/{register.name}.xlsx"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    assert book.count("_xlnm.Print_Titles") == len(register.sheets)
    for number in range(1, len(register.sheets) + 2):
        page = xml(data, number).find(f"{MAIN}pageSetup")
        assert (page.get("orientation"), page.get("paperSize"), page.get("fitToWidth")) == ("landscape", "9", None)  # one page wide is what no number means
        assert page.get("fitToHeight") == (None if number > len(register.sheets) else "0")
        pane = xml(data, number).find(f"{MAIN}sheetViews/{MAIN}sheetView/{MAIN}pane")
        assert (pane is None) == (number > len(register.sheets))
        assert pane is None or (pane.get("state"), pane.get("ySplit"), pane.get("xSplit")) == ("frozen", "1", "1")


@IN_EACH
@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_cells_offer_lists_and_refuse_what_they_do_not_ask_for(files, register, language):
    for number, part in enumerate(register.sheets, 1):
        found = validations(files[language][f"registers/{register.name}.xlsx"], number)
        for j, column in enumerate(part.columns):
            letter = chr(ord("B") + j)
            if column.format is Format.TEXT and not column.listed:
                assert letter not in found
                continue
            kind, operator, formulas, style, cells = found[letter]
            assert cells == (f"{letter}2", f"{letter}{LAST_ROW + 1}")
            assert style == ("warning" if column.suggest or column.format is Format.CLOCK else None)
            if column.listed:
                assert (kind, formulas) == ("list", (f'"{",".join(labels_of(column.listed, language))}"',))
            elif column.format in {Format.DATE, Format.MONTH, Format.MOMENT}:
                assert (kind, operator, formulas) == ("date", None, ("32874", "73050"))
            else:
                wanted = {
                    Format.CLOCK: ("time", None), Format.WHOLE: ("whole", "greaterThanOrEqual"), Format.NUMBER: ("decimal", "greaterThanOrEqual"),
                    Format.SHARE: ("decimal", None), Format.BIRTH: ("textLength", "equal"), Format.MOBILE: ("textLength", "equal"),
                }
                assert (kind, operator) == wanted[column.format]


@IN_EACH
@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_every_column_is_explained(files, register, language):
    rows = opened(files, register, language).get_sheet_by_name(registers().guide.sheet[language]).to_python()
    assert register.about[language] in [row[0] for row in rows]
    for part in register.sheets:
        for column in part.columns:
            (listed,) = {row[3] for row in rows if row[:3] == [column[language], registers().guide.yes[language] if column.must else "", column.how[language]]}
            assert all(label in listed for label in (labels_of(column.listed, language) if column.listed else ()))


def test_both_languages_speak_their_own():
    for register, part in SHEETS:
        for zh, en in ((register.title.zh, register.title.en), (register.about.zh, register.about.en), (part.name.zh, part.name.en), *((c.how.zh, c.how.en) for c in part.columns)):
            assert HAN.search(zh)
            assert not HAN.search(re.sub("次日01:00|外地", "", en))
            assert not re.search("[\u4e00-\u9fff]\\s?[,;:?!()]|[,;:?!()]\\s?[\u4e00-\u9fff]", re.sub("工单:12345热线|次日01:00", "", zh)), zh
    for texts in (registers().guide.errors.values(), (registers().guide.error_title,)):
        assert all(len(text[language]) <= 225 for text in texts for language in Language)


# --- what they feed


@pytest.mark.parametrize(("register", "part"), SHEETS, ids=[part.kind for _, part in SHEETS])
def test_columns_feed_the_typed_columns_of_their_kind(register, part):
    contract = CONTRACTS[part.kind]
    fields = [column.field for column in part.columns]
    assert len(set(fields)) == len(fields)
    assert set(fields) <= set(vocabulary_of(part.kind).names)
    assert set(contract.names) - {"row_id"} - set(fields) == NOT_ASKED.get(part.kind, set())
    asked = {column.field for column in part.columns if column.must}
    for name in contract.required:
        assert asked & set(FEEDS.get(part.kind, {}).get(name, ()) or (name,)), name


def test_lists_hold_the_values_of_the_contracts():
    for _, part in SHEETS:
        typed = {column.name: column for column in CONTRACTS[part.kind].columns}
        for column in part.columns:
            values = typed[column.field].values if column.field in typed else ()
            if values:
                assert set(registers().lists[column.listed]) == set(values), column.field
            elif column.listed == "yes_no":
                assert typed[column.field].type == "boolean"
    assert set(registers().lists["source"]) <= set(DataKind)
    assert label_of("ticket_type", "complaint", Language.ZH) == "投诉"
    assert label_of("ticket_type", "complaint", Language.EN) == "complaint"


def test_every_kind_but_surveys_has_a_sheet():
    assert set(sheet_names(Language.ZH)) == set(DataKind) - {DataKind.SURVEY}
    assert sheet_names(Language.ZH)[DataKind.BOOKINGS] == "使用记录"
    assert len({part.kind for _, part in SHEETS}) == len(SHEETS)


def test_the_sign_in_sheet_asks_no_more_than_the_definition_needs():
    """A person key, the age to the month, residence and role; no identity number, day of birth or address; the room book names nobody."""
    (signins,) = REGISTERS["signins"].sheets
    assert {c.field for c in signins.columns} == {"event_code", "event_at", "place", "role", "phone", "name", "birth_date", "home", "is_resident", "persons"}
    by_field = {c.field: c for c in signins.columns}
    assert by_field["birth_date"].format is Format.BIRTH
    assert (by_field["birth_date"].zh, by_field["birth_date"].example) == ("出生年月", "1998-07")
    assert not any(by_field[name].must for name in ("phone", "name", "birth_date", "home", "is_resident"))
    assert by_field["name"].example is None
    for name in ("room_use", "rooms", "open_hours"):
        assert not [c.field for part in REGISTERS[name].sheets for c in part.columns if re.search("phone|booker|person_name|national", c.field)]
    assert {c.field for part in REGISTERS["tickets"].sheets for c in part.columns} & {"caller_phone", "caller_name", "caller_id"} == {"caller_phone"}


# --- read as they are


KEY = bytes(range(32))
#: What one filled row says, as typed values; the example, without its mark, is such a row.
TYPED = {
    DataKind.SIGNINS: {"event_id": "HD202503-01", "event_at": pd.Timestamp("2025-03-08 19:00"), "role": "attends", "person_tier": "phone", "age_low": 26, "age_high": 26, "is_resident": True, "persons": 1},
    DataKind.ROOMS: {"room": "WH-301", "unit_id": "990102001001", "area_m2": 86.5, "room_class": "activity", "valid_from": date(2023, 1, 1), "valid_to": None, "in_service_from": date(2023, 3, 15)},
    DataKind.BOOKINGS: {"booking_id": "YD250308-02", "room": "WH-301", "start_at": pd.Timestamp("2025-03-08 19:00"), "end_at": pd.Timestamp("2025-03-08 21:30"), "headcount": 18, "is_cancelled": False, "is_used": True},
    DataKind.COUNTERS: {"room": "WH-301", "start_at": pd.Timestamp("2025-03-08 19:00"), "end_at": pd.Timestamp("2025-03-08 20:00"), "persons": 12},
    DataKind.OPEN_HOURS: {"room": "WH-301", "weekday": 1, "open_minute": 540, "close_minute": 1260, "valid_from": date(2024, 9, 1), "valid_to": None},
    DataKind.TICKETS: {
        "ticket_id": "GD250308-015", "received_at": pd.Timestamp("2025-03-08 09:30"), "closed_at": pd.Timestamp("2025-03-12 16:00"), "type": "complaint", "status": "closed",
        "is_outside": False, "is_repeat": False, "repeat_of": None, "handling": None, "is_reached": True, "is_resolved": True, "is_satisfied": True,
    },
    DataKind.ROSTER: {
        "unit_id": "990102001001", "unit_level": "community", "community_id": "990102001001", "cluster_id": "HT-1", "households": 2460, "population": 6320, "youth_population": 1580,
        "area_m2": 780_000, "valid_from": date(2023, 1, 1), "valid_to": None, "as_of": date(2024, 12, 31),
    },
    DataKind.GRIDS: {"grid_id": "990102001001001", "unit_id": "990102001001", "valid_from": date(2023, 1, 1), "valid_to": None, "households": 410, "staff": 1},
    DataKind.LINEAGE: {"old_id": "990102001003", "new_id": "990102001001", "changed_on": date(2024, 7, 1), "kind": "merge", "share": 1},
    DataKind.ROLLOUT: {"unit_id": "990102001001", "start_month": date(2024, 4, 1), "chosen_by": "volunteer", "assigned_level": "community", "assignment_id": "990102001001"},
    DataKind.COVERAGE: {"source": "tickets", "unit_id": "990102001001", "live_from": date(2022, 1, 1), "live_to": None},
    DataKind.PROGRAMMES: {"unit_id": "990102001001", "starts_on": date(2024, 5, 1), "ends_on": date(2024, 10, 31)},
}


def named(register, part, language):
    """The sheet, where the register has several of them: case.toml names it then."""
    return part.name[language] if len(register.sheets) > 1 else None


def written(folder, files, register, language, *, marked=True):
    """The register in a folder; without its mark the example is a row that somebody filled in."""
    path = folder / f"{register.name}.xlsx"
    data = files[language][f"registers/{register.name}.xlsx"]
    if not marked:
        buffer, mark = io.BytesIO(), registers().guide.example[language]
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
            for name in old.namelist():
                text = old.read(name)
                new.writestr(name, text.replace(f"<t>{mark}</t>".encode(), b"<t></t>") if name.endswith("sharedStrings.xml") else text)
        data = buffer.getvalue()
    path.write_bytes(data)
    return path


@IN_EACH
@pytest.mark.parametrize(("register", "part"), SHEETS, ids=[part.kind for _, part in SHEETS])
def test_a_register_as_it_comes_gives_its_fields_and_no_row_but_the_example_set_aside(files, register, part, language, tmp_path):
    raw = event_reading.read_events(written(tmp_path, files, register, language), part.kind, sheet=named(register, part, language))
    assert len(raw.frame) == 0
    assert raw.log["rule"].tolist().count("example_row") == 1
    wanted = {column[language]: column.field for column in part.columns}
    assert {row.header: row.field for row in raw.mapping.itertuples() if row.field} == wanted
    assert raw.n_rows_read == 1


@IN_EACH
@pytest.mark.parametrize(("register", "part"), SHEETS, ids=[part.kind for _, part in SHEETS])
def test_a_filled_row_is_one_typed_row(files, register, part, language, tmp_path):
    path = written(tmp_path, files, register, language, marked=False)
    table = clean_events(path, part.kind, pseudonym_key=KEY, sheet=named(register, part, language))
    frame = table.frame()
    assert len(frame) == 1
    for name, wanted in TYPED[part.kind].items():
        (got,) = frame[name]
        if wanted is None:
            assert pd.isna(got), name
        else:
            assert (pd.Timestamp(got) == pd.Timestamp(wanted) if isinstance(wanted, date) else got == wanted), name
    assert "16312345678" not in frame.to_csv() + table.log.to_csv()

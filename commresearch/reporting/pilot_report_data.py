"""Sections of the report on a pilot on its data: files and rows, what cleaning did, who answered and with which weights."""

from commresearch.cleaning.clean_table import ROWS_READ
from commresearch.reporting import panel_logs, quality_cleaning, quality_results
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, Table, bullets, callout, heading
from commresearch.reporting.panel_logs import ROWS_OUT
from commresearch.reporting.pilot_report_page import PilotReport, lowered
from commresearch.reporting.quality_page import HASH, QualityPage
from commresearch.reporting.quality_tables import CHANGED, received_files, sheets_received
from commresearch.terms import Sampling
from commresearch.words import number
from commresearch.words.precision import fixed

NOT_PROBABILITY = frozenset({Sampling.OPT_IN, Sampling.QUOTA})


# ---------------------------------------------------------------- data received


def received(page: PilotReport) -> list[Item]:
    """Every file with its hash, rows in and out, what was set aside by rule, and what was changed in the surveys."""
    read, left = _rows(page)
    title = page.say("received_heading", files=number(len(_files(page))), read=number(read), gone=number(read - left), left=number(left))
    items: list[Item] = [heading(title), page.prose(page.say("received_lead")), _file_table(page)]
    if page.panels is not None:
        items += lowered(panel_logs.received(page.panels))
    for wave, survey in page.surveys.items():
        found = [item for item in quality_cleaning.received(survey) if not _lists_files(item)] + quality_cleaning.changes(survey)
        items += [heading(_wave_title(page, wave, survey), 2), *lowered(lowered(found))]
    return items


def _lists_files(item: Item) -> bool:
    """Whether a table lists the files of a survey, which stand in the table of all files."""
    return isinstance(item, Table) and item.id.endswith("-files")


def _rows(page: PilotReport) -> tuple[int, int]:
    """Rows read and left, of logs and surveys."""
    logs = list(page.panels.logs.values()) if page.panels is not None else []
    surveys = [survey.clean for survey in page.surveys.values()]
    read = sum(log.rows(ROWS_READ) for log in logs) + sum(clean.rows(ROWS_READ) for clean in surveys)
    return read, sum(log.rows(ROWS_OUT) for log in logs) + sum(len(clean.frame) for clean in surveys)


def _files(page: PilotReport) -> list[list[str]]:
    """What a file is, its name and the beginning of its hash; logs before surveys."""
    rows = []
    if page.panels is not None:
        for name, log in page.panels.logs.items():
            rows += [[capital(page.panels.log_name(name)), page.own(file), digest[:HASH]] for file, digest in log.provenance.get("files", {}).items()]
    for wave, survey in page.surveys.items():
        rows += [[capital(page.say("survey_wave", wave=wave)), page.own(file), digest[:HASH]] for file, digest in received_files(survey.clean.provenance)]
    return rows


def _file_table(page: PilotReport) -> Table:
    return page.table(
        "files", page.say("files_caption"), page.header("files_what", "files_file", "files_hash"), _files(page), align="lll", widths=(22, 58, 20),
        note=page.say("files_note"),
    )


def _wave_title(page: PilotReport, wave: str, survey: QualityPage) -> str:
    changed = sum(survey.changed[treatment] for treatment in CHANGED)
    return page.say("received_survey", wave=wave, sheets=number(sheets_received(survey.clean)), kept=number(len(survey.clean.frame)), changed=number(changed))


# ---------------------------------------------------------------- sample and weights


def sample(page: PilotReport) -> list[Item]:
    """How people came into each survey, what weighting did, and what they said, with the words that the sampling allows."""
    if not page.surveys:
        return [heading(page.say("sample_heading_none")), page.prose(page.say("sample_none"))]
    weak = [wave for wave, survey in page.surveys.items() if survey.sampling in NOT_PROBABILITY]
    kept = sum(len(survey.clean.frame) for survey in page.surveys.values())
    title = page.say("sample_heading_weak" if weak else "sample_heading", waves=len(page.surveys), kept=number(kept), weak=len(weak))
    items: list[Item] = [heading(title), _sample_table(page), _carries(page)]
    for wave, survey in page.surveys.items():
        found = [*quality_results.scales_and_weights(survey), *quality_results.results(survey)]
        items += [heading(page.say("sample_survey", wave=wave), 2), *lowered(lowered(found))]
    return items


def _sample_table(page: PilotReport) -> Table:
    rows = []
    for wave, survey in page.surveys.items():
        weights = survey.quality.weights
        deff, effective = (DASH, DASH) if weights.empty else (fixed(float(weights["kish_deff"].iloc[0]), 2), fixed(float(weights["effective_n"].iloc[0]), 0))
        rows.append([
            capital(page.say("survey_wave", wave=wave)), survey.label(f"sampling_{survey.sampling}"), number(sheets_received(survey.clean)),
            number(len(survey.clean.frame)), deff, effective,
        ])
    return page.table(
        "sample", page.say("sample_caption"), page.header(*(f"sample_{c}" for c in ("wave", "sampling", "received", "kept", "deff", "effective"))), rows,
        align="llrrrr", widths=(16, 30, 14, 12, 14, 14), note=page.say("sample_note"),
    )


def _carries(page: PilotReport) -> Item:
    """How far each kind of sample carries, in the words of the report on surveys."""
    kinds = dict.fromkeys("carry_probability_model" if survey.model_reason else f"carry_{survey.sampling}" for survey in page.surveys.values())
    first = next(iter(page.surveys.values()))
    return callout(page.say("sample_carries"), bullets(first.say(kind) for kind in kinds).text, "important")

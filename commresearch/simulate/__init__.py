"""Fictional surveys, logs and registers with known truth, in the forms of platforms and clerks; shares no code with what they test."""

from commresearch.simulate.answers import Answers, draw_answers
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.community_questionnaire import community_questionnaire
from commresearch.simulate.dirt import DirtRates
from commresearch.simulate.grid import Grid, WrittenFile
from commresearch.simulate.kobo import kobo_grid, write_kobo, xlsform_grids
from commresearch.simulate.log_sheets import WrittenLog
from commresearch.simulate.log_spec import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec
from commresearch.simulate.logs import SimulatedLogs, Truth, simulate_logs
from commresearch.simulate.pilot import simulate_pilot, write_case
from commresearch.simulate.plain import plain_grid, write_plain
from commresearch.simulate.population import Population, PopulationSpec, Sample, draw_population, draw_sample
from commresearch.simulate.questionnaire import Item, Model, Option, Questionnaire
from commresearch.simulate.register_files import write_register
from commresearch.simulate.room_files import write_counters, write_room_book
from commresearch.simulate.signin_files import write_signin_books
from commresearch.simulate.spss import write_spss
from commresearch.simulate.survey import SimulatedSurvey, SurveySpec, simulate_survey, wide_spec
from commresearch.simulate.tencent import tencent_grid, write_tencent
from commresearch.simulate.ticket_files import write_hotline, write_ticket_ledger
from commresearch.simulate.wenjuanxing import WenjuanxingStyle, wenjuanxing_grid, write_wenjuanxing

__all__ = [
    "Answers", "DirtRates", "Grid", "Item", "LogDirt", "LogSpec", "Model", "Option", "Population", "PopulationSpec", "Questionnaire",
    "RoomSpec", "Sample", "SigninSpec", "SimulatedLogs", "SimulatedSurvey", "SurveySpec", "TicketSpec", "Truth",
    "WenjuanxingStyle", "WrittenFile", "WrittenLog", "codebook_of", "community_questionnaire", "draw_answers", "draw_population", "draw_sample",
    "kobo_grid", "plain_grid",
    "simulate_logs", "simulate_pilot", "simulate_survey", "tencent_grid", "wenjuanxing_grid", "wide_spec", "write_case", "write_counters",
    "write_hotline", "write_kobo", "write_plain", "write_register", "write_room_book", "write_signin_books", "write_spss", "write_tencent",
    "write_ticket_ledger", "write_wenjuanxing",
    "xlsform_grids",
]

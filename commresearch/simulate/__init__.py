"""Fictional surveys with known truth, in the platforms' own formats; shares no code with what they test."""

from commresearch.simulate.answers import Answers, draw_answers
from commresearch.simulate.codebook_rows import codebook_of
from commresearch.simulate.community_questionnaire import community_questionnaire
from commresearch.simulate.dirt import DirtRates
from commresearch.simulate.grid import Grid, WrittenFile
from commresearch.simulate.kobo import kobo_grid, write_kobo, xlsform_grids
from commresearch.simulate.plain import plain_grid, write_plain
from commresearch.simulate.population import Population, PopulationSpec, Sample, draw_population, draw_sample
from commresearch.simulate.questionnaire import Item, Model, Option, Questionnaire
from commresearch.simulate.spss import write_spss
from commresearch.simulate.survey import SimulatedSurvey, SurveySpec, simulate_survey, wide_spec
from commresearch.simulate.tencent import tencent_grid, write_tencent
from commresearch.simulate.wenjuanxing import WenjuanxingStyle, wenjuanxing_grid, write_wenjuanxing

__all__ = [
    "Answers", "DirtRates", "Grid", "Item", "Model", "Option", "Population", "PopulationSpec", "Questionnaire", "Sample",
    "SimulatedSurvey", "SurveySpec",
    "WenjuanxingStyle", "WrittenFile", "codebook_of", "community_questionnaire", "draw_answers", "draw_population", "draw_sample",
    "kobo_grid", "plain_grid",
    "simulate_survey", "tencent_grid", "wenjuanxing_grid", "wide_spec", "write_kobo", "write_plain", "write_spss", "write_tencent",
    "write_wenjuanxing",
    "xlsform_grids",
]

"""Weights, scales and estimates of surveys, with the uncertainty that their design allows to state."""

from commresearch.survey.association import AssociationTest, rao_scott_test
from commresearch.survey.calibration import calibrate
from commresearch.survey.estimates import estimate_mean, estimate_ratio, estimate_share, estimate_total
from commresearch.survey.quantiles import estimate_quantile
from commresearch.survey.raking import post_stratify, rake
from commresearch.survey.regression import survey_regression
from commresearch.survey.satisfaction import satisfaction
from commresearch.survey.scale_direction import check_keys
from commresearch.survey.scales import Reliability, reliability, score_scale
from commresearch.survey.weights import Weights

__all__ = [
    "AssociationTest", "Reliability", "Weights", "calibrate", "check_keys", "estimate_mean", "estimate_quantile", "estimate_ratio", "estimate_share",
    "estimate_total", "post_stratify", "rake", "rao_scott_test", "reliability", "satisfaction", "score_scale", "survey_regression",
]

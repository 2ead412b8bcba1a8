"""Temporal early exit: when a network may answer before its last timestep, calibrated and in exact integers."""

from neurodeploy.early_exit.bounds import Oracle, aet, calibration_error, histogram, oracle
from neurodeploy.early_exit.curve import Curve, choose, choose_within, exit_curve
from neurodeploy.early_exit.rule import (
    EarlyRun,
    ExitRule,
    Exits,
    Work,
    exits,
    margins,
    prefix_scores,
    probes,
    rule_work,
)
from neurodeploy.early_exit.score import certainty, confidence, fit_scale
from neurodeploy.early_exit.stop import exit_steps, is_right

__all__ = [
    "Curve",
    "EarlyRun",
    "ExitRule",
    "Exits",
    "Oracle",
    "Work",
    "aet",
    "calibration_error",
    "certainty",
    "choose",
    "choose_within",
    "confidence",
    "exit_curve",
    "exit_steps",
    "exits",
    "fit_scale",
    "histogram",
    "is_right",
    "margins",
    "oracle",
    "prefix_scores",
    "probes",
    "rule_work",
]

"""What is written down about a rule: the curve it was chosen from, what it does, and what none could do better."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Int

from neurodeploy.early_exit.bounds import BINS, aet, calibration_error, histogram, oracle
from neurodeploy.early_exit.curve import Curve
from neurodeploy.early_exit.rule import ExitRule, exits
from neurodeploy.early_exit.score import confidence
from neurodeploy.early_exit.stop import is_right

Facts = dict[str, Any]
"""Plain values for JSON."""


def curve_facts(curve: Curve, chosen: int) -> Facts:
    """Of the curve what no other threshold beats, and the one chosen."""
    shown = curve.pareto
    shown[[chosen, -1]] = True
    points = [
        {
            "margin": int(curve.thresholds[place]),
            "steps": float(curve.steps[place]),
            "accuracy": float(curve.accuracy[place]),
            "lost": float(curve.lost[place]),
            "chosen": bool(place == chosen),
        }
        for place in np.flatnonzero(shown)
    ]
    return {
        "samples": curve.samples,
        "accuracy_full": curve.full,
        "thresholds": len(curve.thresholds),
        "curve": points,
    }


def exit_facts(
    rule: ExitRule, prefix: Int[np.ndarray, "samples time classes"], labels: Int[np.ndarray, " samples"]
) -> Facts:
    """What the rule does on samples."""
    right, left = is_right(prefix, labels), exits(rule, prefix)
    correct = left.answers == labels
    return {
        "recordings": len(labels),
        "accuracy_full": float(right[:, -1].mean()),
        "accuracy": float(correct.mean()),
        "lost": float((right[:, -1] & ~correct).mean()),
        "steps": float(left.steps.mean()),
        "histogram": histogram(left.steps, right.shape[1]).tolist(),
        "accuracy_at": right.mean(0).tolist(),
    }


def bound_facts(
    prefix: Int[np.ndarray, "samples time classes"], labels: Int[np.ndarray, " samples"], scale: float
) -> Facts:
    """What no rule could do better, and how well confidence is meant.

    Args:
        scale: a of the confidence softmax(a O_T) whose calibration error is given.
    """
    right = is_right(prefix, labels)
    error = calibration_error(confidence(prefix, scale)[:, -1], right[:, -1])
    return {
        "oracle": asdict(oracle(right)),
        "aet": aet(right.mean(0).tolist()),
        "calibration_error": {"value": error, "scale": scale, "bins": BINS},
    }

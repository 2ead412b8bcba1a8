"""What a person sees of a calibrated early exit."""

from __future__ import annotations

from typing import Any

from neurodeploy.cli.show import _table

MOST_ROWS = 16
"""Thresholds shown; --json and early_exit.json have all that no other beats."""


def early_exit(result: dict[str, Any]) -> None:
    """The curve on the validation recordings, the choice, and what it does on the test split."""
    shown, kept, rule = result["calibration"], result["validation"], result["rule"]
    copies = f", and {shown['copies']} copies of each, changed as in training" if shown["copies"] else ""
    print(f"calibrated on {kept['recordings']} recordings ({kept['source']}){copies}")
    rows = [_row(point) for point in _few(shown["curve"])]
    _table((f"margin ({result['unit']})", "timesteps", "right", "lost", ""), rows)
    goal = result["chosen_by"]
    wanted = f"lost at most {goal['max_loss']:.2%}" if "max_loss" in goal else f"at most {goal['steps']:g} timesteps"
    print(f"chosen for: {wanted}")
    print(f"rule: from timestep {rule['min_steps']} on, leave when best less second best > {rule['margin']}")
    for part in ("validation", "test"):
        if result[part] is not None:
            _tried(result[part])
    for note in result["notes"]:
        print(f"note: {note}")
    print(f"written to {result['run']}: {', '.join(result['files'])}")


def _row(point: dict[str, Any]) -> tuple[str, ...]:
    numbers = f"{point['margin']:,}", f"{point['steps']:.3f}", f"{point['accuracy']:.2%}", f"{point['lost']:.2%}"
    return (*numbers, "chosen" if point["chosen"] else "")


def _few(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most `MOST_ROWS` of the points, the chosen one among them."""
    apart = max((len(points) - 1) / (MOST_ROWS - 1), 1.0)
    places = {round(number * apart) for number in range(MOST_ROWS)}
    return [point for place, point in enumerate(points) if place in places or point["chosen"]]


def _tried(test: dict[str, Any]) -> None:
    most = len(test["histogram"])
    rows = [
        ("right answers", f"{test['accuracy']:.2%}, with all {most} timesteps {test['accuracy_full']:.2%}"),
        ("timesteps, average", f"{test['steps']:.3f} of {most}"),
        ("recordings leaving after 1, 2, ... timesteps", ", ".join(map(str, test["histogram"]))),
        ("right after 1, 2, ... timesteps for all", ", ".join(f"{share:.2%}" for share in test["accuracy_at"])),
    ]
    if "oracle" in test:
        rows += [
            ("oracle", f"{test['oracle']['steps']:.3f} timesteps, {test['oracle']['accuracy']:.2%} right"),
            ("accuracy-based expected exit time", f"{test['aet']:.3f} timesteps"),
            ("calibration error after all timesteps", f"{test['calibration_error']['value']:.4f}"),
        ]
    _table((f"{test['recordings']} recordings", test["source"]), rows)

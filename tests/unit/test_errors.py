import inspect
import json

import pytest

from neurodeploy import errors

MADE = [
    errors.ConfigError(key="data.timesteps", found=0, allowed="1..1024", hint="Use 8."),
    errors.OutputError(path="out", reason="the disk is full"),
    errors.DataError(source="x.zip", reason="corrupt", hint="Fetch it again."),
    errors.EventFormatError(path="a.bin", offset=10, reason="cut", hint="Fetch it again."),
    errors.CheckpointError(path="w", reason="other model", missing=["b", "a"], unknown=["c"]),
    errors.ArtefactError(path="build", reason="no manifest"),
    errors.GraphError(node="fc", reason="bad"),
    errors.ShapeError(node="fc", source="input", found=(3,), wanted=(4,)),
    errors.RangeError(tensor="fc.weight", index=(0, 1), found=300, low=-256, high=254, more=2),
    errors.UnsupportedNodeError(target="loihi", node="pool", kind="SumPool2d", supported=["Dense"], hint="Lower it."),
    errors.ProfileError(path="p.toml", key="energy", reason="no unit"),
    errors.ToolchainMissingError(tool="lava", install="make lava"),
    errors.BoardTooSmallError(board="cortex-m0", memory="flash", reason="100 bytes too many"),
    errors.MismatchError(node="cuba", timestep=3, index=(0, 2), expected=1, found=0, differing=4, compared=80),
    errors.ProcessError(rank=1, size=2, reason="it lost the others"),
]


def test_every_error_class_is_covered_here() -> None:
    classes = {c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.NeuroDeployError)}
    assert classes - {errors.NeuroDeployError} == {type(error) for error in MADE}


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_facts_are_json_and_the_exit_code_is_not_zero(error: errors.NeuroDeployError) -> None:
    facts = json.loads(json.dumps(error.facts()))
    assert facts["message"] == str(error)
    assert facts["type"] == type(error).__name__
    assert error.exit_code in range(1, 7)


def test_the_docstring_draws_every_class_with_its_exit_code() -> None:
    for error in MADE:
        line = next(text for text in errors.__doc__.splitlines() if type(error).__name__ in text)
        assert line.split(type(error).__name__)[1].split()[0] == str(error.exit_code)


def test_messages_name_place_found_allowed_and_way_out() -> None:
    assert str(MADE[0]) == "config key 'data.timesteps': found 0, allowed: 1..1024. Use 8."
    assert "fc.weight[0, 1] is 300, allowed -256..254 (2 more)" in str(MADE[8])
    assert "Missing: a, b. Unknown: c." in str(MADE[4])
    assert "cuba at timestep 3, index [0, 2]: found 0, expected 1; 4 of 80" in str(MADE[13])


@pytest.mark.parametrize("key", ["RUN", "--profile", "option sram"])
def test_an_argument_is_not_called_a_config_key(key: str) -> None:
    assert str(errors.ConfigError(key=key, found=None, allowed="one")) == f"{key}: found None, allowed: one."

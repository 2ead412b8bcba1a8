"""Norse cells and layers: equal spikes for rest, reset, time constants and dt as the source has them."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph.nodes import Cuba, Reset

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import assert_equal, frames, proved, seeded

nt = pytest.importorskip("norse.torch", reason="Norse is not installed")
from_norse = pytest.importorskip("neurodeploy.importers.norse").from_norse

Rng = np.random.Generator
DT = 2.0**-10
"""Makes dt times the rates below whole multiples of 1/4096: a quarter and a half."""


def lif(**settings: float) -> Any:
    values = {"tau_mem_inv": 256.0, "tau_syn_inv": 512.0, "v_th": 0.15} | settings
    return nt.LIFParameters(**{name: torch.tensor(value) for name, value in values.items()})


def box(reset: str = "reset_value", **settings: float) -> Any:
    values = {"tau_mem_inv": 256.0, "v_th": 0.1} | settings
    method = getattr(nt.functional.reset, reset)
    return nt.LIFBoxParameters(**{name: torch.tensor(value) for name, value in values.items()}, reset_method=method)


def two_layers(kind: str, p: Any, dt: float = DT) -> nn.Module:
    def make() -> nn.Module:
        cells = [getattr(nt, kind)(p, dt=dt) for _ in range(2)]
        return nt.SequentialState(nn.Linear(20, 24), cells[0], nn.Linear(24, 10), cells[1])

    return seeded(make)


RESTS = [
    {},
    {"v_leak": -0.05, "v_reset": -0.05},
    {"v_leak": 0.05, "v_reset": 0.05},
    {"v_reset": 0.05},
    {"v_reset": -0.05},
    {"v_leak": 0.05, "v_reset": -0.02},
]


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("kind", ["LIFCell", "LIF"])
def test_spikes_are_equal_with_current(kind: str, rest: dict[str, float], rng: Rng) -> None:
    assert_equal(proved(from_norse, two_layers(kind, lif(**rest)), frames(rng, 20)))


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("reset", ["reset_value", "reset_subtract"])
def test_spikes_are_equal_without_current(reset: str, rest: dict[str, float], rng: Rng) -> None:
    assert_equal(proved(from_norse, two_layers("LIFBoxCell", box(reset, **rest)), frames(rng, 20)))


@pytest.mark.parametrize("kind", ["LIFRecurrentCell", "LIFRecurrent"])
def test_spikes_are_equal_with_recurrence(kind: str, rng: Rng) -> None:
    def make() -> nn.Module:
        return nt.SequentialState(
            getattr(nt, kind)(20, 24, lif(v_th=0.5), dt=DT), getattr(nt, kind)(24, 10, lif(), dt=DT)
        )

    assert_equal(proved(from_norse, seeded(make), frames(rng, 20)), voltage=1e-4)


def test_maps_in_time(rng: Rng) -> None:
    def make() -> nn.Module:
        return nt.SequentialState(
            nt.Lift(nn.Conv2d(2, 3, 3)),
            nt.LIF(lif(), dt=DT),
            nn.Flatten(2),
            nn.Linear(48, 10),
            nt.LIF(lif(v_th=0.05), dt=DT),
        )

    assert_equal(proved(from_norse, seeded(make), frames(rng, 2, 6, 6)))


def test_the_current_acts_in_the_step_in_which_it_arrives() -> None:
    graph = from_norse(two_layers("LIFCell", lif()), (20,)).graph
    neuron = graph["lifcell1"]
    assert isinstance(neuron, Cuba)
    assert [(ref.node, ref.delay) for ref in neuron.inputs] == [("linear0", 0)]
    assert (neuron.current_decay, neuron.voltage_decay) == (2048, 1024)


def test_the_threshold_takes_in_the_gain_of_the_voltage() -> None:
    neuron = from_norse(two_layers("LIFCell", lif(v_th=0.5)), (20,)).graph["lifcell1"]
    assert isinstance(neuron, Cuba)
    assert neuron.threshold == 0.5 / 0.25


def test_a_reset_by_subtraction_stays_one() -> None:
    neuron = from_norse(two_layers("LIFBoxCell", box("reset_subtract")), (20,)).graph["lifboxcell1"]
    assert isinstance(neuron, Cuba)
    assert neuron.reset is Reset.SUBTRACT


def test_the_timestep_is_the_dt_of_the_neurons() -> None:
    assert from_norse(two_layers("LIFCell", lif(), dt=5e-4), (20,)).timestep_us == 500.0


def test_default_time_constants_are_rounded_and_stated() -> None:
    net = two_layers("LIFCell", nt.LIFParameters(), dt=1e-3)
    notes = " ".join(from_norse(net, (20,)).notes)
    assert "voltage: keeps 0.9 of itself per step in the source, 0.899902344 here (410/4096)" in notes
    assert "current: keeps 0.8 of itself per step in the source, 0.800048828 here (819/4096)" in notes


def refusal(net: nn.Module) -> str:
    with pytest.raises(UnsupportedNodeError) as caught:
        from_norse(net, (20,))
    return str(caught.value)


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (lif(tau_mem_inv=2048.0), "keeps -1 of the voltage"),
        (lif(tau_syn_inv=2048.0), "keeps -1 of the current"),
        (lif(v_th=-0.1), "must be silent at rest"),
        (lif()._replace(method="logistic"), "method 'logistic'"),
        (lif()._replace(tau_mem_inv=torch.linspace(100, 200, 24)), "tau_mem_inv differs between neurons"),
    ],
)
def test_a_setting_without_a_form_is_refused_by_path(p: Any, words: str) -> None:
    message = refusal(seeded(lambda: nt.SequentialState(nn.Linear(20, 24), nt.LIFCell(p, dt=DT))))
    assert "node '1'" in message
    assert words in message


def test_an_unknown_reset_is_refused() -> None:
    p = box()._replace(reset_method=lambda z, v, reset, th: v)
    assert "reset_method is unknown" in refusal(two_layers("LIFBoxCell", p))


def test_other_neurons_are_refused() -> None:
    net = seeded(lambda: nt.SequentialState(nn.Linear(20, 10), nt.LICell()))
    assert "node '1' (LICell)" in refusal(net)


def test_neurons_with_different_dt_are_refused() -> None:
    net = seeded(
        lambda: nt.SequentialState(
            nn.Linear(20, 8), nt.LIFCell(lif(), dt=DT), nn.Linear(8, 4), nt.LIFCell(lif(), dt=DT / 2)
        )
    )
    assert "Give all neurons one dt" in refusal(net)

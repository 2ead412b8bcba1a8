"""What is taken out of a network, and that dead neurons leave every other spike as it was."""

import numpy as np
import pytest

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.pruning import Layer, Wanted, activity, chosen, folded, outgoing, smaller

SHAPE, STEPS = (2, 7, 8), 6


def network(rng: np.random.Generator) -> Deployment:
    """Channels 0 and 3 of cuba1 and neurons 1, 5, 6 of cuba2 never fire; channel 2 of cuba1 always does."""
    silent, loud = -3000, 3000
    front = (
        Input("input", (), SHAPE),
        Conv2d("conv1", (Ref("input"),), rng.integers(-60, 70, (5, 2, 3, 3)), padding=(1, 1), stride=(2, 1)),
        Cuba("cuba1", (Ref("conv1"),), 4096, 900, 90, np.array([silent, 20, loud, silent, 30])),
        Flatten("flat", (Ref("cuba1"),)),
    )
    size = Graph(front).shapes["flat"][0]
    nodes = (
        *front,
        Dense("fc2", (Ref("flat"),), rng.integers(-60, 70, (8, size))),
        Cuba("cuba2", (Ref("fc2"),), 3000, 900, 90, np.array([300, silent, 400, 0, 300, silent, silent, 0])),
        Dense("fc", (Ref("cuba2"),), rng.integers(-90, 90, (3, 8))),
        Readout("readout", (Ref("fc"),)),
    )
    return Deployment(IntGraph(Graph(nodes)), None, STEPS, ("a", "b", "c"))


def frames(rng: np.random.Generator, samples: int = 130) -> np.ndarray:
    return (rng.random((STEPS, samples, *SHAPE)) < 0.3).astype(np.uint8)


def test_without_dead_neurons_no_spike_on_the_calibration_recordings_changes(rng: np.random.Generator) -> None:
    whole, data = network(rng), frames(rng)
    layers = activity(whole, data)
    kept = {name: ~chosen(layer, Wanted(dead=True))["dead"] for name, layer in layers.items()}
    assert not kept["cuba1"][[0, 3]].any()
    assert not kept["cuba2"][[1, 5, 6]].any()
    small = smaller(whole, kept)
    before, after = simulate(whole.integer, data), simulate(small.integer, data)
    for name, stay in kept.items():
        for value in (name, f"{name}.current", f"{name}.voltage"):
            np.testing.assert_array_equal(after[value], before[value][:, :, stay], err_msg=value)
    np.testing.assert_array_equal(after["readout"], before["readout"])
    assert before["readout"].any()


def always_firing(rng: np.random.Generator) -> Deployment:
    """Neurons 2 and 4 of cuba1 fire at every timestep; their readers have no memory of currents."""
    nodes = (
        Input("input", (), (6,)),
        Dense("fc1", (Ref("input"),), rng.integers(-60, 70, (7, 6))),
        Cuba("cuba1", (Ref("fc1"),), 4096, 900, 90, np.array([0, 5, 3000, -9, 3000, 0, 8])),
        Dense("fc2", (Ref("cuba1"),), rng.integers(-60, 70, (5, 7))),
        Cuba("cuba2", (Ref("fc2"),), 4096, 900, 90),
        Dense("fc", (Ref("cuba2"),), rng.integers(-90, 90, (3, 5))),
        Readout("readout", (Ref("fc"),)),
    )
    return Deployment(IntGraph(Graph(nodes)), Graph(nodes), STEPS, ("a", "b", "c"))


def test_neurons_that_always_fire_go_into_biases_without_changing_a_spike(rng: np.random.Generator) -> None:
    whole, data = always_firing(rng), (rng.random((STEPS, 130, 6)) < 0.3).astype(np.uint8)
    layer = activity(whole, data)["cuba1"]
    loud = chosen(layer, Wanted(hyperactive=0.99))["hyperactive"]
    assert loud.tolist() == [False, False, True, False, True, False, False]
    steady, said = folded(whole, {"cuba1": np.where(loud, layer.rates, 0)})
    assert said == {"cuba1": "in the biases of cuba2: exactly"}
    small = smaller(steady, {"cuba1": ~loud})
    before, after = simulate(whole.integer, data), simulate(small.integer, data)
    np.testing.assert_array_equal(after["cuba1"], before["cuba1"][:, :, ~loud])
    for value in ("cuba2", "cuba2.voltage", "readout"):
        np.testing.assert_array_equal(after[value], before[value], err_msg=value)
    assert before["cuba2"].any()
    # Without the biases it would be another network: the test compares something.
    bare = simulate(smaller(whole, {"cuba1": ~loud}).integer, data)
    assert (bare["cuba2"] != before["cuba2"]).any()
    np.testing.assert_array_equal(small.float_graph["cuba2"].bias, small.integer.graph["cuba2"].bias)


def test_what_goes_to_a_readout_is_lost_and_that_is_said(rng: np.random.Generator) -> None:
    whole = always_firing(rng)
    same, said = folded(whole, {"cuba2": np.array([1.0, 0, 0, 0, 0])})
    assert said == {"cuba2": "lost: 'readout' has no biases"}
    assert same.integer.graph["fc"].bias is None


def test_rates_are_spikes_per_neuron_and_timestep(rng: np.random.Generator) -> None:
    whole, data = network(rng), frames(rng)
    trace, layers = simulate(whole.integer, data), activity(whole, data)
    np.testing.assert_allclose(layers["cuba1"].rates, trace["cuba1"].mean((0, 1, 3, 4)))
    np.testing.assert_allclose(layers["cuba2"].rates, trace["cuba2"].mean((0, 1)))
    np.testing.assert_array_equal(layers["cuba2"].rates > 0, trace["cuba2"].any((0, 1)))
    assert layers["cuba1"].rates[2] == 1.0


def test_the_importance_is_the_rate_times_the_weights_that_a_spike_meets(rng: np.random.Generator) -> None:
    whole = network(rng)
    graph, layers = whole.integer.graph, activity(whole, frames(rng))
    maps = np.abs(graph["fc2"].weight).sum(0).reshape(graph.shapes["cuba1"])
    np.testing.assert_allclose(outgoing(graph, "cuba1"), maps.mean((1, 2)))
    np.testing.assert_allclose(outgoing(graph, "cuba2"), np.abs(graph["fc"].weight).sum(0))
    np.testing.assert_allclose(layers["cuba2"].importance, layers["cuba2"].rates * outgoing(graph, "cuba2"))


def test_a_spike_of_a_map_meets_one_kernel_of_each_output(rng: np.random.Generator) -> None:
    weight = rng.normal(size=(4, 2, 3, 3))
    nodes = (
        Input("input", (), SHAPE),
        Conv2d("conv1", (Ref("input"),), rng.normal(size=(2, 2, 1, 1))),
        Cuba("cuba1", (Ref("conv1"),), 4096, 0, 1.0),
        Conv2d("conv2", (Ref("cuba1"),), weight),
        Cuba("output", (Ref("conv2"),), 4096, 0, 1.0),
    )
    np.testing.assert_allclose(outgoing(Graph(nodes), "cuba1"), np.abs(weight).sum((0, 2, 3)))


def layer(rates: list[float], importance: list[float] | None = None) -> Layer:
    found = np.array(rates)
    return Layer(found, found if importance is None else np.array(importance))


def test_neurons_above_the_rate_go_and_those_at_it_stay() -> None:
    found = chosen(layer([0.1, 0.5, 0.6, 0.9]), Wanted(hyperactive=0.5))
    assert found["hyperactive"].tolist() == [False, False, True, True]
    assert not found["dead"].any()


def test_a_share_of_what_is_left_goes_the_least_important_first() -> None:
    activity_of = layer([0.0, 0.2, 0.3, 0.4, 0.5, 1.0], [0.0, 5.0, 1.0, 4.0, 2.0, 9.0])
    found = chosen(activity_of, Wanted(dead=True, hyperactive=0.9, channels=0.5))
    assert found["dead"].tolist() == [True, *[False] * 5]
    assert found["hyperactive"].tolist() == [*[False] * 5, True]
    assert found["unimportant"].tolist() == [False, False, True, False, True, False]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (layer([0.0, 0.0]), Wanted(dead=True)),
        (layer([1.0, 0.9]), Wanted(hyperactive=0.1)),
        (layer([0.2, 0.3]), Wanted(channels=0.99)),
        (layer([0.0, 0.95, 0.2]), Wanted(dead=True, hyperactive=0.5, channels=0.9)),
    ],
)
def test_one_neuron_at_least_stays_and_each_goes_for_one_reason(found: Layer, wanted: Wanted) -> None:
    reasons = np.sum(list(chosen(found, wanted).values()), axis=0)
    assert reasons.max() == 1
    assert (reasons == 0).any()


@pytest.mark.parametrize(
    ("settings", "key"),
    [({}, "prune"), ({"hyperactive": 1.5}, "--hyperactive"), ({"channels": 1.0}, "--channels")],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float], key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        Wanted(**settings)

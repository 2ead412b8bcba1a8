"""Xylo's cycle model and instructions of a microcontroller, by hand."""

from dataclasses import replace

import pytest
from small_counts import small

from neurodeploy.energy import Estimate, NodeCounts
from neurodeploy.energy.models import find_model
from neurodeploy.energy.models.xylo import xylo_cycles
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.profile import load_profile


def apply(profile: str, **options: str) -> Estimate:
    return find_model("cycles").apply(small(), load_profile(profile), options)


def test_cycles_of_xylo_by_hand() -> None:
    """p_in = 6 / 80, p_h = 5 / 40; 8 inputs, 4 hidden and 2 output neurons; 10 timesteps."""
    found = {(a.node, a.term): a.mid for a in xylo_cycles(small())}
    assert found == pytest.approx(
        {
            ("input", "input"): 10 * 8 * (3.5 * 6 / 80 * 4 + 1),
            ("lif", "hidden_synapse"): 10 * 4 * 3,
            ("lif", "output_synapse"): 10 * 4 * 5 / 40 * (1 + 8 * 2),
            ("lif", "hidden_neuron"): 10 * 4 * (19 + 4.5),
            ("out", "output_neuron"): 10 * 12 * 2,
        }
    )


def test_aliases_make_an_interval() -> None:
    neurons = next(a for a in xylo_cycles(small()) if a.term == "hidden_neuron")
    assert (neurons.low, neurons.high) == (10 * 4 * 21, 10 * 4 * 26)


def test_synapses_between_hidden_layers_count_their_mean_fan_out() -> None:
    counts = small()
    middle = (
        NodeCounts("fc", "Dense", 3, inputs=4, weights=12),
        NodeCounts("mid", "Cuba", 3, values_out=6),
    )
    longer = replace(counts, nodes=(*counts.nodes[:3], *middle, *counts.nodes[3:]))
    found = {(a.node, a.term): a.mid for a in xylo_cycles(longer)}
    assert found["lif", "hidden_synapse"] == pytest.approx(10 * 4 * (7 * 3 * 5 / 40 + 3))
    assert ("lif", "output_synapse") not in found


@pytest.mark.parametrize("name", ["xylo_audio2", "xylo_audio3", "xylo_imu"])
def test_xylo_has_cycles_and_no_energy(name: str) -> None:
    found = apply(name)
    assert found.dynamic is None
    assert "cycle" in {item.term for item in found.not_covered}
    assert found.duration_s is None


def test_a_clock_gives_xylo_a_time() -> None:
    cycles = sum(amount.mid for amount in xylo_cycles(small()))
    assert apply("xylo_audio2", clock_hz="5e6").duration_s == pytest.approx(cycles / 5e6)


@pytest.mark.parametrize("kind", ["Conv2d", "SumPool2d"])
def test_what_xylo_does_not_have_is_refused_by_name(kind: str) -> None:
    counts = small()
    nodes = (counts.nodes[0], NodeCounts("odd", kind, 4), *counts.nodes[1:])
    with pytest.raises(DataError, match=f"odd: Xylo has nothing like {kind}"):
        xylo_cycles(replace(counts, nodes=nodes))


def test_a_network_without_a_hidden_layer_is_refused() -> None:
    counts = small()
    with pytest.raises(DataError, match="hidden layer"):
        xylo_cycles(replace(counts, nodes=counts.nodes[:3]))


def test_instructions_times_both_factors() -> None:
    found = apply("cortex_m4", instructions="1e6", cycles_per_instruction="1..2").dynamic
    assert found is not None
    # 122, 164 and 300 pJ a cycle
    assert (found.low, found.mid, found.high) == pytest.approx((122e6, 1.5 * 164e6, 600e6))


def test_both_factors_are_shown_as_assumptions() -> None:
    said = apply("cortex_m4", instructions="1e6", cycles_per_instruction="1..2").assumptions
    assert sum(text.startswith("ASSUMPTION") for text in said) == 2
    assert any("1 to 2 cycles per instruction" in text for text in said)


def test_measured_cycles_replace_both_factors() -> None:
    found = apply("cortex_m4", cycles="1e6")
    assert found.dynamic is not None
    assert found.dynamic.mid == pytest.approx(164e6)
    assert not any(text.startswith("ASSUMPTION") for text in found.assumptions)


def test_cycles_give_a_time_at_the_clock_of_the_part() -> None:
    assert apply("cortex_m4", cycles="80e6").duration_s == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "named"), [({}, "instructions"), ({"instructions": "1e6"}, "cycles_per_instruction")]
)
def test_a_factor_that_nobody_gave_is_asked_for_and_never_invented(options: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=f"option {named}"):
        apply("cortex_m4", **options)

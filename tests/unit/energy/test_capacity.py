"""A network that is larger than a chip is priced, but never without a word about it."""

import numpy as np

from neurodeploy.energy import Counts, NodeCounts, Uses, energy_table, price
from neurodeploy.energy.capacity import too_large
from neurodeploy.energy.report import as_dict
from neurodeploy.profile import load_profile


def counts(neurons: int, synapses: int) -> Counts:
    nodes = (
        NodeCounts("d", "Dense", neurons, inputs=8, macs=synapses, weight_bits=4, work={"accumulate": Uses(8, 8)}),
        NodeCounts("c", "Cuba", neurons, spikes=np.zeros(neurons, np.int64), work={"neuron_update": Uses(9, 9)}),
    )
    return Counts(nodes, samples=1, steps=2, timestep_us=1000.0)


def test_a_network_of_the_size_of_the_chip_is_not_too_large() -> None:
    assert too_large(counts(256, 65536), load_profile("odin")) == ""


def test_one_neuron_or_synapse_more_is() -> None:
    assert too_large(counts(257, 65536), load_profile("odin")) == "257 of 256 neurons"
    assert too_large(counts(256, 65537), load_profile("odin")) == "65,537 of 65,536 synapses"


def test_all_cores_of_a_chip_count() -> None:
    assert too_large(counts(128 * 1024, 10), load_profile("loihi1")) == ""
    assert too_large(counts(128 * 1024 + 1, 10), load_profile("loihi1")) == "131,073 of 131,072 neurons"


def test_a_profile_without_limits_says_nothing() -> None:
    assert too_large(counts(10**6, 10**8), load_profile("cmos45")) == ""


def test_table_values_and_assumptions_say_so() -> None:
    found = price(counts(300, 10), load_profile("odin"))
    _, (row,) = energy_table([found])
    assert row[0] == "odin (too small: 300 of 256 neurons)"
    assert as_dict(found)["too_large"] == "300 of 256 neurons"
    assert any("TOO SMALL A CHIP: 300 of 256 neurons" in text for text in found.assumptions)
    assert price(counts(200, 10), load_profile("odin")).too_large == ""


def test_the_time_says_what_it_is_of() -> None:
    work = counts(10, 10)
    times = {name: energy_table([price(work, load_profile(name))])[1][0][5] for name in ("loihi1", "truenorth")}
    assert times == {"loihi1": "2 ms (data)", "truenorth": "2 ms (chip)"}
    assert energy_table([price(work, load_profile("loihi1"), 0.5)])[1][0][5] == "500 ms (given)"


def test_static_energy_has_its_interval_and_says_what_it_is_of() -> None:
    found = price(counts(10, 10), load_profile("loihi1"))
    static = energy_table([found])[1][0][4]
    assert found.profile.boundary == "core"
    assert static == "209 µJ (59.4 µJ – 209 µJ), chip"


def test_a_profile_with_nothing_to_say_is_silent() -> None:
    assert price(counts(10, 10), load_profile("akd1000")).is_silent
    assert not price(counts(10, 10), load_profile("loihi1")).is_silent

"""The profiles that come with the package: complete, and the numbers that reports lean on."""

import pytest

from neurodeploy.profile import load_profile, profile_names
from neurodeploy.profile.quantity import TAGS

PRICED = [
    *("cmos22", "cmos45", "cmos7", "cortex_m33", "cortex_m4", "loihi1", "loihi2", "loihi2_standin"),
    *("odin", "reckon", "spinnaker1", "spinnaker2", "truenorth"),
]
PLACED = [
    *("akd1000", "akd1500", "cortex_m", "cortex_m33", "cortex_m4", "loihi1", "loihi2", "loihi2_standin"),
    *("speck", "xylo_audio2", "xylo_audio3", "xylo_imu"),
]
OF_ORDINARY_NETWORKS = ["cmos45", "cmos7", "coral", "jetson_nano", "jetson_orin_nano"]

NUMBERS = {
    "cmos22": {
        **dict.fromkeys(
            ("price.accumulate", "price.bias_add", "price.pool_add", "price.join_add"), (0.05448, "pJ", None)
        ),
        **dict.fromkeys(("price.neuron_update", "price.spike"), (0.05448, "pJ", None)),
        "movement.sparse": (3.0, "pJ", None),
        "movement.dense": (0.25, "pJ", None),
        "movement.dram": (20.3, "pJ", None),
    },
    "cmos45": {
        "price.accumulate": (0.1, "pJ", (0.03, 0.9)),
        "price.multiply_accumulate": (0.3, "pJ", (0.23, 4.6)),
        "price.neuron_update": (3.3, "pJ", (0.2, 9.2)),
        "ann.int8": (0.3, "pJ", (0.23, 0.3)),
        "ann.fp16": (1.5, "pJ", None),
        "ann.fp32": (4.6, "pJ", None),
        "memory.sram_8kb": (10, "pJ", None),
        "memory.sram_32kb": (20, "pJ", None),
        "memory.sram_1mb": (100, "pJ", None),
        "memory.dram": (1300, "pJ", (1300, 2600)),
    },
    "cmos7": {
        "price.accumulate": (0.007, "pJ", (0.007, 0.38)),
        "ann.int8": (0.077, "pJ", None),
        "ann.bf16": (0.59, "pJ", None),
        "ann.fp32": (1.69, "pJ", None),
    },
    "coral": {"ann.int8": (1.0, "pJ", None)},
    "jetson_nano": {"ann.fp16": (42.4, "pJ", (21.2, 42.4))},
    "jetson_orin_nano": {"ann.int8": (0.75, "pJ", (0.35, 0.75))},
    "cortex_m4": {"price.cycle": (164, "pJ", (122, 300)), "timing.clock": (80, "MHz", None)},
    "cortex_m33": {"price.cycle": (61, "pJ", None), "timing.clock": (160, "MHz", None)},
    "loihi1": {
        "price.accumulate": (23.6, "pJ", (23.6, 35.5)),
        "price.neuron_update": (66.5, "pJ", (52, 81)),
        "price.spike": (1.7, "pJ", None),
        "power.static": (104.4, "mW", (29.7, 104.4)),
        "timing.barrier": (465, "ns", (113, 465)),
        "timing.accumulate": (3.5, "ns", None),
        "timing.neuron_update": (8.4, "ns", (5.3, 8.4)),
    },
    "loihi2": {"price.accumulate": (22.2, "pJ", (22.2, 26.2)), "power.static": (0.232, "W", (0.232, 0.282))},
    "loihi2_standin": {
        "price.accumulate": (23.6, "pJ", (23.6, 35.5)),
        "price.neuron_update": (66.5, "pJ", (21.6, 81)),
        "price.spike": (1.7, "pJ", None),
        "power.static": (0.232, "W", (0.232, 0.282)),
        "timing.accumulate": (3.5, "ns", (0.7, 3.5)),
    },
    "odin": {
        "price.accumulate": (8.43, "pJ", None),
        "power.static": (27.3, "uW", None),
        "power.clock": (1.78, "uW/MHz", None),
        "timing.accumulate": (26.67, "ns", None),
    },
    "reckon": {"price.accumulate": (5.3, "pJ", None)},
    "speck": {"facts.idle_sensor_analog": (610.9, "uW", None)},
    "spinnaker1": {"price.accumulate": (13.3, "nJ", None), "price.neuron_update": (26, "nJ", None)},
    "spinnaker2": {"price.accumulate": (450, "pJ", None), "price.neuron_update": (2.19, "nJ", None)},
    "truenorth": {"price.accumulate": (2.297, "pJ", None), "power.static": (64.43, "mW", None)},
}


def test_each_has_prices_energies_of_ordinary_networks_or_a_placement() -> None:
    assert profile_names() == sorted({*PRICED, *PLACED, *OF_ORDINARY_NETWORKS})
    assert [name for name in profile_names() if load_profile(name).prices] == PRICED
    assert [name for name in profile_names() if load_profile(name).rules] == PLACED
    assert [name for name in profile_names() if load_profile(name).ann] == OF_ORDINARY_NETWORKS


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_keeps_the_rules(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    for key, quantity in profile.quantities().items():
        assert quantity.source, key
        assert quantity.tag in TAGS, key
        assert quantity.range[0] <= quantity.range[1] <= quantity.range[2], key


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_reports_lean_on(name: str) -> None:
    found = load_profile(name).quantities()
    assert {key: (found[key].value, found[key].unit, found[key].interval) for key in NUMBERS[name]} == NUMBERS[name]


def test_only_the_stand_in_is_one() -> None:
    assert [name for name in profile_names() if load_profile(name).stand_in] == ["loihi2_standin"]
    assert [name for name in profile_names() if load_profile(name).base] == ["loihi2_standin"]


def test_no_profile_knows_the_power_of_a_board() -> None:
    assert all(load_profile(name).overhead is None for name in profile_names())


def test_memory_of_45_nm_is_charged_for_64_bits() -> None:
    memory = load_profile("cmos45").memory
    assert {level.access_bits for level in memory.values()} == {64}
    assert [level.capacity_bytes for level in memory.values()] == [8192, 32768, 1 << 20, None]
    assert [level.per_bit[1] for level in memory.values()] == pytest.approx([0.156, 0.313, 1.56, 20.3], rel=3e-3)


def test_a_measured_minimum_is_not_a_price_and_an_unstated_scope_is_called_so() -> None:
    assert load_profile("reckon").prices["accumulate"].scope == "unstated"
    assert load_profile("odin").facts["all_in_event"].scope == "all_in"
    assert load_profile("truenorth").facts["all_in_event"].scope == "all_in"


@pytest.mark.parametrize("name", OF_ORDINARY_NETWORKS[2:])
def test_energies_of_accelerators_are_peak_numbers(name: str) -> None:
    profile = load_profile(name)
    assert {quantity.scope for quantity in profile.ann.values()} == {"peak"}
    assert "orders of magnitude more" in profile.notes[0]


def test_chips_whose_energy_nobody_published_have_no_price() -> None:
    capacity_only = set(PLACED) - set(PRICED)
    assert capacity_only == {"akd1000", "akd1500", "cortex_m", "speck", "xylo_audio2", "xylo_audio3", "xylo_imu"}

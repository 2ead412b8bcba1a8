"""Time and memory of one inference, by hand."""

from dataclasses import replace

import pytest
from small_counts import small

from neurodeploy.energy import Uses
from neurodeploy.energy.latency import latency, latency_dict
from neurodeploy.energy.models.xylo import xylo_cycles
from neurodeploy.errors import ConfigError
from neurodeploy.profile import load_profile


def test_operation_times_give_an_interval_from_even_spread_to_one_core() -> None:
    """Loihi 1: 3.4 accumulates of 3.5 ns and 6 updates of 5.3 to 8.4 ns a timestep, barrier 113 to 465 ns."""
    found = latency(small(), load_profile("loihi1"), 2)
    low, mid, high = 113 + (11.9 + 31.8) / 2, 465 + (11.9 + 50.4) / 2, 465 + 11.9 + 50.4
    assert found.step_s == pytest.approx((low * 1e-9, mid * 1e-9, high * 1e-9))
    assert found.inference_s == pytest.approx((low * 1e-8, mid * 1e-8, high * 1e-8))
    assert found.bottleneck == "barrier"
    assert found.cores == 2


def test_throughput_is_one_over_the_time() -> None:
    found = latency(small(), load_profile("loihi1"), 2)
    assert found.inference_s is not None
    assert found.throughput_hz == pytest.approx(tuple(1 / end for end in reversed(found.inference_s)))


def test_without_a_placement_the_low_end_takes_a_whole_chip_and_the_middle_one_core() -> None:
    found = latency(small(), load_profile("loihi1"))
    assert found.step_s is not None
    assert found.step_s[0] == pytest.approx((113 + 43.7 / 128) * 1e-9)
    assert found.step_s[1] == pytest.approx((465 + 62.3) * 1e-9)
    assert found.cores is None
    assert any("no placement was given" in note for note in found.notes)


def test_much_work_moves_the_bottleneck() -> None:
    counts = small()
    nodes = tuple(replace(n, work={"accumulate": Uses(10**6, 10**6)}) if n.name == "fc1" else n for n in counts.nodes)
    assert latency(replace(counts, nodes=nodes), load_profile("loihi1")).bottleneck == "accumulate"


def test_work_without_a_time_is_named() -> None:
    notes = latency(small(), load_profile("loihi1")).notes
    assert any(note.startswith("No time is known for: spike") for note in notes)


def test_a_graded_value_takes_the_time_of_a_spike_and_that_is_said() -> None:
    counts = small()
    work = {key: uses for key, uses in counts["fc1"].work.items() if key != "accumulate"}
    work["multiply_accumulate"] = counts["fc1"].uses("accumulate")
    nodes = tuple(replace(node, work=work) if node.name == "fc1" else node for node in counts.nodes)
    found = latency(replace(counts, nodes=nodes), load_profile("loihi1"))
    assert found.step_s == latency(counts, load_profile("loihi1")).step_s
    assert any("graded value" in note for note in found.notes)


def test_a_time_per_step_is_taken_as_it_is() -> None:
    found = latency(small(), load_profile("truenorth"))
    assert found.step_s == pytest.approx((1e-3, 1e-3, 1e-3))
    assert found.inference_s == pytest.approx((1e-2, 1e-2, 1e-2))
    assert found.source


def test_cycles_and_a_clock_give_a_time() -> None:
    found = latency(small(), load_profile("cortex_m4"), cycles=(4e7, 8e7, 1.6e8))
    assert found.inference_s == pytest.approx((0.5, 1.0, 2.0))


def test_xylo_takes_its_cycle_model_and_the_clock_that_is_given() -> None:
    cycles = sum(amount.mid for amount in xylo_cycles(small()))
    found = latency(small(), load_profile("xylo_audio2"), clock_hz=5e6)
    assert found.inference_s is not None
    assert found.inference_s[1] == pytest.approx(cycles / 5e6)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cmos45", "no source gives one for this profile"),
        ("loihi2", "no source gives one for this profile"),
        ("cortex_m4", "the cycles of one inference were not given"),
        ("xylo_audio2", "no clock is known"),
    ],
)
def test_where_no_source_gives_a_time_there_is_none_and_the_reason(name: str, why: str) -> None:
    found = latency(small(), load_profile(name))
    assert (found.step_s, found.inference_s, found.throughput_hz, found.source) == (None, None, None, "")
    assert any(why in note for note in found.notes)


def test_bytes_of_weights_states_and_values_of_a_timestep() -> None:
    found = latency(small(samples=3), load_profile("cmos45"))
    # 40 weights of 8 bits; 6 neurons of 24 bits; 8 and 4 values of 1 bit
    assert (found.weight_bytes, found.state_bytes, found.buffer_bytes) == (40, 18, 2)


def test_recordings_in_real_time_are_a_note() -> None:
    notes = latency(small(timestep_us=1000.0), load_profile("cmos45")).notes
    assert any("last 0.01 s" in note for note in notes)


@pytest.mark.parametrize(("cores", "clock"), [(0, None), (-1, None), (None, 0.0), (None, float("inf"))])
def test_numbers_that_cannot_be_are_refused(cores: int | None, clock: float | None) -> None:
    with pytest.raises(ConfigError):
        latency(small(), load_profile("loihi1"), cores, clock_hz=clock)


def test_it_is_ready_for_json() -> None:
    found = latency_dict(latency(small(), load_profile("loihi1"), 2))
    assert found["profile"] == "loihi1"
    assert len(found["inference_s"]) == 3
    assert isinstance(found["notes"], list)

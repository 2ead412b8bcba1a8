"""Which models on which profiles, and what is handed to them."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_counts import small

from neurodeploy.errors import ConfigError, ProfileError
from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.profile import load_profile
from neurodeploy.runs.estimating import chosen_models, comparisons, counted_instructions, estimates, latencies

CHIPS = [load_profile(name) for name in ("loihi1", "cmos45")]
COUNTED = {"instructions, QEMU -icount": {"cortex-m4": {"inference": {"mean": 1000, "max": 1200}}}}


def graph() -> Graph:
    """The network that the counts are of."""
    return Graph(
        (
            Input("input", (), (8,)),
            Dense("fc1", (Ref("input"),), np.full((4, 8), 5), np.ones(4, np.int64)),
            Cuba("lif", (Ref("fc1"),), 4096, 400, 20),
            Dense("fc2", (Ref("lif"),), np.full((2, 4), 5)),
            Readout("out", (Ref("fc2"),)),
        )
    )


def test_no_name_means_affine() -> None:
    assert [model.name for model, _ in chosen_models([], {})] == ["affine"]


def test_an_option_goes_to_the_models_that_have_it() -> None:
    found = {model.name: options for model, options in chosen_models(["memory", "movement"], {"sram": "linear"})}
    assert found == {"memory": {"sram": "linear"}, "movement": {}}


def test_an_option_can_be_for_one_model_only() -> None:
    found = {model.name: options for model, options in chosen_models(["affine", "cycles"], {"cycles.clock_hz": "1e6"})}
    assert found == {"affine": {}, "cycles": {"clock_hz": "1e6"}}


@pytest.mark.parametrize("key", ["nonsense", "memory.nonsense", "movement.hops"])
def test_an_option_that_no_chosen_model_has_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=f"option {key}"):
        chosen_models(["memory"], {key: "1"})


def test_a_wrong_value_is_found_before_anything_is_counted() -> None:
    with pytest.raises(ConfigError, match="option sram"):
        chosen_models(["memory"], {"sram": "cubic"})


def test_every_model_is_tried_on_every_profile_and_refusals_stop_no_other() -> None:
    found, refused = estimates(small(), CHIPS, chosen_models(["affine", "memory"], {}))
    assert [(e.model, e.profile.name) for e in found] == [
        ("affine", "loihi1"),
        ("affine", "cmos45"),
        ("memory", "cmos45"),
    ]
    assert [(r.model, r.profile.name) for r in refused] == [("memory", "loihi1")]


def test_a_model_that_does_not_use_the_profile_is_made_once() -> None:
    found, _ = estimates(small(), CHIPS, chosen_models(["naive", "bit-budget"], {}))
    assert [estimate.model for estimate in found] == ["naive", "bit-budget"]


def test_the_only_combination_is_refused_with_its_error() -> None:
    with pytest.raises(ProfileError, match="no levels of memory"):
        estimates(small(), CHIPS[:1], chosen_models(["memory"], {}))


def test_a_choice_that_is_missing_on_one_profile_stops_no_other() -> None:
    chips = [load_profile(name) for name in ("cortex_m4", "xylo_audio2")]
    found, refused = estimates(small(), chips, chosen_models(["cycles"], {}))
    assert [estimate.profile.name for estimate in found] == ["xylo_audio2"]
    assert "instructions" in refused[0].reason


def test_counted_instructions_of_a_run_are_used_for_the_same_core(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "c.json").write_text(json.dumps({"measured": COUNTED}))
    wanted = chosen_models(["cycles"], {"cycles_per_instruction": "2"})
    (found,), _ = estimates(small(), [load_profile("cortex_m4")], wanted, counted_instructions(tmp_path))
    assert found.options["instructions"] == "1000"
    assert found.lines[0].amount == 2000


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"measured": {}}'])
def test_without_counted_instructions_there_are_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "exports").mkdir()
        (tmp_path / "exports" / "c.json").write_text(text)
    assert counted_instructions(tmp_path) == {}


def test_given_cycles_are_not_replaced_by_counted_instructions() -> None:
    wanted = chosen_models(["cycles"], {"cycles": "5e5"})
    (found,), _ = estimates(small(), [load_profile("cortex_m4")], wanted, {"cortex-m4": 1000})
    assert found.lines[0].amount == 5e5


def test_every_profile_is_compared_with_the_ordinary_network() -> None:
    assert [(each.profile.name, each.bits) for each in comparisons(small(), CHIPS)] == [
        ("loihi1", 4),
        ("loihi1", 8),
        ("cmos45", 4),
        ("cmos45", 8),
    ]


def test_choices_of_movement_reach_the_comparison() -> None:
    chips = [load_profile("cmos22")]
    without = comparisons(small(), chips, chosen_models(["movement"], {"mac": "none"}))
    assert without[-1].ann is None
    assert comparisons(small(), chips)[-1].ann is not None


def test_cores_of_the_placement_are_taken_where_times_depend_on_them() -> None:
    found = latencies(graph(), small(), CHIPS)
    assert found[0].cores is not None
    assert found[0].cores >= 1
    assert found[1].cores is None


def test_cycles_that_were_priced_give_the_time() -> None:
    chips = [load_profile("cortex_m4")]
    options = {"instructions": "8e7", "cycles_per_instruction": "1..2"}
    found, _ = estimates(small(), chips, chosen_models(["cycles"], options))
    assert latencies(graph(), small(), chips, found)[0].inference_s == pytest.approx((1.0, 1.5, 2.0))


def test_a_clock_that_was_given_gives_xylo_its_time() -> None:
    chips = [load_profile("xylo_audio2")]
    found, _ = estimates(small(), chips, chosen_models(["cycles"], {"clock_hz": "5e6"}))
    (timed,) = latencies(graph(), small(), chips, found)
    assert timed.inference_s is not None
    assert timed.inference_s[1] == pytest.approx(found[0].duration_s)

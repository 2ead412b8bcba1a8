"""The ordinary network beside the spiking one, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_counts import small

from neurodeploy.energy import Counts, Energy, NodeCounts, Uses, count
from neurodeploy.energy.ann import AnnComparison, compare_ann, comparison_dict
from neurodeploy.energy.ann_work import groups, total_work
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Flatten, Input, SumPool2d
from neurodeploy.graph.nodes import Dense as DenseNode
from neurodeploy.profile import Profile, check_profile, load_profile

HEAD = 'title = "t"\nprocess = "p"\nboundary = "chip"\nskips_zero_weights = false\n'


def profile(folder: Path, scope: str = "marginal", ann: str = "", **prices: float) -> Profile:
    """Prices without intervals; `ann` is the text of its [ann] table."""
    rest = f'unit = "pJ"\nscope = "{scope}"\nkind = "measured"\nsource = "s"\ntag = "S"\n'
    text = "".join(f"[price.{name}]\nvalue = {value}\n{rest}" for name, value in prices.items())
    path = folder / "mine.toml"
    path.write_text(HEAD + text + ann)
    return check_profile(path)


def int8(value: float, scope: str = "marginal", interval: str = "") -> str:
    line = f"interval = {interval}\n" if interval else ""
    unit = 'unit = "pJ"\nkind = "measured"\nsource = "s"\ntag = "S"\n'
    return f'[ann.int8]\nvalue = {value}\nscope = "{scope}"\n{unit}{line}'


def eight_bits(counts: Counts, chip: Profile) -> AnnComparison:
    return next(each for each in compare_ann(counts, chip) if each.precision == "int8")


PRICES = {"accumulate": 1.0, "bias_add": 1.0, "neuron_update": 2.0, "spike": 0.5}


def test_both_widths_are_compared() -> None:
    found = compare_ann(small(), load_profile("cmos45"))
    assert [(each.precision, each.bits) for each in found] == [("matched", 4), ("int8", 8)]


def test_the_ordinary_network_does_everything_once(tmp_path: Path) -> None:
    """40 products at 3, 4 biases at 1, 4 activations at 2; the read-out only adds."""
    found = eight_bits(small(), profile(tmp_path, ann=int8(3.0), **PRICES))
    assert found.ann == Energy(132.0, 132.0, 132.0)
    # 34 accumulates, 40 biases, 60 updates, 5 spikes
    assert found.snn == Energy(*(34 + 40 + 120 + 2.5,) * 3)


def test_the_cheaper_network_is_named_either_way(tmp_path: Path) -> None:
    cheap = eight_bits(small(), profile(tmp_path, ann=int8(3.0), **PRICES))
    dear = eight_bits(small(), profile(tmp_path, ann=int8(30.0), **PRICES))
    assert (cheap.verdict, dear.verdict) == ("ANN cheaper", "SNN cheaper")


def test_intervals_that_overlap_decide_nothing(tmp_path: Path) -> None:
    found = eight_bits(small(), profile(tmp_path, ann=int8(3.0, interval="[1.0, 30.0]"), **PRICES))
    assert found.verdict == "intervals overlap"


def test_a_width_without_a_price_is_not_scaled_from_another() -> None:
    matched = compare_ann(small(), load_profile("cmos45"))[0]
    assert matched.ann is None
    assert matched.verdict == "not comparable: this profile has no energy of a multiply-accumulate of 4 bits"
    assert any(item.amount == 40 and "none is scaled" in item.reason for item in matched.not_covered)


def test_255_timesteps_match_8_bits_and_have_a_price() -> None:
    matched, whole = compare_ann(small(steps=255), load_profile("cmos45"))
    assert (matched.bits, matched.ann) == (8, whole.ann)


@pytest.mark.parametrize("name", ["loihi1", "odin", "akd1000", "cortex_m4"])
def test_a_chip_without_a_multiply_accumulate_is_not_comparable(name: str) -> None:
    found = compare_ann(small(), load_profile(name))
    assert {each.ann for each in found} == {None}
    assert all("no energy of an ordinary network's multiply-accumulate" in each.verdict for each in found)


@pytest.mark.parametrize("name", ["coral", "jetson_orin_nano"])
def test_a_chip_without_spikes_is_not_comparable(name: str) -> None:
    found = eight_bits(small(), load_profile(name))
    assert found.snn is None
    assert found.verdict == "not comparable: this profile has no price for the work of a spiking network"


def test_energies_of_different_scopes_are_not_compared(tmp_path: Path) -> None:
    found = eight_bits(small(), profile(tmp_path, ann=int8(3.0, scope="peak"), **PRICES))
    assert found.verdict == "not comparable: energies of scope 'marginal' and of scope 'peak'"


def test_a_spiking_network_whose_neurons_have_no_price_never_wins(tmp_path: Path) -> None:
    prices = {key: value for key, value in PRICES.items() if key != "neuron_update"}
    found = eight_bits(small(), profile(tmp_path, ann=int8(30.0), **prices))
    assert found.snn is not None
    assert found.verdict == "not comparable: no price for neuron_update"


def test_it_loses_even_without_its_neurons_where_the_rest_is_dearer(tmp_path: Path) -> None:
    prices = {key: value for key, value in PRICES.items() if key != "neuron_update"}
    assert eight_bits(small(), profile(tmp_path, ann=int8(0.1), **prices)).verdict == "ANN cheaper"


def test_the_break_even_rate_is_where_both_layers_cost_the_same(tmp_path: Path) -> None:
    """fc1: 32 x 30 + 4 + 8 against 40 + 80 + 2.5 always, and 24 at a rate of 6 / 80."""
    chip = profile(tmp_path, ann=int8(30.0), **PRICES)
    layer = eight_bits(small(), chip).layers[0]
    expected = 6 / 80 * (32 * 30 + 4 + 8 - 122.5) / 24
    assert (layer.name, layer.macs, layer.snn_operations, layer.rate) == ("fc1", 32, 24.0, 6 / 80)
    assert layer.break_even_rate == pytest.approx(expected)


def test_at_the_break_even_rate_the_energies_are_equal(tmp_path: Path) -> None:
    counts, chip = small(), profile(tmp_path, ann=int8(4.0), **PRICES)
    (layer, second) = eight_bits(counts, chip).layers
    assert layer.break_even_rate is not None
    factor = layer.break_even_rate / layer.rate
    snn = 24 * factor + 40 + 80 + 2.5
    assert snn == pytest.approx(32 * 4 + 4 + 8)
    assert second.break_even_rate == 0.0


def test_a_layer_without_events_has_no_break_even_rate(tmp_path: Path) -> None:
    counts = small()
    work = {key: uses for key, uses in counts["fc2"].work.items() if key != "accumulate"}
    nodes = tuple(replace(n, work=work, values_in=0) if n.name == "fc2" else n for n in counts.nodes)
    found = eight_bits(replace(counts, nodes=nodes), profile(tmp_path, ann=int8(3.0), **PRICES))
    assert found.layers[1].break_even_rate is None


def test_a_missing_price_leaves_no_break_even_rate() -> None:
    found = eight_bits(small(), load_profile("cmos7"))
    assert [layer.break_even_rate for layer in found.layers] == [None, None]


def test_movement_is_compared_where_the_profile_prices_it() -> None:
    """40 products of 4 bits, 12 values of 4 bits, 4 biases and 4 activations."""
    found = next(each for each in compare_ann(small(), load_profile("cmos22")) if each.model == "movement")
    assert (found.precision, found.bits) == ("matched", 4)
    assert found.ann is not None
    assert found.ann.mid == pytest.approx(0.05448 * (40 * 2.5 + 8) + 12 * 4 * 0.25)
    assert (found.ann.low, found.ann.high) == pytest.approx((0.05448 * 48 + 12, 0.05448 * 168 + 12))


def test_without_a_price_of_a_product_movement_is_not_comparable() -> None:
    found = compare_ann(small(), load_profile("cmos22"), {"mac": "none"})[-1]
    assert found.ann is None
    assert found.verdict == "not comparable: no price for the work of the ordinary network"


def test_an_unknown_choice_of_movement_is_refused() -> None:
    with pytest.raises(ConfigError, match="option sram"):
        compare_ann(small(), load_profile("cmos22"), {"sram": "steps"})


def test_counts_that_do_not_know_their_products_are_refused() -> None:
    node = NodeCounts("fc", "Dense", 4, macs=32, work={"accumulate": Uses(3, 3)})
    with pytest.raises(DataError, match="products of this layer are not known"):
        compare_ann(Counts((node,), 1, 1), load_profile("cmos45"))


def test_a_network_without_weights_has_no_ordinary_twin() -> None:
    with pytest.raises(DataError, match="no node has weights"):
        compare_ann(Counts((NodeCounts("lif", "Cuba", 4),), 1, 1), load_profile("cmos45"))


def network() -> IntGraph:
    nodes = (
        Input("x", (), (2, 6, 6)),
        SumPool2d("pool", (Ref("x"),), kernel=(2, 2), stride=(2, 2)),
        Conv2d("conv", (Ref("pool"),), np.full((4, 2, 3, 3), 7), np.ones(4, np.int64), padding=(1, 1)),
        Cuba("lif", (Ref("conv"),), 4096, 400, 20),
        Flatten("flat", (Ref("lif"),)),
        DenseNode("fc", (Ref("flat"),), np.full((3, 36), 5)),
        Cuba("out", (Ref("fc"),), 4096, 400, 20),
    )
    return IntGraph(Graph(nodes))


def recorded(rng: np.random.Generator) -> Counts:
    frames = rng.integers(0, 2, (5, 3, 2, 6, 6))
    return count(network(), simulate(network(), frames))


def test_products_leave_out_padding(rng: np.random.Generator) -> None:
    """A 3 x 3 kernel on 3 x 3 with padding: 4 corners meet 4 places, 4 edges 6, the middle 9."""
    conv = recorded(rng)["conv"]
    assert conv.dense_uses == 2 * 4 * (4 * 4 + 4 * 6 + 9)
    assert conv.macs == 2 * 4 * 9 * 9


def test_work_of_the_ordinary_network_out_of_counts(rng: np.random.Generator) -> None:
    counts = recorded(rng)
    assert total_work(counts, groups(counts)) == {
        "multiply_accumulate": 392 + 108,
        "pool_add": 72,
        "bias_add": 36,
        "neuron_update": 36 + 3,
    }


def test_kernels_weights_and_leaks_come_out_of_counts(rng: np.random.Generator) -> None:
    counts = recorded(rng)
    conv, dense, neurons = counts["conv"], counts["fc"], counts["lif"]
    assert (conv.kernel, conv.strided_kernel, conv.kernel_channels, conv.weights, conv.biases) == (9, 9, 4, 72, 4)
    assert (dense.kernel, dense.strided_kernel, dense.kernel_channels, dense.weights, dense.biases) == (1, 1, 3, 108, 0)
    assert neurons.leaks == 1


def test_a_comparison_is_ready_for_json() -> None:
    found = comparison_dict(eight_bits(small(), load_profile("cmos45")))
    assert set(found) == {"profile", "model", "precision", "bits", "snn", "ann", "layers", "not_covered", "verdict"}
    assert found["layers"][0]["name"] == "fc1"

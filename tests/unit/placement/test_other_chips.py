"""Speck, Xylo, Akida and microcontrollers: every limit is kept at its value and named one beyond."""

import numpy as np
import pytest
from unit.placement.chips import chip, dense, dense_graph, map_, map_graph, neuron, weights

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.placement import Answer, Footprint, Network, Plan, Problem, Reading, fit, plan, read_network
from neurodeploy.profile import Profile, load_profile

SPECK = load_profile("speck")


def named(found: Plan) -> set[tuple[str, str, int, int]]:
    return {(v.layer, v.limit, v.value, v.allowed) for v in found.violations}


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ({"stride": 4}, {"stride": 3}, ("map", "stride", 3, 2)),
        ({"stride": 8}, {"stride": 16}, ("map", "stride", 16, 8)),
        ({"padding": 7}, {"padding": 8}, ("map", "padding", 8, 7)),
        ({"kernel": 15, "side": 16}, {"kernel": 17, "side": 17}, ("map", "kernel_side", 17, 16)),
        ({"bits": 8}, {"bits": 9}, ("map", "weight_bits", 9, 8)),
        ({"side": 64, "stride": 4}, {"side": 65}, ("map", "output_map_side", 65, 64)),
        ({"side": 128, "stride": 8}, {"side": 129, "stride": 8}, ("map", "input_map_side", 129, 128)),
        ({"channels": 64}, {"inputs": 4, "channels": 4, "groups": 2}, ("map", "groups", 2, 1)),
        ({"dilation": 1}, {"dilation": 2}, ("map", "dilation", 2, 1)),
        ({"side": 6, "classes": 1023}, {"side": 6, "classes": 1025}, ("out", "map_channels", 1025, 1024)),
    ],
)
def test_speck_names_what_a_core_cannot_be(
    good: dict[str, int], bad: dict[str, int], expected: tuple[str, str, int, int]
) -> None:
    limit = expected[1]
    assert limit not in {v.limit for v in plan(map_(**good), SPECK).violations}
    assert expected in named(plan(map_(**bad), SPECK, Reading.GENEROUS))


def test_the_memories_of_speck_round_up_to_powers_of_two() -> None:
    found = plan(map_(side=20, channels=5, kernel=3, classes=3), SPECK)
    uses = {core.layer: {name: use.amount for name, use in core.uses.items()} for core in found.cores}
    assert uses["map"] == {"kernel_entries": 2 * 16 * 8, "neuron_entries": 5 * 32 * 32, "bias_entries": 0}
    # the dense layer is a kernel of 20 x 20, which is more than 16 x 16, over five channels, with four outputs
    assert ("out", "kernel_side", 20, 16) in named(plan(map_(side=20, channels=5, classes=3), SPECK, Reading.GENEROUS))


def test_where_sources_disagree_both_readings_are_placed() -> None:
    # 33 x 33 x 20: 21,780 neurons as written, 81,920 addresses as the code counts them
    network = map_(side=33, channels=20, stride=1, classes=1)
    strict, generous = (plan(network, SPECK, reading) for reading in Reading)
    assert ("map", "neuron_entries", 20 * 64 * 64, 65536) in named(strict)
    assert "neuron_entries" not in {v.limit for v in generous.violations}


def test_a_memory_of_speck_is_kept_at_its_size_and_named_beyond() -> None:
    assert plan(map_(side=16, channels=256, classes=0), SPECK).violations == ()
    found = named(plan(map_(side=16, channels=257, classes=0), SPECK))
    assert ("map", "neuron_entries", 257 * 256, 65536) in found
    assert plan(map_(side=1, channels=1023, inputs=64, kernel=1, padding=0, classes=4), SPECK).violations == ()
    kernels = named(plan(map_(side=1, channels=1023, inputs=65, kernel=1, padding=0, classes=4), SPECK))
    assert ("map", "kernel_entries", 65 * 1024, 65536) in kernels


def chain(layers: int, side: int = 4, channels: int = 2) -> Network:
    nodes: list = [Input("x", (), (2, side, side))]
    source = "x"
    for number in range(layers):
        nodes.append(Conv2d(f"c{number}", (Ref(source),), weights(channels, 2, 1, 1)))
        nodes.append(neuron(f"n{number}", f"c{number}"))
        source = f"n{number}"
    return read_network(Graph(tuple(nodes)))


def test_nine_layers_have_nine_cores_and_ten_do_not() -> None:
    found = plan(chain(9), SPECK)
    assert sorted(core.index for core in found.cores) == list(range(9))
    assert ("network", "cores_per_chip", 10, 9) in named(plan(chain(10), SPECK))


def test_layers_move_to_make_room_for_one_that_needs_a_large_memory() -> None:
    # four layers of 48 x 48 x 2 padded to 64 x 64 x 2 addresses fit any core; one of 16 channels only cores 0 to 2
    nodes = (
        Input("x", (), (2, 48, 48)),
        Conv2d("c0", (Ref("x"),), weights(2, 2, 1, 1)),
        neuron("n0", "c0"),
        Conv2d("c1", (Ref("n0"),), weights(2, 2, 1, 1)),
        neuron("n1", "c1"),
        Conv2d("c2", (Ref("n1"),), weights(2, 2, 1, 1)),
        neuron("n2", "c2"),
        Conv2d("c3", (Ref("n2"),), weights(16, 2, 1, 1)),
        neuron("n3", "c3"),
    )
    found = plan(read_network(Graph(nodes)), SPECK)
    assert found.violations == ()
    assert next(core.index for core in found.cores if core.layer == "n3") in (0, 1, 2)


def test_three_readers_are_more_than_the_destinations_of_a_core() -> None:
    def readers(number: int) -> Network:
        nodes: list = [Input("x", (), (2,)), Dense("d", (Ref("x"),), weights(3, 2)), neuron("a", "d")]
        for place in range(number):
            nodes += [Dense(f"d{place}", (Ref("a"),), weights(2, 3)), neuron(f"n{place}", f"d{place}")]
        return read_network(Graph(tuple(nodes)))

    assert plan(readers(2), SPECK).violations == ()
    assert ("a", "destinations", 3, 2) in named(plan(readers(3), SPECK))


def test_speck_pools_with_powers_of_two_and_keeps_no_events_back() -> None:
    def pooled(size: int, delay: int = 0) -> Network:
        nodes = (
            Input("x", (), (2, 12, 12)),
            Conv2d("c", (Ref("x"),), weights(2, 2, 1, 1)),
            neuron("a", "c"),
            SumPool2d("p", (Ref("a"),), (size, size), (size, size)),
            Conv2d("e", (Ref("p", delay),), weights(2, 2, 1, 1)),
            neuron("b", "e"),
        )
        return read_network(Graph(nodes))

    assert plan(pooled(4), SPECK).violations == ()
    assert ("b", "pool_side", 3, 2) in named(plan(pooled(3), SPECK))
    assert ("b", "delay_steps", 2, 0) in named(plan(pooled(2, 2), SPECK))


def test_speck_says_what_it_computes_otherwise() -> None:
    nodes = (
        Input("x", (), (2,)),
        Dense("d", (Ref("x"),), weights(3, 2)),
        Cuba("a", (Ref("d"),), 4096, 512, 100),
        Dense("e", (Ref("a"),), weights(3, 3)),
        Readout("r", (Ref("e"),)),
    )
    notes = " ".join(plan(read_network(Graph(nodes)), SPECK).notes)
    assert "16 bits" in notes
    assert "a do" in notes
    assert "r only accumulates" in notes


def xylo(**limits: int) -> Profile:
    return chip("xylo_audio2", **limits)


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        ("input_channels", 12, ("x", "input_channels", 12, 11)),
        ("hidden_neurons", 20, ("network", "hidden_neurons", 20, 19)),
        ("output_neurons", 5, ("out", "output_neurons", 5, 4)),
        ("input_projection", 20, ("hidden", "input_projection", 20, 19)),
        ("output_projection", 20, ("out", "output_projection", 20, 19)),
        ("weight_bits", 7, ("hidden", "weight_bits", 7, 6)),
        ("threshold_bits", 8, ("hidden", "threshold_bits", 8, 7)),
    ],
)
def test_a_limit_of_xylo_is_kept_at_its_value_and_named_one_below(
    limit: str, value: int, expected: tuple[str, str, int, int]
) -> None:
    network = dense(inputs=12, hidden=20, outputs=5, bits=7, threshold=100)
    assert plan(network, xylo(**{limit: value})).violations == ()
    assert expected in named(plan(network, xylo(**{limit: value - 1})))


def test_fan_out_and_synapses_of_xylo_are_those_between_hidden_neurons_that_are_not_zero() -> None:
    sparse = np.zeros((6, 6), np.int64)
    sparse[:4, 0] = 3
    sparse[5, 1] = 2
    nodes = (
        Input("x", (), (2,)),
        Dense("d", (Ref("x"),), weights(6, 2)),
        Dense("back", (Ref("a", 1),), sparse),
        Cuba("a", (Ref("d"), Ref("back")), 4096, 0, 100),
        Dense("e", (Ref("a"),), weights(3, 6)),
        neuron("out", "e"),
    )
    network = read_network(Graph(nodes))
    assert plan(network, xylo(fan_out=4, synapses=5)).violations == ()
    found = named(plan(network, xylo(fan_out=3, synapses=4)))
    assert {("a", "fan_out", 4, 3), ("network", "synapses", 5, 4)} <= found


def test_xylo_has_no_delays_and_no_recurrent_outputs_and_needs_two_layers() -> None:
    def limits(nodes: tuple) -> set[str]:
        return {v.limit for v in plan(read_network(Graph(nodes)), xylo()).violations}

    x, d = Input("x", (), (2,)), Dense("d", (Ref("x"),), weights(4, 2))
    assert limits((x, d, neuron("a", "d"))) == {"layers"}
    back = Dense("back", (Ref("b", 1),), weights(3, 3))
    last = Cuba("b", (Ref("e"), Ref("back")), 4096, 0, 9)
    e = Dense("e", (Ref("a"),), weights(3, 4))
    assert limits((x, d, neuron("a", "d"), e, back, last)) == {"output_recurrence"}
    late = Dense("e", (Ref("a", 2),), weights(3, 4))
    assert limits((x, d, neuron("a", "d"), late, neuron("b", "e"))) == {"delay_steps"}
    skip = Dense("skip", (Ref("x"),), weights(3, 2))
    both = Cuba("b", (Ref("e"), Ref("skip")), 4096, 0, 9)
    assert limits((x, d, neuron("a", "d"), e, skip, both)) == {"input_to_output"}


def test_the_three_xylos_differ_in_what_they_hold() -> None:
    network = dense(inputs=16, hidden=128, outputs=10, bits=8)
    answers = {name: fit(network, load_profile(name)).answer for name in ("xylo_audio2", "xylo_audio3", "xylo_imu")}
    assert answers == {
        "xylo_audio2": Answer.DOES_NOT_FIT,  # 8 outputs
        "xylo_audio3": Answer.FITS,
        "xylo_imu": Answer.FITS,
    }
    wide = fit(dense(inputs=16, hidden=100, outputs=20), load_profile("xylo_audio3"))
    assert wide.answer is Answer.UNKNOWN  # its mapper allocates 32 outputs, its rules allow 16
    assert "out: output_neurons 20, and sources give 16 or more" in wide.reasons


def test_akida_never_says_that_a_network_fits() -> None:
    found = fit(map_(bits=4), load_profile("akd1000"))
    assert (found.answer, found.violations, found.plan.used) == (Answer.UNKNOWN, (), None)
    assert "known to the vendor's package only" in found.reasons[0]


def test_akida_says_what_is_surely_too_much() -> None:
    network = map_(side=4, channels=100, inputs=100, kernel=5, padding=2, bits=4, classes=10)
    kernels = 100 * 100 * 25 // 2
    assert plan(network, chip("akd1500", cores_per_chip=2, weight_bytes_per_pair=kernels)).violations == ()
    found = named(plan(network, chip("akd1500", cores_per_chip=2, weight_bytes_per_pair=kernels - 1)))
    assert found == {("network", "weight_bytes", kernels, kernels - 1)}
    assert ("network", "processors", 2, 1) in named(plan(network, chip("akd1500", cores_per_chip=1)))
    assert ("map", "weight_bits", 5, 4) in named(plan(map_(bits=5), load_profile("akd1000")))


def test_dense_weights_of_akida_may_lie_outside_its_mesh() -> None:
    network = dense(inputs=100, hidden=100, outputs=10, bits=4)
    amounts = {name: plan(network, load_profile(name)).totals["weight_bytes"].amount for name in ("akd1000", "akd1500")}
    assert amounts == {"akd1000": 0, "akd1500": 100 * 10 // 2}


def test_flash_and_ram_are_kept_at_their_sizes_and_named_beyond() -> None:
    network = dense()
    found = Footprint(constants=1000, state=300, code=200, source="generated C", of=network)
    micro = load_profile("cortex_m")

    def answer(flash: int, ram: int) -> tuple[Answer, set[tuple[str, str, int, int]]]:
        result = fit(network, micro, given={"flash_bytes": flash, "ram_bytes": ram}, footprint=found)
        return result.answer, named(result.plan)

    assert answer(1200, 300) == (Answer.FITS, set())
    assert answer(1199, 300) == (Answer.DOES_NOT_FIT, {("network", "flash_bytes", 1200, 1199)})
    assert answer(1200, 299) == (Answer.DOES_NOT_FIT, {("network", "ram_bytes", 300, 299)})


def test_a_microcontroller_without_numbers_is_unknown_and_says_which() -> None:
    network, micro = dense(), load_profile("cortex_m")
    measured = Footprint(1000, 300, 200, "generated C", network)
    nothing = fit(network, micro)
    assert (nothing.answer, nothing.plan.totals["flash_bytes"].amount) == (Answer.UNKNOWN, None)
    no_sizes = fit(network, micro, footprint=measured)
    assert [reason.split(" ")[0] for reason in no_sizes.reasons] == ["flash_bytes", "ram_bytes"]
    no_code = fit(
        network,
        micro,
        given={"flash_bytes": 9999, "ram_bytes": 999},
        footprint=Footprint(1000, 300, None, "C", network),
    )
    assert (no_code.answer, [reason.split(" ")[0] for reason in no_code.reasons]) == (Answer.UNKNOWN, ["code_bytes"])
    assert "stack_bytes" in no_code.plan.unknown


def test_a_network_without_a_form_in_c_does_not_fit_a_microcontroller() -> None:
    found = fit(dense(), load_profile("cortex_m4"), footprint=Problem("fc1", "C has no such node"))
    assert found.answer is Answer.DOES_NOT_FIT
    assert (found.violations[0].layer, found.violations[0].detail) == ("fc1", "C has no such node")


def test_a_footprint_scales_with_weights_and_neurons() -> None:
    small, large = read_network(dense_graph(hidden=30)), read_network(dense_graph(hidden=60))
    found = Footprint(750, 350, 100, "C", small).scaled(large)
    assert (found.constants, found.state, found.code) == (1500, 650, 100)
    assert "in proportion" in found.source


def test_maps_are_unrolled_on_xylo() -> None:
    graph = map_graph(side=4, channels=3, inputs=1, classes=2)
    nodes = (*graph.nodes[:4], Dense("h", (Ref("flat"),), weights(6, 48)), neuron("b", "h"))
    nodes = (*nodes, Dense("o", (Ref("b"),), weights(2, 6)), neuron("last", "o"))
    found = plan(read_network(Graph(nodes)), xylo()).totals
    assert found["hidden_neurons"].amount == 48 + 6
    assert (found["fan_out"].amount, found["synapses"].amount) == (6, 48 * 6)
    assert isinstance(nodes[3], Flatten)

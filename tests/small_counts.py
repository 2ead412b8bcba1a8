"""The work of a small chain, by hand: 8 inputs, 4 leaky neurons with biases, 2 read-outs, 10 timesteps.

Per inference 6 input events meet 4 weights each, 5 spikes meet 2 each.
"""

from neurodeploy.energy import Counts, NodeCounts, Uses


def small(samples: int = 1, steps: int = 10, timestep_us: float | None = None) -> Counts:
    """`samples` inferences, all alike; totals grow with them."""

    def same(amount: int) -> Uses:
        return Uses(amount * samples, amount * samples)

    fc1 = {"accumulate": 24, "weight_bit_read": 192, "bias_add": 4 * steps, "event_bit_in": 18}
    lif = {"neuron_update": 4 * steps, "spike": 5, "state_bit_read": 96 * steps, "state_bit_write": 96 * steps}
    fc2 = {"accumulate": 10, "weight_bit_read": 80, "event_bit_in": 10}
    out = {"neuron_update": 2 * steps, "state_bit_read": 48 * steps, "state_bit_write": 48 * steps}

    def work(amounts: dict[str, int]) -> dict[str, Uses]:
        return {key: same(amount) for key, amount in amounts.items()}

    dense = {"weight_bits": 8, "input_bits": 1, "kernel": 1, "strided_kernel": 1}
    nodes = (
        NodeCounts("input", "Input", 8, work=work({"input_event": 6}), values_out=6 * samples),
        NodeCounts(
            "fc1",
            "Dense",
            4,
            inputs=8,
            macs=32,
            work=work(fc1),
            values_in=6 * samples,
            dense_uses=32,
            weights=32,
            biases=4,
            kernel_channels=4,
            **dense,
        ),
        NodeCounts("lif", "Cuba", 4, inputs=4, work=work(lif), values_out=5 * samples, leaks=1),
        NodeCounts(
            "fc2",
            "Dense",
            2,
            inputs=4,
            macs=8,
            work=work(fc2),
            values_in=5 * samples,
            dense_uses=8,
            weights=8,
            kernel_channels=2,
            **dense,
        ),
        NodeCounts("out", "Readout", 2, inputs=2, work=work(out)),
    )
    return Counts(nodes, samples, steps, timestep_us)

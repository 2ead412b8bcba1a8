"""What has to be there before syops can be imported. Runs in .venv-counters."""

from torch import nn


def stub_syops() -> None:
    """syops 0.0.5 imports three neuron classes that SpikingJelly 2.0.0 does not have; empty ones let it be imported."""
    from spikingjelly.activation_based import neuron

    for name in ("MultiStepIFNode", "MultiStepLIFNode", "MultiStepParametricLIFNode"):
        if not hasattr(neuron, name):
            setattr(neuron, name, type(name, (nn.Module,), {}))

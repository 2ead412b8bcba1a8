"""A Norse network: one timestep a call, states given and taken.

Its neurons have a synaptic current and reset to zero, as Loihi's do. So that Loihi can express it, its layers have no
bias: a bias would flow into the current, and Loihi adds biases to the voltage.
"""

import torch
from norse.torch import LIFCell, LIFParameters, SequentialState
from torch import nn

NEURONS = LIFParameters(
    tau_mem_inv=torch.as_tensor(250.0),  # 1/s; times dt this is 1/4, a whole number of 1/4096
    tau_syn_inv=torch.as_tensor(500.0),
    v_th=torch.as_tensor(0.1),
)
DT = 1e-3


def net() -> SequentialState:
    """Frames (batch, 2, 34, 34) and a state to spikes (batch, 10) and the next state."""
    return SequentialState(
        nn.Conv2d(2, 8, 5, stride=2, bias=False),
        LIFCell(NEURONS, dt=DT),
        nn.Conv2d(8, 16, 3, stride=2, bias=False),
        LIFCell(NEURONS, dt=DT),
        nn.Flatten(),
        nn.Linear(16 * 7 * 7, 10, bias=False),
        LIFCell(NEURONS, dt=DT),
    )

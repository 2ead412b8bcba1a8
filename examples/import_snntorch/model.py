"""A snnTorch network as people write them: layers, and a loop over time that passes the states on."""

import snntorch as snn
import torch
from torch import Tensor, nn

BETA = 0.875
"""A multiple of 1/4096, so the import keeps it exactly; any other is rounded, and the import says by how much."""
THRESHOLD = 0.4


class Net(nn.Module):
    """Frames (time, batch, 2, 34, 34) to spikes (time, batch, 10). Resets by subtraction, snnTorch's default."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 8, 5, stride=2)
        self.norm1 = nn.BatchNorm2d(8)
        self.lif1 = snn.Leaky(beta=BETA, threshold=THRESHOLD)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2)
        self.lif2 = snn.Leaky(beta=BETA, threshold=THRESHOLD)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(16 * 7 * 7, 10)
        self.lif3 = snn.Leaky(beta=BETA, threshold=THRESHOLD)

    def forward(self, frames: Tensor) -> Tensor:
        """Spikes of the last layer at every timestep."""
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        recorded = []
        for frame in frames:
            spikes, mem1 = self.lif1(self.norm1(self.conv1(frame)), mem1)
            spikes, mem2 = self.lif2(self.conv2(spikes), mem2)
            spikes, mem3 = self.lif3(self.fc(self.drop(spikes.flatten(1))), mem3)
            recorded.append(spikes)
        return torch.stack(recorded)

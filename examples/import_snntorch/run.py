"""Train a snnTorch network, import it, prove the import, export it, and tune it for Loihi.

python examples/import_snntorch/run.py            # one to two minutes on two cores
python examples/import_snntorch/run.py --tiny     # two epochs on few recordings, for tests
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from model import Net

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import NeuroDeployError, UnsupportedNodeError
from neurodeploy.targets import names

HERE = Path(__file__).resolve().parent
TIMESTEPS = 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="two epochs on few recordings")
    parser.add_argument("--out", type=Path, default=Path("build/import_snntorch"), help="where everything goes")
    arguments = parser.parse_args()
    out, tiny = arguments.out, arguments.tiny
    out.mkdir(parents=True, exist_ok=True)

    weights = out / "weights.pt"
    torch.save(train(epochs=2 if tiny else 12, recordings=200 if tiny else 0), weights)
    data = ["dataset=digits-dvs", f"data.timesteps={TIMESTEPS}"]
    samples, kept = (32, 2) if tiny else (0, 8)
    model = f"{HERE / 'model.py'}:Net"
    imported = api.import_model(model, data, out=out / "net", weights=weights, samples=samples, progress=note)
    show.import_model(imported)

    failed = [target for target in names() if not export(out / "net", target, out / target, kept)]
    # Loihi resets to zero: the same weights, trained a little further with that reset
    words = ["train.epochs=2", "data.limit=200"] if tiny else []
    tuned = api.tune(out / "net", words, reset="zero", out=out / "runs")
    show.tune(tuned)
    failed += [] if export(Path(tuned["run"]), "loihi", out / "loihi", kept) else ["loihi, tuned"]
    return 5 if failed else 0


def train(epochs: int, recordings: int) -> dict[str, torch.Tensor]:
    """Weights after plain training with surrogate gradients: spikes are counted, the most active neuron answers."""
    torch.manual_seed(0)
    net, rng = Net(), np.random.default_rng(0)
    found = open_frames(DataConfig(timesteps=TIMESTEPS, limit=recordings)).train
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for epoch in range(epochs):
        total = 0.0
        for chosen in np.array_split(rng.permutation(len(found.labels)), max(1, len(found.labels) // 64)):
            frames = torch.from_numpy(found.batch(chosen)).transpose(0, 1).float()
            loss = F.cross_entropy(net(frames).sum(0), torch.from_numpy(found.labels[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        note(f"epoch {epoch + 1} of {epochs}: loss {total / len(found.labels):.3f}")
    return net.state_dict()


def export(network: Path, target: str, out: Path, samples: int) -> bool:
    """Write one target and show its verdicts; what it cannot express is said, and no failure."""
    print(f"\n{target}:")
    try:
        result = api.export(network, target, out, samples=samples, progress=note)
    except UnsupportedNodeError as error:
        print(f"not expressible: {error}")
        return True
    show.export(result)
    return show.exit_code(result["verdicts"]) == 0


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None

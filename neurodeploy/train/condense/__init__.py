"""Recordings condensed into a few integer items per class: PACE-style event dataset distillation, and its baselines.

PACE (Ye et al. 2025, "Learning from Dense Events", arXiv:2511.12095) learns a few integer event frames on which
a spiking network trains almost as well as on all recordings. Three parts are named in public: PEQ-N (`quantizer`), SDR
(`features`) and ST-SM (`matching`); networks are frozen (`teachers`), and only the items are fitted. Its equations,
settings and code are not public, so this is PACE-*style*. Readings of ours, where the source leaves them open:

- PEQ-N rounds a clipped count up or down at random; "binomial" is the other reading.
- SDR is spikes plus kappa times the voltage after the reset over the threshold, clamped to one threshold.
- ST-SM is the amplitude and phase loss of NCFM (CVPR 2025) on features of length 1, after a Fourier transform along
  time, with one root over all temporal bins of a frequency ("group").

Deviations, all ours; the settings in brackets switch them off:

- The distance of the class means of the SDR features at every timestep stands beside ST-SM and has ten times its weight
  [condense.mean=0]. Both are taken over all layers of neurons [condense.layers=[-1]].
- Items begin as the means of groups of recordings (k-means; for one item the class mean) [condense.init=real].
- Several copies of each item are quantized and changed at random as training on them will do (`augment`); recordings
  are not, as the changed items are to look like them [condense.copies=1 condense.augmented=none].
- The gradient is smoothed over neighbouring pixels, and one scale serves all cells in place of Adam's own for each, so
  that cells without signal stay quiet [condense.smoothing=0 condense.optimizer=adam].
- Half of the iterations see a network of new random weights, as in DM, the others a blend of a pretrained pair, as in
  NCFM [condense.teachers=pairs].
- Norms use the statistics of the recordings of the iteration, for recordings and items.
- An item has events in its first and in its last window, as a recording has; where it had none, one is put in.

On saccade recordings nearly everything that tells classes apart is spatial, and there the mean term does the work.
`tests/benchmarks/bench_condense.py` compares both terms, and the baselines: on mnist-saccade one learned item per class
teaches more than any baseline's; of ten per class, chosen recordings (medoids, herding) teach at least as much.
"""

from neurodeploy.train.condense.config import CondenseConfig, CondenseRun
from neurodeploy.train.condense.loop import Items, condense

__all__ = ["CondenseConfig", "CondenseRun", "Items", "condense"]

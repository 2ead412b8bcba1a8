"""Recordings condensed into a few integer items per class: PACE-style event dataset distillation, and its baselines.

PACE (Ye et al. 2025, "Learning from Dense Events", arXiv:2511.12095) learns a few integer event frames on which
a spiking network trains almost as well as on all recordings. Three parts are named in public: PEQ-N (`quantizer`), SDR
(`features`) and ST-SM (`matching`). Its equations, settings and code are not public, so this is PACE-*style*:
"""

from neurodeploy.train.condense.config import CondenseConfig, CondenseRun
from neurodeploy.train.condense.loop import Items, condense

__all__ = ["CondenseConfig", "CondenseRun", "Items", "condense"]

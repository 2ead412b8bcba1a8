"""From floats to the integers that targets compute."""

from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.quantize.quantize import Quantized, quantize

__all__ = ["Grid", "Quantized", "quantize", "weight_grid"]

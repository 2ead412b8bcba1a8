"""From floats to the integers that targets compute."""

from neurodeploy.quantize.allocate import Allocation, LayerChoice, allocate
from neurodeploy.quantize.closest import closest_format
from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.quantize.quantize import Formats, Quantized, quantize
from neurodeploy.quantize.weight_format import WeightFormat

__all__ = [
    "Allocation",
    "Formats",
    "Grid",
    "LayerChoice",
    "Quantized",
    "WeightFormat",
    "allocate",
    "closest_format",
    "quantize",
    "weight_grid",
]

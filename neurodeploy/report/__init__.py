"""One offline HTML file about a run: training, answers, spikes, energy, export checks."""

from neurodeploy.report.data import Confusion, EarlyExit, Raster, ReportData, sample_raster
from neurodeploy.report.render import render

__all__ = ["Confusion", "EarlyExit", "Raster", "ReportData", "render", "sample_raster"]

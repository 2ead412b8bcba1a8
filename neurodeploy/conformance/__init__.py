"""Cases, random networks and the suite that every target must pass; installed, so that other packages run it too."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases import CASES
from neurodeploy.conformance.check import Answer, Check, Trial, check, run
from neurodeploy.conformance.choose import Choose, RngChoose
from neurodeploy.conformance.draw import Drawn, draw_frames, draw_network
from neurodeploy.conformance.features import ALL, Feature, Features
from neurodeploy.conformance.probe import expressible
from neurodeploy.conformance.suite import Report, named, network, run_suite
from neurodeploy.conformance.summary import as_dict

__all__ = [
    "ALL",
    "CASES",
    "Answer",
    "Case",
    "Check",
    "Choose",
    "Drawn",
    "Feature",
    "Features",
    "Report",
    "RngChoose",
    "Trial",
    "as_dict",
    "check",
    "draw_frames",
    "draw_network",
    "expressible",
    "named",
    "network",
    "run",
    "run_suite",
]

"""Proof that exported files compute the trained network."""

from neurodeploy.verify.check import same_network, verify
from neurodeploy.verify.compare import Compared, compare
from neurodeploy.verify.verdict import Status, Verdict

__all__ = ["Compared", "Status", "Verdict", "compare", "same_network", "verify"]

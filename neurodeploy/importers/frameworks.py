"""Frameworks by name, imported when they are asked for."""

from __future__ import annotations

from typing import Final

from torch import nn

from neurodeploy.errors import ConfigError
from neurodeploy.importers.framework import Framework

PACKAGES: Final = ("snntorch", "norse", "spikingjelly")


def find_framework(package: str) -> Framework:
    """The framework that is imported as `package`.

    Raises:
        ConfigError: unknown name.
        ToolchainMissingError: it is not installed.
    """
    match package:
        case "snntorch":
            from neurodeploy.importers.snntorch import SnnTorch

            return SnnTorch()
        case "norse":
            from neurodeploy.importers.norse import Norse

            return Norse()
        case "spikingjelly":
            from neurodeploy.importers.spikingjelly import SpikingJelly

            return SpikingJelly()
    raise ConfigError(key="framework", found=package, allowed=", ".join(PACKAGES))


def framework_of(module: nn.Module) -> str:
    """Package of the framework whose neurons are inside `module`.

    Raises:
        ConfigError: there are neurons of none or of several.
    """
    found = {kind.__module__.partition(".")[0] for each in module.modules() for kind in type(each).__mro__}
    known = [package for package in PACKAGES if package in found]
    if len(known) != 1:
        seen = " and ".join(known) or "no neurons of a known framework"
        raise ConfigError(key="framework", found=seen, allowed=f"neurons of one of {', '.join(PACKAGES)}")
    return known[0]

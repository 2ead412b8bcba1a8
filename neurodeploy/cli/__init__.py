"""The command line: it parses, calls `neurodeploy.api`, and prints."""

from neurodeploy.cli.app import main

__all__ = ["main"]

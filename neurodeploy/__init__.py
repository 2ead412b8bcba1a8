"""Train spiking networks, export them exactly, and say what they cost.

`neurodeploy.api` holds one function for each command; `neurodeploy.graph` the network and its meaning.
"""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """`__version__`, read when asked for: the metadata reader would double the start-up time of the command line."""
    if name != "__version__":
        raise AttributeError(f"module 'neurodeploy' has no attribute '{name}'")
    from importlib.metadata import version

    return version("neurodeploy")

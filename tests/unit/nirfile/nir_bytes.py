"""NIR files in memory, by the nir library."""

import io

import nir
import numpy as np

from neurodeploy.nirfile import FileNetwork, read_network


def content(graph: nir.NIRGraph) -> bytes:
    buffer = io.BytesIO()
    nir.write(buffer, graph)
    return buffer.getvalue()


def network(nodes: dict[str, nir.NIRNode], *edges: tuple[str, str], size: int = 1) -> FileNetwork:
    """Nodes between an input and an output of `size`; types are not checked, so that loops may be anywhere."""
    ends = {"input": nir.Input(np.array([size])), "output": nir.Output(np.array([size]))}
    return read_network(content(nir.NIRGraph({**ends, **nodes}, list(edges), type_check=False)))


def full(value: float, size: int = 1) -> np.ndarray:
    return np.full(size, value)


def lif(dt: float = 1.0, size: int = 1, keep: float = 0.5, threshold: float = 1.0) -> nir.LIF:
    """A LIF that takes what enters as it is."""
    tau = dt / (1 - keep)
    return nir.LIF(full(tau, size), full(tau / dt, size), full(0, size), full(threshold, size))


def weight(value: float, bias: float = 0.0) -> nir.Affine:
    return nir.Affine(np.array([[value]]), np.array([bias]))

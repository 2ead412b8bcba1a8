"""NetX files from elsewhere: read as lava-dl reads them, or refused with the number of the layer; never a bare KeyError."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurodeploy.errors import ArtefactError
from neurodeploy.exporters._netx_read import FileNetwork, read_network
from neurodeploy.exporters._netx_run import execute

Layers = list[dict[str, Any]]


def cuba(**changes: Any) -> dict[str, Any]:
    """As slayer writes it."""
    return {
        "type": "CUBA",
        "iDecay": 1024,
        "vDecay": 128,
        "vThMant": 80,
        "refDelay": 1,
        "gradedSpike": False,
        **changes,
    }


def dense(out: int, inputs: int, **changes: Any) -> dict[str, Any]:
    weight = np.resize(np.array([2, -4, 6, 8, -10], np.float32), (out, inputs))
    return {"type": "dense", "shape": [out], "weight": weight, "neuron": cuba(), **changes}


def conv(**changes: Any) -> dict[str, Any]:
    weight = np.resize(np.array([2, -4, 6], np.float32), (4, 2, 3, 3))
    geometry = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}
    return {"type": "conv", "shape": [4, 5, 6], "weight": weight, **geometry, "neuron": cuba(), **changes}


VECTOR: Layers = [{"type": "input", "shape": [3]}, dense(4, 3)]
MAP: Layers = [{"type": "input", "shape": [2, 5, 6]}, conv(), {"type": "flatten"}, dense(3, 120)]


def write(folder: Path, layers: Layers, change: Callable[[h5py.File], None] = lambda file: None) -> Path:
    """Keys as given; None leaves a key out."""
    path = folder / "foreign.net"
    with h5py.File(path, "w") as file:
        for number, layer in enumerate(layers):
            _fill(file.create_group(f"layer/{number}"), layer)
        change(file)
    return path


def _fill(group: h5py.Group, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            _fill(group.create_group(key), value)
        elif isinstance(value, str):
            group.create_dataset(key, (1,), "S10", [value.encode()])
        elif value is not None:
            group.create_dataset(key, data=value)


def with_layer(layers: Layers, number: int, layer: dict[str, Any]) -> Layers:
    return [*layers[:number], layer, *layers[number + 1 :]]


# ----------------------------------------------------------------------------- what is understood


def test_a_file_as_slayer_writes_it_is_read(tmp_path: Path) -> None:
    network = read_network(
        write(tmp_path, MAP, lambda file: file.create_group("simulation").create_dataset("Ts", data=1))
    )
    first, last = network.layers
    assert (network.input_shape, first.number, last.number) == ((2, 5, 6), 1, 3)
    assert (first.shape, last.shape) == ((4, 5, 6), (3,))
    assert (first.neuron.current_decay, first.neuron.voltage_decay, first.neuron.threshold) == (1024, 128, 80)
    assert first.weight.dtype == np.int64
    np.testing.assert_array_equal(last.weight, MAP[3]["weight"])


def test_scalars_and_single_elements_and_a_fifth_axis_are_read(tmp_path: Path) -> None:
    weight = conv()["weight"][..., None]
    layer = conv(weight=weight, stride=1, padding=1, dilation=1, neuron=cuba(iDecay=[7], type="LOIHI"))
    (read,) = read_network(write(tmp_path, [MAP[0], layer])).layers
    assert (read.weight.shape, read.stride, read.padding) == ((4, 2, 3, 3), (1, 1), (1, 1))
    assert read.neuron.current_decay == 7


def test_a_type_stored_as_a_scalar_string_is_read(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file["layer/1/type"]
        file["layer/1/type"] = "dense"

    assert len(read_network(write(tmp_path, VECTOR, change)).layers) == 1


def test_a_dense_layer_first_needs_no_input_and_flat_weights_are_folded(tmp_path: Path) -> None:
    network = read_network(write(tmp_path, [dense(4, 3, weight=dense(4, 3)["weight"].reshape(-1))]))
    assert network.input_shape == (3,)
    assert network.layers[0].weight.shape == (4, 3)


def test_a_dense_layer_without_neurons_is_an_accumulator(tmp_path: Path) -> None:
    (layer,) = read_network(write(tmp_path, [VECTOR[0], dense(4, 3, neuron=None)])).layers
    spikes = np.ones((3, 3), np.uint8)
    record = execute([layer], spikes, 8, 1)[1]
    assert layer.neuron.is_default
    np.testing.assert_array_equal(record["voltage"], 64 * np.array([[0], [1], [2]]) * layer.weight.sum(1))
    assert not record["spikes"].any()


def test_keys_that_netx_never_reads_change_nothing(tmp_path: Path) -> None:
    extra = {"inFeatures": 99, "wgtExp": 3, "neuron": cuba(refDelay=9, weight_exp=2)}
    network = read_network(write(tmp_path, [VECTOR[0], dense(4, 3, **extra)]))
    np.testing.assert_array_equal(network.layers[0].weight, VECTOR[1]["weight"])


@pytest.mark.parametrize(
    "weight", [[[254, -256, 3]], [[255, 0, 0]], [[-127, -1, 0]], [[-3, -3, -3]], [[2, -1, -255]]], ids=str
)
def test_dense_weights_that_netx_leaves_alone_are_read(weight: list[list[int]], tmp_path: Path) -> None:
    (layer,) = read_network(write(tmp_path, [VECTOR[0], dense(1, 3, weight=np.array(weight))])).layers
    np.testing.assert_array_equal(layer.weight, weight)


def test_conv_sums_wrap_at_24_bits(tmp_path: Path) -> None:
    weight = np.full((1, 3, 1, 1), 2**22)
    layer = conv(shape=[1, 1, 1], weight=weight, padding=[0, 0], neuron=cuba(iDecay=4096, vDecay=4096))
    (read,) = read_network(write(tmp_path, [{"type": "input", "shape": [3, 1, 1]}, layer])).layers
    record = execute([read], np.ones((2, 3, 1, 1), np.uint8), 8, 1)[1]
    # 3 * 2**22 wraps to -2**22; 64 times that wraps once more by 2**24, as in Lava, which wraps only once
    assert record["current"][1].item() == -(2**28) + 2**24


# ------------------------------------------------------------------------------- what is refused

V, M = VECTOR, MAP
BAD: dict[str, tuple[Layers, str]] = {
    "unknown layer": (with_layer(M, 1, {"type": "add"}), r"layer 1: unknown type 'add'.*allowed: input, flatten, conv, dense"),
    "pool": (with_layer(M, 2, {"type": "pool"}), r"layer 2: unknown type 'pool'"),
    "recurrent without weights": (with_layer(V, 1, dense(4, 3, type="dense_rec")), r"layer 1: 'weight_rec' is missing"),
    "recurrent weights of another size": (with_layer(V, 1, dense(4, 3, type="dense_rec", weight_rec=np.ones((4, 3)))), r"wanted \(4, 4\)"),
    "recurrent weights that share no exponent": (
        with_layer(V, 1, dense(1, 2, type="dense_rec", weight=[[1, 3, 1]], weight_rec=[[-256]])),
        "share one exponent",
    ),
    "recurrent weights in a dense layer": (with_layer(V, 1, dense(4, 3, weight_rec=np.ones((4, 4)))), "only in a layer of type dense_rec"),
    "recurrent and delayed": (with_layer(V, 1, dense(4, 3, type="dense_rec", weight_rec=np.ones((4, 4)), delay=1)), "'delay' in a recurrent layer"),
    "type missing": (with_layer(V, 1, dense(4, 3, type=None)), r"layer 1: 'type' is missing; it has neuron, shape, weight"),
    "type a number": (with_layer(V, 1, dense(4, 3, type=3)), r"layer 1: 'type' is not one ASCII string"),
    "nothing computes": (V[:1], "no layer computes"),
    "no layers": ([], "file: 'layer' is missing"),
    "input late": ([V[1], V[0]], "layer 1: an input after other layers"),
    "input neurons": ([{"type": "input", "shape": [3], "neuron": cuba()}, V[1]], "layer 0: an input with neurons"),
    "input shape": ([{"type": "input", "shape": [3, 4]}, V[1]], r"layer 0: 'shape' is \[3, 4\]"),
    "input shape zero": ([{"type": "input", "shape": [0]}, V[1]], r"layer 0: 'shape' is \[0\]"),
    "no weight": (with_layer(V, 1, dense(4, 3, weight=None)), "layer 1: 'weight' is missing; it has neuron, shape, type"),
    "no shape": (with_layer(V, 1, dense(4, 3, shape=None)), "layer 1: 'shape' is missing"),
    "weight text": (with_layer(V, 1, dense(4, 3, weight="x")), "layer 1: 'weight' has dtype"),
    "weight fraction": (with_layer(V, 1, dense(1, 3, weight=[[0.9, 2, 3]])), "layer 1: 'weight' holds values that are no integers"),
    "weight nan": (with_layer(V, 1, dense(1, 3, weight=[[np.nan, 2, 3]])), "layer 1: 'weight' holds values that are no integers"),
    "weight huge": (with_layer(V, 1, dense(1, 3, weight=[[2**40, 2, 3]])), "layer 1: 'weight' holds values beyond 32 bits"),
    "weight empty": (with_layer(V, 1, dense(4, 3, weight=np.zeros((4, 0)))), "layer 1: 'weight' is empty"),
    "weight 3-D": (with_layer(V, 1, dense(4, 3, weight=np.ones((4, 3, 1)))), "layer 1: 'weight' has shape"),
    "weight transposed": (with_layer(V, 1, dense(4, 3, weight=np.ones((3, 4)))), r"layer 1: 'weight' has shape \(3, 4\), wanted \(4, 3\)"),
    "weight ragged": (with_layer(V, 1, dense(4, 3, weight=np.ones(7))), r"layer 1: 'weight' has shape \(7,\) for 4 outputs"),
    "complex": (with_layer(V, 1, dense(4, 3, weight={"real": np.ones((4, 3)), "imag": np.ones((4, 3))})), "layer 1: complex weights"),
    "delay beyond 62": (with_layer(V, 1, dense(4, 3, delay=63)), r"'delay' is 63..63, allowed 0..62"),
    "delay negative": (with_layer(V, 1, dense(4, 3, delay=-1)), "'delay' is -1"),
    "delay of another shape": (with_layer(V, 1, dense(4, 3, delay=[1, 2])), r"'delay' has shape \(2,\)"),
    "conv delay": (with_layer(M, 1, conv(delay=2)), "layer 1: 'delay' is not supported"),
    "bias length": (with_layer(V, 1, dense(4, 3, bias=[1, 2])), "layer 1: 'bias' has 2 values, wanted 4"),
    "bias fraction": (with_layer(V, 1, dense(4, 3, bias=np.full(4, 0.5))), "layer 1: 'bias' holds values that are no integers"),
    "bias beyond 16 bits": (with_layer(V, 1, dense(4, 3, bias=np.full(4, 40000))), "layer 1: 'bias' holds values beyond 16 bits"),
    "float decay": (with_layer(V, 1, dense(4, 3, neuron=cuba(iDecay=1024.0))), "layer 1, neuron: 'iDecay' has dtype float64"),
    "float threshold": (with_layer(V, 1, dense(4, 3, neuron=cuba(vThMant=80.0))), r"layer 1, neuron: 'vThMant' has dtype float64.*wanted one integer 0\.\.131071"),
    "decay too large": (with_layer(V, 1, dense(4, 3, neuron=cuba(vDecay=5000))), r"layer 1, neuron: 'vDecay' is 5000, allowed 0\.\.4096"),
    "threshold negative": (with_layer(V, 1, dense(4, 3, neuron=cuba(vThMant=-5))), r"'vThMant' is -5, allowed 0\.\.131071"),
    "threshold too large": (with_layer(V, 1, dense(4, 3, neuron=cuba(vThMant=262143))), "'vThMant' is 262143"),
    "decay per neuron": (with_layer(V, 1, dense(4, 3, neuron=cuba(iDecay=[1, 2, 3, 4]))), r"'iDecay' has dtype int64 and shape \(4,\)"),
    "no decay": (with_layer(V, 1, dense(4, 3, neuron=cuba(iDecay=None))), "layer 1, neuron: 'iDecay' is missing"),
    "neuron type": (with_layer(V, 1, dense(4, 3, neuron=cuba(type="SDNN"))), "layer 1, neuron: type 'SDNN'; allowed: CUBA, LOIHI"),
    "message bits": (with_layer(V, 1, dense(4, 3, neuron=cuba(messageBits=8))), "layer 1, neuron: 'messageBits' makes NetX fail"),
    "neuron an array": (with_layer(V, 1, dense(4, 3, neuron=[1, 2])), "layer 1: 'neuron' is no group"),
    "conv without neuron": (with_layer(M, 1, conv(neuron=None)), "layer 1: 'neuron' is missing"),
    "conv without stride": (with_layer(M, 1, conv(stride=None)), "layer 1: 'stride' is missing"),
    "conv without groups": (with_layer(M, 1, conv(groups=None)), "layer 1: 'groups' is missing"),
    "groups one element": (with_layer(M, 1, conv(groups=[1])), r"layer 1: 'groups' has dtype int64 and shape \(1,\)"),
    "groups that do not divide": (with_layer(M, 1, conv(groups=2)), "with 2 groups does not fit 2 input channels"),
    "stride one element": (with_layer(M, 1, conv(stride=[1])), r"layer 1: 'stride' has dtype int64 and shape \(1,\)"),
    "stride zero": (with_layer(M, 1, conv(stride=[0, 1])), r"layer 1: 'stride' is \[0, 1\], allowed 1\.\.127"),
    "padding beyond 8 bits": (with_layer(M, 1, conv(padding=[128, 0])), r"'padding' is \[128, 0\], allowed 0\.\.127"),
    "padding float": (with_layer(M, 1, conv(padding=[1.0, 1.0])), "'padding' has dtype float64"),
    "conv shape": (with_layer(M, 1, conv(shape=[4, 6, 5])), r"layer 1: 'shape' is \(4, 6, 5\), its weights and geometry give \(4, 5, 6\)"),
    "conv on nothing": (M[1:2], "layer 0: a conv needs a map .* before it, found nothing"),
    "conv on a vector": ([V[0], conv()], r"layer 1: a conv needs a map .* before it, found \(3,\)"),
    "conv channels": ([{"type": "input", "shape": [3, 5, 6]}, conv()], "layer 1: .* does not fit 3 input channels"),
    "kernel larger than the map": ([{"type": "input", "shape": [2, 1, 1]}, conv(padding=[0, 0])], "layer 1: 'shape' is"),
    "conv fifth axis": (with_layer(M, 1, conv(weight=np.ones((4, 2, 3, 3, 2)))), "layer 1: 'weight' has shape .* wanted a fifth axis"),
    "no flatten": ([M[0], M[1], dense(3, 120)], r"layer 2: a dense layer follows a map \(4, 5, 6\); wanted a flatten"),
    "flatten of a vector": ([V[0], {"type": "flatten"}, V[1]], "layer 1: a flatten needs a map"),
    "layer after the accumulator": ([V[0], dense(4, 3, neuron=None), dense(2, 4)], "layer 2: a layer follows a dense layer without neurons"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_foreign_file_is_refused_by_layer_and_key(what: str, tmp_path: Path) -> None:
    layers, message = BAD[what]
    with pytest.raises(ArtefactError, match=message) as error:
        read_network(write(tmp_path, layers))
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    "weight",
    [[[0, 0, 0]], [[256, -2, 0]], [[2, -257, 0]], [[256, 0, 0]], [[-64, -3, -1]], [[-64, 0, 0]], [[-129, -1, 0]]],
    ids=str,
)
def test_dense_weights_that_netx_would_change_are_refused(weight: list[list[int]], tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="layer 1: weights .* NetX clips or damages"):
        read_network(write(tmp_path, [VECTOR[0], dense(1, 3, weight=np.array(weight))]))


def _gap(file: h5py.File) -> None:
    file.move("layer/1", "layer/2")


def _stranger(file: h5py.File) -> None:
    file["layer"].create_group("about")


def _array_as_layer(file: h5py.File) -> None:
    del file["layer/1"]
    file["layer/1"] = [1, 2, 3]


def _soft_link(file: h5py.File) -> None:
    file.move("layer/1/weight", "elsewhere")
    file["layer/1/weight"] = h5py.SoftLink("/elsewhere")


def _other_file(file: h5py.File) -> None:
    del file["layer/1/weight"]
    file["layer/1/weight"] = h5py.ExternalLink("other.h5", "/weight")


def _claims_much(file: h5py.File) -> None:
    del file["layer/1/weight"]
    file["layer/1"].create_dataset("weight", (1 << 20, 1 << 20), "f4", chunks=(64, 64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_gap, "file, layer: it holds 0, 2; wanted the numbers from 0"),
        (_stranger, "file, layer: it holds 0, 1, about"),
        (_array_as_layer, "file, layer: '1' is no group"),
        (_soft_link, "layer 1: 'weight' is a link"),
        (_other_file, "layer 1: 'weight' is a link"),
        (_claims_much, "layer 1: 'weight' .* claims more elements than the file can hold"),
    ],
)
def test_a_file_of_another_structure_is_refused(
    change: Callable[[h5py.File], None], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ArtefactError, match=message):
        read_network(write(tmp_path, VECTOR, change))


@pytest.mark.parametrize(
    "content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100)], ids=["empty", "text", "head"]
)
def test_a_file_that_is_no_hdf5_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.net"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="not a readable HDF5 file"):
        read_network(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"none\.net"):
        read_network(tmp_path / "none.net")


def test_a_damaged_file_is_read_or_refused_and_nothing_else(rng: np.random.Generator, tmp_path: Path) -> None:
    path = write(tmp_path, MAP)
    good, refused = path.read_bytes(), 0
    for turn in range(200):
        content = bytearray(good)
        for place in rng.integers(0, len(content), 3):
            content[place] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(content))] if turn % 10 == 0 else content)
        try:
            assert isinstance(read_network(path), FileNetwork)
        except ArtefactError:
            refused += 1
    assert refused > 20

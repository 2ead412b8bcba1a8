"""Damage to the files of every target is noticed: all of it, by the run alone, without the manifest's checksums."""

import importlib.util
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from damage import Damage
from witness import GRAPHS, trial

from neurodeploy.conformance import Answer, Check, Trial, check, run
from neurodeploy.graph.nodes import Cuba
from neurodeploy.targets import Exporter, Runtime, find, names, read_artefact

KINDS_LEAST = 6
NAMED = ("ArtefactError: ",)
"""How a failure begins that names what is wrong with the file."""


def table(target: str) -> ModuleType:
    """The target's damage_<target>.py: every target has one."""
    path = Path(__file__).parent / f"damage_{target}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inflicted(
    exporter: Exporter, runtimes: list[Runtime], subject: Trial, damages: list[Damage], folder: Path
) -> Iterator[tuple[Damage, Check]]:
    """Each damage in a fresh copy of the files, and what each runtime says; nothing where the target refuses."""
    found = check(exporter, runtimes, subject, folder / "whole")
    if found[0].answer is Answer.REFUSED:
        return
    if any(result.answer is Answer.NOT_RUN for result in found):
        pytest.skip(found[0].reason)
    assert [result for result in found if result.answer.is_wrong] == []
    for damage in damages:
        for runtime in runtimes:
            shutil.copytree(folder / "whole", folder / "copy")
            if damage.change(folder / "copy", runtime.name):
                yield damage, run(exporter, runtime, read_artefact(folder / "copy"), subject)
            shutil.rmtree(folder / "copy")


def is_noticed(damage: Damage, result: Check) -> bool:
    """A difference in values; where the files need not run, a named error will do."""
    if result.answer is Answer.MISMATCH:
        return True
    return not damage.runs and result.answer is Answer.FAILED and result.reason.startswith(NAMED)


@pytest.mark.parametrize("graph", GRAPHS)
def test_in_a_witness_every_neuron_spikes_and_comes_near_its_threshold(graph: str) -> None:
    subject = trial(GRAPHS[graph](), graph)
    for node in subject.network.graph.nodes:
        if isinstance(node, Cuba):
            spikes, voltage = subject.expected[node.name], subject.expected[f"{node.name}.voltage"]
            rate = spikes.mean((0, 1, *range(3, spikes.ndim)))
            assert (rate > 0).all()
            assert (rate < 1).all()
            silent = voltage[spikes == 0] - 64 * node.threshold
            assert ((silent > -64) & (silent <= 0)).any()
            assert node.name != "lif1" or (silent == 0).any()


@pytest.mark.parametrize("target", names())
def test_all_damage_is_noticed(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[str], None]
) -> None:
    exporter, module = find(target), table(target)
    runtimes = [runtime for runtime in exporter.runtimes if not runtime.name.startswith(("lava", "qemu-"))]
    tried: Counter[str] = Counter()
    met, missed = set(), []
    for bare in (False, True) if hasattr(module, "NUMBER_CHECK") else (True,):
        if bare and hasattr(module, "NUMBER_CHECK"):
            monkeypatch.setattr(module.NUMBER_CHECK, lambda *_: None)
        for name, make in GRAPHS.items():
            place = tmp_path / f"{name}-{bare}"
            damages = [damage for damage in module.DAMAGES if damage not in met or not hasattr(module, "ONCE")]
            for damage, result in inflicted(exporter, runtimes, trial(make(), name), damages, place):
                tried[damage.kind] += 1
                met.add(damage)
                if not is_noticed(damage, result):
                    missed.append((name, damage.kind, damage.what, bare, result))
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(tried.items()))
    count(f"{target}: {tried.total() - len(missed)} of {tried.total()} damaged files noticed ({kinds})")
    assert missed == []
    assert {damage.kind for damage in met} == {damage.kind for damage in module.DAMAGES}
    assert len({damage.kind for damage in met if damage.runs}) >= KINDS_LEAST


IN_LAVA = {
    "layers": [
        "first of layer 1",
        "inputs of layer 4 exchanged",
        "voltage of layer 2",
        "of layer 1, lower",
        "of layer 2",
        "twice as often",
        "in a weight",
    ],
    "recurrent": ["a recurrent one"],
    "delayed": ["of one synapse"],
}
"""One damage of each kind, since each takes about a second."""


@pytest.mark.lava
def test_damage_is_noticed_by_lava(tmp_path: Path, count: Callable[[str], None]) -> None:
    exporter, module = find("loihi"), table("loihi")
    lava = [runtime for runtime in exporter.runtimes if runtime.name == "lava-cpu"]
    tried, missed = 0, []
    for name, chosen in IN_LAVA.items():
        damages = [damage for damage in module.DAMAGES if damage.what in chosen]
        subject = trial(GRAPHS[name](), name, samples=8 if name == "layers" else 2)
        for damage, result in inflicted(exporter, lava, subject, damages, tmp_path / name):
            tried += 1
            if result.answer is not Answer.MISMATCH:
                missed.append((damage.what, result))
    count(f"loihi: {tried - len(missed)} of {tried} damaged files noticed by Lava")
    assert missed == []
    assert tried == sum(map(len, IN_LAVA.values()))


def test_an_edit_that_changes_nothing_is_not_called_damage(tmp_path: Path) -> None:
    nothing = Damage("weight", "none", lambda folder, runtime: True)
    exporter = find("onnx")
    subject = trial(GRAPHS["recurrent"](), "recurrent")
    ((_, result),) = inflicted(exporter, [exporter.runtimes[0]], subject, [nothing], tmp_path)
    assert result.answer is Answer.EXACT
    assert not is_noticed(nothing, result)
    assert np.asarray(subject.frames).any()

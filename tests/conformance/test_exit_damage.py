"""Damage to the early exit of exported files is noticed, by what they decide alone, without the manifest's checksums."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

sys.path.insert(0, str(Path(__file__).parent))
import damage_onnx as onnx_damage
from damage import Damage
from witness import GRAPHS, trial

from neurodeploy.conformance import Trial
from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import ExitRule, margins, prefix_scores
from neurodeploy.errors import ArtefactError, MismatchError, ToolchainMissingError
from neurodeploy.targets import Artefact, Exporter, Runtime, find, read_artefact, write_artefact
from neurodeploy.verify.early import check_early

EXITING = {"layers": "a readout", "recurrent": "counted spikes"}
RUNTIMES = {"c": "gcc", "onnx": "onnxruntime-integer-step"}
MIN_STEPS = 3


def edited(file: str, pattern: str, new: str | Callable[[re.Match[str]], str]) -> Callable[[Path, str], bool]:
    """The first `pattern` in a file replaced."""

    def change(folder: Path, runtime: str) -> bool:
        path = folder / file
        text, count = re.subn(pattern, new, path.read_text(), count=1, flags=re.DOTALL)
        path.write_text(text)
        return count == 1

    return change


def code(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Callable[[Path, str], bool]:
    return edited("conformance.c", pattern, new)


def shifted(step: int) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}{int(found[2]) + step}"


def input_of(node: str, place: int, name: str) -> Callable[[Path, str], bool]:
    """A node of the model reads another value."""

    def change(found: ModelProto) -> bool:
        for each in onnx_damage.nodes(found, node):
            each.input[place] = name
        return bool(onnx_damage.nodes(found, node))

    return onnx_damage.model(change)


def smallest(found: ModelProto) -> bool:
    for node in onnx_damage.nodes(found, "early_exit.top"):
        node.attribute.append(onnx_damage.onnx.helper.make_attribute("largest", 0))
    return True


MARGIN, LEAST = r"(_EXIT_MARGIN )(\d+)", r"(_EXIT_MIN_STEPS )(\d+)"
DAMAGES = {
    "c": [
        *(Damage("margin", f"{step:+}", edited("conformance.h", MARGIN, shifted(step))) for step in (1, -1)),
        *(Damage("min_steps", f"{step:+}", edited("conformance.h", LEAST, shifted(step))) for step in (1, -1)),
        Damage("comparison", "at least the margin", code(r"lead > (\w+_EXIT_MARGIN)", r"lead >= \1")),
        Damage("comparison", "more than the least timesteps", code(r"steps >= (\w+_EXIT_MIN)", r"steps > \1")),
        Damage("comparison", "either of the two", code(r"(_EXIT_MIN_STEPS) &&", r"\1 ||")),
        Damage("lead", "the highest alone", code(r"return first - second;", "return first;")),
        Damage("lead", "the second is lost", code(r"second = first;\n(\s+)first = score;", r"first = score;")),
        Damage("lead", "the second is not looked for", code(r"else if \(score > second\)", "else if (score > first)")),
        Damage("lead", "the first two out of order", code(r"if \(second > first\)", "if (first > second)")),
        Damage("lead", "one class is left out", code(r"k = 2u; k < (\w+_OUTPUT_SIZE)", r"k = 2u; k + 1u < \1")),
        Damage("loop", "it never stops early", code(r"\+= 1u;\n(\s+)if \(", r"+= 1u;\n\1if (0 && ")),
        Damage("loop", "timesteps are not counted", code(r"\*steps \+= 1u;", "*steps += 2u;")),
        Damage("loop", "nothing is reset", code(r"\*steps = 0u;\n\s+\w+_reset\(m\);", "*steps = 0u;")),
        Damage("answer", "another class", code(r"(break;.*?)return (\w+_predict\(m\));", r"\1return \2 ^ 1;")),
    ],
    "onnx": [
        Damage("margin", "+1", onnx_damage.constant("early_exit.margin", lambda margin: margin + 1)),
        Damage("margin", "-1", onnx_damage.constant("early_exit.margin", lambda margin: margin - 1)),
        Damage("min_steps", "+1", onnx_damage.constant("early_exit.min_steps", lambda least: least + 1)),
        Damage("min_steps", "-1", onnx_damage.constant("early_exit.min_steps", lambda least: least - 1)),
        Damage("comparison", "at least the margin", onnx_damage.operator("early_exit.enough", "GreaterOrEqual")),
        Damage("comparison", "more than the least timesteps", onnx_damage.operator("early_exit.late", "Greater")),
        Damage("comparison", "either of the two", onnx_damage.operator("early_exit.both", "Or")),
        Damage("lead", "a sum", onnx_damage.operator("early_exit.lead", "Add")),
        Damage("lead", "of the lowest", onnx_damage.model(smallest)),
        Damage("answer", "the second", input_of("early_exit.place", 1, "early_exit.column1")),
        Damage("state", "timesteps are not carried on", onnx_damage.forgotten("early_exit.steps")),
        Damage("state", "counts are not carried on", onnx_damage.forgotten("early_exit.counts")),
    ],
}


def deployed(name: str) -> tuple[Trial, Deployment]:
    subject = trial(GRAPHS[name](), name)
    lead = margins(prefix_scores(subject.network.graph, subject.expected))
    plain = subject.deployment(with_float=False)
    rule = ExitRule(int(np.median(lead[:, 4])), MIN_STEPS)
    return subject, Deployment(plain.integer, None, plain.timesteps, plain.classes, plain.name, rule)


def says(exporter: Exporter, artefact: Artefact, runtime: Runtime, subject: Trial) -> str:
    """What the check of early exits finds wrong, "" for nothing."""
    try:
        graph, expected = subject.network.graph, subject.expected
        assert check_early(exporter, artefact, runtime, graph, expected, subject.frames) == subject.frames.shape[1]
    except (MismatchError, ArtefactError) as error:
        return str(error)
    except ToolchainMissingError as error:
        pytest.skip(str(error))
    return ""


@pytest.mark.parametrize("target", DAMAGES)
def test_all_damage_to_an_exit_is_noticed(target: str, tmp_path: Path, count: Callable[[str], None]) -> None:
    exporter = find(target)
    (runtime,) = (each for each in exporter.runtimes if each.name == RUNTIMES[target])
    met, missed, tried = set(), [], 0
    for name in EXITING:
        subject, deployment = deployed(name)
        whole = write_artefact(exporter, deployment, tmp_path / name)
        assert says(exporter, whole, runtime, subject) == ""
        for damage in DAMAGES[target]:
            if target == "c" and damage in met:
                continue  # every copy is compiled: one network that has the thing is enough
            shutil.copytree(tmp_path / name, tmp_path / "copy")
            if damage.change(tmp_path / "copy", runtime.name):
                met.add(damage)
                tried += 1
                if not says(exporter, read_artefact(tmp_path / "copy"), runtime, subject):
                    missed.append((name, damage.kind, damage.what))
            shutil.rmtree(tmp_path / "copy")
    count(f"{target}: {tried - len(missed)} of {tried} damaged early exits noticed")
    assert missed == []
    assert met == set(DAMAGES[target])


def test_a_model_that_does_not_say_when_to_stop_is_named(tmp_path: Path) -> None:
    subject, deployment = deployed("layers")
    exporter = find("onnx")
    (runtime,) = (each for each in exporter.runtimes if each.name == RUNTIMES["onnx"])
    write_artefact(exporter, deployment, tmp_path / "out")

    def silenced(found: ModelProto) -> bool:
        kept = [prop for prop in found.metadata_props if prop.key != "neurodeploy.early_exit"]
        del found.metadata_props[:]
        found.metadata_props.extend(kept)
        return True

    onnx_damage.model(silenced)(tmp_path / "out", runtime.name)
    assert "does not say when to stop" in says(exporter, read_artefact(tmp_path / "out"), runtime, subject)

"""A comparison of two methods on embedded data: table, resumption, and a failure that does not stop the rest."""

import json
from pathlib import Path

import pytest

from neurodeploy import api
from neurodeploy.cli import show

PLAN = """
seeds = [1]
profiles = ["loihi1", "cmos45"]
[settings]
dataset = "digits-dvs"
device = "cpu"
[settings.data]
limit = 60
timesteps = 2
[settings.model]
kind = "mlp"
hidden = [8]
[settings.train]
epochs = 1
threads = 1
[[method]]
name = "broken"
settings = { train = { lr = -1 } }
[[method]]
name = "plain"
[[method]]
name = "further"
commands = ["train {settings} seed={seed} 'train.init={run of plain}' --out {out}"]
[[method]]
name = "early"
commands = ["early-exit '{run of plain}' --max-loss 1"]
[[method]]
name = "pruned"
commands = ["prune '{run of plain}' --channels 0.25 --epochs 1 --out {out}"]
[[method]]
name = "needs the broken one"
commands = ["tune '{run of broken}' --out {out}"]
"""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "plan.toml").write_text(PLAN)
    return folder, api.bench_methods(folder / "plan.toml", out=folder / "out")


def test_one_failure_does_not_stop_the_rest(compared: tuple[Path, dict]) -> None:
    broken, plain, further, early, pruned, needs = compared[1]["methods"]
    assert "train.lr" in broken["failures"][1]
    assert "no run with seed 1" in needs["failures"][1]
    assert plain["failures"] == further["failures"] == early["failures"] == pruned["failures"] == {}
    assert early["steps"]["mean"] < plain["steps"]["mean"] == 2
    assert pruned["synaptic_operations"]["mean"] < plain["synaptic_operations"]["mean"]
    assert early["synaptic_operations"]["mean"] < plain["synaptic_operations"]["mean"]
    assert 0 <= plain["accuracy"]["mean"] <= 1
    assert plain["synaptic_operations"]["mean"] > 0
    assert plain["energy_pj.loihi1"]["mean"] > 0


def test_table_values_and_plot_are_written(compared: tuple[Path, dict]) -> None:
    out = compared[0] / "out"
    assert "| plain |" in (out / "methods.md").read_text()
    assert len(json.loads((out / "methods.json").read_text())["methods"]) == 6
    assert (out / "accuracy-energy.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_done_is_not_done_again(compared: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, before = compared
    runs = sorted((folder / "out").rglob("metrics.json"))
    times = [path.stat().st_mtime_ns for path in runs]
    again = api.bench_methods(folder / "plan.toml", out=folder / "out")
    assert again == before
    assert [path.stat().st_mtime_ns for path in runs] == times
    assert sorted((folder / "out").rglob("metrics.json")) == runs


def test_the_command_fails_only_where_every_method_failed(compared: tuple[Path, dict]) -> None:
    methods = compared[1]["methods"]
    assert show.bench_code({"methods": methods}) == 0
    assert show.bench_code({"methods": [method for method in methods if "accuracy" not in method]}) == 1

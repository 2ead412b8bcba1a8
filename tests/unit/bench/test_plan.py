from pathlib import Path

import pytest

from neurodeploy.bench.methods import compare_methods
from neurodeploy.bench.plan import TRAIN, Plan, Row, read_plan
from neurodeploy.bench.work import Work
from neurodeploy.config import read_config
from neurodeploy.errors import ConfigError, DataError, ProfileError
from neurodeploy.train.config import RunConfig

PLAN = """
seeds = [3, 4]
profiles = ["loihi1"]
[settings]
dataset = "digits-dvs"
[settings.train]
epochs = 2
clip_norm = 0.5
[settings.model]
channels = [4, 8]
[[method]]
name = "plain, T = 8"
[[method]]
name = "TET"
settings = { train = { loss = "tet", epochs = 3 }, data = { binary = false } }
[[method]]
name = "tuned TET"
commands = ["tune '{run of TET}' --out {out}"]
"""


def plan_of(text: str, folder: Path) -> object:
    (folder / "plan.toml").write_text(text)
    return read_plan(folder / "plan.toml")


def test_settings_of_a_row_win_over_those_of_the_plan(tmp_path: Path) -> None:
    plan = plan_of(PLAN, tmp_path)
    words = ["dataset=digits-dvs", "train.epochs=3", "train.clip_norm=0.5", "model.channels=[4, 8]"]
    assert plan.words(plan.rows[1]) == [*words, "train.loss=tet", "data.binary=false"]


def test_words_given_beside_the_plan_win_over_every_row(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    plan = read_plan(tmp_path / "plan.toml", ["train.epochs=9"], [7])
    assert plan.seeds == (7,)
    assert all(plan.words(row)[-1] == "train.epochs=9" for row in plan.rows)
    assert plan.data_words(plan.rows[1]) == ["dataset=digits-dvs", "data.binary=false"]
    with pytest.raises(ConfigError, match="key=value"):
        read_plan(tmp_path / "plan.toml", ["train.epochs"])


def test_every_training_of_the_example_has_valid_settings() -> None:
    plan = read_plan(Path(__file__).resolve().parents[3] / "examples" / "methods" / "config.toml")
    for row in plan.rows:
        config = read_config(RunConfig, None, plan.words(row))
        assert config.data.dataset == "digits-dvs"
        assert row.commands == (TRAIN,) or row.needs or "{run}" in row.commands[-1] or "{data}" in row.commands[0]


def test_rows_have_folders_and_needs(tmp_path: Path) -> None:
    rows = plan_of(PLAN, tmp_path).rows
    assert [row.folder for row in rows] == ["plain-t-8", "tet", "tuned-tet"]
    assert [row.needs for row in rows] == [(), (), ("TET",)]
    assert rows[0] == Row("plain, T = 8")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seeds = [3, 4]", "seeds = 3", "seeds"),
        ("seeds = [3, 4]", "sedes = [3]", "sedes"),
        ("seeds = [3, 4]", "seeds = [3, 3]", "none of them twice"),
        ("seeds = [3, 4]", "seeds = [-1]", "seeds"),
        ("seeds = [3, 4]", "seeds = [true]", "seeds"),
        ("seeds = [3, 4]", "seeds = [9223372036854775808]", "seeds"),
        ("{run of TET}", "{run of tot}", "further up"),
        ("{run of TET}", "{rum}", "rum"),
        ("tune '{run of TET}'", "bench methods plan.toml", "begin with train"),
        ("'{run of TET}'", "'{run of TET}", "command lines"),
        ('name = "TET"', 'name = "plain T 8"', "differs"),
        ('name = "TET"', 'name = ""', "letters"),
        ('name = "TET"', 'name = "TET"\ntitle = 3', "title"),
        ("[settings]\n", "[settings\n", "valid TOML"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(old: str, new: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=named):
        plan_of(PLAN.replace(old, new), tmp_path)


def test_a_plan_needs_a_method_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="method"):
        plan_of("seeds = [1]", tmp_path)
    with pytest.raises(DataError):
        read_plan(tmp_path / "nothing.toml")


def test_an_unknown_profile_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('profiles = ["loihi9"]\n[[method]]\nname = "plain"\n')
    with pytest.raises(ProfileError, match="loihi9"):
        compare_methods(path, tmp_path / "out", lambda text: None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "{", "{}", "[1]", '[{"words": ["train"], "result": 3}]', '"x"', "null"])
def test_notes_that_are_damaged_count_for_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "commands.json").write_text(content)
    row = Row("plain")
    assert Work(Plan((0,), ("loihi1",), {}, (row,)), row, 0, tmp_path, {})._before() == []

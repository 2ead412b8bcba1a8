"""Plugins are listed without importing them, and a broken one raises its own error."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from neurodeploy.data.discover import load_module, module_names
from neurodeploy.errors import ConfigError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "plugins").mkdir()
    for name, text in {"__init__": "", "base": "", "good_one": "VALUE = 3", "broken": "import no_such_module"}.items():
        (tmp_path / "plugins" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import plugins  # type: ignore[import-not-found]  # the folder made above

    yield plugins
    for name in [name for name in sys.modules if name.split(".")[0] == "plugins"]:
        del sys.modules[name]


def test_names_are_the_files_but_the_stated_ones(package: ModuleType):
    assert module_names(package, without=("base",)) == ("broken", "good_one")


def test_a_hyphen_is_an_underscore(package: ModuleType):
    assert load_module(package, "good-one", ("good_one",), "key").VALUE == 3


def test_a_broken_plugin_raises_its_own_error_when_chosen(package: ModuleType):
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load_module(package, "broken", ("broken", "good_one"), "key")


def test_an_unknown_name_is_answered_with_all_and_a_close_one(package: ModuleType):
    with pytest.raises(ConfigError, match=r"'god_one'.*broken, good_one.*Did you mean 'good_one'"):
        load_module(package, "god_one", ("broken", "good_one"), "key")

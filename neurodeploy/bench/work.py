"""The commands of one row with one seed, each in a process of its own, done once and never again."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from neurodeploy.bench.plan import PLACE, Plan, Row
from neurodeploy.files import write_file

DONE = "commands.json"
LAST_WORDS = 2000
"""Characters of a failed command's messages that are kept."""


class CommandError(Exception):
    """A command of a row went wrong; the message is what it said. The comparison goes on with the next row."""


@final
@dataclass(frozen=True)
class Work:
    """A row of the table with one seed.

    Args:
        folder: of its runs and of `commands.json`, which says what is done.
        others: name of a row further up -> its run with the same seed.
    """

    plan: Plan
    row: Row
    seed: int
    folder: Path
    others: Mapping[str, Path]

    def run(self) -> Path:
        """Do the commands that are not done yet; returns the run that they ended with.

        Raises:
            CommandError: a command failed or made no run; the next call goes on with it.
        """
        before, done = self._before(), list[dict[str, Any]]()
        run: Path | None = None
        for place, command in enumerate(self.row.commands):
            words = self._words(command, run)
            known = before[place] if place < len(before) else {}
            is_same = known.get("words") == words
            if not (is_same and "result" in known):
                done.append({"words": words})
                self._write(done)
                result = _call(self._resumed(words) if is_same else words)
                done[-1]["result"] = result
                self._write(done)
                before = before[:place]  # what came after was made from something else
            else:
                done.append(known)
            run = _made(done[-1]["result"]) or run
        if run is None or not run.is_dir():
            raise CommandError(f"no command of '{self.row.name}' made a run")
        return run

    def _before(self) -> list[dict[str, Any]]:
        """What an earlier call noted; nothing where it cannot be read, so that all is done again."""
        try:
            found = json.loads((self.folder / DONE).read_text())
        except (OSError, ValueError):
            return []
        notes: list[dict[str, Any]] = found if isinstance(found, list) else []
        is_whole = all(isinstance(note, dict) and isinstance(note.get("result", {}), dict) for note in notes)
        return notes if is_whole else []

    def _write(self, done: list[dict[str, Any]]) -> None:
        write_file(self.folder / DONE, json.dumps(done, indent=1).encode())

    def _words(self, command: str, run: Path | None) -> list[str]:
        words: list[str] = []
        for word in shlex.split(PLACE.sub(lambda mark: mark[0].replace(" ", "\x00"), command)):
            if word == "{settings}":
                words += self.plan.words(self.row)
            elif word == "{data}":
                words += self.plan.data_words(self.row)
            else:
                words.append(PLACE.sub(lambda mark: self._value(mark[1].replace("\x00", " "), run), word))
        return words

    def _value(self, mark: str, run: Path | None) -> str:
        if mark.startswith("run of "):
            name = mark.removeprefix("run of ")
            if name not in self.others:
                raise CommandError(f"'{name}' has no run with seed {self.seed}")
            return str(self.others[name])
        if mark == "run" and run is None:
            raise CommandError("{run} stands in a command before which there is no run")
        return {"seed": str(self.seed), "out": str(self.folder), "run": str(run)}[mark]

    def _resumed(self, words: list[str]) -> list[str]:
        """A training that was interrupted is continued, every other command is done again."""
        begun = [path.parent for path in sorted(self.folder.glob("*/config.json"))]
        torn = [path for path in begun if not (path / "metrics.json").exists()]
        return ["train", "--resume", str(torn[-1])] if words[0] == "train" and torn else words


def _made(result: Mapping[str, Any]) -> Path | None:
    """The run that a command made, if any; the folder that prune writes is one after fine-tuning alone."""
    found = result.get("run") or (result.get("folder") if result.get("is_run") else None)
    return Path(found) if found else None


def _call(words: list[str]) -> dict[str, Any]:
    """What the command `neurodeploy words...` prints with --json."""
    command = [sys.executable, "-m", "neurodeploy", *words, "--json"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        result: dict[str, Any] = json.loads(found.stdout)
    except ValueError:
        result = {}
    if found.returncode or not result:
        message = result.get("error", {}).get("message") or found.stderr[-LAST_WORDS:].strip()
        raise CommandError(f"neurodeploy {shlex.join(words)}: exit code {found.returncode}: {message}")
    return result

"""One way to damage exported files, and what counts as noticing it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Damage:
    """A change of the files that one runtime reads.

    Args:
        kind: weight, decay, threshold, comparison, reset, bias, delay, edge, state, timing, byte, truncation.
        what: which one.
        change: edits the files of an artefact for a runtime; False where this network has nothing of the kind.
        runs: the damaged files still load and run, so that only a difference in values counts as noticing.
    """

    kind: str
    what: str
    change: Callable[[Path, str], bool]
    runs: bool = True


def truncated(name: Callable[[str], str]) -> list[Damage]:
    """The file `name(runtime)` cut in half, and emptied."""

    def cut(share: float) -> Callable[[Path, str], bool]:
        def change(folder: Path, runtime: str) -> bool:
            path = folder / name(runtime)
            content = path.read_bytes()
            path.write_bytes(content[: int(len(content) * share)])
            return True

        return change

    return [Damage("truncation", f"{share:.0%} left", cut(share), runs=False) for share in (0.5, 0.0, 0.99)]

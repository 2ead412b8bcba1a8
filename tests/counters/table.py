"""expected.toml as the table of README.md: `python tests/counters/table.py` prints it, or writes it with --write."""

import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
COUNTERS = ("neurobench", "spikingjelly", "spikingjelly_energy", "sinabs", "syops")
TITLES = {
    "neurobench": "NeuroBench {neurobench}",
    "spikingjelly": "SpikingJelly {spikingjelly}, AC and MAC counters",
    "spikingjelly_energy": "its `estimate_simple_energy`",
    "sinabs": "sinabs {sinabs} hooks",
    "syops": "syops {syops}",
}
INTRODUCTION = """# What counters count

Synaptic operations of small layers (`rows.py`): by brute force (`brute_force.py`), by neurodeploy, and by the counters of
other tools, run as they are. Every figure is asserted: ours against brute force in `tests/unit/energy/test_micro.py`, those
of the others in `test_other_counters.py`, which needs `make counters`. AC: a weight used by a value of magnitude 1. MAC: by
any other value. In bold: not the exact figure, and the number of the reason below. sinabs does not tell AC from MAC. A dash:
no operations that could be counted one by one. This file is written by `table.py` from `expected.toml`.
"""


def expected() -> dict[str, Any]:
    """The contents of expected.toml."""
    return tomllib.loads((HERE / "expected.toml").read_text())


def readme() -> str:
    """The text that README.md has to have."""
    data = expected()
    numbers = {fault: number for number, fault in enumerate(data["faults"], 1)}
    titles = [TITLES[counter].format(**data["versions"]) for counter in COUNTERS]
    lines = [_line(["layer and input", "exact", "neurodeploy", *titles]), _line(["---"] * (3 + len(titles)))]
    for row in data["rows"]:
        exact = row["exact"] + (f", useful {row['useful']}" if "useful" in row else "")
        cells = [_cell(row, counter, numbers) for counter in COUNTERS]
        lines.append(_line([row["name"], exact, row["neurodeploy"], *cells]))
    reasons = [f"{number}. {data['faults'][fault]}." for fault, number in numbers.items()]
    return "\n".join([INTRODUCTION, *lines, "", "Why a figure differs:", "", *reasons]) + "\n"


def _cell(row: dict[str, Any], counter: str, numbers: dict[str, int]) -> str:
    fault = row.get("faults", {}).get(counter)
    return row[counter] if fault is None else f"**{row[counter]}** ({numbers[fault]})"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    if "--write" in sys.argv:
        README.write_text(readme())
    else:
        print(readme(), end="")

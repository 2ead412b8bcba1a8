"""The counters of other tools on the layers of rows.py: equal to brute force, or wrong as expected.toml says and why."""

from typing import Any

import pytest
from counters.environment import asked
from counters.ours import answer_text, exact_text, ours_text
from counters.rows import ROWS, Row
from counters.table import COUNTERS, README, expected, readme

EXPECTED = {row["name"]: row for row in expected()["rows"]}
NAMES = [row.name for row in ROWS]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    found: dict[str, Any] = asked("run_counters.py", {"rows": [row.plain() for row in ROWS]})
    return found


def test_every_layer_has_its_line_and_no_line_is_without_a_layer() -> None:
    assert list(EXPECTED) == NAMES


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_exact_figures_are_those_of_brute_force(row: Row) -> None:
    line = EXPECTED[row.name]
    assert exact_text(row) == (line["exact"], line.get("useful"))


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_our_figures_are_those_in_the_table(row: Row) -> None:
    assert ours_text(row) == EXPECTED[row.name]["neurodeploy"]


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_counter_says_what_the_table_says(row: Row, counter: str, answers: dict[str, Any]) -> None:
    assert answer_text(answers["rows"][row.name][counter]) == EXPECTED[row.name][counter]


def test_the_versions_are_those_of_the_table(answers: dict[str, Any]) -> None:
    assert answers["versions"] == expected()["versions"]


def right(line: dict[str, Any], counter: str) -> bool:
    """Whether a figure is the exact one; sinabs gives the sum of both kinds, NeuroBench leaves zero weights out."""
    accepted = {line["exact"], line.get("useful", line["exact"])}
    if counter == "sinabs":
        accepted = {f"{sum(float(part.split()[1]) for part in text.split(' + ')):g}" for text in accepted}
    return line[counter] in accepted


@pytest.mark.parametrize("name", [name for name, line in EXPECTED.items() if line["exact"] != "-"])
def test_a_figure_is_called_wrong_exactly_where_it_is_not_that_of_brute_force(name: str) -> None:
    line = EXPECTED[name]
    assert {counter for counter in COUNTERS if not right(line, counter)} == set(line.get("faults", {}))


def test_every_fault_is_explained_and_every_explanation_used() -> None:
    used = {fault for line in EXPECTED.values() for fault in line.get("faults", {}).values()}
    assert used == set(expected()["faults"])


def test_ours_is_exact_or_refused() -> None:
    assert not [
        name
        for name, line in EXPECTED.items()
        if line["exact"] != "-" and not line["neurodeploy"].startswith((line["exact"], "refused"))
    ]


def test_the_readme_shows_this_table() -> None:
    assert README.read_text() == readme(), "python tests/counters/table.py --write"


def test_a_wrong_figure_is_noticed(answers: dict[str, Any]) -> None:
    answer = answers["rows"][ROWS[0].name]["neurobench"]
    assert answer_text({**answer, "ac": answer["ac"] + 1}) != EXPECTED[ROWS[0].name]["neurobench"]

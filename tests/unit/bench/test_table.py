import pytest

from neurodeploy.bench.measure import Numbers
from neurodeploy.bench.plan import Plan, Row
from neurodeploy.bench.plot import accuracy_against_energy
from neurodeploy.bench.table import Entry, as_values, markdown

PLAN = Plan((0, 1), ("loihi1", "cmos45"), {}, (Row("a"), Row("b")))


def numbers(accuracy: float, energy: float | None = 2000.0) -> Numbers:
    return Numbers(accuracy, True, 8, 1e6, {"loihi1": energy, "cmos45": None}, 12.0, 800, 1600)


def test_means_and_spreads_are_over_the_seeds() -> None:
    (record,) = as_values(PLAN, [Entry(Row("a"), {0: numbers(0.9), 1: numbers(0.8)}, {})])
    assert record["accuracy"]["mean"] == pytest.approx(0.85)
    assert record["accuracy"]["std"] == pytest.approx(0.0707, abs=1e-4)
    assert record["energy_pj.loihi1"] == {"mean": 2000.0, "std": 0.0, "values": [2000.0, 2000.0]}


def test_what_one_seed_lacks_has_no_mean() -> None:
    (record,) = as_values(PLAN, [Entry(Row("a"), {0: numbers(0.9), 1: numbers(0.8, None)}, {})])
    assert record["energy_pj.loihi1"]["mean"] is None
    assert accuracy_against_energy([record], "loihi1") is None


def test_failures_are_rows_of_the_table_and_named_below_it() -> None:
    entries = [Entry(Row("a"), {0: numbers(0.9)}, {1: "no memory"}), Entry(Row("b"), {}, {0: "x", 1: "y"})]
    text = markdown(PLAN, as_values(PLAN, entries))
    assert "| a | 90.00 % | 8 | 1,000,000 | 2 nJ | – | 12.0 s | 1,600 of 800 | 1, 1 failed |" in text
    assert "| b |" in text
    assert "| failed |" in text
    assert "- a, seed 1: no memory" in text


def test_the_plot_is_a_picture_where_there_are_energies() -> None:
    plot = accuracy_against_energy(as_values(PLAN, [Entry(Row("a"), {0: numbers(0.9)}, {})]), "loihi1")
    assert plot is not None
    assert plot.startswith(b"\x89PNG")

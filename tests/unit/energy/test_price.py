"""Pricing, on hand-made counts and on the shipped profiles."""

from pathlib import Path

import pytest

from neurodeploy.energy import Counts, NodeCounts, Uses, price
from neurodeploy.errors import ConfigError, DataError, ProfileError
from neurodeploy.profile import Profile, check_profile, load_profile, profile_names
from neurodeploy.profile.quantity import WORK

HEAD = 'title = "t"\nprocess = "p"\nboundary = "chip"\n'
REST = 'kind = "measured"\nsource = "s"\ntag = "S"\n'
PJ = 1e12


def work(
    samples: int = 1, steps: int = 1, timestep_us: float | None = None, **amounts: int | tuple[int, int]
) -> Counts:
    uses = {k: Uses(*v) if isinstance(v, tuple) else Uses(v, v) for k, v in amounts.items()}
    return Counts((NodeCounts("n", "Dense", 1, work=uses),), samples, steps, timestep_us)


def profile(folder: Path, text: str) -> Profile:
    path = folder / "mine.toml"
    path.write_text(HEAD + text)
    return check_profile(path)


def quantity(table: str, value: float, unit: str, scope: str = "marginal", extra: str = "") -> str:
    return f'[{table}]\nvalue = {value}\nunit = "{unit}"\nscope = "{scope}"\n{REST}{extra}\n'


@pytest.mark.parametrize(
    ("clock_mhz", "rate", "measured_uw", "ratio"), [(75, 37.5e6, 477, 1.000), (1.3, 650e3, 35, 1.003)]
)
def test_odin_power_model_reproduces_its_measurements(
    clock_mhz: float, rate: float, measured_uw: float, ratio: float
) -> None:
    estimate = price(work(accumulate=int(rate)), load_profile("odin"), duration_s=1.0, clock_hz=clock_mhz * 1e6)
    assert estimate.total is not None
    assert estimate.total.mid / PJ * 1e6 / measured_uw == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize(("rate_hz", "measured_mw", "ratio"), [(20.07, 71, 0.995), (20, 72, 0.98)])
def test_truenorth_sweep_is_predicted_at_points_outside_the_fit(
    rate_hz: float, measured_mw: float, ratio: float
) -> None:
    counts = work(accumulate=round((1 << 20) * 128 * rate_hz), steps=1000)
    estimate = price(counts, load_profile("truenorth"))
    assert estimate.duration_s == pytest.approx(1.0)
    assert estimate.total is not None
    assert estimate.total.mid / PJ * 1e3 / measured_mw == pytest.approx(ratio, abs=2e-3)


def test_the_nearest_search_on_32_loihi_chips_stays_within_a_quarter() -> None:
    """Frady et al. 2020: 5.12e7 to 5.76e7 synaptic operations, 76,800 neurons x 60 steps; measured 1.33 mJ dynamic."""
    estimate = price(work(accumulate=54_400_000, neuron_update=76_800 * 60, steps=60), load_profile("loihi1"))
    assert estimate.dynamic is not None
    assert 0.75 < estimate.dynamic.low / PJ * 1e3 / 1.33 < 1.25
    assert estimate.dynamic.low / PJ * 1e3 == pytest.approx(1.284 + 0.240, abs=1e-3)


def pilotnet() -> Counts:
    """Recorded activity of the lava-dl notebook, 16 steps; the encoder's spikes are among the spikes."""
    return work(accumulate=(49_246_940, 41_664_144), neuron_update=2_536_144, spike=755_963, steps=16)


def test_the_interval_of_pilotnet_on_loihi_2_with_stand_in_prices_contains_the_measurement() -> None:
    """1.094 mJ measured dynamic energy; a recorded ratio, not proof."""
    estimate = price(pilotnet(), load_profile("loihi2_standin"), duration_s=2.446e-3)
    assert estimate.dynamic is not None
    low, mid, high = (end / PJ * 1e3 for end in (estimate.dynamic.low, estimate.dynamic.mid, estimate.dynamic.high))
    assert low < 1.094 < high
    assert (low, mid, high) == pytest.approx((1.039, 1.332, 1.955), abs=1e-3)
    assert any("STAND-IN" in text for text in estimate.assumptions)


def test_the_fit_of_loihi_2_gives_back_what_it_was_fitted_to() -> None:
    estimate = price(pilotnet(), load_profile("loihi2"), duration_s=2.446e-3)
    assert estimate.dynamic is not None
    assert estimate.static is not None
    assert estimate.dynamic.mid / PJ * 1e3 == pytest.approx(1.094, abs=1e-3)
    high = load_profile("loihi2").prices["accumulate"].range[2]
    assert high * 41_664_144 / PJ * 1e3 == pytest.approx(1.094, abs=3e-3)
    assert estimate.static.mid / PJ * 1e3 == pytest.approx(0.568, abs=1e-3)
    assert {"neuron_update", "spike"} <= set(estimate.included)


def test_energy_is_a_mean_over_samples() -> None:
    one = price(work(accumulate=10), load_profile("loihi1"))
    four = price(work(samples=4, accumulate=40), load_profile("loihi1"))
    assert one.dynamic == four.dynamic
    assert four.lines[0].amount == 10.0


def test_an_interval_of_a_price_becomes_an_interval_of_energy() -> None:
    (line,) = price(work(neuron_update=10), load_profile("loihi1")).lines
    assert (line.energy.low, line.energy.mid, line.energy.high) == (520.0, 665.0, 810.0)


@pytest.mark.parametrize(
    ("skips", "expected"), [("true", (50, 50, 50)), ("false", (150, 150, 150)), (None, (50, 150, 150))]
)
def test_zero_weights_cost_what_the_profile_says(
    tmp_path: Path, skips: str | None, expected: tuple[float, float, float]
) -> None:
    line = f"skips_zero_weights = {skips}\n" if skips else ""
    mine = profile(tmp_path, line + quantity("price.accumulate", 10, "pJ"))
    energy = price(work(accumulate=(15, 5)), mine).dynamic
    assert energy is not None
    assert (energy.low, energy.mid, energy.high) == expected


@pytest.mark.parametrize("name", profile_names())
def test_work_without_a_price_is_listed_with_its_amount_and_a_reason(name: str) -> None:
    chip = load_profile(name)
    counts = work(samples=2, **dict.fromkeys(set(WORK) - {"cycle"}, (4, 2)))
    estimate = price(counts, chip, duration_s=1.0)
    priced, missing = {line.term for line in estimate.lines}, {item.term: item for item in estimate.not_covered}
    for term in set(WORK) - {"cycle"}:
        assert sum([term in priced, term in missing, term in estimate.included]) == 1, term
        if term in missing:
            assert missing[term].amount in (1.0, 2.0)
            assert missing[term].reason


def test_work_that_was_not_done_is_not_listed() -> None:
    terms = [item.term for item in price(work(accumulate=1), load_profile("truenorth")).not_covered]
    assert terms == ["overhead", "other", "other"]


def test_without_any_price_the_dynamic_energy_is_unknown_and_not_zero() -> None:
    estimate = price(work(accumulate=10), load_profile("cortex_m4"))
    assert estimate.dynamic is None
    assert estimate.total is None
    assert ("accumulate", 10.0) in [(item.term, item.amount) for item in estimate.not_covered]


def test_no_work_costs_nothing() -> None:
    estimate = price(work(steps=3), load_profile("truenorth"))
    assert estimate.dynamic is not None
    assert estimate.dynamic.mid == 0.0
    assert estimate.total == estimate.static


def test_given_cycles_price_a_processor_and_contain_its_operations() -> None:
    estimate = price(work(accumulate=10, neuron_update=5), load_profile("cortex_m4"), cycles=1e6)
    assert estimate.dynamic is not None
    assert estimate.dynamic.mid == pytest.approx(164e6)
    assert estimate.included["accumulate"] == "price.cycle"
    assert all(item.amount is None for item in estimate.not_covered)
    assert any("scope 'all_in'" in text for text in estimate.assumptions)


def test_cycles_for_a_profile_without_a_price_for_them_are_said_to_be_unused() -> None:
    estimate = price(work(accumulate=10), load_profile("loihi1"), cycles=1e6)
    assert any("not used" in text for text in estimate.assumptions)


def test_duration_comes_from_the_argument_then_the_profile_then_the_data() -> None:
    counts = work(steps=8, timestep_us=30_000.0, accumulate=1)
    given, own, real = (
        price(counts, load_profile("truenorth"), duration_s=0.5),
        price(counts, load_profile("truenorth")),
        price(counts, load_profile("loihi1")),
    )
    assert (given.duration_s, own.duration_s, real.duration_s) == (0.5, pytest.approx(8e-3), pytest.approx(0.24))
    assert "as given" in given.assumptions[0]
    assert "Merolla" in own.assumptions[0]
    assert "real-time" in real.assumptions[0]
    assert real.static is not None
    assert real.static.mid / PJ == pytest.approx(0.1044 * 0.24)


def test_static_energy_without_a_time_is_not_covered() -> None:
    estimate = price(work(accumulate=1), load_profile("loihi1"))
    assert estimate.static is None
    assert estimate.total is None
    assert ("static", "the time of one inference is unknown") in [(i.term, i.reason) for i in estimate.not_covered]


def test_work_inside_static_power_is_not_covered_when_static_power_is_not_charged(tmp_path: Path) -> None:
    text = quantity("power.static", 1, "mW", "chip", 'includes = ["neuron_update"]')
    mine = profile(tmp_path, text)
    charged, uncharged = price(work(neuron_update=1), mine, duration_s=1.0), price(work(neuron_update=1), mine)
    assert charged.included == {"neuron_update": "power.static"}
    assert "neuron_update" in [item.term for item in uncharged.not_covered]


def test_a_board_total_is_refused_without_overhead(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"power.overhead.*no board-level total"):
        price(work(accumulate=1), load_profile("truenorth")).board_total()
    parts = [quantity("price.accumulate", 1, "pJ"), quantity("power.overhead", 2, "W", "board")]
    with pytest.raises(ProfileError, match=r"static energy.*no board-level total"):
        price(work(accumulate=1), profile(tmp_path, "".join(parts)), duration_s=1.0).board_total()
    parts.append(quantity("power.static", 1, "W", "board"))
    estimate = price(work(accumulate=7), profile(tmp_path, "".join(parts)), duration_s=1.0)
    assert estimate.board_total().mid == pytest.approx(3e12 + 7)
    assert estimate.total is not None
    assert estimate.total.mid == pytest.approx(1e12 + 7)


def test_energy_adds_up_by_node_and_by_term() -> None:
    nodes = tuple(NodeCounts(name, "Dense", 1, work={"accumulate": Uses(2, 2), "spike": Uses(1, 1)}) for name in "ab")
    estimate = price(Counts(nodes, 1, 1), load_profile("loihi1"))
    assert {k: v.mid for k, v in estimate.by_node().items()} == pytest.approx({"a": 48.9, "b": 48.9})
    assert {k: v.mid for k, v in estimate.by_term().items()} == pytest.approx({"accumulate": 94.4, "spike": 3.4})


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("key", ["duration_s", "cycles", "clock_hz"])
def test_times_and_cycles_are_positive_numbers(key: str, bad: float) -> None:
    with pytest.raises(ConfigError, match=f"'{key}'"):
        price(work(accumulate=1), load_profile("odin"), **{key: bad})


def test_counts_without_data_are_refused() -> None:
    with pytest.raises(DataError, match="no mean"):
        Counts((NodeCounts("n", "Dense", 1),), samples=0, steps=1)
    with pytest.raises(DataError, match="unknown kind of work 'acumulate'"):
        NodeCounts("n", "Dense", 1, work={"acumulate": Uses(1, 1)})


ALL_IN = "at = {rate = 1000.0, tolerance = 0.1}"


@pytest.mark.parametrize(("amount", "duration_s"), [(1000, 1.0), (1100, 1.0), (450, 0.5), (2000, 2.2)])
def test_an_all_in_price_is_used_near_its_operating_point(tmp_path: Path, amount: int, duration_s: float) -> None:
    mine = profile(tmp_path, quantity("price.accumulate", 26, "pJ", "all_in", ALL_IN))
    estimate = price(work(accumulate=amount), mine, duration_s=duration_s)
    assert estimate.dynamic is not None
    assert estimate.dynamic.mid == pytest.approx(26 * amount)
    assert "Static power: inside the all-in price." in estimate.assumptions
    assert "static" not in {item.term for item in estimate.not_covered}


@pytest.mark.parametrize(("amount", "rate"), [(0, "0"), (889, "889"), (1101, "1101"), (100_000, r"1e\+05")])
def test_an_all_in_price_is_refused_away_from_its_operating_point(tmp_path: Path, amount: int, rate: str) -> None:
    mine = profile(tmp_path, quantity("price.accumulate", 26, "pJ", "all_in", ALL_IN))
    expected = (
        rf"mine, key 'price.accumulate'.*1000 per second.*within 10%; here it is {rate} per second.*Take a profile"
    )
    with pytest.raises(ProfileError, match=expected):
        price(work(accumulate=amount), mine, duration_s=1.0)


def test_the_rate_is_that_of_the_whole_network_and_per_inference(tmp_path: Path) -> None:
    mine = profile(tmp_path, quantity("price.accumulate", 26, "pJ", "all_in", ALL_IN))
    nodes = tuple(NodeCounts(name, "Dense", 1, work={"accumulate": Uses(1000, 1000)}) for name in "ab")
    estimate = price(Counts(nodes, samples=2, steps=1), mine, duration_s=1.0)
    assert sum(line.amount for line in estimate.lines) == 1000.0


def test_an_all_in_price_is_refused_where_the_rate_is_unknown(tmp_path: Path) -> None:
    mine = profile(tmp_path, quantity("price.accumulate", 26, "pJ", "all_in", ALL_IN))
    with pytest.raises(ProfileError, match="the rate here is unknown without the time of one inference"):
        price(work(accumulate=1000), mine)


def test_cycles_have_an_operating_point_only_if_the_profile_gives_one(tmp_path: Path) -> None:
    mine = profile(tmp_path, quantity("price.cycle", 100, "pJ", "all_in", ALL_IN))
    assert price(work(accumulate=1), mine).dynamic is None
    with pytest.raises(ProfileError, match="price.cycle.*here it is 5000 per second"):
        price(work(accumulate=1), mine, duration_s=1.0, cycles=5000)
    assert price(work(accumulate=1), load_profile("cortex_m4"), duration_s=1.0, cycles=5000).dynamic is not None


def test_a_price_of_unstated_scope_says_so() -> None:
    estimate = price(work(accumulate=1), load_profile("reckon"))
    assert "accumulate: its source does not say what this number contains." in estimate.assumptions

"""Models by name: their options, and the small ones on hand-made counts."""

import pytest
from small_counts import small

from neurodeploy.energy import Estimate, price
from neurodeploy.energy.models import MODELS, find_model
from neurodeploy.energy.models.model import interval
from neurodeploy.energy.validation.judge import naive_profile
from neurodeploy.errors import ConfigError, ProfileError
from neurodeploy.profile import load_profile


def apply(name: str, profile: str, **options: str) -> Estimate:
    return find_model(name).apply(small(), load_profile(profile), options)


def amounts(estimate: Estimate) -> dict[tuple[str, str], float]:
    return {(line.node, line.term): line.amount for line in estimate.lines}


def test_there_is_every_model_and_the_default_comes_first() -> None:
    names = ["affine", "arithmetic", "memory", "bit-budget", "step", "movement", "cycles", "naive"]
    assert list(MODELS) == names


@pytest.mark.parametrize("name", MODELS)
def test_each_says_its_formula_its_boundary_and_what_it_leaves_out(name: str) -> None:
    facts = find_model(name).as_dict()
    assert all(facts[key] for key in ("title", "formula", "boundary", "omits", "source"))


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="arithmetic, memory, bit-budget"):
        find_model("lemaire")


@pytest.mark.parametrize("name", MODELS)
def test_an_unknown_option_is_refused_by_every_model(name: str) -> None:
    with pytest.raises(ConfigError, match=f"options of model {name}"):
        find_model(name).apply(small(), load_profile("cmos45"), {"nonsense": "1"})


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("memory", "sram", "cubic"),
        ("memory", "fifo_bytes", "<number>"),
        ("memory", "fifo_bytes", "1..2"),
        ("affine", "duration_s", "0"),
        ("affine", "duration_s", "nan"),
        ("affine", "duration_s", "soon"),
        ("cycles", "cycles_per_instruction", "2..1"),
        ("cycles", "cycles_per_instruction", "1..2..3"),
        ("cycles", "cycles_per_instruction", "-1..2"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused(name: str, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        find_model(name).chosen({key: value})


def test_the_first_allowed_value_is_the_default_and_is_recorded() -> None:
    assert apply("step", "cmos45").options == {"events": "left out"}


def test_a_number_is_an_interval_without_width() -> None:
    assert interval("1.5") == (1.5, 1.5)
    assert interval("1..2") == (1.0, 2.0)


def test_affine_is_the_price_of_the_profile() -> None:
    expected = price(small(), load_profile("loihi1"), 1e-3)
    found = apply("affine", "loihi1", duration_s="1e-3")
    assert (found.dynamic, found.static, found.model) == (expected.dynamic, expected.static, "affine")


def test_arithmetic_prices_operations_and_nothing_else() -> None:
    found = apply("arithmetic", "cmos45")
    assert found.dynamic is not None
    # 34 accumulates and 40 biases at 0.1, 60 updates at 3.3
    assert found.dynamic.mid == pytest.approx(3.4 + 4 + 198)
    assert {line.term for line in found.lines} == {"accumulate", "bias_add", "neuron_update"}
    assert {"weight_bit_read", "state_bit_read", "spike"} <= {item.term for item in found.not_covered}


def test_arithmetic_gives_no_static_energy_and_no_time() -> None:
    found = find_model("arithmetic").apply(small(timestep_us=1000.0), load_profile("cmos45"))
    assert (found.static, found.total, found.duration_s) == (None, None, None)


@pytest.mark.parametrize("name", ["arithmetic", "step", "memory", "movement", "cycles"])
def test_a_profile_that_lacks_what_a_model_needs_is_refused_with_one_that_has_it(name: str) -> None:
    with pytest.raises(ProfileError, match=f"Model {name} needs it: take"):
        apply(name, "loihi1")


def test_naive_counts_synaptic_operations_alone_and_says_that_it_is_naive() -> None:
    found = apply("naive", "loihi1")
    assert found.dynamic is not None
    assert found.dynamic.mid == pytest.approx(0.9 * 34)
    assert "NAIVE" in MODELS["naive"].title
    assert found.assumptions[0].startswith("NAIVE")


def test_naive_takes_its_numbers_from_the_one_place_that_has_them() -> None:
    found = apply("naive", "loihi1")
    assert found.profile is naive_profile()
    assert found.constants["price.accumulate"] is naive_profile().prices["accumulate"]


def test_a_bit_budget_has_bit_operations_and_no_energy() -> None:
    found = apply("bit-budget", "cmos45")
    assert (found.dynamic, found.lines, found.total) == (None, (), None)
    assert {amount.unit for amount in found.amounts} == {"bit operations"}
    # 40 products x 10 timesteps x 8 x 1 bits; rates 6 / 80 and 5 / 40
    sums = {term: sum(a.mid for a in found.amounts if a.term == term) for term in ("S-ACE", "NS-ACE")}
    assert sums == {"S-ACE": 3200, "NS-ACE": pytest.approx(32 * 80 * 6 / 80 + 8 * 80 * 5 / 40)}


def test_step_adds_one_number_for_every_bit_of_weights_and_states() -> None:
    found, plain = apply("step", "cmos45"), apply("arithmetic", "cmos45")
    assert found.dynamic is not None
    assert plain.dynamic is not None
    bits = 192 + 80 + 2 * (96 + 48) * 10
    assert found.dynamic.mid - plain.dynamic.mid == pytest.approx(3.12 * bits)
    assert "weight_bit_read" not in {item.term for item in found.not_covered}


def test_step_counts_events_only_where_asked() -> None:
    without, counted = apply("step", "cmos45"), apply("step", "cmos45", events="counted")
    assert without.dynamic is not None
    assert counted.dynamic is not None
    assert counted.dynamic.mid - without.dynamic.mid == pytest.approx(3.12 * 28)
    assert "event_bit_in" in {item.term for item in without.not_covered}


def test_step_is_marked_as_a_reconstruction() -> None:
    assert apply("step", "cmos45").assumptions[0].startswith("RECONSTRUCTION")


def test_amounts_are_means_over_samples() -> None:
    one = find_model("step").apply(small(), load_profile("cmos45"))
    three = find_model("step").apply(small(samples=3), load_profile("cmos45"))
    assert amounts(one) == pytest.approx(amounts(three))

"""The smallest change that would fit: applied to the network itself, it fits, and one less does not."""

from dataclasses import replace

import pytest
from unit.placement.chips import chip, dense, dense_graph, map_, map_graph

from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph
from neurodeploy.placement import Answer, Change, Fit, fit, plan, read_network, resized
from neurodeploy.profile import Profile

KEYS = {
    ("channels", "hidden"): "hidden",
    ("channels", "map"): "channels",
    ("stride", "map"): "stride",
    ("bits", "all layers"): "bits",
}


def after(change: Change, sizes: dict[str, int]) -> Graph:
    """The network built again with one change; fewer bits of one layer are not for all of them."""
    is_map = "side" in sizes
    key = ("side" if is_map else "inputs") if change.kind == "input" else KEYS[change.kind, change.layer]
    changed = {**sizes, key: change.new[0]}
    return map_graph(**changed) if is_map else dense_graph(**changed)


def of_everything(changes: tuple[Change, ...]) -> list[Change]:
    """Changes that `after` can make."""
    return [change for change in changes if change.kind == "input" or (change.kind, change.layer) in KEYS]


def before(change: Change) -> Change:
    """The next smaller change."""
    step = -1 if change.kind == "stride" else 1
    return replace(change, new=tuple(size + step for size in change.new))


DENSE = {"inputs": 100, "hidden": 200, "outputs": 10, "bits": 8}
MAP = {"side": 24, "channels": 16, "classes": 10, "bits": 8}


@pytest.mark.parametrize(
    ("profile", "kinds"),
    [
        (chip("loihi1", cores_per_chip=2, neurons_per_core=150), {"channels"}),
        (chip("loihi1", input_axons_per_core=80, neurons_per_core=70), set()),
        (chip("loihi1", weight_bits=5), {"bits"}),
        (chip("loihi1", input_axons_per_core=199), {"channels"}),
        (chip("loihi1", cores_per_chip=5, synapse_bytes_per_core=4000), {"channels", "bits", "input"}),
    ],
)
def test_a_change_of_a_dense_network_fits_when_it_is_made(profile: Profile, kinds: set[str]) -> None:
    found = fit(dense(**DENSE), profile)
    assert found.answer is Answer.DOES_NOT_FIT
    changes = of_everything(found.changes)
    assert {change.kind for change in changes} == kinds
    for change in changes:
        assert fit(read_network(after(change, DENSE)), profile).answer is Answer.FITS, change.text
        assert fit(read_network(after(before(change), DENSE)), profile).answer is not Answer.FITS, change.text


@pytest.mark.parametrize(
    ("profile", "kinds"),
    [
        (chip("loihi1", input_axons_per_core=4096), {"channels", "stride", "input"}),
        (chip("loihi2", cores_per_chip=7), {"channels", "input", "bits"}),
        (chip("speck"), {"input"}),
        (chip("akd1500"), {"bits"}),
    ],
)
def test_a_change_of_a_map_fits_when_it_is_made(profile: Profile, kinds: set[str]) -> None:
    found = fit(map_(**MAP), profile)
    changes = of_everything(found.changes)
    assert kinds <= {change.kind for change in changes}
    for change in changes:
        assert not plan(read_network(after(change, MAP)), profile).violations, change.text
        assert plan(read_network(after(before(change), MAP)), profile).violations, change.text


def test_changes_are_sorted_by_what_they_take_away() -> None:
    changes = fit(map_(**MAP), chip("loihi1")).changes
    assert [change.cut for change in changes] == sorted(change.cut for change in changes)
    assert all(change.fits and 0 < change.cut < 1 for change in changes)


def broken_twice() -> Fit:
    """Wide weights in both layers and too many inputs: nothing single helps."""
    return fit(dense(**DENSE), chip("loihi1", weight_bits=5, input_axons_per_core=99))


def test_where_no_single_change_helps_each_limit_has_its_own() -> None:
    found = broken_twice()
    assert found.changes == ()
    remedies = {
        (violation.layer, violation.limit): remedy
        for violation, remedy in zip(found.violations, found.remedies, strict=True)
    }
    wide = remedies["hidden", "weight_bits"]
    assert wide is not None
    assert (wide.kind, wide.new, wide.fits) == ("bits", (5,), False)
    axons = remedies["hidden", "input_axons_per_core"]
    assert axons is not None
    assert (axons.kind, axons.new, axons.fits) == ("input", (99,), False)
    fewer = remedies["out", "input_axons_per_core"]
    assert fewer is not None
    assert (fewer.kind, fewer.layer, fewer.new) == ("channels", "hidden", (99,))


def test_a_network_that_fits_gets_no_advice() -> None:
    found = fit(dense(**DENSE), chip("loihi1"))
    assert (found.answer, found.changes, found.remedies) == (Answer.FITS, (), ())


def test_sizes_that_do_not_meet_are_no_network() -> None:
    with pytest.raises(GraphError, match="vanish"):
        resized(map_(side=4, padding=0), input_map=(2, 2, 2))
    with pytest.raises(GraphError, match="groups"):
        resized(map_(inputs=4, channels=4, groups=2), out={"map": 3})


def test_a_resized_network_is_the_one_that_is_built_so() -> None:
    small = map_graph(**{**MAP, "side": 13, "channels": 5, "stride": 2, "bits": 6})
    network = resized(map_(**MAP), input_map=(2, 13, 13))
    network = resized(resized(network, out={"map": 5}), stride={"map": 2})
    network = resized(network, bits={"map": 6, "out": 6})
    built = read_network(small)
    assert [layer.map for layer in network.layers] == [layer.map for layer in built.layers]
    assert [(e.seen, e.out, e.bits) for n in network.layers for e in n.edges] == [
        (e.seen, e.out, e.bits) for n in built.layers for e in n.edges
    ]

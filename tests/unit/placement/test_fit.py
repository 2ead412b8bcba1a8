"""The three answers, and what is said with them."""

import json

import pytest
from unit.placement.chips import chip, dense, map_

from neurodeploy.errors import ProfileError
from neurodeploy.placement import Answer, as_dict, fit, fit_table
from neurodeploy.profile import load_profile, profile_names

PLACED = [name for name in profile_names() if load_profile(name).rules is not None]


def test_where_sources_disagree_the_answer_is_unknown_between_their_limits() -> None:
    network = dense(inputs=10, hidden=30)

    def answer(low: int, high: int) -> Answer:
        return fit(network, chip("xylo_audio2", hidden_neurons=(low, high))).answer

    assert answer(30, 40) is Answer.FITS
    assert answer(29, 30) is Answer.UNKNOWN
    assert answer(20, 29) is Answer.DOES_NOT_FIT


def test_an_unknown_answer_names_what_is_disputed_and_what_would_fit_for_sure() -> None:
    found = fit(dense(inputs=10, hidden=30), chip("xylo_audio2", hidden_neurons=(25, 30)))
    assert found.answer is Answer.UNKNOWN
    assert found.reasons == ("network: hidden_neurons 30, and sources give 25 or more",)
    assert [change.text for change in found.changes] == ["hidden: 25 instead of 30 channels or neurons"]
    assert found.plan.violations == ()


@pytest.mark.parametrize("name", sorted(set(profile_names()) - set(PLACED)))
def test_a_profile_without_placement_is_refused_by_name(name: str) -> None:
    with pytest.raises(ProfileError, match=f"{name}, key 'placement': missing"):
        fit(dense(), load_profile(name))


@pytest.mark.parametrize("name", PLACED)
def test_every_answer_becomes_json_and_a_row(name: str) -> None:
    found = fit(map_(side=20, channels=12), load_profile(name))
    plain = json.loads(json.dumps(as_dict(found), allow_nan=False))
    assert plain["answer"] == found.answer.value
    assert [layer["layer"] for layer in plain["layers"]] == ["map", "out"]
    assert len(plain["cores"]) == len(found.plan.cores)
    for violation in plain["violations"]:
        assert violation["value"] > violation["allowed"]
    columns, (row,) = fit_table([found])
    assert len(columns) == len(row)
    assert row[:2] == (name, found.answer.value)


def test_the_table_says_where_it_is_too_much_and_what_to_do() -> None:
    _, rows = fit_table([fit(dense(), chip("loihi1")), fit(dense(bits=8), chip("loihi1", weight_bits=7))])
    assert rows[0] == ("loihi1", "fits", "2 of 128", "neurons 3%", "nothing", "")
    assert rows[1][4:] == ("hidden weight_bits 8 of 7 and 1 more", "all layers: weights of 7 instead of 8 bits")
    nowhere = fit(dense(outputs=10), load_profile("xylo_audio2"))
    assert fit_table([nowhere])[1][0][4:] == ("x input_channels 20 of 16 and 1 more", "no single one")

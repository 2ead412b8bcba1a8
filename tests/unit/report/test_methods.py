"""The paragraph for a paper and what it cites: nothing invented, nothing left out."""

import re
from dataclasses import replace

import pytest
from unit.report.shown import HOSTILE, everything

from neurodeploy.profile import load_profile, profile_names
from neurodeploy.report import ReportData
from neurodeploy.report.citations import bibtex, cited, references, uncited
from neurodeploy.report.methods import Methods, described, methods
from neurodeploy.report.text import bytes_text, number_text, short_text, span_text, time_text


@pytest.fixture(scope="module")
def found() -> Methods:
    made = methods(everything())
    assert made is not None
    return made


@pytest.mark.parametrize(
    "text",
    [
        "was estimated, not measured, with neurodeploy 1.2.3 under an affine model, E = ",
        "T = 4 timesteps of 1 ms",
        "2 recordings (test split of digits)",
        "boundary: core",
        "accumulate 23.6 pJ (marginal, simulated)",
        "static power 104.4 mW",
        "Davies et al. 2018",
        "Not covered on Intel Loihi 1",
        "mesh hops between tiles",
        "the true uncertainty is larger than shown.",
        "interval: ",
    ],
)
def test_the_paragraph_says_model_boundary_data_constants_and_what_is_left_out(found: Methods, text: str) -> None:
    assert text in found.text


def test_what_the_latex_cites_is_in_the_bibtex_and_nothing_else(found: Methods) -> None:
    used = {key for keys in re.findall(r"\\cite\{([^}]*)\}", found.latex) for key in keys.split(",")}
    assert used
    assert used == set(re.findall(r"^@\w+\{(\w+),", found.bibtex, re.MULTILINE)) == {each.key for each in found.cited}


def test_profiles_that_were_asked_for_are_described_and_no_other() -> None:
    data = replace(everything(), drawn=("odin", "truenorth", "loihi1"))
    assert {each.profile.name for each in described(data)} == {"odin", "truenorth", "loihi1"}
    made = methods(data)
    assert made is not None
    assert all(name in made.text for name in ("ODIN", "IBM TrueNorth", "Intel Loihi 1"))
    assert "SpiNNaker" not in made.text.replace("spinnaker", "")


def test_a_stand_in_is_called_one() -> None:
    made = methods(replace(everything(), drawn=("loihi2_standin",)))
    assert made is not None
    assert "a stand-in: the constants are those of another chip" in made.text


def test_without_an_estimate_there_is_no_paragraph() -> None:
    assert methods(ReportData("r", {}, {})) is None


def test_hostile_names_stay_text() -> None:
    made = methods(replace(everything(), title=HOSTILE, energy_source=HOSTILE))
    assert made is not None
    assert "\\frac" not in made.latex


def test_a_source_is_cited_by_what_it_names_in_its_own_order() -> None:
    source = load_profile("loihi1").prices["accumulate"].source
    assert [each.key for each in cited([source])] == ["davies2018", "mimarsinan", "sanafe"]
    assert uncited(["a page of my own", source]) == ("a page of my own",)


def test_every_entry_has_a_number_by_which_it_is_found_or_a_year_and_no_unknown_field() -> None:
    allowed = {"author", "title", "journal", "booktitle", "volume", "number", "pages", "year", "eprint", "url", "note"}
    for each in references():
        assert set(each.fields) <= allowed
        assert "year" in each.fields or "url" in each.fields
        assert "author" in each.fields or "title" in each.fields


def test_entries_are_sorted_and_closed() -> None:
    text = bibtex(references())
    keys = re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)
    assert keys == sorted(keys)
    assert text.count("{") == text.count("}")


def test_every_publication_that_a_shipped_price_names_by_year_can_be_cited() -> None:
    sources = {q.source for name in profile_names() for q in load_profile(name).prices.values()}
    named = {source for source in sources if re.search(r"et al\.|arXiv|ISSCC", source)}
    assert named
    assert [source for source in named if not cited([source])] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (time_text(0.304), "304 ms"),
        (time_text(None), "–"),
        (time_text(1e-10), "0.1 ns"),
        (bytes_text(999), "999 B"),
        (bytes_text(54_600), "54.6 KB"),
        (short_text(16_300_000), "16.3 M"),
        (number_text(None), "–"),
        (span_text((1e-6, 2e-6, 2e-6)), "1 µs – 2 µs"),
        (span_text((1.0, 1.0, 1.0)), "1 s"),
        (span_text(None), "–"),
    ],
)
def test_numbers_have_fitting_units(text: str, wanted: str) -> None:
    assert text == wanted

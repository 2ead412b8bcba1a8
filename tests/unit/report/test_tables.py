"""CSV and LaTeX of reports: complete, escaped, well formed."""

import csv
import io
import re
from dataclasses import replace

import pytest
from unit.report.shown import HOSTILE, everything

from neurodeploy.report.methods import described, methods
from neurodeploy.report.points import RunPoint
from neurodeploy.report.tables import comparison_csv, comparison_latex, csv_bytes, report_csv, report_latex
from neurodeploy.report.tex import table, tex

PROFILES = ("loihi1", "truenorth", "far")


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def columns(line: str) -> int:
    """Cells of a row of a LaTeX table."""
    return len(re.findall(r"(?<!\\)&", line)) + 1


def balanced(text: str) -> bool:
    """Whether every brace that TeX reads as one is closed again."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_every_line_and_everything_uncovered_and_refused_is_a_row() -> None:
    data = everything()
    found = rows(report_csv(data))
    estimates = (*data.estimates, *data.models)
    assert len([row for row in found if row["status"] == "estimate"]) == sum(
        len(e.lines) + len(e.power_lines) for e in estimates
    )
    assert len([row for row in found if row["status"] == "not covered"]) == sum(len(e.not_covered) for e in estimates)
    refused = [row for row in found if row["status"] == "refused"]
    assert ("affine", "far") in {(row["model"], row["profile"]) for row in refused}
    assert all(row["source"] for row in refused)


def test_what_has_no_price_is_an_empty_cell_and_not_a_zero() -> None:
    found = [row for row in rows(report_csv(everything())) if row["status"] == "not covered"]
    assert {row["energy_pj"] for row in found} == {""}


def test_a_row_of_a_comparison_is_a_run_on_a_profile() -> None:
    found = rows(comparison_csv(everything().points, PROFILES))
    assert [(row["run"], row["profile"]) for row in found[:3]] == [("digits-0001", name) for name in PROFILES]
    assert "measured at" in found[2]["refused"]
    assert (found[-1]["run"], found[-1]["profile"]) == ("digits-0003", "")
    assert "no checkpoint" in found[-1]["error"]


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@x"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert rows(csv_bytes(("a", "b"), [{"a": text, "b": -2.0}])) == [{"a": f"'{text}", "b": "-2.0"}]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("\\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("$x^2$ #1 ~", r"\$x\textasciicircum{}2\$ \#1 \textasciitilde{}"),
        ("[h] \n\n new", "{[}h{]} new"),
        ("4 µJ – 5 µJ", r"4 \textmu{}J -- 5 \textmu{}J"),
        ('"q" <b>', r"''q'' \textless{}b\textgreater{}"),
        ("a\x00b\x1bc", "abc"),
    ],
)
def test_text_that_tex_would_read_as_a_command_is_escaped(text: str, shown: str) -> None:
    assert tex(text) == shown


def test_a_table_has_the_rules_of_booktabs_and_rows_of_one_width() -> None:
    data = everything()
    text = report_latex(data, methods(data)).decode()
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{llrrrr}", r"\label{tab:energy}"):
        assert text.count(word) == 1
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    lines = [line for line in body if line.endswith(r"\\")]
    assert {columns(line) for line in lines} == {6}
    assert len(lines) == 1 + len(described(data)) + 1
    assert all(any(line.strip().startswith(each.profile.name) for line in lines) for each in described(data))
    assert any("far & chip & refused" in line for line in lines)
    assert balanced(text)


def test_the_formula_is_set_as_a_formula() -> None:
    found = methods(everything())
    assert found is not None
    assert r"$E = (P_\mathrm{static} + P_\mathrm{clock} f)\,t + \sum_{n} \sum_{k} N_{n,k}\,e_k$" in found.latex
    assert "P\\_static" not in found.latex
    assert "E = (P_static + P_clock f) t" in found.text


def test_hostile_names_stay_text_in_latex() -> None:
    data = replace(everything(), title=HOSTILE, energy_source=HOSTILE)
    text = report_latex(data, methods(data)).decode()
    assert balanced(text)
    assert r"\frac" not in text
    assert r"\textbackslash{}frac\{" in text
    assert not balanced(text.replace(r"\{", "{"))


def test_the_table_of_runs_names_the_failed_one() -> None:
    text = comparison_latex([*everything().points, RunPoint(HOSTILE, error=f"{HOSTILE} " * 9)], PROFILES).decode()
    assert "failed: runs/digits-0003: there is no checkpoint." in text
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    assert len({columns(line) for line in body if line.endswith(r"\\")}) == 1
    assert balanced(text)


def test_a_table_escapes_headers_and_cells() -> None:
    assert r"a\_b & \% \\" in table(("a_b", "%"), [], align="ll", caption="", label="t")

"""Text and tables for LaTeX: everything that TeX would read as a command is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",
    "]": "{]}",
    "µ": r"\textmu{}",
    "–": "--",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "²": r"$^{2}$",
    "Σ": r"$\Sigma$",
    "…": r"\ldots{}",
}
"""Character -> what stands for it; all other printable characters are UTF-8, which LaTeX reads since 2018."""


def tex(text: str) -> str:
    """`text` as LaTeX shows it; characters that cannot be printed are left out, line ends are spaces."""
    plain = " ".join(text.split())
    return "".join(ESCAPES.get(letter, letter) for letter in plain if letter.isprintable())


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, caption: str, label: str) -> str:
    """A table in the style of booktabs; all text but `caption` is escaped.

    Args:
        align: one of l, r, c, or a p{...} in braces, for each column.
        caption: TeX, escaped by the caller.
        label: of letters, digits, colons and hyphens.
    """
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{caption}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{{align}}}",
        r"    \toprule",
        f"    {_row(columns)}",
        r"    \midrule",
        *(f"    {_row(row)}" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(tex(cell) for cell in cells) + r" \\"

"""What the text of a source cites, as BibTeX; only what `references.toml` knows, and no field that no source gave."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, final

from neurodeploy.report.tex import tex

HEAD: Final = (
    "% Sources of the constants and formulas of a neurodeploy report. Fields are those that the project's sources\n"
    "% state; complete titles and authors from the publications before printing.\n"
)


@final
@dataclass(frozen=True)
class Reference:
    """A publication or a program.

    Args:
        key: of the BibTeX entry.
        short: how a sentence names it.
        fields: of the entry, in order.
        patterns: find it in the text of a source.
    """

    key: str
    kind: str
    short: str
    fields: Mapping[str, str]
    patterns: tuple[re.Pattern[str], ...]

    @property
    def bibtex(self) -> str:
        """The entry."""
        fields = dict(self.fields)
        if "eprint" in fields:
            fields["archiveprefix"] = "arXiv"
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@{self.kind}{{{self.key},\n{lines}}}\n"


@cache
def references() -> tuple[Reference, ...]:
    """Everything that can be cited."""
    path = resources.files("neurodeploy.report").joinpath("references.toml")
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    own = ("type", "match", "short")
    return tuple(
        Reference(
            key=key,
            kind=table["type"],
            short=table["short"],
            fields={name: value for name, value in table.items() if name not in own},
            patterns=tuple(re.compile(pattern) for pattern in table["match"]),
        )
        for key, table in tree.items()
    )


def cited(sources: Iterable[str]) -> tuple[Reference, ...]:
    """The references that these texts name, in the order in which they appear first."""
    found: dict[str, Reference] = {}
    for source in sources:
        places = [(hit.start(), each) for each in references() if (hit := _first(each, source)) is not None]
        found |= {each.key: each for _, each in sorted(places, key=lambda place: place[0])}
    return tuple(found.values())


def _first(reference: Reference, source: str) -> re.Match[str] | None:
    hits = [hit for pattern in reference.patterns if (hit := pattern.search(source)) is not None]
    return min(hits, key=lambda hit: hit.start(), default=None)


def bibtex(found: Iterable[Reference]) -> str:
    """A .bib file of the references, sorted by key."""
    return HEAD + "".join(f"\n{each.bibtex}" for each in sorted(found, key=lambda each: each.key))


def named(found: Iterable[Reference]) -> str:
    """As a sentence names them; empty where nothing is cited."""
    return "; ".join(each.short for each in found)


def cite(found: Iterable[Reference]) -> str:
    r"""As TeX: \cite{a,b}; empty where nothing is cited."""
    keys = ",".join(each.key for each in found)
    return rf"~\cite{{{keys}}}" if keys else ""


def uncited(sources: Iterable[str]) -> tuple[str, ...]:
    """Texts that name nothing that could be cited; they go into a footnote word for word."""
    return tuple(dict.fromkeys(source for source in sources if not cited([source])))


def footnote(sources: Iterable[str]) -> str:
    """Those texts as a TeX footnote; empty where there are none."""
    words = "; ".join(tex(source) for source in uncited(sources))
    return rf"\footnote{{{words}}}" if words else ""

"""The surroundings of every page: templates, filters, and that all text is escaped."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from neurodeploy.energy.report import energy_text, range_text
from neurodeploy.report import text


def fill(template: str, context: dict[str, Any]) -> bytes:
    """A page as UTF-8 HTML; the same context gives the same bytes. Everything that is no Markup is escaped."""
    environment = Environment(loader=DictLoader(_templates()), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "energy": energy_text,
        "range": range_text,
        "number": text.number_text,
        "time": text.time_text,
        "span": text.span_text,
        "size": text.bytes_text,
        "share": text.share_text,
        "short": text.short_text,
    }
    return environment.get_template(template).render(context).encode()


def _templates() -> dict[str, str]:
    folder = resources.files("neurodeploy.report")
    return {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".html")}

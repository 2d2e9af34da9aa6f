"""One stylesheet: that of the reports, its two palettes joined so that a switch can choose, and our own."""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["stylesheet"]

_ROOT = re.compile(r":root\s*\{([^}]*)\}")
_DARK = re.compile(r"@media[^{]*prefers-color-scheme: dark[^{]*\{\s*:root\s*\{[^}]*\}\s*\}\n?")
_COLOUR = re.compile(r"(--[\w-]+):\s*(#[0-9a-f]{6})")


def stylesheet() -> str:
    """The style of all pages."""
    reports = files("wattshift.report.page") / "templates"
    shared = [(reports / name).read_text() for name in ("brief.css", "claims.css", "simulation.css")]
    own = (files("wattshift.dashboard") / "static" / "dashboard.css").read_text()
    return "\n".join([_switchable(shared[0]), *shared[1:], own])


def _switchable(css: str) -> str:
    """The colours of both palettes as `light-dark()`, which follows the page's own switch."""
    light, dark = (dict(_COLOUR.findall(found)) for found in _ROOT.findall(css)[:2])
    joined = "".join(f"  {name}: light-dark({light[name]}, {colour});\n" for name, colour in dark.items())
    return _DARK.sub(f":root {{\n{joined}}}\n", css, count=1)

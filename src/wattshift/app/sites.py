"""Which site a verb speaks about: the user's file, or the example that ships with wattshift."""

from __future__ import annotations

from pathlib import Path

from wattshift.assets.site import Site
from wattshift.config import load_site

__all__ = ["EXAMPLE_SITE", "EXAMPLE_SITES", "open_site"]

_DATA = Path(__file__).resolve().parent.parent / "data"
EXAMPLE_SITES = {name: _DATA / f"{name}.toml" for name in ("houston-100mw", "miner-battery-10mw")}
"""The sites that ship with wattshift: one whose intervals stand alone, and one whose hang together."""

EXAMPLE_SITE = EXAMPLE_SITES["houston-100mw"]


def open_site(path: Path | None) -> tuple[Site, str]:
    """A site and a note on where it comes from; without a path the commented example.

    Raises:
        ConfigError: if the file is not a sound site.
    """
    if path is None:
        return load_site(EXAMPLE_SITE), "the example site that ships with wattshift; give yours with --site"
    return load_site(path), f"from {path.name}"

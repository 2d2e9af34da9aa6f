"""Which site a verb speaks about: the user's file, or the example that ships with wattshift."""

from __future__ import annotations

from pathlib import Path

from wattshift.assets.site import Site
from wattshift.config import load_site

__all__ = ["EXAMPLE_SITE", "open_site"]

EXAMPLE_SITE = Path(__file__).resolve().parent.parent / "data" / "houston-100mw.toml"


def open_site(path: Path | None) -> tuple[Site, str]:
    """A site and a note on where it comes from; without a path the commented example.

    Raises:
        ConfigError: if the file is not a sound site.
    """
    if path is None:
        return load_site(EXAMPLE_SITE), "the example site that ships with wattshift; give yours with --site"
    return load_site(path), f"from {path.name}"

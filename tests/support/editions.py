"""The present of the bundled history, computed once for all tests that show it."""

from __future__ import annotations

from functools import cache

from wattshift.app.service.edition import Edition, edition_of
from wattshift.app.service.now import present
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore

__all__ = ["bundled_edition"]


@cache
def bundled_edition() -> Edition:
    """The edition of the newest instant of the bundled history."""
    site, _ = open_site(None)
    return edition_of(present(Archive(BundledStore()), site), number=7, generation=0)

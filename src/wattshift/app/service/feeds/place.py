"""Where a world is read: little enough to be handed to another process, which then opens it for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wattshift.app.questions.question import World
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore
from wattshift.store.home import Home
from wattshift.store.kept import KeptStore

__all__ = ["Place", "open_world"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a world is read.

    Args:
        folder: the store that continues the bundled history; None for the bundled history alone.
        ledger_url: the database that holds its ledger; never shown, since it may hold a password.
        site: the site's file; None for the example.
    """

    folder: Path | None = None
    ledger_url: str | None = field(default=None, repr=False)
    site: Path | None = None

    @property
    def home(self) -> Home | None:
        """The store, if there is one."""
        return None if self.folder is None else Home(self.folder, self.ledger_url)

    def archive(self) -> Archive:
        """The history as it is kept now.

        Raises:
            StoreError: if it cannot be read.
        """
        return Archive(BundledStore() if self.home is None else KeptStore(self.home))


def open_world(place: Place) -> World:
    """Open a world.

    Raises:
        ConfigError: if the site's file is not a sound site.
        StoreError: if the history cannot be read.
    """
    site, note = open_site(place.site)
    return World(archive=place.archive(), site=site, site_note=note)

"""Evidence from the bundled history, built once."""

from __future__ import annotations

import pytest

from wattshift.app.evidence import ArchiveEvidence
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="session")
def evidence(store: BundledStore) -> ArchiveEvidence:
    """The bundled history as a judge may ask it."""
    return ArchiveEvidence(Archive(store))

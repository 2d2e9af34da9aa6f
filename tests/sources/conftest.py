"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wattshift.sources.http.pace import SHARED_PACE


@pytest.fixture(autouse=True)
def _no_grudges() -> Iterator[None]:
    """The system gives ports of loopback servers again: a pause that one asked for must not hit another."""
    yield
    SHARED_PACE._held_s.clear()
    SHARED_PACE._asked_s.clear()
    SHARED_PACE._refusals.clear()

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.children import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where child processes are made, to be killed."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def ram() -> Iterator[Path]:
    """A folder in memory where there is one: a killed process loses nothing that it wrote, synced or not."""
    shared = Path("/dev/shm")  # noqa: S108  # where Linux keeps memory for files
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)

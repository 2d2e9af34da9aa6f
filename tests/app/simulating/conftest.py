"""What the tests of simulations share: the bundled history, and one small simulation of a ban."""

from __future__ import annotations

import pytest

from support.simulations import START_AT, small
from wattshift.app.simulating.build import build_scenario
from wattshift.app.simulating.paths import run_paths
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.simulate.result import NetworkForecast
from wattshift.simulate.scenario import Scenario
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="session")
def archive(store: BundledStore) -> Archive:
    """The bundled history."""
    return Archive(store)


@pytest.fixture(scope="session")
def snapshot(archive: Archive) -> Snapshot:
    """What was known at the start."""
    return archive.as_of(START_AT)


@pytest.fixture(scope="session")
def scenario(snapshot: Snapshot) -> Scenario:
    """A ban."""
    return build_scenario(snapshot, small("ban", paths=256, days=130))


@pytest.fixture(scope="session")
def found(scenario: Scenario) -> NetworkForecast:
    """What its paths have in common."""
    return run_paths(scenario, threads=1)

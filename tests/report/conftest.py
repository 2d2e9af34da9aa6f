"""What the tests of reports share: briefs of the example site, made from the bundled history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from support.simulations import small
from wattshift.app.briefing import brief
from wattshift.app.planning import plan
from wattshift.app.simulating.run import simulate
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.app.valuing import value
from wattshift.config.scenarioparts import Backlog
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.documents.site import PlanDocument, ValueDocument
from wattshift.store.bundled import BundledStore

STORM_AT = datetime(2026, 1, 27, 6, tzinfo=UTC)
"""The end of a week of scarce power: prices leave the axis, and most of the site is off."""


@pytest.fixture(scope="session")
def archive(store: BundledStore) -> Archive:
    """The bundled history."""
    return Archive(store)


@pytest.fixture(scope="session")
def document(archive: Archive) -> BriefDocument:
    """The brief of the example site."""
    site, note = open_site(None)
    return brief(archive, site, site_note=note, at=STORM_AT)


@pytest.fixture(scope="session")
def worth(archive: Archive) -> ValueDocument:
    """What a MWh is worth there, with the public contracts."""
    return value(archive, open_site(None)[0], at=STORM_AT, contracts=True)


@pytest.fixture(scope="session")
def planned(archive: Archive) -> PlanDocument:
    """A day's plan there."""
    return plan(archive, open_site(None)[0], at=STORM_AT)


@pytest.fixture(scope="session")
def simulated(archive: Archive) -> SimulationDocument:
    """A small simulation of a ban, beside a storm."""
    ban = replace(
        small("ban", paths=64, days=70),
        backlogs=(Backlog(fee_sat_per_vb=5.0, ahead_vmb=1.2, inflow_vmb_per_s=0.0003),),
    )
    return simulate(archive, ban, at=STORM_AT, other=small("winter-storm"), threads=1)


@pytest.fixture(scope="session")
def pulled(archive: Archive) -> SimulationDocument:
    """A small simulation in which AI pulls."""
    return simulate(archive, small("ai-pull-fast", days=500), at=STORM_AT, threads=1)

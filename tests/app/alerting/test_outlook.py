from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wattshift.app.alerting.outlook import coming_plan
from wattshift.app.power import last_price
from wattshift.app.sites import EXAMPLE_SITE, EXAMPLE_SITES, open_site
from wattshift.app.snapshot import Archive
from wattshift.errors import OutOfSpan
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 20, 12, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.mark.parametrize("name", EXAMPLE_SITES)
def test_every_use_has_a_power_in_each_interval_of_the_coming_day(archive: Archive, name: str) -> None:
    site, _ = open_site(EXAMPLE_SITES[name])
    snapshot = archive.as_of(AT)
    plan = coming_plan(snapshot, site, wall_s=20.0)
    starts = sorted({start for start, _ in plan})
    last = last_price(snapshot, site)
    step = timedelta(hours=float(last["hours"][0]))
    count = round(timedelta(days=1) / step)
    assert starts == [last["start"][0] + step * number for number in range(1, count + 1)]
    assert all(0 <= power_mw <= site.connection_mw for power_mw in plan.values())
    by_start = {start: sum(mw for (at, _), mw in plan.items() if at == start) for start in starts}
    assert max(by_start.values()) <= site.connection_mw + 1e-6
    assert name != EXAMPLE_SITE.stem or max(by_start.values()) > 50, "halls with tenants run"


def test_the_same_knowledge_gives_the_same_plan(archive: Archive) -> None:
    site, _ = open_site(EXAMPLE_SITE)
    first = coming_plan(archive.as_of(AT), site, wall_s=1.0)
    assert coming_plan(archive.as_of(AT + timedelta(minutes=3)), site, wall_s=1.0) == first


def test_without_prices_there_is_no_plan(archive: Archive) -> None:
    with pytest.raises(OutOfSpan):
        coming_plan(archive.as_of(datetime(2020, 6, 1, tzinfo=UTC)), open_site(None)[0], wall_s=1.0)

from __future__ import annotations

from datetime import timedelta

import pytest

from sources.conformance import EASY, NOW, replay
from support.power import CHICAGO
from support.servers import LoopbackServer, Reply, http
from wattshift.clock import Window
from wattshift.errors import ConfigError, NoData
from wattshift.sources.compute.gpulist import GpuListSource

BODY = b"""known_at,provider,gpu,kind,usd_per_gpu_hour
2026-01-19T11:00:00Z,a,h100,spot,2.5
2026-01-17T11:00:00Z,b,h100,spot,2.6
,c,h100,spot,2.7
"""
DAY = Window(start_at=(NOW - timedelta(days=1)).astimezone(CHICAGO), end_at=NOW + timedelta(seconds=1))


def test_rows_of_a_window() -> None:
    with LoopbackServer(http(lambda _: Reply(body=BODY))) as server:
        source = GpuListSource(
            f"{server.url}/a.csv?token=abc", name="g", upstream="u", limits=EASY, clock=replay()
        )
        fetched = source.rows.fetch(DAY)
        found = source.rows.parse(DAY, fetched)
        with pytest.raises(NoData, match="no price on the list"):
            source.rows(Window(start_at=NOW - timedelta(days=9), end_at=NOW - timedelta(days=8)))
        source.close()
    assert found.select("provider", "source", "price_usd_per_gpu_h").rows() == [
        ("a", "g", 2.5),
        ("c", "g", 2.7),
    ]
    assert found["known_at"].to_list() == [NOW - timedelta(hours=1), NOW]
    assert "abc" not in fetched.origin.url
    assert (source.name, source.upstream, source.table) == ("g", "u", "gpu_prices")


def test_an_address_that_must_not_be_asked() -> None:
    with pytest.raises(ConfigError):
        GpuListSource("http://example.com/a.csv", name="g", upstream="u")

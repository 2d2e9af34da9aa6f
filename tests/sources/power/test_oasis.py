from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sources.conformance import EASY, NOW, replay
from support.power import lmp_csv, zipped
from support.servers import LoopbackServer, Reply, Request, http
from wattshift.clock import Window
from wattshift.errors import ConfigError, NoData, Rejected
from wattshift.sources.power.oasis import OasisSource

NODE = "TH_NP15_GEN-APND"
START = datetime(2026, 1, 19, 8, tzinfo=UTC)
WINDOW = Window(start_at=START, end_at=START + timedelta(hours=24))


def test_a_window_is_asked_for_as_oasis_wants_it() -> None:
    asked: list[dict[str, str]] = []
    rows = [(START + timedelta(hours=n), 20.0 + n) for n in range(-1, 26)]

    def respond(request: Request) -> Reply:
        parts = urlsplit(request.target)
        assert parts.path == "/oasisapi/SingleZip"
        asked.append({key: values[0] for key, values in parse_qs(parts.query).items()})
        return Reply(body=zipped(a_csv=lmp_csv(rows)))

    with LoopbackServer(http(respond)) as server:
        source = OasisSource("caiso_dam", [NODE], base_url=server.url + "/", limits=EASY, clock=replay())
        fetched = source.rows.fetch(WINDOW)
        found = source.rows.parse(WINDOW, fetched)
        source.close()
    assert asked == [
        {
            "queryname": "PRC_LMP",
            "version": "12",
            "resultformat": "6",
            "startdatetime": "20260119T08:00-0000",
            "enddatetime": "20260120T08:00-0000",
            "market_run_id": "DAM",
            "node": NODE,
        }
    ]
    assert found.select("start", "price_usd_per_mwh").rows() == rows[1:25]
    assert found["source"].unique().to_list() == ["caiso"]
    assert fetched.origin.fetched_at == NOW


def test_too_long_a_window_is_not_even_asked() -> None:
    with LoopbackServer(http(lambda _: Reply())) as server:
        source = OasisSource("caiso_rtm", [NODE], base_url=server.url, limits=EASY)
        with pytest.raises(Rejected, match="31 days"):
            source.rows(Window(start_at=START, end_at=START + timedelta(days=32)))
        assert server.connections == 0
        source.close()


def test_other_nodes_are_not_what_was_asked_for() -> None:
    body = zipped(a_csv=lmp_csv([(START, 20.0)], node="OTHER"))
    with LoopbackServer(http(lambda _: Reply(body=body))) as server:
        source = OasisSource("caiso_dam", [NODE], base_url=server.url, limits=EASY)
        with pytest.raises(NoData):
            source.rows(WINDOW)
        source.close()


@pytest.mark.parametrize(
    ("market", "nodes"), [("DAM", [NODE]), ("caiso_dam", []), ("caiso_dam", [f"N{n}" for n in range(11)])]
)
def test_what_it_is_configured_with(market: str, nodes: list[str]) -> None:
    with pytest.raises(ConfigError):
        OasisSource(market, nodes)
    source = OasisSource("caiso_dam", [NODE], name="mine")
    assert (source.name, source.upstream, source.table) == ("mine", "CAISO", "grid_prices")

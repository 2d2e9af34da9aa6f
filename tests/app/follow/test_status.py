from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from wattshift.app.follow.asking import last_status
from wattshift.app.follow.metrics import MetricsServer, families, parse_address
from wattshift.app.follow.status import LOST_S, read_status, write_status
from wattshift.errors import ConfigError, Corrupt
from wattshift.report.documents.following import (
    FollowerRow,
    FollowState,
    QuoteRow,
    SourceRow,
    SourcesDocument,
    TipRow,
)
from wattshift.store.home import Home

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
SOURCE = SourceRow(
    name='a "quoted"\nname\\',
    kind="core",
    upstream="a",
    provides=("headers",),
    state="fresh",
    why="",
    since_at=NOW,
    answered_at=NOW,
    age_s=0.0,
    retry_at=None,
    tip_height=7,
    requests=12,
    failures=1,
)
DOCUMENT = SourcesDocument(
    as_of=NOW,
    network="mainnet",
    state=FollowState.FOLLOWING,
    told=("well",),
    follower=FollowerRow(pid=4_242, version="1", started_at=NOW, heartbeat_at=NOW, metrics=None),
    tip=TipRow(height=7, block_hash="00", block_at=NOW, work_hashes=str(1 << 96), new_at=None),
    quote=QuoteRow(
        price_usd_per_btc=93_000.0,
        low_usd_per_btc=92_990.0,
        high_usd_per_btc=93_010.0,
        n_upstreams=4,
        known_at=NOW,
    ),
    sources=(SOURCE,),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_what_is_written_is_read(home: Home) -> None:
    assert read_status(home.status) is None
    write_status(home.status, DOCUMENT)
    assert read_status(home.status) == DOCUMENT


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"as_of": 1}', b"\xff\xfe", b"nonsense"])
def test_nonsense_is_named(home: Home, content: bytes) -> None:
    home.status.write_bytes(content)
    with pytest.raises(Corrupt) as raised:
        read_status(home.status)
    assert "remove the file" in str(raised.value)


def seen(home: Home, after_s: float, *, is_alive: bool) -> SourcesDocument:
    write_status(home.status, DOCUMENT)
    return last_status(home, now=NOW + timedelta(seconds=after_s), is_alive=lambda _: is_alive)


def test_a_follower_with_a_heartbeat_is_believed(home: Home) -> None:
    found = seen(home, 10.0, is_alive=False)
    assert (found.state, found.told) == (FollowState.FOLLOWING, ("well",))
    assert found.sources[0].age_s == 10.0


@pytest.mark.parametrize(("after_s", "is_alive"), [(20.0, False), (LOST_S + 1, True), (1e9, False)])
def test_a_silent_follower_is_given_up_honestly(home: Home, after_s: float, is_alive: bool) -> None:
    found = seen(home, after_s, is_alive=is_alive)
    assert found.state is FollowState.LOST
    assert "no follower is running: last heartbeat 2026-01-19T12:00Z" in found.told[0]


def test_a_process_that_rests_is_not_dead_yet(home: Home) -> None:
    assert seen(home, 30.0, is_alive=True).state is FollowState.FOLLOWING


def test_a_store_without_a_follower_says_so(home: Home) -> None:
    found = last_status(home, now=NOW)
    assert found.state is FollowState.NONE
    assert "wattshift follow" in found.told[0]


# Metrics


class _Once:
    def collect(self) -> object:
        return families(DOCUMENT)


def test_metrics_are_in_base_units_and_names_cannot_break_out() -> None:
    text = generate_latest(_Once()).decode()  # type: ignore[arg-type]  # all that it needs is collect
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["wattshift_tip_height_blocks", ()] == 7.0
    assert samples["wattshift_follow_heartbeat_timestamp_seconds", ()] == NOW.timestamp()
    assert samples["wattshift_btc_price_usd", ()] == 93_000.0
    source = ("source", SOURCE.name)
    assert samples["wattshift_source_requests_total", (source,)] == 12.0
    assert samples["wattshift_source_state", (source, ("state", "fresh"))] == 1.0
    assert samples["wattshift_source_state", (source, ("state", "stale"))] == 0.0
    assert samples["wattshift_follow_state", (("wattshift_follow_state", "following"),)] == 1.0


def test_before_the_first_heartbeat_there_are_none() -> None:
    assert list(families(None)) == []
    assert list(families(replace(DOCUMENT, follower=None, tip=None, quote=None, sources=())))


@pytest.mark.parametrize("text", ["9108", "127.0.0.1:9108", "[::1]:9108", "192.0.2.1:9108"])
def test_addresses(text: str) -> None:
    host, port = parse_address(text)
    assert port == 9108
    assert host in {"127.0.0.1", "::1", "192.0.2.1"}


@pytest.mark.parametrize(
    "text", ["", "x", "0", "70000", "127.0.0.1", "0.0.0.0:9108", ":9108", "[::]:9108", "h:²"]
)
def test_addresses_that_are_none_or_too_open(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_address(text)
    assert raised.value.hint


def test_an_address_that_is_taken_is_named() -> None:
    import socket

    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match="cannot be served"),
    ):
        MetricsServer(("127.0.0.1", taken.getsockname()[1]), lambda: None)

"""The follower's document as Prometheus metrics, in base units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

from wattshift.app.follow.trust import Standing
from wattshift.clock import to_unix
from wattshift.errors import ConfigError
from wattshift.report.documents.following import FollowState, SourceRow, SourcesDocument

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["MetricsServer", "families", "parse_address"]

_EVERYWHERE = {"", "0.0.0.0", "::", "[::]"}  # noqa: S104  # refused below


def parse_address(text: str) -> tuple[str, int]:
    """Host and port; a port alone is one of this machine.

    Raises:
        ConfigError: if it is none, or would serve every network that this machine is on.
    """
    host, _, port = text.rpartition(":")
    host = host or "127.0.0.1"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ConfigError(
            "this is no address for metrics", given=text[:80], hint="write it as 127.0.0.1:9108"
        )
    if host in _EVERYWHERE or text.startswith(":"):
        raise ConfigError(
            "metrics are not served to every network: they have neither encryption nor a password",
            given=text[:80],
            hint="name one address of this machine, such as 127.0.0.1:9108, and put a proxy before it",
        )
    return host.strip("[]"), int(port)


def families(document: SourcesDocument | None) -> Iterator[Metric]:
    """The metrics of a document; none before there is one."""
    from prometheus_client.core import GaugeMetricFamily, StateSetMetricFamily

    if document is None:
        return
    state = StateSetMetricFamily("wattshift_follow_state", "How the follower is.")
    state.add_metric([], {each.value: each is document.state for each in FollowState})
    yield state
    for name, meaning, value in _gauges(document):
        yield GaugeMetricFamily(f"wattshift_{name}", meaning, value)
    yield from _source_families(document.sources)


def _gauges(document: SourcesDocument) -> Iterator[tuple[str, str, float]]:
    follower, tip, quote = document.follower, document.tip, document.quote
    if follower is not None:
        at_s = to_unix(follower.heartbeat_at)
        yield "follow_heartbeat_timestamp_seconds", "When the follower was last heard of.", at_s
    if tip is not None:
        yield "tip_height_blocks", "Height of the best chain.", tip.height
        yield "tip_timestamp_seconds", "Time in the header of the tip.", to_unix(tip.block_at)
        yield "tip_work_hashes", "Cumulative work of the best chain.", float(tip.work_hashes)
    if quote is not None:
        yield "btc_price_usd", "Price of a bitcoin that is agreed on.", quote.price_usd_per_btc
        yield "btc_price_timestamp_seconds", "When it was agreed on.", to_unix(quote.known_at)


def _source_families(rows: Sequence[SourceRow]) -> tuple[Metric, ...]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    name = "wattshift_source_state"
    standing = GaugeMetricFamily(name, "1 for the state in which a source is.", labels=["source", "state"])
    name = "wattshift_source_answer_timestamp_seconds"
    answered = GaugeMetricFamily(name, "Last sound answer of a source.", labels=["source"])
    name = "wattshift_source_requests"
    requests = CounterMetricFamily(name, "Questions to a source.", labels=["source"])
    name = "wattshift_source_failures"
    failures = CounterMetricFamily(name, "Questions that failed.", labels=["source"])
    for row in rows:
        for each in Standing:
            standing.add_metric([row.name, each.value], float(row.state == each.value))
        if row.answered_at is not None:
            answered.add_metric([row.name], to_unix(row.answered_at))
        requests.add_metric([row.name], row.requests)
        failures.add_metric([row.name], row.failures)
    return standing, answered, requests, failures


class MetricsServer:
    """Serves the metrics of the newest document.

    Args:
        address: host and port.
        newest: tells the newest document.

    Raises:
        ConfigError: if the address is taken or is none of this machine.
    """

    def __init__(self, address: tuple[str, int], newest: Callable[[], SourcesDocument | None]) -> None:
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        registry.register(_Collector(newest))
        try:
            started: tuple[WSGIServer, Thread] = start_http_server(
                address[1], addr=address[0], registry=registry
            )
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be served: {error.strerror}",
                address=f"{address[0]}:{address[1]}",
                hint="give another address with --metrics",
            ) from error
        self._server, self._thread = started

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Collector:
    def __init__(self, newest: Callable[[], SourcesDocument | None]) -> None:
        self._newest = newest

    def collect(self) -> Iterator[Metric]:
        return families(self._newest())

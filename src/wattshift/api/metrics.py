"""`/metrics`: the newest edition and the service itself, for Prometheus. Nothing is computed when asked.

Base units, as Prometheus wants them: hashes per second, seconds, watts, ratios; money and energy stay as they
are traded. An interval is three series of one name, told apart by the label `bound`: low, estimate, high.
"""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from wattshift import __version__
from wattshift.alerts.finding import Status
from wattshift.app.follow.metrics import families as follower_families
from wattshift.app.service.answering.counting import BOUNDS_S, CountedAnswers, Tally
from wattshift.app.service.edition import Edition
from wattshift.app.service.jobs.jobs import JobState
from wattshift.clock import to_unix
from wattshift.errors import WattshiftError
from wattshift.report.documents.now import LiveFigure
from wattshift.report.documents.site import Decision

if TYPE_CHECKING:
    from starlette.requests import Request

    from wattshift.app.service.service import Service
    from wattshift.report.documents.alerts import AlertsDocument

__all__ = ["BASE_UNITS", "families", "metric_name", "metrics_route"]

BASE_UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "_ehs": ("hashes_per_second", 1e18),
        "_usd_per_ph_day": ("usd_per_petahash_per_second_day", 1.0),
        "_usd_per_btc": ("usd_per_bitcoin", 1.0),
        "_usd_per_mwh": ("usd_per_megawatt_hour", 1.0),
        "_mw": ("watts", 1e6),
        "_frac": ("ratio", 1.0),
        "_prob": ("ratio", 1.0),
        "_blocks": ("blocks", 1.0),
        "_s": ("seconds", 1.0),
    }
)
"""By the unit that a figure's key ends in: what its metric's name ends in, and the factor between."""

_OF_THE_SITE = ("spot", "delivered", "worth")
_ON_MW = 1e-6
_Told = TypeVar("_Told")


def metrics_route(service: Service) -> Route:
    """The route `/metrics` of a service."""
    registry = CollectorRegistry()
    registry.register(_Collector(service))
    ProcessCollector(registry=registry)

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(await run_in_threadpool(encode, registry), media_type=content_type)

    return Route("/metrics", metrics, methods=["GET"])


def metric_name(key: str) -> tuple[str, float]:
    """What the metric of a figure is called, and the factor to its base unit.

    A key whose unit has no base unit here is a number of its own kind, such as the difficulty.
    """
    suffix = max((each for each in BASE_UNITS if key.endswith(each)), key=len, default="")
    stem = key.removesuffix(suffix)
    words, factor = BASE_UNITS.get(suffix, ("", 1.0))
    room = "site" if stem in _OF_THE_SITE else "network"
    return "_".join(filter(None, ("wattshift", room, stem, words))), factor


def families(service: Service) -> Iterator[Metric]:
    """All metrics of a service; those of the present only once there is an edition."""
    yield _gauge(
        "wattshift_build_info",
        "1, with the version.",
        [({"version": __version__, "python": platform.python_version()}, 1.0)],
    )
    edition = service.board.latest
    if edition is not None:
        yield from _edition_families(edition)
    yield from _loop_families(service)
    if isinstance(service.answers, CountedAnswers):
        yield from _answer_families(service.answers.tallies())
    states = Counter(job.state for job in service.jobs.recent())
    yield _gauge(
        "wattshift_jobs",
        "Simulations and backtests that are held, by state.",
        [({"state": state.value}, float(states[state])) for state in JobState],
    )
    alerts, alerts_are_well = _read(service.alerts.document)
    sources, sources_are_well = _read(service.sources)
    if alerts is not None:
        yield from _alert_families(alerts)
    yield from follower_families(sources)
    yield _gauge(
        "wattshift_part_readable",
        "1 if what this part of the service says can be read.",
        [({"part": "alerts"}, float(alerts_are_well)), ({"part": "sources"}, float(sources_are_well))],
    )


def _read(part: Callable[[], _Told]) -> tuple[_Told | None, bool]:
    """What a part says, and whether it could say it; if not, that must not hide what the others say."""
    try:
        return part(), True
    except WattshiftError:
        return None, False


_Sample = tuple[Mapping[str, str], float]


def _gauge(name: str, meaning: str, samples: Iterable[_Sample]) -> GaugeMetricFamily:
    rows = list(samples)
    labels = list(rows[0][0]) if rows else []
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for given, value in rows:
        family.add_metric([given[label] for label in labels], value)
    return family


def _edition_families(edition: Edition) -> Iterator[Metric]:
    now = edition.now
    counted = CounterMetricFamily("wattshift_editions", "Editions that were published.")
    counted.add_metric([], edition.number)
    yield counted
    for name, meaning, value in (
        ("edition_as_of_timestamp_seconds", "The instant of knowledge.", to_unix(now.as_of)),
        ("edition_replay", "1 if it is history that runs again.", float(now.is_replay)),
        (
            "network_hashrate_move_real",
            "1 if the week's move of the hashrate is more than luck.",
            float(now.is_move_real),
        ),
    ):
        yield _gauge(f"wattshift_{name}", meaning, [({}, value)])
    yield from _figure_families(now.figures)
    yield _gauge(
        "wattshift_figure_age_seconds",
        "How much older than the instant of knowledge the evidence of a figure is.",
        [({"figure": figure.key, "use": figure.of}, figure.age_s) for figure in now.figures],
    )
    yield from _decision_families(now.decisions)


def _figure_families(figures: Iterable[LiveFigure]) -> Iterator[Metric]:
    by_key: dict[str, list[LiveFigure]] = {}
    for figure in figures:
        by_key.setdefault(figure.key, []).append(figure)
    for key, rows in by_key.items():
        name, factor = metric_name(key)
        is_several = any(row.of for row in rows)
        has_ends = any(row.low is not None for row in rows)
        meaning = "What a MWh is worth in each use." if is_several else f"{rows[0].title}."
        yield _gauge(
            name,
            meaning,
            [
                (
                    {**({"use": row.of} if is_several else {}), **({"bound": bound} if has_ends else {})},
                    number * factor,
                )
                for row in rows
                for bound, number in (("estimate", row.value), ("low", row.low), ("high", row.high))
                if number is not None
            ],
        )


def _decision_families(decisions: Iterable[Decision]) -> Iterator[Metric]:
    uses = list(decisions)
    if not uses:
        return
    yield _gauge(
        "wattshift_site_recommended_load_watts",
        "What each use should draw now.",
        [({"use": use.name}, use.load_mw * 1e6) for use in uses],
    )
    yield _gauge(
        "wattshift_site_recommended_run",
        "1 for a use that should run now.",
        [({"use": use.name}, float(use.load_mw > _ON_MW)) for use in uses],
    )


def _loop_families(service: Service) -> Iterator[Metric]:
    yield _gauge(
        "wattshift_loop_turn_age_seconds",
        "Time since the loop turned last.",
        [({}, max(0.0, time.monotonic() - service.loop.turned_s))],
    )
    moment = service.loop.moment
    if moment is not None:  # of the loop, not of the edition: where no news comes, there is no new edition
        meaning = "How far the newest block lies behind the present."
        yield _gauge("wattshift_history_lag_seconds", meaning, [({}, moment.lag_s)])
    yield _gauge("wattshift_loop_up", "1 while the loop's thread lives.", [({}, float(service.is_turning))])


def _answer_families(tallies: Iterable[Tally]) -> Iterator[Metric]:
    answers = CounterMetricFamily(
        "wattshift_answers", "Questions that were asked, by how they ended.", labels=["question", "outcome"]
    )
    took = HistogramMetricFamily(
        "wattshift_answer_duration_seconds", "How long answers took.", labels=["question"]
    )
    ends = [*map(str, BOUNDS_S), "+Inf"]
    for tally in tallies:
        for outcome, count in tally.counts.items():
            answers.add_metric([tally.question, outcome.value], count)
        buckets = list(zip(ends, accumulate(map(float, tally.classes)), strict=True))
        took.add_metric([tally.question], buckets, tally.total_s)
    return iter((answers, took))


def _alert_families(document: AlertsDocument) -> Iterator[Metric]:
    if not document.rules:
        return
    yield _gauge(
        "wattshift_alert_open",
        "1 for a rule whose alert is open.",
        [
            ({"rule": row.rule, "severity": row.severity.value}, float(row.open_since_at is not None))
            for row in document.rules
        ],
    )
    yield _gauge(
        "wattshift_alert_without_data",
        "1 for a rule that cannot be judged for lack of data.",
        [({"rule": row.rule}, float(row.status is Status.NO_DATA)) for row in document.rules],
    )


class _Collector:
    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        return families(self._service)

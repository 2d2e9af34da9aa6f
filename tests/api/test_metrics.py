"""The metrics: base units, intervals, labels that cannot be broken, and nothing computed when asked."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from support.editions import bundled_edition
from wattshift.alerts.finding import Status
from wattshift.alerts.rule import Severity
from wattshift.api.metrics import BASE_UNITS, families, metric_name, metrics_route
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Answer, Form
from wattshift.app.service.answering.counting import CountedAnswers
from wattshift.app.service.edition import Board
from wattshift.app.service.service import Service
from wattshift.errors import Busy, Corrupt
from wattshift.report.documents.alerts import AlertsDocument, RuleRow
from wattshift.units import SUFFIXES

AT = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
HOSTILE = 'x"} 1\nwattshift_forged{a="b\\'


def rule(name: str, *, since: datetime | None, status: Status = Status.CLEAR) -> RuleRow:
    return RuleRow(
        rule=name,
        kind="heartbeat",
        severity=Severity.WARNING,
        status=status,
        at=AT,
        what="",
        sure_prob=None,
        figures=(),
        why="",
        open_since_at=since,
        acknowledged_by=None,
        silent_until_at=None,
    )


def alerts_of(*rules: RuleRow) -> AlertsDocument:
    return AlertsDocument(
        as_of=AT, site="", rules=rules, n_events=None, n_sent=None, n_failed=None, in_words="", origins=()
    )


@dataclass
class Parts:
    """As much of a service as metrics look at."""

    board: Board = field(default_factory=Board)
    alerts_document: AlertsDocument | None = None
    has_sources: bool = True
    is_turning: bool = True
    turned_s: float = field(default_factory=time.monotonic)
    answers: Any = None
    moment: Any = field(default_factory=lambda: SimpleNamespace(lag_s=0.0))

    @property
    def loop(self) -> Parts:
        return self

    @property
    def jobs(self) -> Parts:
        return self

    @property
    def alerts(self) -> Parts:
        return self

    def recent(self) -> tuple[object, ...]:
        return ()

    def document(self) -> AlertsDocument:
        if self.alerts_document is None:
            raise Busy("not yet")
        return self.alerts_document

    def sources(self) -> None:
        if self.has_sources:
            raise Corrupt("the status makes no sense")


def parts(**given: Any) -> tuple[Service, Parts]:
    made = Parts(**given)
    made.board.publish(bundled_edition())
    return cast("Service", made), made


def exposed(service: Service) -> str:
    class Collector:
        def collect(self) -> Any:
            return families(service)

    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry).decode()


def parsed(service: Service) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(exposed(service))}


def test_every_figure_of_the_wall_is_there_in_its_base_unit() -> None:
    service, _ = parts()
    found = parsed(service)
    for figure in bundled_edition().now.figures:
        name, factor = metric_name(figure.key)
        values = {
            sample.labels.get("bound", "estimate"): sample.value
            for sample in found[name].samples
            if sample.labels.get("use", "") == figure.of
        }
        assert values["estimate"] == pytest.approx(figure.value * factor, rel=1e-12)
        assert (figure.low is None) == ("low" not in values)
        if figure.low is not None and figure.high is not None:
            assert values["low"] == pytest.approx(figure.low * factor, rel=1e-12)
            assert values["low"] <= values["estimate"] <= values["high"]
        assert figure.title.rstrip(".") in found[name].documentation or figure.of


def readable(service: Service) -> dict[str, float]:
    samples = parsed(service)["wattshift_part_readable"].samples
    return {sample.labels["part"]: sample.value for sample in samples}


@pytest.mark.parametrize(
    ("key", "name", "factor"),
    [
        ("hashrate_ehs", "wattshift_network_hashrate_hashes_per_second", 1e18),
        ("difficulty", "wattshift_network_difficulty", 1.0),
        ("next_change_frac", "wattshift_network_next_change_ratio", 1.0),
        ("spot_usd_per_mwh", "wattshift_site_spot_usd_per_megawatt_hour", 1.0),
        ("load_mw", "wattshift_network_load_watts", 1e6),
        ("bitcoin_usd_per_btc", "wattshift_network_bitcoin_usd_per_bitcoin", 1.0),
    ],
)
def test_names_end_in_base_units(key: str, name: str, factor: float) -> None:
    assert metric_name(key) == (name, factor)


def test_every_unit_of_the_wall_has_a_base_unit() -> None:
    assert set(BASE_UNITS) <= set(SUFFIXES)
    for figure in bundled_edition().now.figures:
        has_unit = any(figure.key.endswith(suffix) for suffix in SUFFIXES)
        assert has_unit == any(figure.key.endswith(suffix) for suffix in BASE_UNITS), figure.key


def test_names_and_numbers_are_what_prometheus_takes() -> None:
    service, _ = parts(alerts_document=alerts_of(rule("down", since=AT)))
    found = parsed(service)
    assert len(found) > 20
    for name, family in found.items():
        assert re.fullmatch(r"wattshift_[a-z0-9_]+", name)
        assert family.documentation.endswith(".")
        series = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        assert len(series) == len(set(series))
        assert all(math.isfinite(sample.value) for sample in family.samples)


def all_names() -> set[str]:
    """Every metric that the service may show, as it stands in the text."""
    counted = CountedAnswers(cast("Any", None))
    service, _ = parts(answers=counted, alerts_document=alerts_of(rule("down", since=AT)))
    return {line.split()[2] for line in exposed(service).splitlines() if line.startswith("# TYPE")}


def test_every_metric_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert len(all_names()) > 20
    assert {name for name in all_names() if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("path", ["grafana/wattshift.json", "prometheus/wattshift.rules.yml"])
def test_what_is_deployed_asks_for_metrics_that_there_are(path: str) -> None:
    text = (ROOT / "deploy" / path).read_text(encoding="utf-8")
    asked = {name.removesuffix("_bucket") for name in re.findall(r"\bwattshift_[a-z_]+[a-z]\b", text)}
    of_the_follower = {"wattshift_source_state"}
    assert len(asked) > 5
    assert asked - all_names() - of_the_follower == set()


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "wattshift.json").read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"] == {"type": "prometheus", "uid": "${source}"}


def test_before_the_first_edition_the_service_itself_is_told() -> None:
    found = parsed(cast("Service", Parts()))
    assert found["wattshift_build_info"].samples[0].value == 1.0
    assert found["wattshift_loop_up"].samples[0].value == 1.0
    assert not any(name.startswith(("wattshift_network", "wattshift_site")) for name in found)


def test_a_loop_that_stands_still_is_seen() -> None:
    service, _ = parts(turned_s=time.monotonic() - 300.0, is_turning=False)
    found = parsed(service)
    assert found["wattshift_loop_turn_age_seconds"].samples[0].value >= 300.0
    assert found["wattshift_loop_up"].samples[0].value == 0.0


def test_a_store_that_falls_behind_is_seen_though_no_edition_comes() -> None:
    service, made = parts()
    made.moment = SimpleNamespace(lag_s=10_000.0)
    assert parsed(service)["wattshift_history_lag_seconds"].samples[0].value == 10_000.0


def test_open_alerts_and_those_without_data_are_told() -> None:
    rows = (rule("down", since=AT), rule("blind", since=None, status=Status.NO_DATA))
    service, _ = parts(alerts_document=alerts_of(*rows))
    found = parsed(service)
    opened = {sample.labels["rule"]: sample.value for sample in found["wattshift_alert_open"].samples}
    blind = {sample.labels["rule"]: sample.value for sample in found["wattshift_alert_without_data"].samples}
    assert opened == {"down": 1.0, "blind": 0.0}
    assert blind == {"down": 0.0, "blind": 1.0}


def test_a_part_that_cannot_be_read_hides_nothing_else() -> None:
    service, _ = parts()
    assert readable(service) == {"alerts": 0.0, "sources": 0.0}
    assert "wattshift_network_difficulty" in parsed(service)


def test_where_there_is_no_store_its_sources_are_not_in_trouble() -> None:
    service, _ = parts(has_sources=False, alerts_document=alerts_of())
    assert readable(service) == {"alerts": 1.0, "sources": 1.0}


def test_answers_are_counted_by_outcome_and_duration() -> None:
    class Inner:
        def answer(self, *_: object) -> Answer:
            return Answer(body=b"", form=Form.JSON, etag="", as_of=AT, generation=0)

    counted = CountedAnswers(cast("Any", Inner()))
    for _ in range(3):
        counted.answer(QUESTIONS["hashrate"], QUESTIONS["hashrate"].ask())
    service, _ = parts(answers=counted)
    found = parsed(service)
    answers = {sample.labels["outcome"]: sample.value for sample in found["wattshift_answers"].samples}
    assert answers == {"answered": 3.0, "refused": 0.0, "busy": 0.0, "overrun": 0.0, "failed": 0.0}
    buckets = [
        sample.value
        for sample in found["wattshift_answer_duration_seconds"].samples
        if sample.name.endswith("_bucket")
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 3.0


def test_a_hostile_name_stays_one_label() -> None:
    edition = bundled_edition()
    figure = next(figure for figure in edition.now.figures if figure.of)
    decision = replace(edition.now.decisions[0], name=HOSTILE)
    now = replace(edition.now, figures=(replace(figure, of=HOSTILE),), decisions=(decision,))
    service, made = parts(alerts_document=alerts_of(rule(HOSTILE, since=None)))
    made.board.publish(replace(edition, now=now))
    found = parsed(service)
    assert "wattshift_forged" not in found
    for name, label in (
        ("wattshift_site_worth_usd_per_megawatt_hour", "use"),
        ("wattshift_site_recommended_run", "use"),
        ("wattshift_alert_open", "rule"),
    ):
        assert {sample.labels[label] for sample in found[name].samples} == {HOSTILE}


def test_the_route_speaks_both_formats_and_knows_its_process() -> None:
    service, _ = parts()
    client = TestClient(Starlette(routes=[metrics_route(service)]))
    plain = client.get("/metrics")
    assert plain.status_code == 200
    assert plain.headers["content-type"].startswith("text/plain")
    assert "process_resident_memory_bytes" in plain.text
    modern = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")

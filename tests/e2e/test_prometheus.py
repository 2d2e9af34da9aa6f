"""A real Prometheus scrapes a real service: metrics, rules, and every query of the Grafana dashboard."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from e2e.peers.prometheus import Prometheus, promtool
from e2e.peers.serving import Serving

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "wattshift.json").read_text(encoding="utf-8"))
RULES = ROOT / "deploy" / "prometheus" / "wattshift.rules.yml"
SETTINGS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
MAY_BE_EMPTY = {"Sources"}
"""Panels without data in a replay: nothing is followed."""

QUERIES = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]


@pytest.fixture(scope="module")
def program() -> Path:
    """The unpacked Prometheus, with promtool."""
    return Prometheus.install(PEERS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A replay that moves."""
    with Serving(tmp_path_factory.mktemp("service"), "--speed", "1200") as service:
        yield service


@pytest.fixture(scope="module")
def prometheus(
    program: Path, service: Serving, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A server that has scraped the service a few times while it was asked."""
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "wattshift",
                "static_configs": [{"targets": [f"127.0.0.1:{service.port}"]}],
            }
        ],
        "rule_files": [str(RULES)],
    }
    with Prometheus(program, tmp_path_factory.mktemp("prometheus") / "data", settings) as server:

        def has_counted() -> bool:
            service.get("/v1/hashrate?window=3d")
            time.sleep(0.2)
            counted = server.series("increase(wattshift_answers_total[1m]) > 0")
            moved = server.series("increase(wattshift_editions_total[1m]) > 0")
            return bool(counted and moved)

        server.child.until(has_counted, "scrape of a service that answers")
        yield server


def filled_in(query: str) -> str:
    """A query of the dashboard with its variables filled in, as Grafana does."""
    filled = query.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$job", ".*")
    assert "$" not in filled, query
    return filled


def test_promtool_finds_no_fault_with_the_metrics(program: Path, service: Serving) -> None:
    service.get("/v1/hashrate")
    words: list[str | Path] = [program / "usr" / "bin" / "promtool", "check", "metrics"]
    ended = run(words, input=service.get("/metrics"), capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_promtool_finds_no_fault_with_rules_and_settings(program: Path) -> None:
    assert "SUCCESS" in promtool(program, "check", "rules", RULES)
    assert "SUCCESS" in promtool(program, "check", "config", SETTINGS)


def test_the_rules_fire_when_they_should(program: Path) -> None:
    cases = ROOT / "tests" / "fixtures" / "prometheus" / "rules.test.yml"
    assert "SUCCESS" in promtool(program, "test", "rules", cases)


@pytest.mark.parametrize(
    ("title", "query"), QUERIES, ids=[f"{title}-{i}" for i, (title, _) in enumerate(QUERIES)]
)
def test_every_query_of_the_dashboard_finds_data(prometheus: Prometheus, title: str, query: str) -> None:
    found = prometheus.series(filled_in(query))
    if title not in MAY_BE_EMPTY:
        assert found, query
        assert all(series["value"][1] != "NaN" for series in found), query


def test_the_variables_of_the_dashboard_find_the_service(prometheus: Prometheus, service: Serving) -> None:
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    for name, value in (("job", "wattshift"), ("instance", f"127.0.0.1:{service.port}")):
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variables[name]["query"]["query"])
        assert asked is not None
        assert asked[2] == name
        assert {series["metric"][name] for series in prometheus.series(filled_in(asked[1]))} == {value}


def test_the_rules_are_evaluated_without_trouble(prometheus: Prometheus) -> None:
    def evaluated() -> list[dict[str, Any]]:
        groups = prometheus.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    prometheus.child.until(
        lambda: all(rule["health"] != "unknown" for rule in evaluated()), "evaluation of the rules"
    )
    assert {rule["health"] for rule in evaluated()} == {"ok"}
    for name in (
        "wattshift:network_hashrate_interval:ratio",
        "wattshift:site_recommended_load_watts:sum",
        "wattshift:site_margin_usd_per_megawatt_hour",
    ):
        assert prometheus.series(name), name
    (width,) = prometheus.series("wattshift:network_hashrate_interval:ratio")
    assert 0.05 < float(width["value"][1]) < 0.25


def test_the_scrape_costs_little_and_holds_no_secret(prometheus: Prometheus, service: Serving) -> None:
    (took,) = prometheus.series('scrape_duration_seconds{job="wattshift"}')
    assert float(took["value"][1]) < 5.0
    text = service.get("/metrics").decode()
    assert "process_cpu_seconds_total" in text
    assert str(Path.home()) not in text

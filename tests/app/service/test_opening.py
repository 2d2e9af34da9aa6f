"""A whole service, once: what it tells, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.serving import AT, HASHRATE, hashrate, replay_plan, until
from wattshift.app.service.feeds.place import Place
from wattshift.app.service.opening import ServicePlan, open_service
from wattshift.app.service.service import Service
from wattshift.errors import ConfigError, InputError, Missing, OutOfSpan


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with open_service(replay_plan(speed_ratio=3_600.0)) as opened:
        until(lambda: opened.board.latest is not None, "first edition")
        yield opened
    assert not opened.is_turning
    assert not opened.alerts.path.parent.exists(), "what a replay keeps goes with it"


def test_editions_come(service: Service) -> None:
    first = service.board.latest
    assert first is not None
    assert first.now.is_replay
    until(lambda: service.board.latest is not None and service.board.latest.number > first.number, "edition")
    assert service.loop.moment is not None
    assert service.world.archive is service.loop.moment.archive
    assert service.sources() is None


def test_what_is_told_is_kept(service: Service) -> None:
    until(lambda: bool(service.editions.page()), "a row of the record")
    row = service.editions.page()[-1]
    assert (row.number, service.pulse().is_stale) == (1, False)


def test_it_is_well(service: Service) -> None:
    until(lambda: service.loop.moment is not None, "moment")
    ready = service.health.ready()
    assert ready.is_well, ready
    names = ["loop", "edition", "query", "store", "disk", "alerts", "editions"]
    assert [check.name for check in ready.checks] == names
    assert service.health.live().is_well
    assert service.health.trouble == ""


def test_questions_are_answered_by_a_worker(service: Service) -> None:
    answer = service.answers.answer(HASHRATE, hashrate(at=AT))
    assert answer.as_of == AT


def test_alerts_are_looked_at_without_a_rules_file(service: Service) -> None:
    until(lambda: bool(service.alerts.document().rules), "alerts")
    assert len(service.alerts.document().rules) == 11
    until(lambda: service.alerts._plans is not None and service.alerts._plans.seen is not None, "two plans")


def test_what_cannot_be_opened_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to tell"):
        open_service(ServicePlan(place=Place()))
    with pytest.raises(OutOfSpan):
        open_service(replay_plan(AT.replace(year=2050)))
    with pytest.raises(Missing, match="no store"):
        open_service(ServicePlan(place=Place(folder=tmp_path / "gone")))
    with pytest.raises(ConfigError):
        open_service(replace(replay_plan(), alerts=tmp_path / "gone.toml"))
    with pytest.raises(ConfigError):
        open_service(replace(replay_plan(), place=Place(site=tmp_path / "gone.toml")))

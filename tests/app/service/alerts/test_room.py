from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.serving import AT
from wattshift.alerts.finding import Status
from wattshift.alerts.observations import PlanSeen
from wattshift.alerts.rule import Heartbeat, LedgerTrouble, PlanChange, PriceSpike
from wattshift.app.service.alerts.planwatch import PlanWatch
from wattshift.app.service.alerts.room import AlertPlace, AlertRoom
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.snapshot import Archive
from wattshift.clock import ReplayClock
from wattshift.config.alerts import AlertsFile
from wattshift.errors import Busy, InputError
from wattshift.report.documents.alerts import AlertEventRow
from wattshift.store.home import Home

NEVER_S = 1e9
FILE = AlertsFile(
    price_spike=(
        PriceSpike(name="cheap", above_usd_per_mwh=-250.0, clear_for_s=0.0),
        PriceSpike(name="dear", above_usd_per_mwh=4_000.0),
    ),
    plan_change=(PlanChange(name="plan", moved_mw=5.0, no_data_for_s=NEVER_S),),
    ledger_trouble=(LedgerTrouble(name="ledger", no_data_for_s=NEVER_S),),
    heartbeat=(Heartbeat(name="alive"),),
)
Opened = Callable[..., AlertRoom]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def make(home: Home | None = None, plans: PlanWatch | None = None) -> AlertRoom:
        clock = ReplayClock(datetime(2026, 11, 1, tzinfo=UTC))
        journal = tmp_path / "alerts.sqlite"
        return AlertRoom(AlertPlace(file=FILE, journal=journal, home=home, clock=clock), plans)

    return make


@pytest.fixture
def moment(archive: Archive) -> Moment:
    return Moment(at=AT, archive=archive, generation=0, is_replay=True)


def later(moment: Moment, hours: float) -> Moment:
    return replace(moment, at=moment.at + timedelta(hours=hours))


def test_before_the_first_look_it_is_busy(opened: Opened) -> None:
    room = opened()
    with pytest.raises(Busy):
        room.document()
    with pytest.raises(Busy):
        room.acknowledge("cheap", "ada")
    assert room.events() == ()


def test_what_the_rules_say_and_what_happened(opened: Opened, moment: Moment) -> None:
    room = opened()
    room.look(moment)
    rows = {row.rule: row for row in room.document().rules}
    assert rows["cheap"].status is Status.FIRING
    assert rows["cheap"].open_since_at == AT
    assert rows["dear"].status is Status.CLEAR
    assert rows["ledger"].status is Status.NO_DATA, "a replay has no ledger"
    assert room.document().as_of == AT
    (event,) = room.events()
    assert (event.number, event.rule, event.change) == (1, "cheap", "onset")
    assert "USD/MWh" in event.what
    assert event.at == AT


def test_what_happened_is_paged_from_the_newest_on(opened: Opened, moment: Moment) -> None:
    room = opened()
    for day in range(12):
        room.look(later(moment, 24.0 * day))
    everything = room.events(limit=1_000)
    assert [event.number for event in everything] == list(range(len(everything), 0, -1))
    assert len(everything) >= 10, "an open alert is told again each day"
    paged: list[AlertEventRow] = []
    before = None
    while page := room.events(before, 4):
        paged += page
        before = page[-1].number
    assert tuple(paged) == everything


def test_people_act_and_it_shows_at_once(opened: Opened, moment: Moment) -> None:
    room = opened()
    room.look(moment)
    room.acknowledge("cheap", "ada")
    room.silence("dear", AT + timedelta(hours=1), "ada", "storm")
    rows = {row.rule: row for row in room.document().rules}
    assert rows["cheap"].acknowledged_by == "ada"
    assert rows["dear"].silent_until_at == AT + timedelta(hours=1)
    room.unsilence("dear", "ada")
    assert {row.rule: row for row in room.document().rules}["dear"].silent_until_at is None
    assert [event.change for event in room.events()] == [
        "silence ended",
        "silenced",
        "acknowledged",
        "onset",
    ]
    for rule in ("dear", "nothing"):
        with pytest.raises(InputError):
            room.acknowledge(rule, "ada")
    with pytest.raises(InputError):
        room.unsilence("nothing", "ada")
    with pytest.raises(InputError):
        room.silence("cheap", AT - timedelta(hours=1), "ada", "late")


def test_a_restart_remembers(opened: Opened, moment: Moment) -> None:
    room = opened()
    room.look(moment)
    room.acknowledge("cheap", "ada")
    again = opened()
    again.look(later(moment, 1.0))
    row = next(row for row in again.document().rules if row.rule == "cheap")
    assert (row.open_since_at, row.acknowledged_by) == (AT, "ada")
    assert len(again.events()) == 2, "nothing is told twice"


def test_events_are_told_as_they_happen_but_not_heartbeats_and_not_in_silence(
    opened: Opened, moment: Moment
) -> None:
    room = opened()
    told: list[bytes] = []
    leave = room.listen(told.append)
    room.look(moment)
    assert [json.loads(line)["rule"] for line in told] == ["cheap"]
    assert b"\n" not in told[0]
    room.silence("cheap", AT + timedelta(days=30), "ada", "known")
    before = len(told)
    room.look(later(moment, 48.0))
    assert len(told) == before
    leave()
    room.unsilence("cheap", "ada")
    assert len(told) == before


def test_a_replay_that_begins_anew_forgets(opened: Opened, moment: Moment) -> None:
    room = opened()
    room.look(later(moment, 48.0))
    room.look(moment)
    (event,) = room.events()
    assert (event.number, event.at) == (1, AT)


def test_what_cannot_be_kept_is_told_and_shown_and_recovered_from(
    opened: Opened, moment: Moment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = tmp_path / "alerts.sqlite"
    journal.mkdir()
    room = opened()
    room.look(moment)
    room.look(later(moment, 1.0))
    assert room.trouble
    assert len([record for record in caplog.records if "cannot be kept" in record.message]) == 1
    journal.rmdir()
    room.look(later(moment, 2.0))
    assert room.trouble == ""
    assert len(room.events()) == 1


def test_a_store_that_is_live_is_looked_at_by_the_clock(
    opened: Opened, moment: Moment, tmp_path: Path
) -> None:
    room = opened(home=Home(tmp_path / "gone"))
    room.look(replace(moment, is_replay=False))
    assert room.document().as_of == datetime(2026, 11, 1, tzinfo=UTC)
    rows = {row.rule: row for row in room.document().rules}
    assert rows["ledger"].status is Status.FIRING
    assert rows["cheap"].status is Status.NO_DATA, "old evidence is none"


def test_a_plan_that_changes_is_told(opened: Opened, moment: Moment) -> None:
    plans = PlanWatch(lambda _: {})
    room = opened(plans=plans)
    plans.seen = PlanSeen(at=AT, start_at=AT, use="mining", moved_mw=7.5)
    room.look(moment)
    row = next(row for row in room.document().rules if row.rule == "plan")
    assert row.status is Status.FIRING
    assert "7.5 MW" in row.what

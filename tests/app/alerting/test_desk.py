from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.alerting import FIRING_RULES, NOW, news
from wattshift.alerts.rule import (
    HashrateBelow,
    Heartbeat,
    LedgerTrouble,
    PriceSpike,
    RetargetBeyond,
    Severity,
)
from wattshift.app.alerting.desk import AlertDesk, Remembered, recall
from wattshift.config.alerts import AlertsFile, RelayGiven, WebhookGiven
from wattshift.delivery.message import Message
from wattshift.errors import Corrupt, InputError
from wattshift.store.alertjournal import AlertJournal

BELOW, FALLS = FIRING_RULES["level"], FIRING_RULES["retarget"]
SPIKE, LEDGER = FIRING_RULES["power"], FIRING_RULES["ledger"]
assert isinstance(BELOW, HashrateBelow)
assert isinstance(FALLS, RetargetBeyond)
assert isinstance(SPIKE, PriceSpike)
assert isinstance(LEDGER, LedgerTrouble)
FILE = AlertsFile(
    hashrate_below=(BELOW,),
    retarget_beyond=(FALLS,),
    price_spike=(SPIKE,),
    ledger_trouble=(LEDGER,),
    heartbeat=(Heartbeat(name="alive"),),
    webhooks=(
        WebhookGiven(name="all", url="https://a.example/"),
        WebhookGiven(name="worst", url="https://b.example/", min_severity=Severity.CRITICAL),
        WebhookGiven(name="dead man", url="https://c.example/", heartbeat=True),
    ),
    relays=(RelayGiven(name="mail", url_env="MAIL", min_severity=Severity.WARNING),),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.sqlite"


def told(journal: AlertJournal) -> list[tuple[str, str, int]]:
    """Channel, group and number of events of every message."""
    found = []
    for row in journal.outbox():
        payload = Message.unpack(row.body).payload
        found.append((row.channel, payload["group"], len(payload["events"])))
    return found


def test_a_step_is_told_to_those_whom_it_concerns(path: Path) -> None:
    with AlertJournal(path) as journal:
        events = AlertDesk(FILE, journal).step(news(is_bad=True), NOW)
        assert [event.rule for event in events] == ["below", "falls", "spike", "ledger", "alive"]
        assert told(journal) == [
            ("dead man", "heartbeat", 1),
            ("all", "network", 2),
            ("mail", "network", 2),
            ("all", "power", 1),
            ("mail", "power", 1),
            ("all", "system", 1),
            ("worst", "system", 1),
            ("mail", "system", 1),
        ]
        kept = [json.loads(row.body)["rule"] for row in journal.events()]
        assert kept == [each.rule for each in events if each.rule != "alive"], "a heartbeat is no news"


def test_a_restart_changes_nothing(path: Path, tmp_path: Path) -> None:
    course = [(minutes, minutes // 30 % 2 == 0) for minutes in range(0, 600, 7)]
    whole, cut = tmp_path / "whole.sqlite", path
    with AlertJournal(whole) as journal:
        desk = AlertDesk(FILE, journal)
        for minutes, is_bad in course:
            at = NOW + timedelta(minutes=minutes)
            desk.step(news(at, is_bad=is_bad), at)
        wanted = [(row.key, row.change) for row in journal.events()], told(journal), journal.state
    for minutes, is_bad in course:
        at = NOW + timedelta(minutes=minutes)
        with AlertJournal(cut) as journal:
            AlertDesk(FILE, journal).step(news(at, is_bad=is_bad), at)
    with AlertJournal(cut) as journal:
        assert ([(row.key, row.change) for row in journal.events()], told(journal), journal.state) == wanted
    assert len(wanted[0]) >= 4


def test_people_acknowledge_and_silence(path: Path) -> None:
    with AlertJournal(path) as journal:
        desk = AlertDesk(FILE, journal)
        desk.step(news(is_bad=True), NOW)
        before = len(journal.outbox())
        desk.acknowledge("below", by="ada", now=NOW)
        desk.silence("spike", until_at=NOW + timedelta(hours=2), by="ada", reason="storm", now=NOW)
        assert len(journal.outbox()) == before, "kept, and not told"
        alerts = desk.remembered.watch.alerts
        assert alerts["below"].acknowledged_by == "ada"
        assert alerts["spike"].silence is not None
        assert [row.change for row in journal.events()][-2:] == ["acknowledged", "silenced"]
        at = NOW + timedelta(hours=2)
        events = desk.step(news(at, is_bad=True), at)
        assert [event.change.value for event in events] == ["silence ended", "heartbeat"]
        with pytest.raises(InputError):
            desk.acknowledge("alive", by="ada", now=NOW)
        assert desk.remembered.watch.alerts["below"].is_open, "what was refused changed nothing"


def test_what_makes_no_sense_is_not_taken_for_nothing() -> None:
    assert recall(None) == Remembered()
    for body in (b"", b"[]", b'{"watch": 1}', b"\xff"):
        with pytest.raises(Corrupt, match="makes no sense"):
            recall(body)


def test_alerts_of_a_group_wait_for_each_other_across_restarts(path: Path) -> None:
    good, bad = news(is_bad=False), news(is_bad=True)
    course = [
        (0, replace(good, level=bad.level)),
        (60, replace(good, level=bad.level, retarget=bad.retarget)),
        (299, replace(good, level=bad.level, retarget=bad.retarget)),
        (300, replace(good, level=bad.level, retarget=bad.retarget)),
    ]
    n_told = []
    for seconds, seen in course:
        with AlertJournal(path) as journal:
            AlertDesk(FILE, journal).step(seen, NOW + timedelta(seconds=seconds))
            n_told.append([each for each in told(journal) if each[:2] == ("all", "network")])
    assert [len(each) for each in n_told] == [1, 1, 1, 2]
    assert n_told[-1] == [("all", "network", 1)] * 2

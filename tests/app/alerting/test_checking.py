from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.servers import LoopbackServer, Reply, Request, http
from wattshift.alerts.finding import Status
from wattshift.alerts.rule import HashrateBelow, LedgerTrouble, ReorgDeeper, SourceStale
from wattshift.app.alerting.checking import check_alerts, journal_path
from wattshift.app.snapshot import Archive
from wattshift.clock import ReplayClock
from wattshift.config.alerts import EXAMPLE_ALERTS, AlertsFile, WebhookGiven, load_alerts
from wattshift.store.bundled import BundledStore
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger

AT = datetime(2026, 1, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    SqliteLedger.lead(home.ledger).close()
    return home


def file_for(url: str) -> AlertsFile:
    return AlertsFile(
        hashrate_below=(HashrateBelow(name="below", below_ehs=1_000.0),),
        reorg_deeper=(ReorgDeeper(name="reorg"),),
        source_stale=(SourceStale(name="silent", source="core", silent_s=600.0),),
        ledger_trouble=(LedgerTrouble(name="ledger"),),
        webhooks=(WebhookGiven(name="ear", url=url, allow_private=True),),
    )


def statuses(document: object) -> dict[str, Status]:
    return {row.rule: row.status for row in document.rules}  # type: ignore[attr-defined]  # a document


def test_the_bundled_history_answers_what_it_can(archive: Archive) -> None:
    document = check_alerts(archive, load_alerts(EXAMPLE_ALERTS), at=AT)
    found = statuses(document)
    assert found["below 1 ZH/s"] is Status.FIRING
    assert found["ledger in trouble"] is Status.NO_DATA
    assert document.n_events is None
    assert "4 have no data" in document.in_words


def test_a_store_tells_of_itself(archive: Archive, home: Home) -> None:
    found = statuses(check_alerts(archive, file_for("https://x.example/"), at=AT, home=home))
    assert found == {
        "below": Status.FIRING,
        "reorg": Status.CLEAR,
        "silent": Status.NO_DATA,
        "ledger": Status.CLEAR,
    }
    assert not journal_path(home).exists(), "a look leaves no trace"
    home.ledger.write_bytes(b"x" * 9_000)
    found = statuses(check_alerts(archive, file_for("https://x.example/"), at=AT, home=home))
    assert (found["ledger"], found["reorg"]) == (Status.FIRING, Status.NO_DATA)


def test_what_is_kept_is_sent_once(archive: Archive, home: Home) -> None:
    heard: list[Request] = []

    def respond(request: Request) -> Reply:
        heard.append(request)
        return Reply()

    with LoopbackServer(http(respond)) as server:
        file, clock = file_for(server.url), ReplayClock(AT)
        first = check_alerts(archive, file, at=AT, home=home, clock=clock, is_kept=True)
        again = check_alerts(archive, file, at=AT, home=home, clock=clock, is_kept=True)
    assert (first.n_events, first.n_sent, first.n_failed) == (1, 1, 0)
    assert (again.n_events, again.n_sent) == (0, 0)
    assert len(heard) == 1
    assert again.rules[0].open_since_at == AT
    look = check_alerts(archive, file, at=AT, home=home)
    assert look.rules[0].open_since_at == AT


def test_a_store_that_has_fallen_behind_has_no_data_and_sends_no_old_news(
    archive: Archive, home: Home
) -> None:
    file = AlertsFile(hashrate_below=(HashrateBelow(name="below", below_ehs=1e6),))
    for late, status in ((timedelta(hours=2), Status.FIRING), (timedelta(hours=4), Status.NO_DATA)):
        clock = ReplayClock(archive.newest_at + late)
        document = check_alerts(archive, file, home=home, clock=clock)
        assert document.as_of == clock.now()
        assert statuses(document) == {"below": status}

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.serving import until
from wattshift.app.service.alerts.beside import AlertWatch
from wattshift.clock import ReplayClock
from wattshift.errors import ConfigError
from wattshift.store.alertjournal import AlertJournal
from wattshift.store.home import Home

CLOCK = ReplayClock(datetime(2026, 4, 22, 22, tzinfo=UTC))
RULES = """
[[price_spike]]
name = "any price"
above_usd_per_mwh = -250.0
max_age_s = 1e9
[[webhooks]]
name = "hook"
url = "http://127.0.0.1:9/"
allow_private = true
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


def test_what_is_followed_is_watched_and_kept_in_the_store(rules: Path, tmp_path: Path) -> None:
    home, ended = Home(tmp_path / "store"), list[bool]()
    with AlertWatch(rules, home, CLOCK, lambda: ended.append(True)):
        journal = home.folder / "alerts.sqlite"
        until(journal.exists, "journal")

        def has_event() -> bool:
            with AlertJournal(journal) as kept:
                return bool(kept.events())

        until(has_event, "onset")
    with AlertJournal(journal) as kept:
        assert [(row.rule, row.change) for row in kept.events()] == [("any price", "onset")]
        (waiting,) = kept.outbox()
        assert waiting.channel == "hook"
    assert not ended


def test_a_defect_ends_the_follower(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    watch = AlertWatch(rules, Home(tmp_path / "store"), CLOCK, lambda: ended.append(True))

    def fail() -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(watch, "turn", fail)
    with watch:
        until(lambda: bool(ended), "end")


def test_a_store_that_cannot_be_read_is_told_once(
    rules: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path / "store")
    home.make_folder()
    home.ledger.write_bytes(b"no ledger" * 1_000)
    watch = AlertWatch(rules, home, CLOCK, lambda: None)
    watch.turn()
    watch.turn()
    assert len([record for record in caplog.records if "no alert" in record.message]) == 1


def test_rules_that_make_no_sense_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        AlertWatch(tmp_path / "gone.toml", Home(tmp_path), CLOCK, lambda: None)

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.following import Scripted, connected, gone
from support.frames import hourly
from support.signetchain import signet_chain
from wattshift.app.doctor import examine, mend
from wattshift.app.follow.probing import Probe
from wattshift.chain.header import BlockHeader
from wattshift.chain.params import SIGNET
from wattshift.clock import from_unix
from wattshift.errors import Corrupt
from wattshift.report.documents.following import CheckRow, DoctorDocument, Verdict
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start

HEADERS = 500
TIP_AT = from_unix(BlockHeader.parse(signet_chain()[HEADERS]).time_s)
NOW = TIP_AT + timedelta(minutes=9)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A store of 500 headers in five batches, and a day of prices."""
    home = Home(tmp_path / "store")
    home.folder.mkdir(mode=0o700)
    with SqliteLedger.lead(home.ledger) as ledger:
        store = ChainStore.open(ledger, SIGNET, start=Start.genesis(SIGNET), now=NOW)
        for first in range(1, HEADERS + 1, 100):
            store.take(b"".join(signet_chain()[first : first + 100]), now=NOW, origin=None)
    SeriesStore(home.series).append("btc_usd_hourly", hourly(0), known_at=datetime(2026, 1, 1, tzinfo=UTC))
    return home


def found(name: str, *, ahead_s: float | None = None, is_down: bool = False) -> Probe:
    return Probe(
        source=connected(Scripted(name, signet_chain()[:2])),
        finding="" if is_down else "answers",
        error=gone(name) if is_down else None,
        tip=None,
        ahead_s=ahead_s,
    )


def look(
    home: Home, probes: Sequence[Probe] = (), *, now: datetime = NOW, settings: Path | None = None
) -> DoctorDocument:
    return examine(home, settings_file=settings, probes=lambda: probes, now=now)


def row(document: DoctorDocument, name: str) -> CheckRow:
    (only,) = (each for each in document.checks if each.name == name)
    return only


def test_a_sound_store_is_well_but_for_the_follower_that_does_not_run(home: Home) -> None:
    document = look(home, [found("a", ahead_s=0.5)])
    ill = [each.name for each in document.checks if each.verdict is not Verdict.OK]
    assert ill == ["follower"]
    assert document.verdict is Verdict.WARN
    assert "block 500" in row(document, "tip").finding
    assert row(document, "series").finding == "48 rows in 1 sound tables"
    assert "14 files" in row(document, "bundled data").finding


def test_all_that_is_wrong_comes_with_a_cure(home: Home) -> None:
    document = look(home, [found("a", is_down=True)], now=NOW + timedelta(hours=5))
    for each in document.checks:
        assert each.verdict is Verdict.OK or each.cure, each
    assert row(document, "source a").verdict is Verdict.FAIL
    assert row(document, "tip").verdict is Verdict.WARN


def test_an_empty_store_is_no_illness(tmp_path: Path) -> None:
    document = look(Home(tmp_path / "none"))
    assert document.verdict is Verdict.WARN
    assert "wattshift follow" in row(document, "ledger").cure


def corrupt(home: Home, seq: int) -> None:
    """Change one byte of an entry's body, as a bad disk would."""
    with closing(sqlite3.connect(home.ledger)) as db:
        db.execute("DROP TRIGGER entry_is_final")
        (body,) = db.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
        changed = bytes([body[0] ^ 1]) + body[1:]
        db.execute("UPDATE entry SET body = ? WHERE seq = ?", (changed, seq))
        db.execute(
            "CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry"
            " BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
        db.commit()


def test_a_damaged_ledger_names_its_entry_and_is_mended_from_a_copy(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(home.ledger, copy)
    corrupt(home, 77)
    sick = row(look(home), "ledger")
    assert sick.verdict is Verdict.FAIL
    assert "entry 77" in sick.finding
    assert f"wattshift --store {home.folder} doctor --repair --from COPY" in sick.cure
    with pytest.raises(Corrupt, match="entry 77"):
        mend(home, None)
    assert mend(home, copy).replaced == (77,)
    assert row(look(home), "ledger").verdict is Verdict.OK


def test_what_follows_from_the_entries_is_mended_without_a_copy(home: Home) -> None:
    with closing(sqlite3.connect(home.ledger)) as db:
        db.execute("UPDATE header SET height = height + 1 WHERE seq = 9")
        db.commit()
    assert row(look(home), "ledger").verdict is Verdict.FAIL
    assert mend(home, None).replaced == ()
    assert row(look(home), "ledger").verdict is Verdict.OK


def test_a_damaged_series_is_named(home: Home) -> None:
    path = next((home.series / "btc_usd_hourly").glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    sick = row(look(home), "series btc_usd_hourly")
    assert sick.verdict is Verdict.FAIL
    assert path.name in sick.finding


@pytest.mark.parametrize(
    ("offset_s", "verdict"),
    [(0.0, Verdict.OK), (59.0, Verdict.OK), (61.0, Verdict.FAIL), (-86_400.0, Verdict.FAIL)],
)
def test_the_clock_is_compared_with_the_servers(home: Home, offset_s: float, verdict: Verdict) -> None:
    probes = [
        found("a", ahead_s=offset_s),
        found("b", ahead_s=offset_s),
        found("liar", ahead_s=1e7),
    ]
    assert row(look(home, probes), "clock").verdict is verdict


def test_one_of_two_servers_cannot_spoil_a_clock_that_is_right(home: Home) -> None:
    probes = [found("liar", ahead_s=1e9), found("honest", ahead_s=0.5)]
    assert row(look(home, probes), "clock").verdict is Verdict.OK


@pytest.mark.parametrize(("hours", "verdict"), [(1, Verdict.OK), (-48, Verdict.FAIL)])
def test_without_servers_the_blocks_tell_of_a_clock_that_is_behind(
    home: Home, hours: int, verdict: Verdict
) -> None:
    assert row(look(home, now=TIP_AT + timedelta(hours=hours)), "clock").verdict is verdict


def test_a_disk_that_runs_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.folder)
    for free_bytes, verdict in ((50 << 20, Verdict.FAIL), (500 << 20, Verdict.WARN), (5 << 30, Verdict.OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free_bytes: usage._replace(free=free))
        assert row(look(home), "disk").verdict is verdict


def test_modes_that_let_others_in(home: Home, tmp_path: Path) -> None:
    settings = tmp_path / "follow.toml"
    settings.touch(0o600)
    settings.chmod(0o622)
    home.folder.chmod(0o777)
    document = look(home, settings=settings)
    assert row(document, "settings").cure == f"chmod go-w {settings}"
    assert row(document, "folder").cure == f"chmod o-w {home.folder}"

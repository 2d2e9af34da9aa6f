from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wattshift.app.service.edition import Board, Edition
from wattshift.app.service.editionroom import EditionRoom
from wattshift.clock import ReplayClock
from wattshift.errors import Corrupt, StoreError

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "editions.sqlite"


@pytest.fixture
def edition(board: Board) -> Edition:
    assert board.latest is not None
    return board.latest


def told(edition: Edition, height: int, words: str = "run all") -> Edition:
    return replace(edition, now=replace(edition.now, tip_height=height, decisions_in_words=words))


def test_a_row_is_kept_a_block_and_where_the_advice_changes(path: Path, edition: Edition) -> None:
    room = EditionRoom(path, ReplayClock(NOW))
    for each in (told(edition, 7), told(edition, 7), told(edition, 8), told(edition, 8, "run nothing")):
        room.keep(each)
    rows = room.page()
    assert [(row.number, row.tip_height, row.decisions_in_words) for row in rows] == [
        (3, 8, "run nothing"),
        (2, 8, "run all"),
        (1, 7, "run all"),
    ]
    now = edition.now
    assert rows[0].hashrate_mean_ehs == now.hashrate.mean_ehs
    assert (rows[0].as_of, rows[0].told_at) == (now.as_of, NOW)
    assert room.page(before=2, limit=5) == rows[2:]


def test_another_process_goes_on_with_the_record(path: Path, edition: Edition) -> None:
    EditionRoom(path, ReplayClock(NOW)).keep(edition)
    room = EditionRoom(path, ReplayClock(NOW))
    room.keep(edition)
    assert [row.number for row in room.page()] == [2, 1]


def test_what_cannot_be_kept_is_told_and_tried_again(
    path: Path, edition: Edition, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"no journal" * 1_000)
    room = EditionRoom(path, ReplayClock(NOW))
    for _ in range(3):
        room.keep(edition)
    assert len(caplog.records) == 1
    assert room.trouble
    with pytest.raises(StoreError):
        room.page()
    path.unlink()
    room.keep(edition)
    assert room.trouble == ""
    assert len(room.page()) == 1


def test_a_service_without_a_site_price_says_so(path: Path, edition: Edition) -> None:
    room = EditionRoom(path, ReplayClock(NOW))
    room.keep(replace(edition, now=replace(edition.now, value=None)))
    (row,) = room.page()
    assert row.spot_usd_per_mwh is None


def test_a_damaged_row_is_damage_and_no_crash(path: Path, edition: Edition) -> None:
    room = EditionRoom(path, ReplayClock(NOW))
    room.keep(edition)
    raw = path.read_bytes()
    at = raw.index(b'"tip_height"')
    path.write_bytes(raw[:at] + b"~" + raw[at + 1 :])
    with pytest.raises(Corrupt):
        room.page()

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.following import MemoryKeeper, Noted, Scripted, Virtual, connected
from support.headers import Branch, easy
from wattshift.app.follow.headers import chain_notices
from wattshift.app.follow.notices import NOTICE_S, Notice, Notices
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.config.follow import PollPace

NOW = datetime(2026, 1, 19, tzinfo=UTC)


def notice(number: int, *, burst: int = 1, words: str = "something") -> Notice:
    return Notice(words=words, kind="k", topic="t", facts={"number": number}, at=NOW, burst=burst)


def test_the_first_is_told_and_of_the_rest_the_last_in_time() -> None:
    journal = Noted()
    notices = Notices(journal)
    for number in range(100):
        notices.tell(notice(number), now_s=float(number))
    assert journal.of("k") == [{"number": 0}]
    notices.flush(now_s=NOTICE_S - 1)
    assert len(journal.entries) == 1
    notices.flush(now_s=NOTICE_S)
    assert journal.of("k") == [{"number": 0}, {"number": 99, "untold": 98}]
    notices.flush(now_s=10 * NOTICE_S)
    assert len(journal.entries) == 2


@given(gaps_s=st.lists(st.floats(0.0, 700.0), min_size=1, max_size=60), burst=st.integers(1, 4))
def test_never_more_than_a_burst_in_ten_minutes_and_nothing_is_lost(gaps_s: list[float], burst: int) -> None:
    journal, now_s, told_s = Noted(), 0.0, []
    notices = Notices(journal)
    for number, gap_s in enumerate(gaps_s):
        now_s += gap_s
        before = len(journal.entries)
        notices.tell(notice(number, burst=burst), now_s=now_s)
        told_s += [now_s] * (len(journal.entries) - before)
    for at_s in told_s:
        assert sum(at_s <= each < at_s + NOTICE_S for each in told_s) <= burst
    notices.flush(now_s=now_s + NOTICE_S)
    told = journal.of("k")
    assert told[-1]["number"] == len(gaps_s) - 1
    assert len(told) + sum(each.get("untold", 0) for each in told) == len(gaps_s)


def test_words_from_outside_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wattshift.follow")
    hostile = "name\n2026-01-19T00:00:00Z CRITICAL all is well\x1b[2J" + "x" * 100_000
    Notices(Noted()).tell(notice(1, words=hostile), now_s=0.0)
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 2_000


def test_a_thousand_flips_of_the_tip_are_a_handful_of_notices(tmp_path: Path) -> None:
    """Two sources overtake each other at each poll (C2)."""
    network = easy(MAINNET, interval=2016)
    trunk = Branch(network).grow(10)
    ours, theirs = trunk.fork(10), trunk.fork(10)
    world = Virtual(
        MemoryKeeper(network, trunk.raw()),
        tmp_path,
        datetime.fromtimestamp(trunk.parsed[-1].time_s, UTC),
        latency_s=lambda _: 0.1,
    )
    sources = [Scripted("ours", ours.headers), Scripted("theirs", theirs.headers)]
    follower = world.follower([connected(each) for each in sources], PollPace(tips_s=1.0))
    flips, tips = 0, set()

    def overtake() -> None:
        """Whoever is not best gets one block more than the best."""
        nonlocal flips
        tip = world.keeper.chain.tip
        if tip.hash in tips or flips >= 100:
            return
        tips.add(tip.hash)
        loser = theirs if ours.hash(ours.height) == tip.hash else ours
        loser.grow(tip.height - loser.height + 1, salt=1 if loser is ours else 2, spacing_s=1)
        flips += 1

    world.run(follower, 1_250.0, overtake)
    assert flips == 100
    reorgs = world.journal.of("reorg")
    assert 1 <= len(reorgs) <= 3, "one every ten minutes"
    assert {"depth", "old", "new", "fork", "gained_hashes", "source"} <= set(reorgs[0])
    assert sum(each.get("untold", 0) for each in reorgs) + len(reorgs) >= 90


def test_blocks_that_look_like_a_timewarp_are_told() -> None:
    network = easy(MAINNET, interval=16)
    branch = Branch(network).grow(46)
    newest_s = branch.parsed[-1].time_s
    branch.add(newest_s + 7_202)
    branch.add(newest_s + 1)  # 48 opens a period more than two hours before the block below it
    extension = HeaderChain(network).extend(branch.raw(), newest_s + 7_202)
    (told,) = chain_notices(extension, "miner", NOW)
    assert (told.kind, told.level) == ("timewarp", logging.WARNING)
    assert told.facts == {"source": "miner", "blocks": 1, "last": hash_to_hex(branch.hash(48))}
    assert hash_to_hex(branch.hash(48)) in told.words
    honest = HeaderChain(network).extend(Branch(network).grow(60).raw(), newest_s + 10**6)
    assert list(chain_notices(honest, "miner", NOW)) == []

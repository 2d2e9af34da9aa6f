"""Reorganisations in the store: every read equals that of a store that never saw the losing branch.

`WATTSHIFT_FAULTS=20` multiplies the random histories, and kills at every statement instead of some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.chains import CHAIN_TABLES, EASY, NOW, best_rows, easy_start, facts_of, kept, taken
from support.children import FIRST_AT, Nursery
from support.faults import SCALE, scaled
from support.headers import START_S, Branch
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.rules import subsidy_sat
from wattshift.store.chainstore import BATCH, ChainStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import HEADER
from wattshift.store.start import Start

KILLED, TOO_LONG = 9, 25
PERIOD = 2016
HALVING = 210_000
MARCH_S = int(datetime(2011, 3, 1, tzinfo=UTC).timestamp())


# Where the fork lies: the anchor's height, the anchor's time, and the blocks up to the fork


def plain(_depth: int) -> tuple[int, int, int]:
    return 300 * PERIOD, START_S, 12


def across_a_retarget(depth: int) -> tuple[int, int, int]:
    return 300 * PERIOD, START_S, PERIOD - 1 - depth // 2


def across_a_halving(depth: int) -> tuple[int, int, int]:
    first = (HALVING - depth // 2 - 1) // PERIOD * PERIOD
    return first, START_S, HALVING - 1 - depth // 2 - first


def across_a_month(depth: int) -> tuple[int, int, int]:
    return 300 * PERIOD, MARCH_S - 600 * (12 + depth // 2) - 300, 12


CASES = (plain, across_a_retarget, across_a_halving, across_a_month)
Place = Callable[[int], tuple[int, int, int]]


def rivals(place: Place, depth: int) -> tuple[Start, Branch, Branch, int]:
    """Two branches, the second one block longer, and the height at which they part."""
    height, time_s, before = place(depth)
    start, stem = easy_start(height, time_s=time_s)
    stem.grow(before)
    old, new = stem.fork(stem.height).grow(depth, salt=1), stem.fork(stem.height).grow(depth + 1, salt=2)
    return start, old, new, stem.height


@pytest.mark.parametrize("place", CASES)
@pytest.mark.parametrize("depth", [1, 2, 6, 24, 53, 100, 1088])
def test_a_reorganisation_equals_a_rebuild(tmp_path: Path, place: Place, depth: int) -> None:
    start, old, new, fork = rivals(place, depth)
    facts = [facts_of(old, fork), facts_of(new, fork)]
    switched = kept(tmp_path / "switched", start, [old.raw(), new.above(fork)], facts)
    straight = kept(tmp_path / "straight", start, [new.raw()], facts[1:])

    assert best_rows(switched.home.ledger) == best_rows(straight.home.ledger)
    for name in CHAIN_TABLES:
        assert switched.read(name).equals(straight.read(name))
        assert switched.files[name] == straight.files[name]
    heights = switched.read("blocks")["height"]
    assert (heights[-1], len(heights)) == (new.height, new.height - heights[0] + 1)
    assert switched.read("block_fees")["subsidy_sat"].to_list()[1:] == [
        subsidy_sat(height) for height in range(fork + 1, new.height + 1)
    ]
    if place is not plain:
        borders: dict[Place, int] = {across_a_retarget: 301 * PERIOD, across_a_halving: HALVING}
        crossed = borders.get(place)
        times_s = [new.parsed[at - new.first].time_s for at in (fork, new.height)]
        assert fork < crossed <= new.height if crossed else times_s[0] < MARCH_S <= times_s[1]

    with SqliteLedger.view(switched.home.ledger) as ledger:
        labels = Counter(row.branch for row in ledger.headers(0, 1 << 32))
        assert labels == {"best": new.height - new.first, "stale": depth}
        assert len(ledger.records(BATCH)) == 2
        assert sum(entry.kind == HEADER for entry in ledger.entries()) == labels.total() + depth


@pytest.mark.parametrize("depth", [6, 100])
def test_the_state_is_that_of_a_chain_in_memory(tmp_path: Path, depth: int) -> None:
    start, old, new, fork = rivals(across_a_retarget, depth)
    chain = HeaderChain(EASY, anchor=start.anchor)
    for headers in (old.raw(), new.above(fork)):
        chain.extend(headers, 1 << 32)
    path = tmp_path / "ledger.sqlite"
    assert taken(path, start, [old.raw(), new.above(fork)]) == chain.state_hash()
    assert taken(path, start, []) == chain.state_hash()
    straight = HeaderChain(EASY, anchor=start.anchor)
    straight.extend(new.raw(), 1 << 32)
    assert straight.state_hash() == chain.state_hash(with_branches=False)


def test_equal_work_that_comes_again_and_again_adds_nothing(tmp_path: Path) -> None:
    start, stem = easy_start(300 * PERIOD, time_s=START_S)
    first, second = (stem.fork(stem.height).grow(8, salt=salt) for salt in (1, 2))
    with SqliteLedger.lead(tmp_path / "ledger.sqlite") as ledger:
        store = ChainStore.open(ledger, EASY, start=start, now=NOW)
        store.take(first.raw(), now=NOW, origin=None)
        store.take(second.raw(), now=NOW, origin=None)
        before = [entry.seq for entry in ledger.entries()]
        for number in range(1000):
            extension = store.take((second, first)[number % 2].raw(), now=NOW, origin=None)
            assert extension.after.hash == first.hash(first.height)
        assert [entry.seq for entry in ledger.entries()] == before


def test_a_flip_flop_keeps_each_header_once_and_a_correction_for_each_change(tmp_path: Path) -> None:
    start, stem = easy_start(300 * PERIOD, time_s=START_S)
    branches = [stem.fork(stem.height).grow(3, salt=salt) for salt in (1, 2)]
    with SqliteLedger.lead(tmp_path / "ledger.sqlite") as ledger:
        store = ChainStore.open(ledger, EASY, start=start, now=NOW)
        expected = 0
        for number in range(40):
            branch = branches[number % 2]
            branch.grow(1 + bool(number))
            extension = store.take(branch.raw(), now=NOW, origin=None)
            assert extension.after.hash == branch.hash(branch.height)
            left = extension.reorg.depth if extension.reorg else 0
            joined = extension.after.height - extension.fork_height - extension.new
            expected += extension.new + joined + left
            assert sum(entry.kind == HEADER for entry in ledger.entries()) == expected
        assert len(ledger.headers(0, 1 << 32)) == sum(branch.height - branch.first for branch in branches)


# Any history: what is derived depends on the best chain alone

LIMBS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 9), st.integers(300, 900)), max_size=6)


@settings(max_examples=scaled(15, 2_000))
@given(limbs=LIMBS, order=st.randoms(use_true_random=False))
def test_any_history_gives_the_tables_of_its_best_chain(
    tmp_path_factory: pytest.TempPathFactory, limbs: list[tuple[int, int, int]], order: object
) -> None:
    start, stem = easy_start(300 * PERIOD, time_s=START_S)
    branches = [stem.grow(3)]
    for number, (where, blocks, spacing_s) in enumerate(limbs):
        base = branches[where % len(branches)]
        fork = base.first + where % (base.height - base.first + 1)
        branches.append(base.fork(fork).grow(blocks, salt=number + 1, spacing_s=spacing_s))
    order.shuffle(branches)  # type: ignore[attr-defined]  # a `random.Random`, which tests may not name
    facts = [facts_of(branch, branch.first) for branch in branches]
    folder = tmp_path_factory.mktemp("history")
    history = kept(folder / "history", start, [branch.raw() for branch in branches], facts)

    longest = max(branch.height for branch in branches)
    best = next(branch for branch in branches if branch.height == longest)
    straight = kept(folder / "straight", start, [best.raw()], [facts_of(best, best.first)])
    assert best_rows(history.home.ledger) == best_rows(straight.home.ledger)
    for name in CHAIN_TABLES:
        assert history.read(name).equals(straight.read(name))
        assert history.files[name] == straight.files[name]


# Death in the middle


@pytest.fixture(scope="module")
def deep() -> tuple[Start, Branch, Branch, int]:
    return rivals(plain, 100)


def entered(path: Path, start: Start) -> tuple[bytes, list[bytes]]:
    """The tip of the store, and all its headers with their labels."""
    with SqliteLedger.lead(path) as ledger:
        chain = ChainStore.open(ledger, EASY, start=start, now=NOW).chain
        assert ledger.verify()
        rows = sorted(row.header + row.branch.encode() for row in ledger.headers(0, 1 << 32))
    return chain.tip.hash, rows


def test_death_in_the_middle_of_a_reorganisation_leaves_one_of_two_tips(
    ram: Path, nursery: Nursery, deep: tuple[Start, Branch, Branch, int]
) -> None:
    start, old, new, fork = deep
    before_path, after_path = ram / "before.sqlite", ram / "after.sqlite"
    taken(before_path, start, [old.raw()])
    before = entered(before_path, start)
    after_path.write_bytes(before_path.read_bytes())
    taken(after_path, start, [new.above(fork)])
    after = entered(after_path, start)
    task = {"anchor": [start.anchor.height, START_S], "headers": new.above(fork).hex()}

    def end(number: int, **death: object) -> tuple[int, bool]:
        """The signal of which a child died, and whether it had switched."""
        path = ram / f"{number}.sqlite"
        path.write_bytes(before_path.read_bytes())
        (told,) = nursery.run("reorg", path, **task, **death)
        state = entered(path, start)
        assert state in (before, after)
        assert not told.acknowledged or state == after
        assert taken(path, start, [new.above(fork)])  # it takes up where it stood
        assert entered(path, start) == after
        path.unlink()
        return told.signal, state == after

    switched = set()
    for statement in count(1, 1 if SCALE > 1 else 8):
        signal, has_switched = end(statement, statement=statement)
        switched.add(has_switched)
        if not signal:
            break
        assert signal == KILLED
    assert statement > 400
    assert switched == {False, True}
    cut = [end(limit, limit=limit, fatal=True) for limit in range(4096, 400_000, 13_999 // min(SCALE, 8))]
    assert {TOO_LONG, 0} == {signal for signal, _ in cut}
    assert {has_switched for _, has_switched in cut} == {False, True}


# Growth


def test_the_log_stays_small_however_long_the_chain_is_followed(ram: Path) -> None:
    """At scale 20: 30 days of blocks that come ten times too often."""
    path, blocks = ram / "ledger.sqlite", 2_160 * min(SCALE, 20)
    branch = Branch(EASY).grow(blocks)
    log, largest = Path(f"{path}-wal"), 0
    with SqliteLedger.lead(path) as ledger:
        store = ChainStore.open(ledger, EASY, start=Start.genesis(EASY), now=FIRST_AT)
        for header in branch.headers[1:]:
            store.take(header, now=NOW, origin=None)
            largest = max(largest, log.stat().st_size)
        assert store.chain.height == blocks
    assert 4_000_000 < largest < 16 << 20
    assert path.stat().st_size < blocks * 1_200 + 100_000


def test_a_reader_that_stops_half_way_holds_the_log_only_as_long_as_it_stands(ram: Path) -> None:
    path, branch = ram / "ledger.sqlite", Branch(EASY).grow(3_000)
    log = Path(f"{path}-wal")
    with SqliteLedger.lead(path) as ledger:
        store = ChainStore.open(ledger, EASY, start=Start.genesis(EASY), now=FIRST_AT)
        store.take(branch.raw()[: 80 * 500], now=NOW, origin=None)
        with SqliteLedger.view(path) as reader:
            half_read = reader.scan()
            next(half_read)
            for place in range(500, 1_500):
                store.take(branch.headers[place + 1], now=NOW, origin=None)
            held = log.stat().st_size
            assert sum(1 for _ in half_read) == 501  # what was there when it began
        for place in range(1_500, 3_000):
            store.take(branch.headers[place + 1], now=NOW, origin=None)
        assert held > 8_000_000
        assert log.stat().st_size < held + 200_000
        assert store.chain.height == 3_000

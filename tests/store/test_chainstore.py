from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from support.chains import EASY, NOW, taken
from support.headers import Branch, double_sha256, easy, seeded
from wattshift.chain.anchor import Anchor
from wattshift.chain.faults import Fault
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, NETWORKS, REGTEST, Network
from wattshift.errors import Conflict, Corrupt, InputError, InvalidHeader, Locked, StoreError
from wattshift.provenance import FetchOrigin
from wattshift.store import rebuild
from wattshift.store.chainstore import BATCH, ChainStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import HEADER, HeaderRow
from wattshift.store.start import START, Start

FROM_GENESIS = Start.genesis(EASY)
ORIGIN = FetchOrigin(
    source="node", upstream="home", url="http://127.0.0.1:8332/rest", fetched_at=NOW, sha256="ab" * 32
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    with SqliteLedger.lead(path) as ledger:
        yield ledger


def opened(ledger: SqliteLedger, start: Start = FROM_GENESIS) -> ChainStore:
    return ChainStore.open(ledger, start.network, start=start, now=NOW)


def labels(ledger: SqliteLedger) -> dict[bytes, str]:
    return {row.block_hash: row.branch for row in ledger.headers(0, 1 << 32)}


def counts(ledger: SqliteLedger) -> tuple[int, int]:
    """Number of entries of headers, and of batches."""
    kinds = [entry.kind for entry in ledger.entries()]
    return kinds.count(HEADER), kinds.count(BATCH)


# What is kept


def test_headers_are_kept_with_their_branch(ledger: SqliteLedger) -> None:
    store = opened(ledger)
    stem = Branch(EASY).grow(20)
    old, new = stem.fork(15).grow(5, salt=1), stem.fork(15).grow(6, salt=2)
    store.take(old.raw(), now=NOW, origin=None)
    assert set(labels(ledger).values()) == {"best"}
    store.take(new.raw(16)[:240], now=NOW, origin=None)
    assert [labels(ledger)[new.hash(height)] for height in (16, 17, 18)] == ["side"] * 3
    assert counts(ledger) == (23, 2)
    extension = store.take(new.raw(16), now=NOW, origin=None)
    assert extension.reorg is not None
    assert {labels(ledger)[old.hash(height)] for height in range(16, 21)} == {"stale"}
    assert {labels(ledger)[new.hash(height)] for height in range(1, 22)} == {"best"}
    # Three new headers, and corrections of the three that joined and of the five that left.
    assert counts(ledger) == (23 + 3 + 3 + 5, 3)
    assert ledger.tip() == HeaderRow(
        header=new.headers[-1], height=21, work_hashes=store.chain.tip.work_hashes, branch="best"
    )


def test_what_changes_nothing_is_not_kept(ledger: SqliteLedger) -> None:
    store = opened(ledger)
    branch = Branch(EASY).grow(60)
    store.take(branch.raw(), now=NOW, origin=None)
    before = counts(ledger)
    orphan = branch.fork(60).grow(2).headers[-1]
    for headers in (b"", branch.raw(), orphan, bytes(80)):
        store.take(headers, now=NOW, origin=None)
    assert counts(ledger) == before
    with pytest.raises(InvalidHeader):
        store.take(b"too short", now=NOW, origin=None)
    store.take(branch.fork(60).grow(1).raw(61), now=NOW, origin=None)  # and the orphan with it
    assert counts(ledger) == (62, 2)


def test_a_batch_tells_who_brought_what(ledger: SqliteLedger) -> None:
    store = opened(ledger)
    branch = Branch(EASY).grow(3)
    store.take(branch.raw(), now=NOW, origin=ORIGIN)
    (entry,) = ledger.records(BATCH)
    assert entry.seq == 5  # behind the start and its headers, in their transaction
    assert json.loads(entry.body) == {
        "before": [0, hash_to_hex(branch.hash(0))],
        "after": [3, hash_to_hex(branch.hash(3))],
        "best": 3,
        "stale": 0,
        "side": 0,
        "origin": {
            "source": "node",
            "upstream": "home",
            "url": "http://127.0.0.1:8332/rest",
            "fetched_at": "2026-11-01T00:00Z",
            "sha256": "ab" * 32,
        },
    }


def test_branches_that_come_in_one_batch_are_told_apart(path: Path) -> None:
    stem = Branch(EASY).grow(40)
    old, new, third = (stem.fork(30).grow(count, salt=count) for count in (10, 12, 4))
    batch = old.raw() + new.above(30) + third.above(30)
    state = taken(path, FROM_GENESIS, [batch])
    with SqliteLedger.lead(path) as ledger:
        store = opened(ledger)
        assert store.chain.state_hash() == state
        assert labels(ledger)[old.hash(35)] == "stale"
        assert labels(ledger)[third.hash(34)] == "side"
        assert {labels(ledger)[new.hash(height)] for height in range(1, 43)} == {"best"}
        assert counts(ledger) == (30 + 10 + 12 + 4, 1)
        seen = {EASY.genesis_hash}
        for entry in ledger.entries():
            if entry.kind == HEADER:
                row = HeaderRow.unpack(entry.body)
                assert row.header[4:36] in seen  # parents first
                seen.add(row.block_hash)


def test_a_clock_that_is_set_back_does_not_stop_a_reorganisation(ledger: SqliteLedger) -> None:
    store = opened(ledger)
    stem = Branch(EASY).grow(20)
    branches = [stem.fork(15).grow(count, salt=count) for count in (5, 6, 7)]
    for number, branch in enumerate(branches):
        store.take(branch.raw(), now=NOW - timedelta(days=number), origin=None)
        earlier = NOW - timedelta(days=number)
        ledger.record("note", known_at=earlier - timedelta(days=9), body=b"%d" % number)
        store = ChainStore.open(ledger, EASY, start=FROM_GENESIS, now=earlier)
    assert labels(ledger)[branches[2].hash(22)] == "best"
    assert opened(ledger).chain.tip.hash == branches[2].hash(22)
    instants = [entry.known_at for entry in ledger.entries() if entry.kind == HEADER]
    assert instants == sorted(instants)


def test_after_a_failure_the_store_says_that_it_must_be_opened_anew(path: Path) -> None:
    branch = Branch(EASY).grow(9)
    with SqliteLedger.lead(path) as ledger:
        store = opened(ledger)
        store.take(branch.raw()[:400], now=NOW, origin=None)
        path.with_name(f"{path.name}.lock").unlink()
        with SqliteLedger.lead(path), pytest.raises(Locked):
            store.take(branch.raw(), now=NOW, origin=None)
        with pytest.raises(StoreError, match="ahead of the ledger") as caught:
            store.take(branch.raw(), now=NOW, origin=None)
        assert caught.value.hint
    with SqliteLedger.lead(path) as ledger:
        store = opened(ledger)
        assert store.chain.height == 5
        assert store.take(branch.raw(), now=NOW, origin=None).after.height == 9


# Opening


def test_opening_resumes_the_same_state(path: Path) -> None:
    rng, branches = seeded(5), [Branch(EASY)]
    with SqliteLedger.lead(path) as ledger:
        store, chain = opened(ledger), HeaderChain(EASY)
        for number in range(60):
            base = rng.choice(branches[-6:])
            branches.append(base.fork(rng.randint(max(0, base.height - 5), base.height)))
            branches[-1].grow(rng.randint(1, 8), salt=number)
            headers = branches[-1].raw()
            store.take(headers, now=NOW, origin=None)
            chain.extend(headers, int(NOW.timestamp()))
        assert store.chain.branches() == chain.branches()
        assert len(chain.branches()) > 10
    with SqliteLedger.lead(path) as ledger:
        again = opened(ledger).chain
        assert (again.state_hash(), again.tip) == (chain.state_hash(), chain.tip)
        assert again.branches() == chain.branches()
        for branch in branches:
            assert again.was_best(branch.hash(branch.height)) == chain.was_best(branch.hash(branch.height))


def test_the_start_is_the_first_entry_and_is_written_once(path: Path) -> None:
    for _ in range(2):
        with SqliteLedger.lead(path) as ledger:
            opened(ledger)
            assert [entry.kind for entry in ledger.entries()] == [START]


@pytest.mark.parametrize(("ours", "theirs"), list(product(NETWORKS.values(), repeat=2)))
def test_a_store_is_of_one_network(path: Path, ours: Network, theirs: Network) -> None:
    with SqliteLedger.lead(path) as ledger:
        opened(ledger, Start.genesis(ours))
        before = list(ledger.entries())
        store = None
        if ours is theirs:
            store = opened(ledger, Start.genesis(theirs))
        else:
            with pytest.raises(Conflict, match=f"follows {ours.name}, not {theirs.name}"):
                opened(ledger, Start.genesis(theirs))
            with pytest.raises(InputError, match="is none on"):
                ChainStore.open(ledger, ours, start=Start.genesis(theirs), now=NOW)
            store = opened(ledger, Start.genesis(ours))
        extension = store.take(theirs.genesis_header, now=NOW, origin=ORIGIN)
        assert extension.known == (ours is theirs)
        assert [refusal.fault for refusal in extension.refused] == [Fault.WRONG_NETWORK] * (
            ours is not theirs
        )
        assert list(ledger.entries()) == before


def test_a_ledger_of_something_else_is_refused(ledger: SqliteLedger) -> None:
    ledger.record("receipt", known_at=NOW, body=b"")
    with pytest.raises(Conflict, match="holds no chain"):
        opened(ledger)
    assert [entry.kind for entry in ledger.entries()] == ["receipt"]


def test_a_store_that_starts_further_down_serves_and_one_further_up_does_not(
    tmp_path: Path, header_frame: pl.DataFrame
) -> None:
    row = header_frame.row(100, named=True)
    bundled = Start.bundled()
    deep = replace(
        bundled.anchor,
        height=row["height"],
        header=row["header"],
        work_hashes=int(row["chainwork"]),
        period_first_time_s=row["header_time_s"],
        period_first_bits=row["bits"],
    )
    low = replace(bundled, anchor=deep)
    blind = replace(bundled, checkpoints={})
    for number, (kept, asked, is_served) in enumerate(
        [
            (Start.genesis(), bundled, True),
            (low, bundled, True),
            (low, blind, False),
            (low, Start.genesis(), False),
            (bundled, Start.genesis(), False),
            (bundled, low, False),
        ]
    ):
        with SqliteLedger.lead(tmp_path / f"{number}.sqlite") as ledger:
            opened(ledger, kept)
            if is_served:
                assert opened(ledger, asked).chain.anchor == kept.anchor
                continue
            with pytest.raises(Conflict, match="starts at block"):
                opened(ledger, asked)
            assert len(list(ledger.entries())) == 1


def test_a_newer_bundled_anchor_resumes_an_older_store(ledger: SqliteLedger) -> None:
    """An update of wattshift brings a later anchor, and trusts the earlier one by its hash."""
    bundled = Start.bundled()
    opened(ledger, bundled)
    later = replace(bundled.anchor, height=bundled.anchor.height + 2016)
    assert opened(ledger, replace(bundled, anchor=later)).chain.anchor == bundled.anchor


# Rows that do not prove themselves


def forged(ledger: SqliteLedger, row: HeaderRow) -> int:
    """Write a row as only a broken program could; the number of its entry."""
    ledger.append_headers([row], known_at=NOW + timedelta(hours=1))
    return sum(1 for _ in ledger.entries())


def refused(ledger: SqliteLedger) -> Corrupt:
    with pytest.raises(Corrupt) as caught:
        opened(ledger)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("headers", [3, 80])
def test_rows_are_believed_no_more_than_a_source(tmp_path: Path, headers: int) -> None:
    branch = Branch(EASY).grow(headers)
    rightly = branch.fork(headers).grow(1, salt=1)
    sound = HeaderRow(
        header=rightly.headers[-1], height=headers + 1, work_hashes=2 * (headers + 2), branch="best"
    )
    lone = replace(sound, header=rightly.fork(headers + 1).grow(1).headers[-1])
    forgeries = {
        "height": replace(sound, height=headers + 2),
        "other work": replace(sound, work_hashes=sound.work_hashes + 1),
        "parent is missing": lone,
        "time is still to come": replace(
            sound, header=branch.fork(headers).next(int(NOW.timestamp()) + 10_801 + 1)
        ),
        "labelled side": replace(sound, branch="side"),
        "labelled stale": replace(sound, branch="stale"),
        "does not meet": replace(sound, header=sound.header[:76] + bytes(4)),
        "labelled best, but is side": replace(
            sound,
            header=branch.fork(headers - 1).grow(1, salt=9).headers[-1],
            height=headers,
            work_hashes=2 * (headers + 1),
        ),
    }
    while int.from_bytes(double_sha256(forgeries["does not meet"].header), "little") <= EASY.pow_limit:
        header = forgeries["does not meet"].header
        nonce = (int.from_bytes(header[76:], "little") + 1).to_bytes(4, "little")
        forgeries["does not meet"] = replace(sound, header=header[:76] + nonce)
    for number, (fault, row) in enumerate(forgeries.items()):
        path = tmp_path / f"{number}.sqlite"
        taken(path, FROM_GENESIS, [branch.raw()])
        with SqliteLedger.lead(path) as ledger:
            seq = forged(ledger, row)
            error = refused(ledger)
            assert error.context["seq"] == seq, fault
            if fault != "does not meet":
                assert fault in error.message


@pytest.mark.parametrize("chunk", [4, 1000])
def test_a_label_that_was_never_corrected_is_found(
    path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "_CHUNK", chunk)
    stem = Branch(EASY).grow(20)
    old, new = stem.fork(10).grow(6, salt=1), stem.fork(10).grow(7, salt=2)
    with SqliteLedger.lead(path) as ledger:
        opened(ledger).take(old.raw(), now=NOW, origin=None)
        works = [2 * (height + 1) for height in range(18)]
        ledger.append_headers(
            [
                HeaderRow(header=header, height=height, work_hashes=works[height], branch="best")
                for height, header in enumerate(new.headers[11:], 11)
            ],
            known_at=NOW + timedelta(hours=1),
        )
        found = refused(ledger)
        if chunk == 4:
            assert "labelled as if they were" in found.message
        else:
            assert "entry 12 does not prove itself: it is labelled best, but is stale" in found.message


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"network": "easy mainnet", "genesis": 1}'])
def test_a_start_that_makes_no_sense_is_corrupt(ledger: SqliteLedger, body: bytes) -> None:
    ledger.record(START, known_at=NOW, body=body)
    assert refused(ledger).context["seq"] == 1


# Cheap chains


FAST = easy(MAINNET, interval=64)


def honest_start(honest: Branch) -> Start:
    """A start that trusts the first and the last block of each period of a chain, and its work."""
    chain = HeaderChain(FAST)
    chain.extend(honest.raw(), 1 << 32)
    last = honest.height // 64 * 64
    heights = [height for first in range(64, last + 1, 64) for height in (first - 1, first)]
    return Start(
        network=FAST,
        anchor=Anchor.genesis(FAST),
        checkpoints={height: honest.hash(height) for height in heights},
        min_work_hashes=chain.point_at(last).work_hashes,
    )


def test_a_flood_of_cheap_chains_writes_nothing_and_does_not_stop_the_honest_one(path: Path) -> None:
    honest = Branch(FAST).grow(200, spacing_s=100)
    start = honest_start(honest)
    cheap = Branch(FAST).grow(62, spacing_s=3000, salt=9)
    with SqliteLedger.lead(path) as ledger:
        store = opened(ledger, start)
        for peer in range(1000):
            fork = cheap.fork(peer % 40).grow(12, salt=10 + peer)
            extension = store.take(fork.raw(), now=NOW, origin=ORIGIN)
            assert extension.after.height == 0
            assert store.chain.side_count + store.chain.waiting_count <= 20_000
        too_high = cheap.fork(62).grow(2)
        assert (
            store.take(too_high.raw(), now=NOW, origin=ORIGIN).refused[0].fault is Fault.CHECKPOINT_MISMATCH
        )
        assert [entry.kind for entry in ledger.entries()] == [START]
        for first in range(1, 201, 20):
            store.take(b"".join(honest.headers[first : first + 20]), now=NOW, origin=None)
        assert store.chain.tip.hash == honest.hash(200)
        assert {row.header for row in ledger.headers(0, 999)} == set(honest.headers[1:])
    with SqliteLedger.lead(path) as ledger:
        assert opened(ledger, start).chain.tip.hash == honest.hash(200)


def test_a_bundled_start_keeps_nothing_of_chains_from_genesis(ledger: SqliteLedger) -> None:
    store = opened(ledger, Start.bundled())
    for seed in range(30):
        cheap = Branch(REGTEST).grow(12, salt=seed).raw()
        extension = store.take(cheap, now=NOW, origin=ORIGIN)
        assert extension.refused
        assert (extension.after.height, store.chain.waiting_count) == (878_976, 0)
    assert [entry.kind for entry in ledger.entries()] == [START]


def test_a_rebuild_never_halts_between_two_checkpoints(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There its headers would be candidates, and each would have to be looked up by its hash."""
    honest = Branch(FAST).grow(250, spacing_s=100)
    start = honest_start(honest)
    state = taken(path, start, [honest.raw()])
    monkeypatch.setattr(rebuild, "_CHUNK", 40)
    looked_up: list[int] = []
    monkeypatch.setattr(rebuild._Replay, "_check_row", lambda _self, seq, _row: looked_up.append(seq))
    with SqliteLedger.lead(path) as ledger:
        assert opened(ledger, start).chain.state_hash() == state
    assert looked_up == []


@pytest.mark.parametrize("headers_a_batch", [1, 7, 50])
def test_a_sync_from_genesis_survives_a_death_between_any_two_batches(
    path: Path, headers_a_batch: int
) -> None:
    honest = Branch(FAST).grow(200, spacing_s=100)
    start = honest_start(honest)
    heights = []
    for first in range(1, 201, headers_a_batch):
        with SqliteLedger.lead(path) as ledger:
            store = opened(ledger, start)
            heights.append(store.chain.height)
            # A source is asked for what follows the kept tip.
            store.take(
                b"".join(honest.headers[store.chain.height + 1 : first + headers_a_batch]),
                now=NOW,
                origin=None,
            )
            assert len(labels(ledger)) == store.chain.height
    assert heights == sorted(heights)
    if headers_a_batch < 50:
        assert {0, 64, 128} <= set(heights)
    assert store.chain.tip.hash == honest.hash(200)


def test_a_branch_is_kept_with_its_ancestors_once_it_has_work_enough(path: Path) -> None:
    """Two blocks that were not worth keeping are kept as soon as a third one makes their branch worth it."""
    main = Branch(EASY).grow(30)
    rival = main.fork(20).grow(10, salt=1)
    start = Start(network=EASY, anchor=Anchor.genesis(EASY), min_work_hashes=2 * 25)
    with SqliteLedger.lead(path) as ledger:
        store = opened(ledger, start)
        for header in main.headers:
            store.take(header, now=NOW, origin=None)
        for height in range(21, 30):
            store.take(rival.headers[height], now=NOW, origin=None)
            held = [rival.hash(each) in labels(ledger) for each in range(21, height + 1)]
            assert held == [height >= 24] * len(held)
            assert [labels(ledger)[main.hash(each)] for each in range(1, 31)] == ["best"] * 30
        state = store.chain.state_hash()
    with SqliteLedger.lead(path) as ledger:
        assert opened(ledger, start).chain.state_hash() == state


# Restoring


def test_a_copys_entries_restore_the_store(tmp_path: Path) -> None:
    branch = Branch(EASY).grow(50)
    rival = branch.fork(40).grow(11, salt=1)
    path, copy = tmp_path / "ledger.sqlite", tmp_path / "restored.sqlite"
    state = taken(path, FROM_GENESIS, [branch.raw(), rival.raw()])
    with SqliteLedger.view(path) as ledger, SqliteLedger.lead(copy) as restored:
        entries = list(ledger.entries())
        restored.restore(entries)
        assert list(restored.entries()) == entries
        assert restored.verify() == ledger.verify()
        assert opened(restored).chain.state_hash() == state
        more = rival.fork(51).grow(1)
        assert opened(restored).take(more.raw(52), now=NOW, origin=None).after.height == 52

"""What hostile sources can and cannot do: other networks, cheap chains, floods, contradictions."""

from __future__ import annotations

from itertools import product

import pytest

from support.headers import FAR_S, START_S, Branch, double_sha256, easy, mine
from wattshift.chain.extension import Refusal
from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, NETWORKS, Network
from wattshift.chain.target import Bits, bits_to_work

EASY = easy(MAINNET, interval=64)
CHEAP_HASHES = bits_to_work(Bits(EASY.pow_limit_bits))


@pytest.fixture(scope="module")
def honest() -> Branch:
    """Blocks so fast that each period is four times as hard as the one before."""
    return Branch(EASY).grow(200, spacing_s=100)


@pytest.fixture(scope="module")
def cheap() -> Branch:
    return Branch(EASY).grow(400, spacing_s=3000, salt=9)


# Other networks


@pytest.mark.parametrize(("ours", "theirs"), list(product(NETWORKS.values(), repeat=2)))
def test_only_the_own_genesis_block_is_welcome(ours: Network, theirs: Network) -> None:
    chain = HeaderChain(ours)
    before = chain.state_hash()
    report = chain.extend(theirs.genesis_header + bytes(80), FAR_S)
    if ours is theirs:
        assert report.known == 1
    else:
        (refusal,) = report.refused
        assert (refusal.fault, report.unread) == (Fault.WRONG_NETWORK, 1)
        assert refusal.error.context["network"] == theirs.name
        assert refusal.error.context["expected"] == hash_to_hex(BlockHash(ours.genesis_hash))
    assert (chain.state_hash(), chain.waiting_count) == (before, 0)


# Cheap chains


@pytest.mark.parametrize("headers_a_batch", [1, 50, 400])
def test_a_cheap_chain_is_higher_and_not_adopted(headers_a_batch: int, honest: Branch, cheap: Branch) -> None:
    chain = HeaderChain(EASY)
    chain.extend(honest.raw(), FAR_S)
    tip = chain.tip
    for start in range(1, 401, headers_a_batch):
        report = chain.extend(b"".join(cheap.headers[start : start + headers_a_batch]), FAR_S)
        assert (report.after, report.reorg) == (tip, None)
    (branch,) = chain.branches()
    assert (branch.tip.height, branch.fork_height) == (400, 0)
    assert branch.tip.height > chain.height
    assert branch.tip.work_hashes < chain.tip.work_hashes


@pytest.mark.parametrize("headers_a_batch", [1, 50, 400])
def test_too_little_work_is_never_adopted(headers_a_batch: int, honest: Branch, cheap: Branch) -> None:
    chain = HeaderChain(EASY, min_work_hashes=500 * CHEAP_HASHES)
    for start in range(1, 401, headers_a_batch):
        chain.extend(b"".join(cheap.headers[start : start + headers_a_batch]), FAR_S)
        assert chain.height == 0
    assert chain.side_count == 400
    for start in range(1, 201, headers_a_batch):
        chain.extend(b"".join(honest.headers[start : start + headers_a_batch]), FAR_S)
    assert chain.tip.hash == honest.hash(200)
    assert chain.tip.work_hashes >= 500 * CHEAP_HASHES


def test_a_chain_is_adopted_at_exactly_the_least_work(cheap: Branch) -> None:
    enough = HeaderChain(EASY, min_work_hashes=401 * CHEAP_HASHES)
    enough.extend(cheap.raw(), FAR_S)
    assert enough.height == 400
    short = HeaderChain(EASY, min_work_hashes=401 * CHEAP_HASHES + 1)
    short.extend(cheap.raw(), FAR_S)
    assert (short.height, short.side_count) == (0, 400)


# Checkpoints vouch for what leads up to them


def trusting(honest: Branch, *heights: int, max_side: int = 100_000) -> HeaderChain:
    """A chain that wants all the work of a branch, and trusts its blocks at some heights."""
    work_hashes = HeaderChain(EASY)
    work_hashes.extend(honest.raw(), FAR_S)
    return HeaderChain(
        EASY,
        checkpoints={height: honest.hash(height) for height in heights},
        min_work_hashes=work_hashes.tip.work_hashes,
        max_side=max_side,
    )


@pytest.mark.parametrize("passed", [(0, 63, 64, 127, 128, 150), (0, 40, 100)])
@pytest.mark.parametrize("headers_a_batch", [1, 7, 33, 50, 190, 200])
def test_a_chain_is_adopted_from_checkpoint_to_checkpoint_in_little_room(
    headers_a_batch: int, passed: tuple[int, ...], honest: Branch
) -> None:
    chain = trusting(honest, *passed[1:], max_side=100 + headers_a_batch)
    for start in range(1, 201, headers_a_batch):
        report = chain.extend(b"".join(honest.headers[start : start + headers_a_batch]), FAR_S)
        last = min(start + headers_a_batch - 1, 200)
        assert chain.height == (200 if last == 200 else max(each for each in passed if each <= last))
        assert (report.dropped, report.reorg) == (0, None)
        assert chain.side_count == last - chain.height
        assert set(report.beside) == {
            honest.hash(height) for height in range(max(chain.height + 1, start), last + 1)
        }
    straight = HeaderChain(EASY)
    straight.extend(honest.raw(), FAR_S)
    assert chain.state_hash() == straight.state_hash()
    assert list(chain.works(0, 200)) == list(straight.works(0, 200))


@pytest.mark.parametrize("headers_a_batch", [1, 400])
def test_a_cheap_chain_gets_no_further_than_the_first_checkpoint(
    headers_a_batch: int, honest: Branch, cheap: Branch
) -> None:
    chain = trusting(honest, 63, 64)
    for start in range(1, 401, headers_a_batch):
        chain.extend(b"".join(cheap.headers[start : start + headers_a_batch]), FAR_S)
    assert (chain.height, chain.side_count) == (0, 62)
    chain.extend(b"".join(honest.headers[1:100]), FAR_S)
    assert (chain.tip.hash, chain.side_count) == (honest.hash(64), 62 + 35)


def test_a_last_header_that_was_awaited_brings_all_up_to_the_checkpoint(honest: Branch) -> None:
    chain = trusting(honest, 64)
    chain.extend(b"".join(honest.headers[2:101]), FAR_S)
    report = chain.extend(honest.headers[1], FAR_S)
    assert (report.new, chain.height, chain.side_count) == (100, 64, 36)


def test_side_branches_are_bounded_and_the_least_work_goes_first(honest: Branch, cheap: Branch) -> None:
    chain = HeaderChain(EASY, max_side=64)
    chain.extend(honest.raw(), FAR_S)
    near = honest.fork(195).grow(4, spacing_s=100, salt=1)
    assert chain.extend(near.raw(196), FAR_S).new == 4
    dropped = 0
    for _ in range(3):  # as many sources that offer the same
        for start in range(1, 401, 40):
            report = chain.extend(b"".join(cheap.headers[start : start + 40]), FAR_S)
            assert chain.side_count <= 64
            dropped += report.dropped
    assert dropped > 300
    assert near.hash(199) in chain  # a rival near the tip survives the flood
    assert chain.tip.hash == honest.hash(200)
    reorg = chain.extend(near.grow(2, spacing_s=100).raw(), FAR_S).reorg
    assert reorg is not None
    assert (reorg.depth, chain.tip.hash) == (5, near.hash(201))


def test_pruned_headers_are_forgotten_and_may_come_again(cheap: Branch) -> None:
    chain = HeaderChain(EASY, max_side=80, min_work_hashes=10**9)
    chain.extend(b"".join(cheap.headers[1:101]), FAR_S)
    assert chain.side_count == 70
    assert [cheap.hash(height) in chain for height in (70, 71)] == [True, False]
    assert chain.extend(b"".join(cheap.headers[1:101]), FAR_S).known == 70


@pytest.mark.parametrize("headers_a_batch", [1, 70])
def test_a_displaced_branch_that_is_pruned_is_unknown(headers_a_batch: int) -> None:
    stem = Branch(EASY).grow(12)
    old, new = stem.fork(12).grow(40, salt=1), stem.fork(12).grow(41, salt=2)
    chain = HeaderChain(EASY, max_side=40)
    for start in range(1, 53, headers_a_batch):
        chain.extend(b"".join(old.headers[start : start + headers_a_batch]), FAR_S)
    assert chain.extend(new.raw(), FAR_S).reorg is not None
    assert chain.side_count == 40
    assert chain.extend(stem.fork(5).grow(1, salt=3).raw(), FAR_S).dropped == 6  # itself, then five of 40
    assert [old.hash(height) in chain for height in range(13, 53)] == [True] * 35 + [False] * 5


# Floods


def test_orphans_are_bounded_and_the_oldest_go_first() -> None:
    chain = HeaderChain(EASY, max_waiting=50)
    orphans = [mine(bytes([1]) * 32, START_S, salt=salt) for salt in range(120)]
    report = chain.extend(b"".join(orphans), FAR_S)
    assert (chain.waiting_count, report.dropped) == (50, 70)
    assert report.orphaned == tuple(double_sha256(raw) for raw in orphans[70:])


def test_held_headers_are_bounded_too() -> None:
    chain = HeaderChain(EASY, max_waiting=5)
    early = [mine(EASY.genesis_hash, START_S + 90_000, salt=salt) for salt in range(8)]
    report = chain.extend(b"".join(early), START_S)
    assert (len(report.early), report.dropped, chain.waiting_count) == (5, 3, 5)
    report = chain.extend(b"", START_S + 90_000)
    assert (report.new, chain.tip.hash, chain.waiting_count) == (5, double_sha256(early[3]), 0)


def test_10000_siblings_are_all_kept_beside_the_first() -> None:
    stem = Branch(EASY).grow(12)
    siblings = [stem.next(stem.parsed[-1].time_s + 600, salt=salt) for salt in range(10_000)]
    chain = HeaderChain(EASY)
    chain.extend(stem.raw(), FAR_S)
    report = chain.extend(b"".join(siblings), FAR_S)
    assert (report.new, report.dropped) == (10_000, 0)
    assert chain.tip.hash == double_sha256(siblings[0])
    branches = chain.branches()
    assert len(branches) == chain.side_count == 9_999
    assert {(branch.length, branch.fork_height) for branch in branches} == {(1, 12)}
    child = mine(double_sha256(siblings[9_999]), stem.parsed[-1].time_s + 1200)
    assert chain.extend(child, FAR_S).after.hash == double_sha256(child)


def test_siblings_that_all_wait_for_one_parent_join_at_once() -> None:
    stem = Branch(EASY).grow(13)
    siblings = [stem.next(stem.parsed[-1].time_s + 600, salt=salt) for salt in range(2_000)]
    chain = HeaderChain(EASY)
    chain.extend(b"".join(siblings) + stem.raw(2), FAR_S)
    assert (chain.height, chain.waiting_count) == (0, 2_012)
    report = chain.extend(stem.headers[1], FAR_S)
    assert (report.new, chain.waiting_count) == (2_013, 0)
    assert chain.tip.hash == double_sha256(siblings[0])  # of equals the first to arrive


# Checkpoints


@pytest.mark.parametrize("headers_a_batch", [1, 200])
def test_each_of_200_contradicted_checkpoints_is_caught_at_its_height(
    headers_a_batch: int, honest: Branch
) -> None:
    for height in range(1, 201):
        chain = HeaderChain(EASY, checkpoints={height: honest.hash(height - 1)})
        start = max(height - 2, 1) if headers_a_batch == 1 else 1
        chain.extend(b"".join(honest.headers[1:start]), FAR_S)
        refused: list[Refusal] = []
        for at in range(start, 201, headers_a_batch):
            refused += chain.extend(b"".join(honest.headers[at : at + headers_a_batch]), FAR_S).refused
            if refused:
                break
        assert [(each.fault, each.height) for each in refused] == [(Fault.CHECKPOINT_MISMATCH, height)]
        assert refused[0].error.context["hash"] == hash_to_hex(honest.hash(height))
        assert refused[0].error.context["expected"] == hash_to_hex(honest.hash(height - 1))
        assert chain.height == height - 1


def test_no_new_branch_starts_below_a_passed_checkpoint(honest: Branch, cheap: Branch) -> None:
    chain = HeaderChain(EASY, checkpoints={50: honest.hash(50), 100: honest.hash(100)})
    assert chain.extend(honest.raw(), FAR_S).new == 200
    (refusal,) = chain.extend(cheap.raw(), FAR_S).refused
    assert (refusal.fault, refusal.height) == (Fault.CHECKPOINT_MISMATCH, 1)
    (refusal,) = chain.extend(honest.fork(20).grow(100, salt=1).raw(), FAR_S).refused
    assert (refusal.fault, refusal.height) == (Fault.CHECKPOINT_MISMATCH, 21)
    late = honest.fork(98).grow(2, salt=1)
    assert [each.height for each in chain.extend(late.raw(), FAR_S).refused] == [99]
    assert chain.extend(honest.fork(100).grow(2, salt=1).raw(), FAR_S).new == 2
    assert chain.extend(honest.raw(), FAR_S).known == 200


def test_a_heavier_chain_without_the_checkpoint_is_refused(honest: Branch) -> None:
    rival = honest.fork(20).grow(200, spacing_s=90, salt=1)
    chain = HeaderChain(EASY, checkpoints={100: honest.hash(100)})
    chain.extend(b"".join(honest.headers[1:90]), FAR_S)
    report = chain.extend(rival.raw(), FAR_S)
    assert [(each.fault, each.height) for each in report.refused] == [(Fault.CHECKPOINT_MISMATCH, 100)]
    assert report.reorg is not None  # up to its 99th block it was the longest
    report = chain.extend(honest.raw(), FAR_S)
    assert (report.refused, chain.tip.hash) == ((), honest.hash(200))

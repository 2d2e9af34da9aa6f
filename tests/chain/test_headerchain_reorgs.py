from __future__ import annotations

import pytest

from support.headers import FAR_S, Branch, easy
from wattshift.chain.extension import BranchKind
from wattshift.chain.header import BlockHash
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, TESTNET4, Network
from wattshift.errors import OutOfSpan

DEPTHS = (1, 2, 6, 24, 53, 100, 1088)
STEM = 30
PERIODS = easy(MAINNET, interval=144)
RULES = (PERIODS, easy(TESTNET4, interval=144))


@pytest.fixture(scope="module", params=RULES, ids=lambda network: network.name)
def network(request: pytest.FixtureRequest) -> Network:
    assert isinstance(request.param, Network)
    return request.param


@pytest.fixture(scope="module")
def longest(network: Network) -> tuple[Branch, Branch]:
    """Two branches from block 30 on; the deeper ones cross retargets, where their bits part ways."""
    stem = Branch(network).grow(STEM)
    old = stem.fork(STEM).grow(max(DEPTHS), salt=1)
    return old, stem.fork(STEM).grow(max(DEPTHS) + 1, spacing_s=595, salt=2)


def extend(chain: HeaderChain, raw: bytes, *, headers_a_batch: int) -> None:
    for start in range(0, len(raw), 80 * headers_a_batch):
        assert chain.extend(raw[start : start + 80 * headers_a_batch], FAR_S).refused == ()


@pytest.mark.parametrize("headers_a_batch", [1, 45, 2000])
def test_an_extension_tells_what_changed_sides(headers_a_batch: int, longest: tuple[Branch, Branch]) -> None:
    """Fork height, stale and beside say where every header went, without a look at the chain."""
    old, new = longest[0].fork(STEM + 40), longest[1].fork(STEM + 45)
    chain, best, beside = HeaderChain(old.network), {0: old.hash(0)}, set[BlockHash]()
    raw = old.raw() + new.raw(STEM + 1) + old.fork(STEM + 40).grow(10).raw(STEM + 41)
    for start in range(0, len(raw), 80 * headers_a_batch):
        report = chain.extend(raw[start : start + 80 * headers_a_batch], FAR_S)
        best = {height: name for height, name in best.items() if height <= report.fork_height}
        best |= {
            height: chain.point_at(height).hash for height in range(report.fork_height + 1, chain.height + 1)
        }
        stale = set(report.reorg.stale if report.reorg else ())
        assert stale.isdisjoint(report.beside)
        beside |= {*report.beside, *stale}
        beside -= set(best.values())
        assert best == {height: chain.point_at(height).hash for height in range(chain.height + 1)}
        assert len(beside) == chain.side_count
        assert not any(chain.is_best(name) for name in beside)
    assert chain.height == STEM + 50


def test_who_saw_a_block_on_the_best_chain_may_say_so(longest: tuple[Branch, Branch]) -> None:
    old, new = longest[0].fork(STEM + 2), longest[1].fork(STEM + 3)
    chain, seen = HeaderChain(old.network), HeaderChain(old.network)
    chain.extend(new.raw() + old.raw(STEM + 1), FAR_S)
    seen.extend(old.raw(), FAR_S)
    seen.extend(new.raw(STEM + 1), FAR_S)
    stale = [old.hash(STEM + 1), old.hash(STEM + 2)]
    assert [chain.was_best(name) for name in stale] == [False, False]
    assert [seen.was_best(name) for name in stale] == [True, True]
    assert [branch.kind for branch in chain.branches()] == [BranchKind.SIDE]
    for name in stale:
        chain.mark_stale(name)
    assert chain.branches() == seen.branches()
    assert not chain.was_best(new.hash(STEM + 1))
    with pytest.raises(OutOfSpan, match="on the best chain"):
        chain.mark_stale(new.hash(STEM + 1))
    with pytest.raises(OutOfSpan, match="no block"):
        chain.mark_stale(BlockHash(bytes(32)))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("headers_a_batch", [1, 7, 2000])
def test_the_state_after_a_reorg_is_that_of_a_chain_built_from_scratch(
    depth: int, headers_a_batch: int, network: Network, longest: tuple[Branch, Branch]
) -> None:
    old, new = longest[0].fork(STEM + depth), longest[1].fork(STEM + depth + 1)
    chain = HeaderChain(network)
    extend(chain, old.raw(), headers_a_batch=headers_a_batch)
    before = chain.tip
    extend(chain, new.raw()[:-80], headers_a_batch=headers_a_batch)
    reorg = chain.extend(new.headers[-1], FAR_S).reorg
    if reorg is None:  # the new branch is the faster one: after a retarget it may have won before
        assert depth > 100
        assert not chain.is_best(before.hash)
    else:
        assert (reorg.depth, reorg.fork.height, reorg.fork.hash) == (depth, STEM, old.hash(STEM))
        assert (reorg.old, reorg.new) == (before, chain.tip)
        assert reorg.stale == tuple(old.hash(height) for height in range(STEM + 1, STEM + depth + 1))
        assert reorg.new.work_hashes > reorg.old.work_hashes
    reversed_order, only_new = HeaderChain(network), HeaderChain(network)
    reversed_order.extend(new.raw() + old.raw(STEM + 1), FAR_S)
    only_new.extend(new.raw(), FAR_S)
    assert chain.tip == only_new.tip
    assert chain.state_hash() == reversed_order.state_hash()
    assert chain.state_hash(with_branches=False) == only_new.state_hash()
    assert chain.state_hash() != only_new.state_hash()
    assert [chain.point_at(height) for height in range(chain.height + 1)] == [
        only_new.point_at(height) for height in range(chain.height + 1)
    ]
    (stale,) = chain.branches()
    assert (stale.tip, stale.length, stale.fork_height) == (before, depth, STEM)
    assert stale.kind is BranchKind.STALE


def test_a_deep_reorg_inside_one_batch_is_reported_once() -> None:
    stem = Branch(PERIODS).grow(STEM)
    old, new = stem.fork(STEM).grow(1088, salt=1), stem.fork(STEM).grow(1100, salt=2)
    chain = HeaderChain(PERIODS)
    chain.extend(old.raw(), FAR_S)
    reorg = chain.extend(new.raw(STEM + 1), FAR_S).reorg
    assert reorg is not None
    assert (reorg.depth, reorg.old.hash, reorg.new.hash) == (1088, old.hash(1118), new.hash(1130))
    back = chain.extend(old.grow(20, salt=3).raw(), FAR_S).reorg
    assert back is not None
    assert (back.depth, back.new.hash, back.fork.height) == (1100, old.hash(1138), STEM)
    assert all(old.hash(height) in chain for height in range(old.height + 1))
    assert all(new.hash(height) in chain for height in range(new.height + 1))


def test_flip_flops_leave_nothing_behind() -> None:
    one, other = Branch(PERIODS).grow(STEM), Branch(PERIODS).grow(STEM)
    chain = HeaderChain(PERIODS)
    chain.extend(one.raw(), FAR_S)
    chain.extend(one.grow(1, salt=1).headers[-1], FAR_S)
    for flip in range(100):
        behind = other if flip % 2 == 0 else one
        behind.grow(2 if flip else 1, salt=2)
        tie = chain.extend(b"".join(behind.headers[-2:-1]), FAR_S)
        assert tie.reorg is None
        behind.grow(1, salt=3) if flip == 0 else None
        reorg = chain.extend(behind.raw(behind.height - 1), FAR_S).reorg
        assert reorg is not None
        assert chain.tip.hash == behind.hash(behind.height)
    rebuilt = HeaderChain(PERIODS)
    ahead, behind = (one, other) if one.height > other.height else (other, one)
    rebuilt.extend(ahead.raw(), FAR_S)
    rebuilt.extend(behind.raw(), FAR_S)
    assert chain.state_hash() == rebuilt.state_hash()
    assert (chain.side_count, chain.waiting_count) == (behind.height - STEM, 0)
    assert all(chain.find(ahead.hash(height)).height == height for height in range(ahead.height + 1))


def test_equal_work_never_causes_a_reorg() -> None:
    stem = Branch(PERIODS).grow(STEM)
    chain = HeaderChain(PERIODS)
    chain.extend(stem.grow(1, salt=1).raw(), FAR_S)
    tip = chain.tip
    for salt in range(2, 300):
        assert chain.extend(stem.fork(STEM).grow(1, salt=salt).headers[-1], FAR_S).reorg is None
    assert chain.tip == tip
    assert len(chain.branches()) == 298

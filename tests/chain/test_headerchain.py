from __future__ import annotations

from dataclasses import replace

import pytest

from support.headers import FAR_S, START_S, Branch, double_sha256, easy, mine, unmined
from wattshift.chain.anchor import Anchor
from wattshift.chain.extension import BranchKind
from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, BlockHeader, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, REGTEST, TESTNET4
from wattshift.chain.rules import MAX_FUTURE_S, median_time_past
from wattshift.chain.target import Bits, bits_to_work
from wattshift.errors import InputError, InvalidHeader, OutOfSpan

WORK_HASHES = bits_to_work(Bits(REGTEST.pow_limit_bits))
EASY = easy(MAINNET, interval=16)
WARPED = easy(TESTNET4, interval=16)


@pytest.fixture
def chain() -> HeaderChain:
    return HeaderChain(REGTEST)


@pytest.fixture(scope="module")
def forty() -> Branch:
    return Branch(REGTEST).grow(40)


# Queries


def test_a_new_chain_is_the_genesis_block(chain: HeaderChain) -> None:
    assert (chain.height, chain.tip.hash, chain.tip.work_hashes) == (0, REGTEST.genesis_hash, WORK_HASHES)
    assert chain.network is REGTEST
    assert REGTEST.genesis_hash in chain
    assert "genesis" not in chain


def test_every_block_is_found_by_height_and_by_hash(chain: HeaderChain, forty: Branch) -> None:
    report = chain.extend(forty.raw(), FAR_S)
    assert (report.new, report.known, report.unread, report.reorg) == (40, 0, 0, None)
    assert (report.before.height, report.after) == (0, chain.tip)
    for height, raw in enumerate(forty.headers):
        point = chain.point_at(height)
        assert point == chain.find(double_sha256(raw))
        assert (point.height, point.work_hashes) == (height, (height + 1) * WORK_HASHES)
        assert chain.header_at(height) == chain.header(point.hash) == forty.parsed[height]
        assert chain.is_best(point.hash)
        times_s = [header.time_s for header in forty.parsed[: height + 1]]
        assert chain.median_time_past_s(point.hash) == median_time_past(times_s)
    assert chain.headers(0, 40) == forty.raw(0)
    assert str(chain.tip) == f"40 {hash_to_hex(forty.hash(40))}"


@pytest.mark.parametrize(("first", "last"), [(-1, 0), (0, 41), (41, 41), (3, 2)])
def test_heights_outside_the_best_chain_are_refused(
    first: int, last: int, chain: HeaderChain, forty: Branch
) -> None:
    chain.extend(forty.raw(), FAR_S)
    with pytest.raises(OutOfSpan, match="no such heights"):
        chain.headers(first, last)


def test_an_unknown_hash_is_refused(chain: HeaderChain) -> None:
    with pytest.raises(OutOfSpan, match="no block of that hash"):
        chain.find(BlockHash(bytes(32)))


def test_branches_are_labelled(chain: HeaderChain) -> None:
    stem = Branch(REGTEST).grow(5)
    first, second, third = (stem.fork(5).grow(n, salt=n) for n in (2, 3, 1))
    for branch in (first, second, third):
        chain.extend(branch.raw(6), FAR_S)  # orphans as yet
    chain.extend(stem.raw(), FAR_S)
    assert chain.tip.hash == second.hash(8)
    assert {(each.tip.hash, each.length, each.fork_height) for each in chain.branches()} == {
        (first.hash(7), 2, 5),
        (third.hash(6), 1, 5),
    }
    assert [each.kind for each in chain.branches()] == [BranchKind.SIDE] * 2  # nobody saw them as best
    chain.extend(third.grow(5, salt=1).raw(), FAR_S)
    assert [(each.tip.hash, each.kind) for each in chain.branches()] == [
        (second.hash(8), BranchKind.STALE),
        (first.hash(7), BranchKind.SIDE),
    ]
    assert not chain.is_best(second.hash(8))
    chain.extend(second.grow(1, salt=1).headers[-1], FAR_S)
    assert (chain.branches()[0].tip.hash, chain.branches()[0].kind) == (second.hash(9), BranchKind.STALE)


# What extends the tree, and what does not


@pytest.mark.parametrize("length", [1, 79, 81, 80 * 40 + 1])
def test_another_length_changes_nothing(length: int, chain: HeaderChain, forty: Branch) -> None:
    before = chain.state_hash()
    with pytest.raises(InvalidHeader, match="headers of 80 bytes") as refusal:
        chain.extend((forty.raw() + bytes(80))[:length], FAR_S)
    assert refusal.value.context["fault"] is Fault.WRONG_LENGTH
    assert chain.state_hash() == before


def test_a_refusal_keeps_what_stands_before_it_and_leaves_the_rest_unread(
    chain: HeaderChain, forty: Branch
) -> None:
    bad = unmined(forty.headers[21])
    report = chain.extend(b"".join([*forty.headers[1:21], bad, *forty.headers[22:]]), FAR_S)
    assert (report.new, report.unread, chain.height) == (20, 19, 20)
    (refusal,) = report.refused
    assert (refusal.fault, refusal.height, refusal.hash) == (
        Fault.HASH_ABOVE_TARGET,
        21,
        double_sha256(bad),
    )
    assert refusal.error.context["height"] == 21
    assert refusal.error.context["hash"] == hash_to_hex(refusal.hash)


def test_known_headers_change_nothing(chain: HeaderChain, forty: Branch) -> None:
    chain.extend(forty.raw(), FAR_S)
    before = chain.state_hash()
    report = chain.extend(forty.raw(0), FAR_S)
    assert (report.new, report.known, report.refused) == (0, 41, ())
    assert chain.state_hash() == before


def test_an_orphan_waits_for_its_parent(chain: HeaderChain, forty: Branch) -> None:
    report = chain.extend(forty.raw(2), FAR_S)
    assert (report.new, chain.waiting_count) == (0, 39)
    assert report.orphaned == tuple(forty.hash(height) for height in range(2, 41))
    assert forty.hash(2) not in chain
    assert chain.extend(forty.raw(2), FAR_S).known == 39
    report = chain.extend(forty.headers[1], FAR_S)
    assert (report.new, report.after.height, chain.waiting_count) == (40, 40, 0)


def test_an_orphan_that_proves_no_work_does_not_wait(chain: HeaderChain, forty: Branch) -> None:
    report = chain.extend(unmined(forty.headers[5]), FAR_S)
    assert [(each.fault, each.height) for each in report.refused] == [(Fault.HASH_ABOVE_TARGET, None)]
    assert chain.waiting_count == 0


def test_descendants_of_a_refused_header_leave_the_waiting_room(chain: HeaderChain) -> None:
    branch = Branch(REGTEST).grow(12)
    stale_s = branch.parsed[5].time_s  # not above the median
    bad = mine(branch.hash(12), stale_s)
    child = mine(double_sha256(bad), FAR_S - 1)
    grandchild = mine(double_sha256(child), FAR_S - 1)
    assert len(chain.extend(child + grandchild + bad, FAR_S).orphaned) == 3
    report = chain.extend(branch.raw(), FAR_S)
    assert report.refused == ()  # they came with another batch: this one is sound
    assert (report.new, report.unread, report.dropped, chain.waiting_count) == (12, 0, 3, 0)


def test_a_bad_child_in_front_of_its_parent_is_its_own_batchs_fault(chain: HeaderChain) -> None:
    branch = Branch(REGTEST).grow(12)
    bad = mine(branch.hash(12), branch.parsed[5].time_s)
    report = chain.extend(bad + branch.raw(), FAR_S)
    assert [(each.fault, each.height) for each in report.refused] == [(Fault.TIME_TOO_OLD, 13)]


@pytest.mark.parametrize("count", [12, 40])
def test_a_batch_does_not_end_at_a_bad_child_that_another_left(count: int, chain: HeaderChain) -> None:
    branch = Branch(REGTEST).grow(count)
    bad = mine(branch.hash(7), branch.parsed[7].time_s + 1, 0x207FFFFE)
    chain.extend(bad, FAR_S)
    report = chain.extend(branch.raw(), FAR_S)
    assert (report.new, report.unread, report.refused, report.dropped) == (count, 0, (), 1)
    assert chain.height == count


@pytest.mark.parametrize("one_by_one", [True, False])
def test_the_first_seen_stays_at_equal_work(one_by_one: bool, chain: HeaderChain) -> None:
    stem = Branch(REGTEST).grow(12)
    first, second = stem.fork(12).grow(40, salt=1), stem.fork(12).grow(40, salt=2)
    for headers in (stem, first, second):
        raw = headers.raw()
        for start in range(0, len(raw), 80 if one_by_one else len(raw)):
            chain.extend(raw[start : start + (80 if one_by_one else len(raw))], FAR_S)
    assert chain.tip.hash == first.hash(52)
    assert [each.tip.work_hashes for each in chain.branches()] == [chain.tip.work_hashes]
    report = chain.extend(second.next(second.parsed[-1].time_s + 600), FAR_S)
    assert report.reorg is not None
    assert (report.reorg.depth, report.reorg.fork.height) == (40, 12)


# Time


@pytest.fixture
def eleven() -> Branch:
    return Branch(EASY).grow(11)


def test_a_time_must_exceed_the_median_but_may_run_backwards(eleven: Branch) -> None:
    chain = HeaderChain(EASY)
    chain.extend(eleven.raw(), FAR_S)
    median_s = chain.median_time_past_s(chain.tip.hash)
    (refusal,) = chain.extend(eleven.next(median_s), FAR_S).refused
    assert (refusal.fault, refusal.height) == (Fault.TIME_TOO_OLD, 12)
    assert refusal.error.context["median_s"] == median_s
    assert chain.extend(eleven.next(median_s + 1), FAR_S).new == 1
    assert chain.header_at(12).time_s < chain.header_at(11).time_s


def test_a_header_of_the_future_is_held_and_tried_again(eleven: Branch) -> None:
    chain = HeaderChain(EASY)
    now_s = eleven.parsed[-1].time_s
    ahead = eleven.fork(11)
    ahead.add(now_s + MAX_FUTURE_S + 1)
    ahead.add(now_s + 1)  # its child comes with it and must wait too
    report = chain.extend(ahead.raw(), now_s)
    assert (report.new, report.refused, report.after.height) == (11, (), 11)
    assert (report.early, report.orphaned) == ((ahead.hash(12),), (ahead.hash(13),))
    assert chain.extend(ahead.headers[12], now_s).known == 1
    assert chain.extend(b"", now_s).new == 0
    report = chain.extend(b"", now_s + 1)
    assert (report.new, report.after.hash, chain.waiting_count) == (2, ahead.hash(13), 0)


def test_exactly_two_hours_ahead_is_allowed(eleven: Branch) -> None:
    chain = HeaderChain(EASY)
    chain.extend(eleven.raw(), FAR_S)
    now_s = START_S + 10_000
    report = chain.extend(eleven.next(now_s + MAX_FUTURE_S), now_s)
    assert (report.new, report.early) == (1, ())


def test_the_last_second_of_32_bits_is_judged_like_any_other(eleven: Branch) -> None:
    chain = HeaderChain(EASY)
    report = chain.extend(eleven.raw() + eleven.next((1 << 32) - 1), START_S + 6600)
    assert (report.new, len(report.early)) == (11, 1)


# Timewarp


@pytest.fixture(params=["one by one", "at once"])
def at_once(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "at once")


def feed(chain: HeaderChain, branch: Branch, *, at_once: bool) -> list[tuple[int, Fault]]:
    """Extend a chain; heights and faults of what it refused."""
    step = len(branch.headers) if at_once else 1
    refused: list[tuple[int, Fault]] = []
    for start in range(1, len(branch.headers), step):
        report = chain.extend(b"".join(branch.headers[start : start + step]), FAR_S)
        refused += [(each.height or 0, each.fault) for each in report.refused]
        if refused:
            break
    return refused


@pytest.mark.parametrize(("back_s", "refused"), [(600, []), (601, [(48, Fault.TIMEWARP)])])
def test_bip94_bounds_how_far_a_period_starts_before_its_parent(
    back_s: int, refused: list[tuple[int, Fault]], at_once: bool
) -> None:
    branch = Branch(WARPED).grow(47, spacing_s=650)
    branch.add(branch.parsed[-1].time_s - back_s)
    assert feed(HeaderChain(WARPED), branch, at_once=at_once) == refused


def test_bip94_retargets_from_the_periods_first_bits(at_once: bool) -> None:
    branch = Branch(WARPED).grow(47, spacing_s=100)
    branch.add(branch.parsed[-1].time_s + 1201)  # opens a period: no relief for being late
    branch.add(branch.parsed[-1].time_s + 1201)  # late: minimum difficulty
    branch.grow(30, spacing_s=100)
    assert branch.parsed[49].bits == WARPED.pow_limit_bits != branch.parsed[48].bits == branch.parsed[50].bits
    chain = HeaderChain(WARPED)
    assert feed(chain, branch, at_once=at_once) == []
    assert chain.tip.hash == branch.hash(79)


@pytest.mark.parametrize(("wait_s", "is_late"), [(1200, False), (1201, True)])
def test_minimum_difficulty_needs_more_than_twice_the_spacing(
    wait_s: int, is_late: bool, at_once: bool
) -> None:
    branch = Branch(WARPED).grow(59, spacing_s=100)
    time_s, easiest = branch.parsed[-1].time_s + wait_s, WARPED.pow_limit_bits
    assert branch.parsed[-1].bits != easiest
    branch.headers.append(branch.next(time_s, bits=easiest))
    expected = [] if is_late else [(60, Fault.WRONG_BITS)]
    assert feed(HeaderChain(WARPED), branch, at_once=at_once) == expected


def flags(branch: Branch, *, at_once: bool) -> list[BlockHash]:
    chain = HeaderChain(EASY)
    step = len(branch.raw()) if at_once else 80
    found: list[BlockHash] = []
    for start in range(0, len(branch.raw()), step):
        report = chain.extend(branch.raw()[start : start + step], FAR_S)
        assert report.refused == ()
        found += report.timewarps
    return found


@pytest.mark.parametrize(("ahead_s", "flagged"), [(7201, False), (7202, True)])
def test_a_period_that_starts_far_before_its_parent_is_flagged_on_mainnet(
    ahead_s: int, flagged: bool, at_once: bool
) -> None:
    branch = Branch(EASY).grow(46)
    newest_s = branch.parsed[-1].time_s
    branch.add(newest_s + ahead_s)
    branch.add(newest_s + 1)
    branch.grow(10)
    assert flags(branch, at_once=at_once) == [branch.hash(48)] * flagged


@pytest.mark.parametrize(("ahead_s", "flagged"), [(9000, False), (9001, True)])
def test_a_period_that_ends_before_it_started_is_flagged_on_mainnet(
    ahead_s: int, flagged: bool, at_once: bool
) -> None:
    branch = Branch(EASY).grow(31)
    newest_s = branch.parsed[-1].time_s
    branch.add(newest_s + 600 + ahead_s)  # 32 opens the period
    for step in range(2, 17):
        branch.add(newest_s + 600 * step)  # 47 closes it, 9,000 s after 32 should have been
    assert flags(branch, at_once=at_once) == [branch.hash(47)] * flagged
    if at_once:
        assert flags(branch.fork(47).grow(20), at_once=True) == [branch.hash(47)] * flagged


def test_an_honest_chain_is_not_flagged(at_once: bool) -> None:
    assert flags(Branch(EASY).grow(100), at_once=at_once) == []


# Anchors


def anchor_at(branch: Branch, height: int) -> Anchor:
    first = branch.parsed[height - height % branch.network.retarget_interval]
    return Anchor(
        height=height,
        header=branch.headers[height],
        work_hashes=sum(bits_to_work(header.bits) for header in branch.parsed[: height + 1]),
        previous_times_s=tuple(header.time_s for header in branch.parsed[max(height - 10, 0) : height]),
        period_first_time_s=first.time_s,
        period_first_bits=first.bits,
    )


@pytest.mark.parametrize("height", [0, 1, 5, 10, 15, 16, 17, 31, 40])
def test_an_anchored_chain_continues_like_the_whole_one(height: int, at_once: bool) -> None:
    branch = Branch(EASY).grow(110, spacing_s=300)
    whole, part = HeaderChain(EASY), HeaderChain(EASY, anchor=anchor_at(branch, height))
    for chain in (whole, part):
        assert feed(chain, branch.fork(height), at_once=at_once) == []  # below the anchor: orphans or known
    rest = branch.raw(height + 1)
    for start in range(0, len(rest), len(rest) if at_once else 80):
        for chain in (whole, part):
            assert chain.extend(rest[start : start + (len(rest) if at_once else 80)], FAR_S).refused == ()
    assert part.tip == whole.tip
    assert [part.point_at(at) for at in range(height, 111)] == [
        whole.point_at(at) for at in range(height, 111)
    ]
    for at in range(height, 111):
        assert part.median_time_past_s(part.point_at(at).hash) == whole.median_time_past_s(branch.hash(at))
    assert part.anchor.height == height
    with pytest.raises(OutOfSpan):
        part.point_at(height - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"previous_times_s": ()}, "times before it"),
        ({"period_first_time_s": 1}, "opens its period"),
        ({"work_hashes": 0}, "cumulative work"),
        ({"height": 0, "previous_times_s": ()}, "block 0"),
    ],
)
def test_an_unusable_anchor_is_refused(change: dict[str, object], message: str) -> None:
    anchor = anchor_at(Branch(EASY).grow(32), 32)
    with pytest.raises(InputError, match=message):
        HeaderChain(EASY, anchor=replace(anchor, **change))  # type: ignore[arg-type]  # one field at a time


def test_an_anchor_must_prove_its_work() -> None:
    anchor = anchor_at(Branch(EASY).grow(32), 32)
    with pytest.raises(InvalidHeader, match="above the target"):
        HeaderChain(EASY, anchor=replace(anchor, header=unmined(anchor.header)))


def test_minimum_difficulty_needs_an_anchor_that_opens_a_period(at_once: bool) -> None:
    branch = Branch(WARPED).grow(60)
    with pytest.raises(InputError, match="first block of a period"):
        HeaderChain(WARPED, anchor=anchor_at(branch, 33))
    chain = HeaderChain(WARPED, anchor=anchor_at(branch, 32))
    assert feed(chain, branch, at_once=at_once) == []
    assert chain.tip.hash == branch.hash(60)


def test_the_header_type_reads_what_the_chain_gives(chain: HeaderChain, forty: Branch) -> None:
    chain.extend(forty.raw(), FAR_S)
    assert [BlockHeader.parse(chain.headers(at, at)).hash for at in range(41)] == [
        chain.point_at(at).hash for at in range(41)
    ]

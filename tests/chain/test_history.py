"""The rules against what Bitcoin's main network really did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import polars as pl
import pytest

from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHeader, hash_to_hex, iter_headers
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import (
    MAX_FUTURE_S,
    MEDIAN_TIME_BLOCKS,
    check_time,
    epoch_first_height,
    epoch_of,
    is_retarget_height,
    permitted_transition,
    retarget,
    subsidy_sat,
    timewarp_suspected,
)
from wattshift.chain.target import Bits, bits_to_difficulty, bits_to_work, check_proof_of_work
from wattshift.errors import InvalidHeader

# Real headers


def test_436_real_headers_prove_their_work_and_their_fields(real_headers: pl.DataFrame) -> None:
    headers = list(iter_headers(b"".join(real_headers["header"])))
    assert len(headers) == 436
    for header, row in zip(headers, real_headers.iter_rows(named=True), strict=True):
        check_proof_of_work(header.hash, header.bits, MAINNET)
        assert hash_to_hex(header.hash) == row["hash"]
        assert (header.time_s, header.bits) == (row["time_unix"], row["bits"])
        assert header.serialize() == row["header"]


def test_real_headers_link_to_the_last_block_of_the_period_before(
    real_headers: pl.DataFrame, periods: pl.DataFrame
) -> None:
    last_hashes = dict(zip(periods["first_height"], periods["prev_block_hash"], strict=True))
    bits = dict(zip(periods["first_height"], periods["bits"], strict=True))
    for height, raw in zip(real_headers["height"], real_headers["header"], strict=True):
        header = BlockHeader.parse(raw)
        assert is_retarget_height(height)
        assert hash_to_hex(header.prev_hash) == last_hashes[height]
        assert header.bits == bits[height]


def test_every_single_bit_flip_of_a_real_header_is_refused(real_headers: pl.DataFrame) -> None:
    refused = dict.fromkeys(Fault, 0)
    sample = real_headers["header"].gather_every(27)
    for raw in sample:
        word = int.from_bytes(raw, "little")
        for bit in range(640):
            flipped = BlockHeader.parse((word ^ 1 << bit).to_bytes(80, "little"))
            with pytest.raises(InvalidHeader) as refusal:
                check_proof_of_work(flipped.hash, flipped.bits, MAINNET)
            refused[Fault(str(refusal.value.context["fault"]))] += 1
    assert sum(refused.values()) == 640 * len(sample) == 10_880
    assert refused[Fault.NEGATIVE_TARGET] == len(sample)  # the sign bit, once a header
    assert refused[Fault.TARGET_OVERFLOW] > 0
    assert refused[Fault.TARGET_ABOVE_LIMIT] > 0


def test_work_summed_from_bits_alone_is_the_published_chainwork(
    real_headers: pl.DataFrame, periods: pl.DataFrame
) -> None:
    chainwork = dict(zip(real_headers["height"], real_headers["chainwork"], strict=True))
    before, proven = 0, 0
    for first_height, bits in zip(periods["first_height"], periods["bits"], strict=True):
        work = bits_to_work(Bits(bits))
        if first_height in chainwork:
            assert str(before + work) == chainwork[first_height]
            proven += 1
        before += MAINNET.retarget_interval * work
    assert proven == 436


def test_every_periods_difficulty_follows_from_its_bits_exactly(periods: pl.DataFrame) -> None:
    assert [bits_to_difficulty(Bits(bits)) for bits in periods["bits"]] == periods["difficulty"].to_list()


# Real retargets


def test_every_step_of_474_periods_is_permitted(periods: pl.DataFrame) -> None:
    assert periods["first_height"].to_list() == [epoch_first_height(epoch) for epoch in range(474)]
    assert periods["bits"][0] == MAINNET.pow_limit_bits
    steps = list(zip(periods["first_height"][1:], pairwise(periods["bits"]), strict=True))
    assert len(steps) == 473
    for height, (old, new) in steps:
        assert permitted_transition(height, Bits(old), Bits(new))
        assert permitted_transition(height + 1, Bits(old), Bits(new)) == (old == new)


@pytest.fixture(scope="session")
def complete(periods: pl.DataFrame, block_times: dict[int, int]) -> list[int]:
    """First heights of the periods whose every time is known, with a block before and one after."""
    return [
        height
        for height in periods["first_height"]
        if height - 1 in block_times and height + 2016 in block_times
    ]


@pytest.fixture(scope="session")
def agreements(
    periods: pl.DataFrame, block_times: dict[int, int], complete: list[int]
) -> Callable[[int, int, int], int]:
    """How many real successors a retarget from shifted blocks or another period's bits would hit."""
    bits = periods["bits"].to_list()

    def count(first: int, last: int, base: int) -> int:
        hits = 0
        for height in complete:
            epoch = epoch_of(height)
            old = Bits(bits[epoch + base])
            new = retarget(
                first_time_s=block_times[height + first],
                last_time_s=block_times[height + last],
                first_bits=old,
                last_bits=old,
            )
            hits += new == bits[epoch + 1]
        return hits

    return count


def test_166_of_166_real_retargets_are_reproduced(
    complete: list[int], agreements: Callable[[int, int, int], int]
) -> None:
    assert len(complete) == 166
    assert agreements(0, 2015, 0) == 166


@pytest.mark.parametrize(
    ("first", "last", "base"),
    [
        (0, 2016, 0),  # 2016 intervals, one block too many at the end
        (-1, 2015, 0),  # 2016 intervals, one too many at the start
        (0, 2014, 0),  # 2014 intervals
        (1, 2016, 0),  # the right number, one block late
        (-1, 2014, 0),  # the right number, one block early
        (0, 2015, -1),  # the bits of the period before
        (0, 2015, 1),  # the bits of the period after
    ],
)
def test_every_off_by_one_disagrees_with_history(
    first: int, last: int, base: int, agreements: Callable[[int, int, int], int]
) -> None:
    assert agreements(first, last, base) <= 1


# Real times


@pytest.mark.parametrize(
    ("table", "intervals", "negative", "worst_s"),
    [("blocks_time_pool", 335_553, 1379, -2032), ("blocks_fees", 80_113, 580, -3506)],
)
def test_no_real_block_breaks_the_rules_of_time_though_many_run_backwards(
    table: str, intervals: int, negative: int, worst_s: int, read_history: Callable[[str], pl.DataFrame]
) -> None:
    steps_s: list[int] = []
    for heights, times_s in unbroken_runs(read_history(table)):
        steps_s += [after - before for before, after in pairwise(times_s)]
        for place in range(MEDIAN_TIME_BLOCKS, len(times_s)):
            check_time(
                heights[place],
                times_s[place],
                previous_times_s=times_s[place - MEDIAN_TIME_BLOCKS : place],
                now_s=times_s[place] - MAX_FUTURE_S,
            )
    assert len(steps_s) == intervals
    assert sum(step_s < 0 for step_s in steps_s) == negative
    assert min(steps_s) == worst_s


def unbroken_runs(blocks: pl.DataFrame) -> Iterator[tuple[list[int], list[int]]]:
    """Heights and times of each stretch of consecutive blocks."""
    gaps = (pl.col("height").diff() != 1).fill_null(value=False)
    for run in blocks.with_columns(gaps.cum_sum().alias("stretch")).partition_by("stretch"):
        yield run["height"].to_list(), run["time_unix"].to_list()


def test_no_real_period_ends_in_a_timewarp(block_times: dict[int, int], complete: list[int]) -> None:
    for first in complete:
        last = first + 2015
        for height in (first, last):
            assert not timewarp_suspected(
                height,
                block_times[height],
                parent_time_s=block_times[height - 1],
                first_time_s=block_times[first],
            )


# Real subsidies


def test_80118_real_blocks_created_the_subsidy_of_their_height(
    read_history: Callable[[str], pl.DataFrame],
) -> None:
    blocks = read_history("blocks_fees")
    assert blocks.height == 80_118
    assert [subsidy_sat(height) for height in blocks["height"]] == blocks["subsidy_sat"].to_list()

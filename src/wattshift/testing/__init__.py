"""Chains made to measure, for the tests of wattshift and of whoever builds on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from wattshift.chain.rules import epoch_of, retarget
from wattshift.chain.target import Bits, bits_to_work
from wattshift.clock import from_unix, to_unix
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.units import HASHES_PER_EH

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["build_history", "instants", "known_to_height", "known_until", "simulate_history"]

_BITS = Bits(0x1701F0CC)
"""Mainnet's bits of early 2026: a difficulty of 141.7 T."""
_FIRST_HEIGHT = 403_200
_FIRST_TIME_S = 1_767_225_600
"""2026-01-01T00:00Z."""


def build_history(
    header_time_s: Sequence[int],
    *,
    first_height: int = 0,
    bits: Bits = _BITS,
    later_bits: Sequence[Bits] = (),
) -> BlockHistory:
    """A history with these header times.

    Args:
        header_time_s: header times by ascending height [s since 1970].
        first_height: height of the first.
        bits: of its period and of all periods before and after it.
        later_bits: of the periods after it, where they differ.
    """
    blocks = pl.DataFrame(
        {
            "height": np.arange(first_height, first_height + len(header_time_s)),
            "header_time_s": np.array(header_time_s, dtype=np.int64),
        }
    )
    first, last = epoch_of(first_height), epoch_of(int(blocks["height"][-1]))
    of_periods = [*[bits] * (first + 1), *later_bits]
    of_periods += [of_periods[-1]] * (last + 1 - len(of_periods))
    periods = pl.DataFrame({"period": range(len(of_periods)), "bits": of_periods})
    return BlockHistory.from_tables(blocks, periods)


def simulate_history(
    rng: np.random.Generator, *, hashrate_ehs: float, periods: int, bits: Bits = _BITS
) -> BlockHistory:
    """Whole periods at constant hashrate: exponential intervals, and retargets by the rule.

    Args:
        rng: source of the intervals.
        hashrate_ehs: true hashrate [EH/s].
        periods: number of periods of 2016 blocks, from height 403,200 on.
        bits: of the first period.
    """
    times_s: list[int] = []
    of_periods: list[Bits] = []
    now_s = float(_FIRST_TIME_S)
    for _ in range(periods):
        of_periods.append(bits)
        spacing_s = bits_to_work(bits) / (hashrate_ehs * HASHES_PER_EH)
        found_s = now_s + np.cumsum(rng.exponential(spacing_s, 2016))
        times_s += [round(found) for found in found_s]
        now_s = float(found_s[-1])
        bits = retarget(first_time_s=times_s[-2016], last_time_s=times_s[-1], first_bits=bits, last_bits=bits)
    return build_history(times_s, first_height=_FIRST_HEIGHT, bits=of_periods[0], later_bits=of_periods[1:])


def known_until(history: BlockHistory, as_of: datetime) -> BlockHistory:
    """The same history, said to be known up to a later instant at which no further block had come."""
    return replace(history, whole=replace(history.whole, as_of=as_of))


def known_to_height(history: BlockHistory, height: int) -> KnownBlocks:
    """The chain at the instant its block at `height` became known, without any block above it.

    Raises:
        OutOfSpan: if that block is not known.
    """
    whole = history.whole
    known = whole.index(height) + 1
    return replace(
        whole,
        as_of=from_unix(int(whole.running_max_s[known - 1])),
        header_time_s=whole.header_time_s[:known],
        work_hashes=whole.work_hashes[:known],
        running_max_s=whole.running_max_s[:known],
        period_bits=whole.period_bits[: height // whole.network.retarget_interval + 1],
    )


def instants(first_at: datetime, last_at: datetime) -> SearchStrategy[datetime]:
    """Hypothesis strategy: whole seconds from the first instant to the last."""
    from hypothesis import strategies as st

    return st.integers(int(to_unix(first_at)), int(to_unix(last_at))).map(from_unix)

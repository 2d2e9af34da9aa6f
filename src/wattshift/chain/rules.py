"""What the next block must look like: period, bits, time and subsidy.

Heights count from the genesis block, 0. A *period* or *epoch* is the run of blocks between two
retargets: 2016 of them, numbered from 0. Times are headers' claims in seconds since 1970; they need
not increase from block to block.

Source: Bitcoin Core, `pow.cpp`, `validation.cpp` (ContextualCheckBlockHeader, GetBlockSubsidy) and
`chain.h` (GetMedianTimePast); BIP94 for testnet4; BIP54 (a draft) for the timewarp pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, Network
from wattshift.chain.target import Bits, Target, bits_to_target, target_to_bits
from wattshift.errors import InputError, InvalidHeader
from wattshift.units import SAT_PER_BTC

__all__ = [
    "INITIAL_SUBSIDY_SAT",
    "MAX_FUTURE_S",
    "MAX_TIMEWARP_S",
    "MEDIAN_TIME_BLOCKS",
    "SUSPECT_TIMEWARP_S",
    "Ancestor",
    "blocks_into_epoch",
    "check_bits",
    "check_time",
    "epoch_first_height",
    "epoch_of",
    "halving_height",
    "is_retarget_height",
    "median_time_past",
    "next_bits",
    "next_halving_height",
    "next_retarget_height",
    "permitted_transition",
    "retarget",
    "subsidy_sat",
    "timewarp_suspected",
    "total_supply_sat",
]

INITIAL_SUBSIDY_SAT = 50 * SAT_PER_BTC

MEDIAN_TIME_BLOCKS = 11
"""Blocks whose median time a new block must exceed."""

MAX_FUTURE_S = 7_200
"""How far a header may run ahead of the clock [s]."""

MAX_TIMEWARP_S = 600
"""How far a period may start before its parent under BIP94 [s]."""

SUSPECT_TIMEWARP_S = 7_200
"""The same under BIP54 [s]; where it is not law, it is a warning."""


class Ancestor(Protocol):
    """What the rules ask of an earlier block; a `BlockHeader` is one."""

    @property
    def bits(self) -> Bits:
        """Its compact target."""
        ...

    @property
    def time_s(self) -> int:
        """Its claimed time, in seconds since 1970 [s]."""
        ...


# Periods


def epoch_of(height: int, network: Network = MAINNET) -> int:
    """The period to which a block belongs."""
    return _at_least(0, height) // network.retarget_interval


def epoch_first_height(epoch: int, network: Network = MAINNET) -> int:
    """Height of a period's first block."""
    return _at_least(0, epoch) * network.retarget_interval


def blocks_into_epoch(height: int, network: Network = MAINNET) -> int:
    """Blocks of its period that lie before this one: 0 for the first, 2015 for the last."""
    return _at_least(0, height) % network.retarget_interval


def is_retarget_height(height: int, network: Network = MAINNET) -> bool:
    """Whether this block's bits are computed anew; the genesis block's are given, not computed."""
    return blocks_into_epoch(height, network) == 0 and height > 0


def next_retarget_height(height: int, network: Network = MAINNET) -> int:
    """The first retarget height above this one."""
    return epoch_first_height(epoch_of(height, network) + 1, network)


# Bits


def retarget(
    *,
    first_time_s: int,
    last_time_s: int,
    first_bits: Bits,
    last_bits: Bits,
    network: Network = MAINNET,
) -> Bits:
    """The bits of a period from the first and the last block of the one before.

    Between these two lie 2015 intervals, not 2016: Bitcoin's oldest off-by-one, now law. The elapsed time
    counts as at least a quarter and at most four times the intended one, so a negative one is legal. BIP94
    scales the first block's bits, every other network the last block's.

    Args:
        first_time_s: time of block h - 2016, where h is the retarget height [s].
        last_time_s: time of block h - 1 [s].
        first_bits: bits of block h - 2016.
        last_bits: bits of block h - 1.
        network: whose rules apply.

    Raises:
        InvalidHeader: if the bits state no target.
    """
    if network.no_retargeting:
        return last_bits
    return _scaled(
        first_bits if network.enforce_bip94 else last_bits,
        min(max(last_time_s - first_time_s, network.target_timespan_s // 4), network.target_timespan_s * 4),
        network,
    )


def next_bits(
    height: int, time_s: int, ancestor: Callable[[int], Ancestor], network: Network = MAINNET
) -> Bits:
    """The bits that a block must state.

    Args:
        height: of the new block, at least 1.
        time_s: its time, which matters only where a late block may have minimum difficulty [s].
        ancestor: gives the block at a lower height on the same branch; for a list of headers from the
            genesis block on it is `headers.__getitem__`.
        network: whose rules apply.

    Raises:
        InputError: if the height is below 1.
        InvalidHeader: if the bits of an ancestor state no target.
    """
    last = ancestor(_at_least(1, height) - 1)
    if is_retarget_height(height, network):
        first = ancestor(height - network.retarget_interval)
        return retarget(
            first_time_s=first.time_s,
            last_time_s=last.time_s,
            first_bits=first.bits,
            last_bits=last.bits,
            network=network,
        )
    if not network.allow_min_difficulty_blocks:
        return last.bits
    if time_s > last.time_s + 2 * network.target_spacing_s:
        return Bits(network.pow_limit_bits)
    return _last_regular_bits(height - 1, ancestor, network)


def permitted_transition(height: int, old_bits: Bits, new_bits: Bits, network: Network = MAINNET) -> bool:
    """Whether bits may follow those of the parent, judged without any time.

    Within a period they must be equal; at a retarget they may change fourfold either way. Networks with
    minimum-difficulty blocks permit everything.

    Raises:
        InputError: if the height is below 1.
        InvalidHeader: if at a retarget either bits state no target.
    """
    if network.allow_min_difficulty_blocks:
        return True
    if not is_retarget_height(_at_least(1, height), network):
        return old_bits == new_bits
    hardest = _scaled(old_bits, network.target_timespan_s // 4, network)
    easiest = _scaled(old_bits, network.target_timespan_s * 4, network)
    return bits_to_target(hardest) <= bits_to_target(new_bits) <= bits_to_target(easiest)


def check_bits(height: int, bits: Bits, expected_bits: Bits) -> None:
    """Refuse bits other than `next_bits`.

    Raises:
        InvalidHeader: with the height and both bits, if they differ.
    """
    if bits != expected_bits:
        raise InvalidHeader(
            "the bits are not those that the rules demand",
            fault=Fault.WRONG_BITS,
            height=height,
            bits=f"{bits:08x}",
            expected=f"{expected_bits:08x}",
            hint="refuse the header, or check that its ancestors and its network are the right ones",
        )


def _scaled(bits: Bits, timespan_s: int, network: Network) -> Bits:
    """Target times elapsed over intended time, at most the network's limit, truncated to compact form."""
    target = bits_to_target(bits) * timespan_s // network.target_timespan_s
    return target_to_bits(Target(min(target, network.pow_limit)))


def _last_regular_bits(height: int, ancestor: Callable[[int], Ancestor], network: Network) -> Bits:
    """Bits of the newest block up to this height that opens a period or has no minimum difficulty."""
    while (bits := ancestor(height).bits) == network.pow_limit_bits and blocks_into_epoch(height, network):
        height -= 1
    return bits


# Time


def median_time_past(times_s: Sequence[int]) -> int:
    """The median time of the last 11 blocks, or of all if there are fewer [s].

    Args:
        times_s: times by ascending height, the parent's last [s].

    Raises:
        InputError: if there is none.
    """
    if not times_s:
        raise InputError("a median needs at least one time", hint="the genesis block has no median time past")
    window = sorted(times_s[-MEDIAN_TIME_BLOCKS:])
    return window[len(window) // 2]


def check_time(
    height: int, time_s: int, *, previous_times_s: Sequence[int], now_s: int, network: Network = MAINNET
) -> None:
    """Check a block's time against its ancestors and the clock.

    It must exceed the median time past, must not open a period more than 600 s before its parent where BIP94
    is law, and must not run more than two hours ahead of the clock. It may lie before its parent's.

    Args:
        height: of the new block.
        time_s: its time [s].
        previous_times_s: times by ascending height, the parent's last; the last 11 suffice [s].
        now_s: the present, in seconds since 1970 [s].
        network: whose rules apply.

    Raises:
        InputError: if there are no previous times.
        InvalidHeader: with the `fault` in its context; only `Fault.TIME_TOO_NEW` heals with waiting.
    """
    median_s, parent_time_s = median_time_past(previous_times_s), previous_times_s[-1]
    if time_s <= median_s:
        raise InvalidHeader(
            "the time does not exceed the median of the 11 blocks before",
            fault=Fault.TIME_TOO_OLD,
            height=height,
            time_s=time_s,
            median_s=median_s,
            hint="refuse the header, or check that its ancestors are the right ones",
        )
    if network.enforce_bip94:
        _check_timewarp(height, time_s, parent_time_s, network)
    _check_future(height, time_s, now_s)


def _check_timewarp(height: int, time_s: int, parent_time_s: int, network: Network) -> None:
    if is_retarget_height(height, network) and time_s < parent_time_s - MAX_TIMEWARP_S:
        raise InvalidHeader(
            "the period starts more than 600 s before its parent, against BIP94",
            fault=Fault.TIMEWARP,
            height=height,
            time_s=time_s,
            parent_time_s=parent_time_s,
            hint="refuse the header: it warps time",
        )


def _check_future(height: int, time_s: int, now_s: int) -> None:
    wait_s = time_s - now_s - MAX_FUTURE_S
    if wait_s > 0:
        raise InvalidHeader(
            "the time is more than two hours ahead of the clock",
            fault=Fault.TIME_TOO_NEW,
            height=height,
            time_s=time_s,
            now_s=now_s,
            hint=f"check the clock; if it is right, hold the header and try again in {wait_s} s",
        )


def timewarp_suspected(
    height: int, time_s: int, *, parent_time_s: int, first_time_s: int, network: Network = MAINNET
) -> bool:
    """Whether a valid block looks like a step of a timewarp attack.

    That is so if it opens a period more than two hours before its parent (timewarp), or closes a period
    before its first block (Murch-Zawy). BIP54 would forbid both; until it is law such blocks count.

    Args:
        height: of the block.
        time_s: its time [s].
        parent_time_s: its parent's [s].
        first_time_s: that of the first block of its period [s].
        network: whose periods apply.
    """
    if is_retarget_height(height, network):
        return time_s < parent_time_s - SUSPECT_TIMEWARP_S
    return is_retarget_height(height + 1, network) and time_s < first_time_s


# Subsidy


def subsidy_sat(height: int, network: Network = MAINNET) -> int:
    """New bitcoin that a block may create [sat]: 50 BTC, halved at each halving and rounded down."""
    return INITIAL_SUBSIDY_SAT >> _at_least(0, height) // network.subsidy_halving_interval


def total_supply_sat(network: Network = MAINNET) -> int:
    """All the bitcoin that the subsidies will ever have created [sat]: just below 21 million on mainnet."""
    halvings = range(INITIAL_SUBSIDY_SAT.bit_length())
    return sum(INITIAL_SUBSIDY_SAT >> halving for halving in halvings) * network.subsidy_halving_interval


def halving_height(halving: int, network: Network = MAINNET) -> int:
    """The first height with the subsidy halved this many times; the fourth halving was at 840,000."""
    return _at_least(0, halving) * network.subsidy_halving_interval


def next_halving_height(height: int, network: Network = MAINNET) -> int:
    """The first halving height above this one; from the 33rd halving on the subsidy is zero."""
    return halving_height(_at_least(0, height) // network.subsidy_halving_interval + 1, network)


def _at_least(least: int, number: int) -> int:
    if number < least:
        raise InputError(f"a height, epoch or halving here starts at {least}", given=number)
    return number

"""How long confirmations take: Erlang times, and the wait of a transaction behind others that pay more.

Blocks are a Poisson process. A transaction with some virtual bytes of better-paid ones ahead of it, and more
of them arriving at a steady rate, is taken by the n-th block if n blocks of size C hold all that came before
that block: the first n with T_n <= (n C - ahead) / inflow, which is when a Poisson count first reaches a
rising line. Whenever the line passes a whole block, one more is still to come; between two such instants the
blocks still to come fall by a Poisson count. That chain is followed exactly, without simulation and without a
grid. Without inflow it is the Erlang distribution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.units import BLOCK_SPACING_S

__all__ = [
    "BLOCK_VMB",
    "HORIZON_BLOCKS",
    "FeeQueue",
    "confirmation_wait_prob",
    "confirmation_wait_s",
    "queue_wait_prob",
    "queue_wait_s",
]

BLOCK_VMB = 1.0
"""4,000,000 weight units are 1 million virtual bytes (BIP 141)."""

HORIZON_BLOCKS = 1_008
"""Waits are followed for as long as so many blocks take on average: a week."""

_MOST_LOAD = 3.0
_MOST_REMAINING = 1_400
"""So many blocks do not come within the horizon: 12 standard deviations above its mean count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeQueue:
    """What stands between a transaction and a block.

    Args:
        ahead_vmb: transactions that are waiting and pay more, in millions of virtual bytes.
        inflow_vmb_per_s: how fast more of them arrive.
        mean_interval_s: mean block interval [s].
        block_vmb: what a block holds.

    Raises:
        InputError: if a figure is negative or not finite, or more than three times what blocks hold arrives.
    """

    ahead_vmb: float
    inflow_vmb_per_s: float = 0.0
    mean_interval_s: float = BLOCK_SPACING_S
    block_vmb: float = BLOCK_VMB

    def __post_init__(self) -> None:
        load = self.inflow_vmb_per_s * self.mean_interval_s
        if not (
            0 <= self.ahead_vmb < float("inf")
            and 0 < self.mean_interval_s < float("inf")
            and 0 < self.block_vmb < float("inf")
            and 0 <= load <= _MOST_LOAD * self.block_vmb
        ):
            raise InputError(
                "a queue needs a backlog and an inflow from zero on, and blocks that come and hold something",
                ahead_vmb=self.ahead_vmb,
                inflow_vmb_per_s=self.inflow_vmb_per_s,
                mean_interval_s=self.mean_interval_s,
                block_vmb=self.block_vmb,
                hint=f"more than {_MOST_LOAD:.0f} times what blocks hold is no steady inflow",
            )


def confirmation_wait_prob(confirmations: int, wait_s: float, *, mean_interval_s: float) -> float:
    """Probability that some confirmations take longer than a wait (Erlang).

    Args:
        confirmations: number of blocks.
        wait_s: the wait [s].
        mean_interval_s: mean block interval [s]; 600 / 0.85 after 15 % of the hashrate has left.

    Raises:
        InputError: for a count below one, a negative wait or an interval that is not positive.
    """
    from scipy.special import gammaincc

    if confirmations < 1 or not wait_s >= 0 or not mean_interval_s > 0:
        raise InputError(
            "a wait needs at least one confirmation and a positive interval",
            confirmations=confirmations,
            wait_s=wait_s,
            mean_interval_s=mean_interval_s,
        )
    return float(gammaincc(confirmations, wait_s / mean_interval_s))


def confirmation_wait_s(confirmations: int, within_prob: float, *, mean_interval_s: float) -> float:
    """The time within which some confirmations come with a probability [s] (Erlang).

    Raises:
        InputError: for a count below one, a probability outside (0, 1) or an interval that is not positive.
    """
    from scipy.special import gammaincinv

    if confirmations < 1 or not 0 < within_prob < 1 or not mean_interval_s > 0:
        raise InputError(
            "a wait needs at least one confirmation, a probability and a positive interval",
            confirmations=confirmations,
            within_prob=within_prob,
            mean_interval_s=mean_interval_s,
        )
    return float(gammaincinv(confirmations, within_prob)) * mean_interval_s


def queue_wait_prob(queue: FeeQueue, confirmations: int, wait_s: float) -> float:
    """Probability that a queued transaction has fewer than some confirmations after a wait.

    Args:
        queue: what stands before it.
        confirmations: how many blocks, its own included.
        wait_s: the wait [s].

    Raises:
        InputError: for a count outside 1 to 1,000, or a wait that is negative or beyond a week of blocks.
    """
    if not 0 <= wait_s <= HORIZON_BLOCKS * queue.mean_interval_s:
        raise InputError(
            f"a wait lies between nothing and the mean time of {HORIZON_BLOCKS} blocks", wait_s=wait_s
        )
    for leg in _legs(queue, confirmations):
        if wait_s <= leg.end_s:
            return leg.open_prob(wait_s)
    return 1.0


def queue_wait_s(queue: FeeQueue, confirmations: int, within_prob: float) -> float | None:
    """The time within which a queued transaction has its confirmations with a probability [s].

    Returns:
        The time; None where a week of blocks does not bring it.

    Raises:
        InputError: for a count outside 1 to 1,000 or a probability outside (0, 1).
    """
    if not 0 < within_prob < 1:
        raise InputError("a probability lies between 0 and 1", within_prob=within_prob)
    for leg in _legs(queue, confirmations):
        if leg.open_prob(leg.end_s) <= 1 - within_prob:
            low, high = leg.start_s, leg.end_s
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if leg.open_prob(middle) > 1 - within_prob else (low, middle)
            return high
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A stretch of time in which the line passes no whole block.

    Args:
        start_s: when it starts [s].
        end_s: when it ends [s].
        chances: shape (n,), the probability that index + 1 blocks are still to come at its start.
        mean_interval_s: mean block interval [s].
    """

    start_s: float
    end_s: float
    chances: NDArray[np.float64]
    mean_interval_s: float

    def open_prob(self, at_s: float) -> float:
        """Probability that blocks are still to come at an instant within it."""
        from scipy.special import gammaincc

        mean_blocks = (at_s - self.start_s) / self.mean_interval_s
        return float(self.chances @ gammaincc(np.arange(1, len(self.chances) + 1), mean_blocks))

    def at_end(self) -> NDArray[np.float64]:
        """The probabilities of the blocks still to come at its end, as `chances`."""
        from scipy.special import gammaln, xlogy

        mean_blocks = (self.end_s - self.start_s) / self.mean_interval_s
        most = min(len(self.chances), int(mean_blocks + 12 * mean_blocks**0.5 + 30))
        found = np.arange(most)
        came = np.exp(xlogy(found, mean_blocks) - mean_blocks - gammaln(found + 1))
        return np.convolve(self.chances, came[::-1])[most - 1 :]


def _legs(queue: FeeQueue, confirmations: int) -> Iterator[_Leg]:
    """All stretches up to the horizon, each with the state in which it starts."""
    if not 1 <= confirmations <= 1_000:
        raise InputError("confirmations in a queue lie between 1 and 1,000", confirmations=confirmations)
    interval_s, horizon_s = queue.mean_interval_s, HORIZON_BLOCKS * queue.mean_interval_s
    blocks = queue.ahead_vmb // queue.block_vmb + 1
    remaining = blocks + confirmations - 1
    if remaining > _MOST_REMAINING:
        return
    chances = np.zeros(_MOST_REMAINING)
    chances[int(remaining) - 1] = 1.0
    start_s = 0.0
    while start_s < horizon_s:
        room_vmb = blocks * queue.block_vmb - queue.ahead_vmb
        end_s = min(horizon_s, room_vmb / queue.inflow_vmb_per_s) if queue.inflow_vmb_per_s else horizon_s
        used = int(np.flatnonzero(chances)[-1]) + 1
        leg = _Leg(start_s=start_s, end_s=end_s, chances=chances[:used], mean_interval_s=interval_s)
        yield leg
        chances = np.zeros(_MOST_REMAINING)
        chances[:used] = leg.at_end()
        # Not yet in a block: at least `confirmations` are to come, and the line now asks for one more.
        waiting = chances[confirmations - 1 :].copy()
        chances[confirmations - 1] = 0.0
        chances[confirmations:] = waiting[:-1]
        chances[-1] += waiting[-1]
        blocks, start_s = blocks + 1, end_s

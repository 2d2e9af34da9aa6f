"""Who finds the blocks: shares and hashrates of pools with intervals, and movements between pools.

Counts of blocks are multinomial, so shares follow a Dirichlet posterior. The sum over pools is never the
total: the total counts every accepted block, labelled or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.clock import Window, format_instant, to_unix
from wattshift.errors import InputError
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.hashrate import HashrateEstimate, hashrate_of_window
from wattshift.measures.intervals import LEVEL, poisson_interval

__all__ = [
    "UNKNOWN",
    "HiddenBound",
    "PoolLabels",
    "PoolMix",
    "PoolMovement",
    "PoolShare",
    "heterogeneity_prob",
    "hidden_bound",
    "movements",
    "pool_counts",
    "pool_mix",
]

UNKNOWN = "unknown"
"""The label of a block whose finder is not known."""

_JEFFREYS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLabels:
    """The label of every known block.

    Args:
        names: the labels that occur.
        codes: shape (n,), position in `names` of each known block's label, first height first.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @classmethod
    def from_table(cls, blocks: pl.DataFrame, known: KnownBlocks) -> PoolLabels:
        """The labels of the table `blocks`, cut to the known ones.

        Raises:
            InputError: if the table does not start at the known blocks' first height, or is shorter.
        """
        count = len(known.header_time_s)
        if blocks.height < count or blocks["height"][0] != known.first_height:
            raise InputError(
                "the labels are of other blocks",
                first_height=blocks["height"][0],
                expected=known.first_height,
                hint="take both from one table",
            )
        labels = blocks["pool"][:count].cast(pl.Categorical())
        physical = labels.to_physical().to_numpy()
        used, codes = np.unique(physical, return_inverse=True)
        first = [int(np.argmax(physical == code)) for code in used]
        return cls(names=tuple(str(labels[at]) for at in first), codes=codes.astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShare:
    """One pool's part of the blocks of a stretch of time.

    Args:
        name: its label.
        blocks: how many it found.
        share_frac: its share of the blocks.
        low_frac: lower end of the interval of the share.
        high_frac: upper end.
        hashrate_ehs: its part of the total [EH/s].
        low_ehs: lower end of its interval, exact for a Poisson count [EH/s].
        high_ehs: upper end [EH/s].
    """

    name: str
    blocks: int
    share_frac: float
    low_frac: float
    high_frac: float
    hashrate_ehs: float
    low_ehs: float
    high_ehs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMix:
    """All pools of a stretch of time.

    Args:
        total: hashrate of all blocks, labelled or not.
        pools: largest first; the unlabelled blocks stand last, if there are any.
        level: confidence level of the intervals.
    """

    total: HashrateEstimate
    pools: tuple[PoolShare, ...]
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenBound:
    """How much hashrate can escape a count of blocks, and how much a sum over named pools.

    A block that was accepted is counted whoever found it, so hidden miners cannot be missing from the
    total. They can only be missing from a sum over known pools, and then stand among the unlabelled
    blocks: their share has an upper bound.

    Args:
        total_ehs: hashrate of all blocks [EH/s].
        named_ehs: hashrate of the blocks that carry a pool's label [EH/s].
        hidden_ehs: the rest [EH/s].
        hidden_high_ehs: one-sided upper bound of the rest [EH/s].
        level: confidence level of the bound.
    """

    total_ehs: float
    named_ehs: float
    hidden_ehs: float
    hidden_high_ehs: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMovement:
    """How one pool's share changed between two stretches of time.

    Args:
        name: its label.
        before_frac: share before.
        after_frac: share after.
        change_frac: difference, in parts of all blocks.
        low_frac: lower end of the difference's interval.
        high_frac: upper end.
        luck_prob: two-sided probability that an unchanged share differs this much.
    """

    name: str
    before_frac: float
    after_frac: float
    change_frac: float
    low_frac: float
    high_frac: float
    luck_prob: float


def pool_counts(known: KnownBlocks, labels: PoolLabels, window: Window) -> NDArray[np.int64]:
    """Blocks of each label with header time in (start, end], shape (names,)."""
    start_s, end_s = to_unix(window.start_at), to_unix(window.end_at)
    # The running maximum is never below a block's own time, so nothing before `first` lies inside.
    first = int(np.searchsorted(known.running_max_s, start_s, side="right"))
    times = known.header_time_s[first:]
    inside = (times > start_s) & (times <= end_s)
    return np.bincount(labels.codes[first:][inside], minlength=len(labels.names))


def pool_mix(known: KnownBlocks, labels: PoolLabels, window: Window, *, level: float = LEVEL) -> PoolMix:
    """Shares and hashrates of every pool that found a block in the window.

    The interval of a share is that of its marginal Beta distribution, the posterior of Jeffreys' Dirichlet
    prior; that of a hashrate the exact one of a Poisson count (Garwood).

    Raises:
        InputError: if the window holds fewer than two blocks.
        OutOfSpan: if it starts before the first known block.
    """
    from scipy.special import betaincinv

    total = hashrate_of_window(known, window_s=round(window.length_s), end_at=window.end_at, level=level)
    counts = pool_counts(known, labels, window)
    found = int(counts.sum())
    tail = (1 - level) / 2
    shares = []
    for code in np.flatnonzero(counts):
        count = int(counts[code])
        hashrate = total.mean_ehs * count / found
        interval = poisson_interval(count, level)
        alpha, beta = count + _JEFFREYS, found - count + _JEFFREYS
        shares.append(
            PoolShare(
                name=labels.names[code],
                blocks=count,
                share_frac=count / found,
                low_frac=float(betaincinv(alpha, beta, tail)),
                high_frac=float(betaincinv(alpha, beta, 1 - tail)),
                hashrate_ehs=hashrate,
                low_ehs=hashrate * interval.low_ratio,
                high_ehs=hashrate * interval.high_ratio,
            )
        )
    shares.sort(key=lambda share: (share.name == UNKNOWN, -share.blocks, share.name))
    return PoolMix(total=total, pools=tuple(shares), level=level)


def hidden_bound(mix: PoolMix) -> HiddenBound:
    """The hidden-hashrate argument as numbers: the total is fixed, the unlabelled part is bounded."""
    from scipy.special import gammaincinv

    total = mix.total
    hidden = sum(share.blocks for share in mix.pools if share.name == UNKNOWN)
    per_block_ehs = total.mean_ehs / total.blocks
    return HiddenBound(
        total_ehs=total.mean_ehs,
        named_ehs=per_block_ehs * (total.blocks - hidden),
        hidden_ehs=per_block_ehs * hidden,
        hidden_high_ehs=per_block_ehs * float(gammaincinv(hidden + 1, mix.level)),
        level=mix.level,
    )


def movements(before: PoolMix, after: PoolMix) -> tuple[PoolMovement, ...]:
    """How every pool's share changed, the largest change first.

    Shares are compared as two independent proportions under Jeffreys' prior, with the normal
    approximation; one of twenty pools moves with probability 0.05 by luck, so read `luck_prob` times the
    number of pools.

    Raises:
        InputError: if the stretches overlap.
    """
    from scipy.special import ndtr, ndtri

    if before.total.end_at > after.total.start_at:
        raise InputError(
            "movements between pools need stretches that do not overlap",
            before_end=format_instant(before.total.end_at),
            after_start=format_instant(after.total.start_at),
        )
    old = {share.name: share.blocks for share in before.pools}
    new = {share.name: share.blocks for share in after.pools}
    width = float(ndtri((1 + after.level) / 2))
    moved = []
    for name in sorted(old.keys() | new.keys()):
        first, first_var = _proportion(old.get(name, 0), before.total.blocks)
        last, last_var = _proportion(new.get(name, 0), after.total.blocks)
        change, sd = last - first, (first_var + last_var) ** 0.5
        moved.append(
            PoolMovement(
                name=name,
                before_frac=old.get(name, 0) / before.total.blocks,
                after_frac=new.get(name, 0) / after.total.blocks,
                change_frac=change,
                low_frac=change - width * sd,
                high_frac=change + width * sd,
                luck_prob=float(2 * ndtr(-abs(change) / sd)),
            )
        )
    return tuple(sorted(moved, key=lambda item: (-abs(item.change_frac), item.name)))


def _proportion(count: int, total: int) -> tuple[float, float]:
    """Posterior mean and variance of a share."""
    mean = (count + _JEFFREYS) / (total + 2 * _JEFFREYS)
    return mean, mean * (1 - mean) / (total + 2)


def heterogeneity_prob(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """Probability that luck alone changes the mix this much: Pearson's chi-square of two count vectors.

    Pools that expect fewer than five blocks in either stretch are pooled.

    Raises:
        InputError: if a stretch holds no block, or the vectors differ in length.
    """
    from scipy.special import chdtrc

    if before.shape != after.shape or not before.sum() or not after.sum():
        raise InputError("two mixes need blocks of the same pools", before=before.sum(), after=after.sum())
    both = before + after
    rarer = both * min(before.sum(), after.sum()) / both.sum()
    small = rarer < 5
    rows = np.array([np.append(row[~small], row[small].sum()) for row in (before, after)])
    rows = rows[:, rows.sum(axis=0) > 0]
    if rows.shape[1] < 2:
        return 1.0
    expected = rows.sum(axis=1, keepdims=True) * rows.sum(axis=0) / rows.sum()
    return float(chdtrc(rows.shape[1] - 1, (np.square(rows - expected) / expected).sum()))

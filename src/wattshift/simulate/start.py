"""Where a simulation starts: the network as it was known at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from wattshift.assets.bounds import require_fraction
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import is_retarget_height
from wattshift.chain.target import Bits, bits_to_difficulty, bits_to_target, target_to_bits
from wattshift.clock import to_unix
from wattshift.errors import InputError
from wattshift.simulate.limits import MAX_USD_PER_BTC, MIN_USD_PER_BTC, require_within

__all__ = ["START_BOUNDS", "NetworkStart"]

START_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "hashrate_ehs": (1e-6, 1e7),
        "hashrate_sd_frac": (0.0, 2.0),
        "price_usd_per_btc": (MIN_USD_PER_BTC, MAX_USD_PER_BTC),
        "fees_btc": (0.0, 1e4),
    }
)
"""From what to what the figures of a start lie, in the unit of each."""

_EASIEST_EXPONENT, _HARDEST_EXPONENT = 0x1D, 0x06


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStart:
    """The network at the instant from which it is simulated.

    Args:
        as_of: the instant.
        tip_height: height of the last block.
        bits: compact target of the block after the tip.
        first_time_s: header time of the first block of the period that this block belongs to [s since 1970];
            None if it opens the period itself.
        hashrate_ehs: median of what is believed of the hashrate [EH/s].
        hashrate_sd_frac: standard deviation of its logarithm.
        storm_prob: probability that hashrate is moving fast at present.
        price_usd_per_btc: the bitcoin price [USD/BTC].
        fees_btc: mean fees of a block [BTC].

    Raises:
        InputError: if a number is outside its range, the bits state no target of the main network, or the
            period's first block is missing, superfluous or later than the instant.
    """

    as_of: datetime
    tip_height: int
    bits: Bits
    first_time_s: int | None
    hashrate_ehs: float
    hashrate_sd_frac: float = 0.0
    storm_prob: float = 0.0
    price_usd_per_btc: float
    fees_btc: float

    def __post_init__(self) -> None:
        now_s = to_unix(self.as_of)
        for key, (least, most) in START_BOUNDS.items():
            require_within(key, getattr(self, key), least, most)
        require_fraction("storm_prob", self.storm_prob)
        if self.tip_height < 0:
            raise InputError("a tip has a height from 0 on", key="tip_height", value=self.tip_height)
        # The easiest target of the main network, and one that no machine could ever meet.
        if not (
            _HARDEST_EXPONENT <= self.bits >> 24 <= _EASIEST_EXPONENT
            and bits_to_target(self.bits) <= MAINNET.pow_limit
            and target_to_bits(bits_to_target(self.bits)) == self.bits
        ):
            raise InputError("the bits are none of the main network", key="bits", value=f"{self.bits:08x}")
        if (self.first_time_s is None) != is_retarget_height(self.tip_height + 1):
            raise InputError(
                "first_time_s is the time of the running period's first block, and only that",
                key="first_time_s",
                value=self.first_time_s,
                hint="leave it out only where the next block opens a period",
            )
        if self.first_time_s is not None and not self.first_time_s <= now_s:
            raise InputError(
                "the period's first block is later than the start",
                key="first_time_s",
                value=self.first_time_s,
            )

    @property
    def difficulty(self) -> float:
        """Of the block after the tip."""
        return bits_to_difficulty(self.bits)

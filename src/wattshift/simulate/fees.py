"""How fees move: a mean-reverting logarithm with jumps, one step a day."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.assets.bounds import require_fraction, require_not_negative, require_positive
from wattshift.errors import InputError

__all__ = ["FeeProcess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeProcess:
    """Mean fees of a day's blocks: ln fees is an AR(1) around a long-run median, with jumps upwards.

    Args:
        median_btc: to which it returns [BTC a block].
        persistence_frac: share of a deviation that is left after a day.
        daily_sd_frac: standard deviation of a day's log step.
        jump_prob: probability of a jump on a day.
        jump_frac: mean log size of a jump, exponentially distributed.

    Raises:
        InputError: if a number is outside its range.
    """

    median_btc: float
    persistence_frac: float = 0.95
    daily_sd_frac: float = 0.2
    jump_prob: float = 0.0
    jump_frac: float = 0.0

    def __post_init__(self) -> None:
        require_positive("median_btc", self.median_btc)
        if not 0 <= self.persistence_frac < 1:
            raise InputError(
                "persistence lies between 0 and 1, 1 excluded",
                key="persistence_frac",
                value=self.persistence_frac,
            )
        require_not_negative("daily_sd_frac", self.daily_sd_frac)
        require_fraction("jump_prob", self.jump_prob)
        require_not_negative("jump_frac", self.jump_frac)

"""How fees move: a mean-reverting logarithm with jumps, one step a day."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.assets.bounds import require_fraction
from wattshift.errors import InputError
from wattshift.simulate.limits import require_within

__all__ = ["FeeProcess"]

_LEAST_BTC, _MOST_BTC = 1e-8, 1e4
_LARGEST_STEP = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeProcess:
    """Mean fees of a day's blocks: ln fees is an AR(1) around a long-run median, with jumps upwards.

    Args:
        median_btc: to which it returns [BTC a block]; jumps lift the process above it.
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
        require_within("median_btc", self.median_btc, _LEAST_BTC, _MOST_BTC)
        if not 0 <= self.persistence_frac < 1:
            raise InputError(
                "persistence lies between 0 and 1, 1 excluded",
                key="persistence_frac",
                value=self.persistence_frac,
            )
        require_within("daily_sd_frac", self.daily_sd_frac, 0.0, _LARGEST_STEP)
        require_fraction("jump_prob", self.jump_prob)
        require_within("jump_frac", self.jump_frac, 0.0, _LARGEST_STEP)

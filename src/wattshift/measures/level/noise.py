"""How the true hashrate moves from one bin of blocks to the next: two regimes and a drift.

Time runs in bins of 36 blocks. The level of bin k, in ln EH/s, is a random walk

    level_k = level_(k-1) + growth + N(0, sd_k^2),

where the step sd_k belongs to one of two regimes that follow a Markov chain: calm, and storm (curtailment,
migration, bans). That is process noise which is estimated and may jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wattshift.errors import InputError
from wattshift.measures.level.arrivals import BIN_BLOCKS

__all__ = ["FITTED", "PRIOR", "NoiseModel"]

_BINS_PER_1008 = 1008 / BIN_BLOCKS
_BINS_PER_2016 = 2016 / BIN_BLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseModel:
    """How the true hashrate moves.

    Args:
        calm_sd_frac: standard deviation of log hashrate over 1,008 calm blocks.
        storm_sd_frac: the same over 1,008 stormy blocks.
        storm_start_prob: probability a bin that a calm turns into a storm.
        storm_end_prob: probability a bin that a storm ends.
        growth_frac: drift of log hashrate over 2,016 blocks.

    Raises:
        InputError: if a standard deviation or probability is outside its range.
    """

    calm_sd_frac: float
    storm_sd_frac: float
    storm_start_prob: float
    storm_end_prob: float
    growth_frac: float

    def __post_init__(self) -> None:
        if not 0 < self.calm_sd_frac <= self.storm_sd_frac:
            raise InputError("need 0 < calm sd <= storm sd", calm=self.calm_sd_frac, storm=self.storm_sd_frac)
        for prob in (self.storm_start_prob, self.storm_end_prob):
            if not 0 < prob < 1:
                raise InputError("a regime changes with a probability inside (0, 1)", probability=prob)

    @property
    def step_sd_frac(self) -> tuple[float, float]:
        """Standard deviation of one bin's step in calm and in storm."""
        scale = math.sqrt(_BINS_PER_1008)
        return self.calm_sd_frac / scale, self.storm_sd_frac / scale

    @property
    def step_growth_frac(self) -> float:
        """Drift of one bin."""
        return self.growth_frac / _BINS_PER_2016


PRIOR = NoiseModel(
    calm_sd_frac=0.03,
    storm_sd_frac=0.12,
    storm_start_prob=0.004,
    storm_end_prob=0.018,
    growth_frac=0.0,
)
"""What is believed before any data: the centre of the penalty with which `fit_noise` regularises."""


def _fitted(calm: float, storm: float, start: float, end: float, growth: float) -> NoiseModel:
    return NoiseModel(
        calm_sd_frac=calm,
        storm_sd_frac=storm,
        storm_start_prob=start,
        storm_end_prob=end,
        growth_frac=growth,
    )


FITTED: tuple[tuple[int, NoiseModel], ...] = (
    (0, PRIOR),
    (1609459200, _fitted(0.0205, 0.1213, 0.00424, 0.0148, 0.0136)),  # 2021-01-01
    (1640995200, _fitted(0.0183, 0.1417, 0.00320, 0.0131, 0.0229)),  # 2022-01-01
    (1672531200, _fitted(0.0224, 0.1392, 0.00272, 0.0146, 0.0198)),  # 2023-01-01
    (1704067200, _fitted(0.0189, 0.1335, 0.00197, 0.0137, 0.0226)),  # 2024-01-01
    (1735689600, _fitted(0.0193, 0.1319, 0.00166, 0.0136, 0.0211)),  # 2025-01-01
    (1767225600, _fitted(0.0200, 0.1274, 0.00130, 0.0123, 0.0189)),  # 2026-01-01
)
"""(instant from which it holds [s since 1970], what `fit_noise` made of the mainnet blocks known before it).

A figure as of an instant thus never rests on later blocks; `benchmarks/study_noise.py` refits them."""

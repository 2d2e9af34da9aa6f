"""How the bitcoin price may move, a day at a time: five processes, one interface.

Every process but the given path moves around the same expectation: `annual_drift_frac` is how much the mean
price grows in a year, zero unless said otherwise, so that a simulation is no forecast of the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.bounds import require_not_negative, require_positive
from wattshift.errors import InputError
from wattshift.simulate.limits import MAX_USD_PER_BTC, MIN_USD_PER_BTC, require_within

__all__ = [
    "BootstrapPrice",
    "GeometricPrice",
    "GivenPrice",
    "HestonPrice",
    "JumpPrice",
    "PriceProcess",
]

_MIN_RETURNS = 30
_MAX_RETURNS = 100_000
_LARGEST_LOG_RETURN = 5.0
_MAX_VOLATILITY = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BootstrapPrice:
    """History's own daily returns, drawn in blocks (stationary bootstrap: Politis & Romano 1994).

    Args:
        log_returns: shape (n,), daily log returns, oldest first; their mean is replaced by the drift.
        block_days: mean length of a block [days].
        annual_drift_frac: growth of the mean price in a year.

    Raises:
        InputError: if there are fewer than 30 returns, or a number is outside its range.
    """

    log_returns: NDArray[np.float64]
    block_days: float = 20.0
    annual_drift_frac: float = 0.0

    def __post_init__(self) -> None:
        returns = np.array(self.log_returns, np.float64)
        returns.flags.writeable = False
        object.__setattr__(self, "log_returns", returns)
        if returns.ndim != 1 or not _MIN_RETURNS <= len(returns) <= _MAX_RETURNS:
            raise InputError(
                f"a bootstrap needs {_MIN_RETURNS} to {_MAX_RETURNS:,} daily returns", shape=returns.shape
            )
        if not (np.abs(returns) < _LARGEST_LOG_RETURN).all():
            raise InputError(
                "a daily log return is not finite or beyond all bounds", limit=_LARGEST_LOG_RETURN
            )
        if not self.block_days >= 1:
            raise InputError("a block lasts a day or more", key="block_days", value=self.block_days)
        _require_drift(self.annual_drift_frac)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeometricPrice:
    """Geometric Brownian motion.

    Args:
        annual_volatility_frac: standard deviation of the log return of a year.
        annual_drift_frac: growth of the mean price in a year.

    Raises:
        InputError: if a number is outside its range.
    """

    annual_volatility_frac: float
    annual_drift_frac: float = 0.0

    def __post_init__(self) -> None:
        _require_volatility("annual_volatility_frac", self.annual_volatility_frac)
        _require_drift(self.annual_drift_frac)


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpPrice:
    """Brownian motion with normal jumps (Merton 1976), at most one a day.

    Args:
        annual_volatility_frac: standard deviation of a year's log return without jumps.
        jumps_per_year_count: expected number of jumps in a year.
        jump_mean_frac: mean log jump.
        jump_sd_frac: standard deviation of the log jump.
        annual_drift_frac: growth of the mean price in a year, jumps included.

    Raises:
        InputError: if a number is outside its range.
    """

    annual_volatility_frac: float
    jumps_per_year_count: float
    jump_mean_frac: float
    jump_sd_frac: float
    annual_drift_frac: float = 0.0

    def __post_init__(self) -> None:
        _require_volatility("annual_volatility_frac", self.annual_volatility_frac)
        _require_volatility("jump_sd_frac", self.jump_sd_frac)
        if not 0 <= self.jumps_per_year_count <= 365:
            raise InputError(
                "jumps come 0 to 365 times a year",
                key="jumps_per_year_count",
                value=self.jumps_per_year_count,
            )
        if not abs(self.jump_mean_frac) < _LARGEST_LOG_RETURN:
            raise InputError("a mean log jump is small", key="jump_mean_frac", value=self.jump_mean_frac)
        _require_drift(self.annual_drift_frac)


@dataclass(frozen=True, slots=True, kw_only=True)
class HestonPrice:
    """Volatility that moves and returns (after Heston 1993), in daily steps with truncation at zero.

    Args:
        annual_volatility_frac: volatility at the start.
        mean_volatility_frac: volatility to which it returns.
        return_days: how long half of a deviation of the variance lasts, divided by ln 2 [days].
        volatility_of_variance_frac: standard deviation of the variance over a year, at a variance of one.
        correlation_ratio: of the moves of price and variance, -1 to 1.
        annual_drift_frac: growth of the mean price in a year.

    Raises:
        InputError: if a number is outside its range.
    """

    annual_volatility_frac: float
    mean_volatility_frac: float
    return_days: float = 60.0
    volatility_of_variance_frac: float = 0.8
    correlation_ratio: float = 0.0
    annual_drift_frac: float = 0.0

    def __post_init__(self) -> None:
        for key in ("annual_volatility_frac", "mean_volatility_frac", "volatility_of_variance_frac"):
            _require_volatility(key, getattr(self, key))
        if not self.return_days >= 1:
            raise InputError("a variance returns in a day or more", key="return_days", value=self.return_days)
        if not -1 <= self.correlation_ratio <= 1:
            raise InputError(
                "a correlation lies between -1 and 1", key="correlation_ratio", value=self.correlation_ratio
            )
        _require_drift(self.annual_drift_frac)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenPrice:
    """A path that is given: no luck in the price.

    Args:
        usd_per_btc: shape (n,), the price on each day from the start on; the last one holds on [USD/BTC].

    Raises:
        InputError: if it is empty, or a price is not positive.
    """

    usd_per_btc: NDArray[np.float64]

    def __post_init__(self) -> None:
        path = np.array(self.usd_per_btc, np.float64)
        path.flags.writeable = False
        object.__setattr__(self, "usd_per_btc", path)
        if path.ndim != 1 or not 1 <= len(path) <= _MAX_RETURNS:
            raise InputError("a given path needs a price for each day", shape=path.shape)
        for extreme_usd_per_btc in (path.min(), path.max()):
            require_within("usd_per_btc", float(extreme_usd_per_btc), MIN_USD_PER_BTC, MAX_USD_PER_BTC)


PriceProcess: TypeAlias = BootstrapPrice | GeometricPrice | JumpPrice | HestonPrice | GivenPrice


def _require_volatility(key: str, value_frac: float) -> None:
    require_not_negative(key, value_frac)
    if value_frac > _MAX_VOLATILITY:
        raise InputError(f"{key} is beyond all bounds", key=key, value=value_frac, limit=_MAX_VOLATILITY)


def _require_drift(annual_drift_frac: float) -> None:
    require_positive("1 + annual_drift_frac", 1 + annual_drift_frac, hint="write 0.1 for 10 % a year")

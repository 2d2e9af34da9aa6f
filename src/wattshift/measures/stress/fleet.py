"""Which machines hash: a distribution of the fleet's efficiency that fits the catalogue and the hashrate.

The network's hashrate at the end of every quarter is known from difficulty. What was added in a quarter
(growth, and replacement of machines worn out) was bought from the models then on sale, newer ones first;
machines wear out with age. One constant, the field factor, scales rated efficiencies so that the mean of
the fleet agrees with a survey.

Anchor: Cambridge Centre for Alternative Finance, Cambridge Digital Mining Industry Report (April 2025):
fleet mean 28.2 J/TH, median electricity price 45 USD/MWh, 138 TWh a year, as of the middle of 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.chain.target import Bits, bits_to_difficulty
from wattshift.clock import to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.units import BLOCK_SPACING_S, HASHES_PER_EH, SECONDS_PER_DAY

__all__ = [
    "SURVEY_AT",
    "SURVEY_J_PER_TH",
    "Fleet",
    "Habits",
    "efficiency_quantile_j_per_th",
    "fleet_at",
    "fleet_means",
    "quarter_hashrates",
]

SURVEY_AT = datetime(2024, 6, 30, tzinfo=UTC)
"""When the survey's fleet stood as it was described."""

SURVEY_J_PER_TH = 28.2
_SURVEY_SD_FRAC = 0.06
_DRIFT_SD_FRAC = 0.06
"""Extra uncertainty of the mean a year away from the survey; grows with the square root of time."""

_HASHES_PER_DIFFICULTY = 2**32
_YEAR_S = 365.25 * SECONDS_PER_DAY
_FIRST_YEAR = 2017.0
_QUARTER_YEARS = 0.25
_SMALLEST_THS = 10.0
"""Machines below this rate are for hobby and heating, not for the fleet."""

_STEADY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How miners buy and scrap.

    Args:
        life_years: scale of the Weibull law (shape 3) after which machines are gone [years].
        choice_years: a model this much older than another on sale is bought e times less [years].
    """

    life_years: float
    choice_years: float


_CENTRAL = Habits(life_years=5.5, choice_years=1.0)
_ALTERNATIVES = tuple(
    Habits(life_years=life, choice_years=choice) for life in (4.0, 5.5, 7.5) for choice in (0.5, 1.0, 2.0)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The efficiency of the hashing machines at an instant.

    Args:
        as_of: the instant.
        hashrate_ehs: what they hash together [EH/s].
        efficiency_j_per_th: shape (models,), rising [J/TH].
        share_frac: shape (models,), each model's share of the hashrate; adds up to one.
        mean_j_per_th: mean over the hashrate [J/TH].
        low_j_per_th: lower end of its 95 % interval [J/TH].
        high_j_per_th: upper end [J/TH].
    """

    as_of: datetime
    hashrate_ehs: float
    efficiency_j_per_th: NDArray[np.float64]
    share_frac: NDArray[np.float64]
    mean_j_per_th: float
    low_j_per_th: float
    high_j_per_th: float


def quarter_hashrates(
    periods: pl.DataFrame, as_of: datetime
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hashrate that difficulty stood for, at quarter ends from 2017 to the instant, which comes last.

    Args:
        periods: table `difficulty_periods`.
        as_of: the instant; later periods are not used.

    Returns:
        When, as a decimal year, and how much [EH/s], shape (quarters,) each.

    Raises:
        OutOfSpan: if the instant lies before the end of the first quarter of 2017.
    """
    timed = periods.drop_nulls("first_time_s").filter(pl.col("first_time_s") <= to_unix(as_of))
    times = _year_of(timed["first_time_s"].to_numpy().astype(np.float64))
    per_difficulty = _HASHES_PER_DIFFICULTY / BLOCK_SPACING_S / HASHES_PER_EH
    rates = np.array([bits_to_difficulty(Bits(bits)) for bits in timed["bits"].to_list()]) * per_difficulty
    now = float(_year_of(np.array(to_unix(as_of))))
    grid = np.append(np.arange(_FIRST_YEAR + _QUARTER_YEARS, now, _QUARTER_YEARS), now)
    if len(grid) < 2:
        raise OutOfSpan("the fleet is modelled from 2017 on", as_of=as_of, hint="choose a later instant")
    return grid, rates[np.searchsorted(times, grid, side="right") - 1]


def _year_of(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1970.0 + seconds / _YEAR_S)


def fleet_at(catalog: pl.DataFrame, periods: pl.DataFrame, as_of: datetime, *, hashrate_ehs: float) -> Fleet:
    """The fleet at an instant, whose mean agrees with the survey at the survey's own date.

    The interval of the mean joins the survey's own error (6 %), how far other habits of buying and scrapping
    move the mean once each is anchored, and 6 % for each year's distance (square root) from the survey.

    Args:
        catalog: table `asic_catalog`.
        periods: table `difficulty_periods`.
        as_of: the instant.
        hashrate_ehs: hashrate now [EH/s].

    Raises:
        OutOfSpan: before April 2017.
    """
    sold_from, rated = _models(catalog)
    now = quarter_hashrates(periods, as_of)
    then = quarter_hashrates(periods, SURVEY_AT)
    cases = [
        (_shares(sold_from, rated, *now, habits), _shares(sold_from, rated, *then, habits))
        for habits in (_CENTRAL, *_ALTERNATIVES)
    ]
    factors = [SURVEY_J_PER_TH / float((surveyed * rated).sum()) for _, surveyed in cases]
    means = [
        float((shares * rated).sum()) * factor for (shares, _), factor in zip(cases, factors, strict=True)
    ]
    shares, factor = cases[0][0], factors[0]
    away_years = abs(to_unix(as_of) - to_unix(SURVEY_AT)) / _YEAR_S
    sd = math.sqrt(_SURVEY_SD_FRAC**2 + float(np.log(means).var()) + _DRIFT_SD_FRAC**2 * away_years)
    order = np.argsort(rated, kind="stable")
    kept = order[shares[order] > 0]
    return Fleet(
        as_of=as_of,
        hashrate_ehs=hashrate_ehs,
        efficiency_j_per_th=rated[kept] * factor,
        share_frac=shares[kept],
        mean_j_per_th=means[0],
        low_j_per_th=means[0] * math.exp(-1.96 * sd),
        high_j_per_th=means[0] * math.exp(1.96 * sd),
    )


def efficiency_quantile_j_per_th(fleet: Fleet, share_frac: float) -> float:
    """The efficiency that a share of the hashrate beats [J/TH].

    Raises:
        InputError: if the share is not inside (0, 1).
    """
    if not 0 < share_frac < 1:
        raise InputError("a share of the hashrate lies between 0 and 1", share_frac=share_frac)
    at = int(np.searchsorted(np.cumsum(fleet.share_frac), share_frac))
    return float(fleet.efficiency_j_per_th[min(at, len(fleet.share_frac) - 1)])


def fleet_means(catalog: pl.DataFrame, periods: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Mean efficiency of the fleet at every quarter end from 2017 to the instant.

    Returns:
        at (instant), mean_j_per_th [J/TH].

    Raises:
        OutOfSpan: before April 2017.
    """
    sold_from, rated = _models(catalog)
    then = quarter_hashrates(periods, SURVEY_AT)
    factor = SURVEY_J_PER_TH / float((_shares(sold_from, rated, *then, _CENTRAL) * rated).sum())
    grid, rates = quarter_hashrates(periods, as_of)
    bought = _purchases(sold_from, rated, grid, rates, _CENTRAL)
    means = []
    for k in range(len(grid)):
        alive = _survival(grid[k] - grid[: k + 1], _CENTRAL) @ bought[: k + 1]
        means.append(float((alive * rated).sum() / alive.sum()) * factor)
    at = pl.Series(((grid - 1970.0) * _YEAR_S * 1e6).astype(np.int64)).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"at": at, "mean_j_per_th": means})


def _models(catalog: pl.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When each fleet model came on sale [decimal year] and its rated efficiency [J/TH]."""
    models = catalog.filter((pl.col("hashrate_ths") >= _SMALLEST_THS) & (pl.col("status") != "announced"))
    # A model sold "in 2023" enters in the middle of that year.
    return models["release_year"].to_numpy() + 0.5, models["efficiency_j_per_th"].to_numpy()


def _shares(
    sold_from: NDArray[np.float64],
    rated: NDArray[np.float64],
    grid: NDArray[np.float64],
    rates: NDArray[np.float64],
    habits: Habits,
) -> NDArray[np.float64]:
    """Share of each model in the hashrate at the end of the grid, shape (models,)."""
    alive = _survival(grid[-1] - grid, habits) @ _purchases(sold_from, rated, grid, rates, habits)
    return np.asarray(alive / alive.sum())


def _purchases(
    sold_from: NDArray[np.float64],
    rated: NDArray[np.float64],
    grid: NDArray[np.float64],
    rates: NDArray[np.float64],
    habits: Habits,
) -> NDArray[np.float64]:
    """Hashrate bought of each model in each quarter, shape (quarters, models) [EH/s]."""
    purchases = np.zeros((len(grid), len(rated)))
    for k, (now, rate) in enumerate(zip(grid, rates, strict=True)):
        alive = _survival(now - grid[:k], habits) @ purchases[:k]
        added = max(0.0, rate - alive.sum())
        age = now - sold_from
        on_sale = np.where(age >= 0, np.exp(-np.maximum(age, 0) / habits.choice_years), 0.0)
        if not on_sale.any():
            # Before the oldest model of the catalogue there was nothing newer than it.
            on_sale = (sold_from == sold_from.min()).astype(np.float64)
        purchases[k] = added * on_sale / on_sale.sum()
    return purchases


def _survival(age_years: NDArray[np.float64], habits: Habits) -> NDArray[np.float64]:
    """Share of machines still there at an age (Weibull)."""
    return np.asarray(np.exp(-((age_years / habits.life_years) ** _STEADY)))

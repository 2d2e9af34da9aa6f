"""Security over the days of a forecast: double spends, and what matching the hashrate costs."""

from __future__ import annotations

from collections.abc import Sequence

from wattshift.app.simulating.courses import band_of, instant_of
from wattshift.config.scenarioparts import AttackGiven
from wattshift.measures.security.doublespend import double_spend_prob, timed_double_spend_prob
from wattshift.report.documents.security import MachineQuote
from wattshift.report.documents.simulation import Band, SafetyRow
from wattshift.simulate.result import NetworkForecast, Quantity
from wattshift.units import HOURS_PER_YEAR, SECONDS_PER_HOUR, SUFFIXES

__all__ = ["safety_rows"]

_HALF = 0.5
_TH_PER_EH = 1e6
_MW_PER_GW = 1e3
_NEEDED = (
    Quantity.HASHRATE,
    Quantity.STANDING,
    Quantity.POWER,
    Quantity.BUDGET,
    Quantity.INTERVAL,
)
_YEAR_HOURS = 365.25 * HOURS_PER_YEAR / 365


def safety_rows(
    found: NetworkForecast, days: Sequence[int], given: AttackGiven, machine: MachineQuote | None
) -> tuple[SafetyRow, ...]:
    """Security on some days.

    Args:
        found: the forecast.
        days: which.
        given: the attacker, and what power costs him.
        machine: what machines cost; None where that is not known.
    """
    held_ehs = given.attacker_frac * float(found.daily[Quantity.HASHRATE].quantiles[2, 0])
    return tuple(_row(found, day, held_ehs, given, machine) for day in days)


def _row(
    found: NetworkForecast, day: int, held_ehs: float, given: AttackGiven, machine: MachineQuote | None
) -> SafetyRow:
    rate, standing, power, budget, interval_s = (band_of(found.daily[each], day) for each in _NEEDED)
    count = given.confirmations
    share = _band("_frac", *(min(1.0, held_ehs / each) for each in (rate.high, rate.median, rate.low)))
    rented = _rented(rate, standing)
    price = None if machine is None else machine.usd_per_th * _TH_PER_EH
    return SafetyRow(
        at=instant_of(found.as_of, day),
        hashrate_ehs=rate,
        attacker_frac=share,
        double_spend_prob=_spends(share, count),
        timed_prob=timed_double_spend_prob(
            min(share.median, _HALF), count, SECONDS_PER_HOUR, mean_interval_s=interval_s.median
        ),
        standing_frac=rented,
        standing_prob=_spends(rented, count),
        machines_usd=None if price is None else _scaled("_usd", rate, price),
        stock_usd=None if price is None else _scaled("_usd", _missing(rate, standing), price),
        energy_usd=_scaled("_usd", power, _MW_PER_GW * given.power_usd_per_mwh),
        rent_usd=_scaled("_usd", budget, 1e6 / _YEAR_HOURS),
        budget_usd_m_per_year=budget,
    )


def _band(suffix: str, low: float, median: float, high: float) -> Band:
    low, median, high = (float(f"{each:.6g}") for each in (low, median, high))
    return Band(unit=SUFFIXES[suffix], low=low, median=median, high=high)


def _scaled(suffix: str, band: Band, ratio: float) -> Band:
    return _band(suffix, *(each * ratio for each in (band.low, band.median, band.high)))


def _rented(rate: Band, standing: Band) -> Band:
    """The share of whoever rents all that stands still; the ends are the outermost."""
    pairs = ((standing.low, rate.high), (standing.median, rate.median), (standing.high, rate.low))
    return _band("_frac", *(still / (still + hashing) for still, hashing in pairs))


def _missing(rate: Band, standing: Band) -> Band:
    """What must be bought once all that stands still is rented; the ends are the outermost."""
    pairs = ((rate.low, standing.high), (rate.median, standing.median), (rate.high, standing.low))
    return _band("_ehs", *(max(0.0, hashing - still) for hashing, still in pairs))


def _spends(share: Band, count: int) -> Band:
    return _band(
        "_prob", *(double_spend_prob(min(each, 1.0), count) for each in (share.low, share.median, share.high))
    )

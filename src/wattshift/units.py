"""The closed table of units, and the exact conversions between them.

A public float carries its unit as the last words of its name; `SUFFIXES` is the whole list,
and `tests/arch/test_units.py` refuses any other spelling. `DIMENSIONLESS` lists the field's
standard names that need none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "BLOCK_SPACING_S",
    "DIMENSIONLESS",
    "HASHES_PER_EH",
    "HASHES_PER_PH",
    "HOURS_PER_YEAR",
    "MWH_PER_PH_DAY_PER_J_PER_TH",
    "SAT_PER_BTC",
    "SECONDS_PER_DAY",
    "SECONDS_PER_HOUR",
    "SUFFIXES",
    "btc_to_sat",
    "ehs_to_phs",
    "hs_to_ehs",
    "j_per_th_to_mwh_per_ph_day",
    "sat_to_btc",
    "usd_m_per_mw_year_to_usd_per_mwh",
    "usd_per_ph_day_to_usd_per_mwh",
    "usd_per_year_to_usd_per_mwh",
    "w_to_mw",
]

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "_mw": "megawatt",
        "_gw": "gigawatt",
        "_kw": "kilowatt",
        "_w": "watt",
        "_mw_per_h": "megawatt per hour (a ramp)",
        "_mwh": "megawatt-hour",
        "_twh_per_year": "terawatt-hour per year",
        "_hs": "hash per second",
        "_ths": "terahash per second (10^12)",
        "_phs": "petahash per second (10^15)",
        "_ehs": "exahash per second (10^18)",
        "_hashes": "expected double-SHA256 evaluations",
        "_j_per_th": "joule per terahash",
        "_usd": "US dollar",
        "_usd_m": "million US dollars",
        "_usd_bn": "billion US dollars",
        "_usd_per_mwh": "US dollar per megawatt-hour",
        "_usd_per_ph_day": "US dollar per petahash per second for a day",
        "_btc_per_ph_day": "bitcoin per petahash per second for a day",
        "_usd_per_btc": "US dollar per bitcoin",
        "_usd_per_th": "US dollar per terahash per second of machine",
        "_usd_per_mw": "US dollar per megawatt of capacity",
        "_usd_per_mw_month": "US dollar per megawatt and month",
        "_usd_per_mw_year": "US dollar per megawatt and year",
        "_usd_m_per_mw": "million US dollars per megawatt of capacity",
        "_usd_m_per_mw_year": "million US dollars per megawatt and year",
        "_usd_per_day": "US dollar per day",
        "_usd_per_year": "US dollar per year",
        "_usd_m_per_year": "million US dollars per year",
        "_usd_per_gpu_h": "US dollar per GPU-hour",
        "_usd_per_gpu": "US dollar per GPU",
        "_usd_per_t": "US dollar per tonne of CO2",
        "_t_per_mwh": "tonne of CO2 per megawatt-hour",
        "_c": "degree Celsius",
        "_kw_per_gpu": "kilowatt per GPU",
        "_sat": "satoshi (integer)",
        "_sat_per_vb": "satoshi per virtual byte",
        "_vmb": "million virtual bytes",
        "_vmb_per_s": "million virtual bytes per second",
        "_btc": "bitcoin",
        "_s": "second",
        "_s_per_hash": "second of waiting per expected double-SHA256 evaluation",
        "_h": "hour",
        "_hours": "hour (the length of an interval)",
        "_days": "day of 86,400 s",
        "_years": "year of 8,760 h",
        "_at": "instant, aware UTC",
        "_count": "number of events; a float where they weigh unlike",
        "_blocks": "number of blocks; a float where they weigh unlike",
        "_frac": "fraction of one",
        "_prob": "probability, 0 to 1",
        "_ratio": "ratio of two like quantities",
        "_px": "pixel of a chart",
    }
)

DIMENSIONLESS: frozenset[str] = frozenset(
    {"difficulty", "hours", "level", "ln_likelihood", "log_returns", "pue", "z"}
)
"""Standard names without a unit: network difficulty, the `hours` of an interval row, the confidence level
of an interval, the logarithms of a likelihood and of ratios of prices, power usage effectiveness, and a
standard score."""

SAT_PER_BTC = 100_000_000
HASHES_PER_PH = 10**15
HASHES_PER_EH = 10**18
SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400
HOURS_PER_YEAR = 8_760
BLOCK_SPACING_S = 600
MWH_PER_PH_DAY_PER_J_PER_TH = 0.024
"""1 PH/s = 1000 TH/s; at 1 J/TH it draws 1 kW, hence 24 kWh = 0.024 MWh a day."""


def sat_to_btc(amount_sat: float) -> float:
    """Satoshi to bitcoin."""
    return amount_sat / SAT_PER_BTC


def btc_to_sat(amount_btc: float) -> int:
    """Bitcoin to satoshi, rounded to the nearest integer."""
    return round(amount_btc * SAT_PER_BTC)


def hs_to_ehs(rate_hs: float) -> float:
    """Hashes per second to EH/s."""
    return rate_hs / HASHES_PER_EH


def ehs_to_phs(rate_ehs: float) -> float:
    """EH/s to PH/s."""
    return rate_ehs * 1_000.0


def w_to_mw(power_w: float) -> float:
    """Watt to megawatt."""
    return power_w / 1e6


def j_per_th_to_mwh_per_ph_day(efficiency_j_per_th: float) -> float:
    """Energy that 1 PH/s of this efficiency draws in a day [MWh]."""
    return MWH_PER_PH_DAY_PER_J_PER_TH * efficiency_j_per_th


def usd_per_ph_day_to_usd_per_mwh(hashprice_usd_per_ph_day: float, efficiency_j_per_th: float) -> float:
    """Hashprice to the revenue of one MWh at the machine's terminals [USD/MWh]."""
    return hashprice_usd_per_ph_day / j_per_th_to_mwh_per_ph_day(efficiency_j_per_th)


def usd_m_per_mw_year_to_usd_per_mwh(value_usd_m_per_mw_year: float) -> float:
    """Million USD per MW and year to USD per MWh of a year at full load."""
    return value_usd_m_per_mw_year * 1e6 / HOURS_PER_YEAR


def usd_per_year_to_usd_per_mwh(value_usd_per_year: float, capacity_mw: float) -> float:
    """USD a year from a capacity to USD per MWh of a year at full load."""
    return value_usd_per_year / (capacity_mw * HOURS_PER_YEAR)

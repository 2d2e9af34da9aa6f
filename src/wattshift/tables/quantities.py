"""Every quantity that is checked before it is stored: what it may be, since when and why.

A band is wide on purpose: it refuses what cannot be, not what is rare. When the world leaves one, a new
band with a new date is added here; none is stretched backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from wattshift.tables.quantity import Band, Quantity, Slip

__all__ = ["COLUMNS", "QUANTITIES", "SERIES"]


_ALWAYS = date(2009, 1, 3)
_SI = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def _by(unit: str, ratio: float) -> Slip:
    """The number is `ratio` times what it should be."""
    cure = f"divide by {ratio:,.15g}" if ratio >= 1 else f"multiply by {1 / ratio:,.15g}"
    return Slip(unit=unit, given=ratio, cure=f"{cure}, or name the column after its unit")


def _inverse(unit: str, ratio: float) -> Slip:
    return Slip(unit=unit, given=ratio, inverse=True, cure=f"take {ratio:,.15g} divided by each value")


def _one(  # noqa: PLR0913  # the numbers of a quantity that has one band
    unit: str,
    reason: str,
    *slips: Slip,
    typical: float,
    low: float,
    high: float,
    usual: tuple[float, float] | None = None,
    in_time: bool = False,
    rise: float = 5.0,
    fall: float = 0.2,
    n_batch: int = 1,
) -> Quantity:
    usual_low, usual_high = usual or (low, high)
    band = Band(
        unit=unit,
        since=_ALWAYS,
        low=low,
        high=high,
        usual_low=usual_low,
        usual_high=usual_high,
        reason=reason,
    )
    return Quantity(
        unit=unit,
        typical=typical,
        bands=(band,),
        slips=slips,
        in_time=in_time,
        rise=rise,
        fall=fall,
        n_batch=n_batch,
    )


def _dated(unit: str, reason: str, *bands: tuple[date, float, float]) -> tuple[Band, ...]:
    return tuple(
        Band(unit=unit, since=since, low=low, high=high, usual_low=low, usual_high=high, reason=reason)
        for since, low, high in bands
    )


_BITCOIN = {
    "btc_price": Quantity(
        unit="USD/BTC",
        typical=100_000.0,
        in_time=True,
        bands=_dated(
            "USD/BTC",
            "a factor of ten and more around the closes of those years: 0.05 in 2010, 1,150 in 2013,"
            " 126,000 in 2025",
            (_ALWAYS, 0.001, 100.0),
            (date(2012, 1, 1), 1.0, 5_000.0),
            (date(2016, 1, 1), 100.0, 100_000.0),
            (date(2020, 1, 1), 1_000.0, 1_000_000.0),
            (date(2024, 1, 1), 5_000.0, 2_000_000.0),
        ),
        slips=(
            _by("US cents per bitcoin", 100.0),
            _by("thousand US dollars per bitcoin, or US dollars per mBTC", 1e-3),
            _by("US dollars per satoshi", 1e-8),
            _by("Korean won per bitcoin", 1_400.0),
            _by("Japanese yen per bitcoin", 150.0),
            _by("Indian rupees per bitcoin", 86.0),
            _inverse("satoshi per US dollar", 1e8),
            _inverse("bitcoin per US dollar", 1.0),
        ),
    ),
    "network_hashrate": Quantity(
        unit="EH/s",
        typical=1_000.0,
        in_time=True,
        bands=_dated(
            "EH/s",
            "difficulty times 2^32 / 600 s of those years, a factor of five and more around it",
            (_ALWAYS, 1e-13, 1.0),
            (date(2015, 1, 1), 0.05, 300.0),
            (date(2020, 1, 1), 15.0, 2_000.0),
            (date(2024, 1, 1), 100.0, 10_000.0),
        ),
        slips=(
            _by("ZH/s", 1e-3),
            *(_by(f"{prefix}H/s", 1e18 / _SI[prefix]) for prefix in "PTGMk"),
            _by("H/s", 1e18),
        ),
    ),
    "hashprice": Quantity(
        unit="USD/PH/day",
        typical=45.0,
        in_time=True,
        bands=_dated(
            "USD/PH/day",
            "28 to 450 since 2018; hundreds of thousands before ASICs",
            (_ALWAYS, 10.0, 1e12),
            (date(2018, 1, 1), 5.0, 2_000.0),
        ),
        slips=(
            _by("USD/TH/day", 1e-3),
            _by("USD/EH/day", 1e3),
            _by("US cents/PH/day", 100.0),
            _by("BTC/PH/day", 1e-5),
        ),
    ),
    "block_fees": _one(
        "sat",
        "the largest fees of one block were about 300 BTC (2016); a median block pays 0.01 to 10 BTC",
        _by("BTC", 1e-8),
        _by("mBTC", 1e-5),
        _by("US dollars", 1e-3),
        _by("millisatoshi", 1e3),
        typical=5e6,
        low=0.0,
        high=5e10,
        usual=(0.0, 2e9),
        in_time=True,
        rise=10.0,
        fall=0.02,
        n_batch=144,
    ),
    "block_subsidy": _one(
        "sat",
        "50 BTC at first, 3.125 BTC until 2028; a miner may claim less, now and then nothing",
        _by("BTC", 1e-8),
        _by("mBTC", 1e-5),
        typical=3.125e8,
        low=0.0,
        high=5e9,
        usual=(1e7, 5e9),
    ),
    "unix_time": _one(
        "s since 1970",
        "from the genesis block to the year 2100",
        _by("milliseconds", 1e3),
        _by("microseconds", 1e6),
        _by("nanoseconds", 1e9),
        _by("minutes", 1 / 60),
        _by("hours", 1 / 3_600),
        _by("days", 1 / 86_400),
        typical=1.8e9,
        low=1.2e9,
        high=4.1e9,
    ),
}

_POWER = {
    "grid_price": _one(
        "USD/MWh",
        "floors and caps of the markets: -500 to 4,000 EUR in Europe, -1,000 to 20,300 AUD in Australia,"
        " 9,000 USD in ERCOT until 2022 and 5,000 since, adders on top",
        _by("USD/kWh", 1e-3),
        _by("US cents per kWh", 0.1),
        _by("US cents per MWh", 100.0),
        _by("USD/GWh", 1e3),
        typical=30.0,
        low=-1_000.0,
        high=15_000.0,
        usual=(2.0, 15_000.0),
        in_time=True,
        rise=2.0,
        fall=0.25,
        n_batch=96,
    ),
    "grid_load": _one(
        "MW",
        "from one load zone at night to twice the peak of the largest market of North America",
        _by("kW", 1e3),
        _by("GW", 1e-3),
        _by("W", 1e6),
        typical=20_000.0,
        low=200.0,
        high=350_000.0,
        in_time=True,
        n_batch=24,
    ),
    "site_power": _one(
        "MW",
        "from a container to the largest campus that anyone has announced",
        _by("kW", 1e3),
        _by("GW", 1e-3),
        _by("W", 1e6),
        typical=200.0,
        low=1.0,
        high=10_000.0,
    ),
    "market_interval": _one(
        "h",
        "no market of this dictionary settles in steps longer than an hour or shorter than a minute",
        _by("minutes", 60.0),
        _by("seconds", 3_600.0),
        typical=0.25,
        low=1 / 60,
        high=1.0,
    ),
}

_MACHINES = {
    "efficiency": _one(
        "J/TH",
        "12 J/TH on the market, 98 the S9 of 2016; below 2 lies no announced chip",
        _by("J/GH", 1e-3),
        _by("J/MH", 1e-6),
        _by("J/PH", 1e3),
        _by("kWh/TH", 1 / 3.6e6),
        typical=17.0,
        low=2.0,
        high=300.0,
    ),
    "machine_power": _one(
        "W",
        "from a toy on a USB plug to a hydro-cooled double machine; of a list, most draw kilowatts",
        _by("kW", 1e-3),
        _by("MW", 1e-6),
        _by("mW", 1e3),
        typical=3_500.0,
        low=5.0,
        high=30_000.0,
        usual=(200.0, 30_000.0),
    ),
    "machine_hashrate": _one(
        "TH/s",
        "from a toy to a hydro-cooled double machine; of a list, most do tens or hundreds",
        _by("GH/s", 1e3),
        _by("PH/s", 1e-3),
        _by("EH/s", 1e-6),
        _by("H/s", 1e12),
        typical=250.0,
        low=0.3,
        high=5_000.0,
        usual=(5.0, 5_000.0),
    ),
    "machine_price": _one(
        "USD/TH",
        "119 at the peak of 2021, below 2 for used machines of an old tier",
        _by("USD per machine", 200.0),
        _by("USD/PH", 1e3),
        _by("USD/GH", 1e-3),
        _by("US cents/TH", 100.0),
        typical=10.0,
        low=0.3,
        high=300.0,
        usual=(0.5, 300.0),
    ),
}

_COMPUTE = {
    "gpu_price": _one(
        "USD/GPU-h",
        "0.05 for a GPU of 2017 at auction, 18 for the newest on demand",
        _by("USD per hour of a node of 8 GPUs", 8.0),
        _by("USD/GPU-day", 24.0),
        _by("US cents/GPU-h", 100.0),
        _by("USD/GPU-month", 730.0),
        _by("USD/GPU-year", 8_760.0),
        _by("USD/GPU-minute", 1 / 60),
        _by("USD/GPU-second", 1 / 3_600),
        typical=2.5,
        low=0.02,
        high=40.0,
        in_time=True,
        rise=4.0,
        fall=0.2,
    ),
    "contract_value": _one(
        "bn USD",
        "from a hall to the largest lease that anyone has announced",
        _by("million USD", 1e3),
        _by("USD", 1e9),
        typical=5.0,
        low=0.01,
        high=300.0,
    ),
    "contract_term": _one(
        "years",
        "public leases of halls run 1 to 25 years, options to 40",
        _by("months", 12.0),
        _by("days", 365.0),
        typical=12.0,
        low=0.5,
        high=50.0,
    ),
    "build_cost": _one(
        "M USD/MW",
        "0.3 for a mining hall, 11 for an AI hall, 50 with its GPUs",
        _by("USD/kW", 1e3),
        _by("USD/MW", 1e6),
        typical=9.0,
        low=0.1,
        high=60.0,
    ),
    "yearly_income": _one(
        "M USD/year",
        "net operating income of one contract: from a small hall to a campus",
        _by("USD/year", 1e6),
        _by("thousand USD/year", 1e3),
        _by("bn USD/year", 1e-3),
        typical=300.0,
        low=1.0,
        high=20_000.0,
    ),
    "fraction": _one(
        "fraction of one",
        "a part of a whole",
        _by("per cent", 100.0),
        _by("basis points", 1e4),
        typical=0.5,
        low=-1.0,
        high=1.0,
        usual=(0.0, 1.0),
    ),
}

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({**_BITCOIN, **_POWER, **_MACHINES, **_COMPUTE})

_GPU_QUANTILES = ("min", "p10", "p25", "median", "p75", "p90", "max", "mean")
_ZONES = ("ercot", "coast", "east", "fwest", "north", "ncent", "south", "scent", "west")

COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "blocks": {"header_time_s": "unix_time"},
        "block_fees": {"fee_sat": "block_fees", "subsidy_sat": "block_subsidy"},
        "block_facts": {"fee_sat": "block_fees", "subsidy_sat": "block_subsidy"},
        "difficulty_periods": {"first_time_s": "unix_time"},
        "retarget_headers": {"header_time_s": "unix_time"},
        "btc_usd_daily": {"close_usd_per_btc": "btc_price"},
        "btc_usd_hourly": {"close_usd_per_btc": "btc_price"},
        "btc_usd_quotes": dict.fromkeys(
            ("price_usd_per_btc", "low_usd_per_btc", "high_usd_per_btc"), "btc_price"
        ),
        "grid_prices": {"price_usd_per_mwh": "grid_price", "hours": "market_interval"},
        "power_price": {"price_usd_per_mwh": "grid_price", "hours": "market_interval"},
        "ercot_load": {"hours": "market_interval", **{f"{zone}_mw": "grid_load" for zone in _ZONES}},
        "gpu_prices": {"price_usd_per_gpu_h": "gpu_price"},
        "gpu_market": {f"{quantile}_usd_per_gpu_h": "gpu_price" for quantile in _GPU_QUANTILES},
        "asic_catalog": {
            "hashrate_ths": "machine_hashrate",
            "power_w": "machine_power",
            "efficiency_j_per_th": "efficiency",
        },
        "asic_price_points": {"price_usd_per_th": "machine_price"},
        "ai_contracts": {
            "critical_it_mw": "site_power",
            "gross_mw": "site_power",
            "value_usd_bn": "contract_value",
            "value_with_options_usd_bn": "contract_value",
            "equipment_capex_usd_bn": "contract_value",
            "term_years": "contract_term",
            "capex_low_usd_m_per_mw": "build_cost",
            "capex_high_usd_m_per_mw": "build_cost",
            "noi_margin_low_frac": "fraction",
            "noi_margin_high_frac": "fraction",
            "noi_usd_m_per_year": "yearly_income",
        },
    }
)
"""Table -> column -> quantity. `venue_quotes` is left out: it keeps what every venue said, wrong or not."""

SERIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "grid_prices": ("market", "location"),
        "gpu_market": ("gpu",),
        "gpu_prices": ("source", "provider", "gpu", "kind", "n_gpus"),
    }
)
"""Tables that hold several series, and the columns that tell one from another."""

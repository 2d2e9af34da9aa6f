"""A scenario in the arrays that the compiled loops read, and empty room for what they write."""

from __future__ import annotations

import math
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.rules import subsidy_sat
from wattshift.chain.target import bits_to_work
from wattshift.clock import to_unix
from wattshift.measures.hashprice import hashprice_btc_per_ph_day
from wattshift.simulate.behaviour import AiPull, Investment
from wattshift.simulate.events import Event, Outage, PriceShock, Shipment
from wattshift.simulate.kernel.fleet import AGES_WEEKS, REDEPLOYS_WEEKS
from wattshift.simulate.kernel.model import (
    BOOTSTRAP,
    GIVEN,
    HESTON,
    JUMPS,
    ChainStart,
    Habits,
    Market,
    Miners,
    Model,
    Pace,
)
from wattshift.simulate.kernel.places import VISITS_DAYS
from wattshift.simulate.price import BootstrapPrice, GeometricPrice, GivenPrice, HestonPrice, PriceProcess
from wattshift.simulate.regions import region_shares
from wattshift.simulate.result import Quantity
from wattshift.simulate.scenario import Scenario
from wattshift.units import BLOCK_SPACING_S, HASHES_PER_EH, SAT_PER_BTC, SECONDS_PER_DAY

__all__ = ["pack", "references", "start_hashprice_usd_per_ph_day"]

_YEAR_DAYS = 365.25
_WEEK_DAYS = 7.0
_WEEKS_PER_YEAR = _YEAR_DAYS / _WEEK_DAYS
_LOWEST_FEES_BTC = 1e-4
_MOST_WORN = 0.5


def start_hashprice_usd_per_ph_day(scenario: Scenario) -> float:
    """Hashprice at the start [USD/PH/day]."""
    start = scenario.start
    reward_btc = subsidy_sat(start.tip_height + 1) / SAT_PER_BTC + start.fees_btc
    return start.price_usd_per_btc * hashprice_btc_per_ph_day(
        reward_btc=reward_btc, difficulty=start.difficulty
    )


def pack(scenario: Scenario) -> Model:
    """The scenario as the loops read it."""
    start = scenario.start
    return Model(
        seed=scenario.seed,
        days=scenario.horizon_days,
        chain=ChainStart(
            start_s=float(to_unix(start.as_of)),
            tip_height=start.tip_height,
            bits=int(start.bits),
            first_time_s=start.first_time_s or 0,
        ),
        market=_market(scenario),
        miners=_miners(scenario),
        pace=_pace(scenario),
        habits=_habits(scenario),
        scale_ratio=np.array(
            [1.0 / references(scenario)[quantity] for quantity in Quantity], dtype=np.float32
        ),
    )


def references(scenario: Scenario) -> dict[Quantity, float]:
    """The size of each quantity, around which its bins lie; in the quantity's own unit."""
    start, fleet = scenario.start, scenario.fleet
    hashprice = start_hashprice_usd_per_ph_day(scenario)
    power_gw = start.hashrate_ehs * fleet.mean_j_per_th / 1e3
    interval_s = float(bits_to_work(start.bits)) / (start.hashrate_ehs * HASHES_PER_EH)
    reward_usd = hashprice * start.hashrate_ehs * 1e3 * interval_s / SECONDS_PER_DAY
    own = {
        Quantity.HASHRATE: start.hashrate_ehs,
        Quantity.DIFFICULTY: start.difficulty,
        Quantity.INTERVAL: float(BLOCK_SPACING_S),
        Quantity.HASHPRICE: hashprice,
        Quantity.MINING_VALUE: hashprice / (0.024 * fleet.mean_j_per_th),
        Quantity.UNDER_WATER: 1 / 32,
        Quantity.IDLE: start.hashrate_ehs,
        Quantity.STANDING: start.hashrate_ehs,
        Quantity.PRICE: start.price_usd_per_btc,
        Quantity.FEES: 8 * max(scenario.fees.median_btc, start.fees_btc, _LOWEST_FEES_BTC),
        Quantity.BUDGET: reward_usd * _YEAR_DAYS * SECONDS_PER_DAY / interval_s / 1e6,
    }
    return {quantity: own.get(quantity, power_gw) for quantity in Quantity}


def _market(scenario: Scenario) -> Market:
    start, fees, noise = scenario.start, scenario.fees, scenario.noise
    kind, numbers, series = _price(scenario.price)
    return Market(
        price_kind=kind,
        price_usd_per_btc=start.price_usd_per_btc,
        price_numbers=np.array(numbers, dtype=np.float64),
        price_series=np.ascontiguousarray(series),
        fees_btc=start.fees_btc,
        median_fees_btc=fees.median_btc,
        fee_keep_frac=fees.persistence_frac,
        fee_sd_frac=fees.daily_sd_frac,
        fee_jump_prob=fees.jump_prob,
        fee_jump_frac=fees.jump_frac,
        level_sd_frac=start.hashrate_sd_frac,
        calm_sd_frac=noise.calm_sd_frac / math.sqrt(_WEEK_DAYS),
        storm_sd_frac=noise.storm_sd_frac / math.sqrt(_WEEK_DAYS),
        storm_now_prob=start.storm_prob,
        storm_start_prob=noise.storm_start_prob,
        storm_end_prob=noise.storm_end_prob,
        storm_keep_frac=1 - 1 / noise.return_days,
        shocks=_shocks(scenario),
        outages=_outages(scenario),
    )


def _shocks(scenario: Scenario) -> NDArray[np.float64]:
    rows = [
        _row(_number(event), event.start_days, event.change_frac, event.over_days)
        for event in scenario.events
        if isinstance(event, PriceShock)
    ]
    return _table(rows, 3)


def _outages(scenario: Scenario) -> NDArray[np.float64]:
    rows = [
        _row(
            _number(event),
            event.start_days,
            event.share_frac,
            event.ramp_days,
            event.length_days,
            event.back_frac,
            event.back_over_days,
        )
        for event in _outage_events(scenario)
    ]
    return _table(rows, 6)


def _price(process: PriceProcess) -> tuple[int, list[float], NDArray[np.float64]]:
    """Kind, numbers and series as `kernel.market` reads them."""
    none = np.zeros(1)
    if isinstance(process, GivenPrice):
        return GIVEN, [0.0], process.usd_per_btc
    drift = math.log1p(process.annual_drift_frac) / _YEAR_DAYS
    if isinstance(process, BootstrapPrice):
        returns = process.log_returns
        own = float(np.log(np.exp(returns).mean()))
        return BOOTSTRAP, [drift - own, 1 / process.block_days], returns
    daily_variance = process.annual_volatility_frac**2 / _YEAR_DAYS
    if isinstance(process, HestonPrice):
        back = 1 / process.return_days
        mean = process.mean_volatility_frac**2 / _YEAR_DAYS
        # Of the yearly variance V: dV = ... + s sqrt(V) dW; a day's variance is V / 365.25.
        sd = process.volatility_of_variance_frac / _YEAR_DAYS
        return HESTON, [drift, daily_variance, mean, back, sd, process.correlation_ratio], none
    if isinstance(process, GeometricPrice):
        return JUMPS, [drift - daily_variance / 2, math.sqrt(daily_variance), 0.0, 0.0, 0.0], none
    prob = 1 - math.exp(-process.jumps_per_year_count / _YEAR_DAYS)
    mean, jump_sd = process.jump_mean_frac, process.jump_sd_frac
    own = daily_variance / 2 + math.log1p(prob * math.expm1(mean + jump_sd**2 / 2))
    return JUMPS, [drift - own, math.sqrt(daily_variance), prob, mean, jump_sd], none


def _number(event: Event) -> int:
    """Where the luck of an event is drawn: by its name, lest it change when another event comes or goes."""
    return int.from_bytes(sha256(event.name.encode()).digest()[:4])


def _row(number: int, *ranges: tuple[float, float]) -> list[float]:
    return [float(number), *(end for each in ranges for end in each)]


def _table(rows: list[list[float]], ranges: int, more: int = 0) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(len(rows), 1 + 2 * ranges + more)


def _miners(scenario: Scenario) -> Miners:
    fleet, invest, pull = scenario.fleet, scenario.investment, scenario.ai or _NO_PULL
    scale = scenario.start.hashrate_ehs / fleet.hashrate_ehs
    return Miners(
        efficiency_j_per_th=fleet.efficiency_j_per_th.astype(np.float32),
        power_usd_per_mwh=np.array(fleet.power_usd_per_mwh),
        stock_ehs=((fleet.running_ehs + fleet.off_ehs) * scale).ravel().astype(np.float32),
        hashing_ehs=(fleet.running_ehs * scale).ravel().astype(np.float32),
        class_j_per_th=np.tile(fleet.efficiency_j_per_th, len(fleet.power_usd_per_mwh)).astype(np.float32),
        even_at=np.outer(fleet.power_usd_per_mwh, fleet.efficiency_j_per_th).ravel().astype(np.float32),
        row_frac=fleet.running_ehs.sum(axis=1) / fleet.hashrate_ehs,
        struck_frac=_struck(scenario),
        struck_region=_struck_region(scenario),
        worn_frac=(1 - (1 - _worn_frac(scenario)) ** AGES_WEEKS).astype(np.float32),
        weekly=_weekly_courses(scenario, pull),
        shipments=_shipments(scenario),
        lag_weeks=max(1, round(invest.lag_days / _WEEK_DAYS)) if invest else 1,
        lead_weeks=max(1, round(pull.lead_days / _WEEK_DAYS)),
        build_weeks=max(1, round(scenario.sites.lead_days / _WEEK_DAYS)),
    )


def _pace(scenario: Scenario) -> Pace:
    switching = scenario.switching
    return Pace(
        on_below_ratio=1 / (1 + switching.hysteresis_frac),
        off_above_ratio=1 / (1 - switching.hysteresis_frac),
        on_again_frac=-math.expm1(-VISITS_DAYS / switching.on_days) if scenario.responds else 0.0,
        off_frac=-math.expm1(-VISITS_DAYS / switching.off_days) if scenario.responds else 0.0,
    )


def _habits(scenario: Scenario) -> Habits:
    fleet, switching, moving = scenario.fleet, scenario.switching, scenario.responds
    pull, invest, sites = scenario.ai or _NO_PULL, scenario.investment or _NO_ORDERS, scenario.sites
    by_efficiency, by_power = fleet.running_ehs.sum(axis=0), fleet.running_ehs.sum(axis=1)
    return Habits(
        invests=scenario.investment is not None,
        pulled=scenario.ai is not None,
        on_below_ratio=1 / (1 + switching.hysteresis_frac),
        sold_frac=_weekly(switching.sell_days / AGES_WEEKS) if moving else 0.0,
        redeployed_frac=_weekly(switching.redeploy_days / REDEPLOYS_WEEKS) if moving else 0.0,
        scrapped_frac=_weekly(switching.scrap_days / AGES_WEEKS) if moving else 0.0,
        mean_worn_frac=float(by_efficiency @ _worn_frac(scenario)) / fleet.hashrate_ehs,
        growth_frac=invest.annual_growth_frac / _WEEKS_PER_YEAR,
        growth_sd_frac=invest.annual_growth_sd_frac / _WEEKS_PER_YEAR,
        elasticity_ratio=invest.elasticity_ratio,
        most_ratio=invest.most_ratio,
        mean_power_usd_per_mwh=float(by_power @ fleet.power_usd_per_mwh) / fleet.hashrate_ehs,
        start_hashprice_usd_per_ph_day=start_hashprice_usd_per_ph_day(scenario),
        income_sd_frac=pull.income_sd_frac,
        least_gain_usd_per_mwh=pull.capital_usd_per_mwh + pull.premium_usd_per_mwh,
        spread_usd_per_mwh=pull.spread_usd_per_mwh,
        convertible_frac=pull.convertible_frac,
        vacant_frac=sites.vacant_frac,
        worn_power_frac=_worn_power_frac(scenario),
        connections_mw=sites.connections_mw / _WEEKS_PER_YEAR,
        site_capital_usd_per_mwh=sites.capital_usd_per_mwh,
        upgrade_gain_frac=sites.upgrade_gain_frac,
        ai_bids_ratio=sites.ai_bids_ratio,
    )


def _worn_frac(scenario: Scenario) -> NDArray[np.float64]:
    """Share of each efficiency's machines that wears out in a week, shape (E,)."""
    fleet = scenario.fleet
    if scenario.investment is None:
        return np.zeros(len(fleet.efficiency_j_per_th))
    mean = _WEEK_DAYS / (scenario.switching.life_years * _YEAR_DAYS)
    return np.minimum(mean * fleet.efficiency_j_per_th / fleet.mean_j_per_th, _MOST_WORN)


def _worn_power_frac(scenario: Scenario) -> float:
    """Share of the power of what runs at the start whose machines wear out in a week."""
    power = scenario.fleet.running_ehs.sum(axis=0) * scenario.fleet.efficiency_j_per_th
    return float(power @ _worn_frac(scenario) / power.sum())


_NO_ORDERS = Investment(annual_growth_frac=0.0, annual_growth_sd_frac=0.0)
_NO_PULL = AiPull(
    knot_days=(0.0,), income_usd_per_mwh=(0.0,), capacity_mw=(0.0,), capital_usd_per_mwh=0.0, lead_days=7.0
)


def _weekly(mean_days: float) -> float:
    """Share that goes in a week."""
    return -math.expm1(-_WEEK_DAYS / mean_days)


def _weekly_courses(scenario: Scenario, pull: AiPull) -> NDArray[np.float64]:
    """What changes from week to week, in the order of `kernel.places`."""
    weeks = np.arange(int(scenario.horizon_days // _WEEK_DAYS) + 1)
    invest = scenario.investment or _NO_ORDERS
    better = (1 - invest.annual_improvement_frac) ** (weeks / _WEEKS_PER_YEAR)
    new_j_per_th = invest.efficiency_j_per_th * better
    days = weeks * _WEEK_DAYS
    return np.array(
        [
            new_j_per_th,
            *_bins(scenario.fleet.efficiency_j_per_th, new_j_per_th),
            np.interp(days, pull.knot_days, pull.income_usd_per_mwh),
            np.interp(days, pull.knot_days, pull.capacity_mw) / _WEEKS_PER_YEAR,
        ]
    )


def _bins(
    efficiency_j_per_th: NDArray[np.float64], wanted_j_per_th: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The bin below each efficiency, and the share that belongs to the one above it."""
    last = len(efficiency_j_per_th) - 1
    place = np.interp(wanted_j_per_th, efficiency_j_per_th, np.arange(last + 1))
    lower = np.minimum(place.astype(np.int64), max(last - 1, 0))
    return lower, place - lower


def _shipments(scenario: Scenario) -> NDArray[np.float64]:
    rows = []
    for event in scenario.events:
        if isinstance(event, Shipment):
            lower, upper = _bins(scenario.fleet.efficiency_j_per_th, np.array([event.efficiency_j_per_th]))
            nearest = np.abs(np.log(scenario.fleet.power_usd_per_mwh / event.power_usd_per_mwh)).argmin()
            ranges = _row(_number(event), event.start_days, event.hashrate_ehs, event.over_days)
            rows.append([*ranges, float(nearest), float(lower[0]), float(upper[0])])
    return _table(rows, 3, 3)


def _struck(scenario: Scenario) -> NDArray[np.float64]:
    """For each outage, which share of each row of power prices it can strike, shape (outages, P)."""
    shares, whole = region_shares(scenario.fleet), np.ones(len(scenario.fleet.power_usd_per_mwh))
    rows = [whole if event.region is None else shares[event.region] for event in _outage_events(scenario)]
    return np.array(rows).reshape(len(rows), len(whole))


def _struck_region(scenario: Scenario) -> NDArray[np.int64]:
    """For each outage, the number of its region; -1 for the whole network."""
    numbers = {region.name: number for number, region in enumerate(scenario.fleet.regions)}
    return np.array(
        [-1 if event.region is None else numbers[event.region] for event in _outage_events(scenario)],
        dtype=np.int64,
    )


def _outage_events(scenario: Scenario) -> tuple[Outage, ...]:
    return tuple(event for event in scenario.events if isinstance(event, Outage))

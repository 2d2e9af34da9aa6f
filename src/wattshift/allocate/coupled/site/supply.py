"""Where a site's power comes from and what it costs: connection, tariff, generators, batteries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.allocate.coupled.parts import Battery, Generator, Grid, Peak, SoftCap
from wattshift.allocate.limits import site_caps
from wattshift.assets.battery import SiteBattery
from wattshift.assets.demand import DemandCharge
from wattshift.assets.generator import SiteGenerator
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.assets.tariff import Tariff
from wattshift.errors import InputError

__all__ = ["Supply", "batteries", "call_caps", "demand_peaks", "generators", "supply"]

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supply:
    """The connection, and what a tenant pays for electricity.

    Args:
        grid: the connection and its prices; the expected coincident peak charge is part of them.
        tenant_usd_per_mwh: energy, charges, taxes and carbon, without charges on peaks [USD/MWh], shape (T,).
    """

    grid: Grid
    tenant_usd_per_mwh: _Row


def supply(site: Site, outlook: Outlook) -> Supply:
    """A site's tariff and limits, interval by interval; rules of curtailment limit what is drawn."""
    tariff, spot = site.tariff, outlook.spot_usd_per_mwh
    cap_mw, _ = site_caps(site, outlook.start, outlook.hours, spot)
    extra = _carbon(site, outlook)
    energy = spot
    if tariff.ppa is not None and tariff.ppa.share_frac is not None:
        energy = spot + tariff.ppa.share_frac * (tariff.ppa.ppa_usd_per_mwh - spot)
    delivered = _taxed(tariff, energy + tariff.adder_usd_per_mwh) + extra
    peaks = _coincident(site, outlook)
    block_mw, block_price, resale = _block(tariff, outlook)
    charged = _taxed(tariff, block_price + tariff.adder_usd_per_mwh) - block_price + extra + peaks
    grid = Grid(
        import_mw=cap_mw,
        export_mw=outlook.zeros + site.export_mw,
        buy_usd_per_mwh=delivered + peaks,
        sell_usd_per_mwh=spot - tariff.feed_in_fee_usd_per_mwh,
        block_mw=block_mw,
        block_usd_per_mwh=block_price,
        resale_usd_per_mwh=resale,
        block_adder_usd_per_mwh=charged,
    )
    return Supply(grid=grid, tenant_usd_per_mwh=delivered)


def _taxed(tariff: Tariff, price: _Row) -> _Row:
    """A price with its tax; nobody is paid tax on a negative one."""
    return price + tariff.tax_frac * np.maximum(0.0, price)


def _carbon(site: Site, outlook: Outlook) -> _Row:
    """What the emissions of a MWh drawn cost [USD/MWh]: the grid's own, whoever sells the power."""
    carbon = site.carbon
    if carbon is None or not carbon.carbon_usd_per_t:
        return outlook.zeros
    if carbon.grid_series is not None:
        return outlook.named(carbon.grid_series) * carbon.carbon_usd_per_t
    return outlook.zeros + (carbon.grid_t_per_mwh or 0.0) * carbon.carbon_usd_per_t


def _coincident(site: Site, outlook: Outlook) -> _Row:
    """Expected coincident peak charges on each MWh drawn [USD/MWh]."""
    expected = outlook.zeros
    for charge in site.tariff.coincident_peaks:
        possible = outlook.mask(charge)
        if not possible.any():
            continue
        if outlook.peak_prob is None:
            raise InputError(
                f"{charge.name!r} needs a forecast of the peak",
                key="peak_prob",
                interval=int(np.argmax(possible)),
                hint="name the series of each interval's probability to be the peak with tariff.peak_series",
            )
        prob = np.where(possible, outlook.peak_prob, 0.0)
        expected = expected + charge.peak_usd_per_mw * prob / outlook.hours
    return expected


def _block(tariff: Tariff, outlook: Outlook) -> tuple[_Row, _Row, _Row]:
    """Take-or-pay power [MW], its mean price and what an unused MWh of it brings [USD/MWh]."""
    block, ppa, zeros = tariff.block, tariff.ppa, outlook.zeros
    block_mw, cost = zeros, zeros
    fee, resale = 0.0, block is None or block.resale
    if block is not None:
        block_mw = zeros + block.block_mw
        cost, fee = block_mw * block.block_usd_per_mwh, block.resale_fee_usd_per_mwh
    if ppa is not None and ppa.produced_series is not None:
        produced = outlook.named(ppa.produced_series)
        _require_power(ppa.produced_series, produced, np.inf)
        block_mw, cost = block_mw + produced, cost + produced * ppa.ppa_usd_per_mwh
    price = np.divide(cost, block_mw, out=zeros, where=block_mw > 0.0)
    brings = np.maximum(0.0, outlook.spot_usd_per_mwh - fee) if resale else outlook.zeros
    return block_mw, price, np.where(block_mw > 0.0, brings, 0.0)


def _require_power(name: str, row: _Row, high_mw: float) -> None:
    bad = np.flatnonzero((row < 0.0) | (row > high_mw))
    if bad.size:
        raise InputError(
            f"the series {name!r} must lie between 0 and {high_mw:g} MW",
            key="series",
            interval=int(bad[0]),
            value=float(row[bad[0]]),
            hint="give MW; if it is in kW, divide by 1000",
        )


def demand_peaks(site: Site, outlook: Outlook, state: SiteState) -> tuple[Peak, ...]:
    """Monthly demand charges; a month is a period, and only its hours within the charge's calendar count."""
    peaks = (_peak(charge, outlook, state) for charge in site.tariff.demand_charges)
    return tuple(peak for peak in peaks if peak is not None)


def _peak(charge: DemandCharge, outlook: Outlook, state: SiteState) -> Peak | None:
    month = outlook.local().dt.date().to_numpy().astype("datetime64[M]").astype(np.int64)
    counts = outlook.mask(charge)
    if not counts.any():
        return None
    months, period = np.unique(month[counts], return_inverse=True)
    where = np.full(month.size, -1, np.int64)
    where[counts] = period
    already = np.zeros(months.size)
    already[months == _month_of(state, outlook.zone, int(month[0]))] = state.peak_mw.get(charge.name, 0.0)
    return Peak(
        name=charge.name,
        period=where,
        usd_per_mw=np.full(months.size, charge.charge_usd_per_mw_month),
        already_mw=already,
    )


def _month_of(state: SiteState, zone: str, first_month: int) -> int:
    """The month whose peaks a state tells, counted from January 1970."""
    if state.at is None:
        return first_month
    local = state.at.astimezone(ZoneInfo(zone))
    return (local.year - 1970) * 12 + local.month - 1


def call_caps(site: Site, outlook: Outlook, state: SiteState) -> tuple[SoftCap, ...]:
    """Called curtailment contracts; where a call is only likely, the penalty is the expected one."""
    caps = []
    for contract in site.interruptible:
        prob = outlook.calls_prob.get(contract.name)
        if prob is None or not prob.any():
            continue
        _require_few(contract, prob, outlook.hours, state)
        caps.append(
            SoftCap(
                name=contract.name,
                cap_mw=outlook.zeros + contract.firm_mw,
                penalty_usd_per_mwh=prob * contract.penalty_usd_per_mwh,
            )
        )
    return tuple(caps)


def _require_few(contract: InterruptibleContract, prob: _Row, hours: _Row, state: SiteState) -> None:
    """A contract is not called more often than it allows in a year, with what it was called already."""
    expected_h = float(prob @ hours) + state.call_hours.get(contract.name, 0.0)
    certain = prob >= 1.0
    calls = int(np.count_nonzero(certain & ~np.concatenate([[False], certain[:-1]])))
    calls += state.calls.get(contract.name, 0)
    for what, expected, most in (
        ("hours of calls", expected_h, contract.max_call_hours),
        ("calls", calls, contract.max_calls_per_year),
    ):
        if most is not None and expected > most + 1e-9:
            raise InputError(
                f"{contract.name!r} allows {most:g} {what} a year, and {expected:g} are expected",
                key="calls_prob",
                value=expected,
                hint="check the forecast of calls, or the contract's limits",
            )


def generators(site: Site, outlook: Outlook) -> tuple[Generator, ...]:
    """Power made on the site."""
    return tuple(_generator(each, site, outlook) for each in site.generators)


def _generator(made: SiteGenerator, site: Site, outlook: Outlook) -> Generator:
    carbon_usd_per_t = site.carbon.carbon_usd_per_t if site.carbon is not None else 0.0
    available = made.capacity_mw * outlook.profile(made.profile_frac)
    if made.available_series is not None:
        available = outlook.named(made.available_series)
        _require_power(made.available_series, available, made.capacity_mw)
    cost = made.cost_usd_per_mwh + made.emission_t_per_mwh * carbon_usd_per_t
    return Generator(name=made.name, available_mw=available, cost_usd_per_mwh=outlook.zeros + cost)


def batteries(site: Site, state: SiteState) -> tuple[Battery, ...]:
    """Batteries as they stand."""
    return tuple(_battery(each, state) for each in site.batteries)


def _battery(battery: SiteBattery, state: SiteState) -> Battery:
    start_mwh = state.held_mwh.get(battery.name, battery.start_frac * battery.energy_mwh)
    if battery.end_frac is not None:
        least_end_mwh = battery.end_frac * battery.energy_mwh
    else:
        least_end_mwh = start_mwh if battery.end_usd_per_mwh is None else 0.0
    return Battery(
        name=battery.name,
        charge_mw=battery.power_mw,
        discharge_mw=battery.power_mw,
        energy_mwh=battery.energy_mwh,
        charge_ratio=battery.one_way_ratio,
        discharge_ratio=battery.one_way_ratio,
        wear_usd_per_mwh=battery.wear_usd_per_mwh,
        start_mwh=start_mwh,
        least_end_mwh=least_end_mwh,
        end_usd_per_mwh=battery.end_usd_per_mwh or 0.0,
    )

"""How much of perfect foresight can be had: break-evens, neighbouring settings, fleets, sites that couple.

Run: python benchmarks/study_backtest.py            the long tables of energy-only sites, a minute
     python benchmarks/study_backtest.py 2023-08    and of sites that couple, half a minute a month
     python benchmarks/study_backtest.py all        all months of one such site by year, on all cores
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattshift.app.backtest.material import Material, gather
from wattshift.app.backtest.run import backtest
from wattshift.app.backtest.separable import replay_separable
from wattshift.app.engine.opening import open_engine
from wattshift.app.snapshot import Archive
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.demand import DemandCharge
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff
from wattshift.clock import Window
from wattshift.measures.forecast.nextprice import persistence, seasonal_step
from wattshift.report.documents.backtest import Way
from wattshift.store.bundled import BundledStore

BREAK_EVENS_USD_PER_MWH = (60.0, 75.0, 90.0)
WIDE_USD_PER_MWH = (
    20.0,
    30.0,
    40.0,
    50.0,
    *BREAK_EVENS_USD_PER_MWH,
    110.0,
    150.0,
    200.0,
    300.0,
    400.0,
    700.0,
)
ZONE = "America/Chicago"
WINDOW = Window(start_at=datetime(2021, 1, 8, 6, tzinfo=UTC), end_at=datetime(2026, 4, 22, tzinfo=UTC))
FLEETS = {
    "new: 17.5": {17.5: 100.0},
    "16, 18.5, 29.5": {16.0: 35.0, 18.5: 41.0, 29.5: 24.0},
    "17.5, 29.5, 38": {17.5: 34.0, 29.5: 33.0, 38.0: 33.0},
    "17.5, 29.5, 60, 98": {17.5: 25.0, 29.5: 25.0, 60.0: 25.0, 98.0: 25.0},
    "29.5, 98": {29.5: 50.0, 98.0: 50.0},
}
"""MW at the meter by J/TH."""

Row = NDArray[np.float64]


def main() -> None:
    archive = Archive(BundledStore())
    table = archive.table("power_price")
    price = table["price_usd_per_mwh"].to_numpy()
    year = table["start"].dt.convert_time_zone(ZONE).dt.year().to_numpy()
    if sys.argv[1:] == ["all"]:
        coupled_years(archive)
        return
    if len(sys.argv) > 1:
        for month in sys.argv[1:]:
            coupled_month(archive, *map(int, month.split("-")))
        return
    by_break_even(price, year)
    by_wide_break_even(price, year)
    by_setting(price, year)
    by_fleet(archive)


def gap_closed(
    price: Row,
    year: NDArray[np.int64],
    forecast: Row,
    break_evens_usd_per_mwh: tuple[float, ...] = BREAK_EVENS_USD_PER_MWH,
) -> Row:
    """Shares of the gap between the last price and foresight, shape (break-evens, years) [%]."""
    return np.array(
        [
            [
                100.0 * (ours - last) / (best - last)
                for best, last, ours in yearly(price, year, forecast, even)
            ]
            for even in break_evens_usd_per_mwh
        ]
    )


def yearly(
    price: Row, year: NDArray[np.int64], forecast: Row, break_even: float
) -> Iterator[tuple[float, float, float]]:
    """Margin of one MW by foresight, the last price and a forecast, for each year."""
    margin, last = break_even - price[1:], persistence(price)[:-1]
    for each in np.unique(year):
        rows = year[1:] == each
        yield (
            float(np.maximum(margin[rows], 0.0).sum()),
            float(margin[rows & (last <= break_even)].sum()),
            float(margin[rows & (forecast[:-1] <= break_even)].sum()),
        )


def by_break_even(price: Row, year: NDArray[np.int64]) -> None:
    print("one machine class, nothing else: captured of perfect foresight [%]")
    forecast = seasonal_step(price, n_per_day=96)
    for even in BREAK_EVENS_USD_PER_MWH:
        for each, (best, last, ours) in zip(
            np.unique(year), yearly(price, year, forecast, even), strict=True
        ):
            print(
                f"  {even:g} USD/MWh, {each}: last price {100 * last / best:.2f}, planner"
                f" {100 * ours / best:.2f}, gap closed {100 * (ours - last) / (best - last):.1f}"
            )


def by_wide_break_even(price: Row, year: NDArray[np.int64]) -> None:
    closed = gap_closed(price, year, seasonal_step(price, n_per_day=96), WIDE_USD_PER_MWH)
    print(f"gap closed [%] at other break-evens: below zero in {(closed < 0).sum()} of {closed.size}")
    for even, row in zip(WIDE_USD_PER_MWH, closed, strict=True):
        print(f"  {even:g} USD/MWh: {', '.join(f'{each:.1f}' for each in row)}")


def by_setting(price: Row, year: NDArray[np.int64]) -> None:
    print("gap closed by neighbouring settings [%]: mean, worst of 3 break-evens x 6 years, by year")
    found = {}
    for most_ratio in (0.2, 0.4, 0.8):
        for n_days in (7, 14, 28, 56):
            forecast = seasonal_step(price, n_per_day=96, n_days=n_days, most_ratio=most_ratio)
            closed = found[most_ratio, n_days] = gap_closed(price, year, forecast)
            by_year = ", ".join(f"{each:.1f}" for each in closed.mean(axis=0))
            print(f"  {most_ratio:g}, {n_days} days: {closed.mean():.1f}, {closed.min():.1f}; {by_year}")
    print("each year with the setting that was best over the years before it (none before 2022)")
    for index, each in enumerate(np.unique(year)[1:], start=1):
        best = max(found, key=lambda setting: float(found[setting][:, :index].mean()))
        print(f"  {each}: {best[0]:g}, {best[1]} days: {found[best][:, index].round(1).tolist()}")


def by_fleet(archive: Archive) -> None:
    print("fleets at the hashprice of the day, 6 USD/MWh of charges: captured [%], over fleet average [%]")
    material: Material | None = None
    for name, fleet in FLEETS.items():
        site = site_of(name, fleet)
        material = material or gather(archive.as_of(None), site, WINDOW)
        outcomes = replay_separable(site, material)
        years = material.window["start"].dt.convert_time_zone(ZONE).dt.year().to_numpy()
        for label, rows in (("all", years > 0), *((str(each), years == each) for each in np.unique(years))):
            profit = {way: float(row[rows].sum()) for way, row in outcomes.profit_usd.items()}
            print(f"  {name}, {label}: {told(profit)}")


def told(profit: dict[Way, float]) -> str:
    best, fleet = profit[Way.FORESIGHT], profit.get(Way.FLEET_SELLING, profit[Way.FLEET_AVERAGE])
    shares = ", ".join(f"{way.value} {100 * usd / best:.2f}" for way, usd in profit.items() if usd)
    return (
        f"{shares}; over fleet average {100 * (profit[Way.PLANNER] / fleet - 1):+.1f},"
        f" foresight {100 * (best / fleet - 1):+.1f}"
    )


def coupled_month(archive: Archive, year: int, month: int) -> None:
    start_at = datetime(year, month, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    end_at = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    for name in ("17.5, 29.5, 38", "17.5, 29.5, 60, 98"):
        document = backtest(
            archive, with_all_that_couples(site_of(name, FLEETS[name])), start_at=start_at, end_at=end_at
        )
        profit = {result.way: result.profit_usd for result in document.whole.ways}
        print(f"{year}-{month:02}, {name}: {told(profit)}", flush=True)


def coupled_years(archive: Archive) -> None:
    name = "17.5, 29.5, 38"
    with open_engine() as engine:
        document = backtest(
            archive,
            with_all_that_couples(site_of(name, FLEETS[name])),
            start_at=WINDOW.start_at,
            end_at=WINDOW.end_at,
            engine=engine,
        )
    for span in document.spans:
        print(f"{span.name}, {name}: {told({result.way: result.profit_usd for result in span.ways})}")


def site_of(name: str, fleet: dict[float, float]) -> Site:
    """100 MW of machines at the meter on the Houston hub."""
    classes = tuple(
        MinerClass(
            name=f"{efficiency:g} J/TH",
            efficiency_j_per_th=efficiency,
            hashrate_ths=100.0,
            count=round(mw / 1.04 * 1e4 / efficiency),
        )
        for efficiency, mw in fleet.items()
    )
    return Site(
        name=name,
        time_zone=ZONE,
        connection_mw=100.5,
        tariff=Tariff(price_series="ercot_rtm_hb_houston_15min", adder_usd_per_mwh=6.0),
        mining=Mining(pool_fee_frac=0.01, pue=1.04, uptime_frac=0.97, classes=classes),
    )


def with_all_that_couples(site: Site) -> Site:
    """A demand charge of 3 USD/kW and month, a battery of 20 MW and 40 MWh, 50 MW of reserve at 6 USD/MWh."""
    charge = DemandCharge(name="monthly peak", charge_usd_per_mw_month=3_000.0)
    return replace(
        site,
        tariff=replace(site.tariff, demand_charges=(charge,)),
        batteries=(SiteBattery(name="battery", power_mw=20.0, energy_mwh=40.0, wear_usd_per_mwh=10.0),),
        ancillary=(
            AncillaryProduct(
                name="reserve", max_mw=50.0, duration_h=1.0, response_s=600.0, price_usd_per_mwh=6.0
            ),
        ),
    )


if __name__ == "__main__":
    main()

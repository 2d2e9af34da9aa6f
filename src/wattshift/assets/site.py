"""A whole site: a grid connection, a tariff, machines, halls and rules that fit together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_not_negative,
    require_power,
    require_power_price,
    require_pue,
    require_rising,
)
from wattshift.assets.carbon import Carbon
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.feeder import Feeder
from wattshift.assets.generator import SiteGenerator
from wattshift.assets.hall import AiHall
from wattshift.assets.heat import HeatSink
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.series import Series
from wattshift.assets.tariff import Tariff
from wattshift.assets.weather import DeratingPoint
from wattshift.assets.wiring import require_distinct, require_known
from wattshift.errors import InputError

__all__ = ["Mining", "Site"]

_MAX_POOL_FEE_FRAC = 0.5
_ROUNDING_MW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Mining:
    """The fleet and what is common to it.

    Args:
        pool_fee_frac: the pool's fee, a fraction of the revenue.
        pue: facility energy divided by the machines' energy.
        uptime_frac: fraction of the energy drawn that earns (restarts, tuning and stale shares do not).
        classes: the machines, one entry a class.
        strike_usd_per_mwh: the hand-typed spot price above which the operator stops mining today; the
            dispatch is compared with it [USD/MWh].
        derating: how much of the fleet can run over the outside temperature, where that is known.

    Raises:
        InputError: if a number is out of range or there is no class.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    pool_fee_frac: float
    pue: float
    uptime_frac: float
    classes: tuple[MinerClass, ...]
    strike_usd_per_mwh: float | None = None
    derating: tuple[DeratingPoint, ...] = ()

    def __post_init__(self) -> None:
        require_fraction("pool_fee_frac", self.pool_fee_frac)
        if self.pool_fee_frac > _MAX_POOL_FEE_FRAC:
            raise InputError(
                f"no pool takes more than {_MAX_POOL_FEE_FRAC:g} of the revenue",
                key="pool_fee_frac",
                value=self.pool_fee_frac,
                hint=f"if it is percent, write {self.pool_fee_frac / 100:g}",
            )
        require_pue("pue", self.pue)
        require_fraction("uptime_frac", self.uptime_frac)
        if self.strike_usd_per_mwh is not None:
            require_power_price("strike_usd_per_mwh", self.strike_usd_per_mwh)
        require_rising("derating", [point.outside_c for point in self.derating])
        if not self.classes:
            raise InputError(
                "mining has no classes",
                key="classes",
                hint="add a [[mining.classes]] table, or drop [mining]",
            )

    @property
    def facility_mw(self) -> float:
        """Power of the whole fleet at the meter [MW]."""
        return sum(miner.facility_mw(self.pue) for miner in self.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is behind one grid connection.

    Installed load may exceed the connection: that is what allocation is for. What may not is the sum of
    what was promised to the halls, with the power made on the site.

    Args:
        name: the name of the site.
        time_zone: its IANA time zone, in which the rules' hours are meant.
        connection_mw: the most that can be drawn from the grid [MW].
        tariff: what power costs.
        mining: the fleet, if there is one.
        halls: the AI halls.
        rules: the curtailment rules.
        export_mw: the most that can be fed into the grid [MW].
        feeders: limits on some uses together.
        batteries: batteries behind the meter.
        generators: power made on the site.
        heat_sinks: who buys the heat of a use.
        ancillary: grid products that it may sell.
        interruptible: curtailment contracts.
        carbon: emissions of grid power and their price.
        series: the series that other keys point at by name.
        outside_series: the one with the outside temperature of each interval [C].

    Raises:
        InputError: if the parts do not fit together.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    time_zone: str
    connection_mw: float
    tariff: Tariff
    mining: Mining | None = None
    halls: tuple[AiHall, ...] = ()
    rules: tuple[CurtailmentRule, ...] = ()
    export_mw: float = 0.0
    feeders: tuple[Feeder, ...] = ()
    batteries: tuple[SiteBattery, ...] = ()
    generators: tuple[SiteGenerator, ...] = ()
    heat_sinks: tuple[HeatSink, ...] = ()
    ancillary: tuple[AncillaryProduct, ...] = ()
    interruptible: tuple[InterruptibleContract, ...] = ()
    carbon: Carbon | None = None
    series: tuple[Series, ...] = ()
    outside_series: str | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        _require_zone(self.time_zone)
        require_power("connection_mw", self.connection_mw)
        require_not_negative("export_mw", self.export_mw)
        if self.export_mw:
            require_power("export_mw", self.export_mw)
            self._require_no_trade()
        self._require_distinct_uses()
        self._require_distinct_parts()
        self._require_known_names()
        self._require_floors_to_fit()
        self._require_promises_to_fit()

    def _require_no_trade(self) -> None:
        """Power bought at a fixed price could be drawn and fed in at once, at a profit."""
        block, tariff = self.tariff.block, self.tariff
        charges = tariff.adder_usd_per_mwh + tariff.feed_in_fee_usd_per_mwh
        if block is not None and not (block.resale and block.resale_fee_usd_per_mwh <= charges):
            raise InputError(
                "power of the block would be sold by drawing it and feeding it in at once",
                key="export_mw",
                value=self.export_mw,
                hint="leave out export_mw, or let the block be resold at a fee of at most"
                f" {charges:g} USD/MWh (adder and feed-in fee)",
            )
        if self.tariff.ppa is not None and self.tariff.ppa.share_frac is not None:
            raise InputError(
                "power of a PPA on a share of what is drawn cannot be fed in again",
                key="export_mw",
                value=self.export_mw,
                hint="leave out export_mw, or name what the plant makes with produced_series",
            )

    def _require_distinct_parts(self) -> None:
        tariff = self.tariff
        require_distinct("feeders", "feeders", [each.name for each in self.feeders])
        require_distinct("grid products", "ancillary", [each.name for each in self.ancillary])
        require_distinct("contracts", "interruptible", [each.name for each in self.interruptible])
        require_distinct("heat sinks", "heat_sinks", [each.name for each in self.heat_sinks])
        require_distinct("series", "series", [each.name for each in self.series])
        require_distinct(
            "demand charges", "tariff.demand_charges", [each.name for each in tariff.demand_charges]
        )
        require_distinct(
            "charges", "tariff.coincident_peaks", [each.name for each in tariff.coincident_peaks]
        )
        names = list(self.use_names)
        sources = [(f"batteries.{index}.name", each.name) for index, each in enumerate(self.batteries)]
        sources += [(f"generators.{index}.name", each.name) for index, each in enumerate(self.generators)]
        for key, name in sources:
            if name in names:
                raise InputError(
                    f"two parts of the site have the same name {name!r}",
                    key=key,
                    value=name,
                    hint="name every use, battery and generator differently",
                )
            names.append(name)

    def _require_known_names(self) -> None:
        for index, feeder in enumerate(self.feeders):
            require_known("use", f"feeders.{index}.uses", feeder.uses, self.use_names)
        for index, sink in enumerate(self.heat_sinks):
            require_known("use", f"heat_sinks.{index}.use", [sink.use], self.use_names)
            if sink.use in [other.use for other in self.heat_sinks[:index]]:
                raise InputError(
                    f"two sinks take the heat of {sink.use!r}",
                    key=f"heat_sinks.{index}.use",
                    value=sink.use,
                    hint="put them together into one",
                )
        batteries = [battery.name for battery in self.batteries]
        for index, product in enumerate(self.ancillary):
            require_known("use", f"ancillary.{index}.uses", product.uses, self.use_names)
            require_known("battery", f"ancillary.{index}.batteries", product.batteries, batteries)
            self._require_quick(index, product)
        listed = [series.name for series in self.series]
        for key, name in self._series_keys():
            require_known("series", key, [name], listed)

    def _require_quick(self, index: int, product: AncillaryProduct) -> None:
        """Only what can drop in time is sold."""
        fall_s = self.fall_s
        late = [name for name in product.uses if fall_s[name] > product.response_s]
        late += [
            battery.name
            for battery in self.batteries
            if battery.name in product.batteries and battery.response_s > product.response_s
        ]
        if late or not (self.backing_uses(product) or product.batteries):
            what = repr(late[0]) if late else "nothing on the site"
            raise InputError(
                f"{what} {'cannot' if late else 'can'} drop within {product.response_s:g} s",
                key=f"ancillary.{index}.response_s",
                value=product.response_s,
                hint="check drop_s and ramp_down_mw_per_h of the uses, or leave the product out",
            )

    @property
    def fall_s(self) -> Mapping[str, float]:
        """Time from a call until each use has dropped what it may [s]; infinite where it never does."""
        halls = {hall.name: math.inf if hall.drop_s is None else hall.drop_s for hall in self.halls}
        return halls | {miner.name: miner.fall_s(fleet.pue) for fleet, miner in self.machines}

    def backing_uses(self, product: AncillaryProduct) -> tuple[str, ...]:
        """The uses that may back a grid product: those it names, or all that can drop in time."""
        fall_s = self.fall_s
        quick = tuple(name for name in self.use_names if fall_s[name] <= product.response_s)
        return product.uses or quick

    def _series_keys(self) -> Iterator[tuple[str, str]]:
        """Each key that points at a series, and the name that it gives."""
        ppa, carbon = self.tariff.ppa, self.carbon
        pointing = [
            ("outside_series", self.outside_series),
            ("tariff.peak_series", self.tariff.peak_series),
            ("tariff.day_ahead_series", self.tariff.day_ahead_series),
            ("tariff.ppa.produced_series", None if ppa is None else ppa.produced_series),
            ("carbon.grid_series", None if carbon is None else carbon.grid_series),
        ]
        pointing += [
            (f"ancillary.{index}.price_series", each.price_series)
            for index, each in enumerate(self.ancillary)
        ]
        pointing += [
            (f"interruptible.{index}.call_series", each.call_series)
            for index, each in enumerate(self.interruptible)
        ]
        pointing += [
            (f"generators.{index}.available_series", each.available_series)
            for index, each in enumerate(self.generators)
        ]
        return ((key, name) for key, name in pointing if name is not None)

    def _require_distinct_uses(self) -> None:
        if not self.use_names:
            raise InputError(
                "the site has nothing to give power to",
                key="mining",
                hint="add [mining] or at least one [[halls]]",
            )
        repeated = [name for name, times in Counter(self.use_names).items() if times > 1]
        if repeated:
            raise InputError(
                f"two uses have the same name {repeated[0]!r}",
                key=self._key_of(repeated[0]),
                value=repeated[0],
                hint="name every machine class and hall differently",
            )
        if UseKind.GRID in self.use_names:
            raise InputError(
                "a use cannot be called 'grid': that is the power that no use takes",
                key=self._key_of(UseKind.GRID),
                value=UseKind.GRID.value,
                hint="give the hall or the machine class another name",
            )

    def _key_of(self, use_name: str) -> str:
        """The key of the last use of that name."""
        keys = {hall.name: f"halls.{index}.name" for index, hall in enumerate(self.halls)}
        classes = self.mining.classes if self.mining else ()
        keys |= {miner.name: f"mining.classes.{index}.name" for index, miner in enumerate(classes)}
        return keys[use_name]

    def _require_floors_to_fit(self) -> None:
        """The halls' floors are promises: no limit may be below their sum."""
        largest = max(range(len(self.halls)), key=lambda index: self.halls[index].floor_mw, default=0)
        made_mw = sum(generator.capacity_mw for generator in self.generators)
        if self.floor_mw > self.connection_mw + made_mw + _ROUNDING_MW:
            raise InputError(
                f"AI floors sum to {self.floor_mw:g} MW, above the connection of {self.connection_mw:g} MW",
                key=f"halls.{largest}.floor_mw",
                value=self.halls[largest].floor_mw,
                hint="lower floor_mw, or raise connection_mw",
            )
        for index, rule in enumerate(self.rules):
            if self.floor_mw > rule.max_mw + made_mw + _ROUNDING_MW:
                raise InputError(
                    f"AI floors sum to {self.floor_mw:g} MW, above the limit of rule {rule.reason!r}",
                    key=f"rules.{index}.max_mw",
                    value=rule.max_mw,
                    hint=f"raise max_mw to at least {self.floor_mw:g}, or lower a hall's floor_mw",
                )

    def _require_promises_to_fit(self) -> None:
        """What tenants and firm work were promised fits through the connection and each feeder."""
        made_mw = sum(generator.capacity_mw for generator in self.generators)
        limits = [("the connection", "connection_mw", self.connection_mw + made_mw, self.use_names)]
        limits += [
            (f"feeder {feeder.name!r}", f"feeders.{index}.limit_mw", feeder.limit_mw, feeder.uses)
            for index, feeder in enumerate(self.feeders)
        ]
        for name, key, limit_mw, uses in limits:
            promised_mw = sum(hall.promised_mw for hall in self.halls if hall.name in uses)
            if promised_mw > limit_mw + _ROUNDING_MW:
                raise InputError(
                    f"the halls were promised {promised_mw:g} MW, above the {limit_mw:g} MW of {name}",
                    key=key,
                    value=limit_mw,
                    hint="lower floor_mw, availability_frac or the share of firm work, or raise the limit",
                )

    @property
    def floor_mw(self) -> float:
        """Facility power promised to the halls at every instant [MW]."""
        return sum(hall.floor_mw for hall in self.halls)

    @property
    def installed_mw(self) -> float:
        """Facility power of everything installed [MW]."""
        mining_mw = self.mining.facility_mw if self.mining else 0.0
        return mining_mw + sum(hall.facility_mw for hall in self.halls)

    @property
    def machines(self) -> tuple[tuple[Mining, MinerClass], ...]:
        """Each machine class with the fleet whose terms it shares."""
        return tuple((self.mining, miner) for miner in self.mining.classes) if self.mining else ()

    @property
    def use_names(self) -> tuple[str, ...]:
        """The names of all uses: halls first, then machine classes."""
        return (*(hall.name for hall in self.halls), *(miner.name for _, miner in self.machines))


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            "time_zone is not an IANA time zone",
            key="time_zone",
            value=name,
            hint="write it as America/Chicago, Europe/Oslo or UTC",
        ) from None

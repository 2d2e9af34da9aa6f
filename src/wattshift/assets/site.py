"""A whole site: a grid connection, a tariff, machines, halls and rules that fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_positive,
    require_power_price,
    require_pue,
)
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.hall import AiHall
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.tariff import Tariff
from wattshift.errors import InputError

__all__ = ["Mining", "Site"]

_MAX_CONNECTION_MW = 10_000.0
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

    Raises:
        InputError: if a number is out of range or there is no class.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    pool_fee_frac: float
    pue: float
    uptime_frac: float
    classes: tuple[MinerClass, ...]
    strike_usd_per_mwh: float | None = None

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
    the halls' floors.

    Args:
        name: the name of the site.
        time_zone: its IANA time zone, in which the rules' hours are meant.
        connection_mw: the most that can be drawn from the grid [MW].
        tariff: what power costs.
        mining: the fleet, if there is one.
        halls: the AI halls.
        rules: the curtailment rules.

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

    def __post_init__(self) -> None:
        require_name("name", self.name)
        _require_zone(self.time_zone)
        require_positive("connection_mw", self.connection_mw)
        if self.connection_mw > _MAX_CONNECTION_MW:
            raise InputError(
                f"connection_mw is above {_MAX_CONNECTION_MW:g} MW",
                key="connection_mw",
                value=self.connection_mw,
                hint=f"if it is in kW, write {self.connection_mw / 1000:g} (MW)",
            )
        self._require_distinct_uses()
        self._require_floors_to_fit()

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
        if self.floor_mw > self.connection_mw + _ROUNDING_MW:
            raise InputError(
                f"AI floors sum to {self.floor_mw:g} MW, above the connection of {self.connection_mw:g} MW",
                key=f"halls.{largest}.floor_mw",
                value=self.halls[largest].floor_mw,
                hint="lower floor_mw, or raise connection_mw",
            )
        for index, rule in enumerate(self.rules):
            if self.floor_mw > rule.max_mw + _ROUNDING_MW:
                raise InputError(
                    f"AI floors sum to {self.floor_mw:g} MW, above the limit of rule {rule.reason!r}",
                    key=f"rules.{index}.max_mw",
                    value=rule.max_mw,
                    hint=f"raise max_mw to at least {self.floor_mw:g}, or lower a hall's floor_mw",
                )

    @property
    def floor_mw(self) -> float:
        """Facility power promised to the halls [MW]."""
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

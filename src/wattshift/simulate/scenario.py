"""A scenario: all that a simulation of the network needs, frozen and checked.

What others may rely on: the fields of `Scenario` and of the parts it is made of (`wattshift.simulate.start`,
`fleet`, `behaviour`, `price`, `fees`, `events`); `wattshift.simulate.calibrate` makes those that follow from
what was known at an instant. The same scenario gives the same result, bit for bit on one kind of machine,
whatever the number of shards and workers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from wattshift.assets.bounds import require_name
from wattshift.errors import InputError
from wattshift.simulate.behaviour import AiPull, HashrateNoise, Investment, SitePower, Switching
from wattshift.simulate.events import Event, Outage, PriceShock
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import MinerFleet
from wattshift.simulate.price import PriceProcess
from wattshift.simulate.start import NetworkStart

__all__ = ["MAX_DAYS", "MAX_EVENTS", "MAX_PATHS", "Scenario"]

MAX_DAYS = 3_660
MAX_PATHS = 10_000_000
MAX_EVENTS = 32
_MAX_SEED = 2**63 - 1
_MOST_SHOCKED = math.log(1e6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """What is simulated.

    Args:
        name: how it is called.
        start: the network at the start.
        fleet: who mines.
        price: how the price moves.
        fees: how fees move.
        noise: what moves the hashrate beside the model's economics.
        switching: when machines go off and come back.
        investment: how new machines arrive; None: none do, and none wear out.
        sites: the power that machines can stand on.
        ai: the pull of AI; None: there is none.
        events: what strikes from outside.
        responds: whether machines are switched by margin at all.
        horizon_days: days simulated, 1 to 3,660.
        paths: how many courses are drawn, 1 to 10 million.
        seed: of all luck, 0 to 2^63 - 1.

    Raises:
        InputError: if a number is outside its range, two events have one name, one strikes a region that the
            fleet does not have, or shocks move the price beyond all bounds.
    """

    name: str
    start: NetworkStart
    fleet: MinerFleet
    price: PriceProcess
    fees: FeeProcess
    noise: HashrateNoise = field(default_factory=HashrateNoise)
    switching: Switching = field(default_factory=Switching)
    investment: Investment | None = field(default_factory=Investment)
    sites: SitePower = field(default_factory=SitePower)
    ai: AiPull | None = None
    events: tuple[Event, ...] = ()
    responds: bool = True
    horizon_days: int = 365
    paths: int = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        require_name("name", self.name)
        for key, most in (("horizon_days", MAX_DAYS), ("paths", MAX_PATHS)):
            if not 1 <= getattr(self, key) <= most:
                raise InputError(f"{key} lies between 1 and {most:,}", key=key, value=getattr(self, key))
        if not 0 <= self.seed <= _MAX_SEED:
            raise InputError("a seed lies between 0 and 2^63 - 1", key="seed", value=self.seed)
        if len(self.events) > MAX_EVENTS:
            raise InputError(
                f"a scenario has {MAX_EVENTS} events at most", key="events", value=len(self.events)
            )
        self._require_events()

    def _require_events(self) -> None:
        names = [event.name for event in self.events]
        if len(set(names)) != len(names):
            raise InputError("two events have the same name", key="events", value=names)
        regions = {region.name for region in self.fleet.regions}
        for event in self.events:
            if isinstance(event, Outage) and event.region is not None and event.region not in regions:
                raise InputError(
                    f"the fleet has no region {event.region!r}",
                    key="region",
                    value=event.region,
                    hint=f"choose one of {', '.join(sorted(regions)) or 'none: the fleet has no regions'}",
                )
        shocks = [event.change_frac for event in self.events if isinstance(event, PriceShock)]
        if sum(max(abs(math.log1p(end)) for end in ends) for ends in shocks) > _MOST_SHOCKED:
            raise InputError(
                "the price shocks together can move the price a million times",
                key="price_shocks",
                hint="a change of -0.5 halves the price, 1 doubles it",
            )

    @property
    def as_of(self) -> datetime:
        """The instant of the start."""
        return self.start.as_of

"""All uses of a megawatt-hour side by side, on one basis.

**The basis.** Every `worth` is USD per *facility* MWh *before* paying for that MWh. Subtracting the delivered
spot price gives the margin after power; subtracting the capital charge gives the net.

* Mining: the revenue after the pool's fee. Its machines are owned: their capital is sunk and charged as 0.
* Colocation: the tenant pays the electricity, so worth is NOI plus the delivered price passed through.
* GPU cloud: GPU-hours sold less operating cost; the operator pays the electricity.
* Grid: not buying saves the delivered price, so its worth equals the price and its margin is zero.

**Probability that one use beats another.** The interval [low, high] at confidence `level` is read as a normal
distribution around the central value with sd = (high - low) / (2 z). Mining classes share one hashprice, so
their errors move together and the sd of a difference is the difference of the sds; all other pairs are
taken as independent, and the sds add in quadrature. Known spot prices carry no uncertainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from wattshift.assets.hall import AiHall
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.errors import InputError
from wattshift.value.breakeven import BreakEvens, break_evens
from wattshift.value.compute import hall_usd_per_mwh, hall_value
from wattshift.value.grid import GridValue, grid_value
from wattshift.value.mining import miner_usd_per_mwh

__all__ = ["UseValue", "ValueStack", "beats_prob", "value_stack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseValue:
    """One use of a facility MWh.

    Args:
        name: the use.
        kind: what it is.
        worth_usd_per_mwh: what it pays for the MWh, before the MWh is paid for.
        low_usd_per_mwh: low end of the worth.
        high_usd_per_mwh: high end of the worth.
        power_usd_per_mwh: the delivered price of the MWh.
        capital_usd_per_mwh: the capital charge; 0 where capital is sunk.
    """

    name: str
    kind: UseKind
    worth_usd_per_mwh: float
    low_usd_per_mwh: float
    high_usd_per_mwh: float
    power_usd_per_mwh: float
    capital_usd_per_mwh: float

    @property
    def margin_usd_per_mwh(self) -> float:
        """What is left after paying for the MWh."""
        return self.worth_usd_per_mwh - self.power_usd_per_mwh

    @property
    def net_usd_per_mwh(self) -> float:
        """What is left after power and capital."""
        return self.margin_usd_per_mwh - self.capital_usd_per_mwh


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStack:
    """All uses, the best margin after power first.

    Args:
        uses: the uses and the grid, ranked by margin.
        grid: what a MWh costs, saves and brings.
        break_evens: where each machine class stops earning, and where it equals each hall.
        level: confidence level of the low and high ends.
    """

    uses: tuple[UseValue, ...]
    grid: GridValue
    break_evens: BreakEvens
    level: float

    @property
    def by_net(self) -> tuple[UseValue, ...]:
        """The uses, the best net of capital first."""
        return tuple(sorted(self.uses, key=lambda use: -use.net_usd_per_mwh))

    def beats_prob(self, first: str, second: str) -> float:
        """Probability that one named use has the better margin.

        Raises:
            InputError: if there is no such use.
        """
        named = {use.name: use for use in self.uses}
        for name in (first, second):
            if name not in named:
                raise InputError(f"there is no use {name!r}", hint=f"the uses are {', '.join(named)}")
        return beats_prob(named[first], named[second], level=self.level)


def value_stack(
    site: Site,
    *,
    spot_usd_per_mwh: float,
    hashprice_usd_per_ph_day: float,
    low_usd_per_ph_day: float,
    high_usd_per_ph_day: float,
    level: float = 0.95,
) -> ValueStack:
    """Rank the uses of a site's next MWh bought at the spot price.

    Args:
        site: the site.
        spot_usd_per_mwh: the spot price now [USD/MWh].
        hashprice_usd_per_ph_day: the hashprice now [USD/PH/day].
        low_usd_per_ph_day: low end of the hashprice's interval [USD/PH/day].
        high_usd_per_ph_day: high end of it [USD/PH/day].
        level: the interval's confidence level.

    Raises:
        InputError: if the interval does not enclose the hashprice, or a number is not finite.
    """
    hashprices = (hashprice_usd_per_ph_day, low_usd_per_ph_day, high_usd_per_ph_day)
    if not low_usd_per_ph_day <= hashprice_usd_per_ph_day <= high_usd_per_ph_day:
        raise InputError("the interval must enclose the hashprice", low=hashprices[1], high=hashprices[2])
    grid = grid_value(site.tariff, spot_usd_per_mwh)
    delivered = grid.delivered_usd_per_mwh
    halls = [_hall_use(hall, delivered) for hall in site.halls]
    miners = [_mining_use(miner, fleet, hashprices, delivered) for fleet, miner in site.machines]
    uses = (*halls, *miners, _grid_use(delivered))
    return ValueStack(
        uses=tuple(sorted(uses, key=lambda use: -use.margin_usd_per_mwh)),
        grid=grid,
        break_evens=break_evens(site, hashprice_usd_per_ph_day, delivered),
        level=level,
    )


def beats_prob(first: UseValue, second: UseValue, *, level: float) -> float:
    """Probability that the first use has the better margin (normal approximation, see the module).

    Raises:
        InputError: if the confidence level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise InputError("a confidence level lies between 0 and 1", level=level)
    difference = first.margin_usd_per_mwh - second.margin_usd_per_mwh
    width = 2.0 * NormalDist().inv_cdf(0.5 + level / 2.0)
    sds = [(use.high_usd_per_mwh - use.low_usd_per_mwh) / width for use in (first, second)]
    together = first.kind is second.kind is UseKind.MINING
    sd = abs(sds[0] - sds[1]) if together else math.hypot(*sds)
    if sd == 0.0:
        return 0.5 if difference == 0.0 else float(difference > 0.0)
    return NormalDist().cdf(difference / sd)


def _mining_use(
    miner: MinerClass, fleet: Mining, hashprices: tuple[float, float, float], delivered: float
) -> UseValue:
    worth, low, high = (miner_usd_per_mwh(miner, fleet, hashprice) for hashprice in hashprices)
    return UseValue(
        name=miner.name,
        kind=UseKind.MINING,
        worth_usd_per_mwh=worth,
        low_usd_per_mwh=low,
        high_usd_per_mwh=high,
        power_usd_per_mwh=delivered,
        capital_usd_per_mwh=0.0,
    )


def _hall_use(hall: AiHall, delivered: float) -> UseValue:
    value = hall_value(hall)
    worth = hall_usd_per_mwh(hall, delivered)
    return UseValue(
        name=hall.name,
        kind=value.kind,
        worth_usd_per_mwh=worth,
        low_usd_per_mwh=worth + value.low_usd_per_mwh - value.income_usd_per_mwh,
        high_usd_per_mwh=worth + value.high_usd_per_mwh - value.income_usd_per_mwh,
        power_usd_per_mwh=delivered,
        capital_usd_per_mwh=value.capital_usd_per_mwh,
    )


def _grid_use(delivered: float) -> UseValue:
    return UseValue(
        name="grid",
        kind=UseKind.GRID,
        worth_usd_per_mwh=delivered,
        low_usd_per_mwh=delivered,
        high_usd_per_mwh=delivered,
        power_usd_per_mwh=delivered,
        capital_usd_per_mwh=0.0,
    )

"""How miners behave: noise of the hashrate, switching, investment, sites, and the pull of AI."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.assets.bounds import (
    require_fraction,
    require_not_negative,
    require_positive,
    require_rising,
)
from wattshift.errors import InputError
from wattshift.simulate.limits import require_within

__all__ = ["AiPull", "HashrateNoise", "Investment", "SitePower", "Switching"]

_LONGEST_LAG_DAYS = 728.0
_LARGEST_SD = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateNoise:
    """What moves the hashrate beside the model's own economics: two regimes, calm and storm.

    Calm moves stay, storms blow over; the regimes are those of `wattshift.measures.level.noise`.

    Args:
        calm_sd_frac: standard deviation of log hashrate over a calm week.
        storm_sd_frac: the same over a stormy week.
        storm_start_prob: probability a day that a calm turns into a storm.
        storm_end_prob: probability a day that a storm ends.
        return_days: mean time after which a storm's move is gone [days].

    Raises:
        InputError: if a number is outside its range.
    """

    calm_sd_frac: float = 0.02
    storm_sd_frac: float = 0.127
    storm_start_prob: float = 0.0052
    storm_end_prob: float = 0.049
    return_days: float = 14.0

    def __post_init__(self) -> None:
        require_within("calm_sd_frac", self.calm_sd_frac, 0.0, _LARGEST_SD)
        require_within("storm_sd_frac", self.storm_sd_frac, 0.0, _LARGEST_SD)
        require_fraction("storm_start_prob", self.storm_start_prob)
        require_fraction("storm_end_prob", self.storm_end_prob)
        if not self.return_days >= 1:
            raise InputError("a deviation lasts a day or more", key="return_days", value=self.return_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switching:
    """When machines go off and come back, are sold, and are scrapped.

    Below break-even * (1 - hysteresis) owners switch off, above break-even * (1 + hysteresis) they switch on
    again; in between nothing happens.

    Args:
        hysteresis_frac: half of the width in which nothing happens.
        off_days: mean time until a machine under water is off [days].
        on_days: mean time until one that earns again is on [days].
        sell_days: mean time until a machine that is off leaves its site for the idle stock [days].
        redeploy_days: mean time until an idle machine that would earn anywhere stands there [days].
        scrap_days: mean time until a machine that is off or idle is scrapped [days].
        life_years: mean life of a machine of the fleet's mean efficiency [years]; shorter in proportion to
            the J/TH of worse ones.

    Raises:
        InputError: if a number is outside its range.
    """

    hysteresis_frac: float = 0.07
    off_days: float = 14.0
    on_days: float = 21.0
    sell_days: float = 180.0
    redeploy_days: float = 60.0
    scrap_days: float = 900.0
    life_years: float = 6.0

    def __post_init__(self) -> None:
        if not 0 <= self.hysteresis_frac < 1:
            raise InputError(
                "a hysteresis lies between 0 and 1", key="hysteresis_frac", value=self.hysteresis_frac
            )
        for key in ("off_days", "on_days"):
            if not getattr(self, key) >= 1:
                raise InputError("switching takes a day or more", key=key, value=getattr(self, key))
        for key in ("sell_days", "redeploy_days", "scrap_days"):
            if not getattr(self, key) >= 7:
                raise InputError(
                    "selling, moving and scrapping take a week or more", key=key, value=getattr(self, key)
                )
        if not self.life_years >= 0.5:
            raise InputError("machines live half a year or more", key="life_years", value=self.life_years)


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """How new machines arrive: ordered by what they would earn, delivered later.

    Orders of a week = installed * (worn out + growth) * (payback at the start / payback now)^elasticity.

    Args:
        annual_growth_frac: growth of the hashrate in a year if nothing changed, log.
        annual_growth_sd_frac: how uncertain that is: its standard deviation between paths.
        elasticity_ratio: how strongly orders follow the margin.
        most_ratio: orders never exceed those at the start by more than this.
        lag_days: from order to hashing [days]; at most two years.
        efficiency_j_per_th: of machines delivered at the start [J/TH].
        annual_improvement_frac: by which new machines get better in a year.

    Raises:
        InputError: if a number is outside its range.
    """

    annual_growth_frac: float = 0.3
    annual_growth_sd_frac: float = 0.1
    elasticity_ratio: float = 1.0
    most_ratio: float = 3.0
    lag_days: float = 120.0
    efficiency_j_per_th: float = 16.0
    annual_improvement_frac: float = 0.1

    def __post_init__(self) -> None:
        require_within("annual_growth_sd_frac", self.annual_growth_sd_frac, 0.0, _LARGEST_SD)
        require_not_negative("elasticity_ratio", self.elasticity_ratio)
        require_positive("most_ratio", self.most_ratio)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        if not -1 < self.annual_growth_frac < 10:
            raise InputError(
                "a log growth of a year lies between -1 and 10",
                key="annual_growth_frac",
                value=self.annual_growth_frac,
            )
        if not 0 <= self.lag_days <= _LONGEST_LAG_DAYS:
            raise InputError(
                f"a lag lies between 0 and {_LONGEST_LAG_DAYS:g} days", key="lag_days", value=self.lag_days
            )
        if not 0 <= self.annual_improvement_frac < 1:
            raise InputError(
                "an improvement lies between 0 and 1",
                key="annual_improvement_frac",
                value=self.annual_improvement_frac,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePower:
    """The power that machines can stand on: what mining sites have, and how fast they grow.

    New and idle machines need vacant power. Where none is left, new ones take the place of the least
    efficient at the same power price; what is replaced is idle. Sites are built for the machines that usually
    arrive beyond those that wear out, times what a new machine leaves after power and the site's capital
    against the same at the start, less what stands vacant; never more than grids connect and AI leaves.

    The defaults are assumptions, of this size: the fleet's power rose most in 2023, by 5.2 GW (the bundled
    machines and difficulty); 0.5 million USD/MW, amid plans of 0.3 to 0.8, is 11 USD/MWh at 15 % over ten
    years; sites took 6 to 18 months, and large loads in Texas wait for two years and more since 2025.

    Args:
        vacant_frac: share of the sites' power that no machine uses at the start, and that builders leave so.
        connections_mw: what grids connect in a year, to miners and to AI that bids for the same [MW].
        capital_usd_per_mwh: capital charge of a new site, without machines [USD/MWh].
        lead_days: from the decision until the power is there [days]; at most two years.
        upgrade_gain_frac: by how much a machine must be worse than a new one, in J/TH, to be replaced.
        ai_bids_ratio: how much AI bids for new connections, against what it could convert in the same time.

    Raises:
        InputError: if a number is outside its range.
    """

    vacant_frac: float = 0.03
    connections_mw: float = 5_200.0
    capital_usd_per_mwh: float = 11.0
    lead_days: float = 365.0
    upgrade_gain_frac: float = 0.2
    ai_bids_ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.vacant_frac < 1:
            raise InputError("a vacant share lies between 0 and 1", key="vacant_frac", value=self.vacant_frac)
        for key in ("connections_mw", "capital_usd_per_mwh", "upgrade_gain_frac", "ai_bids_ratio"):
            require_not_negative(key, getattr(self, key))
        if not 0 <= self.lead_days <= _LONGEST_LAG_DAYS:
            raise InputError(
                f"a lead time lies between 0 and {_LONGEST_LAG_DAYS:g} days",
                key="lead_days",
                value=self.lead_days,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AiPull:
    """What AI offers for a site's power, and how much of it can go.

    An owner compares the contract's income after its capital charge with the margin of mining, both per MWh
    and after power. What has been promised goes after the lead time, whatever happens to mining, and never
    comes back. A site goes as it stands: its machines are sold, and its vacant power goes with it.

    Args:
        knot_days: knots of the two courses, from the start on, rising [days].
        income_usd_per_mwh: what a contract pays a MWh, its power paid, at each knot [USD/MWh].
        capacity_mw: how much the builders can convert in a year, all sites together, at each knot [MW].
        capital_usd_per_mwh: capital charge of the conversion [USD/MWh].
        income_sd_frac: standard deviation between paths of the logarithm of the income.
        premium_usd_per_mwh: by how much AI must pay more before anybody moves [USD/MWh].
        spread_usd_per_mwh: by how much more until everybody moves who can [USD/MWh].
        convertible_frac: share of the power that can ever go: land, fibre, cooling.
        lead_days: from the promise until mining stops [days]; at most two years.

    Raises:
        InputError: if the courses differ in length, or a number is outside its range.
    """

    knot_days: tuple[float, ...]
    income_usd_per_mwh: tuple[float, ...]
    capacity_mw: tuple[float, ...]
    capital_usd_per_mwh: float
    income_sd_frac: float = 0.0
    premium_usd_per_mwh: float = 10.0
    spread_usd_per_mwh: float = 30.0
    convertible_frac: float = 0.5
    lead_days: float = 270.0

    def __post_init__(self) -> None:
        lengths = {len(self.knot_days), len(self.income_usd_per_mwh), len(self.capacity_mw)}
        if len(lengths) != 1 or not self.knot_days:
            raise InputError("the courses of AI need a value at each knot", key="knot_days")
        require_rising("knot_days", self.knot_days)
        for key in ("income_usd_per_mwh", "capacity_mw"):
            for value in getattr(self, key):
                require_not_negative(key, value)
        require_not_negative("knot_days", self.knot_days[0])
        require_not_negative("capital_usd_per_mwh", self.capital_usd_per_mwh)
        require_within("income_sd_frac", self.income_sd_frac, 0.0, _LARGEST_SD)
        require_not_negative("premium_usd_per_mwh", self.premium_usd_per_mwh)
        require_positive("spread_usd_per_mwh", self.spread_usd_per_mwh)
        require_fraction("convertible_frac", self.convertible_frac)
        if not 0 <= self.lead_days <= _LONGEST_LAG_DAYS:
            raise InputError(
                f"a lead time lies between 0 and {_LONGEST_LAG_DAYS:g} days",
                key="lead_days",
                value=self.lead_days,
            )

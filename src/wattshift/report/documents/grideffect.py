"""The document about a load on the grid: worlds, the curve of supply and how good it is, room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wattshift.provenance import Origin
from wattshift.simulate.grid.effect import PriceEffect
from wattshift.simulate.grid.goodness import HeldOut

__all__ = [
    "EffectRange",
    "FreedRow",
    "GridEffectDocument",
    "HashpriceRow",
    "HeadroomRow",
    "LoadAsked",
    "LoadKind",
    "SupplyRow",
    "WorldName",
    "WorldRow",
]


class LoadKind(StrEnum):
    """What the load is."""

    MINING = "mining"
    AI = "ai"
    INFLEXIBLE = "inflexible"


class WorldName(StrEnum):
    """A world with or without the load."""

    NONE = "no load"
    INFLEXIBLE = "inflexible"
    FLEXIBLE = "flexible"
    INFLEXIBLE_ENTRY = "inflexible, supply grows"
    FLEXIBLE_ENTRY = "flexible, supply grows"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRange:
    """Figures with their 95 % intervals: what the same hours, drawn anew by the week, might have given.

    Args:
        fitted: on the fitted curve.
        low: lower end, figure by figure.
        high: upper end.
    """

    fitted: PriceEffect
    low: PriceEffect
    high: PriceEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRow:
    """One world.

    Args:
        world: which.
        level: its figures.
        change: against the world without the load.
    """

    world: WorldName
    level: EffectRange
    change: EffectRange


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadAsked:
    """The load.

    Args:
        kind: what it is.
        power_mw: what it draws [MW].
        curtailable_frac: the share that stops above the strike.
        entry_frac: supply that comes with it in the last two worlds, as a share of its power: an assumption.
        strike_usd_per_mwh: mean strike; None for an inflexible load [USD/MWh].
        low_strike_usd_per_mwh: lowest strike of the hours [USD/MWh].
        high_strike_usd_per_mwh: highest [USD/MWh].
        strike_basis: where the strike is from.
    """

    kind: LoadKind
    power_mw: float
    curtailable_frac: float
    entry_frac: float
    strike_usd_per_mwh: float | None
    low_strike_usd_per_mwh: float | None
    high_strike_usd_per_mwh: float | None
    strike_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceRow:
    """How a mining load would have responded at one hashprice.

    Args:
        hashprice_usd_per_ph_day: the hashprice [USD/PH/day].
        strike_usd_per_mwh: the strike that it makes [USD/MWh].
        change: against the world without the load.
    """

    hashprice_usd_per_ph_day: float
    strike_usd_per_mwh: float
    change: EffectRange


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyRow:
    """Supply between two prices.

    Args:
        price_usd_per_mwh: the lower [USD/MWh].
        next_usd_per_mwh: the upper [USD/MWh].
        supply_mw: supply between them [MW].
        low_mw: lower end of its 95 % interval [MW].
        high_mw: upper end [MW].
        exceeded_hours: hours of a year above the lower price [h].
    """

    price_usd_per_mwh: float
    next_usd_per_mwh: float
    supply_mw: float
    low_mw: float
    high_mw: float
    exceeded_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadroomRow:
    """Room below the seasons' peaks for a load that gives up a share of its energy.

    Args:
        curtailed_frac: the share.
        load_mw: the largest such load, over all whole years [MW].
        low_mw: the least of any single year [MW].
        high_mw: the most of any single year [MW].
        hours: hours of a year in which it gives way, in full or in part [h].
        mean_cut_frac: mean share of its power given up in them.
    """

    curtailed_frac: float
    load_mw: float
    low_mw: float
    high_mw: float
    hours: float
    mean_cut_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedRow:
    """Capacity for others that the load frees by going off in some hours of a year.

    Args:
        hours: how many [h].
        freed_mw: mean of the whole years [MW].
        low_mw: the least of any year [MW].
        high_mw: the most [MW].
    """

    hours: int
    freed_mw: float
    low_mw: float
    high_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEffectDocument:
    """`wattshift grid-effect`.

    Args:
        as_of: the instant; nothing later is used.
        start_at: first hour.
        end_at: end of the last.
        fitted_from_at: first hour behind the curve; it ends with the last.
        fitted_hours: hours behind it [h].
        seed: of the weeks drawn anew.
        draws: how often.
        load: the load.
        worlds: the worlds.
        flexibility: the flexible load against the same load inflexible; None for an inflexible one.
        hashprices: the response at other hashprices; empty unless it mines.
        supply: the curve of supply.
        held_out: a curve fitted to the years before, in the last year; None where less than two years were
            known before it.
        years: the whole years behind headroom.
        headroom: room for a load that gives way.
        freed: what this load frees.
        in_words: the verdict.
        limits: what the model does not see.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    fitted_from_at: datetime
    fitted_hours: int
    seed: int
    draws: int
    load: LoadAsked
    worlds: tuple[WorldRow, ...]
    flexibility: EffectRange | None
    hashprices: tuple[HashpriceRow, ...]
    supply: tuple[SupplyRow, ...]
    held_out: HeldOut | None
    years: tuple[int, ...]
    headroom: tuple[HeadroomRow, ...]
    freed: tuple[FreedRow, ...]
    in_words: str
    limits: tuple[str, ...]
    origins: tuple[Origin, ...]

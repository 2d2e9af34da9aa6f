"""The use-case `grid-effect`: what a load on ERCOT does to its consumers, and the room it can free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from wattshift.app.gridhours import GRID_TABLES, GridHistory
from wattshift.app.gridsupply import MOST_YEARS, fitted_supply, held_out_year, supply_rows
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.report.documents.grideffect import (
    EffectRange,
    FreedRow,
    GridEffectDocument,
    HashpriceRow,
    HeadroomRow,
    LoadAsked,
    LoadKind,
    WorldName,
    WorldRow,
)
from wattshift.report.gridwords import GRID_LIMITS, grid_in_words
from wattshift.simulate.grid.controls import MarketHours
from wattshift.simulate.grid.effect import AddedLoad, PriceEffect, price_effects
from wattshift.simulate.grid.fit import FittedSupply
from wattshift.simulate.grid.headroom import below_peak_mw, freed_mw, headroom
from wattshift.value.contracts import contract_facts, contract_value
from wattshift.value.mining import mining_usd_per_mwh

__all__ = ["GridAsk", "GridCase", "grid_case", "grid_effect", "grid_effect_of"]

_LARGEST = 1e6
_DRAWS = 100
_SEED = 20_210_214
_AI_CURTAILABLE_FRAC = 0.1
_HASHPRICES = (30.0, 50.0, 80.0, 120.0)
_HEADROOMS = (0.0025, 0.005, 0.01)
_FREED_HOURS = (10, 20, 50, 100, 200)
_WHOLE_YEAR_HOURS = 8_500
_FIRM = (WorldName.NONE, WorldName.INFLEXIBLE, WorldName.INFLEXIBLE_ENTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridAsk:
    """What is asked about.

    Args:
        load_mw: the load [MW].
        kind: what it is.
        strike_usd_per_mwh: price above which it stops; None for what it earns [USD/MWh].
        efficiency_j_per_th: of its machines; None for the fleet's mean of the day [J/TH].
        curtailable_frac: the share that stops; None for all of mining and a tenth of AI.
        entry_frac: supply that comes with it in the long run, as a share of its power.
        start_at: first hour; None for three years before the end.
        end_at: end of the last; None for the newest known.

    Raises:
        InputError: if the power is not positive, or another number has no meaning.
    """

    load_mw: float
    kind: LoadKind = LoadKind.MINING
    strike_usd_per_mwh: float | None = None
    efficiency_j_per_th: float | None = None
    curtailable_frac: float | None = None
    entry_frac: float = 1.0
    start_at: datetime | None = None
    end_at: datetime | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.load_mw <= _LARGEST:
            raise InputError(
                "a load draws a positive power, of at most 10^6 MW",
                load_mw=self.load_mw,
                hint="give --load-mw",
            )
        if not abs(self.strike_usd_per_mwh or 0.0) <= _LARGEST:
            raise InputError(
                "a strike is finite, at most 10^6 USD/MWh", strike_usd_per_mwh=self.strike_usd_per_mwh
            )
        if self.efficiency_j_per_th is not None and not self.efficiency_j_per_th >= 1.0 / _LARGEST:
            raise InputError("an efficiency is positive", efficiency_j_per_th=self.efficiency_j_per_th)
        if self.kind is LoadKind.INFLEXIBLE and (self.strike_usd_per_mwh, self.curtailable_frac) != (
            None,
            None,
        ):
            raise InputError(
                "an inflexible load has no strike and no share that stops", hint="choose --kind mining or ai"
            )
        if self.efficiency_j_per_th is not None and self.kind is not LoadKind.MINING:
            raise InputError("only mining has an efficiency", hint="leave out --efficiency")

    @property
    def flexible_frac(self) -> float:
        """The share that stops."""
        if self.curtailable_frac is not None:
            return self.curtailable_frac
        return {LoadKind.MINING: 1.0, LoadKind.AI: _AI_CURTAILABLE_FRAC, LoadKind.INFLEXIBLE: 0.0}[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridCase:
    """A load, the hours it comes to, and their supply.

    Args:
        snapshot: what was known.
        history: all hours known.
        window: the stretch asked about.
        chosen: shape (n,), the hours in it.
        market: these hours.
        cap_usd_per_mwh: shape (hours,), the cap in force [USD/MWh].
        supply: the curve and its draws.
        strike_usd_per_mwh: shape (hours,), the strike [USD/MWh].
        ask: what was asked about.
        asked: the load, for people.
    """

    snapshot: Snapshot
    history: GridHistory
    window: Window
    chosen: NDArray[np.bool_]
    market: MarketHours
    cap_usd_per_mwh: NDArray[np.float64]
    supply: FittedSupply
    strike_usd_per_mwh: NDArray[np.float64]
    ask: GridAsk
    asked: LoadAsked

    def added(self, world: WorldName) -> AddedLoad:
        """The load in one of the worlds."""
        flexible = world in {WorldName.FLEXIBLE, WorldName.FLEXIBLE_ENTRY}
        grows = world in {WorldName.INFLEXIBLE_ENTRY, WorldName.FLEXIBLE_ENTRY}
        return AddedLoad(
            power_mw=0.0 if world is WorldName.NONE else self.asked.power_mw,
            strike_usd_per_mwh=self.strike_usd_per_mwh,
            curtailable_frac=self.asked.curtailable_frac if flexible else 0.0,
            entry_frac=self.asked.entry_frac if grows else 0.0,
        )

    @property
    def worlds(self) -> tuple[WorldName, ...]:
        """Those that differ: a load that never stops has no flexible world."""
        return tuple(WorldName) if self.asked.curtailable_frac > 0.0 else _FIRM

    def effects(self, load: AddedLoad) -> tuple[PriceEffect, ...]:
        """On the fitted curve, then on each draw."""
        return price_effects(
            (self.supply.curve, *self.supply.draws), self.market, load, cap_usd_per_mwh=self.cap_usd_per_mwh
        )


def grid_case(archive: Archive, ask: GridAsk, *, at: datetime | None = None) -> GridCase:
    """Read the hours and fit their supply.

    Raises:
        OutOfSpan: if the hours are not known.
        NoData: if they do not tell a curve of supply.
        InputError: if something asked about has no meaning.
    """
    snapshot = archive.as_of(at)
    history = GridHistory.of(snapshot)
    end_at = ask.end_at or history.span.end_at
    earliest = max(history.span.start_at, end_at - timedelta(days=365 * MOST_YEARS))
    window = Window(start_at=ask.start_at or earliest, end_at=end_at)
    chosen = history.within(window)
    strike, basis = _strike(snapshot, history, ask)
    strikes = np.broadcast_to(strike, chosen.shape)[chosen]
    flexible = ask.flexible_frac > 0.0
    return GridCase(
        snapshot=snapshot,
        history=history,
        window=window,
        chosen=chosen,
        market=history.market.chosen(chosen),
        cap_usd_per_mwh=history.cap_usd_per_mwh[chosen],
        supply=fitted_supply(history, end_at, np.random.default_rng(_SEED), draws=_DRAWS),
        strike_usd_per_mwh=strikes,
        ask=ask,
        asked=LoadAsked(
            kind=ask.kind,
            power_mw=ask.load_mw,
            curtailable_frac=ask.flexible_frac,
            entry_frac=ask.entry_frac,
            strike_usd_per_mwh=float(strikes.mean()) if flexible else None,
            low_strike_usd_per_mwh=float(strikes.min()) if flexible else None,
            high_strike_usd_per_mwh=float(strikes.max()) if flexible else None,
            strike_basis=basis,
        ),
    )


def _strike(
    snapshot: Snapshot, history: GridHistory, ask: GridAsk
) -> tuple[float | NDArray[np.float64], str]:
    """The strike of every hour known, and where it is from."""
    if ask.kind is LoadKind.INFLEXIBLE:
        return 0.0, "none: it never stops"
    if ask.strike_usd_per_mwh is not None:
        return ask.strike_usd_per_mwh, "given"
    if ask.kind is LoadKind.AI:
        facts = contract_facts(snapshot.table("ai_contracts"))
        if not facts:
            raise InputError("no contract for AI was public then", hint="give --strike")
        worth = median(contract_value(fact).gross_usd_per_mwh for fact in facts)
        return worth, f"median of {len(facts)} public contracts for AI, value per MWh"
    if ask.efficiency_j_per_th is None:
        return history.worth_usd_per_mwh, "what a MWh mined the day before at the fleet's mean efficiency"
    return (
        mining_usd_per_mwh(history.hashprice_usd_per_ph_day, efficiency_j_per_th=ask.efficiency_j_per_th),
        f"what a MWh mined the day before at {ask.efficiency_j_per_th:g} J/TH",
    )


def grid_effect(archive: Archive, ask: GridAsk, *, at: datetime | None = None) -> GridEffectDocument:
    """What a load does to the price that consumers pay, and the capacity that giving way frees.

    Args:
        archive: the kept history.
        ask: what is asked about.
        at: the instant.

    Raises:
        OutOfSpan, NoData, InputError: as `grid_case`.
    """
    return grid_effect_of(grid_case(archive, ask, at=at))


def grid_effect_of(case: GridCase) -> GridEffectDocument:
    """The figures of a case that has been read."""
    found = {world: case.effects(case.added(world)) for world in case.worlds}
    none = found[WorldName.NONE]
    worlds = tuple(
        WorldRow(world=world, level=_ranged(effects), change=_difference(effects, none))
        for world, effects in found.items()
    )
    flexible = found.get(WorldName.FLEXIBLE)
    flexibility = None if flexible is None else _difference(flexible, found[WorldName.INFLEXIBLE])
    years, below = _whole_years(case.history)
    return GridEffectDocument(
        as_of=case.snapshot.as_of,
        start_at=case.window.start_at,
        end_at=case.window.end_at,
        fitted_from_at=max(case.history.span.start_at, case.window.end_at - timedelta(days=365 * MOST_YEARS)),
        fitted_hours=case.supply.hours,
        seed=_SEED,
        draws=_DRAWS,
        load=case.asked,
        worlds=worlds,
        flexibility=flexibility,
        hashprices=_hashprices(case, none),
        supply=supply_rows(case.supply),
        held_out=held_out_year(case.history, case.window.end_at, np.random.default_rng(_SEED)),
        years=tuple(years),
        headroom=tuple(_headroom(share, below) for share in _HEADROOMS) if years else (),
        freed=_freed(case, years),
        in_words=grid_in_words(case.asked, worlds, flexibility),
        limits=GRID_LIMITS,
        origins=case.snapshot.origins(*GRID_TABLES),
    )


def _ranged(effects: Sequence[PriceEffect]) -> EffectRange:
    """The first as it is, and the interval of the others figure by figure."""
    low, high = np.quantile(_figures(effects[1:]), (0.025, 0.975), axis=0)
    return EffectRange(fitted=effects[0], low=_effect(low), high=_effect(high))


def _difference(effects: Sequence[PriceEffect], base: Sequence[PriceEffect]) -> EffectRange:
    """Draw by draw."""
    return _ranged([_effect(change) for change in _figures(effects) - _figures(base)])


def _figures(effects: Sequence[PriceEffect]) -> NDArray[np.float64]:  # columns of unlike units
    return np.array([astuple(effect) for effect in effects])


def _effect(figures: NDArray[np.float64]) -> PriceEffect:
    names = (each.name for each in fields(PriceEffect))
    return PriceEffect(**dict(zip(names, figures.tolist(), strict=True)))


def _hashprices(case: GridCase, none: Sequence[PriceEffect]) -> tuple[HashpriceRow, ...]:
    """The strike follows the hashprice, so that the same machines respond more or less."""
    ask = case.ask
    if ask.kind is not LoadKind.MINING or ask.strike_usd_per_mwh is not None:
        return ()
    history, last = case.history, np.flatnonzero(case.chosen)[-1]
    per_hashprice = history.worth_usd_per_mwh[last] / history.hashprice_usd_per_ph_day[last]
    if ask.efficiency_j_per_th is not None:
        per_hashprice = mining_usd_per_mwh(1.0, efficiency_j_per_th=ask.efficiency_j_per_th)
    rows = []
    for hashprice in _HASHPRICES:
        load = AddedLoad(
            power_mw=ask.load_mw,
            strike_usd_per_mwh=float(hashprice * per_hashprice),
            curtailable_frac=ask.flexible_frac,
        )
        rows.append(
            HashpriceRow(
                hashprice_usd_per_ph_day=hashprice,
                strike_usd_per_mwh=float(hashprice * per_hashprice),
                change=_difference(case.effects(load), none),
            )
        )
    return tuple(rows)


def _whole_years(history: GridHistory) -> tuple[list[int], list[NDArray[np.float64]]]:
    """The years of which nearly all hours are known, and how far their hours stay below the peaks."""
    found, counts = np.unique(history.years, return_counts=True)
    years = found[counts >= _WHOLE_YEAR_HOURS].tolist()
    inside = np.isin(history.years, years)
    below = below_peak_mw(history.market.load_mw[inside], history.months[inside])
    return years, [below[history.years[inside] == year] for year in years]


def _headroom(share: float, below: Sequence[NDArray[np.float64]]) -> HeadroomRow:
    whole = headroom(np.concatenate(below), curtailed_frac=share)
    single = [headroom(year, curtailed_frac=share).load_mw for year in below]
    return HeadroomRow(
        curtailed_frac=share,
        load_mw=whole.load_mw,
        low_mw=min(single),
        high_mw=max(single),
        hours=whole.hours,
        mean_cut_frac=whole.mean_cut_frac,
    )


def _freed(case: GridCase, years: Sequence[int]) -> tuple[FreedRow, ...]:
    stops = case.asked.power_mw * case.asked.curtailable_frac
    if not years or not stops:
        return ()
    loads = [case.history.market.load_mw[case.history.years == year] for year in years]
    return tuple(
        _freed_row(hours, [freed_mw(load, stops, hours=hours) for load in loads]) for hours in _FREED_HOURS
    )


def _freed_row(hours: int, freed: Sequence[float]) -> FreedRow:
    return FreedRow(hours=hours, freed_mw=sum(freed) / len(freed), low_mw=min(freed), high_mw=max(freed))

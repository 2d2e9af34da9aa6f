"""How a site stands at an instant: what runs, since when, what batteries hold, what the month has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import ClassVar, TypeAlias

from wattshift.assets.bounds import STRICT, require_name, require_not_negative, require_positive
from wattshift.assets.site import Site
from wattshift.assets.wiring import require_known
from wattshift.errors import InputError
from wattshift.units import w_to_mw

__all__ = ["Move", "SiteState", "require_fits"]

_Quantity: TypeAlias = float
"""A number in the unit that its key names."""

_SLIP_RATIO = 10.0
"""What is this much too large is in another unit."""

_ROUNDING_RATIO = 1e-3
"""Meters and plans round: a battery is called full when it is this near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A start or a stop whose least time may not be over.

    Args:
        load: what moved.
        power_mw: by how much [MW].
        at: when.

    Raises:
        InputError: if it moved by nothing, or at an instant without an offset.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    load: str
    power_mw: float
    at: datetime

    def __post_init__(self) -> None:
        require_name("load", self.load)
        require_positive("power_mw", self.power_mw)
        _require_offset("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """How a site stands before the first interval; what is not named is off, at its start or zero.

    Args:
        at: the instant for which it holds; None where that is the plan's own beginning.
        load_mw: power of each load [MW].
        started: what of it was started within its least time.
        stopped: what rests and was stopped within its least time.
        held_mwh: what each battery holds [MWh].
        peak_mw: the peak that each demand charge has seen this month [MW].
        done_mwh: what each work that may wait was given already [MWh].
        calls: how often each curtailment contract was called this year.
        call_hours: for how many hours of this year in all [h].

    Raises:
        InputError: if a number is negative or not finite, a move lies in the future, or more was started than
            runs.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    at: datetime | None = None
    load_mw: Mapping[str, float] = field(default_factory=dict)
    started: tuple[Move, ...] = ()
    stopped: tuple[Move, ...] = ()
    held_mwh: Mapping[str, float] = field(default_factory=dict)
    peak_mw: Mapping[str, float] = field(default_factory=dict)
    done_mwh: Mapping[str, float] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    call_hours: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at is not None:
            _require_offset("at", self.at)
        for part in fields(self):
            given = getattr(self, part.name)
            if isinstance(given, Mapping):
                for name, value in given.items():
                    require_not_negative(f"{part.name}.{name}", value)
        for key, move in self.moves():
            if self.at is not None and move.at > self.at:
                raise InputError(
                    f"{move.load} moved after the instant of the state",
                    key=f"{key}.at",
                    value=move.at.isoformat(),
                    hint="check both instants and their offsets",
                )
        self._require_running()

    def moves(self) -> Iterator[tuple[str, Move]]:
        """Every start and stop with its key."""
        for key, moves in (("started", self.started), ("stopped", self.stopped)):
            for index, move in enumerate(moves):
                yield f"{key}.{index}", move

    def _require_running(self) -> None:
        for index, move in enumerate(self.started):
            started = sum(each.power_mw for each in self.started[: index + 1] if each.load == move.load)
            runs = self.load_mw.get(move.load, 0.0)
            if started > runs * (1.0 + _ROUNDING_RATIO):
                raise InputError(
                    f"{started:g} MW of {move.load} were started, and {runs:g} MW of it run",
                    key=f"started.{index}.power_mw",
                    value=move.power_mw,
                    hint="list only what still runs, and give what runs in [load_mw]",
                )


def require_fits(state: SiteState, site: Site) -> None:
    """Refuse a state that is not one of this site: a name that it lacks, more than it can run, draw or hold.

    A load is called as its use, or as its use with what is behind a comma, as a plan does.

    Raises:
        InputError: naming the key.
    """
    most_mw = _most_mw(site)
    loads = [(f"load_mw.{name}", name, value) for name, value in state.load_mw.items()]
    loads += [(f"{key}.load", move.load, move.power_mw) for key, move in state.moves()]
    for key, name, power in loads:
        use = _use_of(name, site)
        if use is None:
            require_known("load", key, [name], site.use_names)
        else:
            _require_at_most(key, name, power, most_mw[use], "MW", "kW")
    _require_resting(state, {name: most_mw[_use_of(name, site) or ""] for _, name, _ in loads})
    for battery in state.held_mwh:
        require_known("battery", "held_mwh", [battery], [each.name for each in site.batteries])
    for each in site.batteries:
        held = state.held_mwh.get(each.name, 0.0)
        _require_at_most(f"held_mwh.{each.name}", each.name, held, each.energy_mwh, "MWh", "kWh")
    known = [charge.name for charge in site.tariff.demand_charges]
    for name, peak in state.peak_mw.items():
        require_known("demand charge", "peak_mw", [name], known)
        _require_at_most(f"peak_mw.{name}", name, peak, site.connection_mw, "MW", "kW")
    contracts = [contract.name for contract in site.interruptible]
    for key, named in (("calls", state.calls), ("call_hours", state.call_hours)):
        require_known("contract", key, named, contracts)


def _most_mw(site: Site) -> dict[str, float]:
    """What each use can draw in its highest mode, in its worst weather [MW]."""
    halls = {
        hall.name: hall.it_mw * max([hall.pue, *(point.pue for point in hall.pue_curve)])
        for hall in site.halls
    }
    return halls | {
        miner.name: w_to_mw(miner.all_modes[-1].machine_w * miner.count) * fleet.pue
        for fleet, miner in site.machines
    }


def _require_resting(state: SiteState, most_mw: Mapping[str, float]) -> None:
    """What was stopped rests: with what runs it is no more than there is."""
    for index, move in enumerate(state.stopped):
        stopped = sum(each.power_mw for each in state.stopped[: index + 1] if each.load == move.load)
        runs, most = state.load_mw.get(move.load, 0.0), most_mw[move.load]
        if stopped + runs > most * (1.0 + _ROUNDING_RATIO):
            raise InputError(
                f"{stopped:g} MW of {move.load} were stopped and {runs:g} MW of it run: it has {most:g} MW",
                key=f"stopped.{index}.power_mw",
                value=move.power_mw,
                hint="list only what still rests, and give what runs in [load_mw]",
            )


def _use_of(load: str, site: Site) -> str | None:
    """The use whose load it may be."""
    fits = [use for use in site.use_names if load == use or load.startswith(f"{use}, ")]
    return max(fits, key=len, default=None)


def _require_at_most(key: str, name: str, value: _Quantity, most: _Quantity, unit: str, smaller: str) -> None:
    if value <= most * (1.0 + _ROUNDING_RATIO):
        return
    slip = most * _SLIP_RATIO < value <= most * 1000.0
    raise InputError(
        f"{name} cannot stand at {value:g} {unit}: it has {most:g} {unit}",
        key=key,
        value=value,
        hint=f"if it is in {smaller}, write {value / 1000:g} ({unit})" if slip else "check the meter",
    )


def _require_offset(key: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise InputError(
            f"{key} needs its offset", key=key, value=at.isoformat(), hint="write 2026-03-07T14:00:00Z"
        )

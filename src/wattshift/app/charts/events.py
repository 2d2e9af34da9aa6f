"""What happened to the network: marks over its curves, nothing from after the instant of knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wattshift.app.changes import changes_found
from wattshift.clock import Window, from_unix
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.difficulty import adjustments
from wattshift.report.figures import day, number
from wattshift.report.words import adjustment_verdict, percent

__all__ = ["EventKind", "NetworkEvent", "network_events"]

_LARGE_FRAC = 0.09
"""Adjustments from this size on are marked."""

_SMALL_FRAC = 0.05
"""Changes that turned out to be smaller are not."""


class EventKind(StrEnum):
    """What sort of event it is."""

    HALVING = "halving"
    ADJUSTMENT = "adjustment"
    CHANGE = "change of hashrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvent:
    """Something that happened.

    Args:
        at: when.
        kind: of what sort it is.
        title: it in a few words.
        told: it in a sentence.
    """

    at: datetime
    kind: EventKind
    title: str
    told: str


def network_events(known: KnownBlocks) -> tuple[NetworkEvent, ...]:
    """Halvings, large adjustments and changes of hashrate among the known blocks, oldest first."""
    events = (*_halvings(known), *_adjustments(known), *_changes(known))
    return tuple(sorted(events, key=lambda event: event.at))


def _halvings(known: KnownBlocks) -> Iterator[NetworkEvent]:
    every = known.network.subsidy_halving_interval
    for height in range(-(-known.first_height // every) * every, known.tip_height + 1, every):
        yield NetworkEvent(
            at=from_unix(known.time_s(height)),
            kind=EventKind.HALVING,
            title="halving",
            told=f"the subsidy halved at block {number(height)}",
        )


def _adjustments(known: KnownBlocks) -> Iterator[NetworkEvent]:
    every = known.network.retarget_interval
    count = known.tip_height // every - -(-max(known.first_height, every) // every) + 1
    for each in adjustments(known, count=count) if count > 0 else ():
        if abs(each.change_frac) >= _LARGE_FRAC:
            size = percent(each.change_frac)
            yield NetworkEvent(
                at=each.at,
                kind=EventKind.ADJUSTMENT,
                title=f"difficulty {size}",
                told=f"difficulty moved {size} at block {number(each.height)}: {adjustment_verdict(each)}",
            )


def _changes(known: KnownBlocks) -> Iterator[NetworkEvent]:
    whole = Window(start_at=from_unix(int(known.running_max_s[0])), end_at=known.as_of)
    for each in changes_found(known, whole):
        if abs(each.size_since_frac) < _SMALL_FRAC:
            continue
        size = percent(each.size_since_frac, digits=0)
        yield NetworkEvent(
            at=each.begun_at,
            kind=EventKind.CHANGE,
            title=f"hashrate {size}",
            told=f"hashrate changed by {size}, noticed on {day(each.raised_at)}",
        )

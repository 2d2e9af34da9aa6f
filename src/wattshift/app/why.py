"""The use-case `why`: what moved the hashrate between two instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from wattshift.app.snapshot import Archive, Snapshot
from wattshift.clock import Window, to_unix
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.statespace import filter_level
from wattshift.measures.pools import PoolLabels
from wattshift.measures.stress.fleet import fleet_at, fleet_means
from wattshift.measures.stress.signals import daily_network
from wattshift.measures.why.causes import read_cause
from wattshift.measures.why.clues import (
    Clues,
    grid_clue,
    margin_clue,
    mix_clue,
    pool_clue,
    storm_prob,
    zone_clue,
)
from wattshift.measures.why.gridstress import DailyWorth, GridHours, daily_worth, grid_hours
from wattshift.measures.why.move import find_move
from wattshift.report.documents.stress import CauseRow, WhyDocument
from wattshift.report.stresswords import why_in_words
from wattshift.units import SECONDS_PER_DAY

__all__ = ["Background", "clues_about", "why"]

_RUN_IN_DAYS = 120
"""The filter starts this long before the window; a calm network forgets its start within weeks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """What every window is judged against, as known at one instant.

    Args:
        blocks: the chain.
        labels: its pools.
        worth: what mining earned day by day.
        grid: the power market hour by hour.
        catalog: table `asic_catalog`.
        periods: table `difficulty_periods`.
    """

    blocks: KnownBlocks
    labels: PoolLabels
    worth: DailyWorth
    grid: GridHours
    catalog: pl.DataFrame
    periods: pl.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> Background:
        """Everything known in a snapshot."""
        archive, blocks = snapshot.archive, snapshot.blocks
        catalog, periods = archive.table("asic_catalog"), archive.table("difficulty_periods")
        means = fleet_means(catalog, periods, snapshot.as_of)
        worth = daily_worth(daily_network(blocks), snapshot.table("btc_usd_daily"), means)
        return cls(
            blocks=blocks,
            labels=PoolLabels.from_table(archive.table("blocks"), blocks),
            worth=worth,
            grid=grid_hours(snapshot.table("power_price"), snapshot.table("ercot_load"), worth),
            catalog=catalog,
            periods=periods,
        )


def why(archive: Archive, window: Window, *, at: datetime | None = None) -> WhyDocument:
    """Attribute the largest move inside a window to causes, with probabilities.

    Args:
        archive: the kept history.
        window: where to look; at least a day, and four weeks after the first known block.
        at: the instant of knowledge, by default the newest; what came after the window up to then is used
            to see whether the move was undone.

    Raises:
        OutOfSpan: if the window, or the four weeks before it, is not known at that instant.
    """
    snapshot = archive.as_of(at)
    clues = clues_about(Background.of(snapshot), window)
    reading = read_cause(clues)
    ranked = sorted(zip(reading.causes, reading.cause_prob, strict=True), key=lambda pair: -pair[1])
    rows = []
    for cause, prob in ranked:
        speaks_for, speaks_against = reading.arguments(cause)
        rows.append(CauseRow(cause=cause, prob=prob, speaks_for=speaks_for, speaks_against=speaks_against))
    return WhyDocument(
        as_of=snapshot.as_of,
        start_at=window.start_at,
        end_at=window.end_at,
        move=clues.move,
        leading=reading.leading,
        leading_prob=reading.prob(reading.leading),
        thin=reading.thin,
        reasons=reading.reasons,
        causes=tuple(rows),
        likelihood_order=reading.causes,
        evidence=reading.evidence,
        in_words=why_in_words(clues.move, tuple(rows), reading.reasons),
        origins=snapshot.origins(
            "blocks", "difficulty_periods", "btc_usd_daily", "power_price", "ercot_load", "asic_catalog"
        ),
    )


def clues_about(known: Background, window: Window) -> Clues:
    """Every clue about a window.

    Raises:
        OutOfSpan: if the window, or the four weeks before it, is not known.
    """
    blocks, labels, grid = known.blocks, known.labels, known.grid
    move = find_move(blocks, window)
    fleet = fleet_at(known.catalog, known.periods, window.start_at, hashrate_ehs=move.before.mean_ehs)
    return Clues(
        move=move,
        storm_prob=_storm_prob(blocks, window),
        grid=grid_clue(grid, window),
        pools=pool_clue(blocks, labels, grid, move),
        zone=zone_clue(grid, move),
        mix=mix_clue(blocks, labels, move),
        margin=margin_clue(fleet, known.worth, move),
    )


def _storm_prob(blocks: KnownBlocks, window: Window) -> float | None:
    """The filter's opinion, run over the months before the window and the window."""
    edges_s = to_unix(window.start_at) - _RUN_IN_DAYS * SECONDS_PER_DAY, to_unix(window.end_at)
    low, high = np.searchsorted(blocks.running_max_s, edges_s).tolist()
    arrivals = arrivals_of(
        blocks.header_time_s[low:high], blocks.work_hashes[low:high], blocks.first_height + low
    )
    return storm_prob(filter_level(arrivals), window)

"""Empty room for the loops to write into."""

from __future__ import annotations

import numpy as np

from wattshift.simulate.kernel.bins import BIN_ROOM, FIGURES, QUANTITIES, RETARGET_BINS, RETARGETS
from wattshift.simulate.kernel.model import Luck, Model, Site, Tally, Trace
from wattshift.simulate.kernel.places import CHAIN_NUMBERS, CLOCK_NUMBERS, ROWS, SUMS, TOTALS, VISITS_DAYS

__all__ = ["empty_luck", "empty_site", "empty_tally", "empty_trace"]

_SHORTEST_PERIOD_DAYS = 9
"""Retargets that keep coming faster are not kept: hashrate would grow by half in each period."""

_WORDS = 4

_BATCH_PATH_DAYS = 1 << 20
"""How much is counted at once: the more, the less often the bins are fetched from memory; 32 MiB."""


def empty_luck(model: Model) -> Luck:
    """Room for what comes from outside on each day of a path."""
    days = model.days
    return Luck(
        words=np.empty((-(-days // _WORDS), _WORDS), np.uint32),
        z=np.empty((2, days), np.float32),
        price_usd_per_btc=np.empty(days, np.float32),
        fees_btc=np.empty(days, np.float32),
        noise_ratio=np.empty(days, np.float32),
        out_frac=np.zeros((len(model.market.outages), days), np.float32),
    )


def empty_site(model: Model) -> Site:
    """Room for the miners of a path."""
    miners = model.miners
    rows = len(miners.row_frac)
    return Site(
        stock_ehs=np.empty_like(miners.stock_ehs),
        hashing_ehs=np.empty_like(miners.hashing_ehs),
        idle_ehs=np.empty(len(miners.efficiency_j_per_th), np.float32),
        visits=np.empty((SUMS, VISITS_DAYS)),
        rows=np.empty((ROWS, rows)),
        orders_ehs=np.empty(miners.lag_weeks),
        promised_mw=np.empty((miners.lead_weeks, rows)),
        building_mw=np.empty(miners.build_weeks),
        totals=np.empty(TOTALS),
    )


def empty_trace(model: Model) -> Trace:
    """Room for what a path leaves behind."""
    days = model.days
    return Trace(
        chain=np.empty(CHAIN_NUMBERS, np.int64),
        clock=np.empty(CLOCK_NUMBERS),
        daily=np.empty((QUANTITIES, days), np.float32),
        retargets=np.empty((RETARGETS, _most_retargets(days))),
        binned=np.empty((QUANTITIES, max(_BATCH_PATH_DAYS // days, 1), days), np.uint16),
    )


def _most_retargets(days: int) -> int:
    return days // _SHORTEST_PERIOD_DAYS + 2


def empty_tally(model: Model, paths: int) -> Tally:
    """Room for the counts and sums of some paths."""
    days, retargets = model.days, _most_retargets(model.days)
    rows, outages = len(model.miners.row_frac), len(model.market.outages)
    return Tally(
        counts=np.zeros((QUANTITIES, days, BIN_ROOM), np.uint32),
        sums=np.zeros((QUANTITIES, days), np.int64),
        least=np.full((QUANTITIES, days), np.inf, np.float32),
        most=np.full((QUANTITIES, days), -np.inf, np.float32),
        retarget_counts=np.zeros((RETARGETS, retargets, RETARGET_BINS), np.uint32),
        retarget_sums=np.zeros((RETARGETS, retargets), np.int64),
        reached=np.zeros(retargets, np.int64),
        departed=np.zeros((2 + outages, rows), np.int64),
        lost=np.zeros(2, np.int64),
        figures=np.empty((paths, FIGURES), np.float32),
    )

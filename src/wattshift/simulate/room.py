"""Empty room for the loops to write into."""

from __future__ import annotations

import numpy as np

from wattshift.simulate.kernel.bins import BINS, FIGURES, QUANTITIES, RETARGET_BINS, RETARGETS
from wattshift.simulate.kernel.model import Luck, Model, Site, Tally
from wattshift.simulate.kernel.places import ROWS, TOTALS

__all__ = ["empty_luck", "empty_site", "empty_tally"]

_SHORTEST_PERIOD_DAYS = 9
"""Retargets that keep coming faster are not kept: hashrate would grow by half in each period."""

_WORDS = 8


def empty_luck(model: Model) -> Luck:
    """Room for what comes from outside on each day of a path."""
    days = model.days
    return Luck(
        words=np.empty((_WORDS, days), np.uint32),
        price_usd_per_btc=np.empty(days),
        fees_btc=np.empty(days),
        noise_ratio=np.empty(days),
        out_frac=np.zeros((len(model.market.outages), days)),
    )


def empty_site(model: Model) -> Site:
    """Room for the miners of a path."""
    miners = model.miners
    _, rows, columns = miners.classes.shape
    return Site(
        classes=np.empty_like(miners.classes),
        idle_ehs=np.empty(columns, np.float32),
        rows=np.empty((ROWS, rows)),
        orders_ehs=np.empty(miners.lag_weeks),
        promised_mw=np.empty((miners.lead_weeks, rows)),
        totals=np.empty(TOTALS),
    )


def empty_tally(model: Model, paths: int) -> Tally:
    """Room for the counts and sums of some paths."""
    days, retargets = model.days, model.days // _SHORTEST_PERIOD_DAYS + 2
    rows, outages = len(model.miners.row_frac), len(model.market.outages)
    return Tally(
        counts=np.zeros((days, QUANTITIES, BINS), np.uint32),
        sums=np.zeros((days, QUANTITIES), np.int64),
        least=np.full((days, QUANTITIES), np.inf, np.float32),
        most=np.full((days, QUANTITIES), -np.inf, np.float32),
        retarget_counts=np.zeros((RETARGETS, retargets, RETARGET_BINS), np.uint32),
        retarget_sums=np.zeros((RETARGETS, retargets), np.int64),
        reached=np.zeros(retargets, np.int64),
        departed=np.zeros((2 + outages, rows), np.int64),
        lost=np.zeros(2, np.int64),
        figures=np.empty((paths, FIGURES), np.float32),
    )

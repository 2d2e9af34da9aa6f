"""Use-cases about stress: pools, popular signals, and the network's cost curve."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from wattshift.app.snapshot import Archive, Snapshot
from wattshift.clock import Window
from wattshift.errors import OutOfSpan
from wattshift.measures.concentration import concentration
from wattshift.measures.hashrate import WEEK_S, hashrate_of_window
from wattshift.measures.pools import (
    PoolLabels,
    PoolMix,
    heterogeneity_prob,
    hidden_bound,
    movements,
    pool_counts,
    pool_mix,
)
from wattshift.measures.stress.costcurve import SURVEY_POWER, network_power, under_water
from wattshift.measures.stress.divergence import Divergence, divergence, weekly_changes
from wattshift.measures.stress.fleet import Fleet, efficiency_quantile_j_per_th, fleet_at
from wattshift.measures.stress.signals import (
    daily_network,
    difficulty_ribbon,
    episodes,
    hash_ribbons,
    issuance_before,
    puell_multiple,
)
from wattshift.measures.stress.signaltest import (
    Claim,
    SignalBacktest,
    backtest,
    difficulty_false_alarms,
    ribbon_false_alarms,
)
from wattshift.measures.why.move import noise_before
from wattshift.report.documents.stress import FleetRow, PoolsDocument, SignalRow, StressDocument
from wattshift.report.stresswords import pools_in_words, signal_in_words, stress_in_words

__all__ = ["pools", "stress"]

_SEED = 20_260_119
_HORIZON_DAYS = 90
_LEVEL_WINDOW_S = 2 * WEEK_S
_PUELL_LOW, _PUELL_HIGH = 0.5, 4.0
_ANCHOR = "Cambridge Digital Mining Industry Report, April 2025: 28.2 J/TH in the middle of 2024"


def pools(
    archive: Archive, at: datetime | None = None, *, window_s: int = 2 * WEEK_S, seed: int = _SEED
) -> PoolsDocument:
    """Who found the blocks of the last `window_s`, how concentrated that is, and who moved.

    Args:
        archive: the kept history.
        at: the instant; by default the newest known.
        window_s: length of the window, which is compared with the one before it [s].
        seed: of the simulation of concentration.

    Raises:
        InputError: if the window holds fewer than two blocks.
        OutOfSpan: if it reaches back before the first known block.
    """
    snapshot = archive.as_of(at)
    labels = PoolLabels.from_table(snapshot.archive.table("blocks"), snapshot.blocks)
    window = Window(start_at=snapshot.as_of - timedelta(seconds=window_s), end_at=snapshot.as_of)
    earlier = Window(start_at=window.start_at - timedelta(seconds=window_s), end_at=window.start_at)
    mix = pool_mix(snapshot.blocks, labels, window)
    before: PoolMix | None = None
    mix_luck: float | None = None
    if earlier.start_at.timestamp() >= snapshot.blocks.running_max_s[0]:
        before = pool_mix(snapshot.blocks, labels, earlier)
        counts = (pool_counts(snapshot.blocks, labels, each) for each in (earlier, window))
        mix_luck = heterogeneity_prob(*counts)
    held = concentration(mix, np.random.default_rng(seed))
    hidden = hidden_bound(mix)
    moved = () if before is None else movements(before, mix)
    return PoolsDocument(
        as_of=snapshot.as_of,
        mix=mix,
        before=before,
        concentration=held,
        hidden=hidden,
        movements=moved,
        mix_luck_prob=mix_luck,
        seed=seed,
        in_words=pools_in_words(held, hidden, moved, mix_luck),
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def stress(archive: Archive, at: datetime | None = None, *, seed: int = _SEED) -> StressDocument:
    """Stress signals with their backtests and false alarms, and who is under water.

    Raises:
        OutOfSpan: if the chain, the price or the fleet is not known at that instant.
    """
    snapshot = archive.as_of(at)
    daily = daily_network(snapshot.blocks)
    closes = snapshot.table("btc_usd_daily")
    level = hashrate_of_window(snapshot.blocks, window_s=_LEVEL_WINDOW_S)
    fleet = fleet_at(
        archive.table("asic_catalog"),
        snapshot.archive.table("difficulty_periods"),
        snapshot.as_of,
        hashrate_ehs=level.mean_ehs,
    )
    water = under_water(fleet, snapshot.hashprice.usd_per_ph_day)
    power = network_power(fleet, low_ehs=level.low_ehs, high_ehs=level.high_ehs)
    growth = noise_before(snapshot.as_of).growth_frac
    signals, tests = _signals(snapshot, daily, closes)
    return StressDocument(
        as_of=snapshot.as_of,
        signals=signals,
        divergence=_divergence(daily, closes),
        backtests=tests,
        false_alarms=tuple(
            simulate(rate, np.random.default_rng(seed))
            for simulate in (ribbon_false_alarms, difficulty_false_alarms)
            for rate in dict.fromkeys((0.0, growth))
        ),
        fleet=_fleet_row(fleet),
        under_water=water,
        power=power,
        power_median_usd_per_mwh=SURVEY_POWER.median_usd_per_mwh,
        hashprice_usd_per_ph_day=snapshot.hashprice.usd_per_ph_day,
        seed=seed,
        in_words=stress_in_words(water, power, signals),
        origins=snapshot.origins(
            "blocks", "difficulty_periods", "block_fees", "btc_usd_daily", "asic_catalog"
        ),
    )


def _fleet_row(fleet: Fleet) -> FleetRow:
    return FleetRow(
        mean_j_per_th=fleet.mean_j_per_th,
        low_j_per_th=fleet.low_j_per_th,
        high_j_per_th=fleet.high_j_per_th,
        tenth_j_per_th=efficiency_quantile_j_per_th(fleet, 0.1),
        ninth_tenth_j_per_th=efficiency_quantile_j_per_th(fleet, 0.9),
        anchor=_ANCHOR,
    )


def _divergence(daily: pl.DataFrame, closes: pl.DataFrame) -> Divergence | None:
    try:
        return divergence(*weekly_changes(daily, closes))
    except OutOfSpan:
        return None


def _signals(
    snapshot: Snapshot, daily: pl.DataFrame, closes: pl.DataFrame
) -> tuple[tuple[SignalRow, ...], tuple[SignalBacktest, ...]]:
    """The signals that have enough history, and what the price did after each of their days of note."""
    ribbons, difficulty = hash_ribbons(daily), difficulty_ribbon(daily)
    earlier = issuance_before(snapshot.archive.table("difficulty_periods"), daily["day"][0])
    issued = pl.concat([earlier, daily.select("day", "issuance_btc")])
    puell = puell_multiple(issued, closes, snapshot.as_of)
    cheap = puell.with_columns((pl.col("puell_ratio") < _PUELL_LOW).alias("on"))
    dear = puell.with_columns((pl.col("puell_ratio") > _PUELL_HIGH).alias("on"))
    listed = (
        ("hash ribbons", ribbons, "{fast_ehs:,.0f} / {slow_ehs:,.0f} EH/s"),
        ("Puell multiple", cheap, "{puell_ratio:.2f}"),
        ("difficulty ribbon", difficulty, "width {width_ratio:.3f}"),
    )
    rows = [_row(name, frame, pattern) for name, frame, pattern in listed if frame.height]
    spanned = closes.filter(pl.col("start").dt.date() >= daily["day"][0])
    told = (
        ("hash ribbons turn off", Claim.RISE, _ends(ribbons), spanned),
        ("difficulty ribbon turns off", Claim.RISE, _ends(difficulty), spanned),
        (f"Puell below {_PUELL_LOW}", Claim.RISE, cheap.filter("on")["day"], closes),
        (f"Puell above {_PUELL_HIGH:.0f}", Claim.FALL, dear.filter("on")["day"], closes),
    )
    tests = (
        backtest(name, claim, days, history, horizon_days=_HORIZON_DAYS)
        for name, claim, days, history in told
    )
    return tuple(rows), tuple(test for test in tests if test is not None)


def _ends(signal: pl.DataFrame) -> pl.Series:
    """The first days after each run: when a signal turned off, known at the end of that day."""
    days = [run.last + timedelta(days=1) for run in episodes(signal) if not run.ongoing]
    return pl.Series(days, dtype=pl.Date)


def _row(name: str, frame: pl.DataFrame, pattern: str) -> SignalRow:
    runs = episodes(frame)
    last = runs[-1] if runs else None
    on = bool(frame["on"][-1])
    return SignalRow(
        name=name,
        day=frame["day"][-1],
        value=pattern.format(**frame.row(-1, named=True)),
        on=on,
        last_episode=last,
        episodes=len(runs),
        in_words=signal_in_words(last, on=on),
    )

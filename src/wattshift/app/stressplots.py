"""The use-case `plot`: what the pictures of pools and of stress signals show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from wattshift.app.plotting import picture_window
from wattshift.app.scoring import SEED
from wattshift.app.snapshot import Archive
from wattshift.clock import Window, format_instant, from_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.concentration import concentration
from wattshift.measures.pools import UNKNOWN, PoolLabels, PoolMix, pool_mix
from wattshift.measures.stress.signals import (
    DIFFICULTY_RIBBON_DAYS,
    daily_network,
    difficulty_ribbon,
    episodes,
    hash_ribbons,
    issuance_before,
    puell_multiple,
    trailing_mean,
)
from wattshift.report.plots.pools import OTHERS, PoolsPicture
from wattshift.report.plots.ribbons import RibbonsPicture

__all__ = ["pools_picture", "ribbons_picture"]

_POOL_WINDOW = timedelta(days=28)
_MOST_POOLS = 8


def ribbons_picture(
    archive: Archive,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> RibbonsPicture:
    """Hash ribbons, difficulty ribbon and Puell multiple over three years, or over another stretch.

    Raises:
        OutOfSpan: if the chain is not known over the whole picture, or not long enough before it.
        InputError: if it spans less than two weeks.
    """
    snapshot = archive.as_of(at)
    window = picture_window(snapshot, start_at, end_at, days=3 * 365)
    daily = daily_network(snapshot.blocks)
    ribbons, inverted = hash_ribbons(daily), difficulty_ribbon(daily)
    longest = max(DIFFICULTY_RIBBON_DAYS)
    values = daily["difficulty"].to_numpy()
    means = {str(days): trailing_mean(values, days)[longest - days :] for days in DIFFICULTY_RIBBON_DAYS}
    earlier = issuance_before(snapshot.archive.table("difficulty_periods"), daily["day"][0])
    issued = pl.concat([earlier, daily.select("day", "issuance_btc")])
    shown = [
        _days_within(frame, window)
        for frame in (
            ribbons.join(daily.select("day", "mean_ehs"), on="day"),
            pl.DataFrame({"day": daily["day"][longest - 1 :], **means}),
            inverted,
            puell_multiple(issued, snapshot.table("btc_usd_daily"), snapshot.as_of),
        )
    ]
    if any(frame.is_empty() for frame in shown):
        raise OutOfSpan(
            "the ribbons need 200 days of blocks before the picture",
            known_from=format_instant(from_unix(int(snapshot.blocks.running_max_s[0]))),
            hint="move --start and --end later",
        )
    return RibbonsPicture(
        as_of=snapshot.as_of,
        hashes=shown[0],
        capitulations=episodes(shown[0]),
        difficulty=shown[1],
        inversions=episodes(shown[2]),
        puell=shown[3],
        origins=snapshot.origins("blocks", "difficulty_periods", "btc_usd_daily"),
    )


def _days_within(frame: pl.DataFrame, window: Window) -> pl.DataFrame:
    return frame.filter(pl.col("day").is_between(window.start_at.date(), window.end_at.date()))


def pools_picture(
    archive: Archive,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    seed: int = SEED,
) -> PoolsPicture:
    """Shares of the pools in windows of four weeks over two years, or over another stretch of time.

    Args:
        archive: the kept history.
        at: the instant of knowledge; later blocks are not used.
        start_at: where the first window starts, at the latest.
        end_at: where the last window ends.
        seed: of the simulation of concentration.

    Raises:
        OutOfSpan: if the chain is not known over the whole picture.
        InputError: if it spans less than two windows.
    """
    snapshot = archive.as_of(at)
    blocks = snapshot.blocks
    window = picture_window(snapshot, start_at, end_at, days=2 * 365)
    count = int(window.length_s // _POOL_WINDOW.total_seconds())
    if count < 2:
        raise InputError("a picture of the pools spans two windows of four weeks", hint="move --start back")
    labels = PoolLabels.from_table(snapshot.archive.table("blocks"), blocks)
    ends = [window.end_at - _POOL_WINDOW * back for back in range(count - 1, -1, -1)]
    mixes = [pool_mix(blocks, labels, Window(start_at=each - _POOL_WINDOW, end_at=each)) for each in ends]
    rng = np.random.default_rng(seed)
    held = [concentration(mix, rng) for mix in mixes]
    return PoolsPicture(
        as_of=snapshot.as_of,
        window_s=_POOL_WINDOW.total_seconds(),
        shares=_shares(ends, mixes),
        concentration=pl.DataFrame(
            {
                "at": ends,
                "hhi_ratio": [each.hhi_ratio for each in held],
                "low_ratio": [each.low_ratio for each in held],
                "high_ratio": [each.high_ratio for each in held],
            }
        ),
        mix=mixes[-1],
        names=dict(archive.table("pools").select("slug", "name").iter_rows()),
        held=held[-1],
        seed=seed,
        origins=(
            *snapshot.origins("blocks"),
            archive.store.files["pools"].origin(as_of=snapshot.as_of, newest_at=None),
        ),
    )


def _shares(ends: Sequence[datetime], mixes: Sequence[PoolMix]) -> pl.DataFrame:
    """The shares of the largest pools of the whole picture, and of all the others together."""
    found = [{share.name: share.share_frac for share in mix.pools} for mix in mixes]
    totals: Counter[str] = Counter()
    for shares in found:
        totals.update({name: share for name, share in shares.items() if name != UNKNOWN})
    largest = [name for name, _ in totals.most_common(_MOST_POOLS)]
    rows = []
    for end_at, shares in zip(ends, found, strict=True):
        row = {name: shares.get(name, 0.0) for name in largest}
        hidden = shares.get(UNKNOWN, 0.0)
        rows.append({"at": end_at, **row, OTHERS: max(0.0, 1 - sum(row.values()) - hidden), UNKNOWN: hidden})
    return pl.DataFrame(rows)

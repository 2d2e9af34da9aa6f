"""The use-case `changes`: when the hashrate truly changed, by a test with a stated false-alarm rate."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattshift.app.snapshot import Archive
from wattshift.clock import Window, from_unix
from wattshift.errors import InputError
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.detection import BLOCKS_PER_YEAR, Alarm, delay_bound_blocks, scan
from wattshift.report.documents.changes import ChangeFound, ChangesDocument, DelayBound
from wattshift.units import BLOCK_SPACING_S, SECONDS_PER_DAY

__all__ = ["changes", "changes_found"]

_YEAR = timedelta(days=365)
_SIZES_FRAC = (-0.05, -0.1, -0.2, -0.3)


def changes(
    archive: Archive,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    false_alarms_per_year_count: float = 1.0,
) -> ChangesDocument:
    """Every change of the hashrate that began in a window, and how soon one could be found at best.

    Args:
        archive: the kept history.
        at: the instant of knowledge.
        start_at: start of the window; by default a year before its end.
        end_at: its end; by default `at`.
        false_alarms_per_year_count: false alarms a year that are accepted at constant hashrate.

    Raises:
        InputError: if the window is empty or the rate not positive.
        OutOfSpan: if the chain is not known at `at`.
    """
    if not 0 < false_alarms_per_year_count <= 100:
        raise InputError(
            "a false-alarm rate lies above 0 and up to 100 a year",
            false_alarms=false_alarms_per_year_count,
            hint="write 1 for one a year",
        )
    snapshot = archive.as_of(at)
    end_at = end_at or snapshot.as_of
    window = Window(start_at=start_at or end_at - _YEAR, end_at=end_at)
    blocks_between = round(BLOCKS_PER_YEAR / false_alarms_per_year_count)
    found = changes_found(snapshot.blocks, window, blocks_between=blocks_between)
    return ChangesDocument(
        as_of=snapshot.as_of,
        start_at=window.start_at,
        end_at=window.end_at,
        false_alarms_per_year_count=false_alarms_per_year_count,
        changes=found,
        bounds=tuple(_bound(size, blocks_between) for size in _SIZES_FRAC),
        in_words=_in_words(found, window, false_alarms_per_year_count),
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def changes_found(
    blocks: KnownBlocks, window: Window, *, blocks_between: int = BLOCKS_PER_YEAR
) -> tuple[ChangeFound, ...]:
    """The changes that the detector raised over all blocks known and that began inside a window."""
    times_s = blocks.running_max_s
    waits = np.diff(times_s) / blocks.work_hashes[1:]
    alarms = scan(waits, blocks_between=blocks_between)
    baselines = [0, *(alarm.index + 1 for alarm in alarms)]
    ends = [*(alarm.change_index for alarm in alarms[1:]), len(waits)]
    rows = (
        _change(alarm, blocks, _growth(waits, baseline, alarm.change_index, end))
        for alarm, baseline, end in zip(alarms, baselines, ends, strict=False)
    )
    return tuple(row for row in rows if window.start_at <= row.begun_at <= window.end_at)


def _growth(waits: NDArray[np.float64], first: int, change: int, end: int) -> float:
    """Hashrate from a change to `end` / hashrate from `first` to the change - 1."""
    before, after = (waits[a : max(b, a + 1)].mean() for a, b in ((first, change), (change, end)))
    return float(before / after) - 1


def _change(alarm: Alarm, blocks: KnownBlocks, size_since_frac: float) -> ChangeFound:
    times_s = blocks.running_max_s
    return ChangeFound(
        begun_at=from_unix(int(times_s[alarm.change_index])),
        raised_at=from_unix(int(times_s[alarm.index + 1])),
        delay_blocks=alarm.index + 1 - alarm.change_index,
        size_frac=alarm.size_frac,
        size_since_frac=size_since_frac,
    )


def _bound(size_frac: float, blocks_between: int) -> DelayBound:
    bound = delay_bound_blocks(size_frac, blocks_between=blocks_between)
    # The blocks to be waited for come slower by the drop itself.
    days = bound * BLOCK_SPACING_S / (1 + size_frac) / SECONDS_PER_DAY
    return DelayBound(size_frac=size_frac, bound_blocks=bound, bound_days=days)


def _in_words(found: tuple[ChangeFound, ...], window: Window, false_alarms: float) -> str:
    years = window.length_s / SECONDS_PER_DAY / 365
    drops = sum(change.size_frac < 0 for change in found)
    expected = false_alarms * years
    return (
        f"{len(found)} changes in {years * 365:.0f} days, {drops} of them drops; at constant hashrate"
        f" {expected:.1f} would be false alarms. Growth raises alarms too: it is a change"
    )

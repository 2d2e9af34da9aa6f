"""Whether numbers can be what they are said to be, before they are stored as true.

Whoever brings numbers in calls one of three, after `tables.check` and before the store:

* `check_table(frame, name, source=..., known=...)`: a frame of the dictionary, where `known` is what has been
  kept already (the last 30 days or more). Parsers of power and compute sources and the importer call it.
* `check_plausible(quantity, values, source=..., reference=...)`: one column, or a number alone.
* `findings(...)`: the same, for whoever wants to report and not to refuse.

What is looked at, in this order: each value against the dated band of its quantity; the level of a batch
against what is usual; the level of each batch against the 30 batches before it. The last one finds a slip
that is within the band, such as cents per kWh for USD per MWh, and needs the history. No band can tell
euros from dollars: the currency is fixed where a source is asked, and BTC/USD is compared with other venues
(`wattshift.measures.quotes`). A feed that says the same again and again is the matter of
`wattshift.tables.stuck`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wattshift.errors import InputError, Malformed
from wattshift.tables.quantities import COLUMNS, QUANTITIES, SERIES
from wattshift.tables.quantity import Band, Quantity, Slip

__all__ = ["Finding", "check_plausible", "check_table", "findings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that cannot be.

    Args:
        quantity: which quantity.
        unit: the unit that it should be in.
        row: position of the value, or of the first one of the batch.
        value: the value, or the median of the absolute values of the batch.
        message: what is wrong.
        slip: the slip that explains it best; None where none does.
    """

    quantity: str
    unit: str
    row: int
    value: float
    message: str
    slip: Slip | None

    @property
    def hint(self) -> str:
        """What to do."""
        if self.slip is None:
            return "check the numbers at their source; leave out what is wrong"
        return f"they look like {self.slip.unit}: {self.slip.cure}"


_LONG = 30
"""How many batches a reference holds."""
_SHORT = 10
"""How few are enough."""
_BLOCK = 2_000_000
"""Most numbers that are compared at a time: bounds the memory."""
_EMPTY = pl.Series(dtype=pl.Float64)
_TIMES = ("start", "known_at", "date")


def check_table(
    frame: pl.DataFrame, name: str, *, source: str, known: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the frame if all its numbers are plausible.

    Args:
        frame: rows of a table of the dictionary, in order of time.
        name: which table.
        source: what to name in an error.
        known: rows of the same table that were kept before, for the level; without them, a slip within
            the band passes in the first rows.

    Raises:
        Malformed: if a value or a level cannot be; names the column, the row, the likely slip and its cure.
    """
    time = next((column for column in _TIMES if column in frame.columns), None)
    for rows, before in _each_series(frame, name, known):
        days = None if time is None else rows[time].cast(pl.Date)
        for column, quantity in COLUMNS.get(name, {}).items():
            reference = None if before is None else before[column]
            found = findings(quantity, rows[column], days=days, reference=reference)
            if found:
                raise _malformed(found[0], source=source, table=name, column=column)
    return frame


def check_plausible(
    quantity: str,
    values: pl.Series,
    *,
    source: str,
    days: pl.Series | None = None,
    reference: pl.Series | None = None,
) -> None:
    """Refuse numbers that cannot be what they are said to be.

    Args:
        quantity: a name of `QUANTITIES`.
        values: the numbers, in order of time; nulls are passed over.
        source: what to name in an error.
        days: the UTC day of each; None judges by the widest bands of all times.
        reference: numbers of the same series that were accepted before; the last 30 batches count.

    Raises:
        Malformed: names the first thing that cannot be, the likely slip and its cure.
        InputError: if there is no such quantity.
    """
    for finding in findings(quantity, values, days=days, reference=reference):
        raise _malformed(finding, source=source)


def findings(
    quantity: str,
    values: pl.Series,
    *,
    days: pl.Series | None = None,
    reference: pl.Series | None = None,
) -> list[Finding]:
    """All that cannot be: at most one finding of each kind.

    Args:
        quantity: as in `check_plausible`, like the next three.
        values: the numbers.
        days: their days.
        reference: numbers before them.

    Raises:
        InputError: if there is no such quantity.
    """
    if quantity not in QUANTITIES:
        raise InputError(f"there is no quantity {quantity!r}", hint="one of " + ", ".join(sorted(QUANTITIES)))
    entry = QUANTITIES[quantity]
    value = values.cast(pl.Float64).to_numpy()
    present = ~values.is_null().to_numpy()
    odd = np.flatnonzero(present & ~np.isfinite(value))
    if odd.size:
        return [_finding(quantity, int(odd[0]), value[odd], "a value is not a finite number", None)]
    before = (_EMPTY if reference is None else reference).drop_nulls().tail(_LONG * entry.n_batch)
    known = before.cast(pl.Float64).abs().to_numpy()
    expected = float(np.median(known)) if entry.in_time and known.size else entry.typical
    found = []
    for band, mask in _bands(entry, days, present):
        found += _beyond(quantity, band, value, mask, expected or entry.typical)
    if entry.in_time:
        found += _shifted(quantity, value, present, known)
    return found


def _each_series(
    frame: pl.DataFrame, name: str, known: pl.DataFrame | None
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame | None]]:
    """The rows of each series, with those that were known of it before."""
    keys = SERIES.get(name, ())
    if not keys:
        yield frame, known
        return
    before = {} if known is None else known.partition_by(keys, as_dict=True)
    for key, rows in frame.partition_by(keys, as_dict=True).items():
        yield rows, before.get(key)


def _bands(
    entry: Quantity, days: pl.Series | None, present: NDArray[np.bool_]
) -> Iterator[tuple[Band, NDArray[np.bool_]]]:
    """Each band with the values that it judges; without days, one band as wide as all together."""
    if days is None:
        yield _widest(entry), present
        return
    since = np.array([band.since for band in entry.bands[1:]], "datetime64[D]")
    which = np.searchsorted(since, days.to_numpy().astype("datetime64[D]"), side="right")
    for number, band in enumerate(entry.bands):
        yield band, present & (which == number)


def _widest(entry: Quantity) -> Band:
    return Band(
        unit=entry.unit,
        since=entry.bands[0].since,
        low=min(band.low for band in entry.bands),
        high=max(band.high for band in entry.bands),
        usual_low=min(band.usual_low for band in entry.bands),
        usual_high=max(band.usual_high for band in entry.bands),
        reason=entry.bands[-1].reason,
    )


def _beyond(
    quantity: str, band: Band, value: NDArray[np.float64], mask: NDArray[np.bool_], expected: float
) -> list[Finding]:
    """Values outside their band, or a whole batch at a level that is not usual."""
    outside = np.flatnonzero(mask & ((value < band.low) | (value > band.high)))
    if outside.size:
        row = int(outside[0])
        message = (
            f"{value[row]:g} {band.unit} lies outside {band.low:g} to {band.high:g}, which holds since"
            f" {date.isoformat(band.since)} ({band.reason})"
        )
        return [_finding(quantity, row, value[outside], message, expected)]
    size = np.abs(value[mask])
    if size.size < QUANTITIES[quantity].n_batch:
        return []
    low, high = np.quantile(size, [0.1, 0.9])
    if high >= band.usual_low and low <= band.usual_high:
        return []
    message = (
        f"a level of {np.median(size):g} {band.unit} is not usual: one value in ten reaches"
        f" {band.usual_low:g}, one in ten stays below {band.usual_high:g}"
    )
    return [_finding(quantity, int(np.argmax(mask)), value[mask], message, expected)]


def _shifted(
    quantity: str, value: NDArray[np.float64], present: NDArray[np.bool_], known: NDArray[np.float64]
) -> list[Finding]:
    """The first batch at another level than the 30 batches before it."""
    entry = QUANTITIES[quantity]
    n_batch, n_long = entry.n_batch, _LONG * entry.n_batch
    joined = np.concatenate([known, np.abs(value[present])])
    # A few new values are judged together with those before them, and a level once nine tenths are there.
    last = joined.size - n_batch
    starts = np.unique(np.append(np.arange(known.size, last + 1, n_batch), last))
    starts = starts[(starts > known.size - n_batch) & (starts >= _SHORT * n_batch)]
    for begin, length in _windows(starts, n_long):
        before = sliding_window_view(joined, length)[begin - length]
        batch = sliding_window_view(joined, n_batch)[begin]
        top, middle = np.quantile(before, 0.99, axis=1), np.median(before, axis=1)
        risen = (np.quantile(batch, 0.1, axis=1) > entry.rise * top) & (top > 0)
        fallen = np.quantile(batch, 0.9, axis=1) < entry.fall * middle
        moved = np.flatnonzero(risen | fallen)
        if moved.size:
            at = int(moved[0])
            message = (
                f"the level jumps from {middle[at]:g} to {np.median(batch[at]):g} {entry.unit}"
                f" within a batch of {n_batch}"
            )
            row = int(np.flatnonzero(present)[max(0, begin[at] - known.size)])
            return [_finding(quantity, row, batch[at], message, float(middle[at]))]
    return []


def _windows(starts: NDArray[np.int64], n_long: int) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Starts of batches with the length of what lies before them, in order and in blocks of bounded size."""
    early = starts[starts < n_long]
    for start in early:
        yield np.array([start]), int(start)
    late = starts[early.size :]
    step = max(1, _BLOCK // n_long)
    for first in range(0, late.size, step):
        yield late[first : first + step], n_long


def _finding(
    quantity: str, row: int, wrong: NDArray[np.float64], message: str, expected: float | None
) -> Finding:
    entry = QUANTITIES[quantity]
    size = float(np.median(np.abs(wrong)))
    slip = None if expected is None or not size else _likeliest(entry, size, expected)
    return Finding(quantity=quantity, unit=entry.unit, row=row, value=size, message=message, slip=slip)


def _likeliest(entry: Quantity, size: float, expected: float) -> Slip | None:
    """The slip that explains a level best; None if no slip brings it nearer than a factor of ten."""
    distance, slip = min(
        ((abs(math.log(each.undo(size) / expected)), each) for each in entry.slips),
        key=lambda pair: pair[0],
        default=(math.inf, None),
    )
    return slip if distance < math.log(10) else None


def _malformed(finding: Finding, *, source: str, **where: object) -> Malformed:
    return Malformed(
        finding.message,
        source=source,
        **where,
        quantity=finding.quantity,
        row=finding.row,
        hint=finding.hint,
    )

"""Small frames of the data dictionary for the tests of the series store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from wattshift.tables import TABLES

__all__ = ["hourly", "hours"]

_START = datetime(2025, 11, 30, tzinfo=UTC)


def hours(closes: dict[int, float]) -> pl.DataFrame:
    """Rows of `btc_usd_hourly`: the hour's number since 2025-11-30 and its close [USD/BTC]."""
    return pl.DataFrame(
        {
            "start": [_START + timedelta(hours=hour) for hour in closes],
            "hours": [1.0] * len(closes),
            "close_usd_per_btc": list(closes.values()),
        },
        schema=TABLES["btc_usd_hourly"].schema,
    )


def hourly(number: int) -> pl.DataFrame:
    """The nth batch of a standard ingest: two days that overlap the last batch and correct one hour of it."""
    first = 24 * number
    return hours({hour: float(hour + (number if hour == first else 0)) for hour in range(first, first + 48)})

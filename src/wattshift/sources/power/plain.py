"""Power prices in a plain CSV or Parquet file of one's own, as rows of `grid_prices`."""

from __future__ import annotations

import numpy as np
import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.pricefile import read_series
from wattshift.sources.files.priceseries import checked_frame
from wattshift.tables import TABLES, check
from wattshift.tables.plausible import check_table

__all__ = ["parse_grid_prices"]

_LABELS = ("market", "location")


def parse_grid_prices(
    data: bytes,
    *,
    name: str,
    source: str,
    market: str | None = None,
    location: str | None = None,
    time_zone: str | None = None,
) -> pl.DataFrame:
    """Read prices of one or several settlement points.

    Args:
        data: the bytes of a CSV or Parquet file with the columns `start` (or `time`), `price_usd_per_mwh`
            [USD/MWh], and `market` and `location` unless they are given here.
        name: the file's name, for the errors.
        source: who published it, for the table.
        market: the market, for a file without that column.
        location: the settlement point, for a file without that column.
        time_zone: the IANA zone of times written without an offset; None means UTC.

    Returns:
        Table `grid_prices`. Missing intervals stay missing: `wattshift.sources.power.gaps` names them.

    Raises:
        Malformed: if a row cannot be read; a time is repeated, out of order, skipped or repeated by a clock
            change; intervals of a settlement point differ in length or exceed an hour; prices are in another
            unit; or market and location are neither in the file nor given, or both.
        InputError: if there is no such time zone.
    """
    series, labels = read_series(data, name=name, time_zone=time_zone, labels=_LABELS)
    for label, given in zip(_LABELS, (market, location), strict=True):
        if given is not None and label not in labels:
            labels[label] = [given] * series.price.size
        elif given is not None or label not in labels:
            are = "both in the file and given" if given is not None else "neither in the file nor given"
            raise Malformed(f"the {label} is {are}", file=name, hint=f"add a column {label}, or name it once")
    places = pl.DataFrame(labels).with_row_index("row").group_by(*_LABELS, maintain_order=True)
    frames = [
        checked_frame(series.only(rows["row"].to_numpy().astype(np.intp)), may_lack=True).with_columns(
            market=pl.lit(key[0]), location=pl.lit(key[1]), source=pl.lit(source)
        )
        for key, rows in places
    ]
    if not frames:
        raise Malformed("the file holds no price", file=name, hint="give at least two intervals")
    table = pl.concat(frames).select(list(TABLES["grid_prices"].schema))
    return check_table(check(table, "grid_prices", source=name), "grid_prices", source=name)

"""Documents as the grid operators write them, made from instants and prices."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

__all__ = [
    "CHICAGO",
    "DAM_HEADER",
    "LMP_HEADER",
    "MARKETS",
    "NO_DATA",
    "NO_NUMBERS",
    "RTM_HEADER",
    "changes",
    "dam_csv",
    "houston",
    "lmp_csv",
    "oasis_error",
    "quarters",
    "rtm_csv",
    "zipped",
]

Rows = Iterable[tuple[datetime, float]]

CHICAGO = ZoneInfo("America/Chicago")
RTM_HEADER = (
    "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,"
    "SettlementPointPrice,DSTFlag"
)
DAM_HEADER = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"
LMP_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,"
    "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"
)
MARKETS = {
    "ERCOT": "America/Chicago",
    "CAISO": "America/Los_Angeles",
    "NYISO and PJM": "America/New_York",
    "MISO": "Etc/GMT+5",
    "SPP": "US/Central",
    "IESO": "EST",
}
"""Six markets and the clocks that they live by."""

_HOUSTON = "ercot_rtm_hb_houston_15min.parquet"


def houston() -> pl.DataFrame:
    """The bundled real-time prices: `start` and `price`, with the cents as they were published."""
    path = Path(__file__).parents[2] / "src" / "wattshift" / "data" / _HOUSTON
    return pl.read_parquet(path).select(
        start=pl.col("time"), price=pl.col("price_usd_mwh").cast(pl.Float64).round(4)
    )


def changes(zone: ZoneInfo) -> list[date]:
    """The days of 2000 to 2035 that have no 24 hours, found without the code under test."""
    found = []
    day = datetime(2000, 1, 1, tzinfo=zone)
    while day.year < 2036:
        following = (day + timedelta(days=1)).replace(fold=0)
        if following.utcoffset() != day.utcoffset():
            found.append(day.date())
        day = following
    return found


def quarters(start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """Rows of 15 minutes with prices of their own."""
    count = (end - start) // timedelta(minutes=15)
    return [(start + number * timedelta(minutes=15), 20.0 + number / 4) for number in range(count)]


def rtm_csv(rows: Rows, *, point: str = "HB_HOUSTON", kind: str = "HU") -> bytes:
    """ERCOT's NP6-905-CD of these quarters."""
    lines = [RTM_HEADER]
    for start, price in rows:
        local = start.astimezone(CHICAGO)
        flag = "Y" if local.fold else "N"
        lines.append(
            f"{local:%m/%d/%Y},{local.hour + 1},{local.minute // 15 + 1},{point},{kind},{price!r},{flag}"
        )
    return "\n".join(lines).encode()


def dam_csv(rows: Rows, *, point: str = "HB_HUBAVG") -> bytes:
    """ERCOT's NP4-190-CD of these hours."""
    lines = [DAM_HEADER]
    for start, price in rows:
        local = start.astimezone(CHICAGO)
        flag = "Y" if local.fold else "N"
        lines.append(f"{local:%m/%d/%Y},{local.hour + 1:02}:00,{point}, {price!r},{flag}")
    return "\n".join(lines).encode()


def lmp_csv(rows: Rows, *, node: str = "TH_NP15_GEN-APND", run: str = "DAM", minutes: int = 60) -> bytes:
    """OASIS' answer of these intervals, with the parts of each price beside it."""
    lines = [LMP_HEADER]
    for start, price in rows:
        begin, end = start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=minutes)
        head = f"{begin:%Y-%m-%dT%H:%M:%S}-00:00,{end:%Y-%m-%dT%H:%M:%S}-00:00,{begin:%Y-%m-%d},1,0"
        for kind, item, part in (
            ("LMP", "LMP_PRC", price),
            ("MCE", "LMP_ENE_PRC", price - 1),
            ("MCC", "LMP_CONG_PRC", 1.0),
            ("MCL", "LMP_LOSS_PRC", 0.0),
            ("MGHG", "LMP_GHG_PRC", 0.0),
        ):
            lines.append(f"{head},{node},{node},{node},{run},{kind},{item},{node},ALL_APNODES,1,{part!r},1")
    return "\n".join(lines).encode()


def oasis_error(code: int, words: str) -> bytes:
    """What OASIS puts into its zip where it has no CSV."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd"><m:MessagePayload><m:RTO>'
        f"<m:name>CAISO</m:name><m:ERROR><m:ERR_CODE>{code}</m:ERR_CODE><m:ERR_DESC>{words}</m:ERR_DESC>"
        "</m:ERROR></m:RTO></m:MessagePayload></m:OASISReport>"
    ).encode()


NO_NUMBERS = (
    *("", "nan", "NaN", "inf", "-Infinity", "null", "None", "true", "64,500.00", "1.234,5", "1_000", "0x1F"),
    *("1e999", "--1", "1 2", "$5", "5 USD", "5%", "١٢", "1.", ".", "+"),
)
"""Texts that are no plain number, as they turn up in feeds."""

NO_DATA = oasis_error(1000, "No data returned for the specified selection")


def zipped(**files: bytes) -> bytes:
    """A zip of files; `a_csv` becomes a.csv."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()

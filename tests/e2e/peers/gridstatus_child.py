"""Runs in the peers' environment, where gridstatus is; prints what it, and what we by it, make of documents.

`caiso URL DAY NODE`: our `GridstatusSource` over the real package, whose requests for OASIS go to URL.
`ercot FILE`: the instants and prices that the package's own parser reads from a document of ERCOT.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

OASIS = "https://oasis.caiso.com"


def caiso(url: str, day: str, node: str) -> list[tuple[str, float]]:
    import requests  # type: ignore[import-untyped,import-not-found,unused-ignore]  # only there

    from wattshift.clock import Window
    from wattshift.sources.power.live import GridstatusSource

    get = requests.get
    requests.get = lambda asked, **given: get(asked.replace(OASIS, url), **given)
    time.sleep = lambda _: None  # its pause of five seconds after each request
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/Los_Angeles"))
    window = Window(start_at=start, end_at=start + timedelta(days=1))
    found = GridstatusSource(iso="caiso", market="day_ahead_hourly", location=node).rows(window)
    return [(at.isoformat(), price) for at, price in found.select("start", "price_usd_per_mwh").iter_rows()]


def ercot(path: str) -> list[tuple[str, float]]:
    import gridstatus  # type: ignore[import-untyped,import-not-found,unused-ignore]  # only there
    import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]  # only there

    frame: Any = gridstatus.Ercot().parse_doc(pd.read_csv(path))
    starts = frame["Interval Start"].dt.tz_convert("UTC")
    return sorted(
        (at.isoformat(), price) for at, price in zip(starts, frame["SettlementPointPrice"], strict=True)
    )


if __name__ == "__main__":
    from wattshift.errors import WattshiftError

    try:
        answer: object = caiso(*sys.argv[2:]) if sys.argv[1] == "caiso" else ercot(*sys.argv[2:])
    except WattshiftError as error:
        answer = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(answer))

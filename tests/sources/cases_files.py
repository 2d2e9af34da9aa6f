"""Sources whose answers are files (power and GPU prices), for the conformance suite."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.conformance import NOW, Asked, Case
from support.power import lmp_csv, rtm_csv, zipped
from support.servers import Reply, Request
from wattshift.clock import Clock, Window
from wattshift.sources.compute.gpulist import GpuListSource
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.power.ercotdocs import ErcotSource
from wattshift.sources.power.oasis import OasisSource

START = datetime(2026, 1, 19, 8, tzinfo=UTC)
WINDOW = Window(start_at=START, end_at=START + timedelta(hours=4))
NODE = "TH_NP15_GEN-APND"
GPUS = (
    b"known_at,provider,gpu,kind,n_gpus,usd_per_gpu_hour\n2026-01-19T11:00:00Z,someone,h100-sxm,spot,8,2.5\n"
)
LISTING = {
    "ListDocsByRptTypeRes": {
        "DocumentList": [
            {
                "Document": {
                    "DocID": "900000001",
                    "FriendlyName": "SPPHLZNP6905_20260119_0215_csv",
                    "PublishDate": "2026-01-19T02:17:03-06:00",
                }
            }
        ]
    }
}


def prices(table: Any) -> list[float]:
    found: list[float] = table["price_usd_per_mwh"].to_list()
    return found


def oasis(url: str, limits: HttpLimits, clock: Clock) -> Asked:
    source = OasisSource("caiso_dam", [NODE], base_url=url, limits=limits, clock=clock)
    return source, source.rows


def serve_oasis(_: Request) -> Reply:
    return Reply(body=zipped(a_csv=lmp_csv([(START, 20.5)])))


def ercot_list(url: str, limits: HttpLimits, clock: Clock) -> Asked:
    source = ErcotSource("ercot_rtm", ["HB_HOUSTON"], base_url=url, limits=limits, clock=clock)
    return source, source.documents


def ercot_rows(url: str, limits: HttpLimits, clock: Clock) -> Asked:
    source = ErcotSource("ercot_rtm", ["HB_HOUSTON"], base_url=url, limits=limits, clock=clock)
    return source, source.rows


def serve_ercot(request: Request) -> Reply:
    if "IceDocListJsonWS" in request.target:
        return Reply(body=json.dumps(LISTING).encode())
    return Reply(body=zipped(a_csv=rtm_csv([(START, 20.5)])))


def gpu_list(url: str, limits: HttpLimits, clock: Clock) -> Asked:
    source = GpuListSource(f"{url}/prices.csv", name="gpus", upstream="someone", limits=limits, clock=clock)
    return source, source.rows


CASES = [
    Case(
        name="caiso rows",
        make=oasis,
        question=WINDOW,
        serve=serve_oasis,
        read=prices,
        expected=[20.5],
        is_json=False,
    ),
    Case(
        name="ercot documents",
        make=ercot_list,
        question=WINDOW,
        serve=serve_ercot,
        read=lambda documents: [document.doc_id for document in documents],
        expected=["900000001"],
        plausible=frozenset({"shorter lists"}),  # ERCOT may list nothing
    ),
    Case(
        name="ercot rows",
        make=ercot_rows,
        question=WINDOW,
        serve=serve_ercot,
        read=prices,
        expected=[20.5],
        requests=2,
        is_json=False,
    ),
    Case(
        name="gpu list",
        make=gpu_list,
        question=Window(start_at=NOW - timedelta(days=1), end_at=NOW),
        serve=lambda _: Reply(body=GPUS),
        read=lambda table: table["price_usd_per_gpu_h"].to_list(),
        expected=[2.5],
        is_json=False,
    ),
]

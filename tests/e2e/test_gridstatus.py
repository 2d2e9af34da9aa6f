"""The real package gridstatus: what it reads, and what we read through it, beside our own parsers."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from support.power import CHICAGO, NO_DATA, dam_csv, lmp_csv, quarters, rtm_csv, zipped
from support.servers import LoopbackServer, Reply, http
from wattshift.sources.power.caiso import parse_caiso
from wattshift.sources.power.ercot import parse_ercot

TESTS = Path(__file__).parents[1]
CHILD = TESTS / "e2e" / "peers" / "gridstatus_child.py"
NODE = "TH_NP15_GEN-APND"
PACIFIC = ZoneInfo("America/Los_Angeles")
Ask = Callable[..., object]
Rows = list[tuple[str, float]]


@pytest.fixture
def ask(electrumx_program: Path, tmp_path: Path) -> Ask:
    """Asks the child, which has gridstatus from the peers' lock, and ours behind it."""
    paths = [TESTS.parent / "src", Path(sysconfig.get_path("purelib"))]

    def asked(*words: str) -> object:
        starter = f"import sys, runpy; sys.path.extend({[str(path) for path in paths]!r}); "
        starter += f"sys.argv[0] = {str(CHILD)!r}; runpy.run_path({str(CHILD)!r}, run_name='__main__')"
        done = subprocess.run(
            [electrumx_program / "bin" / "python", "-c", starter, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return asked


def local_hours(day: date, zone: ZoneInfo) -> list[tuple[datetime, float]]:
    begin = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    return [(begin + timedelta(hours=n), 20.0 + n) for n in range((end - begin) // timedelta(hours=1))]


def written(rows: list[tuple[datetime, float]]) -> list[list[object]]:
    return [[at.isoformat(), price] for at, price in rows]


@pytest.mark.parametrize(("day", "hours"), [("2026-01-19", 24), ("2026-03-08", 23), ("2026-11-01", 25)])
def test_caiso_through_gridstatus_is_what_we_read_ourselves(ask: Ask, day: str, hours: int) -> None:
    rows = local_hours(date.fromisoformat(day), PACIFIC)
    assert len(rows) == hours
    other = lmp_csv(rows, node="OTHER").split(b"\n", 1)[1]
    body = zipped(a_csv=lmp_csv(rows) + b"\n" + other)
    reply = Reply(body=body, headers={"Content-Disposition": "inline; filename=a_PRC_LMP_DAM_v12_csv.zip;"})
    with LoopbackServer(http(lambda _: reply)) as server:
        assert ask("caiso", server.url, day, NODE) == written(rows)
    ours = parse_caiso(body, name="a.zip", locations=[NODE])
    assert ours.select("start", "price_usd_per_mwh").rows() == rows


def test_an_answer_without_data_is_no_data(ask: Ask) -> None:
    headers = {"Content-Disposition": "inline; filename=INVALID_REQUEST.xml.zip;"}
    reply = Reply(body=zipped(INVALID_xml=NO_DATA), headers=headers)
    with LoopbackServer(http(lambda _: reply)) as server:
        assert str(ask("caiso", server.url, "2026-01-19", NODE)).startswith("NoData:")


@pytest.mark.parametrize("day", ["2026-01-19", "2026-03-08", "2026-11-01"])
@pytest.mark.parametrize("kind", ["rtm", "dam"])
def test_ercots_documents_are_read_alike(ask: Ask, tmp_path: Path, day: str, kind: str) -> None:
    hours = local_hours(date.fromisoformat(day), CHICAGO)
    rows = quarters(hours[0][0], hours[-1][0] + timedelta(hours=1)) if kind == "rtm" else hours
    document = rtm_csv(rows) if kind == "rtm" else dam_csv(rows)
    path = tmp_path / "document.csv"
    path.write_bytes(document)
    assert ask("ercot", str(path)) == written(rows)
    ours = parse_ercot(document, name=path.name)
    assert ours.select("start", "price_usd_per_mwh").rows() == rows

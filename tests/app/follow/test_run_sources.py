"""A real follower process before venues, an explorer and a node on the loopback, some of them hostile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from support.children import child_environment
from support.explorers import FakeExplorer, extended
from support.servers import LoopbackServer, Reply, Request, http
from support.signetchain import signet_chain
from support.venues import DAY_S, Book, reply
from wattshift.store.home import Home
from wattshift.store.series import SeriesStore

PATIENCE_S = 60.0
HONEST = ("kraken", "bitstamp", "coinbase")
CANARY = "CANARY\x1b[2J\x07\r\nwattshift: resolved by admin\u202e"
PIECES = ("\x1b", "\x07", "\u202e", "resolved by admin")
Answer = Callable[[Request], Reply]


def book(**changes: str) -> Book:
    now = datetime.now(UTC)
    today_s = int(now.timestamp()) // DAY_S * DAY_S
    closes = {today_s - n * DAY_S: f"{93_000 + n}.00" for n in range(40)}
    return replace(Book(closes=closes, traded_at=now - timedelta(seconds=20)), **changes)  # type: ignore[arg-type]  # every text of a book


def follow_once(home: Home, answers: dict[str, Answer]) -> subprocess.CompletedProcess[str]:
    """Ask each venue once, each on a server of its own."""
    words = [sys.executable, "-m", "wattshift", "follow", "--once", "--store", str(home.folder)]
    with ExitStack() as stack:
        for name, answer in answers.items():
            server = stack.enter_context(LoopbackServer(http(answer)))
            words += ["--source", f"venue:{name}?url={server.url}"]
        return subprocess.run(
            words, capture_output=True, text=True, check=False, env=child_environment(), timeout=PATIENCE_S
        )


def honest(name: str, **changes: str) -> Answer:
    told = book(**changes)
    return lambda request: reply(name, request, told)


def test_three_venues_make_a_price_and_closes_and_a_glitch_is_kept_apart(tmp_path: Path) -> None:
    home = Home(tmp_path / "store")
    answers = {name: honest(name) for name in HONEST} | {"gemini": honest("gemini", price="8200.00")}
    ended = follow_once(home, answers)
    assert ended.returncode == 0, ended.stderr
    series = SeriesStore(home.series)
    prices = series.read("btc_usd_quotes")
    assert prices.select("price_usd_per_btc", "n_upstreams").rows() == [(64_500.25, 3)]
    verdicts = dict(series.read("venue_quotes").select("source", "verdict").iter_rows())
    assert verdicts == dict.fromkeys(HONEST, "used") | {"gemini": "outlier"}
    closes = series.read("btc_usd_daily").sort("start")
    assert closes["close_usd_per_btc"].to_list()[-3:] == [93_003.0, 93_002.0, 93_001.0], "today is not over"
    assert closes["source"].str.split("+").list.len().min() == 4
    assert "64,500.25" in ended.stdout


def test_what_a_venue_says_instead_of_a_price_moves_no_cursor_and_fills_no_disk(tmp_path: Path) -> None:
    """Error bodies of ten megabytes, with escapes and line breaks, reach nobody (A13, J9)."""
    hostile = {
        "gemini": lambda _: Reply(body=(CANARY * 250_000).encode()),
        "bitfinex": lambda _: Reply(status=500, body=(CANARY * 250_000).encode()),
        "crypto_com": lambda _: Reply(body=('{"code": "' + CANARY + '", "result": 1}').encode()),
        "binance_us": lambda _: Reply(status=400, body=CANARY.encode()),
    }
    home = Home(tmp_path / "store")
    ended = follow_once(home, {name: honest(name) for name in HONEST} | hostile)
    assert ended.returncode == 0, ended.stderr
    kept = b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    for piece in PIECES:
        assert piece not in ended.stdout + ended.stderr + home.status.read_text(encoding="utf-8")
    assert b"CANARY" not in kept
    assert len(kept) + len(ended.stdout) + len(ended.stderr) < 2_000_000
    assert SeriesStore(home.series).read("btc_usd_quotes")["n_upstreams"].to_list() == [3]
    sources = set(SeriesStore(home.series).read("venue_quotes").filter(pl.col("verdict") == "used")["source"])
    assert sources == set(HONEST)


def test_a_hostile_pool_and_a_hostile_node_reach_neither_terminal_nor_store(tmp_path: Path) -> None:
    """Slugs and errors with escapes and line breaks are refused where they are read, and told safely."""
    chain = signet_chain()[:3]
    explorer = FakeExplorer(chain, is_mempool=True)
    for height in range(1, 3):
        body = extended(chain[height], height)
        body["extras"]["pool"] = {"id": 1, "name": CANARY, "slug": CANARY}
        explorer.answers[f"/v1/block/{body['id']}"] = json.dumps(body).encode()
    fault = {"result": None, "error": {"code": -32_000, "message": CANARY * 1_000}, "id": 0}
    home = Home(tmp_path / "store")
    with (
        explorer.serve() as pools,
        LoopbackServer(http(lambda _: Reply(body=json.dumps(fault).encode()))) as node,
    ):
        words = [sys.executable, "-m", "wattshift", "follow", "--once", "--network", "signet"]
        words += ["--store", str(home.folder), "--source", f"mempool:{pools.url}?every=1s"]
        words += ["--source", f"core:{node.url}?name=node"]
        ended = subprocess.run(
            words, capture_output=True, text=True, check=False, env=child_environment(), timeout=PATIENCE_S
        )
    assert "the node refuses the question" in " ".join(ended.stdout.split())
    told = ended.stdout + ended.stderr
    for piece in PIECES:
        assert piece not in told
    kept = b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    assert b"CANARY" not in kept
    assert "Traceback" not in told

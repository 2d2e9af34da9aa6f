"""The follower and its readers with the ledger in a real PostgreSQL database, before a real node."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from e2e.peers.child import Child
from e2e.peers.node import Node
from e2e.peers.postgres import PASSWORD, Postgres
from support.children import child_environment
from wattshift.store.home import LEDGER_VARIABLE, Home
from wattshift.store.opening import open_ledger
from wattshift.store.port import BEST

WATTSHIFT = (sys.executable, "-m", "wattshift")
VERBS = ("data", "hashrate", "brief", "sources")
Spawn = Callable[..., Child]
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def home(tmp_path: Path, url: str) -> Home:
    return Home(tmp_path / "store", url)


def environment(home: Home) -> dict[str, str]:
    assert home.ledger_url is not None
    return {**child_environment(), LEDGER_VARIABLE: home.ledger_url}


@pytest.fixture
def spawn(home: Home, node: Node, tmp_path: Path) -> Iterator[Spawn]:
    """Starts a follower of the node; everything that any of them says goes into one log."""
    children: list[Child] = []

    def start(store: Path = home.folder, *, network: str = "regtest", source: str = "") -> Child:
        source = source or f"core:{node.url}?cookie={node.cookie_file}&zmq={node.zmq_url}&name=node&every=1s"
        words = [*WATTSHIFT, "follow", "--network", network, "--store", str(store)]
        log = tmp_path / f"follow{len(children)}.log"
        children.append(Child([*words, "--source", source], log=log, env=environment(home)))
        return children[-1]

    yield start
    for child in children:
        child.kill()
    written = [path for path in tmp_path.rglob("*") if path.is_file() and "node" not in path.parts]
    assert len(written) > 2
    for path in written:
        assert PASSWORD.encode() not in path.read_bytes(), path


def wattshift(home: Home, *words: str) -> Ended:
    """One verb, run to its end."""
    ended = subprocess.run(
        [*WATTSHIFT, *words], capture_output=True, text=True, check=False, env=environment(home)
    )
    assert PASSWORD not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def best(home: Home) -> bytes:
    """The headers of the best chain in the database, end to end."""
    with open_ledger(home.ledger_place, write=False) as ledger:
        rows = [row for row in ledger.headers(1, 1 << 32) if row.branch == BEST]
        assert [row.height for row in rows] == list(range(1, len(rows) + 1))
        return b"".join(row.header for row in rows)


def follows(child: Child, home: Home, node: Node) -> None:
    """Wait until all of the node's chain is kept."""
    whole = node.headers()
    child.until(lambda: home.status.exists() and best(home) == whole, "whole chain in the database")


def test_others_read_while_it_follows_and_a_second_is_refused_by_name(
    node: Node, spawn: Spawn, home: Home, tmp_path: Path
) -> None:
    node.mine(120)
    follower = spawn()
    follows(follower, home, node)
    assert not home.ledger.exists()
    second = spawn(tmp_path / "elsewhere")  # another folder, the same database
    begun_s = time.monotonic()
    assert second.ended() == 3
    assert time.monotonic() - begun_s < 10
    assert f"pid={follower.pid}" in second.told()
    assert "host=" in second.told()
    store = ("--store", str(home.folder), "--json")
    node.mine(5)
    checks = json.loads(wattshift(home, "doctor", *store).stdout)["checks"]
    verdicts = {row["name"]: row["verdict"] for row in checks}
    assert (verdicts["ledger"], verdicts["follower"]) == ("ok", "ok")
    other = wattshift(home, *store[:2], "data")
    assert (other.returncode, "regtest, not mainnet" in other.stderr) == (3, True)
    follows(follower, home, node)


def test_every_verb_reads_the_history_of_a_follower_that_writes(
    spawn: Spawn, home: Home, tmp_path: Path
) -> None:
    """On mainnet, whose node is away: the verbs tell of that network only."""
    follower = spawn(network="mainnet", source="core:http://127.0.0.1:9?every=1s")
    follower.until(home.status.exists, "sign of life")
    prices = tmp_path / "prices.csv"
    days = [date.today() - timedelta(days=n) for n in (3, 2)]  # noqa: DTZ011  # any day after the bundled ones
    prices.write_text("date,close\n" + "".join(f"{day},93000.5\n" for day in days), encoding="utf-8")
    store = ("--store", str(home.folder))
    assert wattshift(home, "import", str(prices), "--kind", "btc-usd", *store).returncode == 0
    with ThreadPoolExecutor() as pool:
        readers = dict(
            zip(VERBS, pool.map(lambda verb: wattshift(home, *store, verb, "--json"), VERBS), strict=True)
        )
    for reader in readers.values():
        assert reader.returncode == 0, reader.stderr
    kept = {row["table"]: row for row in json.loads(readers["data"].stdout)["files"]}
    assert "2 rows were followed by this store" in kept["btc_usd_daily"]["note"]
    assert follower.status is None


def test_a_killed_follower_takes_up_where_it_stood(node: Node, spawn: Spawn, home: Home) -> None:
    node.mine(200)
    for _ in range(3):
        follower = spawn()
        follows(follower, home, node)
        node.mine(3)
        follower.kill()
        assert node.headers().startswith(best(home))
    follower = spawn()
    follows(follower, home, node)
    follower.stop()
    assert follower.status == 0
    with open_ledger(home.ledger_place, write=False) as ledger:
        assert ledger.verify() > 200


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    node: Node, spawn: Spawn, home: Home, database: Postgres
) -> None:
    node.mine(20)
    follower = spawn()
    follows(follower, home, node)
    database.kill()
    node.mine(3)
    follower.until(lambda: '"blocked"' in home.status.read_text(encoding="utf-8"), "state blocked")
    database.start()
    follows(follower, home, node)


def test_prices_are_imported_beside_a_follower_and_headers_are_not(
    node: Node, spawn: Spawn, home: Home, tmp_path: Path
) -> None:
    node.mine(20)
    follower = spawn()
    follows(follower, home, node)
    prices = tmp_path / "prices.csv"
    prices.write_text("date,close\n2026-01-17,93000.5\n2026-01-18,93100.5\n", encoding="utf-8")
    store = ("--store", str(home.folder))
    ended = wattshift(home, "import", str(prices), "--kind", "btc-usd", *store, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["files"][0]["tables"][0]["new"] == 2
    headers = tmp_path / "headers.bin"
    headers.write_bytes(node.headers())
    refused = wattshift(home, "import", str(headers), *store)
    assert refused.returncode == 3
    assert f"pid={follower.pid}" in refused.stderr
    assert wattshift(home, "import", str(headers), *store, "--dry-run").returncode == 0
    node.mine(2)
    follows(follower, home, node)
    follower.stop()
    again = wattshift(home, "import", str(headers), *store, "--json")
    assert again.returncode == 0, again.stderr
    with open_ledger(home.ledger_place, write=False) as ledger:
        assert len(ledger.records("import")) == 2
        ledger.verify()

"""`wattshift serve` with the ledger in a real PostgreSQL database, which goes away for a while."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from e2e.peers.child import Child, free_port
from e2e.peers.postgres import PASSWORD, Postgres
from support.children import child_environment
from support.headers import Branch
from wattshift.chain.params import REGTEST
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import LEDGER_VARIABLE, Home
from wattshift.store.opening import open_ledger
from wattshift.store.start import Start

ON_REGTEST = (sys.executable, str(Path(__file__).with_name("regtest_serve.py")))
FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Mined:
    """A chain that is mined into the database, as a follower elsewhere would."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.branch = Branch(REGTEST)
        self.branch.add(int(FIRST_AT.timestamp()))

    def mine(self, count: int) -> int:
        """Mine blocks; the height then."""
        self.branch.grow(count)
        with open_ledger(self._url, write=True) as ledger:
            store = ChainStore.open(ledger, REGTEST, start=Start.genesis(REGTEST), now=NOW)
            store.take(self.branch.raw(), now=NOW, origin=None)
        return self.branch.height


class Served:
    """The service, which reads that database."""

    def __init__(self, home: Home, log: Path) -> None:
        assert home.ledger_url is not None
        self.port = free_port()
        words = (*ON_REGTEST, "serve", "--store", str(home.folder), "--port", str(self.port))
        self.child = Child(words, log=log, env={**child_environment(), LEDGER_VARIABLE: home.ledger_url})

    def get(self, path: str) -> Any:
        """The JSON at a path, whatever its status; None where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def until_tip(self, height: int) -> None:
        """Wait until a block is on the wall."""

        def is_so() -> bool:
            now = self.get("/v1/now")
            return now is not None and now.get("tip_height") == height

        self.child.until(is_so, f"block {height} on the wall")


@pytest.fixture
def served(url: str, tmp_path: Path) -> Iterator[tuple[Mined, Served]]:
    home = Home(tmp_path / "store", url)
    home.make_folder()
    mined = Mined(url)
    height = mined.mine(2_100)
    log = tmp_path / "serve.log"
    found = Served(home, log)
    found.until_tip(height)
    yield mined, found
    found.child.kill()
    for path in (log, *(each for each in home.folder.rglob("*") if each.is_file())):
        assert PASSWORD.encode() not in path.read_bytes(), path


def test_it_shows_old_figures_as_such_while_the_database_is_away_and_goes_on_by_itself(
    served: tuple[Mined, Served], database: Postgres
) -> None:
    mined, service = served
    service.until_tip(mined.mine(1))
    (store,) = (each for each in service.get("/health/ready")["checks"] if each["name"] == "store")
    assert store["is_well"]
    assert [row["tip_height"] for row in service.get("/v1/editions")["editions"]] == [2_102, 2_101]
    database.kill()
    service.child.until(
        lambda: "no newer figures" in service.get("/v1/pulse")["in_words"], "word of the loss"
    )
    assert service.get("/v1/now")["tip_height"] == 2_102
    assert not service.get("/health/ready")["is_well"]
    database.start()
    service.until_tip(mined.mine(1))
    service.child.until(lambda: service.get("/health/ready")["is_well"], "readiness again")
    service.child.stop()
    assert service.child.status == 0
    assert "Traceback" not in service.child.told()

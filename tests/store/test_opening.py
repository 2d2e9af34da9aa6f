"""Opening a ledger by path or URL, as far as that goes without a server; the rest is in tests/e2e."""

from __future__ import annotations

import sys
from pathlib import Path
from sqlite3 import connect

import pytest

from support.children import FIRST_AT, fake_rows
from wattshift.errors import ConfigError, InputError, Locked, Missing, Unwritable
from wattshift.store.ledger import SqliteLedger
from wattshift.store.opening import check_url, join_ledger, open_ledger
from wattshift.store.postgresdatabase import address_of

SECRET = "only-for-the-server"  # noqa: S105  # what no message may repeat


def test_a_path_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for place in (path, str(path)):
        with pytest.raises(Missing):
            open_ledger(place, write=False)
    with open_ledger(str(path), write=True) as ledger:
        assert isinstance(ledger, SqliteLedger)
        ledger.append_headers(fake_rows(0, 3), known_at=FIRST_AT)
    with open_ledger(path, write=False) as ledger:
        assert ledger.verify() == 3


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_url_needs_the_driver(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match="psycopg") as caught:
        open_ledger(f"{scheme}://host/ledger", write=False)
    assert "pip install" in str(caught.value.hint)


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    url = f"postgresql://me:{SECRET}@127.0.0.1:1/ledger"
    for write in (False, True):
        with pytest.raises(Unwritable, match="does not answer") as caught:
            open_ledger(url, write=write)
        assert caught.value.context["file"] == "postgresql://127.0.0.1:1/ledger"
        assert SECRET not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"postgresql://me:{SECRET}@db.site:5433/ledger", "postgresql://db.site:5433/ledger"),
        (f"postgres://me@db.site/ledger?password={SECRET}&sslmode=require", "postgresql://db.site/ledger"),
        ("postgresql:///ledger", "postgresql:///ledger"),
        (f"postgresql://me:{SECRET}%40home@[::1]:5432/l", "postgresql://::1:5432/l"),
    ],
)
def test_what_a_message_shows_of_a_url(url: str, address: str) -> None:
    assert address_of(url) == address


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{SECRET}@home@db.site/ledger",
        f"postgresql://me:%{SECRET}@db.site/ledger",
        f"postgresql://me:{SECRET}@db.site/ledger?nonsense=1",
        f"postgresql:me:{SECRET}@db.site/ledger",
    ],
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError, match="not the URL") as caught:
        open_ledger(url, write=True)
    assert SECRET not in f"{caught.value} {vars(caught.value)} {caught.value.__cause__}"


def test_a_file_is_joined_by_leading_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with join_ledger(path) as ledger:
        ledger.record("journal", known_at=FIRST_AT, body=b"one")
        with pytest.raises(Locked):
            join_ledger(path)


def test_a_file_that_is_being_made_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    with pytest.raises(Missing, match="no ledger in the file yet"):
        open_ledger(path, write=False)
    connect(path).execute("PRAGMA journal_mode = WAL").connection.close()
    assert path.stat().st_size > 0
    with pytest.raises(Missing):
        open_ledger(path, write=False)


@pytest.mark.parametrize("url", ["postgresql://me@db.site/ledger", "postgres:///ledger?sslmode=require"])
def test_a_url_without_a_password_may_be_seen(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://me:{SECRET}@db.site/ledger", "pgpass"),
        (f"postgres://me@db.site/ledger?password={SECRET}", "pgpass"),
        (f"postgresql://me:{SECRET}@[::1/ledger", "postgresql://user@host"),
        (f"mysql://me:{SECRET}@db.site/ledger", "postgresql://user@host"),
        (f"/var/{SECRET}.sqlite", "store's folder"),
    ],
)
def test_a_password_where_others_read_is_refused_and_not_repeated(url: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_url(url)
    assert words in str(caught.value.hint)
    assert SECRET not in f"{caught.value} {vars(caught.value)}"

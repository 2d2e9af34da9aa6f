"""The verbs follow, sources and doctor on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.commandline import Run
from support.documents import HOSTILE
from support.electrumserver import FakeElectrum
from support.servers import LoopbackServer, http
from support.signetchain import signet_chain
from support.venues import DAY_S, Book, reply
from wattshift.config.follow import EXAMPLE_SETTINGS


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, ...]:
    return ("--store", str(tmp_path / "store"), "--network", "signet")


@pytest.fixture
def electrum() -> Iterator[str]:
    with FakeElectrum(headers=signet_chain()).serve() as server:
        yield f"electrum:tcp://{server.address}?name=server"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a node, a store or settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("APPDATA", "WATTSHIFT_LEDGER", "WATTSHIFT_SETTINGS", "WATTSHIFT_STORE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_once_catches_up_and_tells(run: Run, store: tuple[str, ...], electrum: str) -> None:
    ended = run("follow", *store, "--source", electrum, "--once")
    assert ended.status == 0
    assert "tip 4,060" in ended.out
    assert "fresh" in ended.out
    again = run("sources", *store, "--json").json()
    assert again["state"] == "stopped"
    assert again["told"][0].startswith("no follower is running: last heartbeat")
    assert [(row["name"], row["tip_height"]) for row in again["sources"]] == [("server", 4_060)]


def test_nothing_to_follow_shows_three_examples(run: Run, store: tuple[str, ...]) -> None:
    ended = run("follow", *store)
    assert ended.status == 2
    assert ended.err.count("--source '") == 3
    assert "Traceback" not in ended.err


def test_sources_that_cannot_be_reached_are_told_by_the_status(run: Run, store: tuple[str, ...]) -> None:
    ended = run("follow", *store, "--source", "core:http://127.0.0.1:9?name=down", "--once")
    assert ended.status == 3
    assert "unreachable" in ended.out


def test_a_price_is_no_substitute_for_a_chain(run: Run, store: tuple[str, ...]) -> None:
    now = datetime.now(UTC)
    today_s = int(now.timestamp()) // DAY_S * DAY_S
    venue = Book(traded_at=now, closes={today_s - n * DAY_S: "93000.00" for n in range(40)})
    with LoopbackServer(http(lambda request: reply("kraken", request, venue))) as server:
        price = ("--source", f"venue:kraken?url={server.url}")
        assert run("follow", *store, *price, "--once").status == 0
        ended = run("follow", *store, *price, "--source", "core:http://127.0.0.1:9?name=down", "--once")
    assert ended.status == 3
    assert "fresh" in ended.out


def test_the_example_settings_are_settings(run: Run) -> None:
    ended = run("follow", "--example")
    assert ended.out == EXAMPLE_SETTINGS.read_text(encoding="utf-8")


def test_settings_from_a_file(
    run: Run, tmp_path: Path, electrum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "follow.toml"
    path.write_text(
        f'network = "signet"\nstore = "{tmp_path / "kept"}"\nsources = ["{electrum}"]\n', encoding="utf-8"
    )
    assert run("follow", "--settings", str(path), "--once").status == 0
    assert (tmp_path / "kept" / "ledger.sqlite").exists()
    monkeypatch.setenv("WATTSHIFT_SETTINGS", str(path))
    assert run("sources", "--json").json()["network"] == "signet"


def test_a_store_of_another_network_is_refused(run: Run, store: tuple[str, ...], electrum: str) -> None:
    assert run("follow", *store, "--source", electrum, "--once").status == 0
    ended = run("follow", *store[:2], "--network", "regtest", "--source", electrum, "--once")
    assert ended.status == 3
    assert "signet" in ended.err


def test_probe_asks_now_and_keeps_nothing(
    run: Run, store: tuple[str, ...], electrum: str, tmp_path: Path
) -> None:
    body = run(
        "sources", *store, "--probe", "--source", electrum, "--source", "core:http://127.0.0.1:9", "--json"
    ).json()
    first, second = body["sources"]
    assert (first["state"], first["why"]) == ("fresh", "claims the tip 4,060")
    assert second["state"] == "unreachable"
    assert not (tmp_path / "store").exists()


def test_the_doctor_says_what_to_do(run: Run, store: tuple[str, ...], electrum: str) -> None:
    before = run("doctor", *store)
    assert before.status == 1
    assert "what to do: start `wattshift follow`" in " ".join(before.out.split())
    assert run("follow", *store, "--source", electrum, "--once").status == 0
    body = run("doctor", *store, "--source", electrum, "--json").json()
    verdicts = {row["name"]: row["verdict"] for row in body["checks"]}
    assert verdicts["ledger"] == verdicts["series"] == verdicts["source server"] == "ok"
    down = run("doctor", *store, "--source", "core:http://127.0.0.1:9")
    assert down.status == 3


def test_repair_of_nothing_is_an_error(run: Run, store: tuple[str, ...]) -> None:
    ended = run("doctor", *store, "--repair")
    assert ended.status == 3
    assert "no ledger to repair" in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--network", "moonnet"), "choose one of"),
        (("--metrics", "0.0.0.0:9108", "--source", "venue:kraken"), "every network"),
        (("--source", "venue:mtgox"), "no such venue"),
        (("--settings", "none.toml"), "none.toml"),
        (("--source", "core:http://u:hunter2@127.0.0.1:8332"), "password_file"),
        (("--ledger", "postgresql://me:hunter2@127.0.0.1:1/l", "--source", "venue:kraken"), "pgpass"),
        (("--ledger", "kept.sqlite", "--source", "venue:kraken"), "postgresql://user@host"),
    ],
)
def test_bad_arguments_teach(run: Run, store: tuple[str, ...], words: tuple[str, ...], told: str) -> None:
    ended = run("follow", *store[:2], *words, "--once")
    assert ended.status == 2
    assert told in ended.err
    assert "what to do:" in ended.err
    assert "Traceback" not in ended.err
    assert "hunter2" not in ended.err


def test_names_from_outside_cannot_move_the_cursor(run: Run, store: tuple[str, ...]) -> None:
    from urllib.parse import quote

    name = quote(HOSTILE[2])
    ended = run("follow", *store, "--source", f"core:http://127.0.0.1:9?name={name}", "--once")
    assert ended.status == 3
    assert "\x1b" not in ended.out + ended.err
    assert "\x07" not in ended.out + ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("data",),
        ("hashrate",),
        ("follow", "--source", "venue:kraken"),
        ("doctor",),
        ("import", "blocks.csv", "--kind", "btc-usd"),
    ],
)
def test_every_verb_reaches_for_the_database_of_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("WATTSHIFT_LEDGER", "postgresql://me:hunter2@127.0.0.1:1/ledger")
    monkeypatch.chdir(tmp_path)
    Path("blocks.csv").write_text("date,close\n2026-01-18,93000.5\n", encoding="utf-8")
    ended = run(*words)
    assert ended.status == 3
    assert "does not answer or lets nobody in" in " ".join((ended.err + ended.out).split())
    assert "hunter2" not in ended.err + ended.out
    assert "Traceback" not in ended.err


def test_a_ledger_in_a_database_is_not_repaired_in_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTSHIFT_LEDGER", "postgresql://me@127.0.0.1:1/ledger")
    ended = run("doctor", "--repair")
    assert ended.status == 2
    assert "from its backup" in ended.err

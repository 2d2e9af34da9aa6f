"""`wattshift import` as a command: where it writes, what it says, how it ends."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.chain.params import MAINNET, REGTEST, SIGNET
from wattshift.store.home import STORE_VARIABLE
from wattshift.store.ledger import SqliteLedger

HEADERS = Path(__file__).parents[1] / "fixtures" / "signet_headers.bin"


@pytest.fixture(autouse=True)
def _no_store_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_headers_go_into_the_named_store_once(run: Run, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    ended = run("import", str(HEADERS), "--store", store, "--network", "signet")
    assert (ended.status, ended.err) == (0, "")
    assert "4,060 new; the tip went from 0 to 4,060" in ended.out
    again = run("import", str(HEADERS), "--store", store, "--json").json()
    assert again["network"] == "signet"
    assert again["in_words"] == "nothing new; the tip stays at 4,060"
    assert again["files"][0]["tables"][0]["same"] == 4060


@pytest.mark.parametrize("way", ["behind", "before", "environment", "default"])
def test_the_store_is_named_in_four_ways(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    folder = tmp_path / ("data/wattshift" if way == "default" else "named")
    words = ["import", str(HEADERS), "--network", "signet"]
    match way:
        case "behind":
            words += ["--store", str(folder)]
        case "before":
            words = ["--store", str(folder), *words]
        case "environment":
            monkeypatch.setenv(STORE_VARIABLE, str(folder))
        case _:
            pass
    assert run(*words).status == 0
    assert (folder / "ledger.sqlite").is_file()


def test_a_dry_run_makes_nothing(run: Run, tmp_path: Path) -> None:
    words = ("import", str(HEADERS), "--network", "signet", "--store", str(tmp_path / "store"), "--dry-run")
    ended = run(*words)
    assert "nothing was written; 4,060 new" in ended.out
    assert "dry run" in ended.out
    assert not (tmp_path / "store").exists()


def test_faults_are_shown_with_their_place(run: Run, tmp_path: Path) -> None:
    path, content = tmp_path / "some.bin", bytearray(HEADERS.read_bytes()[:8000])
    content[50 * 80 + 70] ^= 1  # the 51st header's time
    path.write_bytes(content)
    ended = run("import", str(path), "--network", "signet", "--store", str(tmp_path / "store"))
    assert ended.status == 0
    assert "Refused in some.bin" in ended.out
    assert "header 50" in ended.out
    assert "high-hash" in ended.out
    assert "49 headers behind a refused one were not looked at" in ended.out
    strict = run("import", str(path), "--network", "signet", "--store", str(tmp_path / "new"), "--strict")
    assert strict.status == 3
    assert "nothing was imported" in strict.err
    assert not (tmp_path / "new").exists()


def told_off(run: Run, words: list[str], status: int, *told: str) -> None:
    ended = run("import", *words)
    assert ended.status == status
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "what to do:" in ended.err
    for word in told:
        assert word in ended.err


def test_what_cannot_be_imported_is_told_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    named = ["--store", str(store), "--network", "signet"]
    for name, content in (
        ("empty", b""),
        ("cut", HEADERS.read_bytes()[:1000]),
        ("letter", b"Dear reader"),
        ("mainnet", MAINNET.genesis_header),
    ):
        (tmp_path / name).write_bytes(content)
    told_off(run, [str(tmp_path / "none"), *named], 2, "cannot be read: No such file")
    told_off(run, [str(tmp_path), *named], 2, "is a folder")
    told_off(run, [str(tmp_path / "empty"), *named], 2, "is empty")
    told_off(run, [str(tmp_path / "letter"), *named], 2, "no kind of file", "--kind", "blockchain_headers")
    told_off(run, [str(tmp_path / "cut"), *named], 3, "12 headers of 80 bytes and 40 bytes more", "960 bytes")
    told_off(run, [str(tmp_path / "mainnet"), *named], 3, "the file is of mainnet", "--network mainnet")
    told_off(run, [str(HEADERS), *named, "--kind", "letters"], 2, "no kind of file", "header-table")
    told_off(run, [str(HEADERS), "--store", str(store), "--network", "dogecoin"], 2, "not a Bitcoin network")
    assert not store.exists()


def test_whoever_writes_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with SqliteLedger.lead(tmp_path / "store" / "ledger.sqlite"):
        words = [str(HEADERS), "--store", str(tmp_path / "store"), "--network", "signet"]
        told_off(run, words, 3, "another process is writing", f"pid={os.getpid()}")


def test_a_store_of_another_network_is_told(run: Run, tmp_path: Path) -> None:
    genesis = tmp_path / "genesis"
    genesis.write_bytes(REGTEST.genesis_header)
    store = ["--store", str(tmp_path / "store")]
    assert run("import", str(genesis), *store, "--network", "regtest").status == 0
    genesis.write_bytes(SIGNET.genesis_header)
    told_off(run, [str(genesis), *store, "--network", "signet"], 3, "the store follows regtest, not signet")
    told_off(run, [str(genesis), *store], 3, "the file is of signet, the store of regtest")


@pytest.mark.parametrize("name", ["[red]bold[/red]", "a\x1b[31mb", "two\nlines"])
def test_the_name_of_a_file_is_only_a_name(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "folder" / name.replace("/", ":")
    path.parent.mkdir()
    path.write_bytes(HEADERS.read_bytes()[:800])
    words = ("import", str(path), "--network", "signet", "--store", str(tmp_path / "store"))
    ended = run(*words)
    assert ended.status == 0
    assert "\x1b" not in ended.out
    assert "10 new" in ended.out


def test_progress_is_drawn_on_a_terminal_and_only_there(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "wattshift",
        "import",
        str(HEADERS),
        "--network",
        "signet",
        "--json",
        "--store",
    ]
    ours, theirs = pty.openpty()
    seen = subprocess.run([*words, str(tmp_path / "a")], stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    drawn = os.read(ours, 65_536)
    os.close(ours)
    assert b"signet_headers.bin" in drawn
    assert seen.stdout.startswith(b"{")
    piped = subprocess.run([*words, str(tmp_path / "b")], capture_output=True, check=True)
    assert piped.stderr == b""

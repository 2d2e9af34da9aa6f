"""`wattshift serve`: what it is told, and what it refuses before it begins. Serving itself: tests/e2e."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.cli import serving
from wattshift.cli.options import read_from
from wattshift.clock import parse_instant
from wattshift.config.serve import ServeSettings, load_serve
from wattshift.errors import ConfigError

SOURCE = "core:http://127.0.0.1:9?name=node"


@pytest.fixture(autouse=True)
def no_store_named_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for variable in ("WATTSHIFT_STORE", "WATTSHIFT_LEDGER", "WATTSHIFT_SERVE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    read_from(None, None)
    yield
    read_from(None, None)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServeSettings]:
    """What would have been served."""
    told: list[ServeSettings] = []

    def remember(settings: ServeSettings, *, shows: bool) -> None:
        assert not shows
        told.append(settings)

    monkeypatch.setattr(serving, "_serve", remember)
    return told


def test_the_example_is_printed(run: Run, tmp_path: Path) -> None:
    ended = run("serve", "--example")
    assert ended.status == 0
    path = tmp_path / "serve.toml"
    path.write_text(ended.out, encoding="utf-8")
    assert load_serve(path) == ServeSettings()


def test_without_a_word_history_runs_again(run: Run, served: list[ServeSettings]) -> None:
    assert run("serve").status == 0
    plan = serving._plan(served[0])
    assert plan.replay is not None
    assert (plan.replay.start_at, plan.replay.speed_ratio) == (parse_instant("2026-01-20"), 600.0)
    assert not plan.replay.is_looped
    assert plan.follow is None
    assert plan.place.home is None


def test_the_command_line_goes_before_the_settings(
    run: Run, served: list[ServeSettings], tmp_path: Path
) -> None:
    path = tmp_path / "serve.toml"
    path.write_text(
        'site = "a.toml"\nalerts = "b.toml"\n[web]\nport = 9000\nnames = ["x.site"]\n'
        "[replay]\nat = 2026-01-10T00:00:00Z\nspeed_ratio = 60.0\n",
        encoding="utf-8",
    )
    assert run("serve", "--settings", str(path), "--port", "0", "--speed", "30", "--loop-replay").status == 0
    (told,) = served
    assert (told.site, told.alerts, told.web.port, told.web.names) == ("a.toml", "b.toml", 0, ("x.site",))
    plan = serving._plan(told)
    assert plan.replay is not None
    assert plan.replay.start_at == parse_instant("2026-01-10")
    assert (plan.replay.speed_ratio, plan.replay.is_looped) == (30.0, True)
    assert plan.alerts == Path("b.toml")


def test_a_source_is_followed_into_the_usual_store(
    run: Run, served: list[ServeSettings], tmp_path: Path
) -> None:
    assert run("serve", "--source", SOURCE).status == 0
    plan = serving._plan(served[0])
    assert plan.replay is None
    assert plan.follow is not None
    assert plan.follow.sources == (SOURCE,)
    assert plan.place.folder == tmp_path / "wattshift"


@pytest.mark.parametrize("is_before", [False, True])
def test_a_store_alone_is_read_while_another_process_follows(
    run: Run, served: list[ServeSettings], tmp_path: Path, is_before: bool
) -> None:
    named = ("--store", str(tmp_path))
    assert run(*named, "serve").status == 0 if is_before else run("serve", *named).status == 0
    plan = serving._plan(served[0])
    assert (plan.replay, plan.follow) == (None, None)
    assert plan.place.folder == tmp_path


def test_a_store_is_replayed_if_that_is_wanted(run: Run, served: list[ServeSettings], tmp_path: Path) -> None:
    assert run("serve", "--store", str(tmp_path), "--replay", "2026-01-10").status == 0
    plan = serving._plan(served[0])
    assert plan.replay is not None
    assert plan.place.folder == tmp_path


def test_history_and_sources_at_once_are_refused(run: Run) -> None:
    ended = run("serve", "--source", SOURCE, "--replay", "2026-01-10")
    assert ended.status == 2
    assert "not both" in ended.err


def test_a_port_that_is_taken_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(_: object) -> None:
        raise AssertionError("nothing is opened that takes seconds")

    monkeypatch.setattr("wattshift.app.service.opening.open_service", opened)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port))
    assert ended.status == 2
    assert f"port={port}" in ended.err
    assert "--port" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--replay", "2050-01-01"), "after the history's end"),
        (("--replay", "2001-01-01"), "before the history"),
        (("--speed", "0"), "speed_ratio"),
        (("--host", "192.0.2.1"), "TLS"),
        (("--host", "example.org"), "not on a name"),
        (("--alerts", "gone.toml"), "cannot be read"),
        (("--site", "gone.toml"), "cannot be read"),
        (("--settings", "gone.toml"), "cannot be read"),
        (("--store", "gone"), "no store"),
        (("--source", "carrier-pigeon:here"), "no kind of source"),
        (("--replay", "yesterday"), "instant"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_cure(run: Run, words: tuple[str, ...], told: str) -> None:
    ended = run("serve", "--port", "0", *words)
    assert ended.status in {2, 3}
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_packages_that_are_missing_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "uvicorn" else object())
    ended = run("serve")
    assert ended.status == 2
    assert "uvicorn" in ended.err
    assert "pip install 'wattshift[serve]'" in ended.err


def test_settings_are_refused_before_anything_begins() -> None:
    with pytest.raises(ConfigError):
        load_serve(Path("/gone.toml"))

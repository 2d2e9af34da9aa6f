"""The verb mcp: where its package is missing, and what it reads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.agents import server
from wattshift.app.service.feeds.place import Place


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, run: Run) -> Callable[..., Place]:
    """Where the verb would read."""
    places: list[Place] = []
    monkeypatch.setattr(server, "serve_agents", lambda tell: places.append(tell()))

    def of(*words: str) -> Place:
        assert run(*words).status == 0
        return places.pop()

    return of


def test_where_the_package_is_missing_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.delitem(sys.modules, "wattshift.agents.server")
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    ended = run("mcp")
    assert ended.status == 2
    assert "pip install 'wattshift[mcp]'" in ended.err


def test_a_fault_of_our_own_is_not_taken_for_a_missing_package(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.delitem(sys.modules, "wattshift.agents.server")
    monkeypatch.setitem(sys.modules, "wattshift.errors", None)
    with pytest.raises(ModuleNotFoundError):
        run("mcp")


def test_without_a_store_the_bundled_history_is_read(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATTSHIFT_STORE", raising=False)
    assert place("mcp") == Place()


def test_store_and_site_are_those_that_were_named(place: Callable[..., Place], tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    wanted = Place(folder=tmp_path, site=site)
    assert place("mcp", "--store", str(tmp_path), "--site", str(site)) == wanted
    assert place("--store", str(tmp_path), "mcp", "--site", str(site)) == wanted

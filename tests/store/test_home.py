from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.store.home import STORE_VARIABLE, Home


def test_everything_lies_in_one_folder() -> None:
    home = Home(Path("/kept"))
    assert {home.ledger.parent, home.series.parent, home.status.parent} == {Path("/kept")}
    assert len({home.ledger, home.series, home.status}) == 3


def test_the_folder_is_named_by_the_environment_or_lies_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv(STORE_VARIABLE, "~/kept")
    assert Home.default() == Home(tmp_path / "kept")
    monkeypatch.setenv(STORE_VARIABLE, "")
    assert Home.default() == Home(Path("/data/wattshift"))
    monkeypatch.delenv(STORE_VARIABLE)
    monkeypatch.delenv("XDG_DATA_HOME")
    assert Home.default() == Home(tmp_path / ".local" / "share" / "wattshift")


def test_a_database_takes_the_ledger_s_place_and_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@db.site/ledger"
    home = Home(tmp_path, url)
    assert home.ledger_place == url
    assert home.series.parent == tmp_path
    assert "hunter2" not in repr(home)
    assert Home(tmp_path).ledger_place == tmp_path / "ledger.sqlite"

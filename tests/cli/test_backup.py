from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.store.ledger import SqliteLedger

SIGNET = Path(__file__).parents[1] / "fixtures" / "signet_headers.bin"
NOW = datetime(2026, 1, 26, tzinfo=UTC)


def test_a_store_goes_into_a_file_and_comes_back(run: Run, tmp_path: Path) -> None:
    store, other, file = (str(tmp_path / name) for name in ("store", "other", "copy.tar"))
    run("import", str(SIGNET), "--network", "signet", "--store", store)
    copied = run("backup", file, "--store", store)
    assert (copied.status, copied.out) == (0, "")
    assert "4,063 entries of the ledger" in copied.err
    assert "restored and proved: 4,063 entries" in run("restore", file, "--store", other).err
    with SqliteLedger.view(Path(other) / "ledger.sqlite") as ledger:
        assert ledger.verify() == 4_063
    again = run("restore", file, "--store", other)
    assert again.status == 3
    assert "empty folder" in again.err


def test_a_ledger_in_postgresql_is_left_to_its_database(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store" / "series").mkdir(parents=True)
    monkeypatch.setenv("WATTSHIFT_LEDGER", "postgresql://me:secret@db.example.org/x")
    copied = run("backup", str(tmp_path / "copy.tar"), "--store", str(tmp_path / "store"))
    assert copied.status == 0
    assert "no ledger" in copied.err
    assert "pg_dump --schema=wattshift" in copied.err
    assert "secret" not in copied.err


def test_no_store_is_told(run: Run, tmp_path: Path) -> None:
    ended = run("backup", str(tmp_path / "copy.tar"), "--store", str(tmp_path / "nothing"))
    assert ended.status == 3
    assert "there is no store" in ended.err
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import json
import stat
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from wattshift.errors import Conflict, Corrupt, InputError, Missing, SchemaMismatch
from wattshift.store.tokens import LONGEST_DAYS, PREFIX, TokenFile, digest_of, matching

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)
REST = '"name": "a", "scopes": [], "expires_at": "2026-02-01", "used_on": null'


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "store" / "tokens.json")


def make(file: TokenFile, name: str = "wall", life_days: int = 90) -> str:
    return file.make(name, scopes=("read", "compute"), life_days=life_days, now=NOW)


def test_a_token_is_known_again_and_kept_nowhere(file: TokenFile) -> None:
    assert not file.exists
    secret = make(file)
    assert secret.startswith(PREFIX)
    assert len(secret) >= len(PREFIX) + 43, "256 bits"
    (record,) = file.records()
    assert (record.name, record.scopes, record.used_on) == ("wall", ("read", "compute"), None)
    assert record.expires_at - record.made_at == timedelta(days=90)
    assert matching(file.records(), secret, now=NOW) == record
    for path in file.path.parent.iterdir():
        assert secret.removeprefix(PREFIX).encode() not in path.read_bytes()
    assert digest_of(secret) in file.path.read_text(encoding="utf-8")


def test_no_two_are_the_same(file: TokenFile) -> None:
    assert len({make(file, f"n{number}") for number in range(20)}) == 20


def test_nobody_else_reads_the_file(file: TokenFile) -> None:
    make(file)
    file.path.with_name("tokens.json.part").write_text("left by a crash", encoding="utf-8")
    file.path.with_name("tokens.json.part").chmod(0o644)
    make(file, "other")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("shown", ["", "wattshift_", PREFIX + "x" * 43, "é", "wall"])
def test_what_is_no_token_matches_none(file: TokenFile, shown: str) -> None:
    make(file)
    assert matching(file.records(), shown, now=NOW) is None


def test_a_hash_is_no_token(file: TokenFile) -> None:
    secret = make(file)
    assert matching(file.records(), digest_of(secret), now=NOW) is None


def test_a_token_is_good_until_its_end(file: TokenFile) -> None:
    secret = make(file, life_days=1)
    end_at = NOW + timedelta(days=1)
    assert matching(file.records(), secret, now=end_at - timedelta(seconds=1)) is not None
    assert matching(file.records(), secret, now=end_at) is None


def test_revoking_takes_one_and_leaves_the_rest_and_the_file(file: TokenFile) -> None:
    one, other = make(file, "one"), make(file, "other")
    file.revoke("one")
    assert matching(file.records(), one, now=NOW) is None
    assert matching(file.records(), other, now=NOW) is not None
    file.revoke("other")
    assert (file.records(), file.exists) == ((), True)
    with pytest.raises(Missing, match="no token"):
        file.revoke("other")


def test_the_day_of_the_last_use_is_kept(file: TokenFile) -> None:
    make(file, "one")
    make(file, "other")
    file.note_use("one", on=date(2026, 2, 1))
    assert [record.used_on for record in file.records()] == [date(2026, 2, 1), None]


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a" * 41, "local", "nobody", "a\n", "../x", "ä"])
def test_odd_names_are_refused(file: TokenFile, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        make(file, name)


@pytest.mark.parametrize("life_days", [0, -1, LONGEST_DAYS + 1])
def test_no_token_is_for_ever(file: TokenFile, life_days: int) -> None:
    with pytest.raises(InputError, match="days"):
        make(file, life_days=life_days)


def test_a_name_is_given_once(file: TokenFile) -> None:
    make(file)
    with pytest.raises(Conflict):
        make(file)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", '{"format": 1}', '{"format": 1, "tokens": [1]}', "x" * 10, "[" * 100),
        '{"format": 1, "tokens": [{"name": "a"}]}',
        f'{{"format": 1, "tokens": [{{"sha256": "zz", "made_at": "2026-01-01", {REST}}}]}}',
        f'{{"format": 1, "tokens": [{{"sha256": "00", "made_at": "soon", {REST}}}]}}',
    ],
)
def test_a_file_that_makes_no_sense_is_refused(file: TokenFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(Corrupt, match="no sense"):
        file.records()
    with pytest.raises(Corrupt):
        make(file)
    assert file.path.read_text(encoding="utf-8") == text, "and is not overwritten"


def test_a_newer_file_is_not_read(file: TokenFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text(json.dumps({"format": 2, "tokens": []}), encoding="utf-8")
    with pytest.raises(SchemaMismatch):
        file.records()


def test_those_who_write_at_once_lose_nothing(file: TokenFile) -> None:
    threads = [threading.Thread(target=make, args=(file, f"n{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {record.name for record in file.records()} == {f"n{number}" for number in range(8)}

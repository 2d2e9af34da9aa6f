from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.clock import ReplayClock
from wattshift.store.tokens import TokenFile, matching

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ReplayClock:
    found = ReplayClock(NOW)
    monkeypatch.setattr("wattshift.cli.tokens.CLOCK", found)
    return found


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    return ("--store", str(tmp_path / "store"), "tokens")


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "store" / "tokens.json")


def test_a_token_is_shown_once_and_alone(run: Run, words: tuple[str, ...], file: TokenFile) -> None:
    made = run(*words, "new", "wall", "--scope", "read, alerts", "--days", "30")
    assert made.status == 0
    found = matching(file.records(), made.out.strip(), now=NOW)
    assert found is not None
    assert (found.name, found.scopes) == ("wall", ("read", "alerts"))
    assert found.expires_at == NOW + timedelta(days=30)
    assert made.out.strip() not in made.err
    listed = run(*words, "list")
    assert made.out.strip() not in listed.out + listed.err
    assert found.digest not in listed.out


def test_by_default_it_reads_for_ninety_days(run: Run, words: tuple[str, ...], file: TokenFile) -> None:
    run(*words, "new", "wall")
    (record,) = file.records()
    assert (record.scopes, record.expires_at) == (("read",), NOW + timedelta(days=90))


def test_the_list_tells_what_is_good_until_when(
    run: Run, words: tuple[str, ...], file: TokenFile, clock: ReplayClock
) -> None:
    run(*words, "new", "wall", "--scope", "read,compute", "--days", "2")
    file.note_use("wall", on=NOW.date())
    cells = run(*words, "list").out.split()
    assert cells[-6:] == ["wall", "read,", "compute", "2026-01-26", "2026-01-28", "2026-01-26"]
    clock.advance(timedelta(days=2))
    assert run(*words, "list").out.split()[-2] == "expired"


def test_a_revoked_token_is_gone(run: Run, words: tuple[str, ...], file: TokenFile) -> None:
    run(*words, "new", "wall")
    assert run(*words, "revoke", "wall").status == 0
    assert file.records() == ()
    assert "no token of that name" in run(*words, "revoke", "wall").err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["wall", "--scope", "write"], "read, compute, alerts"),
        (["wall", "--scope", ""], "read, compute, alerts"),
        (["Wall"], "small letters"),
        (["wall", "--days", "0"], "1 to 400 days"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, words: tuple[str, ...], more: list[str], told: str) -> None:
    ended = run(*words, "new", *more)
    assert ended.status == 2
    assert told in ended.err
    assert ended.out == ""

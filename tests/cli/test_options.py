"""A store that has fallen behind must say so, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.cli import options
from wattshift.clock import ReplayClock

NEWEST_AT = datetime(2026, 4, 22, 21, 50, 3, tzinfo=UTC)
LINE = (
    "the store's newest block is 3 days old: figures are as of 2026-04-22T21:50:03Z;"
    " start `wattshift follow`\n"
)


@pytest.fixture
def three_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock three days after the newest bundled block."""
    monkeypatch.setattr(options, "CLOCK", ReplayClock(NEWEST_AT + timedelta(days=3)))


@pytest.mark.usefixtures("three_days_later")
def test_a_store_that_has_fallen_behind_says_so_on_stderr(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run("--store", str(tmp_path), "difficulty", "--json")
    assert (told.status, told.err) == (0, LINE)
    assert told.json() == run("difficulty", "--json").json()
    monkeypatch.setenv("WATTSHIFT_STORE", str(tmp_path))
    assert run("hashprice").err == LINE


@pytest.mark.usefixtures("three_days_later")
def test_a_named_instant_and_the_bundled_history_need_no_such_line(tmp_path: Path, run: Run) -> None:
    assert run("--store", str(tmp_path), "difficulty", "--at", "2026-04-20").err == ""
    assert run("difficulty").err == ""


@pytest.mark.parametrize(("minutes", "is_told"), [(-5, False), (119, False), (121, True)])
def test_two_hours_without_a_block_are_nothing_yet(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, minutes: int, is_told: bool
) -> None:
    monkeypatch.setattr(options, "CLOCK", ReplayClock(NEWEST_AT + timedelta(minutes=minutes)))
    assert bool(run("--store", str(tmp_path), "difficulty").err) is is_told


@pytest.mark.usefixtures("three_days_later")
def test_the_brief_of_an_old_store_does_not_say_now(tmp_path: Path, run: Run) -> None:
    page = tmp_path / "brief.html"
    words = ("--store", str(tmp_path), "brief")
    document = run(*words, "--json").json()
    assert document["lag_s"] == 3 * 86_400
    said = "as of 2026-04-22T21:50:03Z, 3 days old: run "
    assert document["headlines"][0] == document["now_in_words"]
    assert document["now_in_words"].startswith(said)
    assert run(*words, "--html", str(page)).err == f"{LINE}wrote {page}\n"
    for shown in (page.read_text(encoding="utf-8"), run(*words).out):
        assert "What to run as of 2026-04-22T21:50:03Z" in shown
        assert "run now" not in shown
        assert "Now" not in shown
    at = run(*words, "--json", "--at", "2026-04-22T21:00Z").json()
    assert (at["lag_s"], at["now_in_words"][:9]) == (None, "now: run ")

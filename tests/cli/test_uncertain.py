"""`wattshift plan --scenarios`."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commandline import Run

EXAMPLES = Path(__file__).parents[2] / "examples"
MINER = str(EXAMPLES / "miner-battery-10mw.toml")
DAY = ("--start", "2026-01-24", "--scenarios", "3")


def test_start_and_at_are_the_same_instant(run: Run) -> None:
    words = ("plan", "--site", MINER, "--scenarios", "3", "--json")
    by_start = run(*words, "--start", "2026-01-24").json()
    by_at = run(*words, "--at", "2026-01-24").json()
    assert by_start == by_at
    assert by_start["as_of"] == by_start["start_at"]
    assert by_start["end_at"].startswith("2026-01-25T00:00")
    ended = run(*words, "--start", "2026-01-24", "--at", "2026-01-25")
    assert ended.status == 2
    assert "begins at the instant of knowledge" in ended.err


def test_options_reach_the_plan(run: Run) -> None:
    body = run(
        *("plan", "--site", MINER, *DAY, "--json", "--end", "2026-01-24T06:00"),
        *("--risk-aversion", "0.4", "--tail", "0.2", "--seed", "7", "--firm-hours", "2", "--seconds", "30"),
    ).json()
    assert [body[key] for key in ("scenarios", "seed", "aversion_frac", "tail_frac", "firm_hours")] == [
        3,
        7,
        0.4,
        0.2,
        2.0,
    ]
    assert body["intervals"] == 24


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tail", "0.2"), "--tail does nothing here"),
        (("--firm-hours", "2"), "--firm-hours does nothing here"),
        ((*DAY, "--relax"), "--relax does nothing with --scenarios"),
        ((*DAY, "--risk-aversion", "1"), "risk aversion lies from 0 to below 1"),
        (("--start", "2026-01-24", "--scenarios", "1"), "2 to 200 scenarios"),
    ],
)
def test_what_is_refused(run: Run, words: tuple[str, ...], told: str) -> None:
    ended = run("plan", "--site", MINER, *words)
    assert ended.status == 2
    assert told in " ".join(ended.err.split())


def test_a_site_whose_intervals_stand_alone_needs_no_scenarios(run: Run) -> None:
    ended = run("plan", *DAY)
    assert ended.status == 2
    assert "--scenarios does nothing here" in ended.err

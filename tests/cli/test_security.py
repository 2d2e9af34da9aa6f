from __future__ import annotations

from pathlib import Path

import pytest

from support.commandline import Run

NOTES = ("--machine", "19", "--machine-price", "4", "--power-price", "50", "--idle", "200")


def test_security_as_json(run: Run) -> None:
    body = run("security", "--at", "2026-01-19T12:00Z", *NOTES, "--value", "1000000", "--json").json()
    assert body["schema"] == "wattshift/security/1"
    assert body["asked"]["exact_prob"] == pytest.approx(0.000591, abs=1e-6)
    assert body["asked"]["nakamoto_prob"] == pytest.approx(0.000243, abs=1e-6)
    attack = body["state"]["attack"]
    assert attack["machines_usd"] == pytest.approx(3.97e9, rel=1e-3)
    assert attack["energy_usd"] == pytest.approx(0.94e6, rel=5e-3)
    assert body["ways"][1]["rented_ehs"] == 200


def test_options_reach_the_figures(run: Run) -> None:
    words = ("--q", "0.3", "--confirmations", "12", "--elapsed", "2h", "--risk", "0.01", "--hours", "6")
    body = run("security", *words, "--backlog", "20:0.2", "--backlog", "5:3.2:800", *NOTES, "--json").json()
    assert (body["attacker_frac"], body["confirmations"], body["elapsed_s"]) == (0.3, 12, 7_200)
    assert body["timed_prob"] < body["asked"]["exact_prob"], "twelve blocks in two hours leave less time"
    assert [row["inflow_vmb_per_s"] for row in body["fee_waits"][::3]] == [0.0, 800e-6]
    assert body["ways"][0]["hours"] == 6


def test_security_draws_itself(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "security.svg"
    ended = run("security", "--at", "2026-01-19", "--picture", str(picture))
    assert ended.status == 0
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert "Double spends: exact" in ended.out
    other = tmp_path / "plot.svg"
    assert run("plot", "security", "--at", "2026-01-19", "--out", str(other)).status == 0
    assert other.read_bytes() == picture.read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("--q", "1.5"),
        ("--q", "nan"),
        ("--confirmations", "-1"),
        ("--confirmations", "99999"),
        ("--elapsed", "soon"),
        ("--value", "0"),
        ("--risk", "2"),
        ("--backlog", "5"),
        ("--backlog", "5:1:2:3"),
        ("--backlog", "a:b"),
        ("--backlog", "nan:1"),
        ("--backlog", "5:1:99999999"),
        ("--machine-price", "0"),
        ("--power-price", "nan"),
        ("--hours", "0", *NOTES),
        ("--hours", "1e308"),
        ("--machine", "1e308"),
        ("--power-price", "-1e308"),
        ("--machine-price", "1e308"),
        ("--idle", "1e308"),
        ("--idle", "-1"),
        ("--picture", "it.gif"),
    ],
)
def test_nonsense_is_taught(run: Run, words: tuple[str, ...]) -> None:
    ended = run("security", *words)
    assert ended.status == 2
    assert ended.out == ""
    assert "wattshift:" in ended.err
    assert "Traceback" not in ended.err


def test_the_picture_of_security_ends_at_its_instant(run: Run, tmp_path: Path) -> None:
    ended = run("plot", "security", "--start", "2025-01-01", "--out", str(tmp_path / "it.svg"))
    assert ended.status == 2
    assert "--start" in ended.err

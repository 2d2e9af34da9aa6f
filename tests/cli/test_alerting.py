from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.commandline import Run
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger

RULES = '[[hashrate_below]]\nname = "below"\nbelow_ehs = 100000.0\n'
WINTER = ("--start", "2026-01-20", "--end", "2026-02-01")


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "alerts.toml"
    path.write_text(RULES, encoding="utf-8")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    home = Home(tmp_path / "store")
    home.folder.mkdir()
    SqliteLedger.lead(home.ledger).close()
    return str(home.folder)


@pytest.mark.parametrize("verb", ["example", "check", "backtest", "ack", "silence", "log"])
def test_every_verb_has_help_with_an_example(run: Run, verb: str) -> None:
    ended = run("alerts", verb, "--help")
    assert ended.status == 0
    assert "Example: wattshift" in " ".join(ended.out.split())


def test_the_example_can_be_checked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(run("alerts", "example").out, encoding="utf-8")
    ended = run("alerts", "check", str(path), "--at", "2026-01-27")
    assert "3 of 11 rules fire; 4 have no data" in ended.out


def test_a_backtest_of_one_rule_with_its_null_and_picture(run: Run, rules: str, tmp_path: Path) -> None:
    picture = tmp_path / "alerts.svg"
    ended = run("alerts", "backtest", rules, "--rule", "below", *WINTER, "--picture", str(picture))
    assert "1 alert of 1 rule in 12 days" in ended.out
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    body = run("alerts", "backtest", rules, *WINTER, "--null-years", "1", "--json").json()
    assert body["rules"][0]["null"]["years"] == 3
    assert run("alerts", "backtest", rules, "--rule", "other", *WINTER).status == 2
    assert run("alerts", "backtest", rules, "--picture", "x.pdf").status == 2


def test_only_a_store_sends_and_only_what_is_true_now(run: Run, rules: str, folder: str) -> None:
    assert run("alerts", "check", rules, "--send").status == 2
    assert run("--store", folder, "alerts", "check", rules, "--send", "--at", "2026-01-27").status == 2


def test_a_life_in_a_store(run: Run, rules: str, folder: str) -> None:
    assert run("--store", folder, "alerts", "log").status == 3, "there is no journal yet"
    body = run("--store", folder, "alerts", "check", rules, "--send", "--json").json()
    assert (body["n_events"], body["n_sent"]) == (0, 0), "the bundled history is old: no data, not yet told"
    assert run("--store", folder, "alerts", "ack", rules, "below").status == 2, "it is not open"
    silenced = run(
        *("--store", folder, "alerts", "silence", rules, "below"),
        *("--for", "2h", "--reason", "upgrade", "--by", "ada"),
    )
    assert silenced.status == 0, silenced.err
    (event,) = map(json.loads, run("--store", folder, "alerts", "log").out.splitlines())
    assert (event["change"], event["note"]) == ("silenced", "by ada: upgrade")

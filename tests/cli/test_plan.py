"""`wattshift plan`: each site gets the planner that it needs."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from support.commandline import Run
from wattshift.app.schemas import schema_of

MINER = Path(__file__).parents[2] / "examples" / "miner-battery-10mw.toml"
DAY = ("--start", "2026-01-25", "--end", "2026-01-26")


def test_a_site_whose_intervals_hang_together(run: Run) -> None:
    body = run("plan", "--site", str(MINER), *DAY, "--seconds", "30", "--json").json()
    jsonschema.validate(body, schema_of("site-plan"))
    assert body["coupled_by"] == ["batteries", "demand_charges", "modes", "min_down_h", "boot_h"]
    assert sum(row["amount_usd"] for row in body["amounts"]) == pytest.approx(body["profit_usd"])
    assert "-0.0" not in str([row["amount_usd"] for row in body["amounts"]])
    ended = run("plan", "--site", str(MINER), *DAY)
    assert ended.status == 0
    assert "one more MW of connection is worth" in " ".join(ended.out.split())


def test_a_site_whose_intervals_stand_alone(run: Run) -> None:
    body = run("plan", *DAY, "--json").json()
    assert body["schema"] == "wattshift/plan/1"
    assert body["leaves_out"] == []
    ended = run("plan", *DAY, "--seconds", "5")
    assert ended.status == 2
    assert "--seconds does nothing for this site" in ended.err


def test_limits_that_contradict_each_other(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = MINER.read_text(encoding="utf-8").replace("power_mw = 2.0", "power_mw = 0.1\nstart_frac = 0.0")
    path.write_text(f"{text}end_frac = 1.0\n", encoding="utf-8")
    ended = run("plan", "--site", str(path), *DAY)
    assert ended.status == 1
    assert ended.out == ""
    assert "battery must hold what was agreed" in ended.err
    assert (
        "battery charges with no more than 0.1 MW from 2026-01-25 00:00 to 2026-01-26 00:00 UTC" in ended.err
    )
    assert "what to do:" in ended.err


def test_too_little_time(run: Run) -> None:
    ended = run(
        "plan", "--site", str(MINER), "--start", "2026-01-01", "--end", "2026-02-01", "--seconds", "0.001"
    )
    assert ended.status == 1
    assert "allow more time" in ended.err
    assert run("plan", "--site", str(MINER), *DAY, "--seconds", "0").status == 2


def test_the_example_ships(run: Run) -> None:
    assert run("example-site", "miner-battery-10mw").out == MINER.read_text(encoding="utf-8")
    assert run("example-site", "no").status == 2

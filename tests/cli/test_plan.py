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


def impossible(tmp_path: Path) -> Path:
    """The miner with a battery that cannot be filled in time."""
    path = tmp_path / "site.toml"
    text = MINER.read_text(encoding="utf-8").replace("power_mw = 2.0", "power_mw = 0.1\nstart_frac = 0.0")
    path.write_text(f"{text}end_frac = 1.0\n", encoding="utf-8")
    return path


def test_limits_that_give_way_have_a_status_of_their_own(run: Run, tmp_path: Path) -> None:
    words = ("plan", "--site", str(impossible(tmp_path)), *DAY, "--relax")
    ended = run(*words)
    assert ended.status == 4
    told = " ".join(ended.out.split())
    assert "THIS IS NOT THE PLAN ASKED FOR: no plan keeps all limits, so some of them gave way" in told
    assert "- battery holds 1.774 MWh less at the end than the 4 MWh agreed" in told
    assert told.index("THIS IS NOT") < told.index("the plan earns")
    body = run(*words, "--json")
    assert body.status == 4
    document = body.json()
    jsonschema.validate(document, schema_of("site-plan"))
    assert document["fallback"]["kind"] == "some limits gave way"
    assert "--relax plans with what gives way first" in run(*words[:-1]).err


def test_the_last_plan_stands_in(run: Run, tmp_path: Path) -> None:
    last = tmp_path / "last.json"
    given = ("--start", "2026-01-25", "--end", "2026-01-26", "--at", "2026-01-26")
    ended = run("plan", "--site", str(MINER), *given, "--save", str(last), "--life", "2h")
    assert ended.status == 0
    assert f"wrote {last}" in ended.err
    kept = last.read_bytes()
    later = ("--start", "2026-01-25T01:00", "--end", "2026-01-26", "--at", "2026-01-26", "--last", str(last))
    ended = run("plan", "--site", str(impossible(tmp_path)), *later, "--save", str(last), "--json")
    assert ended.status == 4
    assert f"kept nothing in {last}" in ended.err
    assert last.read_bytes() == kept
    document = ended.json()
    jsonschema.validate(document, schema_of("site-plan"))
    assert document["fallback"]["kind"] == "the rest of an earlier plan"
    assert document["intervals"] == 4, "it expires at two o'clock"
    assert document["gap_usd"] is None
    late = ("--start", "2026-01-25T02:00", "--end", "2026-01-26", "--at", "2026-01-26", "--last", str(last))
    ended = run("plan", "--site", str(impossible(tmp_path)), *late)
    assert ended.status == 4
    assert "it expired 2026-01-25T02:00Z" in " ".join(ended.out.split())


def test_a_plan_begins_where_the_site_stands(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    path.write_text(run("example-state").out, encoding="utf-8")
    words = ("plan", "--site", str(MINER), "--state", str(path), "--end", "2026-01-26", "--at", "2026-01-26")
    body = run(*words, "--json").json()
    assert body["start_at"] == "2026-01-25T12:00:00Z"
    assert body["batteries"][0]["start_mwh"] == 1.2
    assert body["peaks"][0]["highest_mw"] >= 6.5
    assert "its state of 2026-01-25T12:00Z" in body["assumes"]
    ended = run(*words, "--start", "2026-01-25")
    assert ended.status == 2
    assert "the state is not that of the window's beginning" in ended.err
    path.write_text(path.read_text(encoding="utf-8").replace("= 1.2", "= 1200.0"), encoding="utf-8")
    ended = run(*words)
    assert ended.status == 2
    assert "if it is in kWh, write 1.2 (MWh)" in ended.err
    assert str(path) in ended.err


@pytest.mark.parametrize(
    "words", [("--relax",), ("--last", "x"), ("--save", "x"), ("--life", "1h"), ("--state", "x")]
)
def test_options_that_do_nothing_are_refused(run: Run, words: tuple[str, ...]) -> None:
    ended = run("plan", *DAY, *words)
    assert ended.status == 2
    assert f"{words[0]} does nothing" in ended.err


def test_where_a_plan_cannot_be_kept_is_said_before_it_is_made(run: Run, tmp_path: Path) -> None:
    words = ("plan", "--site", str(MINER), "--start", "2026-01-24", "--at", "2026-01-25", "--seconds", "1e-9")
    for closed in (tmp_path / "no" / "last.json", tmp_path):
        ended = run(*words, "--save", str(closed))
        assert ended.status == 2
        assert "cannot be written" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_life_needs_a_file(run: Run) -> None:
    ended = run("plan", "--site", str(MINER), *DAY, "--life", "1h")
    assert ended.status == 2
    assert "--life does nothing without --save" in ended.err

from __future__ import annotations

import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import jsonschema
import pytest

from support.commandline import Run
from wattshift.app.simulating import run as simulating
from wattshift.app.simulating.scenarios import READY_SCENARIOS
from wattshift.cli.simulating import ReadyScenario

FEW = ("--paths", "32", "--days", "20")


def test_every_ready_scenario_has_a_name() -> None:
    assert {each.value for each in ReadyScenario} == set(READY_SCENARIOS)


@pytest.mark.parametrize("name", READY_SCENARIOS)
def test_an_example_can_be_taken_over(run: Run, name: str) -> None:
    text = run("example-scenario", name).out
    assert text == READY_SCENARIOS[name].read_text(encoding="utf-8")


def test_a_file_and_a_name_are_the_same(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(run("example-scenario", "ban").out, encoding="utf-8")
    own, shipped = (run("simulate", named, *FEW, "--json").json() for named in (str(path), "ban"))
    assert own == shipped
    assert own["schema"] == "wattshift/simulation/1"
    assert (own["paths"], len(own["at"])) == (32, 20)


def test_options_reach_the_figures(run: Run) -> None:
    at = ("--at", "2024-03-01")
    one, two = (run("simulate", "ban", *FEW, *at, "--seed", seed, "--json").json() for seed in ("1", "2"))
    assert one["as_of"] == two["as_of"] == "2024-03-01T00:00:00Z"
    assert (one["seed"], two["seed"]) == (1, 2)
    assert one["figures"] != two["figures"]


@pytest.mark.parametrize("engine", ["local:1", "local:2"])
def test_processes_give_what_threads_give(run: Run, engine: str) -> None:
    words = ("simulate", "winter-storm", "--paths", "520", "--days", "10", "--json")
    assert run(*words).out == run(*words, "--engine", engine).out


def test_a_comparison_is_told(run: Run) -> None:
    told = " ".join(run("simulate", "ban", *FEW, "--compare", "winter-storm").out.split())
    assert "winter-storm instead: that less this" in told


def test_page_and_picture_are_written(run: Run, tmp_path: Path) -> None:
    page, picture = tmp_path / "ban.html", tmp_path / "ban.svg"
    ended = run("simulate", "ban", *FEW, "--html", str(page), "--picture", str(picture))
    assert ended.status == 0
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert picture.read_bytes().startswith(b"<?xml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ban.html", "ban.svg"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bann",), "no scenario 'bann'"),
        (("ban", "--paths", "0"), "paths lies between 1"),
        (("ban", "--days", "99999"), "horizon_days lies between"),
        (("ban", "--compare", "nothing"), "no scenario 'nothing'"),
        (("ban", "--engine", "ray"), "no such engine"),
        (("ban", "--picture", "x.pdf"), "no name of a picture"),
        (("ban", "--html", "no/such/folder/ban.html"), "cannot be written"),
        (("ban", "--picture", "no/such/folder/ban.svg"), "cannot be written"),
        (("ban", "--html", "."), "cannot be written"),
    ],
)
def test_a_mistake_is_told_before_the_work(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(simulating, "simulate", None)
    ended = run("simulate", *words)
    assert ended.status == 2
    assert told in ended.err


@pytest.mark.parametrize(("at", "told"), [("2012-01-01", "not known"), ("2040-01-01", "not known")])
def test_a_start_of_which_nothing_is_known_is_refused(run: Run, at: str, told: str) -> None:
    ended = run("simulate", "ban", *FEW, "--at", at)
    assert ended.status == 2
    assert told in ended.err
    assert ended.out == ""


def test_what_was_stopped_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a long run: no page, no picture, no temporary file."""
    command = (sys.executable, "-m", "wattshift", "simulate", "ban", "--paths", "3000000")
    files = ("--html", str(tmp_path / "ban.html"), "--picture", str(tmp_path / "ban.svg"))
    with subprocess.Popen([*command, *files], stderr=subprocess.PIPE, start_new_session=True) as process:
        time.sleep(4)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode in {1, 130, -signal.SIGINT}
    assert list(tmp_path.iterdir()) == []


def test_scenarios_obey_their_published_schema(run: Run) -> None:
    validator = jsonschema.Draft202012Validator(run("schema", "scenario").json())
    scenario = tomllib.loads(run("example-scenario", "ban").out)
    validator.validate(scenario)
    assert not validator.is_valid({**scenario, "pathes": 3}), "an unknown key is refused"

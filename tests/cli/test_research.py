from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.commandline import Ended, Run

SHORT = ("score", "--at", "2026-01-19", "--periods", "2", "--depths", "1200,36")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_taught(ended: Ended, *words: str) -> None:
    assert ended.status == 2
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "what to do:" in ended.err
    for word in words:
        assert word in ended.err


def test_score_as_json(run: Run) -> None:
    body = run(*SHORT, "--json").json()
    assert body["schema"] == "wattshift/score/1"
    assert (body["first_period"], body["last_period"]) == (460, 461)
    assert [verdict["depth"] for verdict in body["verdicts"]] == [36, 1200]
    assert len(body["rows"]) == 10


def test_score_as_tables_without_a_progress_bar_where_there_is_no_terminal(run: Run) -> None:
    ended = run(*SHORT)
    assert "periods 460 to 461" in ended.out
    assert "RMSE" in ended.out
    assert ended.err == ""


def test_score_draws_itself(run: Run, elsewhere: Path) -> None:
    ended = run(*SHORT, "--picture", "score.svg")
    assert ended.status == 0
    assert "wrote score.svg" in ended.err
    assert (elsewhere / "score.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize("name", ["hashrate", "difficulty", "hashprice", "ribbons", "pools"])
def test_plot_writes_the_same_file_each_time(run: Run, elsewhere: Path, name: str) -> None:
    contents = []
    for _ in range(2):
        ended = run("plot", name, "--at", "2026-01-28", "--start", "2025-10-01", "--out", "it.svg")
        assert (ended.status, ended.out, ended.err) == (0, "", "wrote it.svg\n")
        contents.append((elsewhere / "it.svg").read_bytes())
    assert contents[0] == contents[1]
    assert [path.name for path in elsewhere.iterdir()] == ["it.svg"]


def test_plot_draws_a_scenario(run: Run, elsewhere: Path) -> None:
    scenario = elsewhere / "mine.toml"
    scenario.write_text('name = "my own"\npaths = 16\nhorizon_days = 30\n', encoding="utf-8")
    words = ("plot", "simulation", "--scenario", str(scenario), "--at", "2026-01-28", "--out", "it.svg")
    ended = run(*words)
    assert (ended.status, ended.out, ended.err) == (0, "", "wrote it.svg\n")
    drawn = (elsewhere / "it.svg").read_bytes()
    assert b"my own" in drawn
    assert run("simulate", str(scenario), "--at", "2026-01-28", "--picture", "same.svg").status == 0
    assert (elsewhere / "same.svg").read_bytes() == drawn


def test_plot_writes_png(run: Run, elsewhere: Path) -> None:
    run("plot", "hashrate", "--at", "2026-01-28", "--start", "2025-12-01", "--log", "--out", "it.png")
    assert (elsewhere / "it.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_end_where_they_are_told(run: Run) -> None:
    words = ("plot", "hashprice", "--start", "2025-09-01", "--end", "2025-12-01", "--out", "it.svg")
    assert run(*words).status == 0
    assert "on 1 Dec 2025" in Path("it.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plot", "hashrate", "--out", "it.pdf"), ".svg"),
        (("plot", "hashrate", "--out", "it"), ".svg"),
        (("score", "--picture", "it.gif"), ".svg"),
        (("score", "--depths", "1,two"), "1,144,1000"),
        (("score", "--depths", "2015"), "2014"),
        (("score", "--periods", "0"), "fewer periods"),
        (("plot", "difficulty", "--end", "2026-01-01", "--out", "it.svg"), "--end"),
        (("plot", "score", "--start", "2026-01-01", "--out", "it.svg"), "--start"),
        (("plot", "pools", "--log", "--out", "it.svg"), "--log"),
        (("plot", "pools", "--scenario", "ban", "--out", "it.svg"), "--scenario"),
        (("plot", "simulation", "--start", "2026-01-01", "--out", "it.svg"), "--start"),
        (("plot", "simulation", "--scenario", "bann", "--out", "it.svg"), "no scenario"),
        (("plot", "hashrate", "--start", "2018-01-01", "--out", "it.svg"), "not known over the whole"),
        (("plot", "hashrate", "--start", "2026-04-20", "--out", "it.svg"), "14 days"),
        (("plot", "hashrate", "--at", "2026-01-28", "--out", "no/it.svg"), "cannot be written"),
    ],
)
def test_what_makes_no_sense(run: Run, elsewhere: Path, words: tuple[str, ...], told: str) -> None:
    assert_taught(run(*words), told)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("words", [("plot", "pools", "--out", "it.svg"), (*SHORT, "--picture", "it.svg")])
def test_without_matplotlib(run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert_taught(run(*words), "pip install 'wattshift[plot]'")


def test_score_itself_needs_no_matplotlib(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(*SHORT).status == 0

from __future__ import annotations

from pathlib import Path

import pytest

from support.commandline import Run


def test_grid_effect_as_json(run: Run) -> None:
    words = ("--load-mw", "1000", "--kind", "ai", "--strike", "900", "--curtailable", "0.2", "--entry", "0.5")
    stretch = ("--start", "2024-01-01", "--end", "2025-01-01", "--at", "2025-06-01")
    body = run("grid-effect", *words, *stretch, "--json").json()
    assert body["schema"] == "wattshift/grid-effect/1"
    load = body["load"]
    assert (load["power_mw"], load["strike_usd_per_mwh"], load["strike_basis"]) == (1_000, 900, "given")
    assert (load["curtailable_frac"], load["entry_frac"]) == (0.2, 0.5)
    assert body["start_at"].startswith("2024-01-01")
    assert body["worlds"][1]["change"]["fitted"]["consumer_usd_per_mwh"] > 0


def test_grid_effect_draws_itself(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "grid.svg"
    ended = run(
        "grid-effect",
        "--load-mw",
        "2000",
        "--efficiency",
        "19",
        "--at",
        "2023-01-01",
        "--picture",
        str(picture),
    )
    assert ended.status == 0
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    told = " ".join(ended.out.split())
    assert "2,000 MW of mining" in told
    assert "What the model does not see" in told


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--load-mw", "-5"),
        ("--load-mw", "nan"),
        ("--load-mw", "1e308"),
        ("--load-mw", "5", "--strike", "-1e308"),
        ("--load-mw", "5", "--strike", "nan"),
        ("--load-mw", "5", "--efficiency", "1e-308"),
        ("--load-mw", "5", "--start", "2024-01-01T00:30Z", "--end", "2024-01-01T01:00Z"),
        ("--load-mw", "5", "--kind", "steel"),
        ("--load-mw", "5", "--kind", "inflexible", "--strike", "3"),
        ("--load-mw", "5", "--curtailable", "2"),
        ("--load-mw", "5", "--efficiency", "0"),
        ("--load-mw", "5", "--picture", "x.pdf"),
        ("--load-mw", "5", "--start", "2026-01-01", "--end", "2025-01-01"),
    ],
)
def test_hostile_words_end_with_one_message(run: Run, words: tuple[str, ...]) -> None:
    ended = run("grid-effect", *words)
    assert ended.status == 2
    assert "Traceback" not in ended.err

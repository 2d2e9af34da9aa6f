"""The real package PyPSA with HiGHS, and our merit order, on the same small markets."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from support.gridpeer import assert_clears_as

VECTORS = Path(__file__).parents[1] / "vectors" / "grid"
KEPT_SEED, NEW_SEEDS = "6", ("7", "8")


def test_prices_and_dispatch_are_those_of_pypsa(electrumx_program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [electrumx_program / "bin" / "python", VECTORS / "make.py", KEPT_SEED, *NEW_SEEDS],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    kept, *others = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    assert len(others) == len(NEW_SEEDS)
    for answers in (kept, *others):
        assert_clears_as(answers)
    stored = json.loads((VECTORS / "pypsa.json").read_text(encoding="utf-8"))
    asked = ("cap_usd_per_mwh", "generators", "inflexible_mw", "power_mw", "strike_usd_per_mwh")
    assert [stored[name] for name in asked] == [kept[name] for name in asked], "renew the kept answers"

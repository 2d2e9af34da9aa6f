"""What Python imports by itself when a worker of `regtest_serve` starts."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

run_path(str(Path(__file__).parents[1] / "regtest_serve.py"))

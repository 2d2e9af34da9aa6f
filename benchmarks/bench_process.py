"""Whole processes, as a user meets them: start, import, load, compute, render, exit.

Peers in the same run: a bare interpreter, and one that imports what any data command needs. Byte code is
cached as on a user's machine (PYTHONDONTWRITEBYTECODE is removed).
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

COMMANDS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "import polars, scipy.special, rich": [sys.executable, "-c", "import polars, scipy.special, rich.table"],
    "wattshift --help": [sys.executable, "-m", "wattshift", "--help"],
    "wattshift hashrate": [sys.executable, "-m", "wattshift", "hashrate"],
    "wattshift difficulty": [sys.executable, "-m", "wattshift", "difficulty"],
    "wattshift hashprice": [sys.executable, "-m", "wattshift", "hashprice"],
    "wattshift value": [sys.executable, "-m", "wattshift", "value"],
    "wattshift brief": [sys.executable, "-m", "wattshift", "brief"],
    "wattshift brief --json": [sys.executable, "-m", "wattshift", "brief", "--json"],
}


@pytest.mark.parametrize("name", COMMANDS)
def bench_process(name: str, benchmark: BenchmarkFixture) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    benchmark.group = "whole process"

    def run() -> int:
        return subprocess.run(
            COMMANDS[name], env=environment, stdout=subprocess.DEVNULL, check=True
        ).returncode

    run()  # byte code and file cache
    assert benchmark(run) == 0

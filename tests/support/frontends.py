"""Peers that write the same plan in their own words, timed part by part."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from wattshift.allocate.coupled.problem import CoupledProblem

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

__all__ = ["FrontEnd", "time_apart"]


class FrontEnd(NamedTuple):
    """A way from a problem to its profit, in two parts.

    Args:
        name: in words.
        build: writes the model.
        solve: hands it over, solves it and tells its profit [USD].
        needs: the package that it needs.
        rounds: how often it is timed.
    """

    name: str
    build: Callable[[CoupledProblem], Any]
    solve: Callable[[Any], float]
    needs: str | None = None
    rounds: int = 3


def time_apart(
    benchmark: BenchmarkFixture, peer: FrontEnd, problem: CoupledProblem, profit_usd: float
) -> None:
    """Time a front end, tell the processor time of both parts on a line, and compare what it found.

    The solver's own process counts where there is one. A peer that is not installed is left out, and said so.
    """
    if peer.needs is not None and importlib.util.find_spec(peer.needs) is None:
        pytest.skip(f"{peer.name} is not installed: pip install {peer.needs}")
    spent: list[tuple[float, float]] = []

    def run() -> float:
        began = _used_s()
        model = peer.build(problem)
        built = _used_s()
        found = peer.solve(model)
        spent.append((built - began, _used_s() - built))
        return found

    found = benchmark.pedantic(run, rounds=peer.rounds)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    build_s, solve_s = (float(np.median(part)) for part in zip(*spent, strict=True))
    told = f"build {build_s:.2f} s, hand over and solve {solve_s:.2f} s of processor time"
    print(f"\n{benchmark.group}, {peer.name}: {told}")  # noqa: T201  # a benchmark's own output
    assert found == pytest.approx(profit_usd, rel=1e-6)


def _used_s() -> float:
    """Processor time of this process and of the children that ended."""
    return sum(os.times()[:4])

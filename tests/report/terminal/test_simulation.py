from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from support.documents import HOSTILE
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.simulationwords import LOOKS, shown
from wattshift.report.terminal.simulation import simulation_view


def drawn(document: SimulationDocument, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width, highlight=False)
    console.print(simulation_view(document))
    written = console.file
    assert isinstance(written, StringIO)
    return written.getvalue()


def test_it_tells_every_part(simulated: SimulationDocument) -> None:
    told = " ".join(drawn(simulated).split())
    for words in (
        "Simulation: ban",
        "Coming retargets",
        "winter-storm instead",
        "Hashprice by month",
        "How long confirmations take",
        "next block",
        "5 sat/vB",
        "he reverts 6 blocks",
        "Where the figures come from",
        f"{simulated.paths} paths",
        "seed 1",
    ):
        assert words in told
    median = next(row for row in simulated.states if row.name == "hashrate_ehs").bands[0].median
    assert shown("hashrate_ehs", median) in told
    assert "nan" not in told


@pytest.mark.parametrize("width", [60, 120, 200])
def test_it_fits_the_width(simulated: SimulationDocument, width: int) -> None:
    assert max(len(line) for line in drawn(simulated, width).splitlines()) <= width


@pytest.mark.parametrize("attack", HOSTILE)
def test_names_cannot_move_the_cursor(simulated: SimulationDocument, attack: str) -> None:
    told = drawn(replace(simulated, scenario=attack, note=attack, events=(attack,)))
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_every_quantity_and_figure_has_a_look(simulated: SimulationDocument) -> None:
    names = {course.name for course in simulated.courses} | {row.name for row in simulated.figures}
    assert names == set(LOOKS)

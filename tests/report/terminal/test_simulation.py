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


def test_what_leaving_changes_is_told(simulated: SimulationDocument) -> None:
    told = drawn(simulated, 200)
    (rate,) = [row for row in simulated.exit_effect.differences if row.name == "last_hashrate_ehs"]
    assert shown(rate.name, rate.mean, signed=True) in told.partition("What leaving changes")[2]
    assert "if nobody left" in " ".join(told.split())


def test_the_pull_of_ai_is_told_where_it_pulls(
    pulled: SimulationDocument, simulated: SimulationDocument
) -> None:
    assert pulled.ai_effect is not None
    told = drawn(pulled, 200)
    under = told.partition("The pull of AI: with it less without")[2]
    for row in pulled.ai_effect.differences:
        if not row.band.low == row.band.high == row.mean:
            assert f"{LOOKS[row.name].title}, {LOOKS[row.name].unit}" in under
            assert shown(row.name, row.mean, signed=True) in under
            assert shown(row.name, row.mean_low, signed=True) in under
    assert "the pull of AI, against the same luck without it".lower() in " ".join(told.split()).lower()
    assert "converted to AI at the end" in under
    assert "The pull of AI" not in drawn(simulated, 200)


def test_who_left_is_told_by_the_price_of_power(pulled: SimulationDocument) -> None:
    under = drawn(pulled, 200).partition("Who does not hash any more")[2]
    (converted,) = [row for row in pulled.departures if row.cause == "converted"]
    assert converted.total_gw > 0.1
    assert f"{converted.total_gw:.2f}" in under
    assert f"{sum(converted.by_power_gw[:4]):.2f}" in under


@pytest.mark.parametrize("width", [60, 120, 200])
def test_it_fits_the_width(simulated: SimulationDocument, pulled: SimulationDocument, width: int) -> None:
    for document in (simulated, pulled):
        assert max(len(line) for line in drawn(document, width).splitlines()) <= width


@pytest.mark.parametrize("attack", HOSTILE)
def test_names_cannot_move_the_cursor(simulated: SimulationDocument, attack: str) -> None:
    told = drawn(replace(simulated, scenario=attack, note=attack, events=(attack,)))
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_every_quantity_and_figure_has_a_look(simulated: SimulationDocument) -> None:
    names = {course.name for course in simulated.courses} | {row.name for row in simulated.figures}
    assert names == set(LOOKS)

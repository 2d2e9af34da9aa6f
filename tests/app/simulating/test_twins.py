from __future__ import annotations

from dataclasses import replace

from support.simulations import small
from wattshift.app.simulating.build import build_scenario
from wattshift.app.simulating.paths import run_paths
from wattshift.app.simulating.twins import where_all_stay, without_ai
from wattshift.app.snapshot import Snapshot
from wattshift.simulate.events import PriceShock
from wattshift.simulate.result import PathFigure, Quantity
from wattshift.simulate.scenario import Scenario


def test_where_all_stay_nothing_is_converted_and_nothing_more_switched_off(snapshot: Snapshot) -> None:
    pulled = build_scenario(snapshot, small("ai-pull-fast", days=400))
    found, twin = (run_paths(each, threads=1) for each in (pulled, where_all_stay(pulled)))
    assert found.daily[Quantity.CONVERTED].mean[-1] > 0 == twin.daily[Quantity.CONVERTED].mean[-1]
    off = twin.daily[Quantity.OFF].mean
    assert off[-1] <= 1.01 * off[0]


def test_a_twin_has_the_same_luck(scenario: Scenario) -> None:
    """An outage that is left out shifts the luck of no other event."""
    crash = PriceShock(name="crash", start_days=(5, 20), change_frac=(-0.5, -0.1))
    struck = replace(scenario, events=(*scenario.events, crash))
    one, twin = (run_paths(each, threads=1) for each in (struck, where_all_stay(struck)))
    assert one.daily[Quantity.PRICE].mean[-1] == twin.daily[Quantity.PRICE].mean[-1]
    assert twin.daily[Quantity.CURTAILED].mean.max() == 0
    less = one.path_figures[PathFigure.LEAST_HASHRATE] - twin.path_figures[PathFigure.LEAST_HASHRATE]
    assert (less < 0).mean() > 0.95


def test_a_twin_has_2000_paths_at_most(scenario: Scenario) -> None:
    assert where_all_stay(replace(scenario, paths=10_000)).paths == 2_000
    assert where_all_stay(scenario).paths == scenario.paths


def test_without_ai_all_else_is_the_same(snapshot: Snapshot) -> None:
    pulled = build_scenario(snapshot, small("ai-pull-fast"))
    assert pulled.ai is not None
    alone = without_ai(pulled)
    assert alone.ai is None
    assert (alone.events, alone.paths, alone.responds) == (pulled.events, pulled.paths, pulled.responds)

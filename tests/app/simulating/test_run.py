from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from support.simulations import START_AT, small
from wattshift.app.simulating.run import simulate
from wattshift.app.simulating.scenarios import READY_SCENARIOS
from wattshift.app.snapshot import Archive
from wattshift.report.documents.simulation import Course, SimulationDocument


def course(document: SimulationDocument, name: str) -> Course:
    return next(each for each in document.courses if each.name == name)


@pytest.fixture(scope="module")
def ready(archive: Archive) -> dict[str, SimulationDocument]:
    """Every ready scenario over its whole horizon, with few paths."""
    return {
        name: simulate(archive, small(name, paths=48, days=None), at=START_AT, threads=1)
        for name in READY_SCENARIOS
    }


def test_every_ready_scenario_does_what_it_says(ready: dict[str, SimulationDocument]) -> None:
    lowest = {name: min(course(each, "hashrate_ehs").median) for name, each in ready.items()}
    assert lowest["ban"] < 0.75 * lowest["hidden-fleet"]
    assert lowest["winter-storm"] < 0.85 * lowest["hidden-fleet"]
    hidden = course(ready["hidden-fleet"], "hashrate_ehs")
    assert hidden.median[12] > 1.1 * hidden.median[0]
    assert course(ready["price-halving"], "price_usd_per_btc").median[20] < 0.7 * 93_000
    fast, slow = (course(ready[f"ai-pull-{pace}"], "converted_gw").median[-1] for pace in ("fast", "slow"))
    assert fast > 2 * slow > 0
    budget = course(ready["halving-2028"], "budget_usd_m_per_year").median
    assert budget[-1] < 0.8 * budget[80]


def test_the_document_is_whole(ready: dict[str, SimulationDocument]) -> None:
    for name, document in ready.items():
        assert document.scenario == name
        assert document.as_of == START_AT
        pulls = name.startswith("ai-pull")
        capped = any("what is counted" in line for line in document.in_words)
        assert len(document.in_words) == 5 + pulls + capped
        assert (document.ai_effect is not None) == pulls
        assert len(document.safety) == len(document.marks_at)
        assert {origin.name for origin in document.origins} >= {"Block times and pools", "ASIC catalogue"}
        assert {each.cause for each in document.departures} >= {
            "switched off",
            "converted",
            "idle",
            "scrapped",
        }
        assert len(document.departures[0].by_power_gw) == len(document.power_usd_per_mwh)


def test_the_feedback_is_told(ready: dict[str, SimulationDocument]) -> None:
    """Others leave, difficulty falls, and who stays earns more."""
    for name in ("ban", "price-halving", "ai-pull-fast"):
        document = ready[name]
        found = {row.name: row for row in document.exit_effect.differences}
        assert found["last_hashrate_ehs"].mean_high < 0
        assert found["mean_hashprice_usd_per_ph_day"].mean_low > 0
        assert found["mean_margin_usd_per_mwh"].mean_low > 0
        (told,) = [line for line in document.in_words if "if nobody left" in line]
        assert "USD/PH/day" in told
        assert {row.name for row in document.exit_effect.without} == set(found)


def test_where_nobody_leaves_nothing_changes(archive: Archive) -> None:
    still = replace(small("ban", paths=16, days=30), outages=(), responds=False)
    document = simulate(archive, still, at=START_AT, threads=1)
    assert all(row.mean == row.band.low == row.band.high == 0 for row in document.exit_effect.differences)
    assert "nobody leaves, so nothing changes for those who stay" in document.in_words


def test_figures_that_leave_their_bins_say_so(archive: Archive) -> None:
    """Everybody leaves: no hang, no number that is none, and a sentence says where counting ends."""
    file = small("ban", paths=16, days=60)
    gone = replace(file.outages[0], region=None, share_frac=(1.0, 1.0), start_days=(1.0, 1.0))
    document = simulate(archive, replace(file, outages=(gone,)), at=START_AT, threads=1)
    (told,) = [line for line in document.in_words if "what is counted" in line]
    assert "block interval" in told
    (longest,) = [row for row in document.figures if row.name == "longest_interval_s"]
    assert longest.band.low > 64 * 600


def test_what_ai_changes_is_told_path_by_path(archive: Archive) -> None:
    told: list[tuple[int, int]] = []
    file = small("ai-pull-fast", paths=32, days=600)
    document = simulate(archive, file, at=START_AT, threads=1, progress=lambda *at: told.append(at))
    effect = document.ai_effect
    assert effect is not None
    without = {row.name: row for row in effect.without}
    assert without["last_converted_gw"].mean == 0
    for row, figure in zip(effect.differences, document.figures, strict=True):
        assert figure.mean - without[row.name].mean == pytest.approx(
            row.mean, rel=1e-5, abs=1e-5 * figure.mean
        )
    found = {row.name: row for row in effect.differences}
    assert found["last_power_gw"].mean < -0.3
    assert found["last_hashrate_ehs"].mean < -15
    assert found["last_hashprice_usd_per_ph_day"].mean > 0
    assert found["mean_margin_usd_per_mwh"].mean > 0
    assert "the pull of AI" in document.in_words[-1]
    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
    assert {total for _, total in told} == {told[-1][1]}


def test_the_instant_comes_from_the_call_else_from_the_file(archive: Archive) -> None:
    at = datetime(2024, 3, 1, tzinfo=UTC)
    file = replace(small("ban", paths=8, days=10), at=at)
    assert simulate(archive, file, threads=1).as_of == at
    assert simulate(archive, file, at=START_AT, threads=1).as_of == START_AT


def test_a_comparison_is_made_from_one_start_with_one_luck(archive: Archive) -> None:
    calm = replace(small("ban", days=90), outages=(), name="calm")
    other = replace(small("ban", paths=3, days=5), seed=9)
    document = simulate(archive, calm, at=START_AT, other=other, threads=1)
    assert document.comparison is not None
    rows = {row.name: row for row in document.comparison.differences}
    least = rows["least_hashrate_ehs"]
    assert least.mean_low < least.mean < least.mean_high < -100
    assert least.less_prob == 1.0
    assert rows["last_converted_gw"].mean == 0.0
    same = course(document, "price_usd_per_btc")
    assert next(each for each in document.comparison.courses if each.name == same.name) == same
    assert "ban" in document.in_words[-1]


def test_the_same_asked_twice_is_the_same(archive: Archive) -> None:
    file = small("winter-storm", paths=16, days=20)
    one, two = (simulate(archive, file, at=START_AT, threads=threads) for threads in (1, 2))
    assert one == two

from __future__ import annotations

import pytest

from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    Heartbeat,
    PriceSpike,
    ReorgDeeper,
    RetargetBeyond,
    Rule,
)
from wattshift.errors import InputError
from wattshift.measures.level.detection import BLOCKS_PER_YEAR


def test_a_rule_about_a_fact_admits_to_no_false_alarm() -> None:
    assert PriceSpike(name="x", above_usd_per_mwh=500.0).false_alarms_per_year_count == 0


def test_declared_rates() -> None:
    assert HashrateDrop(name="x", declared_per_year_count=2.0).false_alarms_per_year_count == 2
    assert HashrateDrop(name="x", declared_per_year_count=2.0).blocks_between == BLOCKS_PER_YEAR // 2
    assert (
        HashrateBelow(name="x", below_ehs=1.0, declared_per_year_count=3.0).false_alarms_per_year_count == 3
    )
    # 26 periods a year, of which one in ten at most is wrong.
    rate = RetargetBeyond(name="x", change_frac=0.05, prob=0.9).false_alarms_per_year_count
    assert rate == pytest.approx(26.07 * 0.1, rel=1e-3)


def test_break_even_is_power_times_efficiency() -> None:
    rule = HashpriceBelowBreakEven(name="x", efficiency_j_per_th=20.0, power_usd_per_mwh=50.0)
    assert rule.break_even_usd_per_ph_day == pytest.approx(24.0)  # 0.48 MWh a day at 50 USD/MWh


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Rule(name=" "), "name"),
        (lambda: Rule(name="x\nresolved by admin"), "name"),
        (lambda: Rule(name="x" * 501), "name"),
        (lambda: Rule(name="x", why="a\x1b[2J"), "why"),
        (lambda: Rule(name="x", for_s=-1.0), "for_s"),
        (lambda: Rule(name="x", clear_for_s=float("nan")), "clear_for_s"),
        (lambda: Rule(name="x", repeat_s=0.0), "repeat_s"),
        (lambda: HashrateBelow(name="x", below_ehs=0.0), "below_ehs"),
        (lambda: HashrateBelow(name="x", below_ehs=1.0, prob=1.0), "clear_prob"),
        (lambda: HashrateBelow(name="x", below_ehs=1.0, prob=0.5, clear_prob=0.6), "clear_prob"),
        (lambda: HashrateBelow(name="x", below_ehs=1.0, prob=95.0), "prob"),
        (lambda: HashrateDrop(name="x", declared_per_year_count=0.0), "declared_per_year_count"),
        (lambda: RetargetBeyond(name="x", change_frac=0.0), "change_frac"),
        (lambda: RetargetBeyond(name="x", change_frac=-0.8), "change_frac"),
        (lambda: PriceSpike(name="x", above_usd_per_mwh=0.5), "above_usd_per_mwh"),
        (lambda: PriceSpike(name="x", above_usd_per_mwh=500.0, clear_usd_per_mwh=600.0), "clear_usd_per_mwh"),
        (lambda: ReorgDeeper(name="x", blocks=-1), "blocks"),
        (lambda: Heartbeat(name="x", every_s=0.0), "every_s"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_key(make: object, key: str) -> None:
    assert callable(make)
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.context["key"] == key
    assert caught.value.hint

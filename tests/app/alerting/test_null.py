"""Declared false-alarm rates are met where the hashrate never changes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from support.faults import scaled
from wattshift.alerts.rule import HashrateBelow, HashrateDrop, PriceSpike, RetargetBeyond, Rule
from wattshift.app.alerting.null import constant_network, false_onsets, has_null, null_row
from wattshift.config.alerts import EXAMPLE_ALERTS, load_alerts
from wattshift.errors import InputError
from wattshift.measures.hashrate import hashrate_of_blocks

YEARS = 10.0
SEEDS = {HashrateBelow: scaled(1, 100), HashrateDrop: scaled(1, 100), RetargetBeyond: scaled(1, 30)}
RULES = [rule for rule in load_alerts(EXAMPLE_ALERTS).rules if has_null(rule)]


@pytest.mark.parametrize("rule", RULES[: scaled(2, 4)], ids=lambda rule: rule.name)
def test_the_shipped_rules_meet_what_they_declare(rule: Rule) -> None:
    row = null_row(rule, years=YEARS, seeds=SEEDS[type(rule)])
    assert row.declared_per_year_count > 0
    assert row.is_met, row
    assert row.n_false == pytest.approx(row.false_per_year_count * row.years)


def test_a_rule_that_declares_too_little_is_found_out() -> None:
    eager = HashrateBelow(
        name="x", below_ehs=1_000.0, prob=0.55, clear_prob=0.5, margin_frac=0.0, declared_per_year_count=0.5
    )
    row = null_row(eager, years=1.0, seeds=1)
    assert row.n_false > 10
    assert not row.is_met


def test_the_simulated_network_is_as_it_should_be() -> None:
    history = constant_network(800.0, years=1.0, rng=np.random.default_rng(1))
    whole = history.whole
    estimate = hashrate_of_blocks(whole, first_height=0, last_height=whole.tip_height)
    assert estimate.low_ehs < 800.0 < estimate.high_ehs
    assert len(set(whole.period_bits)) == len(whole.period_bits), "difficulty moves with luck"
    assert whole.as_of - history.known_at(whole.tip_at).tip_at < timedelta(hours=3)
    assert (np.diff(whole.header_time_s) >= 0).all()


def test_a_seed_replays() -> None:
    rule = HashrateDrop(name="x", declared_per_year_count=50.0)
    counts = [false_onsets(rule, years=2.0, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert counts[0] == counts[1]
    assert counts[0] > 0


def test_a_fact_has_no_null() -> None:
    spike = PriceSpike(name="x", above_usd_per_mwh=500.0)
    assert not has_null(spike)
    with pytest.raises(InputError):
        false_onsets(spike, years=1.0, rng=np.random.default_rng(1))
    with pytest.raises(InputError):
        constant_network(1_000.0, years=0.01, rng=np.random.default_rng(1))

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.alerting import FIRING_RULES, NOW, level_at, news
from wattshift.alerts.finding import Status, evaluate
from wattshift.alerts.observations import LevelSeen, Observations, SourcesSeen
from wattshift.alerts.rule import HashrateBelow, Heartbeat, RetargetBeyond, Rule, SourceStale
from wattshift.errors import InputError
from wattshift.measures.level.posterior import below_prob

PIECES = sorted(FIRING_RULES)
MISSING: dict[str, Any] = {"drops": {}, "power": {}}


@pytest.mark.parametrize("piece", PIECES)
def test_each_kind_fires_on_bad_news_and_is_clear_on_good(piece: str) -> None:
    rule = FIRING_RULES[piece]
    assert evaluate(rule, news(is_bad=True)).status is Status.FIRING
    assert evaluate(rule, news(is_bad=False)).status is Status.CLEAR


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("removed", PIECES)
@pytest.mark.parametrize("is_bad", [True, False])
def test_without_its_input_a_rule_has_no_data_and_without_another_it_does_not_care(
    piece: str, removed: str, is_bad: bool
) -> None:
    rule, whole = FIRING_RULES[piece], news(is_bad=is_bad)
    without: dict[str, Any] = {removed: MISSING.get(removed)}
    seen = replace(whole, **without)
    finding = evaluate(rule, seen)
    if piece == removed:
        assert finding.status is Status.NO_DATA
        assert finding.sure_prob is None
        assert finding.what
    else:
        assert finding == evaluate(rule, whole)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("is_bad", [True, False])
def test_old_evidence_is_no_data(piece: str, is_bad: bool) -> None:
    rule = FIRING_RULES[piece]
    old = news(is_bad=is_bad, age_s=rule.max_age_s + 1)
    assert evaluate(rule, old).status is Status.NO_DATA
    recent = news(is_bad=is_bad, age_s=rule.max_age_s - 1)
    if piece != "sources":  # an old look at a source makes the source older
        assert evaluate(rule, recent).status is (Status.FIRING if is_bad else Status.CLEAR)


def test_a_heartbeat_always_fires() -> None:
    assert evaluate(Heartbeat(name="x"), Observations(at=NOW)).status is Status.FIRING


def test_a_source_that_is_not_there_is_no_data_and_one_that_never_answered_is_stale() -> None:
    rule = SourceStale(name="x", source="core", silent_s=600.0)
    sources = SourcesSeen(at=NOW, answered_at={"other": NOW})
    assert evaluate(rule, Observations(at=NOW, sources=sources)).status is Status.NO_DATA
    never = SourcesSeen(at=NOW, answered_at={"core": None})
    assert evaluate(rule, Observations(at=NOW, sources=never)).status is Status.FIRING


def test_a_rule_of_no_known_kind_is_refused() -> None:
    with pytest.raises(InputError):
        evaluate(Rule(name="x"), Observations(at=NOW))


@given(st.floats(600, 1_600), st.floats(0.005, 0.2), st.booleans())
def test_the_threshold_is_asked_of_the_posterior_with_hysteresis(
    mean_ehs: float, sd_frac: float, is_open: bool
) -> None:
    rule = HashrateBelow(name="x", below_ehs=1_000.0, prob=0.95, clear_prob=0.5)
    state = level_at(mean_ehs, sd_frac)
    finding = evaluate(rule, Observations(at=NOW, level=LevelSeen(at=NOW, state=state)), is_open=is_open)
    sure = below_prob(state, 1_000.0)
    assert finding.sure_prob == sure
    assert (finding.status is Status.FIRING) == (sure > (0.5 if is_open else 0.95))


@given(st.floats(-0.2, 0.2).filter(bool), st.floats(-0.2, 0.2))
def test_an_adjustment_is_counted_by_its_draws(change_frac: float, shift_frac: float) -> None:
    rule = RetargetBeyond(name="x", change_frac=change_frac)
    whole = news(is_bad=True)
    assert whole.retarget is not None
    draws = np.linspace(-0.1, 0.1, 201) + shift_frac
    finding = evaluate(rule, replace(whole, retarget=replace(whole.retarget, change_frac=draws)))
    wanted = sum(each <= change_frac if change_frac < 0 else each >= change_frac for each in draws.tolist())
    assert finding.sure_prob == pytest.approx(wanted / 201)


def test_hashprice_is_uncertain_on_the_side_of_break_even() -> None:
    rule = FIRING_RULES["hashprice"]  # breaks even at 39.6
    whole = news(is_bad=True)
    assert whole.hashprice is not None
    at_even = replace(whole.hashprice, usd_per_ph_day=39.6, low_usd_per_ph_day=38.0, high_usd_per_ph_day=41.0)
    finding = evaluate(rule, replace(whole, hashprice=at_even))
    assert finding.sure_prob == pytest.approx(0.5)
    assert finding.status is Status.CLEAR
    exact = replace(at_even, usd_per_ph_day=39.5, low_usd_per_ph_day=39.5, high_usd_per_ph_day=39.5)
    assert evaluate(rule, replace(whole, hashprice=exact)).sure_prob == 1.0
    # 95 % of a symmetric log error lie below the 97.5 % end's 1.645 / 1.96 of the way.
    edge = replace(at_even, usd_per_ph_day=39.6 / 1.03 ** (1.6449 / 1.95996))
    high = replace(edge, high_usd_per_ph_day=edge.usd_per_ph_day * 1.03)
    assert evaluate(rule, replace(whole, hashprice=high)).sure_prob == pytest.approx(0.95, abs=1e-4)


def test_a_spike_ends_at_its_own_price() -> None:
    rule, whole = FIRING_RULES["power"], news(is_bad=False)
    power = {key: replace(each, price_usd_per_mwh=300.0) for key, each in whole.power.items()}
    assert evaluate(rule, replace(whole, power=power)).status is Status.CLEAR
    assert evaluate(rule, replace(whole, power=power), is_open=True).status is Status.FIRING


def test_a_drop_and_a_reorganisation_are_held_for_a_while() -> None:
    whole = news(is_bad=True)
    for piece in ("drops", "reorg"):
        rule = replace(FIRING_RULES[piece], max_age_s=1e9)
        hold_s = rule.hold_s  # type: ignore[attr-defined]  # both kinds have it
        for later_s, status in ((hold_s - 1, Status.FIRING), (hold_s, Status.CLEAR)):
            seen = replace(whole, at=NOW + timedelta(seconds=later_s))
            assert evaluate(rule, seen).status is status, piece

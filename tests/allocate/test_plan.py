from __future__ import annotations

import dataclasses

import pytest

from wattshift.allocate.plan import Rule, compare, make_plan
from wattshift.allocate.problem import Problem
from wattshift.errors import InputError


def test_comparison_over_uri(uri: Problem) -> None:
    found = compare(uri)
    assert [plan.rule for plan in found.plans] == list(Rule)
    assert found.best.rule is Rule.MERIT
    by_rule = {outcome.rule: outcome for outcome in found.outcomes}
    best, always = by_rule[Rule.MERIT], by_rule[Rule.ALWAYS_MINE]
    assert (best.behind_usd, best.captured_ratio) == (0.0, 1.0)
    assert always.captured_ratio == 0.0
    assert always.mining_hours == 672.0 > best.mining_hours
    for plan, outcome in zip(found.plans, found.outcomes, strict=True):
        assert outcome.behind_usd >= 0.0
        assert outcome.profit_usd == plan.account.profit_usd
        assert outcome.energy_mwh == pytest.approx(outcome.mining_mwh + outcome.ai_mwh)
        assert outcome.captured_ratio is not None
        assert outcome.captured_ratio <= 1.0
    assert by_rule[Rule.STRIKE].behind_usd > 0.0


def test_a_site_without_a_strike(uri: Problem) -> None:
    without = dataclasses.replace(uri, strike_usd_per_mwh=None)
    assert Rule.STRIKE not in [plan.rule for plan in compare(without).plans]
    with pytest.raises(InputError, match=r"mining\.strike_usd_per_mwh"):
        make_plan(without, Rule.STRIKE)


def test_nothing_to_gain(uri: Problem) -> None:
    rows = slice(0, 4)
    calm = dataclasses.replace(
        uri,
        start=uri.start[rows],
        hours=uri.hours[rows],
        spot_usd_per_mwh=uri.spot_usd_per_mwh[rows],
        cap_mw=uri.cap_mw[rows],
        cap_rule=uri.cap_rule[rows],
        uses=tuple(
            dataclasses.replace(use, worth_usd_per_mwh=use.worth_usd_per_mwh[rows]) for use in uri.uses
        ),
    )
    outcomes = {outcome.rule: outcome for outcome in compare(calm).outcomes}
    assert outcomes[Rule.ALWAYS_MINE].behind_usd == 0.0
    assert outcomes[Rule.ALWAYS_MINE].captured_ratio is None

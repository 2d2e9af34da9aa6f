from __future__ import annotations

from datetime import timedelta

import pytest

from support.alerting import FIRING_RULES, NOW, news
from wattshift.alerts.lifecycle import Change, acknowledge
from wattshift.alerts.rule import Rule
from wattshift.alerts.watch import Watch, WatchState
from wattshift.errors import InputError

RULES = tuple(FIRING_RULES.values())


def test_every_rule_is_asked_and_lives_on() -> None:
    watch = Watch(RULES)
    state, events = watch.step(WatchState(), news(is_bad=True), NOW)
    assert [event.rule for event in events] == [rule.name for rule in RULES]
    assert {event.change for event in events} == {Change.ONSET}
    assert all(event.finding is not None and event.finding.what for event in events)
    state, events = watch.step(state, news(is_bad=True), NOW + timedelta(minutes=1))
    assert events == ()
    for minutes in (2, 61, 62):
        at = NOW + timedelta(minutes=minutes)
        state, events = watch.step(state, news(at, is_bad=False), at)
    assert [event.change for event in events] == [Change.RECOVERY] * len(RULES)


def test_a_rule_that_goes_while_its_alert_is_open_is_withdrawn_once() -> None:
    state, _ = Watch(RULES).step(WatchState(), news(is_bad=True), NOW)
    fewer = Watch(RULES[1:])
    state, events = fewer.step(state, news(is_bad=True), NOW)
    assert [(event.change, event.rule) for event in events] == [(Change.WITHDRAWN, RULES[0].name)]
    assert fewer.step(state, news(is_bad=True), NOW)[1] == ()


def test_people_act_on_one_alert() -> None:
    watch = Watch(RULES)
    state, _ = watch.step(WatchState(), news(is_bad=True), NOW)
    after, events = watch.change(
        state, "below", lambda rule, alert: acknowledge(rule, alert, by="ada", now=NOW)
    )
    assert [event.change for event in events] == [Change.ACKNOWLEDGED]
    changed = {name for name in after.alerts if after.alerts[name] != state.alerts[name]}
    assert changed == {"below"}
    with pytest.raises(InputError, match="no rule"):
        watch.change(state, "other", lambda rule, alert: acknowledge(rule, alert, by="ada", now=NOW))


def test_names_are_unique() -> None:
    with pytest.raises(InputError, match="two rules"):
        Watch((Rule(name="x"), Rule(name="x")))

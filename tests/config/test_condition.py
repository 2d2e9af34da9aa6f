from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.alerts.rule import HashrateBelow, PriceSpike, RetargetBeyond, Severity
from wattshift.config.alerts import load_alerts
from wattshift.config.condition import RuleGiven, rule_of
from wattshift.errors import ConfigError, InputError


def read(when: str) -> object:
    return rule_of(RuleGiven(name="x", when=when))


@pytest.mark.parametrize(
    ("when", "below_ehs", "prob"),
    [
        ("P(hashrate < 1 ZH/s) > 0.95", 1000.0, 0.95),
        ("P( hashrate<900.5 EH/s )>95 %", 900.5, 0.95),
        ("P(hashrate < 950000 PH/s) > 0.3", 950.0, 0.3),
    ],
)
def test_a_hashrate_below_a_threshold(when: str, below_ehs: float, prob: float) -> None:
    rule = read(when)
    assert isinstance(rule, HashrateBelow)
    assert rule.below_ehs == pytest.approx(below_ehs)
    assert rule.prob == pytest.approx(prob)
    assert rule.clear_prob <= rule.prob


@pytest.mark.parametrize(
    ("when", "change_frac"),
    [("P(adjustment < -5 %) > 0.9", -0.05), ("P(adjustment > 7.5%) > 90%", 0.075)],
)
def test_an_adjustment_beyond_a_change(when: str, change_frac: float) -> None:
    rule = read(when)
    assert isinstance(rule, RetargetBeyond)
    assert rule.change_frac == pytest.approx(change_frac)
    assert rule.prob == pytest.approx(0.9)


def test_a_price_above_a_threshold_has_no_probability() -> None:
    rule = read("power > 500 USD/MWh")
    assert isinstance(rule, PriceSpike)
    assert (rule.above_usd_per_mwh, rule.group) == (500.0, "power")


@pytest.mark.parametrize(
    "when",
    [
        "",
        "hashrate < 1 ZH/s",
        "P(hashrate > 1 ZH/s) > 0.95",
        "P(hashrate < 1 ZH/s) < 0.95",
        "P(hashrate < 1 ZH/s) > 1",
        "P(hashrate < 1 ZH/s) > 95",
        "P(hashrate < 1 TH/s) > 0.95",
        "P(hashrate < -1 ZH/s) > 0.95",
        "P(hashrate < 1e3 EH/s) > 0.95",
        "P(adjustment < 5 %) > 0.9",
        "P(adjustment > -5 %) > 0.9",
        "P(power > 500 USD/MWh) > 0.9",
        "P(tides < 1 m) > 0.9",
        "P(hashrate < 1 ZH/s) > 0.95 or true",
        "P(hashrate < 1 ZH/s) > 0.95" + " " * 300 + "x",
    ],
)
def test_what_cannot_be_watched_is_refused_with_a_hint(when: str) -> None:
    with pytest.raises(InputError) as caught:
        read(when)
    assert caught.value.hint or caught.value.context


@given(st.text(max_size=300))
def test_no_text_does_harm(when: str) -> None:
    try:
        RuleGiven(name="x", when=when)
    except InputError:
        return
    assert when.strip().startswith(("P(", "power"))


def test_a_file_may_hold_both_forms(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(
        '[[rule]]\nname = "low"\nwhen = "P(hashrate < 1 ZH/s) > 0.95"\nseverity = "critical"\n'
        '[[heartbeat]]\nname = "alive"\n',
        encoding="utf-8",
    )
    low, alive = load_alerts(path).rules
    assert isinstance(low, HashrateBelow)
    assert (low.name, low.severity, alive.name) == ("low", Severity.CRITICAL, "alive")
    path.write_text('[[rule]]\nname = "low"\nwhen = "P(hashrate ~ 1 ZH/s)"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_alerts(path)
    assert caught.value.context["line"] == 3
    assert "P(hashrate < 1 ZH/s)" in str(caught.value.hint)

"""The tolerance policy, step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.claims.claim import Figure, Verdict
from wattshift.claims.quantities import quantities_of
from wattshift.claims.quantity import Amount, Band, Quantity
from wattshift.claims.tolerance import EXACT, Slack, band_of, compare, compare_exact, compare_threshold
from wattshift.claims.unit import Unit

TWO_PERCENT = Slack(margin_frac=0.02)


def stated(text: str) -> Quantity:
    return quantities_of(text)[0]


def band(text: str, *, sign: int = 1) -> Band:
    return band_of(stated(text), sign=sign)


def figure(amount: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(
        estimator="x",
        amount=Amount(amount),
        low=Amount(amount if low is None else low),
        high=Amount(amount if high is None else high),
        unit=Unit.HASHRATE,
        at="then",
    )


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("41.22 EH/s", 41.2249, 41.2349),
        ("41.22 EH/s", 41.229, 41.21),  # cut rather than rounded
        ("992 EH/s", 991.6, 991.4),
        ("about 40 EH/s", 41.22, 43.0),
        ("40 EH/s", 40.4, 41.22),
        ("1 ZH/s", 1_020.0, 1_100.0),  # one digit is no licence for half a zettahash
        ("about 1,100 EH/s", 1_060.0, 1_030.0),
        ("57-129 EH/s", 100.0, 140.0),
    ],
)
def test_what_a_printed_number_stands_for(text: str, inside: float, outside: float) -> None:
    assert band(text).holds(inside)
    assert not band(text).holds(outside)


def test_a_fall_is_a_negative_band() -> None:
    assert band("4.34%", sign=-1).holds(-0.0434)
    assert not band("4.34%", sign=-1).holds(0.0434)


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ("992 EH/s", Verdict.HOLDS),
        ("1,020 EH/s", Verdict.WITHIN_NOISE),
        ("1,100 EH/s", Verdict.DEPENDS),
        ("1,090 EH/s", Verdict.DEPENDS),
        ("1,200 EH/s", Verdict.CONTRADICTED),
        ("917 EH/s", Verdict.WITHIN_NOISE),  # inside the margin of the interval
        ("800 EH/s", Verdict.CONTRADICTED),
    ],
)
def test_the_order_of_verdicts(printed: str, verdict: Verdict) -> None:
    figures = [figure(992, 931, 1_057), figure(1_100)]
    assert compare(band(printed), figures, TWO_PERCENT)[0] is verdict


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ([figure(900, 850, 950)], Verdict.HOLDS),
        ([figure(980, 920, 1_040)], Verdict.WITHIN_NOISE),
        ([figure(980, 920, 1_040), figure(1_050)], Verdict.DEPENDS),
        ([figure(900, 850, 950), figure(1_050)], Verdict.HOLDS),
        ([figure(1_020, 960, 1_090)], Verdict.WITHIN_NOISE),
        ([figure(1_200, 1_100, 1_300)], Verdict.CONTRADICTED),
    ],
)
def test_thresholds(figures: list[Figure], verdict: Verdict) -> None:
    assert compare_threshold(Amount(1_000.0), figures, is_below=True, slack=TWO_PERCENT)[0] is verdict


def test_facts_hold_or_do_not() -> None:
    assert compare_exact(stated("3.28%"), figure(0.0328)) is Verdict.HOLDS
    assert compare_exact(stated("3.3%"), figure(0.0328)) is Verdict.HOLDS
    assert compare_exact(stated("more than 3%"), figure(0.0328)) is Verdict.HOLDS
    assert compare_exact(stated("less than 3%"), figure(0.0328)) is Verdict.CONTRADICTED
    assert compare_exact(stated("4.34%"), figure(0.0328), Slack(least=Amount(0.001))) is Verdict.CONTRADICTED


@given(st.floats(1, 2_000), st.floats(0, 200), st.integers(1, 2_000))
def test_what_holds_is_inside_and_what_is_contradicted_is_outside(
    amount: float, half: float, printed: int
) -> None:
    figures = [figure(amount, amount - half, amount + half)]
    verdict, decisive = compare(band(f"{printed} EH/s"), figures, EXACT)
    assert decisive is figures[0]
    if verdict is Verdict.HOLDS:
        assert abs(printed - amount) <= 0.025 * printed + 1
    if verdict is Verdict.CONTRADICTED:
        assert not amount - half <= printed <= amount + half


@given(st.floats(900, 1_100), st.floats(900, 1_100))
def test_a_statement_and_its_opposite_never_both_hold(amount: float, threshold: float) -> None:
    figures = [figure(amount, amount * 0.99, amount * 1.01)]
    both = {compare_threshold(Amount(threshold), figures, is_below=below)[0] for below in (True, False)}
    assert both != {Verdict.HOLDS}


def test_decimals_are_rounded_however_coarse_they_are() -> None:
    assert band("0.07 EH/s").holds(0.0749)
    assert band("0.07 EH/s").holds(0.0651)
    assert not band("0.07 EH/s").holds(0.0751)
    assert not band("1 EH/s").holds(1.03)

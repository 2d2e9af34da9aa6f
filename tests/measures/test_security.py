"""Published values of double spends, waits and attacks, and the laws that they obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.security import (
    attack_cost,
    confirmation_wait_prob,
    deterred_value_usd,
    double_spend_prob,
    nakamoto_double_spend_prob,
    network_power_mw,
)

SHARES = st.floats(0.001, 0.499)
COUNTS = st.integers(1, 60)


@pytest.mark.parametrize(
    ("share", "confirmations", "published"),
    [  # S. Nakamoto, Bitcoin (2008), section 11
        (0.1, 0, 1.0),
        (0.1, 1, 0.2045873),
        (0.1, 2, 0.0509779),
        (0.1, 5, 0.0009137),
        (0.1, 6, 0.0002428),
        (0.1, 10, 0.0000012),
        (0.3, 5, 0.1773523),
        (0.3, 10, 0.0416605),
        (0.3, 50, 0.0000006),
    ],
)
def test_nakamotos_table(share: float, confirmations: int, published: float) -> None:
    assert published == pytest.approx(nakamoto_double_spend_prob(share, confirmations), abs=6e-8)


@pytest.mark.parametrize(
    ("share", "confirmations", "published"),
    [  # M. Rosenfeld (2012), table of success probabilities; the last two are those of this project's notes
        (0.1, 1, 0.20),
        (0.1, 2, 0.056),
        (0.1, 3, 0.01712),
        (0.2, 2, 0.208),
        (0.3, 1, 0.60),
        (0.1, 6, 0.000591),
        (0.3, 5, 0.1976),
    ],
)
def test_rosenfelds_table(share: float, confirmations: int, published: float) -> None:
    assert published == pytest.approx(double_spend_prob(share, confirmations), rel=1e-3)


@pytest.mark.parametrize(
    ("left_frac", "published"), [(0.0, 0.116), (0.15, 0.225), (0.30, 0.399), (0.50, 0.703)]
)
def test_six_confirmations_beyond_90_minutes(left_frac: float, published: float) -> None:
    prob = confirmation_wait_prob(6, 5_400, mean_interval_s=600 / (1 - left_frac))
    assert published == pytest.approx(prob, abs=6e-4)


def test_what_it_takes_to_match_993_ehs() -> None:
    cost = attack_cost(993, machine_usd_per_th=4, efficiency_j_per_th=19, power_usd_per_mwh=50)
    assert cost.machines_usd == pytest.approx(3.97e9, rel=1e-3)
    assert cost.power_mw == pytest.approx(18_900, rel=2e-3)
    assert cost.energy_usd == pytest.approx(0.94e6, rel=5e-3)


def test_rewards_deter_in_proportion_to_the_length_of_the_attack() -> None:
    assert deterred_value_usd(290_000, attack_blocks=6) == 6 * 290_000


@given(SHARES, COUNTS)
def test_more_confirmations_are_safer(share: float, confirmations: int) -> None:
    assert double_spend_prob(share, confirmations + 1) <= double_spend_prob(share, confirmations)
    assert nakamoto_double_spend_prob(share, confirmations + 1) <= nakamoto_double_spend_prob(
        share, confirmations
    ) * (1 + 1e-9)


@given(SHARES, SHARES, COUNTS)
def test_more_hashrate_is_more_dangerous(one: float, other: float, confirmations: int) -> None:
    low, high = sorted((one, other))
    assert double_spend_prob(low, confirmations) <= double_spend_prob(high, confirmations) + 1e-12


@given(SHARES, COUNTS)
def test_both_formulas_are_probabilities(share: float, confirmations: int) -> None:
    for prob in (double_spend_prob(share, confirmations), nakamoto_double_spend_prob(share, confirmations)):
        assert 0.0 <= prob <= 1.0


def test_the_ends() -> None:
    assert double_spend_prob(0.0, 6) == nakamoto_double_spend_prob(0.0, 6) == 0.0
    assert double_spend_prob(0.5, 6) == nakamoto_double_spend_prob(0.6, 6) == 1.0
    assert double_spend_prob(0.2, 0) == 1.0
    assert confirmation_wait_prob(1, 0, mean_interval_s=600) == 1.0


@pytest.mark.parametrize(("share", "confirmations"), [(-0.1, 6), (1.1, 6), (0.1, -1), (0.1, 10**6)])
def test_nonsense_is_refused(share: float, confirmations: int) -> None:
    with pytest.raises(InputError):
        double_spend_prob(share, confirmations)
    with pytest.raises(InputError):
        nakamoto_double_spend_prob(share, confirmations)


def test_unphysical_attacks_are_refused() -> None:
    with pytest.raises(InputError):
        network_power_mw(0, 19)
    with pytest.raises(InputError):
        attack_cost(993, machine_usd_per_th=0, efficiency_j_per_th=19, power_usd_per_mwh=50)
    with pytest.raises(InputError):
        confirmation_wait_prob(0, 60, mean_interval_s=600)
    with pytest.raises(InputError):
        deterred_value_usd(0, attack_blocks=6)

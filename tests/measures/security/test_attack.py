from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.security.attack import (
    attack_cost,
    attack_surface,
    deterred_value_usd,
    network_power_mw,
    race_length_blocks,
)


def test_what_it_takes_to_match_993_ehs() -> None:
    cost = attack_cost(993, machine_usd_per_th=4, efficiency_j_per_th=19, power_usd_per_mwh=50)
    assert cost.machines_usd == pytest.approx(3.97e9, rel=1e-3)
    assert cost.power_mw == pytest.approx(18_900, rel=2e-3)
    assert cost.energy_usd == pytest.approx(0.94e6, rel=5e-3)
    assert cost.total_usd == cost.machines_usd + cost.energy_usd
    assert (cost.rent_usd, cost.lost_reward_usd, cost.rented_ehs) == (0.0, 0.0, 0.0)


@given(st.floats(1, 2_000), st.floats(0, 3_000), st.floats(1, 100), st.floats(0.1, 100))
def test_what_is_rented_is_not_bought(hashrate: float, idle: float, hashprice: float, hours: float) -> None:
    cost = attack_cost(
        hashrate,
        machine_usd_per_th=4,
        efficiency_j_per_th=19,
        power_usd_per_mwh=50,
        hours=hours,
        idle_ehs=idle,
        hashprice_usd_per_ph_day=hashprice,
    )
    assert cost.bought_ehs + cost.rented_ehs == pytest.approx(hashrate)
    assert cost.rented_ehs == min(idle, hashrate)
    earned = hashrate * 1_000 * hashprice * hours / 24
    assert cost.rent_usd + cost.lost_reward_usd == pytest.approx(earned)
    assert cost.machines_usd == pytest.approx((hashrate - cost.rented_ehs) * 4e6)
    assert cost.energy_usd == pytest.approx((hashrate - cost.rented_ehs) * 19 * 50 * hours)
    assert cost.power_mw == pytest.approx(hashrate * 19)


def test_the_surface_is_the_cost_at_each_point() -> None:
    points = attack_surface(
        [500, 1_000],
        machines_usd_per_th=[4, 20],
        power_usd_per_mwh=[25, 50, 80],
        idle_ehs=[0, 300],
        efficiency_j_per_th=19,
        hashprice_usd_per_ph_day=40,
        hours=6,
    )
    assert len(points) == 2 * 2 * 3 * 2
    for point in points:
        cost = attack_cost(
            point.hashrate_ehs,
            machine_usd_per_th=point.machine_usd_per_th,
            efficiency_j_per_th=19,
            power_usd_per_mwh=point.power_usd_per_mwh,
            hours=6,
            idle_ehs=point.idle_ehs,
            hashprice_usd_per_ph_day=40,
        )
        assert (point.machines_usd, point.total_usd) == (cost.machines_usd, cost.total_usd)
        assert point.running_usd == pytest.approx(cost.energy_usd + cost.rent_usd)


def test_a_surface_is_bounded() -> None:
    with pytest.raises(InputError):
        attack_surface(
            list(range(1, 102)),
            machines_usd_per_th=list(range(1, 101)),
            power_usd_per_mwh=[50],
            idle_ehs=[0],
            efficiency_j_per_th=19,
            hashprice_usd_per_ph_day=40,
        )


@pytest.mark.parametrize("ratio", [1.2, 1.5, 3.0])
@pytest.mark.parametrize("confirmations", [1, 6])
def test_a_race_by_a_majority_replayed(ratio: float, confirmations: int) -> None:
    rng = np.random.default_rng(20_260_119)
    runs, lengths = 4_000, []
    for _ in range(runs):
        clock, honest, own = 0.0, 0, 0
        while honest < confirmations or own <= honest:
            clock += rng.exponential(1 / (1 + ratio))
            if rng.random() < ratio / (1 + ratio):
                own += 1
            else:
                honest += 1
        lengths.append(clock)
    error = float(np.std(lengths)) / math.sqrt(runs)
    assert race_length_blocks(confirmations, attacker_ratio=ratio) == pytest.approx(
        float(np.mean(lengths)), abs=4 * error
    )


@given(st.floats(1.01, 50), st.integers(1, 100))
def test_a_stronger_attacker_is_sooner_done(ratio: float, confirmations: int) -> None:
    length = race_length_blocks(confirmations, attacker_ratio=ratio)
    assert length >= confirmations
    assert race_length_blocks(confirmations, attacker_ratio=ratio * 1.1) <= length + 1e-9
    assert race_length_blocks(confirmations + 1, attacker_ratio=ratio) > length


def test_rewards_deter_in_proportion_to_the_length_of_the_attack() -> None:
    assert deterred_value_usd(290_000, attack_blocks=6) == 6 * 290_000


@pytest.mark.parametrize(
    "figures",
    [
        {"machine_usd_per_th": 0.0},
        {"machine_usd_per_th": math.inf},
        {"efficiency_j_per_th": 0.0},
        {"power_usd_per_mwh": math.nan},
        {"hours": 0.0},
        {"hours": 1e308},
        {"efficiency_j_per_th": 1e308},
        {"power_usd_per_mwh": -1e308},
        {"idle_ehs": -1.0},
        {"idle_ehs": math.nan},
        {"hashprice_usd_per_ph_day": -1.0},
    ],
)
def test_unphysical_attacks_are_refused(figures: dict[str, float]) -> None:
    usual = {"machine_usd_per_th": 4.0, "efficiency_j_per_th": 19.0, "power_usd_per_mwh": 50.0}
    with pytest.raises(InputError):
        attack_cost(993, **{**usual, **figures})


def test_unphysical_races_and_networks_are_refused() -> None:
    for ratio, confirmations in ((1.0, 6), (0.5, 6), (math.nan, 6), (2.0, 0), (2.0, 10**6)):
        with pytest.raises(InputError):
            race_length_blocks(confirmations, attacker_ratio=ratio)
    with pytest.raises(InputError):
        network_power_mw(0, 19)
    with pytest.raises(InputError):
        deterred_value_usd(0, attack_blocks=6)

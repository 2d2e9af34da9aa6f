from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.simulate.grid.headroom import below_peak_mw, freed_mw, headroom


def test_each_half_of_the_year_has_its_peak() -> None:
    below = below_peak_mw(np.array([50.0, 70.0, 60.0, 90.0]), np.array([1, 12, 7, 8]))
    assert below.tolist() == [20.0, 0.0, 30.0, 0.0]


def test_headroom_by_hand() -> None:
    # One hour in a hundred has no room, all others have 10 MW: a load of 10 MW gives up a hundredth.
    found = headroom(np.array([0.0] + [10.0] * 99), curtailed_frac=0.01)
    assert found.load_mw == pytest.approx(10.0)
    assert found.hours == pytest.approx(87.6)
    assert found.mean_cut_frac == pytest.approx(1.0)


@given(st.lists(st.floats(0.0, 1e5), min_size=2, max_size=50), st.floats(0.001, 0.5))
def test_the_load_gives_up_the_share_and_not_more(below: list[float], share: float) -> None:
    hours = np.array(below)
    found = headroom(hours, curtailed_frac=share).load_mw
    if found > 1e-6:
        assert np.maximum(found - hours, 0.0).mean() / found <= share * (1 + 1e-6)
        assert np.maximum(1.01 * found - hours, 0.0).mean() / (1.01 * found) >= share * (1 - 1e-6)


@given(st.lists(st.floats(1.0, 1e5), min_size=5, max_size=40), st.floats(0.0, 1e4), st.integers(0, 4))
def test_freed_is_the_fall_of_the_joint_peak(loads: list[float], power: float, hours: int) -> None:
    load = np.array(loads)
    off = np.argsort(-load)[:hours]
    joint = load + power
    joint[off] -= power
    found = freed_mw(load, power, hours=hours)
    assert found == pytest.approx(load.max() + power - joint.max(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_what_is_no_share(share: float) -> None:
    with pytest.raises(InputError):
        headroom(np.array([1.0, 2.0]), curtailed_frac=share)


def test_hostile_hours() -> None:
    with pytest.raises(InputError):
        below_peak_mw(np.array([1.0, np.nan]), np.array([1, 2]))
    with pytest.raises(InputError):
        headroom(np.array([]), curtailed_frac=0.1)
    for hours, power in ((-1, 1.0), (3, 1.0), (1, -1.0), (1, float("nan"))):
        with pytest.raises(InputError):
            freed_mw(np.ones(3), power, hours=hours)

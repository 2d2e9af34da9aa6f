from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.networks import small_fleet
from wattshift.simulate.fleet import Region
from wattshift.simulate.regions import region_shares

prices = st.none() | st.floats(5.0, 500.0)


def rows_of(regions: tuple[Region, ...]) -> np.ndarray:
    running = small_fleet(regions).running_ehs.sum(axis=1)
    return np.asarray(running / running.sum())


@given(st.lists(st.tuples(st.floats(0.0, 1.0), prices), min_size=1, max_size=5))
def test_each_has_its_share_and_no_price_is_more_than_full(
    asked: list[tuple[float, float | None]],
) -> None:
    total = max(sum(share for share, _ in asked), 1.0)
    regions = tuple(
        Region(name=str(number), share_frac=share / total, power_usd_per_mwh=price)
        for number, (share, price) in enumerate(asked)
    )
    found = region_shares(small_fleet(regions))
    for region in regions:
        assert float(rows_of(regions) @ found[region.name]) == pytest.approx(region.share_frac, abs=1e-9)
        assert (found[region.name] >= 0).all()
    assert (np.array(list(found.values())).sum(axis=0) <= 1 + 1e-9).all()


def test_cheap_regions_stand_where_power_is_cheap() -> None:
    """Two that both want the cheapest power share it: neither gets what the other has."""
    regions = tuple(Region(name=name, share_frac=0.4, power_usd_per_mwh=25.0) for name in ("a", "b"))
    found = region_shares(small_fleet((*regions, Region(name="c", share_frac=0.2))))
    assert found["a"][0] + found["b"][0] == pytest.approx(1.0)
    assert found["a"][0] > found["a"][-1]
    assert found["c"][0] == pytest.approx(0.0, abs=1e-9)


def test_without_a_price_of_its_own_a_region_is_as_the_network() -> None:
    (only,) = region_shares(small_fleet((Region(name="a", share_frac=0.3),))).values()
    assert only == pytest.approx(np.full(4, 0.3))

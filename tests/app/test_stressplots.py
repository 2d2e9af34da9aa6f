from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from wattshift.app.snapshot import Archive
from wattshift.app.stressplots import pools_picture, ribbons_picture
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.pools import UNKNOWN
from wattshift.measures.stress.signals import DIFFICULTY_RIBBON_DAYS
from wattshift.report.plots.pools import OTHERS, PoolsPicture
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def pools(archive: Archive) -> PoolsPicture:
    return pools_picture(archive, at=AT)


def test_shares_add_up_to_one(pools: PoolsPicture) -> None:
    shares = pools.shares.drop("at").to_numpy()
    assert shares.sum(axis=1) == pytest.approx(np.ones(26))
    assert (shares >= 0).all()
    assert pools.shares.columns[-2:] == [OTHERS, UNKNOWN]
    assert len(pools.shares.columns) == 1 + 8 + 2


def test_the_last_shares_are_those_of_the_mix(pools: PoolsPicture) -> None:
    last = pools.shares.row(-1, named=True)
    found = {share.name: share.share_frac for share in pools.mix.pools}
    for name in pools.shares.columns[1:-2]:
        assert last[name] == found.get(name, 0.0)
    assert last["at"] == AT == pools.mix.total.end_at
    assert pools.names["foundryusa"] == "Foundry USA"


def test_concentration_lies_inside_its_interval(pools: PoolsPicture) -> None:
    frame = pools.concentration
    assert (frame["low_ratio"] <= frame["hhi_ratio"]).all()
    assert (frame["hhi_ratio"] <= frame["high_ratio"]).all()
    assert frame["hhi_ratio"][-1] == pools.held.hhi_ratio


def test_pools_are_reproducible(archive: Archive, pools: PoolsPicture) -> None:
    again = pools_picture(archive, at=AT)
    assert again.held == pools.held
    assert again.concentration.equals(pools.concentration)
    assert not pools_picture(archive, at=AT, seed=1).concentration.equals(pools.concentration)


def test_pools_need_two_windows(archive: Archive) -> None:
    with pytest.raises(InputError, match="two windows"):
        pools_picture(archive, at=AT, start_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_ribbons_show_the_same_days_in_all_panels(archive: Archive) -> None:
    picture = ribbons_picture(archive, at=AT, start_at=datetime(2025, 1, 28, tzinfo=UTC))
    days = picture.hashes["day"].to_list()
    assert days == picture.difficulty["day"].to_list() == picture.puell["day"].to_list()
    assert (days[0].isoformat(), days[-1].isoformat()) == ("2025-01-28", "2026-01-27")
    assert [str(length) for length in DIFFICULTY_RIBBON_DAYS] == picture.difficulty.columns[1:]


def test_capitulations_are_the_days_on_which_the_fast_mean_is_lower(archive: Archive) -> None:
    picture = ribbons_picture(archive, at=AT)
    below = picture.hashes.filter(picture.hashes["fast_ehs"] < picture.hashes["slow_ehs"]).height
    assert below == sum(run.days for run in picture.capitulations) > 0


def test_ribbons_need_days_before_them(archive: Archive) -> None:
    with pytest.raises(OutOfSpan, match="200 days"):
        ribbons_picture(
            archive, at=datetime(2020, 6, 1, tzinfo=UTC), start_at=datetime(2020, 2, 1, tzinfo=UTC)
        )

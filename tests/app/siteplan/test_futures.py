"""Futures of a window: what they know, and where they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from wattshift.app.siteplan.futures import MAX_FUTURES, Futures, draw_futures
from wattshift.app.snapshot import Archive
from wattshift.assets.tariff import Tariff
from wattshift.clock import Window
from wattshift.config import load_site
from wattshift.errors import InputError, OutOfSpan
from wattshift.store.bundled import BundledStore

MINER = load_site(Path(__file__).parents[3] / "examples" / "miner-battery-10mw.toml")
AT = datetime(2026, 1, 24, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def drawn(
    archive: Archive, *, at: datetime = AT, length: timedelta = DAY, count: int = 8, seed: int = 0
) -> Futures:
    window = Window(start_at=at, end_at=at + length)
    return draw_futures(archive.as_of(at), MINER, window, count=count, seed=seed)


def test_they_cover_the_window_in_the_order_of_price(archive: Archive) -> None:
    futures = drawn(archive, length=2 * DAY)
    assert futures.window == Window(start_at=AT, end_at=AT + 2 * DAY)
    assert futures.price_usd_per_mwh.shape == futures.hashprice_usd_per_ph_day.shape == (8, 192)
    assert (np.diff(futures.price_usd_per_mwh.mean(axis=1)) >= 0.0).all()
    assert futures.occurs_prob.sum() == pytest.approx(1.0)
    mean = futures.occurs_prob @ futures.price_usd_per_mwh
    np.testing.assert_allclose(futures.intervals["price_usd_per_mwh"].to_numpy(), mean)


def test_the_hashprice_is_known_today_and_moves_at_midnight(archive: Archive) -> None:
    at = AT + timedelta(hours=18)
    hashprice = drawn(archive, at=at, count=30).hashprice_usd_per_ph_day
    known = archive.as_of(at).hashprice.usd_per_ph_day
    np.testing.assert_allclose(hashprice[:, :24], known, rtol=1e-12)
    assert len(set(hashprice[:, 24].tolist())) > 5
    assert (hashprice[:, 24:] == hashprice[:, 24:25]).all()


def test_a_seed_is_all_that_chance_is(archive: Archive) -> None:
    one, same, other = drawn(archive), drawn(archive), drawn(archive, seed=1)
    assert one.price_usd_per_mwh.tobytes() == same.price_usd_per_mwh.tobytes()
    assert one.price_usd_per_mwh.tobytes() != other.price_usd_per_mwh.tobytes()


def test_between_two_intervals_the_next_one_is_the_first(archive: Archive) -> None:
    futures = drawn(archive, at=AT + timedelta(minutes=7))
    assert futures.window.start_at == AT + timedelta(minutes=15)
    assert futures.window.end_at <= AT + timedelta(minutes=7) + DAY
    assert futures.intervals.height == 95


def test_no_price_passes_the_markets_cap(archive: Archive) -> None:
    """The day after the worst of the storm of 2021, whose errors are all there is to draw from."""
    at = datetime(2021, 2, 17, tzinfo=UTC)
    futures = drawn(archive, at=at, count=30)
    assert futures.price_usd_per_mwh.max() <= 9_000.0
    assert futures.price_usd_per_mwh.min() >= -251.0
    assert drawn(archive, at=AT, count=30).price_usd_per_mwh.max() <= 5_000.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 1},
        {"count": MAX_FUTURES + 1},
        {"seed": -1},
        {"length": timedelta(days=8)},
        {"length": timedelta(minutes=5)},
        {"at": datetime(2021, 1, 9, tzinfo=UTC)},
    ],
)
def test_what_is_refused(archive: Archive, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        drawn(archive, **wrong)  # type: ignore[arg-type]  # one key each


def test_prices_must_be_known_up_to_the_window(archive: Archive) -> None:
    at = datetime(2020, 6, 1, tzinfo=UTC)
    with pytest.raises(OutOfSpan):
        drawn(archive, at=at)


def test_few_are_as_dear_as_many(archive: Archive) -> None:
    """Before they were stretched they were several per cent cheaper in the mean of these days."""
    days = [AT - number * 14 * DAY for number in range(4)]
    means = [
        [float(futures.occurs_prob @ futures.price_usd_per_mwh.mean(axis=1)) for futures in (few, many)]
        for few, many in (
            (drawn(archive, at=at, count=30), drawn(archive, at=at, count=MAX_FUTURES)) for at in days
        )
    ]
    for few, many in means:
        assert few == pytest.approx(many, rel=0.01)


def test_a_fixed_price_has_one_future_of_prices(archive: Archive) -> None:
    import dataclasses

    site = dataclasses.replace(MINER, tariff=Tariff(price_usd_per_mwh=50.0))
    window = Window(start_at=AT, end_at=AT + 2 * DAY)
    futures = draw_futures(archive.as_of(AT), site, window, count=5, seed=0)
    assert (futures.price_usd_per_mwh == 50.0).all()
    assert futures.price_usd_per_mwh.shape == (5, 48)
    assert len(set(futures.hashprice_usd_per_ph_day[:, -1].tolist())) > 1

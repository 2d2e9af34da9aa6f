from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from wattshift.measures.gpus import gpu_asks
from wattshift.store.bundled import BundledStore
from wattshift.tables import UTC_INSTANT

AT = datetime(2026, 8, 1, tzinfo=UTC)


def asks(*rows: tuple[int, str, str, str, float]) -> pl.DataFrame:
    ages, providers, gpus, kinds, prices = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "known_at": pl.Series([AT - timedelta(days=age) for age in ages], dtype=UTC_INSTANT),
            "provider": providers,
            "gpu": gpus,
            "kind": kinds,
            "price_usd_per_gpu_h": prices,
        }
    )


def test_one_price_a_provider_and_the_newest_of_each() -> None:
    frame = asks(
        (9, "a", "H100", "on_demand", 9.0),
        (1, "a", "H100_SXM", "on_demand", 2.0),
        (2, "b", "H100", "on_demand", 3.0),
        (3, "c", "H100_PCIE", "on_demand", 4.0),
        (3, "d", "H1000", "on_demand", 99.0),
        (3, "e", "H100", "spot", 0.5),
    )
    found = gpu_asks(frame, AT, gpu="H100")
    assert found is not None
    assert found.providers == 3
    assert found.median_usd_per_gpu_h == 3.0
    assert (found.low_usd_per_gpu_h, found.high_usd_per_gpu_h) == (2.5, 3.5)
    assert found.newest_at == AT - timedelta(days=1)


def test_fewer_than_three_providers_say_nothing() -> None:
    frame = asks((1, "a", "H100", "on_demand", 2.0), (1, "b", "H100", "on_demand", 3.0))
    assert gpu_asks(frame, AT, gpu="H100") is None


@pytest.mark.parametrize("age", [-1, 61])
def test_neither_later_nor_older_than_sixty_days(age: int) -> None:
    frame = asks(*((age, name, "H100", "on_demand", 2.0) for name in "abc"))
    assert gpu_asks(frame, AT, gpu="H100") is None


def test_bundled_h100_prices_of_summer_2026(store: BundledStore) -> None:
    found = gpu_asks(store.read("gpu_prices"), AT, gpu="H100")
    assert found is not None
    assert found.providers > 10
    assert 1.5 < found.low_usd_per_gpu_h < found.median_usd_per_gpu_h < found.high_usd_per_gpu_h < 8.0

from __future__ import annotations

import pytest

from wattshift.assets.tariff import PowerBlock, Tariff
from wattshift.errors import InputError
from wattshift.value.grid import grid_value


def tariff(*, resale: bool | None) -> Tariff:
    block = (
        None
        if resale is None
        else PowerBlock(block_mw=10.0, block_usd_per_mwh=40.0, resale=resale, resale_fee_usd_per_mwh=2.0)
    )
    return Tariff(price_usd_per_mwh=30.0, adder_usd_per_mwh=5.0, block=block)


@pytest.mark.parametrize(
    ("resale", "spot", "expected"),
    [
        (None, 30.0, (35.0, None, None)),
        (False, 30.0, (35.0, None, 5.0)),
        (True, 30.0, (35.0, 28.0, 33.0)),
        (True, 1.0, (6.0, 0.0, 5.0)),
        (True, -30.0, (-25.0, 0.0, 5.0)),
    ],
)
def test_what_one_mwh_costs_saves_and_brings(
    resale: bool | None, spot: float, expected: tuple[float, float | None, float | None]
) -> None:
    value = grid_value(tariff(resale=resale), spot)
    found = (value.delivered_usd_per_mwh, value.resale_usd_per_mwh, value.block_use_usd_per_mwh)
    assert found == expected


def test_nan_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        grid_value(tariff(resale=None), float("nan"))

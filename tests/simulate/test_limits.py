from __future__ import annotations

import pytest

from wattshift.errors import InputError
from wattshift.simulate.limits import require_within


@pytest.mark.parametrize("value", [1.0, 1.5, 2.0])
def test_what_lies_within_passes(value: float) -> None:
    require_within("price_usd_per_btc", value, 1.0, 2.0)


@pytest.mark.parametrize("value", [0.999, 2.001, float("nan"), float("inf"), float("-inf")])
def test_what_does_not_is_refused_by_its_key(value: float) -> None:
    with pytest.raises(InputError, match="between 1 and 2") as caught:
        require_within("price_usd_per_btc", value, 1.0, 2.0)
    assert caught.value.context["key"] == "price_usd_per_btc"

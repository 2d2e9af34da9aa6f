from __future__ import annotations

import pytest

from wattshift.assets.calendar import Weekday, require_range
from wattshift.errors import InputError


def test_the_week_starts_on_monday() -> None:
    assert [day.value for day in Weekday] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def test_both_ends_of_a_range_belong_to_it() -> None:
    require_range("months", (1, 12), 1, 12)
    for value in (0, 13):
        with pytest.raises(InputError, match="between 1 and 12"):
            require_range("months", (1, value), 1, 12)

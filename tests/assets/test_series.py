from __future__ import annotations

from support.refusals import refuses
from wattshift.assets.series import Series


def test_a_series_needs_a_name() -> None:
    assert Series(name="wind").file is None
    refuses(Series(name="wind"), {"name": " "}, "name", "empty")

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from wattshift.tables import TABLES
from wattshift.tables.quantities import COLUMNS, QUANTITIES, SERIES

each_quantity = pytest.mark.parametrize("name", sorted(QUANTITIES))


@each_quantity
def test_a_band_is_in_order_and_says_why(name: str) -> None:
    entry = QUANTITIES[name]
    assert entry.bands
    for band in entry.bands:
        assert band.low <= band.high
        assert 0 <= band.usual_low <= band.usual_high
        assert band.usual_high <= max(abs(band.low), abs(band.high))
        assert band.unit == entry.unit
        assert band.reason
    assert all(sooner.since < later.since for sooner, later in pairwise(entry.bands))
    assert entry.bands[-1].low <= entry.typical <= entry.bands[-1].high


@each_quantity
def test_a_slip_can_be_undone_and_is_told_from_every_other(name: str) -> None:
    entry = QUANTITIES[name]
    assert entry.slips
    for slip in entry.slips:
        given = slip.given / entry.typical if slip.inverse else slip.given * entry.typical
        assert slip.undo(given) == pytest.approx(entry.typical)
        assert slip.unit != entry.unit
        assert slip.cure
    assert len({slip.unit for slip in entry.slips}) == len(entry.slips)


@each_quantity
def test_the_levels_leave_room_for_real_moves(name: str) -> None:
    entry = QUANTITIES[name]
    assert entry.rise >= 2
    assert 0 <= entry.fall <= 0.25
    assert entry.n_batch >= 1
    assert math.isfinite(entry.rise)


def test_every_column_of_a_price_a_power_or_a_fee_has_a_quantity() -> None:
    units = {"USD/BTC", "USD/MWh", "USD/GPU-h", "MW", "sat", "J/TH", "TH/s", "USD/TH", "bn USD", "M USD/MW"}
    for table in TABLES.values():
        if table.name == "venue_quotes":
            continue
        missing = [column.name for column in table.columns if column.unit in units]
        assert set(missing) <= set(COLUMNS.get(table.name, {})), table.name


def test_columns_and_series_are_those_of_the_dictionary() -> None:
    for name, columns in COLUMNS.items():
        assert set(columns) <= set(TABLES[name].schema), name
        assert set(columns.values()) <= set(QUANTITIES)
    for name, keys in SERIES.items():
        assert keys
        assert set(keys) <= set(TABLES[name].schema), name
        assert name in COLUMNS

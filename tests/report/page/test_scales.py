from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import CheckFailed, InputError
from wattshift.report.page.scales import (
    LinearScale,
    SymlogScale,
    Tick,
    TimeScale,
    figure_scale,
    nice_scale,
    trimmed_scale,
)

FIGURES = st.floats(-1e15, 1e15, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-9)


def instants() -> st.SearchStrategy[datetime]:
    return st.integers(1_230_940_800, 2_208_988_800).map(lambda second: datetime.fromtimestamp(second, UTC))


def assert_good(ticks: tuple[Tick, ...]) -> None:
    assert 3 <= len(ticks) <= 8
    assert all(0 <= tick.position_frac <= 1 for tick in ticks)
    assert all(left.position_frac < right.position_frac for left, right in pairwise(ticks))


def figure_of(label: str) -> float:
    return float(label.replace(",", "").replace("\N{MINUS SIGN}", "-"))


@given(FIGURES, FIGURES)
def test_ticks_of_any_domain(first: float, last: float) -> None:
    for scale in (LinearScale((first, last)), SymlogScale((first, last))):
        assert_good(scale.ticks())
        assert len({tick.label for tick in scale.ticks()}) == len(scale.ticks())


@given(FIGURES)
def test_a_domain_without_length_is_widened(figure: float) -> None:
    scale = LinearScale((figure, figure))
    assert scale.domain[0] < figure < scale.domain[1]
    assert_good(scale.ticks())


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e6))
def test_a_label_says_where_its_tick_stands(low: float, length: float) -> None:
    for scale in (LinearScale((low, low + length)), SymlogScale((low, low + length))):
        for tick in scale.ticks():
            assert scale(figure_of(tick.label)) == pytest.approx(tick.position_frac, abs=1e-6)


@given(FIGURES, FIGURES, st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_scales_keep_the_order_and_meet_their_ends(first: float, last: float, shares: list[float]) -> None:
    for scale in (LinearScale((first, last)), SymlogScale((first, last))):
        low, high = scale.domain
        assert scale(low) == pytest.approx(0, abs=1e-9)
        assert scale(high) == pytest.approx(1)
        placed = [scale(low + share * (high - low)) for share in sorted(shares)]
        assert all(left <= right + 1e-12 for left, right in pairwise(placed))


def test_familiar_ticks() -> None:
    assert [tick.label for tick in LinearScale((0, 100)).ticks()] == ["0", "20", "40", "60", "80", "100"]
    minus = "\N{MINUS SIGN}"
    labels = [tick.label for tick in SymlogScale((-251, 939)).ticks()]
    assert labels == [f"{minus}100", f"{minus}10", "0", "10", "100"]


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_figures_that_are_none_are_refused(figure: float) -> None:
    with pytest.raises(CheckFailed):
        LinearScale((0, 1))(figure)
    with pytest.raises(CheckFailed):
        SymlogScale((0, 1))(figure)
    with pytest.raises(CheckFailed):
        LinearScale((figure, 1))


@given(instants(), st.floats(0, 9.0))
def test_ticks_of_any_stretch_of_time(first: datetime, magnitude: float) -> None:
    scale = TimeScale((first, first + timedelta(seconds=10**magnitude)))
    assert_good(scale.ticks())
    assert scale(scale.domain[0]) == 0
    assert scale(scale.domain[1]) == 1


def test_familiar_marks_of_time() -> None:
    end = datetime(2026, 1, 19, 12, tzinfo=UTC)
    labels = [tick.label for tick in TimeScale((end - timedelta(days=30), end)).ticks()]
    assert labels == ["22 Dec", "29 Dec", "5 Jan", "12 Jan", "19 Jan"]  # Mondays
    labels = [tick.label for tick in TimeScale((end - timedelta(days=1), end)).ticks()]
    assert labels == ["12:00", "18:00", "19 Jan", "06:00", "12:00"]
    labels = [tick.label for tick in TimeScale((end - timedelta(days=365), end)).ticks()]
    assert labels[0] == "Mar 2025"


def test_an_instant_needs_a_time_zone() -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(InputError):
        TimeScale((naive, naive))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_a_nice_scale_holds_all_figures(values: list[float]) -> None:
    for zero in (False, True):
        scale = nice_scale(values, zero=zero)
        assert all(0 <= scale(value) <= 1 for value in values)
        assert not zero or 0 <= scale(0) <= 1


def test_a_scale_from_zero_begins_there() -> None:
    assert nice_scale([3, 9], zero=True).domain[0] == 0
    assert nice_scale([-3, -9], zero=True).domain[1] == 0


def test_figures_of_unlike_size_get_a_logarithmic_axis() -> None:
    assert isinstance(figure_scale([52, 84, 97, 34]), LinearScale)
    assert isinstance(figure_scale([52, 84, 97, 34, 931]), SymlogScale)


@given(st.lists(st.floats(-50, 50), min_size=100, max_size=200))
def test_a_trimmed_scale_leaves_out_rare_spikes_only(values: list[float]) -> None:
    spiked = [*values, 9_000.0]
    outside = [value for value in spiked if not 0 <= trimmed_scale(spiked)(value) <= 1]
    assert 9_000.0 in outside
    assert len(outside) <= 0.04 * len(spiked) + 1


def test_without_spikes_nothing_is_trimmed() -> None:
    values = [20.0 + index % 17 for index in range(500)]
    assert all(0 <= trimmed_scale(values)(value) <= 1 for value in values)

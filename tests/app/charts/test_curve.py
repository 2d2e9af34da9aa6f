"""Curves: what is cut, what was known, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.app.charts.curve import MAX_WIDTH_PX, Curve
from wattshift.errors import CheckFailed, InputError

_N = 5_000


def _curve(count: int = _N) -> Curve:
    at_s = np.linspace(0.0, 600.0 * (count - 1), count)
    waves = np.sin(np.arange(count) / 50)
    return Curve(
        name="waves",
        title="Waves",
        unit="EH/s",
        at_s=at_s,
        columns={"mean_ehs": waves, "low_ehs": waves - 1, "high_ehs": waves + 1},
        labels=("mean", "low", "high"),
        is_band=True,
    )


_CURVE = _curve()


def _shares(seed: int, known: int, *, later: float) -> Curve:
    """Six columns of which three are shown; `later` is added to the last column behind the known rows."""
    rng = np.random.default_rng(seed)
    columns = {f"pool{place}_frac": rng.random(50) for place in range(6)}
    columns["pool5_frac"][known:] += later
    return Curve(
        name="pools",
        title="Shares",
        unit="%",
        at_s=np.arange(50.0),
        columns=columns,
        labels=tuple(f"Pool {place}" for place in range(6)),
        most=3,
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 49))
def test_who_leads_is_decided_by_what_was_known(seed: int, known: int) -> None:
    leading = _shares(seed, known, later=0.0).leading(known - 1.0)
    later = _shares(seed, known, later=1e6).leading(known - 1.0)
    assert list(leading.columns) == list(later.columns)
    assert leading.mark == later.mark
    assert leading.labels == tuple(name.replace("pool", "Pool ")[:6] for name in leading.columns)
    sums = [float(column[:known].sum()) for column in leading.columns.values()]
    assert sums == sorted(sums, reverse=True)
    others = [
        float(column[:known].sum())
        for name, column in _shares(seed, known, later=0.0).columns.items()
        if name not in leading.columns
    ]
    assert len(sums) == 3
    assert max(others) <= min(sums)
    assert next(iter(_shares(seed, known, later=1e6).leading(49.0).columns)) == "pool5_frac"


def test_a_curve_all_of_which_is_shown_leads_as_it_is() -> None:
    assert _CURVE.leading(0.0) is _CURVE


_INSTANTS = st.floats(-1e5, 600.0 * _N + 1e5)


@given(_INSTANTS, _INSTANTS, _INSTANTS, st.integers(1, 900))
def test_a_cut_holds_what_is_seen_and_nothing_that_was_not_known(
    one_s: float, other_s: float, until_s: float, width_px: int
) -> None:
    start_s, end_s = sorted((one_s, other_s))
    cut = _CURVE.cut(start_s, end_s, until_s=until_s, width_px=width_px)
    assert (np.diff(cut.at_s) > 0).all()
    assert (cut.at_s <= until_s).all()
    seen = (_CURVE.at_s >= start_s) & (_CURVE.at_s <= end_s) & (_CURVE.at_s <= until_s)
    assert cut.rows == seen.sum()
    if seen.any():
        for name, column in _CURVE.columns.items():
            assert cut.columns[name].min() <= column[seen].min()
            assert cut.columns[name].max() >= column[seen].max()
            assert set(cut.columns[name]) <= set(column)
        beyond = (_CURVE.at_s > end_s) & (_CURVE.at_s <= until_s)
        assert beyond.any() == (cut.at_s[-1] > end_s), "a line reaches the right edge"
    assert len(cut.at_s) <= 3 * 4 * (width_px + 2)


def test_bytes_are_instants_and_then_columns() -> None:
    cut = _CURVE.cut(0, 6_000, until_s=1e9, width_px=100)
    numbers = np.frombuffer(cut.packed(), dtype="<f8").reshape(4, -1)
    assert numbers[0].tolist() == cut.at_s.tolist()
    assert numbers[3].tolist() == cut.columns["high_ehs"].tolist()


def test_before_anything_was_known_nothing_is_shown() -> None:
    cut = _CURVE.cut(0, 1e6, until_s=-1.0, width_px=100)
    assert (cut.rows, len(cut.at_s), cut.packed()) == (0, 0, b"")


@pytest.mark.parametrize(
    ("start_s", "end_s", "width_px"),
    [
        (2.0, 1.0, 100),
        (math.nan, 1.0, 100),
        (0.0, math.inf, 100),
        (0.0, 1.0, 0),
        (0.0, 1.0, -1),
        (0.0, 1.0, MAX_WIDTH_PX + 1),
    ],
)
def test_pictures_that_make_no_sense_are_refused(start_s: float, end_s: float, width_px: int) -> None:
    with pytest.raises(InputError):
        _CURVE.cut(start_s, end_s, until_s=1e9, width_px=width_px)


@pytest.mark.parametrize(
    ("at_s", "column", "labels"),
    [
        ([0.0, 1.0], [1.0], ("one",)),
        ([1.0, 0.0], [1.0, 1.0], ("one",)),
        ([0.0, 1.0], [1.0, math.nan], ("one",)),
        ([0.0, math.nan], [1.0, 1.0], ("one",)),
        ([0.0, 1.0], [1.0, 1.0], ()),
    ],
)
def test_curves_that_make_no_sense_are_refused(
    at_s: list[float], column: list[float], labels: tuple[str, ...]
) -> None:
    with pytest.raises(CheckFailed):
        Curve(
            name="x",
            title="X",
            unit="EH/s",
            at_s=np.array(at_s),
            columns={"mean_ehs": np.array(column)},
            labels=labels,
        )

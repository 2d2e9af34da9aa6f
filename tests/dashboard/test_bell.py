"""The shape of a distribution between its quantiles."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.dashboard.bell import bell_of
from wattshift.measures.level.projection import QUANTILE_PROBS, Forecast, Quantile


def _forecast(changes_frac: list[float]) -> Forecast:
    return Forecast(
        mean_frac=0.0,
        median_frac=changes_frac[len(changes_frac) // 2],
        low_frac=changes_frac[1],
        high_frac=changes_frac[-2],
        level=0.95,
        rise_prob=0.5,
        is_locked_in=False,
        quantiles=tuple(
            Quantile(below_prob=prob, change_frac=change)
            for prob, change in zip(QUANTILE_PROBS, changes_frac, strict=True)
        ),
    )


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.2))
def test_normal_quantiles_give_their_bell(mean_frac: float, spread_frac: float) -> None:
    normal = NormalDist(mean_frac, spread_frac)
    bell = bell_of(_forecast([normal.inv_cdf(prob) for prob in QUANTILE_PROBS]))
    wanted = [normal.pdf(change) / normal.pdf(mean_frac) for change in bell.change_frac]
    assert bell.height_ratio == pytest.approx(wanted, rel=1e-3)


_STEPS = st.lists(st.floats(0.0, 0.05), min_size=len(QUANTILE_PROBS), max_size=len(QUANTILE_PROBS))


@given(_STEPS.filter(lambda steps: sum(steps[6:]) > 1e-6 and sum(steps[1:6]) > 1e-6))
def test_any_quantiles_give_a_density(steps: list[float]) -> None:
    bell = bell_of(_forecast((np.cumsum(steps) - 0.5).tolist()))
    assert (np.diff(bell.change_frac) > 0).all()
    assert min(bell.height_ratio) >= -1e-12
    assert max(bell.height_ratio) == 1


def test_a_skewed_distribution_is_drawn_skewed_and_whole() -> None:
    rng = np.random.default_rng(5)
    draws = 0.1 - rng.lognormal(-2.5, 0.5, 200_000)
    bell = bell_of(_forecast(np.quantile(draws, QUANTILE_PROBS).tolist()))
    changes, heights = np.array(bell.change_frac), np.array(bell.height_ratio)
    peak = float(changes[heights.argmax()])
    assert peak > float(np.median(draws)), "the mode lies on the steep side"
    for prob in (0.025, 0.25, 0.5, 0.75, 0.975):
        below = changes <= float(np.quantile(draws, prob))
        assert heights[below].sum() / heights.sum() == pytest.approx(prob, abs=0.01)

from __future__ import annotations

import dataclasses

import pytest

from wattshift.errors import InputError
from wattshift.measures.level.noise import FITTED, PRIOR


def test_steps_add_up_to_the_stated_noise_and_growth() -> None:
    calm, storm = PRIOR.step_sd_frac
    assert 28 * calm**2 == pytest.approx(PRIOR.calm_sd_frac**2)
    assert 28 * storm**2 == pytest.approx(PRIOR.storm_sd_frac**2)
    grown = dataclasses.replace(PRIOR, growth_frac=0.014)
    assert 56 * grown.step_growth_frac == pytest.approx(0.014)


def test_fitted_models_are_in_order_of_date_and_start_with_the_prior() -> None:
    dates = [since for since, _ in FITTED]
    assert sorted(set(dates)) == dates
    assert FITTED[0] == (0, PRIOR)


@pytest.mark.parametrize(
    ("field", "value"),
    [("calm_sd_frac", 0.0), ("storm_sd_frac", 0.01), ("storm_start_prob", 0.0), ("storm_end_prob", 1.0)],
)
def test_refuses_impossible_noise(field: str, value: float) -> None:
    with pytest.raises(InputError):
        dataclasses.replace(PRIOR, **{field: value})

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from wattshift.assets.kind import UseKind
from wattshift.config import load_site
from wattshift.errors import InputError
from wattshift.value.stack import UseValue, ValueStack, beats_prob, value_stack

SITE = load_site(Path(__file__).parents[2] / "examples" / "houston-100mw.toml")


def stack(spot: float = 35.0, low: float = 38.0, high: float = 42.0) -> ValueStack:
    return value_stack(
        SITE,
        spot_usd_per_mwh=spot,
        hashprice_usd_per_ph_day=40.0,
        low_usd_per_ph_day=low,
        high_usd_per_ph_day=high,
    )


def named(uses: ValueStack, name: str) -> UseValue:
    return next(use for use in uses.uses if use.name == name)


def use(name: str, worth: float, half_width: float, kind: UseKind) -> UseValue:
    return UseValue(
        name=name,
        kind=kind,
        worth_usd_per_mwh=worth,
        low_usd_per_mwh=worth - half_width,
        high_usd_per_mwh=worth + half_width,
        power_usd_per_mwh=40.0,
        capital_usd_per_mwh=0.0,
    )


def test_one_basis_for_all() -> None:
    uses = stack()
    miner = named(uses, "hydro 16 J/TH")
    assert miner.worth_usd_per_mwh == pytest.approx(40.0 * 0.99 * 0.97 / (0.024 * 16.0 * 1.04))
    assert miner.low_usd_per_mwh == pytest.approx(miner.worth_usd_per_mwh * 38.0 / 40.0)
    lease = named(uses, "leased hall")
    assert lease.margin_usd_per_mwh == pytest.approx(1.85e6 * 0.85 / 8_760.0 / 1.25)
    cloud = named(uses, "own GPUs")
    assert cloud.worth_usd_per_mwh == pytest.approx((2.4 * 0.7 - 0.35) / 1.4e-3 / 1.3)
    grid = named(uses, "grid")
    assert (grid.worth_usd_per_mwh, grid.margin_usd_per_mwh) == (41.0, 0.0)
    assert {each.power_usd_per_mwh for each in uses.uses} == {41.0}


def test_ranked_by_margin_and_by_net_of_capital() -> None:
    uses = stack()
    margins = [each.margin_usd_per_mwh for each in uses.uses]
    nets = [each.net_usd_per_mwh for each in uses.by_net]
    assert margins == sorted(margins, reverse=True)
    assert nets == sorted(nets, reverse=True)
    assert uses.uses[0].name == "own GPUs"
    assert uses.by_net[0].name == "hydro 16 J/TH"


def test_dear_power_puts_the_grid_before_mining_but_not_before_a_tenant_who_pays_it() -> None:
    names = [each.name for each in stack(spot=300.0).uses]
    assert names.index("leased hall") < names.index("grid") < names.index("hydro 16 J/TH")
    cheap = named(stack(spot=20.0), "leased hall").margin_usd_per_mwh
    assert named(stack(spot=300.0), "leased hall").margin_usd_per_mwh == pytest.approx(cheap)


def test_probabilities() -> None:
    uses = stack()
    assert uses.beats_prob("hydro 16 J/TH", "air 29.5 J/TH") == 1.0
    assert uses.beats_prob("air 29.5 J/TH", "hydro 16 J/TH") == pytest.approx(0.0)
    assert uses.beats_prob("leased hall", "grid") == 1.0
    both = [uses.beats_prob("leased hall", "own GPUs"), uses.beats_prob("own GPUs", "leased hall")]
    assert sum(both) == pytest.approx(1.0)
    with pytest.raises(InputError, match="the uses are"):
        uses.beats_prob("leased hall", "nothing")


def test_probability_is_that_of_independent_normals() -> None:
    first = use("a", 100.0, 19.6, UseKind.MINING)
    second = use("b", 95.0, 9.8, UseKind.COLOCATION)
    rng = np.random.default_rng(7)
    simulated = (rng.normal(100.0, 10.0, 400_000) > rng.normal(95.0, 5.0, 400_000)).mean()
    assert beats_prob(first, second, level=0.95) == pytest.approx(simulated, abs=0.003)


def test_probability_of_two_mining_classes_moves_with_one_hashprice() -> None:
    first, second = use("a", 100.0, 10.0, UseKind.MINING), use("b", 99.9, 9.99, UseKind.MINING)
    assert beats_prob(first, second, level=0.95) > 0.999
    assert beats_prob(first, first, level=0.95) == 0.5


def test_intervals_must_enclose() -> None:
    with pytest.raises(InputError, match="enclose"):
        stack(low=41.0)
    with pytest.raises(InputError, match="enclose"):
        stack(high=float("nan"))
    with pytest.raises(InputError, match="confidence level"):
        beats_prob(use("a", 1.0, 1.0, UseKind.GRID), use("b", 1.0, 1.0, UseKind.GRID), level=1.0)


def test_a_site_without_a_fleet() -> None:
    site = dataclasses.replace(SITE, mining=None)
    uses = value_stack(
        site,
        spot_usd_per_mwh=35.0,
        hashprice_usd_per_ph_day=40.0,
        low_usd_per_ph_day=40.0,
        high_usd_per_ph_day=40.0,
    )
    assert [each.kind for each in uses.uses] == [UseKind.GPU_CLOUD, UseKind.COLOCATION, UseKind.GRID]
    assert uses.break_evens.classes == ()

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from wattshift.allocate.problem import Problem, Use, build, hall_use, mining_use
from wattshift.assets.kind import UseKind
from wattshift.assets.site import Site
from wattshift.errors import Infeasible, InputError


def test_build_puts_everything_on_the_meter(site: Site, february_2021: pl.DataFrame) -> None:
    problem = build(site, february_2021, hashprice_usd_per_ph_day=45.0)
    assert [use.name for use in problem.uses] == list(site.use_names)
    assert sum(use.capacity_mw for use in problem.uses) == pytest.approx(site.installed_mw)
    assert problem.floor_mw == pytest.approx(16.1)
    lease, cloud, hydro, *_ = problem.uses
    delivered = problem.spot_usd_per_mwh + 6.0
    assert np.allclose(lease.worth_usd_per_mwh - delivered, 1.85e6 * 0.85 / 8_760.0 / 1.25)
    assert np.ptp(cloud.worth_usd_per_mwh) == 0.0
    assert hydro.worth_usd_per_mwh[0] == pytest.approx(45.0 * 0.99 * 0.97 / (0.024 * 16.0 * 1.04))
    assert problem.cap_mw.min() == 45.0
    row = int(problem.cap_mw.argmin())
    assert problem.cap_reason(row) == "the rule 'demand response contract'"
    assert problem.cap_reason(0) == "the grid connection"
    assert problem.start.dtype == np.dtype("datetime64[us]")


def test_hashprice_may_change_with_time(site: Site, february_2021: pl.DataFrame) -> None:
    hashprice = np.linspace(30.0, 60.0, february_2021.height)
    problem = build(site, february_2021, hashprice_usd_per_ph_day=hashprice)
    worth = problem.uses[2].worth_usd_per_mwh
    assert worth[-1] == pytest.approx(2.0 * worth[0])


def test_a_problem_cannot_be_changed(uri: Problem) -> None:
    for array in (uri.start, uri.hours, uri.spot_usd_per_mwh, uri.cap_mw, uri.uses[0].worth_usd_per_mwh):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["price_usd_per_mwh", "hours"])
def test_nan_and_infinity_never_enter(
    site: Site, february_2021: pl.DataFrame, column: str, bad: float
) -> None:
    prices = february_2021.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(bad).otherwise(pl.col(column)).alias(column)
    )
    with pytest.raises(InputError, match="finite"):
        build(site, prices, hashprice_usd_per_ph_day=45.0)


@pytest.mark.parametrize("hashprice", [np.nan, np.inf, -1.0])
def test_bad_hashprices_never_enter(site: Site, february_2021: pl.DataFrame, hashprice: float) -> None:
    with pytest.raises(InputError):
        build(site, february_2021, hashprice_usd_per_ph_day=hashprice)


def test_lengths_must_agree(site: Site, february_2021: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="one hashprice an interval"):
        build(site, february_2021, hashprice_usd_per_ph_day=np.array([40.0, 41.0]))
    with pytest.raises(InputError, match="no prices"):
        build(site, february_2021.head(0), hashprice_usd_per_ph_day=40.0)


def test_gaps_duplicates_and_disorder(site: Site, february_2021: pl.DataFrame) -> None:
    head = february_2021.head(8)
    broken = [pl.concat([head[:3], head[4:]]), pl.concat([head[:3], head[2:]]), head.reverse()]
    for prices in broken:
        with pytest.raises(InputError, match="where the one before it ends"):
            build(site, prices, hashprice_usd_per_ph_day=45.0)
    for hours in (0.0, -0.25):
        with pytest.raises(InputError, match="longer than nothing"):
            build(site, head.with_columns(hours=pl.lit(hours)), hashprice_usd_per_ph_day=45.0)
    with pytest.raises(InputError, match="exceeds one hour"):
        build(site, head.with_columns(hours=pl.lit(2.0)), hashprice_usd_per_ph_day=45.0)


def test_floors_above_a_cap_name_rule_interval_and_key(uri: Problem) -> None:
    cap = uri.cap_mw.copy()
    cap[5] = 16.0
    rule = uri.cap_rule.copy()
    rule[5] = 1
    with pytest.raises(Infeasible, match="the rule 'demand response contract' allows 16 MW") as raised:
        dataclasses.replace(uri, cap_mw=cap, cap_rule=rule)
    assert raised.value.context == {"start": "2021-02-01T01:15:00.000000Z", "key": "rules[1].max_mw"}
    with pytest.raises(Infeasible, match="the grid connection allows 16 MW") as raised:
        dataclasses.replace(uri, cap_mw=cap)
    assert raised.value.context["key"] == "connection_mw"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"uses": ()}, "at least one use"),
        ({"hours": np.full(3, 0.25)}, "one number for each interval"),
        ({"adder_usd_per_mwh": float("nan")}, "must be finite"),
        ({"strike_usd_per_mwh": float("inf")}, "must be finite"),
        ({"connection_mw": 90.0}, "exceeds the connection"),
    ],
)
def test_other_refusals(uri: Problem, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        dataclasses.replace(uri, **change)


def test_repeated_use(uri: Problem) -> None:
    with pytest.raises(InputError, match="same name"):
        dataclasses.replace(uri, uses=(uri.uses[0], uri.uses[0]))


def test_start_must_be_microseconds(uri: Problem) -> None:
    with pytest.raises(InputError, match="datetime64"):
        dataclasses.replace(uri, start=uri.start.astype("datetime64[s]"))


@pytest.mark.parametrize(
    ("floor_mw", "capacity_mw", "kind"),
    [
        (-1.0, 5.0, UseKind.MINING),
        (6.0, 5.0, UseKind.MINING),
        (0.0, np.inf, UseKind.MINING),
        (0.0, np.nan, UseKind.MINING),
        (np.nan, 5.0, UseKind.MINING),
        (0.0, 5.0, UseKind.GRID),
    ],
)
def test_bad_uses(floor_mw: float, capacity_mw: float, kind: UseKind) -> None:
    with pytest.raises(InputError):
        Use(name="a", kind=kind, capacity_mw=capacity_mw, floor_mw=floor_mw, worth_usd_per_mwh=np.ones(3))


def test_a_machine_can_only_mine(site: Site) -> None:
    fleet, miner = site.machines[0]
    assert mining_use(miner, fleet, np.full(3, 40.0)).kind is UseKind.MINING
    with pytest.raises(InputError, match="SHA-256 machines can only mine"):
        hall_use(miner, np.full(3, 40.0))  # type: ignore[arg-type]  # the type checker refuses it too

"""What a site would do without a dispatch: the rules of thumb that the dispatch is compared with.

All keep every limit and every floor. AI halls come first, in the order of the site file, as customers under
contract do; mining takes what is left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, Use
from wattshift.assets.kind import UseKind
from wattshift.errors import InputError

__all__ = ["ai_only", "always_mine", "fleet_average", "foreseen", "lagged", "strike"]


def always_mine(problem: Problem) -> NDArray[np.float64]:
    """Run everything at every price, the best machines first where a limit binds; loads (T, n) [MW]."""
    return _fill(problem, np.ones(problem.hours.size, np.bool_))


def ai_only(problem: Problem) -> NDArray[np.float64]:
    """Serve the halls and mine nothing; loads (T, n) [MW]."""
    return _fill(problem, np.zeros(problem.hours.size, np.bool_))


def strike(
    problem: Problem, strike_usd_per_mwh: float, *, seen_usd_per_mwh: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Mine while the spot price is at or below a typed number; loads (T, n) [MW].

    Args:
        problem: what was asked.
        strike_usd_per_mwh: the number.
        seen_usd_per_mwh: the price that is looked at in each interval, shape (T,); its own unless given.

    Raises:
        InputError: if the strike is not finite.
    """
    if not np.isfinite(strike_usd_per_mwh):
        raise InputError("a strike must be finite", strike_usd_per_mwh=strike_usd_per_mwh)
    seen = problem.spot_usd_per_mwh if seen_usd_per_mwh is None else seen_usd_per_mwh
    return _fill(problem, seen <= strike_usd_per_mwh)


def fleet_average(problem: Problem, seen_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Run the whole fleet or none of it, by the break-even of its average machine; loads (T, n) [MW].

    Args:
        problem: what was asked.
        seen_usd_per_mwh: the spot price that is looked at in each interval, shape (T,).
    """
    miners = [use for use in problem.uses if use.kind is UseKind.MINING]
    if not miners:
        return ai_only(problem)
    capacity_mw = sum(miner.capacity_mw for miner in miners)
    earned = sum(miner.capacity_mw * miner.worth_usd_per_mwh for miner in miners)
    return _fill(problem, seen_usd_per_mwh + problem.adder_usd_per_mwh <= earned / capacity_mw)


def lagged(problem: Problem) -> NDArray[np.float64]:
    """The merit order on the previous interval's price, which is what could be known; loads (T, n) [MW].

    Nothing is known before the first interval: it gets the floors alone.
    """
    spot = problem.spot_usd_per_mwh
    load = foreseen(problem, np.concatenate([spot[:1], spot[:-1]]))
    load[0] = [use.floor_mw for use in problem.uses]
    return load


def foreseen(problem: Problem, forecast_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """The merit order on forecasts of the spot price; loads (T, n) [MW].

    The present interval's limit is obeyed, since the grid's orders arrive in real time.

    Args:
        problem: what was asked.
        forecast_usd_per_mwh: the price expected in each interval, shape (T,).

    Raises:
        InputError: if a forecast is not finite or missing.
    """
    shift = forecast_usd_per_mwh - problem.spot_usd_per_mwh
    seen = Problem(
        start=problem.start,
        hours=problem.hours,
        spot_usd_per_mwh=forecast_usd_per_mwh,
        adder_usd_per_mwh=problem.adder_usd_per_mwh,
        connection_mw=problem.connection_mw,
        cap_mw=problem.cap_mw,
        cap_rule=problem.cap_rule,
        rule_reasons=problem.rule_reasons,
        uses=tuple(_as_seen(use, shift) for use in problem.uses),
        block=problem.block,
    )
    return dispatch(seen).load_mw


def _as_seen(use: Use, shift: NDArray[np.float64]) -> Use:
    """A use at another spot price: the worth of colocation holds the price that the tenant pays."""
    if use.kind is not UseKind.COLOCATION:
        return use
    return Use(
        name=use.name,
        kind=use.kind,
        capacity_mw=use.capacity_mw,
        floor_mw=use.floor_mw,
        worth_usd_per_mwh=use.worth_usd_per_mwh + shift,
    )


def _fill(problem: Problem, mining_runs: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Floors, then halls in order, then machines by falling mean worth while mining runs."""
    uses = problem.uses
    load = np.tile(np.array([use.floor_mw for use in uses]), (problem.hours.size, 1))
    room = problem.cap_mw - problem.floor_mw
    halls = [i for i, use in enumerate(uses) if use.kind is not UseKind.MINING]
    miners = [i for i, use in enumerate(uses) if use.kind is UseKind.MINING]
    miners.sort(key=lambda i: -float(uses[i].worth_usd_per_mwh.mean()))
    for i in (*halls, *miners):
        wanted = np.full_like(room, uses[i].capacity_mw - uses[i].floor_mw)
        if uses[i].kind is UseKind.MINING:
            wanted[~mining_runs] = 0.0
        given = np.clip(wanted, 0.0, np.maximum(room, 0.0))
        load[:, i] += given
        room = room - given
    return load

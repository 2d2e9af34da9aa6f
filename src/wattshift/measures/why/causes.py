"""Why did the hashrate move? Probabilities of causes from a model that can be read.

Bayes' rule over a short list of causes. Priors and likelihoods were set by hand from what each cause is,
not fitted: history holds too few events. `docs/why.md` explains every number. No clue can move the odds
of two causes by more than a stated factor, and a small doubt in the model itself stays with the answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from wattshift.measures.why.clues import Clues

__all__ = ["PRIORS", "Cause", "Evidence", "Reading", "read_cause"]


class Cause(StrEnum):
    """What can move the hashrate."""

    LUCK = "luck"
    CURTAILMENT = "curtailment"
    PRICE_EXIT = "price exit"
    BAN = "ban"
    CONVERSION = "lasting conversion"
    GROWTH = "growth or return"


PRIORS: Mapping[Cause, float] = MappingProxyType(
    {
        Cause.LUCK: 0.70,
        Cause.CURTAILMENT: 0.12,
        Cause.PRICE_EXIT: 0.10,
        Cause.BAN: 0.02,
        Cause.CONVERSION: 0.06,
        Cause.GROWTH: 0.30,
    }
)
"""Before any clue; the five causes of a fall and the two of a rise (luck, growth) each add up to one."""

_FALLS = (Cause.LUCK, Cause.CURTAILMENT, Cause.PRICE_EXIT, Cause.BAN, Cause.CONVERSION)
_RISES = (Cause.LUCK, Cause.GROWTH)
_DOUBT = 0.03
_SIZE_SHAPE = 0.2
_CAP = 3.0
_WIDE_CAP = 5.0
_ELSEWHERE = 0.25
"""Share of curtailments that happen outside the power market whose prices and loads are known."""

_SURE_PROB = 0.6
_PERHAPS_LUCK_PROB = 0.05
_SPEAKS = math.log(1.5)
_QUARTER = timedelta(days=90)

_Weights = dict[Cause, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one clue says.

    Args:
        name: the clue.
        finding: what was found, in words.
        known: whether it was known at all; an unknown clue leaves the odds as they are.
        ln_likelihood: one number for each of the reading's causes, the largest 0.
    """

    name: str
    finding: str
    known: bool
    ln_likelihood: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The verdict.

    Args:
        causes: what was considered, in the order of `cause_prob`.
        cause_prob: their probabilities; they add up to one.
        leading: the most probable cause.
        thin: whether the evidence is too thin to lean on.
        reasons: why it is thin; empty where it is not.
        evidence: what each clue said.
    """

    causes: tuple[Cause, ...]
    cause_prob: tuple[float, ...]
    leading: Cause
    thin: bool
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]

    def arguments(self, cause: Cause) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the clues that speak for a cause, and of those that speak against it.

        A clue speaks where it changes the cause's odds, against all others as the prior weighs them, by a
        factor of 1.5 or more.
        """
        at = self.causes.index(cause)
        gains = {piece.name: _gain(piece.ln_likelihood, self.causes, at) for piece in self.evidence}
        return (
            tuple(name for name, gain in gains.items() if gain >= _SPEAKS),
            tuple(name for name, gain in gains.items() if gain <= -_SPEAKS),
        )

    def prob(self, cause: Cause) -> float:
        """The probability of a cause; 0 for one that cannot move the hashrate this way."""
        return dict(zip(self.causes, self.cause_prob, strict=True)).get(cause, 0.0)


def _gain(ln_likelihood: tuple[float, ...], causes: tuple[Cause, ...], at: int) -> float:
    """Log of a cause's likelihood / the mean of the others', weighted by their priors."""
    others = [
        (PRIORS[cause], math.exp(value))
        for k, (cause, value) in enumerate(zip(causes, ln_likelihood, strict=True))
        if k != at
    ]
    mean = sum(prior * value for prior, value in others) / sum(prior for prior, _ in others)
    return ln_likelihood[at] - math.log(mean)


def read_cause(clues: Clues) -> Reading:
    """Weigh the clues.

    A fall is read among luck, curtailment, price exit, ban and lasting conversion; a rise between luck and
    growth or return, on its size alone.
    """
    fall = clues.move.change_frac < 0
    causes = _FALLS if fall else _RISES
    evidence = [_size(clues, causes), _pace(clues, causes)]
    if fall:
        evidence += [
            _depth(clues),
            _speed(clues),
            _return(clues),
            _grid(clues),
            _zone(clues),
            _pools(clues),
            _mix(clues),
            _margin(clues),
        ]
    total = [math.log(PRIORS[cause]) for cause in causes]
    for piece in evidence:
        total = [old + new for old, new in zip(total, piece.ln_likelihood, strict=True)]
    top = max(total)
    raw = [math.exp(value - top) for value in total]
    probs = tuple(
        (1 - _DOUBT) * value / sum(raw) + _DOUBT * PRIORS[cause]
        for value, cause in zip(raw, causes, strict=True)
    )
    leading = causes[probs.index(max(probs))]
    reasons = _thinness(clues, leading, max(probs), evidence)
    return Reading(
        causes=causes,
        cause_prob=probs,
        leading=leading,
        thin=bool(reasons),
        reasons=reasons,
        evidence=tuple(evidence),
    )


def _thinness(clues: Clues, leading: Cause, prob: float, evidence: list[Evidence]) -> tuple[str, ...]:
    reasons = []
    if prob < _SURE_PROB:
        reasons.append("no cause is clearly ahead")
    if leading is Cause.LUCK:
        return tuple(reasons)
    if clues.move.luck_prob > _PERHAPS_LUCK_PROB:
        reasons.append("luck alone could make a move of this size")
    missing = [piece.name for piece in evidence if not piece.known]
    if len(missing) >= 3:
        reasons.append("not known: " + ", ".join(missing))
    return tuple(reasons)


def _piece(name: str, finding: str, weights: _Weights, *, cap: float = _CAP) -> Evidence:
    """Evidence from log likelihoods, none further than `cap` below the best."""
    best = max(weights.values())
    return Evidence(
        name=name,
        finding=finding,
        known=True,
        ln_likelihood=tuple(max(-cap, value - best) for value in weights.values()),
    )


def _unknown(name: str, finding: str, causes: tuple[Cause, ...] = _FALLS) -> Evidence:
    return Evidence(
        name=name,
        finding=finding,
        known=False,
        ln_likelihood=(0.0,) * len(causes),
    )


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %".replace("-", "\N{MINUS SIGN}")


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "\N{MINUS SIGN}")


def _normal(value: float, mean: float, *sds: float) -> float:
    """Log density of a normal whose variance is the sum of the squares."""
    sd = math.hypot(*sds)
    return -0.5 * ((value - mean) / sd) ** 2 - math.log(sd)


def _here_or_elsewhere(here: float, elsewhere: float) -> float:
    """Log likelihood of curtailment by a clue that sees only one power market."""
    return math.log((1 - _ELSEWHERE) * math.exp(here) + _ELSEWHERE * math.exp(elsewhere))


def _exponential(value: float, mean: float) -> float:
    return -value / mean - math.log(mean)


def _size(clues: Clues, causes: tuple[Cause, ...]) -> Evidence:
    """A p-value is uniform under luck; under anything else Beta(0.2, 1) (Sellke, Bayarri & Berger 2001)."""
    move = clues.move
    prob = max(move.luck_prob, 1e-12)
    moved = math.log(_SIZE_SHAPE) + (_SIZE_SHAPE - 1) * math.log(prob)
    weights = {cause: 0.0 if cause is Cause.LUCK else moved for cause in causes}
    finding = (
        f"{_percent(move.change_frac)} at most, {_signed(move.z)} standard deviations; luck alone {prob:.2g}"
    )
    return _piece("size", finding, weights, cap=20.0)


def _pace(clues: Clues, causes: tuple[Cause, ...]) -> Evidence:
    """The state-space filter's own opinion, counted little because it saw the same blocks."""
    if clues.storm_prob is None:
        return _unknown("regime", "no bin of blocks closed inside the window", causes)
    odds = max(-1.0, min(1.0, math.log(max(clues.storm_prob, 1e-3) / 0.4)))
    weights = {cause: 0.0 if cause is Cause.LUCK else odds for cause in causes}
    return _piece("regime", f"the filter saw fast moves with {_percent(clues.storm_prob)}", weights)


def _depth(clues: Clues) -> Evidence:
    """How deep each cause usually cuts: log-normal around a typical depth.

    A conversion takes a quarter to reach its depth, so a short window shows a part of it.
    """
    move = clues.move
    depth = math.log(max(-move.change_frac, 0.005))
    shown = min(1.0, (move.inside.end_at - move.before.start_at) / _QUARTER)
    typical = {
        Cause.LUCK: (0.12, 0.6),
        Cause.CURTAILMENT: (0.20, 0.6),
        Cause.PRICE_EXIT: (0.15, 0.6),
        Cause.BAN: (0.35, 0.6),
        Cause.CONVERSION: (0.06 * shown, 0.6),
    }
    weights = {cause: _normal(depth, math.log(middle), sd) for cause, (middle, sd) in typical.items()}
    return _piece("depth", f"{_percent(-move.change_frac)} below the level before", weights)


def _speed(clues: Clues) -> Evidence:
    """Breakers open in hours, machines are unplugged over weeks, halls are rebuilt over months."""
    if clues.move.fall_days is None:
        return _unknown("speed", "too small against luck to time the fall")
    days = math.log(max(clues.move.fall_days, 0.25))
    typical = {
        Cause.LUCK: (1.5, 1.0),
        Cause.CURTAILMENT: (1.0, 0.8),
        Cause.PRICE_EXIT: (5.0, 1.2),
        Cause.BAN: (10.0, 0.9),
        Cause.CONVERSION: (30.0, 1.2),
    }
    weights = {cause: _normal(days, math.log(middle), sd) for cause, (middle, sd) in typical.items()}
    return _piece("speed", f"most of the fall took {clues.move.fall_days:.1f} days", weights)


def _return(clues: Clues) -> Evidence:
    """How much came back within two to four weeks."""
    move = clues.move
    if move.returned_frac is None or move.returned_sd_frac is None:
        return _unknown("return", "the weeks after are not known yet")
    typical = {
        Cause.LUCK: (1.0, 0.2),
        Cause.CURTAILMENT: (1.0, 0.25),
        Cause.PRICE_EXIT: (0.5, 0.35),
        Cause.BAN: (0.2, 0.2),
        Cause.CONVERSION: (0.1, 0.25),
    }
    weights = {
        cause: _normal(move.returned_frac, middle, sd, move.returned_sd_frac)
        for cause, (middle, sd) in typical.items()
    }
    back, sd = _percent(move.returned_frac), _percent(move.returned_sd_frac)
    finding = f"{back} \N{PLUS-MINUS SIGN} {sd} was back after two to four weeks"
    return _piece("return", finding, weights)


def _grid(clues: Clues) -> Evidence:
    """Hours in which power cost more than it mined: triangular under curtailment, exponential otherwise."""
    grid = clues.grid
    if grid is None:
        return _unknown("power price", "no power prices are known for the window")
    usual = _exponential(grid.stress_frac, grid.usual_frac) - math.log1p(-math.exp(-1 / grid.usual_frac))
    stressed = math.log(2 * max(grid.stress_frac, 1e-6))
    weights = dict.fromkeys(_FALLS, usual) | {Cause.CURTAILMENT: _here_or_elsewhere(stressed, usual)}
    finding = (
        f"in the worst 48 hours power cost more than it mined {_percent(grid.stress_frac)} of the time"
        f" (usual in such a window {_percent(grid.usual_frac)}; peak {grid.peak_usd_per_mwh:,.0f} against"
        f" {grid.worth_usd_per_mwh:,.0f} USD/MWh)"
    )
    return _piece("power price", finding, weights, cap=_WIDE_CAP)


def _zone(clues: Clues) -> Evidence:
    """The yielding zone's load: as in past stress under curtailment, as in ordinary weeks otherwise."""
    zone = clues.zone
    if zone is None:
        return _unknown("load", "no load zone's reaction to dear power was learnt before")
    past = zone.past
    usual = _normal(zone.change_frac, 0.0, past.sd_frac)
    yielding = _normal(zone.change_frac, past.response_frac, past.sd_frac, 0.15)
    weights = dict.fromkeys(_FALLS, usual) | {Cause.CURTAILMENT: _here_or_elsewhere(yielding, usual)}
    finding = (
        f"load zone {zone.zone} {_percent(zone.change_frac)} against the system"
        f" ({_percent(past.response_frac)} in {past.stressed_hours:,} earlier priced-out hours,"
        f" \N{PLUS-MINUS SIGN} {_percent(past.sd_frac)} in ordinary weeks)"
    )
    return _piece("load", finding, weights)


def _pools(clues: Clues) -> Evidence:
    """The mix moves along past responses under curtailment, and not on purpose otherwise."""
    pools = clues.pools
    if pools is None:
        return _unknown("pools", "no pool's reaction to dear power was learnt before")
    typical = {
        Cause.LUCK: (0.0, 0.2),
        Cause.CURTAILMENT: (1.5, 1.0),
        Cause.PRICE_EXIT: (0.0, 0.6),
        Cause.BAN: (-0.5, 0.8),
        Cause.CONVERSION: (0.5, 0.8),
    }
    weights = {
        cause: _normal(pools.slope_ratio, middle, sd, pools.sd_ratio)
        for cause, (middle, sd) in typical.items()
    }
    finding = (
        f"the mix moved {_signed(pools.slope_ratio)} \N{PLUS-MINUS SIGN} {pools.sd_ratio:.1f} times as in"
        f" {pools.stressed_hours:,} earlier priced-out hours, when {', '.join(pools.exposed)} gave way most"
    )
    return _piece("pools", finding, weights)


def _mix(clues: Clues) -> Evidence:
    """A ban falls on some pools' regions and not on others': the mix of all pools changes."""
    if clues.mix is None:
        return _unknown("mix", "no pool labels are known")
    moved = clues.mix.moved_frac
    weights = dict.fromkeys(_FALLS, _exponential(moved, 0.03)) | {
        Cause.CURTAILMENT: _exponential(moved, 0.04),
        Cause.BAN: _exponential(moved, 0.10),
    }
    return _piece("mix", f"{_percent(moved)} of the blocks changed pools beyond luck", weights)


def _margin(clues: Clues) -> Evidence:
    """Machines that went under water: few unless price, difficulty or a halving squeezed them.

    Nobody leaves over a price who earns: an exit is held against what is under water, and half of the move
    may be luck.
    """
    margin = clues.margin
    if margin is None:
        return _unknown("margin", "too little hashprice history")
    squeezed = margin.squeezed_frac
    room = (margin.now_frac + 0.005) / max(-clues.move.change_frac / 2, 0.005)
    weights = dict.fromkeys(_FALLS, _exponential(squeezed, 0.015)) | {
        Cause.PRICE_EXIT: _exponential(squeezed, 0.06) + math.log(min(1.0, room)),
        Cause.CONVERSION: _exponential(squeezed, 0.03),
    }
    finding = (
        f"hashrate under water {_percent(margin.before_frac)} then {_percent(margin.now_frac)}"
        f" (hashprice {margin.before_usd_per_ph_day:.0f} then {margin.now_usd_per_ph_day:.0f} USD/PH/day)"
    )
    return _piece("margin", finding, weights, cap=_WIDE_CAP)

"""What rules say where there is nothing to say: a simulated network whose hashrate never changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import HashrateBelow, HashrateDrop, RetargetBeyond, Rule
from wattshift.app.alerting.chaineye import ChainEye
from wattshift.app.alerting.running import run_rules, spans_of
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import retarget
from wattshift.chain.target import Bits, Target, bits_to_difficulty, bits_to_work, target_to_bits
from wattshift.clock import Window, to_unix
from wattshift.errors import InputError
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.statespace import filter_level
from wattshift.report.documents.alerts import NullRow
from wattshift.units import BLOCK_SPACING_S, HASHES_PER_EH

__all__ = ["constant_network", "false_onsets", "has_null", "null_row"]

_START_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""The filter's newest noise model holds from then on."""
_WARM_UP = timedelta(days=60)
_YEAR_S = 365 * 86_400.0
_LUCK_PROB = 1e-3
_DRAWS = 256
"""Fewer than a live watch draws: a noisier probability crosses a threshold more often, not less."""


def has_null(rule: Rule) -> bool:
    """Whether a rule rests on an estimate, so that it can be wrong at constant hashrate."""
    return isinstance(rule, HashrateBelow | HashrateDrop | RetargetBeyond)


def constant_network(hashrate_ehs: float, *, years: float, rng: np.random.Generator) -> BlockHistory:
    """A chain whose blocks are found at a constant hashrate, retargets and their luck included.

    Args:
        hashrate_ehs: the hashrate [EH/s].
        years: its length.
        rng: the source of randomness.

    Raises:
        InputError: if it is shorter than a tenth of a year or longer than a hundred years.
    """
    if not 0.1 <= years <= 100:
        raise InputError("a null simulation spans 0.1 to 100 years", years=years, hint="write 10")
    count = int(years * _YEAR_S / BLOCK_SPACING_S)
    bits = target_to_bits(Target(int(2**256 / (hashrate_ehs * HASHES_PER_EH * BLOCK_SPACING_S))))
    interval = MAINNET.retarget_interval
    times: list[NDArray[np.int64]] = []
    all_bits: list[Bits] = []
    last_s = to_unix(_START_AT)
    for _ in range(0, count, interval):
        all_bits.append(bits)
        spacing_s = float(bits_to_work(bits)) / (hashrate_ehs * HASHES_PER_EH)
        exact_s = last_s + np.cumsum(rng.exponential(spacing_s, interval))
        times.append(exact_s.astype(np.int64))
        last_s = float(exact_s[-1])
        bits = retarget(
            first_time_s=int(times[-1][0]),
            last_time_s=int(times[-1][-1]),
            first_bits=bits,
            last_bits=bits,
            network=MAINNET,
        )
    header_time_s = np.concatenate(times)
    work = np.repeat([float(bits_to_work(each)) for each in all_bits], interval)
    return BlockHistory(
        whole=KnownBlocks(
            network=MAINNET,
            as_of=datetime.fromtimestamp(int(header_time_s[-1]), UTC),
            first_height=0,
            header_time_s=header_time_s,
            work_hashes=work,
            running_max_s=np.maximum.accumulate(header_time_s),
            period_bits=tuple(all_bits),
        )
    )


def false_onsets(rule: Rule, *, years: float, rng: np.random.Generator) -> int:
    """How often a rule is wrong at constant hashrate.

    A threshold lies `margin_frac` below the hashrate. An alert of an adjustment is wrong if the adjustment
    that came was smaller: at constant hashrate luck alone moves difficulty by 3 %, and that is no error.

    Raises:
        InputError: if the rule rests on no estimate.
    """
    if not has_null(rule):
        raise InputError("this rule rests on no estimate", rule=rule.name, hint="it cannot be wrong by luck")
    hashrate_ehs = rule.below_ehs * (1 + rule.margin_frac) if isinstance(rule, HashrateBelow) else 1_000.0
    history = constant_network(hashrate_ehs, years=years + _WARM_UP.days / 365, rng=rng)
    whole = history.whole
    level = filter_level(arrivals_of(whole.header_time_s, whole.work_hashes, whole.first_height))
    eye = ChainEye(history, level, (rule,), draws=_DRAWS)

    def look(at: datetime, _rules: Collection[Rule]) -> Observations:
        match rule:
            case HashrateBelow():
                return Observations(at=at, level=eye.see_level(at))
            case HashrateDrop():
                return Observations(at=at, drops=eye.see_drops(at))
            case _:
                return Observations(at=at, retarget=eye.see_retarget(at))

    window = Window(start_at=_START_AT + _WARM_UP, end_at=history.newest_at)
    onsets = [span.onset.at for span in spans_of(run_rules((rule,), look, window)[rule.name])]
    if isinstance(rule, RetargetBeyond):
        return sum(_is_wrong(rule, eye, at) for at in onsets)
    return len(onsets)


def null_row(rule: Rule, *, years: float, seeds: int) -> NullRow:
    """A rule at constant hashrate, over some simulations.

    Args:
        rule: the rule.
        years: of each simulation.
        seeds: how many.

    Raises:
        InputError: as `false_onsets`.
    """
    from scipy.stats import poisson

    count = sum(
        false_onsets(rule, years=years, rng=np.random.default_rng((7, seed))) for seed in range(seeds)
    )
    declared = rule.false_alarms_per_year_count
    total_years = years * seeds
    return NullRow(
        years=total_years,
        seeds=seeds,
        n_false=count,
        false_per_year_count=count / total_years,
        declared_per_year_count=declared,
        is_met=bool(count == 0 or poisson.sf(count - 1, declared * total_years) >= _LUCK_PROB),
    )


def _is_wrong(rule: RetargetBeyond, eye: ChainEye, at: datetime) -> bool:
    whole = eye.history.whole
    height = eye.see_retarget(at).height
    if height > whole.tip_height:
        return False  # not decided yet
    change = bits_to_difficulty(whole.bits_at(height)) / bits_to_difficulty(whole.bits_at(height - 1)) - 1
    return change > rule.change_frac if rule.change_frac < 0 else change < rule.change_frac

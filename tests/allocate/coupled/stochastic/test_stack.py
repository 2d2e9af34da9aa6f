"""The stacked program against the same thing written down the slow way."""

from __future__ import annotations

import numpy as np
import pytest

from support.futures import random_futures
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.program import Program
from wattshift.allocate.coupled.stochastic.firststage import FirstStage, ties_of
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.stack import elastic, imposed, stack


def dense(program: Program) -> np.ndarray:
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    matrix = np.zeros((program.row_low.size, program.cost_usd.size))
    np.add.at(matrix, (rows, program.column), program.value)
    return matrix


@pytest.mark.parametrize("seed", range(20))
def test_each_scenario_is_its_own_program_on_the_diagonal(seed: int) -> None:
    futures = random_futures(seed, 3)
    stage = FirstStage(decided_until=2, batteries=True)
    stacked = stack(futures, stage, Risk(aversion_frac=0.25), [{}] * 3)
    whole, row = dense(stacked.program), 0
    for scenario, block in zip(futures.scenarios, stacked.blocks, strict=True):
        alone, _ = formulate(scenario.problem)
        own = dense(alone)
        rows = slice(row, row + own.shape[0])
        columns = slice(block.first, block.first + block.count)
        np.testing.assert_array_equal(whole[rows, columns], own)
        assert not np.delete(whole[rows], np.arange(columns.start, columns.stop), axis=1).any()
        np.testing.assert_array_equal(stacked.program.low[columns], alone.low)
        np.testing.assert_array_equal(stacked.program.high[columns], alone.high)
        np.testing.assert_array_equal(stacked.program.whole[columns], alone.whole)
        share = 0.75 * scenario.occurs_prob
        np.testing.assert_allclose(stacked.program.cost_usd[columns], share * alone.cost_usd)
        tied = sum(tie.at.size for tie in ties_of(scenario.problem, block.columns, stage))
        tail = whole[row + own.shape[0] + tied]
        priced = np.abs(alone.cost_usd) >= 1e-9
        np.testing.assert_array_equal(tail[columns], np.where(priced, alone.cost_usd, 0.0))
        row += own.shape[0] + tied + 1
    assert row == stacked.program.row_low.size
    offsets = [formulate(each.problem)[0].offset_usd * each.occurs_prob for each in futures.scenarios]
    assert stacked.program.offset_usd == pytest.approx(0.75 * sum(offsets))


def test_without_aversion_there_is_no_tail() -> None:
    stacked = stack(random_futures(4, 3), FirstStage(), Risk(), [{}] * 3)
    assert "value at risk" not in {label.kind for label in stacked.program.columns}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_imposed_is_done_and_what_can_be_done_is_not_broken(seed: int) -> None:
    futures = random_futures(seed, 2, whole=False)
    stage = FirstStage(decided_until=3, batteries=True)
    stacked = stack(futures, stage, Risk(), [{}] * 2)
    answer = solve(stacked.program)
    decisions = {key: np.round(answer.x[columns], 9) for key, columns in stacked.decisions.items()}
    for scenario in futures.scenarios:
        program, columns = imposed(scenario.problem, {}, stage, decisions)
        x = solve(program).x
        for tie in ties_of(scenario.problem, columns, stage):
            said = sum((sign * x[where] for where, sign in tie.terms), np.zeros(tie.at.size))
            np.testing.assert_allclose(said, decisions[tie.key], atol=1e-6)
        loose, broken = elastic(scenario.problem, stage, decisions)
        off = solve(loose)
        assert off.cost_usd == pytest.approx(0.0, abs=1e-6)
        assert set(broken) == set(decisions)

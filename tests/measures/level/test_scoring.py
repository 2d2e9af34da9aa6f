from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.scoring import (
    Prediction,
    Replay,
    Rule,
    adaptive_levels,
    baseline_rules,
    better_prob,
    crps,
    known_at_block,
    replay,
    score_table,
    statespace_rule,
)
from wattshift.measures.level.statespace import filter_level


@pytest.fixture(scope="module")
def rules(newest: KnownBlocks) -> dict[str, Rule]:
    arrivals = arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height)
    return {"state space": statespace_rule(filter_level(arrivals), draws=1_000), **baseline_rules()}


@pytest.fixture(scope="module")
def scored(newest: KnownBlocks, rules: dict[str, Rule]) -> Replay:
    return replay(newest, rules, first_period=333, last_period=468, depths=(36, 502, 1200, 1900))


def test_crps_of_a_point_is_the_absolute_error() -> None:
    assert crps(np.array([0.03]), 0.01) == pytest.approx(0.02)


def test_crps_of_a_normal() -> None:
    from scipy.special import ndtri

    draws = ndtri((np.arange(20_000) + 0.5) / 20_000)
    density = math.exp(-0.5 * 0.49) / math.sqrt(2 * math.pi)
    below = 0.5 * math.erfc(-0.7 / math.sqrt(2))
    expected = 0.7 * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi)
    assert crps(draws, 0.7) == pytest.approx(expected, abs=1e-3)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(-1, 1))
def test_crps_by_its_definition(values: list[float], actual: float) -> None:
    draws = np.array(values)
    expected = np.abs(draws - actual).mean() - np.abs(draws[:, None] - draws).mean() / 2
    assert crps(draws, actual) == pytest.approx(expected, abs=1e-12)


def test_baselines_have_the_published_errors(scored: Replay) -> None:
    rmse = 100 * np.sqrt(np.square(scored.error_frac).mean(axis=2))
    published = {
        "mempool": (6.17, 4.93, 2.29, 0.59),
        "pooled 1008": (5.84, 4.26, 2.34, 0.59),
        "pooled 2016": (5.86, 4.36, 2.28, 0.58),
        "no change": (5.94, 5.94, 5.94, 5.94),
    }
    for rule, expected in published.items():
        assert rmse[scored.rules.index(rule)] == pytest.approx(expected, abs=0.06)


def test_state_space_beats_every_baseline_while_anything_is_left_to_know(scored: Replay) -> None:
    rmse = np.sqrt(np.square(scored.error_frac).mean(axis=2))
    score = scored.crps_frac.mean(axis=2)
    assert (rmse[0, :3] < rmse[1:, :3].min(axis=0)).all()
    assert (score[0, :3] < score[1:, :3].min(axis=0)).all()


def test_table_has_a_row_for_each_rule_and_depth(scored: Replay) -> None:
    table = score_table(scored, against="state space", rng=np.random.default_rng(0))
    assert len(table) == 5 * 4
    ours = table.filter(pl.col("rule") == "state space")
    assert ours["rmse_beaten_prob"].null_count() == 4
    assert ours["cover_95_frac"].is_between(0.9, 1).all()
    assert ours["adaptive_95_frac"].is_between(0.93, 0.97).all()
    points = table.filter(pl.col("rule").is_in(["mempool", "no change"]))
    assert points["cover_95_frac"].null_count() == len(points)
    assert (points["crps_frac"] <= points["rmse_frac"]).all()
    with pytest.raises(InputError, match="not replayed"):
        score_table(scored, against="oracle", rng=np.random.default_rng(0))


def test_rules_see_only_what_was_known(newest: KnownBlocks) -> None:
    seen: list[KnownBlocks] = []

    def spy(known: KnownBlocks) -> Prediction:
        seen.append(known)
        return Prediction(point_frac=0.0, draws_frac=np.zeros(1))

    replay(newest, {"spy": spy}, first_period=400, last_period=400, depths=(7,))
    assert [known.tip_height for known in seen] == [400 * 2016 + 7]
    assert len(seen[0].period_bits) == 401
    assert seen[0].as_of <= newest.as_of


def test_state_space_rule_depends_on_no_later_block(newest: KnownBlocks) -> None:
    height = 450 * 2016 + 300
    known = known_at_block(newest, height)
    whole = filter_level(arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height))
    alone = filter_level(arrivals_of(known.header_time_s, known.work_hashes, known.first_height))
    first, again = (statespace_rule(level, draws=500)(known) for level in (whole, alone))
    assert first.draws_frac.tolist() == again.draws_frac.tolist()


def test_adaptive_levels_bring_a_wrong_model_to_its_coverage() -> None:
    draws = np.random.default_rng(4).standard_normal(2_000) * 1.4  # the model's sd is 1.4 times too small
    below = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in draws.tolist()])
    off = 2 * np.abs(below - 0.5)
    raw = (off < adaptive_levels(below, step_ratio=0)[:-1]).mean()
    mended = (off < adaptive_levels(below)[:-1]).mean()
    assert raw < 0.88
    assert mended == pytest.approx(0.95, abs=0.01)


def test_adaptive_level_looks_back_only() -> None:
    below = np.array([0.5, 0.999, 0.5, 0.4])
    levels = adaptive_levels(below)
    assert len(levels) == 5
    assert levels[0] == pytest.approx(0.95)
    assert levels[1] < levels[0] < levels[2]
    changed = adaptive_levels(np.array([0.5, 0.999, 0.5, 0.0001]))
    assert changed[:4].tolist() == levels[:4].tolist()


def test_paired_bootstrap_tells_better_from_worse_and_from_equal() -> None:
    rng = np.random.default_rng(5)
    loss = rng.random(200)
    assert better_prob(loss, loss + 0.1, rng) == 1
    assert better_prob(loss, loss - 0.1, rng) == 0
    assert 0.02 < better_prob(loss, loss + rng.normal(0, 0.1, 200), rng) < 0.98


def test_refuses_incomplete_periods_and_empty_questions(newest: KnownBlocks, rules: dict[str, Rule]) -> None:
    with pytest.raises(OutOfSpan, match="not complete"):
        replay(newest, rules, first_period=469, last_period=469)
    with pytest.raises(InputError, match="a rule"):
        replay(newest, {}, first_period=400, last_period=400)
    with pytest.raises(InputError, match="pairs"):
        better_prob(np.ones(3), np.ones(2), np.random.default_rng(0))
    with pytest.raises(OutOfSpan):
        known_at_block(newest, 10)

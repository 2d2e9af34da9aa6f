from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from wattshift.clock import Window, from_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.why.move import Move, find_move, level_between, noise_before

START = datetime(2026, 1, 1, tzinfo=UTC)
WORK = 1e24
DAY = 86_400


def chain(newest: KnownBlocks, rng: np.random.Generator, log_level: NDArray[np.float64]) -> KnownBlocks:
    """Blocks of one difficulty under an hourly path of log hashrate; the level 0 gives 144 a day."""
    found = np.concatenate(([0.0], np.cumsum(6 * np.exp(log_level))))
    due = np.cumsum(rng.standard_exponential(int(found[-1] * 1.3) + 100))
    times = np.interp(due[due < found[-1]], found, np.arange(len(found)) * 3_600.0)
    header_s = (START.timestamp() + times).astype(np.int64)
    return KnownBlocks(
        network=newest.network,
        as_of=START + timedelta(hours=len(log_level)),
        first_height=900_000,
        header_time_s=header_s,
        work_hashes=np.full(len(header_s), WORK),
        running_max_s=header_s,
        period_bits=newest.period_bits,
    )


def calm(rng: np.random.Generator, days: int) -> NDArray[np.float64]:
    """A calm network: the fitted random walk and growth."""
    model = noise_before(START)
    steps = rng.normal(0, model.calm_sd_frac / 168**0.5, days * 24) + model.growth_frac / 336
    return np.asarray(np.cumsum(steps))


def window(first_day: float, days: float) -> Window:
    start = START + timedelta(days=first_day)
    return Window(start_at=start, end_at=start + timedelta(days=days))


def moved(newest: KnownBlocks, *, depth: float, days: float = 60, lasting_days: float = 5) -> Move:
    level = np.zeros(int(days * 24))
    level[35 * 24 : int((35 + lasting_days) * 24)] = np.log(1 - depth)
    return find_move(chain(newest, np.random.default_rng(2), level), window(30, 14))


def test_a_fall_is_found_where_it_is(newest: KnownBlocks) -> None:
    move = moved(newest, depth=0.3)
    assert move.change_frac == pytest.approx(-0.3, abs=0.08)
    assert move.luck_prob < 1e-4
    assert abs(move.extreme.start_at - (START + timedelta(days=35))) <= timedelta(days=1)
    assert move.z < -4


def test_a_rise_is_found_too(newest: KnownBlocks) -> None:
    move = moved(newest, depth=-0.4)
    assert move.change_frac > 0.25
    assert move.z > 4


def test_a_move_that_is_undone_returned_and_one_that_lasts_did_not(newest: KnownBlocks) -> None:
    short, lasting = (moved(newest, depth=0.3, days=90, lasting_days=days) for days in (5, 45))
    assert short.returned_frac == pytest.approx(1.0, abs=0.3)
    assert lasting.returned_frac == pytest.approx(0.0, abs=0.3)
    assert short.returned_sd_frac is not None
    assert short.returned_sd_frac < 0.3


def test_a_return_that_is_not_over_is_not_known(newest: KnownBlocks) -> None:
    move = moved(newest, depth=0.3, days=50)
    assert (move.after, move.returned_frac, move.returned_sd_frac) == (None, None, None)


def test_a_breaker_is_faster_than_an_exodus(newest: KnownBlocks) -> None:
    level = np.zeros(60 * 24)
    level[30 * 24 : 44 * 24] = np.linspace(0, np.log(0.5), 14 * 24)
    level[44 * 24 :] = np.log(0.5)
    slow = find_move(chain(newest, np.random.default_rng(3), level), window(30, 25)).fall_days
    fast = moved(newest, depth=0.4).fall_days
    assert fast is not None
    assert slow is not None
    assert fast <= 1.5
    assert slow > 4


def test_a_small_move_has_no_speed(newest: KnownBlocks) -> None:
    assert moved(newest, depth=0.02).fall_days is None


@pytest.mark.parametrize("days", [3, 14, 30])
def test_luck_alone_moves_it_as_often_as_said(newest: KnownBlocks, days: int) -> None:
    rng = np.random.default_rng(days)
    probs = np.array(
        [find_move(chain(newest, rng, calm(rng, days + 30)), window(29, days)).luck_prob for _ in range(200)]
    )
    assert (probs < 0.05).mean() < 0.105
    assert (probs < 0.01).mean() < 0.04
    assert (probs < 0.5).mean() > 0.2


def test_the_level_of_a_stretch_is_its_work(newest: KnownBlocks) -> None:
    made = chain(newest, np.random.default_rng(1), np.zeros(20 * 24))
    level = level_between(made, START.timestamp() + DAY, START.timestamp() + 11 * DAY)
    inside = (made.header_time_s > START.timestamp() + DAY) & (
        made.header_time_s <= START.timestamp() + 11 * DAY
    )
    assert level.blocks == inside.sum()
    assert level.mean_ehs == pytest.approx(inside.sum() * WORK / (10 * DAY) / 1e18)


def test_what_is_not_known_is_refused(history: BlockHistory) -> None:
    known = history.known_at(datetime(2026, 1, 10, tzinfo=UTC))
    for start, end in (
        ("2026-01-05", "2026-01-12"),
        ("2020-01-10", "2020-01-20"),
        ("2026-01-05", "2026-01-05T12"),
    ):
        asked = Window(
            start_at=datetime.fromisoformat(start).replace(tzinfo=UTC),
            end_at=datetime.fromisoformat(end).replace(tzinfo=UTC),
        )
        with pytest.raises(OutOfSpan):
            find_move(known, asked)


def test_nothing_after_the_instant_is_looked_at(history: BlockHistory) -> None:
    asked = Window(start_at=datetime(2026, 1, 23, tzinfo=UTC), end_at=datetime(2026, 1, 27, tzinfo=UTC))
    early, late = (
        find_move(history.known_at(asked.end_at + timedelta(days=after)), asked) for after in (0, 60)
    )
    assert early.returned_frac is None
    assert late.returned_frac is not None
    assert (early.extreme, early.luck_prob, early.before) == (late.extreme, late.luck_prob, late.before)


def test_the_noise_is_that_known_then() -> None:
    first, last = noise_before(datetime(2020, 6, 1, tzinfo=UTC)), noise_before(from_unix(2_000_000_000))
    assert first != last

"""Where there is no plan, something safe stands in as far as that is wanted, and says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from support.contradictory import contradictory
from support.coupledsites import grid_of, load_of, problem_of
from support.faults import scaled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.parts import PowerGroup
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.engine.worker import WorkerDied
from wattshift.app.siteplan import fallback
from wattshift.app.siteplan.fallback import Found, Standby, plan_or_fall_back
from wattshift.app.siteplan.saved import saved_of, write_saved
from wattshift.app.siteplan.solving import solve_site
from wattshift.assets.kind import UseKind
from wattshift.errors import CheckFailed, Infeasible, LimitReached, SolveError
from wattshift.report.documents.siteplan import FallbackKind

SITES = scaled(8, 200)
FIRST_AT = datetime(2021, 2, 14, tzinfo=UTC)
LIMITS = GuardLimits(wall_s=20.0)
NONE = Standby(relax=False, last=None, site="site", as_of=FIRST_AT)
RELAX = replace(NONE, relax=True)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard() as opened:
        yield opened


def site() -> CoupledProblem:
    hall = load_of(
        "hall", [np.full(4, 90.0)], [25.0], kind=UseKind.COLOCATION, floor_mw=np.full(4, 20.0), before_mw=20.0
    )
    miner = load_of("miner", [np.full(4, 50.0)], [30.0], start_usd_per_mw=1.0)
    return problem_of([30.0] * 4, (hall, miner), grid=grid_of(np.full(4, 30.0), 60.0))


def narrowed() -> CoupledProblem:
    """The same site when a feeder cannot carry the hall's floor in the third hour."""
    limit = np.array([60.0, 60.0, 15.0, 60.0])
    return replace(site(), groups=(PowerGroup(name="T1", limit_mw=limit, loads=("hall",)),))


@pytest.fixture
def last(guard: Guard, tmp_path: Path) -> Path:
    found = solve_site(guard, site(), LIMITS)
    path = tmp_path / "last.json"
    write_saved(path, saved_of("site", FIRST_AT, site(), found, (), 6 * 3_600.0))
    return path


def proved(found: Found) -> Found:
    check_coupled(found.problem, found.plan.plan, found.plan.account)
    return found


def test_what_has_a_plan_needs_nothing(guard: Guard, last: Path) -> None:
    found = plan_or_fall_back(guard, site(), LIMITS, replace(RELAX, last=last))
    assert found.note is None


def test_nothing_stands_in_unasked(guard: Guard) -> None:
    with pytest.raises(Infeasible, match="T1 allows 15 MW") as raised:
        plan_or_fall_back(guard, narrowed(), LIMITS, NONE)
    assert raised.value.hint
    assert "--relax" in raised.value.hint


def test_limits_give_way_when_asked(guard: Guard) -> None:
    found = proved(plan_or_fall_back(guard, narrowed(), LIMITS, RELAX))
    assert found.note is not None
    assert found.note.kind is FallbackKind.RELAXED
    assert found.note.gave_way == (
        "hall gets 5 MW less than its floor of 20 MW from 2021-02-14 02:00 to 03:00 UTC",
    )
    assert "T1 allows 15 MW from 2021-02-14 02:00 to 03:00 UTC" in found.note.why
    assert found.plan.prices is not None


def test_the_last_plan_stands_in_as_far_as_it_is_safe(guard: Guard, last: Path) -> None:
    found = proved(plan_or_fall_back(guard, narrowed(), LIMITS, replace(NONE, last=last)))
    assert found.note is not None
    assert found.note.kind is FallbackKind.LAST_PLAN
    assert found.problem.intervals == 2
    assert (found.note.made_at, found.note.age_s) == (FIRST_AT, 0.0)
    assert "the first 2 of 4 intervals" in found.note.in_words
    assert "T1" in found.note.why
    assert found.plan.gap_usd is None


@pytest.mark.parametrize("error", [LimitReached("late"), WorkerDied("died"), CheckFailed("refused")])
def test_whatever_ends_planning_the_last_plan_stands_in(
    guard: Guard, last: Path, error: SolveError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(fallback, "solve_site", fails)
    found = proved(plan_or_fall_back(guard, site(), LIMITS, replace(NONE, last=last)))
    assert found.note is not None
    assert found.note.kind is FallbackKind.LAST_PLAN
    assert found.problem.intervals == 4
    assert found.note.why == error.message
    with pytest.raises(type(error)):
        plan_or_fall_back(guard, site(), LIMITS, NONE)
    with pytest.raises(type(error)):
        plan_or_fall_back(guard, site(), LIMITS, RELAX)


def least_because(guard: Guard, problem: CoupledProblem, standby: Standby) -> str:
    found = proved(plan_or_fall_back(guard, problem, LIMITS, standby))
    assert found.note is not None
    assert found.note.kind is FallbackKind.LEAST
    assert found.problem.intervals == problem.intervals
    return found.note.in_words


def test_a_last_plan_that_must_not_be_used_gives_the_least(guard: Guard, last: Path, tmp_path: Path) -> None:
    after = replace(narrowed(), start=site().start + np.timedelta64(6, "h"))
    at = replace(NONE, last=last)
    assert "it expired 2021-02-14T06:00Z" in least_because(guard, after, at)
    assert "it is that of site" in least_because(guard, narrowed(), replace(at, site="other"))
    early = replace(at, as_of=FIRST_AT - timedelta(hours=1))
    assert "later than what is known here" in least_because(guard, narrowed(), early)
    tight = replace(narrowed(), groups=(replace(narrowed().groups[0], limit_mw=np.full(4, 15.0)),))
    assert "it breaks limits that hold now" in least_because(guard, tight, at)
    between = replace(narrowed(), start=site().start + np.timedelta64(30, "m"))
    assert "it tells nothing of this window" in least_because(guard, between, at)
    assert "cannot be read" in least_because(guard, narrowed(), replace(NONE, last=tmp_path / "no.json"))
    last.write_bytes(last.read_bytes().replace(b'"profit_usd": ', b'"profit_usd": 1', 1))
    assert "is not as it was written" in least_because(guard, narrowed(), at)


def test_the_least_says_what_it_breaks(guard: Guard, tmp_path: Path) -> None:
    found = plan_or_fall_back(guard, narrowed(), LIMITS, replace(NONE, last=tmp_path / "no.json"))
    assert found.note is not None
    assert found.note.gave_way == (
        "hall gets 5 MW less than its floor of 20 MW from 2021-02-14 02:00 to 03:00 UTC",
    )


def test_where_relaxing_fails_too_there_is_still_the_least(
    guard: Guard, last: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise LimitReached("late")

    monkeypatch.setattr(fallback, "_relaxed", fails)
    least_because(guard, narrowed(), RELAX)
    found = plan_or_fall_back(guard, narrowed(), LIMITS, replace(RELAX, last=last))
    assert found.note is not None
    assert found.note.kind is FallbackKind.LAST_PLAN
    assert "T1 allows 15 MW" in found.note.why
    assert found.note.why.endswith("; with limits that give way: late")


def test_random_sites_without_a_plan_always_get_one_that_says_what_it_is(
    guard: Guard, tmp_path: Path
) -> None:
    asked = replace(RELAX, last=tmp_path / "no.json")
    labelled = 0
    for seed in range(SITES):
        found = proved(plan_or_fall_back(guard, contradictory(seed), LIMITS, asked))
        if found.note is not None:
            labelled += 1
            assert found.note.gave_way
            assert found.note.why
    assert labelled > 0.5 * SITES

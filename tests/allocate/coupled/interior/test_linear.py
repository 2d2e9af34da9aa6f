"""The interior-point method beside HiGHS; its fallback; its answers as plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.coupledsites import grid_of, load_of, problem_of, random_site
from support.faults import scaled
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Answer, Ended, Limits, Method, prove, solve
from wattshift.allocate.coupled.interior import linear, method
from wattshift.allocate.coupled.interior.linear import GAP_RATIO, solve_linear
from wattshift.allocate.coupled.parts import Battery, Job, Peak
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder, Program
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.errors import Infeasible, Unbounded

FORCED = Limits(method=Method.INTERIOR)
SITES = st.integers(0, 2**32 - 1)


def require_same(program: Program, answer: Answer) -> None:
    """It keeps the program, proves itself, and costs what HiGHS's answer costs."""
    prove(program, answer.x)
    right = solve(program).cost_usd
    assert answer.ended is Ended.OPTIMAL
    assert abs(answer.cost_usd - right) <= 1e-7 * (1.0 + abs(right))
    assert answer.gap_usd <= 1e-7 * (1.0 + abs(right))
    assert answer.bound_usd <= right + 1e-9 * (1.0 + abs(right))


def solved_by_interior(program: Program) -> Answer:
    answer = solve_linear(program, FORCED)
    assert answer.by is Method.INTERIOR, answer.note
    require_same(program, answer)
    return answer


@settings(max_examples=scaled(40, 400), deadline=None)
@given(seed=SITES, rows=st.integers(1, 40))
def test_any_site_costs_what_highs_says(seed: int, rows: int) -> None:
    program = formulate(random_site(seed, rows, whole=False))[0]
    answer = solve_linear(program, FORCED)
    require_same(program, answer)
    assert (answer.by is Method.INTERIOR) == (not answer.note)


def test_most_random_sites_need_no_fallback() -> None:
    answers = [solve_linear(formulate(random_site(seed, 12, whole=False))[0], FORCED) for seed in range(60)]
    assert sum(answer.by is Method.INTERIOR for answer in answers) >= 45


def site_with(rows: int, *, ramp_mw_per_h: float = np.inf, **parts: object) -> CoupledProblem:
    rng = np.random.default_rng(rows)
    price = rng.normal(40.0, 30.0, rows)
    loads = (
        load_of(
            "a",
            [np.full(rows, 55.0)],
            [6.0],
            ramp_up_mw_per_h=ramp_mw_per_h,
            ramp_down_mw_per_h=ramp_mw_per_h,
        ),
        load_of("b", [np.full(rows, 35.0)], [3.0]),
    )
    return problem_of(price.tolist(), loads, grid=grid_of(price, 8.0), **parts)


@pytest.mark.parametrize("ramp_mw_per_h", [1e-6, 1e-4, 1e-2, 0.1, 1.0])
def test_very_tight_ramps(ramp_mw_per_h: float) -> None:
    program = formulate(site_with(200, ramp_mw_per_h=ramp_mw_per_h))[0]
    require_same(program, solve_linear(program, FORCED))


def test_a_peak_of_every_month_and_a_job_across_them() -> None:
    rows = 300
    peak = Peak(
        name="demand",
        period=np.arange(rows) // 50,
        usd_per_mw=np.full(6, 300.0),
        already_mw=np.zeros(6),
    )
    job = Job(
        name="job",
        load="b",
        first=20,
        end=270,
        energy_mwh=200.0,
        max_mw=2.0,
        worth_usd_per_mwh=10.0,
        missed_usd_per_mwh=90.0,
    )
    solved_by_interior(formulate(site_with(rows, ramp_mw_per_h=1.0, peaks=(peak,), jobs=(job,)))[0])


def battery(**changes: float) -> Battery:
    given: dict[str, float] = {
        "charge_mw": 2.0,
        "discharge_mw": 2.0,
        "energy_mwh": 4.0,
        "charge_ratio": 0.9,
        "discharge_ratio": 0.95,
        "wear_usd_per_mwh": 1.0,
        "start_mwh": 1.0,
        "least_end_mwh": 0.0,
        "end_usd_per_mwh": 0.0,
        **changes,
    }
    return Battery(name="battery", **given)


@pytest.mark.parametrize(
    "changes", [{}, {"charge_mw": 0.0, "energy_mwh": 1.0}, {"discharge_ratio": 1.0, "charge_ratio": 1.0}]
)
def test_batteries(changes: dict[str, float]) -> None:
    solved_by_interior(formulate(site_with(200, batteries=(battery(**changes),)))[0])


def chain(rows: int = 100, **changes: object) -> Program:
    """Stock that is bought, kept and used: every interval is linked to the one before."""
    build, at = Builder(), np.arange(rows)
    bought = build.add_columns("bought", "x", at=at, high=2.0, cost_usd=1.0 + np.sin(at))
    kept = build.add_columns("kept", "x", at=at, high=5.0)
    before = np.concatenate([[-1], kept[:-1]])
    terms = ((kept, 1.0), (before, -1.0), (bought, -1.0))
    build.add_rows("stock", "x", *terms, at=at, low=-0.5, high=-0.5)
    return replace(build.build(), **changes)  # type: ignore[arg-type]  # each test knows its fields


def test_rows_without_sides_say_nothing() -> None:
    program = chain()
    low, high = program.row_low.copy(), program.row_high.copy()
    low[50], high[50] = -np.inf, np.inf
    solved_by_interior(replace(program, row_low=low, row_high=high))


def test_columns_without_any_bound_are_left_to_highs() -> None:
    """Their reduced cost must be exactly zero, which no rounded duals prove."""
    program = chain()
    kept = np.arange(program.low.size) >= 100
    free = replace(
        program,
        low=np.where(kept, -np.inf, program.low),
        high=np.where(kept, np.inf, program.high),
    )
    answer = solve_linear(free, FORCED)
    assert (answer.by, answer.note) == (Method.SIMPLEX, "a column has no bound at all")
    require_same(free, answer)


def test_columns_that_cannot_move_keep_their_value() -> None:
    program = chain()
    low, high = program.low.copy(), program.high.copy()
    low[10:20] = high[10:20] = 0.75
    answer = solved_by_interior(replace(program, low=low, high=high))
    assert (answer.x[10:20] == 0.75).all()


def test_what_couples_nothing_at_all() -> None:
    build, at = Builder(), np.arange(70)
    x = build.add_columns("x", "x", at=at, low=-1.0, high=2.0, cost_usd=np.where(at % 2, -1.0, 1.0))
    build.add_rows("one", "x", (x[:1], 1.0), at=at[:1], high=1.0)
    assert solved_by_interior(build.build()).cost_usd == pytest.approx(-35 * 2.0 - 35 * 1.0, rel=1e-7)


@pytest.mark.parametrize("found", ["unbounded", "infeasible", "contradiction"])
def test_what_has_no_optimum_is_left_to_highs(found: str) -> None:
    program = chain()
    if found == "unbounded":
        program = replace(program, high=np.full(200, np.inf), cost_usd=np.full(200, -1.0))
    elif found == "infeasible":
        program = replace(program, row_low=np.full(100, -9.0), row_high=np.full(100, -9.0))
    else:
        program = replace(program, low=program.high + 1.0)
    with pytest.raises(Unbounded if found == "unbounded" else Infeasible):
        solve_linear(program, FORCED)


def test_what_spans_too_much_is_left_to_highs() -> None:
    """Of any twenty intervals in a row no more than eight may run."""
    rng = np.random.default_rng(1)
    build, at = Builder(), np.arange(80)
    runs = build.add_columns("runs", "x", at=at, high=1.0, cost_usd=rng.normal(-1.0, 1.0, 80))
    rows = build.add_rows("window", "x", at=at, high=8.0)
    for back in range(20):
        build.add_terms(rows[back:], runs[: 80 - back], 1.0)
    program = build.build()
    answer = solve_linear(program, FORCED)
    assert (answer.by, answer.note) == (Method.SIMPLEX, "too much spans many intervals at once")
    require_same(program, answer)


def test_an_answer_that_is_not_certified_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_MOST_ROUNDS", 3)
    answer = solve_linear(chain(), FORCED)
    assert answer.by is Method.SIMPLEX
    assert answer.note
    require_same(chain(), answer)


def test_broken_numbers_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = method.iterate

    def broken(program: Program, *args: object, **named: object) -> method.Iterate:
        found = whole(program, *args, **named)  # type: ignore[arg-type]  # handed through
        return replace(found, x=found.x * np.nan)

    monkeypatch.setattr(method, "iterate", broken)
    answer = solve_linear(chain(), FORCED)
    assert (answer.by, answer.note) == (Method.SIMPLEX, "a row or a bound is missed")


def test_too_little_time_goes_to_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_S_PER_COLUMN", 1.0)
    assert "time" in solve_linear(chain(), FORCED).note


def test_small_programs_and_forced_ones_go_to_simplex() -> None:
    assert solve_linear(chain()).by is Method.SIMPLEX
    assert solve_linear(chain(), Limits(method=Method.SIMPLEX)).note == ""


def test_duals_are_those_of_highs_where_they_are_unique() -> None:
    program = chain()
    cost = np.random.default_rng(2).normal(1.0, 0.5, 200)
    program = replace(program, cost_usd=cost)
    ours, theirs = solved_by_interior(program), solve(program)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-5)
    np.testing.assert_allclose(ours.row_dual_usd, theirs.row_dual_usd, atol=1e-5)
    np.testing.assert_allclose(ours.column_dual_usd, theirs.column_dual_usd, atol=1e-5)


@settings(max_examples=scaled(15, 100), deadline=None)
@given(seed=SITES, rows=st.integers(2, 30))
def test_its_answers_are_proved_plans(seed: int, rows: int) -> None:
    """Rows, money and cheats: `solve_coupled` refuses whatever does not keep them."""
    problem = random_site(seed, rows, whole=False)
    ours, theirs = solve_coupled(problem, FORCED), solve_coupled(problem, Limits(method=Method.SIMPLEX))
    slack = 1e-6 * (1.0 + theirs.account.turnover_usd)
    assert abs(ours.account.profit_usd - theirs.account.profit_usd) <= slack


def test_a_tie_that_would_cheat_is_settled_at_a_vertex() -> None:
    """A block at the price of the grid: between the two is no plan, either one is."""
    buy = np.full(48, 20.0)
    grid = grid_of(buy, block_mw=2.0, block_usd_per_mwh=10.0, resale_usd_per_mwh=20.0)
    problem = problem_of(buy.tolist(), (load_of("a", [np.full(48, 30.0)], [1.5]),), grid=grid)
    solved = solve_coupled(problem, FORCED)
    assert solved.account.profit_usd == pytest.approx(48 * (1.5 * 30.0 + 0.5 * 20.0 - 2.0 * 10.0))


def test_the_gap_is_what_is_promised() -> None:
    program = formulate(site_with(2_000, ramp_mw_per_h=2.0))[0]
    answer = solved_by_interior(program)
    assert answer.gap_usd <= GAP_RATIO * (1.0 + abs(answer.cost_usd))

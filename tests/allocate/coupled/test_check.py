"""The independent proof refuses every plan that is broken in one place.

`WATTSHIFT_FAULTS=20` breaks well over 10,000 limits, and as many amounts.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wattshift.allocate.coupled.check as check_module
import wattshift.allocate.coupled.recount as recount_module
from support.coupledsites import random_site
from support.mutants import mutants
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.errors import CheckFailed

SITES = 30 * int(os.environ.get("WATTSHIFT_FAULTS", "1"))

BROKEN = (
    *("the connection carries more", "the site feeds in more", "the block gives more", "rises too fast"),
    *("falls too fast", "stops too soon", "starts too soon", "neither whole", "runs more than it can"),
    *("runs less than it must", "with its jobs runs more", "charges more", "discharges more", "holds more"),
    *("holds less", "holds too little", "is given more than it can", "is given more than it needs"),
    *(
        "sun makes more",
        "feeder carries more",
        "promises too much",
        "promises more",
        "drawn and fed in at once",
    ),
    *("beside an unused block", "before step 0 is full", "charges and discharges at once", "not a number"),
    *("energy appears or disappears in battery", "energy appears or disappears"),
)


def test_every_mutant_is_refused_and_every_limit_is_one_that_refuses() -> None:
    said: Counter[str] = Counter()
    broken = 0
    for seed in range(SITES):
        problem = random_site(seed)
        plan = solve_coupled(problem).plan
        for way, other, broken_plan, account in mutants(problem, plan, np.random.default_rng(seed)):
            with pytest.raises(CheckFailed) as refused:
                check_coupled(other, broken_plan, account)
            said[refused.value.message] += 1
            assert way.startswith("money") == refused.value.message.endswith("_usd is wrong"), way
            broken += not way.startswith("money")
    assert broken >= 18 * SITES
    unheard = [words for words in BROKEN if not any(words in message for message in said)]
    assert not unheard


def test_the_limits_themselves_are_within_reach() -> None:
    """What a plan may use to the last, it may: nothing is refused for standing at a limit."""
    for seed in range(SITES):
        problem = random_site(seed)
        solved = solve_coupled(problem)
        check_coupled(problem, solved.plan, solved.account)


def test_other_shapes_and_other_parts_are_refused() -> None:
    problem = random_site(7)
    solved = solve_coupled(problem)
    plan, name = solved.plan, problem.loads[0].name
    steps = plan.step_mw[name]
    wrong: list[CoupledPlan] = [
        replace(plan, bought_mw=plan.bought_mw[:-1]),
        replace(plan, step_mw={**plan.step_mw, name: steps[:, :-1]}),
        replace(plan, step_mw={**plan.step_mw, "another": steps}),
        replace(plan, step_mw={key: row for key, row in plan.step_mw.items() if key != name}),
        replace(plan, made_mw={**plan.made_mw, "another": plan.bought_mw}),
        replace(plan, reserve_mw={**plan.reserve_mw, ("another", name): plan.bought_mw}),
    ]
    for mutant in wrong:
        with pytest.raises(CheckFailed):
            check_coupled(problem, mutant, solved.account)


@pytest.mark.parametrize("module", [check_module, recount_module])
def test_the_proof_shares_no_code_with_what_it_proves(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("wattshift.allocate")
        for alias in node.names
    }
    parts = {"Battery", "Job", "Load", "Peak", "Reserve"}
    assert imported <= {"CoupledAccount", "CoupledPlan", "CoupledProblem", "check_money"} | parts

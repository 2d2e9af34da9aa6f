from __future__ import annotations

from dataclasses import replace

import numpy as np

from support.coupledsites import load_of, problem_of, random_site
from wattshift.allocate.coupled.infeasible.fingerprint import fingerprint


def test_the_same_numbers_have_the_same() -> None:
    told = [fingerprint(random_site(seed)) for seed in range(50)]
    assert told == [fingerprint(random_site(seed)) for seed in range(50)]
    assert len(set(told)) == 50
    assert all(len(each) == 64 for each in told)


def test_any_other_number_has_another() -> None:
    load = load_of("A", [np.full(6, 60.0)], [5.0])
    problem = problem_of([20.0] * 6, (load,))
    row = load.available_mw.copy()
    row[5] = np.nextafter(row[5], 0.0)
    changed = [
        replace(problem, loads=(replace(load, available_mw=row),)),
        replace(problem, loads=(replace(load, name="other"),)),
        replace(problem, loads=(replace(load, before_mw=load.before_mw + 1e-12),)),
        replace(problem, start=problem.start + np.timedelta64(1, "us")),
    ]
    assert len({fingerprint(each) for each in (problem, *changed)}) == 5

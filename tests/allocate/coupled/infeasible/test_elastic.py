from __future__ import annotations

import numpy as np
import pytest

from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, solve
from wattshift.allocate.coupled.infeasible.elastic import Elastic
from wattshift.allocate.coupled.program import Builder, Index
from wattshift.errors import Infeasible

AT = np.arange(1)


def contradiction() -> tuple[Elastic, Index, Index]:
    """x <= 2 by a row, x >= 5 by its bound; 10 a unit of x is paid for."""
    build = Builder()
    x = build.add_columns("x", "x", at=AT, low=5.0, cost_usd=np.full(1, 10.0))
    row = build.add_rows("row", "row", (x, 1.0), at=AT, high=2.0)
    return Elastic(build.build()), x, row


def test_a_contradiction_stays_one_without_slack() -> None:
    elastic, _, _ = contradiction()
    with pytest.raises(Infeasible):
        solve(elastic.program())


def test_what_is_settled_first_gives_least() -> None:
    for rows_first in (True, False):
        elastic, x, row = contradiction()
        of_row, of_bound = elastic.add((row, -1.0)), elastic.add_to_low(int(x[0]))
        for members in (of_row, of_bound) if rows_first else (of_bound, of_row):
            elastic.settle(members, np.ones(1), DEFAULT_LIMITS)
        found = solve(elastic.program()).x
        assert found[of_row] == pytest.approx(0.0 if rows_first else 3.0, abs=1e-3)
        assert found[of_bound] == pytest.approx(3.0 if rows_first else 0.0, abs=1e-3)


def test_a_slack_gives_no_more_than_it_may() -> None:
    elastic, _, row = contradiction()
    elastic.add((row, -1.0), high=1.0)
    with pytest.raises(Infeasible):
        solve(elastic.program())


def test_one_slack_loosens_all_its_rows() -> None:
    build = Builder()
    x = build.add_columns("x", "x", at=AT, low=5.0)
    rows = [build.add_rows(name, name, (x, 1.0), at=AT, high=high) for name, high in (("a", 2.0), ("b", 1.0))]
    elastic = Elastic(build.build())
    slack = elastic.add((rows[0], -1.0), (rows[1], -1.0))
    elastic.settle(slack, np.ones(1), DEFAULT_LIMITS)
    assert solve(elastic.program(1.0)).x[slack] == pytest.approx(4.0, abs=1e-3)


def test_a_price_keeps_slack_from_earning() -> None:
    build = Builder()
    x = build.add_columns("x", "x", at=AT, high=9.0, cost_usd=np.full(1, -10.0))
    row = build.add_rows("row", "row", (x, 1.0), at=AT, high=2.0)
    elastic = Elastic(build.build())
    slack = elastic.add((row, -1.0))
    assert solve(elastic.program()).x[slack] == pytest.approx(7.0)
    assert solve(elastic.program(11.0)).x[slack] == pytest.approx(0.0)

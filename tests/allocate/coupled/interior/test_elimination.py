from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.allocate.coupled.interior.elimination import eliminate


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(2, 12))
def test_its_lists_eliminate_a_matrix(seed: int, nodes: int) -> None:
    """What is left on the nodes that stay is their Schur complement."""
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.normal(0.0, 1.0, (nodes, nodes)) * (rng.random((nodes, nodes)) < 0.4), 1)
    matrix = matrix + matrix.T + np.diag(np.full(nodes, 20.0))
    stay = set(range(nodes // 2, nodes))
    pairs = [(int(i), int(j)) for i, j in np.argwhere(np.triu(matrix, 1) != 0.0)]
    plan = eliminate(nodes, pairs, stay=stay, last=set(), equalities=set())
    cell = np.zeros(plan.cells)
    for (one, other), where in plan.cell.items():
        cell[where] = matrix[one, other]
    order, (near, _), (to, factor, by) = plan.order_list(range(0)), plan.near_list(), plan.update_list()
    lower = np.zeros(near.size)
    for node, sign, start, end, first, last in order.T:
        assert sign == -1
        lower[start:end] = cell[plan.cells_of([(node, n) for n in near[start:end]])] / cell[node]
        for u in range(first, last):
            cell[to[u]] -= lower[factor[u]] * cell[by[u]]
    kept = sorted(stay)
    gone = [node for node in range(nodes) if node not in stay]
    right = matrix[np.ix_(kept, kept)] - matrix[np.ix_(kept, gone)] @ np.linalg.solve(
        matrix[np.ix_(gone, gone)], matrix[np.ix_(gone, kept)]
    )
    left = np.zeros((len(kept), len(kept)))
    for (one, other), where in plan.cell.items():
        if one in stay and other in stay:
            i, j = kept.index(one), kept.index(other)
            left[i, j] = left[j, i] = cell[where]
    np.testing.assert_allclose(left, right, atol=1e-12)


def test_the_one_with_fewest_neighbours_goes_first_and_equalities_wait() -> None:
    star = [(0, 1), (0, 2), (0, 3)]
    assert eliminate(4, star, stay=set(), last=set(), equalities=set()).order[0] == 1
    assert eliminate(4, star, stay=set(), last=set(), equalities={1, 2, 3}).order[0] == 0
    assert eliminate(4, star, stay=set(), last={1, 2}, equalities=set()).order[-2:] == [1, 2]

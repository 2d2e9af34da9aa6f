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
    plan = eliminate(nodes, pairs, stay, set())
    cell = np.zeros(plan.cells)
    for (one, other), where in plan.cell.items():
        cell[where] = matrix[one, other]
    start, _, near = plan.near_lists()
    updates, to, factor, by = plan.update_lists()
    lower = np.zeros(near.size)
    for i, node in enumerate(plan.order):
        lower[start[i] : start[i + 1]] = cell[near[start[i] : start[i + 1]]] / cell[node]
        for u in range(updates[i], updates[i + 1]):
            cell[to[u]] -= lower[factor[u]] * cell[by[u]]
    kept = sorted(stay)
    gone = [node for node in range(nodes) if node not in stay]
    right = matrix[np.ix_(kept, kept)] - matrix[np.ix_(kept, gone)] @ np.linalg.solve(
        matrix[np.ix_(gone, gone)], matrix[np.ix_(gone, kept)]
    )
    left = np.zeros((len(kept), len(kept)))
    for one, other in plan.rest:
        i, j = kept.index(one), kept.index(other)
        left[i, j] = left[j, i] = cell[plan.cell[one, other]]
    np.testing.assert_allclose(left, right, atol=1e-12)


def test_the_one_with_fewest_neighbours_goes_first_and_equalities_wait() -> None:
    star = [(0, 1), (0, 2), (0, 3)]
    assert eliminate(4, star, set(), set()).order[0] == 1
    assert eliminate(4, star, set(), {1, 2, 3}).order[0] == 0

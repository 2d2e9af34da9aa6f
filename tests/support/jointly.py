"""Several sites as one program: their own programs beside each other, and rows for what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array, vstack

from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program

__all__ = ["joint_program", "joint_usd"]


def joint_program(sites: Sequence[CoupledProblem], shared: Sequence[SharedLimit]) -> Program:
    """The linear program of all sites, yes-or-no choices left open."""
    parts = [formulate(site) for site in sites]
    sizes = np.array([program.cost_usd.size for program, _ in parts])
    first = np.cumsum(sizes) - sizes
    blocks = [
        csr_array((part.value, part.column, part.row_start), shape=(part.row_low.size, part.cost_usd.size))
        for part, _ in parts
    ]
    rows = []
    for limit in shared:
        at, columns, values = [], [], []
        for number in np.flatnonzero(limit.members(len(sites))).tolist():
            where = np.flatnonzero(limit.period >= 0)
            for drawn in (parts[number][1].bought, parts[number][1].block):
                at.append(limit.period[where])
                columns.append(drawn[where] + first[number])
                values.append(sites[number].hours[where])
        places = (np.concatenate(at), np.concatenate(columns))
        shape = (limit.limit_mwh.size, int(sizes.sum()))
        rows.append(coo_array((np.concatenate(values), places), shape=shape))
    matrix = csr_array(vstack([block_diag(blocks), *rows], format="csr"))
    caps = [limit.limit_mwh for limit in shared]
    joined = {
        key: np.concatenate([getattr(part, key) for part, _ in parts])
        for key in ("cost_usd", "low", "high", "row_low", "row_high")
    }
    joined["row_low"] = np.concatenate([joined["row_low"], *(np.full(cap.size, -np.inf) for cap in caps)])
    joined["row_high"] = np.concatenate([joined["row_high"], *caps])
    return replace(
        parts[0][0],
        **joined,
        whole=np.zeros(int(sizes.sum()), np.bool_),
        row_start=matrix.indptr.astype(np.int64),
        column=matrix.indices.astype(np.int64),
        value=matrix.data,
        offset_usd=sum(part.offset_usd for part, _ in parts),
        columns=(),
        rows=(),
    )


def joint_usd(sites: Sequence[CoupledProblem], shared: Sequence[SharedLimit]) -> float:
    """The most that all sites can earn together [USD]."""
    return -solve(joint_program(sites, shared)).cost_usd

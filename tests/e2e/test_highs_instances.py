"""The solver's own small instances by our solve path: same optimum, same label.

They are not ours to carry: `WATTSHIFT_HIGHS_INSTANCES` names the folder `check/instances` of HiGHS's sources.
"""

from __future__ import annotations

import os
from pathlib import Path

import highspy
import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from wattshift.allocate.coupled.highs import Limits, solve
from wattshift.allocate.coupled.program import Program
from wattshift.errors import Infeasible, Unbounded

FOLDER = Path(os.environ.get("WATTSHIFT_HIGHS_INSTANCES", "nowhere"))
FILES = sorted(FOLDER.glob("*.mps"))
LABELS = {"Infeasible": Infeasible, "Unbounded": Unbounded}

pytestmark = pytest.mark.skipif(not FILES, reason="WATTSHIFT_HIGHS_INSTANCES names no folder with instances")


def program_of(model: highspy.Highs) -> Program:
    lp = model.getLp()
    matrix = lp.a_matrix_
    kind = csc_array if matrix.format_ == highspy.MatrixFormat.kColwise else csr_array
    parts = (np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_))
    rows = csr_array(kind(parts, shape=(lp.num_row_, lp.num_col_)))
    rows.eliminate_zeros()
    sign = -1.0 if lp.sense_ == highspy.ObjSense.kMaximize else 1.0
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    if not set(kinds) <= {highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger}:
        pytest.skip("semi-continuous decisions: no plan has any")
    return Program(
        cost_usd=sign * np.array(lp.col_cost_),
        low=np.array(lp.col_lower_),
        high=np.array(lp.col_upper_),
        whole=np.array([kind == highspy.HighsVarType.kInteger for kind in kinds], np.bool_),
        row_low=np.array(lp.row_lower_),
        row_high=np.array(lp.row_upper_),
        row_start=rows.indptr.astype(np.int64),
        column=rows.indices.astype(np.int64),
        value=rows.data,
        offset_usd=sign * lp.offset_,
        columns=(),
        rows=(),
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_same_optimum_or_same_label(file: Path) -> None:
    model = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotation
    model.setOptionValue("output_flag", False)
    if model.readModel(str(file)) == highspy.HighsStatus.kError or model.getModel().hessian_.dim_:
        pytest.skip("not a linear program that HiGHS can read")
    model.setOptionValue("time_limit", 30.0)
    model.run()
    status = model.modelStatusToString(model.getModelStatus())
    said = model.getInfo().objective_function_value
    if status in LABELS:
        with pytest.raises(LABELS[status]):
            solve(program_of(model), Limits(wall_s=30.0))
        return
    if np.isnan(said):
        pytest.skip("HiGHS calls NaN optimal; we take no such program")
    sign = -1.0 if model.getLp().sense_ == highspy.ObjSense.kMaximize else 1.0
    assert sign * solve(program_of(model), Limits(wall_s=30.0)).cost_usd == pytest.approx(
        said, rel=1e-6, abs=1e-6
    )

"""Published instances of linear and whole-number programs, as programs of ours."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from wattshift.allocate.coupled.program import Program

__all__ = ["HIGHS", "instance"]

_FOLDER = Path(__file__).parents[1] / "vectors" / "highs"
_INFINITE = 1e20
HIGHS: Any = json.loads((_FOLDER / "optima.json").read_text())
"""Which there are, and what is published of them."""


def instance(name: str, tmp_path: Path) -> Program:
    """An instance by its name, read by HiGHS and handed over as arrays."""
    file = tmp_path / f"{name}.mps"
    file.write_bytes(lzma.decompress((_FOLDER / f"{name}.mps.xz").read_bytes()))
    reader: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotation
    reader.setOptionValue("output_flag", False)
    assert reader.readModel(str(file)) != highspy.HighsStatus.kError
    read = reader.getLp()
    assert read.sense_ == highspy.ObjSense.kMinimize
    assert read.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    entries = read.a_matrix_
    value, row, start = (np.array(part) for part in (entries.value_, entries.index_, entries.start_))
    matrix = csc_array((value, row, start), shape=(read.num_row_, read.num_col_)).tocsr()
    kinds = list(read.integrality_) or [highspy.HighsVarType.kContinuous] * read.num_col_
    assert set(kinds) <= {highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger}
    return Program(
        cost_usd=np.array(read.col_cost_, np.float64),
        low=_unlimited(read.col_lower_),
        high=_unlimited(read.col_upper_),
        whole=np.array([kind == highspy.HighsVarType.kInteger for kind in kinds]),
        row_low=_unlimited(read.row_lower_),
        row_high=_unlimited(read.row_upper_),
        row_start=matrix.indptr.astype(np.int64),
        column=matrix.indices.astype(np.int64),
        value=matrix.data,
        offset_usd=float(read.offset_),
        columns=(),
        rows=(),
    )


def _unlimited(row: Any) -> NDArray[np.float64]:
    limits = np.array(row, np.float64)
    return np.where(np.abs(limits) >= _INFINITE, np.copysign(np.inf, limits), limits)

from __future__ import annotations

import numpy as np
import pytest

from wattshift.simulate.kernel.compiled import compiled


def test_a_loop_that_makes_an_array_does_not_compile() -> None:
    def made(count: int) -> float:
        return float(np.zeros(count)[0])

    with pytest.raises(Exception, match="No implementation of function"):
        compiled(made)(3)

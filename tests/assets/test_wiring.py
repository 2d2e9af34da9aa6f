from __future__ import annotations

import pytest

from wattshift.assets.wiring import require_distinct, require_known
from wattshift.errors import InputError


def test_a_repeated_name_is_pointed_at() -> None:
    require_distinct("feeders", "feeders", ["a", "b"])
    with pytest.raises(InputError, match="two feeders have the same name 'a'") as raised:
        require_distinct("feeders", "feeders", ["a", "b", "a"])
    assert raised.value.context["key"] == "feeders.2.name"


def test_an_unknown_name_is_likened_to_the_known() -> None:
    require_known("use", "feeders.0.uses", ["hall"], ["hall", "miners"])
    with pytest.raises(InputError, match="no use 'hal'") as raised:
        require_known("use", "feeders.0.uses", ["hal"], ["hall", "miners"])
    assert "did you mean 'hall'" in str(raised.value.hint)
    with pytest.raises(InputError, match="there is none"):
        require_known("series", "x", ["a"], [])
